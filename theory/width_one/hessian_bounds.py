r"""Width one: the Hessian of :math:`f = w_L \cdots w_1` in its weights, its secular equation, inertia and rate.

With :math:`u_k = 1/w_k` the Hessian is :math:`H = f\,(u u^T - \mathrm{diag}(u^2))`: a matrix of rank one less its own
diagonal.

*Secular equation.* :math:`\det(H/f - \lambda) = \prod_k(-u_k^2 - \lambda)\,(1 - \sum_k u_k^2/(u_k^2 + \lambda))`, so
the eigenvalues of H/f are the roots of :math:`\sum_k u_k^2/(u_k^2 + \lambda) = 1`. Exactly one of them,
:math:`\Lambda`, is positive, as the sum falls from L to 0 for positive :math:`\lambda`. One lies between any two
neighbors of the :math:`-u_k^2` (interlacing). As the trace is 0 and the other eigenvalues are negative,
:math:`\Lambda = \|H\|_2/|f|`.

*Size.* Let :math:`u_1, u_2` be the two largest :math:`|u_k|` and :math:`R = \sum_{k \ge 2} u_k^2/u_2^2`. Then
:math:`|u_1 u_2| \le \Lambda \le |u_1 u_2| (1 + R)`. The lower bound is the norm of the 2x2 principal submatrix. The
upper bound follows from the Frobenius norm, :math:`|H/f|_F^2 \le u_1^2u_2^2 (2R + R^2)`.

*Rate.* Let p_0 be the greatest density of :math:`|w|`, attained at 0. The moduli of uniform weights, sorted and divided
by the end of their range, are uniform order statistics, so :math:`E\log|u_1u_2| = 2\log p_0 + 2\psi(L+1) + 2\gamma_E -
1`. Given that the second smallest of them is m, :math:`E R = 1 + (L-2)m`, and :math:`E m = 2/(L+1)`. So
:math:`E R < 3`, and by Jensen's inequality :math:`E\log(1+R) \le \log 4`. The upper bound holds for every law whose
density is greatest at 0: couple :math:`|w|` to a uniform variable, and note that :math:`\Lambda` increases in each
:math:`|u_k|` (Perron and Frobenius).

*Fluctuation.* With y the unit eigenvector of :math:`\Lambda`, the derivative
:math:`\partial\log\|H\|_2/\partial\log|w_k| = 1 - 2y_k^2` has modulus at most 1. So Efron and Stein's inequality gives
:math:`Var\log\|H\|_2 \le Var\log|f|`, and the standard deviation is O(sqrt L).
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.width_one.products import ChainLaw
from theory.width_one.single_weight import density_at_zero


def hessian(weights: Sequence[sp.Expr]) -> sp.Matrix:
    r"""Differentiate :math:`w_L \cdots w_1` twice.

    Parameters
    ----------
    weights : sequence of SymPy symbols
        The weights w_1, ..., w_L.

    Returns
    -------
    sympy.Matrix, shape (L, L)

    Examples
    --------
    >>> hessian(sp.symbols("a b c"))
    Matrix([
    [0, c, b],
    [c, 0, a],
    [b, a, 0]])
    """
    return sp.hessian(sp.Mul(*weights), list(weights))


def secular_function(weights: Sequence[sp.Expr], eigenvalue: sp.Expr) -> sp.Expr:
    r"""Return :math:`\sum_k u_k^2/(u_k^2 + \lambda) - 1`, whose roots are the eigenvalues of H/f.

    Parameters
    ----------
    weights : sequence of SymPy expressions
        The weights w_1, ..., w_L, not 0.
    eigenvalue : sympy.Expr
        The argument :math:`\lambda`.

    Examples
    --------
    >>> secular_function([sp.Integer(1), sp.Integer(1)], sp.Integer(1))
    0
    """
    squares = [1 / w**2 for w in weights]
    return sp.Add(*(square / (square + eigenvalue) for square in squares)) - 1


def log_norm_bounds(net: Ensemble) -> tuple[sp.Expr, sp.Expr]:
    r"""Derive bounds on :math:`E\log\|H\|_2` for uniform weights, which is gamma L + 2 log L + O(1).

    Parameters
    ----------
    net : Ensemble
        A chain of depth at least 2 with uniform weights and |x| |v| = 1. The depth may be a symbol.

    Returns
    -------
    (lower, upper) : SymPy expressions
        They differ by log 4. Both rise until the depth is about 2/|gamma|, and fall after it.

    Raises
    ------
    InvalidArgument
        For networks that are no chains, other laws, or depth 1, where the Hessian is 0.

    Examples
    --------
    >>> from theory import Ensemble
    >>> low, high = log_norm_bounds(Ensemble(width=1, depth=100, law="uniform"))
    >>> round(float(low), 2), round(float(high), 2)
    (-36.79, -35.41)
    """
    chain = ChainLaw(net)
    if net.law.name != "uniform":
        raise InvalidArgument(
            "law", f"both bounds are known for uniform weights, got {net.law.name!r}", "use law='uniform'"
        )
    if net.depth == 1:
        raise InvalidArgument("depth", "the Hessian of depth 1 is 0", "use depth 2 or more")
    depth = symbols.whole(net.depth)
    peak = density_at_zero(net.law) / sp.sqrt(symbols.variance(net, 1))
    order_statistics = 2 * sp.digamma(depth + 1) + 2 * sp.EulerGamma - 1
    lower = chain.log_mean() + 2 * sp.log(peak) + order_statistics
    return lower, lower + sp.log(4)


def log_norm_variance_bound(net: Ensemble) -> sp.Expr:
    r"""Return :math:`Var\log|f|`, which is an upper bound on :math:`Var\log\|H\|_2`.

    Raises
    ------
    InvalidArgument
        As :class:`theory.width_one.products.ChainLaw`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> log_norm_variance_bound(Ensemble(width=1, depth="L", law="uniform"))
    L
    """
    return ChainLaw(net).log_variance()
