"""Gradients under a fixed readout: against cases that are exact for another reason, and the closed form in symbols."""

from fractions import Fraction
from itertools import product
from math import comb
from typing import Any

import numpy as np
import pytest
import sympy as sp

from montecarlo.intervals import catoni_interval
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble
from theory.moments.fixed_readouts import fixed_readout_gradient_moment
from theory.moments.gradients import gradient_moment

n, L, k = (sp.Symbol(name, integer=True, positive=True) for name in "nLk")
RELU = {"activation": "relu", "init": "he"}


def chi_square_of_units(units: int, m: int) -> sp.Rational:
    """E (chi^2_B)^m, B ~ Binomial(units, 1/2)."""
    terms = (comb(units, b) * sp.prod(b + 2 * j for j in range(m)) for b in range(units + 1))
    return sp.Rational(sum(terms), 2**units)


def recursion(net: Ensemble, layer: int) -> sp.Expr:
    """c_k = E f^2/|a_k|^2 + s^2 E(B - 1)^+ c_{k+1}, from E relu(g) = 1/sqrt(2 pi) alone, times E|a_{k-1}|^2."""
    v, width, s2 = [sp.Rational(a) for a in net.readout], net.width, sp.Rational(net.variance(1))
    alive = 1 - sp.Rational(1, 2**width)
    extra = sum(sp.Rational(comb(width, b) * (b - 1), 2**width) for b in range(1, width + 1))
    square = sum(a**2 for a in v)
    last = square / 2 + (sum(v) ** 2 - square) / (2 * sp.pi)  # E <v, relu(g)>^2
    c = square / 2
    for j in range(net.depth - 1, layer - 1, -1):
        c = s2 * last * alive * (s2 * sp.Rational(width, 2)) ** (net.depth - 1 - j) + s2 * extra * c
    return sp.expand(c * (s2 * sp.Rational(width, 2)) ** (layer - 1) * sum(sp.Rational(a) ** 2 for a in net.input))


def test_width_4_depth_5_is_not_what_a_sign_symmetric_readout_would_have() -> None:
    net = Ensemble(width=4, depth=5, readout="1/2,1,3/2,2", input="ones", **RELU)
    value = float(fixed_readout_gradient_moment(net, 1))
    assert value == pytest.approx(25.25346, abs=1e-4)
    assert gradient_moment(net.at(readout="signs"), 1) * sp.Rational(15, 2) == 15


@pytest.mark.parametrize("init", ["he", "xavier", "2/7"])
def test_layers_at_constant_width_follow_the_recursion(init: str) -> None:
    for width, depth in ((1, 3), (2, 1), (2, 4), (3, 3)):
        v, x = [Fraction(j - 1, 2) for j in range(width, 2 * width)], [Fraction(j) for j in range(1, width + 1)]
        net = Ensemble(width=width, depth=depth, activation="relu", init=init, readout=v if any(v) else [2], input=x)
        for layer in range(1, depth + 1):
            assert fixed_readout_gradient_moment(net, layer) == recursion(net, layer)


@pytest.mark.parametrize("init", ["he", "1/3"])
def test_the_closed_form_in_symbols_is_the_recursion_at_numbers(init: str) -> None:
    formula = fixed_readout_gradient_moment(
        Ensemble(width="n", depth="L", activation="relu", init=init, readout="ones", input="ones"), "k"
    )
    for width, depth in product((1, 2, 3, 6), (1, 2, 5)):
        ones = [1] * width
        net = Ensemble(width=width, depth=depth, activation="relu", init=init, readout=ones, input=ones)
        for layer in range(1, depth + 1):
            assert sp.expand(formula.subs({n: width, L: depth, k: layer}) - recursion(net, layer)) == 0


def test_a_numeric_width_or_depth_or_layer_may_meet_symbols() -> None:
    net = Ensemble(width=3, depth=6, readout=(1, "1/2", -2), input=(1, 0, 1), **RELU)
    for changes, layer, at in (
        ({"depth": "L"}, 2, {L: 6}),
        ({"depth": "L"}, "k", {L: 6, k: 2}),
        ({}, "k", {k: 2}),
    ):
        formula = fixed_readout_gradient_moment(net.at(**changes), layer)
        assert sp.expand(formula.subs(at) - recursion(net, 2)) == 0


