"""The imbalance of two linear layers: gradient flow keeps it, gradient descent changes it by a known square."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.rational_pairs import random_matrix, rotation

MIN = "H. Min, S. Tarmoun, R. Vidal, E. Mallada, arXiv:2105.06351"
TWO_LAYERS = Assumption("the loss is |Y - X U V^T|_F^2/2, with U_1 and U_2 the rows of U on and off the row space of X")
ONE_OUTPUT = Assumption("one output and data of rank one: u.v is to become theta, with lambda the square of X")


def itself(claim: Claim, *_: Any) -> Claim:
    """Return the claim: what judges it calls it more than once."""
    return claim


class Kept(NamedTuple):
    """What is claimed to be kept.

    Parameters
    ----------
    form : sympy.Matrix
        What gradient flow keeps.
    increment : sympy.Matrix
        How much of it a step of gradient descent adds.
    still : sympy.Matrix
        What both keep.
    """

    form: sp.Matrix
    increment: sp.Matrix
    still: sp.Matrix


def imbalance(
    u1: sp.Matrix,
    u2: sp.Matrix,
    v: sp.Matrix,
    g: sp.Matrix,
    eta: Any,
    *,
    second: int = -1,
    outer: bool = False,
    sign: int = 1,
    all_still: bool = False,
) -> Kept:
    """U_1^T U_1 - V^T V is kept by flow; descent adds eta^2 (V^T G^T G V - U_1^T G G^T U_1) to it. U_2 never moves.

    Parameters
    ----------
    u1, u2, v : sympy.Matrix
        The layers, of shapes (r, h), (d - r, h) and (m, h).
    g : sympy.Matrix
        G = Lambda_x (Theta - U_1 V^T), of shape (r, m).
    eta : sympy.Expr
        The learning rate.
    """
    form = u1 * u1.T - v * v.T if outer else u1.T * u1 + second * v.T * v
    back, forth = g * v, g.T * u1
    return Kept(form, sign * eta**2 * (back.T * back - forth.T * forth), u1.col_join(u2) if all_still else u2)


def _symbolic_step(claim: Claim) -> list[Obligation]:
    """Take a step for r = m = h = 2, with any G.

    The entry (i, j) of either side is a sum of products of entries from the columns i and j, from at most two rows of
    each layer: so an identity of this size is one of every size, and two entries stand for all.
    """
    u1, v, g = (sp.Matrix(2, 2, sp.symbols(f"{name}1:5")) for name in ("u", "v", "g"))
    u2, eta = sp.Matrix([sp.symbols("w1:3")]), sp.Symbol("eta")
    before, after = claim(u1, u2, v, g, eta), claim(u1 + eta * g * v, u2, v + eta * g.T * u1, g, eta)
    found: list[Obligation] = []
    for i, j in ((0, 0), (0, 1)):
        entry, gain = f"entry {i + 1}{j + 1}", after.form[i, j] - before.form[i, j]
        found.append(Obligation(f"flow, {entry}", after.form[i, j].diff(eta).subs(eta, 0), sp.S.Zero))
        found.append(Obligation(f"descent, {entry}", gain, before.increment[i, j]))
    return found


_SHAPES = tuple(
    (d, r, m, h, seed)
    for d, r, m, h in ((1, 1, 1, 1), (2, 1, 1, 3), (3, 2, 1, 2), (3, 2, 2, 2), (3, 2, 2, 3), (3, 3, 2, 4), (4, 2, 3, 2))
    for seed in range(3)
)
_ETA = sp.Rational(1, 7)


@cache
def _stepped(d: int, r: int, m: int, h: int, seed: int) -> tuple[sp.Matrix, ...]:
    """Return U_1, U_2, V and G, and the layers after a step along the gradient of the loss in all of U and V."""
    q, roots = rotation(d, seed), [sp.Rational(i + 1, 2 + seed) for i in range(r)]
    x = sp.zeros(r + 1, d)
    for i, root in enumerate(roots):
        x[i, i] = root
    x = rotation(r + 1, seed + 1) * x * q.T
    u, v, y = random_matrix(d, h, seed), random_matrix(m, h, seed + 1), random_matrix(r + 1, m, seed + 2)
    rest = y - x * u * v.T
    u_after, v_after = u + _ETA * x.T * rest * v, v + _ETA * rest.T * x * u
    on, off = q[:, :r].T, q[:, r:].T
    return on * u, off * u, v, on * x.T * rest, on * u_after, off * u_after, v_after


def _judged(*case: int) -> Callable[[Claim], bool]:
    u1, u2, v, g, *after = _stepped(*case)

    def judge(claim: Claim) -> bool:
        before, moved = claim(u1, u2, v, g, _ETA), claim(after[0], after[1], after[2], g, _ETA)
        return bool(moved.form - before.form == before.increment and moved.still == before.still)

    return judge


IMBALANCE = Statement(
    id="linear2.imbalance",
    title="Gradient flow keeps the imbalance of two linear layers, and descent changes it by a known square.",
    latex=(
        r"\dot U_1=GV,\ \dot V=G^TU_1,\ \dot U_2=0:\quad \tfrac d{dt}(U_1^TU_1-V^TV)=0;\qquad "
        r"\text{a step of descent adds}\ \eta^2(V^TG^TGV-U_1^TGG^TU_1),\qquad G=\Lambda_x(\Theta-U_1V^T)"
    ),
    source=f"{MIN}, on the imbalance; the step of descent derived here",
    assumptions=(TWO_LAYERS,),
    claim=imbalance,
    evidence=(
        Proved("one step with any G", _symbolic_step, "all r, m, h: one step"),
        Enumerated(
            f"one step along the gradient of the loss, {len(_SHAPES)} rational networks", _SHAPES, _judged, apply=itself
        ),
    ),
    mutants=(
        Mutant("the sum for the difference", partial(imbalance, second=1)),
        Mutant("U_1 U_1^T - V V^T where r = m", lambda *case: _where_square(imbalance, *case)),
        Mutant("the increment's sign", partial(imbalance, sign=-1)),
        Mutant("descent keeps it too", partial(imbalance, sign=0)),
        Mutant("the whole first layer stays", partial(imbalance, all_still=True)),
    ),
)


def _where_square(claim: Claim, u1: sp.Matrix, u2: sp.Matrix, v: sp.Matrix, g: sp.Matrix, eta: Any) -> Kept:
    """Claim the outer products' difference where that is defined and of the increment's shape."""
    kept: Kept = claim(u1, u2, v, g, eta, outer=u1.rows == v.rows == u1.cols)
    return kept


def shrinking(move: Any, *, order: int = 2, sign: int = -1, half: int = 1) -> Any:
    r"""A step of descent multiplies c = |u+v||u-v| by 1 - eta^2 g^2, up to its sign, with g = lambda (theta - u.v).

    So it shrinks if 0 < eta^2 g^2 < 2.

    Parameters
    ----------
    move : sympy.Expr
        eta g.
    """
    return 1 + sign * move**order / half


def _one_step(claim: Claim) -> list[Obligation]:
    """Take a step of two vectors with two entries; lengths of u + v and u - v never see more than their plane."""
    u, v, move = sp.Matrix(sp.symbols("u1:3")), sp.Matrix(sp.symbols("v1:3")), sp.Symbol("move")

    def square(u: sp.Matrix, v: sp.Matrix) -> sp.Expr:
        return (u + v).dot(u + v) * (u - v).dot(u - v)

    return [Obligation("the square of c", square(u + move * v, v + move * u), claim(move) ** 2 * square(u, v))]


_DESCENTS = tuple(
    (h, seed, sp.Rational(rate), sp.Rational(target))
    for h, seed, rate, target in ((1, 0, "1/4", "1"), (2, 1, "1/3", "-2"), (3, 2, "1/10", "5/2"), (4, 3, "1/20", "0"))
)
_STEPS = 5


def _descended(h: int, seed: int, rate: sp.Rational, target: sp.Rational) -> Callable[[Claim], bool]:
    """Multiply the factors of some steps, with lambda = 1, and compare with c at their end."""
    u, v = random_matrix(h, 1, seed), random_matrix(h, 1, seed + 1)

    def judge(claim: Claim) -> bool:
        one, other, factor = u, v, sp.S.One
        for _ in range(_STEPS):
            move = rate * (target - one.dot(other))
            one, other, factor = one + move * other, other + move * one, factor * claim(move) ** 2
        ends = [(a + b).dot(a + b) * (a - b).dot(a - b) for a, b in ((u, v), (one, other))]
        return bool(ends[1] == factor * ends[0])

    return judge


DESCENT_SHRINKS = Statement(
    id="linear2.descent-shrinks",
    title="A step of gradient descent multiplies the imbalance by 1 - eta^2 g^2, so it shrinks at small rates.",
    latex=(
        r"u\leftarrow u+\eta gv,\ v\leftarrow v+\eta gu,\ g=\lambda(\theta-u\cdot v):\quad "
        r"c\leftarrow|1-\eta^2g^2|\,c,\qquad c=|u+v||u-v|"
    ),
    source=f"derived here, beside the flow of {MIN}",
    assumptions=(TWO_LAYERS, ONE_OUTPUT),
    claim=shrinking,
    evidence=(
        Proved("one step", _one_step, "all u, v, eta, g: one step"),
        Enumerated(f"{_STEPS} steps in rational arithmetic", _DESCENTS, _descended, apply=itself),
    ),
    mutants=(
        Mutant("kept, as by flow", partial(shrinking, sign=0)),
        Mutant("it grows", partial(shrinking, sign=1)),
        Mutant("first order in eta g", partial(shrinking, order=1)),
        Mutant("half as much", partial(shrinking, half=2)),
    ),
    up_to="sign",
)

STATEMENTS = (IMBALANCE, DESCENT_SHRINKS)
