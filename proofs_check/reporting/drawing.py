"""Pictures are drawn: panels laid out for the width of the page, a legend below them, and files whole or not at all.

:func:`write_picture` does it all. Who has a matplotlib figure of his own takes :func:`draw_panels` alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from proofs_check.reporting.figure_files import figure_bytes
from proofs_check.reporting.files import write_whole
from proofs_check.reporting.fitting import apart, fitted
from proofs_check.reporting.legends import legend_below
from proofs_check.reporting.pages import SCREEN, Page, points, require_file
from proofs_check.reporting.painting import paint_panel
from proofs_check.reporting.pictures import Panel, Picture

_LEAST_PANEL = 2.1
"""Inches: narrower panels go below each other."""
_LOWEST, _HIGHEST = 2.25, 3.2
"""Inches: between these is the height of rows in print; where all panels are below each other, it may be less."""


def write_picture(picture: Picture, out: Path, page: Page = SCREEN) -> None:
    """Draw a picture for a page, and write it whole or not at all.

    The same picture gives the same bytes, with the same version of matplotlib: no file has a date.

    Parameters
    ----------
    picture : Picture
        What is shown.
    out : Path
        The file; its ending, one of :data:`~proofs_check.reporting.pages.FILES`, decides the format.
    page : Page
        The width and the style.

    Raises
    ------
    InvalidArgument
        If the file's ending is of no format, or what the page needs is missing.
    """
    require_file(out, page)
    with page.in_force():
        figure = draw_picture(picture, page)
        write_whole(out, figure_bytes(figure, out.suffix))


def draw_picture(picture: Picture, page: Page) -> Any:
    """Return a picture as a matplotlib figure, with the size that the page asks for.

    The style of the page must be in force (:meth:`Page.in_force`), until the figure is written.

    Parameters
    ----------
    picture : Picture
        What is shown.
    page : Page
        Where it is shown.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. In print it is as high as its panels and its legend need.
    """
    across = _across(picture, page)
    heights = picture.heights or (_height(picture, page, across),) * -(-len(picture.panels) // across)
    figure = canvas(*((page.width, sum(heights)) if page.width is not None else picture.screen))
    if not page.is_print:
        figure.suptitle(picture.title)
    with _smaller(page, picture.dense):
        axes = draw_panels(figure, picture.panels, across=across, heights=heights, paint=picture.paint or paint_panel)
    if picture.finish is not None:
        picture.finish(figure, [one for one in axes if one is not None])
    legend_below(figure, picture.keys, grow=page.is_print)
    return figure


def draw_panels(
    figure: Any,
    panels: Sequence[Panel | None],
    *,
    across: int,
    heights: Sequence[float] = (),
    paint: Callable[[Any, Panel], object] | None = None,
) -> list[Any]:
    """Draw panels into a figure, row by row: axes, series, notes; what neighbours share is labelled once.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        A figure, with the size that it will have, and constrained layout (:func:`canvas`).
    panels : sequence of Panel or None
        What is drawn; None leaves a place empty.
    across : int
        How many panels stand side by side.
    heights : sequence of float
        The proportions of the rows; by default all are equal.
    paint : callable, optional
        Draws the contents of one panel into its axes; by default :func:`paint_panel`.

    Returns
    -------
    list
        The axes of each panel, None for an empty place.

    Examples
    --------
    >>> from proofs_check.reporting.colours import BLUE
    >>> from proofs_check.reporting.pictures import Look, Series
    >>> theory = Series("theory", [1, 2, 4], [1, 0.5, 0.1], look=Look(BLUE, line="-"))
    >>> found = Series("median", [2, 4], [0.6, 0.1], [0.4, 0.0], [0.7, 0.2], look=Look(BLUE, marker="o"))
    >>> (axes,) = draw_panels(canvas(4, 3), [Panel("signal", (theory, found), x_label="depth $L$")], across=1)
    >>> len(axes.lines), axes.get_xlabel()  # a curve, and two points with their intervals
    (5, 'depth $L$')
    """
    rows = -(-len(panels) // across)
    grid = figure.add_gridspec(rows, across, height_ratios=list(heights) or None)
    room = figure.get_figwidth() / across - 0.6
    heads: dict[tuple[str, str], Any] = {}
    found: list[Any] = []
    for place, panel in enumerate(panels):
        if panel is None:
            found.append(None)
            continue
        x_head, y_head = (heads.get(key) for key in (("x", panel.x_axis), ("y", panel.y_axis)))
        axes = figure.add_subplot(grid[place], sharex=x_head, sharey=y_head)
        for key in (("x", panel.x_axis), ("y", panel.y_axis)):
            if key[1]:
                heads.setdefault(key, axes)
        found.append(axes)
        _dress(axes, panel, room, figure.get_figheight() * _share(heights, rows, place // across) - 0.4)
        (paint or paint_panel)(axes, panel)
        below = panels[place + across :: across]
        if panel.x_axis and any(one is not None and one.x_axis == panel.x_axis for one in below):
            axes.tick_params(labelbottom=False)
            axes.set_xlabel("")
        before = panels[place - place % across : place]
        if panel.y_axis and any(one is not None and one.y_axis == panel.y_axis for one in before):
            axes.tick_params(labelleft=False)
        if any(one is not None and one.y_label == panel.y_label for one in before):
            axes.set_ylabel("")
    figure.align_ylabels([axes for axes in found if axes is not None])
    return found


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


_SCALES: dict[str, tuple[str, dict[str, float]]] = {
    "linear": ("linear", {}),
    "log": ("log", {}),
    "log2": ("log", {"base": 2}),
    "symlog": ("symlog", {"linthresh": 1, "linscale": 0.5}),
}


_LOW = 1.0
"""Inches: panels below have no minor ticks."""


def _dress(axes: Any, panel: Panel, width: float, height: float) -> None:
    """Give axes their scales, limits, ticks and words, given the room for them in inches."""
    for set_scale, scale in ((axes.set_xscale, panel.x_scale), (axes.set_yscale, panel.y_scale)):
        name, options = _SCALES[scale]
        set_scale(name, **options)
    if panel.x_limits is not None:
        axes.set_xlim(*panel.x_limits)
    if panel.y_limits is not None:
        axes.set_ylim(*panel.y_limits)
    if panel.x_ticks is not None:
        axes.set_xticks(panel.x_ticks, apart(axes.figure, panel.x_ticks, _shares(panel), width))
        axes.xaxis.minorticks_off()
    if panel.y_ticks is not None:
        lines = max(3, int(height * 72 / (1.7 * axes.yaxis.get_ticklabels()[0].get_fontsize())))
        axes.set_yticks(panel.y_ticks[:: -(-len(panel.y_ticks) // lines)])
        axes.yaxis.minorticks_off()
    elif height < _LOW:
        axes.yaxis.minorticks_off()
    if panel.y_format is not None:
        form = panel.y_format
        axes.yaxis.set_major_formatter(lambda tick, _: form(tick))
    axes.set_title(fitted(axes.figure, panel.title, width + 0.4, "axes.titlesize"))
    axes.set_xlabel(fitted(axes.figure, panel.x_label, width, "axes.labelsize"))
    axes.set_ylabel(fitted(axes.figure, panel.y_label, height, "axes.labelsize"))


def _shares(panel: Panel) -> list[float]:
    """Return where the horizontal ticks of a panel stand, as shares of its width."""
    bend: Callable[[float], float] = math.log if panel.x_scale.startswith("log") else float
    ticks = [bend(tick) for tick in panel.x_ticks or ()]
    low, high = (min(ticks), max(ticks)) if panel.x_limits is None else map(bend, panel.x_limits)
    return [(tick - low) / ((high - low) or 1.0) for tick in ticks]


def _across(picture: Picture, page: Page) -> int:
    """Return how many panels stand side by side."""
    most = picture.across or len(picture.panels)
    if page.width is None or not picture.stacks:
        return most
    return max(1, min(most, int(page.width / _LEAST_PANEL)))


def _height(picture: Picture, page: Page, across: int) -> float:
    if page.width is None:
        return 1.0
    shape, low = (0.56, 0.0) if across == 1 else (0.66, _LOWEST)
    return min(_HIGHEST, max(low, shape * page.width / across))


def _share(heights: Sequence[float], rows: int, row: int) -> float:
    return heights[row] / sum(heights) if heights else 1 / rows


def _smaller(page: Page, dense: bool) -> Any:
    """Let words be a little smaller while the block runs, if there are many panels."""
    import matplotlib

    if not dense:
        return matplotlib.rc_context()
    shares = (0.87, 0.87, 0.87, 1) if page.is_print else (1, 0.9, 0.8, 0.8)
    names = ("axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize")
    sizes: Any = {name: share * points(name) for name, share in zip(names, shares, strict=True)}
    return matplotlib.rc_context(sizes)
