"""Nothing in montecarlo takes another architecture for a plain one, or what is no network for one."""

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
    NormProducts,
    Observable,
    particle_mean,
    simulate,
    tail_probability,
)
from montecarlo.activations import smooth_of
from montecarlo.architectures.batch_norm import BatchNormChunk
from montecarlo.architectures.engine import Wired
from montecarlo.architectures.kept_weights import partition_of_kept, require_kept
from montecarlo.architectures.layer_norm import LayerNormChunk
from montecarlo.architectures.plain import PlainChunk
from montecarlo.architectures.residual import ResidualChunk
from montecarlo.architectures.wiring import branch_scale, layers_of
from montecarlo.arguments import as_ensemble
from montecarlo.curvature import Network
from montecarlo.drawing.activation_check import check_activation, require_complex_slopes
from montecarlo.drawing.biases import Biases
from montecarlo.drawing.input_and_readout import draw_readout
from montecarlo.drawing.sampler_check import check_sampler
from montecarlo.drawing.streams import Partition, sizes
from montecarlo.drawing.weights import Weights
from montecarlo.engines.any_activation_in_law import AnyActivationChunk
from montecarlo.engines.direct import Direct
from montecarlo.engines.law_exact import LawExact, LawExactAnyActivation, LawExactNorms
from montecarlo.engines.norms_in_law import NormChunk
from montecarlo.engines.real_matrices import Scratch
from montecarlo.engines.vectors_in_law import VectorChunk
from montecarlo.engines.width_one import WidthOneChunk
from montecarlo.observables import layers_between
from montecarlo.output_squares import OutputSquares
from montecarlo.rare_events.particles import island_variance, islands_needed, require_layer
from montecarlo.rounding import rounding_of
from montecarlo.runs.choice_of_engine import find_engine
from montecarlo.runs.small_blocks import SmallBlocks
from montecarlo.ties import input_square, square_unit
from montecarlo.training import (
    CommitteeSparsity,
    Descent,
    GradientDescent,
    OppositeDirection,
    PairDescent,
    PairFlow,
    SparsePaths,
    StepRefinement,
    Trajectories,
    TwoLayerSparsity,
    WindowErrors,
)
from montecarlo.training.drawn_data import require_matrices
from montecarlo.training.escape_observables import EscapeRatios, EscapeTimes
from montecarlo.training.one_input import OneInput
from montecarlo.training.regression.diagonal_observables import DescentOrders
from tests.montecarlo.architectures.by_hand import RELU, drawn
from theory.ensembles import Ensemble, InvalidArgument

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
    OutputSquares(): EVERY,
    InnerProducts(): set(),
    NormProducts(): set(),
    Angles(): set(),
    DeadUnits(): set(),
    JacobianSingularValues(): set(),
    EscapeTimes(GradientDescent(0.1)): set(),
    EscapeRatios(GradientDescent(0.1), (GradientDescent(0.2),)): set(),
}
"""What is measured of which architecture; that it is right is tested beside it."""

REGRESSIONS = (
    PairFlow("3/2"),
    PairDescent("3/2", learning_rate="1/10", steps=3),
    DescentOrders(2, 0.1, 3),
    SparsePaths(3, 1e-3, 2, 0.1, 0.01, 5),
    WindowErrors(2, 3, scale=1e-6, support=1, noise=0.1, learning_rate=0.05, opens=40, closes=60, late=80),
    OppositeDirection(),
    StepRefinement(0.05, 2, 10),
    CommitteeSparsity(),
    TwoLayerSparsity(),
    Trajectories((Descent("slow", "1/10"),), time=1, images=10),
)
"""What reads the weights of plain networks of a few sizes as the start, or the data, of a regression or a training."""

SAMPLERS = {
    "Chunk": lambda net: Chunk(net, np.random.default_rng(0), 2),
    "NormChunk": lambda net: NormChunk(net, np.random.default_rng(0), 2),
    "VectorChunk": lambda net: VectorChunk(net, np.random.default_rng(0), 2),
    "WidthOneChunk": lambda net: WidthOneChunk(net, np.random.default_rng(0), 2),
    "PlainChunk": lambda net: PlainChunk(net, np.random.default_rng(0), 2),
    "AnyActivationChunk": lambda net: AnyActivationChunk(net, np.random.default_rng(0), 2),
    "LawExactAnyActivation.refuse": lambda net: LawExactAnyActivation().refuse(net),
    "Direct.refuse": lambda net: Direct().refuse(net),
    "LawExact.refuse": lambda net: LawExact().refuse(net),
    "SmallBlocks.refuse": lambda net: SmallBlocks().refuse(net),
    "LawExactNorms.refuse": lambda net: LawExactNorms().refuse(net),
    "Network.sample": lambda net: Network.sample(net),
    "particle_mean": lambda net: particle_mean(net, islands=4, particles=8, error=0.1),
    "island_variance": lambda net: island_variance(net, particles=8),
    "islands_needed": lambda net: islands_needed(net, particles=8, error=0.1, relative_half_width=0.5),
    "require_matrices": lambda net: require_matrices(net, "it", 4, "data", 1),
    "tail_probability": lambda net: tail_probability(net, 1, samples=10, error=0.1),
}
"""What is known for plain networks only."""

