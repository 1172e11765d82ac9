"""From SymPy to sums of products of matrix entries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import count, pairwise, product
from math import prod
from typing import Any

import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement

from theory.ensembles import InvalidArgument
from theory.matrix_expectations.index_graphs import NONE, Edge, Merged, ends
from theory.matrix_expectations.letters import Conjugate, Frame, Letter, Pin
from theory.matrix_expectations.scalars import in_one_line

_MOST_FACTORS = 100
_MOST_PRODUCTS = 300_000


@dataclass(frozen=True)
class Known:
    """What is known of matrix symbols beside that they are random.

    Parameters
    ----------
    means : mapping of MatrixSymbol to matrix
        What is added to a random matrix wherever it occurs.
    invertible : frozenset of MatrixSymbol
        Random matrices whose inverse may occur.
    real : frozenset of MatrixSymbol
        Matrices that equal their conjugates.
    """

    means: Mapping[sp.MatrixSymbol, Any] = field(default_factory=dict)
    invertible: frozenset[sp.MatrixSymbol] = frozenset()
    real: frozenset[sp.MatrixSymbol] = frozenset()

    def __repr__(self) -> str:
        return f"Known({len(self.means)} means, {len(self.invertible)} invertible, {len(self.real)} real)"


@dataclass(frozen=True)
class Monomial:
    """A coefficient times a product of entries, summed over all its indices.

    Parameters
    ----------
    coefficient : sympy.Expr
        The factor in front of the sum, which includes the dimensions of indices that occur in no entry.
    edges : tuple of Edge
        The entries; their labels are places in the list of letters.
    """

    coefficient: sp.Expr
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class _Term:
    """A monomial that is being built: its entries, the indices that are equal, and all indices that are summed over."""

    coefficient: sp.Expr = sp.S.One
    edges: tuple[Edge, ...] = ()
    equal: tuple[tuple[int, int], ...] = ()
    indices: tuple[int, ...] = ()

    def __mul__(self, other: _Term) -> _Term:
        return _Term(
            self.coefficient * other.coefficient,
            self.edges + other.edges,
            self.equal + other.equal,
            self.indices + other.indices,
        )


_Sum = list[_Term]
_Bound = Mapping[sp.Symbol, tuple[int, sp.Expr]]
"""The indices of the sums around an expression are mapped to their vertices and to the numbers of their values."""


def parse(
    expression: sp.Expr, random: Collection[sp.MatrixSymbol], known: Known | None = None
) -> tuple[list[Monomial], list[Letter]]:
    """Expand a scalar or matrix expression into monomials.

    Parameters
    ----------
    expression : sympy.Expr
        A polynomial in traces, 1x1 products, entries and sums of entries, or a matrix of them. Parts without a random
        symbol may be any expression.
    random : collection of MatrixSymbol
        The random matrices, which no coefficient may contain.
    known : Known, optional
        What else is known of them.

    Returns
    -------
    tuple
        The monomials, and the list of letters in their edges, in SymPy's order. The row index of a matrix is bound to
        a :class:`Frame`, and so is its column index, unless the dimension is one.

    Raises
    ------
    InvalidArgument
        If the expression is no polynomial in the random symbols, or dimensions do not match.

    Examples
    --------
    >>> W = sp.MatrixSymbol("W", 2, 3)
    >>> (monomial,), letters = parse(2 * sp.Trace(W * W.T), {W})
    >>> monomial.coefficient, len(monomial.edges), letters
    (2, 2, [W])
    """
    reader = _Reader(frozenset(random), known or Known())
    terms = reader.framed(expression) if getattr(expression, "is_Matrix", False) else reader.scalar(expression, {})
    letters = sorted(reader.letters, key=_sort_key)
    places = {reader.letters[letter]: place for place, letter in enumerate(letters)}
    return [reader.monomial(term, places) for term in terms], letters


@dataclass
class _Reader:
    """What is known while an expression is read: the labels of its letters, and the dimensions of its indices."""

    random: frozenset[sp.MatrixSymbol]
    known: Known
    letters: dict[Letter, int] = field(default_factory=dict)
    dimensions: dict[int, sp.Expr] = field(default_factory=dict)
    fresh: Any = field(default_factory=count)

    def monomial(self, term: _Term, places: Mapping[int, int]) -> Monomial:
        """Identify the indices that are equal, and multiply by the dimensions of those that occur in no entry."""
        merged = Merged(term.equal)
        edges = tuple((places[label], row, column) for label, row, column in merged.edges(term.edges))
        met = {vertex for edge in edges for vertex in ends(edge)}
        free = {merged[index] for index in term.indices} - met - {NONE}
        return Monomial(sp.Mul(term.coefficient, *(self.dimensions[vertex] for vertex in free)), edges)

    def is_random(self, expression: sp.Basic) -> bool:
        return not self.random.isdisjoint(expression.free_symbols)

    def index(self, dimension: sp.Expr) -> int:
        """Return a new index to sum over, or NONE if it has one value only."""
        if dimension == 1:
            return NONE
        vertex: int = next(self.fresh)
        self.dimensions[vertex] = sp.sympify(dimension, strict=True)  # an explicit matrix has Python's integers
        return vertex

    def framed(self, expression: Any) -> _Sum:
        """Expand a matrix, with a frame for its rows and one for its columns."""
        rows, columns = map(self.index, expression.shape)
        frames = _Term()
        for side, dimension, vertex in zip(("rows", "columns"), expression.shape, (rows, columns), strict=True):
            if vertex != NONE:
                label = self.label(Frame(side, sp.sympify(dimension, strict=True)))
                frames *= _Term(edges=((label, vertex, NONE),), indices=(vertex,))
        return [frames * term for term in self.matrix(expression, rows, columns, {})]

    def conjugated(self, terms: _Sum) -> _Sum:
        """Conjugate coefficients and letters."""
        names = {label: letter for letter, label in self.letters.items()}
        out = []
        for term in terms:
            edges = tuple((self.label(self.conjugate(names[label])), *where) for label, *where in term.edges)
            coefficient = sp.conjugate(term.coefficient)
            out.append(_Term(coefficient, edges, term.equal, term.indices))  # type: ignore[arg-type]
        return out

    def conjugate(self, letter: Letter) -> Letter:
        if isinstance(letter, Conjugate):
            return letter.matrix
        if isinstance(letter, sp.MatrixBase):
            return letter.conjugate().as_immutable()
        inner = letter.arg if isinstance(letter, sp.Inverse) else letter
        return letter if isinstance(letter, (Pin, Frame)) or inner in self.known.real else Conjugate(letter)

    def scalar(self, expression: sp.Expr, bound: _Bound) -> _Sum:
        """Expand a scalar; `bound` has the indices of the sums around it."""
        if isinstance(expression, sp.Add):
            return [term for part in expression.args for term in self.scalar(part, bound)]
        if isinstance(expression, sp.Mul):
            return _multiplied([self.scalar(part, bound) for part in expression.args])
        if _is_high_power_of_numbers(expression, bound):
            return [_Term(_rational(expression))]
        if isinstance(expression, sp.Pow) and expression.exp.is_Integer and expression.exp > 0:
            _require_low_power(expression)
            if isinstance(expression.base, sp.Abs) and expression.exp % 2 == 0 and self.is_random(expression):
                (inside,) = expression.base.args
                halves = range(int(expression.exp / 2))
                plain = [self.scalar(inside, bound) for _ in halves]
                return _multiplied([*plain, *(self.conjugated(self.scalar(inside, bound)) for _ in halves)])
            return _multiplied([self.scalar(expression.base, bound) for _ in range(int(expression.exp))])
        if isinstance(expression, sp.Trace):
            return self.trace(expression.arg, bound)
        if isinstance(expression, sp.conjugate) and self.is_random(expression):
            return self.conjugated(self.scalar(expression.args[0], bound))
        if isinstance(expression, MatrixElement):
            return self.element(expression, bound)
        if isinstance(expression, sp.Sum):
            return self.sum(expression, bound)
        if isinstance(expression, sp.KroneckerDelta) and bound.keys() & expression.free_symbols:
            return self.delta(expression, bound)
        if self.is_random(expression):
            problem = f"{in_one_line(expression)} is no polynomial in {_names(self.random & expression.free_symbols)}"
            raise InvalidArgument("expression", problem, "use sums, products and whole powers")
        if hidden := bound.keys() & expression.free_symbols:
            problem = f"{in_one_line(expression)} depends on the summation index {_names(hidden)}"
            raise InvalidArgument("expression", problem, "write it as entries of a vector or a matrix")
        return [_Term(_rational(expression))]

    def trace(self, argument: Any, bound: _Bound) -> _Sum:
        rows, columns = argument.shape
        _require_same("the rows", rows, "the columns", columns, argument)
        vertex = self.index(rows)
        return [term * _Term(indices=(vertex,)) for term in self.matrix(argument, vertex, vertex, bound)]

    def element(self, expression: Any, bound: _Bound) -> _Sum:
        parent, *indices = expression.args
        pinned = _Term()
        vertices = []
        for index, dimension in zip(indices, parent.shape, strict=True):
            if index in bound:
                vertex, extent = bound[index]
                _require_same(f"the range of {index}", extent, "the dimension", dimension, expression)
            else:
                vertex = self.index(dimension)
                if hidden := bound.keys() & index.free_symbols:
                    problem = f"{in_one_line(expression)} has the summation index {_names(hidden)} inside of {index}"
                    raise InvalidArgument("expression", problem, "use the index itself")
                if vertex != NONE:
                    pinned *= _Term(edges=((self.label(Pin(index, dimension)), vertex, NONE),), indices=(vertex,))
            vertices.append(vertex)
        return [pinned * term for term in self.matrix(parent, vertices[0], vertices[1], bound)]

    def sum(self, expression: sp.Sum, bound: _Bound) -> _Sum:
        inner = dict(bound)
        indices = []
        for symbol, lower, upper in expression.limits:
            if lower != 0 or symbol in bound:
                problem = f"cannot read the range of {symbol} in {in_one_line(expression)}"
                raise InvalidArgument("expression", problem, "sum from 0 to the dimension minus 1, each index once")
            vertex = self.index(sp.expand(upper + 1))
            inner[symbol] = (vertex, sp.expand(upper + 1))
            indices.append(vertex)
        return [term * _Term(indices=tuple(indices)) for term in self.scalar(expression.function, inner)]

    def delta(self, expression: sp.KroneckerDelta, bound: _Bound) -> _Sum:
        left, right = expression.args
        if left in bound and right in bound:
            _require_same("one range", bound[left][1], "the other", bound[right][1], expression)
            return [_Term(equal=((bound[left][0], bound[right][0]),))]
        index, value = (left, right) if left in bound else (right, left)
        if index not in bound or bound.keys() & value.free_symbols:
            raise InvalidArgument("expression", f"cannot read {expression}", "use an index or a number on either side")
        vertex, extent = bound[index]
        return [_Term(edges=((self.label(Pin(value, extent)), vertex, NONE),) if vertex != NONE else ())]

    def matrix(self, expression: Any, row: int, column: int, bound: _Bound) -> _Sum:
        """Expand an entry of a matrix expression, whose indices are given as vertices."""
        if isinstance(expression, (sp.MatPow, sp.HadamardPower)):
            _require_low_power(expression)
        match expression:
            case sp.MatAdd():
                for part in expression.args:
                    for mine, its in zip(expression.shape, part.shape, strict=True):
                        _require_same("one summand", mine, "another", its, expression)
                return [term for part in expression.args for term in self.matrix(part, row, column, bound)]
            case sp.MatMul():
                return self.product(list(expression.args), row, column, bound)
            case sp.MatPow() if expression.exp.is_Integer and expression.exp > 0:
                return self.product([expression.base] * int(expression.exp), row, column, bound)
            case sp.MatPow() if expression.exp.is_Integer and expression.exp < -1:
                return self.product([expression.base.inverse()] * int(-expression.exp), row, column, bound)
            case sp.Transpose():
                return self.matrix(expression.arg, column, row, bound)
            case sp.Adjoint():
                return self.conjugated(self.matrix(expression.arg, column, row, bound))
            case sp.HadamardProduct():
                for part in expression.args[1:]:
                    for mine, its in zip(expression.shape, part.shape, strict=True):
                        _require_same("one factor", mine, "another", its, expression)
                return _multiplied([self.matrix(part, row, column, bound) for part in expression.args])
            case sp.HadamardPower() if expression.exp.is_Integer and expression.exp > 0:
                powers = range(int(expression.exp))
                return _multiplied([self.matrix(expression.base, row, column, bound) for _ in powers])
            case sp.Identity():
                return [_Term(equal=((row, column),))]
            case sp.ZeroMatrix():
                return []
            case sp.OneMatrix():
                return [_Term()]
            case DiagMatrix():
                (vector,) = expression.args
                places = (row, NONE) if vector.shape[1] == 1 else (NONE, row)
                return [term * _Term(equal=((row, column),)) for term in self.matrix(vector, *places, bound)]
            case DiagonalMatrix() | DiagonalOf() if sp.expand(expression.arg.rows - expression.arg.cols) != 0:
                problem = f"{in_one_line(expression.arg)} is not square, and its diagonal is not known here"
                raise InvalidArgument("expression", problem, "use square matrices")
            case DiagonalMatrix():
                return [term * _Term(equal=((row, column),)) for term in self.matrix(expression.arg, row, row, bound)]
            case DiagonalOf():
                return self.matrix(expression.arg, row, row, bound)
        if isinstance(expression, sp.Inverse) and isinstance(expression.arg, sp.Transpose):
            return self.matrix(sp.Inverse(expression.arg.arg), column, row, bound)
        known_inverse = isinstance(expression, sp.Inverse) and expression.arg in self.known.invertible
        if not isinstance(expression, sp.MatrixSymbol) and self.is_random(expression) and not known_inverse:
            problem = f"{in_one_line(expression)} is no polynomial in {_names(self.random & expression.free_symbols)}"
            remedy = "use sums, products, transposes and whole powers"
            if isinstance(expression, sp.MatPow) and expression.exp.is_negative:
                remedy = "the inverse is known of a symbol whose law is Wishart(b, Sigma), or InverseWishart(b, Psi)"
            raise InvalidArgument("expression", problem, remedy)
        if isinstance(expression, sp.MatrixBase):
            expression = expression.as_immutable()
        entry = [_Term(edges=((self.label(expression), row, column),))]
        mean = self.known.means.get(expression)
        return entry if mean is None else entry + self.matrix(mean, row, column, bound)

    def product(self, factors: list[Any], row: int, column: int, bound: _Bound) -> _Sum:
        matrices = [factor for factor in factors if getattr(factor, "is_Matrix", False)]
        parts = [self.scalar(factor, bound) for factor in factors if not getattr(factor, "is_Matrix", False)]
        vertices = [row]
        for left, right in pairwise(matrices):
            if left.shape[1] != right.shape[0]:  # the texts of long factors take long
                names = f"the columns of {in_one_line(left)}", f"the rows of {in_one_line(right)}"
                _require_same(names[0], left.shape[1], names[1], right.shape[0], sp.MatMul(*matrices))
            vertices.append(self.index(right.shape[0]))
        inner = _Term(indices=tuple(vertices[1:]))
        vertices.append(column)
        for place, matrix in enumerate(matrices):
            parts.append(self.matrix(matrix, vertices[place], vertices[place + 1], bound))
        return [inner * term for term in _multiplied(parts)]

    def label(self, letter: Letter) -> int:
        return self.letters.setdefault(letter, len(self.letters))


def _multiplied(factors: list[_Sum]) -> _Sum:
    if (count := prod(map(len, factors))) > _MOST_PRODUCTS:
        size = f"{count:,}" if count < 10**12 else "too many"
        problem = f"is a sum of {size} products, and the limit is {_MOST_PRODUCTS:,}"
        raise InvalidArgument("expression", problem, "use lower powers")
    out = []
    for terms in product(*factors):
        whole = _Term()
        for term in terms:
            whole *= term
        out.append(whole)
    return out


def _is_high_power_of_numbers(expression: sp.Expr, bound: _Bound) -> bool:
    """Whether a power of numbers and letters alone is too high to be written out, and may stand as it is."""
    high = isinstance(expression, sp.Pow) and expression.exp.is_Integer and expression.exp > _MOST_FACTORS
    return bool(high and not expression.has(sp.MatrixSymbol) and not bound)


def _require_low_power(expression: Any) -> None:
    """Refuse a power of more factors than could be averaged, before it is written out."""
    exponent = expression.exp
    if exponent.is_Integer and abs(exponent) > _MOST_FACTORS:
        problem = f"the power {in_one_line(exponent)} is too high" if abs(exponent) < 10**9 else "a power is too high"
        raise InvalidArgument("expression", problem, f"use powers up to {_MOST_FACTORS}")


def _rational(expression: sp.Expr) -> sp.Expr:
    return expression.xreplace({part: sp.Rational(part) for part in expression.atoms(sp.Float)})


def _require_same(one: str, left: sp.Expr, other: str, right: sp.Expr, where: Any) -> None:
    if left != right and sp.expand(left - right) != 0:
        problem = f"in {in_one_line(where)}, {one} have size {left} and {other} {right}"
        raise InvalidArgument("expression", problem, "make the dimensions equal")


def _sort_key(letter: Letter) -> Any:
    if isinstance(letter, Pin):
        return 1, sp.default_sort_key(letter.index), sp.default_sort_key(letter.dimension)
    if isinstance(letter, Frame):
        return 2, letter.side, ()
    if isinstance(letter, Conjugate):
        return 0, sp.default_sort_key(letter.matrix), (1,)
    return 0, sp.default_sort_key(letter), ()


def _names(symbols: Collection[Any]) -> str:
    return ", ".join(sorted(map(str, symbols)))
