"""Both ends of Hessians in any architecture: those of the function, Euler's identities, what is refused."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import GradientGrowth, HessianExtremes, HessianNorms, simulate
from montecarlo.curvature import any_architecture
from montecarlo.curvature.any_architecture import analytic_gradients
from tests.montecarlo.architectures.by_hand import drawn, of_architecture, scale
from theory.ensembles import Ensemble, InvalidArgument

LINEAR = Ensemble(width=3, depth=3, init="xavier")
RELU = Ensemble(width=4, depth=3, activation="relu", init="he")
LEAKY = RELU.at(activation="leaky:1/4", law="uniform", readout="signs")
UNEQUAL = RELU.at(width=None, depth=None, widths=(2, 5, 3), activation="leaky:1/4")
CASES = [
    LINEAR.at(architecture="residual:1/sqrt(L)"),
    LEAKY.at(input=(1, 2, -1, 3), architecture="residual:2/3"),
    RELU.at(depth=4, width=3, architecture="residual:1/sqrt(L):two"),
    LEAKY.at(depth=4, width=3, architecture="residual:0:two"),
    RELU.at(architecture="layernorm"),
    UNEQUAL.at(architecture="layernorm"),
    RELU.at(architecture="batchnorm:3"),
    UNEQUAL.at(activation="linear", init="lecun", architecture="batchnorm:6"),
]
each_case = pytest.mark.parametrize("net", CASES, ids=of_architecture)
few = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def dense_hessians(chunk):
    """Central differences of gradients that the engine's backward pass confirms, entry by entry."""
    gradients, w = analytic_gradients(chunk, slice(0, chunk.networks))
    step = 1e-6
    steps = step * np.eye(w.shape[1])
    columns = [(gradients(w + e) - gradients(w - e)) / (2 * step) for e in steps]
    return gradients(w), w, np.stack(columns, axis=2)


def places(chunk):
    ends = np.cumsum([0, *(w[0].size for w in chunk.matrices)])
    return [slice(start, stop) for start, stop in pairwise(ends)]


# --- against the function ---------------------------------------------------------------------------------------------


@each_case
def test_gradients_are_those_of_the_engine_at_real_weights(net):
    chunk = drawn(net, 5)
    gradients, w = analytic_gradients(chunk, slice(1, 4))
    found = gradients(w)
    norms = np.stack([np.square(found[:, at]).sum(axis=1) for at in places(chunk)], axis=1)
    layers = range(1, len(chunk.matrices) + 1)
    np.testing.assert_allclose(norms, np.exp(chunk.log_gradient_norms(layers))[1:4], rtol=1e-9, atol=1e-25)
    np.testing.assert_array_equal(w[:, places(chunk)[1]], chunk.matrices[1][1:4].reshape(3, -1))


@each_case
def test_ends_are_those_of_a_dense_hessian(net):
    """By differences of gradients, of error about 1e-9; a unit within 1e-6 of its kink would be one in 10^5."""
    chunk = drawn(net, 4)
    gradient, w, hessians = dense_hessians(chunk)
    np.testing.assert_allclose(hessians, hessians.transpose(0, 2, 1), atol=1e-6 * np.abs(hessians).max())
    values = np.linalg.eigvalsh((hessians + hessians.transpose(0, 2, 1)) / 2)
    logs = HessianExtremes().measure(chunk)
    np.testing.assert_allclose(np.exp(logs[:, 0]), values[:, -1], rtol=1e-6)
    np.testing.assert_allclose(np.exp(logs[:, 1]), -values[:, 0], rtol=1e-6)
    np.testing.assert_array_equal(logs[:, 2], logs[:, :2].max(axis=1))
    if net.architecture.alpha == 0:  # a gradient over weights that are 0
        assert np.isneginf(logs[:, 3]).all()
        return
    steepest = np.max(
        [np.linalg.norm(gradient[:, at], axis=1) / np.linalg.norm(w[:, at], axis=1) for at in places(chunk)], axis=0
    )
    np.testing.assert_allclose(np.exp(logs[:, 3]), np.sqrt(-values[:, 0] * values[:, -1]) / steepest, rtol=1e-6)


@few
@given(seeds, st.integers(2, 30), st.sampled_from(["1/sqrt(L)", "1/L", "1/2"]))
def test_a_residual_chain_of_width_one_is_a_product(seed, depth, alpha):
    net = Ensemble(1, depth, law="uniform", input=(3,), readout="signs", architecture=f"residual:{alpha}")
    chunk = drawn(net, 2, seed)
    for network, logs in enumerate(HessianExtremes().measure(chunk)):
        factors = 1 + scale(net) * np.array([w[network, 0, 0] for w in chunk.matrices])
        f = 3 * chunk.readout[network, 0] * factors.prod()
        dense = scale(net) ** 2 * f / np.outer(factors, factors)
        np.fill_diagonal(dense, 0)
        ends = np.linalg.eigvalsh(dense)[[-1, 0]] * [1, -1]
        np.testing.assert_allclose(np.exp(logs[:2]), ends, rtol=1e-5)


@few
@given(seeds)
def test_no_end_of_a_residual_network_is_above_the_frobenius_norm(seed):
    """Nor both together: the squares of all eigenvalues add up to it, and the ends carry some of it."""
    chunk = drawn(RELU.at(depth=6, architecture="residual:1/sqrt(L):two"), 3, seed)
    logs, squares = HessianExtremes().measure(chunk), HessianNorms().measure(chunk)[:, 0]
    both = np.logaddexp(2 * logs[:, 0], 2 * logs[:, 1])
    assert (both < squares + 1e-9).all()
    assert (both > squares - np.log(48)).all()  # 2 of at most 96 eigenvalues


# --- normalization ----------------------------------------------------------------------------------------------------

NORMALIZED = [net for net in CASES if net.architecture.name != "residual"]
each_normalized = pytest.mark.parametrize("net", NORMALIZED, ids=of_architecture)


@each_normalized
def test_the_hessian_maps_a_layers_weights_to_minus_its_gradient(net):
    """H E_k = -g_k, by complex steps; under batch norm unit by unit."""
    chunk = drawn(net, 4)
    gradients, w = analytic_gradients(chunk, slice(0, 4))
    g = gradients(w)
    for k, at in enumerate(places(chunk)):
        rows = chunk.matrices[k].shape[1] if net.architecture.name == "batchnorm" else 1
        indices = np.arange(w.shape[1])[at].reshape(rows, -1)
        for row in indices:
            direction, expected = np.zeros_like(w), np.zeros_like(w)
            direction[:, row], expected[:, row] = w[:, row], -g[:, row]
            pushed = gradients(w + 1e-30j * direction).imag / 1e-30
            np.testing.assert_allclose(pushed, expected, atol=1e-11 * (1 + np.abs(g).max()))
            np.testing.assert_allclose((direction * g).sum(axis=1), 0, atol=1e-12 * (1 + np.abs(g).max()))


@pytest.mark.parametrize("architecture", ["layernorm", "batchnorm:4"])
@few
@given(seeds, st.integers(3, 6), st.integers(1, 12), st.sampled_from(["relu", "linear", "leaky:1/3"]))
def test_the_ends_are_never_closer_to_0_than_the_gradient(architecture, seed, width, depth, activation):
    net = Ensemble(width, depth, activation=activation, init="he", architecture=architecture)
    logs = HessianExtremes().measure(drawn(net, 4, seed))
    alive = np.isfinite(logs[:, 2])
    assert alive.all() or architecture == "batchnorm:4"  # the batch's first input may die in the last layer
    assert (logs[alive, 3] > -1e-6).all()


def test_larger_weights_make_flatter_networks():
    """Under layer norm f stays as it is and H shrinks with the square of the weights."""
    small, large = (HessianExtremes().measure(drawn(RELU.at(init=s, architecture="layernorm"), 6)) for s in ("he", 7))
    shrunk = float(RELU.variance(1) / RELU.at(init=7).variance(1))
    np.testing.assert_allclose(large[:, :3], small[:, :3] + np.log(shrunk), atol=1e-6)
    np.testing.assert_allclose(large[:, 3], small[:, 3], atol=1e-6)


