r"""Two-layer linear networks of any rank and number of outputs: gradient flow and descent by their Gram matrices.

With :math:`Z = [U_1;V]`, the first layer on the row space of the data above the second layer, flow is
:math:`\dot Z = KZ` with :math:`K = [0, G; G^T, 0]` and :math:`G = \Lambda_x(\Theta-U_1V^T)`, and :math:`U_2` stays. So
:math:`Z = \Phi Z_0` with a propagator :math:`\Phi` of size r + m, whatever the width, and all that is measured follows
from it, from :math:`Z_0Z_0^T` and from :math:`Z_0U_2^T`.

A step of flow multiplies :math:`\Phi` by exponentials of combinations of K, by the commutator-free method of order 4
(E. Celledoni, A. Marthinsen, B. Owren, Future Generation Computer Systems 19 (2003) 341-352). As
:math:`KJ = -JK` with :math:`J = diag(I_r,-I_m)`, each of them has :math:`e^{K}Je^{K} = J`, so that the imbalance is
kept to rounding, however long the steps. A step of descent multiplies by :math:`I+\eta K`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_between, as_count, as_floats
from montecarlo.arrays import Array
from montecarlo.training.regression.pair_flows import MOST_STEPS
from montecarlo.wording import counted
from theory.ensembles import InvalidArgument


@dataclass(frozen=True, eq=False)
class GramPairs:
    r"""N networks at one time, by inner products of their rows.

    Attributes
    ----------
    gram : ndarray, shape (N, r + m, r + m)
        :math:`ZZ^T`.
    cross : ndarray, shape (N, r + m, d - r)
        :math:`ZU_2^T`.
    spectrum : ndarray, shape (r,)
        The squared singular values of the data.
    target : ndarray, shape (r, m)
        :math:`\Theta`, the solution of minimum norm in the row space.

    Examples
    --------
    >>> first, second = np.eye(4)[None, :3], np.eye(4)[None, 3:]
    >>> start = GramPairs.of_weights(first, second, [1.0, 0.5], [[1.5], [0.0]])
    >>> start.imbalance, start.flow(40.0).readout.round(6)  # the square root of 1 + 1.5^2
    (array([2.]), array([1.802776]))
    """

    gram: Array
    cross: Array
    spectrum: Array
    target: Array

    def __repr__(self) -> str:
        r, m = self.target.shape
        return f"GramPairs({counted(len(self.gram), 'network')}, rank {r}, {counted(m, 'output')})"

    @classmethod
    def of_weights(cls, first: ArrayLike, second: ArrayLike, spectrum: ArrayLike, target: ArrayLike) -> GramPairs:
        r"""Return the networks with these weights.

        Parameters
        ----------
        first : array_like, shape (N, d, h)
            U of each network; its first r rows are :math:`U_1`.
        second : array_like, shape (N, m, h)
            V.
        spectrum : array_like, shape (r,)
            The squared singular values of the data, positive.
        target : array_like, shape (r, m)
            :math:`\Theta`.

        Raises
        ------
        InvalidArgument
            If shapes do not fit, or a number is out of range or not finite.
        """
        U, V = as_floats("first", first), as_floats("second", second)
        lam, theta = as_floats("spectrum", spectrum), as_floats("target", target)
        if lam.ndim != 1 or not len(lam) or not (lam > 0).all():
            raise InvalidArgument("spectrum", f"must be positive numbers, got {lam!r:.50}", "use e.g. [1, 0.5]")
        if theta.ndim != 2 or len(theta) != len(lam) or not theta.size:
            raise InvalidArgument("target", f"has shape {theta.shape}", f"use {len(lam)} rows, one for each lambda")
        r, m = theta.shape
        if U.ndim != 3 or U.shape[1] < r:
            raise InvalidArgument("first", f"have shape {U.shape}", f"use shape (N, d, h) with d at least {r}")
        if V.shape != (len(U), m, U.shape[2]):
            raise InvalidArgument("second", f"have shape {V.shape}", f"use shape {(len(U), m, U.shape[2])}")
        Z = np.concatenate([U[:, :r], V], axis=1)
        return cls(Z @ Z.transpose(0, 2, 1), Z @ U[:, r:].transpose(0, 2, 1), lam, theta)

    @property
    def product(self) -> Array:
        """The product of U_1 and V transposed, shape (N, r, m)."""
        r = len(self.spectrum)
        return self.gram[:, :r, r:]

    @property
    def imbalance(self) -> Array:
        r""":math:`c_++c_-`, shape (N,), which flow keeps.

        Notes
        -----
        :math:`ZZ^TJ` has the positive and the negative eigenvalues of :math:`Z^TJZ = U_1^TU_1-V^TV`, which are all that
        counts.
        """
        r, size = len(self.spectrum), len(self.gram[0])
        signs = np.where(np.arange(size) < r, 1.0, -1.0)
        # by the root of the Gram matrix they are those of a symmetric matrix
        values, vectors = np.linalg.eigh(self.gram)
        root = vectors * np.sqrt(np.maximum(values, 0))[:, None, :]
        roots = np.linalg.eigvalsh(root.transpose(0, 2, 1) @ (signs[:, None] * root))
        return np.asarray(np.maximum(roots[:, size - r], 0) + np.maximum(-roots[:, size - r - 1], 0))

    @property
    def readout(self) -> Array:
        """The squared Frobenius norm of V, shape (N,)."""
        r = len(self.spectrum)
        return np.asarray(np.trace(self.gram[:, r:, r:], axis1=1, axis2=2))

    @property
    def loss(self) -> Array:
        """The loss above its minimum, shape (N,)."""
        return np.asarray(((self.target - self.product) ** 2 * self.spectrum[:, None]).sum(axis=(1, 2)) / 2)

    @property
    def off_square(self) -> Array:
        """The squared Frobenius norm of the part of the solution off the row space, shape (N,)."""
        return np.asarray((self.cross[:, len(self.spectrum) :] ** 2).sum(axis=(1, 2)))

    @property
    def distance_square(self) -> Array:
        """The squared Frobenius distance from the solution of minimum norm, shape (N,)."""
        return np.asarray(self.off_square + ((self.target - self.product) ** 2).sum(axis=(1, 2)))

    def flow(self, time: float, steps: int | None = None) -> GramPairs:
        """Return the networks after that time of gradient flow.

        Parameters
        ----------
        time : float
            At least 0.
        steps : int, optional
            By default as many as keep the error near 1e-6. It falls like their fourth power: compare with half of them.

        Raises
        ------
        InvalidArgument
            If the time is no finite number of at least 0, or the steps are no positive number, or too few.
        """
        time = as_between("time", time, 0, closed=True, example=1)
        if steps is None:
            size = np.trace(self.gram, axis1=1, axis2=2).max(initial=0) + np.linalg.norm(self.target)
            steps = max(1, math.ceil(10 * time * self.spectrum.max() * size))
        h = time / as_count("steps", steps, 1, MOST_STEPS, example=100)
        left = np.broadcast_to(np.eye(len(self.gram[0])), self.gram.shape)
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused before it is used
            for _ in range(steps):
                one = h * self._slope(left)
                second = _exponential(one / 2) @ left
                two = h * self._slope(second)
                three = h * self._slope(_exponential(two / 2) @ left)
                four = h * self._slope(_exponential(three - one / 2) @ second)
                inner = _exponential((3 * one + 2 * two + 2 * three - four) / 12)
                left = _exponential((-one + 2 * two + 2 * three + 3 * four) / 12) @ inner @ left
        return self._moved(left)

    def descend(self, learning_rate: float, steps: int) -> GramPairs:
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
        left = np.broadcast_to(np.eye(len(self.gram[0])), self.gram.shape)
        with np.errstate(over="ignore", invalid="ignore"):  # a rate that is too large diverges, and is seen to
            for _ in range(as_count("steps", steps, 0, MOST_STEPS, example=100)):
                left = left + eta * self._slope(left) @ left
            return self._moved(left)

    def _moved(self, propagator: Array) -> GramPairs:
        gram = propagator @ self.gram @ propagator.transpose(0, 2, 1)
        return replace(self, gram=gram, cross=propagator @ self.cross)

    def _slope(self, propagator: Array) -> Array:
        """Return K of each network, whose rows a propagator has moved from the start."""
        r = len(self.spectrum)
        product = propagator[:, :r] @ self.gram @ propagator[:, r:].transpose(0, 2, 1)
        G = self.spectrum[:, None] * (self.target - product)
        K = np.zeros_like(self.gram)
        K[:, :r, r:], K[:, r:, :r] = G, G.transpose(0, 2, 1)
        return K


def _exponential(matrices: Array) -> Array:
    """Return the exponentials of symmetric matrices; refuse those of a step that is too long, which overflow."""
    if not np.isfinite(matrices).all():
        raise InvalidArgument("steps", "are so few that a step overflows", "use more, or leave them out")
    values, vectors = np.linalg.eigh(matrices)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray((vectors * np.exp(values)[:, None, :]) @ vectors.transpose(0, 2, 1))
