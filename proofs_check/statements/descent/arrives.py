"""Gradient descent of whole networks arrives at the minimum, at the time that gradient flow takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.descent.balanced_flow import NOT_OPPOSITE, balanced_network
from proofs_check.statements.descent.curvature_integral import BALANCED
from proofs_check.statements.descent.euler_recursion import SOURCE
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.toolkit.balls import ball, not_above
from theory.balls import Ball, precision
from theory.dynamics.descent.linear_flows import BalancedFlow

SMALL_STEP = Assumption("the step is at most 1/(10 n), and the goal eps from 1/20 to 1/5")


class Arrival(NamedTuple):
    """What is claimed of the flow by whose time descent arrives.

    Parameters
    ----------
    cosine : sympy.Expr
        nu at the start.
    goal : sympy.Expr
        The distance |W - Y| at which it has arrived.
    rate : int
        The factor in du/ds = rate u (nu - u).
    power : sympy.Expr
        The exponent in ds = u^power dt.
    room : sympy.Expr
        How far K eta/T is from 1 at most, given eta and T.
    """

    cosine: Any
    goal: Any
    rate: int
    power: Any
    room: Callable[[Any, Any], Any]


def arrives(
    n: int, nu: Any, eps: Any, *, off: int = 0, slow: int = 2, even: bool = False, doubled: bool = False, half: int = 2
) -> Arrival:
    """The first step K with f <= eps^2/2 has |K eta/T - 1| <= eta/2 + eta/T, where flow falls to r = eps at T.

    Parameters
    ----------
    n : int
        The number of layers.
    nu : sympy.Expr
        The cosine at the start, above -1.
    eps : sympy.Expr
        The goal.
    """
    return Arrival(
        abs(nu) if even else nu,
        2 * eps if doubled else eps,
        n - off,
        1 - sp.Rational(slow, n),
        lambda eta, time: eta / half + eta / time,
    )


_DIGITS = 20
_STARTS = (("3/5", "1/3"), ("0/1", "1/2"), ("-4/5", "1/2"), ("-24/25", "1/3"), ("-840/841", "2/3"))
_SIDES = {"3/5": "4/5", "0/1": "1/1", "-4/5": "3/5", "-24/25": "7/25", "-840/841": "41/841"}
_CASES = (
    *(((2,), nu, q, "1/20", "1/10") for nu, q in _STARTS),
    *(((2, 3), nu, q, "1/30", "1/10") for nu, q in _STARTS),
    *(((2, 1, 2), nu, q, "1/40", "1/10") for nu, q in _STARTS[:3]),
    ((2,), "-24/25", "1/3", "1/100", "1/20"),
    ((3, 2), "-4/5", "1/2", "1/60", "1/5"),
)
_MOST = 20_000


def _fraction(text: str) -> flint.fmpq:
    return flint.fmpq(*map(int, text.split("/")))


@cache
def _steps(hidden: tuple[int, ...], nu: str, q: str, eta: str, eps: str) -> int | None:
    """Descend with all layers, and count the steps up to the first that is there; None if balls leave it open."""
    with precision(_DIGITS + 10):
        loss = balanced_network(hidden, (_fraction(nu), _fraction(_SIDES[nu])), _fraction(q)).in_balls()
        rate, goal = flint.arb(_fraction(eta)), flint.arb(_fraction(eps)) ** 2 / 2
        for count in range(_MOST):
            value = loss.value
            if value <= goal:
                return count
            if not value > goal:
                return None
            loss = loss.stepped(rate)
    return None


@cache
def _time(rate: int, power: sp.Rational, cosine: sp.Rational, u: sp.Rational, goal: sp.Rational) -> Ball:
    flow = BalancedFlow(rate, cosine, u)
    return flow.time(flow.arrival(goal, _DIGITS), _DIGITS, power)


def _arrived(hidden: tuple[int, ...], nu: str, q: str, eta: str, eps: str) -> Callable[[Claim], bool | None]:
    n, (cosine, weight, rate, goal) = len(hidden) + 1, (sp.Rational(x) for x in (nu, q, eta, eps))

    def judge(claim: Claim) -> bool | None:
        said, count = claim(n, cosine, goal), _steps(hidden, nu, q, eta, eps)
        if count is None:
            return None
        time = _time(said.rate, said.power, said.cosine, weight**n, said.goal)
        with precision(_DIGITS):
            step = ball(rate)
            return not_above(abs(count * step / time - 1), said.room(step, time))

    return judge


ARRIVES = Statement(
    id="descent.arrives",
    title="Descent of balanced networks of one output arrives in T/eta steps, up to the share eta/2 and one step.",
    latex=(
        r"K=\min\{k:f(\theta_k)\le\varepsilon^2/2\}:\qquad \Bigl|\frac{K\eta}T-1\Bigr|\le\frac\eta2+\frac\eta T,\qquad "
        r"|W(T)-Y|=\varepsilon\text{ by flow}"
    ),
    source=f"on theorem 3 of {SOURCE}; the count of steps is given here",
    assumptions=(BALANCED, NOT_OPPOSITE, SMALL_STEP),
    claim=arrives,
    evidence=(
        Enumerated(
            f"descent of {len(_CASES)} networks with all their layers, in balls", _CASES, _arrived, apply=itself,
            label=lambda hidden, nu, q, eta, eps: f"hidden {hidden}, nu_0 = {nu}, q = {q}, eta = {eta}, eps = {eps}",
        ),
    ),
    mutants=(
        Mutant("twice the distance", partial(arrives, doubled=True)),
        Mutant("ds = u^(1-1/n) dt", partial(arrives, slow=1)),
        Mutant("the rate n+1", partial(arrives, off=-1)),
        Mutant("|nu_0| for nu_0", partial(arrives, even=True)),
        Mutant("eta/4 for eta/2", partial(arrives, half=4)),
    ),
)  # fmt: skip

STATEMENTS = (ARRIVES,)
