"""The covariance of the examples' gradients is bounded by the curvature, times a number that the loss decides."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.exact.real_roots import signs
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.statements.sgd.second_moment import JASTRZEBSKI
from proofs_check.toolkit.numbers import rational
from theory.balls import enclose
from theory.dynamics.gradient_noise import cross_entropy, residual_bound

Matrix = Any
"""A rational matrix, a flint.fmpq_mat."""


def noise_bound(
    what: str, value: sp.Expr, *, half: Fraction = Fraction(1), form: str = "exp", square: int = 2, fisher: int = 1
) -> sp.Expr:
    r"""K <= (exp(max loss) - 1) G for cross-entropy, and max r^2 G for squared loss; K = G for labels of the model.

    K = sum g_i g_i^T/N is the second moment of the examples' gradients, G the Gauss-Newton matrix.

    - ``cross-entropy``: the factor, given the largest loss -log p_y of an example.
    - ``squared``: the factor, given the largest residual |r|.
    - ``fisher``: the factor of H_z by which the mean of r r^T over labels drawn from p is given; it is 1.

    Parameters
    ----------
    what : str
        Which of these.
    value : sympy.Expr
        The largest loss or residual.
    """
    if what == "squared":
        return rational(half) * value**square
    if what == "fisher":
        return sp.Integer(fisher)
    return rational(half) * {"exp": sp.exp(value) - 1, "loss": value, "loss^2": value**2}[form]


@cache
def _theory(classes: int) -> tuple[Any, ...]:
    return *cross_entropy(classes), *residual_bound(classes)


def _sharp(claim: Claim) -> list[Obligation]:
    """Show r = Hv with v^T H v the factor, which bounds (u.r)^2 by Cauchy and Schwarz, with equality at u = v."""
    found = []
    for classes in (2, 3, 4):
        q, r, H, v, bound = _theory(classes)
        likelihood = q[0] / sum(q)
        case = f"{classes} classes"
        found += [Obligation(f"{case}: r{i + 1} = (Hv){i + 1}", r[i], (H * v)[i]) for i in range(classes)]
        found.append(Obligation(f"{case}: the factor", bound, claim("cross-entropy", sp.log(1 / likelihood))))
        mean = _mean_outer(classes)
        fisher = claim("fisher", sp.S.Zero)
        found.append(Obligation(f"{case}: labels of the model", mean[0, 1], fisher * H[0, 1]))
        found.append(Obligation(f"{case}: labels of the model, diagonal", mean[0, 0], fisher * H[0, 0]))
    return found


def _is_variance(claim: Claim) -> list[Obligation]:
    """Show that u^T H u is the variance of u under p, so that H is positive semidefinite."""
    q, _, H, *_ = _theory(3)
    u = sp.symbols("u1:4")
    pairs = sum(q[i] * q[j] * (u[i] - u[j]) ** 2 for i in range(3) for j in range(i)) / sum(q) ** 2
    form = (sp.Matrix([u]) * H * sp.Matrix(u))[0]
    return [Obligation("H is a variance", form, claim("fisher", sp.S.Zero) * pairs)]


@cache
def _mean_outer(classes: int) -> sp.Matrix:
    """Average r r^T over labels drawn from p."""
    q = _theory(classes)[0]
    mean = sp.zeros(classes)
    for label in range(classes):
        r = sp.Matrix([x / sum(q) - int(i == label) for i, x in enumerate(q)])
        mean += q[label] / sum(q) * r * r.T
    return mean


class Sample(NamedTuple):
    """Gradients of examples, in rational numbers.

    Parameters
    ----------
    K, G : flint.fmpq_mat
        Their second moment, and the Gauss-Newton matrix.
    largest : sympy.Expr
        The largest loss, or the largest residual.
    """

    K: Matrix
    G: Matrix
    largest: sp.Expr


@cache
def _sample(classes: int, weights: int, examples: int, seed: int) -> Sample:
    """Return random Jacobians and probabilities, the label 1; `classes` = 1 is squared loss."""
    draw = random.Random(repr((classes, weights, examples, seed)))
    K, G = (flint.fmpq_mat(weights, weights) for _ in range(2))
    largest = Fraction(0)
    for _ in range(examples):
        J = flint.fmpq_mat(classes, weights, [draw.randint(-4, 4) for _ in range(classes * weights)])
        if classes == 1:
            size = Fraction(draw.randint(-9, 9), 4)
            r, H = flint.fmpq_mat(1, 1, [_fmpq(size)]), flint.fmpq_mat(1, 1, [1])
            largest = max(largest, abs(size))
        else:
            q = [draw.randint(1, 9) for _ in range(classes)]
            p = [Fraction(x, sum(q)) for x in q]
            r = flint.fmpq_mat(classes, 1, [_fmpq(x - int(i == 0)) for i, x in enumerate(p)])
            entries = [x * int(i == j) - x * y for i, x in enumerate(p) for j, y in enumerate(p)]
            H = flint.fmpq_mat(classes, classes, [_fmpq(x) for x in entries])
            largest = max(largest, 1 / p[0])
        g = J.transpose() * r
        K, G = K + g * g.transpose(), G + J.transpose() * H * J
    value = rational(largest) if classes == 1 else sp.log(rational(largest))
    return Sample(K / examples, G / examples, value)


def _fmpq(value: Fraction) -> Any:
    return flint.fmpq(value.numerator, value.denominator)


_SAMPLES = tuple(
    (classes, weights, examples, seed)
    for classes in (1, 2, 3, 4)
    for weights, examples in ((2, 1), (1, 3), (2, 3), (3, 4), (4, 2))
    for seed in range(20)
)


def _bounded(*case: int) -> Callable[[Claim], bool | None]:
    """Count the negative eigenvalues of factor G - K by the signs of the characteristic polynomial."""
    sample = _sample(*case)

    def judge(claim: Claim) -> bool | None:
        factor = sp.sympify(claim("squared" if case[0] == 1 else "cross-entropy", sample.largest), strict=True)
        if factor.is_Rational:
            return _is_semidefinite(flint.fmpq(int(factor.p), int(factor.q)), sample)
        ends = enclose(factor, 20)  # an irrational one is replaced by a fraction above it, and by one below
        above, below = (flint.fmpq(*_ratio(end)) for end in (ends.upper(), ends.lower()))
        if not _is_semidefinite(above, sample):
            return False
        return True if _is_semidefinite(below, sample) else None

    return judge


def _ratio(end: Any) -> tuple[int, int]:
    mantissa, exponent = (int(x) for x in end.man_exp())
    return (mantissa << exponent, 1) if exponent >= 0 else (mantissa, 1 << -exponent)


def _is_semidefinite(factor: Any, sample: Sample) -> bool:
    return signs((factor * sample.G - sample.K).charpoly())[1] == 0


BOUNDED = Statement(
    id="noise.bounded-by-curvature",
    title="Gradients of examples vary by no more than the curvature allows, times exp(loss) - 1, and that is sharp.",
    latex=(
        r"\tfrac1N\sum g_ig_i^T\preceq(e^{\max\ell_i}-1)\,G\ (\text{cross-entropy}),\quad"
        r"\preceq\max r_i^2\,G\ (\text{squared loss});\qquad \mathbb E_{y\sim p}\,rr^T=\mathrm{diag}\,p-pp^T"
    ),
    source=f"derived here; {JASTRZEBSKI} assumes that noise and curvature are proportional",
    assumptions=(
        Assumption("g_i = J_i^T r_i with the derivative r_i of the loss in the outputs; G is the Gauss-Newton matrix"),
        Assumption("the loss is cross-entropy of softmax, or half of the squared error of one output"),
    ),
    claim=noise_bound,
    evidence=(
        Proved(
            "r = Hv, the factor v^T H v, and the mean over labels of the model", _sharp, "2, 3 and 4 classes, all p"
        ),
        Proved("H is the covariance of the model's labels", _is_variance, "3 classes, all p"),
        Enumerated(
            f"signs of the eigenvalues of factor G - K, {len(_SAMPLES)} rational samples",
            _SAMPLES,
            _bounded,
            label=lambda classes, weights, examples, seed: (
                f"{classes} outputs, {weights} weights, {examples} examples, seed {seed}"
            ),
            apply=itself,
        ),
    ),
    mutants=(
        Mutant("half of the factor", partial(noise_bound, half=Fraction(1, 2))),
        Mutant("the loss", partial(noise_bound, form="loss")),
        Mutant("the squared loss", partial(noise_bound, form="loss^2")),
        Mutant("the residual for its square", partial(noise_bound, square=1)),
        Mutant("twice the Fisher matrix", partial(noise_bound, fisher=2)),
    ),
)

STATEMENTS = (BOUNDED,)
