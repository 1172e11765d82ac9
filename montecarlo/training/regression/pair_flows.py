r"""Two-layer linear networks of one output on data of rank one: gradient flow in closed form, and plain descent.

The loss is :math:`\frac\lambda2(\theta-p)^2` above its minimum, with :math:`p = u\cdot v`; u is the first layer on the
row space of the data, and :math:`U_2` is the rest of it. Flow, :math:`\dot u = gv,\ \dot v = gu` with
:math:`g = \lambda(\theta-p)`, multiplies u + v by a number and divides u - v by it, so that both are followed through
their lengths, and nothing cancels. The multiplier's square z solves :math:`\dot z = 2gz`, a Riccati equation: it goes
from 1 to :math:`z_+ = (2\theta+R)/A`, and :math:`(z-z_+)/(z-z_-)` falls like :math:`e^{-\lambda Rt}`, with
:math:`A = |u+v|^2,\ B = |u-v|^2,\ R = \sqrt{AB+4\theta^2},\ z_- = -B/(Az_+)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_between, as_count, as_floats
from montecarlo.arrays import Array
from montecarlo.wording import counted
from theory.ensembles import InvalidArgument

MOST_STEPS = 10**9
"""The most steps of descent."""


@dataclass(frozen=True, eq=False)
class ScalarPairs:
    r"""N networks at one time, by inner products: their size does not depend on the width.

    Attributes
    ----------
    plus, minus : ndarray, shape (N,)
        :math:`A = |u+v|^2` and :math:`B = |u-v|^2`.
    difference : ndarray, shape (N,)
        :math:`|u|^2-|v|^2 = (u+v)\cdot(u-v)`.
    off_plus, off_minus : ndarray, shape (N, d - 1)
        :math:`U_2(u+v)` and :math:`U_2(u-v)`.
    rate : float
        :math:`\lambda`, the squared singular value of the data.
    target : float
        :math:`\theta`.

    Examples
    --------
    >>> start = ScalarPairs.of_weights(np.array([[[1.0, 0], [3, 4]]]), np.array([[[0, 1.0]]]), 1, 0.75)
    >>> end = start.flow()
    >>> end.product, end.imbalance, end.distance_square.round(3)
    (array([0.75]), array([2.]), array([28.125]))
    """

    plus: Array
    minus: Array
    difference: Array
    off_plus: Array
    off_minus: Array
    rate: float
    target: float

    def __repr__(self) -> str:
        return f"ScalarPairs({counted(len(self.plus), 'network')}, rate {self.rate:g}, target {self.target:g})"

    @classmethod
    def of_weights(cls, first: ArrayLike, second: ArrayLike, rate: float, target: float) -> ScalarPairs:
        r"""Return the networks with these weights.

        Parameters
        ----------
        first : array_like, shape (N, d, h)
            U of each network; its first row is u, the others are :math:`U_2`.
        second : array_like, shape (N, 1, h)
            V, whose row is v.
        rate, target : float
            :math:`\lambda`, positive, and :math:`\theta`.

        Raises
        ------
        InvalidArgument
            If shapes do not fit, or a number is out of range or not finite.
        """
        lam = as_between("rate", rate, 0, example=1)
        theta = float(as_floats("target", target))
        U, V = as_floats("first", first), as_floats("second", second)
        if U.ndim != 3 or 0 in U.shape:
            raise InvalidArgument("first", f"have shape {U.shape}", "use shape (N, d, h)")
        if V.shape != (len(U), 1, U.shape[2]):
            raise InvalidArgument("second", f"have shape {V.shape}", f"use shape {(len(U), 1, U.shape[2])}")
        u, v, off = U[:, 0], V[:, 0], U[:, 1:]
        plus, minus = u + v, u - v
        return cls(
            np.einsum("nh,nh->n", plus, plus),
            np.einsum("nh,nh->n", minus, minus),
            np.einsum("nh,nh->n", plus, minus),
            np.einsum("nkh,nh->nk", off, plus),
            np.einsum("nkh,nh->nk", off, minus),
            lam,
            theta,
        )

    @property
    def product(self) -> Array:
        r""":math:`p = u\cdot v`, shape (N,)."""
        return (self.plus - self.minus) / 4

    @property
    def imbalance(self) -> Array:
        r""":math:`c = |u+v||u-v|`, the largest less the smallest eigenvalue of :math:`uu^T-vv^T`; flow keeps it."""
        return np.asarray(np.sqrt(self.plus) * np.sqrt(self.minus))

    @property
    def readout(self) -> Array:
        """The squared length of v."""
        return np.maximum((self.plus + self.minus) / 4 - self.difference / 2, 0)

    @property
    def loss(self) -> Array:
        r"""The loss above its minimum, :math:`\frac\lambda2(\theta-p)^2`."""
        return self.rate / 2 * (self.target - self.product) ** 2

    @property
    def off_square(self) -> Array:
        """The squared length of the part of the solution off the row space, which is |U_2 v|^2."""
        return np.asarray(((self.off_plus - self.off_minus) ** 2).sum(axis=1) / 4)

    @property
    def distance_square(self) -> Array:
        """The squared distance from the solution of minimum norm, which is the target in the row space."""
        return self.off_square + (self.target - self.product) ** 2

    def flow(self, time: float | None = None) -> ScalarPairs:
        """Return the networks after that time of gradient flow.

        Parameters
        ----------
        time : float, optional
            Not negative; without it flow goes on for ever.

        Raises
        ------
        InvalidArgument
            If the time is no finite number of at least 0.
        """
        if time is not None:
            time = as_between("time", time, 0, closed=True, example=1)
        # exchanging u + v and u - v changes the signs of p and of the target
        swap = self.plus < self.minus
        A, B = np.where(swap, self.minus, self.plus), np.where(swap, self.plus, self.minus)
        theta = np.where(swap, -self.target, self.target)
        moves = A > 0  # two layers of 0 stay
        A = np.where(moves, A, 1)
        size = np.sqrt(A * B + 4 * theta**2)
        up = theta >= 0
        with np.errstate(divide="ignore", invalid="ignore"):  # 0/0 is R = 0: no target, and u = v or u = -v
            high = np.where(up, (2 * theta + size) / A, B / (size - 2 * theta))
            low = np.where(up, -B / (2 * theta + size), (2 * theta - size) / A)
        high, low = np.where(size > 0, high, 0), np.where(size > 0, low, 0)
        if time is None:
            z = high
        else:
            # as high - low = 2 size/A, (high - low f)/(1 - f) is this, which stays exact where both roots are near 0
            start, fallen = (1 - high) / (1 - low), self.rate * size * time
            passed = np.where(fallen > 0, -np.expm1(-fallen) / np.where(fallen > 0, fallen, 1), 1)
            z = high + start * np.exp(-fallen) / (1 / (1 - low) + start * self.rate * A * time / 2 * passed)
        root = np.sqrt(np.where(moves, z, 1))
        with np.errstate(divide="ignore"):  # z is 0 where flow ends at the saddle at 0
            inverse = np.where(root > 0, 1 / root, 0)
        return self._scaled(np.where(swap, inverse, root), np.where(swap, root, inverse))

    def descend(self, learning_rate: float, steps: int) -> ScalarPairs:
        """Return the networks after steps of plain gradient descent.

        Parameters
        ----------
        learning_rate : float
            Positive.
        steps : int
            At least 0.

        Raises
        ------
        InvalidArgument
            If an argument is out of range.
        """
        eta = as_between("learning_rate", learning_rate, 0, example=0.1)
        steps = as_count("steps", steps, 0, MOST_STEPS, example=100)
        plus, minus = np.ones_like(self.plus), np.ones_like(self.plus)
        with np.errstate(over="ignore", invalid="ignore"):  # a rate that is too large diverges, and is seen to
            for _ in range(steps):
                p = (plus**2 * self.plus - minus**2 * self.minus) / 4
                move = eta * self.rate * (self.target - p)
                plus, minus = plus * (1 + move), minus * (1 - move)
            return self._scaled(plus, minus)

    def _scaled(self, plus: Array, minus: Array) -> ScalarPairs:
        """Return the networks with u + v and u - v multiplied."""
        return ScalarPairs(
            self.plus * plus**2,
            self.minus * minus**2,
            self.difference * (plus * minus),
            self.off_plus * plus[:, None],
            self.off_minus * minus[:, None],
            self.rate,
            self.target,
        )
