"""The mean squared distance from the solution of least norm at which gradient flow ends, for any width."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.linear2 import SOURCE
from theory.dynamics.linear_pairs.distances import distance_mean, distance_mean_bounds, distance_mean_limit
from theory.ensembles import InvalidArgument

_STEEPEST = 20
"""Beyond this exponent the weights are so small that quadrature has nothing to resolve."""


def _evaluate(h: sp.Expr, a: sp.Expr, theta: sp.Expr, d: sp.Expr) -> Closed:
    inputs = int(d)
    if a > _STEEPEST:
        raise InvalidArgument("exponent", f"must be at most {_STEEPEST}, got {a}", "use e.g. a=1/2")
    lower, upper = distance_mean_bounds(int(h), a, theta, inputs)
    power, constant = distance_mean_limit(a, theta, inputs)
    related = {"lower": lower, "upper": upper, "limit_power": power, "limit_constant": constant}
    return Closed(ball=lambda digits: distance_mean(int(h), a, theta, inputs, digits), related=related)


CLOSED_FORM = ClosedForm(
    Notation("E|u v - X^+Y|^2", r"\mathbb{E}|uv-X^+Y|^2"),
    (
        Letter("h", "whole", "the width of the hidden layer", is_number=True),
        Letter("a", "positive", "half the exponent of the variance h^(-2a) of a weight", default="1/2", is_number=True),
        Letter("theta", "real", "the target of u.v in the row space", is_number=True),
        Letter("d", "whole", "the number of inputs", is_number=True),
    ),
    _evaluate,
    (
        "normal weights of variance h^(-2a), one output, data of rank one, gradient flow to its end",
        "lower and upper are bounds in closed form",
        "the mean times h^limit_power tends to limit_constant as h grows",
    ),
    f"{SOURCE}, theorem 2, has a bound; this law is derived here",
    names={"width": "h", "exponent": "a", "target": "theta", "inputs": "d"},
)
