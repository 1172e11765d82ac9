"""What stands in a panel is drawn: lines, points with their intervals, levels and words."""

from __future__ import annotations

import math
import re
from typing import Any

from proofs_check.reporting.colours import shown
from proofs_check.reporting.pages import points, setting
from proofs_check.reporting.pictures import INK, Key, Level, Look, Note, Panel, Point, Series

_TOP = 0.93
"""So high in a panel, as a share, stands what is beyond all values."""


def paint_panel(axes: Any, panel: Panel) -> None:
    """Draw the contents of a panel: levels, series in their order, notes, and its own legend.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes with the scales, limits and labels of the panel.
    panel : Panel
        What is drawn.
    """
    for level in panel.levels:
        _level(axes, level)
    for series in panel.series:
        paint_series(axes, series)
    for note in panel.notes:
        _note(axes, note)
    if panel.keys:
        handles = [handle(key) for key in panel.keys]
        size = note_size("".join(key.label for key in panel.keys))
        axes.legend(handles=handles, loc=panel.keys_at, fontsize=size)


def paint_series(axes: Any, series: Series) -> None:
    """Draw a series: its line, and each of its points with its interval.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where it is drawn.
    series : Series
        The numbers, and how they look.
    """
    look, colour = series.look, shown(series.look.colour)
    stroke = {"color": colour, "linewidth": look.weight * setting("lines.linewidth")}
    if look.band:
        axes.fill_between(series.x, series.lo, series.hi, color=colour, alpha=0.15, linewidth=0)
        for end in (series.lo, series.hi):
            axes.plot(series.x, end, look.line or "-", **stroke)
    elif len(series.edges):
        axes.stairs(series.value, series.edges, **stroke)
    elif look.line:
        axes.plot(*(series.fine or (series.x, series.value)), look.line, **stroke)
    if look.marker or look.ends:
        places = series.shown_at if len(series.shown_at) else series.x
        found = list(zip(places, series.points(), strict=True))
        for place, point in found[-1:] if look.last_only else found:
            _point(axes, place, point, series)


def handle(key: Key) -> Any:
    """Return an entry of a legend, for matplotlib.

    Parameters
    ----------
    key : Key
        The words, and the look that they explain.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    look, colour = key.look, shown(key.look.colour)
    if key.patch:
        return Patch(facecolor=colour, edgecolor=shown(INK), linewidth=0.6, label=key.label)
    style = {
        "linestyle": look.line or "none",
        "linewidth": look.weight * setting("lines.linewidth"),
        "marker": look.marker or "none",
        "markersize": look.size * setting("lines.markersize"),
        **_fill(look),
    }
    return Line2D([], [], color=colour, label=key.label, **style)


def _fill(look: Look) -> dict[str, Any]:
    """Return how a mark is filled; those made of lines alone are drawn by their edges."""
    if look.marker in ("|", "x"):
        return {"markeredgewidth": 1.3 * look.weight * setting("lines.linewidth")}
    return (
        {"markeredgewidth": 0}
        if look.filled
        else {"markerfacecolor": setting("axes.facecolor"), "markeredgewidth": 0.8}
    )


def _point(axes: Any, place: float, point: Point, series: Series) -> None:
    """Draw the interval of a point up to the cap, its mark, and a mark beyond where it is not bounded."""
    look, colour, size = series.look, shown(series.look.colour), series.look.size * setting("lines.markersize")
    cap = math.inf if series.cap is None else series.cap
    if point.lo is not None and point.hi is not None:
        ends = [min(end, cap) for end in (point.lo, point.hi)]
        alpha = {"alpha": look.opacity} if look.opacity < 1 else {}
        axes.plot([place, place], ends, color=colour, linewidth=look.weight * setting("lines.linewidth"), **alpha)
        for end, marker in zip(ends, look.ends or (), strict=False):
            axes.plot([place], [end], marker, color=colour, markersize=size, markeredgewidth=0)
    if look.marker and not math.isinf(point.value):
        axes.plot([place], [point.value], look.marker, color=colour, markersize=size, **_fill(look))
    reach = point.value if point.hi is None else point.hi
    if look.beyond and math.isinf(reach):
        at = {"transform": axes.get_xaxis_transform()} if series.cap is None else {}
        y = _TOP if series.cap is None else 1.3 * series.cap
        axes.plot([place], [y], marker=look.beyond, color=colour, markersize=1.5 * size, **at)


def _level(axes: Any, level: Level) -> None:
    width = level.weight * setting("lines.linewidth")
    axes.axhline(level.y, color=shown(level.colour), linewidth=width, linestyle=level.line)


def _note(axes: Any, note: Note) -> None:
    transforms = {"data": axes.transData, "panel": axes.transAxes, "level": axes.get_yaxis_transform()}
    style = {"fontsize": note_size(note.text), "color": shown(note.colour), "transform": transforms[note.of]}
    if note.of == "panel":  # a patch of paper behind it
        style["bbox"] = {"facecolor": setting("axes.facecolor"), "edgecolor": "none", "pad": 1}
    axes.text(note.x, note.y, note.text, ha=note.across, va=note.up, **style)


def note_size(text: str) -> float:
    """Return the size of words in a panel, in points: in print they are smaller than others, but for exponents."""
    size = points("legend.fontsize")
    return size if size < _LARGE or re.search(r"[\^_']", text) else 0.82 * size


_LARGE = 8.5
"""Points: smaller words are not made smaller still."""
