"""Simulates each ensemble once, whatever the number of checks that read it; what cannot be measured harms no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, ThreadPoolExecutor
from dataclasses import dataclass

from montecarlo import Simulation, simulate
from montecarlo.engines.engine import Engine
from montecarlo.observables import Observable
from montecarlo.runs.block_store import BlockStore
from montecarlo.runs.blocks import is_of_an_observable
from montecarlo.runs.measured_code import told_apart
from montecarlo.workers.places import serial, threads, workers_for
from montecarlo.workers.workers import CannotTravel, KillsWorkers, Workers
from proofs_check.evidence import Request, Simulated
from proofs_check.faults import NOT_OURS
from proofs_check.loading import is_from_file
from proofs_check.statement import Statement
from theory.ensembles import Ensemble, InvalidArgument

Progress = Callable[[str, str, int, int], object]
"""It is called with the stage, what is being done, the work done and the work in all, from more than one thread."""


@dataclass(frozen=True, eq=False)
class Asked:
    """The simulation that a piece of evidence asks for; two of them are never the same.

    Parameters
    ----------
    evidence : Simulated
        The evidence.
    request : Request
        What it asks for.
    """

    evidence: Simulated
    request: Request


Simulations = dict[Asked, Simulation | BaseException]
"""What was measured for whom, or why it could not be."""


def asked_by(statement: Statement, profile: str) -> list[Asked]:
    """Return the simulations that a statement's evidence needs.

    Parameters
    ----------
    statement : Statement
        A statement.
    profile : str
        ``quick`` or ``full``.
    """
    drawn = [(e, e.request(profile)) for e in statement.evidence if isinstance(e, Simulated)]
    return [Asked(evidence, request) for evidence, request in drawn if request is not None]


@dataclass(frozen=True)
class _Measured:
    """An observable, all that it holds as text, and who asked for it."""

    observable: Observable
    text: str
    readers: list[Asked]


@dataclass(frozen=True)
class _Job:
    """A simulation: so many networks of an ensemble, and what is measured on them."""

    net: Ensemble
    samples: int
    engine: str | Engine
    measured: list[_Measured]


def _jobs(requests: Sequence[Asked]) -> list[_Job]:
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


def simulate_all(
    requests: Sequence[Asked],
    seed: int,
    jobs: int,
    executor: Executor | Workers | None,
    store: BlockStore | None,
    told: Progress,
    stop: threading.Event,
) -> Simulations:
    """Simulate each ensemble once under each engine, whatever the number of checks that read it.

    Parameters
    ----------
    requests : sequence of Asked
        What is needed, and by whom.
    seed : int
        The root seed.
    jobs : int
        Worker processes.
    executor : Executor or Workers, optional
        What runs the simulations in their place.
    store : BlockStore, optional
        What takes each block of networks as it is finished.
    told : callable
        Called with what is being done, as :data:`Progress` says.
    stop : threading.Event
        Set to end the run early.

    Returns
    -------
    dict
        For each request the simulation, or the error for which there is none.
    """
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
        except NOT_OURS as error:
            if _ends_the_run(error) or stop.is_set():
                raise
            together = None  # whose observable is it? each one alone measures the same networks
            deadly = isinstance(error, KillsWorkers)  # which it is not told in this process
            if deadly and len(observables) == 1:
                return dict.fromkeys(job.measured[0].readers, error)
        for one in job.measured:
            try:
                simulation: Simulation | BaseException = together or drawn(place, [one.observable], here=not deadly)
            except NOT_OURS as error:
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
