r"""Sampling networks of normal weights with biases and any activation from their exact law, O(n) a layer.

A random bias of variance :math:`s_b^2` is the weight of one more unit, whose output is always :math:`s_b/s`: with
:math:`\tilde a = (a, s_b/s)` and :math:`\tilde W = (W, b\,s/s_b)`, whose entries are all independent of variance
:math:`s^2`, preactivations are :math:`z = \tilde W\tilde a`, normal with independent entries of variance
:math:`s^2|\tilde a|^2 = s^2|a|^2+s_b^2`. Given z, as in :mod:`montecarlo.engines.vectors_in_law`,

.. math:: \tilde W^Ty \overset d= \tilde a\,\frac{\langle z, y\rangle}{|\tilde a|^2}
          + s\,|y|\Bigl(g - \tilde a\,\frac{\langle\tilde a, g\rangle}{|\tilde a|^2}\Bigr),

and :math:`W^Ty` is this without its last entry. So the mean of W given z is
:math:`z a^T/(|a|^2+s_b^2/s^2)`: of z only the share :math:`s^2|a|^2/(s^2|a|^2+s_b^2)` is the weights'.

Constant biases are added to z, and change nothing else. Activations enter by their values forward and their slopes
backward. A second input's part orthogonal to :math:`\tilde a` is multiplied by fresh entries of :math:`\tilde W`, on
which :math:`\tilde W^Ty` is conditioned alike. Jointly over all layers this is the law of real matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from montecarlo.activations import smooth_of
from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array
from montecarlo.drawing.biases import Biases
from montecarlo.drawing.float_range import log_squares_in_range, require_slopes
from montecarlo.drawing.input_and_readout import draw_readout, magnified, vector
from montecarlo.drawing.norm_traces import rescale
from montecarlo.drawing.pairs_of_vectors import PairTrace
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.weights import Weights
from theory.ensembles import Ensemble

_ROUNDED = 1e-14
"""A part orthogonal to another vector is 0 with rounding errors if it is no larger than this share of the whole."""


class AnyActivationChunk:
    """A few plain networks of normal weights, with biases or a smooth activation, as the vectors that pass through.

    Its methods are those of :class:`montecarlo.architectures.plain.PlainChunk`, but for weights and Jacobians.

    Parameters
    ----------
    net, rng, networks, needs, second_input
        As for :class:`montecarlo.engines.real_matrices.Chunk`.

    Examples
    --------
    >>> net = Ensemble(width=4, depth=2, activation="tanh", bias="1/10")
    >>> chunk = AnyActivationChunk(net, np.random.Generator(np.random.SFC64(0)), 5, needs=frozenset({"backward"}))
    >>> chunk.log_gradient_norms([1, 2]).shape
    (5, 2)
    """

    def __init__(
        self,
        net: Ensemble,
        rng: np.random.Generator,
        networks: int,
        *,
        needs: frozenset[str] = frozenset(),
        second_input: SecondInput | None = None,
    ) -> None:
        as_ensemble(net)
        net.require_plain("AnyActivationChunk", biases=True, smooth=True)
        self.net, self.networks = net, networks
        law, biases = Weights(net), Biases(net)
        self._widths, self._rng = law.widths, rng
        self._scales = [law.scale(k) for k in range(1, len(law.widths))]
        self._units = [np.sqrt(v) / s for v, s in zip(biases.variances, self._scales, strict=True)]
        self._constant = biases.constant
        self._smooth = smooth_of(net)
        self._slope = float(Fraction(net.slope)) if self._smooth is None else 1.0
        self._read: list[Array] = []  # the vectors that each matrix reads, with the unit of its biases
        self._across: list[Array] = []  # what is orthogonal to them in the second input's
        self._images: list[tuple[Array, Array | None]] = []  # what the matrices make of both
        self._slopes: list[Array] = []
        self._on: list[NDArray[np.int64]] = []
        x, log_x = vector(net.input or "unit", self._widths[0])
        self.input: Array = magnified(x, log_x)
        self.second_input = None if second_input is None else PairTrace(saturates=self._smooth is not None)
        other = (
            None if second_input is None else float(second_input.cosine) * self.input + second_input.across(self.input)
        )
        with np.errstate(over="ignore", invalid="ignore"):  # what leaves the range is refused
            self._log_a = self._forward(other, needs=needs)
        v, log_v = draw_readout(net, rng, networks, self._widths[-1])
        self.readout: Array = magnified(v, log_v)
        self._log_b = self._back_propagate() if "backward" in needs else None

    def log_activation_norms(self, layers: Sequence[int]) -> Array:
        """Return log|a_k|^2, shape (m, len(layers)), for layers from 0 to L; it is -inf for 0."""
        return self._log_a[:, list(layers)]

    def log_backward_norms(self, layers: Sequence[int]) -> Array:
        """Return log|b_k|^2, shape (m, len(layers)), for layers from 1 to L; it is -inf for 0."""
        assert self._log_b is not None
        return self._log_b[:, [k - 1 for k in layers]]

    def log_gradient_norms(self, layers: Sequence[int]) -> Array:
        """Return log|df/dW_k|_F^2, shape (m, len(layers)), for layers from 1 to L; it is -inf for 0."""
        return self.log_backward_norms(layers) + self.log_activation_norms([k - 1 for k in layers])

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,), which is -inf where f is 0."""
        with np.errstate(divide="ignore"):  # the log of a 0
            return np.asarray(2 * np.log(np.abs(np.einsum("mi,mi->m", self._last, self.readout))))

    def active_units(self, layers: Sequence[int]) -> NDArray[np.int64]:
        """Return how many units of layer k are on (z > 0), shape (m, len(layers)); the chunk needs ``"units"``."""
        return np.stack([self._on[k - 1] for k in layers], axis=1)

    def _forward(self, other: Array | None, needs: frozenset[str]) -> Array:
        a = np.repeat(self.input[None, :], self.networks, axis=0)
        moved = None if other is None else np.repeat(other[None, :], self.networks, axis=0)
        logs, keeps = [log_squares_in_range(a, 0)], "backward" in needs
        if self.second_input is not None and moved is not None:
            self.second_input.record(a, moved)
        for k, (s, unit) in enumerate(zip(self._scales, self._units, strict=True), start=1):
            read, z_of_e = _with_unit(a, unit), None
            z = self._drawn(s, read, self._widths[k])
            if moved is not None:
                read_too = _with_unit(moved, unit)
                along, e = _split(read_too, read)
                z_of_e = self._drawn(s, e, self._widths[k])
                moved = self._activated(along[:, None] * z + z_of_e + self._constant)[0]
                if keeps:
                    self._across.append(e)
            a, slopes = self._activated(z + self._constant)
            if "units" in needs:
                self._on.append(np.count_nonzero(z + self._constant > 0, axis=1))
            logs.append(log_squares_in_range(a, k, slopes, self._smooth))
            if self.second_input is not None and moved is not None:
                self.second_input.record(a, moved)
            if keeps:
                self._slopes.append(slopes)
                self._read.append(read)
                self._images.append((z, z_of_e))
        self._last = a
        return np.stack(logs, axis=1)

    def _drawn(self, scale: float, read: Array, units: int) -> Array:
        """Return what fresh weights make of vectors, shape (m, units)."""
        z = self._rng.standard_normal((self.networks, units))
        z *= (scale * np.linalg.norm(read, axis=1))[:, None]
        return z

    def _activated(self, z: Array) -> tuple[Array, Array]:
        """Return phi(z) and phi'(z)."""
        if self._smooth is not None:
            return np.asarray(self._smooth.value(z)), np.asarray(self._smooth.derivative(z))
        slopes = np.where(z > 0, 1.0, self._slope)
        return slopes * z, slopes

    def _back_propagate(self) -> Array:
        depth = len(self._scales)
        logs, exponents = np.empty((self.networks, depth)), np.zeros(self.networks, dtype=np.int64)
        derivatives = self.readout
        for k in range(depth, 0, -1):
            y = self._slopes[k - 1] * derivatives
            squares, halves = rescale(y)
            require_slopes(y, squares, self._slopes[k - 1], self._smooth, k)
            with np.errstate(divide="ignore"):  # the log of a 0
                logs[:, k - 1] = np.log(squares) + 2 * np.log(2) * exponents
            exponents += halves
            if k > 1:
                derivatives = self._conditioned(k, y)
        return logs

    def _conditioned(self, k: int, y: Array) -> Array:
        """Return W_k^T y given what W_k has made of the activations."""
        z, z_of_e = self._images[k - 1]
        read, g = self._read[k - 1], self._rng.standard_normal(self._read[k - 1].shape)
        g *= (self._scales[k - 1] * np.linalg.norm(y, axis=1))[:, None]
        # keep the part of g that is orthogonal to what was read, and give the rest what the images say
        pairs = [(read, z)] if z_of_e is None else [(read, z), (self._across[k - 1], z_of_e)]
        for direction, image in pairs:
            gap = np.einsum("mi,mi->m", y, image) - np.einsum("mi,mi->m", direction, g)
            g += _shares(gap, np.einsum("mi,mi->m", direction, direction))[:, None] * direction
        return g[:, : self._widths[k - 1]]


def _with_unit(a: Array, unit: float) -> Array:
    """Return activations with one more unit, of the same output in all networks; without it, if that is 0."""
    return np.concatenate([a, np.full((len(a), 1), unit)], axis=1) if unit else a


def _split(vectors: Array, along: Array) -> tuple[Array, Array]:
    """Return how often other vectors are contained in vectors, and what is orthogonal to those; rounding is made 0."""
    square = np.einsum("mi,mi->m", along, along)
    share = _shares(np.einsum("mi,mi->m", vectors, along), square)
    rest = vectors - share[:, None] * along
    rest -= _shares(np.einsum("mi,mi->m", rest, along), square)[:, None] * along
    rest[np.linalg.norm(rest, axis=1) <= _ROUNDED * np.linalg.norm(vectors, axis=1)] = 0
    return share, rest


def _shares(of: Array, whole: Array) -> Array:
    """Return quotients, which are 0 where the whole is."""
    return np.divide(of, whole, out=np.zeros_like(of), where=whole > 0)
