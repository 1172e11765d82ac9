import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from montecarlo.intervals import (
    bounded_mean_sequence,
    catoni_interval,
    mean_sequence,
    order_statistic_ranks,
    quantile_sequence_interval,
    quantile_sequence_ranks,
)
from montecarlo.intervals.anytime import bounded_sequence_spreads, bounded_sequence_widths, mean_sequence_constants
from theory.ensembles import InvalidArgument

LEVELS = [Fraction(1, 2), Fraction(1, 6), Fraction(5, 6)]  # 25/p and 25/(1-p) are integers


def beta_below(a, b, p):
    """Integral of theta^(a-1) (1-theta)^(b-1) over [0, p] for integers: B(a, b) P(Bin(a + b - 1, p) >= a)."""
    n = a + b - 1
    tail = sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(a, n + 1))
    return tail * Fraction(math.factorial(a - 1) * math.factorial(b - 1), math.factorial(n))


def mixture(n, k, p, upper=False):
    """Likelihood ratio of k successes in n, averaged over the Beta prior cut off at p, as a fraction."""
    if upper:
        return mixture(n, n - k, 1 - p)
    a, b = int(25 / (1 - p)), int(25 / p)
    return beta_below(a + k, b + n - k, p) / (p**k * (1 - p) ** (n - k) * beta_below(a, b, p))


@pytest.mark.parametrize("p", LEVELS)
@pytest.mark.parametrize("k", [0, 1, 4])
def test_the_mixture_is_a_supermartingale(p, k):
    n = 5
    now, success, failure = mixture(n, k, p), mixture(n + 1, k + 1, p), mixture(n + 1, k, p)
    assert p * success + (1 - p) * failure == now  # at probability p: a martingale
    for more in (p + (1 - p) / 100, p + (1 - p) / 2, Fraction(1)):
        assert more * success + (1 - more) * failure < now
    assert mixture(0, 0, p) == 1


@pytest.mark.parametrize("p", LEVELS)
@pytest.mark.parametrize("n", [1, 7, 24, 60, 150])
def test_ranks_are_where_the_mixture_reaches_its_bound(n, p):
    low = [mixture(n, k, p) for k in range(n + 1)]
    high = [mixture(n, k, p, upper=True) for k in range(n + 1)]
    assert low == sorted(low, reverse=True)
    for error in (0.9, 0.2, 1e-3, 1e-9):
        bound = 2 / Fraction(error)
        r, s = quantile_sequence_ranks(n, float(p), error)
        assert r == sum(value >= bound for value in low)
        assert s == n + 1 - sum(value >= bound for value in high)


@pytest.mark.parametrize("n", [10**3, 10**5, 10**8])
@pytest.mark.parametrize("p", [0.5, 0.01, 0.3, 0.999])
@pytest.mark.parametrize("error", [0.1, 1e-12])
def test_ranks_of_large_samples_by_quadrature(n, p, error):
    r, s = quantile_sequence_ranks(n, p, error)

    def log_mixture(k, upper):
        if upper:
            k, level = n - k, 1 - p
        else:
            level = p
        a, b = 25 / (1 - level), 25 / level
        spread = math.sqrt(level * (1 - level) / (n + a + b))
        theta = np.linspace(max(level - 60 * spread, 0), level, 400_001)[1:]
        ratio = k * np.log1p((theta - level) / level) + (n - k) * np.log1p((level - theta) / (1 - level))
        logs = ratio + beta.logpdf(theta, a, b) - beta.logcdf(level, a, b)
        top = logs.max()
        weights = np.exp(logs - top)
        return top + math.log(np.sum(weights[1:] + weights[:-1]) / 2 * (theta[1] - theta[0]))

    reached = math.log(2 / error)
    if r > 0:
        assert log_mixture(r - 1, upper=False) >= reached - 1e-5
    assert log_mixture(r + 1, upper=False) < reached + 1e-5
    if s <= n:
        assert log_mixture(s, upper=True) >= reached - 1e-5
    assert log_mixture(s - 2, upper=True) < reached + 1e-5


def ever_missed(p, error, ranks, horizon):
    """Probability that any interval up to the horizon misses, of a law without atoms; exact but for rounding."""
    law, missed = np.array([1.0]), 0.0  # law of the count among samples never missed so far
    for n in range(1, horizon + 1):
        law = np.append(law * (1 - p), 0) + np.append(0, law * p)
        r, s = ranks(n, p, error)
        out = np.arange(n + 1)
        out = (out < r) | (out >= s)
        missed += float(law[out].sum())
        law[out] = 0
    return missed


