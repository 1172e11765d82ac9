r"""Residual networks: every branch adds its output to its input.

Branches have one matrix, :math:`a_k = a_{k-1} + \alpha\,\phi(W_ka_{k-1})`, or two,
:math:`a_{2j} = a_{2j-2} + \alpha\,W_{2j}a_{2j-1}` with :math:`a_{2j-1} = \phi(W_{2j-1}a_{2j-2})`. In both cases
:math:`W_k` is applied to :math:`a_{k-1}`.
"""

from __future__ import annotations

import numpy as np

from montecarlo.architectures.kept_weights import KeptChunk, log_of_squares
from montecarlo.architectures.passes import VECTORS, Passed, backward, forward
from montecarlo.arrays import Array, Numbers
from montecarlo.drawing.input_and_readout import vector
from montecarlo.drawing.norm_traces import rescale
from montecarlo.drawing.weights import Weights


class ResidualChunk(KeptChunk):
    """A few residual networks, rescaled by powers of two at every branch, so that they never under- or overflow.

    Parameters and attributes are those of :class:`montecarlo.architectures.kept_weights.KeptChunk`.

    Examples
    --------
    Where the second matrix is 0, the input passes unchanged:

    >>> from theory.ensembles import Ensemble
    >>> net = Ensemble(width=4, depth=2, activation="relu", init="he", architecture="residual:0:two")
    >>> chunk = ResidualChunk(net, np.random.default_rng(0), 2)
    >>> chunk.log_activation_norms([0, 2])
    array([[0., 0.],
           [0., 0.]])
    """

    layout = VECTORS

    @property
    def inputs(self) -> Array:
        """The input of all networks as a column, shape (m, n_0, 1)."""
        return np.repeat(self.input[None, :, None], self.networks, axis=0)

    def slopes(self, layer: int) -> Array:
        """Return the slopes after W_k, shape (m, n_k), which are 1 where no activation follows it."""
        slopes = self._passed[layer - 1].slopes
        return np.ones((self.networks, self.matrices[layer - 1].shape[1])) if slopes is None else slopes

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,), which is -inf where f is 0."""
        squares = log_of_squares(np.einsum("mi,mi->m", self._last, self.readout) ** 2)
        return np.asarray(squares + 2 * np.log(2) * self._exponents)

    def _draw_inputs(self, rng: np.random.Generator) -> Array:
        x, self._log_x = vector(self.net.input or "unit", int(self.net.width_at(0)))
        self.input: Array = x * np.exp(self._log_x / 2)
        return np.repeat(x[None, :], self.networks, axis=0)

    def _draw_matrix(self, law: Weights, layer: int, rng: np.random.Generator) -> Array:
        if self.net.architecture.alpha == 0 and layer % 2 == 0:  # fixup starts with these matrices at 0
            return np.zeros((self.networks, *law.shape(layer)))
        return super()._draw_matrix(law, layer, rng)

    def _forward(self, inputs: Array) -> tuple[Array, list[Passed]]:
        exponents = np.zeros(self.networks, dtype=np.int64)
        logs: list[Array] = []

        def record(k: int, a: Numbers) -> None:
            nonlocal exponents
            inside = k > 0 and self.layers[k - 1].adds_to is None
            squares, halves = (np.einsum("mi,mi->m", a, a), 0) if inside else rescale(a)
            logs.append(log_of_squares(squares) + 2 * np.log(2) * exponents)
            exponents = exponents + halves

        record(0, inputs)
        last, passed = forward(self.layers, self.matrices, inputs, VECTORS, after=record)
        self._last: Array = last * np.exp(self._log_x / 2)
        self._exponents = exponents
        return np.stack(logs, axis=1) + self._log_x, passed

    def _back_propagate(self) -> tuple[Array, Array]:
        logs = np.empty((self.networks, len(self.layers)))
        exponents = np.zeros(self.networks, dtype=np.int64)

        def rescaled(b: Numbers) -> None:
            nonlocal exponents
            exponents = exponents + rescale(b)[1]

        start = self.readout.copy()
        run = backward(self.layers, self.matrices, self._passed, start, VECTORS, before_branch=rescaled)
        for k, b, _ in run:
            logs[:, k - 1] = log_of_squares(np.einsum("mi,mi->m", b, b)) + 2 * np.log(2) * exponents
        return logs, logs + self._log_a[:, :-1]
