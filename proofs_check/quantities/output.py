"""The mean of a power of the output's size: E|f|^order, of any real order."""

from __future__ import annotations

from proofs_check.answers import notation
from proofs_check.answers.assumed import of_output, what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.real_orders import given_survival, has_even_formula, moment_answer
from proofs_check.quantities import Quantity
from theory.log_laws.output_law import OutputLaw
from theory.moments.outputs import output_moment


def _left(query: Query) -> Notation:
    return notation.mean_power(notation.output(), query.order, given_survival=given_survival(query))


def _derive(query: Query) -> Derivation:
    if has_even_formula(query):
        return formula(query, output_moment(query.net, query.order), what_is_assumed(query, *of_output(query)))
    return moment_answer(query, OutputLaw(query.net), *of_output(query))


QUANTITY = Quantity(_left, _derive, takes=("order", "digits", "readout", "input"))
