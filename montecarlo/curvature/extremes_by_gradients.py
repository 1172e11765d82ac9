"""Both ends of the Hessians of many networks at once, from their gradients alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_count, as_floats, as_real
from montecarlo.arrays import Array
from montecarlo.wording import counted, spread
from theory.ensembles import InvalidArgument

_STEP = 1e-30
"""The length of complex steps. Nothing cancels in them, so they can be as short as this."""
_LONG_STEP = 1e-10
"""The length relative to the largest weight, for steps whose product would otherwise underflow."""
_LEAST = 1e-280
"""Imaginary parts that are smaller lose digits."""
_SMALLEST = 5e-324
_EVERY = 5


@dataclass(frozen=True, eq=False)
class ExtremesByGradients:
    """The least and the largest eigenvalue of the Hessians of m losses.

    Attributes
    ----------
    least, largest : ndarray, shape (m,)
        The eigenvalues; they and the residuals are nan where a gradient or the Hessian is not finite.
    residuals : ndarray, shape (m,)
        Each end that was found is no farther than this from an eigenvalue. The true ends do not lie between those
        found.
    products : int
        How many products with the Hessians were taken.
    """

    least: Array
    largest: Array
    residuals: Array
    products: int

    def __repr__(self) -> str:
        ends = f"least {spread(self.least)}, largest {spread(self.largest)}"
        spent = counted(self.products, "product")
        return f"ExtremesByGradients({counted(len(self.least), 'network')}, {ends}, {spent})"


def extremes_by_gradients(
    gradients: Callable[[NDArray[Any]], NDArray[Any]],
    parameters: Array,
    tolerance: float = 1e-3,
    products: int = 100,
) -> ExtremesByGradients:
    r"""Return the least and the largest eigenvalue of the Hessian of each network, by Lanczos's method in lockstep.

    Parameters
    ----------
    gradients : callable
        Returns the gradients of the losses, given parameters of the same shape (m, P); a complex-analytic function.
    parameters : ndarray, shape (m, P)
        Where the Hessians are taken.
    tolerance : float
        How large the residuals may be, relative to the larger end.
    products : int
        The largest number of products with the Hessians.

    Returns
    -------
    ExtremesByGradients
        What was reached; its residuals say how accurate it is.

    Raises
    ------
    InvalidArgument
        If parameters are no real matrix, gradients have another shape or no imaginary parts, or a number is out of
        range.

    Notes
    -----
    A product with the Hessian is :math:`\mathrm{Im}\,g(w + ihv)/h`. For h = 1e-30 it is exact up to rounding, whatever
    the network is made of. Where it underflows, h is 1e-10 of the largest weight. All bases are kept orthogonal, and P
    products span the whole space.

    References
    ----------
    W. Squire and G. Trapp, SIAM Review 40(1), 1998, for the complex step.

    Examples
    --------
    >>> ends = extremes_by_gradients(lambda w: w**3 * np.array([1.0, -2.0]), np.ones((1, 2)))
    >>> ends.least.round(12), ends.largest.round(12)
    (array([-6.]), array([3.]))
    """
    parameters = as_floats("parameters", parameters, finite=False)
    if parameters.ndim != 2 or not parameters.shape[1]:
        raise InvalidArgument(
            "parameters", f"have shape {parameters.shape}", "use shape (m, P), a row for each network"
        )
    if not 0 <= as_real(tolerance) < math.inf:
        problem = f"must be finite and not negative, got {tolerance!r:.50}"
        raise InvalidArgument("tolerance", problem, "use e.g. tolerance=1e-3")
    m, size = parameters.shape
    most = min(as_count("products", products, 1, math.inf), size)
    q = np.random.Generator(np.random.SFC64(0)).standard_normal((m, size))
    q /= np.linalg.norm(q, axis=1, keepdims=True)
    basis, alphas, betas = np.empty((m, most, size)), np.zeros((m, most)), np.zeros((m, most))
    found = np.zeros((3, m))
    open_, bad = np.ones(m, dtype=np.bool_), np.zeros(m, dtype=np.bool_)
    steps = np.full(m, _STEP)
    for j in range(most):
        basis[:, j] = q
        w = _products(gradients, parameters, q, steps, open_)
        bad |= ~np.isfinite(w).all(axis=1)
        open_ &= ~bad
        w[bad] = 0
        alphas[:, j] = np.einsum("mp,mp->m", w, q)
        before = row_norms(w)
        for _ in range(2):
            w -= np.einsum("mj,mjp->mp", np.einsum("mjp,mp->mj", basis[:, : j + 1], w), basis[:, : j + 1])
        beta = row_norms(w)
        exhausted = beta <= 1e-12 * before  # the basis spans an invariant space, and what is left of w is rounding
        beta[exhausted] = 0
        betas[:, j] = beta
        q = np.divide(w, beta[:, None], out=np.zeros_like(w), where=beta[:, None] > 0)
        if j + 1 == most or (j + 1) % _EVERY == 0 or exhausted[open_].any() or not open_.any():
            which = np.flatnonzero(open_)
            found[:, which] = _ritz(alphas[which, : j + 1], betas[which, : j + 1])
            largest = np.abs(found[:2]).max(axis=0)
            open_ &= ~(exhausted | (found[2] <= tolerance * largest))
            if not open_.any():
                break
    rounding = math.sqrt(size) * _SMALLEST / steps  # the error of imaginary parts that are subnormal
    found[2] += np.where((steps != _STEP) & found[:2].any(axis=0), rounding, 0)
    found[:, bad] = np.nan
    return ExtremesByGradients(found[0], found[1], found[2], j + 1)


def _products(
    gradients: Callable[[NDArray[Any]], NDArray[Any]],
    parameters: Array,
    q: Array,
    steps: Array,
    which: NDArray[np.bool_],
) -> Array:
    """Return the Hessians times q, nan where a gradient is not finite; steps that underflow become longer."""
    with np.errstate(over="ignore", invalid="ignore"):
        w = _imaginary(gradients, parameters, q, steps) / steps[:, None]
        small = which & (steps == _STEP) & (np.abs(w).max(axis=1) < _LEAST / _STEP)
        if small.any():
            scales = np.abs(parameters[small]).max(axis=1)
            longer = steps.copy()
            longer[small] = np.where(scales > 0, scales, 1) * _LONG_STEP
            again = _imaginary(gradients, parameters, q, longer) / longer[:, None]
            taken = small & (np.abs(again).max(axis=1) < 10 * _LEAST / _STEP)  # if not, it is not linear in the step
            steps[taken], w[taken] = longer[taken], again[taken]
    return w


def _imaginary(gradients: Callable[[NDArray[Any]], NDArray[Any]], parameters: Array, q: Array, steps: Array) -> Array:
    """Return the imaginary parts of gradients after a complex step, nan for those that are not finite."""
    g = gradients(parameters + 1j * (steps[:, None] * q))
    if not isinstance(g, np.ndarray) or g.shape != parameters.shape or g.dtype.kind != "c":
        kind = f"shape {g.shape} and type {g.dtype}" if isinstance(g, np.ndarray) else f"type {type(g).__name__}"
        problem = f"of complex parameters of shape {parameters.shape} have {kind}"
        raise InvalidArgument("gradients", problem, "return an array of that shape, complex if parameters are")
    return np.where(np.isfinite(g).all(axis=1)[:, None], g.imag, np.nan)


def row_norms(vectors: Array) -> Array:
    """Return the norms of rows, whose squares may under- or overflow; rows that are not finite have inf or nan.

    Examples
    --------
    >>> row_norms(np.array([[3e-200, 4e-200], [0.0, 0.0]]))
    array([5.e-200, 0.e+000])
    """
    size = np.abs(vectors).max(axis=1)
    inside = (size > 0) & (size < np.inf)
    units = np.divide(vectors, size[:, None], out=np.zeros_like(vectors), where=inside[:, None])
    return np.asarray(np.multiply(size, np.linalg.norm(units, axis=1), out=size, where=inside))


def _ritz(alphas: Array, betas: Array) -> Array:
    """Return the ends of tridiagonal matrices, and the larger of their residuals."""
    k = alphas.shape[1]
    t = np.zeros((len(alphas), k, k))
    diagonal = np.arange(k)
    t[:, diagonal, diagonal] = alphas
    t[:, diagonal[1:], diagonal[:-1]] = betas[:, :-1]
    t[:, diagonal[:-1], diagonal[1:]] = betas[:, :-1]
    values, vectors = np.linalg.eigh(t)
    last = np.maximum(np.abs(vectors[:, -1, 0]), np.abs(vectors[:, -1, -1]))
    return np.stack([values[:, 0], values[:, -1], betas[:, -1] * last])
