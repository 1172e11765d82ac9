"""What gradient descent does to the scale of a coordinate of a diagonal network, whose flow keeps it."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.shape import SOURCE
from theory.dynamics.implicit_bias.diagonal_nets import descent_scale, descent_shift


def _evaluate(k: sp.Expr, eta: sp.Expr, g: tuple[sp.Expr, ...]) -> Closed:
    return Closed(descent_scale(k, eta, g), related={"shift": descent_shift(eta, g)})


CLOSED_FORM = ClosedForm(
    Notation("k_T", "k_T"),
    (
        Letter("k", "positive", "the scale at the start"),
        Letter("eta", "positive", "the learning rate"),
        Letter("g", "numbers", "the negative derivatives of the loss in w that the steps see"),
    ),
    _evaluate,
    ("|eta g| < 1 in every step", "shift is by how much the steps have moved q_k'(w), at the scale k_T"),
    f"{SOURCE}; derived here",
    names={"learning_rate": "eta", "gradients": "g"},
)
