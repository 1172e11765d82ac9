"""Products of gradients: the average over all discrete weights, the published covariance, and what is refused."""

from collections import Counter
from itertools import combinations
from typing import Any

import pytest
import sympy as sp

from tests.theory.moments.test_jacobians import ACTIVATIONS, average, rescaled
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble, Law
from theory.moments.gradient_products import gradient_correlation, gradient_covariance, gradient_product
from theory.moments.gradients import gradient_moment

n, L, j, k = (sp.Symbol(name, integer=True, positive=True) for name in "nLjk")


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("widths", [(2, 2, 1), (2, 2, 2), (1, 2, 1, 2), (1, 1, 2, 1), (2, 1, 2, 1), (1, 1, 1, 1, 2)])
def test_products_equal_the_average_over_all_discrete_weights(widths: tuple[int, ...], activation: str) -> None:
    net = Ensemble(widths=widths, activation=activation, init="he", input="ones", readout="signs")
    for first, second in combinations(range(1, net.depth + 1), 2):
        truth = average(net, lambda run, a=first, b=second: run.gradient_square(a) * run.gradient_square(b))
        squares = Counter(dict.fromkeys(range(1, net.depth + 1), 2))
        squares.subtract([first, second])
        truth *= rescaled(net, dict(squares)) / sp.Integer(widths[-1]) ** 2
        assert gradient_product(net, first, second) == truth
        means = gradient_moment(net, first) * gradient_moment(net, second)
        assert gradient_covariance(net, first, second) == truth - means


def test_linear_products_take_a_fixed_readout_and_any_input() -> None:
    net = Ensemble(widths=(2, 1, 2, 2), init="1/3", input=(1, 3), readout=(2, "-1/2"))
    for first, second in combinations((1, 2, 3), 2):
        truth = average(net, lambda run, a=first, b=second: run.gradient_square(a) * run.gradient_square(b))
        assert gradient_product(net, first, second) == truth


@pytest.mark.parametrize("distance", [1, 2, 3, "d"])
def test_the_published_covariance_of_linear_networks(distance: int | str) -> None:
    net = Ensemble(width="n", depth="L", init="xavier", readout="ones")
    d = sp.Symbol(distance, integer=True, positive=True) if isinstance(distance, str) else distance
    derived = gradient_product(net, "j", "k") / (gradient_moment(net) ** 2)
    common = (n + 2) / (3 * n) * (1 + 2 / n) ** (d - 1) + 2 * (n - 1) / (3 * n) * (1 - 1 / n) ** (d - 1)
    published = (1 + 2 / n) ** (L - 1 - d) * common
    difference = derived.subs(k, j + d) - published
    for width, depth, first, gap in ((1, 8, 2, 3), (2, 9, 1, 1), (7, 5, 1, 3), (30, 9, 4, 2)):
        gap = distance if isinstance(distance, int) else gap
        at = {n: width, L: depth, j: first} | ({d: gap} if isinstance(distance, str) else {})
        assert sp.simplify(difference.subs(at)) == 0
        numbers = net.at(width=width, depth=depth)
        ratio = gradient_product(numbers, first, first + gap) / gradient_moment(numbers, first) ** 2
        assert sp.simplify(ratio * sp.Symbol("norm_x") ** 0 - published.subs(at)) == 0


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("readout", ["signs"])
def test_symbolic_layers_are_the_numbers_at_them(activation: str, readout: str) -> None:
    net = Ensemble(width="n", depth="L", activation=activation, init="he", readout=readout, input="e1")
    formula, ends = gradient_product(net, "j", "k"), gradient_product(net, 1, "L")
    mixed, covaries = gradient_product(net, 2, "k"), gradient_covariance(net, "j", "k")
    for width, depth, first, second in ((2, 3, 2, 3), (3, 5, 1, 5), (4, 6, 2, 4)):
        numbers, at = net.at(width=width, depth=depth), {n: width, L: depth, j: first, k: second}
        truth = gradient_product(numbers, first, second)
        assert sp.expand(formula.subs(at)) == truth
        assert sp.expand(ends.subs(at)) == gradient_product(numbers, 1, depth)
        assert sp.expand(covaries.subs(at)) == gradient_covariance(numbers, first, second)
        if second > 2:
            assert sp.expand(mixed.subs(at)) == gradient_product(numbers, 2, second)


def test_equal_layers_have_the_fourth_moment_for_any_law() -> None:
    net = Ensemble(width=3, depth=3, activation="relu", init="he", law="uniform", input="e1")
    assert gradient_product(net, 2, 2) == gradient_moment(net, 2, 4)
    assert gradient_covariance(net, 2, 2) == gradient_moment(net, 2, 4) - gradient_moment(net, 2) ** 2


def test_correlation_is_covariance_over_both_spreads() -> None:
    net = Ensemble(widths=(2, 3, 1, 4), activation="relu", init="he", input="ones")
    for first, second in ((1, 2), (1, 3), (2, 3)):
        expected = gradient_covariance(net, first, second) / sp.sqrt(
            gradient_covariance(net, first, first) * gradient_covariance(net, second, second)
        )
        assert sp.simplify(gradient_correlation(net, first, second) - expected) == 0
        assert -1 <= expected <= 1
    assert gradient_correlation(net, 3, 3) == 1


@pytest.mark.parametrize(
    ("argument", "words", "fields", "layers"),
    [
        ("law", ["normal", "uniform"], {"law": "uniform"}, (1, 2)),
        ("law", ["atoms"], {"law": "rademacher", "activation": "relu"}, (1, 1)),
        ("readout", ["fixed"], {"readout": "ones", "activation": "relu"}, (1, 2)),
        ("readout", ["fixed"], {"readout": "ones", "activation": "leaky:1/2"}, (2, 2)),
        ("init", ["orthogonal"], {"init": "orthogonal"}, (1, 2)),
        ("layers", ["earlier first", "2, 1"], {}, (2, 1)),
        ("layer", [""], {}, (0, 1)),
        ("layer", ["3"], {}, (1, 3)),
        ("layer", ["from 1", "0"], {}, (0, 0)),
        ("layer", ["symbolic"], {"width": None, "depth": None, "widths": (2, 3, 4)}, (1, "k")),
        ("layers", ["L, k"], {"depth": "L"}, ("L", "k")),
    ],
)
@pytest.mark.parametrize("call", [gradient_product, gradient_covariance, gradient_correlation])
def test_bad_arguments_are_named(
    call: Any, argument: str, words: list[str], fields: dict[str, Any], layers: Any
) -> None:
    with refused(argument, *words):
        call(Ensemble(**{"width": 2, "depth": 2, **fields}), *layers)


def test_moments_beyond_those_known_are_refused() -> None:
    with refused("law", "normal", "own"):
        gradient_product(Ensemble(width=2, depth=2, law=Law.from_moments("own", {2: 1, 4: 4})), 1, 2)


def test_the_correlation_of_a_constant_is_refused() -> None:
    with refused("layers", "not random"):
        gradient_correlation(Ensemble(width=4, depth=1, readout="signs"), 1, 1)


def test_layer_0_is_named_as_it_was_given() -> None:
    with refused("layer", "from 1 to the depth", "0"):
        gradient_product(Ensemble(width=2, depth=2), 0, 1)