@pytest.mark.parametrize("p", [0.5, 0.1])
@pytest.mark.parametrize("error", [0.5, 0.1, 0.01])
def test_the_probability_of_ever_missing(p, error):
    missed = ever_missed(p, error, quantile_sequence_ranks, 600)
    assert error / 50 < missed <= error
    assert ever_missed(p, error, order_statistic_ranks, 600) > 1.5 * error  # whose claim is for one size


@given(st.lists(st.floats(-10, 10) | st.just(-math.inf), min_size=1, max_size=60), st.floats(0.05, 0.95))
def test_the_interval_is_made_of_order_statistics(values, p):
    estimate = quantile_sequence_interval(values * 5, p, 0.5)
    r, s = quantile_sequence_ranks(5 * len(values), p, 0.5)
    x = [-math.inf, *sorted(values * 5), math.inf]
    assert (estimate.lo, estimate.hi) == (x[r], x[s])
    assert estimate.value == x[min(max(math.ceil(5 * len(values) * p), 1), 5 * len(values))]
    assert estimate.lo <= estimate.value <= estimate.hi


@given(st.integers(1, 10**9), st.floats(1e-6, 1 - 1e-6), st.floats(1e-12, 0.49), st.floats(1.01, 2))
def test_ranks_are_mirrored_wider_than_for_one_size_and_wider_for_less_error(n, p, error, factor):
    r, s = quantile_sequence_ranks(n, p, error)
    assert 0 <= r <= math.ceil(n * p)
    assert n * p <= s <= n + 1
    low, high = quantile_sequence_ranks(n, p, error * factor)
    assert r <= low <= high <= s or r == s == low == high
    one_low, one_high = order_statistic_ranks(n, p, error)
    assert r <= one_low
    assert one_high <= s
    if 0.01 < p < 0.99:
        a, b = quantile_sequence_ranks(n, 1 - p, error)
        assert (abs(n + 1 - b - r), abs(n + 1 - a - s)) <= (1, 1)  # 1 - p is rounded


@pytest.mark.parametrize("p", [5e-324, 1e-300, 1e-20, 1 - 2**-53])
@pytest.mark.parametrize("error", [0.1, 5e-324])
def test_ranks_where_floats_end(p, error):
    r, s = quantile_sequence_ranks(1000, p, error)
    assert 0 <= r <= math.ceil(1000 * p) <= s <= 1001


def influence_sum(values, theta, rate):
    return sum(math.copysign(math.log(1 + abs(y) + y * y / 2), y) for y in (rate * (x - theta) for x in values))


def bound_on_the_sum(n, rate, error):
    j = round(-math.log2(rate))
    return n * math.log(1 + rate**2 / 2) + math.log(2 * (j + 1) * (j + 2) / error)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=100), st.floats(0.1, 10), st.floats(1e-12, 0.9))
def test_mean_sequence_solves_its_equations(values, variance, error):
    n = len(values)
    estimate = mean_sequence(values, variance, error)
    rate, reach = mean_sequence_constants(n, error)
    assert reach == pytest.approx(bound_on_the_sum(n, rate, error), rel=1e-12)
    rate /= math.sqrt(variance)
    step = 1e-6 * (estimate.hi - estimate.lo)
    assert influence_sum(values, estimate.lo, rate) >= reach >= influence_sum(values, estimate.lo + step, rate)
    assert influence_sum(values, estimate.hi - step, rate) >= -reach >= influence_sum(values, estimate.hi, rate)
    assert influence_sum(values, estimate.value - step, rate) >= 0 >= influence_sum(values, estimate.value + step, rate)


@pytest.mark.parametrize("n", [1, 10, 1000, 10**6])
@pytest.mark.parametrize("error", [0.5, 1e-6])
def test_no_other_rate_promises_less(n, error):
    rate, reach = mean_sequence_constants(n, error)
    assert rate in {2.0**-j for j in range(20)}
    for j in range(20):
        assert reach / rate <= bound_on_the_sum(n, 2.0**-j, error) / 2.0**-j * (1 + 1e-12)


def exponential_of_influence(y):
    return 1 + y + y * y / 2 if y >= 0 else 1 / (1 - y + y * y / 2)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("rate", [Fraction(1), Fraction(1, 4), Fraction(1, 64)])
@pytest.mark.parametrize(
    "law",
    [
        {Fraction(99): Fraction(1, 100), Fraction(-1): Fraction(99, 100)},
        {Fraction(1): Fraction(1, 2), Fraction(-1): Fraction(1, 2)},
        {Fraction(-4): Fraction(1, 7), Fraction(0): Fraction(2, 7), Fraction(1): Fraction(4, 7)},
    ],
)
def test_each_factor_has_mean_at_most_one(law, rate, sign):
    """E exp(psi(rate (X - m))) <= 1 + rate^2 v/2, in fractions."""
    assert sum(p * x for x, p in law.items()) == 0
    variance = sum(p * x * x for x, p in law.items())
    mean = sum(p * exponential_of_influence(sign * rate * x) for x, p in law.items())
    assert mean <= 1 + rate**2 * variance / 2


