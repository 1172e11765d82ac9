"""A stored simulation goes on where it ended, bit for bit, and takes nothing that other settings made."""

import sys
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest

from montecarlo import (
    ActivationNorms,
    Angles,
    ChainHessian,
    GradientGrowth,
    GradientNorms,
    HessianNorms,
    JacobianSingularValues,
    simulate,
)
from montecarlo.curvature import Network
from montecarlo.drawing import streams
from montecarlo.drawing.streams import Partition
from montecarlo.runs import stored_runs
from montecarlo.runs.block_store import BlockStore
from montecarlo.runs.blocks import Task
from montecarlo.runs.choice_of_engine import find_engine
from montecarlo.training import Adam, EscapeTimes
from theory.ensembles import Ensemble, InvalidArgument, Law

NET = Ensemble(width=4, depth=6, activation="relu", init="he")
A, G = ActivationNorms(), GradientNorms((1, 6))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(streams, "CHUNK_BYTES", 2_000)
    monkeypatch.setattr(streams, "BLOCK_WEIGHTS", 3_000)


@pytest.fixture
def drawn(monkeypatch):
    """Which blocks were drawn, with their sizes."""
    module = sys.modules["montecarlo.runs.simulation"]
    seen, original = [], module.run_block

    def run_block(task, block, networks):
        seen.append((block, networks))
        return original(task, block, networks)

    monkeypatch.setattr(module, "run_block", run_block)
    return seen


def bits(simulation):
    out = [simulation.samples]
    for observable, readings in simulation.readings.items():
        out.append((repr(observable), None if readings.logs is None else readings.logs.tobytes()))
        for estimator in (readings.moments, readings.counts, readings.log_covariance):
            if estimator is not None:
                out += [np.asarray(getattr(estimator, field.name)).tobytes() for field in fields(estimator)]
    return out


def run(store=None, samples=100, net=NET, observables=(A, G), **options):
    return simulate(net, list(observables), samples=samples, store=store, **options)


