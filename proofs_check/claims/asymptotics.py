"""Claims about large widths: an error term O(...), or a ratio that tends to 1 along a path such as L = beta*n."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from typing import Any

import flint
import sympy as sp

from proofs_check.claims.algebra import is_identical, spread
from proofs_check.claims.checked import Judgement
from proofs_check.claims.counterexamples import Counterexample
from proofs_check.claims.cross_check import at_text
from proofs_check.claims.domain import Domain
from proofs_check.claims.error_terms import require_positive
from proofs_check.claims.meaning import shown
from proofs_check.claims.random_numbers import Activation, LogCumulant
from proofs_check.claims.sides import Sides
from proofs_check.verdict import Verdict
from theory import log_variance_expansion, lyapunov_expansion, symbols
from theory.balls import Ball, OutOfTime, deadline, enclose, precision
from theory.ensembles import InvalidArgument

_BOUNDED = sp.Symbol("B_", positive=True)
"""Stands for what an expansion leaves open: it is bounded as the width grows."""
_DOUBLINGS = (4, 12)
"""Where there is no expansion, widths from 2^4 to 2^12 are tried."""
_PATIENCE = 3
"""A number that is being enclosed has so many times as long, once no new one is begun."""
_FAR = (10**4, 10**6, 10**8)
"""Limits are compared with the numbers at these widths, because a computed limit alone is no proof."""


def judge_asymptotically(sides: Sides, domain: Domain, *, seconds: float) -> Judgement:
    """Judge a claim with an error term, or that a ratio tends to 1.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The path; without one the depth is fixed as the width grows.
    seconds : float
        After so many seconds no further width is tried, where widths are tried.

    Raises
    ------
    InvalidArgument
        If the width is no letter that could grow.
    """
    n = _growing(sides)
    meaning = sides.meaning
    scope = _scope(sides, domain, n) + _fixed_layers(domain)
    if meaning.remainder is not None:
        scope += require_positive(meaning.remainder.xreplace(dict(domain.path)), n)
    if sides.unproved({n: _FAR[0]}):
        missing = _without_value(sides, domain, n)
        if missing:
            return Judgement(Verdict.INCONCLUSIVE, scope, (("derived", missing),))
        scope += ", wherever both sides have a value"
    expanded = _expanded(sides)
    if expanded is None:
        return _by_doubling(sides, domain, n, scope, seconds)
    term = meaning.remainder
    quantity = expanded / meaning.right if term is None else (expanded - meaning.right) / term
    known, open_part = _split(quantity.xreplace(dict(domain.path)))
    limit = _limit(known, n)
    if meaning.remainder is not None:
        return _bounded(sides, limit, _limit(open_part, n), scope)
    if limit is None or (open_part != 0 and _limit(open_part, n) != 0):
        return Judgement(Verdict.INCONCLUSIVE, scope, (("derived", "the limit of the ratio is not known here"),))
    says = f"the ratio of both sides tends to {limit}"
    if is_identical(limit - 1):
        verdict = Verdict.SUPPORTED
    else:
        there = _at(sp.sympify(limit, strict=True), n, 1) if not limit.is_infinite else flint.arb(0)
        if there is None or there.contains(1):
            return Judgement(Verdict.INCONCLUSIVE, scope, (("derived", f"{says}, which may or may not be 1"),))
        verdict = Verdict.REFUTED
    example = None if verdict is Verdict.SUPPORTED else Counterexample({}, "1", f"the ratio tends to {limit}")
    return Judgement(verdict, scope, (("derived", says),), example)


def _growing(sides: Sides) -> sp.Symbol:
    width = sides.net.width if sides.net.is_constant_width else None
    if not isinstance(width, str):
        problem = "a claim about large widths needs a width that is a letter"
        raise InvalidArgument("width", problem, "leave --width and --widths out")
    return symbols.whole(width)


def _scope(sides: Sides, domain: Domain, n: sp.Symbol) -> str:
    if domain.path:
        path = ", ".join(f"{letter} = {formula}" for letter, formula in domain.path.items())
        return f"as {n} -> infinity along {path}"
    depth = symbols.whole(sides.net.depth)
    letters = sides.meaning.letters
    if sides.meaning.remainder is not None:
        letters = letters | sides.meaning.remainder.free_symbols
    linear = _is_linear_in_depth(sides)
    if depth in letters or any(depth in statistic.letters for statistic in sides.meaning.statistics.values()):
        return f"as {n} -> infinity, " + (f"uniformly in {depth}" if linear else f"for each fixed {depth}")
    return f"as {n} -> infinity"


def _fixed_layers(domain: Domain) -> str:
    return f", for each fixed {' and '.join(map(str, domain.layers))}" if domain.layers else ""


def _is_linear_in_depth(sides: Sides) -> bool:
    """Whether both sides and the error term are multiples of the depth, so that it drops out."""
    depth = symbols.whole(sides.net.depth)
    expanded = _expanded(sides)
    remainder = sides.meaning.remainder
    if expanded is None or remainder is None or not depth.is_Symbol:
        return False
    quotient = sp.expand((expanded - sides.meaning.right) / remainder)
    return depth not in quotient.free_symbols


def _expanded(sides: Sides) -> sp.Expr | None:
    """Return the left side with what is known of logarithms for large widths, else with formulas."""
    values: dict[Any, sp.Expr] = {}
    for letter, statistic in sides.meaning.statistics.items():
        expansion = _log_expansion(sides, statistic) if isinstance(statistic, LogCumulant) else None
        if expansion is None:
            known = sides.derived[letter]
            if known is None or known.formula is None or known.formula.has(sp.polygamma, sp.Sum):
                return None
            expansion = known.formula
        values[letter] = expansion
    whole = sides.meaning.left.xreplace(values)
    return whole if sides.meaning.mentions_input else whole.xreplace({symbols.norm_symbol(2): sp.S.One})


def _log_expansion(sides: Sides, statistic: LogCumulant) -> sp.Expr | None:
    net, number = sides.net, statistic.number
    if not (isinstance(number, Activation) and net.law.is_normal and net.has_independent_entries):
        return None
    if not net.architecture.is_plain or net.init.name not in ("xavier", "he", "lecun"):
        return None
    try:
        series = (lyapunov_expansion if statistic.order == 1 else log_variance_expansion)(net)
    except InvalidArgument:
        return None
    n = symbols.whole(str(net.width))
    one_layer = series.removeO() + _BOUNDED / n**3
    start = 2 * sp.log(symbols.norm_symbol(2)) if statistic.order == 1 else sp.S.Zero
    return start + number.layers[0] * one_layer


def _split(expression: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Return what does not depend on the bounded remainder of an expansion, and the coefficient of what does."""
    expanded = sp.expand(expression)
    coefficient = expanded.coeff(_BOUNDED, 1)
    rest = sp.expand(expanded - coefficient * _BOUNDED)
    return (expression, sp.S.Zero) if _BOUNDED in rest.free_symbols or coefficient == 0 else (rest, coefficient)


