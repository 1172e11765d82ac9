"""Depth-N mirror maps: against mpmath's roots and integrals, SciPy's ODE solver, and each other."""

import math
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from theory.balls import enclose, precision
from theory.dynamics.implicit_bias.depth_enclosures import (
    enclosed_coordinate,
    enclosed_dual,
    enclosed_potential,
    enclosed_slope,
    enclosed_time,
)
from theory.dynamics.implicit_bias.depth_maps import DepthMap
from theory.dynamics.implicit_bias.depth_potentials import DepthPotential
from theory.ensembles import InvalidArgument

depths = st.integers(2, 8)
starts = st.fractions(min_value="1/50", max_value="3/2", max_denominator=50)
coordinates = st.fractions(min_value="1/100", max_value=4, max_denominator=100)
few = settings(max_examples=25, deadline=None)


def by_root(N, start, w):
    """G by mpmath, from the root u of u^N - v^N = w with u^(2-N) + v^(2-N) kept (uv for N = 2)."""
    with mpmath.workdps(50):
        a, w = mpmath.mpf(start.numerator) / start.denominator, mpmath.mpf(w.numerator) / w.denominator
        if N == 2:
            return mpmath.asinh(w / (2 * a**2)) / 4
        kept = 2 * a ** (2 - N)

        def excess(u):
            return u**N - (kept - u ** (2 - N)) ** (mpmath.mpf(N) / (2 - N)) - w

        u = mpmath.findroot(excess, (max(a, w ** (mpmath.mpf(1) / N)), (w + a**N) ** (mpmath.mpf(1) / N)), "anderson")
        return (a ** (2 - N) - u ** (2 - N)) / (N * (N - 2))


@few
@given(depths, starts, coordinates)
def test_the_inverse_is_the_root_in_balls_and_in_floats(N, start, w):
    potential = DepthPotential(N, start)
    truth = by_root(N, start, w)
    ball = enclosed_dual(potential, w, digits=25)
    with mpmath.workdps(50):
        assert abs(mpmath.mpf(ball.mid().str(40, radius=False)) / truth - 1) < 1e-20
    assert ball.rad() < 1e-20 * abs(ball)
    assert float(DepthMap(potential).duals(float(w))) == pytest.approx(float(truth), rel=1e-13)
    low, high = (enclose(sp.sympify(end)) for end in potential.dual_bounds(w))
    assert low <= ball <= high or N == 2


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 8), starts, coordinates)
def test_the_ball_of_the_inverse_holds_the_root(N, start, w):
    """At few digits, where the last step of Newton's method is as far off as rounding is."""
    with precision(60):
        truth = flint.arb(mpmath.nstr(by_root(N, start, w), 45))
    assert enclosed_dual(DepthPotential(N, start), w, digits=1).contains(truth.mid())


@few
@given(depths, starts, coordinates, st.sampled_from([1, -1]))
def test_both_directions_undo_each_other(N, start, w, sign):
    potential = DepthPotential(N, start)
    G = enclosed_dual(potential, sign * w, 40)
    back = enclosed_coordinate(potential, G, 40)
    exact = enclose(sp.Rational(w.numerator, w.denominator) * sign, 40)
    assert back.overlaps(exact)
    assert back.rad() < 1e-20
    maps = DepthMap(potential)
    near = max(1.0, float(enclosed_slope(potential, G)) * float(abs(G)) / float(w))  # what rounding of G may do to w
    assert float(maps.coordinates(float(G))) == pytest.approx(float(sign * w), rel=1e-14 * near)
    assert float(maps.slopes(float(G))) == pytest.approx(float(enclosed_slope(potential, G)), rel=1e-14 * near)


@few
@given(depths, starts, st.fractions(min_value="-9/10", max_value="9/10", max_denominator=40))
def test_formulas_balls_and_floats_are_one_map(N, start, share):
    potential = DepthPotential(N, start)
    G = sp.Rational(share.numerator, share.denominator) * (1 if N == 2 else potential.pole)
    for formula, ball, floats in (
        (potential.coordinate(G), enclosed_coordinate(potential, G), DepthMap(potential).coordinates(float(G))),
        (potential.slope(G), enclosed_slope(potential, G), DepthMap(potential).slopes(float(G))),
    ):
        assert ball.overlaps(enclose(formula, 40))
        assert float(floats) == pytest.approx(float(ball), rel=1e-12, abs=1e-300)


@few
@given(depths, starts, coordinates)
def test_the_potential_is_the_integral_of_the_inverse(N, start, w):
    potential = DepthPotential(N, start)
    maps = DepthMap(potential)
    scale = float(start) ** N  # x = scale sinh(s), so that the rise at 0 is resolved
    end = math.asinh(float(w) / scale)
    area, _ = quad(lambda s: float(maps.duals(scale * math.sinh(s))) * scale * math.cosh(s), 0, end, epsrel=1e-11)
    assert float(enclosed_potential(potential, w)) == pytest.approx(area, rel=1e-8)


