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

from montecarlo import Estimate, Observable, Workers
from montecarlo.intervals import bounded_mean_sequence, catoni_interval, empirical_bernstein_interval
from montecarlo.intervals.catoni import catoni_reach
from montecarlo.rare_events.particles import islands_needed, particle_mean
from montecarlo.workers.workers import in_task_order
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled, sampled
from proofs_check.answers.sampling import Sampling
from proofs_check.answers.within import Within
from proofs_check.assumptions import Assumption
from theory.ensembles import Ensemble, InvalidArgument
from theory.requirements import require_order


def plain_mean(
    query: Query, sampling: Sampling, observable: Observable, mean: sp.Expr, relative_variance: sp.Expr
) -> Sampled:
    """Estimate E|.|^order from independent networks, as many as are asked for or as the wanted precision takes.

    Parameters
    ----------
    query : Query
        The question, which says which power of the norm is meant.
    sampling : Sampling
        How many networks, or how sharp an interval, and where they run.
    observable : Observable
        What is measured: the logarithm of the squared norm.
    mean : sympy.Expr
        The exact mean, which serves as the unit.
    relative_variance : sympy.Expr
        A bound on the variance over the square of the mean.

    Raises
    ------
    InvalidArgument
        If they are too few to tell the mean from 0, or the precision takes more than may be drawn.
    """
    planned = planned_mean(query, sampling, mean, relative_variance)
    variance = require_enough(relative_variance, planned.samples, planned.error)
    logs = planned.logs(query.net, observable)
    return mean_of_power(query, logs, mean=mean, relative_variance=variance, sampling=planned)


def planned_mean(query: Query, sampling: Sampling, mean: sp.Expr, relative_variance: sp.Expr) -> Sampling:
    """Return the settings with as many networks as Catoni's interval needs for the wanted precision.

    Parameters
    ----------
    query, sampling, mean, relative_variance
        As for :func:`plain_mean`.
    """
    if sampling.within is None:
        return sampling
    return sampling.planned(query.left.plain, _is_sharp(sampling, sampling.within, mean, relative_variance))


def is_plain_enough(sampling: Sampling, mean: sp.Expr, relative_variance: sp.Expr) -> bool:
    """Whether as many independent networks as may be drawn tell the mean from 0, or as sharply as is wanted.

    Parameters
    ----------
    sampling, mean, relative_variance
        As for :func:`plain_mean`.
    """
    if sampling.within is None:
        return bool(2 * relative_variance * math.log(2 / sampling.error) < sampling.samples)
    return _is_sharp(sampling, sampling.within, mean, relative_variance)(sampling.samples)


def _is_sharp(sampling: Sampling, within: Within, mean: sp.Expr, relative_variance: sp.Expr) -> Callable[[int], bool]:
    """Return whether Catoni's interval of so many networks is sharp enough."""
    wanted = min(1.0, within.in_units(1.0, _log(mean))) * (1 - _SPARE)
    variance = max(float(relative_variance), _ISOMETRY)  # beyond floats it is infinite, and so is the reach
    return lambda networks: catoni_reach(networks, variance, sampling.error) <= wanted


_SPARE = 1e-6
"""A share of the interval is left for rounding."""


def _log(mean: sp.Expr) -> float:
    return float(sp.log(sp.N(mean, 30)))


def mean_of_power(
    query: Query,
    logs: Any,
    *,
    mean: sp.Expr,
    relative_variance: float,
    sampling: Sampling,
    drawn: Any = None,
    more: tuple[Assumption, ...] = (),
    is_bound: bool = False,
) -> Sampled:
    """Estimate E|.|^order by Catoni's interval, in units of the exact mean, so that nothing under- or overflows.

    Parameters
    ----------
    query : Query
        The question, which says which power of the norm is meant.
    logs : ndarray
        The sampled logarithms of squared norms, shape (networks,).
    mean : sympy.Expr
        The exact mean, which serves as the unit; or another positive number.
    relative_variance : float
        The variance over the square of the unit, or a bound on it.
    sampling : Sampling
        How the logarithms were sampled.
    is_bound : bool
        Whether it is a bound.
    drawn : ndarray, optional
        The logarithms of all networks, where dead ones are left out of the mean.
    more : tuple of Assumption
        The assumptions of this estimate that not every one needs.
    """
    log_scale = _log(mean)
    relative_variance = max(relative_variance, _ISOMETRY)
    half_order = float(query.order) / 2
    margin = abs(half_order) * sampling.rounding(query.net).of(logs, log_scale)
    # Catoni's estimate rises with each of the values
    low, estimate, high = (
        catoni_interval(np.exp(half_order * logs - log_scale + moved), relative_variance, sampling.error)
        for moved in (-margin, 0.0, margin)
    )
    estimate = replace(estimate, lo=low.lo, hi=high.hi)
    of_theory = f"at most {relative_variance:.6g} by theory" if is_bound else f"{relative_variance:.6g} from theory"
    method = f"{estimate.method}; relative variance {of_theory}"
    beyond = abs(log_scale) > _BEYOND
    if beyond:
        value, lo, hi = (
            log_scale + (math.log(x) if x > 0 else -math.inf) for x in (estimate.value, estimate.lo, estimate.hi)
        )
    else:
        value, lo, hi = (x * math.exp(log_scale) for x in (estimate.value, estimate.lo, estimate.hi))
    scaled = Estimate(value, lo, hi, error=estimate.error, method=method, samples=estimate.samples)
    return sampled(query, scaled, logs if drawn is None else drawn, sampling, *more, log_scale=beyond)


