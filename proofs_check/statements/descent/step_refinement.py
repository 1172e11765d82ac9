"""Descent at a step and at parts of it on digits: how far it is from the flow, without following that."""

from __future__ import annotations

from functools import partial
from typing import Any

import sympy as sp

from montecarlo.training.refinement import StepRefinement
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Obligation, Proved, Quantile, Simulated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.descent.euler_recursion import SOURCE
from proofs_check.verdict import Between
from theory.ensembles import Ensemble

DIGITS = Assumption("full-batch descent on the cross-entropy of digits, from Xavier initialization")
FIRST_ORDER = Assumption("the steps are small: the first order holds within 1 %, and for ReLU, which has kinks, 10 %")


def step_refinement(net: Any, parts: Any = 4, *, order: Any = 1, equal: bool = False, grows: bool = False) -> Any:
    """d_r = |GD(eta)_k - GD(eta/r)_(rk)| is (1 - 1/r) e(eta): d_4/d_2 = 3/2, d_8/d_2 = 7/4.

    That is up to 1 %, and for ReLU 10 %.

    Parameters
    ----------
    net : Ensemble or None
        The networks; None for the ratio itself.
    parts : int or sympy.Expr
        r.
    """
    ratio = sp.S.One if equal else (1 - 1 / sp.sympify(parts, strict=True) ** order) / (1 - sp.Integer(2) ** -order)
    ratio = sp.sympify(parts, strict=True) / 2 if grows else ratio
    if net is None:
        return ratio
    room = sp.Rational(1, 100 if net.is_linear else 10)
    return Between(sp.log(ratio) - room, sp.log(ratio) + room)


def _linear_in_the_step(claim: Claim) -> list[Obligation]:
    """Let both be off by their own steps times one vector, e(eta) and e(eta/r)."""
    eta, r, c = sp.symbols("eta r c", positive=True)
    apart = {part: c * eta - c * eta / part for part in (r, sp.Integer(2))}
    return [Obligation("errors in proportion to the step", apart[r] / apart[sp.Integer(2)], claim(None, r))]


def _checks(activation: str, widths: tuple[int, ...], run: StepRefinement, *counts: int) -> Any:
    net = Ensemble(widths=widths, activation=activation, init="xavier")
    for component, parts in (("quarters", 4), ("eighths", 8)):
        yield Simulated(
            f"{activation}, {run.steps} steps of {run.learning_rate:g}, {component} against halves",
            net,
            run,
            component,
            reading=Quantile(0.5),
            tolerance=0,
            samples=counts[0],
            full_samples=counts[1],
            arguments={"parts": parts},
        )


STEP_REFINEMENT = Statement(
    id="descent.step-refinement",
    title="Halves, quarters and eighths of a step are 1/2, 3/4 and 7/8 of the error e(eta) away from it, on digits.",
    latex=(
        r"d_r=|GD(\eta)_k-GD(\eta/r)_{rk}|\approx\Bigl(1-\frac1r\Bigr)e(\eta):\quad "
        r"\operatorname{med}\log\frac{d_4}{d_2}=\log\tfrac32\pm\epsilon,\quad "
        r"\operatorname{med}\log\frac{d_8}{d_2}=\log\tfrac74\pm\epsilon,\quad "
        r"\epsilon=\tfrac1{100}\ \text{(linear)},\ \tfrac1{10}\ \text{(ReLU)}"
    ),
    source=f"the experiment of {SOURCE}, on other data; the ratios are derived here",
    assumptions=(DIGITS, FIRST_ORDER),
    claim=step_refinement,
    evidence=(
        Proved("errors in proportion to the step", _linear_in_the_step, "all r, to first order in the step"),
        *_checks("linear", (64, 8, 10), StepRefinement(0.02, 40, 50), 40, 80),
        *_checks("relu", (64, 24, 10), StepRefinement(0.005, 60, 200), 0, 80),
    ),
    mutants=(
        Mutant("errors of second order: 5/4 and 21/16", partial(step_refinement, order=2)),
        Mutant("of order 1/2: 1.71", partial(step_refinement, order=sp.Rational(1, 2))),
        Mutant("all the same", partial(step_refinement, equal=True)),
        Mutant("in proportion to r", partial(step_refinement, grows=True)),
    ),
)  # fmt: skip

STATEMENTS = (STEP_REFINEMENT,)