RNG = np.random.default_rng(0)
NOTHING: frozenset[str] = frozenset()

INDIFFERENT = {
    "draw_readout": lambda net: draw_readout(net, RNG, 2, 4),
    "check_sampler": lambda net: check_sampler(net, 0),
    "smooth_of": lambda net: smooth_of(net),
    "Biases": lambda net: Biases(net),
    "check_activation": lambda net: check_activation(net),
    "require_complex_slopes": lambda net: require_complex_slopes(net),
    "LawExactAnyActivation.partition": lambda net: LawExactAnyActivation().partition(net),
    "Partition.of": lambda net: Partition.of(net),
    "sizes": lambda net: sizes(net),
    "Weights": lambda net: Weights(net),
    "Scratch": lambda net: Scratch(net),
    "SmallBlocks.partition": lambda net: SmallBlocks().partition(net),
    "Direct.partition": lambda net: Direct().partition(net),
    "LawExact.partition": lambda net: LawExact().partition(net),
    "LawExactNorms.partition": lambda net: LawExactNorms().partition(net),
    "layers_between": lambda net: layers_between(None, 0, net),
    "particles.require_layer": lambda net: require_layer(net, 1),
    "as_ensemble": lambda net: as_ensemble(net),
    "rounding_of": lambda net: rounding_of(net),
    "input_square": lambda net: input_square(net),
}
"""What only reads sizes, weights, input and readout."""

WIRED = Wired(RELU.at(architecture="residual:1/2").architecture)
AS_WIRED = {
    "ResidualChunk": lambda net: ResidualChunk(net, RNG, 2),
    "LayerNormChunk": lambda net: LayerNormChunk(net, RNG, 2),
    "BatchNormChunk": lambda net: BatchNormChunk(net, RNG, 2),
    "partition_of_kept": lambda net: partition_of_kept(net),
    "require_kept": lambda net: require_kept(net),
    "Wired.refuse": lambda net: WIRED.refuse(net),
    "Wired.partition": lambda net: WIRED.partition(net),
    "Wired.opened": lambda net: WIRED.opened(net, NOTHING, None),
    "layers_of": lambda net: layers_of(net),
    "branch_scale": lambda net: branch_scale(net),
    "square_unit": lambda net: square_unit(net, 1),
    "find_engine": lambda net: find_engine("direct", net, NOTHING, "float64"),
    "simulate": lambda net: simulate(net, [ActivationNorms()], samples=2),
}
"""What draws networks, or knows their norms, as their architecture says."""

PASSED_ON = {
    "SmallBlocks.opened": lambda net: SmallBlocks().opened(net, NOTHING, None),
    "Direct.opened": lambda net: Direct().opened(net, NOTHING, None),
    "LawExact.opened": lambda net: LawExact().opened(net, NOTHING, None),
    "LawExactAnyActivation.opened": lambda net: LawExactAnyActivation().opened(net, NOTHING, None),
    "LawExactNorms.opened": lambda net: LawExactNorms().opened(net, NOTHING, None),
}
"""What leads to one of the samplers."""

RESULTS = {"Simulation", "Task", "ParticleMean", "TailProbability", "KeptChunk"}
"""What is made by one of these, with a network that has been read; and what the chunks of architectures share."""


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
    observables = {f"{type(observable).__name__}.components" for observable in (*OBSERVABLES, *REGRESSIONS)}
    assert set(found()) == observables | set(SAMPLERS) | set(INDIFFERENT) | set(AS_WIRED) | set(PASSED_ON) | RESULTS


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
    # these ask for what no other architecture has
    if not isinstance(observable, (DeadUnits, InnerProducts, NormProducts, Angles)):
        with pytest.raises(InvalidArgument) as caught:
            observable.components(net)
        assert caught.value.argument == "architecture"


@each_architecture
@pytest.mark.parametrize("observable", REGRESSIONS, ids=lambda observable: type(observable).__name__)
def test_regressions_read_plain_networks_alone(observable, architecture):
    with pytest.raises(InvalidArgument) as caught:
        observable.components(
            Ensemble(width=4, depth=2 if architecture.endswith("two") else 1, architecture=architecture)
        )
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


@pytest.mark.parametrize("net", ["x", 3, None, [32, 64], Ensemble], ids=repr)
@pytest.mark.parametrize("name", [*SAMPLERS, *INDIFFERENT, *AS_WIRED, *PASSED_ON])
def test_what_is_no_ensemble_is_refused_in_one_line(name, net):
    call = (SAMPLERS | INDIFFERENT | AS_WIRED | PASSED_ON)[name]
    with pytest.raises(InvalidArgument) as caught:
        call(net)
    assert str(caught.value) == f"net: must be an Ensemble, got {net!r}; use e.g. Ensemble(width=32, depth=64)"


@pytest.mark.parametrize("observable", OBSERVABLES, ids=lambda observable: type(observable).__name__)
def test_observables_refuse_what_is_no_ensemble_and_symbols_without_a_number(observable):
    for net, argument in (("x", "net"), (None, "net"), (Ensemble(width="n", depth="L"), "width")):
        with pytest.raises(InvalidArgument) as caught:
            observable.components(net)
        assert caught.value.argument == argument
