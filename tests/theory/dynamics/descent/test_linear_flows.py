"""Balanced linear flows: closed forms against SciPy's solver on all layers, times against bounds."""

from itertools import pairwise

import flint
import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad, solve_ivp

from theory.balls import enclose
from theory.dynamics.descent.chain_flows import chain_weight
from theory.dynamics.descent.curvature_integrals import (
    amplification,
    curvature_depth,
    deepest_curvature,
    turning_length,
)
from theory.dynamics.descent.hessian_floors import curvature_floor, drift_bound, floor_along_descent, hollow_matrix
from theory.dynamics.descent.linear_flows import BalancedFlow, cosh_power_integral
from theory.ensembles import InvalidArgument


def number(x):
    return float(enclose(sp.sympify(x), 30).mid())


def layers_of(widths, nu, u):
    """Balanced layers W_1, ..., W_n of rank one, for the target (1, 0)."""
    n = len(widths)
    units = [np.eye(k)[0] for k in (*widths[:-1], 1)]
    first = u ** (1 / n) * np.outer(units[0], [nu, np.sqrt(1 - nu**2)])
    return [first, *(u ** (1 / n) * np.outer(b, a) for a, b in pairwise(units))]


def flow_of(layers, times):
    shapes = [layer.shape for layer in layers]
    ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]

    def product(parts):
        total = np.eye(2)
        for part in parts:
            total = part @ total
        return total

    def field(_, y):
        parts = [part.reshape(shape) for part, shape in zip(np.split(y, ends), shapes, strict=True)]
        R = product(parts) - [[1.0, 0.0]]
        moved = []
        for j in range(len(parts)):
            above = np.eye(parts[j].shape[0])
            for part in parts[j + 1 :]:
                above = part @ above
            moved.append(-(above.T @ R @ product(parts[:j]).T))
        return np.concatenate([part.ravel() for part in moved])

    start = np.concatenate([layer.ravel() for layer in layers])
    found = solve_ivp(field, (0, times[-1]), start, rtol=1e-11, atol=1e-13, t_eval=times)
    assert found.success
    return [product([p.reshape(s) for p, s in zip(np.split(y, ends), shapes, strict=True)])[0] for y in found.y.T]


@pytest.mark.parametrize(
    ("widths", "nu", "u"), [((2, 1), -0.6, 0.3), ((2, 3, 1), 0.2, 0.5), ((1, 2, 1), -0.9, 0.2), ((2, 1, 2, 1), 0.5, 2)]
)
def test_position_and_time_are_those_of_all_layers(widths, nu, u):
    flow = BalancedFlow(len(widths), str(nu), str(u))
    places = [flint.arb(k) / 2 for k in (1, 3, 5)]
    times = [float(flow.time(place, 15).mid()) for place in places]
    for place, W in zip(places, flow_of(layers_of(widths, nu, u), times), strict=True):
        s, length = sp.Rational(str(float(place))), np.linalg.norm(W)
        assert number(flow.length_at(s)) == pytest.approx(length, rel=1e-7)
        assert number(flow.cosine_at(s)) == pytest.approx(W[0] / length, rel=1e-7)
        assert number(flow.distance_at(s)) == pytest.approx(np.linalg.norm(W - [1, 0]), rel=1e-6)
        assert float(1 / flow.inverse_length(flint.acb(place), 15).real) == pytest.approx(length, rel=1e-7)


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize(("nu", "u", "eps"), [("1/2", "1/50", "1/20"), ("-3/4", "1/5", "1/10"), ("9/10", "3", "1/100")])
def test_flow_arrives_within_the_bound(n, nu, u, eps):
    flow = BalancedFlow(n, nu, u)
    place = flow.arrival(eps, 15)
    assert number(flow.distance_at(sp.Rational(str(float(place.mid()))))) == pytest.approx(number(sp.Rational(eps)))
    assert 1 < number(flow.time_bound(eps)) / float(flow.time(place, 15).mid()) < 20


def test_an_integral_of_a_power_of_cosh():
    x = sp.Symbol("x", real=True)
    for n in (1, 2, 5):
        found = sp.lambdify(x, cosh_power_integral(n))
        assert found(1.3) - found(-0.4) == pytest.approx(quad(lambda s, n=n: np.cosh(s) ** n, -0.4, 1.3)[0])


