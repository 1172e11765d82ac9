r"""Nets of a few neurons :math:`f = \sum_ia_i\sigma(w_i^Tx)`, linear or leaky, many at once: the flow of both layers.

Along the flow :math:`da_i = w_i^Tg_i\,dt` and :math:`dw_i = a_ig_i\,dt`, where :math:`g_i` is the sum over inputs of
the residual times the slope of :math:`\sigma` times x.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo.arguments import as_between, as_floats
from montecarlo.arrays import Array
from montecarlo.training.regression import adaptive_flow
from montecarlo.wording import counted
from theory.ensembles import InvalidArgument


@dataclass(frozen=True, eq=False)
class NeuronNets:
    """The weights of m nets of h neurons on inputs of d coordinates.

    Attributes
    ----------
    outputs : ndarray, shape (m, h)
        The weights a_i.
    weights : ndarray, shape (m, h, d)
        The vectors w_i.

    Examples
    --------
    >>> nets = NeuronNets.of_weights([[2.0]], [[[1.0, 1.0]]])
    >>> nets, nets.points.tolist(), nets.imbalances.tolist()
    (NeuronNets(1 network of 1 neuron on 2 coordinates), [[2.0, 2.0]], [[[2.0]]])
    """

    outputs: Array
    weights: Array

    def __repr__(self) -> str:
        m, h, d = self.weights.shape
        of = f"{counted(m, 'network')} of {counted(h, 'neuron')}"
        return f"NeuronNets({of} on {counted(d, 'coordinate')})"

    @classmethod
    def of_weights(cls, outputs: ArrayLike, weights: ArrayLike) -> NeuronNets:
        """Read the weights of both layers.

        Parameters
        ----------
        outputs : array_like, shape (m, h)
            The weights a_i.
        weights : array_like, shape (m, h, d)
            The vectors w_i.

        Raises
        ------
        InvalidArgument
            If they are no finite numbers, or of other shapes.
        """
        a, W = as_floats("outputs", outputs), as_floats("weights", weights)
        if a.ndim != 2 or W.ndim != 3 or W.shape[:2] != a.shape or not W.size:
            problem = f"have shape {W.shape}, and outputs {a.shape}"
            raise InvalidArgument("weights", problem, "use shapes (m, h, d) and (m, h)")
        return cls(a, W)

    @property
    def points(self) -> Array:
        """The vectors sum a_i w_i, shape (m, d), which linear neurons compute."""
        return np.asarray(np.einsum("mh,mhd->md", self.outputs, self.weights))

    @property
    def imbalances(self) -> Array:
        """The matrices a a^T - W W^T, shape (m, h, h): one neuron's is a^2 - |w|^2. The flow of linear nets keeps them.

        Of leaky neurons the flow keeps the diagonal.
        """
        a, W = self.outputs, self.weights
        return a[:, :, None] * a[:, None, :] - W @ W.transpose(0, 2, 1)


def neuron_flow(
    nets: NeuronNets,
    design: ArrayLike,
    targets: ArrayLike,
    time: float,
    *,
    slope: float = 1.0,
    rtol: float = 1e-10,
) -> NeuronNets:
    """Follow gradient flow of half the sum of squared residuals to a time.

    Parameters
    ----------
    nets : NeuronNets
        The start.
    design : array_like, shape (n, d)
        The inputs in rows.
    targets : array_like, shape (n,)
        Their targets.
    time : float
        The time T.
    slope : float
        The activation's slope for negative arguments, positive: 1 for linear neurons.
    rtol : float
        The error that is allowed of a step, relative to the larger of 1 and the weights.

    Returns
    -------
    NeuronNets

    Raises
    ------
    InvalidArgument
        If the shapes do not match, the slope is out of range, or the time is not reached.

    Examples
    --------
    >>> end = neuron_flow(NeuronNets.of_weights([[2.0]], [[[1.0, 1.0]]]), [[1.0, 2.0]], [3.0], 20.0)
    >>> (end.points @ [1.0, 2.0]).round(8), end.imbalances.round(8).tolist()
    (array([3.]), [[[2.0]]])
    """
    X, y = as_floats("design", design), as_floats("targets", targets)
    m, h, d = nets.weights.shape
    if X.ndim != 2 or X.shape[1] != d:
        problem = f"has shape {X.shape}, but the weights have {d} coordinates"
        raise InvalidArgument("design", problem, f"use shape (n, {d})")
    if y.shape != (len(X),):
        problem = f"have shape {y.shape}, but the design has {len(X)} rows"
        raise InvalidArgument("targets", problem, f"use shape ({len(X)},)")
    rho = as_between("slope", slope, 0, example=0.5)

    def field(state: Array, _: NDArray[np.intp]) -> Array:
        a, W = state[:, :h], state[:, h:].reshape(-1, h, d)
        seen = W @ X.T
        slopes = np.where(seen < 0, rho, 1.0)
        residuals = y - np.einsum("mh,mhn->mn", a, slopes * seen)
        g = (residuals[:, None, :] * slopes) @ X
        moves = a[:, :, None] * g
        return np.concatenate([np.einsum("mhd,mhd->mh", W, g), moves.reshape(len(state), -1)], axis=1)

    start = np.concatenate([nets.outputs, nets.weights.reshape(m, -1)], axis=1)
    end = adaptive_flow.flow(field, start, time, rtol=rtol)
    return NeuronNets(end[:, :h], end[:, h:].reshape(m, h, d))
