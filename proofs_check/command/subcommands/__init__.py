"""What ``vanishing`` can do, one file each.

=============  ================================================================
verify         check statements: verdicts, evidence, mutants
report         the same as a page of HTML, to be sent to others
check          check a claim of your own: a verdict, and where it fails
statements     list the statements
show           show one statement
certify        write proofs as Coq files, and let Coq check them
derive         derive a quantity exactly
expect         the mean of a product of random matrices, exactly
sample         estimate a quantity from sampled networks
table          a grid of quantities, or theory against measurement, as a table
figure         draw a figure
implicit_bias  the solution of one's own regression that gradient flow selects
stability      the largest stable learning rates of minibatches, on curvatures of one's own
papers         list the papers, or the claims of one
paper          a paper's tables, figures and numbers, from one file
=============  ================================================================

A subcommand is found because its file is here and says ``SUBCOMMAND = Subcommand(...)``
(:mod:`proofs_check.discovery`). A command line loads the file of its command, and ``--help`` all of them: they load
SymPy, NumPy and the like only where they run.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass

from proofs_check import discovery

__all__ = ["Subcommand", "names", "subcommand"]


@dataclass(frozen=True)
class Subcommand:
    """A subcommand of ``vanishing``.

    Parameters
    ----------
    text : str
        What it does, for ``--help``.
    run : callable
        Does it, given the options, and returns the exit status.
    add_options : callable
        Adds its arguments to the parser that it is given.
    """

    text: str
    run: Callable[[Namespace], int]
    add_options: Callable[[ArgumentParser], None] = lambda parser: None


def names() -> tuple[str, ...]:
    """Return the names of all subcommands.

    Examples
    --------
    >>> names()[:3]
    ('verify', 'report', 'check')
    """
    return discovery.names(__name__)


def subcommand(name: str) -> Subcommand:
    """Return the subcommand of that name, one of :func:`names`.

    Examples
    --------
    >>> subcommand("derive").text
    'derive a quantity exactly'
    """
    return discovery.load(__name__, name, "SUBCOMMAND", Subcommand)
