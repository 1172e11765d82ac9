"""Vectors on their way through the layers: rescaled by powers of two, their squared norms kept on log scale."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.arrays import Array, Floats


def rescale(vectors: Floats) -> tuple[Array, NDArray[np.int32]]:
    """Rescale rows in place by powers of two to norms between 1/2 and 2, which rounds nothing.

    Returns
    -------
    squares : ndarray, shape (m,)
        Squared norms before, in double precision; 0 for rows of zeros, which stay.
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
    """Squared norms of m vectors after each of several steps: mantissa, exponent, and a log common to the vectors.

    Parameters
    ----------
    log_start : float
        log of the factor that the squared norms lack at first.
    log_factors : ndarray, shape (steps - 1,)
        log of the factor that each step leaves out.
    networks : int
        m.
    """

    def __init__(self, log_start: float, log_factors: Array, networks: int) -> None:
        steps = len(log_factors) + 1
        self._squares = np.zeros((steps, networks))
        self._exponents = np.zeros((steps, networks), dtype=np.int32)
        self._logs = np.concatenate([[log_start], log_start + np.cumsum(log_factors)])
        self._total = np.zeros(networks, dtype=np.int32)
        self._step = 0

    def record(self, vectors: Floats, rows: Any = slice(None)) -> Array:
        """Note the squared norms, rescale the vectors in place, and return the squares; those not in `rows` are 0."""
        squares, halves = rescale(vectors)
        self._squares[self._step, rows] = squares
        self._exponents[self._step, rows] = self._total[rows]
        self._total[rows] += halves
        self._step += 1
        return squares

    def logs(self, steps: Iterable[int]) -> Array:
        """Return the logs of the squared norms, shape (m, len(steps)), -inf for a zero vector."""
        chosen = list(steps)
        logs = self._squares[chosen]
        with np.errstate(divide="ignore"):  # the log of a dead network's 0
            np.log(logs, out=logs)
        logs += 2 * np.log(2) * self._exponents[chosen]
        logs += self._logs[chosen][:, None]
        return np.ascontiguousarray(logs.T)
