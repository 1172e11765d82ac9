"""Ways to sample networks: the same bits on any workers, the same law whichever way, refusals with a remedy."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest

from montecarlo import (
    ActivationNorms,
    Angles,
    ChainHessian,
    DeadUnits,
    GradientNorms,
    HessianNorms,
    borrowed,
    processes,
    simulate,
    threads,
)
from montecarlo.drawing import streams
from montecarlo.engines.direct import Direct
from montecarlo.engines.engine import ALL_NEEDS
from montecarlo.engines.law_exact import LawExact, LawExactNorms
from montecarlo.engines.norms_in_law import NormChunk
from montecarlo.engines.real_matrices import Chunk, Scratch
from montecarlo.engines.vectors_in_law import VectorChunk
from montecarlo.engines.width_one import WidthOneChunk
from montecarlo.intervals import catoni_interval, clopper_pearson_interval
from montecarlo.runs.choice_of_engine import find_engine
from tests.montecarlo.engines.same_law import differing, functionals
from theory.ensembles import Ensemble, InvalidArgument, Law
from theory.log_laws.log_norms import survival
from theory.moments.activations import activation_moment

NET = Ensemble(width=4, depth=20, activation="relu", init="he", readout="signs")
ALL = frozenset({"backward", "weights", "units"})
ENGINES = ["direct", "law-exact"]


def rng(*key):
    return np.random.Generator(np.random.SFC64(key))


def bits(simulation):
    return [readings.logs.tobytes() for readings in simulation.readings.values()]


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(streams, "CHUNK_BYTES", 8_000)
    monkeypatch.setattr(streams, "BLOCK_WEIGHTS", 100_000)


class TestWorkers:
    CASES: ClassVar = [
        (NET, (ActivationNorms(), GradientNorms()), {}),
        (NET, (ActivationNorms(), GradientNorms()), {"dtype": "float32"}),
        (NET.at(law="uniform"), (ActivationNorms(), HessianNorms([(1, 3)]), DeadUnits()), {"dtype": "float32"}),
        (NET, (GradientNorms(), Angles()), {}),
        (NET, (GradientNorms(), DeadUnits()), {"engine": "law-exact"}),
        (NET, (ActivationNorms(), Angles()), {"engine": "law-exact"}),
        (Ensemble(width=1, depth=30, activation="relu"), (GradientNorms(),), {}),
    ]

    @pytest.mark.parametrize(("net", "observables", "options"), CASES)
    def test_threads_have_the_same_bits(self, small_blocks, monkeypatch, net, observables, options):
        engine = find_engine(options.get("engine", "direct"), frozenset(), options.get("dtype", "float64"))
        partition = streams.Partition(64, 128)
        for kind in (Direct, LawExact, LawExactNorms):
            monkeypatch.setattr(kind, "partition", lambda self, net: partition)
        assert engine.partition(net) is partition
        alone = bits(simulate(net, observables, samples=1_000, **options))
        for jobs in (2, 3):
            assert bits(simulate(net, observables, samples=1_000, jobs=jobs, **options)) == alone
        with ThreadPoolExecutor(2) as pool:
            assert bits(simulate(net, observables, samples=1_000, executor=pool, **options)) == alone
        with threads(3) as workers, ThreadPoolExecutor(2) as pool:
            assert bits(simulate(net, observables, samples=1_000, executor=workers, **options)) == alone
            assert bits(simulate(net, observables, samples=1_000, executor=borrowed(pool), **options)) == alone

    def test_processes_have_the_same_bits(self):
        """Real blocks, as worker processes see no changed constants."""
        net = Ensemble(width=64, depth=8, activation="relu", init="he")
        with processes(2) as workers:
            for engine, samples in (("direct", 1_500), ("law-exact", 60_000)):
                alone = simulate(net, [GradientNorms((1,))], samples=samples, engine=engine)
                assert samples > find_engine(engine, frozenset({"backward"}), "float64").partition(net).block
                there = simulate(net, [GradientNorms((1,))], samples=samples, engine=engine, executor=workers)
                assert bits(there) == bits(alone)


def drawn(net, dtype, networks, key, needs=ALL):
    return Chunk(net, rng(key), networks, needs=needs, scratch=Scratch(net, dtype))


@pytest.mark.parametrize("law", ["normal", "uniform", "rademacher"])
def test_single_and_double_precision_have_one_law(law):
    """By DKW at 1e-7; float32 rounds a norm by 1e-6, far less than the distances that are found."""
    net = Ensemble(widths=(3, 6, 4, 5), activation="leaky:1/4", init="he", law=law, input="1,2,-5/2")
    double, single = (functionals(drawn(net, dtype, 20_000, i)) for i, dtype in enumerate(("float64", "float32")))
    if law == "rademacher":  # atoms, moved by rounding
        double, single = ({name: np.round(v, 3) for name, v in found.items()} for found in (double, single))
    assert differing(double, single, error=1e-7) == set()


class TestDeadNetworks:
    """Narrow ReLU networks: those that have died are not drawn any further."""

    @pytest.mark.parametrize(("width", "depth"), [(1, 6), (2, 12), (3, 30), (11, 40)])
    def test_survival_is_exact(self, width, depth):
        net = Ensemble(width=width, depth=depth, activation="relu", init="he", law="uniform")
        chunk = Chunk(net, rng(1, width), 20_000)
        alive = int(np.isfinite(chunk.log_activation_norms([depth])).sum())
        truth = float(survival(net.at(law="normal")))  # the same for all laws without atoms
        interval = clopper_pearson_interval(alive, 20_000, error=1e-8)
        assert interval.lo <= truth <= interval.hi

    @pytest.mark.parametrize(("width", "depth"), [(2, 3), (3, 4), (5, 4)])
    def test_moments_are_exact(self, width, depth):
        net = Ensemble(width=width, depth=depth, activation="relu", init="he")
        values = np.exp(Chunk(net, rng(2, width), 100_000).log_activation_norms([depth])[:, 0])
        second, fourth = (float(activation_moment(net, order).subs("norm_x", 1)) for order in (2, 4))
        interval = catoni_interval(values, fourth - second**2, error=1e-8)
        assert interval.lo <= second <= interval.hi
        assert interval.half_width < 0.15 * second

    def test_dropping_them_does_not_change_the_law(self, monkeypatch):
        """Against the same chunk when it drops none."""
        net = Ensemble(width=2, depth=6, activation="relu", init="he", law="uniform")
        dropping = functionals(Chunk(net, rng(3), 30_000, needs=ALL))
        monkeypatch.setattr("montecarlo.engines.real_matrices._MAY_DIE", 0)
        assert differing(dropping, functionals(Chunk(net, rng(4), 30_000, needs=ALL)), error=1e-7) == set()

    @pytest.mark.parametrize("keep", [True, False])
    def test_weights_that_they_would_have_had_have_the_law(self, keep, monkeypatch):
        """Networks dead by layer 20, at layer 25: signs, fair, and independent of the networks' other weights."""
        if not keep:
            monkeypatch.setattr("montecarlo.engines.real_matrices.KEEP_BYTES", 0)
        net = Ensemble(width=2, depth=25, activation="relu", law="rademacher")
        chunk = Chunk(net, rng(5), 4_000, needs=ALL)
        dead = np.isneginf(chunk.log_activation_norms([20])[:, 0])
        assert dead.sum() > 2_000  # P(alive) < (3/4)^20
        w, earlier = (np.sign(chunk.weights(k)[dead].reshape(dead.sum(), 4)) for k in (25, 22))
        for signs in (w[:, 0], w[:, 3], w[:, 0] * w[:, 1], w[:, 0] * w[:, 2], w[:, 1] * earlier[:, 1]):
            assert set(signs) == {-1.0, 1.0}
            interval = clopper_pearson_interval(int((signs > 0).sum()), len(signs), error=1e-9)
            assert interval.lo <= 0.5 <= interval.hi
        again = chunk.weights(25)
        assert np.array_equal(again, chunk.weights(25))

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_what_is_measured_does_not_change_which_networks_are_drawn(self, dtype):
        net = Ensemble(width=3, depth=40, activation="relu", init="he")
        layers = range(41)
        alone = drawn(net, dtype, 200, 6, frozenset()).log_activation_norms(layers)
        for needs in ({"backward"}, {"weights"}, {"units"}, ALL):
            chunk = drawn(net, dtype, 200, 6, frozenset(needs))
            assert chunk.log_activation_norms(layers).tobytes() == alone.tobytes()


