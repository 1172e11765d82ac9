"""Which neuron takes all with exponential weight normalization, and where the others stop, at every finite time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.weightnorm.flows import SOURCE
from proofs_check.toolkit.numbers import rational
from theory.dynamics.weight_norm.neurons import velocity

FLOW = Assumption("gradient flow on (alpha, v) with |v| = 1, on one example, of a loss that falls with the output")
POSITIVE_PRODUCTS = Assumption("Phi = sum x_u p_u, where p_u > 0 is a product of n positive weights, and x_u > 0")
NO_TIE = Assumption("no two neurons tie for the first place")


def itself(claim: Claim, *_: Any) -> Claim:
    """The claim, for judges that call it themselves."""
    return claim


# --- weightnorm.relative-sparsity -------------------------------------------------------------------------------------


class Race(NamedTuple):
    """What is claimed of products.

    Parameters
    ----------
    winner : int
        Which one grows without end.
    others : tuple
        Where each is when the winner is at a value that is given; the winner there too.
    speed : sympy.Expr
        How fast 1/(x_u p_u) falls in the clock of the integral of -L'.
    parted : sympy.Expr
        The ratio of x_w p_w to that of the second, at this value.
    """

    winner: Any
    others: tuple[Any, ...]
    speed: Any
    parted: Any


def race(
    slopes: Sequence[Any],
    starts: Sequence[Any],
    now: Any,
    n: Any,
    *,
    by: str = "product",
    stay: bool = False,
    tied: bool = False,
    end: bool = False,
    deep: bool = False,
) -> Race:
    """The largest x_u p_u wins; p_v = 1/(x_v (1/(x_v p_v0) - 1/(x_w p_w0) + 1/(x_w p_w))), at every depth n.

    So the others stay below 1/(x_v (1/(x_v p_v0) - 1/(x_w p_w0))), and the ratio of the first two grows without end.

    Parameters
    ----------
    slopes, starts : sequence of sympy.Expr
        x_u, and p_u at the start.
    now : sympy.Expr
        p_w of the winner w.
    n : sympy.Expr
        How many weights a product has.
    """
    size = {"product": [x * p for x, p in zip(slopes, starts, strict=True)], "start": list(starts), "slope": slopes}[by]
    w = max(range(len(size)), key=lambda u: size[u])
    first, last = 1 / (slopes[w] * starts[w]), 0 if end else 1 / (slopes[w] * now)
    left = [1 / (x * p) - first + last for x, p in zip(slopes, starts, strict=True)]
    others = tuple(p if stay and u != w else 1 / (slopes[u] * left[u]) for u, p in enumerate(starts))
    gaps = sorted(1 / (x * p) - first for x, p in zip(slopes, starts, strict=True))
    ratio = 1 + (0 if tied else gaps[1] * slopes[w] * now) if len(gaps) > 1 else 1
    return Race(w, others, n**2 if deep else n, ratio)


def _clock_of_products(claim: Claim) -> list[Obligation]:
    """Each weight moves by its square times the pull on it; so 1/(x p) falls at the rate n, for n = 1, 2, 3."""
    x, found = sp.Symbol("x", positive=True), []
    for n in (1, 2, 3):
        weights = sp.symbols(f"w_1:{n + 1}", positive=True)
        p = sp.Mul(*weights)
        speeds = [velocity("exponential", (sp.S.One,), w, (-x * p.diff(w),))[0] for w in weights]
        fall = -sp.Add(*((1 / (x * p)).diff(w) * speed for w, speed in zip(weights, speeds, strict=True)))
        found.append(Obligation(f"n = {n}", fall, claim((x,), (p,), p, sp.Integer(n)).speed))
    return found


_RACES = tuple(
    (tuple(map(Fraction, slopes.split())), tuple(map(Fraction, starts.split())))
    for slopes, starts in (
        *(("2 1", f"1 {p}") for p in (1, 3, 5)),
        *(("2 1", f"{p} 1") for p in (3, 5)),
        *((f"{a} {b} {c}", f"{d} {e} 2") for a, b, c, d, e in product((1, 3), (2, 5), (4,), (1, 7), (3, 8))),
        ("1 1", "1001/1000 1"),
        ("1/2 3 1/5", "1/3 1/20 1"),
    )
    if len({Fraction(x) * Fraction(p) for x, p in zip(slopes.split(), starts.split(), strict=True)})
    == len(slopes.split())
)
"""Slopes and starts without ties, among them the authors' example (2, 1), and one that is nearly tied."""

