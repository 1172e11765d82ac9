"""The curvature that gradient flow passes from near zero, and its integral, by which errors of descent can grow."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.exact.small_losses import Rows, SmallLoss, is_definite, square
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.descent.euler_recursion import SOURCE
from proofs_check.statements.descent.hessian_floor import UNITS, identity, outer
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.toolkit.balls import all_of, ball, larger, root
from theory.balls import precision

BALANCED = Assumption(
    "the network is linear, with one output, balanced layers and whitened data: f = |W - Y|^2/2, |Y| = 1"
)
SMOOTH = Assumption("where the gradient is spoken of, the loss is twice differentiable all along the flow: no kinks")


class Growth(NamedTuple):
    """What is claimed of exp of the integral of m.

    Parameters
    ----------
    turn : sympy.Expr
        The length u up to which the eigenvalue along the flow is the least, and negative.
    early, late : sympy.Expr
        The factor by which it grows between two lengths, before and after.
    bound : sympy.Expr
        A bound on both.
    """

    turn: Any
    early: Any
    late: Any
    bound: Any


def curvature_integral(
    what: str,
    n: Any,
    *numbers: Any,
    wide: bool = False,
    shift: int = 1,
    exponent: int = 1,
    as_chain: bool = False,
    power: int = 2,
    floor: bool = True,
    ceiling: bool = False,
    squared: int = 1,
) -> Any:
    """Exp int m >= |grad f(t)|/|grad f(0)|; and balanced, with c = r u^(1-2/n), -(n-1) c <= lambda_min <= -c.

    The upper end needs a first hidden width of 2 or more. Along the target, with C(u) = (1-u) u^((n-1)/n), exp int m is
    C(u_t)/C(u_0) up to u* = (n-1)/(2n-1) in a chain, and constant from there on; with a wide hidden layer it is that up
    to u_s = (n-2)/(2n-2), and then grows like u^(1/n). It is at most (u_t/u_0)^((n-1)/n).

    Parameters
    ----------
    what : str
        ``lowest`` with n and the weight q = u^(1/n); ``range`` with n, r and q; ``growth`` with n and both q; ``speed``
        with 0, the gradient v and Hv: minus the derivative of log |v|.
    """
    if what == "speed":
        v, hv = numbers
        return squared * v.dot(hv) / v.dot(v)
    chain = not wide or as_chain
    if what == "lowest":
        (q,) = numbers
        u, scale = q**n, q ** (n - 2 if power == 2 else n)
        along = n * u * scale - (n - 1) * (1 - u) * scale
        return -larger(-along, (-1 if chain else 1) * (1 - u) * scale)  # across two layers of a chain it is positive
    if what == "range":
        r, q = numbers
        c = r * q ** (n - 2 if power == 2 else n)
        return (-(n - 1) * c if floor else -c), (-(n - 1) * c if ceiling else -c)
    first, last = numbers
    turn = sp.Rational(n - 2, 2 * n - 2) if not chain else sp.Rational(n - 1 + (shift - 1), 2 * n - 1)
    early = (1 - last**n) * last ** (n - exponent) / ((1 - first**n) * first ** (n - exponent))
    return Growth(turn, early, 1 if chain else last / first, (last / first) ** (n - exponent))


# --- rates ---


def _rates(claim: Claim) -> list[Obligation]:
    """The time derivative of each logarithm is minus the eigenvalue: dq/dt = q^(n-1) (1 - q^n)."""
    a, q = sp.symbols("a q", positive=True)
    found = []
    for n in range(2, 6):
        speed = q ** (n - 1) * (1 - q**n)
        for wide in (False, True):
            name, said = f"n = {n}, {'wide' if wide else 'chain'}", claim("growth", n, a, q, wide=wide)
            along = n * q ** (2 * n - 2) - (n - 1) * (1 - q**n) * q ** (n - 2)
            across = (1 - q**n) * q ** (n - 2) if wide else sp.S.Zero
            found += [
                Obligation(f"{name}, early", sp.together(sp.diff(said.early, q) / said.early * speed), -along),
                Obligation(f"{name}, late", sp.together(sp.diff(said.late, q) / said.late * speed), across),
                Obligation(f"{name}, where they meet", _meeting(n, wide), said.turn),
                Obligation(
                    f"{name}, bound", sp.together(sp.diff(said.bound, q) / said.bound * speed),
                    (n - 1) * (1 - q**n) * q ** (n - 2),
                ),
            ]  # fmt: skip
    v = sp.Matrix(sp.symbols("v1:3"))
    first, second, third = sp.symbols("h1:4")
    H = sp.Matrix([[first, second], [second, third]])
    moved = -H * v
    falls = -sum(sp.diff(sp.log(v.dot(v)) / 2, x) * y for x, y in zip(v, moved, strict=True))
    found.append(Obligation("log |grad f|", falls, claim("speed", 0, v, H * v)))
    return found


@cache
def _meeting(n: int, wide: bool) -> sp.Expr:
    """Return u where the eigenvalue along the flow is that across it, or 0."""
    u = sp.Symbol("u")
    (found,) = sp.solve((n - 1) * (1 - u) - n * u - (1 - u if wide else 0), u)
    return found


# --- networks ---

_DIGITS = 40
_NEAR = flint.arb("1e-20")


@cache
def _network(n: int, hidden: tuple[int, ...], q: flint.fmpq, start: int) -> SmallLoss:
    """Return balanced layers: W_1 = q h y^T with a unit y at some angle to the target, the others of rank one too."""
    inputs = 1 if not hidden or (start == 0 and hidden[0] == 1) else 2
    angles = ((1, 0), (3, 4), (-7, 24), (-3, 4))
    a, b = (flint.fmpq(x, 25 if 24 in angles[start] else 5 if start else 1) for x in angles[start])
    direction = (a, b)[:inputs]
    widths = (*hidden, 1)
    layers = [outer(UNITS[widths[0]], direction, q)]
    layers += [outer(UNITS[after], UNITS[before], q) for before, after in pairwise(widths)]
    target = (tuple(flint.fmpq(int(i == 0)) for i in range(inputs)),)
    if len(layers) != n:
        raise ArithmeticError(f"{len(layers)} layers for n = {n}")
    return SmallLoss(tuple(layers), identity(inputs), target)


@cache
def curved_network(*case: Any) -> Rows:
    """Return the Hessian of a balanced network, in balls.

    Parameters
    ----------
    case : tuple
        The number of layers, the hidden widths, the norm q of each layer, and which start; 0 is along the target.
    """
    with precision(_DIGITS):
        return _network(*case).in_balls().hessian


_QS = tuple(flint.fmpq(*pair) for pair in ((1, 20), (1, 4), (1, 2), (4, 7), (5, 6)))
_CASES = tuple(
    (n, hidden, q, start)
    for n, shapes in (
        (2, ((1,), (2,))),
        (3, ((1, 1), (2, 2), (2, 1))),
        (4, ((1, 1, 1), (2, 1, 2))),
        (5, ((1, 1, 1, 1),)),
    )
    for hidden in shapes
    for q in _QS
    for start in range(4 if hidden[0] > 1 else 1)
)


def _measured(n: int, hidden: tuple[int, ...], q: flint.fmpq, start: int) -> Callable[[Claim], bool | None]:
    hessian, wide = curved_network(n, hidden, q, start), max(hidden) > 1

    def judge(claim: Claim) -> bool | None:
        with precision(_DIGITS):
            at = ball(sp.Rational(int(q.p), int(q.q)))
            if start:
                r = root(square(_network(n, hidden, q, start).in_balls().residuals))
                low, high = claim("range", n, r, at)
                return all_of((is_definite(hessian, -low * (1 + _NEAR)), _passes(hessian, -high * (1 - _NEAR))))
            least = claim("lowest", n, at, wide=wide)
            gap = abs(least) * _NEAR
            return all_of((is_definite(hessian, -least + gap), _passes(hessian, -least - gap)))

    return judge


def _passes(hessian: Rows, depth: Any) -> bool | None:
    """Whether an eigenvalue lies below minus that depth."""
    found = is_definite(hessian, depth)
    return None if found is None else not found


CURVATURE_INTEGRAL = Statement(
    id="descent.curvature-integral",
    title="The integral of negative curvature along flow is logarithmic in the start; along the target it is exact.",
    latex=(
        r"e^{\int m}\ge\frac{|\nabla f(t)|}{|\nabla f(0)|};\ -(n-1)ru^{1-2/n}\le\lambda_{\min}\le-ru^{1-2/n};\quad "
        r"e^{\int m}=\frac{C(u^*)}{C(u_0)},\ C(u)=(1-u)u^{\frac{n-1}n},\ u^*=\tfrac{n-1}{2n-1};\ \text{wide: }"
        r"\frac{C(u_s)}{C(u_0)}\Bigl(\frac{u_t}{u_s}\Bigr)^{\frac1n},\ u_s=\tfrac{n-2}{2n-2}"
    ),
    source=f"on theorem 2 and its corollaries in {SOURCE}; the closed forms are derived here",
    assumptions=(BALANCED, SMOOTH),
    claim=curvature_integral,
    evidence=(
        Proved("derivatives in time of every factor", _rates, "n = 2, ..., 5 at all u"),
        Enumerated(
            "pivots of exact Hessians of balanced networks, along the target and at three angles", _CASES, _measured,
            apply=itself, label=lambda n, hidden, q, start: f"n = {n}, hidden {hidden}, u^(1/n) = {q}, angle {start}",
        ),
    ),
    mutants=(
        Mutant("u* = n/(2n-1)", partial(curvature_integral, shift=2)),
        Mutant("the exponent (n-2)/n", partial(curvature_integral, exponent=2)),
        Mutant("the chain's formula for wide networks", partial(curvature_integral, as_chain=True)),
        Mutant("the square of the gradients' ratio", partial(curvature_integral, squared=2)),
        Mutant("lambda_min >= -c", partial(curvature_integral, floor=False)),
        Mutant("lambda_min <= -(n-1) c", partial(curvature_integral, ceiling=True)),
        Mutant("u for u^(1-2/n)", partial(curvature_integral, power=1)),
    ),
)  # fmt: skip

STATEMENTS = (CURVATURE_INTEGRAL,)
