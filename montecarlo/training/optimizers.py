"""Update rules as in their papers, for many networks at once: gradient descent, heavy ball, signs, RMSprop, Adam."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_between, as_flag, as_real
from montecarlo.arrays import Array
from montecarlo.wording import counted
from theory.ensembles import InvalidArgument

Rate = float | tuple[float, ...]
"""One learning rate for all networks, or a tuple with one for each."""
Rated = TypeVar("Rated", bound="_Rule")
_PIECE = 2**14
"""So many entries are updated together, so that all arrays of an update stay in the cache."""


@dataclass
class State:
    """What an optimizer remembers of m networks.

    Attributes
    ----------
    steps : int
        How many updates were made.
    moments : tuple of ndarray, shapes (m, P)
        Running means; rules without a memory have none.
    """

    steps: int
    moments: tuple[Array, ...]

    def __repr__(self) -> str:
        return f"State({counted(self.steps, 'step')}, {counted(len(self.moments), 'moment')})"

    def taken(self, which: NDArray[Any]) -> State:
        """Return the state of some of the networks."""
        return State(self.steps, tuple(moment[which] for moment in self.moments))


class Optimizer(Protocol):
    """An update rule, with its hyperparameters."""

    @property
    def learning_rate(self) -> Rate:
        """The learning rate eta, one for all networks or one for each."""

    def start(self, parameters: Array) -> State:
        """Return the state before the first update, given the parameters, shape (m, P)."""

    def step(self, state: State, parameters: Array, gradients: Array, out: Array | None = None) -> Array:
        """Update parameters of m networks.

        Parameters
        ----------
        state : State
            State of these networks, which is updated too.
        parameters, gradients : ndarray, shapes (m, P)
        out : ndarray, shape (m, P), optional
            Overwritten with the result; it may be `parameters`.

        Returns
        -------
        ndarray, shape (m, P)
            The array `out`, or a new one.
        """

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
        """Return the state before the first update, in which all means are 0, given the parameters, shape (m, P)."""
        return State(0, tuple(np.zeros(parameters.shape) for _ in range(self._memories)))

    def taken(self: Rated, which: NDArray[Any]) -> Rated:
        """Return the rule for some of the networks."""
        if not isinstance(self.learning_rate, tuple):
            return self
        rule = copy.copy(self)  # not a new rule, which would refuse an empty tuple of rates
        object.__setattr__(rule, "learning_rate", tuple(np.array(self.learning_rate)[which].tolist()))
        return rule

    def step(self, state: State, parameters: Array, gradients: Array, out: Array | None = None) -> Array:
        """Update parameters of m networks.

        Parameters
        ----------
        state : State
            State from :meth:`start`, which is updated in place.
        parameters, gradients : ndarray, shapes (m, P)
        out : ndarray, shape (m, P), optional
            Overwritten with the result; give `parameters` to update them in place.

        Returns
        -------
        ndarray, shape (m, P)

        Raises
        ------
        InvalidArgument
            If there are several learning rates but not as many as networks, or the arrays have different shapes.
        """
        if parameters.ndim != 2 or parameters.dtype.kind != "f":
            problem = f"have shape {parameters.shape} and type {parameters.dtype}"
            raise InvalidArgument("parameters", problem, "use floats of shape (m, P), a row for each network")
        for argument, array in (("gradients", gradients), ("out", out), *(("state", each) for each in state.moments)):
            if array is not None and array.shape != parameters.shape:
                problem = f"has shape {array.shape}, but parameters {parameters.shape}"
                raise InvalidArgument(argument, problem, "use arrays of one shape, and the state of these networks")
        networks = len(parameters)
        require_rates(self, networks)
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
        """Return a new array of what is subtracted, over the learning rate; `steps` counts updates from 1."""
        raise NotImplementedError

    def _below_one(self, argument: str) -> None:
        """Make a hyperparameter a float, at least 0 and below 1."""
        value = as_between(argument, getattr(self, argument), 0, 1, closed=True, example=0.9)
        object.__setattr__(self, argument, value)

    def _checked_epsilon(self) -> None:
        """Make epsilon a float, finite and not negative."""
        value = as_between("epsilon", getattr(self, "epsilon", None), 0, closed=True, example=1e-8)
        object.__setattr__(self, "epsilon", value)


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

    At a fixed learning rate it is Polyak's :math:`w_{t+1} = w_t - \eta g_t + \mu (w_t - w_{t-1})`.

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
        self._below_one("momentum")

    def _moves(self, steps: int, moments: tuple[Array, ...], gradients: Array) -> Array:
        (velocity,) = moments
        velocity *= self.momentum
        velocity += gradients
        return velocity.copy()


@dataclass(frozen=True)
class SignDescent(_Rule):
    r"""Sign descent, :math:`w \leftarrow w - \eta\,\mathrm{sign}(g)`: each weight moves by eta, whatever its slope.

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

    v is 0 at first and this is not corrected for, so that the first step is :math:`\eta/\sqrt{1-\beta_2}` in each
    weight, 10 eta at the default.

    Parameters
    ----------
    learning_rate : float or tuple of float
        eta.
    beta_2 : float
        Weight of the past in the running mean of squares, at least 0 and below 1. The default is PyTorch's, 0.99, not
        Hinton's, 0.9.
    epsilon : float
        Added to the root, not negative. At 0, a weight whose squared gradients have all underflowed to 0 stays where it
        is.

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
        self._below_one("beta_2")
        self._checked_epsilon()

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
        Weights of the past in the running means of g and of its square, at least 0 and below 1.
    epsilon : float
        Added to the root, not negative. At 0, a weight whose squared gradients have all underflowed to 0 stays where it
        is.
    bias_correction : bool
        Whether m and v are corrected as above; if not, the rule uses m and v themselves.

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
        self._below_one("beta_1")
        self._below_one("beta_2")
        self._checked_epsilon()
        as_flag("bias_correction", self.bias_correction)

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
    """Return numerator/(scale sqrt(v) + epsilon), and 0 where the denominator is 0."""
    root = np.sqrt(squares)
    root *= scale
    root += epsilon
    if epsilon > 0:
        return np.divide(numerator, root, out=root)
    return np.divide(numerator, root, out=np.zeros_like(root), where=root != 0)


