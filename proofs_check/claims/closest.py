"""Values of letters that are no sizes at which an inequality comes closest to failing, such as a variance s/n at s = 1.

A letter is varied over its whole range with the others held, in floats, which only propose: each place where the gap
between the sides is least is rounded to a plain fraction, and there the claim is decided exactly or in balls.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from proofs_check.claims.domain import Point
from proofs_check.claims.parameters import NORM, order_of_moment, order_of_norm
from proofs_check.claims.sides import Sides
from proofs_check.claims.trials import Trials, is_inside, truth_at
from theory import symbols
from theory.balls import OutOfTime, deadline
from theory.ensembles import InvalidArgument
from theory.moments.two_inputs import COSINE

_SIZES, _SETTINGS, _ROUNDS = 6, 3, 2
"""So many sizes, values of the other letters to begin with, and times that each letter is varied."""
_DECADES, _STEPS = 3, 60
"""Positive letters go from 1/1000 to 1000, in so many steps each ten-fold."""
_ZOOMS, _INSIDE = 8, 41
_MOST_PLACES = 4
_PLAIN = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 25, 32, 64, 100, 1000, 10**4, 10**6, 10**9)
"""The greatest denominators that are tried, the plainest first."""
_ROOTS = 100
_NEAR = 1e-6
_CLOSE = 1e-4
_TOUCHES = mpmath.mpf(10) ** -40
_MOST_TERMS = 30
_MOST_OPERATIONS = 3000
SIMPLE = tuple(map(sp.Rational, ("1", "1/2", "3/4", "9/8", "5/4", "2")))
"""Values of positive letters that are tried beside those that floats propose."""

_Function = Callable[..., Any]
_Floats = np.ndarray[Any, np.dtype[np.float64]]


def try_closest(sides: Sides, points: Sequence[Point], *, seconds: float) -> Trials:
    """Try an inequality at the values of its letters, other than sizes, at which it comes closest to failing.

    Parameters
    ----------
    sides : Sides
        The claim; nothing is tried of an equation, or where theory has no formulas.
    points : sequence of points
        The sizes; the first few are used.
    seconds : float
        After so many seconds no further size is begun; the first one is always finished.

    Returns
    -------
    Trials
        Where it fails, has no value, stays undecided, or its sides agree near a place that is no plain fraction.
    """
    out, began = Trials(), time.monotonic()
    letters = _varied(sides)
    if sides.meaning.relation == "=" or not sides.has_formulas or not letters:
        return out
    seen: set[tuple[tuple[str, sp.Expr], ...]] = set()
    for sizes in islice((point for point in points if is_inside(sides, point)), _SIZES):
        gap = gap_of(sides, sizes)
        if gap is None:
            continue
        starts = [sides.completed(sizes, setting) for setting in _starts(sides, letters)]
        names = [letter for letter in starts[0] if not letter.is_integer]
        call = in_floats(names, gap)
        free = [letter for letter in letters if letter != COSINE or not _is_line(sides, sizes)]
        searches = [_Search(sides, call, names, free, start) for start in starts]
        for search, descend in product(searches, (False, True) if len(letters) > 1 else (False,)):
            for found, letter in search.found(descend=descend):
                key = tuple(sorted((str(x), value) for x, value in found.items()))
                if key not in seen:
                    seen.add(key)
                    least = letter if letter is not None and search.is_dip(found, letter) else None
                    _decide(sides, found, gap, least, out, began + 4 * seconds)
                if out.failed:  # the smallest sizes come first
                    return out
        if time.monotonic() - began > seconds:
            return out
    return out


def _is_line(sides: Sides, sizes: Point) -> bool:
    """Whether inputs have one entry, so that a cosine is 1 or -1."""
    return bool(symbols.whole(sides.net.width_at(0)).xreplace(dict(sizes)) == 1)


def _varied(sides: Sides) -> list[sp.Symbol]:
    """Return the letters that can be varied alone: not the norms of an input, nor moments of a law that bind others."""
    letters = sides.varied(norms=not sides.is_homogeneous)
    moments = [letter for letter in letters if order_of_moment(letter)]
    bound = [letter for letter in letters if order_of_norm(letter)]
    bound += moments if len(moments) > 1 else []
    bound += [NORM] if any(order_of_norm(letter) for letter in letters) else []
    return [letter for letter in letters if letter not in bound]


def _starts(sides: Sides, letters: Sequence[sp.Symbol]) -> list[dict[sp.Symbol, sp.Expr]]:
    """Return a few values of all letters to begin with, the plainest and others that differ from them in each."""
    settings = sides.settings()
    if len(letters) == 1:  # it is varied over its whole range, wherever it begins
        others = [{x: value for x, value in setting.items() if x not in letters} for setting in settings]
        settings = [setting for place, setting in enumerate(settings) if others[place] not in others[:place]]
    step = max(1, len(settings) // _SETTINGS + 1)
    return settings[::step][:_SETTINGS]


def gap_of(sides: Sides, sizes: Point) -> tuple[sp.Expr, sp.Expr] | None:
    """Return the side that must be greater and the other one, in letters that are left; None if too long.

    Parameters
    ----------
    sides : Sides
        The claim, whose statistics have formulas.
    sizes : mapping of Symbol to sympy.Integer
        The sizes that are given.
    """
    both = []
    known = {**sizes, **({NORM: sp.S.One} if sides.is_homogeneous else {})}
    for side in (sides.meaning.left, sides.meaning.right):
        formula = sides.formula(side)
        if formula.has(sp.Sum, sp.Product) and any(value > _MOST_TERMS for value in sizes.values()):
            return None
        value = formula.xreplace(known)
        value = value.doit() if value.has(sp.Sum, sp.Product) else value
        if value.count_ops() > _MOST_OPERATIONS:
            return None
        both.append(value)
    left, right = both
    return (left, right) if sides.meaning.relation in (">", ">=") else (right, left)


def in_floats(names: Sequence[sp.Symbol], gap: tuple[sp.Expr, sp.Expr]) -> _Function:
    """Return both sides as a function of arrays; to name the module saves SymPy from loading all of NumPy's parts.

    Parameters
    ----------
    names : sequence of Symbol
        The letters, in the order of the function's arguments.
    gap : pair of sympy.Expr
        Both sides.
    """
    printer = NumPyPrinter({"fully_qualified_modules": True, "inline": True, "allow_unknown_functions": True})
    function: _Function = sp.lambdify(names, list(gap), modules=[{"numpy": np}], printer=printer, cse=True)
    return function


def _range_of(letter: sp.Symbol, slope: str) -> _Floats:
    """Return the values of a letter at which the gap is looked at."""
    if letter == COSINE:
        return np.linspace(-1, 1, 401)
    if str(letter) == slope:
        return np.linspace(0, 1, 402)[1:-1]
    positive = np.logspace(-_DECADES, _DECADES, 2 * _DECADES * _STEPS + 1)
    return 1 + np.concatenate([[0.0], positive]) if order_of_moment(letter) else positive


@dataclass
class _Search:
    """A descent from one start, in one letter after another.

    Parameters
    ----------
    sides : Sides
        The claim.
    call : callable
        The side that must be greater, and the other, in floats.
    names : list of Symbol
        The letters that the function takes.
    letters : list of Symbol
        The letters that are varied.
    start : mapping of Symbol to sympy.Expr
        Numbers for all letters.
    """

    sides: Sides
    call: _Function
    names: list[sp.Symbol]
    letters: list[sp.Symbol]
    start: Mapping[sp.Symbol, sp.Expr]

    def found(self, *, descend: bool) -> Iterator[tuple[dict[sp.Symbol, sp.Expr], sp.Symbol | None]]:
        """Yield points that are tried, each with the letter in which the gap is least there.

        Parameters
        ----------
        descend : bool
            Whether the next letter is varied from where the gap is least in the one before, rather than from the start.
        """
        now = dict(self.start)
        for _ in range(_ROUNDS if descend else 1):
            for letter in self.letters:
                values = _range_of(letter, self.sides.slope_letter)
                ends = float(values[0]), float(values[-1])
                places = self._places(now, letter, values)
                for place in places:
                    yield from (({**now, letter: x}, letter) for x in self._candidates(now, letter, place, ends))
                if ends[0] < 1e-2 and ends[1] > 1 and letter != NORM and not descend:
                    yield from (({**now, letter: value}, None) for value in SIMPLE)
                inner = [
                    place for place in places if not any(_is_near(end, place, 1e-2) for end in map(sp.Float, ends))
                ]
                if inner and descend:
                    now = {**now, letter: next(x for x in _plain(inner[0], *ends) if _is_near(x, inner[0], _NEAR))}

    def _candidates(self, now: Point, letter: sp.Symbol, place: float, ends: tuple[float, float]) -> Iterator[sp.Expr]:
        """Yield the plainest number at which the claim seems false, and the plainest ones near the place."""
        lacking = [1e-3, _NEAR]
        fails = False
        for plain in _plain(place, *ends):
            seems_false = not fails and self._gaps(now, letter, np.array([float(plain)]))[1][0] < 0
            near = [tolerance for tolerance in lacking if _is_near(plain, place, tolerance)]
            lacking = [tolerance for tolerance in lacking if tolerance not in near]
            fails = fails or seems_false
            if seems_false or near:
                yield plain
            if not lacking:
                return

    def _gaps(self, now: Point, letter: sp.Symbol, values: _Floats) -> tuple[_Floats, _Floats]:
        """Return the gap in units of both sides' size, and as it is."""
        numbers = [values if name == letter else float(now[name]) for name in self.names]
        with np.errstate(all="ignore"):
            try:
                great, small = (
                    np.broadcast_to(np.asarray(side, dtype=float), values.shape) for side in self.call(*numbers)
                )
            except (TypeError, NameError, AttributeError, ValueError, OverflowError, ZeroDivisionError):
                return np.full(values.shape, np.nan), np.full(values.shape, np.nan)
            plain = great - small
            return plain / (np.abs(great) + np.abs(small)), plain

    def is_dip(self, point: Point, letter: sp.Symbol) -> bool:
        """Whether the gap is far smaller at a point than beside it."""
        place = float(point[letter])
        shift = max(abs(place), 0.1) / 20
        here, *beside = np.abs(self._gaps(point, letter, np.array([place, place - shift, place + shift]))[1])
        return bool(here <= _CLOSE * min(beside))

    def _places(self, now: Point, letter: sp.Symbol, values: _Floats) -> list[float]:
        """Return where the gap is least, refined; the least first."""
        places: dict[float, float] = {}
        for kind in (0, 1):
            heights = self._gaps(now, letter, values)[kind]
            heights = np.where(np.isfinite(heights), heights, np.inf)
            before, after = np.r_[np.inf, heights[:-1]], np.r_[heights[1:], np.inf]
            lows = np.flatnonzero(
                np.isfinite(heights)
                & (heights <= before)
                & (heights <= after)
                & ((heights < before) | (heights < after))
            )
            lows = lows[np.argsort(heights[lows], kind="stable")][:_MOST_PLACES]
            for low in map(int, lows):
                place = self._refined(now, letter, values[max(low - 1, 0)], values[min(low + 1, len(values) - 1)], kind)
                height = self._gaps(now, letter, np.array([place]))[0][0]
                places[place] = float(height) if np.isfinite(height) else np.inf
        return sorted(places, key=lambda place: places[place])

    def _refined(self, now: Point, letter: sp.Symbol, low: float, high: float, kind: int) -> float:
        """Return the place of the least gap between two values."""
        middle = low
        for _ in range(_ZOOMS):
            values = np.linspace(low, high, _INSIDE)
            heights = self._gaps(now, letter, values)[kind]
            least = int(np.argmin(np.where(np.isfinite(heights), heights, np.inf)))
            middle = float(values[least])
            low, high = values[max(least - 1, 0)], values[min(least + 1, _INSIDE - 1)]
        return middle


