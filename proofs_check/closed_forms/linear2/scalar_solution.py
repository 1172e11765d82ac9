"""Gradient flow of a two-layer linear network with one output on data of rank one, in closed form."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.linear2 import SOURCE
from theory.dynamics.linear_pairs.scalar_pairs import scalar_growth, scalar_product


def _evaluate(t: sp.Expr, A: sp.Expr, B: sp.Expr, lambda_1: sp.Expr, theta: sp.Expr) -> Closed:
    z = scalar_growth(t, A, B, lambda_1, theta)
    late = 2 * lambda_1 * sp.sqrt(A * B + 4 * theta**2)
    return Closed(scalar_product(t, A, B, lambda_1, theta), related={"growth": z, "late_rate": late})


CLOSED_FORM = ClosedForm(
    Notation("u.v at t", r"(u\cdot v)(t)"),
    (
        Letter("t", "nonnegative", "the time of gradient flow"),
        Letter("A", "positive", "|u + v|^2 at the start"),
        Letter("B", "nonnegative", "|u - v|^2 at the start"),
        Letter("lambda_1", "positive", "the squared singular value of the data", default="1"),
        Letter("theta", "real", "the target of u.v"),
    ),
    _evaluate,
    (
        "gradient flow on lambda_1 (theta - u.v)^2/2",
        "growth is what |u + v|^2 is multiplied by and |u - v|^2 divided",
        "late_rate is the rate at which the loss falls in the end",
    ),
    f"{SOURCE}; this solution is derived here",
    names={"time": "t", "plus": "A", "minus": "B", "rate": "lambda_1", "target": "theta"},
)
