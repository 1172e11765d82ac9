"""The mean inner product of the activations of two inputs: E<a_k, a'_k>/(|x||x'|)."""

from __future__ import annotations

from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory import inner_product_mean


def _left(query: Query) -> Notation:
    a = notation.activation(query.at)
    latex = rf"\frac{{\mathbb{{E}}\langle {a.latex}, {a.latex}'\rangle}}{{|x||x'|}}"
    return Notation(f"E<{a.plain}, {a.plain}'>/(|x| |x'|)", latex)


def _derive(query: Query) -> Derivation:
    exact = inner_product_mean(query.net, query.layer)
    meaning = "a' belongs to a second input x', and c is the cosine of the angle between x and x'"
    return formula(query, exact, (*what_is_assumed(query), meaning))


QUANTITY = Quantity(_left, _derive, takes=("layer",))
