"""How sharp a check is: nearby false variants of the claim, judged by the same evidence."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from proofs_check.claims.algebra import is_identical
from proofs_check.claims.asymptotics import judge_asymptotically
from proofs_check.claims.checked import Judgement, Sharpness
from proofs_check.claims.domain import Domain, Point
from proofs_check.claims.meaning import understand
from proofs_check.claims.mutants import Variant, variants
from proofs_check.claims.sampled import Drawing, judge_point
from proofs_check.claims.sides import Sides
from proofs_check.claims.trials import size_letters, truth_at
from proofs_check.verdict import Verdict
from theory import symbols
from theory.balls import Ball, deadline
from theory.ensembles import InvalidArgument

_LONGEST = 4.0
"""So many seconds a variant may take at one size."""
_COMPARED = 24
"""At so many sizes a variant of an inequality is compared."""


def _others(sides: Sides) -> Iterable[tuple[Variant, sp.Expr]]:
    """Yield the claim's variants with their right sides, those that can be read."""
    for variant in variants(sides.meaning.source.text, sides.net.symbols):
        try:
            meaning = understand(variant.claim, sides.net)
        except InvalidArgument:
            continue
        renamed = {
            letter: known
            for letter, statistic in meaning.statistics.items()
            for known, other in sides.meaning.statistics.items()
            if statistic == other
        }
        right = meaning.right.xreplace(renamed)
        if right != sides.meaning.right and not right.has(sp.zoo, sp.nan, sp.oo):
            yield variant, right


def of_exact(sides: Sides, domain: Domain, judgement: Judgement, seconds: float) -> Sharpness:
    """Return how sharp a check by formulas or balls is.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        Its sizes.
    judgement : Judgement
        What was found; only of a supported claim variants are tried.
    seconds : float
        After so many seconds no further variant is tried.
    """
    end = time.monotonic() + seconds
    if judgement.verdict is not Verdict.SUPPORTED:
        return Sharpness()
    points = _comparable(sides, domain)
    proved = sides.has_formulas and sides.meaning.relation == "=" and judgement.tiers[0][0] == "derived"
    refuted, tried, survives = [], 0, []
    for variant, right in _others(sides):
        if time.monotonic() > end:
            break
        if proved and is_identical(sides.formula(right) - sides.formula(sides.meaning.right)):
            continue  # it says the same
        truths = [_truth(sides, point, right) for point in points]
        if sides.meaning.relation != "=" and not _is_stronger(sides, points, right):
            continue  # it claims less
        tried += 1
        if False in truths:
            refuted.append((_distance(sides, points, right), variant.name))
        else:
            survives.append(variant.name)
    return _summary(refuted, tried, survives)


def _summary(
    refuted: list[tuple[float, str]], tried: int, survives: list[str], resolution: float | None = None
) -> Sharpness:
    distance, nearest = min(refuted, default=(math.inf, ""))
    return Sharpness(
        len(refuted), tried, nearest, distance if math.isfinite(distance) else None, tuple(survives), resolution
    )


