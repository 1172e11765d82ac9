"""Unequal weights of a chain: the gradient, and what flow and descent do to the differences of squares."""

from fractions import Fraction
from typing import Any

import pytest
import sympy as sp

from tests.theory.small_networks import refused
from theory.dynamics.imbalance import gradient, imbalance_factor


def test_the_flow_keeps_balance_and_a_step_of_descent_contracts_the_imbalance() -> None:
    a, b, c, x, y, eta = sp.symbols("a b c x y eta")
    g = gradient([a, b, c], x, y)
    assert sp.expand(a * g[0] - b * g[1]) == 0
    factor = imbalance_factor([a, b, c], x, y, eta)
    f = a * b * c * x
    assert sp.simplify(factor - (1 - eta**2 * (y - f) ** 2 * f**2 / (a * b) ** 2)) == 0
    moved = [w - eta * slope for w, slope in zip((a, b, c), g, strict=True)]
    assert sp.simplify((moved[0] ** 2 - moved[1] ** 2) - factor * (a**2 - b**2)) == 0


def test_gradients_at_numbers_are_those_of_names_there() -> None:
    names, values = ["a", "b", "c"], [Fraction(1, 2), -3, "5/7"]
    places = dict(zip(sp.symbols("a b c", positive=True), map(sp.Rational, values), strict=True))
    assert gradient(values, 2, "1/3") == tuple(g.subs(places) for g in gradient(names, 2, "1/3"))
    factor = imbalance_factor(names, 2, "1/3", "eta").subs(places).subs(sp.Symbol("eta", positive=True), 4)
    assert imbalance_factor(values, 2, "1/3", 4) == factor


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gradient("ab", 1, 2), ("weights", "sequence")),
        (lambda: gradient([], 1, 2), ("weights", "sequence")),
        (lambda: gradient(["a", None], 1, 2), ("weights", "None")),
        (lambda: gradient(["a"], sp.oo, 2), ("x", "real and finite")),
        (lambda: imbalance_factor(["a"], 1, 2, "eta"), ("weights", "no imbalance")),
        (lambda: imbalance_factor(["a", "a"], 1, 2, "eta"), ("weights", "no imbalance")),
        (lambda: imbalance_factor([2, -2, 3], 1, 2, "eta"), ("weights", "no imbalance")),
    ],
)
def test_bad_input_is_named(call: Any, words: tuple[str, ...]) -> None:
    with refused(*words):
        call()
