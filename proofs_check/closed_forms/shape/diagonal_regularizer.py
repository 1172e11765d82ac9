"""The potential of one coordinate that the flow of a diagonal network minimizes, by scale and shape of the start."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.shape import SOURCE
from theory.dynamics.implicit_bias.mirror_potentials import diagonal_potential, diagonal_slope, scale_of_shape


def _evaluate(x: sp.Expr, alpha: sp.Expr, s: sp.Expr) -> Closed:
    k = scale_of_shape(alpha, s)
    return Closed(diagonal_potential(x, k), related={"k": k, "slope": diagonal_slope(x, k)})


CLOSED_FORM = ClosedForm(
    Notation("q_k(x)", "q_k(x)"),
    (
        Letter("x", "real", "a coordinate of w = u_+ v_+ - u_- v_-"),
        Letter("alpha", "positive", "the scale u v of the start u_+ = u_- = u, v_+ = v_- = v"),
        Letter("s", "real", "its shape (u - v)/(u + v), between -1 and 1", default="0"),
    ),
    _evaluate,
    (
        "gradient flow of any loss: at every time w minimizes the sum of q_k(w_i) among all w with this X w",
        "k is the scale of the coordinate, slope the derivative of q_k at x",
    ),
    f"{SOURCE}; derived anew",
)
