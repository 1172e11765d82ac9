"""The average of a product of entries of one random matrix: a sum of weights, each of which makes indices equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import factorial, prod
from typing import Protocol

import sympy as sp

from theory.ensembles import InvalidArgument
from theory.ensembles.laws import parse_law
from theory.matrix_expectations.coefficients import Coefficients, Polynomial
from theory.matrix_expectations.complex_averages import ComplexWick, UnitaryHaar
from theory.matrix_expectations.covariances import InverseOfWishart, MatrixNormal, inverse_weight, inverse_weights
from theory.matrix_expectations.cumulants import PowerCumulants
from theory.matrix_expectations.entry_laws import Entries
from theory.matrix_expectations.index_graphs import Edge
from theory.matrix_expectations.matrix_laws import (
    ComplexGaussian,
    Gaussian,
    Haar,
    Iid,
    InverseWishart,
    Mask,
    MatrixLaw,
    Unitary,
    is_matrix,
)
from theory.matrix_expectations.partitions import Pairing, pairings, weighted_partitions
from theory.matrix_expectations.unitary_weingarten import MOST_PAIRS, cycle_types, unitary_weingarten
from theory.matrix_expectations.weingarten import HIGHEST_ORDER, CosetType, coset_type, coset_types, weingarten

Entry = tuple[int, int]
"""An entry is given by its row index and its column index."""

Term = tuple[Polynomial, list[tuple[int, int]]]
"""A term is a weight, and the pairs of indices that it makes equal."""

Step = tuple[Polynomial, list[tuple[int, int]], list[Edge], set[int]]
"""A step is a weight, the pairs of indices that it makes equal, entries of fixed matrices, and the averaged places."""


class Average(Protocol):
    """How to average over one random matrix."""

    def terms(self, entries: Sequence[Entry]) -> Iterator[Term]:
        """Expand the expectation of a product of entries into terms.

        Their sum is the expectation for all values of the indices: a term counts where its pairs of indices are equal.
        """

    def cost(self, entries: Sequence[Entry]) -> int:
        """Return roughly how many terms the expansion has."""


class Stepwise(Average, Protocol):
    """How to average over one entry after the other."""

    def steps(self, entries: Sequence[Entry]) -> Iterator[Step]:
        """Expand the expectation by the entries that are averaged together with the first one.

        Their sum over all steps, times the expectation of what a step leaves, is the expectation.
        """


@dataclass(frozen=True)
class Independent:
    """The average over independent entries of one law: blocks of equal entries, weighted by joint cumulants.

    Parameters
    ----------
    cumulant : PowerCumulants
        The joint cumulants of an entry's powers.
    one : Polynomial
        The 1 of the ring of coefficients.
    symmetric : bool
        Whether odd moments vanish.

    Examples
    --------
    Two entries of a sign matrix have the mean 1 where they are the same entry, and 0 elsewhere:

    >>> signs = Independent(PowerCumulants(lambda order: 1 - order % 2), 1, symmetric=True)
    >>> list(signs.terms([(0, 1), (2, 3)]))
    [(1, [(0, 2), (1, 3)])]
    """

    cumulant: PowerCumulants
    one: Polynomial
    symmetric: bool

    def terms(self, entries: Sequence[Entry]) -> Iterator[Term]:
        """Sum over the partitions of the different entries into blocks; an entry counts with its power."""
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

    def steps(self, entries: Sequence[Entry]) -> Iterator[Step]:
        """Sum over the blocks of the first entry."""
        if self.symmetric and len(entries) % 2:
            return
        powers = Counter(entries)
        first, *others = powers
        for size in range(len(others) + 1):
            for chosen in combinations(others, size):
                block = (first, *chosen)
                if weight := self.cumulant(tuple(powers[place] for place in block)):
                    equal = [same for a, b in pairwise(block) for same in zip(a, b, strict=True)]
                    yield weight, equal, [], {index for index, entry in enumerate(entries) if entry in block}

    def cost(self, entries: Sequence[Entry]) -> int:
        """Count the pairings, or the permutations where blocks may be odd, as a measure of the number of terms."""
        different = len(set(entries))
        return _pairing_count(different) if self.symmetric else factorial(different)


@dataclass(frozen=True)
class Wick:
    """The average over independent normal entries: pairs of equal entries, by Wick's theorem.

    Parameters
    ----------
    variance : Polynomial
        The variance of an entry.

    Examples
    --------
    >>> list(Wick(1).terms([(0, 1), (2, 3)]))
    [(1, [(0, 2), (1, 3)])]
    """

    variance: Polynomial

    def terms(self, entries: Sequence[Entry]) -> Iterator[Term]:
        """Sum over the pairings of the entries, which all have the same weight."""
        for pairing in pairings(range(len(entries))):
            equal = [same for a, b in pairing for same in zip(entries[a], entries[b], strict=True)]
            yield self.variance ** len(pairing), equal

    def steps(self, entries: Sequence[Entry]) -> Iterator[Step]:
        """Sum over the partners of the first entry."""
        if len(entries) % 2 == 0:
            for place in range(1, len(entries)):
                yield self.variance, list(zip(entries[0], entries[place], strict=True)), [], {0, place}

    def cost(self, entries: Sequence[Entry]) -> int:
        """Count the pairings."""
        return _pairing_count(len(entries))


@dataclass(frozen=True)
class Orthogonal:
    """The average over a Haar orthogonal matrix: pairings of rows and of columns, weighted by the Weingarten function.

    Parameters
    ----------
    name : str
        The matrix's name, for the error message.
    weight : callable
        Gives the Weingarten function of a coset type.

    Examples
    --------
    At n = 2 two entries of one matrix have the mean 1/2 where they are the same entry:

    >>> list(Orthogonal("Q", lambda kind: weingarten(kind, sp.Integer(2))).terms([(0, 1), (2, 3)]))
    [(1/2, [(0, 2), (1, 3)])]
    """

    name: str
    weight: Callable[[CosetType], Polynomial]

    def terms(self, entries: Sequence[Entry]) -> Iterator[Term]:
        """Sum over the pairs of a pairing of the rows and a pairing of the columns.

        Raises
        ------
        InvalidArgument
            If the product has more than 8 entries.
        """
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


AnyAverage = Independent | Wick | Orthogonal | MatrixNormal | InverseOfWishart | ComplexWick | UnitaryHaar
"""How to average over one random matrix; those of complex ones are asked for with the conjugated entries apart."""


def scalars_of(law: MatrixLaw, order: int, rows: sp.Expr, name: str = "M") -> list[sp.Expr]:
    """Return the scalars that occur in the weights of products of so many entries.

    Parameters
    ----------
    law : MatrixLaw
        The law of the matrix; Wishart matrices are written as Gaussian ones before.
    order : int
        The greatest number of entries in one product.
    rows : sympy.Expr
        The number of rows of the matrix, on which the weights of a Haar matrix depend.
    name : str
        The matrix's name, for error messages.

    Examples
    --------
    >>> scalars_of(Iid("uniform", sp.Symbol("s")), 4, sp.Integer(3))
    [s, 1, 9/5]
    """
    match law:
        case Iid():
            return [law.variance, *(_moment(law, even) for even in range(2, order + 1, 2))]
        case Entries():
            return [law.moment(power) for power in range(1, order + 1)]
        case Gaussian() | ComplexGaussian():
            return [law.variance]
        case Mask():
            return [law.slope]
        case Haar():
            halves = range(1, min(order, HIGHEST_ORDER) // 2 + 1)
            return [weingarten(kind, rows) for half in halves for kind in coset_types(half)]
        case Unitary():
            return [
                unitary_weingarten(kind, rows)
                for pairs in range(1, min(order, MOST_PAIRS) + 1)
                for kind in cycle_types(pairs)
            ]
        case InverseWishart():
            return inverse_weights(law, order, rows, name)
    raise AssertionError(f"{law} is written as another law before it is averaged")


def average(
    law: MatrixLaw, ring: Coefficients, rows: sp.Expr, name: str, labels: Mapping[sp.Expr, int] | None = None
) -> AnyAverage:
    """Return how to average over a matrix.

    Parameters
    ----------
    law : MatrixLaw
        The law of the matrix; Wishart matrices are written as Gaussian ones before.
    ring : Coefficients
        The ring of the weights, which must contain all that :func:`scalars_of` returns.
    rows : sympy.Expr
        The number of rows of the matrix.
    name : str
        The matrix's name, for error messages.
    labels : mapping of matrix to int, optional
        The labels of the law's covariances.

    Returns
    -------
    AnyAverage

    Examples
    --------
    >>> s = sp.Symbol("s")
    >>> ring = Coefficients([s])
    >>> ((weight, equal),) = average(Gaussian(s), ring, sp.Integer(3), "W").terms([(0, 1), (2, 3)])
    >>> ring.write(weight), equal
    (s, [(0, 2), (1, 3)])
    """
    known = labels or {}
    match law:
        case Iid() | Entries() | Mask():
            return Independent(PowerCumulants(_moments(law, ring)), ring.one, symmetric=isinstance(law, Iid))
        case Gaussian() if law.rowcov is None and law.colcov is None:
            return Wick(ring.read(law.variance))
        case Gaussian():
            covariances = [None if one is None else known[one] for one in (law.rowcov, law.colcov)]
            return MatrixNormal(ring.read(law.variance), *covariances)
        case ComplexGaussian():
            return ComplexWick(ring.read(law.variance))
        case Unitary():
            return UnitaryHaar(name, _weights(ring, lambda kind: unitary_weingarten(kind, rows)))
        case InverseWishart():
            scale = known[law.scale] if is_matrix(law.scale) else None
            return InverseOfWishart(name, scale, _weights(ring, lambda kind: inverse_weight(kind, law, rows)))
    return Orthogonal(name, _weights(ring, lambda kind: weingarten(kind, rows)))


def _weights(ring: Coefficients, derive: Callable[[tuple[int, ...]], sp.Expr]) -> Callable[..., Polynomial]:
    """Return weights as elements of the ring, each read once."""
    known: dict[tuple[int, ...], Polynomial] = {}

    def weight(kind: tuple[int, ...]) -> Polynomial:
        if kind not in known:
            known[kind] = ring.read(derive(kind))
        return known[kind]

    return weight


def _moments(law: Iid | Entries | Mask, ring: Coefficients) -> Callable[[int], Polynomial]:
    """Return the moments of an entry as elements of the ring."""
    match law:
        case Iid():
            variance = ring.read(law.variance)
            return lambda order: ring.zero if order % 2 else variance ** (order // 2) * ring.read(_moment(law, order))
        case Entries():
            return lambda order: ring.read(law.moment(order))
    slope, half = ring.read(law.slope), ring.read(sp.Rational(1, 2))
    return lambda order: (ring.one + slope**order) * half


def _moment(law: Iid, order: int) -> sp.Expr:
    """Return E w^order of an entry of variance 1, or a positive symbol where the law has only a name for it."""
    value = parse_law(law.law).moment(order)
    if isinstance(value, str):
        return sp.Symbol(value, positive=True)
    return sp.Rational(value.numerator, value.denominator)
