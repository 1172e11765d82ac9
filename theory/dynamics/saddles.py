r"""Escape from a strict saddle, linearized: how long gradient descent, heavy ball and noisy descent stay near it.

Along the eigenvector of the least eigenvalue :math:`-\gamma` the loss is :math:`-\gamma x^2/2`. Let
:math:`h = \eta\gamma` with the learning rate :math:`\eta`.

*Heavy ball* with the momentum :math:`0\le\mu<1` is :math:`x_{k+1} = x_k+hx_k+\mu(x_k-x_{k-1})`; gradient descent is the
case :math:`\mu = 0`. So :math:`x_k` is a combination of the powers of the roots of :math:`p(r) = r^2-(1+\mu+h)r+\mu`.
As :math:`p(1+q) = q^2+q(1-\mu-h)-h`, with :math:`s = h/(1-\mu)`

.. math:: p(1+s) = s(s-h) \ge 0, \qquad p(1+q) = q(q-s) \le 0 \text{ at } q = \Bigl(\frac1s+\frac\mu{1-\mu}\Bigr)^{-1},

and the greater root r lies between 1 + q and 1 + s. With :math:`\frac{2q}{2+q} \le \log(1+q) \le q`,

.. math:: \frac{1-\mu}h \le \frac1{\log r} \le \frac{1-\mu}h+\frac{1+\mu}{2(1-\mu)}.

From rest, :math:`x_k = d_0(Ar^k+(1-A)(\mu/r)^k)` with :math:`A = (1+h-\mu/r)/(r-\mu/r) \in (0, 1]`. So the first k with
:math:`x_k \ge D` lies between :math:`\log(D/d_0)/\log r` and :math:`1+\log(D/(Ad_0))/\log r`. By Bernoulli's inequality
:math:`1+s \le (1+h)^{1/(1-\mu)}`. So momentum makes the escape at most :math:`1/(1-\mu)` times faster, and comes close
to this as :math:`h \to 0`.

*Noise.* Consider :math:`dX = \gamma X\,dt+\sigma\,dB`. For stochastic gradients of variance :math:`\varsigma^2`, with
the time :math:`\eta` for each step, :math:`\sigma^2 = \eta\varsigma^2`. The mean time u(x) until :math:`|X| = D` solves
:math:`\frac{\sigma^2}2u''+\gamma xu' = -1` with :math:`u(\pm D) = 0`. With Dawson's integral
:math:`F(z) = e^{-z^2}\int_0^ze^{t^2}dt`, for which :math:`F' = 1-2zF`, and with :math:`J(z) = \int_0^zF`,

.. math:: u(x) = \frac2\gamma\Bigl(J\Bigl(\frac{D\sqrt\gamma}\sigma\Bigr)
                  -J\Bigl(\frac{x\sqrt\gamma}\sigma\Bigr)\Bigr).

*Monotonicity.* With :math:`z = v\sqrt\gamma/\sigma`, :math:`u = \frac2{\sigma^2}\int_x^Dv\,\frac{F(z)}z\,dv`. As
:math:`F(z)/z = \int_0^1e^{-z^2(1-r^2)}dr` falls with z, u falls as the curvature grows. From the start 0, u also falls
as the noise grows. From another start it need not: :math:`zF(z)` tends to 1/2 from above, so a little noise delays.

*Bounds.* If :math:`g'+2zg` has one sign, :math:`e^{z^2}g` is monotone. For g = :math:`z-F`, :math:`F-z+\frac23z^3` and
:math:`F-\frac1{2z}` the value of :math:`g'+2zg` is :math:`2z^2`, :math:`\frac43z^4` and :math:`\frac1{2z^2}`. For
:math:`g = \frac1{2z}+\frac1{2z^3}-F` it is :math:`\frac1{2z^2}(1-\frac3{z^2})`, so that :math:`e^{z^2}g` is least at
:math:`\sqrt3`, where it is positive. As F > 1/2 at 1,

.. math:: \frac{z^2}2-\frac{z^4}6 \le J(z) \le \frac{z^2}2, \qquad
          0 \le \tfrac14(\log4z^2+\gamma_E)-J(z) \le \frac1{4z^2} \quad (z \ge 1).
"""

from __future__ import annotations

from functools import cache

import flint
import sympy as sp

from theory.balls import Ball, enclose, less, precision, require_digits
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar, finite, nonnegative, positive

_FAR = 100
"""From this argument on Dawson's integral is computed by its asymptotic series."""


