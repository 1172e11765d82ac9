r"""Plain networks with biases or smooth activations, :math:`a_k = \phi(W_ka_{k-1}+b_k)`, which cannot be rescaled.

Activations are floats as they are. Where their norms leave the range of floats, or a smooth activation has made zeros
that are none, the networks are refused; an exact 0, as of a layer of ReLU units that are all off, has the log -inf.
Derivatives are on log scale: they are linear in what comes from above.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from montecarlo.architectures.kept_weights import KeptChunk, log_of_squares
from montecarlo.architectures.passes import VECTORS, Passed, backward, forward
from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array, Numbers
from montecarlo.drawing.biases import Biases
from montecarlo.drawing.cancellation import cancelled
from montecarlo.drawing.float_range import log_squares_in_range, require_slopes
from montecarlo.drawing.input_and_readout import magnified, vector
from montecarlo.drawing.norm_traces import rescale
from montecarlo.drawing.pairs_of_vectors import PairTrace
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.small_products import matrix_vector
from montecarlo.drawing.weights import Weights
from theory.ensembles import Ensemble

_ROUNDINGS = 4
"""So many roundings of an activation there are in each layer."""


class PlainChunk(KeptChunk):
    """A few plain networks with all their weights and biases; their gradients are rescaled by powers of two.

    Parameters and attributes are those of :class:`montecarlo.architectures.kept_weights.KeptChunk`, and

    Parameters
    ----------
    second_input : SecondInput, optional
        A second input, which goes through the same layers.

    Attributes
    ----------
    second_input : PairTrace or None
        Inner products and angles of both inputs' activations.

    Examples
    --------
    >>> from theory.ensembles import Ensemble
    >>> net = Ensemble(width=8, depth=3, activation="tanh", bias="1/10")
    >>> chunk = PlainChunk(net, np.random.default_rng(0), 5)
    >>> chunk.log_gradient_norms([1, 3]).shape
    (5, 2)
    """

    layout = VECTORS

    def __init__(
        self,
        net: Ensemble,
        rng: np.random.Generator,
        networks: int,
        *,
        law: Weights | None = None,
        second_input: SecondInput | None = None,
    ) -> None:
        as_ensemble(net)
        net.require_plain("PlainChunk", biases=True, smooth=True)
        self._asked = second_input
        self.second_input = None if second_input is None else PairTrace(saturates=not net.is_piecewise_linear)
        super().__init__(net, rng, networks, law=law)

    @property
    def inputs(self) -> Array:
        """The input of all networks as a column, shape (m, n_0, 1)."""
        return np.repeat(self.input[None, :, None], self.networks, axis=0)

    def slopes(self, layer: int) -> Array:
        """Return phi' at the preactivations of layer k, shape (m, n_k)."""
        slopes = self._passed[layer - 1].slopes
        return np.ones((self.networks, self.matrices[layer - 1].shape[1])) if slopes is None else slopes

    def active_units(self, layers: Sequence[int]) -> NDArray[np.int64]:
        """Return how many units of layer k are on (z > 0), shape (m, len(layers))."""
        return np.stack([np.count_nonzero(self._preactivations(k) > 0, axis=1) for k in layers], axis=1)

    def _preactivations(self, k: int) -> Array:
        z: Array = np.asarray(matrix_vector(self.matrices[k - 1], self._passed[k - 1].read), np.float64)
        return z if self.biases is None else z + self.biases[k - 1]

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,), which is -inf where f is 0."""
        return 2 * log_of_squares(np.abs(np.einsum("mi,mi->m", self._last, self.readout)))

    def log_jacobian_norms(self, first: int, last: int) -> Array:
        """Return log|M_lk|_F^2, shape (m,), as :meth:`montecarlo.engines.real_matrices.Chunk.log_jacobian_norms`."""
        jacobian = self.slopes(first)[:, :, None] * np.eye(self.matrices[first - 1].shape[1])
        logs = np.zeros(self.networks)
        for layer in range(first + 1, last):
            jacobian = self.slopes(layer)[:, :, None] * np.einsum("moi,mij->moj", self.matrices[layer - 1], jacobian)
            halves = np.frexp(np.einsum("mij,mij->m", jacobian, jacobian))[1] >> 1
            jacobian = np.ldexp(jacobian, -halves[:, None, None])
            logs += 2 * np.log(2) * halves
        return np.asarray(logs + log_of_squares(np.einsum("mij,mij->m", jacobian, jacobian)))

    def _draw_inputs(self, rng: np.random.Generator) -> Array:
        x, log_x = vector(self.net.input or "unit", int(self.net.width_at(0)))
        self.input: Array = magnified(x, log_x)
        return np.repeat(self.input[None, :], self.networks, axis=0)

    def _draw_biases(self, rng: np.random.Generator) -> list[Array] | None:
        biases = Biases(self.net)
        if self.net.bias.name == "none":
            return None
        return [biases.draw(k, rng, self.networks) for k in range(1, len(self.layers) + 1)]

    def _forward(self, inputs: Array) -> tuple[Array, list[Passed]]:
        outputs, passed = self._run(inputs)
        self._last = outputs[-1]
        logs = [log_squares_in_range(inputs, 0)]
        for k, (a, layer, at) in enumerate(zip(outputs, self.layers, passed, strict=True), start=1):
            logs.append(log_squares_in_range(a, k, at.slopes, layer.smooth))
        if self._asked is not None and self.second_input is not None:
            x = inputs[0]
            moved = float(self._asked.cosine) * x + self._asked.across(x)
            others = self._run(np.repeat(moved[None], self.networks, axis=0))[0]
            self.second_input.record(inputs, np.repeat(moved[None], self.networks, axis=0))
            for a, other in zip(outputs, others, strict=True):
                self.second_input.record(a, other)
        return np.stack(logs, axis=1), passed

    def _run(self, inputs: Array) -> tuple[list[Array], list[Passed]]:
        """Return a_1, ..., a_L, shapes (m, n_k), and what the backward pass needs."""
        with np.errstate(over="ignore", invalid="ignore"):  # what has left the range is refused when it is measured
            settled = self._cancel if self.net.law.has_atoms and self.net.has_independent_entries else None
            last, passed = forward(self.layers, self.matrices, inputs, VECTORS, biases=self.biases, before=settled)
        return [*(at.read for at in passed[1:]), last], passed

    def _cancel(self, k: int, z: Numbers, w: Numbers, a: Numbers) -> None:
        """Set preactivations to 0 that cancel exactly, of a law with atoms; a bias is one more term."""
        if self.biases is not None:
            w = np.concatenate([w, self.biases[k - 1][:, :, None]], axis=2)
            a = np.concatenate([a, np.ones((len(a), 1))], axis=1)
        cancelled(z, w, a, largest=float(np.abs(w).max()), roundings=_ROUNDINGS * k)

    def _back_propagate(self) -> tuple[Array, Array]:
        logs = np.empty((self.networks, len(self.layers)))
        exponents = np.zeros(self.networks, dtype=np.int64)
        start = self.readout.copy()
        for k, b, _ in backward(self.layers, self.matrices, self._passed, start, VECTORS):
            squares, halves = rescale(b)
            require_slopes(b, squares, self._passed[k - 1].slopes, self.layers[k - 1].smooth, k)
            logs[:, k - 1] = log_of_squares(squares) + 2 * np.log(2) * exponents
            exponents += halves
        return logs, logs + self._log_a[:, :-1]
