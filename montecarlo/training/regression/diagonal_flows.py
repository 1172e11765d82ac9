r"""Many diagonal linear nets :math:`w = u_+v_+-u_-v_-` at once: gradient flow, and plain gradient descent beside it.

The weights are carried as sums and differences of both layers. Along the flow :math:`u_++v_+` and :math:`u_--v_-` are
multiplied by :math:`e^G`, :math:`u_+-v_+` and :math:`u_-+v_-` by :math:`e^{-G}`, with
:math:`dG = -X^T\ell'(Xw)\,dt`. So G is what is followed, and nothing cancels, however small the weights are at the
start. A step of gradient descent multiplies the same numbers by :math:`1 \pm \eta g`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo.arguments import as_choice, as_count, as_floats, as_positive
from montecarlo.arrays import Array
from montecarlo.training.regression import adaptive_flow
from montecarlo.wording import counted
from theory.ensembles import InvalidArgument

LOSSES = ("squared", "log-cosh")
"""The loss of a residual r is r^2/2 or log cosh r."""


@dataclass(frozen=True, eq=False)
class DiagonalNets:
    """The weights of m diagonal nets of d coordinates.

    Attributes
    ----------
    growing : ndarray, shape (2, m, d)
        u_+ + v_+ and u_- - v_-.
    falling : ndarray, shape (2, m, d)
        u_+ - v_+ and u_- + v_-.

    Examples
    --------
    >>> nets = DiagonalNets.of_weights([[1.0, 2.0]], [[0.5, 0.0]], [[1.0, 2.0]], [[0.5, 0.0]])
    >>> nets, nets.weights.tolist(), nets.scales.tolist()
    (DiagonalNets(1 network of 2 coordinates), [[0.0, 0.0]], [[6.25, 64.0]])
    """

    growing: Array
    falling: Array

    def __repr__(self) -> str:
        return f"DiagonalNets({counted(self.networks, 'network')} of {counted(self.dimension, 'coordinate')})"

    @classmethod
    def of_weights(cls, u_plus: ArrayLike, v_plus: ArrayLike, u_minus: ArrayLike, v_minus: ArrayLike) -> DiagonalNets:
        """Read the weights of both layers and both signs.

        Parameters
        ----------
        u_plus, v_plus, u_minus, v_minus : array_like, shape (m, d)
            The weights.

        Raises
        ------
        InvalidArgument
            If they are no finite numbers, have other shapes, or there is none.
        """
        names = ("u_plus", "v_plus", "u_minus", "v_minus")
        read = [as_floats(name, values) for name, values in zip(names, (u_plus, v_plus, u_minus, v_minus), strict=True)]
        for name, array in zip(names, read, strict=True):
            if array.ndim != 2 or array.shape != read[0].shape or not array.size:
                problem = f"have shape {array.shape}, and u_plus {read[0].shape}"
                raise InvalidArgument(name, problem, "give four arrays of shape (networks, coordinates)")
        up, vp, um, vm = read
        return cls(np.stack([up + vp, um - vm]), np.stack([up - vp, um + vm]))

    @property
    def networks(self) -> int:
        """The number m of networks."""
        return int(self.growing.shape[1])

    @property
    def dimension(self) -> int:
        """The number d of coordinates."""
        return int(self.growing.shape[2])

    @property
    def A(self) -> Array:
        """(u_+ + v_+)^2 + (u_- - v_-)^2, shape (m, d)."""
        return np.asarray((self.growing**2).sum(axis=0))

    @property
    def B(self) -> Array:
        """(u_+ - v_+)^2 + (u_- + v_-)^2, shape (m, d)."""
        return np.asarray((self.falling**2).sum(axis=0))

    @property
    def weights(self) -> Array:
        """The vectors w = u_+ v_+ - u_- v_-, shape (m, d)."""
        return (self.A - self.B) / 4

    @property
    def squares(self) -> Array:
        """The sums S of the four squares, shape (m, d): the speed of w in its clock."""
        return (self.A + self.B) / 2

    @property
    def scales(self) -> Array:
        """The k = AB = S^2 - 4 w^2, shape (m, d), which the flow keeps."""
        return self.A * self.B

    @property
    def imbalances(self) -> Array:
        """u_+^2 - v_+^2 and u_-^2 - v_-^2, shape (2, m, d), which the flow keeps."""
        return self.growing * self.falling

    @property
    def slopes(self) -> Array:
        """log(A/B)/4, shape (m, d): less its value at the start, the flow keeps it in the row space of the design."""
        return (np.log(self.A) - np.log(self.B)) / 4

    def after_clock(self, growth: Array) -> DiagonalNets:
        """Return the nets after their clocks have run G, shape (m, d)."""
        return DiagonalNets(self.growing * np.exp(growth), self.falling * np.exp(-growth))


def diagonal_flow(
    nets: DiagonalNets,
    design: ArrayLike,
    targets: ArrayLike,
    time: float,
    *,
    loss: str = "squared",
    rtol: float = 1e-10,
) -> DiagonalNets:
    """Follow gradient flow of the summed loss to a time.

    Parameters
    ----------
    nets : DiagonalNets
        The start.
    design : array_like, shape (n, d) or (m, n, d)
        The inputs in rows, for all networks or for each.
    targets : array_like, shape (n,) or (m, n)
        Their targets.
    time : float
        The time T, in units of 1/(loss's curvature in w times squared weights).
    loss : str
        ``squared`` or ``log-cosh``, of the residuals.
    rtol : float
        The error that is allowed of a step of the clocks.

    Returns
    -------
    DiagonalNets
        It is in the row space whatever the error of steps, which moves only its place on the way.

    Raises
    ------
    InvalidArgument
        If the shapes do not match, there is no such loss, or the time is not reached.

    Examples
    --------
    >>> start = DiagonalNets.of_weights([[1.0, 1.0]], [[0.5, 0.5]], [[1.0, 1.0]], [[0.5, 0.5]])
    >>> end = diagonal_flow(start, [[1.0, 2.0]], [3.0], 20.0)
    >>> (end.weights @ [1.0, 2.0]).round(9), float(abs(end.scales - 6.25).max()) < 1e-12
    (array([3.]), True)
    """
    X, y = read_problem(nets, design, targets)
    as_choice("loss", loss, LOSSES)
    # w = ((A_0 - B_0) cosh 2G + (A_0 + B_0) sinh 2G)/4 loses nothing where w starts at 0
    even, odd = nets.weights, nets.squares / 2

    def field(G: Array, which: NDArray[np.intp]) -> Array:
        w = even[which] * np.cosh(2 * G) + odd[which] * np.sinh(2 * G)
        return descent_directions(X[which], y[which], w, loss)

    start = np.zeros((nets.networks, nets.dimension))
    return nets.after_clock(adaptive_flow.flow(field, start, time, rtol=rtol))


def diagonal_descent(
    nets: DiagonalNets,
    design: ArrayLike,
    targets: ArrayLike,
    learning_rate: float,
    steps: int,
    *,
    loss: str = "squared",
) -> DiagonalNets:
    r"""Take steps of gradient descent on the summed loss.

    Parameters
    ----------
    nets, design, targets, loss
        As for :func:`diagonal_flow`.
    learning_rate : float
        The step :math:`\eta`.
    steps : int
        How many.

    Returns
    -------
    DiagonalNets

    Raises
    ------
    InvalidArgument
        If the shapes do not match, an argument is out of range, or the weights diverge.

    Examples
    --------
    >>> start = DiagonalNets.of_weights([[1.0]], [[0.5]], [[1.0]], [[0.5]])
    >>> diagonal_descent(start, [[1.0]], [1.0], 0.1, 1).weights  # 2.25 (1.1^2 - 0.9^2)/4 + 0.25 (1.1^2 - 0.9^2)/4
    array([[0.25]])
    """
    X, y = read_problem(nets, design, targets)
    as_choice("loss", loss, LOSSES)
    rate, count = as_positive("learning_rate", learning_rate, example=0.01), as_count("steps", steps, 0, example=100)
    growing, falling = nets.growing, nets.falling
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(count):
            w = DiagonalNets(growing, falling).weights
            move = rate * descent_directions(X, y, w, loss)
            growing, falling = growing * (1 + move), falling * (1 - move)
    if not (np.isfinite(growing).all() and np.isfinite(falling).all()):
        raise InvalidArgument("learning_rate", f"{rate:g} makes the weights diverge", "take smaller steps")
    return DiagonalNets(growing, falling)


def read_problem(nets: DiagonalNets, design: ArrayLike, targets: ArrayLike) -> tuple[Array, Array]:
    """Read inputs and targets of all networks, of shapes (m, n, d) and (m, n); refuse others by InvalidArgument."""
    X, y = as_floats("design", design), as_floats("targets", targets)
    m, d = nets.networks, nets.dimension
    if X.ndim not in (2, 3) or X.shape[-1] != d or (X.ndim == 3 and len(X) != m):
        problem = f"has shape {X.shape}, but there are {m} networks of {d} coordinates"
        raise InvalidArgument("design", problem, f"use shape (n, {d}) or ({m}, n, {d})")
    n = X.shape[-2]
    if y.shape not in ((n,), (m, n)):
        problem = f"have shape {y.shape}, but the design has {n} rows"
        raise InvalidArgument("targets", problem, f"use shape ({n},) or ({m}, {n})")
    return np.broadcast_to(X, (m, n, d)), np.broadcast_to(y, (m, n))


def descent_directions(X: Array, y: Array, w: Array, loss: str) -> Array:
    """Return -dL/dw of each network, shape (m, d), given inputs, targets and w of each."""
    residuals = y - np.einsum("mnd,md->mn", X, w)
    pull = residuals if loss == "squared" else np.tanh(residuals)
    return np.asarray(np.einsum("mnd,mn->md", X, pull))
