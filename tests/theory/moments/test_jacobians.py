"""Jacobians between layers: exact averages over all discrete weights of the moments of normal ones, to order 4.

The law -1, 0, 1 with probabilities 1/6, 2/3, 1/6 has variance 1/3 and kurtosis 3: polynomials of degree 4 in each
weight matrix have the mean that they have for normal weights. A preactivation at 0 takes either side, with
probability 1/2. All numbers are dyadic rationals, and floats are exact.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import pytest
import sympy as sp
from numpy.typing import NDArray

from tests.theory.small_networks import exact, refused
from theory import Gaussian, expectation
from theory.ensembles import Ensemble
from theory.moments.jacobians import jacobian_moment, weight_product_moment
from theory.requirements import require_two_layers

Array = NDArray[np.float64]

n, L, k, later = (sp.Symbol(name, integer=True, positive=True) for name in "nLkl")
ACTIVATIONS = ["linear", "relu", "leaky:1/2"]
VARIANCE = Fraction(1, 3)


@dataclass
class Run:
    """All networks at once, for one outcome of the coins at 0 and one readout: masks are theirs, and kept."""

    net: Ensemble
    weights: list[Array]
    masks: list[Array]
    readout: Array
    x: Array

    def output(self, *bumps: tuple[int, int, int]) -> Array:
        """f with the masks held fixed, where some weights (layer, row, column) are raised by 1."""
        a = np.broadcast_to(self.x, (len(self.weights[0]), len(self.x)))
        for layer, (w, mask) in enumerate(zip(self.weights, self.masks, strict=True), start=1):
            z = np.einsum("bij,bj->bi", w, a)
            for at, row, column in bumps:
                if at == layer:
                    z[:, row] += a[:, column]
            a = mask * z
        return a @ self.readout

    def entries(self, layer: int) -> Iterator[tuple[int, int, int]]:
        """All weights of a layer."""
        _, rows, columns = self.weights[layer - 1].shape
        return ((layer, i, j) for i in range(rows) for j in range(columns))

    def gradient_square(self, layer: int) -> Array:
        """|df/dW|^2: f is affine in each weight matrix, so differences are derivatives."""
        return sum((self.output(bump) - self.output()) ** 2 for bump in self.entries(layer))

    def hessian_square(self, first: int, second: int) -> Array:
        """|d2f/dW dW'|^2 by second differences."""
        f, total = self.output(), np.zeros(len(self.masks[0]))
        after = [(b, self.output(b)) for b in self.entries(second)]
        for a in self.entries(first):
            before = self.output(a)
            for b, then in after:
                total += (self.output(a, b) - before - then + f) ** 2
        return total

    def jacobian_square(self, first: int, last: int) -> Array:
        """|D_{l-1} W_{l-1} ... W_{k+1} D_k|_F^2."""
        width = self.masks[first - 1].shape[1]
        m = self.masks[first - 1][:, :, None] * np.eye(width)
        for layer in range(first + 1, last):
            m = self.masks[layer - 1][:, :, None] * (self.weights[layer - 1] @ m)
        return np.sum(m**2, axis=(1, 2))


def average(net: Ensemble, observe: Callable[[Run], Array]) -> sp.Rational:
    """E observe over all weights from -1, 0, 1, coins and signs of a readout of modulus 1."""
    widths, slope = [net.width_at(layer) for layer in range(net.depth + 1)], float(Fraction(net.slope))
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    flat = np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=sum(a * b for a, b in shapes))))
    chances = 4.0 ** np.sum(flat == 0, axis=1)
    weights, used = [], 0
    for a, b in shapes:
        weights.append(flat[:, used : used + a * b].reshape(-1, a, b))
        used += a * b
    x = np.ones(widths[0]) if net.input == "ones" else np.array([float(entry) for entry in net.input])
    fixed = isinstance(net.readout, tuple)
    readouts = [net.readout] if fixed else list(itertools.product((-1, 1), repeat=widths[-1]))
    tosses = [()] if net.slope == 1 else list(itertools.product((1.0, slope), repeat=sum(widths[1:])))
    terms: list[float] = []
    for coins in tosses:
        masks, a, rest = [], np.broadcast_to(x, (len(flat), len(x))), list(coins)
        for w in weights:
            z = np.einsum("bij,bj->bi", w, a)
            side = np.array([rest.pop() for _ in range(z.shape[1])]) if coins else np.ones(z.shape[1])
            masks.append(np.where(z > 0, 1.0, np.where(z < 0, slope, side)))
            a = masks[-1] * z
        for readout in readouts:
            v = np.array([float(entry) for entry in readout])
            terms.append(math.fsum(chances * observe(Run(net, weights, masks, v, x))))
    return exact(Fraction(math.fsum(terms)) / 6 ** flat.shape[1] / len(tosses) / len(readouts))


