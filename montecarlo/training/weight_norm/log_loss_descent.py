r"""Gradient descent on length and direction, with learning rates that follow the loss: :math:`\eta_k = rL_k^{-a}`.

What enters a step is :math:`\eta_kL_k = re^{-(1-a)p}` times the gradient of :math:`p = \log\frac1L`, so that nothing
under- or overflows, however small the loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_between, as_count, as_floats, as_positive
from montecarlo.arrays import Array
from montecarlo.training.weight_norm.log_loss_flow import log_loss, softmax_shares
from montecarlo.training.weight_norm.models import Model
from montecarlo.training.weight_norm.neurons import over_neurons, per_neuron, require_family
from theory.ensembles import InvalidArgument


@dataclass(frozen=True, eq=False)
class LogLossDescent:
    """N networks after descent.

    Attributes
    ----------
    weights : ndarray, shape (N, P)
        The weights at the end.
    log_losses : ndarray, shape (N, steps + 1)
        p before each step and at the end.
    log_times : ndarray, shape (N,)
        The logarithm of the sum of all learning rates.
    squared_directions : ndarray, shape (N, neurons)
        |v|^2 at the end; 1 for plain descent.
    """

    weights: Array
    log_losses: Array
    log_times: Array
    squared_directions: Array

    def __repr__(self) -> str:
        return f"LogLossDescent({len(self.weights)} networks, {self.log_losses.shape[1] - 1} steps)"


def log_loss_descent(
    model: Model, start: ArrayLike, family: str, learning_rate: float, steps: int, *, power: float = 0.0
) -> LogLossDescent:
    r"""Descend on the exponential loss in what is trained: :math:`(\alpha, v)`, :math:`(\gamma, v)`, or w itself.

    Parameters
    ----------
    model : Model
        A :class:`Committee`, :class:`Products` or :class:`TwoLayers`.
    start : array_like, shape (N, P)
        The weights at the start, with |v| = 1; no neuron is 0.
    family : str
        ``exponential``, ``standard`` or ``plain``.
    learning_rate : float
        r, positive.
    steps : int
        How many, at least 1.
    power : float
        a, from 0 to 1, with :math:`\eta_k = rL_k^{-a}`.

    Raises
    ------
    InvalidArgument
        If an argument is out of range, or a neuron is 0.

    Examples
    --------
    >>> from montecarlo.training.weight_norm.models import Products
    >>> run = log_loss_descent(Products([1], 1), [[2.0]], "exponential", 0.1, 2, power=1)
    >>> run.log_losses.round(4)  # each step multiplies p by e^(p/10)
    array([[2.    , 2.4428, 3.1187]])
    """
    require_family(family)
    rate, count = as_positive("learning_rate", learning_rate, example=0.1), as_count("steps", steps, example=100)
    a = as_between("power", power, 0, closed=True, example=0.5)
    if a > 1:
        raise InvalidArgument("power", f"must be at most 1, got {a:g}", "use e.g. power=0.5")
    sizes = model.sizes
    w = np.array(as_floats("start", start), dtype=np.float64)
    if w.ndim != 2 or w.shape[1] != sum(sizes) or not len(w):
        raise InvalidArgument("start", f"has shape {w.shape}", f"use shape (N, {sum(sizes)})")
    length = np.sqrt(per_neuron(w**2, sizes))
    if (length == 0).any():
        raise InvalidArgument("start", "has a neuron of weights 0, which has no direction", "start it elsewhere")
    v, every = w / np.repeat(length, sizes, axis=1), np.arange(len(w))
    places, times = [], np.full(len(w), -np.inf)
    for _ in range(count):
        q = model.margins(w, every)
        p = log_loss(q)
        places.append(p)
        times = np.logaddexp(times, np.log(rate) + a * p)
        move = rate * np.exp(-(1 - a) * p)[:, None]
        pull = model.pull(w, softmax_shares(q), every)
        if family == "plain":
            w = w + move * pull
            continue
        norm = np.sqrt(over_neurons(v**2, sizes))
        along = over_neurons(v * pull, sizes) / norm  # of the pull on w, along v
        signed = np.repeat(length, sizes, axis=1)
        v_next = v + move * signed / norm * (pull - along * v / norm)
        radial = per_neuron(v * pull, sizes) / np.sqrt(per_neuron(v**2, sizes))
        length = length * np.exp(move * length * radial) if family == "exponential" else length + move * radial
        v = v_next
        w = np.repeat(length, sizes, axis=1) * v / np.sqrt(over_neurons(v**2, sizes))
    places.append(log_loss(model.margins(w, every)))
    return LogLossDescent(w, np.stack(places, axis=1), times, per_neuron(v**2, sizes))
