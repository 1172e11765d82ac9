"""Inequalities at every depth, from one layer.

Where both sides, or their logarithms, are linear in the depth, an inequality holds at every depth if it holds at depth
1 and for what one more layer adds. Where a probability is to be small, Markov's inequality for a power of the norm
(Chernoff's bound) leaves the mean of one layer's power. What remains is an inequality in the width alone. It is checked
for one width after another; where it is analytic in u = 1/n it is proved for all others by Taylor's theorem.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import flint
import sympy as sp

from proofs_check.claims.algebra import constant_in, is_identical, spread
from proofs_check.claims.critical import turning_sizes
from proofs_check.claims.domain import FAR, LARGEST, Domain
from proofs_check.claims.random_numbers import Activation, Exceedance, LogCumulant
from proofs_check.claims.sides import Sides
from theory import LogNormLaw, symbols
from theory.balls import Ball, deadline, enclose, enclose_number, precision
from theory.ensembles import InvalidArgument

_POWERS = tuple(sp.Rational(k, 4) for k in (2, 1, 3, 4, 6, 8))
"""The powers of |a|^2/|x|^2 for which Chernoff's bound is tried."""
_SERIES = 8
_PATIENCE = 3
"""A number that is being enclosed has so many times as long, once no new one is begun."""


@dataclass(frozen=True)
class Proof:
    """An inequality proved at every depth.

    Parameters
    ----------
    says : str
        How it was proved.
    scope : str
        For which sizes.
    tier : str
        ``proved`` if for all sizes of the domain, else ``enclosed``.
    cases : int
        At how many widths it was enclosed.
    """

    says: str
    scope: str
    tier: str
    cases: int


@dataclass(frozen=True)
class Disproof:
    """Sizes, far out, at which an inequality fails.

    Parameters
    ----------
    says : str
        How they were found.
    point : mapping of Symbol to sympy.Integer
        The sizes.
    """

    says: str
    point: dict[sp.Symbol, sp.Expr]


def prove(sides: Sides, domain: Domain, *, seconds: float) -> Proof | Disproof | None:
    """Prove an inequality at every depth.

    Parameters
    ----------
    sides : Sides
        The claim, an inequality.
    domain : Domain
        The sizes for which it is made.
    seconds : float
        After so many seconds no further width is tried.

    Returns
    -------
    Proof, Disproof or None
        None if no proof was found, which says nothing about the claim.
    """
    net = sides.net
    if not (net.is_constant_width and isinstance(net.width, str) and isinstance(net.depth, str)) or domain.path:
        return None
    if set(sides.occurring()) - {symbols.norm_symbol(2)}:
        return None
    n, depth = symbols.whole(net.width), symbols.whole(net.depth)
    if net.input not in (None, "e1"):  # what follows takes |x| = 1
        return None
    if domain.layers or depth not in domain.ranges or n not in domain.ranges or n == depth:
        return None
    end = time.monotonic() + seconds
    for reduce in (_from_formulas, _from_logarithms, _from_chernoff):
        reduced = reduce(sides, n, depth)
        if reduced is None:
            continue
        parts, method = reduced
        with deadline(end + _PATIENCE * seconds):
            turns = turning_sizes(sides, domain, n, {depth: sp.S.One})
            proof = _for_widths(parts, method, domain, n, depth, end, turns)
        if proof is not None:
            return proof
    return None


@dataclass(frozen=True)
class _Part:
    """A number that must not be negative: a formula in the width, or a ball at each width."""

    formula: sp.Expr | None
    ball: Callable[[int], Ball]
    strict: bool = False
    """Whether it must be positive: at depth 1, where the claim is a strict inequality."""


_Reduced = tuple[list[_Part], str]


def _gap(sides: Sides, left: sp.Expr, right: sp.Expr) -> sp.Expr:
    """Return what must be at least 0."""
    return right - left if sides.meaning.relation in ("<=", "<") else left - right


