"""What gradient flow keeps of the two factors of a coordinate, and the potential that it therefore minimizes."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement

PAPER = "arXiv:2108.05574"


class Diagonal(NamedTuple):
    """What is claimed of a coordinate w = u^N - v^N.

    Parameters
    ----------
    kept : sympy.Expr
        What the flow keeps, of u and v.
    coordinate : sympy.Expr
        w at the dual variable G, the integral of g over time.
    potential : sympy.Expr
        The potential Q at the same w.
    """

    kept: Any
    coordinate: Any
    potential: Any


def diagonal(
    N: Any,
    alpha: sp.Expr,
    G: sp.Expr,
    u: sp.Expr,
    v: sp.Expr,
    *,
    power: int = 2,
    squares: bool = False,
    more: int = 0,
    larger: int = 1,
    quasi: bool = False,
) -> Diagonal:
    r"""Flow keeps uv (N = 2) or u^(2-N) + v^(2-N); w = h_N(G), and w(T) minimizes the sum of Q, Q' = h_N^-1.

    With c = N(N-2) alpha^(N-2) G, h_N = alpha^N ((1-c)^(-N/(N-2)) - (1+c)^(-N/(N-2))), and h_2 = 2 alpha^2 sinh(4G).

    Parameters
    ----------
    N : int or sympy.Symbol
        The depth.
    alpha : sympy.Expr
        Where u and v start.
    G : sympy.Expr
        The dual variable.
    u, v : sympy.Expr
        The two factors.
    """
    a = larger * alpha
    if N == 2:
        kept = u * v
        coordinate = a**2 * (sp.exp(4 * G) - sp.exp(-4 * G)) if not more else h(N + more, a, G)
        conjugate = a**2 * (sp.exp(4 * G) + sp.exp(-4 * G) - 2) / 4
    else:
        kept = u**2 - v**2 if squares else u ** (power - N) + v ** (power - N)
        coordinate = h(N + more, a, G)
        c = N * (N - 2) * a ** (N - 2) * G
        q = 1 / sp.sympify(N - 2, strict=True)
        conjugate = a**2 * ((1 - c) ** (-2 * q) + (1 + c) ** (-2 * q) - 2) / (2 * N)
    return Diagonal(kept, coordinate, coordinate if quasi else G * coordinate - conjugate)


def h(N: Any, alpha: sp.Expr, G: sp.Expr) -> sp.Expr:
    """Return h_N(G) for N > 2, with the exponent N/(N-2) written as 1 + 2/(N-2).

    Examples
    --------
    >>> a, G = sp.symbols("a G")
    >>> h(4, a, G).subs(G, 0)
    0
    """
    c, p = N * (N - 2) * alpha ** (N - 2) * G, 1 + 2 / sp.sympify(N - 2, strict=True)
    return alpha**N * ((1 - c) ** (-p) - (1 + c) ** (-p))


def _flow(N: Any, claim: Claim) -> list[Obligation]:
    """Compare speeds: u' = N u^(N-1) g, v' = -N v^(N-1) g and G' = g."""
    alpha, G, u, v = sp.symbols("alpha G u v", positive=True)
    claimed = claim(N, alpha, G, u, v)
    moves = N * u ** (N - 1) * claimed.kept.diff(u) - N * v ** (N - 1) * claimed.kept.diff(v)
    high: tuple[list[Any], ...]
    if N == 2:
        at_u, at_v = alpha * sp.exp(2 * G), alpha * sp.exp(-2 * G)
        high = [at_u, at_v], [at_u**2, at_v**2], [at_u, at_v]
    else:
        c, q = N * (N - 2) * alpha ** (N - 2) * G, 1 / sp.sympify(N - 2, strict=True)
        high = tuple(  # u^m is alpha^m (1-c)^(-m/(N-2)), where m/(N-2) is written as a whole number and so many q
            [alpha**m * side ** (-whole - times * q) for side in (1 - c, 1 + c)]
            for m, whole, times in ((1, 0, 1), (2 * N - 2, 2, 2), (N - 1, 1, 1))
        )
    (at_u, at_v), (up, vp), (pace_u, pace_v) = high
    slope, small = claimed.coordinate.diff(G), (alpha, G)  # so that witnesses have |c| < 1
    return [
        Obligation("nothing is at G = 0", sp.S.Zero, claimed.coordinate.subs(G, 0), small),
        Obligation("u is a solution", N * pace_u, at_u.diff(G), small),
        Obligation("v is a solution", -N * pace_v, at_v.diff(G), small),
        Obligation("what is kept", sp.S.Zero, moves),
        Obligation("the speed of w", N**2 * (up + vp), slope, small),
        Obligation("the potential's slope is G", G * slope, claimed.potential.diff(G), small),
    ]


def _any_depth(claim: Claim) -> list[Obligation]:
    return _flow(sp.Symbol("N", positive=True), claim)


def _depth_two(claim: Claim) -> list[Obligation]:
    return _flow(2, claim)


EQUAL_START = Assumption("u = v = alpha > 0 at the start, in all coordinates")
SQUARE_LOSS = Assumption("the loss is |y - Xw|^2/(2n), and it is followed by gradient flow")

CONSERVATION = Statement(
    id="sparse.conservation",
    title="Flow on u^N - v^N keeps uv or u^(2-N) + v^(2-N), so at every time it minimizes a potential on Xb = Xw.",
    latex=(
        r"\dot u=Nu^{N-1}g,\ \dot v=-Nv^{N-1}g:\quad uv\ (N=2),\ u^{2-N}+v^{2-N}\ (N\ge3)\text{ are kept},\quad "
        r"w=h_N\Bigl(\int g\Bigr),\ h_2(G)=2\alpha^2\sinh4G,\ h_N(G)=\alpha^N\bigl((1-c)^{-\frac N{N-2}}"
        r"-(1+c)^{-\frac N{N-2}}\bigr),\ c=N(N-2)\alpha^{N-2}G;\qquad "
        r"w(T)\text{ minimizes }\sum_iQ(b_i)\text{ over }Xb=Xw(T),\ Q'=h_N^{-1}"
    ),
    source=f"{PAPER}; the potential as in arXiv:2002.09277, theorem 3; derived here from the vector field",
    assumptions=(EQUAL_START, SQUARE_LOSS),
    claim=diagonal,
    domain=EVERYWHERE,
    evidence=(
        Proved("the vector field, N = 2", _depth_two, "N = 2, all u, v, alpha, G"),
        Proved("the vector field, a symbol for N", _any_depth, "all N > 2, u, v, alpha, G"),
    ),
    mutants=(
        Mutant("u^(1-N) + v^(1-N) is kept", partial(diagonal, power=1)),
        Mutant("u^2 - v^2 is kept, as by balanced layers", partial(diagonal, squares=True)),
        Mutant("the map of depth N + 1", partial(diagonal, more=1)),
        Mutant("the map of the start 2 alpha", partial(diagonal, larger=2)),
        Mutant("the potential is h_N itself, an l_(2/N) quasi-norm at large w", partial(diagonal, quasi=True)),
    ),
)

STATEMENTS = (CONSERVATION,)
