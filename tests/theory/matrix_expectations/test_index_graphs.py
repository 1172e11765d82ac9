"""Two graphs have one canonical form exactly if they are the same sum."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.matrix_expectations.index_graphs import NONE, Edge, Merged, canonical, transposed

ENDS = st.sampled_from([NONE, 0, 1, 2, 3])
GRAPHS = st.lists(st.tuples(st.integers(0, 1), ENDS, ENDS), min_size=1, max_size=6)


def renumbered(edges: list[Edge], names: tuple[int, ...]) -> list[Edge]:
    return [
        (label, names[row] if row >= 0 else NONE, names[column] if column >= 0 else NONE)
        for label, row, column in edges
    ]


def are_isomorphic(left: list[Edge], right: list[Edge]) -> bool:
    return any(sorted(renumbered(left, names)) == sorted(right) for names in itertools.permutations(range(4)))


@given(GRAPHS, st.permutations(range(10, 14)), st.randoms(use_true_random=False))
def test_numbers_and_order_do_not_matter(edges: list[Edge], names: list[int], random: object) -> None:
    shuffled = renumbered(edges, tuple(names))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert canonical(shuffled) == canonical(edges)


@given(GRAPHS, GRAPHS)
@settings(max_examples=300)
def test_different_sums_have_different_forms(left: list[Edge], right: list[Edge]) -> None:
    assert (canonical(left) == canonical(right)) == are_isomorphic(left, right)


@given(GRAPHS, st.integers(0, 5), st.sampled_from([0, 1, "turn", "label"]))
@settings(max_examples=300)
def test_so_have_graphs_that_differ_in_one_edge(edges: list[Edge], place: int, change: object) -> None:
    other = list(edges)
    label, row, column = other[place % len(other)]
    moved = {0: (label, 0, column), 1: (label, row, 1), "turn": (label, column, row), "label": (1 - label, row, column)}
    other[place % len(other)] = moved[change]
    assert (canonical(edges) == canonical(other)) == are_isomorphic(edges, other)


@pytest.mark.parametrize("degree", [3, 4])
def test_regular_graphs_are_told_apart(degree: int) -> None:
    """Two triangles with bonds and a hexagon with diagonals: all vertices look alike, so branching decides."""
    prism = [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3), (0, 3), (1, 4), (2, 5)]
    bipartite = list(itertools.product((0, 1, 2), (3, 4, 5)))
    more = [(0, 4), (1, 5), (2, 3)] if degree == 4 else []
    graphs = []
    for pairs in (prism + more, bipartite + [(0, 1), (1, 2), (2, 0)][: len(more)]):
        both_ways = [(0, a, b) for a, b in pairs] + [(0, b, a) for a, b in pairs]
        forms = {
            canonical(renumbered(both_ways, names))
            for names in itertools.islice(itertools.permutations(range(6)), 0, 720, 7)
        }
        assert len(forms) == 1
        graphs += forms
    assert graphs[0] != graphs[1]


def test_vertices_that_only_look_alike_are_told_apart() -> None:
    """Two squares with one diagonal each, joined to a ring: all vertices meet three others, and there are two kinds."""
    pairs = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (4, 5), (4, 6), (5, 6), (5, 7), (6, 7), (0, 4), (3, 7)]
    both_ways = [(0, a, b) for a, b in pairs] + [(0, b, a) for a, b in pairs]
    assert len({canonical(both_ways[start:] + both_ways[:start]) for start in range(len(both_ways))}) == 1


def test_symmetric_paths_have_no_direction() -> None:
    """A A^T between different vertices, from either side."""
    edges = [(0, 1, 2), (0, 3, 2), *((1, 1, NONE),) * 2, *((2, 3, NONE),) * 2]
    assert canonical(edges) == canonical(edges[::-1])


def test_many_equal_paths_at_one_vertex_take_no_factorial_time() -> None:
    star = [
        edge for k in range(12) for edge in ((0, 0, 2 * k + 1), (0, 2 * k + 2, 2 * k + 1), (0, 2 * k + 2, 2 * k + 1))
    ]
    assert canonical(star) == canonical(star[::-1])


def test_pinned_indices_tell_factors_apart() -> None:
    """A_00 B_00 is the product of two entries, whether its indices are one vertex or several."""
    one = [(0, 1, 1), (1, 1, 1), (5, 1, NONE)]
    two = [(0, 1, 2), (1, 3, 4), *((5, vertex, NONE) for vertex in (1, 2, 3, 4))]
    assert canonical(one, pins={5}) == canonical(two, pins={5})
    assert len(canonical(one, pins={5})) == 2
    assert canonical([*one, (5, 1, NONE)], pins={5}) == canonical(one, pins={5})
    assert canonical([*one, (6, 1, NONE)], pins={5, 6}) != canonical(one, pins={5, 6})


def test_words_turn_over() -> None:
    assert transposed((0, 3, 4)) == (5, 2, 1)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6))))
def test_merged_classes_are_the_components(equalities: list[tuple[int, int]]) -> None:
    merged = Merged(equalities)
    classes = {vertex: {vertex} for vertex in range(7)}
    for a, b in equalities:
        union = classes[a] | classes[b]
        classes.update(dict.fromkeys(union, union))
    for a, b in itertools.product(range(7), repeat=2):
        assert (merged[a] == merged[b]) == (b in classes[a])
