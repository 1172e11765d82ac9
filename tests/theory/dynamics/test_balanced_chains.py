"""The balanced chain: its flow against quadrature, its Hessian against SymPy's, its steps counted in balls."""

from fractions import Fraction
from typing import Any

import flint
import mpmath
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import exact, refused
from theory.balls import enclose
from theory.dynamics.balanced_chains import BalancedChain

signs = st.sampled_from([1, -1])
sizes = st.fractions(min_value="1/4", max_value=3, max_denominator=6)


@st.composite
def escapes(draw: Any, deepest: int = 7) -> tuple[BalancedChain, Fraction]:
    """A chain of any signs on its plateau, and an end with f_1/y at most (L-1)/(2L-1)."""
    L, x, y = draw(st.integers(2, deepest)), draw(sizes), draw(sizes)
    share = draw(st.fractions(min_value="1/20", max_value=1, max_denominator=20)) * Fraction(L - 1, 2 * L - 1)
    w1 = Fraction(int(float(share * y / x) ** (1 / L) * 1000), 1000)
    w0 = w1 * draw(st.fractions(min_value="1/10", max_value="9/10", max_denominator=10))
    turn_x, turn_w = draw(signs), draw(signs)
    turn_y = turn_x * turn_w**L
    return BalancedChain(L, turn_x * x, turn_y * y, turn_w * w0), turn_w * w1


@given(escapes())
@settings(max_examples=25, deadline=None)
def test_the_time_is_the_integral_of_dw_over_the_speed(case: tuple[BalancedChain, Fraction]) -> None:
    chain, end = case
    x, y = float(abs(chain.x)), float(abs(chain.y))
    L = int(chain.depth)
    area = mpmath.quad(lambda w: 1 / (x * w ** (L - 1) * (y - x * w**L)), [float(abs(chain.start)), abs(float(end))])
    assert float(enclose(chain.time(end))) == pytest.approx(float(area), rel=1e-9)


@given(escapes())
@settings(max_examples=40, deadline=None)
def test_the_bounds_hold_and_are_sharper_than_the_factor(case: tuple[BalancedChain, Fraction]) -> None:
    chain, end = case
    time, (low, high) = enclose(chain.time(end)), map(enclose, chain.time_bounds(end))
    first, share = enclose(chain.leading_time(end)), enclose(chain.output(end) / chain.y)
    assert first < low < time < high < first / (1 - share)


def test_for_a_flatter_start_the_bounds_meet() -> None:
    gaps = []
    for w0 in ("1/10", "1/100", "1/1000"):
        low, high = BalancedChain(5, 1, 1, w0).time_bounds("1/2")
        gaps.append(float(enclose(high / low - 1)))
    assert gaps[0] < 1e-4
    assert gaps[2] < gaps[1] / 500 < gaps[0] / 250_000


def test_with_names_the_time_is_that_of_their_values() -> None:
    values = dict(zip(sp.symbols("L x y w0 w1", positive=True), (4, 2, 3, sp.S(1) / 5, sp.S(1) / 2), strict=True))
    values[sp.Symbol("L", integer=True, positive=True)] = sp.Integer(4)
    named, numbers = BalancedChain("L", "x", "y", "w0"), BalancedChain(4, 2, 3, "1/5")
    for method in (BalancedChain.time, BalancedChain.leading_time, lambda c, e: c.time_bounds(e)[1]):
        assert abs(enclose(method(named, "w1").subs(values) - method(numbers, "1/2"))) < 1e-25
    assert named.least_eigenvalue().subs(values) == numbers.least_eigenvalue()


@given(escapes(deepest=5), sizes, signs)
@settings(max_examples=25, deadline=None)
def test_the_eigenvalues_are_those_of_the_differentiated_loss(
    case: tuple[BalancedChain, Fraction], size: Fraction, sign: int
) -> None:
    """At any weight, on the plateau or not."""
    chain, w = case[0], exact(sign * size)
    names, t = sp.symbols(f"w1:{chain.depth + 1}"), sp.Symbol("t")
    H = sp.hessian((chain.x * sp.Mul(*names) - chain.y) ** 2 / 2, names).subs(dict.fromkeys(names, w))
    (along, one), (across, others) = chain.eigenvalues(w)
    assert sp.Poly((t - along) ** one * (t - across) ** others, t) == H.charpoly(t).as_poly(t)


