r"""The Frobenius norm of the Hessian of f behind residual branches, by one recursion over the branches.

With :math:`b_k` the derivative of f in the output of :math:`W_k`,

.. math:: d^2f[dW_l, dW_k] = b_l^T\,dW_l\,M_{lk}\,dW_k\,a_{k-1}\quad(k<l),

where :math:`M_{lk}` is the derivative of :math:`a_{l-1}` in the output of :math:`W_k`. Therefore
:math:`|H|_F^2 = 2\sum_l|b_l|^2\,\mathrm{tr}\,C_l` with :math:`C_l = \sum_{k<l}|a_{k-1}|^2M_{lk}M_{lk}^T`. For branches
of one matrix, :math:`C_{l+1} = J_lC_lJ_l^T + \alpha^2|a_{l-1}|^2D_l^2` with :math:`J_l = I+\alpha D_lW_l`. For branches
of two matrices,

.. math:: C_{2j} &= D(|a_{2j-2}|^2 + WC_{2j-1}W^T)D,\qquad W = W_{2j-1},\ W' = W_{2j},\ J = I+\alpha W'DW,\\
          C_{2j+1} &= JC_{2j-1}J^T + \alpha^2|a_{2j-2}|^2W'D^2W'^T + \alpha^2|a_{2j-1}|^2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from montecarlo.architectures.kept_weights import log_of_squares
from montecarlo.architectures.residual import ResidualChunk
from montecarlo.architectures.wiring import branch_scale
from montecarlo.arrays import Array, Floats
from montecarlo.drawing.small_products import matrix_matrix


def log_residual_frobenius(chunk: ResidualChunk) -> Array:
    """Return log|H|_F^2 of the Hessian of f in all weights of residual networks, shape (m,), which is -inf for 0."""
    depth, alpha, pairs = len(chunk.layers), branch_scale(chunk.net), chunk.net.architecture.matrices_a_branch == 2
    log_a = chunk.log_activation_norms(range(depth + 1))
    traces = [np.full(chunk.networks, -np.inf)]
    c = _Scaled.zero(chunk.networks, chunk.matrices[0].shape[2])
    for k in range(1, depth, 2 if pairs else 1):
        w, d = chunk.matrices[k - 1], chunk.slopes(k)
        if not pairs:
            into = _Scaled.diagonal(d**2, log_a[:, k - 1] + 2 * math.log(alpha))
            c = c.through(_beside_identity(alpha, d[:, :, None] * w)).plus(into)
            traces.append(c.log_trace)
            continue
        second, entering = chunk.matrices[k], _Scaled.diagonal(d**2, log_a[:, k - 1])
        inner = c.through(d[:, :, None] * w).plus(entering)
        traces.append(inner.log_trace)
        if k + 1 < depth:
            added = _Scaled.diagonal(np.ones_like(d), log_a[:, k] + 2 * math.log(alpha))
            c = c.through(_beside_identity(alpha, matrix_matrix(second, d[:, :, None] * w)))
            c = c.plus(entering.through(alpha * second)).plus(added)
            traces.append(c.log_trace)
    logs = chunk.log_backward_norms(range(1, depth + 1)) + np.stack(traces, axis=1)
    return np.asarray(np.log(2) + np.logaddexp.reduce(logs, axis=1))


def _beside_identity(alpha: float, branch: Floats) -> Array:
    """Return the identity plus alpha times the derivative of a branch."""
    jacobian = np.asarray(alpha * branch, np.float64)
    jacobian[:, range(branch.shape[1]), range(branch.shape[1])] += 1
    return jacobian


@dataclass(frozen=True, eq=False)
class _Scaled:
    """Positive semidefinite matrices, as exp(log_scale) times `parts`, whose trace is 1 (or 0)."""

    parts: Array
    log_scale: Array

    @classmethod
    def zero(cls, networks: int, width: int) -> _Scaled:
        return cls(np.zeros((networks, width, width)), np.full(networks, -np.inf))

    @classmethod
    def diagonal(cls, entries: Array, log_scale: Array) -> _Scaled:
        """Return diagonal matrices, given shape (m, n) and (m,)."""
        parts = entries[:, :, None] * np.eye(entries.shape[1])
        return cls(parts, log_scale)._normalized()

    @property
    def log_trace(self) -> Array:
        return self.log_scale

    def through(self, matrices: Array) -> _Scaled:
        """Return M C M^T."""
        left = matrix_matrix(matrices, self.parts)
        parts = matrix_matrix(left, np.ascontiguousarray(matrices.transpose(0, 2, 1)))
        return _Scaled(np.asarray(parts, np.float64), self.log_scale)._normalized()

    def plus(self, other: _Scaled) -> _Scaled:
        common = np.maximum(self.log_scale, other.log_scale)
        common[np.isneginf(common)] = 0
        weights = (np.exp(part.log_scale - common)[:, None, None] for part in (self, other))
        parts = next(weights) * self.parts + next(weights) * other.parts
        return _Scaled(parts, common)._normalized()

    def _normalized(self) -> _Scaled:
        trace = np.maximum(np.einsum("mii->m", self.parts), 0)  # rounding may make a 0 negative
        inverse = np.divide(1.0, trace, out=np.zeros_like(trace), where=trace > 0)
        return _Scaled(self.parts * inverse[:, None, None], self.log_scale + log_of_squares(trace))
