"""Batch norm: units standardized over a batch, and gradients that are exactly 0."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo.architectures.batch_norm import BatchNormChunk
from tests.montecarlo.architectures.by_hand import RELU, generator, output
from theory.ensembles import Ensemble


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 8))
def test_batch_norm_standardizes_every_unit(seed, batch):
    net = Ensemble(widths=(3, 6, 4), activation="relu", init="he", architecture=f"batchnorm:{batch}")
    chunk = BatchNormChunk(net, generator(seed), 3)
    for h in (at.standard for at in chunk._passed):
        assert h.shape[2] == batch
        np.testing.assert_allclose(h.mean(axis=2), 0, atol=1e-9)
        np.testing.assert_allclose((h**2).mean(axis=2), 1, rtol=1e-9)


@pytest.mark.parametrize(("width", "batch"), [(1, 3), (1, 8), (3, 3)])
def test_gradients_behind_batch_norm_are_0_exactly_where_weights_have_no_direction_left(width, batch):
    """Where f is constant around the weights, so it is after a finite step; rounding must not say otherwise."""
    net = RELU.at(width=width, depth=3, architecture=f"batchnorm:{batch}")
    chunk = BatchNormChunk(net, np.random.default_rng(5), 200)
    logs = chunk.log_gradient_norms([1, 2, 3])
    flat = np.isneginf(logs).all(axis=1)
    assert (logs[np.isfinite(logs)] > -50).all()  # rounding is about -72
    moved = np.array([output(chunk, [1.001 ** np.random.default_rng(6).standard_normal(w[i].shape) * w[i]
                                     for w in chunk.matrices], i) for i in range(200)])  # fmt: skip
    before = np.array([output(chunk, [w[i] for w in chunk.matrices], i) for i in range(200)])
    np.testing.assert_allclose(moved[flat], before[flat], rtol=1e-9, atol=1e-12)
    assert flat.all() == (width == 1)
    assert flat.any()
    assert (np.abs(moved - before)[~flat] > 1e-9).all()
