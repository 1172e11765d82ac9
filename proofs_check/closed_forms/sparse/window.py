"""How long the signal is fitted and nothing else is, on an orthonormal design."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.sparse import FLOW, ORTHONORMAL, SOURCE
from theory.dynamics.implicit_bias.sparse_recovery import window


def _evaluate(N: sp.Expr, alpha: sp.Expr, z: sp.Expr, zeta: sp.Expr, kappa: sp.Expr, eps: sp.Expr) -> Closed:
    found = window(int(N), alpha, z, zeta, kappa, eps)
    return Closed(found.length, related={"opens": found.opens, "closes": found.closes})


CLOSED_FORM = ClosedForm(
    Notation("T_u - T_l, at least", r"T_u-T_l\ \text{at least}"),
    (
        Letter("N", "whole", "the depth", is_number=True),
        Letter("alpha", "positive", "the weight at which u and v start"),
        Letter("z", "positive", "the least target on the support", default="1"),
        Letter("zeta", "positive", "the largest target off it, below z"),
        Letter("kappa", "share", "the relative precision on the support", default="1/100"),
        Letter("eps", "positive", "what is tolerated off it, below zeta"),
    ),
    _evaluate,
    (FLOW, ORTHONORMAL, "opens is a time from which the support is fitted, closes one before which nothing else is"),
    f"{SOURCE}, theorem 1, has a window with unnamed constants; this one is derived here",
    bounds="a lower bound on the length, which says nothing where it is negative",
    names={"depth": "N", "start": "alpha", "target": "z"},
)