class TestWideLayers:
    def test_memory_does_not_grow_with_the_square_of_the_width(self):
        """4096 x 4096 entries are 128 MiB; drawn row by row, forward and backward, a network takes a few."""
        net = Ensemble(width=4096, depth=2, activation="relu", init="he")
        tracemalloc.start()
        readings = simulate(net, [GradientNorms((2,))], samples=1, dtype="float32")[GradientNorms((2,))]
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 40 * 2**20
        # |G_2|^2 = |D v|^2 |a_1|^2 is 1/2 up to a sum of thousands of independent terms: 8 standard deviations
        assert abs(np.exp(readings.logs[0, 0]) - 0.5) < 8 * 0.5 * np.sqrt((5 + 5) / 4096)

    def test_a_wide_network_is_measured_like_its_own_weights(self):
        """Its slabs, put together."""
        net = Ensemble(widths=(3, 600, 700, 2), activation="relu", init="he")
        chunk = Chunk(net, rng(7), 1, needs=ALL)
        a = chunk.input
        for k in (1, 2, 3):
            a = np.maximum(chunk.weights(k)[0] @ a, 0)
            np.testing.assert_allclose(chunk.log_activation_norms([k])[0, 0], np.log(a @ a), rtol=0, atol=1e-11)


class TestChoice:
    def test_the_engine_with_the_least_work_is_taken(self):
        assert find_engine("law-exact", frozenset({"backward", "units"}), "float64") == LawExactNorms()
        assert find_engine("law-exact", frozenset({"second_input"}), "float64") == LawExact()
        assert find_engine("direct", frozenset(), "float32") == Direct("float32")
        assert find_engine(mine := LawExact(), frozenset(), "float64") is mine

    def test_each_engine_draws_its_own_kind(self):
        needs = frozenset({"backward"})
        for engine, net, kind in (
            (Direct(), NET, Chunk),
            (Direct(), Ensemble(width=1, depth=3), WidthOneChunk),
            (Direct(), Ensemble(width=1, depth=3, init="orthogonal"), Chunk),
            (LawExact(), NET, VectorChunk),
            (LawExactNorms(), NET, NormChunk),
        ):
            chunk = engine.opened(net, needs, None)(rng(8), 5)
            assert isinstance(chunk, kind)
            assert chunk.log_gradient_norms([1]).shape == (5, 1)

    def test_names_and_needs(self):
        assert len({engine.name for engine in (Direct(), Direct("float32"), LawExact(), LawExactNorms())}) == 4
        assert LawExactNorms.provides < LawExact.provides < Direct.provides == ALL_NEEDS

    @pytest.mark.parametrize("engine", [LawExact(), LawExactNorms()])
    @pytest.mark.parametrize(
        "net", [Ensemble(width=2, depth=3), NET, Ensemble(widths=(700, 3000, 2)), Ensemble(width=1, depth=9)]
    )
    def test_blocks_are_whole_chunks(self, engine, net):
        partition = engine.partition(net)
        assert partition.chunk >= 1
        assert partition.block % partition.chunk == 0

    @pytest.mark.parametrize("engine", ["law exact", "", None, 3, LawExact])
    def test_no_engines(self, engine):
        with pytest.raises(InvalidArgument, match=r"^engine: there is no engine .*; use 'direct' or 'law-exact'"):
            simulate(NET, [ActivationNorms()], samples=10, engine=engine)

    @pytest.mark.parametrize("dtype", ["float16", "int64", None, np.int32, dict, 32])
    def test_no_precisions(self, dtype):
        with pytest.raises(InvalidArgument, match=r"^dtype: .*; use 'float64' or 'float32'"):
            simulate(NET, [ActivationNorms()], samples=10, dtype=dtype)

    @pytest.mark.parametrize("dtype", [np.float32, np.dtype("float32")])
    def test_precisions_of_numpy(self, dtype):
        runs = [simulate(NET, [ActivationNorms()], samples=10, dtype=d)[ActivationNorms()] for d in (dtype, "float32")]
        np.testing.assert_array_equal(*(run.log_values("a_1") for run in runs))

    @pytest.mark.parametrize(
        "net",
        [
            NET.at(law="uniform"),
            NET.at(law="rademacher"),
            NET.at(init="orthogonal"),
            NET.at(law=Law.discrete({-1: "1/2", 1: "1/2"}, name="coin")),
        ],
        ids=Ensemble.describe,
    )
    def test_law_exact_is_for_normal_weights(self, net):
        with pytest.raises(
            InvalidArgument, match=r"^engine: .* needs independent normal weights, .*; use engine='direct'"
        ):
            simulate(net, [ActivationNorms()], samples=10, engine="law-exact")

    @pytest.mark.parametrize(
        ("engine", "observable", "net", "name"),
        [
            ("law-exact", HessianNorms(), NET, "law-exact"),
            ("law-exact", ChainHessian(), Ensemble(width=1, depth=3), "law-exact"),
            (LawExactNorms(), Angles(), NET, "law-exact-norms"),
        ],
    )
    def test_what_an_engine_has_not_is_told(self, engine, observable, net, name):
        with pytest.raises(InvalidArgument) as refusal:
            simulate(net, [observable], samples=10, engine=engine)
        lacking = min(observable.needs - find_engine(engine, observable.needs, "float64").provides)
        assert str(refusal.value) == (
            f"engine: {name} does not have the {lacking} that {observable.name} needs; use engine='direct'"
        )

    def test_one_direction_holds_no_angle(self):
        with pytest.raises(InvalidArgument, match=r"^width: "):
            simulate(Ensemble(width=1, depth=3), [Angles()], samples=10)


