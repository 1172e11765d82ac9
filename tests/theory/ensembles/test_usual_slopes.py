"""Any slopes and variances of one's own, against all weights in rational arithmetic, and against equal networks."""

import math
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.exact.all_weights import activation_power, gradient_power, hessian_power
from tests.theory.small_networks import exact, networks, refused, without_atoms
from theory import (
    LogGradientLaw,
    LogNormLaw,
    activation_moment,
    closed_tail_bound,
    feasible_widths,
    gradient_moment,
    hessian_moment,
    kurtosis,
)
from theory.ensembles import Ensemble
from theory.ensembles.usual_slopes import of_usual_slope
from theory.log_laws.closed_bounds import needed_width
from theory.log_laws.feasible_widths import asymptotic_slope
from theory.log_laws.log_norms import density, survival
from theory.log_laws.norm_moments import enclosed_norm_moment
from theory.log_laws.output_law import OutputLaw
from theory.log_laws.tail_bounds import least_tail_bound
from theory.moments.across_layers import correlation, covariance, mixed_moment
from theory.moments.gradient_products import gradient_correlation, gradient_covariance, gradient_product
from theory.moments.hessians import gauss_newton_trace, hessian_block_moment, residual_part_moment
from theory.moments.outputs import output_moment

SLOPES = ["abs", "leaky:-1/2", "leaky:3", "leaky:-2", "pieces:-1:2", "pieces:0:3", "pieces:1/2:1/3", "pieces:5:5"]
slopes = st.sampled_from(SLOPES)
orders = st.sampled_from([2, 4, 6])
layers = st.integers(0, 3)


@st.composite
def varied(draw: st.DrawFn, budget: int, **fields: Any) -> Ensemble:
    """Networks of unusual slopes, often with a variance of its own in each layer."""
    net = draw(networks(budget=budget, **fields)).at(activation=draw(slopes))
    variances = st.sampled_from([Fraction(1), Fraction(4), Fraction(1, 3)])
    own = draw(st.lists(variances, min_size=net.depth, max_size=net.depth))
    return net.at(init=own) if draw(st.booleans()) else net


@given(varied(budget=1000), orders)
@settings(max_examples=30)
def test_activations_equal_brute_force(net: Ensemble, order: int) -> None:
    assert activation_moment(net, order) == exact(activation_power(net, order))


@given(varied(budget=100, readout="signs"), layers, orders)
@settings(max_examples=20)
def test_gradients_equal_brute_force(net: Ensemble, layer: int, order: int) -> None:
    layer = 1 + layer % net.depth
    assert gradient_moment(net.at(law=without_atoms(net.law)), layer, order) == exact(gradient_power(net, layer, order))


@given(varied(budget=30, readout="signs").filter(lambda net: net.depth > 1))
@settings(max_examples=15)
def test_hessian_blocks_equal_brute_force(net: Ensemble) -> None:
    smooth = net.at(law=without_atoms(net.law))
    pairs = [(k, later) for later in range(2, net.depth + 1) for k in range(1, later)]
    blocks = [exact(hessian_power(net, *pair)) for pair in pairs]
    assert [hessian_block_moment(smooth, *pair) for pair in pairs] == blocks
    assert hessian_moment(smooth) == 2 * sum(blocks)


@pytest.mark.parametrize("activation", SLOPES)
def test_symbolic_sizes_give_the_formula_of_both_slopes(activation: str) -> None:
    net = Ensemble(width="n", depth="L", activation=activation, init="variance:s2", law="symmetric")
    n, L = sp.symbols("n L", positive=True, integer=True)
    s2, x = sp.symbols("s2 norm_x", positive=True)
    below, above = (exact(Fraction(slope)) for slope in net.pieces)
    p2 = (below**2 + above**2) / 2
    assert sp.simplify(activation_moment(net) / (x**2 * (n * s2 * p2) ** L)) == 1
    assert sp.simplify(gradient_moment(net) / (p2 * x**2 * (n * s2 * p2) ** (L - 1))) == 1
    he = net.at(init="he")
    assert activation_moment(he) == x**2
    assert gradient_moment(he) == p2 * x**2
    assert sp.simplify(hessian_moment(he) - p2**2 * L * (L - 1) * n * x**2) == 0


