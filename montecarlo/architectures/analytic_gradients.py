r"""Gradients of f behind a remedy as complex-analytic functions of the weights, for complex steps.

The formulas are those of the engines' backward passes, with :math:`\sigma = \sqrt{\overline{(z-\bar z)^2}}` the root of
a square that is not an absolute one; nothing is conjugated, and signs are those of real parts. So
:math:`\mathrm{Im}\,\nabla f(w+ihv)/h` is the Hessian times v, exact up to rounding at h = 1e-30.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from montecarlo.architectures.batch_norm import BatchNormChunk
from montecarlo.architectures.layer_norm import LayerNormChunk
from montecarlo.architectures.residual import ResidualChunk
from montecarlo.arrays import Array, Numbers
from montecarlo.drawing.small_products import matrix_matrix

RemedyChunk = BatchNormChunk | LayerNormChunk | ResidualChunk
Gradients = Callable[[Numbers], Numbers]
"""From weights, shape (m, P), layer by layer and each matrix by rows, to the gradients of f, of the same shape."""


def analytic_gradients(chunk: RemedyChunk, which: slice) -> tuple[Gradients, Array]:
    """Return the gradients of f of some networks of a chunk as a function of their weights, and the weights.

    Parameters
    ----------
    chunk : LayerNormChunk, BatchNormChunk or ResidualChunk
    which : slice
        Of its networks, m of them.

    Returns
    -------
    gradients : callable
        From weights, shape (m, P), real or complex, W_1 by rows, ..., W_L by rows, to gradients of the same shape.
    weights : ndarray, shape (m, P)

    Examples
    --------
    Behind layer norm the gradient is orthogonal to the weights:

    >>> from theory.ensembles import Ensemble
    >>> net = Ensemble(width=4, depth=3, activation="relu", init="he")
    >>> gradients, w = analytic_gradients(LayerNormChunk(net, np.random.default_rng(0), 2), slice(2))
    >>> w.shape, bool(np.abs((gradients(w) * w).sum(axis=1)).max() < 1e-12)
    ((2, 48), True)
    """
    matrices = [w[which] for w in chunk.matrices]
    shapes = [w.shape[1:] for w in matrices]
    slope, readout = float(Fraction(chunk.net.slope)), chunk.readout[which]
    parameters = np.concatenate([w.reshape(len(w), -1) for w in matrices], axis=1)
    if isinstance(chunk, ResidualChunk):
        masks = [d[which] for d in chunk.slopes]
        branches = _Branches(chunk.input, masks, readout, chunk.alpha, chunk.pairs)
        return lambda w: branches.gradients(_matrices(w, shapes)), parameters
    if isinstance(chunk, BatchNormChunk):
        standardized = _Standardized(chunk.inputs[which], readout, slope, axis=2)
    else:
        x = np.repeat(chunk.input[None, :, None], len(parameters), axis=0)
        standardized = _Standardized(x, readout, slope, axis=1)
    return lambda w: standardized.gradients(_matrices(w, shapes)), parameters


def _matrices(parameters: Numbers, shapes: list[tuple[int, ...]]) -> list[Numbers]:
    """Cut weights, shape (m, P), into matrices, shapes (m, n_k, n_{k-1})."""
    ends = np.cumsum([n_out * n_in for n_out, n_in in shapes])[:-1]
    parts = np.split(parameters, ends, axis=1)
    return [np.ascontiguousarray(part).reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]


class _Standardized:
    """f on the first column of inputs, shape (m, n_0, B), preactivations standardized over units (1) or columns (2)."""

    def __init__(self, inputs: Array, readout: Array, slope: float, axis: int) -> None:
        self.inputs, self.readout, self.slope, self.axis = inputs, readout, slope, axis

    def gradients(self, matrices: list[Numbers]) -> Numbers:
        a: Numbers = self.inputs.astype(matrices[0].dtype)
        passed = []
        for w in matrices:
            z = matrix_matrix(w, a)
            z = z - self._mean(z)
            deviations = np.sqrt(self._mean(z * z))
            z /= deviations
            slopes = np.where(z.real > 0, 1.0, self.slope)
            passed.append((a, z, deviations, slopes))
            a = slopes * z
        y = np.zeros_like(a)
        y[:, :, 0] = self.readout
        parts = []
        for w, (a, z, deviations, slopes) in zip(matrices[::-1], passed[::-1], strict=True):
            y = slopes * y
            y -= self._mean(y)
            y -= z * self._mean(y * z)
            y /= deviations
            parts.append(_outer(y, a))
            y = np.asarray(matrix_matrix(_transposed(w), y))
        return _joined(parts[::-1])

    def _mean(self, z: Numbers) -> Numbers:
        return np.asarray(z.mean(axis=self.axis, keepdims=True))


class _Branches:
    """f of residual networks whose slopes, of shape (m, n) after each matrix, are given."""

    def __init__(self, x: Array, slopes: list[Array], readout: Array, alpha: float, pairs: bool) -> None:
        self.input, self.readout, self.alpha, self.pairs = x, readout, alpha, pairs
        self.slopes = [d[:, :, None] for d in slopes]

    def gradients(self, matrices: list[Numbers]) -> Numbers:
        m, depth = len(matrices[0]), len(matrices)
        stream: Numbers = np.repeat(self.input[None, :, None], m, axis=0).astype(matrices[0].dtype)
        a, entering = stream, []
        for k, (w, d) in enumerate(zip(matrices, self.slopes, strict=True)):
            entering.append(a)
            a = d * matrix_matrix(w, a)
            if not self.pairs or k % 2:
                a = stream = stream + self.alpha * a
        b: Numbers = self.readout[:, :, None].astype(stream.dtype)
        parts: list[Numbers] = []
        for k in range(depth - 1, -1, -2 if self.pairs else -1):
            pulled: Numbers = self.alpha * b
            for j in (k, k - 1)[: 1 + self.pairs]:
                own = self.slopes[j] * pulled
                parts.append(_outer(own, entering[j]))
                pulled = np.asarray(matrix_matrix(_transposed(matrices[j]), own))
            b = b + pulled
        return _joined(parts[::-1])


def _outer(y: Numbers, a: Numbers) -> Numbers:
    """Return y a^T, by rows, shape (m, n_k n_{k-1})."""
    return np.asarray(matrix_matrix(y, _transposed(a))).reshape(len(y), -1)


def _joined(parts: list[Numbers]) -> Numbers:
    return np.concatenate(parts, axis=1)


def _transposed(matrices: Numbers) -> Numbers:
    return np.ascontiguousarray(matrices.transpose(0, 2, 1))
