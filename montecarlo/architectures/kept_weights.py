"""Small chunks of networks whose weights are all kept, since an architecture reads each matrix more than once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from montecarlo.architectures.passes import Layout, Passed
from montecarlo.architectures.wiring import layers_of
from montecarlo.arrays import Array
from montecarlo.drawing.input_and_readout import draw_readout
from montecarlo.drawing.streams import KEEP_BYTES, Partition, sizes
from montecarlo.drawing.weights import Weights
from theory.ensembles import Ensemble, InvalidArgument

_MOST_BYTES = 2**31


class KeptChunk(ABC):
    r"""A few networks with all their weights, and with norms on log scale; what the chunks of all architectures share.

    Parameters
    ----------
    net, rng, networks
        As for :class:`montecarlo.Chunk`. The inputs are drawn before the weights.
    law : Weights, optional
        What draws the ensemble's weights; by default it is made from the ensemble.

    Attributes
    ----------
    layers : list of Layer
        What follows each matrix.
    layout : Layout
        How activations lie in an array.
    matrices : list of ndarray, shapes (m, n_k, n_{k-1})
        The weights W_1, ..., W_L.
    biases : list of ndarray, shapes (m, n_k), or None
        The biases b_1, ..., b_L, where the networks have any.
    readout : ndarray, shape (m, n_L)
        The readout v.

    Notes
    -----
    :math:`\partial f/\partial W_k = b_ka_{k-1}^T`, where :math:`b_k` is the derivative of f in
    :math:`W_ka_{k-1}`. Where there are several inputs, this is a sum over them.
    """

    layout: Layout

    def __init__(self, net: Ensemble, rng: np.random.Generator, networks: int, *, law: Weights | None = None) -> None:
        self.net, self.networks = net, networks
        self.layers = layers_of(net)
        law = Weights(net) if law is None else law
        inputs = self._draw_inputs(rng)
        self.matrices: list[Array] = [self._draw_matrix(law, k, rng) for k in range(1, len(self.layers) + 1)]
        self.biases: list[Array] | None = self._draw_biases(rng)
        self._log_a, self._passed = self._forward(inputs)
        v, log_v = draw_readout(net, rng, networks, law.widths[-1])
        self.readout: Array = v * np.exp(log_v / 2)
        self._backward: tuple[Array, Array] | None = None

    @property
    @abstractmethod
    def inputs(self) -> Array:
        """All inputs of each network in columns, shape (m, n_0, B)."""

    @abstractmethod
    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,), which is -inf where f is 0."""

    @abstractmethod
    def _draw_inputs(self, rng: np.random.Generator) -> Array:
        """Return the inputs, laid out as the passes read them."""

    def _draw_biases(self, rng: np.random.Generator) -> list[Array] | None:
        """Return the biases of all layers, or None where there are none."""
        return None

    @abstractmethod
    def _forward(self, inputs: Array) -> tuple[Array, list[Passed]]:
        """Return log|a_k|^2, shape (m, L + 1), and what the backward pass needs."""

    @abstractmethod
    def _back_propagate(self) -> tuple[Array, Array]:
        """Return log|b_k|^2 and log|df/dW_k|_F^2, shapes (m, L)."""

    def _draw_matrix(self, law: Weights, layer: int, rng: np.random.Generator) -> Array:
        out = np.empty((self.networks, *law.shape(layer)))
        law.draw(layer, rng, out)
        out *= law.scale(layer)
        return out

    def weights(self, layer: int) -> Array:
        """Return W_k of each network, a new array of shape (m, n_k, n_{k-1})."""
        return self.matrices[layer - 1].copy()

    def log_activation_norms(self, layers: Sequence[int]) -> Array:
        """Return log|a_k|^2 of the first input, shape (m, len(layers)), for layers from 0 to L; it is -inf for 0."""
        return self._log_a[:, list(layers)]

    def log_backward_norms(self, layers: Sequence[int]) -> Array:
        """Return log|b_k|_F^2 over all inputs, shape (m, len(layers)), for layers from 1 to L; it is -inf for 0."""
        return self._gradients[0][:, [k - 1 for k in layers]]

    def log_gradient_norms(self, layers: Sequence[int]) -> Array:
        """Return log|df/dW_k|_F^2, shape (m, len(layers)), for layers from 1 to L; it is -inf for 0."""
        return self._gradients[1][:, [k - 1 for k in layers]]

    @property
    def _gradients(self) -> tuple[Array, Array]:
        if self._backward is None:
            self._backward = self._back_propagate()
        return self._backward


def partition_of_kept(net: Ensemble) -> Partition:
    """Return chunks whose weights and activations are kept in about 32 MiB.

    Examples
    --------
    >>> partition_of_kept(Ensemble(width=64, depth=256, architecture="layernorm"))
    Partition(chunk=3, block=15)
    """
    kept, whole = _bytes(net), Partition.of(net)
    chunk = max(1, min(whole.chunk, KEEP_BYTES // kept))
    return Partition.whole(chunk, max(chunk, min(whole.block, 2**27 // kept)))


def require_kept(net: Ensemble) -> None:
    """Refuse networks of which a single one outgrows memory.

    Raises
    ------
    InvalidArgument
        If one network is too large; the message says how large it is.
    """
    needed = _bytes(net)
    if needed > _MOST_BYTES:
        problem = f"one network of {needed / 2**30:.1f} GiB is kept whole in this architecture, which is above 2 GiB"
        raise InvalidArgument("depth", problem, "use fewer or narrower layers")


def log_of_squares(squares: Array) -> Array:
    """Return the logarithms of squares, which are -inf for 0."""
    with np.errstate(divide="ignore"):  # the log of a 0
        return np.asarray(np.log(squares))


def _bytes(net: Ensemble) -> int:
    widths, columns = sizes(net), int(net.architecture.batch or 1)
    return 8 * (sum(n_in * n_out for n_in, n_out in pairwise(widths)) + 2 * columns * sum(widths))
