r"""The solution of Xw = y of least :math:`\ell_1` norm, exactly, with a certificate that none is smaller.

For every :math:`\nu` with :math:`|X^T\nu|_\infty \le 1` and every solution, :math:`|w|_1 \ge w^TX^T\nu = y^T\nu`. So w
is a minimizer if :math:`|w|_1 = y^T\nu` for such a :math:`\nu`, the *dual certificate*; and it is the only one if
:math:`|x_j^T\nu| < 1` for all columns :math:`x_j` off its support, while the columns on it are independent.

Both are found by the simplex method in rational arithmetic. Its basis is a set of n independent columns, each with a
sign: w solves Xw = y on it, and :math:`x_j^T\nu` is the sign of each. A column with :math:`|x_j^T\nu| > 1` enters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint

from theory.dynamics.implicit_bias.designs import Design, column
from theory.ensembles import InvalidArgument

_PATIENCE = 200
"""After so many steps the column of the least index enters instead of the steepest: then no basis comes twice."""
_MOST_STEPS = 20_000


@dataclass(frozen=True)
class LeastL1:
    """A solution of least l1 norm, and what proves it.

    Attributes
    ----------
    point : tuple of d Fractions
        The solution w.
    dual : tuple of n Fractions
        The certificate nu.
    norm : Fraction
        |w|_1, which is the product of the targets and the dual.
    is_unique : bool
        Whether the certificate shows that no other solution has this norm.
    """

    point: tuple[Fraction, ...]
    dual: tuple[Fraction, ...]
    norm: Fraction
    is_unique: bool


def least_l1(design: object, targets: object = None) -> LeastL1:
    """Find a solution of Xw = y of least l1 norm.

    Parameters
    ----------
    design : array_like, shape (n, d), or Design
        X, of linearly independent rows.
    targets : array_like, shape (n,), optional
        y; by default the design's own.

    Returns
    -------
    LeastL1

    Raises
    ------
    InvalidArgument
        If the shapes do not match, or the rows are dependent.

    Examples
    --------
    >>> found = least_l1([[1, 2]], [5])
    >>> found.point, found.dual, found.is_unique
    ((Fraction(0, 1), Fraction(5, 2)), (Fraction(1, 2),), True)
    """
    read = Design.of(design, targets)
    X, y = read.matrix, column(read.targets)
    n, d = read.size, read.dimension
    reduced, _ = X.rref()
    basis = [next(j for j in range(d) if reduced[i, j] != 0) for i in range(n)]
    signs = [0] * n
    for step in range(_MOST_STEPS):
        B = flint.fmpq_mat([[X[i, j] for j in basis] for i in range(n)])
        weights = B.solve(y).entries()
        if step == 0:
            signs = [1 if w >= 0 else -1 for w in weights]
        nu = B.transpose().solve(flint.fmpq_mat(n, 1, signs))
        slopes = (X.transpose() * nu).entries()
        over = [j for j in range(d) if abs(slopes[j]) > 1]
        if not over:
            return _certified(read, dict(zip(basis, weights, strict=True)), nu.entries(), slopes)
        enters = max(over, key=lambda j: abs(slopes[j])) if step < _PATIENCE else over[0]
        sign = 1 if slopes[enters] > 0 else -1
        moves = B.solve(flint.fmpq_mat(n, 1, [sign * X[i, enters] for i in range(n)])).entries()
        ratios = [
            (abs(w) / (s * move), place)
            for w, s, move, place in zip(weights, signs, moves, basis, strict=True)
            if s * move > 0
        ]
        leaves = basis.index(min(ratios)[1])
        basis[leaves], signs[leaves] = enters, sign
    raise InvalidArgument("design", f"is too large: no certificate after {_MOST_STEPS} steps", "use fewer rows")


def _certified(read: Design, weights: dict[int, Any], nu: Sequence[Any], slopes: Sequence[Any]) -> LeastL1:
    point = tuple(_fraction(weights.get(j, 0)) for j in range(read.dimension))
    dual = tuple(map(_fraction, nu))
    # off the support, other columns of the basis have slopes of size 1, so that a degenerate basis shows no uniqueness
    unique = all(abs(_fraction(slope)) < 1 for slope, w in zip(slopes, point, strict=True) if w == 0)
    norm = sum(map(abs, point), Fraction(0))
    if norm != sum((a * b for a, b in zip(read.targets, dual, strict=True)), Fraction(0)):
        raise ArithmeticError("the simplex method ended without a certificate")
    return LeastL1(point, dual, norm, unique)


def _fraction(number: Any) -> Fraction:
    return Fraction(int(number.p), int(number.q)) if isinstance(number, flint.fmpq) else Fraction(0)
