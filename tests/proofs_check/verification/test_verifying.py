"""A run: the budget is split beforehand, each ensemble drawn once, and numbers do not depend on who draws them."""

import json
import math
import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

import pytest
import sympy as sp

from montecarlo import ActivationNorms
from montecarlo.drawing.streams import Partition
from montecarlo.workers.workers import CannotTravel, KillsWorkers
from proofs_check import assumptions
from proofs_check.domain import EVERYWHERE, TRIED, Domain
from proofs_check.evidence import Enumerated, LogMean, Mean, Quantile, Simulated
from proofs_check.exact.all_weights import activation_power
from proofs_check.faults import Fault
from proofs_check.reporting.findings import complaints
from proofs_check.statement import Mutant, Statement
from proofs_check.verdict import Between, Tier, Verdict
from proofs_check.verification import simulating
from proofs_check.verification.verifying import verify
from theory.ensembles import Ensemble, InvalidArgument

UNIFORM = Ensemble(width=1, depth=1, law="uniform", input="e1")
NORMAL = UNIFORM.at(law="normal")
SIGNS = Ensemble(width=2, depth=2, law="rademacher", input="e1")


def mean_square(net, factor=1):
    return sp.sympify(factor)


def simulated(net, samples, full=0, tolerance=0.2):
    reading = Mean(1, lambda net: sp.Integer(2))  # Var w^2 = 4/5 and 2
    observable = ActivationNorms(layers=(1,))
    return Simulated("E w^2", net, observable, "a_1", reading, tolerance, samples, full)


EXACT = Enumerated("E|a_2|^2", ((SIGNS,),), partial(activation_power, order=2))
TWICE = Mutant("1 becomes 2", partial(mean_square, factor=2))
SURVIVOR = Mutant("hardly changed", partial(mean_square, factor=sp.Rational(101, 100)))
STATEMENT = Statement(
    id="user.mean",
    title="A weight of variance 1 has mean square 1.",
    latex="1",
    source="here",
    assumptions=(assumptions.LINEAR,),
    claim=mean_square,
    evidence=(simulated(UNIFORM, 20_000), EXACT, simulated(NORMAL, 20_000), simulated(NORMAL, 0, 30_000)),
    mutants=(TWICE,),
)
SECOND = replace(STATEMENT, id="user.second", evidence=(simulated(UNIFORM, 10_000),))
ONLY_SIMULATED = replace(STATEMENT, id="user.simulated", evidence=(simulated(UNIFORM, 20_000),))


def simulated_findings(report):
    return [f for result in report.results for f in result.of_tier(Tier.SIMULATED)]


# --- verdicts ---------------------------------------------------------------------------------------------------------


def test_a_true_statement_is_supported_and_its_mutant_refuted_by_each_piece():
    report = verify([STATEMENT])
    (result,) = report.results
    assert (report.verdict, report.exit_status, result.verdict) == (Verdict.SUPPORTED, 0, Verdict.SUPPORTED)
    assert [f.tier for f in result.findings] == [Tier.ENUMERATED, Tier.SIMULATED, Tier.SIMULATED]  # strongest first
    assert result.of_tier(Tier.ENUMERATED) == result.findings[:1]
    (mutant,) = result.mutants
    assert mutant.refuted
    assert [f.check for f in mutant.refuted_by] == ["E|a_2|^2", "E w^2", "E w^2"]
    assert all(f.verdict is Verdict.REFUTED for f in mutant.refuted_by)


def test_a_surviving_mutant_makes_a_supported_claim_inconclusive():
    report = verify([replace(ONLY_SIMULATED, mutants=(TWICE, SURVIVOR))])
    (result,) = report.results
    assert {f.verdict for f in result.findings} == {Verdict.SUPPORTED}
    assert [m.refuted for m in result.mutants] == [True, False]
    assert (result.verdict, report.verdict, report.exit_status) == (*[Verdict.INCONCLUSIVE] * 2, 3)


def test_a_false_claim_is_refuted_even_if_all_else_is_supported():
    false = replace(ONLY_SIMULATED, id="user.false", claim=TWICE.claim, mutants=(Mutant("3", lambda net: 3),))
    report = verify([STATEMENT, false])
    assert [r.verdict for r in report.results] == [Verdict.SUPPORTED, Verdict.REFUTED]
    assert (report.verdict, report.exit_status) == (Verdict.REFUTED, 1)


