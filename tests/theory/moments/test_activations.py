"""Moments of the activations' norms: equal to brute force, to published values, to themselves in other words."""

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.exact.all_weights import activation_power
from tests.theory.small_networks import NUMBERS, exact, networks, refused
from theory.ensembles import Ensemble, Law
from theory.moments.activations import activation_moment, kurtosis, moment_before
from theory.moments.expansions import kurtosis_limit
from theory.moments.transfer import transfer_matrix
from theory.width_one.products import ChainLaw

n, L = (sp.Symbol(name, integer=True, positive=True) for name in "nL")
norm = sp.Symbol("norm_x", positive=True)
LAWS = ["normal", "uniform", "rademacher", Law.discrete({-2: "1/6", 0: "2/3", 2: "1/6"})]
orders = st.sampled_from([2, 4, 6])


def recursion(net: Ensemble, x: Sequence[Fraction]) -> Fraction:
    """E|a_L|^4 by the two-term recursion, in Fractions."""
    slope, K = Fraction(net.slope), Fraction(net.law.kurtosis)
    p2, p4 = (1 + slope**2) / 2, (1 + slope**4) / 2
    u, v = sum(a**2 for a in x) ** 2, sum(a**4 for a in x)
    for k in range(1, net.depth + 1):
        width, s4 = net.width_at(k), net.variance(k) ** 2
        v = width * p4 * s4 * (3 * u + (K - 3) * v)
        u = v + width * (width - 1) * p2**2 * s4 * u
    return u


