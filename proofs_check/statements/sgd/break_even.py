"""The break-even point: the curvature from which on a learning rate is unstable in mean square, and the noise there."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial
from itertools import combinations, product
from typing import NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.exact.spectral_radius import is_contracting
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.statements.sgd.second_moment import HEAVY_BALL, INDEPENDENT, JASTRZEBSKI, ONE_DIRECTION
from proofs_check.toolkit.numbers import rational
from theory.dynamics.sgd_stability.break_even import best_momentum, break_even
from theory.dynamics.sgd_stability.mean_square import stability_margin

NOT_FALLING = Assumption("the variance of curvatures is v(lambda), and v/lambda does not fall as lambda rises")
_ETA, _C, _MU, _BETA, _K, _LAM, _PSI, _Q, _V = sp.symbols("eta c mu beta k lam psi q v", positive=True)


class BreakEven(NamedTuple):
    """What is claimed of the break-even point, for v = beta lam + k^2 lam^2 where that is not said otherwise.

    Parameters
    ----------
    balance : sympy.Expr
        F(lam) - 2(1+mu)/eta for any v, which is negative if and only if lam is stable.
    curvature : sympy.Expr
        lam*, where F = 2(1+mu)/eta.
    by_eta, by_c, by_mu : sympy.Expr
        Its derivatives in the learning rate and in c; and for v = k^2 lam^2 in the momentum, at 0.
    elasticity : sympy.Expr
        by_eta times eta/lam*.
    best, highest : sympy.Expr
        For v = k^2 lam^2 and q = k sqrt(c) the best momentum, and eta lam* there.
    """

    balance: sp.Expr
    curvature: sp.Expr
    by_eta: sp.Expr
    by_c: sp.Expr
    by_mu: sp.Expr
    elasticity: sp.Expr
    best: sp.Expr
    highest: sp.Expr


def break_even_point(
    eta: sp.Expr,
    c: sp.Expr,
    mu: sp.Expr,
    beta: sp.Expr,
    k: sp.Expr,
    lam: sp.Expr = sp.S.One,
    v: sp.Expr = sp.S.One,
    *,
    noisy: int = 1,
    sign: int = -1,
    inertia: int = 1,
    monotone: bool = False,
    inverse: bool = False,
) -> BreakEven:
    r"""lam* solves F(lam) = lam + c (1+mu)/(1-mu) v/lam = 2(1+mu)/eta; it falls in eta and in c, so it rises in S.

    With Q = c (1+mu)/(1-mu): lam* = (2(1+mu)/eta - Q beta)/(1 + Q k^2).

    Parameters
    ----------
    eta, c, mu, beta, k : sympy.Expr
        The learning rate, c, the momentum, and the law v = beta lam + k^2 lam^2 of the noise.
    lam, v : sympy.Expr
        A curvature and its noise, for `balance`.
    """
    Q = noisy * c * (1 + inertia * mu) / (1 - inertia * mu)
    reach = 2 * (1 + mu) / eta
    curvature = (reach - Q * beta) / (1 + Q * k**2)
    by_eta = -reach / (eta * (1 + Q * k**2))
    by_c = sign * (1 + mu) / (1 - mu) * (beta + k**2 * reach) / (1 + Q * k**2) ** 2
    q = k * sp.sqrt(c)
    by_mu = 2 * (1 + (1 if monotone else -1) * q**2) / (eta * (1 + q**2) ** 2)
    elasticity = sp.S.NegativeOne if inverse else -reach / (reach - Q * beta)
    best = (1 + (0 if monotone else -1) * q) / (1 + q)
    return BreakEven(lam + Q * v / lam - reach, curvature, by_eta, by_c, by_mu, elasticity, best, 4 / (1 + q) ** 2)


@cache
def _theory() -> dict[str, sp.Expr]:
    """Solve for the curvature, and differentiate it; the same for the claim and all mutants."""
    curvature = break_even(_ETA, _C, _MU, linear=_BETA, k=_K).curvature
    square, best = break_even(_ETA, 1, _MU, k=_Q).curvature, best_momentum(_Q)
    return {
        "margin": stability_margin(_ETA, _LAM, _C * _V, _MU),
        "curvature": curvature,
        "by_eta": sp.factor(curvature.diff(_ETA)),
        "by_c": sp.factor(curvature.diff(_C)),
        "by_mu": sp.factor(square.diff(_MU).subs(_MU, 0)),
        "best": best,
        "highest": sp.factor(_ETA * square.subs(_MU, best)),
    }


def _derived(claim: Claim) -> list[Obligation]:
    theory, found = _theory(), claim(_ETA, _C, _MU, _BETA, _K, _LAM, _V)
    of_q = claim(_ETA, sp.S.One, _MU, _BETA, _Q)
    elasticity = theory["by_eta"] * _ETA / theory["curvature"]
    inside = (_MU,)
    return [
        Obligation("where it is stable", -theory["margin"], _ETA * _LAM * (1 - _MU) * found.balance, inside),
        Obligation("the curvature", theory["curvature"], found.curvature, inside),
        Obligation("in eta", theory["by_eta"], found.by_eta, inside),
        Obligation("in c", theory["by_c"], found.by_c, inside),
        Obligation("its elasticity", elasticity, found.elasticity, inside),
        Obligation("in mu at 0", theory["by_mu"], of_q.by_mu),
        Obligation("the best momentum", theory["best"], of_q.best),
        Obligation("what it reaches", theory["highest"], of_q.highest),
    ]


_LAWS: tuple[tuple[str, Callable[[Fraction], Fraction]], ...] = (
    ("lam/2", lambda x: x / 2),
    ("lam^2/4", lambda x: x**2 / 4),
    ("lam^2", lambda x: x**2),
    ("lam/3 + lam^2/9", lambda x: x / 3 + x**2 / 9),
    ("lam^3/2", lambda x: x**3 / 2),
    ("lam [lam]", lambda x: x * (x.numerator // x.denominator)),
)
"""Laws of the noise for which v/lam does not fall."""
_RATES = tuple((c, mu) for c, mu in product(map(Fraction, ("1/8", "1/2", "1")), map(Fraction, ("0", "1/2", "9/10"))))
_CURVATURES = tuple(Fraction(i, 4) for i in range(1, 33))


@cache
def _is_stable(eta: Fraction, lam: Fraction, spread: Fraction, mu: Fraction) -> bool:
    a, w = 1 + mu - eta * lam, eta**2 * spread
    return is_contracting([[a * a + w, -2 * a * mu, mu * mu], [a, -mu, Fraction(0)], [1, 0, 0]])


@cache
def _initial_segment(law: int, c: Fraction, mu: Fraction) -> Callable[[Claim], bool]:
    """Look at spectral radii along rising curvatures: stable first, then never again, and less at a larger rate."""
    found = []
    for eta in (Fraction(1, 2), Fraction(3, 4)):
        truths = [_is_stable(eta, lam, c * _LAWS[law][1](lam), mu) for lam in _CURVATURES]
        if truths != sorted(truths, reverse=True):
            return lambda claim: False
        found.append((eta, truths))
    if sum(found[1][1]) > sum(found[0][1]):
        return lambda claim: False
    case = rational(c), rational(mu), sp.S.Zero, sp.S.Zero

    def judge(claim: Claim) -> bool:
        return all(
            bool(claim(rational(eta), *case, rational(lam), rational(_LAWS[law][1](lam))).balance < 0) == truth
            for eta, truths in found
            for lam, truth in zip(_CURVATURES[1::6], truths[1::6], strict=True)
        )

    return judge


BREAK_EVEN = Statement(
    id="sgd.break-even",
    title="The break-even curvature falls with the learning rate and rises with the batch, if v/lambda does not fall.",
    latex=(
        r"F(\lambda)=\lambda+c\tfrac{1+\mu}{1-\mu}\tfrac{v(\lambda)}\lambda=\tfrac{2(1+\mu)}\eta;\quad "
        r"v=\beta\lambda:\ \lambda_*=(1+\mu)\Bigl(\tfrac2\eta-\tfrac{c\beta}{1-\mu}\Bigr);\quad "
        r"v=k^2\lambda^2:\ \lambda_*=\frac{2(1-\mu^2)}{\eta((1-\mu)+(1+\mu)ck^2)},\ "
        r"\max_\mu\eta\lambda_*=\frac4{(1+q)^2}\text{ at }\mu=\tfrac{1-q}{1+q},\ q=k\sqrt c<1"
    ),
    source=f"derived here, in the setting of {JASTRZEBSKI}, whose theorem is not quoted",
    assumptions=(ONE_DIRECTION, INDEPENDENT, HEAVY_BALL, NOT_FALLING),
    claim=break_even_point,
    evidence=(
        Proved("the curvature that theory solves for, and its derivatives", _derived, "all eta, c, mu, beta, k"),
        Enumerated(
            "spectral radii along rising curvatures, six laws of the noise",
            tuple((law, c, mu) for law in range(len(_LAWS)) for c, mu in _RATES),
            _initial_segment,
            label=lambda law, c, mu: f"v = {_LAWS[law][0]}, c = {c}, mu = {mu}",
            apply=itself,
        ),
    ),
    mutants=(
        Mutant("2/eta whatever S", partial(break_even_point, noisy=0)),
        Mutant("it rises in c", partial(break_even_point, sign=1)),
        Mutant("the noise without momentum", partial(break_even_point, inertia=0)),
        Mutant("monotone in mu", partial(break_even_point, monotone=True)),
        Mutant("elasticity -1 for v = beta lambda", partial(break_even_point, inverse=True)),
    ),
)


class Noise(NamedTuple):
    """What is claimed of the noise at the break-even point, at a fixed displacement psi.

    Parameters
    ----------
    general : sympy.Expr
        The variance of the examples' gradients along the direction, whatever v is.
    linear, square : sympy.Expr
        For v = beta lam, and for v = k^2 lam^2.
    by_eta, by_c : sympy.Expr
        The derivatives of `square`.
    """

    general: sp.Expr
    linear: sp.Expr
    square: sp.Expr
    by_eta: sp.Expr
    by_c: sp.Expr


def break_even_noise(
    eta: sp.Expr,
    c: sp.Expr,
    mu: sp.Expr,
    lam: sp.Expr,
    beta: sp.Expr,
    k: sp.Expr,
    psi: sp.Expr,
    *,
    power: int = 2,
    shared: int = 1,
    kept: int = 0,
) -> Noise:
    r"""On the boundary the variance of gradients is psi^2 (1-mu) lam (2(1+mu) - eta lam)/((1+mu) eta c).

    Without momentum psi^2 lam (2/eta - lam)/c. For v = beta lam it is psi^2 beta lam*, for v = k^2 lam^2 it is
    4 k^2 psi^2 (1-mu^2)^2/(eta^2 ((1-mu) + (1+mu) c k^2)^2): both fall in eta and in c at fixed psi.

    Parameters
    ----------
    eta, c, mu, lam, beta, k, psi : sympy.Expr
        As for :func:`break_even_point`, and the displacement.
    """
    general = psi**2 * (1 - mu) * lam * (2 * (1 + mu) - eta * lam) / ((1 + mu) * eta * c)
    linear = psi**2 * beta * (1 + mu) * (2 / eta - shared * c * beta / (1 - mu))
    damping = (1 - mu) + shared * (1 + mu) * c * k**2
    square = 4 * k**2 * psi**2 * (1 - mu**2) ** 2 / (eta**power * damping**2 * c**kept)
    return Noise(general, linear, square, -2 * square / eta, -2 * (1 + mu) * k**2 * square / damping)


@cache
def _theory_of_noise() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    (boundary,) = sp.solve(stability_margin(_ETA, _LAM, _C * _V, _MU), _V)
    straight = break_even(_ETA, _C, _MU, linear=_BETA).curvature
    square = _PSI**2 * _K**2 * break_even(_ETA, _C, _MU, k=_K).curvature ** 2
    return _PSI**2 * boundary, _PSI**2 * _BETA * straight, square


def _noise_derived(claim: Claim) -> list[Obligation]:
    general, straight, square = _theory_of_noise()
    found = claim(_ETA, _C, _MU, _LAM, _BETA, _K, _PSI)
    inside = (_MU,)
    return [
        Obligation("whatever v is", general, found.general, inside),
        Obligation("v = beta lam", straight, found.linear, inside),
        Obligation("v = k^2 lam^2", square, found.square, inside),
        Obligation("its fall in eta", square.diff(_ETA), found.by_eta, inside),
        Obligation("its fall in c", square.diff(_C), found.by_c, inside),
    ]


_SHAPES = tuple(
    (shape, batch, eta)
    for shape in ("1/2 3/2", "1/4 1 7/4", "1/2 4/5 1 6/5 3/2", "3/5 1 1 7/5")
    for batch in range(1, len(shape.split()))
    for eta in (Fraction(1, 10), Fraction(3, 2))
)


def _at_examples(shape: str, batch: int, eta: Fraction) -> sp.Rational:
    """Return the variance of the gradients h_i psi, psi = 2/3, at the scale of h at which E psi'^2 = psi^2."""
    h = tuple(map(Fraction, shape.split()))
    mean = sum(h) / Fraction(len(h))
    squares = [Fraction(sum(one), batch) ** 2 for one in _batches(h, batch)]
    scale = 2 * mean / (eta * (sum(squares) / len(squares)))  # (1 - eta t h_B)^2 has the mean 1
    return rational(Fraction(sum((scale * (x - mean) * Fraction(2, 3)) ** 2 for x in h) / len(h)))


