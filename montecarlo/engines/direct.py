"""Real weight matrices, each drawn entry by entry."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from montecarlo.arguments import as_ensemble
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.streams import BLOCK_LAYERS, CHUNK_NETWORKS, Partition, sizes
from montecarlo.drawing.weights import Weights
from montecarlo.engines.engine import ALL_NEEDS, Draw, Precision
from montecarlo.engines.real_matrices import Chunk, Scratch
from montecarlo.engines.width_one import CHUNK_WEIGHTS, WidthOneChunk
from theory.ensembles import Ensemble, InvalidArgument


@dataclass(frozen=True)
class Direct:
    """Real weight matrices, each drawn entry by entry: any law, any initialization.

    Parameters
    ----------
    dtype : str
        The precision of weights and activations, ``"float64"`` or ``"float32"``. In both cases norms are summed in
        double precision, and kept on log scale.

    Raises
    ------
    InvalidArgument
        If the precision is another one.
    """

    dtype: Precision = "float64"
    provides = ALL_NEEDS

    def __post_init__(self) -> None:
        dtype: object = self.dtype
        if isinstance(dtype, (type, np.dtype)):  # np.float32 is 'float32'
            with suppress(TypeError):
                dtype = np.dtype(dtype).name
        if dtype not in ("float64", "float32"):
            problem = f"must be a floating-point type of 64 or 32 bits, got {self.dtype!r}"
            raise InvalidArgument("dtype", problem, "use 'float64' or 'float32'")
        object.__setattr__(self, "dtype", dtype)

    @property
    def name(self) -> str:
        """The word ``direct`` and the precision."""
        return f"direct-{self.dtype}"

    def refuse(self, net: Ensemble) -> None:
        """Refuse laws that cannot be drawn."""
        as_ensemble(net)
        net.require_plain("the direct engine")
        Weights(net)

    def partition(self, net: Ensemble) -> Partition:
        """Return chunks of which a layer stays in the cache, or all layers for networks of width one."""
        if _is_width_one(net):
            return Partition.whole(
                min(CHUNK_WEIGHTS // int(net.depth), CHUNK_NETWORKS), BLOCK_LAYERS // len(sizes(net))
            )
        return Partition.of(net, np.dtype(self.dtype).itemsize)

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        """Return what draws :class:`montecarlo.engines.real_matrices.Chunk`.

        Parameters
        ----------
        net, needs, second_input
            As for :meth:`montecarlo.engines.engine.Engine.opened`.

        Raises
        ------
        InvalidArgument
            If a second input is asked for at width one.
        """
        if _is_width_one(net):
            if second_input is not None:
                raise InvalidArgument("width", "one direction holds no angle", "use a width of at least 2")
            return lambda rng, networks: WidthOneChunk(net, rng, networks, needs=needs, dtype=self.dtype)
        scratch = Scratch(net, self.dtype)
        return lambda rng, networks: Chunk(net, rng, networks, needs=needs, second_input=second_input, scratch=scratch)


def _is_width_one(net: Ensemble) -> bool:
    return set(sizes(net)) == {1} and net.has_independent_entries
