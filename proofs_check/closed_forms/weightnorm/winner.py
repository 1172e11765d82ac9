"""Which product of weights grows without end under exponential weight normalization, and where the others stop."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.weightnorm import SOURCE
from theory.dynamics.weight_norm.competition import product_limits, product_winner


def _evaluate(x: tuple[sp.Expr, ...], p: tuple[sp.Expr, ...]) -> Closed:
    winner, limits = product_winner(x, p), product_limits(x, p)
    others = {f"limit_{u + 1}": limit for u, limit in enumerate(limits) if u != winner}
    return Closed(sp.Integer(winner + 1), related=others)


CLOSED_FORM = ClosedForm(
    Notation("argmax x_u p_u", r"\operatorname{argmax}x_up_u"),
    (
        Letter("x", "numbers", "the slopes x_u > 0, with Phi = sum x_u p_u on one example"),
        Letter("p", "numbers", "the products p_u > 0 of weights at the start"),
    ),
    _evaluate,
    (
        "gradient flow on (alpha, v), w = exp(alpha) v/|v|, of the exponential loss: the same winner at every depth",
        "products are counted from 1; limit_u is where p_u ends when that of the winner is infinite",
    ),
    f"{SOURCE}, relative sparsity; derived here",
    names={"slopes": "x", "starts": "p"},
)