@pytest.mark.parametrize("p", [0.5, 0.1, 0.02])
def test_mean_sequence_on_coins_ever_missing(p):
    """By counts, as the order does not matter; exact but for rounding of floats."""
    error, law, missed = 0.8, np.array([1.0]), 0.0
    for n in range(1, 41):
        law = np.append(law * (1 - p), 0) + np.append(0, law * p)
        for k in np.flatnonzero(law):
            estimate = mean_sequence([1.0] * k + [0.0] * (n - k), p * (1 - p), error)
            if not estimate.lo <= p <= estimate.hi:
                missed += law[k]
                law[k] = 0
    assert 0 < missed <= error


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=60), st.floats(0.1, 10), st.randoms(use_true_random=False))
def test_mean_sequence_order_shift_and_scale(values, variance, random):
    estimate = mean_sequence(values, variance, 0.01)
    shuffled = list(values)
    random.shuffle(shuffled)
    again = mean_sequence(-4 * np.array(shuffled) + 7, 16 * variance, 0.01)
    near = {"rel": 1e-7, "abs": 1e-7}
    assert (again.value, again.hi, again.lo) == pytest.approx(
        (7 - 4 * estimate.value, 7 - 4 * estimate.lo, 7 - 4 * estimate.hi), **near
    )
    less = mean_sequence(values, variance, 0.001)
    assert less.lo < estimate.lo <= estimate.value <= estimate.hi < less.hi


def test_mean_sequence_is_hardly_longer_than_catonis_interval_and_resists_outliers():
    x = np.concatenate([np.linspace(-math.sqrt(3), math.sqrt(3), 10_000), [1e9]])
    sequence, catoni = mean_sequence(x, 1.0, 1e-6), catoni_interval(x, 1.0, 1e-6)
    assert catoni.half_width < sequence.half_width < 1.2 * catoni.half_width
    assert abs(sequence.value) < 0.1


@pytest.mark.parametrize(
    ("values", "variance"),
    [
        ([1e20] * 5, 1.0),
        ([3.0], 1.0),
        ([1e300, -1e300, 2.0], 1e-300),
        ([1.7e308, -1.7e308], 1.0),
        ([-1e14, 1e14], 1.0),
        ([0.0, 0.0, 5e-324], 5e-324),
        ([1e100, -2e100, 1e100], 1e200),
    ],
)
@pytest.mark.parametrize("error", [0.5, 1e-30, 5e-324])
def test_mean_sequence_where_floats_end(values, variance, error):
    estimate = mean_sequence(values, variance, error)
    assert estimate.lo < estimate.value < estimate.hi
    assert min(values) <= estimate.value <= max(values)


@given(st.lists(st.integers(0, 16), min_size=1, max_size=40), st.floats(1e-9, 0.9))
def test_bounded_mean_sequence_by_its_formula(numerators, error):
    """V in fractions; the least width over all rates."""
    x, before, spread = [Fraction(i, 16) for i in numerators], Fraction(1, 2), Fraction(0)
    for i, value in enumerate(x, start=1):
        spread += (value - before) ** 2
        before = (Fraction(1, 2) + sum(x[:i])) / (i + 1)
    widths = [
        ((-math.log1p(-rate) - rate) * spread + math.log(2 * (j + 1) * (j + 2) / error)) / (len(x) * rate)
        for j, rate in enumerate(2.0 ** -np.arange(1, 15))
    ]
    mean, width = float(sum(x) / len(x)), min(widths)
    estimate = bounded_mean_sequence([float(v) for v in x], 1.0, error)
    assert estimate.value == pytest.approx(mean, abs=1e-14)
    assert estimate.lo == pytest.approx(max(0.0, mean - width), abs=1e-7)
    assert estimate.hi == pytest.approx(min(1.0, mean + width), abs=1e-7)


