"""Hessians of networks with biases or smooth activations, block by block and at both ends, from differences."""

import numpy as np
import pytest

from montecarlo import HessianExtremes, HessianNorms, simulate
from montecarlo.architectures.plain import PlainChunk
from montecarlo.curvature import norms_by_gradients
from montecarlo.curvature.any_architecture import analytic_gradients
from montecarlo.curvature.norms_by_gradients import log_block_squares
from tests.montecarlo.architectures.by_hand import generator
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble

NETS = [
    Ensemble(widths=(2, 3, 1, 2), activation="gelu", init="1", bias="1/2"),
    Ensemble(widths=(3, 2, 2), activation="tanh", init="pytorch", bias="pytorch"),
    Ensemble(widths=(2, 3, 2, 2), activation="relu", init="he", bias="constant:1/4"),
]


def dense(chunk, m, step=1e-6):
    """The Hessian of one network by central differences of its gradients."""
    gradients, w = analytic_gradients(chunk, slice(m, m + 1))
    rows = []
    for i in range(w.shape[1]):
        move = step * np.eye(w.shape[1])[i]
        rows.append((gradients(w + move) - gradients(w - move))[0] / (2 * step))
    return np.array(rows)


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_blocks_and_ends_are_those_of_the_dense_hessian(net):
    chunk = PlainChunk(net, generator(1), 4)
    sizes = [w[0].size for w in chunk.matrices]
    edges = np.cumsum([0, *sizes])
    blocks, whole = np.exp(log_block_squares(chunk)), np.exp(HessianNorms().measure(chunk)[:, 0])
    one = np.exp(HessianNorms([(1, 2)]).measure(chunk)[:, 0])
    ends = np.exp(HessianExtremes().measure(chunk))
    assert HessianExtremes().components(net) == ("lambda_max", "minus_lambda_min", "spectral_norm")
    for m in range(4):
        h = dense(chunk, m)
        depth = range(len(sizes))
        squares = [[(h[edges[k] : edges[k + 1], edges[j] : edges[j + 1]] ** 2).sum() for j in depth] for k in depth]
        np.testing.assert_allclose(blocks[m], squares, rtol=1e-6, atol=1e-12)
        assert whole[m] == pytest.approx((h**2).sum(), rel=1e-6, abs=1e-15)
        assert one[m] == pytest.approx(squares[0][1], rel=1e-6, abs=1e-15)
        values = np.linalg.eigvalsh((h + h.T) / 2)
        expected = [max(values[-1], 0), max(-values[0], 0), np.abs(values).max()]
        np.testing.assert_allclose(ends[m], expected, rtol=1e-6, atol=1e-8)


def test_one_layer_curves_to_one_side():
    """v phi(w x) in one unit has the Hessian v phi'' x x^T, of rank one: the other end is 0."""
    net = Ensemble(widths=(3, 1), activation="tanh", bias="1/2", readout="ones")
    high, low, most = simulate(net, [HessianExtremes()], samples=50)[HessianExtremes()].logs.T
    assert (np.isneginf(high) != np.isneginf(low)).all()
    np.testing.assert_array_equal(most, np.maximum(high, low))
    norms = simulate(net, [HessianNorms()], samples=50)[HessianNorms()].logs[:, 0]
    np.testing.assert_allclose(norms / 2, most, rtol=1e-9)


def test_what_takes_too_long_or_is_too_small_is_refused(monkeypatch):
    monkeypatch.setattr(norms_by_gradients, "_MOST_WEIGHTS", 20)
    with refused("depth", "27 weights is too large to be taken row by row"):
        simulate(Ensemble(width=3, depth=3, activation="tanh"), [HessianNorms()], samples=1)
    monkeypatch.setattr(norms_by_gradients, "_LEAST", 1e3)
    with refused("depth", "makes gradients below"):
        simulate(Ensemble(width=1, depth=3, activation="tanh"), [HessianNorms()], samples=1)
    with refused("depth", "the Hessian of one layer is 0"):
        simulate(Ensemble(width=2, depth=1, bias="1"), [HessianNorms()], samples=1)
