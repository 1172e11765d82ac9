"""Leaving a strict saddle: how many steps gradient descent and momentum take, and how long noise does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache, partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.numbers import between, rational
from theory.dynamics.saddles import dawson_integral

Case = tuple[Any, ...]


class SaddleTime(NamedTuple):
    """What is claimed of the time at a strict saddle.

    Parameters
    ----------
    fewest, most : sympy.Expr
        The range of 1/log r.
    slope : sympy.Expr
        The derivative in z of gamma times the mean exit time.
    steep, flat : (sympy.Expr, sympy.Expr)
        The range of gamma times the mean exit time for z >= 1, and that for every z.
    """

    fewest: Any
    most: Any
    slope: Any
    steep: tuple[Any, Any]
    flat: tuple[Any, Any]


def saddle_time(
    h: sp.Expr,
    mu: sp.Expr,
    z: sp.Expr,
    *,
    momentum: int = 1,
    halves: int = 1,
    factor: int = 2,
    inside: int = 4,
    error: Fraction = Fraction(1, 2),
    saturates: int = 1,
) -> SaddleTime:
    r"""Steps obey (1-mu)/h <= 1/log r <= (1-mu)/h + (1+mu)/(2(1-mu)), h = eta gamma; and gamma E tau = 2 int_0^z F.

    F is Dawson's integral. At z = D sqrt(gamma)/sigma >= 1 the mean is (log(4 z^2) + Euler's constant)/2, less at most
    1/(2 z^2). At every z it is z^2, that is D^2/sigma^2, less at most z^4/3.

    Parameters
    ----------
    h : sympy.Expr
        The learning rate times the curvature, eta gamma.
    mu : sympy.Expr
        The factor of momentum.
    z : sympy.Expr
        D sqrt(gamma)/sigma, the distance in units of the noise.
    """
    fewest = (1 - momentum * mu) / h
    most = fewest + sp.Rational(halves, 2) * (1 + mu) / (1 - mu)
    slope = -factor * sp.sqrt(sp.pi) / 2 * sp.exp(-(z**2)) * sp.erfi(z)
    steep = (sp.log(inside * z**2) + sp.EulerGamma) / 2
    flat = saturates * z**2
    return SaddleTime(fewest, most, slope, (steep - rational(error) / z**2, steep), (flat - z**4 / 3, flat))


def _roots(claim: Claim) -> list[Obligation]:
    """Evaluate p(1+q) = q^2 + q(1-mu-h) - h at both ends.

    At q = 1/fewest it is q(q-h) >= 0. At 1/q + 1/2 = most it is q(q-s) <= 0 with s = h/(1-mu).
    """
    h, mu = sp.symbols("h mu", positive=True)
    times = claim(h, mu, sp.S.One)

    def p(q: sp.Expr) -> sp.Expr:
        return q**2 + q * (1 - mu - h) - h

    high, low = 1 / times.fewest, 1 / (times.most - sp.Rational(1, 2))
    return [
        Obligation("not below the root", p(high), high * (high - h), (mu,)),
        Obligation("not above the root", p(low), low * (low - h / (1 - mu)), (mu,)),
    ]


def _backward(claim: Claim) -> list[Obligation]:
    """With U = gamma u(x), where u is the mean time, U''/2 + z U' = -1, and U' = 0 at 0 by symmetry."""
    z = sp.Symbol("z", positive=True)
    slope = claim(sp.S.One, sp.S.Zero, z).slope
    return [Obligation("equation", slope.diff(z) / 2 + z * slope, -sp.S.One), Obligation("symmetry", slope.subs(z, 0))]


_SADDLES = tuple(
    (Fraction(h), Fraction(mu), Fraction(ratio))
    for h in ("1/50", "1/5", "2")
    for mu in ("0", "1/2", "9/10")
    for ratio in ("3", "1000")
)


@cache
def _heavy_ball(h: Fraction, mu: Fraction, ratio: Fraction) -> int:
    """Return how many steps it takes from rest at distance 1 until the distance is the ratio."""
    before, now, steps = Fraction(1), Fraction(1), 0
    while now < ratio:
        before, now, steps = now, now + h * now + mu * (now - before), steps + 1
    return steps


def _counted_at_the_saddle(h: Fraction, mu: Fraction, ratio: Fraction) -> Callable[[SaddleTime], bool | None]:
    """Judge the steps from rest, where x_k = A r^k + (1-A) (mu/r)^k.

    They are at least log(ratio)/log r, and at most 1 + log(ratio/A)/log r.
    """
    eta, m, steps = rational(h), rational(mu), _heavy_ball(h, mu, ratio)
    r = (1 + m + eta + sp.sqrt((1 + m + eta) ** 2 - 4 * m)) / 2
    share = (1 + eta - m / r) / (r - m / r)
    log = sp.log(rational(ratio))
    return lambda times: between(times.fewest * log, steps, 1 + times.most * (log - sp.log(share)))


def _saddle_at(claim: Claim, h: Fraction, mu: Fraction, _: Fraction) -> SaddleTime:
    times: SaddleTime = claim(rational(h), rational(mu), sp.S.One)
    return times


def _exit_ranges(claim: Claim) -> Iterator[Inequality]:
    """The exact mean, by the hypergeometric function that theory derives, lies in both ranges."""
    for z in map(sp.Rational, ("1/100", "1/3", "1", "2", "7", "50")):
        times, mean = claim(sp.S.One, sp.S.Zero, z), 2 * dawson_integral(z)
        for name, (low, high) in {"steep": times.steep, "flat": times.flat}.items():
            if name == "flat" or z >= 1:
                yield Inequality(f"{name}, z = {z}, lower end", low, mean)
                yield Inequality(f"{name}, z = {z}, upper end", mean, high)


QUADRATIC = Assumption(
    "the loss is its quadratic part at the saddle, along the eigenvector of the least eigenvalue -gamma"
)
FROM_REST = Assumption("momentum starts at rest, between 0 and 1; noise starts at the saddle")

SADDLE_TIME = Statement(
    id="escape.saddle-time",
    title="A strict saddle holds for about 1/(eta gamma) steps: momentum gains 1/(1-mu), noise ends at D^2/sigma^2.",
    latex=(
        r"\frac{1-\mu}{\eta\gamma}\le\frac{k}{\log(D/d_0)}\le\frac{1-\mu}{\eta\gamma}+\frac{1+\mu}{2(1-\mu)},\quad "
        r"r^k=\frac D{d_0},\ r^2=(1+\mu+\eta\gamma)r-\mu;\qquad dX=\gamma X\,dt+\sigma\,dB:\ "
        r"\mathbb E\tau=\frac2\gamma\int_0^{D\sqrt\gamma/\sigma}\!e^{-u^2}\!\int_0^ue^{t^2}dt\,du"
        r"=\frac1{2\gamma}\Bigl(\log\frac{4\gamma D^2}{\sigma^2}+\gamma_E\Bigr)-\delta,\ "
        r"0\le\delta\le\frac{\sigma^2}{2\gamma^2D^2}\ (\gamma D^2\ge\sigma^2);\qquad "
        r"\frac{D^2}{\sigma^2}-\frac{\gamma D^4}{3\sigma^4}\le\mathbb E\tau\le\frac{D^2}{\sigma^2}"
    ),
    source="the times of C. Jin et al., arXiv:1703.00887, with their constants, derived here",
    assumptions=(QUADRATIC, FROM_REST),
    claim=saddle_time,
    evidence=(
        Proved("signs of the characteristic polynomial at both ends", _roots, "all h, mu"),
        Proved("the backward equation of the mean exit time", _backward, "all z: the equation"),
        Enumerated(
            f"gradient descent and heavy ball in rational arithmetic, {len(_SADDLES)} cases",
            _SADDLES,
            _counted_at_the_saddle,
            apply=_saddle_at,
        ),
        Enclosed("the exact mean exit time lies in its ranges, z = 1/100 to 50", _exit_ranges),
    ),
    mutants=(
        Mutant("momentum gains nothing", partial(saddle_time, momentum=0)),
        Mutant("no error of discretization", partial(saddle_time, halves=0)),
        Mutant("half the mean exit time", partial(saddle_time, factor=1)),
        Mutant("4 becomes 2 in the logarithm", partial(saddle_time, inside=2)),
        Mutant("a quarter of the error", partial(saddle_time, error=Fraction(1, 8))),
        Mutant("it saturates at twice the time", partial(saddle_time, saturates=2)),
    ),
)

STATEMENTS = (SADDLE_TIME,)
