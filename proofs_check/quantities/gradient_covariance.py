"""The covariance of the squared norms of two gradients: Cov(|df/dW_j|_F^2, |df/dW_k|_F^2)."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import sympy as sp

from montecarlo import GradientNorms
from proofs_check.answers import notation
from proofs_check.answers.assumed import assumed_of_gradients
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_pairs import sample_covariance
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory import gradient_covariance, gradient_moment, gradient_product
from theory.ensembles import InvalidArgument


def _left(query: Query) -> Notation:
    return notation.of_two("Cov", *(notation.frobenius_square(notation.gradient(k)) for k in query.two_layers))


def _derive(query: Query) -> Derivation:
    return formula(query, gradient_covariance(query.net, *query.two_layers), assumed_of_gradients(query))


def joint_moment(query: Query, p: int, q: int) -> sp.Expr | None:
    """Return E|df/dW_j|^2p |df/dW_k|^2q where theory knows it, which the interval of a covariance needs.

    Parameters
    ----------
    query : Query
        The question, which names j and k.
    p, q : int
        Half the orders.
    """
    net, (first, second) = query.net, query.two_layers
    if first == second or 0 in (p, q):
        return gradient_moment(net, first if p else second, 2 * (p + q))
    with suppress(InvalidArgument):
        if p == q == 1:
            return gradient_product(net, min(int(first), int(second)), max(int(first), int(second)))
    return None


def gradients_of_two(query: Query) -> GradientNorms:
    """Return what measures |df/dW_j| and |df/dW_k|."""
    return GradientNorms(layers=tuple(dict.fromkeys(int(layer) for layer in query.two_layers)))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    return sample_covariance(query, sampling, gradients_of_two(query), partial(joint_moment, query))


QUANTITY = Quantity(
    _left,
    _derive,
    _sample,
    takes=("layers", "digits", "readout"),
    sample_takes=("layers", "readout", "input"),
    instead="gradient-median",
)
