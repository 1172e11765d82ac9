"""Minimizers of potentials: rational ones recovered, SciPy's constrained minima, tiny scales, enclosures that hold."""

from fractions import Fraction
from math import prod
from typing import Any

import flint
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from tests.theory.random_designs import designs, random_design, residual
from tests.theory.small_networks import refused
from theory.balls import enclose, precision
from theory.dynamics.implicit_bias import interpolants
from theory.dynamics.implicit_bias.designs import Design
from theory.dynamics.implicit_bias.diagonal_nets import DiagonalNet
from theory.dynamics.implicit_bias.interpolants import enclosed_interpolant, float_interpolant
from theory.dynamics.implicit_bias.least_l1_norm import least_l1
from theory.dynamics.implicit_bias.mirror_potentials import DiagonalPotential
from theory.dynamics.implicit_bias.neuron_potentials import NeuronPotential
from theory.dynamics.implicit_bias.shape_limits import kernel_direction


def holds(ball: Any, number: Any) -> bool:
    """Whether the number is in the ball, but for 100 digits."""
    exact = Fraction(number)
    with precision(100):
        return bool(ball.contains(flint.arb(flint.fmpq(exact.numerator, exact.denominator))))


ratios = st.sampled_from([Fraction(1, 2), Fraction(2), Fraction(3, 2), Fraction(5, 7)])


@settings(max_examples=15)
@given(designs(most=3, more=2), st.data())
def test_a_rational_point_of_the_flow_is_the_minimizer(design: Design, data: st.DataObject) -> None:
    """With e^(2 nu) and X rational, w is rational, whatever the start."""
    d = design.dimension
    bases = data.draw(st.lists(ratios, min_size=design.size, max_size=design.size))
    pairs = st.lists(st.fractions("1/9", 3, max_denominator=9), min_size=d, max_size=d)
    net = DiagonalNet(tuple(data.draw(pairs)), tuple(data.draw(pairs)))
    growth = [
        prod((base ** int(row[i]) for base, row in zip(bases, design.rows, strict=True)), start=Fraction(1))
        for i in range(d)
    ]
    truth = [Fraction(int(w.p), int(w.q)) for w in net.after_clock(growth).weights]
    targets = design.outputs(truth)
    point, dual = float_interpolant(net.potential(), design.rows, targets)
    assert np.allclose(point, np.array(truth, dtype=float), rtol=1e-9, atol=1e-10)
    assert np.allclose(2 * dual, np.log(np.array(bases, dtype=float)), rtol=1e-7, atol=1e-7)
    found = enclosed_interpolant(net.potential(), design.rows, targets)
    assert all(holds(ball, w) for ball, w in zip(found.point, truth, strict=True))
    assert max(float(ball.rad()) for ball in found.point) < 1e-25


