r"""The covariance of the examples' gradients against the curvature, and what a sample of gradients shows of it.

Let example i have the Jacobian :math:`J_i` of its outputs z in the weights, :math:`r_i` the derivative of its loss in z
and :math:`H_i` the second derivative, both at its z. Then :math:`g_i = J_i^Tr_i`, and :math:`G = \sum J_i^TH_iJ_i/N` is
the Gauss-Newton matrix. For cross-entropy :math:`r = p-e_y` and :math:`H = \mathrm{diag}\,p-pp^T`, which is positive
semidefinite; with :math:`v = -e_y/p_y` it is r = Hv, and :math:`(u\cdot r)^2 \le (u^THu)(v^THv)` by Cauchy and Schwarz.
"""

from __future__ import annotations

import sympy as sp

from theory.ensembles import InvalidArgument


def cross_entropy(classes: int) -> tuple[tuple[sp.Symbol, ...], sp.Matrix, sp.Matrix]:
    """Derive the first and second derivatives of -log p_1 in the outputs, for the label 1.

    Parameters
    ----------
    classes : int
        The number of classes, from 2 to 8.

    Returns
    -------
    (tuple of Symbol, sympy.Matrix, sympy.Matrix)
        The letters q_1, q_2, ... = exp(z_1), exp(z_2), ..., with p_i = q_i/(q_1 + q_2 + ...); r; and H.

    Raises
    ------
    InvalidArgument
        If the number of classes is none of these.

    Examples
    --------
    >>> cross_entropy(2)[1].T, cross_entropy(2)[2][0, 1]
    (Matrix([[-q2/(q1 + q2), q2/(q1 + q2)]]), -q1*q2/(q1 + q2)**2)
    """
    if isinstance(classes, bool) or not isinstance(classes, int) or not 2 <= classes <= 8:
        raise InvalidArgument("classes", f"must be from 2 to 8, got {classes!r}", "use e.g. 3")
    q = sp.symbols(f"q1:{classes + 1}", positive=True)
    loss = sp.log(sum(q)) - sp.log(q[0])
    first = sp.Matrix([sp.factor(x * loss.diff(x)) for x in q])  # d/dz = q d/dq
    second = sp.Matrix(classes, classes, lambda i, j: sp.factor(q[j] * first[i].diff(q[j])))
    return q, first, second


def residual_bound(classes: int) -> tuple[sp.Matrix, sp.Expr]:
    r"""Derive v with r = Hv, and :math:`v^THv`, the least number by which H bounds :math:`rr^T`.

    Parameters
    ----------
    classes : int
        As for :func:`cross_entropy`.

    Returns
    -------
    (sympy.Matrix, sympy.Expr)

    Raises
    ------
    InvalidArgument
        As :func:`cross_entropy`.

    Examples
    --------
    >>> residual_bound(3)
    (Matrix([
    [-(q1 + q2 + q3)/q1],
    [                 0],
    [                 0]]), (q2 + q3)/q1)
    """
    _, r, H = cross_entropy(classes)
    free = sp.symbols("v1")
    v = sp.Matrix([free, *[0] * (classes - 1)])  # H has the kernel (1, ..., 1), and this one solution off it
    (found,) = sp.solve((H * v - r)[0], free)
    v = v.subs(free, sp.factor(found))
    return v, sp.factor((v.T * H * v)[0])


def scatter_step(size: sp.Expr | int) -> sp.Expr:
    r"""Derive what one more gradient g adds to an entry :math:`\sum(g_i-m_i)(g_j-m_j)` of the centred scatter.

    Parameters
    ----------
    size : int or sympy.Expr
        L, the number of gradients before.

    Returns
    -------
    sympy.Expr
        In the letters a, b, two entries of g minus the mean of those before.

    Raises
    ------
    InvalidArgument
        If L is no positive number.

    Examples
    --------
    >>> scatter_step(sp.Symbol("L", positive=True))
    L*a*b/(L + 1)
    """
    L = sp.sympify(size, strict=True)
    if L.is_positive is not True:
        raise InvalidArgument("size", f"must be positive, got {size}", "use e.g. 5")
    Q, m, n, a, b = sp.symbols("Q m n a b")  # the uncentred sum, two entries of the mean, and the deviations
    before = Q - L * m * n
    means = [(L * x + x + away) / (L + 1) for x, away in ((m, a), (n, b))]
    after = Q + (m + a) * (n + b) - (L + 1) * means[0] * means[1]
    return sp.factor(sp.cancel(sp.expand(after - before)))
