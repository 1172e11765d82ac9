"""What a figure and the table of its name both show: measured numbers beside theory's.

============  ==============================================================
curvature     typical ends of the Hessian's spectrum over width and depth
escape_times  steps to leave a plateau over depth, by update rule
remedies      typical signal, gradients and Hessian over depth, by remedy
digits        training on real data, by architecture and optimizer
============  ==============================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from montecarlo import Workers
from proofs_check.reporting.tables import Table
from proofs_check.studies.curvature import curvature_table
from proofs_check.studies.digits import digits_table
from proofs_check.studies.escape_times import escape_times_table
from proofs_check.studies.remedies import remedies_table


class MakeTable(Protocol):
    """Measures, and returns the table."""

    def __call__(self, workers: Workers, *, samples: int, seed: int) -> Table:
        """Return the table from so many networks of each kind, at most."""


@dataclass(frozen=True)
class Study:
    """A table that is measured for itself, beside those of the topics.

    Parameters
    ----------
    make : MakeTable
    samples : mapping of str to int
        Networks of each kind, by profile.
    """

    make: MakeTable
    samples: Mapping[str, int]


STUDIES: dict[str, Study] = {
    "curvature": Study(curvature_table, {"quick": 1000, "full": 10_000}),
    "escape-times": Study(escape_times_table, {"quick": 200, "full": 1000}),
    "remedies": Study(remedies_table, {"quick": 1000, "full": 10_000}),
    "digits": Study(digits_table, {"quick": 2, "full": 6}),
}

__all__ = ["STUDIES", "Study", "MakeTable", "curvature_table", "escape_times_table", "remedies_table", "digits_table"]
