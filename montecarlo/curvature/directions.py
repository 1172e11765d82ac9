"""Forward and backward pass of given networks, as directions and norms, of which their Hessians are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.arrays import Array
from montecarlo.drawing.small_products import matrix_vector, vector_matrix
from montecarlo.wording import counted, shape_of

_NEAR = 1e100
"""Vectors need no rescaling while their norms lie between this and its inverse."""


@dataclass(frozen=True, eq=False)
class Norms:
    """Norms, mantissas times 2**exponents, whose ratios are as accurate as floats however far apart they are."""

    mantissas: Array
    exponents: NDArray[np.int64]

    def __repr__(self) -> str:
        return f"Norms(shape {np.shape(self.mantissas)})"

    def __getitem__(self, index: Any) -> Norms:
        return Norms(self.mantissas[index], self.exponents[index])

    def __mul__(self, other: Norms) -> Norms:
        return Norms(self.mantissas * other.mantissas, self.exponents + other.exponents)

    def __truediv__(self, other: Norms) -> Norms:
        return Norms(self.mantissas / other.mantissas, self.exponents - other.exponents)

    @property
    def powers(self) -> NDArray[np.int64]:
        """Logarithms of the norms to the base 2, rounded up."""
        return np.asarray(self.exponents + np.frexp(self.mantissas)[1])

    @property
    def logs(self) -> Array:
        """Logarithms of the norms, -inf for 0."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.mantissas) + np.log(2) * self.exponents)

    def in_units(self, powers: NDArray[np.int64] | int = 0) -> Array:
        """Return the norms over 2**powers, as floats."""
        return np.asarray(np.ldexp(self.mantissas, self.exponents - powers))


@dataclass(frozen=True, eq=False)
class Directions:
    r"""Activations :math:`a_k` and :math:`b_k = D_kW_{k+1}^Tb_{k+1}`, :math:`b_L = D_Lv`, of m networks.

    Attributes
    ----------
    weights : list of ndarray, shapes (m, n_k, n_{k-1})
        W_1, ..., W_L.
    slopes : ndarray, shape (m, n_1 + ... + n_L)
        Diagonals of D_1, ..., D_L.
    forward, backward : ndarray, shapes (m, n_0 + ... + n_L), (m, n_1 + ... + n_L)
        Unit vectors along a_0, ..., a_L and b_1, ..., b_L; 0 where these are 0.
    forward_norms, backward_norms : Norms, of shapes (m, L+1), (m, L)
        |a_k| and |b_k|.
    log_output : ndarray, shape (m,)
        log|f|; -inf for 0.
    cosine : ndarray, shape (m,)
        Cosine of the angle between v and a_L, whose sign is that of f.
    at_kink : ndarray of bool, shape (m, n_1 + ... + n_L)
        Whether a unit whose activation has a kink is exactly at 0.
    """

    weights: list[Array]
    slopes: Array
    forward: Array
    backward: Array
    forward_norms: Norms
    backward_norms: Norms
    log_output: Array
    cosine: Array
    at_kink: NDArray[np.bool_]

    def __repr__(self) -> str:
        widths = [self.weights[0].shape[-1], *(w.shape[-2] for w in self.weights)]
        return f"Directions({counted(len(self.cosine), 'network')}, {shape_of(widths)})"

    @classmethod
    def of(
        cls, weights: Sequence[Array], slope: float, readout: Array, inputs: Array, *, last_is_linear: bool = False
    ) -> Directions:
        """Run each network on its input.

        Parameters
        ----------
        weights : sequence of ndarray, shapes (m, n_k, n_{k-1})
            W_1, ..., W_L.
        slope : float
            Slope of the activation for negative arguments and at 0.
        readout : ndarray, shape (m, n_L)
            v of each network.
        inputs : ndarray, shape (m, n_0) or (1, n_0)
            x of each network, or one for all.
        last_is_linear : bool
            Whether D_L is the identity.
        """
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # such networks run again below
            run = _Run(weights, slope, readout, inputs, last_is_linear, rescales=False)
        if not run.is_tame:
            run = _Run(weights, slope, readout, inputs, last_is_linear, rescales=True)
        depth, last = len(weights), readout.shape[1]
        units = run.slopes.shape[1]
        start = run.vectors.shape[1] - last - units  # where b_1 begins
        forward, backward = run.vectors[:, :start], run.vectors[:, start:-last]
        cosine = np.einsum("mi,mi->m", run.vectors[:, -last:], forward[:, -last:])
        output = run.norms[:, -1] * run.norms[:, depth]
        with np.errstate(divide="ignore"):
            log_f = output.logs + np.log(np.abs(cosine))
        return cls(
            weights=list(weights),
            slopes=run.slopes,
            forward=forward,
            backward=backward,
            forward_norms=run.norms[:, : depth + 1],
            backward_norms=run.norms[:, depth + 1 : -1],
            log_output=log_f,
            cosine=cosine,
            at_kink=run.at_kink,
        )

    @property
    def networks(self) -> int:
        """How many networks there are, m."""
        return len(self.cosine)

    @property
    def depth(self) -> int:
        """L."""
        return len(self.weights)

    @property
    def widths(self) -> list[int]:
        """n_1, ..., n_L."""
        return [w.shape[1] for w in self.weights]

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
        """Whether no activation and no gradient is 0, shape (m,). Otherwise the Hessian is 0, or has a lower rank."""
        both = self.forward_norms.mantissas.all(axis=1) & self.backward_norms.mantissas.all(axis=1)
        return np.asarray(both)

    def taken(self, networks: NDArray[np.bool_]) -> Directions:
        """Return some of the networks."""
        if networks.all():
            return self
        return Directions(
            weights=[w[networks] for w in self.weights],
            slopes=self.slopes[networks],
            forward=self.forward[networks],
            backward=self.backward[networks],
            forward_norms=self.forward_norms[networks],
            backward_norms=self.backward_norms[networks],
            log_output=self.log_output[networks],
            cosine=self.cosine[networks],
            at_kink=self.at_kink[networks],
        )