@pytest.mark.parametrize("readout", [(2, 2, -1), (0, 3, 0), ("6/7", "3/7", "-2/7")])
def test_where_cross_terms_cancel_the_sign_symmetric_formula_holds(readout: Any) -> None:
    """(sum v)^2 = |v|^2: then E f^2 is what it is with independent signs, and so is order 2 at every layer."""
    v = [sp.Rational(a) for a in readout]
    assert sum(v) ** 2 == sum(a**2 for a in v)
    net = Ensemble(widths=(2, 4, 3), readout=readout, input=(1, 2), **RELU)
    for layer in (1, 2):
        expected = sum(a**2 for a in v) * gradient_moment(net.at(readout="signs"), layer)
        found = fixed_readout_gradient_moment(net, layer)
        assert found == expected


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("widths", [(2, 2, 2), (1, 3, 2), (2, 2, 3), (3, 1, 2, 2), (2, 3, 2, 2), (1, 2, 2, 1, 2)])
def test_the_average_over_signs_of_the_readout_is_the_sign_symmetric_formula(
    widths: tuple[int, ...], order: int
) -> None:
    net = Ensemble(widths=widths, readout="signs", input="ones", **RELU)
    for layer in range(1, net.depth + 1):
        signs = list(product((1, -1), repeat=widths[-1]))
        mean = sum(fixed_readout_gradient_moment(net.at(readout=v), layer, order) for v in signs) / len(signs)
        truth = gradient_moment(net, layer, order) * sp.Integer(widths[-1]) ** (order // 2)
        assert sp.expand(mean - truth) == 0


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("widths", [(1, 1), (2, 3, 1), (2, 3, 4, 1), (1, 1, 1, 1)])
def test_the_sign_of_a_single_readout_weight_does_not_matter(widths: tuple[int, ...], order: int) -> None:
    net = Ensemble(widths=widths, readout=("3/2",), input="ones", **RELU)
    for layer in range(1, net.depth + 1):
        truth = gradient_moment(net.at(readout="signs"), layer, order) * sp.Rational(3, 2) ** order
        assert fixed_readout_gradient_moment(net, layer, order) == truth


@pytest.mark.parametrize("v", [(1, 2), (1, "1/2", -2), (1, 1, 1, 1)])
def test_behind_a_layer_of_one_unit_the_readout_enters_through_one_moment(v: Any) -> None:
    """Widths (2, 3, 1, n): the one unit is on with probability 1/2, and then b_2 = <v, relu(w)>, a sum over units."""
    readout = [sp.Rational(a) for a in v]
    net = Ensemble(widths=(2, 3, 1, len(v)), readout=v, input=(1, 2), **RELU)
    half_normal = {
        0: sp.S.One,
        1: 1 / sp.sqrt(2 * sp.pi),
        2: sp.S.Half,
        3: 2 / sp.sqrt(2 * sp.pi),
        4: sp.Rational(3, 2),
    }

    def moment(order: int) -> sp.Expr:  # E <v, relu(g)>^order, term by term
        total = sp.S.Zero
        for powers in product(range(order + 1), repeat=len(v)):
            if sum(powers) == order:
                ways = sp.factorial(order) / sp.prod(sp.factorial(p) for p in powers)
                total += ways * sp.prod(a**p * half_normal[p] for a, p in zip(readout, powers, strict=True))
        return sp.expand(total)

    first, second, third = (sp.Rational(net.variance(layer)) for layer in (1, 2, 3))
    for order in (2, 4):
        m = order // 2
        back = moment(order) * third**m
        assert (
            sp.expand(
                fixed_readout_gradient_moment(net, 1, order)
                - back / 2 * second**m * chi_square_of_units(3, m) * sp.Integer(5) ** m
            )
            == 0
        )
        below = first**m * chi_square_of_units(3, m) * sp.Integer(5) ** m  # E|a_1|^order
        assert sp.expand(fixed_readout_gradient_moment(net, 2, order) - back / 2 * below) == 0
        # layer 3: the units that are on, of a_2 = relu(w.a_1)
        units = sum(
            sum(a**2 for a, on in zip(readout, mask, strict=True) if on) ** m for mask in product((0, 1), repeat=len(v))
        ) / sp.Integer(2) ** len(v)
        after = below * second**m * (1 if m == 1 else 3) / 2
        assert fixed_readout_gradient_moment(net, 3, order) == sp.expand(units * after)


@pytest.mark.parametrize("order", [2, 4])
def test_random_networks_of_width_two_and_three_layers(order: int) -> None:
    """The interval misses with probability at most 1e-9.

    Its variance: all four readouts (+-1, +-1) have nonnegative moments, so that of one is at most four times their
    mean, the sign-symmetric formula of twice the order.
    """
    rng, networks = np.random.default_rng(5), 1_000_000
    net = Ensemble(width=2, depth=3, readout="ones", input="e1", **RELU)
    w = rng.standard_normal((3, networks, 2, 2))  # he: variance 1
    a, masks = np.broadcast_to(np.array([1.0, 0.0]), (networks, 2)), []
    for layer in range(3):
        z = np.einsum("bij,bj->bi", w[layer], a)
        masks.append(z > 0)
        a = masks[-1] * z
    b = masks[2].astype(float)
    for layer in (2, 1):
        b = masks[layer - 1] * np.einsum("bij,bi->bj", w[layer], b)
    values = np.sum(b**2, axis=1) ** (order // 2)
    bound = 4 * 2**order * float(gradient_moment(net.at(readout="signs"), 1, 2 * order))
    interval = catoni_interval(values, variance=bound, error=1e-9)
    truth = float(fixed_readout_gradient_moment(net, 1, order))
    assert interval.lo <= truth <= interval.hi
    as_if = float(gradient_moment(net.at(readout="signs"), 1, order)) * 2 ** (order // 2)
    assert not interval.lo <= as_if <= interval.hi


FIXED = {"readout": "ones", **RELU}


@pytest.mark.parametrize(
    ("argument", "words", "fields", "layer", "order"),
    [
        ("activation", ["relu", "linear"], {**FIXED, "activation": "linear"}, 1, 2),
        ("activation", ["leaky:1/2"], {**FIXED, "activation": "leaky:1/2"}, 1, 2),
        ("law", ["normal", "uniform"], {**FIXED, "law": "uniform"}, 1, 2),
        ("init", ["orthogonal"], {**FIXED, "init": "orthogonal"}, 1, 2),
        ("readout", ["random"], {**FIXED, "readout": "random"}, 1, 2),
        ("readout", ["signs"], {**FIXED, "readout": "signs"}, 1, 2),
        ("order", ["2 or 4", "6"], FIXED, 1, 6),
        ("order", ["3"], FIXED, 1, 3),
        ("order", ["True"], FIXED, 1, True),
        ("layer", ["between 0 and the depth 2", "3"], FIXED, 3, 2),
        ("layer", ["-1"], FIXED, -1, 2),
        ("layer", [""], FIXED, 0, 2),
        ("layer", ["True"], FIXED, True, 2),
        ("layer", ["symbolic"], {**FIXED, "width": None, "depth": None, "widths": (2, 3, 4)}, "k", 2),
        ("layer", ["order 4 needs numbers"], FIXED, "k", 4),
        ("layer", ["order 4 needs numbers"], {**FIXED, "depth": "L"}, 1, 4),
    ],
)
def test_bad_arguments_are_named(
    argument: str, words: list[str], fields: dict[str, Any], layer: Any, order: Any
) -> None:
    with refused(argument, *words):
        fixed_readout_gradient_moment(Ensemble(**{"width": 2, "depth": 2, **fields}), layer, order)


def test_layer_0_has_no_weights_at_symbolic_depth_either() -> None:
    with refused("layer", "0"):
        fixed_readout_gradient_moment(Ensemble(width=4, depth="L", **FIXED), 0)
