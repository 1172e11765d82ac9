"""The kurtosis of the output: E f^4/(E f^2)^2, which is 3 for a normal one."""

from __future__ import annotations

from proofs_check.answers.assumed import of_output, what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory.moments.outputs import output_kurtosis


def _left(_: Query) -> Notation:
    return Notation("E f^4/(E f^2)^2", r"\frac{\mathbb{E} f^4}{(\mathbb{E} f^2)^2}")


def _derive(query: Query) -> Derivation:
    return formula(query, output_kurtosis(query.net), what_is_assumed(query, *of_output(query)))


QUANTITY = Quantity(_left, _derive, takes=("digits", "input", "readout"))
