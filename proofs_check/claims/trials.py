"""A claim tried at one size after another: where it holds, where it fails, and where that stays open."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import sympy as sp

from proofs_check.claims.algebra import is_identical
from proofs_check.claims.derivations import law_of
from proofs_check.claims.domain import Domain, Point
from proofs_check.claims.norms import AllNorms, decide
from proofs_check.claims.parameters import NORM, NORMS, at_norm
from proofs_check.claims.random_numbers import Activation, Gradient, HessianBlock, Quantile
from proofs_check.claims.relations import holds
from proofs_check.claims.sides import Sides
from theory import symbols
from theory.balls import Ball, OutOfTime, deadline, enclose_number, precision
from theory.ensembles import InvalidArgument

_DIGITS = (30, 60, 120)
_LARGE = 1000
_PATIENCE = 4
"""A number that is being enclosed has so many times as long as new ones are begun."""
FEW = 12
"""At so many of the smallest sizes the other values of parameters are tried, too."""


@dataclass
class Trials:
    """What was found at the sizes tried.

    Parameters
    ----------
    held, failed, undecided, undefined : list of points
        Where the claim holds, fails, cannot be decided, or has no value. Where |x| is missing, this is so for all |x|.
    planned : int
        How many sizes were to be tried.
    complete : bool
        Whether all that was planned was tried, before the time was over.
    settings_at : int or None
        At how many sizes all settings of the parameters were tried; None if at all.
    layers_at : int or None
        At how many sizes all layers were tried; None if at all.
    too_long : point or None
        Where a single number took too long.
    touching : list of points
        Near which the sides of a strict inequality agree to 40 digits.
    """

    held: list[Point] = field(default_factory=list)
    failed: list[Point] = field(default_factory=list)
    undecided: list[Point] = field(default_factory=list)
    undefined: list[tuple[Point, str]] = field(default_factory=list)
    planned: int = 0
    complete: bool = True
    settings_at: int | None = None
    layers_at: int | None = None
    too_long: Point | None = None
    touching: list[Point] = field(default_factory=list)

    @property
    def is_uniform(self) -> bool:
        """Whether all settings and all layers were tried at each size that was tried."""
        return self.settings_at is None and self.layers_at is None


@dataclass(frozen=True)
class Plan:
    """What is tried, in this order: the plainest values of parameters at all sizes, then others, then more layers.

    Parameters
    ----------
    first : sequence of points
        The sizes, with a few layers each.
    others : sequence of points
        Those at which other values of parameters are tried.
    layers : sequence of points
        Further layers.
    letters : sequence of Symbol
        The letters of sizes.
    few : int
        At so many sizes the other values are tried before the first ones are tried at all sizes.
    leaves_layers : bool
        Whether there are layers that are not tried.
    """

    first: Sequence[Point]
    others: Sequence[Point]
    layers: Sequence[Point] = ()
    letters: Sequence[sp.Symbol] = ()
    few: int = FEW
    leaves_layers: bool = False

    @classmethod
    def of(cls, points: Sequence[Point], letters: Sequence[sp.Symbol] = (), few: int = FEW) -> Plan:
        """Return the plan of trying all settings at all sizes."""
        return cls(points, points, (), letters, few)


def try_sizes(
    sides: Sides,
    plan: Plan,
    *,
    seconds: float,
    told: Callable[[int, int], object],
    first_only: bool = False,
) -> Trials:
    """Try a claim at sizes.

    Parameters
    ----------
    sides : Sides
        The claim.
    plan : Plan
        What is tried.
    seconds : float
        After so many seconds nothing further is begun.
    told : callable
        Called with the number of cases done and the number of all.
    first_only : bool
        Whether the first failure ends the search.

    Returns
    -------
    Trials
    """
    began = time.monotonic()
    settings = sides.settings(norms=not sides.decides_norms)
    rest = range(1, len(settings))
    inside = _inside(sides)
    first, others, layers = ([p for p in points if inside(p)] for points in (plan.first, plan.others, plan.layers))
    early = {tuple(point.items()) for point in first[: plan.few]}
    cases = [(point, 0) for point in first[: plan.few]]
    cases += [(point, k) for point in first[: plan.few] for k in rest]
    cases += [(point, 0) for point in first[plan.few :]]
    needed = len(cases)
    cases += [(point, k) for point in others if tuple(point.items()) not in early for k in rest]
    cases += [(point, k) for point in layers for k in range(len(settings))]
    out = Trials(planned=len({_size(point, plan.letters) for point in first}))
    done = len(cases)
    for number, (point, place) in enumerate(cases):
        if number >= 4 and time.monotonic() - began > seconds:
            out.complete, done = number >= needed, number
            break
        told(number, len(cases))
        try:
            with deadline(began + _PATIENCE * seconds):
                _try(sides, sides.completed(point, settings[place]), out)
        except OutOfTime:
            out.complete, out.too_long, done = number >= needed, out.too_long or point, number
            break
        if first_only and out.failed:
            out.complete, done = False, number + 1
            break
    _count(out, plan, first, others, layers, cases[:done], len(settings))
    return out


def _count(
    out: Trials,
    plan: Plan,
    first: list[Point],
    others: list[Point],
    layers: list[Point],
    done: list[tuple[Point, int]],
    settings: int,
) -> None:
    """Count the sizes at which all settings, and all layers, were tried."""
    sizes = {_size(point, plan.letters) for point, _ in done}
    finished = {tuple(point.items()) for point, place in done if place == settings - 1}
    lacking = {_size(point, plan.letters) for point in first if tuple(point.items()) not in finished}
    count = len(sizes - lacking)
    out.settings_at = count if count < len(sizes) else None
    if layers or plan.leaves_layers:
        full = {_size(point, plan.letters) for point in layers}
        full -= {_size(point, plan.letters) for point in layers if tuple(point.items()) not in finished}
        small = {_size(p, plan.letters) for p in first} - {_size(p, plan.letters) for p in layers}
        count = len(full) + (0 if plan.leaves_layers else len(small & sizes))
        out.layers_at = count if count < len(sizes) else None


def _size(point: Point, letters: Sequence[sp.Symbol]) -> tuple[int, ...]:
    return tuple(int(point[letter]) for letter in letters)


def _try(sides: Sides, point: Point, out: Trials) -> None:
    """Try a claim at a point; where |x| is left out, for all |x| at once if that can be decided, else at some."""
    if sides.decides_norms and NORM not in point:
        if sides.is_homogeneous:
            _try_one(sides, {**point, NORM: sp.S.One}, out, shown=point)
            return
        _try_all_norms(sides, point, out)
        return
    _try_one(sides, point, out, shown=point)


def _try_one(sides: Sides, point: Point, out: Trials, *, shown: Point) -> None:
    problem = sides.without_value(point)
    try:
        truth = None if problem else truth_at(sides, point)
    except OutOfTime:
        raise
    except InvalidArgument as bad:
        problem = bad.problem
    if problem:
        out.undefined.append((shown, problem))
        return
    held = shown if truth else point  # a counterexample has all its letters
    {True: out.held, False: out.failed, None: out.undecided}[truth].append(held)


def _try_all_norms(sides: Sides, point: Point, out: Trials) -> None:
    powers, strict = list(sides.in_norm or ()), sides.meaning.relation in ("<", ">")
    try:
        found = next(
            found
            for digits in _DIGITS
            if (found := decide(powers, sides.coefficients(point, digits), strict=strict)).truth is not None
            or digits == _DIGITS[-1]
        )
    except OutOfTime:
        raise
    except InvalidArgument:
        found = AllNorms(None)
    if found.truth:
        problem = sides.without_value(at_norm(point, sp.S.One))
        out.undefined.append((point, problem)) if problem else out.held.append(point)
        return
    for norm in (*found.witnesses, *NORMS):
        there = at_norm(point, norm)
        _try_one(sides, there, out, shown=there)
        if out.failed and out.failed[-1] is there:
            return


def is_inside(sides: Sides, point: Point) -> bool:
    """Whether there is a network of these sizes that has the layers of the claim, which differ where they must.

    Parameters
    ----------
    sides : Sides
        The claim.
    point : mapping
        Numbers for the sizes and the layers.
    """
    return _inside(sides)(point)


def _inside(sides: Sides) -> Callable[[Point], bool]:
    """Return :func:`is_inside` of a claim, which is then asked about thousands of points."""
    depth, plain = symbols.whole(sides.net.depth), sides.net.architecture.is_plain
    whole_depth = sides.meaning.layers() <= {depth}
    numbers = [number for statistic in sides.meaning.statistics.values() for number in statistic.numbers]
    layers = [(number, 0 if isinstance(number, Activation) else 1, number.layers) for number in numbers]

    def inside(point: Point) -> bool:
        if not plain:
            try:
                sides.network(sides.completed(point))
            except InvalidArgument:  # such as layer norm of two units
                return False
        if whole_depth:
            return True
        values = dict(point)
        last = int(depth.xreplace(values))
        for number, least, its in layers:
            at = [int(layer.xreplace(values)) for layer in its]
            if not all(least <= layer <= last for layer in at) or len(set(at)) < len(at):
                return False
            if isinstance(number, HessianBlock) and at[0] > at[1]:
                return False  # the same block is met with its layers in order
        return True

    return inside


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
        return sides.meaning.relation in ("=", "<=", ">=") if _agree_in_letters(sides, point, right) else None
    if left_value.is_Rational and right_value.is_Rational:
        comparisons = {
            "=": left_value == right_value,
            "<=": left_value <= right_value,
            ">=": left_value >= right_value,
            "<": left_value < right_value,
            ">": left_value > right_value,
        }
        return bool(comparisons[sides.meaning.relation])
    equal = left_value == right_value or _is_zero(left_value - right_value)
    return sides.meaning.relation in ("=", "<=", ">=") if equal else None


def _agree_in_letters(sides: Sides, point: Point, right: sp.Expr) -> bool:
    """Whether the sides are equal at a point whose large sizes stay letters, as their numbers have too many digits."""
    if not sides.has_formulas:
        return False
    small = {letter: value for letter, value in point.items() if abs(value) <= _LARGE}
    formulas = [sides.formula(side).xreplace(small) for side in (sides.meaning.left, right)]
    if any(formula.has(sp.Sum, sp.Product, sp.nan, sp.zoo, sp.oo) for formula in formulas):
        return False
    return is_identical(formulas[0] - formulas[1])


def _is_zero(number: sp.Expr) -> bool:
    """Whether a number is seen to be 0, gamma functions of rational arguments being reduced to those below 1."""
    if sp.expand(number) == 0:
        return True
    return bool(number.has(sp.gamma) and sp.expand(sp.gammasimp(sp.expand_func(number))) == 0)


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
    asked = statistic.at(point)
    net = sides.network(point)
    sides.known(asked, net)
    found = _threshold(sides, letter, point, right)
    if found is None:
        return None
    threshold, rises = found
    below = law_of(asked.number, net).enclosed_cdf(threshold, 12)  # X is at most the threshold
    is_at_most = holds(">=", below, enclose_number(asked.p))
    if is_at_most is None:
        return None
    upward = (meaning.relation in ("<=", "<")) == rises
    return is_at_most if upward else not is_at_most


def _threshold(sides: Sides, letter: sp.Symbol, point: Point, right: sp.Expr) -> tuple[Ball, bool] | None:
    """Return where both sides are equal as a value of the quantile, and whether the left side rises with it.

    The left side is linear in the quantile, or in an exponential of it.
    """
    left = sides.meaning.left
    slope = sp.diff(left, letter)
    if slope.is_Rational and slope != 0:
        with precision(40):
            offset = sides.ball(left - slope * letter, point)
            return (sides.ball(right, point) - offset) / enclose_number(slope), bool(slope > 0)
    rate = sp.cancel(sp.diff(slope, letter) / slope) if slope != 0 else sp.S.Zero
    if not rate.is_Rational or rate == 0:
        return None
    factor = slope / rate * sp.exp(-rate * letter)
    if letter in factor.free_symbols or not (factor.is_positive or factor.is_negative):
        return None
    with precision(40):
        offset = sides.ball(sp.expand(left - factor * sp.exp(rate * letter)), point)
        height = (sides.ball(right, point) - offset) / sides.ball(factor, point)
        if not height > 0:  # an exponential of a quantile is 0 where most networks are dead
            return None
        return height.log() / enclose_number(rate), bool(factor.is_positive) == bool(rate > 0)


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
