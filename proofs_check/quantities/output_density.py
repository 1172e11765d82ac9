"""The density of the output f: a formula of Meijer G-functions, or a number at a point."""

from __future__ import annotations

from dataclasses import replace

from proofs_check.answers.assumed import of_output, what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.points import number_at, point, point_text, related_atom
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory.balls import Ball
from theory.ensembles import InvalidArgument
from theory.log_laws.output_law import OutputLaw, output_density

_NO_MASS = "the density is that of networks that are not dead; the others have f = 0, which has a probability"


def _left(query: Query) -> Notation:
    u = point_text(query, "u")
    return Notation(f"density of f at {u}", f"p_f({u})")


def _derive(query: Query) -> Derivation:
    law = OutputLaw(query.net)
    if query.at_point is None:
        assumed = (*what_is_assumed(query, *of_output(query)), "u is the value of f")
        answer = formula(query, output_density(query.net), (*assumed, _NO_MASS) if law.can_die else assumed)
    else:
        at = point(query)

        def enclosed(digits: int) -> Ball:
            try:
                return law.enclosed_density(at, digits)
            except InvalidArgument as bad:
                if bad.argument != "u":
                    raise
                raise InvalidArgument("at", bad.problem, "use e.g. at='1/10'") from None

        answer = number_at(query, law, enclosed, _NO_MASS, *of_output(query))
    return replace(answer, related=related_atom(law))


QUANTITY = Quantity(_left, _derive, takes=("at", "digits", "readout", "input"))