def log_kurtosis_at_half(activation: str, K: int, width: int) -> float:
    """log of E|a_L|^4/(E|a_L|^2)^2 for x = e_1 and L = width/2, from the recursion in floats."""
    slope = float(Ensemble(width=1, depth=1, activation=activation).slope)
    ratio = 2 * (1 + slope**4) / (1 + slope**2) ** 2
    u = v = 1.0
    for _ in range(width // 2):
        v = ratio / width * (3 * u + (K - 3) * v)
        u = v + (width - 1) / width * u
    return math.log(u)


@given(networks(budget=7000), orders)
@settings(max_examples=60)
def test_activation_moments_equal_brute_force(net: Ensemble, order: int) -> None:
    assert activation_moment(net, order) == exact(activation_power(net, order))


@given(networks(budget=10**6), orders, st.randoms(use_true_random=False), NUMBERS.filter(bool))
@settings(max_examples=40)
def test_order_and_signs_of_the_input_do_not_matter_and_scale_comes_out(
    net: Ensemble, order: int, random: Any, scale: Fraction
) -> None:
    shuffled = random.sample(net.input, len(net.input))
    scaled = [scale * entry * random.choice([1, -1]) for entry in shuffled]
    assert activation_moment(net.at(input=scaled), order) == exact(scale) ** order * activation_moment(net, order)


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/3"])
def test_depth_splits_into_a_first_and_a_second_part(activation: str, law: Any, order: int) -> None:
    net = Ensemble(width=3, depth=5, activation=activation, init="he", law=law, input=(1, 2, "1/2"))
    transfer = transfer_matrix(net, order)
    start = sp.Matrix([sp.Mul(*(1 + 4**j + sp.Rational(1, 4**j) for j in part)) for part in transfer.basis])
    for first in (1, 4):
        halfway = transfer.matrix**first * start
        assert halfway[0] == activation_moment(net, order, layer=first)
        assert (transfer.matrix ** (5 - first) * halfway)[0] == activation_moment(net, order)


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/2"])
@pytest.mark.parametrize("init", ["xavier", "he", "2/3"])
def test_the_formula_in_n_L_and_K_is_the_recursion(activation: str, init: str) -> None:
    net = Ensemble(width="n", depth="L", activation=activation, init=init, law="symmetric")
    formula = activation_moment(net, 4)
    own = Law.from_moments("own", {2: 1, 4: "7/2"})
    for width, depth, law in ((1, 3, own), (2, 1, own), (3, 2, own), (2, 5, Law.named("uniform")), (7, 4, own)):
        x = [Fraction(k, 2) for k in range(1, width + 1)]
        values = {"n": width, "L": depth, "K": exact(law.kurtosis)}
        values["norm_x"] = sp.sqrt(exact(sum(a**2 for a in x)))
        values["norm4_x"] = exact(sum(a**4 for a in x)) ** sp.Rational(1, 4)
        at = formula.subs({symbol: values[symbol.name] for symbol in formula.free_symbols})
        assert sp.radsimp(sp.expand(at)) == exact(recursion(net.at(width=width, depth=depth, law=law, input=x), x))


@pytest.mark.parametrize("order", [4, 6])
@pytest.mark.parametrize("depth", [1, 3])
def test_the_formula_in_n_at_a_number_of_layers_is_the_number_at_n(depth: int, order: int) -> None:
    net = Ensemble(width="n", depth=depth, activation="relu", init="he", law="uniform", input="ones")
    formula = activation_moment(net, order)
    for width in (1, 2, 6):
        assert formula.subs(n, width) == activation_moment(net.at(width=width), order)


@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_normal_formulas_in_n_and_L_are_the_numbers_at_n_and_L(order: int) -> None:
    net = Ensemble(width="n", depth="L", activation="leaky:1/2", init="he")
    formula = activation_moment(net, order)
    for width, depth in ((1, 4), (5, 3)):
        numbers = activation_moment(net.at(width=width, depth=depth, input="ones"), order)
        assert formula.subs({n: width, L: depth, norm: sp.sqrt(width)}) == numbers


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("order", [2, 4, 6])
def test_unequal_widths_that_are_equal_agree_with_constant_width(law: Any, order: int) -> None:
    net = Ensemble(width=3, depth=4, activation="leaky:1/4", init="he", law=law)
    assert activation_moment(net.at(widths=(3,) * 5), order) == activation_moment(net, order)
    for layer in range(5):
        assert activation_moment(net.at(widths=(3,) * 5), order, layer) == activation_moment(net, order, layer)


@pytest.mark.parametrize("widths", [(2, 3, 4, 1), (5, 1, 2)])
@pytest.mark.parametrize("init", ["xavier", "he", "lecun", "pytorch", "5/7"])
def test_rectangular_networks_follow_the_recursion(widths: tuple[int, ...], init: str) -> None:
    net = Ensemble(widths=widths, activation="leaky:1/2", init=init, law="uniform", input="ones")
    assert activation_moment(net, 4) == exact(recursion(net, [Fraction(1)] * widths[0]))


@pytest.mark.parametrize("law", ["normal", "uniform"])
@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_width_one_agrees_with_the_chain(law: str, order: int) -> None:
    net = Ensemble(width=1, depth=3, init="2/5", law=law, input=(3,))
    assert activation_moment(net, order) == ChainLaw(net).absolute_moment(order)


def test_width_one_at_symbolic_depth_is_a_power_of_one_moment() -> None:
    formula = activation_moment(Ensemble(width=1, depth="L", law="uniform", input="e1"), 4)
    assert [sp.simplify(formula.subs(L, depth)) for depth in (1, 2, 5)] == [sp.Rational(9, 5) ** k for k in (1, 2, 5)]


@pytest.mark.parametrize(
    ("fields", "order", "published"),
    [
        ({"activation": "relu", "init": "he"}, 2, norm**2),
        ({"activation": "relu", "init": "he"}, 4, norm**4 * (1 + 5 / n) ** L),
        ({"activation": "linear", "init": "xavier"}, 4, norm**4 * (1 + 2 / n) ** L),
        ({"activation": "linear", "init": "xavier"}, 6, norm**6 * ((1 + 2 / n) * (1 + 4 / n)) ** L),
        ({"activation": "relu", "init": "xavier"}, 2, norm**2 / 2**L),
        ({"activation": "linear", "init": "pytorch"}, 2, norm**2 / 3**L),
        ({"activation": "relu", "init": "pytorch"}, 2, norm**2 / 6**L),
        ({"activation": "linear", "init": 1, "depth": 3}, 4, (n * (n + 2)) ** 3 * norm**4),
    ],
)
def test_published_formulas(fields: dict[str, Any], order: int, published: sp.Expr) -> None:
    derived = activation_moment(Ensemble(**{"width": "n", "depth": "L", **fields}), order)
    assert sp.simplify(sp.powsimp(derived / published, force=True)) == 1


@pytest.mark.parametrize(
    ("init", "activation", "per_layer"),
    [
        ("xavier", "linear", lambda a, b: sp.Rational(2 * b, a + b)),
        ("lecun", "linear", lambda a, b: sp.Rational(b, a)),
        ("he", "relu", lambda a, b: sp.Rational(b, a)),
        ("pytorch", "relu", lambda a, b: sp.Rational(b, 6 * a)),
    ],
)
def test_rectangular_layers_multiply_the_mean_square(init: str, activation: str, per_layer: Any) -> None:
    widths = (4, 3, 7, 1)
    net = Ensemble(widths=widths, init=init, activation=activation, input="e1")
    assert activation_moment(net, 2) == sp.Mul(*(per_layer(a, b) for a, b in pairwise(widths)))


@pytest.mark.parametrize("law", LAWS)
def test_a_layer_is_the_end_of_a_shallower_network(law: Any) -> None:
    net = Ensemble(width=2, depth=4, activation="relu", init="he", law=law, input=(1, 3))
    for layer in (1, 2, 4):
        assert activation_moment(net, 4, layer) == activation_moment(net.at(depth=layer), 4)
    assert activation_moment(net, 4, layer=0) == 100
    symbolic = activation_moment(net.at(law="normal"), 4, layer="k")
    k = sp.Symbol("k", integer=True, positive=True)
    assert symbolic.subs(k, 3) == activation_moment(net.at(law="normal"), 4, 3)


@pytest.mark.parametrize("law", LAWS)
def test_kurtosis_is_the_ratio_of_moments(law: Any) -> None:
    net = Ensemble(width=3, depth=3, activation="leaky:1/2", init="1/5", law=law, input=(1, 2, 2))
    assert kurtosis(net) == activation_moment(net, 4) / activation_moment(net, 2) ** 2
    assert kurtosis(net, layer=1) == kurtosis(net.at(depth=1))
    assert kurtosis(net, layer=0) == 1


@pytest.mark.parametrize("K", [1, 3, 9])
@pytest.mark.parametrize(("activation", "rate"), [("linear", 2), ("relu", 5), ("leaky:1/2", sp.Rational(77, 25))])
def test_kurtosis_limit_is_that_of_wide_networks(activation: str, rate: Any, K: int) -> None:
    for init in ("he", "lecun"):  # a factor per layer on the mean square drops out
        limit = kurtosis_limit(Ensemble(width="n", depth="L", activation=activation, init=init, law="symmetric"))
        assert sp.simplify(limit - sp.exp(rate * sp.Symbol("beta", positive=True))) == 0
    # and the recursion tends to it at rate 1/n, from the least flat input
    gaps = [log_kurtosis_at_half(activation, K, width) - float(rate) / 2 for width in (2**11, 2**12)]
    assert abs(gaps[1]) < 0.02
    assert gaps[1] / gaps[0] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("argument", "word", "fields", "call"),
    [
        ("order", "3", {}, {"order": 3}),
        ("order", "0", {}, {"order": 0}),
        ("order", "-2", {}, {"order": -2}),
        ("order", "True", {}, {"order": True}),
        ("layer", "between 0 and the depth 2, got 3", {}, {"layer": 3}),
        ("layer", "-1", {}, {"layer": -1}),
        ("layer", "True", {}, {"layer": True}),
        ("layer", "1.5", {}, {"layer": 1.5}),
        ("layer", "'3'", {}, {"layer": "3"}),
        ("layer", "''", {"depth": "L"}, {"layer": ""}),
        ("layer", "symbolic", {"width": None, "depth": None, "widths": (2, 3, 4)}, {"layer": "k"}),
        ("layer", "4", {"width": None, "depth": None, "widths": (2, 3, 4)}, {"layer": 4}),
        ("layer", "4", {"init": "orthogonal"}, {"layer": 4}),
        ("order", "3", {"init": "orthogonal"}, {"order": 3}),
        ("depth", "3 terms", {"depth": "L", "law": "uniform"}, {"order": 6}),
        ("law", "order 6", {"law": Law.from_moments("own", {2: 1, 4: 4})}, {"order": 6}),
    ],
)
def test_bad_arguments_are_named(argument: str, word: str, fields: dict[str, Any], call: dict[str, Any]) -> None:
    with refused(argument, word):
        activation_moment(Ensemble(**{"width": 2, "depth": 2, **fields}), **call)


def test_the_limit_needs_a_symbolic_width() -> None:
    for net in (Ensemble(width=8, depth="L"), Ensemble(widths=("n", 3))):
        with refused("width", "symbolic width"):
            kurtosis_limit(net)


@pytest.mark.parametrize("widths", [(3, 4), (4, 2)])
def test_orthogonal_weights_of_unequal_widths_are_refused_too(widths):
    with refused("widths", "isometries one way only"):
        activation_moment(Ensemble(widths=widths, init="orthogonal"), 4)


@pytest.mark.parametrize("width", [2, "n"])
def test_what_enters_a_layer_of_orthogonal_weights_is_refused(width):
    """It is asked for by formulas that need independent entries."""
    with refused("init", "dependent entries"):
        moment_before(Ensemble(width=width, depth=4, init="orthogonal"), 2, 4)
