"""An orthonormal design: when a coordinate is fitted, and the window in which the support is and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from itertools import pairwise
from typing import Any

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.sparse.conservation import EQUAL_START, PAPER, SQUARE_LOSS
from proofs_check.toolkit.numbers import ends
from theory.balls import precision
from theory.dynamics.implicit_bias.depth_enclosures import enclosed_dual, enclosed_time
from theory.dynamics.implicit_bias.depth_potentials import DepthPotential

# --- sparse.hitting-time ----------------------------------------------------------------------------------------------


def hitting_time(
    what: str,
    N: int,
    alpha: sp.Expr,
    z: sp.Expr,
    w: sp.Expr,
    *,
    cube: int = 2,
    logs: int = 1,
    rate: int = 4,
    less: int = 2,
    start: int = 2,
    slow: bool = False,
) -> sp.Expr:
    r"""What is claimed of the time T in which a coordinate of the target z grows from 0 to w = (1-kappa) z.

    - ``dual-low`` and ``dual-high`` are the range of G = h_N^-1(w).
    - ``early`` and ``late`` are the range of T: G/z <= T <= G/z + z^(2/N-2) (N/2 + log(1/kappa))/N^2.
    - ``latest`` is another upper end, G/(z-w).
    - ``exact`` is T itself, for N = 2.

    Parameters
    ----------
    what : str
        Which of these.
    N : int
        The depth.
    alpha : sympy.Expr
        The start of u and v.
    z, w : sympy.Expr
        The target and the end.
    """
    b = 2 * alpha**2
    if what == "exact":
        R = sp.sqrt(z**2 + b**2)
        return sp.log(z * (w * z + b**2 + R * sp.sqrt(w**2 + b**2)) / ((z - w) * b * (b + R))) / (rate * R)
    if N == 2:
        low = high = sp.log(w / b + sp.sqrt(1 + (w / b) ** 2)) / 4
    else:
        low, high = ((alpha ** (start - N) - x ** sp.Rational(2 - N, N)) / (N * (N - less)) for x in (w, w + alpha**N))
    kappa = 1 - w / z
    constant = z ** (sp.Rational(2, N) - 2) * (sp.Rational(N, 2) + logs * sp.log(1 / kappa)) / N**cube
    match what:
        case "dual-low":
            return low
        case "dual-high":
            return high
        case "early":
            return low / ((z - w) if slow else z)
        case "late":
            return high / z + constant
        case _:
            return high / (z - w)


def _exact(claim: Claim) -> list[Obligation]:
    """Differentiate in w: dT/dw = 1/(4 sqrt(w^2+b^2) (z-w)), as u^2+v^2 = sqrt(w^2+4u^2v^2); T = 0 at w = 0."""
    alpha, z, w = sp.symbols("alpha z w", positive=True)
    time = claim("exact", 2, alpha, z, w)
    speed = 4 * sp.sqrt(w**2 + 4 * alpha**4) * (z - w)
    return [
        Obligation("the speed", 1 / speed, time.diff(w), (w,)),
        Obligation("no time at the start", sp.S.One, sp.exp(4 * sp.sqrt(z**2 + 4 * alpha**4) * time).subs(w, 0)),
    ]


Case = tuple[int, sp.Expr, sp.Expr, sp.Expr]


def _cases() -> Iterator[tuple[str, Case]]:
    for N in (2, 3, 4, 6):
        for alpha in ("1/10", "3/10"):
            yield f"N = {N}, alpha = {alpha}, z = 1", (N, sp.Rational(alpha), sp.S.One, sp.Rational(99, 100))
        for w0 in ("1e-3", "1e-6", "1e-9"):
            alpha_ = sp.Rational(w0) ** sp.Rational(1, N)
            for z, w in (("3", "3/2"), ("1/2", "49/100")):
                yield f"N = {N}, w_0 = {w0}, z = {z}, w = {w}", (N, alpha_, sp.Rational(z), sp.Rational(w))


@cache
def _time(N: int, alpha: sp.Expr, z: sp.Expr, w: sp.Expr) -> tuple[sp.Rational, sp.Rational]:
    with precision(60):
        return ends(enclosed_time(DepthPotential(N, alpha), w, z, 40))


@cache
def _dual(N: int, alpha: sp.Expr, w: sp.Expr) -> tuple[sp.Rational, sp.Rational]:
    with precision(80):
        return ends(enclosed_dual(DepthPotential(N, alpha), w, 60))


_TINY = sp.Rational(1, 10**25)
"""Where an end is attained, as both ends of G are for N = 2, this much is allowed."""


def _time_ranges(claim: Claim) -> Iterator[Inequality]:
    for label, case in _cases():
        N, alpha, _, w = case
        (low, high), (dual_low, dual_high) = _time(*case), _dual(N, alpha, w)
        yield Inequality(f"{label}: G, lower end", claim("dual-low", *case), dual_low + _TINY)
        yield Inequality(f"{label}: G, upper end", dual_high - _TINY, claim("dual-high", *case))
        yield Inequality(f"{label}: T, lower end", claim("early", *case), low)
        yield Inequality(f"{label}: T, upper end", high, claim("late", *case))
        yield Inequality(f"{label}: T, another upper end", high, claim("latest", *case))
        if N == 2:
            yield Inequality(f"{label}: exact, not below", low, claim("exact", *case) + _TINY)
            yield Inequality(f"{label}: exact, not above", claim("exact", *case), high + _TINY)


ORTHONORMAL = Assumption("X^T X = n I, so that coordinates decouple; z = X^T y/n")
BELOW_TARGET = Assumption("0 < w < z, and kappa = 1 - w/z")

HITTING_TIME = Statement(
    id="sparse.hitting-time",
    title="On an orthonormal design w is reached after G(w)/z and a bounded rest; for N = 2 the time is known exactly.",
    latex=(
        r"\frac{G(w)}z\le T(w)\le\frac{G(w)}{z-w},\quad T((1-\kappa)z)\le\frac Gz+\frac{z^{2/N-2}}{N^2}"
        r"\Bigl(\frac N2+\log\frac1\kappa\Bigr),\quad \frac{\alpha^{2-N}-w^{2/N-1}}{N(N-2)}\le G(w)"
        r"\le\frac{\alpha^{2-N}-(w+\alpha^N)^{2/N-1}}{N(N-2)};\qquad N=2:\ T=\frac1{4R}\log"
        r"\frac{z(wz+b^2+R\sqrt{w^2+b^2})}{(z-w)b(b+R)},\ b=2\alpha^2,\ R=\sqrt{z^2+b^2}"
    ),
    source=f"{PAPER} has times with unnamed constants; these are derived here",
    assumptions=(EQUAL_START, SQUARE_LOSS, ORTHONORMAL, BELOW_TARGET),
    claim=hitting_time,
    evidence=(
        Proved("the exact time for N = 2, differentiated", _exact, "N = 2, all alpha, z, w"),
        Enclosed("the integral of dG/(z-h_N(G)) is in its ranges, N = 2 to 6", _time_ranges, digits=40),
    ),
    mutants=(
        Mutant("N^3 for N^2 in the rest", partial(hitting_time, cube=3)),
        Mutant("no log(1/kappa) in the rest", partial(hitting_time, logs=0)),
        Mutant("1/(2R) for 1/(4R)", partial(hitting_time, rate=2)),
        Mutant("N - 1 for N - 2", partial(hitting_time, less=1)),
        Mutant("alpha^(1-N) for alpha^(2-N)", partial(hitting_time, start=1)),
        Mutant("z - w for z in the lower end", partial(hitting_time, slow=True)),
    ),
)

# --- sparse.window ----------------------------------------------------------------------------------------------------


def window(
    what: str,
    N: int,
    w0: sp.Expr,
    z: sp.Expr,
    zeta: sp.Expr,
    kappa: sp.Expr,
    eps: sp.Expr,
    *,
    deep: bool = True,
    grows: bool = False,
    slow: bool = False,
    inverted: bool = False,
    always: bool = False,
) -> sp.Expr:
    r"""What is claimed of T_l, when the support is fitted, and T_u, when a coordinate of the target zeta reaches eps.

    - ``opens`` is at least T_l, and ``closes`` is at most T_u.
    - ``shortest`` and ``longest`` are the range of T_u - T_l: a power of 1/w_0 for N > 2, a logarithm for N = 2.
    - ``ratio`` is what T_u/T_l is about at small w_0: z/zeta times rho_N, which grows with N.
    - ``limit`` is what this ratio stays below, z/zeta, at every depth.
    - ``depth`` is the least depth with a window, for w_0 = 1/1000, z = 1, zeta = 2/5, kappa = 1/100, eps = 1/20.

    Parameters
    ----------
    what : str
        Which of these.
    N : int
        The depth.
    w0 : sympy.Expr
        The start alpha^N, in units of coordinates.
    z, zeta : sympy.Expr
        The least target on the support, and the greatest off it.
    kappa : sympy.Expr
        The relative precision on the support.
    eps : sympy.Expr
        What coordinates off the support may reach.
    """
    if what == "depth":
        return sp.Integer(2 if always else 3)
    if what == "limit":
        return zeta / z if inverted else z / zeta
    if what == "ratio":
        exponent = 1 - sp.Rational(2, N)
        rho = (1 - (w0 / eps) ** exponent) / (1 - (w0 / z) ** exponent) if N > 2 else sp.log(eps / w0) / sp.log(z / w0)
        return (zeta / z if inverted else z / zeta) * rho * (sp.Rational(N, 2) if grows else 1)
    depth = N if deep else 2
    rest = z ** (sp.Rational(2, depth) - 2) * (sp.Rational(depth, 2) + sp.log(1 / kappa)) / depth**2
    fitted = (1 - kappa) * z
    if depth == 2 or (slow and what == "longest"):
        at_eps, at_fit, at_z = (sp.log(x / (2 * w0) + sp.sqrt(1 + (x / (2 * w0)) ** 2)) / 4 for x in (eps, fitted, z))
        low_eps = high_eps = at_eps
        low_fit = at_fit
    else:
        pole, p = w0 ** (sp.Rational(2, depth) - 1), sp.Rational(2 - depth, depth)
        area = depth * (depth - 2)
        low_eps, high_eps, low_fit = (
            (pole - eps**p) / area,
            (pole - (eps + w0) ** p) / area,
            (pole - fitted**p) / area,
        )
        at_z = pole / area
    match what:
        case "opens":
            return at_z / z + rest
        case "closes":
            return low_eps / zeta
        case "shortest":
            return low_eps / zeta - at_z / z - rest
        case _:
            return high_eps / (zeta - eps) - low_fit / z


_PLACE = tuple(map(sp.Rational, ("1", "2/5", "1/100", "1/20")))
_DEPTHS = (2, 3, 4, 6)


@cache
def _ends_of_window(N: int, w0: str, z: sp.Expr, zeta: sp.Expr, kappa: sp.Expr, eps: sp.Expr) -> tuple[Any, Any]:
    """Return T_l and T_u, each between two rational numbers."""
    alpha = sp.Rational(w0) ** sp.Rational(1, N)
    return _time(N, alpha, z, (1 - kappa) * z), _time(N, alpha, zeta, eps)


def _window_ranges(claim: Claim) -> Iterator[Inequality]:
    for N in _DEPTHS:
        for w0 in ("1e-3", "1e-6", "1e-9"):
            for place in (_PLACE, tuple(map(sp.Rational, ("2", "1/2", "1/10", "1/8")))):
                (low_l, high_l), (low_u, high_u) = _ends_of_window(N, w0, *place)
                case, label = (N, sp.Rational(w0), *place), f"N = {N}, w_0 = {w0}, z = {place[0]}"
                yield Inequality(f"{label}: T_l", high_l, claim("opens", *case))
                yield Inequality(f"{label}: T_u", claim("closes", *case), low_u)
                yield Inequality(f"{label}: at least so long", claim("shortest", *case), low_u - high_l)
                yield Inequality(f"{label}: at most so long", high_u - low_l, claim("longest", *case))


_FLAT = "1e-100"


def _ratios(claim: Claim) -> Iterator[Inequality]:
    """At w_0 = 1e-100 the ratio is within 2 %, it grows with N at any w_0, and stays below its limit."""
    share = sp.Rational(1, 50)
    for N in _DEPTHS:
        (low_l, high_l), (low_u, high_u) = _ends_of_window(N, _FLAT, *_PLACE)
        ratio, label = claim("ratio", N, sp.Rational(_FLAT), *_PLACE), f"N = {N}, w_0 = {_FLAT}"
        yield Inequality(f"{label}: not below", (1 - share) * low_u / high_l, ratio)
        yield Inequality(f"{label}: not above", ratio, (1 + share) * high_u / low_l)
    for w0 in map(sp.Rational, ("1e-2", "1e-6", "1e-30")):
        ratios = [claim("ratio", N, w0, *_PLACE) for N in (*range(2, 9), 50)]
        for N, (ratio, deeper) in enumerate(pairwise(ratios), start=2):
            yield Inequality(f"N = {N}, w_0 = {w0}: less than deeper", ratio, deeper)
        yield Inequality(f"N = 50, w_0 = {w0}: below the limit", ratios[-1], claim("limit", 50, w0, *_PLACE))


def _least_depth(claim: Claim) -> Iterator[Inequality]:
    """At w_0 = 1/1000 there is no window below the claimed depth, and one from there on."""
    for N in _DEPTHS:
        (low_l, high_l), (low_u, high_u) = _ends_of_window(N, "1e-3", *_PLACE)
        least = claim("depth", N, sp.Rational(1, 1000), *_PLACE)
        if not least.is_Integer:
            yield Inequality("the least depth is whole", sp.S.One, sp.S.Zero)
        elif least > N:
            yield Inequality(f"N = {N}: no window", high_u, low_l)
        else:
            yield Inequality(f"N = {N}: a window", high_l, low_u)


SEPARATED = Assumption("|z_i| >= z on the support and |z_j| <= zeta < z off it, and eps < zeta")

WINDOW = Statement(
    id="sparse.window",
    title="Depth opens the window: its length is a power of 1/w_0 for N > 2, T_u/T_l grows with N, up to z/zeta.",
    latex=(
        r"T_u-T_l\ge\frac{w_0^{2/N-1}}{N(N-2)}\Bigl(\frac{1-(w_0/\epsilon)^{1-2/N}}\zeta-\frac1z\Bigr)"
        r"-\frac{z^{2/N-2}}{N^2}\Bigl(\frac N2+\log\frac1\kappa\Bigr)\ (N\ge3),\quad \ge\frac14\Bigl("
        r"\frac{\operatorname{arsinh}(\epsilon/2w_0)}\zeta-\frac{\operatorname{arsinh}(z/2w_0)}z\Bigr)"
        r"-\frac{1+\log(1/\kappa)}{4z}\ (N=2);\qquad \frac{T_u}{T_l}\sim\frac z\zeta\,"
        r"\frac{1-(w_0/\epsilon)^{1-2/N}}{1-(w_0/z)^{1-2/N}}<\frac z\zeta"
    ),
    source=f"{PAPER}, theorem 1, has a window with unnamed constants; derived here for an orthonormal design",
    assumptions=(EQUAL_START, SQUARE_LOSS, ORTHONORMAL, SEPARATED),
    claim=window,
    evidence=(
        Enclosed("exact times are in their ranges, N = 2 to 6, w_0 = 1e-3 to 1e-9", _window_ranges, digits=40),
        Enclosed("the ratio of exact times at w_0 = 1e-100, and its growth with N", _ratios, digits=60),
        Enclosed("the least depth with a window at w_0 = 1/1000", _least_depth),
    ),
    mutants=(
        Mutant("its length does not depend on N", partial(window, deep=False)),
        Mutant("a logarithm of 1/w_0 for N > 2 too", partial(window, slow=True)),
        Mutant("T_u/T_l grows without bound in N", partial(window, grows=True)),
        Mutant("zeta/z for z/zeta", partial(window, inverted=True)),
        Mutant("a window at every depth", partial(window, always=True)),
    ),
)

STATEMENTS = (HITTING_TIME, WINDOW)
