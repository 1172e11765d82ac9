"""What is asked: eigenvalues of the Hessian of f = <v, a_L> in all weights, of the same networks for everyone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FEW, MANY = 3, 100


class Given(NamedTuple):
    """One network: W_1, ..., W_L, the readout v, the input x, and whether its activation is ReLU."""

    weights: list[Array]
    v: Array
    x: Array
    relu: bool


@dataclass(frozen=True)
class Work:
    """All that a side needs to know.

    Parameters
    ----------
    quantity : str
        ``full``: all eigenvalues that are not 0. ``extremes``: the least and the largest.
    kind : str
        ``he-relu``: normal weights of variance 2/n. ``xavier-linear``: of variance 1/n, no activation.
    width, depth : int
        n and L.
    networks : int
        How many different ones there are; with more than a few of them, sides that can take them all at once.
    """

    quantity: str
    kind: str
    width: int
    depth: int
    networks: int = FEW

    @property
    def is_relu(self) -> bool:
        """Whether the networks are those of He."""
        return self.kind == "he-relu"

    @property
    def is_batch(self) -> bool:
        """Whether the networks come all at once."""
        return self.networks > FEW

    @property
    def parameters(self) -> int:
        """Size of the Hessian."""
        return self.depth * self.width**2

    @property
    def name(self) -> str:
        """Title of the table."""
        many = f", {self.networks} networks" if self.is_batch else ""
        return f"{self.quantity}, {self.kind}, ({self.width}, {self.depth}){many}"


def networks(work: Work) -> list[Given]:
    """Return the networks, the same in every process; one whose signal is 0 has no Hessian and is drawn again."""
    n = work.width
    rng = np.random.default_rng([n, work.depth, work.is_relu])
    std, x = math.sqrt((2 if work.is_relu else 1) / n), np.full(n, 1 / math.sqrt(n))
    found: list[Given] = []
    while len(found) < work.networks:
        weights = [std * rng.standard_normal((n, n)) for _ in range(work.depth)]
        v = rng.standard_normal(n) / math.sqrt(n)
        a = x
        for w in weights:
            a = np.maximum(w @ a, 0) if work.is_relu else w @ a
        if a.any():
            found.append(Given(weights, v, x, work.is_relu))
    return found


def all_work() -> Iterator[Work]:
    """Return everything that is timed."""
    for quantity, kind in product(("full", "extremes"), ("he-relu", "xavier-linear")):
        for width, depth in ((8, 8), (16, 16), (32, 32)):
            yield Work(quantity, kind, width, depth)
        yield Work(quantity, kind, 16, 16, MANY)
        if quantity == "extremes":
            yield Work(quantity, kind, 128, 64, 1)
