r"""Gradient descent of many diagonal networks :math:`w = u^N-v^N` at once, on precomputed Gram matrices.

The loss is :math:`|y-Xw|^2/(2n)`. With :math:`g = X^T(y-Xw)/n` a step is :math:`u \leftarrow u+\eta Nu^{N-1}g` and
:math:`v \leftarrow v-\eta Nv^{N-1}g`. It is the time :math:`\eta` of gradient flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo.arguments import as_count, as_floats, as_positive
from montecarlo.arrays import Array
from montecarlo.wording import counted
from theory.ensembles import InvalidArgument

_DEEPEST = 64
_PER_DECADE = 24


@dataclass(frozen=True, eq=False)
class SparsePath:
    """What was measured on the way, after the steps of descent that were asked for.

    Attributes
    ----------
    steps : ndarray of int, shape (T,)
        After how many steps.
    risk : ndarray, shape (T, m)
        The squared distance |w - w*|^2 of each network's w from the signal.
    support_error : ndarray, shape (T, m)
        The largest |w_i - w*_i| where w*_i is not 0; 0 if there is no such i.
    off_support : ndarray, shape (T, m)
        The largest |w_j| where w*_j is 0, negative leaks included; 0 if there is no such j.
    l1_norm : ndarray, shape (T, m)
        The sum of all |w_i|.
    coordinates : ndarray, shape (T, m, p)
        w itself.
    """

    steps: NDArray[np.int64]
    risk: Array
    support_error: Array
    off_support: Array
    l1_norm: Array
    coordinates: Array

    def __repr__(self) -> str:
        times, networks = self.risk.shape
        last = counted(int(self.steps[-1]), "step")
        return f"SparsePath({counted(networks, 'network')}, measured {counted(times, 'time')} in {last})"


def geometric_steps(last: int, per_decade: int = _PER_DECADE) -> tuple[int, ...]:
    """Return whole numbers from 1 to `last` that grow by about the same factor.

    Parameters
    ----------
    last : int
        The greatest, which is always there.
    per_decade : int
        How many there are between 100 and 1000, or any later decade.

    Raises
    ------
    InvalidArgument
        If an argument is no positive integer.

    Examples
    --------
    >>> geometric_steps(10, per_decade=4)
    (1, 2, 3, 6, 10)
    """
    last, per_decade = as_count("last", last), as_count("per_decade", per_decade)
    found = 10 ** (np.arange(int(np.log10(last) * per_decade) + 1) / per_decade)
    return tuple(sorted({*(int(step) for step in np.round(found) if step <= last), last}))


def sparse_descent(
    gram: ArrayLike,
    correlation: ArrayLike,
    signal: ArrayLike,
    *,
    depth: int,
    scale: float,
    learning_rate: float,
    steps: Sequence[int],
) -> SparsePath:
    r"""Train diagonal networks of one depth, one for each data set, and measure them on the way.

    Parameters
    ----------
    gram : array_like, shape (p, p) or (m, p, p)
        :math:`X^TX/n`, the same for all data sets, or one for each.
    correlation : array_like, shape (m, p)
        :math:`X^Ty/n` of each data set.
    signal : array_like, shape (p,)
        w*, which is only measured against.
    depth : int
        N, from 2 to 64.
    scale : float
        :math:`w_0 = \alpha^N`, where all weights u and v start at :math:`\alpha`.
    learning_rate : float
        :math:`\eta`. Near :math:`w_i = z` descent is stable below :math:`2/(N^2|z|^{2-2/N})` over the largest
        eigenvalue of the Gram matrix on the support.
    steps : sequence of int
        After which steps to measure, increasing, such as :func:`geometric_steps`; the last is the end.

    Returns
    -------
    SparsePath

    Raises
    ------
    InvalidArgument
        If shapes do not fit, an argument is out of range, or a network diverges.

    Examples
    --------
    >>> path = sparse_descent(
    ...     np.eye(2), [[1.0, 0.0]], [1.0, 0.0], depth=3, scale=1e-3, learning_rate=0.05, steps=geometric_steps(400)
    ... )
    >>> path
    SparsePath(1 network, measured 49 times in 400 steps)
    >>> path.coordinates[-1].round(6) + 0
    array([[1., 0.]])
    """
    M, b, truth = as_floats("gram", gram), as_floats("correlation", correlation), as_floats("signal", signal)
    N = as_count("depth", depth, 2, _DEEPEST, example=3)
    start, eta = as_positive("scale", scale) ** (1 / N), as_positive("learning_rate", learning_rate)
    _require_shapes(M, b, truth)
    times = _increasing(steps)
    support = truth != 0
    found, coordinates = np.zeros((4, len(times), len(b))), np.zeros((len(times), *b.shape))
    u = np.full(b.shape, start)
    v, done = u.copy(), 0
    with np.errstate(over="ignore", invalid="ignore"):
        for row, time in enumerate(times):
            for _ in range(time - done):
                _step(u, v, M, b, N, eta)
            done = time
            w = coordinates[row] = _power(u, N) - _power(v, N)
            error = np.abs(w - truth)
            found[0, row] = (error**2).sum(axis=1)
            found[1, row] = error[:, support].max(axis=1, initial=0)
            found[2, row] = np.abs(w[:, ~support]).max(axis=1, initial=0)
            found[3, row] = np.abs(w).sum(axis=1)
            if not np.isfinite(found[0, row]).all():
                problem = f"{eta:g} lets a network diverge within {time} steps"
                raise InvalidArgument("learning_rate", problem, "use a smaller one")
    return SparsePath(np.array(times, dtype=np.int64), found[0], found[1], found[2], found[3], coordinates)


def _step(u: Array, v: Array, gram: Array, correlation: Array, depth: int, rate: float) -> None:
    """Take a step of descent, in place."""
    before_u, before_v = _power(u, depth - 1), _power(v, depth - 1)
    w = before_u * u
    w -= before_v * v
    g = w @ gram if gram.ndim == 2 else np.matmul(gram, w[:, :, None])[:, :, 0]
    np.subtract(correlation, g, out=g)
    g *= rate * depth
    before_u *= g
    before_v *= g
    u += before_u
    v -= before_v


def _power(x: Array, exponent: int) -> Array:
    """Return a new array of whole powers, by squaring, which is many times as fast as NumPy's power."""
    result: Array | None = None
    square = x
    while exponent:
        if exponent & 1:
            result = square.copy() if result is None else result * square
        exponent >>= 1
        if exponent:
            square = square * square
    assert result is not None
    return result


def _require_shapes(gram: Array, correlation: Array, signal: Array) -> None:
    p = len(signal) if signal.ndim == 1 else 0
    if not p:
        raise InvalidArgument("signal", f"has shape {signal.shape}", "use shape (p,)")
    if correlation.ndim != 2 or correlation.shape[1] != p:
        problem = f"has shape {correlation.shape}, but the signal has {p} entries"
        raise InvalidArgument("correlation", problem, f"use shape (m, {p}), a row for each data set")
    if gram.shape not in ((p, p), (len(correlation), p, p)):
        problem = f"has shape {gram.shape}"
        raise InvalidArgument("gram", problem, f"use shape ({p}, {p}), or ({len(correlation)}, {p}, {p})")


def _increasing(steps: object) -> tuple[int, ...]:
    if isinstance(steps, (str, bytes)) or not isinstance(steps, (Sequence, np.ndarray)) or not len(steps):
        raise InvalidArgument("steps", f"must be a sequence of integers, got {steps!r:.50}", "use e.g. (100, 1000)")
    times = tuple(as_count("steps", step, 0) for step in steps)
    if any(later <= sooner for sooner, later in pairwise(times)):
        raise InvalidArgument("steps", f"must increase, got {times!r:.50}", "sort them")
    return times
