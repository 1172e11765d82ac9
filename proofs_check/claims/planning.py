"""Which sizes, values of parameters and layers a claim is tried at, and in which order."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from proofs_check.claims.critical import critical_sizes, turning_sizes
from proofs_check.claims.domain import SPARSE, Domain, Point
from proofs_check.claims.narrow import narrow_sizes
from proofs_check.claims.parameters import order_of_norm
from proofs_check.claims.sides import Sides
from proofs_check.claims.trials import FEW, Plan, size_letters
from theory import symbols
from theory.moments.two_inputs import COSINE

_FEW_SIZES = 24
"""So many sizes are tried one and all, even where each takes long."""
_MOST_CASES = 20_000


def depth_of(sides: Sides) -> sp.Expr:
    """Return the depth of the networks of a claim, a letter or a number.

    Parameters
    ----------
    sides : Sides
        The claim.
    """
    return symbols.whole(sides.net.depth)


def idle_sizes(sides: Sides, domain: Domain) -> list[sp.Symbol]:
    """Return the sizes on which neither formula depends, so that one value of each is enough.

    Parameters
    ----------
    sides : Sides
        The claim, whose statistics have formulas.
    domain : Domain
        The sizes.
    """
    inside = {x for side in (sides.meaning.left, sides.meaning.right) for x in sides.formula(side).free_symbols}
    inside |= {letter for formula in domain.path.values() for letter in formula.free_symbols}
    inside |= sides.letters_of_conditions
    if domain.layers:
        inside.add(depth_of(sides))
    if COSINE in inside or any(order_of_norm(letter) for letter in inside):
        inside.add(symbols.whole(sides.net.width_at(0)))  # what |x|_4 and cosines can be depends on the width
    return [letter for letter in domain.ranges if letter not in inside]


def plan_of(sides: Sides, domain: Domain) -> Plan:
    """Return what is tried of a claim whose statistics have formulas: all sizes.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes for which it is made.
    """
    depth, letters = depth_of(sides), size_letters(domain, depth_of(sides))
    idle = idle_sizes(sides, domain)
    least = max((int(layer) for layer in sides.meaning.layers() if layer.is_Integer), default=1)
    first = on_path(domain, domain.points(depth, idle=idle, least=least))
    near, settings = list(first), len(sides.settings(norms=not sides.decides_norms))
    both = sides.meaning.left, sides.meaning.right
    if any(sides.has_sums(side) for side in both):
        first = on_path(domain, domain.with_layers(_corners(sides, domain), depth)) + sparse_first(domain, first)
    elif not any(side.has(sp.Sum) for side in both):  # a sum of 2^40 terms has no value here
        kept = {letter: first[0][letter] for letter in idle if first}
        odd = [*critical_sizes(sides, domain, kept), *narrow_sizes(sides, domain, kept)]
        first += on_path(domain, domain.with_layers(odd, depth))
    ladder = on_path(domain, domain.points(depth, all_sizes=False, idle=idle, least=least))
    others = first if len(first) * settings <= _MOST_CASES else ladder
    layers, left_out = _more_layers(domain, near, depth, _MOST_CASES // settings)
    return Plan(first, others, layers, letters, FEW, left_out)


def _more_layers(
    domain: Domain, points: list[dict[sp.Symbol, sp.Expr]], depth: sp.Expr, most: int
) -> tuple[list[dict[sp.Symbol, sp.Expr]], bool]:
    """Return all layers but those of the points, at as many of their sizes as there is room for; whether some are out.

    Each fourth width comes first, so that deep networks are reached.
    """
    if not domain.layers:
        return [], False
    sizes = {tuple((x, point[x]) for x in domain.ranges): None for point in points}
    known = {_key(point) for point in points}
    widths = [letter for letter in domain.ranges if letter != depth]
    ordered = sorted(sizes, key=lambda size: any(int(v) not in SPARSE for x, v in size if x in widths))
    out: list[dict[sp.Symbol, sp.Expr]] = []
    for size in ordered:
        last = depth.xreplace({**dict(size), **{x: sp.Integer(v) for x, v in domain.fixed.items()}})
        if len(out) + domain.layers_of(int(last)) > most:
            return out, True
        out += [point for point in domain.with_layers([dict(size)], depth, all_layers=True) if _key(point) not in known]
    return out, False


def _key(point: Point) -> frozenset[tuple[sp.Symbol, int]]:
    return frozenset((letter, int(value)) for letter, value in point.items())


def plan_in_balls(sides: Sides, domain: Domain) -> Plan:
    """Return what is tried of a claim whose statistics are enclosed, which takes long: the corners, then a few sizes.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes for which it is made.
    """
    depth, letters = depth_of(sides), size_letters(domain, depth_of(sides))
    few = domain.size() <= _FEW_SIZES
    points = sparse_first(domain, on_path(domain, domain.points(depth, all_sizes=few)))
    points = on_path(domain, domain.with_layers(_corners(sides, domain), depth)) + points
    more = on_path(domain, domain.points(depth, all_sizes=few, all_layers=True)) if domain.layers else []
    return Plan(points, points, [point for point in more if point not in points], letters, 2)


def _corners(sides: Sides, domain: Domain) -> list[dict[sp.Symbol, sp.Expr]]:
    """Return sizes at which min, max or abs turn; only these, where each size takes long."""
    endless = [letter for letter in domain.ranges if domain.is_endless(letter)]
    out = []
    for letter in endless:
        beside = {other: sp.Integer(domain.ranges[other].values[0]) for other in domain.ranges if other != letter}
        turns = turning_sizes(sides, domain, letter, beside)
        out += [{**beside, letter: sp.Integer(turn)} for turn in turns if turn >= domain.ranges[letter].values[0]]
    return out


def on_path(domain: Domain, points: Iterable[Point]) -> list[dict[sp.Symbol, sp.Expr]]:
    """Return points with the sizes that follow along the path, where these are sizes.

    Parameters
    ----------
    domain : Domain
        The domain, with its path.
    points : iterable of mapping
        The points.
    """
    return [full for point in points if (full := _along(domain, point)) is not None]


def _along(domain: Domain, point: Point) -> dict[sp.Symbol, sp.Expr] | None:
    follows = {letter: formula.xreplace(dict(point)) for letter, formula in domain.path.items()}
    fits = all(value.is_Integer and value > 0 for value in follows.values())
    return {**point, **follows} if fits else None


def sparse_first(domain: Domain, points: list[dict[sp.Symbol, sp.Expr]]) -> list[dict[sp.Symbol, sp.Expr]]:
    """Put the corners first, so that the evidence reaches the edges; then a few sizes, then what lies between.

    Parameters
    ----------
    domain : Domain
        The sizes.
    points : list of mapping
        The points.
    """
    if len(points) <= _FEW_SIZES:
        return points
    ends = {x: {min(point[x] for point in points), max(point[x] for point in points)} for x in domain.ranges}
    corners = [point for point in points if all(point[x] in ends[x] for x in ends)]
    sparse = [point for point in points if all(int(point[x]) in SPARSE for x in ends) and point not in corners]
    return [*corners, *sparse, *(point for point in points if point not in corners and point not in sparse)]
