"""Networks of width one against explicit products of their own weights."""

import math
import time
from fractions import Fraction

import numpy as np
import pytest

from montecarlo import ActivationNorms, GradientNorms, simulate
from montecarlo.engines.real_matrices import Chunk
from montecarlo.engines.width_one import WidthOneChunk
from montecarlo.intervals import clopper_pearson_interval
from theory.ensembles import Ensemble, Law

ALL = frozenset({"backward", "weights", "units"})
ZEROS = Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"}, name="zeros")


def laplace(rng, shape):
    return rng.laplace(size=shape) / math.sqrt(2)


LAWS = ["normal", "uniform", "rademacher", ZEROS, Law.from_moments("laplace", {2: 1, 4: 6}, sampler=laplace)]
NETS = [
    Ensemble(width=1, depth=depth, activation=activation, law=law, init=init, readout=readout, input=given)
    for law in LAWS
    for activation, depth in (("linear", 5), ("relu", 3), ("leaky:1/3", 4), ("relu", 40), ("leaky:1/3", 1))
    for init, readout, given in (("xavier", "random", None), (Fraction(5, 3), "-3/2", "-2"), (2, "signs", "1/3"))
]


def rng(*key):
    return np.random.Generator(np.random.SFC64(key))


def logs(values):
    values = np.abs(np.asarray(values, dtype=float))
    return np.log(values, out=np.full(values.shape, -np.inf), where=values > 0)


def by_definition(net, w, x, v):
    """Return log|a_k|^2, log|b_k|^2, masks and slopes, each of a list per network."""
    slope = float(Fraction(net.slope))
    a, on = [x], []
    for weight in w:
        z = weight * a[-1]
        on.append(bool(z > 0))
        a.append(z if z > 0 else slope * z)
    slopes = [1.0 if mask else slope for mask in on]
    b = [slopes[-1] * v]
    for k in range(len(w) - 1, 0, -1):
        b.insert(0, slopes[k - 1] * w[k] * b[0])
    return 2 * logs(a), 2 * logs(b), on, slopes


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_everything_is_that_of_the_definition(net, dtype):
    chunk = WidthOneChunk(net, rng(1), 60, needs=ALL, dtype=dtype)
    layers = range(1, net.depth + 1)
    w = np.stack([chunk.weights(k)[:, 0, 0] for k in layers], axis=1).astype(np.float64)
    found = chunk.log_activation_norms(range(net.depth + 1)), chunk.log_backward_norms(layers)
    gradients = chunk.log_gradient_norms(layers)
    pairs = [(k, later) for k in layers for later in layers if k < later][:12]
    jacobians = {pair: chunk.log_jacobian_norms(*pair) for pair in pairs}
    slopes = [chunk.slopes(k) for k in layers]
    tolerance = 1e-11 if dtype == np.float64 else 1e-5 * net.depth
    for i in range(chunk.networks):
        a, b, _, gates = by_definition(net, w[i], chunk.input[0], chunk.readout[i, 0])
        np.testing.assert_allclose(found[0][i], a, rtol=0, atol=tolerance)
        np.testing.assert_allclose(found[1][i], b, rtol=0, atol=tolerance)
        np.testing.assert_allclose(gradients[i], b + a[:-1], rtol=0, atol=tolerance)
        assert [float(s[i, 0]) for s in slopes] == gates
        for k, later in pairs:
            entry = math.prod([gates[k - 1], *(w[i, j - 1] * gates[j - 1] for j in range(k + 1, later))])
            np.testing.assert_allclose(jacobians[k, later][i], 2 * logs(entry), rtol=0, atol=tolerance)


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/3"])
@pytest.mark.parametrize("law", [LAWS[0], ZEROS])
def test_units_are_on_where_z_is_positive(activation, law):
    """Linear ones too: their norms do not depend on it, what is asked does."""
    net = Ensemble(width=1, depth=4, activation=activation, law=law, input="-2")
    chunk = WidthOneChunk(net, rng(8), 200, needs=ALL)
    w = np.stack([chunk.weights(k)[:, 0, 0] for k in range(1, 5)], axis=1)
    expected = [by_definition(net, row, -2.0, 1.0)[2] for row in w]
    assert np.array_equal(chunk.active_units(range(1, 5)), expected)


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_the_same_networks_whatever_is_measured(net):
    layers = range(net.depth + 1)
    alone, everything = WidthOneChunk(net, rng(2), 50), WidthOneChunk(net, rng(2), 50, needs=ALL)
    assert alone.log_activation_norms(layers).tobytes() == everything.log_activation_norms(layers).tobytes()
    assert np.array_equal(alone.readout, everything.readout)


