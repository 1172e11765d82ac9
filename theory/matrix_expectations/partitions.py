"""Ways to share items out: into pairs, and into blocks with a weight."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

Pairing = tuple[tuple[int, int], ...]
"""A pairing puts each of 0, 1, ..., 2k - 1 into one pair."""


def pairings(items: Sequence[int]) -> Iterator[Pairing]:
    """Generate all ways to put the items into pairs; an odd number of items has none.

    Examples
    --------
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
    """Generate all set partitions without a block of weight 0, each after the product of its blocks' weights.

    Parameters
    ----------
    items : sequence of int
        What is shared out into blocks.
    weight : callable
        Gives the weight of a block, in any ring.
    one : object
        The ring's 1, the weight of the partition of no items.

    Examples
    --------
    Of four items, three pairings and the whole have blocks of even size only:

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
