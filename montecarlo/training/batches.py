"""Which examples the steps of training see: all of them, or batches drawn fresh or from a reshuffled order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_count, as_flag
from montecarlo.drawing.streams import stream
from theory.ensembles import InvalidArgument

Kind = TypeVar("Kind", bound=np.generic)


@dataclass(frozen=True)
class Batches:
    """How minibatches are drawn.

    Parameters
    ----------
    size : int
        S, how many examples a step sees; 0 for all of them.
    fresh : bool
        Whether each is drawn anew from all examples, without replacement. If not, the order of the examples is
        shuffled, and each is seen once before it is shuffled again; those that fill no batch are left out.

    Raises
    ------
    InvalidArgument
        If the size is no integer of at least 0, or `fresh` no truth value.

    Examples
    --------
    >>> first, second, third = (rows[0] for rows, _ in zip(Batches(2).drawn(4, seeds=[7]), range(3)))
    >>> sorted([*first.tolist(), *second.tolist()])
    [0, 1, 2, 3]
    """

    size: int = 0
    fresh: bool = False

    def __post_init__(self) -> None:
        as_count("size", self.size, 0, example=32)
        as_flag("fresh", self.fresh)

    def describe(self, examples: int) -> str:
        """Return how they are drawn from so many examples, in words."""
        if self.size in (0, examples):
            return "full batch"
        return f"batches of {self.size}, {'drawn fresh' if self.fresh else 'reshuffled'}"

    def drawn(self, examples: int, seeds: Sequence[int]) -> Iterator[NDArray[np.intp] | None]:
        """Yield step after step which examples each network sees, shape (m, S), or None for all of them.

        Parameters
        ----------
        examples : int
            n, how many there are.
        seeds : sequence of int
            One for each network: what a network sees does not depend on the others.

        Raises
        ------
        InvalidArgument
            If a batch is larger than the data.
        """
        if self.size > examples:
            raise InvalidArgument("size", f"is {self.size}, but there are {examples} examples", "use a smaller batch")
        return self._rows(examples, [stream(seed, f"{examples} examples", "batches") for seed in seeds])

    def _rows(self, examples: int, streams: Sequence[np.random.Generator]) -> Iterator[NDArray[np.intp] | None]:
        if self.size in (0, examples):
            while True:
                yield None
        taken = 1 if self.fresh else examples // self.size
        while True:
            order = np.stack([each.permutation(examples) for each in streams])
            for first in range(0, taken * self.size, self.size):
                yield order[:, first : first + self.size]


ALL = Batches()
"""Each step sees all examples."""


def noisy_labels(labels: NDArray[np.intp], share: float, classes: int, seed: int = 0) -> NDArray[np.intp]:
    """Return labels of which a share has been replaced by classes drawn at random, which may be the true ones.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        The classes.
    share : float
        From 0 to 1; so many labels are replaced, rounded down.
    classes : int
        K.
    seed : int
        Which labels, and by what.

    Raises
    ------
    InvalidArgument
        If the share is not between 0 and 1.

    Examples
    --------
    >>> int((noisy_labels(np.zeros(1000, dtype=int), 0.5, 10) > 0).sum()) in range(400, 500)
    True
    """
    if not 0 <= share <= 1:
        raise InvalidArgument("share", f"must lie between 0 and 1, got {share!r:.50}", "use e.g. 0.5")
    rng = stream(as_count("seed", seed, 0, example=0), f"{len(labels)} labels of {classes} classes", "label noise")
    found = np.array(labels)
    which = rng.permutation(len(found))[: int(share * len(found))]
    found[which] = rng.integers(as_count("classes", classes, 2, example=10), size=len(which))
    return found


def taken(values: NDArray[Kind], rows: NDArray[np.intp] | None) -> NDArray[Kind]:
    """Return the examples of these rows, of all networks alike where there are no rows.

    Examples
    --------
    >>> taken(np.array([5.0, 6.0, 7.0]), np.array([[2, 0], [1, 1]]))
    array([[7., 5.],
           [6., 6.]])
    """
    return values if rows is None else values[rows]
