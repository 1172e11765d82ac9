"""Training watched on its way: loss, curvature and gradient noise at given times, with batches of one's own choice."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_between, as_count, as_flag
from montecarlo.arrays import Array
from montecarlo.curvature.extremes_by_gradients import extremes_by_gradients
from montecarlo.drawing.streams import stream
from montecarlo.training.batches import ALL, Batches, taken
from montecarlo.training.classifiers import Classifier
from montecarlo.training.gradient_noise import gradient_noise
from montecarlo.wording import counted
from theory.ensembles import InvalidArgument

BOUND = 1e6
"""What is told of a network that has diverged, as its loss left this bound."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    r"""What was measured of m networks at each of the checkpoints, arrays of shape (checkpoints, m).

    A network that has diverged has :data:`BOUND` everywhere from there on.

    Attributes
    ----------
    steps : tuple of int
        After how many steps.
    losses : ndarray
        Losses on all examples.
    curvatures : ndarray
        :math:`\lambda_H`, the largest eigenvalue of their Hessian, to about 1 %; empty where it was not asked for.
    noises, traces, conditionings : ndarray
        Of the covariance K of minibatch gradients: :math:`\lambda_K`, its trace, and :math:`\lambda_*/\lambda_1`;
        empty where no noise was asked for.
    """

    steps: tuple[int, ...]
    losses: Array
    curvatures: Array
    noises: Array
    traces: Array
    conditionings: Array

    def __repr__(self) -> str:
        checkpoints, networks = self.losses.shape
        return f"Trajectory({counted(networks, 'network')}, {counted(checkpoints, 'checkpoint')})"


def trajectory(
    model: Classifier,
    parameters: Array,
    learning_rate: float,
    inputs: Array,
    labels: NDArray[np.intp],
    *,
    steps: Sequence[int],
    batches: Batches = ALL,
    seeds: Sequence[int] | None = None,
    curvature: bool = True,
    noise: tuple[int, int] | None = None,
) -> Trajectory:
    """Train classifiers by (stochastic) gradient descent, and measure them after some of the steps.

    Parameters
    ----------
    model : Classifier
    parameters : ndarray, shape (m, P)
        The weights at the start, which are not changed.
    learning_rate : float
        eta, positive.
    inputs : ndarray, shape (n, n_0)
    labels : ndarray of int, shape (n,)
    steps : sequence of int
        After how many steps to measure, rising; 0 is the start.
    batches : Batches
        What a step sees.
    seeds : sequence of int, optional
        Seeds of the batches, one for each network; by default 0, 1, ...
    curvature : bool
        Whether to measure the Hessian's largest eigenvalue, which takes as long as some 50 steps of a full batch.
    noise : (int, int), optional
        L and M: measure the covariance of L minibatch gradients of M examples, the same ones for all networks.

    Returns
    -------
    Trajectory

    Raises
    ------
    InvalidArgument
        If the rate is not positive, steps do not rise, there are not as many seeds as networks, a batch is larger than
        the data, or what :meth:`Classifier.gradients` refuses.

    Examples
    --------
    >>> model, rng = Classifier((3, 4, 2), "tanh", loss="squared"), np.random.default_rng(0)
    >>> x = rng.standard_normal((20, 3))
    >>> found = trajectory(model, model.initial([0, 1]), 0.5, x, (x[:, 0] > 0).astype(int), steps=(0, 100))
    >>> found, bool((found.losses[1] < found.losses[0]).all())
    (Trajectory(2 networks, 2 checkpoints), True)
    """
    rate = as_between("learning_rate", learning_rate, 0, example=0.1)
    asked = tuple(as_count("steps", step, 0, 10**7, example=100) for step in steps)
    if not asked or any(later <= step for step, later in itertools.pairwise(asked)):
        raise InvalidArgument("steps", f"must rise, got {asked}", "use e.g. steps=(0, 100, 200)")
    w = np.array(parameters, dtype=np.float64)
    networks = range(len(w)) if seeds is None else seeds
    if len(networks) != len(w):
        raise InvalidArgument("seeds", f"are {len(networks)}, for {len(w)} networks", "give one for each")
    rows_of_noise = None if noise is None else _rows_of_noise(len(inputs), *noise)
    found: list[tuple[Array, ...]] = []
    fine, drawn = np.ones(len(w), dtype=np.bool_), batches.drawn(len(inputs), networks)
    for step in range(asked[-1] + 1):
        if step == asked[len(found)]:
            found.append(_measured(model, w, fine, inputs, labels, as_flag("curvature", curvature), rows_of_noise))
        if step < asked[-1]:
            rows = next(drawn)
            losses, g = model.gradients(w, taken(inputs, rows), taken(labels, rows))
            fine &= losses <= BOUND
            g[~fine] = 0  # one that has diverged stays where it is
            g *= rate
            w -= g
    return Trajectory(asked, *(np.stack(column) for column in zip(*found, strict=True)))


def _rows_of_noise(examples: int, batches: int, size: int) -> NDArray[np.intp]:
    as_count("noise", batches, 3, example=20)
    if as_count("noise", size, 1, example=32) > examples:
        raise InvalidArgument("noise", f"asks for {size} of {examples} examples", "use smaller batches")
    rng = stream(0, f"{examples} examples", "gradient noise")
    return np.stack([rng.permutation(examples)[:size] for _ in range(batches)])


def _measured(
    model: Classifier,
    w: Array,
    fine: NDArray[np.bool_],
    inputs: Array,
    labels: NDArray[np.intp],
    curved: bool,
    rows: NDArray[np.intp] | None,
) -> tuple[Array, ...]:
    m = len(w)
    losses, curvatures = np.full(m, BOUND), np.full(m if curved else 0, BOUND)
    noises = np.full((3, m if rows is not None else 0), BOUND)
    left = np.flatnonzero(fine)
    if len(left):
        losses[left] = _bounded(model.gradients(w[left], inputs, labels)[0])
        left = left[losses[left] < BOUND]
    if len(left):
        some = w[left]
        if curved:
            # the error of an eigenvalue is about the square of its residual
            ends = extremes_by_gradients(lambda moved: model.gradients(moved, inputs, labels)[1], some, 0.05, 60)
            curvatures[left] = _bounded(ends.largest)
        if rows is not None:
            seen = gradient_noise(model, some, inputs, labels, rows)
            noises[:, left] = [_bounded(each) for each in (seen.top, seen.trace, seen.conditioning)]
    return losses, curvatures, *noises


def _bounded(values: Array) -> Array:
    return np.where(values <= BOUND, values, BOUND)
