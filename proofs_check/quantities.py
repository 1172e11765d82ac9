"""What `derive` and `sample` can be asked for: each quantity with its formula, its estimate and its assumptions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from montecarlo import ActivationNorms, Estimate, GradientNorms, simulate
from montecarlo.intervals import catoni_interval, clopper_pearson_interval, order_statistic_interval
from proofs_check.statement import Assumption
from theory import LogNormLaw, activation_moment, gradient_moment, kurtosis, kurtosis_limit, symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import nearest


@dataclass(frozen=True)
class Query:
    """What is asked: an ensemble, with the order, layer and probability where they matter."""

    net: Ensemble
    order: int = 2
    layer: int | str | None = None
    p: float = 0.5


@dataclass(frozen=True)
class Derivation:
    """An answer of theory.

    Parameters
    ----------
    quantity : str
        Its name.
    notation : str
        Its LaTeX notation, the left-hand side.
    exact : sympy.Expr or None
        The formula; None where the answer is a number found by inversion, or has more digits than Python prints.
    value : float or None
        None while symbols remain.
    log_value : float or None
        Natural logarithm, where it is what is computed, or the value under- or overflows.
    assumptions : tuple of str
        All of them.
    """

    quantity: str
    notation: str
    exact: sp.Expr | None
    value: float | None
    log_value: float | None
    assumptions: tuple[str, ...]


@dataclass(frozen=True)
class Sampled:
    """An answer of montecarlo: an estimate with its interval, and logarithms where they are what is measured."""

    quantity: str
    estimate: Estimate
    samples: int
    seed: int
    log_scale: bool
    networks_alive: int


@dataclass(frozen=True)
class Quantity:
    """One thing that can be asked for."""

    name: str
    describe: str
    derive: Callable[[Query], Derivation]
    sample: Callable[[Query, int, int, float, int], Sampled] | None


def quantity(name: str) -> Quantity:
    """Return the quantity of that name.

    Raises
    ------
    InvalidArgument
        If there is none; the nearest is suggested.

    Examples
    --------
    >>> quantity("kurtosis").describe
    'E|a_k|^4/(E|a_k|^2)^2'
    """
    for candidate in QUANTITIES:
        if candidate.name == name:
            return candidate
    remedy = nearest(name, [candidate.name for candidate in QUANTITIES])
    raise InvalidArgument("quantity", f"there is no quantity {name!r}", remedy)


def _assumptions(query: Query, *more: Assumption) -> tuple[str, ...]:
    net = query.net
    out = [Assumption.NORMAL if net.law.is_normal else Assumption.INDEPENDENT_ENTRIES, *more, Assumption.NO_BIASES]
    texts = [assumption.value for assumption in dict.fromkeys(out)]
    texts.append(f"the weights have variance {symbols.variance(net, 1)}" if net.is_constant_width else net.describe())
    if net.symbols and net.input is None:
        texts.append("norm_x is |x| and norm4_x is |x|_4 of the input x; symbols of sizes are positive integers")
    elif net.input is None:
        texts.append("the input is (1, ..., 1)/sqrt(n_0), a unit vector")
    return tuple(texts)


def _derivation(name: str, notation: str, exact: sp.Expr, assumptions: tuple[str, ...]) -> Derivation:
    if exact.free_symbols:
        return Derivation(name, notation, exact, None, None, assumptions)
    number = sp.N(exact, 30)
    real = sp.re(number)
    logarithm = float(sp.log(real)) if real > 0 else None
    value = float(real)
    in_range = math.isfinite(value) and (value != 0 or real == 0)
    shown = exact if _can_be_printed(exact) else None
    return Derivation(name, notation, shown, value if in_range else None, logarithm, assumptions)


def _can_be_printed(exact: sp.Expr) -> bool:
    try:
        str(exact)
    except ValueError:  # sys.get_int_max_str_digits()
        return False
    return True


def _layer_text(query: Query) -> str:
    return str(query.net.depth if query.layer is None else query.layer)


def _power(text: str, order: int) -> str:
    return rf"\mathbb{{E}}\left|{text}\right|^{{{order}}}"


def _numeric_layer(query: Query) -> int:
    query.net.require_numbers("sample")
    layer = query.net.depth if query.layer is None else query.layer
    if not isinstance(layer, int):
        raise InvalidArgument("layer", f"must be a number to be sampled, got {layer!r}", "use e.g. --layer 3")
    query.net.width_at(layer)
    return layer


# --- activation -------------------------------------------------------------------------------------------------------


def _derive_activation(query: Query) -> Derivation:
    exact = activation_moment(query.net, query.order, query.layer)
    notation = _power(f"a_{{{_layer_text(query)}}}", query.order)
    return _derivation("activation", notation, exact, _assumptions(query, Assumption.PIECEWISE_LINEAR))


def _sample_activation(query: Query, samples: int, seed: int, error: float, jobs: int) -> Sampled:
    layer = _numeric_layer(query)
    mean = activation_moment(query.net, query.order, layer)
    square = activation_moment(query.net, 2 * query.order, layer)
    variance = _require_enough(mean, square, samples, error)
    observable = ActivationNorms(layers=(layer,))
    logs = simulate(query.net, [observable], samples=samples, seed=seed, jobs=jobs)[observable].log_values(f"a_{layer}")
    return _mean_of_power("activation", logs, query.order, mean, variance, error, seed)


def _mean_of_power(
    name: str, logs: Any, order: int, mean: sp.Expr, relative_variance: float, error: float, seed: int
) -> Sampled:
    """Catoni's interval on the scale of the exact mean, so that nothing under- or overflows on the way."""
    log_scale = float(sp.log(sp.N(mean, 30)))
    estimate = catoni_interval(np.exp(order / 2 * logs - log_scale), relative_variance, error)
    scale = math.exp(log_scale)
    scaled = Estimate(
        estimate.value * scale,
        estimate.lo * scale,
        estimate.hi * scale,
        estimate.error,
        f"{estimate.method}; relative variance {relative_variance:.6g} from theory",
        estimate.samples,
    )
    return Sampled(name, scaled, len(logs), seed, False, int(np.isfinite(logs).sum()))


