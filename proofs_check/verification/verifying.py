"""The main job: plan the checks, split the error budget, simulate once per ensemble, judge claims and mutants."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from os import PathLike

from montecarlo.arguments import as_count
from montecarlo.runs.stored_runs import shared_store
from montecarlo.workers.workers import Workers
from proofs_check.evidence import Simulated
from proofs_check.faults import Fault
from proofs_check.registry import require_different_ids
from proofs_check.statement import Statement
from proofs_check.verification.judging import Judged, Sampled, refusals
from proofs_check.verification.results import Report, StatementReport
from proofs_check.verification.simulating import Progress, asked_by, simulate_all
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

PROFILES = ("quick", "full")
ERROR = 1e-6
"""The probability, over a whole run, that any simulated interval misses its truth."""


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
    refused = {statement.id: found for statement in statements if (found := refusals(statement))}
    sound = [statement for statement in statements if statement.id not in refused]
    asked = {statement.id: asked_by(statement, profile) for statement in sound}
    requests = [one for several in asked.values() for one in several]
    share = error / max(1, len(requests))
    told = progress or (lambda *_: None)
    stop = threading.Event()
    opened = shared_store(store, seed)
    with (
        opened as blocks,
        ThreadPoolExecutor(1) as background,
    ):  # networks are sampled while SymPy and flint do the exact tiers
        simulations = background.submit(simulate_all, requests, seed, jobs, executor, blocks, told, stop)
        try:
            exact = {}
            work = {statement.id: _exact_work(statement) for statement in sound}
            total, done = sum(work.values()), 0
            for statement in sound:
                step = partial(_tell_next, told, statement.id, itertools.count(done), total)
                step()
                of_exact_tiers = [e for e in statement.evidence if not isinstance(e, Simulated)]
                exact[statement.id] = Judged.of(statement, of_exact_tiers, step)
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
        read = [Sampled(one.evidence, sampled[one], share) for one in asked[statement.id]]
        simulated = Judged.of(statement, read)
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
    return 0 if refusals(statement) else len(asked_by(statement, profile))
