"""The typical size of a gradient: E log|df/dW_k|_F^2, given survival."""

from __future__ import annotations

from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.log_laws import LogLaw, cumulant_answer, gradient_law, readout_assumed
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_logs import gradient_norms, mean_of_logs
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity


def _left(query: Query) -> Notation:
    g = notation.gradient(query.at_gradient)
    return notation.log_moment("E", notation.frobenius_square(g), g if query.net.can_die else None)


def _derive(query: Query) -> Derivation:
    return cumulant_answer(query, gradient_law(query), 1, *readout_assumed(query))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    law = gradient_law(query)
    more = (*((assumptions.SURVIVAL,) if law.can_die else ()), *readout_assumed(query))
    return mean_of_logs(query, LogLaw.of(law), gradient_norms(query), sampling, *more)


QUANTITY = Quantity(
    _left, _derive, _sample, takes=("layer", "digits", "readout", "input"), sampled_layer=1, instead="gradient-median"
)
