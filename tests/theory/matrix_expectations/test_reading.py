"""Whatever the graph, what is written has the value of the sum over indices."""

from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.matrix_expectations.small_matrices import brute_sum, evaluated, matrices
from theory.matrix_expectations.index_graphs import NONE, Edge, canonical
from theory.matrix_expectations.letters import Pin
from theory.matrix_expectations.parsing import parse
from theory.matrix_expectations.reading import written

SIZE = 3
A, B = (sp.MatrixSymbol(name, SIZE, SIZE) for name in "AB")
x, y = (sp.MatrixSymbol(name, SIZE, 1) for name in "xy")
LETTERS = [A, B, x, y]
FIRST = Pin(sp.S.One, sp.Integer(SIZE))
VERTEX = st.integers(0, 3)
EDGE = st.tuples(st.integers(0, 1), VERTEX, VERTEX) | st.tuples(st.integers(2, 3), VERTEX, st.just(NONE))
K4 = [(0, a, b) for a in range(4) for b in range(a)]


def text(edges: list[Edge]) -> sp.Expr:
    return sp.Mul(*(written(component, LETTERS) for component in canonical(edges)))


@given(st.lists(EDGE, min_size=1, max_size=7), st.tuples(*(matrices(*letter.shape) for letter in LETTERS)))
@settings(max_examples=60)
def test_it_has_the_value_of_the_sum(edges: list[Edge], values: tuple[Any, ...]) -> None:
    expected = brute_sum(edges, values, SIZE)
    assert evaluated(text(edges), dict(zip(LETTERS, values, strict=True))) == expected


@given(matrices(SIZE, SIZE), matrices(SIZE, 1))
@settings(max_examples=10)
def test_what_is_not_series_parallel_is_a_sum_over_indices(a: Any, vector: Any) -> None:
    edges = [*K4, (2, 0, NONE)]
    assert text(edges).has(sp.Sum)
    assert evaluated(text(edges), {A: a, x: vector}) == brute_sum(edges, [a, None, vector], SIZE)


def test_indices_of_sums_are_no_names_in_use() -> None:
    size = sp.Symbol("i1", integer=True, positive=True)
    (component,) = canonical(K4)
    total = written(component, [sp.MatrixSymbol("i2", size, size)])
    assert {str(symbol) for symbol in total.bound_symbols} == {"i3", "i4", "i5", "i6"}
    assert total.free_symbols >= {size}


@given(matrices(SIZE, SIZE), matrices(SIZE, 1))
@settings(max_examples=10)
def test_vectors_on_a_cycle_are_diagonal_factors(a: Any, vector: Any) -> None:
    edges = [(0, 0, 1), (0, 1, 2), (0, 2, 0), *((2, vertex, NONE) for vertex in (0, 1, 2, 2))]
    assert not text(edges).has(sp.Sum)
    assert evaluated(text(edges), {A: a, x: vector}) == brute_sum(edges, [a, None, vector], SIZE)


@given(st.lists(EDGE, min_size=1, max_size=5), st.tuples(*(matrices(*letter.shape) for letter in LETTERS)))
@settings(max_examples=40)
def test_pinned_indices_have_their_value(edges: list[Edge], values: tuple[Any, ...]) -> None:
    pinned = [*edges, (4, edges[0][1], NONE)]
    scalar = sp.Mul(*(written(component, [*LETTERS, FIRST]) for component in canonical(pinned, pins={4})))
    expected = brute_sum(pinned, [*values, sp.Matrix([0, 1, 0])], SIZE)
    assert evaluated(scalar, dict(zip(LETTERS, values, strict=True))) == expected


@given(st.lists(EDGE, min_size=1, max_size=6))
@settings(max_examples=60)
def test_what_is_written_can_be_read_again(edges: list[Edge]) -> None:
    again = [sp.Mul(*(written(c, ls) for c in canonical(m.edges))) for ms, ls in [parse(text(edges), ())] for m in ms]
    assert again == [text(edges)]


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ([(0, 0, 1), (1, 1, 0)], "Trace(A*B)"),
        ([(0, 0, 1), (1, 0, 1)], "Trace(A*B.T)"),
        ([(2, 0, NONE), (2, 0, NONE)], "(x.T*x)[0, 0]"),
        ([(2, 0, NONE)], "(x.T*1)[0, 0]"),
        ([(2, 0, NONE)] * 3, "(x.T*HadamardPower(x, 2))[0, 0]"),
        ([(2, 0, NONE)] * 4, "(HadamardPower(x.T, 2)*HadamardPower(x, 2))[0, 0]"),
        ([(0, 0, 1), (2, 1, NONE), (3, 0, NONE)], "(y.T*A*x)[0, 0]"),
        ([(0, 0, 0)] * 2, "(DiagonalOf(A).T*DiagonalOf(A))[0, 0]"),
        ([(0, 0, 0), (2, 0, NONE)], "(x.T*DiagonalOf(A))[0, 0]"),
    ],
)
def test_it_reads_well(edges: list[Edge], expected: str) -> None:
    assert str(text(edges)) == expected
