"""How long gradient flow of balanced linear networks takes to the minimum, from any direction but one."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.descent import SOURCE
from theory.balls import Ball
from theory.dynamics.descent.linear_flows import BalancedFlow
from theory.ensembles import InvalidArgument


def _evaluate(n: sp.Expr, nu_0: sp.Expr, u_0: sp.Expr, eps: sp.Expr) -> Closed:
    if n > 30:
        raise InvalidArgument("depth", f"must be at most 30, got {n}", "use e.g. n=3")
    flow = BalancedFlow(int(n), nu_0, u_0)

    def time(digits: int) -> Ball:
        # sums of exponentials of n s lose about n digits, and quadrature a few
        work = digits + int(n) + 10
        return flow.time(flow.arrival(eps, work), work)

    flow.arrival(eps, 10 + int(n))
    return Closed(ball=time, related={"bound": flow.time_bound(eps), "s_0": flow.start})


CLOSED_FORM = ClosedForm(
    Notation("T", "T"),
    (
        Letter("n", "whole", "the number of layers, at least 2", is_number=True),
        Letter("nu_0", "real", "the cosine of W and Y at the start, strictly between -1 and 1", is_number=True),
        Letter("u_0", "positive", "the length |W| at the start", is_number=True),
        Letter("eps", "positive", "the distance |W - Y| that is to be reached", default="1/100", is_number=True),
    ),
    _evaluate,
    (
        "gradient flow of balanced linear layers with one output, on |W - Y|^2/2 with |Y| = 1",
        "bound is an upper bound in closed form; s_0 = artanh nu_0, and nu = tanh(s + s_0) on the way",
    ),
    f"on proposition 2 of {SOURCE}; this solution is derived here",
    names={"depth": "n", "cosine": "nu_0", "length": "u_0", "precision": "eps"},
)
