"""Figures, one file each: theory as lines, measurement as points. Each is made of numbers first, then drawn.

================  =========================================================================
typical           mean and median of signal and gradient against depth
curvature         both ends of the Hessian's spectrum against depth
curvature_phase   the Hessian's norm over width and depth
spectrum          all eigenvalues of Hessians at one width
escape_times      steps to leave a plateau against depth, by update rule
remedies          typical signal, gradients and Hessian against depth, by remedy
digits            training losses, gradients and curvature on real data
sparse_window     the window of early stopping against depth
distance_law      distance from the minimum-norm solution against width
shape_transition  l1 norm and distance of the selected solution against scale, by shape
stable_rates      the largest stable learning rates of minibatches against their size, and with momentum
================  =========================================================================

A figure is found because its file is here and says ``FIGURE = Figure(...)`` (:mod:`proofs_check.discovery`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from proofs_check import discovery
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

if TYPE_CHECKING:
    from proofs_check.reporting.pages import Page
    from proofs_check.reporting.pictures import Picture
    from proofs_check.reporting.watched import Told

__all__ = ["Make", "Figure", "names", "figure"]


class Make(Protocol):
    """Makes the numbers of one figure."""

    def __call__(self, *, seed: int = 0, jobs: int = 1, told: Told | None = None) -> Picture:
        """Return what the figure shows, which is then drawn.

        Parameters
        ----------
        seed : int
            The root seed.
        jobs : int
            The number of worker processes.
        told : callable, optional
            Called with what is being done and how far it is, as :data:`proofs_check.reporting.watched.Told` says.
        """


@dataclass(frozen=True)
class Figure:
    """A figure that the command line draws.

    Parameters
    ----------
    make : Make
        Makes its numbers.
    require_packages : callable, optional
        Raises :class:`~theory.ensembles.InvalidArgument` if a package is missing that no other figure needs.
    """

    make: Make
    require_packages: Callable[[], object] | None = None

    def require(self, out: Path | None = None, page: Page | None = None, data: Path | None = None) -> None:
        """Refuse a wrong file ending, a style that is none or a missing package, before any work is done.

        Parameters
        ----------
        out, page, data
            As for :meth:`draw`.

        Raises
        ------
        InvalidArgument
            If the ending of a file is none that is known, or something is missing.
        """
        from proofs_check.reporting.pages import SCREEN, require_file
        from proofs_check.reporting.picture_data import require_data_file

        if out is not None:
            require_file(out, page or SCREEN)
        if data is not None:
            require_data_file(data)
        if self.require_packages is not None:
            self.require_packages()

    def draw(
        self,
        out: Path | None = None,
        *,
        page: Page | None = None,
        data: Path | None = None,
        seed: int = 0,
        jobs: int = 1,
        told: Told | None = None,
    ) -> None:
        """Make the numbers, draw them, and write them down, each file whole or not at all.

        Parameters
        ----------
        out : Path, optional
            A file for the drawing, with an ending of :data:`proofs_check.reporting.pages.FILES`.
        page : Page, optional
            The width and style of the drawing; by default it is for a screen.
        data : Path, optional
            A .csv or .json file for the numbers.
        seed, jobs, told
            As for :class:`Make`.

        Raises
        ------
        InvalidArgument
            As :meth:`require`, before any work is done.
        """
        self.require(out, page, data)
        picture = self.make(seed=seed, jobs=jobs, told=told)
        if data is not None:
            from proofs_check.reporting.picture_data import write_data

            write_data(picture, data)
        if out is not None:
            from proofs_check.reporting.drawing import write_picture
            from proofs_check.reporting.pages import SCREEN

            if told is not None:
                told("drawing", 0, 1)
            write_picture(picture, out, page or SCREEN)
        if told is not None:
            told("written", 1, 1)


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
