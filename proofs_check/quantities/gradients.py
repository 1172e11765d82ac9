"""Moments of the gradients' norms and of the Hessian's blocks."""

from __future__ import annotations

from montecarlo import GradientNorms, HessianNorms
from proofs_check import assumptions
from proofs_check.quantities.query import (
    Derivation,
    Quantity,
    Query,
    Sampled,
    formula,
    numeric_layer,
    power,
    what_is_assumed,
)
from proofs_check.quantities.sampled_means import mean_of_power, require_enough
from proofs_check.quantities.sampling import Sampling
from theory import (
    gradient_correlation,
    gradient_covariance,
    gradient_moment,
    hessian_block_moment,
    hessian_moment,
)
from theory.ensembles import InvalidArgument


def _assumed(query: Query) -> tuple[str, ...]:
    net = query.net
    more = [assumptions.PIECEWISE_LINEAR]
    if net.slope != 1:
        more.append(assumptions.NO_ATOMS)
        more.append(assumptions.SIGN_SYMMETRIC_READOUT if net.has_sign_symmetric_readout else assumptions.FIXED_READOUT)
    return what_is_assumed(query, *more)


def _derive_gradient(query: Query) -> Derivation:
    exact = gradient_moment(query.net, query.layer, query.order)
    layer = "k" if query.layer is None else query.layer
    notation = power(rf"\partial f/\partial W_{{{layer}}}", query.order) + "_F"
    return formula("gradient", notation, exact, _assumed(query))


def _sample_gradient(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a mean")
    layer = numeric_layer(query, 1)
    mean = gradient_moment(query.net, layer, query.order)
    square = gradient_moment(query.net, layer, 2 * query.order)
    variance = require_enough(mean, square, sampling.samples, sampling.error)
    logs = sampling.logs(query.net, GradientNorms(layers=(layer,)))
    return mean_of_power("gradient", logs, query.order, mean, variance, sampling)


def _derive_gradient_covariance(query: Query) -> Derivation:
    j, k = query.two_layers
    notation = rf"\operatorname{{Cov}}(|\partial f/\partial W_{{{j}}}|_F^2, |\partial f/\partial W_{{{k}}}|_F^2)"
    return formula("gradient-covariance", notation, gradient_covariance(query.net, j, k), _assumed(query))


def _derive_gradient_correlation(query: Query) -> Derivation:
    j, k = query.two_layers
    notation = rf"\operatorname{{Corr}}(|\partial f/\partial W_{{{j}}}|_F^2, |\partial f/\partial W_{{{k}}}|_F^2)"
    return formula("gradient-correlation", notation, gradient_correlation(query.net, j, k), _assumed(query))


def _derive_hessian(query: Query) -> Derivation:
    if query.layers is None:
        if query.order != 2:
            problem = f"of the whole Hessian's norm must be 2, got {query.order}"
            raise InvalidArgument("order", problem, "use --order 2, or ask for one block with --layers 1,3")
        notation = r"\mathbb{E}\left|\nabla^2 f\right|_F^2"
        return formula("hessian", notation, hessian_moment(query.net), _assumed(query))
    k, later = query.layers
    notation = power(rf"\partial^2 f/\partial W_{{{k}}}\partial W_{{{later}}}", query.order) + "_F"
    return formula("hessian", notation, hessian_block_moment(query.net, k, later, query.order), _assumed(query))


def _sample_hessian(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a mean")
    query.net.require_numbers("sample")
    if query.layers is None:
        problem = "of the whole Hessian has a variance that theory does not know"
        raise InvalidArgument("layers", f"are needed: the norm {problem}", "ask for one block with --layers 1,3")
    k, later = query.layers
    mean = hessian_block_moment(query.net, k, later, query.order)
    square = hessian_block_moment(query.net, k, later, 2 * query.order)
    variance = require_enough(mean, square, sampling.samples, sampling.error)
    logs = sampling.logs(query.net, HessianNorms(blocks=((int(k), int(later)),)))
    return mean_of_power("hessian", logs, query.order, mean, variance, sampling)


GRADIENTS = (
    Quantity("gradient", "E|df/dW_k|_F^order", _derive_gradient, _sample_gradient),
    Quantity("gradient-covariance", "Cov(|df/dW_j|_F^2, |df/dW_k|_F^2)", _derive_gradient_covariance),
    Quantity("gradient-correlation", "Corr(|df/dW_j|_F^2, |df/dW_k|_F^2)", _derive_gradient_correlation),
    Quantity("hessian", "E|H|_F^2, or E|d2f/dW_j dW_k|_F^order with --layers j,k", _derive_hessian, _sample_hessian),
)
