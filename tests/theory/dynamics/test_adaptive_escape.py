"""Escape of balanced chains by adaptive rules: steps counted in balls lie within the bounds."""

import itertools
from fractions import Fraction
from typing import Any

import flint
import pytest
import sympy as sp

from tests.theory.small_networks import exact, refused
from theory.balls import enclose
from theory.dynamics.adaptive_escape import chain_steps
from theory.dynamics.balanced_chains import BalancedChain
from theory.dynamics.update_rules import ADAM, RMSPROP, SIGN, UpdateRule


def counted(rule: UpdateRule, chain: BalancedChain, end: Fraction, rate: Fraction) -> int:
    """Steps of the rule on all weights until w_1 is passed, with a bound on every rounding error."""
    numbers = (chain.x, chain.y, exact(rate), chain.start, exact(end), rule.beta_1, rule.beta_2, rule.epsilon)
    x, y, eta, w, last, b1, b2, epsilon = (enclose(value, 60) for value in numbers)
    m, v, L, before = flint.arb(0), flint.arb(0), int(chain.depth), flint.ctx.dps
    flint.ctx.dps = 60
    try:
        for step in itertools.count(1):
            g = (y - x * w**L) * x * w ** (L - 1)
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
            first, second = (1 - b1**step, 1 - b2**step) if rule.bias_correction else (1, 1)
            w += eta * m / first / ((v / second).sqrt() + epsilon)
            if w >= last:
                return step
            assert w < last
    finally:
        flint.ctx.dps = before
    raise AssertionError


CHAINS = [BalancedChain(2, 1, 1, "1/10"), BalancedChain(5, 2, "1/3", "1/20"), BalancedChain(9, 1, 3, "1/4")]


@pytest.mark.parametrize("chain", CHAINS, ids=lambda c: f"L={c.depth}")
@pytest.mark.parametrize("epsilon", ["0", "1/1000000", "1/50"])
@pytest.mark.parametrize(
    "rule",
    [SIGN, RMSPROP, ADAM, UpdateRule("1/2", "3/4", 0), UpdateRule("1/2", "3/4", 0, bias_correction=False)],
    ids=["sign", "rmsprop", "adam", "short", "short-uncorrected"],
)
def test_counted_steps_along_the_chain_lie_within_the_bounds(
    rule: UpdateRule, epsilon: str, chain: BalancedChain
) -> None:
    rule = UpdateRule(rule.beta_1, rule.beta_2, epsilon, rule.bias_correction)
    end, rate = Fraction(51, 100), Fraction(1, 40)
    low, high = map(enclose, chain_steps(rule, chain, end, rate))
    assert low <= counted(rule, chain, end, rate) <= high


def test_sign_descent_counts_the_way_and_nothing_else() -> None:
    for chain in CHAINS[1:]:
        way = exact(Fraction(1, 2)) - chain.start
        low, high = chain_steps(SIGN, chain, "1/2", "1/30")
        assert (low, high) == (way * 30, way * 30 + 1)
        assert counted(SIGN, chain, Fraction(1, 2), Fraction(1, 30)) == sp.ceiling(low)


def test_for_small_steps_adam_is_sign_descent() -> None:
    rule, gaps = UpdateRule("0.9", "0.999", 0), []
    for rate in ("1e-4", "1e-6", "1e-8"):
        low, high = chain_steps(rule, CHAINS[1], "1/2", rate)
        gaps.append(float(enclose(high / low)))
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1.02


def test_below_epsilon_the_steps_are_those_of_gradient_descent_with_the_rate_over_epsilon() -> None:
    chain, rate = BalancedChain(6, 1, 1, "1/100"), Fraction(1, 10**4)
    assert enclose(chain.speed("1/10")) < 1e-4
    rule = UpdateRule(0, "0.99", "1/10", bias_correction=False)
    low, high = chain_steps(rule, chain, "1/10", rate)
    descent, _ = chain.descent_steps("1/10", exact(rate) * 10)
    assert low == descent
    assert enclose(high / low) < 1.001
    stuck, _ = chain_steps(UpdateRule("0.9", "0.999", "1/10"), chain, "1/10", rate)
    assert stuck == descent


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: chain_steps("adam", CHAINS[0], "1/2", 1), ("rule", "got 'adam'")),
        (lambda: chain_steps(ADAM, 3, "1/2", 1), ("chain", "got 3")),
        (lambda: chain_steps(ADAM, CHAINS[0], "99/100", 1), ("end", "no longer grows")),
        (lambda: chain_steps(ADAM, CHAINS[0], "1/2", 0), ("learning_rate", "positive")),
    ],
)
def test_bad_input_is_named(call: Any, words: tuple[str, ...]) -> None:
    with refused(*words):
        call()
