"""The probability that a network is not dead: P(a_k is not 0)."""

from __future__ import annotations

import numpy as np

from proofs_check import assumptions
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.query import Derivation, Query, Sampled, formula
from proofs_check.answers.sampled_logs import activation_norms, share
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory.log_laws.log_norms import survival


def _derive(query: Query) -> Derivation:
    notation = rf"\mathbb{{P}}(a_{{{query.at}}}\neq0)"
    exact = survival(query.net, query.layer)
    return formula("survival", notation, exact, what_is_assumed(query, assumptions.NO_ATOMS))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a probability")
    return share("survival", sampling.logs(query.net, activation_norms(query)), -np.finfo(float).max, sampling)


QUANTITY = Quantity(_derive, _sample)