def _from_formulas(sides: Sides, n: sp.Symbol, depth: sp.Symbol) -> _Reduced | None:
    if not sides.has_formulas:
        return None
    left, right = sides.formula(sides.meaning.left), sides.formula(sides.meaning.right)
    if left.has(sp.Sum, sp.polygamma) or right.has(sp.Sum, sp.polygamma):
        return None
    for form, words in ((_difference, "both sides are linear in"), (_log_ratio, "their logarithms are linear in")):
        gap = form(sides, left, right)
        linear = None if gap is None else constant_in(gap, depth)
        if linear is not None and not (linear[0].free_symbols | linear[1].free_symbols) - {n}:
            first, each = sp.expand(linear[0] + linear[1]), linear[1]
            strict = sides.meaning.relation in ("<", ">")
            parts = [_Part(first, _ball_of(first, n), strict), _Part(each, _ball_of(each, n))]
            return parts, f"{words} {depth}, so {depth} = 1 and what one more layer adds are enough"
    return None


def _difference(sides: Sides, left: sp.Expr, right: sp.Expr) -> sp.Expr | None:
    return _gap(sides, left, right)


def _log_ratio(sides: Sides, left: sp.Expr, right: sp.Expr) -> sp.Expr | None:
    if not (_is_product(left) and _is_product(right)):
        return None
    logs = [_logarithm(side) for side in (left, right)]
    return _gap(sides, logs[0], logs[1])


def _logarithm(side: sp.Expr) -> sp.Expr:
    return spread(sp.log(spread(side)))


def _is_product(side: sp.Expr) -> bool:
    """Whether a side is a positive product of powers, so that it has a logarithm that can be read."""
    return bool(side.is_positive) and all(not part.is_Add or part.is_positive for part in sp.Mul.make_args(side))


def _ball_of(formula: sp.Expr, n: sp.Symbol) -> Callable[[int], Ball]:
    return lambda width: enclose(formula, 40, {n: flint.arb(width)})


def _from_logarithms(sides: Sides, n: sp.Symbol, depth: sp.Symbol) -> _Reduced | None:
    """Use that the cumulants of log|a_L|^2 are L times those of one layer."""
    meaning, net = sides.meaning, sides.net
    if len(meaning.statistics) != 1 or not (net.law.is_normal and net.has_independent_entries):
        return None
    ((letter, statistic),) = meaning.statistics.items()
    if not isinstance(statistic, LogCumulant) or not isinstance(statistic.number, Activation):
        return None
    if statistic.number.layers != (depth,) or not net.architecture.is_plain or meaning.mentions_input:
        return None
    if net.bias.name != "none":  # then layers do not add up
        return None
    slope = sp.diff(meaning.left, letter)
    linear = constant_in(meaning.right - (meaning.left - slope * letter), depth)
    if not slope.is_Rational or slope == 0 or linear is None or (linear[0].free_symbols | linear[1].free_symbols) - {n}:
        return None

    def one_layer(width: int) -> Ball:
        point = sides.completed({n: sp.Integer(width), depth: sp.S.One})
        return sides.statistic(letter, point, 40)

    sign = 1 if meaning.relation in ("<=", "<") else -1

    def gap(rest: sp.Expr, width: int) -> Ball:
        return sign * (_ball_of(rest, n)(width) - enclose_number(slope) * one_layer(width))

    parts = [_Part(None, partial(gap, rest)) for rest in (sp.expand(linear[0] + linear[1]), linear[1])]
    return parts, f"log|a_{depth}|^2 adds up over independent layers of one law, so one layer is enough"


def _from_chernoff(sides: Sides, n: sp.Symbol, depth: sp.Symbol) -> _Reduced | None:
    """Bound P(|a_L|^2 >= c |x|^2) by c^(-t) (E R^t)^L, R = |a_k|^2/|a_(k-1)|^2."""
    meaning, net = sides.meaning, sides.net
    if meaning.relation not in ("<=", "<") or len(meaning.statistics) != 1 or not net.law.is_normal:
        return None
    ((letter, statistic),) = meaning.statistics.items()
    if not isinstance(statistic, Exceedance) or not isinstance(statistic.number, Activation):
        return None
    if meaning.left != letter or statistic.number.layers != (depth,) or not net.architecture.is_plain:
        return None
    if not net.has_independent_entries or not meaning.right.is_positive or net.bias.name != "none":
        return None
    norm = symbols.norm_symbol(2) if meaning.mentions_input and net.input is None else sp.S.One
    log_c = constant_in(_logarithm(statistic.threshold / norm**2), depth)
    log_right = constant_in(_logarithm(meaning.right), depth)
    if log_c is None or log_right is None:
        return None
    if any(part.free_symbols - {n} for part in (*log_c, *log_right)):
        return None
    gaps = partial(_best_power, net, n, log_c, log_right)
    parts = [_Part(None, partial(gaps, step)) for step in (0, 1)]
    return parts, f"Chernoff: P <= c^(-t) (E R^t)^{depth} with R = |a_k|^2/|a_(k-1)|^2 and a power t for each {n}"


