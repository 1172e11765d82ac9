"""The distribution of a sum of logarithms: floats, balls, quantiles and derivatives, each against the others."""

import math
from fractions import Fraction
from typing import Any

import flint
import mpmath as mp
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from tests.theory.log_laws.test_layer_factors import agrees, relu_mellin
from tests.theory.small_networks import refused
from theory.balls import precision
from theory.ensembles import Ensemble
from theory.log_laws.log_gradients import LogGradientLaw
from theory.log_laws.log_norms import LogNormLaw
from theory.log_laws.log_sums import LogSumLaw

ONE = LogNormLaw(Ensemble(width=2, depth=1, init=1, input="e1"))  # exponential of mean 2
MORTAL = LogNormLaw(Ensemble(width=2, depth=2, activation="relu", init="he"))  # dead with probability 7/16


@st.composite
def laws(draw: st.DrawFn) -> LogSumLaw:
    """Of activations or gradients, rectangular or not."""
    activation = draw(st.sampled_from(["linear", "relu", "linear", "relu", "leaky:1/3"]))
    widths = draw(st.lists(st.integers(1, 2 if activation == "leaky:1/3" else 5), min_size=2, max_size=4))
    net = Ensemble(widths=widths, activation=activation, init="he", readout=draw(st.sampled_from(["random", "signs"])),
                   input=(draw(st.integers(1, 5)),) * widths[0])  # fmt: skip
    if draw(st.booleans()) and net.depth > 1:
        return LogGradientLaw(net, draw(st.integers(1, net.depth)))
    return LogNormLaw(net, draw(st.integers(1, net.depth)))


@given(law=laws(), p=st.fractions(Fraction(1, 100), Fraction(99, 100), max_denominator=200))
@settings(max_examples=15)
def test_quantile_cdf_exceedance_and_balls_are_one_law(law: LogSumLaw, p: Fraction) -> None:
    dead = 1 - law.survival()
    if p <= dead:
        assert law.quantile(p) == -math.inf
        with refused("p", "P\\(dead\\)"):
            law.enclosed_quantile(p)
        return
    t = law.quantile(p)
    assert law.cdf(t) == pytest.approx(float(p), abs=1e-10)
    assert law.exceedance(t) == pytest.approx(1 - float(p), abs=1e-10)
    lower, upper = law.enclosed_cdf(t, 15), law.enclosed_exceedance(t, 15)
    assert float(lower) == pytest.approx(float(p), abs=1e-10)
    with precision(30):
        assert (lower + upper).overlaps(flint.arb(1))
        assert float(abs(lower + upper - 1)) < 1e-13


@given(law=laws(), z=st.sampled_from([-1.5, -0.3, 0.5, 1.75]))
@settings(max_examples=5)
def test_the_density_is_the_derivative_of_the_cdf(law: LogSumLaw, z: float) -> None:
    t = Fraction(float(law.enclosed_cumulant(1)) + z * math.sqrt(float(law.enclosed_cumulant(2))))
    step = Fraction(1, 10**8)
    with precision(60):
        rise = law.enclosed_cdf(t + step, 24) - law.enclosed_cdf(t - step, 24)
        slope = float(rise / flint.arb(flint.fmpq(2, 10**8)))
    assert law.pdf(float(t)) == pytest.approx(slope, rel=1e-8)
    assert float(law.enclosed_pdf(t, 15)) == pytest.approx(slope, rel=1e-8)


@given(law=laws(), p=st.sampled_from([Fraction(19, 20), Fraction(999, 1000)]))
@settings(max_examples=8)
def test_enclosed_quantiles_are_crossed_within_their_ball(law: LogSumLaw, p: Fraction) -> None:
    if p <= 1 - law.survival():
        return
    ball = law.enclosed_quantile(p, 18)
    with precision(40):
        goal, width = flint.arb(flint.fmpq(p.numerator, p.denominator)), flint.arb(10.0**-17) * (1 + abs(ball.mid()))
        assert ball.rad() < width
        assert law.enclosed_cdf(ball.mid() - width, 25) < goal < law.enclosed_cdf(ball.mid() + width, 25)
    assert law.quantile(p) == pytest.approx(float(ball), abs=1e-8)


@pytest.mark.parametrize("p", [Fraction(1, 2), Fraction(1, 10**12), 1 - Fraction(1, 10**100)])
def test_enclosed_quantiles_of_an_exponential_law(p: Fraction) -> None:
    with mp.workdps(300):
        expected = mp.log(-2 * mp.log1p(-mp.mpf(p.numerator) / p.denominator))
    assert agrees(ONE.enclosed_quantile(p, 25), expected, 24)
    assert ONE.quantile(p) == pytest.approx(float(expected), rel=1e-9)


