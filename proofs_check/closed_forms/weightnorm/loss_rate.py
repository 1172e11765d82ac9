"""The time in which gradient flow with exponential weight normalization takes the loss of a chain to exp(-p)."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.weightnorm import SOURCE
from theory.dynamics.weight_norm.loss_clock import chain_time, rate_bracket


def _evaluate(n: sp.Expr, p: sp.Expr, p_0: sp.Expr) -> Closed:
    time = chain_time(p, p_0, n)
    related = {"rate": sp.expand(n * time * p**2 * sp.exp(-p))}
    if p.is_number and n.is_number and p >= 10:
        lower, upper = rate_bracket(p, n)
        start = sp.expand(related["rate"] - (sp.Ei(p) - sp.exp(p) / p) * p**2 * sp.exp(-p))
        related |= {"lower": lower + start, "upper": upper + start}
    if n.is_number:
        related["without"] = chain_time(p, p_0, int(n), "plain")
    return Closed(time, related=related)


CLOSED_FORM = ClosedForm(
    Notation("t", "t"),
    (
        Letter("n", "whole", "the depth of the chain w_1 ... w_n"),
        Letter("p", "positive", "log(1/L) at the end"),
        Letter("p_0", "positive", "log(1/L) at the start", default="1"),
    ),
    _evaluate,
    (
        "gradient flow on (alpha, v), w = exp(alpha) v/|v|, of the exponential loss on one example, positive weights",
        "rate is n t L p^2, which tends to 1; lower and upper are bounds on it, for p >= 10",
        "without is the time without normalization, from equal weights",
    ),
    f"{SOURCE}, has the rate as t grows; this time is derived here",
    names={"depth": "n", "start": "p_0"},
)
