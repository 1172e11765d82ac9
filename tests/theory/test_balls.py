"""Ball arithmetic: the ball holds the number, comparisons have three values, and what is undefined is an error."""

from typing import Any

import flint
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import refused
from theory.balls import decimal_bound, enclose, less
from theory.ensembles import InvalidArgument

ATOMS = st.sampled_from([sp.pi, sp.E, sp.EulerGamma]) | st.fractions(
    min_value="1/9", max_value=9, max_denominator=9
).map(lambda q: sp.Rational(q.numerator, q.denominator))
HALVES = st.sampled_from([sp.S(1) / 2, sp.S(-1) / 2, sp.S(-2), sp.S(3), sp.S(7) / 3])


def grown(inner: st.SearchStrategy[sp.Expr]) -> st.SearchStrategy[sp.Expr]:
    """Expressions one step larger; all functions are taken at positive, moderate arguments."""
    positive = inner.map(lambda x: sp.S(1) / 3 + x**2 / (1 + x**2))
    return st.one_of(
        st.builds(sp.Add, inner, inner),
        st.builds(sp.Mul, inner, inner),
        st.builds(lambda x, y: x - y, inner, inner),
        st.builds(lambda x, p: x**p, positive, HALVES),
        st.builds(lambda f, x: f(x), st.sampled_from([sp.log, sp.exp, sp.gamma, sp.erf]), positive),
        st.builds(sp.polygamma, st.integers(0, 3), positive),
        st.builds(lambda f, s, x: f(s, x), st.sampled_from([sp.uppergamma, sp.lowergamma]), positive, positive),
    )


expressions = st.recursive(ATOMS, grown, max_leaves=4)


def reference(expression: sp.Expr) -> flint.arb:
    """The number by mpmath at 70 digits, with 50 of them trusted."""
    number = expression.evalf(70)
    assert number.is_Float or number.is_Rational
    return flint.arb(str(number), str(abs(number) * sp.Float("1e-50", 5) + sp.Float("1e-60", 5)))


@given(expressions)
@settings(max_examples=80)
def test_the_ball_is_small_and_holds_the_number(expression: sp.Expr) -> None:
    before, flint.ctx.dps = flint.ctx.dps, 80
    try:
        ball, number = enclose(expression, digits=40), reference(expression)
        assert ball.overlaps(number)
        assert ball.rad() < flint.arb("1e-30") * (1 + abs(number))
    finally:
        flint.ctx.dps = before


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (sp.polygamma(1, sp.Integer(1)), sp.pi**2 / 6),
        (sp.polygamma(3, sp.Integer(1), evaluate=False), sp.pi**4 / 15),
        (sp.polygamma(0, sp.Rational(1, 2), evaluate=False), -sp.EulerGamma - 2 * sp.log(2)),
        (sp.gamma(sp.S.Half, evaluate=False), sp.sqrt(sp.pi)),
        (sp.uppergamma(1, 2, evaluate=False), sp.exp(-2)),
        (sp.lowergamma(1, 2, evaluate=False), 1 - sp.exp(-2)),
        (sp.Sum(1 / sp.Symbol("b") ** 2, (sp.Symbol("b"), 1, 4)), sp.Rational(205, 144)),
        (sp.exp(sp.log(2) * sp.Rational(1, 2), evaluate=False), sp.sqrt(2)),
        (sp.sinh(sp.log(2), evaluate=False), sp.Rational(3, 4)),
        (sp.cosh(sp.log(2), evaluate=False), sp.Rational(5, 4)),
        (sp.tanh(sp.log(2), evaluate=False), sp.Rational(3, 5)),
        (sp.asinh(sp.Rational(3, 4)), sp.log(2)),
        (sp.atan(2), sp.pi - sp.atan(1, evaluate=False) - sp.atan(3)),
        (sp.tan(sp.atan(sp.Rational(1, 3)) + sp.Rational(1, 7) - sp.Rational(1, 7)), sp.Rational(1, 3)),
        (sp.Ei(1), sp.EulerGamma + sp.hyper([1, 1], [2, 2], 1)),
        (sp.atanh(sp.Rational(1, 3)), sp.log(2) / 2),
        (sp.hyper([1, 1], [2], sp.Rational(9, 10)), sp.log(10) * sp.Rational(10, 9)),
        (sp.hyper([sp.Rational(-1, 3), 1], [sp.Rational(2, 3)], sp.S.Zero), sp.S.One),
        (sp.hyper([1], [1], sp.Integer(-400)), sp.exp(-400)),
        (sp.hyper([sp.S.Half], [sp.Rational(3, 2)], sp.Integer(4)), sp.sqrt(sp.pi) / 4 * sp.erfi(2)),
    ],
    ids=str,
)
def test_functions_at_values_known_in_closed_form(expression: sp.Expr, value: sp.Expr) -> None:
    difference = enclose(expression - value)
    assert difference.contains(0)
    assert difference.rad() < flint.arb("1e-28")


def test_odd_polygamma_keeps_its_sign() -> None:
    minus_two_zeta_3 = flint.arb("-2.40411380631918857", "1e-17")
    assert enclose(sp.polygamma(2, sp.Integer(1), evaluate=False)).overlaps(minus_two_zeta_3)


