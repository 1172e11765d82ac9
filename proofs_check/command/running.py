"""Options that say how much is drawn and where it runs; and the workers and progress bars that they ask for."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from threading import Timer
from typing import TYPE_CHECKING

from proofs_check.command.option_values import ReadValue, natural, positive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from montecarlo import Workers
    from proofs_check.faults import Fault
    from proofs_check.reporting.watched import Told
    from proofs_check.statement import Statement
    from proofs_check.verification.results import Report
    from proofs_check.verification.simulating import Progress


def add_seed(parser: ArgumentParser) -> None:
    """Add ``--seed``."""
    parser.add_argument("--seed", action=ReadValue, read=natural, default=0, help="root seed (default 0)")


def add_jobs(parser: ArgumentParser, what: str = "processes") -> None:
    """Add ``--jobs``, the number of processes or threads.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of a subcommand.
    what : str
        What is counted, for ``--help``: processes or threads.
    """
    every = os.cpu_count() or 1
    parser.add_argument("--jobs", action=ReadValue, read=positive, default=every, help=f"{what} (default: all)")


def add_cluster(parser: ArgumentParser) -> None:
    """Add ``--cluster`` and ``--store``."""
    parser.add_argument("--cluster", metavar="ADDRESS", help="a Dask scheduler's, in place of --jobs: tcp://host:8786")
    parser.add_argument(
        "--store", metavar="FILE", help="keep finished blocks there; the same command goes on with them"
    )


def add_run_options(parser: ArgumentParser) -> None:
    """Add the options of a verification."""
    parser.add_argument("--profile", default="quick", help="quick (default, a few minutes) or full")
    add_seed(parser)
    add_jobs(parser)
    add_cluster(parser)


def verified(
    statements: Sequence[Statement],
    options: Namespace,
    workers: Workers | None,
    progress: Progress | None,
    faults: Sequence[Fault] = (),
) -> Report:
    """Verify statements as the options of :func:`add_run_options` say.

    Parameters
    ----------
    statements : sequence of Statement
        What to check.
    options : argparse.Namespace
        The options that were given.
    workers : Workers or None
        A cluster that takes the place of ``--jobs``.
    progress : callable or None
        Called with what is being done, as :data:`proofs_check.verification.simulating.Progress` says.
    faults : sequence of Fault
        What could not be loaded, which the report then tells of.
    """
    from proofs_check.verification.verifying import verify

    if workers is not None and (kept := _kept_here(statements)):
        told = f"{', '.join(kept[:3])}{', ...' if len(kept) > 3 else ''}"
        print(f"vanishing: measured here, in threads, as no worker can import the file: {told}", file=sys.stderr)
    return verify(
        statements,
        profile=options.profile,
        seed=options.seed,
        jobs=options.jobs,
        executor=workers,
        store=options.store,
        progress=progress,
        faults=faults,
    )


def _kept_here(statements: Sequence[Statement]) -> list[str]:
    """Return the ids of statements that measure what their own file defines."""
    from proofs_check.evidence import Simulated
    from proofs_check.loading import is_from_file

    return [
        one.id
        for one in statements
        if any(isinstance(e, Simulated) and is_from_file(e.net, e.engine, e.observable) for e in one.evidence)
    ]


def connected(options: Namespace) -> AbstractContextManager[Workers | None]:
    """Connect to the cluster, if one is given."""
    from montecarlo import cluster

    return nullcontext(None) if options.cluster is None else cluster(options.cluster)


def progress_bars() -> AbstractContextManager[Progress | None]:
    """Show progress bars on a terminal, and nothing in a pipe."""
    if not sys.stderr.isatty():
        return nullcontext(None)
    from proofs_check.reporting.progress import bars

    return bars()


def of_stage(told: Progress | None, stage: str) -> Told | None:
    """Return what moves the bar of one stage, or None where there are no bars.

    Parameters
    ----------
    told : callable or None
        What moves all bars, as :data:`proofs_check.verification.simulating.Progress` says.
    stage : str
        The name of the bar.

    Examples
    --------
    >>> of_stage(print, "typical")("medians", 2, 6)
    typical medians 2 6
    """
    return None if told is None else partial(told, stage)


@contextmanager
def patience(what: str) -> Iterator[None]:
    """Say on a terminal, after a few seconds, that work goes on; nothing in a pipe.

    Parameters
    ----------
    what : str
        What is being done, e.g. ``"deriving"``.
    """
    if not sys.stderr.isatty():
        yield
        return
    note = Timer(_PATIENCE, print, (f"still {what} ...; Ctrl-C ends it",), {"file": sys.stderr, "flush": True})
    note.daemon = True
    note.start()
    try:
        yield
    finally:
        note.cancel()


_PATIENCE = 3.0
"""Seconds after which whoever waits is told that work goes on."""