def test_a_surviving_mutant_does_not_hide_a_refutation():
    report = verify([replace(STATEMENT, claim=TWICE.claim, mutants=(SURVIVOR, Mutant("none", mean_square)))])
    assert report.exit_status == 1


def test_too_few_networks_are_inconclusive():
    report = verify([replace(ONLY_SIMULATED, evidence=(simulated(UNIFORM, 200), EXACT))])
    assert [f.verdict for f in report.results[0].findings] == [Verdict.SUPPORTED, Verdict.INCONCLUSIVE]
    assert report.exit_status == 3


# --- error budget -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("profile", "checks"), [("quick", 3), ("full", 4)])
def test_the_budget_is_split_evenly_over_the_checks_of_the_run(profile, checks):
    report = verify([STATEMENT, SECOND], profile=profile, error=1e-3)
    findings = simulated_findings(report)
    assert [f.error for f in findings] == [1e-3 / checks] * checks
    assert (report.error, report.profile) == (1e-3, profile)


def test_checks_that_read_the_same_networks_have_a_share_each():
    """Each interval may miss, whatever it is read off: a share for each simulation would promise too much."""
    again = replace(ONLY_SIMULATED, id="user.again")
    report = verify([ONLY_SIMULATED, again], error=1e-3)
    assert [f.error for f in simulated_findings(report)] == [5e-4, 5e-4]


def test_the_budget_is_split_before_any_check_is_made(monkeypatch):
    """Even when the first simulation is over before the second statement is looked at."""
    seen = []
    read = Simulated.read

    def spy(self, simulation, error):
        seen.append(error)
        return read(self, simulation, error)

    monkeypatch.setattr(Simulated, "read", spy)
    verify([SECOND, STATEMENT], error=3e-4)
    assert set(seen) == {3e-4 / 3}
    assert len(seen) == 3  # three checks: mutants are judged by the same intervals as the claim


def test_the_default_budget_is_one_in_a_million():
    report = verify([ONLY_SIMULATED])
    assert report.error == 1e-6
    assert [f.error for f in simulated_findings(report)] == [1e-6]


# --- the same numbers everywhere --------------------------------------------------------------------------------------


def test_the_numbers_do_not_depend_on_who_draws_the_networks():
    net = Ensemble(width=2, depth=400, law="uniform", input="e1")
    samples = Partition.of(net).block + 100
    check = Simulated("median", net, ActivationNorms(layers=(400,)), "a_400", Quantile(), 0.0, samples)
    wide = replace(STATEMENT, evidence=(check, *STATEMENT.evidence), claim=lambda net: Between(-10_000, 1))
    wide = replace(
        wide,
        mutants=(Mutant("positive", lambda net: 1000),),
        evidence=(check, simulated(UNIFORM, 20_000, tolerance=0.0)),
    )
    alone = verify([wide], seed=5)
    findings = [(r.findings, r.mutants) for r in alone.results]
    assert [f.samples for f in simulated_findings(alone)] == [samples, 20_000]
    for workers in (1, 3):
        with ThreadPoolExecutor(workers) as pool:
            assert [(r.findings, r.mutants) for r in verify([wide], seed=5, executor=pool).results] == findings
    assert [(r.findings, r.mutants) for r in verify([wide], seed=5, jobs=2).results] == findings
    other = simulated_findings(verify([wide], seed=6))
    assert all(f.interval != g.interval for f, g in zip(simulated_findings(alone), other, strict=True))


def test_company_changes_nothing_but_the_error_share():
    alone = verify([STATEMENT], error=2e-6)  # two checks
    together = verify([SECOND, STATEMENT], error=3e-6)  # three: the same share
    assert together.results[1].findings == alone.results[0].findings
    assert together.results[1].mutants == alone.results[0].mutants
    less = verify([SECOND, STATEMENT], error=2e-6)
    for wider, narrower in zip(simulated_findings(less)[1:], simulated_findings(alone), strict=True):
        assert wider.resolution > narrower.resolution  # Catoni's estimator knows its error, but reads the same sample
        assert wider.estimate == pytest.approx(narrower.estimate, abs=narrower.resolution / 10)


def test_each_ensemble_is_drawn_once_with_all_that_is_read_off_it(monkeypatch):
    calls, simulate = Counter(), simulating.simulate

    def counting(net, observables, *, samples, **others):
        calls[net, samples, len(observables)] += 1
        return simulate(net, observables, samples=samples, **others)

    monkeypatch.setattr(simulating, "simulate", counting)
    other = Simulated("median", UNIFORM, ActivationNorms(layers=(0, 1)), "a_1", Quantile(), 9.0, 20_000)
    again = replace(ONLY_SIMULATED, id="user.again", evidence=(other, simulated(UNIFORM, 20_000)))
    verify([STATEMENT, SECOND, ONLY_SIMULATED, again])
    assert calls == {(UNIFORM, 20_000, 2): 1, (NORMAL, 20_000, 1): 1, (UNIFORM, 10_000, 1): 1}


