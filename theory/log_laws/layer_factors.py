r"""The law of one layer's factor :math:`|a_k|^2/|a_{k-1}|^2` for normal weights, by its Mellin transform.

A normal matrix sends every vector to i.i.d. normal entries, whatever its direction, so the ratio is independent of
what came before. Let B ~ Binomial(n, 1/2) units be on, with slope 1, and the others have the slope alpha. Then

.. math:: R = s^2(\chi^2_B + \alpha^2\chi^2_{n-B}),

which is a chi-square for a linear layer and a mixture of them for ReLU. For leaky layers the total :math:`\chi^2_n` is
independent of the share V of the negative part, which is Beta((n-B)/2, B/2). As
:math:`R = s^2\chi^2_n(1-(1-\alpha^2)V)`,

.. math:: E R^t = (2s^2)^t\frac{\Gamma(n/2+t)}{\Gamma(n/2)}
          \sum_b 2^{-n}\binom nb\,{}_2F_1\bigl(-t,\tfrac{n-b}2;\tfrac n2;1-\alpha^2\bigr).

Each law is here in three arithmetics: cumulants of the logarithm in SymPy, transforms in floats and transforms in
balls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from typing import Any, Protocol

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.balls import Ball, ComplexBall, enclose_number, precision, require_time
from theory.ensembles import InvalidArgument

ComplexArray = NDArray[np.complexfloating[Any, Any]]
FloatArray = NDArray[np.floating[Any]]


class LayerFactor(Protocol):
    """A random factor R >= 0, known by its Mellin transform E R^t.

    All methods except :meth:`survival` are about the law of R given R > 0.
    """

    def survival(self) -> sp.Expr:
        """Return P(R > 0)."""

    def log_cumulant(self, order: int) -> sp.Expr:
        """Return the cumulant of log R of that order, which may have symbols."""

    def log_cumulant_ball(self, order: int) -> Ball:
        """Return the cumulant of log R of that order in ball arithmetic, at the present precision."""

    @property
    def lowest(self) -> Fraction:
        """The mean E R^t is finite for every t above this number."""

    def log_transform(self, t: ComplexArray) -> ComplexArray:
        """Return log E R^t in floats, with an imaginary part that is right up to multiples of 2 pi."""

    def transform(self, t: ComplexBall) -> ComplexBall:
        """Return E R^t in balls."""

    def decay(self, c: Ball, height: Ball) -> tuple[Ball, Ball]:
        """Bound the transform along a vertical line, by an exponential.

        Parameters
        ----------
        c : flint.arb
            The real part of the line.
        height : flint.arb
            The positive imaginary part from which on the bound holds.

        Returns
        -------
        (value, rate) : flint.arb
            They satisfy |E R^(c + iu)| <= value exp(-rate (u - height)) for u >= height.
        """


@dataclass(frozen=True)
class ChiSquares:
    r"""A normal layer's factor, R = scale * (chi-square of the B units that are on + slope^2 * that of the others).

    Parameters
    ----------
    width : sympy.Expr
        The number n of units, a positive integer or a symbol for one.
    scale : sympy.Expr
        The variance s^2 of a weight.
    slope : sympy.Expr
        The activation's slope for negative arguments: 1 if it is linear, 0 for ReLU, between them if it is leaky.

    Examples
    --------
    >>> ChiSquares(sp.Integer(2), sp.Integer(1), sp.Integer(0)).survival()
    3/4
    """

    width: sp.Expr
    scale: sp.Expr
    slope: sp.Expr

    def survival(self) -> sp.Expr:
        """Return P(R > 0), which is 1 - 2^-n for ReLU and 1 otherwise."""
        return 1 - 2**-self.width if self.slope == 0 else sp.S.One

    def log_cumulant(self, order: int) -> sp.Expr:
        """Return the cumulant of log R given R > 0.

        Parameters
        ----------
        order : int
            Which cumulant: 1 for the mean, 2 for the variance, ...

        Raises
        ------
        InvalidArgument
            For leaky layers above order 1, which have no closed form; :meth:`log_cumulant_ball` encloses them.

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
        """Mix log chi-squares over B given B >= 1: average their moments, and take cumulants again."""
        b = self._counter(positive=True)
        own = [sp.polygamma(j, b / 2) for j in range(order)]
        moments = [sp.S.One]
        for m in range(1, order + 1):  # the moments of one log chi-square follow from its cumulants
            moments.append(sp.Add(*(math.comb(m - 1, j) * own[j] * moments[m - 1 - j] for j in range(m))))
        averages = [sp.S.One] + [self._average(sp.expand(moment), b) for moment in moments[1:]]
        cumulants: list[sp.Expr] = []
        for m in range(1, order + 1):
            rest = (math.comb(m - 1, j - 1) * cumulants[j - 1] * averages[m - j] for j in range(1, m))
            cumulants.append(averages[m] - sp.Add(*rest))
        return cumulants[-1]

    def _counter(self, **assumptions: bool) -> sp.Symbol:
        """Return the symbol for the number of units that are on, with a name that is not taken."""
        taken = {str(symbol) for part in (self.width, self.scale, self.slope) for symbol in part.free_symbols}
        name = next(name for name in ("b", "j", "i", "m") if name not in taken)
        return sp.Symbol(name, integer=True, **assumptions)

    def _average(self, summand: sp.Expr, b: sp.Symbol) -> sp.Expr:
        """Average over B given B >= 1; the sum is written out for few units."""
        total = sp.Sum(sp.binomial(self.width, b) * summand, (b, 1, self.width)) / (2**self.width - 1)
        return total.doit() if self.width.is_Integer and self.width <= _WRITTEN_OUT else total

    def log_cumulant_ball(self, order: int) -> Ball:
        """Return the cumulant of log R given R > 0 as a ball.

        Examples
        --------
        >>> ball = ChiSquares(sp.Integer(2), sp.Rational(1, 2), sp.Integer(1)).log_cumulant_ball(1)
        >>> print(ball.str(10, radius=False))
        -0.5772156649
        """
        if self.slope in (0, 1):
            return self._chi_square_cumulant_ball(order)
        shares = cumulants_of([self._log_share_moment(m) for m in range(order + 1)])
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
        return cumulants_of(moments)[order] + shift

    def _chances(self, counts: Any) -> list[Ball]:
        """Return P(B = b) for each count b; for ReLU given B >= 1."""
        if self.slope == 1:
            return [flint.arb(1)]
        table = _binomial_balls(int(self.width), self.slope == 0, flint.ctx.prec)
        return [table[b] for b in counts]

    def _log_share_moment(self, m: int) -> Ball:
        """Return E log(1 - (1 - slope^2) V)^m, as an integral over an angle with V = cos^2: the density is analytic.

        The logarithm has branch points at a distance of about the slope from 0, where no digits are lost.
        """
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
                    2 * p / beta * cosine ** (n - b - 1) * sine ** (b - 1)
                    for b, p, beta in zip(counts, chances, betas, strict=True)
                ),
                flint.acb(0),
            )
            return density * (sine**2 + alpha2 * cosine**2).log(analytic=analytic) ** m

        inside = flint.acb.integral(integrand, 0, flint.arb.pi() / 2).real if n > 1 else flint.arb(0)
        ends = flint.arb(2) ** -n * (alpha2.log() ** m + (1 if m == 0 else 0))  # all units are off, or all are on
        return inside + ends

    @property
    def lowest(self) -> Fraction:
        """A chi-square with b degrees of freedom has moments of every order above -b/2."""
        return Fraction(-1, 2) if self.slope == 0 else Fraction(-int(self.width), 2)

    def log_transform(self, t: ComplexArray) -> ComplexArray:
        """Return log E R^t given R > 0, in floats.

        Examples
        --------
        >>> one = ChiSquares(sp.Integer(2), sp.Rational(1, 2), sp.Integer(1))
        >>> np.exp(one.log_transform(np.array([2.0 + 0j]))).real.round(12)
        array([2.])
        """
        from scipy.special import gammaln, loggamma, logsumexp

        scale = t * self._log_scale
        counts, log_chances = self.float_counts
        if self.slope not in (0, 1):
            shares, log_weights = self._share_nodes
            half = float(self.width) / 2
            parts = np.array_split(t, 1 + len(t) * len(shares) // _AT_ONCE)
            mixed = np.concatenate([_log_sum(shares[:, None] * u + log_weights[:, None]) for u in parts])
            return np.asarray(scale + loggamma(half + t) - gammaln(half) + mixed)
        halves = counts / 2
        terms = loggamma(halves[:, None] + t) + (log_chances - gammaln(halves))[:, None]
        return np.asarray(scale + logsumexp(terms, axis=0))

    def float_moments(self) -> tuple[float, float]:
        """Return the mean and variance of log R given R > 0 in floats, from which integrations are placed."""
        from scipy.special import digamma, polygamma

        shift = self._log_scale
        if self.slope not in (0, 1):
            shares, log_weights = self._share_nodes
            weights, half = np.exp(log_weights), float(self.width) / 2
            center = float(weights @ shares)
            spread = float(weights @ (shares - center) ** 2)
            return shift + float(digamma(half)) + center, float(polygamma(1, half)) + spread
        counts, log_chances = self.float_counts
        chances = np.exp(log_chances)
        average = float(chances @ digamma(counts / 2))
        return shift + average, float(chances @ (polygamma(1, counts / 2) + (digamma(counts / 2) - average) ** 2))

    @property
    def _log_scale(self) -> float:
        """The logarithm of twice the scale, which itself may be beyond floats."""
        twice = 2 * sp.Rational(self.scale)
        return math.log(twice.p) - math.log(twice.q)

    @cached_property
    def float_counts(self) -> tuple[FloatArray, FloatArray]:
        """The numbers of units that are on and their log-probabilities, for linear layers and for ReLU given survival.

        Probabilities below e^-60 are left out.
        """
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
        """Nodes and log-weights of a quadrature for the law of log(1 - (1 - slope^2) V).

        It is Gauss and Legendre's rule in the angle, on panels that become half as long towards pi/2, from which the
        logarithm has a branch point at a distance of about the slope.
        """
        from scipy.special import betaln, gammaln, logsumexp

        n, log_alpha2 = int(self.width), 2 * self._log_slope
        ends = np.array([log_alpha2, 0.0]), np.full(2, -n * math.log(2))
        if n == 1:
            return ends
        panels = 3 + math.ceil(-log_alpha2 / math.log(4))
        edges = math.pi / 2 * np.append(0.5 ** np.arange(panels), 0.0)  # as distances from pi/2, exact near 0
        nodes, weights = np.polynomial.legendre.leggauss(64 + 6 * math.isqrt(n))
        half = -np.diff(edges) / 2
        away = edges[1:, None] + half[:, None] * (1 - nodes)
        sines = np.cos(away)
        sines[0] = np.sin(half[0] * (1 + nodes))  # exact near the angle 0
        sine, cosine = np.log(sines).ravel(), np.log(np.sin(away)).ravel()
        b = np.arange(1.0, n)[:, None]
        chances = gammaln(n + 1) - gammaln(b + 1) - gammaln(n - b + 1) - n * math.log(2)
        densities = math.log(2) + (n - b - 1) * sine + (b - 1) * cosine - betaln((n - b) / 2, b / 2)
        log_weights = logsumexp(chances + densities, axis=0) + np.log((half[:, None] * weights).ravel())
        shares = np.logaddexp(2 * cosine, log_alpha2 + 2 * sine)
        seen = log_weights > -100
        return np.concatenate([ends[0], shares[seen]]), np.concatenate([ends[1], log_weights[seen]])

    @property
    def _log_slope(self) -> float:
        """The logarithm of the slope, which may be below every float."""
        return float(enclose_number(self.slope).log())

    @property
    def _lost_digits(self) -> int:
        """The digits that 1 - slope^2 loses where it is subtracted from 1."""
        return 0 if self.slope in (0, 1) else math.ceil(-2 * self._log_slope / math.log(10))

    def transform(self, t: ComplexBall) -> ComplexBall:
        """Return E R^t given R > 0, as a ball.

        Examples
        --------
        >>> one = ChiSquares(sp.Integer(2), sp.Rational(1, 2), sp.Integer(1))
        >>> one.transform(flint.acb(2)).real.overlaps(flint.arb(2))
        True
        """
        require_time()
        scale = (t * (2 * enclose_number(self.scale)).log()).exp()
        if self.slope == 0:
            return scale * self._masked(t)
        return scale * sum((p * value for p, value in self._terms(t)), flint.acb(0))

    def _masked(self, t: ComplexBall) -> ComplexBall:
        """Return E R^t at scale 1/2 for ReLU, by Horner's rule: Gamma(b/2 + t)/Gamma(b/2) follows from b - 2."""
        sums = []
        for last, downwards in _horner(int(self.width), flint.ctx.prec):
            total = flint.acb(0)
            for chance, step in downwards:
                total = (total + chance) * (1 + t * step)
            sums.append(total + last)
        return sums[0] * _gamma_ratio(t, flint.arb(1) / 2) + sums[1] * _gamma_ratio(t, flint.arb(1))

    def _terms(self, t: ComplexBall) -> list[tuple[Ball, ComplexBall]]:
        """Return, for each number of units that are on, its probability and E R^t given this number, at scale 1/2."""
        n = int(self.width)
        if self.slope == 1:
            return [(flint.arb(1), _gamma_ratio(t, flint.arb(n) / 2))]
        if self.slope == 0:
            values = {1: _gamma_ratio(t, flint.arb(1) / 2), 2: _gamma_ratio(t, flint.arb(1))}
            for b in range(3, n + 1):  # Gamma(b/2 + t)/Gamma(b/2) follows from the ratio for b - 2
                half = flint.arb(b - 2) / 2
                values[b] = values[b - 2] * (1 + t / half)
            counts = range(1, n + 1)
            return list(zip(self._chances(counts), (values[b] for b in counts), strict=True))
        counts = range(n + 1)
        half = flint.arb(n) / 2
        total = _gamma_ratio(t, half)
        with precision(flint.ctx.dps + self._lost_digits):
            lost = flint.acb(1 - enclose_number(self.slope) ** 2)
            shares = []
            for b in counts:
                require_time()  # one of these may take a millisecond
                shares.append(lost.hypgeom_2f1(-t, flint.acb(n - b) / 2, half))
        return [(p, total * share) for p, share in zip(self._chances(counts), shares, strict=True)]

    def decay(self, c: Ball, height: Ball) -> tuple[Ball, Ball]:
        r"""Bound the transform along a vertical line.

        Parameters and results are those of :meth:`LayerFactor.decay`.

        Notes
        -----
        For x > 0, :math:`\frac{d}{du}\log|\Gamma(x+iu)| = -\sum_{k\ge0}\frac{u}{(x+k)^2+u^2} \le -\arctan(u/x)`, as the
        sum is at least the integral. So :math:`|\Gamma(x+iu)| \le |\Gamma(x+iT)|e^{-(u-T)\arctan(T/x)}` for u >= T.
        """
        n = int(self.width)
        point = flint.acb(c, height)
        scale = (c * (2 * enclose_number(self.scale)).log()).exp()
        if self.slope in (0, 1):
            value = sum((p * abs(term) for p, term in self._terms(point)), flint.arb(0))
        else:  # here |E (1 - lost V)^t| <= E (1 - lost V)^c is used
            real = sum((p * term.real for p, term in self._terms(flint.acb(c))), flint.arb(0))
            value = real * abs(_gamma_ratio(point, flint.arb(n) / 2) / _gamma_ratio(flint.acb(c), flint.arb(n) / 2))
        return scale * value, (height / (flint.arb(n) / 2 + c)).atan()


_AT_ONCE = 4_000_000
"""So many complex exponentials are held in memory at a time."""

_WRITTEN_OUT = 256
"""Up to this width a sum over B is written out; SymPy adds up longer ones in floats before it prints them."""


@cache
def _binomial_balls(n: int, alive: bool, _: int) -> list[Ball]:
    """Return P(B = b) for b = 0, ..., n, given B >= 1 if `alive`; the precision is part of the cache's key."""
    total = flint.fmpz(2) ** n - alive
    chances, ways = [], flint.fmpz(1)
    for b in range(n + 1):
        chances.append(flint.arb(flint.fmpq(ways, total)))
        ways = ways * (n - b) // (b + 1)
    return chances


@cache
def _horner(n: int, prec: int) -> list[tuple[Ball, list[tuple[Ball, Ball]]]]:
    """Return, for odd b and for even ones, the chance of the least and, downwards, those of others with 2/(b - 2)."""
    chances = [*_binomial_balls(n, True, prec), flint.arb(0)]
    parts = (range(n - (n - first) % 2, first, -2) for first in (1, 2))
    return [
        (chances[first], [(chances[b], flint.arb(2) / (b - 2)) for b in part]) for first, part in enumerate(parts, 1)
    ]


def cumulants_of(moments: list[Any]) -> list[Any]:
    """Return the cumulants of orders 0, 1, 2, ... for moments of the same orders, in any arithmetic.

    Examples
    --------
    >>> cumulants_of([1, 0, 1, 0, 3])
    [0, 0, 1, 0, 0]
    """
    out = [moments[0] * 0]
    for m in range(1, len(moments)):
        out.append(moments[m] - sum(math.comb(m - 1, j - 1) * out[j] * moments[m - j] for j in range(1, m)))
    return out


def _log_sum(logs: ComplexArray) -> ComplexArray:
    """Return the logarithm of sums down the columns; SciPy's takes twice as long for complex numbers."""
    top = logs.real.max(axis=0)
    return np.asarray(top + np.log(np.exp(logs - top).sum(axis=0)))


def _gamma_ratio(t: ComplexBall, half: Ball) -> ComplexBall:
    return flint.acb(half + t).gamma() / half.gamma()


def _polygamma_ball(order: int, x: Ball) -> Ball:
    if order == 0:
        return x.digamma()
    return (-1) ** (order + 1) * flint.arb(order + 1).gamma() * flint.arb(order + 1).zeta(x)
