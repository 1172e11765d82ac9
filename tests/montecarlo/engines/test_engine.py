"""Ways to sample networks: the same bits on any workers, the same law whichever way."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest

from montecarlo import (
    ActivationNorms,
    Angles,
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
from montecarlo.engines.real_matrices import Chunk
from montecarlo.engines.vectors_in_law import VectorChunk
from montecarlo.engines.width_one import WidthOneChunk
from montecarlo.runs.choice_of_engine import find_engine
from tests.montecarlo.engines.same_law import differing
from theory.ensembles import Ensemble, InvalidArgument

NET = Ensemble(width=4, depth=20, activation="relu", init="he", readout="signs")
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
        engine = find_engine(options.get("engine", "direct"), net, frozenset(), options.get("dtype", "float64"))
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
                assert samples > find_engine(engine, net, frozenset({"backward"}), "float64").partition(net).block
                there = simulate(net, [GradientNorms((1,))], samples=samples, engine=engine, executor=workers)
                assert bits(there) == bits(alone)


def test_each_engine_draws_its_own_kind():
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


def test_names_and_needs():
    assert len({engine.name for engine in (Direct(), Direct("float32"), LawExact(), LawExactNorms())}) == 4
    assert LawExactNorms.provides < LawExact.provides < Direct.provides == ALL_NEEDS


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


@pytest.mark.parametrize("drawn", [Chunk, VectorChunk, NormChunk, WidthOneChunk])
@pytest.mark.parametrize("activation", ["linear", "leaky:1/3"])
@pytest.mark.parametrize("power", [-400, 400])
def test_no_size_is_beyond_floats(drawn, activation, power):
    """Input, readout and variances of 10^+-400 move the logs by what they are, on the same random numbers."""
    width = 1 if drawn is WidthOneChunk else 3
    plain = Ensemble(width=width, depth=3, activation=activation, init=1, input=(1,) * width, readout=(2,) * width)
    ten = Fraction(10) ** power
    far = plain.at(init=ten, input=(ten,) * width, readout=(2 * ten,) * width)
    with np.errstate(all="raise", under="ignore"):
        near, moved = (drawn(net, rng(7), 20, needs=frozenset({"backward"})) for net in (plain, far))
        for logs, squares in [
            (lambda chunk: chunk.log_activation_norms([3])[:, 0], 2 + 3),
            (lambda chunk: chunk.log_gradient_norms([2])[:, 0], 4 + 2),
            (lambda chunk: chunk.log_output_squares(), 4 + 3),
        ]:
            assert logs(moved) - logs(near) == pytest.approx(squares * power * np.log(10), rel=1e-11)


@pytest.mark.parametrize("power", [-400, 400])
def test_jacobians_of_weights_beyond_floats(power):
    plain = Ensemble(width=3, depth=4, activation="relu", init=1)
    near, far = (
        Chunk(net, rng(7), 20, needs=frozenset({"backward", "weights"}))
        for net in (plain, plain.at(init=Fraction(10) ** power))
    )
    before, after = near.log_jacobian_norms(1, 4), far.log_jacobian_norms(1, 4)
    alive = np.isfinite(before)
    assert (np.isfinite(after) == alive).all()
    assert after[alive] - before[alive] == pytest.approx(2 * power * np.log(10), rel=1e-11)


def test_weights_that_no_float_holds_are_refused():
    chunk = Chunk(Ensemble(width=2, depth=1, init="1e700"), rng(1), 2, needs=frozenset({"weights"}))
    assert np.isfinite(chunk.log_activation_norms([1])).all()
    with pytest.raises(InvalidArgument, match="init: makes weights of about"):
        chunk.weights(1)
