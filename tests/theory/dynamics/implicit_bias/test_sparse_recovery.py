"""Hitting times, windows, leakage and the l1 gap: against SciPy's ODE solver and linear programs, on drawn cases."""

from fractions import Fraction

import flint
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import linprog

from theory.balls import enclose
from theory.dynamics.implicit_bias.depth_enclosures import enclosed_time
from theory.dynamics.implicit_bias.depth_maps import DepthMap
from theory.dynamics.implicit_bias.depth_potentials import DepthPotential
from theory.dynamics.implicit_bias.sparse_recovery import (
    enclosed_leakage,
    hitting_time_bounds,
    l1_gap_bound,
    largest_scale,
    leakage,
    window,
    window_ratio,
)
from theory.ensembles import InvalidArgument

depths = st.integers(2, 7)
starts = st.fractions(min_value="1/60", max_value="1/2", max_denominator=60)
targets = st.fractions(min_value="1/4", max_value=3, max_denominator=12)
shares = st.fractions(min_value="1/100", max_value="9/10", max_denominator=100)


@settings(max_examples=30, deadline=None)
@given(depths, starts, targets, shares)
def test_the_time_lies_in_its_bounds(N, start, z, kappa):
    low, high = (enclose(end, 40) for end in hitting_time_bounds(N, start, z, kappa))
    time = enclosed_time(DepthPotential(N, start), (1 - kappa) * z, z)
    assert low < time < high


@settings(max_examples=15, deadline=None)
@given(depths, starts, shares, st.lists(targets, min_size=2, max_size=2, unique=True))
def test_larger_targets_are_reached_to_the_same_precision_sooner(N, start, kappa, two):
    slow, fast = (enclosed_time(DepthPotential(N, start), (1 - kappa) * z, z) for z in sorted(two))
    assert fast < slow


@settings(max_examples=15, deadline=None)
@given(depths, starts, targets, shares)
def test_the_window_holds_both_exact_times(N, start, z, kappa):
    zeta, eps = z / 3, z / 20
    found = window(N, start, z, zeta, kappa, eps)
    potential = DepthPotential(N, start)
    opens, closes = (
        enclosed_time(potential, (1 - kappa) * z, z),
        enclosed_time(potential, eps, zeta),
    )
    assert enclose(found.opens, 40) > opens
    assert enclose(found.closes, 40) < closes
    assert enclose(found.length, 40) < closes - opens


def test_numbers_of_the_atlas():
    """z = 1, zeta = 2/5, kappa = 1/100, eps = 1/20, w_0 = 1e-6: lengths 2.2, 48, 186, 624, and the ratio of times."""
    rest, lengths = [], []
    for N in (2, 3, 4, 6):
        start = sp.Rational("1e-6") ** sp.Rational(1, N)
        potential = DepthPotential(N, start)
        fitted = enclosed_time(potential, "99/100", 1)
        rest.append(float(fitted - enclose(potential.dual_bounds("99/100")[0], 40)))
        lengths.append(float(enclosed_time(potential, "1/20", "2/5") - fitted))
    assert rest == pytest.approx([1.151, 0.594, 0.374, 0.198], abs=2e-3)
    assert lengths == pytest.approx([2.25, 48.0, 186.3, 624.5], rel=0.01)


@given(st.integers(2, 30), st.sampled_from([Fraction(1, 10**9), Fraction(1, 1000), Fraction(1, 50)]))
@settings(max_examples=20, deadline=None)
def test_the_ratio_grows_with_depth_and_stays_below_one(N, w0):
    start = [sp.Rational(w0.numerator, w0.denominator) ** sp.Rational(1, depth) for depth in (N, N + 1)]
    here, deeper = (enclose(window_ratio(depth, a, 1, "1/20"), 40) for depth, a in zip((N, N + 1), start, strict=True))
    assert here < deeper < 1


