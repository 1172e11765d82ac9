"""How often the imbalance of two random layers is above h^(1-2a), at any width."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.linear2 import SOURCE
from theory.dynamics.linear_pairs.distances import imbalance_probability


def _evaluate(h: sp.Expr) -> Closed:
    return Closed(ball=lambda digits: imbalance_probability(int(h), digits))


CLOSED_FORM = ClosedForm(
    Notation("P(c > h^(1-2a))", r"\mathbb{P}(c>h^{1-2a})"),
    (Letter("h", "whole", "the width of the hidden layer", is_number=True),),
    _evaluate,
    ("normal weights of variance h^(-2a), one output, data of rank one; c = |u + v||u - v|; the same for all a",),
    f"{SOURCE}, lemma 1, for large h; this probability is derived here",
    names={"width": "h"},
)
