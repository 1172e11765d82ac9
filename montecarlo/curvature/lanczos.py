r"""Both ends of the spectra of many symmetric matrices at once, by Lanczos's method in lockstep.

The three-term recursion alone, without reorthogonalization: that loses orthogonality once an end of the spectrum has
converged (Paige), which makes copies of that end and leaves its value right. Memory is three vectors, whatever the
number of steps.

*Stopping.* With :math:`\theta` an end of the tridiagonal matrix, s its unit eigenvector and
:math:`r = \beta_j|s_j|` the norm of the residual, an eigenvalue lies within r of :math:`\theta`, and within
:math:`r^2/\delta` if all others are :math:`\delta` away (Kato and Temple). :math:`\delta` is taken from the second
value of the tridiagonal matrix, so that the error is an estimate, not a bound. What a network was found to have when it
first was within the tolerance stands: later its values would have copies.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from montecarlo.curvature.reduction import Reduction
from montecarlo.weights import Array

_FIRST_CHECK, _EVERY = 8, 2
_MOST_STEPS = 1000
_SMALL, _NOISE = 1e-3, 1e-14


class Ends(NamedTuple):
    """Ends of m spectra.

    Attributes
    ----------
    low, high : ndarray, shape (m,)
        Least and largest eigenvalue.
    errors : ndarray, shape (m,)
        Estimated error of the worse end, relative to it.
    steps : int
        Products with each matrix.
    """

    low: Array
    high: Array
    errors: Array
    steps: int


def ends(reduction: Reduction, tolerance: float = 1e-10) -> Ends:
    """Return the least and the largest eigenvalue of each network's reduced Hessian, in units of its scale.

    Parameters
    ----------
    reduction : Reduction
    tolerance : float
        Relative error at which to stop.

    References
    ----------
    C. C. Paige, "Error analysis of the Lanczos algorithm for tridiagonalizing a symmetric matrix", IMA J. Appl. Math.
    18(3), 1976. T. Kato, J. Phys. Soc. Japan 4, 1949, for the quadratic bound.
    """
    networks = reduction.networks
    low, high, errors = np.zeros(networks), np.zeros(networks), np.full(networks, np.inf)
    v = reduction.start()
    before, beta, size = np.zeros_like(v), np.zeros(networks), np.zeros(networks)
    alphas, betas = np.zeros((2, _MOST_STEPS, networks))
    check = _FIRST_CHECK
    for step in range(1, _MOST_STEPS + 1):
        w = reduction.apply(v)
        alpha = reduction.dots(v, w)
        w -= reduction.times(alpha, v)
        w -= reduction.times(beta, before)
        beta = np.sqrt(reduction.dots(w, w))
        size = np.maximum(size, np.abs(alpha) + beta)
        if (beta < _SMALL * size).any():  # what rounding has left outside of the space would be made large
            w = reduction.projected(w)
            beta = np.sqrt(reduction.dots(w, w))
        beta[beta <= _NOISE * size] = 0  # the space is used up: all further vectors are 0
        alphas[step - 1], betas[step - 1] = alpha, beta
        if step in (check, _MOST_STEPS):
            rest = np.flatnonzero(errors > tolerance)
            low[rest], high[rest], errors[rest] = _judged(alphas[:step, rest], betas[:step, rest])
            if (errors <= tolerance).all():
                break
            check = step + max(_EVERY, step // 8)
        before, v = v, reduction.times(np.divide(1.0, beta, out=np.zeros_like(beta), where=beta > 0), w)
    return Ends(low, high, errors, step)


def _judged(alphas: Array, betas: Array) -> tuple[Array, Array, Array]:
    """Return the ends of the tridiagonal matrices, shapes (j, m), and the larger of their relative errors."""
    steps, networks = alphas.shape
    matrices = np.zeros((networks, steps, steps))
    index = np.arange(steps)
    matrices[:, index, index] = alphas.T
    matrices[:, index[1:], index[:-1]] = betas[:-1].T
    values, vectors = np.linalg.eigh(matrices)
    errors = np.zeros(networks)
    for end, inner in ((0, 1), (-1, -2)):
        residual = betas[-1] * np.abs(vectors[:, -1, end])
        gap = np.abs(values[:, end] - values[:, inner])
        quadratic = np.divide(residual**2, gap, out=residual.copy(), where=gap > residual)
        errors = np.maximum(errors, quadratic / np.abs(values[:, end]))
    return values[:, 0], values[:, -1], errors
