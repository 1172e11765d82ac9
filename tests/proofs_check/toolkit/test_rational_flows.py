"""Rational points of flows are points of flows: by theory's closed form, and by DOP853 on the weights of a neuron."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from proofs_check.statements.shape.diagonal_nets import _BIASED, _POINTS
from proofs_check.statements.shape.neurons import _POINTS as NEURONS
from proofs_check.statements.shape.neurons import _TURNED
from proofs_check.toolkit.rational_flows import NeuronPoint, symmetric, vector
from theory.dynamics.implicit_bias.designs import Design
from theory.dynamics.implicit_bias.diagonal_nets import DiagonalNet

DIAGONAL = [point for point, *_ in (*_POINTS, *_BIASED)]


@pytest.mark.parametrize("point", DIAGONAL, ids=str)
def test_a_diagonal_point_is_theorys_flow_at_its_clock(point):
    net = DiagonalNet(point.A, point.B)
    assert net.after_clock(point.growth).weights == point.weights
    assert net.scales == point.scales
    logs = np.log(np.array(point.growth, dtype=float))
    X, _ = point.design.floats
    assert np.abs(X.T @ np.log(np.array(point.bases, dtype=float)) - logs).max() < 1e-12


def test_a_symmetric_start_computes_zero():
    point = symmetric(["1 2"], "1", "1 3", "1/2 0")
    assert point.weights == (0, 0)
    assert point.A == point.B == (Fraction(5, 2), Fraction(18))


def orbit(point, sign):
    """Along x = X^T m with a constant residual, forwards or backwards: da = w.x, dw = a x."""
    x = np.array([float(one) for one in point._way])
    start = np.array([float(point.output), *map(float, point.start)])

    def field(_, state):
        return sign * np.concatenate([[state[1:] @ x], state[0] * x])

    return solve_ivp(field, (0, 3), start, method="DOP853", rtol=1e-12, atol=1e-12, dense_output=True)


@pytest.mark.parametrize("point", [*NEURONS, *_TURNED], ids=str)
def test_a_neurons_point_lies_on_the_orbit_through_its_start(point):
    end = np.array([float(point.end_output), *map(float, point.end)])
    nearest = min(
        np.linalg.norm(orbit(point, sign).sol(np.linspace(0, 3, 30_001)).T - end, axis=1).min() for sign in (1, -1)
    )
    assert nearest < 1e-3
    assert point.end_output**2 - sum(w**2 for w in point.end) == point.delta
    assert (point.end_output * point.output < 0) == (point in _TURNED)


def test_a_chord_to_the_other_branch_is_refused():
    design = Design.read([vector("1 2 -1")], [0])
    for start, output, chord in (("1 1 -1", "1/2", "1"), ("1/2 1/3 1", "2", "10")):
        with pytest.raises(ArithmeticError, match="no flow from"):
            str(NeuronPoint(design, vector(start), Fraction(output), vector("1"), Fraction(chord)).end)
