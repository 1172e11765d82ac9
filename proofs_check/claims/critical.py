"""Sizes at which a claim may turn from true to false, however far out: where its cases change, and powers of two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import flint
import sympy as sp

from proofs_check.claims.domain import Domain, Point
from proofs_check.claims.sides import Sides
from theory.balls import enclose, precision
from theory.ensembles import InvalidArgument

FURTHEST = tuple(2**k for k in (14, 17, 20, 24, 30, 40))
"""Where a claim is made for all sizes, these are tried, too, beside a few small values of the others."""
_BESIDE = (1, 2, 8, 64)
_DOUBLINGS = 40
_MOST_OPERATIONS = 300


def critical_sizes(sides: Sides, domain: Domain, idle: Point | None = None) -> list[dict[sp.Symbol, sp.Expr]]:
    """Return sizes around the zeros of what stands in min, max and abs or must not be 0, and some that are far out.

    Parameters
    ----------
    sides : Sides
        The claim, whose statistics have formulas.
    domain : Domain
        The sizes for which it is made.
    idle : mapping of Symbol to sympy.Integer, optional
        The sizes that do not matter, each with the one value that it has.
    """
    idle = idle or {}
    letters = [letter for letter in domain.ranges if domain.is_endless(letter)]
    free = [letter for letter in letters if letter not in idle]
    if not free or len(domain.ranges) > 2:
        return []
    turning = [sides.formula(number) for number in _turning(sides)]
    plain = sides.completed(
        dict.fromkeys(domain.ranges, sp.S.One) | {x: sp.Integer(v) for x, v in domain.fixed.items()}
    )
    values = {x: value for x, value in plain.items() if x not in domain.ranges}
    out: dict[tuple[tuple[sp.Symbol, sp.Expr], ...], None] = {}
    for letter in free:
        others = [other for other in domain.ranges if other != letter]
        for beside in _beside(domain, others, idle):
            at = [*FURTHEST]
            for formula in turning:
                at += _turns(formula.xreplace({**values, **beside}), letter)
            first = domain.ranges[letter].values[0]
            for value in at:
                if value >= first:
                    point = {letter: sp.Integer(value), **beside}
                    out[tuple(sorted(point.items(), key=str))] = None
    return [dict(items) for items in out]


def _beside(domain: Domain, others: Sequence[sp.Symbol], idle: Point) -> Iterator[dict[sp.Symbol, sp.Expr]]:
    if not others:
        yield {}
        return
    (other,) = others
    values = domain.ranges[other].values
    chosen = [value for value in _BESIDE if value in values] or [values[0], values[-1]]
    for value in [idle[other]] if other in idle else chosen:
        yield {other: sp.Integer(value)}


def _turning(sides: Sides) -> Iterator[sp.Expr]:
    """Yield the numbers at whose zeros a formula takes another form, or loses its value."""
    for side in (sides.meaning.left, sides.meaning.right):
        for node in side.atoms(sp.Abs):
            yield node.args[0]
        for node in side.atoms(sp.Min, sp.Max):
            first, *rest = sorted(node.args, key=str)
            yield from (first - other for other in rest)
    for condition in sides.open_conditions:
        if condition.index is None:
            yield condition.number


def _turns(formula: sp.Expr, letter: sp.Symbol) -> list[int]:
    """Return whole numbers around the places where a formula in one letter changes its sign, and far beyond."""
    if formula.free_symbols != {letter} or formula.count_ops() > _MOST_OPERATIONS:
        return []
    places: set[int] = set()
    if formula.is_rational_function():
        polynomial = sp.Poly(sp.numer(sp.together(formula)), letter)
        if polynomial.degree() > 0 and all(c.is_Rational for c in polynomial.all_coeffs()):
            places |= {int(sp.floor(root)) for root in sp.real_roots(polynomial) if root > 0}
    else:
        places |= set(_sign_changes(formula, letter))
    around = {place + shift for place in places for shift in (-1, 0, 1, 2)} | {2 * place for place in places}
    return sorted(place for place in around if 0 < place < 10**12)


def _sign_changes(formula: sp.Expr, letter: sp.Symbol) -> Iterator[int]:
    """Yield the last whole number before each change of sign that doubling finds."""

    def sign(value: int) -> int:
        try:
            with precision(30):
                ball = enclose(formula, 30, {letter: flint.arb(value)})
        except InvalidArgument:
            return 0
        return 1 if ball > 0 else -1 if ball < 0 else 0

    before = sign(1)
    for power in range(1, _DOUBLINGS):
        after = sign(2**power)
        if after != before:
            low, high = 2 ** (power - 1), 2**power
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if sign(middle) != before else (middle, high)
            yield low
        before = after
