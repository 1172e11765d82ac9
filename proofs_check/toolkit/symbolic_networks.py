"""Networks whose weights, masks, readout and input are symbols, for identities that hold at one architecture."""

from __future__ import annotations

import itertools
from functools import cache
from typing import NamedTuple

import sympy as sp


class SymbolicNetwork(NamedTuple):
    """A network of symbols, which stand for every mask and slope at once.

    Parameters
    ----------
    matrices, masks : tuple of sympy.Matrix
        W_1, ..., W_L, and the diagonal matrices D_1, ..., D_L.
    readout, input : sympy.Matrix
        v and x, as columns.
    """

    matrices: tuple[sp.Matrix, ...]
    masks: tuple[sp.Matrix, ...]
    readout: sp.Matrix
    input: sp.Matrix

    def value(self, matrices: tuple[sp.Matrix, ...] | None = None) -> sp.Expr:
        """Return f, also with other matrices in place of W_1, ..., W_L."""
        a = self.input
        for matrix, mask in zip(matrices or self.matrices, self.masks, strict=True):
            a = mask * (matrix * a)
        return (self.readout.T * a)[0, 0]


@cache
def symbolic_network(widths: tuple[int, ...]) -> SymbolicNetwork:
    """Return a network of those widths, the input's first.

    Examples
    --------
    >>> symbolic_network((1, 1)).value()
    d1_0*v_0*w1_0*x_0
    """
    shapes = list(enumerate(itertools.pairwise(widths), 1))
    matrices = tuple(sp.Matrix(rows, columns, letters(f"w{k}", rows * columns)) for k, (columns, rows) in shapes)
    masks = tuple(sp.diag(*letters(f"d{k}", rows)) for k, (_, rows) in shapes)
    return SymbolicNetwork(matrices, masks, sp.Matrix(letters("v", widths[-1])), sp.Matrix(letters("x", widths[0])))


def letters(name: str, count: int) -> tuple[sp.Symbol, ...]:
    """Return symbols with numbers.

    Examples
    --------
    >>> letters("t", 2)
    (t_0, t_1)
    """
    return tuple(sp.Symbol(f"{name}_{i}") for i in range(count))


@cache
def directions(widths: tuple[int, ...]) -> tuple[sp.Matrix, ...]:
    """Return a change of every weight, in symbols."""
    return tuple(
        sp.Matrix(rows, columns, letters(f"c{k}", rows * columns))
        for k, (columns, rows) in enumerate(itertools.pairwise(widths), 1)
    )
