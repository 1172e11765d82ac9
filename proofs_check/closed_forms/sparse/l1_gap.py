"""How far the l1 norm of a point that flow reaches is from the least one, on any design."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.sparse import FLOW, SOURCE
from theory.dynamics.implicit_bias.sparse_recovery import l1_gap_bound


def _evaluate(N: sp.Expr, alpha: sp.Expr, w: tuple[sp.Expr, ...]) -> Closed:
    return Closed(l1_gap_bound(int(N), alpha, w))


CLOSED_FORM = ClosedForm(
    Notation("|w|_1 - min{|b|_1: X b = X w}, at most", r"\|w\|_1-\min_{Xb=Xw}\|b\|_1\ \text{at most}"),
    (
        Letter("N", "whole", "the depth", is_number=True),
        Letter("alpha", "positive", "the weight at which u and v start"),
        Letter("w", "numbers", "the point that the flow has reached, at any time"),
    ),
    _evaluate,
    (FLOW,),
    f"{SOURCE}; derived here",
    bounds="an upper bound on the gap",
    names={"depth": "N", "start": "alpha", "coordinates": "w"},
)
