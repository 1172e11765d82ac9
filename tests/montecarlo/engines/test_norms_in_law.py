"""The law of norms without matrices. Error probabilities: 1e-7 for each assertion, 1e-6 or less for all of a test."""

import math
from functools import cache

import numpy as np
import pytest
from scipy.stats import binom

from montecarlo import GradientNorms, simulate
from montecarlo.engines.norms_in_law import NormChunk
from montecarlo.engines.real_matrices import Chunk
from montecarlo.intervals import catoni_interval, dkw_band
from tests.montecarlo.engines.same_law import MARGINALS, differing, functionals
from theory import activation_moment, fixed_readout_gradient_moment, gradient_moment
from theory.ensembles import Ensemble

NEEDS = frozenset({"backward", "units"})
NETWORKS = 60_000
"""Kolmogorov distances above 0.053 are found but for 1e-7: four times sqrt(log(4 * 15/1e-7)/(2 * 60000))."""
NETS = [
    Ensemble(width=4, depth=6, activation="relu", init="he"),
    Ensemble(width=4, depth=6, activation="relu", init="he", readout="signs"),
    Ensemble(width=3, depth=5, activation="relu", init="he", readout="ones", input="1,-2,1/2"),
    Ensemble(width=4, depth=4, activation="relu", init="he", readout="1/2,1,-3/2,2", input="ones"),
    Ensemble(width=3, depth=5),
    Ensemble(width=3, depth=4, readout="1,-2,1/2"),
    Ensemble(width=2, depth=3, readout="ones"),
    Ensemble(widths=(2, 5, 3, 4), activation="leaky:1/4", init="he"),
    Ensemble(widths=(5, 2, 4, 3), activation="leaky:1/2", init="xavier", readout="1,-1,3"),
    Ensemble(width=2, depth=3, activation="leaky:1/8", readout="signs"),
    Ensemble(width=1, depth=3, activation="relu", init="he"),
    Ensemble(width=1, depth=3, activation="leaky:1/3", readout="3/2"),
    Ensemble(width=2, depth=4, activation="relu", init="he", readout="signs"),
    Ensemble(widths=(6, 1, 4, 2), activation="relu", init="xavier"),
    Ensemble(widths=(2, 70, 3), activation="relu", init="he", readout="ones"),
    Ensemble(widths=(1, 600, 2), activation="relu", init="he"),
    Ensemble(widths=(1, 600, 2), activation="leaky:1/2", readout="1,2"),
]


def rng(*key):
    return np.random.Generator(np.random.SFC64(key))


@cache
def direct(net):
    networks = NETWORKS if max(net.widths or (0,)) < 70 else NETWORKS // 6
    return functionals(Chunk(net, rng(1), networks, needs=NEEDS))


def drawn(kind, net, networks=NETWORKS):
    return kind(net, rng(2), networks, needs=NEEDS)


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_the_law_is_that_of_real_weights(net):
    assert differing(direct(net), functionals(drawn(NormChunk, net)), error=1e-7) == set()


class Unconditioned(NormChunk):
    """Forgets the forward pass on the way back: as many fresh directions as units are on."""

    def _step(self, k, tau_square, chi, *rest):
        return tau_square * (chi + self._rng.chisquare(1, len(chi)))


class OneDegreeMore(NormChunk):
    """B degrees of freedom beside f, where B - 1 are orthogonal to it."""

    def _step(self, k, tau_square, chi, *rest):
        return super()._step(k, tau_square, chi + self._rng.chisquare(1, len(chi)), *rest)


class SlopeNotSquared(NormChunk):
    """Leaks slope |z|^2 in place of slope^2 |z|^2 on the way forward."""

    def _forward(self, needs_last):
        slope, self._slope = self._slope, math.sqrt(self._slope)
        super()._forward(needs_last)
        self._slope = slope


class SlopeForgottenBackward(NormChunk):
    def _step(self, k, tau_square, *terms):
        slope, self._slope = self._slope, 1.0
        rho = super()._step(k, tau_square, *terms)
        self._slope = slope
        return rho


