"""The typical size of an activation: E log|a_k|^2, given survival."""

from __future__ import annotations

from proofs_check.answers.beyond_plain import log_cumulant
from proofs_check.answers.log_laws import activation_law, activation_notation, cumulant_answer
from proofs_check.answers.query import Derivation, Query, Sampled
from proofs_check.answers.sampled_logs import activation_norms, mean_of_logs
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity


def _derive(query: Query) -> Derivation:
    known = log_cumulant(query, 1, name="log-norm", notation=rf"\mathbb{{E}}\log|a_{{{query.at}}}|^2")
    if known is not None:
        return known
    law = activation_law(query)
    a, given = activation_notation(query, law)
    notation = rf"\mathbb{{E}}\left[\log|{a}|^2{given}\right]"
    return cumulant_answer(query, law, 1, name="log-norm", notation=notation)


def _sample(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a mean")
    law, observable = activation_law(query), activation_norms(query)
    return mean_of_logs("log-norm", law, sampling.logs(query.net, observable), sampling)


QUANTITY = Quantity(_derive, _sample)
