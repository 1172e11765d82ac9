"""The figure ``escape-times``: steps to leave a plateau against depth, by update rule, theory as lines and bands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from montecarlo import worker_pool
from montecarlo.workers.workers import in_task_order
from proofs_check.figures import Figure
from proofs_check.reporting.colours import BLUE, GREEN, PURPLE, VERMILLION
from proofs_check.reporting.pictures import INK, Key, Level, Look, Note, Panel, Picture, Series
from proofs_check.reporting.watched import Watched
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

if TYPE_CHECKING:
    from proofs_check.reporting.watched import Told

COLOURS = dict(zip(RULES, (VERMILLION, BLUE, PURPLE, GREEN), strict=True))
MARKERS = dict(zip(RULES, ("o", "s", "D", "^"), strict=True))
_SIDES = dict(zip(RULES, (0.0, -1.0, 0.0, 1.0), strict=True))
"""Points of the same depth are moved apart by so many seventieths of the panel."""
_UP = r"$\uparrow$"
_LINEAR = Look(VERMILLION, line="--", weight=0.9)


def make_escape_times(
    *,
    samples: int = 200,
    seed: int = 0,
    jobs: int = 1,
    told: Told | None = None,
    balanced_depths: Sequence[int] = BALANCED_DEPTHS,
    depths: dict[int, Sequence[int]] | None = None,
) -> Picture:
    r"""Return how many steps each update rule takes to leave the plateau of :math:`\frac12(f-1)^2`, against depth.

    Parameters
    ----------
    samples : int
        The number of random networks per width and depth.
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.
    told : callable, optional
        Called with what is being done and how far it is.
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
    by_width = DEPTHS if depths is None else depths
    families = [(family, by_width[int(family.width or 0)]) for family in FAMILIES]
    nets = [family.at(depth=depth) for family, chosen in families for depth in chosen]
    lines = range(balanced_depths[0], balanced_depths[-1] + 1)
    with worker_pool(jobs) as workers:
        trained = Watched(workers, "random networks", told)
        escapes = list(measured(nets, samples=samples, seed=seed, workers=trained))
        counts = list(counted(balanced_depths, Watched(workers, "balanced chains", told)))
        tasks = [(rule, depth) for rule in RULES for depth in lines]
        ends = dict(zip(tasks, in_task_order(bounds, tasks, Watched(workers, "theory's bounds", told)), strict=True))
    bands = (_band(rule, {depth: ends[rule, depth] for depth in lines}) for rule in RULES)
    chain = (*bands, *(_counts(rule, [count for count in counts if count.rule == rule]) for rule in RULES))
    panels = [_panel(f"chain, all weights {float(START):g}", chain, balanced_depths)]
    for family, chosen in families:
        of_family = [escape for escape in escapes if escape.net.width == family.width]
        title = f"random networks of width {family.width}"
        panels.append(_panel(title, tuple(_medians(of_family, chosen[-1] - chosen[0])), chosen, of_family[0].budget))
    return Picture(tuple(panels), _keys(), screen=(12, 5))


def _band(rule: str, ends: dict[int, tuple[float, float]]) -> Series:
    low, high = zip(*ends.values(), strict=True)
    look = Look(COLOURS[rule], band=True, weight=0.75)
    return Series(f"{rule}: theory's bounds", tuple(ends), (math.nan,) * len(ends), low, high, look=look)


def _counts(rule: str, counts: Sequence[Counted]) -> Series:
    steps = [count.steps for count in counts]
    return Series(
        f"{rule}: counted", [count.depth for count in counts], steps, look=Look(COLOURS[rule], marker=MARKERS[rule])
    )


def _medians(escapes: Sequence[Escape], span: int) -> Iterator[Series]:
    """Return medians with their intervals, infinite where the budget was not enough, and the linear rate's times."""
    for rule in RULES:
        found = [escape for escape in escapes if escape.rule == rule]
        depths, budget = [int(escape.net.depth) for escape in found], escapes[0].budget
        value = [math.inf if escape.is_open else math.exp(escape.steps.value) for escape in found]
        lo = [math.exp(min(max(escape.steps.lo, 0.0), math.log(budget))) for escape in found]
        hi = [math.inf if escape.steps.hi > math.log(budget) else math.exp(escape.steps.hi) for escape in found]
        look = Look(COLOURS[rule], marker=MARKERS[rule], beyond=_UP)
        shown_at = [depth + _SIDES[rule] * span / 70 for depth in depths]
        yield Series(f"{rule}: median", depths, value, lo, hi, look=look, shown_at=shown_at, cap=budget)
    linear = [(int(escape.net.depth), escape.linear) for escape in escapes if escape.linear is not None]
    name, depths = "1/(eta |lambda_min|) at the start: median", [depth for depth, _ in linear]
    yield Series.of_logs(name, depths, [estimate for _, estimate in linear], _LINEAR)


def _panel(title: str, series: tuple[Series, ...], depths: Sequence[int], budget: int | None = None) -> Panel:
    note = () if budget is None else (Note(f"dotted: {budget:,} steps, the most tried", 0.03, 0.97, "panel", up="top"),)
    return Panel(
        title, series, title, "depth $L$", rf"steps until $f \geq {float(FRACTION):g}\,y$", y_scale="log",
        y_limits=(1, 1e6), x_ticks=depths, y_axis="steps", notes=note,
        levels=() if budget is None else (Level(budget, colour="0.6"),),
    )  # fmt: skip


def _keys() -> tuple[tuple[Key, ...], ...]:
    rates = dict.fromkeys(RULES, r"$\eta = 10^{-3}$") | {"gradient descent": r"$\eta = 1/(2L)$"}
    return (
        tuple(Key(f"{rule}, {rates[rule]}", Look(COLOURS[rule], marker=MARKERS[rule])) for rule in RULES),
        (
            Key("chain: theory's bounds on the number of steps", Look("0.85"), patch=True),
            Key(r"median of $1/(\eta|\lambda_{\min}|)$ at the start", _LINEAR),
            Key("interval of the median, error probability 1e-4", Look(INK, line="-")),
            Key("not within the steps tried", Look(INK, marker=_UP, size=1.5)),
        ),
    )


FIGURE = Figure(make_escape_times)
