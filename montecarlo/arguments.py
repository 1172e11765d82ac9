"""Reading arguments: each function returns what was meant, or refuses in one line that names the argument."""

from __future__ import annotations

import math
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arrays import Array
from theory.ensembles import InvalidArgument


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


def as_count(argument: str, value: object, least: int = 1, most: float = math.inf) -> int:
    """Return the value as an integer from least to most."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not least <= int(value) <= most:
        range_ = f"of at least {least}" if most == math.inf else f"from {least} to {most}"
        raise InvalidArgument(
            argument, f"must be an integer {range_}, got {value!r}", f"use e.g. {argument}={max(least, 1)}"
        )
    return int(value)


def as_floats(argument: str, values: ArrayLike, *, finite: bool = True) -> Array:
    """Return an array of doubles; refuse what is no array of finite real numbers."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"have type {array.dtype}")
        found: Array = array.astype(np.float64)
    except (TypeError, ValueError) as wrong:
        raise InvalidArgument(argument, f"are no array of real numbers: {wrong}", "use a NumPy array") from None
    if finite and not np.isfinite(found).all():
        raise InvalidArgument(argument, "have entries that are not finite", "remove nan and inf")
    return found


def as_real(value: object) -> float:
    """Return a real number as a float, inf if it is beyond their range, nan for what is none.

    Examples
    --------
    >>> as_real(10**400), as_real("1")
    (inf, nan)
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf
