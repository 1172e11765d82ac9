"""The distribution of the output at a point: P(f <= u)."""

from __future__ import annotations

from dataclasses import replace

from proofs_check.answers.assumed import of_output
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.notation import Notation
from proofs_check.answers.points import number_at, point, point_text, related_atom
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory.log_laws.output_law import OutputLaw


def _left(query: Query) -> Notation:
    u = point_text(query, "u")
    return Notation(f"P(f <= {u})", rf"\mathbb{{P}}\left(f\le{u}\right)")


def _derive(query: Query) -> Derivation:
    law, at = OutputLaw(query.net), point(query)
    dead = "a dead network counts, with f = 0"
    answer = number_at(query, law, lambda digits: law.enclosed_distribution(at, digits), dead, *of_output(query))
    return replace(answer, related=related_atom(law))


QUANTITY = Quantity(_left, _derive, takes=("at", "digits", "readout", "input"))
