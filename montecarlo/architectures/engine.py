"""The engine of every network that is not homogeneous or not plain: real weight matrices, all of which are kept."""

from __future__ import annotations

from dataclasses import dataclass

from montecarlo.architectures.batch_norm import BatchNormChunk
from montecarlo.architectures.kept_weights import KeptChunk, partition_of_kept, require_kept
from montecarlo.architectures.layer_norm import LayerNormChunk
from montecarlo.architectures.plain import PlainChunk
from montecarlo.architectures.residual import ResidualChunk
from montecarlo.arguments import as_ensemble
from montecarlo.drawing.biases import Biases
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
    """Real weight matrices in any architecture, or with biases or a smooth activation, in double precision.

    Parameters
    ----------
    architecture : Architecture
        The architecture. Plain networks without biases and with a piecewise-linear activation have an engine of their
        own, :class:`montecarlo.engines.direct.Direct`.

    Examples
    --------
    >>> net = Ensemble(width=8, depth=4, architecture="residual:1/sqrt(L)")
    >>> Wired(net.architecture).name
    'residual-linear-1/sqrt(L)'
    """

    architecture: Architecture

    @property
    def provides(self) -> frozenset[str]:
        """The needs of observables that it meets: only plain networks have a second input."""
        more = {"units", "second_input"} if self.architecture.is_plain else set[str]()
        return frozenset({"backward", "weights", *more})

    @property
    def name(self) -> str:
        """The architecture's name in the names of streams and in stored runs, which must never change."""
        match self.architecture.name:
            case "residual":
                return f"residual-{self.architecture.branch}-{self.architecture.alpha}"
            case "layernorm":
                return "layer-norm"
            case "plain":
                return "plain-kept"
            case _:
                return f"batch-norm-{self.architecture.batch}"

    def refuse(self, net: Ensemble) -> None:
        """Refuse another architecture, what cannot be drawn, and networks that outgrow memory.

        Raises
        ------
        InvalidArgument
            If the ensemble is one of these.
        """
        as_ensemble(net)
        if net.architecture != self.architecture or (net.architecture.is_plain and net.is_homogeneous):
            own, other = self.architecture.describe(), net.architecture.describe()
            problem = f"the engine of the architecture {own!r} does not draw {other!r}"
            raise InvalidArgument("engine", problem, "use engine='direct'")
        Weights(net)
        if net.architecture.is_plain:
            Biases(net)
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
        needs : frozenset of str
            This has no effect, as all is kept.
        second_input : SecondInput or None
            The second input of plain networks.

        Returns
        -------
        callable
            Draws a chunk, given a stream and a number of networks.
        """
        law = Weights(net)
        if net.architecture.is_plain:
            return lambda rng, networks: PlainChunk(net, rng, networks, law=law, second_input=second_input)
        chunk = _CHUNKS[self.architecture.name]
        return lambda rng, networks: chunk(net, rng, networks, law=law)
