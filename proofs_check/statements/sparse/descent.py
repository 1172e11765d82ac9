"""Steps of a finite size: what they do to what flow keeps, where they are stable, and how many there are."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial
from typing import Any

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.sparse.conservation import PAPER
from proofs_check.toolkit.numbers import between
from theory.balls import enclose, precision
from theory.dynamics.balanced_chains import BalancedChain


def descent(
    what: str,
    N: int,
    *numbers: Any,
    sign: int = -1,
    shrinks: int = 1,
    square: int = 2,
    power: int = 2,
    behind: int = 1,
) -> Any:
    r"""What is claimed of u <- u + eta N u^(N-1) g and v <- v - eta N v^(N-1) g.

    - ``factor`` is what a step multiplies uv by, for N = 2, given eta g: 1 - 4 (eta g)^2.
    - ``change`` is the sign of the change of u^(2-N) + v^(2-N) for N > 2: it increases.
    - ``threshold`` is the learning rate below which descent is stable at w = z, v = 0, given z: 2/(N^2 z^(2-2/N)).
    - ``early`` and ``late`` are the range of n - T/eta, where n is the first step that is beyond an end that flow
      reaches after T, v = 0: -log(g_max/g_1) and 1 + log(g_max/g_0), given these two logarithms. The speed of u is g_0
      at the start, g_1 at the end, and g_max at most.

    Parameters
    ----------
    what : str
        Which of these.
    N : int
        The depth.
    numbers
        What is named in the list above.
    """
    match what:
        case "factor":
            return 1 + sign * shrinks * 4 * numbers[0] ** 2
        case "change":
            return shrinks
        case "threshold":
            exponent = 2 - sp.Rational(2, N) if square else sp.Integer(2)
            return 2 / (N**power * numbers[0] ** exponent)
        case "early":
            return -numbers[0]
        case _:
            return behind * (1 + numbers[1])


def _one_step(claim: Claim) -> list[Obligation]:
    u, v, step = sp.symbols("u v s", positive=True)
    moved = (u + 2 * step * u) * (v - 2 * step * v)
    return [Obligation("one step for N = 2", moved, u * v * claim("factor", 2, step))]


def _multiplier(claim: Claim) -> list[Obligation]:
    """With z = x^N, a step's derivative at u = x is 1 - 2 eta/threshold, which is -1 at the threshold."""
    x, u, eta = sp.symbols("x u eta", positive=True)
    found = []
    for N in (2, 3, 4, 5, 8):
        step = u + eta * N * u ** (N - 1) * (x**N - u**N)
        claimed = 1 - 2 * eta / claim("threshold", N, x**N)
        found.append(Obligation(f"N = {N}", step.diff(u).subs(u, x), claimed))
    return found


_STEPS = tuple(
    (N, *map(Fraction, (u, v, g, eta)))
    for N in (3, 4, 5, 7)
    for u in ("1/3", "1", "3/2")
    for v in ("1/5", "1", "7/4")
    for g in ("-2", "-1/3", "1/10", "1")
    for eta in ("1/1000", "1/50", "1/10")
)


def _kept_or_not(N: int, u: Fraction, v: Fraction, g: Fraction, eta: Fraction) -> Callable[[Claim], bool]:
    """Judge the sign of the change, where both factors stay positive."""
    after = (u + eta * N * u ** (N - 1) * g, v - eta * N * v ** (N - 1) * g)
    if min(after) <= 0:
        return lambda claim: True
    change = sum(x ** (2 - N) for x in after) - sum(x ** (2 - N) for x in (u, v))
    return lambda claim: bool(claim("change", N) == (change > 0) - (change < 0))


_WELLS = tuple((N, sp.Rational(x)) for N, x in ((2, "7/5"), (3, "5/4"), (4, "4/5"), (6, "1")))


def _settles(N: int, x: sp.Rational) -> Callable[[Claim], bool | None]:
    """Judge the threshold: from 1e-6 away, descent comes closer at 0.98 of it and moves away at 1.02 of it."""

    def judge(claim: Claim) -> bool | None:
        threshold = claim("threshold", N, x**N)
        answers = [_moves_away(N, x, share * threshold) for share in (sp.Rational(49, 50), sp.Rational(51, 50))]
        return None if None in answers else answers == [False, True]

    return judge


