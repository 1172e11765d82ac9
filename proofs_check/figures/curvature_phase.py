"""The figure ``curvature-phase``: the Hessian's median norm over width and depth, and where it should turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from montecarlo import worker_pool
from proofs_check.figures import Figure
from proofs_check.figures.curvature import TITLES
from proofs_check.reporting.colours import BLACK, shown
from proofs_check.reporting.painting import note_size, paint_series
from proofs_check.reporting.pictures import Key, Look, Panel, Picture, Series
from proofs_check.reporting.watched import Watched
from proofs_check.studies.curvature import FAMILIES, Curvature, grid, measured, turning_depth
from theory.ensembles import Ensemble

if TYPE_CHECKING:
    from proofs_check.reporting.watched import Told

_WIDTHS = (1, 2, 4, 8, 16, 32, 64)
_DEPTHS = (2, 4, 8, 16, 32, 64, 128, 256)
_FINE = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 80)
_DEAD = "0.87"
_RIDGE = Look(BLACK, line="-", weight=1.1)
_RANGE = 4
"""So many powers of ten have colors, on either side of 1."""


def make_curvature_phase(
    *,
    samples: int = 300,
    seed: int = 0,
    jobs: int = 1,
    told: Told | None = None,
    widths: Sequence[int] = _WIDTHS,
    depths: Sequence[int] = _DEPTHS,
) -> Picture:
    r"""Return the median of :math:`\|\nabla^2f\|_2` as a map over width and depth.

    Parameters
    ----------
    samples : int
        The number of networks per width and depth, at most (:func:`proofs_check.studies.curvature.samples_for`).
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.
    told : callable, optional
        Called with what is being done and how far it is.
    widths, depths : sequence of int
        The sizes that are measured, each twice the one before.

    Notes
    -----
    On the left are linear networks at Xavier initialization, on the right ReLU networks at He. Each cell has the
    logarithm of the median to base 10, and no number where the median is 0, because more than half of the networks are
    dead. The line is :math:`L = 2/|\gamma(n)|`, where :math:`e^{\gamma L}L^2` turns from rising to falling; it is
    interrupted where a number stands.
    """
    nets = [net for family in FAMILIES for net in grid(family, widths, depths)]
    with worker_pool(jobs) as workers:
        found = list(measured(nets, samples=samples, seed=seed, workers=Watched(workers, "medians", told)))
    panels = []
    for family in FAMILIES:
        of_family = [point for point in found if point.net.activation == family.activation]
        columns = (_column(n, [point for point in of_family if point.net.width == n]) for n in widths)
        title = TITLES[str(family.activation)]
        panels.append(
            Panel(
                title, (*columns, _ridge(family)), title, "width $n$", "depth $L$", "log2", "log2", _ends(widths),
                _ends(depths), widths, depths, "n", "L", y_format="{:g}".format,
            )
        )  # fmt: skip
    return Picture(tuple(panels), _keys(), screen=(10, 4.8), paint=_map, finish=_scale)


def _column(width: int, points: Sequence[Curvature]) -> Series:
    """Return the medians at one width, over the depth."""
    depths = [int(point.net.depth) for point in points]
    return Series.of_logs(f"{_OF_WIDTH}{width}", depths, [point.norm for point in points], Look())


_OF_WIDTH = "median over the depth, of width "


def _ridge(family: Ensemble) -> Series:
    """Return the depth at which each width's Hessian should turn, if most networks are still alive there."""
    turns = {width: turning_depth(family.at(width=width, depth=1)) for width in _FINE}
    alive = [n for n, turn in turns.items() if family.slope == 1 or turn * math.log1p(-(0.5**n)) > math.log(0.5)]
    return Series("depth where it turns, over the width", alive, [turns[n] for n in alive], look=_RIDGE)


def _ends(sizes: Sequence[int]) -> tuple[float, float]:
    """Return the ends of cells around sizes that double."""
    return sizes[0] / math.sqrt(2), sizes[-1] * math.sqrt(2)


def _map(axes: Any, panel: Panel) -> None:
    """Draw a colored cell for each point; then the ridge, and over it the numbers, each on a patch of its cell."""
    from matplotlib.patheffects import withStroke

    *columns, ridge = panel.series
    widths, depths = [int(one.name.removeprefix(_OF_WIDTH)) for one in columns], [int(x) for x in columns[0].x]
    with np.errstate(divide="ignore"):
        logs = np.log10([one.value for one in columns]).T
    axes.set_facecolor(shown(_DEAD))
    axes.grid(visible=False)
    edges = ([_ends(sizes)[0], *(size * math.sqrt(2) for size in sizes)] for sizes in (widths, depths))
    style = {"edgecolor": "white", "linewidth": 0.5, "cmap": "PuOr_r", "vmin": -_RANGE, "vmax": _RANGE}
    colours = axes.pcolormesh(*edges, np.ma.masked_invalid(logs), **style)
    for (row, column), value in np.ndenumerate(logs):
        if value > -math.inf:
            behind = colours.cmap(colours.norm(value))
            is_dark = behind[0] + 2 * behind[1] + behind[2] < 1.7
            patch = {"facecolor": behind, "edgecolor": "none", "pad": 0.8}
            number = axes.text(widths[column], depths[row], _shown(value), ha="center", va="center", bbox=patch)
            number.set(color="white" if is_dark else "black", fontsize=note_size(""))
    limits = axes.get_xlim(), axes.get_ylim()
    paint_series(axes, ridge)
    axes.lines[-1].set_path_effects([withStroke(linewidth=2.6 * axes.lines[-1].get_linewidth(), foreground="white")])
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])


def _shown(value: float) -> str:
    text = f"{value:.1f}" if value > -9.95 else f"{value:.0f}"
    return "0.0" if text == "-0.0" else text.replace("-", "\N{MINUS SIGN}")


def _scale(figure: Any, panels: Sequence[Any]) -> None:
    """Draw the scale of the colors; as shapes, as some formats have no pixels."""
    label = r"$\log_{10}$ of the median of $\|\nabla^2 f\|_2$"
    scale = figure.colorbar(panels[0].collections[0], ax=panels, extend="both", label=label, pad=0.02, aspect=26)
    scale.solids.set(rasterized=False, edgecolor="face")


def _keys() -> tuple[tuple[Key, ...], ...]:
    return (
        (
            Key(r"$L = 2/|\gamma(n)|$, where $e^{\gamma L}L^2$ turns", _RIDGE),
            Key("median 0: more than half of the networks are dead", Look(_DEAD), patch=True),
        ),
    )


FIGURE = Figure(make_curvature_phase)
