"""The width that a depth needs: the least n with P(|a_L|^2 >= c |x|^2) >= p."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory import feasible_widths
from theory.ensembles import InvalidArgument
from theory.ensembles.usual_slopes import of_usual_slope
from theory.log_laws.closed_bounds import needed_width
from theory.log_laws.feasible_widths import asymptotic_slope


def _left(query: Query) -> Notation:
    kept = notation.kept_norm(query.net.depth, query.c)
    return Notation(f"min{{n: {kept.plain} >= {query.p}}}", rf"\min\left\{{n: {kept.latex}\ge{query.p}\right\}}")


def _derive(query: Query) -> Derivation:
    if isinstance(query.net.width, int):
        raise InvalidArgument("width", f"is what is asked for, got {query.net.width}", "use width='n'")
    widths = feasible_widths(query.net, query.c, query.p)
    slopes = asymptotic_slope(query.net, query.c, query.p)
    related = [(name, slope) for name, slope in zip(("least_per_depth", "most_per_depth"), slopes, strict=False)]
    if widths.most is not None:
        related.append(("most", sp.Integer(widths.most)))
    slope = of_usual_slope(query.net, "the needed width")[0].slope
    if slope in (0, 1) and query.c * query.p**2 < 1:
        related.append(("needed", needed_width(query.net, query.c, query.p)))
    assumed = [*what_is_assumed(query), "the probability crosses p once (c < 1) or twice (c > 1) as the width grows"]
    if slopes:
        assumed.append("least_per_depth and most_per_depth are the limits of both ends of the band over the depth")
    if any(name == "needed" for name, _ in related):
        assumed.append("needed is proved: no width from 2 on that is below it keeps the norm with this probability")
    if widths.least is None:
        reason = "no width keeps the norm above this factor with this probability"
        return Derivation(
            query, None, value=None, log_value=None, assumptions=tuple(assumed), related=tuple(related), reason=reason
        )
    least = sp.Integer(widths.least)
    return Derivation(
        query, least, value=float(least), log_value=None, assumptions=tuple(assumed), related=tuple(related)
    )


QUANTITY = Quantity(_left, _derive, takes=("p", "c"), not_sampled="a property of all widths", instead="exceedance")
