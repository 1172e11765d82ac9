"""The engine of other architectures: the same bits whoever draws, names that stay, what it refuses."""

import numpy as np
import pytest

from montecarlo import ActivationNorms, DeadUnits, GradientGrowth, GradientNorms, HessianNorms, simulate
from montecarlo.architectures.batch_norm import BatchNormChunk
from montecarlo.architectures.engine import Wired
from montecarlo.architectures.layer_norm import LayerNormChunk
from montecarlo.architectures.residual import ResidualChunk
from montecarlo.engines.engine import ALL_NEEDS
from tests.montecarlo.architectures.by_hand import ARCHITECTURES, LINEAR, RELU, drawn
from tests.theory.small_networks import refused
from theory.ensembles import Architecture

each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)


@each_architecture
def test_bits_do_not_depend_on_the_workers_nor_on_what_else_is_measured(architecture):
    observables = [ActivationNorms(), GradientNorms(), GradientGrowth(1, 3)]
    net, samples = RELU.at(width=64, depth=64, architecture=architecture), 100
    alone = simulate(net, [GradientNorms()], samples=samples, seed=5)[GradientNorms()].logs
    shared = simulate(net, observables, samples=samples, seed=5, jobs=2)
    assert len(Wired(net.architecture).partition(net).blocks(samples)) > 1
    np.testing.assert_array_equal(shared[GradientNorms()].logs, alone)
    growth = shared[observables[2]].log_values("G_1/G_3")
    both = np.isfinite(growth)
    np.testing.assert_array_equal(growth[both], (alone[:, 0] - alone[:, 2])[both])
    assert both.any()


@pytest.mark.parametrize("architecture", ["layernorm", "batchnorm:5"])
def test_the_frobenius_norm_of_a_hessian_behind_normalization_is_refused_not_mismeasured(architecture):
    with refused("architecture", "residual", architecture):
        simulate(RELU.at(architecture=architecture), [HessianNorms()], samples=2)


@each_architecture
def test_blocks_of_a_hessian_are_refused_not_mismeasured(architecture):
    with refused("architecture", "block", architecture):
        simulate(RELU.at(architecture=architecture), [HessianNorms([(1, 3)])], samples=2)


@each_architecture
def test_units_are_refused_not_miscounted_and_the_remedy_is_not_what_was_asked_for(architecture):
    with refused("architecture", "does not have the units that DeadUnits needs") as caught:
        simulate(RELU.at(architecture=architecture), [DeadUnits()], samples=2)
    assert caught.value.remedy == "use architecture='plain'"


NAMES = {
    "residual:1": "residual-relu-1",
    "residual:1/2": "residual-relu-1/2",
    "residual:0.50": "residual-relu-1/2",
    "residual:1/sqrt(L)": "residual-relu-1/sqrt(L)",
    "residual:1/L:two": "residual-two-1/L",
    "residual:1:two": "residual-two-1",
    "residual:0:two": "residual-two-0",
    "layernorm": "layer-norm",
    "batchnorm:5": "batch-norm-5",
    "batchnorm:6": "batch-norm-6",
}


@pytest.mark.parametrize("architecture", NAMES)
def test_names_are_those_of_streams_and_stored_runs_that_are_there_already(architecture):
    assert Wired(RELU.at(architecture=architecture).architecture).name == NAMES[architecture]


def test_names_tell_architectures_apart():
    found = {RELU.at(architecture=text).architecture for text in NAMES}
    found |= {LINEAR.at(architecture=text).architecture for text in ("residual:1", "residual:1/sqrt(L)")}
    assert len({Wired(architecture).name for architecture in found}) == len(found) == len(NAMES) + 1


@pytest.mark.parametrize(
    ("architecture", "kind"),
    [("residual:1", ResidualChunk), ("layernorm", LayerNormChunk), ("batchnorm:4", BatchNormChunk)],
)
def test_each_architecture_has_chunks_of_its_own(architecture, kind):
    net = RELU.at(architecture=architecture)
    chunk = drawn(net, 3)
    assert type(chunk) is kind
    assert (chunk.net, chunk.networks) == (net, 3)


def test_what_it_provides_is_what_engines_can():
    assert Wired(Architecture("layernorm")).provides < ALL_NEEDS


@pytest.mark.parametrize(
    ("own", "drawn"),
    [("layernorm", "plain"), ("layernorm", "batchnorm:4"), ("batchnorm:4", "batchnorm:5"), ("plain", "plain")],
)
def test_networks_of_another_architecture_are_refused_not_wired_their_way(own, drawn):
    """Given as an instance, it would name their streams and stored runs by what they are not."""
    engine = Wired(RELU.at(architecture=own).architecture)
    with refused("engine", own) as caught:
        engine.refuse(RELU.at(architecture=drawn))
    assert caught.value.remedy == "use engine='direct'"
    if drawn == "plain":
        with refused("engine", own):
            simulate(RELU, [ActivationNorms()], samples=2, engine=engine)


def test_a_network_that_outgrows_memory_is_refused_before_it_is_drawn():
    with refused("depth", "above 2 GiB"):
        simulate(RELU.at(width=2**14, depth=2, architecture="layernorm"), [ActivationNorms()], samples=1)