class ReadoutForgotten(NormChunk):
    """The readout is no layer: b_L does not know f."""

    def _step(self, k, tau_square, chi, *rest):
        if k == self._depth:
            return tau_square * (chi + self._rng.chisquare(1, len(chi)))
        return super()._step(k, tau_square, chi, *rest)


class NoCross(NormChunk):
    """Leaves out the direction that the two parts of a leaky layer still span."""

    def _step(self, k, tau_square, chi, chi_off, h):
        return super()._step(k, tau_square, chi, chi_off, 0 * h)


RELU, LINEAR, LEAKY = NETS[0], NETS[4], NETS[9]


@pytest.mark.parametrize(
    ("wrong", "net"),
    [
        (Unconditioned, RELU),
        (Unconditioned, LINEAR),
        (OneDegreeMore, RELU),
        (OneDegreeMore, LINEAR),
        (OneDegreeMore, NETS[3]),
        (SlopeNotSquared, LEAKY),
        (SlopeForgottenBackward, LEAKY),
        (ReadoutForgotten, Ensemble(width=3, depth=2, activation="relu", init="he")),
        (NoCross, Ensemble(width=3, depth=2, activation="leaky:1/2")),
    ],
)
def test_wrong_samplers_are_found(wrong, net):
    assert differing(direct(net), functionals(drawn(wrong, net)), error=1e-7)


def test_joint_functionals_find_what_no_marginal_can():
    """Without conditioning, linear norms have the right laws layer by layer, and the wrong one together."""
    found = differing(direct(LINEAR), functionals(drawn(Unconditioned, LINEAR)), error=1e-7)
    assert found.isdisjoint(MARGINALS)
    assert {"max G/min G", "min b_k a_k"} <= found


def assert_mean(logs, mean, square, error=1e-8):
    """By Catoni, at a width that tells 10 percent apart."""
    mean, square = float(mean), float(square)
    interval = catoni_interval(np.exp(logs), square - mean**2, error)
    assert interval.lo <= mean <= interval.hi
    assert interval.half_width < 0.1 * mean


MANY = 200_000


@pytest.mark.parametrize(
    "net",
    [
        Ensemble(width=8, depth=4, activation="relu", init="he"),
        Ensemble(widths=(3, 70, 20), activation="relu", init="xavier", input="1,-1/2,3"),
        Ensemble(width=600, depth=3, activation="relu", init="he"),
        Ensemble(widths=(4, 6, 9), activation="leaky:1/3", init="he"),
        Ensemble(width=10, depth=5),
    ],
    ids=Ensemble.describe,
)
def test_mean_squares_are_those_of_theory(net):
    """Activations of all layers, gradients of all layers: at most ten intervals."""
    chunk = NormChunk(net, rng(3), MANY, needs=NEEDS)
    for k in range(1, net.depth + 1):
        moments = (activation_moment(net, order, layer=k) for order in (2, 4))
        assert_mean(chunk.log_activation_norms([k])[:, 0], *_at_unit_norm(moments))
        moments = (gradient_moment(net, k, order) for order in (2, 4))
        assert_mean(chunk.log_gradient_norms([k])[:, 0], *_at_unit_norm(moments))


def _at_unit_norm(moments):
    from sympy import Symbol

    for moment in moments:
        assert {str(symbol) for symbol in moment.free_symbols} <= {"norm_x"}
        yield moment.subs({symbol: 1 for symbol in moment.free_symbols if isinstance(symbol, Symbol)})


@pytest.mark.parametrize("readout", ["1/2,1,3/2,2", "ones", "0,1,0,-1"])
def test_mean_squares_of_gradients_with_a_fixed_readout(readout):
    net = Ensemble(width=4, depth=3, activation="relu", init="he", readout=readout, input="ones")
    logs = NormChunk(net, rng(4), 2 * MANY, needs=NEEDS).log_gradient_norms([1, 2, 3])
    for k in (1, 2, 3):
        assert_mean(logs[:, k - 1], *(fixed_readout_gradient_moment(net, k, order) for order in (2, 4)))


