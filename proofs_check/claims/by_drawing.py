"""Claims that theory cannot decide: judged at a few sizes by networks that are drawn, with a stated tolerance."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
import sympy as sp

from montecarlo import Estimate
from proofs_check.claims.checked import Judgement
from proofs_check.claims.counterexamples import Counterexample, side_value
from proofs_check.claims.cross_check import at_text
from proofs_check.claims.directions import one_direction
from proofs_check.claims.domain import Domain, Point
from proofs_check.claims.negative_orders import has_negative_order
from proofs_check.claims.norms import AllNorms, decide
from proofs_check.claims.parameters import NORM, NORMS, Setting, at_norm, at_unit, name_of
from proofs_check.claims.random_numbers import Exceedance, Statistic
from proofs_check.claims.sampled import Drawing, as_ball, judge_point, measure, open_share
from proofs_check.claims.scaling import at_norm_one, by_norm, is_homogeneous, is_scale_free
from proofs_check.claims.scopes import sizes_text, values_text
from proofs_check.claims.sides import Sides
from proofs_check.claims.tolerances import rooms, within_text
from proofs_check.claims.trials import size_letters
from proofs_check.verdict import Verdict
from theory import symbols
from theory.balls import Ball
from theory.ensembles import Ensemble, InvalidArgument

_SMALL = {True: (4, 16), False: (2, 8)}  # widths and depths that are drawn where the claim names none
_MOST_POINTS = 16
_TIES = 1e-3
"""A share of networks that may be on either side of a threshold, which more networks do not make smaller."""

Found = list[tuple[Point, Mapping[Any, Ball]]]
"""What was measured at each size, for each value of the other letters."""


def judge_by_drawing(
    sides: Sides, domain: Domain, drawing: Drawing, *, told: Callable[[int, int], object]
) -> tuple[Judgement, Found]:
    """Judge a claim at a few sizes by drawn networks.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes; by default four small ones are drawn.
    drawing : Drawing
        How much is drawn.
    told : callable
        Called with the number of sizes done and the number of all.

    Returns
    -------
    judgement : Judgement
    found : list of (point, balls)
        What was measured at each size, for variants of the claim.

    Raises
    ------
    InvalidArgument
        If a statistic can be neither derived nor drawn.
    """
    cases = _cases(sides, domain)
    letters = list(dict.fromkeys(letter for point in cases.points for letter in _unknown(sides, point)))
    for letter in letters:
        if has_negative_order(sides.meaning.statistics[letter]):
            problem = f"{sides.meaning.statistics[letter].text} may be infinite, which no sample shows"
            raise InvalidArgument("claim", problem, "ask for the median, or for the logarithm")
    norms = (sp.S.One,) if sides.is_homogeneous or NORM not in sides.occurring() else NORMS
    wanted = {
        _measured_at(sides, letter, at_norm(point, norm))[:2]
        for point in cases.points
        for letter in letters
        for norm in norms
    }
    measured = _Measured(sides, drawing, drawing.error / max(1, len(wanted)))
    began = time.monotonic()
    found: Found = []
    everywhere = sides.is_homogeneous
    for done, point in enumerate(cases.points):
        told(done, len(cases.points))
        for norm in norms:
            there = at_norm(point, norm)
            found.append((there, measured.balls(letters, there)))
    if len(norms) > 1 and sides.decides_norms and is_homogeneous(sides.net):
        at_one = [(at, balls) for at, balls in found if at[NORM] == 1]
        decisions = [_for_all_norms(sides, at, balls) for at, balls in at_one]
        everywhere = all(one.truth for one in decisions)
        for (at, _), one in zip(at_one, decisions, strict=True):
            for norm in one.witnesses:
                there = at_norm(at_unit(at), norm)
                found.append((there, measured.balls(letters, there)))
    seconds = time.monotonic() - began
    for at, balls in found:
        problem = sides.without_value(at, balls)
        if problem:
            says = f"no value at {at_text(at)}: {problem}"
            return Judgement(Verdict.INCONCLUSIVE, _sizes_text(sides, domain, found), (("simulated", says),)), found
    scope = _sizes_text(sides, domain, found) + cases.text
    direction = one_direction(sides, measured.nets)
    if NORM in sides.occurring():
        scope += ", all |x|" if everywhere else values_text({NORM: NORMS})
        scope += f" in the direction {direction}" if direction else ""
    else:
        scope += ", |x| = 1" if not sides.net.is_homogeneous and is_scale_free(sides.meaning) else ""
        scope += f", for the input {direction}" if direction else ""
    return _judged(sides, domain, drawing, found, seconds, scope), found


def _for_all_norms(sides: Sides, point: Point, balls: Mapping[Any, Ball]) -> AllNorms:
    try:
        coefficients = sides.coefficients(at_unit(point), 30, balls)
    except InvalidArgument:
        return AllNorms(None)
    if not all(ball.is_finite() for ball in coefficients):
        return AllNorms(None)
    return decide(list(sides.in_norm or ()), coefficients, strict=sides.meaning.relation in ("<", ">"))


def _measured_at(sides: Sides, letter: sp.Symbol, point: Point) -> tuple[Statistic, Ensemble, sp.Expr]:
    """Return what is measured for a statistic, on which networks, and the norm of the input that is left to scale."""
    asked, norm = sides.meaning.statistics[letter].at(point), point.get(NORM, sp.S.One)
    if norm != 1 and is_homogeneous(sides.net) and by_norm(asked, letter) is not None:
        return at_norm_one(asked, norm), sides.network(at_unit(point)), norm
    return asked, sides.network(point), sp.S.One


@dataclass
class _Measured:
    """Measures each statistic once, for an input of norm 1 wherever the others follow from it."""

    sides: Sides
    drawing: Drawing
    share: float

    def __post_init__(self) -> None:
        self._known: dict[tuple[Statistic, Ensemble], Estimate] = {}

    @property
    def nets(self) -> list[Ensemble]:
        """The networks that were drawn."""
        return [net for _, net in self._known]

    def balls(self, letters: list[sp.Symbol], point: Point) -> Mapping[Any, Ball]:
        return {letter: self._ball(letter, point) for letter in letters}

    def _ball(self, letter: sp.Symbol, point: Point) -> Ball:
        asked, net, norm = _measured_at(self.sides, letter, point)
        if (asked, net) not in self._known:
            self._known[asked, net] = measure(asked, net, self.drawing, self.share)
        ball = as_ball(self._known[asked, net], rounded=not isinstance(asked, Exceedance))
        return ball if norm == 1 else self.sides.rescaled(letter, ball, norm, 30)


@dataclass(frozen=True)
class _Cases:
    """The sizes that are drawn with values of the other letters, but |x|; and these values, in words."""

    points: list[dict[sp.Symbol, sp.Expr]]
    text: str


def _cases(sides: Sides, domain: Domain) -> _Cases:
    sizes = _sizes(sides, domain)
    letters, settings = sides.varied(norms=False), sides.settings(norms=False)
    one = len({sides.network(sides.completed(sizes[0], setting)) for setting in settings}) == 1
    at_all = one or len(sizes) * len(settings) <= _MOST_POINTS
    points = [sides.completed(size, settings[0]) for size in sizes]
    points += [sides.completed(size, other) for size in (sizes if at_all else sizes[:1]) for other in settings[1:]]
    values = {letter: tuple(dict.fromkeys(setting[letter] for setting in settings)) for letter in letters}
    if at_all:
        return _Cases(points, values_text(values))
    first = values_text({letter: numbers[:1] for letter, numbers in values.items()})
    return _Cases(points, f"{first} (at the first size: {values_text(values)[2:]})")


def _sizes(sides: Sides, domain: Domain) -> list[dict[sp.Symbol, sp.Expr]]:
    depth = symbols.whole(sides.net.depth)
    points = domain.points(depth, all_sizes=domain.size() <= _MOST_POINTS)
    chosen = []
    for point in points:
        small = all(domain.ranges[x].given or int(point[x]) in _SMALL[x != depth] for x in size_letters(domain, depth))
        if small:
            chosen.append(point)
    if len(chosen) > _MOST_POINTS:
        places = np.unique(np.linspace(0, len(chosen) - 1, _MOST_POINTS).round().astype(int))
        chosen = [chosen[place] for place in places]
    if not chosen:
        raise InvalidArgument("for", "no size is left to be drawn", "use e.g. --for n=16,L=8")
    return [{**point, **{letter: f.xreplace(point) for letter, f in domain.path.items()}} for point in chosen]


def _unknown(sides: Sides, point: Point) -> Iterator[sp.Symbol]:
    """Yield the statistics that theory does not know at a size."""
    for letter, statistic in sides.meaning.statistics.items():
        try:
            sides.known(statistic.at(at_norm(point, sp.S.One)), sides.network(point))
        except InvalidArgument:
            yield letter


def _sizes_text(sides: Sides, domain: Domain, found: Found) -> str:
    letters = [*size_letters(domain, symbols.whole(sides.net.depth)), *domain.layers]
    sizes = list(dict.fromkeys(", ".join(f"{x} = {point[x]}" for x in letters) for point, _ in found if letters))
    if not sizes:
        return sizes_text(sides, domain)
    text = "; ".join(sizes[:6]) + ("; ..." if len(sizes) > 6 else "")
    return f"{text}, {sizes_text(sides, domain)}" if domain.fixed else f"{text} only"


def _judged(sides: Sides, domain: Domain, drawing: Drawing, found: Found, seconds: float, scope: str) -> Judgement:
    meaning = sides.meaning
    verdicts = [judge_point(sides, meaning.right, point, balls, drawing.tolerance) for point, balls in found]
    letters = {*size_letters(domain, symbols.whole(sides.net.depth)), *domain.layers}
    left = [sides.ball(meaning.left, point, 30, balls) for point, balls in found]
    sizes = len({tuple(point[x] for x in sorted(letters, key=str)) for point, _ in found})
    how = (
        f"{drawing.samples:,} networks at each of {sizes} sizes, error probability {drawing.error:g}"
        + (f", {within_text(sides, found[0][1], drawing.tolerance)}" if meaning.relation == "=" else "")
        + f"; {meaning.written(meaning.left)} in {_span(left[0])}"
        + (f" ... {_span(left[-1])}" if len(left) > 1 else "")
    )
    tiers = (("simulated", how),)
    if Verdict.REFUTED in verdicts:
        place = verdicts.index(Verdict.REFUTED)
        point = found[place][0]
        shown = _shown(point, letters | {*sides.occurring()})
        example = Counterexample(shown, side_value(sides, meaning.right, point), f"in {_span(left[place])}")
        fails = f"fails at {verdicts.count(Verdict.REFUTED)} of {len(found)} cases drawn" if len(found) > 1 else ""
        return Judgement(Verdict.REFUTED, scope, tiers, example, fails)
    verdict = Verdict.of_all(verdicts)
    advice = "" if verdict is Verdict.SUPPORTED else _advice(sides, found, drawing, seconds)
    return Judgement(verdict, scope, tiers, advice=advice)


def _shown(point: Setting, letters: set[sp.Symbol]) -> dict[str, sp.Expr]:
    return {name_of(x): value for x, value in point.items() if x in letters}


def _span(ball: Ball) -> str:
    lo, hi = (float(end) for end in (ball.lower(), ball.upper()))
    return f"[{lo:.6g}, {hi:.6g}]"


def _advice(sides: Sides, found: Found, drawing: Drawing, seconds: float) -> str:
    """Say how many networks would decide the claim, and what that costs here."""
    factor = 1.0
    for point, balls in found:
        for letter in balls:
            asked, net, _ = _measured_at(sides, letter, point)
            if (share := open_share(asked, net, drawing)) > _TIES:
                return (
                    f"{share:.2g} of the networks reach the threshold exactly, or miss it by less than rounding tells: "
                    "no number of networks would decide; move the threshold"
                )
        left, right = (sides.ball(side, point, 30, balls) for side in (sides.meaning.left, sides.meaning.right))
        difference = left - right
        width, gap = float(difference.rad()), abs(float(difference.mid()))
        room = gap
        if sides.meaning.relation == "=":
            if bound := _unprovable(sides, point, balls):
                return bound
            found_rooms = rooms(sides, sides.meaning.right, point, balls, drawing.tolerance)
            room = max((float(one.mid()) for one in found_rooms), default=0.0)
        if not math.isfinite(width):
            return "the intervals are infinite: use more --samples"
        if gap <= 1e-9 * (1 + abs(float(right.mid()))) and sides.meaning.relation != "=":
            return "both sides are equal up to rounding: no number of networks would decide"
        needed = max(abs(room - gap), gap / 2, 1e-3 * room) if sides.meaning.relation == "=" else gap
        if needed <= 0:
            return "both sides are as good as equal: no number of networks would decide"
        factor = max(factor, (width / needed) ** 2)
    networks = math.ceil(1.2 * factor * drawing.samples)
    cost = seconds * networks / drawing.samples
    return f"about {networks:,} networks at each size would decide it: --samples {networks}, some {cost:.0f} s here"


def _unprovable(sides: Sides, point: Point, balls: Mapping[Any, Ball]) -> str:
    """Return what to claim instead of a probability of 0 or 1, which no number of networks shows; else nothing."""
    for letter in balls:
        if not isinstance(sides.meaning.statistics[letter], Exceedance):
            continue
        difference = sides.meaning.left - sides.meaning.right
        for end, ball in ((0, balls[letter]), (1, 1 - balls[letter])):
            if ball.contains(0) and sides.ball(difference, point, 30, {**balls, letter: flint.arb(end)}) == 0:
                far = float(ball.upper()) * 1.01
                text = sides.meaning.statistics[letter].text
                bound = f"<= {far:.2g}" if end == 0 else f">= {1 - far:.6g}"
                return f"no number of networks shows that {text} is {end}: claim a bound, such as {text} {bound}"
    return ""
