r"""Both ends of the Hessian of f in all weights in any architecture, by Lanczos's method on gradients alone.

For plain networks, :mod:`montecarlo.curvature.lanczos` reduces the Hessian first. Behind normalization, and with smooth
activations, its diagonal blocks are not 0, and no such reduced form is known. So products with the Hessian are taken as
complex steps of the backward pass (:mod:`montecarlo.architectures.passes`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from montecarlo.architectures.kept_weights import KeptChunk
from montecarlo.architectures.passes import COLUMNS, backward, forward
from montecarlo.arrays import Array, Numbers
from montecarlo.curvature.extremes_by_gradients import extremes_by_gradients
from theory.ensembles import InvalidArgument

_BYTES = 2**27
"""The bases of networks whose ends are found together have so many bytes at most."""
_MOST_BYTES = 2**30
"""The basis of a network that needs many products has so many bytes at most."""
_PRODUCTS = 96
"""So many products with the Hessian are taken at first; a network that needs more is then taken by itself."""
_ERROR = 1e-6
"""How far each end that was found may be from an eigenvalue, relative to the end."""
_ROUNDED = 1e-6
"""Rounding errors may be this share of a gradient."""
_ROUNDED_ZERO = 1e-12
"""An end that is smaller than this share of the other counts as 0, where diagonal blocks may be all there is."""
_LARGEST = 1e270
"""Gradients that are larger would make Hessians that are not finite."""

Gradients = Callable[[Numbers], Numbers]
"""Returns the gradients of f, given weights of the same shape (m, P), layer by layer and each matrix by rows."""


def log_extremes(chunk: KeptChunk) -> Array:
    r"""Return what :class:`montecarlo.HessianExtremes` measures of networks that are not plain, shape (m, 4).

    Raises
    ------
    InvalidArgument
        If gradients leave the range of double precision or are made by rounding, or an end was not found.

    Notes
    -----
    By its residual, each end is an eigenvalue to a relative error of 1e-6; by the square of the residual,
    the error is far less. A network that needs more products gets them, up to a basis of 1 GiB.

    Narrow layers can merge a small batch into two points, where f is constant. Then the engine's gradient is 0, and the
    Hessian counts as 0. Batch norm can make gradients so large that rounding decides f itself. Such networks are
    refused: for them 3 g(3W) is not g(W), as it should be behind normalization.
    """
    size = sum(w[0].size for w in chunk.matrices)
    at_a_time = max(1, _BYTES // (8 * size * min(size, _PRODUCTS)))
    starts = range(0, chunk.networks, at_a_time)
    steepest = _log_steepest(chunk)
    flat = np.isneginf(steepest)  # f is constant around, and what would be found are rounding errors
    least, largest = np.concatenate([_ends(chunk, slice(i, i + at_a_time), flat) for i in starts], axis=1)
    with np.errstate(divide="ignore"):  # the log of a 0
        high, low = np.log(np.maximum(largest, 0)), np.log(np.maximum(-least, 0))
    ratio = np.full(chunk.networks, -np.inf)
    known = np.isfinite(steepest)
    ratio[known] = (high + low)[known] / 2 - steepest[known]
    return np.stack([high, low, np.maximum(high, low), ratio], axis=1)


def analytic_gradients(chunk: KeptChunk, which: slice) -> tuple[Gradients, Array]:
    """Return the gradients of f of some networks of a chunk as a function of their weights, and the weights.

    Parameters
    ----------
    chunk : KeptChunk
        The chunk.
    which : slice
        The networks that are taken, m of them.

    Returns
    -------
    gradients : callable
        Returns the gradients, given weights of the same shape (m, P), real or complex, W_1 by rows, ..., W_L by rows.
    weights : ndarray, shape (m, P)
        The weights of these networks.

    Examples
    --------
    Behind layer norm the gradient is orthogonal to the weights:

    >>> from montecarlo.architectures.layer_norm import LayerNormChunk
    >>> from theory.ensembles import Ensemble
    >>> net = Ensemble(width=4, depth=3, activation="relu", init="he", architecture="layernorm")
    >>> gradients, w = analytic_gradients(LayerNormChunk(net, np.random.default_rng(0), 2), slice(2))
    >>> w.shape, bool(np.abs((gradients(w) * w).sum(axis=1)).max() < 1e-12)
    ((2, 48), True)
    """
    shapes = [w.shape[1:] for w in chunk.matrices]
    ends = np.cumsum([n_out * n_in for n_out, n_in in shapes])[:-1]
    inputs, readout = chunk.inputs[which], chunk.readout[which]
    biases = None if chunk.biases is None else [b[which] for b in chunk.biases]

    def gradients(parameters: Numbers) -> Numbers:
        m, parts = len(parameters), np.split(parameters, ends, axis=1)
        weights = [np.ascontiguousarray(part).reshape(m, *shape) for part, shape in zip(parts, shapes, strict=True)]
        last, passed = forward(chunk.layers, weights, inputs.astype(parameters.dtype), COLUMNS, biases=biases)
        start = np.zeros_like(last)
        start[:, :, 0] = readout
        found = [COLUMNS.gradient(y, a) for _, y, a in backward(chunk.layers, weights, passed, start, COLUMNS)]
        return np.concatenate([gradient.reshape(m, -1) for gradient in found[::-1]], axis=1)

    return gradients, np.concatenate([w[which].reshape(len(readout), -1) for w in chunk.matrices], axis=1)


def _log_steepest(chunk: KeptChunk) -> Array:
    """Return max_k log(|df/dW_k|/|W_k|), shape (m,): inf for a gradient over weights 0, -inf without any gradient."""
    gradients = chunk.log_gradient_norms(range(1, len(chunk.matrices) + 1))
    with np.errstate(divide="ignore"):  # the log of a 0
        squares = np.log(np.stack([np.einsum("mij,mij->m", w, w) for w in chunk.matrices], axis=1))
    logs = np.full(gradients.shape, -np.inf)
    return np.asarray(np.subtract(gradients, squares, out=logs, where=np.isfinite(gradients)).max(axis=1) / 2)


def _ends(chunk: KeptChunk, which: slice, flat: NDArray[np.bool_]) -> Array:
    """Return the least and the largest eigenvalue, shape (2, m), of some networks; 0 for those that are flat."""
    gradients, parameters = analytic_gradients(chunk, which)
    size = parameters.shape[1]
    most = max(1, min(size, _MOST_BYTES // (8 * size)))
    if chunk.net.architecture.name in ("layernorm", "batchnorm"):
        _require_function(in_range(gradients), parameters, flat[which])
    found = extremes_by_gradients(in_range(gradients), parameters, _ERROR / 10, min(most, _PRODUCTS))
    ends, errors = _without_zeros(chunk, np.stack([found.least, found.largest])), found.residuals
    ends[:, flat[which]], errors[flat[which]] = 0, 0
    for network in np.flatnonzero(_inaccurate(ends, errors)):
        first = which.start + int(network)
        gradients, parameters = analytic_gradients(chunk, slice(first, first + 1))
        again = extremes_by_gradients(in_range(gradients), parameters, (_ERROR / 10) ** 2, most)
        both = _without_zeros(chunk, np.stack([again.least, again.largest]))
        ends[:, network], errors[network] = both[:, 0], again.residuals[0]
    if _inaccurate(ends, errors).any():
        problem = f"an end of a Hessian in {size} weights was not found with a basis of 1 GiB"
        raise InvalidArgument("depth", problem, "use fewer or narrower layers")
    return ends


def _require_function(gradients: Gradients, parameters: Array, flat: NDArray[np.bool_]) -> None:
    """Refuse networks whose gradients g(W) are made by rounding, and so differ from 3 g(3W)."""
    g = gradients(parameters)
    lost = np.linalg.norm(3 * gradients(3 * parameters) - g, axis=1) > _ROUNDED * np.linalg.norm(g, axis=1)
    if np.any(lost & ~flat):
        problem = "rounding in the first layers decides the outputs of the last: the derivatives are of no function"
        raise InvalidArgument("depth", problem, "use fewer layers, or larger batches")


def _without_zeros(chunk: KeptChunk, ends: Array) -> Array:
    """Return ends in which rounding errors of plain networks count as 0: one layer may curve to one side alone."""
    sizes = np.abs(ends)
    tiny = sizes <= _ROUNDED_ZERO * sizes.max(axis=0)
    return np.where(tiny, 0.0, ends) if chunk.net.architecture.is_plain else ends


def _inaccurate(ends: Array, errors: Array) -> NDArray[np.bool_]:
    sizes = np.abs(ends)
    least = np.where(sizes.min(axis=0) == 0, sizes.max(axis=0), sizes.min(axis=0))
    return ~np.asarray(errors <= _ERROR * least, dtype=np.bool_)  # nan counts as inaccurate


def in_range(gradients: Gradients) -> Gradients:
    """Return the same gradients, but refuse those that are not finite, or whose derivatives may not be."""

    def checked(parameters: Numbers) -> Numbers:
        with np.errstate(over="ignore", invalid="ignore"):
            g = gradients(parameters)
            inside = np.abs(g).max() < _LARGEST
        if not inside:
            problem = "the gradient or the Hessian of a network leaves the range of double precision"
            raise InvalidArgument("depth", problem, "use fewer layers, larger batches or smaller branches")
        return g

    return checked
