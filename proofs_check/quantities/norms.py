"""Moments of the activations' norms: at one layer, at two, of two inputs."""

from __future__ import annotations

import sympy as sp

from montecarlo import ActivationNorms
from proofs_check import assumptions
from proofs_check.quantities.query import (
    Derivation,
    Quantity,
    Query,
    Sampled,
    formula,
    number,
    numeric_layer,
    power,
    what_is_assumed,
)
from proofs_check.quantities.sampled_means import bred_mean, mean_of_power, networks_needed, require_enough
from proofs_check.quantities.sampling import Sampling
from theory import (
    activation_moment,
    activation_sequence,
    correlation,
    covariance,
    inner_product_mean,
    kurtosis,
    kurtosis_expansion,
    kurtosis_limit,
    symbols,
)
from theory.ensembles import InvalidArgument

_READABLE = 5
"""Terms of a recurrence with symbols that a person may want to see."""


def _derive_activation(query: Query) -> Derivation:
    net, depth = query.net, query.at
    assumed = what_is_assumed(query, assumptions.PIECEWISE_LINEAR)
    notation = power(f"a_{{{depth}}}", query.order)
    net.width_at(depth)  # refuses a layer that is not there
    if net.is_constant_width and net.has_independent_entries:
        sequence = activation_sequence(net, query.order)
        if isinstance(depth, str) and sequence.size > 2:
            if sequence.size > _READABLE and sequence.has_symbols:
                problem = f"{query.order} gives a recurrence of {sequence.size} terms, whose coefficients fill pages"
                raise InvalidArgument("order", problem, "give numbers for the width and the law, or a lower order")
            letter = "m" if not any(name.startswith("m_") for name in net.symbols) else "moment"
            recurrence = (symbols.number(f"{letter}_{j}") * c for j, c in enumerate(sequence.recurrence(), 1))
            related = [
                ("generating_function", sequence.generating_function()),
                ("recurrence", sp.Add(*recurrence)),
            ]
            reason = (
                f"order {query.order} of this law follows a recurrence of {sequence.size} terms, whose powers have no "
                f"closed form in {depth}: {letter}_j in the recurrence stands for the moment j layers before, and z^L "
                f"in the generating function for depth L"
            )
            return Derivation("activation", notation, None, None, None, assumed, None, tuple(related), reason)
        if isinstance(depth, int) and not net.symbols and not sequence.fits(depth):
            return number("activation", notation, None, sequence.ball(depth, query.digits or 20), assumed, query.digits)
    return formula("activation", notation, activation_moment(net, query.order, depth), assumed)


def _sample_activation(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a mean")
    layer = numeric_layer(query, query.net.depth)
    mean = activation_moment(query.net, query.order, layer)
    square = activation_moment(query.net, 2 * query.order, layer)
    variance, needed = networks_needed(mean, square, sampling.error)
    if needed >= sampling.samples and (query.order == 2 or query.net.law.is_normal):
        return bred_mean("activation", query, layer, sampling, needed)
    variance = require_enough(mean, square, sampling.samples, sampling.error)
    logs = sampling.logs(query.net, ActivationNorms(layers=(layer,)))
    return mean_of_power("activation", logs, query.order, mean, float(variance), sampling)


def _derive_kurtosis(query: Query) -> Derivation:
    a = f"a_{{{query.at}}}"
    notation = rf"\frac{{{power(a, 4)}}}{{(\mathbb{{E}}|{a}|^2)^2}}"
    exact = kurtosis(query.net, query.layer)
    return formula("kurtosis", notation, exact, what_is_assumed(query, assumptions.PIECEWISE_LINEAR))


_ALONG = r"\frac{\mathbb{E}|a_L|^4}{(\mathbb{E}|a_L|^2)^2}"


def _derive_kurtosis_limit(query: Query) -> Derivation:
    notation = rf"\lim_{{n\to\infty,\ L=\beta n}}{_ALONG}"
    return formula("kurtosis-limit", notation, kurtosis_limit(query.net), what_is_assumed(query))


def _derive_kurtosis_expansion(query: Query) -> Derivation:
    return formula("kurtosis-expansion", f"{_ALONG}", kurtosis_expansion(query.net), what_is_assumed(query))


def _derive_covariance(query: Query) -> Derivation:
    j, k = query.two_layers
    notation = rf"\operatorname{{Cov}}(|a_{{{j}}}|^2, |a_{{{k}}}|^2)"
    exact = covariance(query.net, j, k)
    return formula("covariance", notation, exact, what_is_assumed(query, assumptions.PIECEWISE_LINEAR))


def _derive_correlation(query: Query) -> Derivation:
    j, k = query.two_layers
    notation = rf"\operatorname{{Corr}}(|a_{{{j}}}|^2, |a_{{{k}}}|^2)"
    exact = correlation(query.net, j, k)
    return formula("correlation", notation, exact, what_is_assumed(query, assumptions.PIECEWISE_LINEAR))


def _derive_inner_product(query: Query) -> Derivation:
    a = f"a_{{{query.at}}}"
    notation = rf"\frac{{\mathbb{{E}}\langle {a}, {a}'\rangle}}{{|x||x'|}}"
    exact = inner_product_mean(query.net, query.layer)
    assumed = (*what_is_assumed(query), "c is the cosine of the angle between the inputs x and x'")
    return formula("inner-product", notation, exact, assumed)


NORMS = (
    Quantity("activation", "E|a_k|^order", _derive_activation, _sample_activation),
    Quantity("kurtosis", "E|a_k|^4/(E|a_k|^2)^2", _derive_kurtosis),
    Quantity("kurtosis-limit", "its limit along L = beta n", _derive_kurtosis_limit),
    Quantity("kurtosis-expansion", "the same to the next order in 1/n", _derive_kurtosis_expansion),
    Quantity("covariance", "Cov(|a_j|^2, |a_k|^2)", _derive_covariance),
    Quantity("correlation", "Corr(|a_j|^2, |a_k|^2)", _derive_correlation),
    Quantity("inner-product", "E<a_k, a'_k>/(|x||x'|) of two inputs", _derive_inner_product),
)
