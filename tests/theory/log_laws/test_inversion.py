"""Enclosed inversion against closed forms and mpmath quadrature, deep into both tails."""

import math
from fractions import Fraction
from typing import Any

import flint
import mpmath as mp
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.log_laws.test_layer_factors import agrees, factor, mellin, relu_mellin, share_mean
from tests.theory.small_networks import exact, refused
from theory.balls import enclose_number, precision
from theory.log_laws import inversion
from theory.log_laws.masked_signs import Coins


def probability(n: int, slope: Fraction, scale: Fraction, r: Any, *, upper: bool) -> Any:
    """P(R > r) or P(R <= r), given R > 0: a chi-square averaged over the sphere."""

    def given_share(share: Any) -> Any:
        y = r / (2 * share * scale.numerator / mp.mpf(scale.denominator))
        half = mp.mpf(n) / 2
        return mp.gammainc(half, y, regularized=True) if upper else mp.gammainc(half, 0, y, regularized=True)

    return share_mean(n, slope, given_share)


@pytest.mark.parametrize("n", [1, 2, 7])
@pytest.mark.parametrize(("r", "upper"), [(1000, True), (Fraction(3, 2), True), (Fraction(3, 2), False)])
def test_tails_of_a_chi_square(n: int, r: Fraction, upper: bool) -> None:
    with mp.workdps(60), precision(60):
        y = enclose_number(exact(Fraction(r))).log()
        expected = probability(
            n, Fraction(1), Fraction(1), mp.mpf(Fraction(r).numerator) / Fraction(r).denominator, upper=upper
        )
        assert agrees(inversion.tail([(factor(n, Fraction(1)), 1)], y, upper=upper, digits=30), expected, 29)


def test_the_far_tail_of_an_exponential_law_has_all_its_digits() -> None:
    with precision(60):
        y = flint.arb(1000).log()
        far = inversion.tail([(factor(2, Fraction(1)), 1)], y, upper=True, digits=30)
        with mp.workdps(60):
            assert agrees(far, mp.exp(-500), 29)
        # P(chi^2_2 <= exp(-800)) = exp(-800)/2 (1 - exp(-800)/4 + ...)
        near = inversion.tail([(factor(2, Fraction(1)), 1)], flint.arb(-800), upper=False, digits=30)
        with mp.workdps(60):
            assert agrees(near, mp.exp(-800) / 2, 29)
            assert near < 1e-300


@pytest.mark.parametrize(("y", "upper"), [(-60, False), (-1, False), (1, True), (7, True)])
@pytest.mark.parametrize("n", [1, 3])
def test_both_tails_of_a_relu_layer_are_a_mixture(n: int, y: int, upper: bool) -> None:
    with mp.workdps(45), precision(40):
        r = mp.exp(y) * 3 / 4
        expected = mp.fsum(
            mp.binomial(n, b) * probability(b, Fraction(1), Fraction(1, 2), r, upper=upper) for b in range(1, n + 1)
        ) / (2**n - 1)
        one = factor(n, Fraction(0), Fraction(2, 3))
        assert agrees(inversion.tail([(one, 1)], flint.arb(y), upper=upper, digits=20), expected, 18)


@pytest.mark.parametrize(("y", "upper"), [(-3, False), (3, True)])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_both_tails_of_a_leaky_layer(n: int, y: int, upper: bool) -> None:
    slope, scale = Fraction(1, 3), Fraction(2, 3)
    with mp.workdps(28), precision(60):
        expected = probability(n, slope, scale, mp.exp(y), upper=upper)
        one = factor(n, slope, scale)
        assert agrees(inversion.tail([(one, 1)], flint.arb(y), upper=upper, digits=16), expected, 15)


def test_two_layers_of_width_two_are_a_bessel_law_on_both_sides() -> None:
    one = factor(2, Fraction(1))
    with mp.workdps(60), precision(60):
        for y, upper in ((14, True), (1, True), (1, False), (-30, False)):
            root = mp.exp(mp.mpf(y) / 2)
            survivor = root * mp.besselk(1, root)
            expected = survivor if upper else 1 - survivor
            for terms in ([(one, 2)], [(one, 1), (one, 1)]):
                assert agrees(inversion.tail(terms, flint.arb(y), upper=upper, digits=25), expected, 24)
        root = mp.exp(mp.mpf(1) / 2)  # d/dx of -x K_1(x) is x K_0(x), and dx/dy = x/2
        assert agrees(inversion.density([(one, 2)], flint.arb(1), digits=25), root**2 * mp.besselk(0, root) / 2, 24)
        root = mp.exp(mp.mpf(7))
        assert agrees(inversion.density([(one, 2)], flint.arb(14), digits=25), root**2 * mp.besselk(0, root) / 2, 24)