@dataclass(frozen=True)
class AnyLayer:
    layer: int = field(compare=False)
    name: ClassVar[str] = "a layer"
    needs: ClassVar[frozenset[str]] = frozenset()

    def components(self, net):
        return ("c",)

    def measure(self, chunk):
        return chunk.log_activation_norms([self.layer])


class Hidden(AnyLayer):
    """What it measures is no field."""

    def __init__(self, layer):
        object.__setattr__(self, "layer", 0)
        object.__setattr__(self, "_own", layer)

    def measure(self, chunk):
        return chunk.log_activation_norms([self._own])


class Slotted:
    __slots__ = ("layer",)
    name, needs, components, measure = "s", frozenset(), AnyLayer.components, AnyLayer.measure

    def __init__(self, layer):
        self.layer = layer

    def __eq__(self, other):
        return isinstance(other, Slotted)

    def __hash__(self):
        return 0


@pytest.mark.parametrize("kind", [AnyLayer, Hidden, Slotted])
def test_observables_that_only_compare_as_equal_are_measured_apart(kind):
    assert kind(1) == kind(2)
    net = Ensemble(width=1, depth=2, law="rademacher", init=4)  # |a_k|^2 = 4^k

    def layer(k):
        return Simulated(f"layer {k}", net, kind(k), "c", Quantile(), 0.1, 100)

    statement = replace(
        STATEMENT,
        claim=lambda net: sp.log(4),
        evidence=(layer(1), layer(2), layer(1)),
        mutants=(Mutant("5", lambda net: sp.log(5)),),
    )
    (result,) = verify([statement]).results
    assert [round(f.estimate / math.log(4)) for f in result.findings] == [1, 2, 1]
    assert result.verdict is Verdict.REFUTED


def test_observables_that_only_look_alike_are_told_apart():
    def local():
        class Local(AnyLayer):
            __eq__ = object.__eq__
            __hash__ = object.__hash__

        return Local

    same = local()
    kinds = [same(1), same(1), local()(1)]
    checks = [Simulated(f"{i}", UNIFORM, one, "c", Quantile(), 0.5, 2_000) for i, one in enumerate(kinds)]
    statement = replace(
        STATEMENT, claim=lambda net: -0.3, evidence=tuple(checks), mutants=(Mutant("0", lambda net: 1),)
    )
    assert verify([statement]).verdict is Verdict.SUPPORTED


def test_a_check_reads_the_networks_of_its_own_architecture_and_names_it():
    """At alpha = 2, (1 + 2 w)^2 has mean 5 where w^2 has mean 1."""
    wired = UNIFORM.at(architecture="residual:2")
    residual = replace(simulated(wired, 20_000), reading=Mean(1, lambda net: sp.Integer(29)))
    both = replace(ONLY_SIMULATED, evidence=(simulated(UNIFORM, 20_000), residual))
    plain, other = verify([both]).results[0].findings
    assert (plain.verdict, other.verdict) == (Verdict.SUPPORTED, Verdict.REFUTED)
    assert abs(other.estimate - 5) < 1
    assert other.case == f"{plain.case} architecture=residual:2"


def test_a_check_reads_the_networks_of_its_own_engine_and_names_it():
    law_exact = replace(simulated(NORMAL, 20_000), engine="law-exact")
    both = replace(ONLY_SIMULATED, evidence=(simulated(NORMAL, 20_000), law_exact))
    direct, other = verify([both]).results[0].findings
    assert direct.estimate != other.estimate
    assert abs(direct.estimate - other.estimate) <= direct.resolution + other.resolution
    assert other.case == f"{direct.case} engine=law-exact"


def test_nothing_is_drawn_where_nothing_is_simulated(monkeypatch):
    monkeypatch.setattr(simulating, "simulate", None)
    assert verify([replace(STATEMENT, evidence=(EXACT,))], jobs=2).exit_status == 0


# --- JSON -------------------------------------------------------------------------------------------------------------


def _no_constant(name):
    raise AssertionError(f"{name} is not JSON")


