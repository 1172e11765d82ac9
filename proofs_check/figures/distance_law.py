"""The figure ``distance-law``: distance from the minimum-norm solution against width; exact means, and networks."""

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
from proofs_check.studies.distance_law import EXPONENTS, WIDTHS, Distance, limit_law, measured, theory

if TYPE_CHECKING:
    from proofs_check.reporting.watched import Told

COLOURS = dict(zip(EXPONENTS, (BLUE, VERMILLION), strict=True))
MARKERS = dict(zip(EXPONENTS, ("o", "s"), strict=True))
_LIMIT = "--"
_BETWEEN = 3
"""So many widths are between two of the figure's at which theory is asked, too."""


def make_distance_law(
    *, samples: int = 10_000, seed: int = 0, jobs: int = 1, told: Told | None = None, widths: Sequence[int] = WIDTHS
) -> Picture:
    r"""Return the mean squared distance from the solution of minimum norm, against width.

    Parameters
    ----------
    samples : int
        The number of networks of each width.
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.
    told : callable, optional
        Called with what is being done and how far it is.
    widths : sequence of int
        The widths that are measured, ascending.

    Notes
    -----
    Lines are exact means, dashed ones the power of h that they tend to. On the right they are divided by it. Points are
    means with intervals of error probability 1e-4. See :mod:`proofs_check.studies.distance_law`.
    """
    fine = sorted({round(width * 2 ** (i / (_BETWEEN + 1))) for width in widths[:-1] for i in range(_BETWEEN + 1)})
    fine.append(widths[-1])
    tasks = [(exponent, width) for exponent in EXPONENTS for width in fine]
    with worker_pool(jobs) as workers:
        means = in_task_order(theory, tasks, Watched(workers, "theory's lines", told))
        exact = dict(zip(tasks, means, strict=True))
        wanted = [(exponent, width) for exponent in EXPONENTS for width in widths]
        found = list(measured(wanted, samples=samples, seed=seed, workers=Watched(workers, "means", told)))
    panels = [
        Panel(
            name, tuple(_series(exact, found, over_limit=over_limit)), title, "width $h$", x_scale="log2",
            y_scale="linear" if over_limit else "log", x_ticks=widths,
            levels=(Level(1.0, _LIMIT, INK, 0.9),) if over_limit else (),
        )
        for name, title, over_limit in (
            ("distance", r"$\mathbb{E}\,|UV^T - X^+Y|_F^2$", False),
            ("over limit", "the same over its limit law", True),
        )
    ]  # fmt: skip
    return Picture(tuple(panels), _keys(), screen=(10, 4.8))


def _series(
    exact: dict[tuple[Fraction, int], float], found: Sequence[Distance], *, over_limit: bool
) -> Iterator[Series]:
    """Return lines and points, in the unit of the distance or of its limit law."""
    for exponent in EXPONENTS:
        line = {width: mean for (of, width), mean in exact.items() if of == exponent}
        law = {width: limit_law(exponent, width) for width in line}
        unit = law if over_limit else dict.fromkeys(law, 1.0)
        name, colour = f"a = {exponent}", COLOURS[exponent]
        shown = [line[width] / unit[width] for width in line]
        yield Series(f"{name}: exact mean, theory", tuple(line), shown, look=Look(colour, line="-"))
        if not over_limit:
            look = Look(colour, line=_LIMIT, weight=0.9)
            yield Series(f"{name}: limit law, theory", tuple(law), tuple(law.values()), look=look)
        mine = [one for one in found if one.exponent == exponent]
        value, lo, hi = ([getattr(one.mean, end) / unit[one.width] for one in mine] for end in ("value", "lo", "hi"))
        look = Look(colour, marker=MARKERS[exponent])
        yield Series(f"{name}: mean, measured", [one.width for one in mine], value, lo, hi, look=look)


def _keys() -> tuple[tuple[Key, ...], ...]:
    points = (
        Key(f"networks, $a = {exponent}$", Look(COLOURS[exponent], marker=MARKERS[exponent])) for exponent in EXPONENTS
    )
    return (
        tuple(points),
        (Key("exact mean", Look(INK, line="-")), Key("limit law", Look(INK, line=_LIMIT, weight=0.9))),
    )


FIGURE = Figure(make_distance_law)
