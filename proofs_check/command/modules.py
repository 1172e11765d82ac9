"""The option ``--module``, which names files of one's own statements, and the statements that it means."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    from proofs_check.faults import Fault
    from proofs_check.statement import Statement


def add_modules(parser: ArgumentParser) -> None:
    """Add ``--module``, which may be given several times."""
    parser.add_argument(
        "--module",
        action="append",
        metavar="FILE",
        help="your own statements, in place of the package's: a Python file or a module's name; may be given again",
    )


def chosen_statements(options: Namespace) -> tuple[tuple[Statement, ...], tuple[Fault, ...]]:
    """Return the statements of the modules that are named, or the package's own, and what could not be loaded.

    Each fault is told at once, in a line on stderr.

    Raises
    ------
    InvalidArgument
        If there is no such module.
    """
    from proofs_check.registry import load_all, own_statements

    if not options.module:
        return own_statements(), ()
    try:
        statements, faults = load_all(options.module)
    except InvalidArgument as bad:
        raise InvalidArgument("module", bad.problem, bad.remedy) from None
    for fault in faults:
        print(f"vanishing: --module: {fault}", file=sys.stderr)
    return statements, faults
