"""How a side says what it can do, and at which effort."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.curvature.work import Array, Given, Work

Effort = dict[str, Any]
One = Callable[..., Array]
"""Takes (weights, v, x, relu, **effort), returns eigenvalues; of `extremes` the least and the largest."""
Batch = Callable[..., list[Array]]
"""The same with L arrays (m, n, n) for weights, v of shape (m, n), one x; returns m arrays."""


class TooLarge(Exception):
    """The work does not fit into memory: nothing was started."""


@dataclass(frozen=True)
class Side:
    """What one side can do.

    Parameters
    ----------
    full, extremes : callable, optional
        Of one network.
    full_batch, extremes_batch : callable, optional
        Of many at once; a side without them takes one network after the other.
    ladders : tuple of tuples of dict
        Efforts, in each ladder the cheapest first: of each the first that is accurate enough, of these the fastest.
    needs : str
        The module that must be installed.
    as_delivered : bool
        Whether it runs with the defaults of its package: its error is shown beside its time, and is no failure.
    blas_threads, batch_blas_threads : int
        Threads of NumPy's BLAS.
    """

    full: One | None = None
    extremes: One | None = None
    full_batch: Batch | None = None
    extremes_batch: Batch | None = None
    ladders: tuple[tuple[Effort, ...], ...] = (({},),)
    needs: str = "numpy"
    as_delivered: bool = False
    blas_threads: int = 2
    batch_blas_threads: int = 2

    def takes_part(self, work: Work) -> bool:
        """Whether the side can do the work."""
        one = self.full if work.quantity == "full" else self.extremes
        return one is not None or (work.is_batch and self._batch(work) is not None)

    def takes_all_at_once(self, work: Work) -> bool:
        """Whether the side's function is one of many networks."""
        return work.is_batch and self._batch(work) is not None

    def run(self, work: Work, given: Sequence[Given], effort: Effort) -> list[Array]:
        """Return the eigenvalues of each network."""
        batch = self._batch(work)
        if work.is_batch and batch is not None:
            weights = [np.stack(layer) for layer in zip(*(net.weights for net in given), strict=True)]
            return batch(weights, np.stack([net.v for net in given]), given[0].x, work.is_relu, **effort)
        one = self.full if work.quantity == "full" else self.extremes
        assert one is not None
        return [one(*net, **effort) for net in given]

    def _batch(self, work: Work) -> Batch | None:
        return self.full_batch if work.quantity == "full" else self.extremes_batch
