"""The density of |a_k|^2: a formula of Meijer G-functions, or a number at a point."""

from __future__ import annotations

from dataclasses import replace

import flint

from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.points import number_at, point, point_text, related_atom
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory import LogNormLaw
from theory.balls import Ball, precision
from theory.ensembles import InvalidArgument
from theory.log_laws.log_norms import density

_NO_MASS = "the density is that of networks that are not dead; the others have norm 0, which has a probability"


def _left(query: Query) -> Notation:
    a, r = notation.square(notation.activation(query.net.depth)), point_text(query, "r")
    return Notation(f"density of {a.plain} at {r}", f"p_{{{a.latex}}}({r})")


def _derive(query: Query) -> Derivation:
    law = LogNormLaw(query.net)
    if query.at_point is None:
        assumed = (*what_is_assumed(query, assumptions.LINEAR_OR_RELU), "r is the value of |a_L|^2, L the last layer")
        exact = density(query.net)
        answer = formula(query, exact, (*assumed, _NO_MASS) if law.can_die else assumed)
        return replace(answer, related=related_atom(law))
    at = point(query)
    if at <= 0:
        raise InvalidArgument("at", f"the square of a norm is positive, got {at}", "use e.g. at='1/2'")

    def enclosed(digits: int) -> Ball:
        with precision(digits + 20):
            r = flint.arb(flint.fmpq(at.numerator, at.denominator))
            return law.enclosed_pdf(r.log(), digits) / r

    return replace(number_at(query, law, enclosed, _NO_MASS), related=related_atom(law))


QUANTITY = Quantity(_left, _derive, takes=("at", "digits", "input"), not_sampled="a function of r", instead="quantile")
