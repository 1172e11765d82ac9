"""Hessian blocks: second differences of all discrete networks, symbols against numbers, sums over blocks."""

from itertools import combinations
from typing import Any

import pytest
import sympy as sp

from tests.theory.moments.test_jacobians import ACTIVATIONS, average, rescaled
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble
from theory.moments.gradients import gradient_moment
from theory.moments.hessians import (
    gauss_newton_moment,
    gauss_newton_trace,
    hessian_block_moment,
    hessian_moment,
    residual_part_moment,
)

n, L, k, later = (sp.Symbol(name, integer=True, positive=True) for name in "nLkl")
y = sp.Symbol("y")
WIDTHS = [(2, 2, 1), (1, 2, 2), (1, 2, 1, 2), (1, 1, 2, 1), (2, 1, 2, 1), (1, 1, 1, 1, 2)]


def networks(widths: tuple[int, ...], activation: str, init: str = "he") -> Ensemble:
    return Ensemble(widths=widths, activation=activation, init=init, input="ones", readout="signs")


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("widths", WIDTHS)
def test_blocks_equal_the_average_over_all_discrete_weights(
    widths: tuple[int, ...], activation: str, order: int
) -> None:
    net = networks(widths, activation)
    for first, second in combinations(range(1, net.depth + 1), 2):
        truth = average(net, lambda run, a=first, b=second: run.hessian_square(a, b) ** (order // 2))
        others = [layer for layer in range(1, net.depth + 1) if layer not in (first, second)]
        truth *= rescaled(net, dict.fromkeys(others, order // 2)) / sp.Integer(widths[-1]) ** (order // 2)
        assert hessian_block_moment(net, first, second, order) == truth


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("widths", [(2, 2, 1), (1, 2, 1, 2), (1, 1, 1, 1, 1)])
def test_both_parts_of_the_loss_hessian_equal_the_average(widths: tuple[int, ...], activation: str) -> None:
    net = networks(widths, activation, init="1/3")
    pairs, unit = list(combinations(range(1, net.depth + 1), 2)), sp.Integer(widths[-1])
    layers = range(1, net.depth + 1)

    def hessian(run: Any) -> Any:
        return 2 * sum(run.hessian_square(a, b) for a, b in pairs)

    square = average(net, hessian) / unit
    assert hessian_moment(net) == square
    assert gauss_newton_trace(net) == average(net, lambda run: sum(map(run.gradient_square, layers))) / unit
    assert gauss_newton_moment(net) == average(net, lambda run: sum(map(run.gradient_square, layers)) ** 2) / unit**2
    outputs = average(net, lambda run: run.output() ** 2 * hessian(run)) / unit**2
    assert residual_part_moment(net) == outputs
    assert sp.expand(residual_part_moment(net, y) - outputs - y**2 * square) == 0
    assert average(net, lambda run: run.output() * hessian(run)) == 0  # the mixed term
    assert residual_part_moment(net, 3) == outputs + 9 * square


def test_linear_networks_take_a_fixed_readout() -> None:
    net = Ensemble(widths=(2, 1, 2, 2), init="1/3", input=(1, 3), readout=(2, "-1/2"))
    for first, second in combinations((1, 2, 3), 2):
        for order in (2, 4):
            truth = average(net, lambda run, a=first, b=second, m=order // 2: run.hessian_square(a, b) ** m)
            assert hessian_block_moment(net, first, second, order) == truth
    assert residual_part_moment(net) == average(
        net, lambda run: 2 * run.output() ** 2 * sum(run.hessian_square(a, b) for a, b in combinations((1, 2, 3), 2))
    )


@pytest.mark.parametrize("law", ["normal", "uniform"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("readout", ["random", "signs"])
def test_symbolic_layers_are_the_numbers_at_them(activation: str, law: str, readout: str) -> None:
    net = Ensemble(width="n", depth="L", activation=activation, init="2/7", law=law, readout=readout, input="e1")
    for order in (2, 4) if law == "normal" else (2,):
        formula, first = hessian_block_moment(net, "k", "l", order), hessian_block_moment(net, 1, "l", order)
        for width, depth, a, b in ((1, 4, 1, 3), (2, 3, 2, 3), (3, 5, 1, 5), (4, 6, 2, 4)):
            numbers, at = net.at(width=width, depth=depth), {n: width, L: depth, k: a, later: b}
            assert sp.expand(formula.subs(at)) == hessian_block_moment(numbers, a, b, order)
            assert sp.expand(first.subs(at)) == hessian_block_moment(numbers, 1, b, order)


@pytest.mark.parametrize("init", ["he", "1/3"])
def test_sums_in_symbols_are_the_sums_at_numbers(init: str) -> None:
    net = Ensemble(width="n", depth="L", activation="leaky:1/2", init=init, law="uniform", input="ones")
    total, trace = hessian_moment(net), gauss_newton_trace(net)
    for width, depth in ((1, 1), (3, 1), (2, 2), (3, 4), (1, 6)):
        numbers = net.at(width=width, depth=depth)
        assert sp.expand(total.subs({n: width, L: depth})) == hessian_moment(numbers)
        assert sp.expand(trace.subs({n: width, L: depth})) == gauss_newton_trace(numbers)
        blocks = combinations(range(1, depth + 1), 2)
        assert hessian_moment(numbers) == 2 * sum(hessian_block_moment(numbers, a, b) for a, b in blocks)


def test_one_layer_is_linear_in_its_weights() -> None:
    net = Ensemble(width=3, depth=1, activation="relu", init="he")
    assert hessian_moment(net) == residual_part_moment(net) == 0


@pytest.mark.parametrize("law", ["normal", "uniform"])
def test_unequal_widths_have_a_trace_of_their_own(law: str) -> None:
    net = Ensemble(widths=(2, 3, 1), init="1/3", law=law, readout=(2,), input=(1, 2))
    # |b_2|^2 = 4, |a_1|^2 = 3 * 5/3; |b_1|^2 = 4 * 3/3, |x|^2 = 5
    assert gauss_newton_trace(net) == 4 * 5 + 4 * 5
    assert hessian_moment(net) == 2 * 4 * 3 * 5


@pytest.mark.parametrize(
    ("argument", "words", "fields", "layers", "order"),
    [
        ("order", ["6"], {}, (1, 2), 6),
        ("order", ["3"], {}, (1, 2), 3),
        ("law", ["normal", "uniform"], {"law": "uniform"}, (1, 2), 4),
        ("law", ["atoms"], {"law": "rademacher", "activation": "relu"}, (1, 2), 2),
        ("readout", ["fixed"], {"readout": "ones", "activation": "relu"}, (1, 2), 2),
        ("init", ["orthogonal"], {"init": "orthogonal"}, (1, 2), 2),
        ("layers", ["earlier first", "2, 1"], {}, (2, 1), 2),
        ("layers", ["2, 2"], {}, (2, 2), 2),
        ("layers", ["0, 1"], {}, (0, 1), 2),
        ("layer", ["4"], {}, (1, 4), 2),
        ("layers", ["L, l"], {"depth": "L"}, ("L", "l"), 2),
        ("layer", ["symbolic"], {"width": None, "depth": None, "widths": (2, 3, 4)}, ("k", 2), 2),
    ],
)
def test_bad_arguments_are_named(
    argument: str, words: list[str], fields: dict[str, Any], layers: Any, order: Any
) -> None:
    with refused(argument, *words):
        hessian_block_moment(Ensemble(**{"width": 2, "depth": 3, **fields}), *layers, order)


@pytest.mark.parametrize("text", ["__import__('os').getpid()", "2*y", "y+1"])
def test_a_target_in_text_is_a_number_or_a_name_and_is_not_evaluated(text):
    net = Ensemble(width="n", depth=2, readout="signs")
    with refused("target"):
        residual_part_moment(net, text)
    assert residual_part_moment(net, "1/2") == residual_part_moment(net, sp.Rational(1, 2))


@pytest.mark.parametrize("call", [gauss_newton_moment, residual_part_moment])
def test_sums_of_fourth_order_need_a_number_of_layers_and_normal_weights(call: Any) -> None:
    with refused("depth", "needs a number", "'L'"):
        call(Ensemble(width="n", depth="L"))
    with refused("law", "normal", "uniform"):
        call(Ensemble(width=3, depth=2, law="uniform"))


@pytest.mark.parametrize("call", [hessian_moment, gauss_newton_trace])
def test_sums_of_second_order_need_independent_masks(call: Any) -> None:
    for depth in (3, "L"):
        with refused("readout", "fixed"):
            call(Ensemble(width=2, depth=depth, activation="leaky:1/2", readout="ones"))
    with refused("init", "orthogonal"):
        hessian_moment(Ensemble(width=2, depth=3, init="orthogonal"))
    rotations = Ensemble(width=2, depth=3, activation="relu", init="orthogonal")
    assert gauss_newton_trace(rotations) == sum(gradient_moment(rotations, k) for k in (1, 2, 3))


@pytest.mark.parametrize(("width", "depth"), [("n", "k"), ("k", "L"), ("k", "l")])
def test_sizes_may_have_any_name(width: str, depth: str) -> None:
    net = Ensemble(width=width, depth=depth, init="variance:s2")
    at = {sp.Symbol(name, integer=True, positive=True): value for name, value in ((width, 3), (depth, 4))}
    truth = hessian_moment(net.at(width=3, depth=4, init="1/2")).subs(sp.Symbol("norm_x", positive=True), 1)
    formula = hessian_moment(net).subs(at).subs(sp.Symbol("s2", positive=True), sp.Rational(1, 2))
    assert formula.subs(sp.Symbol("norm_x", positive=True), 1) == truth


def test_a_layer_with_the_name_of_the_width_is_refused() -> None:
    net = Ensemble(width="n", depth="L", init="variance:s2", input="e1")
    for layers in (("n", "l"), ("k", "s2")):
        with refused("layer", "already names"):
            hessian_block_moment(net, *layers)


def test_the_trace_under_a_fixed_readout_adds_up_its_layers() -> None:
    net = Ensemble(width=3, depth=3, activation="relu", init="he", readout=(1, 2, 2), input="e1")
    assert sp.expand(gauss_newton_trace(net) - sum(gradient_moment(net, layer) for layer in (1, 2, 3))) == 0


@pytest.mark.parametrize("widths", [(2, 2, 1), (1, 2, 1, 2)])
def test_the_residual_knows_the_variance_of_each_layer(widths: tuple[int, ...]) -> None:
    net, total = networks(widths, "relu"), sp.S.Zero
    for a, b in combinations(range(1, net.depth + 1), 2):
        truth = average(net, lambda run, a=a, b=b: 2 * run.output() ** 2 * run.hessian_square(a, b))
        powers = {layer: 1 if layer in (a, b) else 2 for layer in range(1, net.depth + 1)}
        total += truth * rescaled(net, powers) / sp.Integer(widths[-1]) ** 2
    assert residual_part_moment(net) == total
