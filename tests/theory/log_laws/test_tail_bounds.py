"""Bounds by powers of the norm: against quadrature, moments derived otherwise, and the probabilities themselves."""

import math
from fractions import Fraction
from math import comb

import flint
import mpmath as mp
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import refused
from theory import activation_moment, at, gradient_moment
from theory.balls import enclose, precision
from theory.ensembles import Ensemble
from theory.log_laws.layer_factors import ChiSquares
from theory.log_laws.log_gradients import LogGradientLaw
from theory.log_laws.log_norms import LogNormLaw
from theory.log_laws.masked_signs import Coins
from theory.log_laws.norm_moments import power_mean
from theory.log_laws.tail_bounds import least_tail_bound, tail_bound

RELU = Ensemble(width=4, depth=6, activation="relu", init="he", input="e1")
NETS = [
    RELU,
    RELU.at(activation="linear", init="xavier"),
    RELU.at(activation="leaky:1/4"),
    Ensemble(widths=(3, 1, 4, 2), activation="relu", init="he", readout="signs"),
    Ensemble(widths=(2, 5, 3), activation="leaky:2/3", init="1/3", input=(1, 2)),
    Ensemble(widths=(3, 2, 5), init="lecun", readout=(1, 0, 2, 0, 2), input="ones"),
]


def chi_square_power(degrees: int, t: float) -> mp.mpf:
    """E X^t of a chi-square, by quadrature."""
    half = mp.mpf(degrees) / 2
    return mp.quad(lambda x: x ** (t + half - 1) * mp.exp(-x / 2), [0, degrees, 60, mp.inf]) / 2**half / mp.gamma(half)


@pytest.mark.parametrize("t", ["1/2", "1/3", "5/2"])
def test_the_mean_of_a_power_is_the_quadrature_of_chi_squares(t: str) -> None:
    n, s2, power = 3, sp.Rational(2, 3), sp.Rational(t)
    with mp.workdps(30):
        each = [chi_square_power(b, mp.mpf(power.p) / power.q) for b in range(1, n + 1)]
        scale = (mp.mpf(2) / 3) ** (mp.mpf(power.p) / power.q)
        relu = scale * sum(comb(n, b) * each[b - 1] for b in range(1, n + 1)) / 2**n
        found = power_mean(ChiSquares(sp.Integer(n), s2, sp.S.Zero), power)
        assert abs(mp.mpf(str(sp.N(found, 30))) - relu) < 1e-20
        linear = power_mean(ChiSquares(sp.Integer(n), s2, sp.S.One), power)
        assert abs(mp.mpf(str(sp.N(linear, 30))) - scale * each[-1]) < 1e-20


def test_one_leaky_unit_keeps_a_power_of_the_slope() -> None:
    found = power_mean(ChiSquares(sp.S.One, sp.S.One, sp.Rational(1, 4)), sp.Rational(1, 2))
    assert abs(sp.N(found - sp.Rational(5, 8) * sp.sqrt(2 / sp.pi), 30)) < 1e-25  # E|z| (1 + 1/4)/2


def test_coins_are_counted_one_by_one() -> None:
    t = sp.Symbol("t", positive=True)
    two = power_mean(Coins(sp.Integer(2), sp.Rational(1, 2), sp.S.Zero), t)
    assert sp.expand(two - sp.Rational(1, 2) ** t / 2) == sp.Rational(1, 4)
    assert power_mean(Coins(sp.Symbol("n"), 1 / sp.Symbol("n"), sp.S.One), t) == 1


