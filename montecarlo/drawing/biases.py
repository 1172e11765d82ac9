"""The biases of each layer: none, one number for all units, or drawn from the weights' law."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array
from montecarlo.drawing.streams import sizes
from montecarlo.drawing.weights import Weights
from theory.ensembles import Ensemble, InvalidArgument

_MOST_LOG = 40 * math.log(10)
"""Variances of weights and biases lie between 1e-40 and 1e40, so that no layer leaps past the range that is checked."""


class Biases:
    """Draws the biases of networks, layer by layer.

    Parameters
    ----------
    net : Ensemble
        An ensemble without symbols.

    Attributes
    ----------
    variances : tuple of float
        The variance of a bias in layers 1 to L; 0 for constants.
    constant : float
        What each bias is, beside its random part.

    Raises
    ------
    InvalidArgument
        If the law cannot be drawn, or weights or biases are so large or small that floats do not hold what they make.

    Examples
    --------
    >>> Biases(Ensemble(widths=(3, 4, 2), bias="constant:1/2")).draw(2, np.random.default_rng(0), 2)
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """

    def __init__(self, net: Ensemble) -> None:
        as_ensemble(net)
        self._widths = sizes(net)
        layers = range(1, len(self._widths))
        exact = [net.bias_variance(k) for k in layers]
        constant = Fraction(net.bias.value or 0) if net.bias.name == "constant" else Fraction(0)
        _require_size("init", "weights", [net.variance(k) for k in layers if net.has_independent_entries])
        _require_size("bias", "biases", [*filter(None, exact), *([constant**2] if constant else [])])
        self.variances, self.constant = tuple(map(float, exact)), float(constant)
        self._law = Weights(Ensemble(width=1, depth=1, init=1, law=net.law))  # its scale is that of variance 1

    def draw(self, layer: int, rng: np.random.Generator, networks: int) -> Array:
        """Draw the biases of m networks.

        Parameters
        ----------
        layer : int
            k, from 1.
        rng : numpy.random.Generator
            The stream that random biases come from.
        networks : int
            m.

        Returns
        -------
        ndarray, shape (m, n_k)
        """
        variance, out = self.variances[layer - 1], np.full((networks, self._widths[layer]), self.constant)
        if variance:
            self._law.fill(rng, out)
            out *= self._law.scale(1) * math.sqrt(variance)
        return out


def _require_size(argument: str, what: str, variances: list[Fraction]) -> None:
    for size in dict.fromkeys(variances):
        if not abs(math.log(size.numerator) - math.log(size.denominator)) <= _MOST_LOG:
            problem = f"makes {what} beyond 1e20 or 1e-20, and this network cannot be rescaled to the range of floats"
            raise InvalidArgument(argument, problem, "use a variance between 1e-40 and 1e40")
