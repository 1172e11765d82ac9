"""The Weingarten function inverts the Gram matrix of pairings, and equals the published tables."""

import pytest
import sympy as sp

from tests.theory.small_networks import refused
from theory.matrix_expectations import weingarten
from theory.matrix_expectations.partitions import Pairing, pairings
from theory.matrix_expectations.weingarten import CosetType, coset_type, coset_types

n = sp.Symbol("n")
ORDER_6 = n * (n + 2) * (n + 4) * (n - 1) * (n - 2)
TABLE = {  # Collins and Sniady; Collins and Matsumoto, arXiv:0903.5143, sec. 4
    (1,): 1 / n,
    (1, 1): (n + 1) / (n * (n + 2) * (n - 1)),
    (2,): -1 / (n * (n + 2) * (n - 1)),
    (1, 1, 1): (n**2 + 3 * n - 2) / ORDER_6,
    (2, 1): -(n + 2) / ORDER_6,
    (3,): 2 / ORDER_6,
}


def loops(left: Pairing, right: Pairing) -> int:
    """Number of components of the union of two pairings, by search: independent of coset types."""
    waiting, count = {item for pair in left for item in pair}, 0
    while waiting:
        count += 1
        component = {min(waiting)}
        for _ in waiting:
            component |= {item for pair in left + right if component & set(pair) for item in pair}
        waiting -= component
    return count


def grams(half: int, size: sp.Expr) -> tuple[sp.Matrix, sp.Matrix]:
    every = list(pairings(range(2 * half)))
    gram = sp.Matrix([[size ** loops(p, q) for q in every] for p in every])
    weights = {kind: weingarten(kind, size) for kind in coset_types(half)}
    return gram, sp.Matrix([[weights[coset_type(p, q)] for q in every] for p in every])


@pytest.mark.parametrize("kind", TABLE)
def test_low_orders_are_the_published_ones(kind: CosetType) -> None:
    assert sp.cancel(weingarten(kind, n) - TABLE[kind]) == 0


@pytest.mark.parametrize("half", [1, 2, 3])
@pytest.mark.parametrize("size", [4, 7, -9])
def test_it_inverts_the_gram_matrix(half: int, size: int) -> None:
    gram, weights = grams(half, sp.Integer(size))
    assert gram * weights == sp.eye(gram.rows)


def test_order_8_inverts_the_gram_matrix_in_one_row() -> None:
    every = list(pairings(range(8)))
    weights = {kind: weingarten(kind, n) for kind in coset_types(4)}
    for representative in {coset_type(every[0], p): p for p in every}.values():
        product = sp.Add(*(n ** loops(every[0], q) * weights[coset_type(q, representative)] for q in every))
        assert sp.cancel(product) == int(representative == every[0])


@pytest.mark.parametrize(("half", "size"), [(2, 1), (3, 1), (3, 2)])
def test_below_half_the_order_it_is_the_pseudo_inverse(half: int, size: int) -> None:
    gram, weights = grams(half, sp.Integer(size))
    assert gram.rank() < gram.rows
    assert gram * weights * gram == gram
    assert weights * gram * weights == weights


@pytest.mark.parametrize(("half", "size"), [(2, 2), (3, 3), (4, 5)])
def test_numbers_agree_with_the_rational_function(half: int, size: int) -> None:
    for kind in coset_types(half):
        assert weingarten(kind, sp.Integer(size)) == weingarten(kind, n).subs(n, size)


@pytest.mark.parametrize(("half", "types"), [(1, 1), (2, 2), (3, 3), (4, 5)])
def test_coset_types_are_the_partitions(half: int, types: int) -> None:
    assert len(coset_types(half)) == types
    assert all(sum(kind) == half and list(kind) == sorted(kind, reverse=True) for kind in coset_types(half))


@pytest.mark.parametrize(
    ("kind", "word"),
    [((), "order 0"), ((5,), "order 10"), ((3, 2), "order 10"), ((1, 2), "no partition"), ((3, -1), "no partition")],
)
def test_bad_types_are_named(kind: CosetType, word: str) -> None:
    for size in (n, sp.Integer(3)):
        with refused("coset_type", word):
            weingarten(kind, size)
