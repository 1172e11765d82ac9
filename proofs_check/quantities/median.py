"""The median of |a_k|^2."""

from __future__ import annotations

from proofs_check.answers import sampled_logs
from proofs_check.answers.log_laws import activation_law, at_median, quantile_answer, quantile_notation
from proofs_check.answers.query import Derivation, Query, Sampled
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity


def _derive(query: Query) -> Derivation:
    query = at_median(query)
    notation = quantile_notation(query, f"|a_{{{query.at}}}|^2")
    return quantile_answer(query, activation_law(query), name="median", notation=notation)


def _sample(query: Query, sampling: Sampling) -> Sampled:
    return sampled_logs.quantile("median", at_median(query), sampled_logs.activation_norms(query), sampling)


QUANTITY = Quantity(_derive, _sample)
