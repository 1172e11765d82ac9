"""The figure ``curvature``: both ends of the Hessian's spectrum against depth, theory as lines, medians as points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo import worker_pool
from montecarlo.workers.workers import in_task_order
from proofs_check.figures import Figure
from proofs_check.reporting.drawing import (
    BLUE,
    GREEN,
    PURPLE,
    VERMILLION,
    bar,
    canvas,
    legend_below,
    require_file,
    save,
)
from proofs_check.studies.curvature import DEPTHS, FAMILIES, WIDTHS, Curvature, grid, log_curve, measured, turning_depth

TITLES = {"linear": "linear, Xavier, normal", "relu": "ReLU, He, normal"}
_COLOURS = {1: PURPLE, 4: BLUE, 16: VERMILLION, 64: GREEN}
_FINE = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 32, 40, 48, 64, 80, 96, 112, 128)
_FINE_CHAIN = (2, 3, 4, 6, 8, 12, 16, 24, 32, 40)
"""Depths for width one, where each takes an integral; deeper, the curve is off the panel."""
_RANGE = (1e-7, 2e3)
_SIDE = 1.035
"""The factor by which two points of the same width and depth are moved apart."""


def draw_curvature(
    out: Path, *, samples: int = 1000, seed: int = 0, jobs: int = 1, depths: Sequence[int] = DEPTHS
) -> None:
    r"""Draw the medians of :math:`\lambda_{\max}` and of :math:`-\lambda_{\min}` of the Hessian of f against depth.

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
    depths : sequence of int
        The depths that are measured, in ascending order.

    Notes
    -----
    On the left are linear networks at Xavier initialization, on the right ReLU networks at He. Bars are intervals from
    order statistics, each with error probability 1e-4. Lines are :func:`proofs_check.studies.curvature.log_curve`, with
    a tick where :math:`e^{\gamma L}L^2` turns. Where more than half of the networks are dead, the median is 0, and has
    no point.
    """
    require_file(out)
    nets = [net for family in FAMILIES for net in grid(family, WIDTHS, depths)]
    curved = [net for family in FAMILIES for n in WIDTHS for net in grid(family, (n,), _fine(n, depths[-1]))]
    with worker_pool(jobs) as workers:
        points = list(measured(nets, samples=samples, seed=seed, workers=workers))
        curves = list(zip(curved, in_task_order(log_curve, [(net,) for net in curved], workers), strict=True))
    figure = canvas(10, 5.4)
    panels = figure.subplots(1, len(FAMILIES), sharey=True)
    for axes, family in zip(panels, FAMILIES, strict=True):
        of_family = [point for point in points if point.net.activation == family.activation]
        for width, colour in _COLOURS.items():
            nets = grid(family, (width,), range(2, depths[-1] + 1))
            _line(axes, {int(net.depth): log for net, log in curves if net in nets}, turning_depth(nets[0]), colour)
        for point in of_family:
            if not point.is_dead:
                _point(axes, point)
        _dress(axes, depths, TITLES[family.activation], _dead(of_family))
    panels[0].set_ylabel("eigenvalue, in units of input and readout")
    _legend(figure)
    save(figure, out)


def _fine(width: int, deepest: int) -> list[int]:
    """Return depths that are dense enough for straight lines between them."""
    return [depth for depth in (_FINE_CHAIN if width == 1 else _FINE) if depth <= deepest]


def _line(axes: Any, logs: dict[int, float], turn: float, colour: str) -> None:
    """Draw theory's curve of one width, with a tick where it should turn."""
    alive = [depth for depth, log in logs.items() if log > -math.inf]
    if not alive:
        return
    rests = [logs[depth] + 2 * depth / turn for depth in alive]  # these are almost straight in log L, like 2 log L

    def curve(depth: Any) -> Any:
        return np.exp(np.interp(np.log(depth), np.log(alive), rests) - 2 * depth / turn)

    depths = np.arange(alive[0], alive[-1] + 1)
    axes.plot(depths, curve(depths), color=colour, linewidth=1.2)
    if alive[0] <= turn <= alive[-1]:
        axes.plot([turn], [curve(turn)], "|", color=colour, markersize=22, markeredgewidth=1.6)


def _point(axes: Any, point: Curvature) -> None:
    colour = _COLOURS[int(point.net.width or 1)]
    for end, marker, side in ((point.highest, "^", _SIDE), (point.lowest, "v", 1 / _SIDE)):
        depth = int(point.net.depth) * side
        bar(axes, depth, end, colour, linewidth=1)
        axes.plot([depth], [math.exp(end.value)], marker, color=colour, markersize=4.5, markeredgewidth=0)


def _dress(axes: Any, depths: Sequence[int], title: str, missing: Sequence[str]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlim(depths[0] / 1.2, depths[-1] * 1.2)
    axes.set_ylim(*_RANGE)
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.set_xlabel("depth $L$")
    axes.set_title(title, fontsize=10)
    axes.grid(visible=True, color="0.92")
    if missing:
        head = ["more than half of the networks are dead,", "so that the median is 0 and has no point:"]
        axes.text(0.03, 0.03, "\n".join([*head, *missing]), transform=axes.transAxes, fontsize=8, color="0.3")


def _dead(points: Sequence[Curvature]) -> list[str]:
    """Say which points are missing."""
    notes = []
    for width in WIDTHS:
        depths = [int(point.net.depth) for point in points if point.net.width == width and point.is_dead]
        if depths:
            notes.append(f"  width {width}, depth {min(depths)} and more")
    return notes


def _legend(figure: Any) -> None:
    from matplotlib.lines import Line2D

    def mark(marker: str, size: float, label: str) -> Line2D:
        return Line2D([], [], color="0.2", linestyle="none", marker=marker, markersize=size, label=label)

    handles = [
        *(Line2D([], [], color=c, label=f"width {w}") for w, c in _COLOURS.items()),
        mark("^", 5, r"median of $\lambda_{\max}$, measured"),
        mark("v", 5, r"median of $-\lambda_{\min}$, measured"),
        Line2D([], [], color="0.2", label=r"wide limit $\times$ typical $|a_L|$; width 1: exact mean log"),
        mark("|", 11, r"$L = 2/|\gamma|$, where $e^{\gamma L}L^2$ turns"),
    ]
    legend_below(figure, handles, columns=4)


FIGURE = Figure(draw_curvature)
