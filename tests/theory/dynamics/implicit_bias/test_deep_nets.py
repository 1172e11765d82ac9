"""Deep diagonal networks of several coordinates: the minimizers that Newton's and Krawczyk's methods find."""

import numpy as np
import pytest
from scipy.optimize import brentq

from theory.dynamics.implicit_bias.deep_nets import DeepPotential
from theory.dynamics.implicit_bias.depth_potentials import DepthPotential
from theory.dynamics.implicit_bias.interpolants import enclosed_interpolant, float_interpolant
from theory.ensembles import InvalidArgument


@pytest.mark.parametrize(("depth", "start"), [(2, 0.125), (3, 0.25), (5, 0.5)])
def test_one_equation_is_solved_as_by_bisection_of_its_dual(depth, start):
    """w_i = u_i^N - v_i^N with u^(2-N) + v^(2-N) and u v kept: written out, and solved for one dual number."""
    x, y = np.array([1.0, 2.0, -0.5]), 3.0

    def coordinates(nu):
        dual = x * nu
        if depth == 2:
            return 2 * start**2 * np.sinh(4 * dual)
        c = depth * (depth - 2) * start ** (depth - 2) * dual
        return start**depth * ((1 - c) ** (-depth / (depth - 2)) - (1 + c) ** (-depth / (depth - 2)))

    most = 3.0 if depth == 2 else 0.5 * (1 - 1e-12) / (depth * (depth - 2) * start ** (depth - 2))
    nu = brentq(lambda at: coordinates(at) @ x - y, 0, most, xtol=1e-15)
    potential = DeepPotential(DepthPotential(depth, start), 3)
    point, _ = float_interpolant(potential, [x], [y])
    assert point == pytest.approx(coordinates(nu), rel=1e-8)
    found = enclosed_interpolant(potential, [x], [y]).point
    assert [float(ball) for ball in found] == pytest.approx(point, rel=1e-10)
    assert all(ball.rad() < 1e-20 for ball in found)


def test_a_point_that_floats_cannot_tell_from_the_pole_is_no_crash():
    """At alpha = 1/100 and depth 6 the slope jumps from too small to infinite between two floats."""
    potential = DeepPotential(DepthPotential(6, "1/100"), 6)
    design = [[1, 0, 0, 1, 2, -1], [0, 1, 0, -1, 1, 1], [0, 0, 1, 2, -1, 1]]
    with pytest.raises(InvalidArgument, match="targets: are not reached"):
        float_interpolant(potential, design, [3, 1, 1])
