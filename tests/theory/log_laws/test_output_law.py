"""The law of the output: products of two normal numbers, quadrature, Meijer functions, symmetry, and what is drawn."""

from math import comb
from typing import Any

import flint
import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from scipy import integrate

from montecarlo import clopper_pearson_interval
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble
from theory.log_laws.log_norms import LogNormLaw, density
from theory.log_laws.output_law import OutputLaw, output_density

ONE = Ensemble(width=1, depth=1, init=1, input="e1")
RELU = Ensemble(width=3, depth=1, activation="relu", init="he", input="e1")
NETS = [
    RELU.at(depth=3),
    RELU.at(depth=3, readout="signs"),
    RELU.at(depth=3, activation="leaky:1/2", readout="signs"),
    RELU.at(depth=3, activation="pieces:-1:2", readout="signs"),
    Ensemble(widths=(2, 3, 4), readout=(1, 2, -1, 0)),
]


@pytest.mark.parametrize("u", ["1/10", 1, -2])
def test_a_product_of_two_normal_numbers_has_a_bessel_function(u: Any) -> None:
    ball = OutputLaw(ONE).enclosed_density(u, 25)
    expected = mp.besselk(0, abs(mp.mpf(sp.Rational(u).p) / sp.Rational(u).q)) / mp.pi
    assert float(ball) == pytest.approx(float(expected), rel=1e-15)
    assert OutputLaw(ONE).density(float(sp.Rational(u))) == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("readout", ["random", "signs"])
def test_one_hidden_layer_is_a_mixture_over_the_units_that_are_on(readout: str) -> None:
    n, u = 3, mp.mpf(1) / 2
    total = mp.mpf(0)
    for b in range(1, n + 1):
        half, variance = mp.mpf(b) / 2, mp.mpf(2) / 3 / n
        if readout == "random":
            norm = 2**half * mp.gamma(half)
            chi = lambda y, h=half, c=norm: mp.exp(h * y - mp.exp(y) / 2) / c  # noqa: E731  # of log chi-square
            value = mp.quad(
                lambda y, f=chi, v=variance: f(y) * mp.npdf(u, 0, mp.sqrt(v * mp.exp(y))), [-60, -5, 0, 3, 6]
            )
        else:
            value = mp.npdf(u, 0, mp.sqrt(variance * b))
        total += comb(n, b) * value / 2**n
    law = OutputLaw(RELU.at(readout=readout))
    assert float(law.enclosed_density("1/2", 15)) == pytest.approx(float(total), rel=1e-12)
    formula = output_density(RELU.at(readout=readout))
    (letter,) = formula.free_symbols
    assert float(sp.N(formula.subs(letter, sp.Rational(1, 2)), 15)) == pytest.approx(float(total), rel=1e-12)


def test_mixtures_of_meijer_functions_are_what_the_inversion_encloses() -> None:
    net = Ensemble(widths=(2, 3, 2), activation="relu", init="he", input=(1, 2))
    formula = density(net)
    (letter,) = formula.free_symbols
    law = LogNormLaw(net)
    for r in (sp.Rational(1, 3), sp.Integer(4)):
        expected = law.pdf(float(sp.log(r))) / float(r)
        assert float(sp.N(formula.subs(letter, r), 15)) == pytest.approx(expected, rel=1e-9)
    linear = output_density(Ensemble(widths=(2, 3, 4), readout=(1, 2, -1, 0)))
    (letter,) = linear.free_symbols
    ball = OutputLaw(NETS[-1]).enclosed_density("1/3", 15)
    assert float(sp.N(linear.subs(letter, sp.Rational(1, 3)), 15)) == pytest.approx(float(ball), rel=1e-12)


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_the_law_is_symmetric_and_integrates_its_density(net: Ensemble) -> None:
    law = OutputLaw(net)
    low, high = law.enclosed_distribution("-1/3", 12), law.enclosed_distribution("1/3", 12)
    assert (low + high).overlaps(flint.arb(1))
    inside, _ = integrate.fixed_quad(np.vectorize(law.density), 1 / 3, 1, n=12)
    assert inside == pytest.approx(float(law.enclosed_distribution(1, 12) - high), abs=1e-8)
    assert law.enclosed_beyond("1/3", 12).overlaps(2 * low)
    alive = law.enclosed_survival()
    assert law.enclosed_distribution(0).overlaps(1 - alive / 2)


def test_the_density_at_0_is_the_limit_or_infinite() -> None:
    for net in (Ensemble(width=3, depth=2), RELU.at(readout="signs"), NETS[2]):
        law = OutputLaw(net)
        assert float(law.enclosed_density(0, 15)) == pytest.approx(float(law.enclosed_density("1e-9", 15)), rel=1e-6)
        assert law.density(0.0) == pytest.approx(float(law.enclosed_density(0, 15)))
    for net in (ONE, RELU):
        with refused("u", "density of this output is infinite"):
            OutputLaw(net).enclosed_density(0)


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_drawn_networks_are_below_a_point_as_often_as_it_says(net: Ensemble) -> None:
    rng, samples = np.random.default_rng(7), 20_000
    vector = np.broadcast_to(np.full(int(net.width_at(0)), int(net.width_at(0)) ** -0.5), (samples, net.width_at(0)))
    if net.input == "e1":
        vector = np.eye(int(net.width_at(0)))[[0] * samples]
    for k in range(1, int(net.depth) + 1):
        weights = rng.normal(size=(samples, net.width_at(k), net.width_at(k - 1))) * float(net.variance(k)) ** 0.5
        before = np.einsum("sij,sj->si", weights, vector)
        below, above = map(float, net.pieces)
        vector = np.where(before > 0, above * before, below * before)
    last = int(net.width_at(net.depth))
    if net.readout == "random":
        readout = rng.normal(size=(samples, last)) / last**0.5
    elif net.readout == "signs":
        readout = rng.choice([-1, 1], size=(samples, last)) / last**0.5
    else:
        readout = np.array([float(entry) for entry in net.readout])
    fewer = int(((vector * readout).sum(axis=1) <= 0.3).sum())
    interval = clopper_pearson_interval(fewer, samples, 1e-9)
    assert interval.lo <= float(OutputLaw(net).enclosed_distribution("3/10", 10)) <= interval.hi


def test_what_is_not_known_is_refused() -> None:
    with refused("readout", "is fixed"):
        OutputLaw(RELU.at(readout="ones"))
    with refused("law", "needs normal weights"):
        OutputLaw(RELU.at(law="uniform"))
    with refused("c", "must be positive, got 0"):
        OutputLaw(RELU).enclosed_beyond(0)
    with refused("width", "more than 60"):
        output_density(RELU.at(width=8, depth=8))
    with refused("activation", "leaky"):
        output_density(RELU.at(activation="leaky:1/2"))
    with refused("depth", "one parameter a layer"):
        output_density(Ensemble(width=2, depth="L"))
    with refused("width", "'u' already names"):
        output_density(Ensemble(width="u", depth=2))
