"""Along gradient descent from near zero: layers stay nearly balanced, and the curvature nearly non-negative there."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.exact.small_losses import Rows, SmallLoss, combined, is_definite, square, times, transposed
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.descent.euler_recursion import SOURCE
from proofs_check.statements.descent.hessian_floor import UNITS, aligned, drawn, identity
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.toolkit.balls import Number, all_of, not_above, root
from theory.balls import Ball, precision

DESCENDS = Assumption(
    "each step lowers the loss at least by eta |grad f|^2/2, as eta <= 1/beta makes it; no kink is hit"
)
ONE_OUTPUT = Assumption("the floor is for n >= 3 layers, one output and linear, ReLU or leaky ReLU units")


class Drift(NamedTuple):
    """What a step adds to W_(j+1)^T W_(j+1) - W_j W_j^T."""

    increment: Any
    whole: bool


def floor_along_descent(
    what: str,
    *numbers: Any,
    sign: int = 1,
    order: int = 2,
    moves: int = 1,
    swapped: bool = False,
    whole: bool = False,
    tenths: int = 20,
    kept: bool = False,
    exponent: int = 2,
    half: int = 1,
) -> Any:
    """A step adds eta^2 (G_(j+1)^T G_(j+1) - G_j G_j^T), for ReLU to the diagonal; K steps at most 2 eta (f_0 - f_K).

    So no eigenvalue is below -(n-1) mean(|l_i'||x_i|) (omega_k^2 + eps^2 + 2 eta (f_0 - f_k))^((n-2)/2), where omega_k
    is the least |W_j|_F, and eps^2 the largest less the least |W_j|_F^2 at the start.

    Parameters
    ----------
    what : str
        ``drift`` with the two gradients, eta, and whether the network is linear; ``total`` with eta and f_0 - f_K;
        ``floor`` with n, the mean, omega_k^2, eps^2, eta and f_0 - f_k.
    """
    if what == "drift":
        later, here, eta, is_linear = numbers
        up, down = times(transposed(later), later), times(here, transposed(here))
        if swapped:
            up, down = down, up
        change = combined(up, down, -sign)
        return Drift(tuple(tuple(moves * eta**order * x for x in row) for row in change), is_linear or whole)
    if what == "total":
        eta, fall = numbers
        return tenths * eta * fall / 10
    n, mean, smallest, spread, eta, fall = numbers
    size = smallest if kept else smallest + spread + tenths * eta * fall / 10
    return -(n - 1) * mean * _power(size, n - exponent) / half


def _power(x: Number, exponent: int) -> Number:
    """Return a power of the root of x."""
    return root(x) ** exponent


def _one_step(claim: Claim) -> list[Obligation]:
    """With M the gradient in the product of both layers, G_(j+1) = M W_j^T and G_j = W_(j+1)^T M; two entries stand."""
    first, second, middle = (tuple(map(tuple, sp.Matrix(2, 2, sp.symbols(f"{x}1:5")).tolist())) for x in "wvm")
    eta = sp.Symbol("eta")
    later, here = times(middle, transposed(first)), times(transposed(second), middle)
    after = combined(first, here, -eta), combined(second, later, -eta)
    said = claim("drift", later, here, eta, True)
    moved = combined(_imbalance(*after), _imbalance(first, second), -1)
    return [Obligation(f"entry 1{j + 1}", moved[0][j], said.increment[0][j]) for j in range(2)]


def _imbalance(first: Rows, second: Rows) -> Rows:
    return combined(times(transposed(second), second), times(first, transposed(first)), -1)


# --- steps in rational numbers ---

_SLOPES = (1, flint.fmpq(0), flint.fmpq(1, 3))


@cache
def _start(widths: tuple[int, ...], slope: int, seed: int) -> SmallLoss:
    draw = random.Random(f"{widths} {slope} {seed}")
    while True:
        layers = tuple(drawn(rows, columns, draw) for columns, rows in pairwise(widths))
        loss = SmallLoss(layers, drawn(widths[0], 3, draw), drawn(widths[-1], 3, draw), _SLOPES[slope])
        if loss.is_off_kinks:
            return loss


def _stepped(widths: tuple[int, ...], slope: int, seed: int) -> Callable[[Claim], bool]:
    eta = flint.fmpq(1, 7)
    before = _start(widths, slope, seed)
    after, gradients = before.stepped(eta), before.gradient

    def judge(claim: Claim) -> bool:
        for j in range(len(widths) - 2):
            said = claim("drift", gradients[j + 1], gradients[j], eta, slope == 0)
            moved = combined(_imbalance(*after.layers[j : j + 2]), _imbalance(*before.layers[j : j + 2]), -1)
            for p, rows in enumerate(zip(moved, said.increment, strict=True)):
                for q, (found, told) in enumerate(zip(*rows, strict=True)):
                    if (said.whole or p == q) and found != told:
                        return False
        return True

    return judge


_STEPS = tuple(
    (widths, slope, seed)
    for widths in ((2, 2, 1), (2, 3, 2), (2, 2, 2, 1), (1, 2, 2, 2))
    for slope in range(3)
    for seed in range(3)
)

# --- paths in balls ---

_DIGITS = 60
_SLACK = flint.arb("1e-15")


class Seen(NamedTuple):
    """What is known after some steps."""

    drifts: tuple[Ball, ...]
    fall: Ball
    hessian: Rows | None
    told: tuple[Any, ...]


class Descent(NamedTuple):
    """A path of descent on which every step is seen to lower the loss enough."""

    eta: Ball
    seen: tuple[Seen, ...]


_AT = (0, 1, 4, 12, 24)


@cache
def _path(kind: str, widths: tuple[int, ...], slope: int, seed: int, eta: str) -> Descent:
    with precision(_DIGITS):
        rate = flint.arb(flint.fmpq(*map(int, eta.split("/"))))
        loss = _began(kind, widths, slope, seed).in_balls()
        n, first = len(widths) - 1, loss
        sizes = [square(layer) for layer in loss.layers]
        spread = _largest(sizes) - _least(sizes)
        values, seen = [loss.value], []
        for k in range(max(_AT) + 1):
            if k in _AT:
                drifts = tuple(
                    root(square(combined(_imbalance(*now), _imbalance(*then), -1)))
                    for now, then in zip(pairwise(loss.layers), pairwise(first.layers), strict=True)
                )
                slopes = [abs(r) * loss.share for r in loss.residuals[0]]
                inputs = [root(square((column,))) for column in transposed(loss.inputs)]
                mean = sum((a * x for a, x in zip(slopes, inputs, strict=True)), flint.arb(0))
                smooth = widths[-1] == 1 and n >= 3 and (slope == 0 or loss.is_off_kinks)
                fall = values[0] - loss.value
                told = (n, mean, _least([square(layer) for layer in loss.layers]), spread, rate, fall)
                # for ReLU only the diagonal is known, and with it the lengths of all layers
                seen.append(Seen(drifts if slope == 0 else (), fall, loss.hessian if smooth else None, told))
            if kind == "sharp" and k == 1:
                break
            after = loss.stepped(rate)
            squares = sum((square(g) for g in loss.gradient), flint.arb(0))
            enough = loss.value - rate * squares / 2 - after.value
            if not enough > -(_SLACK**2):
                raise ArithmeticError(f"step {k} of {kind} {widths} {seed} lowers the loss too little")
            loss = after
            values.append(loss.value)
    return Descent(rate, tuple(seen))


def _began(kind: str, widths: tuple[int, ...], slope: int, seed: int) -> SmallLoss:
    draw = random.Random(f"{kind} {widths} {slope} {seed}")
    one, nothing = flint.fmpq(1), flint.fmpq(0)
    if kind == "sharp":  # only the last layer has a gradient, and the loss falls by no more than it must
        return SmallLoss((((2 * one,),), ((nothing,),)), ((one,),), ((one,),))
    if kind == "aligned":
        layers = aligned(widths, [flint.fmpq(1, 50)] * (len(widths) - 1))
        return SmallLoss(layers, identity(widths[0]), (UNITS[widths[0]],), _SLOPES[slope])
    layers = tuple(drawn(rows, columns, draw, 30) for columns, rows in pairwise(widths))
    inputs = drawn(widths[0], 3, draw, 9)
    return SmallLoss(layers, inputs, drawn(widths[-1], 3, draw, 9), _SLOPES[slope], flint.fmpq(1, 3))


def _largest(numbers: Any) -> Ball:
    found = numbers[0]
    for x in numbers[1:]:
        found = found.max(x)
    return found


def _least(numbers: Any) -> Ball:
    return -_largest([-x for x in numbers])


_PATHS = (
    *(("drawn", widths, 0, seed, "1/20") for widths in ((2, 2, 2), (2, 2, 2, 1), (2, 1, 2, 1, 1)) for seed in range(2)),
    *(("drawn", widths, slope, 0, "1/20") for widths in ((2, 2, 2, 1), (2, 2, 1, 1)) for slope in (1, 2)),
    *(("aligned", widths, 0, 0, "1/20") for widths in ((2, 2, 2, 1), (1, 1, 1, 1), (2, 2, 1, 2, 1))),
    ("sharp", (1, 1, 1), 0, 0, "1/4"),
)


def _along(*case: Any) -> Callable[[Claim], bool | None]:
    path = _path(*case)

    def judge(claim: Claim) -> bool | None:
        answers: list[bool | None] = []
        with precision(_DIGITS):
            for one in path.seen:
                bound = claim("total", path.eta, one.fall) + _SLACK
                answers.extend(not_above(drift, bound) for drift in one.drifts)
                if one.hessian is not None:
                    answers.append(is_definite(one.hessian, -claim("floor", *one.told) * (1 + _SLACK)))
        return all_of(answers)

    return judge


FLOOR_ALONG_DESCENT = Statement(
    id="descent.floor-along-descent",
    title="Descent keeps layers balanced up to 2 eta (f_0 - f_k), and so the curvature nearly non-negative near zero.",
    latex=(
        r"W_{j+1}^TW_{j+1}-W_jW_j^T\text{ moves by }\eta^2(G_{j+1}^TG_{j+1}-G_jG_j^T),\text{ in all by}\le"
        r"2\eta(f_0-f_K);\quad \lambda_{\min}(\theta_k)\ge-(n-1)\overline{|\ell_i'||x_i|}\,"
        r"(\omega_k^2+\epsilon^2+2\eta(f_0-f_k))^{(n-2)/2}"
    ),
    source=f"on theorem 2 of {SOURCE}, along descent itself; derived here",
    assumptions=(DESCENDS, ONE_OUTPUT),
    claim=floor_along_descent,
    evidence=(
        Proved("one step with any gradient of the product", _one_step, "all layers: one step"),
        Enumerated(
            f"one step of {len(_STEPS)} networks in rational numbers", _STEPS, _stepped, apply=itself,
            label=lambda widths, slope, seed: f"widths {widths}, slope {_SLOPES[slope]}, {seed}",
        ),
        Enumerated(
            "24 steps in balls: the drift, and the pivots of the Hessian", _PATHS, _along, apply=itself,
            label=lambda kind, widths, slope, seed, eta: f"{kind}, widths {widths}, slope {_SLOPES[slope]}, {seed}",
        ),
    ),
    mutants=(
        Mutant("a sum for the difference", partial(floor_along_descent, sign=-1)),
        Mutant("eta for eta^2", partial(floor_along_descent, order=1)),
        Mutant("no drift", partial(floor_along_descent, moves=0)),
        Mutant("the other way round", partial(floor_along_descent, swapped=True)),
        Mutant("the whole matrix for ReLU, too", partial(floor_along_descent, whole=True)),
        Mutant("1.9 eta (f_0 - f_K)", partial(floor_along_descent, tenths=19)),
        Mutant("layers as unequal as at the start count for nothing", partial(floor_along_descent, kept=True)),
        Mutant("the exponent n-1", partial(floor_along_descent, exponent=1)),
        Mutant("half", partial(floor_along_descent, half=2)),
    ),
)  # fmt: skip

STATEMENTS = (FLOOR_ALONG_DESCENT,)
