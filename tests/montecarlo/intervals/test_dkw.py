import bisect
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import ks_2samp, kstwo

from montecarlo.intervals import dkw_band, order_statistic_interval, two_sample_distance
from tests.montecarlo.intervals.binomials import binomial
from theory.ensembles import InvalidArgument

tied = st.lists(st.integers(-3, 3).map(float) | st.just(-math.inf) | st.floats(-3, 3), min_size=1, max_size=40)


@pytest.mark.parametrize("n", [1, 2, 5, 20, 100, 1000])
@pytest.mark.parametrize("error", [0.9, 0.1, 0.01, 1e-6])
def test_the_band_has_its_coverage_and_hardly_more(n, error):
    """SciPy's law of the Kolmogorov-Smirnov statistic is exact."""
    missed = kstwo.sf(dkw_band(np.arange(n), error).half_width, n)
    assert missed <= error
    if n >= 100:
        assert missed >= 0.65 * error


def test_the_half_width_by_hand():
    """sqrt(log(40)/200) = 1.3581/10, the 5 % point of Kolmogorov's law."""
    assert dkw_band(range(100), 0.05).half_width == pytest.approx(0.1358102, rel=1e-6)


@pytest.mark.parametrize("atom", [Fraction(1, 2), Fraction(1, 10)])
def test_coverage_with_atoms_is_exact(atom):
    """-inf with probability `atom`, else 0: the band misses anywhere if it misses F(-inf)."""
    n, error = 30, 0.3
    missed = Fraction(0)
    for k, probability in enumerate(binomial(n, atom)):
        band = dkw_band([-math.inf] * k + [0.0] * (n - k), error)
        at_most = band.cdf(-math.inf)
        missed += probability * (not at_most.lo <= atom <= at_most.hi)
        assert band.cdf(-1e308) == at_most
        assert band.cdf(0.0).hi == 1
    assert 0 < missed <= Fraction(error)


@given(tied, st.floats(-4, 4) | st.just(-math.inf) | st.just(math.inf))
def test_cdf_counts(values, t):
    band = dkw_band(values, 0.1)
    for at in (t, *values):
        estimate = band.cdf(at)
        assert estimate.value == sum(v <= at for v in values) / len(values)
        assert estimate.lo == max(0, estimate.value - band.half_width)
        assert estimate.hi == min(1, estimate.value + band.half_width)


