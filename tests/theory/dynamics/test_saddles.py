"""Escape from a strict saddle: steps counted in rational arithmetic; mean exit times by their equation and by balls."""

import itertools
import math
from fractions import Fraction

import flint
import mpmath
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import exact, refused
from theory.balls import enclose
from theory.dynamics.saddles import (
    dawson,
    dawson_constant,
    dawson_integral,
    enclosed_exit_time,
    escape_steps,
    escape_steps_bounds,
    exit_time_asymptote,
    exit_time_saturation,
    growth_factor,
    mean_exit_time,
)

rates = st.fractions(min_value="1/40", max_value=3, max_denominator=40)
momenta = st.just(Fraction(0)) | st.fractions(min_value="1/20", max_value="19/20", max_denominator=20)
ratios = st.fractions(min_value="11/10", max_value=50, max_denominator=10)


def counted(rate: Fraction, momentum: Fraction, ratio: Fraction) -> int:
    """Steps of heavy ball, from rest at distance 1, until the distance is at least the ratio."""
    before, now, steps = Fraction(1), Fraction(1), 0
    while now < ratio:
        before, now, steps = now, now + rate * now + momentum * (now - before), steps + 1
    return steps


@given(rates, momenta)
@settings(max_examples=30)
def test_the_growth_factor_is_the_greater_root(rate: Fraction, momentum: Fraction) -> None:
    r = growth_factor(rate, momentum)
    assert sp.expand(r**2 - (1 + exact(momentum) + exact(rate)) * r + exact(momentum)) == 0
    assert r > 1 > exact(momentum) / r


@given(rates, momenta, ratios)
@settings(max_examples=40, deadline=None)
def test_counted_steps_lie_within_the_bounds(rate: Fraction, momentum: Fraction, ratio: Fraction) -> None:
    low, high = (enclose(bound) for bound in escape_steps_bounds(rate, ratio, momentum))
    steps = counted(rate, momentum, ratio)
    assert low <= steps <= high
    assert enclose(escape_steps(rate, ratio, momentum)) <= steps


@given(rates, ratios)
@settings(max_examples=40)
def test_gradient_descents_steps_are_the_logarithm_rounded_up(rate: Fraction, ratio: Fraction) -> None:
    assert counted(rate, Fraction(0), ratio) == sp.ceiling(escape_steps(rate, ratio))


@pytest.mark.parametrize("momentum", ["1/2", "9/10"])
def test_momentum_is_at_most_and_in_the_limit_exactly_that_much_faster(momentum: str) -> None:
    faster = 1 / (1 - float(Fraction(momentum)))
    ratios = [float(escape_steps(h, 2) / escape_steps(h, 2, momentum)) for h in ("1", "1/10", "1/1000", "1e-6")]
    assert ratios == sorted(ratios)
    assert 1 < ratios[0] < ratios[-1] < faster
    assert ratios[-1] == pytest.approx(faster, rel=1e-4)


def test_with_symbols_the_formulas_are_those_of_their_values() -> None:
    h, mu, R = sp.symbols("h mu R", positive=True)
    values = {h: sp.Rational(1, 10), mu: sp.Rational(9, 10), R: sp.Integer(7)}
    for function in (escape_steps, lambda *args: escape_steps_bounds(*args)[1]):
        formula = function("h", "R", "mu").subs(values)
        assert abs(enclose(formula - function("1/10", 7, "9/10"))) < 1e-25


x, gamma, sigma, D = sp.symbols("x gamma sigma D", positive=True)


def test_the_integral_of_dawsons_function_is_what_it_is_called() -> None:
    z = sp.Symbol("z", positive=True)
    assert sp.simplify(dawson(z).diff(z) + 2 * z * dawson(z) - 1) == 0
    series = [f.series(z, 0, 9).removeO() for f in (dawson_integral(z).diff(z), dawson(z))]
    assert sp.expand(series[0] - series[1]) == 0
    for value in ("1/3", "2", "9"):
        place = float(Fraction(value))
        area = mpmath.quad(lambda t: mpmath.exp(-(t**2)) * mpmath.erfi(t), [0, min(place, 1), place])
        got = float(enclose(dawson_integral(sp.Rational(value)), 25))
        assert got == pytest.approx(float(area * mpmath.sqrt(mpmath.pi) / 2), rel=1e-12)


def test_the_mean_exit_time_solves_the_backward_equation() -> None:
    u = mean_exit_time(gamma, sigma, D, x)
    assert u.subs(x, D) == 0
    slope = -2 / (sigma * sp.sqrt(gamma)) * dawson(x * sp.sqrt(gamma) / sigma)
    assert enclose((u.diff(x) - slope).subs({gamma: 2, sigma: 3, D: 5, x: 4})).contains(0)
    assert sp.simplify(sigma**2 / 2 * slope.diff(x) + gamma * x * slope + 1) == 0


