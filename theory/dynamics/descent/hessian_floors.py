r"""How negative the curvature of a deep network's loss can be: by its layers, and along descent from near zero.

For :math:`f = \phi(W_n\cdots W_1)` with a convex :math:`\phi` the Hessian is not negative but for the terms in which
two layers move and the others stay: :math:`|\langle G, AD_kBD_jE\rangle| \le |G|_s|A||B||E||D_k|_F|D_j|_F`. So
:math:`\lambda_{\min} \ge -|G|_s\lambda_{\max}(C)`, where C is hollow and :math:`C_{jk} = \prod_{i\ne j,k}|W_i|_s`. As
:math:`\sum_{j<k}2x_jx_k \le (n-1)|x|^2`, the largest of these products times n - 1 is a bound.

Descent changes :math:`W_{j+1}^TW_{j+1}-W_jW_j^T` by :math:`\eta^2(G_{j+1}^TG_{j+1}-G_jG_j^T)` in a step, at most by
:math:`\eta^2|\nabla f|^2`. Where :math:`f_{k+1} \le f_k-\eta|\nabla f_k|^2/2` that sums to :math:`2\eta(f_0-f_K)`: the
layers stay nearly as balanced as they were, and near zero all of them are small.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from theory import symbols
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import size
from theory.symbols import Scalar


def hollow_matrix(norms: Sequence[Scalar]) -> sp.Matrix:
    r"""Return C, whose entries are products of the norms of all layers but two, and 0 on the diagonal.

    Parameters
    ----------
    norms : sequence of n numbers, names or expressions
        The spectral norms :math:`|W_j|_s`, positive.

    Raises
    ------
    InvalidArgument
        If there are fewer than two, or one is out of range.

    Examples
    --------
    >>> hollow_matrix(["a", "b", "c"])
    Matrix([
    [0, c, b],
    [c, 0, a],
    [b, a, 0]])
    """
    sizes = [symbols.positive("norms", norm) for norm in norms]
    n = len(sizes)
    if n < 2:
        raise InvalidArgument("norms", f"are those of {n} layers", "give at least two")
    others = {(j, k): sp.Mul(*(a for i, a in enumerate(sizes) if i not in (j, k))) for j in range(n) for k in range(j)}
    return sp.Matrix(n, n, lambda j, k: 0 if j == k else others[max(j, k), min(j, k)])


def curvature_floor(norms: Sequence[Scalar], slope: Scalar) -> sp.Expr:
    r"""Derive the floor :math:`-(n-1)|G|_s\max_{|J|=n-2}\prod_J|W_j|_s` of the eigenvalues of the Hessian.

    Parameters
    ----------
    norms : sequence of n numbers, names or expressions
        The spectral norms of the layers, positive.
    slope : number, name or expression
        :math:`|G|_s` with :math:`G = \nabla\phi(W)`, not negative; for one output and slopes in [0, 1] the mean of
        :math:`|\ell_i'||x_i|`.

    Raises
    ------
    InvalidArgument
        If there are fewer than two layers, or a number is out of range.

    Notes
    -----
    The factor n - 1 is the largest eigenvalue of the hollow matrix of ones.

    Examples
    --------
    >>> curvature_floor([1, 2, 3], "G")
    -6*G
    """
    C, G = hollow_matrix(norms), symbols.nonnegative("slope", slope)
    ones = hollow_matrix([1] * C.rows)
    factor = max(ones.eigenvals())
    return -factor * G * sp.Max(*(C[j, k] for j in range(C.rows) for k in range(j)))


def drift_bound(learning_rate: Scalar, fall: Scalar) -> sp.Expr:
    r"""Derive by how much any :math:`W_{j+1}^TW_{j+1}-W_jW_j^T` has moved after descent, in Frobenius norm.

    Parameters
    ----------
    learning_rate : number, name or expression
        :math:`\eta`, positive.
    fall : number, name or expression
        :math:`f_0-f_K`, where each step lowers f at least by :math:`\eta|\nabla f|^2/2`; not negative.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> drift_bound("eta", "D")
    2*D*eta
    """
    eta, total = symbols.positive("learning_rate", learning_rate), symbols.nonnegative("fall", fall)
    squares = sp.Symbol("squares", positive=True)  # the sum of all |grad f_k|^2
    (most,) = sp.solve(eta / 2 * squares - total, squares) if total != 0 else (sp.S.Zero,)
    return eta**2 * most


def floor_along_descent(
    depth: int, slope: Scalar, smallest: Scalar, spread: Scalar, learning_rate: Scalar, fall: Scalar
) -> sp.Expr:
    r"""Derive the floor along descent: :math:`-(n-1)G(\omega^2+\epsilon^2+2\eta(f_0-f_k))^{(n-2)/2}`.

    Parameters
    ----------
    depth : int
        n, at least 3.
    slope : number, name or expression
        G, the mean of :math:`|\ell_i'||x_i|`, not negative.
    smallest : number, name or expression
        :math:`\omega^2`, the least :math:`|W_j|_F^2` at the step k, not negative.
    spread : number, name or expression
        :math:`\epsilon^2`, the largest less the least :math:`|W_j|_F^2` at the start, not negative.
    learning_rate, fall
        As for :func:`drift_bound`.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> floor_along_descent(3, "G", "omega2", "eps2", "eta", "D")
    -2*G*sqrt(2*D*eta + eps2 + omega2)
    """
    n = size("depth", depth)
    if isinstance(n, str) or n < 3:
        raise InvalidArgument("depth", f"must be a number of at least 3, got {n}", "use e.g. depth=3")
    names = ("smallest", smallest), ("spread", spread)
    largest = sp.Add(*(symbols.nonnegative(*each) for each in names), drift_bound(learning_rate, fall))
    if largest == 0:
        return sp.S.Zero
    return curvature_floor([sp.sqrt(largest)] * n, slope).doit()
