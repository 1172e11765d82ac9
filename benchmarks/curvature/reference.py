"""What is true, from NumPy and SciPy alone, and how far an answer is from it."""

from __future__ import annotations

import numpy as np
from scipy.linalg import qr
from scipy.sparse.linalg import LinearOperator, eigsh

from benchmarks.curvature import by_hand
from benchmarks.curvature.work import Array, Given, Work

ACCURATE = 1e-10
_DENSE = 4096  # parameters: 128 MiB
_AT_ONCE = 64


def truth(work: Work, given: Given) -> Array:
    """Return the eigenvalues that are asked for, ascending; of the full spectrum some may be 0."""
    if work.quantity == "extremes" and work.parameters > 512:
        return ends(given)
    if work.parameters <= _DENSE and not work.is_batch:
        spectrum = np.linalg.eigvalsh(by_hand.dense(*given))
    else:
        spectrum = low_rank(given)
    return spectrum if work.quantity == "full" else spectrum[[0, -1]]


def ends(given: Given) -> Array:
    """Return both ends of the spectrum by eigsh to the last digit."""
    times = by_hand.product(*given)
    size = sum(w.size for w in given.weights)
    start = np.random.default_rng(1).standard_normal(size)
    operator = LinearOperator((size, size), matvec=times, dtype=np.float64)
    return np.sort(eigsh(operator, k=2, which="BE", tol=0, v0=start, ncv=40, return_eigenvectors=False))


def low_rank(given: Given) -> Array:
    """Return the spectrum but for zeros: H is that of its own range, which random products span.

    A layer counts by its products with one vector from each side, so the rank is at most twice the number of active
    units below the last layer: so many products, and ten more, find the range with probability one.
    """
    times = by_hand.product(*given)
    size = sum(w.size for w in given.weights)
    gates = by_hand.passes(*given)[2]
    columns = min(size, 2 * int(sum(d.sum() for d in gates[:-1])) + 10)
    directions = np.random.default_rng(2).standard_normal((columns, size))
    basis = qr(_products(times, directions).T, mode="economic", overwrite_a=True, check_finite=False)[0].T
    reduced = _products(times, np.ascontiguousarray(basis)) @ basis.T
    return np.linalg.eigvalsh((reduced + reduced.T) / 2)


def error(work: Work, found: Array, true: Array) -> float:
    """Return the error of an answer; inf for what is none.

    Of the ends it is relative to each. Of a full spectrum it is relative to the largest: eigenvalues are matched in
    order, those that are not given are 0, and the rank is right as far as an error of this size can tell.
    """
    if not np.isfinite(found).all() or found.size > work.parameters:
        return float("inf")
    if work.quantity == "extremes":
        return float("inf") if found.shape != true.shape else float(np.abs(np.sort(found) / true - 1).max())
    return float(np.abs(_padded(found, work.parameters) - _padded(true, work.parameters)).max() / np.abs(true).max())


def _padded(eigenvalues: Array, size: int) -> Array:
    """Return eigenvalues and zeros in ascending order."""
    return np.sort(np.concatenate([eigenvalues, np.zeros(size - eigenvalues.size)]))


def _products(times: object, directions: Array) -> Array:
    assert callable(times)
    return np.concatenate([times(directions[i : i + _AT_ONCE]) for i in range(0, len(directions), _AT_ONCE)])
