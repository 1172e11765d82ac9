"""The solution that is selected, as figure and table: minimized by SciPy, and flows by its solver."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import null_space
from scipy.optimize import linprog, minimize

from montecarlo import serial, worker_pool
from proofs_check.figures.shape_transition import make_shape_transition
from proofs_check.studies.shape_transition import (
    DESIGN,
    SHAPES,
    TARGETS,
    cases,
    measured,
    root_of_scale,
    scales,
    shape_transition_table,
    theory,
)

X, y = np.array(DESIGN, dtype=float), np.array(TARGETS, dtype=float)
L2 = np.linalg.pinv(X) @ y
LEAST = linprog(np.ones(12), A_eq=np.hstack([X, -X]), b_eq=y).fun


def excess_and_distance(w):
    return np.abs(w).sum() / LEAST - 1, np.linalg.norm(w - L2)


@pytest.mark.parametrize(("shape", "scale"), [(0, 0.01), (0, 1.0), (Fraction(9, 10), 1e-3)])
def test_lines_are_minimizers_of_the_potential(shape, scale):
    """Q(w_2 + N c) over all c."""
    s, kernel = float(shape), null_space(X)
    root = 4 * scale * (1 + s**2) / (1 - s**2)

    def potential(c):
        ratio = 2 * (L2 + kernel @ c) / root
        value = root / 4 * (1 - np.sqrt(1 + ratio**2) + ratio * np.arcsinh(ratio)).sum()
        return value, kernel.T @ np.arcsinh(ratio) / 2

    found = minimize(potential, np.zeros(3), jac=True, method="BFGS", options={"gtol": 1e-10})
    expected = excess_and_distance(L2 + kernel @ found.x)
    selected = theory(Fraction(shape), scale)
    assert (selected.excess, selected.distance) == pytest.approx(expected, rel=1e-6)
    assert root_of_scale(Fraction(shape), scale) == pytest.approx(root)


def test_a_point_is_where_the_weights_themselves_flow():
    scale, s = 0.3, 0.9
    u, v = ((1 + sign * s) * math.sqrt(scale / (1 - s**2)) for sign in (1, -1))
    assert (u * v, (u - v) / (u + v)) == pytest.approx((scale, s))

    def field(_, weights):
        up, vp, um, vm = weights.reshape(4, 6)
        g = X.T @ (y - X @ (up * vp - um * vm))
        return np.concatenate([vp * g, up * g, -vm * g, -um * g])

    start = np.repeat([u, v, u, v], 6)
    end = solve_ivp(field, (0, 20), start, method="DOP853", rtol=1e-11, atol=1e-12).y[:, -1]
    up, vp, um, vm = end.reshape(4, 6)
    with serial() as workers:
        (found,) = measured([(Fraction(9, 10), scale)], workers=workers)
    assert (found.excess[0], found.distance[0]) == pytest.approx(excess_and_distance(up * vp - um * vm), abs=1e-6)


def test_theory_lies_in_the_interval_of_each_point_and_below_all_bounds():
    chosen = [case for case in cases(1) if case[0] != SHAPES[1]]
    with serial() as workers:
        points = list(measured(chosen, workers=workers))
    for point, (shape, scale) in zip(points, chosen, strict=True):
        exact = theory(shape, scale)
        rounding = 1e-12
        assert point.excess[1] - rounding <= exact.excess <= point.excess[2] + rounding
        assert point.distance[1] - rounding <= exact.distance <= point.distance[2] + rounding
        assert exact.excess < min(exact.excess_bound, exact.excess_of_point)
        assert exact.distance < exact.distance_bound
        assert point.excess[2] - point.excess[1] < 2e-4
    says = [math.isfinite(theory(shape, scale).distance_bound) for shape, scale in chosen]
    assert says[:9] == [False] * 6 + [True] * 3


def test_shapes_have_one_curve_moved_by_a_factor():
    one, two = theory(Fraction(99, 100), 1e-4), theory(Fraction(0), 1e-4 * (1 + 0.99**2) / (1 - 0.99**2))
    assert (one.excess, one.distance) == pytest.approx((two.excess, two.distance), rel=1e-9)
    assert scales(2) == pytest.approx(np.geomspace(1e-6, 1e2, 17))


def test_figure_and_table_have_the_same_numbers():
    excess, distance = make_shape_transition(fine=1).panels
    chosen = [(SHAPES[0], scales(1)[4]), (SHAPES[2], scales(1)[7])]
    with serial() as here, worker_pool(2) as there:
        table, again = (shape_transition_table(workers, samples=1, seed=0, chosen=chosen) for workers in (here, there))
    assert table == again
    for (shape, scale), row in zip(chosen, table.texts, strict=True):
        assert row[0] == str(shape)
        for panel, cells in ((excess, row[3:5]), (distance, row[6:8])):
            shown = {one.name: dict(zip(one.x, one.points(), strict=True)) for one in panel.series}
            exact = shown[f"s = {shape}: minimizer, theory"][scale].value
            assert float(cells[1]) == pytest.approx(exact, rel=1e-3)
            point = shown[f"s = {shape}: flow"][scale]
            assert point.lo <= point.value <= point.hi
            ends = [f"{number:.4g}" for number in (point.lo, point.hi)]
            assert cells[0] == (ends[0] if ends[0] == ends[1] else f"[{', '.join(ends)}]")
    assert [row[8] != "" for row in table.texts] == [False, True]
    bounds = [one for one in (*excess.series, *distance.series) if "bound" in one.name]
    assert all(0 < len(one.x) <= 9 for one in bounds)
    assert max(max(one.value) for one in bounds) <= 2
