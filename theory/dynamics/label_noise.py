r"""Two weights with noise in the label: what a step of descent does to their imbalance, and to the curvature.

With the loss :math:`(w_1w_2-y-e)^2/2` and the residual :math:`r = w_1w_2-y-e` a step is
:math:`w_1' = w_1-\eta rw_2`, :math:`w_2' = w_2-\eta rw_1`. It multiplies :math:`w_1^2-w_2^2` by :math:`1-\eta^2r^2`
(:func:`~theory.dynamics.imbalance.imbalance_factor`). At a minimum the curvature is
:math:`\lambda = w_1^2+w_2^2 = \sqrt{(w_1^2-w_2^2)^2+4(w_1w_2)^2}`, so that what shrinks the imbalance flattens.
"""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.dynamics.imbalance import gradient, imbalance_factor
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar


def curvature_step(eta: Scalar) -> sp.Expr:
    """Derive w_1^2 + w_2^2 after a step, in the letters w1, w2 and the residual r.

    Parameters
    ----------
    eta : number, str or sympy.Expr
        The learning rate.

    Raises
    ------
    InvalidArgument
        If it is not positive.

    Examples
    --------
    >>> curvature_step("eta")
    eta**2*r**2*w1**2 + eta**2*r**2*w2**2 - 4*eta*r*w1*w2 + w1**2 + w2**2
    """
    first, second = _stepped(eta)
    return sp.expand(first**2 + second**2)


def residual_factor(eta: Scalar) -> sp.Expr:
    """Derive the factor by which a step multiplies a residual without noise, in the letters w1, w2 and r.

    Parameters
    ----------
    eta : number, str or sympy.Expr
        The learning rate.

    Raises
    ------
    InvalidArgument
        If it is not positive.

    Examples
    --------
    >>> residual_factor("eta")
    eta**2*r*w1*w2 - eta*w1**2 - eta*w2**2 + 1
    """
    first, second = _stepped(eta)
    w1, w2, r = sp.symbols("w1 w2 r", real=True)
    return sp.expand(sp.cancel((first * second - w1 * w2 + r) / r))


def imbalance_mean_factor(eta: Scalar, misfit: Scalar, noise: Scalar) -> sp.Expr:
    """Derive the mean factor by which a step multiplies the imbalance.

    Parameters
    ----------
    eta : number, str or sympy.Expr
        The learning rate.
    misfit : number, str or sympy.Expr
        w_1 w_2 - y.
    noise : number, str or sympy.Expr
        The variance of the label's noise, averaged over a minibatch, whose mean is 0.

    Raises
    ------
    InvalidArgument
        If something is out of range.

    Examples
    --------
    >>> imbalance_mean_factor("eta", "m", "v")
    -eta**2*(m**2 + v) + 1
    """
    rate, m = symbols.positive("eta", eta), symbols.real("misfit", misfit)
    variance = symbols.nonnegative("noise", noise)
    w1, w2, y, e, gap = sp.symbols("w1 w2 y e gap", real=True)
    factor = imbalance_factor([w1, w2], 1, y + e, rate).subs(y, w1 * w2 - gap)
    averaged = sum(
        coefficient * {0: sp.S.One, 2: variance}.get(power, sp.S.Zero)
        for (power,), coefficient in sp.Poly(sp.expand(factor), e).terms()
    )
    return 1 + sp.factor(sp.expand(averaged - 1).subs(gap, m))


def end_curvature(imbalance: Scalar, y: Scalar) -> sp.Expr:
    """Derive the curvature at the minimum of that imbalance, where w_1 w_2 = y.

    Parameters
    ----------
    imbalance : number, str or sympy.Expr
        |w_1^2 - w_2^2|.
    y : number, str or sympy.Expr
        The label.

    Raises
    ------
    InvalidArgument
        If something is no number, or the imbalance is negative.

    Examples
    --------
    >>> end_curvature("c", "y"), end_curvature(3, 2)
    (sqrt(c**2 + 4*y**2), 5)
    """
    c, target = symbols.nonnegative("imbalance", imbalance), symbols.real("y", y)
    square = sp.Symbol("square", positive=True)  # w_1^2, so that w_2^2 = y^2/w_1^2
    letter, kept = sp.Symbol("y", real=True), sp.Symbol("c", nonnegative=True)
    roots = sp.solve(square**2 - letter**2 - kept * square, square)
    (found,) = (root for root in roots if root.subs({letter: 1, kept: 1}) > 0)
    return sp.sqrt(sp.factor(sp.expand(sp.simplify(found + letter**2 / found) ** 2))).subs({letter: target, kept: c})


def break_even_imbalance(eta: Scalar, y: Scalar) -> sp.Expr:
    """Derive the imbalance from which on the minimum that gradient flow keeps is unstable: its curvature is 2/eta.

    Parameters
    ----------
    eta : number, str or sympy.Expr
        The learning rate.
    y : number, str or sympy.Expr
        The label, with eta |y| <= 1: otherwise no minimum is stable.

    Raises
    ------
    InvalidArgument
        If no minimum is stable, or something is no number.

    Examples
    --------
    >>> break_even_imbalance("1/2", 1), break_even_imbalance("eta", 0)
    (2*sqrt(3), 2/eta)
    """
    rate, target = symbols.positive("eta", eta), symbols.real("y", y)
    if rate.is_number and target.is_number and bool(rate * abs(target) > 1):
        raise InvalidArgument("eta", f"= {rate} is unstable at every minimum of y = {target}", "use at most 1/|y|")
    c = sp.Symbol("c", positive=True)
    (found,) = sp.solve(end_curvature(c, target) ** 2 - (2 / rate) ** 2, c**2)
    return sp.sqrt(sp.factor(found))


def _stepped(eta: Scalar) -> tuple[sp.Expr, sp.Expr]:
    """Return both weights after a step along the gradient, with r for the residual."""
    rate = symbols.positive("eta", eta)
    w1, w2, r = sp.symbols("w1 w2 r", real=True)
    first, second = (part.expand() for part in gradient([w1, w2], 1, w1 * w2 - r))
    return w1 - rate * first, w2 - rate * second
