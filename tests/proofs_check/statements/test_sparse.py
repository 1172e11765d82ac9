"""Claims of sparse recovery as they are typed, against what theory derives, and mutants on cases of their own."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from proofs_check.statements.sparse import descent, l1_gap, leakage, times
from proofs_check.statements.sparse.conservation import CONSERVATION, diagonal
from proofs_check.verdict import Verdict
from theory.balls import enclose
from theory.dynamics.implicit_bias import sparse_recovery
from theory.dynamics.implicit_bias.depth_potentials import DepthPotential

depths = st.integers(2, 7)
starts = st.fractions(min_value="1/40", max_value="1/3", max_denominator=40)
targets = st.fractions(min_value="1/2", max_value=3, max_denominator=8)
shares = st.fractions(min_value="1/50", max_value="4/5", max_denominator=50)
few = settings(max_examples=15, deadline=None)


def exact(value):
    return sp.Rational(value.numerator, value.denominator)


def agree(claimed, derived):
    claimed, derived = sp.sympify(claimed, strict=True), sp.sympify(derived, strict=True)
    return bool(abs(enclose(claimed - derived, 60)) < 1e-30 * (1 + abs(enclose(derived, 60))))


@few
@given(depths, starts, targets, shares)
def test_typed_times_are_those_that_theory_derives(N, alpha, z, kappa):
    alpha, z, kappa = map(exact, (alpha, z, kappa))
    low, high = sparse_recovery.hitting_time_bounds(N, alpha, z, kappa)
    case = (N, alpha, z, (1 - kappa) * z)
    assert agree(times.hitting_time("early", *case), low)
    assert agree(times.hitting_time("late", *case), high)
    for what, end in zip(("dual-low", "dual-high"), DepthPotential(N, alpha).dual_bounds(case[-1]), strict=True):
        assert agree(times.hitting_time(what, *case), end)
    if N == 2:
        assert agree(times.hitting_time("exact", *case), DepthPotential(2, alpha).time(case[-1], z))


@few
@given(depths, starts, targets, shares)
def test_the_typed_window_is_the_derived_one_with_a_coarser_end(N, alpha, z, kappa):
    alpha, z, kappa = map(exact, (alpha, z, kappa))
    zeta, eps = z / 3, z / 8
    case, found = (N, alpha**N, z, zeta, kappa, eps), sparse_recovery.window(N, alpha, z, zeta, kappa, eps)
    assert agree(times.window("closes", *case), found.closes)
    assert not enclose(times.window("opens", *case) - found.opens, 40) < 0
    assert not enclose(found.length - times.window("shortest", *case), 40) < -1e-30
    if alpha**N < eps:
        assert agree(times.window("ratio", *case), z / zeta * sparse_recovery.window_ratio(N, alpha, z, eps))


@few
@given(depths, starts, targets, shares)
def test_the_typed_leak_and_gap_are_those_that_theory_derives(N, alpha, z, kappa):
    alpha, z, kappa = map(exact, (alpha, z, kappa))
    assert agree(
        leakage.leakage("leading", N, alpha, z, z / 3, kappa), sparse_recovery.leakage(N, alpha, z, z / 3, kappa)
    )
    sizes = (z, kappa, z * kappa)
    assert agree(l1_gap.l1_gap(N, alpha**N, sizes).high, sparse_recovery.l1_gap_bound(N, alpha, sizes))


@few
@given(depths, starts, st.fractions("-9/10", "9/10", max_denominator=30))
def test_the_typed_map_is_the_derived_one(N, alpha, share):
    alpha, potential = exact(alpha), DepthPotential(N, exact(alpha))
    G = exact(share) * (1 if N == 2 else potential.pole)
    claimed = diagonal(N, alpha, G, sp.Symbol("u"), sp.Symbol("v"))
    w = potential.coordinate(G)
    assert agree(claimed.coordinate, w)
    assert agree(claimed.potential, G * w - potential.conjugate(G))


@pytest.mark.parametrize("case", l1_gap._CASES, ids=lambda case: f"{case[0]}-{case[1]}-{len(case[2][0])}")
def test_the_corners_find_the_least_norm_of_a_linear_program(case):
    sizes, least = l1_gap._points(*case)
    X = np.array(case[2], dtype=float)
    y = X @ (np.sign(np.array(case[3], dtype=float) @ X) * np.array([float(one) for one in sizes]))
    p = X.shape[1]
    found = linprog(np.ones(2 * p), A_eq=np.hstack([X, -X]), b_eq=y, method="highs").fun
    assert float(enclose(least, 40)) == pytest.approx(found, rel=1e-6)


def test_each_depth_alone_refutes_what_is_kept_by_another():
    """u v is kept for N = 2 only, u^-1 + v^-1 for N = 3 only."""
    two, any_depth = CONSERVATION.evidence
    assert two.examine(lambda N, *case: diagonal(2, *case)).verdict is Verdict.SUPPORTED
    assert any_depth.examine(lambda N, *case: diagonal(3, *case)).verdict is Verdict.REFUTED
    assert two.examine(lambda N, *case: diagonal(3, *case)).verdict is Verdict.REFUTED


@few
@given(
    st.integers(3, 8),
    st.fractions("1/5", 2, max_denominator=10),
    st.fractions("1/5", 2, max_denominator=10),
    st.fractions("-1/50", "1/50", max_denominator=200).filter(bool),
)
def test_descent_always_increases_what_flow_keeps(N, u, v, g):
    moved = u + N * u ** (N - 1) * g, v - N * v ** (N - 1) * g
    if min(moved) > 0:
        assert sum(x ** (2 - N) for x in moved) > u ** (2 - N) + v ** (2 - N)
        assert descent.descent("change", N) == 1


def test_the_lag_is_a_step_or_so():
    """The bounds leave room on both sides: counted, descent is up to 2 steps behind or, near the end, before flow."""
    for N, start, end, eta in descent._PATHS[::5]:
        time = float(enclose(descent.BalancedChain(N, 1, 1, start).time(end) / N)) / float(eta)
        assert -2.5 < descent._counted(N, start, end, eta) - time < 2.5


def test_thresholds_are_those_of_the_second_derivative():
    u, z = sp.symbols("u z", positive=True)
    for N in (2, 3, 4):
        loss = (z - u**N) ** 2 / 2
        curvature = loss.diff(u, 2).subs(u, z ** sp.Rational(1, N))
        assert sp.simplify(2 / curvature - descent.descent("threshold", N, z)) == 0


def test_fractions_stay_exact():
    assert descent.descent("factor", 2, Fraction(1, 3)) == Fraction(5, 9)
