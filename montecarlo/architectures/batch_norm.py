r"""Batch normalization: the preactivations of a unit standardized over a batch of inputs.

Inputs :math:`x^{(1)},\dots,x^{(B)}` have independent standard normal entries and are drawn with the network. With
columns for inputs, :math:`Z_k = W_kA_{k-1}` and :math:`A_k = \phi(\hat Z_k)`, row by row

.. math:: \hat z = \frac{z-\bar z}\sigma,\qquad \bar z = \tfrac1B\sum_\beta z_\beta,\quad
          \sigma^2 = \tfrac1B\sum_\beta(z_\beta-\bar z)^2,

without gain, bias or a small number under the root. :math:`f = \langle v, a_L^{(1)}\rangle` is the output on the first
input, which depends on the others through the statistics: :math:`\partial f/\partial W_k = Y_kA_{k-1}^T`, where
:math:`Y_k = \partial f/\partial Z_k` has the rows
:math:`\sigma^{-1}(I-\tfrac1B11^T-\tfrac1B\hat z\hat z^T)D\,(W_{k+1}^TY_{k+1})`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral

import numpy as np

from montecarlo.architectures.kept_weights import draw_matrix, partition_of_kept, require_kept
from montecarlo.architectures.layer_norm import require_no_atoms
from montecarlo.arrays import Array
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.small_products import matrix_matrix
from montecarlo.drawing.streams import Partition
from montecarlo.drawing.weights import Weights
from montecarlo.engines.engine import Draw
from montecarlo.engines.real_matrices import draw_readout
from theory.ensembles import Ensemble, InvalidArgument

_MOST = 10**6
"""Inputs in a batch."""


@dataclass(frozen=True)
class BatchNorm:
    """Networks with batch normalization before each activation, on a batch of random inputs.

    Norms of activations are those of the first input.

    Parameters
    ----------
    batch : int
        B, at least 3: two standardized numbers are 1 and -1 whatever comes in. f is the output on the first of them,
        which the others move through the statistics, and gradients are those of that f.

    Raises
    ------
    InvalidArgument
        If the batch is not an integer of that size.

    References
    ----------
    S. Ioffe and C. Szegedy, arXiv:1502.03167, algorithm 1, without gain, shift and epsilon; G. Yang et al.,
    arXiv:1902.08129, for what it does to gradients.

    Examples
    --------
    >>> from montecarlo import GradientNorms, simulate
    >>> net = Ensemble(width=8, depth=2, activation="relu", init="he")
    >>> simulate(net, [GradientNorms()], samples=3, engine=BatchNorm(16))[GradientNorms()].components
    ('G_1', 'G_2')
    """

    batch: int
    provides = frozenset({"backward"})

    def __post_init__(self) -> None:
        batch: object = self.batch
        if isinstance(batch, bool) or not isinstance(batch, Integral) or not 3 <= int(batch) <= _MOST:
            problem = f"must be an integer from 3 to {_MOST}, got {batch!r}"
            raise InvalidArgument("batch", problem, "use e.g. batch=16")
        object.__setattr__(self, "batch", int(batch))

    @property
    def name(self) -> str:
        """``batch-norm`` and the size of the batch."""
        return f"batch-norm-{self.batch}"

    def refuse(self, net: Ensemble) -> None:
        """Refuse a fixed input, and laws with atoms."""
        Weights(net)
        if net.input is not None:
            raise InvalidArgument("input", "the inputs of a batch are drawn with the network", "leave it out")
        require_no_atoms(net)
        require_kept(net, self.batch)

    def partition(self, net: Ensemble) -> Partition:
        """Return chunks whose weights and activations are kept."""
        return partition_of_kept(net, self.batch)

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        """Return what draws :class:`BatchNormChunk`."""
        law = Weights(net)
        return lambda rng, networks: BatchNormChunk(net, rng, networks, batch=self.batch, law=law)


class BatchNormChunk:
    """A few networks with batch normalization, each on a batch of its own; gradients on log scale.

    Parameters
    ----------
    net, rng, networks
        As for :class:`montecarlo.Chunk`; the inputs are drawn before the weights.
    batch : int
        B.
    law : Weights, optional
        Of the ensemble.

    Attributes
    ----------
    inputs : ndarray, shape (m, n_0, B)
        Of each network.
    matrices : list of ndarray, shapes (m, n_k, n_{k-1})
        W_1, ..., W_L.
    readout : ndarray, shape (m, n_L)
        v.

    Examples
    --------
    >>> net = Ensemble(width=8, depth=3, activation="relu", init="he")
    >>> chunk = BatchNormChunk(net, np.random.default_rng(0), 5, batch=4)
    >>> chunk.log_gradient_norms([1, 3]).shape
    (5, 2)
    """

    def __init__(
        self, net: Ensemble, rng: np.random.Generator, networks: int, *, batch: int, law: Weights | None = None
    ) -> None:
        self.net, self.networks = net, networks
        law = Weights(net) if law is None else law
        self._depth, self._slope = int(net.depth), float(Fraction(net.slope))
        self.inputs: Array = rng.standard_normal((networks, law.widths[0], batch))
        self.matrices: list[Array] = []
        self._activations = [self.inputs]
        self._standard: list[Array] = []
        self._deviations: list[Array] = []
        for k in range(1, self._depth + 1):
            w = draw_matrix(law, k, rng, networks)
            z = np.asarray(matrix_matrix(w, self._activations[-1]), np.float64)
            z -= z.mean(axis=2, keepdims=True)
            deviations = np.sqrt((z**2).mean(axis=2, keepdims=True))
            z /= deviations
            self.matrices.append(w)
            self._activations.append(np.where(z > 0, z, self._slope * z))
            self._standard.append(z)
            self._deviations.append(deviations)
        v, log_v = draw_readout(net, rng, networks, law.widths[-1])
        self.readout: Array = v * np.exp(log_v / 2)
        self._passed: tuple[Array, Array] | None = None

    def log_activation_norms(self, layers: Sequence[int]) -> Array:
        """Return log|a_k|^2 of the first input, shape (m, len(layers)), for layers between 0 and L; -inf for 0."""
        return np.stack([_log_squares(self._activations[k][:, :, 0]) for k in layers], axis=1)

    def log_backward_norms(self, layers: Sequence[int]) -> Array:
        """Return log|Y_k|_F^2, over all units and inputs, shape (m, len(layers)), for layers between 1 and L."""
        return self._gradients[0][:, [k - 1 for k in layers]]

    def log_gradient_norms(self, layers: Sequence[int]) -> Array:
        """Return log|df/dW_k|_F^2, shape (m, len(layers)), for layers between 1 and L."""
        return self._gradients[1][:, [k - 1 for k in layers]]

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,); -inf for 0."""
        f = np.einsum("mi,mi->m", self._activations[-1][:, :, 0], self.readout)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(f**2))

    @property
    def _gradients(self) -> tuple[Array, Array]:
        if self._passed is None:
            self._passed = self._back_propagate()
        return self._passed

    def _back_propagate(self) -> tuple[Array, Array]:
        """Return log|Y_k|_F^2 and log|df/dW_k|_F^2, shapes (m, L)."""
        sensitivities, gradients = np.empty((2, self.networks, self._depth))
        y = np.zeros_like(self._standard[-1])
        y[:, :, 0] = self.readout
        exponents = np.zeros(self.networks, dtype=np.int64)
        for k in range(self._depth, 0, -1):
            h, before = self._standard[k - 1], np.abs(y).max(axis=(1, 2))
            y *= np.where(h > 0, 1.0, self._slope)
            y -= y.mean(axis=2, keepdims=True)
            y -= h * (y * h).mean(axis=2, keepdims=True)
            y[np.abs(y).max(axis=(1, 2)) <= _ROUNDING * before] = 0
            y /= self._deviations[k - 1]
            powers = np.frexp(np.abs(y).max(axis=(1, 2)))[1]
            y = np.ldexp(y, -powers[:, None, None])
            exponents += powers
            a = self._activations[k - 1]
            product = np.asarray(matrix_matrix(y, _transposed(a)), np.float64)
            whole = np.abs(y).max(axis=(1, 2)) * np.abs(a).max(axis=(1, 2))
            product[np.abs(product).max(axis=(1, 2)) <= _ROUNDING * whole] = 0
            for logs, matrices in ((sensitivities, y), (gradients, product)):
                logs[:, k - 1] = _log_squares(matrices.reshape(self.networks, -1)) + 2 * np.log(2) * exponents
            y = np.asarray(matrix_matrix(_transposed(self.matrices[k - 1]), y), np.float64)
        return sensitivities, gradients


_ROUNDING = 1e-13
"""What is smaller than this share of its parts is rounding of a 0: where weights have no direction left, as in a layer
of one unit, or all units read the same pattern of inputs."""


def _transposed(matrices: Array) -> Array:
    return np.ascontiguousarray(matrices.transpose(0, 2, 1))


def _log_squares(vectors: Array) -> Array:
    with np.errstate(divide="ignore"):  # the log of a 0
        return np.asarray(np.log(np.einsum("mi,mi->m", vectors, vectors)))
