"""One chunk of networks: the forward and the backward pass, on log scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.weights import Array, Weights, integer_multiples, log
from theory.ensembles import Ensemble

KEEP_BYTES = 2**27
"""A chunk's weights are kept for the backward pass up to this size (128 MiB), and drawn again beyond it."""


class Chunk:
    r"""A few networks of one ensemble, drawn from a stream, with their norms on log scale.

    Activations are rescaled by powers of two at each layer and the exponents kept as integers: nothing under- or
    overflows at any depth, and the rescaling makes no rounding error. The products are NumPy's own (einsum without
    BLAS), so the bits do not depend on the number of threads; random numbers take most of the time anyway.

    Parameters
    ----------
    net : Ensemble
        Without symbols.
    rng : numpy.random.Generator
        Where the weights come from, W_1 to W_L and then the readout v, so that the same networks are drawn whatever is
        measured. It is left behind them.
    networks : int
        m, how many networks.
    backward : bool
        Whether gradients will be asked for.
    keep_weights : bool
        Whether weights will be asked for.

    Attributes
    ----------
    input : ndarray, shape (n_0,)
        x.
    readout : ndarray, shape (m, n_L)
        v of each network.

    Notes
    -----
    :math:`f = \langle v, a_L\rangle` has the gradients :math:`G_k = b_k a_{k-1}^T` with :math:`b_L = D_L v` and
    :math:`b_k = D_k W_{k+1}^T b_{k+1}`, D_k the diagonal matrix of the slopes (that for negative z where z = 0), so
    :math:`|G_k|_F^2 = |b_k|^2 |a_{k-1}|^2`.

    Examples
    --------
    >>> chunk = Chunk(Ensemble(width=1, depth=2, law="rademacher"), np.random.default_rng(0), 3, backward=True)
    >>> chunk.log_activation_norms([0, 2])
    array([[0., 0.],
           [0., 0.],
           [0., 0.]])
    """

    def __init__(
        self,
        net: Ensemble,
        rng: np.random.Generator,
        networks: int,
        *,
        backward: bool = False,
        keep_weights: bool = False,
        store: Store | None = None,
    ) -> None:
        self.net = net
        self.networks = networks
        self._store = Store(net) if store is None else store
        self._law = self._store.weights
        self._depth = len(self._law.widths) - 1
        self._slope = float(Fraction(net.slope))
        self._rng = rng
        again = backward or keep_weights
        self._keeps = again and 8 * networks * self._store.weights_per_network <= KEEP_BYTES
        self._states: list[Any] | None = [] if again and not self._keeps else None
        self._masks: list[NDArray[np.bool_]] = []

        x, log_x = _vector(net.input or "unit", self._law.widths[0])
        self.input: Array = x * np.exp(log_x / 2)
        self._forward(x, log_x, remember_masks=backward)
        v, log_v = self._draw_readout()
        self.readout: Array = v * np.exp(log_v / 2)
        self._backward = self._back_propagate(v, log_v) if backward else None

    def log_activation_norms(self, layers: Sequence[int]) -> Array:
        """Return log|a_k|^2, shape (m, len(layers)), for layers between 0 and L; -inf where a network has died."""
        return self._activations.logs(layers)

    def log_backward_norms(self, layers: Sequence[int]) -> Array:
        """Return log|b_k|^2, shape (m, len(layers)), for layers between 1 and L."""
        if self._backward is None:
            raise RuntimeError("this chunk was drawn without a backward pass; give the observable needs={'backward'}")
        return self._backward.logs([self._depth - k for k in layers])

    def log_gradient_norms(self, layers: Sequence[int]) -> Array:
        """Return log|df/dW_k|_F^2, shape (m, len(layers)), for layers between 1 and L."""
        return self.log_backward_norms(layers) + self.log_activation_norms([k - 1 for k in layers])

    def log_jacobian_norms(self, first: int, last: int) -> Array:
        """Return log|M_lk|_F^2, shape (m,), M_lk = D_{l-1} W_{l-1} ... W_{k+1} D_k for k = first < l = last."""
        jacobian = np.repeat(np.eye(self._law.widths[first])[None], self.networks, axis=0)
        logs = np.zeros(self.networks)
        for layer in range(first, last):
            if layer > first:
                jacobian = np.einsum("moi,mij->moj", self.weights(layer), jacobian)
            if self._slope != 1:
                np.multiply(jacobian, self._slope, out=jacobian, where=~self._masks[layer - 1][:, :, None])
            square = np.einsum("mij,mij->m", jacobian, jacobian)
            halves = np.frexp(square)[1] >> 1
            np.ldexp(jacobian, -halves[:, None, None], out=jacobian)
            logs += 2 * np.log(2) * halves
        with np.errstate(divide="ignore"):  # the log of a dead network's 0
            return np.asarray(logs + np.log(np.einsum("mij,mij->m", jacobian, jacobian)))

    def weights(self, layer: int) -> Array:
        """Return W_k of each network, a new array of shape (m, n_k, n_{k-1})."""
        return self._raw_weights(layer) * self._law.scale(layer)

    def _forward(self, x: Array, log_x: float, remember_masks: bool) -> None:
        a = np.repeat(x[None, :], self.networks, axis=0)
        self._activations = _Trace(log_x, self._law.log_factors, self.networks)
        self._activations.record(a)
        for k in range(1, self._depth + 1):
            if self._states is not None:
                self._states.append(self._rng.bit_generator.state)
            raw = self._law.draw(k, self._rng, self._store.buffer(k, self.networks, own=self._keeps))
            z = np.einsum("moi,mi->mo", raw, a)
            if remember_masks and self._slope != 1:
                self._masks.append(z > 0)
            a = z if self._slope == 1 else np.maximum(z, self._slope * z if self._slope else 0, out=z)
            self._activations.record(a)

    def _draw_readout(self) -> tuple[Array, float]:
        shape = (self.networks, self._law.widths[-1])
        if self.net.readout == "random":
            return self._rng.standard_normal(shape), -log(Fraction(shape[1]))
        if self.net.readout == "signs":
            signs = 1 - 2.0 * self._rng.integers(2, size=shape, dtype=np.uint8)
            return signs.astype(np.float64, copy=False), -log(Fraction(shape[1]))
        v, log_v = _vector(self.net.readout, shape[1])
        return np.repeat(v[None, :], self.networks, axis=0), log_v

    def _back_propagate(self, v: Array, log_v: float) -> _Trace:
        """Return the trace of b_L, b_{L-1}, ..., b_1."""
        trace = _Trace(log_v, self._law.log_factors[:0:-1], self.networks)
        b = v.copy()
        for k in range(self._depth, 0, -1):
            if k < self._depth:
                b = np.einsum("moi,mo->mi", self._raw_weights(k + 1), b)
            if self._slope != 1:
                np.multiply(b, self._slope, out=b, where=~self._masks[k - 1])
            trace.record(b)
        return trace

    def _raw_weights(self, layer: int) -> Array:
        if self._keeps:
            return self._store.buffer(layer, self.networks, own=True)
        if self._states is None:
            raise RuntimeError("this chunk was drawn without its weights; give the observable needs={'weights'}")
        after = self._rng.bit_generator.state
        self._rng.bit_generator.state = self._states[layer - 1]
        raw = self._law.draw(layer, self._rng, self._store.buffer(layer, self.networks, own=False))
        self._rng.bit_generator.state = after  # drawing again does not move the stream
        return raw


