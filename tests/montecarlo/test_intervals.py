import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.intervals import (
    Estimate,
    bernstein_interval,
    catoni_interval,
    clopper_pearson_interval,
    order_statistic_interval,
    order_statistic_ranks,
)
from theory.ensembles import InvalidArgument


def binomial(n, p):
    """Exact probabilities of Binomial(n, p), p a fraction."""
    return [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


@pytest.mark.parametrize("n", [1, 2, 5, 20, 61])
@pytest.mark.parametrize("p", [Fraction(1, 2), Fraction(1, 10), Fraction(3, 4), Fraction(63, 64)])
@pytest.mark.parametrize("error", [0.3, 0.05, 1e-6])
def test_ranks_have_exactly_the_coverage_and_no_tighter_ones_do(n, p, error):
    r, s = order_statistic_ranks(n, float(p), error)
    law = binomial(n, p)
    half = Fraction(error) / 2
    assert sum(law[:r]) <= half  # X_(r) > q
    assert sum(law[s:]) <= half  # X_(s) < q
    assert sum(law[: r + 1]) > half * (1 - Fraction(1, 10**8))
    assert sum(law[s - 1 :]) > half * (1 - Fraction(1, 10**8))


@pytest.mark.parametrize("atom", [Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)])
@pytest.mark.parametrize("p", [Fraction(1, 4), Fraction(1, 2), Fraction(4, 5)])
def test_coverage_with_an_atom_at_minus_infinity(atom, p):
    """X = -inf with probability `atom`, else uniform on (0, 1). Coverage summed exactly over the law of the sample."""
    n, error = 30, 0.1
    q = -math.inf if p <= atom else float((p - atom) / (1 - atom))
    r, s = order_statistic_ranks(n, float(p), error)
    below = p if p > atom else atom  # P(X <= q)
    strictly = p if p > atom else Fraction(0)  # P(X < q)
    misses = sum(binomial(n, below)[:r]) + (sum(binomial(n, strictly)[s:]) if strictly else 0)
    assert misses <= Fraction(error)
    if q == -math.inf:
        values = np.concatenate([np.full(int(30 * atom), -np.inf), np.linspace(0.1, 0.9, int(30 * (1 - atom)))])
        assert order_statistic_interval(values, float(p), error).lo == -math.inf


