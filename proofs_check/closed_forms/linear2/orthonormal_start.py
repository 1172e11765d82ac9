"""The mean squared distance from the solution of least norm, for layers that start as orthonormal rows."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.linear2 import SOURCE
from theory.dynamics.linear_pairs.distances import orthonormal_distance


def _evaluate(h: sp.Expr, d: sp.Expr, r: sp.Expr, m: sp.Expr, theta: tuple[sp.Expr, ...]) -> Closed:
    width = int(h) if h.is_Integer else str(h)
    return Closed(orthonormal_distance(width, int(d), int(r), int(m), theta))


CLOSED_FORM = ClosedForm(
    Notation("E|U V^T - X^+Y|_F^2", r"\mathbb{E}\|UV^T-X^+Y\|_F^2"),
    (
        Letter("h", "whole", "the width of the hidden layer, at least r + m"),
        Letter("d", "whole", "the number of inputs", is_number=True),
        Letter("r", "whole", "the rank of the data", is_number=True),
        Letter("m", "whole", "the number of outputs", is_number=True),
        Letter("theta", "numbers", "the singular values of the target in the row space"),
    ),
    _evaluate,
    (
        "the rows of U_1 and V start orthonormal, those of U_2 normal of variance 1/h; gradient flow to its end",
        "times h it is the limit of large h for normal weights of variance 1/h",
    ),
    f"{SOURCE}; derived here",
    names={"width": "h", "inputs": "d", "rank": "r", "outputs": "m", "singular_values": "theta"},
)
