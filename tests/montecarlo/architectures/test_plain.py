"""Biases and smooth activations in real matrices: by hand, at every law, at the ends of floats; bits and workers."""

import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import (
    ActivationNorms,
    Angles,
    CurvatureRatios,
    DeadUnits,
    GradientNorms,
    HessianExtremes,
    InnerProducts,
    JacobianSingularValues,
    SecondInput,
    processes,
    simulate,
)
from montecarlo.activations import smooth_of
from montecarlo.architectures.engine import Wired
from montecarlo.architectures.plain import PlainChunk
from montecarlo.engines.law_exact import LawExactAnyActivation
from montecarlo.engines.real_matrices import Chunk
from montecarlo.runs.choice_of_engine import find_engine
from tests.montecarlo.architectures.by_hand import generator
from tests.theory.ensembles.test_own_activations import CUBE
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble
from theory.ensembles.activations import SMOOTH

TANH = Ensemble(width=3, depth=4, activation="tanh", bias="1/10")
RELU = Ensemble(width=3, depth=4, activation="relu", init="he", bias="1/2")


def by_hand(net, chunk, m, x=None, matrices=None):
    """The activations and the output of one network, one matrix at a time."""
    smooth = smooth_of(net)
    outputs = [chunk.input if x is None else x]
    for k, w in enumerate(chunk.matrices if matrices is None else matrices):
        z = w[m] @ outputs[-1] + (0 if chunk.biases is None else chunk.biases[k][m])
        outputs.append(smooth.value(z) if smooth else np.where(z > 0, z, float(Fraction(net.slope)) * z))
    return outputs, outputs[-1] @ chunk.readout[m]


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([*SMOOTH, "linear", "relu", "leaky:1/4"]),
    st.lists(st.integers(1, 4), min_size=2, max_size=5),
    st.sampled_from(["none", "pytorch", "1/3", "constant:-1/2"]),
    st.sampled_from([("xavier", None), ("pytorch", None), ("orthogonal", None), ("2", "uniform"), ("1", "rademacher")]),
    st.sampled_from(["random", "signs", "ones"]),
)
def test_norms_gradients_and_outputs_by_hand(activation, widths, bias, drawn, readout):
    init, law = drawn
    net = Ensemble(widths=widths, activation=activation, bias=bias, init=init, law=law, readout=readout)
    chunk, depth = PlainChunk(net, generator(3), 3), len(widths) - 1
    gradients, step = np.exp(chunk.log_gradient_norms(range(1, depth + 1))), 1e-6
    for m in range(3):
        outputs, f = by_hand(net, chunk, m)
        np.testing.assert_allclose(
            np.exp(chunk.log_activation_norms(range(depth + 1))[m]), [a @ a for a in outputs], rtol=1e-12, atol=1e-30
        )
        assert np.exp(chunk.log_output_squares()[m]) == pytest.approx(f**2, rel=1e-9, abs=1e-30)
        if activation in ("relu", "leaky:1/4", "elu", "selu") and law == "rademacher":
            continue  # units at their kinks
        for k, w in enumerate(chunk.matrices):
            found = np.zeros(w[m].shape)
            for place in np.ndindex(found.shape):
                moved = [v.copy() for v in chunk.matrices]
                moved[k][m][place] += step
                above = by_hand(net, chunk, m, matrices=moved)[1]
                moved[k][m][place] -= 2 * step
                found[place] = (above - by_hand(net, chunk, m, matrices=moved)[1]) / (2 * step)
            assert gradients[m, k] == pytest.approx((found**2).sum(), rel=1e-5, abs=1e-9)


def test_without_biases_and_bends_the_norms_are_those_of_the_other_engine():
    """The same weights, for which nothing need be rescaled here."""
    net = Ensemble(widths=(3, 4, 2, 3), activation="leaky:1/4", init="he")
    chunk = Chunk(net, generator(0), 4, needs=frozenset({"backward", "weights", "units"}))

    class Same(PlainChunk):
        def _draw_matrix(self, law, layer, rng):
            return chunk.weights(layer)

    same = Same(net, generator(1), 4)
    same.readout[...] = chunk.readout
    layers = range(1, 4)
    np.testing.assert_allclose(same.log_activation_norms(layers), chunk.log_activation_norms(layers), rtol=1e-12)
    np.testing.assert_allclose(same.log_gradient_norms(layers), chunk.log_gradient_norms(layers), rtol=1e-12)
    np.testing.assert_allclose(same.log_jacobian_norms(1, 3), chunk.log_jacobian_norms(1, 3), rtol=1e-12)
    np.testing.assert_array_equal(same.active_units(layers), chunk.active_units(layers))


@pytest.mark.parametrize("net", [TANH, RELU, TANH.at(activation="gelu", bias="constant:1/2")], ids=Ensemble.describe)
def test_a_second_input_goes_through_the_same_layers(net):
    chunk = PlainChunk(net, generator(2), 4, second_input=SecondInput("1/3"))
    x = np.array([1, 1, 1]) / np.sqrt(3)
    e = np.array([2, -1, -1]) / np.sqrt(6)
    other = x / 3 + np.sqrt(8) / 3 * e
    logs, signs = chunk.second_input.log_ratios(range(5))
    for m in range(4):
        pairs = zip(by_hand(net, chunk, m)[0], by_hand(net, chunk, m, x=other)[0], strict=True)
        expected = [a @ b / (a @ a) if a.any() else 0 for a, b in pairs]
        np.testing.assert_allclose(signs[m] * np.exp(logs[m]), expected, rtol=1e-10)


