"""A claim tried at one size after another: where it holds, where it fails, and where that stays open."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from proofs_check.claims.derivations import law_of
from proofs_check.claims.domain import Domain, Point
from proofs_check.claims.random_numbers import Activation, Gradient, HessianBlock, Quantile
from proofs_check.claims.sides import Sides, holds
from theory import symbols
from theory.balls import Ball, enclose_number, precision
from theory.ensembles import InvalidArgument

_DIGITS = (30, 60, 120)
FEW = 12
"""At so many of the smallest sizes the other values of parameters are tried, too."""


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


@dataclass
class Trials:
    """What was found at the sizes tried.

    Parameters
    ----------
    held, failed, undecided, undefined : list of points
        Where the claim holds, fails, cannot be decided, or has no value.
    complete : bool
        Whether all sizes were tried, before the time was over.
    """

    held: list[Point] = field(default_factory=list)
    failed: list[Point] = field(default_factory=list)
    undecided: list[Point] = field(default_factory=list)
    undefined: list[tuple[Point, str]] = field(default_factory=list)
    complete: bool = True


def try_sizes(
    sides: Sides,
    points: Sequence[Mapping[sp.Symbol, sp.Expr]],
    *,
    seconds: float,
    told: Callable[[int, int], object],
    few: int = FEW,
    first_only: bool = False,
) -> Trials:
    """Try a claim at sizes, the first setting of the parameters at all of them, the others at the first few.

    Parameters
    ----------
    sides : Sides
        The claim.
    points : sequence of mapping
        The sizes, in the order in which they are tried.
    seconds : float
        After so many seconds no further size is begun.
    told : callable
        Called with the number of sizes done and the number of all.
    few : int
        At how many sizes the other settings are tried.
    first_only : bool
        Whether the first failure ends the search.

    Returns
    -------
    Trials
    """
    out = Trials()
    began = time.monotonic()
    settings = sides.settings()
    points = [point for point in points if is_inside(sides, point)]
    plan = [sides.completed(point, settings[0], first=True) for point in points]
    others = [sides.completed(point, other, first=False) for point in points[:few] for other in settings[1:]]
    for done, point in enumerate([*plan[:few], *others, *plan[few:]]):
        if done >= 4 and time.monotonic() - began > seconds:
            out.complete = False
            break
        told(done, len(plan) + len(others))
        _try(sides, point, out)
        if first_only and out.failed:
            out.complete = False
            break
    return out


def _try(sides: Sides, point: Point, out: Trials) -> None:
    try:
        truth = truth_at(sides, point)
    except InvalidArgument as bad:
        out.undefined.append((point, bad.problem))
        return
    {True: out.held, False: out.failed, None: out.undecided}[truth].append(point)


def is_inside(sides: Sides, point: Point) -> bool:
    """Whether there is a network of these sizes that has the layers of the claim, which differ where they must.

    Parameters
    ----------
    sides : Sides
        The claim.
    point : mapping
        Numbers for the sizes and the layers.
    """
    if not sides.net.architecture.is_plain:
        try:
            sides.network({**sides.settings()[0], **point})
        except InvalidArgument:  # such as layer norm of two units
            return False
    depth = symbols.whole(sides.net.depth)
    layers = sides.meaning.layers()
    if layers <= {depth}:
        return True
    last = int(depth.xreplace(dict(point)))
    numbers = [number for statistic in sides.meaning.statistics.values() for number in statistic.numbers]
    for number in numbers:
        least = 0 if isinstance(number, Activation) else 1
        at = [int(layer.xreplace(dict(point))) for layer in number.layers]
        if not all(least <= layer <= last for layer in at) or len(set(at)) < len(at):
            return False
        if isinstance(number, HessianBlock) and at[0] > at[1]:
            return False  # the same block is met with its layers in order
    return True


def truth_at(sides: Sides, point: Point, right: sp.Expr | None = None) -> bool | None:
    """Decide the claim at one point; None where the balls overlap.

    Parameters
    ----------
    sides : Sides
        The claim.
    point : mapping
        Numbers for all letters.
    right : sympy.Expr, optional
        Another right side in place of the claim's.

    Raises
    ------
    InvalidArgument
        If a side has no value there.
    """
    meaning = sides.meaning
    right = meaning.right if right is None else right
    quick = _by_threshold(sides, point, right)
    if quick is not None:
        return quick
    truth: bool | None = None
    for digits in _DIGITS:
        truth = holds(meaning.relation, sides.ball(meaning.left, point, digits), sides.ball(right, point, digits))
        if truth is not None:
            return truth
    return _compared_exactly(sides, point, right)


def _compared_exactly(sides: Sides, point: Point, right: sp.Expr) -> bool | None:
    left_value, right_value = sides.exact(sides.meaning.left, point), sides.exact(right, point)
    if left_value is None or right_value is None:
        return None
    if left_value.is_Rational and right_value.is_Rational:
        comparisons = {
            "=": left_value == right_value,
            "<=": left_value <= right_value,
            ">=": left_value >= right_value,
            "<": left_value < right_value,
            ">": left_value > right_value,
        }
        return bool(comparisons[sides.meaning.relation])
    equal = left_value == right_value or sp.expand(left_value - right_value) == 0
    return sides.meaning.relation in ("=", "<=", ">=") if equal else None


def _by_threshold(sides: Sides, point: Point, right: sp.Expr) -> bool | None:
    """Decide an inequality of one quantile by one probability: the median is at most t if P(X <= t) >= 1/2."""
    meaning = sides.meaning
    if len(meaning.statistics) != 1 or meaning.relation == "=":
        return None
    ((letter, statistic),) = meaning.statistics.items()
    if not isinstance(statistic, Quantile) or not isinstance(statistic.number, (Activation, Gradient)):
        return None
    if letter in right.free_symbols:
        return None
    slope = sp.diff(meaning.left, letter)
    asked = statistic.at(point)
    net = sides.network(point)
    if not slope.is_Rational or slope == 0:
        return None
    sides.known(asked, net)
    law = law_of(asked.number, net)
    with precision(40):
        offset = sides.ball(meaning.left - slope * letter, point)
        threshold = (sides.ball(right, point) - offset) / enclose_number(slope)
    p = enclose_number(asked.p)
    below = law.enclosed_cdf(threshold, 12)  # X is at most the threshold
    is_at_most = holds(">=", below, p)
    if is_at_most is None:
        return None
    upward = (meaning.relation in ("<=", "<")) == bool(slope > 0)
    return is_at_most if upward else not is_at_most


def counterexample(sides: Sides, point: Point) -> Counterexample:
    """Return both sides at a point where a claim fails.

    Parameters
    ----------
    sides : Sides
        The claim.
    point : mapping
        Numbers for all letters.
    """
    shown = {str(letter).replace("norm_x", "|x|").replace("norm4_x", "|x|_4"): value for letter, value in point.items()}
    if shown.get("|x|") == 1 and "|x|_4" not in shown:
        del shown["|x|"]
    both = (sides.meaning.right, sides.meaning.left)
    try:
        balls = [sides.ball(side, point, 130) for side in both]
    except InvalidArgument:  # a quantile has fewer digits
        balls = [sides.ball(side, point, 30) for side in both]
    digits = _digits_needed(*balls)
    claimed, true = (side_value(sides, side, point, digits) for side in both)
    if claimed == true and balls[0].is_finite() and not balls[1].contains(0):
        apart = (balls[0] - balls[1]) / balls[1]
        claimed += f", a factor of 1 + {apart.str(3, radius=False)} off"
    return Counterexample(shown, claimed, true)


def _digits_needed(claimed: Ball, true: Ball) -> int:
    """Return how many digits show that two numbers differ."""
    if not (claimed.is_finite() and true.is_finite()) or claimed.contains(0) or true.contains(0):
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
    count = f"fails at {len(failed):,} of the {len(tried):,} sizes tried"
    if failed == tried:
        return f"fails at all {len(tried):,} sizes tried" if len(tried) > 1 else ""
    for place, letter in enumerate(letters):
        values = {size[place] for size in failed}
        if all((size in failed) == (size[place] in values) for size in tried):
            others = [str(other) for other in letters if other != letter]
            every = f", whatever {' and '.join(others)}" if others else ""
            return f"{count}: exactly for {_set_text(str(letter), values, {size[place] for size in tried})}{every}"
    if len(failed) <= _FEW_FAILURES:
        names = "(" + ", ".join(map(str, letters)) + ")"
        return f"{count}: {names} = " + ", ".join(str(tuple(map(int, size))) for size in sorted(failed))
    return count


_FEW_FAILURES = 8


def _set_text(letter: str, values: Iterable[Any], tried: Iterable[Any]) -> str:
    ordered, all_tried = sorted(map(int, values)), sorted(map(int, tried))
    first, last = ordered[0], ordered[-1]
    between = [value for value in all_tried if first <= value <= last]
    if between == ordered:
        if last == all_tried[-1] and len(ordered) > 1:
            return f"{letter} >= {first} (of those tried)" if first > all_tried[0] else f"all {letter}"
        if first == last:
            return f"{letter} = {first}"
        return f"{first} <= {letter} <= {last}"
    return f"{letter} = {', '.join(map(str, ordered[:12]))}{', ...' if len(ordered) > 12 else ''}"


def nothing(_done: int, _all: int) -> None:
    """Tell nobody how far the work is."""


def size_letters(domain: Domain, depth: sp.Expr) -> list[sp.Symbol]:
    """Return the letters of sizes, the depth last.

    Parameters
    ----------
    domain : Domain
        The sizes.
    depth : sympy.Expr
        The depth, a letter or a number.

    Examples
    --------
    >>> from proofs_check.claims.domain import Range
    >>> n, L = symbols.whole("n"), symbols.whole("L")
    >>> size_letters(Domain({L: Range((1,)), n: Range((1,))}), L)
    [n, L]
    """
    return sorted(domain.ranges, key=lambda letter: (letter == depth, str(letter)))
