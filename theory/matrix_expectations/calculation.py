"""A sum of products of entries, from which one random matrix after the other is averaged out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from theory.matrix_expectations.averages import Average, Orthogonal, average, scalars_of
from theory.matrix_expectations.coefficients import Coefficients, Polynomial
from theory.matrix_expectations.index_graphs import NONE, Component, Edge, Merged, canonical, ends
from theory.matrix_expectations.matrix_laws import Gaussian, Mask, MatrixLaw, Wishart
from theory.matrix_expectations.parsing import Letter, Monomial, Pin
from theory.matrix_expectations.reading import written


@dataclass
class Calculation:
    """A sum of index graphs, from which one random matrix after the other is averaged out.

    Parameters
    ----------
    letters : list of Letter
        The matrices; a label is a place in this list.
    ring : Coefficients
        The ring of the weights.
    sizes : list of pairs of Polynomial
        The numbers of rows and columns of each letter.
    averages : dict of label to Average
        How to average over each random matrix.
    pins : frozenset of int
        The labels of unit vectors.
    weights, graphs : dict
        The terms collected so far: their weights and their edges, by the canonical form of their graphs.

    Examples
    --------
    >>> from theory.matrix_expectations.parsing import parse
    >>> W = sp.MatrixSymbol("W", 2, 3)
    >>> laws = {W: Gaussian(sp.Integer(1))}
    >>> monomials, letters = parse(sp.Trace(W * W.T), laws)
    >>> Calculation.of(monomials, letters, laws).result()
    6
    """

    letters: list[Letter]
    ring: Coefficients
    sizes: list[tuple[Polynomial, Polynomial]]
    averages: dict[int, Average]
    pins: frozenset[int]
    weights: dict[tuple[Component, ...], Polynomial] = field(default_factory=dict)
    graphs: dict[tuple[Component, ...], list[Edge]] = field(default_factory=dict)

    def __repr__(self) -> str:
        names = ", ".join(str(letter) for letter in self.letters)
        return f"Calculation({len(self.weights)} terms in {names})"

    @classmethod
    def of(
        cls, monomials: Iterable[Monomial], letters: list[Letter], laws: Mapping[sp.MatrixSymbol, MatrixLaw]
    ) -> Calculation:
        """Set a calculation up: write Wishart matrices as Gaussian ones and masks as vectors, and choose the ring.

        Parameters
        ----------
        monomials : iterable of Monomial
            The terms of the polynomial.
        letters : list of Letter
            The matrices that the labels in their edges stand for.
        laws : mapping of MatrixSymbol to MatrixLaw
            The laws of the random ones.
        """
        shapes = [tuple(sp.sympify(size, strict=True) for size in letter.shape) for letter in letters]
        random = {label: laws[letter] for label, letter in enumerate(letters) if letter in laws}
        for label, law in list(random.items()):
            if isinstance(law, Wishart):
                shapes[label] = (shapes[label][0], law.dof)
                random[label] = Gaussian(law.scale)
        start = [
            (part.coefficient, _reduced(part.edges, {label: laws.get(letters[label]) for label in random}, shapes))
            for part in monomials
        ]
        orders: Counter[int] = Counter()
        for _, edges in start:
            orders |= Counter(label for label, *_ in edges if label in random)
        scalars = [coefficient for coefficient, _ in start] + [size for shape in shapes for size in shape]
        for label, law in random.items():
            scalars += scalars_of(law, orders[label], shapes[label][0])
        ring = Coefficients(scalars)
        calculation = cls(
            letters,
            ring,
            [(ring.read(rows), ring.read(columns)) for rows, columns in shapes],
            {label: average(law, ring, shapes[label][0], str(letters[label])) for label, law in random.items()},
            frozenset(label for label, letter in enumerate(letters) if isinstance(letter, Pin)),
        )
        for coefficient, edges in start:
            calculation.add(ring.read(coefficient), edges)
        return calculation

    def add(self, weight: Polynomial, edges: list[Edge]) -> None:
        """Add one more term, to the one of an equal graph if there is one.

        Parameters
        ----------
        weight : Polynomial
            The term's coefficient.
        edges : list of Edge
            The entries in its product.
        """
        factor, edges = self._contracted(edges)
        if self.pins and self._is_contradictory(edges):
            return
        key = canonical(edges, self.pins)
        if key in self.weights:
            self.weights[key] += weight * factor
        else:
            self.weights[key], self.graphs[key] = weight * factor, edges

    def result(self) -> sp.Expr:
        """Average over all random matrices, first those that give the fewest terms, and write the rest in SymPy."""
        left = set(self.averages)
        while left:
            label = min(left, key=self._effort)
            self.average_over(label)
            left.remove(label)
        return sp.Add(
            *(
                self.ring.write(weight) * sp.Mul(*(written(component, self.letters) for component in key))
                for key, weight in self.weights.items()
                if weight
            )
        )

    def _effort(self, label: int) -> tuple[int, int, int]:
        terms = spread = 0
        for edges in self.graphs.values():
            if entries := [(row, column) for name, row, column in edges if name == label]:
                terms += self.averages[label].cost(entries)
                spread += len({row for row, _ in entries}) + len({column for _, column in entries})
        return terms, spread, label

    def average_over(self, label: int) -> None:
        """Take the expectation over one random matrix."""
        before = [(self.weights[key], edges) for key, edges in self.graphs.items() if self.weights[key]]
        self.weights, self.graphs = {}, {}
        for weight, edges in before:
            entries = [(row, column) for name, row, column in edges if name == label]
            if not entries:
                self.add(weight, edges)
                continue
            rest = [edge for edge in edges if edge[0] != label]
            for factor, equal in self.averages[label].terms(entries):
                merged = Merged(equal)
                kept = merged.edges(rest)
                values = self._free(label, [(merged[row], merged[column]) for row, column in entries], kept)
                self.add(weight * factor * values, kept)

    def _free(self, label: int, entries: Iterable[tuple[int, int]], kept: Iterable[Edge]) -> Polynomial:
        """Return how many values those indices have together that occur in these entries only."""
        met = {NONE, *(vertex for edge in kept for vertex in edge[1:])}
        free = {vertex: size for entry in entries for vertex, size in zip(entry, self.sizes[label], strict=True)}
        values = self.ring.one
        for vertex, size in free.items():
            if vertex not in met:
                values = values * size
        return values

    def _contracted(self, edges: list[Edge]) -> tuple[Polynomial, list[Edge]]:
        """Apply Q^T Q = Q Q^T = 1, which saves factors of Haar matrices."""
        factor = self.ring.one
        haar = {label for label, average in self.averages.items() if isinstance(average, Orthogonal)}
        while pair := _orthogonal_pair(edges, haar):
            (first, second), side = pair
            (label, *one), (_, *two) = edges[first], edges[second]
            merged = Merged([(one[1 - side], two[1 - side])])
            edges = merged.edges(edge for index, edge in enumerate(edges) if index not in (first, second))
            other = merged[one[1 - side]]
            factor = factor * self._free(label, [(other, other)], edges)
        return factor, edges

    def _is_contradictory(self, edges: Iterable[Edge]) -> bool:
        """Whether unit vectors give one index two different values."""
        values: dict[int, Any] = {}
        for label, row, _ in edges:
            if label in self.pins:
                index = self.letters[label].index
                if (values.setdefault(row, index) - index).is_nonzero:
                    return True
        return False


def _orthogonal_pair(edges: list[Edge], haar: set[int]) -> tuple[tuple[int, int], int] | None:
    """Return two edges of one Haar matrix that share their row, or their column, with no other edge; and which side."""
    if not any(edge[0] in haar for edge in edges):
        return None
    meeting: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for index, edge in enumerate(edges):
        for side in (0, 1):
            meeting[edge[1 + side]].append((index, side))
    for vertex, met in meeting.items():
        if vertex != NONE and len(met) == 2:
            (first, side), (second, its_side) = met
            if side == its_side and edges[first][0] == edges[second][0] and edges[first][0] in haar:
                return (first, second), side
    return None


def _reduced(
    edges: Iterable[Edge], laws: Mapping[int, MatrixLaw | None], shapes: list[tuple[sp.Expr, sp.Expr]]
) -> list[Edge]:
    """Write a Wishart matrix as G G^T, and a mask as a vector at the index that its row and its column share."""
    merged = Merged((row, column) for label, row, column in edges if isinstance(laws.get(label), Mask))
    fresh = max((vertex for edge in edges for vertex in ends(edge)), default=NONE) + 1
    out = []
    for label, row, column in merged.edges(edges):
        match laws.get(label):
            case Mask():
                out.append((label, row, NONE))
            case Wishart():
                inner = NONE if shapes[label][1] == 1 else fresh
                fresh += 1
                out += [(label, row, inner), (label, column, inner)]
            case _:
                out.append((label, row, column))
    return out
