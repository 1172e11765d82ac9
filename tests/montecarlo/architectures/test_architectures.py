"""Networks with a remedy: what norms are by hand, what an engine refuses, the same bits whoever draws."""

import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import (
    ActivationNorms,
    BatchNorm,
    DeadUnits,
    GradientGrowth,
    GradientNorms,
    HessianNorms,
    LayerNorm,
    Residual,
    ResidualHessianNorms,
    simulate,
)
from montecarlo.architectures.batch_norm import BatchNormChunk
from montecarlo.architectures.kept_weights import partition_of_kept, require_kept
from montecarlo.architectures.layer_norm import LayerNormChunk
from montecarlo.architectures.residual import ResidualChunk
from theory.ensembles import Ensemble, InvalidArgument

LINEAR = Ensemble(width=4, depth=4, init="xavier")
RELU = Ensemble(width=4, depth=4, activation="relu", init="he")
ENGINES = [Residual(1, "relu"), Residual("1/L", "two"), LayerNorm(), BatchNorm(5)]
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=25, deadline=None)


def generator(seed):
    return np.random.Generator(np.random.SFC64(seed))


def relu(z):
    return np.maximum(z, 0)


def output(chunk, matrices, engine, network):
    """f of one network with other weights, plainly; the input of a batch is its first column."""
    scale = engine.scale(chunk.net) if isinstance(engine, Residual) else 0.0
    slope = float(chunk.net.slope)
    phi = lambda z: np.where(z > 0, z, slope * z)  # noqa: E731
    a = chunk.inputs[network] if isinstance(engine, BatchNorm) else chunk.input
    before = a
    for k, w in enumerate(matrices):
        z = w @ a
        if isinstance(engine, Residual):
            if engine.branch == "two" and k % 2 == 0:
                before, a = a, phi(z)
            else:
                a = before + scale * z if engine.branch == "two" else a + scale * phi(z)
            continue
        axis = 0 if isinstance(engine, LayerNorm) else 1
        z = z - z.mean(axis=axis, keepdims=True)
        a = phi(z / np.sqrt((z**2).mean(axis=axis, keepdims=True)))
    last = a[:, 0] if isinstance(engine, BatchNorm) else a
    return float(chunk.readout[network] @ last)


CHUNKS = [
    (LINEAR, Residual("1/sqrt(L)")),
    (RELU, Residual("2/3", "relu")),
    (RELU.at(activation="leaky:1/4", law="uniform", input=(1, 2, -1, 3)), Residual(1, "relu")),
    (RELU, Residual("1/sqrt(L)", "two")),
    (RELU.at(activation="leaky:1/4"), Residual(0, "two")),
    (RELU, LayerNorm()),
    (RELU.at(width=None, depth=None, widths=(2, 5, 3), activation="leaky:1/4", law="uniform"), LayerNorm()),
    (RELU, BatchNorm(3)),
    (RELU.at(width=None, depth=None, widths=(2, 5, 3), activation="linear", readout="ones"), BatchNorm(6)),
]
each_chunk = pytest.mark.parametrize(("net", "engine"), CHUNKS, ids=lambda p: getattr(p, "name", ""))


def directional(chunk, engine, network, layer, direction, step):
    """Central difference of f along a direction of W_layer."""
    values = []
    for sign in (1, -1):
        matrices = [w[network].copy() for w in chunk.matrices]
        matrices[layer - 1] += sign * step * direction
        values.append(output(chunk, matrices, engine, network))
    return (values[0] - values[1]) / (2 * step)


def gradient(chunk, engine, network, layer, step=1e-6):
    shape = chunk.matrices[layer - 1].shape[1:]
    entries = np.zeros(shape)
    for index in np.ndindex(shape):
        direction = np.zeros(shape)
        direction[index] = 1
        entries[index] = directional(chunk, engine, network, layer, direction, step)
    return entries


