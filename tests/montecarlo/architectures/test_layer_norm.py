"""Layer norm: what it pins at any scale of the weights, and gradients that are exactly 0."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo.architectures.layer_norm import LayerNormChunk
from tests.montecarlo.architectures.by_hand import generator
from theory.ensembles import Ensemble


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 9), st.sampled_from(["relu", "linear", "leaky:1/3"]))
def test_layer_norm_pins_norms_whatever_the_scale_of_the_weights(seed, width, activation):
    """At most |h|^2 = n, exactly that if linear, at any scale of the weights, over which gradients go."""
    net = Ensemble(width, 3, activation=activation, init="he", readout="signs", architecture="layernorm")
    chunk, larger = (LayerNormChunk(net.at(init=s), generator(seed), 3) for s in ("he", 7))
    if activation == "linear":
        np.testing.assert_allclose(np.exp(chunk.log_activation_norms([1, 2, 3])), width, rtol=1e-12)
    assert (np.exp(chunk.log_activation_norms([1, 2, 3])) < width * (1 + 1e-12)).all()
    np.testing.assert_allclose(chunk.log_activation_norms([3]), larger.log_activation_norms([3]), rtol=1e-7, atol=1e-7)
    ratio = chunk.net.variance(1) / larger.net.variance(1)
    before, after = chunk.log_gradient_norms([2]), larger.log_gradient_norms([2])
    alive = np.isfinite(before)
    np.testing.assert_array_equal(alive, np.isfinite(after))
    np.testing.assert_allclose(after[alive] - before[alive], math.log(ratio), rtol=1e-5, atol=1e-5)


def test_a_gradient_behind_a_single_active_unit_is_exactly_0():
    """Three units standardized: one or two are on; where one is, its share of W^T b lies along a, which is lost."""
    net = Ensemble(width=3, depth=5, activation="relu", init="he", architecture="layernorm")
    chunk = LayerNormChunk(net, generator(4), 400)
    gradients = chunk.log_gradient_norms(range(1, 6))
    lone = np.stack([(at.standard > 0).sum(axis=1) == 1 for at in chunk._passed[:4]], axis=1)
    for k in range(4):
        assert np.isneginf(gradients[lone[:, k], : k + 1]).all()
    assert np.isfinite(gradients[:, 4]).all()
    assert np.isfinite(gradients[~lone.any(axis=1)]).all()
    assert gradients[~lone.any(axis=1)].min() > -40  # no rounding taken for a gradient