def _best_power(
    net: Any,
    n: sp.Symbol,
    log_c: tuple[sp.Expr, sp.Expr],
    log_right: tuple[sp.Expr, sp.Expr],
    step: int,
    width: int,
) -> Ball:
    """Return by how much Chernoff's bound stays below the claimed one, in logarithms, for the first power that does.

    Step 0 compares at depth 1, step 1 what each layer adds; one power must serve for both.
    """
    law = LogNormLaw(net.at(width=width, depth=1, input=None), 1)
    values = {n: flint.arb(width)}
    best: list[Ball] | None = None
    for t in _POWERS:
        with precision(40):
            power = flint.acb(enclose_number(t))
            moment = law.terms[0][0].transform(power).real * enclose(law.survival(), 40)
            gaps = []
            for right, c in zip(log_right, log_c, strict=True):
                gaps.append(enclose(right, 40, values) + enclose_number(t) * enclose(c, 40, values))
            gaps[1] -= moment.log()
            found = [gaps[0] + gaps[1], gaps[1]]
        if all(gap > 0 for gap in found):
            return found[step]
        best = best or found
    assert best is not None
    return best[step]


# --- widths ---------------------------------------------------------------------------------------------------------


def _for_widths(
    parts: list[_Part],
    method: str,
    domain: Domain,
    n: sp.Symbol,
    depth: sp.Symbol,
    end: float,
    turns: Sequence[int],
) -> Proof | Disproof | None:
    given = domain.ranges[n]
    widths = [*given.values] if given.given else [*range(1, LARGEST + 1), *FAR]
    endless = given.unbounded or not given.given
    if endless:  # far out, a corner of min, max or abs may lie between those tried
        widths += sorted({turn for turn in turns if turn > widths[0]} - set(widths))
    tried = []
    for width in widths:
        if time.monotonic() > end:
            break
        if not all(_is_nonnegative(part, width) for part in parts):
            return None
        tried.append(width)
    if not tried or (given.given and not endless and len(tried) < len(widths)):
        return None
    depths = f"all {depth}"
    near = [width for width in tried if width <= tried[0] + LARGEST - 1]
    if endless and len(near) == LARGEST:
        last = _last_in_balls(parts, n, near[-1], end)
        if last is not None:
            says = f"{method}; {n} = {near[0]}..{last} in balls, larger {n} by Taylor's theorem in 1/{n}"
            which = f"all {n} >= {near[0]}" if near[0] > 1 else f"all {n}"
            return Proof(says, f"{which}, {depths}", "proved", len(tried))
        far_out = _fails_far_out(parts, n, depth)
        if far_out is not None:
            return Disproof(f"{method}; its leading term for large {n} has the wrong sign", far_out)
    far = [str(width) for width in sorted(tried) if width > near[-1]]
    span = f"{near[0]}..{near[-1]}" if len(near) > 1 else f"{near[0]}"
    which = f"{n} = {', '.join([span, *far])}"
    says = f"{method}; {len(tried)} widths in balls"
    return Proof(says, f"{depths}, {which}", "enclosed" if endless else "proved", len(tried))


def _last_in_balls(parts: list[_Part], n: sp.Symbol, last: int, end: float) -> int | None:
    """Return the width from which on Taylor's theorem proves all parts; those up to it are enclosed one by one."""
    for further in (last, *_FURTHER):
        if time.monotonic() > end:
            return None
        if not all(_is_nonnegative(part, width) for width in range(last + 1, further + 1) for part in parts):
            return None
        last = max(last, further)
        if all(_beyond(part, n, last) for part in parts):
            return last
        if any(part.formula is None for part in parts):
            return None
    return None


_FURTHER = (1024, 8192)
_FARTHEST = 40


