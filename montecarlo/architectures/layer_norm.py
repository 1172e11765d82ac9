r"""Layer normalization: the preactivations of a layer standardized over its units.

.. math:: a_k = \phi(\hat z_k),\qquad \hat z_k = \frac{z_k-\bar z_k}{\sigma_k},\quad z_k = W_ka_{k-1},\quad
          \bar z = \tfrac1n\sum_iz_i,\quad \sigma^2 = \tfrac1n\sum_i(z_i-\bar z)^2,

without gain, bias or a small number under the root. So :math:`|\hat z_k|^2 = n`. Backwards
:math:`b_k = \sigma_k^{-1}(I-\tfrac1n11^T-\tfrac1n\hat z_k\hat z_k^T)D_kW_{k+1}^Tb_{k+1}`, the derivative of f in
:math:`z_k`, and :math:`\partial f/\partial W_k = b_ka_{k-1}^T`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from montecarlo.architectures.kept_weights import draw_matrix, partition_of_kept, require_kept
from montecarlo.arrays import Array
from montecarlo.drawing.norm_traces import rescale
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.small_products import matrix_vector, vector_matrix
from montecarlo.drawing.streams import Partition, sizes
from montecarlo.drawing.weights import Weights
from montecarlo.engines.engine import Draw
from montecarlo.engines.real_matrices import draw_readout, vector
from theory.ensembles import Ensemble, InvalidArgument


@dataclass(frozen=True)
class LayerNorm:
    """Networks with layer normalization before each activation.

    References
    ----------
    J. L. Ba, J. R. Kiros and G. E. Hinton, arXiv:1607.06450, equations 3 and 4, without gain and bias.

    Examples
    --------
    The norm of a linear layer's activations is pinned:

    >>> from montecarlo import ActivationNorms, simulate
    >>> net = Ensemble(width=4, depth=100)
    >>> readings = simulate(net, [ActivationNorms(layers=[100])], samples=3, engine=LayerNorm())
    >>> readings[ActivationNorms(layers=[100])].mean
    array([4.])
    """

    name = "layer-norm"
    provides = frozenset({"backward"})

    def refuse(self, net: Ensemble) -> None:
        """Refuse layers of fewer than three units, which have no derivative left, and laws with atoms."""
        Weights(net)
        if min(sizes(net)[1:]) < 3:
            problem = "fewer than three standardized units are the same whatever comes in"
            raise InvalidArgument("width", problem, "use a width of at least 3")
        require_no_atoms(net)
        require_kept(net)

    def partition(self, net: Ensemble) -> Partition:
        """Return chunks whose weights are kept."""
        return partition_of_kept(net)

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        """Return what draws :class:`LayerNormChunk`."""
        law = Weights(net)
        return lambda rng, networks: LayerNormChunk(net, rng, networks, law=law)


class LayerNormChunk:
    """A few networks with layer normalization; gradients on log scale.

    Parameters
    ----------
    net, rng, networks
        As for :class:`montecarlo.Chunk`.
    law : Weights, optional
        Of the ensemble.

    Attributes
    ----------
    matrices : list of ndarray, shapes (m, n_k, n_{k-1})
        W_1, ..., W_L.
    input, readout : ndarray, shapes (n_0,), (m, n_L)
        x and v.

    Examples
    --------
    >>> net = Ensemble(width=8, depth=3, activation="relu", init="he")
    >>> chunk = LayerNormChunk(net, np.random.default_rng(0), 5)
    >>> chunk.log_gradient_norms([1, 3]).shape
    (5, 2)
    """

    def __init__(self, net: Ensemble, rng: np.random.Generator, networks: int, *, law: Weights | None = None) -> None:
        self.net, self.networks = net, networks
        law = Weights(net) if law is None else law
        self._depth, self._slope = int(net.depth), float(Fraction(net.slope))
        x, log_x = vector(net.input or "unit", law.widths[0])
        self.input: Array = x * np.exp(log_x / 2)
        self.matrices: list[Array] = []
        self._standard: list[Array] = []
        self._deviations: list[Array] = []
        a = np.repeat(self.input[None, :], networks, axis=0)
        logs = [np.log(np.einsum("mi,mi->m", a, a))]
        for k in range(1, self._depth + 1):
            w = draw_matrix(law, k, rng, networks)
            z = np.asarray(matrix_vector(w, a), np.float64)
            z -= z.mean(axis=1, keepdims=True)
            deviations = np.sqrt((z**2).mean(axis=1, keepdims=True))
            z /= deviations
            a = np.where(z > 0, z, self._slope * z)
            self.matrices.append(w)
            self._standard.append(z)
            self._deviations.append(deviations)
            logs.append(np.log(np.einsum("mi,mi->m", a, a)))
        self._log_a: Array = np.stack(logs, axis=1)
        v, log_v = draw_readout(net, rng, networks, law.widths[-1])
        self.readout: Array = v * np.exp(log_v / 2)
        self._last = a
        self._backward: Array | None = None

    def log_activation_norms(self, layers: Sequence[int]) -> Array:
        """Return log|a_k|^2, shape (m, len(layers)), for layers between 0 and L."""
        return self._log_a[:, list(layers)]

    def log_backward_norms(self, layers: Sequence[int]) -> Array:
        """Return log|b_k|^2, b_k the derivative of f in W_k a_{k-1}, shape (m, len(layers)); -inf for 0."""
        if self._backward is None:
            self._backward = self._back_propagate()
        return self._backward[:, [k - 1 for k in layers]]

    def log_gradient_norms(self, layers: Sequence[int]) -> Array:
        """Return log|df/dW_k|_F^2, shape (m, len(layers)); -inf for 0."""
        return self.log_backward_norms(layers) + self.log_activation_norms([k - 1 for k in layers])

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,); -inf for 0."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.einsum("mi,mi->m", self._last, self.readout) ** 2))

    def _back_propagate(self) -> Array:
        """Return log|b_k|^2 for k = 1, ..., L, shape (m, L)."""
        logs = np.empty((self.networks, self._depth))
        b, exponents = self.readout.copy(), np.zeros(self.networks, dtype=np.int64)
        for k in range(self._depth, 0, -1):
            h = self._standard[k - 1]
            b *= np.where(h > 0, 1.0, self._slope)
            if k < self._depth and self._slope == 0:  # W_{k+1}^T b_{k+1} is orthogonal to a_k: here that is all of it
                b[np.count_nonzero(h > 0, axis=1) == 1] = 0
            b -= b.mean(axis=1, keepdims=True)
            b -= h * (b * h).mean(axis=1, keepdims=True)
            b /= self._deviations[k - 1]
            squares, halves = rescale(b)
            with np.errstate(divide="ignore"):  # the log of a 0
                logs[:, k - 1] = np.log(squares) + 2 * np.log(2) * exponents
            exponents += halves
            b = np.asarray(vector_matrix(b, self.matrices[k - 1]), np.float64)
        return logs


def require_no_atoms(net: Ensemble) -> None:
    """Refuse laws under which all that is standardized can be equal."""
    if net.law.has_atoms:
        problem = f"{net.law.name!r} has atoms, so that preactivations can all be equal, with nothing to divide by"
        raise InvalidArgument("law", problem, "use e.g. law='normal' or 'uniform'")
