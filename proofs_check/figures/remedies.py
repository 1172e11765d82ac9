"""The figure ``remedies``: typical signal, gradient ratio and Hessian norm against depth, by remedy, beside theory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from montecarlo import worker_pool
from montecarlo.workers.workers import in_task_order
from proofs_check.figures import Figure
from proofs_check.reporting.drawing import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    bar,
    canvas,
    legend_below,
    require_file,
    save,
)
from proofs_check.studies.remedies import (
    BATCH,
    BATCH_NORM,
    DEPTHS,
    LAYER_NORM,
    ORTHOGONAL,
    PAIRS,
    PLAIN,
    QUANTITIES,
    RELU_BRANCHES,
    REMEDIES,
    WIDTH,
    Line,
    Measured,
    Remedy,
    measured,
    theory,
)

STYLES = {
    PLAIN.name: (BLACK, "o", "plain"),
    ORTHOGONAL.name: ("0.55", "P", r"orthogonal weights, gain $\sqrt{2}$"),
    LAYER_NORM.name: (GREEN, "s", "layer norm"),
    BATCH_NORM.name: (PURPLE, "D", f"batch norm, batches of {BATCH}"),
    PAIRS[0].name: (VERMILLION, "^", r"residual $a + \alpha W'\varphi(Wa)$, $\alpha = 1$"),
    PAIRS[1].name: (BLUE, "v", r"residual $a + \alpha W'\varphi(Wa)$, $\alpha = 1/\sqrt{B}$, $B = L/2$"),
    PAIRS[2].name: (SKY, "<", r"residual $a + \alpha W'\varphi(Wa)$, $\alpha = 1/B$"),
    RELU_BRANCHES.name: (ORANGE, "X", r"residual $a + \alpha\varphi(Wa)$, $\alpha = 1/\sqrt{L}$"),
}
"""The color, marker and label of each remedy."""
SHARED = "0.35"
"""The color of a line that several remedies share."""
KINDS = {"median": "-", "mean log": "-", "mean": "--", "leading": "-.", "bounds": ":"}
_PANELS = {
    "signal": (r"signal $|a_L|^2$, in units of $|x|^2$ ($n/2$ if normalized)", (-11, 8)),
    "gradient": (r"gradients $|\partial f/\partial W_2|_F^2\,/\,|\partial f/\partial W_L|_F^2$", (-11, 8)),
    "hessian": (r"curvature $|H|_F^2$, in units of $|x|^2$", (-5, 8)),
}
"""The title of each panel, and the powers of ten that it shows; what explodes leaves the panel."""
_NOTES = {
    "signal": (-0.9, "mean without branches: 1"),
    "gradient": (0.75, r"ratio of means, plain, orthogonal, $W'\varphi$: 1"),
    "hessian": (5.1, "mean of plain and orthogonal"),
}
"""The power of ten at which a shared line is named, and its name."""
_RATES = {
    ("signal", PAIRS[0].name): "$3^{L/2}$",
    ("gradient", BATCH_NORM.name): "$1.59^{L-2}$",
    ("hessian", PAIRS[0].name): r"$\propto L^2\,3^{L/2}$",
}
"""The rates that are written beside the lines that leave a panel."""
_SIDES = {
    "signal": {LAYER_NORM.name: -1.0, BATCH_NORM.name: 1.0},
    "gradient": {PLAIN.name: -2.0, ORTHOGONAL.name: -1.0, PAIRS[1].name: 1.0, PAIRS[2].name: 2.0},
    "hessian": {PLAIN.name: -0.5, ORTHOGONAL.name: 0.5},
}
"""Points that would hide each other are moved apart by so many fiftieths of the panel."""


def draw_remedies(
    out: Path, *, samples: int = 1000, seed: int = 0, jobs: int = 1, depths: Sequence[int] = DEPTHS
) -> None:
    r"""Draw what remedies do to the typical size of signal, gradient and Hessian, against depth.

    Parameters
    ----------
    out : Path
        A .pdf, .png or .svg file.
    samples : int
        The number of networks of each remedy and depth.
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.
    depths : sequence of int
        The depths that are measured: even, ascending, from 4.

    Notes
    -----
    Points are medians, and bars are intervals from order statistics, each with error probability 1e-4. Lines are
    :func:`proofs_check.studies.remedies.theory`, in gray where several remedies share one. A line that explodes leaves
    its panel, with its rate beside it. See :mod:`proofs_check.studies.remedies`.
    """
    require_file(out)
    fine = range(depths[0], depths[-1] + 1, 2)
    curved = [(remedy, depth) for remedy in REMEDIES for depth in fine]
    with worker_pool(jobs) as workers:
        points = list(measured(REMEDIES, depths, samples=samples, seed=seed, workers=workers))
        lines = dict(zip(curved, in_task_order(theory, curved, workers), strict=True))
    figure = canvas(11, 5.2)
    for axes, quantity in zip(figure.subplots(1, len(QUANTITIES)), QUANTITIES, strict=True):
        _curves(axes, fine, {remedy: [lines[remedy, depth][quantity] for depth in fine] for remedy in REMEDIES})
        for point in points:
            _point(axes, point, quantity, depths[-1] - depths[0])
        _dress(axes, depths, quantity)
        for remedy in REMEDIES:
            _rate(axes, remedy, quantity, {depth: lines[remedy, depth][quantity] for depth in fine})
    what = f"ReLU networks of width {WIDTH}: medians of {samples} and their intervals (points), theory (lines)"
    figure.suptitle(what, fontsize=11)
    _legend(figure)
    save(figure, out)


def _curves(axes: Any, depths: Sequence[int], lines: dict[Remedy, list[tuple[Line, ...]]]) -> None:
    """Draw theory's lines of one quantity, each of them once."""
    colours: dict[tuple[str, tuple[float, ...]], str] = {}
    for remedy, of_remedy in lines.items():
        for of_kind in zip(*of_remedy, strict=True):
            for logs in zip(*(line.logs for line in of_kind), strict=True):
                key = (KINDS[of_kind[0].kind], logs)
                colours[key] = SHARED if key in colours else STYLES[remedy.name][0]
    for (style, logs), colour in colours.items():
        axes.plot(depths, [math.exp(log) for log in logs], style, color=colour, linewidth=1.1)