@cache
def _moves_away(N: int, x: sp.Rational, eta: sp.Expr) -> bool | None:
    """Whether 50 steps from 1e-6 beside x, where w = z, end further from x; every rounding is bounded."""
    with precision(60):
        goal, rate = enclose(x, 60), enclose(eta, 60)
        u = goal + flint.arb(10) ** -6
        for _ in range(50):
            u += rate * N * u ** (N - 1) * (goal**N - u**N)
        gap = abs(u - goal) - flint.arb(10) ** -6
        return True if gap > 0 else False if gap < 0 else None


_PATHS = tuple(
    (N, *map(sp.Rational, (start, end, eta)))
    for N in (2, 3, 4, 6)
    for start in ("1/5", "2/5")
    for end in ("1/2", "19/20", "999/1000")
    for eta in ("1/100", "1/20")
    if sp.Rational(eta) * N**2 < 2
)


@cache
def _counted(N: int, start: sp.Rational, end: sp.Rational, eta: sp.Rational) -> int:
    """Return the first step beyond the end, on the target z = 1; every rounding is bounded."""
    with precision(60):
        u, last, rate = (enclose(value, 60) for value in (start, end, eta))
        steps = 0
        while not u >= last:
            if not u < last:
                raise ArithmeticError("60 digits do not tell whether the end is passed")
            u, steps = u + rate * N * u ** (N - 1) * (1 - u**N), steps + 1
        return steps


def _lags(N: int, start: sp.Rational, end: sp.Rational, eta: sp.Rational) -> Callable[[Claim], bool | None]:
    """Judge n - T/eta; u^N is the chain of N weights at x = y = 1, whose time runs N times as slowly."""
    time = BalancedChain(N, 1, 1, start).time(end) / N
    speeds = [x ** (N - 1) * (1 - x**N) for x in (start, end)]
    top = sp.Rational(N - 1, 2 * N - 1) ** sp.Rational(1, N)
    most = top ** (N - 1) * sp.Rational(N, 2 * N - 1) if start < top < end else max(speeds)
    logs = sp.log(most / speeds[1]), sp.log(most / speeds[0])

    def judge(claim: Claim) -> bool | None:
        low, high = (claim(what, N, *logs) for what in ("early", "late"))
        return between(time / eta + low, _counted(N, start, end, eta), time / eta + high)

    return judge


def _itself(claim: Claim, *_: Any) -> Claim:
    return claim


POSITIVE_FACTORS = Assumption("u and v are positive, before the step and after it, and g is not 0")
ONE_FACTOR = Assumption("stability and times are those of a single coordinate, an orthonormal design, with v = 0")

DESCENT = Statement(
    id="sparse.descent",
    title="Every step of descent shrinks the start that it seems to come from; it is stable below 2/(N^2 z^(2-2/N)).",
    latex=(
        r"uv\leftarrow(1-4\eta^2g^2)uv\ (N=2),\qquad u^{2-N}+v^{2-N}\ \text{increases}\ (N\ge3);\qquad "
        r"\eta<\frac2{N^2z^{2-2/N}};\qquad -\log\frac{g_{\max}}{g_1}\le n-\frac T\eta\le1+\log\frac{g_{\max}}{g_0}"
    ),
    source=f"{PAPER} trains by descent; derived here, by convexity and as escape.balanced-chain (arXiv:2106.03763)",
    assumptions=(POSITIVE_FACTORS, ONE_FACTOR),
    claim=descent,
    evidence=(
        Proved("one step for N = 2", _one_step, "N = 2, one step"),
        Proved("the derivative of a step at w = z", _multiplier, "N = 2 to 8, all z"),
        Enumerated(f"one step for N > 2, {len(_STEPS)} rational cases", _STEPS, _kept_or_not, apply=_itself),
        Enumerated("50 steps near w = z at 0.98 and 1.02 of the threshold", _WELLS, _settles, apply=_itself),
        Enumerated("steps counted against the flow's time, N = 2 to 6", _PATHS, _lags, apply=_itself),
    ),
    mutants=(
        Mutant("uv and u^(2-N) + v^(2-N) are kept", partial(descent, shrinks=0)),
        Mutant("uv grows by 1 + 4 eta^2 g^2", partial(descent, sign=1)),
        Mutant("N for N^2 in the threshold", partial(descent, power=1)),
        Mutant("z^2 for z^(2-2/N) in the threshold", partial(descent, square=0)),
        Mutant("descent is never behind flow", partial(descent, behind=0)),
    ),
)

STATEMENTS = (DESCENT,)