def test_the_stream_moves_on_alike_whatever_is_measured():
    for net in NETS:
        streams = rng(3), rng(3)
        WidthOneChunk(net, streams[0], 50)
        chunk = WidthOneChunk(net, streams[1], 50, needs=ALL)
        chunk.weights(1)
        assert streams[0].random() == streams[1].random()


def test_weights_are_the_same_each_time():
    chunk = WidthOneChunk(Ensemble(width=1, depth=40, activation="relu"), rng(4), 50, needs=ALL)
    first = [chunk.weights(k) for k in (40, 3, 40)]
    assert np.array_equal(first[0], first[2])
    assert np.array_equal(first[1], chunk.weights(3))


def test_weights_of_dead_networks_have_their_law():
    """Layer 30 is reached by no network of 5000, but with probability 1e-5: its weights are signs, fair and apart."""
    net = Ensemble(width=1, depth=40, activation="relu", law="rademacher")
    chunk = WidthOneChunk(net, rng(5), 5_000, needs=ALL)
    late, later = chunk.weights(30).ravel(), chunk.weights(40).ravel()
    for signs in (late, later, late * later):
        assert set(signs) == {-1.0, 1.0}
        interval = clopper_pearson_interval(int((signs > 0).sum()), 5_000, error=1e-9)
        assert interval.lo <= 0.5 <= interval.hi


@pytest.mark.parametrize("given", ["1", "-1"])
def test_survival_halves_at_each_layer(given):
    net = Ensemble(width=1, depth=20, activation="relu", input=given)
    chunk = WidthOneChunk(net, rng(6), 100_000)
    alive = np.isfinite(chunk.log_activation_norms(range(21))).sum(axis=0)
    for k in range(21):
        interval = clopper_pearson_interval(int(alive[k]), 100_000, error=1e-9)
        assert interval.lo <= 0.5**k <= interval.hi


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/2"])
def test_the_law_is_that_of_one_layer_at_a_time(activation):
    """Quantiles of both kinds of chunk: by DKW, the distance of equal laws is below the bound but for 1e-7."""
    from tests.montecarlo.engines.same_law import differing, functionals

    net = Ensemble(width=1, depth=4, activation=activation)
    one, other = (functionals(kind(net, rng(i), 30_000, needs=ALL)) for i, kind in enumerate((Chunk, WidthOneChunk)))
    assert differing(one, other, error=1e-7) == set()


def test_a_million_layers_take_seconds():
    """Normal weights: E log w^2 = log 2 + digamma(1/2) = -1.27036, variance 4.9348: 8 standard deviations."""
    net, depth = Ensemble(width=1, depth=10**6), 10**6
    begun = time.process_time()
    simulation = simulate(net, [ActivationNorms((depth,)), GradientNorms((1, depth))], samples=4)
    assert time.process_time() - begun < 5
    for readings in simulation.readings.values():
        assert np.all(np.abs(readings.logs / depth + 1.27036) < 8 * math.sqrt(4.9348 / depth))


def test_dead_networks_take_no_time():
    """2^-1000: nothing is drawn beyond the first layers."""
    net = Ensemble(width=1, depth=1000, activation="relu")
    begun = time.process_time()
    survival = simulate(net, [ActivationNorms((1000,))], samples=20_000)[ActivationNorms((1000,))].survival
    assert time.process_time() - begun < 5
    assert survival.tolist() == [0]


@pytest.mark.parametrize(
    ("ask", "need"),
    [
        (lambda chunk: chunk.log_gradient_norms([1]), "backward"),
        (lambda chunk: chunk.log_backward_norms([1]), "backward"),
        (lambda chunk: chunk.weights(9), "weights"),
    ],
)
def test_what_was_not_computed_is_refused_by_name(ask, need):
    """As by chunks of wider networks: an observable that forgot to say what it needs must not read zeros."""
    chunk = WidthOneChunk(Ensemble(width=1, depth=9, activation="relu"), rng(7), 50)
    with pytest.raises(RuntimeError, match=need):
        ask(chunk)