def _limit(expression: sp.Expr, n: sp.Symbol) -> sp.Expr | None:
    """Return the limit for large n; None if it is not found, or the numbers at large n do not bear it out."""
    if n not in expression.free_symbols:
        return expression
    wide = sp.Dummy("n", positive=True)
    try:
        found = sp.limit(spread(expression, {n: _FAR[0]}).subs(n, wide), wide, sp.oo)
        if found.has(sp.Limit, sp.AccumBounds) or found is sp.nan:
            return None
    except (NotImplementedError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return found if _borne_out(expression, n, found) else None


def _borne_out(expression: sp.Expr, n: sp.Symbol, limit: sp.Expr) -> bool:
    """Whether the numbers at large n tend to the limit, whatever the other letters; to infinity, for some of them."""
    there = [near for others in _OTHERS if (near := _tends(expression, n, limit, others)) is not None]
    return bool(there) and (any(there) if limit.is_infinite else all(there))


_OTHERS = ((3, sp.Rational(3, 2)), (1, sp.S.Half), (2, sp.Integer(3)), (7, sp.S.One))
"""Values of the other letters, the whole ones and the rest, at which a limit is compared with numbers."""


def _tends(expression: sp.Expr, n: sp.Symbol, limit: sp.Expr, others: tuple[int, sp.Expr]) -> bool | None:
    values = [value for far in _FAR if (value := _at(expression, n, far, others)) is not None]
    if len(values) < len(_FAR):
        return None if not values else False
    if limit.is_infinite:
        return bool(abs(values[2]) > abs(values[1]) > abs(values[0]) and abs(values[2]) > 2 * abs(values[0]))
    goal = _at(limit, n, 1, others)
    if goal is None:
        return False
    distances = [abs(value - goal) for value in values]
    scale = 1 + abs(goal)
    return bool(distances[2] < scale / 1000 or (distances[2] < distances[0] / 2 and distances[2] < scale / 10))


def _at(expression: sp.Expr, n: sp.Symbol, width: int, others: tuple[int, sp.Expr] = _OTHERS[0]) -> Ball | None:
    whole, real = flint.arb(others[0]), enclose(others[1], 80)
    values = {letter: whole if letter.is_integer else real for letter in expression.free_symbols}
    values[n] = flint.arb(width)
    try:
        with precision(80):
            return enclose(expression, 80, values)
    except InvalidArgument:
        return None


def _without_value(sides: Sides, domain: Domain, n: sp.Symbol) -> str:
    """Return where a side has no value at a large width, in words; empty where that was not found."""
    for width in _FAR:
        for whole, real in _OTHERS:
            letters = (sides.meaning.letters | domain.path_letters | sides.letters_of_conditions) - set(domain.path)
            point = {x: sp.Integer(whole) if x.is_integer else real for x in letters} | {n: sp.Integer(width)}
            point |= {letter: formula.xreplace(point) for letter, formula in domain.path.items()}
            problem = sides.without_value(point)
            if problem:
                return f"no value at {at_text(point)}: {problem}"
    return ""


def _bounded(sides: Sides, limit: sp.Expr | None, of_open_part: sp.Expr | None, scope: str) -> Judgement:
    """Judge an error term by the limits of (left - right)/term, and of what the expansion leaves open."""
    term = sides.meaning.remainder
    if limit is None or of_open_part is None or (of_open_part.is_infinite and not limit.is_infinite):
        says = "the expansion that theory derives is too short to tell"
        return Judgement(Verdict.INCONCLUSIVE, scope, (("derived", says),))
    if limit.is_infinite:
        says = f"(left - right)/({shown(term)}) tends to {'-' if limit == -sp.oo else ''}infinity"
        truth = _truth_at_order(sides)
        return Judgement(
            Verdict.REFUTED, scope, (("derived", says),), Counterexample({}, "bounded", "unbounded"), truth
        )
    constant = f" {shown(sp.factor(limit))}" if of_open_part == 0 else " a finite limit"
    says = f"from the derived expansion: (left - right)/({shown(term)}) tends to{constant}"
    return Judgement(Verdict.SUPPORTED, scope, (("derived", says),))


def _truth_at_order(sides: Sides) -> str:
    expanded = _expanded(sides)
    if expanded is None or not expanded.has(_BOUNDED):
        return ""
    return f"true is: {shown(sp.expand(expanded.subs(_BOUNDED, 0)))} + ..."


def _by_doubling(sides: Sides, domain: Domain, n: sp.Symbol, scope: str, seconds: float) -> Judgement:
    """Enclose the constant along doubling widths, which can refute a claim but never support it."""
    meaning = sides.meaning
    depth = symbols.whole(sides.net.depth)
    target = (meaning.left - meaning.right) / meaning.remainder if meaning.remainder is not None else (
        meaning.left / meaning.right)  # fmt: skip
    found: list[tuple[int, float]] = []
    end = time.monotonic() + seconds
    for power in range(*_DOUBLINGS):
        if time.monotonic() > end:
            break
        point = {n: sp.Integer(2**power)}
        if depth.is_Symbol and depth not in domain.path:
            point[depth] = sp.Integer(4)
        values = {letter: sp.S.One for letter in target.free_symbols | domain.path_letters if not letter.is_integer}
        values = {letter: value for letter, value in values.items() if letter not in meaning.statistics}
        point |= values | {letter: formula.xreplace(point | values) for letter, formula in domain.path.items()}
        if any(not value.is_Integer for letter, value in point.items() if letter.is_integer):
            continue
        try:
            with deadline(end + _PATIENCE * seconds):
                found.append((2**power, float(sides.ball(target, point))))
        except OutOfTime:
            break
        except InvalidArgument as bad:
            return Judgement(
                Verdict.INCONCLUSIVE, scope, (("enclosed", f"no value at {n} = {2**power}: {bad.problem}"),)
            )
    says = ", ".join(f"{value:.6g} at {n} = {width}" for width, value in found[-5:])
    what = "the ratio" if meaning.remainder is None else "(left - right)/term"
    tiers = (("enclosed", f"{what} is {says}" if found else "no width was tried in time"),)
    last = [abs(value) for _, value in found[-5:]]
    if meaning.remainder is None:
        off = [abs(value - 1) for _, value in found[-5:]]
        if len(off) == 5 and off[-1] > 0.02 and off[-1] > 0.9 * off[0]:
            example = Counterexample({str(n): sp.Integer(found[-1][0])}, "1", f"{found[-1][1]:.6g}")
            return Judgement(Verdict.REFUTED, scope, tiers, example)
    elif len(last) == 5 and all(later > 1.5 * earlier for earlier, later in pairwise(last)):
        example = Counterexample({str(n): sp.Integer(found[-1][0])}, "bounded", f"{found[-1][1]:.6g}, and growing")
        return Judgement(Verdict.REFUTED, scope, tiers, example)
    judged = Judgement(Verdict.INCONCLUSIVE, scope, tiers)
    return replace(judged, advice="finitely many widths cannot support a claim about infinitely many")
