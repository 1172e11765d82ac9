"""Before a proof is believed: whether a claim has a value at all its sizes, and numbers bear out the algebra."""

from __future__ import annotations

import time
from collections.abc import Iterator

from proofs_check.claims.critical import critical_sizes
from proofs_check.claims.domain import Domain, Point
from proofs_check.claims.parameters import name_of
from proofs_check.claims.planning import depth_of, on_path
from proofs_check.claims.sides import Sides
from proofs_check.claims.trials import is_inside
from theory.balls import less
from theory.ensembles import InvalidArgument

_SMALLEST = 12
_SPREAD = 12
_CROSSED = 3
"""At so many sizes all values of parameters are tried, at the others one after another."""
_SECONDS = 1.0


def contradiction(sides: Sides, domain: Domain) -> Point | None:
    """Return a point at which both sides differ, although algebra says that they are identical; None if none is found.

    Parameters
    ----------
    sides : Sides
        The claim, whose statistics have formulas.
    domain : Domain
        The sizes for which it is made.
    """
    began = time.monotonic()
    left, right = sides.formula(sides.meaning.left), sides.formula(sides.meaning.right)
    if left == right:
        return None
    for done, point in enumerate(_some_points(sides, domain)):
        if done > _SMALLEST and time.monotonic() - began > _SECONDS:
            break
        try:
            both = sides.ball(sides.meaning.left, point), sides.ball(sides.meaning.right, point)
        except InvalidArgument:  # whether there is a value is asked elsewhere
            continue
        if less(*both) or less(*both[::-1]):
            return point
    return None


def _some_points(sides: Sides, domain: Domain) -> Iterator[Point]:
    """Yield the smallest sizes and some larger ones, each with values of the parameters."""
    settings = sides.settings()
    points = on_path(domain, domain.points(depth_of(sides), all_sizes=False))
    points = [point for point in points if is_inside(sides, point)]
    step = max(1, (len(points) - _SMALLEST) // _SPREAD)
    chosen = points[:_SMALLEST] + points[_SMALLEST::step]
    for place, point in enumerate(chosen):
        if place < _CROSSED:
            yield from (sides.completed(point, setting) for setting in settings)
        else:
            yield sides.completed(point, settings[place % len(settings)])


def without_value(sides: Sides, domain: Domain, seconds: float) -> tuple[Point, str] | None:
    """Return a point of the domain at which a side has no value, and why; None if none is found.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes for which it is made.
    seconds : float
        After so many seconds no further size is tried.
    """
    if not sides.unproved(domain.least):
        return None
    end = time.monotonic() + seconds
    depth = depth_of(sides)
    along = domain.path_letters | (set(domain.ranges) if domain.layers else set())
    idle = [letter for letter in domain.ranges if letter not in sides.letters_of_conditions | along]
    points = on_path(domain, domain.points(depth, idle=idle))
    if sides.has_formulas and points:
        kept = {letter: points[0][letter] for letter in idle}
        points = on_path(domain, domain.with_layers(critical_sizes(sides, domain, kept), depth)) + points
        points.sort(key=lambda point: sum(int(point[letter]) for letter in domain.ranges))
    settings = sides.settings()
    few = points[: _SMALLEST * _CROSSED]
    cases = [(point, settings[0]) for point in points] + [(point, other) for point in few for other in settings[1:]]
    for point, setting in cases:
        if time.monotonic() > end:
            break
        full = sides.completed(point, setting)
        problem = sides.without_value(full)
        if problem and is_inside(sides, point):
            return full, problem
    return None


def wherever_defined(sides: Sides, domain: Domain) -> str:
    """Return the restriction that a scope needs where nobody knows that both sides have a value at all its sizes.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes for which it is made.
    """
    return ", wherever both sides have a value" if sides.unproved(domain.least) else ""


def at_text(point: Point) -> str:
    """Return the letters of a point with their numbers, as text.

    Parameters
    ----------
    point : mapping
        Numbers for letters.

    Examples
    --------
    >>> from theory import symbols
    >>> at_text({symbols.whole("n"): 1, symbols.norm_symbol(2): 2})
    'n = 1, |x| = 2'
    """
    return ", ".join(f"{name_of(letter)} = {value}" for letter, value in point.items())
