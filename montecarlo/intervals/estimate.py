"""A number with an interval around it, and the checks that all intervals make of their arguments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.weights import Array
from theory.ensembles import InvalidArgument


@dataclass(frozen=True)
class Estimate:
    """A number, and an interval that holds the truth up to an error probability.

    Attributes
    ----------
    value : float
        The estimate.
    lo, hi : float
        Ends of the interval.
    error : float
        The probability that the interval misses is at most this.
    method : str
        Which theorem says so.
    samples : int
        How many.

    Examples
    --------
    >>> Estimate(1.0, 0.5, 1.5, 1e-6, "catoni", 100).half_width
    0.5
    """

    value: float
    lo: float
    hi: float
    error: float
    method: str
    samples: int

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.hi - self.lo) / 2 if self.lo < self.hi else 0.0


def as_sample(argument: str, values: ArrayLike, *, finite: bool = True) -> Array:
    """Return the values as a vector; refuse an empty one, nan and, if they must be finite, infinities."""
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not len(x):
        raise InvalidArgument(argument, f"must be a nonempty vector, got shape {x.shape}", "give one sample per entry")
    if np.isnan(x).any() or (finite and not np.isfinite(x).all()):
        problem = "must be finite" if finite else "must not be nan"
        raise InvalidArgument(argument, problem, "look for what overflowed")
    return x


def as_bounded_sample(values: ArrayLike, bound: object) -> tuple[Array, float]:
    """Return the values and their bound; refuse values outside [0, bound]."""
    x, most = as_sample("values", values), as_positive("bound", bound)
    if x.min() < 0 or x.max() > most:
        problem = f"must lie between 0 and {most}, got {float(x.min() if x.min() < 0 else x.max())}"
        raise InvalidArgument("values", problem, "raise the bound, or clip before taking the mean")
    return x, most


def as_probability(argument: str, value: object) -> float:
    """Return the value as a float strictly between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < 1:
        raise InvalidArgument(
            argument, f"must lie between 0 and 1, exclusive, got {value!r}", f"use e.g. {argument}=1e-6"
        )
    return float(value)


def as_positive(argument: str, value: object) -> float:
    """Return the value as a positive, finite float."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < math.inf:
        raise InvalidArgument(argument, f"must be positive and finite, got {value!r}", f"use e.g. {argument}=1.0")
    return float(value)


def as_count(argument: str, value: object, least: int, most: float) -> int:
    """Return the value as an integer from least to most."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not least <= int(value) <= most:
        range_ = f"of at least {least}" if most == math.inf else f"from {least} to {most}"
        raise InvalidArgument(argument, f"must be an integer {range_}, got {value!r}", f"use e.g. {max(least, 1)}")
    return int(value)
