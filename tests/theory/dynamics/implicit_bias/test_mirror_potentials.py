"""Potentials and their duals: inverse to each other, against mpmath at 50 digits, and bad input."""

from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import refused
from theory.balls import enclose, precision
from theory.dynamics.implicit_bias.mirror_potentials import (
    DiagonalPotential,
    diagonal_point,
    diagonal_potential,
    diagonal_slope,
    scale_of_shape,
    scale_of_start,
)
from theory.dynamics.implicit_bias.neuron_potentials import NeuronPotential, neuron_potential, neuron_slope

numbers = st.fractions(-4, 4, max_denominator=20)
positives = st.fractions("1/20", 9, max_denominator=20)


@settings(max_examples=30)
@given(numbers, positives)
def test_the_diagonal_potential_is_the_integral_of_its_slope(x: Any, k: Any) -> None:
    x, k = sp.Rational(x), sp.Rational(k)
    with mpmath.workdps(50):
        truth = mpmath.quad(lambda t: mpmath.asinh(2 * t / mpmath.sqrt(mpmath.mpf(k.p) / k.q)) / 2, [0, float(x)])
        exact = mpmath.mpf(sp.N(diagonal_potential(x, k), 50))
        assert abs(exact - truth) < 1e-14 * (1 + abs(truth))
    assert bool(abs(enclose(diagonal_point(diagonal_slope(x, k), k) - x)) < 1e-25)


@settings(max_examples=30)
@given(positives, numbers)
def test_the_neurons_potential_is_the_integral_of_its_slope(n: Any, delta: Any) -> None:
    n, delta = sp.Rational(n), sp.Rational(delta)
    with mpmath.workdps(50):
        kept = mpmath.mpf(delta.p) / delta.q
        slope = lambda t: mpmath.sqrt(mpmath.sqrt(t**2 + kept**2 / 4) - kept / 2)  # noqa: E731
        truth = mpmath.quad(slope, [0, mpmath.mpf(n.p) / n.q])
        assert abs(mpmath.mpf(sp.N(neuron_potential(n, delta), 50)) - truth) < 1e-12 * (1 + truth)
    b = neuron_slope(n, delta)
    assert bool(abs(enclose(b * sp.sqrt(b**2 + delta) - n)) < 1e-12)  # |a||w| = n


def test_potentials_vanish_at_zero_and_are_even() -> None:
    assert diagonal_potential(0, 7) == diagonal_slope(0, 7) == 0
    assert [neuron_potential(0, delta) for delta in (3, 0, -3)] == [0, 0, 0]
    assert diagonal_potential(-2, 5) == diagonal_potential(2, 5)


def test_the_starts_scale_in_scale_and_shape() -> None:
    u, v = sp.symbols("u v", positive=True)
    assert sp.simplify(scale_of_shape(u * v, (u - v) / (u + v)) - scale_of_start(u, v)) == 0
    assert scale_of_start(0, 1) == 4


DIAGONAL = DiagonalPotential((1, "1/3", "1e-12"), ("1/2", 0, -1))
NEURONS = [NeuronPotential(delta, ("1/2", -2, "1/3")) for delta in (2, 0, -1)]


@pytest.mark.parametrize("potential", [DIAGONAL, *NEURONS], ids=repr)
def test_the_dual_map_inverts_the_gradient_in_floats_and_in_balls(potential: Any) -> None:
    dual = np.array([0.75, -1.5, 2.0])
    point, derivative = potential.floats(dual)
    back = [float(enclose(s).mid()) for s in potential.slopes([sp.Rational(float(x)) for x in point])]
    assert np.abs(back - dual).max() < 1e-12
    with precision(40):
        balls, derivatives = potential.balls([enclose(sp.Rational(float(x))) for x in dual])
        assert max(abs(float(b.mid()) / x - 1) for b, x in zip(balls, point, strict=True)) < 1e-13
    rows = np.diag(derivative) if derivative.ndim == 1 else derivative
    exact = [[float(b.mid()) for b in row] for row in derivatives] if derivative.ndim == 2 else None
    of_balls = np.array(exact) if exact else np.diag([float(b.mid()) for b in derivatives])
    assert np.abs(of_balls / np.where(rows, rows, 1) - (rows != 0)).max() < 1e-12
    step = 1e-6
    for i in range(3):
        moved = [potential.floats(dual + sign * step * np.eye(3)[i])[0] for sign in (1, -1)]
        assert np.allclose((moved[0] - moved[1]) / (2 * step), rows[:, i], rtol=1e-6, atol=1e-18)


@pytest.mark.parametrize("potential", [DIAGONAL, *NEURONS], ids=repr)
def test_slopes_are_derivatives_of_the_value(potential: Any) -> None:
    names = sp.symbols("x y z", positive=True)
    place = dict(zip(names, map(sp.Rational, ("1/3", "2", "3/4")), strict=True))
    value = potential.value(names)
    for name, slope in zip(names, potential.slopes(list(place.values())), strict=True):
        assert abs(sp.N(value.diff(name).subs(place) - slope, 30)) < 1e-25


def test_overflow_is_infinite_and_the_kink_is_zero() -> None:
    assert np.isinf(DIAGONAL.floats(np.array([1e3, 0.0, 0.0]))[0][0])
    point, jacobian = NeuronPotential(-4, (0, 0)).floats(np.array([1.0, 1.0]))
    assert not point.any()
    assert not jacobian.any()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: scale_of_start(0, 0), ("u", "both 0")),
        (lambda: scale_of_shape(1, 1), ("s", "between -1 and 1")),
        (lambda: scale_of_shape(0, 0), ("alpha", "positive")),
        (lambda: diagonal_slope(1, 0), ("k", "positive")),
        (lambda: neuron_slope(-1, 0), ("n", "norm")),
        (lambda: DiagonalPotential((1, 2), (1,)), ("tilt", "1 tilts for 2 scales")),
        (lambda: DiagonalPotential(()), ("tilt", "0 scales")),
        (lambda: DiagonalPotential((-1,)), ("k", "positive")),
        (lambda: DiagonalPotential.of_symmetric_start([1], [1, 2]), ("v", "2 entries")),
        (lambda: NeuronPotential(1, (0, 0)).slopes([0, 0]), ("point", "is 0")),
    ],
)
def test_bad_input_is_named(call: Any, words: tuple[str, ...]) -> None:
    with refused(*words):
        call()
