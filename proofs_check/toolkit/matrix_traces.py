"""Letters for the traces in claims about matrices, and small matrices without symmetry, at which they are numbers."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

Integers = list[list[int]]


def letter(*factors: str) -> sp.Symbol:
    """Return the letter for the trace of a product.

    Parameters
    ----------
    *factors : str
        The names of the factors; A' is the transpose of A.

    Examples
    --------
    >>> letter("A", "B'")
    tr_AB'
    """
    return sp.Symbol(f"tr_{''.join(factors)}", positive=True)


def lettered(mean: sp.Expr, products: Mapping[sp.Symbol, Any], symmetric: Collection[Any] = ()) -> sp.Expr:
    """Write the traces in a mean as letters.

    Parameters
    ----------
    mean : sympy.Expr
        What the calculus derives.
    products : mapping of letter to matrix expression
        Of which product each letter is the trace; a product that is written in another way is found, too.
    symmetric : collection of MatrixSymbol
        The matrices that equal their transposes.

    Examples
    --------
    >>> A, B = sp.MatrixSymbol("A", 2, 2), sp.MatrixSymbol("B", 2, 2)
    >>> lettered(2 * sp.Trace(B * A), {letter("A", "B"): A * B})
    2*tr_AB
    """
    names: dict[sp.Expr, sp.Expr] = {}
    for name, product in products.items():
        for word in _ways_to_write(product, {one.T: one for one in symmetric}):
            names[sp.Trace(word)] = name
    left = mean.xreplace(names)
    if left.atoms(sp.Trace, MatrixElement):
        names |= {trace: sp.Symbol(f"other_{place}") for place, trace in enumerate(left.atoms(sp.Trace))}
    return mean.xreplace(names)


def _ways_to_write(product: Any, same: Mapping[Any, Any]) -> list[Any]:
    """Return a product read from each of its factors on, and all of these transposed."""
    factors = list(product.args) if isinstance(product, sp.MatMul) else [product]
    turns = [factors[k:] + factors[:k] for k in range(len(factors))]
    words = [sp.MatMul(*turn).doit() for turn in turns]
    return [*words, *(word.T.doit().xreplace(dict(same)) for word in words)]


def without_symmetry(rows: int, columns: int, seed: int = 0) -> Integers:
    """Return a small matrix of whole numbers without any symmetry.

    Examples
    --------
    >>> without_symmetry(2, 2)
    [[-2, 3], [1, 0]]
    """
    return [[(3 * i + 5 * j * j + i * j + seed) % 7 - 2 for j in range(columns)] for i in range(rows)]


def times(*matrices: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Multiply matrices of exact numbers.

    Examples
    --------
    >>> times([[1, 2]], [[3], [4]])
    [[11]]
    """
    out = [list(row) for row in matrices[0]]
    for right in matrices[1:]:
        columns = list(zip(*right, strict=True))
        out = [[sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in out]
    return out


def transpose(matrix: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Transpose a matrix.

    Examples
    --------
    >>> transpose([[1, 2]])
    [[1], [2]]
    """
    return [list(row) for row in zip(*matrix, strict=True)]


def trace(matrix: Sequence[Sequence[Any]]) -> Any:
    """Return the sum of the diagonal.

    Examples
    --------
    >>> trace([[1, 2], [3, 4]])
    5
    """
    return sum(matrix[k][k] for k in range(len(matrix)))


def ternary_mean(rows: int, columns: int, function: Any) -> Fraction:
    """Return the exact mean of a function over all matrices of entries -1, 0, 1 with chances 1/6, 2/3, 1/6.

    Up to order 5 an entry has the moments of a normal one of variance 1/3.

    Parameters
    ----------
    rows, columns : int
        The shape of the matrices.
    function : callable
        Takes a matrix of whole numbers.

    Examples
    --------
    >>> ternary_mean(1, 1, lambda x: 9 * x[0][0] ** 4)
    Fraction(3, 1)
    """
    cells, total = rows * columns, 0
    for values in itertools.product((-1, 0, 1), repeat=cells):
        matrix = [list(values[row * columns : (row + 1) * columns]) for row in range(rows)]
        total += 4 ** values.count(0) * function(matrix)
    return Fraction(total, 6**cells)
