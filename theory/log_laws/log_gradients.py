r"""The exact law of :math:`\log|\partial f/\partial W_k|_F^2` for normal weights: a sum of independent terms.

The squared norm is :math:`|b_k|^2|a_{k-1}|^2`. With a sign-symmetric readout, a functional of the two norms that
vanishes when either does has the same law as with masks independent of everything (:mod:`theory.moments.gradients`).
The logarithm times the indicator of survival is such a functional. With such masks
:math:`|a_j|^2 = R_j|a_{j-1}|^2` below layer k, :math:`|b_j|^2 = R_j|b_{j+1}|^2` from layer k on, and
:math:`|b_L|^2 = |D_Lv|^2`, and all these factors are independent. So at constant width the typical gradient is the same
for every layer: the factors of L - 1 layers, times the masked readout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble
from theory.ensembles.usual_slopes import of_usual_slope
from theory.log_laws.layer_factors import ChiSquares
from theory.log_laws.log_norms import layer_factors
from theory.log_laws.log_sums import LogSumLaw
from theory.log_laws.masked_signs import Coins
from theory.requirements import require_independent_masks, require_layer, require_normal


@dataclass(frozen=True)
class LogGradientLaw(LogSumLaw):
    r"""The law of :math:`\log|\partial f/\partial W_k|_F^2` given that it is not minus infinity, for normal weights.

    Parameters
    ----------
    net : Ensemble
        A network with normal weights, of any widths, and with a sign-symmetric readout; a linear network may have any
        readout.
    layer : int or str, optional
        k, from 1 to the depth. At constant width the law is the same for all layers, and it may be left out.

    Raises
    ------
    InvalidArgument
        For another law, a nonlinear network with a fixed readout, or a layer out of range.

    Notes
    -----
    All is given survival, |G_k| > 0. For ReLU each layer, the last one included, lives with probability 1 - 2^-n.

    References
    ----------
    arXiv:2106.03763 claims the rate. The law is derived in the docstring of this module.

    Examples
    --------
    >>> LogGradientLaw(Ensemble(width=4, depth=3, readout="signs")).mean()
    -2*log(2) - 2*EulerGamma + 2
    >>> law = LogGradientLaw(Ensemble(width=8, depth=100, activation="relu", init="he"))
    >>> round(law.median(), 3)
    -47.469
    """

    net: Ensemble
    layer: int | str | None = None

    def __post_init__(self) -> None:
        require_normal(self.net, "log|df/dW_k|^2")
        require_independent_masks(self._usual[0])
        require_layer(self.net, self.layer, optional=self.net.is_constant_width)

    @property
    def terms(self) -> Sequence[tuple[ChiSquares | Coins, sp.Expr]]:
        """Every layer except k contributes one factor, and so does the masked readout.

        The factors of the layers above k belong to the backward pass, which maps the width of a layer to the one below.
        """
        net, last = self._usual[0], self.net.depth
        readout = [] if net.readout not in ("random", "signs") else [(self._readout_factor(), sp.S.One)]
        if net.is_constant_width:
            layers = [(factor, times - 1) for factor, times in layer_factors(net, 1, last)]
            return [*layers, *readout]
        assert isinstance(self.layer, int)
        forward = layer_factors(net, 1, self.layer - 1)
        backward = [
            (ChiSquares(symbols.whole(net.width_at(j - 1)), symbols.variance(net, j), symbols.slope(net)), sp.S.One)
            for j in range(self.layer + 1, int(last) + 1)
        ]
        return [*forward, *backward, *readout]

    @property
    def constant(self) -> sp.Expr:
        """Return |x|^2, times |v|^2 of a fixed readout, and what a slope beyond 1 multiplies gradients by."""
        norm = symbols.number(self._usual[1]) * symbols.input_power_sum(self.net, 2)
        if self.net.has_sign_symmetric_readout:
            return norm
        return norm * symbols.readout_power_sum(self.net, 2)

    def _readout_factor(self) -> ChiSquares | Coins:
        """Return the law of |D_L v|^2 of a random readout.

        Divided by n, it is a chi-square of the units that are on for a normal readout, and their number for signs.
        """
        width = symbols.whole(self.net.width_at(self.net.depth))
        kind = ChiSquares if self.net.readout == "random" else Coins
        return kind(width, 1 / width, symbols.slope(self._usual[0]))

    @property
    def _usual(self) -> tuple[Ensemble, Fraction]:
        return of_usual_slope(self.net, "the law of log|df/dW_k|^2", signs=True)
