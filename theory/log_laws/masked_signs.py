"""The law of the squared norm of a masked readout of signs, by its Mellin transform."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import flint
import numpy as np
import sympy as sp

from theory.balls import Ball, ComplexBall, enclose_number
from theory.ensembles import InvalidArgument
from theory.log_laws.layer_factors import ComplexArray, cumulants_of


@dataclass(frozen=True)
class Coins:
    """The squared norm of a masked readout of signs, R = scale * (B + slope^2 (n - B)), B ~ Binomial(n, 1/2).

    Parameters
    ----------
    width : sympy.Expr
        The number n of signs, a positive integer; with slope 1 it may be a symbol.
    scale : sympy.Expr
        The square of a sign's size.
    slope : sympy.Expr
        The activation's slope for negative arguments, by which n - B of the signs are multiplied. Slope 1 makes R
        constant.

    Examples
    --------
    >>> Coins(sp.Integer(2), sp.Rational(1, 2), sp.Integer(0)).log_cumulant(1)
    -2*log(2)/3
    """

    width: sp.Expr
    scale: sp.Expr
    slope: sp.Expr

    def survival(self) -> sp.Expr:
        """Return P(R > 0), which is 1 - 2^-n for ReLU and 1 otherwise."""
        return 1 - 2**-self.width if self.slope == 0 else sp.S.One

    def _atoms(self) -> tuple[list[sp.Expr], list[sp.Expr]]:
        """Return the positive values of R and their probabilities given R > 0."""
        if self.slope == 1:
            return [self.scale * self.width], [sp.S.One]
        if not self.width.is_Integer:
            raise InvalidArgument("width", f"the law of masked signs needs a number, got {self.width}", "use width=32")
        n = int(self.width)
        first = 1 if self.slope == 0 else 0
        values = [self.scale * (b + self.slope**2 * (n - b)) for b in range(first, n + 1)]
        return values, [sp.Rational(math.comb(n, b), 2**n - first) for b in range(first, n + 1)]

    def log_cumulant(self, order: int) -> sp.Expr:
        """Return the cumulant of log R given R > 0.

        Raises
        ------
        InvalidArgument
            If the width is a symbol and the slope is not 1.

        Examples
        --------
        >>> Coins(sp.Integer(2), sp.Rational(1, 2), sp.Integer(0)).log_cumulant(2)
        2*log(2)**2/9
        """
        values, chances = self._atoms()
        moments = [
            sp.Add(*(p * sp.log(v) ** m for v, p in zip(values, chances, strict=True))) for m in range(order + 1)
        ]
        return sp.expand(cumulants_of(moments)[order])

    def log_cumulant_ball(self, order: int) -> Ball:
        """Return the cumulant of log R given R > 0 as a ball; errors as for :meth:`log_cumulant`."""
        values, chances = self._atoms()
        logs = [enclose_number(value).log() for value in values]
        weights = [enclose_number(p) for p in chances]
        moments = [sum((p * x**m for x, p in zip(logs, weights, strict=True)), flint.arb(0)) for m in range(order + 1)]
        return cumulants_of(moments)[order]

    def float_moments(self) -> tuple[float, float]:
        """Return the mean and variance of log R given R > 0 in floats; errors as for :meth:`log_cumulant`."""
        values, chances = self._atoms()
        logs, weights = np.log(np.array(values, dtype=float)), np.array(chances, dtype=float)
        mean = float(weights @ logs)
        return mean, float(weights @ (logs - mean) ** 2)

    @property
    def lowest(self) -> Fraction:
        """All moments are finite, so this is lower than for any other factor."""
        return Fraction(-(10**9))

    def log_transform(self, t: ComplexArray) -> ComplexArray:
        """Return log E R^t given R > 0, in floats; errors as for :meth:`log_cumulant`."""
        from scipy.special import logsumexp

        values, chances = self._atoms()
        logs, weights = np.log(np.array(values, dtype=float)), np.log(np.array(chances, dtype=float))
        return np.asarray(logsumexp(logs[:, None] * t + weights[:, None], axis=0))

    def transform(self, t: ComplexBall) -> ComplexBall:
        """Return E R^t given R > 0, as a ball; errors as for :meth:`log_cumulant`."""
        values, chances = self._atoms()
        return sum(
            (enclose_number(p) * (t * enclose_number(v).log()).exp() for v, p in zip(values, chances, strict=True)),
            flint.acb(0),
        )

    def decay(self, c: Ball, height: Ball) -> tuple[Ball, Ball]:
        """Bound the transform by E R^c, as the transform of a discrete law does not decay.

        Parameters and results are those of :meth:`theory.log_laws.layer_factors.LayerFactor.decay`.
        """
        return self.transform(flint.acb(c)).real, flint.arb(0)
