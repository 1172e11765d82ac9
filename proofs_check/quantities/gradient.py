"""The mean of a power of a gradient's norm: E|df/dW_k|_F^order."""

from __future__ import annotations

from montecarlo import GradientNorms
from proofs_check.answers.assumed import assumed_of_gradients
from proofs_check.answers.query import Derivation, Query, Sampled, formula, numeric_layer, power
from proofs_check.answers.sampled_means import mean_of_power, require_enough
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory import gradient_moment


def _derive(query: Query) -> Derivation:
    exact = gradient_moment(query.net, query.layer, query.order)
    layer = "k" if query.layer is None else query.layer
    notation = power(rf"\partial f/\partial W_{{{layer}}}", query.order) + "_F"
    return formula("gradient", notation, exact, assumed_of_gradients(query))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a mean")
    layer = numeric_layer(query, 1)
    mean = gradient_moment(query.net, layer, query.order)
    square = gradient_moment(query.net, layer, 2 * query.order)
    variance = require_enough(mean, square, sampling.samples, sampling.error)
    logs = sampling.logs(query.net, GradientNorms(layers=(layer,)))
    return mean_of_power("gradient", logs, query.order, mean=mean, relative_variance=variance, sampling=sampling)


QUANTITY = Quantity(_derive, _sample)
