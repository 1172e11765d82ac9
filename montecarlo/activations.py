r"""Smooth activations and their derivatives, for real and for complex arguments, as PyTorch defines them.

========  ===================================================  =======================================
tanh      the hyperbolic tangent
erf       the error function
sigmoid   :math:`1/(1+e^{-z})`
gelu      :math:`z\,\Phi(z)`, by the error function            not its approximation by tanh
silu      :math:`z/(1+e^{-z})`
softplus  :math:`\log(1+e^z)`                                  at every z, where PyTorch returns z above 20
elu       z, and :math:`e^z-1` for z up to 0                   alpha = 1
selu      the same, times two constants                        Klambauer et al., NeurIPS 2017
sine      the sine
========  ===================================================  =======================================

Complex numbers are never conjugated, and the sign of a number is that of its real part, so that a complex step through
a derivative gives the second one. Nothing overflows, and nothing cancels where an activation saturates: slopes such as
:math:`4e^{-2|z|}` keep their digits until they underflow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Numbers
from theory.ensembles import Activation, Ensemble
from theory.ensembles.activations import SELU_ALPHA, SELU_SCALE

_ALPHA, _SCALE = float(SELU_ALPHA), float(SELU_SCALE)
_BELL_ENDS = 40.0


@dataclass(frozen=True)
class Smooth:
    """An activation by its values and its slopes.

    Attributes
    ----------
    value, derivative : callable
        Return phi(z) and phi'(z) in an array of the same shape, given z, which stays as it is.
    underflows : bool
        Whether phi'(z) = 0, or phi(z) = 0 at z other than 0, can only be a number too small for a float.
    """

    value: Callable[[Numbers], Numbers]
    derivative: Callable[[Numbers], Numbers]
    underflows: bool = True


def smooth_of(net: Ensemble) -> Smooth | None:
    """Return the activation of an ensemble by its functions, or None if it is piecewise linear.

    Parameters
    ----------
    net : Ensemble
        The ensemble.

    Examples
    --------
    >>> net = Ensemble(width=4, depth=2, activation="tanh")
    >>> smooth_of(net).derivative(np.zeros(2)), smooth_of(net.at(activation="relu"))
    (array([1., 1.]), None)
    """
    as_ensemble(net)
    if net.is_piecewise_linear:
        return None
    if isinstance(net.activation, Activation):
        return Smooth(net.activation.value, net.activation.derivative, underflows=False)
    return BY_NAME[net.activation]


def _decaying(z: Numbers) -> Numbers:
    """Return exp(-|z|), the sign of z being that of its real part."""
    return np.asarray(np.exp(np.where(z.real > 0, -z, z)))


def _tanh_slope(z: Numbers) -> Numbers:
    e = _decaying(2 * z)
    return np.asarray(4 * e / (1 + e) ** 2)


def _erf(z: Numbers) -> Numbers:
    from scipy.special import erf

    return np.asarray(erf(z))


def _bell(z: Numbers) -> Numbers:
    """Return exp(-z^2/2), which is 0 in floats from 39 on."""
    inside = np.where(np.abs(z.real) < _BELL_ENDS, z, _BELL_ENDS)
    return np.asarray(np.exp(-inside * inside / 2))


def _erf_slope(z: Numbers) -> Numbers:
    return 2 / math.sqrt(math.pi) * _bell(math.sqrt(2) * z)


def _sigmoid(z: Numbers) -> Numbers:
    e = _decaying(z)
    return np.asarray(np.where(z.real > 0, 1.0, e) / (1 + e))


def _sigmoid_slope(z: Numbers) -> Numbers:
    e = _decaying(z)
    return np.asarray(e / (1 + e) ** 2)


def _normal_cdf(z: Numbers) -> Numbers:
    from scipy.special import erfc

    return np.asarray(erfc(-z / math.sqrt(2)) / 2)


def _gelu(z: Numbers) -> Numbers:
    return z * _normal_cdf(z)


def _gelu_slope(z: Numbers) -> Numbers:
    return np.asarray(_normal_cdf(z) + z * _bell(z) / math.sqrt(2 * math.pi))


def _silu(z: Numbers) -> Numbers:
    return z * _sigmoid(z)


def _silu_slope(z: Numbers) -> Numbers:
    return np.asarray(_sigmoid(z) + z * _sigmoid_slope(z))


def _softplus(z: Numbers) -> Numbers:
    from scipy.special import log1p

    return np.asarray(np.where(z.real > 0, z, 0.0) + log1p(_decaying(z)))


def _below(z: Numbers) -> Numbers:
    """Return z where its real part is not positive, and 0 elsewhere, so that its exponential does not overflow."""
    return np.where(z.real > 0, 0.0, z)


def _elu(z: Numbers) -> Numbers:
    from scipy.special import expm1

    return np.asarray(np.where(z.real > 0, z, expm1(_below(z))))


def _elu_slope(z: Numbers) -> Numbers:
    return np.asarray(np.exp(_below(z)))


def _selu(z: Numbers) -> Numbers:
    from scipy.special import expm1

    return np.asarray(_SCALE * np.where(z.real > 0, z, _ALPHA * expm1(_below(z))))


def _selu_slope(z: Numbers) -> Numbers:
    return np.asarray(_SCALE * np.where(z.real > 0, 1.0, _ALPHA * np.exp(_below(z))))


BY_NAME = {
    "tanh": Smooth(np.tanh, _tanh_slope),
    "erf": Smooth(_erf, _erf_slope),
    "sigmoid": Smooth(_sigmoid, _sigmoid_slope),
    "gelu": Smooth(_gelu, _gelu_slope),
    "silu": Smooth(_silu, _silu_slope),
    "softplus": Smooth(_softplus, _sigmoid),
    "elu": Smooth(_elu, _elu_slope),
    "selu": Smooth(_selu, _selu_slope),
    "sine": Smooth(np.sin, np.cos),
}
"""The smooth activations of :data:`theory.ensembles.activations.SMOOTH`, by their names."""