@pytest.mark.parametrize(
    ("n", "start", "time"), [(2, "1/10", "5/2"), (3, "1/5", "4"), (4, "1/3", "1"), (3, "1/5", "30")]
)
def test_chain_weights_are_those_of_the_solver(n, start, time):
    told = solve_ivp(
        lambda _, w: w ** (n - 1) * (1 - w**n), (0, float(sp.Rational(time))), [float(sp.Rational(start))],
        rtol=1e-12, atol=1e-14,
    ).y[0, -1]  # fmt: skip
    found = chain_weight(n, start, flint.arb(flint.fmpq(*map(int, (sp.Rational(time).p, sp.Rational(time).q)))))
    assert float(found.mid()) == pytest.approx(told, rel=1e-9)
    assert found.rad() < 1e-20


def test_nothing_moves_in_no_time():
    assert chain_weight(3, "1/4", flint.arb(0)) == 0.25
    flow = BalancedFlow(3, "3/5", "1/4")
    assert flow.cosine_at(0) == sp.Rational(3, 5)
    assert number(flow.length_at(0)) == pytest.approx(1 / 4)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize(("start", "end"), [("1/50", "1/40"), ("1/50", "4/5"), ("1/2", "9/10")])
def test_the_amplification_is_the_integral_of_the_curvature(n, wide, start, end):
    def rate(u):
        along, across = (n - 1) * (1 - u) - n * u, 1 - u
        return max(0.0, along, across if wide else 0.0) / (n * u * (1 - u))

    a, b = (float(sp.Rational(x)) for x in (start, end))
    told = np.exp(quad(rate, a, b, points=[0.25, 1 / 3, 0.4, 3 / 7], limit=200)[0])
    assert number(amplification(n, start, end, wide=wide)) == pytest.approx(told, rel=1e-7)
    assert told <= (b / a) ** (1 - 1 / n) * (1 + 1e-9)


@pytest.mark.parametrize("n", [3, 4, 7])
def test_the_deepest_curvature_is_the_least_on_a_grid(n):
    place, depth = deepest_curvature(n)
    u = np.linspace(0.001, 0.999, 5000)
    lowest = n * u ** (2 - 2 / n) - (n - 1) * (1 - u) * u ** (1 - 2 / n)
    assert -number(depth) == pytest.approx(lowest.min(), rel=1e-5)
    assert number(place) == pytest.approx(u[lowest.argmin()], abs=3e-4)
    assert number(curvature_depth(n, place)) == pytest.approx(number(depth))
    assert number(curvature_depth(n, turning_length(n))) == pytest.approx(0, abs=1e-12)


def test_floors():
    assert hollow_matrix([2, 3]) == sp.Matrix([[0, 1], [1, 0]])
    assert curvature_floor(["1/2", 1, 2, 3], "1/3") == -3 * sp.Rational(1, 3) * 6
    assert drift_bound("1/10", 2) == sp.Rational(2, 5)
    assert drift_bound("1/10", 0) == 0
    assert floor_along_descent(4, 1, "1/4", "1/4", "1/10", 0) == sp.Rational(-3, 2)
    assert floor_along_descent(3, 1, 0, 0, "1/10", 0) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BalancedFlow(1, 0, 1), "depth: must be a number of at least 2"),
        (lambda: BalancedFlow(2, 1, 1), "cosine: must be strictly between -1 and 1"),
        (lambda: BalancedFlow(2, 0, 0), "length: must be positive"),
        (lambda: BalancedFlow(2, 0, 1).arrival(2), "precision: 2 is no less than the distance at the start"),
        (lambda: chain_weight(2, 2, flint.arb(1)), "start: must be strictly between 0 and 1"),
        (lambda: amplification(3, "1/2", "1/4"), "end: 1/4 is before the start"),
        (lambda: amplification(3, "1/2", 1), "end: must be strictly between 0 and 1"),
        (lambda: deepest_curvature(2), "depth: must be at least 3"),
        (lambda: curvature_depth("n", 1), "depth: must be a number of at least 2"),
        (lambda: hollow_matrix([1]), "norms: are those of 1 layers"),
        (lambda: floor_along_descent(2, 1, 1, 1, 1, 1), "depth: must be a number of at least 3"),
        (lambda: cosh_power_integral("n"), "depth: has no value"),
    ],
)
def test_what_is_out_of_range_is_refused(call, message):
    with pytest.raises(InvalidArgument, match=message):
        call()
