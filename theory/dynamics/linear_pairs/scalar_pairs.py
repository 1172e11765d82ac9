r"""Two-layer linear networks with one output and data of rank one: gradient flow solved in closed form.

Here :math:`U_1 = u^T` and :math:`V = v^T` are vectors of h entries, and :math:`p = u\cdot v` is to become
:math:`\theta`. Flow is :math:`\dot u = gv,\ \dot v = gu` with :math:`g = \lambda(\theta-p)`. With :math:`I = \int g`,

.. math:: u+v \mapsto e^I(u+v),\quad u-v \mapsto e^{-I}(u-v),\quad
          p = \tfrac14(Az-B/z),\quad |u|^2+|v|^2 = \tfrac12(Az+B/z),\quad z = e^{2I},

where :math:`A = |u+v|^2` and :math:`B = |u-v|^2` are those of the start. So :math:`(|u|^2+|v|^2)^2 = c^2+4p^2` with
:math:`c = \sqrt{AB}`, which is the level of imbalance: the largest less the smallest eigenvalue of
:math:`uu^T-vv^T`, whose square is :math:`(|u|^2-|v|^2)^2+4(|u|^2|v|^2-p^2)`.

*Time.* :math:`\dot p = \lambda(\theta-p)\sqrt{c^2+4p^2}`. With :math:`R = \sqrt{c^2+4\theta^2}` and
:math:`g(p) = (4p\theta+c^2+R\sqrt{c^2+4p^2})/|\theta-p|`, the logarithm of g grows at the constant rate
:math:`\lambda R`. So the loss falls like :math:`e^{-2\lambda Rt}` in the end, which is faster than
:math:`e^{-2\lambda ct}`.

*Solution.* :math:`\dot z = -\frac{\lambda A}2(z-z_+)(z-z_-)` with :math:`z_\pm = (2\theta\pm R)/A` is a Riccati
equation with constant coefficients, so :math:`(z-z_+)/(z-z_-)` falls like :math:`e^{-\lambda Rt}` from its start at
:math:`z = 1`.

*Distance.* With the rows :math:`U_2` off the row space, :math:`q = U_2v` and :math:`k = U_2u` become
:math:`q\cosh I+k\sinh I` and :math:`k\cosh I+q\sinh I`; q is the part of the solution off the row space.
"""

from __future__ import annotations

import sympy as sp

from theory.ensembles import InvalidArgument
from theory.symbols import Scalar, nonnegative, positive, real


def scalar_time(start: Scalar, end: Scalar, imbalance: Scalar, rate: Scalar, target: Scalar) -> sp.Expr:
    r"""Derive the time in which gradient flow moves :math:`p = u\cdot v` from `start` to `end`.

    Parameters
    ----------
    start, end : number, name or expression
        :math:`p_0` and p, both on the same side of the target, p nearer to it.
    imbalance : number, name or expression
        :math:`c = |u+v||u-v|`, at least 0.
    rate : number, name or expression
        :math:`\lambda`, positive.
    target : number, name or expression
        :math:`\theta`.

    Returns
    -------
    sympy.Expr
        For :func:`theory.balls.enclose`, if there are no names.

    Raises
    ------
    InvalidArgument
        If p does not lie between the start and the target, the start is a saddle (c = 0 and p_0 = 0, or p_0 and the
        target have two signs there), or an argument is out of range.

    References
    ----------
    Derived in this module's docstring.

    Examples
    --------
    >>> scalar_time(0, "1/2", 2, 1, "3/4")
    -2*log(12)/5 + 2*log(22 + 10*sqrt(5))/5
    """
    p0, p, theta = real("start", start), real("end", end), real("target", target)
    c, lam = nonnegative("imbalance", imbalance), positive("rate", rate)
    if all(x.is_number for x in (p0, p, theta)) and not 0 < (theta - p) / (theta - p0 or sp.S.One) <= 1:
        problem = f"must lie from the start {p0} to before the target {theta}, got {p}"
        raise InvalidArgument("end", problem, "the flow goes from the start to the target")
    if c == 0 and (p0 == 0 or (p0 * theta).is_nonpositive):
        problem = f"balanced layers with u.v = {p0} stay on their side of the saddle at 0"
        raise InvalidArgument("start", problem, "use an imbalance above 0")
    size = sp.sqrt(c**2 + 4 * theta**2)
    first, last = (_clock(x, c, theta, size) for x in (p0, p))
    return (last - first) / (lam * size)


