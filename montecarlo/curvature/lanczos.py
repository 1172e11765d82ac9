r"""Extreme eigenvalues of many symmetric matrices at once, by Lanczos's method in lockstep.

Only the three-term recursion is used, without reorthogonalization. It loses orthogonality once an extreme eigenvalue
has converged (Paige); then copies of that eigenvalue appear, but its value stays right. Memory is three vectors,
whatever the number of steps.

*Stopping.* Let :math:`\theta` be an extreme eigenvalue of the tridiagonal matrix, s its unit eigenvector and :math:`r =
\beta_j|s_j|` the norm of the residual. Then an eigenvalue lies within r of :math:`\theta`, and within
:math:`r^2/\delta` if all others are :math:`\delta` away (Kato and Temple). :math:`\delta` is taken from the second
eigenvalue of the tridiagonal matrix, so that the error is an estimate, not a bound. :math:`s_j^2 =
\prod(\theta-\mu_i)/\prod(\theta-\theta_i)` follows from the other eigenvalues :math:`\theta_i` and from those of the
leading minor, :math:`\mu_i`: so no products of matrices are needed, for which BLAS would start threads. The values of a
network are taken when they are first within the tolerance, because later there would be copies of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from montecarlo.arrays import Array
from montecarlo.curvature.reduction import Reduction
from montecarlo.wording import counted, spread

_FIRST_CHECK, _EVERY = 8, 2
"""The step of the first check for convergence, and the least number of steps to the next."""
_MOST_STEPS = 1000
_NOISE = 1e-13
"""A remainder smaller than this times the matrix is rounding: the space is exhausted."""


class ReducedExtremes(NamedTuple):
    """Extreme eigenvalues of the reduced Hessians of m networks.

    Attributes
    ----------
    least, largest : ndarray, shape (m,)
        Least and largest eigenvalue, in units of the reduction's scale.
    errors : ndarray, shape (m,)
        Estimated relative error of the less accurate of the two.
    steps : int
        How many products were taken with the matrix that needed most.
    """

    least: Array
    largest: Array
    errors: Array
    steps: int

    def __repr__(self) -> str:
        ends = f"least {spread(self.least)}, largest {spread(self.largest)}"
        return f"ReducedExtremes({counted(len(self.least), 'network')}, {ends}, {counted(self.steps, 'step')})"


def reduced_extremes(reduction: Reduction, tolerance: float = 1e-10) -> ReducedExtremes:
    """Return the least and the largest eigenvalue of each network's reduced Hessian, in units of its scale.

    Parameters
    ----------
    reduction : Reduction
        The reduced Hessians.
    tolerance : float
        Relative error at which to stop.

    Returns
    -------
    ReducedExtremes
        After 1000 steps it has what was reached; `errors` says how accurate that is.

    References
    ----------
    C. C. Paige, "Error analysis of the Lanczos algorithm for tridiagonalizing a symmetric matrix", IMA J. Appl. Math.
    18(3), 1976. T. Kato, J. Phys. Soc. Japan 4, 1949, for the quadratic bound.
    """
    found = np.zeros((3, reduction.networks))  # least, largest, errors
    rest = np.arange(reduction.networks)  # the networks that have not converged
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
        w = reduction.projected(w)  # rounding would grow outside of the space, where H may be far larger
        beta = np.sqrt(reduction.dots(w, w))
        size = np.maximum(size, np.abs(alpha) + beta)
        beta[beta <= _NOISE * size] = 0  # the space is exhausted, and all further vectors are 0
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
        if settled.any():  # networks that have converged leave the lockstep
            units = np.repeat(unsure, reduction.sizes)
            reduction, rest = reduction.taken(unsure), rest[unsure]
            v, before, beta, size = v[:, units], before[:, units], beta[unsure], size[unsure]
            alphas, betas = ([values[unsure] for values in kept] for kept in (alphas, betas))
    return ReducedExtremes(found[0], found[1], found[2], step)


def _judged(alphas: Array, betas: Array) -> Array:
    """Return the extreme eigenvalues of tridiagonal matrices and the larger of their relative errors, shape (3, m).

    The matrices are given by their diagonals and side diagonals, both of shape (j, m).
    """
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
        share = np.prod(np.minimum(ratios, 1), axis=1)  # each ratio is at most 1, as the minor's values interlace
        residual = betas[-1] * np.sqrt(share)
        gap = np.abs(theta - values[:, inner])
        quadratic = np.divide(residual**2, gap, out=residual.copy(), where=gap > residual)
        errors = np.maximum(errors, quadratic / np.abs(theta))
    return np.stack([values[:, 0], values[:, -1], errors])


def _apart(differences: Array) -> Array:
    """Return differences with the least float for 0: nothing is known of the vectors of values that agree."""
    return np.where(differences == 0, np.finfo(float).tiny, differences)
