"""Escapes as observables of :func:`montecarlo.simulate`: times, the curvature at the start, ratios of optimizers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

import numpy as np

from montecarlo.arguments import as_choice, as_ensemble, as_flag, as_real
from montecarlo.arrays import Array
from montecarlo.curvature.extremes_by_gradients import extremes_by_gradients, row_norms
from montecarlo.engines.real_matrices import Chunk
from montecarlo.training.escape import SIDES, as_budget, as_fraction, escape_times, require_plateau
from montecarlo.training.one_input import OneInput
from montecarlo.training.optimizers import Optimizer, require_optimizer
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction

_NETWORKS = 2**10
"""So many networks are trained together, until the last of them has left or the budget is spent."""


@dataclass(frozen=True)
class EscapeTimes:
    r"""Time to leave the plateau of :math:`\frac12(f-y)^2`, as logs.

    The components are ``steps``, the updates until :math:`|f-y| \le (1-q)|y|`, or the budget plus one where that did
    not happen; ``diverged_at``, the step at which the loss left all bounds, -inf where it did not; ``gradient``, the
    norm of the loss's gradient at the start; and, with `curvature`, also ``curvature``, :math:`|\lambda_{\min}|` of the
    loss's Hessian at the start, and ``steps*curvature``, its product with the first. The curvature is 0 for a dead
    network, which never leaves, and for a network that starts in a valley, :math:`\lambda_{\min} \ge 0`.

    Parameters
    ----------
    optimizer : Optimizer
        An update rule with one learning rate for all networks.
    target : Fraction, int or str
        y, other than 0.
    side : str
        Where the target lies: with ``same`` y has the sign of f at the start, with ``opposite`` the other sign, and
        with ``either`` it is taken as it is.
    fraction : float
        q, between 0 and 1.
    budget : int
        The most updates.
    curvature : bool
        Whether to measure the curvature too, which takes up to 100 gradients.

    Raises
    ------
    InvalidArgument
        If the target is 0, or another argument is unusable.

    Examples
    --------
    >>> from montecarlo.training.optimizers import SignDescent
    >>> EscapeTimes(SignDescent(0.01)).components(Ensemble(width=1, depth=8))
    ('steps', 'diverged_at', 'gradient')
    """

    optimizer: Optimizer
    target: Fraction | int | str = Fraction(1)
    side: str = "same"
    fraction: float = 0.5
    budget: int = 10_000
    curvature: bool = False
    name: ClassVar[str] = "EscapeTimes"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def __post_init__(self) -> None:
        _check(self)
        require_optimizer("optimizer", self.optimizer, single_rate=True)
        as_flag("curvature", self.curvature)

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the labels; refuse depth 1."""
        as_ensemble(net)
        net.require_plain("the time of escape")
        require_plateau(int(net.depth), 1)
        return ("steps", "diverged_at", "gradient") + ("curvature", "steps*curvature") * self.curvature

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, components)."""
        whole, parameters = plateau(chunk, self.target, self.side)
        return np.concatenate([self._measured(*some) for some in _portions(whole, parameters)])

    def _measured(self, problem: OneInput, parameters: Array) -> Array:
        found = escape_times(problem, parameters, self.optimizer, fraction=self.fraction, budget=self.budget)
        gradients = problem.gradients(parameters)[1]
        with np.errstate(divide="ignore", under="ignore"):
            logs = [
                np.log(np.minimum(found.steps, self.budget + 1)),
                np.where(found.diverged, np.log(np.where(found.diverged, found.diverged_at, 1)), -np.inf),
                np.log(row_norms(gradients)),
            ]
            if self.curvature:
                extremes = extremes_by_gradients(lambda w: problem.gradients(w)[1], parameters, 1e-6, 100)
                if np.isnan(extremes.least).any():
                    raise InvalidArgument("depth", "the Hessian of a network overflows", "use fewer layers")
                curvature = np.log(np.maximum(-extremes.least, 0))
                logs += [curvature, logs[0] + curvature]
        return np.stack(logs, axis=1)


@dataclass(frozen=True)
class EscapeRatios:
    """Ratios of escape times of one optimizer to those of others, network by network, as logs.

    There is a component for each of the others, such as ``GradientDescent/SignDescent``. The time of an optimizer that
    did not leave within the budget counts as the budget plus one, and that of one that left at once as 1.

    Parameters
    ----------
    slow : Optimizer
        The one optimizer.
    fast : tuple of Optimizer, or Optimizer
        The others, each of a different class.
    target, side, fraction, budget
        As for :class:`EscapeTimes`.

    Raises
    ------
    InvalidArgument
        If the target is 0, or another argument is unusable.

    Examples
    --------
    >>> from montecarlo.training.optimizers import Adam, GradientDescent
    >>> EscapeRatios(GradientDescent(0.1), (Adam(0.01),)).components(Ensemble(width=1, depth=8))
    ('GradientDescent/Adam',)
    """

    slow: Optimizer
    fast: tuple[Optimizer, ...]
    target: Fraction | int | str = Fraction(1)
    side: str = "either"
    fraction: float = 0.5
    budget: int = 10_000
    name: ClassVar[str] = "EscapeRatios"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def __post_init__(self) -> None:
        _check(self)
        require_optimizer("slow", self.slow, single_rate=True)
        fast: object = self.fast
        rules = tuple(fast) if isinstance(fast, (tuple, list)) else (fast,)
        if not rules:
            raise InvalidArgument("fast", "are none", "use e.g. fast=(Adam(0.01),)")
        for rule in rules:
            require_optimizer("fast", rule, single_rate=True)
        if len({type(rule).__name__ for rule in rules}) < len(rules):
            raise InvalidArgument("fast", "has two of one class, which share a name", "take their ratios one by one")
        object.__setattr__(self, "fast", rules)

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the labels; refuse depth 1."""
        as_ensemble(net)
        net.require_plain("the time of escape")
        require_plateau(int(net.depth), 1)
        return tuple(f"{type(self.slow).__name__}/{type(fast).__name__}" for fast in self.fast)

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, components)."""
        whole, parameters = plateau(chunk, self.target, self.side)
        return np.concatenate([self._measured(*some) for some in _portions(whole, parameters)])

    def _measured(self, problem: OneInput, parameters: Array) -> Array:
        logs = []
        for optimizer in (self.slow, *self.fast):
            found = escape_times(problem, parameters, optimizer, fraction=self.fraction, budget=self.budget)
            logs.append(np.log(np.clip(found.steps, 1, self.budget + 1)))
        return np.stack([logs[0] - other for other in logs[1:]], axis=1)


def plateau(chunk: Chunk, target: Fraction | int | str, side: str) -> tuple[OneInput, Array]:
    """Return the training problem of a chunk's networks, and their weights.

    Parameters
    ----------
    chunk : Chunk
        Networks that have their weights.
    target : Fraction, int or str
        y.
    side : str
        On which side of f the target is to lie, as in :class:`EscapeTimes`.

    Returns
    -------
    problem : OneInput
    parameters : ndarray, shape (m, P)

    Examples
    --------
    >>> net = Ensemble(width=1, depth=3, readout=[-1])
    >>> chunk = Chunk(net, np.random.default_rng(0), 4, needs=frozenset({"weights"}))
    >>> problem, parameters = plateau(chunk, 2, "same")
    >>> bool((problem.targets * problem.gradients(parameters)[0] > 0).all()), np.abs(problem.targets)
    (True, array([2., 2., 2., 2.]))
    """
    problem, parameters = OneInput.of_chunk(chunk, float(Fraction(target)))
    if side == "either":
        return problem, parameters
    outputs = problem.gradients(parameters)[0]
    signs = np.where(outputs < 0, -1.0, 1.0) * (1 if side == "same" else -1)
    return replace(problem, targets=signs * np.abs(problem.targets)), parameters


def _portions(problem: OneInput, parameters: Array) -> list[tuple[OneInput, Array]]:
    """Cut the networks into portions that are trained together."""
    rows = [np.arange(first, min(first + _NETWORKS, len(parameters))) for first in range(0, len(parameters), _NETWORKS)]
    return [(problem.taken(some), parameters[some]) for some in rows]


def _check(observable: EscapeTimes | EscapeRatios) -> None:
    """Read the arguments that both observables have; refuse y = 0 and an unknown side."""
    y = exact_fraction("target", observable.target)
    if math.isinf(as_real(y)):
        raise InvalidArgument("target", "is beyond the range of double precision", "use e.g. target=1")
    require_plateau(2, float(y))
    as_choice("side", observable.side, SIDES)
    object.__setattr__(observable, "target", y)
    object.__setattr__(observable, "fraction", as_fraction(observable.fraction))
    object.__setattr__(observable, "budget", as_budget(observable.budget))
