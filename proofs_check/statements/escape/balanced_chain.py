"""The plateau of a chain of equal weights, which gradient flow leaves in closed form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache, partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import PAPER
from proofs_check.toolkit.numbers import between, rational
from theory.balls import enclose, precision
from theory.dynamics.balanced_chains import BalancedChain
from theory.dynamics.imbalance import gradient


class Balanced(NamedTuple):
    """What is claimed of a balanced chain.

    Parameters
    ----------
    leading : sympy.Expr
        The leading term T_0 of the flow's time.
    low, high : sympy.Expr
        The range of the flow's time.
    along, across : sympy.Expr
        The eigenvalues of the loss's Hessian at the start, along (1, ..., 1) and across it.
    lag : sympy.Expr
        How many steps more than time/eta gradient descent takes at most.
    product : sympy.Expr
        The limit of time times curvature.
    """

    leading: Any
    low: Any
    high: Any
    along: Any
    across: Any
    lag: Any
    product: Any


def balanced_chain(
    depth: Any,
    x: sp.Expr,
    y: sp.Expr,
    w0: sp.Expr,
    w1: sp.Expr,
    *,
    power: int = 2,
    correction: int = 1,
    turn: int = 1,
    logs: int = 1,
    top: int = 1,
) -> Balanced:
    r"""The time T is T_0 + (w_1^2-w_0^2)/(2y(y-f)) for an f from f_0 to f_1, and T |lambda| -> (L-1)/(L-2).

    Hence T is T_0 up to a factor between 1 and y/(y-f_1). Gradient descent takes T/eta to T/eta + lag steps.

    Parameters
    ----------
    depth : int or sympy.Symbol
        The number L of weights.
    x, y : sympy.Expr
        The input and the target.
    w0, w1 : sympy.Expr
        Every weight at the start and at the end.
    """
    first = sp.log(w1 / w0) if depth == power else (w0 ** (2 - depth) - w1 ** (2 - depth)) / (depth - power)
    f0, f1 = x * w0**depth, x * w1**depth
    leading = first / (x * y)
    low, high = (leading + correction * (w1**2 - w0**2) / (2 * y * (y - f)) for f in (f0, f1))
    curve = x * w0 ** (depth - 2)
    along, across = curve * ((2 * depth - turn) * f0 - (depth - 1) * y), curve * (y - f0)
    lag = 1 + logs * sp.log((y - f1) * w1 ** (depth - 1) / ((y - f0) * w0 ** (depth - 1)))
    product = sp.sympify(depth - top, strict=True) / (depth - 2)
    return Balanced(leading, low, high, along=along, across=across, lag=lag, product=product)


def _differentiated_time(claim: Claim) -> list[Obligation]:
    """Differentiate: dT/dw = 1/((y-f) x w^(L-1)) = 1/(xy w^(L-1)) + w/(y(y-f)).

    Here y-f falls from y-f_0 to y-f_1.
    """
    L, x, y, w0, w1 = sp.symbols("L x y w_0 w_1", positive=True)
    times, f0, f1 = claim(L, x, y, w0, w1), x * w0**L, x * w1**L
    return [
        Obligation("no time at the start", sp.S.Zero, times.leading.subs(w1, w0)),
        Obligation("the speed", 1 / ((y - f1) * x * w1 ** (L - 1)), times.leading.diff(w1) + w1 / (y * (y - f1))),
        Obligation("the sum's lower end", w1, ((times.low - times.leading) * y * (y - f0)).diff(w1)),
        Obligation("the sum's upper end", w1, ((times.high - times.leading) * y * (y - f1)).diff(w1)),
    ]


def _differentiated_loss(claim: Claim) -> list[Obligation]:
    """Compare eigenvalues: the loss's Hessian has entries p on and q off the diagonal.

    So they are p + (L-1) q along (1, ..., 1), and p - q across it.
    """
    L, x, y, w, one, other = sp.symbols("L x y w u v", positive=True)
    loss = (x * one * other * w ** (L - 2) - y) ** 2 / 2
    p, q = (loss.diff(one, second).subs({one: w, other: w}) for second in (one, other))
    claimed = claim(L, x, y, w, 2 * w)
    return [Obligation("along", p + (L - 1) * q, claimed.along), Obligation("across", p - q, claimed.across)]


_CHAINS = tuple(
    (L, *map(sp.Rational, numbers))
    for L, *numbers in (
        (2, "1", "1", "1/10", "1/2"),
        (3, "2", "1/3", "1/20", "2/5"),
        (4, "1", "2", "1/5", "9/10"),
        (7, "3", "1", "1/4", "7/10"),
        (12, "1", "5", "1/2", "1"),
    )
)


def _chain_hessian(L: int, x: sp.Expr, y: sp.Expr, w0: sp.Expr, _: sp.Expr) -> Callable[[Balanced], bool]:
    names, t = sp.symbols(f"w1:{L + 1}"), sp.Symbol("t")
    H = sp.hessian((x * sp.Mul(*names) - y) ** 2 / 2, names).subs(dict.fromkeys(names, w0))
    truth = sp.Poly(H.charpoly(t).as_expr(), t)
    return lambda claimed: sp.Poly((t - claimed.along) * (t - claimed.across) ** (L - 1), t) == truth


def _exact_time(claim: Claim) -> Iterator[Inequality]:
    """The integral in closed form, as theory derives it, is strictly inside, and within the factor y/(y-f_1)."""
    for L, x, y, w0, w1 in _CHAINS:
        claimed, time = claim(L, x, y, w0, w1), BalancedChain(L, x, y, w0).time(w1)
        yield Inequality(f"L = {L}, lower end", claimed.low, time)
        yield Inequality(f"L = {L}, upper end", time, claimed.high)
        yield Inequality(f"L = {L}, factor", time, claimed.leading * y / (y - x * w1**L))


def _inverse_curvature(claim: Claim) -> Iterator[Inequality]:
    """At w_0 = 10^-9 the product of time and curvature is within 10^-5 of its limit."""
    tiny = sp.Rational(1, 10**5)
    for L in (3, 4, 12):
        x, y, w0, w1 = map(sp.Rational, ("2", "3", "1e-9", "1/2"))
        claimed, time = claim(L, x, y, w0, w1), BalancedChain(L, x, y, w0).time(w1)
        yield Inequality(f"L = {L}, not below", claimed.product - tiny, -time * claimed.along)
        yield Inequality(f"L = {L}, not above", -time * claimed.along, claimed.product + tiny)


_RATES = tuple((*chain, sp.Rational(rate)) for chain in _CHAINS for rate in ("1/4", "3"))


@cache
def _descent(L: int, x: sp.Expr, y: sp.Expr, w0: sp.Expr, w1: sp.Expr, eta: sp.Expr) -> int:
    """Return how many steps gradient descent takes until w_1 is passed, with a bound on every rounding error.

    The rate eta is in units of 1/|lambda|.
    """
    eta = -eta / BalancedChain(L, x, y, w0).least_eigenvalue()
    steps = 0
    with precision(50):
        a, b, rate, w, last = (enclose(value, 50) for value in (x, y, eta, w0, w1))
        while not w >= last:
            if not w < last:
                raise ArithmeticError("50 digits do not tell whether the last weight is passed")
            w, steps = w + rate * (b - a * w**L) * a * w ** (L - 1), steps + 1
    return steps


def _counted_descent(*case: Any) -> Callable[[Balanced], bool | None]:
    L, x, y, w0, _, unit = case
    eta = -unit / BalancedChain(L, x, y, w0).least_eigenvalue()
    return lambda claimed: between(claimed.low / eta, _descent(*case), claimed.high / eta + claimed.lag)


BALANCED = Assumption(
    "all weights are equal, f lies between 0 and y, and for gradient descent the saddle is strict on the way"
)

BALANCED_CHAIN = Statement(
    id="escape.balanced-chain",
    title="Equal weights leave their plateau in a time known up to a bounded sum: (L-1)/(L-2) over the curvature.",
    latex=(
        r"\frac{w_1^2-w_0^2}{2y(y-f_0)}\le T-\frac{w_0^{2-L}-w_1^{2-L}}{(L-2)xy}\le\frac{w_1^2-w_0^2}{2y(y-f_1)},\quad "
        r"\lambda_{\min}=xw_0^{L-2}((2L-1)f_0-(L-1)y),\quad T|\lambda_{\min}|\to\frac{L-1}{L-2};\qquad "
        r"\frac T\eta\le N\le\frac T\eta+1+\log\frac{(y-f_1)w_1^{L-1}}{(y-f_0)w_0^{L-1}}"
    ),
    source=f"{PAPER}, on plateaus; the flow as in arXiv:1312.6120; bounds and discretization derived here",
    assumptions=(BALANCED, assumptions.WIDTH_ONE, assumptions.LINEAR, assumptions.DEPTH_TWO),
    claim=balanced_chain,
    evidence=(
        Proved("differentiating the time in its end", _differentiated_time, "all L, x, y, w"),
        Proved("differentiating the loss twice", _differentiated_loss, "all L, x, y, w"),
        Enumerated("the loss's Hessian and its characteristic polynomial, L = 2 to 7", _CHAINS[:4], _chain_hessian),
        Enumerated(
            "steps of gradient descent, every rounding bounded, L = 2 to 12",
            _RATES,
            _counted_descent,
            apply=lambda claim, *case: claim(*case[:-1]),
        ),
        Enclosed("the exact time lies in its range, L = 2 to 12", _exact_time),
        Enclosed("time times curvature near its limit, L = 3 to 12", _inverse_curvature),
    ),
    mutants=(
        Mutant("L - 1 for L - 2", partial(balanced_chain, power=1)),
        Mutant("nothing beside the leading time", partial(balanced_chain, correction=0)),
        Mutant("twice the sum", partial(balanced_chain, correction=2)),
        Mutant("2L for 2L - 1 in the curvature", partial(balanced_chain, turn=0)),
        Mutant("gradient descent is one step behind", partial(balanced_chain, logs=0)),
        Mutant("L/(L-2) for the product", partial(balanced_chain, top=0)),
    ),
)


def imbalance(f: Any, y: Any, one: Any, other: Any, eta: Any, *, order: int = 2, sign: int = -1) -> Any:
    r"""A step of gradient descent multiplies w_i^2 - w_j^2 by 1 - eta^2 (y-f)^2 f^2/(w_i w_j)^2.

    Parameters
    ----------
    f, y : Fraction or sympy.Expr
        The output and the target.
    one, other : Fraction or sympy.Expr
        The weights w_i and w_j.
    eta : Fraction or sympy.Expr
        The learning rate.
    """
    return 1 + sign * (eta * (y - f) * f / (one * other)) ** order


def _one_step(claim: Claim) -> list[Obligation]:
    """The step takes w_i to w_i + eta (y-f) f/w_i, and w_j likewise."""
    f, y, a, b, eta = sp.symbols("f y a b eta", positive=True)
    moved = [(w + eta * (y - f) * f / w) ** 2 for w in (a, b)]
    return [Obligation("one step", moved[0] - moved[1], claim(f, y, a, b, eta) * (a**2 - b**2))]


def _stepped(*weights: Fraction) -> Callable[[Claim], bool]:
    names = sp.symbols(f"w1:{len(weights) + 1}")
    y, eta = sp.Rational(3, 2), sp.Rational(1, 7)
    place = dict(zip(names, map(rational, weights), strict=True))
    moved = [w - eta * slope.subs(place) for w, slope in zip(place.values(), gradient(names, 1, y), strict=True)]
    a, b, *_ = place.values()
    truth = (moved[0] ** 2 - moved[1] ** 2) / (a**2 - b**2)
    return lambda claim: bool(claim(sp.Mul(*place.values()), y, a, b, eta) == truth)


_UNEQUAL = tuple(
    tuple(map(Fraction, weights.split()))
    for weights in ("1/2 1/3", "2 -1 1/3", "-1/2 3/2 1 1/5", "3 1/3 1/2 -2 1", "1 2 1/2 1/3 3 -1/4")
)


BALANCE_KEPT = Statement(
    id="escape.balance-kept",
    title="Gradient flow keeps every w_i^2 - w_j^2; gradient descent multiplies it by 1 - O(eta^2), known exactly.",
    latex=(
        r"w_i\leftarrow w_i+\eta(y-f)\frac f{w_i}:\quad "
        r"w_i^2-w_j^2\leftarrow\Bigl(1-\eta^2\frac{(y-f)^2f^2}{w_i^2w_j^2}\Bigr)(w_i^2-w_j^2)"
    ),
    source="the flow as in S. Arora et al., arXiv:1810.02281; the step derived here",
    assumptions=(assumptions.WIDTH_ONE, assumptions.LINEAR, assumptions.NONZERO_WEIGHTS, assumptions.DEPTH_TWO),
    claim=imbalance,
    evidence=(
        Proved("one step", _one_step, "all weights, one step"),
        Enumerated("one step along SymPy's gradient, L = 2 to 6", _UNEQUAL, _stepped, apply=lambda claim, *_: claim),
    ),
    mutants=(
        Mutant("first order in eta", partial(imbalance, order=1)),
        Mutant("descent amplifies", partial(imbalance, sign=1)),
    ),
)


STATEMENTS = (BALANCED_CHAIN, BALANCE_KEPT)
