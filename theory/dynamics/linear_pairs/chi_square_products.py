r"""The root x of a product of two independent chi-squares of h degrees of freedom each, with rigorous enclosures.

*Density.* With :math:`t = ab`, :math:`\int_0^\infty t^{h/2-1}e^{-(a+t/a)/2}\frac{da}a = 2t^{h/2-1}K_0(\sqrt t)`, so x
has the density :math:`Cx^{h-1}K_0(x)` with :math:`C = 4/(2^h\Gamma(h/2)^2)` and the Bessel function
:math:`K_0(z) = \int_0^\infty e^{-z\cosh w}dw`.

*Bounds.* From this integral, :math:`|K_0(z)| \le K_0(\mathrm{Re}\,z)`, and :math:`K_\nu` grows with :math:`\nu`. So
for x > 0 :math:`K_0(x) \le K_{1/2}(x) = \sqrt{\pi/2x}\,e^{-x}`, and :math:`|K_0'| = K_1 \le K_{3/2} = (1+1/x)K_{1/2}`.
The first bounds what lies beyond both ends of the numerical integral by incomplete gamma functions, and both bound
:math:`K_0` on balls, where its series would cancel.
"""

from __future__ import annotations

from collections.abc import Callable

import flint

from theory.balls import Ball, ComplexBall, precision, require_digits, require_time
from theory.ensembles import InvalidArgument

MOST_WIDTH = 100_000
"""No more degrees of freedom are asked for."""


def enclosed_root_mean(width: int, slope: Ball, shift: Ball, digits: int = 15) -> Ball:
    r"""Enclose :math:`E\sqrt{ax^2+b}`, where :math:`x^2` is the product of two independent chi-squares.

    Parameters
    ----------
    width : int
        h, the degrees of freedom of each, up to 100,000.
    slope, shift : flint.arb
        a, positive, and b, at least 0.
    digits : int
        To how many digits, about, relative to its size.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        If the width or the digits are out of range, or a ball is not surely so.

    Examples
    --------
    >>> enclosed_root_mean(4, flint.arb(1) / 16, flint.arb("2.25"), 10)
    [1.7825793351 +/- 8.01e-11]
    """
    require_width(width)
    require_digits(digits)
    if not (slope > 0 and shift >= 0):
        raise InvalidArgument("slope", f"and shift must be positive, got {slope} and {shift}", "use e.g. 1 and 2")

    def root(z: ComplexBall, analytic: bool) -> ComplexBall:
        return (slope * z * z + shift).sqrt(analytic=analytic)

    with precision(digits + 10):
        low, high = _ends(width, digits)
        # beyond the ends sqrt(ax^2+b) is at most its value at the lower one, and sqrt(a) x + sqrt(b)
        below = root(flint.acb(low), False).real * _gamma_share(width, low, -1)
        above = slope.sqrt() * _gamma_share(width, high, 1, 1) + shift.sqrt() * _gamma_share(width, high, 1)
        outside = (below + above).upper()
        return _integral(width, root, low, high, digits) + outside / 2 + flint.arb(0, outside / 2)


def enclosed_root_exceedance(width: int, level: Ball, digits: int = 15) -> Ball:
    r"""Enclose P(x > level), where :math:`x^2` is the product of two independent chi-squares.

    Parameters
    ----------
    width, digits
        As for :func:`enclosed_root_mean`.
    level : flint.arb
        A positive number.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        As :func:`enclosed_root_mean`.

    Examples
    --------
    >>> enclosed_root_exceedance(4, flint.arb(2), 10)
    [0.787251272765 +/- 3.78e-13]
    """
    require_width(width)
    require_digits(digits)
    if not level > 0:
        raise InvalidArgument("level", f"must be positive, got {level}", "use e.g. 2")
    with precision(digits + 10):
        low, high = _ends(width, digits)
        if level >= high:
            return flint.arb(0).union(_gamma_share(width, high, 1).upper())
        if level <= low:
            return 1 - flint.arb(0).union(_gamma_share(width, low, -1).upper())
        outside = _gamma_share(width, high, 1).upper()
        inside = _integral(width, lambda z, _: flint.acb(1), level, high, digits)
        return inside + outside / 2 + flint.arb(0, outside / 2)


