"""Losses on which descent stays near flow only if its step is exponentially small in the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.descent.euler_recursion import SOURCE
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.toolkit.balls import all_of, ball, not_above
from theory.balls import Ball, precision
from theory.dynamics.descent.taylor_flows import flow_steps

PARABOLA = Assumption(
    "(i) is for f = -m x^2/2 from x = 1; (ii) for f = x^2/2 + x^2 y/4 - y^2/2 + y^4/4 from (1, S + delta)"
)
NEAR = Assumption("(ii) holds at the distances delta and steps eta that are tried, to 10 % of the threshold's constant")


def exponential_step(
    what: str,
    *numbers: Any,
    half: int = 2,
    order: int = 1,
    third: int = 3,
    exponential: bool = True,
    threshold: bool = True,
    root: bool = False,
    steep: int = 1,
    off: int = 0,
) -> Any:
    """(i) e^(mT) (1 - exp(-m^2 eta T/2 + m^3 eta^2 T/3)) <= e_K <= e^(mT) m^2 eta T/2.

    So an absolute error below 1 takes a step of order e^(-mT). (ii) Flow from a height delta above the stable manifold
    S = 0.0820688 of the saddle ends at y = 1 after the time log(1/delta) + 6, and descent at y = -1 if the step exceeds
    37 delta: its own manifold is higher by 0.0269 eta.

    Parameters
    ----------
    what : str
        ``error`` with m, eta, T and e^(mT), for both bounds; ``manifold`` for two numbers between which S lies; ``end``
        with delta and eta, for the sign of y at the end.
    """
    if what == "error":
        m, eta, T, growth = numbers
        shrinks = -(m**2) * eta * T / 2 + m**3 * eta**2 * T / third
        outer = growth if exponential else 1
        return outer * (1 - _exp(shrinks)), outer * m ** (2 * order) * eta**order * T / half
    if what == "manifold":
        return tuple(sp.Rational(820688 + end + off, 10**7) for end in (0, 1))
    delta, eta = numbers
    if not threshold:
        return 1
    rises = sp.Rational(269, 10_000) * eta**steep
    return 1 if (rises**2 if root else rises) < delta else -1


def _exp(x: Any) -> Any:
    return x.exp() if isinstance(x, flint.arb) else sp.exp(x)


_DIGITS = 40
_GRID = tuple(
    (m, steps, eta)
    for m in ("1/3", "1", "3")
    for eta in ("1/1000", "1/50", "1/5")
    for steps in (1, 2, 10, 100)
)  # fmt: skip


def _on_parabola(m: str, steps: int, eta: str) -> Callable[[Claim], bool | None]:
    with precision(_DIGITS + steps // 5):
        slope, rate = ball(sp.Rational(m)), ball(sp.Rational(eta))
        time = rate * steps
        growth = (slope * time).exp()
        error = growth - (1 + slope * rate) ** steps

    def judge(claim: Claim) -> bool | None:
        with precision(_DIGITS + steps // 5):
            low, high = claim("error", slope, rate, time, growth)
            return all_of((not_above(low, error), not_above(error, high)))

    return judge


# --- a plane with two minima ---


def _field(y: Sequence[Any]) -> list[Any]:
    """Return minus the gradient of x^2/2 + x^2 y/4 - y^2/2 + y^4/4."""
    x, z = y
    half, quarter = flint.arb(1) / 2, flint.arb(1) / 4
    return [-(x + x * z * half), z - x * x * quarter - z * z * z]


_AT_MOST = 80
"""Flow is followed for 20 units of time, in quarters."""


@cache
def _end_of_flow(height: sp.Rational) -> int | None:
    """Return on which side flow from (1, height) comes beyond |y| = 1/2, where it cannot return; None if neither."""
    with precision(_DIGITS):
        start = (flint.arb(1), ball(height))
    for passed in flow_steps(_field, start, flint.arb("0.25"), _AT_MOST, digits=_DIGITS, order=18):
        if (side := _side(passed.end)) is not None:
            return side
    return None


def _side(y: Sequence[Ball]) -> int | None:
    x, z = y
    if abs(x) < flint.arb("0.3"):
        return 1 if z > flint.arb("0.5") else -1 if z < flint.arb("-0.5") else None
    return None


@cache
def _end_of_descent(height: sp.Rational, eta: str) -> int | None:
    with precision(_DIGITS):
        rate, here = ball(sp.Rational(eta)), [flint.arb(1), ball(height)]
        for _ in range(int(40 / sp.Rational(eta))):
            here = [a + rate * b for a, b in zip(here, _field(here), strict=True)]
            if (side := _side(here)) is not None:
                return side
    return None


def _manifold() -> Callable[[Claim], bool | None]:
    low, high = (sp.Rational(820688 + end, 10**7) for end in (0, 1))

    def judge(claim: Claim) -> bool | None:
        if (_end_of_flow(low), _end_of_flow(high)) != (-1, 1):
            return None
        ends = claim("manifold")
        return True if ends[0] <= low and high <= ends[1] else False if ends[1] < low or high < ends[0] else None

    return judge


_HEIGHT = sp.Rational(82068825, 10**9)
_ENDS = tuple(
    (delta, eta) for delta, rates in (("1/100", ("1/4", "1/2")), ("1/1000", ("1/40", "1/22"))) for eta in rates
)


def _ends(delta: str, eta: str) -> Callable[[Claim], bool | None]:
    height = _HEIGHT + sp.Rational(delta)

    def judge(claim: Claim) -> bool | None:
        found = _end_of_descent(height, eta)
        if found is None or _end_of_flow(height) != 1:
            return None
        return bool(claim("end", sp.Rational(delta), sp.Rational(eta)) == found)

    return judge


EXPONENTIAL_STEP = Statement(
    id="descent.exponential-step",
    title="Where curvature is negative for a time T, an absolute error below 1 takes a step of order e^(-mT).",
    latex=(
        r"e^{mT}\bigl(1-e^{-m^2\eta T/2+m^3\eta^2T/3}\bigr)\le e_K\le e^{mT}\,\tfrac{m^2\eta T}2;\qquad "
        r"\delta<0.0269\,\eta:\ \text{flow ends at }y=1,\text{ descent at }y=-1"
    ),
    source=f"in place of proposition 1 of {SOURCE}; derived here",
    assumptions=(PARABOLA, NEAR),
    claim=exponential_step,
    evidence=(
        Enumerated(
            "both bounds on the parabola, in balls", _GRID, _on_parabola, apply=itself,
            label=lambda m, steps, eta: f"m = {m}, {steps} steps of {eta}",
        ),
        Enumerated("flow from below and above S, in balls", ((),), _manifold, apply=itself, covers="S to 7 digits"),
        Enumerated(
            "where flow and descent end, in balls", _ENDS, _ends, apply=itself,
            label=lambda delta, eta: f"delta = {delta}, eta = {eta}",
        ),
    ),
    mutants=(
        Mutant("a quarter of m^2 eta T", partial(exponential_step, half=4)),
        Mutant("an error of second order", partial(exponential_step, order=2)),
        Mutant("the other sign of m^3 eta^2 T/3", partial(exponential_step, third=-3)),
        Mutant("no exponential: the error relative to the flow", partial(exponential_step, exponential=False)),
        Mutant("S is lower by 1e-6", partial(exponential_step, off=-10)),
        Mutant("no threshold", partial(exponential_step, threshold=False)),
        Mutant("a threshold at the root of delta", partial(exponential_step, root=True)),
        Mutant("a manifold higher by 0.0269 eta^2", partial(exponential_step, steep=2)),
    ),
)  # fmt: skip

STATEMENTS = (EXPONENTIAL_STEP,)