def _fails_far_out(parts: list[_Part], n: sp.Symbol, depth: sp.Symbol) -> dict[sp.Symbol, sp.Expr] | None:
    """Return the first width, and a depth, at which a part is negative, if doubling finds one."""
    for place, part in enumerate(parts):
        if part.formula is None:
            continue
        width = next((2**k for k in range(6, _FARTHEST) if part.ball(2**k) < 0), None)
        if width is None:
            continue
        low, high = width // 2, width
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if part.ball(middle) < 0 else (middle, high)
        if place == 0:
            return {n: sp.Integer(high), depth: sp.S.One}
        first, each = parts[0].ball(high), part.ball(high)
        deep = int(float(abs(first / each))) + 2
        return {n: sp.Integer(high), depth: sp.Integer(deep)}
    return None


def _is_nonnegative(part: _Part, width: int) -> bool:
    try:
        ball = part.ball(width)
    except InvalidArgument:
        return False
    if ball > 0:
        return True
    return not part.strict and part.formula is not None and bool(ball.contains(0)) and is_identical(part.formula)


def _beyond(part: _Part, n: sp.Symbol, last: int) -> bool:
    """Whether a formula is at least 0 for all n > last, by Taylor's theorem in u = 1/n at 0."""
    if part.formula is None:
        return False
    if is_identical(part.formula):
        return not part.strict
    u = sp.Symbol("u", positive=True)
    for power in (0, 1, 2):
        formula = sp.expand(sp.expand_log(part.formula.subs(n, 1 / u), force=True) * u**power)
        formula = sp.expand(formula.replace(lambda node: isinstance(node, sp.log), lambda node: _tamed(node, u)))
        try:
            verdict = _positive_near_zero(formula, u, last)
        except (InvalidArgument, ZeroDivisionError, ValueError, TypeError):
            continue
        if verdict:
            return True
    return False


def _tamed(node: sp.Expr, u: sp.Symbol) -> sp.Expr:
    """Write log((1 + 5u)/u) as log(1 + 5u) - log(u), so that logarithms of u can cancel."""
    return sp.expand_log(sp.log(sp.factor(node.args[0])), force=True)


def _positive_near_zero(formula: sp.Expr, u: sp.Symbol, last: int) -> bool:
    with precision(40):
        small = flint.arb(0).union(flint.arb(1) / (last + 1))
        for order in range(_SERIES):
            at_zero = _coefficient(formula, u, flint.arb(0), order)
            if at_zero.contains(0):
                derivative = sp.diff(formula, u, order).subs(u, 0)
                if not is_identical(derivative):
                    return False
                continue
            return bool(_coefficient(formula, u, small, order) > 0)
    return False


def _coefficient(formula: sp.Expr, u: sp.Symbol, start: Ball, order: int) -> Ball:
    """Return the Taylor coefficient at all points of a ball."""
    before = flint.ctx.cap
    flint.ctx.cap = order + 1
    try:
        series = _series(formula, u, flint.arb_series([start, 1], order + 1))
        coefficient = series[order]
    finally:
        flint.ctx.cap = before
    if not coefficient.is_finite():
        raise InvalidArgument("formula", "is not analytic there", "none")
    return coefficient


def _series(node: sp.Expr, u: sp.Symbol, at: Any) -> Any:
    if node == u:
        return at
    if not node.free_symbols:
        return flint.arb_series([enclose(node, 40)])
    if node.is_Add:
        return sum((_series(part, u, at) for part in node.args), flint.arb_series([0]))
    if node.is_Mul:
        out = flint.arb_series([1])
        for part in node.args:
            out = out * _series(part, u, at)
        return out
    if node.is_Pow and node.exp.is_Integer:
        base = _series(node.base, u, at)
        times = int(node.exp)
        return base**times if times >= 0 else 1 / base ** (-times)
    if node.is_Pow and node.exp.is_Rational:
        return (_series(node.base, u, at).log() * enclose(node.exp, 40)).exp()
    if isinstance(node, sp.exp):
        return _series(node.args[0], u, at).exp()
    if isinstance(node, sp.log):
        return _series(node.args[0], u, at).log()
    raise InvalidArgument("formula", f"{node.func} has no series here", "none")
