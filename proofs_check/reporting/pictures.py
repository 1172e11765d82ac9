r"""What a figure shows, as data: panels of series, each a line of theory or points with intervals.

A figure is made in two steps. First its numbers, as a :class:`Picture` that knows nothing of matplotlib; it can be
written as a table (:mod:`proofs_check.reporting.picture_data`). Then the drawing, on a page of any width
(:func:`proofs_check.reporting.drawing.draw_picture`). A figure of one's own is a few lines::

    look = Look(BLUE, marker="o")
    theory = Series("theory", depths, values, look=Look(BLUE, line="-"))
    found = Series.of_logs("median, measured", depths, estimates, look)
    panel = Panel("signal", (theory, found), title="signal $|a_L|^2$", x_label="depth $L$", y_scale="log")
    write_picture(Picture((panel,), keys=((Key("median", look),),)), Path("signal.pdf"), Page(3.4))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from montecarlo import Estimate

INK = "0.2"
"""The grey of what stands for all colours in a legend."""
FAINT = "0.35"
"""The grey of notes."""


@dataclass(frozen=True)
class Look:
    r"""How a series is drawn. Sizes are relative to those of the style, so that they follow the page.

    Parameters
    ----------
    colour : str
        A colour of :mod:`proofs_check.reporting.colours`, or a grey such as ``"0.35"``.
    line : str
        The line through the values, as matplotlib has it: ``"-"``, ``"--"``, ``"-."``, ``":"``; empty for none.
    marker : str
        The mark at each value, as matplotlib has it; empty for none.
    size, weight : float
        The size of marks and the width of lines, relative to the style's.
    filled : bool
        Whether marks are filled with their colour, or with that of the paper.
    opacity : float
        How opaque the bars of intervals are, from 0 to 1.
    last_only : bool
        Whether only the last value has a mark.
    ends : tuple of str, optional
        Marks at the lower and at the upper end of each interval.
    beyond : str
        The mark of a point whose upper end is infinite: at the series' cap, or near the top of the panel.
    band : bool
        Whether the area between `lo` and `hi` is filled, with a line at either end.
    """

    colour: str = INK
    line: str = ""
    marker: str = ""
    size: float = 1.0
    weight: float = 1.0
    filled: bool = True
    opacity: float = 1.0
    last_only: bool = False
    ends: tuple[str, str] | None = None
    beyond: str = ""
    band: bool = False


@dataclass(frozen=True)
class Series:
    """Numbers over numbers: a curve of theory, or measured points with their intervals.

    Parameters
    ----------
    name : str
        What it is, in plain text, for tables.
    x : sequence of float
        Where its values stand.
    value : sequence of float
        A value for each; nan where there are only the ends of an interval, inf beyond what was tried.
    lo, hi : sequence of float
        The ends of an interval around each value; empty where there are none.
    look : Look
        How it is drawn.
    shown_at : sequence of float
        Where the points stand on the page, if not at `x`: moved apart, so that none hides another.
    fine : tuple of two sequences of float, optional
        A denser curve through the values, for the eye; tables do not have it.
    edges : sequence of float
        The ends of the bins, one more than values, if it is a histogram.
    cap : float, optional
        The largest number that could be found. Intervals are drawn up to it.

    Examples
    --------
    >>> Series("theory", [1, 2], [0.5, 0.25], look=Look(line="-")).points()[1]
    Point(x=2, value=0.25, lo=None, hi=None)
    """

    name: str
    x: Sequence[float]
    value: Sequence[float]
    lo: Sequence[float] = ()
    hi: Sequence[float] = ()
    look: Look = Look()
    shown_at: Sequence[float] = ()
    fine: tuple[Sequence[float], Sequence[float]] | None = None
    edges: Sequence[float] = ()
    cap: float | None = None

    @classmethod
    def of_logs(
        cls, name: str, x: Sequence[float], logs: Sequence[Estimate], look: Look, *, shown_at: Sequence[float] = ()
    ) -> Series:
        """Return the series of points whose logarithms were estimated.

        Parameters
        ----------
        name, x, look, shown_at
            As for the class.
        logs : sequence of Estimate
            Estimates of logarithms. Their exponentials, and those of their ends, are the series.

        Examples
        --------
        >>> from montecarlo import Estimate
        >>> found = Series.of_logs("median", [4], [Estimate(0.0, -1e9, 1e9, 1e-4, "any", 10)], Look(marker="o"))
        >>> found.points()
        (Point(x=4, value=1.0, lo=0.0, hi=inf),)
        """
        value, lo, hi = (tuple(_exp(getattr(e, end)) for e in logs) for end in ("value", "lo", "hi"))
        return cls(name, x, value, lo, hi, look=look, shown_at=shown_at)

    def points(self) -> tuple[Point, ...]:
        """Return its points, in order."""
        ends = zip(self.lo, self.hi, strict=True) if len(self.lo) else ((None, None) for _ in self.x)
        return tuple(Point(x, value, lo, hi) for x, value, (lo, hi) in zip(self.x, self.value, ends, strict=True))


@dataclass(frozen=True)
class Point:
    """A point of a series: its place, its value, and the ends of its interval, None where it has none."""

    x: float
    value: float
    lo: float | None
    hi: float | None


def _exp(log: float) -> float:
    try:
        return math.exp(log)
    except OverflowError:
        return math.inf


@dataclass(frozen=True)
class Note:
    """Words in a panel.

    Parameters
    ----------
    text : str
        The words; a line break breaks the line.
    x, y : float
        Where they stand.
    of : str
        ``"data"``; ``"panel"``: both are shares of the panel, from 0 to 1; ``"level"``: `x` is a share, `y` is data.
    across, up : str
        How they are aligned: ``"left"``, ``"center"``, ``"right"`` and ``"bottom"``, ``"center"``, ``"top"``.
    colour : str
        Their colour.
    """

    text: str
    x: float
    y: float
    of: str = "data"
    across: str = "left"
    up: str = "bottom"
    colour: str = FAINT


@dataclass(frozen=True)
class Level:
    """A horizontal line across a panel, at `y`, with a line style as matplotlib has it."""

    y: float
    line: str = ":"
    colour: str = "0.5"
    weight: float = 0.7


@dataclass(frozen=True)
class Key:
    """An entry of a legend: words behind the look that they explain; with `patch`, behind a patch of its colour."""

    label: str
    look: Look
    patch: bool = False


@dataclass(frozen=True)
class Panel:
    """One pair of axes with its series.

    Parameters
    ----------
    name : str
        What it shows, in plain text, for tables.
    series : tuple of Series
        Drawn in this order.
    title, x_label, y_label : str
        Words above, below and beside it, with mathematics between dollars. Where they are too long for the page, they
        are broken, at their own line breaks first; where they are not, a line break is a space.
    x_scale, y_scale : str
        ``"linear"``, ``"log"``, ``"log2"`` (ticks at powers of 2) or ``"symlog"``.
    x_limits, y_limits : tuple of float, optional
        The ends of the axes; by default all series are seen.
    x_ticks, y_ticks : sequence of float, optional
        Where ticks stand. Labels that would touch each other are left out.
    x_axis, y_axis : str
        Panels with the same word here have the same axis, which is labelled once in a column, or in a row.
    y_format : callable, optional
        Returns the label of a tick.
    levels, notes : tuple
        Horizontal lines, and words.
    keys : tuple of Key
        A legend inside.
    keys_at : str
        The corner where it stands, as matplotlib has it.
    """

    name: str
    series: tuple[Series, ...]
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    x_scale: str = "linear"
    y_scale: str = "linear"
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    x_ticks: Sequence[float] | None = None
    y_ticks: Sequence[float] | None = None
    x_axis: str = ""
    y_axis: str = ""
    y_format: Callable[[float], str] | None = None
    levels: tuple[Level, ...] = ()
    notes: tuple[Note, ...] = ()
    keys: tuple[Key, ...] = ()
    keys_at: str = "upper left"


@dataclass(frozen=True)
class Picture:
    """A figure as data: panels, what explains them, and how they may be arranged.

    Parameters
    ----------
    panels : tuple of Panel or None
        Row by row; None leaves a place empty.
    keys : tuple of tuples of Key
        The legend below, in groups; each group begins a new row.
    title : str
        What stands above all panels on a screen. A paper says it in the caption.
    screen : tuple of float
        Width and height on a screen, in inches.
    across : int, optional
        So many panels stand side by side where there is room; by default all of them.
    stacks : bool
        Whether panels go below each other where there is no room.
    heights : tuple of float
        The height of each row in inches, on a page of a given width; on a screen they are proportions.
    dense : bool
        Whether there are so many panels that their words are a little smaller.
    paint : callable, optional
        Draws one panel into its axes, as :func:`proofs_check.reporting.drawing.paint_panel`, the default, does.
    finish : callable, optional
        Called with the figure and the axes of all panels when these are drawn, before the legend.
    """

    panels: tuple[Panel | None, ...]
    keys: tuple[tuple[Key, ...], ...] = ()
    title: str = ""
    screen: tuple[float, float] = (10, 5)
    across: int | None = None
    stacks: bool = True
    heights: tuple[float, ...] = ()
    dense: bool = False
    paint: Callable[[Any, Panel], object] | None = None
    finish: Callable[[Any, Sequence[Any]], object] | None = None

    def filled(self) -> Iterable[Panel]:
        """Return the panels, without the places that are empty."""
        return (panel for panel in self.panels if panel is not None)
