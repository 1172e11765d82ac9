"""Almost every path is stable beyond the rates that are stable in mean square, and beyond those of gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache, partial
from itertools import product
from math import comb
from typing import Any

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.statements.sgd.second_moment import INDEPENDENT, JASTRZEBSKI, ONE_DIRECTION
from proofs_check.toolkit.balls import all_of, ball, not_above
from proofs_check.toolkit.numbers import rational
from proofs_check.verdict import Between
from theory.balls import Ball, enclose, precision
from theory.dynamics.minibatch_noise import typical_growth
from theory.dynamics.sgd_stability.typical import mean_square_rate, minibatch_curvatures, typical_rate

AT_REST = Assumption("without momentum, and without gradients at the minimum: b_i = 0")
_DIGITS = 30


def typical(
    what: str,
    *case: Any,
    beyond: int = 1,
    half: Fraction = Fraction(1, 2),
    first: int = 2,
    mean: bool = True,
    floor: int = 2,
    four: int = 4,
) -> Any:
    r"""|psi_T| vanishes almost surely iff E log|1 - eta h_B| < 0, which lasts beyond eta lam = 2.

    - ``two``: for two examples lam (1 +- k), S = 1 and k^2 < 1/2, eta lam at the end of the stable rates, in mean
      square and typically: 2/(1+k^2) and 2/(1-k^2).
    - ``growth``: the range of E log|1 - eta h_B| where all factors f = eta h_B - 1 are positive, given eta lam, their
      variance w, the least and the greatest: log(eta lam - 1) - w/(2 f^2).
    - ``first order``: both ends for small q^2 = c k^2: 2 - 2 q^2 and 2 + 2 q^2.
    - ``floor``: a bound on eta lam at a typical end where all eta h_B > 1.
    - ``tail``: a bound on P(log|psi_T/psi_0| >= -g T/2), given g = -E log|1 - eta h_B|, the variance of the logarithm
      and T: 4 Var/(g^2 T).

    Parameters
    ----------
    what : str
        Which of these.
    """
    if what == "two":
        (k,) = case
        ends = 2 / (1 + k**2), 2 / (1 - beyond * k**2)
        return ends if mean else (ends[1], ends[1])
    if what == "growth":
        x, w, least, most = case
        middle, share = sp.log(x - 1), rational(half)
        return Between(middle - share * w / least**2, middle - share * w / most**2)
    if what == "first order":
        (square,) = case
        return 2 - 2 * square, 2 + beyond * first * square
    if what == "floor":
        return sp.Rational(floor)
    g, variance, steps = case
    return four * variance / (g**2 * steps)


def _two(claim: Claim) -> list[Obligation]:
    """At the first end E (1 - eta h)^2 = 1, at the second the product of both factors is 1 in modulus."""
    k = sp.Symbol("k", positive=True)
    mean, usual = claim("two", k)
    factors = [[1 - x * (1 + sign * k) for sign in (1, -1)] for x in (mean, usual)]
    return [
        Obligation("in mean square", sum(f**2 for f in factors[0]) / 2, sp.S.One),
        Obligation("typically", factors[1][0] * factors[1][1], sp.S.One),
    ]


_KS = tuple((Fraction(x),) for x in ("1/10", "1/3", "1/2", "2/3", "7/10"))


@cache
def _two_examples(k: Fraction) -> Callable[[Claim], bool | None]:
    """Compare with both rates that theory finds, of which the second is the first zero of E log."""
    h = (1 - k, 1 + k)
    mean, usual = mean_square_rate(h, 1), typical_rate(h, 1, digits=_DIGITS)

    def judge(claim: Claim) -> bool | None:
        with precision(_DIGITS):
            ends = [enclose(end, _DIGITS) for end in claim("two", rational(k))]
            return all_of(
                not_above(abs(x - y), flint.arb("1e-20")) for x, y in zip(ends, (ball(mean), usual), strict=True)
            )

    return judge


_GROWING = tuple(
    (family, batch, replacement, eta)
    for family, batch, replacement in (
        ("1/2 3/2", 1, False),
        ("1/2 4/5 1 6/5 3/2", 1, False),
        ("1/2 4/5 1 6/5 3/2", 2, False),
        ("3/5 1 1 7/5", 2, True),
        ("1 1 1 2", 3, False),
    )
    for eta in (Fraction(21, 10), Fraction(5, 2), Fraction(4))
)


def _growth(claim: Claim) -> Iterator[Inequality]:
    """Compare the mean logarithm over all minibatches with its range."""
    for family, batch, replacement, eta in _GROWING:
        h = tuple(map(Fraction, family.split()))
        counts = minibatch_curvatures(h, batch, replacement=replacement)
        total, mean = sum(counts.values()), sum(h) / Fraction(len(h))
        w = eta**2 * sum((x - mean) ** 2 * times for x, times in counts.items()) / total
        least, most = eta * min(counts) - 1, eta * max(counts) - 1
        if least <= 0:
            continue
        found = claim("growth", *map(rational, (eta * mean, w, least, most)))
        truth = typical_growth([-x for x in h], eta, batch, replacement=replacement)
        case = f"h = {family}, S = {batch}{' with replacement' if replacement else ''}, eta = {eta}"
        yield Inequality(f"{case}: from below", found.lo, truth)
        yield Inequality(f"{case}: from above", truth, found.hi)


_SMALL = tuple(
    (shape, scale, batch)
    for shape, batches in (("-1 1", (1,)), ("-2 -1 0 1 2", (1, 2, 3)), ("-3 1 1 1", (1, 2)))
    for scale in (Fraction(1, 30), Fraction(1, 100))
    for batch in batches
)


@cache
def _first_order(shape: str, scale: Fraction, batch: int) -> Callable[[Claim], bool | None]:
    """Compare both ends with the claim, to a quarter of what the noise moves them by."""
    h = tuple(1 + scale * Fraction(x) for x in shape.split())
    n = len(h)
    square = Fraction(n - batch, batch * (n - 1)) * sum((x - 1) ** 2 for x in h) / n
    ends = ball(mean_square_rate(h, batch)), typical_rate(h, batch, digits=_DIGITS)

    def judge(claim: Claim) -> bool | None:
        with precision(_DIGITS):
            claimed = [ball(Fraction(str(x))) for x in claim("first order", rational(square))]
            room = ball(square / 4)
            return all_of(not_above(abs(x - y), room) for x, y in zip(claimed, ends, strict=True))

    return judge


_FLOORS = tuple(
    (shape, batch)
    for shape in ("1/2 3/2", "3/5 1 1 7/5", "1/2 4/5 1 6/5 3/2", "7/10 7/10 8/5", "9/10 1 11/10")
    for batch in range(1, len(shape.split()) + 1)
)


@cache
def _above_floor(shape: str, batch: int) -> Callable[[Claim], bool | None]:
    """Look at the end of the stable rates; where all minibatches agree it is 2, and otherwise beyond but near."""
    h = tuple(map(Fraction, shape.split()))
    counts = minibatch_curvatures(h, batch)
    mean = sum(h) / Fraction(len(h))
    with precision(_DIGITS):
        rate = typical_rate(h, batch, digits=_DIGITS)
        end, is_in_domain = rate * ball(mean), bool(rate * ball(min(counts)) > 1)

    def judge(claim: Claim) -> bool | None:
        with precision(_DIGITS):
            return not_above(enclose(claim("floor"), _DIGITS), end + flint.arb("1e-20")) if is_in_domain else None

    return judge


_TAILS = tuple(
    (k, x, steps)
    for k, x in product(map(Fraction, ("1/2", "1/3")), map(Fraction, ("11/5", "9/5", "1/2")))
    for steps in (20, 100, 400)
)


@cache
def _logs(k: Fraction, x: Fraction) -> tuple[Ball, Ball]:
    with precision(_DIGITS):
        return abs(ball(1 - x * (1 + k))).log(), abs(ball(1 - x * (1 - k))).log()


@cache
def _tail(k: Fraction, x: Fraction, steps: int) -> Callable[[Claim], bool | None]:
    """Compare with the chance itself, a sum of binomial coefficients: how often each of both examples is drawn."""
    first, second = _logs(k, x)
    with precision(_DIGITS):
        g, spread = -(first + second) / 2, (first - second) ** 2 / 4
        chance = (
            sum(comb(steps, i) for i in range(steps + 1) if first * i + second * (steps - i) >= -g * steps / 2)
            / flint.arb(2) ** steps
        )

    def judge(claim: Claim) -> bool | None:
        with precision(_DIGITS):
            return not_above(chance, ball(1) * claim("tail", g, spread, steps))

    return judge


def _seen_by_an_average(claim: Claim) -> Iterator[Inequality]:
    """Show at eta lam = 11/5 and k = 1/2 what grows and what is seen: E psi^2 by 53/20 a step, 20,000 paths fall."""
    mean, usual = claim("two", sp.Rational(1, 2))
    yield Inequality("k = 1/2: eta lambda = 11/5 is unstable in mean square", mean, sp.Rational(11, 5))
    yield Inequality("k = 1/2: eta lambda = 11/5 is stable typically", sp.Rational(11, 5), usual)
    steps, paths = 400, 20_000
    first, second = sp.Rational(23, 10), sp.Rational(1, 10)  # |1 - eta h| of both examples
    # psi^2 > 10^-6 after i draws of the first takes i log(first) + (400 - i) log(second) > log(10^-3)
    needed = next(i for i in range(steps + 1) if first**i * second ** (steps - i) > sp.Rational(1, 1000))
    above = sp.Rational(sum(comb(steps, i) for i in range(needed, steps + 1)), 2**steps)
    yield Inequality("any of 20,000 paths is above 10^-3 after 400 steps", paths * above, sp.Rational(1, 10**6))


TYPICAL = Statement(
    id="sgd.typical-break-even",
    title="Almost every path is stable beyond 2/eta, where the mean square explodes: smaller batches raise that end.",
    latex=(
        r"\psi_T\to0\text{ a.s.}\iff\mathbb E\log|1-\eta h_B|<0;\quad \lambda(1\pm k),S=1,k^2<\tfrac12:\ "
        r"\eta\lambda<\tfrac2{1-k^2}\text{ against }\tfrac2{1+k^2};\quad \eta\lambda_*=2+2ck^2+\ldots;\quad "
        r"\tfrac w{2\max f^2}\le\log(\eta\lambda-1)-\mathbb E\log|1-\eta h_B|\le\tfrac w{2\min f^2},\ f=\eta h_B-1>0;"
        r"\quad \mathbb P\bigl(\log|\psi_T/\psi_0|\ge-\tfrac{gT}2\bigr)\le\frac{4\,\mathrm{Var}}{g^2T}"
    ),
    source=f"derived here, beside the criterion in mean square of {JASTRZEBSKI}",
    assumptions=(ONE_DIRECTION, INDEPENDENT, AT_REST, Assumption("rates up to the first zero of E log|1 - eta h_B|")),
    claim=typical,
    evidence=(
        Proved("two examples at the ends of their stable rates", _two, "all k"),
        Enumerated("two examples: both ends to 20 digits", _KS, _two_examples, lambda k: f"k = {k}", itself),
        Enclosed("the mean logarithm over all minibatches lies in its range", _growth),
        Enumerated(
            "both ends where curvatures are close to each other, to a quarter of what moves them",
            _SMALL,
            _first_order,
            lambda shape, scale, batch: f"h - 1 = {scale} times {shape}, S = {batch}",
            itself,
        ),
        Enumerated(
            "the end of the stable rates where all eta h_B > 1",
            _FLOORS,
            _above_floor,
            lambda shape, batch: f"h = {shape}, S = {batch}",
            itself,
        ),
        Enumerated(
            "how often a path of two examples falls slowly, by binomial coefficients",
            _TAILS,
            _tail,
            lambda k, x, steps: f"k = {k}, eta lambda = {x}, T = {steps}",
            itself,
        ),
        Enclosed("what grows in mean square and is never seen", _seen_by_an_average, covers="k = 1/2, T = 400"),
    ),
    mutants=(
        Mutant("typically below 2/eta", partial(typical, beyond=-1)),
        Mutant("2 + c k^2", partial(typical, first=1)),
        Mutant("both ends equal", partial(typical, mean=False)),
        Mutant("half of what it loses at most", partial(typical, half=Fraction(1, 4))),
        Mutant("the end is above 2.5", partial(typical, floor=sp.Rational(5, 2))),
        Mutant("a fiftieth of the tail", partial(typical, four=sp.Rational(4, 50))),
    ),
)

STATEMENTS = (TYPICAL,)
