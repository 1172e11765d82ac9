"""Rates and bounds of two linear layers: formulas against exact networks, and against flows that SciPy integrates."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.dynamics.linear_pairs.pair_oracle import flown
from tests.theory.small_networks import refused
from theory.balls import enclose, precision
from theory.dynamics.linear_pairs.exact_pairs import LinearPair, eigenvalues
from theory.dynamics.linear_pairs.rates import Imbalance, distance_bound, loss_rate, margin_rate

entries = st.integers(-12, 12).map(lambda n: Fraction(n, 6))


def matrices(rows: int, columns: int) -> Any:
    return st.lists(st.lists(entries, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


@st.composite
def pairs(draw: Any, off: int = 0) -> LinearPair:
    r, m, h = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 6))
    spectrum = draw(st.lists(st.fractions("1/5", 2, max_denominator=5), min_size=r, max_size=r))
    parts = matrices(r, m), matrices(r, h), matrices(m, h), matrices(off, h)
    return LinearPair(spectrum, *map(draw, parts))


def floats(rows: Any) -> Any:
    return np.array([[float(x) for x in row] for row in rows])


# --- exact networks ---------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(pairs())
def test_imbalance_is_that_of_the_large_matrix(pair: LinearPair) -> None:
    u, v = floats(pair.u1), floats(pair.v)
    roots = np.linalg.eigvalsh(u.T @ u - v.T @ v)[::-1]
    r, m, h = len(u), len(v), len(roots)
    expected = (
        max(roots[r - 1], 0) if r <= h else 0,
        max(-roots[h - m], 0) if m <= h else 0,
        max(-roots[-1], 0),
        max(roots[0], 0),
    )
    assert [float(x) for x in pair.imbalance()] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40)
@given(pairs())
def test_singular_values_and_energies_are_numpys(pair: LinearPair) -> None:
    u, v, lam, theta = (floats(x) for x in (pair.u1, pair.v, [pair.spectrum], pair.target))
    gap = lam.T * (theta - u @ v.T)
    assert float(pair.excess()) == pytest.approx((lam.T * (theta - u @ v.T) ** 2).sum() / 2, abs=1e-12)
    assert float(pair.dissipation()) == pytest.approx(((gap @ v) ** 2).sum() + ((u.T @ gap) ** 2).sum(), abs=1e-12)
    assert float(pair.slope_square()) == pytest.approx(np.linalg.norm(gap, 2) ** 2, abs=1e-12)
    least = [np.linalg.eigvalsh(x @ x.T)[0] for x in (u, v)]
    assert [float(x) for x in pair.least_squares()] == pytest.approx(least, abs=1e-12)
    product = u @ v.T
    squares = [np.linalg.eigvalsh(x)[0] for x in (product @ product.T, product.T @ product)]
    assert [float(x) for x in pair.product_singular_values()] == pytest.approx(squares, abs=1e-12)


@settings(max_examples=80)
@given(pairs())
def test_margins_inequalities_hold_and_rates_are_never_faster_than_the_loss(pair: LinearPair) -> None:
    """In balls, where the loss falls at the start: what holds at each start holds along each flow."""
    plus, minus, low, high = pair.imbalance(30)
    (lam, nu), (first, second) = pair.least_squares(30), pair.product_singular_values(30)
    tiny = enclose(sp.Rational(1, 10**20))
    excess, falls = (enclose(sp.Rational(x.numerator, x.denominator)) for x in (pair.excess(), pair.dissipation()))
    with precision(30):
        assert (lam - plus) * (lam + low) + tiny > first
        assert (nu - minus) * (nu + high) + tiny > second
        for rate in (pair.rate(30), pair.margin_rate(30)):
            assert rate * excess < falls + tiny
        assert pair.margin_rate(30) + tiny > pair.rate(30)


def test_the_margin_is_positive_near_the_target_and_bounds_the_product() -> None:
    pair = LinearPair([2, "1/2"], [["3/2", 0], [0, 1]], [[1, 0, 1], [0, 1, 0]], [[1, 0, "1/4"], [0, "9/10", 0]])
    product = floats(pair.u1) @ floats(pair.v).T
    root = np.diag([2**0.5, 0.5**0.5])
    size = np.linalg.svd(root @ floats(pair.target), compute_uv=False)[-1]
    error = np.linalg.norm(root @ (floats(pair.target) - product))
    assert float(pair.margin()) == pytest.approx((size - error) / 2**0.5, rel=1e-12)
    assert 0 < float(pair.margin()) < np.linalg.svd(product, compute_uv=False)[-1]
    wide = LinearPair([1, 1], [["3/2"], [0]], [[1], [0]], [[1]])  # more rows than outputs
    assert float(wide.margin()) == pytest.approx(1)


def test_eigenvalues_tell_zeros_and_multiples_exactly() -> None:
    u = [[1, 0, 0], [0, 1, 0]]
    pair = LinearPair([1, 1], [[0], [0]], u, [[0, 0, 1]])
    assert pair.imbalance() == (1, 1, 1, 1)
    assert LinearPair([1], [[0]], [[0, 0]], [[0, 0]]).imbalance() == (0, 0, 0, 0)


def test_eigenvalues_that_are_not_real_are_refused() -> None:
    import flint

    with refused("matrix", "not real"):
        eigenvalues(flint.fmpq_mat([[0, 1], [-1, 0]]))


# --- flows ------------------------------------------------------------------------------------------------------------

STARTS = [(2, 2, 4, 5, 1), (3, 2, 5, 6, 2), (1, 3, 3, 4, 3), (2, 1, 3, 3, 4), (1, 1, 3, 2, 5)]


@pytest.mark.parametrize(("r", "m", "d", "h", "seed"), STARTS)
def test_flows_keep_the_imbalance_and_obey_every_bound(r: int, m: int, d: int, h: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    U, V, theta = (np.round(rng.standard_normal(size), 2) for size in ((d, h), (m, h), (r, m)))
    lam = np.round(rng.uniform(0.2, 1.5, r), 2)
    start = LinearPair(lam.tolist(), theta.tolist(), U[:r].tolist(), V.tolist(), U[r:].tolist())
    rates = float(start.rate()), float(start.margin_rate())
    minimum_norm = np.vstack([theta, np.zeros((d - r, m))])
    for time in (0.3, 2.0):
        u, v = flown(U, V, lam, theta, time)
        assert u[r:] == pytest.approx(U[r:], abs=1e-12)
        assert u[:r].T @ u[:r] - v.T @ v == pytest.approx(U[:r].T @ U[:r] - V.T @ V, abs=1e-9)
        end = (lam[:, None] * (theta - u[:r] @ v.T) ** 2).sum() / 2
        assert end <= min(np.exp(-rate * time) for rate in rates) * float(start.excess()) + 1e-12
        distance = np.linalg.norm(u @ v.T - minimum_norm, 2)
        assert distance <= float(start.distance_bound(Fraction(time))) + 1e-12


# --- formulas ---------------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(pairs(off=2), st.fractions(0, 3, max_denominator=4))
def test_formulas_agree_with_exact_networks(pair: LinearPair, time: Fraction) -> None:
    c = pair.imbalance(30)
    plus, minus, low, high = (sp.Rational(str(Fraction(float(x)))) for x in c)
    least, greatest = (sp.Rational(str(end(pair.spectrum))) for end in (min, max))
    assert float(loss_rate(least, plus + minus)) == pytest.approx(float(pair.rate()), rel=1e-12)
    margin = sp.Rational(str(Fraction(float(pair.margin(30)))))
    r, m = len(pair.target), len(pair.target[0])
    ends = margin if r <= m else 0, margin if m <= r else 0
    assert float(margin_rate(least, plus, minus, low, high, *ends)) == pytest.approx(
        float(pair.margin_rate()), rel=1e-10, abs=1e-10
    )
    error, off = sp.sqrt(2 * sp.Rational(str(pair.excess()))), sp.Rational(str(Fraction(float(pair.pair_norm(30)))))
    bound = distance_bound(time, least, greatest, plus + minus, error, off)
    assert float(sp.N(bound, 20)) == pytest.approx(float(pair.distance_bound(time)), rel=1e-9)


def test_the_pair_norm_is_numpys_and_0_without_other_inputs() -> None:
    rng = np.random.default_rng(8)
    u, v, w = (np.round(rng.standard_normal(size), 2) for size in ((2, 4), (1, 4), (3, 4)))
    pair = LinearPair([1, 1], [[0], [0]], u.tolist(), v.tolist(), w.tolist())
    assert float(pair.pair_norm()) == pytest.approx(np.linalg.norm(np.vstack([v, u]) @ w.T, 2), rel=1e-12)
    assert LinearPair([1, 1], [[0], [0]], u.tolist(), v.tolist()).pair_norm() == 0


def test_with_names_the_formulas_are_those_of_their_values() -> None:
    s = sp.Symbol("s", positive=True)
    assert margin_rate("lambda_r", 0, 0, 0, 0, "s", 0) == 2 * sp.Symbol("lambda_r", positive=True) * s
    assert distance_bound("T", 1, 1, 0, 0, "N") == sp.Symbol("N", positive=True)
    assert Imbalance(1, 2, 3, 4).c == 3


def test_numpys_numbers_are_read_exactly() -> None:
    array = np.array([[0.1, 0.2]])
    assert LinearPair([1], [[0]], array, array).u1 == ((Fraction(0.1), Fraction(0.2)),)


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "words", "case"),
    [
        ("spectrum", "must be positive, got 0", ([0], [[1]], [[1]], [[1]])),
        ("spectrum", "must be rows", ("1", [[1]], [[1]], [[1]])),
        ("target", "is 1 x 2, where r = 1, m = 2, h = 1", ([1], [[1, 2], [3, 4]], [[1]], [[1]])),
        ("v", "is 1 x 2, where", ([1], [[1]], [[1]], [[1, 2]])),
        ("u2", "is 1 x 2, where", ([1], [[1]], [[1]], [[1]], [[1, 2]])),
        ("u1", "has no rows", ([1], [[1]], [], [[1]])),
        ("u1", "empty row", ([1], [[1]], [[]], [[1]])),
        ("v", "must be rows", ([1], [[1]], [[1]], 3)),
        ("v", "finite", ([1], [[1]], [[1]], [[float("nan")]])),
    ],
)
def test_bad_networks_are_refused(argument: str, words: str, case: Any) -> None:
    if argument == "target":
        words = "is 2 x 2, where"
    with refused(argument, words):
        LinearPair(*case)


def test_bad_numbers_are_refused() -> None:
    with refused("least", "positive"):
        loss_rate(0, 1)
    with refused("imbalance", "at least 0"):
        loss_rate(1, -1)
    with refused("sigma_r", "at least 0"):
        margin_rate(1, 0, 0, 0, 0, -1, 0)
    with refused("time", "at least 0"):
        distance_bound(-1, 1, 1, 1, 1, 1)
    with refused("time", "at least 0"):
        LinearPair([1], [[1]], [[1]], [[1]]).distance_bound(-1)
    with refused("digits", "between 1 and"):
        LinearPair([1], [[1]], [[1]], [[1]]).imbalance(0)
