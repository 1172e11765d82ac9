"""Two weights: gradient descent and noise in labels flatten the minimum that they reach."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial
from itertools import product
from math import comb
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.toolkit.balls import all_of, ball, not_above, root
from proofs_check.toolkit.numbers import rational
from proofs_check.verdict import Between
from theory.balls import Ball, precision
from theory.dynamics.imbalance import imbalance_factor
from theory.dynamics.label_noise import curvature_step, end_curvature, imbalance_mean_factor, residual_factor

JASTRZEBSKI = "S. Jastrzebski et al., arXiv:2002.09572"

_ETA, _M, _V, _Y, _E, _SIZE = sp.symbols("eta m v y e S", positive=True)
_W1, _W2, _R = sp.symbols("w1 w2 r", real=True)


class Step(NamedTuple):
    """What is claimed of a step.

    Parameters
    ----------
    imbalance : sympy.Expr
        The factor of w_1^2 - w_2^2.
    curvature : sympy.Expr
        w_1^2 + w_2^2 after the step.
    residual : sympy.Expr
        The factor of the residual without noise.
    """

    imbalance: sp.Expr
    curvature: sp.Expr
    residual: sp.Expr


def flattening(
    what: str,
    *case: Any,
    order: int = 2,
    power: int = 2,
    sharper: bool = False,
    everywhere: bool = False,
    shared: int = 1,
) -> Any:
    r"""A step multiplies w_1^2 - w_2^2 by 1 - eta^2 r^2, with r = w_1 w_2 - y - e.

    It adds -4 eta r w_1 w_2 + eta^2 r^2 lam to lam = w_1^2 + w_2^2, which is the curvature where r = 0.

    - ``step``: this, given eta, w_1, w_2 and r; the residual is multiplied by 1 - eta lam + eta^2 r w_1 w_2.
    - ``end``: the range of lam without noise at a step on which |r| does not grow, given eta, r, p = w_1 w_2 and
      c_0 = |w_1^2 - w_2^2| of the start, while eta^2 r^2 <= 2: at least 2|p|, at most 2/eta + eta r p, and at most what
      gradient flow would keep, sqrt(c_0^2 + 4 p^2).
    - ``mean``: a bound on E c_T for noise of variance sigma^2 and minibatches of S, while eta |r| <= 1, given eta,
      sigma^2, S, T and c_0: c_0 (1 - eta^2 sigma^2/S)^T.

    Parameters
    ----------
    what : str
        Which of these.
    """
    if what == "step":
        eta, w1, w2, r = case
        lam = w1**2 + w2**2
        curvature = lam - 4 * eta * r * w1 * w2 + eta**2 * r**2 * lam
        return Step(1 - eta**order * r**power, curvature, 1 - eta * lam + eta**2 * r * w1 * w2)
    if what == "end":
        eta, r, p, start = case
        stable, flow = 2 / eta + eta * r * p, root(start**2 + 4 * p**2)
        if everywhere:
            return Between(stable - eta / 100, stable)
        return Between(flow, 100 * flow) if sharper else Between(2 * abs(p), stable.min(flow))
    eta, variance, batch, steps, start = case
    return start * (1 - eta**order * variance / (batch if shared else 1)) ** steps


@cache
def _theory() -> tuple[sp.Expr, ...]:
    factor = imbalance_factor([_W1, _W2], 1, _Y + _E, _ETA)
    mean = imbalance_mean_factor(_ETA, _M, _V / _SIZE) + _ETA**2 * _M**2
    return factor, curvature_step(_ETA), residual_factor(_ETA), end_curvature(abs(_W1**2 - _W2**2), _W1 * _W2), mean


def _derived(claim: Claim) -> list[Obligation]:
    """Compare with what theory derives from the gradient of the loss; the misfit only shrinks the imbalance more."""
    factor, curvature, residual, end, mean = _theory()
    found = claim("step", _ETA, _W1, _W2, _R)
    return [
        Obligation("the imbalance", factor, found.imbalance.subs(_R, _W1 * _W2 - _Y - _E)),
        Obligation("the curvature", curvature, found.curvature),
        Obligation("the residual", residual, found.residual),
        Obligation("the end", end**2, (_W1**2 + _W2**2) ** 2),
        Obligation("the mean", mean, claim("mean", _ETA, _V, _SIZE, 1, _M) / _M),
    ]


_DIGITS = 60
_STEPS = 200
_RATES = tuple(map(Fraction, ("1/20", "1/5", "2/5", "3/5", "4/5")))
_STARTS = tuple(
    (Fraction(a, 2), Fraction(b, 3)) for a, b in product((1, 2, 3, 4, 6), (-4, -1, 1, 2, 5, 7)) if Fraction(a, 2) != b
)


class End(NamedTuple):
    """Where a descent has arrived.

    Parameters
    ----------
    r, p, lam, start : flint.arb
        The residual, w_1 w_2, the curvature, and the imbalance of the start.
    """

    r: Ball
    p: Ball
    lam: Ball
    start: Ball


@cache
def _descent(eta: Fraction, first: Fraction, second: Fraction) -> End | None:
    """Follow descent for y = 1; None where it does not arrive, or eta^2 r^2 exceeds 2 on the way."""
    with precision(_DIGITS):
        rate, one, other = ball(eta), ball(first), ball(second)
        start = abs(one**2 - other**2)
        for _ in range(_STEPS):
            r = one * other - 1
            move = rate * r
            if not move**2 <= 2:
                return None
            after = one - move * other, other - move * one
            if abs(r) < flint.arb("1e-6"):
                falls = abs(after[0] * after[1] - 1) < abs(r)
                return End(r, one * other, one**2 + other**2, start) if falls else None
            one, other = after
    return None


def _at_ends(eta: Fraction) -> Callable[[Claim], bool | None]:
    """Compare the curvatures at all ends of descents at one rate."""
    ends = [end for start in _STARTS if (end := _descent(eta, *start))]

    def judge(claim: Claim) -> bool | None:
        answers: list[bool | None] = [True if ends else None]
        with precision(_DIGITS):
            for end in ends:
                found = claim("end", ball(eta), end.r, end.p, end.start)
                room = flint.arb("1e-20")  # a balanced start has the least curvature at its end, and the flow's
                answers += (not_above(found.lo, end.lam + room), not_above(end.lam, found.hi + room))
        return all_of(answers)

    return judge


_NOISY = tuple(
    (eta, sigma, batch, steps)
    for eta, sigma in ((Fraction(1, 5), Fraction(1, 2)), (Fraction(1, 20), Fraction(1)), (Fraction(2, 5), Fraction(1)))
    for batch, steps in ((1, 3), (1, 6), (2, 4), (4, 3))
)
_START = Fraction(3, 2), Fraction(1, 2)


@cache
def _mean_imbalance(eta: Fraction, sigma: Fraction, batch: int, steps: int) -> Any:
    """Return E c_T for labels y +- sigma with y = w_1 w_2 of the start, over all sequences, in rational numbers."""
    rate = flint.fmpq(eta.numerator, eta.denominator)
    one, other = (flint.fmpq(x.numerator, x.denominator) for x in _START)
    label = one * other
    noises = [
        (flint.fmpq(sigma.numerator * (2 * i - batch), sigma.denominator * batch), comb(batch, i))
        for i in range(batch + 1)
    ]
    places = [(one, other, 1)]
    for _ in range(steps):
        after = []
        for one, other, times in places:
            for noise, often in noises:
                move = rate * (one * other - label - noise)
                if abs(move) > 1:
                    raise ValueError(f"eta |r| exceeds 1 at eta = {eta}, sigma = {sigma}")
                after.append((one - move * other, other - move * one, times * often))
        places = after
    total = sum((abs(a * a - b * b) * times for a, b, times in places), flint.fmpq(0))
    return total / 2 ** (batch * steps)


def _mean(eta: Fraction, sigma: Fraction, batch: int, steps: int) -> Callable[[Claim], bool]:
    truth = _mean_imbalance(eta, sigma, batch, steps)
    start = rational(abs(_START[0] ** 2 - _START[1] ** 2))

    def judge(claim: Claim) -> bool:
        bound = claim("mean", rational(eta), rational(sigma) ** 2, sp.Integer(batch), steps, start)
        return bool(truth <= flint.fmpq(int(bound.p), int(bound.q)))

    return judge


CHAIN_BREAK_EVEN = Statement(
    id="chain.break-even",
    title="With two weights descent ends flatter than 2/eta and than gradient flow, and noise in labels flattens.",
    latex=(
        r"r=w_1w_2-y-e:\ (w_1^2-w_2^2)'=(1-\eta^2r^2)(w_1^2-w_2^2),\ "
        r"\lambda'=\lambda-4\eta rw_1w_2+\eta^2r^2\lambda;\quad "
        r"2|p|\le\lambda_T\le\min\bigl(\tfrac2\eta+\eta r_Tp,\sqrt{c_0^2+4p^2}\bigr),\ p=w_1w_2;\quad "
        r"\mathbb E\,c_T\le c_0\bigl(1-\eta^2\sigma^2/S\bigr)^T"
    ),
    source=f"derived here: the mechanism of {JASTRZEBSKI} on a network, exactly",
    assumptions=(
        Assumption("two weights and the loss (w_1 w_2 - y - e)^2/2, with independent noise e of mean 0 in the label"),
        Assumption("at the end: no noise, eta^2 r^2 <= 2 on all steps, and |r| does not grow on the last one"),
        Assumption("of means: bounded noise with eta |r| <= 1"),
    ),
    claim=flattening,
    evidence=(
        Proved("one step of descent, and the mean over noise", _derived, "all w, y, e, eta, S: one step"),
        Enumerated(
            f"curvatures where descents arrive, from {len(_STARTS)} starts each",
            tuple((eta,) for eta in _RATES),
            _at_ends,
            label=lambda eta: f"eta = {eta}",
            apply=itself,
        ),
        Enumerated(
            "the mean imbalance over all sequences of noise, in rational numbers",
            _NOISY,
            _mean,
            label=lambda eta, sigma, batch, steps: f"eta = {eta}, sigma = {sigma}, S = {batch}, T = {steps}",
            apply=itself,
        ),
    ),
    mutants=(
        Mutant("1 - eta r^2", partial(flattening, order=1)),
        Mutant("1 - eta^2 r", partial(flattening, power=1)),
        Mutant("sharper than gradient flow", partial(flattening, sharper=True)),
        Mutant("2/eta at every end", partial(flattening, everywhere=True)),
        Mutant("noise whatever S", partial(flattening, shared=0)),
    ),
)

STATEMENTS = (CHAIN_BREAK_EVEN,)