def growth_factor(rate: Scalar, momentum: Scalar = 0) -> sp.Expr:
    r"""Derive the factor by which heavy ball's distance from the saddle grows in each step, in the long run.

    Parameters
    ----------
    rate : number, name or expression
        The product :math:`h = \eta\gamma` of the learning rate and the curvature's modulus.
    momentum : number, name or expression
        The momentum :math:`\mu`, from 0 (gradient descent) to below 1.

    Returns
    -------
    sympy.Expr
        The greater root r of :math:`r^2-(1+\mu+h)r+\mu`.

    Raises
    ------
    InvalidArgument
        If the rate is not positive or the momentum not in [0, 1).

    References
    ----------
    B. T. Polyak, USSR Comput. Math. Math. Phys. 4 (1964) 1-17, has the method.

    Examples
    --------
    >>> growth_factor("h"), growth_factor("1/10", "9/10")
    (h + 1, sqrt(10)/10 + 1)
    """
    h, mu = positive("rate", rate), _momentum(momentum)
    r = sp.Symbol("r")
    if mu == 0:
        return 1 + h
    roots = sp.roots(r**2 - (1 + mu + h) * r + mu, r)
    return max(roots, key=lambda root: root.subs({name: sp.Rational(1, 7) for name in root.free_symbols}))


def escape_steps(rate: Scalar, distance: Scalar, momentum: Scalar = 0) -> sp.Expr:
    r"""Return :math:`\log(D/d_0)/\log r`, the steps in which :math:`r^k` grows from 1 to :math:`D/d_0`.

    Parameters
    ----------
    rate, momentum : number, name or expression
        As for :func:`growth_factor`.
    distance : number, name or expression
        The ratio :math:`D/d_0` of the final and the initial distance from the saddle, above 1.

    Returns
    -------
    sympy.Expr
        Rounded up it is exactly the number of steps of gradient descent.

    Raises
    ------
    InvalidArgument
        If the distance is not above 1, and as :func:`growth_factor`.

    Examples
    --------
    >>> escape_steps("h", "R")
    log(R)/log(h + 1)
    """
    return sp.log(_ratio(distance)) / sp.log(growth_factor(rate, momentum))


def escape_steps_bounds(rate: Scalar, distance: Scalar, momentum: Scalar = 0) -> tuple[sp.Expr, sp.Expr]:
    r"""Derive bounds on the number of steps from rest, which is about :math:`(1-\mu)\log(D/d_0)/(\eta\gamma)`.

    Parameters
    ----------
    rate, distance, momentum : number, name or expression
        As for :func:`escape_steps`.

    Returns
    -------
    (lower, upper) : SymPy expressions

    Raises
    ------
    InvalidArgument
        As :func:`escape_steps`.

    References
    ----------
    C. Jin, R. Ge, P. Netrapalli, S. Kakade, M. Jordan, arXiv:1703.00887, have the time in which perturbed gradient
    descent leaves a saddle. The bounds are derived in the docstring of this module.

    Examples
    --------
    >>> escape_steps_bounds("h", "R")
    (log(R)/h, (1/2 + 1/h)*log(R) + 1)
    """
    h, mu, ratio = positive("rate", rate), _momentum(momentum), _ratio(distance)
    r = growth_factor(h, mu)
    share = (1 + h - mu / r) / (r - mu / r)
    slowest = (1 - mu) / h + (1 + mu) / (2 * (1 - mu))
    return (1 - mu) / h * sp.log(ratio), 1 + slowest * sp.log(sp.simplify(ratio / share))


def dawson(z: Scalar) -> sp.Expr:
    r"""Return Dawson's integral :math:`e^{-z^2}\int_0^ze^{t^2}dt`.

    Parameters
    ----------
    z : number, name or expression
        The finite argument, real or complex.

    Raises
    ------
    InvalidArgument
        If it is not finite.

    Examples
    --------
    >>> dawson(sp.Symbol("z")).diff("z").subs("z", 0)
    1
    """
    z = finite("z", z)
    return sp.sqrt(sp.pi) / 2 * sp.exp(-(z**2)) * sp.erfi(z)


def dawson_integral(z: Scalar) -> sp.Expr:
    r"""Return :math:`J(z) = \int_0^zF(t)\,dt = \frac{z^2}2\,{}_2F_2(1,1;\frac32,2;-z^2)`, F Dawson's integral.

    Parameters and errors are those of :func:`dawson`.

    Examples
    --------
    >>> z = sp.Symbol("z")
    >>> dawson_integral(z).series(z, 0, 5), dawson(z).series(z, 0, 4)
    (z**2/2 - z**4/6 + O(z**5), z - 2*z**3/3 + O(z**4))
    """
    z = finite("z", z)
    return z**2 / 2 * sp.hyper([1, 1], [sp.Rational(3, 2), 2], -(z**2))