BOUNDED = ("tanh", "erf", "sigmoid", "sine")
"""Activations between -1 and 1, so that |a_k|^2 is at most n_k."""


def mean_of_bounded(query: Query, observable: Observable, sampling: Sampling) -> Sampled:
    """Estimate E|a_k|^order of an activation that lies between -1 and 1, which no theory is needed for.

    Parameters
    ----------
    query : Query
        The question, which says which power of the norm is meant.
    observable : Observable
        What measures the norm.
    sampling : Sampling
        How many networks, or how sharp an interval, and where they run.
    """
    half_order = float(query.order) / 2
    bound = float(query.net.width_at(query.numeric_layer)) ** half_order
    within = sampling.within
    interval = empirical_bernstein_interval if within is None else bounded_mean_sequence  # which may be looked at often

    def enclosed(logs: Any) -> Estimate:
        values = np.minimum(np.exp(half_order * logs), bound)  # rounding may have passed it
        margin = 3 * half_order * sampling.rounding(query.net).of(logs) * bound
        found = interval(values, bound, sampling.error)
        found = replace(found, method=f"{found.method}; values up to {bound:g}").widened(margin)
        return replace(found, lo=max(found.lo, 0.0))

    def is_sharp(logs: Any) -> bool:
        found = enclosed(logs)
        return within is not None and within.missed_by(found.lo, found.hi) <= 1

    logs = sampling.logs(query.net, observable, None if within is None else is_sharp)
    return sampled(query, enclosed(logs), logs, sampling)


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
    order = require_order(query.order)
    try:
        mean = moment(order)
    except InvalidArgument as bad:
        raise no_variance(query.net, bad) from None
    try:
        return mean, moment(2 * order)
    except InvalidArgument as bad:
        problem = f"the interval of a mean of order {order} needs the moment of order {2 * order}: {bad.problem}"
        remedy = "use a lower order, or sample a median" if order > 2 else "sample a median instead"
        raise InvalidArgument("order" if order > 2 else "quantity", problem, remedy) from None


def no_variance(net: Ensemble, bad: InvalidArgument) -> InvalidArgument:
    """Return what is said where theory refuses a moment: for networks of no known moments there is no interval.

    Parameters
    ----------
    net : Ensemble
        The networks.
    bad : InvalidArgument
        The refusal, which stands for all others.
    """
    if net.architecture.is_plain and net.is_homogeneous:
        return bad
    kind = f"in the architecture {net.architecture.describe()!r}"
    if net.architecture.is_plain:
        kind = "with biases" if net.is_piecewise_linear else f"of {net.activation} networks"
    return InvalidArgument("quantity", f"theory has no variance of this mean {kind}", "sample a median instead")


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


def require_enough(relative_variance: sp.Expr, samples: int, error: float) -> float:
    """Return the relative variance, and refuse a mean that so few networks cannot tell from 0.

    Rare networks carry such a mean.

    Parameters
    ----------
    relative_variance : sympy.Expr
        The variance over the square of the mean, a number that may be too large for a float.
    samples : int
        How many networks are to be drawn.
    error : float
        The probability that the interval may miss.

    Raises
    ------
    InvalidArgument
        If they are too few; the message says how many it takes.
    """
    needed = 2 * relative_variance * math.log(2 / error)
    if needed < samples:
        return float(relative_variance)
    problem = f"{samples} are too few: theory knows the relative variance of this mean, and it needs more than "
    raise InvalidArgument("samples", problem + size_text(needed), "sample the median or the log-norm instead")