def rescaled(net: Ensemble, powers: dict[int, int]) -> sp.Rational:
    """What weights of the net's variance multiply by, given how often each W enters squared."""
    return exact(math.prod((net.variance(layer) / VARIANCE) ** m for layer, m in powers.items()))


WIDTHS = [(1, 1, 2, 2), (2, 2, 1, 2), (1, 2, 2, 1), (1, 2, 1, 2, 1), (1, 1, 1, 1, 1, 1), (2, 1, 2, 1)]


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("widths", WIDTHS)
def test_moments_equal_the_average_over_all_discrete_weights(widths: Any, activation: str, order: int) -> None:
    net = Ensemble(widths=widths, activation=activation, init="he", input="ones", readout=(1,) * widths[-1])
    for first, last in itertools.combinations(range(1, net.depth + 1), 2):
        scale = rescaled(net, dict.fromkeys(range(first + 1, last), order // 2))
        truth = average(net, lambda run, a=first, b=last: run.jacobian_square(a, b) ** (order // 2))
        assert jacobian_moment(net, first, last, order) == truth * scale


def recursion(net: Ensemble, first: int, last: int) -> sp.Expr:
    """E|M|^4 for normal weights from chi-squares: |DWN|_F^2 for rows that are there or not."""
    width, slope, s4 = sp.Integer(net.width), sp.Rational(net.slope), exact(net.variance(1)) ** 2
    p2, p4 = (1 + slope**2) / 2, (1 + slope**4) / 2
    square, trace = width * p4 + width * (width - 1) * p2**2, width * p4
    for _ in range(last - first - 1):
        row, pair = s4 * p4 * (square + 2 * trace), s4 * p2**2
        square, trace = (
            width * row + width * (width - 1) * pair * square,
            (width * row + width * (width - 1) * pair * trace),
        )
    return square


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("init", ["he", "2/7"])
def test_symbolic_layers_and_widths_are_the_numbers_at_them(activation: str, init: str) -> None:
    net = Ensemble(width="n", depth="L", activation=activation, init=init)
    fourth, second = jacobian_moment(net, "k", "l", 4), jacobian_moment(net, "k", "l")
    whole = jacobian_moment(net, 1, "L", 4)
    for width, depth, a, b in ((1, 3, 1, 3), (2, 4, 1, 3), (5, 6, 2, 6), (3, 7, 1, 7), (4, 3, 2, 3)):
        numbers, at = net.at(width=width, depth=depth), {n: width, L: depth, k: a, later: b}
        truth = recursion(numbers, a, b)
        assert jacobian_moment(numbers, a, b, 4) == truth
        assert sp.expand(fourth.subs(at)) == truth
        assert sp.expand(whole.subs(at)) == recursion(numbers, 1, depth)
        growth = width * exact(numbers.variance(1)) * (1 + sp.Rational(numbers.slope) ** 2) / 2
        truth = width * (1 + sp.Rational(numbers.slope) ** 2) / 2 * growth ** (b - a - 1)
        assert jacobian_moment(numbers, a, b) == sp.expand(second.subs(at)) == truth


@pytest.mark.parametrize("order", [2, 4])
def test_unequal_widths_that_are_equal_agree_with_constant_width(order: int) -> None:
    net = Ensemble(width=3, depth=5, activation="leaky:1/4", init="he")
    step = Ensemble(widths=(3, 3, 3, 3, 3, 2), activation="leaky:1/4", init="he")
    for first, last in itertools.combinations(range(1, 5), 2):
        assert jacobian_moment(step, first, last, order) == jacobian_moment(net, first, last, order)


def test_a_mask_alone_is_a_binomial_number_of_units() -> None:
    net = Ensemble(width=5, depth=4, activation="relu", init="he")
    for order in (2, 4):
        units = sum(sp.Rational(comb(5, b) * b ** (order // 2), 32) for b in range(6))
        assert jacobian_moment(net, 2, 3, order) == units


def test_order_2_holds_for_any_law() -> None:
    for law in ("uniform", "rademacher", "symmetric"):
        net = Ensemble(width="n", depth="L", activation="relu", init="lecun", law=law)
        assert jacobian_moment(net, "k", "l").subs({k: 2, later: 6}) == n / 16
        assert jacobian_moment(net, 1, 4) == n / 8


@pytest.mark.parametrize(
    ("argument", "words", "fields", "layers", "order"),
    [
        ("order", ["2 or 4", "6"], {}, (1, 2), 6),
        ("order", ["3"], {}, (1, 2), 3),
        ("order", ["True"], {}, (1, 2), True),
        ("order", ["0"], {}, (1, 2), 0),
        ("law", ["normal", "uniform"], {"law": "uniform"}, (1, 2), 4),
        ("init", ["orthogonal"], {"init": "orthogonal"}, (1, 2), 2),
        ("layers", ["earlier first", "2, 1"], {}, (2, 1), 2),
        ("layers", ["2, 2"], {}, (2, 2), 2),
        ("layers", ["0, 2"], {}, (0, 2), 2),
        ("layer", ["between 0 and the depth 3", "4"], {}, (1, 4), 2),
        ("layer", ["-1"], {}, (-1, 2), 2),
        ("layer", ["True"], {}, (True, 2), 2),
        ("layers", ["k, k"], {"depth": "L"}, ("k", "k"), 2),
        ("layers", ["L, 2"], {"depth": "L"}, ("L", 2), 2),
        ("layers", ["3, l"], {}, (3, "l"), 2),
        ("layers", ["k, 1"], {"depth": "L"}, ("k", 1), 4),
        ("layer", ["symbolic"], {"width": None, "depth": None, "widths": (2, 3, 4)}, (1, "l"), 2),
    ],
)
def test_bad_arguments_are_named(
    argument: str, words: list[str], fields: dict[str, Any], layers: Any, order: Any
) -> None:
    with refused(argument, *words):
        jacobian_moment(Ensemble(**{"width": 2, "depth": 3, **fields}), *layers, order)


def test_two_layers_in_order_are_taken() -> None:
    net = Ensemble(width=2, depth="L")
    for layers in ((1, 2), (1, "L"), ("k", "l"), ("k", "L"), ("k", 9)):
        require_two_layers(net, *layers)


def test_products_of_weights_agree_with_every_matrix() -> None:
    """Enumerates all pairs of matrices with the law above, whose moments to order 4 are those of normal weights."""
    net = Ensemble(widths=(2, 1, 2), init=VARIANCE)
    chances = {-1: Fraction(1, 6), 0: Fraction(2, 3), 1: Fraction(1, 6)}
    for order in (2, 4):
        mean = Fraction(0)
        for entries in itertools.product(chances, repeat=4):
            first, last = entries[:2], entries[2:]
            square = sum((a * b) ** 2 for a in last for b in first)  # of the outer product
            mean += math.prod(chances[entry] for entry in entries) * square ** (order // 2)
        assert weight_product_moment(net, order) == sp.Rational(mean)


@pytest.mark.parametrize("fields", [{}, {"activation": "relu", "init": "he"}, {"activation": "leaky:1/2"}])
def test_a_product_of_weights_is_the_jacobian_of_the_linear_network(fields: dict[str, Any]) -> None:
    net = Ensemble(width=3, depth=2, **fields)
    variance = net.variance(1)
    linear = Ensemble(width=3, depth=4, init=variance)  # two masks of slope 1 around two matrices
    for order in (2, 4):
        assert weight_product_moment(net, order) == jacobian_moment(linear, 1, 4, order)


def test_products_of_weights_agree_with_the_calculus_of_matrices() -> None:
    first, last = sp.MatrixSymbol("U", n, n), sp.MatrixSymbol("V", n, n)
    product = last * first
    derived = expectation(sp.Trace(product * product.T) ** 2, {first: Gaussian(1 / n), last: Gaussian(1 / n)})
    assert sp.simplify(weight_product_moment(Ensemble(width="n", depth=2), 4) - derived) == 0


@pytest.mark.parametrize(("fields", "order", "word"), [({}, 3, "order"), ({"law": "uniform"}, 4, "law")])
def test_products_of_weights_refuse_what_they_do_not_know(fields: dict[str, Any], order: int, word: str) -> None:
    with refused(word):
        weight_product_moment(Ensemble(width=2, depth=2, **fields), order)
