r"""Two-layer linear networks: how fast gradient flow fits, by the imbalance of the layers that it keeps.

The loss is :math:`f(U,V) = \frac12|Y-XUV^T|_F^2` with U of shape (d, h) and V of shape (m, h). The data matrix X has
rank r, the squared singular values :math:`\lambda_1\ge\dots\ge\lambda_r>0`, and right singular vectors that span its
row space. In these coordinates U has r rows :math:`U_1` in the row space and d - r rows :math:`U_2` off it. With the
target :math:`\Theta` (r x m), which is the row-space part of :math:`X^+Y`, and :math:`\Lambda_x = diag(\lambda)`,

.. math:: \dot U_1 = GV,\quad \dot V = G^TU_1,\quad \dot U_2 = 0,\quad G = \Lambda_x(\Theta-U_1V^T) = \Lambda_x^{1/2}E,
          \qquad f-\min f = \tfrac12|E|_F^2.

*Imbalance.* Flow keeps :math:`\Lambda = U_1^TU_1-V^TV`. Let :math:`\lambda_k` of a matrix be its k-th largest
eigenvalue, and :math:`c_+ = [\lambda_r(\Lambda)]_+`, :math:`c_- = [\lambda_m(-\Lambda)]_+`,
:math:`L_- = [-\lambda_{\min}(\Lambda)]_+`, :math:`L_+ = [\lambda_{\max}(\Lambda)]_+`; what has an index above h is 0.
With :math:`Z = [U_1;V]` and :math:`J = diag(I_r,-I_m)`, :math:`\Lambda = Z^TJZ` has the eigenvalues of
:math:`ZZ^TJ`, but for zeros: a matrix of size r + m, however wide the network is.

*Rate.* :math:`\frac d{dt}\frac12|E|_F^2 = -|GV|_F^2-|U_1^TG|_F^2`. As :math:`U_1^TU_1 \ge \Lambda`, Weyl's inequality
gives :math:`\lambda_{\min}(U_1U_1^T) \ge c_+`, and likewise :math:`\lambda_{\min}(VV^T) \ge c_-`. So the loss falls at
least like :math:`e^{-2\lambda_rct}` with :math:`c = c_++c_-`.

*Margin.* Let :math:`\lambda = \lambda_r(U_1U_1^T)`, and :math:`\sigma_r` the r-th singular value of :math:`U_1V^T`.
Then :math:`(\lambda-c_+)(\lambda+L_-) \ge \sigma_r^2`. For x the left singular vector of :math:`\lambda` and y the
right one, :math:`\sigma_r^2 \le x^TU_1V^TVU_1^Tx = \lambda(\lambda-y^T\Lambda y)`, which settles :math:`c_+ = 0`. Else
let :math:`A = U_1^TU_1`, P the projector on r top eigenvectors of :math:`\Lambda`, and Q that on the rows of
:math:`U_1`. From :math:`A+L_- \ge \Lambda+L_- \ge (c_++L_-)P` follows :math:`P(A+L_-)^{-1}P \le P/(c_++L_-)`. Off Q the
inverse is :math:`1/L_-`, so :math:`PDP \ge \kappa P` with :math:`D = A/(L_-(A+L_-))` on Q and
:math:`\kappa = c_+/(L_-(c_++L_-))`. P and Q have the same rank, so :math:`QPQ \ge \kappa D^{-1}`, and
:math:`y^TPy \ge c_+(\lambda+L_-)/(\lambda(c_++L_-))`. Hence :math:`y^T(\Lambda+L_-)y \ge c_+(\lambda+L_-)/\lambda`,
which is what was to be shown; :math:`L_- = 0` is its limit. For V it holds with :math:`c_-, L_+, \sigma_m`. Solved,

.. math:: \lambda+\nu \ge \tfrac12\Bigl(c_+-L_-+\sqrt{(c_++L_-)^2+4\sigma_r^2}
          +c_--L_++\sqrt{(c_-+L_+)^2+4\sigma_m^2}\Bigr).

:math:`|E|_F` never grows, so :math:`\sigma_{\min}(U_1V^T) \ge (\sigma_{\min}(\Lambda_x^{1/2}\Theta)-|E(0)|_F)/
\sqrt{\lambda_1}` at all times: the margin, with which :math:`2\lambda_r` times this bound is a rate.

*Distance.* :math:`q = VU_2^T` and :math:`k = U_1U_2^T` obey :math:`\dot q = G^Tk,\ \dot k = Gq`, and
:math:`|G|_2 \le \sqrt{\lambda_1}|E|_F`. So by Gronwall's inequality [q; k] grows at most by :math:`e^{J_T}`,
:math:`J_T = \sqrt{\lambda_1}|E(0)|_F\int_0^Te^{-\lambda_rct}dt`, and q is the part of :math:`UV^T` off the row space.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import sympy as sp

from theory.symbols import Scalar, nonnegative, positive


class Imbalance(NamedTuple):
    r"""What the eigenvalues of :math:`\Lambda = U_1^TU_1-V^TV` say of the rate, as balls or other numbers.

    Parameters
    ----------
    c_plus, c_minus : number
        :math:`[\lambda_r(\Lambda)]_+` and :math:`[\lambda_m(-\Lambda)]_+`.
    l_minus, l_plus : number
        :math:`[-\lambda_{\min}(\Lambda)]_+` and :math:`[\lambda_{\max}(\Lambda)]_+`.

    Examples
    --------
    >>> Imbalance(2, 1, 1, 3).c
    3
    """

    c_plus: Any
    c_minus: Any
    l_minus: Any
    l_plus: Any

    @property
    def c(self) -> Any:
        """The level of imbalance, c_plus + c_minus."""
        return self.c_plus + self.c_minus


def loss_rate(least: Scalar, imbalance: Scalar) -> sp.Expr:
    r"""Return :math:`2\lambda_rc`, with which :math:`f(t)-\min f \le e^{-2\lambda_rct}(f(0)-\min f)`.

    Parameters
    ----------
    least : number, name or expression
        The least nonzero squared singular value :math:`\lambda_r` of the data, positive.
    imbalance : number, name or expression
        :math:`c = c_++c_-`, at least 0, where the bound is empty.

    Returns
    -------
    sympy.Expr
        The rate per unit of time of the flow.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    References
    ----------
    H. Min, S. Tarmoun, R. Vidal, E. Mallada, arXiv:2105.06351, have the bound; derived in this module's docstring.

    Examples
    --------
    >>> loss_rate("lambda_r", "c"), loss_rate("1/2", 3)
    (2*c*lambda_r, 3)
    """
    return 2 * positive("least", least) * nonnegative("imbalance", imbalance)


def margin_rate(
    least: Scalar, c_plus: Scalar, c_minus: Scalar, l_minus: Scalar, l_plus: Scalar, sigma_r: Scalar, sigma_m: Scalar
) -> sp.Expr:
    r"""Return :math:`2\lambda_r` times a bound on :math:`\lambda_r(U_1U_1^T)+\lambda_m(VV^T)` by imbalance and margin.

    Parameters
    ----------
    least : number, name or expression
        :math:`\lambda_r`, positive.
    c_plus, c_minus, l_minus, l_plus : number, name or expression
        As in :class:`Imbalance`, at least 0.
    sigma_r, sigma_m : number, name or expression
        The r-th and the m-th singular value of :math:`U_1V^T`, or bounds on them from below that hold at all times; 0
        where there are fewer.

    Returns
    -------
    sympy.Expr
        The rate per unit of time of the flow, at least :func:`loss_rate`.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    References
    ----------
    Derived in this module's docstring.

    Examples
    --------
    >>> margin_rate(1, 2, 1, 1, 2, 0, 0), margin_rate("lambda_r", 0, 0, 0, 0, "s", "s")
    (6, 4*lambda_r*s)
    """
    named = {"c_plus": c_plus, "c_minus": c_minus, "l_minus": l_minus, "l_plus": l_plus}
    plus, minus, low, high = (nonnegative(name, value) for name, value in named.items())
    first, second = nonnegative("sigma_r", sigma_r), nonnegative("sigma_m", sigma_m)
    total = plus - low + sp.sqrt((plus + low) ** 2 + 4 * first**2)
    total += minus - high + sp.sqrt((minus + high) ** 2 + 4 * second**2)
    return positive("least", least) * total


def distance_bound(
    time: Scalar, least: Scalar, greatest: Scalar, imbalance: Scalar, error: Scalar, pair: Scalar
) -> sp.Expr:
    r"""Bound :math:`|U(T)V(T)^T-X^+Y|_2`, the distance from the solution of minimum norm at the time T.

    Parameters
    ----------
    time : number, name or expression
        T, at least 0.
    least, greatest : number, name or expression
        :math:`\lambda_r` and :math:`\lambda_1`, positive.
    imbalance : number, name or expression
        c, at least 0.
    error : number, name or expression
        :math:`|E(0)|_F`, the root of twice the loss above its minimum.
    pair : number, name or expression
        :math:`|[VU_2^T; U_1U_2^T]|_2` at the start.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    References
    ----------
    By Gronwall's inequality, in this module's docstring.

    Examples
    --------
    >>> distance_bound(0, 1, 1, 2, 3, 4)
    5
    >>> distance_bound("T", 1, 4, 0, 1, "N")
    sqrt(N**2*exp(4*T) + 1)
    """
    end, low, high = nonnegative("time", time), positive("least", least), positive("greatest", greatest)
    level, start, kept = (
        nonnegative(name, value) for name, value in {"imbalance": imbalance, "error": error, "pair": pair}.items()
    )
    speed = low * level
    passed = end if speed == 0 else (1 - sp.exp(-speed * end)) / speed
    growth = sp.exp(sp.sqrt(high) * start * passed)
    return sp.sqrt((growth * kept) ** 2 + sp.exp(-2 * speed * end) * start**2 / low)
