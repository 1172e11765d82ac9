"""Sizes at which an inequality comes closest to failing, such as L = 137 in (L - 137)^2 >= 1/2: a window of one size.

Both sides are looked at as functions of a real number in place of a size, in floats, which only propose: whole numbers
beside the places where the gap is least are then decided exactly or in balls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import sympy as sp

from proofs_check.claims.closest import gap_of, in_floats
from proofs_check.claims.domain import LARGEST, Domain, Point
from proofs_check.claims.parameters import NORM
from proofs_check.claims.sides import Sides

_EACH, _FURTHEST, _STEPS = 4096, 1e12, 600
"""Each size up to the first is looked at, then so many up to the second."""
_MOST_PLACES, _SETTINGS, _ROUNDS, _ZOOMS, _INSIDE = 3, 2, 2, 12, 21
_BESIDE = (1, 8)
"""The values that the other sizes have to begin with."""

_Floats = np.ndarray[Any, np.dtype[np.float64]]


def narrow_sizes(sides: Sides, domain: Domain, idle: Point) -> list[dict[sp.Symbol, sp.Expr]]:
    """Return sizes at which the gap between the sides of an inequality is least.

    Parameters
    ----------
    sides : Sides
        The claim, whose statistics have formulas.
    domain : Domain
        The sizes for which it is made; none are returned where layers are letters.
    idle : mapping of Symbol to sympy.Integer
        The sizes that do not matter, each with the one value that it has.
    """
    letters = [x for x, values in domain.ranges.items() if x not in idle and len(values.values) >= LARGEST]
    if sides.meaning.relation == "=" or domain.layers or not letters:
        return []
    gap = gap_of(sides, {})
    if gap is None:
        return []
    names = [*domain.ranges, *domain.fixed, *sides.parameters]
    great, small = (side.xreplace(dict(domain.path)) for side in gap)
    call = in_floats(names, (great, small))
    out: dict[tuple[tuple[str, sp.Expr], ...], dict[sp.Symbol, sp.Expr]] = {}
    for beside in _BESIDE:
        start = {x: max(beside, values.values[0]) for x, values in domain.ranges.items()}
        start |= {x: int(value) for x, value in idle.items()} | {x: int(v) for x, v in domain.fixed.items()}
        for setting in sides.settings()[:_SETTINGS]:
            rest = sides.completed({x: sp.Integer(v) for x, v in start.items()}, setting)
            now: dict[sp.Symbol, float] = {x: float(value) for x, value in rest.items()}
            now = {NORM: 1.0, **now}
            for _ in range(_ROUNDS if len(letters) > 1 else 1):
                for letter in letters:
                    places = list(_places(call, names, now, letter, domain))
                    for place in places:
                        found = {x: sp.Integer(int(now[x])) for x in domain.ranges} | {letter: sp.Integer(place)}
                        out[tuple((str(x), value) for x, value in found.items())] = found
                    if places:
                        now = {**now, letter: float(places[0])}
    return list(out.values())


def _places(
    call: Any, names: Sequence[sp.Symbol], now: dict[sp.Symbol, float], letter: sp.Symbol, domain: Domain
) -> Iterator[int]:
    """Yield whole numbers beside the places where the gap is least in one size, the least first."""
    values = domain.ranges[letter].values
    last = _FURTHEST if domain.is_endless(letter) else float(values[-1])
    allowed = None if domain.is_endless(letter) else set(values)

    def gaps(at: _Floats) -> tuple[_Floats, _Floats]:
        numbers = [at if name == letter else now.get(name, 1.0) for name in names]
        with np.errstate(all="ignore"):
            try:
                great, small = (np.broadcast_to(np.asarray(side, dtype=float), at.shape) for side in call(*numbers))
            except (TypeError, NameError, AttributeError, ValueError, OverflowError, ZeroDivisionError):
                return np.full(at.shape, np.inf), np.full(at.shape, np.inf)
            plain = great - small
            both = plain / (np.abs(great) + np.abs(small)), plain
        return tuple(np.where(np.isfinite(one), one, np.inf) for one in both)  # type: ignore[return-value]

    first = float(values[0])
    near = np.arange(first, min(last, first + _EACH) + 1)
    grid = np.concatenate([near, np.geomspace(near[-1], last, _STEPS)[1:]]) if last > near[-1] else near
    lows: dict[int, tuple[float, float]] = {}
    for heights, kind in zip(gaps(grid), (0, 1), strict=True):
        before, after = np.r_[np.inf, heights[:-1]], np.r_[heights[1:], np.inf]
        is_low = (heights <= before) & (heights <= after) & (heights < np.fmax(before, after))
        dips = np.flatnonzero(np.isfinite(heights) & is_low)
        dips = dips[np.argsort(heights[dips], kind="stable")][:_MOST_PLACES]
        for dip in map(int, dips):
            low, high = grid[max(dip - 1, 0)], grid[min(dip + 1, len(grid) - 1)]
            for _ in range(_ZOOMS if high - low > 2 else 0):
                inside = np.linspace(low, high, _INSIDE)
                least = int(np.argmin(gaps(inside)[kind]))
                low, high = inside[max(least - 1, 0)], inside[min(least + 1, _INSIDE - 1)]
            middle = (low + high) / 2
            for whole in {int(np.floor(middle)), int(np.ceil(middle)), round(float(grid[dip]))}:
                if whole >= first and (whole in allowed if allowed is not None else whole <= _FURTHEST):
                    share, plain = (float(one[0]) for one in gaps(np.array([float(whole)])))
                    lows[whole] = round(share, 9), plain  # far from the gap the share is flat, up to rounding
    yield from sorted(lows, key=lambda whole: lows[whole])
