"""From a canonical sum back to SymPy: traces, quadratic forms, entries, and sums over indices where nothing else does.

A vertex where two ends meet is a matrix product, a cycle is a trace, and a path between two vectors is a scalar.
Parallel edges are a Hadamard product, and vectors at one vertex multiply entry by entry. The sum of the x_i^4 is
written ``(HadamardPower(x.T, 2)*HadamardPower(x, 2))[0, 0]``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement

from theory.matrix_expectations.index_graphs import NONE, Component, Word
from theory.matrix_expectations.letters import Conjugate, Letter, Pin


def written(component: Component, letters: Sequence[Letter]) -> sp.Expr:
    """Return a canonical component as a scalar.

    Parameters
    ----------
    component : Component
        A connected sum of which no matrix is random any more.
    letters : sequence of Letter
        The matrices that its labels stand for.

    Examples
    --------
    >>> A, x = sp.MatrixSymbol("A", 3, 3), sp.MatrixSymbol("x", 3, 1)
    >>> written((((3, 0, 2), -1, -1),), [A, x])
    (x.T*A*x)[0, 0]
    >>> written((((0,), 0, 0), ((2,), 0, -1)), [A, x])
    (x.T*DiagonalOf(A))[0, 0]
    """
    (word, u, v), *others = component
    if others or u != v:
        scalar = Network(component, letters).total()
    elif u == NONE:
        scalar = _path(word, letters)
    else:
        product = product_of([letter_of(letter, letters) for letter in word])
        scalar = product.rows if isinstance(product, sp.Identity) else sp.Trace(product)
    numbers = (isinstance(letters[letter >> 1], (sp.MatrixBase, Pin)) for link in component for letter in link[0])
    return scalar.doit() if all(numbers) else scalar


def letter_of(letter: int, letters: Sequence[Letter]) -> Any:
    """Return what a letter of a word stands for, transposed if the word says so.

    Parameters
    ----------
    letter : int
        Twice the label, plus 1 where the matrix is transposed.
    letters : sequence of Letter
        The matrices that labels stand for.

    Examples
    --------
    >>> letter_of(1, [sp.MatrixSymbol("A", 2, 3)])
    A.T
    """
    matrix = letters[letter >> 1]
    if isinstance(matrix, Conjugate):
        return sp.Adjoint(matrix.matrix) if letter & 1 else matrix.matrix.conjugate()
    return matrix.T if letter & 1 else matrix


def _path(word: Word, letters: Sequence[Letter]) -> sp.Expr:
    """Write a 1x1 product of matrices, which may have unit vectors at its ends."""
    indices: list[Any] = [sp.S.Zero, sp.S.Zero]
    inner = list(word)
    for side, place in ((0, 0), (1, -1)):
        if isinstance(pin := letters[word[place] >> 1], Pin):
            indices[side] = pin.index
            del inner[place]
    if not inner:
        return sp.KroneckerDelta(*indices)
    return _entry(product_of([letter_of(letter, letters) for letter in inner]), *indices)


def _entry(matrix: Any, row: Any = sp.S.Zero, column: Any = sp.S.Zero) -> sp.Expr:
    """Write an entry as it stands; an entry of a product of symbols is not written out as a sum."""
    return matrix[row, column] if isinstance(matrix, sp.MatrixBase) else MatrixElement(matrix, row, column)


def product_of(factors: Sequence[Any]) -> Any:
    """Multiply matrices.

    Parameters
    ----------
    factors : sequence of matrix
        At least one.

    Examples
    --------
    >>> product_of([sp.eye(2), 3 * sp.eye(2)])
    Matrix([
    [3, 0],
    [0, 3]])
    """
    if len(factors) > 2 and not any(isinstance(factor, sp.MatrixBase) for factor in factors):
        return _settled(sp.MatMul(*factors).doit())  # all at once, as SymPy goes through the whole product each time
    return _settled(reduce(lambda left, right: left * right, factors))


def _entrywise(factors: Sequence[Any]) -> Any:
    """Multiply entry by entry, and write equal factors as a power."""
    powers = [sp.HadamardPower(factor, times) if times > 1 else factor for factor, times in Counter(factors).items()]
    return _settled(powers[0] if len(powers) == 1 else sp.HadamardProduct(*powers))


def _diagonal(matrix: Any) -> Any:
    """Return the diagonal as a column, also of products with explicit matrices, for which SymPy's own fails."""
    if isinstance(matrix, sp.MatrixBase):
        return sp.ImmutableMatrix([matrix[k, k] for k in range(matrix.rows)])
    if matrix.atoms(sp.MatrixBase):
        return sp.HadamardProduct(matrix, sp.Identity(matrix.rows)) * sp.OneMatrix(matrix.rows, 1)
    return DiagonalOf(matrix)


def _settled(matrix: Any) -> Any:
    """Write out a matrix of numbers."""
    if isinstance(matrix, sp.MatrixBase) or not matrix.atoms(sp.MatrixBase) or matrix.atoms(sp.MatrixSymbol):
        return matrix
    return matrix.as_explicit()


