"""Progress bars on a terminal, one per stage, which any thread may move: what is done, and how long it will take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress
from rich.table import Column
from rich.text import Text

from proofs_check.verification.simulating import Progress

_LEAST_SECONDS, _LEAST_SHARE = 3.0, 0.01
"""Before that, how long it will take is anybody's guess."""
_LONGEST = len("about 59 min left")


@contextmanager
def bars() -> Iterator[Progress]:
    """Show a bar per stage on stderr while the block runs.

    Yields
    ------
    callable
        What moves the bars, as :data:`proofs_check.verification.simulating.Progress` says.
    """
    columns = (
        TextColumn("{task.fields[stage]:<14}", table_column=Column(min_width=14)),
        BarColumn(12, table_column=Column(min_width=12)),
        TextColumn("{task.percentage:>3.0f} %", table_column=Column(min_width=5)),
        TimeElapsedColumn(table_column=Column(min_width=7)),
        _Left(table_column=Column(min_width=_LONGEST)),
        # what is cut where the terminal is narrow
        TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
    )
    with RichProgress(*columns, console=Console(stderr=True), transient=True, expand=True) as shown:
        tasks: dict[str, TaskID] = {}

        def told(stage: str, what: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = shown.add_task(what, total=total, stage=stage, at=None)
            elapsed = shown.tasks[tasks[stage]].elapsed or 0.0
            shown.update(tasks[stage], description=what, completed=done, total=total, at=elapsed)

        yield told


class _Left(ProgressColumn):
    """How long a stage will still take, by the share of its work that is done; it counts down between reports."""

    max_refresh = 1.0

    def render(self, task: Task) -> Text:
        at, elapsed = task.fields["at"], task.elapsed
        if at is None or elapsed is None or not task.total or task.finished:
            return Text("")
        seconds = seconds_left(at, task.completed / task.total)
        return Text("" if seconds is None else told_left(max(0.0, seconds - (elapsed - at))), style="cyan")


def seconds_left(elapsed: float, share: float) -> float | None:
    """Return how many seconds are left; None as long as too little is done to tell.

    Parameters
    ----------
    elapsed : float
        The seconds that it took so far.
    share : float
        The share of the work that was done in them.

    Examples
    --------
    >>> seconds_left(30.0, 0.25), seconds_left(0.1, 0.5)
    (90.0, None)
    """
    return None if elapsed < _LEAST_SECONDS or share < _LEAST_SHARE else elapsed * (1 - share) / share


def told_left(seconds: float) -> str:
    """Return a time to wait in words, no more exact than it is known.

    Examples
    --------
    >>> [told_left(seconds) for seconds in (2.0, 34.0, 100.0, 9000.0)]
    ['a moment left', 'about 30 s left', 'about 2 min left', 'about 2.5 h left']
    """
    if seconds < 5:
        return "a moment left"
    if seconds < 55:
        return f"about {round(seconds, -1):.0f} s left"
    if seconds < 3600:
        return f"about {max(1, round(seconds / 60))} min left"
    return f"about {seconds / 3600:.1f} h left"
