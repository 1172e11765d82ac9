"""A window in which flow has fitted the signal and nothing else, on any design of a coherence."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.sparse import FLOW, SOURCE
from theory.dynamics.implicit_bias.sparse_certificates import coherence_certificate


def _evaluate(
    N: sp.Expr, alpha: sp.Expr, w: tuple[sp.Expr, ...], p: sp.Expr, mu: sp.Expr, zeta: sp.Expr, eps: sp.Expr
) -> Closed:
    found = coherence_certificate(int(N), alpha, w, int(p), mu, zeta, eps)
    related = {
        "opens": found.opens, "closes": found.closes, "support_error": found.support_error,
        "off_support": found.off_support,
    }  # fmt: skip
    return Closed(found.closes - found.opens, related=related)


CLOSED_FORM = ClosedForm(
    Notation("T_u - T_l, at least", r"T_u-T_l\ \text{at least}"),
    (
        Letter("N", "whole", "the depth", is_number=True),
        Letter("alpha", "positive", "the weight at which u and v start", is_number=True),
        Letter("w", "numbers", "the entries of the signal that are not 0"),
        Letter("p", "whole", "the number of all entries", is_number=True),
        Letter("mu", "nonnegative", "the coherence of the design, its columns of norm sqrt(n)", is_number=True),
        Letter("zeta", "nonnegative", "a bound on |X^T noise/n|_oo", is_number=True),
        Letter("eps", "positive", "what is tolerated off the support", is_number=True),
    ),
    _evaluate,
    (
        FLOW,
        "from opens to closes errors on the support are at most support_error, and nothing off it exceeds off_support",
    ),
    f"{SOURCE}, theorem 1, has a window under restricted isometry; this one is derived here",
    bounds="a lower bound on the length",
    names={"depth": "N", "start": "alpha", "signal": "w", "features": "p", "coherence": "mu", "noise": "zeta"},
)
