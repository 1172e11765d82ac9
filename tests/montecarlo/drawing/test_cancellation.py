"""Sums that cancel exactly, against integers: each weight, slope and activation is a whole number over a power."""

import numpy as np
import pytest

from montecarlo.drawing.cancellation import cancelled
from montecarlo.engines.real_matrices import Chunk, Scratch
from theory.ensembles import Ensemble

NEEDS = frozenset({"weights", "units"})


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("slope", "depth"), [((1, 3), 6), ((2, 5), 5), ((0, 1), 8), ((1, 1), 12)])
def test_dead_networks_and_dead_units_are_those_of_integers(slope, depth, dtype):
    """Without the mend, thirds that should cancel leave 1e-17, which is alive: in one of a thousand networks."""
    p, q = slope
    activation = {(0, 1): "relu", (1, 1): "linear"}.get(slope, f"leaky:{p}/{q}")
    net = Ensemble(width=4, depth=depth, law="rademacher", activation=activation)
    chunk = Chunk(net, np.random.Generator(np.random.SFC64(1)), 4096, needs=NEEDS, scratch=Scratch(net, dtype))
    a = np.ones((4096, 4), np.int64)
    for k in range(1, depth + 1):
        z = np.einsum("mij,mj->mi", np.sign(chunk.weights(k)).astype(np.int64), a)
        assert (chunk.active_units([k])[:, 0] == (z > 0).sum(axis=1)).all()
        a = np.where(z > 0, q * z, p * z)
    dead = (a == 0).all(axis=1)
    assert dead.any()
    assert (np.isneginf(chunk.log_activation_norms([depth])[:, 0]) == dead).all()


def test_a_small_sum_of_small_terms_stays():
    matrices, vectors = np.array([[[1.0, 1e-20], [1e-20, 1e-20]]]), np.array([[1.0, 1e-3]])
    z = np.matmul(matrices, vectors[:, :, None])[:, :, 0]
    before = z.copy()
    cancelled(z, matrices, vectors, largest=1.0, roundings=3)
    assert (z == before).all()
