"""Points of one loss where the curvature has no floor, from three layers on; with two layers the loss is a floor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.exact.small_losses import SmallLoss, is_definite
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.descent.euler_recursion import SOURCE
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.toolkit.balls import all_of
from theory.balls import precision

PRODUCT = Assumption(
    "the loss is (w_1...w_n - 1)^2/2, of n weights; ReLU's is taken where all preactivations are positive"
)


class Space(NamedTuple):
    """What is claimed of points of the loss.

    Parameters
    ----------
    loss : sympy.Expr
        The loss at (0, 0, c, ..., c).
    lowest : sympy.Expr
        The least eigenvalue there.
    determinant : sympy.Expr
        That of the Hessian for n = 2 at w_1 w_2 = p.
    floor : sympy.Expr
        A bound on how far its eigenvalues are below 0.
    """

    loss: Any
    lowest: Any
    determinant: Any
    floor: Any


def unbounded_in_space(
    n: int, c: Any, p: Any, *, bounded: bool = False, power: int = 2, half: int = 1, three: int = 3
) -> Space:
    """At (0, 0, c, ..., c) the loss is 1/2 and the least eigenvalue -c^(n-2), for n >= 3.

    For n = 2 the determinant is -(p-1)(3p-1), and no eigenvalue is below -|p-1|: not below -1 where the loss is at most
    1/2. That is attained at 0.

    Parameters
    ----------
    n : int
        The number of weights.
    c : number
        Positive.
    p : number
        w_1 w_2, where n = 2.
    """
    lowest = -1 if bounded else -(c ** (n - power))
    return Space(sp.Rational(1, 2), lowest, -(p - 1) * (three * p - 1), abs(p - 1) / half)


def _hessians(claim: Claim) -> list[Obligation]:
    """Differentiate the loss, and shift the Hessian for n = 2 so that what is left is a square."""
    c, x = sp.symbols("c x", positive=True)
    found = []
    for n in (3, 4, 5):
        w = sp.symbols(f"w1:{n + 1}")
        loss = (sp.Mul(*w) - 1) ** 2 / 2
        place = dict(zip(w, (0, 0, *[c] * (n - 2)), strict=True))
        said = claim(n, c, x)
        spectrum = (x * sp.eye(n) - sp.hessian(loss, w).subs(place)).det()
        found.append(Obligation(f"loss, n = {n}", loss.subs(place), said.loss))
        found.append(Obligation(f"spectrum, n = {n}", spectrum, x ** (n - 2) * (x**2 - said.lowest**2)))
    a, b, gap = sp.symbols("a b gap", positive=True)
    H = sp.hessian((sp.Symbol("y") * sp.Symbol("z") - 1) ** 2 / 2, (sp.Symbol("y"), sp.Symbol("z")))

    def at(y: sp.Expr, z: sp.Expr) -> sp.Matrix:
        return H.subs({sp.Symbol("y"): y, sp.Symbol("z"): z}, simultaneous=True)

    found.append(Obligation("determinant", at(a, b).det(), claim(2, c, a * b).determinant))
    # at p = -ab < 0, p > 1 and 0 < p < 1, where 1 - p, p - 1 and 1 - p are positive: a determinant that is not negative
    below, above, between = 1 + a * b, gap, gap
    shifted = [
        ("p < 0", (at(a, -b) + claim(2, c, -a * b).floor * sp.eye(2)).det(), below * (a - b) ** 2),
        (
            "p > 1",
            (at(a, (1 + gap) / a) + claim(2, c, 1 + gap).floor * sp.eye(2)).det(),
            above * (a - (1 + gap) / a) ** 2,
        ),
    ]
    found += [Obligation(f"floor, {name}", left, right) for name, left, right in shifted]
    unit = claim(2, c, sp.S.Zero).floor  # |p - 1| at p = 0, from which 1 - p follows as |p - 1| is linear up to 1
    inside = (at(a, (1 - between) / a) + unit * between * sp.eye(2)).det()
    found.append(Obligation("floor, 0 < p < 1", inside, 1 - (1 - 2 * gap) ** 2 + gap * (a - (1 - gap) / a) ** 2))
    return found


_POINTS = (
    *((n, c, slope) for n in (3, 4, 5) for c in ("1/2", "2", "100") for slope in ("1", "0")),
    *(
        (2, f"{a} {b}", "1")
        for a, b in (("0", "0"), ("1/10", "-1/10"), ("1", "-3"), ("2", "1/3"), ("2", "2"), ("5", "1/5"))
    ),
)
_TINY = flint.fmpq(1, 10**9)


def _number(text: str) -> flint.fmpq:
    value = sp.Rational(text)
    return flint.fmpq(int(value.p), int(value.q))


def _at_points(n: int, place: str, slope: str) -> Callable[[Claim], bool | None]:
    """Find the pivots of the Hessian, for ReLU at weights that are nearly 0 and positive."""
    one = flint.fmpq(1)
    first = _TINY if slope == "0" else 0 * one
    weights = [_number(x) for x in place.split()] if n == 2 else [first, first, *[_number(place)] * (n - 2)]
    layers = tuple(((w,),) for w in weights)
    loss = SmallLoss(layers, ((one,),), ((one,),), 1 if slope == "1" else _number(slope))

    def judge(claim: Claim) -> bool | None:
        with precision(60):
            hessian, room = loss.in_balls().hessian, flint.arb("1e-6" if slope == "0" else "1e-20")
            p = flint.arb(weights[0] * weights[1])
            said = claim(n, flint.arb(_number("1" if n == 2 else place)), p)
            if n == 2:
                return is_definite(hessian, said.floor + room)
            depth = -flint.arb(said.lowest)
            below = is_definite(hessian, depth * (1 - room))
            return all_of((is_definite(hessian, depth * (1 + room)), None if below is None else not below))

    return judge


UNBOUNDED_IN_SPACE = Statement(
    id="descent.unbounded-in-space",
    title="In space the curvature has no floor from three layers on, though the loss is 1/2; with two it is -|p-1|.",
    latex=(
        r"f(0,0,c,\dots,c)=\tfrac12,\ \lambda_{\min}=-c^{n-2}\ (n\ge3);\qquad "
        r"n=2:\ \det H=-(p-1)(3p-1),\ \lambda_{\min}\ge-|p-1|"
    ),
    source=f"on theorem 2 of {SOURCE}; the points are given here",
    assumptions=(PRODUCT,),
    claim=unbounded_in_space,
    evidence=(
        Proved("spectra and shifted determinants", _hessians, "n = 2 at all weights; n = 3, 4, 5 at all c"),
        Enumerated(
            "pivots of exact Hessians", _POINTS, _at_points, apply=itself,
            label=lambda n, place, slope: f"n = {n}, at {place}, slope {slope}",
        ),
    ),
    mutants=(
        Mutant("-1 is a floor for n >= 3, too", partial(unbounded_in_space, bounded=True)),
        Mutant("-c^(n-1)", partial(unbounded_in_space, power=1)),
        Mutant("half |p-1| is a floor for n = 2", partial(unbounded_in_space, half=2)),
        Mutant("-(p-1)(2p-1)", partial(unbounded_in_space, three=2)),
    ),
)  # fmt: skip

STATEMENTS = (UNBOUNDED_IN_SPACE,)
