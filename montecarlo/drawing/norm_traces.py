"""Squared norms of vectors on their way through the layers, on log scale; powers of two are taken out on the way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.arrays import Array, Floats


def rescale(vectors: Floats) -> tuple[Array, NDArray[np.int32]]:
    """Rescale rows in place by powers of two to norms between 1/2 and 2, which rounds nothing.

    Parameters
    ----------
    vectors : ndarray, shape (m, n)
        Overwritten.

    Returns
    -------
    squares : ndarray, shape (m,)
        Squared norms before rescaling, in double precision; 0 for rows of zeros, which stay as they are.
    halves : ndarray of int, shape (m,)
        Each row was divided by 2**halves.

    Examples
    --------
    >>> rows = np.array([[96.0, 128.0], [0.0, 0.0]])
    >>> rescale(rows)[1], rows
    (array([7, 0], dtype=int32), array([[0.75, 1.  ], [0.  , 0.  ]]))
    """
    squares = np.einsum("mi,mi->m", vectors, vectors, dtype=np.float64)
    halves = np.frexp(squares)[1] >> 1
    vectors *= np.ldexp(vectors.dtype.type(1), -halves)[:, None]
    return squares, halves


class NormTrace:
    """Squared norms of m vectors after each of several steps: a mantissa, an exponent, and a log common to all vectors.

    Parameters
    ----------
    log_start : float
        Log of a factor that all squared norms still lack.
    log_factors : ndarray, shape (steps - 1,)
        Logs of the factors that the steps after the first leave out.
    networks : int
        m.
    """

    def __init__(self, log_start: float, log_factors: Array, networks: int) -> None:
        steps = len(log_factors) + 1
        self._squares = np.zeros((steps, networks))
        self._exponents = np.zeros((steps, networks), dtype=np.int32)
        factors = np.cumsum(log_factors, dtype=np.longdouble)  # rounding is the same at each layer, and adds up
        self._logs: Array = np.concatenate([[log_start], log_start + factors]).astype(np.float64)
        self._total = np.zeros(networks, dtype=np.int32)
        self._step = 0

    def record(self, vectors: Floats, rows: Any = slice(None)) -> Array:
        """Record the squared norms after the next step, and rescale the vectors in place.

        Parameters
        ----------
        vectors : ndarray, shape (rows, n)
            Vectors after the step; overwritten.
        rows : slice or ndarray of int
            Which of the m vectors they are; the others are recorded as 0. By default they are all.

        Returns
        -------
        ndarray, shape (rows,)
            Squared norms before rescaling.
        """
        squares, halves = rescale(vectors)
        self._squares[self._step, rows] = squares
        self._exponents[self._step, rows] = self._total[rows]
        self._total[rows] += halves
        self._step += 1
        return squares

    def logs(self, steps: Iterable[int]) -> Array:
        """Return the logs of the squared norms after some steps, shape (m, len(steps)); -inf for a zero vector."""
        chosen = list(steps)
        logs = self._squares[chosen]
        with np.errstate(divide="ignore"):  # the log of a dead network's 0
            np.log(logs, out=logs)
        logs += 2 * np.log(2) * self._exponents[chosen]
        logs += self._logs[chosen][:, None]
        return np.ascontiguousarray(logs.T)
