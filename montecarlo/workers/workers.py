"""What workers are: they run tasks, and yield the results in the order of the tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

Result = TypeVar("Result")


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
    >>> from montecarlo import threads
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


class Serial(Workers):
    """The thread that asks."""

    def run(self, function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Result]:
        """Run each task when its result is asked for."""
        return (function(*task) for task in tasks)

    def close(self) -> None:
        """There is nothing to close."""