@pytest.mark.parametrize("delta", [2, 0, -1])
def test_a_neurons_minimizer_is_that_of_scipy(delta: int) -> None:
    X, y = random_design(2, 4, 5)
    potential = NeuronPotential(delta, ("1/2", "-1/3", "1/5", 1))
    point, dual = float_interpolant(potential, X, y)
    z = np.array([float(one) for one in potential.tilt])

    def value(w: Any) -> Any:
        n = np.linalg.norm(w)
        s = np.sqrt(n**2 + delta**2 / 4)
        a, b = np.sqrt(max(s + delta / 2, 0)), np.sqrt(max(s - delta / 2, 0))
        return a * (3 * b**2 - a**2) / 3 - z @ w

    ran = minimize(
        value, np.linalg.pinv(X) @ y, method="SLSQP", constraints={"type": "eq", "fun": lambda w: X @ w - y},
        options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    assert np.abs(ran.x - point).max() < 1e-5
    assert value(point) <= ran.fun + 1e-10
    slopes = potential.slopes([sp.Rational(float(x)) for x in point])
    assert np.abs(np.array([float(s) for s in slopes]) - X.T @ dual).max() < 1e-10
    found = enclosed_interpolant(potential, X, y)
    assert max(abs(float(ball.mid()) - x) for ball, x in zip(found.point, point, strict=True)) < 1e-11


@pytest.mark.parametrize("k", ["1e6", 1, "1e-8", "1e-16", "1e-30", "1e-100"])
def test_scales_however_small_are_reached(k: Any) -> None:
    X, y = random_design(3, 6, 0)
    potential = DiagonalPotential((k,) * 6)
    point, dual = float_interpolant(potential, X, y)
    assert np.abs(X @ point - y).max() < 1e-13
    found = enclosed_interpolant(potential, X, y)
    design = Design.read(X, y)
    with precision(60):
        outputs = design.outputs(found.point)
    for ball, target in zip(outputs, design.targets, strict=True):
        assert holds(ball, target)
        assert float(ball.rad()) < 1e-25
    assert max(abs(float(ball.mid()) - x) for ball, x in zip(found.point, point, strict=True)) < 1e-12
    assert max(abs(float(ball.mid()) - x) for ball, x in zip(found.dual, dual, strict=True)) < 1e-9 * abs(dual).max()


def test_many_coordinates_and_few_equations() -> None:
    X, y = random_design(12, 150, 3)
    potential = DiagonalPotential(("1e-16",) * 150)
    point, dual = float_interpolant(potential, X, y)
    assert np.abs(X @ point - y).max() < 1e-12
    assert residual(Design.read(X, y), np.arcsinh(2 * point / 1e-8)) < 1e-12
    assert np.allclose(np.arcsinh(2 * point / 1e-8) / 2, X.T @ dual, rtol=1e-10, atol=1e-10)


def test_as_many_equations_as_unknowns_leave_no_choice() -> None:
    found = enclosed_interpolant(DiagonalPotential((1, "1e-9")), [[1, 2], [3, -1]], [5, 1])
    assert [holds(ball, x) for ball, x in zip(found.point, (1, 2), strict=True)] == [True, True]


def test_a_start_far_from_the_zero_is_not_enclosed(monkeypatch: Any) -> None:
    """The operator maps no box into itself that has no zero in it."""
    potential = DiagonalPotential((1, 1))
    wrong = np.array([40.0])
    monkeypatch.setattr(interpolants, "float_interpolant", lambda *_: (None, wrong))
    with refused("digits", "do not suffice"):
        enclosed_interpolant(potential, [[1, 2]], [1], digits=5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: float_interpolant(DiagonalPotential((1, 1)), [[1, 2, 3]], [1]), ("design", "3 coordinates", "has 2")),
        (lambda: float_interpolant(DiagonalPotential((1,)), [[1], [2]], [1, 1]), ("design", "rank 1")),
        (lambda: enclosed_interpolant(DiagonalPotential((1,)), [[1]], [1, 1]), ("targets", "there are 2")),
        (lambda: enclosed_interpolant(DiagonalPotential((1,)), [[1]], [1], digits=0), ("digits", "between 1")),
    ],
)
def test_bad_input_is_named(call: Any, words: tuple[str, ...]) -> None:
    with refused(*words):
        call()


def test_enclosures_are_not_wider_than_asked_for() -> None:
    X, y = random_design(2, 4, 9)
    for digits in (5, 30, 80):
        found = enclosed_interpolant(DiagonalPotential((1,) * 4), X, y, digits)
        assert max(float(ball.rad()) for ball in found.point) < 10.0 ** (-digits)
    assert bool(enclose(sp.pi).rad() < 1e-25)  # the precision outside is what it was


def test_a_design_brings_its_targets_along_unless_others_are_given() -> None:
    design, potential = Design.read([[1, 2]], [5]), DiagonalPotential((1, 1))
    own, other = float_interpolant(potential, design)[0], float_interpolant(potential, design, [-5])[0]
    assert np.allclose(own, -other)
    assert abs(own @ [1, 2] - 5) < 1e-12
    assert least_l1(design).norm == least_l1(design, [-5]).norm == Fraction(5, 2)
    assert kernel_direction(design) == kernel_direction([[1, 2]], [5])
    found = enclosed_interpolant(potential, design)
    assert max(abs(float(ball.mid()) - x) for ball, x in zip(found.point, own, strict=True)) < 1e-12
