"""How fast the loss of a chain falls, with exponential weight normalization and without: exact times and bounds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.weightnorm.flows import EXPONENTIAL_LOSS, FLOW, SOURCE
from theory.dynamics.weight_norm.loss_clock import clock as derived_clock
from theory.dynamics.weight_norm.neurons import velocity


class Rate(NamedTuple):
    """What is claimed of a chain w_1 ... w_n on one example, whose output is p = log(1/L).

    Parameters
    ----------
    speed : sympy.Expr
        dp/dt, over L.
    clock : sympy.Expr
        E(p), with n t = E(p) - E(p_0); 0 where it is not typed.
    lower, upper : sympy.Expr
        Bounds on n t L p^s + E(p_0) p^s e^(-p), where dp/dt = n p^s L.
    """

    speed: Any
    clock: Any
    lower: Any
    upper: Any


def rate(
    n: int,
    p: Any,
    family: str,
    *,
    power: sp.Rational | None = None,
    plain: int = 2,
    sign: int = -1,
    lower: tuple[int, int] = (1, 1),
    upper: tuple[int, int] = (1, 2),
) -> Rate:
    """Exponential: n t = E(p) - E(p_0), E(p) = Ei(p) - e^p/p, so L p^2 n t is 1 + 2/p + 6/p^2 to 1 + 2/p + 12/p^2.

    Without, from balanced weights, dp/dt = n p^s L with s = 2 - 2/n: so e^p - e^(p_0) = t for n = 1, Ei for n = 2, and
    2 sqrt(pi) erfi(sqrt p) - 2 e^p/sqrt(p) for n = 4. Bounds for p >= 10 and n = 2, ..., 7 are 1 + s/p + s(s+1)/p^2
    and 1 + s/p + 2 s(s+1)/p^2.

    Parameters
    ----------
    n : int
        The depth.
    p : sympy.Expr
        log(1/L).
    family : str
        ``exponential`` or ``plain``.
    """
    s = (sp.Integer(2) if power is None else power) if family == "exponential" else 2 - sp.Rational(plain, n)
    if family == "exponential":
        typed = sp.Ei(p) + sign * sp.exp(p) / p
    else:
        typed = {
            1: sp.exp(p),
            2: sp.Ei(p),
            4: 2 * sp.sqrt(sp.pi) * sp.erfi(sp.sqrt(p)) - 2 * sp.exp(p) / sp.sqrt(p),
        }.get(n, sp.S.Zero)
    bounds = (1 + first * s / p + second * s * (s + 1) / p**2 for first, second in (lower, upper))
    return Rate(n * p**s, typed, *bounds)


def _speeds(claim: Claim) -> list[Obligation]:
    """Unequal weights for the exponential flow, equal ones for the plain one, with q for n-th roots of p."""
    found = []
    for n in (1, 2, 3):
        w = sp.symbols(f"w_1:{n + 1}", positive=True)
        p = sp.Mul(*w)
        speed = sp.Add(*(p.diff(x) * velocity("exponential", (sp.S.One,), x, (-p.diff(x),))[0] for x in w))
        found.append(Obligation(f"exponential, n = {n}", speed, claim(n, p, "exponential").speed))
    q = sp.Symbol("q", positive=True)
    for n in (1, 2, 3, 4, 5):
        speed = n * q ** (n - 1) * velocity("plain", (sp.S.One,), q, (-(q ** (n - 1)),))[0]
        found.append(Obligation(f"plain, n = {n}", speed, sp.powdenest(claim(n, q**n, "plain").speed, force=True)))
    return found


def _clocks(claim: Claim) -> list[Obligation]:
    """The claimed E has the derivative n e^p/(dp/dt)."""
    p, q = sp.symbols("p q", positive=True)
    return [
        Obligation(f"{family}, n = {n}", product.subs(p, q**4), n * sp.exp(q**4))
        for family, n in (("exponential", 1), ("exponential", 3), ("plain", 1), ("plain", 2), ("plain", 4))
        for said in (claim(n, p, family),)
        for product in (said.clock.diff(p) * said.speed,)
    ]


_POINTS = tuple(map(sp.Integer, (10, 12, 20, 40, 100, 1000)))
_CHAINS = (("exponential", 1), ("exponential", 3), *(("plain", n) for n in range(2, 8)))


def _power(family: str, n: int) -> sp.Rational:
    return sp.Integer(2) if family == "exponential" else 2 - sp.Rational(2, n)


def _bounds(claim: Claim) -> Iterator[Inequality]:
    """The bounds against the derived clock; at p = 8 the upper one is false, and for plain n = 8 at p = 10."""
    for family, n in _CHAINS:
        s = _power(family, n)
        for p in _POINTS:
            said, true = claim(n, p, family), derived_clock(p, s) * p**s * sp.exp(-p)
            yield Inequality(f"{family}, n = {n}, p = {p}", said.lower, true)
            yield Inequality(f"{family}, n = {n}, p = {p}", true, said.upper)


def _beyond(claim: Claim) -> Iterator[Inequality]:
    """Times e^p/p^s the bounds are F: F' - e^p/p^s is e^p p^(-s-3) times a line, which has one sign from p = 10 on."""
    p = sp.Symbol("p", positive=True)
    for family, n in _CHAINS:
        said, s = claim(n, p, family), _power(family, n)
        for bound, sign in ((said.lower, 1), (said.upper, -1)):
            line = sp.Poly(sp.expand(sign * p**3 * (bound.diff(p) + bound * (1 - s / p) - 1)), p)
            case = f"{family}, n = {n}, {'lower' if sign == 1 else 'upper'}, p >= 10"
            yield Inequality(f"{case}: no more than a line", sp.Integer(line.degree()), sp.Integer(2))
            yield Inequality(f"{case}: at p = 10", line(10), sp.S.Zero)
            if line.coeff_monomial(p) != 0:
                yield Inequality(f"{case}: slope", line.coeff_monomial(p), sp.S.Zero)


