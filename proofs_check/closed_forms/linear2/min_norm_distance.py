"""A bound on how far a two-layer linear network ends from the solution of least norm, by Gronwall's inequality."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.linear2 import SOURCE
from theory.balls import enclose, less
from theory.dynamics.linear_pairs.rates import distance_bound
from theory.ensembles import InvalidArgument


def _evaluate(T: sp.Expr, lambda_r: sp.Expr, lambda_1: sp.Expr, c: sp.Expr, E_0: sp.Expr, N_0: sp.Expr) -> Closed:
    if lambda_r.is_number and lambda_1.is_number and less(enclose(lambda_1), enclose(lambda_r)):
        raise InvalidArgument("greatest", f"is below lambda_r = {lambda_r}", "use the greatest of these, or the same")
    return Closed(distance_bound(T, lambda_r, lambda_1, c, E_0, N_0))


CLOSED_FORM = ClosedForm(
    Notation("bound on |U(T)V(T)^T - X^+Y|_2", r"\text{bound on}\ |U(T)V(T)^T-X^+Y|_2"),
    (
        Letter("T", "nonnegative", "the time of gradient flow"),
        Letter("lambda_r", "positive", "the least nonzero squared singular value of the data"),
        Letter("lambda_1", "positive", "the greatest one"),
        Letter("c", "nonnegative", "the imbalance of the two layers"),
        Letter("E_0", "nonnegative", "|E(0)|_F, the root of twice the loss above its minimum at the start"),
        Letter("N_0", "nonnegative", "|[V U_2^T; U_1 U_2^T]|_2 at the start, U_2 the part of U off the row space"),
    ),
    _evaluate,
    ("gradient flow on |Y - X U V^T|_F^2/2",),
    f"{SOURCE}, theorem 2 in a finite form; derived here",
    bounds="an upper bound on the distance",
    names={"time": "T", "least": "lambda_r", "greatest": "lambda_1", "imbalance": "c", "error": "E_0", "pair": "N_0"},
)