@settings(max_examples=12, deadline=None)
@given(st.integers(2, 6), st.fractions(min_value="1/20", max_value=1, max_denominator=20), coordinates)
def test_the_flow_of_u_and_v_is_the_closed_form_and_keeps_what_is_kept(N, start, z):
    """DOP853 on u' = N u^(N-1) g, v' = -N v^(N-1) g with g = z - w, and G' = g beside them."""

    def field(_, state):
        u, v, _ = state
        g = float(z) - u**N + v**N
        return [N * u ** (N - 1) * g, -N * v ** (N - 1) * g, g]

    potential, a = DepthPotential(N, start), float(start)
    end = 0.9 * float(enclosed_time(potential, z * Fraction(9, 10), z))
    u, v, G = solve_ivp(field, (0, end), [a, a, 0], method="DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
    kept = (u * v, a * a) if N == 2 else (u ** (2 - N) + v ** (2 - N), 2 * a ** (2 - N))
    assert kept[0] == pytest.approx(kept[1], rel=1e-9)
    assert float(DepthMap(potential).coordinates(G)) == pytest.approx(u**N - v**N, rel=1e-8)
    assert float(DepthMap(potential).slopes(G)) == pytest.approx(N**2 * (u ** (2 * N - 2) + v ** (2 * N - 2)), rel=1e-8)


@settings(max_examples=12, deadline=None)
@given(st.integers(2, 6), st.integers(2, 9), coordinates, st.fractions("1/10", "99/100", max_denominator=100))
def test_the_time_is_that_of_an_ode_solver(N, exponent, z, share):
    potential = DepthPotential(N, Fraction(1, exponent))
    time, w = float(enclosed_time(potential, z * share, z)), float(z * share)
    maps = DepthMap(potential)
    found = solve_ivp(
        lambda t, G: float(z) - maps.coordinates(G),
        (0, 2 * time),
        [0.0],
        method="DOP853",
        rtol=1e-12,
        atol=1e-14,
        events=lambda t, G: maps.coordinates(G)[0] - w,
    )
    assert found.t_events[0][0] == pytest.approx(time, rel=1e-8)


@few
@given(starts, coordinates, st.fractions("1/10", "99/100", max_denominator=100))
def test_for_depth_two_the_enclosed_time_is_the_closed_form(start, z, share):
    potential = DepthPotential(2, start)
    ball = enclosed_time(potential, z * share, z, 20)
    assert ball.overlaps(enclose(potential.time(z * share, z), 40))
    assert ball.rad() < 1e-15 * ball


def test_names_stay_names_until_they_get_values():
    N = sp.Symbol("N", integer=True, positive=True)
    a, G, w = sp.symbols("a G w", positive=True)
    named, three = DepthPotential("N", "a"), DepthPotential(3, "1/10")
    for method, at, value in (("coordinate", G, 3), ("slope", G, 3), ("conjugate", G, 3)):
        formula = getattr(named, method)(at).subs({N: 3, a: sp.Rational(1, 10), G: value})
        assert abs(enclose(sp.simplify(formula - getattr(three, method)(value)))) < 1e-25
    bound = named.dual_bounds("w")[1].subs({N: 3, a: sp.Rational(1, 10), w: sp.Rational(1, 2)})
    assert abs(enclose(bound - three.dual_bounds("1/2")[1])) < 1e-25


def test_near_the_pole_balls_keep_the_digits_that_floats_lose():
    """At alpha = 1e-9 the number c = 1 - 1e-9/w^(1/3) has lost nine digits; the balls have none."""
    potential = DepthPotential(3, Fraction(1, 10**9))
    G = enclosed_dual(potential, 2, 40)
    assert enclosed_coordinate(potential, G, 40).overlaps(enclose(sp.Integer(2)))
    assert abs(float(DepthMap(potential).coordinates(float(G))) - 2) > 1e-9
    assert float(DepthMap(potential).duals(2.0)) == pytest.approx(float(G), rel=1e-15)


def test_small_coordinates_keep_their_digits():
    maps = DepthMap(DepthPotential(5, "1/3"))
    tiny = np.array([1e-18, 1e-12, -1e-9])
    assert maps.coordinates(maps.duals(tiny)) == pytest.approx(tiny, rel=1e-13)
    assert maps.duals([0.0]) == [0.0]


def test_beyond_the_pole_there_is_no_point():
    maps = DepthMap(DepthPotential(3, "1/10"))
    assert maps.coordinates([4.0, -4.0]).tolist() == [math.inf, -math.inf]
    assert maps.slopes([4.0]).tolist() == [math.inf]


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: DepthPotential(1, 1), "depth: must be between 2 and 1000, got 1"),
        (lambda: DepthPotential(2000, 1), "depth: must be between 2 and 1000"),
        (lambda: DepthPotential(3, 0), "start: must be positive"),
        (lambda: DepthPotential("a", "a"), "start: has the name of the depth"),
        (lambda: DepthPotential(3, "1/10").coordinate(4), "dual: must be between -10/3 and 10/3, got 4"),
        (lambda: enclosed_coordinate(DepthPotential(3, "1/10"), -4), "dual: must be between"),
        (lambda: enclosed_dual(DepthPotential(3, "a"), 1), "coordinate: needs numbers, but a is none"),
        (lambda: enclosed_dual(DepthPotential("N", 1), 1), "depth: must be a number here, got 'N'"),
        (lambda: enclosed_dual(DepthPotential(3, 1), enclose(sp.pi) - enclose(sp.pi)), "coordinate: is a ball around"),
        (lambda: enclosed_time(DepthPotential(3, 1), 2, 1), "coordinate: must be below the target 1, got 2"),
        (lambda: DepthPotential(3, 1).time("1/2", 1), "depth: has a time in closed form at 2 only"),
        (lambda: DepthPotential(3, 1).dual_bounds(-1), "coordinate: must be positive"),
        (lambda: DepthMap(DepthPotential(3, "a")), "potential: needs numbers, but a is none"),
        (lambda: DepthMap(DepthPotential(100, "1/10000")), "potential: has the scale 0.0, too small"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(refused, message):
    with pytest.raises(InvalidArgument, match="^" + message.replace("(", r"\(")):
        refused()