def test_the_json_of_a_report_says_what_the_report_says():
    report = verify([STATEMENT, SECOND], seed=4)
    data = json.loads(report.to_json(), parse_constant=_no_constant)
    assert (data["verdict"], data["profile"], data["seed"], data["error"]) == ("supported", "quick", 4, 1e-6)
    assert [s["id"] for s in data["statements"]] == ["user.mean", "user.second"]
    for told, result in zip(data["statements"], report.results, strict=True):
        assert told["title"] == result.statement.title
        assert told["assumptions"] == ["the activation is linear"]
        assert told["verdict"] == result.verdict.value
        assert [(m["name"], m["refuted"], len(m["refuted_by"])) for m in told["mutants"]] == [
            (m.name, m.refuted, len(m.refuted_by)) for m in result.mutants
        ]
        for written, finding in zip(told["findings"], result.findings, strict=True):
            assert (written["tier"], written["verdict"]) == (finding.tier.value, finding.verdict.value)
            for name in ("estimate", "tolerance", "resolution", "error", "samples", "seed"):
                assert written.get(name) == getattr(finding, name)
            for name in ("interval", "claimed"):
                pair = getattr(finding, name)
                assert written.get(name) == (None if pair is None else list(pair))
            for name in ("check", "case", "detail", "exact", "method"):
                assert written.get(name, "") == getattr(finding, name)


def test_json_has_neither_nan_nor_infinity():
    dead = Ensemble(width=1, depth=9, activation="relu", init="he", law="rademacher", input="e1")
    median = Simulated("median", dead, ActivationNorms(layers=(9,)), "a_9", Quantile(), 0.1, 1000)
    nothing = replace(ONLY_SIMULATED, evidence=(median,), claim=lambda net: -sp.oo, assumptions=(assumptions.RELU,))
    data = json.loads(verify([nothing], seed=0).to_json(), parse_constant=_no_constant)
    (finding,) = data["statements"][0]["findings"]
    assert finding["claimed"] == ["-inf", "-inf"]
    assert finding["interval"] == ["-inf", "-inf"]
    assert finding["estimate"] == "-inf"
    assert data["statements"][0]["findings"][0]["verdict"] == "supported"


# --- failures ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Broken:
    """Exact evidence whose examination is interrupted once the simulation is under way."""

    under_way: threading.Event
    tier = Tier.PROVED

    def examine(self, claim):
        assert self.under_way.wait(10)
        raise KeyboardInterrupt


@pytest.mark.parametrize("workers", [None, 2])
def test_an_interrupt_in_exact_evidence_stops_the_simulation_and_is_raised(workers, monkeypatch):
    under_way, stopped = threading.Event(), threading.Event()

    def endless(net, observables, *, samples, seed, engine, executor, store, progress):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            under_way.set()
            try:
                progress(1, samples)
            except InterruptedError:
                stopped.set()
                raise
            time.sleep(0.005)
        raise TimeoutError("nobody stopped it")

    monkeypatch.setattr(simulating, "simulate", endless)
    broken = replace(STATEMENT, evidence=(*STATEMENT.evidence, Broken(under_way)))
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        verify([broken], executor=None if workers is None else ThreadPoolExecutor(workers))
    assert time.monotonic() - began < 5
    assert stopped.is_set()


def test_a_simulation_that_is_really_under_way_is_stopped_after_a_block():
    """A hundred blocks of a deep chain would take minutes."""
    net = Ensemble(width=1, depth=1000, law="uniform", input="e1")
    endless = simulated(net, 100 * Partition.of(net).block)
    endless = replace(endless, observable=ActivationNorms(layers=(1000,)), component="a_1000")
    under_way = threading.Event()
    under_way.set()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        verify([replace(STATEMENT, evidence=(endless, Broken(under_way)))])
    assert time.monotonic() - began < 15


def _raises(*_):
    raise ZeroDivisionError("nothing is divided by 0")


@dataclass(frozen=True)
class Raising:
    """An observable that raises."""

    name: ClassVar[str] = "raising"
    needs: ClassVar[frozenset[str]] = frozenset()

    def components(self, net):
        return ("a_1",)

    def measure(self, chunk):
        _raises()


class Speechless(Exception):
    """An error that cannot even say what it is."""

    def __str__(self):
        raise ValueError("no words")


def _raise(error):
    def claim(net):
        raise error

    return claim


@dataclass(frozen=True)
class Failing(Raising):
    """An observable that raises a certain error."""

    error: type[BaseException] = ValueError

    def measure(self, chunk):
        raise self.error("seed", "is bad", "use another")


