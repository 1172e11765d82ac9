"""One output and data of rank one: gradient flow in closed form, and how long it takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import MIN, ONE_OUTPUT, TWO_LAYERS
from proofs_check.statements.linear2.rates import closed_form
from proofs_check.toolkit.balls import all_of, not_above
from proofs_check.toolkit.rational_pairs import random_matrix
from theory.balls import Ball, enclose, precision
from theory.dynamics.linear_pairs.scalar_pairs import scalar_product


class Solution(NamedTuple):
    """What is claimed of the flow of p = u.v.

    Parameters
    ----------
    size : sympy.Expr
        The square of |u|^2 + |v|^2.
    speed : sympy.Expr
        dp/dt.
    time : sympy.Expr
        The time at which p is reached, up to a constant.
    late : sympy.Expr
        The rate of the loss in the end.
    """

    size: Any
    speed: Any
    time: Any
    late: Any


def scalar_solution(
    p: Any,
    first: Any,
    last: Any,
    rate: Any,
    target: Any,
    *,
    four: int = 4,
    sign: int = -1,
    balanced: int = 4,
    factor: int = 2,
) -> Solution:
    r"""(|u|^2+|v|^2)^2 = c^2 + 4 p^2 with c = lambda_1 - lambda_h of u u^T - v v^T; the time is log g(p)/(lambda R).

    Here R^2 = c^2 + 4 theta^2 and g(p) = (4 p theta + c^2 + R sqrt(c^2 + 4 p^2))/|theta - p|.

    Parameters
    ----------
    p : sympy.Expr
        Where the flow is.
    first, last : sympy.Expr
        The largest and the smallest eigenvalue of u u^T - v v^T.
    rate, target : sympy.Expr
        lambda and theta.
    """
    c2 = (first + sign * last) ** 2
    size = c2 + four * p**2
    end = sp.sqrt(c2 + balanced * target**2)
    clock = sp.log((4 * p * target + c2 + end * sp.sqrt(size)) / sp.Abs(target - p))
    speed = rate * (target - p) * sp.sqrt(size)
    return Solution(size, speed, 2 * clock / (factor * rate * end), factor * rate * end)


def _invariant(claim: Claim) -> list[Obligation]:
    """With u + v multiplied by w and u - v divided by it, where dw/dt = lambda (theta - p) w.

    a and b are the lengths of u + v and u - v, and s is |u|^2 - |v|^2, so that the eigenvalues are (s +- ab)/2.
    """
    a, b, w, s, rate, theta = sp.symbols("a b w s lambda theta", positive=True)
    p, size = ((a * w) ** 2 - (b / w) ** 2) / 4, ((a * w) ** 2 + (b / w) ** 2) / 2
    claimed = claim(p, (s + a * b) / 2, (s - a * b) / 2, rate, theta)
    speed = p.diff(w) * w * rate * (theta - p)
    return [Obligation("the sum of squares", size**2, claimed.size), Obligation("dp/dt", speed**2, claimed.speed**2)]


def _clock(claim: Claim) -> list[Obligation]:
    """Differentiate the time: (dt/dp)(dp/dt) = 1 at p = theta - y on the near side, and at theta + y on the far one."""
    c, y, rate, theta = sp.symbols("c y lambda theta", positive=True)
    found = []
    for name, sign in (("below the target", -1), ("above the target", 1)):
        claimed = claim(theta + sign * y, c / 2, -c / 2, rate, theta)
        found.append(Obligation(name, claimed.time.diff(y) * sign * claimed.speed, sp.S.One))
    return found


_DIGITS = 60
_VECTORS = tuple((h, seed) for h in (2, 3, 5) for seed in range(3))


def _of_vectors(h: int, seed: int) -> Callable[[Solution], bool]:
    """Compare with |u|^2 + |v|^2, the eigenvalues being those of the matrix of u and v."""
    u, v = random_matrix(h, 1, seed), random_matrix(h, 1, seed + 1)
    truth = (u.dot(u) + v.dot(v)) ** 2
    return lambda claimed: bool(sp.expand(claimed.size - truth) == 0)


def _at_vectors(claim: Claim, h: int, seed: int) -> Solution:
    u, v, x = random_matrix(h, 1, seed), random_matrix(h, 1, seed + 1), sp.Symbol("x")
    characteristic = sp.Poly((u * u.T - v * v.T).charpoly(x).as_expr(), x)
    quadratic = sp.cancel(characteristic.as_expr() / x ** (h - 2))  # u u^T - v v^T has rank two
    last, first = sorted(sp.roots(sp.Poly(quadratic, x), multiple=True), key=float)
    found: Solution = claim(u.dot(v), first, last, sp.S.One, sp.S.One)
    return found


_FLOWS = tuple(
    tuple(map(sp.Rational, case.split()))
    # |u+v|^2, |u-v|^2, |u|^2-|v|^2, lambda, theta
    for case in ("3 2 1 1 2", "2 2 0 1/4 1/100", "1 4 -1 3 -2", "7 1 1 1/2 1/3")
)


_P, _FIRST, _LAST, _RATE, _TARGET = sp.symbols("p first last rate target", real=True)


def _claimed(claim: Claim, *_: Any) -> Solution:
    """Return the claim in letters, for which balls are put."""
    found: Solution = claim(_P, _FIRST, _LAST, _RATE, _TARGET)
    return found


def _solved(*flow: sp.Rational) -> Callable[[Solution], bool | None]:
    """Compare the time between two places of the flow, which theory solves, and how fast the loss falls in the end."""
    plus, minus, difference, rate, theta = flow
    letters = dict(zip((_FIRST, _LAST), closed_form(plus, minus, difference), strict=True))
    values = {name: enclose(x, _DIGITS) for name, x in {**letters, _RATE: rate, _TARGET: theta}.items()}
    late = sp.Integer(20) / (rate * sp.ceiling(sp.sqrt(plus * minus + 4 * theta**2)))
    times = (sp.S.Zero, sp.Rational(1, 3), sp.Rational(3, 2), late, late + 1)
    balls = [enclose(scalar_product(t, plus, minus, rate, theta), _DIGITS) for t in times]

    def judge(claimed: Solution) -> bool | None:
        found = [enclose(claimed.time, _DIGITS, {**values, _P: ball}) for ball in balls[:3]]
        with precision(_DIGITS):
            spans = [(found[i + 1] - found[i], enclose(times[i + 1] - times[i], _DIGITS)) for i in range(2)]
            gaps = [(ball - values[_TARGET]) ** 2 for ball in balls[3:]]
            fallen = (gaps[0] / gaps[1]).log()
            return all_of(
                (
                    *(_near(*span, "1e-20") for span in spans),
                    _near(enclose(claimed.late, _DIGITS, values), fallen, "1e-6"),
                )
            )

    return judge


def _near(x: Ball, y: Ball, tolerance: str) -> bool | None:
    return not_above(abs(x - y), flint.arb(tolerance))


SCALAR_SOLUTION = Statement(
    id="linear2.scalar-solution",
    title="For one output and rank one the flow is solved: its late rate is 2 lambda R, which exceeds 2 lambda c.",
    latex=(
        r"(|u|^2+|v|^2)^2=c^2+4p^2,\ c=|u+v||u-v|=\lambda_1-\lambda_h,\quad "
        r"\dot p=\lambda(\theta-p)\sqrt{c^2+4p^2},\quad \lambda RT=\log\frac{g(p_T)}{g(p_0)},\ "
        r"g(p)=\frac{4p\theta+c^2+R\sqrt{c^2+4p^2}}{|\theta-p|},\ R=\sqrt{c^2+4\theta^2}"
    ),
    source=f"derived here, in the setting of {MIN}",
    assumptions=(TWO_LAYERS, ONE_OUTPUT),
    claim=scalar_solution,
    evidence=(
        Proved("u + v and u - v multiplied and divided by one number", _invariant, "all u, v: the speed"),
        Proved("the time differentiated", _clock, "all c, theta, p: the time"),
        Enumerated(
            f"eigenvalues and lengths of {len(_VECTORS)} rational pairs", _VECTORS, _of_vectors, apply=_at_vectors
        ),
        Enumerated(
            "times between places of solved flows to 20 digits, and their late rates",
            _FLOWS,
            _solved,
            label=lambda *flow: f"lambda = {flow[3]}, theta = {flow[4]}",
            apply=_claimed,
        ),
    ),
    mutants=(
        Mutant("c^2 + p^2", partial(scalar_solution, four=1)),
        Mutant("lambda_1 + lambda_h for c", partial(scalar_solution, sign=1)),
        Mutant("c for R", partial(scalar_solution, balanced=0)),
        Mutant("half the rate, twice the time", partial(scalar_solution, factor=1)),
    ),
)

STATEMENTS = (SCALAR_SOLUTION,)
