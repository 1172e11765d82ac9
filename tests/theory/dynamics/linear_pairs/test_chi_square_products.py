"""The root of a product of two chi-squares: enclosures against mpmath's quadrature, SciPy's and closed forms."""

from itertools import pairwise
from typing import Any

import flint
import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import chi2

from tests.theory.small_networks import refused
from theory.balls import OutOfTime, deadline
from theory.dynamics.linear_pairs.chi_square_products import enclosed_root_exceedance, enclosed_root_mean


def by_mpmath(width: int, function: Any, low: Any) -> Any:
    """Integrate the function times the density, by quadrature over pieces, to 20 digits."""
    h = mp.mpf(width)
    constant = 4 / (mp.mpf(2) ** h * mp.gamma(h / 2) ** 2)
    ends = sorted({mp.mpf(low), *(x for x in (h / 2, 2 * h, 4 * h + 60) if x > low)})
    return mp.quad(lambda x: function(x) * constant * x ** (h - 1) * mp.besselk(0, x), ends)


def holds(ball: Any, truth: Any, digits: int) -> bool:
    """Whether a ball holds a number that is known to some digits, and is smaller than that."""
    with mp.workdps(40):
        middle, radius = (mp.mpf(part.str(35, radius=False)) for part in (ball.mid(), ball.rad()))
        tiny = mp.mpf(10) ** -digits
        return bool(abs(middle - truth) <= radius + tiny and radius < tiny)


@pytest.mark.parametrize(("width", "slope", "shift"), [(3, "1/8", "1/4"), (6, "1/4", "9/4")])
def test_means_are_those_of_mpmath_to_15_digits(width: int, slope: str, shift: str) -> None:
    a, b = (sp.Rational(x) for x in (slope, shift))
    with mp.workdps(20):
        truth = by_mpmath(width, lambda x: mp.sqrt(x**2 * int(a.p) / int(a.q) + mp.mpf(int(b.p)) / int(b.q)), 0)
    assert holds(enclosed_root_mean(width, flint.arb(float(a)), flint.arb(float(b)), 20), truth, 15)


@pytest.mark.parametrize(("width", "level"), [(2, 1.0), (4, 20.0)])
def test_tails_are_those_of_mpmath_to_15_digits(width: int, level: float) -> None:
    with mp.workdps(20):
        truth = by_mpmath(width, lambda _: 1, level)
    assert holds(enclosed_root_exceedance(width, flint.arb(level), 20), truth, 15)


@pytest.mark.parametrize("width", [1, 5, 30, 200])
def test_tails_are_those_that_scipy_integrates(width: int) -> None:
    """By the tail of one chi-square, given the logarithm of the other."""
    for share in (0.4, 1.0, 1.3):
        level = share * width

        def inside(x: float, least: float = level) -> float:
            a = np.exp(x)
            return float(a * chi2.pdf(a, width) * chi2.sf(least**2 / a, width))

        truth = quad(inside, -30, np.log(width + 200), epsabs=1e-13, limit=500, points=[np.log(width)])[0]
        assert float(enclosed_root_exceedance(width, flint.arb(level), 12)) == pytest.approx(truth, abs=1e-10)


@settings(max_examples=15)
@given(st.integers(1, 300), st.fractions("1/100", 4, max_denominator=100))
def test_without_a_shift_the_mean_is_a_product_of_gamma_functions(width: int, slope: Any) -> None:
    """E x = (E chi)^2 = 2 (Gamma((h+1)/2)/Gamma(h/2))^2."""
    h = flint.arb(width)
    a = flint.arb(slope.numerator) / slope.denominator
    truth = a.sqrt() * 2 * (2 * ((h + 1) / 2).lgamma() - 2 * (h / 2).lgamma()).exp()
    found = enclosed_root_mean(width, a, flint.arb(0), 12)
    assert found.overlaps(truth)
    assert found.rel_accuracy_bits() > 30


@settings(max_examples=7)
@given(st.integers(1, 400))
def test_tails_fall_from_1_to_0_and_enclose_what_is_certain(width: int) -> None:
    levels = [flint.arb(width) / 10**6, *(flint.arb(width) * f for f in (0.25, 0.5, 1, 2, 4)), flint.arb(width) * 10**6]
    chances = [enclosed_root_exceedance(width, level, 8) for level in levels]
    assert all(chance.lower() >= -1e-9 and chance.upper() <= 1 + 1e-9 for chance in chances)
    assert all(later.lower() <= earlier.upper() for earlier, later in pairwise(chances))
    assert chances[0].upper() >= 1 - 1e-4 * width
    assert chances[-1].contains(0)
    assert chances[-1].upper() < 1e-8


def test_precision_is_what_is_asked_for_and_stays_as_it_was() -> None:
    before = flint.ctx.dps
    for digits in (5, 15, 35):
        found = enclosed_root_mean(8, flint.arb(1), flint.arb(2), digits)
        assert found.rel_accuracy_bits() > 3.2 * digits
    assert flint.ctx.dps == before


def test_time_runs_out_in_one_line() -> None:
    with deadline(0), pytest.raises(OutOfTime):
        enclosed_root_mean(8, flint.arb(1), flint.arb(2))


@pytest.mark.parametrize("width", [0, -1, 2.0, True, "4", 100_001])
def test_widths_that_are_none_are_refused(width: Any) -> None:
    with refused("width", "whole number from 1 to 100000"):
        enclosed_root_mean(width, flint.arb(1), flint.arb(1))


def test_other_bad_numbers_are_refused() -> None:
    for slope, shift in ((0, 1), (1, -1)):
        with refused("slope", "must be positive"):
            enclosed_root_mean(4, flint.arb(slope), flint.arb(shift))
    with refused("level", "must be positive"):
        enclosed_root_exceedance(4, flint.arb(0))
    with refused("digits", "between 1 and"):
        enclosed_root_exceedance(4, flint.arb(1), 0)
