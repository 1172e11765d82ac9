"""How far the solution that a diagonal network finds is from that of least Euclidean norm."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.shape import SOURCE
from theory.dynamics.implicit_bias.shape_limits import cube_norm, kernel_distance_bound


def _evaluate(k: sp.Expr, w: tuple[sp.Expr, ...]) -> Closed:
    return Closed(kernel_distance_bound(k, cube_norm(w)))


CLOSED_FORM = ClosedForm(
    Notation("|w_k - w_2|, at most", r"|w_k-w_2|\ \text{at most}"),
    (
        Letter("k", "positive", "the scale of all coordinates: sqrt(k) = 2(u^2 + v^2)"),
        Letter("w", "numbers", "the solution w_k that the flow finds"),
    ),
    _evaluate,
    ("w_2 is the solution of least Euclidean norm",),
    f"{SOURCE} has the limit; this bound is derived here",
    bounds="an upper bound on the distance",
    names={"cubes": "w", "point": "w"},
)
