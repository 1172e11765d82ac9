"""The distribution of |a_k|^2 at a point: P(|a_k|^2 <= r)."""

from __future__ import annotations

from dataclasses import replace

import flint

from proofs_check.answers import notation
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.log_laws import activation_law
from proofs_check.answers.notation import Notation
from proofs_check.answers.points import number_at, point, point_text, related_atom
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory.balls import Ball, precision


def _left(query: Query) -> Notation:
    a, r = notation.square(notation.activation(query.at)), point_text(query, "r")
    return Notation(f"P({a.plain} <= {r})", rf"\mathbb{{P}}\left({a.latex}\le{r}\right)")


def _derive(query: Query) -> Derivation:
    law, at = activation_law(query), point(query)

    def enclosed(digits: int) -> Ball:
        with precision(digits + 20):
            if at < 0:
                return flint.arb(0)
            if at == 0:
                return 1 - law.enclosed_survival()
            return law.enclosed_cdf(flint.arb(flint.fmpq(at.numerator, at.denominator)).log(), digits)

    answer = number_at(query, law, enclosed, "a dead network counts, with norm 0")
    return replace(answer, related=related_atom(law))


QUANTITY = Quantity(_left, _derive, takes=("layer", "at", "digits", "input"))
