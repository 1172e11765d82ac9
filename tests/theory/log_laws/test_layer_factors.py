"""One layer's factor: transforms, cumulants and their decay against quadrature over the sphere and mpmath."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import exact, refused
from theory.balls import enclose_number, precision
from theory.log_laws.layer_factors import ChiSquares

SLOPES = [Fraction(1), Fraction(0), Fraction(1, 3), Fraction(9, 10)]


def factor(n: int, slope: Fraction, scale: Fraction = Fraction(1)) -> ChiSquares:
    return ChiSquares(sp.Integer(n), exact(scale), exact(slope))


def rational(value: Fraction) -> Any:
    return mp.mpf(value.numerator) / value.denominator


def share_mean(n: int, slope: Fraction, function: Callable[[Any], Any]) -> Any:
    """E function(|phi(u)|^2), u uniform on the sphere in n <= 3 dimensions; for ReLU, given that it is not 0.

    In two dimensions by quadrature in the angle; in three, where a coordinate is uniform, in that coordinate.
    """
    a2 = rational(slope) ** 2
    if slope == 1:
        return function(mp.mpf(1))
    ends = function(mp.mpf(1)) + (function(a2) if slope else 0)
    mixed: Any = 0
    if n == 2:
        mixed = (
            2 * mp.quad(lambda x: function(mp.sin(x) ** 2 + a2 * mp.cos(x) ** 2), [0, mp.pi / 4, mp.pi / 2]) * 2 / mp.pi
        )
    if n == 3:
        one_on = mp.quad(lambda z: function(a2 + (1 - a2) * z**2), [0, 0.5, 1])
        two_on = mp.quad(lambda z: function(a2 + (1 - a2) * z * (2 - z)), [0, 0.5, 1])
        mixed = 3 * (one_on + two_on)
    return (ends + mixed) / (2**n - (slope == 0))


def mellin(n: int, slope: Fraction, scale: Fraction, t: Any) -> Any:
    """E R^t given R > 0: the sphere and the radius are independent."""
    radius = (2 * rational(scale)) ** t * mp.gamma(mp.mpf(n) / 2 + t) / mp.gamma(mp.mpf(n) / 2)
    return radius * share_mean(n, slope, lambda share: share**t)


def relu_mellin(n: int, t: Any) -> Any:
    """E R^t given R > 0 for any width: B units on."""
    ways = (mp.binomial(n, b) * 2**t * mp.gamma(mp.mpf(b) / 2 + t) / mp.gamma(mp.mpf(b) / 2) for b in range(1, n + 1))
    return mp.fsum(ways) / (2**n - 1)


def agrees(ball: Any, value: Any, digits: int = 25) -> bool:
    """Whether a real ball contains an mpmath number (itself good to a few digits more) and has that many digits."""
    with precision(digits + 40), mp.workdps(digits + 40):
        there = flint.arb(mp.nstr(mp.mpf(value), digits + 20)) * flint.arb(1, 10.0 ** -(digits + 3))
        return bool(ball.overlaps(there)) and ball.rel_accuracy_bits() > digits * math.log2(10)


def near(expression: sp.Expr, value: Any) -> bool:
    """Whether a SymPy number is an mpmath number, to 25 digits."""
    with mp.workdps(40):
        return bool(mp.almosteq(mp.mpf(str(sp.N(expression, 35))), value, rel_eps=1e-25))


@pytest.mark.parametrize("slope", SLOPES, ids=str)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_transform_is_the_integral_over_the_sphere(n: int, slope: Fraction) -> None:
    one = factor(n, slope, Fraction(2, 7))
    with mp.workdps(60), precision(45):
        for t in (mp.mpc(0.75), mp.mpc(-0.25, 1.5), mp.mpc(2, -4)):
            expected = mellin(n, slope, Fraction(2, 7), t)
            value = one.transform(flint.acb(float(t.real), float(t.imag)))
            assert agrees(value.real, expected.real)
            assert t.imag == 0 or agrees(value.imag, expected.imag)
            floats = np.exp(one.log_transform(np.array([complex(t)]))[0])
            assert complex(floats) == pytest.approx(complex(expected), rel=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("n", [1, 2, 5, 13])
def test_relu_cumulants_are_derivatives_of_the_log_of_the_transform(n: int, order: int) -> None:
    with mp.workdps(90):
        expected = mp.taylor(lambda t: mp.log(relu_mellin(n, t)), 0, order)[order] * mp.factorial(order)
    one = factor(n, Fraction(0), Fraction(1))
    with precision(45):
        assert agrees(one.log_cumulant_ball(order), expected)
    assert near(one.log_cumulant(order), expected)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_linear_cumulants_are_polygammas_for_a_symbolic_width(order: int) -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    shift = sp.log(sp.Rational(2, 5)) if order == 1 else 0
    assert ChiSquares(n, sp.Rational(1, 5), sp.S.One).log_cumulant(order) == sp.polygamma(order - 1, n / 2) + shift
    with mp.workdps(45), precision(45):
        expected = mp.polygamma(order - 1, 3.5) + (mp.log(mp.mpf(2) / 5) if order == 1 else 0)
        assert agrees(factor(7, Fraction(1), Fraction(1, 5)).log_cumulant_ball(order), expected)


@pytest.mark.parametrize("slope", [Fraction(1, 3), Fraction(1, 50), Fraction(9, 10)], ids=str)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_leaky_cumulants_are_those_of_the_sphere_and_of_the_radius(n: int, slope: Fraction) -> None:
    one = factor(n, slope, Fraction(1, 2))
    with mp.workdps(45):
        m = [share_mean(n, slope, lambda share, power=power: mp.log(share) ** power) for power in range(5)]
        shares = [
            m[1],
            m[2] - m[1] ** 2,
            m[3] - 3 * m[2] * m[1] + 2 * m[1] ** 3,
            m[4] - 4 * m[3] * m[1] - 3 * m[2] ** 2 + 12 * m[2] * m[1] ** 2 - 6 * m[1] ** 4,
        ]
        expected = [share + mp.polygamma(k, mp.mpf(n) / 2) for k, share in enumerate(shares)]
        with precision(45):
            for order in (1, 2, 3, 4):
                assert agrees(one.log_cumulant_ball(order), expected[order - 1])
        if slope >= Fraction(1, 3):  # mpmath's 3F2 is slow near 1
            assert near(one.log_cumulant(1).doit(), expected[0])
    assert one.float_moments() == pytest.approx((float(expected[0]), float(expected[1])), rel=1e-11)


def test_leaky_cumulants_of_a_wider_layer_are_beta_integrals() -> None:
    n, slope = 5, Fraction(1, 2)

    def share_moment(m: int) -> Any:
        total = (mp.log(rational(slope) ** 2) ** m) / 2**n
        for b in range(1, n):
            p, q = mp.mpf(n - b) / 2, mp.mpf(b) / 2
            # from either end, in the square root: no singularities
            low = mp.quad(
                lambda x, p=p, q=q: 2 * x ** (2 * p - 1) * (1 - x**2) ** (q - 1) * mp.log(1 - 3 * x**2 / 4) ** m,
                [0, mp.sqrt(0.5)],
            )
            high = mp.quad(
                lambda x, p=p, q=q: 2 * x ** (2 * q - 1) * (1 - x**2) ** (p - 1) * mp.log((1 + 3 * x**2) / 4) ** m,
                [0, mp.sqrt(0.5)],
            )
            total += mp.binomial(n, b) / 2**n * (low + high) / mp.beta(p, q)
        return total

    with mp.workdps(45), precision(45):
        first, second = share_moment(1), share_moment(2)
        one = factor(n, slope, Fraction(1, 2))
        assert agrees(one.log_cumulant_ball(1), first + mp.digamma(2.5))
        assert agrees(one.log_cumulant_ball(2), second - first**2 + mp.polygamma(1, 2.5))
        assert near(one.log_cumulant(1).doit(), first + mp.digamma(2.5))


@pytest.mark.parametrize("slope", [*SLOPES, Fraction(1, 1000)], ids=str)
@pytest.mark.parametrize("n", [1, 4, 33, 70])
def test_floats_are_near_the_balls_on_the_imaginary_axis(n: int, slope: Fraction) -> None:
    one = factor(n, slope, Fraction(3, n))
    with precision(25):
        for u in (0.5, 9.0):
            value = one.transform(flint.acb(0, u))
            floats = complex(np.exp(one.log_transform(np.array([1j * u]))[0]))
            assert floats == pytest.approx(complex(value.real, value.imag), abs=1e-12)
        mean, variance = (float(one.log_cumulant_ball(order)) for order in (1, 2))
    assert one.float_moments() == pytest.approx((mean, variance), rel=1e-10, abs=1e-11)


def test_a_leaky_layer_of_slope_near_1_or_0_is_nearly_linear_or_relu() -> None:
    with precision(30):
        t = flint.acb("0.4", "0.7")
        gaps = {
            slope: float(abs(factor(3, slope).transform(t) - factor(3, Fraction(1)).transform(t)))
            for slope in (Fraction(99, 100), Fraction(999, 1000))
        }
        assert 0.5e-3 < gaps[Fraction(999, 1000)] < 5e-3
        assert gaps[Fraction(999, 1000)] == pytest.approx(gaps[Fraction(99, 100)] / 10, rel=0.02)  # linear in 1 - slope
        t = flint.acb(1)  # where dead layers count for 0, at any survival
        relu = factor(3, Fraction(0))
        alive = flint.arb(7) / 8
        gap = factor(3, Fraction(1, 1000)).transform(t).real - alive * relu.transform(t).real
        assert float(gap) == pytest.approx(1.5e-6, rel=1e-9)  # n/2 units off, each worth slope^2


@given(
    n=st.integers(1, 9),
    slope=st.sampled_from(SLOPES),
    above=st.fractions(Fraction(1, 20), 6, max_denominator=20),
    height=st.fractions(Fraction(1, 10), 30, max_denominator=10),
    further=st.fractions(0, 40, max_denominator=10),
)
@settings(max_examples=150)
def test_the_transform_decays_at_least_as_claimed(
    n: int, slope: Fraction, above: Fraction, height: Fraction, further: Fraction
) -> None:
    one = factor(n, slope, Fraction(2, n))
    with precision(40):
        c, low = (enclose_number(exact(value)) for value in (one.lowest + above, height))
        value, rate = one.decay(c, low)
        there = abs(one.transform(flint.acb(c, low + enclose_number(exact(further)))))
        claimed = value * (-rate * enclose_number(exact(further))).exp()
        assert there.lower() <= claimed.upper()
        # and not by being idle: the rate tends to pi/2, as that of Gamma does
        with mp.workdps(40):
            assert float(rate) == pytest.approx(math.atan(height / (Fraction(n, 2) + one.lowest + above)), rel=1e-12)
        if slope == 1:
            assert claimed.overlaps(there) or further > 0


@pytest.mark.parametrize("slope", SLOPES, ids=str)
def test_moments_are_finite_above_the_lowest_only(slope: Fraction) -> None:
    one = factor(4, slope)
    assert one.lowest == (Fraction(-1, 2) if slope == 0 else -2)
    with precision(30):
        near = [one.transform(flint.acb(float(one.lowest) + gap)).real for gap in (2.0**-20, 2.0**-21)]
        assert float(near[1] / near[0]) == pytest.approx(2, rel=1e-4)  # a simple pole


def test_survival_is_that_of_one_unit_in_n() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    assert ChiSquares(n, 1 / n, sp.S.Zero).survival() == 1 - 2**-n
    for slope in (sp.Rational(1, 3), sp.S.One):
        assert ChiSquares(n, 1 / n, slope).survival() == 1
    assert ChiSquares(sp.Integer(3), sp.S.One, sp.S.Zero).survival() == sp.Rational(7, 8)


def test_a_sum_over_a_symbolic_or_great_width_is_left_written_as_one() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    general = ChiSquares(n, sp.S.One, sp.S.Zero).log_cumulant(2)
    assert general.has(sp.Sum)
    for width in (1, 4):
        here = factor(width, Fraction(0)).log_cumulant(2)
        assert not here.has(sp.Sum)
        assert abs(sp.N(general.subs(n, width).doit() - here, 30)) < 1e-25
    wide = factor(300, Fraction(0)).log_cumulant(1)
    assert wide.has(sp.Sum)


def test_numbers_are_enclosed_at_the_present_precision() -> None:
    with precision(50):
        assert agrees(enclose_number(sp.Rational(1, 3)), "0." + "3" * 60, 40)
        with mp.workdps(70):
            assert agrees(enclose_number(sp.sqrt(2)), mp.sqrt(2), 40)


def test_what_has_no_formula_is_refused() -> None:
    with refused("order", "leaky"):
        factor(3, Fraction(1, 2)).log_cumulant(2)
