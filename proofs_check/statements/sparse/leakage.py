"""What a coordinate off the support has reached when the support is fitted, and what start this allows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

import sympy as sp

from proofs_check.evidence import Enclosed, Inequality
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.sparse.conservation import EQUAL_START, PAPER, SQUARE_LOSS, h
from proofs_check.statements.sparse.times import ORTHONORMAL, SEPARATED
from proofs_check.toolkit.numbers import ends
from theory.balls import precision
from theory.dynamics.implicit_bias.depth_enclosures import enclosed_time
from theory.dynamics.implicit_bias.depth_potentials import DepthPotential
from theory.dynamics.implicit_bias.sparse_recovery import enclosed_leakage


def leakage(
    what: str,
    N: int,
    alpha: sp.Expr,
    z: sp.Expr,
    zeta: sp.Expr,
    kappa: sp.Expr,
    *,
    shallow: sp.Rational | None = None,
    like_two: bool = False,
    flat: bool = False,
    half: int = 1,
    doubles: bool = False,
) -> sp.Expr:
    r"""What is claimed of the coordinate of the target zeta at T_l, when that of the target z is at (1-kappa) z.

    - ``leading`` is the term that dominates as w_0 = alpha^N tends to 0, with rho = zeta/z: w_0^(1-rho)
      ((1-kappa)z/kappa)^rho for N = 2, and w_0 ((1-rho)^(-N/(N-2)) - (1+rho)^(-N/(N-2))) for N > 2.
    - ``bound`` is h_N(zeta t), which the coordinate does not exceed at the time t, here given as kappa.
    - ``scale`` is the largest w_0 for which it is at most 1/100, for z = 1, zeta = 2/5, kappa = 1/100.
    - ``limit`` is what these stay below at any depth: (1-rho^2)/(2 rho) times 1/100.

    Parameters
    ----------
    what : str
        Which of these.
    N : int
        The depth.
    alpha : sympy.Expr
        The start of u and v.
    z, zeta, kappa : sympy.Expr
        The target on the support and that off it, and the relative precision.
    """
    w0, rho = alpha**N, zeta / z
    match what:
        case "bound":
            G = zeta * kappa / half
            return alpha**2 * (sp.exp(4 * G) - sp.exp(-4 * G)) if N == 2 else h(N, alpha, G)
        case "scale":
            if doubles:
                return sp.Rational(193, 10**5) * sp.Integer(2) ** (N - 3)
            table = {2: "226e-7", 3: "193e-5", 4: "367e-5", 6: "560e-5", 10: "721e-5", 100: "943e-5"}
            return sp.Rational(table[2 if flat else N])
        case "limit":
            return (1 - rho**2) / (2 * rho) / 100
    if N == 2 or like_two:
        return w0 ** (1 - rho if shallow is None else shallow) * ((1 - kappa) * z / kappa) ** rho
    p = sp.Rational(N, N - 2) if shallow is None else shallow
    return w0 * ((1 - rho) ** (-p) - (1 + rho) ** (-p))


_DEPTHS = (2, 3, 4, 6)
_KAPPA = sp.Rational(1, 100)


@cache
def _leaks(N: int, w0: str, zeta: sp.Expr) -> tuple[sp.Rational, sp.Rational]:
    alpha = sp.Rational(w0) ** sp.Rational(1, N)
    with precision(50):
        lower, upper = (ends(ball) for ball in enclosed_leakage(N, alpha, 1, zeta, _KAPPA, 30))
    return lower[0], upper[1]


def _leading(claim: Claim) -> Iterator[Inequality]:
    """At w_0 = 1e-12 the leading term is within 1/500 of the truth, which lies between two bounds."""
    share, w0 = sp.Rational(1, 500), "1e-12"
    for N in _DEPTHS:
        for zeta in map(sp.Rational, ("1/4", "2/5")):
            low, high = _leaks(N, w0, zeta)
            alpha = sp.Rational(w0) ** sp.Rational(1, N)
            claimed, label = claim("leading", N, alpha, sp.S.One, zeta, _KAPPA), f"N = {N}, w_0 = {w0}, zeta = {zeta}"
            yield Inequality(f"{label}: not below", (1 - share) * low, claimed)
            yield Inequality(f"{label}: not above", claimed, (1 + share) * high)


@cache
def _time(N: int, alpha: sp.Expr, target: sp.Expr, end: sp.Expr) -> tuple[sp.Rational, sp.Rational]:
    with precision(50):
        return ends(enclosed_time(DepthPotential(N, alpha), end, target, 30))


def _bounds(claim: Claim) -> Iterator[Inequality]:
    """At the exact time of x the bound is above x."""
    zeta = sp.Rational(2, 5)
    for N in _DEPTHS:
        for w0 in ("1e-3", "1e-8"):
            alpha = sp.Rational(w0) ** sp.Rational(1, N)
            for x in map(sp.Rational, ("1/50", "1/5")):
                time = _time(N, alpha, zeta, x)[0]
                if N == 2 or (zeta * time) < DepthPotential(N, alpha).pole:
                    bound = claim("bound", N, alpha, sp.S.One, zeta, time)
                    yield Inequality(f"N = {N}, w_0 = {w0}, x = {x}", x, bound)


def _scales(claim: Claim) -> Iterator[Inequality]:
    """A start 1 % below the claimed one leaks less than 1/100 at T_l, and one 1 % above leaks more."""
    leak, zeta = sp.Rational(1, 100), sp.Rational(2, 5)
    for N in (2, 3, 4, 6, 10, 100):
        claimed = claim("scale", N, sp.S.One, sp.S.One, zeta, _KAPPA)
        limit = claim("limit", N, sp.S.One, sp.S.One, zeta, _KAPPA)
        for share, leaks in ((sp.Rational(99, 100), False), (sp.Rational(101, 100), True)):
            alpha = (share * claimed) ** sp.Rational(1, N)
            fitted, leaked = _time(N, alpha, sp.S.One, 1 - _KAPPA), _time(N, alpha, zeta, leak)
            left, right = (leaked[1], fitted[0]) if leaks else (fitted[1], leaked[0])
            yield Inequality(f"N = {N}, w_0 = {share} of the claimed", left, right)
        yield Inequality(f"N = {N}: below the limit", claimed, limit)
        if N == 100:
            yield Inequality(f"N = {N}: near the limit", sp.Rational(17, 20) * limit, claimed)


LEAKAGE = Statement(
    id="sparse.leakage",
    title="When the support is fitted, noise has leaked w_0^(1-rho) for N = 2, and w_0 times a constant for N > 2.",
    latex=(
        r"|w_j(t)|\le h_N(\zeta t);\qquad w_j(T_l)=w_0^{1-\rho}\Bigl(\frac{1-\kappa}\kappa z\Bigr)^{\rho}(1+o(1))"
        r"\ (N=2),\quad w_0\bigl((1-\rho)^{-\frac N{N-2}}-(1+\rho)^{-\frac N{N-2}}\bigr)(1+o(1))\ (N\ge3),\quad "
        r"\rho=\frac\zeta z;\qquad \max\{w_0:w_j(T_l)\le\epsilon\}<\frac{1-\rho^2}{2\rho}\,\epsilon"
    ),
    source=f"{PAPER}, theorem 1, on the size of initialization; derived here for an orthonormal design",
    assumptions=(EQUAL_START, SQUARE_LOSS, ORTHONORMAL, SEPARATED),
    claim=leakage,
    evidence=(
        Enclosed("the leading term at w_0 = 1e-12, N = 2 to 6", _leading, digits=40),
        Enclosed("the bound at exact times, N = 2 to 6", _bounds, digits=40),
        Enclosed("the largest starts that leak at most 1/100, N = 2 to 100", _scales, digits=40),
    ),
    mutants=(
        Mutant("w_0 for w_0^(1-rho) at N = 2", partial(leakage, shallow=sp.S.One)),
        Mutant("w_0^(1-rho) at every depth", partial(leakage, like_two=True)),
        Mutant("(1-rho)^-1 at every depth", lambda what, N, *rest: leakage(what, N, *rest, shallow=_one(N))),
        Mutant("half the speed in the bound", partial(leakage, half=2)),
        Mutant("depth does not enlarge the start", partial(leakage, flat=True)),
        Mutant("each layer doubles the start", partial(leakage, doubles=True)),
    ),
)


def _one(N: int) -> sp.Expr | None:
    return None if N == 2 else sp.S.One


STATEMENTS = (LEAKAGE,)
