"""Ordinary differential equations of many networks at once, each with steps of its own size: Dormand and Prince's rule.

One step of the rule takes seven slopes, combines them to order 5, and estimates its error by a combination of order 4.
A network whose error is too large repeats its step with a smaller one, while the others go on.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_between, as_count
from montecarlo.arrays import Array
from theory.ensembles import InvalidArgument

Field = Callable[[Array, NDArray[np.intp]], Array]
"""Returns the derivatives of the states, shape (j, p), of those networks whose numbers are given, shape (j,)."""

_SLOPES = (
    (),
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_ERROR = (71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)


def flow(field: Field, start: Array, time: float, *, rtol: float = 1e-10, budget: int = 100_000) -> Array:
    """Follow an autonomous flow of many networks to a time.

    Parameters
    ----------
    field : callable
        Returns the derivatives of the states of some networks.
    start : ndarray, shape (m, p)
        The states at the time 0, which are not changed.
    time : float
        The time T, in the unit of the field.
    rtol : float
        The error of a step that is allowed, relative to the larger of 1 and the state.
    budget : int
        The most steps, accepted or not.

    Returns
    -------
    ndarray, shape (m, p)

    Raises
    ------
    InvalidArgument
        If an argument is out of range, the budget does not suffice, or a state is not finite.

    References
    ----------
    J. R. Dormand and P. J. Prince, J. Comput. Appl. Math. 6 (1980) 19-26, have the rule.

    Examples
    --------
    >>> flow(lambda x, _: -x, np.array([[1.0], [2.0]]), np.log(2)).round(9)
    array([[0.5],
           [1. ]])
    """
    end = as_between("time", time, 0, closed=True, example=1.0)
    tolerance = as_between("rtol", rtol, 1e-14, 1, example=1e-10)
    budget = as_count("budget", budget, example=100_000)
    state = np.array(start, dtype=np.float64)
    left = np.arange(len(state))
    now, slope = np.zeros(len(state)), field(state, left)
    steps = _first_steps(state, slope, tolerance)
    for _ in range(budget):
        go = now < end
        left, now, slope, steps = left[go], now[go], slope[go], steps[go]
        if not len(left):
            return state
        length = np.minimum(steps, end - now)
        moved, last, error = _step(field, state[left], slope, left, length, tolerance)
        fine = error <= 1
        state[left[fine]], slope[fine] = moved[fine], last[fine]
        now = np.where(fine, np.where(length >= end - now, end, now + length), now)
        with np.errstate(divide="ignore"):
            factor = np.clip(0.9 * error**-0.2, 0.2, 5.0)
        steps = np.where(np.isfinite(error), length * np.where(fine, factor, np.minimum(factor, 0.9)), length / 5)
        if (steps < 1e-14 * end).any():
            raise InvalidArgument("time", f"{time:g} is not reached: steps become too small", "end before it diverges")
    raise InvalidArgument("budget", f"{budget} steps do not reach the time {time:g}", "give more, or a larger rtol")


def _first_steps(state: Array, slope: Array, tolerance: float) -> Array:
    size = np.maximum(1.0, np.abs(state).max(axis=1, initial=0))
    speed = np.abs(slope).max(axis=1, initial=0)
    return np.asarray(tolerance**0.2 * size / np.maximum(speed, 1e-6))


def _step(
    field: Field, state: Array, slope: Array, which: NDArray[np.intp], length: Array, tolerance: float
) -> tuple[Array, Array, Array]:
    """Return the states after a step, their slopes, and the error in units of the tolerance."""
    h = length[:, None]
    slopes, moved = [slope], state
    with np.errstate(over="ignore", invalid="ignore"):
        for weights in _SLOPES[1:]:
            moved = state + h * sum(weight * one for weight, one in zip(weights, slopes, strict=True))
            slopes.append(field(moved, which))
        gap = h * sum(weight * one for weight, one in zip(_ERROR, slopes, strict=True))
        size = np.maximum(1.0, np.maximum(np.abs(state), np.abs(moved)))
        error = np.abs(gap / size).max(axis=1, initial=0) / tolerance
    return moved, slopes[-1], np.where(np.isfinite(error), error, np.inf)
