"""Networks whose weights are kept: norms of outputs and gradients are those of the function; what is kept fits."""

import math
from itertools import pairwise

import numpy as np
import pytest

from montecarlo.architectures.kept_weights import log_of_squares, partition_of_kept, require_kept
from montecarlo.drawing.weights import Weights
from tests.montecarlo.architectures.by_hand import NETWORKS, RELU, drawn, each_network, output
from tests.theory.small_networks import refused


def directional(chunk, network, layer, direction, step):
    """Central difference of f along a direction of W_layer."""
    values = []
    for sign in (1, -1):
        matrices = [w[network].copy() for w in chunk.matrices]
        matrices[layer - 1] += sign * step * direction
        values.append(output(chunk, matrices, network))
    return (values[0] - values[1]) / (2 * step)


def gradient(chunk, network, layer, step=1e-6):
    shape = chunk.matrices[layer - 1].shape[1:]
    entries = np.zeros(shape)
    for index in np.ndindex(shape):
        direction = np.zeros(shape)
        direction[index] = 1
        entries[index] = directional(chunk, network, layer, direction, step)
    return entries


@each_network
def test_outputs_and_gradients_are_those_of_the_function(net):
    """By central differences, of error about 1e-9; a unit within 1e-5 of its kink would be one in 10^4."""
    chunk = drawn(net, 3, seed=1)
    layers = range(1, net.depth + 1)
    for network in range(3):
        f = output(chunk, [w[network] for w in chunk.matrices], network)
        assert math.exp(chunk.log_output_squares()[network]) == pytest.approx(f**2, rel=1e-9, abs=1e-20)
        norms = [np.sum(gradient(chunk, network, k) ** 2) for k in layers]
        measured = np.exp(chunk.log_gradient_norms(layers)[network])
        np.testing.assert_allclose(measured, norms, rtol=1e-5, atol=1e-12)


@each_network
def test_the_weights_handed_out_are_copies_of_those_kept(net):
    chunk = drawn(net, 2)
    for k, kept in enumerate(chunk.matrices, start=1):
        handed = chunk.weights(k)
        np.testing.assert_array_equal(handed, kept)
        assert not np.shares_memory(handed, kept)
        assert handed.shape == (2, *Weights(net).shape(k))


@each_network
def test_all_inputs_lie_in_columns_whatever_the_architecture(net):
    """As many columns as a batch has inputs; the first has the norm of a_0."""
    chunk = drawn(net, 3)
    assert chunk.inputs.shape == (3, net.width_at(0), net.architecture.batch or 1)
    squares = (chunk.inputs[:, :, 0] ** 2).sum(axis=1)
    np.testing.assert_allclose(np.log(squares), chunk.log_activation_norms([0])[:, 0], atol=1e-12)


@pytest.mark.parametrize("architecture", ["residual:1", "batchnorm:4"])
@pytest.mark.parametrize("sizes", [(4, 4), (300, 50), (2, 10_000)])
def test_what_a_chunk_keeps_fits(sizes, architecture):
    net = RELU.at(width=sizes[0], depth=sizes[1], architecture=architecture)
    partition = partition_of_kept(net)
    assert partition.block % partition.chunk == 0
    weights = sum(n * m for n, m in pairwise([net.width] * (net.depth + 1)))
    assert partition.chunk == 1 or 8 * partition.chunk * weights <= 2**25


def test_a_batch_counts_among_what_is_kept():
    one, many = (partition_of_kept(RELU.at(width=8, depth=64, architecture=f"batchnorm:{b}")) for b in (3, 3000))
    assert one.chunk > 10 * many.chunk


def test_networks_that_outgrow_memory_are_refused():
    with refused("depth", "one network of 4.0 GiB", "above 2 GiB"):
        require_kept(RELU.at(width=2**14, depth=2, architecture="layernorm"))
    with refused("depth", "above 2 GiB"):
        require_kept(RELU.at(architecture="batchnorm:1000000").at(width=1000))
    for net in NETWORKS:
        require_kept(net)


def test_the_log_of_0_is_minus_infinity():
    assert log_of_squares(np.array([0.0, 1.0])).tolist() == [-np.inf, 0.0]
