"""How networks are sampled: from real weight matrices, or, for normal weights, by a law that is provably the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from montecarlo.arrays import Array
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.streams import BLOCK_LAYERS, CHUNK_NETWORKS, Partition, sizes
from montecarlo.drawing.weights import Weights
from montecarlo.engines.norms_in_law import NormChunk
from montecarlo.engines.real_matrices import Chunk, Scratch
from montecarlo.engines.vectors_in_law import VectorChunk
from montecarlo.engines.width_one import CHUNK_WEIGHTS, WidthOneChunk
from theory.ensembles import Ensemble, InvalidArgument

Precision = Literal["float64", "float32"]

ALL_NEEDS = frozenset({"backward", "weights", "units", "second_input"})


class Networks(Protocol):
    """What an observable can ask of a chunk of networks, whichever engine drew them; see the needs of each engine."""

    net: Ensemble
    networks: int

    def log_activation_norms(self, layers: Sequence[int]) -> Array:
        """Return log|a_k|^2, shape (m, len(layers))."""

    def log_backward_norms(self, layers: Sequence[int]) -> Array:
        """Return log|b_k|^2, shape (m, len(layers))."""

    def log_gradient_norms(self, layers: Sequence[int]) -> Array:
        """Return log|df/dW_k|_F^2, shape (m, len(layers))."""

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,)."""

    def active_units(self, layers: Sequence[int]) -> NDArray[np.int64]:
        """Return how many units of layer k are on, shape (m, len(layers))."""


Draw = Callable[[np.random.Generator, int], Any]
"""From a stream and a number of networks to a chunk of so many."""


class Engine(Protocol):
    """A way to sample networks."""

    @property
    def name(self) -> str:
        """Part of each stream's name and of a run's fingerprint."""

    @property
    def provides(self) -> frozenset[str]:
        """Which needs of observables it meets."""

    def refuse(self, net: Ensemble) -> None:
        """Raise InvalidArgument for an ensemble that it cannot sample."""

    def partition(self, net: Ensemble) -> Partition:
        """Return how samples are cut into blocks and chunks."""

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        """Return what draws the chunks of one block."""


@dataclass(frozen=True)
class Direct:
    """Real weight matrices, each drawn entry by entry: any law, any initialization.

    Parameters
    ----------
    dtype : str
        ``"float64"``, or ``"float32"``: norms are summed in double precision and kept on log scale in either.
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
        """``direct`` and the precision."""
        return f"direct-{self.dtype}"

    def refuse(self, net: Ensemble) -> None:
        """Refuse laws that cannot be drawn."""
        Weights(net)

    def partition(self, net: Ensemble) -> Partition:
        """Return chunks whose layers stay in the cache; of networks of width one, all layers."""
        if _is_width_one(net):
            return Partition.whole(
                min(CHUNK_WEIGHTS // int(net.depth), CHUNK_NETWORKS), BLOCK_LAYERS // len(sizes(net))
            )
        return Partition.of(net, np.dtype(self.dtype).itemsize)

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        """Return what draws :class:`montecarlo.engines.real_matrices.Chunk`."""
        if _is_width_one(net):
            if second_input is not None:
                raise InvalidArgument("width", "one direction holds no angle", "use a width of at least 2")
            return lambda rng, networks: WidthOneChunk(net, rng, networks, needs=needs, dtype=self.dtype)
        scratch = Scratch(net, self.dtype)
        return lambda rng, networks: Chunk(net, rng, networks, needs=needs, second_input=second_input, scratch=scratch)


@dataclass(frozen=True)
class LawExact:
    """Normal weights without matrices, in O(n) a layer; the same law as :class:`Direct`, jointly over all layers."""

    name = "law-exact"
    provides = frozenset({"backward", "units", "second_input"})

    def refuse(self, net: Ensemble) -> None:
        """Refuse all but independent normal weights."""
        _require_normal(net)

    def partition(self, net: Ensemble) -> Partition:
        """Return chunks whose vectors stay in the cache."""
        widths = sizes(net)
        chunk = min(2**16 // max(widths), 2**20 // sum(widths), CHUNK_NETWORKS)
        return Partition.whole(chunk, 2**22 // sum(widths))

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        """Return what draws :class:`montecarlo.engines.vectors_in_law.VectorChunk`."""
        weights = Weights(net)
        return lambda rng, networks: VectorChunk(
            net, rng, networks, needs=needs, second_input=second_input, weights=weights
        )


@dataclass(frozen=True)
class LawExactNorms:
    """Normal weights reduced to norms, in O(1) a layer; the same law as :class:`Direct`, jointly over all layers."""

    name = "law-exact-norms"
    provides = frozenset({"backward", "units"})

    def refuse(self, net: Ensemble) -> None:
        """Refuse all but independent normal weights."""
        _require_normal(net)

    def partition(self, net: Ensemble) -> Partition:
        """Return chunks whose norms stay in the cache."""
        steps = len(sizes(net))
        return Partition.whole(2**17 // steps, 2**19 // steps)

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        """Return what draws :class:`montecarlo.engines.norms_in_law.NormChunk`."""
        weights = Weights(net)
        return lambda rng, networks: NormChunk(net, rng, networks, needs=needs, weights=weights)


def find_engine(engine: object, needs: frozenset[str], dtype: Precision) -> Engine:
    """Return the engine meant: for ``"law-exact"``, the one with the least work that provides what is needed."""
    if engine == "direct":
        return Direct(dtype)
    if engine == "law-exact":
        if Direct(dtype).dtype != "float64":
            raise InvalidArgument("dtype", "the law-exact engine works in float64", "leave it out, or engine='direct'")
        return LawExactNorms() if needs <= LawExactNorms.provides else LawExact()
    if isinstance(engine, (str, type)) or not hasattr(engine, "opened"):
        remedy = "use 'direct' or 'law-exact', or an instance such as montecarlo.architectures.LayerNorm()"
        raise InvalidArgument("engine", f"there is no engine {engine!r}", remedy)
    return engine  # type: ignore[return-value]


def _is_width_one(net: Ensemble) -> bool:
    return set(sizes(net)) == {1} and net.has_independent_entries


def _require_normal(net: Ensemble) -> None:
    if not net.law.is_normal or not net.has_independent_entries:
        problem = f"the law-exact engine needs independent normal weights, got {net.describe()}"
        raise InvalidArgument("engine", problem, "use engine='direct'")
