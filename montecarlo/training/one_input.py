"""The loss (f-y)^2/2 of many networks at once on one input, and its gradients in all weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo.architectures.passes import VECTORS, Layer, backward, forward
from montecarlo.arguments import as_count, as_floats, as_real
from montecarlo.arrays import Array
from montecarlo.curvature.networks import Network
from montecarlo.wording import counted, shape_of
from theory.ensembles import InvalidArgument


@dataclass(frozen=True, eq=False)
class OneInput:
    r"""The losses :math:`\frac12(f-y)^2`, :math:`f = \langle v, a_L\rangle`, of m networks on one input.

    Parameters are an array of shape (m, P), with W_1 by rows, ..., W_L by rows for each network.

    Attributes
    ----------
    widths : tuple of int
        The widths n_0, ..., n_L.
    slope : float
        The slope of the activation for negative arguments, and at 0.
    readouts : ndarray, shape (m, n_L)
        The readout v of each network, which is not trained.
    input : ndarray, shape (n_0,)
        The input x of all networks.
    targets : ndarray, shape (m,)
        The target y of each network.

    Raises
    ------
    InvalidArgument
        If shapes do not fit, or a number is not finite.

    Notes
    -----
    :math:`\nabla_{W_k} f = b_k a_{k-1}^T`, :math:`b_L = D_L v`, :math:`b_k = D_k W_{k+1}^T b_{k+1}`. At width one both
    passes are products of the weights before and after k, so that nothing is divided by :math:`w_k`.

    Examples
    --------
    >>> chains = OneInput((1, 1, 1), 1.0, np.ones((1, 1)), np.ones(1), np.array([10.0]))
    >>> chains.gradients(np.array([[2.0, 3.0]]))
    (array([6.]), array([[-12.,  -8.]]))
    """

    widths: tuple[int, ...]
    slope: float
    readouts: Array
    input: Array
    targets: Array

    def __repr__(self) -> str:
        return f"OneInput({counted(len(self.targets), 'network')}, {shape_of(self.widths)}, slope {self.slope:g})"

    def __post_init__(self) -> None:
        widths: object = self.widths
        if isinstance(widths, (str, bytes)) or not isinstance(widths, Sequence) or len(widths) < 2:
            raise InvalidArgument("widths", f"must be at least n_0 and n_1, got {widths!r:.50}", "use e.g. (2, 4, 1)")
        object.__setattr__(self, "widths", tuple(as_count("widths", width, 1, math.inf) for width in widths))
        slope = as_real(self.slope)
        if not math.isfinite(slope):
            raise InvalidArgument("slope", f"must be a finite number, got {self.slope!r:.50}", "use 0 for relu")
        object.__setattr__(self, "slope", slope)
        y, v, x = (as_floats(name, getattr(self, name)) for name in ("targets", "readouts", "input"))
        if y.ndim != 1:
            raise InvalidArgument("targets", f"have shape {y.shape}", "give one for each network")
        for name, array, shape in (("readouts", v, (len(y), self.widths[-1])), ("input", x, (self.widths[0],))):
            if array.shape != shape:
                problem = f"has shape {array.shape}, for {len(y)} networks of widths {self.widths}"
                raise InvalidArgument(name, problem, f"use shape {shape}")
        for name, array in (("targets", y), ("readouts", v), ("input", x)):
            object.__setattr__(self, name, array)

    @classmethod
    def of_chunk(cls, chunk: Any, targets: ArrayLike) -> tuple[OneInput, Array]:
        """Return the problem of a chunk's networks, and their parameters.

        Parameters
        ----------
        chunk : Chunk
            A :class:`montecarlo.Chunk` that was drawn with ``needs={"weights"}``.
        targets : array_like, shape (m,) or ()
            The target of each network, or one for all.

        Raises
        ------
        InvalidArgument
            If the architecture is not plain, or targets are no such numbers.
        """
        chunk.net.require_plain("the loss on one input")
        depth, m = int(chunk.net.depth), chunk.networks
        weights = [chunk.weights(k).astype(np.float64, copy=False) for k in range(1, depth + 1)]
        widths = (weights[0].shape[2], *(w.shape[1] for w in weights))
        slope = float(Fraction(chunk.net.slope))
        problem = cls(widths, slope, chunk.readout, chunk.input, np.broadcast_to(_targets(targets), (m,)))
        return problem, np.concatenate([w.reshape(m, -1) for w in weights], axis=1)

    @classmethod
    def of_networks(cls, networks: Sequence[Network], inputs: ArrayLike, targets: ArrayLike) -> tuple[OneInput, Array]:
        """Return the problem of given networks with one output each, and their parameters.

        Parameters
        ----------
        networks : sequence of Network
            Networks of the same widths and activation, with a readout.
        inputs : array_like, shape (n_0,)
            The input of all networks.
        targets : array_like, shape (m,) or ()
            The target of each network, or one for all.

        Raises
        ------
        InvalidArgument
            If the networks differ in shape or activation, or have no readout of one output.
        """
        given = list(networks)
        if not given or not all(isinstance(network, Network) for network in given):
            raise InvalidArgument("networks", "must be networks, at least one", "use Network(weights, ...)")
        first = given[0]
        if any(network.widths != first.widths or network.slope != first.slope for network in given):
            raise InvalidArgument("networks", "differ in widths or activation", "give networks of one architecture")
        readouts = [network.readout for network in given if network.readout is not None and len(network.readout) == 1]
        if len(readouts) < len(given):
            raise InvalidArgument("networks", "must have one output each", "give each a readout (n_L,)")
        x = first.checked_inputs(inputs)
        if len(x) != 1:
            raise InvalidArgument("inputs", f"are {len(x)}, but a plateau is that of one", "give one input")
        y = np.broadcast_to(_targets(targets), (len(given),))
        problem = cls(first.widths, first.slope, np.concatenate(readouts), x[0], y)
        return problem, np.stack([np.concatenate([w.ravel() for w in network.weights]) for network in given])

    @property
    def networks(self) -> int:
        """The number m of networks."""
        return len(self.targets)

    @property
    def depth(self) -> int:
        """The number L of weight matrices."""
        return len(self.widths) - 1

    @cached_property
    def parameters(self) -> int:
        """The number P of weights that a network has."""
        return sum(n_in * n_out for n_in, n_out in pairwise(self.widths))

    def taken(self, which: NDArray[Any]) -> OneInput:
        """Return the problem of some of the networks.

        Parameters
        ----------
        which : ndarray of bool or int
            The networks, as a mask or by number.
        """
        problem = copy.copy(self)  # what was checked is not checked again
        object.__setattr__(problem, "readouts", self.readouts[which])
        object.__setattr__(problem, "targets", self.targets[which])
        return problem

    def gradients(self, parameters: NDArray[Any], out: NDArray[Any] | None = None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the outputs and the gradients of the losses.

        Parameters
        ----------
        parameters : ndarray, shape (m, P)
            The weights. Complex ones are allowed: signs are those of real parts, and nothing is conjugated.
        out : ndarray, shape (m, P), optional
            The array that takes the gradients.

        Returns
        -------
        ndarray, shape (m,)
            The outputs f.
        ndarray, shape (m, P)
            The gradients of the losses.

        Raises
        ------
        InvalidArgument
            If parameters are not of shape (m, P).
        """
        if parameters.shape != (len(self.targets), self.parameters):
            problem = (
                f"have shape {parameters.shape}, but there are {self.networks} networks of {self.parameters} weights"
            )
            raise InvalidArgument("parameters", problem, f"use shape ({self.networks}, {self.parameters})")
        if parameters.dtype.kind not in "fc":
            parameters = as_floats("parameters", parameters)
        found = np.empty(parameters.shape, parameters.dtype) if out is None else out
        run = self._chains if set(self.widths) == {1} else self._layers
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # the caller sees what has diverged
            return run(parameters, found), found

    def _chains(self, w: NDArray[Any], out: NDArray[Any]) -> NDArray[Any]:
        """Run chains: gradients are products of the weights before and after each, with the slopes on the way."""
        v, x = self.readouts, self.input
        slopes: Any = 1.0
        steps = w
        if self.slope != 1:
            slopes = np.where(np.sign(x) * np.cumprod(np.sign(w.real), axis=1) > 0, 1.0, self.slope)
            steps = w * slopes
        after = np.empty_like(w)  # b_k is the product of all that follows w_k
        after[:, -1:] = v
        after[:, :-1] = steps[:, 1:]
        np.cumprod(after[:, ::-1], axis=1, out=after[:, ::-1])
        before = out  # a_{k-1}
        before[:, 0] = x
        before[:, 1:] = steps[:, :-1]
        np.cumprod(before, axis=1, out=before)
        outputs = before[:, -1] * steps[:, -1] * v[:, 0]
        np.multiply(before, after, out=out)
        if self.slope != 1:
            out *= slopes
        out *= (outputs - self.targets)[:, None]
        return np.asarray(outputs)

    def _layers(self, parameters: NDArray[Any], out: NDArray[Any]) -> NDArray[Any]:
        weights, gradients = layer_views(parameters, self.widths), layer_views(out, self.widths)
        layers = [Layer(self.slope)] * self.depth
        x = np.repeat(self.input[None].astype(parameters.dtype), len(parameters), axis=0)
        last, passed = forward(layers, weights, x, VECTORS)
        outputs = np.asarray(np.einsum("mi,mi->m", last, self.readouts))
        start = (outputs - self.targets)[:, None] * self.readouts
        for k, b, a in backward(layers, weights, passed, start, VECTORS):
            np.multiply(b[:, :, None], a[:, None, :], out=gradients[k - 1])
        return outputs


def layer_views(parameters: NDArray[Any], widths: Sequence[int]) -> list[NDArray[Any]]:
    """Return views W_1, ..., W_L, shapes (m, n_k, n_{k-1}), of all weights.

    Parameters
    ----------
    parameters : ndarray, shape (m, P)
        The weights, W_1 by rows, ..., W_L by rows for each network.
    widths : sequence of int
        The widths n_0, ..., n_L.

    Examples
    --------
    >>> [w.shape for w in layer_views(np.zeros((5, 8)), (3, 2, 1))]
    [(5, 2, 3), (5, 1, 2)]
    """
    views, first = [], 0
    for n_in, n_out in pairwise(widths):
        last = first + n_in * n_out
        views.append(parameters[:, first:last].reshape(len(parameters), n_out, n_in))
        first = last
    return views


def _targets(targets: ArrayLike) -> Array:
    y = as_floats("targets", targets)
    if y.ndim > 1:
        raise InvalidArgument("targets", f"have shape {y.shape}", "give one for each network, or one for all")
    return y
