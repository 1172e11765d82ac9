"""The probability that a network is not dead: P(a_k is not 0)."""

from __future__ import annotations

from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_logs import activation_norms, share_alive
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory.log_laws.log_norms import survival


def _left(query: Query) -> Notation:
    a = notation.activation(query.at)
    return Notation(f"P({a.plain} != 0)", rf"\mathbb{{P}}({a.latex}\neq0)")


def _derive(query: Query) -> Derivation:
    return formula(query, survival(query.net, query.layer), what_is_assumed(query, assumptions.NO_ATOMS))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    return share_alive(query, activation_norms(query), sampling)


QUANTITY = Quantity(
    _left, _derive, _sample, takes=("layer", "digits"), sample_takes=("layer", "input"), instead="survival"
)
