"""The figure ``descent-flow``: how far descent lags behind flow on chains, beside the first order and the bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from montecarlo import worker_pool
from montecarlo.workers.workers import in_task_order
from proofs_check.figures import Figure
from proofs_check.reporting.colours import BLUE, VERMILLION
from proofs_check.reporting.pictures import INK, Key, Level, Look, Panel, Picture, Series
from proofs_check.reporting.watched import Watched
from proofs_check.studies.descent_flow import DEPTHS, RATES, Lag, lag, measured, time_of_peak

if TYPE_CHECKING:
    from proofs_check.reporting.watched import Told

COLOURS = dict(zip(DEPTHS, (BLUE, VERMILLION, "0.35"), strict=True))
MARKERS = dict(zip(DEPTHS, ("o", "s", "^"), strict=True))
START, RATE = Fraction(1, 5), RATES[0]
"""Where the paths on the left start, and their steps."""
_POINTS = 12


def make_descent_flow(
    *, samples: int = 8, seed: int = 0, jobs: int = 1, told: Told | None = None, depths: Sequence[int] = DEPTHS
) -> Picture:
    r"""Return how far descent lags behind flow, over time; and its largest lag over the first order, by step.

    Parameters
    ----------
    samples : int
        The number of starts of the descents on the right.
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.
    told : callable, optional
        Called with what is being done and how far it is.
    depths : sequence of int
        The depths n.

    Notes
    -----
    On the left points are descent's, lines the first order, and dashed ones the bound that only knows the largest
    curvature. On the right intervals reach from the least to the largest over all starts. See
    :mod:`proofs_check.studies.descent_flow`.
    """
    tasks = [(depth, RATE, START, *_times(depth)) for depth in depths]
    wanted = [(depth, rate) for depth in depths for rate in RATES]
    with worker_pool(jobs) as workers:
        paths = list(in_task_order(lag, tasks, Watched(workers, "paths", told)))
        peaks = list(measured(wanted, samples=samples, seed=seed, workers=Watched(workers, "starts", told)))
    left = Panel(
        "lag", tuple(one for depth in depths for one in _paths(next(x for x in paths if x.depth == depth))),
        f"flow less descent, $\\eta = {RATE}$, $w_0 = {START}$", "time $k\\eta$", "$|w(k\\eta) - w_k|$", y_scale="log",
        y_limits=(3e-5, 3.0),
    )  # fmt: skip
    right = Panel(
        "peak", tuple(_peaks(depth, [x for x in peaks if x[0].depth == depth]) for depth in depths),
        "largest lag over its first order", "step $\\eta$", "", x_ticks=[float(x) for x in RATES],
        x_limits=(0.0, 0.12), levels=(Level(1.0),),
    )  # fmt: skip
    return Picture((left, right), _keys(depths), screen=(10, 4.8))


def _times(depth: int) -> tuple[int, int, int]:
    """Return the first number of steps, how many are between two points, and how many points there are."""
    every = max(1, round(1.25 * time_of_peak(depth, START) / float(RATE) / _POINTS))
    return every, every, _POINTS


def _paths(path: Lag) -> Iterator[Series]:
    colour, name = COLOURS[path.depth], f"n = {path.depth}"
    first = [value if value > 0 else float("nan") for value in path.first_orders]
    yield Series(f"{name}: bound, theory", path.times, path.bounds, look=Look(colour, line="--", weight=0.9))
    yield Series(f"{name}: first order, theory", path.times, first, look=Look(colour, line="-"))
    yield Series(f"{name}: descent", path.times, path.errors, look=Look(colour, marker=MARKERS[path.depth]))


def _peaks(depth: int, found: Sequence[Sequence[Lag]]) -> Series:
    shares = [[one.over_first_order for one in lags] for lags in found]
    middle = [sorted(each)[len(each) // 2] for each in shares]
    rates = [float(lags[0].rate) for lags in found]
    shift = 0.002 * (DEPTHS.index(depth) - 1)
    return Series(
        f"n = {depth}: descent over first order", rates, middle, [min(each) for each in shares],
        [max(each) for each in shares], look=Look(COLOURS[depth], marker=MARKERS[depth]),
        shown_at=[rate + shift for rate in rates],
    )  # fmt: skip


def _keys(depths: Sequence[int]) -> tuple[tuple[Key, ...], ...]:
    return (
        tuple(Key(f"descent, $n = {depth}$", Look(COLOURS[depth], marker=MARKERS[depth])) for depth in depths),
        (Key("first order", Look(INK, line="-")), Key("bound", Look(INK, line="--", weight=0.9))),
    )


FIGURE = Figure(make_descent_flow)
