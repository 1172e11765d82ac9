"""Averages that bring matrices of their own: normal matrices with covariances, and inverse Wishart matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

import sympy as sp

from theory.ensembles import InvalidArgument
from theory.matrix_expectations.coefficients import Polynomial
from theory.matrix_expectations.index_graphs import Edge
from theory.matrix_expectations.matrix_laws import InverseWishart
from theory.matrix_expectations.partitions import pairings
from theory.matrix_expectations.weingarten import HIGHEST_ORDER, CosetType, coset_type, coset_types, weingarten

Entry = tuple[int, int]
Joined = tuple[Polynomial, list[tuple[int, int]], list[Edge]]
"""A term with covariances: its weight, the pairs of indices that it makes equal, and the entries of fixed matrices."""


@dataclass(frozen=True)
class MatrixNormal:
    """The average over a normal matrix whose rows or columns are correlated: pairs of entries, by Wick's theorem.

    Parameters
    ----------
    variance : Polynomial
        What all covariances are multiplied by.
    rowcov, colcov : int or None
        The labels of the covariances of rows and of columns; None for the identity.

    Examples
    --------
    >>> list(MatrixNormal(1, None, 7).terms([(0, 1), (2, 3)]))
    [(1, [(0, 2)], [(7, 1, 3)])]
    """

    variance: Polynomial
    rowcov: int | None
    colcov: int | None

    def terms(self, entries: Sequence[Entry]) -> Iterator[Joined]:
        """Sum over the pairings of the entries."""
        for pairing in pairings(range(len(entries))):
            equal, edges = [], []
            for a, b in pairing:
                for label, one, other in zip((self.rowcov, self.colcov), entries[a], entries[b], strict=True):
                    if label is None:
                        equal.append((one, other))
                    else:
                        edges.append((label, one, other))
            yield self.variance ** len(pairing), equal, edges

    def steps(self, entries: Sequence[Entry]) -> Iterator[tuple[*Joined, set[int]]]:
        """Sum over the partners of the first entry."""
        if len(entries) % 2:
            return
        for place in range(1, len(entries)):
            equal, edges = [], []
            for label, one, other in zip((self.rowcov, self.colcov), entries[0], entries[place], strict=True):
                if label is None:
                    equal.append((one, other))
                else:
                    edges.append((label, one, other))
            yield self.variance, equal, edges, {0, place}

    def cost(self, entries: Sequence[Entry]) -> int:
        """Count the pairings."""
        return prod(range(1, len(entries), 2))


@dataclass(frozen=True)
class InverseOfWishart:
    """The average over an inverse Wishart matrix: pairings of all indices.

    They are weighted by the orthogonal Weingarten function, taken at p + 1 - dof.

    Parameters
    ----------
    name : str
        The matrix's name, for the error message.
    scale : int or None
        The label of the scale; None for a multiple of the identity.
    weight : callable
        Gives the weight of a coset type.

    References
    ----------
    S. Matsumoto, General moments of the inverse real Wishart distribution and orthogonal Weingarten functions,
    J. Theor. Probab. 25, 2012.

    Examples
    --------
    >>> list(InverseOfWishart("T", None, lambda kind: len(kind)).terms([(0, 1)]))
    [(1, [(0, 1)], [])]
    """

    name: str
    scale: int | None
    weight: Callable[[CosetType], Polynomial]

    def terms(self, entries: Sequence[Entry]) -> Iterator[Joined]:
        """Sum over the pairings of all row and column indices.

        Raises
        ------
        InvalidArgument
            If the product has more than 4 entries.
        """
        most = HIGHEST_ORDER // 2
        if len(entries) > most:
            problem = f"a product has {len(entries)} factors {self.name}, an inverse Wishart matrix"
            raise InvalidArgument("expression", problem, f"the limit is {most}")
        indices = [index for entry in entries for index in entry]
        own = tuple((2 * place, 2 * place + 1) for place in range(len(entries)))
        for pairing in pairings(range(len(indices))):
            pairs = [(indices[a], indices[b]) for a, b in pairing]
            weight = self.weight(coset_type(own, pairing))
            yield (weight, pairs, []) if self.scale is None else (weight, [], [(self.scale, a, b) for a, b in pairs])

    def cost(self, entries: Sequence[Entry]) -> int:
        """Count the pairings."""
        return prod(range(1, 2 * len(entries), 2))


def inverse_weight(kind: CosetType, law: InverseWishart, size: sp.Expr) -> sp.Expr:
    """Return the weight of a pairing in the mean of a product of entries of an inverse Wishart matrix.

    Parameters
    ----------
    kind : CosetType
        That of the pairing with the one that joins the row and the column of each entry.
    law : InverseWishart
        The law, with its scale if that is a scalar.
    size : sympy.Expr
        The size p of the matrix.

    Examples
    --------
    >>> b, p = sp.symbols("b p")
    >>> (inverse_weight((1,), InverseWishart(b), p) * (b - p - 1)).simplify()
    1
    """
    order = sum(kind)
    excess = sp.expand(law.dof - size - 1)
    scale = law.scale if isinstance(law.scale, sp.Expr) and not law.scale.is_Matrix else sp.S.One
    return scale**order * (-1) ** order * weingarten(kind, -excess)


def inverse_weights(law: InverseWishart, order: int, size: sp.Expr, name: str) -> list[sp.Expr]:
    """Return all weights up to so many factors.

    Parameters
    ----------
    law : InverseWishart
        The law.
    order : int
        The greatest number of factors in one product.
    size : sympy.Expr
        The size of the matrix.
    name : str
        The matrix's name, for the error message.

    Raises
    ------
    InvalidArgument
        If the mean of so many factors is infinite.
    """
    spare = sp.expand(law.dof - size)
    if order and spare.is_number and not spare > 2 * order - 1:
        condition = f"dof > size + {2 * order - 1}"
        problem = f"the moment of order {order} of {name} with {law.dof} degrees of freedom and size {size} is infinite"
        raise InvalidArgument("expression", problem, f"it is finite where {condition}")
    halves = range(1, min(order, HIGHEST_ORDER // 2) + 1)
    return [inverse_weight(kind, law, size) for half in halves for kind in coset_types(half)]
