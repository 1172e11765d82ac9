"""A sum of products of entries, from which one random matrix after the other is averaged out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from theory.ensembles import InvalidArgument
from theory.matrix_expectations.averages import AnyAverage, Independent, Orthogonal, Wick, average, scalars_of
from theory.matrix_expectations.coefficients import Coefficients, Polynomial
from theory.matrix_expectations.complex_averages import ComplexWick, UnitaryHaar
from theory.matrix_expectations.covariances import MatrixNormal
from theory.matrix_expectations.framing import matrix_of
from theory.matrix_expectations.index_graphs import NONE, Component, Edge, Merged, canonical, ends
from theory.matrix_expectations.letters import Letter
from theory.matrix_expectations.matrix_laws import Gaussian, InverseWishart, Mask, MatrixLaw, Wishart, is_matrix
from theory.matrix_expectations.parsing import Monomial
from theory.matrix_expectations.reading import written
from theory.matrix_expectations.roles import Roles

MOST_WORK = 1_500_000
"""So many matrices may stand in all terms of an average together: more would take longer than some 20 seconds."""

MOST_TERMS = 15_000
"""So many different terms may be left at any time: to write more takes longer."""

MOST_SUMS = 1_500
"""So many different sums that are no products of matrices, such as those with diagonals, are written in 20 seconds."""

_FEW_TERMS = 24
"""Averages with no more terms are expanded at once; others one entry at a time, so that equal terms are collected."""


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
    averages : dict of label to AnyAverage
        How to average over each random matrix.
    roles : Roles
        Which letters are unit vectors, symmetric, or conjugates of others.
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
    averages: dict[int, AnyAverage]
    roles: Roles
    weights: dict[tuple[Component, ...], Polynomial] = field(default_factory=dict)
    graphs: dict[tuple[Component, ...], list[Edge]] = field(default_factory=dict)
    haar: dict[int, int] = field(init=False)
    work: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Keep the labels of Haar matrices, each with that of its conjugate."""
        self.haar = {label: label for label, known in self.averages.items() if isinstance(known, Orthogonal)}
        for label, known in self.averages.items():
            if isinstance(known, UnitaryHaar) and label in self.roles.conjugates:
                conjugate = self.roles.conjugates[label]
                self.haar |= {label: conjugate, conjugate: label}

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
        roles = Roles.of(letters, laws)
        letters = roles.letters
        shapes = [tuple(sp.sympify(size, strict=True) for size in letter.shape) for letter in letters]
        random = dict(roles.laws)
        for label, law in list(random.items()):
            if isinstance(law, Wishart):
                shapes[label] = (shapes[label][0], law.dof)
                random[label] = as_normal(law)
        start = [(part.coefficient, _reduced(part.edges, roles.laws, shapes)) for part in monomials]
        orders: Counter[int] = Counter()
        for _, edges in start:
            orders |= Counter(label for label, *_ in edges if label in random)
        scalars = [law.dof for law in random.values() if isinstance(law, InverseWishart)]  # first, as it is the larger
        scalars += [coefficient for coefficient, _ in start] + [size for shape in shapes for size in shape]
        for label, law in random.items():
            scalars += scalars_of(law, orders[label], shapes[label][0], str(letters[label]))
        ring = Coefficients(scalars)
        calculation = cls(
            letters,
            ring,
            [(ring.read(rows), ring.read(columns)) for rows, columns in shapes],
            {
                label: average(law, ring, shapes[label][0], str(letters[label]), roles.covariances)
                for label, law in random.items()
            },
            roles,
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
        if self.roles.pins and self._is_contradictory(edges):
            return
        key = canonical(edges, self.roles.pins, self.roles.symmetric)
        if key in self.weights:
            self.weights[key] += weight * factor
        else:
            self.weights[key], self.graphs[key] = weight * factor, edges

    def result(self) -> sp.Expr:
        """Average over all random matrices, first those that give the fewest terms, and write the rest in SymPy.

        Raises
        ------
        InvalidArgument
            If a product has so many factors of one matrix that its average would take minutes.
        """
        left = set(self.averages)
        while left:
            label = min(left, key=self._effort)
            self.average_over(label)
            left.remove(label)
        found = [(self.ring.write(weight), key) for key, weight in self.weights.items() if weight]
        sums = {part for _, key in found for part in key if len(part) > 1 or part[0][1] != part[0][2]}
        if len(sums) > MOST_SUMS:
            problem = f"the answer has {len(sums):,} sums that are no products of matrices"
            raise InvalidArgument("expression", problem, f"use fewer factors: the limit is {MOST_SUMS:,}")
        if self.roles.frames:
            return matrix_of(found, self.letters, self.roles.settled)
        known = {part: written(part, self.letters) for part in dict.fromkeys(part for _, key in found for part in key)}
        total = (weight * sp.Mul(*(known[part] for part in key)) for weight, key in found)
        return self.roles.settled(sp.Add(*total))

    def _effort(self, label: int) -> tuple[int, int, int]:
        terms = spread = 0
        both = self._both(label)
        for edges in self.graphs.values():
            if entries := [(row, column) for name, row, column in edges if name in both]:
                terms += self.averages[label].cost(entries)
                spread += len({row for row, _ in entries}) + len({column for _, column in entries})
        return terms, spread, label

    def _both(self, label: int) -> tuple[int, ...]:
        """Return the labels of a matrix and of its conjugate, if that occurs."""
        conjugate = self.roles.conjugates.get(label)
        return (label,) if conjugate is None else (label, conjugate)

    def average_over(self, label: int) -> None:
        """Take the expectation over one random matrix.

        Raises
        ------
        InvalidArgument
            If that would take minutes.
        """
        self.work = 0
        both = self._both(label)
        while isinstance(self.averages[label], _ONE_BY_ONE):
            factors = {key: sum(edge[0] in both for edge in edges) for key, edges in self.graphs.items()}
            most = max(factors.values(), default=0)
            longest = [key for key, count in factors.items() if count == most]
            if not any(self._cost(label, self.graphs[key]) > _FEW_TERMS for key in longest):
                break
            for weight, edges in [(self.weights.pop(key), self.graphs.pop(key)) for key in longest]:
                if weight:
                    self._average_one_entry(label, weight, edges)
        self._average_at_once(label)

    def _cost(self, label: int, edges: Iterable[Edge]) -> int:
        both = self._both(label)
        return self.averages[label].cost([(row, column) for name, row, column in edges if name in both])

    def _average_one_entry(self, label: int, weight: Polynomial, edges: list[Edge]) -> None:
        """Average over one entry of a matrix, together with those that equal it, and leave the others."""
        both, known = self._both(label), self.averages[label]
        inside = [edge for one in both for edge in edges if edge[0] == one]
        rest = [edge for edge in edges if edge[0] not in both]
        entries = [(row, column) for _, row, column in inside]
        if isinstance(known, ComplexWick):
            plain = sum(edge[0] == label for edge in inside)
            steps: Iterable[Any] = known.steps(entries[:plain], entries[plain:]) if 0 < plain < len(entries) else ()
        else:
            assert isinstance(known, (Independent, Wick, MatrixNormal))
            steps = known.steps(entries)
        for factor, equal, joined, used in steps:
            merged = Merged(equal)
            kept = merged.edges([*rest, *joined, *(edge for place, edge in enumerate(inside) if place not in used)])
            gone = [(merged[row], merged[column]) for place, (row, column) in enumerate(entries) if place in used]
            self._count(label, edges)
            self.add(weight * factor * self._free(label, gone, kept), kept)

    def _count(self, label: int, edges: Sequence[Edge]) -> None:
        self.work += len(edges)
        if self.work > MOST_WORK or len(self.graphs) > MOST_TERMS:
            problem = f"averaging over {self.letters[label]} takes too long, or leaves more than {MOST_TERMS:,} terms"
            remedy = "use fewer factors of it: the limit is 12 normal ones among different matrices, more in powers"
            raise InvalidArgument("expression", problem, remedy)

    def _average_at_once(self, label: int) -> None:
        both, known = self._both(label), self.averages[label]
        before = [(self.weights[key], edges) for key, edges in self.graphs.items() if self.weights[key]]
        self.weights, self.graphs = {}, {}
        for weight, edges in before:
            entries = [(row, column) for name, row, column in edges if name in both]
            if not entries:
                self.add(weight, edges)
                continue
            rest = [edge for edge in edges if edge[0] not in both]
            if isinstance(known, (ComplexWick, UnitaryHaar)):
                plain, bars = ([(r, c) for name, r, c in edges if name == one] for one in (label, both[-1]))
                terms: Iterable[Any] = known.terms(plain, bars if len(both) > 1 else [])
            else:
                terms = known.terms(entries)
            for factor, equal, *joined in terms:
                merged = Merged(equal)
                kept = merged.edges([*rest, *joined[0]] if joined else rest)
                values = self._free(label, [(merged[row], merged[column]) for row, column in entries], kept)
                self._count(label, edges)
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
        if not self.haar:
            return factor, edges
        while pair := _orthogonal_pair(edges, self.haar):
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
            if label in self.roles.pins:
                index = self.letters[label].index
                if (values.setdefault(row, index) - index).is_nonzero:
                    return True
        return False


_ONE_BY_ONE = (Independent, Wick, MatrixNormal, ComplexWick)
"""Averages with weights that are products, so that one entry may be averaged after the other."""


def as_normal(law: Wishart) -> Gaussian:
    """Return the law of G, where G G^T is a Wishart matrix.

    Examples
    --------
    >>> as_normal(Wishart(5, 2))
    Gaussian(variance=2)
    """
    return Gaussian(rowcov=law.scale) if is_matrix(law.scale) else Gaussian(law.scale)


def _orthogonal_pair(edges: list[Edge], haar: Mapping[int, int]) -> tuple[tuple[int, int], int] | None:
    """Return two edges that share their row, or their column, with no other edge; and which side.

    They are of one orthogonal Haar matrix, or of a unitary one and its conjugate.
    """
    if not any(edge[0] in haar for edge in edges):
        return None
    meeting: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for index, edge in enumerate(edges):
        for side in (0, 1):
            meeting[edge[1 + side]].append((index, side))
    for vertex, met in meeting.items():
        if vertex != NONE and len(met) == 2:
            (first, side), (second, its_side) = met
            if side == its_side and haar.get(edges[first][0]) == edges[second][0]:
                return (first, second), side
    return None


def _reduced(edges: Iterable[Edge], laws: Mapping[int, MatrixLaw], shapes: list[tuple[sp.Expr, sp.Expr]]) -> list[Edge]:
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
