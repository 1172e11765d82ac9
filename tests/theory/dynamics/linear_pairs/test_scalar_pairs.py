"""The solved flow of one output on data of rank one: against mpmath's quadrature and SciPy's integrator."""

from typing import Any

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.dynamics.linear_pairs.pair_oracle import flown
from tests.theory.small_networks import refused
from theory.balls import enclose
from theory.dynamics.linear_pairs.scalar_pairs import scalar_distance_square, scalar_growth, scalar_product, scalar_time

lengths = st.fractions("1/10", 6, max_denominator=10)
rates = st.fractions("1/5", 2, max_denominator=5)
targets = st.fractions(-3, 3, max_denominator=10)


def number(expression: Any) -> float:
    return float(enclose(sp.sympify(expression, strict=True), 40))


@pytest.mark.parametrize(
    ("p0", "p", "c", "lam", "theta"),
    [("0", "1/2", "2", "1", "3/4"), ("-1", "9/10", "1/3", "2", "1"), ("2", "1/10", "5", "1/7", "0")],
)
def test_the_time_is_the_integral_of_the_inverse_speed_to_40_digits(
    p0: str, p: str, c: str, lam: str, theta: str
) -> None:
    found = enclose(scalar_time(p0, p, c, lam, theta), 50)
    with mp.workdps(50):
        a, b, level, rate, end = (mp.mpf(int(x.p)) / int(x.q) for x in map(sp.Rational, (p0, p, c, lam, theta)))
        truth = mp.quad(lambda x: 1 / (rate * (end - x) * mp.sqrt(level**2 + 4 * x**2)), mp.linspace(a, b, 9))
        assert abs(mp.mpf(found.str(45, radius=False)) - truth) < mp.mpf(10) ** -38


@settings(max_examples=40)
@given(
    lengths, lengths, st.fractions("1/5", 2, max_denominator=5), targets, st.fractions("1/20", 2, max_denominator=20)
)
def test_time_and_solution_are_each_others_inverse(plus: Any, minus: Any, lam: Any, theta: Any, time: Any) -> None:
    p0 = (plus - minus) / 4
    if p0 == theta:
        return
    p = scalar_product(time, plus, minus, lam, theta)
    square = sp.Rational(plus.numerator, plus.denominator) * sp.Rational(minus.numerator, minus.denominator)
    shown = sp.Rational(str(enclose(p, 60).mid().str(50, radius=False)))
    assert number(scalar_time(p0, shown, sp.sqrt(square), lam, theta)) == pytest.approx(float(time), rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_solution_is_the_one_that_scipy_integrates(seed: int) -> None:
    rng = np.random.default_rng(seed)
    U, V = np.round(rng.standard_normal((3, 4)), 2), np.round(rng.standard_normal((1, 4)), 2)
    lam, theta, time = 0.75, float(np.round(rng.standard_normal() * 2, 2)), 1.5
    u, v = flown(U, V, [lam], [[theta]], time)
    case = [sp.Rational(str(round(float(x), 4))) for x in (((U[0] + V[0]) ** 2).sum(), ((U[0] - V[0]) ** 2).sum())]
    case += [sp.Rational(3, 4), sp.Rational(str(theta))]
    assert number(scalar_product("3/2", *case)) == pytest.approx((u[0] @ v[0]), abs=1e-10)
    grown = ((u[0] + v[0]) ** 2).sum() / ((U[0] + V[0]) ** 2).sum()
    assert number(scalar_growth("3/2", *case)) == pytest.approx(grown, rel=1e-10)
    q, k = U[1:] @ V[0], U[1:] @ U[0]
    off = [sp.Rational(str(round(float(x), 10))) for x in (q @ q, q @ k, k @ k)]
    truth = ((u[1:] @ v[0]) ** 2).sum() + (u[0] @ v[0] - theta) ** 2
    assert number(scalar_distance_square("3/2", *case, tuple(off))) == pytest.approx(truth, rel=1e-9)


@settings(max_examples=30)
@given(lengths, lengths, rates, targets)
def test_the_flow_begins_where_it_should_and_ends_at_the_target(plus: Any, minus: Any, lam: Any, theta: Any) -> None:
    assert number(scalar_growth(0, plus, minus, lam, theta)) == pytest.approx(1, rel=1e-12)
    assert number(scalar_product(sp.oo, plus, minus, lam, theta)) == pytest.approx(float(theta), abs=1e-12)
    z = number(scalar_growth(sp.oo, plus, minus, lam, theta))
    assert number(scalar_growth(200, plus, minus, lam, theta)) == pytest.approx(z, rel=1e-9)


def test_starts_with_one_product_of_0() -> None:
    """A distance of sinh(asinh(1)/2) from a start with q = 0, and of cosh(asinh(1)/2) from one with k = 0."""
    for off, size in (((0, 0, 1), 0.45509), ((1, 0, 0), 1.09868)):
        assert number(scalar_distance_square(sp.oo, 2, 2, 1, 1, off)) ** 0.5 == pytest.approx(size, abs=1e-5)
    assert number(scalar_growth(sp.oo, 2, 2, 1, "3/5")) ** 0.5 == pytest.approx(1.3290, abs=1e-4)


def test_balanced_layers_grow_logistically() -> None:
    """With u = v, p' = 2 lambda (theta - p) p."""
    t = sp.Rational(4, 5)
    expected = 2 / (1 + (2 / sp.Rational(1, 4) - 1) * sp.exp(-4 * t))
    assert number(scalar_product(t, 1, 0, 1, 2)) == pytest.approx(float(expected), rel=1e-14)
    assert number(scalar_time("1/4", expected, 0, 1, 2)) == pytest.approx(0.8, rel=1e-12)


def test_with_names_the_formulas_are_those_of_their_values() -> None:
    names = sp.symbols("c lam theta p q", positive=True)
    values = dict(zip(names, (2, 1, 3, sp.Rational(1, 2), 2), strict=True))
    assert number(scalar_time("p", "q", "c", "lam", "theta").subs(values)) == pytest.approx(
        number(scalar_time("1/2", 2, 2, 1, 3)), rel=1e-14
    )


def test_bad_numbers_are_refused() -> None:
    with refused("end", "must lie from the start 0 to before the target 1, got 2"):
        scalar_time(0, 2, 1, 1, 1)
    with refused("end", "got 1"):
        scalar_time(0, 1, 1, 1, 1)
    with refused("end", "got -1"):
        scalar_time(0, -1, 1, 1, 1)
    with refused("start", "stay on their side of the saddle"):
        scalar_time(-1, "-1/2", 0, 1, 1)
    with refused("start", "stay on their side"):
        scalar_time(0, "1/2", 0, 1, 1)
    with refused("plus", "positive"):
        scalar_growth(1, 0, 1, 1, 1)
    with refused("rate", "positive"):
        scalar_growth(1, 1, 1, 0, 1)
    with refused("time", "at least 0"):
        scalar_growth(-1, 1, 1, 1, 1)
    with refused("minus", "balanced layers"):
        scalar_growth(sp.oo, 1, 0, 1, -1)
    with refused("off", "at least 0"):
        scalar_distance_square(1, 1, 1, 1, 1, (-1, 0, 0))
