"""Moments of the gradients' norms: equal to brute force, the same read backwards, refused where masks depend."""

from fractions import Fraction
from math import comb, prod
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.exact.all_weights import gradient_power
from tests.theory.small_networks import exact, networks, refused, without_atoms
from theory.ensembles import Ensemble, Law
from theory.moments.gradients import backward_moment, gradient_moment
from theory.requirements import require_layer

n, L = (sp.Symbol(name, integer=True, positive=True) for name in "nL")
THREE_VALUED = Law.discrete({-2: "1/6", 0: "2/3", 2: "1/6"})
CONTINUOUS = ["normal", "uniform", without_atoms(THREE_VALUED)]
orders = st.sampled_from([2, 4, 6])
layers = st.integers(0, 3)


def chi_square(degrees: int, m: int) -> int:
    return prod(degrees + 2 * j for j in range(m))


def chi_square_of_active_units(net: Ensemble, m: int) -> sp.Expr:
    """E (chi^2_B)^m, B = n (linear) or Binomial(n, 1/2) (ReLU)."""
    if net.slope == 1:
        return exact(chi_square(net.width, m))
    return exact(sum(Fraction(comb(net.width, b), 2**net.width) * chi_square(b, m) for b in range(net.width + 1)))


@given(networks(budget=300, readout="signs"), layers, orders)
@settings(max_examples=60)
def test_moments_equal_brute_force_where_a_tie_is_a_fair_coin(net: Ensemble, layer: int, order: int) -> None:
    layer = 1 + layer % net.depth
    continuous = net.at(law=without_atoms(net.law))
    assert gradient_moment(continuous, layer, order) == exact(gradient_power(net, layer, order))


@given(networks(budget=3000, activation="linear"), layers, orders)
@settings(max_examples=40)
def test_linear_networks_equal_brute_force_with_atoms_and_fixed_readouts(net: Ensemble, layer: int, order: int) -> None:
    layer = 1 + layer % net.depth
    assert gradient_moment(net, layer, order) == exact(gradient_power(net, layer, order))


def test_a_fixed_readout_would_make_the_relu_formula_wrong() -> None:
    net = Ensemble(width=2, depth=2, activation="relu", init="he", law="rademacher", input="e1", readout=(1, 1))
    as_if = 2 * gradient_moment(net.at(law=without_atoms(net.law), readout="signs"), 1)  # |v|^2 = 2, not 1
    assert as_if == 1
    assert exact(gradient_power(net, 1)) > as_if


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("readout", ["random", "signs"])
def test_normal_weights_give_chi_square_moments(activation: str, readout: str, order: int) -> None:
    net = Ensemble(width=3, depth=4, activation=activation, init="2/7", readout=readout, input=(1, 2, 0))
    m = order // 2
    per_layer = exact(Fraction(2, 7)) ** m * chi_square_of_active_units(net, m)
    if readout == "random":
        masked = chi_square_of_active_units(net, m)
    elif activation == "linear":
        masked = exact(3**m)
    else:
        masked = exact(sum(Fraction(comb(3, b), 8) * b**m for b in range(4)))
    for layer in range(1, 5):
        assert gradient_moment(net, layer, order) == per_layer**3 * masked / 3**m * 5**m


@pytest.mark.parametrize("law", ["symmetric", "uniform", "normal"])
@pytest.mark.parametrize(("activation", "p2"), [("linear", sp.S(1)), ("relu", sp.S(1) / 2), ("leaky:1/2", sp.S(5) / 8)])
def test_order_2_is_the_same_at_every_layer(activation: str, p2: Any, law: str) -> None:
    net = Ensemble(width="n", depth="L", activation=activation, init="variance:s2", law=law)
    s2, norm = sp.Symbol("s2", positive=True), sp.Symbol("norm_x", positive=True)
    derived = gradient_moment(net)
    assert sp.simplify(sp.powsimp(derived / (norm**2 * p2 * (n * p2 * s2) ** (L - 1)), force=True)) == 1
    numbers = net.at(width=3, depth=4, init="1/5", law="uniform")
    assert {gradient_moment(numbers, layer) for layer in range(1, 5)} == {p2 * (3 * p2 / 5) ** 3}


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("law", ["normal", "uniform", THREE_VALUED])
def test_a_linear_network_read_backwards_has_the_same_gradients(law: Any, order: int) -> None:
    front, back = (1, 2, "1/2"), (3, 0, "-1/3", 1)
    net = Ensemble(widths=(3, 2, 2, 4), init="1/3", law=law, input=front, readout=back)
    mirrored = net.at(widths=(4, 2, 2, 3), input=back, readout=front)
    for layer in (1, 2, 3):
        assert gradient_moment(net, layer, order) == gradient_moment(mirrored, 4 - layer, order)


@pytest.mark.parametrize("law", CONTINUOUS)
@pytest.mark.parametrize("order", [2, 4, 6])
def test_unequal_widths_that_are_equal_agree_with_constant_width(law: Any, order: int) -> None:
    net = Ensemble(width=3, depth=4, activation="leaky:1/4", init="he", law=law, input=(1, 2, 0))
    for layer in range(1, 5):
        assert gradient_moment(net.at(widths=(3,) * 5), layer, order) == gradient_moment(net, layer, order)


