"""The figure ``stable-rates``: where minibatches cease to be stable, in mean square, typically and with momentum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from montecarlo import worker_pool
from montecarlo.workers.workers import in_task_order
from proofs_check.figures import Figure
from proofs_check.reporting.colours import BLUE, GREEN, VERMILLION
from proofs_check.reporting.pictures import INK, Key, Level, Look, Panel, Picture, Series
from proofs_check.reporting.watched import Watched
from proofs_check.studies.stable_rates import BATCHES, KINDS, Rates, Turn, measured, theory

if TYPE_CHECKING:
    from proofs_check.reporting.watched import Told

COLOURS = dict(zip(KINDS, (BLUE, VERMILLION), strict=True))
MARKERS = dict(zip(KINDS, ("o", "s"), strict=True))
NOISE = (0.1, 0.5, 1.0)
"""The numbers q = k sqrt(c) of the right panel."""
_NOISE_COLOURS = dict(zip(NOISE, (BLUE, VERMILLION, GREEN), strict=True))
_POINTS = 60
_ALL = ":"


def make_stable_rates(
    *, samples: int = 400, seed: int = 0, jobs: int = 1, told: Told | None = None, batches: Sequence[int] = BATCHES
) -> Picture:
    r"""Return the largest stable rates against the size of minibatches, and break-even curvatures against momentum.

    Parameters
    ----------
    samples : int
        The number of paths at each rate.
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.
    told : callable, optional
        Called with what is being done and how far it is.
    batches : sequence of int
        The sizes of minibatches, ascending.

    Notes
    -----
    On the left lines are theory: in mean square, for fresh minibatches and for epochs, and typically, for both. Points
    are where simulated paths turn. On the right is :math:`\eta\lambda_*` in mean square, where the examples' curvatures
    have the standard deviation k lam, and its highest point. See :mod:`proofs_check.studies.stable_rates`.
    """
    tasks = [(kind, batch) for kind in KINDS for batch in batches]
    with worker_pool(jobs) as workers:
        exact = dict(zip(tasks, in_task_order(theory, tasks, Watched(workers, "theory's lines", told)), strict=True))
        turns = list(measured(tasks, samples=samples, seed=seed, workers=Watched(workers, "paths", told)))
    all_together = (Level(2.0, _ALL, INK, 0.9),)
    panels = (
        Panel(
            "rates", tuple(_rates(exact, turns)), r"largest stable $\eta\lambda$", "batch size $S$",
            x_scale="log", x_ticks=batches, levels=all_together,
        ),
        Panel(
            "momentum", tuple(_by_momentum()), r"break-even $\eta\lambda_*$ in mean square", r"momentum $\mu$",
            levels=all_together,
            keys=tuple(Key(f"$q = {q:g}$", Look(_NOISE_COLOURS[q], line="-")) for q in NOISE), keys_at="upper left",
        ),
    )  # fmt: skip
    return Picture(panels, _keys(), screen=(10, 4.8))


def _rates(exact: dict[tuple[str, int], Rates], turns: Sequence[Turn]) -> Iterator[Series]:
    for kind in KINDS:
        line = {batch: rates.mean_square for (of, batch), rates in exact.items() if of == kind}
        yield Series(
            f"{kind}: in mean square, theory", tuple(line), tuple(line.values()), look=Look(COLOURS[kind], line="-")
        )
    usual = {batch: rates.typical for (of, batch), rates in exact.items() if of == KINDS[0]}
    yield Series("typically, theory", tuple(usual), tuple(usual.values()), look=Look(INK, line="--"))
    for kind, apart in zip(KINDS, (0.97, 1.03), strict=True):
        mine = [turn for turn in turns if turn.kind == kind]
        yield Series(
            f"{kind}: paths turn, measured", [turn.batch for turn in mine],
            [(turn.falls + turn.grows) / 2 for turn in mine], [turn.falls for turn in mine],
            [turn.grows for turn in mine], look=Look(COLOURS[kind], marker=MARKERS[kind]),
            shown_at=[apart * turn.batch for turn in mine],
        )  # fmt: skip


def break_even_line(q: float, mu: float) -> float:
    """Return eta lam* in mean square, by theory's formula.

    Parameters
    ----------
    q : float
        k sqrt(c).
    mu : float
        The momentum.

    Examples
    --------
    >>> round(break_even_line(0.5, 0.0), 6), round(break_even_line(0.1, 0.9), 2)
    (1.6, 3.19)
    """
    return float(_break_even()(q, mu))


@cache
def _break_even() -> Callable[[float, float], float]:
    import sympy as sp

    from theory.dynamics.sgd_stability.break_even import break_even

    q, mu = sp.symbols("q mu", positive=True)
    made: Callable[[float, float], float] = sp.lambdify([q, mu], break_even(1, 1, mu, k=q).curvature)
    return made


def _by_momentum() -> Iterator[Series]:
    for q in NOISE:
        x = [i / _POINTS for i in range(_POINTS)]
        yield Series(
            f"q = {q:g}: theory", x, [break_even_line(q, mu) for mu in x], look=Look(_NOISE_COLOURS[q], line="-")
        )
        best = (1 - q) / (1 + q)
        if best > 0:
            look = Look(_NOISE_COLOURS[q], marker="o")
            yield Series(f"q = {q:g}: highest, theory", [best], [4 / (1 + q) ** 2], look=look)


def _keys() -> tuple[tuple[Key, ...], ...]:
    return (
        (
            Key("fresh, in mean square", Look(COLOURS["fresh"], line="-")),
            Key("epochs, in mean square", Look(COLOURS["epochs"], line="-")),
        ),
        (
            Key("typically, both", Look(INK, line="--")),
            Key("all examples together", Look(INK, line=_ALL, weight=0.9)),
        ),
        tuple(Key(f"paths turn, {kind}", Look(COLOURS[kind], marker=MARKERS[kind])) for kind in KINDS),
    )


FIGURE = Figure(make_stable_rates)