class _Run:
    """Both passes side by side: a_0, ..., a_L, b_1, ..., b_L and v as unit vectors, and their norms.

    With `rescales`, powers of two are taken out of the vectors on the way, which rounds nothing but takes longer.
    """

    def __init__(
        self,
        weights: Sequence[Array],
        slope: float,
        readout: Array,
        inputs: Array,
        last_is_linear: bool,
        rescales: bool,
    ) -> None:
        networks, depth = len(readout), len(weights)
        untouched = np.zeros(networks, dtype=np.int64)

        def kept(vectors: Array) -> tuple[Array, NDArray[np.int64]]:
            return _rescaled(vectors) if rescales else (vectors, untouched)

        a, shift = kept(np.broadcast_to(inputs, (networks, inputs.shape[1])))
        forward, shifts, z = [a], [shift], []
        for k, w in enumerate(weights, start=1):
            z.append(np.asarray(matrix_vector(w, a), np.float64))
            is_linear = slope == 1 or (last_is_linear and k == depth)
            a, shift = kept(z[-1] if is_linear else np.maximum(z[-1], slope * z[-1] if slope else 0.0))
            forward.append(a)
            shifts.append(shift)
        units = np.concatenate(z, axis=1)
        self.slopes: Array = np.ones_like(units)
        self.at_kink: NDArray[np.bool_] = np.zeros(units.shape, dtype=np.bool_)
        bent = units.shape[1] - (z[-1].shape[1] if last_is_linear else 0)
        if slope != 1:
            self.slopes[:, :bent] = np.where(units[:, :bent] > 0, 1.0, slope)
            self.at_kink[:, :bent] = units[:, :bent] == 0

        first = units.shape[1] - z[-1].shape[1]
        b, shift = kept(self.slopes[:, first:] * readout)
        backward, back = [b], [shift]
        for w in weights[:0:-1]:
            end, first = first, first - w.shape[2]
            b, shift = kept(np.asarray(self.slopes[:, first:end] * vector_matrix(b, w), np.float64))
            backward.append(b)
            back.append(shift)
        v, shift = _rescaled(readout)

        vectors = [*forward, *backward[::-1], v]
        exponents = np.zeros((networks, len(vectors)), dtype=np.int64)
        if rescales:
            exponents[:, : depth + 1] = np.cumsum(shifts, axis=0).T
            exponents[:, depth + 1 : -1] = np.cumsum(back, axis=0)[::-1].T
        exponents[:, -1] = shift
        sizes = [vector.shape[1] for vector in vectors]
        flat = np.concatenate(vectors, axis=1)
        squares = np.add.reduceat(flat * flat, np.cumsum([0, *sizes[:-1]]), axis=1)
        self.is_tame = bool(squares.min() > _NEAR**-2 and squares.max() < _NEAR**2)
        norms = np.sqrt(squares)
        inverse = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)
        self.vectors: Array = flat * np.repeat(inverse, sizes, axis=1)
        self.norms = Norms(norms, exponents)


def _rescaled(vectors: Array) -> tuple[Array, NDArray[np.int64]]:
    """Divide vectors by powers of two, so that the largest entry is between 1/2 and 1; return the exponents too."""
    shift = np.frexp(np.abs(vectors).max(axis=1))[1].astype(np.int64)
    return np.ldexp(vectors, -shift[:, None]), shift
