"""What leaves the range of floats is refused, and zeros that are none; honest zeros are kept."""

import numpy as np
import pytest

from montecarlo.activations import BY_NAME, Smooth
from montecarlo.drawing.float_range import log_squares_in_range, require_slopes
from tests.theory.small_networks import refused

GELU, OWN = BY_NAME["gelu"], Smooth(np.abs, np.sign, underflows=False)


@pytest.mark.parametrize("size", [1e-150, 1e-170, 1e150, 1e170, np.inf, np.nan])
def test_norms_beyond_floats_are_refused(size):
    with np.errstate(over="ignore"), refused("depth", r"\|a_3\|\^2 leaves the range from 1e-280 to 1e280"):
        log_squares_in_range(np.array([[1.0, 1.0], [size, size / 2]]), 3)


def test_norms_within_floats_are_logs():
    a = np.array([[3e-130, 4e-130], [0.0, 0.0], [6e130, 8e130]])
    np.testing.assert_allclose(log_squares_in_range(a, 1), [2 * np.log(5e-130), -np.inf, 2 * np.log(1e131)])


def test_zeros_are_believed_where_preactivations_are_zero():
    zeros, at_zero, saturated = (
        np.zeros((1, 2)),
        GELU.derivative(np.zeros((1, 2))),
        GELU.derivative(np.full((1, 2), -40.0)),
    )
    assert np.isneginf(log_squares_in_range(zeros, 1, at_zero, GELU))
    assert np.isneginf(log_squares_in_range(zeros, 1, saturated, OWN))
    with refused("depth", "cannot be rescaled"):
        log_squares_in_range(zeros, 1, saturated, GELU)


def test_derivatives_of_0_are_believed_where_slopes_are_not():
    squares, zeros = np.zeros(1), np.zeros((1, 2))
    require_slopes(zeros, squares, np.ones((1, 2)), GELU, 2)  # what came from above was 0
    require_slopes(zeros, squares, zeros, None, 2)  # ReLU units that are off
    require_slopes(zeros, squares, zeros, OWN, 2)
    require_slopes(np.ones((1, 2)), np.array([2.0]), zeros, GELU, 2)
    with refused("activation", "saturates all units of layer 2"):
        require_slopes(zeros, squares, zeros, GELU, 2)
    for smooth in (GELU, OWN, None):
        with refused("activation", "saturates all units of layer 2"):
            require_slopes(np.full((1, 2), 1e-200), squares, np.ones((1, 2)), smooth, 2)
