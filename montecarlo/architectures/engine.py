"""The engine of every architecture but the plain one: it draws real weight matrices, and keeps all of them."""

from __future__ import annotations

from dataclasses import dataclass

from montecarlo.architectures.batch_norm import BatchNormChunk
from montecarlo.architectures.kept_weights import KeptChunk, partition_of_kept, require_kept
from montecarlo.architectures.layer_norm import LayerNormChunk
from montecarlo.architectures.residual import ResidualChunk
from montecarlo.arguments import as_ensemble
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.streams import Partition
from montecarlo.drawing.weights import Weights
from montecarlo.engines.engine import Draw
from theory.ensembles import Architecture, Ensemble, InvalidArgument

_CHUNKS: dict[str, type[KeptChunk]] = {
    "residual": ResidualChunk,
    "layernorm": LayerNormChunk,
    "batchnorm": BatchNormChunk,
}


@dataclass(frozen=True)
class Wired:
    """Real weight matrices in another architecture than the plain one, in double precision.

    Parameters
    ----------
    architecture : Architecture
        The architecture, which is not the plain one.

    Examples
    --------
    >>> net = Ensemble(width=8, depth=4, architecture="residual:1/sqrt(L)")
    >>> Wired(net.architecture).name
    'residual-linear-1/sqrt(L)'
    """

    architecture: Architecture
    provides = frozenset({"backward", "weights"})

    @property
    def name(self) -> str:
        """The architecture's name in the names of streams and in stored runs, which must never change."""
        match self.architecture.name:
            case "residual":
                return f"residual-{self.architecture.branch}-{self.architecture.alpha}"
            case "layernorm":
                return "layer-norm"
            case _:
                return f"batch-norm-{self.architecture.batch}"

    def refuse(self, net: Ensemble) -> None:
        """Refuse another architecture, laws that cannot be drawn, and networks that outgrow memory.

        Raises
        ------
        InvalidArgument
            If the ensemble is one of these.
        """
        as_ensemble(net)
        if net.architecture.is_plain or net.architecture != self.architecture:
            own, other = self.architecture.describe(), net.architecture.describe()
            problem = f"the engine of the architecture {own!r} does not draw {other!r}"
            raise InvalidArgument("engine", problem, "use engine='direct'")
        Weights(net)
        require_kept(net)

    def partition(self, net: Ensemble) -> Partition:
        """Return chunks whose weights and activations are kept."""
        return partition_of_kept(net)

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        """Return what draws the architecture's chunks.

        Parameters
        ----------
        net : Ensemble
            The ensemble, of this architecture.
        needs, second_input
            These have no effect, as all is kept and there is no second input.

        Returns
        -------
        callable
            Draws a chunk, given a stream and a number of networks.
        """
        law, chunk = Weights(net), _CHUNKS[self.architecture.name]
        return lambda rng, networks: chunk(net, rng, networks, law=law)
