r"""Two-layer linear networks from random weights: how far from the solution of minimum norm gradient flow ends.

The setting is that of :mod:`theory.dynamics.linear_pairs.rates`; entries of U and V are normal of variance
:math:`s^2 = h^{-2a}`. The part :math:`U_2` off the row space never moves and is independent of the rest, so that
:math:`E|UV^T-X^+Y|_F^2 = (d-r)s^2\,E\,tr\,V_\infty V_\infty^T` once E = 0.

*One output, rank one.* By :mod:`theory.dynamics.linear_pairs.scalar_pairs`,
:math:`2|v_\infty|^2 = \sqrt{c^2+4\theta^2}-|u|^2+|v|^2`, the difference being kept. Its mean is 0, and
:math:`c = |u+v||u-v| = 2s^2x` where :math:`x^2` is the product of two independent chi-squares of h degrees of freedom.
So the mean squared distance is :math:`(d-1)s^2E\sqrt{s^4x^2+\theta^2}`, and the probability of c above
:math:`h^{1-2a}` that of :math:`x > h/2`.

*Bounds.* Let :math:`\mu = E(s^4x^2+\theta^2) = s^4h^2+\theta^2`; the variance of :math:`x^2` is :math:`4h^3+4h^2`. As
:math:`\frac{1+y}2-\frac{(y-1)^2}2 \le \sqrt y \le \frac{1+y}2` for y >= 0 (the difference on the left is
:math:`\frac12(\sqrt y-1)^2((\sqrt y+1)^2-1)`),

.. math:: \sqrt\mu\,\Bigl(1-\frac{2s^8(h^3+h^2)}{\mu^2}\Bigr) \le E\sqrt{s^4x^2+\theta^2} \le \sqrt\mu.

*Orthonormal rows.* With :math:`M = [U_1;V][U_1;V]^T`, :math:`K = [0,G;G^T,0]` and :math:`J = diag(I_r,-I_m)`,
:math:`\dot M = KM+MK` and :math:`KJ+JK = 0`, so :math:`(MJM)^\cdot = K(MJM)+(MJM)K`. J solves this equation too, and
from a start with M = I flow keeps MJM = J. Its blocks are :math:`(U_1U_1^T)^2 = I+WW^T` and
:math:`(VV^T)^2 = I+W^TW` with :math:`W = U_1V^T`, which ends as :math:`\Theta`. So
:math:`tr\,V_\infty V_\infty^T = m+\sum_i(\sqrt{1+\theta_i^2}-1)` over the singular values of :math:`\Theta`, whatever
:math:`\Lambda_x` is. For normal weights of variance 1/h this is the limit of large h.
"""

from __future__ import annotations

from collections.abc import Iterable

import flint
import sympy as sp

from theory.balls import Ball, enclose, precision, require_digits
from theory.dynamics.linear_pairs.chi_square_products import enclosed_root_exceedance, enclosed_root_mean, require_width
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar, positive, real, whole


def distance_mean(width: int, exponent: Scalar, target: Scalar, inputs: int, digits: int = 15) -> Ball:
    r"""Enclose :math:`E|UV^T-X^+Y|_F^2` at the end of gradient flow, for one output and data of rank one.

    Parameters
    ----------
    width : int
        h, up to 100,000.
    exponent : number
        a; the entries of U and V have the variance :math:`h^{-2a}`.
    target : number
        :math:`\theta`.
    inputs : int
        d, the number of inputs.
    digits : int
        To how many digits, about.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        If an argument is no number of that kind.

    References
    ----------
    Derived in this module's docstring. H. Min et al., arXiv:2105.06351, bound the distance for large h.

    Examples
    --------
    >>> print(distance_mean(16, "1/2", "3/2", 4).str(12, radius=False))
    0.337032536502
    """
    require_width(width)
    require_digits(digits)
    a, theta = _number("exponent", exponent), _number("target", target)
    with precision(digits + 10):
        variance = (-2 * enclose(a, digits + 10) * flint.arb(width).log()).exp()
        mean = enclosed_root_mean(width, variance**2, enclose(theta**2, digits + 10), digits)
        return (int(_inputs(inputs)) - 1) * variance * mean  # SymPy's numbers would round the ball


