r"""Moments of the output :math:`f = \langle v, a_L\rangle`, and its kurtosis.

Given :math:`a_L` a normal readout makes f normal with variance :math:`|a_L|^2/n`, so that
:math:`E f^{2m} = (2m-1)!!\,E|a_L|^{2m}/n^m` for every law of weights. For signs and fixed readouts the last layer must
be normal (:mod:`theory.log_laws.output_law`).
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.ensembles.arguments import exact_fraction
from theory.log_laws.masked_signs import Coins
from theory.log_laws.norm_moments import coins_moment, norm_moment
from theory.log_laws.output_law import OutputLaw
from theory.moments.activations import activation_moment, moment_before


def output_moment(net: Ensemble, order: int | str | Fraction = 2) -> sp.Expr:
    r"""Derive :math:`E|f|^{order}` of the output, for any real order that is positive.

    Parameters
    ----------
    net : Ensemble
        The network. At even orders and with a random readout its weights have any symmetric law; else they are normal.
        A network that is not linear has a readout of random signs.
    order : int, Fraction or str
        The power, exact and positive.

    Raises
    ------
    InvalidArgument
        If theory does not know the moment of these networks.

    Examples
    --------
    >>> output_moment(Ensemble(width="n", depth="L", activation="relu", init="he"), 4)
    3*norm_x**4*(1 + 5/n)**L/n**2
    >>> output_moment(Ensemble(width="n", depth="L", readout="signs", activation="relu", init="he"), 4)
    3*norm_x**4*(1 + 5/n)**(L - 1)*(n + 1)/n**3
    >>> output_moment(Ensemble(width=1, depth=1, init=1, input="e1"), 1)
    2/pi
    """
    require_ensemble(net)
    exact = exact_fraction("order", order)
    if exact <= 0:
        raise InvalidArgument("order", f"must be positive, got {exact}", "use e.g. order=2")
    if exact.denominator != 1 or exact % 2:
        return norm_moment(OutputLaw(net), exact)
    even = int(exact)
    n, odd = symbols.whole(net.width_at(net.depth)), sp.factorial2(even - 1)
    if net.readout == "random":
        return odd * activation_moment(net, even) / n ** (even // 2)
    if even == 2 and net.readout == "signs":
        return activation_moment(net, 2) / n
    uncorrelated = net.has_independent_entries and net.bias.name != "constant"
    if even == 2 and net.is_linear and net.architecture.is_plain and uncorrelated:
        return symbols.readout_power_sum(net, 2) / n * activation_moment(net, 2)  # entries of a_L are uncorrelated
    law = OutputLaw(net)  # refuses what is not known
    scale = law.terms[-1][0].scale
    coins = law.terms[-2][0] if net.readout == "signs" else None
    if isinstance(coins, Coins):
        masked = coins_moment(coins, sp.Integer(even // 2))
    else:
        masked = symbols.readout_power_sum(net, 2) ** (even // 2)
    return odd * scale ** (even // 2) * masked * moment_before(net, net.depth, even)


def output_kurtosis(net: Ensemble) -> sp.Expr:
    r"""Derive :math:`E f^4/(E f^2)^2`, which is 3 for a normal output; errors as for :func:`output_moment`.

    Examples
    --------
    >>> output_kurtosis(Ensemble(width="n", depth="L", activation="relu", init="he"))
    3*(1 + 5/n)**L
    >>> output_kurtosis(Ensemble(width=1, depth=1, init=1))  # a product of two normal numbers
    9
    """
    ratio = sp.powsimp(output_moment(net, 4) / output_moment(net, 2) ** 2, force=True)
    return ratio.replace(
        lambda part: part.is_Pow and not part.exp.is_number, lambda part: symbols.tidy(part.base) ** part.exp
    )
