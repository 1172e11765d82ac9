"""Networks without matrices, by laws that are provably those of normal weights."""

from __future__ import annotations

from dataclasses import dataclass

from montecarlo.arguments import as_ensemble
from montecarlo.drawing.biases import Biases
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.streams import CHUNK_NETWORKS, Partition, sizes
from montecarlo.drawing.weights import Weights
from montecarlo.engines.any_activation_in_law import AnyActivationChunk
from montecarlo.engines.engine import Draw
from montecarlo.engines.norms_in_law import NormChunk
from montecarlo.engines.vectors_in_law import VectorChunk
from theory.ensembles import Ensemble, InvalidArgument


@dataclass(frozen=True)
class LawExact:
    """Networks of normal weights without matrices, in O(n) a layer, of the law of real weights jointly over layers."""

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
        """Return what draws :class:`montecarlo.engines.vectors_in_law.VectorChunk`.

        Parameters
        ----------
        net, needs, second_input
            As for :meth:`montecarlo.engines.engine.Engine.opened`.
        """
        weights = Weights(net)
        return lambda rng, networks: VectorChunk(
            net, rng, networks, needs=needs, second_input=second_input, weights=weights
        )


@dataclass(frozen=True)
class LawExactNorms:
    """Networks of normal weights reduced to norms, in O(1) a layer, of the law of real weights jointly over layers."""

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
        """Return what draws :class:`montecarlo.engines.norms_in_law.NormChunk`.

        Parameters
        ----------
        net, needs, second_input
            As for :meth:`montecarlo.engines.engine.Engine.opened`.
        """
        weights = Weights(net)
        return lambda rng, networks: NormChunk(net, rng, networks, needs=needs, weights=weights)


@dataclass(frozen=True)
class LawExactAnyActivation:
    """Normal weights without matrices, in O(n) a layer, where networks have biases or a smooth activation."""

    name = "law-exact-any-activation"
    provides = frozenset({"backward", "units", "second_input"})

    def refuse(self, net: Ensemble) -> None:
        """Refuse all but independent normal weights, and variances that floats do not carry through the layers."""
        _require_normal(net, any_activation=True)
        Biases(net)

    def partition(self, net: Ensemble) -> Partition:
        """Return chunks as :class:`LawExact` has them."""
        return LawExact().partition(net)

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        """Return what draws :class:`montecarlo.engines.any_activation_in_law.AnyActivationChunk`.

        Parameters
        ----------
        net, needs, second_input
            As for :meth:`montecarlo.engines.engine.Engine.opened`.
        """
        as_ensemble(net)
        return lambda rng, networks: AnyActivationChunk(net, rng, networks, needs=needs, second_input=second_input)


def _require_normal(net: Ensemble, *, any_activation: bool = False) -> None:
    as_ensemble(net)
    net.require_plain("the law-exact engine", biases=any_activation, smooth=any_activation)
    if not net.law.is_normal or not net.has_independent_entries:
        problem = f"the law-exact engine needs independent normal weights, got {net.describe()}"
        raise InvalidArgument("engine", problem, "use engine='direct'")
