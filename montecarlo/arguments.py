"""Reading arguments: each function returns what was meant, or refuses in one line that names the argument."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import TypeGuard

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arrays import Array
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import nearest


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is a whole number, of Python or NumPy; True and False are none.

    Examples
    --------
    >>> is_whole(np.int32(3)), is_whole(3.0), is_whole(True)
    (True, False, False)
    """
    return isinstance(value, Integral) and not isinstance(value, bool)


def as_count(
    argument: str, value: object, least: int = 1, most: float = math.inf, *, example: int | None = None
) -> int:
    """Read a whole number.

    Parameters
    ----------
    argument : str
        Name of the argument, for the error.
    value : object
        What the caller gave.
    least, most : int
        The range it must lie in; there is no upper end by default.
    example : int, optional
        What the error suggests; by default the least positive number of the range.

    Returns
    -------
    int

    Raises
    ------
    InvalidArgument
        If the value is no whole number, or lies outside the range.

    Examples
    --------
    >>> as_count("samples", np.int64(8))
    8
    """
    if is_whole(value) and least <= int(value) <= most:
        return int(value)
    range_ = f"of at least {least}" if most == math.inf else f"from {least} to {most}"
    remedy = f"use e.g. {argument}={max(least, 1) if example is None else example}"
    raise InvalidArgument(argument, f"must be an integer {range_}, got {value!r:.50}", remedy)


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


def as_between(
    argument: str, value: object, low: float, high: float = math.inf, *, closed: bool = False, example: object
) -> float:
    """Read a real number between two others.

    Parameters
    ----------
    argument : str
        Name of the argument, for the error.
    value : object
        What the caller gave.
    low, high : float
        The ends of the range. The upper one is never allowed.
    closed : bool
        Whether the lower end is allowed.
    example : object
        What the error suggests.

    Returns
    -------
    float

    Raises
    ------
    InvalidArgument
        If the value is no real number, or lies outside the range.

    Examples
    --------
    >>> as_between("momentum", 0, 0, 1, closed=True, example=0.9)
    0.0
    """
    number = as_real(value)
    if low < number < high or (closed and number == low):
        return number
    if high < math.inf:
        range_ = f"at least {low:g} and below {high:g}" if closed else f"between {low:g} and {high:g}, exclusive"
        problem = f"must {'be' if closed else 'lie'} {range_}"
    elif low == 0:
        problem = "must be finite and not negative" if closed else "must be positive and finite"
    else:
        problem = f"must be finite and {'at least' if closed else 'above'} {low:g}"
    raise InvalidArgument(argument, f"{problem}, got {value!r:.50}", f"use e.g. {argument}={example}")


def as_probability(argument: str, value: object, *, example: object = "1e-6") -> float:
    """Read a probability strictly between 0 and 1; parameters, result and error are those of :func:`as_between`."""
    return as_between(argument, value, 0, 1, example=example)


def as_positive(argument: str, value: object, *, example: object = "1.0") -> float:
    """Read a positive, finite number; parameters, result and error are those of :func:`as_between`."""
    return as_between(argument, value, 0, example=example)


def as_flag(argument: str, value: object) -> bool:
    """Read True or False.

    Parameters
    ----------
    argument : str
        Name of the argument, for the error.
    value : object
        What the caller gave.

    Raises
    ------
    InvalidArgument
        If the value is neither.
    """
    if not isinstance(value, bool):
        raise InvalidArgument(argument, f"must be True or False, got {value!r:.50}", f"use {argument}=True")
    return value


def as_choice(argument: str, value: object, known: Sequence[str], what: str | None = None) -> str:
    """Read one of several words.

    Parameters
    ----------
    argument : str
        Name of the argument, for the error.
    value : object
        What the caller gave.
    known : sequence of str
        The words.
    what : str, optional
        What the words stand for; the argument's own name by default.

    Returns
    -------
    str

    Raises
    ------
    InvalidArgument
        If the value is none of the words; the error suggests the nearest.

    Examples
    --------
    >>> as_choice("probes", "signs", ("signs", "normals"))
    'signs'
    """
    if not isinstance(value, str) or value not in known:
        problem = f"there is no {what or argument} {value!r:.50}"
        raise InvalidArgument(argument, problem, nearest(str(value), known))
    return value


def as_sample(argument: str, values: ArrayLike, *, finite: bool = True) -> Array:
    """Read a sample.

    Parameters
    ----------
    argument : str
        Name of the argument, for the error.
    values : array_like, shape (N,)
        What the caller gave.
    finite : bool
        Whether infinities are refused.

    Returns
    -------
    ndarray, shape (N,)

    Raises
    ------
    InvalidArgument
        If the values are no vector or there are none, one is nan, or one is infinite and must not be.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not len(x):
        raise InvalidArgument(argument, f"must be a nonempty vector, got shape {x.shape}", "give one sample per entry")
    if np.isnan(x).any() or (finite and not np.isfinite(x).all()):
        problem = "must be finite" if finite else "must not be nan"
        raise InvalidArgument(argument, problem, "look for what overflowed")
    return x


def as_bounded_sample(values: ArrayLike, bound: object) -> tuple[Array, float]:
    """Read a sample of variables between 0 and a bound.

    Parameters
    ----------
    values : array_like, shape (N,)
        The sample, called ``values`` in errors.
    bound : object
        The bound, called ``bound`` in errors.

    Returns
    -------
    values : ndarray, shape (N,)
    bound : float

    Raises
    ------
    InvalidArgument
        If the bound is not positive and finite, or a value lies outside [0, bound].
    """
    x, most = as_sample("values", values), as_positive("bound", bound)
    if x.min() < 0 or x.max() > most:
        problem = f"must lie between 0 and {most}, got {float(x.min() if x.min() < 0 else x.max())}"
        raise InvalidArgument("values", problem, "raise the bound, or clip before taking the mean")
    return x, most


def as_floats(argument: str, values: ArrayLike, *, finite: bool = True) -> Array:
    """Read an array of real numbers of any shape.

    Parameters
    ----------
    argument : str
        Name of the argument, for the error.
    values : array_like
        What the caller gave.
    finite : bool
        Whether infinities and nan are refused.

    Returns
    -------
    ndarray
        A new array of doubles.

    Raises
    ------
    InvalidArgument
        If the values are no array of real numbers, or an entry is not finite and must be.
    """
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


def as_ensemble(net: object, asker: str = "montecarlo") -> Ensemble:
    """Read an ensemble whose sizes are numbers.

    Parameters
    ----------
    net : object
        What the caller gave, called ``net`` in errors.
    asker : str
        Who needs numbers, for the error.

    Returns
    -------
    Ensemble

    Raises
    ------
    InvalidArgument
        If it is no ensemble, or has symbols.
    """
    require_type("net", net, Ensemble, "e.g. Ensemble(width=32, depth=64)")
    assert isinstance(net, Ensemble)
    net.require_numbers(asker)
    return net


def require_type(argument: str, value: object, kind: type, example: str) -> None:
    """Refuse what is not of a type.

    Parameters
    ----------
    argument : str
        Name of the argument, for the error.
    value : object
        What the caller gave.
    kind : type
        What it must be an instance of.
    example : str
        What the error suggests.

    Raises
    ------
    InvalidArgument
        If the value is of another type.
    """
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise InvalidArgument(argument, f"must be {article} {kind.__name__}, got {value!r:.60}", f"use {example}")
