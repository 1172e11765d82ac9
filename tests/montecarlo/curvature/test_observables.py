"""Each observable against the spectrum of each network, one by one."""

import numpy as np
import pytest

from montecarlo import (
    ChainHessian,
    Chunk,
    CurvatureRatios,
    GradientNorms,
    HessianExtremes,
    HessianIndex,
    HessianNorms,
    LossCurvature,
    simulate,
)
from montecarlo.curvature import Network, observables
from tests.montecarlo.curvature.dense_hessians import dense_hessian
from theory.ensembles import Ensemble, InvalidArgument

NEEDS = frozenset({"backward", "weights"})
NETS = [
    Ensemble(width=3, depth=4, activation="relu", init="he"),  # one in three of these is dead
    Ensemble(widths=(5, 4, 6, 3), activation="leaky:1/3", init="he", law="uniform", readout="signs"),
    Ensemble(width=4, depth=5, readout="1,2,-1,1/2", input="1,0,2,3"),
]
ALL = [HessianExtremes(), HessianIndex(), CurvatureRatios(), LossCurvature("1/3"), HessianNorms()]


def drawn(net, networks):
    chunk = Chunk(net, np.random.default_rng(7), networks, needs=NEEDS)
    weights = [chunk.weights(k) for k in range(1, net.depth + 1)]
    return chunk, [Network([w[i] for w in weights], net.activation, chunk.readout[i]) for i in range(networks)]


def expected(network, x):
    """What is measured, from a dense Hessian and the gradient that Euler's identity gives: H w = (L - 1) grad f."""
    h = dense_hessian(network.weights, network.slope, network.readout[0], x)
    f = network.outputs(x)[0, 0]
    gradient = np.linalg.norm(h @ np.concatenate([w.ravel() for w in network.weights])) / (network.depth - 1)
    values = np.linalg.eigvalsh(h)
    size = np.abs(values).max()
    counted = values[np.abs(values) > 1e-12 * size]
    residual = abs(f - 1 / 3) * size
    return (
        [values[-1], -values[0], size],
        [np.mean(counted < 0)],
        [gradient / abs(f), size / gradient],
        [residual, gradient**2, residual / gradient**2, residual / (residual + gradient**2)],
        [np.sum(values**2)],
    )


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.activation)
def test_what_is_measured_is_what_the_dense_hessian_has(net):
    chunk, networks = drawn(net, 15)
    alive = np.isfinite(chunk.log_activation_norms([net.depth]))[:, 0]
    assert alive.sum() > 3
    measured = [observable.measure(chunk) for observable in ALL]
    for observable, logs in zip(ALL, measured, strict=True):
        assert logs.shape == (15, len(observable.components(net)))
        assert np.isneginf(logs[~alive]).all()
    for i in np.flatnonzero(alive):
        for logs, values in zip(measured, expected(networks[i], chunk.input), strict=True):
            np.testing.assert_allclose(np.exp(logs[i]), values, rtol=1e-9)


def test_a_target_of_zero_and_one_far_above_a_tiny_output():
    """The output is about 1e-160, too small for a float beside 1, and its square for a float at all."""
    net = Ensemble(width=4, depth=60, activation="linear", init="1/10000000")
    chunk, _ = drawn(net, 5)
    residual, gauss_newton, _, share = LossCurvature(0).measure(chunk).T
    size = HessianExtremes().measure(chunk)[:, 2]
    output = chunk.log_output_squares() / 2
    np.testing.assert_allclose(residual, output + size, rtol=1e-12)
    gradients = GradientNorms().measure(chunk)
    np.testing.assert_allclose(gauss_newton, np.logaddexp.reduce(gradients, axis=1), rtol=1e-12)
    np.testing.assert_allclose(share, residual - np.logaddexp(residual, gauss_newton), atol=1e-12)
    np.testing.assert_allclose(LossCurvature(1).measure(chunk)[:, 0], size, rtol=1e-12)
    assert output.max() < -300


@pytest.mark.parametrize("law", ["normal", "uniform"])
def test_a_width_of_one_agrees_with_the_secular_equation(law):
    net = Ensemble(width=1, depth=30, law=law)
    here, there = HessianExtremes(), ChainHessian()
    run = simulate(net, [here, there], samples=200)
    for component in ("lambda_max", "minus_lambda_min", "spectral_norm"):
        np.testing.assert_allclose(run[here].log_values(component), run[there].log_values(component), atol=1e-8)


def test_how_many_are_taken_at_a_time_changes_nothing(monkeypatch):
    chunk, _ = drawn(Ensemble(width=9, depth=6, activation="relu", init="he"), 40)
    together = HessianExtremes().measure(chunk)
    monkeypatch.setattr(observables, "_UNITS", 100)
    np.testing.assert_allclose(HessianExtremes().measure(chunk), together, atol=1e-9)


def test_the_whole_norm_at_great_depth_and_any_law():
    """Against the sum over pairs of layers, with networks that are dead or have a signal of exactly 0."""
    for net in (
        Ensemble(width=3, depth=9, activation="relu", init="he", law="rademacher"),
        Ensemble(width=2, depth=9, law="rademacher"),
        Ensemble(width=2, depth=40, activation="leaky:1/9", init="he"),
    ):
        chunk, _ = drawn(net, 60)
        pairs = [(k, later) for k in range(1, net.depth) for later in range(k + 1, net.depth + 1)]
        blocks = HessianNorms(pairs).measure(chunk)
        whole = np.log(2) + np.logaddexp.reduce(blocks, axis=1)
        np.testing.assert_allclose(HessianNorms().measure(chunk)[:, 0], whole, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("observable", [o for o in ALL if not isinstance(o, HessianNorms)], ids=lambda o: o.name)
def test_laws_with_atoms_and_depth_one_are_refused(observable):
    with pytest.raises(InvalidArgument, match="law: 'rademacher' has atoms"):
        observable.components(Ensemble(width=4, depth=3, law="rademacher"))
    with pytest.raises(InvalidArgument, match="depth: "):
        observable.components(Ensemble(width=4, depth=1))


def test_a_target_is_a_number():
    with pytest.raises(InvalidArgument, match="target: "):
        LossCurvature("y")