@pytest.mark.parametrize("readout", ["1,0", "0,0,1"])
def test_an_output_that_only_the_units_off_would_feed_has_no_gradient(readout):
    """a_L is not 0, but <v, a_L> and D_L v are: all gradients vanish."""
    width = readout.count(",") + 1
    net = Ensemble(width=width, depth=3, activation="relu", init="he", readout=readout)
    exact = NormChunk(net, rng(5), NETWORKS, needs=NEEDS)
    alive = np.isfinite(exact.log_activation_norms([3])[:, 0])
    gradients = exact.log_gradient_norms([1, 2, 3])
    assert not np.isnan(gradients).any()
    assert np.isneginf(gradients[alive]).any()
    assert differing(direct(net), functionals(exact), error=1e-7) == set()
    assert simulate(net, [GradientNorms()], samples=100, engine="law-exact").samples == 100


class Given:
    """A generator whose raw words are given."""

    def __init__(self, words):
        self.words = np.asarray(words, dtype=np.uint64)
        self.bit_generator = self

    def random_raw(self, size):
        assert size <= len(self.words)
        return self.words[:size].copy()


def coins(words, count, size):
    chunk = NormChunk.__new__(NormChunk)
    chunk._rng = Given(words)
    return chunk._coins(count, size).astype(np.int64)


@pytest.mark.parametrize("count", range(1, 9))
def test_up_to_eight_coins_are_exactly_binomial(count):
    """Every byte once."""
    heads = coins(np.arange(256, dtype=np.uint8).view(np.uint64), count, 256)
    assert np.bincount(heads).tolist() == [2 ** (8 - count) * math.comb(count, k) for k in range(count + 1)]


@pytest.mark.parametrize("count", [9, 12, 16])
def test_up_to_sixteen_coins_are_exactly_binomial(count):
    """Every pair of bytes once."""
    heads = coins(np.arange(2**16, dtype=np.uint16).view(np.uint64), count, 2**16)
    assert np.bincount(heads).tolist() == [2 ** (16 - count) * math.comb(count, k) for k in range(count + 1)]


@pytest.mark.parametrize("count", [1, 7, 8, 16, 17, 32, 33, 63, 64, 65, 70, 128, 300, 512])
def test_each_coin_is_one_random_bit_of_its_own(count):
    """A single bit that is set is one head or none, and as many bits are as there are coins, three times over."""
    words = 3 * -(-count // 64)
    hits = np.zeros(3, dtype=np.int64)
    for word in range(words):
        for bit in range(64):
            raw = np.zeros(words, dtype=np.uint64)
            raw[word] = 1 << bit
            heads = coins(raw, count, 3)
            assert heads.sum() <= 1
            hits += heads
    assert hits.tolist() == [count] * 3
    assert coins(np.full(words, 2**64 - 1, dtype=np.uint64), count, 3).tolist() == [count] * 3


@pytest.mark.parametrize("count", [513, 600, 5000])
def test_many_coins_are_binomial(count):
    """By Dvoretzky, Kiefer and Wolfowitz at 1e-8; without a fair coin the distance would be above 0.3."""
    chunk = NormChunk.__new__(NormChunk)
    chunk._rng = rng(6, count)
    band = dkw_band(chunk._coins(count, 50_000), error=1e-8)
    assert band.half_width < 0.02
    points = np.arange(count + 1)
    cdf = np.searchsorted(band.values, points, side="right") / len(band.values)
    assert np.abs(cdf - binom.cdf(points, count, 0.5)).max() <= band.half_width


def test_depth_is_no_danger():
    """log norms near -1e5 and no nan: nothing is ever exponentiated."""
    net = Ensemble(width=2, depth=100_000, init="1/10")
    chunk = NormChunk(net, rng(7), 3, needs=NEEDS)
    logs = chunk.log_gradient_norms([1, 50_000, 100_000])
    assert np.isfinite(logs).all()
    # E log |a_k|^2/|a_{k-1}|^2 = log 2/10 + digamma(1) = -2.19, variance pi^2/6: 9 standard deviations
    assert np.abs(chunk.log_activation_norms([100_000]) + 218_665).max() < 9 * math.pi / math.sqrt(6) * math.sqrt(1e5)
