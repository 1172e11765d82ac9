"""What a step of stochastic gradient descent makes of the mean square displacement in a valley."""

from __future__ import annotations

from fractions import Fraction
from functools import cache, partial
from itertools import product
from typing import NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Carried, Enumerated, Induction, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.numbers import rational
from theory.dynamics.minibatch_noise import minibatches, variance_share
from theory.dynamics.sgd_stability.second_moments import moment_step, momentum_transfer

JASTRZEBSKI = "S. Jastrzebski et al., arXiv:2002.09572"
ONE_DIRECTION = Assumption(
    "along one direction, with curvatures h_i of the examples that do not change, of mean lambda and variance s^2, and "
    "gradients b_i at the minimum whose mean is 0"
)
INDEPENDENT = Assumption("minibatches are independent, with or without replacement inside of one")
HEAVY_BALL = Assumption("descent, or heavy ball with a momentum from 0 to less than 1")


class Valley(NamedTuple):
    """Examples around a minimum, and how minibatches of them are drawn.

    Parameters
    ----------
    examples, batch : sympy.Expr
        n and S.
    replacement : bool
        Whether minibatches are drawn with replacement.
    lam, s2 : sympy.Expr
        The mean and the variance of the curvature over examples.
    sigma2, rho : sympy.Expr
        The variance of gradients at the minimum, and their covariance with the curvature.
    """

    examples: sp.Expr
    batch: sp.Expr
    replacement: bool
    lam: sp.Expr
    s2: sp.Expr
    sigma2: sp.Expr = sp.S.Zero
    rho: sp.Expr = sp.S.Zero


class Moments(NamedTuple):
    """What is claimed of second moments.

    Parameters
    ----------
    square : sympy.Expr
        E psi_T^2 without momentum.
    transfer : sympy.Matrix
        What a step with momentum makes of E psi^2, E psi psi_- and E psi_-^2, without gradients at the minimum.
    """

    square: sp.Expr
    transfer: sp.Matrix


def second_moment(
    at: Valley,
    eta: sp.Expr,
    mu: sp.Expr,
    steps: sp.Expr,
    start: sp.Expr,
    *,
    correction: bool = True,
    less: int = 1,
    spread: int = 1,
    power: int = 2,
    together: int = 2,
    crossed: int = 2,
    inertia: int = 1,
) -> Moments:
    r"""E[psi'^2 | psi] = ((1-eta lam)^2 + eta^2 c s^2) psi^2 + 2 eta^2 c rho psi + eta^2 c sigma^2.

    Here c = 1/S with replacement, (n-S)/(S(n-1)) without. After T steps from psi_0, with A = a^2 + eta^2 c s^2 and
    a = 1 - eta lam, E psi_T^2 = A^T psi_0^2 + 2 eta^2 c rho psi_0 (A^T-a^T)/(A-a) + eta^2 c sigma^2 (A^T-1)/(A-1). With
    momentum, b = 0 and a = 1 + mu - eta lam: T = [[a^2+w, -2 a mu, mu^2], [a, -mu, 0], [1, 0, 0]], w = eta^2 c s^2.

    Parameters
    ----------
    at : Valley
        The examples and the minibatches.
    eta, mu, steps, start : sympy.Expr
        The learning rate, the momentum, T and psi_0.
    """
    n, size = at.examples, at.batch
    c = 1 / size if at.replacement or not correction else (n - size) / (size * (n - less))
    w = spread * eta**power * c * at.s2
    a = 1 - eta * at.lam
    A = a**2 + w
    square = A**steps * start**2 + eta**2 * c * at.sigma2 * (A**steps - 1) / (A - 1)
    square += together * eta**2 * c * at.rho * start * (A**steps - a**steps) / (A - a)
    a = 1 + inertia * mu - eta * at.lam
    transfer = sp.Matrix([[a**2 + w, -crossed * a * mu, mu**2], [a, -mu, 0], [1, 0, 0]])
    return Moments(square, transfer)


_N, _S = sp.symbols("n S", integer=True, positive=True)
_ETA, _LAM, _PSI, _MU = sp.symbols("eta lam psi mu", positive=True)
_S2, _SIGMA2, _RHO = sp.symbols("s2 sigma2 rho", real=True)
_T = sp.Symbol("T", integer=True, positive=True)


def _valley(replacement: bool) -> Valley:
    return Valley(_N, _S, replacement, _LAM, _S2, _SIGMA2, _RHO)


