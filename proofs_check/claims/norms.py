"""An inequality between sums of powers of |x|, decided at given sizes for every |x| > 0 at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import flint
import sympy as sp

from proofs_check.claims.parameters import NORM, order_of_norm
from theory.balls import Ball, enclose_number

Powers = dict[sp.Rational, sp.Expr]
"""The coefficient of each power of |x|."""

_MOST_OPERATIONS = 400
_MOST_PIECES = 400
_FARTHEST = 4000
_SMALL = 2.0**-40


def powers_of_norm(expression: sp.Expr) -> Powers | None:
    """Return a formula as a sum of powers of |x| with coefficients in which |x| does not occur; None if it is none.

    Other norms of the input stay in proportion to |x|: their letters stand for |x|_4/|x| in the coefficients.

    Parameters
    ----------
    expression : sympy.Expr
        The formula.

    Examples
    --------
    >>> n = sp.Symbol("n", positive=True)
    >>> powers_of_norm((NORM**2 + 1) * (NORM - 5 / n))
    {1: 1, 3: 1, 0: -5/n, 2: -5/n}
    >>> powers_of_norm(sp.log(NORM))
    """
    higher = {letter: letter * NORM for letter in expression.free_symbols if order_of_norm(letter)}
    if expression.count_ops() > _MOST_OPERATIONS:
        return None
    out: Powers = {}
    for term in sp.Add.make_args(sp.expand(expression.xreplace(higher))):
        coefficient, rest = term.as_independent(NORM, as_Add=False)
        base, power = rest.as_base_exp()
        if rest != 1 and not (base == NORM and power.is_Rational):
            return None
        power = sp.S.Zero if rest == 1 else power
        out[power] = out.get(power, sp.S.Zero) + coefficient
    return {power: coefficient for power, coefficient in out.items() if coefficient != 0}


@dataclass(frozen=True)
class AllNorms:
    """What was found of a sum of powers of |x|.

    Parameters
    ----------
    truth : bool or None
        Whether it is positive, or at least 0, for every |x|; None where that stays open.
    witnesses : sequence of sympy.Rational
        Values of |x| at which it seems to be negative.
    """

    truth: bool | None
    witnesses: Sequence[sp.Rational] = ()


def decide(powers: Sequence[sp.Rational], coefficients: Sequence[Ball], *, strict: bool) -> AllNorms:
    """Decide whether a sum of powers of |x| is at least 0, or positive, for every |x| > 0.

    Parameters
    ----------
    powers : sequence of sympy.Rational
        The powers.
    coefficients : sequence of flint.arb
        Balls around their coefficients.
    strict : bool
        Whether it must be positive.

    Examples
    --------
    >>> decide([sp.Integer(1), sp.Integer(3)], [flint.arb(-1), flint.arb(100)], strict=False).witnesses[-1]
    1/16
    >>> decide([sp.Integer(0), sp.Integer(1), sp.Integer(2)], [flint.arb(2), flint.arb(-2), flint.arb(1)], strict=True)
    AllNorms(truth=True, witnesses=())
    """
    terms = sorted((p, c) for p, c in zip(powers, coefficients, strict=True) if not (c.is_exact() and c == 0))
    if not terms:
        return AllNorms(not strict)
    if any(c.contains(0) for _, c in terms):
        return AllNorms(None)
    if all(c > 0 for _, c in terms):
        return AllNorms(True)
    if terms[0][1] < 0 or terms[-1][1] < 0:
        return AllNorms(False, [*_far_out(terms)])
    return _between(terms)


_Terms = list[tuple[sp.Rational, Ball]]


def _far_out(terms: _Terms) -> Iterator[sp.Rational]:
    """Yield powers of two at which an outermost term with a negative coefficient outweighs all others."""
    for ordered, sign in ((terms, -1), (terms[::-1], 1)):
        if ordered[0][1] < 0:
            reach = _reach(ordered)
            yield from (sp.Integer(2) ** (sign * k) for k in sorted({0, 1, 2, 4, reach}) if k <= reach <= _FARTHEST)


def _reach(ordered: _Terms) -> int:
    """Return k so that from |x| = 2^k on (or 2^-k, down) the first term is more than twice the sum of all others."""
    first, size = float(ordered[0][0]), _log2(ordered[0][1])
    others = [(abs(float(p) - first), _log2(c)) for p, c in ordered[1:]]
    steps = [math.ceil((other - size + 1 + math.log2(len(others))) / gap) for gap, other in others]
    return max([0, *steps])


def _log2(ball: Ball) -> float:
    return float(abs(ball).log() / flint.arb(2).log())


def _between(terms: _Terms) -> AllNorms:
    """Decide a sum whose outermost terms are positive, by dividing the logarithms of |x| between them into pieces."""
    low, high = -max(_reach(terms), 0) - 1, max(_reach(terms[::-1]), 0) + 1
    if max(-low, high) > _FARTHEST:
        return AllNorms(None)
    value = _sum_of(terms)
    pieces = [(float(k), float(k + 1)) for k in range(low, high)]
    tried = 0
    while pieces:
        tried += 1
        start, end = pieces.pop()
        middle = (start + end) / 2
        whole = value(flint.arb(start).union(flint.arb(end)))
        if whole > 0:
            continue
        if value(flint.arb(middle)) < 0:
            exact = sp.Rational(2.0**middle)
            return AllNorms(False, [*(exact.limit_denominator(10**k) for k in (1, 2, 4, 8)), exact])
        if tried > _MOST_PIECES + high - low or end - start < _SMALL:
            return AllNorms(None)
        pieces += [(start, middle), (middle, end)]
    return AllNorms(True)


def _sum_of(terms: _Terms) -> Callable[[Ball], Ball]:
    """Return the sum, divided by its lowest power, as a function of log2 |x|."""
    lowest = terms[0][0]
    steps = [(enclose_number(p - lowest), c) for p, c in terms]

    def value(log: Ball) -> Ball:
        scaled = log * flint.arb(2).log()
        return sum((c * (scaled * step).exp() for step, c in steps), flint.arb(0))

    return value
