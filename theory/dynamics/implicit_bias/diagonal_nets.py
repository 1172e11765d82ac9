r"""Diagonal linear nets :math:`w = u_+v_+-u_-v_-`: the flow in closed form, and gradient descent exactly.

Entry by entry, gradient flow of any loss is :math:`du_+ = v_+dG`, :math:`dv_+ = u_+dG`, :math:`du_- = -v_-dG`,
:math:`dv_- = -u_-dG`, with the clock :math:`dG = g\,dt` of the coordinate, where :math:`g = -X^T\ell'(Xw)`. The sums
:math:`u_++v_+`, :math:`u_--v_-` grow like :math:`e^G`, and :math:`u_+-v_+`, :math:`u_-+v_-` fall like
:math:`e^{-G}`. Hence with

.. math:: A = (u_++v_+)^2+(u_--v_-)^2, \qquad B = (u_+-v_+)^2+(u_-+v_-)^2, \qquad w = \frac{A-B}4,

:math:`A = A_0e^{2G}` and :math:`B = B_0e^{-2G}`. So AB = k is kept, which is :math:`S^2-4w^2` for the sum S of the four
squares, and :math:`dw = S\,dG`. With :math:`z = e^{2G}`, w is rational in z; and :math:`q_k'(w) = \frac14\log\frac AB`,
so that :math:`q_k'(w)-\frac14\log\frac{A_0}{B_0} = G` stays in the row space of X.

*Gradient descent* of step :math:`\eta` takes A to :math:`A(1+\eta g)^2` and B to :math:`B(1-\eta g)^2`. While every
:math:`|\eta g| < 1`, with :math:`k_T = k_0\prod_t(1-\eta^2g_t^2)^2`,

.. math:: q_{k_T}'(w_T)-\tfrac14\log\tfrac{A_0}{B_0} = \sum_t\operatorname{artanh}\eta g_t,

and as :math:`0 \le \operatorname{artanh}x-x \le \frac{x^3}{3(1-x^2)}` for x from 0 to 1, the left side is as close to
the row space as the norm of the sums of :math:`\frac{|\eta g_t|^3}{3(1-\eta^2g_t^2)}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from theory.dynamics.implicit_bias.mirror_potentials import DiagonalPotential
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar, positive, real


@dataclass(frozen=True)
class DiagonalNet:
    """A diagonal net, coordinate by coordinate, through its A and B.

    Parameters
    ----------
    A, B : tuple of d numbers or expressions
        Those of the docstring of this module, positive.

    Raises
    ------
    InvalidArgument
        If there are not as many of both, or one is not positive: then its coordinate cannot change sign.

    Examples
    --------
    >>> net = DiagonalNet.of_weights([1], ["1/2"], [1], ["1/2"])
    >>> net.A, net.B, net.weights, net.after_clock([2])
    ((5/2,), (5/2,), (0,), DiagonalNet(A=(5,), B=(5/4,)))
    """

    A: tuple[Any, ...]
    B: tuple[Any, ...]

    def __post_init__(self) -> None:
        for name in ("A", "B"):
            object.__setattr__(self, name, tuple(positive(name, value) for value in getattr(self, name)))
        if len(self.A) != len(self.B) or not self.A:
            raise InvalidArgument("B", f"has {len(self.B)} entries, but A has {len(self.A)}", "give as many, not none")

    @classmethod
    def of_weights(
        cls,
        u_plus: Iterable[Scalar],
        v_plus: Iterable[Scalar],
        u_minus: Iterable[Scalar],
        v_minus: Iterable[Scalar],
    ) -> DiagonalNet:
        """Return the net of four vectors of weights.

        Parameters
        ----------
        u_plus, v_plus, u_minus, v_minus : sequences of d numbers
            The weights.

        Raises
        ------
        InvalidArgument
            If they differ in length, an entry is not real, or A or B of a coordinate is 0.
        """
        names = ("u_plus", "v_plus", "u_minus", "v_minus")
        read = [
            [real(name, x) for x in values]
            for name, values in zip(names, (u_plus, v_plus, u_minus, v_minus), strict=True)
        ]
        for name, values in zip(names, read, strict=True):
            if len(values) != len(read[0]):
                problem = f"has {len(values)} entries, but u_plus has {len(read[0])}"
                raise InvalidArgument(name, problem, "give four vectors of one length")
        A = tuple((p + q) ** 2 + (r - s) ** 2 for p, q, r, s in zip(*read, strict=True))
        B = tuple((p - q) ** 2 + (r + s) ** 2 for p, q, r, s in zip(*read, strict=True))
        return cls(A, B)

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return len(self.A)

    @property
    def weights(self) -> tuple[sp.Expr, ...]:
        """The vector w that the net computes."""
        return tuple((a - b) / 4 for a, b in zip(self.A, self.B, strict=True))

    @property
    def scales(self) -> tuple[sp.Expr, ...]:
        """The k of each coordinate, which the flow keeps."""
        return tuple(a * b for a, b in zip(self.A, self.B, strict=True))

    @property
    def tilts(self) -> tuple[sp.Expr, ...]:
        """The slope of q_k at each coordinate, log(A/B)/4: the tilt of the potential, at the start."""
        return tuple(sp.log(a / b) / 4 for a, b in zip(self.A, self.B, strict=True))

    def potential(self) -> DiagonalPotential:
        """Return the potential that the flow from here minimizes among all w of the same outputs, at every time.

        Examples
        --------
        >>> DiagonalNet((2, 1), (2, 4)).potential()
        DiagonalPotential(k=(4, 4), tilt=(0, -log(2)/2))
        """
        return DiagonalPotential(self.scales, tuple(sp.expand_log(tilt) for tilt in self.tilts))

    def after_clock(self, growth: Iterable[Scalar]) -> DiagonalNet:
        """Follow the flow until each coordinate's clock has run G.

        Parameters
        ----------
        growth : sequence of d numbers
            The values of z = e^(2G), positive; rational ones give rational weights.

        Raises
        ------
        InvalidArgument
            If there are not as many as coordinates, or one is not positive.
        """
        z = [positive("growth", value) for value in growth]
        if len(z) != self.dimension:
            raise InvalidArgument("growth", f"has {len(z)} entries for {self.dimension} coordinates", "give one each")
        pairs = list(zip(self.A, self.B, z, strict=True))
        return DiagonalNet(tuple(a * one for a, _, one in pairs), tuple(b / one for _, b, one in pairs))

    def after_descent(self, learning_rate: Scalar, gradients: Iterable[Iterable[Scalar]]) -> DiagonalNet:
        """Take steps of gradient descent along given negative gradients in w.

        Parameters
        ----------
        learning_rate : number, name or expression
            The step.
        gradients : sequence of sequences of d numbers
            What each step sees, g = -X^T l'(Xw).

        Raises
        ------
        InvalidArgument
            If a step does not have as many entries as there are coordinates, or meets |eta g| >= 1.

        Examples
        --------
        >>> DiagonalNet((2,), (2,)).after_descent("1/10", [[1], [2]])
        DiagonalNet(A=(2178/625,), B=(648/625,))
        """
        A, B = list(self.A), list(self.B)
        for step in _steps(learning_rate, gradients, self.dimension):
            for i, move in enumerate(step):
                A[i], B[i] = A[i] * (1 + move) ** 2, B[i] * (1 - move) ** 2
        return DiagonalNet(tuple(A), tuple(B))


def descent_scale(k: Scalar, learning_rate: Scalar, gradients: Iterable[Scalar]) -> sp.Expr:
    r"""Return :math:`k_T = k_0\prod_t(1-\eta^2g_t^2)^2`, the scale of a coordinate after steps of gradient descent.

    Parameters
    ----------
    k : number, name or expression
        The scale at the start.
    learning_rate : number, name or expression
        The step :math:`\eta`.
    gradients : sequence of numbers
        What the coordinate's steps see, g = -dL/dw.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        If k or the step is not positive, a gradient is not real, or a step meets :math:`|\eta g| \ge 1`.

    Examples
    --------
    >>> descent_scale(4, "1/2", [1]), descent_scale(1, "eta", ["g"])
    (9/4, (-eta**2*g**2 + 1)**2)
    """
    moves = [move for (move,) in _steps(learning_rate, ([g] for g in gradients), 1)]
    return positive("k", k) * sp.Mul(*((1 - move**2) ** 2 for move in moves))


def descent_shift(learning_rate: Scalar, gradients: Iterable[Scalar]) -> sp.Expr:
    r"""Return :math:`\sum_t\operatorname{artanh}\eta g_t`, by which the steps move :math:`q_{k_T}'(w_T)` from the tilt.

    Parameters and errors are those of :func:`descent_scale`.

    Examples
    --------
    >>> descent_shift("1/2", [1, -1]), descent_shift("1/2", [1, "1/2"])
    (0, atanh(1/4) + atanh(1/2))
    """
    moves = [move for (move,) in _steps(learning_rate, ([g] for g in gradients), 1)]
    return sp.Add(*(sp.atanh(move) for move in moves))


def descent_residual_bound(learning_rate: Scalar, gradients: Sequence[Sequence[Scalar]]) -> sp.Expr:
    r"""Bound how far :math:`q_{k_T}'(w_T)-b_0` is from the row space of X after gradient descent.

    Parameters
    ----------
    learning_rate : number, name or expression
        The step :math:`\eta`.
    gradients : sequence of sequences of d numbers
        What each step sees, g = -X^T l'(Xw).

    Returns
    -------
    sympy.Expr
        The norm over coordinates of :math:`\sum_t|\eta g_t|^3/(3(1-\eta^2g_t^2))`, of order :math:`\eta^2` at a fixed
        time.

    Raises
    ------
    InvalidArgument
        If there is no step, and as :meth:`DiagonalNet.after_descent`.

    Examples
    --------
    >>> descent_residual_bound("1/2", [[1, 0], [1, 0]])
    1/9
    """
    rows = [list(step) for step in gradients]
    if not rows:
        raise InvalidArgument("gradients", "are none", "give at least one step")
    moved = _steps(learning_rate, rows, len(rows[0]))
    sums = [sp.Add(*(abs(move) ** 3 / (3 * (1 - move**2)) for move in column)) for column in zip(*moved, strict=True)]
    return sp.sqrt(sp.Add(*(one**2 for one in sums)))


def _steps(learning_rate: Scalar, gradients: Iterable[Iterable[Scalar]], dimension: int) -> list[tuple[sp.Expr, ...]]:
    """Return eta g of each step, and refuse those that carry A or B through 0."""
    eta = positive("learning_rate", learning_rate)
    found = []
    for t, step in enumerate(gradients):
        moves = tuple(eta * real("gradients", g) for g in step)
        if len(moves) != dimension:
            problem = f"of step {t} have {len(moves)} entries for {dimension} coordinates"
            raise InvalidArgument("gradients", problem, "give one for each coordinate")
        for move in moves:
            if (1 - move**2).is_positive is False:
                problem = f"is too large at step {t}: |eta g| = {abs(move)} is not below 1"
                raise InvalidArgument("learning_rate", problem, "take smaller steps")
        found.append(moves)
    return found
