"""Where a claim fails, shown: both sides with as many digits as tell them apart, and which sizes it fails at."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.claims.domain import Domain, Point
from proofs_check.claims.parameters import name_of
from proofs_check.claims.sides import Sides
from proofs_check.claims.trials import Trials, size_letters
from theory.balls import Ball, OutOfTime, deadline
from theory.ensembles import InvalidArgument

_LONGEST = 10.0
"""So many seconds both sides of a counterexample may take."""


@dataclass(frozen=True)
class Counterexample:
    """Sizes at which a claim is false.

    Parameters
    ----------
    at : mapping of str to number
        The sizes, layers and parameters.
    claimed, true : str
        The right and the left side there: exact where that is short, else to ten digits.
    """

    at: Mapping[str, sp.Expr]
    claimed: str
    true: str


def counterexample(sides: Sides, point: Point) -> Counterexample:
    """Return both sides at a point where a claim fails.

    Parameters
    ----------
    sides : Sides
        The claim.
    point : mapping
        Numbers for all letters.
    """
    shown = {name_of(letter): value for letter, value in point.items()}
    if shown.get("|x|") == 1 and "|x|_4" not in shown:
        del shown["|x|"]
    both = (sides.meaning.right, sides.meaning.left)
    try:
        with deadline(time.monotonic() + _LONGEST):
            try:
                balls = [sides.ball(side, point, 130) for side in both]
            except OutOfTime:
                raise
            except InvalidArgument:  # a quantile has fewer digits
                balls = [sides.ball(side, point, 30) for side in both]
            digits = _digits_needed(*balls)
            claimed, true = (side_value(sides, side, point, digits) for side in both)
    except OutOfTime:  # a probability decided a claim about a quantile, which itself takes long
        more = sides.meaning.relation in ("<=", "<")
        return Counterexample(
            shown, sides.meaning.written(sides.meaning.right), f"a {'greater' if more else 'smaller'} number"
        )
    if claimed == true and balls[0].is_finite() and not balls[1].contains(0):
        apart = (balls[0] - balls[1]) / balls[1]
        if apart.contains(0):  # it fails, so it is strict
            true += ", so both sides are equal"
        else:
            claimed += f", a factor of 1 + {apart.str(3, radius=False)} off"
    return Counterexample(shown, claimed, true)


def _digits_needed(claimed: Ball, true: Ball) -> int:
    """Return how many digits show that two numbers differ."""
    if not (claimed.is_finite() and true.is_finite()) or any(x.contains(0) for x in (claimed, true, claimed - true)):
        return 10
    apart = float(abs(claimed - true) / abs(true))
    return 10 if apart > 1e-8 else min(100, math.ceil(-math.log10(max(apart, 1e-100))) + 3)


def side_value(sides: Sides, side: sp.Expr, point: Point, digits: int = 10) -> str:
    """Return a side's value as text: exact where that is short, else to so many digits.

    Parameters
    ----------
    sides : Sides
        The claim.
    side : sympy.Expr
        The side.
    point : mapping
        Numbers for all letters.
    digits : int
        The digits that are shown.
    """
    exact = sides.exact(side, point)
    if exact is not None and exact.is_Rational and len(str(exact)) <= 12:
        return str(exact)
    ball = sides.ball(side, point, digits + 30)
    if not ball.is_finite():
        return "-infinity" if ball < 0 else "infinity"
    text = str(ball.str(digits, radius=False)).strip("[]")
    if exact is not None and len(str(exact)) <= 30 and not exact.is_Rational:
        return f"{exact} = {text}"
    return text


def where_it_fails(trials: Trials, domain: Domain, depth: sp.Expr) -> str:
    """Describe the sizes at which a claim fails, in words.

    Parameters
    ----------
    trials : Trials
        What was found.
    domain : Domain
        The sizes in question.
    depth : sympy.Expr
        The depth, a letter or a number.
    """
    letters = size_letters(domain, depth)
    failed = {tuple(point[letter] for letter in letters) for point in trials.failed}
    tried = failed | {tuple(point[letter] for letter in letters) for point in trials.held}
    if not letters or len(tried) < 2:
        return ""
    asked = domain.size()
    fewer = domain.is_given and not any(r.unbounded for r in domain.ranges.values()) and len(tried) < asked
    sizes = f"{len(tried):,} sizes tried" + (f" (of {asked:,} asked for)" if fewer else "")
    count = f"fails at {len(failed):,} of the {sizes}"
    unsettled = [*trials.undecided, *(point for point, _ in trials.undefined)]
    if still := {tuple(point[letter] for letter in letters) for point in unsettled} - tried:
        return f"{count}, and stays open at {len(still):,} more"
    if failed == tried:
        return f"fails at all {sizes}"
    if not trials.is_uniform:  # elsewhere it may fail for what was not tried there
        return f"fails at {len(failed):,} or more of the {sizes}"
    for place, letter in enumerate(letters):
        values = {size[place] for size in failed}
        if all((size in failed) == (size[place] in values) for size in tried):
            others = [str(other) for other in letters if other != letter]
            every = f", whatever {' and '.join(others)}" if others else ""
            seen = {size[place] for size in tried}
            range_of = domain.ranges.get(letter)
            asked_for = range_of.values if range_of is not None and range_of.given and not range_of.unbounded else None
            return f"{count}: exactly for {_set_text(str(letter), values, seen, asked_for)}{every}"
    if len(failed) <= _FEW_FAILURES:
        names = "(" + ", ".join(map(str, letters)) + ")"
        return f"{count}: {names} = " + ", ".join(str(tuple(map(int, size))) for size in sorted(failed))
    return count


_FEW_FAILURES = 8


def _set_text(letter: str, values: Iterable[Any], tried: Iterable[Any], asked: Iterable[Any] | None) -> str:
    """Write out where a claim fails, and whether that is all of what was asked for or only of what was tried."""
    ordered, all_tried = sorted(map(int, values)), sorted(map(int, tried))
    first, last = ordered[0], ordered[-1]
    between = [value for value in all_tried if first <= value <= last]
    if asked is not None:
        untried = set(map(int, asked)) - set(all_tried)
    else:  # a size beside a failure that was not tried may fail as well
        beside = {size for value in ordered for size in (value - 1, value + 1)}
        untried = {size for size in beside if all_tried[0] < size < all_tried[-1]} - set(all_tried)
    if between != ordered:
        span = f"{letter} = {', '.join(map(str, ordered[:12]))}{', ...' if len(ordered) > 12 else ''}"
    elif last == all_tried[-1] and len(ordered) > 1 and (asked is None or not untried):
        if first == all_tried[0]:
            return f"all {letter}"
        return f"{letter} >= {first}{'' if asked is not None else ' (of those tried)'}"
    else:
        span = f"{letter} = {first}" if first == last else f"{first} <= {letter} <= {last}"
    return f"{span}{' (of those tried)' if untried else ''}"
