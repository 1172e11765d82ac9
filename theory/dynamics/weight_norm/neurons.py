r"""How one neuron moves when its incoming weights w are trained as they are, or through length and direction.

A neuron is :math:`w = e^\alpha v/|v|` (``exponential``), :math:`w = \gamma v/|v|` (``standard``) or w itself
(``plain``). Gradient flow of the parameters moves w by :math:`-JJ^Tg`, where J is the matrix of derivatives of w in the
parameters and g the gradient of the loss in w. Everything here is derived by SymPy from these maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import sympy as sp

from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

FAMILIES = ("exponential", "standard", "plain")
"""The parametrizations: exponential weight normalization, standard weight normalization, and none."""

Vector = Sequence[sp.Expr]


def velocity(family: str, direction: Vector, length: sp.Expr, gradient: Vector) -> tuple[sp.Expr, ...]:
    r"""Derive how fast gradient flow moves w.

    Parameters
    ----------
    family : str
        ``exponential``, ``standard`` or ``plain``.
    direction : sequence of d expressions
        v; of a plain neuron only its direction counts.
    length : sympy.Expr
        :math:`|w| = e^\alpha` or :math:`\gamma`, positive.
    gradient : sequence of d expressions
        :math:`g = \partial L/\partial w`.

    Returns
    -------
    tuple of d sympy.Expr

    Raises
    ------
    InvalidArgument
        If there is no such family, or the vectors have not the same number of entries.

    References
    ----------
    Derived here, by differentiating w in the parameters.

    Examples
    --------
    >>> g = sp.symbols("g_1 g_2")
    >>> velocity("exponential", (sp.S(1), sp.S(0)), sp.S(3), g), velocity("standard", (sp.S(2), sp.S(0)), sp.S(3), g)
    ((-9*g_1, -9*g_2), (-g_1, -9*g_2/4))
    """
    require_family(family)
    if len(direction) != len(gradient):
        problem = f"has {len(gradient)} entries, and the direction has {len(direction)}"
        raise InvalidArgument("gradient", problem, "give one for each entry of v")
    if family == "plain":
        return tuple(-g for g in gradient)
    return _moved(family, tuple(direction), length, tuple(gradient))


@cache
def _moved(
    family: str, direction: tuple[sp.Expr, ...], length: sp.Expr, gradient: tuple[sp.Expr, ...]
) -> tuple[sp.Expr, ...]:
    jacobian = _jacobian(family, len(direction))
    names, size = _letters(len(direction))
    at = {**dict(zip(names, direction, strict=True)), size: sp.log(length) if family == "exponential" else length}
    J = jacobian.subs(at, simultaneous=True)
    moved = -J * (J.T * sp.Matrix(gradient))
    return tuple(sp.together(x) for x in moved)


def length_gained(family: str, length: sp.Expr) -> sp.Expr:
    r"""Return the function of :math:`\rho = |w|` that grows by :math:`\int\langle w,-g\rangle dt` along the flow.

    Parameters
    ----------
    family : str
        As for :func:`velocity`.
    length : sympy.Expr
        rho.

    Raises
    ------
    InvalidArgument
        If there is no such family.

    Notes
    -----
    The radial part of the flow is :math:`\dot\rho = s(\rho)\langle w,-g\rangle`; integrated here is 1/s.

    Examples
    --------
    >>> rho = sp.Symbol("rho", positive=True)
    >>> length_gained("exponential", rho), length_gained("standard", rho), length_gained("plain", rho)
    (log(rho), rho**2/2, rho**2/2)
    """
    rho = sp.Symbol("rho", positive=True)
    (speed,) = velocity(family, (sp.S.One,), rho, (sp.S.NegativeOne / rho,))  # w = rho in one dimension: <w,-g> is 1
    return sp.integrate(1 / speed, rho).subs(rho, length)


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


def _letters(d: int) -> tuple[tuple[sp.Symbol, ...], sp.Symbol]:
    return tuple(sp.Symbol(f"v_{i}", real=True) for i in range(d)), sp.Symbol("size", positive=True)


@cache
def _jacobian(family: str, d: int) -> sp.ImmutableMatrix:
    """Return the derivatives of w in (size, v)."""
    v, size = _letters(d)
    norm = sp.sqrt(sp.Add(*(x**2 for x in v)))
    rho = sp.exp(size) if family == "exponential" else size
    return sp.ImmutableMatrix(sp.Matrix([rho * x / norm for x in v]).jacobian(sp.Matrix([size, *v])))
