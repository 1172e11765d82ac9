"""Error probabilities: each statistical assertion is false for a correct engine with probability at most 1e-9."""

import math
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from montecarlo.drawing.streams import stream
from montecarlo.engines import real_matrices as passes
from montecarlo.engines.real_matrices import Chunk, Scratch
from montecarlo.intervals import catoni_interval, clopper_pearson_interval
from theory.ensembles import Ensemble, Law

BACKWARD = frozenset({"backward"})
BOTH = frozenset({"backward", "weights"})
ALL = frozenset({"backward", "weights", "units"})

NETS = [
    Ensemble(width=3, depth=4),
    Ensemble(width=4, depth=5, activation="relu", init="he"),
    Ensemble(widths=(2, 5, 3, 4), activation="relu", init="xavier", law="uniform", readout="ones", input="ones"),
    Ensemble(widths=(5, 2, 6, 2), activation="leaky:1/3", init="he", readout="signs", input="e1"),
    Ensemble(width=3, depth=3, activation="relu", law="rademacher", readout="1/2,1,-3/2", input="1,0,-2/3"),
    Ensemble(width=2, depth=3, law=Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"}), activation="leaky:1/4"),
    Ensemble(widths=(4, 6, 3), activation="relu", init="orthogonal"),
    Ensemble(width=2, depth=3, init="pytorch", activation="relu"),
    Ensemble(width=2, depth=12, activation="relu", init="he"),  # most of these die on the way
]


def draw(net, networks=40, seed=3, **options):
    return Chunk(net, stream(seed, net.digest(), 0), networks, **options)


def output(net, weights, x, v):
    """The definition, one number at a time."""
    slope = float(Fraction(net.slope))
    a = list(x)
    norms = [sum(t * t for t in a)]
    for w in weights:
        z = [sum(w[i][j] * a[j] for j in range(len(a))) for i in range(len(w))]
        a = [t if t > 0 else slope * t for t in z]
        norms.append(sum(t * t for t in a))
    return sum(s * t for s, t in zip(v, a, strict=True)), norms


def safe_log(values):
    values = np.asarray(values, dtype=float)
    return np.log(values, out=np.full(values.shape, -np.inf), where=values > 0)


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_norms_are_those_of_the_definition(net):
    """Gradients by central differences: f is piecewise linear in each weight, so they are exact off the kinks."""
    chunk = draw(net, networks=12, needs=BOTH)
    layers = range(1, net.depth + 1)
    all_weights = [chunk.weights(k) for k in layers]
    activations = chunk.log_activation_norms(range(net.depth + 1))
    gradients = chunk.log_gradient_norms(layers)
    for i in range(chunk.networks):
        weights = [w[i].copy() for w in all_weights]
        x, v = chunk.input, chunk.readout[i]
        _, norms = output(net, weights, x, v)
        np.testing.assert_allclose(activations[i], safe_log(norms), rtol=0, atol=1e-12)
        if net.law.has_atoms:
            continue  # a preactivation can be exactly 0, a kink
        for k, w in enumerate(weights, start=1):
            total = 0.0
            for entry in np.ndindex(w.shape):
                kept = w[entry]
                values = []
                for h in (1e-6, -1e-6):
                    w[entry] = kept + h
                    values.append(output(net, weights, x, v)[0])
                w[entry] = kept
                total += ((values[0] - values[1]) / 2e-6) ** 2
            if total > 1e-12:
                assert gradients[i, k - 1] == pytest.approx(math.log(total), abs=1e-6)
            else:
                assert gradients[i, k - 1] == -np.inf


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_gradients_are_those_of_back_propagation(net):
    """A plain loop over dense matrices; covers kinks, where the slope is that for negative arguments."""
    chunk = draw(net, needs=BOTH)
    slope, depth = float(Fraction(net.slope)), net.depth
    weights = [chunk.weights(k) for k in range(1, depth + 1)]
    for i in range(chunk.networks):
        a, slopes = [chunk.input], []
        for w in weights:
            z = w[i] @ a[-1]
            z[np.abs(z) < 1e-14] = 0.0  # what is 0 in exact arithmetic
            slopes.append(np.where(z > 0, 1.0, slope))
            a.append(slopes[-1] * z)
        b, expected = slopes[-1] * chunk.readout[i], [0.0] * depth
        for k in range(depth, 0, -1):
            expected[k - 1] = np.sum(np.outer(b, a[k - 1]) ** 2)
            if k > 1:
                b = slopes[k - 2] * (weights[k - 1][i].T @ b)
        actual = chunk.log_gradient_norms(range(1, depth + 1))[i]
        expected = np.where(np.less(expected, 1e-25), 0.0, expected)  # what is 0 in exact arithmetic
        np.testing.assert_allclose(actual, safe_log(expected), rtol=0, atol=1e-10)


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_kept_and_redrawn_weights_have_the_same_bits(net, monkeypatch):
    layers = range(1, net.depth + 1)
    kept = draw(net, needs=BOTH)
    after = kept._rng.random()
    monkeypatch.setattr(passes, "KEEP_BYTES", 0)
    again = draw(net, needs=BOTH)
    assert kept._keeps
    assert not again._keeps
    assert after == again._rng.random()  # the next chunk starts at the same place
    for k in reversed(layers):
        assert np.array_equal(kept.weights(k), again.weights(k))
    assert kept.log_gradient_norms(layers).tobytes() == again.log_gradient_norms(layers).tobytes()


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_units_are_those_that_are_on(net):
    chunk = draw(net, needs=ALL)
    layers = range(1, net.depth + 1)
    expected = np.zeros((chunk.networks, net.depth), dtype=np.int64)
    a = np.repeat(chunk.input[None], chunk.networks, axis=0)
    for k in layers:
        z = np.einsum("moi,mi->mo", chunk.weights(k), a)
        z[np.abs(z) < 1e-14] = 0.0  # what is 0 in exact arithmetic
        expected[:, k - 1] = (z > 0).sum(axis=1)
        slopes = np.where(z > 0, 1.0, float(Fraction(net.slope)))
        assert np.array_equal(chunk.slopes(k), slopes)
        a = slopes * z
    assert np.array_equal(chunk.active_units(layers), expected)


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_jacobians_are_products_of_the_matrices(net):
    chunk = draw(net, needs=ALL)
    for first, last in ((1, 2), (1, net.depth), (net.depth - 1, net.depth)):
        if first >= last:
            continue
        jacobian = np.einsum("mi,ij->mij", chunk.slopes(first), np.eye(chunk.slopes(first).shape[1]))
        for k in range(first + 1, last):
            jacobian = chunk.slopes(k)[:, :, None] * np.einsum("moi,mij->moj", chunk.weights(k), jacobian)
        squares = np.einsum("mij,mij->m", jacobian, jacobian)
        squares[squares < 1e-28] = 0.0  # what is 0 in exact arithmetic
        np.testing.assert_allclose(chunk.log_jacobian_norms(first, last), safe_log(squares), rtol=0, atol=1e-10)


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_single_precision_measures_the_networks_whose_weights_it_has(net):
    """Norms from the chunk's own weights, in double precision: they agree to the accuracy of float32."""
    chunk = draw(net, needs=ALL, scratch=Scratch(net, np.float32))
    a, layers = np.repeat(chunk.input[None], chunk.networks, axis=0), range(1, net.depth + 1)
    clear = np.full(chunk.networks, True)  # no unit so close to 0 that rounding could turn it
    for k in layers:
        w = chunk.weights(k)
        z = np.einsum("moi,mi->mo", w.astype(np.float64), a)
        size = np.sqrt(np.einsum("moi,mi->mo", w.astype(np.float64) ** 2, a**2))
        clear &= np.all((np.abs(z) > 1e-3 * size) | (size == 0), axis=1)
        a = np.where(z > 0, 1.0, float(Fraction(net.slope))) * z
        expected = safe_log(np.einsum("mi,mi->m", a, a))
        actual = chunk.log_activation_norms([k])[:, 0]
        np.testing.assert_allclose(actual[clear], expected[clear], rtol=0, atol=1e-2)
    assert w.dtype == np.float32
    assert clear.any()


@pytest.mark.parametrize("law", ["normal", "uniform", "rademacher"])
def test_matrices_that_outgrow_the_cache_are_drawn_whole(law):
    """Several slabs each. The mean of 600 squares is beyond 1 +- 0.6 with probability below 1e-16 (chi-square)."""
    net = Ensemble(width=600, depth=2, law=law)
    chunk = draw(net, networks=2, needs=BOTH)
    for k in (1, 2):
        w = chunk.weights(k) * math.sqrt(600)
        assert np.all(np.abs(np.mean(w**2, axis=2) - 1) < 0.6)
        assert len(np.unique(w.reshape(1200, 600)[:, :64], axis=0)) == 1200  # no slab is there twice


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_the_forward_pass_has_the_same_bits_whatever_is_measured(net):
    layers = range(net.depth + 1)
    alone = draw(net)
    everything = draw(net, needs=ALL)
    assert alone.log_activation_norms(layers).tobytes() == everything.log_activation_norms(layers).tobytes()
    assert np.array_equal(alone.readout, everything.readout)
    assert alone._rng.random() == everything._rng.random()


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/4"])
def test_scaling_the_input_shifts_the_logs(activation):
    """Same weights (the stream is given), x and 2^40 x / 3: the masks do not move, each log by the same amount."""
    net = Ensemble(width=4, depth=6, activation=activation, init="he", input="1,2,-1/2,3")
    factor = Fraction(2**40, 3)
    scaled = net.at(input=tuple(factor * x for x in net.input))
    one, other = (Chunk(n, np.random.default_rng(1), 100, needs=BACKWARD) for n in (net, scaled))
    shift = 2 * math.log(factor)
    a, b = one.log_activation_norms(range(7)), other.log_activation_norms(range(7))
    assert np.array_equal(np.isfinite(a), np.isfinite(b))
    alive = np.isfinite(a)
    assert np.allclose(b[alive] - a[alive], shift, rtol=0, atol=1e-12)
    c, d = one.log_gradient_norms(range(1, 7)), other.log_gradient_norms(range(1, 7))
    alive = np.isfinite(c)
    assert np.allclose(d[alive] - c[alive], shift, rtol=0, atol=1e-12)


def test_scaling_the_weights_shifts_the_logs():
    net = Ensemble(width=3, depth=5, activation="relu", init="1/3")
    scaled = net.at(init=Fraction(1, 10**400))
    one, other = (Chunk(n, np.random.default_rng(1), 50) for n in (net, scaled))
    a, b = one.log_activation_norms(range(6)), other.log_activation_norms(range(6))
    with np.errstate(invalid="ignore"):
        difference = (b - a) / (math.log(3) - 400 * math.log(10))
    alive = np.isfinite(a)
    assert np.allclose(difference[alive], np.broadcast_to(np.arange(6), a.shape)[alive], rtol=1e-13)


def test_width_one_and_depth_20_000_neither_underflows_nor_overflows():
    net = Ensemble(width=1, depth=20_000)
    chunk = draw(net, networks=3, needs=BACKWARD)
    ends = np.concatenate([chunk.log_activation_norms([20_000]), chunk.log_gradient_norms([1, 10_000, 20_000])], 1)
    assert np.isfinite(ends).all()
    # E log w^2 = log 2 + digamma(1/2) = -1.2704, variance trigamma(1/2) = 4.9348: 8 standard deviations, normal to 1e-9
    assert np.all(np.abs(ends / 20_000 + 1.27036) < 8 * math.sqrt(4.9348 / 20_000))


def test_logs_stay_exact_at_depth():
    """|w| = 1: the norm is exactly 1 at any depth, and exactly 4^k where the weights are +-2."""
    layers = [1, 999, 10_000]
    assert np.all(draw(Ensemble(width=1, depth=10_000, law="rademacher")).log_activation_norms(layers) == 0)
    logs = draw(Ensemble(width=1, depth=10_000, law="rademacher", init=4)).log_activation_norms(layers)
    assert np.allclose(logs, np.array(layers) * math.log(4), rtol=1e-12)


def test_a_dead_network_stays_dead():
    """Width one, ReLU: each layer kills with probability 1/2."""
    net = Ensemble(width=1, depth=3, activation="relu", init="he")
    chunk = draw(net, networks=20_000, needs=BACKWARD)
    alive = np.isfinite(chunk.log_activation_norms(range(4)))
    assert np.all(alive[:, 1:] <= alive[:, :-1])
    for k in range(4):
        interval = clopper_pearson_interval(int(alive[:, k].sum()), 20_000, error=1e-9 / 4)
        assert interval.lo <= 0.5**k <= interval.hi
    gradients = np.isfinite(chunk.log_gradient_norms([1, 2, 3]))
    assert np.array_equal(gradients, np.repeat(alive[:, 3:], 3, axis=1))  # G_k = 0 unless all units are on


def test_exact_zeros_of_discrete_laws_are_zeros():
    """x = (1, 2, -3) and signs: w.x is 0 with probability 1/4, which rounding must not turn into 1e-17."""
    net = Ensemble(widths=(3, 1), law="rademacher", activation="relu", input="1/10,2/10,-3/10")
    chunk = draw(net, networks=8_000)
    dead = int(np.sum(np.isneginf(chunk.log_activation_norms([1]))))
    interval = clopper_pearson_interval(dead, 8_000, error=1e-9)
    assert interval.lo <= 5 / 8 <= interval.hi
    assert set(chunk.log_activation_norms([1]).ravel().round(9)) == {
        -np.inf,
        *(round(math.log(float(net.variance(1)) * (s / 10) ** 2), 9) for s in (2, 4, 6)),
    }


def test_the_mean_square_is_preserved_under_he():
    """Var |a_L|^2 = (1 + 5/n)^L - 1 at |x| = 1, exactly; Catoni at error 1e-9."""
    n, L = 16, 4
    values = np.exp(draw(Ensemble(width=n, depth=L, activation="relu", init="he"), 20_000).log_activation_norms([L]))
    interval = catoni_interval(values[:, 0], (1 + 5 / n) ** L - 1, error=1e-9)
    assert interval.lo <= 1 <= interval.hi
    assert interval.half_width < 0.1


def test_the_mean_square_gradient_is_that_of_independent_masks():
    """E|G_k|^2 = |v|^2 p_2 = 1/2 for He and a sign-symmetric readout; moments of order 4 bounded by 3 (1 + 5/n)^L."""
    n, L = 16, 4
    net = Ensemble(width=n, depth=L, activation="relu", init="he")
    for readout in ("random", "signs"):
        logs = draw(net.at(readout=readout), 20_000, needs=BACKWARD).log_gradient_norms(range(1, L + 1))
        for k in range(L):
            interval = catoni_interval(np.exp(logs[:, k]), 3 * (1 + 5 / n) ** L, error=1e-9 / 8)
            assert interval.lo <= 0.5 <= interval.hi
            assert interval.half_width < 0.2


@pytest.mark.parametrize(("readout", "square"), [("random", None), ("signs", 1), ("ones", 5), ("1,0,-1/2,1/2,2", 5.5)])
def test_readouts(readout, square):
    v = draw(Ensemble(width=5, depth=1, readout=readout), networks=2_000).readout
    assert v.shape == (2_000, 5)
    if square is not None:
        assert np.allclose(np.sum(v**2, axis=1), square, rtol=1e-14)
    elif readout == "random":
        interval = catoni_interval(5 * v.ravel() ** 2, 2, error=1e-9)
        assert interval.lo <= 1 <= interval.hi
    if readout in ("random", "signs"):
        interval = clopper_pearson_interval(int(np.sum(v > 0)), v.size, error=1e-9)
        assert interval.lo <= 0.5 <= interval.hi


@pytest.mark.parametrize(
    ("given_input", "expected"), [(None, [0.5] * 4), ("ones", [1] * 4), ("e1", [1, 0, 0, 0]), ("1/3,-2,0,5", None)]
)
def test_inputs(given_input, expected):
    chunk = draw(Ensemble(width=4, depth=1, input=given_input), networks=2)
    x = np.array([1 / 3, -2, 0, 5] if expected is None else expected)
    assert np.allclose(chunk.input, x, rtol=1e-15)
    assert np.allclose(chunk.log_activation_norms([0]), math.log(x @ x), rtol=0, atol=1e-15)


def test_what_was_not_computed_is_refused_by_name():
    chunk = draw(NETS[0])
    with pytest.raises(RuntimeError, match="backward"):
        chunk.log_gradient_norms([1])
    with pytest.raises(RuntimeError, match="weights"):
        chunk.weights(1)
    with pytest.raises(RuntimeError, match="units"):
        chunk.active_units([1])


SCRIPT = """
import hashlib
import numpy as np
from montecarlo.engines.real_matrices import Chunk
from theory.ensembles import Ensemble
for width, init in ((512, "he"), (320, "orthogonal")):
    net = Ensemble(width=width, depth=2, activation="relu", init=init)
    logs = Chunk(net, np.random.default_rng(0), 2, needs=frozenset({"backward"})).log_gradient_norms([1, 2])
    print(hashlib.sha256(logs.tobytes()).hexdigest())
"""


def test_bits_do_not_depend_on_the_threads_of_blas():
    root = Path(__file__).parents[3]
    prints = set()
    for threads in ("1", "2"):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": str(root)}
        prints.add(
            subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, check=True).stdout
        )
    assert len(prints) == 1
