"""The figure ``sparse-window``: when to stop early, against depth, by the start; theory as lines, descent as points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from montecarlo import worker_pool
from montecarlo.workers.workers import in_task_order
from proofs_check.figures import Figure
from proofs_check.reporting.colours import BLUE, VERMILLION
from proofs_check.reporting.pictures import INK, Key, Level, Look, Note, Panel, Picture, Series
from proofs_check.reporting.watched import Watched
from proofs_check.studies.sparse_window import LINES, SCALES, ZETA, Times, Window, Z, cases, measured, theory

if TYPE_CHECKING:
    from proofs_check.reporting.watched import Told

COLOURS = dict(zip(SCALES, (VERMILLION, BLUE), strict=True))
MARKERS = dict(zip(SCALES, ("o", "s"), strict=True))
_LABELS = dict(zip(SCALES, ("$10^{-3}$", "$10^{-6}$"), strict=True))
_BOUND = 0.6
"""The width of the lines of bounds, relative to that of exact times."""


def make_sparse_window(
    *,
    samples: int = 4,
    seed: int = 0,
    jobs: int = 1,
    told: Told | None = None,
    depths: Sequence[int] = LINES,
    chosen: Sequence[tuple[Fraction, int]] | None = None,
) -> Picture:
    r"""Return the ratio :math:`T_u/T_l` of both ends of the window of early stopping, against depth.

    Parameters
    ----------
    samples : int
        The number of data sets that networks are trained on.
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.
    told : callable, optional
        Called with what is being done and how far it is.
    depths : sequence of int
        The depths of theory's lines, ascending, from 2.
    chosen : sequence of tuples, optional
        Start and depth of the networks that are trained.

    Notes
    -----
    Lines are the exact ratio for gradient flow, bands lie between bounds in closed form, and points are gradient
    descent's. See :mod:`proofs_check.studies.sparse_window`.
    """
    with worker_pool(jobs) as workers:
        tasks = [(scale, depth) for scale in SCALES for depth in depths]
        lines = Watched(workers, "theory's lines", told)
        times = dict(zip(tasks, in_task_order(theory, tasks, lines), strict=True))
        trained = Watched(workers, "networks trained", told)
        wanted = cases() if chosen is None else list(chosen)
        found = list(measured(wanted, samples=samples, seed=seed, workers=trained))
    series = [
        one
        for scale in SCALES
        for one in _series(
            scale, {depth: times[scale, depth] for depth in depths}, [one for one in found if one.scale == scale]
        )
    ]
    limit = float(Z / ZETA)
    panel = Panel(
        "window", tuple(series), "window of early stopping, $T_u/T_l$\n(orthonormal design)", "depth $N$", "$T_u/T_l$",
        x_limits=(min(depths) - 0.4, max(depths) + 0.4), y_limits=(0.6, 2.75), x_ticks=depths,
        y_ticks=(1.0, 1.5, 2.0, 2.5),
        levels=(Level(limit, "--", INK), Level(1.0)),
        notes=(
            Note("$z/\\zeta$", 0.985, limit + 0.02, "level", "right"),
            Note("below 1: no window", 0.985, 0.98, "level", "right", "top"),
        ),
    )  # fmt: skip
    return Picture((panel,), _keys(), screen=(7, 5))


def _series(scale: Fraction, times: dict[int, Times], found: Sequence[Window]) -> Iterator[Series]:
    """Return theory's band and line of one start, and the points of descent."""
    colour, name = COLOURS[scale], f"w_0 = {float(scale):g}"
    low, high = [one.low for one in times.values()], [one.high for one in times.values()]
    look = Look(colour, band=True, weight=_BOUND)
    nothing = [float("nan")] * len(times)
    yield Series(f"{name}: theory's bounds", tuple(times), nothing, low, high, look=look)
    exact = [one.ratio for one in times.values()]
    yield Series(f"{name}: exact, theory", tuple(times), exact, look=Look(colour, line="-"))
    ends = [one.ends for one in found]
    yield Series(
        f"{name}: descent", [one.depth for one in found], [one.ratio for one in found], [lo for lo, _ in ends],
        [hi for _, hi in ends], look=Look(colour, marker=MARKERS[scale]),
    )  # fmt: skip


def _keys() -> tuple[tuple[Key, ...], ...]:
    starts = (
        Key(f"descent, $w_0 =$ {_LABELS[scale]}", Look(COLOURS[scale], marker=MARKERS[scale])) for scale in SCALES
    )
    return (
        tuple(starts),
        (Key("gradient flow, exact", Look(INK, line="-")), Key("theory's bounds", Look("0.85"), patch=True)),
    )


FIGURE = Figure(make_sparse_window)
