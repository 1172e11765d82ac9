"""The median of |df/dW_k|_F^2."""

from __future__ import annotations

from proofs_check.answers import notation, sampled_logs
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.log_laws import at_median, gradient_law, quantile_answer, readout_assumed
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity


def _left(query: Query) -> Notation:
    return notation.quantile(Query.p, notation.frobenius_square(notation.gradient(query.at_gradient)))


def _derive(query: Query) -> Derivation:
    return quantile_answer(at_median(query), gradient_law(query), *readout_assumed(query))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    return sampled_logs.quantile(at_median(query), sampled_logs.gradient_norms(query), sampling)


QUANTITY = Quantity(
    _left, _derive, _sample, takes=("layer", "digits", "readout", "input"), sampled_layer=1, instead="gradient-median"
)