def test_more_digits_give_smaller_balls_and_leave_the_global_precision_alone() -> None:
    before = flint.ctx.dps
    radii = [float(enclose(sp.log(2) * sp.pi, digits).rad()) for digits in (10, 30, 100)]
    assert [radius < 10.0**-digits for radius, digits in zip(radii, (10, 30, 100), strict=True)] == [True] * 3
    assert radii[0] > 1e-25
    with refused("expression", "ComplexInfinity"):
        enclose(sp.zoo, digits=60)
    assert flint.ctx.dps == before


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        ("1", "2", True),
        ("2", "1", False),
        ("1", "1", False),  # two exact numbers: equal is not less
        ("1 +/- 0.1", "1", None),
        ("1", "1 +/- 0.1", None),
        ("1 +/- 0.1", "1.15 +/- 0.1", None),
        ("1 +/- 0.1", "1.3 +/- 0.1", True),
        ("1.3 +/- 0.1", "1 +/- 0.1", False),
        ("-1 +/- 0.5", "1 +/- 0.5", True),
    ],
)
def test_less_has_three_values(left: str, right: str, verdict: bool | None) -> None:
    assert less(flint.arb(left), flint.arb(right)) is verdict


def test_equal_irrational_numbers_are_undecided_at_every_precision() -> None:
    for digits in (10, 50):
        assert less(enclose(sp.log(6), digits), enclose(sp.log(2) + sp.log(3), digits)) is None
    assert less(enclose(sp.Rational(22, 7)), enclose(sp.pi)) is False


@pytest.mark.parametrize(
    "undefined",
    [
        sp.log(sp.S.Half - 1, evaluate=False),
        sp.log(sp.Add(sp.log(2), -1)),
        sp.log(sp.Integer(0), evaluate=False),
        sp.Pow(sp.Integer(-2), sp.Rational(1, 3), evaluate=False),
        sp.Pow(sp.log(2) - 1, sp.Rational(1, 2), evaluate=False),
        sp.Pow(sp.Integer(0), -1, evaluate=False),
        sp.gamma(sp.Integer(-1), evaluate=False),
        sp.polygamma(0, sp.Integer(-2), evaluate=False),
        sp.nan,
        sp.oo,
        sp.zoo,
    ],
    ids=str,
)
def test_what_has_no_finite_real_value_is_refused(undefined: sp.Expr) -> None:
    with refused("expression"):
        enclose(undefined)


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        (sp.sin(1), "sin"),
        (sp.bessely(0, 1), "bessely"),
        (1 + sp.Float("0.1"), "float"),
        (sp.I, "ImaginaryUnit"),
        (sp.Symbol("n") + sp.Symbol("L"), "symbols L, n"),
    ],
    ids=str,
)
def test_unknown_functions_floats_and_symbols_are_refused_by_name(expression: Any, word: str) -> None:
    with refused("expression", word):
        enclose(expression)


def test_bessel_functions_keep_their_digits_where_whole_orders_cancel() -> None:
    x = sp.Integer(40)
    half = sp.sqrt(sp.pi / 80) * sp.exp(-40)  # K_(1/2) in closed form
    assert enclose(sp.besselk(sp.Rational(1, 2), x)).overlaps(enclose(half))
    zero = enclose(sp.besselk(0, x))
    assert zero.rel_accuracy_bits() > 40
    assert float(zero) == pytest.approx(float(sp.N(sp.besselk(0, x), 20)), rel=1e-14)


def test_decimal_bounds_lie_outside_of_the_ball() -> None:
    for value in (sp.Rational(1, 3), -sp.pi, sp.Rational(10) ** 400 / 7, sp.Rational(1, 7) / sp.Integer(10) ** 400):
        ball = enclose(value, 30)
        low, high = (sp.Rational(decimal_bound(ball, 6, upper=upper)) for upper in (False, True))
        assert low < value < high
        assert abs(high - low) < abs(value) / 10**4
    assert decimal_bound(flint.arb(1), 5, upper=False) == decimal_bound(flint.arb(1), 5, upper=True) == "1"


def test_symbols_with_values_are_evaluated_and_others_are_named() -> None:
    n, k = sp.symbols("n k")
    values = {n: flint.arb(6), k: flint.arb(2)}
    for expression, value in (
        (n**k + sp.exp(k) / n, 36 + sp.E**2 / 6),
        (sp.binomial(n, k), 15),
        (sp.factorial(n), 720),
        (sp.Sum(1 / k, (k, 1, n)), sp.Rational(49, 20)),
        (sp.Min(n, k) - sp.Max(n, k), -4),
        (sp.Abs(k - n), 4),
        (sp.acos(k / 4), sp.pi / 3),
    ):
        assert enclose(expression, 30, values).overlaps(enclose(sp.sympify(value)))
    with pytest.raises(InvalidArgument, match="has the symbols k"):
        enclose(n + k, values={n: flint.arb(1)})


def test_sums_have_whole_ends_and_not_too_many_terms() -> None:
    k = sp.Symbol("k")
    with pytest.raises(InvalidArgument, match="no whole ends"):
        enclose(sp.Sum(k, (k, 1, sp.Rational(7, 2))))
    with pytest.raises(InvalidArgument, match="more than"):
        enclose(sp.Sum(1 / k, (k, 1, 10**9)))


def test_whole_powers_of_what_may_be_zero_are_finite():
    """python-flint's own power of a ball around 0 is nan."""
    small = sp.sqrt(2) - sp.sqrt(3 + 2 * sp.sqrt(2)) + 1  # it is 0
    for power in (1, 2, 3, 6):
        ball = enclose(sp.Pow(small, power, evaluate=False))
        assert ball.contains(0)
        assert abs(ball) < 1e-20
    with pytest.raises(InvalidArgument, match="no finite value"):
        enclose(sp.Pow(small, -2, evaluate=False))
