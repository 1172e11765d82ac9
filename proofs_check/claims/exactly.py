"""Claims that theory can decide: identities for all letters, and relations at one size after another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import sympy as sp

from proofs_check.claims.algebra import is_identical
from proofs_check.claims.checked import Judgement
from proofs_check.claims.domain import LARGEST, SPARSE, Domain, Point, Range
from proofs_check.claims.one_layer import Disproof, Proof, prove
from proofs_check.claims.random_numbers import Activation
from proofs_check.claims.sides import Sides
from proofs_check.claims.trials import (
    Trials,
    counterexample,
    nothing,
    size_letters,
    truth_at,
    try_sizes,
    where_it_fails,
)
from proofs_check.verdict import Verdict
from theory import symbols

Told = Callable[[int, int], object]


def judge_exactly(sides: Sides, domain: Domain, *, seconds: float, told: Told, first_only: bool = False) -> Judgement:
    """Judge a claim whose statistics theory knows, as formulas or as numbers at given sizes.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes for which it is made.
    seconds : float
        How long sizes are tried.
    told : callable
        Called with the number of sizes done and the number of all.
    first_only : bool
        Whether the first counterexample ends the search, so that nothing is said of how often the claim fails.
    """
    meaning = sides.meaning
    if sides.has_formulas:
        known = {letter: sp.Integer(value) for letter, value in domain.fixed.items()}
        difference = sides.formula(meaning.left) - sides.formula(meaning.right)
        difference = difference.xreplace(dict(domain.path)).xreplace(known)
        if is_identical(difference):
            return _identical(sides, domain)
    if meaning.relation != "=":
        proof = prove(sides, domain, seconds=seconds)
        if isinstance(proof, Proof):
            return Judgement(Verdict.SUPPORTED, proof.scope, ((proof.tier, proof.says),))
        if proof is not None and (disproved := _disproved(sides, domain, proof)) is not None:
            return disproved
    trials = _tried(sides, domain, seconds, told, first_only)
    if trials.failed:
        return _refuted(sides, domain, trials)
    return _not_refuted(sides, domain, trials)


def _disproved(sides: Sides, domain: Domain, found: Disproof) -> Judgement | None:
    """Refute a claim at sizes that are far out, unless it fails at smaller ones, which are tried later."""
    point = sides.completed(found.point, sides.settings()[0], first=True)
    if truth_at(sides, point) is not False:
        return None
    few = try_sizes(sides, _on_path(domain, domain.points(_depth(sides), all_sizes=False)), seconds=2, told=nothing)
    if few.failed:
        return None
    scope = f"as a claim for {all_of(sides, domain)}"
    return Judgement(Verdict.REFUTED, scope, (("derived", found.says),), counterexample(sides, point))


def _identical(sides: Sides, domain: Domain) -> Judgement:
    relation = sides.meaning.relation
    word = "the difference of both sides is 0 in SymPy and in FLINT"
    if relation in ("<", ">"):
        point = sides.completed(domain.points(_depth(sides))[0], sides.settings()[0], first=True)
        says = f"both sides are equal, so {relation} fails everywhere: {word}"
        return Judgement(Verdict.REFUTED, all_of(sides, domain), (("derived", says),), counterexample(sides, point))
    says = f"identical: {word}" if relation == "=" else f"both sides are equal: {word}"
    return Judgement(Verdict.SUPPORTED, all_of(sides, domain), (("derived", says),))


def _depth(sides: Sides) -> sp.Expr:
    return symbols.whole(sides.net.depth)


def all_of(sides: Sides, domain: Domain) -> str:
    """Return the scope of what holds for all sizes of the domain, in words.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes.
    """
    if domain.is_given:
        return f"all sizes asked for: {domain.text}{_layers_text(sides, domain)}"
    sizes = size_letters(domain, _depth(sides))
    letters = [*map(str, sizes), *map(str, sides.parameters)]
    names = [name.replace("norm_x", "|x|").replace("norm4_x", "|x|_4").replace("norm_y", "|x'|") for name in letters]
    layers = _layers_text(sides, domain)
    if not names:
        return sizes_text(sides, domain) + layers
    every = f"all {' and '.join(([', '.join(names[:-1])] if names[:-1] else []) + names[-1:])}{layers}"
    return f"{every}, {sizes_text(sides, domain)}" if domain.fixed or not sizes else every


def sizes_text(sides: Sides, domain: Domain) -> str:
    """Return the sizes that are numbers in the ensemble, in words.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes.
    """
    net = sides.net
    numbers = {str(letter): value for letter, value in domain.fixed.items()}
    if net.is_constant_width:
        width, depth = (numbers.get(str(size), size) for size in (net.width, net.depth))
        parts = [f"width {width}"] if isinstance(width, int) else []
        return ", ".join([*parts, *([f"depth {depth}"] if isinstance(depth, int) else [])]) + " only"
    assert net.widths is not None
    return f"widths {', '.join(str(numbers.get(str(n), n)) for n in net.widths)} only"


def _layers_text(sides: Sides, domain: Domain) -> str:
    there = _exist_text(sides)
    if not domain.layers:
        return there
    depth = _depth(sides)
    beyond = max((int(layer - last) for layer in sides.meaning.layers() for last in domain.layers
                  if (layer - last).is_Integer), default=0)  # fmt: skip
    end = depth.xreplace({x: sp.Integer(value) for x, value in domain.fixed.items()}) - max(beyond, 0)
    return f", 1 <= {' < '.join(map(str, domain.layers))} <= {end}{there}"


def _exist_text(sides: Sides) -> str:
    """Say that the claim is about networks that have its layers, where that is not plain."""
    plain = {_depth(sides), *sides.layer_letters, sp.S.Zero, sp.S.One}
    numbers = [number for statistic in sides.meaning.statistics.values() for number in statistic.numbers]
    odd = any(
        not (x in plain or (x - 1) in sides.layer_letters or (isinstance(number, Activation) and x + 1 in plain))
        for number in numbers
        for x in number.layers
    )
    blocks = any(len(number.layers) > 1 and not set(number.layers) <= set(sides.layer_letters) for number in numbers)
    return ", wherever these layers exist" + (" and differ" if blocks else "") if odd or blocks else ""


def _tried(sides: Sides, domain: Domain, seconds: float, told: Told, first_only: bool) -> Trials:
    if sides.has_formulas:
        points = _on_path(domain, domain.points(_depth(sides)))
        points = _that_matter(sides, domain, points)
        if any(sides.has_sums(side) for side in (sides.meaning.left, sides.meaning.right)):
            points = _sparse_first(domain, points)
        return try_sizes(sides, points, seconds=seconds, told=told, first_only=first_only)
    points = _sparse_first(domain, _on_path(domain, domain.points(_depth(sides), all_sizes=domain.size() <= _FEW)))
    trials = try_sizes(sides, points, seconds=seconds, told=told, few=2, first_only=first_only)
    if not trials.failed or first_only:
        return trials
    # the smallest counterexample may lie between the sizes that were tried
    smallest = min(_sum(domain, point) for point in trials.failed)
    tried = [_sizes(domain, point) for point in (*trials.held, *trials.failed)]
    smaller = [
        point
        for point in _on_path(domain, domain.points(_depth(sides)))
        if _sum(domain, point) <= smallest and _sizes(domain, point) not in tried
    ]
    more = try_sizes(sides, smaller, seconds=seconds, told=told, few=0)
    trials.failed += more.failed
    trials.held += more.held
    trials.complete = trials.complete and more.complete
    return trials


def _that_matter(
    sides: Sides, domain: Domain, points: list[dict[sp.Symbol, sp.Expr]]
) -> list[dict[sp.Symbol, sp.Expr]]:
    """Leave one value of each size that neither formula depends on."""
    inside = {x for side in (sides.meaning.left, sides.meaning.right) for x in sides.formula(side).free_symbols}
    inside |= {letter for formula in domain.path.values() for letter in formula.free_symbols}
    idle = [letter for letter in domain.ranges if letter not in inside and not domain.layers]
    least = max((int(layer) for layer in sides.meaning.layers() if layer.is_Integer), default=1)
    for letter in idle:
        values = sorted({int(point[letter]) for point in points})
        kept = next((value for value in values if value >= least), values[-1])
        points = [point for point in points if point[letter] == kept]
    return points


_FEW = 24
"""So many sizes are tried one and all, even where each takes long."""


def _sizes(domain: Domain, point: Point) -> tuple[int, ...]:
    return tuple(int(point[letter]) for letter in sorted(domain.ranges, key=str, reverse=True))


def _sum(domain: Domain, point: Point) -> int:
    return sum(_sizes(domain, point))


def _on_path(domain: Domain, points: Iterable[dict[sp.Symbol, sp.Expr]]) -> list[dict[sp.Symbol, sp.Expr]]:
    return [full for point in points if (full := _along(domain, point)) is not None]


def _sparse_first(domain: Domain, points: list[dict[sp.Symbol, sp.Expr]]) -> list[dict[sp.Symbol, sp.Expr]]:
    """Put the corners first, so that the evidence reaches the edges; then a few sizes, then what lies between."""
    if len(points) <= _FEW:
        return points
    ends = {x: {min(point[x] for point in points), max(point[x] for point in points)} for x in domain.ranges}
    corners = [point for point in points if all(point[x] in ends[x] for x in ends)]
    sparse = [point for point in points if all(int(point[x]) in SPARSE for x in ends) and point not in corners]
    return [*corners, *sparse, *(point for point in points if point not in corners and point not in sparse)]


def _along(domain: Domain, point: dict[sp.Symbol, sp.Expr]) -> dict[sp.Symbol, sp.Expr] | None:
    """Return the point with the sizes that follow along the path; None if they are no sizes."""
    follows = {letter: formula.xreplace(point) for letter, formula in domain.path.items()}
    fits = all(value.is_Integer and value > 0 for value in follows.values())
    return {**point, **follows} if fits else None


def _refuted(sides: Sides, domain: Domain, trials: Trials) -> Judgement:
    trials.failed.sort(key=lambda point: (_sum(domain, point), _sizes(domain, point)))
    example = counterexample(sides, trials.failed[0])
    exact = sides.exact(sides.meaning.left, trials.failed[0])
    how = "exactly" if exact is not None and exact.is_Rational else "in balls"
    tiers = (("derived" if sides.has_formulas else "enclosed", f"both sides computed {how} where it fails"),)
    scope = f"as a claim for {all_of(sides, domain)}"
    fails = where_it_fails(trials, domain, _depth(sides)) if trials.complete or trials.held else ""
    return Judgement(Verdict.REFUTED, scope, tiers, example, fails)


def _not_refuted(sides: Sides, domain: Domain, trials: Trials) -> Judgement:
    relation = sides.meaning.relation
    if not domain.is_given and trials.held:  # far out, numbers may be too small or too close for any digits
        trials.undecided = [point for point in trials.undecided if max(_sizes(domain, point), default=0) <= LARGEST]
    scope = tried_text(sides, domain, trials)
    if trials.undefined:
        point, problem = trials.undefined[0]
        where = ", ".join(f"{letter} = {value}" for letter, value in point.items())
        return Judgement(Verdict.INCONCLUSIVE, scope, (("enclosed", f"no value at {where}: {problem}"),))
    if trials.undecided:
        where = ", ".join(f"{letter} = {value}" for letter, value in trials.undecided[0].items())
        if relation == "=":
            count = len(trials.undecided)
            says = f"both sides agree to 100 digits at {count} sizes, which is no proof; the first: {where}"
        else:
            says = f"both sides agree to 100 digits at {where}"
        return Judgement(Verdict.INCONCLUSIVE, scope, (("enclosed", says),))
    if not trials.held:
        return Judgement(Verdict.INCONCLUSIVE, "no size", (("enclosed", "the claim has no size to be tried at"),))
    if relation == "=" and not _is_exhausted(sides, domain, trials):
        says = f"both sides are equal at {len(trials.held):,} cases, but no algebra here shows that they are always"
        return Judgement(Verdict.INCONCLUSIVE, scope, (("enclosed", says),))
    how = "equal exactly" if relation == "=" else "in balls, which bound every rounding error"
    return Judgement(Verdict.SUPPORTED, scope, (("enclosed", f"{len(trials.held):,} cases hold, {how}"),))


def _parameters_text(sides: Sides) -> str:
    """Return which values of the other letters were tried."""
    parts = []
    for letter in sides.occurring():
        values = dict.fromkeys(setting[letter] for setting in sides.settings() if letter in setting)
        name = str(letter).replace("norm_x", "|x|").replace("norm_y", "|x'|")
        if values:
            parts.append(f", {name} = {', '.join(map(str, values))}")
        else:
            parts.append(", |x|_4 least and greatest")
    return "".join(parts)


def _is_exhausted(sides: Sides, domain: Domain, trials: Trials) -> bool:
    """Whether all sizes for which the claim is made were tried, and nothing else varies."""
    finite = all(values.given and not values.unbounded for values in domain.ranges.values())
    return finite and trials.complete and not sides.parameters and not domain.layers


def tried_text(sides: Sides, domain: Domain, trials: Trials) -> str:
    """Return the sizes tried, in words.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes asked for.
    trials : Trials
        What was tried.
    """
    letters = size_letters(domain, _depth(sides))
    if not letters:
        return sizes_text(sides, domain) + _layers_text(sides, domain) + _parameters_text(sides)
    tried = {tuple(int(point[x]) for x in letters) for point in (*trials.held, *trials.failed, *trials.undecided)}
    if not tried:
        return "no size"
    path = "".join(f", {letter} = {formula}" for letter, formula in domain.path.items())
    stop = "" if trials.complete else "; the time was over"
    only = f", {sizes_text(sides, domain)}" if domain.fixed else ""
    tail = f"{path}{_layers_text(sides, domain)}{_parameters_text(sides)}{only}"
    near = {size for size in tried if max(size) <= LARGEST}
    if len(near) == LARGEST ** len(letters) < len(tried):
        names = ", ".join(f"{letter} = 1..{LARGEST}" for letter in letters)
        far = f"{len(tried) - len(near):,} more up to {max(map(max, tried)):,}"
        return f"grid {names}{tail}: all {len(near):,} sizes, and {far}{stop}"
    columns = [sorted({size[place] for size in tried}) for place in range(len(letters))]
    names = ", ".join(
        f"any {letter}"
        if len(column) == 1 and not domain.ranges[letter].given
        else f"{letter} = {Range(tuple(column)).text}"
        for letter, column in zip(letters, columns, strict=True)
    )
    full = math.prod(map(len, columns))
    count = f"all {len(tried):,} sizes" if full == len(tried) else f"{len(tried):,} of these {full:,} sizes"
    return f"grid {names}{tail}: {count}{stop}"
