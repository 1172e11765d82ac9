"""The main job: plan the checks, split the error budget, simulate once per ensemble, judge claims and mutants."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from os import PathLike
from typing import Any

from montecarlo import Simulation, simulate
from montecarlo.arguments import as_count
from montecarlo.engines.engine import Engine
from montecarlo.observables import Observable
from montecarlo.runs.block_store import BlockStore
from montecarlo.runs.blocks import is_of_an_observable
from montecarlo.runs.measured_code import told_apart
from montecarlo.runs.stored_runs import shared_store
from montecarlo.workers.places import serial, threads, workers_for
from montecarlo.workers.workers import CannotTravel, KillsWorkers, Workers
from proofs_check.evidence import Request, Simulated
from proofs_check.faults import Fault, fault_of
from proofs_check.generality import contradicts, fails, missing_from, recording
from proofs_check.loading import is_from_file
from proofs_check.registry import require_different_ids
from proofs_check.reporting.findings import finding_lines
from proofs_check.results import MutantReport, Report, StatementReport
from proofs_check.sharpness import distance_of, exact_reach, reach_of
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.substitution import Proof, networks_in
from proofs_check.verdict import Finding, Tier, Verdict
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import nearest

PROFILES = ("quick", "full")
ERROR = 1e-6
"""The probability, over a whole run, that any simulated interval misses its truth."""
Progress = Callable[[str, str, int, int], object]
"""It is called with the stage, what is being done, the work done and the work in all, from more than one thread."""


def verify(
    statements: Sequence[Statement],
    *,
    profile: str = "quick",
    seed: int = 0,
    jobs: int = 1,
    error: float = ERROR,
    executor: Executor | Workers | None = None,
    store: str | PathLike[str] | None = None,
    progress: Progress | None = None,
    faults: Sequence[Fault] = (),
) -> Report:
    """Check statements and their mutants.

    Parameters
    ----------
    statements : sequence of Statement
        What to check.
    profile : str
        ``quick`` or ``full``: how many networks are sampled.
    seed : int
        Root seed. Every check must hold for any seed, but for the error probability.
    jobs : int
        Worker processes for the simulations; verdicts and numbers do not depend on it. What a statement's own file
        defines (:func:`proofs_check.registry.load`) no other process can import: it is measured in threads of this one.
    error : float
        Error probability of the whole run, split evenly over its simulated checks before any is made.
    executor : concurrent.futures.Executor or Workers, optional
        What runs the simulations in place of `jobs`, such as a Dask cluster; see :mod:`montecarlo.workers.places`.
    store : path, optional
        An SQLite file that takes each block of networks as it is finished; the same call goes on where the last ended.
    progress : callable, optional
        Called with what is being done, as :data:`Progress` says.
    faults : sequence of Fault
        What could not be loaded (:func:`proofs_check.registry.load_all`), which the report then tells of.

    Returns
    -------
    Report
        A claim or evidence that raises, or that has an argument which cannot be used, makes its own statement "broken",
        and no other.

    Raises
    ------
    InvalidArgument
        If the profile is unknown, the error is not between 0 and 1, there are no statements, or two share an id; or if
        the workers or the store cannot be used.

    Examples
    --------
    >>> from proofs_check import select
    >>> verify(select(["chain.hessian-hollow"])).verdict
    <Verdict.SUPPORTED: 'supported'>
    """
    if profile not in PROFILES:
        raise InvalidArgument("profile", f"there is no profile {profile!r}", nearest(str(profile), PROFILES))
    as_count("seed", seed, least=0, example=0)
    if not 0 < error < 1:
        raise InvalidArgument("error", f"must lie between 0 and 1, got {error}", "use e.g. 1e-6")
    if not statements and not faults:
        raise InvalidArgument("statements", "there are none", "name at least one")
    require_different_ids(statements)
    began = time.monotonic()
    refused = {statement.id: found for statement in statements if (found := _refusals(statement))}
    sound = [statement for statement in statements if statement.id not in refused]
    asked = {statement.id: _asked(statement, profile) for statement in sound}
    requests = [one for several in asked.values() for one in several]
    share = error / max(1, len(requests))
    told = progress or (lambda *_: None)
    stop = threading.Event()
    opened = shared_store(store, seed)
    with (
        opened as blocks,
        ThreadPoolExecutor(1) as background,
    ):  # networks are sampled while SymPy and flint do the exact tiers
        simulations = background.submit(_simulate_all, requests, seed, jobs, executor, blocks, told, stop)
        try:
            exact = {}
            work = {statement.id: _exact_work(statement) for statement in sound}
            total, done = sum(work.values()), 0
            for statement in sound:
                step = partial(_tell_next, told, statement.id, itertools.count(done), total)
                step()
                of_exact_tiers = [e for e in statement.evidence if not isinstance(e, Simulated)]
                exact[statement.id] = _Judged.of(statement, of_exact_tiers, step)
                done += work[statement.id]
            told("exact tiers", "", total, total)
            sampled = simulations.result()
        except BaseException:
            stop.set()
            raise
    results = []
    for statement in statements:
        if statement.id in refused:
            results.append(StatementReport(statement, refused[statement.id], ()))
            continue
        read = [_Sampled(one.evidence, sampled[one], share) for one in asked[statement.id]]
        simulated = _Judged.of(statement, read)
        results.append(exact[statement.id].report(statement, simulated))
    return Report(tuple(results), profile, seed, error, time.monotonic() - began, tuple(faults))


def _tell_next(told: Progress, what: str, steps: Iterator[int], total: int) -> None:
    told("exact tiers", what, next(steps), total)


def _exact_work(statement: Statement) -> int:
    """Return how often evidence of the exact tiers is asked: about the claim, and about each mutant."""
    asked = sum(not isinstance(e, Simulated) for e in statement.evidence)
    return asked * (1 + len(statement.mutants))


def simulated_checks(statement: Statement, profile: str) -> int:
    """Return how many simulated checks of a statement the profile has; none if its arguments cannot be used.

    Parameters
    ----------
    statement : Statement
        A statement.
    profile : str
        ``quick`` or ``full``.

    Examples
    --------
    >>> from proofs_check import select
    >>> simulated_checks(*select(["init.*"]), "quick")
    2
    """
    return 0 if _refusals(statement) else len(_asked(statement, profile))


@dataclass(frozen=True, eq=False)
class _Asked:
    """The simulation that a piece of evidence asks for; two of them are never the same."""

    evidence: Simulated
    request: Request


Simulations = dict[_Asked, Simulation | BaseException]
"""What was measured for whom, or why it could not be."""


def _asked(statement: Statement, profile: str) -> list[_Asked]:
    drawn = [(e, e.request(profile)) for e in statement.evidence if isinstance(e, Simulated)]
    return [_Asked(evidence, request) for evidence, request in drawn if request is not None]


def _refusals(statement: Statement) -> tuple[Finding, ...]:
    """Return a broken finding for evidence with arguments that cannot be used, or that contradicts what is assumed."""
    found = []
    for evidence in statement.evidence:
        require = getattr(evidence, "require", None)
        try:
            if require is not None:
                require()
            if isinstance(evidence, Simulated):
                told_apart(evidence.net, evidence.engine, evidence.observable)
            _require_assumed(statement, evidence)
        except _NOT_OURS as error:
            found.append(_broken(statement, evidence, error))
    return tuple(found)


def _require_assumed(statement: Statement, evidence: Any) -> None:
    """Refuse evidence about a network that the statement does not speak of."""
    cases = getattr(evidence, "cases", ()) or ()
    nets = [getattr(evidence, "net", None), *(part for case in cases for part in case)]
    for net in dict.fromkeys(net for net in nets if isinstance(net, Ensemble)):
        for assumed in statement.assumptions:
            if fails(assumed, net):
                problem = f"'{assumed.sentence}' does not hold for {net.describe()}"
                raise InvalidArgument("assumptions", problem, "change the ensemble, or what is assumed")


def _within_assumptions(statement: Statement, evidence: Any, found: Finding, seen: Sequence[Ensemble]) -> Finding:
    """Return the finding, or a broken one if the claim was asked about networks that are not those assumed."""
    for net in dict.fromkeys(seen):
        if (assumed := contradicts(net, statement.assumptions)) is not None:
            problem = f"'{assumed.sentence}' does not hold for {net.describe()}"
            wrong = InvalidArgument("assumptions", problem, "change the ensemble, or what is assumed")
            return _broken(statement, evidence, wrong)
    return found


_NOT_OURS = BaseException
"""What other people's code may raise without ending the run: all but an interrupt, which is raised again."""


