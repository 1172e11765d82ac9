"""How statistics change as the input is scaled: without biases, |a_k|, gradients and the Hessian grow like |x|."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from proofs_check.claims.meaning import Meaning
from proofs_check.claims.parameters import NORM
from proofs_check.claims.random_numbers import (
    Exceedance,
    InnerProduct,
    LogCumulant,
    Moment,
    Quantile,
    RandomNumber,
    SecondActivation,
    Statistic,
    WeightProduct,
)
from theory.ensembles import Ensemble


def is_homogeneous(net: Ensemble) -> bool:
    """Whether what the networks compute grows in proportion to |x|, which may be any number.

    Examples
    --------
    >>> is_homogeneous(Ensemble(width=4, depth=2)), is_homogeneous(Ensemble(width=4, depth=2, architecture="layernorm"))
    (True, False)
    """
    return (
        net.input is None and net.is_homogeneous and (net.architecture.is_plain or net.architecture.name == "residual")
    )


def at_norm_one(statistic: Statistic, norm: sp.Expr) -> Statistic:
    """Return what is to be asked of inputs of norm 1: an event has its threshold divided.

    Parameters
    ----------
    statistic : Statistic
        What is asked of inputs of another norm.
    norm : sympy.Expr
        The norm.
    """
    if isinstance(statistic, Exceedance) and _degree(statistic.number):
        threshold = statistic.threshold / (norm if statistic.number.signed else norm**2)
        return replace(statistic, threshold=threshold)
    return statistic


def by_norm(statistic: Statistic, at_one: sp.Expr) -> sp.Expr | None:
    """Return a statistic as a formula in |x| and its value for inputs of norm 1; None if it is no such formula.

    Parameters
    ----------
    statistic : Statistic
        The statistic.
    at_one : sympy.Expr
        Its value for inputs of norm 1, that of :func:`at_norm_one`.

    Examples
    --------
    >>> from proofs_check.claims.random_numbers import Activation
    >>> by_norm(Moment(((Activation((sp.Integer(3),)), 4),)), sp.Symbol("S"))
    S*norm_x**4
    """
    if any(_degree(number) is None for number in statistic.numbers) or not statistic.numbers:
        return None
    if isinstance(statistic, Moment):
        return at_one * NORM ** sum((_degree(number) or 0) * power for number, power in statistic.powers)
    if isinstance(statistic, LogCumulant):
        return at_one + (2 * (_degree(statistic.number) or 0) * sp.log(NORM) if statistic.order == 1 else 0)
    if isinstance(statistic, Quantile):
        if statistic.number.signed:
            return at_one * NORM
        return at_one + 2 * (_degree(statistic.number) or 0) * sp.log(NORM)
    return at_one


def is_scale_free(meaning: Meaning) -> bool:
    """Whether both sides would be the same for all |x| in networks without biases, as a kurtosis is.

    Parameters
    ----------
    meaning : Meaning
        The claim.

    Examples
    --------
    >>> from proofs_check.claims.meaning import understand
    >>> net = Ensemble(width="n", depth="L")
    >>> [is_scale_free(understand(claim, net)) for claim in ("kurtosis(a_L) <= 3", "E|a_L|^2 <= 3")]
    [True, False]
    """
    values: dict[sp.Symbol, sp.Expr] = {}
    for letter, statistic in meaning.statistics.items():
        if isinstance(statistic, Exceedance) and statistic.threshold != 0:
            return False
        formula = by_norm(statistic, letter)
        if formula is None:
            return False
        values[letter] = formula
    sides = (sp.simplify(side.xreplace(values)) for side in (meaning.left, meaning.right))
    return not any(side.has(NORM) for side in sides)


def _degree(number: RandomNumber) -> int | None:
    """Return how a number grows with |x|; None if another input has a say."""
    if isinstance(number, (InnerProduct, SecondActivation)):
        return None
    return 0 if isinstance(number, WeightProduct) else 1