def _symbols_first(vector: Any) -> Any:
    return not isinstance(vector, sp.MatrixSymbol), sp.default_sort_key(vector)


class Network:
    """Vertices with vectors, joined by matrices; they are removed one by one.

    Parameters
    ----------
    component : Component
        A connected sum.
    letters : sequence of Letter
        The matrices that its labels stand for.
    """

    def __init__(self, component: Component, letters: Sequence[Letter]) -> None:
        self._vectors: dict[int, list[Any]] = defaultdict(list)
        self._columns: list[tuple[Any, int, sp.Expr]] = []  # a path that ends in a unit vector is a column of a matrix
        self._matrices: list[tuple[Any, int, int]] = []
        self._left: dict[int, sp.Expr] = {}
        for word, u, v in component:
            pin = letters[word[-1] >> 1]
            inner = word[:-1] if isinstance(pin, Pin) else word
            matrix = product_of([letter_of(letter, letters) for letter in inner])
            self._left[u] = matrix.shape[0]
            if isinstance(pin, Pin):
                self._columns.append((matrix, u, pin.index))
            elif v == NONE:
                self._vectors[u].append(matrix)
            else:
                self._left[v] = matrix.shape[1]
                self._join(matrix, u, v)

    def total(self) -> sp.Expr:
        """Remove the vertices where at most two matrices meet, and write out the sum over those that are left."""
        if self._columns:
            return self._written_out()
        last = self._reduced()
        return self._written_out() if last is None else self._sum_over(last)

    def _reduced(self) -> int | None:
        """Remove the vertices where at most two matrices meet; return the last one, at which there are vectors only."""
        while self._left:
            self._merge_parallel()
            degrees = {u: sum((u in (a, b)) for _, a, b in self._matrices) for u in sorted(self._left)}
            vertex = min(self._left, key=lambda u: (degrees[u], u))
            if degrees[vertex] == 0:
                return vertex
            if degrees[vertex] > 2:
                return None
            self._remove(vertex)
        return None

    def _join(self, matrix: Any, u: int, v: int) -> None:
        if u == v:
            self._vectors[u].append(_diagonal(matrix))
        else:
            self._matrices.append((matrix, u, v) if u < v else (matrix.T, v, u))

    def _merge_parallel(self) -> None:
        between: dict[tuple[int, int], list[Any]] = defaultdict(list)
        for matrix, u, v in self._matrices:
            between[u, v].append(matrix)
        self._matrices = [(_entrywise(matrices), u, v) for (u, v), matrices in between.items()]

    def _remove(self, vertex: int) -> None:
        meeting = [(m, u, v) if u == vertex else (m.T, v, u) for m, u, v in self._matrices if vertex in (u, v)]
        self._matrices = [link for link in self._matrices if vertex not in link[1:]]
        size, vectors = self._left.pop(vertex), self._vectors.pop(vertex, [])
        if len(meeting) == 1:
            ((matrix, _, other),) = meeting
            vector = _entrywise(vectors) if vectors else sp.OneMatrix(size, 1)
            self._vectors[other].append(product_of([matrix.T, vector]))
        else:
            (one, _, u), (two, _, v) = meeting
            middle = [_settled(DiagMatrix(_entrywise(vectors)))] if vectors else []
            self._join(product_of([one.T, *middle, two]), u, v)

    def _sum_over(self, vertex: int) -> sp.Expr:
        """Write the sum of a product of vectors as a product: of two equal halves, or of one vector and the others."""
        powers = Counter(sorted(self._vectors[vertex], key=_symbols_first))
        if not any(times % 2 for times in powers.values()):
            half = _entrywise([vector for vector, times in powers.items() for _ in range(times // 2)])
            return _entry(product_of([half.T, half]))
        first, *others = powers.elements()
        rest = _entrywise(others) if others else sp.OneMatrix(self._left[vertex], 1)
        return _entry(product_of([first.T, rest]))

    def _written_out(self, outer: Mapping[int, sp.Symbol] | None = None) -> sp.Expr:
        """Write a sum over the indices that are left; those in `outer` have names, and are not summed over."""
        everything = [link[0] for link in self._matrices + self._columns]
        everything += [vector for vectors in self._vectors.values() for vector in vectors]
        taken = {symbol.name for matrix in everything for symbol in matrix.atoms(sp.Symbol, sp.MatrixSymbol)}
        names = (name for k in range(1, len(taken) + len(self._left) + 1) if (name := f"i{k}") not in taken)
        index = {vertex: sp.Symbol(next(names), integer=True) for vertex in sorted(self._left)} | dict(outer or {})
        entries = [_entry(matrix, index[u], index[v]) for matrix, u, v in self._matrices]
        entries += [_entry(matrix, index[u], column) for matrix, u, column in self._columns]
        entries += [_entry(vector, index[u]) for u, vectors in self._vectors.items() for vector in vectors]
        return sp.Sum(sp.Mul(*entries), *((index[u], 0, size - 1) for u, size in self._left.items()))