def _inductions(claim: Claim) -> list[Induction]:
    """One step, which theory derives for minibatches with replacement, carries E psi^2, E psi and 1.

    Of these three, E psi and 1 each add to E psi^2 for themselves: so two of three are carried at a time.
    """
    whole, at = _step(True), _valley(True)
    out = []
    for name, other, alone in (("noise", 2, at._replace(rho=sp.S.Zero)), ("rho", 1, at._replace(sigma2=sp.S.Zero))):
        start = (_PSI**2, (_PSI**2, _PSI, sp.S.One)[other])
        step = sp.Matrix([[whole[i, j] for j in (0, other)] for i in (0, other)])
        claimed = claim(alone, _ETA, sp.S.Zero, _T, _PSI).square
        out.append(Induction(f"E psi_T^2, {name}", (Carried(_T, step, start),), claimed))
    return out


def _one_step(claim: Claim) -> list[Obligation]:
    """One step of minibatches without replacement: c is all that differs."""
    derived = (_step(False) * sp.Matrix([_PSI**2, _PSI, 1]))[0]
    return [Obligation("E psi_1^2", derived, claim(_valley(False), _ETA, sp.S.Zero, sp.S.One, _PSI).square)]


@cache
def _step(replacement: bool) -> sp.Matrix:
    c = variance_share(_N, _S, replacement=replacement)
    return sp.ImmutableMatrix(moment_step(_ETA, _LAM, c * _S2, c * _RHO, c * _SIGMA2))


@cache
def _transfer(replacement: bool) -> sp.Matrix:
    return momentum_transfer(_ETA, _LAM, variance_share(_N, _S, replacement=replacement) * _S2, _MU)


def _with_momentum(claim: Claim) -> list[Obligation]:
    """Compare each entry with what theory derives from one step of heavy ball."""
    found = []
    for replacement in (False, True):
        derived = _transfer(replacement)
        claimed = claim(_valley(replacement), _ETA, _MU, sp.S.One, _PSI).transfer
        kind = "with" if replacement else "without"
        for i, j in product(range(3), repeat=2):
            if derived[i, j] != 0 or claimed[i, j] != 0:
                name = f"entry {i + 1}{j + 1}, {kind} replacement"
                found.append(Obligation(name, derived[i, j], claimed[i, j]))
    return found


Family = tuple[str, str]
"""The curvatures of examples, and their gradients at the minimum, whose mean is 0."""
_FAMILIES: tuple[Family, ...] = (
    ("1 3", "1 -1"),
    ("1/2 3/2", "0 0"),
    ("-1 2 5", "1 -2 1"),
    ("1 1 4", "2 -1 -1"),
    ("1/2 1/2 3 3", "1 -1 2 -2"),
    ("0 1 2 7/2", "1 2 -3 0"),
    ("1/2 4/5 1 6/5 3/2", "1 -1 0 2 -2"),
)


@cache
def _numbers(family: Family) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    h, b = (tuple(map(Fraction, part.split())) for part in family)
    return h, b


_KINDS = tuple(
    (family, batch, replacement)
    for family in _FAMILIES
    for replacement in (False, True)
    for batch in range(1, len(_numbers(family)[0]) + 1)
    if not (replacement and batch > 3)
)
_STEPS = tuple((*kind, Fraction(5, 17), 1) for kind in _KINDS) + tuple(
    (*kind, Fraction(8, 13), 2) for kind in _KINDS if len(_numbers(kind[0])[0]) < 4 and not (kind[2] and kind[1] > 2)
)
_MOMENTA = tuple(
    (family, batch, replacement, mu, steps)
    for family, batch, replacement, mu, steps in (
        (_FAMILIES[0], 1, False, Fraction(1, 2), 4),
        (_FAMILIES[0], 2, True, Fraction(9, 10), 4),
        (_FAMILIES[2], 2, False, Fraction(2, 3), 4),
        (_FAMILIES[4], 2, False, Fraction(1, 3), 3),
        (_FAMILIES[6], 3, False, Fraction(9, 10), 3),
    )
)


def valley(family: Family, batch: int, replacement: bool) -> Valley:
    """Return a family of examples with its moments.

    Parameters
    ----------
    family : Family
        The curvatures and the gradients, as text.
    batch : int
        S.
    replacement : bool
        Whether minibatches are drawn with replacement.
    """
    h, b = _numbers(family)
    count = len(h)
    lam = sum(h) / Fraction(count)
    s2, sigma2 = sum((x - lam) ** 2 for x in h) / count, sum(x**2 for x in b) / Fraction(count)
    rho = sum((x - lam) * y for x, y in zip(h, b, strict=True)) / count
    moments = (rational(Fraction(x)) for x in (lam, s2, sigma2, rho))
    return Valley(sp.Integer(count), sp.Integer(batch), replacement, *moments)


def _claimed_square(claim: Claim, family: Family, batch: int, replacement: bool, eta: Fraction, steps: int) -> sp.Expr:
    at = valley(family, batch, replacement)
    return claim(at, rational(eta), sp.S.Zero, sp.Integer(steps), sp.Rational(3, 2)).square