BROKEN = [
    (replace(STATEMENT, claim=_raise(Speechless())), "Speechless"),
    (replace(STATEMENT, claim=_raise(GeneratorExit())), "GeneratorExit"),
    (replace(STATEMENT, claim=_raise(MemoryError("7 PiB"))), "MemoryError: 7 PiB"),
    (replace(STATEMENT, claim=_raise(ValueError("\ud800\x1b[31m"))), "ValueError: ??[31m"),
    (
        replace(STATEMENT, evidence=(replace(simulated(UNIFORM, 20_000), observable=Failing(InvalidArgument)),)),
        "seed: is",
    ),
    (
        replace(STATEMENT, evidence=(replace(simulated(UNIFORM, 20_000), observable=Failing(MemoryError)),)),
        "MemoryError",
    ),
    (
        replace(STATEMENT, evidence=(replace(simulated(UNIFORM, 20_000), observable=Failing(InterruptedError)),)),
        "Interru",
    ),
    (replace(STATEMENT, claim=_raises), "ZeroDivisionError: nothing is divided by 0"),
    (replace(STATEMENT, claim=lambda net: None), "claim: the claim returned None"),
    (replace(STATEMENT, claim=lambda net: "1"), "claim: the claim returned the text '1'"),
    (replace(STATEMENT, claim=lambda net: math.nan), "claim: the claim returned nan"),
    (replace(STATEMENT, claim=lambda net: sp.Symbol("n")), "claim: the claim returned n, where n is no number"),
    (replace(STATEMENT, evidence=(replace(EXACT, brute_force=_raises),)), "ZeroDivisionError: nothing is divided by 0"),
    (replace(STATEMENT, evidence=(replace(simulated(UNIFORM, 20_000), observable=Raising()),)), "ZeroDivisionError"),
    (replace(STATEMENT, evidence=(simulated(UNIFORM, 100, tolerance=-1),)), "tolerance: must be finite and not"),
    (
        replace(STATEMENT, evidence=(replace(simulated(UNIFORM, 100), component="a_2"),)),
        "component: ActivationNorms has",
    ),
    (replace(STATEMENT, evidence=(replace(simulated(UNIFORM, 100), reading=Mean(1, _raises)),)), "ZeroDivisionError"),
]


@pytest.mark.parametrize(("broken", "problem"), BROKEN, ids=[problem for _, problem in BROKEN])
def test_what_cannot_be_run_is_broken_with_its_line_and_harms_no_other(broken, problem):
    alone = verify([SECOND, ONLY_SIMULATED], seed=3)
    company = verify([SECOND, replace(broken, id="user.broken"), ONLY_SIMULATED], seed=3)
    second, found, last = company.results
    assert [r.verdict for r in company.results] == [Verdict.SUPPORTED, Verdict.BROKEN, Verdict.SUPPORTED]
    assert (company.verdict, company.exit_status) == (Verdict.BROKEN, 2)
    assert found.problem.startswith(problem)
    assert re.search(r"test_verifying\.py:\d+\)$", found.problem)
    for before, after in zip(alone.results, (second, last), strict=True):
        assert [f.estimate for f in before.findings] == pytest.approx([f.estimate for f in after.findings], abs=0.01)
    data = json.loads(company.to_json())["statements"][1]
    assert (data["verdict"], data["problem"]) == ("broken", found.problem)


def test_arguments_that_cannot_be_used_cost_no_simulation_and_no_error_budget(monkeypatch):
    report = verify([ONLY_SIMULATED, replace(SECOND, evidence=(simulated(UNIFORM, 100, tolerance=math.nan),))])
    assert [f.error for f in simulated_findings(report) if f.error] == [1e-6]
    monkeypatch.setattr(simulating, "simulate", None)
    assert verify([replace(SECOND, evidence=(simulated(UNIFORM, 100, tolerance=math.nan),))]).exit_status == 2


def test_an_error_under_a_mutant_is_no_refutation():
    report = verify([replace(STATEMENT, evidence=(EXACT,), mutants=(Mutant("raises", _raises), TWICE))])
    raises, twice = report.results[0].mutants
    assert (raises.refuted, twice.refuted) == (False, True)
    assert "ZeroDivisionError" in raises.faults[0].problem
    assert (report.verdict, report.exit_status) == (Verdict.INCONCLUSIVE, 3)
    told = json.loads(report.to_json())["statements"][0]["mutants"]
    assert ["not_judged_by" in mutant for mutant in told] == [True, False]


