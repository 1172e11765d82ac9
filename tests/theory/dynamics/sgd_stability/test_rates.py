"""Largest stable rates: against brute force over batches and orders, SciPy's roots and numpy's eigenvalues."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from theory.dynamics.sgd_stability.reshuffled import reshuffled_rate
from theory.dynamics.sgd_stability.typical import (
    mean_square_rate,
    minibatch_curvatures,
    read_curvatures,
    typical_bounds_with_momentum,
    typical_intervals,
    typical_rate,
)
from theory.ensembles import InvalidArgument

POSITIVE = st.lists(st.fractions("1/4", 3, max_denominator=6), min_size=2, max_size=5)
few = settings(max_examples=10, deadline=None)


def batches(h, batch):
    return [sum(one) / batch for one in itertools.combinations(map(float, h), batch)]


@few
@given(POSITIVE, st.integers(1, 3))
def test_the_mean_square_is_1_at_its_rate(h, batch):
    rate = float(mean_square_rate(h, min(batch, len(h))))
    assert np.mean([(1 - rate * x) ** 2 for x in batches(h, min(batch, len(h)))]) == pytest.approx(1, abs=1e-9)


@few
@given(POSITIVE, st.integers(1, 3))
def test_the_typical_rate_is_the_first_zero_of_a_fine_scan(h, batch):
    values = np.array(batches(h, min(batch, len(h))))
    end = float(typical_rate(h, min(batch, len(h))))
    below = np.linspace(0, end, 4001)[1:-1]
    with np.errstate(divide="ignore"):
        growth = np.log(abs(1 - below[:, None] * values)).mean(axis=1)
    assert (growth[:-20] < 1e-9).all()
    at = np.log(abs(1 - end * values)).mean()
    assert abs(at) < 1e-6


def test_two_examples_have_their_closed_forms_and_scipy_finds_six():
    assert float(typical_rate([Fraction(1, 2), Fraction(3, 2)], 1)) == pytest.approx(8 / 3, rel=1e-14)
    assert mean_square_rate([Fraction(1, 2), Fraction(3, 2)], 1) == Fraction(8, 5)
    h = ["0.5", "0.8", "1", "1.2", "1.2", "1.3"]
    for batch in (1, 2, 3):
        values = batches(h, batch)
        zero = brentq(lambda x: sum(math.log(abs(1 - x * v)) for v in values), 2.001, 2.6)  # noqa: B023
        assert float(typical_rate(h, batch)) == pytest.approx(zero, rel=1e-10)


def test_rates_that_are_stable_again_are_found_around_poles():
    (first, second) = typical_intervals([Fraction(1, 10), 10], 1)
    # (1 - x/10)(1 - 10 x) is 1 at 10.1, and -1 where x^2 - 10.1 x + 2 = 0
    roots = sorted(np.roots([1, -10.1, 2]))
    assert (float(first[1]), float(second[0])) == pytest.approx(tuple(roots), rel=1e-12)
    assert float(second[1]) == pytest.approx(10.1, rel=1e-12)


def radius(h, batch, mu, eta):
    """The spectral radius of an epoch's map of second moments, over all orders."""
    total, count = np.zeros((3, 3)), 0
    for order in itertools.permutations(map(float, h)):
        epoch = np.eye(3)
        for i in range(0, len(order), batch):
            a = 1 + mu - eta * sum(order[i : i + batch]) / batch
            epoch = np.array([[a * a, -2 * a * mu, mu * mu], [a, -mu, 0], [1, 0, 0]]) @ epoch
        total, count = total + epoch, count + 1
    return max(abs(np.linalg.eigvals(total / count)))


@pytest.mark.parametrize("mu", [0, 0.5, 0.9])
@pytest.mark.parametrize(("h", "batch"), [((0.5, 1, 1.5), 1), ((0.5, 0.75, 1, 1.25), 2), ((-0.25, 1, 2), 1)])
def test_epochs_end_where_numpys_spectral_radius_is_1(h, batch, mu):
    rate = float(reshuffled_rate(h, batch, str(mu)))
    assert radius(h, batch, mu, rate) == pytest.approx(1, abs=1e-7)
    assert all(radius(h, batch, mu, share * rate) < 1 for share in (0.05, 0.3, 0.6, 0.9, 0.99))


def test_one_minibatch_an_epoch_is_gradient_descent_and_single_ones_have_one_product():
    assert float(reshuffled_rate([1, 3], 2, "1/2")) == pytest.approx(1.5, rel=1e-14)
    h = ["0.5", "0.8", "1", "1.2"]
    assert float(reshuffled_rate(h, 1)) == pytest.approx(float(typical_rate(h, 1)), rel=1e-12)


def test_bounds_with_momentum_hold_on_long_paths():
    h, mu = np.array([0.5, 0.8, 1.0, 1.2]), 0.5
    low, high = typical_bounds_with_momentum([str(x) for x in h], 1, "0.5")
    draw = np.random.default_rng(2)
    for rate, falls in ((0.999 * float(low), True), (float(high), False)):
        psi, before, logs = np.ones(200), np.ones(200), np.zeros(200)
        for _ in range(800):
            psi, before = (1 + mu - rate * draw.choice(h, 200)) * psi - mu * before, psi
            norm = np.hypot(psi, before)
            psi, before, logs = psi / norm, before / norm, logs + np.log(norm)
        assert (np.median(logs) < -5) == falls
        assert (np.median(logs) > 5) != falls


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: read_curvatures("12"), r"^curvatures: must be a sequence of numbers, got '12'"),
        (lambda: read_curvatures([]), r"^curvatures: are none; give at least one"),
        (lambda: read_curvatures([1, -2]), r"^curvatures: have the mean -1/2, so that no rate is stable"),
        (lambda: minibatch_curvatures([1, 2], 3), r"^batch: has 3 of 2 examples"),
        (lambda: typical_rate(range(1, 26), 12), r"^batch: there are "),
        (lambda: reshuffled_rate([1, 2, 3], 2), r"^batch: of 2 does not divide the 3 examples"),
        (lambda: reshuffled_rate([1] * 40, 2), r"^batch: of 2 has too many orders of 40 examples"),
        (lambda: reshuffled_rate([1, 2], 1, "mu"), r"^momentum: must be a number, got mu"),
        (lambda: mean_square_rate([1, 2], 1, 1), r"^momentum: must be from 0 to less than 1"),
    ],
)
def test_what_is_out_of_range_is_refused(call, told):
    with pytest.raises(InvalidArgument, match=told):
        call()
