"""The typical size of a gradient: E log|df/dW_k|_F^2, given survival."""

from __future__ import annotations

from proofs_check.answers.log_laws import cumulant_answer, gradient_law, gradient_notation, readout_assumed
from proofs_check.answers.query import Derivation, Query, Sampled, numeric_layer
from proofs_check.answers.sampled_logs import gradient_norms, mean_of_logs
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory import LogGradientLaw


def _derive(query: Query) -> Derivation:
    notation = rf"\mathbb{{E}}\left[\log{gradient_notation(query)}\right]"
    law = gradient_law(query)
    return cumulant_answer(query, law, 1, *readout_assumed(query), name="log-gradient", notation=notation)


def _sample(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a mean")
    law = LogGradientLaw(query.net, numeric_layer(query, 1))
    return mean_of_logs("log-gradient", law, sampling.logs(query.net, gradient_norms(query)), sampling)


QUANTITY = Quantity(_derive, _sample)
