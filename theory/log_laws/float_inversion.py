r"""Inversion in floats: distribution, density and quantiles of a sum of independent logarithms.

Gil-Pelaez's formula inverts the characteristic function [1]_, integrated by the midpoint rule. With the step h the
error is at most the probability that the logarithm is further than :math:`2\pi/h` from the point, by Poisson summation
[2]_. The step makes this more than forty standard deviations, and the sum ends where the characteristic function is
below 1e-18. So the error is about 1e-12, and more for very deep networks, whose logarithms are sums of many rounded
ones. Probabilities that are not much larger need :mod:`theory.log_laws.inversion`.

References
----------
.. [1] J. Gil-Pelaez, Biometrika 38 (1951) 481-482.
.. [2] J. Abate and W. Whitt, Queueing Systems 10 (1992) 5-88.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from theory.ensembles import InvalidArgument
from theory.log_laws.layer_factors import ChiSquares, ComplexArray, FloatArray
from theory.log_laws.masked_signs import Coins


@dataclass(frozen=True)
class FloatInversion:
    """The law of a shift plus a sum of logarithms of independent factors, given that no factor is 0.

    Parameters
    ----------
    terms : sequence of (ChiSquares or Coins, int)
        The factors, without symbols, each with the number of times that it occurs.
    shift : float
        The number that is added to the sum.
    network : str
        The description of the network, for the error message.

    Examples
    --------
    >>> import sympy as sp
    >>> chi_square_2 = ChiSquares(sp.Integer(2), sp.Integer(1), sp.Integer(1))
    >>> law = FloatInversion([(chi_square_2, 1)], 0.0, "one layer")
    >>> round(law.cdf(math.log(3.0)), 9), round(1 - math.exp(-1.5), 9)
    (0.77686984, 0.77686984)
    >>> round(law.quantile(0.5), 9), round(math.log(2 * math.log(2)), 9)
    (0.32663426, 0.32663426)
    """

    terms: Sequence[tuple[ChiSquares | Coins, int]]
    shift: float
    network: str

    def __repr__(self) -> str:
        return f"FloatInversion({sum(times for _, times in self.terms)} factors, shift {self.shift:.5g})"

    @cached_property
    def center(self) -> tuple[float, float]:
        """The mean and standard deviation in floats, which only place the integration."""
        moments = [(factor.float_moments(), times) for factor, times in self.terms]
        mean = sum(times * mean for (mean, _), times in moments) + self.shift
        return mean, math.sqrt(sum(times * variance for (_, variance), times in moments))

    @cached_property
    def error(self) -> float:
        """About how far a probability may be off: what the inversion leaves, and the rounding of all logarithms."""
        sizes = [
            times * (1 + abs(factor.float_moments()[0]) + math.lgamma(1 + float(factor.width) / 2))
            for factor, times in self.terms
        ]
        return 1e-12 + 2.0**-52 * (sum(sizes) + abs(self.shift))

    def is_near(self, t: float) -> bool:
        """Whether t is so near to the mean that the inversion, which is periodic in t, holds there.

        Examples
        --------
        >>> import sympy as sp
        >>> chi_square_2 = ChiSquares(sp.Integer(2), sp.Integer(1), sp.Integer(1))
        >>> law = FloatInversion([(chi_square_2, 1)], 0.0, "one layer")
        >>> law.is_near(-50.0), law.is_near(-500.0)
        (True, False)
        """
        mean, deviation = self.center
        return abs(t - mean) <= 40 * deviation + 80

    def cdf(self, t: float) -> float:
        """Return the probability of values up to t, good to about 1e-12.

        Raises
        ------
        InvalidArgument
            If the law has no density.
        """
        if not self.is_near(t):
            return 1.0 if t > self.center[0] else 0.0
        frequencies, transform, step = self._characteristic
        wave = np.imag(np.exp(-1j * frequencies * t) * transform) / frequencies
        return min(1.0, max(0.0, float(0.5 - step / math.pi * wave.sum())))

    def pdf(self, t: float) -> float:
        """Return the density at a t where the inversion holds; errors as for :meth:`cdf`."""
        frequencies, transform, step = self._characteristic
        return step / math.pi * float(np.real(np.exp(-1j * frequencies * t) * transform).sum())

    def quantile(self, p: float) -> float:
        """Return the p-quantile for a p that is not in the tails; errors as for :meth:`cdf`."""
        from scipy.optimize import brentq

        mean, deviation = self.center
        low, high = mean - deviation, mean + deviation
        while not self.cdf(low) < p < self.cdf(high):
            low, high = low - deviation, high + deviation
        return float(brentq(lambda t: self.cdf(t) - p, low, high, xtol=1e-13, rtol=1e-14))

    @cached_property
    def _characteristic(self) -> tuple[FloatArray, ComplexArray, float]:
        """The frequencies (midpoints), the characteristic function there, and the step between them."""
        _, deviation = self.center
        # the log of a chi-square has exponential tails, the lower one of rate at least 1/2
        step = 2 * math.pi / (2 * (40 * deviation + 80))
        for doublings in range(10):
            frequencies = (np.arange(4096 << doublings) + 0.5) * step
            sums = [times * factor.log_transform(1j * frequencies) for factor, times in self.terms]
            logs = np.sum(sums, axis=0) + 1j * frequencies * self.shift
            if logs[-1].real < math.log(1e-18):
                return frequencies, np.exp(logs), step
        raise InvalidArgument("depth", f"the law of {self.network} has no density to invert", "go deeper")
