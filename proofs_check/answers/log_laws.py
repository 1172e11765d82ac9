"""Laws of logarithms: they say what the typical network does where rare networks carry the mean."""

from __future__ import annotations

import math
from dataclasses import replace

from proofs_check import assumptions
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.query import Derivation, Query, formula, number
from proofs_check.assumptions import Assumption
from theory import LogGradientLaw, LogNormLaw
from theory.ensembles import InvalidArgument
from theory.log_laws.log_sums import LogSumLaw

STEP_RATIO = r"\log\frac{|a_k|^2}{|a_{k-1}|^2}"
"""The LaTeX of what one layer adds to log|a_k|^2."""

_DIGITS = 25
_WIDE = 256  # sums over more units than this are numbers, not formulas to read


def activation_law(query: Query) -> LogNormLaw:
    """Return the law of log|a_k|^2 at the layer asked about."""
    return LogNormLaw(query.net, query.layer)


def gradient_law(query: Query) -> LogGradientLaw:
    """Return the law of log|df/dW_k|_F^2 at the layer asked about."""
    return LogGradientLaw(query.net, query.layer)


def activation_notation(query: Query, law: LogSumLaw) -> tuple[str, str]:
    """Return the LaTeX of a_k, and of the condition that the network survives, if it can die.

    Parameters
    ----------
    query : Query
        The question, which says at which layer.
    law : LogSumLaw
        The law of log|a_k|^2.

    Returns
    -------
    activation : str
        The LaTeX of a_k.
    condition : str
        The LaTeX of "given that a_k is not 0"; empty if no network can die.
    """
    a = f"a_{{{query.at}}}"
    return a, rf"\mid {a}\neq0" if law.can_die else ""


def gradient_notation(query: Query) -> str:
    """Return the LaTeX of |df/dW_k|_F^2."""
    return rf"|\partial f/\partial W_{{{'k' if query.layer is None else query.layer}}}|_F^2"


def quantile_notation(query: Query, what: str) -> str:
    r"""Return the LaTeX of the p-quantile of `what`.

    Parameters
    ----------
    query : Query
        The question, which holds the probability p.
    what : str
        The LaTeX of what the quantile is taken of.

    Examples
    --------
    >>> from theory.ensembles import Ensemble
    >>> print(quantile_notation(Query(Ensemble(width=4, depth=2)), "|a_2|^2"))
    q_{1/2}\left(|a_2|^2\right)
    """
    return rf"q_{{{query.p}}}\left({what}\right)"


def readout_assumed(query: Query) -> tuple[Assumption, ...]:
    """Return what laws of gradients assume of the readout."""
    return () if query.net.slope == 1 else (assumptions.SIGN_SYMMETRIC_READOUT,)


def expansion_assumed(query: Query) -> tuple[str, ...]:
    """Return all that an expansion in 1/n assumes, as a reader is told."""
    return (
        *what_is_assumed(query, assumptions.SURVIVAL),
        "the entries have a bounded density and finite moments, and k is at least 3, or the weights are normal",
    )


def at_median(query: Query) -> Query:
    """Return the question about the median, whatever probability was given."""
    return replace(query, p=Query.p)


def cumulant_answer(
    query: Query, law: LogSumLaw, order: int, *more: Assumption, name: str, notation: str
) -> Derivation:
    """Answer with a cumulant of a law: a formula if sizes are symbols, else an enclosed number.

    Parameters
    ----------
    query : Query
        The question.
    law : LogSumLaw
        The law of the logarithm.
    order : int
        1 for the mean, 2 for the variance.
    *more : Assumption
        The assumptions beside survival and those of every answer.
    name, notation : str
        The name of the quantity and its LaTeX notation.

    Raises
    ------
    InvalidArgument
        If there are symbols, and a layer is too wide for a formula.
    """
    survival = (assumptions.SURVIVAL,) if law.can_die else ()
    assumed = what_is_assumed(query, *survival, *more)
    wide = any(factor.slope == 0 and factor.width.is_Integer and factor.width > _WIDE for factor, _ in law.terms)
    if query.net.symbols:
        if wide:
            problem = "is so wide that the sum over its units is no formula"
            raise InvalidArgument("width", problem, "use a symbol's name, or numbers for all else")
        return formula(name, notation, law.cumulant(order), assumed)
    ball = law.enclosed_cumulant(order, query.digits or _DIGITS)
    leaky = any(factor.slope not in (0, 1) for factor, _ in law.terms)
    exact = None if wide or (leaky and order > 1) else law.cumulant(order)
    return replace(number(name, notation, exact, ball=ball, assumed=assumed, digits=query.digits), log_value=None)


def quantile_answer(query: Query, law: LogSumLaw, *more: Assumption, name: str, notation: str) -> Derivation:
    """Answer with the p-quantile of what has this law of logarithms.

    Parameters
    ----------
    query : Query
        The question, which holds the probability p.
    law : LogSumLaw
        The law of the logarithm.
    *more : Assumption
        The assumptions beside those of every answer.
    name, notation : str
        As for :func:`cumulant_answer`.
    """
    assumed = what_is_assumed(query, *more)
    enclosed = None
    if query.digits is None:
        log_value = law.quantile(query.p)
    else:
        ball = law.enclosed_quantile(query.p, query.digits)
        log_value, enclosed = float(ball), f"log = {ball.str(query.digits)}"
    value = math.exp(log_value)
    shown = value if value > 0 or log_value == -math.inf else None
    return Derivation(name, notation, None, value=shown, log_value=log_value, assumptions=assumed, enclosed=enclosed)
