"""Sizes at which a claim may turn from true to false, however far out: where its cases change, and powers of two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

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
_MOST_TURNS = 6
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
    out: dict[tuple[tuple[sp.Symbol, sp.Expr], ...], None] = {}
    places: dict[sp.Symbol, list[int]] = {}
    for letter in free:
        others = [other for other in domain.ranges if other != letter]
        for beside in _beside(domain, others, idle):
            turns = turning_sizes(sides, domain, letter, beside)
            places.setdefault(letter, [])
            places[letter] += [turn for turn in turns if turn not in places[letter]]
            first = domain.ranges[letter].values[0]
            for value in (*FURTHEST, *turns):
                if value >= first:
                    point = {letter: sp.Integer(value), **beside}
                    out[tuple(sorted(point.items(), key=str))] = None
    if len(free) > 1 and all(places.values()):  # where several turn at once
        rest = {letter: idle.get(letter, domain.ranges[letter].values[0]) for letter in domain.ranges}
        for values in product(*(places[letter][:_MOST_TURNS] for letter in free)):
            together = {**rest, **dict(zip(free, values, strict=True))}
            if all(together[letter] >= domain.ranges[letter].values[0] for letter in free):
                point = {letter: sp.Integer(value) for letter, value in together.items()}
                out[tuple(sorted(point.items(), key=str))] = None
    return [dict(items) for items in out]


def turning_sizes(sides: Sides, domain: Domain, letter: sp.Symbol, beside: Point) -> list[int]:
    """Return the values of a size around which a formula takes another form, or loses its value.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes for which it is made.
    letter : Symbol
        The size.
    beside : mapping of Symbol to sympy.Integer
        The other sizes.
    """
    plain = sides.completed(
        dict.fromkeys(domain.ranges, sp.S.One) | {x: sp.Integer(v) for x, v in domain.fixed.items()}
    )
    values = {**{x: value for x, value in plain.items() if x not in domain.ranges}, **beside}
    found: list[int] = []
    for number in _turning(sides):
        if not sides.has_formulas and number.free_symbols & set(sides.meaning.statistics):
            continue  # what is no formula turns nobody knows where
        formula = sides.formula(number) if sides.has_formulas else number
        found += _turns(formula.xreplace(values), letter)
    return list(dict.fromkeys(found))


def _beside(domain: Domain, others: Sequence[sp.Symbol], idle: Point) -> Iterator[dict[sp.Symbol, sp.Expr]]:
    """Yield a few small values of the other sizes, crossed; of more than two, the same for each."""
    chosen = []
    for other in others:
        values = domain.ranges[other].values
        small = [value for value in _BESIDE if value in values] or [values[0], values[-1]]
        chosen.append([idle[other]] if other in idle else small)
    rows = product(*chosen) if len(others) <= 2 else zip(*(column * (4 // len(column)) for column in chosen))  # noqa: B905
    for row in rows:
        yield {other: sp.Integer(value) for other, value in zip(others, row, strict=True)}


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
