"""The potential that the flow of one linear neuron minimizes, by how unbalanced it starts."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.shape import SOURCE
from theory.dynamics.implicit_bias.neuron_potentials import neuron_potential, neuron_slope


def _evaluate(n: sp.Expr, delta: sp.Expr) -> Closed:
    return Closed(neuron_potential(n, delta), related={"slope": neuron_slope(n, delta)})


CLOSED_FORM = ClosedForm(
    Notation("q(n)", "q(n)"),
    (
        Letter("n", "nonnegative", "the norm of a w, where f = a w.x"),
        Letter("delta", "real", "a^2 - |w|^2, which gradient flow keeps"),
    ),
    _evaluate,
    (
        "the flow's point minimizes q(|a w|) - sign(a) w(0).(a w) among all with this X (a w), while a keeps its sign",
        "slope is q'(n), which is |w|",
    ),
    f"{SOURCE} has it up to the factor 3/2; derived anew",
)
