"""Squared loss and softmax cross-entropy, example by example: values, and gradients and Hessians in the outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo.arguments import as_choice, as_floats
from montecarlo.arrays import Array
from theory.ensembles import InvalidArgument


class Loss(Protocol):
    """A loss of outputs f against targets; every result has one row for each example.

    All methods but the first have the same parameters, and their implementations do not repeat them.
    """

    name: ClassVar[str]

    def checked_targets(self, targets: ArrayLike, examples: int, outputs: int) -> NDArray[Any]:
        """Return targets in the type and shape that the other methods read.

        Parameters
        ----------
        targets : array_like
            What the caller gave.
        examples, outputs : int
            N and o.

        Raises
        ------
        InvalidArgument
            If they do not fit the loss, the examples or the outputs.
        """

    def value(self, outputs: Array, targets: NDArray[Any]) -> Array:
        """Return the losses.

        Parameters
        ----------
        outputs : ndarray, shape (N, o)
            f of each example.
        targets : ndarray
            Checked targets.

        Returns
        -------
        ndarray, shape (N,)
        """

    def gradient(self, outputs: Array, targets: NDArray[Any]) -> Array:
        """Return the gradients in the outputs, shape (N, o); parameters are those of :meth:`value`."""

    def hessian_product(self, outputs: Array, targets: NDArray[Any], directions: Array) -> Array:
        """Return the Hessians in the outputs times directions.

        Parameters
        ----------
        outputs : ndarray, shape (N, o)
            f of each example.
        targets : ndarray
            Checked targets.
        directions : ndarray, shape (..., N, o)

        Returns
        -------
        ndarray, shape (..., N, o)
        """

    def hessian_factor(self, outputs: Array, targets: NDArray[Any]) -> Array:
        """Return S, shape (N, o, o), with S S^T the Hessians in the outputs; parameters are those of :meth:`value`."""


@dataclass(frozen=True)
class SquaredLoss:
    r"""The loss :math:`|f - y|^2/2`, whose Hessian in the outputs is the identity.

    Parameters of its methods are those of :class:`Loss`.

    Examples
    --------
    >>> loss = SquaredLoss()
    >>> y = loss.checked_targets([[1.0, 2.0]], examples=1, outputs=2)
    >>> loss.value(np.array([[4.0, 6.0]]), y), loss.gradient(np.array([[4.0, 6.0]]), y)
    (array([12.5]), array([[3., 4.]]))
    """

    name: ClassVar[str] = "squared"

    def checked_targets(self, targets: ArrayLike, examples: int, outputs: int) -> Array:
        """Return targets of shape (N, o).

        Parameters
        ----------
        targets : array_like, shape (N, o)
            The shape may be (N,) for a single output, or (o,) for a single example.
        examples, outputs : int
            N and o.

        Raises
        ------
        InvalidArgument
            If they have another shape, or an entry is not finite.
        """
        y = as_floats("targets", targets)
        flat = y.ndim < 2 and y.size == examples * outputs and min(examples, outputs) == 1
        if y.shape != (examples, outputs) and not flat:
            problem = f"have shape {y.shape}, but there are {examples} examples of {outputs} outputs"
            raise InvalidArgument("targets", problem, f"use shape ({examples}, {outputs})")
        return y.reshape(examples, outputs)

    def value(self, outputs: Array, targets: NDArray[Any]) -> Array:
        """Return the losses, shape (N,)."""
        difference = outputs - targets
        return np.asarray(np.einsum("no,no->n", difference, difference) / 2)

    def gradient(self, outputs: Array, targets: NDArray[Any]) -> Array:
        """Return f - y."""
        return np.asarray(outputs - targets)

    def hessian_product(self, outputs: Array, targets: NDArray[Any], directions: Array) -> Array:
        """Return the directions."""
        return directions

    def hessian_factor(self, outputs: Array, targets: NDArray[Any]) -> Array:
        """Return identity matrices."""
        return np.broadcast_to(np.eye(outputs.shape[1]), (*outputs.shape, outputs.shape[1]))


@dataclass(frozen=True)
class CrossEntropy:
    r"""The loss :math:`\log\sum_j e^{f_j} - f_y` of logits f and a label y: minus the log-probability of the label.

    Parameters of its methods are those of :class:`Loss`.

    Notes
    -----
    With p the softmax of f, the gradient is :math:`p - e_y` and the Hessian :math:`\mathrm{diag}(p) - pp^T`. Nothing
    overflows. Numbers that become small where p is nearly a unit vector, as on a well-fitted data set, keep their
    relative accuracy: 1 - p_j is the sum of the other probabilities, and each direction is taken relative to its entry
    at the largest probability, as the Hessian maps constants to 0.

    Examples
    --------
    >>> loss = CrossEntropy()
    >>> y = loss.checked_targets([0], examples=1, outputs=2)
    >>> loss.value(np.array([[100.0, 0.0]]), y), loss.gradient(np.array([[100.0, 0.0]]), y)
    (array([3.72007598e-44]), array([[-3.72007598e-44,  3.72007598e-44]]))
    """

    name: ClassVar[str] = "cross-entropy"

    def checked_targets(self, targets: ArrayLike, examples: int, outputs: int) -> NDArray[np.intp]:
        """Return labels of shape (N,).

        Parameters
        ----------
        targets : array_like of int, shape (N,)
            Classes from 0 to o - 1; a single number will do for a single example.
        examples, outputs : int
            N and o.

        Raises
        ------
        InvalidArgument
            If there is only one output, labels are no integers or out of range, or they have another shape.
        """
        if outputs == 1:
            raise InvalidArgument(
                "loss", "is cross-entropy of a single output, always 0", "use two outputs or 'squared'"
            )
        try:
            labels = np.atleast_1d(np.asarray(targets))
        except ValueError as wrong:
            raise InvalidArgument("targets", f"are no array of labels: {wrong}", "use integers") from None
        if labels.shape == (examples, outputs) and outputs > 1:
            problem = f"have a row of {outputs} numbers for each example, but a label is one integer"
            raise InvalidArgument("targets", problem, "use e.g. targets.argmax(axis=1), or loss='squared'")
        if labels.dtype.kind not in "iu":
            problem = f"must be integer labels for cross-entropy, got type {labels.dtype}"
            whole = labels.dtype.kind == "b" or (labels.dtype.kind == "f" and bool((labels % 1 == 0).all()))
            remedy = "use targets.astype(int)" if whole else f"use classes from 0 to {outputs - 1}, or loss='squared'"
            raise InvalidArgument("targets", problem, remedy)
        if labels.shape != (examples,):
            problem = f"have shape {labels.shape}, but there are {examples} examples"
            raise InvalidArgument("targets", problem, f"use shape ({examples},): a label for each")
        wrong_ones = np.flatnonzero((labels < 0) | (labels >= outputs))
        if len(wrong_ones):
            first = int(wrong_ones[0])
            problem = f"have the label {labels[first]} at example {first}, but the largest allowed is {outputs - 1}"
            raise InvalidArgument("targets", problem, f"number the classes from 0 to {outputs - 1}")
        return labels.astype(np.intp)

    def value(self, outputs: Array, targets: NDArray[Any]) -> Array:
        """Return the losses, shape (N,)."""
        rows, labels = np.arange(len(outputs)), targets.astype(np.intp)
        top = outputs.argmax(axis=1)
        largest = outputs[rows, top]
        others = np.exp(outputs - largest[:, None])
        others[rows, top] = 0
        return np.asarray(largest - outputs[rows, labels] + np.log1p(others.sum(axis=1)))

    def gradient(self, outputs: Array, targets: NDArray[Any]) -> Array:
        """Return p - e_y."""
        rows, labels = np.arange(len(outputs)), targets.astype(np.intp)
        p, complements = _softmax(outputs)
        p[rows, labels] = -complements[rows, labels]
        return p

    def hessian_product(self, outputs: Array, targets: NDArray[Any], directions: Array) -> Array:
        """Return p (d - p.d), d relative to its entry at the largest probability."""
        p, _ = _softmax(outputs)
        rows, top = np.arange(len(outputs)), outputs.argmax(axis=1)
        relative = directions - directions[..., rows, top][..., None]
        relative -= np.einsum("no,...no->...n", p, relative)[..., None]
        relative *= p
        return np.asarray(relative)

    def hessian_factor(self, outputs: Array, targets: NDArray[Any]) -> Array:
        r"""Return :math:`(I - p\,1^T)\,\mathrm{diag}(\sqrt p)`."""
        p, complements = _softmax(outputs)
        root = np.sqrt(p)
        factor = -p[:, :, None] * root[:, None, :]
        diagonal = np.arange(p.shape[1])
        factor[:, diagonal, diagonal] = complements * root
        return factor


def _softmax(outputs: Array) -> tuple[Array, Array]:
    """Return p and 1 - p, both without cancellation."""
    rows, top = np.arange(len(outputs)), outputs.argmax(axis=1)
    p = np.exp(outputs - outputs[rows, top][:, None])
    p[rows, top] = 0
    others = p.sum(axis=1)
    p /= (1 + others)[:, None]
    complements = 1 - p
    complements[rows, top] = others / (1 + others)
    p[rows, top] = 1 / (1 + others)
    return p, complements


def loss_named(name: object) -> Loss:
    """Return a loss by its name.

    Parameters
    ----------
    name : str
        ``squared`` or ``cross-entropy``.

    Raises
    ------
    InvalidArgument
        If there is no loss of this name.

    Examples
    --------
    >>> loss_named("squared")
    SquaredLoss()
    """
    losses: dict[str, Loss] = {loss.name: loss for loss in (SquaredLoss(), CrossEntropy())}
    return losses[as_choice("loss", name, list(losses))]
