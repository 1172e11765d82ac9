r"""Expansions in powers of 1/n of the typical layer and of the kurtosis, for any symmetric law of the weights.

One layer multiplies :math:`|a|^2` by :math:`q(1+\varepsilon)` with :math:`E\varepsilon^{2j-1}, E\varepsilon^{2j} =
O(n^{-j})`. So a few moments of :math:`\varepsilon`, which the transfer matrix gives, determine
:math:`E\log(1+\varepsilon)` to each order. The law of the entries enters through :math:`|a|_4^4/|a|^4`, which is of
order 1/n; from the third layer on, the layer below determines its coefficient, whatever the input. Expectations of
logarithms are given survival, which fails with exponentially small probability; these expansions are asymptotic for
laws with a bounded density and finite moments.
"""

from __future__ import annotations

from math import comb

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.moments.large_widths import Series, divided, leading_eigenvalue, series_in_width, times
from theory.moments.transfer import IntegerPartition, Layer, transfer_matrix
from theory.requirements import require_independent_entries

_HIGHEST = 4
"""Moments of epsilon beyond this order are O(n^-3), and do not enter."""

_TERMS = 3
"""The series go to 1/n^2."""

_LOGARITHM = [sp.Rational((-1) ** (j + 1), j) if j else sp.S.Zero for j in range(_HIGHEST + 1)]
"""The coefficients of log(1 + epsilon)."""


def lyapunov_expansion(net: Ensemble) -> sp.Expr:
    r"""Expand :math:`E\log(|a_k|^2/|a_{k-1}|^2)` to order :math:`1/n^2`, from the third layer on.

    For normal weights it holds at every layer. For other laws it holds at the second layer too if
    :math:`|x|_4^4 = O(|x|^4/n)`.

    Parameters
    ----------
    net : Ensemble
        A network of constant width, which is a symbol. Its weights have any symmetric law, whose kurtosis may be the
        symbol ``K``.

    Returns
    -------
    sympy.Expr
        The expansion, with its error term :math:`O(n^{-3})` as n grows.

    Raises
    ------
    InvalidArgument
        If the width is a number, the entries are dependent, or the law's moments up to order 8 are not known; or if the
        law is discrete, as a signal can then be exactly 0, where its logarithm has no mean.

    Examples
    --------
    >>> from theory import Ensemble
    >>> lyapunov_expansion(Ensemble(width="n", depth="L", activation="relu", init="he"))
    -49/(12*n**2) - 5/(2*n) + O(n**(-3), (n, oo))
    >>> lyapunov_expansion(Ensemble(width="n", depth="L", activation="relu", init="he", law="symmetric"))
    -(72*K - 167)/(12*n**2) - 5/(2*n) + O(n**(-3), (n, oo))
    """
    epsilon = _epsilon_moments(net)
    mean = [sp.Add(*(c * moment[k] for c, moment in zip(_LOGARITHM, epsilon, strict=True))) for k in range(_TERMS)]
    return _ordered(net, mean) + sp.log(_growth(net))


def log_variance_expansion(net: Ensemble) -> sp.Expr:
    r"""Expand :math:`\mathrm{Var}\log(|a_k|^2/|a_{k-1}|^2)` to order :math:`1/n^2`.

    Parameters, layers and errors are those of :func:`lyapunov_expansion`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> log_variance_expansion(Ensemble(width="n", depth="L"))
    2/n**2 + 2/n + O(n**(-3), (n, oo))
    """
    epsilon = _epsilon_moments(net)
    mean = [sp.Add(*(c * moment[k] for c, moment in zip(_LOGARITHM, epsilon, strict=True))) for k in range(_TERMS)]
    pairs = [(i, j) for i in range(1, _HIGHEST) for j in range(1, _HIGHEST + 1 - i)]
    square = [sp.Add(*(_LOGARITHM[i] * _LOGARITHM[j] * epsilon[i + j][k] for i, j in pairs)) for k in range(_TERMS)]
    return _ordered(net, [both - one for both, one in zip(square, times(mean, mean), strict=True)])


def kurtosis_expansion(net: Ensemble) -> sp.Expr:
    r"""Expand :math:`E|a_L|^4/(E|a_L|^2)^2` along :math:`L = \beta n` to order 1/n.

    Parameters
    ----------
    net : Ensemble
        A network of constant width, which is a symbol; its depth is replaced by beta n.

    Returns
    -------
    sympy.Expr
        The expansion in ``beta`` and n, with its error term. Unless the weights are normal it contains the input's
        :math:`|x|_4^4/|x|^4`.

    Raises
    ------
    InvalidArgument
        If the width is a number or the entries are dependent.

    Examples
    --------
    >>> from theory import Ensemble
    >>> kurtosis_expansion(Ensemble(width="n", depth="L", activation="relu", init="he"))
    exp(5*beta) - 25*beta*exp(5*beta)/(2*n) + O(n**(-2), (n, oo))
    """
    require_ensemble(net)
    growth, share = _wide_kurtosis(net, terms=3)
    # growth^(beta n) = exp(beta n log growth), and log(1 + c/n + d/n^2) = c/n + (d - c^2/2)/n^2
    limit = sp.exp(symbols.BETA * sp.factor(growth[1]))
    correction = sp.factor(share[1] + symbols.BETA * (growth[2] - growth[1] ** 2 / 2))
    n = _width(net)
    return limit + limit * correction / n + sp.O(n**-2, (n, sp.oo))


