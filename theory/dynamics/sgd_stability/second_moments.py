r"""What a step of stochastic gradient descent makes of second moments in a valley, along one direction.

Example i has the curvature :math:`h_i` and, at the minimum, the gradient :math:`b_i`, whose mean is 0. A step of heavy
ball on a minibatch B takes the displacement :math:`\psi` to

.. math:: \psi' = \psi - \eta(h_B\psi + b_B) + \mu(\psi-\psi_-).

The :math:`h_i` have the mean :math:`\lambda` and the variance :math:`s^2`, the :math:`b_i` the variance
:math:`\sigma^2`, and both have the covariance :math:`\rho`; averages over a minibatch have c times these, with the c of
:func:`~theory.dynamics.minibatch_noise.variance_share`. The minibatch is independent of the displacements before it, so
that a step is a linear map of moments.
"""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar


def moment_step(eta: Scalar, curvature: Scalar, variance: Scalar, covariance: Scalar, noise: Scalar) -> sp.Matrix:
    r"""Derive the map of :math:`(E\psi^2, E\psi, 1)` by one step without momentum.

    Parameters
    ----------
    eta : number, str or sympy.Expr
        The learning rate.
    curvature : number, str or sympy.Expr
        lambda, the mean curvature.
    variance, covariance, noise : number, str or sympy.Expr
        Of averages over a minibatch: the variance c s^2 of the curvature, its covariance c rho with the gradient at the
        minimum, and the variance c sigma^2 of that.

    Returns
    -------
    sympy.Matrix, shape (3, 3)

    Raises
    ------
    InvalidArgument
        If the learning rate is not positive, a variance is negative, or something is no real number.

    Examples
    --------
    >>> moment_step("eta", "lam", "w", "r", "v").row(0)
    Matrix([[eta**2*w + (eta*lam - 1)**2, 2*eta**2*r, eta**2*v]])
    """
    rate, lam = symbols.positive("eta", eta), symbols.real("curvature", curvature)
    spread, offset = symbols.nonnegative("variance", variance), symbols.nonnegative("noise", noise)
    psi, away, b = sp.symbols("psi away b")
    step = (1 - rate * (lam + away)) * psi - rate * b
    moments = {(2, 0): spread, (1, 1): symbols.real("covariance", covariance), (0, 2): offset}  # of away and b
    square = _averaged(step**2, psi, away, b, moments)
    mean = _averaged(step, psi, away, b, moments)
    rows = [[_written(square.get(power, sp.S.Zero), rate**2 * spread) for power in (2, 1, 0)]]
    rows.append([sp.factor(mean.get(power, sp.S.Zero)) for power in (2, 1, 0)])
    return sp.Matrix([*rows, [0, 0, 1]])


def momentum_transfer(eta: Scalar, curvature: Scalar, variance: Scalar, momentum: Scalar) -> sp.Matrix:
    r"""Derive the map of :math:`(E\psi^2, E\psi\psi_-, E\psi_-^2)` by one step of heavy ball, without noise at 0.

    Parameters
    ----------
    eta, curvature, variance
        As for :func:`moment_step`.
    momentum : number, str or sympy.Expr
        mu, from 0 to less than 1.

    Returns
    -------
    sympy.Matrix, shape (3, 3)

    Raises
    ------
    InvalidArgument
        If the momentum is not from 0 to less than 1, and as :func:`moment_step`.

    Examples
    --------
    >>> momentum_transfer("eta", "lam", "w", 0).row(0)
    Matrix([[eta**2*w + (eta*lam - 1)**2, 0, 0]])
    >>> momentum_transfer(1, 1, 0, "mu").row(1)
    Matrix([[mu, -mu, 0]])
    """
    rate, lam = symbols.positive("eta", eta), symbols.real("curvature", curvature)
    spread, mu = symbols.nonnegative("variance", variance), read_momentum(momentum)
    psi, before, away = sp.symbols("psi before away")
    after = (1 - rate * (lam + away)) * psi + mu * (psi - before)
    rows = []
    for product in (after**2, after * psi, psi**2):
        kept = dict.fromkeys(((2, 0), (1, 1), (0, 2)), sp.S.Zero)
        for (i, j, k), coefficient in sp.Poly(sp.expand(product), psi, before, away).terms():
            kept[i, j] += coefficient * {0: sp.S.One, 2: spread}.get(k, sp.S.Zero)
        rows.append([_written(entry, rate**2 * spread) for entry in kept.values()])
    return sp.Matrix(rows)


def read_momentum(momentum: Scalar) -> sp.Expr:
    """Read a momentum.

    Raises
    ------
    InvalidArgument
        If it is known not to be from 0 to less than 1.

    Examples
    --------
    >>> read_momentum("0.9")
    9/10
    """
    mu = symbols.nonnegative("momentum", momentum)
    if (1 - mu).is_positive is False or (mu.is_number and bool(mu >= 1)):
        raise InvalidArgument("momentum", f"must be from 0 to less than 1, got {momentum}", "use e.g. 0.9")
    return mu


def _averaged(
    step: sp.Expr, psi: sp.Symbol, away: sp.Symbol, b: sp.Symbol, moments: dict[tuple[int, int], sp.Expr]
) -> dict[int, sp.Expr]:
    """Return the coefficients of the powers of psi, averaged over the minibatch."""
    kept: dict[int, sp.Expr] = {}
    for (power, i, j), coefficient in sp.Poly(sp.expand(step), psi, away, b).terms():
        average = sp.S.One if (i, j) == (0, 0) else moments.get((i, j), sp.S.Zero)
        kept[power] = kept.get(power, sp.S.Zero) + coefficient * average
    return kept


def _written(entry: sp.Expr, spread: sp.Expr) -> sp.Expr:
    """Write an entry as a product, with the spread of curvatures beside it."""
    rest = sp.expand(entry - spread)
    return spread + sp.factor(rest) if sp.count_ops(rest) < sp.count_ops(sp.expand(entry)) else sp.factor(entry)
