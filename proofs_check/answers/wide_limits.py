"""What answers about wide networks share: how a limit is written, and what is assumed."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from proofs_check import assumptions
from proofs_check.answers.assumed import of_biases
from proofs_check.answers.derivation import Derivation, number
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from theory import symbols
from theory.balls import Ball

_SHOWN = 15


def limit_of(what: Notation) -> Notation:
    """Return the limit of something as the width grows.

    Examples
    --------
    >>> limit_of(Notation("|f|", "|f|")).plain
    'lim_(n->oo) |f|'
    """
    return Notation(f"lim_(n->oo) {what.plain}", rf"\lim_{{n\to\infty}}{what.latex}")


def as_number(ball: Ball) -> sp.Expr:
    """Return a ball's digits that are known, at most fifteen, as a number of SymPy.

    Examples
    --------
    >>> import flint
    >>> as_number(flint.arb(1) / 8), as_number(flint.arb(3).sqrt())
    (0.125000000000000, 1.73205080756888)
    """
    return sp.Integer(0) if ball == 0 else sp.Float(ball.str(_SHOWN, radius=False), _SHOWN)


def number_of(
    query: Query, ball: Ball, assumed: tuple[str, ...], related: tuple[tuple[str, sp.Expr], ...]
) -> Derivation:
    """Return an answer that is an enclosed number, with others that belong to it."""
    return replace(number(query, None, ball=ball, assumed=assumed), related=related)


def assumed_of_width(query: Query, *, of_variance: bool = True) -> tuple[str, ...]:
    """Return what limits of width assume, as a reader is told.

    Parameters
    ----------
    query : Query
        The question.
    of_variance : bool
        Whether the variance of weights is given, and not asked for.
    """
    net = query.net
    law = assumptions.NORMAL if net.law.is_normal else assumptions.INDEPENDENT_ENTRIES
    kept = [law.sentence, "all widths grow in proportion, the depth stays"]
    if of_variance and net.is_constant_width:
        gain = symbols.tidy(symbols.whole(net.width_at(0)) * symbols.variance(net, 1))
        kept.append(f"n s^2 = {gain}, s^2 the variance of a weight")
    kept.append(of_biases(net).sentence)
    return tuple(kept)
