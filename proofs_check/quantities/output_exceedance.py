"""The probability that the output is large: P(|f| >= c)."""

from __future__ import annotations

from proofs_check.answers.assumed import of_output
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.notation import Notation
from proofs_check.answers.points import number_at
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory.ensembles import InvalidArgument
from theory.log_laws.output_law import OutputLaw


def _left(query: Query) -> Notation:
    return Notation(f"P(|f| >= {query.c})", rf"\mathbb{{P}}\left(\left|f\right|\ge{query.c}\right)")


def _derive(query: Query) -> Derivation:
    law = OutputLaw(query.net)
    if query.c <= 0:
        raise InvalidArgument("c", f"must be positive, got {query.c}", "use e.g. c='1/2'")
    dead = "a dead network has f = 0"
    return number_at(query, law, lambda digits: law.enclosed_beyond(query.c, digits), dead, *of_output(query))


QUANTITY = Quantity(_left, _derive, takes=("c", "digits", "readout", "input"))