@pytest.mark.parametrize("p", [0.5, 0.2, 0.05])
def test_bounded_mean_sequence_on_all_sequences_of_coins(p):
    """All 2^16 sequences; a miss at any length counts."""
    n, error = 16, 0.9
    x = np.array(list(itertools.product((0.0, 1.0), repeat=n)))
    sizes = np.arange(1, n + 1)
    widths = bounded_sequence_widths(bounded_sequence_spreads(x), sizes, error)
    missed = (np.abs(np.cumsum(x, axis=1) / sizes - p) > widths).any(axis=1)
    ones = x.sum(axis=1)
    assert 0 < np.sum((p**ones * (1 - p) ** (n - ones))[missed]) <= error
    for row in (0, 1, 777, 40_000, 2**n - 1):
        for size in (1, 5, n):
            estimate = bounded_mean_sequence(x[row, :size], 1.0, error)
            width = widths[row, size - 1]
            assert estimate.hi == pytest.approx(min(1, np.mean(x[row, :size]) + width), abs=1e-12)


@pytest.mark.parametrize("p", [0.0, 0.01, 0.3, 0.5, 0.9])
def test_each_bounded_factor_has_mean_at_most_one(p):
    """E exp(+-lambda (X - p) - g(lambda) (X - c)^2) <= 1 for coins and every guess c."""
    for rate in 2.0 ** -np.arange(1, 10):
        price = -math.log1p(-rate) - rate
        for c in np.linspace(0, 1, 21):
            for sign in (1, -1):
                heads = math.exp(sign * rate * (1 - p) - price * (1 - c) ** 2)
                tails = math.exp(-sign * rate * p - price * c**2)
                assert p * heads + (1 - p) * tails <= 1 + 1e-15


@pytest.mark.parametrize("power", [-1000, -500, -3, 5, 1000])
@given(numerators=st.lists(st.integers(0, 1024), min_size=1, max_size=60))
def test_units_do_not_matter(power, numerators):
    """Powers of two, so that rescaling is exact."""
    values, unit = np.array(numerators) / 1024, 2.0**power
    one, other = bounded_mean_sequence(values, 1.0, 0.5), bounded_mean_sequence(values * unit, unit, 0.5)
    assert (other.value, other.lo, other.hi) == (one.value * unit, one.lo * unit, one.hi * unit)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.floats(1e-9, 0.49), st.floats(1.01, 2))
def test_bounded_mean_sequence_mirrored_and_longer_for_less_error(values, error, factor):
    estimate = bounded_mean_sequence(values * 20, 1.0, error)
    mirrored = bounded_mean_sequence(1 - np.array(values * 20), 1.0, error)
    assert (1 - mirrored.hi, 1 - mirrored.lo) == pytest.approx((estimate.lo, estimate.hi), abs=1e-9)
    shorter = bounded_mean_sequence(values * 20, 1.0, error * factor)
    assert estimate.lo <= shorter.lo <= shorter.value <= shorter.hi <= estimate.hi
    if shorter.lo > 0:
        assert estimate.lo < shorter.lo


@pytest.mark.parametrize("sigma", [0.5, 0.1])
def test_bounded_mean_sequence_is_hardly_longer_than_bernsteins_bound_would_be(sigma):
    """Against sqrt(2 v log(2/error)/N), the length for one size with the variance v known."""
    x = np.resize([0.5 - sigma, 0.5 + sigma], 10**5)
    half = bounded_mean_sequence(x, 1.0, 1e-6).half_width
    assert 1 < half / math.sqrt(2 * sigma**2 * math.log(2e6) / 10**5) < 1.25


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: quantile_sequence_interval([], 0.5, 0.1), "values"),
        (lambda: quantile_sequence_interval([math.nan], 0.5, 0.1), "values"),
        (lambda: quantile_sequence_interval([1.0], 0.0, 0.1), "p"),
        (lambda: quantile_sequence_interval([1.0], 0.5, 1), "error"),
        (lambda: quantile_sequence_ranks(0, 0.5, 0.1), "samples"),
        (lambda: quantile_sequence_ranks(10.0, 0.5, 0.1), "samples"),
        (lambda: quantile_sequence_ranks(10, 1.5, 0.1), "p"),
        (lambda: mean_sequence([], 1.0, 0.1), "values"),
        (lambda: mean_sequence([math.inf], 1.0, 0.1), "values"),
        (lambda: mean_sequence([1.0], 0.0, 0.1), "variance"),
        (lambda: mean_sequence([1.0], 1.0, 0.0), "error"),
        (lambda: bounded_mean_sequence([], 1.0, 0.1), "values"),
        (lambda: bounded_mean_sequence([2.0], 1.0, 0.1), "values"),
        (lambda: bounded_mean_sequence([-1.0], 1.0, 0.1), "values"),
        (lambda: bounded_mean_sequence([1.0], -1.0, 0.1), "bound"),
        (lambda: bounded_mean_sequence([1.0], 1.0, "0.1"), "error"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(InvalidArgument) as refusal:
        call()
    assert refusal.value.argument == argument
