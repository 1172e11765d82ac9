"""Estimates of heavy-tailed means: a valid interval, or a refusal that says how many networks it takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from montecarlo import Estimate, Workers
from montecarlo.intervals import catoni_interval, empirical_bernstein_interval
from montecarlo.rare_events.particles import islands_needed, particle_mean
from montecarlo.workers.workers import in_task_order
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled, sampled
from proofs_check.answers.sampling import Sampling
from theory.ensembles import InvalidArgument


def mean_of_power(query: Query, logs: Any, *, mean: sp.Expr, relative_variance: float, sampling: Sampling) -> Sampled:
    """Estimate E|.|^order by Catoni's interval, in units of the exact mean, so that nothing under- or overflows.

    Parameters
    ----------
    query : Query
        The question, which says which power of the norm is meant.
    logs : ndarray
        The sampled logarithms of squared norms, shape (networks,).
    mean : sympy.Expr
        The exact mean, which serves as the unit.
    relative_variance : float
        The variance over the square of the mean.
    sampling : Sampling
        How the logarithms were sampled.
    """
    log_scale = float(sp.log(sp.N(mean, 30)))
    relative_variance = max(relative_variance, _ISOMETRY)
    margin = query.order / 2 * sampling.rounding(query.net).of(logs, log_scale)
    # Catoni's estimate rises with each of the values
    low, estimate, high = (
        catoni_interval(np.exp(query.order / 2 * logs - log_scale + moved), relative_variance, sampling.error)
        for moved in (-margin, 0.0, margin)
    )
    estimate = replace(estimate, lo=low.lo, hi=high.hi)
    method = f"{estimate.method}; relative variance {relative_variance:.6g} from theory"
    beyond = abs(log_scale) > _BEYOND
    if beyond:
        value, lo, hi = (
            log_scale + (math.log(x) if x > 0 else -math.inf) for x in (estimate.value, estimate.lo, estimate.hi)
        )
    else:
        value, lo, hi = (x * math.exp(log_scale) for x in (estimate.value, estimate.lo, estimate.hi))
    scaled = Estimate(value, lo, hi, error=estimate.error, method=method, samples=estimate.samples)
    return sampled(query, scaled, logs, sampling, log_scale=beyond)


BOUNDED = ("tanh", "erf", "sigmoid", "sine")
"""Activations between -1 and 1, so that |a_k|^2 is at most n_k."""


def mean_of_bounded(query: Query, logs: Any, sampling: Sampling) -> Sampled:
    """Estimate E|a_k|^order of an activation that lies between -1 and 1, which no theory is needed for.

    Parameters
    ----------
    query, logs, sampling
        As for :func:`mean_of_power`.
    """
    bound = float(query.net.width_at(query.numeric_layer)) ** (query.order / 2)
    values = np.minimum(np.exp(query.order / 2 * logs), bound)  # rounding may have passed it
    estimate = empirical_bernstein_interval(values, bound, sampling.error)
    margin = query.order / 2 * sampling.rounding(query.net).of(logs)
    estimate = replace(estimate, method=f"{estimate.method}; values up to {bound:g}").widened(3 * margin * bound)
    return sampled(query, estimate, logs, sampling)


_BEYOND = 690
"""A mean whose logarithm is larger than this is estimated by its logarithm, as floats end at exp(709)."""


_ISOMETRY = 1e-24
"""Norms that are the same for all networks count as having this relative variance, as an interval needs one."""


def mean_and_square(query: Query, moment: Callable[[int], sp.Expr]) -> tuple[sp.Expr, sp.Expr]:
    """Return the exact mean of a power of a norm and of its square, without which no interval is valid.

    Parameters
    ----------
    query : Query
        The question, which says which power of the norm is meant.
    moment : callable
        Returns the exact moment of an order.

    Raises
    ------
    InvalidArgument
        If theory has no such mean or mean square.
    """
    architecture, order = query.net.architecture, query.order
    try:
        mean = moment(order)
    except InvalidArgument:
        if architecture.is_plain and query.net.is_homogeneous:
            raise
        kind = f"in the architecture {architecture.describe()!r}"
        if architecture.is_plain:
            kind = "with biases" if query.net.is_piecewise_linear else f"of {query.net.activation} networks"
        problem = f"theory has no variance of this mean {kind}"
        raise InvalidArgument("quantity", problem, "sample a median instead") from None
    try:
        return mean, moment(2 * order)
    except InvalidArgument as bad:
        problem = f"the interval of a mean of order {order} needs the moment of order {2 * order}: {bad.problem}"
        remedy = "use a lower order, or sample a median" if order > 2 else "sample a median instead"
        raise InvalidArgument("order" if order > 2 else "quantity", problem, remedy) from None


def networks_needed(mean: sp.Expr, square: sp.Expr, error: float) -> tuple[sp.Expr, sp.Expr]:
    """Return the relative variance, and how many networks a plain average needs before it can be told from 0.

    Parameters
    ----------
    mean, square : sympy.Expr
        The exact mean of the quantity and of its square.
    error : float
        The probability that the interval may miss.

    Returns
    -------
    relative_variance, networks : sympy.Float
        Numbers that may be too large for a float.
    """
    relative_variance = sp.N(square / mean**2 - 1, 30)
    return relative_variance, 2 * relative_variance * math.log(2 / error)


def require_enough(mean: sp.Expr, square: sp.Expr, samples: int, error: float) -> float:
    """Return the relative variance, and refuse a mean that so few networks cannot tell from 0.

    Rare networks carry such a mean.

    Parameters
    ----------
    mean, square, error
        As for :func:`networks_needed`.
    samples : int
        How many networks are to be drawn.

    Raises
    ------
    InvalidArgument
        If they are too few; the message says how many it takes.
    """
    relative_variance, needed = networks_needed(mean, square, error)
    if needed < samples:
        return float(relative_variance)
    size = f"{float(needed):.3g}" if needed < 1e300 else f"10^{int(sp.log(needed, 10))}"
    problem = f"{samples} are too few: theory knows the relative variance of this mean, and it needs more than {size}"
    raise InvalidArgument("samples", problem, "sample the median or the log-norm instead")


def bred_mean(query: Query, sampling: Sampling, plain: sp.Expr) -> Sampled:
    """Estimate E|a_k|^order by particles, where a plain average would need more networks than there are.

    Parameters
    ----------
    query : Query
        The question, which holds the ensemble, the order and the layer.
    sampling : Sampling
        How many networks, and where they run.
    plain : sympy.Expr
        How many networks a plain average would need.

    Raises
    ------
    InvalidArgument
        If even particles need more networks, or a setting has no effect on them.
    """
    sampling.require_direct("particles")
    layer = query.numeric_layer
    islands, particles = _population(query, layer, sampling)
    run_islands = None if sampling.workers is None else partial(_mapped, sampling.workers)
    with nullcontext(None) if sampling.jobs == 1 or run_islands else ThreadPoolExecutor(sampling.jobs) as pool:
        found = particle_mean(
            query.net,
            order=query.order,
            layer=layer,
            islands=islands,
            particles=particles,
            seed=sampling.seed,
            error=sampling.error,
            executor=run_islands or pool,
            progress=None if sampling.progress is None else partial(_told, sampling.progress, particles),
        )
    size = f"{float(plain):.3g}" if plain < 1e300 else f"10^{int(sp.log(plain, 10))}"
    method = (
        f"{found.estimate.method} over {islands} islands of {particles} particles, as a plain average needs more than "
        f"{size} networks; relative variance of an island at most {found.relative_variance:.6g}"
    )
    log_scale = found.log_scale != 0  # no float holds the mean
    if log_scale:
        estimate = Estimate(found.log_value, *found.log_interval, sampling.error, method, islands)
    else:
        estimate = replace(found.estimate, method=method)
    networks = islands * particles
    return Sampled(
        query,
        estimate,
        networks,
        seed=sampling.seed,
        log_scale=log_scale,
        networks_alive=networks,
        assumptions=(*what_is_assumed(query), *found.assumptions),
    )


def _population(query: Query, layer: int, sampling: Sampling) -> tuple[int, int]:
    """Return how many islands of how many particles there are.

    Islands are as large as possible, given that there are enough of them for an interval of half the mean.
    """
    least = math.ceil(4 * math.log(2 / sampling.error))
    for islands in (100, least):
        particles = sampling.samples // islands
        if particles >= 1 and islands >= least:
            with suppress(InvalidArgument):  # it takes more islands than there can be
                needed = islands_needed(
                    query.net, order=query.order, particles=particles, error=sampling.error, relative_half_width=0.5,
                    layer=layer,
                )  # fmt: skip
                if needed <= islands:
                    return islands, particles
    problem = f"{sampling.samples} are too few even for particles: their interval would be wider than the mean"
    raise InvalidArgument("samples", problem, f"try {max(10 * sampling.samples, 100 * least)}, or sample the median")


def _told(progress: Callable[[int, int], object], particles: int, done: int, islands: int) -> None:
    progress(done * particles, islands * particles)


def _mapped(workers: Workers, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    return in_task_order(function, ((item,) for item in items), workers)