def require_width(width: object) -> None:
    """Refuse what is no whole number of degrees of freedom from 1 to 100,000.

    Parameters
    ----------
    width : object
        What the caller gave.

    Raises
    ------
    InvalidArgument
        If it is none.

    Examples
    --------
    >>> require_width(4)
    """
    if isinstance(width, bool) or not isinstance(width, int) or not 1 <= width <= MOST_WIDTH:
        raise InvalidArgument("width", f"must be a whole number from 1 to {MOST_WIDTH}, got {width!r}", "use e.g. 16")


def _log_constant(width: int) -> Ball:
    return flint.arb(4).log() - width * flint.arb(2).log() - 2 * (flint.arb(width) / 2).lgamma()


def _gamma_share(width: int, end: Ball, side: int, power: int = 0) -> Ball:
    r"""Bound :math:`\int Cx^{h-1+power}K_0(x)dx` over the x above (side 1) or below (side -1) an end."""
    shape = flint.arb(2 * (width + power) - 1) / 2
    part = end.gamma_upper(shape, 1) if side > 0 else end.gamma_lower(shape, 1)
    return (_log_constant(width) + shape.lgamma()).exp() * (flint.arb.pi() / 2).sqrt() * part


def _ends(width: int, digits: int) -> tuple[Ball, Ball]:
    """Return ends beyond which there is less than 10^-digits, each a float's ball."""
    small = flint.arb(10) ** -(digits + 3)
    found = []
    for side, factor in ((-1, 0.8), (1, 1.25)):
        end = float(width)
        while not _gamma_share(width, flint.arb(end), side, 1 if side > 0 else 0) < small:
            end *= 1 + (factor - 1) / max(1.0, width**0.5 / 4)
        found.append(flint.arb(end))
    return found[0], found[1]


def _integral(
    width: int, factor: Callable[[ComplexBall, bool], ComplexBall], low: Ball, high: Ball, digits: int
) -> Ball:
    """Integrate the factor times the density in the logarithm of x, where it is analytic and not steep."""
    log_constant, accuracy = _log_constant(width), flint.arb(10) ** -(digits + 1)

    def integrand(y: ComplexBall, analytic: bool) -> ComplexBall:
        require_time()
        z = y.exp()
        if not z.real > 0:
            return flint.acb("nan")
        return factor(z, analytic) * (width * y + log_constant).exp() * _bessel(z, digits)

    value = flint.acb.integral(integrand, low.log(), high.log(), rel_tol=accuracy, abs_tol=accuracy)
    if not value.is_finite():
        raise InvalidArgument("digits", f"{digits} cannot be met at width {width}", "ask for fewer")
    return value.real


def _bessel(z: ComplexBall, digits: int) -> ComplexBall:
    """Enclose K_0 on a ball in the right half-plane: its value in the middle, and how far it moves."""
    x = z.real.lower()
    size = ((flint.arb.pi() / (2 * x)).sqrt() * (-x).exp()).upper()
    moved = (z.rad() * size * (1 + 1 / x)).upper()
    if moved < size:
        middle, before = flint.acb(z.real.mid(), z.imag.mid()), flint.ctx.dps
        for extra in (0, 20, 40, 80, 160, 320):  # between the series and the asymptotic expansion digits are lost
            with precision(before + extra):
                value = middle.bessel_k(0)
            if value.is_finite() and value.rel_accuracy_bits() > 3.4 * digits:
                return value + flint.acb(flint.arb(0, moved), flint.arb(0, moved))
    return flint.acb(flint.arb(0, size), flint.arb(0, size))
