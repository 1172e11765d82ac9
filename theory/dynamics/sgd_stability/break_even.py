r"""The break-even point: the curvature from which on a learning rate is unstable in mean square.

Let the variance of the examples' curvatures depend on their mean, :math:`s^2 = v(\lambda)`. The margin of
:mod:`~theory.dynamics.sgd_stability.mean_square` vanishes where

.. math:: F(\lambda) = \lambda + c\frac{1+\mu}{1-\mu}\frac{v(\lambda)}\lambda = \frac{2(1+\mu)}\eta.

Where :math:`v/\lambda` does not fall, F rises, and there is at most one such curvature, which falls in :math:`\eta` and
in c. Where v is constant there are two: low curvature is unstable, too. Here
:math:`v = v_0 + \beta\lambda + k^2\lambda^2`.
"""

from __future__ import annotations

from typing import NamedTuple

import sympy as sp

from theory import symbols
from theory.dynamics.sgd_stability.mean_square import stability_margin
from theory.dynamics.sgd_stability.second_moments import read_momentum
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar


class BreakEven(NamedTuple):
    """The curvatures between which a learning rate is stable in mean square.

    Parameters
    ----------
    least : sympy.Expr
        Where it begins to be: 0 unless the noise stays as the curvature vanishes.
    curvature : sympy.Expr
        The break-even curvature, where it ceases to be.
    """

    least: sp.Expr
    curvature: sp.Expr


def break_even(
    eta: Scalar, share: Scalar, momentum: Scalar = 0, *, flat: Scalar = 0, linear: Scalar = 0, k: Scalar = 0
) -> BreakEven:
    r"""Derive the break-even curvature for :math:`s^2 = v_0 + \beta\lambda + k^2\lambda^2`.

    Parameters
    ----------
    eta : number, str or sympy.Expr
        The learning rate.
    share : number, str or sympy.Expr
        c, from 0 to 1.
    momentum : number, str or sympy.Expr
        mu, from 0 to less than 1.
    flat, linear, k : number, str or sympy.Expr
        v_0, beta and k, not negative.

    Raises
    ------
    InvalidArgument
        If one of them is out of range, or no curvature is stable at this rate.

    Examples
    --------
    >>> break_even("eta", 1).curvature, break_even("eta", "c", k="k").curvature
    (2/eta, 2/(eta*(c*k**2 + 1)))
    >>> break_even("1/2", 1, flat="3")
    BreakEven(least=1, curvature=3)
    """
    rate, mu, c = symbols.positive("eta", eta), read_momentum(momentum), symbols.nonnegative("share", share)
    if c.is_number and bool(c > 1):
        raise InvalidArgument("share", f"must be from 0 to 1, got {c}", "use e.g. 1/4 for batches of 4")
    constant, slope = symbols.nonnegative("flat", flat), symbols.nonnegative("linear", linear)
    lam, ratio = sp.Dummy(positive=True), symbols.nonnegative("k", k)
    spread = sp.Symbol("spread", nonnegative=True)
    margin = stability_margin(rate, lam, spread, mu).subs(spread, c * (constant + slope * lam + ratio**2 * lam**2))
    second, first, last = (sp.factor(sp.Poly(sp.expand(margin), lam).coeff_monomial(lam**i)) for i in (2, 1, 0))
    if last == 0:
        found = BreakEven(sp.S.Zero, sp.factor(sp.cancel(-first / second)))
    else:
        middle, half = sp.factor(sp.cancel(-first / (2 * second))), sp.factor(sp.cancel(last / second))
        room = sp.factor(middle**2 - half)
        found = BreakEven(middle - sp.sqrt(room), middle + sp.sqrt(room))
        if room.is_number and bool(room <= 0):
            raise InvalidArgument("eta", f"= {rate} is unstable at every curvature", "use a smaller one")
    if found.curvature.is_number and bool(found.curvature <= 0):
        raise InvalidArgument("eta", f"= {rate} is unstable at every curvature", "use a smaller one")
    return found


def best_momentum(noise: Scalar) -> sp.Expr:
    r"""Derive the momentum at which the break-even curvature is highest, where :math:`s = k\lambda`.

    Parameters
    ----------
    noise : number, str or sympy.Expr
        q = k sqrt(c) < 1: from 1 on momentum only lowers it, and 0 is best.

    Raises
    ------
    InvalidArgument
        If q is not positive, or is at least 1.

    Examples
    --------
    >>> best_momentum("q"), best_momentum("1/2")
    (-(q - 1)/(q + 1), 1/3)
    """
    q = symbols.positive("noise", noise)
    if q.is_number and bool(q >= 1):
        raise InvalidArgument("noise", f"must be below 1, got {noise}: momentum lowers the curvature", "use e.g. 1/2")
    mu, x = sp.symbols("mu x", positive=True)
    curvature = break_even(1, 1, mu, k=x).curvature
    roots = sp.solve(sp.numer(sp.together(curvature.diff(mu))), mu)
    (inside,) = (root for root in roots if 0 < root.subs(x, sp.Rational(1, 2)) < 1)
    return sp.factor(inside.subs(x, q))