def _batches(h: tuple[Fraction, ...], batch: int) -> list[tuple[Fraction, ...]]:
    return list(combinations(h, batch))


def _claimed_noise(claim: Claim, shape: str, batch: int, eta: Fraction) -> sp.Expr:
    h = tuple(map(Fraction, shape.split()))
    n, mean = len(h), sum(h) / Fraction(len(h))
    relative = rational(Fraction(sum((x - mean) ** 2 for x in h) / n / mean**2))
    c = sp.Rational(n - batch, batch * (n - 1))
    return claim(rational(eta), c, sp.S.Zero, sp.S.One, sp.S.One, sp.sqrt(relative), sp.Rational(2, 3)).square


BREAK_EVEN_VARIANCE = Statement(
    id="sgd.break-even-variance",
    title="At the break-even point the variance of gradients falls as the rate grows and as the batch shrinks.",
    latex=(
        r"\mathrm{Var}\,h_i\psi=\psi^2\lambda_*\Bigl(\tfrac2\eta-\lambda_*\Bigr)\frac1c\ (\mu=0);\quad "
        r"v=\beta\lambda:\ \psi^2\beta\lambda_*;\quad v=k^2\lambda^2:\ "
        r"\frac{4k^2\psi^2(1-\mu^2)^2}{\eta^2((1-\mu)+(1+\mu)ck^2)^2}"
    ),
    source=f"derived here, in the setting of {JASTRZEBSKI}",
    assumptions=(ONE_DIRECTION, INDEPENDENT, HEAVY_BALL, NOT_FALLING, Assumption("at a given displacement psi")),
    claim=break_even_noise,
    evidence=(
        Proved("the boundary solved for the variance", _noise_derived, "all eta, c, mu, beta, k, psi"),
        Enumerated(
            "gradients of examples scaled to where all minibatches together break even",
            _SHAPES,
            _at_examples,
            label=lambda shape, batch, eta: f"h proportional to {shape}, S = {batch}, eta = {eta}",
            apply=_claimed_noise,
        ),
    ),
    mutants=(
        Mutant("1/eta for 1/eta^2", partial(break_even_noise, power=1)),
        Mutant("independent of S", partial(break_even_noise, shared=0)),
        Mutant("1/c kept", partial(break_even_noise, kept=1)),
    ),
)

STATEMENTS = (BREAK_EVEN, BREAK_EVEN_VARIANCE)
