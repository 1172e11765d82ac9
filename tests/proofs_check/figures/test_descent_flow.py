"""The lag of descent as figure and table, against flow that SciPy integrates."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from montecarlo import serial
from proofs_check.figures.descent_flow import make_descent_flow
from proofs_check.studies.descent_flow import descent_flow_table, lag, measured, peak, speed, starts, time_of_peak


def flow(depth, start, times):
    found = solve_ivp(
        lambda _, w: w ** (depth - 1) * (1 - w**depth), (0, times[-1]), [start], rtol=1e-12, atol=1e-14, t_eval=times
    )
    return found.y[0]


@pytest.mark.parametrize(("depth", "every"), [(2, 2), (3, 5)])
def test_lags_are_those_of_a_solver(depth, every):
    found = lag(depth, Fraction(1, 10), Fraction(1, 5), 5, every, 8)
    assert found.times == pytest.approx([0.5 + every / 10 * k for k in range(8)])
    w, errors = 0.2, []
    told = flow(depth, 0.2, np.array(found.times))
    for step in range(1, 5 + 7 * every + 1):
        w += 0.1 * speed(depth, w)
        if step >= 5 and (step - 5) % every == 0:
            errors.append(told[len(errors)] - w)
    assert found.errors == pytest.approx(errors, abs=1e-9)
    g = [speed(depth, x) for x in (0.2, *told)]
    assert found.first_orders == pytest.approx([0.05 * x * np.log(x / g[0]) for x in g[1:]], abs=1e-8)
    assert all(error < bound for error, bound in zip(found.errors, found.bounds, strict=True))


def test_the_largest_lag_is_near_its_first_order():
    for depth in (2, 3):
        found = peak(depth, Fraction(1, 10), Fraction(3, 20))
        assert abs(found.over_first_order - 1) < 0.05
        assert found.over_bound < 1
        assert found.times[0] < time_of_peak(depth, Fraction(3, 20)) < found.times[-1]


def test_figure_and_table_have_the_same_numbers():
    left, right = make_descent_flow(samples=2, seed=3, depths=(2,)).panels
    chosen = [(2, Fraction(1, 10)), (2, Fraction(1, 50))]
    with serial() as workers:
        table = descent_flow_table(workers, samples=2, seed=3, chosen=chosen)
        found = list(measured(chosen, samples=2, seed=3, workers=workers))
    (series,) = right.series
    ends = dict(zip(series.x, zip(series.lo, series.hi, strict=True), strict=True))
    for (depth, rate), row, lags in zip(chosen, table.texts, found, strict=True):
        shares = sorted(one.over_first_order for one in lags)
        assert row[:3] == (str(depth), str(rate), "2")
        assert row[4] == f"{shares[0]:.4f}-{shares[-1]:.4f}"
        assert ends[float(rate)] == (shares[0], shares[-1])
    assert {one.name for one in left.series} == {"n = 2: descent", "n = 2: first order, theory", "n = 2: bound, theory"}
    assert starts(2, 3) == starts(2, 3) != starts(2, 4)
