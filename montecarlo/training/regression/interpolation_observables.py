"""What is measured of a fit of Xw = y: loss, norms, distance to the minimum-norm solution, KKT residual.

Each is a function of vectors of shape (networks, coordinates) and returns a number for each network. A design is given
as for :func:`montecarlo.training.regression.diagonal_flows.diagonal_flow`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_floats
from montecarlo.arrays import Array
from theory.ensembles import InvalidArgument


def squared_losses(weights: ArrayLike, design: ArrayLike, targets: ArrayLike) -> Array:
    """Return |Xw - y|^2/2 of each network.

    Parameters
    ----------
    weights : array_like, shape (m, d)
        The vectors w.
    design : array_like, shape (n, d) or (m, n, d)
        The inputs in rows.
    targets : array_like, shape (n,) or (m, n)
        Their targets.

    Returns
    -------
    ndarray, shape (m,)

    Raises
    ------
    InvalidArgument
        If the shapes do not match.

    Examples
    --------
    >>> squared_losses([[1.0, 1.0]], [[1.0, 2.0]], [5.0])
    array([2.])
    """
    w, X = _read(weights, design)
    y = as_floats("targets", targets)
    if y.shape not in ((X.shape[1],), X.shape[:2]):
        problem = f"have shape {y.shape}, but the design has {X.shape[1]} rows"
        raise InvalidArgument("targets", problem, f"use shape ({X.shape[1]},)")
    return np.asarray(((np.einsum("mnd,md->mn", X, w) - y) ** 2).sum(axis=1) / 2)


def l1_norms(weights: ArrayLike) -> Array:
    """Return the sum of moduli of each network's w, given as shape (m, d).

    Raises
    ------
    InvalidArgument
        If it is no array of numbers, networks in rows.

    Examples
    --------
    >>> l1_norms([[1.0, -2.0]])
    array([3.])
    """
    return np.asarray(np.abs(_vectors("weights", weights)).sum(axis=1))


def kernel_parts(vectors: ArrayLike, design: ArrayLike) -> Array:
    """Project vectors on the kernel of the design.

    Parameters
    ----------
    vectors : array_like, shape (m, d)
        What is projected, for each network.
    design : array_like, shape (n, d) or (m, n, d)
        The inputs in rows.

    Returns
    -------
    ndarray, shape (m, d)

    Raises
    ------
    InvalidArgument
        If the shapes do not match, or the rows are linearly dependent to working precision.

    Examples
    --------
    >>> kernel_parts([[5.0, 0.0]], [[1.0, 2.0]]).round(12)
    array([[ 4., -2.]])
    """
    v, X = _read(vectors, design)
    basis, triangle = np.linalg.qr(X.transpose(0, 2, 1))
    sizes = np.abs(np.diagonal(triangle, axis1=1, axis2=2))
    if X.shape[1] > X.shape[2] or (sizes <= 1e-13 * sizes.max(axis=1, keepdims=True)).any():
        raise InvalidArgument("design", "has linearly dependent rows", "leave out those that combine others")
    for _ in range(2):  # the second pass takes away what rounding left of the first
        v = v - np.einsum("mdn,mn->md", basis, np.einsum("mdn,md->mn", basis, v))
    return v


def kkt_residuals(slopes: ArrayLike, design: ArrayLike) -> Array:
    """Return which share of a potential's gradient is in the kernel of the design: 0 at the minimizer.

    Parameters
    ----------
    slopes : array_like, shape (m, d)
        The gradient of the potential at each network's w.
    design : array_like, shape (n, d) or (m, n, d)
        The inputs in rows.

    Returns
    -------
    ndarray, shape (m,)
        |P v|/|v|, between 0 and 1; 0 for v = 0.

    Raises
    ------
    InvalidArgument
        As :func:`kernel_parts`.

    Examples
    --------
    >>> kkt_residuals([[1.0, 2.0], [2.0, -1.0]], [[1.0, 2.0]]).round(12)
    array([0., 1.])
    """
    sizes = np.linalg.norm(_vectors("slopes", slopes), axis=1)
    return np.asarray(np.linalg.norm(kernel_parts(slopes, design), axis=1) / np.where(sizes, sizes, 1.0))


def minimum_norm_distances(weights: ArrayLike, design: ArrayLike) -> Array:
    """Return the distance of each w from the vector of least norm with the same outputs: |P w|.

    Parameters and errors are those of :func:`kernel_parts`.

    Examples
    --------
    >>> minimum_norm_distances([[5.0, 0.0]], [[1.0, 2.0]]).round(6)  # (1, 2) has the same output
    array([4.472136])
    """
    return np.asarray(np.linalg.norm(kernel_parts(weights, design), axis=1))


def _vectors(argument: str, values: ArrayLike) -> Array:
    array = as_floats(argument, values)
    if array.ndim != 2:
        problem = f"have shape {array.shape}"
        raise InvalidArgument(argument, problem, "use shape (networks, coordinates)")
    return array


def _read(vectors: ArrayLike, design: ArrayLike) -> tuple[Array, Array]:
    v, X = _vectors("weights", vectors), as_floats("design", design)
    m, d = v.shape
    if X.ndim not in (2, 3) or X.shape[-1] != d or (X.ndim == 3 and len(X) != m):
        problem = f"has shape {X.shape}, but there are {m} networks of {d} coordinates"
        raise InvalidArgument("design", problem, f"use shape (n, {d}) or ({m}, n, {d})")
    return v, np.broadcast_to(X, (m, X.shape[-2], d))