@given(escapes())
@settings(max_examples=30, deadline=None)
def test_the_plateau_is_a_strict_saddle_of_one_negative_eigenvalue(case: tuple[BalancedChain, Fraction]) -> None:
    chain, _ = case
    (along, _), (across, _) = chain.eigenvalues()
    assert along == chain.least_eigenvalue() < 0 < across
    w = sp.Symbol("w", positive=True)
    plain = BalancedChain(chain.depth, abs(chain.x), abs(chain.y), abs(chain.start))
    slope = plain.speed(w).diff(w).subs(w, abs(chain.start))
    assert sp.simplify(slope + along) == 0


def test_where_the_saddle_ends() -> None:
    turn = sp.Rational(2, 5)  # (L-1)/(2L-1) at L = 3
    (along, _), _ = BalancedChain(3, 1, 1, turn ** sp.Rational(1, 3)).eigenvalues()
    assert sp.simplify(along) == 0
    with refused("start", "no strict saddle"):
        BalancedChain(3, 1, 1, "3/4").least_eigenvalue()


@pytest.mark.parametrize("L", [3, 4, 9])
def test_time_times_curvature_tends_to_its_limit(L: int) -> None:
    chain = BalancedChain(L, 2, "1/3", "1/100000")
    product = enclose(chain.time("1/2") * -chain.least_eigenvalue())
    assert abs(product - enclose(chain.time_times_curvature())) < 1e-3
    assert chain.time_times_curvature() == sp.Rational(L - 1, L - 2)


def counted(chain: BalancedChain, end: Fraction, rate: Fraction) -> int:
    """Steps of gradient descent on all weights, with a bound on every rounding error."""
    L, steps = int(chain.depth), 0
    x, y, eta, w, last = (enclose(sp.sympify(v), 60) for v in (chain.x, chain.y, exact(rate), chain.start, exact(end)))
    before, flint.ctx.dps = flint.ctx.dps, 60
    try:
        while not abs(w) >= abs(last):
            assert abs(w) < abs(last)
            w, steps = w - eta * (x * w**L - y) * x * w ** (L - 1), steps + 1
    finally:
        flint.ctx.dps = before
    return steps


@given(escapes(deepest=5), st.fractions(min_value="1/50", max_value=2, max_denominator=50))
@settings(max_examples=40, deadline=None)
def test_gradient_descents_steps_lie_within_the_bounds(case: tuple[BalancedChain, Fraction], unit: Fraction) -> None:
    chain, end = case
    curvature = -chain.least_eigenvalue()
    rate = Fraction(int(float(unit / curvature) * 1000) + 1, 1000)  # eta gamma from 1/50 to 2
    low, high = map(enclose, chain.descent_steps(end, rate))
    assert low <= counted(chain, end, rate) <= high


