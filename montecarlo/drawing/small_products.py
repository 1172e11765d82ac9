"""Batches of matrices times vectors, by BLAS in pieces so small that it never starts threads of its own.

The threads belong to the simulation, and the bits must not depend on how many BLAS would have taken.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from montecarlo.arrays import Floats

_ENTRIES = 2**13
"""Entries of a piece that is multiplied by a vector, at most: OpenBLAS starts threads at 9,216."""
_OPERATIONS = 2**17
"""Multiplications in a product of two pieces, at most: OpenBLAS starts threads at 2^18."""


def matrix_vector(matrices: Floats, vectors: Floats) -> Floats:
    """Multiply each matrix by its vector.

    Parameters
    ----------
    matrices : ndarray, shape (m, o, i)
        Contiguous.
    vectors : ndarray, shape (m, i)

    Returns
    -------
    ndarray, shape (m, o)

    Examples
    --------
    >>> matrix_vector(np.array([[[1.0, 2.0], [3.0, 4.0]]]), np.array([[1.0, 10.0]]))
    array([[21., 43.]])
    """
    m, o, i = matrices.shape
    if o * i <= _ENTRIES:
        return np.asarray(np.matmul(matrices, vectors[:, :, None])[:, :, 0])
    rows = _rows(o, i)
    pieces = matrices.reshape(m, o // rows, rows, i)
    product: Floats = np.matmul(pieces, vectors[:, None, :, None])
    return product.reshape(m, o)


def vector_matrix(vectors: Floats, matrices: Floats) -> Floats:
    """Multiply each vector, as a row, by its matrix.

    Parameters
    ----------
    vectors : ndarray, shape (m, o)
    matrices : ndarray, shape (m, o, i)
        Contiguous.

    Returns
    -------
    ndarray, shape (m, i)

    Examples
    --------
    >>> vector_matrix(np.array([[1.0, 10.0]]), np.array([[[1.0, 2.0], [3.0, 4.0]]]))
    array([[31., 42.]])
    """
    m, o, i = matrices.shape
    if o * i <= _ENTRIES:
        return np.asarray(np.matmul(vectors[:, None, :], matrices)[:, 0])
    rows = _rows(o, i)
    pieces = np.matmul(vectors.reshape(m, o // rows, 1, rows), matrices.reshape(m, o // rows, rows, i))
    return pieces[:, 0, 0] if o == rows else np.asarray(pieces.sum(axis=(1, 2)))


def matrix_matrix(left: Floats, right: Floats) -> Floats:
    """Multiply pairs of matrices.

    Parameters
    ----------
    left, right : ndarray, shapes (m, o, i), (m, i, j)
        Contiguous.

    Returns
    -------
    ndarray, shape (m, o, j)

    Examples
    --------
    >>> matrix_matrix(np.array([[[1.0, 2.0], [3.0, 4.0]]]), np.array([[[0.0, 1.0], [1.0, 0.0]]]))
    array([[[2., 1.],
            [4., 3.]]])
    """
    m, o, i = left.shape
    rows = _rows(o, i * right.shape[2], _OPERATIONS)
    pieces = left.reshape(m, o // rows, rows, i)
    product: Floats = np.matmul(pieces, right[:, None])
    return product.reshape(m, o, right.shape[2])


@cache
def _rows(o: int, i: int, most: int = _ENTRIES) -> int:
    """Return how many of o rows of i entries make a piece: the largest divisor of o that is small enough."""
    return max(rows for rows in range(1, o + 1) if o % rows == 0 and (rows == 1 or rows * i <= most))
