"""Averages over complex matrices: entries are paired with conjugated ones only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import factorial

from theory.ensembles import InvalidArgument
from theory.matrix_expectations.coefficients import Polynomial
from theory.matrix_expectations.unitary_weingarten import MOST_PAIRS, CycleType, cycle_type

Entry = tuple[int, int]
Term = tuple[Polynomial, list[tuple[int, int]]]


@dataclass(frozen=True)
class ComplexWick:
    """The average over independent circular complex normal entries: each is paired with a conjugated one.

    Parameters
    ----------
    variance : Polynomial
        E|z|^2 of an entry.

    Examples
    --------
    >>> list(ComplexWick(1).terms([(0, 1)], [(2, 3)])), list(ComplexWick(1).terms([(0, 1), (2, 3)], []))
    ([(1, [(0, 2), (1, 3)])], [])
    """

    variance: Polynomial

    def terms(self, entries: Sequence[Entry], conjugated: Sequence[Entry]) -> Iterator[Term]:
        """Sum over the ways to give each entry a conjugated one."""
        if len(entries) != len(conjugated):
            return
        for order in permutations(conjugated):
            equal = [same for one, bar in zip(entries, order, strict=True) for same in zip(one, bar, strict=True)]
            yield self.variance ** len(entries), equal

    def steps(
        self, entries: Sequence[Entry], conjugated: Sequence[Entry]
    ) -> Iterator[tuple[*Term, list[tuple[int, int, int]], set[int]]]:
        """Sum over the partners of the first entry; places count the entries first, then the conjugated ones."""
        if len(entries) != len(conjugated):
            return
        for place, bar in enumerate(conjugated):
            yield self.variance, list(zip(entries[0], bar, strict=True)), [], {0, len(entries) + place}

    def cost(self, entries: Sequence[Entry]) -> int:
        """Count the permutations; both kinds of entries are given together."""
        return factorial(len(entries) // 2)


@dataclass(frozen=True)
class UnitaryHaar:
    """The average over a Haar unitary matrix: rows and columns are permuted, weighted by the Weingarten function.

    Parameters
    ----------
    name : str
        The matrix's name, for the error message.
    weight : callable
        Gives the Weingarten function of a cycle type.

    Examples
    --------
    >>> list(UnitaryHaar("U", lambda kind: 1).terms([(0, 1)], [(2, 3)]))
    [(1, [(0, 2), (1, 3)])]
    """

    name: str
    weight: Callable[[CycleType], Polynomial]

    def terms(self, entries: Sequence[Entry], conjugated: Sequence[Entry]) -> Iterator[Term]:
        """Sum over a permutation of the rows and one of the columns.

        Raises
        ------
        InvalidArgument
            If the product has more than 4 entries and as many conjugated ones.
        """
        order = len(entries)
        if order != len(conjugated):
            return
        if order > MOST_PAIRS:
            problem = f"a product has {order} factors {self.name}, a Haar unitary matrix, and as many conjugates"
            raise InvalidArgument("expression", problem, f"the limit is {MOST_PAIRS} of each")
        for rows in permutations(range(order)):
            equal_rows = [(entries[t][0], conjugated[rows[t]][0]) for t in range(order)]
            for columns in permutations(range(order)):
                equal_columns = [(entries[t][1], conjugated[columns[t]][1]) for t in range(order)]
                yield self.weight(cycle_type(rows, columns)), equal_rows + equal_columns

    def cost(self, entries: Sequence[Entry]) -> int:
        """Count the pairs of permutations; both kinds of entries are given together."""
        return factorial(len(entries) // 2) ** 2
