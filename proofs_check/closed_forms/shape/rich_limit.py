"""By how much the solution that a diagonal network finds exceeds the least l1 norm."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.shape import SOURCE
from theory.balls import enclose, less
from theory.dynamics.implicit_bias.shape_limits import rich_excess_bound
from theory.ensembles import InvalidArgument


def _evaluate(k: sp.Expr, l1: sp.Expr, H: sp.Expr, d: sp.Expr) -> Closed:
    if less(enclose(sp.log(d)), enclose(H)):
        raise InvalidArgument("entropy", f"must be at most log d = {float(sp.log(d)):.6g}, got {H}", "use e.g. H=0")
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
    ("w_k is the solution that gradient flow finds; H is that of a solution of least l1 norm, at most log d",),
    f"{SOURCE} has the limit; this bound is derived here",
    bounds="an upper bound on the excess",
    names={"norm": "l1", "entropy": "H", "dimension": "d"},
)
