"""The output of drawn networks is that of their weights, in whatever architecture."""

import numpy as np
import pytest

from montecarlo import Chunk, OutputSquares, simulate
from theory.ensembles import Ensemble


@pytest.mark.parametrize("readout", ["random", "signs", "ones"])
def test_it_is_the_readout_times_the_last_activation(readout: str) -> None:
    net = Ensemble(widths=(2, 3, 4), activation="relu", init="he", readout=readout, input=(1, 2))
    chunk = Chunk(net, np.random.default_rng(1), 50, needs=frozenset({"weights"}))
    hidden = np.maximum(np.einsum("mij,j->mi", chunk.weights(1), [1.0, 2.0]), 0)
    last = np.maximum(np.einsum("mij,mj->mi", chunk.weights(2), hidden), 0)
    expected = (chunk.readout * last).sum(axis=1)
    measured = OutputSquares().measure(chunk)
    assert measured.shape == (50, 1)
    assert np.exp(measured[:, 0]) == pytest.approx(expected**2, rel=1e-10)
    assert np.array_equal(np.isneginf(measured[:, 0]), expected == 0)


def test_it_is_simulated_in_every_architecture() -> None:
    for architecture in ("plain", "residual:1/2", "layernorm"):
        net = Ensemble(width=4, depth=2, activation="relu", init="he", architecture=architecture)
        run = simulate(net, [OutputSquares()], samples=20, seed=0)
        assert run[OutputSquares()].log_values("f^2").shape == (20,)
