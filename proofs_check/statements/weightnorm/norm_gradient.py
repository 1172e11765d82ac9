"""How norms and gradients of two neurons are related late in the flow: a finite form of the asymptotic relation."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache, partial
from typing import Any, NamedTuple

import mpmath
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.weightnorm.flows import EXPONENTIAL_LOSS, FLOW, SOURCE
from proofs_check.toolkit.numbers import rational
from theory.balls import enclose
from theory.dynamics.weight_norm.neurons import velocity

# --- weightnorm.norm-gradient-relation --------------------------------------------------------------------------------


class Related(NamedTuple):
    """What is claimed of two neurons w_i > 0 with q_i = x_i w_i.

    Parameters
    ----------
    clock : sympy.Expr
        A function of q of which each exponential neuron's grows by t.
    room : sympy.Expr
        The bound on |log(rho_1|g_1|/(rho_2|g_2|))|.
    exponential : sympy.Expr
        The ratio that tends to 1 with exponential normalization: rho_1|g_1|/(rho_2|g_2|).
    plain : sympy.Expr
        The ratio that tends to 1 without: rho_1|g_2|/(rho_2|g_1|), less q_1/q_2 times what is 1 + O(1/t).
    """

    clock: Any
    room: Any
    exponential: Any
    plain: Any


def related(
    x: Any,
    q: Any,
    starts: Any = (12, 11),
    t: Any = 1,
    *,
    constant: Fraction = Fraction(119, 100),
    swapped: bool = False,
    fast: bool = False,
    sign: int = -1,
) -> Related:
    """Exponential: rho|g| are equal up to 1.19 |C|/(t + min E(q_i0)) in logs, for q_i >= 10; C = E(q_10) - E(q_20).

    Without, as with standard normalization here, e^(q_i) = e^(q_i0) + x_i^2 t, and rho_1|g_2|/(rho_2|g_1|) is q_1/q_2
    times (1 + e^(q_10)/(x_1^2 t))/(1 + e^(q_20)/(x_2^2 t)): so 1 + O(1/log t), no faster.

    Parameters
    ----------
    x, q : pair of sympy.Expr
        The examples and the outputs on them.
    starts : pair of sympy.Expr
        q_i at the start, at least 10.
    t : sympy.Expr
        The time.
    """

    def clock(one: Any) -> Any:
        return sp.Ei(one) + sign * sp.exp(one) / one

    e = [clock(one) for one in starts]
    like = [one / y for one, y in zip(q, x, strict=True)]  # rho
    pull = [y * sp.exp(-one) for one, y in zip(q, x, strict=True)]  # |g|
    product, quotient = like[0] * pull[0] / (like[1] * pull[1]), like[0] * pull[1] / (like[1] * pull[0])
    grown = [1 + sp.exp(one) / (y**2 * t) for one, y in zip(starts, x, strict=True)]
    plain = quotient - grown[0] / grown[1] * (1 if fast else q[0] / q[1])
    return Related(
        clock(q[0]),
        rational(constant) * sp.Abs(e[0] - e[1]) / (t + sp.Min(*e)),
        quotient if swapped else product,
        product - 1 if swapped else plain,
    )


def _clocks(claim: Claim) -> list[Obligation]:
    """Differentiate along the flow w' = w^2 x e^(-q)."""
    x, q = sp.symbols("x q", positive=True)
    (speed,) = velocity("exponential", (sp.S.One,), q / x, (-x * sp.exp(-q),))
    said = claim((x, x), (q, q))
    return [Obligation("clock", said.clock.diff(q) * x * speed, sp.S.One)]


_PAIRS = tuple(
    (tuple(map(sp.Integer, x)), tuple(map(sp.Rational, starts)))
    for x, starts in (((2, 1), (10, 12)), ((3, 1), (12, 10)), ((1, 2), ("21/2", 11)), ((2, 1), (10, "1001/100")))
)
_LATER = tuple(map(sp.Rational, ("1001/100", "12", "20", "100")))
"""How far the first neuron is, with q_1 = q_10 + what is listed less 10."""


