"""What figures share: a canvas, colours told apart by everyone, intervals as bars, and files whole or not at all."""

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
"""Told apart with any colour vision (Okabe and Ito)."""


def require_file(out: Path) -> None:
    """Refuse a wrong file ending or a missing matplotlib, before any work is done."""
    if out.suffix not in FILES:
        raise InvalidArgument("out", f"{out.name} ends on none of {', '.join(FILES)}", "use e.g. figure.pdf")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise InvalidArgument("out", "figures need matplotlib", "pip install 'vanishing-curvature[report]'") from None


def canvas(width: float, height: float) -> Any:
    """Return an empty matplotlib figure of so many inches, which no window shows."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Any, out: Path) -> None:
    """Write a figure whole or not at all."""
    partial = out.with_name(f".{out.stem}.partial{out.suffix}")
    try:
        figure.savefig(partial, dpi=150)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def bar(axes: Any, x: float, estimate: Estimate, colour: str, **style: Any) -> None:
    """Draw the interval of a logarithm as an upright bar."""
    axes.plot([x, x], [math.exp(estimate.lo), math.exp(estimate.hi)], color=colour, **{"linewidth": 1.2, **style})


def legend_below(figure: Any, handles: Sequence[Any], columns: int) -> None:
    """Draw one legend under all panels."""
    figure.legend(handles=list(handles), fontsize=8, loc="outside lower center", ncols=columns)
