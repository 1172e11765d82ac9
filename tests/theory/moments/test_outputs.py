"""Moments of the output: the law's own, enumeration of signs, and the kurtosis of products."""

import itertools
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp

from tests.theory.small_networks import refused
from theory.ensembles import Ensemble
from theory.log_laws.norm_moments import norm_moment
from theory.log_laws.output_law import OutputLaw
from theory.moments.outputs import output_kurtosis, output_moment


@pytest.mark.parametrize("readout", ["random", "signs", (1, 2, -1)])
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_even_orders_are_those_of_the_law(activation: str, readout: Any) -> None:
    if activation == "relu" and not isinstance(readout, str):
        return
    net = Ensemble(width=3, depth=3, activation=activation, init="1/5", readout=readout, input=(1, 2, 0))
    for order in (2, 4, 6):
        assert sp.simplify(output_moment(net, order) - norm_moment(OutputLaw(net), order)) == 0


def test_a_readout_of_signs_over_all_weights_that_are_signs() -> None:
    net = Ensemble(width=2, depth=1, law="rademacher", activation="relu", init="he", readout="signs", input=(1, 3))
    total = Fraction(0)
    for w in itertools.product((-1, 1), repeat=4):
        hidden = [max(w[0] + 3 * w[1], 0), max(w[2] + 3 * w[3], 0)]
        for v in itertools.product((-1, 1), repeat=2):
            total += Fraction(v[0] * hidden[0] + v[1] * hidden[1]) ** 2 / 2 * net.variance(1)
    assert output_moment(net, 2) == sp.Rational(total.numerator, total.denominator * 2**6)


def test_kurtoses_in_closed_form() -> None:
    n, depth = (sp.Symbol(name, integer=True, positive=True) for name in "nL")
    for activation, rise in (("linear", 2), ("relu", 5)):
        net = Ensemble(width="n", depth="L", activation=activation, init="he")
        assert sp.simplify(output_kurtosis(net) - 3 * (1 + sp.Integer(rise) / n) ** depth) == 0
    assert output_kurtosis(Ensemble(width=1, depth=1, init=1)) == 9
    assert output_kurtosis(Ensemble(width=1, depth=3, readout="ones", init=1)) == 27  # three normal factors
    # an output of signs on ReLU: E B(B + 2)-like counts; one layer is 3 E B^2/(E B)^2 = 3 (n + 1)/n
    one = Ensemble(width="n", depth=1, activation="relu", init="he", readout="signs")
    assert sp.simplify(output_kurtosis(one) - 3 * (n + 1) / n) == 0


def test_what_is_not_known_is_refused() -> None:
    net = Ensemble(width=2, depth=2, law="uniform", readout="signs")
    with refused("law", "needs normal weights"):
        output_moment(net, 4)
    with refused("order", "must be positive"):
        output_moment(net, -1)
    with refused("readout", "is fixed"):
        output_moment(Ensemble(width=2, depth=2, activation="relu", readout="ones"), 4)