_LATE = Fraction(1, 10**5)
"""What the winner's 1/(x p) still is: x p = 10^5."""


def _reached(slopes: tuple[Fraction, ...], starts: tuple[Fraction, ...]) -> Callable[[Claim], bool]:
    """Judge by the flow in its clock, which ends where the first 1/(x p) does; all of it is rational."""
    clocks = [1 / (x * p) for x, p in zip(slopes, starts, strict=True)]
    passed = min(clocks) - _LATE
    now = [1 / (x * (one - passed)) for x, one in zip(slopes, clocks, strict=True)]
    sizes = [x * p for x, p in zip(slopes, now, strict=True)]
    ratio = sorted(sizes)[-1] / sorted(sizes)[-2]

    def judge(claim: Claim) -> bool:
        winner = max(range(len(sizes)), key=lambda u: sizes[u])
        said = claim(tuple(map(rational, slopes)), tuple(map(rational, starts)), rational(now[winner]), sp.S.One)
        return bool(
            said.winner == winner
            and all(p == rational(q) for p, q in zip(said.others, now, strict=True))
            and said.parted == rational(ratio)
        )

    return judge


RELATIVE_SPARSITY = Statement(
    id="weightnorm.relative-sparsity",
    title="Exponential: of products x_u p_u the largest takes all, the others stop, and the depth does not matter.",
    latex=(
        r"\tfrac1{x_up_u}-\tfrac1{x_vp_v}\ \text{is kept},\quad w=\operatorname{argmax}x_up_u(0):\ p_w\to\infty,\quad "
        r"p_v=\frac1{x_v\bigl(\frac1{x_vp_v(0)}-\frac1{x_wp_w(0)}+\frac1{x_wp_w}\bigr)}"
    ),
    source=f"{SOURCE}, relative sparsity; this solution is derived here",
    assumptions=(FLOW, POSITIVE_PRODUCTS, NO_TIE),
    claim=race,
    evidence=(
        Proved("the clock of products of 1, 2, 3 weights", _clock_of_products, "all weights and x, n = 1, 2, 3"),
        Enumerated(
            f"{len(_RACES)} flows followed to x_w p_w = 10^5, in rational numbers",
            _RACES,
            _reached,
            label=lambda x, p: f"x = {', '.join(map(str, x))}, p(0) = {', '.join(map(str, p))}",
            apply=itself,
        ),
    ),
    mutants=(
        Mutant("the largest p_u wins", partial(race, by="start")),
        Mutant("the largest x_u wins", partial(race, by="slope")),
        Mutant("the others stay", partial(race, stay=True)),
        Mutant("the others at their limits already", partial(race, end=True)),
        Mutant("nearly tied neurons stay so", partial(race, tied=True)),
        Mutant("n^2 for n in the clock", partial(race, deep=True)),
    ),
)

# --- weightnorm.committee-winner --------------------------------------------------------------------------------------


class Turned(NamedTuple):
    """What is claimed of a linear committee.

    Parameters
    ----------
    winner : int
        Which neuron grows without end.
    ends : tuple
        z_u at the end, of the others; 0 for the winner.
    clock : sympy.Expr
        What grows at the rate 1, given z and h.
    """

    winner: Any
    ends: tuple[Any, ...]
    clock: Any


def turned(along: Sequence[Any], across: Sequence[Any], *, by: str = "angle", straight: bool = False) -> Turned:
    """The least theta_u/(rho_u sin theta_u) wins; the others end at z = h tan(h tau + arctan(z_0/h)).

    Here z_u is <w_u, x> and h_u the length of the rest of w_u, which is kept; theta_u is the angle of w_u to x, and tau
    is theta_w/(rho_w sin theta_w) of the winner, where rho sin theta is h.

    Parameters
    ----------
    along, across : sequence of sympy.Expr
        z_u and h_u > 0 at the start.
    """
    pairs = list(zip(along, across, strict=True))
    times = [sp.acos(z / sp.sqrt(z**2 + h**2)) / h for z, h in pairs]
    sizes = {
        "angle": [-float(t) for t in times],
        "norm": [float(z**2 + h**2) for z, h in pairs],
        "along": list(map(float, along)),
    }[by] if not any(getattr(z, "free_symbols", None) for z in along) else [0.0]  # fmt: skip
    w = max(range(len(sizes)), key=lambda u: sizes[u])
    tau = times[w]
    ends = tuple(sp.S.Zero if u == w else h * sp.tan(h * tau + sp.atan(z / h)) for u, (z, h) in enumerate(pairs))
    z, h = pairs[0]
    return Turned(w, ends, z / h**2 if straight else sp.atan(z / h) / h)