def test_a_hessian_that_is_0_is_told_apart():
    """One unit in the last layer, off on the first input in half of the batches."""
    chunk = drawn(RELU.at(width=None, depth=None, widths=(3, 4, 1), architecture="batchnorm:4"), 64)
    logs, off = HessianExtremes().measure(chunk), np.isneginf(chunk.log_output_squares())
    assert 0 < off.sum() < 64
    assert np.isneginf(logs[off]).all()
    assert np.isfinite(logs[~off]).all()


def test_rounding_is_not_taken_for_curvature():
    """Four inputs merge into two points in one of five of these networks, where f is constant: what is left is 0.

    That none of 200 merges, or all do, has a probability below 1e-18.
    """
    chunk = drawn(RELU.at(depth=40, architecture="batchnorm:4"), 200)
    logs = HessianExtremes().measure(chunk)
    merged = [len(np.unique(np.round(h, 9), axis=1).T) == 2 for h in chunk._passed[-1].standard]
    assert 0 < np.sum(merged) < 200
    assert np.isneginf(logs[merged]).all()
    alive = np.isfinite(logs[:, 2])
    assert alive.any()
    assert (logs[alive, 3] > 0).all()


def test_functions_of_rounding_are_refused():
    """After 200 layers gradients are e^50, and those of 3 W have nothing to do with those of W."""
    with pytest.raises(InvalidArgument, match="rounding") as caught:
        HessianExtremes().measure(drawn(RELU.at(width=8, depth=200, architecture="batchnorm:8"), 1))
    assert caught.value.argument == "depth"


# --- as an observable -------------------------------------------------------------------------------------------------


@each_case
def test_bits_do_not_depend_on_what_else_is_measured(net):
    observables = [HessianExtremes(), GradientGrowth(1, 2)]
    alone = simulate(net, observables[:1], samples=9, seed=5)[HessianExtremes()].logs
    beside = simulate(net, observables, samples=9, seed=5)[HessianExtremes()].logs
    np.testing.assert_array_equal(beside, alone)


@each_case
def test_portions_and_repetitions_find_the_same_ends(net, monkeypatch):
    """Each network alone; and with so few products at first that all are looked at again."""
    chunk = drawn(net, 5)
    expected = HessianExtremes().measure(chunk)
    monkeypatch.setattr(any_architecture, "_BYTES", 1)
    np.testing.assert_allclose(HessianExtremes().measure(chunk), expected, atol=1e-7)
    monkeypatch.setattr(any_architecture, "_PRODUCTS", 2)
    np.testing.assert_allclose(HessianExtremes().measure(chunk), expected, atol=1e-7)


def test_an_end_that_was_not_found_is_refused(monkeypatch):
    chunk = drawn(RELU.at(depth=8, architecture="layernorm"), 3)
    monkeypatch.setattr(any_architecture, "_MOST_BYTES", 8 * 128 * 4)  # four products
    with pytest.raises(InvalidArgument, match="not found") as caught:
        HessianExtremes().measure(chunk)
    assert caught.value.argument == "depth"


@pytest.mark.parametrize(
    ("net", "argument"),
    [
        (RELU.at(depth=1), "depth"),
        (LINEAR.at(depth=100, architecture="residual:10000"), "depth"),
        (LINEAR.at(depth=70, architecture="residual:10000"), "depth"),
    ],
    ids=["plain, of one layer", "gradients", "Hessians"],
)
def test_what_cannot_be_measured_is_refused(net, argument):
    """The gradient of the second has 400 digits; that of the third is finite, its Hessian is not to be trusted."""
    with pytest.raises(InvalidArgument) as caught:
        simulate(net, [HessianExtremes()], samples=2)
    assert caught.value.argument == argument


def test_components_tell_architectures_apart():
    """The fourth is known behind another architecture than the plain one."""
    ends = HessianExtremes().components(RELU)
    assert HessianExtremes().components(RELU.at(architecture="layernorm")) == (*ends, "ends/gradient")