def _require_enough(mean: sp.Expr, square: sp.Expr, samples: int, error: float) -> float:
    """Return the relative variance; refuse a mean that so few networks cannot tell from 0: rare networks carry it."""
    relative_variance = sp.N(square / mean**2 - 1, 30)
    needed = 2 * relative_variance * math.log(2 / error)
    if needed < samples:
        return float(relative_variance)
    size = f"{float(needed):.3g}" if needed < 1e300 else f"10^{int(sp.log(needed, 10))}"
    problem = f"{samples} are too few: theory knows the relative variance of this mean, and it needs more than {size}"
    raise InvalidArgument("samples", problem, "sample the median or the log-norm instead")


# --- gradient ---------------------------------------------------------------------------------------------------------


def _derive_gradient(query: Query) -> Derivation:
    exact = gradient_moment(query.net, query.layer, query.order)
    layer = "k" if query.layer is None else query.layer
    notation = _power(rf"\partial f/\partial W_{{{layer}}}", query.order) + "_F"
    more = [Assumption.PIECEWISE_LINEAR]
    if query.net.slope != 1:
        more += [Assumption.SIGN_SYMMETRIC_READOUT, Assumption.NO_ATOMS]
    return _derivation("gradient", notation, exact, _assumptions(query, *more))


def _sample_gradient(query: Query, samples: int, seed: int, error: float, jobs: int) -> Sampled:
    query.net.require_numbers("sample")
    layer = 1 if query.layer is None else query.layer
    if not isinstance(layer, int):
        raise InvalidArgument("layer", f"must be a number to be sampled, got {layer!r}", "use e.g. --layer 3")
    mean = gradient_moment(query.net, layer, query.order)
    square = gradient_moment(query.net, layer, 2 * query.order)
    variance = _require_enough(mean, square, samples, error)
    observable = GradientNorms(layers=(layer,))
    logs = simulate(query.net, [observable], samples=samples, seed=seed, jobs=jobs)[observable].log_values(f"G_{layer}")
    return _mean_of_power("gradient", logs, query.order, mean, variance, error, seed)


# --- kurtosis ---------------------------------------------------------------------------------------------------------


def _derive_kurtosis(query: Query) -> Derivation:
    exact = kurtosis(query.net, query.layer)
    a = f"a_{{{_layer_text(query)}}}"
    notation = rf"\frac{{{_power(a, 4)}}}{{(\mathbb{{E}}|{a}|^2)^2}}"
    return _derivation("kurtosis", notation, exact, _assumptions(query, Assumption.PIECEWISE_LINEAR))


def _derive_kurtosis_limit(query: Query) -> Derivation:
    notation = r"\lim_{n\to\infty,\ L=\beta n}\frac{\mathbb{E}|a_L|^4}{(\mathbb{E}|a_L|^2)^2}"
    return _derivation("kurtosis-limit", notation, kurtosis_limit(query.net), _assumptions(query))


