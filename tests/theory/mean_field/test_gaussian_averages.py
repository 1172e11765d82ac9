"""Averages over normal preactivations, against mpmath's quadrature and closed forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import mpmath
import pytest

from theory.ensembles import InvalidArgument
from theory.ensembles.activations import SMOOTH
from theory.mean_field.ball_activations import ball_activation
from theory.mean_field.gaussian_averages import GaussianAverages

SELU_SCALE, SELU_ALPHA = mpmath.mpf("1.0507009873554805"), mpmath.mpf("1.6732632423543772")

VALUES: dict[str, Callable[[Any], Any]] = {
    "tanh": mpmath.tanh,
    "erf": mpmath.erf,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "gelu": lambda x: x * mpmath.ncdf(x),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
    "selu": lambda x: SELU_SCALE * (x if x > 0 else SELU_ALPHA * mpmath.expm1(x)),
    "sine": mpmath.sin,
    "leaky:1/4": lambda x: x if x > 0 else x / 4,
}


def average(function: Callable[[Any], Any], q: float, mean: float) -> float:
    """Return E function(mean + sqrt(q) Z) by mpmath, in pieces that end at the kink."""
    root = mpmath.sqrt(q)
    ends = sorted([-12.0, -4.0, -1.0, float(-mean / root), 1.0, 4.0, 12.0])
    return float(mpmath.quad(lambda z: function(mean + root * z) * mpmath.npdf(z), ends))


def inside(ball: Any, value: float, room: float) -> bool:
    return abs(float(ball.mid()) - value) <= room * max(1.0, abs(value)) and float(ball.rad()) < 1e-13 * max(1.0, value)


def test_every_smooth_activation_is_known() -> None:
    assert set(SMOOTH) <= set(VALUES)


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize(("q", "mean"), [(1.5, 0.0), (0.3, 0.7), (20.0, -0.4)])
def test_averages_are_those_of_quadrature(name: str, q: float, mean: float) -> None:
    value = VALUES[name]
    averages = GaussianAverages(name, flint.arb(q), flint.arb(mean))
    assert inside(averages.first(), average(value, q, mean), 1e-12)
    assert inside(averages.square(), average(lambda x: value(x) ** 2, q, mean), 1e-12)
    assert inside(averages.fourth(), average(lambda x: value(x) ** 4, q, mean), 1e-12)
    slope = average(lambda x: mpmath.diff(value, x) ** 2, q, mean)
    assert inside(averages.slope_square(), slope, 1e-9)


@pytest.mark.parametrize("name", ["tanh", "gelu", "selu", "leaky:1/4"])
def test_derivatives_are_differences(name: str) -> None:
    q, step = flint.arb(2), flint.arb("1e-5")
    low, middle, high = (GaussianAverages(name, x, digits=30) for x in (q - step, q, q + step))
    first = (high.square() - low.square()) / (2 * step)
    second = (high.square() - 2 * middle.square() + low.square()) / step**2
    assert abs(middle.square_derivative() - first) < 1e-9
    assert abs(middle.square_second_derivative() - second) < 1e-4


@pytest.mark.parametrize("q", ["1e-9", "1", "1e4"])
def test_sine_has_closed_forms_at_any_variance(q: str) -> None:
    averages, decay = GaussianAverages("sine", flint.arb(q)), (-2 * flint.arb(q)).exp()
    assert averages.square().overlaps((1 - decay) / 2)
    assert averages.slope_square().overlaps((1 + decay) / 2)
    assert averages.square().rel_accuracy_bits() > 45


def test_what_lies_beyond_the_cut_is_in_the_ball() -> None:
    short, long = (GaussianAverages("softplus", flint.arb(50), digits=digits) for digits in (4, 25))
    assert short.square().overlaps(long.square())
    assert short.square().rad() > long.square().rad()


@pytest.mark.parametrize("name", ["tanh", "erf", "sigmoid", "gelu", "silu", "softplus", "elu", "selu", "sine"])
def test_slopes_and_curvatures_stay_below_their_bounds(name: str) -> None:
    one = ball_activation(name)
    slopes, curvatures = [], []
    for k in range(-400, 401):
        z = flint.acb(k) / 40
        derivative = one.right_derivative if k > 0 else one.left_derivative
        slopes.append(abs(derivative(z, False).real))
        if k:
            step = flint.acb("1e-6")
            curvatures.append(abs((derivative(z + step, False) - derivative(z - step, False)).real / 2e-6))
    assert all(slope <= float(one.lipschitz) + 1e-12 for slope in slopes)
    assert all(curve <= float(one.curvature) + 1e-6 for curve in curvatures)
    # and the bounds are no larger than they have to be, by a sixth
    assert max(float(slope) for slope in slopes) > float(one.lipschitz) / 1.17
    assert max(float(curve) for curve in curvatures) > float(one.curvature) / 1.17


@pytest.mark.parametrize("q", [0, -1, float("inf")])
def test_a_variance_that_is_none_is_refused(q: float) -> None:
    with pytest.raises(InvalidArgument, match="q: a variance is positive and finite"):
        GaussianAverages("tanh", flint.arb(q))


def test_a_slope_that_is_a_letter_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="needs a number, got the slope 'alpha'"):
        GaussianAverages("leaky:alpha", flint.arb(1))
