"""The mean inner product of the activations of two inputs: E<a_k, a'_k>/(|x||x'|)."""

from __future__ import annotations

from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.query import Derivation, Query, formula
from proofs_check.quantities import Quantity
from theory import inner_product_mean


def _derive(query: Query) -> Derivation:
    a = f"a_{{{query.at}}}"
    notation = rf"\frac{{\mathbb{{E}}\langle {a}, {a}'\rangle}}{{|x||x'|}}"
    exact = inner_product_mean(query.net, query.layer)
    assumed = (*what_is_assumed(query), "c is the cosine of the angle between the inputs x and x'")
    return formula("inner-product", notation, exact, assumed)


QUANTITY = Quantity(_derive)
