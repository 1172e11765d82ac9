r"""How far gradient descent is from gradient flow: Euler's recursion, the bound that it sums to, and the first order.

Let :math:`e_k = |\theta_k-\theta(k\eta)|`, and let all eigenvalues of the Hessian on the segment between both points
lie in :math:`[l_k, b_k]`. As :math:`I-\eta H` has the norm :math:`\max(|1-\eta l_k|,|1-\eta b_k|)`,

.. math:: e_{k+1} \le \max(|1-\eta l_k|,|1-\eta b_k|)\,e_k+c_k, \qquad
          c_k \le \int_0^\eta(\eta-s)\,|H\nabla f|(\theta(k\eta+s))\,ds.

With :math:`l_k\ge-m`, :math:`\eta(b_k-m)\le2` and :math:`|H\nabla f|\le S` on the flow the sum is geometric.

On a line, :math:`\dot w = g(w)`, descent lags behind by :math:`\delta`, where
:math:`\delta' = g'\delta+\frac\eta2g'g` up to higher orders of :math:`\eta`: Euler's step leaves out half of the
acceleration :math:`g'g`.
"""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.symbols import Scalar


def local_error_bound(learning_rate: Scalar, bend: Scalar) -> sp.Expr:
    r"""Derive the bound on the error of one step, where :math:`|H\nabla f|\le S` on the flow.

    Parameters
    ----------
    learning_rate : number, name or expression
        :math:`\eta`, positive.
    bend : number, name or expression
        S, not negative.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> local_error_bound("eta", "S")
    S*eta**2/2
    """
    eta, S = symbols.positive("learning_rate", learning_rate), symbols.nonnegative("bend", bend)
    s = sp.Dummy("s")
    return sp.integrate((eta - s) * S, (s, 0, eta))


def total_error_bound(learning_rate: Scalar, bend: Scalar, concavity: Scalar, growth: Scalar | None = None) -> sp.Expr:
    r"""Derive what the recursion sums to, if the Hessian is nowhere below -m: :math:`\frac\eta2S\frac{q-1}m`.

    Parameters
    ----------
    learning_rate, bend
        As for :func:`local_error_bound`.
    concavity : number, name or expression
        m, positive.
    growth : number, name or expression, optional
        q, at least 1: :math:`(1+\eta m)^K` after K steps, or :math:`e^{mT}`, which is more; by default the letter q.

    Returns
    -------
    sympy.Expr
        The bound on :math:`|\theta_K-\theta(K\eta)|`.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> total_error_bound("eta", "S", "m")
    S*eta*(q - 1)/(2*m)
    >>> total_error_bound("1/10", 1, 2, sp.exp(2))
    -1/40 + exp(2)/40
    """
    eta, m = symbols.positive("learning_rate", learning_rate), symbols.positive("concavity", concavity)
    local, q = local_error_bound(eta, bend), symbols.positive("growth", "q" if growth is None else growth)
    # the bound is A q + B, which is 0 at q = 1, and grows by the recursion where q is multiplied by 1 + eta m
    A, B, Q = sp.symbols("A B Q")
    ratio = 1 + eta * m
    solved = sp.solve([A + B, (A * ratio * Q + B) - ratio * (A * Q + B) - local], [A, B])
    return sp.factor(solved[A] * Q + solved[B]).subs(Q, q)


def first_order_lag(speed: sp.Expr, weight: sp.Symbol, start: Scalar, learning_rate: Scalar) -> sp.Expr:
    r"""Derive by how much descent on a line lags behind, to first order: :math:`\frac\eta2g\log\frac{g(w)}{g(w_0)}`.

    Parameters
    ----------
    speed : sympy.Expr
        g, positive from the start to the place w.
    weight : sympy.Symbol
        w.
    start : number, name or expression
        :math:`w_0`.
    learning_rate : number, name or expression
        :math:`\eta`, positive.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Notes
    -----
    In place of time w is the variable: :math:`\frac{d\delta}{dw} = \frac{g'}g\delta+\frac\eta2g'`. Variation of
    constants divides by g.

    Examples
    --------
    >>> w = sp.Symbol("w", positive=True)
    >>> first_order_lag(w, w, "w0", "eta")
    eta*w*log(w/w0)/2
    """
    eta, first = symbols.positive("learning_rate", learning_rate), symbols.real("start", start)
    G = sp.Function("g", positive=True)(weight)
    primitive = sp.integrate(G.diff(weight) / G, weight)
    total = (primitive.subs(G, speed) - primitive.subs(G, speed.subs(weight, first))).doit()
    return eta / 2 * speed * sp.logcombine(total, force=True)
