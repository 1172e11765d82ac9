"""By how much negative curvature along the flow of aligned linear networks can amplify an error of descent."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.descent import SOURCE
from theory.dynamics.descent.curvature_integrals import amplification, curvature_depth, turning_length
from theory.ensembles import InvalidArgument


def _evaluate(n: sp.Expr, u_0: sp.Expr, u: sp.Expr, h: sp.Expr) -> Closed:
    depth, wide = int(n), bool(h >= 2)
    if depth > 100:
        raise InvalidArgument("depth", f"must be at most 100, got {depth}", "use e.g. n=3")
    related = {
        "bound": (u / u_0) ** (1 - sp.Rational(1, depth)),
        "turn": turning_length(depth, wide=wide),
        "depth_at_u": curvature_depth(depth, u, wide=wide),
    }
    return Closed(amplification(depth, u_0, u, wide=wide), related=related)


CLOSED_FORM = ClosedForm(
    Notation("exp int m", r"\exp\int m\,dt"),
    (
        Letter("n", "whole", "the number of layers, at least 2", is_number=True),
        Letter("u_0", "share", "the length |W| at the start", is_number=True),
        Letter("u", "share", "the length at the end", is_number=True),
        Letter("h", "whole", "the largest hidden width", default="1", is_number=True),
    ),
    _evaluate,
    (
        "gradient flow of balanced linear layers with one output, along the target, on |W - Y|^2/2 with |Y| = 1",
        "m is by how much the least eigenvalue of the Hessian is below 0; depth_at_u is m at the end",
        "turn is u up to which that eigenvalue is along the flow; bound is a bound at all lengths",
    ),
    f"on theorem 2 of {SOURCE}; this closed form is derived here",
    names={"depth": "n", "start": "u_0", "end": "u", "length": "u"},
)
