"""The average of a product of entries of one random matrix: weights, and which indices they make equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import factorial, prod
from typing import Protocol

import sympy as sp

from theory.ensembles import InvalidArgument
from theory.ensembles.laws import parse_law
from theory.matrix_expectations.coefficients import Coefficients, Polynomial
from theory.matrix_expectations.cumulants import PowerCumulants
from theory.matrix_expectations.matrix_laws import Gaussian, Haar, Iid, Mask, MatrixLaw
from theory.matrix_expectations.partitions import Pairing, pairings, weighted_partitions
from theory.matrix_expectations.weingarten import HIGHEST_ORDER, CosetType, coset_type, coset_types, weingarten

Entry = tuple[int, int]
"""Row and column index of an entry."""

Term = tuple[Polynomial, list[tuple[int, int]]]
"""A weight, and pairs of indices that it makes equal."""


class Average(Protocol):
    """What is known of one random matrix."""

    def terms(self, entries: Sequence[Entry]) -> Iterator[Term]:
        """Expand the expectation of a product of entries; the sum of the terms is right for all values of indices."""

    def cost(self, entries: Sequence[Entry]) -> int:
        """Return about how many terms that gives."""


@dataclass(frozen=True)
class Independent:
    """Independent entries of one law: blocks of equal entries, weighted by joint cumulants.

    Parameters
    ----------
    cumulant : PowerCumulants
        Of an entry.
    one : Polynomial
        The ring's 1.
    symmetric : bool
        Whether odd moments vanish.
    """

    cumulant: PowerCumulants
    one: Polynomial
    symmetric: bool

    def terms(self, entries: Sequence[Entry]) -> Iterator[Term]:
        """Sum over partitions of the different entries, each with its power."""
        if self.symmetric and len(entries) % 2:
            return
        powers = Counter(entries)
        places = list(powers)

        def weight(block: tuple[int, ...]) -> Polynomial:
            return self.cumulant(tuple(powers[places[index]] for index in block))

        for value, blocks in weighted_partitions(range(len(places)), weight, self.one):
            equal = []
            for block in blocks:
                for a, b in pairwise(block):
                    equal += list(zip(places[a], places[b], strict=True))
            yield value, equal

    def cost(self, entries: Sequence[Entry]) -> int:
        """Count the pairings, or all orders where blocks may be odd."""
        different = len(set(entries))
        return _pairing_count(different) if self.symmetric else factorial(different)


@dataclass(frozen=True)
class Wick:
    """Normal entries: pairs of equal entries.

    Parameters
    ----------
    variance : Polynomial
        Of an entry.
    """

    variance: Polynomial

    def terms(self, entries: Sequence[Entry]) -> Iterator[Term]:
        """Sum over pairings, all of one weight."""
        for pairing in pairings(range(len(entries))):
            equal = [same for a, b in pairing for same in zip(entries[a], entries[b], strict=True)]
            yield self.variance ** len(pairing), equal

    def cost(self, entries: Sequence[Entry]) -> int:
        """Count the pairings."""
        return _pairing_count(len(entries))


@dataclass(frozen=True)
class Orthogonal:
    """Haar orthogonal: a pairing of rows and a pairing of columns, weighted by the Weingarten function.

    Parameters
    ----------
    name : str
        Of the matrix, for the error message.
    weight : callable
        The Weingarten function of a coset type.
    """

    name: str
    weight: Callable[[CosetType], Polynomial]

    def terms(self, entries: Sequence[Entry]) -> Iterator[Term]:
        """Sum over pairs of pairings."""
        order = len(entries)
        if order % 2:
            return
        if order > HIGHEST_ORDER:
            problem = f"a product has {order} factors {self.name}, a Haar matrix"
            raise InvalidArgument("expression", problem, f"the limit is {HIGHEST_ORDER}")
        rows = [(p, _equal([row for row, _ in entries], p)) for p in pairings(range(order))]
        columns = [(q, _equal([column for _, column in entries], q)) for q in pairings(range(order))]
        for p, equal_rows in rows:
            for q, equal_columns in columns:
                yield self.weight(coset_type(p, q)), equal_rows + equal_columns

    def cost(self, entries: Sequence[Entry]) -> int:
        """Count the pairs of pairings."""
        return _pairing_count(len(entries)) ** 2


def _equal(indices: Sequence[int], pairing: Pairing) -> list[tuple[int, int]]:
    return [(indices[a], indices[b]) for a, b in pairing]


def _pairing_count(size: int) -> int:
    return prod(range(1, size, 2))


def scalars_of(law: MatrixLaw, order: int, rows: sp.Expr) -> list[sp.Expr]:
    """Return all that the weights of products of so many entries are made of."""
    match law:
        case Iid():
            return [law.variance, *(_moment(law, even) for even in range(2, order + 1, 2))]
        case Gaussian():
            return [law.variance]
        case Mask():
            return [law.slope]
        case Haar():
            halves = range(1, min(order, HIGHEST_ORDER) // 2 + 1)
            return [weingarten(kind, rows) for half in halves for kind in coset_types(half)]
    raise AssertionError(f"{law} is written as another law before it is averaged")


def average(law: MatrixLaw, ring: Coefficients, rows: sp.Expr, name: str) -> Average:
    """Return how to average over a matrix, its coefficients in a ring that has all its scalars."""
    match law:
        case Iid():

            def entry_moment(order: int) -> Polynomial:
                return (
                    ring.zero if order % 2 else ring.read(law.variance) ** (order // 2) * ring.read(_moment(law, order))
                )

            return Independent(PowerCumulants(entry_moment), ring.one, symmetric=True)
        case Mask():

            def gate_moment(order: int) -> Polynomial:
                return (ring.one + ring.read(law.slope) ** order) * ring.read(sp.Rational(1, 2))

            return Independent(PowerCumulants(gate_moment), ring.one, symmetric=False)
        case Gaussian():
            return Wick(ring.read(law.variance))
    known: dict[CosetType, Polynomial] = {}

    def weight(kind: CosetType) -> Polynomial:
        if kind not in known:
            known[kind] = ring.read(weingarten(kind, rows))
        return known[kind]

    return Orthogonal(name, weight)


def _moment(law: Iid, order: int) -> sp.Expr:
    """E w^order of a standardized entry; a positive symbol where the law has only a name for it."""
    value = parse_law(law.law).moment(order)
    if isinstance(value, str):
        return sp.Symbol(value, positive=True)
    return sp.Rational(value.numerator, value.denominator)
