"""The figure ``curvature-phase``: the Hessian's median norm over width and depth, and where it should turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo import worker_pool
from proofs_check.figures import Figure
from proofs_check.figures.curvature import TITLES
from proofs_check.reporting.drawing import canvas, legend_below, require_file, save
from proofs_check.studies.curvature import FAMILIES, Curvature, grid, measured, turning_depth
from theory.ensembles import Ensemble

_WIDTHS = (1, 2, 4, 8, 16, 32, 64)
_DEPTHS = (2, 4, 8, 16, 32, 64, 128, 256)
_FINE = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 80)
_DEAD = "0.87"
_RIDGE: dict[str, Any] = {"color": "black", "linewidth": 1.6, "linestyle": "--"}
_RANGE = 4
"""So many powers of ten have colors, on either side of 1."""


def draw_curvature_phase(
    out: Path,
    *,
    samples: int = 300,
    seed: int = 0,
    jobs: int = 1,
    widths: Sequence[int] = _WIDTHS,
    depths: Sequence[int] = _DEPTHS,
) -> None:
    r"""Draw the median of :math:`\|\nabla^2f\|_2` as a map over width and depth.

    Parameters
    ----------
    out : Path
        A .pdf, .png or .svg file.
    samples : int
        The number of networks per width and depth, at most (:func:`proofs_check.studies.curvature.samples_for`).
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.
    widths, depths : sequence of int
        The sizes that are measured, each twice the one before.

    Notes
    -----
    On the left are linear networks at Xavier initialization, on the right ReLU networks at He. Each cell has the
    logarithm of the median to base 10, and no number where the median is 0, because more than half of the networks are
    dead. The line is :math:`L = 2/|\gamma(n)|`, where
    :math:`e^{\gamma L}L^2` turns from rising to falling.
    """
    require_file(out)
    nets = [net for family in FAMILIES for net in grid(family, widths, depths)]
    with worker_pool(jobs) as workers:
        found = list(measured(nets, samples=samples, seed=seed, workers=workers))
    figure = canvas(10, 4.8)
    panels = figure.subplots(1, len(FAMILIES), sharey=True)
    for axes, family in zip(panels, FAMILIES, strict=True):
        colours = _map(axes, widths, depths, [point for point in found if point.net.activation == family.activation])
        _ridge(axes, family)
        axes.set_title(TITLES[family.activation], fontsize=10)
        axes.set_xlabel("width $n$")
    panels[0].set_ylabel("depth $L$")
    figure.colorbar(
        colours, ax=panels, extend="both", label=r"$\log_{10}$ of the median of $\|\nabla^2 f\|_2$", pad=0.02
    )
    _legend(figure)
    save(figure, out)


def _map(axes: Any, widths: Sequence[int], depths: Sequence[int], points: Sequence[Curvature]) -> Any:
    """Draw a colored cell for each point, with its number, and return the scale of the colors."""
    from matplotlib.patheffects import withStroke

    logs = np.array([point.norm.value for point in points]).reshape(len(widths), len(depths)).T / math.log(10)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_facecolor(_DEAD)
    edges = _edges(widths), _edges(depths)
    style = {"edgecolor": "white", "linewidth": 0.5, "cmap": "PuOr_r", "vmin": -_RANGE, "vmax": _RANGE}
    colours = axes.pcolormesh(*edges, np.ma.masked_invalid(logs), **style)
    for (row, column), value in np.ndenumerate(logs):
        if value > -math.inf:
            behind = colours.cmap(colours.norm(value))
            is_dark = behind[0] + 2 * behind[1] + behind[2] < 1.7
            number = axes.text(widths[column], depths[row], _shown(value), ha="center", va="center", fontsize=8)
            number.set(
                color="white" if is_dark else "black", path_effects=[withStroke(linewidth=2.5, foreground=behind)]
            )
    axes.set_xticks(widths, [str(width) for width in widths])
    axes.set_yticks(depths, [str(depth) for depth in depths])
    axes.minorticks_off()
    return colours


def _edges(sizes: Sequence[int]) -> list[float]:
    """Return the ends of cells around sizes that double."""
    return [sizes[0] / math.sqrt(2), *(size * math.sqrt(2) for size in sizes)]


def _shown(value: float) -> str:
    text = f"{value:.1f}" if value > -9.95 else f"{value:.0f}"
    return "0.0" if text == "-0.0" else text.replace("-", "\N{MINUS SIGN}")


def _ridge(axes: Any, family: Ensemble) -> None:
    """Draw the depth at which each width's Hessian should turn, if most networks are still alive there."""
    from matplotlib.patheffects import withStroke

    limits = axes.get_xlim(), axes.get_ylim()
    turns = {width: turning_depth(family.at(width=width, depth=1)) for width in _FINE}
    alive = [n for n, turn in turns.items() if family.slope == 1 or turn * math.log1p(-(0.5**n)) > math.log(0.5)]
    (line,) = axes.plot(alive, [turns[n] for n in alive], **_RIDGE)
    line.set_path_effects([withStroke(linewidth=3.5, foreground="white")])
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])


def _legend(figure: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D(
            [],
            [],
            color="black",
            linewidth=1.6,
            linestyle="--",
            label=r"$L = 2/|\gamma(n)|$, where $e^{\gamma L}L^2$ turns",
        ),
        Patch(facecolor=_DEAD, label="median 0: more than half of the networks are dead"),
    ]
    legend_below(figure, handles, columns=2)


FIGURE = Figure(draw_curvature_phase)
