"""Sign descent, RMSprop and Adam: the rules iterated in rational arithmetic against their bounds."""

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import exact, refused
from theory.balls import enclose
from theory.dynamics import update_rules
from theory.dynamics.update_rules import ADAM, RMSPROP, SIGN, UpdateRule

betas = st.fractions(min_value="1/20", max_value="19/20", max_denominator=20)
entries = st.fractions(min_value=-4, max_value=4, max_denominator=5)
corrected = st.booleans()


@st.composite
def rules(draw: Any) -> UpdateRule:
    """Rules whose steps have a bound: beta_1^2 < beta_2."""
    beta_2 = draw(betas)
    beta_1 = draw(st.just(Fraction(0)) | betas.filter(lambda b: b**2 < beta_2))
    return UpdateRule(beta_1, beta_2, 0, draw(corrected))


def squared_step(rule: UpdateRule, gradients: list[Fraction]) -> Fraction:
    """m^2/v of the last step, summed from the definition."""
    t, (b1, b2) = len(gradients), (Fraction(int(b.p), int(b.q)) for b in (rule.beta_1, rule.beta_2))
    m = (1 - b1) * sum(b1 ** (t - 1 - i) * g for i, g in enumerate(gradients))
    v = (1 - b2) * sum(b2 ** (t - 1 - i) * g**2 for i, g in enumerate(gradients))
    if v == 0:
        return Fraction(0)
    return m**2 / v * ((1 - b2**t) / (1 - b1**t) ** 2 if rule.bias_correction else 1)


@given(rules(), st.lists(entries, min_size=1, max_size=7))
@settings(max_examples=60)
def test_steps_are_those_of_the_definition(rule: UpdateRule, gradients: list[Fraction]) -> None:
    step = rule.steps(list(map(exact, gradients)))[-1]
    assert sp.expand(step**2) == exact(squared_step(rule, gradients))


@given(rules(), st.lists(entries, min_size=1, max_size=9))
@settings(max_examples=60)
def test_no_step_exceeds_the_bound(rule: UpdateRule, gradients: list[Fraction]) -> None:
    t = len(gradients)
    assert exact(squared_step(rule, gradients)) <= sp.expand(rule.bound(t) ** 2) <= sp.expand(rule.bound() ** 2)


@given(rules(), st.integers(1, 8))
@settings(max_examples=40)
def test_the_bound_is_attained_and_rises_to_its_limit(rule: UpdateRule, t: int) -> None:
    worst = [Fraction(int(g.p), int(g.q)) for g in rule.worst_gradients(t)]
    assert exact(squared_step(rule, worst)) == sp.expand(rule.bound(t) ** 2)
    assert sp.expand(rule.bound(t) ** 2) <= sp.expand(rule.bound(t + 1) ** 2)


def test_adams_paper_has_no_bound() -> None:
    """Kingma and Ba, section 2.1: at most (1 - beta_1)/sqrt(1 - beta_2)."""
    worst = [Fraction(int(g.p), int(g.q)) for g in ADAM.worst_gradients(400)]
    squares = squared_step(UpdateRule("0.9", "0.999", 0), worst), (1 - ADAM.beta_1) ** 2 / (1 - ADAM.beta_2)
    assert float(squares[0]) > 1.7 * float(squares[1])
    assert float(squares[0]) < float(ADAM.bound()) ** 2 == pytest.approx(370 / 7)


@given(rules(), st.lists(st.fractions(min_value=0, max_value=3, max_denominator=4), min_size=1, max_size=8))
@settings(max_examples=80)
def test_gradients_that_do_not_fall_keep_the_step_above_the_floor(rule: UpdateRule, rises: list[Fraction]) -> None:
    gradients = list(itertools.accumulate([rises[0] + 1, *rises[1:]]))
    floor, _ = rule.floor()
    assert exact(squared_step(rule, gradients)) >= sp.expand(floor**2)


@pytest.mark.parametrize(
    ("rule", "t"),
    [
        (UpdateRule("0.9", "0.999", 0), 12),
        (UpdateRule("1/2", "9/10", 0), 2),
        (UpdateRule("9/10", "9/10", 0), 60),
        (UpdateRule("1/2", "3/5", 0, bias_correction=False), 1),
    ],
)
def test_the_floor_is_approached(rule: UpdateRule, t: int) -> None:
    floor, when = rule.floor()
    assert when in (t, sp.oo)
    gradients = [Fraction(1)] * (t - 1) + [Fraction(10**9)]
    near = float(squared_step(rule, gradients)) ** 0.5
    assert float(floor) < near + 1e-12 < float(floor) * 1.002 + 1e-12
    assert float(floor) < 1


