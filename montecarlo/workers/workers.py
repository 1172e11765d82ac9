"""What workers are: they run tasks, and yield the results in the order of the tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

from theory.ensembles import InvalidArgument

Result = TypeVar("Result")


class KillsWorkers(InvalidArgument):
    """A task ends every process that it runs in; all other tasks are as they were."""


class CannotTravel(InvalidArgument):
    """What a task needs cannot be found in the process that it travels to."""


def in_task_order(
    function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]], workers: Workers
) -> Iterator[Result]:
    """Run ``function(*task)`` for each task, and yield the results in the order of the tasks.

    Parameters
    ----------
    function : callable
        The function to run. If it raises an exception, that comes out unchanged when its turn has come, and the tasks
        after it are canceled.
    tasks : iterable of tuple
        Arguments of the function, which are taken from the iterable as they are needed. At any time about twice as many
        tasks as there are workers run or wait to be yielded.
    workers : Workers
        Where the tasks run.

    Yields
    ------
    object
        A result for each task.

    Raises
    ------
    InvalidArgument
        If the workers are closed, broken or out of reach, if a task kills its worker process again and again
        (:class:`KillsWorkers`), or if a worker process cannot import what it needs (:class:`CannotTravel`).

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

    The functions :func:`serial`, :func:`threads`, :func:`processes`, :func:`borrowed` and :func:`cluster` make workers.
    Several threads may use the same workers at a time.
    """

    travels: ClassVar[bool] = False
    """Whether tasks are known to travel to other processes, by pickle."""

    @abstractmethod
    def run(self, function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Result]:
        """Run tasks; parameters, results and errors are those of :func:`in_task_order`."""

    @abstractmethod
    def close(self) -> None:
        """Cancel the tasks that have not begun, wait for the others, and end the workers that were opened."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Serial(Workers):
    """The thread that asks for the results, as workers."""

    def run(self, function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Result]:
        """Run each task when its result is asked for, as :func:`in_task_order` says."""
        return (function(*task) for task in tasks)

    def close(self) -> None:
        """There is nothing to close."""