@pytest.mark.parametrize("argument", ["store", "jobs", "cluster"])
def test_a_store_or_workers_that_cannot_be_used_are_no_ones_statement(monkeypatch, argument):
    def lost(*_, **__):
        raise InvalidArgument(argument, "is lost", "use another")

    monkeypatch.setattr(simulating, "simulate", lost)
    with pytest.raises(InvalidArgument, match=f"{argument}: is lost; use another"):
        verify([STATEMENT, SECOND])


DEADLY = replace(
    ONLY_SIMULATED, id="user.deadly", evidence=(replace(simulated(UNIFORM, 20_000), observable=Raising()),)
)


@pytest.mark.parametrize("company", [(), (ONLY_SIMULATED,)], ids=["alone in its networks", "beside another"])
def test_what_kills_worker_processes_is_broken_harms_no_other_and_is_not_tried_in_this_process(monkeypatch, company):
    simulate, here = simulating.simulate, []

    def deadly(net, observables, *, executor, **others):
        if Raising() in observables:
            here.append(executor.travels)
            raise KillsWorkers("jobs", "task 0 kills its worker process, even alone", "measure less")
        return simulate(net, observables, executor=None, **others)

    monkeypatch.setattr(simulating, "simulate", deadly)
    report = verify([SECOND, DEADLY, *company], jobs=2)
    assert [r.verdict for r in report.results] == [
        Verdict.SUPPORTED,
        Verdict.BROKEN,
        *[Verdict.SUPPORTED] * len(company),
    ]
    assert report.results[1].problem.startswith("jobs: task 0 kills its worker process")
    assert here == [True] * (1 + len(company))


def test_what_workers_cannot_import_is_measured_here(monkeypatch):
    """They may lack a module that this process has: on a cluster, in another folder."""
    simulate, here = simulating.simulate, []

    def lacking(net, observables, *, executor, **others):
        here.append(not executor.travels)
        if executor.travels:
            raise CannotTravel("jobs", "worker processes cannot import what a task needs", "use threads")
        return simulate(net, observables, executor=executor, **others)

    monkeypatch.setattr(simulating, "simulate", lacking)
    report = verify([ONLY_SIMULATED], jobs=2)
    assert here == [False, True]
    assert report.results == verify([ONLY_SIMULATED]).results


def test_files_that_could_not_be_loaded_are_part_of_the_report():
    fault = Fault("mine.py", "SyntaxError: invalid syntax", "mine.py:3")
    report = verify([replace(STATEMENT, evidence=(EXACT,))], faults=[fault])
    assert report.results[0].verdict is Verdict.SUPPORTED
    assert (report.verdict, report.exit_status) == (Verdict.BROKEN, 2)
    problems = json.loads(report.to_json())["problems"]
    assert problems == [{"what": "mine.py", "problem": "SyntaxError: invalid syntax", "where": "mine.py:3"}]
    assert verify([], faults=[fault]).exit_status == 2


def test_a_report_says_what_each_tier_covers():
    (result,) = verify([STATEMENT]).results
    scopes = {tier.value: str(scope) for tier, scope in result.scopes.items()}
    assert scopes == {"enumerated": "n = 2, L = 2", "simulated": "2 ensembles, n = 1, L = 1"}
    assert result.scope == "n = 2, L = 2"
    data = json.loads(verify([STATEMENT]).to_json())["statements"][0]
    assert (data["covers"], data["scope"]) == (result.scope, scopes)
    ((together, worst),) = result.reaches
    spans = [(f.claimed[1] - f.interval[0], f.interval[1] - f.claimed[0]) for f in result.of_tier(Tier.SIMULATED)]
    assert (together.down, together.up) == tuple(map(min, zip(*spans, strict=True)))
    assert worst.worse == max(map(max, spans))
    assert result.exact_reach == 1e-6


def test_a_check_that_supports_every_mutant_says_nothing():
    blind = Enumerated("anything", ((UNIFORM,),), lambda net: lambda claimed: True)
    (result,) = verify([replace(STATEMENT, evidence=(EXACT, blind))]).results
    assert [f.check for f in result.toothless] == ["anything"]
    assert {f.verdict for f in result.findings} == {Verdict.SUPPORTED}
    assert result.verdict is Verdict.INCONCLUSIVE


_LOGS = ActivationNorms(layers=(1,))