@given(tied, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_quantiles_are_all_that_the_band_leaves_possible(values, p, error):
    """Some F in the band has the p-quantile q exactly if F_N(q) >= p - eps and F_N(q-) <= p + eps."""
    band = dkw_band(values, error)
    estimate, n = band.quantile(p), len(values)
    for edge in (p - band.half_width, p + band.half_width):  # where rounding decides, neither side is wrong
        assume(abs(edge * n - round(edge * n)) > 1e-9)

    def possible(q):
        return (
            sum(v <= q for v in values) / n >= p - band.half_width
            and sum(v < q for v in values) / n <= p + band.half_width
        )

    between = [(a + b) / 2 for a in values for b in values if math.isfinite(a + b)]
    for q in (-math.inf, math.inf, -5.0, 5.0, *values, *between):
        assert possible(q) == (estimate.lo <= q <= estimate.hi)
    x = sorted(values)
    assert estimate.value == x[min(max(math.ceil(n * p), 1), n) - 1]
    assert bisect.bisect_left(x, estimate.lo) < n
    assert order_statistic_interval(values, p, error).half_width <= estimate.half_width + 1e-12 or math.isinf(x[0])


@pytest.mark.parametrize(("p", "half"), [(0.5, Fraction(1, 4)), (0.25, Fraction(1, 4)), (0.75, Fraction(1, 4))])
def test_ranks_round_outward(p, half):
    """At error = 2 exp(-2 N/16) the half-width is 1/4, up to rounding, and N (p -+ 1/4) are whole numbers."""
    n = 80
    estimate = dkw_band(range(1, n + 1), 2 * math.exp(-2 * n * float(half) ** 2)).quantile(p)
    low, high = int(n * (Fraction(p) - half)), int(n * (Fraction(p) + half))
    assert estimate.lo == (low if low >= 1 else -math.inf)
    assert estimate.hi == (high + 1 if high < n else math.inf)


@pytest.mark.filterwarnings("ignore:ks_2samp")  # its p-value is not asked for
@given(tied, tied)
def test_the_distance_is_that_of_scipy(first, second):
    finite = [[max(v, -1e9) for v in values] for values in (first, second)]  # the order is all that counts
    estimate = two_sample_distance(first, second, 0.1)
    assert estimate.value == pytest.approx(ks_2samp(*finite, method="exact").statistic, abs=1e-12)
    assert estimate.samples == len(first) + len(second)


@given(tied, tied, st.randoms(use_true_random=False))
def test_the_distance_is_symmetric_and_knows_only_ranks(first, second, random):
    estimate = two_sample_distance(first, second, 0.1)
    assert two_sample_distance(second, first, 0.1) == estimate
    shuffled = list(first)
    random.shuffle(shuffled)
    assert two_sample_distance(np.arctan(shuffled), np.arctan(second), 0.1).value <= estimate.value  # rounding may tie
    assert two_sample_distance(4 * np.array(shuffled), 4 * np.array(second), 0.1) == estimate
    assert two_sample_distance(first, first, 0.1).value == 0


def test_the_distance_is_exact_and_cut():
    estimate = two_sample_distance([0.0] * 3, [0.0] * 5 + [1.0] * 2, 0.1)
    assert estimate.value == 2 / 7
    assert (estimate.lo, estimate.hi) == (0, 1)
    apart = two_sample_distance(np.zeros(1000), np.ones(2000), 0.1)
    width = sum(math.sqrt(math.log(40) / (2 * n)) for n in (1000, 2000))
    assert (apart.lo, apart.hi) == (pytest.approx(1 - width, rel=1e-8), 1)


@pytest.mark.parametrize(("p", "q"), [(Fraction(1, 2), Fraction(1, 2)), (Fraction(1, 10), Fraction(3, 4))])
def test_coverage_of_the_distance_on_coins_is_exact(p, q):
    n, m, error = 12, 15, 0.9
    missed = Fraction(0)
    for k, first in enumerate(binomial(n, p)):
        for j, second in enumerate(binomial(m, q)):
            estimate = two_sample_distance([0.0] * k + [1.0] * (n - k), [0.0] * j + [1.0] * (m - j), error)
            missed += first * second * (not estimate.lo <= abs(p - q) <= estimate.hi)
    assert missed <= Fraction(error)
    assert missed > 0 or p != q


@given(tied, st.floats(1e-9, 0.49), st.floats(1.01, 2))
def test_less_error_makes_it_longer(values, error, factor):
    shorter, longer = dkw_band(values, error * factor), dkw_band(values, error)
    assert shorter.half_width < longer.half_width
    a, b = shorter.quantile(0.5), longer.quantile(0.5)
    assert b.lo <= a.lo <= a.hi <= b.hi
    a, b = (two_sample_distance(values, [0.0] * 50, e) for e in (error * factor, error))
    assert b.lo <= a.lo <= a.hi <= b.hi


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: dkw_band([], 0.1), "values"),
        (lambda: dkw_band([math.nan], 0.1), "values"),
        (lambda: dkw_band([1.0], 1.0), "error"),
        (lambda: dkw_band([1.0], 0.1).cdf(math.nan), "t"),
        (lambda: dkw_band([1.0], 0.1).cdf("1"), "t"),
        (lambda: dkw_band([1.0], 0.1).quantile(0), "p"),
        (lambda: two_sample_distance([], [1.0], 0.1), "first"),
        (lambda: two_sample_distance([1.0], [math.nan], 0.1), "second"),
        (lambda: two_sample_distance([1.0], [1.0], 0), "error"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(InvalidArgument) as refusal:
        call()
    assert refusal.value.argument == argument


@given(tied, tied, st.sampled_from([0.0, 0.25, 1.0]), st.randoms(use_true_random=False))
def test_the_distance_before_rounding_is_in_reach_of_the_interval(first, second, rounding, random):
    """By brute force: the samples are moved by up to the rounding, and their own distance is within the half-widths."""
    moved = [[x + rounding * random.choice([-1.0, 0.0, 1.0]) for x in sample] for sample in (first, second)]
    found = two_sample_distance(*moved, error=0.01, rounding=rounding)
    true = two_sample_distance(first, second, error=0.01)
    assert found.lo <= true.lo + 1e-12
    assert found.hi >= true.hi - 1e-12


def test_values_an_ulp_apart_are_no_distance():
    ties, moved = np.zeros(1000), np.full(1000, 2.0**-52)
    assert two_sample_distance(ties, moved, 0.01).value == 1
    found = two_sample_distance(ties, moved, 0.01, rounding=1e-15)
    assert (found.value, found.lo, found.hi) == (0, 0, 1)  # rounding may have made the distance
    assert two_sample_distance(ties, ties, 0.01, rounding=1e-15).hi == 1  # or hidden it


def test_a_band_covers_ties_both_ways():
    band = dkw_band(np.array([-1.0, 2.0**-53] * 500), 0.01, rounding=1e-15)
    exact = dkw_band(np.array([-1.0, 0.0] * 500), 0.01)
    assert (band.cdf(0.0).lo, band.cdf(0.0).hi) == (exact.cdf(-0.5).lo, exact.cdf(0.0).hi)
    assert band.quantile(0.9).lo <= 0 <= band.quantile(0.9).hi


def test_rounding_is_no_negative_number():
    for call in (
        lambda r: dkw_band([0.0], 0.1, rounding=r),
        lambda r: two_sample_distance([0.0], [0.0], 0.1, rounding=r),
    ):
        with pytest.raises(InvalidArgument, match="rounding: "):
            call(-1.0)
