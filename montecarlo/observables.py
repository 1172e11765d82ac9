"""What is measured of each network: norms of activations and of gradients, or one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import ClassVar, Protocol, runtime_checkable

from montecarlo.passes import Chunk
from montecarlo.weights import Array
from theory.ensembles import Ensemble, InvalidArgument


@runtime_checkable
class Observable(Protocol):
    """What :func:`montecarlo.simulate` measures; write your own as a frozen (hashable) dataclass at module level.

    Attributes
    ----------
    name : str
        Appears in error messages.
    needs : frozenset of str
        What of the chunk is used beyond activations: any of ``"backward"``, ``"weights"``.

    Examples
    --------
    The sign of the output, as log|x|^2 of x = 1 or 0:

    >>> import numpy as np
    >>> @dataclass(frozen=True)
    ... class FirstWeight:
    ...     name: ClassVar[str] = "first weight"
    ...     needs: ClassVar[frozenset[str]] = frozenset({"weights"})
    ...     def components(self, net):
    ...         return ("log|w|",)
    ...     def measure(self, chunk):
    ...         return np.log(np.abs(chunk.weights(1)[:, 0, :1]))
    >>> isinstance(FirstWeight(), Observable)
    True
    """

    @property
    def name(self) -> str:
        """What error messages call it."""

    @property
    def needs(self) -> frozenset[str]:
        """What must be computed beyond the forward pass."""

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return a label for each number measured; refuse an ensemble that cannot be measured."""

    def measure(self, chunk: Chunk) -> Array:
        """Return logs of nonnegative quantities, shape (chunk.networks, len(components)); -inf for 0."""


@dataclass(frozen=True)
class ActivationNorms:
    """Squared norms of the activations, log|a_k|^2.

    Parameters
    ----------
    layers : sequence of int, optional
        Which k, between 0 (the input) and L; all of them by default.

    Examples
    --------
    >>> ActivationNorms().components(Ensemble(width=8, depth=2))
    ('a_0', 'a_1', 'a_2')
    """

    layers: tuple[int, ...] | None = None
    name: ClassVar[str] = "ActivationNorms"
    needs: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", parse_layers(self.layers))

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return ``a_k`` for each layer."""
        return tuple(f"a_{k}" for k in layers_between(self.layers, 0, net))

    def measure(self, chunk: Chunk) -> Array:
        """Return log|a_k|^2, shape (m, layers)."""
        return chunk.log_activation_norms(layers_between(self.layers, 0, chunk.net))


@dataclass(frozen=True)
class GradientNorms:
    """Squared Frobenius norms of the gradients of the output f = <v, a_L>, log|df/dW_k|_F^2.

    Parameters
    ----------
    layers : sequence of int, optional
        Which k, between 1 and L; all of them by default.

    Examples
    --------
    >>> GradientNorms(layers=[2]).components(Ensemble(width=8, depth=2))
    ('G_2',)
    """

    layers: tuple[int, ...] | None = None
    name: ClassVar[str] = "GradientNorms"
    needs: ClassVar[frozenset[str]] = frozenset({"backward"})

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", parse_layers(self.layers))

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return ``G_k`` for each layer."""
        return tuple(f"G_{k}" for k in layers_between(self.layers, 1, net))

    def measure(self, chunk: Chunk) -> Array:
        """Return log|G_k|_F^2, shape (m, layers)."""
        return chunk.log_gradient_norms(layers_between(self.layers, 1, chunk.net))


def parse_layers(layers: object) -> tuple[int, ...] | None:
    """Read the ``layers`` argument: None for all, or distinct integers."""
    if layers is None:
        return None
    remedy = "use e.g. layers=(1, 4)"
    if isinstance(layers, (str, bytes)) or not isinstance(layers, (Sequence, range)):
        raise InvalidArgument("layers", f"must be a sequence of integers, got {layers!r}", remedy)
    if not layers or any(isinstance(k, bool) or not isinstance(k, Integral) for k in layers):
        raise InvalidArgument("layers", f"must be integers, at least one, got {layers!r}", remedy)
    if len(set(layers)) < len(layers):
        raise InvalidArgument("layers", f"names a layer twice: {layers!r}", "name each once")
    return tuple(int(k) for k in layers)


def layers_between(layers: tuple[int, ...] | None, first: int, net: Ensemble) -> Sequence[int]:
    """Return the layers meant for this ensemble, refusing those it does not have."""
    depth = int(net.depth)
    if layers is None:
        return range(first, depth + 1)
    for k in layers:
        if not first <= k <= depth:
            raise InvalidArgument("layers", f"must lie between {first} and the depth {depth}, got {k}", "change them")
    return layers
