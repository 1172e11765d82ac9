"""Answers to how unlikely it is that a norm keeps a share of its size: bounds that hold with high probability."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import sympy as sp

from proofs_check.answers.derivation import Derivation, formula, in_range, number
from proofs_check.answers.query import Query
from theory.balls import precision
from theory.ensembles import InvalidArgument
from theory.ensembles.usual_slopes import of_usual_slope
from theory.log_laws.closed_bounds import closed_tail_bound
from theory.log_laws.log_gradients import LogGradientLaw
from theory.log_laws.log_norms import LogNormLaw
from theory.log_laws.tail_bounds import least_tail_bound, tail_bound

_HALF = sp.Rational(1, 2)
Law = LogNormLaw | LogGradientLaw


def require_positive(query: Query) -> None:
    """Refuse a factor that is not positive.

    Raises
    ------
    InvalidArgument
        If c is not positive.

    Examples
    --------
    >>> from theory import Ensemble
    >>> require_positive(Query(Ensemble(width=4, depth=2)))
    """
    if query.c <= 0:
        raise InvalidArgument("c", f"must be positive, got {query.c}", "use e.g. c='1/2'")


def normal_answer(query: Query, law: Law, exact: Callable[[], Derivation], assumed: tuple[str, ...]) -> Derivation:
    """Return the least bound by powers of the norm, for normal weights.

    Parameters
    ----------
    query : Query
        The question.
    law : LogNormLaw or LogGradientLaw
        The law of the norm's logarithm.
    exact : callable
        Returns the answer that is the probability itself.
    assumed : tuple of str
        All that it assumes, as a reader is told.

    Returns
    -------
    Derivation
        For networks with letters the formula at the power 1/2; otherwise the minimum over all powers t >= 0. The closed
        bound stands beside it for linear and ReLU networks, the probability for numbers.
    """
    slope = of_usual_slope(law.net, "the tail bound")[0].slope
    closed = closed_tail_bound(law, sp.Rational(query.c)) if slope in (0, 1) else None
    beside = [] if closed is None else [("closed_bound", closed)]
    if slope == 0 and query.net.symbols:
        assumed = (*assumed, "the closed bound is for widths from 2 on")
    if query.net.symbols or any(times.free_symbols for _, times in law.terms):
        answer = formula(query, tail_bound(law, sp.Rational(query.c)), assumed)
        return replace(answer, related=(("t", _HALF), *beside))
    found = least_tail_bound(law, query.c, query.digits or 15)
    with precision((query.digits or 15) + 20):
        answer = number(query, None, ball=found.log_bound.upper().exp(), assumed=assumed)
        log = in_range(found.log_bound.upper())
    value = found.bound if found.bound > 0 and answer.value is not None else None
    related = [("t", _shown(float(found.power)) if found.power else sp.S.Zero), *beside, *_probability(exact)]
    return replace(answer, value=value, log_value=log, related=tuple(related))


def _probability(exact: Callable[[], Derivation]) -> Sequence[tuple[str, sp.Expr]]:
    """Return what the probability is, to the digits that are known of it; nothing where no inversion finds it."""
    try:
        answer = exact()
    except InvalidArgument:  # a discrete law, or a slope too near to 0
        return []
    if answer.value is not None:
        return [("probability", _shown(answer.value))]
    if answer.log_value is not None and math.isfinite(answer.log_value):
        return [("probability", sp.exp(_shown(answer.log_value), evaluate=False))]
    return []


def _shown(value: float) -> sp.Float:
    """Return a float that is printed with the digits that it has, and no zeros behind them."""
    digits = repr(value).split("e")[0].replace(".", "").lstrip("-0")
    return sp.Float(repr(value), max(1, len(digits)))


def any_law_answer(query: Query, bound: sp.Expr, assumed: tuple[str, ...]) -> Derivation:
    """Return the bound by moments of order 4 and 6, for any law of the weights; never above 1.

    Parameters
    ----------
    query : Query
        The question.
    bound : sympy.Expr
        The bound, a number.
    assumed : tuple of str
        All that it assumes, as a reader is told.

    Examples
    --------
    >>> from theory import Ensemble
    >>> any_law_answer(Query(Ensemble(width=4, depth=2)), sp.Integer(2), ()).value
    1.0
    """
    return replace(formula(query, bound if bound < 1 else sp.S.One, assumed), related=(("t", _HALF),))
