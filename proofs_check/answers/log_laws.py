"""Laws of logarithms: they say what the typical network does where rare networks carry the mean."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from proofs_check import assumptions
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, exp_in_range, formula, known, number
from proofs_check.answers.query import Query
from proofs_check.assumptions import Assumption
from theory import LogGradientLaw, LogNormLaw
from theory.ensembles import Ensemble, InvalidArgument
from theory.log_laws.log_sums import LogSumLaw

_DIGITS = 25
_WIDE = 256  # sums over more units than this are numbers, not formulas to read


@dataclass(frozen=True)
class LogLaw:
    """What an interval for a sampled logarithm needs to know.

    Parameters
    ----------
    cumulant : callable
        Returns a cumulant of the logarithm, given survival, by its order.
    alive : float
        The probability of survival.
    """

    cumulant: Callable[[int], float]
    alive: float = 1.0

    @classmethod
    def of(cls, law: LogSumLaw) -> LogLaw:
        """Return what is needed of a law that theory has.

        Examples
        --------
        >>> LogLaw.of(LogNormLaw(Ensemble(width=2, depth=1))).cumulant(2)
        1.6449340668482264
        """
        return cls(lambda order: float(law.enclosed_cumulant(order, 15)), float(law.survival()) if law.can_die else 1.0)


def activation_law(query: Query) -> LogNormLaw:
    """Return the law of log|a_k|^2 at the layer asked about."""
    return LogNormLaw(query.net, query.layer)


def gradient_law(query: Query) -> LogGradientLaw:
    """Return the law of log|df/dW_k|_F^2 at the layer asked about."""
    return LogGradientLaw(query.net, query.layer)


def readout_assumed(query: Query) -> tuple[Assumption, ...]:
    """Return what laws of gradients assume of the readout."""
    return () if query.net.is_linear else (assumptions.SIGN_SYMMETRIC_READOUT,)


def expansion_assumed(query: Query) -> tuple[str, ...]:
    """Return all that an expansion in 1/n assumes, as a reader is told."""
    return (
        *what_is_assumed(query, *((assumptions.SURVIVAL,) if query.net.can_die else ())),
        "this is what one layer adds, not all of them: k is any layer from 3 on, or from 1 on for normal weights",
        "the entries have a bounded density and finite moments",
    )


def require_symbolic_depth(net: Ensemble) -> None:
    """Refuse a number for the depth, which grows with the width in limits along L = beta n.

    Raises
    ------
    InvalidArgument
        If the depth is a number.
    """
    if not isinstance(net.depth, str):
        raise InvalidArgument(
            "depth", f"grows with the width here, beta times as fast, got {net.depth}", "use depth='L'"
        )


def at_median(query: Query) -> Query:
    """Return the question about the median, whatever probability was given."""
    return replace(query, p=Query.p)


def cumulant_answer(query: Query, law: LogSumLaw, order: int, *more: Assumption) -> Derivation:
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

    Raises
    ------
    InvalidArgument
        If there are symbols, and a layer is too wide for a formula.
    """
    survival = (assumptions.SURVIVAL,) if law.can_die else ()
    assumed = what_is_assumed(query, *survival, *more)
    wide = any(factor.slope == 0 and factor.width.is_Integer and factor.width > _WIDE for factor, _ in law.terms)
    leaky = any(factor.slope not in (0, 1) for factor, _ in law.terms)
    if query.net.symbols or isinstance(query.layer, str):
        if wide:
            problem = "is so wide that the sum over its units is no formula"
            raise InvalidArgument("width", problem, "use a symbol's name, or numbers for all else")
        if leaky and order > 1:
            problem = "a leaky layer's logarithm has a variance without closed form"
            raise InvalidArgument("activation", problem, "use numbers for sizes and layers, or activation='relu'")
        return formula(query, law.cumulant(order), assumed)
    ball = law.enclosed_cumulant(order, _work(query))
    exact = None if wide or leaky else law.cumulant(order)  # a sum of hypergeometric numbers is no formula to read
    return replace(number(query, exact, ball=ball, assumed=assumed), log_value=None)


def _work(query: Query) -> int:
    """Return how many digits to compute with: more than are shown, as some cancel."""
    return _DIGITS if query.digits is None else query.digits + 10


def quantile_answer(query: Query, law: LogSumLaw, *more: Assumption) -> Derivation:
    """Answer with the p-quantile of what has this law of logarithms.

    Parameters
    ----------
    query : Query
        The question, which holds the probability p.
    law : LogSumLaw
        The law of the logarithm.
    *more : Assumption
        The assumptions beside those of every answer.
    """
    enclosed, log_value = None, law.quantile(query.p)
    if query.digits is None:
        error = law.quantile_error(query.p)
    elif log_value == -math.inf:
        enclosed, error = "0", 0.0  # so many networks are dead
    else:
        ball = law.enclosed_quantile(query.p, query.digits)
        log_value, error, enclosed = float(ball), float(ball.rad()), f"log = {ball.str(query.digits)}"
    value = exp_in_range(log_value)
    if value:
        value = known(value, value * (error + abs(log_value) * 2.0**-52))
    assumed, log_value = what_is_assumed(query, *more), known(log_value, error)
    return Derivation(query, None, value=value, log_value=log_value, assumptions=assumed, enclosed=enclosed)
