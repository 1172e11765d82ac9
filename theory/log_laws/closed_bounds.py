r"""Closed bounds that hold with high probability, and the width that they demand of a depth.

At the power t = 1/2 the bounds of :mod:`theory.log_laws.tail_bounds` have closed bounds. For a linear layer of width n,
with z = n/2,

.. math:: \log\frac{\Gamma(z+\frac12)}{\sqrt z\,\Gamma(z)} = -\int_0^\infty\frac{\tanh(u/4)}{2u}e^{-zu}\,du
          \le -\frac1{8z}+\frac1{192z^3} = -\frac1{4n}+\frac1{24n^3},

because tanh y >= y - y^3/3. For a ReLU layer of width n >= 2 the logarithm of :math:`E\sqrt R` is at most
:math:`-\frac5{8n}`: by enclosure up to n = 128, and beyond by Taylor's polynomial of degree 5 of the root, which lies
above it, so that moments up to order 10 are enough. The statement ``forward.with-high-probability`` has both proofs.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction
from theory.ensembles.usual_slopes import of_usual_slope
from theory.log_laws.layer_factors import ChiSquares
from theory.log_laws.log_gradients import LogGradientLaw
from theory.log_laws.log_norms import LogNormLaw, layer_factors
from theory.log_laws.norm_moments import power_mean
from theory.log_laws.tail_bounds import argument
from theory.requirements import require_normal


def closed_tail_bound(law: LogNormLaw | LogGradientLaw, c: symbols.Scalar) -> sp.Expr:
    r"""Derive the closed bound on :math:`P(|a_k|^2 \ge c|x|^2)`, or on that for a gradient, by the power 1/2.

    Each factor R of a layer of width n has :math:`E\sqrt R \le \sqrt{ER}e^{-5/(8n)}` (ReLU, n >= 2), or
    :math:`\sqrt{ER}e^{-1/(4n)+1/(24n^3)}` (linear). A readout of signs has :math:`E\sqrt R \le \sqrt{ER}`.

    Parameters
    ----------
    law : LogNormLaw or LogGradientLaw
        As for :func:`tail_bound`, of a linear or ReLU network. A letter for a ReLU width stands for 2, 3, ...; at the
        width 1 the mean itself is taken, which is larger than the bound for others says.
    c : number, str or sympy.Expr
        The factor, positive.

    Raises
    ------
    InvalidArgument
        For a leaky activation, or as :func:`tail_bound`.

    References
    ----------
    The abstract of AISTATS 2022 (arXiv:2106.03763) has "with high probability"; derived above.

    Examples
    --------
    >>> from theory import Ensemble
    >>> relu = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> closed_tail_bound(LogNormLaw(relu), "c")
    exp(-5*L/(8*n))/sqrt(c)
    >>> closed_tail_bound(LogNormLaw(Ensemble(width="n", depth="L")), "1/4")
    2*exp(L*(-1/(4*n) + 1/(24*n**3)))
    >>> closed_tail_bound(LogGradientLaw(relu.at(width=4, depth=9, readout="signs")), "1/2")
    exp(-5/4)
    """
    if of_usual_slope(law.net, "the closed bound")[0].slope not in (0, 1):
        problem = f"the closed bound is for linear and ReLU networks, got {law.net.activation}"
        raise InvalidArgument("activation", problem, "use tail_bound or least_tail_bound")
    factor = argument(law.net, "c", c)
    half = sp.Rational(1, 2)
    start = law.constant / symbols.input_power_sum(law.net, 2) / factor
    rate = sp.S.Zero
    for one, times in law.terms:
        if isinstance(one, ChiSquares) and one.slope == 0 and one.width == 1:
            start *= power_mean(one, half) ** (2 * times)
            continue
        start *= (one.width * one.scale * symbols.gate_moment(one.slope, 2)) ** times
        if isinstance(one, ChiSquares):
            n = one.width
            rate += times * (-sp.Rational(5, 8) / n if one.slope == 0 else -1 / (4 * n) + 1 / (24 * n**3))
    return sp.sqrt(start) * sp.exp(rate)


def needed_width(net: Ensemble, c: Any, p: Any) -> sp.Expr:
    r"""Derive a width below which no network keeps its norm: what the closed bound says of :func:`feasible_widths`.

    Parameters
    ----------
    net : Ensemble
        A linear or ReLU network of constant width with normal weights that keeps the mean norm. Its depth may be a
        symbol; its width does not matter.
    c, p : number or str
        A factor and a probability, exact, with :math:`p\sqrt c < 1`.

    Returns
    -------
    sympy.Expr
        If :math:`P(|a_L|^2 \ge c|x|^2) \ge p` at the width n >= 2, then n is at least this.

    Raises
    ------
    InvalidArgument
        For other networks, or for c and p that no bound excludes.

    Notes
    -----
    :math:`p \le c^{-1/2}e^{-5L/(8n)}` is :math:`n \ge 5L/(8\log\frac1{p\sqrt c})`. A linear layer has
    :math:`-\frac1{4n}+\frac1{24n^3} \le -\frac{23}{96n}` from n = 2 on.

    Examples
    --------
    >>> from theory import Ensemble
    >>> needed_width(Ensemble(width="n", depth="L", activation="relu", init="he"), "1/4", "1/2")
    5*L/(4*log(16))
    """
    require_normal(net, "the width")
    factor, chance = exact_fraction("c", c), exact_fraction("p", p)
    if not 0 < chance < 1:
        raise InvalidArgument("p", f"must lie strictly between 0 and 1, got {p}", "use e.g. p='1/2'")
    if factor <= 0 or factor * chance**2 >= 1:
        problem = f"must be positive with p sqrt(c) < 1, got c = {c} and p = {p}"
        raise InvalidArgument("c", problem, "use e.g. c='1/2'")
    slope = of_usual_slope(net, "the closed bound")[0].slope
    if slope not in (0, 1) or not net.is_constant_width:
        problem = f"no closed bound is known for {net.describe()}"
        raise InvalidArgument("activation", problem, "use 'linear' or 'relu', at constant width")
    ((one, _),) = layer_factors(net.at(width="n", depth=1, input=None), 1, 1)
    if symbols.tidy(one.width * one.scale * symbols.gate_moment(one.slope, 2)) != 1:
        raise InvalidArgument("init", "does not keep the mean norm, so no width does", "use 'he', or linear 'xavier'")
    rate = sp.Rational(5, 8) if slope == 0 else sp.Rational(23, 96)
    square = factor * chance**2
    return rate * symbols.whole(net.depth) * 2 / sp.log(sp.Rational(square.denominator, square.numerator))
