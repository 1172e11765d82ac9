"""Claims of descent are what theory derives; false ones beside them are refuted by the evidence made for them."""

from functools import partial

import flint
import pytest
import sympy as sp

from proofs_check.papers import paper
from proofs_check.registry import own_statements
from proofs_check.statements.descent import (
    arrives,
    balanced_flow,
    curvature_integral,
    deepest_curvature,
    euler_recursion,
    exponential_step,
    floor_along_descent,
    hessian_floor,
)
from proofs_check.verdict import Verdict
from theory.balls import enclose
from theory.dynamics.descent.curvature_integrals import (
    amplification,
    curvature_depth,
    turning_length,
)
from theory.dynamics.descent.curvature_integrals import (
    deepest_curvature as derived_depth,
)
from theory.dynamics.descent.flow_errors import first_order_lag, local_error_bound, total_error_bound
from theory.dynamics.descent.hessian_floors import curvature_floor, drift_bound
from theory.dynamics.descent.hessian_floors import floor_along_descent as derived_floor
from theory.dynamics.descent.linear_flows import BalancedFlow

BY_ID = {one.id: one for one in own_statements() if one.topic == "descent"}


def agree(claimed, derived):
    """To 25 digits."""
    return bool(abs(enclose(sp.sympify(claimed) - sp.sympify(derived), 60)) < 1e-25)


def verdicts(name, claim):
    return [one.examine(claim).verdict for one in BY_ID[f"descent.{name}"].evidence if not hasattr(one, "request")]


def test_the_paper_lists_every_statement():
    assert set(paper("elkabetz-2021").ids) == set(BY_ID)
    assert len(BY_ID) == 10


def test_bounds_on_errors_are_the_derived_ones():
    eta, S, m, T = map(sp.Rational, ("1/7", "3/2", "2/3", "5"))
    claim, growth = euler_recursion.euler_recursion, sp.exp(m * T)
    assert agree(claim("total", eta, S, 0, m, T, growth), total_error_bound(eta, S, m, growth))
    assert agree(claim("step", 0, -m, 1, eta, local_error_bound(eta, S)), eta**2 * S / 2)
    w = sp.Symbol("w", positive=True)
    speed = w * (1 - w**2)
    place, start = {w: sp.Rational(1, 2)}, sp.Rational(1, 10)
    g, g_0 = speed.subs(place), speed.subs(w, start)
    assert agree(claim("chain", eta, g, sp.log(g / g_0)), first_order_lag(speed, w, start, eta).subs(place))


def test_floors_are_the_derived_ones():
    norms = [flint.arb(x) for x in (1, 2, 3)]
    found = hessian_floor.hessian_floor("linear", 3, [flint.arb("0.5")], norms)
    assert abs(found - enclose(curvature_floor([1, 2, 3], "1/2"), 20)) < 1e-12
    claim = floor_along_descent.floor_along_descent
    numbers = [sp.Rational(x) for x in ("1/3", "1/4", "1/5", "1/10", "3")]
    assert agree(claim("floor", 4, *numbers), derived_floor(4, *numbers))
    assert agree(claim("total", *numbers[3:]), drift_bound(*numbers[3:]))


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize("wide", [False, True])
def test_the_integral_is_the_derived_one(n, wide):
    q = sp.Rational(1, 3)
    claim = curvature_integral.curvature_integral
    said = claim("growth", n, q, 2 * q, wide=wide)
    turn = turning_length(n, wide=wide)
    assert said.turn == turn
    first, last = q**n, (2 * q) ** n
    middle = min(max(turn, first), last)
    grown = claim("growth", n, q, middle ** sp.Rational(1, n), wide=wide).early if middle > first else 1
    late = claim("growth", n, middle ** sp.Rational(1, n), 2 * q, wide=wide).late if last > turn else 1
    assert agree(grown * late, amplification(n, first, last, wide=wide))
    least = claim("lowest", n, q, wide=wide)
    assert agree(sp.Max(0, -least), curvature_depth(n, first, wide=wide))


@pytest.mark.parametrize("n", [3, 4, 9])
def test_the_deepest_curvature_is_the_derived_one(n):
    said, (place, depth) = deepest_curvature.deepest_curvature(sp.Integer(n)), derived_depth(n)
    assert said.place == place
    assert agree(said.factor * said.place ** (1 - sp.Rational(2, n)), depth)


@pytest.mark.parametrize(("nu", "u"), [("1/2", "1/10"), ("-3/4", "1/10"), ("4/5", "2")])
def test_the_time_is_the_derived_one(nu, u):
    case = [sp.Rational(x) for x in (nu, u, "1/50")]
    for n in (2, 3):
        assert agree(balanced_flow.balanced_flow("time", n, *case), BalancedFlow(n, *case[:2]).time_bound(case[2]))


# --- designed cases: what random ones let pass ---


def test_a_chain_from_the_concave_side_refutes_a_bound_without_amplification():
    found = verdicts("euler-recursion", partial(euler_recursion.euler_recursion, flat=True))
    assert found[1] is Verdict.REFUTED


def test_aligned_networks_refute_a_floor_that_is_lower_by_a_tenth():
    def higher(*numbers):
        return hessian_floor.hessian_floor(*numbers) * 9 / 10

    assert verdicts("hessian-floor", higher)[1] is Verdict.REFUTED
    assert verdicts("hessian-floor", hessian_floor.hessian_floor)[1] is Verdict.SUPPORTED


def test_one_step_attains_the_bound_on_the_drift():
    found = verdicts("floor-along-descent", partial(floor_along_descent.floor_along_descent, tenths=19))
    assert found[2] is Verdict.REFUTED


def test_the_threshold_of_descent_is_told_from_its_square():
    ends = BY_ID["descent.exponential-step"].evidence[2]
    assert ends.examine(partial(exponential_step.exponential_step, steep=2)).verdict is Verdict.REFUTED


def test_arrival_is_pinned_to_a_share_of_the_step():
    assert verdicts("arrives", partial(arrives.arrives, half=4)) == [Verdict.REFUTED]
