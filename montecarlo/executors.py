"""Run tasks in this thread, in threads, processes, an executor or a Dask cluster, and yield results in task order."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import sys
import threading
import time
import warnings
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from multiprocessing import get_context, parent_process
from numbers import Integral
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np

from theory.ensembles import InvalidArgument

Result = TypeVar("Result")

DISTRIBUTION = "vanishing-curvature"
LOSSES = 3
"""Process pools that may break in a row, without a result in between, before tasks are tried one by one."""
RETRIES = 2
"""Times that Dask runs a task again before its exception counts."""
REFRESH_SECONDS = 2.0
"""How long the number of a cluster's threads is believed."""
CLOSE_SECONDS = 3.0


def in_task_order(
    function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]], workers: Workers
) -> Iterator[Result]:
    """Run ``function(*task)`` for each task, and yield the results in the order of the tasks.

    Parameters
    ----------
    function : callable
        What to run; an exception that it raises comes out unchanged, in its turn, and cancels the tasks after it.
    tasks : iterable of tuple
        Arguments, drawn as they are needed: about twice as many as there are workers are under way or waiting to be
        yielded at any time.
    workers : Workers
        Where to run.

    Yields
    ------
    object
        A result per task.

    Raises
    ------
    InvalidArgument
        If the workers are closed, broken or out of reach, or if a task kills its worker process again and again.

    Examples
    --------
    >>> with threads(2) as workers:
    ...     list(in_task_order(pow, [(2, 3), (3, 2)], workers))
    [8, 9]
    """
    return workers.run(function, tasks)