@cache
def dawson_constant() -> sp.Expr:
    r"""Derive the limit of :math:`J(z)-\frac12\log z`.

    Notes
    -----
    It is the finite part at s = 1 of the Mellin transform of :math:`F(u) = \int_0^\infty e^{-t^2}\sin(2ut)\,dt`.

    Examples
    --------
    >>> dawson_constant()
    EulerGamma/4 + log(2)/2
    """
    s, t, e = sp.symbols("s t e", positive=True)
    sine, _, _ = sp.mellin_transform(sp.sin(t), t, s)
    scale = sp.integrate(sp.exp(-(t**2)) * t ** (-s), (t, 0, sp.oo), conds="none")
    transform = sine * 2 ** (-s) * scale
    return transform.subs(s, 1 - e).series(e, 0, 1).removeO().coeff(e, 0)


def mean_exit_time(curvature: Scalar, noise: Scalar, distance: Scalar, start: Scalar = 0) -> sp.Expr:
    r"""Derive the mean time in which :math:`dX = \gamma X\,dt+\sigma\,dB` from `start` reaches :math:`|X| = D`.

    Parameters
    ----------
    curvature : number, name or expression
        The modulus :math:`\gamma` of the least eigenvalue.
    noise : number, name or expression
        The size :math:`\sigma` of the noise. For stochastic gradients of standard deviation :math:`\varsigma` it is
        :math:`\sqrt\eta\varsigma`, and a step takes the time :math:`\eta`.
    distance : number, name or expression
        The distance D from the saddle.
    start : number, name or expression
        The distance from the saddle at the start, from 0 to below D.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        If one of the first three is not positive, or the start is not in [0, D).

    References
    ----------
    C. W. Gardiner, Handbook of Stochastic Methods, section 5.2.7, has the equation. It is solved in the docstring of
    this module.

    Examples
    --------
    >>> mean_exit_time("gamma", "sigma", "D")
    D**2*hyper((1, 1), (3/2, 2), -D**2*gamma/sigma**2)/sigma**2
    >>> enclose(mean_exit_time(2, 1, 3))
    [1.20620486557089 +/- 4.86e-15]
    """
    gamma, sigma, end, x = _exit_arguments(curvature, noise, distance, start)
    unit = sp.sqrt(gamma) / sigma
    return 2 / gamma * (dawson_integral(end * unit) - dawson_integral(x * unit))


def enclosed_exit_time(curvature: Scalar, noise: Scalar, distance: Scalar, start: Scalar = 0, digits: int = 15) -> Ball:
    r"""Enclose :func:`mean_exit_time`, also where :math:`D\sqrt\gamma/\sigma` is large.

    Parameters
    ----------
    curvature, noise, distance, start : numbers
        As for :func:`mean_exit_time`.
    digits : int
        The number of decimal digits that the computation works with.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        As :func:`mean_exit_time`, and if the digits are out of range or more than the asymptotic series can give.

    Examples
    --------
    >>> enclosed_exit_time("1/100", "1e-6", 1)
    [1249.46804779559 +/- 4.02e-12]
    """
    gamma, sigma, end, x = _exit_arguments(curvature, noise, distance, start)
    require_digits(digits)
    with precision(digits + 5):
        near, far = (_enclosed_integral(place * sp.sqrt(gamma) / sigma, digits) for place in (x, end))
        return 2 / enclose(gamma, digits) * (far - near)


def exit_time_asymptote(curvature: Scalar, noise: Scalar, distance: Scalar) -> tuple[sp.Expr, sp.Expr]:
    r"""Derive bounds on the mean time from the start 0, which approach each other as the curvature grows.

    Parameters
    ----------
    curvature, noise, distance : number, name or expression
        As for :func:`mean_exit_time`, with :math:`D\sqrt\gamma \ge \sigma`.

    Returns
    -------
    (lower, upper) : SymPy expressions
        The upper bound is :math:`\frac1{2\gamma}(\log\frac{4\gamma D^2}{\sigma^2}+\gamma_E)`.

    Raises
    ------
    InvalidArgument
        If :math:`D\sqrt\gamma < \sigma`, where the time is near :func:`exit_time_saturation`, and as
        :func:`mean_exit_time`.

    Examples
    --------
    >>> exit_time_asymptote("gamma", "sigma", "D")[1]
    (log(4*D**2*gamma/sigma**2) + EulerGamma)/(2*gamma)
    """
    gamma, sigma, end, _ = _exit_arguments(curvature, noise, distance, 0)
    square = end**2 * gamma / sigma**2
    if square.is_number and less(enclose(square), enclose(sp.S.One)):
        raise InvalidArgument(
            "curvature", f"gamma D^2/sigma^2 is {square}, and this is for 1 and more", "use exit_time_saturation"
        )
    upper = sp.logcombine(sp.log(square) + 4 * dawson_constant(), force=True) / (2 * gamma)
    return upper - 1 / (2 * gamma * square), upper


