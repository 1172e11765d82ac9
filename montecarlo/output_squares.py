"""The output of each network, by its square on log scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array
from montecarlo.engines.real_matrices import Chunk
from theory.ensembles import Ensemble


@dataclass(frozen=True)
class OutputSquares:
    """The square of the output f = <v, a_L>, log f^2, which is -inf where a network is dead.

    Where f is small beside |v||a_L|, most of its digits have cancelled.

    Examples
    --------
    >>> OutputSquares().components(Ensemble(width=8, depth=2))
    ('f^2',)
    """

    name: ClassVar[str] = "OutputSquares"
    needs: ClassVar[frozenset[str]] = frozenset()

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return ``f^2``."""
        as_ensemble(net)
        return ("f^2",)

    def measure(self, chunk: Chunk) -> Array:
        """Return log f^2, shape (m, 1)."""
        return chunk.log_output_squares()[:, None]
