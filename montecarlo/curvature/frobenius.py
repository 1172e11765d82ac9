"""The Frobenius norm of the Hessian of f, by one recursion over the layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from montecarlo.arrays import Array, Floats
from montecarlo.drawing.small_products import matrix_matrix


def log_frobenius(weights: Sequence[Array], slopes: Sequence[Array], log_forward: Array, log_backward: Array) -> Array:
    r"""Return log|H|_F of m networks, -inf for 0.

    Parameters
    ----------
    weights : sequence of ndarray, shapes (m, n_k, n_{k-1})
        W_1, ..., W_L.
    slopes : sequence of ndarray, shapes (m, n_k)
        Diagonals of D_1, ..., D_{L-1}; further ones are not read.
    log_forward, log_backward : ndarray, shapes (m, L+1), (m, L)
        log|a_0|, ..., log|a_L| and log|b_1|, ..., log|b_L|; -inf for 0.

    Returns
    -------
    ndarray, shape (m,)

    Notes
    -----
    :math:`|H|_F^2 = 2\sum_{k<l}|b_l|^2|M_{lk}|_F^2|a_{k-1}|^2 = 2\sum_l|b_l|^2\,\mathrm{tr}\,C_l` with :math:`C_{l+1} =
    D_l(|a_{l-1}|^2 + W_lC_lW_l^T)D_l` and :math:`C_1 = 0`. This takes two products of matrices for each layer, not one
    for each pair of layers. C is kept at trace 1, beside the logarithm of its trace.

    Examples
    --------
    On x = 3 the mixed second derivative of f = 2 w_2 w_1 x is 6:

    >>> one = np.ones((1, 1, 1))
    >>> logs = log_frobenius([one, one], [one[0], one[0]], np.log([[3.0, 3.0, 3.0]]), np.log([[2.0, 2.0]]))
    >>> np.exp(2 * logs)
    array([72.])
    """
    log_trace = np.full(len(log_backward), -np.inf)
    c: Floats | None = None
    logs = [log_trace]
    for w, d, log_a in zip(weights[:-1], slopes, 2 * log_forward.T, strict=False):
        scale = np.maximum(log_trace, log_a)
        scale[np.isneginf(scale)] = 0
        if c is None:
            c = np.zeros((len(d), d.shape[1], d.shape[1]))
        else:
            c = matrix_matrix(matrix_matrix(w, c), np.ascontiguousarray(w.transpose(0, 2, 1)))
            c *= np.exp(log_trace - scale)[:, None, None]
        c[:, range(d.shape[1]), range(d.shape[1])] += np.exp(log_a - scale)[:, None]
        c *= d[:, :, None] * d[:, None, :]
        trace = np.maximum(np.einsum("mii->m", c), 0)  # a 0 may be rounded to less
        c *= np.divide(1.0, trace, out=np.zeros_like(trace), where=trace > 0)[:, None, None]
        with np.errstate(divide="ignore"):  # the log of a dead network's 0
            log_trace = scale + np.log(trace)
        logs.append(log_trace)
    with np.errstate(invalid="ignore"):
        squares = 2 * log_backward + np.stack(logs, axis=1)
    return np.asarray((np.log(2) + np.logaddexp.reduce(squares, axis=1)) / 2)
