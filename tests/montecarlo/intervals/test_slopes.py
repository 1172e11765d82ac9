"""Slopes of pairs and the interval of their median."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.intervals import order_statistic_ranks
from montecarlo.intervals.slopes import least_squares_slope, median_slope_interval, pair_slopes
from theory.ensembles import InvalidArgument

numbers = st.floats(-1e3, 1e3, allow_subnormal=False)


@given(st.lists(st.tuples(st.integers(-1000, 1000), numbers), min_size=2, max_size=9))
def test_slopes_are_those_of_disjoint_pairs(points):
    x, y = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    pairs = [(points[i], points[i + 1]) for i in range(0, len(points) - 1, 2)]
    if any(a[0] == b[0] for a, b in pairs):
        with pytest.raises(InvalidArgument, match="same value twice"):
            pair_slopes(x, y)
    else:
        np.testing.assert_allclose(pair_slopes(x, y), [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs], atol=1e-9)


def test_an_unknown_value_is_larger_than_all_others():
    slopes = pair_slopes([0, 1, 0, 1, 0, 1], [0, math.inf, math.inf, 0, math.inf, math.inf])
    assert slopes[0] == math.inf
    assert slopes[1] == -math.inf
    assert math.isnan(slopes[2])


def test_slopes_of_which_nothing_is_known_only_widen_the_interval():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(2000)
    y = -x + rng.standard_normal(2000)
    known = median_slope_interval(x, y, 1e-3)
    y[:60] = np.inf
    widened = median_slope_interval(x, y, 1e-3)
    low, high = order_statistic_ranks(1000, 0.5, 1e-3)
    slopes = np.sort(pair_slopes(x[60:], y[60:]))
    assert (widened.lo, widened.hi) == (slopes[low - 31], slopes[high - 1])  # 30 below all, or above all
    assert widened.lo < known.lo < known.hi < widened.hi


@pytest.mark.parametrize("noise", [lambda rng, n: rng.standard_normal(n), lambda rng, n: rng.standard_cauchy(n)])
def test_the_interval_misses_no_more_often_than_it_says(noise):
    """y = 3 - 2 x + e. Misses of 1,000 are at most Bin(1000, 0.1): more than 170 with probability below 2e-11."""
    rng, misses = np.random.default_rng(1), 0
    for _ in range(1_000):
        x = rng.exponential(size=81)
        found = median_slope_interval(x, 3 - 2 * x + noise(rng, 81), 0.1)
        assert found.samples == 40
        misses += not found.lo <= -2 <= found.hi
    assert misses <= 170


def test_the_interval_narrows():
    """40,000 pairs of slope 1 with normal errors: a length of 0.1 would be 15 standard errors of the median."""
    rng = np.random.default_rng(2)
    x = rng.standard_normal(80_000)
    found = median_slope_interval(x, x + rng.standard_normal(80_000), 1e-6)
    assert found.lo < 1 < found.hi
    assert found.half_width < 0.05


@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=9).filter(lambda p: np.ptp(p, axis=0)[0] > 1e-2))
def test_least_squares(points):
    x, y = (np.array(column) for column in zip(*points, strict=True))
    residuals = y - y.mean() - least_squares_slope(x, y) * (x - x.mean())
    assert abs(residuals @ (x - x.mean())) <= 1e-9 * (1 + np.abs(x).max()) * (1 + np.abs(y).max()) * len(x)


@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=9), st.integers(-900, 900), st.integers(-900, 900))
def test_slopes_are_what_they_are_at_any_scale(points, across, up):
    x, y = (np.array(column) for column in zip(*points, strict=True))
    x = np.floor(x) + 2000.0 * np.arange(len(x))
    y = np.floor(y)
    wide, high = np.ldexp(x, across), np.ldexp(y, up)
    with np.errstate(over="ignore", under="ignore"):
        pairs, line = (np.ldexp(slope(x, y), up - across) for slope in (pair_slopes, least_squares_slope))
    assert np.array_equal(pair_slopes(wide, high), pairs)
    assert least_squares_slope(wide, high) == line


def test_differences_do_not_overflow_and_squares_do_not_underflow():
    top, least = np.finfo(float).max, 5e-324
    assert pair_slopes([-top, top], [-top, top]).tolist() == [1.0]
    assert pair_slopes([0, least], [0, least]).tolist() == [1.0]
    assert pair_slopes([0, least, -top, top], [-top, top, 0, 1e-300]).tolist() == [math.inf, 0.0]
    assert pair_slopes([0, 1e300, 0, 1e-300], [-math.inf, 0, 1, math.inf]).tolist() == [math.inf, math.inf]
    assert least_squares_slope([-top, 0, top], [-top, 0, top]) == 1
    assert least_squares_slope([-least, 0, least], [-3, 0, 3]) == math.inf
    assert least_squares_slope([-least, 0, least], [-least, 0, least]) == 1
    assert least_squares_slope([0.0, 1.0], [0.0, 0.0]) == 0


def test_what_has_no_slope_is_refused():
    for call in (
        lambda: pair_slopes([1.0], [1.0]),
        lambda: pair_slopes([1.0, 2.0], [1.0]),
        lambda: pair_slopes([1.0, math.inf], [1.0, 2.0]),
        lambda: least_squares_slope([1.0, 1.0], [1.0, 2.0]),
        lambda: least_squares_slope([1.0, 2.0], [1.0]),
    ):
        with pytest.raises(InvalidArgument, match=r"^x: "):
            call()
    with pytest.raises(InvalidArgument, match=r"^y: "):
        pair_slopes([1.0, 2.0], [1.0, math.nan])
    with pytest.raises(InvalidArgument, match=r"^error: "):
        median_slope_interval([1.0, 2.0], [1.0, 2.0], 0)
