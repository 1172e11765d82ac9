"""Leaving a strict saddle by stochastic gradient descent: faster in mean square, slower on the typical path."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import product
from typing import NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Carried, Enclosed, Enumerated, Induction, Inequality, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.numbers import rational
from proofs_check.verdict import Between
from theory.dynamics.minibatch_noise import minibatches, second_moment_step, typical_growth, variance_share


class Saddle(NamedTuple):
    """Examples around a saddle, and how minibatches of them are drawn.

    Parameters
    ----------
    examples, batch : sympy.Expr
        n and S.
    replacement : bool
        Whether minibatches are drawn with replacement.
    gamma, s2, sigma2 : sympy.Expr
        The mean and the variance of the negative curvature over examples, and the variance of gradients at the saddle.
    least, most : sympy.Expr
        The least and the greatest 1 + eta g_i.
    """

    examples: sp.Expr
    batch: sp.Expr
    replacement: bool
    gamma: sp.Expr
    s2: sp.Expr
    sigma2: sp.Expr
    least: sp.Expr = sp.S.One
    most: sp.Expr = sp.S.One


class Escape(NamedTuple):
    """What is claimed of the escape.

    Parameters
    ----------
    square : sympy.Expr
        E psi_T^2.
    typical : Between
        The range of E log(1 + eta g_B).
    """

    square: sp.Expr
    typical: Between


def escape(
    at: Saddle,
    eta: sp.Expr,
    steps: sp.Expr,
    start: sp.Expr,
    *,
    correction: bool = True,
    less: int = 1,
    spread: int = 1,
    power: int = 2,
    offset: int = 1,
    slower: Fraction = Fraction(1, 2),
    margin: Fraction = Fraction(1, 2),
) -> Escape:
    r"""E psi_T^2 = A^T psi_0^2 + eta^2 c sigma^2 (A^T-1)/(A-1), A = (1+eta gamma)^2 + eta^2 c s^2.

    c = 1/S with replacement, and (n-S)/(S(n-1)) without. E log(1+eta g_B) is below log(1+eta gamma) by eta^2 c s^2
    times a number between 1/(2 max^2) and 1/(2 min^2) of the factors 1 + eta g_i > 0.

    Parameters
    ----------
    at : Saddle
        The examples and the minibatches.
    eta, steps, start : sympy.Expr
        The learning rate, T and psi_0.
    """
    n, size = at.examples, at.batch
    c = 1 / size if at.replacement or not correction else (n - size) / (size * (n - less))
    noise = eta**power * c * at.s2
    growth = (1 + eta * at.gamma) ** 2 + spread * noise
    excess = eta * at.gamma * (2 + eta * at.gamma) + spread * noise  # A - 1
    square = growth**steps * start**2 + offset * eta**2 * c * at.sigma2 * (growth**steps - 1) / excess
    descent = sp.log(1 + eta * at.gamma)
    typical = Between(descent - rational(slower) * noise / at.least**2, descent - rational(margin) * noise / at.most**2)
    return Escape(square, typical)


def _inductions(claim: Claim) -> list[Induction]:
    """One step, which theory derives for minibatches of any kind, carries E psi^2 and 1."""
    n, size = sp.symbols("n S", integer=True, positive=True)
    eta, gamma, psi = sp.symbols("eta gamma psi", positive=True)
    s2, sigma2 = sp.symbols("s2 sigma2", real=True)
    steps = sp.Symbol("T", integer=True, positive=True)
    out = []
    for replacement in (False, True):
        c = variance_share(n, size, replacement=replacement)
        step = second_moment_step(eta, gamma, c * s2, c * sigma2)
        claimed = claim(Saddle(n, size, replacement, gamma, s2, sigma2), eta, steps, psi).square
        name = f"E psi_T^2, {'with' if replacement else 'without'} replacement"
        out.append(Induction(name, (Carried(steps, step, (psi**2, sp.S.One)),), claimed))
    return out


Family = tuple[tuple[str, ...], tuple[str, ...]]
"""The negative curvatures of examples, and their gradients at the saddle, uncorrelated and of mean 0."""
_FAMILIES: tuple[Family, ...] = (
    (("1", "3"), ("0", "0")),
    (("-1", "2", "5"), ("1", "-2", "1")),
    (("1/2", "1/2", "3", "3"), ("1", "-1", "2", "-2")),
)
_CASES = tuple(
    (family, batch, replacement, Fraction(1, 10), steps)
    for family in _FAMILIES
    for batch in (1, 2)
    for replacement in (False, True)
    for steps in (1, 2)
    if batch < len(family[0])
)


def _saddle(family: Family, batch: int, replacement: bool, eta: Fraction) -> Saddle:
    g, b = ([Fraction(value) for value in part] for part in family)
    count = len(g)
    gamma = sum(g) / count
    s2, sigma2 = sum((x - gamma) ** 2 for x in g) / count, sum(x**2 for x in b) / count
    factors = [rational(1 + eta * x) for x in g]
    mean, spread, offset = (rational(Fraction(x)) for x in (gamma, s2, sigma2))
    sizes = sp.Integer(count), sp.Integer(batch)
    return Saddle(*sizes, replacement, mean, spread, offset, min(factors), max(factors))


def _claimed_square(claim: Claim, family: Family, batch: int, replacement: bool, eta: Fraction, steps: int) -> sp.Expr:
    at = _saddle(family, batch, replacement, eta)
    return claim(at, rational(eta), sp.Integer(steps), sp.Rational(3, 2)).square


def _all_batches(family: Family, batch: int, replacement: bool, eta: Fraction, steps: int) -> sp.Rational:
    """Return E psi_T^2 from 3/2, over every sequence of minibatches, in rational numbers."""
    g, b = ([Fraction(value) for value in part] for part in family)
    chosen = list(minibatches(len(g), batch, replacement=replacement))
    total = Fraction(0)
    for sequence in product(chosen, repeat=steps):
        psi = Fraction(3, 2)
        for one in sequence:
            psi += eta * sum(g[i] * psi + b[i] for i in one) / batch
        total += psi**2
    return rational(total / len(chosen) ** steps)


def _typical(claim: Claim) -> Iterator[Inequality]:
    """Compare the mean logarithm over all minibatches with its range, and with what descent and mean squares do."""
    for (family, batch, replacement), eta in product(
        dict.fromkeys(case[:3] for case in _CASES), (Fraction(1, 10), Fraction(1, 2))
    ):
        at = _saddle(family, batch, replacement, eta)
        if at.least <= 0:
            continue
        found = claim(at, rational(eta), sp.Integer(1), sp.S.One)
        mean = typical_growth(family[0], eta, batch, replacement=replacement)
        case = f"g = {', '.join(family[0])}, S = {batch}{' with replacement' if replacement else ''}, eta = {eta}"
        yield Inequality(f"{case}: lower end", found.typical.lo, mean)
        yield Inequality(f"{case}: upper end", mean, found.typical.hi)


UNCORRELATED = Assumption(
    "along one direction, with curvatures of the examples that do not change, uncorrelated with their gradients at the "
    "saddle, whose mean is 0"
)
NEGATIVE = Assumption("the mean curvature is negative, -gamma")
INDEPENDENT_BATCHES = Assumption("minibatches are independent, with or without replacement inside of one")
NO_TURN = Assumption("for the typical path: 1 + eta g_i > 0 for every example, and the g_i are not all equal, S < n")

MINIBATCH_NOISE = Statement(
    id="escape.minibatch-noise",
    title="Minibatch noise speeds up the escape in mean square, and slows down that of the typical path.",
    latex=(
        r"\mathbb E\psi_T^2=A^T\psi_0^2+\eta^2c\sigma^2\tfrac{A^T-1}{A-1},\ A=(1+\eta\gamma)^2+\eta^2cs^2,\ "
        r"c=\tfrac{n-S}{S(n-1)}\text{ or }\tfrac1S;\qquad \frac{\eta^2cs^2}{2\max(1+\eta g_i)^2}\le"
        r"\log(1+\eta\gamma)-\mathbb E\log(1+\eta g_B)\le\frac{\eta^2cs^2}{2\min(1+\eta g_i)^2}"
    ),
    source="arXiv:2106.03763, abstract: escape by SGD; derived here, the recursion as in arXiv:2002.09572",
    assumptions=(UNCORRELATED, NEGATIVE, INDEPENDENT_BATCHES, NO_TURN),
    claim=escape,
    evidence=(
        Proved.by_induction("one step derived by theory, both kinds of minibatches", _inductions, "all T, n, S, eta"),
        Enumerated(
            f"E psi_T^2 over all sequences of minibatches, {len(_CASES)} cases",
            _CASES,
            _all_batches,
            label=lambda family, batch, replacement, eta, steps: (
                f"g = {', '.join(family[0])}, S = {batch}{' with replacement' if replacement else ''}, T = {steps}"
            ),
            apply=_claimed_square,
        ),
        Enclosed("the mean logarithm over all minibatches lies in its range", _typical),
    ),
    mutants=(
        Mutant("1/S without replacement, too", partial(escape, correction=False)),
        Mutant("n for n - 1", partial(escape, less=0)),
        Mutant("no faster than descent in mean square", partial(escape, spread=0)),
        Mutant("eta for eta^2", partial(escape, power=1)),
        Mutant("no noise at the saddle", partial(escape, offset=0)),
        Mutant("the typical path is as fast as descent", partial(escape, slower=Fraction(0), margin=Fraction(0))),
        Mutant("the typical path is faster", partial(escape, slower=Fraction(-1, 2), margin=Fraction(-1, 2))),
        Mutant("half of what it loses at most", partial(escape, slower=Fraction(1, 4))),
        Mutant("twice what it loses at least", partial(escape, margin=Fraction(1))),
    ),
)

STATEMENTS = (MINIBATCH_NOISE,)
