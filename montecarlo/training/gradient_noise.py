"""The covariance of minibatch gradients by its largest eigenvalues: few gradients, and their Gram matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from montecarlo.arrays import Array
from montecarlo.training.classifiers import Classifier
from montecarlo.wording import counted, spread
from theory.ensembles import InvalidArgument


@dataclass(frozen=True, eq=False)
class GradientNoise:
    r"""The covariance K of L minibatch gradients of each of m networks, divided by L - 1.

    Attributes
    ----------
    top, least : ndarray, shape (m,)
        Its largest eigenvalue :math:`\lambda_1`, and the (L-1)-th, :math:`\lambda_*`, the least that is not 0 because
        of the mean.
    trace : ndarray, shape (m,)
    """

    top: Array
    least: Array
    trace: Array

    def __repr__(self) -> str:
        return f"GradientNoise({counted(len(self.top), 'network')}, top {spread(self.top)})"

    @property
    def conditioning(self) -> Array:
        r"""The ratio :math:`\lambda_*/\lambda_1`, shape (m,), which depends on L and M; 0 where there is no noise."""
        return np.divide(self.least, self.top, out=np.zeros_like(self.top), where=self.top > 0)


def gradient_noise(
    model: Classifier, parameters: Array, inputs: Array, labels: NDArray[np.intp], batches: NDArray[np.intp]
) -> GradientNoise:
    r"""Measure the covariance of minibatch gradients.

    Parameters
    ----------
    model : Classifier
    parameters : ndarray, shape (m, P)
        The weights.
    inputs : ndarray, shape (n, n_0)
    labels : ndarray of int, shape (n,)
    batches : ndarray of int, shape (L, M)
        The examples of each of the L minibatches, L at least 3.

    Returns
    -------
    GradientNoise

    Raises
    ------
    InvalidArgument
        If there are fewer than three minibatches, or what :meth:`Classifier.gradients` refuses.

    Notes
    -----
    The nonzero eigenvalues of :math:`\sum_b (g_b - \bar g)(g_b - \bar g)^T` are those of the L x L Gram matrix of the
    centred gradients.

    References
    ----------
    S. Jastrzebski et al., ICLR 2020 (arXiv:2002.09572): :math:`\lambda_*/\lambda_1` as its public code has it.

    Examples
    --------
    >>> model, rng = Classifier((3, 2), "linear"), np.random.default_rng(0)
    >>> x, y = rng.standard_normal((12, 3)), np.arange(12) % 2
    >>> noise = gradient_noise(model, model.initial([0, 1]), x, y, np.arange(12).reshape(4, 3))
    >>> bool((noise.top + 2 * noise.least <= noise.trace * (1 + 1e-12)).all())
    True
    """
    if batches.ndim != 2 or len(batches) < 3:
        problem = f"have shape {batches.shape}"
        raise InvalidArgument("batches", problem, "use at least three, a row of examples for each")
    g = np.stack([model.gradients(parameters, inputs[rows], labels[rows])[1] for rows in batches], axis=1)
    g -= g.mean(axis=1, keepdims=True)
    gram = np.matmul(g, g.transpose(0, 2, 1)) / (len(batches) - 1)
    values = np.linalg.eigvalsh(gram)
    return GradientNoise(values[:, -1], np.maximum(values[:, 1], 0.0), np.trace(gram, axis1=1, axis2=2))