def _broken(statement: Statement, evidence: Any, error: BaseException, claim: Claim | None = None) -> Finding:
    """Return the finding that a claim, or evidence, could not be run."""
    if isinstance(error, KeyboardInterrupt):
        raise error
    near = [claim, getattr(getattr(evidence, "observable", None), "measure", None)] if claim is not None else []
    fault = fault_of(error, statement.id, near, statement.place)
    check = str(getattr(evidence, "check", type(evidence).__name__))
    return Finding(evidence.tier, check, Verdict.BROKEN, detail=fault.problem, where=fault.where)


@dataclass(frozen=True)
class _Sampled:
    """Simulated evidence together with the simulation that it reads."""

    evidence: Simulated
    simulation: Simulation | BaseException
    error: float
    tier = Tier.SIMULATED

    @property
    def check(self) -> str:
        return self.evidence.check

    def examine(self, claim: Claim) -> Finding:
        if isinstance(self.simulation, BaseException):
            raise self.simulation
        return self.evidence.examine(claim, self.simulation, self.error)


@dataclass(frozen=True)
class _Judged:
    """The findings on the claim, what became of each mutant, and what supports them all."""

    findings: tuple[Finding, ...]
    mutants: tuple[MutantReport, ...]
    toothless: tuple[Finding, ...]
    exact_reach: float | None = None
    unproved: str = ""

    @classmethod
    def of(cls, statement: Statement, evidence: Sequence[Any], stepped: Callable[[], object] = lambda: None) -> _Judged:
        """Ask all evidence about the claim and about each mutant; `stepped` is called after each answer."""
        findings, proofs = [], []
        for e in evidence:
            seen: list[Ensemble] = []
            found = _within_assumptions(statement, e, _examined(statement, e, statement.claim, seen), seen)
            findings.append(found)
            stepped()
            if found.tier is Tier.PROVED and found.verdict is Verdict.SUPPORTED and not found.only:
                # a claim that is a text is asked about no network: its evidence holds that
                proofs.append(Proof(e, statement.claim, tuple(seen or networks_in(e))))
        against: list[list[Finding]] = []
        for mutant in statement.mutants:
            against.append([])
            for e in evidence:
                against[-1].append(_examined(statement, e, mutant.claim))
                stepped()
        toothless = [_toothless(found, [row[i] for row in against]) for i, found in enumerate(findings)]
        sharp = None
        if findings and not any(isinstance(e, _Sampled) for e in evidence):
            holds = all(found.verdict is Verdict.SUPPORTED for found in findings)
            sharp = exact_reach(statement.claim, evidence) if holds else None
        return cls(
            tuple(findings),
            tuple(_mutant_report(*both, findings) for both in zip(statement.mutants, against, strict=True)),
            tuple(found for found in toothless if found is not None),
            sharp,
            missing_from(proofs, statement.assumptions) if statement.domain.proved else "",
        )

    def report(self, statement: Statement, simulated: _Judged) -> StatementReport:
        """Return what exact evidence found together with what simulations did."""
        mutants = tuple(
            MutantReport(
                one.name,
                one.refuted_by + other.refuted_by,
                one.faults + other.faults,
                one.distances + other.distances,
            )
            for one, other in zip(self.mutants, simulated.mutants, strict=True)
        )
        return StatementReport(
            statement,
            self.findings + simulated.findings,
            mutants,
            self.toothless + simulated.toothless,
            self.exact_reach,
            self.unproved,
        )


