r"""The Hessian of :math:`f = \langle v, a_L\rangle` in the weights, reduced to the directions on which it is not 0.

For k < l the second derivative is :math:`b_l^T\,dW_l\,M_{lk}\,dW_k\,a_{k-1}`, so of each :math:`dW_k` only
:math:`dW_k a_{k-1}` and :math:`dW_k^T b_k` count, and of these only the active units:

.. math:: dW_k = \hat p_k\,\hat a_{k-1}^T + \hat b_k\,\hat q_k^T,\qquad \hat q_k \perp \hat a_{k-1},

where hats denote unit vectors. There is no :math:`\hat q_1` and no :math:`\hat p_L`, and :math:`\hat q_L` is free, as
of :math:`dW_L` only :math:`dW_L^Tb_L` counts. With S the number of active units below the last layer these are
:math:`2S-(L-2)` orthonormal coordinates instead of :math:`\sum n_kn_{k-1}`, and H has that rank wherever
:math:`f\ne0`.

*Scale.* With :math:`G_l = b_la_{l-1}^T` the gradient and
:math:`\tilde M_{lk} = M_{lk}|a_{k-1}|/|a_{l-1}|`, the block is :math:`|G_l|\,\hat Q_l^T\tilde M_{lk}\hat p_k`,
:math:`\hat Q_l = \hat q_l + (\hat b_l\cdot\hat p_l)\hat a_{l-1}`. The :math:`|G_l|` of one network are of one order,
so that one common logarithm makes a spectrum of size 1e-200 as accurate as one of size 1.

*Structure.* The recursion :math:`F_{l+1} = \tilde D_l(\hat p_l + W_lF_l)`, :math:`\tilde D_l = D_l|a_{l-1}|/|a_l|`,
yields the sums :math:`\sum_k\tilde M_{lk}\hat p_k`. It is a triangular system with two diagonals of blocks. All layers
of all networks make one banded matrix, and one call of BLAS solves the system in time linear in the number of weights.
"""

from __future__ import annotations

import copy
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from montecarlo.arrays import Array
from montecarlo.curvature.directions import Directions

Counts = NDArray[np.intp]
"""Numbers of units."""


