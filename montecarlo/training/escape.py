"""How many steps an optimizer takes to leave the plateau of the loss (f-y)^2/2: many networks in lockstep."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_between, as_count, as_floats, as_probability
from montecarlo.arrays import Array
from montecarlo.training.one_input import OneInput
from montecarlo.training.optimizers import Optimizer, require_optimizer, require_rates
from montecarlo.wording import counted, spread
from theory.ensembles import InvalidArgument

SIDES = ("same", "opposite", "either")
"""On which side of f the target may lie."""
MOST_STEPS = 10**9
"""The largest budget of updates."""


@dataclass(frozen=True, eq=False)
class Escapes:
    """When each of m networks left its plateau.

    Attributes
    ----------
    steps : ndarray, shape (m,)
        Updates until the loss was low enough; inf where it was not within the budget.
    diverged_at : ndarray, shape (m,)
        Updates until the loss was not finite, or above its bound; inf where that did not happen.
    stuck : ndarray of bool, shape (m,)
        Whether a network is dead, so that its gradient is exactly 0 at the start. Such networks were not trained.
    budget : int
        The most updates that were tried.
    """

    steps: Array
    diverged_at: Array
    stuck: NDArray[np.bool_]
    budget: int

    def __repr__(self) -> str:
        escaped = f"{self.escaped.sum()} escaped after {spread(self.steps[self.escaped])} steps"
        others = f"{self.diverged.sum()} diverged, {self.stuck.sum()} stuck, budget {self.budget}"
        return f"Escapes({counted(len(self.steps), 'network')}, {escaped}, {others})"

    @property
    def escaped(self) -> NDArray[np.bool_]:
        """Which networks left the plateau."""
        return np.isfinite(self.steps)

    @property
    def diverged(self) -> NDArray[np.bool_]:
        """Which networks diverged, at the step that `diverged_at` says."""
        return np.isfinite(self.diverged_at)


def escape_times(
    problem: OneInput,
    parameters: Array,
    optimizer: Optimizer,
    *,
    fraction: float = 0.5,
    budget: int = 10_000,
    bound: float = 1e6,
) -> Escapes:
    r"""Train networks until each has left the plateau, where f is about 0 and the loss :math:`y^2/2`.

    Parameters
    ----------
    problem : OneInput
        Networks of depth 2 or more, with targets other than 0.
    parameters : ndarray, shape (m, P)
        The weights at the start, which are not changed.
    optimizer : Optimizer
        The update rule.
    fraction : float
        q, between 0 and 1; a network has left once :math:`|f-y| \le (1-q)|y|`.
    budget : int
        The most updates.
    bound : float
        A network has diverged once its loss is not finite, or more than this times the loss of the plateau.

    Returns
    -------
    Escapes

    Raises
    ------
    InvalidArgument
        If a target is 0, the depth is 1, a network other than a ReLU network has the gradient 0, the number of learning
        rates is neither 1 nor that of networks, or an argument is out of range.

    Notes
    -----
    Networks that are done leave the lockstep, so that a step costs no more than the networks that are left.

    Examples
    --------
    >>> from montecarlo.training.optimizers import GradientDescent
    >>> chains = OneInput((1, 1, 1), 1.0, np.ones((2, 1)), np.ones(1), np.ones(2))
    >>> found = escape_times(chains, np.array([[0.1, 0.1], [0.01, 0.01]]), GradientDescent(0.1), budget=30)
    >>> found.steps, found.diverged
    (array([24., inf]), array([False, False]))
    """
    q, budget = as_fraction(fraction), as_budget(budget)
    limit = as_between("bound", bound, 1, example=1e6)
    require_optimizer("optimizer", optimizer)
    require_plateau(problem.depth, problem.targets)
    m = problem.networks
    require_rates(optimizer, m)
    parameters = as_floats("parameters", parameters)
    if parameters.shape != (m, problem.parameters):
        message = f"have shape {parameters.shape}, but there are {m} networks of {problem.parameters} weights"
        raise InvalidArgument("parameters", message, f"use shape ({m}, {problem.parameters})")
    stuck = _stuck(problem, parameters)
    steps, diverged_at = np.full(m, np.inf), np.full(m, np.inf)
    left = np.flatnonzero(~stuck)
    w = parameters[left]
    problem, optimizer, state = problem.taken(left), optimizer.taken(left), optimizer.start(w)
    gradients, near, far = _memory(problem, q, limit)
    for step in range(budget + 1):
        if not len(left):
            break
        outputs, _ = problem.gradients(w, out=gradients)
        errors = np.abs(outputs - problem.targets)
        escaped, fine = errors <= near, errors <= far  # both are False for nan
        if escaped.any() or not fine.all():
            steps[left[escaped]], diverged_at[left[~fine]] = step, step
            rest = np.flatnonzero(fine & ~escaped)
            left, w, state = left[rest], w[rest], state.taken(rest)
            problem, optimizer, kept = problem.taken(rest), optimizer.taken(rest), gradients[rest]
            gradients, near, far = _memory(problem, q, limit)
            gradients[...] = kept
        if step < budget and len(left):
            with np.errstate(over="ignore", invalid="ignore"):  # a loss that diverges is seen at the next step
                optimizer.step(state, w, gradients, out=w)
    return Escapes(steps, diverged_at, stuck, budget)


def as_fraction(fraction: object) -> float:
    """Read the ``fraction`` argument, q, as a float between 0 and 1; refuse anything else by InvalidArgument."""
    return as_probability("fraction", fraction, example=0.5)


def as_budget(budget: object) -> int:
    """Read the ``budget`` argument as an integer from 1 to 10^9; refuse anything else by InvalidArgument."""
    return as_count("budget", budget, 1, MOST_STEPS, example=10_000)


def require_plateau(depth: int, targets: object) -> None:
    """Refuse losses without a plateau.

    Parameters
    ----------
    depth : int
        L; the loss of a single layer is convex.
    targets : array_like
        y of each network; f starts near a target 0.

    Raises
    ------
    InvalidArgument
        If the depth is 1, or a target is 0.
    """
    if depth < 2:
        raise InvalidArgument(
            "depth", "the loss of one layer is convex and has no plateau", "use a depth of at least 2"
        )
    if not np.all(np.asarray(targets)):
        raise InvalidArgument("target", "is 0: f starts near it, so there is no plateau to leave", "use e.g. target=1")


def _stuck(problem: OneInput, parameters: Array) -> NDArray[np.bool_]:
    """Return which networks have the gradient 0; refuse them unless they are ReLU networks, which may be dead."""
    _, gradients = problem.gradients(parameters)
    stuck: NDArray[np.bool_] = np.asarray(~gradients.any(axis=1))
    if stuck.any() and problem.slope != 0:
        which = int(stuck.argmax())
        message = f"of network {which} have the gradient 0, as zero initialization has: no update rule ever leaves it"
        raise InvalidArgument("parameters", message, "start from random weights, or from scales that do not underflow")
    return stuck


def _memory(problem: OneInput, q: float, limit: float) -> tuple[Array, Array, Array]:
    """Return memory for gradients, and the errors |f-y| at which networks have left and at which they diverged."""
    size = np.abs(problem.targets)
    return np.empty((problem.networks, problem.parameters)), (1 - q) * size, math.sqrt(limit) * size
