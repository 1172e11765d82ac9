"""Two inputs: linear networks by brute force, one nonlinear layer by integration and by the arc-cosine kernel."""

import itertools
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import exact, networks, refused, vectors
from theory.ensembles import Ensemble
from theory.moments.activations import activation_moment
from theory.moments.two_inputs import COSINE, correlation_map, inner_product_mean

n, L, k = (sp.Symbol(name, integer=True, positive=True) for name in "nLk")


def brute_force(net: Ensemble, other: tuple[Fraction, ...]) -> Fraction:
    """E<a_L, a'_L> of a linear network, over all weights at once."""
    shapes = [(net.width_at(layer), net.width_at(layer - 1)) for layer in range(1, net.depth + 1)]
    total = Fraction(0)
    for entries in itertools.product(net.law.atoms, repeat=sum(a * b for a, b in shapes)):
        chance, values = Fraction(1), iter(entries)
        pair = [list(net.input), list(other)]
        for rows, columns in shapes:
            matrix = [[next(values) for _ in range(columns)] for _ in range(rows)]
            pair = [
                [sum((w * a for (w, _), a in zip(row, x, strict=True)), Fraction(0)) for row in matrix] for x in pair
            ]
        for _, p in entries:
            chance *= p
        total += chance * sum((a * b for a, b in zip(*pair, strict=True)), Fraction(0))
    for layer in range(1, net.depth + 1):
        total *= net.variance(layer) / net.law.variance
    return total


def integrated(slope: float, cosine: float) -> tuple[float, float]:
    """E phi(u)phi(v) and E phi(u)^2 of normal u, v: Gauss and Legendre in polar coordinates broken at the kinks."""
    half = np.pi / 2
    nodes, weights = np.polynomial.legendre.leggauss(40)

    def phi(value: np.ndarray) -> np.ndarray:
        return np.where(value > 0, value, slope * value)

    def mean(shift: float) -> float:
        kinks = {-np.pi, np.pi, -half, half} | {shift + odd * half for odd in (-3, -1, 1)}
        angles, total = sorted(t for t in kinks if abs(t) <= np.pi), 0.0
        for low, high in pairwise(angles):
            t = (low + high) / 2 + (high - low) / 2 * nodes
            for inner in (0, 3, 6, 9):
                r = inner + 1.5 + 1.5 * nodes[:, None]
                values = phi(r * np.cos(t)) * phi(r * np.cos(t - shift)) * r * np.exp(-r * r / 2)
                total += float(weights @ values @ weights) * 1.5 * (high - low) / 2
        return total / (2 * np.pi)

    return mean(float(np.arccos(cosine))), mean(0.0)


@given(networks(budget=300, activation="linear"), st.data())
@settings(max_examples=40)
def test_linear_networks_of_any_law_and_width_equal_brute_force(net: Ensemble, data: st.DataObject) -> None:
    other = data.draw(vectors(net.width_at(0)))
    inner = exact(sum((a * b for a, b in zip(net.input, other, strict=True)), Fraction(0)))
    derived = sp.expand(inner_product_mean(net))
    assert derived == derived.coeff(COSINE) * COSINE
    assert derived.coeff(COSINE) * inner == exact(brute_force(net, other))


def test_linear_networks_in_symbols() -> None:
    net = Ensemble(width="n", depth="L", init="variance:s2", law="uniform")
    s2 = sp.Symbol("s2", positive=True)
    assert inner_product_mean(net) == (n * s2) ** L * COSINE
    assert inner_product_mean(net, "k") == (n * s2) ** k * COSINE
    assert inner_product_mean(net, 0) == COSINE
    assert inner_product_mean(Ensemble(widths=(3, "n", 5), init="1/2"), 1) == n / 2 * COSINE
    assert sp.simplify(inner_product_mean(Ensemble(widths=(3, "n", 5), init="1/2")) - n * 5 * COSINE / 4) == 0


