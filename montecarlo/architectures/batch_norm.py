r"""Batch normalization: the preactivations of a unit are standardized over a batch of inputs.

Inputs :math:`x^{(1)},\dots,x^{(B)}` have independent standard normal entries and are drawn with the network. With
columns for inputs, :math:`Z_k = W_kA_{k-1}` and :math:`A_k = \phi(\hat Z_k)`, where in each row

.. math:: \hat z = \frac{z-\bar z}\sigma,\qquad \bar z = \tfrac1B\sum_\beta z_\beta,\quad
          \sigma^2 = \tfrac1B\sum_\beta(z_\beta-\bar z)^2,

without gain, bias or a small number under the root. :math:`f = \langle v, a_L^{(1)}\rangle` is the output on the first
input, which depends on the others through the statistics: :math:`\partial f/\partial W_k = Y_kA_{k-1}^T`, where
:math:`Y_k = \partial f/\partial Z_k`.
"""

from __future__ import annotations

import numpy as np

from montecarlo.architectures.kept_weights import KeptChunk, log_of_squares
from montecarlo.architectures.passes import COLUMNS, ROUNDING, Passed, backward, forward
from montecarlo.arrays import Array


class BatchNormChunk(KeptChunk):
    """A few networks with batch normalization, each on a batch of its own; gradients are rescaled by powers of two.

    Parameters and attributes are those of :class:`montecarlo.architectures.kept_weights.KeptChunk`. Norms of
    activations are those of the first input, and gradients those of the output on it.

    Examples
    --------
    >>> from theory.ensembles import Ensemble
    >>> net = Ensemble(width=8, depth=3, activation="relu", init="he", architecture="batchnorm:4")
    >>> chunk = BatchNormChunk(net, np.random.default_rng(0), 5)
    >>> chunk.log_gradient_norms([1, 3]).shape
    (5, 2)
    """

    layout = COLUMNS

    @property
    def inputs(self) -> Array:
        """The batch of each network, shape (m, n_0, B)."""
        return self._passed[0].read

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,), which is -inf where f is 0."""
        return log_of_squares(np.einsum("mi,mi->m", self._last[:, :, 0], self.readout) ** 2)

    def _draw_inputs(self, rng: np.random.Generator) -> Array:
        batch = self.net.architecture.batch
        assert isinstance(batch, int)
        return rng.standard_normal((self.networks, int(self.net.width_at(0)), batch))

    def _forward(self, inputs: Array) -> tuple[Array, list[Passed]]:
        self._last, passed = forward(self.layers, self.matrices, inputs, COLUMNS)
        firsts = [a[:, :, 0] for a in (*(at.read for at in passed), self._last)]
        return np.stack([log_of_squares(np.einsum("mi,mi->m", a, a)) for a in firsts], axis=1), passed

    def _back_propagate(self) -> tuple[Array, Array]:
        sensitivities, gradients = np.empty((2, self.networks, len(self.layers)))
        start = np.zeros_like(self._last)
        start[:, :, 0] = self.readout
        exponents = np.zeros(self.networks, dtype=np.int64)
        for k, y, a in backward(self.layers, self.matrices, self._passed, start, COLUMNS, rounded_zeros=True):
            powers = np.frexp(np.abs(y).max(axis=(1, 2)))[1]
            np.ldexp(y, -powers[:, None, None], out=y)
            exponents += powers
            product = np.asarray(COLUMNS.gradient(y, a), np.float64)
            whole = np.abs(y).max(axis=(1, 2)) * np.abs(a).max(axis=(1, 2))
            product[np.abs(product).max(axis=(1, 2)) <= ROUNDING * whole] = 0  # all units read one pattern of inputs
            for logs, matrices in ((sensitivities, y), (gradients, product)):
                flat = matrices.reshape(self.networks, -1)
                logs[:, k - 1] = log_of_squares(np.einsum("mi,mi->m", flat, flat)) + 2 * np.log(2) * exponents
        return sensitivities, gradients