def _plain(place: float, low: float, high: float) -> Iterator[sp.Expr]:
    """Yield numbers around a place, the plainest first: fractions, and roots of them where these are that near.

    Examples
    --------
    >>> next(_plain(0.50000001, 0.4, 0.9)), next(_plain(2**0.5, 1.1, 1.9))
    (1/2, sqrt(2))
    """
    for most in _PLAIN:
        fraction, square = (Fraction(number).limit_denominator(most) for number in (place, place * place))
        root = sp.sqrt(sp.Rational(square.numerator, square.denominator)) * (1 if place > 0 else -1)
        choices = [
            sp.Rational(fraction.numerator, fraction.denominator),
            *([root] if max(most, square.numerator) <= _ROOTS else []),
        ]
        for choice in choices:
            if low <= float(choice) <= high and (choice.is_Rational or _is_near(choice, place, _NEAR)):
                yield choice
    yield sp.Rational(*place.as_integer_ratio())


def _is_near(number: sp.Expr, place: float, tolerance: float) -> bool:
    return bool(abs(float(number) - place) <= tolerance * max(abs(place), 1e-3))


def _decide(
    sides: Sides,
    point: Mapping[sp.Symbol, sp.Expr],
    gap: tuple[sp.Expr, sp.Expr],
    letter: sp.Symbol | None,
    out: Trials,
    end: float,
) -> None:
    """Decide the claim at a point, and look for a place nearby at which a strict inequality is an equality."""
    try:
        with deadline(end):
            problem = sides.without_value(point)
            truth = None if problem else truth_at(sides, point)
    except OutOfTime:
        return
    except InvalidArgument as bad:
        out.undefined.append((point, bad.problem))
        return
    if problem:
        out.undefined.append((point, problem))
    elif truth is not True:
        (out.failed if truth is False else out.undecided).append(point)
    elif letter is not None and sides.meaning.relation in ("<", ">") and _touches(point, gap, letter):
        out.touching.append(point)
    else:
        out.held.append(point)


def _touches(point: Mapping[sp.Symbol, sp.Expr], gap: tuple[sp.Expr, sp.Expr], letter: sp.Symbol) -> bool:
    """Whether the sides agree to 40 digits where the gap is least in a letter, near a point."""
    others = {x: value for x, value in point.items() if x != letter}
    difference = (gap[0] - gap[1]).xreplace(others)
    place = float(point[letter])
    try:
        with mpmath.workdps(60):
            gap_at, slope_at = (
                sp.lambdify(letter, formula, modules="mpmath") for formula in (difference, sp.diff(difference, letter))
            )
            shift = mpmath.mpf(max(abs(place), 0.1)) / 20
            beside = min(abs(gap_at(place - shift)), abs(gap_at(place + shift)))
            root = mpmath.findroot(slope_at, mpmath.mpf(place), tol=1e-90, maxsteps=60)
            return bool(abs(root - place) <= shift and abs(gap_at(root)) <= _TOUCHES * beside)
    except (ValueError, TypeError, NameError, ZeroDivisionError, OverflowError):
        return False