@dataclass(frozen=True)
class Signs:
    """How many units of the last layer are on, plus one, beside |G_1|."""

    name: ClassVar[str] = "Signs"
    needs: ClassVar[frozenset[str]] = frozenset({"units", "backward"})

    def components(self, net):
        return ("on", "G_1")

    def measure(self, chunk):
        depth = int(chunk.net.depth)
        return np.concatenate([np.log1p(chunk.active_units([depth])), chunk.log_gradient_norms([1])], axis=1)


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/2"])
@pytest.mark.parametrize("width", [1, 2])
def test_an_observable_of_ones_own_reads_one_law_off_every_engine(activation, width):
    """A fixed readout: the last layer's units and the gradients depend on each other."""
    net = Ensemble(width=width, depth=2, activation=activation, readout="ones")
    found = []
    for engine in (Direct(), Direct("float32"), LawExact(), LawExactNorms()):
        on, gradient = simulate(net, [Signs()], samples=20_000, engine=engine)[Signs()].logs.T
        found.append({"on": on, "G_1": gradient, "on, then G_1": 1e4 * on + np.clip(gradient, -1e3, 1e3)})
    for other in found[1:]:
        assert differing(found[0], other, error=1e-7 / 3) == set()


def test_angles_have_one_law_off_both_engines():
    net, angles = Ensemble(width=4, depth=3, activation="leaky:1/2"), Angles(Fraction(1, 3))
    found = []
    for engine in ENGINES:
        logs = simulate(net, [angles], samples=20_000, engine=engine)[angles].logs
        found.append({f"angle_{k}": logs[:, k] for k in range(4)})
    assert differing(*found, error=1e-7) == set()
