r"""The law of the output :math:`f = \langle v, a_L\rangle` for normal weights: the prior predictive at one input.

Given :math:`|a_L|`, a normal readout makes f normal with variance :math:`|a_L|^2/n`, so
:math:`f^2 = |a_L|^2\chi^2_1/n`, one factor more. For other readouts the last layer is looked at. Given
:math:`|a_{L-1}|`, its preactivations are i.i.d. normal numbers :math:`s|a_{L-1}|g_i`.

- Signs over :math:`\sqrt n`: :math:`\epsilon_i\phi(g_i)` is :math:`\pm|g_i|` times 1 or the slope alpha, with
  probability 1/2 each, whatever :math:`|g_i|`. With B ~ Binomial(n, 1/2) units on, the sum is normal with variance
  :math:`B+\alpha^2(n-B)`: a factor of coins times a chi-square with one degree of freedom.
- A fixed v, linear networks: :math:`\langle v, W_La_{L-1}\rangle` is normal with variance
  :math:`s^2|v|^2|a_{L-1}|^2`.

In all three f is symmetric, and 0 only if the network is dead. So :math:`\log f^2` is a sum of independent terms like
:math:`\log|a_L|^2`, with the same inversion, and f has the density :math:`p(2\log|u|)/|u|` where p is that of
:math:`\log f^2`. Derived here; L. Noci et al., arXiv:2106.06615, have the normal readout and its Meijer G-functions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint
import sympy as sp

from theory import symbols
from theory.balls import Ball, precision
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction
from theory.ensembles.usual_slopes import of_usual_slope
from theory.log_laws.layer_factors import ChiSquares
from theory.log_laws.log_norms import layer_factors
from theory.log_laws.log_sums import LogSumLaw
from theory.log_laws.masked_signs import Coins
from theory.log_laws.meijer_densities import root_density
from theory.log_laws.norm_moments import enclosed_norm_moment, least_order
from theory.requirements import require_free_name, require_normal


@dataclass(frozen=True)
class OutputLaw(LogSumLaw):
    r"""The law of :math:`\log f^2` given that f is not 0, and with it the symmetric law of f, for normal weights.

    Parameters
    ----------
    net : Ensemble
        A plain network with normal weights: linear, ReLU or of any two slopes, of any widths. Its readout is
        ``random`` or ``signs``, or fixed if it is linear.

    Raises
    ------
    InvalidArgument
        For other laws or architectures, or a fixed readout of a nonlinear network.

    References
    ----------
    L. Noci, G. Bachmann, K. Roth, S. Nowozin and T. Hofmann, arXiv:2106.06615, have a normal readout. All three are
    derived in the docstring of this module.

    Examples
    --------
    >>> OutputLaw(Ensemble(width="n", depth="L", activation="relu", init="he")).survival()
    (1 - 1/2**n)**L
    >>> law = OutputLaw(Ensemble(width=1, depth=1, init=1, input="e1"))  # a product of two normal numbers
    >>> round(law.density(1.0), 9)  # K_0(1)/pi
    0.134016241
    """

    net: Ensemble

    def __post_init__(self) -> None:
        require_normal(self.net, "the output")
        below, above = self.net.pieces
        if below != above and not self.net.has_sign_symmetric_readout:
            problem = "is fixed, so that the output of this activation is not symmetric"
            raise InvalidArgument("readout", problem, "use readout='random' or 'signs', or activation='linear'")

    @property
    def terms(self) -> Sequence[tuple[ChiSquares | Coins, sp.Expr]]:
        """Every layer contributes one factor, and so does a normal readout; others act on the last layer's units."""
        net, depth = of_usual_slope(self.net, "the output")[0], self.net.depth  # f is symmetric, whatever the signs
        width = symbols.whole(net.width_at(depth))
        if net.readout == "random":
            return [*layer_factors(net, 1, depth), (ChiSquares(sp.S.One, 1 / width, sp.S.One), sp.S.One)]
        layers = layer_factors(net, 1, depth)
        last, times = layers[-1]
        before = [*layers[:-1], *([(last, times - 1)] if times != 1 else [])]
        normal = (ChiSquares(sp.S.One, last.scale, sp.S.One), sp.S.One)
        if net.readout == "signs":
            return [*before, (Coins(width, 1 / width, symbols.slope(net)), sp.S.One), normal]
        return [*before, normal]

    @property
    def constant(self) -> sp.Expr:
        """Return |x|^2, times |v|^2 of a fixed readout."""
        norm = symbols.input_power_sum(self.net, 2)
        if self.net.has_sign_symmetric_readout:
            return norm
        return norm * symbols.readout_power_sum(self.net, 2)

    def density(self, u: float) -> float:
        """Return the density of f at u in floats; it integrates to the probability of survival.

        Raises
        ------
        InvalidArgument
            As :meth:`enclosed_density`.
        """
        if u == 0 or not math.isfinite(u):
            return float(self.enclosed_density(u, 17))
        return self.pdf(2 * math.log(abs(u))) / abs(u)

    def enclosed_density(self, u: int | str | Fraction | float, digits: int = 30) -> Ball:
        r"""Return the density of f at u as a ball; it integrates to the probability of survival.

        Parameters
        ----------
        u : int, float, Fraction or str
            The point, exact; a float is taken as the binary fraction that it is.
        digits : int
            The number of significant digits.

        Raises
        ------
        InvalidArgument
            If u is not finite, or 0 where the density is infinite, or as :meth:`enclosed_pdf`.

        Examples
        --------
        >>> law = OutputLaw(Ensemble(width=1, depth=1, init=1, input="e1"))
        >>> print(law.enclosed_density(2, 20).str(20, radius=False))  # K_0(2)/pi
        0.036253545671935125812
        """
        exact = exact_fraction("u", u)
        if exact == 0:
            return self._density_at_0(digits)
        with precision(digits + 20):
            size = flint.arb(flint.fmpq(abs(exact.numerator), exact.denominator))
            return self.enclosed_pdf(2 * size.log(), digits) / size

    def _density_at_0(self, digits: int) -> Ball:
        """Return the density at 0: given all else f is normal with variance r^2, so that it is E 1/(r sqrt(2 pi))."""
        others = _Scale(self.net, self)
        if (least_order(others) + 1).is_nonnegative:
            raise InvalidArgument("u", "0 is where the density of this output is infinite", "use e.g. u='1/10'")
        with precision(digits + 20):
            mean = enclosed_norm_moment(others, -1, digits + 5, given_survival=True)
            return others.enclosed_survival() * mean / (2 * flint.arb.pi()).sqrt()

    def enclosed_distribution(self, u: int | str | Fraction | float, digits: int = 30) -> Ball:
        """Return P(f <= u) as a ball; a dead network counts, with f = 0.

        Parameters and errors are those of :meth:`enclosed_density`.

        Examples
        --------
        >>> law = OutputLaw(Ensemble(width=4, depth=2, activation="relu", init="he"))
        >>> law.enclosed_distribution(0).overlaps(1 - flint.arb(225) / 512)  # half of what survives is negative
        True
        """
        exact = exact_fraction("u", u)
        with precision(digits + 20):
            if exact == 0:
                return 1 - self.enclosed_survival() / 2
            beyond = self.enclosed_beyond(abs(exact), digits) / 2
            return 1 - beyond if exact > 0 else beyond

    def enclosed_beyond(self, c: int | str | Fraction | float, digits: int = 30) -> Ball:
        """Return P(|f| >= c) as a ball.

        Parameters
        ----------
        c : int, float, Fraction or str
            A positive number, exact.
        digits : int
            The number of significant digits.

        Raises
        ------
        InvalidArgument
            If c is not positive, or as :meth:`enclosed_exceedance`.

        Examples
        --------
        >>> law = OutputLaw(Ensemble(width=32, depth=32, activation="relu", init="he"))
        >>> print(law.enclosed_beyond(1000, 10).str(5, radius=False))
        2.9859e-19
        """
        exact = exact_fraction("c", c)
        if exact <= 0:
            raise InvalidArgument("c", f"must be positive, got {exact}", "use e.g. c='1/2'")
        with precision(digits + 20):
            size = flint.arb(flint.fmpq(exact.numerator, exact.denominator))
            return self.enclosed_exceedance(2 * size.log(), digits)