@pytest.mark.parametrize("N", [2, 3, 5])
def test_the_leak_is_that_of_an_ode_solver(N):
    start, zeta = 0.05, 0.4
    potential = DepthPotential(N, Fraction(1, 20))
    maps, time = DepthMap(potential), float(enclosed_time(potential, "9/10", 1))
    found = solve_ivp(
        lambda t, G: zeta - maps.coordinates(G), (0, time), [0.0], method="DOP853", rtol=1e-12, atol=1e-15
    )
    leaked = float(maps.coordinates(found.y[0, -1]))
    low, high = (float(end) for end in enclosed_leakage(N, Fraction(1, 20), 1, "2/5", "1/10"))
    assert low <= leaked <= high
    assert start**N < leaked


@pytest.mark.parametrize("N", [2, 3, 4, 8])
def test_the_leading_term_of_the_leak_is_approached(N):
    errors = []
    for w0 in ("1e-6", "1e-12", "1e-24"):
        start = sp.Rational(w0) ** sp.Rational(1, N)
        low, high = enclosed_leakage(N, start, 1, "1/3", "1/100")
        leading = enclose(leakage(N, start, 1, "1/3", "1/100"), 40)
        errors.append(float(max(abs(low / leading - 1), abs(high / leading - 1), key=float)))
    assert errors[2] < errors[1] < errors[0]
    assert errors[2] < 1e-4


def test_the_largest_scale_grows_with_depth_and_separates():
    found = [largest_scale(N, 1, "2/5", "1/100", "1/100") for N in (2, 3, 4, 6, 10)]
    assert [float(below) for below, _ in found] == pytest.approx(
        [2.26e-5, 1.93e-3, 3.67e-3, 5.60e-3, 7.21e-3], rel=3e-3
    )
    for N, ends in zip((2, 3, 4, 6, 10), found, strict=True):
        verdicts = [
            enclosed_time(DepthPotential(N, scale ** sp.Rational(1, N)), "1/100", "2/5")
            > enclosed_time(DepthPotential(N, scale ** sp.Rational(1, N)), "99/100", 1)
            for scale in ends
        ]
        assert verdicts == [True, False]


def test_a_scale_may_be_above_the_leak():
    below, _ = largest_scale(100, 1, "2/5", "1/100", "1/1000")
    assert below > sp.Rational(1, 1000)


@st.composite
def flows(draw):
    """A design, data and the state of gradient flow on it at some time, by DOP853 on the factors."""
    n, p = draw(st.integers(1, 2)), draw(st.integers(3, 5))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    X, y = rng.standard_normal((n, p)), rng.standard_normal(n)
    N, alpha = draw(st.integers(2, 5)), draw(st.sampled_from([0.05, 0.2]))
    return N, alpha, X, y, draw(st.sampled_from([0.5, 4.0, 20.0]))


@settings(max_examples=12, deadline=None)
@given(flows())
def test_on_the_flow_the_dual_is_in_the_row_space_and_the_l1_gap_is_bounded(case):
    """The KKT condition and the bound at a finite time; SciPy solves the flow and the linear program."""
    N, alpha, X, y, T = case
    n, p = X.shape

    def field(_, state):
        u, v = state[:p], state[p:]
        g = X.T @ (y - X @ (u**N - v**N)) / n
        return np.concatenate([N * u ** (N - 1) * g, -N * v ** (N - 1) * g])

    end = solve_ivp(field, (0, T), np.full(2 * p, alpha), method="DOP853", rtol=1e-11, atol=1e-13).y[:, -1]
    w = end[:p] ** N - end[p:] ** N
    potential = DepthPotential(N, Fraction(alpha).limit_denominator(100))
    G = DepthMap(potential).duals(w)
    residual = G - X.T @ np.linalg.lstsq(X.T, G, rcond=None)[0]
    assert np.abs(residual).max() < 1e-6 * np.abs(G).max()
    least = linprog(np.ones(2 * p), A_eq=np.hstack([X, -X]), b_eq=X @ w, method="highs").fun
    bound = l1_gap_bound(N, potential.start, [Fraction(float(one)) for one in w])
    gap = np.abs(w).sum() - least
    assert -1e-9 < gap < float(enclose(bound, 30)) + 1e-6


