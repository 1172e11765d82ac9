"""How far from minimum norm flow ends: numbers and samples from elsewhere, and flows that SciPy integrates."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.dynamics.linear_pairs.pair_oracle import flown
from tests.theory.small_networks import refused
from theory.balls import enclose
from theory.dynamics.linear_pairs.distances import (
    distance_mean,
    distance_mean_bounds,
    distance_mean_limit,
    imbalance_probability,
    orthonormal_distance,
)

HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("h", "a", "expected"),
    [
        *((4, HALF, 1.33693), (16, HALF, 0.33703), (64, HALF, 0.0845), (256, HALF, 0.0211)),
        *((64, Fraction(3, 8), 0.4225), (256, Fraction(3, 8), 0.2000)),
    ],
)
def test_means_as_they_were_first_computed_elsewhere(h: int, a: Fraction, expected: float) -> None:
    assert float(distance_mean(h, a, "3/2", 4)) == pytest.approx(expected, abs=6e-5)


def test_probabilities_as_they_were_first_computed_elsewhere() -> None:
    found = [float(imbalance_probability(h)) for h in (2, 4, 8, 16, 32)]
    assert found == pytest.approx([0.6019, 0.7873, 0.9250, 0.98810, 0.99960], abs=6e-5)


@pytest.mark.parametrize(("h", "theta"), [(1, 0.5), (3, -2.0)])
def test_the_mean_is_that_of_chi_squares_drawn_by_numpy(h: int, theta: float) -> None:
    """Within 6 standard errors of 400,000, so that a true formula fails once in 10^9."""
    one, other = np.random.default_rng(h).chisquare(h, (2, 400_000))
    sample = 2 / h * np.sqrt(one * other / h**2 + theta**2)
    mean = float(distance_mean(h, HALF, Fraction(theta), 3))
    assert abs(sample.mean() - mean) < 6 * sample.std() / len(sample) ** 0.5


@settings(max_examples=12)
@given(st.integers(1, 500), st.sampled_from([HALF, Fraction(3, 8), Fraction(3, 10), Fraction(1)]), st.integers(-9, 9))
def test_the_mean_lies_within_its_bounds(h: int, a: Fraction, tenths: int) -> None:
    theta = Fraction(tenths, 3)
    low, high = (enclose(end) for end in distance_mean_bounds(h, a, theta, 3))
    mean = distance_mean(h, a, theta, 3, 20)
    assert low < mean < high
    if h > 3:
        assert float(low / high) > 1 - 2 / h - 2 / h**2 - 1e-12


def test_the_lower_bound_has_the_variance_of_a_product_of_chi_squares() -> None:
    h, s2, theta = 3, sp.Rational(1, 3), sp.Rational(1, 2)
    mean, square = h**2, (h * (h + 2)) ** 2  # the first two moments of the product
    mu = s2**2 * mean + theta**2
    low, high = distance_mean_bounds(h, "1/2", theta, 2)
    assert sp.simplify(high - s2 * sp.sqrt(mu)) == 0
    assert sp.simplify(low / high - (1 - s2**4 * (square - mean**2) / (2 * mu**2))) == 0


@pytest.mark.parametrize("a", [HALF, Fraction(3, 8), Fraction(3, 4)])
def test_the_limit_is_approached(a: Fraction) -> None:
    power, constant = distance_mean_limit(a, "3/2", 4)
    h = 10_000
    found = float(distance_mean(h, a, "3/2", 4)) * h ** float(power)
    assert found == pytest.approx(float(constant), rel=2e-2 if a == Fraction(3, 8) else 2e-4)


def test_bounds_with_names_are_those_of_their_values() -> None:
    h, theta = sp.Symbol("h", integer=True, positive=True), sp.Symbol("theta", positive=True)
    for named, valued in zip(
        distance_mean_bounds("h", "1/2", "theta", 5), distance_mean_bounds(9, "1/2", 2, 5), strict=True
    ):
        assert sp.simplify(named.subs({h: 9, theta: 2}) - valued) == 0


# --- orthonormal rows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("r", "m", "spectrum"), [(2, 1, [1.0, 0.4]), (1, 3, [0.8]), (2, 2, [1.0, 1.0])])
def test_orthonormal_rows_end_as_roots_whatever_the_data(r: int, m: int, spectrum: Any) -> None:
    rng = np.random.default_rng(r + 10 * m)
    h, theta = r + m + 1, np.round(rng.standard_normal((r, m)), 2)
    rows = np.linalg.qr(rng.standard_normal((h, r + m)))[0].T
    u, v = flown(rows[:r], rows[r:], spectrum, theta, 40.0)
    assert u @ v.T == pytest.approx(theta, abs=1e-7)
    square = v @ v.T @ v @ v.T
    assert square == pytest.approx(np.eye(m) + theta.T @ theta, abs=1e-7)
    values = [Fraction(str(round(x, 12))) for x in np.linalg.svd(theta, compute_uv=False)]
    expected = float(enclose(orthonormal_distance(h, r + 3, r, m, values)))
    assert 3 * np.trace(v @ v.T) / h == pytest.approx(expected, abs=1e-7)


def test_it_is_the_limit_of_random_weights() -> None:
    assert (
        sp.Symbol("h", integer=True, positive=True) * orthonormal_distance("h", 4, 1, 1, ["3/2"])
        == (distance_mean_limit("1/2", "3/2", 4)[1])
    )


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("width", lambda: distance_mean(0, "1/2", 1, 4)),
        ("exponent", lambda: distance_mean(4, "a", 1, 4)),
        ("target", lambda: distance_mean(4, "1/2", "theta", 4)),
        ("inputs", lambda: distance_mean(4, "1/2", 1, 0)),
        ("inputs", lambda: distance_mean(4, "1/2", 1, 2.5)),  # type: ignore[arg-type]
        ("digits", lambda: distance_mean(4, "1/2", 1, 4, digits=0)),
        ("exponent", lambda: distance_mean_limit("a", 1, 4)),
        ("rank", lambda: orthonormal_distance(8, 2, 3, 1, [])),
        ("width", lambda: orthonormal_distance(3, 4, 2, 2, [1])),
        ("singular_values", lambda: orthonormal_distance(8, 4, 1, 2, [1, 2])),
        ("singular_values", lambda: orthonormal_distance(8, 4, 1, 2, "1")),
        ("width", lambda: imbalance_probability(0)),
    ],
)
def test_bad_numbers_are_refused(argument: str, call: Any) -> None:
    with refused(argument):
        call()