def _exponential(claim: Claim) -> Iterator[Inequality]:
    """Follow the first neuron to q_1; then t = E(q_1) - E(q_10), and q_2 is the root of E(q_2) = E(q_20) + t."""
    for x, starts in _PAIRS:
        for later in _LATER:
            q1 = starts[0] + later - 10
            t = _clock(q1) - _clock(starts[0])
            q2 = _solved(_clock(starts[1]) + t, starts[1])
            said = claim(x, (q1, q2), starts, t)
            for sign in (1, -1):
                case = f"x = {x}, q(0) = {starts}, q_1 = {q1}"
                yield Inequality(case, sign * sp.log(said.exponential) - _NEAR, said.room)


_NEAR = sp.Rational(1, 10**50)
"""By how much the root may be off, as it is found to 80 digits."""
_DIGITS = 80


def _clock(q: sp.Expr) -> sp.Expr:
    return sp.Ei(q) - sp.exp(q) / q


@cache
def _solved(level: sp.Expr, low: sp.Expr) -> sp.Rational:
    """Return q with E(q) = level to 80 digits, by the secant rule on log E, which is nearly linear."""
    with mpmath.workdps(_DIGITS + 10):
        aim = mpmath.mpf(enclose(level, _DIGITS + 10).mid().str(_DIGITS + 5, radius=False))

        def off(q: Any) -> Any:
            return mpmath.log(mpmath.ei(q) - mpmath.exp(q) / q) - mpmath.log(aim)

        root = mpmath.findroot(off, (mpmath.mpf(str(low)), mpmath.log(aim) + 2 * mpmath.log(mpmath.log(aim) + 2)))
        return sp.Rational(str(mpmath.nstr(root, _DIGITS)))


def _plain(claim: Claim) -> Iterator[Inequality]:
    """The position is e^q = e^(q_0) + x^2 t; what is claimed is an identity, and the ratio is far from 1 at all t."""
    for x, starts in _PAIRS:
        for power in (4, 12, 40):
            t = sp.Integer(10) ** power
            q = tuple(sp.log(sp.exp(s) + y**2 * t) for s, y in zip(starts, x, strict=True))
            said = claim(x, q, starts, t)
            for sign in (1, -1):
                yield Inequality(f"x = {x}, q(0) = {starts}, t = 10^{power}", sign * said.plain, sp.Rational(1, 10**20))


NORM_GRADIENT = Statement(
    id="weightnorm.norm-gradient-relation",
    title="Late in the flow rho|g| are equal up to O(1/t) (exponential), rho/|g| up to O(1/log t) (plain, standard).",
    latex=(
        r"q_i=x_iw_i\ge10:\quad\Bigl|\log\frac{\rho_1|g_1|}{\rho_2|g_2|}\Bigr|\le\frac{1.19\,|E(q_{10})-E(q_{20})|}"
        r"{t+\min E(q_{i0})}\ (\text{EWN});\qquad\frac{\rho_1|g_2|}{\rho_2|g_1|}=\frac{q_1}{q_2}\cdot"
        r"\frac{1+e^{q_{10}}/(x_1^2t)}{1+e^{q_{20}}/(x_2^2t)}\ (\text{none})"
    ),
    source=f"{SOURCE} has the limits, if the loss tends to 0 and directions converge; finite times are derived here",
    assumptions=(
        FLOW,
        EXPONENTIAL_LOSS,
        Assumption("two neurons on two examples, each on its own: q_i = x_i w_i, positive; q_i >= 10 for the bound"),
    ),
    claim=related,
    evidence=(
        Proved("the clock E, differentiated along the flow", _clocks, "all q and x"),
        Enclosed(f"exponential, {len(_PAIRS)} pairs at {len(_LATER)} times each", _exponential, digits=_DIGITS),
        Enclosed("plain, at t = 10^4, 10^12, 10^40", _plain, digits=60),
    ),
    mutants=(
        Mutant("the relations swapped", partial(related, swapped=True)),
        Mutant("Ei(q) + e^q/q for the clock", partial(related, sign=1)),
        Mutant("1.1 for 1.19", partial(related, constant=Fraction(11, 10))),
        Mutant("plain is 1 + O(1/t)", partial(related, fast=True)),
    ),
)

STATEMENTS = (NORM_GRADIENT,)
