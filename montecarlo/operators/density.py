"""The spectrum of a symmetric operator as a distribution, by stochastic Lanczos quadrature."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo.arguments import as_count, as_floats, as_positive
from montecarlo.arrays import Array
from montecarlo.operators.symmetric import as_symmetric_operator
from montecarlo.wording import counted, spread
from theory.ensembles import InvalidArgument

_BASIS_BYTES = 2**29
"""Bases of all probes that are treated together take at most so many bytes."""
_MOST_BYTES = 2**32
"""Nodes and weights of all probes may take so many bytes."""
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class SpectralDensity:
    r"""An estimate of the distribution that has 1/P at each eigenvalue, by point masses.

    Attributes
    ----------
    nodes : ndarray, shape (probes, steps)
        Ritz values of each probe, in ascending order.
    weights : ndarray, shape (probes, steps)
        Masses of the nodes, whose sum is 1 for each probe. A probe whose space was exhausted has fewer nodes: its last
        places have the mass 0.
    size : int
        P.

    Examples
    --------
    >>> spectrum = spectral_density(np.diag([-1.0, 2.0, 2.0, 2.0]), probes=2000, steps=3)
    >>> spectrum.nodes.shape, abs(spectrum.count_below(0.0) - 1) < 0.2
    ((2000, 3), True)
    >>> abs(spectrum.moment(1) - 5 / 4) < 0.2
    True
    """

    nodes: Array
    weights: Array
    size: int

    def __repr__(self) -> str:
        probes, steps = self.nodes.shape
        spent = f"{counted(probes, 'probe')} of {counted(steps, 'step')}"
        within = spread(self.nodes[self.weights > 0])
        return f"SpectralDensity({counted(self.size, 'eigenvalue')} in {within}, {spent})"

    def cdf(self, points: ArrayLike) -> Array:
        """Return the share of eigenvalues that are at most each of these points, an array of the points' shape."""
        return self._below(as_floats("points", points), "right")

    def count_below(self, point: float) -> float:
        """Return the estimated number of eigenvalues below a point: the mean over probes, between 0 and P.

        A point a little below 0 counts the negative eigenvalues, without those that are 0 but for rounding.
        """
        return self.size * float(self._below(as_floats("point", point), "left"))

    def count_error(self, point: float) -> float:
        """Return the standard error of that number, estimated from the spread of the probes."""
        inside = np.sum(self.weights * (self.nodes < float(as_floats("point", point))), axis=1)
        return self.size * float(inside.std(ddof=1)) / math.sqrt(len(inside)) if len(inside) > 1 else math.inf

    def density(self, points: ArrayLike, width: float) -> Array:
        """Return the density at points, each mass smeared to a normal law.

        Parameters
        ----------
        points : array_like
            Points of any shape.
        width : float
            Standard deviation of these laws, positive, in units of the eigenvalues.

        Returns
        -------
        ndarray
            An array of the points' shape.

        Raises
        ------
        InvalidArgument
            If the points are no finite numbers, or the width is not positive.
        """
        x, width = as_floats("points", points), as_positive("width", width)
        found = np.zeros(x.shape)
        for node, weight in zip(self.nodes.ravel(), self.weights.ravel(), strict=True):
            if weight:
                found += weight * np.exp(-(((x - node) / width) ** 2) / 2)
        return found / (len(self.nodes) * width * math.sqrt(2 * math.pi))

    def moment(self, order: int) -> float:
        """Return the estimate of tr A^order / P: below the order 2 steps it is the mean of v^T A^order v over probes.

        Raises
        ------
        InvalidArgument
            If the order is no integer, or negative.
        """
        order = as_count("order", order, 0)
        return float(np.sum(self.weights * self.nodes**order)) / len(self.nodes)

    def _below(self, x: Array, side: Any) -> Array:
        order = np.argsort(self.nodes, axis=None, kind="stable")
        masses = np.concatenate([[0.0], np.cumsum(self.weights.ravel()[order])]) / len(self.nodes)
        return np.asarray(np.minimum(masses[np.searchsorted(self.nodes.ravel()[order], x, side)], 1.0))


