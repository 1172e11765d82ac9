"""Gradient flow of networks that are linear in their input, on data of one's own: deep diagonal ones and pairs.

The loss is half the sum of squared residuals, as in :mod:`montecarlo.training.regression.diagonal_flows`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_between, as_count
from montecarlo.arrays import Array
from montecarlo.training.regression.adaptive_flow import flow
from theory.ensembles import InvalidArgument

_BUDGET = 10_000
"""The most steps: what has been fitted makes the equations stiff while the rest has hardly moved."""


def depth_flow(depth: int, start: ArrayLike, design: ArrayLike, targets: ArrayLike, time: float) -> Array:
    """Follow gradient flow of w = u^N - v^N, u and v from the same start, to a time.

    Parameters
    ----------
    depth : int
        N, at least 2.
    start : array_like, shape (d,)
        The weights at which both u and v start, positive.
    design : array_like, shape (n, d)
        The inputs in rows.
    targets : array_like, shape (n,)
        Their targets.
    time : float
        The time T.

    Returns
    -------
    ndarray, shape (2, d)
        u and v at the time T.

    Raises
    ------
    InvalidArgument
        If the shapes do not match, an argument is out of range, or the time is not reached.

    Examples
    --------
    >>> u, v = depth_flow(3, [0.5, 0.5], [[1.0, 2.0]], [3.0], 20.0)
    >>> w = u**3 - v**3
    >>> bool(abs(w[0] + 2 * w[1] - 3) < 1e-9), bool(w[1] > w[0] > 0)
    (True, True)
    """
    power = as_count("depth", depth, least=2, example=3)
    weights, X, y = _problem(start, design, targets)
    if not (weights > 0).all():
        raise InvalidArgument("start", f"must be positive, got {weights.min()}", "use e.g. 0.1")
    d = len(weights)

    def field(states: Array, _: object) -> Array:
        u, v = states[:, :d], states[:, d:]
        pull = (y - (u**power - v**power) @ X.T) @ X * power
        return np.concatenate([u ** (power - 1) * pull, -(v ** (power - 1)) * pull], axis=1)

    until = as_between("time", time, 0, closed=True, example=10)
    end = flow(field, np.concatenate([weights, weights])[None], until, budget=_BUDGET)
    return end.reshape(2, d)


def pair_flow(
    first: ArrayLike, second: ArrayLike, design: ArrayLike, targets: ArrayLike, time: float
) -> tuple[Array, Array]:
    """Follow gradient flow of two linear layers f(x) = x.U v to a time.

    Parameters
    ----------
    first : array_like, shape (d, h)
        U at the start.
    second : array_like, shape (h,)
        v at the start.
    design, targets, time
        As for :func:`depth_flow`.

    Returns
    -------
    U : ndarray, shape (d, h)
        The first layer at the time T.
    v : ndarray, shape (h,)
        The second one.

    Raises
    ------
    InvalidArgument
        As :func:`depth_flow`.

    Examples
    --------
    >>> U, v = pair_flow(np.zeros((2, 1)), [1.0], [[1.0, 2.0]], [3.0], 20.0)
    >>> (U @ v).round(9)
    array([0.6, 1.2])
    """
    U, v = np.asarray(first, float), np.asarray(second, float)
    if U.ndim != 2 or v.shape != U.shape[1:]:
        raise InvalidArgument("second", f"of shape {v.shape} does not follow {U.shape}", "use one entry a column of U")
    _, X, y = _problem(np.zeros(len(U)), design, targets)
    d, h = U.shape

    def field(states: Array, _: object) -> Array:
        upper, last = states[:, : d * h].reshape(-1, d, h), states[:, d * h :]
        pull = (y - np.einsum("mdh,mh->md", upper, last) @ X.T) @ X
        both = np.einsum("md,mh->mdh", pull, last).reshape(len(states), -1)
        return np.concatenate([both, np.einsum("md,mdh->mh", pull, upper)], axis=1)

    start = np.concatenate([U.ravel(), v])[None]
    end = flow(field, start, as_between("time", time, 0, closed=True, example=10), budget=_BUDGET)[0]
    return end[: d * h].reshape(d, h), end[d * h :]


def _problem(start: ArrayLike, design: ArrayLike, targets: ArrayLike) -> tuple[Array, Array, Array]:
    weights, X, y = (np.asarray(value, float) for value in (start, design, targets))
    if weights.ndim != 1 or X.ndim != 2 or X.shape[1] != len(weights):
        problem = f"of shape {X.shape} does not fit a start of shape {weights.shape}"
        raise InvalidArgument("design", problem, "use one column a weight")
    if y.shape != X.shape[:1]:
        raise InvalidArgument(
            "targets", f"of shape {y.shape} do not fit {X.shape[0]} inputs", "use one target an input"
        )
    return weights, X, y