def test_the_floors_of_the_defaults() -> None:
    assert SIGN.floor()[0] == RMSPROP.floor()[0] == 1
    value, t = ADAM.floor()
    assert float(value) == pytest.approx(0.48142, abs=1e-5)
    assert t == 12


@given(betas, betas)
@settings(max_examples=60)
def test_the_summit_is_the_first_fall_of_phi(b1: Fraction, b2: Fraction) -> None:
    """Also where phi(t) = phi(t + 1), as at beta_2 = 2 beta_1 + beta_1^2."""
    rule, ties = UpdateRule(min(b1, b2) / 2, max(b1, b2), 0), UpdateRule("1/4", "9/16", 0)
    for each in (rule, ties):
        value, t = each.floor()
        walked = next(k for k in itertools.count(1) if each._onset(k + 1) <= each._onset(k))
        assert t == walked
        assert sp.expand(value**2 - each._onset(1) / each._onset(walked)) == 0


@pytest.mark.parametrize("betas", [("0.9", "0.999"), ("1/2", "9/10"), ("0.99", "0.9999"), ("3/4", "0.76")])
def test_balls_find_the_summit_that_fractions_find(betas: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    rule = UpdateRule(*betas, 0)
    by_balls_too = rule._summit()
    b1, b2 = (float(Fraction(beta)) for beta in betas)
    phi = [(1 - b1**k) ** 2 / (1 - b2**k) for k in range(1, 5000)]
    assert by_balls_too == 1 + max(range(len(phi)), key=phi.__getitem__)
    monkeypatch.setattr(update_rules, "_MOST_BITS", 0)
    assert rule._summit() == by_balls_too


def test_without_a_memory_of_squares_the_floor_is_the_first_step() -> None:
    assert UpdateRule("1/2", 0, 0).floor() == (sp.Rational(1, 2), sp.oo)
    steps = UpdateRule("1/2", 0, 0).steps([1, *[10**9] * 3, 10**18])
    assert steps[-1] > sp.Rational(1, 2)
    assert steps[-1] < sp.Rational(1, 2) * (1 + sp.Rational(1, 20))


@given(rules(), entries.filter(bool), st.integers(1, 6), st.fractions(min_value=0, max_value=2, max_denominator=3))
@settings(max_examples=40)
def test_a_constant_gradient(rule: UpdateRule, gradient: Fraction, t: int, epsilon: Fraction) -> None:
    rule = UpdateRule(rule.beta_1, rule.beta_2, epsilon, rule.bias_correction)
    size = exact(abs(gradient))
    step = rule.steps([exact(gradient)] * t)[-1]
    claimed = rule.constant_step(size, t)
    assert abs(enclose(abs(step) - claimed, 40)) < 1e-30
    if rule.bias_correction:
        assert sp.simplify(claimed - size / (size + exact(epsilon))) == 0


def test_the_first_steps_of_the_defaults() -> None:
    assert abs(enclose(RMSPROP.constant_step(1, 1) - 10)) < 1e-5
    assert abs(enclose(ADAM.constant_step(1, 1) - 1)) < 1e-7
    assert RMSPROP.constant_step("1e-8", 1) == sp.Rational(10, 11)  # sqrt(v) is a tenth of the gradient
    assert ADAM.constant_step("1e-8", 7) == ADAM.constant_step("1e-8", 10**9) == sp.Rational(1, 2)
    assert [abs(step) for step in SIGN.steps([3, -5, sp.Rational(1, 9)])] == [1, 1, 1]


@pytest.mark.parametrize("growth", ["9/10", "1", "11/10", "7/5", "3"])
def test_geometric_gradients_tend_to_their_step(growth: str) -> None:
    rule, t = UpdateRule("1/2", "3/5", 0), 150
    gradients = [Fraction(growth) ** i for i in range(t)]
    step = rule.geometric_step(growth)
    assert abs(enclose(exact(squared_step(rule, gradients)) / step**2 - 1)) < 1e-8


def test_growth_by_beta2_over_beta1_is_the_worst() -> None:
    rule = UpdateRule("1/2", "3/5", 0)
    best = rule.geometric_step("6/5")
    assert sp.expand(best**2 - rule.bound() ** 2) == 0
    assert all(enclose(rule.geometric_step(r)) < enclose(best) for r in ("11/10", "13/10"))


@given(betas, betas, st.lists(st.fractions(min_value=1, max_value="6/5", max_denominator=20), max_size=8))
@settings(max_examples=60)
def test_slowly_growing_gradients_keep_the_step_in_its_range(
    b1: Fraction, b2: Fraction, factors: list[Fraction]
) -> None:
    rule, gradients = UpdateRule(b1, b2, 0), list(itertools.accumulate([Fraction(1), *factors], lambda a, b: a * b))
    low, high = rule.growth_range(max(factors, default=Fraction(1)))
    assert low**2 <= exact(squared_step(rule, gradients)) <= sp.expand(high**2)


@pytest.mark.parametrize(("beta_1", "beta_2", "end"), [("1/50", "9/10", 1), ("9/10", "1/50", 0)])
def test_the_range_of_slow_growth_is_nearly_reached(beta_1: str, beta_2: str, end: int) -> None:
    rule, gradients = UpdateRule(beta_1, beta_2, 0), [Fraction(6, 5) ** i for i in range(60)]
    bound = rule.growth_range("6/5")[end]
    assert float(squared_step(rule, gradients)) ** 0.5 == pytest.approx(float(bound), rel=0.01)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: UpdateRule(1, "1/2", 0), ("beta_1", "below 1")),
        (lambda: UpdateRule("1/2", "3/2", 0), ("beta_2", "below 1")),
        (lambda: UpdateRule("1/2", "3/4", -1), ("epsilon", "at least 0")),
        (lambda: UpdateRule(False, "3/4", 0), ("beta_1", "False")),
        (lambda: UpdateRule(np.array([0]), "3/4", 0), ("beta_1", "array")),
        (lambda: UpdateRule("1/2", sp.nan, 0), ("beta_2", "finite")),
        (lambda: UpdateRule("1/2", "3/4", 0, 1), ("bias_correction", "got 1")),
        (lambda: UpdateRule("1/2", "3/4", 0, None), ("bias_correction", "got None")),
        *((lambda t=t: ADAM.bound(t), ("t",)) for t in (0, -1, False, 0.0, 1.5, "x y", "", "0.0", 10**6)),
        *((lambda t=t: ADAM.constant_step(1, t), ("t",)) for t in (0, True, 2.5, "x y")),
        *((lambda t=t: ADAM.worst_gradients(t), ("t",)) for t in (0, -3, 1.5, "t", 1001, 10**7, 10**400)),
        (lambda: RMSPROP.constant_step(1, 10**9), ("t", "too long")),
        (lambda: UpdateRule("1/2", 0, 0).worst_gradients(3), ("beta_2", "no bound")),
        (lambda: ADAM.steps([1, math.nan]), ("gradients", "nan")),
        (lambda: ADAM.steps([1j]), ("gradients", "1j")),
        (lambda: ADAM.steps([sp.I]), ("gradients", "real")),
        (lambda: ADAM.steps(3), ("gradients", "sequence")),
        (lambda: ADAM.steps([True]), ("gradients", "True")),
        (lambda: ADAM.steps([1, None]), ("gradients", "None")),
        (lambda: UpdateRule("0.9", "0.9001", 0).floor(), ("beta_1", "t = 6248")),
        (lambda: UpdateRule("0.999", "0.9990001", 0).floor(), ("beta_1", "t = 6925540")),
        (lambda: UpdateRule("0.9999", "0.99999999", 0).floor(), ("beta_1", "t = 12565")),
        (lambda: UpdateRule("0.9", 1 - sp.Rational(1, 10**900), 0).floor(), ("beta_1", "too")),
        (lambda: UpdateRule("9/10", "8/10", 0).bound(), ("beta_2", "no bound")),
        (lambda: UpdateRule("b", "9/10", 0).floor(), ("beta_1", "numbers")),
        (lambda: UpdateRule("1/2", "9/10", 0).geometric_step("9/10"), ("growth", "forget")),
        (lambda: UpdateRule("9/10", "1/10", 0).geometric_step("9/10"), ("growth", "forget")),
        (lambda: ADAM.growth_range("1/2"), ("growth", "at least 1")),
        (lambda: RMSPROP.growth_range(2), ("bias_correction", "off")),
    ],
)
def test_bad_input_is_named(call: Any, words: tuple[str, ...]) -> None:
    with refused(*words):
        call()
