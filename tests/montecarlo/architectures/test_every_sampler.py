"""Nothing in montecarlo takes another architecture for a plain one: networks are drawn as they are, or refused."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import montecarlo
from montecarlo import (
    ActivationNorms,
    Angles,
    ChainHessian,
    Chunk,
    CurvatureRatios,
    DeadUnits,
    GradientGrowth,
    GradientNorms,
    GradientProducts,
    HessianExtremes,
    HessianIndex,
    HessianNorms,
    InnerProducts,
    JacobianSingularValues,
    LossCurvature,
    Observable,
    particle_mean,
    simulate,
    tail_probability,
)
from montecarlo.curvature import Network
from montecarlo.engines.direct import Direct
from montecarlo.engines.law_exact import LawExact, LawExactNorms
from montecarlo.engines.norms_in_law import NormChunk
from montecarlo.engines.vectors_in_law import VectorChunk
from montecarlo.engines.width_one import WidthOneChunk
from montecarlo.rare_events.particles import island_variance, islands_needed
from montecarlo.training import GradientDescent
from montecarlo.training.escape_observables import EscapeRatios, EscapeTimes
from montecarlo.training.one_input import OneInput
from tests.montecarlo.architectures.by_hand import RELU, drawn
from theory.ensembles import InvalidArgument

ARCHITECTURES = ["residual:1/2", "residual:1/sqrt(L):two", "residual:0:two", "layernorm", "batchnorm:4"]
each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)
EVERY, RESIDUAL = set(ARCHITECTURES), {text for text in ARCHITECTURES if text.startswith("residual")}

OBSERVABLES = {
    ActivationNorms(): EVERY,
    GradientNorms(): EVERY,
    GradientProducts(1, 2): EVERY,
    GradientGrowth(1, 2): EVERY,
    HessianExtremes(): EVERY,
    HessianNorms(): RESIDUAL,
    HessianNorms([(1, 2)]): set(),
    HessianIndex(): set(),
    CurvatureRatios(): set(),
    LossCurvature(): set(),
    ChainHessian(): set(),
    InnerProducts(): set(),
    Angles(): set(),
    DeadUnits(): set(),
    JacobianSingularValues(): set(),
    EscapeTimes(GradientDescent(0.1)): set(),
    EscapeRatios(GradientDescent(0.1), (GradientDescent(0.2),)): set(),
}
"""What is measured of which architecture; that it is right is tested beside it."""

SAMPLERS = {
    "Chunk": lambda net: Chunk(net, np.random.default_rng(0), 2),
    "NormChunk": lambda net: NormChunk(net, np.random.default_rng(0), 2),
    "VectorChunk": lambda net: VectorChunk(net, np.random.default_rng(0), 2),
    "WidthOneChunk": lambda net: WidthOneChunk(net, np.random.default_rng(0), 2),
    "Direct.refuse": lambda net: Direct().refuse(net),
    "LawExact.refuse": lambda net: LawExact().refuse(net),
    "LawExactNorms.refuse": lambda net: LawExactNorms().refuse(net),
    "Network.sample": lambda net: Network.sample(net),
    "particle_mean": lambda net: particle_mean(net, islands=4, particles=8, error=0.1),
    "island_variance": lambda net: island_variance(net, particles=8),
    "islands_needed": lambda net: islands_needed(net, particles=8, error=0.1, relative_half_width=0.5),
    "tail_probability": lambda net: tail_probability(net, 1, samples=10, error=0.1),
}
"""What is known for plain networks only."""

INDIFFERENT = {
    *("draw_readout", "check_sampler", "Partition.of", "sizes", "Weights", "Scratch"),
    *("Direct.partition", "LawExact.partition", "LawExactNorms.partition"),
    *("layers_between", "particles.require_layer", "as_ensemble"),
}
"""What only reads sizes, weights, input and readout."""

AS_WIRED = {
    *("ResidualChunk", "LayerNormChunk", "BatchNormChunk", "KeptChunk", "partition_of_kept", "require_kept"),
    *("Wired.refuse", "Wired.partition", "Wired.opened", "layers_of", "branch_scale"),
    *("find_engine", "simulate", "Task", "Simulation"),
}
"""What draws networks as their architecture says."""

PASSED_ON = {"Direct.opened", "LawExact.opened", "LawExactNorms.opened", "ParticleMean", "TailProbability"}
"""What leads to one of the samplers, or comes from one."""


def takes_net(thing):
    try:
        return "net" in inspect.signature(thing).parameters
    except (TypeError, ValueError):  # the signature of some classes is not known
        return False


def found():
    """Everything public with a parameter `net`, by its name; those that say so in a protocol do nothing themselves."""
    for module in pkgutil.walk_packages(montecarlo.__path__, "montecarlo."):
        for name, thing in vars(importlib.import_module(module.name)).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != module.name or not callable(thing):
                continue
            if takes_net(thing):
                yield f"{module.name.rpartition('.')[2]}.{name}" if name == "require_layer" else name
            if inspect.isclass(thing) and not getattr(thing, "_is_protocol", False):
                methods = ((key, getattr(thing, key)) for key in vars(thing) if not key.startswith("_"))
                yield from (f"{name}.{key}" for key, method in methods if callable(method) and takes_net(method))


def test_nothing_takes_a_network_that_is_not_thought_of_here():
    observables = {f"{type(observable).__name__}.components" for observable in OBSERVABLES}
    assert set(found()) == observables | set(SAMPLERS) | INDIFFERENT | AS_WIRED | PASSED_ON


@each_architecture
@pytest.mark.parametrize("observable", OBSERVABLES, ids=lambda observable: type(observable).__name__)
def test_what_is_measured_of_an_architecture_is_known_of_it(observable, architecture):
    """Where it is not, the refusal names the architecture, not what a plain network would have to have."""
    assert isinstance(observable, Observable)
    net = RELU.at(architecture=architecture)
    if architecture in OBSERVABLES[observable]:
        labels = observable.components(net)
        assert simulate(net, [observable], samples=3)[observable].logs.shape == (3, len(labels))
        return
    with pytest.raises(InvalidArgument) as caught:
        simulate(net, [observable], samples=3)
    assert caught.value.argument == "architecture"
    assert caught.value.remedy == "use architecture='plain'"
    if not isinstance(observable, (DeadUnits, InnerProducts, Angles)):  # they ask for what no other architecture has
        with pytest.raises(InvalidArgument) as caught:
            observable.components(net)
        assert caught.value.argument == "architecture"


@each_architecture
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_what_is_known_for_plain_networks_refuses_others(sampler, architecture):
    net = RELU
    if sampler == "WidthOneChunk":
        if architecture == "layernorm":  # which width one has not
            return
        net = RELU.at(width=1)
    SAMPLERS[sampler](net)
    with pytest.raises(InvalidArgument) as caught:
        SAMPLERS[sampler](net.at(architecture=architecture))
    assert caught.value.argument == "architecture"
    assert architecture in caught.value.problem
    assert caught.value.remedy == "use architecture='plain'"


@each_architecture
@pytest.mark.parametrize("engine", [Direct(), LawExact(), LawExactNorms()], ids=lambda engine: engine.name)
def test_an_engine_of_plain_networks_draws_no_others(engine, architecture):
    net = RELU.at(architecture=architecture)
    with pytest.raises(InvalidArgument) as caught:
        engine.opened(net, frozenset(), None)(np.random.default_rng(0), 2)
    assert caught.value.argument == "architecture"


@each_architecture
def test_the_loss_on_one_input_is_not_that_of_a_plain_network(architecture):
    chunk = drawn(RELU.at(architecture=architecture), 2)
    with pytest.raises(InvalidArgument) as caught:
        OneInput.of_chunk(chunk, 1.0)
    assert caught.value.argument == "architecture"
    assert OneInput.of_chunk(Chunk(RELU, np.random.default_rng(0), 2, needs=frozenset({"weights"})), 1.0)