def _comparable(sides: Sides, domain: Domain) -> list[Point]:
    """Return sizes at which variants are compared with the claim: the ladder's first ones, and its ends."""
    depth = symbols.whole(sides.net.depth)
    points = domain.points(depth, all_sizes=False)
    few = _COMPARED if sides.has_formulas else _COMPARED // 4
    wide = max(points, key=lambda point: _width_first(point, domain, depth))
    chosen = points if len(points) <= few else [*points[: few - 3], points[len(points) // 2], wide, points[-1]]
    settings = sides.settings()
    full = [sides.completed(point, settings[0]) for point in chosen]
    full += [sides.completed(point, settings[-1]) for point in (*chosen[:4], *chosen[-3:])]
    return [{**point, **{letter: f.xreplace(point) for letter, f in domain.path.items()}} for point in full]


def _width_first(point: Point, domain: Domain, depth: sp.Expr) -> tuple[int, int]:
    letters = size_letters(domain, depth)
    return (int(point[letters[0]]) if letters else 0, -sum(int(point[x]) for x in letters))


def _truth(sides: Sides, point: Point, right: sp.Expr) -> bool | None:
    try:
        with deadline(time.monotonic() + _LONGEST):
            return truth_at(sides, point, right)
    except (InvalidArgument, ValueError, ZeroDivisionError):  # a variant may have no value there
        return None


def _is_stronger(sides: Sides, points: list[Point], right: sp.Expr) -> bool:
    """Whether another bound claims more than the claim's at some size."""
    upper = sides.meaning.relation in ("<=", "<")
    for point in points:
        try:
            gap = sides.ball(right, point) - sides.ball(sides.meaning.right, point)
        except InvalidArgument:
            continue
        if (gap < 0) if upper else (gap > 0):
            return True
    return False


def _distance(sides: Sides, points: list[Point], right: sp.Expr) -> float:
    """Return how far another right side is from the claim's, relative to it: the median over the sizes.

    It is infinite where the claim's is 0 at all of them.
    """
    distances = []
    for point in points:
        try:
            claimed, other = sides.ball(sides.meaning.right, point), sides.ball(right, point)
        except InvalidArgument:
            continue
        if claimed.is_finite() and not claimed.contains(0):
            distances.append(abs(float((other - claimed) / claimed)))
    distances = sorted(d for d in distances if d > 0)
    return distances[len(distances) // 2] if distances else float("inf")


def of_limits(sides: Sides, domain: Domain, judgement: Judgement, seconds: float) -> Sharpness:
    """Return how sharp a check of a limit is; arguments as for :func:`of_exact`.

    Parameters
    ----------
    sides, domain, judgement, seconds
        As for :func:`of_exact`.
    """
    if judgement.verdict is not Verdict.SUPPORTED:
        return Sharpness()
    refuted: list[str] = []
    survives: list[str] = []
    end = time.monotonic() + seconds
    for variant, right in _others(sides):
        if time.monotonic() > end:
            break
        other = Sides(replace(sides.meaning, right=right), sides.net)
        verdict = judge_asymptotically(other, domain, seconds=seconds).verdict
        (refuted if verdict is Verdict.REFUTED else survives).append(variant.name)
    tried = len(refuted) + len(survives)
    return Sharpness(len(refuted), tried, refuted[0] if refuted else "", survives=tuple(survives))


def of_drawing(
    sides: Sides, drawing: Drawing, found: list[tuple[Point, Mapping[Any, Ball]]], judgement: Judgement
) -> Sharpness:
    """Return how sharp a check by drawn networks is.

    Parameters
    ----------
    sides : Sides
        The claim.
    drawing : Drawing
        What was drawn.
    found : list of (point, balls)
        What was measured at each size.
    judgement : Judgement
        What was found.
    """
    resolution = _resolution(sides, found)
    if judgement.verdict is not Verdict.SUPPORTED:
        return Sharpness(resolution=resolution)
    refuted, tried, survives = [], 0, []
    points = [point for point, _ in found]
    for variant, right in _others(sides):
        if sides.meaning.relation != "=" and not _is_stronger(sides, points, right):
            continue
        tried += 1
        verdicts = [_drawn_verdict(sides, right, point, balls, drawing) for point, balls in found]
        if Verdict.REFUTED in verdicts:
            refuted.append((_distance(sides, points, right), variant.name))
        else:
            survives.append(variant.name)
    return _summary(refuted, tried, survives, resolution)


def _drawn_verdict(sides: Sides, right: sp.Expr, point: Point, balls: Mapping[Any, Ball], drawing: Drawing) -> Verdict:
    try:
        return judge_point(sides, right, point, balls, drawing.tolerance)
    except InvalidArgument:
        return Verdict.INCONCLUSIVE


def _resolution(sides: Sides, found: list[tuple[Point, Mapping[Any, Ball]]]) -> float | None:
    """Return the share by which a claim may be off before an interval refutes it, at the least sharp size."""
    worst = 0.0
    for point, balls in found:
        left, right = (sides.ball(side, point, 30, balls) for side in (sides.meaning.left, sides.meaning.right))
        if right.contains(0):
            return None
        worst = max(worst, float(2 * left.rad() / abs(right)))
    return worst if math.isfinite(worst) else None
