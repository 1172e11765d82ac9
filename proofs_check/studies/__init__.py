"""What a figure and the table of its name both show, one file each: measured numbers beside theory's.

================  ==================================================================
curvature         typical ends of the Hessian's spectrum over width and depth
escape_times      steps to leave a plateau over depth, by update rule
remedies          typical signal, gradients and Hessian over depth, by remedy
digits            training on real data, by architecture and optimizer
sparse_window     when to stop early over depth, on orthonormal designs
distance_law      distance from the minimum-norm solution over width
shape_transition  the solution that is selected, over scale and shape of the start
stable_rates      the largest stable learning rates over the size of minibatches
================  ==================================================================

A study is found because its file is here and says ``STUDY = Study(...)`` (:mod:`proofs_check.discovery`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from proofs_check import discovery
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

if TYPE_CHECKING:
    from montecarlo import Workers
    from proofs_check.tables.model import Table

__all__ = ["MakeTable", "Study", "names", "study"]


class MakeTable(Protocol):
    """Measures the numbers of a study, and returns them as a table."""

    def __call__(self, workers: Workers, *, samples: int, seed: int) -> Table:
        """Return the table.

        Parameters
        ----------
        workers : Workers
            Where the networks are drawn or trained.
        samples : int
            The number of networks of each kind, at most.
        seed : int
            The root seed.
        """


@dataclass(frozen=True)
class Study:
    """A table with measurements of its own, beside the tables of the topics.

    Parameters
    ----------
    make : MakeTable
        Measures, and returns the table.
    samples : mapping of str to int
        How many networks of each kind each profile takes.
    """

    make: MakeTable
    samples: Mapping[str, int]


def names() -> tuple[str, ...]:
    """Return the names of all studies, and load none.

    Examples
    --------
    >>> names()[:4]
    ('curvature', 'escape-times', 'remedies', 'digits')
    """
    return discovery.names(__name__)


def study(name: str) -> Study:
    """Return the study of that name.

    Raises
    ------
    InvalidArgument
        If there is none; the nearest is suggested.
    """
    if name not in names():
        raise InvalidArgument("name", f"there is no study {name!r}", nearest(name, names()))
    return discovery.load(__name__, name, "STUDY", Study)
