r"""The solution of Xw = y that minimizes a strictly convex potential Q, from its dual, in floats and in balls.

The minimizer is the w with Xw = y and :math:`\nabla Q(w) = X^T\nu`. With the inverse W of :math:`\nabla Q`, the dual
point :math:`\nu` solves :math:`F(\nu) = XW(X^T\nu)-y = 0`, n equations in n unknowns however many coordinates w has. F
is the gradient of a convex function, the dual objective, and its Jacobian is :math:`XW'X^T`.

*Floats.* Newton's method. A step p is shortened or lengthened until the slope :math:`F(\nu+tp)^Tp` of the dual
objective is neither much past its zero nor far before it. Far from the solution, where W grows like an exponential and
a whole step would overflow, this takes bisections of t, each as cheap as W.

*Balls.* Krawczyk's operator: with Y about the inverse of :math:`F'(\nu)`, if for a box V around :math:`\nu`

.. math:: K = \nu-YF(\nu)+(I-YF'(V))(V-\nu)

lies inside V, then V contains exactly one zero of F, and K contains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import flint
import numpy as np

from theory.balls import Ball, precision, require_digits
from theory.dynamics.implicit_bias.designs import Array, Design
from theory.ensembles import InvalidArgument

_MOST_STEPS = 500
_MOST_BISECTIONS = 1100
"""A step may be longer than all floats can hold, by a power of two with this exponent at most."""


class DualMap(Protocol):
    """What a potential must know: the inverse of its gradient, in floats and in balls.

    A potential that is a sum over coordinates returns the derivatives of the inverse as a vector, any other one as a
    matrix, d x d.
    """

    @property
    def dimension(self) -> int:
        """The number d of coordinates."""

    def floats(self, dual: Array) -> tuple[Array, Array]:
        """Return the point where the gradient is `dual`, shape (d,), and the derivatives; infinite on overflow."""

    def balls(self, dual: Sequence[Ball]) -> tuple[Sequence[Ball], Sequence[Any]]:
        """Return the same in balls, as lists."""


@dataclass(frozen=True)
class Interpolant:
    """A solution of Xw = y that minimizes a potential.

    Attributes
    ----------
    point : tuple of d flint.arb
        The minimizer w, enclosed.
    dual : tuple of n flint.arb
        The dual point nu, enclosed.
    """

    point: tuple[Ball, ...]
    dual: tuple[Ball, ...]


def float_interpolant(potential: DualMap, design: object, targets: object = None) -> tuple[Array, Array]:
    """Minimize a potential among the solutions of Xw = y, in floats.

    Parameters
    ----------
    potential : DualMap
        The potential, such as :class:`~theory.dynamics.implicit_bias.mirror_potentials.DiagonalPotential`.
    design : array_like, shape (n, d), or Design
        X, of linearly independent rows.
    targets : array_like, shape (n,), optional
        y; by default the design's own.

    Returns
    -------
    point : ndarray, shape (d,)
        The minimizer. Its outputs agree with the targets up to rounding.
    dual : ndarray, shape (n,)
        The gradient of the potential there is X.T @ dual.

    Raises
    ------
    InvalidArgument
        If the shapes do not match, the rows are dependent, or Newton's method does not reach the targets.

    Examples
    --------
    >>> from theory.dynamics.implicit_bias.mirror_potentials import DiagonalPotential
    >>> point, dual = float_interpolant(DiagonalPotential(("256/25", "256/25")), [[1, 2]], ["36/5"])
    >>> point.round(12), (2 * dual).round(12)  # 2 nu = log 2
    (array([1.2, 3. ]), array([0.69314718]))
    """
    read = _read(potential, design, targets)
    X, y = read.floats
    sizes = np.abs(y).max() + np.abs(X).max()  # what is reached is judged by this
    nu = np.zeros(read.size)
    point, derivative = potential.floats(X.T @ nu)
    gap = X @ point - y
    best, at_best, worse = np.inf, (point, nu), 0
    for _ in range(_MOST_STEPS):
        size = float(np.abs(gap).max())
        if size < best:
            best, at_best, worse = size, (point, nu), 0
        else:
            worse += 1
        if size == 0 or worse > (4 if best <= 1e-12 * sizes else 60):
            break
        step = _newton_step(X, derivative, gap)
        length = _length(potential, X, y, nu, step, float(gap @ step))
        nu = nu + length * step
        point, derivative = potential.floats(X.T @ nu)
        gap = X @ point - y
    if not best <= 1e-9 * sizes:
        problem = f"are not reached by Newton's method: the residual stays at {best:.2g}"
        raise InvalidArgument("targets", problem, "scale the rows of the design to like sizes, or enclose the solution")
    return at_best


def _newton_step(X: Array, derivative: Array, gap: Array) -> Array:
    """Return -F/F'; along the gradient where F' is 0, as it is where Q has its minimum at a kink."""
    from scipy.linalg import solve_triangular

    if not derivative.any():
        return -gap
    if derivative.ndim == 2:
        return np.asarray(np.linalg.lstsq(X @ derivative @ X.T, -gap, rcond=None)[0], dtype=np.float64)
    # F' is R^T R with the triangle R of its root: coordinates of very different size, largest first, do not mix there
    order = np.argsort(-derivative)
    triangle = np.linalg.qr((X * np.sqrt(derivative)).T[order], mode="r")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        step: Array = solve_triangular(triangle, solve_triangular(triangle, -gap, trans=1))
    return step if np.isfinite(step).all() and step @ gap < 0 else -gap


def _length(potential: DualMap, X: Array, y: Array, nu: Array, step: Array, slope: float) -> float:
    """Return the t at which the slope along the step is between -0.9 and 0.5 times that at 0, in size."""
    low, high, t = 0.0, np.inf, 1.0
    for _ in range(_MOST_BISECTIONS):
        with np.errstate(over="ignore", invalid="ignore"):
            point, _ = potential.floats(X.T @ (nu + t * step))
            now = float((X @ point - y) @ step)
        if not now <= 0.5 * abs(slope):  # past the zero, or overflown
            high = t
        elif now < -0.9 * abs(slope):
            low = t
        else:
            break
        t = 2 * low if high == np.inf else (low + high) / 2
        if low > 0 and high - low < 1e-6 * t:  # no float in between has such a slope: near a pole, or down to rounding
            return low
    return t


def enclosed_interpolant(potential: DualMap, design: object, targets: object = None, digits: int = 30) -> Interpolant:
    """Enclose the minimizer of a potential among the solutions of Xw = y.

    Parameters
    ----------
    potential, design, targets
        As for :func:`float_interpolant`.
    digits : int
        The number of decimal digits that the computation works with, beside those that are lost.

    Returns
    -------
    Interpolant

    Raises
    ------
    InvalidArgument
        As :func:`float_interpolant`, and if no box is found that Krawczyk's operator maps into itself.

    References
    ----------
    R. Krawczyk, Computing 4 (1969) 187-201, has the operator.

    Examples
    --------
    >>> from theory.dynamics.implicit_bias.mirror_potentials import DiagonalPotential
    >>> found = enclosed_interpolant(DiagonalPotential(("256/25", "256/25")), [[1, 2]], ["36/5"])
    >>> [bool(x.rad() < 1e-28) for x in found.point], found.point[1].contains(3), found.point[1].contains(4)
    ([True, True], True, False)
    """
    require_digits(digits)
    read = _read(potential, design, targets)
    _, start = float_interpolant(potential, read)
    for guard in (15, 60, 240):
        with precision(digits + guard):
            box = _krawczyk(potential, read, [flint.arb(float(x)) for x in start], digits + guard)
            if box is not None:
                point, _ = potential.balls(_applied(_columns(read), box))
                return Interpolant(tuple(point), tuple(box))
    raise InvalidArgument("digits", f"{digits} do not suffice to enclose the solution", "use more")


def _krawczyk(potential: DualMap, read: Design, start: list[Ball], digits: int) -> list[Ball] | None:
    """Return a box that contains the one zero, or None if none is found around the start."""
    rows, targets = _rows(read), [flint.arb(_ratio(y)) for y in read.targets]
    columns = _columns(read)

    def gap(nu: list[Ball]) -> list[Ball]:
        point, _ = potential.balls(_applied(columns, nu))
        return [out - y for out, y in zip(_applied(rows, point), targets, strict=True)]

    def jacobian(nu: list[Ball]) -> Any:
        _, derivative = potential.balls(_applied(columns, nu))
        if derivative and isinstance(derivative[0], (list, tuple)):
            moved = [_applied(derivative, row) for row in rows]
        else:
            moved = [[a * b for a, b in zip(row, derivative, strict=True)] for row in rows]
        return flint.arb_mat([[_dot(one, other) for other in rows] for one in moved])

    n, nu = read.size, start
    for _ in range(int(np.log2(digits)) + 3):  # the digits double from about 12
        try:
            inverse = flint.arb_mat(jacobian(nu).mid()).inv().mid()
        except ZeroDivisionError:
            return None
        nu = [(a - b).mid() for a, b in zip(nu, (inverse * _column(gap(nu))).entries(), strict=True)]
    shift = [a - b for a, b in zip(nu, (inverse * _column(gap(nu))).entries(), strict=True)]
    size = max(abs(a - b).upper() for a, b in zip(shift, nu, strict=True))
    radius = 8 * size + flint.arb(10) ** (-digits) * max([flint.arb(1), *(abs(a).upper() for a in nu)])
    for _ in range(12):
        box = [a + flint.arb(0, radius.upper()) for a in nu]
        contraction = _identity(n) - inverse * jacobian(box)
        spread = (contraction * _column([a - b for a, b in zip(box, nu, strict=True)])).entries()
        image = [a + b for a, b in zip(shift, spread, strict=True)]
        if all(outer.contains_interior(inner) for outer, inner in zip(box, image, strict=True)):
            return image
        radius *= 4
    return None


def _read(potential: DualMap, design: object, targets: object) -> Design:
    read = Design.of(design, targets)
    if potential.dimension != read.dimension:
        problem = f"has {read.dimension} coordinates, but the potential has {potential.dimension}"
        raise InvalidArgument("design", problem, f"give rows of {potential.dimension} entries")
    return read


def _ratio(number: Any) -> Any:
    return flint.fmpq(int(number.numerator), int(number.denominator))


def _rows(read: Design) -> list[list[Ball]]:
    return [[flint.arb(_ratio(entry)) for entry in row] for row in read.rows]


def _columns(read: Design) -> list[list[Ball]]:
    return [list(column) for column in zip(*_rows(read), strict=True)]


def _dot(left: Sequence[Ball], right: Sequence[Ball]) -> Ball:
    return sum((a * b for a, b in zip(left, right, strict=True)), flint.arb(0))


def _applied(rows: Sequence[Sequence[Ball]], vector: Sequence[Ball]) -> list[Ball]:
    return [_dot(row, vector) for row in rows]


def _column(entries: Sequence[Ball]) -> Any:
    return flint.arb_mat(len(entries), 1, list(entries))


def _identity(n: int) -> Any:
    return flint.arb_mat([[int(i == j) for j in range(n)] for i in range(n)])
