"""The figure ``escape-times``: steps to leave a plateau against depth, by update rule, theory as lines and bands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from proofs_check.studies.escape_times import (
    BALANCED_DEPTHS,
    DEPTHS,
    FAMILIES,
    FRACTION,
    RULES,
    START,
    Counted,
    Escape,
    bounds,
    counted,
    measured,
)

COLOURS = dict(zip(RULES, (VERMILLION, BLUE, PURPLE, GREEN), strict=True))
MARKERS = dict(zip(RULES, ("o", "s", "D", "^"), strict=True))
_SIDES = dict(zip(RULES, (0.0, -1.0, 0.0, 1.0), strict=True))
"""Points of the same depth are moved apart by so many seventieths of the panel."""


def draw_escape_times(
    out: Path,
    *,
    samples: int = 200,
    seed: int = 0,
    jobs: int = 1,
    balanced_depths: Sequence[int] = BALANCED_DEPTHS,
    depths: dict[int, Sequence[int]] | None = None,
) -> None:
    r"""Draw how many steps each update rule takes to leave the plateau of :math:`\frac12(f-1)^2`, against depth.

    Parameters
    ----------
    out : Path
        A .pdf, .png or .svg file.
    samples : int
        The number of random networks per width and depth.
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.
    balanced_depths : sequence of int
        The depths of the balanced chain, ascending, from 4.
    depths : dict of int to sequence of int, optional
        The depths of random networks, by width.

    Notes
    -----
    On the left all weights start at 0.7: points are counted steps, and theory's bounds are lines with a band between
    them. In the middle and on the right are random networks: points are medians, with intervals from order statistics,
    each with error probability 1e-4. A dashed line is the median of :math:`1/\eta|\lambda_{\min}|` at the start, which
    the linear rate at a strict saddle suggests for gradient descent. See :mod:`proofs_check.studies.escape_times`.
    """
    require_file(out)
    by_width = DEPTHS if depths is None else depths
    families = [(family, by_width[int(family.width or 0)]) for family in FAMILIES]
    nets = [family.at(depth=depth) for family, chosen in families for depth in chosen]
    lines = range(balanced_depths[0], balanced_depths[-1] + 1)
    with worker_pool(jobs) as workers:
        escapes = list(measured(nets, samples=samples, seed=seed, workers=workers))
        counts = list(counted(balanced_depths, workers))
        ranges = list(in_task_order(bounds, [(rule, depth) for rule in RULES for depth in lines], workers))
    figure = canvas(12, 5)
    panels = figure.subplots(1, 1 + len(families), sharey=True)
    for number, rule in enumerate(RULES):
        _band(panels[0], lines, ranges[number * len(lines) : (number + 1) * len(lines)], COLOURS[rule])
    for count in counts:
        _count(panels[0], count)
    _dress(panels[0], balanced_depths, f"chain, all weights {float(START):g}")
    for axes, (family, chosen) in zip(panels[1:], families, strict=True):
        of_family = [escape for escape in escapes if escape.net.width == family.width]
        _medians(axes, of_family, chosen[-1] - chosen[0])
        _dress(axes, chosen, f"random networks of width {family.width}")
    panels[0].set_ylabel(rf"steps until $f \geq {float(FRACTION):g}\,y$")
    panels[0].set_ylim(1, 1e6)
    _legend(figure)
    save(figure, out)


def _band(axes: Any, depths: Sequence[int], ends: Sequence[tuple[float, float]], colour: str) -> None:
    low, high = zip(*ends, strict=True)
    axes.fill_between(depths, low, high, color=colour, alpha=0.15, linewidth=0)
    for end in (low, high):
        axes.plot(depths, end, color=colour, linewidth=0.9)


def _count(axes: Any, count: Counted) -> None:
    if math.isfinite(count.steps):
        style = {"color": COLOURS[count.rule], "marker": MARKERS[count.rule]}
        axes.plot([count.depth], [count.steps], markersize=4.5, markeredgewidth=0, **style)


def _medians(axes: Any, escapes: Sequence[Escape], span: int) -> None:
    """Draw medians with their intervals, and an arrow at the budget where that was not enough."""
    for found in escapes:
        depth, colour = int(found.net.depth) + _SIDES[found.rule] * span / 70, COLOURS[found.rule]
        most = math.log(found.budget)
        steps = replace(found.steps, lo=min(max(found.steps.lo, 0.0), most), hi=min(found.steps.hi, most))
        bar(axes, depth, steps, colour)
        if not found.is_open:
            style = {"marker": MARKERS[found.rule], "markersize": 4.5, "markeredgewidth": 0}
            axes.plot([depth], [math.exp(found.steps.value)], color=colour, **style)
        if found.steps.hi > most:
            axes.plot([depth], [1.25 * found.budget], marker=r"$\uparrow$", color=colour, markersize=7)
    linear = [(int(found.net.depth), math.exp(found.linear.value)) for found in escapes if found.linear is not None]
    axes.plot(*zip(*linear, strict=True), color=VERMILLION, linewidth=1.1, linestyle="--")
    budget = escapes[0].budget
    axes.axhline(budget, color="0.6", linewidth=0.8, linestyle=":")
    note = {"fontsize": 8, "color": "0.35", "transform": axes.get_yaxis_transform()}
    axes.text(0.02, budget * 1.15, f"{budget:,} steps were tried", **note)


def _dress(axes: Any, depths: Sequence[int], title: str) -> None:
    axes.set_yscale("log")
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.set_xlabel("depth $L$")
    axes.set_title(title, fontsize=10)
    axes.grid(visible=True, color="0.92")
    axes.set_axisbelow(True)


def _legend(figure: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    rates = dict.fromkeys(RULES, r"$\eta = 10^{-3}$") | {"gradient descent": r"$\eta = 1/(2L)$"}
    dots: dict[str, Any] = {"linestyle": "none", "markersize": 4.5}
    handles = [
        *(Line2D([], [], color=COLOURS[r], marker=MARKERS[r], label=f"{r}, {rates[r]}", **dots) for r in RULES),
        Patch(facecolor="0.85", edgecolor="0.2", label="left: theory's bounds on the number of steps"),
        Line2D([], [], color=VERMILLION, linestyle="--", label=r"median of $1/(\eta|\lambda_{\min}|)$ at the start"),
        Line2D([], [], color="0.2", label="interval of the median, error probability 1e-4"),
        Line2D([], [], color="0.2", marker=r"$\uparrow$", label="not within the steps tried", **dots),
    ]
    legend_below(figure, handles, columns=4)


FIGURE = Figure(draw_escape_times)
