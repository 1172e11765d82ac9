"""Densities and distributions at a point, from exact laws of logarithms: numbers with their digits enclosed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import sympy as sp

from proofs_check import assumptions
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, number
from proofs_check.answers.query import Query
from proofs_check.assumptions import Assumption
from theory.balls import Ball
from theory.ensembles import InvalidArgument
from theory.log_laws.log_sums import LogSumLaw

_DIGITS = 20


def point(query: Query) -> Fraction:
    """Return the point that was asked about.

    Raises
    ------
    InvalidArgument
        If none was.

    Examples
    --------
    >>> from theory import Ensemble
    >>> point(Query(Ensemble(width=4, depth=2), at_point=Fraction(1, 2)))
    Fraction(1, 2)
    """
    if query.at_point is None:
        raise InvalidArgument("at", "a point is needed", "use e.g. at='1/2'")
    return query.at_point


def point_text(query: Query, letter: str) -> str:
    """Return the point as it is written in the left-hand side, or a letter if none was given."""
    return letter if query.at_point is None else str(query.at_point)


def number_at(
    query: Query, law: LogSumLaw, enclosed: Callable[[int], Ball], what: str, *more: Assumption
) -> Derivation:
    """Answer with a number at a point, given survival or not as the law says.

    Parameters
    ----------
    query : Query
        The question.
    law : LogSumLaw
        The law, for what it assumes.
    enclosed : callable
        Returns a ball around the number, given a number of digits.
    what : str
        What a dead network adds, as a reader is told where there may be any.
    *more : Assumption
        The assumptions beside those of every answer; by default that the activation is piecewise linear.
    """
    law.net.require_numbers(query.quantity)
    assumed = what_is_assumed(query, *(more or (assumptions.PIECEWISE_LINEAR,)))
    if law.can_die:
        assumed = (*assumed, what)
    digits = _DIGITS if query.digits is None else query.digits + 5
    return number(query, None, ball=enclosed(digits), assumed=assumed)


def related_atom(law: LogSumLaw) -> tuple[tuple[str, sp.Expr], ...]:
    """Return the probability of 0, which has no density, where there is one.

    Examples
    --------
    >>> from theory import Ensemble, LogNormLaw
    >>> related_atom(LogNormLaw(Ensemble(width=2, depth=1, activation="relu")))
    (('mass_at_0', 1/4),)
    """
    return (("mass_at_0", 1 - law.survival()),) if law.can_die else ()