def _all_batches(family: Family, batch: int, replacement: bool, eta: Fraction, steps: int) -> sp.Rational:
    """Return E psi_T^2 from 3/2, over every sequence of minibatches, in rational numbers."""
    return _enumerated(family, batch, replacement, eta, Fraction(0), steps, is_noisy=True)


@cache
def _enumerated(
    family: Family, batch: int, replacement: bool, eta: Fraction, mu: Fraction, steps: int, *, is_noisy: bool
) -> sp.Rational:
    h, b = _numbers(family)
    chosen = [
        (sum(h[i] for i in one) / Fraction(batch), sum(b[i] for i in one) / Fraction(batch) if is_noisy else 0)
        for one in minibatches(len(h), batch, replacement=replacement)
    ]
    places = {(Fraction(3, 2), Fraction(1, 4) if mu else Fraction(3, 2)): 1}
    for _ in range(steps):
        after: dict[tuple[Fraction, Fraction], int] = {}
        for (psi, before), times in places.items():
            for curvature, gradient in chosen:
                place = (psi - eta * (curvature * psi + gradient) + mu * (psi - before), psi)
                after[place] = after.get(place, 0) + times
        places = after
    total = sum(psi**2 * times for (psi, _), times in places.items())
    return rational(total / Fraction(len(chosen) ** steps))


_RATE = Fraction(2, 5)


def _claimed_transfer(claim: Claim, family: Family, batch: int, replacement: bool, mu: Fraction, steps: int) -> sp.Expr:
    at = valley(family, batch, replacement)
    transfer = claim(at, rational(_RATE), rational(mu), sp.S.One, sp.S.One).transfer
    start = sp.Matrix([sp.Rational(9, 4), sp.Rational(3, 8), sp.Rational(1, 16)])
    return (transfer**steps * start)[0]


def _all_sequences(family: Family, batch: int, replacement: bool, mu: Fraction, steps: int) -> sp.Rational:
    return _enumerated(family, batch, replacement, _RATE, mu, steps, is_noisy=False)


def _label(family: Family, batch: int, replacement: bool, value: Fraction, steps: int) -> str:
    return f"h = {family[0]}, S = {batch}{' with replacement' if replacement else ''}, T = {steps}"


SECOND_MOMENT = Statement(
    id="sgd.second-moment",
    title="Minibatches add eta^2 c s^2 to the factor of the mean square, with c = (n-S)/(S(n-1)) or 1/S.",
    latex=(
        r"\mathbb E[\psi'^2\mid\psi]=\bigl((1-\eta\lambda)^2+\eta^2cs^2\bigr)\psi^2+2\eta^2c\rho\psi+\eta^2c\sigma^2;"
        r"\qquad T=\begin{pmatrix}a^2+\eta^2cs^2&-2a\mu&\mu^2\\a&-\mu&0\\1&0&0\end{pmatrix},\ "
        r"a=1+\mu-\eta\lambda,\quad "
        r"c=\tfrac{n-S}{S(n-1)}\text{ or }\tfrac1S"
    ),
    source=f"derived here, in the setting of {JASTRZEBSKI}",
    assumptions=(ONE_DIRECTION, INDEPENDENT, HEAVY_BALL),
    claim=second_moment,
    evidence=(
        Proved.by_induction("steps derived by theory, with replacement", _inductions, "all T, n, S, eta"),
        Proved("one step derived by theory, without replacement", _one_step, "all n, S, eta: one step"),
        Proved("one step of heavy ball derived by theory, entry by entry", _with_momentum, "all n, S, eta, mu"),
        Enumerated(
            f"E psi_T^2 over all sequences of minibatches, {len(_STEPS)} cases of up to 5 examples",
            _STEPS,
            _all_batches,
            label=_label,
            apply=_claimed_square,
        ),
        Enumerated(
            "3 and 4 steps with momentum, all sequences of minibatches",
            _MOMENTA,
            _all_sequences,
            label=_label,
            apply=_claimed_transfer,
        ),
    ),
    mutants=(
        Mutant("1/S without replacement, too", partial(second_moment, correction=False)),
        Mutant("n for n - 1", partial(second_moment, less=0)),
        Mutant("s^2 dropped", partial(second_moment, spread=0)),
        Mutant("eta for eta^2", partial(second_moment, power=1)),
        Mutant("rho once", partial(second_moment, together=1)),
        Mutant("a mu once", partial(second_moment, crossed=1)),
        Mutant("a without mu", partial(second_moment, inertia=0)),
    ),
)

STATEMENTS = (SECOND_MOMENT,)
