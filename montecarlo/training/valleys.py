"""Stochastic gradient descent in a valley: paths along one direction, by the curvatures of examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from theory.ensembles import InvalidArgument

Array = NDArray[np.float64]
_MOST_LISTED = 10_000
"""Up to so many minibatches are listed, and drawn by their numbers."""


class Valley:
    """Heavy ball on minibatches of examples, each with its own curvature along one direction, and no gradient at 0.

    Parameters
    ----------
    curvatures : array_like, shape (n,)
        The curvature of each example.
    batch : int
        The number of examples in a minibatch, without replacement.
    learning_rate, momentum : float
        The learning rate, and the momentum, from 0 to less than 1.
    reshuffled : bool
        Whether every example is used once in an epoch; else each minibatch is drawn afresh.

    Raises
    ------
    InvalidArgument
        If the minibatch is no part of the examples, or does not divide them where they are reshuffled.

    Examples
    --------
    >>> Valley([1.0, 3.0], 2, learning_rate=0.25).paths(steps=4, paths=3, seed=0).round(3)
    array([-2.773, -2.773, -2.773])
    """

    def __init__(
        self,
        curvatures: Sequence[float] | Array,
        batch: int,
        learning_rate: float,
        momentum: float = 0.0,
        *,
        reshuffled: bool = False,
    ) -> None:
        self.curvatures = np.asarray(curvatures, float)
        count = len(self.curvatures)
        if not 1 <= batch <= count:
            raise InvalidArgument("batch", f"has {batch} of {count} examples", "use from 1 to all")
        if reshuffled and count % batch:
            problem = f"of {batch} does not divide the {count} examples"
            raise InvalidArgument("batch", problem, "use a divisor, or leave reshuffling out")
        self.batch, self.learning_rate, self.momentum, self.reshuffled = batch, learning_rate, momentum, reshuffled
        self._listed: Array | None = None
        if not reshuffled and comb(count, batch) <= _MOST_LISTED:
            self._listed = np.array([np.mean(one) for one in combinations(self.curvatures, batch)])

    def paths(self, *, steps: int, paths: int, seed: int) -> Array:
        """Return the logarithm by which each path has grown, from a start at rest.

        Parameters
        ----------
        steps, paths : int
            The number of steps, and of paths.
        seed : int
            The seed.

        Returns
        -------
        ndarray, shape (paths,)
            log of the norm of (psi_T, psi_{T-1}), which is kept at 1 on the way so that nothing overflows; minus its
            value at the start, psi_0 = psi_{-1}.
        """
        stream = np.random.default_rng([seed, steps, paths])
        psi, before = np.full(paths, np.sqrt(0.5)), np.full(paths, np.sqrt(0.5))
        logs = np.zeros(paths)
        for h in self._minibatches(stream, steps, paths):
            psi, before = (1 + self.momentum - self.learning_rate * h) * psi - self.momentum * before, psi
            if not self.momentum:
                before = psi  # what came before has no part in it
            norm = np.hypot(psi, before)
            with np.errstate(divide="ignore"):
                logs += np.log(norm)
            norm[norm == 0] = 1.0
            psi, before = psi / norm, before / norm
        return logs

    def _minibatches(self, stream: np.random.Generator, steps: int, paths: int) -> Iterator[Array]:
        """Generate the curvatures of minibatches, step by step."""
        count, done = len(self.curvatures), 0
        while done < steps:
            if self._listed is not None:
                yield self._listed[stream.integers(len(self._listed), size=paths)]
                done += 1
                continue
            order = np.argsort(stream.random((paths, count)), axis=1)
            whole = self.curvatures[order]
            taken = min(count // self.batch, steps - done) if self.reshuffled else 1
            for i in range(taken):
                yield whole[:, i * self.batch : (i + 1) * self.batch].mean(axis=1)
            done += taken


def turning_rates(sign: Callable[[float], int], low: float, high: float, halvings: int) -> tuple[float, float]:
    """Close in on where paths turn from falling to growing, from both sides.

    Parameters
    ----------
    sign : callable
        Returns -1 where paths fall at a rate, 1 where they grow, and 0 where it cannot be told.
    low, high : float
        Rates between which they turn.
    halvings : int
        How often each side is halved, at most.

    Returns
    -------
    (float, float)
        The largest rate found at which they fall, and the least at which they grow; else `low` and `high`.

    Examples
    --------
    >>> turning_rates(lambda rate: -1 if rate < 1.9 else 1 if rate > 2.1 else 0, 1.0, 3.0, 4)
    (1.875, 2.125)
    """
    known: dict[float, int] = {}

    def side(of: int) -> float:
        falls, grows = low, high
        for _ in range(halvings):
            middle = (falls + grows) / 2
            if middle not in known:
                known[middle] = sign(middle)
            falls, grows = (middle, grows) if known[middle] < (1 if of > 0 else 0) else (falls, middle)
        return grows if of > 0 else falls

    return side(-1), side(1)
