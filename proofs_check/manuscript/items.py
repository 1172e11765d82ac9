"""What the file of a paper can name: tables, figures, numbers, claims and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from proofs_check.grids.layout import Look
from proofs_check.grids.tabulating import Grid
from proofs_check.statement import Statement


@dataclass(frozen=True)
class GridTable:
    """A table of one's own.

    Parameters
    ----------
    name : str
        The name of its file.
    grid : Grid
        What it is about.
    look : Look
        How it is shown.
    fit, label : str
        As for :func:`~proofs_check.tables.latex.to_latex`; no label stands for the usual one.
    samples : int
        Networks a cell.
    error, tolerance : float
        As for :func:`~proofs_check.grids.tabulating.tabulate`.
    transpose : bool
        Whether rows become columns.
    """

    name: str
    grid: Grid
    look: Look
    fit: str
    label: str | None
    samples: int
    error: float
    tolerance: float


@dataclass(frozen=True)
class ReadyTable:
    """A table of statements: the verdicts, a topic's findings, or a paper's claims.

    Parameters
    ----------
    name : str
        The name of its file.
    topic, paper : str
        The topic or the key of the paper; neither stands for the verdicts on `statements`.
    statements : tuple of Statement
        What has to be verified for it.
    fit, label, caption
        As for :class:`GridTable`; no caption stands for the usual one.
    """

    name: str
    topic: str
    paper: str
    statements: tuple[Statement, ...]
    fit: str
    label: str | None
    caption: str


@dataclass(frozen=True)
class ReadyFigure:
    """A figure of the package.

    Parameters
    ----------
    name : str
        The name of its file.
    figure : str
        The figure's name.
    format : str
        The ending of its file.
    width : str
        Its width, as for ``vanishing figure``.
    """

    name: str
    figure: str
    format: str
    width: str


@dataclass(frozen=True)
class GridFigure:
    """A figure of one's own.

    Parameters
    ----------
    name : str
        The name of its file.
    grid : Grid
        The lines, and what stands on the horizontal axis.
    format, width : str
        As for :class:`ReadyFigure`.
    samples : int
        Networks a point.
    error : float
        The probability that any of its intervals misses.
    """

    name: str
    grid: Grid
    format: str
    width: str
    samples: int
    error: float


@dataclass(frozen=True)
class NumberItem:
    """A number in the text.

    Parameters
    ----------
    macro : str
        The name of its macro.
    grid : Grid
        A grid of one cell.
    show : str
        ``theory``, ``measured`` or ``ratio``.
    samples : int
        Networks, where it is measured.
    """

    macro: str
    grid: Grid
    show: str
    samples: int


@dataclass(frozen=True)
class ClaimItem:
    """A claim in the text, which is checked.

    Parameters
    ----------
    macro : str
        The name of its macros: the verdict; with ``Formula`` and ``Scope`` behind it, the claim and its scope.
    claim : str
        The claim.
    networks : mapping of str to str
        The fields of the ensemble.
    sizes : str
        For which sizes it is made.
    expect : str
        The verdict that the paper relies on.
    """

    macro: str
    claim: str
    networks: Mapping[str, str] = field(default_factory=dict)
    sizes: str = ""
    expect: str = "supported"


@dataclass(frozen=True)
class VerdictItem:
    """Verdicts on statements, in the text.

    Parameters
    ----------
    macro : str
        The name of its macro, such as ``7 of 7 supported``.
    statements : tuple of Statement
        The statements.
    expect : str
        The verdict that the paper relies on.
    """

    macro: str
    statements: tuple[Statement, ...]
    expect: str = "supported"


Item = GridTable | ReadyTable | ReadyFigure | GridFigure | NumberItem | ClaimItem | VerdictItem
