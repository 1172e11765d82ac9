"""What is measured of each network: norms of activations and gradients, angles, dead units, or a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from montecarlo.arguments import as_ensemble, is_whole
from montecarlo.arrays import Array
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.engines.real_matrices import Chunk
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction


@runtime_checkable
class Observable(Protocol):
    """What :func:`montecarlo.simulate` measures; write your own as a frozen (hashable) dataclass at module level.

    Attributes
    ----------
    name : str
        What error messages call it.
    needs : frozenset of str
        What of the chunk is used beyond activations: any of ``"backward"``, ``"weights"``, ``"units"`` and
        ``"second_input"``.
        With ``"second_input"`` it has the attribute `second_input`, a :class:`montecarlo.SecondInput`.

    Examples
    --------
    The size of one weight, as a log:

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
        """Return a label for each number measured, and refuse an ensemble that cannot be measured."""

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs of nonnegative quantities, shape (chunk.networks, len(components)), which are -inf for 0."""


@dataclass(frozen=True)
class ActivationNorms:
    """Squared norms of the activations, log|a_k|^2.

    Parameters
    ----------
    layers : sequence of int, optional
        The layers k, between 0 (the input) and L; by default all of them.

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
        The layers k, between 1 and L; by default all of them.

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


@dataclass(frozen=True)
class GradientProducts:
    """Products of two gradients' squared norms, log(|G_j|_F^2 |G_k|_F^2).

    Parameters
    ----------
    first, second : int
        The layers j and k, between 1 and L.

    Examples
    --------
    >>> GradientProducts(1, 3).components(Ensemble(width=8, depth=4))
    ('G_1*G_3',)
    """

    first: int
    second: int
    name: ClassVar[str] = "GradientProducts"
    needs: ClassVar[frozenset[str]] = frozenset({"backward"})

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return ``G_j*G_k``."""
        layers_between((self.first, self.second), 1, net)
        return (f"G_{self.first}*G_{self.second}",)

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, 1)."""
        logs = chunk.log_gradient_norms([self.first, self.second])
        return np.asarray(logs.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class DeadUnits:
    """Share of the units of each layer that are off (z <= 0), as a log, which is -inf where no unit is.

    Parameters
    ----------
    layers : sequence of int, optional
        The layers k, between 1 and L; by default all of them.

    Examples
    --------
    >>> DeadUnits(layers=[3]).components(Ensemble(width=8, depth=4, activation="relu"))
    ('dead_3',)
    """

    layers: tuple[int, ...] | None = None
    name: ClassVar[str] = "DeadUnits"
    needs: ClassVar[frozenset[str]] = frozenset({"units"})

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", parse_layers(self.layers))

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return ``dead_k`` for each layer.

        Raises
        ------
        InvalidArgument
            If the activation is not ReLU, or the ensemble does not have one of the layers.
        """
        as_ensemble(net)
        if net.activation != "relu":
            raise InvalidArgument("activation", f"{self.name} needs units that can be off", "use activation='relu'")
        return tuple(f"dead_{k}" for k in layers_between(self.layers, 1, net))

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, layers)."""
        layers = layers_between(self.layers, 1, chunk.net)
        widths = np.array([int(chunk.net.width_at(k)) for k in layers])
        with np.errstate(divide="ignore"):  # where no unit is off
            return np.asarray(np.log(1 - chunk.active_units(layers) / widths))


@dataclass(frozen=True)
class _OfTwoInputs:
    """What is measured of two inputs of the same norm, at some layers."""

    cosine: Fraction | str = Fraction(0)
    layers: tuple[int, ...] | None = None
    needs: ClassVar[frozenset[str]] = frozenset({"second_input"})

    def __post_init__(self) -> None:
        object.__setattr__(self, "cosine", self.second_input.cosine)
        object.__setattr__(self, "layers", parse_layers(self.layers))

    @property
    def second_input(self) -> SecondInput:
        """The second input."""
        return SecondInput(exact_fraction("cosine", self.cosine))


@dataclass(frozen=True)
class InnerProducts(_OfTwoInputs):
    r"""Inner products :math:`\langle a_k, a'_k\rangle` of two inputs' activations, by their parts.

    For ReLU the components are the inner products ``p_k``. For other activations they are ``p_k+`` and ``p_k-``, the
    positive and the negative part of each. They also are if the inputs themselves, layer 0, have a negative product.

    Parameters
    ----------
    cosine : Fraction or str
        The cosine of the angle between the inputs, which have the same norm; see :class:`montecarlo.SecondInput`.
    layers : sequence of int, optional
        The layers k, between 0 and L; by default all of them.

    Examples
    --------
    >>> InnerProducts("1/2", layers=[2]).components(Ensemble(width=8, depth=2))
    ('p_2+', 'p_2-')
    """

    name: ClassVar[str] = "InnerProducts"

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the labels."""
        as_ensemble(net)
        signs = ("",) if self._is_positive(net) else ("+", "-")
        return tuple(f"p_{k}{sign}" for k in layers_between(self.layers, 0, net) for sign in signs)

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs of the parts, which are -inf for 0."""
        layers = layers_between(self.layers, 0, chunk.net)
        assert chunk.second_input is not None
        ratios, signs = chunk.second_input.log_ratios(layers)
        logs = np.where(signs == 0, -np.inf, ratios) + np.where(signs == 0, 0.0, chunk.log_activation_norms(layers))
        if self._is_positive(chunk.net):
            return logs
        parts = [np.where(signs * side > 0, logs, -np.inf) for side in (1, -1)]
        return np.stack(parts, axis=2).reshape(len(logs), -1)

    def _is_positive(self, net: Ensemble) -> bool:
        return net.activation == "relu" and (Fraction(self.cosine) >= 0 or 0 not in layers_between(self.layers, 0, net))


@dataclass(frozen=True)
class NormProducts(_OfTwoInputs):
    r"""Products of two inputs' squared norms, :math:`\log(|a_k|^2|a'_k|^2)`.

    Parameters
    ----------
    cosine : Fraction or str
        The cosine of the angle between the inputs, which have the same norm; see :class:`montecarlo.SecondInput`.
    layers : sequence of int, optional
        The layers k, between 0 and L; by default all of them.

    Examples
    --------
    >>> NormProducts("1/2", layers=[2]).components(Ensemble(width=8, depth=2))
    ("a_2*a'_2",)
    """

    name: ClassVar[str] = "NormProducts"

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return ``a_k*a'_k`` for each layer."""
        return tuple(f"a_{k}*a'_{k}" for k in layers_between(self.layers, 0, net))

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, layers)."""
        layers = layers_between(self.layers, 0, chunk.net)
        assert chunk.second_input is not None
        return 2 * chunk.log_activation_norms(layers) + chunk.second_input.log_norm_ratios(layers)


@dataclass(frozen=True)
class Angles(_OfTwoInputs):
    """Angles between two inputs' activations, in radians, as logs, which are accurate however small the angles are.

    Where one of the activations is 0 the angle counts as 0, so that its log is -inf.

    Parameters
    ----------
    cosine : Fraction or str
        The cosine of the angle between the inputs, which have the same norm; see :class:`montecarlo.SecondInput`.
    layers : sequence of int, optional
        The layers k, between 0 and L; by default all of them.

    Examples
    --------
    >>> Angles(layers=[0, 2]).components(Ensemble(width=8, depth=2))
    ('angle_0', 'angle_2')
    """

    name: ClassVar[str] = "Angles"

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return ``angle_k`` for each layer."""
        return tuple(f"angle_{k}" for k in layers_between(self.layers, 0, net))

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, layers)."""
        assert chunk.second_input is not None
        return chunk.second_input.log_angles(layers_between(self.layers, 0, chunk.net))


@dataclass(frozen=True)
class GradientGrowth:
    """Squared gradient norm of one layer over that of another, log(|df/dW_j|_F^2/|df/dW_k|_F^2), in any architecture.

    The log is -inf where either norm is 0.

    Parameters
    ----------
    first, second : int
        The layers j and k, between 1 and L.

    Examples
    --------
    >>> GradientGrowth(1, 3).components(Ensemble(width=8, depth=4))
    ('G_1/G_3',)
    """

    first: int
    second: int
    name: ClassVar[str] = "GradientGrowth"
    stored_as: ClassVar[str] = "montecarlo.remedies.observables"
    needs: ClassVar[frozenset[str]] = frozenset({"backward"})

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return ``G_j/G_k``."""
        layers_between((self.first, self.second), 1, net)
        if self.first == self.second:
            raise InvalidArgument("second", f"is the first layer, {self.first}, again", "name another one")
        return (f"G_{self.first}/G_{self.second}",)

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, 1)."""
        first, second = chunk.log_gradient_norms([self.first, self.second]).T
        both = np.isfinite(first) & np.isfinite(second)
        return np.asarray(np.subtract(first, second, out=np.full(len(first), -np.inf), where=both)[:, None])


def parse_layers(layers: object) -> tuple[int, ...] | None:
    """Read a ``layers`` argument, which is None for all layers, or distinct integers.

    Raises
    ------
    InvalidArgument
        If it is no sequence of distinct integers, or an empty one.

    Examples
    --------
    >>> parse_layers(range(1, 4))
    (1, 2, 3)
    """
    if layers is None:
        return None
    remedy = "use e.g. layers=(1, 4)"
    if isinstance(layers, (str, bytes)) or not isinstance(layers, (Sequence, range)):
        raise InvalidArgument("layers", f"must be a sequence of integers, got {layers!r}", remedy)
    if not layers or not all(map(is_whole, layers)):
        raise InvalidArgument("layers", f"must be integers, at least one, got {layers!r}", remedy)
    if len(set(layers)) < len(layers):
        raise InvalidArgument("layers", f"names a layer twice: {layers!r}", "name each once")
    return tuple(int(k) for k in layers)


def parse_blocks(blocks: object) -> tuple[tuple[int, int], ...] | None:
    """Read a ``blocks`` argument, which is None for the whole Hessian, or pairs of layers k < l.

    Raises
    ------
    InvalidArgument
        If it is no sequence of such pairs, or an empty one.

    Examples
    --------
    >>> parse_blocks([[1, 3]])
    ((1, 3),)
    """
    if blocks is None:
        return None
    if isinstance(blocks, (str, bytes)) or not isinstance(blocks, Sequence) or not blocks:
        raise InvalidArgument("blocks", f"must be a sequence of pairs, got {blocks!r}", "use e.g. blocks=[(1, 3)]")
    return tuple(_block(pair) for pair in blocks)


def _block(pair: object) -> tuple[int, int]:
    """Read a pair of layers."""
    if isinstance(pair, Sequence) and len(pair) == 2:
        k, later = pair
        if is_whole(k) and is_whole(later) and 1 <= k < later:
            return int(k), int(later)
    raise InvalidArgument("blocks", f"must be pairs of layers k < l, got {pair!r}", "use e.g. blocks=[(1, 3)]")


def layers_between(layers: tuple[int, ...] | None, first: int, net: Ensemble) -> Sequence[int]:
    """Return the layers that are meant for an ensemble.

    Parameters
    ----------
    layers : tuple of int or None
        What :func:`parse_layers` returned; None for all.
    first : int
        The first layer that may be meant, 0 or 1.
    net : Ensemble
        An ensemble without symbols.

    Raises
    ------
    InvalidArgument
        If the ensemble does not have one of the layers.
    """
    as_ensemble(net)
    depth = int(net.depth)
    if layers is None:
        return range(first, depth + 1)
    for k in layers:
        if not first <= k <= depth:
            raise InvalidArgument("layers", f"must lie between {first} and the depth {depth}, got {k}", "change them")
    return layers
