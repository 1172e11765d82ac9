"""By how much both sides of a drawn equation may differ: as much as they do when a statistic moves by the tolerance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import flint
import sympy as sp

from proofs_check.claims.domain import Point
from proofs_check.claims.random_numbers import Exceedance, Quantile
from proofs_check.claims.sides import Sides
from theory.balls import Ball, less
from theory.ensembles import InvalidArgument

Unit = tuple[sp.Expr, sp.Expr]
"""What moves in the difference of both sides, and what its tolerance is a share of."""


def is_within(
    sides: Sides, right: sp.Expr, point: Point, balls: Mapping[Any, Ball], difference: Ball, tolerance: float
) -> bool:
    """Whether both sides surely differ by less than they may.

    Parameters
    ----------
    sides : Sides
        The claim, an equation.
    right : sympy.Expr
        The right side, the claim's or a variant's.
    point : mapping
        Numbers for all letters.
    balls : mapping
        The intervals of the statistics that were drawn.
    difference : flint.arb
        The difference of both sides.
    tolerance : float
        The share by which a statistic may be off; of a logarithm, a number; of a probability, a share of the nearer of
        p and 1 - p.
    """
    if difference == 0:
        return True
    return any(less(abs(difference), room) for room in rooms(sides, right, point, balls, tolerance))


def rooms(sides: Sides, right: sp.Expr, point: Point, balls: Mapping[Any, Ball], tolerance: float) -> list[Ball]:
    """Return by how much both sides change as each statistic that was drawn moves by the tolerance.

    So a constant that is added to both sides makes no room, and a factor makes as much as it takes: the logarithm
    log|H|^2/20 may be off by a twentieth of what log|H|^2 may.

    Parameters
    ----------
    sides, right, point, balls, tolerance
        As for :func:`is_within`.
    """
    found = []
    for letter in _letters(sides, balls):
        for moves, of in _units(sides, right, letter):
            try:
                slope, unit = (sides.ball(side, point, 30, balls) for side in (moves, of))
            except InvalidArgument:  # a corner of min, max or abs has no slope
                continue
            if isinstance(sides.meaning.statistics[letter], Exceedance):
                unit = unit.min(1 - unit)
                unit = unit if not unit < 0 else flint.arb(0)
            found.append(flint.arb(tolerance) * abs(slope * unit))
    return found


def within_text(sides: Sides, letters: Mapping[Any, Ball], tolerance: float) -> str:
    """Return in words by how much both sides may differ.

    Parameters
    ----------
    sides : Sides
        The claim.
    letters : mapping
        Its keys are the letters of the statistics that were drawn.
    tolerance : float
        As for :func:`is_within`.
    """
    texts: list[str] = []
    share = f"{100 * tolerance:g} %"
    for letter in _letters(sides, letters):
        statistic = sides.meaning.statistics[letter]
        for moves, of in _units(sides, sides.meaning.right, letter):
            written = sides.meaning.written(letter if of == 1 else of)
            if isinstance(statistic, Exceedance):
                texts.append(f"{share} of the lesser of {written} and 1 - {written}")
            elif of != 1:
                texts.append(f"{share} of {written}")
            elif moves.is_Rational:
                texts.append(f"{tolerance * abs(float(moves)):g}")
            else:
                texts.append(f"what {tolerance:g} in {written} makes")
    return "within " + " or ".join(dict.fromkeys(texts)) if texts else ""


def _letters(sides: Sides, balls: Mapping[Any, Ball]) -> list[sp.Symbol]:
    """Return the letters of the statistics that were drawn; of all, where theory happens to know these there."""
    return [letter for letter in sides.meaning.statistics if letter in balls] or list(sides.meaning.statistics)


def _units(sides: Sides, right: sp.Expr, letter: sp.Symbol) -> Iterator[Unit]:
    """Yield the slopes of the difference of both sides in a statistic, each with its unit.

    A quantile of a norm stands in the sides as its logarithm: alone its unit is 1, but exp of it is the quantile of the
    norm itself, of which a share is meant.
    """
    difference = sides.meaning.left - right
    statistic = sides.meaning.statistics[letter]
    if not isinstance(statistic, Quantile) or statistic.number.signed:
        slope = sp.diff(difference, letter)
        if slope != 0:
            yield slope, letter
        return
    norms = sorted((one for one in difference.atoms(sp.exp) if letter in one.free_symbols), key=sp.default_sort_key)
    names = {norm: sp.Dummy(positive=True) for norm in norms}
    back = {name: norm for norm, name in names.items()}
    renamed = difference.xreplace(names)
    for moving, unit in ((letter, sp.S.One), *((name, norm) for norm, name in names.items())):
        slope = sp.diff(renamed, moving).xreplace(back)
        if slope != 0:
            yield slope, unit
