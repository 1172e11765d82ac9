"""The cosine of the angle between the activations of two inputs, at infinite width."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, number
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory import correlation_map, wide_cosine, wide_cosine_rate
from theory.ensembles import InvalidArgument

_DIGITS = 25


def _left(query: Query) -> Notation:
    k = query.at
    return Notation(f"cos(a_{k}, a_{k}') as n -> oo", rf"\lim_{{n\to\infty}}\cos\angle(a_{{{k}}}, a_{{{k}}}')")


def _derive(query: Query) -> Derivation:
    net = query.net
    assumed = (
        *what_is_assumed(query),
        "all widths grow, so that the angle is not random in the limit",
        "the map takes c, the cosine of the angle between x and x', to that after one layer",
    )
    related: list[tuple[str, sp.Expr]] = [("map", correlation_map(net))]
    if query.layer is None and isinstance(net.depth, str) and net.slope != 1:
        related.append(("rate_of_1_minus_it", wide_cosine_rate(net)))
    if isinstance(query.at, str) or query.cosine is None:
        if query.digits is not None:
            raise InvalidArgument(
                "digits", "the answer is a map to iterate, which has no digits", "give numbers for all"
            )
        reason = f"the map is applied {query.at} times, which has no closed form: give numbers for depth and cosine"
        return Derivation(
            query, None, value=None, log_value=None, assumptions=assumed, related=tuple(related), reason=reason
        )
    ball = wide_cosine(net, query.cosine, query.at, query.digits or _DIGITS)
    return replace(number(query, None, ball=ball, assumed=assumed), log_value=None)


QUANTITY = Quantity(
    _left,
    _derive,
    takes=("layer", "cosine", "digits"),
    not_sampled="a limit of growing networks",
    instead="inner-product",
    of_limits=True,
)
