from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
import pytest

from montecarlo import (
    ActivationNorms,
    ChainHessian,
    Chunk,
    GradientNorms,
    InnerProducts,
    LogCounts,
    LogCovariance,
    Moments,
    processes,
    simulate,
)
from montecarlo.drawing import streams
from montecarlo.drawing.streams import Partition, stream
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
    monkeypatch.setattr(streams, "CHUNK_BYTES", 4_000)
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
        dropped.log_values("a_6")


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
    needs: frozenset[str] = frozenset()
    name: ClassVar[str] = "Odd"

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
        ({"observables": [InnerProducts(), InnerProducts("1/2")]}, "observables"),
        ({"observables": [Odd("nothing", frozenset({"hessian"}))]}, "observables"),
        ({"block": -1}, "block"),
        ({"block": True}, "block"),
        ({"block": 1}, "block"),
        ({"executor": ThreadPoolExecutor}, "executor"),
    ],
)
def test_bad_arguments_are_named(changes, argument):
    arguments = {"net": SMALL, "observables": [ActivationNorms()], "samples": 10, **changes}
    with pytest.raises(InvalidArgument) as refusal:
        simulate(arguments.pop("net"), arguments.pop("observables"), **arguments)
    assert refusal.value.argument == argument


def test_too_many_values_can_be_folded_instead():
    with pytest.raises(InvalidArgument, match=r"samples: .* GiB .*; .* or keep_values=False"):
        simulate(SMALL, [ActivationNorms()], samples=10**9)


def test_what_cannot_travel_is_refused_before_anything_is_drawn():
    law = Law.from_moments("mine", {2: 1, 4: 3}, sampler=lambda rng, shape: rng.standard_normal(shape))
    net = SMALL.at(law=law)
    assert simulate(net, [ActivationNorms((6,))], samples=10, jobs=2).samples == 10

    @dataclass(frozen=True)
    class Local(ActivationNorms):
        pass

    with processes(2) as workers:
        with pytest.raises(InvalidArgument, match="law: cannot travel"):
            simulate(net, [ActivationNorms((6,))], samples=10, executor=workers)
        with pytest.raises(InvalidArgument, match="observables: cannot travel"):
            simulate(SMALL, [Local((6,))], samples=10, executor=workers)


def test_an_observable_not_measured_is_refused():
    with pytest.raises(InvalidArgument, match=r"observable: .* was not measured"):
        simulate(SMALL, [ActivationNorms()], samples=2)[GradientNorms()]


def test_numpy_integers_are_integers():
    simulation = simulate(SMALL, [ActivationNorms((6,))], samples=np.int64(10), seed=np.uint8(3))
    assert (type(simulation.samples), type(simulation.seed)) == (int, int)
    same = simulate(SMALL, [ActivationNorms((6,))], samples=10, seed=3)
    assert bits(same) == bits(simulation)


OBSERVABLE = ActivationNorms((6,))


def test_counts_enclose_the_quantiles_of_the_values(small_blocks):
    """On a grid of 2^-10, and no wider than that needs."""
    kept = simulate(SMALL, [OBSERVABLE], samples=2_001)[OBSERVABLE]
    counted = simulate(SMALL, [OBSERVABLE], samples=2_001, keep_values=False)[OBSERVABLE]
    assert isinstance(counted.counts, LogCounts)
    assert kept.counts is None
    for p in (0.01, 0.5, 0.9):
        exact, wide = kept.quantile(p, "a_6", 1e-3), counted.quantile(p, "a_6", 1e-3)
        assert wide.lo <= exact.lo <= exact.hi <= wide.hi
        if np.isfinite(exact.lo):
            assert exact.lo - wide.lo <= 2**-10
            assert wide.hi - exact.hi <= 2**-10
            assert abs(wide.value - exact.value) <= 2**-11


