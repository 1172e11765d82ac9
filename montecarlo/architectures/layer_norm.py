r"""Layer normalization: the preactivations of a layer are standardized over its units.

.. math:: a_k = \phi(\hat z_k),\qquad \hat z_k = \frac{z_k-\bar z_k}{\sigma_k},\quad z_k = W_ka_{k-1},\quad
          \bar z = \tfrac1n\sum_iz_i,\quad \sigma^2 = \tfrac1n\sum_i(z_i-\bar z)^2,

without gain, bias or a small number under the root. So :math:`|\hat z_k|^2 = n`.
"""

from __future__ import annotations

import numpy as np

from montecarlo.architectures.kept_weights import KeptChunk, log_of_squares
from montecarlo.architectures.passes import VECTORS, Passed, backward, forward
from montecarlo.arrays import Array
from montecarlo.drawing.input_and_readout import vector
from montecarlo.drawing.norm_traces import rescale


class LayerNormChunk(KeptChunk):
    """A few networks with layer normalization; their gradients are rescaled by powers of two at every layer.

    Parameters and attributes are those of :class:`montecarlo.architectures.kept_weights.KeptChunk`.

    Examples
    --------
    >>> from theory.ensembles import Ensemble
    >>> net = Ensemble(width=8, depth=3, activation="relu", init="he", architecture="layernorm")
    >>> chunk = LayerNormChunk(net, np.random.default_rng(0), 5)
    >>> chunk.log_gradient_norms([1, 3]).shape
    (5, 2)
    """

    layout = VECTORS

    @property
    def inputs(self) -> Array:
        """The input of all networks as a column, shape (m, n_0, 1)."""
        return np.repeat(self.input[None, :, None], self.networks, axis=0)

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,), which is -inf where f is 0."""
        return log_of_squares(np.einsum("mi,mi->m", self._last, self.readout) ** 2)

    def _draw_inputs(self, rng: np.random.Generator) -> Array:
        x, log_x = vector(self.net.input or "unit", int(self.net.width_at(0)))
        self.input: Array = x * np.exp(log_x / 2)
        return np.repeat(self.input[None, :], self.networks, axis=0)

    def _forward(self, inputs: Array) -> tuple[Array, list[Passed]]:
        self._last, passed = forward(self.layers, self.matrices, inputs, VECTORS)
        outputs = [*(at.read for at in passed), self._last]
        return np.stack([np.log(np.einsum("mi,mi->m", a, a)) for a in outputs], axis=1), passed

    def _back_propagate(self) -> tuple[Array, Array]:
        logs = np.empty((self.networks, len(self.layers)))
        exponents = np.zeros(self.networks, dtype=np.int64)
        start = self.readout.copy()
        for k, b, _ in backward(self.layers, self.matrices, self._passed, start, VECTORS, rounded_zeros=True):
            squares, halves = rescale(b)
            logs[:, k - 1] = log_of_squares(squares) + 2 * np.log(2) * exponents
            exponents += halves
        return logs, logs + self._log_a[:, :-1]
