from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
import pytest

from montecarlo import ActivationNorms, ChainHessian, Chunk, GradientNorms, simulate, streams
from montecarlo.estimators import Moments
from montecarlo.simulate import run_block
from montecarlo.streams import Partition, stream
from theory.ensembles import Ensemble, InvalidArgument, Law

NET = Ensemble(width=8, depth=400, activation="relu", init="he", readout="signs")
A, G = ActivationNorms((0, 200, 400)), GradientNorms((1, 400))


def moment_bits(moments):
    return [np.asarray(getattr(moments, field.name)).tobytes() for field in fields(moments)]


def bits(simulation):
    return [
        (repr(observable), readings.logs.tobytes(), moment_bits(readings.moments))
        for observable, readings in simulation.readings.items()
    ]


def test_the_bits_do_not_depend_on_the_workers():
    """Three blocks, the last one partial."""
    samples = 2 * Partition.of(NET).block + 100
    alone = simulate(NET, [A, G], samples=samples, seed=7)
    assert np.isneginf(alone[A].logs).any()  # dead networks are among them
    assert bits(simulate(NET, [A, G], samples=samples, seed=7, jobs=2)) == bits(alone)
    with ThreadPoolExecutor(3) as pool:
        assert bits(simulate(NET, [A, G], samples=samples, seed=7, executor=pool)) == bits(alone)
    assert bits(simulate(NET, [A, G], samples=samples, seed=8)) != bits(alone)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(streams, "CHUNK_LAYER", 500)
    monkeypatch.setattr(streams, "BLOCK_WEIGHTS", 7_000)


SMALL = Ensemble(width=4, depth=6, activation="relu", init="he")


def test_what_is_measured_does_not_change_what_is_drawn(small_blocks):
    both = simulate(SMALL, [ActivationNorms(), GradientNorms()], samples=500)
    alone = simulate(SMALL, [ActivationNorms((6,))], samples=500)
    assert np.array_equal(both[ActivationNorms()].log_values("a_6"), alone[ActivationNorms((6,))].log_values("a_6"))


def test_blocks_are_independent_networks_in_block_order(small_blocks):
    partition = Partition.of(SMALL)
    assert partition.chunk < partition.block < 200
    logs = simulate(SMALL, [ActivationNorms((6,))], samples=500).readings[ActivationNorms((6,))].logs
    alive = logs[np.isfinite(logs)]
    assert len(np.unique(alive)) == len(alive)
    rng = stream(0, SMALL.digest(), 1)
    for start in (partition.block, partition.block + partition.chunk):
        chunk = Chunk(SMALL, rng, partition.chunk)
        assert np.array_equal(logs[start : start + partition.chunk], chunk.log_activation_norms([6]))


def test_whole_blocks_are_a_prefix_of_a_longer_run(small_blocks):
    block = Partition.of(SMALL).block
    short = simulate(SMALL, [ActivationNorms()], samples=2 * block)[ActivationNorms()].logs
    long = simulate(SMALL, [ActivationNorms()], samples=3 * block + 1)[ActivationNorms()].logs
    assert np.array_equal(short, long[: 2 * block])


