r"""The law of a sum of independent logarithms: cumulants, distribution and quantiles, in floats and in balls.

The logarithms of the squared norms of activations and of gradients are such sums, with one term for each layer
(:mod:`theory.log_laws.layer_factors`), given that no term is minus infinity. Floats come from
:mod:`theory.log_laws.float_inversion`, which is fast and good to about 1e-12. Far tails and the ``enclosed`` methods
come from :mod:`theory.log_laws.inversion`, to as many digits as are asked for.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint
import sympy as sp

from theory.balls import Ball, enclose_number, precision, require_digits
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction
from theory.log_laws import inversion, quantile_search
from theory.log_laws.all_alive import log_survival, log_survival_ball, survival
from theory.log_laws.float_inversion import FloatInversion
from theory.log_laws.layer_factors import ChiSquares
from theory.log_laws.masked_signs import Coins

_TAIL = 1e-4
"""Probabilities below this are enclosed, as inversion in floats is good to about 1e-12: others have eight digits."""

_LEAST_SLOPE = sp.Rational(1, 10**10)
"""Below it a dead layer keeps so little that its part of the transform oscillates too fast to be integrated."""


class LogSumLaw(ABC):
    """The law of a constant plus a sum of independent logarithms, given that none is minus infinity.

    The cumulants and :meth:`survival` may have symbols; everything else needs numbers.
    """

    net: Ensemble

    @property
    @abstractmethod
    def terms(self) -> Sequence[tuple[ChiSquares | Coins, sp.Expr]]:
        """The independent factors, each with the number of times that it occurs."""

    @property
    @abstractmethod
    def constant(self) -> sp.Expr:
        """The number by which the product of all factors is multiplied."""

    @property
    def can_die(self) -> bool:
        """Whether the product can be 0. All logarithms here are given survival, that it is not."""
        return any(factor.slope == 0 for factor, _ in self.terms)

    def survival(self) -> sp.Expr:
        r"""Return the probability that no factor is 0.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> LogNormLaw(Ensemble(width="n", depth="L", activation="relu", init="he")).survival()
        (1 - 1/2**n)**L
        """
        return survival(self.terms)

    def enclosed_survival(self) -> Ball:
        """Return :meth:`survival` as a ball, at the present precision.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> law = LogNormLaw(Ensemble(widths=(10, 3, 2, 3), activation="relu", init="he"))
        >>> law.enclosed_survival().overlaps(flint.arb(147) / 256)
        True
        """
        return log_survival_ball(self.terms).exp()

    def mean(self) -> sp.Expr:
        """Return the mean of the logarithm, given survival.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> LogNormLaw(Ensemble(width=2, depth="L", init="1/2", input="e1")).mean()
        -EulerGamma*L
        """
        return self.cumulant(1)

    def variance(self) -> sp.Expr:
        r"""Return the variance of the logarithm, given survival.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> LogNormLaw(Ensemble(width="n", depth="L")).variance()
        L*polygamma(1, n/2)
        """
        return self.cumulant(2)

    def cumulant(self, order: int) -> sp.Expr:
        r"""Return a cumulant of the logarithm, given survival.

        Parameters
        ----------
        order : int
            Which cumulant: 1 for the mean, 2 for the variance, ...

        Raises
        ------
        InvalidArgument
            If the order is not 1, 2, ..., or if it exceeds 1 for a leaky activation.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> LogNormLaw(Ensemble(width="n", depth="L")).cumulant(3)
        L*polygamma(2, n/2)
        """
        _require_order(order)
        total = sp.Add(*(times * factor.log_cumulant(order) for factor, times in self.terms))
        return total + sp.log(self.constant) if order == 1 else total

    def enclosed_cumulant(self, order: int, digits: int = 30) -> Ball:
        """Return a cumulant of the logarithm, given survival, in ball arithmetic; leaky activations have all orders.

        Parameters
        ----------
        order : int
            Which cumulant: 1 for the mean, 2 for the variance, ...
        digits : int
            The number of decimal digits that the computation works with.

        Returns
        -------
        flint.arb

        Raises
        ------
        InvalidArgument
            If the order is not 1, 2, ..., symbols remain, or the digits are out of range.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> law = LogNormLaw(Ensemble(width=2, depth=3, activation="leaky:1/2", init="he"))
        >>> print(law.enclosed_cumulant(1).str(10, radius=False))
        -2.224403095
        """
        _require_order(order)
        self._require_numbers("the enclosure")
        require_digits(digits)
        with precision(digits + 5):
            total = sum((int(times) * factor.log_cumulant_ball(order) for factor, times in self.terms), flint.arb(0))
            return total + self._shift_ball() if order == 1 else total

    def cdf(self, t: float) -> float:
        r"""Return the probability that the logarithm is at most t; a dead network counts, with minus infinity.

        Raises
        ------
        InvalidArgument
            If t is not a number, symbols remain, or the law has no density.

        Notes
        -----
        The inversion in floats has an error of about 1e-12. Where this is more than 1e-8 of the answer, the answer is
        enclosed instead.

        Examples
        --------
        >>> import math
        >>> from theory import Ensemble, LogNormLaw
        >>> one_layer = LogNormLaw(Ensemble(width=2, depth=1, init=1, input="e1"))  # chi-square with 2 degrees
        >>> round(one_layer.cdf(math.log(3.0)) - (1 - math.exp(-1.5)), 9) == 0
        True
        """
        if math.isnan(t):
            raise InvalidArgument("t", "is not a number", "use e.g. t=-2.0")
        dead = -math.expm1(self._log_alive)
        if math.isinf(t):
            return 1.0 if t > 0 else dead
        given_survival = self._floats.cdf(t)
        if given_survival < _TAIL:
            given_survival = self._tail_float(t, upper=False)
        return min(1.0, dead + self._alive * given_survival)

    def exceedance(self, t: float) -> float:
        """Return the probability that the logarithm exceeds t; where it is small, it is more exact than 1 - cdf.

        Errors are those of :meth:`cdf`.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> LogNormLaw(Ensemble(width=2, depth=1, init=1, input="e1")).exceedance(5.0) < 1e-32
        True
        """
        if math.isnan(t):
            raise InvalidArgument("t", "is not a number", "use e.g. t=-2.0")
        if math.isinf(t):
            return 0.0 if t > 0 else self._alive
        above = 1.0 - self._floats.cdf(t)
        return self._alive * (self._tail_float(t, upper=True) if above < _TAIL else above)

    def pdf(self, t: float) -> float:
        """Return the density of the logarithm at t, which integrates to the probability of survival.

        Errors are those of :meth:`cdf`.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> one_layer = LogNormLaw(Ensemble(width=2, depth=1, init=1, input="e1"))
        >>> round(one_layer.pdf(0.0), 9)  # exp(-1/2)/2
        0.30326533
        """
        if math.isnan(t):
            raise InvalidArgument("t", "is not a number", "use e.g. t=-2.0")
        if self._floats.is_near(t) and (value := self._floats.pdf(t)) > _TAIL:
            return self._alive * value
        return 0.0 if self._underflows(t) else float(self.enclosed_pdf(t, 15))

    @property
    def error(self) -> float:
        """About how far :meth:`cdf` and :meth:`exceedance` may be off."""
        return self._floats.error

    def quantile(self, p: float | Fraction) -> float:
        r"""Return the p-quantile of the logarithm, which is -inf if P(dead) >= p.

        Raises
        ------
        InvalidArgument
            If p is not strictly between 0 and 1, symbols remain, or the law has no density.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> law = LogNormLaw(Ensemble(width=8, depth=50, activation="relu", init="he"))
        >>> round(law.quantile(0.5), 4)
        -21.7306
        """
        below, above = self._given_survival(p)
        if not below > 0:
            return -math.inf
        if min(float(below), float(above)) < _TAIL:
            return float(self.enclosed_quantile(p, 17))
        return self._floats.quantile(float(below))

    def quantile_error(self, p: float | Fraction) -> float:
        """Return about how far :meth:`quantile` may be off, which has the same errors.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> law = LogNormLaw(Ensemble(width=50, depth=10**6, init="lecun"))
        >>> law.quantile_error(0.3) < 1e-4
        True
        """
        t = self.quantile(p)
        if not math.isfinite(t):
            return 0.0
        below, above = self._given_survival(p)
        slope = self._floats.pdf(t) if min(float(below), float(above)) >= _TAIL else math.inf
        return self.error / slope + abs(t) * 2.0**-50

    def median(self) -> float:
        r"""Return the median of the logarithm, which is the typical size; errors as for :meth:`quantile`.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> law = LogNormLaw(Ensemble(width=32, depth=32, activation="relu", init="he"))
        >>> round(law.median(), 4)
        -2.6018
        """
        return self.quantile(0.5)

    def enclosed_cdf(self, t: float | Fraction | Ball, digits: int = 30) -> Ball:
        """Return the probability that the logarithm is at most t as a ball; a dead network counts.

        Parameters
        ----------
        t : float, Fraction or flint.arb
            The point; floats are taken as the binary fractions that they are.
        digits : int
            The number of significant digits of the answer.

        Returns
        -------
        flint.arb

        Raises
        ------
        InvalidArgument
            If t is not finite, the digits are out of range or cannot be met, symbols remain, or the law has no density.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> one_layer = LogNormLaw(Ensemble(width=2, depth=1, init=1, input="e1"))
        >>> print(one_layer.enclosed_cdf(0, 25).str(25, radius=False))  # 1 - exp(-1/2)
        0.3934693402873665763962005
        """
        self._require_digits(digits)
        with precision(digits + 20):
            alive = log_survival_ball(self.terms)
            return alive.exp() * self._enclosed_tail(t, digits, upper=False) - alive.expm1()

    def enclosed_exceedance(self, t: float | Fraction | Ball, digits: int = 30) -> Ball:
        """Return the probability that the logarithm exceeds t as a ball.

        Parameters and errors are those of :meth:`enclosed_cdf`.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> law = LogNormLaw(Ensemble(width=32, depth=32, activation="relu", init="he"))
        >>> print(law.enclosed_exceedance(100, 10).str(10, radius=False))
        4.115263054e-1988
        """
        self._require_digits(digits)
        with precision(digits + 20):
            return self.enclosed_log_exceedance(t, digits).exp()

    def enclosed_log_exceedance(self, t: float | Fraction | Ball, digits: int = 30) -> Ball:
        """Return the logarithm of :meth:`enclosed_exceedance`, which has its digits near 0, too.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> one_layer = LogNormLaw(Ensemble(width=2, depth=1, init=1, input="e1"))
        >>> print(one_layer.enclosed_log_exceedance(-100, 10).str(10, radius=False))  # -exp(-100)/2
        -1.860037988e-44
        """
        self._require_digits(digits)
        with precision(digits + 20):
            beyond_half = bool(_ball(t) < self._floats.center[0])
            tail = self._enclosed_tail(t, digits, upper=not beyond_half)
            return log_survival_ball(self.terms) + ((-tail).log1p() if beyond_half else tail.log())

    def enclosed_pdf(self, t: float | Fraction | Ball, digits: int = 30) -> Ball:
        """Return the density of the logarithm at t as a ball; it integrates to the probability of survival.

        Parameters and errors are those of :meth:`enclosed_cdf`.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> one_layer = LogNormLaw(Ensemble(width=2, depth=1, init=1, input="e1"))
        >>> print(one_layer.enclosed_pdf(0, 20).str(20, radius=False))  # exp(-1/2)/2
        0.30326532985631671180
        """
        self._require_digits(digits)
        with precision(digits + 20):
            y = _ball(t) - self._shift_ball()
            return log_survival_ball(self.terms).exp() * inversion.density(self._numeric_terms, y, digits=digits)

    def enclosed_quantile(self, p: float | Fraction, digits: int = 30) -> Ball:
        """Return a ball that contains the p-quantile of the logarithm, for p above P(dead).

        Parameters
        ----------
        p : float or Fraction
            The probability; a float is taken as the binary fraction that it is.
        digits : int
            The number of significant digits of the answer.

        Returns
        -------
        flint.arb

        Raises
        ------
        InvalidArgument
            If p is not strictly between P(dead) and 1, the digits are out of range or cannot be met, symbols remain, or
            the law has no density.

        Examples
        --------
        >>> from theory import Ensemble, LogNormLaw
        >>> one_layer = LogNormLaw(Ensemble(width=2, depth=1, init=1, input="e1"))  # log(2 log 2)
        >>> print(one_layer.enclosed_quantile(0.5, 20).str(20, radius=False))
        0.32663425997828098240
        """
        require_digits(digits)
        below, above = self._given_survival(p, digits)
        if not below > 0:
            raise InvalidArgument(
                "p", f"{p} is not above P(dead) = {-math.expm1(self._log_alive):.6g}", "use a larger p"
            )
        upper = bool(above < below)
        goal = above if upper else below
        return quantile_search.enclosed_quantile(self._floats, self.constant, goal, upper=upper, digits=digits)

    def _given_survival(self, p: float | Fraction, digits: int = 15) -> tuple[Ball, Ball]:
        """Return p and 1 - p given survival; if P(dead) >= p, the first is negative, or a ball around 0."""
        self._require_numbers("the inversion")
        exact = exact_fraction("p", p)
        if not 0 < exact < 1:
            raise InvalidArgument("p", f"must lie strictly between 0 and 1, got {p}", "use e.g. p=0.5")
        # p may be as close to P(dead) or 1 as its digits allow, and survival as rare as the depth makes it
        work = digits + 60 + len(str(exact.denominator)) + round(max(0.0, -self._log_alive) / math.log(10))
        with precision(work):
            alive = log_survival_ball(self.terms).exp()
            return (_ball(exact) - 1 + alive) / alive, (1 - _ball(exact)) / alive

    # --- floats -----------------------------------------------------------------------------------------------------

    def _require_numbers(self, who: str) -> None:
        self.net.require_numbers(who)
        symbolic = [times for _, times in self.terms if not times.is_Integer]
        if symbolic:
            raise InvalidArgument("layer", f"{who} needs a number, got {symbolic[0]}", "use e.g. layer=3")

    @cached_property
    def _log_alive(self) -> float:
        self._require_numbers("the inversion")
        return log_survival(self.terms)

    @property
    def _alive(self) -> float:
        return math.exp(self._log_alive)

    @cached_property
    def _numeric_terms(self) -> list[tuple[ChiSquares | Coins, int]]:
        self._require_numbers("the inversion")
        terms = [(factor, int(times)) for factor, times in self.terms if times != 0]
        for factor, _ in terms:
            if 0 < factor.slope < _LEAST_SLOPE:
                problem = f"the slope {sp.N(factor.slope, 3)} is too near to 0 for the inversion of the law"
                raise InvalidArgument("activation", problem, f"use 'relu', or a slope from {float(_LEAST_SLOPE)} on")
        if not any(isinstance(factor, ChiSquares) for factor, _ in terms):
            raise InvalidArgument("depth", "the law is discrete, so there is no density to invert", "go deeper")
        return terms

    @cached_property
    def _floats(self) -> FloatInversion:
        """The law given survival, in floats."""
        return FloatInversion(self._numeric_terms, float(self._shift_ball()), self.net.describe())

    def _underflows(self, t: float) -> bool:
        """Whether the tail beyond t, and so the density there, is below every float."""
        floats = self._floats
        return inversion.log_chernoff(floats.terms, t - floats.shift, upper=t > floats.center[0]) < -800

    def _tail_float(self, t: float, *, upper: bool) -> float:
        return 0.0 if self._underflows(t) else float(self._enclosed_tail(t, 15, upper=upper))

    # --- balls ------------------------------------------------------------------------------------------------------

    def _require_digits(self, digits: int) -> None:
        self._require_numbers("the enclosure")
        require_digits(digits)

    def _shift_ball(self) -> Ball:
        return enclose_number(self.constant).log()

    def _enclosed_tail(self, t: Any, digits: int, *, upper: bool) -> Ball:
        """Enclose the tail given survival."""
        with precision(digits + 80):
            y = _ball(t) - self._shift_ball()
        return inversion.tail(self._numeric_terms, y, upper=upper, digits=digits)


def _ball(value: Any) -> Ball:
    if isinstance(value, flint.arb):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidArgument("t", f"must be finite, got {value}", "use e.g. t=-2.0")
    exact = Fraction(value)
    return flint.arb(flint.fmpq(exact.numerator, exact.denominator))


def _require_order(order: int) -> None:
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise InvalidArgument("order", f"cumulants have orders 1, 2, ..., got {order!r}", "use e.g. order=2")