# --- the law of log|a_L|^2 --------------------------------------------------------------------------------------------


def _law(query: Query) -> LogNormLaw:
    if query.layer is None:
        return LogNormLaw(query.net)
    if not query.net.is_constant_width or not isinstance(query.layer, int) or query.layer < 1:
        raise InvalidArgument("layer", f"{query.layer!r} is not a layer of constant width", "use e.g. --layer 3")
    query.net.width_at(query.layer)
    return LogNormLaw(query.net.at(depth=query.layer))


def _derive_log_norm(query: Query) -> Derivation:
    law = _law(query)
    survival = (Assumption.SURVIVAL,) if law.can_die else ()
    given = rf"\mid a_{{{_layer_text(query)}}}\neq0" if law.can_die else ""
    notation = rf"\mathbb{{E}}\left[\log|a_{{{_layer_text(query)}}}|^2{given}\right]"
    return _derivation("log-norm", notation, law.mean(), _assumptions(query, *survival))


def _derive_survival(query: Query) -> Derivation:
    notation = rf"\mathbb{{P}}(a_{{{_layer_text(query)}}}\neq0)"
    return _derivation("survival", notation, _law(query).survival(), _assumptions(query))


def _derive_quantile(query: Query, name: str = "quantile") -> Derivation:
    log_value = _law(query).quantile(query.p)
    notation = rf"q_{{{query.p}}}\left(|a_{{{_layer_text(query)}}}|^2\right)"
    value = math.exp(log_value)
    shown = value if value > 0 or log_value == -math.inf else None
    return Derivation(name, notation, None, shown, log_value, _assumptions(query))


def _final_logs(query: Query, samples: int, seed: int, jobs: int) -> Any:
    layer = _numeric_layer(query)
    observable = ActivationNorms(layers=(layer,))
    return simulate(query.net, [observable], samples=samples, seed=seed, jobs=jobs)[observable].log_values(f"a_{layer}")


def _sample_log_norm(query: Query, samples: int, seed: int, error: float, jobs: int) -> Sampled:
    variance = float(sp.N(_law(query).variance()))
    logs = _final_logs(query, samples, seed, jobs)
    alive = logs[np.isfinite(logs)]
    if not len(alive):
        raise InvalidArgument("samples", f"all {samples} networks are dead", "sample more, or wider networks")
    estimate = catoni_interval(alive, variance, error)
    estimate = replace(estimate, method=f"{estimate.method}; variance {variance:.6g} from theory")
    return Sampled("log-norm", estimate, samples, seed, False, len(alive))


def _sample_survival(query: Query, samples: int, seed: int, error: float, jobs: int) -> Sampled:
    alive = int(np.isfinite(_final_logs(query, samples, seed, jobs)).sum())
    return Sampled("survival", clopper_pearson_interval(alive, samples, error), samples, seed, False, alive)


def _sample_quantile(query: Query, samples: int, seed: int, error: float, jobs: int, name: str = "quantile") -> Sampled:
    logs = _final_logs(query, samples, seed, jobs)
    estimate = order_statistic_interval(logs, query.p, error)
    return Sampled(name, estimate, samples, seed, True, int(np.isfinite(logs).sum()))


def _derive_median(query: Query) -> Derivation:
    return _derive_quantile(replace(query, p=0.5), "median")


def _sample_median(query: Query, samples: int, seed: int, error: float, jobs: int) -> Sampled:
    return _sample_quantile(replace(query, p=0.5), samples, seed, error, jobs, "median")


QUANTITIES = (
    Quantity("activation", "E|a_k|^order", _derive_activation, _sample_activation),
    Quantity("gradient", "E|df/dW_k|_F^order", _derive_gradient, _sample_gradient),
    Quantity("kurtosis", "E|a_k|^4/(E|a_k|^2)^2", _derive_kurtosis, None),
    Quantity("kurtosis-limit", "its limit along L = beta n", _derive_kurtosis_limit, None),
    Quantity("log-norm", "E log|a_k|^2, given survival", _derive_log_norm, _sample_log_norm),
    Quantity("survival", "P(a_k is not 0)", _derive_survival, _sample_survival),
    Quantity("median", "median of |a_k|^2", _derive_median, _sample_median),
    Quantity("quantile", "p-quantile of |a_k|^2", _derive_quantile, _sample_quantile),
)
