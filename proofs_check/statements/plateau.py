"""The plateau of the loss (f-y)^2/2: a saddle, where the residual's part of the Hessian exceeds the gradient's."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import flint

from proofs_check.evidence import Enumerated
from proofs_check.small_hessians import LargestRoot, SmallNetwork, frobenius_squared, signs, small_networks
from proofs_check.statement import Assumption, Claim, Mutant, Statement
from proofs_check.statements.forward import PAPER

# --- plateau.saddle ---------------------------------------------------------------------------------------------------


class Saddle(NamedTuple):
    """How many eigenvalues of the loss's Hessian are negative and positive; the least |f-y|^2 that surely dominates."""

    negative: Any
    positive: Any
    threshold: Any


def saddle(
    f: Any,
    y: Any,
    depth: Any,
    hidden: Any,
    weights: Any,
    gradient: Any,
    *,
    swapped: bool = False,
    rank_one: bool = True,
    ratio: int = 1,
    kept: int = 0,
    scale: int = 1,
) -> Saddle:
    r"""Inertia of grad f grad f^T + (f-y) H, and |(f-y) H|_2 >= |grad f|^2 for |f-y| >= |W| |grad f|/(L-1).

    With S active units below layer L: if (f-y) f > 0, S negative and S - (L-2) positive eigenvalues; if (f-y) f < 0 the
    same the other way round, as (f-y) H has. As grad f = H W/(L-1), the rank-one term multiplies the determinant on the
    range of H by 1 + L f/((L-1) (f-y)): where that is negative (0), one negative eigenvalue becomes positive (0).

    `weights` and `gradient` are |W|^2 and |grad f|^2.
    """
    residual = f - y
    negative, positive = hidden, hidden - (depth - 2)
    if (residual * f < 0) != swapped:
        negative, positive = positive, negative
    turn = 1 + ratio * flint.fmpq(depth, depth - 1) * f / residual
    if rank_one and turn <= 0:
        negative, positive = negative - 1, positive + int(turn < 0)
    return Saddle(negative + kept, positive, weights * gradient / (scale * (depth - 1)) ** 2)


def _claimed(claim: Claim, net: SmallNetwork, y: Any) -> Saddle:
    hidden = sum(net.active(k) for k in range(1, net.depth))
    norms = frobenius_squared(net.weights), frobenius_squared(net.gradient)
    claimed: Saddle = claim(net.value, y, net.depth, hidden, *norms)
    return claimed


@cache
def _loss_signs(net: SmallNetwork, y: Any) -> tuple[int, int, int]:
    """Positive, negative and zero eigenvalues of grad f grad f^T + (f-y) H."""
    loss = net.gradient * net.gradient.transpose() + (net.value - y) * net.hessian
    return signs(loss.charpoly())


def _inertia(net: SmallNetwork, y: Any) -> Callable[[Saddle], bool]:
    positive, negative, _ = _loss_signs(net, y)
    return lambda claimed: (claimed.negative, claimed.positive) == (negative, positive)


def _dominates(net: SmallNetwork, y: Any) -> Callable[[Saddle], bool | None]:
    """|H|_2^2 against |grad f|^4/|f-y|^2 at the claimed |f-y|^2: whatever the side, |(f-y) H| only grows with |f-y|."""
    gradient = frobenius_squared(net.gradient)
    return lambda claimed: LargestRoot.rational(gradient**2 / claimed.threshold).at_most(net.norm_squared)


def _targets(net: SmallNetwork) -> tuple[Any, ...]:
    """y/f below 1, between 1 and (2L-1)/(L-1), there, and above: on both sides of f and of the rank-one term's turn."""
    turn = flint.fmpq(2 * net.depth - 1, net.depth - 1)
    return tuple(
        net.value * m for m in (flint.fmpq(-3), flint.fmpq(0), flint.fmpq(1, 2), flint.fmpq(5, 4), turn, turn + 1)
    )


_ALIVE = tuple(net for net in small_networks() if net.value != 0)
_PAIRS = tuple((net, y) for net in _ALIVE[::2] for y in _targets(net))

SADDLE = Statement(
    id="plateau.saddle",
    title="The loss (f-y)^2/2 curves down in exactly S, S-(L-2) or S-(L-1) directions: a saddle once S >= L.",
    latex=(
        r"\nabla^2\tfrac12(f-y)^2=\nabla f\nabla f^\top+(f-y)\nabla^2f:\quad "
        r"\#\{\lambda<0\}=\begin{cases}S&(f-y)f>0\\S-(L-2)&(f-y)f<0,\ |f-y|>\frac{L}{L-1}|f|\\"
        r"S-(L-1)&(f-y)f<0,\ |f-y|\le\frac{L}{L-1}|f|\end{cases},\qquad "
        r"|f-y|\ge\frac{|W||\nabla f|}{L-1}\ \Rightarrow\ \|(f-y)\nabla^2f\|_2\ge|\nabla f|^2"
    ),
    source=f"derived here, for the plateaus of {PAPER}",
    assumptions=(
        Assumption.PIECEWISE_LINEAR,
        Assumption.NO_BIASES,
        Assumption.NO_KINK,
        Assumption.OUTPUT_NOT_ZERO,
        Assumption.TARGET_NOT_REACHED,
        Assumption.DEPTH_TWO,
    ),
    claim=saddle,
    evidence=(
        Enumerated(
            f"signs of the roots of the characteristic polynomial, {len(_PAIRS)} pairs of a network and a target",
            _PAIRS,
            _inertia,
            label=lambda net, y: f"y = {y}, {net}",
            apply=_claimed,
        ),
        Enumerated(
            f"the norms at the threshold, by exact enclosures, {len(_ALIVE)} networks",
            tuple((net, flint.fmpq(0)) for net in _ALIVE),
            _dominates,
            label=lambda net, _: str(net),
            apply=_claimed,
        ),
    ),
    mutants=(
        Mutant("the two sides of f are swapped", partial(saddle, swapped=True)),
        Mutant("one more negative eigenvalue", partial(saddle, kept=1)),
        Mutant("the gradient's term changes no sign", partial(saddle, rank_one=False)),
        Mutant("the turn is twice as far", partial(saddle, ratio=2)),
        Mutant("a threshold of |W| |grad f|/(2 (L-1))", partial(saddle, scale=2)),
    ),
)

STATEMENTS = (SADDLE,)
