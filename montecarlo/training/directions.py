"""The direction of a random row of weights, against that of a target: where balanced linear networks start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array
from montecarlo.engines.real_matrices import Chunk
from theory.ensembles import Ensemble, InvalidArgument


@dataclass(frozen=True)
class OppositeDirection:
    r"""How nearly the only row of a network of one layer is opposite to its first input, as a log.

    The component ``opposite`` is :math:`\log\frac{1-\nu}2`, where :math:`\nu` is the cosine of the row and the first
    axis.

    Examples
    --------
    >>> OppositeDirection().components(Ensemble(widths=(3, 1)))
    ('opposite',)
    """

    name: ClassVar[str] = "OppositeDirection"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the label; refuse all but one layer of one output and several inputs."""
        as_ensemble(net)
        net.require_plain(self.name)
        if net.depth != 1 or net.width_at(1) != 1 or net.width_at(0) == 1:
            problem = f"are those of {net.describe()}, which has no single row of several weights"
            raise InvalidArgument("widths", problem, "use e.g. widths=(3, 1)")
        return ("opposite",)

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, 1)."""
        rows = chunk.weights(1)[:, 0].astype(np.float64, copy=False)
        with np.errstate(divide="ignore"):  # a row along the axis is at -inf
            return np.asarray(np.log((1 - rows[:, :1] / np.linalg.norm(rows, axis=1, keepdims=True)) / 2))
