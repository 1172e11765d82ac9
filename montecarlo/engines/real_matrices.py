"""One chunk of networks with real weight matrices: the forward and the backward pass, on log scale."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array, Floats
from montecarlo.drawing.cancellation import cancelled
from montecarlo.drawing.input_and_readout import draw_readout, magnified, vector
from montecarlo.drawing.norm_traces import NormTrace
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.small_products import matrix_vector, vector_matrix
from montecarlo.drawing.streams import KEEP_BYTES
from montecarlo.drawing.weights import Weights
from theory.ensembles import Ensemble

_MAY_DIE = 12
"""ReLU networks narrower than this die within depths that are simulated; dead ones are not drawn any further."""


class Chunk:
    r"""A few networks of one ensemble, drawn from a stream, with their norms on log scale.

    Activations are rescaled by powers of two at each layer and the exponents are kept as integers, so that nothing
    under- or overflows at any depth, and the rescaling makes no rounding error. A ReLU network is dead once all units
    of a layer are off. Then its norms are 0 whatever follows, and its later weights are drawn only if they are asked
    for.

    Parameters
    ----------
    net : Ensemble
        An ensemble without symbols.
    rng : numpy.random.Generator
        The stream from which W_1, ..., W_L and then the readout v are drawn. This order does not depend on what is
        measured, so that neither do the networks. Afterwards the stream stands behind them.
    networks : int
        m, how many networks are drawn.
    needs : frozenset of str
        What will be asked for beyond activations: ``"backward"``, ``"weights"``, ``"units"``.
    second_input : SecondInput, optional
        A second input, which passes through the networks beside x.
    scratch : Scratch, optional
        Memory that is shared with other chunks.

    Attributes
    ----------
    input : ndarray, shape (n_0,)
        x.
    readout : ndarray, shape (m, n_L)
        v of each network.

    Notes
    -----
    :math:`f = \langle v, a_L\rangle` has the gradients :math:`G_k = b_k a_{k-1}^T` with :math:`b_L = D_L v` and
    :math:`b_k = D_k W_{k+1}^T b_{k+1}`, so :math:`|G_k|_F^2 = |b_k|^2 |a_{k-1}|^2`. D_k is the diagonal matrix of the
    slopes; where z = 0 it has the slope for negative z.

    Examples
    --------
    >>> net = Ensemble(width=1, depth=2, law="rademacher")
    >>> chunk = Chunk(net, np.random.default_rng(0), 3, needs=frozenset({"backward"}))
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
        needs: frozenset[str] = frozenset(),
        second_input: SecondInput | None = None,
        scratch: Scratch | None = None,
    ) -> None:
        as_ensemble(net)
        net.require_plain("Chunk")
        self.net = net
        self.networks = networks
        self._scratch = Scratch(net) if scratch is None else scratch
        self._law = self._scratch.weights
        self._depth = len(self._law.widths) - 1
        self._slope, self._above = (float(Fraction(slope)) for slope in net.pieces)
        self._is_linear = self._slope == 1 == self._above
        self._rng = rng
        again = bool(needs & {"backward", "weights"})
        self._keeps = again and self._scratch.keeps(networks)
        self._states: list[Any] | None = [] if again and not self._keeps else None
        self._drawn: list[NDArray[np.intp]] = []
        self._masks: list[NDArray[np.bool_]] = []

        x, log_x = vector(net.input or "unit", self._law.widths[0])
        self.input: Array = magnified(x, log_x)
        self.second_input = None
        if second_input is not None:
            self.second_input = second_input.started(x, networks, self._law, float(Fraction(net.slope)))
        self._forward(x, log_x, remember_masks=bool(needs & {"backward", "units"}))
        v, log_v = draw_readout(net, rng, networks, self._law.widths[-1])
        self.readout: Array = magnified(v, log_v)
        self._raw_readout = v, log_v
        self._backward = self._back_propagate(v, log_v) if "backward" in needs else None

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

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,); -inf where a network has died."""
        v, log_v = self._raw_readout
        return log_squares(self._last, v[self._alive], self._activations, self._alive) + log_v

    def active_units(self, layers: Sequence[int]) -> NDArray[np.int64]:
        """Return how many units of layer k are on (z > 0), shape (m, len(layers)), for layers between 1 and L."""
        if not self._masks:
            raise RuntimeError("this chunk was drawn without its units; give the observable needs={'units'}")
        return np.stack([self._masks[k - 1].sum(axis=1) for k in layers], axis=1)

    def slopes(self, layer: int) -> Array:
        """Return the diagonal of D_k of each network, shape (m, n_k); the chunk needs ``"backward"`` or ``"units"``."""
        return np.where(self._masks[layer - 1], self._above, self._slope)

    def log_jacobian_norms(self, first: int, last: int) -> Array:
        """Return log|M_lk|_F^2, shape (m,), for M_lk = D_{l-1} W_{l-1} ... W_{k+1} D_k.

        Parameters
        ----------
        first, last : int
            k and l, with 1 <= k < l <= L.
        """
        jacobian = np.repeat(np.eye(self._law.widths[first])[None], self.networks, axis=0)
        logs = np.zeros(self.networks)
        for layer in range(first, last):
            if layer > first:
                jacobian = np.einsum("moi,mij->moj", self._raw(layer), jacobian, dtype=np.float64)
                logs += self._law.log_factors[layer - 1]
            if not self._is_linear:
                jacobian *= self.slopes(layer)[:, :, None]
            square = np.einsum("mij,mij->m", jacobian, jacobian)
            halves = np.frexp(square)[1] >> 1
            np.ldexp(jacobian, -halves[:, None, None], out=jacobian)
            logs += 2 * np.log(2) * halves
        with np.errstate(divide="ignore"):  # the log of a dead network's 0
            return np.asarray(logs + np.log(np.einsum("mij,mij->m", jacobian, jacobian)))

    def weights(self, layer: int) -> Array:
        """Return W_k of each network, a new array of shape (m, n_k, n_{k-1})."""
        scaled: Array = np.multiply(self._raw(layer), self._law.scale(layer))
        return scaled

    def _raw(self, layer: int) -> Floats:
        shape = self._law.shape(layer)
        drawn = self._drawn[layer - 1]
        raw = np.empty((len(drawn), *shape), self._law.dtype)
        for rows, slab in self._raw_slabs(layer):
            raw[:, rows] = slab
        if len(drawn) < self.networks:
            some, raw = raw, self._unneeded(layer)
            raw[drawn] = some
        return raw

    def _forward(self, x: Array, log_x: float, remember_masks: bool) -> None:
        dtype, scratch = self._law.dtype, self._scratch
        a: Floats = np.repeat(x.astype(dtype)[None, :], self.networks, axis=0)
        self._activations = NormTrace(log_x, self._law.log_factors, self.networks)
        squares = self._activations.record(a)
        if self.second_input is not None:
            self.second_input.orthogonalize(a, squares)
        may_die = self._slope == 0 and min(self._law.widths) < _MAY_DIE
        alive = np.arange(self.networks)
        for k in range(1, self._depth + 1):
            if self._states is not None:
                self._states.append(self._rng.bit_generator.state)
            self._drawn.append(alive)
            z = np.empty((len(alive), self._law.widths[k]), dtype)
            buffer = scratch.buffer(k, len(alive), own=self._keeps)
            for rows in self._law.slabs(k, len(alive)):
                raw = self._law.draw(k, self._rng, buffer[:, rows] if self._keeps else scratch.head(buffer, rows))
                product = matrix_vector(raw, a)
                if self._law.largest:
                    cancelled(product, raw, a, largest=self._law.largest, roundings=k)
                z[:, rows] = product
                if self.second_input is not None:
                    self.second_input.multiply(rows, raw)
            if self.second_input is not None:
                self.second_input.activate(z)
            if remember_masks:
                mask = np.zeros((self.networks, z.shape[1]), dtype=np.bool_)
                mask[alive] = z > 0
                self._masks.append(mask)
            if not self._is_linear:
                self._activate(z)
            a = z
            squares = self._activations.record(a, alive)
            if self.second_input is not None:
                self.second_input.orthogonalize(a, squares)
            if may_die and not squares.all():
                alive, a = alive[squares > 0], a[squares > 0]
                if self.second_input is not None:
                    self.second_input.keep(squares > 0)
        self._alive, self._last = alive, a

    def _activate(self, z: Floats) -> None:
        """Apply the activation in place."""
        if self._above == 1 and 0 <= self._slope <= 1:
            np.maximum(z, self._slope * z if self._slope else 0, out=z)
            return
        kind = self._law.dtype.type
        np.multiply(z, np.where(z > 0, kind(self._above), kind(self._slope)), out=z)

    def _back_propagate(self, v: Array, log_v: float) -> NormTrace:
        """Return the trace of b_L, b_{L-1}, ..., b_1: 0 for the networks that have died."""
        trace = NormTrace(log_v, self._law.log_factors[:0:-1], self.networks)
        b: Floats = v[self._alive].astype(self._law.dtype)
        for k in range(self._depth, 0, -1):
            if k < self._depth:
                drawn = self._drawn[k]
                some = None if len(drawn) == len(self._alive) else np.searchsorted(drawn, self._alive)
                pieces = (
                    vector_matrix(np.ascontiguousarray(b[:, rows]), slab if some is None else slab[some])
                    for rows, slab in self._raw_slabs(k + 1)
                )
                b = sum(pieces, start=next(pieces))
            if not self._is_linear:
                on, kind = self._masks[k - 1][self._alive], self._law.dtype.type
                np.multiply(b, kind(self._slope), out=b, where=~on)
                if self._above != 1:
                    np.multiply(b, kind(self._above), out=b, where=on)
            trace.record(b, self._alive)
        return trace

    def _raw_slabs(self, layer: int) -> Iterator[tuple[slice, Floats]]:
        """Yield the raw weights of the networks that were drawn, some rows at a time."""
        drawn = len(self._drawn[layer - 1])
        buffer = self._scratch.buffer(layer, drawn, own=self._keeps)
        if self._keeps:
            yield from ((rows, buffer[:, rows]) for rows in self._law.slabs(layer, drawn))
            return
        if self._states is None:
            raise RuntimeError("this chunk was drawn without its weights; give the observable needs={'weights'}")
        state = self._states[layer - 1]
        for rows in self._law.slabs(layer, drawn):
            after = self._rng.bit_generator.state
            self._rng.bit_generator.state = state
            raw = self._law.draw(layer, self._rng, self._scratch.head(buffer, rows))
            state = self._rng.bit_generator.state
            self._rng.bit_generator.state = after  # drawing again does not move the stream
            yield rows, raw

    def _unneeded(self, layer: int) -> Floats:
        """Draw the weights that dead networks would have had, from a stream apart, which leaves `rng` where it is."""
        out = np.empty((self.networks, *self._law.shape(layer)), self._law.dtype)
        return self._law.draw(layer, aside(self._rng, layer), out)


class Scratch:
    """The law of the weights and the memory they are drawn into, which the chunks of a block use one after the other.

    Parameters
    ----------
    net : Ensemble
        An ensemble without symbols.
    dtype : dtype-like
        Type of the weights, float64 or float32.
    """

    def __init__(self, net: Ensemble, dtype: DTypeLike = np.float64) -> None:
        self.weights = Weights(net, dtype)
        shapes = [self.weights.shape(k) for k in range(1, len(self.weights.widths))]
        self._bytes = self.weights.dtype.itemsize * sum(n_out * n_in for n_out, n_in in shapes)
        self._buffers: dict[Any, Floats] = {}

    def keeps(self, networks: int) -> bool:
        """Whether all weights of so many networks are kept for a backward pass."""
        return networks * self._bytes <= KEEP_BYTES

    def buffer(self, layer: int, networks: int, own: bool) -> Floats:
        """Return memory for W_k of some networks.

        Parameters
        ----------
        layer : int
            k, from 1.
        networks : int
            How many networks there are.
        own : bool
            Whether the layer has memory of its own for all of W_k. Otherwise layers of one shape share memory for a
            slab.

        Returns
        -------
        ndarray, shape (networks, rows, n_{k-1})
        """
        shape = self.weights.shape(layer)
        if not own:
            shape = next(self.weights.slabs(layer, networks)).stop, shape[1]
        key = layer if own else shape
        kept = self._buffers.get(key)
        if kept is None or len(kept) < networks:
            kept = self._buffers[key] = np.empty((networks, *shape), self.weights.dtype)
        return kept[:networks]

    def head(self, buffer: Floats, rows: slice) -> Floats:
        """Return the part of the memory that a slab takes.

        Parameters
        ----------
        buffer : ndarray, shape (networks, rows, n_{k-1})
            Memory for the largest slab.
        rows : slice
            Rows of W_k that make the slab.
        """
        return buffer[:, : rows.stop - rows.start]


def aside(rng: np.random.Generator, number: int) -> np.random.Generator:
    """Return a stream apart from all others.

    Parameters
    ----------
    rng : numpy.random.Generator
        A stream; the new one depends on where it stands, and does not move it.
    number : int
        Tells several streams apart that start from the same place.
    """
    state = f"{rng.bit_generator.state!r}/{number}".encode()
    entropy = int.from_bytes(hashlib.sha256(state).digest(), "big")
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(entropy)))


def log_squares(a: Floats, v: Array, trace: NormTrace, rows: Any = slice(None)) -> Array:
    """Return log f^2 of m networks, shape (m,); -inf where a network has died.

    Parameters
    ----------
    a : ndarray, shape (rows, n_L)
        a_L up to scale.
    v : ndarray, shape (rows, n_L)
        The readouts.
    trace : NormTrace
        The norms of the activations of all m networks.
    rows : slice or ndarray of int
        Which networks `a` and `v` are of, all by default; the others have died.
    """
    logs = trace.logs([-1])[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        double = a.astype(np.float64)
        squares = np.einsum("mi,mi->m", double, v) ** 2 / np.einsum("mi,mi->m", double, double)
        logs[rows] += np.where(np.isneginf(logs[rows]), 0.0, np.log(squares))
    return logs
