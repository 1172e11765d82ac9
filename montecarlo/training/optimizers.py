"""Update rules of their papers, for many networks at once: gradient descent, heavy ball, signs, RMSprop, Adam."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from montecarlo.weights import Array
from theory.ensembles import InvalidArgument

Rate = float | tuple[float, ...]
"""One learning rate for all networks, or one for each."""
Rated = TypeVar("Rated", bound="_Rule")
_PIECE = 2**14
"""Entries updated together: all arrays of an update stay in the cache."""


@dataclass
class State:
    """What an optimizer remembers of m networks.

    Attributes
    ----------
    steps : int
        Updates so far.
    moments : tuple of ndarray, shapes (m, P)
        Running means, none for rules without a memory.
    """

    steps: int
    moments: tuple[Array, ...]

    def taken(self, which: NDArray[Any]) -> State:
        """Return the state of some of the networks."""
        return State(self.steps, tuple(moment[which] for moment in self.moments))


class Optimizer(Protocol):
    """An update rule, with its hyperparameters."""

    @property
    def learning_rate(self) -> Rate:
        """eta, one for all networks or one for each."""

    def start(self, parameters: Array) -> State:
        """Return the state before the first update of parameters of that shape, (m, P)."""

    def step(self, state: State, parameters: Array, gradients: Array, out: Array | None = None) -> Array:
        """Return the updated parameters, in `out` if given (which may be `parameters`); the state is updated."""

    def taken(self, which: NDArray[Any]) -> Optimizer:
        """Return the rule for some of the networks."""


@dataclass(frozen=True)
class _Rule:
    """What the rules share: a learning rate, zeros to start with, and updates piece by piece."""

    learning_rate: Rate
    _memories = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "learning_rate", _rates(self.learning_rate))

    def start(self, parameters: Array) -> State:
        """Return the state before the first update of parameters of that shape, (m, P): zeros."""
        return State(0, tuple(np.zeros(parameters.shape) for _ in range(self._memories)))

    def taken(self: Rated, which: NDArray[Any]) -> Rated:
        """Return the rule for some of the networks."""
        if not isinstance(self.learning_rate, tuple):
            return self
        return replace(self, learning_rate=tuple(np.array(self.learning_rate)[which].tolist()))

    def step(self, state: State, parameters: Array, gradients: Array, out: Array | None = None) -> Array:
        """Update parameters of m networks.

        Parameters
        ----------
        state : State
            From :meth:`start`; updated in place.
        parameters, gradients : ndarray, shapes (m, P)
        out : ndarray, shape (m, P), optional
            Takes the result; `parameters` itself to update in place.

        Returns
        -------
        ndarray, shape (m, P)

        Raises
        ------
        InvalidArgument
            If there are as many learning rates as networks, but not these.
        """
        networks = len(parameters)
        if isinstance(self.learning_rate, tuple) and len(self.learning_rate) != networks:
            problem = f"has {len(self.learning_rate)} entries for {networks} networks"
            raise InvalidArgument("learning_rate", problem, "give one for all, or one for each")
        result = np.empty_like(parameters) if out is None else out
        rates = np.broadcast_to(np.reshape(self.learning_rate, (-1, 1)), (networks, 1))
        state.steps += 1
        for rows in _pieces(*parameters.shape):
            moments = tuple(moment[rows] for moment in state.moments)
            moves = self._moves(state.steps, moments, gradients[rows])
            moves *= rates[rows]
            np.subtract(parameters[rows], moves, out=result[rows])
        return result

    def _moves(self, steps: int, moments: tuple[Array, ...], gradients: Array) -> Array:
        """Return a new array: what is subtracted, over the learning rate; `steps` counts from 1."""
        raise NotImplementedError


@dataclass(frozen=True)
class GradientDescent(_Rule):
    r"""Gradient descent, :math:`w \leftarrow w - \eta g`; stochastic, if the gradients are.

    Parameters
    ----------
    learning_rate : float or tuple of float
        eta, one for all networks or one for each.

    Raises
    ------
    InvalidArgument
        If a learning rate is not positive and finite.

    Examples
    --------
    >>> rule, w = GradientDescent(learning_rate=(0.5, 0.25)), np.ones((2, 1))
    >>> rule.step(rule.start(w), w, np.ones((2, 1)))
    array([[0.5 ],
           [0.75]])
    """

    def _moves(self, steps: int, moments: tuple[Array, ...], gradients: Array) -> Array:
        return gradients.copy()


@dataclass(frozen=True)
class HeavyBall(_Rule):
    r"""Momentum, as PyTorch's SGD: :math:`u \leftarrow \mu u + g`, :math:`w \leftarrow w - \eta u`, u = 0 at first.

    Polyak's :math:`w_{t+1} = w_t - \eta g_t + \mu (w_t - w_{t-1})` at a fixed learning rate.

    Parameters
    ----------
    learning_rate : float or tuple of float
        eta.
    momentum : float
        mu, at least 0 and below 1.

    Raises
    ------
    InvalidArgument
        If a hyperparameter lies outside its range.

    References
    ----------
    B. T. Polyak, Some methods of speeding up the convergence of iteration methods, USSR Comp. Math. 4(5), 1964.

    Examples
    --------
    >>> rule, w = HeavyBall(learning_rate=1.0, momentum=0.5), np.zeros((1, 1))
    >>> state = rule.start(w)
    >>> [float(rule.step(state, w, np.ones((1, 1)), out=w)[0, 0]) for _ in range(3)]
    [-1.0, -2.5, -4.25]
    """

    momentum: float = 0.9
    _memories = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_below_one("momentum", self.momentum)

    def _moves(self, steps: int, moments: tuple[Array, ...], gradients: Array) -> Array:
        (velocity,) = moments
        velocity *= self.momentum
        velocity += gradients
        return velocity.copy()


@dataclass(frozen=True)
class SignDescent(_Rule):
    r"""Sign descent, :math:`w \leftarrow w - \eta\,\mathrm{sign}(g)`: a step of eta in each weight, whatever the slope.

    Parameters
    ----------
    learning_rate : float or tuple of float
        eta.

    Raises
    ------
    InvalidArgument
        If a learning rate is not positive and finite.

    References
    ----------
    J. Bernstein et al., signSGD, ICML 2018 (arXiv:1802.04434), algorithm 1.

    Examples
    --------
    >>> rule, w = SignDescent(learning_rate=0.5), np.zeros((1, 3))
    >>> rule.step(rule.start(w), w, np.array([[1e-300, -7.0, 0.0]])) + 0
    array([[-0.5,  0.5,  0. ]])
    """

    def _moves(self, steps: int, moments: tuple[Array, ...], gradients: Array) -> Array:
        return np.asarray(np.sign(gradients))


@dataclass(frozen=True)
class RMSprop(_Rule):
    r"""RMSprop, :math:`v \leftarrow \beta_2 v + (1-\beta_2) g^2`, :math:`w \leftarrow w - \eta g/(\sqrt v + \epsilon)`.

    With v = 0 at first and no correction for it: the first step is :math:`\eta/\sqrt{1-\beta_2}` in each weight,
    10 eta at the default.

    Parameters
    ----------
    learning_rate : float or tuple of float
        eta.
    beta_2 : float
        Of the running mean of squares, at least 0 and below 1; 0.99 as in PyTorch, where Hinton has 0.9.
    epsilon : float
        Not negative. At 0, a weight whose squared gradients have all underflowed to 0 stays where it is.

    Raises
    ------
    InvalidArgument
        If a hyperparameter lies outside its range.

    References
    ----------
    T. Tieleman and G. Hinton, Neural Networks for Machine Learning, lecture 6.5, Coursera 2012.

    Examples
    --------
    >>> rule, w = RMSprop(learning_rate=0.5, epsilon=0.0), np.zeros((1, 1))
    >>> rule.step(rule.start(w), w, np.full((1, 1), 1e-12)).round(12)
    array([[-5.]])
    """

    beta_2: float = 0.99
    epsilon: float = 1e-8
    _memories = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_below_one("beta_2", self.beta_2)
        _require_epsilon(self.epsilon)

    def _moves(self, steps: int, moments: tuple[Array, ...], gradients: Array) -> Array:
        (squares,) = moments
        _average_squares(squares, gradients, self.beta_2)
        return _over_root(gradients, squares, 1.0, self.epsilon)


@dataclass(frozen=True)
class Adam(_Rule):
    r"""Adam: :math:`w \leftarrow w - \eta\,\hat m/(\sqrt{\hat v} + \epsilon)` with running means of g and :math:`g^2`.

    .. math:: m \leftarrow \beta_1 m + (1-\beta_1) g, \quad v \leftarrow \beta_2 v + (1-\beta_2) g^2, \quad
              \hat m = m/(1-\beta_1^t), \quad \hat v = v/(1-\beta_2^t)

    Parameters
    ----------
    learning_rate : float or tuple of float
        eta, alpha in the paper.
    beta_1, beta_2 : float
        At least 0 and below 1.
    epsilon : float
        Not negative. At 0, a weight whose squared gradients have all underflowed to 0 stays where it is.
    bias_correction : bool
        Whether m and v are divided as above; if not, m and v stand in their place.

    Raises
    ------
    InvalidArgument
        If a hyperparameter lies outside its range.

    References
    ----------
    D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015 (arXiv:1412.6980), algorithm 1.

    Examples
    --------
    >>> rule, w = Adam(learning_rate=0.5, epsilon=0.0), np.zeros((1, 2))
    >>> rule.step(rule.start(w), w, np.array([[1e-12, -3.0]]))
    array([[-0.5,  0.5]])
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    bias_correction: bool = True
    _memories = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_below_one("beta_1", self.beta_1)
        _require_below_one("beta_2", self.beta_2)
        _require_epsilon(self.epsilon)
        correction: object = self.bias_correction
        if not isinstance(correction, bool):
            problem = f"must be True or False, got {correction!r}"
            raise InvalidArgument("bias_correction", problem, "use True, as in the paper")

    def _moves(self, steps: int, moments: tuple[Array, ...], gradients: Array) -> Array:
        mean, squares = moments
        mean *= self.beta_1
        mean += (1 - self.beta_1) * gradients
        _average_squares(squares, gradients, self.beta_2)
        if not self.bias_correction:
            return _over_root(mean, squares, 1.0, self.epsilon)
        moves = _over_root(mean, squares, 1 / math.sqrt(1 - self.beta_2**steps), self.epsilon)
        moves /= 1 - self.beta_1**steps
        return moves