def test_tails_beyond_floats() -> None:
    with mp.workdps(60):
        r = mp.exp(mp.mpf(8))
        assert agrees(ONE.enclosed_exceedance(8, 30), mp.exp(-r / 2), 29)
        assert ONE.enclosed_exceedance(8, 30) < 1e-300
        assert agrees(ONE.enclosed_cdf(-800, 30), -mp.expm1(-mp.exp(-800) / 2), 29)
        assert agrees(ONE.enclosed_pdf(8, 30), r / 2 * mp.exp(-r / 2), 29)
        assert ONE.exceedance(5.0) == pytest.approx(math.exp(-math.exp(5) / 2), rel=1e-12, abs=0)
        assert ONE.cdf(-60.0) == pytest.approx(math.exp(-60) / 2, rel=1e-12, abs=0)
        assert ONE.pdf(5.0) == pytest.approx(math.exp(5 - math.exp(5) / 2) / 2, rel=1e-12, abs=0)
        # R = chi^2_1 with chance 2/3, chi^2_2 with chance 1/3: given both layers alive, all far above zero
        law = LogNormLaw(Ensemble(width=2, depth=1, activation="relu", init=1, input="e1"))
        mixture = (2 * mp.erfc(mp.sqrt(r / 2)) + mp.exp(-r / 2)) / 4
        assert agrees(law.enclosed_exceedance(8, 25), mixture, 24)


def test_the_law_far_from_its_centre_is_not_periodic() -> None:
    law = LogNormLaw(Ensemble(width=3, depth=2))
    mean, deviation = float(law.mean()), math.sqrt(float(law.variance()))
    period = 2 * (40 * deviation + 80)
    for times in (-2, -1):
        assert law.cdf(mean + times * period) < 1e-30
        assert law.pdf(mean + times * period) < 1e-30
    assert law.cdf(mean + 2 * period) == 1
    assert law.exceedance(mean - 2 * period) == 1


def test_far_above_every_float_the_chance_is_zero_at_once() -> None:
    assert ONE.exceedance(1000.0) == ONE.pdf(1000.0) == 0
    assert ONE.pdf(ONE.quantile(0.5) + 4 * (40 * math.pi / math.sqrt(6) + 80)) == 0


def test_death_is_an_atom_at_minus_infinity() -> None:
    dead = Fraction(7, 16)
    assert MORTAL.survival() == sp.Rational(9, 16)
    assert MORTAL.can_die
    assert not ONE.can_die
    assert MORTAL.cdf(-math.inf) == pytest.approx(float(dead), abs=1e-15)
    assert MORTAL.cdf(-300.0) == pytest.approx(float(dead), abs=1e-12)
    assert MORTAL.exceedance(-math.inf) == pytest.approx(9 / 16, abs=1e-15)
    assert (MORTAL.cdf(math.inf), MORTAL.exceedance(math.inf)) == (1, 0)
    assert MORTAL.quantile(dead) == MORTAL.quantile(0.4) == -math.inf
    assert math.isfinite(MORTAL.quantile(0.45))
    with precision(30):
        gap = MORTAL.enclosed_cdf(-80, 20) - flint.arb(flint.fmpq(7, 16))
        assert 0 < gap < 1e-15
        # deep in the tail the digits are of the whole, death included
        assert MORTAL.enclosed_exceedance(-80, 20) < flint.arb(flint.fmpq(9, 16))
    total = sum(MORTAL.pdf(-45 + 0.5 * i) for i in range(106)) * 0.5
    assert total == pytest.approx(9 / 16, abs=1e-6)


def test_a_law_whose_survival_underflows_has_no_density_in_floats() -> None:
    doomed = LogNormLaw(Ensemble(width=1, depth=2000, activation="relu", init="he"))
    assert doomed.pdf(0.0) == doomed.exceedance(0.0) == 0


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_cumulants_add_up_over_layers(order: int) -> None:
    with mp.workdps(60):

        def each(n: int) -> Any:
            return mp.taylor(lambda t: mp.log(relu_mellin(n, t)), 0, order)[order] * mp.factorial(order)

        shift = mp.log(mp.mpf(2) / 3 * 2 / 2 * 5) if order == 1 else 0  # He: s^2 = 2/fan_in; |x|^2 = 5
        expected = each(2) + each(4) + shift
    law = LogNormLaw(Ensemble(widths=(3, 2, 4), activation="relu", init="he", input=(0, 1, 2)))
    assert agrees(law.enclosed_cumulant(order, 35), expected, 25)
    assert float(law.cumulant(order)) == pytest.approx(float(expected), rel=1e-12)
    assert law.mean() == law.cumulant(1)
    assert law.variance() == law.cumulant(2)


