"""Products of matrix entries, summed over their indices, as graphs; and when two such sums are the same.

A vertex is an index that is summed over, and an edge is a matrix with its row and its column index. An index of
dimension one is no vertex, so a vector is an edge with one end. The canonical form of a graph does not depend on how
its vertices are numbered. To find it, the graph is split into components, and paths of matrices are read as words. What
is left are the vertices where not just two ends meet. They are numbered by refinement of colors, with a branch for each
of those that look alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence

Edge = tuple[int, int, int]
"""An edge has a label, the vertex of its row index and that of its column index; NONE where a dimension is one."""

Word = tuple[int, ...]
"""A word is a product of matrices: it has twice the label of each, plus 1 where the matrix is transposed."""

Link = tuple[Word, int, int]
"""A link is a path of matrices between two vertices of a canonical component; NONE where it ends in a vector."""

Component = tuple[Link, ...]
"""A component is a connected sum in canonical form."""

NONE = -1
"""This stands for a vertex that is not there, as the dimension is one."""


class Merged:
    """Vertices that are identified with one another; one vertex of each class names it.

    Parameters
    ----------
    equalities : iterable of pairs of int
        The vertices to be identified. Pairs with NONE are left out.

    Examples
    --------
    >>> merged = Merged([(0, 1), (1, 2)])
    >>> merged[0] == merged[2], merged.edges([(5, 7, NONE)])
    (True, [(5, 7, -1)])
    """

    def __init__(self, equalities: Iterable[tuple[int, int]] = ()) -> None:
        self._parent: dict[int, int] = {}
        for a, b in equalities:
            if NONE not in (a, b):
                self._parent[self[a]] = self[b]

    def __getitem__(self, vertex: int) -> int:
        while vertex in self._parent and self._parent[vertex] != vertex:
            vertex = self._parent[vertex]
        return vertex

    def edges(self, edges: Iterable[Edge]) -> list[Edge]:
        """Return the edges with each end replaced by the vertex that names its class."""
        return [(label, self[row], self[column]) for label, row, column in edges]


def canonical(
    edges: Iterable[Edge], pins: Container[int] = (), symmetric: frozenset[int] = frozenset()
) -> tuple[Component, ...]:
    """Return the components of a graph, each in canonical form.

    Parameters
    ----------
    edges : iterable of Edge
        The graph. Every end whose dimension is symbolic or greater than one is a vertex.
    pins : container of int
        The labels of unit vectors. As these fix the index at their vertex, the graph may be cut there.
    symmetric : frozenset of int
        The labels of symmetric matrices, which are never written as transposed.

    Examples
    --------
    The numbers of the vertices do not matter in tr(A B^T), and x^T A x is a path without vertices:

    >>> canonical([(0, 1, 2), (1, 1, 2)]) == canonical([(0, 7, 5), (1, 7, 5)])
    True
    >>> canonical([(0, 1, 2), (1, 1, NONE), (1, 2, NONE)])
    ((((3, 0, 2), -1, -1),),)
    """
    parts = _components(_unpinned(list(edges), pins))
    return tuple(sorted(_canonical_component(part, symmetric) for part in parts))


def transposed(word: Word, symmetric: frozenset[int] = frozenset()) -> Word:
    """Reverse a word and transpose its letters, but for the symmetric ones.

    Examples
    --------
    >>> transposed((0, 3)), transposed((0, 3), frozenset({0}))
    ((2, 1), (2, 0))
    """
    if not symmetric:
        return tuple(letter ^ 1 for letter in reversed(word))
    return tuple(letter if letter >> 1 in symmetric else letter ^ 1 for letter in reversed(word))


def ends(edge: Edge) -> list[int]:
    """Return the vertices of an edge: none, one or two, and the same one twice for a loop.

    Examples
    --------
    >>> ends((0, 4, NONE)), ends((0, 4, 4))
    ([4], [4, 4])
    """
    return [vertex for vertex in edge[1:] if vertex != NONE]


def _preference(word: Word) -> tuple[int, Word]:
    """Return a key by which words with few transposes come first, as they read best."""
    return sum(letter & 1 for letter in word), word


def _either_way(word: Word, symmetric: frozenset[int]) -> Word:
    return min(word, transposed(word, symmetric), key=_preference)


def _unpinned(edges: list[Edge], pins: Container[int]) -> list[Edge]:
    """Give each end at a pinned vertex a vertex of its own, with a copy of the unit vector."""
    pinned: dict[int, list[int]] = defaultdict(list)
    for label, row, _ in edges:
        if label in pins and label not in pinned[row]:
            pinned[row].append(label)
    if not pinned:
        return edges
    fresh = max(max(edge[1:]) for edge in edges) + 1
    out: list[Edge] = []
    for label, row, column in edges:
        if label in pins:
            continue
        places = []
        for vertex in (row, column):
            if pinned.get(vertex):
                out.append((min(pinned[vertex]), fresh, NONE))
                vertex, fresh = fresh, fresh + 1
            places.append(vertex)
        out.append((label, places[0], places[1]))
    for labels in pinned.values():  # two unit vectors at one index make a Kronecker delta of their indices
        first, *others = sorted(labels)
        for other in others:
            out += [(first, fresh, NONE), (other, fresh, NONE)]
            fresh += 1
    return out


def _components(edges: Sequence[Edge]) -> Iterator[list[Edge]]:
    merged = Merged((edge[1], edge[2]) for edge in edges)
    parts: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        if vertices := ends(edge):
            parts[merged[vertices[0]]].append(edge)
        else:
            yield [edge]
    yield from parts.values()


def _canonical_component(edges: list[Edge], symmetric: frozenset[int]) -> Component:
    meeting: dict[int, list[tuple[int, int]]] = defaultdict(list)  # the edges at each vertex, and their ends there
    for index, edge in enumerate(edges):
        for side in (0, 1):
            if edge[1 + side] != NONE:
                meeting[edge[1 + side]].append((index, side))
    used: set[int] = set()

    def walk(index: int, side: int) -> tuple[Word, int]:
        """Follow a path, entering an edge at one of its ends, to the next vertex where not just two ends meet."""
        word = []
        while True:
            used.add(index)
            label, *vertices = edges[index]
            word.append(2 * label + (side if label not in symmetric else 0))
            vertex = vertices[1 - side]
            if vertex in (NONE, start) or len(meeting[vertex]) != 2:
                return tuple(word), vertex
            (one, other) = meeting[vertex]
            index, side = other if one == (index, 1 - side) else one

    core = [vertex for vertex in meeting if len(meeting[vertex]) != 2]
    start = NONE
    if not core:
        dangling = [index for index, edge in enumerate(edges) if NONE in edge[1:]]
        if dangling:
            row = edges[dangling[0]][1]
            word, _ = walk(dangling[0], 0 if row == NONE else 1)
            return ((_either_way(word, symmetric), NONE, NONE),)
        start = edges[0][1]
        word, _ = walk(0, 0)
        rotations = (word[shift:] + word[:shift] for shift in range(len(word)))
        return ((min((_either_way(turned, symmetric) for turned in rotations), key=_preference), 0, 0),)
    links = []
    for vertex in core:
        for index, side in meeting[vertex]:
            if index not in used:
                word, other = walk(index, side)
                links.append((word, vertex, other))
    return _canonical_core(core, links, symmetric)


def _canonical_core(core: Sequence[int], links: list[Link], symmetric: frozenset[int]) -> Component:
    every = {w for word, _, _ in links for w in (word, transposed(word, symmetric))}
    ranks = {word: rank for rank, word in enumerate(sorted(every))}
    seen_from: dict[int, list[tuple[int, int]]] = {vertex: [] for vertex in core}
    for word, u, v in links:
        seen_from[u].append((ranks[word if u != v else _either_way(word, symmetric)], v))
        if v not in (NONE, u):
            seen_from[v].append((ranks[transposed(word, symmetric)], u))

    def refine(colors: dict[int, int]) -> dict[int, int]:
        """Split classes of vertices until all vertices of a class see the same classes along the same words."""
        while True:
            signatures = {
                v: (colors[v], sorted((rank, colors.get(other, NONE)) for rank, other in seen))
                for v, seen in seen_from.items()
            }
            order = sorted(signatures.values())
            finer = {v: order.index(signature) for v, signature in signatures.items()}
            if len(set(finer.values())) == len(set(colors.values())):
                return finer
            colors = finer

    def first_class(colors: dict[int, int]) -> list[int]:
        classes: dict[int, list[int]] = defaultdict(list)
        for vertex, color in colors.items():
            classes[color].append(vertex)
        return next((classes[color] for color in sorted(classes) if len(classes[color]) > 1), [])

    def singled_out(colors: dict[int, int], vertex: int) -> dict[int, int]:
        return refine({v: 2 * color + (v != vertex) for v, color in colors.items()})

    def form(colors: dict[int, int]) -> Component:
        named = []
        for word, u, v in links:
            a, b, back = colors[u], colors.get(v, NONE), transposed(word, symmetric)
            if v == NONE:
                named.append((word, a, b))
            elif word == back:
                named.append((word, min(a, b), max(a, b)))
            else:
                named.append((word, a, b) if _preference(word) < _preference(back) else (back, b, a))
        return tuple(sorted(named))

    def any_leaf(colors: dict[int, int]) -> Component:
        while alike := first_class(colors):
            colors = singled_out(colors, alike[0])
        return form(colors)

    def leaves(colors: dict[int, int]) -> set[Component]:
        found: set[Component] = set()
        alike = first_class(colors)
        for vertex in alike:
            branch = singled_out(colors, vertex)
            if any_leaf(branch) not in found:  # otherwise a symmetry of the graph maps an earlier branch to this one
                found |= leaves(branch)
        return found if alike else {form(colors)}

    return min(leaves(refine(dict.fromkeys(core, 0))))