def test_covariances_only_if_asked_for(small_blocks):
    observable = ActivationNorms()
    readings = simulate(SMALL, [observable], samples=500, covariance=True)[observable]
    assert simulate(SMALL, [observable], samples=5)[observable].log_covariance is None
    whole = LogCovariance.of(readings.logs)
    assert readings.log_covariance.alive == whole.alive
    np.testing.assert_allclose(readings.log_covariance.covariance, whole.covariance, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("engine", ["direct", "law-exact"])
def test_one_block_alone_has_the_values_that_it_has_among_the_others(small_blocks, engine, monkeypatch):
    whole = simulate(SMALL, [OBSERVABLE], samples=50_000 if engine == "law-exact" else 500, engine=engine)
    values, start, blocks = whole[OBSERVABLE].logs, 0, 0
    while start < len(values):
        alone = simulate(SMALL, [OBSERVABLE], samples=len(values), engine=engine, block=blocks)
        assert alone[OBSERVABLE].logs.tobytes() == values[start : start + alone.samples].tobytes()
        start, blocks = start + alone.samples, blocks + 1
    assert start == len(values)
    assert engine == "law-exact" or blocks > 2


def test_a_block_that_is_none_names_those_that_are(small_blocks):
    with pytest.raises(InvalidArgument, match=r"^block: 500 samples of this ensemble make the blocks 0 to \d+, got 99"):
        simulate(SMALL, [OBSERVABLE], samples=500, block=99)


class TestEnds:
    def test_until_is_asked_whenever_the_blocks_have_doubled(self, small_blocks):
        block, seen = Partition.of(SMALL).block, []
        simulate(SMALL, [OBSERVABLE], samples=9 * block, until=lambda so_far: seen.append(so_far.samples))
        assert seen == [block, 2 * block, 4 * block, 8 * block]

    @pytest.mark.parametrize("jobs", [1, 2])
    @pytest.mark.parametrize("keep_values", [True, False])
    def test_until_ends_with_the_networks_so_far(self, small_blocks, jobs, keep_values):
        block = Partition.of(SMALL).block
        short = simulate(SMALL, [OBSERVABLE], samples=4 * block, keep_values=keep_values)
        ended = simulate(
            SMALL,
            [OBSERVABLE],
            samples=50 * block,
            jobs=jobs,
            keep_values=keep_values,
            until=lambda so_far: so_far.samples >= 3 * block,
        )
        assert ended.samples == 4 * block
        assert moment_bits(ended[OBSERVABLE].moments) == moment_bits(short[OBSERVABLE].moments)
        if keep_values:
            assert ended[OBSERVABLE].logs.tobytes() == short[OBSERVABLE].logs.tobytes()
        else:
            assert ended[OBSERVABLE].quantile(0.5, "a_6") == short[OBSERVABLE].quantile(0.5, "a_6")

    def test_until_sees_readings_that_it_may_keep(self, small_blocks):
        """What it saw does not change while the simulation goes on."""
        seen = []
        simulate(SMALL, [OBSERVABLE], samples=500, until=lambda so_far: seen.append((so_far, bits(so_far))))
        assert len(seen) > 2
        assert all(bits(simulation) == then for simulation, then in seen)

    @pytest.mark.parametrize("jobs", [1, 2])
    def test_an_interrupt_keeps_what_is_finished_if_that_is_wanted(self, small_blocks, jobs):
        block = Partition.of(SMALL).block

        def interrupt(done, samples):
            if done >= 3 * block:
                raise KeyboardInterrupt

        part = simulate(SMALL, [OBSERVABLE], samples=9 * block, jobs=jobs, partial=True, progress=interrupt)
        assert part.samples == 3 * block
        whole = simulate(SMALL, [OBSERVABLE], samples=3 * block)
        assert bits(part) == bits(whole)
        with pytest.raises(KeyboardInterrupt):
            simulate(SMALL, [OBSERVABLE], samples=9 * block, jobs=jobs, progress=interrupt)

    def test_an_interrupt_before_the_first_block_is_one(self):
        with pytest.raises(KeyboardInterrupt):
            simulate(SMALL, [Interrupting()], samples=10, partial=True)


@dataclass(frozen=True)
class Interrupting:
    """Is interrupted."""

    name: ClassVar[str] = "Interrupting"
    needs: ClassVar[frozenset[str]] = frozenset()

    def components(self, net):
        return ("one",)

    def measure(self, chunk):
        raise KeyboardInterrupt


@dataclass(frozen=True)
class Failing:
    """Raises, or has labels that are none, or returns what is no real number."""

    how: str
    name: ClassVar[str] = "Failing"
    needs: ClassVar[frozenset[str]] = frozenset()

    def components(self, net):
        return {"twice": ("x", "x"), "none": (), "text": "x"}.get(self.how, ("x",))

    def measure(self, chunk):
        if self.how == "raises":
            raise ZeroDivisionError("its own")
        return np.full((chunk.networks, 1), 1j if self.how == "complex" else 0)


def test_an_observable_that_raises_says_which_block_to_replay():
    with pytest.raises(ZeroDivisionError, match="its own") as caught:
        simulate(Ensemble(width=2, depth=1), [Failing("raises")], samples=3, seed=5)
    (note,) = caught.value.__notes__
    assert "Failing in block 0 of seed 5" in note
    assert "--block 0" in note


@pytest.mark.parametrize("how", ["twice", "none", "text", "complex"])
def test_labels_and_values_of_a_wrong_kind_are_refused(how):
    with pytest.raises(InvalidArgument, match=r"^observables: Failing"):
        simulate(Ensemble(width=2, depth=1), [Failing(how)], samples=3)


def test_an_observable_without_a_hash_is_refused():
    class Mutable(ActivationNorms):
        __hash__ = None

    with pytest.raises(InvalidArgument, match=r"^observables: .*not hashable"):
        simulate(Ensemble(width=2, depth=1), [Mutable()], samples=3)


HUGE = [({"width": 10**9, "depth": 2}, "width"), ({"width": 2, "depth": 10**12}, "depth")]


@pytest.mark.parametrize(("sizes", "argument"), HUGE)
@pytest.mark.parametrize("engine", ["direct", "law-exact"])
def test_sizes_that_no_memory_holds_are_refused_before_they_are_counted_out(sizes, argument, engine):
    with pytest.raises(InvalidArgument, match=f"^{argument}: .*too many to draw"):
        simulate(Ensemble(**sizes), [ActivationNorms(layers=(1,))], samples=1, engine=engine)
