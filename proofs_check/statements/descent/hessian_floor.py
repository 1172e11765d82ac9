"""The floor of the Hessian's eigenvalues: of any deep linear network, of leaky ones with one output, and of chains."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import combinations, pairwise
from typing import Any

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.exact.small_losses import Rows, SmallLoss, is_definite, times, transposed
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.descent.euler_recursion import SOURCE
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.toolkit.balls import root
from theory.balls import Ball, precision
from theory.dynamics.balanced_chains import BalancedChain
from theory.dynamics.linear_pairs.exact_pairs import eigenvalues

LAYERS = Assumption(
    "the loss is a convex function of the product of all layers; or one output, slopes of the activation between 0 and "
    "1, between kinks, and a convex loss of each output"
)


def hessian_floor(
    what: str,
    n: Any,
    *numbers: Any,
    factor: Callable[[int], int] | None = None,
    half: int = 1,
    missing: int = 2,
    smallest: bool = False,
    spread: bool = False,
    sizes: bool = True,
    apart: bool = False,
) -> Any:
    """Every eigenvalue is at least -(n-1) |G|_s times the largest product of n-2 layers' spectral norms.

    G is the gradient in the product of all layers; for leaky networks |G|_s is the mean of |l_i'||x_i|. On a balanced
    chain the least eigenvalue is n u^(2-2/n) - (n-1)(1-u) u^(1-2/n), as long as that is below (1-u) u^(1-2/n).

    Parameters
    ----------
    what : str
        ``linear`` with n, the singular values of G and the norms of the layers; ``leaky`` with n, the sizes |l_i'| and
        |x_i| and the norms; ``chain`` with n, u and u^(1-2/n).
    """
    times_n = sp.Rational(n - 1 if factor is None else factor(n), half)
    if what == "chain":
        u, power = numbers
        return n * u * power - times_n * (1 - u) * power
    if what == "linear":
        values, norms = numbers
        G = root(sum(x * x for x in values) / len(values)) if spread else values[0]
    else:
        slopes, inputs, norms = numbers
        count = len(slopes)
        pairs = [a * (x if sizes else 1) for a, x in zip(slopes, inputs, strict=True)]
        G = sum(slopes) * sum(inputs) / count**2 if apart else sum(pairs) / count
    products = [_product(chosen) for chosen in combinations(norms, n - missing)]
    at = products[0]
    for other in products[1:]:
        at = at.min(other) if smallest else at.max(other)
    return -flint.arb(flint.fmpq(int(times_n.p), int(times_n.q))) * G * at


def _product(numbers: Sequence[Ball]) -> Ball:
    found = flint.arb(1)
    for x in numbers:
        found *= x
    return found


def _chain(claim: Claim) -> list[Obligation]:
    """The eigenvalue along (1, ..., 1), which theory finds by differentiating, with w^n = u."""
    found = []
    for n in range(2, 6):
        w = sp.Symbol("w", positive=True)
        found.append(Obligation(f"n = {n}", _along(n, w), claim("chain", n, w**n, w ** (n - 2))))
    return found


@cache
def _along(n: int, w: sp.Symbol) -> sp.Expr:
    (along, _), _ = BalancedChain(n, 1, 1, w).eigenvalues()
    return sp.expand(along)


# --- networks ---

_DIGITS = 30
_SLACK = flint.arb("1e-15")
UNITS: dict[int, tuple[flint.fmpq, ...]] = {
    1: (flint.fmpq(1),),
    2: (flint.fmpq(3, 5), flint.fmpq(4, 5)),
    3: (flint.fmpq(2, 3), flint.fmpq(1, 3), flint.fmpq(2, 3)),
}
"""Unit vectors by their sizes."""


def outer(left: Sequence[Any], right: Sequence[Any], scale: Any = 1) -> Rows:
    """Return the matrix of rank one with that scale."""
    return tuple(tuple(scale * a * b for b in right) for a in left)


def aligned(widths: Sequence[int], scales: Sequence[flint.fmpq]) -> tuple[Rows, ...]:
    """Return layers of rank one, each of whose images is the direction that the next one reads."""
    return tuple(
        outer(UNITS[rows], UNITS[columns], scale)
        for (columns, rows), scale in zip(pairwise(widths), scales, strict=True)
    )


def drawn(rows: int, columns: int, draw: random.Random, scale: int = 5) -> Rows:
    """Return a matrix of whole parts of that scale, none 0."""
    numbers = [x for x in range(-9, 10) if x]
    return tuple(tuple(flint.fmpq(draw.choice(numbers), scale) for _ in range(columns)) for _ in range(rows))


def identity(size: int) -> Rows:
    """Return the identity, the inputs of whitened data."""
    return tuple(tuple(flint.fmpq(int(i == j)) for j in range(size)) for i in range(size))


_SHAPES = ((2, 2, 2), (3, 1, 2), (2, 2, 2, 2), (2, 1, 2, 1), (1, 2, 2, 1), (2, 1, 2, 1, 2), (1, 2, 1, 2, 1))
_SCALES = ("1/10 1/10 1/10 1/10", "1/10 1/20 1/10 1/30", "1/50 1/50 1/50 1/50")


@cache
def _linear(widths: tuple[int, ...], kind: str, number: int) -> SmallLoss:
    draw = random.Random(f"{widths} {kind} {number}")
    if kind == "aligned":
        scales = [flint.fmpq(*map(int, text.split("/"))) for text in _SCALES[number].split()][: len(widths) - 1]
        layers = aligned(widths, scales)
        # the target has this direction, and half as much of another
        first, last = UNITS[widths[0]], UNITS[widths[-1]]
        target = outer(last, first)
        if len(first) > 1 and len(last) > 1:
            more = outer((-last[1], last[0]), (-first[1], first[0], *(0 for _ in first[2:])), flint.fmpq(1, 2))
            target = tuple(tuple(a + b for a, b in zip(*rows, strict=True)) for rows in zip(target, more, strict=True))
        return SmallLoss(layers, identity(widths[0]), target)
    layers = tuple(drawn(rows, columns, draw) for columns, rows in pairwise(widths))
    inputs = identity(widths[0]) if number % 2 else drawn(widths[0], 3, draw)
    return SmallLoss(layers, inputs, drawn(widths[-1], len(inputs[0]), draw))


@cache
def _leaky(widths: tuple[int, ...], kind: str, number: int) -> SmallLoss:
    draw = random.Random(f"leaky {widths} {kind} {number}")
    slope = (flint.fmpq(0), flint.fmpq(1, 3))[number % 2]
    if kind == "aligned":
        layers = aligned(widths, [flint.fmpq(1, 40)] * (len(widths) - 1))
        x = UNITS[widths[0]]
        sizes = (flint.fmpq(5), flint.fmpq(1, 5))
        return SmallLoss(
            layers, transposed(outer(sizes, x)), ((flint.fmpq(1), flint.fmpq(1, 50)),), slope, flint.fmpq(1, 2)
        )
    while True:
        layers = tuple(drawn(rows, columns, draw) for columns, rows in pairwise(widths))
        loss = SmallLoss(layers, drawn(widths[0], 3, draw), drawn(1, 3, draw), slope, flint.fmpq(1, 3))
        if loss.is_off_kinks and any(g for layer in loss.gradient for row in layer for g in row):
            return loss


def spectral_norm(matrix: Rows) -> Ball:
    """Return the largest singular value of a rational matrix."""
    return singular_values(matrix)[0]


def singular_values(matrix: Rows) -> list[Ball]:
    """Return the singular values of a rational matrix, from the largest on."""
    gram = times(matrix, transposed(matrix)) if len(matrix) <= len(matrix[0]) else times(transposed(matrix), matrix)
    squares = eigenvalues(flint.fmpq_mat([list(map(flint.fmpq, row)) for row in gram]), _DIGITS)
    return [root(x) for x in squares]


@cache
def _known(kind: str, *case: Any) -> tuple[Rows, tuple[Any, ...]]:
    """Return the Hessian, and what the claim is told."""
    loss = (_linear if kind == "linear" else _leaky)(*case)
    with precision(_DIGITS):
        norms = tuple(spectral_norm(layer) for layer in loss.layers)
        hessian = loss.in_balls().hessian
        if kind == "linear":
            told: tuple[Any, ...] = (singular_values(times(loss.residuals, transposed(loss.inputs))), norms)
        else:
            slopes = [abs(flint.arb(r)) for r in loss.residuals[0]]
            told = (slopes, [root(flint.arb(sum(x * x for x in column))) for column in transposed(loss.inputs)], norms)
    return hessian, (kind, len(loss.layers), *told)


def _floored(*case: Any) -> Callable[[Claim], bool | None]:
    hessian, told = _known(*case)

    def judge(claim: Claim) -> bool | None:
        with precision(_DIGITS):
            return is_definite(hessian, -claim(*told) * (1 + _SLACK))

    return judge


_CASES = (
    *(("linear", widths, "drawn", number) for widths in _SHAPES for number in range(4)),
    *(("linear", widths, "aligned", number) for widths in _SHAPES for number in range(3)),
    *(("leaky", widths, "drawn", number) for widths in ((2, 2, 1), (2, 2, 2, 1), (1, 2, 2, 1)) for number in range(6)),
    *(
        ("leaky", widths, "aligned", number)
        for widths in ((2, 2, 1), (2, 2, 2, 1), (1, 2, 1, 1))
        for number in range(2)
    ),
)


HESSIAN_FLOOR = Statement(
    id="descent.hessian-floor",
    title="No eigenvalue of the Hessian is below -(n-1) |G| times the largest product of n-2 layers' norms.",
    latex=(
        r"\lambda_{\min}(\nabla^2f)\ge-(n-1)\,|\nabla\phi(W)|_s\max_{|J|=n-2}\prod_{j\in J}|W_j|_s;\qquad "
        r"\text{chain: }\lambda_{\min}=nu^{2-2/n}-(n-1)(1-u)u^{1-2/n}"
    ),
    source=f"{SOURCE}, on how negative curvature can be; the constants are derived here",
    assumptions=(LAYERS,),
    claim=hessian_floor,
    evidence=(
        Proved("the chain's eigenvalue, by differentiating", _chain, "chains of n = 2, ..., 5 at all u"),
        Enumerated(
            "pivots of exact Hessians of linear and leaky networks, a third of them aligned", _CASES, _floored,
            apply=itself, label=lambda kind, widths, how, number: f"{kind}, widths {widths}, {how} {number}",
        ),
    ),
    mutants=(
        Mutant("n-2 for n-1", partial(hessian_floor, factor=lambda n: n - 2)),
        Mutant("half", partial(hessian_floor, half=2)),
        Mutant("products of n-1 layers", partial(hessian_floor, missing=1)),
        Mutant("the smallest product", partial(hessian_floor, smallest=True)),
        Mutant("|G|_F over the root of its size", partial(hessian_floor, spread=True)),
        Mutant("|x_i| dropped", partial(hessian_floor, sizes=False)),
        Mutant("mean residual times mean input", partial(hessian_floor, apart=True)),
    ),
)  # fmt: skip

STATEMENTS = (HESSIAN_FLOOR,)