class Store:
    """The weights' law and the memory they are drawn into, shared by the chunks of a block, one after the other."""

    def __init__(self, net: Ensemble) -> None:
        self.weights = Weights(net)
        widths = self.weights.widths
        self.weights_per_network = sum(n_in * n_out for n_in, n_out in pairwise(widths))
        self._buffers: dict[Any, Array] = {}

    def buffer(self, layer: int, networks: int, own: bool) -> Array:
        """Return memory for W_k of m networks: the layer's own, or one that layers of the same shape share."""
        shape = self.weights.shape(layer)
        key = layer if own else shape
        kept = self._buffers.get(key)
        if kept is None or len(kept) < networks:
            kept = self._buffers[key] = np.empty((networks, *shape))
        return kept[:networks]


class _Trace:
    """Squared norms of a vector on its way through the layers: mantissa and exponent of each, and a common log."""

    def __init__(self, log_start: float, log_factors: Array, networks: int) -> None:
        steps = len(log_factors) + 1
        self._squares = np.empty((steps, networks))
        self._exponents = np.zeros((steps, networks), dtype=np.int32)
        self._logs = np.concatenate([[log_start], log_start + np.cumsum(log_factors)])
        self._step = 0

    def record(self, vector: Array) -> None:
        """Note the squared norm of each row, and rescale the rows in place to norms between 1/2 and 2."""
        square = self._squares[self._step]
        np.einsum("mi,mi->m", vector, vector, out=square)
        halves = np.frexp(square)[1] >> 1
        np.ldexp(vector, -halves[:, None], out=vector)
        self._step += 1
        if self._step < len(self._squares):
            np.add(self._exponents[self._step - 1], halves, out=self._exponents[self._step])

    def logs(self, steps: Iterable[int]) -> Array:
        """Return the logs of the squared norms, shape (m, len(steps)), -inf for a zero vector."""
        chosen = list(steps)
        logs = self._squares[chosen]
        with np.errstate(divide="ignore"):  # the log of a dead network's 0
            np.log(logs, out=logs)
        logs += 2 * np.log(2) * self._exponents[chosen]
        logs += self._logs[chosen][:, None]
        return np.ascontiguousarray(logs.T)


def _vector(vector: str | tuple[Fraction, ...], size: int) -> tuple[Array, float]:
    """Return a fixed vector as floats, and the log of the exact factor that its squared entries still lack."""
    if vector == "e1":
        return np.eye(1, size)[0], 0.0
    if isinstance(vector, str):
        return np.ones(size), -log(Fraction(size)) if vector == "unit" else 0.0
    floats, unit = integer_multiples(vector)
    return floats, 2 * log(unit)