@pytest.mark.parametrize(("engine", "samples"), [("direct", 130), ("law-exact", 2000)])
def test_bits_do_not_depend_on_workers_nor_on_what_else_is_measured(engine, samples):
    net = Ensemble(width=64, depth=32, activation="silu", init="1/32", bias="1/4")
    observables = [ActivationNorms(), GradientNorms(), InnerProducts(layers=(2,))][: 2 if engine == "law-exact" else 3]
    alone = simulate(net, [GradientNorms()], samples=samples, seed=5, engine=engine)[GradientNorms()].logs
    shared = simulate(net, observables, samples=samples, seed=5, engine=engine, jobs=2)[GradientNorms()].logs
    assert len(find_engine(engine, net, frozenset(), "float64").partition(net).blocks(samples)) > 1
    np.testing.assert_array_equal(alone, shared)


def test_own_activations_travel_to_other_processes_with_the_same_bits():
    net = Ensemble(width=2, depth=3, activation=CUBE, init="1/4")
    with processes(1) as workers:
        there = simulate(net, [GradientNorms()], samples=50, executor=workers)[GradientNorms()].logs
    np.testing.assert_array_equal(there, simulate(net, [GradientNorms()], samples=50)[GradientNorms()].logs)
    assert pickle.loads(pickle.dumps(net)) == net
    local = net.at(activation=type(CUBE)("local", lambda z: z**3, lambda z: 3 * z**2))
    with processes(1) as workers, refused("activation", "cannot travel"):
        simulate(local, [GradientNorms()], samples=50, executor=workers)


def test_a_store_wants_names(tmp_path):
    local = type(CUBE)("local", lambda z: z**3, lambda z: 3 * z**2)
    with refused("store", "the activation 'local' is a lambda or local function"):
        simulate(TANH.at(activation=local), [ActivationNorms()], samples=5, store=tmp_path / "runs.sqlite")
    simulate(TANH.at(activation=CUBE), [ActivationNorms()], samples=5, store=tmp_path / "runs.sqlite")


def test_names_in_streams_and_stores_stay():
    assert Wired(TANH.architecture).name == "plain-kept"
    assert LawExactAnyActivation().name == "law-exact-any-activation"


# --- the ends of floats ---


def test_zeros_that_are_none_are_refused_and_honest_ones_kept():
    dead = simulate(
        RELU.at(bias="constant:-1/10"), [ActivationNorms((4,)), GradientNorms((1,)), DeadUnits((4,))], samples=200
    )
    assert 0 < dead[ActivationNorms((4,))].survival < 1
    assert dead[DeadUnits((4,))].logs.max() == 0
    ties = Ensemble(width=2, depth=2, activation="tanh", law="rademacher")
    chunk = PlainChunk(ties, generator(0), 64)
    exact = np.isneginf(chunk.log_activation_norms([2])[:, 0])
    assert exact.any()
    assert not exact.all()
    for net in (
        TANH.at(depth=700, init="1/9", bias="none"),
        TANH.at(depth=600, init="100", activation="linear"),
        TANH.at(width=1, init="1000000", activation="gelu", bias="none"),
        TANH.at(bias="constant:-800", activation="softplus"),
    ):
        with refused("depth", "1e-280", "cannot be rescaled"):
            simulate(net, [ActivationNorms()], samples=200)
        if net.activation != "softplus":
            with refused("depth", "1e-280", "cannot be rescaled"):
                simulate(net, [ActivationNorms()], samples=200, engine="law-exact")


@pytest.mark.parametrize("engine", ["direct", "law-exact"])
def test_gradients_vanish_on_log_scale_until_slopes_underflow(engine):
    deep = simulate(TANH.at(width=1, depth=30, init="100"), [GradientNorms((1,))], samples=100, engine=engine)
    assert deep[GradientNorms((1,))].logs.min() < -900
    assert np.isfinite(deep[GradientNorms((1,))].logs).all()
    with refused("activation", "saturates all units"):
        simulate(TANH.at(width=1, depth=2, init="1000000"), [GradientNorms()], samples=100, engine=engine)
    clipped = type(CUBE)("clipped", clip, inside)
    flat = simulate(TANH.at(width=1, activation=clipped, init="100"), [GradientNorms()], samples=100, engine=engine)
    assert np.isneginf(flat[GradientNorms()].logs).any()  # an own activation's zeros are believed


def clip(z):
    return np.clip(z, -1, 1)


def inside(z):
    return np.where(np.abs(z) < 1, 1.0, 0.0)


# --- what is refused ---


@pytest.mark.parametrize("net", [TANH, RELU], ids=["tanh", "relu"])
def test_what_is_not_known_of_such_networks_is_refused(net):
    argument = "bias"
    for observable in (JacobianSingularValues(), CurvatureRatios()):
        with refused(argument, "without biases only"):
            simulate(net, [observable], samples=2)
    with refused("dtype", "float64"):
        simulate(net, [ActivationNorms()], samples=2, dtype="float32")
    with refused("engine", "law-exact engine needs independent normal weights"):
        simulate(net.at(law="uniform"), [ActivationNorms()], samples=2, engine="law-exact")
    with refused("engine", "does not draw 'plain'"):
        Wired(net.architecture).refuse(net.at(bias="none", activation="relu"))
    with refused("law", "has atoms"):
        simulate(net.at(law="rademacher", activation="selu"), [HessianExtremes()], samples=2)


@pytest.mark.parametrize("engine", ["direct", "law-exact"])
def test_angles_below_rounding_are_refused(engine):
    with refused("depth", "two inputs are less than 1e-11 apart"):
        simulate(TANH.at(depth=60, init="1/9"), [Angles("1/2")], samples=5, engine=engine)
