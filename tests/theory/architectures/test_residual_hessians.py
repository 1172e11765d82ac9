"""Hessians of residual networks: their mean square against all weights of a law, and against sampled networks."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from montecarlo import HessianNorms, simulate
from theory import Ensemble, InvalidArgument, hessian_moment
from theory.architectures.residual_hessians import residual_hessian_moment

LINEAR = Ensemble(width="n", depth="L", init="xavier", architecture="residual:1/sqrt(L)")
RELU = Ensemble(width="n", depth="L", activation="relu", init="he", architecture="residual:1/sqrt(L)")
TWO = RELU.at(architecture="residual:1/sqrt(L):two")


def hessian_square(chain, scale, x, v):
    """|H|_F^2 of v^T (1 + scale W_3)(1 + scale W_2)(1 + scale W_1) x: products of norms, block by block."""
    jacobians = [np.eye(2) + scale * w for w in chain]
    a1, b2 = jacobians[0] @ x, jacobians[2].T @ v
    neighbours = 2 * ((b2 @ b2) * (x @ x) + (v @ v) * (a1 @ a1))
    return 2 * scale**4 * (neighbours + (v @ v) * np.sum(jacobians[1] ** 2) * (x @ x))


def test_the_mean_hessian_of_linear_branches_is_that_over_all_weights():
    net = Ensemble(2, 3, init="1/5", law="rademacher", readout="signs", input=(1, 2), architecture="residual:1/2")
    signs = [np.reshape(entries, (2, 2)) / math.sqrt(5) for entries in product((1.0, -1.0), repeat=4)]
    x, v = np.array([1.0, 2.0]), np.array([1.0, 1.0]) / math.sqrt(2)
    brute = np.mean([hessian_square(chain, 0.5, x, v) for chain in product(signs, repeat=3)])
    assert brute == pytest.approx(float(residual_hessian_moment(net)), rel=1e-12)


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_the_mean_hessian_of_branches_of_two_is_that_over_all_weights(activation):
    """Width one, two branches: f = v (1 + a w4 d3 w3)(1 + a w2 d1 w1), differentiated by hand for all signs.

    With +-1 no mask depends on the size of a weight, so a mean over signs is that over any symmetric law of modulus 1.
    """
    net = Ensemble(1, 4, init=1, law="uniform", readout="signs", input=(2,), activation=activation)
    net = net.at(architecture="residual:1/2:two")
    a, total = 0.5, 0.0
    for w1, w2, w3, w4 in product((1.0, -1.0), repeat=4):
        d1 = float(activation == "linear" or w1 * 2 > 0)
        stream = 2 * (1 + a * w2 * d1 * w1)
        d3 = float(activation == "linear" or w3 * stream > 0)
        first, second = 1 + a * w2 * d1 * w1, 1 + a * w4 * d3 * w3
        within = 2 * ((2 * a * d1 * second) ** 2 + (2 * a * d3 * first) ** 2)
        inner, outer = (w1 * d1, w2 * d1), (w3 * d3, w4 * d3)
        across = 2 * sum((2 * a * a * p * q) ** 2 for p in inner for q in outer)
        total += (within + across) / 16
    assert float(residual_hessian_moment(net)) == pytest.approx(total, rel=1e-12)


def test_the_mean_hessian_of_branches_of_two_is_that_of_sampled_networks():
    net = Ensemble(3, 6, activation="leaky:1/4", init="he", law="uniform", architecture="residual:1/2:two")
    norms = HessianNorms()
    logs = simulate(net, [norms], samples=40_000, seed=4)[norms].log_values("H")
    squares = np.exp(logs)
    error = squares.std() / math.sqrt(len(squares))
    mean = float(residual_hessian_moment(net))
    assert abs(squares.mean() - mean) < 6 * error < 0.1 * mean  # 6 standard errors: 2e-9 if normal


def test_the_mean_hessian_where_branches_start_at_zero():
    """Width one, B branches, s^2 = 2, |x| = 1: pairs (W'_j, W_j) if on, pairs of W' where both are on."""
    net = Ensemble(width=1, depth=6, activation="relu", init="he", input="ones", architecture="residual:0:two")
    normal_square = 2  # E w^2
    own, across = 2 * 3 * Fraction(1, 2), 2 * 3 * Fraction(normal_square, 2) ** 2
    assert residual_hessian_moment(net) == own + across == 9


@pytest.mark.parametrize("net", [LINEAR, TWO, LINEAR.at(law="symmetric", architecture="residual:alpha")])
def test_the_hessian_is_found_where_that_of_any_architecture_is_asked_for(net):
    assert hessian_moment(net) == residual_hessian_moment(net)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: residual_hessian_moment(LINEAR.at(width=4, depth=10**9)), "depth"),
        (lambda: residual_hessian_moment(LINEAR.at(readout="ones")), "readout"),
        (lambda: residual_hessian_moment(RELU), "architecture"),
        (lambda: hessian_moment(RELU), "architecture"),
        (lambda: residual_hessian_moment(TWO.at(law="rademacher")), "law"),
        (lambda: residual_hessian_moment(TWO.at(law="rademacher", architecture="residual:0:two")), "net"),
        (lambda: residual_hessian_moment(TWO.at(readout="ones", architecture="residual:0:two")), "net"),
        (lambda: residual_hessian_moment("n"), "net"),
    ],
)
def test_what_has_no_formula_is_refused(call, argument):
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.argument == argument
