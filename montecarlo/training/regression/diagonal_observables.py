r"""Descent of diagonal nets from random starts, as an observable of :func:`montecarlo.simulate`.

A network of depth 5 and width d draws all that is random. The first n rows of :math:`W_1` are the inputs, the first
rows of :math:`W_2` to :math:`W_5` are :math:`u_+, v_+, u_-, v_-` at the start, and the first n entries of
:math:`\sqrt d` times the readout are the targets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from montecarlo.arguments import as_count, as_positive
from montecarlo.arrays import Array
from montecarlo.engines.real_matrices import Chunk
from montecarlo.training.drawn_data import require_matrices
from montecarlo.training.regression.diagonal_flows import DiagonalNets, diagonal_descent
from montecarlo.training.regression.interpolation_observables import kernel_parts
from theory.ensembles import Ensemble

_DEPTH = 5


@dataclass(frozen=True)
class DescentOrders:
    r"""How fast descent's distance from the law of the flow falls with the step, as logs.

    The distance is the part in the kernel of X of the slopes :math:`\frac12\operatorname{arsinh}(2w/\sqrt k)` after
    training, less those at the start. With ``own`` the scale k of a network is the one that it has after training, with
    ``kept`` that of the start; each is the distance at the learning rate over that at half the rate, after the same
    time.

    Parameters
    ----------
    inputs : int
        n, below the width.
    learning_rate : float
        The larger step.
    steps : int
        How many of these; twice as many of half the size.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> from montecarlo import simulate
    >>> orders = DescentOrders(inputs=2, learning_rate=0.1, steps=10)
    >>> readings = simulate(Ensemble(width=4, depth=5), [orders], samples=200)[orders]
    >>> [float(np.exp(np.median(readings.log_values(name))).round()) for name in ("own", "kept")]
    [4.0, 2.0]
    """

    inputs: int
    learning_rate: float
    steps: int
    name: ClassVar[str] = "DescentOrders"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", as_count("inputs", self.inputs, example=2))
        object.__setattr__(self, "learning_rate", as_positive("learning_rate", self.learning_rate, example=0.1))
        object.__setattr__(self, "steps", as_count("steps", self.steps, example=10))

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the labels; refuse a network that does not draw what is needed."""
        require_matrices(
            net, "the start of a diagonal net", _DEPTH, "inputs and four vectors of weights", self.inputs + 1
        )
        return ("own", "kept")

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, 2)."""
        X = np.asarray(chunk.weights(1)[:, : self.inputs], dtype=np.float64)
        y = np.sqrt(X.shape[2]) * np.asarray(chunk.readout[:, : self.inputs], dtype=np.float64)
        start = DiagonalNets.of_weights(*(np.asarray(chunk.weights(k)[:, 0], dtype=np.float64) for k in (2, 3, 4, 5)))
        found = []
        for half in (1, 2):
            end = diagonal_descent(start, X, y, self.learning_rate / half, half * self.steps)
            found.append([self._distance(X, start, end, scales) for scales in (end.scales, start.scales)])
        return np.stack([found[0][i] - found[1][i] for i in (0, 1)], axis=1)

    @staticmethod
    def _distance(X: Array, start: DiagonalNets, end: DiagonalNets, scales: Array) -> Array:
        slopes = np.arcsinh(2 * end.weights / np.sqrt(scales)) / 2
        return np.asarray(np.log(np.linalg.norm(kernel_parts(slopes - start.slopes, X), axis=1)))