@pytest.mark.parametrize("law", ["uniform", "normal"])
def test_the_formula_in_n_L_and_k_is_the_number_at_them(law: str) -> None:
    net = Ensemble(width="n", depth="L", activation="relu", init="he", law=law, input="e1", readout="signs")
    formula = gradient_moment(net, "k", 4)
    k = sp.Symbol("k", integer=True, positive=True)
    for width, depth, layer in ((2, 3, 1), (2, 3, 2), (3, 2, 2), (4, 4, 3)):
        at = sp.radsimp(sp.expand(formula.subs({n: width, L: depth, k: layer})))
        assert at == gradient_moment(net.at(width=width, depth=depth), layer, 4)


@pytest.mark.parametrize(
    ("argument", "words", "fields", "call"),
    [
        ("order", ["3"], {}, {"order": 3}),
        ("order", ["0"], {}, {"order": 0}),
        ("order", ["-4"], {}, {"order": -4}),
        ("order", ["True"], {}, {"order": True}),
        ("layer", ["from 1", "got 0"], {}, {"layer": 0}),
        ("layer", ["-1"], {}, {"layer": -1}),
        ("layer", ["depth 2", "3"], {}, {"layer": 3}),
        ("layer", ["True"], {}, {"layer": True}),
        ("layer", ["1.5"], {}, {"layer": 1.5}),
        ("layer", ["unequal widths"], {"width": None, "depth": None, "widths": (2, 3, 4)}, {"layer": None}),
        ("layer", ["orders above 2"], {}, {"layer": None, "order": 4}),
        ("layer", ["symbolic"], {"width": None, "depth": None, "widths": (2, 3, 4)}, {"layer": "k"}),
        ("layer", ["'3'"], {}, {"layer": "3"}),
        ("layer", ["''"], {"depth": "L"}, {"layer": ""}),
        ("init", ["orthogonal"], {"init": "orthogonal"}, {"order": 4}),
        ("law", ["rademacher", "atoms", "P\\(z > 0\\) < 1/2"], {"law": "rademacher", "activation": "relu"}, {}),
        ("law", ["discrete", "atoms"], {"law": THREE_VALUED, "activation": "leaky:1/2"}, {}),
        ("readout", ["fixed", "independent"], {"readout": "ones", "activation": "leaky:1/4"}, {}),
        ("layer", ["fixed readout"], {"readout": "ones", "activation": "relu"}, {"layer": None}),
        ("readout", ["fixed"], {"readout": (1, -1), "activation": "leaky:1/2"}, {}),
        ("depth", ["3 terms"], {"depth": "L", "law": "uniform"}, {"order": 6}),
    ],
)
def test_bad_arguments_are_named(argument: str, words: list[str], fields: dict[str, Any], call: dict[str, Any]) -> None:
    with refused(argument, *words):
        gradient_moment(Ensemble(**{"width": 2, "depth": 2, **fields}), **{"layer": 1, **call})


@given(networks(budget=300, readout="signs"), layers, orders)
@settings(max_examples=30)
def test_backward_moments_are_the_gradient_of_a_network_whose_layer_below_is_known(
    net: Ensemble, layer: int, order: int
) -> None:
    """With depth counted from the layer, the gradient at the first layer is |b_1| times |x|."""
    layer = 1 + layer % net.depth
    continuous = net.at(law=without_atoms(net.law))
    widths = [net.width_at(at) for at in range(layer - 1, net.depth + 1)]
    above = net.at(widths=widths, input=(1,) + (0,) * (widths[0] - 1))
    assert backward_moment(continuous, layer, order) == exact(gradient_power(above, 1, order))


@pytest.mark.parametrize("law", ["normal", "uniform"])
def test_symbolic_backward_moments_are_the_numbers_at_them(law: str) -> None:
    net = Ensemble(width="n", depth="L", activation="relu", init="he", law=law)
    formula, k = backward_moment(net, "k", 4), sp.Symbol("k", integer=True, positive=True)
    for width, depth, layer in ((2, 3, 1), (3, 4, 4), (5, 2, 1)):
        at = sp.radsimp(sp.expand(formula.subs({n: width, L: depth, k: layer})))
        assert at == backward_moment(net.at(width=width, depth=depth), layer, 4)


def test_a_fixed_readout_under_relu_has_its_own_formula() -> None:
    """Depth 2: E|b_1|^2 = s^2 (|v|^2 E B/2 + P(B > 0) sum over i != j of v_i v_j / (2 pi)), B the units of layer 1."""
    net = Ensemble(width=2, depth=2, activation="relu", init="he", readout=(1, 3), input="e1")
    assert sp.simplify(gradient_moment(net, 1) - (10 * sp.S.Half + sp.Rational(3, 4) * 6 / (2 * sp.pi))) == 0


def test_layers_without_weights_are_refused() -> None:
    net = Ensemble(width=3, depth=4)
    for layer in (1, 4, "k"):
        require_layer(net, layer)
    require_layer(net, None, optional=True)
    with refused("layer", "is needed"):
        require_layer(net, None)
    with refused("layer", "from 1", "got 0"):
        require_layer(net, 0, optional=True)
    for layer in (5, -1, True, 2.0):
        with refused("layer"):
            require_layer(net, layer)  # type: ignore[arg-type]
    for order, fields, argument in ((3, {}, "order"), (4, {"init": "orthogonal"}, "init")):
        with refused(argument):
            backward_moment(net.at(**fields), 1, order)
    with refused("readout", "fixed"):
        backward_moment(net.at(activation="relu", readout="ones"), 1)