def test_moments_are_those_of_the_values_kept_or_not(small_blocks):
    observable = ActivationNorms()
    kept = simulate(SMALL, [observable], samples=1_000)[observable]
    dropped = simulate(SMALL, [observable], samples=1_000, keep_values=False)[observable]
    assert dropped.logs is None
    assert moment_bits(kept.moments) == moment_bits(dropped.moments)
    whole = Moments.of(kept.logs)
    np.testing.assert_allclose(kept.mean, np.exp(kept.logs).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(kept.log_mean, whole.log_mean, rtol=1e-12)
    np.testing.assert_allclose(kept.log_variance, whole.log_variance, rtol=1e-9)
    assert np.array_equal(kept.survival, np.isfinite(kept.logs).mean(axis=0))
    with pytest.raises(InvalidArgument, match=r"^keep_values"):
        dropped.quantile(0.5, "a_6")


def test_quantiles():
    observable = ActivationNorms((6,))
    readings = simulate(SMALL, [observable], samples=4_001)[observable]
    estimate = readings.quantile(0.5, "a_6", error=1e-6)
    assert estimate.lo < estimate.value == np.median(readings.log_values("a_6")) < estimate.hi
    assert readings.quantile(0.01, "a_6").value == -np.inf  # P(dead) > 6/16 * 3/4
    with pytest.raises(InvalidArgument, match=r"^component: there is no component 'a_5'; use one of a_6"):
        readings.quantile(0.5, "a_5")


def test_progress_is_told_in_order(small_blocks):
    seen = []
    simulate(SMALL, [A.__class__((1,))], samples=300, progress=lambda done, samples: seen.append((done, samples)))
    block = Partition.of(SMALL).block
    assert seen == [(done, 300) for done in range(block, 300, block)] + [(300, 300)]


@dataclass(frozen=True)
class Odd:
    """Returns what it is told to."""

    wrong: str
    name: ClassVar[str] = "Odd"
    needs: ClassVar[frozenset[str]] = frozenset()

    def components(self, net):
        return ("one",)

    def measure(self, chunk):
        if self.wrong == "shape":
            return np.zeros(chunk.networks)
        return np.full((chunk.networks, 1), {"nan": np.nan, "inf": np.inf, "nothing": -np.inf}[self.wrong])


@pytest.mark.parametrize("wrong", ["shape", "nan", "inf"])
def test_an_unsound_observable_is_named(wrong):
    with pytest.raises(InvalidArgument, match="observables: Odd in block 0 of seed 11 has"):
        simulate(SMALL, [Odd(wrong)], samples=10, seed=11)


def test_an_observable_of_ones_own():
    readings = simulate(SMALL, [Odd("nothing")], samples=10)[Odd("nothing")]
    assert readings.survival == [0]


def test_weights_and_gradients_at_once():
    net = Ensemble(width=1, depth=4)
    simulation = simulate(net, [ChainHessian(), GradientNorms()], samples=100)
    assert simulation[ChainHessian()].logs.shape == (100, 4)
    assert np.isfinite(simulation[ChainHessian()].logs).all()


def skew(rng, shape):
    return rng.exponential(size=shape) - 1


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"net": Ensemble(width="n", depth=3)}, "width"),
        ({"net": Ensemble(width=3, depth="L")}, "depth"),
        ({"net": Ensemble(width=3, depth=2, law="symmetric")}, "law"),
        ({"net": Ensemble(width=3, depth=2, law=Law.from_moments("mine", {2: 1, 4: 2}))}, "law"),
        ({"net": Ensemble(width=3, depth=2, law=Law.from_moments("skew", {2: 1}, sampler=skew))}, "law"),
        ({"net": "a network"}, "net"),
        ({"samples": 0}, "samples"),
        ({"samples": 1.5}, "samples"),
        ({"samples": True}, "samples"),
        ({"samples": 10**12}, "samples"),
        ({"seed": -1}, "seed"),
        ({"seed": 0.5}, "seed"),
        ({"seed": None}, "seed"),
        ({"jobs": 0}, "jobs"),
        ({"jobs": "two"}, "jobs"),
        ({"executor": 3}, "executor"),
        ({"progress": 3}, "progress"),
        ({"observables": []}, "observables"),
        ({"observables": ActivationNorms()}, "observables"),
        ({"observables": "norms"}, "observables"),
        ({"observables": [ActivationNorms]}, "observables"),
        ({"observables": [3]}, "observables"),
        ({"observables": [ActivationNorms((1,)), ActivationNorms([1])]}, "observables"),
        ({"observables": [ActivationNorms((9,))]}, "layers"),
        ({"observables": [ChainHessian()]}, "width"),
    ],
)
def test_bad_arguments_are_named(changes, argument):
    arguments = {"net": SMALL, "observables": [ActivationNorms()], "samples": 10, **changes}
    with pytest.raises(InvalidArgument) as refusal:
        simulate(arguments.pop("net"), arguments.pop("observables"), **arguments)
    assert refusal.value.argument == argument


def test_too_many_values_can_be_folded_instead():
    with pytest.raises(InvalidArgument, match=r"samples: .* GiB .*; measure fewer layers or keep_values=False"):
        simulate(SMALL, [ActivationNorms()], samples=10**9)


def test_a_sampler_that_cannot_travel_is_refused_before_anything_is_drawn():
    law = Law.from_moments("mine", {2: 1, 4: 3}, sampler=lambda rng, shape: rng.standard_normal(shape))
    net = SMALL.at(law=law)
    assert simulate(net, [A.__class__((6,))], samples=10).samples == 10
    with pytest.raises(InvalidArgument, match="law: cannot travel"):
        simulate(net, [A.__class__((6,))], samples=10, jobs=2)


def test_an_observable_not_measured_is_refused():
    with pytest.raises(InvalidArgument, match=r"observable: .* was not measured"):
        simulate(SMALL, [ActivationNorms()], samples=2)[GradientNorms()]


def test_a_block_is_a_pure_function():
    task = (SMALL, (ActivationNorms((6,)),), 3, SMALL.digest(), 5, 20, True)
    (one, values), (other, again) = run_block(*task)[0], run_block(*task)[0]
    assert moment_bits(one) == moment_bits(other)
    assert np.array_equal(values, again)


def test_numpy_integers_are_integers():
    simulation = simulate(SMALL, [ActivationNorms((6,))], samples=np.int64(10), seed=np.uint8(3))
    assert (type(simulation.samples), type(simulation.seed)) == (int, int)
    same = simulate(SMALL, [ActivationNorms((6,))], samples=10, seed=3)
    assert bits(same) == bits(simulation)
