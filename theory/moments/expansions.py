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
from theory.moments.transfer import IntegerPartition, Layer, eigenvalues, transfer_matrix
from theory.requirements import require_independent_entries

_small = sp.Dummy("h", positive=True)
"""This variable stands for 1/n."""

_HIGHEST = 4
"""Moments of epsilon beyond this order are O(n^-3), and do not enter."""


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
        If the width is a number, the entries are dependent, or the law's moments up to order 8 are not known.

    Examples
    --------
    >>> from theory import Ensemble
    >>> lyapunov_expansion(Ensemble(width="n", depth="L", activation="relu", init="he"))
    -49/(12*n**2) - 5/(2*n) + O(n**(-3), (n, oo))
    >>> lyapunov_expansion(Ensemble(width="n", depth="L", activation="relu", init="he", law="symmetric"))
    -(72*K - 167)/(12*n**2) - 5/(2*n) + O(n**(-3), (n, oo))
    """
    epsilon = _epsilon_moments(net)
    mean = sp.Add(*((-1) ** (j + 1) * epsilon[j] / j for j in range(1, _HIGHEST + 1)))
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
    logarithm = [(-1) ** (j + 1) * sp.Rational(1, j) if j else 0 for j in range(_HIGHEST + 1)]
    square = sp.Add(
        *(logarithm[i] * logarithm[j] * epsilon[i + j] for i in range(1, _HIGHEST) for j in range(1, _HIGHEST + 1 - i))
    )
    mean = sp.Add(*(logarithm[j] * epsilon[j] for j in range(1, _HIGHEST + 1)))
    return _ordered(net, square - mean**2)


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
    n = _width(net)
    transfer = transfer_matrix(net, 4)
    square = transfer_matrix(net, 2).matrix[0] ** 2
    ratio = (transfer.matrix / square).subs(n, 1 / _small).applyfunc(sp.cancel)
    if len(transfer.basis) == 1:
        growth, share = ratio[0], sp.S.One
    else:
        growth, other = eigenvalues(ratio)  # the other is O(1/n), so its L-th power is smaller than any power of 1/n
        flatness = symbols.input_power_sum(net, 4) / symbols.input_power_sum(net, 2) ** 2
        flatness = sp.sympify(flatness, strict=True).subs(n, 1 / _small)
        share = (ratio[0, 0] + ratio[0, 1] * flatness - other) / (growth - other)
    exponent = symbols.BETA * sp.log(growth) / _small
    return _ordered(net, sp.exp(exponent) * share, order=2)


def _epsilon_moments(net: Ensemble) -> list[sp.Expr]:
    """Return E epsilon^0, ..., E epsilon^4 in h = 1/n, with |a|_4^4/|a|^4 of the layer below to leading order."""
    require_independent_entries(net)
    n = _width(net)
    layer = Layer.forward(net, 1)
    mean = layer.image((1,))[(1,)]
    flat = sp.limit(n * layer.image((2,))[(1, 1)] / mean**2, n, sp.oo)
    shares = {1: sp.S.One, 2: flat * _small}

    def power_sum(part: IntegerPartition) -> sp.Expr:
        # sums of sixth and higher powers are O(n^-2), and contribute O(n^-3)
        return sp.Mul(*(shares.get(j, sp.S.Zero) for j in part))

    ratios = [sp.S.One]
    for j in range(1, _HIGHEST + 1):
        image = layer.image((1,) * j)
        value = sp.Add(*(coefficient * power_sum(part) for part, coefficient in image.items())) / mean**j
        ratios.append(sp.cancel(value.subs(n, 1 / _small)))
    return [
        sp.expand(sp.Add(*((-1) ** (j - i) * comb(j, i) * ratios[i] for i in range(j + 1))))
        for j in range(_HIGHEST + 1)
    ]


def _growth(net: Ensemble) -> sp.Expr:
    return transfer_matrix(net, 2).matrix[0]


def _ordered(net: Ensemble, value: sp.Expr, order: int = 3) -> sp.Expr:
    """Expand in h = 1/n up to h^(order - 1), and write the series in n with its error term."""
    n = _width(net)
    series = sp.series(value, _small, 0, order).removeO()
    terms = (sp.factor(series.coeff(_small, j)) / n**j for j in range(order))
    return sp.Add(*terms) + sp.O(1 / n**order, (n, sp.oo))


def _width(net: Ensemble) -> sp.Symbol:
    if not net.is_constant_width or not isinstance(net.width, str):
        raise InvalidArgument("width", "an expansion in 1/n needs a symbolic width", "use width='n'")
    return symbols.whole(net.width)
