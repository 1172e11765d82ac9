"""The normal law cut off at two standard deviations, against numerical integration and what Keras has stored."""

import pickle
from fractions import Fraction

import mpmath
import pytest
import sympy as sp

from theory import symbols
from theory.balls import enclose
from theory.ensembles import InvalidArgument, Law
from theory.ensembles.truncated_normal import RESCALING, truncated_coefficients
from theory.irrational_numbers import RESCALING as EXACT
from theory.irrational_numbers import closed_form, truncated_normal_moment

LAW = Law.named("truncated-normal")


def integrated(order: int) -> mpmath.mpf:
    with mpmath.workdps(50):
        mass = mpmath.erf(mpmath.sqrt(2))
        return mpmath.quad(lambda z: z**order * mpmath.npdf(z), [-2, 0, 2]) / mass


@pytest.mark.parametrize("order", [2, 4, 6, 8, 12])
def test_moments_are_the_integrals(order: int) -> None:
    with mpmath.workdps(50):
        expected = integrated(order) / integrated(2) ** (order // 2)
        exact = symbols.number(LAW.moment(order))
        assert mpmath.almosteq(mpmath.mpf(str(sp.N(exact, 40))), expected, rel_eps=1e-36)
        assert mpmath.almosteq(mpmath.mpf(str(sp.N(closed_form(exact), 40))), expected, rel_eps=1e-36)
        near = LAW.rational_moment(order)
        assert mpmath.almosteq(mpmath.mpf(near.numerator) / near.denominator, expected, rel_eps=1e-30)
        assert abs(float(enclose(exact, 30).mid()) / float(expected) - 1) < 1e-14


def test_odd_moments_vanish_and_the_variance_is_one() -> None:
    assert [LAW.moment(order) for order in (0, 1, 2, 3)] == [1, 0, 1, 0]
    assert LAW.variance == 1
    assert not LAW.has_atoms
    assert not LAW.is_normal
    assert not LAW.is_symbolic


def test_the_rescaling_is_what_keras_and_jax_have_stored() -> None:
    """keras/src/initializers/random_initializers.py and jax/_src/nn/initializers.py: stddev / .87962566103423978."""
    stored = Fraction("0.87962566103423978")
    assert abs(stored**2 * RESCALING - 1) < Fraction(1, 10**15)


def test_the_irrational_number_is_one_generator_with_a_value() -> None:
    n = sp.Symbol("n")
    assert sp.cancel((EXACT**2 - n**2) / (EXACT - n)) == EXACT + n
    assert EXACT.is_positive
    assert pickle.loads(pickle.dumps(EXACT)) is EXACT
    assert float(sp.lambdify([n], EXACT * n)(2)) == pytest.approx(2 * float(RESCALING), rel=1e-15)
    assert str(EXACT) == f"({closed_form(EXACT)})"
    assert truncated_normal_moment(1) == 1
    assert [truncated_coefficients(m) for m in (3, 4)] == [(-36, 51), (-316, 421)]


def test_symbols_and_unknown_moments_have_no_rational_value() -> None:
    with pytest.raises(InvalidArgument, match="K of 'symmetric' is a symbol"):
        Law.named("symmetric").rational_moment(4)
    assert Law.named("uniform").rational_moment(4) == Fraction(9, 5)
    assert EXACT not in sp.sympify("u").free_symbols
