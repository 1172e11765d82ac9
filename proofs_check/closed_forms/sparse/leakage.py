"""What a coordinate off the support has reached when the support is fitted, on an orthonormal design."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.sparse import FLOW, ORTHONORMAL, SOURCE, require_scale
from theory.dynamics.implicit_bias.exact_leakage import exact_leakage
from theory.dynamics.implicit_bias.sparse_recovery import leakage


def _evaluate(N: sp.Expr, alpha: sp.Expr, z: sp.Expr, zeta: sp.Expr, kappa: sp.Expr) -> Closed:
    require_scale(alpha)
    return Closed(
        ball=lambda digits: exact_leakage(int(N), alpha, z, zeta, kappa, digits),
        related={"leading_term": leakage(int(N), alpha, z, zeta, kappa)},
    )


CLOSED_FORM = ClosedForm(
    Notation("|w_j| at T_l", r"|w_j(T_l)|"),
    (
        Letter("N", "whole", "the depth", is_number=True),
        Letter("alpha", "positive", "the weight at which u and v start", is_number=True),
        Letter("z", "positive", "the target on the support", default="1", is_number=True),
        Letter("zeta", "positive", "the target off it, below z", is_number=True),
        Letter("kappa", "share", "the relative precision on the support", default="1/100", is_number=True),
    ),
    _evaluate,
    (
        FLOW,
        ORTHONORMAL,
        "T_l is the time at which the coordinate on the support is (1 - kappa) z",
        "leading_term is what it is up to a factor that tends to 1 as alpha -> 0",
    ),
    f"{SOURCE}; derived here",
    names={"depth": "N", "start": "alpha", "target": "z"},
)
