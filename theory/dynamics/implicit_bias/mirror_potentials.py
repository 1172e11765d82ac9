r"""The potential that the flow of a diagonal net minimizes among the solutions of Xw = y.

Where the flow keeps :math:`\nabla Q(w)` in the row space of X, the point that it reaches is the minimizer of the
strictly convex Q among all w with the same Xw, at every time. So what matters is the inverse of :math:`\nabla Q`, which
takes the dual point :math:`X^T\nu` to w (:mod:`theory.dynamics.implicit_bias.interpolants` finds :math:`\nu`).

A coordinate of :math:`w = u_+v_+-u_-v_-` (:mod:`theory.dynamics.implicit_bias.diagonal_nets`) moves by
:math:`dw = \sqrt{k+4w^2}\,dG`, where G is in the row space. So :math:`q_k'' = (k+4x^2)^{-1/2}`, and

.. math:: q_k'(x) = \tfrac12\operatorname{arsinh}\frac{2x}{\sqrt k}, \qquad q_k(x) = \frac{\sqrt k}4\Bigl(1
          -\sqrt{1+\tfrac{4x^2}k}+\frac{2x}{\sqrt k}\operatorname{arsinh}\frac{2x}{\sqrt k}\Bigr), \qquad
          w = \frac{\sqrt k}2\sinh2\theta .

A start at another point than 0 tilts it: :math:`Q(w) = \sum_iq_{k_i}(w_i)-b_iw_i`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from theory.balls import Ball, enclose_number
from theory.dynamics.implicit_bias.designs import Array
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar, positive, real


def scale_of_start(u: Scalar, v: Scalar) -> sp.Expr:
    r"""Return k, with :math:`\sqrt k = 2(u^2+v^2)`, for the symmetric start :math:`u_\pm = u`, :math:`v_\pm = v`.

    Parameters
    ----------
    u, v : number, name or expression
        The weights of both layers at the start, not both 0.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        If a weight is not real and finite, or both are 0.

    References
    ----------
    S. Azulay, E. Moroshko, M. Shpigel Nacson, B. Woodworth, N. Srebro, A. Globerson, D. Soudry, arXiv:2102.09769, on
    initialization shape; derived in :mod:`theory.dynamics.implicit_bias.diagonal_nets`.

    Examples
    --------
    >>> scale_of_start(1, "1/2"), scale_of_start("u", "v")
    (25/4, (2*u**2 + 2*v**2)**2)
    """
    first, second = real("u", u), real("v", v)
    root = 2 * first**2 + 2 * second**2
    if root.is_zero:
        raise InvalidArgument("u", "and v are both 0, a stationary point", "use e.g. u=1, v=0")
    return root**2


def scale_of_shape(alpha: Scalar, s: Scalar) -> sp.Expr:
    r"""Return k, with :math:`\sqrt k = 4\alpha\frac{1+s^2}{1-s^2}`, in the start's scale and shape.

    Parameters
    ----------
    alpha : number, name or expression
        The scale :math:`\alpha = uv`, positive.
    s : number, name or expression
        The shape :math:`s = (u-v)/(u+v)`, between -1 and 1.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        If the scale is not positive or the shape not between -1 and 1.

    Examples
    --------
    >>> scale_of_shape("1/2", "1/3") == scale_of_start(1, "1/2")
    True
    """
    scale, shape = positive("alpha", alpha), real("s", s)
    if (1 - shape**2).is_positive is False:
        raise InvalidArgument("s", f"must lie between -1 and 1, got {s}", "use e.g. s='1/3'")
    return (4 * scale * (1 + shape**2) / (1 - shape**2)) ** 2


def diagonal_slope(x: Scalar, k: Scalar) -> sp.Expr:
    r"""Return :math:`q_k'(x) = \frac12\operatorname{arsinh}(2x/\sqrt k)`.

    Parameters
    ----------
    x : number, name or expression
        A coordinate of w.
    k : number, name or expression
        The start's scale, positive.

    Raises
    ------
    InvalidArgument
        If x is not real and finite, or k not positive.

    Examples
    --------
    >>> diagonal_slope("6/5", "256/25")
    asinh(3/4)/2
    """
    return sp.asinh(2 * real("x", x) / sp.sqrt(positive("k", k))) / 2


def diagonal_potential(x: Scalar, k: Scalar) -> sp.Expr:
    r"""Return :math:`q_k(x)`, of which :func:`diagonal_slope` is the derivative, and :math:`q_k(0) = 0`.

    Parameters and errors are those of :func:`diagonal_slope`.

    Examples
    --------
    >>> x = sp.Symbol("x", real=True)
    >>> sp.simplify(diagonal_potential(x, "k").diff(x) - diagonal_slope(x, "k"))
    0
    """
    root = sp.sqrt(positive("k", k))
    ratio = 2 * real("x", x) / root
    return root / 4 * (1 - sp.sqrt(1 + ratio**2) + ratio * sp.asinh(ratio))


def diagonal_point(dual: Scalar, k: Scalar) -> sp.Expr:
    r"""Return :math:`\frac{\sqrt k}2\sinh2\theta`, the x at which :math:`q_k'(x) = \theta`.

    Parameters
    ----------
    dual : number, name or expression
        The slope :math:`\theta`.
    k : number, name or expression
        The start's scale, positive.

    Raises
    ------
    InvalidArgument
        If the slope is not real and finite, or k not positive.

    Examples
    --------
    >>> diagonal_point(sp.log(2) / 2, 16).rewrite(sp.exp)
    3/2
    """
    return sp.sqrt(positive("k", k)) / 2 * sp.sinh(2 * real("dual", dual))


@dataclass(frozen=True)
class DiagonalPotential:
    r"""The potential :math:`Q(w) = \sum_iq_{k_i}(w_i)-b_iw_i` of a diagonal net, and the inverse of its gradient.

    Parameters
    ----------
    k : tuple of numbers or expressions
        The scale of each coordinate, positive.
    tilt : tuple of numbers or expressions
        The tilt b of each coordinate; a single 0 stands for none.

    Raises
    ------
    InvalidArgument
        If a scale is not positive, a tilt not real, or there are not as many of both.

    Examples
    --------
    >>> potential = DiagonalPotential(("256/25", "256/25"))
    >>> potential.slopes(["6/5", 3])
    (asinh(3/4)/2, asinh(15/8)/2)
    """

    k: tuple[Any, ...]
    tilt: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        scales = tuple(positive("k", value) for value in self.k)
        tilts = tuple(real("tilt", value) for value in self.tilt) or (sp.S.Zero,) * len(scales)
        if not scales or len(tilts) != len(scales):
            problem = f"there are {len(tilts)} tilts for {len(scales)} scales"
            raise InvalidArgument("tilt", problem, "give one for each coordinate, or none")
        object.__setattr__(self, "k", scales)
        object.__setattr__(self, "tilt", tilts)

    @classmethod
    def of_symmetric_start(cls, u: Iterable[Scalar], v: Iterable[Scalar]) -> DiagonalPotential:
        """Return the potential of the start u_+ = u_- = u, v_+ = v_- = v, which has no tilt.

        Parameters
        ----------
        u, v : sequences of d numbers
            The weights at the start.

        Raises
        ------
        InvalidArgument
            As :func:`scale_of_start`, and if there are not as many of both.

        Examples
        --------
        >>> DiagonalPotential.of_symmetric_start([1, 2], [1, 0]).k
        (16, 64)
        """
        first, second = list(u), list(v)
        if len(first) != len(second):
            raise InvalidArgument("v", f"has {len(second)} entries, but u has {len(first)}", "give as many")
        return cls(tuple(scale_of_start(*pair) for pair in zip(first, second, strict=True)))

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return len(self.k)

    def value(self, point: Sequence[Scalar]) -> sp.Expr:
        """Return Q at a point of d numbers."""
        terms = zip(point, self.k, self.tilt, strict=True)
        return sp.Add(*(diagonal_potential(x, k) - b * real("point", x) for x, k, b in terms))

    def slopes(self, point: Sequence[Scalar]) -> tuple[sp.Expr, ...]:
        """Return the gradient of Q at a point of d numbers."""
        return tuple(diagonal_slope(x, k) - b for x, k, b in zip(point, self.k, self.tilt, strict=True))

    def floats(self, dual: Array) -> tuple[Array, Array]:
        """Return the point where Q has the gradient `dual`, and the derivative of each of its coordinates.

        Parameters
        ----------
        dual : ndarray, shape (d,)
            The gradient.

        Returns
        -------
        point, derivative : ndarray, shape (d,)
            Infinite where they overflow.
        """
        root, tilt = self._floats
        with np.errstate(over="ignore"):
            angle = 2 * (dual + tilt)
            return root / 2 * np.sinh(angle), root * np.cosh(angle)

    @cached_property
    def _floats(self) -> tuple[Array, Array]:
        return np.array([float(sp.sqrt(k)) for k in self.k]), np.array([float(b) for b in self.tilt])

    def balls(self, dual: Sequence[Ball]) -> tuple[list[Ball], list[Ball]]:
        """Return the same as :meth:`floats` in balls, at the present precision of python-flint."""
        roots = [enclose_number(sp.sqrt(k)) for k in self.k]
        angles = [2 * (one + enclose_number(b)) for one, b in zip(dual, self.tilt, strict=True)]
        both = [(root / 2 * angle.sinh(), root * angle.cosh()) for root, angle in zip(roots, angles, strict=True)]
        return [point for point, _ in both], [derivative for _, derivative in both]
