"""Laws of logarithms: what the typical network does, where the mean is carried by rare ones."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

from montecarlo import ActivationNorms, Estimate, GradientNorms, Observable
from montecarlo.intervals import (
    catoni_interval,
    clopper_pearson_interval,
    order_statistic_interval,
    quantile_sequence_interval,
)
from montecarlo.rare_events.tilting import tail_probability
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.quantities.query import (
    Derivation,
    Quantity,
    Query,
    Sampled,
    formula,
    number,
    numeric_layer,
    sampled,
    what_is_assumed,
)
from proofs_check.quantities.sampling import Sampling
from theory import (
    LogGradientLaw,
    LogNormLaw,
    feasible_widths,
    log_variance_expansion,
    lyapunov_expansion,
    symbols,
)
from theory.ensembles import InvalidArgument
from theory.log_laws.feasible_widths import asymptotic_slope, enclosed_exceedance, exceedance
from theory.log_laws.log_norms import density, survival
from theory.log_laws.log_sums import LogSumLaw

_DIGITS = 25
_WIDE = 256  # sums over more units than this are numbers, not formulas to read


def _norms(query: Query) -> LogNormLaw:
    return LogNormLaw(query.net, query.layer)


def _gradients(query: Query) -> LogGradientLaw:
    return LogGradientLaw(query.net, query.layer)


def _given(query: Query, law: LogSumLaw) -> tuple[Assumption, ...]:
    return (assumptions.SURVIVAL,) if law.can_die else ()


def _cumulant(query: Query, law: LogSumLaw, order: int, name: str, notation: str, *more: Assumption) -> Derivation:
    assumed = what_is_assumed(query, *_given(query, law), *more)
    wide = any(factor.slope == 0 and factor.width.is_Integer and factor.width > _WIDE for factor, _ in law.terms)
    if query.net.symbols:
        if wide:
            problem = "is so wide that the sum over its units is no formula"
            raise InvalidArgument("width", problem, "use a symbol's name, or numbers for all else")
        return formula(name, notation, law.cumulant(order), assumed)
    ball = law.enclosed_cumulant(order, query.digits or _DIGITS)
    leaky = any(factor.slope not in (0, 1) for factor, _ in law.terms)
    exact = None if wide or (leaky and order > 1) else law.cumulant(order)
    return replace(number(name, notation, exact, ball, assumed, query.digits), log_value=None)


def _a(query: Query, law: LogSumLaw) -> tuple[str, str]:
    a = f"a_{{{query.at}}}"
    return a, rf"\mid {a}\neq0" if law.can_die else ""


def _derive_log_norm(query: Query) -> Derivation:
    law = _norms(query)
    a, given = _a(query, law)
    return _cumulant(query, law, 1, "log-norm", rf"\mathbb{{E}}\left[\log|{a}|^2{given}\right]")


def _derive_log_variance(query: Query) -> Derivation:
    law = _norms(query)
    a, given = _a(query, law)
    return _cumulant(query, law, 2, "log-variance", rf"\operatorname{{Var}}\left[\log|{a}|^2{given}\right]")


def _g(query: Query) -> str:
    return rf"|\partial f/\partial W_{{{'k' if query.layer is None else query.layer}}}|_F^2"


def _readout(query: Query) -> tuple[Assumption, ...]:
    return () if query.net.slope == 1 else (assumptions.SIGN_SYMMETRIC_READOUT,)


def _derive_log_gradient(query: Query) -> Derivation:
    notation = rf"\mathbb{{E}}\left[\log{_g(query)}\right]"
    return _cumulant(query, _gradients(query), 1, "log-gradient", notation, *_readout(query))


def _derive_survival(query: Query) -> Derivation:
    notation = rf"\mathbb{{P}}(a_{{{query.at}}}\neq0)"
    exact = survival(query.net, query.layer)
    return formula("survival", notation, exact, what_is_assumed(query, assumptions.NO_ATOMS))


def _quantile(query: Query, law: LogSumLaw, name: str, notation: str, *more: Assumption) -> Derivation:
    assumed = what_is_assumed(query, *more)
    enclosed = None
    if query.digits is None:
        log_value = law.quantile(query.p)
    else:
        ball = law.enclosed_quantile(query.p, query.digits)
        log_value, enclosed = float(ball), f"log = {ball.str(query.digits)}"
    value = math.exp(log_value)
    shown = value if value > 0 or log_value == -math.inf else None
    return Derivation(name, notation, None, shown, log_value, assumed, enclosed)


def _quantile_notation(query: Query, what: str) -> str:
    return rf"q_{{{query.p}}}\left({what}\right)"


def _derive_quantile(query: Query, name: str = "quantile") -> Derivation:
    return _quantile(query, _norms(query), name, _quantile_notation(query, f"|a_{{{query.at}}}|^2"))


def _derive_median(query: Query) -> Derivation:
    return _derive_quantile(_at_median(query), "median")


def _derive_gradient_median(query: Query) -> Derivation:
    query = _at_median(query)
    notation = _quantile_notation(query, _g(query))
    return _quantile(query, _gradients(query), "gradient-median", notation, *_readout(query))


def _at_median(query: Query) -> Query:
    return replace(query, p=Query.p)


def _derive_exceedance(query: Query) -> Derivation:
    net = query.net if query.layer is None else query.net.at(depth=query.layer)
    notation = rf"\mathbb{{P}}\left(|a_{{{query.at}}}|^2\ge{query.c}\,|x|^2\right)"
    assumed = what_is_assumed(query)
    if query.digits is None:
        value = exceedance(net, query.c)
        if value > 0:
            return Derivation("exceedance", notation, None, value, math.log(value), assumed)
        return number("exceedance", notation, None, enclosed_exceedance(net, query.c, 15), assumed, None)
    return number("exceedance", notation, None, enclosed_exceedance(net, query.c, query.digits), assumed, query.digits)


def _derive_width(query: Query) -> Derivation:
    net = query.net.at(width="n") if query.net.is_constant_width else query.net
    widths = feasible_widths(net, query.c, query.p)
    notation = rf"n^*\left({query.net.depth}, {query.c}, {query.p}\right)"
    slopes = asymptotic_slope(net, query.c, query.p)
    related = [(name, slope) for name, slope in zip(("least_per_depth", "most_per_depth"), slopes, strict=False)]
    if widths.most is not None:
        related.append(("most", sp.Integer(widths.most)))
    assumed = (
        *what_is_assumed(replace(query, net=net)),
        f"the norm is kept if P(|a_L|^2 >= {query.c} |x|^2) >= {query.p}",
        "the probability crosses this level once (c < 1) or twice (c > 1) as the width grows",
    )
    if widths.least is None:
        reason = "no width keeps the norm above this factor with this probability"
        return Derivation("width", notation, None, None, None, assumed, None, tuple(related), reason)
    exact = sp.Integer(widths.least)
    return Derivation("width", notation, exact, float(exact), None, assumed, None, tuple(related))


def _derive_density(query: Query) -> Derivation:
    exact = density(query.net)
    assumed = (*what_is_assumed(query, assumptions.LINEAR), "r is the value of |a_L|^2")
    return formula("density", r"p_{|a_L|^2}(r)", exact, assumed)


_RATIO = r"\log\frac{|a_k|^2}{|a_{k-1}|^2}"


def _derive_lyapunov(query: Query) -> Derivation:
    exact = lyapunov_expansion(query.net)
    return formula("lyapunov-expansion", rf"\mathbb{{E}}{_RATIO}", exact, _expanded(query))


def _derive_log_variance_expansion(query: Query) -> Derivation:
    exact = log_variance_expansion(query.net)
    return formula("log-variance-expansion", rf"\operatorname{{Var}}{_RATIO}", exact, _expanded(query))


def _expanded(query: Query) -> tuple[str, ...]:
    return (
        *what_is_assumed(query, assumptions.SURVIVAL),
        "the entries have a bounded density and finite moments, and k is at least 3, or the weights are normal",
    )


# --- sampled ----------------------------------------------------------------------------------------------------------


def _norms_of(query: Query) -> ActivationNorms:
    return ActivationNorms(layers=(numeric_layer(query, query.net.depth),))


def _gradients_of(query: Query) -> GradientNorms:
    return GradientNorms(layers=(numeric_layer(query, 1),))


def _mean_of_logs(name: str, law: LogSumLaw, logs: Any, sampling: Sampling) -> Sampled:
    variance = float(law.enclosed_cumulant(2, 15))
    alive = logs[np.isfinite(logs)]
    if not len(alive):
        raise InvalidArgument("samples", f"all {len(logs)} networks are dead", "sample more, or wider networks")
    estimate = catoni_interval(alive, variance, sampling.error)
    estimate = replace(estimate, method=f"{estimate.method}; variance {variance:.6g} from theory")
    return sampled(name, estimate, logs, sampling)


def _sample_log_norm(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a mean")
    law, observable = _norms(query), _norms_of(query)
    return _mean_of_logs("log-norm", law, sampling.logs(query.net, observable), sampling)


def _sample_log_gradient(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a mean")
    law = LogGradientLaw(query.net, numeric_layer(query, 1))
    return _mean_of_logs("log-gradient", law, sampling.logs(query.net, _gradients_of(query)), sampling)


def _share(name: str, logs: Any, least: float, sampling: Sampling) -> Sampled:
    count = int((logs >= least).sum())
    return sampled(name, clopper_pearson_interval(count, len(logs), sampling.error), logs, sampling)


def _sample_survival(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a probability")
    return _share("survival", sampling.logs(query.net, _norms_of(query)), -np.finfo(float).max, sampling)


def _sample_exceedance(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a probability")
    if query.c <= 0:
        raise InvalidArgument("c", f"must be positive, got {query.c}", "use e.g. --c 1/2")
    if _is_rare(query, sampling.samples):
        return _sample_tail(query, sampling)
    least = math.log(query.c.numerator) - math.log(query.c.denominator)
    least += math.log(float(symbols.input_power_sum(query.net, 2)))
    return _share("exceedance", sampling.logs(query.net, _norms_of(query)), least, sampling)


_SEEN = 100
"""Networks that must be expected beyond the threshold, or a plain count says little of a rare event."""


def _is_rare(query: Query, samples: int) -> bool:
    """Whether theory knows the probability to be too small for a plain count."""
    net = query.net if query.layer is None else query.net.at(depth=numeric_layer(query, query.net.depth))
    net.require_numbers("sample")
    if not net.law.is_normal or not net.has_independent_entries:
        return False
    return exceedance(net, query.c) * samples < _SEEN


def _sample_tail(query: Query, sampling: Sampling) -> Sampled:
    """Estimate a tail by exponential tilting, with the logs as what is shown: the probability may underflow."""
    sampling.require_direct("exponential tilting")
    layer = numeric_layer(query, query.net.depth)
    tail = tail_probability(
        query.net, query.c, samples=sampling.samples, seed=sampling.seed, error=sampling.error, layer=layer
    )
    method = f"{tail.method}, as a plain count of {sampling.samples} networks would see fewer than {_SEEN}"
    estimate = Estimate(tail.log_value, tail.log_lo, tail.log_hi, tail.error, method, tail.samples)
    return Sampled("exceedance", estimate, tail.samples, sampling.seed, True, tail.samples, tail.assumptions)


def _order_statistics(query: Query, name: str, observable: Observable, sampling: Sampling) -> Sampled:
    p = float(query.p)
    if sampling.within is None:
        logs = sampling.logs(query.net, observable)
        return sampled(name, order_statistic_interval(logs, p, sampling.error), logs, sampling, log_scale=True)
    narrow = math.log1p(sampling.within)

    def enough(logs: Any) -> bool:
        return quantile_sequence_interval(logs, p, sampling.error).half_width <= narrow

    logs = sampling.logs(query.net, observable, until=enough)
    return sampled(name, quantile_sequence_interval(logs, p, sampling.error), logs, sampling, log_scale=True)


def _sample_quantile(query: Query, sampling: Sampling) -> Sampled:
    return _order_statistics(query, "quantile", _norms_of(query), sampling)


def _sample_median(query: Query, sampling: Sampling) -> Sampled:
    return _order_statistics(_at_median(query), "median", _norms_of(query), sampling)


def _sample_gradient_median(query: Query, sampling: Sampling) -> Sampled:
    return _order_statistics(_at_median(query), "gradient-median", _gradients_of(query), sampling)


TYPICAL = (
    Quantity("log-norm", "E log|a_k|^2, given survival", _derive_log_norm, _sample_log_norm),
    Quantity("log-variance", "Var log|a_k|^2, given survival", _derive_log_variance),
    Quantity("log-gradient", "E log|df/dW_k|_F^2, given survival", _derive_log_gradient, _sample_log_gradient),
    Quantity("survival", "P(a_k is not 0)", _derive_survival, _sample_survival),
    Quantity("median", "median of |a_k|^2", _derive_median, _sample_median),
    Quantity("quantile", "p-quantile of |a_k|^2", _derive_quantile, _sample_quantile),
    Quantity("gradient-median", "median of |df/dW_k|_F^2", _derive_gradient_median, _sample_gradient_median),
    Quantity("exceedance", "P(|a_k|^2 >= c |x|^2)", _derive_exceedance, _sample_exceedance),
    Quantity("width", "least n with P(|a_L|^2 >= c |x|^2) >= p", _derive_width),
    Quantity("density", "density of |a_L|^2 of a linear network", _derive_density),
    Quantity("lyapunov-expansion", "E log(|a_k|^2/|a_{k-1}|^2) in 1/n", _derive_lyapunov),
    Quantity("log-variance-expansion", "Var log(|a_k|^2/|a_{k-1}|^2) in 1/n", _derive_log_variance_expansion),
)
