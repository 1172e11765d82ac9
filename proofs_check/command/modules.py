"""Which statements are meant: by ids, by papers, or by ``--module``, which names files of one's own."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    from proofs_check.faults import Fault
    from proofs_check.paper import Paper
    from proofs_check.statement import Statement


def add_modules(parser: ArgumentParser) -> None:
    """Add ``--module``, which may be given several times."""
    parser.add_argument(
        "--module",
        action="append",
        metavar="FILE",
        help="your own statements, in place of the package's: a Python file or a module's name; may be given again",
    )


def add_choice(parser: ArgumentParser) -> None:
    """Add what is verified: patterns of ids, ``--module`` and ``--paper``."""
    parser.add_argument("id", nargs="*", metavar="ID-PATTERN", help="ids such as 'forward.*'; all by default")
    add_modules(parser)
    parser.add_argument(
        "--paper",
        action="append",
        metavar="KEY",
        help="only what checks the claims of this paper, e.g. orvieto-2021; may be given again",
    )


@dataclass(frozen=True)
class Choice:
    """What is verified.

    Parameters
    ----------
    statements : tuple of Statement
        The statements.
    faults : tuple of Fault
        What could not be loaded.
    papers : tuple of Paper
        The papers that were asked for; none where all were.
    """

    statements: tuple[Statement, ...]
    faults: tuple[Fault, ...]
    papers: tuple[Paper, ...]


def chosen(options: Namespace) -> Choice:
    """Return what the options of :func:`add_choice` choose.

    Parameters
    ----------
    options : argparse.Namespace
        The options that were given.

    Raises
    ------
    InvalidArgument
        If there is no such module, paper or statement.
    """
    from proofs_check.papers import paper
    from proofs_check.registry import of_papers, own_statements, select

    asked = tuple(paper(key) for key in dict.fromkeys(options.paper or ()))
    among, faults = chosen_statements(options)
    if asked:  # a paper's claims may be checked by our statements and by a user's
        ours = own_statements() if options.module else ()
        return Choice(of_papers(asked, options.id, (*ours, *among)), faults, asked)
    return Choice(select(options.id, among) if among else (), faults, ())


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
