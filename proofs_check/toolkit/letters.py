"""The letters of the theorems for an ensemble, so that claims can be typed in as they are printed."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble


@dataclass(frozen=True)
class Letters:
    """Width, depth, variance, kurtosis, gate moments and input norms of a network of constant width.

    Parameters
    ----------
    n, L : sympy.Expr
        The width and the depth.
    s2, K : sympy.Expr
        The variance and the kurtosis of a weight.
    p2, p4 : sympy.Expr
        (1 + slope^2)/2 and (1 + slope^4)/2.
    x2, x4 : sympy.Expr
        |x|^2 and sum of x_i^4.
    """

    n: sp.Expr
    L: sp.Expr
    s2: sp.Expr
    K: sp.Expr
    p2: sp.Expr
    p4: sp.Expr
    x2: sp.Expr
    x4: sp.Expr

    @classmethod
    def of(cls, net: Ensemble) -> Letters:
        """Read the letters off an ensemble.

        Examples
        --------
        >>> from theory.ensembles import Ensemble
        >>> Letters.of(Ensemble(width="n", depth="L", activation="relu", init="he")).s2
        2/n
        """
        slope = symbols.slope(net)
        return cls(
            n=symbols.whole(net.width_at(net.depth)),
            L=symbols.whole(net.depth),
            s2=symbols.variance(net, 1),
            K=symbols.number(net.law.kurtosis),
            p2=symbols.gate_moment(slope, 2),
            p4=symbols.gate_moment(slope, 4),
            x2=symbols.input_power_sum(net, 2),
            x4=symbols.input_power_sum(net, 4),
        )