OPTIONS = [{}, {"keep_values": False}, {"covariance": True}, {"keep_values": False, "covariance": True, "jobs": 2}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_stored_run_has_the_bits_of_one_that_is_not(tmp_path, drawn, options):
    plain = bits(run(**options))
    first = bits(run(tmp_path / "s", **options))
    count = len(drawn)
    again = bits(run(tmp_path / "s", **options))
    assert plain == first == again
    assert len(drawn) == count  # nothing was drawn again


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_an_interrupted_run_goes_on_with_the_same_bits(tmp_path, drawn, options):
    block = Partition.of(NET).block

    def interrupt(done, samples):
        if done >= 3 * block:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "s", progress=interrupt, **options)
    drawn.clear()
    resumed = bits(run(tmp_path / "s", **options))
    assert {number for number, _ in drawn} == set(range(3, -(-100 // block)))
    assert resumed == bits(run(**options))


def test_more_samples_draw_only_what_is_missing(tmp_path, drawn):
    """The last, partial block is drawn again whole; the others stay."""
    block = Partition.of(NET).block
    run(tmp_path / "s", samples=2 * block + 1)
    drawn.clear()
    longer = bits(run(tmp_path / "s", samples=4 * block))
    assert drawn == [(2, block), (3, block)]
    assert longer == bits(run(samples=4 * block))
    drawn.clear()
    assert bits(run(tmp_path / "s", samples=4 * block)) == longer
    assert drawn == []


def test_fewer_samples_leave_the_store_as_it_is(tmp_path, drawn):
    block = Partition.of(NET).block
    whole = bits(run(tmp_path / "s", samples=3 * block))
    drawn.clear()
    assert bits(run(tmp_path / "s", samples=2 * block + 1)) == bits(run(samples=2 * block + 1))
    drawn.clear()
    assert bits(run(tmp_path / "s", samples=3 * block)) == whole
    assert drawn == []


def test_one_block_alone_is_stored_for_the_others(tmp_path, drawn):
    block = Partition.of(NET).block
    run(tmp_path / "s", samples=3 * block, block=1)
    drawn.clear()
    whole = bits(run(tmp_path / "s", samples=3 * block))
    assert drawn == [(0, block), (2, block)]
    assert whole == bits(run(samples=3 * block))


@pytest.mark.parametrize(
    ("changed", "setting"),
    [
        ({"seed": 1}, "seed=0, not seed=1"),
        ({"dtype": "float32"}, "engine=direct-float64, not engine=direct-float32"),
        ({"engine": "law-exact"}, "engine=direct-float64, not engine=law-exact-norms"),
        ({"observables": (A,)}, "observables="),
        ({"observables": (G, A)}, "observables="),
        ({"observables": (A, GradientNorms((1, 5)))}, "observables="),
        ({"net": NET.at(init="xavier")}, "ensemble="),
        ({"net": NET.at(law=Law.discrete({-1: "1/2", 1: "1/2"}, name="coin"))}, "ensemble="),
        ({"keep_values": False}, "keep_values=True, not keep_values=False"),
        ({"covariance": True}, "covariance=False, not covariance=True"),
    ],
)
def test_other_settings_are_refused_by_name(tmp_path, changed, setting):
    run(tmp_path / "s")
    before = (tmp_path / "s").read_bytes()
    with pytest.raises(InvalidArgument, match=rf"^store: .* was made with {setting}"):
        run(tmp_path / "s", **changed)
    assert (tmp_path / "s").read_bytes() == before


@pytest.mark.parametrize("changed", ["package", "python", "numpy", "processor"])
def test_other_machines_and_libraries_are_refused(tmp_path, changed, monkeypatch):
    run(tmp_path / "s")
    found = {**stored_runs.machine(), changed: "another"}
    monkeypatch.setattr(stored_runs, "machine", lambda: found)
    with pytest.raises(InvalidArgument, match=rf"^store: .* was made with {changed}="):
        run(tmp_path / "s")


def test_laws_that_differ_in_their_sampler_alone_are_told_apart(tmp_path):
    """Their description on one line is the same; the digest is not."""
    one, other = (NET.at(law=Law.from_moments("mine", {2: 1, 4: 3}, sampler=f)) for f in (normal, also_normal))
    assert one.describe() == other.describe()
    run(tmp_path / "s", net=one)
    with pytest.raises(InvalidArgument, match=r"^store: .* was made with ensemble="):
        run(tmp_path / "s", net=other)


def normal(rng, shape):
    return rng.standard_normal(shape)


def also_normal(rng, shape):
    return -rng.standard_normal(shape)


class Callable:
    def __call__(self, rng, shape):
        return rng.standard_normal(shape)


@pytest.mark.parametrize(
    "sampler", [lambda rng, shape: rng.standard_normal(shape), Callable()], ids=["lambda", "object"]
)
def test_a_sampler_without_a_name_of_its_own_is_refused(tmp_path, sampler):
    net = NET.at(law=Law.from_moments("mine", {2: 1, 4: 3}, sampler=sampler))
    with pytest.raises(
        InvalidArgument, match=r"^store: the sampler of 'mine' is .*; define the sampler at module level"
    ):
        run(tmp_path / "s", net=net)
    assert not (tmp_path / "s").exists()


@dataclass(frozen=True)
class Half:
    """A norm, moved by a setting of its own."""

    by: float
    name: ClassVar[str] = "Half"
    needs: ClassVar[frozenset[str]] = frozenset()

    def components(self, net):
        return ("a_1",)

    def measure(self, chunk):
        return chunk.log_activation_norms([1]) + self.by


def test_an_observables_own_settings_count(tmp_path):
    run(tmp_path / "s", observables=[Half(0.5)])
    with pytest.raises(InvalidArgument, match=r"^store: .* was made with observables="):
        run(tmp_path / "s", observables=[Half(0.25)])


def test_an_observable_whose_code_has_changed_is_refused_and_not_answered_for(tmp_path, monkeypatch):
    """Its name and its settings are what they were."""
    run(tmp_path / "s", observables=[Half(0.5)])
    before = (tmp_path / "s").read_bytes()
    assert run(tmp_path / "s", observables=[Half(0.5)])[Half(0.5)].logs is not None
    monkeypatch.setattr(Half, "measure", lambda self, chunk: 7 * chunk.log_activation_norms([1]) + self.by)
    message = r"^store: .* was made with own code=\w+ \(Half\), not own code=\w+ \(Half\); use another file"
    with pytest.raises(InvalidArgument, match=message):
        run(tmp_path / "s", observables=[Half(0.5)])
    assert (tmp_path / "s").read_bytes() == before


def test_a_store_that_several_simulations_share_draws_anew_what_has_changed(tmp_path, monkeypatch):
    with BlockStore.open(tmp_path / "s", {"what": "a batch"}) as store:
        run(store, observables=[Half(0.5)])
        monkeypatch.setattr(Half, "measure", lambda self, chunk: 7 * chunk.log_activation_norms([1]) + self.by)
        assert bits(run(store, observables=[Half(0.5)])) == bits(run(observables=[Half(0.5)]))


def test_a_sampler_whose_code_has_changed_is_refused(tmp_path, monkeypatch):
    net = NET.at(law=Law.from_moments("mine", {2: 1, 4: 3}, sampler=normal))
    run(tmp_path / "s", net=net)
    monkeypatch.setattr(normal, "__code__", also_normal.__code__)
    with pytest.raises(InvalidArgument, match=r"^store: .* was made with own code=\w+ \(normal\)"):
        run(tmp_path / "s", net=net)


def test_a_local_observable_is_refused(tmp_path):
    @dataclass(frozen=True)
    class Local(Half):
        pass

    with pytest.raises(InvalidArgument, match=r"^store: the observable Local is local to a function"):
        run(tmp_path / "s", observables=[Local(0.5)])


def test_several_simulations_share_one_store(tmp_path, drawn):
    """Each has its own blocks in it, whatever the others are."""
    runs = [
        {"seed": 0},
        {"seed": 1},
        {"observables": (A,)},
        {"engine": "law-exact"},
        {"keep_values": False},
        {"net": NET.at(depth=7), "observables": (A,)},
    ]
    plain = [bits(run(**options)) for options in runs]
    with BlockStore.open(tmp_path / "s", {"what": "a batch"}) as store:
        assert [bits(run(store, **options)) for options in runs] == plain
        assert [bits(run(store, samples=100, **options)) for options in reversed(runs)] == plain[::-1]
    with BlockStore.open(tmp_path / "s", {"what": "a batch"}) as store:
        drawn.clear()
        assert [bits(run(store, **options)) for options in runs] == plain
        assert drawn == []


# --- architectures, and observables that have moved -------------------------------------------------------------------

BIG = Ensemble(width=16, depth=8, activation="relu", init="he")
OWN = "width=16 depth=8 activation=relu init=he law=normal readout=random "
OWN += "(bcee5b472542fc84c054b7a40f645eb29347ebe7c9432c4bdf21c3682fd879e3)"
LINEAR = Ensemble(width=16, depth=8, law="uniform", input="ones", readout="signs")
UNIFORM = "width=16 depth=8 activation=linear init=xavier law=uniform readout=signs input=ones "
UNIFORM += "(b3e26c336943bf2fcafefa5954443cf151be68720c968637d4dadc2c8d50e185)"
MEASURED = (
    "montecarlo.observables.ActivationNorms(layers=None), montecarlo.observables.GradientNorms(layers=None), "
    "montecarlo.remedies.observables.GradientGrowth(first=1, second=3)"
)
STORED = {"observables": MEASURED, "seed": "7", "keep_values": "True", "covariance": "False"}
"""Read off stored runs of a time when architectures were engines, and observables lived elsewhere."""


@pytest.mark.parametrize(
    ("net", "engine", "stored"),
    [
        (BIG, "direct", {"ensemble": OWN, "engine": "direct-float64"}),
        (BIG, "law-exact", {"ensemble": OWN, "engine": "law-exact-norms"}),
        (BIG.at(architecture="layernorm"), "direct", {"ensemble": OWN, "engine": "layer-norm"}),
        (BIG.at(architecture="batchnorm:8"), "direct", {"ensemble": OWN, "engine": "batch-norm-8"}),
        (
            BIG.at(architecture="residual:1/sqrt(L):two"),
            "direct",
            {"ensemble": OWN, "engine": "residual-two-1/sqrt(L)"},
        ),
        (BIG.at(architecture="residual:0:two"), "direct", {"ensemble": OWN, "engine": "residual-two-0"}),
        (BIG.at(architecture="residual:1/L"), "direct", {"ensemble": OWN, "engine": "residual-relu-1/L"}),
        (LINEAR.at(architecture="residual:1/2"), "direct", {"ensemble": UNIFORM, "engine": "residual-linear-1/2"}),
    ],
    ids=["plain", "law-exact", "layer norm", "batch norm", "two matrices", "fixup", "ReLU branches", "linear branches"],
)
def test_runs_that_are_stored_already_keep_their_settings(net, engine, stored):
    """So they are continued: what is not here is the machine's."""
    observables = (ActivationNorms(), GradientNorms(), GradientGrowth(1, 3))
    needs = frozenset().union(*(observable.needs for observable in observables))
    task = Task(net, observables, find_engine(engine, net, needs, "float64"), 7, True, False)
    found = stored_runs.settings(task)
    assert {key: value for key, value in found.items() if key not in stored_runs.machine()} == stored | STORED
    assert set(stored_runs.machine()) == {"package", "python", "numpy", "processor"}


def test_an_observable_that_has_moved_keeps_its_name():
    """Read off a stored run, too."""
    chain = Ensemble(width=1, depth=5, law="uniform")
    task = Task(chain, (ChainHessian(),), find_engine("direct", chain, frozenset(), "float64"), 0, True, False)
    assert stored_runs.settings(task)["observables"] == "montecarlo.chain_hessian.ChainHessian()"
    task = Task(BIG, (HessianNorms(),), find_engine("direct", BIG, frozenset(), "float64"), 0, True, False)
    assert stored_runs.settings(task)["observables"] == "montecarlo.curvature.observables.HessianNorms(blocks=None)"


def named(observable):
    direct = find_engine("direct", NET, frozenset(), "float64")
    return stored_runs.settings(Task(NET, (observable,), direct, 0, True, False))["observables"]


@dataclass(frozen=True, eq=False)
class Distance(GradientGrowth):
    """A user's own, whose repr does not show all that it holds."""

    to: object = None


def test_whatever_an_observables_repr_shows_its_name_tells_all_that_it_holds():
    net = Ensemble(width=2, depth=3, law="uniform", init="1/3")
    assert named(Distance(1, 2, net)).endswith(
        ".Distance(first=1, second=2, to=Ensemble(width=2, depth=3, widths=None, activation='linear', "
        "init=Initialization(name='variance', value=Fraction(1, 3)), law=Law(name='uniform', atoms=(), moments=(), "
        "sampler=None), readout='random', input=None, architecture=Architecture(name='plain', alpha=None, "
        "branch=None, batch=None)))"
    )
    weights = np.arange(1024.0).reshape(1, 32, 32)
    nearby = weights.copy()
    nearby[0, 16, 16] += 1e-9
    held = [weights, nearby, Network(weights), Network(nearby), (weights,), [weights], {"W": weights}]
    names = [named(Distance(1, 2, thing)) for thing in held]
    assert len(set(names)) == len(held)
    assert names == [named(Distance(1, 2, thing)) for thing in held]
    objects = np.array([Fraction(1, 3), None], dtype=object)
    assert named(Distance(1, 2, objects)).endswith("to=[Fraction(1, 3), None])")


@pytest.mark.parametrize(
    "observable",
    [A, G, HessianNorms([(1, 2)]), Angles("1/2"), EscapeTimes(Adam(0.1, beta_1=0.5)), JacobianSingularValues()],
    ids=lambda observable: type(observable).__name__,
)
def test_the_name_of_an_observable_is_where_it_lives_and_its_repr(observable):
    """As runs that are stored already have it."""
    assert named(observable) == f"{type(observable).__module__}.{observable!r}"


ARCHITECTURES = ["plain", "residual:1/L", "residual:1/L:two", "layernorm", "batchnorm:4", "batchnorm:5"]


class Growth(GradientGrowth):
    """A user's own, which inherits the name in stored runs, but is another observable."""


def test_what_inherits_from_an_observable_that_has_moved_is_another():
    ours, theirs = (
        stored_runs.settings(Task(NET, (one,), find_engine("direct", NET, frozenset(), "float64"), 0, True, False))
        for one in (GradientGrowth(1, 2), Growth(1, 2))
    )
    assert ours["observables"].startswith("montecarlo.remedies.observables.GradientGrowth(")
    assert theirs["observables"].startswith(f"{__name__}.Growth(")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_run_of_an_architecture_goes_on_with_the_same_bits(tmp_path, drawn, monkeypatch, architecture):
    net, growth, block = NET.at(architecture=architecture), GradientGrowth(1, 3), 8
    monkeypatch.setattr(Partition, "whole", lambda chunk, block: Partition(4, 8))
    run(tmp_path / "s", samples=2 * block + 1, net=net, observables=(A, G, growth))
    drawn.clear()
    longer = bits(run(tmp_path / "s", samples=4 * block, net=net, observables=(A, G, growth)))
    assert drawn == [(2, block), (3, block)]
    assert longer == bits(run(samples=4 * block, net=net, observables=(A, G, growth)))


@pytest.mark.parametrize("other", ARCHITECTURES)
@pytest.mark.parametrize("own", ARCHITECTURES[::2])
def test_a_run_of_one_architecture_is_not_continued_by_another(tmp_path, own, other):
    run(tmp_path / "s", samples=10, net=NET.at(architecture=own))
    if own == other:
        run(tmp_path / "s", samples=11, net=NET.at(architecture=other))
        return
    with pytest.raises(InvalidArgument, match=r"^store: .* was made with engine=\S+, not engine="):
        run(tmp_path / "s", samples=11, net=NET.at(architecture=other))
