import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.intervals import catoni_interval
from montecarlo.intervals.catoni import _centre
from theory.ensembles import InvalidArgument


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


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: catoni_interval([math.inf], 1.0, 0.1), "values"),
        (lambda: catoni_interval([1.0], 0.0, 0.1), "variance"),
        (lambda: catoni_interval([1.0], math.nan, 0.1), "variance"),
        (lambda: catoni_interval([1.0], 1.0, 2), "error"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(InvalidArgument) as refusal:
        call()
    assert refusal.value.argument == argument


X_FAR = np.concatenate([np.zeros(99), [1e9]])


@pytest.mark.parametrize("alpha", [1e-3, 0.1, 10.0, 1e3])
def test_the_sign_changes_at_the_estimate_to_the_last_bits(alpha):
    """However far Newton's steps have to go: from a flat part, from beside a heavy tail, from among few values."""
    rng = np.random.default_rng(0)
    for x in (rng.normal(size=999), np.exp(3 * rng.normal(size=999)), rng.standard_cauchy(999), np.arange(2.0), X_FAR):
        centre = _centre(x, alpha)
        room = 64 * math.ulp(max(abs(centre), float(np.median(np.abs(x))))) + 1e-15 / alpha
        assert catoni_sum(x, centre - room, alpha) >= 0 >= catoni_sum(x, centre + room, alpha)
