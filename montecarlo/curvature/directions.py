"""Forward and backward pass of given networks, as directions and logarithms: all that their Hessians are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.products import matrix_vector, vector_matrix
from montecarlo.weights import Array

_NEAR = 1e100
"""Norms between this and its inverse need no rescaling."""


@dataclass(frozen=True, eq=False)
class Norms:
    """Norms whose ratios are as accurate as floats, however far apart they are: mantissas times 2**exponents."""

    mantissas: Array
    exponents: NDArray[np.int64]

    def __getitem__(self, index: Any) -> Norms:
        return Norms(self.mantissas[index], self.exponents[index])

    def __mul__(self, other: Norms) -> Norms:
        return Norms(self.mantissas * other.mantissas, self.exponents + other.exponents)

    def __truediv__(self, other: Norms) -> Norms:
        return Norms(self.mantissas / other.mantissas, self.exponents - other.exponents)

    @property
    def logs(self) -> Array:
        """Their logarithms, -inf for 0."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.mantissas) + np.log(2) * self.exponents)

    def in_units(self, powers: NDArray[np.int64] | int = 0) -> Array:
        """Return them over 2**powers as floats."""
        return np.asarray(np.ldexp(self.mantissas, self.exponents - powers))


@dataclass(frozen=True, eq=False)
class Directions:
    r"""Activations :math:`a_k` and :math:`b_k = D_kW_{k+1}^Tb_{k+1}`, :math:`b_L = D_Lv`, of m networks.

    Attributes
    ----------
    weights : list of ndarray, shapes (m, n_k, n_{k-1})
        W_1, ..., W_L.
    slopes : list of ndarray, shapes (m, n_k)
        Diagonals of D_1, ..., D_L.
    forward, backward : lists of ndarray
        Unit vectors along a_0, ..., a_L and b_1, ..., b_L, shapes (m, n_k); 0 where these are 0.
    forward_norms, backward_norms : Norms, of shapes (m, L+1), (m, L)
        |a_k| and |b_k|.
    log_output : ndarray, shape (m,)
        log|f|; -inf for 0.
    cosine : ndarray, shape (m,)
        Of the angle between v and a_L: its sign is that of f.
    kinks : list of (int, ndarray)
        Layers where a unit of some network is exactly at 0, and which, shape (m, n_k).
    """

    weights: list[Array]
    slopes: list[Array]
    forward: list[Array]
    backward: list[Array]
    forward_norms: Norms
    backward_norms: Norms
    log_output: Array
    cosine: Array
    kinks: list[tuple[int, NDArray[np.bool_]]]

    @classmethod
    def of(
        cls, weights: Sequence[Array], slope: float, readout: Array, inputs: Array, *, last_is_linear: bool = False
    ) -> Directions:
        """Run networks on an input each.

        Parameters
        ----------
        weights : sequence of ndarray, shapes (m, n_k, n_{k-1})
        slope : float
            Of the activation, for negative arguments and at 0.
        readout : ndarray, shape (m, n_L)
            v of each network.
        inputs : ndarray, shape (m, n_0) or (1, n_0)
        last_is_linear : bool
            Whether D_L is the identity.
        """
        run = partial(_run, weights, slope, readout, inputs, last_is_linear)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # then it runs again
            slopes, kinks, forward, backward = run(rescales=False)
        if not (forward.is_tame and backward.is_tame):
            slopes, kinks, forward, backward = run(rescales=True)
        a, a_norms = forward.normalized()
        b, b_norms = backward.normalized()
        (v,), v_norms = _Pass(readout, rescales=True).normalized()
        cosine = np.einsum("mi,mi->m", v, a[-1])
        with np.errstate(divide="ignore"):
            log_f = v_norms.logs[:, 0] + a_norms.logs[:, -1] + np.log(np.abs(cosine))
        return cls(list(weights), slopes, a, b[::-1], a_norms, b_norms[:, ::-1], log_f, cosine, kinks)

    @property
    def networks(self) -> int:
        """How many there are."""
        return len(self.cosine)

    @property
    def depth(self) -> int:
        """L."""
        return len(self.weights)

    @cached_property
    def log_forward(self) -> Array:
        """log|a_k|, shape (m, L+1); -inf for 0."""
        return self.forward_norms.logs

    @cached_property
    def log_backward(self) -> Array:
        """log|b_k|, shape (m, L); -inf for 0."""
        return self.backward_norms.logs

    @property
    def log_gradients(self) -> Array:
        """log|df/dW_k|_F, shape (m, L); -inf for 0."""
        return self.log_backward + self.log_forward[:, :-1]

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Whether no activation and no gradient is 0, shape (m,): else the Hessian is 0, or has a lower rank."""
        both = self.forward_norms.mantissas.all(axis=1) & self.backward_norms.mantissas.all(axis=1)
        return np.asarray(both)

    def taken(self, networks: NDArray[np.bool_]) -> Directions:
        """Return some of the networks."""
        if networks.all():
            return self
        lists = (self.weights, self.slopes, self.forward, self.backward)
        weights, slopes, forward, backward = ([part[networks] for part in parts] for parts in lists)
        kinks = [(layer, at_zero[networks]) for layer, at_zero in self.kinks]
        norms = self.forward_norms[networks], self.backward_norms[networks]
        log_f, cosine = self.log_output[networks], self.cosine[networks]
        return Directions(weights, slopes, forward, backward, *norms, log_f, cosine, kinks)


def _run(
    weights: Sequence[Array], slope: float, readout: Array, inputs: Array, last_is_linear: bool, rescales: bool
) -> tuple[list[Array], list[tuple[int, NDArray[np.bool_]]], _Pass, _Pass]:
    """Return the slopes, the kinks and both passes."""
    depth = len(weights)
    slopes: list[Array] = []
    kinks = []
    forward = _Pass(np.broadcast_to(inputs, (len(readout), inputs.shape[1])), rescales)
    for k, w in enumerate(weights, start=1):
        z: Array = np.asarray(matrix_vector(w, forward.last), np.float64)
        if slope == 1 or (last_is_linear and k == depth):
            slopes.append(np.ones_like(z))
        else:
            if not z.all():
                kinks.append((k, z == 0))
            slopes.append(np.where(z > 0, 1.0, slope))
            z *= slopes[-1]
        forward.append(z)
    backward = _Pass(slopes[-1] * readout, rescales)
    for k in range(depth - 1, 0, -1):
        backward.append(np.asarray(slopes[k - 1] * vector_matrix(backward.last, weights[k]), np.float64))
    return slopes, kinks, forward, backward


class _Pass:
    """Vectors through the layers; powers of two may be taken out, which rounds nothing and is slower."""

    def __init__(self, first: Array, rescales: bool) -> None:
        self._rescales = rescales
        self._vectors: list[Array] = []
        self._exponents: list[NDArray[np.int64]] = []
        self._squares: list[Array] = []
        self._total = np.zeros(len(first), dtype=np.int64)
        self.append(first)

    @property
    def last(self) -> Array:
        """The last vectors, up to powers of two."""
        return self._vectors[-1]

    @property
    def is_tame(self) -> bool:
        """Whether all norms are far from the ends of a float's range, and so none is 0."""
        squares = np.stack(self._squares)
        return bool(squares.min() > _NEAR**-2 and squares.max() < _NEAR**2)

    def append(self, vectors: Array) -> None:
        """Note the next vectors, made from the last ones."""
        if self._rescales:
            shift = np.frexp(np.abs(vectors).max(axis=1))[1]
            vectors = np.ldexp(vectors, -shift[:, None])
            self._total = self._total + shift
        self._vectors.append(vectors)
        self._exponents.append(self._total)
        self._squares.append(np.einsum("mi,mi->m", vectors, vectors))

    def normalized(self) -> tuple[list[Array], Norms]:
        """Return unit vectors and the norms, of shape (m, steps)."""
        norms = np.sqrt(np.stack(self._squares, axis=1))
        inverse = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)
        units = [vectors * inverse[:, step, None] for step, vectors in enumerate(self._vectors)]
        return units, Norms(norms, np.stack(self._exponents, axis=1))