def spectral_density(operator: Any, probes: int, steps: int, seed: int = 0) -> SpectralDensity:
    r"""Estimate the distribution of the eigenvalues by Lanczos's method from random vectors.

    Parameters
    ----------
    operator : LinearOperator or array_like, shape (P, P)
        A, symmetric.
    probes : int
        How many starting vectors, uniform on the sphere. Their products are taken together.
    steps : int
        Steps of Lanczos's method; each takes one product with A for every probe.
    seed : int
        Seed of the probes, not negative.

    Returns
    -------
    SpectralDensity

    Raises
    ------
    InvalidArgument
        If the operator is not square and real, probes, steps or seed are no such integers, or the result or a basis
        would take too much memory.

    Notes
    -----
    For a unit vector v, Lanczos's method gives a tridiagonal matrix T whose eigenvalues, with the squares of the first
    entries of its eigenvectors, are Gauss's quadrature of the measure with :math:`(u_i\cdot v)^2` at the eigenvalue
    :math:`\lambda_i` of the eigenvector :math:`u_i`: it is exact for polynomials of degree below 2 steps. The mean of
    that measure over v has 1/P at each eigenvalue. Each step is orthogonalized twice against all before it, so that
    eigenvalues that were found do not come again.

    This is proved. A moment of order below 2 steps has no error but that of v, whose variance is at most 2/(P + 2)
    times the mean of :math:`\lambda^{2\,\mathrm{order}}` for each probe. A cdf has the error of v, of variance at most
    1/(2P + 4), and that of the quadrature: for each probe the cdf of its measure is off by no more than the larger of
    the masses at the two nodes around a point (Chebyshev, Markov and Stieltjes). Where most eigenvalues are 0, this
    bound is large at points so close to 0 that the steps cannot tell them from it.

    References
    ----------
    S. Ubaru, J. Chen and Y. Saad, Fast estimation of tr(f(A)) via stochastic Lanczos quadrature, SIAM J. Matrix Anal.
    Appl. 38(4), 2017; B. Ghorbani, S. Krishnan and Y. Xiao, An investigation into neural net optimization via Hessian
    eigenvalue density, ICML 2019 (arXiv:1901.10159); G. H. Golub and G. Meurant, Matrices, Moments and Quadrature,
    2010.

    Examples
    --------
    >>> spectrum = spectral_density(np.diag(np.arange(100.0)), probes=4, steps=30)
    >>> spectrum.weights.sum(axis=1)
    array([1., 1., 1., 1.])
    >>> 30 < spectrum.count_below(50.0) < 70
    True
    """
    probes, steps = as_count("probes", probes, example=10), as_count("steps", steps, example=100)
    seed, a = as_count("seed", seed, 0, example=0), as_symmetric_operator(operator)
    size = a.shape[0]
    steps = min(steps, size)
    some = _BASIS_BYTES // (8 * size * steps)
    if not some:
        problem = (
            f"is {steps}, but a basis of {steps} vectors of {size} doubles takes {8 * size * steps / 2**30:.3g} GiB"
        )
        raise InvalidArgument("steps", problem, f"use {_BASIS_BYTES // (8 * size)} or fewer")
    if 16 * probes * steps > _MOST_BYTES:
        problem = f"are {probes}, whose nodes and weights take {16 * probes * steps / 2**30:.3g} GiB"
        raise InvalidArgument("probes", problem, f"use {_MOST_BYTES // (16 * steps)} or fewer")
    rng = np.random.Generator(np.random.SFC64(seed))
    nodes, weights = np.zeros((probes, steps)), np.zeros((probes, steps))
    for start in range(0, probes, some):
        count = min(some, probes - start)
        diagonals, sides, used = _lanczos(a, rng.standard_normal((count, size)), steps)
        for i in range(count):
            nodes[start + i], weights[start + i] = _quadrature(diagonals[i], sides[i], int(used[i]))
    return SpectralDensity(nodes, weights, size)


def _lanczos(a: Any, v: Array, steps: int) -> tuple[Array, Array, NDArray[np.intp]]:
    """Return diagonals and side diagonals, shape (probes, steps), of each probe's T, and the sizes where it ends."""
    probes, size = v.shape
    basis = np.zeros((probes, steps, size))
    diagonals, sides = np.zeros((probes, steps)), np.zeros((probes, steps))
    used = np.full(probes, steps)
    v = v / np.linalg.norm(v, axis=1)[:, None]
    largest = np.zeros(probes)  # the largest |A v| so far: a lower bound on the norm of A
    unit = 0.0  # what eigenvalues are measured in, so that squares are within the range of floats
    for j in range(steps):
        basis[:, j] = v
        w = np.array(a.matmat(v.T).T, dtype=np.float64, order="C")
        unit = unit or float(np.abs(w).max()) or 1.0
        w /= unit
        largest = np.maximum(largest, np.linalg.norm(w, axis=1))
        diagonals[:, j] = np.einsum("ij,ij->i", v, w)
        for _ in range(2):
            before = basis[:, : j + 1]
            w -= ((before @ w[:, :, None]).transpose(0, 2, 1) @ before)[:, 0]
        sides[:, j] = np.linalg.norm(w, axis=1)
        ended = (sides[:, j] <= 10 * _EPS * math.sqrt(size) * largest) & (used == steps)
        used[ended] = j + 1
        if np.all(used <= j + 1):
            break
        alive = used > j + 1
        v = np.where(alive[:, None], w / np.where(alive, sides[:, j], 1.0)[:, None], 0.0)
    return diagonals * unit, sides * unit, used


def _quadrature(diagonal: Array, side: Array, used: int) -> tuple[Array, Array]:
    """Return nodes and weights; places beyond those used repeat the last node with the mass 0."""
    from scipy.linalg import eigh_tridiagonal

    theta, vectors = eigh_tridiagonal(diagonal[:used], side[: used - 1])
    mass = vectors[0] ** 2
    nodes, weights = np.full(len(diagonal), theta[-1]), np.zeros(len(diagonal))
    nodes[:used], weights[:used] = theta, mass / mass.sum()
    return nodes, weights
