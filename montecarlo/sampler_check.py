"""A user's sampler must do what it says: right shape, finite, variance 1, symmetric."""

from __future__ import annotations

import math

import numpy as np

from montecarlo.intervals import catoni_interval
from montecarlo.streams import stream
from theory.ensembles import Ensemble, InvalidArgument

_SHAPE = (256, 16, 16)
_FALSE_ALARM = 1e-12


def check_sampler(net: Ensemble, seed: int) -> None:
    """Refuse the law of an ensemble if its sampler is unusable; do nothing if it has no sampler of its own.

    Draws once, from a stream apart from those of the blocks. With a fourth moment the variance is tested by Catoni's
    interval, without it only for lying between 1/2 and 2; the symmetry by the signs of the half of largest |w|, which
    are fair coins given |w|. A sound sampler is refused with probability at most 2e-12 (given its fourth moment).

    Parameters
    ----------
    net : Ensemble
        Its law is checked.
    seed : int
        Root seed.

    Raises
    ------
    InvalidArgument
        Names the law and what its sampler does wrong.

    Examples
    --------
    >>> from theory.ensembles import Law
    >>> halves = Law.from_moments("halves", {2: 1}, sampler=lambda rng, shape: rng.random(shape))
    >>> try:
    ...     check_sampler(Ensemble(width=2, depth=2, law=halves), seed=0)
    ... except InvalidArgument as error:
    ...     print(error.argument, "-", error.remedy)
    law - divide its entries by their standard deviation
    """
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
    if not _has_variance_one(w, law.moments[1] if len(law.moments) > 1 else None):
        raise InvalidArgument(
            "law",
            f"the sampler of {law.name!r} has sample variance {np.mean(w**2):.4g} and not 1, or another E w^4",
            "divide its entries by their standard deviation",
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


def _has_variance_one(w: np.ndarray, kurtosis: object) -> bool:
    if kurtosis is None:
        return bool(0.5 <= np.mean(w**2) <= 2)
    spread = float(kurtosis) - 1  # type: ignore[arg-type]
    if spread == 0:
        return bool(np.allclose(np.abs(w), 1, rtol=1e-12, atol=0))
    interval = catoni_interval(w**2, variance=spread, error=_FALSE_ALARM)
    return interval.lo <= 1 <= interval.hi
