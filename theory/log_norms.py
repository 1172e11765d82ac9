r"""The exact law of :math:`\log|a_L|^2` for normal weights: sums of independent log chi-squares.

For normal weights :math:`|a_k|^2 = s_k^2 |a_{k-1}|^2 \chi^2_{B_k}`, independent over layers, where :math:`B_k = n_k`
for a linear network and Binomial(n_k, 1/2) for ReLU: the direction of :math:`a_{k-1}` does not matter, and each unit is
on with probability 1/2 whatever its size. A ReLU network dies where some :math:`B_k = 0`: logarithms here are given
survival.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument

ComplexArray = NDArray[np.complexfloating[Any, Any]]
FloatArray = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class LogNormLaw:
    r"""The law of :math:`\log|a_L|^2` given survival, for normal weights, linear or ReLU.

    Parameters
    ----------
    net : Ensemble
        Normal law. Symbols are welcome in :meth:`mean`, :meth:`variance`, :meth:`lyapunov_exponent` and
        :meth:`survival`; :meth:`cdf`, :meth:`quantile` and :meth:`median` need numbers.

    Raises
    ------
    InvalidArgument
        For other laws, orthogonal weights, or a leaky activation (whose ratio is not a chi-square).

    References
    ----------
    C. M. Newman, Comm. Math. Phys. 103 (1986), for the linear chain; B. Hanin and M. Nica, arXiv:1812.05994.

    Examples
    --------
    >>> from theory import Ensemble
    >>> LogNormLaw(Ensemble(width="n", depth="L", init="xavier")).mean()
    L*(log(2/n) + polygamma(0, n/2)) + log(norm_x**2)
    >>> LogNormLaw(Ensemble(width=2, depth=1, activation="relu", init="he")).survival()
    3/4
    """

    net: Ensemble

    def __post_init__(self) -> None:
        net = self.net
        if not net.law.is_normal or not net.has_independent_entries:
            kind = net.law.name if net.has_independent_entries else "orthogonal"
            raise InvalidArgument(
                "law", f"the exact law of log|a_L|^2 needs normal weights, got {kind}", "use law='normal'"
            )
        if net.slope not in (0, 1):
            problem = f"the exact law is a sum of log chi-squares for linear and relu, not for {net.activation}"
            raise InvalidArgument("activation", problem, "use activation='linear' or 'relu'")

    @property
    def can_die(self) -> bool:
        """Whether a_L = 0 has positive probability, so that all logarithms here are given survival."""
        return self.net.can_die

    def lyapunov_exponent(self, layer: int = 1) -> sp.Expr:
        r"""Return :math:`E \log(|a_k|^2/|a_{k-1}|^2)` given survival: twice the exponent of the norm itself.

        Examples
        --------
        >>> from theory import Ensemble
        >>> law = LogNormLaw(Ensemble(width=8, depth=50, activation="relu", init="he"))
        >>> round(float(law.lyapunov_exponent()), 3)
        -0.399
        """
        return sp.log(2 * symbols.variance(self.net, layer)) + self._average(sp.digamma, layer)

    def layer_variance(self, layer: int = 1) -> sp.Expr:
        r"""Return :math:`Var \log(|a_k|^2/|a_{k-1}|^2)` given survival.

        Examples
        --------
        >>> from theory import Ensemble
        >>> LogNormLaw(Ensemble(width="n", depth="L")).layer_variance()
        polygamma(1, n/2)
        """
        spread = self._average(lambda half: sp.polygamma(1, half), layer)
        if self.net.slope == 1:
            return spread
        mean = self._average(sp.digamma, layer)
        return spread + self._average(lambda half: sp.digamma(half) ** 2, layer) - mean**2

    def mean(self) -> sp.Expr:
        r"""Return :math:`E \log|a_L|^2` given survival."""
        return self._over_layers(self.lyapunov_exponent) + sp.log(symbols.input_power_sum(self.net, 2))

    def variance(self) -> sp.Expr:
        r"""Return :math:`Var \log|a_L|^2` given survival.

        Examples
        --------
        >>> from theory import Ensemble
        >>> LogNormLaw(Ensemble(width="n", depth="L")).variance()
        L*polygamma(1, n/2)
        """
        return self._over_layers(self.layer_variance)

    def survival(self) -> sp.Expr:
        r"""Return :math:`P(a_L \ne 0)`: the product over layers of :math:`1 - 2^{-n_k}` for ReLU, 1 for linear.

        Examples
        --------
        >>> from theory import Ensemble
        >>> LogNormLaw(Ensemble(width="n", depth="L", activation="relu", init="he")).survival()
        (1 - 1/2**n)**L
        """
        if not self.can_die:
            return sp.S.One
        alive = [1 - 2 ** -symbols.whole(self.net.width_at(k)) for k in self._distinct_layers()]
        if self.net.is_constant_width:
            return alive[0] ** symbols.whole(self.net.depth)
        return sp.Mul(*alive)

    def cdf(self, t: float) -> float:
        r"""Return :math:`P(\log|a_L|^2 \le t)`, death included (so it never falls below P(dead) for ReLU).

        Notes
        -----
        Gil-Pelaez inversion of the characteristic function by the midpoint rule. With step h the error is at most
        the probability that :math:`|\log|a_L|^2 - t|` exceeds :math:`2\pi/h` (Poisson summation), and h puts that
        forty standard deviations away; the sum ends where the characteristic function is below 1e-18. About 1e-12
        in all, checked in the tests against chi-square and Gamma laws; not enclosed.

        References
        ----------
        J. Gil-Pelaez, Biometrika 38 (1951); J. Abate and W. Whitt, Queueing Systems 10 (1992).

        Examples
        --------
        >>> import math
        >>> from theory import Ensemble
        >>> one_layer = LogNormLaw(Ensemble(width=2, depth=1, init=1, input="e1"))  # chi-square with 2 degrees
        >>> round(one_layer.cdf(math.log(3.0)) - (1 - math.exp(-1.5)), 9) == 0
        True
        """
        if math.isinf(t):
            return 1.0 if t > 0 else 1.0 - self._alive
        mean, deviation = self._centre
        if abs(t - mean) > 40 * deviation + 80:  # the inversion is periodic; out there the law has no mass to see
            return 1.0 if t > mean else 1.0 - self._alive
        frequencies, transform, step = self._transform
        wave = np.imag(np.exp(-1j * frequencies * t) * transform) / frequencies
        given_survival = min(1.0, max(0.0, float(0.5 - step / math.pi * wave.sum())))
        return 1.0 - self._alive + self._alive * given_survival

    def quantile(self, p: float) -> float:
        r"""Return the p-quantile of :math:`\log|a_L|^2`: -inf where P(dead) >= p.

        Raises
        ------
        InvalidArgument
            If p is not strictly between 0 and 1.

        Examples
        --------
        >>> from theory import Ensemble
        >>> law = LogNormLaw(Ensemble(width=8, depth=50, activation="relu", init="he"))
        >>> round(law.quantile(0.5), 4)
        -21.7306
        """
        if not 0 < p < 1:
            raise InvalidArgument("p", f"must lie strictly between 0 and 1, got {p}", "use e.g. p=0.5")
        from scipy.optimize import brentq

        mean, deviation = self._centre
        dead = self.cdf(-math.inf)
        if dead >= p:
            return -math.inf
        # the cdf is only good to about 1e-12: far quantiles are refused rather than guessed
        low, high = mean - deviation, mean + deviation
        for _ in range(40 if min(p - dead, 1 - p) > 1e-11 else 0):
            if self.cdf(low) < p < self.cdf(high):
                return float(brentq(lambda t: self.cdf(t) - p, low, high, xtol=1e-13, rtol=1e-14))
            low, high = low - deviation, high + deviation
        raise InvalidArgument(
            "p", f"{p} lies too far in the tail for inversion in double precision", "use p nearer to 1/2"
        )

    def median(self) -> float:
        r"""Return the median of :math:`\log|a_L|^2`; the typical size of the signal.

        Examples
        --------
        >>> from theory import Ensemble
        >>> law = LogNormLaw(Ensemble(width=32, depth=32, activation="relu", init="he"))
        >>> round(law.median(), 4)
        -2.6018
        """
        return self.quantile(0.5)

    def _distinct_layers(self) -> range:
        return range(1, 2) if self.net.is_constant_width else range(1, int(self.net.depth) + 1)

    def _over_layers(self, per_layer: Any) -> sp.Expr:
        if self.net.is_constant_width:
            return symbols.whole(self.net.depth) * per_layer(1)
        return sp.Add(*(per_layer(k) for k in self._distinct_layers()))

    def _average(self, function: Any, layer: int) -> sp.Expr:
        """E function(B/2), B the number of active units given that there is one."""
        n = symbols.whole(self.net.width_at(layer))
        if self.net.slope == 1:
            return function(n / 2)
        b = sp.Symbol("b", integer=True, positive=True)
        total = sp.Sum(sp.binomial(n, b) * function(b / 2), (b, 1, n)) / (2**n - 1)
        return total.doit() if n.is_Integer else total

    @cached_property
    def _alive(self) -> float:
        self.net.require_numbers("the inversion")
        if not self.can_die:
            return 1.0
        layers = self._distinct_layers()
        logs = sum(math.log1p(-(2.0 ** -int(self.net.width_at(k)))) for k in layers)
        return math.exp(logs * int(self.net.depth) / len(layers))

    @cached_property
    def _centre(self) -> tuple[float, float]:
        """Mean and standard deviation in floats: only to place the integration, so not from the formulas."""
        from scipy.special import digamma, polygamma

        self.net.require_numbers("the inversion")
        mean = variance = 0.0
        layers = self._distinct_layers()
        for k in layers:
            counts, log_chances = self._active_units(k)
            chances = np.exp(log_chances)
            average = float(chances @ digamma(counts / 2))
            mean += math.log(2 * float(self.net.variance(k))) + average
            variance += float(chances @ (polygamma(1, counts / 2) + (digamma(counts / 2) - average) ** 2))
        times = int(self.net.depth) / len(layers)
        shift = math.log(float(symbols.input_power_sum(self.net, 2)))
        return mean * times + shift, math.sqrt(variance * times)

    @cached_property
    def _transform(self) -> tuple[FloatArray, ComplexArray, float]:
        """Frequencies (midpoints), characteristic function given survival, and the step between them."""
        _, deviation = self._centre
        # the log of a chi-square has exponential tails, the lower one of rate at least 1/2
        step = 2 * math.pi / (2 * (40 * deviation + 80))
        for doublings in range(10):
            frequencies = (np.arange(4096 << doublings) + 0.5) * step
            logs = self._log_transform(frequencies)
            if logs[-1].real < math.log(1e-18):
                return frequencies, np.exp(logs), step
        raise ArithmeticError(f"the characteristic function of {self.net.describe()} does not decay")

    def _log_transform(self, frequencies: FloatArray) -> ComplexArray:
        """Logarithm of E exp(i f log|a_L|^2) given survival (its imaginary part up to 2 pi)."""
        if self.net.is_constant_width:
            logs = int(self.net.depth) * self._layer_log_transform(frequencies, 1)
        else:
            logs = np.sum([self._layer_log_transform(frequencies, k) for k in self._distinct_layers()], axis=0)
        return np.asarray(logs + 1j * frequencies * math.log(float(symbols.input_power_sum(self.net, 2))))

    def _layer_log_transform(self, frequencies: FloatArray, layer: int) -> ComplexArray:
        from scipy.special import gammaln, loggamma, logsumexp

        scale = 1j * frequencies * math.log(2 * float(self.net.variance(layer)))
        counts, log_chances = self._active_units(layer)
        halves = counts / 2
        # log of P(B = b | B >= 1) Gamma(b/2 + i f)/Gamma(b/2), b down the columns
        terms = loggamma(halves[:, None] + 1j * frequencies) + (log_chances - gammaln(halves))[:, None]
        return np.asarray(scale + logsumexp(terms, axis=0))

    def _active_units(self, layer: int) -> tuple[FloatArray, FloatArray]:
        """Possible numbers of active units given one, and their log-probabilities; those below e^-60 are left out."""
        from scipy.special import gammaln

        n = int(self.net.width_at(layer))
        if self.net.slope == 1:
            return np.array([float(n)]), np.zeros(1)
        counts = np.arange(1.0, n + 1)
        alive = n * math.log(2) + math.log1p(-(2.0**-n))
        logs = gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1) - alive
        return counts[logs > -60], logs[logs > -60]