@pytest.mark.parametrize("start", ["0", "1/2", "3/2"])
def test_the_mean_exit_time_is_that_of_scale_and_speed(start: str) -> None:
    def density(v: mpmath.mpf) -> mpmath.mpf:
        return 2 / mpmath.mpf(9) * mpmath.exp(-5 * v**2 / 9) * mpmath.quad(lambda y: mpmath.exp(5 * y**2 / 9), [0, v])

    area = mpmath.quad(density, [mpmath.mpf(Fraction(start).numerator) / Fraction(start).denominator, 2])
    assert float(enclosed_exit_time(5, 3, 2, start)) == pytest.approx(float(area), rel=1e-12)


@pytest.mark.parametrize("start", ["0", "1/2"])
def test_it_falls_as_the_curvature_grows(start: str) -> None:
    times = [enclosed_exit_time(c, "1/3", 1, start, digits=20) for c in ("1e-4", "1/100", "1", "30", "2000")]
    assert all(flatter > steeper for flatter, steeper in itertools.pairwise(times))
    low, high = exit_time_saturation("1e-4", "1/3", 1, start)
    assert enclose(low) < times[0] < enclose(high)
    assert high == (1 - exact(Fraction(start)) ** 2) * 9


def test_noise_shortens_the_escape_from_the_saddle_but_delays_it_from_beside_it() -> None:
    quiet, little, much = (enclosed_exit_time(1, noise, 1, "1/2") for noise in ("1/1000", "1/5", "2"))
    assert little > quiet > much
    assert float(quiet) == pytest.approx(math.log(2), rel=1e-5)  # gradient flow's time
    at_rest = [enclosed_exit_time(1, noise, 1) for noise in ("1/1000", "1/5", "2")]
    assert at_rest[0] > at_rest[1] > at_rest[2]


@given(st.fractions(min_value=1, max_value=30, max_denominator=20))
@settings(max_examples=25)
def test_the_asymptote_is_an_upper_bound_and_meets_the_lower(z: Fraction) -> None:
    low, high = exit_time_asymptote(3, 1, exact(z) / sp.sqrt(3))
    time = enclosed_exit_time(3, 1, exact(z) / sp.sqrt(3), digits=25)
    assert enclose(low, 25) < time < enclose(high, 25)
    assert sp.simplify(high - low - 1 / (6 * exact(z) ** 2)) == 0


def test_the_constant_is_derived() -> None:
    z = mpmath.mpf(60)
    nodes = mpmath.linspace(0, 8, 100)
    area = mpmath.quad(lambda t: (1 - mpmath.cos(2 * z * t)) / (2 * t) * mpmath.exp(-(t**2)), nodes)
    assert float(dawson_constant()) == pytest.approx(float(area - mpmath.log(z) / 2 + 1 / (8 * z**2)), abs=1e-7)


def test_far_out_the_series_continues_the_function() -> None:
    inside, outside = (enclosed_exit_time(1, 1, d, digits=40) for d in ("100", "100.0000000001"))
    slope = 2 * enclose(dawson(sp.Integer(100)), 60)  # falls, and hardly
    assert abs((outside - inside) / flint.arb("1e-10") - slope) < 1e-12
    assert outside.rad() < flint.arb("1e-35")


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: growth_factor(0), "rate"),
        (lambda: growth_factor("1/10", 1), "momentum"),
        (lambda: growth_factor("1/10", "-1/2"), "momentum"),
        (lambda: escape_steps("1/10", 1), "distance"),
        (lambda: escape_steps("1/10", "inf"), "distance"),
        (lambda: mean_exit_time(0, 1, 1), "curvature"),
        (lambda: mean_exit_time(1, "0", 1), "noise"),
        (lambda: mean_exit_time(1, 1, sp.nan), "distance"),
        (lambda: mean_exit_time(1, 1, 1, 1), "start"),
        (lambda: exit_time_asymptote("1/4", 1, 1), "curvature"),
        (lambda: enclosed_exit_time(1, 1, 1, digits=0), "digits"),
        (lambda: enclosed_exit_time("gamma", 1, 1), "expression"),
        (lambda: dawson(float("inf")), "z"),
        (lambda: dawson(sp.oo), "z"),
        (lambda: dawson_integral(sp.nan), "z"),
        (lambda: dawson("x y"), "z"),
        (lambda: growth_factor(1, False), "momentum"),
        (lambda: growth_factor(1, sp.zoo), "momentum"),
        (lambda: growth_factor(1, ""), "momentum"),
    ],
)
def test_bad_input_is_named(call, word) -> None:
    with refused(word):
        call()


def test_zero_is_no_error_and_is_named_as_allowed() -> None:
    assert growth_factor(1, 0) == growth_factor(1, "0.0") == growth_factor(1, 0.0) == 2
    with refused("momentum", "at least 0, got -1"):
        growth_factor(1, -1)


def test_dawsons_integral_takes_names_and_floats() -> None:
    z = sp.Symbol("z", positive=True)
    assert (dawson("z"), dawson_integral("z")) == (dawson(z), dawson_integral(z))
    assert dawson(0.5) == dawson("1/2") == dawson(sp.Rational(1, 2))
