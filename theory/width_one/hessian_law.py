r"""Width one: the law of the Hessian's norm over the output, at every depth, and its Poisson limit.

The Hessian of :math:`f = w_L\cdots w_1` has the norm :math:`|f|\Lambda`, where
:math:`\sum_k u_k^2/(u_k^2+\Lambda) = 1` with :math:`u_k = 1/w_k` (:mod:`theory.width_one.hessian_bounds`). The left
side falls as :math:`\Lambda` grows. So, for i.i.d. weights,

.. math:: P(\Lambda \le \rho^{-2}) = P(X_\rho \le 1), \qquad X_\rho = \sum_{k=1}^L\frac1{1+w_k^2/\rho^2}.

*Inversion.* With :math:`\varphi(s) = E e^{-s/(1+w^2/\rho^2)}`, the probability is
:math:`\frac1\pi\mathrm{Im}\int_c^{c+i\infty}e^s\varphi(s)^L\frac{ds}s`. A term has a density f on (0, 1), which is
analytic except for a square root at 1. The path of :math:`\varphi(s) = \int_0^1 e^{-sx}f(x)\,dx` can be led through the
lower half plane to infinity and back to 1:

.. math:: \varphi = A + i e^{-s}\beta, \quad A(s) = \int_0^{\infty e^{-i\eta}}e^{-sx}f(x)\,dx, \quad
          \beta(s) = \rho\int_0^1 e^{-sv^2/(1-v^2)}p(i\rho v)\,dv,

where p is the density of :math:`|w|`. The difference :math:`e^s(\varphi^L - A^L)/s` does not grow in the right half
plane, so its path may turn to the real axis, on which :math:`\varphi` is real. And :math:`e^sA^L/s` decays in the left
half plane. Hence, for :math:`\pi/2 < \theta < \pi/2+\eta`,

.. math:: P(X_\rho\le1) = \frac1\pi\mathrm{Im}\int_c^{\infty e^{i\theta}}e^sA^L\frac{ds}s
          - \frac1\pi\int_c^\infty e^s\,\mathrm{Im}(A^L)\frac{ds}s,

These integrals do not oscillate, and sums give them to exponential accuracy at every depth. (A sum of at most 1 has no
term above 1, so it does not matter how the density of a term is continued there.) With
:math:`\rho^* = \Lambda^{-1/2}`, one more integral gives :math:`E\log\Lambda = -2E\log\rho^*`.

*Poisson limit.* Let :math:`p_0` be the density of :math:`|w|` at 0. As L grows, the numbers :math:`L p_0|w_k|` tend to
the points of a Poisson process of rate 1, and :math:`\Lambda_L/(Lp_0)^2` to a limit :math:`\Lambda`. Campbell's formula
gives

.. math:: E e^{-sX_\rho} = e^{-\rho\psi(s)}, \qquad
          \psi(s) = \int_0^\infty\bigl(1-e^{-s/(1+y^2)}\bigr)dy
          = \frac\pi2 s\,e^{-s/2}\bigl(I_0(\tfrac s2)+I_1(\tfrac s2)\bigr)

as :math:`\psi' = \int_0^{\pi/2}e^{-s\cos^2 t}dt`. Because
:math:`\int_0^\infty(e^{-\rho\psi}-1_{\rho<1})\frac{d\rho}\rho = -\gamma_E-\log\psi`, the mean of :math:`\log\Lambda` is
:math:`2\gamma_E` plus twice the inverse Laplace transform of :math:`\log\psi(s)/s` at 1. On (0, 1] that inverse
transform is determined by the expansion at infinity alone, :math:`\psi \sim \sqrt{\pi s}\sum_m a_ms^{-m}` with
:math:`a_m = (\frac12)_m(-\frac12)_m/m!`. With :math:`\log\sum_m a_ms^{-m} = \sum_m c_ms^{-m}`,

.. math:: E\log\Lambda = \gamma_E + \log\pi + 2\sum_{m\ge1}\frac{c_m}{m!} = 0.9474882499881691\ldots

The terms fall like :math:`m^{-2}` and have an expansion in 1/m, so Richardson's extrapolation sums them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.log_laws.layer_factors import ComplexArray, FloatArray
from theory.width_one.products import ChainLaw

_LEFT = math.radians(110)
"""This is the angle theta, at which the path leaves c into the left half plane."""

_LARGE = 200.0
"""From this s on exp(-s) is negligible beside 1, while exp(s) is still a float."""


def chain_hessian_log_mean(net: Ensemble) -> float:
    r"""Return :math:`E\log\|H\|_2 = E\log|f| + E\log\Lambda` of a chain, in floats good to about 1e-9.

    Parameters
    ----------
    net : Ensemble
        A chain with uniform or normal weights and |v| = 1, whose depth is a number from 2 on.

    Returns
    -------
    float

    Raises
    ------
    InvalidArgument
        For other networks and laws, a symbolic depth, or depth 1, where the Hessian is 0.

    References
    ----------
    arXiv:2106.03763 claims in its section on neural chains that the Hessian vanishes. The law is derived in the
    docstring of this module.

    Examples
    --------
    >>> from theory import Ensemble
    >>> round(chain_hessian_log_mean(Ensemble(width=1, depth=100, law="uniform")), 6)
    -36.012205
    """
    return log_ratio_mean(net) + float(ChainLaw(net).log_mean())


def log_ratio_mean(net: Ensemble) -> float:
    r"""Return :math:`E\log\Lambda` for :math:`\Lambda = \|H\|_2/|f|`.

    Parameters and errors are those of :func:`chain_hessian_log_mean`.

    Notes
    -----
    The double exponential rule integrates
    :math:`E\log\Lambda = -2\log\rho_0 + 2\int_0^{\rho_0}P(\Lambda>\rho^{-2})\,d\rho/\rho`. Here the probability is 1
    beyond :math:`\rho_0`, which is the edge of the law for uniform weights, and lies far out for normal ones.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width=1, depth=1000, law="normal")
    >>> round(log_ratio_mean(net) - math.log(1000**2 * 2 / math.pi), 4)
    0.9466
    """
    depth, scale = _depth(net), _scale(net)
    return float(_log_mean(net.law.name == "uniform", depth, _RULES)) - 2 * math.log(scale)


def chain_hessian_cdf(net: Ensemble, log_ratio: float) -> float:
    r"""Return :math:`P(\log\Lambda \le t)` for :math:`\Lambda = \|H\|_2/|f|`, in floats good to about 1e-9.

    Parameters
    ----------
    net : Ensemble
        As for :func:`chain_hessian_log_mean`.
    log_ratio : float
        The argument t.

    Raises
    ------
    InvalidArgument
        As :func:`chain_hessian_log_mean`, or if t is not a number.

    Examples
    --------
    At depth 2, Lambda is 1/|w_1 w_2|, and the weights here are uniform on (-1, 1).

    >>> from theory import Ensemble
    >>> net = Ensemble(width=1, depth=2, law="uniform", init="1/3")
    >>> round(chain_hessian_cdf(net, math.log(2)), 9), round(0.5 - math.log(2) / 2, 9)
    (0.15342641, 0.15342641)
    """
    depth, scale = _depth(net), _scale(net)
    if math.isnan(log_ratio):
        raise InvalidArgument("log_ratio", "is not a number", "use e.g. log_ratio=2.0")
    log_rho = -log_ratio / 2 - math.log(scale)
    return _probability(log_rho, depth, net.law.name == "uniform", _RULES)


def poisson_exponent(s: sp.Expr) -> sp.Expr:
    r"""Return :math:`\psi(s) = \int_0^\infty(1-e^{-s/(1+y^2)})\,dy`, in Bessel functions.

    Examples
    --------
    >>> sp.series(poisson_exponent(sp.Symbol("s")), n=3)
    pi*s/2 - pi*s**2/8 + O(s**3)
    """
    return sp.pi / 2 * s * sp.exp(-s / 2) * (sp.besseli(0, s / 2) + sp.besseli(1, s / 2))


@cache
def poisson_log_mean() -> float:
    r"""Return :math:`\lim_L E\log\Lambda_L - 2\log(Lp_0)`, the mean of :math:`\log\Lambda` for the Poisson points.

    Examples
    --------
    >>> poisson_log_mean()
    0.9474882499881692
    """
    terms, order = 100, 40
    with mpmath.workdps(80):
        a, c, total, sums = [mpmath.mpf(1)], [mpmath.mpf(0)], mpmath.mpf(0), [mpmath.mpf(0)]
        for m in range(1, terms + 1):
            a.append(a[-1] * (m - mpmath.mpf(1) / 2) * (m - mpmath.mpf(3) / 2) / m)
            c.append(a[m] - mpmath.fsum(j * c[j] * a[m - j] for j in range(1, m)) / m)
            total += c[m] / mpmath.factorial(m)
            sums.append(total)
        first = terms - order
        weights = (
            (-1) ** (order - k) * mpmath.mpf(first + k) ** order / (mpmath.factorial(k) * mpmath.factorial(order - k))
            for k in range(order + 1)
        )
        limit = mpmath.fsum(weight * partial for weight, partial in zip(weights, sums[first:], strict=True))
        return float(mpmath.euler + mpmath.log(mpmath.pi) + 2 * limit)


@dataclass(frozen=True)
class _Rules:
    """The numbers of nodes of the double exponential rules; twice as many give about twice as many correct digits."""

    inner: int = 360
    outer: int = 100
    mean: int = 70

    @cached_property
    def half_line(self) -> tuple[FloatArray, FloatArray]:
        """Nodes and weights on (0, inf), for integrands that are powers at both ends and change most around 1."""
        return _spread(self.inner, 3.0, 80.0)

    @cached_property
    def logarithmic(self) -> tuple[FloatArray, FloatArray]:
        """Nodes and weights on (0, inf), for the slow decay of depth 2 along the positive axis."""
        return _spread(9 * self.outer // 10, 3.2, 45.0)

    def decaying(self, last: float, nodes: int) -> tuple[FloatArray, FloatArray]:
        """Return nodes and weights on (0, inf), for integrands that decay exponentially and vanish from `last` on."""
        t, step = np.linspace(-3.6, math.log(last), nodes, retstep=True)
        x = np.exp(t - np.exp(-t))
        return x, step * x * (1 + np.exp(-t))


_RULES = _Rules()


def _spread(nodes: int, width: float, span: float) -> tuple[FloatArray, FloatArray]:
    """Return the nodes exp(span sinh(u)/sinh(width)), from exp(-span) to exp(span), and their weights."""
    u, step = np.linspace(-width, width, nodes, retstep=True)
    x = np.exp(span * np.sinh(u) / math.sinh(width))
    return x, step * x * span * np.cosh(u) / math.sinh(width)


@cache
def _log_mean(uniform: bool, depth: int, rules: _Rules) -> float:
    """Return E log Lambda for normal weights of variance 1, or uniform ones on (-1, 1)."""
    log_edge = _log_edge(depth, uniform)
    u, step = np.linspace(-3.6, 3.1, rules.mean, retstep=True)
    # the substitution is rho = edge/(1 + exp(-pi sinh u)), with dlog rho = pi cosh(u) (1 - rho/edge) du
    toward = math.pi * np.sinh(u)
    log_rhos = log_edge - np.logaddexp(0, -toward)
    above = np.array([1 - _probability(float(y), depth, uniform, rules) for y in log_rhos])
    weights = math.pi * np.cosh(u) * np.exp(-np.logaddexp(0, toward))
    return -2 * log_edge + 2 * float(step) * float((above * weights).sum())


@cache
def _log_edge(depth: int, uniform: bool) -> float:
    """Return the logarithm of a rho beyond which P(X_rho <= 1) is below 1e-14.

    By the inequality of the means X_rho is at least L^2/sum(1 + w^2/rho^2), so X_rho <= 1 implies
    sum w^2 >= L(L-1) rho^2. At great depth the Poisson limit gives the smaller rho.
    """
    from scipy.stats import chi2

    most = depth if uniform else float(chi2.isf(1e-14, depth))
    return min((math.log(most) - math.log(depth) - math.log(depth - 1)) / 2, math.log(12) - math.log(depth))


def _probability(log_rho: float, depth: int, uniform: bool, rules: _Rules) -> float:
    """Return P(X_rho <= 1) for normal weights of variance 1, or uniform ones on (-1, 1)."""
    if log_rho > _log_edge(depth, uniform):
        return 0.0
    if log_rho < -40:
        return 1.0
    rho = math.exp(log_rho)
    least = rho**2 / (1 + rho**2) if uniform else 0.0  # a term is at least this
    room = 1 - depth * least
    if room <= 0:
        return 0.0
    term = _Term(rho, uniform, least, rho > 0.3 or room < 0.5, rules)
    c = (1.5 + (depth * rho) ** 2 / 2) / room
    far, far_weights = rules.decaying(36 / -math.cos(_LEFT), rules.outer)
    turn = np.exp(1j * _LEFT)
    s = c + far / room * turn
    left = np.exp(s * (1 - depth * term.shift) + depth * term.log_transform(s)) / s
    total = float((left * far_weights * turn).imag.sum()) / room
    ratio, ratio_weights = rules.logarithmic
    s = c + c * ratio
    return min(1.0, max(0.0, (total + float((term.imaginary_power(s, depth) / s * ratio_weights).sum()) * c) / math.pi))


@dataclass(frozen=True)
class _Term:
    """One term 1/(1 + w^2/rho^2), which is at least `least`, and its functions A(s) and beta(s).

    For small rho, A is near 1, and A - 1 is computed. Where A may be small (`is_small`), A exp(s least) is computed.
    """

    rho: float
    uniform: bool
    least: float
    is_small: bool
    rules: _Rules

    @property
    def shift(self) -> float:
        """The transform is computed times exp(s shift), so that it does not underflow."""
        return self.least if self.is_small else 0.0

    def density(self, square: Any) -> Any:
        """Return the density of |w| at rho sqrt(square)."""
        return 1.0 + 0 * square if self.uniform else math.sqrt(2 / math.pi) * np.exp(-(self.rho**2) * square / 2)

    def transform(self, s: ComplexArray) -> ComplexArray:
        """Return A(s) exp(s shift) - 1."""
        from scipy.special import erfi

        nodes, weights = self.rules.half_line
        # the path would descend most steeply at half the angle of s, but it must keep away from the root at 1
        ray = np.exp(-1j * np.maximum(np.angle(s) / 2, math.radians(30 if self.is_small else 40)))[:, None]
        sizes = np.abs(s)[:, None]
        moved = nodes / sizes * ray
        x = self.least + moved
        with np.errstate(under="ignore"):
            measure = self.density(1 / x - 1) / (x * np.sqrt(x * (1 - x))) * (ray / sizes) * (weights / 2)
            if self.is_small:
                return np.asarray(self.rho * (np.exp(-s[:, None] * moved) * measure).sum(axis=1) - 1)
            missing = (np.expm1(-s[:, None] * x) * measure).sum(axis=1)
        # along the path f integrates to 1 - i rho times the integral of p(i rho v) for v from 0 to 1
        beyond = 1.0 if self.uniform else float(erfi(self.rho / math.sqrt(2))) / self.rho
        return np.asarray(self.rho * (missing - 1j * beyond))

    def log_transform(self, s: ComplexArray) -> ComplexArray:
        """Return log A(s) + s shift."""
        return np.asarray(np.log1p(self.transform(s)))

    def imaginary_power(self, s: FloatArray, depth: int) -> FloatArray:
        """Return -exp(s) Im A(s)^depth for real s."""
        real = np.maximum(1 + self.transform(s.astype(np.complex128)).real, 1e-30)  # this is phi(s) exp(s shift)
        y, weights = self.rules.decaying(7.0, self.rules.outer // 2)
        squares = y**2 / s[:, None]  # this is v^2/(1 - v^2)
        density = self.density(-squares / (1 + squares)) * (1 + squares) ** -1.5
        beta = self.rho * (np.exp(-(y**2)) * weights * density).sum(axis=1) / np.sqrt(s)
        part = beta * np.exp(-s * (1 - self.shift))
        near = np.minimum(s, _LARGE) * (1 - depth * self.shift)
        exact = np.exp(near) * np.sin(depth * np.arctan(part / real)) * np.hypot(real, part) ** depth
        first = depth * beta * real ** (depth - 1.0) * np.exp(-s * (depth - 1) * self.shift)
        return np.asarray(np.where(s > _LARGE, first, exact))


def _depth(net: Ensemble) -> int:
    ChainLaw(net)
    net.require_numbers("the law of the Hessian's norm")
    if net.depth == 1:
        raise InvalidArgument("depth", "the Hessian of depth 1 is 0", "use depth 2 or more")
    return int(net.depth)


def _scale(net: Ensemble) -> float:
    """Return the unit of the weights: the standard deviation of normal ones, the end of the range of uniform ones."""
    return math.sqrt(float(symbols.variance(net, 1)) * (3 if net.law.name == "uniform" else 1))
