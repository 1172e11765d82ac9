"""A two-layer linear network with exact weights: its imbalance, rates and bounds, as balls or rational numbers.

The formulas are derived in :mod:`theory.dynamics.linear_pairs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint

from theory.balls import Ball, precision, require_digits
from theory.dynamics.linear_pairs import Imbalance
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction
from theory.symbols import Scalar

Matrix = Any
"""A matrix of rational numbers, a :class:`flint.fmpq_mat`."""


@dataclass(frozen=True)
class LinearPair:
    r"""A two-layer linear network at one time, with exact weights: what its imbalance and its margin guarantee.

    Parameters
    ----------
    spectrum : sequence of r numbers
        The squared singular values :math:`\lambda` of the data, positive.
    target : r rows of m numbers
        :math:`\Theta`.
    u1 : r rows of h numbers
        The first layer on the row space of the data. Floats are read as the binary fractions that they are.
    v : m rows of h numbers
        The second layer.
    u2 : rows of h numbers, optional
        The first layer off the row space.

    Raises
    ------
    InvalidArgument
        If shapes do not fit, an entry is no finite number, or the spectrum is not positive.

    Examples
    --------
    >>> pair = LinearPair([1], [["3/2"]], [[1, 0]], [[0, 1]], [[1, 1]])
    >>> pair.imbalance().c, pair.excess()
    (2.00000000000000, Fraction(9, 8))
    """

    spectrum: Sequence[Any]
    target: Sequence[Sequence[Any]]
    u1: Sequence[Sequence[Any]]
    v: Sequence[Sequence[Any]]
    u2: Sequence[Sequence[Any]] = ()

    def __post_init__(self) -> None:
        spectrum = _row("spectrum", self.spectrum)
        if min(spectrum) <= 0:
            raise InvalidArgument("spectrum", f"must be positive, got {min(spectrum)}", "leave zeros out: they are U_2")
        object.__setattr__(self, "spectrum", spectrum)
        for name in ("target", "u1", "v", "u2"):
            object.__setattr__(self, name, _rows(name, getattr(self, name)))
        r, m, h = len(spectrum), len(self.target[0]), len(self.u1[0])
        shapes = {"target": (r, m), "u1": (r, h), "v": (m, h), "u2": (len(self.u2), h)}
        for name, (rows, columns) in shapes.items():
            given = getattr(self, name)
            if len(given) != rows or any(len(row) != columns for row in given):
                found = f"{len(given)} x {len(given[0]) if given else 0}"
                raise InvalidArgument(name, f"is {found}, where r = {r}, m = {m}, h = {h}", f"use {rows} x {columns}")

    def imbalance(self, digits: int = 15) -> Imbalance:
        r"""Enclose :math:`c_+, c_-, L_-, L_+`.

        Parameters
        ----------
        digits : int
            The number of decimal digits that the enclosure works with.

        Examples
        --------
        >>> LinearPair([1, 1], [[0], [0]], [[2, 0], [0, 1]], [[0, 1]]).imbalance()
        Imbalance(c_plus=0, c_minus=0, l_minus=0, l_plus=4.00000000000000)
        """
        u1, v = _matrix(self.u1), _matrix(self.v)
        r, m, h = u1.nrows(), v.nrows(), u1.ncols()
        both = _stacked(u1, v)
        signed = both * both.transpose() * _diagonal([1] * r + [-1] * m)
        nonzero = [root for root in eigenvalues(signed, digits) if root != 0]
        roots = sorted([*nonzero, *[flint.arb(0)] * (h - len(nonzero))], key=_middle, reverse=True)
        zero = flint.arb(0)
        plus = roots[r - 1] if r <= h else zero
        minus = -roots[h - m] if m <= h else zero
        return Imbalance(*(x if x > 0 else zero for x in (plus, minus, -roots[-1], roots[0])))

    def excess(self) -> Fraction:
        r"""Return :math:`f-\min f = \frac12|E|_F^2`, exactly.

        Examples
        --------
        >>> LinearPair([4], [[1]], [[1]], [[2]]).excess()
        Fraction(2, 1)
        """
        gap = self._gap()
        return _fraction(_square(gap, _diagonal(self.spectrum))) / 2

    def dissipation(self) -> Fraction:
        r"""Return :math:`-\frac d{dt}(f-\min f) = |GV|_F^2+|U_1^TG|_F^2` of the flow, exactly.

        Examples
        --------
        >>> LinearPair([4], [[1]], [[1]], [[2]]).dissipation()
        Fraction(80, 1)
        """
        slope = _diagonal(self.spectrum) * self._gap()
        parts = slope * _matrix(self.v), _matrix(self.u1).transpose() * slope
        return sum((_fraction(_square(part)) for part in parts), Fraction(0))

    def least_squares(self, digits: int = 15) -> tuple[Ball, Ball]:
        r"""Enclose :math:`\lambda_r(U_1U_1^T)` and :math:`\lambda_m(VV^T)`.

        Parameters
        ----------
        digits : int
            As for :meth:`imbalance`.

        Examples
        --------
        >>> LinearPair([1], [[0]], [[1, 1]], [[0, 2]]).least_squares()
        (2.00000000000000, 4.00000000000000)
        """
        u1, v = _matrix(self.u1), _matrix(self.v)
        return eigenvalues(u1 * u1.transpose(), digits)[-1], eigenvalues(v * v.transpose(), digits)[-1]

    def product_singular_values(self, digits: int = 15) -> tuple[Ball, Ball]:
        r"""Enclose :math:`\sigma_r^2` and :math:`\sigma_m^2`, squared singular values of :math:`U_1V^T`.

        Parameters
        ----------
        digits : int
            As for :meth:`imbalance`.

        Examples
        --------
        >>> LinearPair([1], [[0, 0]], [[1, 1]], [[0, 2], [1, 0]]).product_singular_values()
        (5.00000000000000, 0)
        """
        product = self._product()
        first, second = product * product.transpose(), product.transpose() * product
        return eigenvalues(first, digits)[-1], eigenvalues(second, digits)[-1]

    def margin(self, digits: int = 15) -> Ball:
        r"""Enclose what :math:`\sigma_{\min(r,m)}(U_1V^T)` stays above from now on; 0 where nothing is known.

        Parameters
        ----------
        digits : int
            As for :meth:`imbalance`.

        Examples
        --------
        >>> LinearPair([1], [[2]], [[1]], [[1]]).margin()
        1.00000000000000
        """
        require_digits(digits)
        target, weights = _matrix(self.target), _diagonal(self.spectrum)
        square = target.transpose() * weights * target
        if target.nrows() < target.ncols():
            square = weights * target * target.transpose()
        with precision(digits + 5):
            size, error = eigenvalues(square, digits)[-1].sqrt(), _arb(2 * self.excess()).sqrt()
            left = (size - error) / _arb(max(self.spectrum)).sqrt()
            return left if left > 0 else flint.arb(0)

    def rate(self, digits: int = 15) -> Ball:
        """Enclose :func:`theory.dynamics.linear_pairs.loss_rate`.

        Parameters
        ----------
        digits : int
            As for :meth:`imbalance`.

        Examples
        --------
        >>> LinearPair([4], [[1]], [[1, 0]], [[0, 1]]).rate()
        16.0000000000000
        """
        with precision(digits + 5):
            return 2 * _arb(min(self.spectrum)) * self.imbalance(digits).c

    def margin_rate(self, digits: int = 15) -> Ball:
        r"""Enclose :func:`theory.dynamics.linear_pairs.margin_rate` at the margin, a rate of :math:`f-\min f` from now.

        Parameters
        ----------
        digits : int
            As for :meth:`imbalance`.

        Examples
        --------
        >>> LinearPair([1], [[2]], [[1]], [[1]]).margin_rate()
        4.00000000000000
        """
        r, m = len(self.target), len(self.target[0])
        plus, minus, low, high = self.imbalance(digits)
        with precision(digits + 5):
            margin = self.margin(digits)
            first, second = (margin if size == min(r, m) else flint.arb(0) for size in (r, m))
            total = plus - low + ((plus + low) ** 2 + 4 * first**2).sqrt()
            total += minus - high + ((minus + high) ** 2 + 4 * second**2).sqrt()
            return _arb(min(self.spectrum)) * total

    def pair_norm(self, digits: int = 15) -> Ball:
        r"""Enclose :math:`|[VU_2^T; U_1U_2^T]|_2`, which is 0 if and only if every limit of the flow has minimum norm.

        Parameters
        ----------
        digits : int
            As for :meth:`imbalance`.

        Examples
        --------
        >>> LinearPair([1], [[1]], [[1, 0]], [[0, 1]], [[3, 4]]).pair_norm()
        5.00000000000000
        """
        if not self.u2:
            return flint.arb(0)
        off = _stacked(_matrix(self.v), _matrix(self.u1)) * _matrix(self.u2).transpose()
        with precision(digits + 5):
            return eigenvalues(off.transpose() * off, digits)[0].sqrt()

    def distance_bound(self, time: Scalar, digits: int = 15) -> Ball:
        r"""Enclose :func:`theory.dynamics.linear_pairs.distance_bound` at a time T from now.

        Parameters
        ----------
        time : number
            T, at least 0.
        digits : int
            As for :meth:`imbalance`.

        Raises
        ------
        InvalidArgument
            If the time is negative.

        Examples
        --------
        >>> LinearPair([1], [[1]], [[1, 0]], [[0, 1]], [[3, 4]]).distance_bound(0)
        [5.09901951359278 +/- 4.84e-15]
        """
        end, least = exact_fraction("time", time), min(self.spectrum)
        if end < 0:
            raise InvalidArgument("time", f"must be at least 0, got {time}", "use e.g. time=1")
        with precision(digits + 5):
            speed = _arb(least) * self.imbalance(digits).c
            passed = _arb(end) if speed == 0 else (1 - (-speed * _arb(end)).exp()) / speed
            error = _arb(2 * self.excess())
            off = (((_arb(max(self.spectrum)) * error).sqrt()) * passed).exp() * self.pair_norm(digits)
            return (off**2 + (-2 * speed * _arb(end)).exp() * error / _arb(least)).sqrt()

    def _product(self) -> Matrix:
        return _matrix(self.u1) * _matrix(self.v).transpose()

    def _gap(self) -> Matrix:
        return _matrix(self.target) - self._product()


def eigenvalues(matrix: Matrix, digits: int = 15) -> list[Ball]:
    """Enclose the eigenvalues of a rational matrix that has none but real ones, from the largest on.

    Parameters
    ----------
    matrix : flint.fmpq_mat
        A square matrix. Multiple eigenvalues and the eigenvalue 0 are told exactly.
    digits : int
        The number of decimal digits that the enclosure works with.

    Returns
    -------
    list of flint.arb

    Raises
    ------
    InvalidArgument
        If an eigenvalue is not real.

    Examples
    --------
    >>> eigenvalues(flint.fmpq_mat(3, 3, [0, 1, 0, 1, 0, 0, 0, 0, 0]))
    [1.00000000000000, 0, -1.00000000000000]
    """
    require_digits(digits)
    with precision(digits + 5):
        roots = matrix.charpoly().numer().complex_roots()
    if any(root.imag != 0 for root, _ in roots):
        raise InvalidArgument("matrix", "has eigenvalues that are not real", "give a symmetric one")
    found = [root.real for root, times in roots for _ in range(times)]
    return sorted(found, key=_middle, reverse=True)


def _middle(ball: Ball) -> float:
    return float(ball.mid())


def _row(name: str, values: object) -> tuple[Fraction, ...]:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise InvalidArgument(name, f"must be rows of numbers, got {values!r:.60}", "use e.g. [[1, '1/2'], [0, 1]]")
    row = tuple(exact_fraction(name, float(x) if hasattr(x, "dtype") else x) for x in values)
    if not row:
        raise InvalidArgument(name, "has an empty row", "give at least one number")
    return row


def _rows(name: str, values: object) -> tuple[tuple[Fraction, ...], ...]:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise InvalidArgument(name, f"must be rows of numbers, got {values!r:.60}", "use e.g. [[1, '1/2'], [0, 1]]")
    rows = tuple(_row(name, row) for row in values)
    if not rows and name != "u2":
        raise InvalidArgument(name, "has no rows", "give at least one")
    return rows


def _matrix(rows: Sequence[Sequence[Any]]) -> Matrix:
    return flint.fmpq_mat([[_rational(entry) for entry in row] for row in rows])


def _diagonal(entries: Sequence[Any]) -> Matrix:
    size = len(entries)
    return flint.fmpq_mat([[_rational(entries[i] if i == j else 0) for j in range(size)] for i in range(size)])


def _stacked(upper: Matrix, lower: Matrix) -> Matrix:
    return flint.fmpq_mat([*upper.tolist(), *lower.tolist()])


def _square(matrix: Matrix, weights: Matrix | None = None) -> Any:
    """Return the sum of squares of all entries, those of row i with the weight i."""
    weighted = matrix if weights is None else weights * matrix
    return sum((x * y for x, y in zip(matrix.entries(), weighted.entries(), strict=True)), flint.fmpq(0))


def _rational(value: Fraction | int) -> Any:
    exact = Fraction(value)
    return flint.fmpq(exact.numerator, exact.denominator)


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _arb(value: Fraction) -> Ball:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))
