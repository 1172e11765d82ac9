r"""Both ends of the spectra of many symmetric matrices at once, by Lanczos's method in lockstep.

The three-term recursion alone, without reorthogonalization: that loses orthogonality once an end of the spectrum has
converged (Paige), which makes copies of that end and leaves its value right. Memory is three vectors, whatever the
number of steps.

*Stopping.* With :math:`\theta` an end of the tridiagonal matrix, s its unit eigenvector and
:math:`r = \beta_j|s_j|` the norm of the residual, an eigenvalue lies within r of :math:`\theta`, and within
:math:`r^2/\delta` if all others are :math:`\delta` away (Kato and Temple). :math:`\delta` is taken from the second
value of the tridiagonal matrix, so that the error is an estimate, not a bound.
:math:`s_j^2 = \prod(\theta-\mu_i)/\prod(\theta-\theta_i)` follows from its other values and those of its leading minor:
eigenvalues alone need no products of matrices, for which BLAS would start threads. What a network was found to have
when it first was within the tolerance stands: later its values would have copies.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from montecarlo.arrays import Array
from montecarlo.curvature.reduction import Reduction

_FIRST_CHECK, _EVERY = 8, 2
_MOST_STEPS = 1000
_NOISE = 1e-13


class ReducedExtremes(NamedTuple):
    """Ends of m spectra.

    Attributes
    ----------
    least, largest : ndarray, shape (m,)
        Least and largest eigenvalue.
    errors : ndarray, shape (m,)
        Estimated error of the worse end, relative to it.
    steps : int
        Products with each matrix.
    """

    least: Array
    largest: Array
    errors: Array
    steps: int


def reduced_extremes(reduction: Reduction, tolerance: float = 1e-10) -> ReducedExtremes:
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
    found = np.zeros((3, reduction.networks))  # least, largest, errors
    rest = np.arange(reduction.networks)  # those still at work
    v = reduction.start()
    before, beta, size = np.zeros_like(v), np.zeros(len(rest)), np.zeros(len(rest))
    alphas: list[Array] = []
    betas: list[Array] = []
    check = _FIRST_CHECK
    for step in range(1, _MOST_STEPS + 1):
        w = reduction.apply(v)
        alpha = reduction.dots(v, w)
        w -= reduction.times(alpha, v)
        w -= reduction.times(beta, before)
        w = reduction.projected(w)  # outside of the space, where H may be far larger, rounding would grow
        beta = np.sqrt(reduction.dots(w, w))
        size = np.maximum(size, np.abs(alpha) + beta)
        beta[beta <= _NOISE * size] = 0  # the space is used up: all further vectors are 0
        alphas.append(alpha)
        betas.append(beta)
        before, v = v, reduction.times(np.divide(1.0, beta, out=np.zeros_like(beta), where=beta > 0), w)
        if step not in (check, _MOST_STEPS):
            continue
        judged = _judged(np.stack(alphas), np.stack(betas))
        unsure = judged[2] > tolerance
        settled = ~unsure if step < _MOST_STEPS else np.ones_like(unsure)
        found[:, rest[settled]] = judged[:, settled]
        if settled.all():
            break
        check = step + max(_EVERY, step // 8)
        if settled.any():  # they leave
            units = np.repeat(unsure, reduction.sizes)
            reduction, rest = reduction.taken(unsure), rest[unsure]
            v, before, beta, size = v[:, units], before[:, units], beta[unsure], size[unsure]
            alphas, betas = ([values[unsure] for values in kept] for kept in (alphas, betas))
    return ReducedExtremes(found[0], found[1], found[2], step)


def _judged(alphas: Array, betas: Array) -> Array:
    """Return the ends of the tridiagonal matrices, shapes (j, m), and the larger of their relative errors: (3, m)."""
    steps, networks = alphas.shape
    matrices = np.zeros((networks, steps, steps))
    index = np.arange(steps)
    matrices[:, index, index] = alphas.T
    matrices[:, index[1:], index[:-1]] = betas[:-1].T
    values, minors = np.linalg.eigvalsh(matrices), np.linalg.eigvalsh(matrices[:, :-1, :-1])
    errors = np.zeros(networks)
    for end, inner, others in ((0, 1, values[:, 1:]), (-1, -2, values[:, :-1])):
        theta = values[:, end]
        ratios = np.abs((theta[:, None] - minors) / _apart(theta[:, None] - others))
        share = np.prod(np.minimum(ratios, 1), axis=1)  # at most 1 each, as the minor's values lie between
        residual = betas[-1] * np.sqrt(share)
        gap = np.abs(theta - values[:, inner])
        quadratic = np.divide(residual**2, gap, out=residual.copy(), where=gap > residual)
        errors = np.maximum(errors, quadratic / np.abs(theta))
    return np.stack([values[:, 0], values[:, -1], errors])


def _apart(differences: Array) -> Array:
    """Return differences without zeros: values that agree to rounding have vectors of which nothing is known."""
    return np.where(differences == 0, np.finfo(float).tiny, differences)
