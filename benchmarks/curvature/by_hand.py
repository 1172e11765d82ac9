r"""The Hessian of f written out in NumPy, and products with it: what autograd does, by hand.

With :math:`b_L = D_Lv`, :math:`b_k = D_kW_{k+1}^Tb_{k+1}` and k < l the second derivative of f is
:math:`b_l^T\,dW_l\,M_{lk}\,dW_k\,a_{k-1}`, :math:`M_{lk} = D_{l-1}W_{l-1}\cdots W_{k+1}D_k`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.curvature.work import Array


def passes(weights: list[Array], v: Array, x: Array, relu: bool) -> tuple[list[Array], list[Array], list[Array]]:
    """Return a_0, ..., a_L, b_1, ..., b_L and the diagonals of D_1, ..., D_L."""
    forward, gates = [x], []
    for w in weights:
        z = w @ forward[-1]
        gates.append((z > 0).astype(float) if relu else np.ones_like(z))
        forward.append(gates[-1] * z)
    backward = [gates[-1] * v]
    for w, d in zip(weights[:0:-1], gates[-2::-1], strict=True):
        backward.append(d * (backward[-1] @ w))
    return forward, backward[::-1], gates


def dense(weights: list[Array], v: Array, x: Array, relu: bool) -> Array:
    """Return the Hessian in all weights, row by row, layer after layer."""
    a, b, gates = passes(weights, v, x, relu)
    ends = np.cumsum([w.size for w in weights])
    hessian = np.zeros((ends[-1], ends[-1]))
    for k in range(len(weights)):
        between = np.diag(gates[k])
        for l in range(k + 1, len(weights)):  # noqa: E741
            block = np.einsum("i,jp,q->ijpq", b[l], between, a[k]).reshape(weights[l].size, weights[k].size)
            rows, columns = slice(ends[l] - len(block), ends[l]), slice(ends[k] - block.shape[1], ends[k])
            hessian[rows, columns] = block
            hessian[columns, rows] = block.T
            between = gates[l][:, None] * (weights[l] @ between)
    return hessian


def product(weights: list[Array], v: Array, x: Array, relu: bool) -> Callable[[Array], Array]:
    """Return a function that takes directions of shape (N,) or (c, N), and multiplies them by the Hessian."""
    a, b, gates = passes(weights, v, x, relu)
    depth, n = len(weights), len(x)

    def times(directions: Array) -> Array:
        d = directions.reshape(-1, depth, n, n)
        out = np.empty_like(d)
        tangent = np.zeros((len(d), n))
        forward = [tangent]
        for k in range(depth - 1):
            tangent = gates[k] * (tangent @ weights[k].T + d[:, k] @ a[k])
            forward.append(tangent)
        tangent = np.zeros((len(d), n))
        for k in range(depth - 1, -1, -1):
            np.multiply(tangent[:, :, None], a[k], out=out[:, k])
            out[:, k] += b[k][:, None] * forward[k][:, None, :]
            if k:
                tangent = gates[k - 1] * (tangent @ weights[k] + np.matmul(b[k], d[:, k]))
        return out.reshape(directions.shape)

    return times
