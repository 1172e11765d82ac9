"""A user's sampler must return finite entries of the right shape, of variance 1 and symmetric about 0."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array
from montecarlo.drawing.streams import stream
from montecarlo.intervals import catoni_interval
from theory.ensembles import Ensemble, Exact, InvalidArgument

_SHAPE = (256, 16, 16)
_FALSE_ALARM = 1e-12


def check_sampler(net: Ensemble, seed: int) -> None:
    """Refuse the law of an ensemble if its sampler is unusable; do nothing if it has no sampler of its own.

    The sampler draws once, from a stream apart from those of the blocks. E w^2 and E w^4 are tested by Catoni's
    interval where the law gives the moment of twice the order; without a fourth moment the variance need only lie
    between 1/2 and 2. The symmetry is tested by the signs of the larger half of the entries, which given abs(w) are
    fair coins. Each test refuses a sound sampler with probability at most 1e-12.

    Parameters
    ----------
    net : Ensemble
        The ensemble whose law is checked.
    seed : int
        Root seed.

    Raises
    ------
    InvalidArgument
        If the sampler is unusable; the error says what it does wrong.

    Examples
    --------
    >>> from theory.ensembles import Law
    >>> halves = Law.from_moments("halves", {2: 1}, sampler=lambda rng, shape: rng.random(shape))
    >>> try:
    ...     check_sampler(Ensemble(width=2, depth=2, law=halves), seed=0)
    ... except InvalidArgument as error:
    ...     print(error.argument, "-", error.remedy)
    law - divide its entries by their standard deviation, and check the moments
    """
    as_ensemble(net)
    law = net.law
    if law.sampler is None:
        return
    draws = np.asarray(law.sampler(stream(seed, net.digest(), "sampler"), _SHAPE))
    if draws.shape != _SHAPE or draws.dtype.kind not in "fiu" or not np.isfinite(draws).all():
        raise InvalidArgument(
            "law",
            f"the sampler of {law.name!r} returned {draws.dtype} entries of shape {draws.shape} for {_SHAPE}",
            "return finite numbers of the shape asked for",
        )
    w = draws.astype(np.float64).ravel()
    for order in (2, 4):
        if not _has_moment(w, order, law.moments):
            raise InvalidArgument(
                "law",
                f"the sampler of {law.name!r} has E w^{order} about {np.mean(w**order):.4g}, not {law.moment(order)}",
                "divide its entries by their standard deviation, and check the moments",
            )
    largest = w[np.argsort(-np.abs(w), kind="stable")[: w.size // 2]]
    largest = largest[largest != 0]
    excess = np.sum(np.sign(largest))
    if abs(excess) > math.sqrt(2 * largest.size * math.log(2 / _FALSE_ALARM)):  # Hoeffding
        share = (1 + excess / largest.size) / 2
        raise InvalidArgument(
            "law",
            f"the sampler of {law.name!r} is not symmetric about 0: {share:.1%} of its largest entries are positive",
            "give each entry a random sign",
        )


def _has_moment(w: Array, order: int, moments: Sequence[Exact]) -> bool:
    """Return whether E w^order can be what the law says; its moment of twice the order bounds how a mean strays."""
    if len(moments) >= order:
        mean, square = float(moments[order // 2 - 1]), float(moments[order - 1])
        interval = catoni_interval(w**order, variance=square - mean**2, error=_FALSE_ALARM)
        return interval.lo <= mean <= interval.hi
    return order > 2 or bool(0.5 <= np.mean(w**2) <= 2)
