"""Gradient descent of diagonal nets: the flow's law, exactly, with a scale that shrinks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache, partial
from itertools import product
from typing import Any, NamedTuple

import sympy as sp

from montecarlo.training.regression.diagonal_observables import DescentOrders
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved, Quantile, Simulated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.shape.diagonal_nets import SIGNS_FREE, SOURCE, entropy, itself
from proofs_check.toolkit.numbers import rational
from proofs_check.toolkit.rational_flows import vector
from proofs_check.verdict import Between
from theory.dynamics.implicit_bias.designs import Design
from theory.ensembles import Ensemble


class Descent(NamedTuple):
    """What is claimed of a coordinate after steps of gradient descent.

    Parameters
    ----------
    scale : sympy.Expr
        k_T.
    shift : sympy.Expr
        The slope of q at w_T, with the scale k_T, less the tilt of the start.
    apart : sympy.Expr
        The bound on the distance of the shift from a multiple of the sum of g.
    """

    scale: Any
    shift: Any
    apart: Any


def descent(
    k: Any,
    eta: Any = None,
    gradients: Sequence[Any] = (),
    *,
    by: str = "",
    sign: int = -1,
    shrinks: int = 1,
    straight: bool = False,
    third: Fraction = Fraction(1, 3),
    order: int = 2,
) -> Any:
    """k_T = k_0 prod (1 - eta^2 g^2)^2, and the slope is the tilt plus sum artanh(eta g), which is near sum eta g.

    So at half the step its distance from the row space of X is a quarter, and with k_0 for k_T a half, within 2 %.

    Parameters
    ----------
    k : sympy.Expr or Ensemble
        The scale at the start; or the ensemble of real descents, the logarithm of whose ratio lies in what is returned.
    eta : sympy.Expr
        The learning rate.
    gradients : sequence of sympy.Expr
        What each step sees: g = -dL/dw.
    by : str
        Of an ensemble: ``own`` with k_T, ``kept`` with k_0.
    """
    if isinstance(k, Ensemble):
        log = sp.log(2) * (order if by == "own" or not shrinks else 1)
        return Between(log - sp.Rational(1, 50), log + sp.Rational(1, 50))
    moves = [eta * g for g in gradients]
    scale = k * sp.Mul(*((1 + sign * move**2) ** (2 * shrinks) for move in moves))
    shift = sp.Add(*(move if straight else sp.log((1 + move) / (1 - move)) / 2 for move in moves))
    apart = sp.Add(*(rational(third) * sp.Abs(move) ** 3 / (1 - move**2) for move in moves))
    return Descent(scale, shift, apart)


def _one_step(claim: Claim) -> list[Obligation]:
    """The step u_+ += eta g v_+, v_+ += eta g u_+, u_- -= eta g v_-, v_- -= eta g u_-, and what it makes of A and B."""
    up, vp, um, vm, eta, g = sp.symbols("u_+ v_+ u_- v_- eta g")
    h = eta * g
    after = (up + h * vp, vp + h * up, um - h * vm, vm - h * um)

    def both(p: sp.Expr, q: sp.Expr, r: sp.Expr, s: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        return (p + q) ** 2 + (r - s) ** 2, (p - q) ** 2 + (r + s) ** 2

    (A, B), (A1, B1) = both(up, vp, um, vm), both(*after)
    said = claim(A * B, eta, [g])
    return [
        Obligation("scale", A1 * B1, said.scale),
        Obligation("shift", A1 * B / (B1 * A), sp.exp(4 * said.shift)),
    ]


Weights = tuple[tuple[Fraction, ...], ...]
Run = tuple[list[Weights], list[tuple[Fraction, ...]]]


_RUNS = tuple(
    (Design.read([vector(row) for row in rows], vector(y)), Fraction(eta), steps, scale)
    for rows, y in ((("1 2",), "2"), (("1 -1 2",), "-2"), (("1 0 2", "0 1 -1"), "1 1/2"), (("1 2 0", "1 -1 1"), "2 -1"))
    for eta, steps in product(("1/20", "1/50", "1/200"), (1, 2))
    for scale in ("1", "1/10", "2")
)
"""72 runs of real gradient descent on the squared loss, of two or three coordinates: 198 coordinates in all."""


@cache
def _run(design: Design, eta: Fraction, steps: int, scale: str) -> Run:
    """Return the weights before each step and at the end, and the gradient g that each step sees."""
    d, size = design.dimension, Fraction(scale)
    up, vp, um, vm = (
        tuple(size * Fraction(a + i, b + 2 * i) for i in range(d)) for a, b in ((1, 2), (2, 3), (-1, 3), (1, 5))
    )
    weights: list[Weights] = [(up, vp, um, vm)]
    seen: list[tuple[Fraction, ...]] = []
    for _ in range(steps):
        up, vp, um, vm = weights[-1]
        w = [a * b - c * e for a, b, c, e in zip(up, vp, um, vm, strict=True)]
        r = [y - out for y, out in zip(design.targets, design.outputs(w), strict=True)]
        columns = zip(*design.rows, strict=True)
        g = tuple(sum((x * one for x, one in zip(column, r, strict=True)), Fraction(0)) for column in columns)
        if max(map(abs, g)) * eta >= 1:
            raise ArithmeticError(f"a step of {eta} is too large for {design}")
        seen.append(g)
        weights.append((
            tuple(a + eta * one * b for a, b, one in zip(up, vp, g, strict=True)),
            tuple(b + eta * one * a for a, b, one in zip(up, vp, g, strict=True)),
            tuple(a - eta * one * b for a, b, one in zip(um, vm, g, strict=True)),
            tuple(b - eta * one * a for a, b, one in zip(um, vm, g, strict=True)),
        ))  # fmt: skip
    return weights, seen


def _both(weights: Weights) -> list[tuple[Fraction, Fraction]]:
    """Return A and B of each coordinate."""
    return [((p + q) ** 2 + (r - s) ** 2, (p - q) ** 2 + (r + s) ** 2) for p, q, r, s in zip(*weights, strict=True)]


def _descended(*case: Any) -> Callable[[Claim], bool]:
    """Judge k_T by AB, and the shift by the fourth power of its exponential, which is A B_0/(B A_0)."""
    eta = case[1]
    weights, seen = _run(*case)
    start, end = _both(weights[0]), _both(weights[-1])

    def judge(claim: Claim) -> bool:
        for i, ((A0, B0), (A, B)) in enumerate(zip(start, end, strict=True)):
            said = claim(rational(A0 * B0), rational(eta), [rational(g[i]) for g in seen])
            if said.scale != rational(A * B) or sp.exp(4 * said.shift) != rational(A * B0 / (B * A0)):
                return False
        return True

    return judge


_SHORT_RUNS = tuple(case for case in _RUNS if case[2:] == (2, "1") and case[1] > Fraction(1, 100))


def _near_the_row_space(claim: Claim) -> Iterator[Inequality]:
    """With k_T the slopes less the tilt are within the bound of the row space, of second order in eta."""
    for case in _SHORT_RUNS:
        design, eta = case[:2]
        weights, seen = _run(*case)
        slopes, bounds = [], []
        for i, ((A0, B0), (A, B)) in enumerate(zip(_both(weights[0]), _both(weights[-1]), strict=True)):
            said = claim(rational(A0 * B0), rational(eta), [rational(g[i]) for g in seen])
            tilt = sp.log(rational(A0 / B0)) / 4
            slopes.append(entropy(rational((A - B) / 4), sp.sqrt(said.scale))[0] - tilt)
            bounds.append(said.apart)
        size, bound = (sp.sqrt(sp.Add(*(x**2 for x in one))) for one in (design.project_on_kernel(slopes), bounds))
        yield Inequality(f"{design}, eta = {eta}", size, bound)


def _third_order(claim: Claim) -> Iterator[Inequality]:
    """Artanh x - x is below the bound, and no less than 9/10 of it at x = 1/10."""
    for x in ("1/1000", "1/10", "1/2", "9/10"):
        said = claim(sp.S.One, sp.S.One, [sp.Rational(x)])
        yield Inequality(f"eta g = {x}", said.shift - sp.Rational(x), said.apart)
    said = claim(sp.S.One, sp.S.One, [sp.Rational(1, 10)])
    yield Inequality("eta g = 1/10, sharp", sp.Rational(9, 10) * said.apart, said.shift - sp.Rational(1, 10))


SMALL_STEPS = Assumption("every step has |eta g| < 1 in every coordinate")
DESCENT_OF_ANY_LOSS = Assumption(
    "gradient descent on any loss of Xw, whose inputs, the rows of X, are linearly independent"
)

DESCENT = Statement(
    id="shape.descent",
    title="Gradient descent obeys the flow's law exactly with a smaller k: k_T = k_0 prod (1 - eta^2 g^2)^2.",
    latex=(
        r"q'_{k_T}(w_T)-b_0=\sum_t\operatorname{artanh}\eta g_t,\quad k_T=k_0\prod_t(1-\eta^2g_t^2)^2;\qquad "
        r"\bigl|P_{\ker X}(q'_{k_T}(w_T)-b_0)\bigr|\le\Bigl|\sum_t\frac{|\eta g_t|^3}{3(1-\eta^2g_t^2)}\Bigr|"
    ),
    source=f"the flow of {SOURCE}; the law of descent is derived here",
    assumptions=(DESCENT_OF_ANY_LOSS, SIGNS_FREE, SMALL_STEPS),
    claim=descent,
    evidence=(
        Proved("one step, of any gradient", _one_step, "all weights, any number of steps: each multiplies both"),
        Enumerated(
            f"{len(_RUNS)} runs of real descent in rational numbers",
            _RUNS,
            _descended,
            label=lambda design, eta, steps, scale: f"{design}, eta = {eta}, {steps} steps, start times {scale}",
            apply=itself,
        ),
        Enclosed(f"how near the row space, {len(_SHORT_RUNS)} runs", _near_the_row_space),
        Enclosed("the bound of third order", _third_order),
        *(
            Simulated(
                f"half the step, {words}, from random starts",
                Ensemble(width=8, depth=5),
                DescentOrders(inputs=3, learning_rate=0.02, steps=50),
                by,
                reading=Quantile(0.5),
                tolerance=0,
                samples=4_000,
                arguments={"by": by},
            )
            for by, words in (("own", "with k_T"), ("kept", "with k_0"))
        ),
    ),
    mutants=(
        Mutant("sum eta g", partial(descent, straight=True)),
        Mutant("k stays k_0", partial(descent, shrinks=0)),
        Mutant("k grows", partial(descent, sign=1)),
        Mutant("of first order even with k_T", partial(descent, order=1)),
        Mutant("1/4 for 1/3 in the bound", partial(descent, third=Fraction(1, 4))),
    ),
)

STATEMENTS = (DESCENT,)
