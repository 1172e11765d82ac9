r"""Stability of stochastic gradient descent in mean square: the boundary, the largest rate, and where it settles.

Let T be the map of :func:`~theory.dynamics.sgd_stability.second_moments.momentum_transfer`, for 0 <= mu < 1. It takes
covariance matrices to covariance matrices, so its spectral radius is one of its eigenvalues (Krein and Rutman). At
small rates and lambda > 0 it is below 1, and it can reach 1 only where det(I - T) = 0. That determinant is the learning
rate times

.. math:: m = (1-\mu)\lambda(2(1+\mu)-\eta\lambda) - (1+\mu)\eta cs^2,

which falls in :math:`\eta`. So E psi^2 vanishes if and only if m > 0, that is for all rates up to one.
"""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.dynamics.sgd_stability.second_moments import momentum_transfer, read_momentum
from theory.symbols import Scalar


def stability_margin(eta: Scalar, curvature: Scalar, variance: Scalar, momentum: Scalar = 0) -> sp.Expr:
    """Derive m, which is positive if and only if E psi^2 vanishes (for a positive learning rate).

    Parameters
    ----------
    eta : number, str or sympy.Expr
        The learning rate.
    curvature : number, str or sympy.Expr
        lambda, the mean curvature.
    variance : number, str or sympy.Expr
        c s^2, the variance of a minibatch's curvature.
    momentum : number, str or sympy.Expr
        mu, from 0 to less than 1.

    Raises
    ------
    InvalidArgument
        If one of them is out of range.

    Examples
    --------
    >>> stability_margin("eta", "lam", 0)
    -lam*(eta*lam - 2)
    >>> stability_margin(1, 1, "1/2")
    1/2
    """
    rate = sp.Dummy(positive=True)
    step = momentum_transfer(rate, curvature, variance, momentum)
    margin = sp.cancel((sp.eye(3) - step).det() / rate)
    return sp.factor(margin.subs(rate, symbols.positive("eta", eta)))


def largest_rate(curvature: Scalar, variance: Scalar, momentum: Scalar = 0) -> sp.Expr:
    """Derive the learning rate below which E psi^2 vanishes, and from which on it does not.

    Parameters
    ----------
    curvature : number, str or sympy.Expr
        lambda, the mean curvature, positive.
    variance, momentum
        As for :func:`stability_margin`.

    Raises
    ------
    InvalidArgument
        If one of them is out of range.

    Examples
    --------
    >>> largest_rate("lam", 0, "mu"), largest_rate(1, "1/4")
    (2*(mu + 1)/lam, 8/5)
    """
    rate = sp.Dummy(positive=True)
    margin = stability_margin(rate, symbols.positive("curvature", curvature), variance, momentum)
    (found,) = sp.solve(margin, rate)
    return sp.factor(found)


def stationary_square(eta: Scalar, curvature: Scalar, variance: Scalar, noise: Scalar, momentum: Scalar = 0) -> sp.Expr:
    """Derive where E psi^2 settles with independent noise at the minimum.

    Parameters
    ----------
    eta, curvature, variance, momentum
        As for :func:`stability_margin`; the rate must be a stable one.
    noise : number, str or sympy.Expr
        c sigma^2, the variance of a minibatch's gradient at the minimum, uncorrelated with its curvature.

    Raises
    ------
    InvalidArgument
        If one of them is out of range.

    Examples
    --------
    >>> stationary_square("eta", "lam", 0, "v")
    -eta*v/(lam*(eta*lam - 2))
    """
    rate, mu = symbols.positive("eta", eta), read_momentum(momentum)
    away = sp.Matrix([rate**2 * symbols.nonnegative("noise", noise), 0, 0])
    settled = (sp.eye(3) - momentum_transfer(rate, curvature, variance, mu)).LUsolve(away)
    return sp.factor(sp.cancel(settled[0]))
