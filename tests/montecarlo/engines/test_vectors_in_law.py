"""The law of vectors without matrices. Error probabilities: 1e-7 for each assertion, 1e-6 or less for all of a test."""

from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from montecarlo import SecondInput
from montecarlo.engines.real_matrices import Chunk
from montecarlo.engines.vectors_in_law import VectorChunk
from tests.montecarlo.engines.same_law import MARGINALS, differing, functionals
from theory.ensembles import Ensemble

NEEDS = frozenset({"backward", "units"})
NETWORKS = 60_000
"""Kolmogorov distances above 0.053 are found but for 1e-7: four times sqrt(log(4 * 15/1e-7)/(2 * 60000))."""
NETS = [
    Ensemble(width=4, depth=6, activation="relu", init="he"),
    Ensemble(width=3, depth=5, activation="relu", init="he", readout="ones", input="1,-2,1/2"),
    Ensemble(width=3, depth=4, activation="relu", init="he", readout="0,1,0"),
    Ensemble(width=3, depth=5),
    Ensemble(width=2, depth=3, readout="ones"),
    Ensemble(widths=(2, 5, 3, 4), activation="leaky:1/4", init="he"),
    Ensemble(width=2, depth=3, activation="leaky:1/8", readout="signs"),
    Ensemble(width=1, depth=3, activation="relu", init="he"),
    Ensemble(width=2, depth=4, activation="relu", init="he", readout="signs"),
    Ensemble(widths=(6, 1, 4, 2), activation="relu", init="xavier", input="e1"),
    Ensemble(widths=(2, 70, 3), activation="relu", init="he", readout="1,-1/2,2"),
]


def rng(*key):
    return np.random.Generator(np.random.SFC64(key))


@cache
def direct(net):
    networks = NETWORKS if max(net.widths or (0,)) < 70 else NETWORKS // 6
    return functionals(Chunk(net, rng(1), networks, needs=NEEDS))


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_the_law_is_that_of_real_weights(net):
    exact = functionals(VectorChunk(net, rng(2), NETWORKS, needs=NEEDS))
    assert differing(direct(net), exact, error=1e-7) == set()


class Unconditioned(VectorChunk):
    """Forgets the forward pass on the way back."""

    def _conditioned(self, k, b):
        g = self._rng.standard_normal(self._vectors[k].shape)
        return g * np.sqrt(np.einsum("mi,mi->m", b, b))[:, None]


class Unprojected(VectorChunk):
    """Adds what the forward pass has fixed to a vector not orthogonal to it: B degrees of freedom, not B - 1."""

    def _conditioned(self, k, b):
        a = self._vectors[k]
        g = self._rng.standard_normal(a.shape)
        along = np.einsum("mi,mi->m", a, g) / np.maximum(np.einsum("mi,mi->m", a, a), 1e-300)
        size = np.sqrt(np.einsum("mi,mi->m", b, b))
        return super()._conditioned(k, b) + (size * along)[:, None] * a


class SlopeForgotten(VectorChunk):
    """Takes a for z where a leaky unit is off."""

    def _conditioned(self, k, b):
        slope, self._slope = self._slope, 0.0
        w = super()._conditioned(k, b)
        self._slope = slope
        return w


class ReadoutForgotten(VectorChunk):
    """The readout that f is made of is another one than that of the gradients."""

    def _back_propagate(self, v, log_v):
        return super()._back_propagate(self._rng.permuted(np.abs(v), axis=1), log_v)


@pytest.mark.parametrize(
    ("wrong", "net"),
    [
        (Unconditioned, NETS[0]),
        (Unconditioned, NETS[3]),
        (Unprojected, NETS[0]),
        (Unprojected, NETS[3]),
        (Unprojected, NETS[1]),
        (SlopeForgotten, NETS[6]),
        (ReadoutForgotten, NETS[0]),
        (ReadoutForgotten, Ensemble(width=3, depth=3, activation="relu", init="he", readout="1,-2,1/2")),
    ],
)
def test_wrong_samplers_are_found(wrong, net):
    wrongly = functionals(wrong(net, rng(2), NETWORKS, needs=NEEDS))
    assert differing(direct(net), wrongly, error=1e-7)


def test_joint_functionals_find_what_no_marginal_can():
    """Without conditioning, linear norms have the right laws layer by layer, and the wrong one together."""
    net = NETS[3]
    found = differing(direct(net), functionals(Unconditioned(net, rng(2), NETWORKS, needs=NEEDS)), error=1e-7)
    assert found.isdisjoint(MARGINALS)
    assert {"max G/min G", "min b_k a_k"} <= found


