"""Means of Hessian norms: E|H|_F^2, or of one block of two layers E|d2f/dW_j dW_k|_F^order."""

from __future__ import annotations

import sympy as sp

from montecarlo import HessianNorms
from proofs_check.answers import notation
from proofs_check.answers.assumed import assumed_of_gradients
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_means import mean_and_square, networks_needed, plain_mean
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory import hessian_block_moment, hessian_moment
from theory.ensembles import InvalidArgument
from theory.requirements import require_order


def _left(query: Query) -> Notation:
    if query.layers is None:
        return Notation("E|H|_F^2", r"\mathbb{E}\left|\nabla^2 f\right|_F^2")
    return notation.mean_frobenius_power(notation.block(*query.layers), query.order)


def require_whole(query: Query) -> None:
    """Refuse other powers of the whole Hessian's norm than the second.

    Raises
    ------
    InvalidArgument
        If another one is asked for.
    """
    if query.order != 2:
        problem = f"of the whole Hessian's norm must be 2, got {query.order}"
        raise InvalidArgument("order", problem, "use order=2, or ask for one block with layers=(1, 3)")


def _derive(query: Query) -> Derivation:
    if query.layers is None:
        require_whole(query)
        return formula(query, hessian_moment(query.net), assumed_of_gradients(query))
    exact = hessian_block_moment(query.net, *query.layers, require_order(query.order))
    return formula(query, exact, assumed_of_gradients(query))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    if query.layers is None:
        return _sample_whole(query, sampling)
    k, later = query.layers
    mean, square = mean_and_square(query, lambda order: hessian_block_moment(query.net, k, later, order))
    variance, _ = networks_needed(mean, square, sampling.error)
    return plain_mean(query, sampling, HessianNorms(blocks=((int(k), int(later)),)), mean, variance)


def _sample_whole(query: Query, sampling: Sampling) -> Sampled:
    r"""Estimate E|H|_F^2 with a bound on its variance.

    :math:`|H|_F^2 = 2\sum|H_{kl}|_F^2`, so Minkowski bounds the root of its mean square by
    :math:`2\sum(E|H_{kl}|_F^4)^{1/2}`.
    """
    require_whole(query)
    net, depth = query.net, int(query.net.depth)
    if depth == 1:
        raise InvalidArgument("depth", "is 1, where f is linear in its only matrix and H is 0", "use depth=2")
    mean, _ = mean_and_square(query, lambda order: _whole_or_first(query, order))
    if net.is_constant_width:  # a block's moment depends on how far its layers are apart
        roots = [(depth - gap) * sp.sqrt(hessian_block_moment(net, 1, 1 + gap, 4)) for gap in range(1, depth)]
    else:
        pairs = ((k, later) for later in range(2, depth + 1) for k in range(1, later))
        roots = [sp.sqrt(hessian_block_moment(net, k, later, 4)) for k, later in pairs]
    bound = sp.N(2 * sp.Add(*(sp.N(root, 30) for root in roots)), 30)
    variance, _ = networks_needed(mean, bound**2, sampling.error)
    return plain_mean(query, sampling, HessianNorms(), mean, variance)


def _whole_or_first(query: Query, order: int) -> sp.Expr:
    """Return the whole Hessian's moment at order 2, and that of one block, which is needed too, at order 4."""
    return hessian_moment(query.net) if order == 2 else hessian_block_moment(query.net, 1, 2, order)


QUANTITY = Quantity(_left, _derive, _sample, takes=("order", "layers", "digits", "readout", "input"))
