"""Worker processes, replaced when one of them dies."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.reduction import ForkingPickler
from typing import Any

from montecarlo.workers.pools import Pooled, Run, Task, closed_explained, one_line
from montecarlo.workers.workers import CannotTravel, KillsWorkers, Result
from theory.ensembles import InvalidArgument

LOSSES = 3
"""After so many process pools have broken in a row, without a result in between, tasks are tried one by one."""


class Processes(Pooled):
    """Processes in a pool, which is replaced when one of them dies, as that breaks the pool and all tasks in it."""

    travels = True

    def __init__(self, count: int) -> None:
        self._count = count
        self._lock = threading.Lock()
        self._pool = _spawning(count)
        self._worked = False  # whether any process has ever returned a result

    def width(self) -> int:
        """Return how many tasks run at a time."""
        return self._count

    def submit(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> Task[Result]:
        """Hand a task to the workers, as :meth:`Pooled.submit` says."""
        try:
            packed = _packed(function, arguments)
        except Exception as reason:  # it is told when its turn has come
            failed: Future[Result] = Future()
            failed.set_exception(reason)
            return Task(number, arguments, failed)
        while True:
            pool = self._pool
            try:
                with closed_explained(), _interrupts_held():
                    return Task(number, arguments, pool.submit(_run_packed, packed), pool)
            except BrokenProcessPool:
                self._replace(pool)
            except OSError as reason:
                problem = f"{self._count} worker processes cannot be started ({reason.strerror or reason})"
                raise InvalidArgument("jobs", problem, "use fewer") from None

    def result(self, run: Run[Result]) -> Result:
        """Wait for the first task of the window."""
        while True:
            task = run.window[0]
            if task.suspect:
                return self._alone(task, run.function)
            try:
                result = task.future.result()
            except BrokenProcessPool:
                assert task.pool is not None
                if not _is_broken(task.pool):
                    raise  # the function raised it
                self._recover(run, task.pool)
            else:
                self._worked = True
                return result

    def _recover(self, run: Run[Result], broken: ProcessPoolExecutor) -> None:
        """Submit again, in order, the tasks that a pool lost; after too many losses mark them as suspect instead."""
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
        """Replace a broken pool, once for all threads that find it broken."""
        with self._lock:
            if self._pool is broken:
                broken.shutdown(wait=False)
                self._pool = _spawning(self._count)

    def _alone(self, task: Task[Result], function: Callable[..., Result]) -> Result:
        """Run a suspect in a process of its own, where it harms no other task."""
        with _spawning(1) as pool:
            try:
                with _interrupts_held():
                    future = pool.submit(_run_packed, _packed(function, task.arguments))
                result: Result = future.result()
                return result
            except BrokenProcessPool:
                if not _is_broken(pool):
                    raise
                problem = f"task {task.number} kills its worker process, even alone (out of memory?)"
                raise KillsWorkers("jobs", problem, "measure less at once, or find out why with jobs=1") from None

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
        """Cancel the tasks that have not begun, wait for the others, and end the processes."""
        with self._lock:
            self._pool.shutdown(cancel_futures=True)


def _spawning(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_serve)


def _serve() -> None:
    """Make this process a worker, which ignores Ctrl-C and ends with its parent, even if that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Block Ctrl-C, so that processes started meanwhile inherit this and ignore it even while they import."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _packed(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    return bytes(ForkingPickler.dumps((function, arguments)))


def _run_packed(packed: bytes) -> Any:
    """Run a task; unpacking it here, and not in the pool's own loop, makes a failure an error and not a dead worker."""
    try:
        function, arguments = ForkingPickler.loads(packed)
    except Exception as reason:
        problem = f"worker processes cannot import what a task needs ({one_line(reason)})"
        raise CannotTravel("jobs", problem, "define it in a module that they can import, or use threads") from None
    return function(*arguments)


def _nothing() -> None:
    """Do nothing; a pool that takes this task is not broken."""


def _is_broken(pool: ProcessPoolExecutor) -> bool:
    try:
        with _interrupts_held():
            pool.submit(_nothing)
    except BrokenProcessPool:
        return True
    except RuntimeError:  # the pool is closed, not broken
        return False
    return False


def _was_lost(future: Future[Any]) -> bool:
    """Return whether a future of a broken pool has no outcome but the break."""
    return not future.done() or future.cancelled() or isinstance(future.exception(), BrokenProcessPool)