@each_chunk
def test_outputs_and_gradients_are_those_of_the_function(net, engine):
    """By central differences, of error about 1e-9; a unit within 1e-5 of its kink would be one in 10^4."""
    chunk = engine.opened(net, frozenset({"backward"}), None)(generator(1), 3)
    layers = range(1, net.depth + 1)
    for network in range(3):
        f = output(chunk, [w[network] for w in chunk.matrices], engine, network)
        assert math.exp(chunk.log_output_squares()[network]) == pytest.approx(f**2, rel=1e-9, abs=1e-20)
        norms = [np.sum(gradient(chunk, engine, network, k) ** 2) for k in layers]
        measured = np.exp(chunk.log_gradient_norms(layers)[network])
        np.testing.assert_allclose(measured, norms, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize(
    ("net", "engine"), [(net, engine) for net, engine in CHUNKS if isinstance(engine, Residual)], ids=lambda p: ""
)
def test_residual_hessians_are_those_of_the_function(net, engine):
    """Squares of second differences of f, which is a polynomial where no unit changes its side."""
    net = net.at(width=2, depth=4, input="ones")
    chunk = engine.opened(net, frozenset({"backward"}), None)(generator(2), 2)
    step = 1e-4
    entries = [(k, i, j) for k in range(4) for i in range(2) for j in range(2)]
    for network in range(2):
        weights = [w[network] for w in chunk.matrices]

        def moved(*moves, weights=weights, network=network):
            matrices = [w.copy() for w in weights]
            for (k, i, j), by in moves:
                matrices[k][i, j] += by
            return output(chunk, matrices, engine, network)

        total = sum(
            (sum(s * t * moved((p, s * step), (q, t * step)) for s, t in product((1, -1), repeat=2)) / (4 * step**2))
            ** 2
            for p, q in product(entries, repeat=2)
        )
        assert math.exp(chunk.log_hessian_squares()[network]) == pytest.approx(total, rel=1e-4)


# --- what is known of each ------------------------------------------------------------------------------------------


@few
@given(seeds, st.sampled_from([1, "1/sqrt(L)", "1/L", "5/2"]), st.integers(1, 40))
def test_a_residual_chain_of_width_one_is_a_product(seed, alpha, depth):
    net = Ensemble(width=1, depth=depth, law="uniform", input=(3,))
    engine = Residual(alpha)
    chunk = ResidualChunk(net, generator(seed), 4, engine=engine)
    factors = 1 + engine.scale(net) * np.stack([w[:, 0, 0] for w in chunk.matrices], axis=1)
    expected = np.log(9) + np.cumsum(np.log(factors**2), axis=1)
    np.testing.assert_allclose(chunk.log_activation_norms(range(1, depth + 1)), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("alpha", "sign"), [("1e30", 1), ("1/1000000000000000000000000000000", 0)])
def test_norms_of_any_size_stay_finite(alpha, sign):
    """(1e30)^300 has 9,000 digits: the logs, the gradients and the Hessian are finite, and of that size."""
    net = Ensemble(width=3, depth=300, init="xavier", readout="signs")
    chunk = ResidualChunk(net, generator(3), 5, engine=Residual(alpha))
    norms, hessian = chunk.log_activation_norms([300])[:, 0], chunk.log_hessian_squares()
    expected = sign * 2 * 300 * 30 * math.log(10)
    assert np.all(np.abs(norms - expected) < 3000 if sign else np.abs(norms) < 1e-6)
    assert np.isfinite(hessian).all()
    gradients = chunk.log_gradient_norms(range(1, 301))
    assert np.isfinite(gradients).all()
    # with small branches |G_k| = alpha |x||v|
    assert sign or np.abs(gradients + 2 * 30 * math.log(10)).max() < 1e-6


@few
@given(seeds, st.integers(3, 9), st.sampled_from(["relu", "linear", "leaky:1/3"]))
def test_layer_norm_pins_norms_whatever_the_scale_of_the_weights(seed, width, activation):
    """At most |h|^2 = n, exactly that if linear, at any scale of the weights, over which gradients go."""
    net = Ensemble(width=width, depth=3, activation=activation, init="he", readout="signs")
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
    net = Ensemble(width=3, depth=5, activation="relu", init="he")
    chunk = LayerNormChunk(net, generator(4), 400)
    gradients = chunk.log_gradient_norms(range(1, 6))
    lone = np.stack([(h > 0).sum(axis=1) == 1 for h in chunk._standard[:4]], axis=1)
    for k in range(4):
        assert np.isneginf(gradients[lone[:, k], : k + 1]).all()
    assert np.isfinite(gradients[:, 4]).all()
    assert np.isfinite(gradients[~lone.any(axis=1)]).all()
    assert gradients[~lone.any(axis=1)].min() > -40  # no rounding taken for a gradient


@few
@given(seeds, st.integers(3, 8))
def test_batch_norm_standardizes_every_unit(seed, batch):
    net = Ensemble(widths=(3, 6, 4), activation="relu", init="he")
    chunk = BatchNormChunk(net, generator(seed), 3, batch=batch)
    for h in chunk._standard:
        np.testing.assert_allclose(h.mean(axis=2), 0, atol=1e-9)
        np.testing.assert_allclose((h**2).mean(axis=2), 1, rtol=1e-9)


@few
@given(seeds)
def test_branches_that_start_at_zero_change_nothing_but_half_the_gradients(seed):
    net = Ensemble(width=5, depth=6, activation="relu", init="he", readout="signs")
    chunk = ResidualChunk(net, generator(seed), 4, engine=Residual(0, "two"))
    np.testing.assert_allclose(chunk.log_activation_norms([0, 2, 4, 6]), 0, atol=1e-12)
    gradients = chunk.log_gradient_norms(range(1, 7))
    assert np.isneginf(gradients[:, ::2]).all()
    np.testing.assert_allclose(gradients[:, 1::2], chunk.log_activation_norms([1, 3, 5]), atol=1e-12)  # |v| = 1


# --- as engines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES, ids=lambda e: e.name)
def test_bits_do_not_depend_on_the_workers_nor_on_what_else_is_measured(engine):
    observables = [ActivationNorms(), GradientNorms(), GradientGrowth(1, 3)]
    net, samples = RELU.at(width=64, depth=64), 100
    alone = simulate(net, [GradientNorms()], samples=samples, seed=5, engine=engine)[GradientNorms()].logs
    shared = simulate(net, observables, samples=samples, seed=5, engine=engine, jobs=2)
    assert len(engine.partition(net).blocks(samples)) > 1
    np.testing.assert_array_equal(shared[GradientNorms()].logs, alone)
    growth = shared[observables[2]].log_values("G_1/G_3")
    both = np.isfinite(growth)
    np.testing.assert_array_equal(growth[both], (alone[:, 0] - alone[:, 2])[both])
    assert both.any()


@pytest.mark.parametrize("engine", ENGINES, ids=lambda e: e.name)
@pytest.mark.parametrize("observable", [HessianNorms(), DeadUnits()], ids=lambda o: o.name)
def test_an_observable_of_plain_networks_is_refused_not_mismeasured(engine, observable):
    with pytest.raises(InvalidArgument, match="engine"):
        simulate(RELU, [observable], samples=2, engine=engine)


@pytest.mark.parametrize(("width", "batch"), [(1, 3), (1, 8), (3, 3)])
def test_gradients_behind_batch_norm_are_0_exactly_where_weights_have_no_direction_left(width, batch):
    """Where f is constant around the weights, so it is after a finite step; rounding must not say otherwise."""
    net = RELU.at(width=width, depth=3)
    chunk = BatchNormChunk(net, np.random.default_rng(5), 200, batch=batch)
    logs = chunk.log_gradient_norms([1, 2, 3])
    flat = np.isneginf(logs).all(axis=1)
    assert (logs[np.isfinite(logs)] > -50).all()  # rounding is about -72
    moved = np.array([output(chunk, [1.001 ** np.random.default_rng(6).standard_normal(w[i].shape) * w[i]
                                     for w in chunk.matrices], BatchNorm(batch), i) for i in range(200)])  # fmt: skip
    before = np.array([output(chunk, [w[i] for w in chunk.matrices], BatchNorm(batch), i) for i in range(200)])
    np.testing.assert_allclose(moved[flat], before[flat], rtol=1e-9, atol=1e-12)
    assert flat.all() == (width == 1)
    assert flat.any()
    assert (np.abs(moved - before)[~flat] > 1e-9).all()


@pytest.mark.parametrize("alpha", ["1e-100", "1e100"])
@pytest.mark.parametrize("branch", ["linear", "two"])
def test_the_smallest_and_largest_scales_neither_under_nor_overflow(alpha, branch):
    net = LINEAR if branch == "linear" else RELU.at(activation="leaky:1/2")
    observables = [GradientNorms(), ResidualHessianNorms()]
    extreme = simulate(net, observables, samples=5, seed=1, engine=Residual(alpha, branch))
    power = 2 * math.log(10) * (-100 if alpha == "1e-100" else 100)
    assert np.isfinite(extreme[GradientNorms()].logs).all()
    few = extreme[ResidualHessianNorms()].logs / power
    # a block has alpha^4 (linear) or alpha^2 (within a branch of two) at least, and one for each branch at most
    assert ((few > 0.9) & (few < 4.1)).all()


@pytest.mark.parametrize("engine", ["direct", LayerNorm(), BatchNorm(4)])
def test_a_residual_hessian_is_refused_of_other_networks(engine):
    with pytest.raises(InvalidArgument, match="residual networks only"):
        simulate(RELU, [ResidualHessianNorms()], samples=2, engine=engine)


def test_names_tell_engines_apart():
    engines = [*ENGINES, Residual(1), Residual("1/2"), Residual(0, "two"), Residual(1, "two"), BatchNorm(6)]
    assert len({engine.name for engine in engines}) == len(engines)
    assert Residual("1/2") == Residual(0.5)
    assert hash(Residual("0.5")) == hash(Residual("1/2"))


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: Residual("1/sqrt(n)"), "alpha"),
        (lambda: Residual(-1), "alpha"),
        (lambda: Residual("1e-400"), "alpha"),
        (lambda: Residual(10**400), "alpha"),
        (lambda: BatchNorm(10**12), "batch"),
        (lambda: Residual(0), "alpha"),
        (lambda: Residual(1, "three"), "branch"),
        (lambda: BatchNorm(2), "batch"),
        (lambda: BatchNorm(True), "batch"),
        (lambda: BatchNorm("8"), "batch"),
        (lambda: Residual().refuse(RELU), "branch"),
        (lambda: Residual(1, "relu").refuse(LINEAR), "branch"),
        (lambda: Residual(1, "two").refuse(RELU.at(depth=3)), "depth"),
        (lambda: Residual(1).refuse(Ensemble(widths=(2, 3))), "widths"),
        (lambda: LayerNorm().refuse(RELU.at(width=2)), "width"),
        (lambda: LayerNorm().refuse(RELU.at(law="rademacher")), "law"),
        (lambda: BatchNorm(4).refuse(RELU.at(law="rademacher")), "law"),
        (lambda: BatchNorm(4).refuse(RELU.at(input="ones")), "input"),
        (lambda: require_kept(Ensemble(width=2**14, depth=2)), "depth"),
        (lambda: GradientGrowth(2, 2).components(RELU), "second"),
        (lambda: GradientGrowth(0, 2).components(RELU), "layers"),
        (lambda: ResidualHessianNorms().components(RELU.at(depth=1)), "depth"),
    ],
)
def test_unusable_arguments_are_named(make, argument):
    with pytest.raises(InvalidArgument) as caught:
        make()
    assert caught.value.argument == argument


@pytest.mark.parametrize("net", [RELU, RELU.at(width=300, depth=50), RELU.at(width=2, depth=10_000)])
def test_what_a_chunk_keeps_fits(net):
    partition = partition_of_kept(net, columns=4)
    assert partition.block % partition.chunk == 0
    weights = sum(n * m for n, m in pairwise([int(net.width)] * (net.depth + 1)))
    assert partition.chunk == 1 or 8 * partition.chunk * weights <= 2**25
