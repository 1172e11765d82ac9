"""The main job: plan the checks, split the error budget, simulate once per ensemble, judge claims and mutants."""

from __future__ import annotations

import itertools
import json
import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from os import PathLike
from typing import Any

from montecarlo import Simulation, simulate
from montecarlo.engines.engine import Engine
from montecarlo.observables import Observable
from montecarlo.runs.block_store import BlockStore
from montecarlo.runs.stored_runs import machine
from montecarlo.workers.places import workers_for
from montecarlo.workers.workers import Workers
from proofs_check.evidence import Request, Simulated
from proofs_check.statement import Claim, Statement
from proofs_check.verdict import Finding, Tier, Verdict
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import nearest

PROFILES = ("quick", "full")
ERROR = 1e-6
"""The probability, over a whole run, that any simulated interval misses its truth."""
Key = tuple[Ensemble, int, str | Engine]
"""What tells simulations apart: ensemble, number of networks, engine."""
Progress = Callable[[str, str, int, int], object]
"""It is called with the stage, what is being done, the steps done and the steps in all, from more than one thread."""


@dataclass(frozen=True)
class MutantReport:
    """Whether a mutant was refuted, and which pieces of evidence refuted it."""

    name: str
    refuted_by: tuple[Finding, ...]

    @property
    def refuted(self) -> bool:
        """Whether any evidence refuted it."""
        return bool(self.refuted_by)