@pytest.mark.parametrize("bias", ["1/10", "variance:t", "pytorch"])
def test_biases_are_added_before_the_slopes(bias: str) -> None:
    net = Ensemble(width="n", depth=1, activation="leaky:-3", init="he", bias=bias, input="ones")
    n, t = sp.Symbol("n", positive=True, integer=True), sp.Symbol("t", positive=True)
    variance = {"1/10": sp.Rational(1, 10), "variance:t": t, "pytorch": 1 / (3 * n)}[bias]
    assert sp.simplify(activation_moment(net) - n * (1 + 5 * variance)) == 0  # 5 = (3^2 + 1)/2
    constant = net.at(activation="abs", bias="constant:1/2", init="variance:s2")
    assert activation_moment(constant) == activation_moment(constant.at(activation="linear"))


def test_the_absolute_value_has_the_laws_of_no_activation() -> None:
    folded, linear = (Ensemble(width=5, depth=3, activation=name, init="2/9") for name in ("abs", "linear"))
    assert density(folded) == density(linear)
    assert LogNormLaw(folded).mean() == LogNormLaw(linear).mean()
    assert LogNormLaw(folded).median() == LogNormLaw(linear).median()
    assert LogGradientLaw(folded).mean() == LogGradientLaw(linear).mean()
    assert survival(folded) == 1


@pytest.mark.parametrize(("activation", "ratio", "gain"), [("leaky:4", "1/4", 16), ("pieces:-1:2", "1/2", 4)])
def test_logarithms_shift_by_the_gain(activation: str, ratio: str, gain: int) -> None:
    net, usual = (Ensemble(width=4, depth=3, activation=name, init="1/4") for name in (activation, f"leaky:{ratio}"))
    for law in (LogNormLaw, LogGradientLaw):
        gap = law(net, 2).enclosed_cumulant(1, 15) - law(usual, 2).enclosed_cumulant(1, 15)
        times = 2 if law is LogNormLaw else 3  # a gradient has a slope of each layer, and a weight less
        assert float(gap.mid()) == pytest.approx(times * math.log(gain), rel=1e-9)
    he = net.at(init="he")
    assert of_usual_slope(he, "it") == (usual.at(init="he"), gain)


def test_what_signs_would_change_is_refused() -> None:
    net = Ensemble(width=4, depth=3, activation="abs", init="he")
    with refused("readout", "independent signs"):
        gradient_moment(net.at(readout="ones"), 1)
    with refused("law", "has atoms"):  # the slope of |z| at 0 is no square root of 1 for all
        gradient_moment(net.at(law="rademacher"), 1)
    assert activation_moment(net.at(law="rademacher"), 4) == activation_moment(
        net.at(law="rademacher", activation="linear"), 4
    )
    with refused("bias", "of one law with their negatives"):
        gradient_moment(net.at(bias="constant:1/10"))
    with refused("bias", "of one law with their negatives"):
        activation_moment(net.at(activation="leaky:3", bias="constant:1/10"))
    assert gradient_moment(net.at(activation="pieces:0:2", readout="ones"), 1) == 4 * gradient_moment(
        net.at(activation="relu", readout="ones"), 1
    )
    assert of_usual_slope(net.at(activation="tanh"), "it") == (net.at(activation="tanh"), 1)


OWN = (Fraction(1), Fraction(4), Fraction(1, 3), Fraction(2))
SHIFT = {  # how each answer grows if layer k has the variance OWN[k], where all had 1
    "activation": lambda net: (activation_moment(net, 4, 3), (2, 2, 2, 0)),
    "kurtosis": lambda net: (kurtosis(net), (0, 0, 0, 0)),
    "mixed": lambda net: (mixed_moment(net, {2: 2, 3: 4}), (3, 3, 2, 0)),
    "covariance": lambda net: (covariance(net, 1, 3), (2, 1, 1, 0)),
    "correlation": lambda net: (correlation(net, 1, 3), (0, 0, 0, 0)),
    "gradient": lambda net: (gradient_moment(net, 2, 4), (2, 0, 2, 2)),
    "gradients": lambda net: (gradient_product(net, 2, 3), (2, 1, 1, 2)),
    "gradient covariance": lambda net: (gradient_covariance(net, 2, 3), (2, 1, 1, 2)),
    "gradient correlation": lambda net: (gradient_correlation(net, 2, 3), (0, 0, 0, 0)),
    "block": lambda net: (hessian_block_moment(net, 2, 3, 4), (2, 0, 0, 2)),
    "survival": lambda net: (survival(net), (0, 0, 0, 0)),
    "readout": lambda net: (gradient_moment(net.at(readout="ones", activation="relu"), 2), (1, 0, 1, 1)),
}


