"""One given network: weight matrices without biases, a piecewise-linear activation, and a readout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_count, as_ensemble, as_floats
from montecarlo.arrays import Array
from montecarlo.drawing.streams import sizes, stream
from montecarlo.engines.real_matrices import Chunk
from montecarlo.wording import counted, shape_of
from theory.ensembles import Ensemble, InvalidArgument

_MOST_BYTES = 2**33
"""The weights of one network that is drawn may take so many bytes."""


@dataclass(frozen=True, eq=False)
class Network:
    r"""A network :math:`a_k = \phi(W_k a_{k-1})` without biases, whose Hessian in the weights is asked for.

    Parameters
    ----------
    weights : sequence of array_like, shapes (n_k, n_{k-1})
        W_1, ..., W_L.
    activation : str
        ``linear``, ``relu`` or ``leaky:SLOPE``.
    readout : array_like, shape (n_L,) or (o, n_L), optional
        v or V, which is no parameter: the outputs are :math:`V a_L`. Without it the last layer has no activation and
        its units are the outputs, :math:`W_L a_{L-1}`, as in the usual classifier.

    Attributes
    ----------
    weights : tuple of ndarray
        The weights in double precision.
    slope : float
        Slope of the activation for negative arguments.

    Raises
    ------
    InvalidArgument
        If shapes do not fit, an entry is not finite, or the activation is not piecewise linear.

    Examples
    --------
    >>> net = Network([np.eye(2), [[1.0, -2.0]]], activation="relu")
    >>> net
    Network(2-2-1, relu, 6 weights)
    >>> net.widths, net.parameters
    ((2, 2, 1), 6)
    >>> net.outputs([[3.0, 1.0]])
    array([[1.]])
    """

    weights: tuple[Array, ...]
    activation: str
    readout: Array | None
    slope: float

    def __init__(
        self, weights: Sequence[ArrayLike], activation: str = "relu", readout: ArrayLike | None = None
    ) -> None:
        matrices = _matrices(weights)
        widths = (matrices[0].shape[1], *(len(w) for w in matrices))
        object.__setattr__(self, "weights", matrices)
        object.__setattr__(self, "activation", activation)
        object.__setattr__(self, "readout", None if readout is None else _readout(readout, widths[-1]))
        object.__setattr__(self, "slope", _slope(activation if isinstance(activation, str) else str(activation)))

    def __repr__(self) -> str:
        outputs = "" if self.readout is None else f", read out by {counted(self.outputs_size, 'vector')}"
        return f"Network({shape_of(self.widths)}, {self.activation}, {counted(self.parameters, 'weight')}{outputs})"

    @classmethod
    def sample(cls, net: Ensemble, seed: int = 0, *, readout: bool = True) -> Network:
        """Draw one network of an ensemble.

        Parameters
        ----------
        net : Ensemble
            An ensemble without symbols.
        seed : int
            Not negative. The network comes from a stream of its own, apart from those of simulations.
        readout : bool
            Whether it has the ensemble's readout. If not, the last layer is linear and its units are the outputs.

        Raises
        ------
        InvalidArgument
            If an argument is none of these, the law cannot be drawn, or the weights would take too much memory.

        Examples
        --------
        >>> Network.sample(Ensemble(widths=(64, 16, 10), activation="relu", init="he"), readout=False).widths
        (64, 16, 10)
        """
        seed = _require_sample(net, seed)
        chunk = Chunk(net, stream(seed, net.digest(), "network"), 1, needs=frozenset({"weights"}))
        weights = [chunk.weights(k)[0] for k in range(1, int(net.depth) + 1)]
        return cls(weights, str(net.activation), chunk.readout[0] if readout else None)

    @property
    def widths(self) -> tuple[int, ...]:
        """n_0, ..., n_L."""
        return (self.weights[0].shape[1], *(len(w) for w in self.weights))

    @property
    def depth(self) -> int:
        """L."""
        return len(self.weights)

    @property
    def parameters(self) -> int:
        """How many weights there are: the size of the Hessian."""
        return sum(w.size for w in self.weights)

    @property
    def outputs_size(self) -> int:
        """How many outputs there are."""
        return self.widths[-1] if self.readout is None else len(self.readout)

    def outputs(self, inputs: ArrayLike) -> Array:
        """Return the outputs, shape (N, o), of inputs of shape (N, n_0) or (n_0,)."""
        a = self.checked_inputs(inputs).T
        for k, w in enumerate(self.weights, start=1):
            z = w @ a
            a = z if k == self.depth and self.readout is None else np.where(z > 0, z, self.slope * z)
        return np.ascontiguousarray((a if self.readout is None else self.readout @ a).T)

    def checked_inputs(self, inputs: ArrayLike) -> Array:
        """Return inputs, of shape (N, n_0) or (n_0,), as an array of shape (N, n_0).

        Raises
        ------
        InvalidArgument
            If they have another shape, there are none, or an entry is not finite.
        """
        x = as_floats("inputs", inputs)
        x = x[None, :] if x.ndim == 1 else x
        if x.ndim != 2 or x.shape[1] != self.widths[0] or not len(x):
            problem = f"have shape {np.shape(inputs)}, but the network reads vectors of {self.widths[0]} entries"
            raise InvalidArgument("inputs", problem, f"use shape (N, {self.widths[0]}) with N at least 1")
        return x


def _require_sample(net: object, seed: object) -> int:
    """Refuse what cannot be drawn; return the seed."""
    net, seed = as_ensemble(net, "Network.sample"), as_count("seed", seed, 0, example=0)
    net.require_plain("Network")
    weights_bytes = 8 * sum(a * b for a, b in pairwise(sizes(net)))
    if weights_bytes > _MOST_BYTES:
        problem = f"has weights of {weights_bytes / 2**30:.3g} GiB"
        raise InvalidArgument("net", problem, f"use a network of at most {_MOST_BYTES / 2**30:.3g} GiB")
    return seed


@cache
def _slope(activation: str) -> float:
    slope = Ensemble(width=1, depth=1, activation=activation).slope
    if isinstance(slope, str):
        raise InvalidArgument("activation", f"has the symbol {slope!r} for a slope", "use a number, as leaky:1/4")
    return float(Fraction(slope))


def _matrices(weights: Any) -> tuple[Array, ...]:
    if isinstance(weights, (str, bytes)) or not isinstance(weights, (Sequence, np.ndarray)) or not len(weights):
        raise InvalidArgument("weights", f"must be matrices, at least one, got {weights!r:.50}", "use [W_1, ..., W_L]")
    matrices = tuple(as_floats("weights", w, finite=False) for w in weights)
    if not np.isfinite(np.concatenate([w.ravel() for w in matrices])).all():
        raise InvalidArgument("weights", "have entries that are not finite", "remove nan and inf")
    for k, w in enumerate(matrices, start=1):
        if w.ndim != 2 or not w.size:
            raise InvalidArgument("weights", f"W_{k} has shape {w.shape}", "use matrices (n_k, n_{k-1})")
        if k > 1 and w.shape[1] != len(matrices[k - 2]):
            problem = f"W_{k} has shape {w.shape}, but layer {k - 1} has {len(matrices[k - 2])} units"
            raise InvalidArgument("weights", problem, f"use shape ({len(w)}, {len(matrices[k - 2])})")
    return matrices


def _readout(readout: ArrayLike, width: int) -> Array:
    v = as_floats("readout", readout)
    v = v[None, :] if v.ndim == 1 else v
    if v.ndim != 2 or v.shape[1] != width or not len(v):
        problem = f"has shape {np.shape(readout)}, but the last layer has {width} units"
        raise InvalidArgument("readout", problem, f"use shape ({width},) or (o, {width})")
    return v
