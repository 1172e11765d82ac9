"""Bounds on how far descent is from flow, against flows that SciPy integrates; and flows in balls against both."""

import flint
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from theory.balls import enclose
from theory.dynamics.descent.flow_errors import first_order_lag, local_error_bound, total_error_bound
from theory.dynamics.descent.taylor_flows import flow_steps
from theory.ensembles import InvalidArgument

few = settings(max_examples=6, deadline=None)
positive = st.fractions("1/9", 2, max_denominator=9).map(sp.Rational)


@few
@given(positive, positive, positive, st.integers(1, 8))
def test_the_sum_is_the_recursion_iterated(eta, S, m, steps):
    error = sp.S.Zero
    for _ in range(steps):
        error = (1 + eta * m) * error + local_error_bound(eta, S)
    assert total_error_bound(eta, S, m, (1 + eta * m) ** steps) == error


def test_the_local_bound_is_an_integral():
    assert local_error_bound("eta", 3) == 3 * sp.Symbol("eta", positive=True) ** 2 / 2


@pytest.mark.parametrize("n", [2, 3])
def test_the_lag_of_descent_on_a_chain_is_of_first_order(n):
    w = sp.Symbol("w", positive=True)
    lag = sp.lambdify(w, first_order_lag(w ** (n - 1) * (1 - w**n), w, "1/5", "1/1000"))

    def g(w):
        return w ** (n - 1) * (1 - w**n)

    here, steps = 0.2, 1500 * (n - 1)
    for _ in range(steps):
        here += 0.001 * g(here)
    flow = solve_ivp(lambda _, w: g(w), (0, 0.001 * steps), [0.2], rtol=1e-12, atol=1e-14).y[0, -1]
    assert flow - here == pytest.approx(lag(flow), rel=2e-3)


def test_bad_numbers_are_refused():
    with pytest.raises(InvalidArgument, match="learning_rate: must be positive"):
        local_error_bound(0, 1)
    with pytest.raises(InvalidArgument, match="bend: must be at least 0"):
        local_error_bound(1, -1)
    with pytest.raises(InvalidArgument, match="concavity: must be positive"):
        total_error_bound(1, 1, -1)


def test_flows_in_balls_are_those_of_scipy():
    """A rotation with a cubic brake: x' = -y + x(1 - x^2 - y^2), y' = x + y(1 - x^2 - y^2)."""

    def field(y):
        brake = 1 - (y[0] * y[0] + y[1] * y[1])
        return [y[0] * brake - y[1], y[0] + y[1] * brake]

    passed = list(flow_steps(field, [flint.arb(2), flint.arb(0)], flint.arb("0.5"), 6, digits=30, order=16))
    told = solve_ivp(lambda _, y: field(y), (0, 3), [2, 0], rtol=1e-12, atol=1e-13, t_eval=np.arange(1, 7) / 2)
    found = np.array([[float(x.mid()) for x in one.end] for one in passed])
    assert found == pytest.approx(told.y.T, abs=1e-10)
    assert all(x.rad() < 1e-15 for one in passed for x in one.end)
    dense = solve_ivp(lambda _, y: field(y), (0, 0.5), [2, 0], rtol=1e-10, t_eval=np.linspace(0, 0.5, 50)).y
    for box, row in zip(passed[0].box, dense, strict=True):
        assert float(box.lower()) - 1e-9 <= row.min()
        assert row.max() <= float(box.upper()) + 1e-9


def test_a_flow_in_parts_has_the_same_end():
    (whole,) = flow_steps(lambda y: [y[0] * (1 - y[0])], [flint.arb("0.5")], flint.arb(1), 1)
    (parts,) = flow_steps(lambda y: [y[0] * (1 - y[0])], [flint.arb("0.5")], flint.arb(1), 1, parts=8)
    assert abs(whole.end[0] - enclose(1 / (1 + sp.exp(-1)), 40)) < 1e-25
    assert whole.end[0].overlaps(parts.end[0])
    assert parts.box[0].rad() < whole.box[0].rad() + 1e-12


def test_a_flow_that_blows_up_is_refused():
    with pytest.raises(InvalidArgument, match="field: has no flow for so long: it blows up"):
        list(flow_steps(lambda y: [y[0] * y[0]], [flint.arb(1)], flint.arb(2), 1, digits=8, order=12))
