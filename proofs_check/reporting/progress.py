"""Progress bars on a terminal, one per stage, which any thread may move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from proofs_check.verification import Progress


@contextmanager
def bars() -> Iterator[Progress]:
    """Show a bar per stage on stderr while the block runs.

    Yields
    ------
    callable
        What moves the bars, as :data:`proofs_check.verification.Progress` says.
    """
    columns = (TextColumn("{task.fields[stage]:<15}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
    with RichProgress(
        *columns, TextColumn("{task.description}"), console=Console(stderr=True), transient=True
    ) as shown:
        tasks: dict[str, TaskID] = {}

        def told(stage: str, what: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = shown.add_task(what, total=total, stage=stage)
            shown.update(tasks[stage], description=what[:70], completed=done, total=total)

        yield told
