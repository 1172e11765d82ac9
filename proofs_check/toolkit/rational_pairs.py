"""Two linear layers with small rational weights, on which claims about them are tried in exact arithmetic."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import sympy as sp

from theory.balls import Ball
from theory.dynamics.linear_pairs.exact_pairs import LinearPair, eigenvalues

Shape = tuple[int, int, int]
"""The rank r, the outputs m and the width h."""


@dataclass(frozen=True, eq=False)
class Spectra:
    r"""What the margin of a network is about, as balls.

    Parameters
    ----------
    r, m : int
        The rank and the number of outputs.
    roots : tuple of flint.arb
        The eigenvalues of :math:`\Lambda = U_1^TU_1-V^TV`, from the largest on.
    squares : (flint.arb, flint.arb)
        The least eigenvalues of :math:`U_1U_1^T` and of :math:`VV^T`.
    product_squares : (flint.arb, flint.arb)
        The squares of the r-th and the m-th singular value of :math:`U_1V^T`, 0 where there are fewer.
    """

    r: int
    m: int
    roots: tuple[Ball, ...]
    squares: tuple[Ball, Ball]
    product_squares: tuple[Ball, Ball]

    @classmethod
    def of(cls, pair: LinearPair, digits: int = 25) -> Spectra:
        """Return those of a network with exact weights."""
        u, v = (_flint(rows) for rows in (pair.u1, pair.v))
        product = u * v.transpose()
        return cls(
            u.nrows(),
            v.nrows(),
            tuple(eigenvalues(u.transpose() * u - v.transpose() * v, digits)),
            (eigenvalues(u * u.transpose(), digits)[-1], eigenvalues(v * v.transpose(), digits)[-1]),
            (
                eigenvalues(product * product.transpose(), digits)[-1],
                eigenvalues(product.transpose() * product, digits)[-1],
            ),
        )


def random_pair(shape: Shape, seed: int, spectrum: tuple[Fraction, ...] = (), off: int = 0) -> LinearPair:
    """Return a network with entries between -2 and 2.

    Parameters
    ----------
    shape : (int, int, int)
        r, m and h.
    seed : int
        Other seeds give other networks.
    spectrum : tuple of r Fraction
        The squared singular values of the data; drawn too if it is left out.
    off : int
        The number of rows of U_2.

    Examples
    --------
    >>> random_pair((1, 1, 2), 0).u1
    ((Fraction(9, 5), Fraction(2, 1)),)
    """
    r, m, h = shape
    draw = random.Random(f"{shape} {seed}")

    def rows(count: int, columns: int) -> list[list[Fraction]]:
        return [[Fraction(draw.randint(-10, 10), 5) for _ in range(columns)] for _ in range(count)]

    lam = spectrum or tuple(sorted((Fraction(draw.randint(1, 20), 10) for _ in range(r)), reverse=True))
    return LinearPair(lam, rows(r, m), rows(r, h), rows(m, h), rows(off, h))


def random_matrix(rows: int, columns: int, seed: object) -> sp.Matrix:
    """Return a matrix of fifths between -2 and 2.

    Examples
    --------
    >>> random_matrix(1, 2, 0).shape
    (1, 2)
    """
    draw = random.Random(f"{rows} {columns} {seed}")
    return sp.Matrix(rows, columns, lambda *_: sp.Rational(draw.randint(-10, 10), 5))


def rotation(size: int, seed: object) -> sp.Matrix:
    """Return a rational orthogonal matrix, the Cayley transform of a skew one.

    Examples
    --------
    >>> Q = rotation(3, 0)
    >>> Q.T * Q == sp.eye(3)
    True
    """
    square = random_matrix(size, size, seed)
    skew, one = square - square.T, sp.eye(size)
    return (one - skew) * (one + skew).inv()


def _flint(rows: Any) -> Any:
    return flint.fmpq_mat([[flint.fmpq(x.numerator, x.denominator) for x in row] for row in rows])
