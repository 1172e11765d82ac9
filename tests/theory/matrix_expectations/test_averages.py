"""An average over one matrix, as a sum over equal indices, is right for all values of the indices."""

import itertools
from collections.abc import Callable
from math import factorial, prod
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import refused
from theory.ensembles import Law
from theory.matrix_expectations.averages import Average, average, scalars_of
from theory.matrix_expectations.coefficients import Coefficients
from theory.matrix_expectations.matrix_laws import Gaussian, Haar, Iid, Mask, MatrixLaw

TERNARY = Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"})
ENTRIES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=0, max_size=6)
v, s = sp.symbols("v s")


def averaged(law: MatrixLaw, entries: list[tuple[int, int]], size: int = 2) -> sp.Expr:
    """E of a product of entries, its indices taken as vertices of their own and given values after the fact."""
    ring = Coefficients(scalars_of(law, len(entries), sp.Integer(size)))
    known: Average = average(law, ring, sp.Integer(size), "M")
    places = [(2 * t, 2 * t + 1) for t in range(len(entries))]
    value = dict(enumerate(itertools.chain.from_iterable(entries)))
    total = ring.zero
    for weight, equal in known.terms(places):
        if all(value[a] == value[b] for a, b in equal):
            total = total + weight
    return sp.expand(ring.write(total))


def moments_of(entries: list[tuple[int, int]], moment: Callable[[int], Any]) -> Any:
    return prod((moment(entries.count(entry)) for entry in set(entries)), start=sp.S.One)


@given(ENTRIES, st.sampled_from(["uniform", "rademacher", "symmetric", "normal", TERNARY]))
@settings(max_examples=60)
def test_independent_entries_have_the_product_of_their_moments(entries: list[tuple[int, int]], name: Any) -> None:
    law = Iid(name, v)
    standard = law.law

    def moment(order: int) -> Any:
        value = standard.moment(order)  # type: ignore[union-attr]
        known = sp.Symbol(value, positive=True) if isinstance(value, str) else sp.Rational(value)
        return known * sp.sqrt(v) ** order

    assert averaged(law, entries) == sp.expand(moments_of(entries, moment))


@given(ENTRIES)
@settings(max_examples=60)
def test_so_have_normal_entries_by_pairs(entries: list[tuple[int, int]]) -> None:
    def moment(order: int) -> Any:
        return 0 if order % 2 else v ** (order // 2) * prod(range(1, order, 2))

    assert averaged(Gaussian(v), entries) == sp.expand(moments_of(entries, moment))


@given(st.lists(st.integers(0, 2), max_size=5))
def test_so_have_masks_odd_moments_included(units: list[int]) -> None:
    entries = [(unit, -1) for unit in units]
    assert averaged(Mask(s), entries) == sp.expand(moments_of(entries, lambda order: (1 + s**order) / 2))


def dihedral(points: int) -> list[sp.Matrix]:
    """Rotations by multiples of a part of the circle, and reflections: Haar on O(2) for degrees below their number."""
    turns = [2 * sp.pi * k / points for k in range(points)]
    rotations = [sp.Matrix([[sp.cos(t), -sp.sin(t)], [sp.sin(t), sp.cos(t)]]) for t in turns]
    return rotations + [rotation * sp.diag(1, -1) for rotation in rotations]


GROUPS = {1: [sp.Matrix([[1]]), sp.Matrix([[-1]])], 2: dihedral(8)}


@pytest.mark.parametrize("size", GROUPS)
@pytest.mark.parametrize("order", [2, 4, 6])
def test_haar_is_the_mean_over_a_group_that_is_large_enough(size: int, order: int) -> None:
    every = list(itertools.product(range(size), repeat=2))
    for entries in itertools.combinations_with_replacement(every, order):
        mean = sp.Add(*(prod(q[entry] for entry in entries) for q in GROUPS[size])) / len(GROUPS[size])
        assert averaged(Haar(), list(entries), size) == sp.expand(mean)


@pytest.mark.parametrize("size", [3, 4, 5])
@pytest.mark.parametrize("half", [1, 2, 3])
def test_one_haar_entry_is_a_coordinate_of_the_sphere(size: int, half: int) -> None:
    expected = sp.Rational(prod(range(1, 2 * half, 2)), prod(size + 2 * k for k in range(half)))
    assert averaged(Haar(), [(0, 0)] * (2 * half), size) == expected


def test_orders_of_haar_have_a_limit() -> None:
    ring = Coefficients(scalars_of(Haar(), 10, sp.Symbol("n")))
    with refused("expression", "10 factors Q"):
        next(iter(average(Haar(), ring, sp.Symbol("n"), "Q").terms([(0, 1)] * 10)))
    assert list(average(Haar(), ring, sp.Symbol("n"), "Q").terms([(0, 1)] * 9)) == []


@pytest.mark.parametrize("different", [2, 4, 6])
def test_costs_count_terms(different: int) -> None:
    entries = [(2 * t, 2 * t + 1) for t in range(different)]
    pairings = prod(range(1, different, 2))
    ring = Coefficients([])
    for law, terms in (
        (Gaussian(), pairings),
        (Iid("normal"), pairings),
        (Haar(), pairings**2),
        (Mask(0), factorial(different)),
    ):
        assert average(law, ring, sp.Integer(9), "M").cost(entries) == terms
