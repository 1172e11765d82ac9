"""Run tasks in this thread, in threads, processes, an executor or a Dask cluster, and yield results in task order."""

from __future__ import annotations

import os
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext

from montecarlo.arguments import as_count, as_positive
from montecarlo.workers.dask_cluster import Cluster, as_address
from montecarlo.workers.pools import Borrowed, Threads
from montecarlo.workers.processes import Processes
from montecarlo.workers.workers import Serial, Workers
from theory.ensembles import InvalidArgument


def serial() -> Workers:
    """Return the calling thread as workers.

    >>> from montecarlo.workers.workers import in_task_order
    >>> with serial() as workers:
    ...     list(in_task_order(abs, [(-1,), (2,)], workers))
    [1, 2]
    """
    return Serial()


def threads(count: int) -> Workers:
    """Return so many threads of this process.

    Raises
    ------
    InvalidArgument
        If the number is no positive integer.

    Examples
    --------
    >>> from montecarlo.workers.workers import in_task_order
    >>> with threads(2) as workers:
    ...     list(in_task_order(abs, [(-1,), (2,)], workers))
    [1, 2]
    """
    return Threads(as_count("threads", count))


def processes(count: int) -> Workers:
    """Return up to so many worker processes, started as tasks come.

    They are spawned, not forked, as a fork copies the locks of threads but not the threads. They ignore Ctrl-C, which
    is meant for this process, and end when this process ends, for whatever reason. If one of them is killed, its tasks
    and those of the other processes run again.

    Raises
    ------
    InvalidArgument
        If the number is no positive integer.

    Examples
    --------
    >>> from montecarlo.workers.workers import in_task_order
    >>> with processes(2) as workers:
    ...     list(in_task_order(abs, [(-1,), (2,)], workers))
    [1, 2]
    """
    return Processes(as_count("jobs", count))


def borrowed(executor: Executor, width: int | None = None) -> Workers:
    """Return the workers of an executor, which stays open.

    Parameters
    ----------
    executor : concurrent.futures.Executor
        What runs the tasks.
    width : int, optional
        How many tasks it runs at a time; by default as many as this machine has processors.

    Raises
    ------
    InvalidArgument
        If the executor is none, or the width is no positive integer.

    Notes
    -----
    With MPI, a script that mpi4py starts by ``mpiexec -n 65 python -m mpi4py.futures script.py`` does this::

        with MPIPoolExecutor() as pool:
            results = list(in_task_order(function, tasks, borrowed(pool, pool.num_workers)))

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from montecarlo.workers.workers import in_task_order
    >>> with ThreadPoolExecutor(2) as pool:
    ...     list(in_task_order(abs, [(-1,), (2,)], borrowed(pool, width=2)))
    [1, 2]
    """
    if not callable(getattr(executor, "submit", None)) or isinstance(executor, type):
        remedy = "use a concurrent.futures.Executor"
        raise InvalidArgument("executor", f"{executor!r} has no submit method", remedy)
    return Borrowed(executor, (os.cpu_count() or 1) if width is None else as_count("width", width))


def cluster(address: str, timeout: float = 10) -> Workers:
    """Connect to a Dask cluster, which stays as it is when the connection is closed.

    Parameters
    ----------
    address : str
        Address of its scheduler, e.g. ``tcp://10.0.0.1:8786``.
    timeout : float
        How many seconds to wait for an answer from the scheduler, and for a worker to be there.

    Returns
    -------
    Workers
        If a worker is killed, only its own tasks run again. A task that kills its worker again and again is an error.
        So is losing the scheduler, or losing all workers for longer than the time-out.

    Raises
    ------
    InvalidArgument
        If Dask is not installed here, the address or the time-out is unusable, nothing answers, there are no workers,
        or they have other versions of Python, NumPy or this package, so that their bits could differ.
    """
    return Cluster(as_address(address), as_positive("timeout", timeout, example=10))


def worker_pool(jobs: int) -> Workers:
    """Return this thread for one job, worker processes for more.

    Raises
    ------
    InvalidArgument
        If the number is no positive integer.

    Examples
    --------
    >>> from montecarlo.workers.workers import in_task_order
    >>> with worker_pool(1) as workers:
    ...     list(in_task_order(abs, [(-1,), (2,)], workers))
    [1, 2]
    """
    return serial() if as_count("jobs", jobs) == 1 else processes(jobs)


def workers_for(jobs: int, executor: Executor | Workers | None = None) -> AbstractContextManager[Workers]:
    """Return the workers that the arguments of a simulation ask for.

    Parameters
    ----------
    jobs : int
        How many processes to use if there is no executor; 1 stands for this thread.
    executor : concurrent.futures.Executor or Workers, optional
        What runs the tasks instead; it stays open.

    Raises
    ------
    InvalidArgument
        If the executor is none, or the number of jobs is below 1.

    Examples
    --------
    >>> with serial() as mine, workers_for(2, mine) as workers:
    ...     workers is mine
    True
    """
    if executor is None:
        return worker_pool(jobs)
    return nullcontext(executor) if isinstance(executor, Workers) else borrowed(executor)
