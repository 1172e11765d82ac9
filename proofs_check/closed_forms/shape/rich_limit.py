"""By how much the solution that a diagonal network finds exceeds the least l1 norm."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.shape import SOURCE
from theory.dynamics.implicit_bias.shape_limits import rich_excess_bound


def _evaluate(k: sp.Expr, l1: sp.Expr, H: sp.Expr, d: sp.Expr) -> Closed:
    return Closed(rich_excess_bound(k, l1, H, int(d)))


CLOSED_FORM = ClosedForm(
    Notation("|w_k|_1/l1 - 1, at most", r"\|w_k\|_1/\ell-1\ \text{at most}"),
    (
        Letter("k", "positive", "the scale of all coordinates: sqrt(k) = 2(u^2 + v^2)", is_number=True),
        Letter("l1", "positive", "the least l1 norm of all solutions", is_number=True),
        Letter("H", "nonnegative", "the entropy of the shares of such a solution", default="0", is_number=True),
        Letter("d", "whole", "the number of coordinates", is_number=True),
    ),
    _evaluate,
    (),
    f"{SOURCE} has the limit; this bound is derived here",
)