@dataclass(frozen=True)
class StatementReport:
    """All findings on a statement and its mutants."""

    statement: Statement
    findings: tuple[Finding, ...]
    mutants: tuple[MutantReport, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict of all evidence together; a mutant that survives turns "supported" into "inconclusive"."""
        verdict = Verdict.of_all(finding.verdict for finding in self.findings)
        if verdict is Verdict.SUPPORTED and not all(mutant.refuted for mutant in self.mutants):
            return Verdict.INCONCLUSIVE
        return verdict

    def of_tier(self, tier: Tier) -> tuple[Finding, ...]:
        """Return the findings of one tier."""
        return tuple(finding for finding in self.findings if finding.tier is tier)


@dataclass(frozen=True)
class Report:
    """What a run found.

    Parameters
    ----------
    results : tuple of StatementReport
        In the order of the statements.
    profile : str
        ``quick`` or ``full``.
    seed : int
        Root seed of all simulations.
    error : float
        Probability, over the whole run, that any simulated interval misses its truth, given what the intervals record
        that they assume (variances that theory derives).
    seconds : float
        Wall time.
    """

    results: tuple[StatementReport, ...]
    profile: str
    seed: int
    error: float
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """The verdict of all statements together."""
        return Verdict.of_all(result.verdict for result in self.results)

    @property
    def exit_status(self) -> int:
        """It is 0 if all is supported, 1 if anything is refuted, and 3 if nothing is but something is inconclusive."""
        return {Verdict.SUPPORTED: 0, Verdict.REFUTED: 1, Verdict.INCONCLUSIVE: 3}[self.verdict]

    def to_json(self) -> str:
        """Return the whole report as JSON, without NaN or infinity (they are strings)."""
        statements = [
            {
                "id": result.statement.id,
                "title": result.statement.title,
                "verdict": result.verdict.value,
                "assumptions": [assumption.sentence for assumption in result.statement.assumptions],
                "findings": [_finding_data(finding) for finding in result.findings],
                "mutants": [
                    {
                        "name": mutant.name,
                        "refuted": mutant.refuted,
                        "refuted_by": [f"{finding.tier.value}: {finding.check}" for finding in mutant.refuted_by],
                    }
                    for mutant in result.mutants
                ],
            }
            for result in self.results
        ]
        data = {
            "verdict": self.verdict.value,
            "profile": self.profile,
            "seed": self.seed,
            "error": self.error,
            "statements": statements,
        }
        return json.dumps(data, indent=2, allow_nan=False)


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
        Worker processes for the simulations; verdicts and numbers do not depend on it.
    error : float
        Error probability of the whole run, split evenly over its simulated checks before any is made.
    executor : concurrent.futures.Executor or Workers, optional
        What runs the simulations in place of `jobs`, such as a Dask cluster; see :mod:`montecarlo.workers.places`.
    store : path, optional
        An SQLite file that takes each block of networks as it is finished; the same call goes on where the last ended.
    progress : callable, optional
        Called with what is being done, as :data:`Progress` says.

    Returns
    -------
    Report

    Raises
    ------
    InvalidArgument
        If the profile is unknown, the error is not between 0 and 1, there are no statements, or two share an id.

    Examples
    --------
    >>> from proofs_check import select
    >>> verify(select(["chain.hessian-hollow"])).verdict
    <Verdict.SUPPORTED: 'supported'>
    """
    if profile not in PROFILES:
        raise InvalidArgument("profile", f"there is no profile {profile!r}", nearest(str(profile), PROFILES))
    if not 0 < error < 1:
        raise InvalidArgument("error", f"must lie between 0 and 1, got {error}", "use e.g. 1e-6")
    if not statements:
        raise InvalidArgument("statements", "there are none", "name at least one")
    ids = [statement.id for statement in statements]
    if len(set(ids)) < len(ids):
        twice = next(i for i in ids if ids.count(i) > 1)
        raise InvalidArgument("statements", f"two of them are called {twice!r}", "rename one")
    began = time.monotonic()
    asked = [e.request(profile) for statement in statements for e in statement.evidence if isinstance(e, Simulated)]
    requests = [request for request in asked if request is not None]
    share = error / max(1, len(requests))
    told = progress or (lambda *_: None)
    stop = threading.Event()
    opened = nullcontext(None) if store is None else BlockStore.open(store, {"seed": str(seed), **machine()})
    with (
        opened as blocks,
        ThreadPoolExecutor(1) as background,
    ):  # networks are sampled while SymPy and flint do the exact tiers
        simulations = background.submit(_simulate_all, requests, seed, jobs, executor, blocks, told, stop)
        try:
            exact = {}
            for done, statement in enumerate(statements):
                told("exact tiers", statement.id, done, len(statements))
                exact[statement.id] = _Judged.of(
                    statement, [e for e in statement.evidence if not isinstance(e, Simulated)]
                )
            told("exact tiers", "", len(statements), len(statements))
            sampled = simulations.result()
        except BaseException:
            stop.set()
            raise
    results = []
    for statement in statements:
        present = [_Sampled(e, sampled, profile, share) for e in statement.evidence if isinstance(e, Simulated)]
        simulated = _Judged.of(statement, [e for e in present if e.request is not None])
        results.append(exact[statement.id].joined(simulated).report(statement))
    return Report(tuple(results), profile, seed, error, time.monotonic() - began)


@dataclass(frozen=True)
class _Sampled:
    """Simulated evidence together with the simulation that it reads."""

    evidence: Simulated
    simulations: dict[Key, Simulation]
    profile: str
    error: float

    @property
    def request(self) -> Request | None:
        return self.evidence.request(self.profile)

    def examine(self, claim: Claim) -> Finding:
        request = self.request
        assert request is not None
        simulation = self.simulations[request.net, request.samples, request.engine]
        return self.evidence.examine(claim, simulation, self.error)


@dataclass(frozen=True)
class _Judged:
    """The findings on the claim, and those that refute each mutant."""

    findings: tuple[Finding, ...]
    refutations: dict[str, tuple[Finding, ...]]

    @classmethod
    def of(cls, statement: Statement, evidence: Sequence[Any]) -> _Judged:
        findings = tuple(e.examine(statement.claim) for e in evidence)
        refutations = {}
        for mutant in statement.mutants:
            against = (e.examine(mutant.claim) for e in evidence)
            refutations[mutant.name] = tuple(f for f in against if f.verdict is Verdict.REFUTED)
        return cls(findings, refutations)

    def joined(self, other: _Judged) -> _Judged:
        refutations = {name: found + other.refutations[name] for name, found in self.refutations.items()}
        return _Judged(self.findings + other.findings, refutations)

    def report(self, statement: Statement) -> StatementReport:
        mutants = tuple(MutantReport(name, found) for name, found in self.refutations.items())
        return StatementReport(statement, self.findings, mutants)


def _simulate_all(
    requests: Sequence[Request],
    seed: int,
    jobs: int,
    executor: Executor | Workers | None,
    store: BlockStore | None,
    told: Progress,
    stop: threading.Event,
) -> dict[Key, Simulation]:
    """Simulate each ensemble once under each engine, whatever the number of checks that read it."""
    needed: dict[Key, dict[Observable, None]] = {}
    for request in requests:
        needed.setdefault((request.net, request.samples, request.engine), {})[request.observable] = None

    finished = itertools.count(1)

    def watch(done: int, samples: int) -> None:
        if stop.is_set():
            raise InterruptedError("the run was stopped")

    def run(key: Key) -> Simulation:
        net, samples, engine = key
        simulation = simulate(
            net,
            list(needed[key]),
            samples=samples,
            seed=seed,
            engine=engine,
            executor=workers,
            store=store,
            progress=watch,
        )
        told("simulated tier", net.describe(), next(finished), len(needed))
        return simulation

    # several at a time, so that no worker waits for the last block of one simulation
    at_a_time = 1 if jobs == 1 and executor is None else 4
    with workers_for(jobs if needed else 1, executor) as workers, ThreadPoolExecutor(at_a_time) as starters:
        return dict(zip(needed, starters.map(run, needed), strict=True))


def _finding_data(finding: Finding) -> dict[str, Any]:
    fields = {
        "tier": finding.tier.value,
        "check": finding.check,
        "verdict": finding.verdict.value,
        "case": finding.case,
        "detail": finding.detail,
        "exact": finding.exact,
        "claimed": finding.claimed,
        "estimate": finding.estimate,
        "interval": finding.interval,
        "tolerance": finding.tolerance,
        "resolution": finding.resolution,
        "error": finding.error,
        "samples": finding.samples,
        "seed": finding.seed,
        "method": finding.method,
    }
    return {name: _finite(value) for name, value in fields.items() if value not in (None, "")}


def _finite(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_finite(part) for part in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
