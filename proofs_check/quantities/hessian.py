"""Means of Hessian norms: E|H|_F^2, or of one block of two layers E|d2f/dW_j dW_k|_F^order."""

from __future__ import annotations

from montecarlo import HessianNorms
from proofs_check.answers import notation
from proofs_check.answers.assumed import assumed_of_gradients
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_means import mean_and_square, mean_of_power, require_enough
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory import hessian_block_moment, hessian_moment
from theory.ensembles import InvalidArgument
from theory.requirements import require_order


def _left(query: Query) -> Notation:
    if query.layers is None:
        return Notation("E|H|_F^2", r"\mathbb{E}\left|\nabla^2 f\right|_F^2")
    return notation.mean_frobenius_power(notation.block(*query.layers), query.order)


def _derive(query: Query) -> Derivation:
    if query.layers is None:
        if query.order != 2:
            problem = f"of the whole Hessian's norm must be 2, got {query.order}"
            raise InvalidArgument("order", problem, "use order=2, or ask for one block with layers=(1, 3)")
        return formula(query, hessian_moment(query.net), assumed_of_gradients(query))
    exact = hessian_block_moment(query.net, *query.layers, require_order(query.order))
    return formula(query, exact, assumed_of_gradients(query))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a mean")
    if query.layers is None:
        problem = "of the whole Hessian has a variance that theory does not know"
        raise InvalidArgument("layers", f"are needed: the norm {problem}", "ask for one block with layers=(1, 3)")
    k, later = query.layers
    mean, square = mean_and_square(query, lambda order: hessian_block_moment(query.net, k, later, order))
    variance = require_enough(mean, square, sampling.samples, sampling.error)
    logs = sampling.logs(query.net, HessianNorms(blocks=((int(k), int(later)),)))
    return mean_of_power(query, logs, mean=mean, relative_variance=variance, sampling=sampling)


QUANTITY = Quantity(_left, _derive, _sample, takes=("order", "layers", "digits", "readout", "input"))