def size_text(number: sp.Expr) -> str:
    """Return a size that may be too large for a float.

    Examples
    --------
    >>> size_text(sp.Float(12345)), size_text(sp.Float(10) ** 400)
    ('1.23e+04', '10^400')
    """
    return f"{float(number):.3g}" if number < 1e300 else f"10^{int(sp.log(number, 10))}"


def bred_mean(query: Query, sampling: Sampling, mean: sp.Expr, plain: sp.Expr) -> Sampled:
    """Estimate E|a_k|^order by particles, where a plain average would need more networks than there are.

    Parameters
    ----------
    query : Query
        The question, which holds the ensemble, the order and the layer.
    sampling : Sampling
        How many networks, or how sharp an interval, and where they run.
    mean : sympy.Expr
        The exact mean.
    plain : sympy.Expr
        How many networks a plain average would need.

    Raises
    ------
    InvalidArgument
        If even particles need more networks, or a setting has no effect on them.
    """
    sampling.require_direct("particles")
    layer = query.numeric_layer
    islands, particles = _population(query, layer, sampling, mean)
    run_islands = None if sampling.workers is None else partial(_mapped, sampling.workers)
    with nullcontext(None) if sampling.jobs == 1 or run_islands else ThreadPoolExecutor(sampling.jobs) as pool:
        found = particle_mean(
            query.net,
            order=require_order(query.order),
            layer=layer,
            islands=islands,
            particles=particles,
            seed=sampling.seed,
            error=sampling.error,
            executor=run_islands or pool,
            progress=None if sampling.progress is None else partial(_told, sampling.progress, particles),
        )
    method = (
        f"{found.estimate.method} over {islands} islands of {particles} particles, as a plain average needs more than "
        f"{size_text(plain)} networks; relative variance of an island at most {found.relative_variance:.6g}"
    )
    log_scale = found.log_scale != 0  # no float holds the mean
    if log_scale:
        estimate = Estimate(found.log_value, *found.log_interval, sampling.error, method, islands)
    else:
        estimate = replace(found.estimate, method=method)
    networks, missed_by = islands * particles, 0.0
    if sampling.within is not None:
        missed_by = sampling.within.missed_by(estimate.lo, estimate.hi, log_scale=log_scale)
    return Sampled(
        query,
        estimate,
        networks,
        seed=sampling.seed,
        log_scale=log_scale,
        networks_alive=networks,
        assumptions=(*what_is_assumed(query), *found.assumptions),
        missed_by=missed_by,
    )


def _population(query: Query, layer: int, sampling: Sampling, mean: sp.Expr) -> tuple[int, int]:
    """Return how many islands of how many particles there are.

    Islands are as large as possible, given that there are enough of them for an interval of half the mean; or there
    are as few networks as the wanted precision takes.
    """

    def needed(particles: int, share: float) -> int | None:
        with suppress(InvalidArgument):  # it takes more islands than there can be
            return islands_needed(
                query.net, order=require_order(query.order), particles=particles, error=sampling.error,
                relative_half_width=share, layer=layer,
            )  # fmt: skip
        return None

    least = math.ceil(4 * math.log(2 / sampling.error))
    if sampling.within is not None:
        share = min(0.5, sampling.within.in_units(1.0, _log(mean)) * 0.9)  # a share of the estimate, which may be off
        sizes = [2**power for power in range(24)]
        found = [(size * max(islands, least), size) for size in sizes if (islands := needed(size, share)) is not None]
        networks, size = min(found, default=(math.inf, 1))
        if networks <= sampling.samples:
            return int(networks) // size, size
        problem = f"{sampling.within} takes {networks:.3g} networks as particles, and {sampling.samples} may be drawn"
        raise InvalidArgument("within", problem, "allow more by samples=..., or ask for less, or for a median")
    for islands in (100, least):
        particles = sampling.samples // islands
        if particles >= 1 and islands >= least:
            enough = needed(particles, 0.5)
            if enough is not None and enough <= islands:
                return islands, particles
    problem = f"{sampling.samples} are too few even for particles: their interval would be wider than the mean"
    raise InvalidArgument("samples", problem, f"try {max(10 * sampling.samples, 100 * least)}, or sample the median")


def _told(progress: Callable[[int, int], object], particles: int, done: int, islands: int) -> None:
    progress(done * particles, islands * particles)


def _mapped(workers: Workers, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    return in_task_order(function, ((item,) for item in items), workers)
