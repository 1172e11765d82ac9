"""The reduced spectrum is the dense one, multiplicity of 0 included; both ends are its ends."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo.curvature import Network, hessian_extremes, hessian_spectrum
from tests.montecarlo.curvature.dense_hessians import dense_hessian
from theory.ensembles import Ensemble, InvalidArgument

SLOPES = {"linear": 1.0, "relu": 0.0, "leaky:1/4": 0.25}


@st.composite
def networks(draw, least_depth=1, most_width=4):
    """A network of random architecture, and an input; its last layer with or without activation."""
    widths = draw(st.lists(st.integers(1, most_width), min_size=least_depth + 1, max_size=5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = [rng.standard_normal((o, i)) for i, o in itertools.pairwise(widths)]
    has_readout = draw(st.booleans())
    network = Network(
        weights, draw(st.sampled_from(sorted(SLOPES))), rng.standard_normal(widths[-1]) if has_readout else None
    )
    return network, rng.standard_normal(widths[0])


def dense_spectrum(network, x, output=0):
    last_is_linear = network.readout is None
    v = np.eye(network.widths[-1])[output] if last_is_linear else network.readout[output]
    return np.linalg.eigvalsh(dense_hessian(network.weights, network.slope, v, x, last_is_linear))


@settings(max_examples=150, deadline=None)
@given(networks())
def test_all_eigenvalues_are_those_of_the_dense_hessian(drawn):
    network, x = drawn
    dense = dense_spectrum(network, x)
    spectrum = hessian_spectrum(network, x)
    size = np.abs(dense).max()
    np.testing.assert_allclose(
        np.sort(np.concatenate([spectrum.values, np.zeros(spectrum.zeros)])), dense, rtol=0, atol=1e-13 * size
    )
    assert spectrum.rank + spectrum.zeros == network.parameters
    assert (spectrum.rank == 0) == bool(spectrum.note)
    # eigenvalues that are not 0 but too small for the dense one to tell would be counted by neither
    clear = np.abs(dense) > 1e-12 * size
    if spectrum.rank and np.abs(spectrum.eigenvalues).min() > 1e-10 * np.abs(spectrum.eigenvalues).max():
        assert spectrum.rank == clear.sum()
        assert spectrum.negative == (dense[clear] < 0).sum()


@settings(max_examples=60, deadline=None)
@given(networks(least_depth=2, most_width=12))
def test_extremes_are_the_ends_of_the_spectrum(drawn):
    network, x = drawn
    spectrum, found = hessian_spectrum(network, x), hessian_extremes(network, x, tolerance=1e-12)
    assert found.notes[0] == spectrum.note
    if spectrum.rank:
        np.testing.assert_allclose(found.least, spectrum.values[0], rtol=1e-11)
        np.testing.assert_allclose(found.largest, spectrum.values[-1], rtol=1e-11)


@pytest.mark.parametrize("activation", sorted(SLOPES))
@pytest.mark.parametrize("init", ["he", "xavier"])
def test_many_networks_at_once_by_lanczos(activation, init):
    ensemble = Ensemble(widths=(20, 25, 27, 19, 25, 11), activation=activation, init=init)
    given_networks = [Network.sample(ensemble, seed) for seed in range(25)]
    x = np.linspace(-1, 1, 20)
    found = hessian_extremes(given_networks, x)
    for i, network in enumerate(given_networks):
        spectrum = hessian_spectrum(network, x)
        assert spectrum.rank > 32  # so that Lanczos's method is what is tested
        np.testing.assert_allclose(
            [found.scaled_least[i], found.scaled_largest[i]], spectrum.eigenvalues[[0, -1]], rtol=1e-9
        )
        assert found.log_scale[i] == pytest.approx(spectrum.log_scale, rel=1e-12)
        assert found.errors[i] <= 1e-10


@pytest.mark.parametrize("power", [-300, -130, 0, 200])
def test_a_spectrum_is_as_accurate_at_any_scale(power):
    """Each weight times 2^power, which no float can carry through: H is homogeneous of degree L - 2."""
    network = Network.sample(Ensemble(width=5, depth=7, activation="relu", init="he", readout="ones"), seed=3)
    scaled = Network([np.ldexp(w, power) for w in network.weights], network.activation, network.readout)
    one, other = hessian_spectrum(network, np.ones(5)), hessian_spectrum(scaled, np.ones(5))
    moved = round((other.log_scale - one.log_scale) / np.log(2))
    assert moved == pytest.approx((other.log_scale - one.log_scale) / np.log(2), abs=1e-10)
    size = np.abs(one.eigenvalues).max()
    np.testing.assert_allclose(
        np.ldexp(other.eigenvalues, moved - 5 * power), one.eigenvalues, rtol=0, atol=2e-15 * size
    )
    ends = hessian_extremes(scaled, np.ones(5))
    np.testing.assert_allclose([ends.scaled_least[0], ends.scaled_largest[0]], other.eigenvalues[[0, -1]], rtol=1e-9)


def test_a_width_of_one_is_a_chain():
    w = [3.0, -0.5, 2.0, 4.0]
    f = np.prod(w)
    h = f * (np.outer(1 / np.array(w), 1 / np.array(w)) - np.diag(1 / np.array(w) ** 2))
    spectrum = hessian_spectrum(Network([[[entry]] for entry in w], "linear", [1.0]), [1.0])
    np.testing.assert_allclose(spectrum.values, np.linalg.eigvalsh(h), rtol=1e-14)


def test_each_output_has_a_hessian():
    rng = np.random.default_rng(5)
    weights = [rng.standard_normal((3, 2)), rng.standard_normal((3, 3)), rng.standard_normal((2, 3))]
    network, x = Network(weights), np.array([1.0, -2.0])
    for output in (0, 1):
        values = hessian_spectrum(network, x, output=output).values
        dense = dense_spectrum(network, x, output)
        np.testing.assert_allclose(values[[0, -1]], dense[[0, -1]], rtol=1e-12)


# --- what has no spectrum, or none of interest ------------------------------------------------------------------------


def dead_network():
    return Network([np.eye(2), -np.eye(2), np.eye(2)], "relu", [1.0, 1.0])


def test_a_dead_layer_is_said():
    for spectrum in (hessian_spectrum(dead_network(), [1.0, 2.0]),):
        assert (spectrum.rank, spectrum.zeros) == (0, 12)
        assert "layer 2 is dead" in spectrum.note
    found = hessian_extremes(dead_network(), [1.0, 2.0])
    assert (found.scaled_least[0], found.scaled_largest[0]) == (0.0, 0.0)
    assert "layer 2 is dead" in found.notes[0]


def test_dead_networks_do_not_disturb_those_beside_them():
    alive = Network([np.eye(2), [[1.0, -0.3], [0.2, 1.0]], np.eye(2)], "relu", [1.0, 1.0])
    found = hessian_extremes([dead_network(), alive, dead_network()], [1.0, 2.0])
    alone = hessian_extremes(alive, [1.0, 2.0])
    np.testing.assert_array_equal(found.scaled_largest[[0, 2]], 0)
    assert found.largest[1] == pytest.approx(alone.largest[0], rel=1e-12)


def test_a_readout_that_meets_no_unit_is_said():
    network = Network([np.eye(2), [[1.0, 0.0], [-1.0, 0.0]]], "relu", [0.0, 1.0])
    assert "readout" in hessian_spectrum(network, [1.0, 2.0]).note


def test_depth_one_is_said():
    assert "depth 1" in hessian_spectrum(Network([np.eye(2)], "linear", [1.0, 1.0]), [1.0, 2.0]).note


def test_an_output_of_zero_is_said():
    network = Network([np.eye(2), [[1.0, 2.0], [3.0, 4.0]], np.eye(2)], "linear", [-7.0, 3.0])
    assert "signs" in hessian_spectrum(network, [1.0, 1.0]).note  # a_L = (3, 7)


def test_layers_of_very_different_sizes_are_said():
    rng = np.random.default_rng(3)
    widths, scales = (3, 4, 1, 5, 2), (1e100, 1e-100, 1, 1)
    weights = [s * rng.standard_normal((o, i)) for s, i, o in zip(scales, widths, widths[1:], strict=False)]
    assert "signs" in hessian_spectrum(Network(weights, "linear", rng.standard_normal(2)), rng.standard_normal(3)).note


@pytest.mark.parametrize(("n", "depth", "readout"), [(3, 8, [1, 1, 2]), (2, 12, [1, 3]), (6, 30, range(1, 7))])
def test_a_space_that_is_used_up_at_once(n, depth, readout):
    """All weights equal: beyond the space H is far larger than on it, and rounding must not get there."""
    network = Network([np.ones((n, n))] * depth, "linear", list(readout))
    ends, spectrum = hessian_extremes(network, np.ones(n)), hessian_spectrum(network, np.ones(n))
    np.testing.assert_allclose([ends.scaled_least[0], ends.scaled_largest[0]], spectrum.eigenvalues[[0, -1]], rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 8), st.integers(2, 11), st.integers(0, 2**32))
def test_positive_weights_whose_signal_points_one_way(n, depth, seed):
    rng = np.random.default_rng(seed)
    network = Network([rng.random((n, n)) for _ in range(depth)], "relu", rng.standard_normal(n))
    x = rng.random(n)
    ends, spectrum = hessian_extremes(network, x), hessian_spectrum(network, x)
    np.testing.assert_allclose([ends.scaled_least[0], ends.scaled_largest[0]], spectrum.eigenvalues[[0, -1]], rtol=1e-8)


@pytest.mark.parametrize("solve", [hessian_spectrum, hessian_extremes])
def test_a_unit_at_zero_is_refused(solve):
    network = Network([[[1.0, -1.0], [1.0, 1.0]], np.eye(2)], "relu", [1.0, 1.0])
    with pytest.raises(InvalidArgument, match="unit 0 of layer 1 exactly at 0"):
        solve(network, [2.0, 2.0])
    linear = Network(network.weights, "linear", [1.0, 1.0])
    solve(linear, [2.0, 2.0])


def test_what_would_not_fit_is_refused():
    network = Network.sample(Ensemble(width=64, depth=120), seed=0)
    with pytest.raises(InvalidArgument, match=r"15114 eigenvalues, .* GiB; use hessian_extremes"):
        hessian_spectrum(network, np.ones(64))


def test_a_signal_of_zero_without_a_dead_layer_is_refused():
    network = Network([np.eye(2), [[1.0, -1.0], [1.0, -1.0]], np.eye(2)], "linear", [1.0, 1.0])
    with pytest.raises(InvalidArgument, match="exactly 0 although no layer is dead"):
        hessian_spectrum(network, [1.0, 1.0])


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"inputs": [1.0]}, "inputs"),
        ({"inputs": [[1.0, 2.0], [3.0, 4.0]]}, "inputs"),
        ({"inputs": [0.0, 0.0]}, "inputs"),
        ({"inputs": [1.0, np.nan]}, "inputs"),
        ({"output": 2}, "output"),
        ({"output": 0.5}, "output"),
        ({"tolerance": 0}, "tolerance"),
        ({"tolerance": "a"}, "tolerance"),
        ({"networks": None}, "networks"),
        ({"networks": []}, "networks"),
        ({"networks": [Network([np.eye(2)]), Network([np.eye(3)])]}, "networks"),
        ({"networks": "relu"}, "networks"),
    ],
)
def test_bad_arguments_are_named(change, argument):
    arguments = {"networks": Network([np.eye(2), np.eye(2)]), "inputs": [1.0, 2.0], **change}
    with pytest.raises(InvalidArgument) as refused:
        hessian_extremes(**arguments)
    assert refused.value.argument == argument
