"""The covariance of the squared norms of two activations: Cov(|a_j|^2, |a_k|^2)."""

from __future__ import annotations

from functools import partial

import sympy as sp

from montecarlo import ActivationNorms
from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_pairs import sample_covariance
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory import activation_moment, covariance, mixed_moment


def _left(query: Query) -> Notation:
    return notation.of_two("Cov", *(notation.square(notation.activation(k)) for k in query.two_layers))


def _derive(query: Query) -> Derivation:
    exact = covariance(query.net, *query.two_layers)
    return formula(query, exact, what_is_assumed(query, assumptions.PIECEWISE_LINEAR))


def joint_moment(query: Query, p: int, q: int) -> sp.Expr:
    """Return E|a_j|^2p |a_k|^2q, which the interval of a covariance needs.

    Parameters
    ----------
    query : Query
        The question, which names j and k.
    p, q : int
        Half the orders.
    """
    orders: dict[int | str, int] = {}
    for layer, half in zip(query.two_layers, (p, q), strict=True):
        orders[layer] = orders.get(layer, 0) + 2 * half
    orders = {layer: order for layer, order in orders.items() if order}
    if len(orders) == 1:
        ((layer, order),) = orders.items()
        return activation_moment(query.net, order, layer)
    return mixed_moment(query.net, orders)


def norms_of_two(query: Query) -> ActivationNorms:
    """Return what measures |a_j| and |a_k|."""
    return ActivationNorms(layers=tuple(dict.fromkeys(int(layer) for layer in query.two_layers)))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    return sample_covariance(query, sampling, norms_of_two(query), partial(joint_moment, query))


QUANTITY = Quantity(_left, _derive, _sample, takes=("layers", "digits", "input"), instead="median")
