"""What layers above, between and below two others carry, against theory's moments at numbers of layers."""

import pytest
import sympy as sp

from proofs_check.toolkit.both_passes import ABOVE, BELOW, BETWEEN, above, at_layers, below, between
from proofs_check.toolkit.checks import LINEAR, RELU
from proofs_check.toolkit.depth_induction import variance_of
from theory import gradient_moment, hessian_block_moment, symbols

NETWORKS = [RELU, LINEAR.at(readout="random"), RELU.at(activation="leaky:1/3"), RELU.at(readout="signs")]


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("net", NETWORKS, ids=lambda net: net.describe())
def test_their_product_is_the_moment_of_a_block(net, order):
    if net.readout == "signs" and order == 4:
        net = net.at(readout="random")
    put_in = dict(variance_of(net))
    for i, j, m in ((0, 0, 0), (1, 2, 0), (2, 0, 3)):
        product = above(net, order).at(i) * between(net, order).at(j) * below(net, order).at(m)
        truth = hessian_block_moment(net.at(depth=i + j + m + 2), m + 1, m + j + 2, order)
        assert sp.cancel(product.subs(put_in) - truth) == 0


def test_without_a_layer_between_it_is_the_gradient():
    product = above(RELU, 2).at(2) * below(RELU, 2).at(1)
    assert sp.cancel(product.subs(dict(variance_of(RELU))) - gradient_moment(RELU.at(depth=4), 2)) == 0


def test_layers_are_counted_from_both_ends():
    L, k, later = map(symbols.whole, ("L", "k", "l"))
    assert at_layers(RELU, L - later) == ABOVE
    assert at_layers(RELU, later - k) == BETWEEN + 1
    assert at_layers(RELU, k) == BELOW + 1
