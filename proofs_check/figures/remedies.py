"""The figure ``remedies``: typical signal, gradient ratio and Hessian norm against depth, by remedy, beside theory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from montecarlo import worker_pool
from montecarlo.workers.workers import in_task_order
from proofs_check.figures import Figure
from proofs_check.reporting.colours import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION
from proofs_check.reporting.pictures import INK, Key, Look, Note, Panel, Picture, Series
from proofs_check.reporting.watched import Watched
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

if TYPE_CHECKING:
    from proofs_check.reporting.watched import Told

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
_WORDS = {
    "median": "median",
    "mean log": "exp of the mean log",
    "mean": "mean",
    "leading": "typical size to leading order",
    "bounds": "bound on the mean",
}
"""What each kind of line is called in tables."""
_PANELS = {
    "signal": ("signal $|a_L|^2$, in units of $|x|^2$\n($n/2$ if normalized)", (-11, 8)),
    "gradient": (r"gradients $|\partial f/\partial W_2|_F^2\,/\,|\partial f/\partial W_L|_F^2$", (-11, 8)),
    "hessian": (r"curvature $|H|_F^2$, in units of $|x|^2$", (-5, 8)),
}
"""The title of each panel, and the powers of ten that it shows; what explodes leaves the panel."""
_SHARED_LINES = {
    "signal": "mean without branches: 1",
    "gradient": "ratio of means: 1\n(all but norms and $\\varphi(Wa)$)",
    "hessian": "mean of plain and orthogonal",
}
"""What the line is that several remedies share."""
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


def make_remedies(
    *, samples: int = 1000, seed: int = 0, jobs: int = 1, told: Told | None = None, depths: Sequence[int] = DEPTHS
) -> Picture:
    r"""Return what remedies do to the typical size of signal, gradient and Hessian, against depth.

    Parameters
    ----------
    samples : int
        The number of networks of each remedy and depth.
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.
    told : callable, optional
        Called with what is being done and how far it is.
    depths : sequence of int
        The depths that are measured: even, ascending, from 4.

    Notes
    -----
    Points are medians, and bars are intervals from order statistics, each with error probability 1e-4. Lines are
    :func:`proofs_check.studies.remedies.theory`, in gray where several remedies share one. A line that explodes leaves
    its panel, with its rate beside it. See :mod:`proofs_check.studies.remedies`.
    """
    fine = range(depths[0], depths[-1] + 1, 2)
    curved = [(remedy, depth) for remedy in REMEDIES for depth in fine]
    with worker_pool(jobs) as workers:
        drawn = Watched(workers, "medians", told)
        points = list(measured(REMEDIES, depths, samples=samples, seed=seed, workers=drawn))
        lines = dict(zip(curved, in_task_order(theory, curved, Watched(workers, "theory's lines", told)), strict=True))
    panels = []
    for quantity in QUANTITIES:
        of_quantity = {remedy: {depth: lines[remedy, depth][quantity] for depth in fine} for remedy in REMEDIES}
        series = (*_curves(of_quantity), *_points(points, quantity, depths[-1] - depths[0]))
        panels.append(_panel(quantity, series, depths, of_quantity))
    what = f"ReLU networks of width {WIDTH}: medians of {samples} and their intervals (points), theory (lines)"
    return Picture(tuple(panels), _keys(), what, screen=(11, 5.2))


def _curves(lines: dict[Remedy, dict[int, tuple[Line, ...]]]) -> Iterator[Series]:
    """Return theory's lines of one quantity, each of them once."""
    owners: dict[tuple[str, tuple[float, ...]], list[str]] = {}
    for remedy, of_remedy in lines.items():
        for of_kind in zip(*of_remedy.values(), strict=True):
            for logs in zip(*(line.logs for line in of_kind), strict=True):
                owners.setdefault((of_kind[0].kind, logs), []).append(remedy.name)
    for (kind, logs), names in owners.items():
        look = Look(STYLES[names[0]][0] if len(names) == 1 else SHARED, line=KINDS[kind], weight=0.9)
        depths = tuple(lines[next(iter(lines))])
        yield Series(f"{'; '.join(names)}: {_WORDS[kind]}, theory", depths, [math.exp(log) for log in logs], look=look)


def _points(points: Sequence[Measured], quantity: str, span: int) -> Iterator[Series]:
    for remedy in REMEDIES:
        mine = [point for point in points if point.remedy == remedy and quantity in point.medians]
        if not mine:
            continue
        colour, marker, _ = STYLES[remedy.name]
        side = _SIDES[quantity].get(remedy.name, 0.0)
        depths = [point.depth for point in mine]
        shown_at = [depth + side * min(span / 50, depth / 8) for depth in depths]
        look = Look(colour, marker=marker, size=1.2)
        medians = [point.medians[quantity] for point in mine]
        yield Series.of_logs(f"{remedy.name}: median, measured", depths, medians, look, shown_at=shown_at)


def _panel(
    quantity: str,
    series: tuple[Series, ...],
    depths: Sequence[int],
    lines: dict[Remedy, dict[int, tuple[Line, ...]]],
) -> Panel:
    title, (low, high) = _PANELS[quantity]
    notes = (note for remedy, of_remedy in lines.items() for note in _rate(remedy, quantity, of_remedy))
    shared = Key(_SHARED_LINES[quantity], Look(SHARED, line=KINDS["mean"], weight=0.9))
    ends, span = (10.0**low, 10.0**high), depths[-1] - depths[0]
    return Panel(
        quantity, series, title, "depth $L$", x_limits=(depths[0] - span / 15, depths[-1] + span / 15), y_limits=ends,
        x_ticks=depths, y_ticks=[10.0**power for power in range(low, high + 1) if power % 2 == 0], y_scale="log",
        x_axis="L", notes=tuple(notes), keys=(shared,), keys_at="lower left",
    )  # fmt: skip


def _rate(remedy: Remedy, quantity: str, lines: dict[int, tuple[Line, ...]]) -> Iterator[Note]:
    """Return the rate of a line, to be written where it leaves the panel."""
    text = _RATES.get((quantity, remedy.name))
    top = _PANELS[quantity][1][1] * math.log(10)
    near = [depth for depth, (line,) in lines.items() if line.logs[0] > 0.85 * top] if text else []
    if text and near:
        x, y = near[0] + len(lines) / 8, math.exp(0.85 * top)
        yield Note(text, x, y, up="center", colour=STYLES[remedy.name][0])


def _keys() -> tuple[tuple[Key, ...], ...]:
    remedies = [Key(label, Look(colour, marker=marker, size=1.2)) for colour, marker, label in STYLES.values()]
    labels = {
        "-": r"typical size, exact (median; orthogonal: $\exp E\log$)",
        "--": "mean, exact",
        "-.": r"typical size, leading order (batch norm: $n \to \infty$)",
        ":": "bounds on the mean",
    }
    return (
        tuple(remedies[:4]),
        tuple(remedies[4:]),
        tuple(Key(label, Look(INK, line=line)) for line, label in labels.items()),
    )


FIGURE = Figure(make_remedies)