def _clock(p: sp.Expr, c: sp.Expr, theta: sp.Expr, size: sp.Expr) -> sp.Expr:
    return sp.log((4 * p * theta + c**2 + size * sp.sqrt(c**2 + 4 * p**2)) / sp.Abs(theta - p))


def scalar_growth(time: Scalar, plus: Scalar, minus: Scalar, rate: Scalar, target: Scalar) -> sp.Expr:
    r"""Derive :math:`z = e^{2I}`, by which gradient flow multiplies :math:`|u+v|^2` and divides :math:`|u-v|^2`.

    Parameters
    ----------
    time : number, name or expression
        At least 0, or :data:`sympy.oo` for the limit.
    plus : number, name or expression
        :math:`A = |u+v|^2` at the start, positive. Where it is 0, exchange it with B and change the target's sign.
    minus : number, name or expression
        :math:`B = |u-v|^2` at the start, at least 0.
    rate, target : number, name or expression
        As for :func:`scalar_time`.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        If an argument is out of range, or the flow ends at the saddle (minus = 0 and a negative target).

    References
    ----------
    Derived in this module's docstring.

    Examples
    --------
    >>> scalar_growth(sp.oo, 2, 2, 1, "3/4"), scalar_growth(0, 2, 2, 1, "3/4")
    (2, 1)
    """
    A, B = positive("plus", plus), nonnegative("minus", minus)
    lam, theta = positive("rate", rate), real("target", target)
    size = sp.sqrt(A * B + 4 * theta**2)
    high, low = (2 * theta + size) / A, (2 * theta - size) / A
    if high == 0:
        problem = "balanced layers on the other side of the saddle stay there: u + v tends to 0"
        raise InvalidArgument("minus", problem, "use minus above 0, or a target of the sign of u.v")
    if time == sp.oo:
        return high
    left = (1 - high) / (1 - low) * sp.exp(-lam * size * nonnegative("time", time))
    return (high - low * left) / (1 - left)


def scalar_product(time: Scalar, plus: Scalar, minus: Scalar, rate: Scalar, target: Scalar) -> sp.Expr:
    r"""Derive :math:`p = u\cdot v` at a time of gradient flow.

    Parameters, returned value and errors are those of :func:`scalar_growth`.

    Examples
    --------
    >>> from theory.balls import enclose
    >>> scalar_product(sp.oo, 2, 2, 1, "3/4"), enclose(scalar_product(1, 2, 2, 1, "3/4"), 10)
    (3/4, [0.66780667756298 +/- 2.70e-15])
    """
    z = scalar_growth(time, plus, minus, rate, target)
    return (positive("plus", plus) * z - nonnegative("minus", minus) / z) / 4


def scalar_distance_square(
    time: Scalar,
    plus: Scalar,
    minus: Scalar,
    rate: Scalar,
    target: Scalar,
    off: tuple[Scalar, Scalar, Scalar],
) -> sp.Expr:
    r"""Derive the squared distance from the solution of minimum norm at a time of gradient flow.

    Parameters
    ----------
    time, plus, minus, rate, target : number, name or expression
        As for :func:`scalar_growth`.
    off : tuple of three numbers, names or expressions
        :math:`|q|^2, q\cdot k, |k|^2` at the start, with :math:`q = U_2v` and :math:`k = U_2u`.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> scalar_distance_square(sp.oo, 2, 2, 1, "3/4", (0, 0, 1))
    1/8
    """
    z = scalar_growth(time, plus, minus, rate, target)
    p = (positive("plus", plus) * z - nonnegative("minus", minus) / z) / 4
    qq, qk, kk = nonnegative("off", off[0]), real("off", off[1]), nonnegative("off", off[2])
    square = ((z + 1 / z + 2) * qq + 2 * (z - 1 / z) * qk + (z + 1 / z - 2) * kk) / 4
    return square + (p - real("target", target)) ** 2