def distance_mean_bounds(width: int | str, exponent: Scalar, target: Scalar, inputs: int) -> tuple[sp.Expr, sp.Expr]:
    r"""Derive bounds on :func:`distance_mean` that meet as the width grows.

    Parameters
    ----------
    width : int or str
        h, or a name.
    exponent, target : number, name or expression
        As for :func:`distance_mean`.
    inputs : int
        As for :func:`distance_mean`.

    Returns
    -------
    (lower, upper) : SymPy expressions
        Their ratio is at least :math:`1-2/h-2/h^2`.

    Raises
    ------
    InvalidArgument
        If an argument is no number of that kind.

    Examples
    --------
    >>> distance_mean_bounds("h", "1/2", "theta", 2)[1]
    sqrt(theta**2 + 1)/h
    """
    h, a, theta = whole(width), real("exponent", exponent), real("target", target)
    variance = h ** (-2 * a)
    square = sp.expand(variance**2 * h**2) + theta**2
    upper = (_inputs(inputs) - 1) * variance * sp.sqrt(square)
    return upper * (1 - 2 * variance**4 * (h**3 + h**2) / square**2), upper


def distance_mean_limit(exponent: Scalar, target: Scalar, inputs: int) -> tuple[sp.Expr, sp.Expr]:
    r"""Derive the power of h and the constant to which :func:`distance_mean` times that power tends.

    Parameters
    ----------
    exponent, target, inputs
        As for :func:`distance_mean`; the exponent is a number.

    Returns
    -------
    (power, constant) : SymPy expressions

    Raises
    ------
    InvalidArgument
        If an argument is no number of that kind.

    Examples
    --------
    >>> distance_mean_limit("1/2", "3/2", 4), distance_mean_limit("3/8", "3/2", 4)
    ((1, 3*sqrt(13)/2), (1/2, 3))
    """
    a, theta, off = _number("exponent", exponent), real("target", target), _inputs(inputs) - 1
    half = sp.Rational(1, 2)
    if a < half:
        return 4 * a - 1, off
    return 2 * a, off * (sp.sqrt(1 + theta**2) if a == half else sp.Abs(theta))


def orthonormal_distance(
    width: int | str, inputs: int, rank: int, outputs: int, singular_values: Iterable[Scalar]
) -> sp.Expr:
    r"""Derive :math:`E|UV^T-X^+Y|_F^2` where :math:`U_1` and V start as r + m orthonormal rows.

    Parameters
    ----------
    width : int or str
        h, at least r + m, or a name. The entries of :math:`U_2` have the variance 1/h.
    inputs, rank, outputs : int
        d, r and m, with r at most d.
    singular_values : iterable of numbers, names or expressions
        Those of :math:`\Theta`; what is not given is 0, and more than min(r, m) there are not.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        If there are more singular values than that, fewer units than r + m, or an argument is no number of that kind.

    References
    ----------
    Derived in this module's docstring.

    Examples
    --------
    >>> orthonormal_distance("h", 4, 2, 2, ["theta_1", "theta_2"])
    (2*sqrt(theta_1**2 + 1) + 2*sqrt(theta_2**2 + 1))/h
    """
    d, r, m, h = _inputs(inputs), _count("rank", rank), _count("outputs", outputs), whole(width)
    if r > d:
        raise InvalidArgument("rank", f"is {r}, with {d} inputs", f"use {d} at most")
    if h.is_number and h < r + m:
        raise InvalidArgument("width", f"is {h}, and {r} + {m} rows are to be orthonormal", f"use {r + m} at least")
    given = list(singular_values) if isinstance(singular_values, Iterable) else []
    if isinstance(singular_values, str) or len(given) > min(r, m):
        problem = f"must be at most {min(r, m)} numbers, got {singular_values!r:.60}"
        raise InvalidArgument("singular_values", problem, "use e.g. ['3/2']")
    roots = (sp.sqrt(1 + real("singular_values", value) ** 2) for value in given)
    return (d - r) * sp.Add(m - len(given), *roots) / h


def imbalance_probability(width: int, digits: int = 15) -> Ball:
    r"""Enclose the probability that the imbalance c exceeds :math:`h^{1-2a}`, for one output and data of rank one.

    Parameters
    ----------
    width : int
        h, up to 100,000. The probability is the same for all a.
    digits : int
        To how many digits, about.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    References
    ----------
    Derived in this module's docstring.

    Examples
    --------
    >>> imbalance_probability(8)
    [0.925046278560699 +/- 4.71e-16]
    """
    require_width(width)
    return enclosed_root_exceedance(width, flint.arb(width) / 2, digits)


def _number(argument: str, value: Scalar) -> sp.Expr:
    found = real(argument, value)
    if not found.is_number:
        raise InvalidArgument(argument, f"must be a number, got {value}", "use e.g. '1/2'")
    return found


def _inputs(value: object) -> sp.Integer:
    return _count("inputs", value)


def _count(argument: str, value: object) -> sp.Integer:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidArgument(argument, f"must be a positive whole number, got {value!r}", "use e.g. 2")
    return positive(argument, value)