def kurtosis_limit(net: Ensemble) -> sp.Expr:
    r"""Derive the limit of :math:`E|a_L|^4/(E|a_L|^2)^2` as n grows with L = beta n, at fixed kurtosis of the entries.

    Parameters
    ----------
    net : Ensemble
        A network whose width is a symbol; its depth is replaced by beta n.

    Returns
    -------
    sympy.Expr
        The limit in the symbol ``beta``: for ReLU under He it is exp(5 beta).

    Raises
    ------
    InvalidArgument
        If the width is a number.

    Examples
    --------
    >>> from theory import Ensemble
    >>> kurtosis_limit(Ensemble(width="n", depth="L", activation="relu", init="he", law="symmetric"))
    exp(5*beta)
    >>> kurtosis_limit(Ensemble(width="n", depth="L", activation="leaky:s", init="he", law="uniform"))
    exp(beta*(5*s**4 - 2*s**2 + 5)/(s**2 + 1)**2)
    """
    return sp.exp(kurtosis_rate(net) * symbols.BETA)


def kurtosis_rate(net: Ensemble) -> sp.Expr:
    r"""Derive :math:`\kappa` of :func:`kurtosis_limit`, which is :math:`e^{\kappa\beta}`; arguments are the same.

    Examples
    --------
    >>> from theory import Ensemble
    >>> kurtosis_rate(Ensemble(width="n", depth="L", activation="relu", init="he"))
    5
    """
    require_ensemble(net)
    n = _width(net)
    if net.architecture.is_plain and not net.has_independent_entries:
        from theory.architectures.orthogonal import orthogonal_layer_kurtosis

        growth = series_in_width(orthogonal_layer_kurtosis(net), n, 2)
    else:
        growth, _ = _wide_kurtosis(net, terms=2)
    return sp.factor(growth[1])


def _wide_kurtosis(net: Ensemble, terms: int) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """Return growth and share as series in 1/n, where the kurtosis is growth^L share up to what decays faster.

    The transfer matrix of order 4, divided by the square of the one of order 2, tends to the projection on |a|^4. So
    its leading eigenvalue, the growth, tends to 1. The other is O(1/n), and its L-th power smaller than any power of n.
    """
    require_independent_entries(net)
    n = _width(net)
    square = transfer_matrix(net, 2).matrix[0] ** 2
    transfer = transfer_matrix(net, 4)
    ratio = transfer.matrix / square
    if len(transfer.basis) == 1:
        return series_in_width(ratio[0], n, terms), [sp.S.One] + [sp.S.Zero] * (terms - 1)
    trace, determinant = (series_in_width(value, n, terms) for value in (ratio.trace(), ratio.det()))
    growth = leading_eigenvalue(trace, determinant)
    # from (1, |x|_4^4/|x|^4), both eigenvalues' powers; the share of the leading one's
    flatness = symbols.input_power_sum(net, 4) / symbols.input_power_sum(net, 2) ** 2
    rest = series_in_width(ratio[0, 1] * flatness - ratio[1, 1], n, terms)
    above = [g + r for g, r in zip(growth, rest, strict=True)]
    below = [2 * g - t for g, t in zip(growth, trace, strict=True)]
    return growth, divided(above, below)


def _epsilon_moments(net: Ensemble) -> list[list[sp.Expr]]:
    """Return E epsilon^0, ..., E epsilon^4 as series, with |a|_4^4/|a|^4 of the layer below to leading order."""
    require_independent_entries(net)
    n = _width(net)
    if net.law.has_atoms:
        problem = f"{net.law.name!r} has atoms, and expansions of logarithms need a bounded density"
        raise InvalidArgument("law", problem, "use law='normal', 'uniform' or 'symmetric'")
    layer = Layer.forward(net, 1)
    mean = layer.image((1,))[(1,)]
    flat, *_ = series_in_width(n * layer.image((2,))[(1, 1)] / mean**2, n, 1)
    shares = {1: sp.S.One, 2: flat / n}

    def power_sum(part: IntegerPartition) -> sp.Expr:
        # sums of sixth and higher powers are O(n^-2), and contribute O(n^-3)
        return sp.Mul(*(shares.get(j, sp.S.Zero) for j in part))

    ratios = [[sp.S.One] + [sp.S.Zero] * (_TERMS - 1)]
    for j in range(1, _HIGHEST + 1):
        image = layer.image((1,) * j)
        value = sp.Add(*(coefficient * power_sum(part) for part, coefficient in image.items())) / mean**j
        ratios.append(series_in_width(value, n, _TERMS))
    return [
        [sp.Add(*((-1) ** (j - i) * comb(j, i) * ratios[i][k] for i in range(j + 1))) for k in range(_TERMS)]
        for j in range(_HIGHEST + 1)
    ]


def _growth(net: Ensemble) -> sp.Expr:
    return transfer_matrix(net, 2).matrix[0]


def _ordered(net: Ensemble, series: Series) -> sp.Expr:
    """Write a series in 1/n with its error term."""
    n = _width(net)
    terms = (sp.factor(coefficient) / n**j for j, coefficient in enumerate(series))
    return sp.Add(*terms) + sp.O(n ** -len(series), (n, sp.oo))


def _width(net: Ensemble) -> sp.Symbol:
    if net.init.layers:
        net.require_equal_layers("differ", "use width='n'")
    if not net.is_constant_width or not isinstance(net.width, str):
        raise InvalidArgument("width", "an expansion in 1/n needs a symbolic width", "use width='n'")
    return symbols.whole(net.width)
