r"""How many hidden units of squared ReLU are left by gradient flow, as an observable of :func:`montecarlo.simulate`.

A network of depth 2 draws all that is random, and absolute values make every unit see every example. Times the root of
the width, the first entries of the first rows of :math:`W_1` are the examples, all of label 1; times that and a scale,
those of :math:`W_2` are hidden weights, and the first entries of the readout the output weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from montecarlo.arguments import as_count, as_positive
from montecarlo.arrays import Array
from montecarlo.engines.real_matrices import Chunk
from montecarlo.training.drawn_data import require_matrices
from montecarlo.training.weight_norm.log_loss_flow import log_loss_flow
from montecarlo.training.weight_norm.models import TwoLayers
from montecarlo.training.weight_norm.neurons import participation_ratio
from theory.ensembles import Ensemble

_DEPTH = 2
_ERROR = 1e-4


@dataclass(frozen=True)
class TwoLayerSparsity:
    r"""The participation ratios of hidden units after the exponential and the plain flow, as logs.

    Parameters
    ----------
    units : int
        The number of hidden units.
    examples, inputs : int
        How many examples there are, and of how many entries.
    scale : float
        The size of a weight at the start.
    level : float
        :math:`p = \log\frac1L` at the end.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> from montecarlo import simulate
    >>> left = TwoLayerSparsity()
    >>> readings = simulate(Ensemble(width=6, depth=2), [left], samples=40)[left]
    >>> [float(np.exp(np.median(readings.log_values(name))).round(1)) for name in ("exponential", "plain")]
    [1.1, 1.4]
    """

    units: int = 6
    examples: int = 3
    inputs: int = 3
    scale: float = 0.5
    level: float = 1000.0
    name: ClassVar[str] = "TwoLayerSparsity"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def __post_init__(self) -> None:
        for name, example in (("units", 6), ("examples", 3), ("inputs", 3)):
            object.__setattr__(self, name, as_count(name, getattr(self, name), example=example))
        for name, size in (("scale", 0.5), ("level", 1000.0)):
            object.__setattr__(self, name, as_positive(name, getattr(self, name), example=size))

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the labels; refuse a network that does not draw what is needed."""
        require_matrices(
            net,
            "the start of two layers",
            _DEPTH,
            "examples and hidden weights",
            max(self.units, self.examples, self.inputs),
        )
        return ("exponential", "plain")

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, 2)."""
        root = np.sqrt(chunk.weights(1).shape[2])
        x, hidden = (
            root * np.abs(np.asarray(chunk.weights(k)[:, :rows, : self.inputs], dtype=np.float64))
            for k, rows in ((1, self.examples), (2, self.units))
        )
        out = root * np.abs(np.asarray(chunk.readout[:, : self.units], dtype=np.float64))
        start = self.scale * np.concatenate([hidden.reshape(len(x), -1), out], axis=1)
        model, found = TwoLayers(x, np.ones(x.shape[:2]), self.units), []
        for family in ("exponential", "plain"):
            path = log_loss_flow(model, start, family, [self.level], rtol=_ERROR)
            found.append(np.log(participation_ratio(path.squared_norms[:, -1, : self.units])))
        return np.stack(found, axis=1)