def _mutant_report(mutant: Mutant, against: Sequence[Finding], findings: Sequence[Finding]) -> MutantReport:
    """Return what became of a mutant, given what each piece of evidence found of it and of the claim."""
    refuted = [(found, of_claim) for found, of_claim in zip(against, findings, strict=True) if _refutes(found)]
    distances = (distance_of(found, of_claim) for found, of_claim in refuted)
    broken = (Fault(f.check, f.detail, f.where) for f in against if f.verdict is Verdict.BROKEN)
    return MutantReport(
        mutant.name,
        tuple(found for found, _ in refuted),
        tuple(broken),
        tuple(distance for distance in distances if distance is not None),
    )


def _refutes(found: Finding) -> bool:
    return found.verdict is Verdict.REFUTED


def _toothless(found: Finding, against: Sequence[Finding]) -> Finding | None:
    """Return the finding of evidence that would support every mutant, or its error if it breaks under all of them."""
    verdicts = {one.verdict for one in against}
    if verdicts & {Verdict.REFUTED, Verdict.INCONCLUSIVE}:
        return None
    return against[0] if verdicts == {Verdict.BROKEN} else found


def _examined(statement: Statement, evidence: Any, claim: Claim, seen: list[Ensemble] | None = None) -> Finding:
    """Let evidence judge a claim; the networks that the claim is asked about are added to those seen."""
    try:
        found = evidence.examine(claim if seen is None else recording(claim, seen))
        if not isinstance(found, Finding) or not isinstance(found.verdict, Verdict):
            raise TypeError(f"the evidence returned {found!r:.60}, which is no Finding")
        str(found.scope), reach_of(found), finding_lines(found)  # what cannot be told is broken, and harms no other
        return found
    except _NOT_OURS as error:
        return _broken(statement, evidence.evidence if isinstance(evidence, _Sampled) else evidence, error, claim)


@dataclass(frozen=True)
class _Measured:
    """An observable, all that it holds as text, and who asked for it."""

    observable: Observable
    text: str
    readers: list[_Asked]