@pytest.mark.parametrize("n", [1, 3, 10])
def test_floats_against_scipy(n: int) -> None:
    law = LogNormLaw(Ensemble(width=n, depth=1, init=1, input="e1"))
    for t in (-9.0, -0.5, 2.0, 4.5):
        assert law.cdf(t) == pytest.approx(stats.chi2.cdf(math.exp(t), n), rel=1e-9, abs=1e-12)
        assert law.exceedance(t) == pytest.approx(stats.chi2.sf(math.exp(t), n), rel=1e-9, abs=1e-12)
        assert law.pdf(t) == pytest.approx(math.exp(t) * stats.chi2.pdf(math.exp(t), n), rel=1e-9, abs=1e-11)
    assert law.median() == pytest.approx(math.log(2 * special.gammaincinv(n / 2, 0.5)), abs=1e-10)


@pytest.mark.parametrize("digits", [20, 250])
def test_a_median_has_as_many_digits_as_are_asked_for(digits: int) -> None:
    ball = ONE.enclosed_quantile(Fraction(1, 2), digits)
    with precision(digits + 30):
        assert ball.overlaps((2 * flint.arb(2).log()).log())
        assert ball.rel_accuracy_bits() > digits * math.log2(10)


def test_the_digits_of_a_deeper_quantile_give_back_its_probability() -> None:
    law, p = LogNormLaw(Ensemble(width=4, depth=3, activation="relu", init="he")), Fraction(2, 3)
    ball = law.enclosed_quantile(p, 100)
    with precision(120):
        assert abs(law.enclosed_cdf(ball.mid(), 105) - flint.arb(flint.fmpq(2, 3))) < flint.arb(10) ** -99


def test_an_input_beyond_floats_shifts_the_logarithm() -> None:
    one, huge = (LogNormLaw(Ensemble(width=2, depth=8, input=text)) for text in ("1,0", "1e200,0"))
    assert huge.median() - one.median() == pytest.approx(400 * math.log(10), rel=1e-12)


@pytest.mark.parametrize("digits", [0, -3, 10**6, 2.5, "x", True])
def test_digits_are_named(digits: Any) -> None:
    for question in (
        ONE.enclosed_cdf,
        ONE.enclosed_exceedance,
        ONE.enclosed_pdf,
        lambda _, d: ONE.enclosed_cumulant(1, d),
    ):
        with refused("digits"):
            question(0, digits)
    with refused("digits"):
        ONE.enclosed_quantile(Fraction(1, 2), digits)


def test_points_probabilities_and_orders_are_named() -> None:
    for t in (math.nan, math.inf, -math.inf):
        for question in (ONE.enclosed_cdf, ONE.enclosed_exceedance, ONE.enclosed_pdf):
            with refused("t", str(t)):
                question(t)
    for question in (ONE.cdf, ONE.exceedance, ONE.pdf):
        with refused("t"):
            question(math.nan)
    for one in (ONE.quantile, ONE.enclosed_quantile):
        for p in (0, 1, -0.5, 1.5):
            with refused("p", "strictly between 0 and 1", str(p)):
                one(p)
        with refused("p", "finite", "nan"):
            one(math.nan)
    for p in (0.25, Fraction(7, 16)):
        with refused("p", "is not above P\\(dead\\) = 0.4375"):
            MORTAL.enclosed_quantile(p)
    for order in (0, -1, 1.0, True, "2"):
        for one in (ONE.cumulant, ONE.enclosed_cumulant):
            with refused("order", "orders 1, 2"):
                one(order)


def test_symbols_left_are_named() -> None:
    for name, net in (("width", Ensemble(width="n", depth=2)), ("depth", Ensemble(width=2, depth="L")),
                      ("activation", Ensemble(width=2, depth=2, activation="leaky:s"))):  # fmt: skip
        law = LogNormLaw(net)
        for question in (law.cdf, law.exceedance, law.pdf, law.enclosed_pdf, law.enclosed_cumulant):
            with refused(name, "symbol"):
                question(1)
        for question in (law.quantile, law.enclosed_quantile):
            with refused(name, "symbol"):
                question(0.5)


def test_a_symbolic_layer_left_is_named() -> None:
    with refused("layer", "k"):
        LogNormLaw(Ensemble(width=2, depth=3), layer="k").cdf(0.0)


@pytest.mark.parametrize("readout", ["signs", "ones"])
def test_laws_without_a_density_are_refused(readout: str) -> None:
    law = LogGradientLaw(Ensemble(width=2, depth=1, readout=readout, input="e1"))
    for question in (law.cdf, law.enclosed_cdf, law.enclosed_pdf):
        with refused("depth", "no density"):
            question(Fraction(1, 2))
