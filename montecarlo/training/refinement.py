r"""Gradient descent with a step and with parts of it, side by side: how far both are apart after the same time.

The distance of :math:`GD(\eta)_k` and :math:`GD(\eta/r)_{rk}` is :math:`(1-\frac1r)e(\eta)` to first order, where
:math:`e(\eta)` is the distance of the first from gradient flow. So ratios of two of them are known, and 8/7 of the one
for r = 8 estimates the distance from a flow that nobody has followed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_between, as_count, as_ensemble
from montecarlo.arrays import Array
from montecarlo.engines.real_matrices import Chunk
from montecarlo.training.classifiers import Classifier
from montecarlo.training.few_digits import IMAGES, few_digits
from theory.ensembles import Ensemble, InvalidArgument

Gradients = Callable[[Array], NDArray[Any]]
"""Returns the gradients of m networks, shape (m, P), given their weights of that shape."""

_MOST_STEPS = 100_000


def refined_descents(
    gradients: Gradients, start: Array, learning_rate: float, steps: int, parts: Sequence[int], *, every: int = 0
) -> tuple[Array, Array]:
    """Descend with a step and with parts of it, and compare at the same times.

    Parameters
    ----------
    gradients : callable
        The gradients of m networks.
    start : ndarray, shape (m, P)
        Their weights.
    learning_rate : float
        The step, positive.
    steps : int
        How many whole steps.
    parts : sequence of int
        Into how many parts a step is divided, each at least 2.
    every : int
        After how many steps they are compared; by default at the end only.

    Returns
    -------
    distances : ndarray, shape (m, times, len(parts))
        How far the whole steps are from each of the others.
    travelled : ndarray, shape (m, times)
        How far the whole steps are from the start.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> distances, travelled = refined_descents(lambda w: w, np.ones((1, 1)), 0.1, 10, (2, 4))
    >>> round(float(distances[0, 0, 1] / distances[0, 0, 0]), 2), round(float(travelled[0, 0]), 3)
    (1.48, 0.651)
    """
    eta = as_between("learning_rate", learning_rate, 0, example=0.05)
    steps = as_count("steps", steps, 1, _MOST_STEPS, example=100)
    parts = [as_count("parts", part, 2, _MOST_STEPS, example=2) for part in parts]
    every = as_count("every", every, 0, steps, example=10) or steps
    whole, others = start.copy(), [start.copy() for _ in parts]
    distances, travelled = [], []
    for step in range(1, steps + 1):
        whole -= eta * gradients(whole)
        for part, other in zip(parts, others, strict=True):
            for _ in range(part):
                other -= eta / part * gradients(other)
        if step % every == 0:
            distances.append(np.stack([np.linalg.norm(whole - other, axis=1) for other in others], axis=1))
            travelled.append(np.linalg.norm(whole - start, axis=1))
    return np.stack(distances, axis=1), np.stack(travelled, axis=1)


@dataclass(frozen=True)
class StepRefinement:
    r"""How far descent on handwritten digits is from descent with halves, quarters and eighths of its step, as logs.

    Networks are classifiers without biases, from weights as the ensemble draws them, trained by full-batch descent on
    softmax cross-entropy, on the first of the digits (:func:`few_digits`). With
    :math:`d_r = |GD(\eta)_k-GD(\eta/r)_{rk}|` the components are ``quarters``, :math:`d_4/d_2`; ``eighths``,
    :math:`d_8/d_2`; and ``share``, :math:`d_8` over the distance from the start.

    Parameters
    ----------
    learning_rate : float
        The step, positive.
    steps : int
        How many.
    examples : int
        How many images, from 10 to 640.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> StepRefinement(0.05, 10, 50).components(Ensemble(widths=(64, 8, 10), init="xavier", activation="linear"))
    ('quarters', 'eighths', 'share')
    """

    learning_rate: float = 0.05
    steps: int = 400
    examples: int = 500
    name: ClassVar[str] = "StepRefinement"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def __post_init__(self) -> None:
        as_between("learning_rate", self.learning_rate, 0, example=0.05)
        as_count("steps", self.steps, 1, _MOST_STEPS, example=400)
        as_count("examples", self.examples, 10, IMAGES, example=500)

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the labels; refuse what is no plain classifier of digits."""
        as_ensemble(net)
        net.require_plain(self.name)
        if net.width_at(0) != 64 or net.width_at(int(net.depth)) != 10:
            ends = f"{net.width_at(0)} to {net.width_at(int(net.depth))}"
            problem = f"are from {ends}, but digits have 64 pixels, and 10 classes"
            raise InvalidArgument("widths", problem, "use e.g. widths=(64, 24, 24, 10)")
        return ("quarters", "eighths", "share")

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, 3)."""
        net = chunk.net
        model = Classifier(tuple(int(net.width_at(k)) for k in range(int(net.depth) + 1)), str(net.activation))
        layers = [chunk.weights(k).astype(np.float64, copy=False) for k in range(1, model.depth + 1)]
        start = np.concatenate([layer.reshape(len(layer), -1) for layer in layers], axis=1)
        inputs, labels = few_digits(self.examples)
        distances, travelled = refined_descents(
            lambda w: model.gradients(w, inputs, labels)[1], start, self.learning_rate, self.steps, (2, 4, 8)
        )
        halves, quarters, eighths = distances[:, 0].T
        with np.errstate(divide="ignore", invalid="ignore"):  # a network that stays where it is has no ratios
            logs = np.log(np.stack([quarters / halves, eighths / halves, eighths / travelled[:, 0]], axis=1))
        if not np.isfinite(logs).all():
            raise InvalidArgument("learning_rate", f"{self.learning_rate} lets a network diverge", "use a smaller one")
        return np.asarray(logs)
