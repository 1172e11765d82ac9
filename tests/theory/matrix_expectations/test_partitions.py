"""Each pairing and each partition once."""

from math import prod

import pytest

from theory.matrix_expectations.partitions import pairings, weighted_partitions


@pytest.mark.parametrize("size", range(7))
def test_pairings_are_counted_by_double_factorials(size: int) -> None:
    every = [frozenset(map(frozenset, pairing)) for pairing in pairings(range(size))]
    assert len(set(every)) == len(every) == (0 if size % 2 else prod(range(1, size, 2)))
    assert all(set().union(*pairing) == set(range(size)) for pairing in every)


@pytest.mark.parametrize(("size", "bell"), [(0, 1), (1, 1), (2, 2), (3, 5), (4, 15), (5, 52)])
def test_partitions_are_counted_by_bell_numbers(size: int, bell: int) -> None:
    every = [frozenset(map(frozenset, blocks)) for _, blocks in weighted_partitions(range(size), lambda block: 1, 1)]
    assert len(set(every)) == len(every) == bell
    assert all(set().union(*blocks) == set(range(size)) for blocks in every)


def test_a_partition_has_the_product_of_its_weights() -> None:
    found = {
        blocks: value for value, blocks in weighted_partitions(range(3), lambda block: {1: 2, 2: 5}.get(len(block)), 1)
    }
    assert found == {((0,), (1,), (2,)): 8, ((0, 1), (2,)): 10, ((0, 2), (1,)): 10, ((0,), (1, 2)): 10}
