r"""Sampling activations and gradients for normal weights from their exact law, O(n) a layer: no weight matrices.

Given the activations so far, :math:`z = W a` is normal with independent entries of variance :math:`s^2|a|^2`. Given z
as well, :math:`W^T b` has the law of

.. math:: a\,\frac{\langle z, b\rangle}{|a|^2} + s\,|b|\Bigl(g - a\frac{\langle a, g\rangle}{|a|^2}\Bigr)

with g fresh and standard normal, as W restricted to the complement of a is independent of W a. The same holds for a
second input: its part e orthogonal to a is multiplied by fresh entries of W, and :math:`W^T b` is conditioned on W e as
it is on W a. Jointly over all layers this is the law of the direct engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array
from montecarlo.drawing.input_and_readout import draw_readout, magnified, vector
from montecarlo.drawing.norm_traces import NormTrace
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.weights import Weights
from montecarlo.engines.real_matrices import log_squares
from theory.ensembles import Ensemble


class VectorChunk:
    """A few networks of one ensemble with normal weights, as the vectors that pass through them.

    Its methods are those of :class:`montecarlo.engines.real_matrices.Chunk`, but for weights, slopes and Jacobians.

    Parameters
    ----------
    net, rng, networks, needs, second_input
        As for :class:`montecarlo.engines.real_matrices.Chunk`.
    weights : Weights, optional
        The law of the weights, if it is at hand.

    Examples
    --------
    >>> net = Ensemble(width=4, depth=2, activation="relu", init="he")
    >>> chunk = VectorChunk(net, np.random.Generator(np.random.SFC64(0)), 5, needs=frozenset({"backward"}))
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
        weights: Weights | None = None,
    ) -> None:
        as_ensemble(net)
        net.require_plain("VectorChunk")
        self.net = net
        self.networks = networks
        self._law = Weights(net) if weights is None else weights
        self._depth = len(self._law.widths) - 1
        self._slope = float(Fraction(net.slope))
        self._rng = rng
        x, log_x = vector(net.input or "unit", self._law.widths[0])
        self.input: Array = magnified(x, log_x)
        self.second_input = None if second_input is None else second_input.started(x, networks, self._law, self._slope)
        self._masks: list[NDArray[np.bool_]] = []
        self._vectors: list[Array] = []
        self._squares: list[Array] = []
        self._seconds: list[tuple[Array, Array]] = []
        self._forward(x, log_x, needs)
        v, log_v = draw_readout(net, rng, networks, self._law.widths[-1])
        self.readout: Array = magnified(v, log_v)
        self._raw_readout = v, log_v
        self._backward = self._back_propagate(v, log_v) if "backward" in needs else None

    def log_activation_norms(self, layers: Sequence[int]) -> Array:
        """Return log|a_k|^2, shape (m, len(layers))."""
        return self._activations.logs(layers)

    def log_backward_norms(self, layers: Sequence[int]) -> Array:
        """Return log|b_k|^2, shape (m, len(layers))."""
        assert self._backward is not None
        return self._backward.logs([self._depth - k for k in layers])

    def log_gradient_norms(self, layers: Sequence[int]) -> Array:
        """Return log|df/dW_k|_F^2, shape (m, len(layers))."""
        return self.log_backward_norms(layers) + self.log_activation_norms([k - 1 for k in layers])

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,)."""
        v, log_v = self._raw_readout
        return log_squares(self._last, v, self._activations) + log_v

    def active_units(self, layers: Sequence[int]) -> NDArray[np.int64]:
        """Return how many units of layer k are on, shape (m, len(layers))."""
        return np.stack([self._masks[k - 1].sum(axis=1) for k in layers], axis=1)

    def _forward(self, x: Array, log_x: float, needs: frozenset[str]) -> None:
        a = np.repeat(x[None, :], self.networks, axis=0)
        self._activations = NormTrace(log_x, self._law.log_factors, self.networks)
        norm = np.empty(0)  # |a|^2 after rescaling
        for k in range(self._depth + 1):
            if k > 0:
                z = self._rng.standard_normal((self.networks, self._law.widths[k]))
                z *= np.sqrt(norm)[:, None]
                if self.second_input is not None:
                    z_of_e = self._rng.standard_normal(z.shape)
                    z_of_e *= np.sqrt(np.einsum("mi,mi->m", self.second_input.e, self.second_input.e))[:, None]
                    if "backward" in needs:
                        self._seconds.append((self.second_input.e, z_of_e))
                    self.second_input.activate(z, z_of_e)
                if needs & {"backward", "units"}:
                    self._masks.append(z > 0)
                if self._slope != 1:
                    np.maximum(z, self._slope * z if self._slope else 0, out=z)
                a = z
            squares = self._activations.record(a)
            halves = np.frexp(squares)[1] >> 1
            norm = np.ldexp(squares, -2 * halves)
            if self.second_input is not None:
                self.second_input.orthogonalize(a, squares)
            if "backward" in needs:
                self._vectors.append(a)
                self._squares.append(squares)
        self._last = a

    def _back_propagate(self, v: Array, log_v: float) -> NormTrace:
        trace = NormTrace(log_v, self._law.log_factors[:0:-1], self.networks)
        b = v.copy()
        for k in range(self._depth, 0, -1):
            if k < self._depth:
                b = self._conditioned(k, b)
            if self._slope != 1:
                np.multiply(b, self._slope, out=b, where=~self._masks[k - 1])
            trace.record(b)
        return trace

    def _conditioned(self, k: int, b: Array) -> Array:
        """Return W_{k+1}^T b given the forward pass, W_{k+1} raw."""
        a, z, squares = self._vectors[k], self._vectors[k + 1], self._squares[k + 1]
        if self._slope not in (0, 1):  # undo the activation; where a ReLU is off, b is 0 and z does not matter
            z = np.where(self._masks[k], z, z / self._slope)
        inner = np.ldexp(np.einsum("mi,mi->m", b, z), np.frexp(squares)[1] >> 1)
        norm = np.einsum("mi,mi->m", a, a)
        inverse = np.divide(1.0, norm, out=np.zeros_like(norm), where=norm > 0)
        g = self._rng.standard_normal(a.shape)
        size = np.sqrt(np.einsum("mi,mi->m", b, b))
        g *= size[:, None]
        # keep the part of g that is orthogonal to a and to e, and give the rest what W a and W e are known to be
        g += ((inner - np.einsum("mi,mi->m", a, g)) * inverse)[:, None] * a
        if self._seconds:
            e, z_of_e = self._seconds[k]
            square = np.einsum("mi,mi->m", e, e)
            gap = np.einsum("mi,mi->m", b, z_of_e) - np.einsum("mi,mi->m", e, g)
            g += np.divide(gap, square, out=np.zeros_like(gap), where=square > 0)[:, None] * e
        return g
