"""Figures, one file each: theory as lines, measurement as points.

================  ====================================================================
typical           mean and median of signal and gradient against depth
curvature         both ends of the Hessian's spectrum against depth
curvature_phase   the Hessian's norm over width and depth
spectrum          all eigenvalues of Hessians at one width
escape_times      steps to leave a plateau against depth, by update rule
remedies          typical signal, gradients and Hessian against depth, by remedy
digits            training losses, gradients and curvature on real data
================  ====================================================================

A figure is found because its file is here and says ``FIGURE = Figure(...)`` (:mod:`proofs_check.discovery`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from proofs_check import discovery
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

__all__ = ["Draw", "Figure", "names", "figure"]


class Draw(Protocol):
    """Draws one figure into a file, whole or not at all."""

    def __call__(self, out: Path, *, seed: int = 0, jobs: int = 1) -> None:
        """Draw the figure.

        Parameters
        ----------
        out : Path
            A .pdf, .png or .svg file.
        seed : int
            The root seed.
        jobs : int
            The number of worker processes.
        """


@dataclass(frozen=True)
class Figure:
    """A figure that the command line draws.

    Parameters
    ----------
    draw : Draw
        Draws it.
    require_packages : callable, optional
        Raises :class:`~theory.ensembles.InvalidArgument` if a package is missing that no other figure needs.
    """

    draw: Draw
    require_packages: Callable[[], object] | None = None

    def require(self, out: Path) -> None:
        """Refuse a wrong file ending or a missing package, before any work is done.

        Raises
        ------
        InvalidArgument
            If the ending of `out` is not that of a figure, or a package is missing.
        """
        from proofs_check.reporting.drawing import require_file

        require_file(out)
        if self.require_packages is not None:
            self.require_packages()


def names() -> tuple[str, ...]:
    """Return the names of all figures, and load none.

    Examples
    --------
    >>> names()[:3]
    ('typical', 'curvature', 'curvature-phase')
    """
    return discovery.names(__name__)


def figure(name: str) -> Figure:
    """Return the figure of that name.

    Raises
    ------
    InvalidArgument
        If there is none; the nearest is suggested.
    """
    if name not in names():
        raise InvalidArgument("name", f"there is no figure {name!r}", nearest(name, [*names(), "all"]))
    return discovery.load(__name__, name, "FIGURE", Figure)
