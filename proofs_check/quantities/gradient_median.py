"""The median of |df/dW_k|_F^2."""

from __future__ import annotations

from proofs_check.answers import sampled_logs
from proofs_check.answers.log_laws import (
    at_median,
    gradient_law,
    gradient_notation,
    quantile_answer,
    quantile_notation,
    readout_assumed,
)
from proofs_check.answers.query import Derivation, Query, Sampled
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity


def _derive(query: Query) -> Derivation:
    query = at_median(query)
    notation = quantile_notation(query, gradient_notation(query))
    law = gradient_law(query)
    return quantile_answer(query, law, *readout_assumed(query), name="gradient-median", notation=notation)


def _sample(query: Query, sampling: Sampling) -> Sampled:
    return sampled_logs.quantile("gradient-median", at_median(query), sampled_logs.gradient_norms(query), sampling)


QUANTITY = Quantity(_derive, _sample)