@pytest.mark.parametrize(("y", "upper"), [(2, True), (-14, False)])
def test_three_masked_layers_by_inversion_in_mpmath(y: int, upper: bool) -> None:
    c = mp.mpf("0.4") if upper else mp.mpf("-0.3")
    with mp.workdps(24), precision(50):

        def integrand(u: Any, over_t: bool = True) -> Any:
            t = mp.mpc(c, u)
            return (relu_mellin(2, t) ** 3 * mp.exp(-t * y) / (t if over_t else 1)).real

        cuts = [0, 2, 5, 9, 14]
        terms = [(factor(2, Fraction(0)), 3)]
        expected = (1 if upper else -1) * mp.quad(integrand, cuts) / mp.pi
        assert agrees(inversion.tail(terms, flint.arb(y), upper=upper, digits=20), expected, 15)
        expected = mp.quad(lambda u: integrand(u, False), cuts) / mp.pi
        assert agrees(inversion.density(terms, flint.arb(y), digits=20), expected, 15)


@pytest.mark.parametrize("y", [-5, 2])
@pytest.mark.parametrize("slope", [Fraction(1), Fraction(0), Fraction(1, 3)], ids=str)
def test_densities_of_one_layer_of_width_two(slope: Fraction, y: int) -> None:
    with mp.workdps(30), precision(50):  # R/(2 share) is exponential; the density of log R is r times that of R
        r = mp.exp(y)
        expected = r * share_mean(
            2, slope, lambda share: mp.exp(-r / (2 * share)) / (2 * share) if share else mp.mpf(0)
        )
        assert agrees(inversion.density([(factor(2, slope), 1)], flint.arb(y), digits=20), expected, 18)


def test_a_layer_and_masked_signs_are_a_mixture() -> None:
    coins = Coins(sp.Integer(2), sp.S.One, sp.S.Zero)  # 1 or 2, with chances 2/3 and 1/3
    with mp.workdps(45), precision(50):
        r = mp.mpf(2) * 300
        expected = (2 * mp.exp(-r / 2) + mp.exp(-r / 4)) / 3
        terms = [(factor(2, Fraction(1)), 1), (coins, 1)]
        assert agrees(inversion.tail(terms, flint.arb(600).log(), upper=True, digits=20), expected, 19)


def test_a_wide_ball_is_answered_by_one_that_holds_both_ends() -> None:
    one = [(factor(2, Fraction(1)), 1)]
    with precision(40):
        wide = inversion.tail(one, flint.arb(1, 1e-6), upper=True, digits=4)
        for y in (1 - 0.99e-6, 1.0, 1 + 0.99e-6):
            assert wide.overlaps((-flint.arb(y).exp() / 2).exp())


@given(
    n=st.integers(1, 3),
    slope=st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(1)]),
    ends=st.tuples(*[st.fractions(Fraction(-2, 5), 3, max_denominator=20)] * 2),
    share=st.fractions(0, 1, max_denominator=9),
    u=st.fractions(-5, 5, max_denominator=5),
    y=st.integers(-4, 4),
)
@settings(max_examples=40)
def test_the_bound_on_a_wide_ball_holds_inside(
    n: int, slope: Fraction, ends: tuple[Fraction, Fraction], share: Fraction, u: Fraction, y: int
) -> None:
    if slope != 1 and n == 3:
        n = 2
    low, high = sorted(ends)
    terms = [(factor(n, slope), 2)]
    with precision(30):
        wide = enclose_number(exact(low)).union(enclose_number(exact(high)))
        bound = inversion._bound(terms, wide, flint.arb(y))
    with mp.workdps(15):
        t = mp.mpc(float(low + share * (high - low)), float(u))
        size = abs(mellin(n, slope, Fraction(1), t) ** 2 * mp.exp(-t * y))
    assert float(size) <= float(bound.real.abs_upper()) * (1 + 1e-9)
    assert float(size) <= float(bound.imag.abs_upper()) * (1 + 1e-9)
    if low == high and u == 0:
        assert float(size) == pytest.approx(float(bound.real.abs_upper()), rel=1e-6)


def test_no_bound_beyond_the_lowest_moment() -> None:
    with precision(30):
        bound = inversion._bound([(factor(4, Fraction(0)), 1)], flint.arb(0, 0.51), flint.arb(0))
    assert not bound.is_finite()


def test_discrete_laws_and_digits_that_cannot_be_met_are_refused() -> None:
    coins = Coins(sp.Integer(2), sp.S.One, sp.S.Zero)
    with refused("depth", "no density"):
        inversion.tail([(coins, 3)], flint.arb("0.5"), upper=True, digits=10)
    with refused("digits", "30 digits", "1.0"):
        inversion.tail([(factor(2, Fraction(1)), 1)], flint.arb(1, 1e-9), upper=True, digits=30)
    assert math.isfinite(float(inversion.tail([(factor(2, Fraction(1)), 1)], flint.arb(1, 1e-9), upper=True, digits=6)))


@pytest.mark.parametrize("over_t", [True, False])
@pytest.mark.parametrize("height", [2.0, 5.0])
def test_what_lies_beyond_the_height_is_in_the_ball(
    height: float, over_t: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inversion, "_height", lambda *_: height)  # far too low
    with precision(30), mp.workdps(30):
        y, r = flint.arb("0.5"), mp.exp("0.5")
        expected = mp.exp(-r / 2) * (1 if over_t else r / 2)
        ball = inversion._attempt([(factor(2, Fraction(1)), 1)], y, flint.arb(1), over_t)
        assert ball.overlaps(flint.arb(mp.nstr(expected, 25)) * flint.arb(1, 1e-20))
        assert 1e-6 < float(ball.rad()) < 1
