"""The slope of one logarithm against another: an estimate by least squares, and an interval for every law."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo.arguments import as_sample
from montecarlo.arrays import Array
from montecarlo.intervals.estimate import Estimate
from montecarlo.intervals.order_statistics import order_statistic_interval
from theory.ensembles import InvalidArgument


def pair_slopes(x: ArrayLike, y: ArrayLike) -> Array:
    """Return the slopes (y_{2i+1} - y_{2i})/(x_{2i+1} - x_{2i}) of disjoint pairs, i.i.d. if the points are.

    Parameters
    ----------
    x : array_like, shape (N,)
        Finite numbers, different within each pair.
    y : array_like, shape (N,)
        Numbers; inf stands for a value that is larger than all others, and the slope between two such is nan.

    Returns
    -------
    ndarray, shape (N // 2,)
        The slopes; one that overflows is inf.

    Raises
    ------
    InvalidArgument
        If there are fewer than two points, x and y differ in number, or a pair has one x.

    Examples
    --------
    >>> pair_slopes([0.0, 1.0, 5.0, 3.0], [0.0, 2.0, np.inf, 1.0])
    array([ 2., inf])
    """
    a, b = as_sample("x", x), as_sample("y", y, finite=False)
    if len(a) != len(b) or len(a) < 2:
        problem = f"have {len(a)} and {len(b)} entries"
        raise InvalidArgument("x", f"and y {problem}", "give at least two points, an x and a y for each")
    even = len(a) // 2 * 2
    if (a[1:even:2] == a[:even:2]).any():
        raise InvalidArgument("x", "has the same value twice in a pair, which has no slope", "leave one of them out")
    (run, across), (rise, up) = (_scaled(each[:even].reshape(-1, 2)) for each in (a, b))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # inf - inf is nan
        return np.asarray(np.ldexp((rise[:, 1] - rise[:, 0]) / (run[:, 1] - run[:, 0]), (up - across)[:, 0]))


def median_slope_interval(x: ArrayLike, y: ArrayLike, error: float) -> Estimate:
    r"""Enclose the median of the slope between two independent points, whatever their law.

    Parameters
    ----------
    x, y : array_like, shapes (N,)
        An i.i.d. sample of points, as for :func:`pair_slopes`.
    error : float
        Probability that the interval may miss, both sides together.

    Returns
    -------
    Estimate
        An estimate of the median of the law of :math:`(y'-y)/(x'-x)`.

    Raises
    ------
    InvalidArgument
        As for :func:`pair_slopes`, or if error lies outside (0, 1).

    Notes
    -----
    The slopes of disjoint pairs are i.i.d., so that two of their order statistics enclose the median with exactly
    binomial probabilities (Thompson, Savur), and no model of the points is needed. If y = a + bx + e with e independent
    of x, the median is b, as e' - e is symmetric. Nothing is known of a slope whose two y are both inf: it counts as
    below the lower end and above the upper one.

    References
    ----------
    H. Theil, A rank-invariant method of linear and polynomial regression analysis, Indagationes Math. 12, 1950: the
    "incomplete method".

    Examples
    --------
    >>> x = np.arange(100.0) ** 2
    >>> median_slope_interval(x, 3 * x + 1, error=1e-6)
    Estimate(3 in [3, 3], error 1e-06, order statistics of the slopes of pairs, 50 samples)
    """
    slopes = pair_slopes(x, y)
    unknown = np.isnan(slopes)
    low = order_statistic_interval(np.where(unknown, -np.inf, slopes), 0.5, error)
    high = order_statistic_interval(np.where(unknown, np.inf, slopes), 0.5, error)
    return replace(low, hi=high.hi, method="order statistics of the slopes of pairs")


def least_squares_slope(x: ArrayLike, y: ArrayLike) -> float:
    """Return the slope of the line that fits best.

    Parameters
    ----------
    x, y : array_like, shapes (N,)
        Finite numbers; the x are not all the same.

    Raises
    ------
    InvalidArgument
        If x and y differ in number, or the x are all the same.

    Examples
    --------
    >>> least_squares_slope([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
    2.0
    """
    a, b = as_sample("x", x), as_sample("y", y)
    if len(a) != len(b) or a.min() == a.max():
        raise InvalidArgument("x", "must have as many entries as y, not all the same", "give two points or more")
    (run, across), (rise, up) = _scaled(a), _scaled(b)
    run = run - run.mean()
    with np.errstate(over="ignore", under="ignore"):
        return float(np.ldexp(run @ (rise - rise.mean()) / (run @ run), int(up[0] - across[0])))


def _scaled(values: Array) -> tuple[Array, NDArray[np.int32]]:
    """Divide rows by powers of 2 so that no entry but inf exceeds 1; return the exponents too.

    Then differences do not overflow.
    """
    with np.errstate(under="ignore"):
        exponents = np.frexp(np.where(np.isinf(values), 0, np.abs(values)).max(axis=-1, keepdims=True))[1]
        return np.ldexp(values, -exponents), exponents
