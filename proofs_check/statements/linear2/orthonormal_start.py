"""Orthonormal rows at the start: what they become at the end of gradient flow."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import MIN, TWO_LAYERS, itself
from proofs_check.toolkit.balls import not_above
from proofs_check.toolkit.rational_pairs import random_matrix
from theory.balls import enclose, precision
from theory.dynamics.linear_pairs.exact_pairs import eigenvalues
from theory.dynamics.linear_pairs.scalar_pairs import scalar_growth


class Orthonormal(NamedTuple):
    """What is claimed to be equal at all times.

    Parameters
    ----------
    kept : sympy.Matrix
        What flow keeps as it is.
    first, second : (sympy.Matrix, sympy.Matrix)
        A power of U_1 U_1^T and of V V^T, and what each is by the product U_1 V^T.
    """

    kept: sp.Matrix
    first: tuple[sp.Matrix, sp.Matrix]
    second: tuple[sp.Matrix, sp.Matrix]


def orthonormal_start(
    what: str, *case: Any, power: int = 2, sign: int = 1, plain: bool = False, outputs: bool = True
) -> Any:
    r"""From M = I flow keeps M J M = J, and ends with (V V^T)^2 = I + Theta^T Theta, (U_1 U_1^T)^2 = I + Theta Theta^T.

    - ``blocks`` says this for M = [U_1; V][U_1; V]^T and J = diag(I_r, -I_m), given M and r.
    - ``distance`` is E|UV^T - X^+Y|_F^2 = (d - r)(m + sum_i (sqrt(1 + theta_i^2) - 1))/h in the end, where the entries
      of U_2 have the variance 1/h, given h, d, r, m and the singular values theta_i of Theta.

    Parameters
    ----------
    what : str
        Which of these.
    """
    if what == "blocks":
        M, r = case
        J = sp.diag(sp.eye(r), -sp.eye(M.rows - r))
        W, P, Q = M[:r, r:], M[:r, :r], M[r:, r:]
        return Orthonormal(
            M * M if plain else M * J * M,
            (P**power, sp.eye(r) + sign * W * W.T),
            (Q**power, sp.eye(M.rows - r) + sign * W.T * W),
        )
    h, d, r, m, values = case
    roots = [sp.sqrt(1 + sign * x**2) ** (3 - power) - 1 for x in values]
    return (d - r) * ((m if outputs else r) + sum(roots, sp.S.Zero)) / h


def _motion(claim: Claim) -> list[Obligation]:
    """M moves by K M + M K, K = [0, G; G^T, 0], so X = M J M by K X + X K, and X = J stands still; r = 2 and m = 1."""
    size, r = 3, 2
    letters = iter(sp.symbols("m1:7"))
    M, K = sp.zeros(size), sp.zeros(size)
    for i in range(size):
        for j in range(i, size):
            M[i, j] = M[j, i] = next(letters)
    for i, g in enumerate(sp.symbols("g1:3")):
        K[i, r] = K[r, i] = g
    t, J = sp.Symbol("t"), sp.diag(1, 1, -1)
    moved = claim("blocks", M + t * (K * M + M * K), r).kept
    X, still = claim("blocks", M, r).kept, claim("blocks", sp.eye(size), r).kept
    found = []
    for i in range(size):
        for j in range(i, size):
            speed = moved[i, j].diff(t).subs(t, 0)
            found.append(Obligation(f"motion, entry {i + 1}{j + 1}", speed, (K * X + X * K)[i, j]))
            found.append(Obligation(f"rest, entry {i + 1}{j + 1}", (K * still + still * K)[i, j], sp.S.Zero))
            found.append(Obligation(f"start, entry {i + 1}{j + 1}", J[i, j], still[i, j]))
    return found


_CASES = tuple((r, m, seed) for r, m in ((1, 1), (2, 1), (1, 3), (2, 2), (3, 2)) for seed in range(3))


@cache
def _gram(r: int, m: int, seed: int) -> sp.Matrix:
    """Return a rational symmetric M with M J M = J: the Cayley transform of a matrix that J anticommutes with."""
    B = random_matrix(r, m, seed) / (4 * max(r, m))
    S = sp.zeros(r + m)
    S[:r, r:], S[r:, :r] = B, B.T
    one = sp.eye(r + m)
    return (one - S).inv() * (one + S)


def _fits(r: int, m: int, seed: int) -> Callable[[Claim], bool | None]:
    """Judge the blocks of M, whose product is Theta where the flow has ended, and the distance by its trace."""
    M, h, d = _gram(r, m, seed), r + m + 3, r + 2
    W, Q = M[:r, r:], M[r:, r:]
    square = W.T * W if m <= r else W * W.T
    with precision(40):
        values = [root.sqrt() for root in eigenvalues(_flint(square), 40)]
    letters = sp.symbols(f"theta1:{len(values) + 1}", positive=True)
    truth = enclose((d - r) * Q.trace() / h, 40)

    def judge(claim: Claim) -> bool | None:
        blocks = claim("blocks", M, r)
        if blocks.first[0] != blocks.first[1] or blocks.second[0] != blocks.second[1]:
            return False
        distance = claim("distance", h, d, r, m, letters)
        gap = enclose(distance, 40, dict(zip(letters, values, strict=True))) - truth
        return not_above(abs(gap), flint.arb("1e-20"))

    return judge


def _flint(matrix: sp.Matrix) -> Any:
    return flint.fmpq_mat([[flint.fmpq(int(x.p), int(x.q)) for x in matrix.row(i)] for i in range(matrix.rows)])


_SOLVED = tuple((sp.Rational(theta),) for theta in ("0", "3/5", "-2", "10"))


def _solved(theta: sp.Rational) -> Callable[[Claim], bool | None]:
    """Follow u = e_1 and v = e_2 to the end of the solved flow: |v|^2 is (2 z + 2/z)/4 there."""
    z = scalar_growth(sp.oo, 2, 2, 1, theta)
    square = enclose((z + 1 / z) / 2, 40)

    def judge(claim: Claim) -> bool | None:
        distance = enclose(sp.sympify(claim("distance", 1, 2, 1, 1, (theta,)), strict=True), 40)
        return not_above(abs(distance - square), flint.arb("1e-20"))

    return judge


ORTHONORMAL_ROWS = Assumption(
    "the r + m rows of U_1 and V are orthonormal at the start, so the width is at least r + m"
)

ORTHONORMAL_START = Statement(
    id="linear2.orthonormal-start",
    title="Orthonormal rows become roots of I + Theta^T Theta, whatever the data's singular values are.",
    latex=(
        r"M=\begin{bmatrix}U_1\\V\end{bmatrix}\begin{bmatrix}U_1\\V\end{bmatrix}^T,\ J=\mathrm{diag}(I_r,-I_m):\quad "
        r"(MJM)^\cdot=K(MJM)+(MJM)K,\ KJ+JK=0;\quad M(0)=I\Rightarrow V_\infty V_\infty^T=(I+\Theta^T\Theta)^{1/2},\ "
        r"U_1U_1^T=(I+\Theta\Theta^T)^{1/2},\quad h\,\mathbb E|UV^T-X^+Y|_F^2"
        r"=(d-r)\Bigl(m+\sum_i\bigl(\sqrt{1+\theta_i^2}-1\bigr)\Bigr)"
    ),
    source=f"derived here, in the setting of {MIN}",
    assumptions=(TWO_LAYERS, ORTHONORMAL_ROWS),
    claim=orthonormal_start,
    evidence=(
        Proved("the motion of M J M", _motion, "r = 2, m = 1, all M and G"),
        Enumerated(f"{len(_CASES)} rational M with M J M = J, r + m = 2 to 5", _CASES, _fits, apply=itself),
        Enumerated("where solved flows end", _SOLVED, _solved, label=lambda theta: f"theta = {theta}", apply=itself),
    ),
    mutants=(
        Mutant("without the root", partial(orthonormal_start, power=1)),
        Mutant("I - Theta^T Theta", partial(orthonormal_start, sign=-1)),
        Mutant("M^2 is kept", partial(orthonormal_start, plain=True)),
        Mutant("r for m in the distance", partial(orthonormal_start, outputs=False)),
    ),
)

STATEMENTS = (ORTHONORMAL_START,)