PAIRED = [
    (Ensemble(width=3, depth=3), Fraction(1, 2)),
    (Ensemble(width=3, depth=4, activation="relu", init="he"), Fraction(0)),
    (Ensemble(width=4, depth=3, activation="relu", init="he", input="1,2,-1,1/2"), Fraction(-3, 4)),
    (Ensemble(widths=(2, 5, 3), activation="leaky:1/4", readout="signs"), Fraction(99, 100)),
]


def of_pairs(kind, net, cosine, key):
    """Norms and angles of two inputs, jointly."""
    chunk = kind(net, rng(key), NETWORKS, second_input=SecondInput(cosine))
    depth = int(net.depth)
    layers = range(depth + 1)
    norms, angles = chunk.log_activation_norms(layers), chunk.second_input.log_angles(layers)
    ratios, signs = chunk.second_input.log_ratios(layers)
    found = {f"angle_{k}": angles[:, k] for k in (1, depth)} | {f"sign_{k}": signs[:, k] for k in (1, depth)}
    with np.errstate(invalid="ignore"):  # 0/0 of the dead
        found |= {
            "inner product": np.where(np.isfinite(ratios[:, -1]), ratios[:, -1] + norms[:, -1], -np.inf),
            "angle_L/angle_1": np.nan_to_num(angles[:, -1] - angles[:, 1], nan=-99, neginf=-99, posinf=99),
            "norm_L, angle_L": np.nan_to_num(norms[:, -1] + angles[:, -1], nan=-99, neginf=-99),
            "norm_1, angle_L": np.nan_to_num(norms[:, 1] + angles[:, -1], nan=-99, neginf=-99),
        }
    return found


@pytest.mark.parametrize(("net", "cosine"), PAIRED)
def test_two_inputs_have_the_joint_law_of_real_weights(net, cosine):
    exact, real = (of_pairs(kind, net, cosine, key) for kind, key in ((VectorChunk, 4), (Chunk, 3)))
    assert differing(real, exact, error=1e-7) == set()


class Aligned(VectorChunk):
    """Lets the part of x' that is orthogonal to x meet the weights that x has met."""

    def _forward(self, x, log_x, needs):
        original = self.second_input.activate
        self.second_input.activate = lambda z, z_of_e: original(z, np.abs(z_of_e) * np.sign(z))
        super()._forward(x, log_x, needs)


def test_a_second_input_that_meets_the_same_weights_is_found():
    net, cosine = PAIRED[1]
    wrong, real = (of_pairs(kind, net, cosine, key) for kind, key in ((Aligned, 4), (Chunk, 3)))
    assert differing(real, wrong, error=1e-7)


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("kind", [Chunk, VectorChunk])
def test_gradients_know_what_the_weights_did_to_the_second_input(kind, activation):
    """Widths 2, 2, 1: W_2 is known from f and f', so |b_1|^2 |a_1|^2/f^2 = 1 + (f'/f - r)^2 |a_1|^2/|e|^2.

    Here a_1' = r a_1 + e. Of ReLU networks, those where all units are on.
    """
    net = Ensemble(widths=(2, 2, 1), readout="ones", activation=activation)
    chunk = kind(net, rng(5), 400, needs=NEEDS, second_input=SecondInput(Fraction(0)))
    sizes, signs = chunk.second_input.log_ratios([1, 2])
    on = chunk.active_units([1])[:, 0] == 2
    if activation == "relu":
        on &= (signs[:, 1] > 0) & (sizes[:, 1] > -20)
    r, of_outputs = (signs * np.exp(sizes))[on].T
    e_square = (r * np.tan(np.exp(chunk.second_input.log_angles([1])[on, 0]))) ** 2
    norms = chunk.log_activation_norms([1, 2])[on]
    left = np.exp(chunk.log_backward_norms([1])[on, 0] + norms[:, 0] - norms[:, 1])
    assert len(left) > 1
    np.testing.assert_allclose(left, 1 + (of_outputs - r) ** 2 / e_square, rtol=1e-6)


def test_depth_is_no_danger():
    """log norms near -1e4 and no nan: vectors are rescaled on both ways."""
    net = Ensemble(width=2, depth=5_000, init="1/10", activation="leaky:1/2")
    chunk = VectorChunk(net, rng(7), 3, needs=NEEDS)
    logs = chunk.log_gradient_norms([1, 2_500, 5_000])
    assert np.isfinite(logs).all()
    assert logs.max() < -2_000  # below log(2/10 * 5/8) by Jensen, on average
