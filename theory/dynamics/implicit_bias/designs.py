r"""Linear regression without noise: the design X and the targets y of Xw = y, read exactly or refused.

The rows of the n x d matrix X are inputs. They must be linearly independent, so that every y has solutions w, and those
of one y differ by the kernel of X. The solution of least Euclidean norm is :math:`X^T(XX^T)^{-1}y`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction

Array = NDArray[np.float64]
RationalMatrix = Any
"""A matrix of rational numbers is a :class:`flint.fmpq_mat`."""


@dataclass(frozen=True)
class Design:
    """Inputs in rows, linearly independent, and their targets, as exact numbers.

    Parameters
    ----------
    rows : tuple of n tuples of d Fractions
        The inputs.
    targets : tuple of n Fractions
        The targets.

    Examples
    --------
    >>> Design.read([[1, 2]], ["36/5"])
    Design(rows=((Fraction(1, 1), Fraction(2, 1)),), targets=(Fraction(36, 5),))
    """

    rows: tuple[tuple[Fraction, ...], ...]
    targets: tuple[Fraction, ...]

    @classmethod
    def read(cls, design: object, targets: object) -> Design:
        """Read both from sequences or arrays of exact numbers; floats are the binary fractions that they are.

        Parameters
        ----------
        design : array_like, shape (n, d)
            The inputs.
        targets : array_like, shape (n,)
            The targets.

        Raises
        ------
        InvalidArgument
            If something is no finite number, the rows differ in length or are linearly dependent, or there are not as
            many targets as rows.
        """
        rows = tuple(read_vector("design", row) for row in _sequence("design", design))
        if not rows or not rows[0]:
            raise InvalidArgument("design", "has no entries", "give rows of inputs, e.g. [[1, 2]]")
        lengths = sorted({len(row) for row in rows})
        if len(lengths) > 1:
            problem = f"has rows of {lengths[0]} and of {lengths[-1]} entries"
            raise InvalidArgument("design", problem, "give every input the same number of coordinates")
        found = read_vector("targets", targets)
        if len(found) != len(rows):
            problem = f"there are {len(found)} for the {len(rows)} rows of the design"
            raise InvalidArgument("targets", problem, f"give {len(rows)}")
        rank = _matrix(rows).rank()
        if rank < len(rows):
            problem = f"has {len(rows)} rows of {lengths[0]} coordinates, but rank {rank}"
            raise InvalidArgument("design", problem, "leave out the rows that are combinations of others")
        return cls(rows, found)

    @classmethod
    def of(cls, design: object, targets: object) -> Design:
        """Return a design as it is where its targets are its own, None; else read both as :meth:`read` does.

        Raises
        ------
        InvalidArgument
            As :meth:`read`.

        Examples
        --------
        >>> own = Design.read([[1, 2]], [3])
        >>> Design.of(own, None) is own, Design.of(own, [4]).targets
        (True, (Fraction(4, 1),))
        """
        if isinstance(design, Design):
            return design if targets is None else cls.read(design.rows, targets)
        return cls.read(design, targets)

    @property
    def size(self) -> int:
        """The number n of inputs."""
        return len(self.rows)

    @property
    def dimension(self) -> int:
        """The number d of coordinates."""
        return len(self.rows[0])

    @cached_property
    def matrix(self) -> RationalMatrix:
        """X, for exact linear algebra."""
        return _matrix(self.rows)

    @cached_property
    def floats(self) -> tuple[Array, Array]:
        """X and y as arrays of doubles."""
        rows = np.array([[float(entry) for entry in row] for row in self.rows])
        return rows, np.array([float(target) for target in self.targets])

    @cached_property
    def kernel(self) -> tuple[tuple[Fraction, ...], ...]:
        """A basis of the kernel of X, of d - n vectors.

        Examples
        --------
        >>> Design.read([[1, 2]], [0]).kernel
        ((Fraction(-2, 1), Fraction(1, 1)),)
        """
        reduced, rank = self.matrix.rref()
        pivots = [next(j for j in range(self.dimension) if reduced[i, j] != 0) for i in range(rank)]
        found = []
        for free in (j for j in range(self.dimension) if j not in pivots):
            vector = [Fraction(0)] * self.dimension
            vector[free] = Fraction(1)
            for i, pivot in enumerate(pivots):
                vector[pivot] = -_fraction(reduced[i, free])
            found.append(tuple(vector))
        return tuple(found)

    @cached_property
    def kernel_projector(self) -> tuple[tuple[Fraction, ...], ...]:
        r"""The matrix :math:`I-X^T(XX^T)^{-1}X` of the orthogonal projection on the kernel of X."""
        X = self.matrix
        onto_rows = X.transpose() * (X * X.transpose()).inv() * X
        d = self.dimension
        return tuple(tuple(Fraction(int(i == j)) - _fraction(onto_rows[i, j]) for j in range(d)) for i in range(d))

    def project_on_kernel(self, vector: Sequence[Any]) -> tuple[Any, ...]:
        """Project a vector of Fractions, SymPy numbers or balls on the kernel of X.

        Parameters
        ----------
        vector : sequence of d numbers
            What is projected.

        Examples
        --------
        >>> Design.read([[1, 2]], [0]).project_on_kernel((5, 0))
        (Fraction(4, 1), Fraction(-2, 1))
        """
        zero, like = _number_like(vector)
        return tuple(
            sum((like(entry) * number for entry, number in zip(row, vector, strict=True)), zero)
            for row in self.kernel_projector
        )

    def outputs(self, point: Sequence[Any]) -> tuple[Any, ...]:
        """Return X times a vector of Fractions, SymPy numbers or balls.

        Parameters
        ----------
        point : sequence of d numbers
            The vector.
        """
        zero, like = _number_like(point)
        return tuple(
            sum((like(entry) * number for entry, number in zip(row, point, strict=True)), zero) for row in self.rows
        )

    def minimum_l2(self) -> tuple[Fraction, ...]:
        """Return the solution of Xw = y of least Euclidean norm.

        Examples
        --------
        >>> Design.read([[1, 2]], [5]).minimum_l2()
        (Fraction(1, 1), Fraction(2, 1))
        """
        X, y = self.matrix, column(self.targets)
        point = X.transpose() * (X * X.transpose()).solve(y)
        return tuple(map(_fraction, point.entries()))


def read_vector(argument: str, values: object) -> tuple[Fraction, ...]:
    """Read a sequence of exact numbers.

    Parameters
    ----------
    argument : str
        The argument's name, for the error.
    values : array_like, shape (d,)
        What was given.

    Raises
    ------
    InvalidArgument
        If it is no sequence, or something in it is no finite number.

    Examples
    --------
    >>> read_vector("targets", np.array([0.5, 1]))
    (Fraction(1, 2), Fraction(1, 1))
    """
    return tuple(exact_fraction(argument, _plain(entry)) for entry in _sequence(argument, values))


def column(entries: Sequence[Fraction]) -> RationalMatrix:
    """Return a vector as a matrix of one column.

    Examples
    --------
    >>> column([Fraction(1, 2), Fraction(3)]).nrows()
    2
    """
    return flint.fmpq_mat(len(entries), 1, [_fmpq(entry) for entry in entries])


def _matrix(rows: Sequence[Sequence[Fraction]]) -> RationalMatrix:
    return flint.fmpq_mat(len(rows), len(rows[0]), [_fmpq(entry) for row in rows for entry in row])


def _sequence(argument: str, values: object) -> list[Any]:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise InvalidArgument(argument, f"is no sequence: {values!r:.60}", "give a list or an array of numbers")
    return list(values)


def _plain(entry: object) -> object:
    return entry.item() if isinstance(entry, np.generic) else entry


def _number_like(vector: Sequence[Any]) -> tuple[Any, Any]:
    """Return zero, and a function that turns a Fraction into a number of the vector's kind."""
    if any(isinstance(one, flint.arb) for one in vector):
        return flint.arb(0), lambda entry: flint.arb(_fmpq(entry))
    if any(isinstance(one, sp.Basic) for one in vector):
        return sp.S.Zero, lambda entry: sp.Rational(entry.numerator, entry.denominator)
    return Fraction(0), lambda entry: entry


def _fmpq(number: Fraction) -> Any:
    return flint.fmpq(int(number.numerator), int(number.denominator))


def _fraction(number: Any) -> Fraction:
    return Fraction(int(number.p), int(number.q))
