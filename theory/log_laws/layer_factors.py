r"""The law of one layer's factor :math:`|a_k|^2/|a_{k-1}|^2` for normal weights, by its Mellin transform.

A normal matrix sends every vector to i.i.d. normal entries, whatever its direction, so the ratio is independent of
what came before. With B ~ Binomial(n, 1/2) units on, of slope 1, and the others of slope alpha,

.. math:: R = s^2(\chi^2_B + \alpha^2\chi^2_{n-B}),

a chi-square for a linear layer, a mixture of them for ReLU. For leaky layers the total :math:`\chi^2_n` is independent
of the share V of the negative part, which is Beta((n-B)/2, B/2), and :math:`R = s^2\chi^2_n(1-(1-\alpha^2)V)`, so

.. math:: E R^t = (2s^2)^t\frac{\Gamma(n/2+t)}{\Gamma(n/2)}
          \sum_b 2^{-n}\binom nb\,{}_2F_1\bigl(-t,\tfrac{n-b}2;\tfrac n2;1-\alpha^2\bigr).

Each transform is here three times: cumulants of the logarithm in SymPy, floats for inversion, balls for enclosure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from typing import Any, Protocol

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.balls import Ball, enclose_number
from theory.ensembles import InvalidArgument

ComplexArray = NDArray[np.complexfloating[Any, Any]]
FloatArray = NDArray[np.floating[Any]]
ComplexBall = Any
"""A :class:`flint.acb`."""


class Factor(Protocol):
    """A random factor R >= 0, known by E R^t; everything but `survival` is given R > 0."""

    def survival(self) -> sp.Expr:
        """Return P(R > 0)."""

    def log_cumulant(self, order: int) -> sp.Expr:
        """Return the cumulant of log R of that order, symbols welcome."""

    def log_cumulant_ball(self, order: int) -> Ball:
        """Return the same in ball arithmetic, at the present precision."""

    @property
    def lowest(self) -> Fraction:
        """E R^t is finite for t above this."""

    def log_transform(self, t: ComplexArray) -> ComplexArray:
        """Return log E R^t, its imaginary part up to 2 pi; floats."""

    def transform(self, t: ComplexBall) -> ComplexBall:
        """Return E R^t."""

    def decay(self, c: Ball, height: Ball) -> tuple[Ball, Ball]:
        """Return bounds (value, rate): |E R^(c + iu)| <= value exp(-rate (u - height)) for u >= height > 0."""


@dataclass(frozen=True)
class ChiSquares:
    r"""R = scale * (chi-square of the B units that are on + slope^2 * chi-square of the others).

    Parameters
    ----------
    width : sympy.Expr
        n, a positive integer or a symbol for one.
    scale : sympy.Expr
        s^2, the variance of a weight.
    slope : sympy.Expr
        1 for linear (no coins are tossed), 0 for ReLU, between: leaky.

    Examples
    --------
    >>> ChiSquares(sp.Integer(2), sp.Integer(1), sp.Integer(0)).survival()
    3/4
    """

    width: sp.Expr
    scale: sp.Expr
    slope: sp.Expr

    def survival(self) -> sp.Expr:
        """Return 1 - 2^-n for ReLU, 1 otherwise."""
        return 1 - 2**-self.width if self.slope == 0 else sp.S.One

    def log_cumulant(self, order: int) -> sp.Expr:
        """Return the cumulant of log R given R > 0.

        Raises
        ------
        InvalidArgument
            For leaky layers above order 1, which have no formula to read; balls enclose them.

        Examples
        --------
        >>> n = sp.Symbol("n", integer=True, positive=True)
        >>> ChiSquares(n, 1 / n, sp.Integer(1)).log_cumulant(1)
        log(2/n) + polygamma(0, n/2)
        """
        shift = sp.log(2 * self.scale) if order == 1 else sp.S.Zero
        if self.slope == 1:
            return shift + sp.polygamma(order - 1, self.width / 2)
        if self.slope == 0:
            return shift + self._mixture_cumulant(order)
        if order > 1:
            problem = f"the cumulant of order {order} of a leaky layer has no closed form"
            raise InvalidArgument("order", problem, "use enclosed_cumulant")
        n, b = self.width, self._counter(nonnegative=True)
        lost = 1 - self.slope**2
        hyper = sp.hyper((1, 1, (n - b) / 2 + 1), (2, n / 2 + 1), lost)
        return shift + sp.polygamma(0, n / 2) - lost * sp.Sum(sp.binomial(n, b) * (n - b) / n * hyper, (b, 0, n)) / 2**n

    def _mixture_cumulant(self, order: int) -> sp.Expr:
        """Mix log chi-squares over B given B >= 1: moments are averaged, cumulants taken again."""
        b = self._counter(positive=True)
        own = [sp.polygamma(j, b / 2) for j in range(order)]
        moments = [sp.S.One]
        for m in range(1, order + 1):  # moments of one log chi-square, from its cumulants
            moments.append(sp.Add(*(math.comb(m - 1, j) * own[j] * moments[m - 1 - j] for j in range(m))))
        averages = [sp.S.One] + [self._average(sp.expand(moment), b) for moment in moments[1:]]
        cumulants: list[sp.Expr] = []
        for m in range(1, order + 1):
            rest = (math.comb(m - 1, j - 1) * cumulants[j - 1] * averages[m - j] for j in range(1, m))
            cumulants.append(averages[m] - sp.Add(*rest))
        return cumulants[-1]

    def _counter(self, **assumptions: bool) -> sp.Symbol:
        """Return the symbol that sums over the units that are on, of a name that is free."""
        taken = {str(symbol) for part in (self.width, self.scale, self.slope) for symbol in part.free_symbols}
        name = next(name for name in ("b", "j", "i", "m") if name not in taken)
        return sp.Symbol(name, integer=True, **assumptions)

    def _average(self, summand: sp.Expr, b: sp.Symbol) -> sp.Expr:
        """Average over B given B >= 1: written out for few units, a finite sum for many."""
        total = sp.Sum(sp.binomial(self.width, b) * summand, (b, 1, self.width)) / (2**self.width - 1)
        return total.doit() if self.width.is_Integer and self.width <= _WRITTEN_OUT else total

    def log_cumulant_ball(self, order: int) -> Ball:
        """Return the cumulant of log R given R > 0 as a ball."""
        if self.slope in (0, 1):
            return self._chi_square_cumulant_ball(order)
        shares = _cumulants([self._log_share_moment(m) for m in range(order + 1)])
        return shares[order] + ChiSquares(self.width, self.scale, sp.S.One).log_cumulant_ball(order)

    def _chi_square_cumulant_ball(self, order: int) -> Ball:
        n = int(self.width)
        counts = [n] if self.slope == 1 else range(1, n + 1)
        moments = [flint.arb(0)] * (order + 1)
        for b, chance in zip(counts, self._chances(counts), strict=True):
            own = [_polygamma_ball(j, flint.arb(b) / 2) for j in range(order)]
            each = [flint.arb(1)]
            for m in range(1, order + 1):
                each.append(sum((math.comb(m - 1, j) * own[j] * each[m - 1 - j] for j in range(m)), flint.arb(0)))
            moments = [total + chance * moment for total, moment in zip(moments, each, strict=True)]
        shift = (2 * enclose_number(self.scale)).log() if order == 1 else flint.arb(0)
        return _cumulants(moments)[order] + shift

    def _chances(self, counts: Any) -> list[Ball]:
        """P(B = b) of the units that are on, given one if the others are off."""
        if self.slope == 1:
            return [flint.arb(1)]
        table = _binomial_balls(int(self.width), self.slope == 0, flint.ctx.prec)
        return [table[b] for b in counts]

    def _log_share_moment(self, m: int) -> Ball:
        """E log(1 - (1 - slope^2) V)^m; with V = sin^2, the densities are analytic up to the ends."""
        n = int(self.width)
        alpha2 = enclose_number(self.slope) ** 2
        counts = range(1, n)
        chances = self._chances(counts)
        betas = [
            (flint.arb(n - b) / 2).gamma() * (flint.arb(b) / 2).gamma() / (flint.arb(n) / 2).gamma() for b in counts
        ]

        def integrand(angle: ComplexBall, analytic: bool) -> ComplexBall:
            sine, cosine = angle.sin(), angle.cos()
            density = sum(
                (
                    2 * p / beta * sine ** (n - b - 1) * cosine ** (b - 1)
                    for b, p, beta in zip(counts, chances, betas, strict=True)
                ),
                flint.acb(0),
            )
            return density * (cosine**2 + alpha2 * sine**2).log(analytic=analytic) ** m

        inside = flint.acb.integral(integrand, 0, flint.arb.pi() / 2).real if n > 1 else flint.arb(0)
        ends = flint.arb(2) ** -n * (alpha2.log() ** m + (1 if m == 0 else 0))  # all off, all on
        return inside + ends

    @property
    def lowest(self) -> Fraction:
        """A chi-square with b degrees has moments above -b/2."""
        return Fraction(-1, 2) if self.slope == 0 else Fraction(-int(self.width), 2)

    def log_transform(self, t: ComplexArray) -> ComplexArray:
        """Return log E R^t given R > 0, floats."""
        from scipy.special import gammaln, loggamma, logsumexp

        scale = t * math.log(2 * float(self.scale))
        counts, log_chances = self.float_counts
        if self.slope not in (0, 1):
            shares, log_weights = self._share_nodes
            half = float(self.width) / 2
            mixed = logsumexp(shares[:, None] * t + log_weights[:, None], axis=0)
            return np.asarray(scale + loggamma(half + t) - gammaln(half) + mixed)
        halves = counts / 2
        terms = loggamma(halves[:, None] + t) + (log_chances - gammaln(halves))[:, None]
        return np.asarray(scale + logsumexp(terms, axis=0))

    def float_moments(self) -> tuple[float, float]:
        """Return mean and variance of log R given R > 0 in floats, to place integrations with."""
        from scipy.special import digamma, polygamma

        shift = math.log(2 * float(self.scale))
        if self.slope not in (0, 1):
            shares, log_weights = self._share_nodes
            weights, half = np.exp(log_weights), float(self.width) / 2
            centre = float(weights @ shares)
            spread = float(weights @ (shares - centre) ** 2)
            return shift + float(digamma(half)) + centre, float(polygamma(1, half)) + spread
        counts, log_chances = self.float_counts
        chances = np.exp(log_chances)
        average = float(chances @ digamma(counts / 2))
        return shift + average, float(chances @ (polygamma(1, counts / 2) + (digamma(counts / 2) - average) ** 2))

    @cached_property
    def float_counts(self) -> tuple[FloatArray, FloatArray]:
        """Numbers of units that are on, and their log-probabilities given one; those below e^-60 are left out."""
        from scipy.special import gammaln

        n = int(self.width)
        if self.slope == 1:
            return np.array([float(n)]), np.zeros(1)
        counts = np.arange(1.0, n + 1)
        alive = n * math.log(2) + math.log1p(-(2.0**-n))
        logs = gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1) - alive
        return counts[logs > -60], logs[logs > -60]

    @cached_property
    def _share_nodes(self) -> tuple[FloatArray, FloatArray]:
        """Quadrature for the law of log(1 - (1 - slope^2) V): nodes and log-weights.

        Gauss-Legendre in the angle, on panels that halve towards pi/2, where the logarithm has a branch point at
        distance about slope.
        """
        from scipy.special import betaln, gammaln, logsumexp

        n, alpha2 = int(self.width), float(self.slope) ** 2
        ends = np.array([math.log(alpha2), 0.0]), np.full(2, -n * math.log(2))
        if n == 1:
            return ends
        panels = 3 + math.ceil(math.log2(1 / math.sqrt(alpha2)))
        edges = np.concatenate([math.pi / 2 * (1 - 0.5 ** np.arange(panels)), [math.pi / 2]])
        nodes, weights = np.polynomial.legendre.leggauss(64 + 6 * math.isqrt(n))
        half = np.diff(edges) / 2
        angles = (edges[:-1, None] + half[:, None] * (1 + nodes)).ravel()
        away = (half[:, None] * (1 - nodes) + (math.pi / 2 - edges[1:, None])).ravel()  # pi/2 - angle, without loss
        sine, cosine = np.log(np.sin(angles)), np.log(np.sin(away))
        b = np.arange(1.0, n)[:, None]
        chances = gammaln(n + 1) - gammaln(b + 1) - gammaln(n - b + 1) - n * math.log(2)
        densities = math.log(2) + (n - b - 1) * sine + (b - 1) * cosine - betaln((n - b) / 2, b / 2)
        log_weights = logsumexp(chances + densities, axis=0) + np.log((half[:, None] * weights).ravel())
        shares = np.log(np.exp(2 * cosine) + alpha2 * np.exp(2 * sine))
        return np.concatenate([ends[0], shares]), np.concatenate([ends[1], log_weights])

    def transform(self, t: ComplexBall) -> ComplexBall:
        """Return E R^t given R > 0, a ball."""
        scale = (t * (2 * enclose_number(self.scale)).log()).exp()
        return scale * sum((p * value for p, value in self._terms(t)), flint.acb(0))

    def _terms(self, t: ComplexBall) -> list[tuple[Ball, ComplexBall]]:
        """Chances, and E R^t given the number of units that are on, for scale 1/2."""
        n = int(self.width)
        if self.slope == 1:
            return [(flint.arb(1), _gamma_ratio(t, flint.arb(n) / 2))]
        if self.slope == 0:
            values = {1: _gamma_ratio(t, flint.arb(1) / 2), 2: _gamma_ratio(t, flint.arb(1))}
            for b in range(3, n + 1):  # Gamma(b/2 + t)/Gamma(b/2), two units on
                half = flint.arb(b - 2) / 2
                values[b] = values[b - 2] * (1 + t / half)
            counts = range(1, n + 1)
            return list(zip(self._chances(counts), (values[b] for b in counts), strict=True))
        counts = range(n + 1)
        half, lost = flint.arb(n) / 2, flint.acb(1 - enclose_number(self.slope) ** 2)
        total = _gamma_ratio(t, half)
        shares = [lost.hypgeom_2f1(-t, flint.acb(n - b) / 2, half) for b in counts]
        return [(p, total * share) for p, share in zip(self._chances(counts), shares, strict=True)]

    def decay(self, c: Ball, height: Ball) -> tuple[Ball, Ball]:
        r"""Bound the transform along a vertical line.

        :math:`\frac{d}{du}\log|\Gamma(x+iu)| = -\sum_{k\ge0}\frac{u}{(x+k)^2+u^2} \le -\arctan(u/x)` for x > 0 (the sum
        is at least the integral), so :math:`|\Gamma(x+iu)| \le |\Gamma(x+iT)|e^{-(u-T)\arctan(T/x)}` for u >= T.
        """
        n = int(self.width)
        point = flint.acb(c, height)
        scale = (c * (2 * enclose_number(self.scale)).log()).exp()
        if self.slope in (0, 1):
            value = sum((p * abs(term) for p, term in self._terms(point)), flint.arb(0))
        else:  # |E (1 - lost V)^t| <= E (1 - lost V)^c
            real = sum((p * term.real for p, term in self._terms(flint.acb(c))), flint.arb(0))
            value = real * abs(_gamma_ratio(point, flint.arb(n) / 2) / _gamma_ratio(flint.acb(c), flint.arb(n) / 2))
        return scale * value, (height / (flint.arb(n) / 2 + c)).atan()


@dataclass(frozen=True)
class Coins:
    """R = scale * (B + slope^2 (n - B)): masked signs, B ~ Binomial(n, 1/2) of them on.

    Parameters
    ----------
    width, scale, slope : sympy.Expr
        As for :class:`ChiSquares`; slope 1 makes R constant.

    Examples
    --------
    >>> Coins(sp.Integer(2), sp.Rational(1, 2), sp.Integer(0)).log_cumulant(1)
    -2*log(2)/3
    """

    width: sp.Expr
    scale: sp.Expr
    slope: sp.Expr

    def survival(self) -> sp.Expr:
        """Return 1 - 2^-n for ReLU, 1 otherwise."""
        return 1 - 2**-self.width if self.slope == 0 else sp.S.One

    def _atoms(self) -> tuple[list[sp.Expr], list[sp.Expr]]:
        """Values of R > 0 and their probabilities given R > 0."""
        if self.slope == 1:
            return [self.scale * self.width], [sp.S.One]
        if not self.width.is_Integer:
            raise InvalidArgument("width", f"the law of masked signs needs a number, got {self.width}", "use width=32")
        n = int(self.width)
        first = 1 if self.slope == 0 else 0
        values = [self.scale * (b + self.slope**2 * (n - b)) for b in range(first, n + 1)]
        return values, [sp.Rational(math.comb(n, b), 2**n - first) for b in range(first, n + 1)]

    def log_cumulant(self, order: int) -> sp.Expr:
        """Return the cumulant of log R given R > 0."""
        values, chances = self._atoms()
        moments = [
            sp.Add(*(p * sp.log(v) ** m for v, p in zip(values, chances, strict=True))) for m in range(order + 1)
        ]
        return sp.expand(_cumulants(moments)[order])

    def log_cumulant_ball(self, order: int) -> Ball:
        """Return the same in ball arithmetic."""
        values, chances = self._atoms()
        logs = [enclose_number(value).log() for value in values]
        weights = [enclose_number(p) for p in chances]
        moments = [sum((p * x**m for x, p in zip(logs, weights, strict=True)), flint.arb(0)) for m in range(order + 1)]
        return _cumulants(moments)[order]

    def float_moments(self) -> tuple[float, float]:
        """Return mean and variance of log R given R > 0 in floats."""
        values, chances = self._atoms()
        logs, weights = np.log(np.array(values, dtype=float)), np.array(chances, dtype=float)
        mean = float(weights @ logs)
        return mean, float(weights @ (logs - mean) ** 2)

    @property
    def lowest(self) -> Fraction:
        """All moments are finite: a bound no other factor reaches."""
        return Fraction(-(10**9))

    def log_transform(self, t: ComplexArray) -> ComplexArray:
        """Return log E R^t given R > 0, floats."""
        from scipy.special import logsumexp

        values, chances = self._atoms()
        logs, weights = np.log(np.array(values, dtype=float)), np.log(np.array(chances, dtype=float))
        return np.asarray(logsumexp(logs[:, None] * t + weights[:, None], axis=0))

    def transform(self, t: ComplexBall) -> ComplexBall:
        """Return E R^t given R > 0, a ball."""
        values, chances = self._atoms()
        return sum(
            (enclose_number(p) * (t * enclose_number(v).log()).exp() for v, p in zip(values, chances, strict=True)),
            flint.acb(0),
        )

    def decay(self, c: Ball, height: Ball) -> tuple[Ball, Ball]:
        """Bound by E R^c: a discrete law does not decay."""
        return self.transform(flint.acb(c)).real, flint.arb(0)


_WRITTEN_OUT = 256
"""Units up to which a sum over B is written out: SymPy prints longer ones only after adding them up in floats."""


@cache
def _binomial_balls(n: int, alive: bool, _: int) -> list[Ball]:
    """P(B = b) for b = 0, ..., n, given B >= 1 where dead units are off; the precision is part of the key."""
    total = flint.fmpz(2) ** n - alive
    chances, ways = [], flint.fmpz(1)
    for b in range(n + 1):
        chances.append(flint.arb(flint.fmpq(ways, total)))
        ways = ways * (n - b) // (b + 1)
    return chances


def _cumulants(moments: list[Any]) -> list[Any]:
    """Cumulants 0, 1, 2, ... from moments of the same orders."""
    out = [moments[0] * 0]
    for m in range(1, len(moments)):
        out.append(moments[m] - sum(math.comb(m - 1, j - 1) * out[j] * moments[m - j] for j in range(1, m)))
    return out


def _gamma_ratio(t: ComplexBall, half: Ball) -> ComplexBall:
    return flint.acb(half + t).gamma() / half.gamma()


def _polygamma_ball(order: int, x: Ball) -> Ball:
    if order == 0:
        return x.digamma()
    return (-1) ** (order + 1) * flint.arb(order + 1).gamma() * flint.arb(order + 1).zeta(x)


Transform = Callable[[ComplexBall], ComplexBall]
