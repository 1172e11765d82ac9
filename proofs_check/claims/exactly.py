"""Claims that theory can decide: identities for all letters, and relations at one size after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy as sp

from proofs_check.claims.algebra import is_identical
from proofs_check.claims.at_sizes import formula_at
from proofs_check.claims.checked import Judgement
from proofs_check.claims.closest import try_closest
from proofs_check.claims.counterexamples import counterexample, where_it_fails
from proofs_check.claims.cross_check import at_text, contradiction, wherever_defined, without_value
from proofs_check.claims.domain import FAR, LARGEST, Domain, Point
from proofs_check.claims.one_layer import Disproof, Proof, prove
from proofs_check.claims.parameters import NORM
from proofs_check.claims.planning import depth_of, idle_sizes, on_path, plan_in_balls, plan_of
from proofs_check.claims.scopes import all_of, tried_text
from proofs_check.claims.sides import Sides
from proofs_check.claims.trials import Plan, Trials, nothing, truth_at, try_sizes
from proofs_check.verdict import Verdict

Told = Callable[[int, int], object]
_LONGEST_SEARCH = 1.0
"""So many seconds go to the search for values of letters at which an inequality comes closest to failing."""


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
        left, right = (formula_at(sides, side, known) for side in (meaning.left, meaning.right))
        if left is not None and right is not None and is_identical((left - right).xreplace(dict(domain.path))):
            return _identical(sides, domain, seconds)
    if meaning.relation != "=":
        proof = prove(sides, domain, seconds=seconds)
        if isinstance(proof, Proof):
            scope = proof.scope + wherever_defined(sides, domain)
            return _without_value(sides, domain, seconds) or Judgement(
                Verdict.SUPPORTED, scope, ((proof.tier, proof.says),)
            )
        if proof is not None and (disproved := _disproved(sides, domain, proof)) is not None:
            return disproved
    trials = _tried(sides, domain, seconds, told, first_only)
    if not trials.failed:
        sizes = on_path(domain, domain.points(depth_of(sides), all_sizes=False))
        closest = try_closest(sides, sizes, seconds=min(seconds, _LONGEST_SEARCH))
        trials.failed, trials.complete = closest.failed, trials.complete and not closest.failed
        trials.undecided += closest.undecided
        trials.undefined += closest.undefined
        trials.touching = closest.touching
    if trials.failed:
        return _refuted(sides, domain, trials)
    return _not_refuted(sides, domain, trials)


def _disproved(sides: Sides, domain: Domain, found: Disproof) -> Judgement | None:
    """Refute a claim at sizes that are far out, unless it fails at smaller ones, which are tried later."""
    point = sides.completed(found.point)
    if sides.without_value(point) or truth_at(sides, point) is not False:
        return None
    plan = Plan.of(on_path(domain, domain.points(depth_of(sides), all_sizes=False)))
    if try_sizes(sides, plan, seconds=2, told=nothing).failed:
        return None
    scope = f"as a claim for {all_of(sides, domain)}"
    return Judgement(Verdict.REFUTED, scope, (("derived", found.says),), counterexample(sides, point))


def _identical(sides: Sides, domain: Domain, seconds: float) -> Judgement:
    """Judge a claim whose sides are identical in two systems, if nothing speaks against it."""
    relation = sides.meaning.relation
    word = "the difference of both sides is 0 in SymPy and in FLINT"
    open_case = _without_value(sides, domain, seconds)
    if open_case is not None:
        return open_case
    against = contradiction(sides, domain)
    if against is not None:
        return _refuted(sides, domain, Trials(failed=[against], complete=False))
    if relation in ("<", ">"):
        point = sides.completed(on_path(domain, domain.points(depth_of(sides)))[0])
        says = f"both sides are equal, so {relation} fails everywhere: {word}"
        return Judgement(Verdict.REFUTED, all_of(sides, domain), (("derived", says),), counterexample(sides, point))
    says = f"identical: {word}" if relation == "=" else f"both sides are equal: {word}"
    scope = all_of(sides, domain) + wherever_defined(sides, domain)
    return Judgement(Verdict.SUPPORTED, scope, (("derived", says),))


def _without_value(sides: Sides, domain: Domain, seconds: float) -> Judgement | None:
    """Leave a claim open that has no value somewhere in its domain."""
    found = without_value(sides, domain, seconds)
    if found is None:
        return None
    point, problem = found
    says = f"no value at {at_text(point)}: {problem}"
    return Judgement(Verdict.INCONCLUSIVE, f"as a claim for {all_of(sides, domain)}", (("derived", says),))


def _tried(sides: Sides, domain: Domain, seconds: float, told: Told, first_only: bool) -> Trials:
    if sides.has_formulas:
        return try_sizes(sides, plan_of(sides, domain), seconds=seconds, told=told, first_only=first_only)
    plan = plan_in_balls(sides, domain)
    trials = try_sizes(sides, plan, seconds=seconds, told=told, first_only=first_only)
    if not trials.failed or first_only:
        return trials
    # the smallest counterexample may lie between the sizes that were tried
    smallest = min(_sum(domain, point) for point in trials.failed)
    tried = [_sizes(domain, point) for point in (*trials.held, *trials.failed)]
    smaller = [
        point
        for point in on_path(domain, domain.points(depth_of(sides)))
        if _sum(domain, point) <= smallest and _sizes(domain, point) not in tried
    ]
    more = try_sizes(sides, replace(plan, first=smaller, others=(), layers=(), few=0), seconds=seconds, told=told)
    trials.failed += more.failed
    trials.held += more.held
    trials.complete = trials.complete and more.complete
    return trials


def _sizes(domain: Domain, point: Point) -> tuple[int, ...]:
    return tuple(int(point[letter]) for letter in sorted(domain.ranges, key=str, reverse=True))


def _sum(domain: Domain, point: Point) -> int:
    return sum(_sizes(domain, point))


def _refuted(sides: Sides, domain: Domain, trials: Trials) -> Judgement:
    trials.failed.sort(key=lambda point: (_sum(domain, point), _sizes(domain, point)))
    example = counterexample(sides, trials.failed[0])
    exact = sides.exact(sides.meaning.left, trials.failed[0])
    how = "exactly" if exact is not None and exact.is_Rational else "in balls"
    tiers = (("derived" if sides.has_formulas else "enclosed", f"both sides computed {how} where it fails"),)
    scope = f"as a claim for {all_of(sides, domain)}"
    fails = where_it_fails(trials, domain, depth_of(sides)) if trials.complete or trials.held else ""
    return Judgement(Verdict.REFUTED, scope, tiers, example, fails)


def _not_refuted(sides: Sides, domain: Domain, trials: Trials) -> Judgement:
    relation = sides.meaning.relation
    if not domain.is_given and trials.held:  # far out, numbers may be too small or too close for any digits
        trials.undecided = [point for point in trials.undecided if max(_sizes(domain, point), default=0) <= LARGEST]
        trials.undefined = [
            (point, problem)
            for point, problem in trials.undefined
            if max(_sizes(domain, point), default=0) <= FAR[-1] or sides.without_value({NORM: sp.S.One, **point})
        ]
    scope = tried_text(sides, domain, trials)
    if trials.undefined:
        point, problem = trials.undefined[0]
        return Judgement(Verdict.INCONCLUSIVE, scope, (("enclosed", f"no value at {at_text(point)}: {problem}"),))
    if trials.undecided:
        where = at_text(trials.undecided[0])
        if relation == "=":
            count = len(trials.undecided)
            says = f"both sides agree to 100 digits at {count} sizes, which is no proof; the first: {where}"
        else:
            says = f"both sides agree to 100 digits at {where}"
        return Judgement(Verdict.INCONCLUSIVE, scope, (("enclosed", says),))
    if trials.touching:
        says = f"both sides agree to 40 digits near {at_text(trials.touching[0])}, where {relation} may be an equality"
        return Judgement(Verdict.INCONCLUSIVE, scope, (("enclosed", says),))
    if not trials.held and trials.too_long is not None:
        says = f"enclosing a number at {at_text(trials.too_long)} takes longer than there was time"
        advice = "give it longer with --seconds, or name smaller sizes with --for"
        return Judgement(Verdict.INCONCLUSIVE, scope, (("enclosed", says),), advice=advice)
    if not trials.held:
        return Judgement(Verdict.INCONCLUSIVE, "no size", (("enclosed", "the claim has no size to be tried at"),))
    if relation == "=" and not _is_exhausted(sides, domain, trials):
        says = f"both sides are equal at {len(trials.held):,} cases, but no algebra here shows that they are always"
        return Judgement(Verdict.INCONCLUSIVE, scope, (("enclosed", says),))
    how = "equal exactly" if relation == "=" else "in balls, which bound every rounding error"
    return Judgement(Verdict.SUPPORTED, scope, (("enclosed", f"{len(trials.held):,} cases hold, {how}"),))


def _is_exhausted(sides: Sides, domain: Domain, trials: Trials) -> bool:
    """Whether all sizes and layers for which the claim is made were tried, and nothing else varies."""
    idle = idle_sizes(sides, domain) if sides.has_formulas else []
    finite = all(values.given and not values.unbounded for values in domain.ranges.values())
    if not finite or not trials.complete or not trials.is_uniform or domain.is_thinned(depth_of(sides), idle):
        return False
    return not sides.varied(norms=not sides.is_homogeneous)
