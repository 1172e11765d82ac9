"""Minibatches at a saddle: against every minibatch and every sequence of them."""

import itertools
import math
from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import refused
from theory.balls import enclose
from theory.dynamics.minibatch_noise import minibatches, second_moment_step, typical_growth, variance_share

SMALL = st.fractions(-3, 3, max_denominator=4)


def variance(values: list[Fraction]) -> Fraction:
    mean = sum(values, Fraction(0)) / len(values)
    return sum(((x - mean) ** 2 for x in values), Fraction(0)) / len(values)


@settings(max_examples=25)
@given(st.lists(SMALL, min_size=2, max_size=4), st.integers(1, 3), st.booleans())
def test_the_variance_of_an_average_is_that_over_all_minibatches(values, batch: int, replacement: bool) -> None:
    batch = batch if replacement else min(batch, len(values))
    averages = [
        sum((values[i] for i in chosen), Fraction(0)) / batch
        for chosen in minibatches(len(values), batch, replacement=replacement)
    ]
    share = variance_share(len(values), batch, replacement=replacement)
    assert variance(averages) == Fraction(int(share.p), int(share.q)) * variance(values)


@settings(max_examples=20)
@given(st.lists(st.tuples(SMALL, SMALL), min_size=2, max_size=3), st.sampled_from([Fraction(1, 3), Fraction(1)]))
def test_a_step_of_uncorrelated_noise_is_that_over_all_examples(pairs, eta: Fraction) -> None:
    g = [x for x, _ in pairs for _ in (0, 1)]
    b = [sign * y for _, y in pairs for sign in (1, -1)]  # uncorrelated with g, of mean 0
    gamma = sum(g, Fraction(0)) / len(g)
    if gamma < 0:
        return
    psi = Fraction(3, 2)
    after = sum(((psi + eta * (x * psi + y)) ** 2 for x, y in zip(g, b, strict=True)), Fraction(0)) / len(g)
    step = second_moment_step(*(sp.Rational(x) for x in (eta, gamma, variance(g), variance(b))))
    assert (step * sp.Matrix([sp.Rational(psi**2), 1]))[0] == sp.Rational(after)
    assert step.row(1) == sp.Matrix([[0, 1]])


@settings(max_examples=25)
@given(st.lists(st.fractions(-1, 3, max_denominator=3), min_size=2, max_size=4), st.integers(1, 2), st.booleans())
def test_the_typical_path_loses_what_taylor_allows(g, batch: int, replacement: bool) -> None:
    eta = Fraction(1, 2)
    mean = typical_growth(g, eta, batch, replacement=replacement)
    factors = [
        1 + eta * sum((g[i] for i in chosen), Fraction(0)) / batch
        for chosen in minibatches(len(g), batch, replacement=replacement)
    ]
    assert float(enclose(mean)) == pytest.approx(sum(map(math.log, factors)) / len(factors), abs=1e-12)
    loss = math.log(sum(factors) / len(factors)) - float(enclose(mean))
    spread = float(variance(factors)) / 2
    assert spread / float(max(factors)) ** 2 - 1e-12 <= loss <= spread / float(min(factors)) ** 2 + 1e-12


def test_a_batch_that_turns_the_direction_round_may_be_faster() -> None:
    growth = typical_growth((-4, 4), 1, 1)
    assert enclose(growth - sp.log(15) / 2).contains(0)
    assert enclose(growth) > 0  # while descent has log(1 + 0)
    assert typical_growth((-1, 4), 1, 1) == -sp.oo


def test_without_replacement_the_whole_batch_has_no_noise() -> None:
    assert variance_share(5, 5) == 0 == variance_share(1, 1)
    assert variance_share(5, 5, replacement=True) == sp.Rational(1, 5)
    assert len(list(minibatches(4, 2, replacement=True))) == len(list(itertools.product(range(4), repeat=2)))


@pytest.mark.parametrize(
    ("call", "argument", "words"),
    [
        (lambda: variance_share(3, 4), "batch", "has 4 of 3 examples"),
        (lambda: variance_share(0, 1), "examples", "must be positive"),
        (lambda: minibatches(3, 4), "batch", "has 4 of 3 examples"),
        (lambda: minibatches(3, 1.5), "batch", "must be a positive whole number, got 1.5"),
        (lambda: minibatches(10, 9, replacement=True), "batch", "there are 1000000000 minibatches"),
        (lambda: typical_growth((1, 2), 0, 1), "eta", "must be positive, got 0"),
        (lambda: second_moment_step(1, -1, 0, 0), "mean", "must be at least 0"),
    ],
)
def test_bad_input_is_refused(call, argument: str, words: str) -> None:
    with refused(argument, words):
        call()
