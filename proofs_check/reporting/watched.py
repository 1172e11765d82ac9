"""Workers that tell how many of their tasks are done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from montecarlo import Workers

Result = TypeVar("Result")
Item = TypeVar("Item")

Told = Callable[[str, int, int], object]
"""It is called with what is being done, the steps done, and the steps in all."""


class Watched(Workers):
    """Workers that tell how many of their tasks are done, each time that they are given some.

    Parameters
    ----------
    workers : Workers
        Who does the work; closing them is left to whoever opened them.
    what : str
        What is being done.
    told : callable, optional
        Called as :data:`Told` says; by default nothing is told.

    Examples
    --------
    >>> from montecarlo import serial
    >>> with serial() as workers:
    ...     list(Watched(workers, "powers", print).run(pow, [(2, 3), (3, 2)]))
    powers 0 2
    powers 1 2
    powers 2 2
    [8, 9]
    """

    def __init__(self, workers: Workers, what: str, told: Told | None) -> None:
        self._workers, self._what, self._told = workers, what, told
        self.travels = workers.travels  # type: ignore[misc]  # as theirs do

    def run(self, function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Result]:
        """Run tasks, as :func:`montecarlo.workers.workers.in_task_order` says."""
        if self._told is None:
            return self._workers.run(function, tasks)
        chosen = list(tasks)
        return watched(self._workers.run(function, chosen), self._what, len(chosen), self._told)

    def close(self) -> None:
        """Whoever opened them closes them."""


def watched(found: Iterable[Item], what: str, total: int, told: Told | None) -> Iterator[Item]:
    """Yield what is found, and tell each time how far it is.

    Parameters
    ----------
    found : iterable
        What is made, one after the other.
    what : str
        What is being done.
    total : int
        How many there are.
    told : callable, optional
        Called as :data:`Told` says.
    """
    if told is not None:
        told(what, 0, total)
    for done, item in enumerate(found, 1):
        if told is not None:
            told(what, done, total)
        yield item
