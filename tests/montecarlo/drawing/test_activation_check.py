"""An own activation is refused before anything is drawn, if it is not vectorized, not finite, or derived wrongly."""

import math

import numpy as np
import pytest

from montecarlo import ActivationNorms, HessianExtremes, HessianNorms, simulate
from montecarlo.drawing.activation_check import check_activation, require_complex_slopes
from theory.ensembles import Activation, Ensemble, InvalidArgument

NET = Ensemble(width=3, depth=2)


def squash(z):
    return z / (1 + z * z)


def squash_slope(z):
    return (1 - z * z) / (1 + z * z) ** 2


def in_place(z):
    z *= z
    return z


def sulky(z):
    raise RuntimeError("not today")


BAD = {
    "fails on an array: not today": (sulky, squash_slope),
    "returns complex128": (lambda z: squash(z) + 0j, squash_slope),
    "fails on an array": (math.tanh, squash_slope),
    "returns float64 of shape": (np.sum, squash_slope),
    "returns bool": (lambda z: z > 0, squash_slope),
    "the value of 'own' is inf": (lambda z: np.exp(z * 1e3), squash_slope),
    "the value of 'own' is nan at -8": (np.log, lambda z: 1 / z),
    "where its values rise by": (squash, lambda z: squash_slope(z) + 1e-3),
    "changes its argument": (in_place, lambda z: 2 * z),
    "the derivative of 'own' fails": (squash, lambda z: z.no_such_thing),
}


@pytest.mark.parametrize("message", BAD)
def test_what_is_unusable_is_refused_by_its_name(message):
    net = NET.at(activation=Activation("own", *BAD[message]))
    with pytest.raises(InvalidArgument) as caught:
        simulate(net, [ActivationNorms()], samples=2)
    assert caught.value.argument == "activation"
    assert message in caught.value.problem
    assert "'own'" in caught.value.problem


@pytest.mark.parametrize(
    "pair",
    [
        (squash, squash_slope),
        (np.sin, np.cos),
        (lambda z: np.clip(z, -1, 1), lambda z: np.where(np.abs(z) < 1, 1.0, 0.0)),  # kinks are allowed
        (lambda z: np.exp(z), lambda z: np.exp(z)),
    ],
)
def test_what_is_sound_is_not_refused(pair):
    check_activation(NET.at(activation=Activation("own", *pair)))


@pytest.mark.parametrize("observable", [HessianExtremes(), HessianNorms()])
def test_hessians_need_derivatives_of_complex_numbers(observable):
    sound = NET.at(activation=Activation("own", squash, squash_slope))
    require_complex_slopes(sound)
    assert simulate(sound, [observable], samples=3)[observable].logs.shape[0] == 3
    for slope, message in (
        (lambda z: np.real(squash_slope(z)), "not analytic"),
        (lambda z: squash_slope(np.conj(z)), "not analytic"),
        (lambda z: squash_slope(z.astype(np.float64)) if z.dtype.kind == "f" else math.tanh(z), "complex numbers"),
    ):
        with pytest.raises(InvalidArgument, match=message):
            observable.components(NET.at(activation=Activation("own", squash, slope)))
