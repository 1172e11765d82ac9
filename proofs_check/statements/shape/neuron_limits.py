"""The limits of a linear neuron's potential: the squared l2 norm, the norm, and the power 3/2 between them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Enclosed, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.shape.diagonal_nets import FLOW, SOURCE
from proofs_check.toolkit.numbers import rational


class Limits(NamedTuple):
    """What is claimed of a neuron's potential for large delta, and for none.

    Parameters
    ----------
    low, high : sympy.Expr
        The range of sqrt(delta) q'(n)/n for delta > 0, or of q'(n)/sqrt(-delta) for delta < 0.
    balanced : sympy.Expr
        q(n) for delta = 0.
    """

    low: Any
    high: Any
    balanced: Any


def neuron_limits(
    n: Any, delta: Any, *, order: int = 2, half: int = 2, exponent: Fraction = Fraction(3, 2), curve: int = 1
) -> Limits:
    """With t = n^2/delta^2, it is 1 - t/2 to 1 - t/2 + 7t^2/8, or 1 + t/2 - 5t^2/8 to 1 + t/2; and q = 2/3 n^(3/2).

    So q is n^2/(2 sqrt(delta)), the l2 norm, for large delta, and sqrt(-delta) n, the norm itself, for large -delta.

    Parameters
    ----------
    n : sympy.Expr
        The norm of the point a w.
    delta : sympy.Expr
        a^2 - |w|^2, positive or negative.
    """
    t = n**2 / abs(delta) ** order
    power = rational(exponent)
    balanced = n**power / power
    if delta > 0:
        return Limits(1 - t / half, 1 - t / half + curve * sp.Rational(7, 8) * t**2, balanced)
    return Limits(1 + t / half - curve * sp.Rational(5, 8) * t**2, 1 + t / half, balanced)


def _gaps(claim: Claim) -> list[Obligation]:
    """As q'^4 + delta q'^2 = n^2, t = (1-r^2)/r^4 or r^4-r^2 for the number r in question, which is below 1 or above.

    Each gap is (1-r)^2 or |1-r|^3 times positive terms.
    """
    r, n = sp.symbols("r n", positive=True)
    above = claim(sp.sqrt((1 - r**2) / r**4), sp.S.One)
    below = claim(sp.sqrt(r**4 - r**2), -sp.S.One)
    high = 8 * r**6 + 16 * r**5 + 24 * r**4 + 28 * r**3 + 28 * r**2 + 21 * r + 7
    low = 5 * r**5 + 15 * r**4 + 20 * r**3 + 20 * r**2 + 16 * r + 8
    return [
        Obligation("delta > 0, lower", (1 - r) ** 2 * (2 * r**3 + 2 * r**2 + 2 * r + 1) / (2 * r**4), r - above.low),
        Obligation("delta > 0, upper", (1 - r) ** 3 * high / (8 * r**8), above.high - r),
        Obligation("delta < 0, lower", (r - 1) ** 3 * low / 8, r - below.low),
        Obligation("delta < 0, upper", (r - 1) ** 2 * (r**2 + 2 * r + 2) / 2, below.high - r),
        Obligation("delta = 0", n, claim(n, sp.S.One).balanced.diff(n) ** 2),
    ]


def _ranges(claim: Claim) -> Iterator[Inequality]:
    for n, delta in (("1", "10"), ("1", "100"), ("1", "-10"), ("1", "-100"), ("3", "2"), ("3", "-2"), ("1/7", "-5")):
        size, kept = sp.Rational(n), sp.Rational(delta)
        slope = sp.sqrt(sp.sqrt(size**2 + kept**2 / 4) - kept / 2)
        ratio = slope * sp.sqrt(kept) / size if kept > 0 else slope / sp.sqrt(-kept)
        said = claim(size, kept)
        yield Inequality(f"n = {n}, delta = {delta}: lower end", said.low, ratio)
        yield Inequality(f"n = {n}, delta = {delta}: upper end", ratio, said.high)


NEURON_LIMITS = Statement(
    id="shape.neuron-limits",
    title="A neuron's potential is the squared l2 norm for large delta, the norm for large -delta, up to n^2/delta^2.",
    latex=(
        r"t=\frac{n^2}{\delta^2}:\quad\delta>0:\ 1-\tfrac t2\le\sqrt\delta\,\frac{q'(n)}n\le1-\tfrac t2+\tfrac78t^2;"
        r"\quad\delta<0:\ 1+\tfrac t2-\tfrac58t^2\le\frac{q'(n)}{\sqrt{|\delta|}}\le1+\tfrac t2;\quad "
        r"\delta=0:\ q(n)=\tfrac23n^{3/2}"
    ),
    source=f"{SOURCE}, on the limits of one linear neuron's potential; the bounds are derived here",
    assumptions=(FLOW,),
    claim=neuron_limits,
    evidence=(
        Proved("each gap as a product of positive factors", _gaps, "all n, delta"),
        Enclosed("the exact slope lies in its range, delta = -100 to 100", _ranges),
    ),
    mutants=(
        Mutant("the rate 1/delta", partial(neuron_limits, order=1)),
        Mutant("t/4 for t/2", partial(neuron_limits, half=4)),
        Mutant("the exponent 2 at delta = 0", partial(neuron_limits, exponent=Fraction(2))),
        Mutant("the exponent 1 at delta = 0", partial(neuron_limits, exponent=Fraction(1))),
        Mutant("no term of second order", partial(neuron_limits, curve=0)),
    ),
    domain=EVERYWHERE,
)

STATEMENTS = (NEURON_LIMITS,)
