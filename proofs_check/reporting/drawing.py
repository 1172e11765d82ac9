"""What figures share: a canvas, colors that everyone can tell apart, bars for intervals, and how a file is written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from montecarlo import Estimate
from theory.ensembles import InvalidArgument

FILES = (".pdf", ".png", ".svg")
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK = "#E69F00", "#56B4E9", "#000000"
"""The colours of Okabe and Ito, which can be told apart with any color vision."""


def require_file(out: Path) -> None:
    """Refuse a wrong file ending or a missing matplotlib, before any work is done.

    Raises
    ------
    InvalidArgument
        If the file's ending is none of :data:`FILES`, or matplotlib is not installed.
    """
    if out.suffix not in FILES:
        raise InvalidArgument("out", f"{out.name} ends on none of {', '.join(FILES)}", "use e.g. figure.pdf")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise InvalidArgument("out", "figures need matplotlib", "in the clone: pip install '.[report]'") from None


def canvas(width: float, height: float) -> Any:
    """Return an empty matplotlib figure that no window shows.

    Parameters
    ----------
    width, height : float
        The size in inches.

    Returns
    -------
    matplotlib.figure.Figure
        A figure without axes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Any, out: Path) -> None:
    """Write a figure whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What is drawn.
    out : Path
        The file; its ending decides the format.
    """
    partial = out.with_name(f".{out.stem}.partial{out.suffix}")
    try:
        figure.savefig(partial, dpi=150)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def bar(axes: Any, x: float, estimate: Estimate, colour: str, **style: Any) -> None:
    """Draw the interval of a logarithm as an upright bar.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where it is drawn.
    x : float
        Its place on the horizontal axis.
    estimate : Estimate
        The logarithm; the bar reaches from the exponential of one end to that of the other.
    colour : str
        Its color.
    **style
        Further options of ``axes.plot``.
    """
    axes.plot([x, x], [math.exp(estimate.lo), math.exp(estimate.hi)], color=colour, **{"linewidth": 1.2, **style})


def legend_below(figure: Any, handles: Sequence[Any], columns: int) -> None:
    """Draw one legend under all panels.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    handles : sequence
        The entries of the legend, each with its label.
    columns : int
        In how many columns they stand.
    """
    figure.legend(handles=list(handles), fontsize=8, loc="outside lower center", ncols=columns)