LOSS_RATES = Statement(
    id="weightnorm.loss-rates",
    title="A chain's loss falls like 1/(n t (log 1/L)^2) with exponential normalization, (log 1/L)^(2-2/n) without.",
    latex=(
        r"nt=E(p)-E(p_0),\ E(p)=\operatorname{Ei}(p)-\tfrac{e^p}p;\quad p\ge10:\ 1+\tfrac2p+\tfrac6{p^2}<ntLp^2+"
        r"E(p_0)p^2e^{-p}<1+\tfrac2p+\tfrac{12}{p^2};\qquad \text{none, balanced}:\ "
        r"nt=\int_{p_0}^pe^qq^{-s}dq,\ s=2-\tfrac2n,\quad 1+\tfrac sp+\tfrac{s(s+1)}{p^2}\ \text{and}\ "
        r"1+\tfrac sp+\tfrac{2s(s+1)}{p^2}"
    ),
    source=f"{SOURCE} has rates as t grows; exact times and bounds are derived here",
    assumptions=(
        FLOW,
        EXPONENTIAL_LOSS,
        Assumption("a chain w_1 ... w_n of positive weights on one example; without normalization they are equal"),
        Assumption("bounds are for log(1/L) >= 10, and without normalization for n = 2, ..., 7"),
    ),
    claim=rate,
    evidence=(
        Proved("dp/dt from the flow of the weights", _speeds, "all weights, n = 1, 2, 3 and 1, ..., 5"),
        Proved("the derivative of E", _clocks, "all p"),
        Enclosed(f"bounds of {len(_CHAINS)} chains at p = {', '.join(map(str, _POINTS))}", _bounds),
        Enclosed("from p = 10 on the bounds' slopes keep them there", _beyond, refutes=False, covers="all p >= 10"),
    ),
    mutants=(
        Mutant("upper bound 1 + s/(2p)", partial(rate, upper=(sp.Rational(1, 2), 2))),
        Mutant("upper bound 1 + s/p", partial(rate, upper=(1, 0))),
        Mutant("lower bound 1 + 3s/(2p)", partial(rate, lower=(sp.Rational(3, 2), 1))),
        Mutant("exponent 3/2 with exponential", partial(rate, power=sp.Rational(3, 2))),
        Mutant("exponent 2 - 1/n without", partial(rate, plain=1)),
        Mutant("Ei(p) + e^p/p", partial(rate, sign=1)),
    ),
)

STATEMENTS = (LOSS_RATES,)
