"""What looks true and is false: that the break-even point is monotone whatever the noise does as curvature falls."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from itertools import product
from typing import NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.exact.spectral_radius import is_contracting
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.statements.sgd.second_moment import HEAVY_BALL, INDEPENDENT, JASTRZEBSKI, ONE_DIRECTION
from proofs_check.toolkit.numbers import rational
from theory.dynamics.sgd_stability.break_even import break_even


class Stretch(NamedTuple):
    """What is claimed of the stable curvatures.

    Parameters
    ----------
    least, most : sympy.Expr
        The ends of the stable curvatures.
    by_eta : sympy.Expr
        The derivative of the lower one in the learning rate, which is positive.
    greatest : sympy.Expr
        The noise c s^2 from which on no curvature is stable.
    """

    least: sp.Expr
    most: sp.Expr
    by_eta: sp.Expr
    greatest: sp.Expr


def constant_noise(
    eta: sp.Expr, spread: sp.Expr, mu: sp.Expr, *, lower: int = 1, sign: int = 1, inner: int = 1, always: int = 1
) -> Stretch:
    r"""Stable exactly on ((1+mu)(1-r)/eta, (1+mu)(1+r)/eta), r = sqrt(1 - eta^2 c s^2/(1-mu^2)); empty beyond.

    The lower end rises in eta, by (1+mu)(1-r)/(r eta^2): the break-even point is not monotone.

    Parameters
    ----------
    eta, spread, mu : sympy.Expr
        The learning rate, c s^2, which does not depend on lambda, and the momentum.
    """
    r = sp.sqrt(1 - inner * eta**2 * spread / (1 - mu**2))
    least, most = lower * (1 + mu) * (1 - r) / eta, (1 + mu) * (1 + r) / eta
    return Stretch(least, most, sign * (1 + mu) * (1 - r) / (r * eta**2), always * (1 - mu**2) / eta**2)


def _derived(claim: Claim) -> list[Obligation]:
    """Compare with the two roots that theory solves for, by their sum and product."""
    eta, w, mu = sp.symbols("eta w mu", positive=True)
    derived, found = break_even(eta, 1, mu, flat=w), claim(eta, w, mu)
    x = sp.Symbol("x", positive=True)  # 1 - r^2
    slopes = [side.subs(w, x * (1 - mu**2) / eta**2) for side in (found.least.diff(eta), found.by_eta)]
    products = [sp.factor(sp.expand(one * other)) for one, other in (derived, (found.least, found.most))]
    return [
        Obligation("their sum", derived.least + derived.curvature, found.least + found.most, below_one=(mu,)),
        Obligation("their product", products[0], products[1], below_one=(mu,)),
        Obligation("the lower end in eta", slopes[0], slopes[1], below_one=(mu, x)),
    ]


_CASES = tuple(
    (eta, root, mu)
    for eta, root, mu in product(
        map(Fraction, ("1/2", "4/5", "1")), map(Fraction, ("1/5", "3/5", "99/100")), map(Fraction, ("0", "1/2", "9/10"))
    )
)


def _is_stable(eta: Fraction, lam: Fraction, spread: Fraction, mu: Fraction) -> bool:
    a, w = 1 + mu - eta * lam, eta**2 * spread
    return is_contracting([[a * a + w, -2 * a * mu, mu * mu], [a, -mu, Fraction(0)], [1, 0, 0]])


def _ends(eta: Fraction, root: Fraction, mu: Fraction) -> Callable[[Claim], bool]:
    """Look at spectral radii a thousandth inside and outside of both ends, where the noise makes r a fraction."""
    spread = (1 - root**2) * (1 - mu**2) / eta**2

    def judge(claim: Claim) -> bool:
        found = claim(*map(rational, (eta, spread, mu)))
        least, most = (Fraction(float(x)) for x in (found.least, found.most))
        inside = least * Fraction(1001, 1000), most * Fraction(999, 1000)
        outside = least * Fraction(999, 1000), most * Fraction(1001, 1000)
        return all(x > 0 and _is_stable(eta, x, spread, mu) for x in inside) and not any(
            x <= 0 or _is_stable(eta, x, spread, mu) for x in outside
        )

    return judge


_RATES = tuple(product(map(Fraction, ("1/2", "4/5", "1", "3")), map(Fraction, ("0", "1/2", "9/10"))))


def _beyond(eta: Fraction, mu: Fraction) -> Callable[[Claim], bool]:
    """Below the greatest noise some curvature is stable; above it none, of a grid through the most stable one."""

    def judge(claim: Claim) -> bool:
        greatest = Fraction(str(claim(rational(eta), sp.S.Zero, rational(mu)).greatest))
        grid = [i * (1 + mu) / eta / 8 for i in range(1, 18)]
        below, above = (
            any(_is_stable(eta, lam, side * greatest, mu) for lam in grid)
            for side in (Fraction(999, 1000), Fraction(1001, 1000))
        )
        return below and not above

    return judge


CONSTANT_NOISE = Statement(
    id="sgd.low-curvature-unstable",
    title="With constant noise low curvature is unstable, too, up to a point that rises with the learning rate.",
    latex=(
        r"s^2\text{ constant}:\ \rho(T)<1\iff\Bigl|\frac{\eta\lambda}{1+\mu}-1\Bigr|<r,\ "
        r"r=\sqrt{1-\frac{\eta^2cs^2}{1-\mu^2}};\qquad "
        r"\frac{d}{d\eta}\frac{(1+\mu)(1-r)}\eta=\frac{(1+\mu)(1-r)}{r\eta^2}>0"
    ),
    source=f"derived here: in {JASTRZEBSKI}, the break-even point is monotone only where v/lambda does not fall",
    assumptions=(
        ONE_DIRECTION,
        INDEPENDENT,
        HEAVY_BALL,
        Assumption("the variance of curvatures does not depend on their mean, so that v/lambda falls"),
    ),
    claim=constant_noise,
    evidence=(
        Proved(
            "both ends, which theory solves for, and the derivative of the lower one", _derived, "all eta, c s^2, mu"
        ),
        Enumerated(
            "spectral radii a thousandth inside and outside of both ends",
            _CASES,
            _ends,
            label=lambda eta, root, mu: f"eta = {eta}, r = {root}, mu = {mu}",
            apply=itself,
        ),
        Enumerated(
            "spectral radii below and above the greatest noise",
            _RATES,
            _beyond,
            label=lambda eta, mu: f"eta = {eta}, mu = {mu}",
            apply=itself,
        ),
    ),
    mutants=(
        Mutant("stable from 0 on", partial(constant_noise, lower=0)),
        Mutant("the lower end falls in eta", partial(constant_noise, sign=-1)),
        Mutant("half of the noise", partial(constant_noise, inner=sp.Rational(1, 2))),
        Mutant("twice the greatest noise", partial(constant_noise, always=2)),
    ),
)

STATEMENTS = (CONSTANT_NOISE,)