def _clock_of_committees(claim: Claim) -> list[Obligation]:
    """Differentiate along the flow of one neuron w = z x + h, x = e_1, |v| = 1."""
    z, h = sp.Symbol("z"), sp.Symbol("h", positive=True)
    rho = sp.sqrt(z**2 + h**2)
    speed = velocity("exponential", (z / rho, h / rho), rho, (sp.S.NegativeOne, sp.S.Zero))
    clock = claim((z,), (h,)).clock
    return [
        Obligation("clock", clock.diff(z) * speed[0] + clock.diff(h) * speed[1], sp.S.One),
        Obligation("h stays", speed[1], sp.S.Zero),
    ]


_COMMITTEES = tuple(
    tuple(tuple(map(sp.Rational, part.split())) for part in case)
    for case in (
        ("2 19/10", "1/10 3"),  # the larger z loses
        ("3 1", "1 4"),  # the larger norm loses
        ("3 -1/10", "1/10 2"),
        ("1 2 -1", "1/2 5 1/3"),
        ("1 3/2 1/5", "1/4 6 1/9"),
        ("-1 -2 1/10", "1 1/2 3"),
        ("2 5/2 1", "1/10 7 1/2"),
        ("1/2 1 3/4 1/4", "1/3 9 2 1/8"),
    )
)


def _race_of_committees(claim: Claim) -> Iterator[Inequality]:
    """At the time at which the claimed winner is infinite no other is, and these are where it is claimed, to 10^-15."""
    for along, across in _COMMITTEES:
        said = claim(along, across)
        case = f"z = {along}, h = {across}"
        clocks = [sp.atan(z / h) / h for z, h in zip(along, across, strict=True)]
        tau = sp.pi / 2 / across[said.winner] - clocks[said.winner]
        for u, (clock, h, end) in enumerate(zip(clocks, across, said.ends, strict=True)):
            if u != said.winner:
                yield Inequality(f"{case}, neuron {u + 1} is finite", clock + tau, sp.pi / 2 / h)
                gap = sp.atan(end / h) / h - clock - tau
                yield Inequality(f"{case}, end of {u + 1}", gap, _TINY)
                yield Inequality(f"{case}, end of {u + 1}", -gap, _TINY)


_TINY = sp.Rational(1, 10**15)

COMMITTEE_WINNER = Statement(
    id="weightnorm.committee-winner",
    title="Exponential: of a linear committee the least theta_u/(rho_u sin theta_u) takes all, not the largest norm.",
    latex=(
        r"\Phi=\sum_u\langle w_u,x\rangle,\ w_u=z_ux+h_u:\quad\tfrac1{|h_u|}\arctan\tfrac{z_u}{|h_u|}-"
        r"\tfrac1{|h_v|}\arctan\tfrac{z_v}{|h_v|}\ \text{is kept};\quad "
        r"\operatorname{argmin}\frac{\theta_u}{\rho_u\sin\theta_u}\ \text{wins},\quad "
        r"z_v\to|h_v|\tan\bigl(|h_v|\tau_w+\arctan\tfrac{z_v(0)}{|h_v|}\bigr)"
    ),
    source=f"derived here, for the flow of {SOURCE}",
    assumptions=(FLOW, Assumption("Phi = sum <w_u, x> with |x| = 1, and no w_u on the line of x"), NO_TIE),
    claim=turned,
    evidence=(
        Proved("differentiating along the flow", _clock_of_committees, "all z and h"),
        Enclosed(f"winners and ends of {len(_COMMITTEES)} committees", _race_of_committees, digits=40),
    ),
    mutants=(
        Mutant("the largest norm wins", partial(turned, by="norm")),
        Mutant("the largest <w, x> wins", partial(turned, by="along")),
        Mutant("z/h^2 for arctan(z/h)/h", partial(turned, straight=True)),
    ),
)

STATEMENTS = (RELATIVE_SPARSITY, COMMITTEE_WINNER)