def _pieces(networks: int, parameters: int) -> Iterator[slice]:
    """Return slices of networks whose parameters fit into the cache together."""
    rows = max(1, _PIECE // max(1, parameters))
    return (slice(first, first + rows) for first in range(0, networks, rows))


def require_rates(optimizer: Optimizer, networks: int) -> None:
    """Refuse learning rates that are neither one for all networks nor one for each.

    Parameters
    ----------
    optimizer : Optimizer
    networks : int
        How many networks there are.

    Raises
    ------
    InvalidArgument
        If there are several rates, but not as many as networks.
    """
    rates = optimizer.learning_rate
    if isinstance(rates, tuple) and len(rates) != networks:
        problem = f"has {len(rates)} entries for {networks} networks"
        raise InvalidArgument("learning_rate", problem, "give one for all, or one for each")


def require_optimizer(argument: str, value: object, *, single_rate: bool = False) -> None:
    """Refuse what is no update rule.

    Parameters
    ----------
    argument : str
        Name of the argument, for the error.
    value : object
        What the caller gave.
    single_rate : bool
        Whether a rule with a learning rate for each network is refused too.

    Raises
    ------
    InvalidArgument
        If the value is no update rule, or has several learning rates and must not.
    """
    known = all(hasattr(value, name) for name in ("learning_rate", "start", "step", "taken"))
    if not known or isinstance(value, type):
        raise InvalidArgument(argument, f"is no update rule: {value!r:.50}", "use e.g. Adam(0.01)")
    if single_rate and isinstance(getattr(value, "learning_rate", None), tuple):
        raise InvalidArgument(argument, "has several learning rates", "give one for all networks")


def _rates(value: object) -> Rate:
    """Read one or more learning rates, positive and finite."""
    rates: tuple[Any, ...] = value if isinstance(value, tuple) else (value,)
    found = tuple(as_real(rate) for rate in rates)
    for rate, given in zip(found or (math.nan,), rates or ((),), strict=True):
        if not 0 < rate < math.inf:
            remedy = "use e.g. learning_rate=0.01, or a tuple with one for each network"
            raise InvalidArgument("learning_rate", f"must be positive and finite, got {given!r:.50}", remedy)
    return found if isinstance(value, tuple) else found[0]