@pytest.mark.parametrize("N", [2, 3, 4])
def test_newtons_method_on_the_dual_finds_where_the_flow_ends(N):
    """X h(X^T nu) = y in the maps of floats, with halved steps that stay between the poles."""
    X, y, alpha = np.array([[1.0, 0.4, -0.3, 0.2], [0.1, -0.8, 0.5, 1.1]]), np.array([0.9, -0.4]), 0.3
    maps, nu = DepthMap(DepthPotential(N, "3/10")), np.zeros(2)

    def missed(nu):
        w = maps.coordinates(X.T @ nu)
        return np.abs(X @ w - y).max() if np.isfinite(w).all() else np.inf

    for _ in range(60):
        defect = X @ maps.coordinates(X.T @ nu) - y
        move = np.linalg.solve((X * maps.slopes(X.T @ nu)) @ X.T, defect)
        size = 1.0
        while size > 1e-9 and missed(nu - size * move) > missed(nu):
            size /= 2
        nu = nu - size * move
    selected = maps.coordinates(X.T @ nu)

    def field(_, state):
        u, v = state[:4], state[4:]
        g = X.T @ (y - X @ (u**N - v**N)) / 2
        return np.concatenate([N * u ** (N - 1) * g, -N * v ** (N - 1) * g])

    end = solve_ivp(field, (0, 150), np.full(8, alpha), method="DOP853", rtol=1e-11, atol=1e-13).y[:, -1]
    assert X @ selected == pytest.approx(y, abs=1e-12)
    assert selected == pytest.approx(end[:4] ** N - end[4:] ** N, abs=1e-7)


def test_for_one_row_and_depth_two_the_bound_is_attained():
    X = np.array([1.0, 0.9, -0.7])
    w = DepthMap(DepthPotential(2, "1/100")).coordinates(X * 2.0)
    bound = float(enclose(l1_gap_bound(2, "1/100", [Fraction(float(one)) for one in w]), 30))
    assert np.abs(w).sum() - X @ w == pytest.approx(bound, rel=1e-10)


def test_names_are_kept():
    alpha, z = sp.symbols("alpha z", positive=True)
    low, _ = hitting_time_bounds("N", "alpha", "z", "kappa")
    N = sp.Symbol("N", integer=True, positive=True)
    assert enclose(
        low.subs({N: 3, alpha: sp.Rational(1, 10), z: 1, sp.Symbol("kappa", positive=True): sp.S.Half})
    ).overlaps(enclose(hitting_time_bounds(3, "1/10", 1, "1/2")[0]))
    assert leakage(3, "alpha", "z", "zeta", "kappa").free_symbols >= {alpha, z}
    assert l1_gap_bound(4, "alpha", ["a", "b"]) == alpha**2 * (
        sp.sqrt(sp.Symbol("a", positive=True)) + sp.sqrt(sp.Symbol("b", positive=True))
    )


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: hitting_time_bounds(3, "1/10", 1, 1), "kappa: must be below 1, 1, got 1"),
        (lambda: hitting_time_bounds(3, "1/10", -1, "1/2"), "target: must be positive"),
        (lambda: window(3, "1/10", 1, 2, "1/2", "1/10"), "zeta: must be below the target, 1, got 2"),
        (lambda: window(3, "1/10", 1, "1/2", "1/2", "2/3"), "eps: must be below zeta, 1/2, got 2/3"),
        (lambda: window_ratio(3, "1/2", 1, "1/10"), "start: must be below eps, 1/10, got 1/8"),
        (lambda: leakage(3, "1/10", 1, 1, "1/2"), "zeta: must be below the target"),
        (lambda: enclosed_leakage(3, "9/10", 1, "9/10", "1/1000"), "dual: must be between"),
        (lambda: largest_scale(3, 1, "1/2", "1/2", "2/3"), "leak: must be below zeta"),
        (lambda: l1_gap_bound(3, "1/10", "ab"), "coordinates: must be a sequence of numbers"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(refused, message):
    with pytest.raises(InvalidArgument, match="^" + message):
        refused()


def test_enclosures_leave_the_precision_as_it_was():
    before = flint.ctx.dps
    enclosed_leakage(3, "1/10", 1, "2/5", "1/100")
    assert flint.ctx.dps == before
