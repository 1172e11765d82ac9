"""The product of two inputs' squared norms: E|a_k|^2|a'_k|^2/(|x||x'|)^2."""

from __future__ import annotations

from proofs_check.answers import notation
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_inputs import sample_norm_product
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from proofs_check.quantities.inner_product import of_two_inputs
from theory import two_input_moment


def _left(query: Query) -> Notation:
    a = notation.activation(query.at)
    latex = rf"\frac{{\mathbb{{E}}|{a.latex}|^2|{a.latex}'|^2}}{{|x|^2|x'|^2}}"
    return Notation(f"E|{a.plain}|^2 |{a.plain}'|^2/(|x|^2 |x'|^2)", latex)


def _derive(query: Query) -> Derivation:
    return of_two_inputs(query, two_input_moment(query.net, norm=2, other=2, layer=query.layer))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    return sample_norm_product(query, sampling)


QUANTITY = Quantity(
    _left,
    _derive,
    _sample,
    takes=("layer", "cosine", "digits"),
    sample_takes=("layer", "cosine", "input"),
)
