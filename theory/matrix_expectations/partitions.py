"""Ways to share items out: into pairs, and into blocks with a weight."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

Pairing = tuple[tuple[int, int], ...]
"""Each item of 0, 1, ..., 2k - 1 in one pair."""


def pairings(items: Sequence[int]) -> Iterator[Pairing]:
    """All perfect matchings; none of an odd number of items.

    >>> len(list(pairings(range(6))))
    15
    """
    if not items:
        yield ()
    elif len(items) % 2 == 0:
        first, *rest = items
        for index, partner in enumerate(rest):
            for others in pairings(rest[:index] + rest[index + 1 :]):
                yield ((first, partner), *others)


def weighted_partitions(
    items: Sequence[int], weight: Callable[[tuple[int, ...]], Any], one: Any
) -> Iterator[tuple[Any, tuple[tuple[int, ...], ...]]]:
    """All set partitions without a block of weight 0, each with the product of its blocks' weights.

    >>> evens = weighted_partitions(range(4), lambda block: 1 - len(block) % 2, 1)
    >>> len(list(evens))
    4
    """
    if not items:
        yield one, ()
        return
    first, *rest = items
    for size in range(len(rest) + 1):
        for chosen in combinations(rest, size):
            block = (first, *chosen)
            if factor := weight(block):
                left = [item for item in rest if item not in chosen]
                for others, blocks in weighted_partitions(left, weight, one):
                    yield factor * others, (block, *blocks)
