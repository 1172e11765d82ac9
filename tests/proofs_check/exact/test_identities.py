"""Two systems decide whether an expression is 0: they agree, they prove identities, and a yes is never wrong."""

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from proofs_check.exact.identities import zero_by_flint, zero_by_sympy
from theory.ensembles import InvalidArgument

n, x, q, L = sp.symbols("n x q L", positive=True)
HALF = sp.Rational(1, 2)
both = pytest.mark.parametrize("is_zero", [zero_by_sympy, zero_by_flint])

LEAVES = (
    n,
    x,
    sp.Integer(2),
    sp.Rational(-3, 5),
    (1 + 5 / n) ** L,
    (1 + 5 / n) ** (L + 1),
    (n + 5) ** 2 / n,
    q ** (L - 1),
    q ** (L + 2),
    sp.sqrt(n + 1),
    (n + 1) ** sp.Rational(3, 2),
    sp.sqrt(n**2 + 3 / x),
    sp.log(3),
    sp.EulerGamma,
)
# pairs that differ, though a careless reading might take one for the other
NEAR = (
    (q**L, q ** (L + 1)),
    (q**L, q ** (L + HALF)),
    ((1 + 5 / n) ** L, (1 + 6 / n) ** L),
    (q**L, x**L),
    (q**L, q ** (2 * L)),
    (q**L, q ** (-L)),
    (q**L, q ** (L / 2)),
    (sp.sqrt(n + 1), sp.sqrt(n + 2)),
    (sp.sqrt(n + 1), -sp.sqrt(n + 1)),
    (sp.log(3), sp.log(2)),
    (sp.EulerGamma, sp.Rational(577, 1000)),
    (x, sp.Symbol("x")),
    (sp.Integer(2), sp.sqrt(5)),
)


@st.composite
def terms(draw):
    left, right = draw(st.sampled_from(LEAVES)), draw(st.sampled_from(LEAVES))
    return draw(st.sampled_from([left, left + right, left * right, left - 2 * right, left / right]))


def same_fraction_twice(a, b, c, d, a2):
    """a/b + c/d, as it stands and over a common denominator with the numerator expanded; 0 if a2 is a."""
    return a / b + c / d - sp.expand(a2 * d + c * b) / (b * d)


def same_square_twice(a, b, c, d, a2):
    return (a + b * c) ** 2 / d - (a2**2 + 2 * a2 * b * c + b**2 * c**2) / d


def same_cube_twice(a, b, c, d, a2):
    return (a - b) * (a**2 + a * b + b**2) - a2**3 + b**3


identities = st.sampled_from([same_fraction_twice, same_square_twice, same_cube_twice])


@st.composite
def points(draw):
    numbers = st.fractions(min_value=HALF, max_value=5, max_denominator=7).map(lambda p: sp.Rational(p))
    values = {symbol: draw(numbers) for symbol in (n, x, q, sp.Symbol("x"))}
    return {**values, L: sp.Integer(draw(st.integers(1, 4)))}


def value_at(expression, point):
    return sp.N(expression.subs(point, simultaneous=True), 60)


@settings(max_examples=40)
@given(identities, terms(), terms(), terms(), terms())
def test_both_systems_prove_what_two_expansions_have_in_common(identity, a, b, c, d):
    assume(not any(zero_by_sympy(term) for term in (b, d)))
    expression = identity(a, b, c, d, a)
    assert zero_by_sympy(expression)
    assert zero_by_flint(expression)


@settings(max_examples=50)
@given(identities, terms(), terms(), terms(), terms(), st.sampled_from(NEAR), points())
def test_neither_system_says_yes_to_what_is_not_zero_at_some_rational_point(identity, a, b, c, d, near, point):
    a, a2 = a * near[0], a * near[1]
    expression = identity(a, b, c, d, a2)
    value = value_at(expression, point)
    assume(value.is_finite and abs(value) > sp.Float("1e-25"))
    assert not zero_by_sympy(expression)
    assert not zero_by_flint(expression)


@both
@pytest.mark.parametrize(("left", "right"), NEAR)
def test_near_misses_are_told_apart(is_zero, left, right):
    assert not is_zero(left - right)
    assert not is_zero((left - right) * (x + n) + 0 * q)


@both
@pytest.mark.parametrize(
    "expression",
    [
        sp.S.Zero,
        q ** (L + 3) * (1 + 1 / q) - q ** (L + 2) * (q + 1),
        (1 + 5 / n) ** (L + 1) - (1 + 5 / n) ** L * (n + 5) / n,
        ((n + 5) / n) ** L - (1 + 5 / n) ** L,
        (x + 1) ** (L + HALF) - sp.sqrt(x + 1) * (x + 1) ** L,
        (x + 1) ** (L + sp.Rational(3, 2)) - sp.sqrt(x + 1) * (x + 1) ** L - x * (x + 1) ** (L + HALF),
        (x + 1) ** sp.Rational(3, 2) - x * sp.sqrt(x + 1) - sp.sqrt(x + 1),
        1 / sp.sqrt(x + 1) - sp.sqrt(x + 1) / (x + 1),
        1 / (sp.sqrt(n) - 1) - (sp.sqrt(n) + 1) / (n - 1),
        (sp.sqrt(x + 1) + sp.sqrt(n)) * (sp.sqrt(x + 1) - sp.sqrt(n)) - x - 1 + n,
        ((x + sp.sqrt(x**2 - n)) / 2) * ((x - sp.sqrt(x**2 - n)) / 2) - n / 4,
        (sp.log(3) + x) * (sp.log(3) - x) - sp.log(3) ** 2 + x**2,
        (q**L + 1) ** 2 - q ** (2 * L) - 2 * q**L - 1,
        (q**L + 1) / q ** (L + 1) - 1 / q - q ** (-L - 1),
        (sp.sqrt(2) + 1) ** 2 - 3 - 2 * sp.sqrt(2),
    ],
    ids=str,
)
def test_identities_of_every_kind_are_proved(is_zero, expression):
    assert is_zero(expression)


@both
def test_a_root_squared_is_its_radicand_and_nothing_else(is_zero):
    root = sp.sqrt(x**2 + n)
    square = (root + 1) ** 2 - 2 * root - 1
    assert is_zero(square - x**2 - n)
    assert not is_zero(square - x**2 - n - 1)
    assert not is_zero(root - x)


def test_dummies_of_one_name_are_different_symbols():
    first, second = sp.Dummy("d"), sp.Dummy("d")
    assert not zero_by_flint(first - second)
    assert not zero_by_sympy(first - second)


@pytest.mark.parametrize("exponent", [sp.Rational(1, 3), sp.Rational(-2, 5), sp.Float(0.25), L + sp.Rational(1, 3)])
def test_flint_refuses_an_exponent_that_it_cannot_read(exponent):
    with pytest.raises(InvalidArgument, match=r"exponent .* is neither whole, half nor symbolic"):
        zero_by_flint((x + 1) ** exponent - 1)


def test_flint_refuses_a_division_by_zero():
    with pytest.raises(InvalidArgument, match="divides by zero"):
        zero_by_flint(1 / (x * (x + 1) - x**2 - x))
