"""Two vectors: their angles at 50 digits, ratios with signs, and angles that rounding has made."""

import mpmath
import numpy as np
import pytest

from montecarlo.drawing.pairs_of_vectors import PairTrace
from tests.theory.small_networks import refused


@pytest.mark.parametrize("apart", [1e-6, 1e-3, 0.5, 2.0, 3.1])
def test_angles_and_ratios(apart):
    rng = np.random.Generator(np.random.SFC64(1))
    first = rng.standard_normal((6, 5))
    across = rng.standard_normal((6, 5))
    across -= (across * first).sum(axis=1, keepdims=True) / (first**2).sum(axis=1, keepdims=True) * first
    across *= (np.linalg.norm(first, axis=1) / np.linalg.norm(across, axis=1))[:, None]
    second = 7 * (np.cos(apart) * first + np.sin(apart) * across)
    pair = PairTrace(saturates=True)
    pair.record(first, second)
    for i in range(6):
        with mpmath.workdps(50):
            u, w = (mpmath.matrix([mpmath.mpf(x) for x in vector[i]]) for vector in (first, second))
            inner, square, other = ((a.T * b)[0] for a, b in ((u, w), (u, u), (w, w)))
            angle, ratio = mpmath.acos(inner / mpmath.sqrt(square * other)), inner / square
        assert np.exp(pair.log_angles([0])[i, 0]) == pytest.approx(float(angle), rel=1e-9)
        logs, signs = pair.log_ratios([0])
        assert signs[i, 0] * np.exp(logs[i, 0]) == pytest.approx(float(ratio), rel=1e-12)


def test_zeros_and_parallels():
    pair = PairTrace()
    pair.record(
        np.array([[0.0, 0.0], [0.0, 2.0], [0.0, 2.0], [1.0, 2.0]]), np.array([[1.0, 0], [0, 3], [0, -3], [1, 2]])
    )
    np.testing.assert_allclose(pair.log_angles([0])[:, 0], [-np.inf, -np.inf, np.log(np.pi), -np.inf])
    logs, signs = pair.log_ratios([0])
    np.testing.assert_array_equal(signs[:, 0], [0, 1, -1, 1])
    assert np.isneginf(logs[0, 0])


@pytest.mark.parametrize("gap", [0.0, 1e-12])
def test_angles_that_rounding_has_made_are_refused(gap):
    pair = PairTrace(saturates=True)
    pair.record(np.array([[1.0, 1.0]]), np.array([[1.0, 1.0 + gap]]))
    with refused("depth", "less than 1e-11 apart"):
        pair.log_angles([0])
