r"""How many neurons of a linear committee are left by gradient flow, as an observable of :func:`montecarlo.simulate`.

A network of depth 2 draws all that is random. Times the root of its width, the first entries of the first rows of
:math:`W_1` are the examples, which have the sign of their first entry as label and are pushed apart by a margin; the
first entries of the first rows of :math:`W_2`, times a scale, are the neurons at the start.
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
from montecarlo.training.weight_norm.models import Committee
from montecarlo.training.weight_norm.neurons import FAMILIES, participation_ratio
from theory.ensembles import Ensemble

_DEPTH = 2
_ERROR, _BUDGET = 1e-4, 20_000


@dataclass(frozen=True)
class CommitteeSparsity:
    r"""Participation ratios of neurons after the flow of each family, and how far normalized margins agree, as logs.

    Components are ``exponential``, ``standard`` and ``plain``: :math:`(\sum\rho^2)^2/\sum\rho^4` at a level of
    :math:`p = \log\frac1L`; and ``margins: exponential``, ``margins: standard``: the normalized margin of the predictor
    over that of the plain flow.

    Parameters
    ----------
    units : int
        The number of neurons, whose signs alternate.
    examples, inputs : int
        How many examples there are, and of how many entries.
    margin : float
        By how much an example is pushed to the side of its label.
    scale : float
        The length of a neuron at the start, in mean square.
    level : float
        p at the end. Times grow like its square, as standard normalization makes the flow stiff.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> from montecarlo import simulate
    >>> left = CommitteeSparsity(units=4, examples=2, inputs=2, level=20)
    >>> readings = simulate(Ensemble(width=4, depth=2), [left], samples=20)[left]
    >>> [float(np.exp(np.median(readings.log_values(name))).round(1)) for name in ("exponential", "plain")]
    [1.0, 4.0]
    """

    units: int = 8
    examples: int = 5
    inputs: int = 3
    margin: float = 1.0
    scale: float = 0.25
    level: float = 60.0
    name: ClassVar[str] = "CommitteeSparsity"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def __post_init__(self) -> None:
        for name, example in (("units", 8), ("examples", 5), ("inputs", 3)):
            object.__setattr__(self, name, as_count(name, getattr(self, name), example=example))
        for name, size in (("margin", 1.0), ("scale", 0.25), ("level", 60.0)):
            object.__setattr__(self, name, as_positive(name, getattr(self, name), example=size))

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the labels; refuse a network that does not draw what is needed."""
        require_matrices(
            net, "the start of a committee", _DEPTH, "examples and neurons", max(self.units, self.examples, self.inputs)
        )
        return (*FAMILIES, "margins: exponential", "margins: standard")

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, 5)."""
        root = np.sqrt(chunk.weights(1).shape[2])
        x = root * np.asarray(chunk.weights(1)[:, : self.examples, : self.inputs], dtype=np.float64)
        x *= np.where(x[:, :, :1] < 0, -1, 1)
        x[:, :, 0] += self.margin
        start = np.asarray(chunk.weights(2)[:, : self.units, : self.inputs], dtype=np.float64)
        start = (self.scale * root / np.sqrt(self.inputs) * start).reshape(len(x), -1)
        committee = Committee([(-1) ** u for u in range(self.units)], x)
        ratios, margins = [], []
        for family in FAMILIES:
            path = log_loss_flow(committee, start, family, [self.level], rtol=_ERROR, budget=_BUDGET)
            ratios.append(np.log(participation_ratio(path.squared_norms[:, -1])))
            beta = committee.predictor(path.weights[:, -1])
            least = np.einsum("nmd,nd->nm", x, beta).min(axis=1)
            margins.append(np.log(least / np.linalg.norm(beta, axis=1)))
        return np.stack([*ratios, margins[0] - margins[2], margins[1] - margins[2]], axis=1)
