"""Moments across layers: equal to brute force over all weights, and in symbols what they are at numbers."""

import itertools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import exact, networks, refused
from theory.ensembles import Ensemble, Law
from theory.moments.across_layers import correlation, covariance, mixed_moment

n, L, j, k = (sp.Symbol(name, integer=True, positive=True) for name in "nLjk")
RECTANGULAR = {"width": None, "depth": None, "widths": (2, 3, 4)}


def brute_force(net: Ensemble, orders: Mapping[int, int]) -> Fraction:
    """E prod |a_k|^(m_k), layer by layer over all rows of weights, each vector carrying its chance and its powers."""
    slope = Fraction(net.slope)

    def power(vector: tuple[Fraction, ...], layer: int) -> Fraction:
        return sum((a * a for a in vector), Fraction(0)) ** (orders.get(layer, 0) // 2)

    states = {net.input: power(net.input, 0)}
    for layer in range(1, max(orders) + 1):
        following: dict[tuple[Fraction, ...], Fraction] = {}
        for vector, carried in states.items():
            unit: dict[Fraction, Fraction] = {}
            for row in itertools.product(net.law.atoms, repeat=len(vector)):
                z, chance = Fraction(0), carried**0
                for (weight, p), a in zip(row, vector, strict=True):
                    z, chance = z + weight * a, chance * p
                out = max(z, Fraction(0)) + slope * min(z, Fraction(0))
                unit[out] = unit.get(out, Fraction(0)) + chance
            for units in itertools.product(unit.items(), repeat=net.width_at(layer)):
                image, chance = tuple(a for a, _ in units), carried
                for _, p in units:
                    chance *= p
                following[image] = following.get(image, Fraction(0)) + chance * power(image, layer)
        states = following
    total = sum(states.values(), Fraction(0))
    for layer in range(1, max(orders) + 1):
        above = sum(order for at, order in orders.items() if at >= layer)
        total *= (net.variance(layer) / net.law.variance) ** (above // 2)
    return total


@given(networks(budget=3000), st.data())
@settings(max_examples=50)
def test_mixed_moments_equal_brute_force(net: Ensemble, data: st.DataObject) -> None:
    layers = st.lists(st.integers(0, net.depth), min_size=1, max_size=3, unique=True)
    orders = {layer: data.draw(st.sampled_from([2, 2, 4])) for layer in data.draw(layers)}
    assert mixed_moment(net, orders) == exact(brute_force(net, orders))


@given(networks(budget=3000), st.data())
@settings(max_examples=25)
def test_covariance_and_correlation_equal_brute_force(net: Ensemble, data: st.DataObject) -> None:
    first, second = (data.draw(st.integers(1, net.depth)) for _ in range(2))

    def covaries(a: int, b: int) -> sp.Rational:
        both = {a: 4} if a == b else {a: 2, b: 2}
        return exact(brute_force(net, both) - brute_force(net, {a: 2}) * brute_force(net, {b: 2}))

    assert covariance(net, first, second) == covaries(first, second)
    spread = covaries(first, first) * covaries(second, second)
    if spread:
        found = correlation(net, first, second)
        assert sp.simplify(found - covaries(first, second) / sp.sqrt(spread)) == 0
        assert abs(found) <= 1


@pytest.mark.parametrize("law", ["normal", "uniform", "rademacher", Law.discrete({-2: "1/6", 0: "2/3", 2: "1/6"})])
@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/2"])
def test_two_symbolic_layers_are_the_numbers_at_them(law: Any, activation: str) -> None:
    net = Ensemble(width="n", depth="L", activation=activation, init="he", law=law, input="e1")
    formula, covaries = mixed_moment(net, {"j": 2, "k": 2}), covariance(net, "j", "k")
    last, start = mixed_moment(net, {"j": 2, "L": 2}), mixed_moment(net, {0: 2, "k": 2})
    for width, depth, first, second in ((2, 3, 1, 2), (3, 4, 2, 4), (4, 2, 1, 2)):
        numbers, at = net.at(width=width, depth=depth), {n: width, L: depth, j: first, k: second}
        truth = mixed_moment(numbers, {first: 2, second: 2})
        assert sp.radsimp(sp.expand(formula.subs(at))) == truth
        assert sp.radsimp(sp.expand(covaries.subs(at))) == covariance(numbers, first, second)
        assert sp.radsimp(sp.expand(last.subs(at))) == mixed_moment(numbers, {first: 2, depth: 2})
        assert sp.radsimp(sp.expand(start.subs(at))) == mixed_moment(numbers, {0: 2, second: 2})


@pytest.mark.parametrize(("first", "second"), [(2, 4), (4, 2), (4, 4), (2, 6)])
def test_normal_weights_take_any_orders_at_symbolic_layers(first: int, second: int) -> None:
    net = Ensemble(width="n", depth="L", activation="relu", init="he", input="ones")
    formula = mixed_moment(net, {"j": first, "k": second})
    for width, early, late in ((1, 1, 3), (3, 2, 3), (2, 1, 4)):
        truth = mixed_moment(net.at(width=width, depth=4), {early: first, late: second})
        assert sp.expand(formula.subs({n: width, j: early, k: late})) == truth


@pytest.mark.parametrize("law", ["normal", "uniform"])
def test_a_numeric_layer_may_meet_a_symbolic_one(law: str) -> None:
    net = Ensemble(width=3, depth="L", activation="relu", init="he", law=law, input="e1")
    for orders, at, numbers in (
        ({1: 2, "k": 2}, {k: 4}, {1: 2, 4: 2}),
        ({"j": 2, 5: 2}, {j: 2}, {2: 2, 5: 2}),
        ({2: 2, "L": 2}, {L: 6}, {2: 2, 6: 2}),
    ):
        assert sp.radsimp(sp.expand(mixed_moment(net, orders).subs(at))) == mixed_moment(net.at(depth=6), numbers)


def test_correlation_of_logarithms_is_not_that_of_norms_but_close_when_wide() -> None:
    """Given survival, the logarithms' correlation is sqrt(j/k); so is, at large n and fixed depth, the norms'."""
    for activation in ("linear", "relu"):
        net = Ensemble(width=10**6, depth=9, activation=activation, init="he", input="ones")
        assert float(correlation(net, 4, 9)) == pytest.approx(2 / 3, abs=1e-4)
        assert correlation(net, 4, 4) == 1


@pytest.mark.parametrize(
    ("argument", "words", "fields", "orders"),
    [
        ("order", ["3"], {}, {1: 3}),
        ("order", ["0"], {}, {1: 2, 2: 0}),
        ("order", ["True"], {}, {1: True}),
        ("order", ["-2"], {"depth": "L"}, {"j": 2, "k": -2}),
        ("layer", ["between 0 and the depth 2", "3"], {}, {1: 2, 3: 2}),
        ("layer", ["-1"], {}, {-1: 2}),
        ("layer", ["True"], {}, {True: 2}),
        ("layer", ["1.5"], {}, {1.5: 2}),
        ("layer", ["symbolic"], RECTANGULAR, {"j": 2, 2: 2}),
        ("layer", ["symbolic"], RECTANGULAR, {"j": 2, "k": 2}),
        ("orders", ["no layers"], {}, {}),
        ("orders", ["in twos"], {"depth": "L"}, {"j": 2}),
        ("orders", ["in twos"], {"depth": "L"}, {"i": 2, "j": 2, "k": 2}),
        ("orders", ["layer 0 does not come after layer k"], {"depth": "L"}, {"k": 2, 0: 2}),
        ("orders", ["layer j does not come after layer L"], {"depth": "L"}, {"L": 2, "j": 2}),
        ("orders", ["layer j does not come after layer 2"], {}, {2: 2, "j": 2}),
        ("orders", ["order 4", "2 terms"], {"depth": "L", "law": "uniform"}, {"j": 2, "k": 4}),
        ("depth", ["3 terms"], {"depth": "L", "law": "uniform"}, {"j": 4, "k": 2}),
        ("init", ["orthogonal"], {"init": "orthogonal"}, {1: 2}),
        ("law", ["order 6"], {"law": Law.from_moments("own", {2: 1, 4: 4})}, {1: 2, 2: 4}),
    ],
)
def test_bad_arguments_are_named(argument: str, words: list[str], fields: dict[str, Any], orders: Any) -> None:
    with refused(argument, *words):
        mixed_moment(Ensemble(**{"width": 2, "depth": 2, **fields}), orders)


def test_decreasing_symbolic_layers_of_a_covariance_are_refused() -> None:
    net = Ensemble(width="n", depth="L")
    for call in (covariance, correlation):
        with refused("orders", "does not come after"):
            call(net, "L", "j")


@pytest.mark.parametrize(
    "net", [Ensemble(width=3, depth=2, input="ones"), Ensemble(width=1, depth=2, law="rademacher", input="e1")]
)
def test_the_correlation_of_a_constant_is_refused(net: Ensemble) -> None:
    with refused("layers", "not random"):
        correlation(net, 0, 1)
