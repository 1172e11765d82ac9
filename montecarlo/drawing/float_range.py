"""Squared norms in networks that cannot be rescaled: floats hold them with all their digits, or they are refused."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from montecarlo.activations import Smooth
from montecarlo.arrays import Array, Numbers
from theory.ensembles import InvalidArgument

LEAST, MOST = 1e-280, 1e280
"""Squared norms that are not 0 must lie between these; one layer of weights up to 1e20 does not leap past them."""


def log_squares_in_range(a: Array, layer: int, slopes: Numbers | None = None, smooth: Smooth | None = None) -> Array:
    """Return log|a|^2, which is -inf only where a is exactly 0.

    Parameters
    ----------
    a : ndarray, shape (m, n)
        Activations of a layer.
    layer : int
        Its number, for the error.
    slopes : ndarray, shape (m, n), optional
        The slopes of a smooth activation at its preactivations.
    smooth : Smooth, optional
        The activation.

    Returns
    -------
    ndarray, shape (m,)

    Raises
    ------
    InvalidArgument
        If a norm leaves the range of floats, or a smooth activation has made it 0 at preactivations that are not.

    Examples
    --------
    >>> log_squares_in_range(np.array([[1.0, 0.0], [0.0, 0.0]]), 1)
    array([  0., -inf])
    """
    squares: Array = np.einsum("mi,mi->m", a, a)
    outside = ~(squares <= MOST) | ((squares < LEAST) & a.any(axis=1))
    if smooth is not None and smooth.underflows and slopes is not None:
        at_zero = (slopes == smooth.derivative(np.zeros(1))).all(axis=1)
        outside |= (squares == 0) & ~at_zero
    if outside.any():
        problem = f"|a_{layer}|^2 leaves the range from 1e-280 to 1e280, and this network cannot be rescaled"
        raise InvalidArgument("depth", problem, "use fewer layers, a variance nearer to 1/n, or a smaller input")
    with np.errstate(divide="ignore"):  # the log of a 0
        return np.asarray(np.log(squares))


def require_slopes(y: Numbers, squares: Array, slopes: Numbers | None, smooth: Smooth | None, layer: int) -> None:
    """Refuse derivatives that have become 0 or lost digits behind an activation.

    Parameters
    ----------
    y : ndarray, shape (m, n)
        Derivatives behind the activation, of vectors that were about 1 in length before it.
    squares : ndarray, shape (m,)
        Their squared norms.
    slopes : ndarray, shape (m, n), or None
        The slopes of the activation, if there is any.
    smooth : Smooth or None
        The activation, if it is smooth.
    layer : int
        Its layer, for the error.

    Raises
    ------
    InvalidArgument
        If the derivatives of a network are so small that floats do not hold them.
    """
    small: NDArray[np.bool_] = squares < LEAST
    if not small.any():
        return
    lost = small & y.any(axis=1)
    if smooth is not None and smooth.underflows and slopes is not None:
        lost |= small & (np.abs(slopes).min(axis=1) < LEAST)
    if lost.any():
        problem = f"saturates all units of layer {layer} in some network, so that floats do not hold their slopes"
        raise InvalidArgument("activation", problem, "use smaller weights or biases")
