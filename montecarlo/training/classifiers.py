"""Many deep classifiers at once: their loss on data, softmax cross-entropy or squared, and its gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from numbers import Integral
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo.activations import BY_NAME, Smooth
from montecarlo.architectures.passes import ROWS, Layer, Passed, backward, forward
from montecarlo.arguments import as_count, as_floats, as_real
from montecarlo.arrays import Array
from montecarlo.drawing.streams import stream
from montecarlo.training.one_input import layer_views
from theory.ensembles import Ensemble, InvalidArgument

NORMALIZATIONS = ("none", "layer", "batch")
LOSSES = ("cross-entropy", "squared")
VARIANCE_FLOOR = 1e-5
"""What is added to variances before they divide, as in PyTorch."""


@dataclass(frozen=True)
class Classifier:
    r"""The classifier :math:`a_k = \phi(N(W_k a_{k-1}))`, k < L, with logits :math:`W_L a_{L-1}` and no biases.

    Parameters
    ----------
    widths : sequence of int
        The widths n_0, ..., n_L, of which the last is the number of classes, at least 2.
    activation : str
        ``linear``, ``relu``, ``leaky:SLOPE``, or a smooth one such as ``tanh``.
    residual : float
        The scale alpha: hidden layers from the second on that are as wide as the one before become
        :math:`a_k = a_{k-1} + \alpha\,\phi(N(W_k a_{k-1}))`; at 0 there are no residual branches.
    normalization : str
        What N is: ``none``; ``layer``, over the units of each example; or ``batch``, over the examples of each unit.
        Both subtract the mean and divide by the root of the variance plus 1e-5, without parameters of their own.
    loss : str
        What is averaged over examples: ``cross-entropy``, or ``squared``, which is :math:`|f - e_y|^2/2`.

    Raises
    ------
    InvalidArgument
        If an argument is none of these.

    References
    ----------
    K. He et al., CVPR 2016 (arXiv:1512.03385); J. L. Ba et al. (arXiv:1607.06450), eq. (3); S. Ioffe and C. Szegedy,
    ICML 2015 (arXiv:1502.03167), algorithm 1.

    Examples
    --------
    >>> model = Classifier((64, 16, 16, 10))
    >>> model.parameters, model.describe()
    (1440, 'plain')
    """

    widths: tuple[int, ...]
    activation: str = "relu"
    residual: float = 0.0
    normalization: str = "none"
    loss: str = "cross-entropy"

    def __post_init__(self) -> None:
        widths: object = self.widths
        if isinstance(widths, (str, bytes)) or not isinstance(widths, Sequence) or len(widths) < 2:
            raise InvalidArgument("widths", f"must be at least n_0 and n_1, got {widths!r}", "use e.g. (64, 16, 10)")
        for width in widths:
            if isinstance(width, bool) or not isinstance(width, Integral) or width < 1:
                raise InvalidArgument("widths", f"must be positive integers, got {width!r}", "use e.g. (64, 16, 10)")
        object.__setattr__(self, "widths", tuple(int(width) for width in widths))
        if self.widths[-1] < 2:
            problem = "end in a single class, of which there is nothing to learn"
            raise InvalidArgument("widths", problem, "use at least two")
        net = Ensemble(width=1, depth=1, activation=self.activation)
        if isinstance(net.slope if net.is_piecewise_linear else None, str):
            raise InvalidArgument("activation", f"has a symbol for a slope: {self.activation}", "use e.g. leaky:1/4")
        alpha: object = self.residual
        if not 0 <= as_real(alpha) < math.inf:
            raise InvalidArgument("residual", f"must be finite and not negative, got {alpha!r:.50}", "use e.g. 1/depth")
        object.__setattr__(self, "residual", as_real(alpha))
        if self.normalization not in NORMALIZATIONS:
            problem = f"there is no normalization {self.normalization!r}"
            raise InvalidArgument("normalization", problem, f"use {', '.join(NORMALIZATIONS)}")
        if self.loss not in LOSSES:
            raise InvalidArgument("loss", f"there is no loss {self.loss!r}", f"use {' or '.join(LOSSES)}")

    @cached_property
    def smooth(self) -> Smooth | None:
        """The activation by its functions, None if it is piecewise linear."""
        return BY_NAME.get(str(Ensemble(width=1, depth=1, activation=self.activation).activation))

    @cached_property
    def slope(self) -> float:
        """The slope of a piecewise linear activation for negative arguments, and at 0; a smooth one has none."""
        return float(Fraction(Ensemble(width=1, depth=1, activation=self.activation).slope))

    @cached_property
    def _layers(self) -> list[Layer]:
        """What follows each matrix; nothing follows the last."""
        over: dict[str, Literal["units", "inputs"] | None] = {"none": None, "layer": "units", "batch": "inputs"}
        slope = 1.0 if self.smooth is not None else self.slope
        hidden = [Layer(slope, over[self.normalization], smooth=self.smooth)] * (self.depth - 1)
        for k, layer in enumerate(hidden, start=1):
            if self.residual > 0 and k > 1 and self.widths[k] == self.widths[k - 1]:
                hidden[k - 1] = replace(layer, adds_to=k - 1, scale=self.residual)
        return [*hidden, Layer()]

    @property
    def depth(self) -> int:
        """The number L of weight matrices."""
        return len(self.widths) - 1

    @cached_property
    def parameters(self) -> int:
        """The number P of weights that a network has."""
        return sum(n_in * n_out for n_in, n_out in pairwise(self.widths))

    def describe(self) -> str:
        """Return what is added to the plain network, in words."""
        parts = [f"{self.normalization} norm"] * (self.normalization != "none") + ["residual"] * (self.residual > 0)
        return " + ".join(parts) or "plain"

    def initial(self, seeds: Sequence[int]) -> Array:
        """Return normal weights, shape (m, P), with a network for each seed.

        They are at He initialization; with a smooth activation their variance is 1/fan_in.

        Parameters
        ----------
        seeds : sequence of int
            One for each network, none negative.

        Raises
        ------
        InvalidArgument
            If they are no such integers.

        Examples
        --------
        >>> Classifier((4, 3, 2)).initial(seeds=[0, 1]).shape
        (2, 18)
        """
        if isinstance(seeds, (str, bytes)) or not isinstance(seeds, (Sequence, np.ndarray)):
            raise InvalidArgument("seeds", f"must be integers, got {seeds!r:.50}", "use e.g. seeds=[0, 1]")
        seeds = [as_count("seeds", seed, 0, math.inf) for seed in seeds]
        init = "he" if self.smooth is None else "lecun"
        net = Ensemble(widths=self.widths, activation=self.activation, init=init)
        found = np.empty((len(seeds), self.parameters))
        for row, seed in zip(found, seeds, strict=True):
            stream(seed, net.digest(), "training").standard_normal(out=row)
        for k, w in enumerate(layer_views(found, self.widths), start=1):
            w *= math.sqrt(net.variance(k))
        return found

    def logits(self, parameters: Array, inputs: ArrayLike) -> Array:
        """Return the logits of m networks, shape (m, B, n_L).

        Parameters
        ----------
        parameters : ndarray, shape (m, P)
            The weights, a row for each network.
        inputs : array_like, shape (B, n_0) or (m, B, n_0)
            The examples, the same for all networks, or others for each.

        Raises
        ------
        InvalidArgument
            If shapes do not fit.
        """
        w, x = self._checked(parameters, as_floats("inputs", inputs, finite=False))
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(self._forward(w, x)[0])

    def _forward(self, parameters: NDArray[Any], inputs: NDArray[Any]) -> tuple[NDArray[Any], list[Passed]]:
        weights = layer_views(parameters, self.widths)
        examples = np.broadcast_to(inputs, (len(parameters), *inputs.shape[-2:]))
        return forward(self._layers, weights, examples, ROWS, floor=VARIANCE_FLOOR)

    def gradients(
        self, parameters: NDArray[Any], inputs: Array, labels: NDArray[Any], out: NDArray[Any] | None = None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the mean losses of m networks and their gradients.

        Parameters
        ----------
        parameters : ndarray, shape (m, P)
            The weights. Complex ones are allowed: signs are those of real parts, and nothing is conjugated.
        inputs : ndarray, shape (B, n_0) or (m, B, n_0)
            The examples, the same for all networks, or others for each.
        labels : ndarray of int, shape (B,) or (m, B)
            The classes of the examples, from 0 to n_L - 1.
        out : ndarray, shape (m, P), optional
            The array that takes the gradients.

        Returns
        -------
        ndarray, shape (m,)
            The losses.
        ndarray, shape (m, P)
            Their gradients.

        Raises
        ------
        InvalidArgument
            If shapes do not fit, or labels are no classes.
        """
        parameters, inputs = self._checked(parameters, inputs)
        labels = require_labels(labels, self.widths[-1])
        if labels.shape not in ((inputs.shape[-2],), (len(parameters), inputs.shape[-2])):
            problem = f"have shape {labels.shape}, but there are {inputs.shape[-2]} examples"
            raise InvalidArgument("labels", problem, f"use shape ({inputs.shape[-2]},)")
        found = np.empty(parameters.shape, parameters.dtype) if out is None else out
        if found.shape != parameters.shape or found.dtype != parameters.dtype:
            problem = f"has shape {found.shape} and type {found.dtype}"
            raise InvalidArgument("out", problem, f"use shape {parameters.shape}, of type {parameters.dtype}")
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # the caller sees what has diverged
            logits, passed = self._forward(parameters, inputs)
            losses, start = _LOSS[self.loss](logits, np.broadcast_to(labels, logits.shape[:2]))
            weights, gradients = layer_views(parameters, self.widths), layer_views(found, self.widths)
            for k, b, a in backward(self._layers, weights, passed, start, ROWS):
                gradients[k - 1][...] = ROWS.gradient(b, a)
        return losses, found

    def _checked(self, parameters: NDArray[Any], inputs: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return both as floats or complex numbers, and refuse shapes that do not fit."""
        w, x = (_as_inexact(*each) for each in (("parameters", parameters), ("inputs", inputs)))
        if w.ndim != 2 or w.shape[1] != self.parameters:
            problem = f"have shape {w.shape}, but a network has {self.parameters} weights"
            raise InvalidArgument("parameters", problem, f"use shape (m, {self.parameters}), a row for each network")
        if (
            x.ndim not in (2, 3)
            or x.shape[-1] != self.widths[0]
            or not x.shape[-2]
            or x.shape[:-2] not in ((), w.shape[:1])
        ):
            problem = f"have shape {x.shape}, for {len(w)} networks that read {self.widths[0]} numbers"
            remedy = f"use shape (B, {self.widths[0]}), B at least 1, or ({len(w)}, B, {self.widths[0]})"
            raise InvalidArgument("inputs", problem, remedy)
        return w, x


def require_labels(labels: object, classes: int) -> NDArray[Any]:
    """Return labels as an array, and refuse what is no array of classes 0, ..., K - 1.

    Parameters
    ----------
    labels : array_like of int
        The classes of examples.
    classes : int
        The number K of classes.

    Raises
    ------
    InvalidArgument
        If they are no integers, or one is no class.

    Examples
    --------
    >>> require_labels([0, 2, 1], 3)
    array([0, 2, 1])
    """
    found = np.asarray(labels)
    remedy = f"use integers from 0 to {classes - 1}"
    if found.dtype.kind not in "iu":
        raise InvalidArgument("labels", f"have type {found.dtype}", remedy)
    if found.size and (found.min() < 0 or found.max() >= classes):
        worst = found.min() if found.min() < 0 else found.max()
        raise InvalidArgument("labels", f"have an entry {worst}, but there are {classes} classes", remedy)
    return found


def _as_inexact(argument: str, values: NDArray[Any]) -> NDArray[Any]:
    """Return numbers as an array, where integers become doubles."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "fc":
        return values
    return as_floats(argument, values, finite=False)


def _cross_entropy(logits: NDArray[Any], labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return mean losses over the examples, shape (m,), and their gradients in the logits."""
    examples = logits.shape[1]
    relative = logits - logits.real.max(axis=2, keepdims=True)
    p = np.exp(relative)
    total = p.sum(axis=2, keepdims=True)
    at_labels = labels[:, :, None]
    losses = (np.log(total) - np.take_along_axis(relative, at_labels, axis=2)).mean(axis=(1, 2))
    p /= total
    np.put_along_axis(p, at_labels, np.take_along_axis(p, at_labels, axis=2) - 1, axis=2)
    p /= examples
    return losses, p


def _squared(logits: NDArray[Any], labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return means of |f - e_y|^2/2 over the examples, shape (m,), and their gradients in the logits."""
    r = np.array(logits)
    at_labels = labels[:, :, None]
    np.put_along_axis(r, at_labels, np.take_along_axis(r, at_labels, axis=2) - 1, axis=2)
    return (r * r).sum(axis=2).mean(axis=1) / 2, r / logits.shape[1]


_LOSS = {"cross-entropy": _cross_entropy, "squared": _squared}