@pytest.mark.parametrize("name", SHIFT)
@pytest.mark.parametrize("activation", ["relu", "leaky:1/2", "pieces:-1:2"])
def test_a_variance_for_each_layer_multiplies_what_that_layer_enters(name: str, activation: str) -> None:
    one = Ensemble(width=3, depth=4, activation=activation, init=1)
    value, powers = SHIFT[name](one)
    factor = sp.Mul(*(exact(variance) ** power for variance, power in zip(OWN, powers, strict=True)))
    assert sp.simplify(SHIFT[name](one.at(init=OWN))[0] / (factor * value)) == 1


def test_sums_over_layers_take_each_variance() -> None:
    one = Ensemble(width=2, depth=3, activation="relu", init=1)
    own = one.at(init=OWN[:3])
    at = [exact(variance) for variance in OWN[:3]]
    product = sp.Mul(*at)
    gradients, blocks = [gradient_moment(one, k) * product / at[k - 1] for k in (1, 2, 3)], []
    for k, later in ((1, 2), (1, 3), (2, 3)):
        blocks.append(2 * hessian_block_moment(one, k, later) * product / at[k - 1] / at[later - 1])
    assert gauss_newton_trace(own) == sum(gradients)
    assert hessian_moment(own) == sum(blocks)
    assert residual_part_moment(own, 0) != residual_part_moment(one, 0)


def test_logarithms_add_the_logarithms_of_the_variances() -> None:
    one = Ensemble(width=3, depth=4, activation="relu", init=1)
    product = sp.Mul(*(exact(variance) for variance in OWN))
    for law in (LogNormLaw, LogGradientLaw):
        layer = {} if law is LogNormLaw else {"layer": 2}
        shift = sp.log(product if law is LogNormLaw else product / exact(OWN[1]))
        gap = law(one.at(init=OWN), **layer).mean() - law(one, **layer).mean()
        assert float(gap) == pytest.approx(float(shift), abs=1e-12)
        median = law(one.at(init=OWN), **layer).median() - law(one, **layer).median()
        assert median == pytest.approx(float(shift), abs=1e-9)


@pytest.mark.parametrize("activation", ["abs", "pieces:-1:2", "pieces:0:3"])
def test_bounds_and_widths_are_those_of_the_equal_network(activation: str) -> None:
    net = Ensemble(width=3, depth=2, activation=activation, init="he")
    usual, _ = of_usual_slope(net, "it")
    law, same = LogNormLaw(net), LogNormLaw(usual)
    assert least_tail_bound(law, "1/2").bound == pytest.approx(least_tail_bound(same, "1/2").bound)
    if usual.slope in (0, 1):
        assert closed_tail_bound(law, "1/2") == closed_tail_bound(same, "1/2")
        assert needed_width(net, "1/2", "1/2") == needed_width(usual, "1/2", "1/2")
    assert feasible_widths(net, "1/2", "1/2") == feasible_widths(usual, "1/2", "1/2")
    assert asymptotic_slope(net, "1/2", "1/2") == asymptotic_slope(usual, "1/2", "1/2")


@pytest.mark.parametrize("activation", ["abs", "leaky:-2", "pieces:-1:2", "pieces:5:5"])
@pytest.mark.parametrize("readout", ["random", "signs"])
def test_outputs_have_the_law_of_the_equal_network(activation: str, readout: str) -> None:
    """The even moments come from other code; a fixed readout sees the signs, unless both slopes are one."""
    net = Ensemble(width=3, depth=2, activation=activation, init="he", readout=readout)
    assert float(enclosed_norm_moment(OutputLaw(net), 4, 12)) == pytest.approx(float(output_moment(net, 4)))
    usual, _ = of_usual_slope(net, "it")
    assert OutputLaw(net).density(0.3) == pytest.approx(OutputLaw(usual).density(0.3))
    if activation != "pieces:5:5":
        with refused("readout", "is fixed"):
            OutputLaw(net.at(readout="ones"))


def test_a_refusal_prints_what_was_typed() -> None:
    with refused("activation", "got 'abs'"):
        Ensemble(width=3, depth=2, activation="abs").slope  # noqa: B018
