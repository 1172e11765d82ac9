"""|H|_F of residual networks: against second differences of the function, and by hand where two layers are all."""

import math
from itertools import product

import numpy as np
import pytest

from montecarlo import HessianNorms
from montecarlo.architectures.residual import ResidualChunk
from montecarlo.curvature.residual_frobenius import log_residual_frobenius
from tests.montecarlo.architectures.by_hand import LINEAR, RELU, drawn, each_residual, generator, output
from tests.theory.small_networks import refused


@each_residual
def test_residual_hessians_are_those_of_the_function(net):
    """Squares of second differences of f, which is a polynomial where no unit changes its side."""
    net = net.at(width=2, depth=4, input="ones")
    chunk = drawn(net, 2, seed=2)
    step = 1e-4
    entries = [(k, i, j) for k in range(4) for i in range(2) for j in range(2)]
    for network in range(2):
        weights = [w[network] for w in chunk.matrices]

        def moved(*moves, weights=weights, network=network):
            matrices = [w.copy() for w in weights]
            for (k, i, j), by in moves:
                matrices[k][i, j] += by
            return output(chunk, matrices, network)

        total = sum(
            (sum(s * t * moved((p, s * step), (q, t * step)) for s, t in product((1, -1), repeat=2)) / (4 * step**2))
            ** 2
            for p, q in product(entries, repeat=2)
        )
        assert math.exp(log_residual_frobenius(chunk)[network]) == pytest.approx(total, rel=1e-4)
        assert HessianNorms().measure(chunk)[network, 0] == log_residual_frobenius(chunk)[network]


def test_two_linear_layers_by_hand():
    """H_12 has the entries alpha^2 v_i x_j, for each pair of entries of W_1 and W_2 that meet in a unit."""
    net = LINEAR.at(width=3, depth=2, input=(1, 2, 3), readout="signs", architecture="residual:5")
    found = log_residual_frobenius(ResidualChunk(net, generator(0), 4))
    np.testing.assert_allclose(np.exp(found), 2 * 5**4 * 3 * 14, rtol=1e-12)  # |v| = 1


def test_one_branch_of_two_matrices_has_the_hessian_of_its_gates():
    """H has the entries alpha v_i d_j x_k: a unit that is off has none."""
    net = RELU.at(width=3, depth=2, input=(1, 2, 3), readout="signs", architecture="residual:5:two")
    chunk = ResidualChunk(net, generator(1), 50)
    on = chunk.slopes(1).sum(axis=1)
    assert set(on) == {0, 1, 2, 3}
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(log_residual_frobenius(chunk), np.log(2 * 25 * on * 14), rtol=1e-12)


@pytest.mark.parametrize("architecture", ["residual:1", "residual:1/sqrt(L)"])
def test_the_hessian_of_one_layer_is_refused(architecture):
    with refused("depth", "the Hessian of one layer is 0"):
        HessianNorms().components(RELU.at(depth=1, architecture=architecture))