def _of_logs(reading, tolerance, samples, claim, mutant):
    """A statement about log w^2 of a uniform weight of variance 1: its mean is log 3 - 2, its deviation 2."""
    check = Simulated("log w^2", UNIFORM, _LOGS, "a_1", reading, tolerance, samples)
    false = Mutant("far", lambda net: sp.sympify(mutant))
    return replace(STATEMENT, claim=lambda net: sp.sympify(claim), evidence=(check,), mutants=(false,))


@pytest.mark.parametrize(
    ("reading", "tolerance", "samples", "claim", "supported"),
    [
        (LogMean(1e8), 1e6, 100, 500, False),
        (LogMean(4), 7, 400, -0.9, False),
        (LogMean(4), 2, 400, -1, True),
        (LogMean(1, scale=0.5), 3.5, 400, -0.45, False),
        (LogMean(1, scale=-0.5), 1, 400, 0.5, True),
        (Quantile(), 7, 400, 0, False),
        (Quantile(), 2, 400, -0.3, True),
    ],
)
def test_a_tolerance_wider_than_the_networks_spread_supports_nothing(reading, tolerance, samples, claim, supported):
    (result,) = verify([_of_logs(reading, tolerance, samples, claim, claim + 4 * tolerance)]).results
    (finding,) = result.findings
    assert (finding.verdict is Verdict.SUPPORTED) == supported
    if not supported:
        assert finding.verdict is Verdict.INCONCLUSIVE
        assert finding.detail.startswith(f"a tolerance of {tolerance:g} says nothing")


def test_networks_that_are_all_alike_take_a_tolerance_of_a_tenth():
    signs = Simulated("log w^2", UNIFORM.at(law="rademacher"), _LOGS, "a_1", Quantile(), 0.1, 400)
    narrow = replace(_of_logs(Quantile(), 0.1, 400, 0, 1), evidence=(signs,))
    wide = replace(narrow, evidence=(replace(signs, tolerance=0.11),))
    assert [verify([one]).verdict for one in (narrow, wide)] == [Verdict.SUPPORTED, Verdict.INCONCLUSIVE]


def test_mutants_that_are_all_refuted_from_afar_show_nothing():
    far, near = (_of_logs(LogMean(4), 1, 2_000, -0.9, mutant) for mutant in (200, 5))
    report = verify([far])
    (result,) = report.results
    assert [mutant.refuted for mutant in result.mutants] == [True]
    assert result.verdict is Verdict.INCONCLUSIVE
    assert complaints(result) == ["user.mean: no mutant is near: 'far', the nearest one, is 201 tolerances away"]
    assert json.loads(report.to_json())["statements"][0]["lacks"] == [result.from_afar]
    both = replace(near, mutants=(*near.mutants, replace(far.mutants[0], name="very far")))
    report = verify([both])
    assert report.verdict is Verdict.SUPPORTED
    nearest = {"name": "far", "absolute": 5.9, "tolerances": 5.9}
    assert json.loads(report.to_json())["statements"][0]["nearest_mutant"] == nearest
    assert verify([replace(far, evidence=(*far.evidence, _EXACTLY))]).results[0].from_afar == ""


_EXACTLY = Enumerated("it is no 200", ((UNIFORM,),), lambda net: lambda claimed: bool(claimed < 100))


@pytest.mark.parametrize("error", [TypeError("no number"), SystemExit(0)])
def test_a_check_that_breaks_under_every_mutant_is_told_with_its_error(error):
    def breaks(net):
        raise error

    report = verify([replace(STATEMENT, evidence=(EXACT,), mutants=(Mutant("breaks", breaks),))])
    (result,) = report.results
    assert result.verdict is Verdict.INCONCLUSIVE
    told = "\n".join(complaints(result))
    assert "breaks under every mutant, so it says nothing: E|a_2|^2" in told
    assert told.count(type(error).__name__) == 2  # as the mutant's survival, and as what is wrong with the check
    assert "supports every mutant" not in told + report.to_json()


@pytest.mark.parametrize(
    ("domain", "missing"),
    [
        (TRIED, ""),
        (EVERYWHERE, "no proof reaches all that the assumptions allow"),
        (Domain(corners=((2, 2),)), ""),
        (Domain(corners=((2, 2), (2, 3))), "no exact evidence reaches the corner n = 2, L = 3"),
        (Domain(corners=((2, 2),), each=("relu",)), "no exact evidence reaches the corner relu, n = 2, L = 2"),
    ],
)
def test_what_evidence_does_not_reach_is_not_supported(domain, missing):
    labelled = replace(EXACT, label=lambda net: f"{net.activation}, n = {net.width}, L = {net.depth}")
    (result,) = verify([replace(STATEMENT, evidence=(labelled,), domain=domain)]).results
    assert result.unreached == missing
    assert result.verdict is (Verdict.INCONCLUSIVE if missing else Verdict.SUPPORTED)
    if missing:
        assert complaints(result) == [f"user.mean: {missing}; its domain is {domain.words}"]


