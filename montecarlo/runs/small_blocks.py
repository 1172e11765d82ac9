"""Real weights in blocks of a few networks, where what is measured of each takes seconds, such as its training."""

from __future__ import annotations

from dataclasses import dataclass

from montecarlo.arguments import as_count, as_ensemble
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.streams import CHUNK_NETWORKS, Partition
from montecarlo.engines.engine import ALL_NEEDS, Draw, Engine
from montecarlo.runs.choice_of_engine import find_engine
from theory.ensembles import Ensemble


@dataclass(frozen=True)
class SmallBlocks:
    """The direct engine with blocks of so many networks, so that workers share them and a store keeps each.

    Parameters
    ----------
    networks : int
        How many networks a block has.

    Raises
    ------
    InvalidArgument
        If that is no positive integer, or too large for one chunk.

    Examples
    --------
    >>> net = Ensemble(widths=(64, 16, 10), activation="tanh", init="lecun")
    >>> SmallBlocks(16).partition(net).blocks(40)
    [16, 16, 8]
    """

    networks: int = 16
    provides = ALL_NEEDS

    def __post_init__(self) -> None:
        as_count("networks", self.networks, 1, CHUNK_NETWORKS, example=16)

    @property
    def name(self) -> str:
        """The word ``direct`` and the number of networks."""
        return f"direct-blocks-of-{self.networks}"

    def refuse(self, net: Ensemble) -> None:
        """Refuse what the direct engine refuses, and architectures other than the plain one."""
        as_ensemble(net).require_plain("an engine with small blocks", biases=True, smooth=True)
        self._inner(net).refuse(net)

    def partition(self, net: Ensemble) -> Partition:
        """Return one chunk for each block."""
        as_ensemble(net)
        return Partition(self.networks, self.networks)

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        """Return what the direct engine draws chunks with.

        Parameters
        ----------
        net, needs, second_input
            As for :meth:`montecarlo.engines.engine.Engine.opened`.
        """
        return self._inner(net).opened(net, needs, second_input)

    def _inner(self, net: Ensemble) -> Engine:
        return find_engine("direct", net, ALL_NEEDS, "float64")
