r"""How long gradient flow takes to a small loss :math:`L = e^{-p}`, with or without weight normalization.

*Chains.* For :math:`\Phi = w_1\cdots w_n` on one example, :math:`p = \log\frac1L = \Phi`. With exponential weight
normalization every start has :math:`\dot p = np^2e^{-p}`; without, balanced weights have
:math:`\dot p = np^{2-2/n}e^{-p}`. Both are

.. math:: nt = E_s(p)-E_s(p_0), \qquad E_s'(p) = \frac{e^p}{p^s}, \qquad s = 2 \text{ or } s = 2-\tfrac2n .

*Bounds.* :math:`F_c(p) = (1+\frac sp+\frac c{p^2})e^pp^{-s}` has

.. math:: F_c'-E_s' = \frac{e^p}{p^{s+3}}\bigl((c-s(s+1))p-c(s+2)\bigr),

negative for :math:`c = s(s+1)` and, from :math:`p = 2(s+2)` on, not negative for twice that. So with balls at p = 10 as
a base, :math:`F_{s(s+1)} < E_s < F_{2s(s+1)}` for all :math:`p \ge 10`, for s = 2 and for 2 - 2/n with n = 2, ..., 7.
For n = 8 the upper one is false at p = 10, as the constant in :math:`E_s` grows.

*Any homogeneous net.* Layer l has :math:`n_l` neurons, and the output :math:`\Phi` is homogeneous in it of degree
:math:`d_l`. Euler's identity makes the sum of :math:`\langle w_u,-g_u\rangle` over a layer
:math:`d_lN,\ N = \sum_iq_ie^{-q_i} \ge Lp`, as all :math:`q_i \ge p`. With Cauchy and Schwarz's inequality the
exponential flow has

.. math:: -\dot L = \sum_u|w_u|^2|g_u|^2 \ge \sum_l\frac{(d_lN)^2}{n_l} \ge cL^2p^2, \qquad c = \sum_ld_l^2/n_l,

so :math:`ct \le E_2(p)-E_2(p_0)` at every finite time at which p has stayed positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy as sp

from theory.ensembles import InvalidArgument
from theory.symbols import Scalar, nonnegative, positive


def clock(p: Scalar, power: Scalar = 2) -> sp.Expr:
    r"""Return an antiderivative of :math:`e^p/p^s`: the time that the flow of a chain has taken, times n.

    Parameters
    ----------
    p : number, name or expression
        :math:`\log\frac1L`, positive.
    power : number or expression
        s, from 0 to 2: 2 with exponential weight normalization, 2 - 2/n without.

    Returns
    -------
    sympy.Expr
        Up to a constant that depends on s.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    References
    ----------
    Derived here; by parts and by the series of the incomplete gamma function.

    Examples
    --------
    >>> clock("p"), clock("p", 0), clock("p", 1)
    (Ei(p) - exp(p)/p, exp(p), Ei(p))
    >>> clock("p", "3/2")
    2*sqrt(pi)*erfi(sqrt(p)) - 2*exp(p)/sqrt(p)
    """
    q, s = positive("p", p), nonnegative("power", power)
    if not s.is_Rational or s > 2:
        raise InvalidArgument("power", f"must be a rational number between 0 and 2, got {s}", "use e.g. power=2")
    if s >= 1:  # by parts: e^q q^-s has (e^q q^(1-s) - its own integral)/(s - 1)
        if s == 1:
            return sp.Ei(q)
        return (clock(q, s - 1) - sp.exp(q) * q ** (1 - s)) / (s - 1)
    if s == 0:
        return sp.exp(q)
    if s == sp.Rational(1, 2):
        return sp.sqrt(sp.pi) * sp.erfi(sp.sqrt(q))
    return q ** (1 - s) / (1 - s) * sp.hyper((1 - s,), (2 - s,), q)


def chain_power(depth: int | sp.Expr, family: str = "exponential") -> sp.Rational:
    r"""Return s, for a chain of that depth.

    Parameters
    ----------
    depth : int
        n, at least 1.
    family : str
        ``exponential``; or ``plain``, of balanced weights, whose flow a standard normalization leaves as it is.

    Raises
    ------
    InvalidArgument
        If the depth is not a positive integer, or the family has no such law.

    Examples
    --------
    >>> chain_power(3), chain_power(3, "plain")
    (2, 4/3)
    """
    if isinstance(depth, bool) or not isinstance(depth, (int, sp.Integer)) or depth < 1:
        raise InvalidArgument("depth", f"must be a positive integer, got {depth!r}", "use e.g. depth=3")
    if family not in ("exponential", "plain"):
        remedy = "use exponential or plain; of single weights a standard one is plain"
        raise InvalidArgument("family", f"{family!r} has no rate here", remedy)
    return sp.Integer(2) if family == "exponential" else 2 - sp.Rational(2, depth)


def chain_time(p: Scalar, start: Scalar, depth: int | sp.Expr, family: str = "exponential") -> sp.Expr:
    r"""Return the time in which flow on a chain takes :math:`\log\frac1L` from `start` to p.

    Parameters
    ----------
    p, start : number, name or expression
        p and :math:`p_0`, positive, p not below the start.
    depth : int or sympy.Expr
        n; with exponential weight normalization it may be a symbol.
    family : str
        As for :func:`chain_power`.

    Raises
    ------
    InvalidArgument
        If p is below the start, or an argument is out of range.

    References
    ----------
    arXiv:2010.12909 has the rate as t grows; this time is derived in the docstring of this module.

    Examples
    --------
    >>> chain_time("p", 1, 1, "plain")
    exp(p) - E
    """
    s = chain_power(1 if isinstance(depth, sp.Symbol) and family == "exponential" else depth, family)
    end, first = positive("p", p), positive("start", start)
    if (end - first).is_negative:
        raise InvalidArgument("p", f"is {end}, below the start {first}", "flow only decreases the loss")
    return (clock(end, s) - clock(first, s)) / depth


def rate_bracket(p: Scalar, depth: int | sp.Expr, family: str = "exponential") -> tuple[sp.Expr, sp.Expr]:
    r"""Return bounds on :math:`E_s(p)p^se^{-p}`, which is :math:`ntLp^s` but for what the start adds, for p >= 10.

    Parameters
    ----------
    p : number, name or expression
        At least 10.
    depth, family
        As for :func:`chain_power`; plain chains have these bounds for depths from 2 to 7. The constant of :math:`E_s`
        is that of :func:`clock`.

    Raises
    ------
    InvalidArgument
        If an argument is out of range: at p = 8 the upper bound is false, at depth 8 without normalization at p = 10.

    References
    ----------
    Derived in the docstring of this module.

    Examples
    --------
    >>> rate_bracket("p", 3), rate_bracket(10, 2, "plain")
    ((1 + 2/p + 6/p**2, 1 + 2/p + 12/p**2), (28/25, 57/50))
    """
    q, s = positive("p", p), chain_power(depth, family)
    if (q - 10).is_negative:
        raise InvalidArgument("p", f"must be at least 10, got {q}", "use e.g. p=10")
    if family == "plain" and not 2 <= depth <= _DEEPEST:
        problem = f"is {depth}, and without normalization the bounds hold from 2 to {_DEEPEST}"
        raise InvalidArgument("depth", problem, "use depth=2, or the exact time")
    lower, upper = (1 + s / q + times * s * (s + 1) / q**2 for times in (1, 2))
    return lower, upper


_DEEPEST = 7


def rate_constant(degrees: Sequence[int], widths: Sequence[int]) -> sp.Rational:
    r"""Return :math:`c = \sum_ld_l^2/n_l`, with :math:`ct \le E_2(p)-E_2(p_0)` for the exponential flow of any net.

    Parameters
    ----------
    degrees : sequence of int
        :math:`d_l`, by which the output is homogeneous in layer l.
    widths : sequence of int
        :math:`n_l`, the numbers of neurons.

    Raises
    ------
    InvalidArgument
        If there are not as many of both, or one is no positive integer.

    Examples
    --------
    >>> rate_constant((2, 1), (6, 1)), rate_constant((1, 1, 1), (1, 1, 1))
    (5/3, 3)
    """
    if not degrees or len(degrees) != len(widths):
        problem = f"are {len(degrees)}, and there are {len(widths)} widths"
        raise InvalidArgument("degrees", problem, "give one of both for each layer")
    for name, numbers in (("degrees", degrees), ("widths", widths)):
        for one in numbers:
            if isinstance(one, bool) or not isinstance(one, int) or one < 1:
                raise InvalidArgument(name, f"must be positive integers, got {one!r}", "use e.g. (2, 1)")
    total = sum((Fraction(d * d, n) for d, n in zip(degrees, widths, strict=True)), Fraction(0))
    return sp.Rational(total.numerator, total.denominator)
