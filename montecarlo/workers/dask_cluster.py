"""The workers of a Dask cluster."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import threading
import time
import warnings
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from contextlib import suppress
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from montecarlo.workers.pools import Pooled, Run, Task, closed_explained, one_line
from montecarlo.workers.workers import KillsWorkers, Result
from theory.ensembles import InvalidArgument

DISTRIBUTION = "vanishing-curvature"
"""Name under which this package is installed."""

RETRIES = 2
"""Dask runs a task so many times again before its exception counts."""

REFRESH_SECONDS = 2.0
"""The number of a cluster's threads is asked for again after so many seconds."""

CLOSE_SECONDS = 3.0
"""A scheduler has so many seconds to answer when the connection is closed."""


class Cluster(Pooled):
    """A Dask cluster, reached from an event loop in a thread, which ends with the connection.

    Parameters
    ----------
    address : str
        Address of the scheduler.
    timeout : float
        How many seconds to wait for an answer from the scheduler, and for a worker to be there.

    Raises
    ------
    InvalidArgument
        If Dask is not installed here, nothing answers, or there are no workers with the same versions.
    """

    travels = True

    def __init__(self, address: str, timeout: float) -> None:
        try:
            import distributed
        except ImportError as reason:
            remedy = "in the clone: pip install '.[cluster]'"
            raise InvalidArgument("cluster", f"Dask is not installed here ({one_line(reason)})", remedy) from None
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
        """Return how many tasks run at a time."""
        with self._lock:
            if time.monotonic() > self._refreshed + REFRESH_SECONDS:  # as workers come and go
                self._threads = self._count_threads()
                self._refreshed = time.monotonic()
            return max(1, self._threads)

    def submit(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> Task[Result]:
        """Hand a task to the workers, as :meth:`Pooled.submit` says."""
        return Task(number, arguments, self._loop.call(self._outcome, number, function, arguments))

    def result(self, run: Run[Result]) -> Result:
        """Wait for the first task of the window."""
        future = run.window[0].future
        deserted = False
        while not wait_for([future], self._timeout).done:
            workers = self._count_threads()
            if deserted and not workers:
                raise self._no_workers("left")
            deserted = not workers
        return future.result()

    def close(self) -> None:
        """Close the connection; the cluster goes on without it."""
        if not self._loop.stopped:
            self._loop.call(self._disconnect).result()
            self._loop.stop()
            self._hush.end()

    async def _connect(self) -> None:
        """Connect to the scheduler, and see that it has workers of the same versions."""
        begun = time.monotonic()
        try:
            with warnings.catch_warnings():  # Dask warns about versions, which are compared below
                warnings.simplefilter("ignore")
                self._client = self._dask.Client(
                    self._address, asynchronous=True, timeout=self._timeout, set_as_default=False
                )
                await asyncio.wait_for(self._client, self._timeout)
        except OSError:
            problem = f"no scheduler answers at {self._address} within {self._timeout:g} s"
            raise InvalidArgument("cluster", problem, "start one (dask scheduler), or correct the address") from None
        except Exception as reason:
            problem = f"what answers at {self._address} is no scheduler that fits ({one_line(reason)})"
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
            self._client.status = "closed"  # otherwise its finalizer would try to close it again, without a loop

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
            raise KillsWorkers("cluster", problem, "give the workers more memory, or measure less at once") from None
        except self._dask.CancelledError:
            raise self._lost() from None
        finally:
            future.release()
        return result

    def _count_threads(self) -> int:
        """Ask the scheduler for the number of threads of all workers, and so whether it answers at all."""
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
        self._loop.set_exception_handler(lambda loop, context: None)  # errors arrive as outcomes and are told once
        self._thread = threading.Thread(target=self._loop.run_forever, name="cluster", daemon=True)
        self._thread.start()

    @property
    def stopped(self) -> bool:
        return self._loop.is_closed()

    def call(self, function: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any) -> Future[Result]:
        """Run a coroutine function in the loop."""
        with closed_explained():
            if self.stopped:
                raise RuntimeError("closed")
            return asyncio.run_coroutine_threadsafe(function(*arguments), self._loop)

    def stop(self) -> None:
        """Cancel the coroutines that still run, and end the thread."""
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
    """A filter that hides Dask's log lines, as an error of ours tells what went wrong."""

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
    """Run a task on a worker, which may have come after the versions of the others were compared."""
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
    """Return the same versions from what Dask says of a worker's packages."""
    python = ".".join(str(packages["python"]).split(".")[:2])
    return {"Python": python, "NumPy": str(packages["numpy"]), DISTRIBUTION: str(packages[DISTRIBUTION] or "none")}


def _require_same_versions(where: str, found: dict[str, str], needed: dict[str, str] | None = None) -> None:
    needed = needed or _versions()
    for name, number in needed.items():
        if found[name] != number:
            problem = f"{where} has {name} {found[name]}, not {number} as here, so that its bits may differ"
            raise InvalidArgument("cluster", problem, "install the same versions there")


_ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss|ucx)://)?(?:\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]@]+):(?P<port>[0-9]{1,5})/?")


def as_address(address: object) -> str:
    """Return the address of a scheduler.

    Raises
    ------
    InvalidArgument
        If it is no address such as ``tcp://10.0.0.1:8786``.
    """
    match = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if match is None or not 0 < int(match["port"]) < 2**16:
        problem = f"{address!r} is no address of a scheduler"
        raise InvalidArgument("cluster", problem, "use e.g. tcp://10.0.0.1:8786")
    return match.string