def test_evidence_that_does_not_run_in_the_profile_supports_nothing():
    report = verify([replace(STATEMENT, evidence=(simulated(NORMAL, 0, 30_000),))])
    (result,) = report.results
    assert (result.verdict, result.findings) == (Verdict.INCONCLUSIVE, ())
    assert complaints(result) == ["user.mean: no evidence runs in this profile"]
    assert json.loads(report.to_json())["statements"][0]["lacks"] == ["no evidence runs in this profile"]


def test_a_simulation_at_a_corner_is_not_enough():
    domain = Domain(corners=((1, 1),))
    (result,) = verify([replace(ONLY_SIMULATED, domain=domain)]).results
    assert result.unreached


@pytest.mark.parametrize("assumed", [assumptions.UNIFORM, assumptions.RELU, assumptions.DEPTH_TWO])
def test_evidence_on_other_networks_than_those_assumed_is_refused(assumed):
    statement = replace(STATEMENT, evidence=(simulated(NORMAL, 20_000),), assumptions=(assumed,))
    (result,) = verify([statement]).results
    assert result.verdict is Verdict.BROKEN
    assert f"'{assumed.sentence}' does not hold for width=1 depth=1" in result.problem


def test_a_variance_that_the_networks_exceed_is_refused():
    """Catoni's interval with a variance that is far too small is the median's, which lies elsewhere."""
    squares = ActivationNorms(layers=(1,))
    tiny = Simulated("E w^2", NORMAL, squares, "a_1", Mean(1, lambda net: 1e-12), 0.2, 20_000)
    (result,) = verify(
        [replace(STATEMENT, evidence=(tiny,), claim=partial(mean_square, factor=sp.Rational(1, 2)))]
    ).results
    assert result.verdict is Verdict.BROKEN
    assert "variance: is said to be at most 1e-12" in result.problem


@pytest.mark.parametrize(
    ("arguments", "argument", "message"),
    [
        ({"profile": "quik"}, "profile", "there is no profile 'quik'; did you mean 'quick'?"),
        ({"error": 0}, "error", "between 0 and 1, got 0"),
        ({"error": 1}, "error", "between 0 and 1, got 1"),
        ({"error": math.nan}, "error", "between 0 and 1, got nan"),
        ({"statements": []}, "statements", "there are none; name at least one"),
        ({"statements": [STATEMENT, SECOND, STATEMENT]}, "id", "two statements are called 'user.mean'"),
        ({"seed": -1}, "seed", "got -1"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(arguments, argument, message):
    with pytest.raises(InvalidArgument) as error:
        verify(**{"statements": [STATEMENT], **arguments})
    assert error.value.argument == argument
    assert message in str(error.value)


def test_progress_is_told_of_both_stages_up_to_their_end():
    told = []
    verify([STATEMENT, SECOND], progress=lambda *step: told.append(step))
    exact = [(what, done) for stage, what, done, _ in told if stage == "exact tiers"]
    asked = [sum(not isinstance(e, Simulated) for e in s.evidence) * (1 + len(s.mutants)) for s in (STATEMENT, SECOND)]
    first, second = (list(range(count + 1)) for count in asked)
    assert exact == [
        *(("user.mean", done) for done in first),
        *(("user.second", asked[0] + done) for done in second),
        ("", sum(asked)),
    ]
    for stage in ("exact tiers", "simulated tier"):
        shares = [(done, total) for one, _, done, total in told if one == stage]
        assert shares == sorted(shares)
        assert shares[-1][0] == shares[-1][1]
        assert len({total for _, total in shares}) == 1


def test_a_simulation_counts_by_the_size_of_its_networks_and_moves_while_it_runs():
    told = []
    small, large = (
        replace(ONLY_SIMULATED.evidence[0], net=Ensemble(width=width, depth=2), samples=samples)
        for width, samples in ((2, 500), (64, 9000))
    )
    verify([replace(ONLY_SIMULATED, evidence=(small, large))], progress=lambda *step: told.append(step))
    done = [done for stage, _, done, _ in told if stage == "simulated tier"]
    assert max(done[:1]) < done[-1] / 100
    assert len(done) > 3