class Reduction:
    """Hessians of m networks of depth at least 2, none of them dead, in the coordinates (p, q).

    A vector has the shape (2, size). Its first row is p and its second q, both over the active units of layers 1 to
    L-1, network after network; q_l stands at the units of layer l-1. In vectors of the space, q_l is orthogonal to
    a_{l-1} for l < L.

    Parameters
    ----------
    directions : Directions
        The m networks, all alive.

    Attributes
    ----------
    log_scale : ndarray, shape (m,)
        The Hessians are exp(log_scale) times what is computed here.
    ranks : ndarray of int, shape (m,)
        2S - (L-2), the number of coordinates, and the rank where f is not 0.
    """

    def __init__(self, directions: Directions) -> None:
        hidden = directions.depth - 1
        self.networks, self._layers = directions.networks, hidden
        self._directions = directions
        self._origin = np.arange(self.networks)  # which of the directions' networks
        before, *widths = directions.weights[0].shape[2], *directions.widths[:hidden]
        self._first_units = np.cumsum([0, *widths])
        units = int(self._first_units[-1])
        self._on = directions.slopes[:, :units] != 0
        self._counts: Counts = np.add.reduceat(self._on, self._first_units[:-1], axis=1, dtype=np.intp)
        flat = self._counts.ravel()
        self._starts: Counts = np.cumsum(flat) - flat
        self.sizes: Counts = self._counts.sum(axis=1)
        self.size = int(self.sizes.sum())
        self._firsts: Counts = np.cumsum(self.sizes) - self.sizes
        self.ranks: Counts = 2 * self.sizes - (hidden - 1)

        gradients = directions.backward_norms[:, 1:] * directions.forward_norms[:, 1 : hidden + 1]
        steps = directions.forward_norms[:, :hidden] / directions.forward_norms[:, 1 : hidden + 1]
        unit_g, unit_step = gradients.powers.max(axis=1), steps.powers.max(axis=1)
        self.log_scale: Array = np.log(2) * (unit_g + unit_step)
        # there is no q_1 and q_L is free: so the first b and the last a of each network constrain nothing
        of_layer = np.ones((5, self.networks, hidden))
        of_layer[0] = steps.in_units()
        of_layer[1] = steps.in_units(unit_step[:, None])
        of_layer[2] = gradients.in_units(unit_g[:, None])
        of_layer[3, :, -1] = of_layer[4, :, 0] = 0
        self._gates, self._sources, self._g, self._a, self._b = np.repeat(of_layer.reshape(5, -1), flat, axis=1)
        self._a *= directions.forward[:, before : before + units][self._on]
        self._b *= directions.backward[:, :units][self._on]
        slopes = directions.slopes[:, :units][self._on]
        self._gates *= slopes
        self._sources *= slopes

    def taken(self, networks: NDArray[np.bool_]) -> Reduction:
        """Return the reduction of some of the networks, without computing anything anew."""
        units = np.repeat(networks, self.sizes)
        out = copy.copy(self)
        out.networks, out.size = int(networks.sum()), int(units.sum())
        out._counts, out.sizes, out.ranks = self._counts[networks], self.sizes[networks], self.ranks[networks]
        flat = out._counts.ravel()
        out._starts, out._firsts = np.cumsum(flat) - flat, np.cumsum(out.sizes) - out.sizes
        out.log_scale = self.log_scale[networks]
        for name in ("_gates", "_sources", "_g", "_a", "_b"):
            setattr(out, name, getattr(self, name)[units])
        width, band = self._band
        out._band = width, band.T[units].T
        out._origin = self._origin[networks]
        return out

    def apply(self, vectors: Array) -> Array:
        """Return the Hessians times vectors of the space, shape (2, size)."""
        from scipy.linalg.blas import dtbsv  # here, so that importing montecarlo stays light

        p, q = vectors
        along = np.zeros(len(self._starts) + 1)
        along[:-1] = self._sums(self._b * p)
        pulled = self._g * (q + self._a * self._per_unit(along[1:]))
        width, band = self._band
        forward = dtbsv(width, band, self._sources * p, lower=1, diag=1, overwrite_x=1)
        backward = dtbsv(width, band, pulled, lower=1, trans=1, diag=1, overwrite_x=1)
        signal = self._g * forward
        along[0], along[1:] = 0, self._sums(self._a * signal)
        out = np.empty_like(vectors)
        np.multiply(self._sources, backward, out=out[0])
        out[0] += self._b * self._per_unit(along[:-1])
        np.subtract(signal, self._a * self._per_unit(along[1:]), out=out[1])
        return out

    def projected(self, vectors: Array) -> Array:
        """Return the vectors of the space that are nearest to given ones."""
        p, q = vectors
        return np.stack([p, q - self._a * self._per_unit(self._sums(self._a * q))])

    def dots(self, x: Array, y: Array) -> Array:
        """Return the inner products of each network's vectors.

        Parameters
        ----------
        x, y : ndarray, shape (2, size)

        Returns
        -------
        ndarray, shape (m,)
        """
        return np.asarray(np.add.reduceat(np.einsum("iu,iu->u", x, y), self._firsts))

    def times(self, factors: Array, vectors: Array) -> Array:
        """Return each network's vector times its factor.

        Parameters
        ----------
        factors : ndarray, shape (m,)
        vectors : ndarray, shape (2, size)

        Returns
        -------
        ndarray, shape (2, size)
        """
        return np.asarray(vectors * np.repeat(factors, self.sizes))

    def start(self) -> Array:
        """Return vectors of length 1 in general position; a network's vector does not depend on the other networks."""
        rng = np.random.Generator(np.random.SFC64(0))
        fixed = rng.standard_normal((int(self.sizes.max()), 2)).T
        vectors = self.projected(np.concatenate([fixed[:, :size] for size in self.sizes], axis=1))
        return self.times(1 / np.sqrt(self.dots(vectors, vectors)), vectors)

    def dense(self, network: int) -> Array:
        """Return the lower triangle of one network's Hessian in orthonormal coordinates, shape (rank, rank).

        The q_l are reflected so that the first axis of each is a, whose coordinate is among those of p already.
        """
        from scipy.linalg.lapack import dtrtri

        size, layers = int(self.sizes[network]), self._layers
        units = slice(int(self._firsts[network]), int(self._firsts[network]) + size)
        counts = self._counts[network]
        starts = np.cumsum(counts) - counts
        triangle = np.zeros((size, size), order="F")
        for layer in range(1, layers):
            block = self._block(network, layer)
            row, column = int(starts[layer]), int(starts[layer - 1])
            np.negative(block, out=triangle[row : row + len(block), column : column + block.shape[1]])
        solved, _ = dtrtri(triangle, lower=1, unitdiag=1, overwrite_c=1)
        np.fill_diagonal(solved, 1.0)
        solved *= self._sources[units]
        solved *= self._g[units, None]

        index, of_unit = np.arange(size), np.repeat(np.arange(layers), counts)
        tied = starts[:-1]  # first unit of each layer but the last
        u, b = np.zeros((size, layers)), np.zeros((size, layers))
        u[index, of_unit] = self._a[units]
        b[index, of_unit] = self._b[units]
        leads = u[tied, index[: layers - 1]]
        signs = np.where(leads >= 0, 1.0, -1.0)
        u[tied, index[: layers - 1]] += signs
        along = u[:, :-1].T @ solved
        rank = int(self.ranks[network])
        out = np.zeros((rank, rank))
        np.matmul(b[:, 1:], along - signs[:, None] * solved[tied], out=out[:size, :size])
        solved -= (u[:, :-1] / (1 + np.abs(leads))) @ along
        free = np.ones(size, dtype=np.bool_)
        free[tied] = False
        out[size:, :size] = solved[free]
        return out

    def _block(self, network: int, layer: int) -> Array:
        """Return D W between the active units of hidden layers `layer` - 1 and `layer`, which are counted from 0."""
        origin = int(self._origin[network])
        w = self._directions.weights[layer][origin]
        start = int(self._starts[network * self._layers + layer])
        rows, columns = (int(count) for count in self._counts[network, [layer, layer - 1]])
        before, middle, after = (int(unit) for unit in self._first_units[layer - 1 : layer + 2])
        if rows < after - middle:
            w = w[self._on[origin, middle:after]]
        if columns < middle - before:
            w = w[:, self._on[origin, before:middle]]
        return np.asarray(w * self._gates[start : start + rows, None])

    @cached_property
    def _band(self) -> tuple[int, Array]:
        """How many diagonals the matrix 1 - D W has below the main one, and its band in the layout of BLAS."""
        width = max(int((self._counts[:, 1:] + self._counts[:, :-1]).max(initial=0)) - 1, 1)
        flat = np.zeros(self.size * (width + 1))
        units = self._on.shape[1]
        index = np.cumsum(self._on, dtype=np.intp).reshape(-1, units) - 1
        gates = np.zeros(self._on.shape)
        gates[self._on] = self._gates
        edges = self._first_units
        for layer in range(1, self._layers):
            after, before = slice(edges[layer], edges[layer + 1]), slice(edges[layer - 1], edges[layer])
            values = self._directions.weights[layer] * -gates[:, after, None]
            # entry (i, j) stands at j * (width + 1) + i - j
            places = index[:, None, before] * width + index[:, after, None]
            some = self._on[:, after, None] & self._on[:, None, before]
            flat[places[some]] = values[some]
        return width, flat.reshape(self.size, width + 1).T

    def _per_unit(self, per_layer: Array) -> Array:
        return np.repeat(per_layer, self._counts.ravel())

    def _sums(self, per_unit: Array) -> Array:
        return np.asarray(np.add.reduceat(per_unit, self._starts))
