"""What a label in a graph of indices stands for: a matrix, its conjugate, a unit vector, a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp


@dataclass(frozen=True)
class Pin:
    """A unit vector, which gives an index a value.

    Parameters
    ----------
    index : sympy.Expr
        The index of its entry 1, counted from 0 as in SymPy.
    dimension : sympy.Expr
        The number of its entries.
    """

    index: sp.Expr
    dimension: sp.Expr

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        """The shape of a column."""
        return self.dimension, sp.S.One


@dataclass(frozen=True)
class Frame:
    """A vector without a value of its own, which holds the place of the rows or of the columns of a matrix.

    Parameters
    ----------
    side : str
        ``rows`` or ``columns``.
    dimension : sympy.Expr
        The number of its entries.
    """

    side: str
    dimension: sp.Expr

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        """The shape of a column."""
        return self.dimension, sp.S.One


@dataclass(frozen=True)
class Conjugate:
    """The entry by entry conjugate of a complex matrix.

    Parameters
    ----------
    matrix : sympy.MatrixExpr
        The matrix.
    """

    matrix: Any

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        """The shape of the matrix."""
        rows, columns = self.matrix.shape
        return rows, columns


Letter = Any
"""A letter is a matrix that is not taken apart (a symbol, an explicit matrix, a known inverse), a :class:`Pin`, a
:class:`Frame` or a :class:`Conjugate`."""