def _average_squares(squares: Array, gradients: Array, beta_2: float) -> None:
    """Move v towards g^2, in place."""
    fresh = gradients * gradients
    fresh *= 1 - beta_2
    squares *= beta_2
    squares += fresh


def _over_root(numerator: Array, squares: Array, scale: float, epsilon: float) -> Array:
    """Return numerator/(scale sqrt(v) + epsilon), 0 where that is 0 below."""
    root = np.sqrt(squares)
    root *= scale
    root += epsilon
    if epsilon > 0:
        return np.divide(numerator, root, out=root)
    return np.divide(numerator, root, out=np.zeros_like(root), where=root != 0)


def _pieces(networks: int, parameters: int) -> Iterator[slice]:
    """Return rows that fit into the cache together."""
    rows = max(1, _PIECE // max(1, parameters))
    return (slice(first, first + rows) for first in range(0, networks, rows))


def _rates(value: object) -> Rate:
    """Return positive, finite learning rates, or refuse."""
    rates: tuple[Any, ...] = value if isinstance(value, tuple) else (value,)
    for rate in rates:
        if isinstance(rate, bool) or not isinstance(rate, Real) or not 0 < float(rate) < math.inf:
            remedy = "use e.g. learning_rate=0.01, or a tuple with one for each network"
            raise InvalidArgument("learning_rate", f"must be positive and finite, got {rate!r}", remedy)
    found = tuple(float(rate) for rate in rates)
    return found if isinstance(value, tuple) else found[0]


def _require_below_one(argument: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1:
        raise InvalidArgument(argument, f"must be at least 0 and below 1, got {value!r}", f"use e.g. {argument}=0.9")


def _require_epsilon(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < math.inf:
        raise InvalidArgument("epsilon", f"must be finite and not negative, got {value!r}", "use e.g. epsilon=1e-8")