@pytest.mark.parametrize("slope", [Fraction(0), Fraction(1, 4), Fraction(2, 3)])
@pytest.mark.parametrize("cosine", [-0.9, -0.3, 0.0, 0.5, 0.99])
def test_one_layer_equals_a_two_dimensional_integral(slope: Fraction, cosine: float) -> None:
    product, square = integrated(float(slope), cosine)
    net = Ensemble(widths=(3, 5), activation=f"leaky:{slope}", init="2/7")
    value = float(correlation_map(net).subs(COSINE, cosine))
    assert value == pytest.approx(product / square, abs=1e-11)
    mean = float(inner_product_mean(net).subs(COSINE, cosine))
    assert mean == pytest.approx(5 * product * 2 / 7, abs=1e-11)


@pytest.mark.parametrize("cosine", [-1, sp.Rational(-1, 2), 0, sp.Rational(1, 2), sp.sqrt(3) / 2, 1])
def test_relu_is_the_arc_cosine_kernel_of_order_one(cosine: sp.Expr) -> None:
    angle = sp.acos(cosine)
    kernel = (sp.sin(angle) + (sp.pi - angle) * sp.cos(angle)) / sp.pi  # Cho and Saul 2009, eq. (6)
    relu = Ensemble(width="n", depth=1, activation="relu", init="he")
    assert sp.simplify(correlation_map(relu).subs(COSINE, cosine) - kernel) == 0
    assert sp.simplify(inner_product_mean(relu).subs(COSINE, cosine) - kernel) == 0


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/4", "leaky:s"])
def test_equal_inputs_have_the_mean_square_of_one(activation: str) -> None:
    net = Ensemble(widths=(4, 3), activation=activation, init="1/3", input="e1")
    same = sp.simplify(inner_product_mean(net).subs(COSINE, 1) - activation_moment(net, 2))
    assert same == 0
    assert sp.simplify(correlation_map(net).subs(COSINE, 1)) == 1
    opposite = sp.simplify(correlation_map(net).subs(COSINE, -1))
    alpha = {"linear": 1, "relu": 0, "leaky:1/4": sp.Rational(1, 4), "leaky:s": sp.Symbol("s", positive=True)}
    assert sp.simplify(opposite + 2 * alpha[activation] / (1 + alpha[activation] ** 2)) == 0


def test_a_symbolic_slope_is_the_slope_at_numbers() -> None:
    formula = correlation_map(Ensemble(width="n", depth="L", activation="leaky:s"))
    for slope in (sp.Rational(1, 3), sp.Rational(4, 5)):
        numbers = correlation_map(Ensemble(width=2, depth=1, activation=f"leaky:{slope}"))
        difference = formula.subs(sp.Symbol("s", positive=True), slope) - numbers
        assert abs(difference.subs(COSINE, sp.Rational(3, 10)).evalf(30)) < 1e-25


@pytest.mark.parametrize("name", ["theta", "r"])
def test_a_slope_may_have_any_name(name: str) -> None:
    usual, renamed = (correlation_map(Ensemble(width=2, depth=1, activation=f"leaky:{a}")) for a in ("s", name))
    difference = renamed.subs(sp.Symbol(name, positive=True), sp.Rational(1, 3)) - usual.subs(
        sp.Symbol("s", positive=True), sp.Rational(1, 3)
    )
    assert abs(difference.subs(COSINE, sp.Rational(3, 10)).evalf(30)) < 1e-25


RELU = {"activation": "relu", "init": "he"}


@pytest.mark.parametrize(
    ("argument", "words", "fields", "depth"),
    [
        ("depth", ["angle is random", "layer 2"], RELU, None),
        ("layer", ["layer 2"], {"activation": "leaky:1/2"}, 2),
        ("layer", ["layer k"], {**RELU, "depth": "L"}, "k"),
        ("layer", ["between 0 and the depth 2", "3"], {}, 3),
        ("layer", ["-1"], {}, -1),
        ("layer", ["True"], {}, True),
        ("layer", ["symbolic"], {"width": None, "depth": None, "widths": (2, 3, 4)}, "k"),
        ("law", ["uniform"], {**RELU, "law": "uniform"}, 1),
        ("law", ["rademacher"], {**RELU, "law": "rademacher"}, 1),
        ("init", ["dependent"], {"init": "orthogonal"}, 1),
    ],
)
def test_bad_arguments_are_named(argument: str, words: list[str], fields: dict[str, Any], depth: Any) -> None:
    with refused(argument, *words):
        inner_product_mean(Ensemble(**{"width": 2, "depth": 2, **fields}), depth)
