"""The figure ``shape-transition``: from least l1 to least l2 norm, against scale, by shape; minimizers, and flows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from montecarlo import worker_pool
from montecarlo.workers.workers import in_task_order
from proofs_check.figures import Figure
from proofs_check.reporting.colours import BLUE, GREEN, VERMILLION
from proofs_check.reporting.pictures import INK, Key, Look, Panel, Picture, Series
from proofs_check.reporting.watched import Watched
from proofs_check.studies.shape_transition import SHAPES, Reached, Selected, cases, measured, scales, theory

if TYPE_CHECKING:
    from proofs_check.reporting.watched import Told

COLOURS = dict(zip(SHAPES, (BLUE, GREEN, VERMILLION), strict=True))
MARKERS = dict(zip(SHAPES, ("o", "s", "D"), strict=True))
_FROM_POINT, _FROM_SCALE = Look(line=":", weight=0.8), Look(line="--", weight=0.6)
_LIMITS = {"excess": (2e-3, 1.0), "distance": (1e-4, 2.0)}
"""What each panel shows; bounds that are larger say nothing."""
_TITLES = {
    "excess": r"$|w|_1\,/\,\min|w|_1 - 1$",
    "distance": "distance from the solution\nof least $\\ell_2$ norm",
}

_BOUNDS = {
    "excess": (("excess_bound", "from the scale", _FROM_SCALE), ("excess_of_point", "from the point", _FROM_POINT)),
    "distance": (("distance_bound", "from the point", _FROM_POINT),),
}
"""The bounds of each panel: the attribute, what they are made of, and their look."""


def make_shape_transition(
    *, samples: int = 1, seed: int = 0, jobs: int = 1, told: Told | None = None, fine: int = 3
) -> Picture:
    r"""Return what gradient flow of diagonal networks selects, against the scale of the start, by its shape.

    Parameters
    ----------
    samples : int
        The number of networks of each shape for a power of ten in scale.
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
    Lines are minimizers of the potential, thin ones proved bounds, and points are flows, with the interval in which
    their limit lies, which is smaller than the points. See :mod:`proofs_check.studies.shape_transition`.
    """
    del seed  # nothing is random
    tasks = [(shape, scale) for shape in SHAPES for scale in scales(fine)]
    with worker_pool(jobs) as workers:
        lines = Watched(workers, "theory's lines", told)
        exact = dict(zip(tasks, in_task_order(theory, tasks, lines), strict=True))
        found = list(measured(cases(samples), workers=Watched(workers, "flows", told)))
    panels = [
        Panel(
            name, tuple(_series(name, exact, found)), title, r"scale $\alpha$", x_scale="log", y_scale="log",
            y_limits=_LIMITS[name],
        )
        for name, title in _TITLES.items()
    ]  # fmt: skip
    return Picture(tuple(panels), _keys(), screen=(10, 5))


def _series(name: str, exact: dict[tuple[Fraction, float], Selected], found: Sequence[Reached]) -> Iterator[Series]:
    """Return bounds, lines and points of one panel."""
    for shape in SHAPES:
        of_shape = {scale: one for (of, scale), one in exact.items() if of == shape}
        for field, words, look in _BOUNDS[name]:
            shown = {scale: getattr(one, field) for scale, one in of_shape.items()}
            says = {scale: bound for scale, bound in shown.items() if bound <= _LIMITS[name][1]}
            thin = Look(COLOURS[shape], line=look.line, weight=look.weight)
            yield Series(f"s = {shape}: bound {words}, theory", tuple(says), tuple(says.values()), look=thin)
        values = [getattr(one, name) for one in of_shape.values()]
        yield Series(f"s = {shape}: minimizer, theory", tuple(of_shape), values, look=Look(COLOURS[shape], line="-"))
        mine = [one for one in found if one.shape == shape]
        value, lo, hi = zip(*(getattr(one, name) for one in mine), strict=True)
        look = Look(COLOURS[shape], marker=MARKERS[shape])
        yield Series(f"s = {shape}: flow", [one.scale for one in mine], value, lo, hi, look=look)


def _keys() -> tuple[tuple[Key, ...], ...]:
    points = (Key(f"flow, $s = {float(s):g}$", Look(COLOURS[s], marker=MARKERS[s])) for s in SHAPES)
    return (
        tuple(points),
        (
            Key("minimizer of the potential", Look(INK, line="-")),
            Key("bound from the scale alone", Look(INK, line=_FROM_SCALE.line, weight=_FROM_SCALE.weight)),
            Key("bound from the point", Look(INK, line=_FROM_POINT.line, weight=_FROM_POINT.weight)),
        ),
    )


FIGURE = Figure(make_shape_transition)