class Workers(ABC):
    """Where tasks run; a context manager that closes what it opened, and nothing else.

    Made by :func:`serial`, :func:`threads`, :func:`processes`, :func:`borrowed` or :func:`cluster`. Several threads
    may use one at a time.
    """

    travels: ClassVar[bool] = False
    """Whether tasks are known to travel to other processes, by pickle."""

    @abstractmethod
    def run(self, function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Result]:
        """Do what :func:`in_task_order` says."""

    @abstractmethod
    def close(self) -> None:
        """Drop what has not begun, wait for what has, and let the workers go that were opened."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def serial() -> Workers:
    """Return the calling thread as workers.

    >>> with serial() as workers:
    ...     list(in_task_order(abs, [(-1,), (2,)], workers))
    [1, 2]
    """
    return _Serial()


def threads(count: int) -> Workers:
    """Return so many threads of this process.

    >>> with threads(2) as workers:
    ...     list(in_task_order(abs, [(-1,), (2,)], workers))
    [1, 2]
    """
    return _Threads(_whole("threads", count))


def processes(count: int) -> Workers:
    """Return up to so many worker processes, started as tasks come.

    They are spawned, not forked: a fork copies the locks of threads that it does not copy. They ignore Ctrl-C, which
    is for this process, and end with it, whatever ends it. If one is killed, its tasks and those beside it run again.

    >>> with processes(2) as workers:
    ...     list(in_task_order(abs, [(-1,), (2,)], workers))
    [1, 2]
    """
    return _Processes(_whole("jobs", count))


def borrowed(executor: Executor, width: int | None = None) -> Workers:
    """Return the workers of an executor, which stays open.

    Parameters
    ----------
    executor : concurrent.futures.Executor
        Runs the tasks.
    width : int, optional
        How many it runs at a time; as many as this machine has processors by default.

    Notes
    -----
    MPI, with mpi4py, under ``mpiexec -n 65 python -m mpi4py.futures script.py``::

        with MPIPoolExecutor() as pool:
            results = list(in_task_order(function, tasks, borrowed(pool, pool.num_workers)))

    Examples
    --------
    >>> with ThreadPoolExecutor(2) as pool:
    ...     list(in_task_order(abs, [(-1,), (2,)], borrowed(pool, width=2)))
    [1, 2]
    """
    if not callable(getattr(executor, "submit", None)) or isinstance(executor, type):
        remedy = "use a concurrent.futures.Executor"
        raise InvalidArgument("executor", f"{executor!r} has no submit method", remedy)
    return _Borrowed(executor, (os.cpu_count() or 1) if width is None else _whole("width", width))


def cluster(address: str, timeout: float = 10) -> Workers:
    """Connect to a Dask cluster, which stays as it is when the connection is closed.

    Parameters
    ----------
    address : str
        Its scheduler's, e.g. ``tcp://10.0.0.1:8786``.
    timeout : float
        Seconds to wait for an answer: from the scheduler, and for a worker to be there.

    Returns
    -------
    Workers
        If one of them is killed, only what it was doing runs again. A task that kills its worker again and again is
        an error, as is losing the scheduler, or all workers for longer than the time-out.

    Raises
    ------
    InvalidArgument
        If Dask is not installed here, the address is malformed, nothing answers, there are no workers, or they have
        other versions of Python, NumPy or this package, so that their bits could differ.
    """
    return _Cluster(_address(address), _seconds(timeout))


def worker_pool(jobs: int) -> Workers:
    """Return this thread for one job, worker processes for more.

    >>> with worker_pool(1) as workers:
    ...     list(in_task_order(abs, [(-1,), (2,)], workers))
    [1, 2]
    """
    return serial() if _whole("jobs", jobs) == 1 else processes(jobs)


def workers_for(jobs: int, executor: Executor | Workers | None = None) -> AbstractContextManager[Workers]:
    """Return what the arguments of a simulation ask for: an executor or workers, which stay open, or so many jobs.

    >>> with serial() as mine, workers_for(2, mine) as workers:
    ...     workers is mine
    True
    """
    if executor is None:
        return worker_pool(jobs)
    return nullcontext(executor) if isinstance(executor, Workers) else borrowed(executor)


class _Serial(Workers):
    """The thread that asks."""

    def run(self, function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Result]:
        return (function(*task) for task in tasks)

    def close(self) -> None:
        """There is nothing to close."""


@dataclass(eq=False)
class _Task(Generic[Result]):
    """A task under way.

    Attributes
    ----------
    number : int
        Its place among the tasks.
    arguments : tuple
        Of the function.
    future : Future
        Its outcome.
    pool : ProcessPoolExecutor or None
        Where it was submitted, if that may break and be replaced.
    suspect : bool
        Whether pools broke so often with it that it must run alone.
    """

    number: int
    arguments: tuple[Any, ...]
    future: Future[Result]
    pool: ProcessPoolExecutor | None = None
    suspect: bool = False

    def has_result(self) -> bool:
        return self.future.done() and not self.future.cancelled() and self.future.exception() is None


@dataclass(eq=False)
class _Run(Generic[Result]):
    """One use of the workers.

    Attributes
    ----------
    function : callable
        What runs.
    window : deque
        The tasks that are under way or wait to be yielded, in order.
    yielded : int
        Number of results that were.
    losses, results : int
        Pools that broke in a row without a result in between, and the number of results when the last one did.
    """

    function: Callable[..., Result]
    window: deque[_Task[Result]] = field(default_factory=deque)
    yielded: int = 0
    losses: int = 0
    results: int = 0


class _Pooled(Workers):
    """Workers that give a future for each task: submits a window of tasks that slides over all of them."""

    @abstractmethod
    def width(self) -> int:
        """Return how many tasks run at a time."""

    @abstractmethod
    def submit(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> _Task[Result]:
        """Hand a task to the workers."""

    def result(self, run: _Run[Result]) -> Result:
        """Wait for the first task of the window."""
        return run.window[0].future.result()

    def run(self, function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Result]:
        run = _Run(function)
        numbered = enumerate(tasks)
        try:
            while True:
                free = max(0, 2 * self.width() + 2 - len(run.window))
                for number, arguments in islice(numbered, free):
                    run.window.append(self.submit(number, function, arguments))
                if not run.window:
                    return
                result = self.result(run)
                run.window.popleft()
                run.yielded += 1
                yield result
                del result  # nothing is kept while the next one is awaited
        finally:
            for task in run.window:
                task.future.cancel()


class _Threads(_Pooled):
    """Threads of ours."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(count)

    def width(self) -> int:
        return self._count

    def submit(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> _Task[Result]:
        with _closed_explained():
            return _Task(number, arguments, self._pool.submit(function, *arguments))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


class _Processes(_Pooled):
    """Processes of ours, in a pool that is replaced when one of them dies: that breaks the pool, and all in it."""

    travels = True

    def __init__(self, count: int) -> None:
        self._count = count
        self._lock = threading.Lock()
        self._pool = _spawning(count)
        self._worked = False  # whether any process has ever returned a result

    def width(self) -> int:
        return self._count

    def submit(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> _Task[Result]:
        while True:
            pool = self._pool
            try:
                with _closed_explained(), _interrupts_held():
                    return _Task(number, arguments, pool.submit(function, *arguments), pool)
            except BrokenProcessPool:
                self._replace(pool)
            except OSError as reason:
                problem = f"{self._count} worker processes cannot be started ({reason.strerror or reason})"
                raise InvalidArgument("jobs", problem, "use fewer") from None

    def result(self, run: _Run[Result]) -> Result:
        while True:
            task = run.window[0]
            if task.suspect:
                return self._alone(task, run.function)
            try:
                result = task.future.result()
            except BrokenProcessPool:
                assert task.pool is not None
                if not _is_broken(task.pool):
                    raise  # the function's own
                self._recover(run, task.pool)
            else:
                self._worked = True
                return result

    def _recover(self, run: _Run[Result], broken: ProcessPoolExecutor) -> None:
        """Submit again, in order, what was lost with a pool; after too many losses mark it as suspect instead."""
        if not self._worked:
            self._require_that_processes_start()
        self._replace(broken)
        lost = [task for task in run.window if task.pool is broken and not task.suspect and _was_lost(task.future)]
        results = run.yielded + sum(task.has_result() for task in run.window)
        run.losses = 1 if results > run.results else run.losses + 1
        run.results = results
        for task in lost:
            if run.losses >= LOSSES:
                task.suspect = True
            else:
                again = self.submit(task.number, run.function, task.arguments)
                task.future, task.pool = again.future, again.pool
        if run.losses >= LOSSES:
            run.losses = 0

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        """Put a new pool in the place of a broken one, once for all threads that find it broken."""
        with self._lock:
            if self._pool is broken:
                broken.shutdown(wait=False)
                self._pool = _spawning(self._count)

    def _alone(self, task: _Task[Result], function: Callable[..., Result]) -> Result:
        """Run a suspect in a process of its own, where it harms nothing else."""
        with _spawning(1) as pool:
            try:
                with _interrupts_held():
                    future = pool.submit(function, *task.arguments)
                return future.result()
            except BrokenProcessPool:
                if not _is_broken(pool):
                    raise
                problem = f"task {task.number} kills its worker process, even alone (out of memory?)"
                raise InvalidArgument("jobs", problem, "measure less at once, or find out why with jobs=1") from None

    def _require_that_processes_start(self) -> None:
        with _spawning(1) as pool:
            try:
                with _interrupts_held():
                    future = pool.submit(_nothing)
                future.result()
            except BrokenProcessPool:
                remedy = "put what the script does under if __name__ == '__main__':, or use jobs=1"
                raise InvalidArgument("jobs", "worker processes die as they start", remedy) from None

    def close(self) -> None:
        with self._lock:
            self._pool.shutdown(cancel_futures=True)


class _Borrowed(_Pooled):
    """A user's executor."""

    def __init__(self, executor: Executor, width: int) -> None:
        self._executor = executor
        self._width = width

    def width(self) -> int:
        return self._width

    def submit(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> _Task[Result]:
        try:
            return _Task(number, arguments, self._executor.submit(function, *arguments))
        except BrokenExecutor as reason:
            raise _broken_executor(reason) from reason
        except RuntimeError as reason:
            problem = f"takes no more tasks ({_line(reason)})"
            raise InvalidArgument("executor", problem, "keep it open while it is used") from reason

    def result(self, run: _Run[Result]) -> Result:
        try:
            return super().result(run)
        except (BrokenExecutor, CancelledError) as reason:
            raise _broken_executor(reason) from reason

    def close(self) -> None:
        """Leave it open."""


class _Cluster(_Pooled):
    """A Dask cluster, by way of an event loop of ours, which ends with the connection."""

    travels = True

    def __init__(self, address: str, timeout: float) -> None:
        try:
            import distributed
        except ImportError as reason:
            remedy = f"pip install '{DISTRIBUTION}[cluster]'"
            raise InvalidArgument("cluster", f"Dask is not installed here ({_line(reason)})", remedy) from None
        self._dask: Any = distributed
        self._address = address
        self._timeout = timeout
        self._threads = 0
        self._refreshed = 0.0
        self._lock = threading.Lock()
        self._client: Any = None
        self._hush = _Hush()
        self._loop = _Loop()
        try:
            self._loop.call(self._connect).result()
            self._threads = self._count_threads()
        except BaseException:
            self.close()
            raise

    def width(self) -> int:
        with self._lock:
            if time.monotonic() > self._refreshed + REFRESH_SECONDS:  # workers come and go
                self._threads = self._count_threads()
                self._refreshed = time.monotonic()
            return max(1, self._threads)

    def submit(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> _Task[Result]:
        return _Task(number, arguments, self._loop.call(self._outcome, number, function, arguments))

    def result(self, run: _Run[Result]) -> Result:
        future = run.window[0].future
        deserted = False
        while not wait_for([future], self._timeout).done:
            workers = self._count_threads()
            if deserted and not workers:
                raise self._no_workers("left")
            deserted = not workers
        return future.result()

    def close(self) -> None:
        if not self._loop.stopped:
            self._loop.call(self._disconnect).result()
            self._loop.stop()
            self._hush.end()

    async def _connect(self) -> None:
        """Find a scheduler that has fit workers."""
        begun = time.monotonic()
        try:
            with warnings.catch_warnings():  # about versions, which are compared below
                warnings.simplefilter("ignore")
                self._client = self._dask.Client(
                    self._address, asynchronous=True, timeout=self._timeout, set_as_default=False
                )
                await asyncio.wait_for(self._client, self._timeout)
        except OSError:
            problem = f"no scheduler answers at {self._address} within {self._timeout:g} s"
            raise InvalidArgument("cluster", problem, "start one (dask scheduler), or correct the address") from None
        except Exception as reason:
            problem = f"what answers at {self._address} is no scheduler that fits ({_line(reason)})"
            raise InvalidArgument("cluster", problem, "install the same release of distributed there") from None
        left = max(0.1, self._timeout - (time.monotonic() - begun))
        try:
            await self._client.wait_for_workers(1, timeout=left)
        except TimeoutError:
            raise self._no_workers("yet") from None
        except OSError:
            raise self._lost() from None
        workers = (await self._client.get_versions(check=False, packages=[DISTRIBUTION]))["workers"]
        for worker, found in workers.items():
            _require_same_versions(f"worker {worker}", _versions_of(dict(found["packages"])))

    async def _disconnect(self) -> None:
        """Close the connection; a scheduler that is gone, or hangs, is not waited for."""
        if self._client is not None:
            with suppress(Exception):
                await asyncio.wait_for(self._client.close(), min(self._timeout, CLOSE_SECONDS))
            self._client.status = "closed"  # or its finalizer would try again, without a loop

    async def _outcome(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        """Run a task on the cluster."""
        # a partial is opaque to Dask, which would look into the arguments
        work = partial(_on_worker, _versions(), function, *arguments)
        try:
            future = self._client.submit(work, pure=False, retries=RETRIES)
        except self._dask.client.ClosedClientError:
            raise self._lost() from None
        try:
            result: Result = await future
        except self._dask.KilledWorker:
            problem = f"workers that are given task {number} die again and again (out of memory?)"
            raise InvalidArgument("cluster", problem, "give the workers more memory, or measure less at once") from None
        except self._dask.CancelledError:
            raise self._lost() from None
        finally:
            future.release()
        return result

    def _count_threads(self) -> int:
        """Ask the scheduler for the number of threads of all workers: whether it answers, too."""
        try:
            return self._loop.call(self._ask_threads).result()
        except OSError:
            raise self._lost() from None

    async def _ask_threads(self) -> int:
        scheduler = self._client.scheduler
        if scheduler is None:
            raise ConnectionError
        threads = await asyncio.wait_for(scheduler.ncores(workers=None), self._timeout)
        return sum(threads.values())

    def _lost(self) -> InvalidArgument:
        problem = f"the connection to the scheduler at {self._address} was lost"
        return InvalidArgument("cluster", problem, "see whether it runs, and run again")

    def _no_workers(self, when: str) -> InvalidArgument:
        problem = f"the scheduler at {self._address} has no workers {when}"
        return InvalidArgument("cluster", problem, f"start some: dask worker {self._address}")


class _Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda loop, context: None)  # errors arrive as outcomes, and only so
        self._thread = threading.Thread(target=self._loop.run_forever, name="cluster", daemon=True)
        self._thread.start()

    @property
    def stopped(self) -> bool:
        return self._loop.is_closed()

    def call(self, function: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any) -> Future[Result]:
        """Run a coroutine function in the loop."""
        with _closed_explained():
            if self.stopped:
                raise RuntimeError("closed")
            return asyncio.run_coroutine_threadsafe(function(*arguments), self._loop)

    def stop(self) -> None:
        """Cancel what still runs, and end the thread."""
        with suppress(TimeoutError):
            self.call(self._drain).result(1)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _drain(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Hush(logging.Filter):
    """Keeps Dask's own log lines to itself: what goes wrong is told as one error."""

    def __init__(self) -> None:
        super().__init__()
        names = list(logging.Logger.manager.loggerDict)
        self._loggers = [logging.getLogger(name) for name in names if name.split(".")[0] in ("distributed", "tornado")]
        for logger in self._loggers:
            logger.addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        return False

    def end(self) -> None:
        for logger in self._loggers:
            logger.removeFilter(self)


def _on_worker(versions: dict[str, str], function: Callable[..., Result], *arguments: Any) -> Result:
    """Run a task, on a worker that may have come after the others were looked at."""
    _require_same_versions("a worker", _versions(), versions)
    return function(*arguments)


def _versions() -> dict[str, str]:
    """Return the versions that the bits depend on."""
    try:
        own = version(DISTRIBUTION)
    except PackageNotFoundError:
        own = "none"
    return {"Python": "{}.{}".format(*sys.version_info), "NumPy": np.__version__, DISTRIBUTION: own}


def _versions_of(packages: dict[str, Any]) -> dict[str, str]:
    """Return the same from what Dask finds on a worker."""
    python = ".".join(str(packages["python"]).split(".")[:2])
    return {"Python": python, "NumPy": str(packages["numpy"]), DISTRIBUTION: str(packages[DISTRIBUTION] or "none")}


def _require_same_versions(where: str, found: dict[str, str], needed: dict[str, str] | None = None) -> None:
    needed = needed or _versions()
    for name, number in needed.items():
        if found[name] != number:
            problem = f"{where} has {name} {found[name]}, not {number} as here, so that its bits may differ"
            raise InvalidArgument("cluster", problem, "install the same versions there")


_ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss|ucx)://)?(?:\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]@]+):(?P<port>[0-9]{1,5})/?")


def _address(address: object) -> str:
    match = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if match is None or not 0 < int(match["port"]) < 2**16:
        problem = f"{address!r} is no address of a scheduler"
        raise InvalidArgument("cluster", problem, "use e.g. tcp://10.0.0.1:8786")
    return match.string


def _spawning(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_serve)


def _serve() -> None:
    """Make a process a worker: deaf to Ctrl-C, and not outliving its parent, even one that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let processes that are started meanwhile inherit that Ctrl-C is blocked: also while they are still importing."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _nothing() -> None:
    """Show that a pool takes work."""


def _is_broken(pool: ProcessPoolExecutor) -> bool:
    try:
        with _interrupts_held():
            pool.submit(_nothing)
    except BrokenProcessPool:
        return True
    except RuntimeError:  # closed, which is not broken
        return False
    return False


def _was_lost(future: Future[Any]) -> bool:
    """Whether a future of a broken pool has no outcome of its own."""
    return not future.done() or future.cancelled() or isinstance(future.exception(), BrokenProcessPool)


@contextmanager
def _closed_explained() -> Iterator[None]:
    try:
        yield
    except BrokenExecutor:
        raise
    except RuntimeError as reason:
        problem = f"take no more tasks ({_line(reason)})"
        raise InvalidArgument("workers", problem, "use them inside their with block") from None


def _broken_executor(reason: BaseException) -> InvalidArgument:
    said = f" ({_line(reason)})" if str(reason) else ""
    return InvalidArgument("executor", f"broke down{said}", "make a new one, or use jobs=2")


def _line(reason: BaseException) -> str:
    """Return what an exception says on one line that is not too long."""
    said = " ".join(str(reason).split()) or type(reason).__name__
    return said if len(said) <= 160 else f"{said[:156]}..."


def _whole(argument: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < 1:
        raise InvalidArgument(argument, f"must be an integer, at least 1, got {value!r}", f"use e.g. {argument}=2")
    return int(value)


def _seconds(timeout: object) -> float:
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < float("inf"):
        raise InvalidArgument("timeout", f"must be a positive number of seconds, got {timeout!r}", "use e.g. 10")
    return float(timeout)
