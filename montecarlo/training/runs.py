"""One training run of many classifiers on minibatches: losses, gradient norms and curvature on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_count, as_floats
from montecarlo.arrays import Array
from montecarlo.curvature.extremes_by_gradients import extremes_by_gradients
from montecarlo.drawing.streams import stream
from montecarlo.training.classifiers import Classifier, require_labels
from montecarlo.training.optimizers import Optimizer, require_optimizer, require_rates
from montecarlo.wording import counted, spread
from theory.ensembles import InvalidArgument

_BOUND = 1e6
"""A loss above this has diverged, as cross-entropy starts near the log of the number of classes."""
_PROBED = 256
"""Gradients and curvature are measured on so many examples."""


@dataclass(frozen=True, eq=False)
class Run:
    """What was measured while m networks of one architecture were trained by one optimizer.

    For a network that has diverged, losses, norms and the largest eigenvalue are inf, the least eigenvalue is -inf and
    the accuracy is 0.

    Attributes
    ----------
    losses : ndarray, shape (epochs, m)
        Means of the minibatches' losses over each epoch.
    gradient_norms : ndarray, shape (epochs + 1, m)
        Norms of the gradients at the start and after each epoch, on the first 256 examples.
    curved_epochs : tuple of int
        After which epochs curvature was measured; 0 is the start.
    least, largest : ndarray, shapes (len(curved_epochs), m)
        Extreme eigenvalues of the loss's Hessian on the same examples, to 1e-4 of the larger one.
    final_losses, accuracies : ndarray, shapes (m,)
        Loss and accuracy on all examples at the end.
    diverged_at : ndarray, shape (m,)
        The step at which the loss left all bounds; inf where it did not.
    """

    losses: Array
    gradient_norms: Array
    curved_epochs: tuple[int, ...]
    least: Array
    largest: Array
    final_losses: Array
    accuracies: Array
    diverged_at: Array

    def __repr__(self) -> str:
        epochs, networks = self.losses.shape
        ends = f"final losses {spread(self.final_losses)}, accuracies {spread(self.accuracies)}"
        diverged = int(np.isfinite(self.diverged_at).sum())
        lost = f", {diverged} diverged" if diverged else ""
        return f"Run({counted(networks, 'network')}, {counted(epochs, 'epoch')}, {ends}{lost})"


def train(
    model: Classifier,
    parameters: Array,
    optimizer: Optimizer,
    inputs: Array,
    labels: NDArray[np.intp],
    *,
    batch: int = 128,
    epochs: int = 10,
    seed: int = 0,
    curved_epochs: Sequence[int] = (),
) -> Run:
    """Train classifiers on the same minibatches, in lockstep.

    Parameters
    ----------
    model : Classifier
        Their architecture.
    parameters : ndarray, shape (m, P)
        The weights at the start, which are not changed.
    optimizer : Optimizer
        An update rule with one learning rate for all networks, or one for each.
    inputs : ndarray, shape (N, n_0)
    labels : ndarray of int, shape (N,)
        Classes from 0.
    batch : int
        Examples of a minibatch, at most N. In each epoch those that do not fill a minibatch are left out.
    epochs : int
        How often all examples are seen.
    seed : int
        Seed of the order of the examples, not negative.
    curved_epochs : sequence of int
        After which epochs to measure curvature; 0 is the start.

    Returns
    -------
    Run

    Raises
    ------
    InvalidArgument
        If a batch is larger than the data, labels are no classes, shapes do not fit, or an argument is out of range.

    Examples
    --------
    >>> from montecarlo.training.optimizers import Adam
    >>> model = Classifier((2, 8, 2))
    >>> x = np.random.default_rng(0).standard_normal((64, 2))
    >>> run = train(model, model.initial([0, 1]), Adam(0.01), x, (x[:, 0] > 0).astype(int), batch=16, epochs=20)
    >>> bool((run.accuracies > 0.9).all()), run.losses.shape
    (True, (20, 2))
    """
    require_optimizer("optimizer", optimizer)
    inputs, labels, start = _data(model, inputs, labels, parameters)
    require_rates(optimizer, len(start))
    batch, epochs = as_count("batch", batch, example=128), as_count("epochs", epochs, 1, 10**6, example=10)
    seed = as_count("seed", seed, 0, example=0)
    if batch > len(inputs):
        raise InvalidArgument(
            "batch", f"is {batch}, but there are {len(inputs)} examples", f"use at most {len(inputs)}"
        )
    if isinstance(curved_epochs, (str, bytes)) or not isinstance(curved_epochs, (Sequence, np.ndarray)):
        problem = f"must be a sequence of integers, got {curved_epochs!r:.50}"
        raise InvalidArgument("curved_epochs", problem, "use e.g. curved_epochs=(0,)")
    curved = tuple(as_count("curved_epochs", epoch, 0, epochs) for epoch in curved_epochs)
    m, probe = len(start), (inputs[:_PROBED], labels[:_PROBED])
    losses, norms = np.full((epochs, m), np.inf), np.full((epochs + 1, m), np.inf)
    least, largest = np.full((len(curved), m), -np.inf), np.full((len(curved), m), np.inf)
    diverged_at = np.full(m, np.inf)
    left, w = np.arange(m), start
    state, steps = optimizer.start(w), count()
    order = stream(seed, f"{len(inputs)} examples", "minibatches")

    def probed(epoch: int) -> None:
        if not len(left):
            return
        with np.errstate(over="ignore"):
            norms[epoch, left] = _or_inf(np.linalg.norm(model.gradients(w, *probe)[1], axis=1))
        if epoch in curved:
            found = extremes_by_gradients(lambda moved: model.gradients(moved, *probe)[1], w, 1e-4, 100)
            for row in (row for row, after in enumerate(curved) if after == epoch):
                least[row, left] = np.where(np.isnan(found.least), -np.inf, found.least)
                largest[row, left] = _or_inf(found.largest)

    probed(0)
    for epoch in range(epochs):
        shuffled = order.permutation(len(inputs))
        total, taken = np.zeros(m), len(inputs) // batch
        for first in range(0, taken * batch, batch):
            if not len(left):
                break
            some, step = shuffled[first : first + batch], next(steps)
            found, gradients = model.gradients(w, inputs[some], labels[some])
            total[left] += found
            fine = found <= _BOUND  # False for nan
            if not fine.all():
                diverged_at[left[~fine]] = step
                rest = np.flatnonzero(fine)
                left, w, gradients = left[rest], w[rest], gradients[rest]
                state, optimizer = state.taken(rest), optimizer.taken(rest)
            with np.errstate(over="ignore", invalid="ignore"):  # a loss that diverges is seen at the next step
                optimizer.step(state, w, gradients, out=w)
        losses[epoch, left] = total[left] / taken
        probed(epoch + 1)
    final, accuracies = np.full(m, np.inf), np.zeros(m)
    if len(left):
        final[left] = _or_inf(model.gradients(w, inputs, labels)[0])
        accuracies[left] = (model.logits(w, inputs).argmax(axis=2) == labels).mean(axis=1)
    return Run(
        losses=losses,
        gradient_norms=norms,
        curved_epochs=curved,
        least=least,
        largest=largest,
        final_losses=final,
        accuracies=accuracies,
        diverged_at=diverged_at,
    )


def _data(
    model: Classifier, inputs: Array, labels: NDArray[np.intp], parameters: Array
) -> tuple[Array, NDArray[np.intp], Array]:
    """Return inputs, labels and a copy of the parameters; refuse what does not fit the model or each other."""
    x, y, w = as_floats("inputs", inputs), require_labels(labels, model.widths[-1]), as_floats("parameters", parameters)
    if not len(np.atleast_1d(x)):
        raise InvalidArgument("inputs", "are none", "give at least one example")
    if x.ndim != 2 or x.shape[1] != model.widths[0]:
        problem = f"have shape {x.shape}, but the networks read {model.widths[0]} numbers"
        raise InvalidArgument("inputs", problem, f"use shape (N, {model.widths[0]}), a row for each example")
    if y.shape != x.shape[:1]:
        problem = f"have shape {y.shape}, but there are {len(x)} examples"
        raise InvalidArgument("labels", problem, f"use shape ({len(x)},)")
    if w.ndim != 2 or w.shape[1] != model.parameters:
        problem = f"have shape {w.shape}, but a network has {model.parameters} weights"
        raise InvalidArgument("parameters", problem, f"use shape (m, {model.parameters}), a row for each network")
    return x, y, w


def _or_inf(values: Array) -> Array:
    """Return the values with inf in place of nan."""
    return np.where(np.isnan(values), np.inf, values)
