r"""What scale and shape of the start select: flows of diagonal networks beside the minimizers that theory names.

A network :math:`w = u_+v_+-u_-v_-` starts with :math:`u_\pm = u` and :math:`v_\pm = v`; its scale is
:math:`\alpha = uv`, and its shape s = (u-v)/(u+v). It is trained on three equations for six unknowns. Of the solutions
gradient flow selects one: that of least l1 norm for small :math:`\alpha`, that of least l2 norm for large
:math:`\alpha` or for s near 1.

*Theory.* It is the minimizer of the potential of
:class:`~theory.dynamics.implicit_bias.mirror_potentials.DiagonalPotential` with
:math:`\sqrt k = 4\alpha\frac{1+s^2}{1-s^2}`. So all shapes have the same curve, moved along the axis of
:math:`\alpha`. Bounds are those of :mod:`theory.dynamics.implicit_bias.shape_limits`: two on the l1 norm, one from k
alone and one from the point; and one on the distance from the solution of least l2 norm.

*Flow.* It is followed until it fits the targets to about 1e-7. How far the solution that it selects still is, at most,
is an interval around each point: as long as no coordinate has more than doubled, the distance of two points of the flow
is at most :math:`(1+16m^2/k)^{1/4}|X(w-w')|/\sigma_{\min}(X)`, where m is the largest coordinate, and residuals only
fall.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from montecarlo import Workers
from montecarlo.training import DiagonalNets, diagonal_flow
from montecarlo.workers.workers import in_task_order
from proofs_check.studies import Study
from proofs_check.tables.model import Column, Table, Text, table_of_texts

if TYPE_CHECKING:
    from theory.dynamics.implicit_bias.least_l1_norm import LeastL1

Array = NDArray[np.float64]

DESIGN = ((1, 0, 0, 1, 2, -1), (0, 1, 0, -1, 1, 1), (0, 0, 1, 2, -1, 1))
TARGETS = (3, 1, 1)
SHAPES = (Fraction(0), Fraction(9, 10), Fraction(99, 100))
POWERS = (-6, 2)
"""The scale alpha is between these powers of ten."""

COLUMNS: tuple[str | Column, ...] = (
    *("shape", "scale", "sqrt k"),
    *(
        Column(Text(what), Text(title))
        for title in ("|w|_1/least - 1", "|w - w_2|")
        for what in ("flow", "theory", "bound")
    ),
)

_FITTED = 1e-7


@dataclass(frozen=True)
class Selected:
    """What theory knows of the solution that is selected.

    Attributes
    ----------
    excess : float
        Its l1 norm over the least one, less 1.
    distance : float
        Its distance from the solution of least l2 norm.
    excess_bound : float
        A bound on the excess from the scale alone; infinite where it says nothing.
    excess_of_point : float
        A bound on the excess from the point itself.
    distance_bound : float
        A bound on the distance; infinite where it is larger than |w|, which the distance never is.
    """

    excess: float
    distance: float
    excess_bound: float
    excess_of_point: float
    distance_bound: float


@dataclass(frozen=True)
class Reached:
    """What one flow has reached.

    Attributes
    ----------
    shape : Fraction
        s.
    scale : float
        alpha.
    excess, distance : tuple of three floats
        Of the point that was reached, and between which numbers they are for the solution that the flow selects.
    """

    shape: Fraction
    scale: float
    excess: tuple[float, float, float]
    distance: tuple[float, float, float]


def scales(per_decade: int) -> list[float]:
    """Return the scales alpha, so many for each power of ten.

    Examples
    --------
    >>> [f"{scale:.0e}" for scale in scales(1)][::4]
    ['1e-06', '1e-02', '1e+02']
    """
    low, high = POWERS
    return [10 ** (low + step / per_decade) for step in range((high - low) * per_decade + 1)]


def root_of_scale(shape: Fraction, scale: float) -> float:
    r"""Return :math:`\sqrt k`.

    Examples
    --------
    >>> root_of_scale(Fraction(0), 0.01), round(root_of_scale(Fraction(99, 100), 0.01), 2)
    (0.04, 3.98)
    """
    return float(4 * scale * (1 + shape**2) / (1 - shape**2))


def theory(shape: Fraction, scale: float) -> Selected:
    """Return what theory knows of the solution that is selected.

    Parameters
    ----------
    shape : Fraction
        s.
    scale : float
        alpha.

    Examples
    --------
    >>> found = theory(Fraction(0), 1e-6)
    >>> round(found.excess, 5), round(found.excess_of_point, 4), round(found.excess_bound, 4)
    (0.00395, 0.0258, 0.0625)
    """
    import sympy as sp  # imported here, as workers that train need no SymPy

    from theory.balls import enclose
    from theory.dynamics.implicit_bias import shape_limits as limits
    from theory.dynamics.implicit_bias.interpolants import float_interpolant
    from theory.dynamics.implicit_bias.mirror_potentials import DiagonalPotential, scale_of_shape
    from theory.ensembles import InvalidArgument

    k = scale_of_shape(sp.Rational(scale), sp.Rational(shape))
    w, _ = float_interpolant(DiagonalPotential((k,) * len(DESIGN[0])), DESIGN, TARGETS)
    least, l2 = _known()
    norm, point = float(least.norm), [sp.Rational(x) for x in w]
    entropy = limits.share_entropy([sp.Rational(x) for x in least.point])
    try:
        from_scale = float(enclose(limits.rich_excess_bound(k, sp.Rational(least.norm), entropy, len(w))))
    except InvalidArgument:  # k is too large for it
        from_scale = math.inf
    from_cubes = float(enclose(limits.kernel_distance_bound(k, limits.cube_norm(point))))
    return Selected(
        float(np.abs(w).sum()) / norm - 1,
        float(np.linalg.norm(w - l2)),
        from_scale,
        float(enclose(limits.rich_excess_of_point(k, point))) / norm,
        from_cubes if from_cubes <= np.linalg.norm(w) else math.inf,
    )


def measured(cases: Sequence[tuple[Fraction, float]], *, workers: Workers) -> Iterator[Reached]:
    """Follow gradient flow from each start until it fits the targets.

    Parameters
    ----------
    cases : sequence of tuples
        Shape and scale of each start.
    workers : Workers
        Each worker takes one start at a time.

    Yields
    ------
    Reached
        In the order of the cases.

    Examples
    --------
    >>> from montecarlo import serial
    >>> with serial() as workers:
    ...     (found,) = measured([(Fraction(0), 1.0)], workers=workers)
    >>> [round(number, 6) for number in found.excess]
    [0.164828, 0.164828, 0.164828]
    """
    return in_task_order(_measured, cases, workers)


def cases(per_decade: int) -> list[tuple[Fraction, float]]:
    """Return shape and scale of all starts, shape by shape."""
    return [(shape, scale) for shape in SHAPES for scale in scales(per_decade)]


def shape_transition_table(
    workers: Workers, *, samples: int, seed: int, chosen: Sequence[tuple[Fraction, float]] | None = None
) -> Table:
    """Return the numbers that the figure ``shape-transition`` shows at the scales of its points.

    Parameters
    ----------
    workers : Workers
        Where networks are trained.
    samples : int
        The number of networks of each shape for a power of ten in scale.
    seed : int
        The root seed, of which nothing depends here.
    chosen : sequence of tuples, optional
        Shape and scale of each row; by default those of the figure.
    """
    wanted = cases(samples) if chosen is None else list(chosen)
    found = list(measured(wanted, workers=workers))
    exact = in_task_order(theory, wanted, workers)
    rows = [_row(one, selected) for one, selected in zip(found, exact, strict=True)]
    caption = (
        "shape-transition: what gradient flow of diagonal networks selects among the solutions of three equations for "
        "six unknowns, by shape s and scale alpha of the start: by how much its l1 norm exceeds the least one, and its "
        "distance from the solution w_2 of least l2 norm; theory: the minimizer of the potential, and proved bounds, "
        f"where they say something (nothing is random: seed {seed} changes nothing)"
    )
    return table_of_texts("shape-transition", caption, COLUMNS, rows, stub=3)


@cache
def _known() -> tuple[LeastL1, Array]:
    """Return the solutions of least l1 and of least l2 norm."""
    from theory.dynamics.implicit_bias.designs import Design
    from theory.dynamics.implicit_bias.least_l1_norm import least_l1

    return least_l1(DESIGN, TARGETS), np.array([float(x) for x in Design.read(DESIGN, TARGETS).minimum_l2()])


def _measured(shape: Fraction, scale: float) -> Reached:
    s, (X, y) = float(shape), (np.array(part, dtype=np.float64) for part in (DESIGN, TARGETS))
    whole = 2 * math.sqrt(scale / (1 - s**2))  # u + v
    u, v = (np.full((1, X.shape[1]), (1 + sign * s) / 2 * whole) for sign in (1, -1))
    nets, root = DiagonalNets.of_weights(u, v, u, v), root_of_scale(shape, scale)
    singular = np.linalg.svd(X, compute_uv=False)
    rtol = min(1e-8, max(1e-13, 1e-8 / root))  # what is followed is 1/root times as large as w
    fitted = max(_FITTED, 1e-11 * root)  # rounding allows no more
    time, residual = 1 / (singular[0] ** 2 * max(root, 1.0)), math.inf
    while residual > fitted:
        nets = diagonal_flow(nets, X, y, time, rtol=rtol)
        time *= 2
        residual = float(np.linalg.norm(X @ nets.weights[0] - y))
    w = nets.weights[0]
    factor = (1 + 16 * float(np.abs(w).max()) ** 2 / root**2) ** 0.25
    gap = 2 * factor * residual / float(singular[-1])
    least, l2 = _known()
    norm, distance = float(least.norm), float(np.linalg.norm(w - l2))
    excess, slack = float(np.abs(w).sum()) / norm - 1, math.sqrt(len(w)) * gap / norm
    return Reached(
        shape,
        scale,
        (excess, max(excess - slack, 0), excess + slack),
        (distance, max(distance - gap, 0), distance + gap),
    )


def _row(found: Reached, exact: Selected) -> tuple[str, ...]:
    best = min(exact.excess_bound, exact.excess_of_point)
    return (
        str(found.shape), f"{found.scale:.3g}", f"{root_of_scale(found.shape, found.scale):.3g}",
        _digits(found.excess), f"{exact.excess:.4g}", f"{best:.4g}",
        _digits(found.distance), f"{exact.distance:.4g}",
        f"{exact.distance_bound:.4g}" if math.isfinite(exact.distance_bound) else "",
    )  # fmt: skip


def _digits(number: tuple[float, float, float]) -> str:
    """Return a number, or the ends of its interval where these differ in what is shown."""
    value, lo, hi = (f"{one:.4g}" for one in number)
    return value if lo == hi else f"[{lo}, {hi}]"


STUDY = Study(shape_transition_table, {"quick": 1, "full": 4})