@given(st.lists(st.floats(-10, 10) | st.just(-math.inf), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_the_interval_is_made_of_order_statistics(values, p):
    estimate = order_statistic_interval(values, p, error=0.1)
    r, s = order_statistic_ranks(len(values), p, 0.1)
    x = [-math.inf, *sorted(values), math.inf]
    assert (estimate.lo, estimate.hi) == (x[r], x[s])
    assert estimate.value == x[min(max(math.ceil(len(values) * p), 1), len(values))]
    assert estimate.lo <= estimate.value <= estimate.hi
    assert not math.isnan(estimate.half_width)


def test_ranks_at_a_million_samples_and_error_1e_12():
    """Within Hoeffding's bound, and symmetric at the median."""
    n = 10**6
    r, s = order_statistic_ranks(n, 0.5, 1e-12)
    assert r + s == n + 1
    reach = math.sqrt(n * math.log(2e12) / 2)
    assert 0.9 * reach < n / 2 - r < reach


def catoni_sum(values, theta, alpha):
    return sum(math.copysign(math.log(1 + abs(y) + y * y / 2), y) for y in (alpha * (x - theta) for x in values))


@given(st.lists(st.floats(-100, 100), min_size=60, max_size=100), st.floats(0.1, 10))
def test_catoni_solves_its_equation(values, variance):
    error = 1e-6
    n, ell = len(values), math.log(2e6)
    eta = math.sqrt(2 * variance * ell / (n - 2 * ell))
    alpha = math.sqrt(2 * ell / (n * (variance + eta**2)))
    estimate = catoni_interval(values, variance, error)
    assert estimate.half_width == pytest.approx(eta, rel=1e-9)
    step = 1e-9 * (1 + abs(estimate.value))
    assert catoni_sum(values, estimate.value - step, alpha) >= 0 >= catoni_sum(values, estimate.value + step, alpha)


def test_catonis_proof_in_numbers():
    """At theta = m + eta the exponent of Markov's inequality is 0: N alpha (-eta) + N alpha^2 (v + eta^2)/2 + ell."""
    for n, v, error in ((100, 2.0, 1e-3), (10_000, 0.1, 1e-12)):
        ell = math.log(2 / error)
        eta = catoni_interval(np.linspace(0, 1, n), v, error).half_width
        alpha = math.sqrt(2 * ell / (n * (v + eta**2)))
        assert -n * alpha * eta + n * alpha**2 * (v + eta**2) / 2 + ell == pytest.approx(0, abs=1e-8 * ell)


def test_catoni_resists_an_outlier_that_moves_the_mean():
    values = np.concatenate([np.zeros(9_999), [1e9]])
    assert catoni_interval(values, 1.0, 1e-6).value < 0.2 < np.mean(values)


def test_catoni_of_too_few_samples_is_infinite():
    assert catoni_interval([1.0] * 29, 1.0, 1e-6).hi == math.inf
    assert catoni_interval([1.0] * 30, 1.0, 1e-6).hi < math.inf


@pytest.mark.parametrize("n", [1, 7, 40])
@pytest.mark.parametrize("error", [0.2, 1e-9])
def test_clopper_pearson_coverage_is_exact(n, error):
    intervals = [clopper_pearson_interval(k, n, error) for k in range(n + 1)]
    for p in [Fraction(i, 97) for i in range(98)]:
        law = binomial(n, p)
        missed = sum(law[k] for k in range(n + 1) if not intervals[k].lo <= p <= intervals[k].hi)
        assert missed <= Fraction(error)
    for k in range(1, n + 1):  # and no shorter one is as safe: the ends are where a tail is error/2
        tail = sum(binomial(n, Fraction(intervals[k].lo))[k:])
        assert float(tail) == pytest.approx(error / 2, rel=1e-8)
        assert intervals[k].lo == pytest.approx(1 - intervals[n - k].hi, rel=1e-9)


def test_bernstein_inverts_its_bound():
    values, b, v, error = np.linspace(0, 2, 1_000), 2.0, 0.4, 1e-9
    t = bernstein_interval(values, b, v, error).half_width
    assert 2 * math.exp(-1_000 * t**2 / (2 * (v + b * t / 3))) == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("p", [Fraction(1, 2), Fraction(1, 50)])
def test_bernstein_coverage_on_coins(p):
    n, error = 200, 0.01
    law = binomial(n, p)
    missed = Fraction(0)
    for k in range(n + 1):
        estimate = bernstein_interval([1.0] * k + [0.0] * (n - k), 1.0, float(p * (1 - p)), error)
        missed += law[k] * (not estimate.lo <= p <= estimate.hi)
    assert 0 < missed <= Fraction(error)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: order_statistic_interval([], 0.5, 0.1), "values"),
        (lambda: order_statistic_interval([math.nan], 0.5, 0.1), "values"),
        (lambda: order_statistic_interval([[1.0]], 0.5, 0.1), "values"),
        (lambda: order_statistic_interval([1.0], 1, 0.1), "p"),
        (lambda: order_statistic_interval([1.0], 0.5, 0), "error"),
        (lambda: catoni_interval([math.inf], 1.0, 0.1), "values"),
        (lambda: catoni_interval([1.0], 0.0, 0.1), "variance"),
        (lambda: catoni_interval([1.0], math.nan, 0.1), "variance"),
        (lambda: catoni_interval([1.0], 1.0, 2), "error"),
        (lambda: clopper_pearson_interval(3, 2, 0.1), "successes"),
        (lambda: clopper_pearson_interval(-1, 2, 0.1), "successes"),
        (lambda: clopper_pearson_interval(0.5, 2, 0.1), "successes"),
        (lambda: clopper_pearson_interval(0, 0, 0.1), "samples"),
        (lambda: clopper_pearson_interval(0, 1, -0.1), "error"),
        (lambda: bernstein_interval([3.0], 2.0, 1.0, 0.1), "values"),
        (lambda: bernstein_interval([-1.0], 2.0, 1.0, 0.1), "values"),
        (lambda: bernstein_interval([1.0], -2.0, 1.0, 0.1), "bound"),
        (lambda: bernstein_interval([1.0], 2.0, "1", 0.1), "variance"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(InvalidArgument) as refusal:
        call()
    assert refusal.value.argument == argument


def test_an_estimate_is_a_value():
    assert Estimate(1.0, 0.0, 3.0, 0.1, "m", 5) == Estimate(1.0, 0.0, 3.0, 0.1, "m", 5)
    assert Estimate(1.0, 0.0, 3.0, 0.1, "m", 5).half_width == 1.5
    assert Estimate(-math.inf, -math.inf, -math.inf, 0.1, "m", 5).half_width == 0
