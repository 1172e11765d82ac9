"""The figure ``curvature``: both ends of the Hessian's spectrum against depth, theory as lines, medians as points."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from montecarlo import worker_pool
from montecarlo.workers.workers import in_task_order
from proofs_check.figures import Figure
from proofs_check.reporting.colours import BLUE, GREEN, PURPLE, VERMILLION
from proofs_check.reporting.pictures import INK, Key, Look, Note, Panel, Picture, Series
from proofs_check.reporting.watched import Watched
from proofs_check.studies.curvature import DEPTHS, FAMILIES, WIDTHS, Curvature, grid, log_curve, measured, turning_depth

if TYPE_CHECKING:
    from proofs_check.reporting.watched import Told

TITLES = {"linear": "linear, Xavier, normal", "relu": "ReLU, He, normal"}
_COLOURS = {1: PURPLE, 4: BLUE, 16: VERMILLION, 64: GREEN}
_FINE = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 32, 40, 48, 64, 80, 96, 112, 128)
_FINE_CHAIN = (2, 3, 4, 6, 8, 12, 16, 24, 32, 40)
"""Depths for width one, where each takes an integral; deeper, the curve is off the panel."""
_RANGE = (1e-7, 2e3)
_SIDE = 1.035
"""The factor by which two points of the same width and depth are moved apart."""
_ENDS = (("the largest", "highest", "^", _SIDE), ("minus the least", "lowest", "v", 1 / _SIDE))
_TURN = 4.5
"""The length of the tick where a curve turns, relative to other marks."""


def make_curvature(
    *, samples: int = 1000, seed: int = 0, jobs: int = 1, told: Told | None = None, depths: Sequence[int] = DEPTHS
) -> Picture:
    r"""Return the medians of :math:`\lambda_{\max}` and of :math:`-\lambda_{\min}` of the Hessian of f against depth.

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
    depths : sequence of int
        The depths that are measured, in ascending order.

    Notes
    -----
    On the left are linear networks at Xavier initialization, on the right ReLU networks at He. Bars are intervals from
    order statistics, each with error probability 1e-4. Lines are :func:`proofs_check.studies.curvature.log_curve`, with
    a tick where :math:`e^{\gamma L}L^2` turns. Where more than half of the networks are dead, the median is 0, and has
    no point.
    """
    nets = [net for family in FAMILIES for net in grid(family, WIDTHS, depths)]
    curved = [net for family in FAMILIES for n in WIDTHS for net in grid(family, (n,), _fine(n, depths[-1]))]
    with worker_pool(jobs) as workers:
        points = list(measured(nets, samples=samples, seed=seed, workers=Watched(workers, "medians", told)))
        logs = in_task_order(log_curve, [(net,) for net in curved], Watched(workers, "theory's curves", told))
        curves = dict(zip(curved, logs, strict=True))
    panels = []
    for family in FAMILIES:
        of_family = [point for point in points if point.net.activation == family.activation]
        series: list[Series] = []
        for width in WIDTHS:
            shown = grid(family, (width,), range(2, depths[-1] + 1))
            of_width = {int(net.depth): curves[net] for net in shown if net in curves}
            series += _curve(width, of_width, turning_depth(shown[0]))
        for width in WIDTHS:
            series += _points(width, [point for point in of_family if point.net.width == width and not point.is_dead])
        title = TITLES[str(family.activation)]
        panels.append(
            Panel(
                title, tuple(series), title, "depth $L$", "eigenvalue, in units of\ninput and readout", "log2", "log",
                (depths[0] / 1.2, depths[-1] * 1.2), _RANGE, depths, x_axis="L", y_axis="eigenvalue",
                notes=_dead(of_family),
            )
        )  # fmt: skip
    return Picture(tuple(panels), _keys(), screen=(10, 5.4))


def _fine(width: int, deepest: int) -> list[int]:
    """Return depths that are dense enough for straight lines between them."""
    return [depth for depth in (_FINE_CHAIN if width == 1 else _FINE) if depth <= deepest]


def _curve(width: int, logs: dict[int, float], turn: float) -> Iterator[Series]:
    """Return theory's curve of one width, with a tick where it should turn."""
    alive = [depth for depth, log in logs.items() if log > -math.inf]
    if not alive:
        return
    rests = [logs[depth] + 2 * depth / turn for depth in alive]  # these are almost straight in log L, like 2 log L

    def curve(at: Sequence[float]) -> list[float]:
        found = np.exp(np.interp(np.log(at), np.log(alive), rests) - 2 * np.asarray(at) / turn)
        return [float(value) for value in found]

    depths, colour = range(alive[0], alive[-1] + 1), _COLOURS[width]
    values = [math.exp(logs[depth]) for depth in alive]
    yield Series(f"width {width}: theory", alive, values, look=Look(colour, line="-"), fine=(depths, curve(depths)))
    if alive[0] <= turn <= alive[-1]:
        yield Series(
            f"width {width}: where it turns", (turn,), curve([turn]), look=Look(colour, marker="|", size=_TURN)
        )


def _points(width: int, points: Sequence[Curvature]) -> Iterator[Series]:
    depths = [int(point.net.depth) for point in points]
    for name, end, marker, side in _ENDS:
        look = Look(_COLOURS[width], marker=marker, weight=0.8)
        found = [getattr(point, end) for point in points]
        if found:
            yield Series.of_logs(
                f"width {width}: median of {name}", depths, found, look, shown_at=[depth * side for depth in depths]
            )


def _dead(points: Sequence[Curvature]) -> tuple[Note, ...]:
    """Say which points are missing."""
    missing = []
    for width in WIDTHS:
        depths = [int(point.net.depth) for point in points if point.net.width == width and point.is_dead]
        if depths:
            missing.append(f"  width {width}, depth {min(depths)} and more")
    head = ["more than half of the networks are dead,", "so that the median is 0 and has no point:"]
    return (Note("\n".join([*head, *missing]), 0.03, 0.03, of="panel"),) if missing else ()


def _keys() -> tuple[tuple[Key, ...], ...]:
    return (
        tuple(Key(f"width {width}", Look(colour, line="-")) for width, colour in _COLOURS.items()),
        (
            Key(r"median of $\lambda_{\max}$, measured", Look(INK, marker="^")),
            Key(r"median of $-\lambda_{\min}$, measured", Look(INK, marker="v")),
        ),
        (
            Key(r"wide limit $\times$ typical $|a_L|$; width 1: exact mean log", Look(INK, line="-")),
            Key(r"$L = 2/|\gamma|$, where $e^{\gamma L}L^2$ turns", Look(INK, marker="|", size=2.4, weight=0.7)),
        ),
    )


FIGURE = Figure(make_curvature)
