"""The largest learning rate of heavy ball on minibatches that is stable in mean square."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.sgd import SHARE, SOURCE
from theory.dynamics.sgd_stability.mean_square import largest_rate


def _evaluate(lam: sp.Expr, c: sp.Expr, s2: sp.Expr, mu: sp.Expr) -> Closed:
    return Closed(largest_rate(lam, c * s2, mu), related={"descent": largest_rate(lam, 0, mu)})


CLOSED_FORM = ClosedForm(
    Notation("eta_max", r"\eta_{\max}"),
    (
        Letter("lam", "positive", "the mean of the examples' curvatures"),
        Letter("c", "nonnegative", SHARE),
        Letter("s2", "nonnegative", "the variance of the examples' curvatures"),
        Letter("mu", "nonnegative", "the momentum, below 1", default="0"),
    ),
    _evaluate,
    (
        "E psi^2 vanishes along one direction at all rates below, and at none from it on",
        "descent is the largest rate of all examples together",
    ),
    f"derived here, in the setting of {SOURCE}",
    names={"curvature": "lam", "variance": "s2", "momentum": "mu"},
)
