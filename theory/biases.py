"""Biases in SymPy: their variance, or the number that every one of them is."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from theory.ensembles import Ensemble, require_ensemble
from theory.symbols import number, whole


def bias_variance(net: Ensemble, layer: int) -> sp.Expr:
    """Return the variance of an entry of b_k; 0 if there is none, or it is constant.

    Parameters
    ----------
    net : Ensemble
        The network, whose widths may be symbols.
    layer : int
        k, from 1 on.

    Examples
    --------
    >>> bias_variance(Ensemble(width="n", depth="L", bias="pytorch"), 1)
    1/(3*n)
    """
    require_ensemble(net)
    value = net.bias.variance(whole(net.width_at(layer - 1)))
    if isinstance(value, str):
        return number(value) * number(net.bias.square_gain)
    return number(value) if isinstance(value, Fraction) else sp.sympify(value, strict=True)


def bias_constant(net: Ensemble) -> sp.Expr:
    """Return a constant bias, and 0 where there is none.

    Examples
    --------
    >>> bias_constant(Ensemble(width="n", depth="L", bias="constant:-1/2"))
    -1/2
    """
    require_ensemble(net)
    return number(net.bias.value or Fraction(0)) if net.bias.name == "constant" else sp.S.Zero