def _point(axes: Any, point: Measured, quantity: str, span: int) -> None:
    median = point.medians.get(quantity)
    if median is None:
        return
    colour, marker, _ = STYLES[point.remedy.name]
    depth = point.depth + _SIDES[quantity].get(point.remedy.name, 0.0) * min(span / 50, point.depth / 8)
    bar(axes, depth, median, colour)
    axes.plot([depth], [math.exp(median.value)], marker, color=colour, markersize=5.5, markeredgewidth=0)


def _rate(axes: Any, remedy: Remedy, quantity: str, lines: dict[int, tuple[Line, ...]]) -> None:
    """Write the rate of a line where it leaves the panel."""
    text = _RATES.get((quantity, remedy.name))
    top = _PANELS[quantity][1][1] * math.log(10)
    near = [depth for depth, (line,) in lines.items() if line.logs[0] > 0.9 * top] if text else []
    if near:
        axes.text(
            near[0] + len(lines) / 20, math.exp(0.9 * top), text, color=STYLES[remedy.name][0], fontsize=10, va="center"
        )


def _dress(axes: Any, depths: Sequence[int], quantity: str) -> None:
    title, (low, high) = _PANELS[quantity]
    axes.set_yscale("log")
    axes.set_ylim(10.0**low, 10.0**high)
    axes.set_yticks([10.0**power for power in range(low, high + 1) if power % 2 == 0])
    axes.minorticks_off()
    room = (depths[-1] - depths[0]) / 16
    axes.set_xticks(
        depths, [str(depth) if depth - room >= before else "" for before, depth in pairwise((-99, *depths))]
    )
    axes.set_xlabel("depth $L$")
    axes.set_title(title, fontsize=10)
    axes.grid(visible=True, color="0.92")
    axes.set_axisbelow(True)
    power, text = _NOTES[quantity]
    style = {"fontsize": 8, "color": SHARED, "ha": "right", "va": "center"}
    axes.text(0.98, 10.0**power, text, transform=axes.get_yaxis_transform(), **style)


def _legend(figure: Any) -> None:
    from matplotlib.lines import Line2D

    dots: dict[str, Any] = {"linestyle": "none", "markersize": 5.5, "markeredgewidth": 0}
    handles = [Line2D([], [], color=c, marker=m, label=label, **dots) for c, m, label in STYLES.values()]
    labels: dict[Any, str] = {
        "-": r"typical size, exact (median; orthogonal: $\exp E\log$)",
        "--": "mean, exact",
        "-.": r"typical size, leading order (batch norm: $n \to \infty$)",
        ":": "bounds on the mean",
    }
    handles += [Line2D([], [], color="0.2", linestyle=style, label=label) for style, label in labels.items()]
    legend_below(figure, handles, columns=3)


FIGURE = Figure(draw_remedies)