def test_the_bounds_on_steps_are_near() -> None:
    chain = BalancedChain(6, 1, 1, "1/4")
    low, high = map(enclose, chain.descent_steps("3/4", 1))
    assert high - low < 8
    assert low > 60


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: BalancedChain(1, 1, 1, "1/2"), ("depth", "no plateau")),
        (lambda: BalancedChain(0, 1, 1, "1/2"), ("depth", "positive")),
        (lambda: BalancedChain(3, 0, 1, "1/2"), ("x", "is 0")),
        (lambda: BalancedChain(3, 1, 0, "1/2"), ("y", "no plateau to leave")),
        (lambda: BalancedChain(3, 1, 1, 0), ("start", "never leaves")),
        (lambda: BalancedChain(3, 1, 1, "-1/2"), ("start", "towards the saddle")),
        (lambda: BalancedChain(4, 1, -1, "1/2"), ("start", "towards the saddle")),
        (lambda: BalancedChain(3, 1, 1, 2), ("start", "not short of y")),
        (lambda: BalancedChain(3, 1, "nan", 2), ("y", "finite")),
        (lambda: BalancedChain(3, 1, 1, "1/2").time("1/3"), ("end", "not beyond")),
        (lambda: BalancedChain(3, 1, 1, "1/2").time("-3/4"), ("end", "not beyond")),
        (lambda: BalancedChain(3, 1, 1, "1/2").time(1), ("end", "not short of y")),
        (lambda: BalancedChain(3, 1, 1, "1/2").descent_steps("9/10", 1), ("end", "no longer grows")),
        (lambda: BalancedChain(3, 1, 1, "1/2").descent_steps("2/3", 0), ("learning_rate", "positive")),
        (lambda: BalancedChain(2, 1, 1, "1/2").time_times_curvature(), ("depth", "log")),
        (lambda: BalancedChain(10**6, 1, 1, "999999/1000000"), ("depth", "1000 weights", "got 1000000")),
        (lambda: BalancedChain(1001, "x", "y", "w"), ("depth", "1000 weights")),
        (lambda: BalancedChain(10**400, 1, 1, "1/2"), ("depth", "1000 weights", "1329 bits")),
        (lambda: BalancedChain(900, 1, 1, "1000001/1000000"), ("start", "f is 1.00090, not short")),
        (lambda: BalancedChain("L", "L", 1, "1/10"), ("x", "L already names")),
        (lambda: BalancedChain("L", "x", "y", "x"), ("start", "x already names")),
        (lambda: BalancedChain("x", "x", "y", "w0"), ("x", "x already names")),
        (lambda: BalancedChain("L", "x", 1 / sp.Symbol("L"), "w0"), ("y", "1/L already names")),
        (lambda: BalancedChain("L", "x", "y", "w0").time("L"), ("end", "L already names")),
        (lambda: BalancedChain("L", "x", "y", "w0").speed("y"), ("at", "y already names")),
        (lambda: BalancedChain(3, 1, sp.oo, "1/10"), ("y", "real and finite", "oo")),
        (lambda: BalancedChain(3, 1, sp.zoo, "1/10"), ("y", "real and finite", "zoo")),
        (lambda: BalancedChain(3, sp.I, 1, "1/10"), ("x", "real and finite", "I")),
        (lambda: BalancedChain(3, 1, 1, sp.nan), ("start", "real and finite", "nan")),
        (lambda: BalancedChain(3, 1, 1, "1/2").output(sp.I), ("at", "real and finite")),
        (lambda: BalancedChain(3, 1, 1, "1/2").eigenvalues(sp.nan), ("at", "real and finite")),
        (lambda: BalancedChain(3, 1, 1, "1/2").speed(sp.I), ("at", "real and finite")),
        (lambda: BalancedChain(3, 1, 1, "1/2").time(sp.I), ("end", "real and finite")),
        (lambda: BalancedChain(3, 1, 1, "1/2").descent_steps(sp.zoo, 1), ("end", "real and finite")),
    ],
)
def test_bad_input_is_named(call: Any, words: tuple[str, ...]) -> None:
    with refused(*words):
        call()


def test_the_depth_may_have_any_name() -> None:
    limit = BalancedChain("w0", "a", "b", "c").time_times_curvature()
    assert limit.subs(sp.Symbol("w0", integer=True, positive=True), 5) == sp.Rational(4, 3)


def test_negative_weights_are_the_mirror_image() -> None:
    mirrored, plain = BalancedChain(3, -2, 3, "-1/3"), BalancedChain(3, 2, 3, "1/3")
    assert mirrored.time("-2/3") == plain.time("2/3")
    assert mirrored.least_eigenvalue() == plain.least_eigenvalue()
    assert mirrored.descent_steps("-2/3", 1) == plain.descent_steps("2/3", 1)
