r"""How gradient flow moves many neurons at once, trained as they are or through length and direction.

A state holds the incoming weights of all neurons one after the other, shape (N, P). With the pull
:math:`G = -\partial L/\partial w` of a neuron, |v| = 1 and :math:`\rho = |w|`, w moves by :math:`\rho^2G`
(``exponential``), by the part of G along w and :math:`\rho^2` times the rest (``standard``), or by G (``plain``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from montecarlo.arrays import Array
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

FAMILIES = ("exponential", "standard", "plain")
"""The parametrizations."""


def require_family(family: str) -> None:
    """Refuse what is no parametrization.

    Raises
    ------
    InvalidArgument
        If it is none; the nearest is suggested.

    Examples
    --------
    >>> require_family("plain")
    """
    if family not in FAMILIES:
        raise InvalidArgument("family", f"there is no parametrization {family!r}", nearest(str(family), FAMILIES))


def moved(family: str, state: Array, pull: Array, sizes: Sequence[int]) -> Array:
    """Return how fast the weights move, shape (N, P).

    Parameters
    ----------
    family : str
        ``exponential``, ``standard`` or ``plain``.
    state, pull : ndarray, shape (N, P)
        The weights, and the negative gradient in them.
    sizes : sequence of int
        How many weights each neuron has; they sum to P.

    Raises
    ------
    InvalidArgument
        If there is no such family.

    Examples
    --------
    >>> moved("standard", np.array([[2.0, 0.0]]), np.array([[1.0, 1.0]]), (2,))
    array([[1., 4.]])
    """
    require_family(family)
    if family == "plain":
        return pull
    square = over_neurons(state * state, sizes)
    if family == "exponential":
        return np.asarray(square * pull)
    radial = over_neurons(state * pull, sizes) / square * state
    return np.asarray(radial + square * (pull - radial))


def over_neurons(values: Array, sizes: Sequence[int]) -> Array:
    """Return the sum over each neuron's weights, at each of them.

    Parameters
    ----------
    values : ndarray, shape (N, P)
        Numbers, one for each weight.
    sizes : sequence of int
        As for :func:`moved`.

    Examples
    --------
    >>> over_neurons(np.array([[1.0, 2.0, 5.0]]), (2, 1))
    array([[3., 3., 5.]])
    """
    return np.repeat(per_neuron(values, sizes), sizes, axis=1)


def per_neuron(values: Array, sizes: Sequence[int]) -> Array:
    """Return the sum over each neuron's weights, shape (N, neurons).

    Examples
    --------
    >>> per_neuron(np.array([[1.0, 2.0, 5.0]]), (2, 1))
    array([[3., 5.]])
    """
    starts = np.cumsum([0, *sizes[:-1]])
    return np.asarray(np.add.reduceat(values, starts, axis=1))


def participation_ratio(squares: Array) -> Array:
    r"""Return :math:`(\sum\rho^2)^2/\sum\rho^4` of each network: 1 if one neuron has all, k if k neurons are equal.

    Parameters
    ----------
    squares : ndarray, shape (N, neurons)
        Squared norms; they may be as large as floats allow.

    Examples
    --------
    >>> participation_ratio(np.array([[1.0, 1.0], [1e300, 0.0]]))
    array([2., 1.])
    """
    shares = squares / squares.max(axis=1, keepdims=True)
    return np.asarray(shares.sum(axis=1) ** 2 / (shares**2).sum(axis=1))
