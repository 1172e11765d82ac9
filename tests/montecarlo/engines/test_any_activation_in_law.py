"""Normal weights without matrices, biases and any activation: the conditional law exactly, and the joint one sampled.

Error probabilities: 1e-7 for each assertion on samples.
"""

import numpy as np
import pytest

from montecarlo import SecondInput
from montecarlo.architectures.plain import PlainChunk
from montecarlo.engines.any_activation_in_law import AnyActivationChunk, _split
from tests.montecarlo.engines.same_law import differing, functionals
from theory.ensembles import Ensemble

NEEDS = frozenset({"backward", "units"})
NETWORKS = 30_000
"""Kolmogorov distances above 0.075 are found but for 1e-7."""
NETS = [
    Ensemble(width=3, depth=4, activation="tanh", bias="1"),
    Ensemble(width=2, depth=3, activation="relu", init="he", bias="2", readout="1,-1/2"),
    Ensemble(widths=(2, 1, 4, 3), activation="gelu", init="1/2", bias="constant:1/2", input="1,-3"),
    Ensemble(width=2, depth=3, activation="sine", init="4", readout="signs"),
]


def rng(*key):
    return np.random.Generator(np.random.SFC64(key))


class Forgetful(AnyActivationChunk):
    """Leaves the conditional mean of the weights out."""

    def _conditioned(self, k, y):
        g = self._rng.standard_normal(self._read[k - 1].shape)
        return (g * (self._scales[k - 1] * np.linalg.norm(y, axis=1))[:, None])[:, : self._widths[k - 1]]


class BiasesAsWeights(AnyActivationChunk):
    """Takes all of z for what the weights have made of the activations."""

    def _conditioned(self, k, y):
        read = self._read[k - 1]
        self._read[k - 1] = read[:, : self._widths[k - 1]]
        return super()._conditioned(k, y)


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_the_law_is_that_of_real_weights(net):
    pair = SecondInput("1/2")
    chunks = (
        PlainChunk(net, rng(1), NETWORKS, second_input=pair),
        AnyActivationChunk(net, rng(2), NETWORKS, needs=NEEDS, second_input=pair),
    )
    found = []
    for chunk in chunks:
        logs, signs = chunk.second_input.log_ratios([net.depth])
        more = {"inner": (signs * np.exp(logs))[:, 0], "angle": chunk.second_input.log_angles([2])[:, 0]}
        found.append(functionals(chunk) | more)
    assert differing(*found, error=1e-7) == set()


@pytest.mark.parametrize(
    ("wrong", "net"),
    [
        (Forgetful, Ensemble(width=2, depth=5, activation="tanh")),
        (BiasesAsWeights, Ensemble(width=3, depth=4, activation="tanh", bias="1")),
    ],
)
def test_wrong_conditional_laws_are_noticed(wrong, net):
    chunks = PlainChunk(net, rng(1), NETWORKS), wrong(net, rng(2), NETWORKS, needs=NEEDS)
    direct, claimed = (
        functionals(chunk) | {"f/G_1": chunk.log_output_squares() - chunk.log_gradient_norms([1])[:, 0]}
        for chunk in chunks
    )
    apart = differing(direct, claimed, error=1e-7)
    assert apart
    assert "a_L" not in apart


class Chosen:
    """Gives numbers that are chosen in place of random ones."""

    def __init__(self, numbers):
        self.numbers = numbers

    def standard_normal(self, shape):
        return np.broadcast_to(self.numbers, shape).copy()


@pytest.mark.parametrize("pair", [False, True], ids=["one input", "two inputs"])
@pytest.mark.parametrize("bias", ["none", "1/2", "constant:1/2"])
def test_the_conditional_law_of_a_backward_product_is_the_gaussian_one(bias, pair):
    """W^T y is affine in what is drawn; its mean and covariance are those of (W, b) given z, by linear algebra."""
    net = Ensemble(widths=(2, 3, 2), activation="tanh", init="1/3", bias=bias)
    chunk = AnyActivationChunk(net, rng(4), 1, needs=NEEDS, second_input=SecondInput("1/2") if pair else None)
    k, y = 2, np.array([[0.7, -1.3]])
    n, size = 3, chunk._read[k - 1].shape[1]

    chunk._rng = Chosen(np.zeros(size))
    mean = chunk._conditioned(k, y)[0]
    columns = []
    for i in range(size):
        chunk._rng = Chosen(np.eye(size)[i])
        columns.append(chunk._conditioned(k, y)[0] - mean)
    covariance = np.array(columns).T @ np.array(columns)

    a = [chunk.second_input._firsts[1][0], chunk.second_input._seconds[1][0]] if pair else [chunk._read[1][0][:n]]
    z, z_of_e = (None if image is None else image[0] for image in chunk._images[k - 1])
    given = [z]
    if pair:
        along = chunk._read[1][0] @ np.append(a[1], chunk._read[1][0][n:]) / (chunk._read[1][0] @ chunk._read[1][0])
        given.append(along * z + z_of_e)
    sd = 0.5 if bias == "1/2" else 0.0
    # one row of (W, b), normal with this prior, is observed through its products with each (a, 1)
    prior = np.diag([1 / 3] * n + [sd])
    seen = np.array([np.append(vector, 1) for vector in a])
    gain = prior @ seen.T @ np.linalg.inv(seen @ prior @ seen.T)
    rows = [gain @ np.array([image[i] for image in given]) for i in range(2)]
    left = prior - gain @ seen @ prior
    np.testing.assert_allclose(mean, sum(y[0, i] * rows[i][:n] for i in range(2)), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(covariance, (y**2).sum() * left[:n, :n], rtol=1e-10, atol=1e-12)


def test_what_is_orthogonal_is_so_to_the_last_digit_and_rounding_is_none():
    along = rng(5).standard_normal((4, 6))
    near = along * 3 + 1e-9 * rng(6).standard_normal((4, 6))
    share, rest = _split(near, along)
    np.testing.assert_allclose(share[:, None] * along + rest, near, rtol=1e-15)
    cosines = (rest * along).sum(axis=1) / np.linalg.norm(rest, axis=1) / np.linalg.norm(along, axis=1)
    assert np.abs(cosines).max() < 1e-14
    assert not _split(along[:, :1] / 3, along[:, :1])[1].any()


def test_dead_layers_leave_the_weights_free():
    """Behind a layer of zeros preactivations are biases alone, and tell nothing of the weights."""
    net = Ensemble(width=2, depth=2, activation="relu", init="1", bias="1")
    chunk = AnyActivationChunk(net, rng(0), 200, needs=NEEDS)
    dead = np.isneginf(chunk.log_activation_norms([1])[:, 0])
    assert dead.any()
    assert np.isfinite(chunk.log_activation_norms([2])[dead, 0]).any()
    assert np.isneginf(chunk.log_backward_norms([1])[dead, 0]).all()
    np.testing.assert_array_equal(np.isneginf(chunk.log_gradient_norms([2])[dead, 0]), True)
