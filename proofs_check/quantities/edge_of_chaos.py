"""The variance of weights at which a wide network's gradients neither vanish nor explode: n s^2 for given biases."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from proofs_check.answers.derivation import Derivation
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.wide_limits import as_number, assumed_of_width, number_of
from proofs_check.quantities import Quantity
from theory.ensembles import InvalidArgument
from theory.ensembles.activations import known_name
from theory.mean_field.critical_line import CriticalPoint, edge_of_chaos


def _left(_: Query) -> Notation:
    return Notation("critical n s^2", r"\sigma_w^2")


def _derive(query: Query) -> Derivation:
    net = query.net
    net.require_plain("the edge of chaos", biases=True, smooth=True)
    if net.init.name != "xavier":
        problem = f"is what is asked for: the variance of weights, got {net.init.describe()!r}"
        raise InvalidArgument("init", problem, "leave it out")
    if net.bias.name in ("constant", "pytorch") or isinstance(net.bias.value, str):
        problem = f"must have a number for its variance, got {net.bias.describe()!r}"
        raise InvalidArgument("bias", problem, "use e.g. bias='1/20'")
    digits = query.digits or 17
    points = edge_of_chaos(known_name(net.activation), Fraction(net.bias.value or 0), digits)
    if not points:
        have = "without biases" if net.bias.name == "none" else "with these biases"
        problem = f"{net.activation} networks {have} have no critical point with a fixed point from 1/1000 to 1000"
        raise InvalidArgument("bias", problem, "use other biases, or another activation")
    best = next((point for point in points if point.is_stable), points[0])
    others = [point for point in points if point is not best]
    related = [*_of(best), *(("another", as_number(point.weight_variance)) for point in others)]
    assumed = [*assumed_of_width(query, of_variance=False), _stability(best)]
    return number_of(query, best.weight_variance, tuple(assumed), tuple(related))


def _of(point: CriticalPoint) -> tuple[tuple[str, sp.Expr], ...]:
    return (
        ("fixed_point", as_number(point.variance)),
        ("length_slope", as_number(point.length_slope)),
    )


def _stability(point: CriticalPoint) -> str:
    at_zero = point.variance == 0
    match point.is_stable:
        case True if at_zero:
            return "without biases the size of activations is lost, more slowly than exponentially"
        case True:
            return "preactivations of nearby variances settle at the fixed point"
        case False:
            return "the fixed point is unstable: preactivations of other variances leave it"
        case _:
            return "without biases the size of activations is kept"


QUANTITY = Quantity(
    _left, _derive, takes=("digits",), not_sampled="a limit of growing networks", instead="median", of_limits=True
)
