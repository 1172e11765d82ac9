from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
import pytest

from montecarlo import ActivationNorms, Angles, GradientNorms, HessianNorms, InnerProducts, simulate
from montecarlo.architectures.engine import Wired
from montecarlo.drawing import streams
from montecarlo.engines.direct import Direct
from montecarlo.engines.law_exact import LawExact, LawExactNorms
from montecarlo.runs.blocks import Part, Task, merged, run_block
from theory.ensembles import Ensemble, InvalidArgument

NET = Ensemble(width=3, depth=6, activation="relu", init="he")
ENGINES = [Direct(), Direct("float32"), LawExact(), LawExactNorms()]
PARTS = [(keep, covariance) for keep in (True, False) for covariance in (True, False)]


BOTH = (ActivationNorms(), GradientNorms())


def task(engine=ENGINES[0], observables=BOTH, seed=5, keep=True, covariance=False):
    return Task(NET, observables, engine, seed, keep, covariance)


def bits(part):
    return {name: (array.dtype.str, array.shape, array.tobytes()) for name, array in part.arrays().items()}


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
@pytest.mark.parametrize(("keep", "covariance"), PARTS)
def test_a_block_is_a_pure_function(engine, keep, covariance):
    one, other = (run_block(task(engine, keep=keep, covariance=covariance), 3, 20) for _ in range(2))
    assert [bits(part) for part in one] == [bits(part) for part in other]


@pytest.mark.parametrize(
    "changed", [{"seed": 6}, {"engine": Direct("float32")}, {"engine": LawExact()}, {"engine": LawExactNorms()}]
)
def test_seed_and_engine_make_other_networks(changed):
    one, other = run_block(task(), 3, 20)[0].values, run_block(task(**changed), 3, 20)[0].values
    assert np.abs(np.exp(one[:, 1]) - np.exp(other[:, 1])).max() > 1e-3


def test_block_numbers_make_other_networks():
    blocks = [run_block(task(), block, 20)[0].values for block in range(3)]
    assert len({block.tobytes() for block in blocks}) == 3


@pytest.mark.parametrize(("keep", "covariance"), PARTS)
def test_arrays_bring_back_every_bit(keep, covariance):
    for part in run_block(task(keep=keep, covariance=covariance), 0, 50):
        again = Part.from_arrays(part.arrays())
        assert bits(again) == bits(part)
        assert (again.values is None, again.counts is None, again.covariance is None) == (
            not keep,
            keep,
            not covariance,
        )
        assert type(again.moments.count) is int
        assert [field.name for field in fields(again.moments)] == [field.name for field in fields(part.moments)]


def test_what_comes_back_can_be_merged():
    parts = [run_block(task(keep=False, covariance=True), block, 50) for block in range(2)]
    again = [[Part.from_arrays(part.arrays()) for part in block] for block in parts]
    for one, other in zip(merged(*parts), merged(*again), strict=True):
        assert bits(one) == bits(other)
        assert one.moments.count == one.counts.count == 100


def test_values_are_kept_elsewhere():
    part = run_block(task(), 0, 5)[0]
    assert part.values.shape == (5, 7)
    assert part.without_values().values is None
    assert part.merge(part).values is None


def test_needs_are_those_of_all_observables():
    observables = (ActivationNorms(), HessianNorms(), InnerProducts("1/2"))
    assert task(observables=observables).needs == {"backward", "weights", "second_input"}
    assert task(observables=(ActivationNorms(),)).needs == frozenset()


def test_there_is_one_second_input():
    assert task().second_input is None
    assert (
        task(observables=(InnerProducts("1/2"), Angles("1/2"))).second_input.cosine
        == InnerProducts("1/2").second_input.cosine
    )
    with pytest.raises(InvalidArgument, match=r"^observables: ask for second inputs at different angles"):
        _ = task(observables=(InnerProducts("1/2"), Angles())).second_input


def test_streams_are_named_by_ensemble_and_engine_alone():
    names = {task(engine, observables).stream for engine in ENGINES for observables in [(ActivationNorms(),), ()]}
    assert len(names) == len(ENGINES)
    assert Task(NET.at(depth=7), (), ENGINES[0], 5, True, False).stream not in names


def test_an_architectures_stream_is_named_by_its_plain_ensemble_and_its_engine():
    """As it was named before ensembles knew of architectures: the same networks come out of it."""
    names = {"residual:1/L": "residual-relu-1/L", "layernorm": "layer-norm", "batchnorm:8": "batch-norm-8"}
    for architecture, name in names.items():
        net = NET.at(architecture=architecture)
        assert Task(net, (), Wired(net.architecture), 5, True, False).stream == f"{NET.digest()}/{name}"


@dataclass(frozen=True)
class Odd:
    """Returns zeros, but for what it is told to."""

    wrong: str
    name: ClassVar[str] = "Odd"
    needs: ClassVar[frozenset[str]] = frozenset()

    def components(self, net):
        return ("one", "other")

    def measure(self, chunk):
        values = np.zeros((chunk.networks, 2))
        if self.wrong == "shape":
            return values[:, :1]
        if self.wrong == "networks":
            return values[:-1]
        if self.wrong == "transposed":
            return values.T
        values[0, 1] = float(self.wrong)
        return values


@pytest.mark.parametrize("wrong", ["shape", "networks", "transposed", "nan", "inf"])
def test_an_unsound_observable_is_told_with_block_seed_and_replay(wrong):
    with pytest.raises(InvalidArgument) as refusal:
        run_block(task(observables=(ActivationNorms(), Odd(wrong)), seed=11), 4, 10)
    text = str(refusal.value)
    assert text.startswith("observables: Odd in block 4 of seed 11 has ")
    assert "simulate(..., block=4)" in text
    assert "vanishing sample ... --block 4" in text
    assert ("shape" in refusal.value.problem) == (wrong not in ("nan", "inf"))


def test_minus_infinity_is_a_value():
    assert run_block(task(observables=(Odd("-inf"),)), 0, 10)[0].moments.alive.tolist() == [10, 9]


def test_the_replay_that_is_told_replays(monkeypatch):
    """The largest norm fails, in one block alone: the replay of that block has the same message."""
    monkeypatch.setattr(streams, "CHUNK_BYTES", 1_000)
    monkeypatch.setattr(streams, "BLOCK_WEIGHTS", 2_000)
    norms = simulate(NET, [ActivationNorms((1,))], samples=300, seed=1)[ActivationNorms((1,))].logs
    failing = int(norms.argmax()) // Direct().partition(NET).block
    messages = set()
    for block in (None, failing):
        with pytest.raises(InvalidArgument, match=f"block {failing} of seed 1 has") as refusal:
            simulate(NET, [Above(float(norms.max()))], samples=300, seed=1, block=block)
        messages.add(str(refusal.value))
    assert len(messages) == 1


@dataclass(frozen=True)
class Above:
    """Fails where a norm reaches a bound."""

    bound: float
    name: ClassVar[str] = "Above"
    needs: ClassVar[frozenset[str]] = frozenset()

    def components(self, net):
        return ("a_1",)

    def measure(self, chunk):
        logs = chunk.log_activation_norms([1])
        return np.where(logs >= self.bound, np.nan, logs)
