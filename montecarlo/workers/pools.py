"""Workers that hand out a future for each task: threads, and executors of a user's."""

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
        """Whether it is done and returned something."""
        return self.future.done() and not self.future.cancelled() and self.future.exception() is None


@dataclass(eq=False)
class Run(Generic[Result]):
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
    window: deque[Task[Result]] = field(default_factory=deque)
    yielded: int = 0
    losses: int = 0
    results: int = 0


class Pooled(Workers):
    """Workers that give a future for each task: submits a window of tasks that slides over all of them."""

    @abstractmethod
    def width(self) -> int:
        """Return how many tasks run at a time."""

    @abstractmethod
    def submit(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> Task[Result]:
        """Hand a task to the workers."""

    def result(self, run: Run[Result]) -> Result:
        """Wait for the first task of the window."""
        return run.window[0].future.result()

    def run(self, function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Result]:
        """Submit tasks ahead, and yield the results in their order."""
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
                del result  # nothing is kept while the next one is awaited
        finally:
            for task in run.window:
                task.future.cancel()


class Threads(Pooled):
    """Threads of ours."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(count)

    def width(self) -> int:
        """Return how many tasks run at a time."""
        return self._count

    def submit(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> Task[Result]:
        """Hand a task to the workers."""
        with closed_explained():
            return Task(number, arguments, self._pool.submit(function, *arguments))

    def close(self) -> None:
        """Drop what has not begun, and wait for what has."""
        self._pool.shutdown(cancel_futures=True)


class Borrowed(Pooled):
    """A user's executor."""

    def __init__(self, executor: Executor, width: int) -> None:
        self._executor = executor
        self._width = width

    def width(self) -> int:
        """Return how many tasks run at a time."""
        return self._width

    def submit(self, number: int, function: Callable[..., Result], arguments: tuple[Any, ...]) -> Task[Result]:
        """Hand a task to the workers."""
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
    """Refuse, in one line, to submit to workers that are closed."""
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
    """Return what an exception says on one line that is not too long."""
    said = " ".join(str(reason).split()) or type(reason).__name__
    return said if len(said) <= 160 else f"{said[:156]}..."
