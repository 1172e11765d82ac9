"""Workers that give a future for each task: threads, and a user's executor."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic

from montecarlo.workers.workers import Result, Workers
from theory.ensembles import InvalidArgument


@dataclass(eq=False)
class Task(Generic[Result]):
    """A task that was submitted.

    Attributes
    ----------
    number : int
        The number of the task, from 0.
    arguments : tuple
        Arguments of the function.
    future : Future
        The outcome.
    pool : ProcessPoolExecutor or None
        The pool that it was submitted to, if that may break and be replaced.
    suspect : bool
        Whether so many pools broke while it ran that it must run alone.
    """

    number: int
    arguments: tuple[Any, ...]
    future: Future[Result]
    pool: ProcessPoolExecutor | None = None
    suspect: bool = False

    def has_result(self) -> bool:
        """Return whether the task is done and has returned a result."""
        return self.future.done() and not self.future.cancelled() and self.future.exception() is None


@dataclass(eq=False)
class Run(Generic[Result]):
    """One run of the workers, over one iterable of tasks.

    Attributes
    ----------
    function : callable
        The function of all tasks.
    window : deque
        The tasks that run or wait to be yielded, in order.
    yielded : int
        How many results were yielded.
    losses, results : int
        How many pools broke in a row without a result in between, and how many results there were when the last one
        broke.
    """

    function: Callable[..., Result]
    window: deque[Task[Result]] = field(default_factory=deque)
    yielded: int = 0
    losses: int = 0
    results: int = 0


class Pooled(Workers):
    """Workers that give a future for each task; a window of submitted tasks slides over all of them."""

    @abstractmethod
    def width(self) -> int:
        """Return how many tasks run at a time."""

    @abstractmethod
    def submit(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> Task[Result]:
        """Hand a task to the workers.

        Parameters
        ----------
        number : int
            Number of the task, from 0.
        function : callable
            What to run.
        arguments : tuple
            Its arguments.

        Raises
        ------
        InvalidArgument
            If the workers are closed, broken or cannot be started.
        """

    def result(self, run: Run[Result]) -> Result:
        """Wait for the first task of the window."""
        return run.window[0].future.result()

    def run(self, function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Result]:
        """Submit tasks ahead, and yield the results in their order, as :func:`in_task_order` says."""
        run = Run(function)
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
                del result  # its memory is free while the next one is awaited
        finally:
            for task in run.window:
                task.future.cancel()


class Threads(Pooled):
    """Threads of this process."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(count)

    def width(self) -> int:
        """Return how many tasks run at a time."""
        return self._count

    def submit(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> Task[Result]:
        """Hand a task to the workers, as :meth:`Pooled.submit` says."""
        with closed_explained():
            return Task(number, arguments, self._pool.submit(function, *arguments))

    def close(self) -> None:
        """Cancel the tasks that have not begun, and wait for the others."""
        self._pool.shutdown(cancel_futures=True)


class Borrowed(Pooled):
    """A user's executor.

    Parameters
    ----------
    executor : concurrent.futures.Executor
        What runs the tasks.
    width : int
        How many tasks it runs at a time.
    """

    def __init__(self, executor: Executor, width: int) -> None:
        self._executor = executor
        self._width = width

    def width(self) -> int:
        """Return how many tasks run at a time."""
        return self._width

    def submit(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> Task[Result]:
        """Hand a task to the workers, as :meth:`Pooled.submit` says."""
        try:
            return Task(number, arguments, self._executor.submit(function, *arguments))
        except BrokenExecutor as reason:
            raise broken_executor(reason) from reason
        except RuntimeError as reason:
            problem = f"takes no more tasks ({one_line(reason)})"
            raise InvalidArgument("executor", problem, "keep it open while it is used") from reason

    def result(self, run: Run[Result]) -> Result:
        """Wait for the first task of the window."""
        try:
            return super().result(run)
        except (BrokenExecutor, CancelledError) as reason:
            raise broken_executor(reason) from reason

    def close(self) -> None:
        """Leave it open."""


@contextmanager
def closed_explained() -> Iterator[None]:
    """Within this context, submitting to workers that are closed raises InvalidArgument."""
    try:
        yield
    except BrokenExecutor:
        raise
    except RuntimeError as reason:
        problem = f"take no more tasks ({one_line(reason)})"
        raise InvalidArgument("workers", problem, "use them inside their with block") from None


def broken_executor(reason: BaseException) -> InvalidArgument:
    """Return the error that says why an executor broke down."""
    said = f" ({one_line(reason)})" if str(reason) else ""
    return InvalidArgument("executor", f"broke down{said}", "make a new one, or use jobs=2")


def one_line(reason: BaseException) -> str:
    """Return an exception's message on one line, cut off where it is too long."""
    said = " ".join(str(reason).split()) or type(reason).__name__
    return said if len(said) <= 160 else f"{said[:156]}..."