@dataclass(frozen=True)
class _Scale(LogSumLaw):
    """The law of log r^2, where f is r times an independent standard normal number."""

    net: Ensemble
    law: OutputLaw

    @property
    def terms(self) -> Sequence[tuple[ChiSquares | Coins, sp.Expr]]:
        """All factors but the last, which is the square of the normal number."""
        return self.law.terms[:-1]

    @property
    def constant(self) -> sp.Expr:
        return self.law.constant * self.law.terms[-1][0].scale


def output_density(net: Ensemble) -> sp.Expr:
    r"""Derive the density of the output at normal weights, a Meijer G-function in ``u`` or a mixture of them.

    Parameters
    ----------
    net : Ensemble
        A network of :class:`OutputLaw` that is linear or ReLU, and whose depth is a number; a linear one may have
        symbols for widths.

    Returns
    -------
    sympy.Expr
        The density as a function of the real symbol ``u``; it integrates to the probability of survival.

    Raises
    ------
    InvalidArgument
        As :class:`OutputLaw`; for a leaky activation, a symbolic depth, a mixture of more than 60 functions, or a
        symbol of the name ``u`` in the network.

    References
    ----------
    J. Zavatone-Veth and C. Pehlevan, arXiv:2104.11734, and L. Noci et al., arXiv:2106.06615, for a normal readout; here
    :mod:`theory.log_laws.meijer_densities`.

    Examples
    --------
    >>> density = output_density(Ensemble(width=1, depth=1, init=1, input="e1"))
    >>> density
    meijerg(((), ()), ((0, 0), ()), u**2/4)/(2*pi)
    >>> u = next(iter(density.free_symbols))
    >>> round(float(sp.N(density.subs(u, 1), 15)), 12)  # K_0(1)/pi
    0.134016241017
    """
    require_free_name(net, "u", "the argument of the density")
    return root_density(OutputLaw(net), sp.Symbol("u", real=True))
