"""Smooth activations at 50 digits: values, slopes, and second derivatives by complex steps."""

import mpmath
import numpy as np
import pytest

from montecarlo.activations import BY_NAME, smooth_of
from theory.ensembles import Activation, Ensemble
from theory.ensembles.activations import SMOOTH

ALPHA, SCALE = mpmath.mpf("1.6732632423543772848170429916717"), mpmath.mpf("1.0507009873554804934193349852946")


def elu(z, alpha):
    return z if z > 0 else alpha * mpmath.expm1(z)


DEFINITIONS = {
    "tanh": mpmath.tanh,
    "erf": mpmath.erf,
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "gelu": lambda z: z * mpmath.ncdf(z),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
    "elu": lambda z: elu(z, 1),
    "selu": lambda z: SCALE * elu(z, ALPHA),
    "sine": mpmath.sin,
}
POINTS = [-36.0, -12.5, -3.0, -0.7, -1e-3, -1e-200, 1e-200, 2e-3, 0.4, 1.0, 2.5, 11.0, 33.0]
each = pytest.mark.parametrize("name", SMOOTH)


def exact(name, order):
    """The function or one of its derivatives, by Taylor series at many digits, away from kinks."""
    with mpmath.workdps(400):
        return np.array(
            [float(mpmath.diff(DEFINITIONS[name], mpmath.mpf(z), order, h=mpmath.mpf(10) ** -250)) for z in POINTS]
        )


def test_each_has_a_definition():
    assert set(BY_NAME) == set(SMOOTH) == set(DEFINITIONS)


@each
def test_values_and_slopes_keep_their_digits_where_they_saturate(name):
    z = np.array(POINTS)
    np.testing.assert_allclose(BY_NAME[name].value(z), exact(name, 0), rtol=4e-14, atol=0)
    near_zero = 1e-15 if name in ("gelu", "silu", "sine") else 0  # their slopes have zeros
    np.testing.assert_allclose(BY_NAME[name].derivative(z), exact(name, 1), rtol=4e-14, atol=near_zero)


@each
def test_complex_steps_differentiate(name):
    """The value's step is the slope, and the slope's step the second derivative; nothing is conjugated."""
    z, h = np.array(POINTS), 1e-30
    smooth = BY_NAME[name]
    np.testing.assert_allclose(smooth.value(z + 1j * h).imag / h, smooth.derivative(z), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(smooth.derivative(z + 1j * h).imag / h, exact(name, 2), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(smooth.derivative(z + 1j * h).real, smooth.derivative(z), rtol=1e-13, atol=1e-300)


@each
def test_nothing_overflows(name):
    far = np.array([-1e6, -800.0, 800.0, 1e6])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for z in (far, far + 1e-30j):
            assert np.isfinite(BY_NAME[name].value(z)).all()
            assert np.isfinite(BY_NAME[name].derivative(z)).all()


@each
def test_arguments_stay_as_they_are_and_shapes_too(name):
    z = np.linspace(-2, 2, 12).reshape(2, 3, 2)
    before = z.copy()
    for function in (BY_NAME[name].value, BY_NAME[name].derivative):
        assert function(z).shape == z.shape
        np.testing.assert_array_equal(z, before)


def test_an_own_activation_is_called_as_it_is():
    own = Activation("square", np.square, lambda z: 2 * z)
    smooth = smooth_of(Ensemble(width=2, depth=1, activation=own))
    assert smooth is not None
    assert (smooth.value, smooth.derivative, smooth.underflows) == (own.value, own.derivative, False)
