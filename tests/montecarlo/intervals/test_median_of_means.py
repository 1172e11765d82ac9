import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from montecarlo.intervals import catoni_interval, median_of_means_interval
from montecarlo.intervals.median_of_means import median_of_means_constants
from tests.montecarlo.intervals.binomials import binomial
from theory.ensembles import InvalidArgument

values_and_variance = st.tuples(st.lists(st.floats(-100, 100), min_size=1, max_size=80), st.floats(0.1, 10))


@pytest.mark.parametrize("n", [1, 2, 3, 10, 47, 200])
@pytest.mark.parametrize("error", [0.9, 0.1, 1e-3, 1e-9])
def test_the_proof_in_numbers(n, error):
    """By Cantelli a block is off with probability q = v/(v + m eta^2); (k+1)/2 of k are with probability error/2."""
    k, eta = median_of_means_constants(n, error)
    assert k % 2 == 1
    assert 1 <= k <= n
    q = 1 / (1 + (n // k) * Fraction(eta) ** 2)
    tail = sum(binomial(k, q)[(k + 1) // 2 :])
    assert Fraction(error) / 2 * (1 - Fraction(1, 10**8)) <= tail <= Fraction(error) / 2


@pytest.mark.parametrize("n", [1, 2, 10, 47, 200, 5000])
@pytest.mark.parametrize("error", [0.9, 0.1, 1e-3, 1e-9])
def test_no_number_of_blocks_is_better(n, error):
    _, eta = median_of_means_constants(n, error)
    shorter = eta * (1 - 1e-6)
    for k in range(1, n + 1, 2):
        q = 1 / (1 + (n // k) * shorter**2)
        assert binom.sf((k - 1) // 2, k, q) > error / 2


def test_one_sample_gets_cantellis_inequality():
    """P(X - m >= eta) <= 1/(1 + eta^2) = 1/4."""
    estimate = median_of_means_interval([5.0], 4.0, 0.5)
    assert (estimate.value, estimate.hi) == (5.0, pytest.approx(5 + 2 * math.sqrt(3)))


@pytest.mark.parametrize(
    ("n", "error", "blocks", "share"), [(5, 0.07, 5, 0.49), (9, 0.02, 9, 0.45), (9, 0.05, 3, 0.4), (12, 0.2, 1, 0.4)]
)
def test_coverage_on_rare_events_is_exact(n, error, blocks, share):
    """Every sample of n coins, biased in many ways: they attain Cantelli's bound, so one side comes near error/2."""
    assert median_of_means_constants(n, error)[0] == blocks
    samples = np.array(list(itertools.product((0.0, 1.0), repeat=n)))
    ones = samples.sum(axis=1)
    estimates = [median_of_means_interval(x, 1.0, error) for x in samples]
    values, eta = np.array([estimate.value for estimate in estimates]), estimates[0].half_width
    worst = 0.0
    for p in np.linspace(0.001, 0.4, 200):
        missed = np.abs(values - p) > eta * math.sqrt(p * (1 - p))
        worst = max(worst, float(np.sum((p**ones * (1 - p) ** (n - ones))[missed])))
    assert share * error < worst <= error


def test_blocks_are_runs_as_equal_as_they_can_be():
    n, error = 942, 1e-6
    k, _ = median_of_means_constants(n, error)
    x = np.arange(n) * 617 % 1009 / 1000
    blocks = [x[i * n // k : (i + 1) * n // k] for i in range(k)]
    assert {len(block) for block in blocks} == {n // k, n // k + 1}
    assert median_of_means_interval(x, 1.0, error).value == pytest.approx(sorted(b.mean() for b in blocks)[k // 2])


@given(values_and_variance)
def test_shift_and_scale(values_variance):
    values, variance = values_variance
    estimate = median_of_means_interval(values, variance, 0.01)
    scaled = median_of_means_interval(-4 * np.array(values) + 7, 16 * variance, 0.01)
    assert scaled.value == pytest.approx(-4 * estimate.value + 7, abs=1e-10)
    assert scaled.half_width == pytest.approx(4 * estimate.half_width, rel=1e-12)
    assert min(values) - 1e-12 <= estimate.value <= max(values) + 1e-12


@given(st.integers(1, 3000), st.floats(1e-12, 0.9), st.floats(1.001, 1e6))
def test_less_error_or_fewer_samples_make_it_longer(n, error, factor):
    assert median_of_means_constants(n, error / factor)[1] > median_of_means_constants(n, error)[1]
    assert median_of_means_constants(n, error)[1] >= median_of_means_constants(2 * n, error)[1]


def test_it_resists_an_outlier_and_is_longer_than_catonis():
    values = np.concatenate([np.zeros(9_999), [1e9]])
    estimate, catoni = median_of_means_interval(values, 1.0, 1e-6), catoni_interval(values, 1.0, 1e-6)
    assert estimate.value == 0
    assert 2.55 < estimate.half_width / catoni.half_width < 2.65
    assert estimate.half_width / math.sqrt(math.log(2e6) / 10_000) == pytest.approx(3.7, abs=0.01)


@pytest.mark.parametrize("n", [1, 2, 5, 100, 10_000])
def test_errors_too_small_to_invert(n):
    """SciPy's inverse fails for some numbers of blocks: these are left out."""
    for error in (1e-150, 1e-200, 1e-300):
        k, eta = median_of_means_constants(n, error)
        assert 0 < eta < math.inf
        assert float(binom.sf((k - 1) // 2, k, 1 / (1 + (n // k) * eta**2))) <= error / 2 * (1 + 1e-6)
    assert median_of_means_interval([1.0] * n, 1.0, 5e-324).hi == math.inf


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: median_of_means_interval([], 1.0, 0.1), "values"),
        (lambda: median_of_means_interval([math.inf], 1.0, 0.1), "values"),
        (lambda: median_of_means_interval([math.nan], 1.0, 0.1), "values"),
        (lambda: median_of_means_interval([1.0], -1.0, 0.1), "variance"),
        (lambda: median_of_means_interval([1.0], math.inf, 0.1), "variance"),
        (lambda: median_of_means_interval([1.0], 1.0, 1.0), "error"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(InvalidArgument) as refusal:
        call()
    assert refusal.value.argument == argument
