import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.intervals import empirical_bernstein_interval
from tests.montecarlo.intervals.binomials import binomial
from theory.ensembles import InvalidArgument

parts = st.lists(st.floats(0, 1), min_size=2, max_size=60)


@pytest.mark.parametrize("copies", [1, 10, 100])
@given(st.lists(st.integers(0, 64), min_size=2, max_size=10), st.floats(1e-6, 0.9))
def test_the_formula(copies, numerators, error):
    """Mean and variance by the statistics module in fractions."""
    values = [Fraction(i, 64) for i in numerators] * copies
    n, ell = len(values), math.log(3 / error)
    mean, variance = statistics.mean(values), statistics.variance(values)
    width = math.sqrt(2 * variance * ell / n) + 7 * ell / (3 * (n - 1))
    estimate = empirical_bernstein_interval([float(v) for v in values], 1.0, error)
    assert estimate.value == pytest.approx(float(mean), abs=1e-14)
    assert estimate.lo == pytest.approx(max(0.0, float(mean) - width), abs=1e-12)
    assert estimate.hi == pytest.approx(min(1.0, float(mean) + width), abs=1e-12)


@pytest.mark.parametrize("error", [0.9, 0.5, 0.1])
def test_coverage_on_coins_is_exact(error):
    n = 60
    intervals = [empirical_bernstein_interval([1.0] * k + [0.0] * (n - k), 1.0, error) for k in range(n + 1)]
    worst = Fraction(0)
    for p in [Fraction(i, 200) for i in range(201)]:
        law = binomial(n, p)
        worst = max(worst, sum(law[k] for k in range(n + 1) if not intervals[k].lo <= p <= intervals[k].hi))
    assert 0 < worst <= Fraction(error)


@pytest.mark.parametrize("p", [Fraction(1, 2), Fraction(1, 10), Fraction(1, 40)])
@pytest.mark.parametrize("n", [10, 100])
def test_the_three_events_of_the_proof(n, p):
    """Each fails with probability at most delta, summed exactly over coins."""
    law, variance = binomial(n, p), float(p * (1 - p))
    for delta in (0.3, 0.03, 0.003):
        ell = math.log(1 / delta)
        width = math.sqrt(2 * variance * ell / n) + ell / (3 * n)
        above = below = rough = 0.0
        for k, probability in enumerate(law):
            spread = math.sqrt(k * (n - k) / (n * (n - 1)))
            above += float(probability) * (k / n - float(p) > width)
            below += float(probability) * (float(p) - k / n > width)
            rough += float(probability) * (math.sqrt(variance) > spread + math.sqrt(2 * ell / (n - 1)))
        assert max(above, below, rough) <= delta


@pytest.mark.parametrize("power", [-1000, -500, -3, 5, 1000])
@given(numerators=st.lists(st.integers(0, 1024), min_size=1, max_size=60))
def test_units_do_not_matter(power, numerators):
    """Powers of two, so that rescaling is exact."""
    values, unit = np.array(numerators) / 1024, 2.0**power
    one, other = empirical_bernstein_interval(values, 1.0, 0.5), empirical_bernstein_interval(values * unit, unit, 0.5)
    assert (other.value, other.lo, other.hi) == (one.value * unit, one.lo * unit, one.hi * unit)


def test_bounds_at_the_ends_of_what_floats_hold():
    x = np.linspace(0, 1, 10_000)
    one = empirical_bernstein_interval(x, 1.0, 1e-6)
    for bound in (1e-300, 1e300):
        estimate = empirical_bernstein_interval(x * bound, bound, 1e-6)
        assert (estimate.lo, estimate.hi) == pytest.approx((one.lo * bound, one.hi * bound), rel=1e-9)


@given(parts, st.randoms(use_true_random=False))
def test_neither_order_nor_direction_matters(values, random):
    estimate = empirical_bernstein_interval(values, 1.0, 0.1)
    shuffled = list(values)
    random.shuffle(shuffled)
    again = empirical_bernstein_interval(shuffled, 1.0, 0.1)
    mirrored = empirical_bernstein_interval(1 - np.array(values), 1.0, 0.1)
    assert (again.lo, again.hi) == pytest.approx((estimate.lo, estimate.hi), abs=1e-12)
    assert (1 - mirrored.hi, 1 - mirrored.lo) == pytest.approx((estimate.lo, estimate.hi), abs=1e-12)


@given(parts, st.floats(1e-9, 0.49), st.floats(1.01, 2))
def test_less_error_makes_it_longer(values, error, factor):
    shorter = empirical_bernstein_interval(values * 50, 1.0, error * factor)
    longer = empirical_bernstein_interval(values * 50, 1.0, error)
    assert longer.lo <= shorter.lo <= shorter.value <= shorter.hi <= longer.hi
    if shorter.lo > 0:
        assert longer.lo < shorter.lo


def test_one_sample_says_nothing():
    estimate = empirical_bernstein_interval([0.3], 2.0, 0.1)
    assert (estimate.value, estimate.lo, estimate.hi) == (0.3, 0.0, 2.0)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: empirical_bernstein_interval([], 1.0, 0.1), "values"),
        (lambda: empirical_bernstein_interval([1.5], 1.0, 0.1), "values"),
        (lambda: empirical_bernstein_interval([-0.5], 1.0, 0.1), "values"),
        (lambda: empirical_bernstein_interval([math.nan], 1.0, 0.1), "values"),
        (lambda: empirical_bernstein_interval([0.5], 0.0, 0.1), "bound"),
        (lambda: empirical_bernstein_interval([0.5], math.inf, 0.1), "bound"),
        (lambda: empirical_bernstein_interval([0.5], 1.0, 0.0), "error"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(InvalidArgument) as refusal:
        call()
    assert refusal.value.argument == argument
