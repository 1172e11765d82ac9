"""A given network: what it computes, and what it refuses."""

import numpy as np
import pytest

from montecarlo import simulate
from montecarlo.curvature import CurvatureRatios, Network
from theory.ensembles import Ensemble, InvalidArgument


def test_outputs_by_hand():
    weights = [np.array([[1.0, -1.0], [2.0, 0.0]]), np.array([[1, 3]])]
    inputs = [[1.0, 2.0], [2.0, 1.0]]
    assert Network(weights, "relu").outputs(inputs).tolist() == [[6.0], [13.0]]
    assert Network(weights, "leaky:1/2").outputs(inputs).tolist() == [[5.5], [13.0]]
    assert Network(weights[:1], "relu", [[1, 1], [0, 2]]).outputs([1.0, 2.0]).tolist() == [[2.0, 4.0]]


def test_a_network_keeps_its_weights():
    mine = np.eye(2)
    network = Network([mine])
    mine[0, 0] = 7
    assert network.weights[0][0, 0] == 1


def test_a_sampled_network_has_the_ensembles_variance_and_readout():
    net = Ensemble(width=50, depth=4, activation="relu", init="he", readout="signs")
    network = Network.sample(net, seed=3)
    # a mean of 10,000 squares of variance 2 (2/50)^2: six standard deviations are 8.5 %, error probability 2e-9
    assert np.mean([np.mean(w**2) for w in network.weights]) == pytest.approx(2 / 50, rel=0.085)
    np.testing.assert_allclose(np.abs(network.readout), 50**-0.5)
    again, other = Network.sample(net, seed=3), Network.sample(net, seed=4)
    np.testing.assert_array_equal(network.weights[3], again.weights[3])
    assert not np.array_equal(network.weights[3], other.weights[3])
    assert Network.sample(net, readout=False).outputs_size == 50


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        (([],), "weights"),
        (("relu",), "weights"),
        (([np.eye(2), np.eye(3)],), "weights"),
        (([np.ones(3)],), "weights"),
        (([np.ones((0, 3))],), "weights"),
        (([[[np.nan]]],), "weights"),
        (([[["a"]]],), "weights"),
        (([[[1j]]],), "weights"),
        (([np.eye(2)], "tanh"), "activation"),
        (([np.eye(2)], "leaky:s"), "activation"),
        (([np.eye(2)], ["relu"]), "activation"),
        (([np.eye(2)], "relu", [1.0]), "readout"),
        (([np.eye(2)], "relu", [np.inf, 0.0]), "readout"),
    ],
)
def test_bad_networks_are_refused(arguments, argument):
    with pytest.raises(InvalidArgument) as refused:
        Network(*arguments)
    assert refused.value.argument == argument


def test_ratios_are_streamed_like_all_observables():
    net, ratios = Ensemble(width=4, depth=5), CurvatureRatios()
    whole = simulate(net, [ratios], samples=300, seed=1)[ratios]
    counted = simulate(net, [ratios], samples=300, seed=1, keep_values=False)[ratios]
    np.testing.assert_allclose(counted.log_mean, whole.log_mean, rtol=1e-12)


@pytest.mark.parametrize(
    ("net", "seed", "argument"),
    [
        (3, 0, "net"),
        (Ensemble(width=2, depth=2), -1, "seed"),
        (Ensemble(width=2, depth=2), 1.5, "seed"),
        (Ensemble(width="n", depth=2), 0, "width"),
        (Ensemble(width=10**5, depth=2), 0, "net"),
    ],
)
def test_what_cannot_be_drawn_is_refused(net, seed, argument):
    with pytest.raises(InvalidArgument) as refused:
        Network.sample(net, seed)
    assert refused.value.argument == argument
