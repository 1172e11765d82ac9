"""The curvature from which on almost every path grows, for examples in given proportions."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.sgd import SOURCE
from theory.balls import Ball, enclose, precision
from theory.dynamics.sgd_stability.typical import mean_square_rate, typical_rate
from theory.ensembles import InvalidArgument


def _evaluate(h: tuple[sp.Expr, ...], S: sp.Expr, eta: sp.Expr) -> Closed:
    if not all(x.is_Rational for x in h):
        raise InvalidArgument("curvatures", "has a number that is no fraction", "use e.g. h=(1/2,3/2)")
    values = [Fraction(int(x.p), int(x.q)) for x in h]
    size = int(S)
    if not size <= len(values):
        raise InvalidArgument("batch", f"has {size} of {len(values)} examples", "use fewer")
    mean = sum(values, Fraction(0)) / len(values)
    scale = sp.Rational(mean.numerator, mean.denominator) / eta

    def ball(digits: int) -> Ball:
        rate = typical_rate(values, size, digits=digits)
        with precision(digits + 10):
            return rate * enclose(scale, digits + 10)

    usual = mean_square_rate(values, size)
    return Closed(
        ball=ball,
        related={"mean_square": scale * sp.Rational(usual.numerator, usual.denominator), "descent": 2 / eta},
    )


CLOSED_FORM = ClosedForm(
    Notation("typical lambda_*", r"\lambda_*^{\mathrm{typ}}"),
    (
        Letter("h", "numbers", "the examples' curvatures up to a common factor"),
        Letter("S", "whole", "the number of examples in a minibatch, without replacement", is_number=True),
        Letter("eta", "positive", "the learning rate", is_number=True),
    ),
    _evaluate,
    (
        "curvatures in the proportions of h, of mean lam; without momentum, and without gradients at the minimum",
        "up to lambda_* almost every path vanishes: E log|1 - eta h_B| < 0; for epochs of reshuffled examples, too",
        "mean_square and descent are the break-even curvatures in mean square, and of all examples together",
    ),
    f"derived here, beside the criterion in mean square of {SOURCE}",
    names={"curvatures": "h", "batch": "S"},
)