def test_signs_behind_relu_may_have_a_letter_for_their_number() -> None:
    net = RELU.at(readout="signs")
    letter = tail_bound(LogGradientLaw(net.at(width="n", input=None)), 1)
    assert sp.N(at(letter, n=4).doit() - tail_bound(LogGradientLaw(net), 1), 30) == pytest.approx(0, abs=1e-25)


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
@pytest.mark.parametrize("t", [1, 2])
def test_whole_powers_are_the_moments_that_transfer_matrices_give(net: Ensemble, t: int) -> None:
    layer, c = 2, Fraction(1, 3)
    x2 = activation_moment(net.at(depth=1) if net.is_constant_width else net, 2, 0)
    truth = activation_moment(net, 2 * t, layer) / (c * x2) ** t
    found = tail_bound(LogNormLaw(net, layer), c, t)
    assert sp.simplify(sp.N(found - truth, 40)) == pytest.approx(0, abs=1e-25)
    if net.slope in (0, 1):
        truth = gradient_moment(net, layer, 2 * t) / (c * x2) ** t
        assert abs(sp.N(tail_bound(LogGradientLaw(net, layer), c, t) - truth, 40)) < 1e-25


@settings(max_examples=5)
@given(st.sampled_from(NETS), st.sampled_from(["1/100", "1/3", "2", "40"]), st.booleans())
def test_the_least_bound_lies_between_the_probability_and_other_bounds(net: Ensemble, c: str, gradient: bool) -> None:
    law = LogGradientLaw(net, 1) if gradient and net.slope != Fraction(2, 3) else LogNormLaw(net)
    found = least_tail_bound(law, c)
    x2 = float(enclose(law.constant)) / (
        9 if not net.has_sign_symmetric_readout and isinstance(law, LogGradientLaw) else 1
    )
    assert law.exceedance(math.log(float(Fraction(c)) * x2)) <= found.bound * (1 + 1e-9)
    assert found.log_least.overlaps(found.log_bound)
    assert found.log_least.rad() < 1e-12
    for t in ("1/10", "1/2", "3"):
        other = enclose(tail_bound(law, c, t))
        assert found.bound <= float(other) * (1 + 1e-12)


def test_the_power_is_where_the_slope_is_zero() -> None:
    law = LogNormLaw(Ensemble(width=2, depth=1, init=1, input="e1"))  # c^-t 2^t Gamma(1 + t)
    found = least_tail_bound(law, 20, digits=30)
    with mp.workdps(40):
        t = mp.findroot(lambda s: mp.digamma(1 + s) - mp.log(10), 9)
        least = mp.loggamma(1 + t) - t * mp.log(10)
        assert abs(mp.mpf(str(float(found.power))) - t) < 1e-9
        with precision(40):
            assert found.log_least.overlaps(flint.arb(mp.nstr(least, 38)))
        assert 0 <= mp.mpf(found.log_bound.str(40, radius=False)) - least < 1e-20
    assert found.log_bound.rel_accuracy_bits() > 100


def test_where_nothing_is_better_the_bound_is_survival() -> None:
    found = least_tail_bound(LogNormLaw(RELU), "1e-9")
    assert found.power == 0
    assert found.bound == pytest.approx((15 / 16) ** 6, rel=1e-14)
    assert least_tail_bound(LogNormLaw(RELU.at(activation="linear", init="xavier")), "1e-9").bound == 1


def test_a_bound_beyond_floats_is_a_logarithm() -> None:
    found = least_tail_bound(LogNormLaw(RELU.at(depth=10**6)), "1/2")
    assert found.log_bound < -100_000
    assert 0 <= found.bound < 1e-300


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: least_tail_bound(LogNormLaw(RELU), 0), "c: must be positive, got 0"),
        (lambda: least_tail_bound(LogNormLaw(RELU.at(width="n")), 1), "width: needs a number"),
        (lambda: least_tail_bound(LogNormLaw(RELU), 1, digits=0), "digits: must be between"),
        (lambda: tail_bound(LogNormLaw(RELU), -1), "c: must be positive"),
        (lambda: tail_bound(LogNormLaw(RELU), 1, 0), "t: must be positive"),
        (lambda: tail_bound(LogNormLaw(RELU.at(width="c")), "c"), "width: already names the argument c"),
    ],
)
def test_bad_input_is_refused(call, message: str) -> None:
    with refused(*message.split(": ")):
        call()