@dataclass(frozen=True)
class _Job:
    """A simulation: so many networks of an ensemble, and what is measured on them."""

    net: Ensemble
    samples: int
    engine: str | Engine
    measured: list[_Measured]


def _jobs(requests: Sequence[_Asked]) -> list[_Job]:
    """Return as few simulations as meet all requests.

    What compares as equal may still differ in what it holds, so that it is not the same; but as a simulation tells
    observables apart by comparing them, it has no two that are equal.
    """
    jobs: dict[str, list[_Job]] = {}
    for one in requests:
        asked = one.request
        text = told_apart(asked.observable)
        alike = jobs.setdefault(told_apart(asked.net, asked.engine, asked.samples), [])
        equal = [[m for m in job.measured if m.observable == asked.observable] for job in alike]
        same = next((m for several in equal for m in several if m.text == text), None)
        if same is not None:
            same.readers.append(one)
            continue
        job = next((job for job, several in zip(alike, equal, strict=True) if not several), None)
        if job is None:
            job = _Job(asked.net, asked.samples, asked.engine, [])
            alike.append(job)
        job.measured.append(_Measured(asked.observable, text, [one]))
    return [job for several in jobs.values() for job in several]


def _simulate_all(
    requests: Sequence[_Asked],
    seed: int,
    jobs: int,
    executor: Executor | Workers | None,
    store: BlockStore | None,
    told: Progress,
    stop: threading.Event,
) -> Simulations:
    """Simulate each ensemble once under each engine, whatever the number of checks that read it."""
    needed = _jobs(requests)
    work = [_work(job) for job in needed]
    total, finished, moving = sum(work), [0] * len(needed), threading.Lock()

    def move(place: int, share: float) -> None:
        with moving:  # so that no thread tells less than another has told
            finished[place] = max(finished[place], int(share * work[place]))
            told("simulated tier", needed[place].net.describe(), sum(finished), total)

    def drawn(place: int, observables: list[Observable], here: bool) -> Simulation:
        job = needed[place]

        def watch(done: int, samples: int) -> None:
            if stop.is_set():
                raise _Stopped
            move(place, done / samples)

        return simulate(
            job.net,
            observables,
            samples=job.samples,
            seed=seed,
            engine=job.engine,
            executor=at_hand if here else workers,
            store=store,
            progress=watch,
        )

    def run(place: int) -> Simulations:
        job = needed[place]
        observables = [one.observable for one in job.measured]
        found: Simulations = {}
        try:
            # what another process cannot import is measured here, in threads, with the same bits
            together: Simulation | None = drawn(place, observables, is_from_file(job.net, job.engine, *observables))
        except _NOT_OURS as error:
            if _ends_the_run(error) or stop.is_set():
                raise
            together = None  # whose observable is it? each one alone measures the same networks
            deadly = isinstance(error, KillsWorkers)  # which it is not told in this process
            if deadly and len(observables) == 1:
                return dict.fromkeys(job.measured[0].readers, error)
        for one in job.measured:
            try:
                simulation: Simulation | BaseException = together or drawn(place, [one.observable], here=not deadly)
            except _NOT_OURS as error:
                if _ends_the_run(error) or stop.is_set():
                    raise
                simulation = error
            found |= dict.fromkeys(one.readers, simulation)
        move(place, 1.0)
        return found

    # several at a time, so that no worker waits for the last block of one simulation
    at_a_time = 1 if jobs == 1 and executor is None else 4
    with (
        workers_for(jobs if needed else 1, executor) as workers,
        serial() if jobs == 1 else threads(jobs) as at_hand,
        ThreadPoolExecutor(at_a_time) as starters,
    ):
        return {reader: one for found in starters.map(run, range(len(needed))) for reader, one in found.items()}


def _work(job: _Job) -> int:
    """Return about how much work a simulation is: the weights of its networks, and a little for each layer."""
    net = job.net
    sizes = [size for size in net.widths or (net.width_at(0),) if isinstance(size, int)]
    width = max(sizes, default=1)
    return job.samples * (width * width + width) * (net.depth if isinstance(net.depth, int) else 1)


class _Stopped(InterruptedError):
    """The run ends, for whatever reason."""


_OF_THE_RUN = ("store", "seed", "jobs", "executor", "workers", "cluster")
"""Arguments of the run itself: where they cannot be used, no statement is at fault."""


def _ends_the_run(error: BaseException) -> bool:
    """Whether an error is not one statement's: the workers or the store are at an end."""
    if isinstance(error, (KillsWorkers, CannotTravel)) or is_of_an_observable(error):
        return False
    if isinstance(error, InvalidArgument):
        return error.argument in _OF_THE_RUN
    return isinstance(error, (KeyboardInterrupt, _Stopped, BrokenExecutor))