def exit_time_saturation(
    curvature: Scalar, noise: Scalar, distance: Scalar, start: Scalar = 0
) -> tuple[sp.Expr, sp.Expr]:
    r"""Derive bounds on the mean time that meet as the curvature tends to 0, where diffusion alone leaves the saddle.

    Parameters
    ----------
    curvature, noise, distance, start : number, name or expression
        As for :func:`mean_exit_time`.

    Returns
    -------
    (lower, upper) : SymPy expressions
        The upper bound is :math:`(D^2-x_0^2)/\sigma^2` with the start :math:`x_0`, however flat the saddle is.

    Raises
    ------
    InvalidArgument
        As :func:`mean_exit_time`.

    Examples
    --------
    >>> exit_time_saturation("gamma", "sigma", "D")
    (-D**4*gamma/(3*sigma**4) + D**2/sigma**2, D**2/sigma**2)
    """
    gamma, sigma, end, x = _exit_arguments(curvature, noise, distance, start)
    upper = (end**2 - x**2) / sigma**2
    return upper - gamma * (end**4 - x**4) / (3 * sigma**4), upper


def _enclosed_integral(z: sp.Expr, digits: int) -> Ball:
    r"""Enclose J(z), beyond `_FAR` by the asymptotic series of F, which bounds F on both sides if :math:`z^2 \ge 2K+1`.

    Let :math:`a_k = (2k-1)!!/2^{k+1}`, S the sum of :math:`a_kz^{-2k-1}` over k < K, and g = F - S. Then
    :math:`g'+2zg = 2a_Kz^{-2K} > 0`. For :math:`g-2a_Kz^{-2K-1}` in place of g it is at most 0. So g > 0 and
    :math:`g < 2a_Kz^{-2K-1}` hold beyond `_FAR` if they hold there, which is checked.
    """
    if not less(enclose(sp.Integer(_FAR), digits), enclose(z, digits)):
        return enclose(dawson_integral(z), digits)
    with precision(digits + 20):
        ball, place = enclose(z, digits + 20), flint.arb(_FAR)
        total = enclose(dawson_constant(), digits + 20) + ball.log() / 2
        coefficient, series, terms = flint.arb(1) / 2, flint.arb(0), 0
        while 2 * coefficient / place ** (2 * terms) > flint.arb(10) ** (-digits - 5):
            if terms:
                total -= coefficient / ball ** (2 * terms) / (2 * terms)
            series += coefficient / place ** (2 * terms + 1)
            coefficient, terms = coefficient * (2 * terms + 1) / 2, terms + 1
        gap = enclose(dawson(sp.Integer(_FAR)), digits + 20) - series
        rest = 2 * coefficient / ball ** (2 * terms) / (2 * terms)
        if not (0 < gap < 2 * coefficient / place ** (2 * terms + 1) and 2 * terms + 1 <= _FAR**2):
            raise InvalidArgument("digits", f"{digits} are more than the asymptotic series gives", "use fewer")
        return total - rest / 2 + flint.arb(0, rest.upper() / 2)


def _exit_arguments(
    curvature: Scalar, noise: Scalar, distance: Scalar, start: Scalar
) -> tuple[sp.Expr, sp.Expr, sp.Expr, sp.Expr]:
    gamma, sigma, end = positive("curvature", curvature), positive("noise", noise), positive("distance", distance)
    x = nonnegative("start", start)
    if (end - x).is_number and not (end - x).is_positive:
        raise InvalidArgument("start", f"must lie from 0 to below the distance, got {start}", "use e.g. start=0")
    return gamma, sigma, end, x


def _momentum(momentum: Scalar) -> sp.Expr:
    mu = nonnegative("momentum", momentum)
    if mu.is_number and not (1 - mu).is_positive:
        raise InvalidArgument("momentum", f"must lie from 0 to below 1, got {momentum}", "use e.g. momentum='9/10'")
    return mu


def _ratio(distance: Scalar) -> sp.Expr:
    ratio = positive("distance", distance)
    if ratio.is_number and not (ratio - 1).is_positive:
        raise InvalidArgument("distance", f"D/d_0 must be above 1, got {distance}", "use e.g. distance=10")
    return ratio
