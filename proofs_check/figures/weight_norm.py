"""The figure ``weight-norm``: loss times time, and the ratio of two neurons, against log(1/L); theory, and flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from montecarlo import worker_pool
from montecarlo.workers.workers import in_task_order
from proofs_check.figures import Figure
from proofs_check.reporting.colours import BLUE, GREEN, VERMILLION
from proofs_check.reporting.pictures import INK, Key, Level, Look, Panel, Picture, Series
from proofs_check.reporting.watched import Watched
from proofs_check.studies.weight_norm import KINDS, SLOPES, TIMED, Kind, levels, lines, measured, partner, rate

if TYPE_CHECKING:
    from proofs_check.reporting.watched import Told

_COLOURS = {1: BLUE, 2: GREEN, 3: VERMILLION}
_LINES = {"exponential": "-", "plain": "--"}
_MARKERS = {"exponential": "o", "plain": "s"}
_WORDS = {"exponential": "exponential", "plain": "none"}


def make_weight_norm(
    *, samples: int = 2, seed: int = 0, jobs: int = 1, told: Told | None = None, fine: int = 8
) -> Picture:
    r"""Return what exponential weight normalization does to loss and neurons, against :math:`\log\frac1L`.

    Parameters
    ----------
    samples : int
        The number of points for a power of ten.
    seed : int
        The root seed, of which nothing depends here.
    jobs : int
        The number of worker processes.
    told : callable, optional
        Called with what is being done and how far it is.
    fine : int
        The number of values of theory's lines for a power of ten.

    Notes
    -----
    Lines are closed forms, points are flows. See :mod:`proofs_check.studies.weight_norm`.
    """
    del seed  # nothing is random
    at, winners = levels(TIMED, fine), list(lines(fine))
    with worker_pool(jobs) as workers:
        curves = Watched(workers, "theory's lines", told)
        rates = list(in_task_order(rate, [(kind, p) for kind in KINDS for p in at], curves))
        others = list(in_task_order(partner, [(kind, w) for kind in KINDS for w in winners], curves))
        found = list(measured(samples, workers=Watched(workers, "flows", told)))
    loss, ratio = [], []
    for place, (kind, flow) in enumerate(zip(KINDS, found, strict=True)):
        line, mark = _looks(kind)
        name = f"{_WORDS[kind[0]]}, n = {kind[1]}"
        loss.append(Series(f"{name}: theory", at, rates[place * len(at) :][: len(at)], look=line))
        at_levels, products = zip(*flow.rates, strict=True)
        loss.append(Series(f"{name}: flow", at_levels, products, look=mark))
        rest = others[place * len(winners) :][: len(winners)]
        sums = [SLOPES[0] * w + SLOPES[1] * v for w, v in zip(winners, rest, strict=True)]
        quotients = [w / v for w, v in zip(winners, rest, strict=True)]
        ratio.append(Series(f"{name}: theory", sums, quotients, look=line))
        p, reached, _ = zip(*flow.ratios, strict=True)
        ratio.append(Series(f"{name}: flow", p, reached, look=mark))
    panels = (
        Panel(
            "n t L p^2", tuple(loss), r"time and loss of a chain, $n\,t\,L\,\log^2\frac{1}{L}$", r"$\log\,1/L$",
            x_scale="log", y_scale="log", levels=(Level(1.0),),
        ),
        Panel(
            "ratio", tuple(ratio), "ratio of two neurons\nwith slopes 2 and 1", r"$\log\,1/L$", x_scale="log",
            y_scale="log",
        ),
    )  # fmt: skip
    return Picture(panels, _keys(), screen=(10, 5))


def _looks(kind: Kind) -> tuple[Look, Look]:
    family, n = kind
    return Look(_COLOURS[n], line=_LINES[family]), Look(_COLOURS[n], marker=_MARKERS[family])


def _keys() -> tuple[tuple[Key, ...], ...]:
    depths = tuple(Key(f"$n = {n}$", Look(colour), patch=True) for n, colour in _COLOURS.items())
    families = tuple(
        Key(f"{words} (line: theory, points: flow)", Look(INK, line=_LINES[family], marker=_MARKERS[family]))
        for family, words in (("exponential", "exponential normalization"), ("plain", "none"))
    )
    return depths, families


FIGURE = Figure(make_weight_norm)
