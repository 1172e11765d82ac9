"""The width that a depth needs: the least n with P(|a_L|^2 >= c |x|^2) >= p."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.query import Derivation, Query
from proofs_check.quantities import Quantity
from theory import feasible_widths
from theory.log_laws.feasible_widths import asymptotic_slope


def _derive(query: Query) -> Derivation:
    net = query.net.at(width="n") if query.net.is_constant_width else query.net
    widths = feasible_widths(net, query.c, query.p)
    notation = rf"n^*\left({query.net.depth}, {query.c}, {query.p}\right)"
    slopes = asymptotic_slope(net, query.c, query.p)
    related = [(name, slope) for name, slope in zip(("least_per_depth", "most_per_depth"), slopes, strict=False)]
    if widths.most is not None:
        related.append(("most", sp.Integer(widths.most)))
    assumed = (
        *what_is_assumed(replace(query, net=net)),
        f"the norm is kept if P(|a_L|^2 >= {query.c} |x|^2) >= {query.p}",
        "the probability crosses this level once (c < 1) or twice (c > 1) as the width grows",
    )
    if widths.least is None:
        reason = "no width keeps the norm above this factor with this probability"
        return Derivation(
            "width",
            notation,
            None,
            value=None,
            log_value=None,
            assumptions=assumed,
            enclosed=None,
            related=tuple(related),
            reason=reason,
        )
    exact = sp.Integer(widths.least)
    return Derivation(
        "width",
        notation,
        exact,
        value=float(exact),
        log_value=None,
        assumptions=assumed,
        enclosed=None,
        related=tuple(related),
    )


QUANTITY = Quantity(_derive)
