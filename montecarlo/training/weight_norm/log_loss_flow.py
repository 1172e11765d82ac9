r"""Gradient flow on the exponential loss, with :math:`p = \log\frac1L` in the place of time.

In time everything seems to stop near p = 12. With the gradient of p, which is a mean of the margins' gradients by a
softmax, the flow is :math:`dw/dp = D(G)/\langle G, D(G)\rangle`, where D is how the parametrization moves weights that
G pulls at: nothing in it is small, whatever p. Where it is asked for, time is followed as tL, by
:math:`d(tL)/dp = 1/\langle G,D(G)\rangle-tL`, which takes steps of a few units of p.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo.arguments import as_flag, as_floats
from montecarlo.arrays import Array
from montecarlo.training.regression.adaptive_flow import flow
from montecarlo.training.weight_norm.models import Model
from montecarlo.training.weight_norm.neurons import moved, per_neuron, require_family
from theory.ensembles import InvalidArgument


@dataclass(frozen=True, eq=False)
class LogLossPath:
    """N networks at some levels of p.

    Attributes
    ----------
    levels : ndarray, shape (l,)
        p.
    weights : ndarray, shape (N, l, P)
        Weights at each level.
    log_times : ndarray, shape (N, l), or None
        Logarithms of the time at which each level is reached, if they were asked for.
    sizes : tuple of int
        How many weights each neuron has.
    """

    levels: Array
    weights: Array
    log_times: Array | None
    sizes: tuple[int, ...]

    def __repr__(self) -> str:
        return f"LogLossPath({len(self.weights)} networks, p from {self.levels[0]:g} to {self.levels[-1]:g})"

    @property
    def squared_norms(self) -> Array:
        """The squared norm of each neuron, shape (N, l, neurons)."""
        many, levels, _ = self.weights.shape
        flat = self.weights.reshape(many * levels, -1)
        return per_neuron(flat**2, self.sizes).reshape(many, levels, -1)


def log_loss(margins: Array) -> Array:
    r"""Return :math:`p = \log\frac1L = -\log\sum_ie^{-q_i}` of each network, however large the margins.

    Parameters
    ----------
    margins : ndarray, shape (N, m)
        q.

    Examples
    --------
    >>> log_loss(np.array([[1e5, 1e5]])).round(3)
    array([99999.307])
    """
    least = margins.min(axis=1)
    return np.asarray(least - np.log(np.exp(least[:, None] - margins).sum(axis=1)))


def softmax_shares(margins: Array) -> Array:
    """Return e^(-q_i)/L of each example, shape (N, m).

    Examples
    --------
    >>> softmax_shares(np.array([[1000.0, 1000.0]]))
    array([[0.5, 0.5]])
    """
    weights = np.exp(margins.min(axis=1, keepdims=True) - margins)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def log_loss_flow(
    model: Model,
    start: ArrayLike,
    family: str,
    levels: Sequence[float],
    *,
    timed: bool = False,
    rtol: float = 1e-9,
    budget: int = 100_000,
) -> LogLossPath:
    """Follow gradient flow of many networks to levels of p = log(1/L).

    Parameters
    ----------
    model : Model
        A :class:`Committee`, :class:`Products` or :class:`TwoLayers`.
    start : array_like, shape (N, P)
        The weights at the start; no neuron is 0.
    family : str
        ``exponential``, ``standard`` or ``plain``; for the first two |v| = 1.
    levels : sequence of float
        Increasing, the first above p of every start.
    timed : bool
        Whether times are followed, too.
    rtol : float
        The relative error of a step.
    budget : int
        The most steps between two levels. Several examples make the equations stiff from about p = 1000 on.

    Returns
    -------
    LogLossPath

    Raises
    ------
    InvalidArgument
        If an argument is out of range, a neuron is 0, or the budget does not suffice.

    References
    ----------
    arXiv:2010.12909 has the flows; in p they are derived in the docstring of this module.

    Examples
    --------
    >>> from montecarlo.training.weight_norm.models import Products
    >>> path = log_loss_flow(Products([2, 1], 1), [[1.0, 1.0]], "exponential", [10, 1e5])
    >>> path.weights[0].round(3)
    array([[4.1930e+00, 1.6150e+00],
           [4.9999e+04, 2.0000e+00]])
    """
    require_family(family)
    state = np.array(as_floats("start", start), dtype=np.float64)
    _require_state(model, state)
    ends = as_floats("levels", levels)
    if ends.ndim != 1 or not len(ends) or not (np.diff(ends) > 0).all():
        raise InvalidArgument("levels", f"must be increasing, got {levels!r:.60}", "use e.g. [10, 100]")
    now = log_loss(model.margins(state, np.arange(len(state))))
    if now.max() >= ends[0]:
        problem = f"start at {ends[0]:g}, and a network starts at p = {now.max():.6g}"
        raise InvalidArgument("levels", problem, "begin above it")
    P = state.shape[1]
    many = np.concatenate([state, np.zeros((len(state), 1))], axis=1) if as_flag("timed", timed) else state
    weights, times = [], []
    for end in ends:
        span = end - now

        def field(states: Array, which: NDArray[np.intp], span: Array = span) -> Array:
            w, scaled = states[:, :P], states[:, P:]
            pull = model.pull(w, softmax_shares(model.margins(w, which)), which)
            moves = moved(family, w, pull, model.sizes)
            speed = (moves * pull).sum(axis=1)[:, None]
            pulled = speed > 0  # nothing pulls where all units are off: then steps become too small
            rate = 1 / np.where(pulled, speed, 1)
            found = [moves * rate, *([rate - scaled] if timed else [])]
            return np.asarray(np.where(pulled, span[which][:, None] * np.concatenate(found, axis=1), np.inf))

        try:
            many = flow(field, many, 1.0, rtol=rtol, budget=budget)
        except InvalidArgument as stuck:
            if stuck.argument != "time":
                raise
            problem = f"p = {end:g} is not reached: in a network nothing pulls at the weights any more"
            raise InvalidArgument("levels", problem, "end below it, or start where units are on") from None
        now = np.full(len(many), float(end))
        weights.append(many[:, :P].copy())
        if timed:
            times.append(np.log(many[:, P]) + end)
    log_times = np.stack(times, axis=1) if timed else None
    return LogLossPath(ends, np.stack(weights, axis=1), log_times, tuple(model.sizes))


def _require_state(model: Model, state: Array) -> None:
    size = sum(model.sizes)
    if state.ndim != 2 or state.shape[1] != size or not len(state):
        raise InvalidArgument("start", f"has shape {state.shape}", f"use shape (N, {size})")
    if (per_neuron(state**2, model.sizes) == 0).any():
        raise InvalidArgument("start", "has a neuron of weights 0, which has no direction", "start it elsewhere")
