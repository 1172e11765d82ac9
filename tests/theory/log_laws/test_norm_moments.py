"""Moments of real orders: quadrature, gradients, even orders, and where they are infinite."""

from fractions import Fraction
from math import comb
from typing import Any

import mpmath as mp
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import refused
from theory.balls import precision
from theory.ensembles import Ensemble
from theory.log_laws.log_gradients import LogGradientLaw
from theory.log_laws.log_norms import LogNormLaw
from theory.log_laws.norm_moments import enclosed_norm_moment, has_formula, least_order, norm_moment
from theory.moments.activations import activation_moment
from theory.moments.gradients import gradient_moment

NETS = [
    Ensemble(width=3, depth=2, input=(1, 2, 0)),
    Ensemble(width=5, depth=2, activation="relu", init="he"),
    Ensemble(widths=(2, 3, 4), activation="relu", init="he"),
    Ensemble(width=3, depth=2, activation="leaky:1/2", init="he"),
]


def chi_moment(degrees: int, order: float) -> Any:
    """E |g|^order of a normal vector g of that length, by quadrature of the density in log|g|."""
    norm = 2 ** (mp.mpf(degrees) / 2 - 1) * mp.gamma(mp.mpf(degrees) / 2)
    return mp.quad(lambda y: mp.exp((degrees + order) * y - mp.exp(2 * y) / 2) / norm, [-120, -20, -4, 0, 1, 2, 3])


@pytest.mark.parametrize("order", [1, 3, Fraction(1, 2), Fraction(-1, 2)])
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_a_layer_against_quadrature(activation: str, order: Fraction) -> None:
    n = 3
    net = Ensemble(width=n, depth=1, activation=activation, init="1/3", input="e1")
    alive = activation == "relu" and order < 0
    if activation == "linear":
        expected = chi_moment(n, float(order))
    else:
        expected = sum(comb(n, b) * chi_moment(b, float(order)) for b in range(1, n + 1)) / 2**n
        expected /= (1 - mp.mpf(2) ** -n) if alive else 1
    expected /= mp.mpf(3) ** (mp.mpf(float(order)) / 2)  # the weights have variance 1/3
    value = norm_moment(LogNormLaw(net), order, given_survival=alive)
    assert float(sp.N(value, 20)) == pytest.approx(float(expected), rel=1e-12)


def test_a_leaky_layer_against_quadrature_in_the_plane() -> None:
    angle = mp.quad(lambda t: mp.sqrt(mp.cos(t) ** 2 + mp.sin(t) ** 2 / 4), [0, mp.pi / 2]) * 2 / mp.pi
    share = mp.mpf(1) / 4 + mp.mpf(1) / 4 / 2 + angle / 2  # both on, both off, one of each
    radius = mp.sqrt(mp.pi / 2)  # E chi_2
    value = enclosed_norm_moment(
        LogNormLaw(Ensemble(width=2, depth=1, activation="leaky:1/2", init=1, input="e1")), 1, 20
    )
    assert float(value) == pytest.approx(float(share * radius), rel=1e-14)


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
@pytest.mark.parametrize("order", [1, 2, 3, 4, Fraction(7, 3)])
def test_the_formula_and_the_ball_agree_and_even_orders_are_the_polynomials(net: Ensemble, order: Fraction) -> None:
    law = LogNormLaw(net)
    formula, ball = norm_moment(law, order), enclosed_norm_moment(law, order, 25)
    with precision(30):
        assert abs(mp.mpf(str(sp.N(formula, 30))) - mp.mpf(ball.str(25, radius=False))) < mp.mpf(10) ** -20 * 30
    if order in (2, 4):
        assert sp.N(formula, 20) == pytest.approx(sp.N(activation_moment(net, int(order)), 20), rel=1e-15)


@pytest.mark.parametrize("readout", ["random", "signs"])
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_gradients_have_the_known_even_orders(activation: str, readout: str) -> None:
    net = Ensemble(width=4, depth=3, activation=activation, init="1/3", readout=readout)
    for order in (2, 4):
        assert sp.simplify(norm_moment(LogGradientLaw(net, 2), order) - gradient_moment(net, 2, order)) == 0


@settings(max_examples=8, deadline=None)
@given(n=st.integers(1, 9), depth=st.integers(1, 4), order=st.fractions(Fraction(1, 4), 5, max_denominator=4))
def test_letters_at_numbers_are_the_numbers_and_moments_are_log_convex(n: int, depth: int, order: Fraction) -> None:
    net = Ensemble(width="n", depth="L", activation="relu", init="he", input=None)
    letters = {str(symbol): symbol for symbol in norm_moment(LogNormLaw(net), order).free_symbols}
    formula = norm_moment(LogNormLaw(net), order)
    at = formula.xreplace({letters["n"]: sp.Integer(n), letters["L"]: sp.Integer(depth), letters["norm_x"]: sp.S.One})
    law = LogNormLaw(net.at(width=n, depth=depth))
    assert float(sp.N(at.doit(), 20)) == pytest.approx(float(enclosed_norm_moment(law, order, 20)), rel=1e-12)
    low, middle, high = (float(enclosed_norm_moment(law, step * order, 20)) for step in (1, 2, 3))
    assert middle**2 <= low * high * (1 + 1e-12)


def test_a_dead_network_adds_nothing_to_positive_orders() -> None:
    net = Ensemble(width=2, depth=3, activation="relu", init="he")
    law = LogNormLaw(net)
    given_survival = norm_moment(law, 1, given_survival=True)
    assert sp.expand(norm_moment(law, 1) - given_survival * sp.Rational(3, 4) ** 3) == 0
    small = enclosed_norm_moment(law, "1/10000000000", 12)  # as the order falls to 0, survival is left
    assert float(small) == pytest.approx(27 / 64, abs=1e-8)


def test_infinite_orders_say_from_where_on_they_are_finite() -> None:
    linear, relu = LogNormLaw(NETS[0]), LogNormLaw(NETS[1])
    assert (least_order(linear), least_order(relu)) == (-3, -1)
    with refused("order", "order -3 is infinite"):
        norm_moment(linear, -3)
    with refused("order", "a dead network has norm 0"):
        norm_moment(relu, "-1/2")
    with refused("order", "infinite even given survival"):
        enclosed_norm_moment(relu, -1, given_survival=True)
    with refused("order", "0 gives the probability"):
        norm_moment(relu, 0)
    with refused("order", "at most"):
        enclosed_norm_moment(relu, 10**9)
    # the moment grows beyond bounds as the order falls to where it ends
    sizes = [float(enclosed_norm_moment(linear, order, 10)) for order in ("-29/10", "-299/100", "-2999/1000")]
    assert sizes[1] > 5 * sizes[0]
    assert sizes[2] > 5 * sizes[1]


def test_what_is_no_formula_to_read_is_a_number() -> None:
    wide = LogNormLaw(Ensemble(width=1000, depth=10, activation="relu", init="he"))
    assert not has_formula(wide, 1)
    with refused("width", "no formula to read"):
        norm_moment(wide, 1)
    # (1 - 5/(8n) + O(1/n^2))^L
    assert float(enclosed_norm_moment(wide, 1, 15)) == pytest.approx(1 - 5 * 10 / (8 * 1000), abs=1e-4)
    with refused("order", "no formula to read"):
        norm_moment(LogNormLaw(NETS[0]), 201)
    with refused("layer", "needs a number"):
        enclosed_norm_moment(LogNormLaw(NETS[0], "k"), 1)
