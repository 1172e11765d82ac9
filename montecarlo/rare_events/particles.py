"""Means of heavy-tailed norms, by particles in independent islands: unbiased for any law, at any depth."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_count, as_ensemble, as_positive, as_probability
from montecarlo.arrays import Array
from montecarlo.drawing.input_and_readout import vector
from montecarlo.drawing.norm_traces import rescale
from montecarlo.drawing.sampler_check import check_sampler
from montecarlo.drawing.small_products import matrix_vector
from montecarlo.drawing.streams import sizes, stream
from montecarlo.drawing.weights import Weights
from montecarlo.intervals import Estimate
from montecarlo.intervals.relative_catoni import relative_catoni, relative_reach
from montecarlo.wording import counted, scaled
from montecarlo.workers.places import borrowed
from montecarlo.workers.workers import Workers, in_task_order
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.usual_slopes import of_usual_slope

Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""A function like the built-in ``map``, which applies a function to each item, in order."""

_SLICE_WEIGHTS = 2**17
"""So many weights are drawn at a time: 1 MiB, which stays in the cache."""
_STATE_BYTES = 2**31
"""The particles of an island may take so many bytes."""
_LEAST_VARIANCE = 1e-20
"""The variance that rounding gives an estimate that does not vary."""


@dataclass(frozen=True, eq=False)
class ParticleMean:
    r"""An estimate of :math:`E|a_k|^{order}`, with an interval, in units of exp(log_scale).

    Attributes
    ----------
    net : Ensemble
    order : int
        The power of the norm.
    layer : int
        k.
    estimate : Estimate
        Value and interval over exp(log_scale); its samples are the islands.
    log_scale : float
        Log of the unit: 0 where value and interval are floats in units of 1, unlike means such as 1e-5000.
    log_islands : ndarray, shape (islands,)
        Log of each island's estimate; these are independent and identically distributed, and -inf where all particles
        have died.
    relative_variance : float
        Bound on an island's variance over its squared mean, on which the interval rests.
    particles : int
        Networks in an island.
    seed : int
    assumptions : tuple of str
        What the interval assumes about one layer. That the estimate is unbiased needs none of it.
    """

    net: Ensemble
    order: int
    layer: int
    estimate: Estimate
    log_scale: float
    log_islands: Array
    relative_variance: float
    particles: int
    seed: int
    assumptions: tuple[str, ...]

    def __repr__(self) -> str:
        value, lo, hi = (
            scaled(number, self.log_scale) for number in (self.estimate.value, self.estimate.lo, self.estimate.hi)
        )
        drawn = f"{counted(self.estimate.samples, 'island')} of {self.particles}, seed {self.seed}"
        of = f"E|a_{self.layer}|^{self.order} of {self.net!r}"
        return f"ParticleMean({value} in [{lo}, {hi}], error {self.estimate.error:g}, {drawn}, {of})"

    @property
    def log_value(self) -> float:
        """The log of the estimate; -inf where all islands have died."""
        return self.log_scale + _log(self.estimate.value)

    @property
    def log_interval(self) -> tuple[float, float]:
        """The logs of the interval's ends."""
        return self.log_scale + _log(self.estimate.lo), self.log_scale + _log(self.estimate.hi)


def particle_mean(
    net: Ensemble,
    *,
    order: int = 2,
    layer: int | None = None,
    islands: int,
    particles: int,
    seed: int = 0,
    error: float,
    executor: Executor | Workers | Mapper | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> ParticleMean:
    r"""Estimate :math:`E|a_k|^{order}` from real weight matrices, where plain averages have no chance.

    An island is a population of networks that grows layer by layer. At each layer every network draws its own matrix;
    then the networks are resampled in proportion to :math:`G = (|a_k|/|a_{k-1}|)^{order}`. The island's estimate is the
    product over the layers of the population's averages of G. So the rare networks that carry the mean are bred.

    Parameters
    ----------
    net : Ensemble
        An ensemble without symbols.
    order : int
        The power of the norm: 2 for any law whose kurtosis is known; 4, 6, ... for normal weights.
    layer : int, optional
        k, at least 1; the depth by default.
    islands : int
        How many independent populations there are; :func:`islands_needed` tells how many it takes.
    particles : int
        How many networks each island has.
    seed : int
        Root seed, not negative. Each island has a stream of its own, so that the bits do not depend on the executor.
    error : float
        Probability that the interval may miss, both sides together.
    executor : concurrent.futures.Executor, Workers or callable, optional
        What runs the islands: an executor, workers from :mod:`montecarlo.workers.places`, or a function like the
        built-in ``map``. By default they run in this thread, one after the other.
    progress : callable, optional
        Called in this thread with (islands done, islands) after each island.

    Returns
    -------
    ParticleMean

    Raises
    ------
    InvalidArgument
        If an argument is unusable, the kurtosis of the law is unknown, entries are dependent (orthogonal), or the
        order is above 2 for weights that are not normal.

    Notes
    -----
    *Unbiased, for every law.* Let m = order/2, :math:`R_k = |a_k|^2/|a_{k-1}|^2`,
    :math:`Q_k f(a) = E[R_k^m f(a_k) | a_{k-1} = a]` for :math:`a \ne 0`, :math:`Q_k f(0) = 0`, and of an island's N
    particles :math:`Z_k = \prod_{j \le k} N^{-1} \sum_i G_j^i` and
    :math:`\eta_k f = Z_{k-1} N^{-1} \sum_i G_k^i f(a_k^i)`, so that :math:`\eta_k 1 = Z_k`. Given the ancestors
    :math:`A_i` the particles of generation k are independent draws from them, and ancestor i is chosen
    :math:`N G_{k-1}^i/\sum_j G_{k-1}^j` times on average. Hence :math:`E[\eta_k f | k-1] = \eta_{k-1}(Q_k f)`, and by
    induction :math:`E \eta_k f = (Q_1 \cdots Q_k f)(x)`: :math:`E Z_k = E|a_k|^{2m}/|x|^{2m}`. A dead particle has
    G = 0 and is never an ancestor; where all have died, Z = 0 from then on, and both sides of the equation are 0.

    *Variance.* Let F be all that happened before generation k, the choice of ancestors included, and suppose that for
    all :math:`a \ne 0` (i) :math:`E[R_k^m|a] = q_k` and (ii) :math:`E[R_k^{2m}|a] \le (1 + r_k) q_k^2`. On
    :math:`\{Z_{k-1} > 0\}` all ancestors are alive, and given F the :math:`G_k^i` are independent with mean q_k and
    variance at most :math:`r_k q_k^2`, *however* ancestors were chosen; where :math:`Z_{k-1} = 0`, :math:`Z_k = 0`.
    So in both cases :math:`E[Z_k^2 | F] \le Z_{k-1}^2 q_k^2 (1 + r_k/N)`, and with :math:`E Z_L = \prod q_k`

    .. math:: \frac{\mathrm{Var}\, Z_L}{(E Z_L)^2} \le \prod_k \left(1 + \frac{r_k}{N}\right) - 1.

    *One layer, order 2.* Rows are independent and their signs symmetric, so with :math:`p_j = (1 + slope^j)/2`,
    :math:`E[R|a] = n_k p_2 s_k^2`, and by :math:`E z^4 = s^4 (3|a|_2^4 + (K-3)|a|_4^4)`

    .. math:: r_k = \frac{c_k}{n_k},\qquad c_k = \frac{p_4}{p_2^2}\Bigl(3 + (K-3)\rho\Bigr) - 1,\qquad
              \rho = \frac{|a|_4^4}{|a|_2^4} \in [1/n_{k-1}, 1],

    which is largest at :math:`\rho = 1` for K > 3 and at :math:`1/n_{k-1}` otherwise. Atoms at 0 change nothing.

    *One layer, normal weights.* R does not depend on the direction of a, and
    :math:`1 + r_k = E R^{2m}/(E R^m)^2` exactly.

    *Interval.* It is that of :func:`~montecarlo.intervals.relative_catoni.relative_catoni`, which uses only the
    relative variance: q_k is estimated, not assumed.

    References
    ----------
    P. Del Moral, Feynman-Kac Formulae, Springer 2004, section 7.4; J. Carpenter, P. Clifford and P. Fearnhead, IEE
    Proc. Radar Sonar Navig. 146(1), 1999, for systematic resampling.

    Examples
    --------
    Of these networks 5 in 10^5 survive:

    >>> net = Ensemble(width=2, depth=40, activation="relu", init="he", law="uniform")
    >>> mean = particle_mean(net, islands=40, particles=500, error=1e-3)
    >>> mean.estimate.lo < 1 < mean.estimate.hi
    True
    """
    last = _require_particles(net, order, layer, particles, error)
    islands, seed = as_count("islands", islands, example=100), as_count("seed", seed, 0, example=0)
    if progress is not None and not callable(progress):
        raise InvalidArgument("progress", f"{progress!r} is not callable", "use a function of (done, islands)")
    check_sampler(net, seed)
    digest = net.digest()
    tasks = ((net, order, last, particles, seed, digest, island) for island in range(islands))
    logs = np.empty(islands)
    for done, log_island in enumerate(_mapper(net, executor)(run_island, tasks), start=1):
        logs[done - 1] = log_island
        if progress is not None:
            progress(done, islands)
    variance = island_variance(net, order=order, particles=particles, layer=last)
    log_value, log_lo, log_hi = relative_catoni(logs, variance, error)
    ends = [end for end in (log_value, log_lo, log_hi) if math.isfinite(end)]
    log_scale = 0.0 if all(abs(end) < 700 for end in ends) else log_value
    value, lo, hi = (math.exp(end - log_scale) if end < math.inf else end for end in (log_value, log_lo, log_hi))
    return ParticleMean(
        net=net,
        order=order,
        layer=last,
        estimate=Estimate(value=value, lo=lo, hi=hi, error=error, method="catoni, relative", samples=islands),
        log_scale=log_scale,
        log_islands=logs,
        relative_variance=variance,
        particles=particles,
        seed=seed,
        assumptions=_assumptions(net, order, last),
    )


def island_variance(net: Ensemble, *, order: int = 2, particles: int, layer: int | None = None) -> float:
    """Return the bound on Var Z/(E Z)^2 of one island's estimate Z that the notes of :func:`particle_mean` prove.

    Parameters
    ----------
    net, order, particles, layer
        As for :func:`particle_mean`.

    Raises
    ------
    InvalidArgument
        As for :func:`particle_mean`, or if the bound is above e^100.

    Examples
    --------
    >>> net = Ensemble(width=8, depth=100, activation="relu", init="he")
    >>> round(island_variance(net, particles=1000), 6), round((1 + 5 / 8000) ** 100 - 1, 6)
    (0.064474, 0.064474)
    """
    last = _require_particles(net, order, layer, particles)
    log_growth = math.fsum(math.log1p(float(spread) / particles) for spread in _spreads(net, order, last))
    if log_growth > 100:
        least = math.ceil(sum(_spreads(net, order, last)))
        problem = f"with {particles}, an island's relative variance may be e^{log_growth:.0f}"
        raise InvalidArgument("particles", problem, f"use particles={least}, which brings it below 2")
    return max(math.expm1(log_growth) * (1 + 1e-12), _LEAST_VARIANCE)


def islands_needed(
    net: Ensemble,
    *,
    order: int = 2,
    particles: int,
    error: float,
    relative_half_width: float,
    layer: int | None = None,
) -> int:
    r"""Return how many islands make an interval of that half-width, as a share of the estimate.

    Let :math:`[1 - d, 1 + u]` be the interval over the estimate
    (:func:`~montecarlo.intervals.relative_catoni.relative_reach`) and M the mean. With probability at least 1 - error
    the interval holds M and lies between :math:`M(1-d)/(1+u)` and :math:`M(1+u)/(1-d)`, so that a test with that
    tolerance passes for any seed.

    Parameters
    ----------
    net, order, particles, error, layer
        As for :func:`particle_mean`.
    relative_half_width : float
        (d + u)/2 is to be at most this, which is positive.

    Returns
    -------
    int

    Raises
    ------
    InvalidArgument
        As for :func:`particle_mean`, or if it takes more than 10^12 islands.

    Examples
    --------
    >>> net = Ensemble(width=8, depth=100, activation="relu", init="he", law="uniform")
    >>> islands_needed(net, particles=1000, error=1e-6, relative_half_width=0.165)
    101
    """
    error, width = as_probability("error", error), as_positive("relative_half_width", relative_half_width)
    variance = island_variance(net, order=order, particles=particles, layer=layer)

    def enough(islands: int) -> bool:
        return sum(relative_reach(islands, variance, error)) <= 2 * width

    few, many = 0, 1
    while not enough(many):
        few, many = many, 2 * many
        if many > 2**40:
            raise InvalidArgument("relative_half_width", f"{width:g} needs over 10^12 islands", "use more particles")
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return many


Task = tuple[Ensemble, int, int, int, int, str, int]
"""What decides an island: ensemble, order, layer, particles, seed, the ensemble's digest, number of the island."""


def run_island(task: Task) -> float:
    """Return the log of one island's estimate, a pure function of its task."""
    net, order, layer, particles, seed, digest, island = task
    rng = stream(seed, digest, f"island {island}")
    usual, _ = of_usual_slope(net, "sampling by particles")
    weights, slope, half = Weights(usual), float(Fraction(usual.slope)), order // 2
    x, log_x = vector(net.input or "unit", weights.widths[0])
    a = np.repeat(x[None, :], particles, axis=0)
    squares, halves = rescale(a)
    logs = [half * (log_x + math.log(squares[0]))]
    for k in range(1, layer + 1):
        before = np.ldexp(squares, -2 * halves)  # squared norms of the rescaled vectors
        a = _mutated(weights, k, rng, a, slope)
        squares, halves = rescale(a)
        ratios = squares / before
        largest = float(ratios.max())
        if largest == 0:
            return -math.inf
        potentials = (ratios / largest) ** half
        logs += [half * (weights.log_factors[k - 1] + math.log(largest)), math.log(potentials.mean())]
        if k < layer:
            chosen = systematic(potentials, rng.random())
            a, squares, halves = a[chosen], squares[chosen], halves[chosen]
    return math.fsum(logs)


def systematic(potentials: Array, u: float) -> NDArray[np.intp]:
    r"""Choose as many ancestors as there are particles, in proportion to their potentials.

    Parameters
    ----------
    potentials : ndarray, shape (N,)
        The G_i, which are not negative and not all 0.
    u : float
        A number that is uniform on [0, 1).

    Returns
    -------
    ndarray of int, shape (N,)
        Numbers of the ancestors in increasing order. Particle i is there :math:`N G_i/\sum_j G_j` times on average over
        u, and never if its potential is 0.

    Notes
    -----
    The N points (u + j)/N are each uniform on an interval of length 1/N, and these make up [0, 1): their expected
    number in an interval is N times its length.

    Examples
    --------
    >>> systematic(np.array([0.0, 1.0, 3.0, 0.0]), 0.3)
    array([1, 2, 2, 2])
    """
    n = len(potentials)
    edges = np.cumsum(potentials)
    points = (u + np.arange(n)) * (edges[-1] / n)
    np.minimum(points, np.nextafter(edges[-1], 0), out=points)  # rounding must not lead beyond the last edge
    return np.asarray(np.searchsorted(edges, points, side="right"))


def _mutated(weights: Weights, k: int, rng: np.random.Generator, a: Array, slope: float) -> Array:
    """Send each particle through a matrix of its own, some particles and rows at a time."""
    n_out, n_in = weights.shape(k)
    z = np.empty((len(a), n_out))
    slabs = list(weights.slabs(k))
    rows = slabs[0].stop
    at_a_time = max(1, _SLICE_WEIGHTS // (rows * n_in))
    memory = np.empty(min(at_a_time, len(a)) * rows * n_in)
    for start in range(0, len(a), at_a_time):
        some = a[start : start + at_a_time]
        for slab in slabs:
            shape = (len(some), slab.stop - slab.start, n_in)
            raw = weights.draw(k, rng, memory[: math.prod(shape)].reshape(shape))
            z[start : start + len(some), slab] = matrix_vector(raw, some)
    return z if slope == 1 else np.maximum(z, slope * z if slope else 0.0, out=z)


def _mapper(net: Ensemble, executor: Any) -> Mapper:
    """Return what runs the islands; executors and workers stay open."""
    if executor is None:
        return map
    if callable(executor) and not hasattr(executor, "submit"):
        return executor  # type: ignore[no-any-return]
    workers = executor if isinstance(executor, Workers) else borrowed(executor)  # this refuses what is no executor
    if workers.travels:
        try:
            pickle.dumps(net)
        except (pickle.PicklingError, AttributeError, TypeError) as reason:
            problem = f"cannot travel to worker processes ({reason})"
            raise InvalidArgument("law", problem, "define its sampler at module level, or use threads") from None
    return lambda function, items: in_task_order(function, ((item,) for item in items), workers)


def _spreads(net: Ensemble, order: int, layer: int) -> list[Fraction]:
    """Return the bounds r_1, ..., r_layer on Var R^m/(E R^m)^2 given what comes before."""
    widths, slope = sizes(net), Fraction(of_usual_slope(net, "sampling by particles")[0].slope)
    if order == 2:
        kurtosis = net.law.rational_moment(4)
        return [_spread_of_two(widths[k], widths[k - 1], slope, kurtosis) for k in range(1, layer + 1)]
    return [_spread_of_normal(widths[k], slope, order // 2) for k in range(1, layer + 1)]


@cache
def _spread_of_two(width: int, fan_in: int, slope: Fraction, kurtosis: Fraction) -> Fraction:
    worst = max(kurtosis, 3 + (kurtosis - 3) / fan_in)
    return (2 * (1 + slope**4) / (1 + slope**2) ** 2 * worst - 1) / width


@cache
def _spread_of_normal(width: int, slope: Fraction, half: int) -> Fraction:
    moments = _normal_moments(width, slope, 2 * half)
    return moments[2 * half] / moments[half] ** 2 - 1


def _normal_moments(width: int, slope: Fraction, most: int) -> list[Fraction]:
    """Return E (sum of phi(g_i)^2)^j, j = 0, ..., most, over the units of a layer, g standard normal.

    The moments over j! are the coefficients of a power, the width, of the series of one unit. J. C. P. Miller's
    recurrence finds them.

    >>> _normal_moments(3, Fraction(1), 2)  # a chi-square with 3 degrees of freedom
    [Fraction(1, 1), Fraction(3, 1), Fraction(15, 1)]
    """
    one = [
        (1 + slope ** (2 * j)) / 2 * math.prod(range(1, 2 * j, 2)) / math.factorial(j) if j else Fraction(1)
        for j in range(most + 1)
    ]
    power = [Fraction(1)]
    for j in range(1, most + 1):
        power.append(sum((((width + 1) * i - j) * one[i] * power[j - i] for i in range(1, j + 1)), Fraction(0)) / j)
    return [math.factorial(j) * coefficient for j, coefficient in enumerate(power)]


def _assumptions(net: Ensemble, order: int, layer: int) -> tuple[str, ...]:
    """Say what the interval assumes, in words."""
    rows = "the weights are independent and symmetric about 0"
    spreads = _spreads(net, order, layer)
    if order > 2:
        law = f"|a_k|/|a_{{k-1}}| does not depend on the past, and E(|a_k|/|a_{{k-1}}|)^{2 * order} is at most"
        return (rows, f"{law} {float(1 + max(spreads)):.6g} (E(|a_k|/|a_{{k-1}}|)^{order})^2: normal weights")
    widths = sizes(net)
    largest = max(spread * widths[k] for k, spread in enumerate(spreads, start=1))
    exact = net.law.kurtosis
    kurtosis = f"{float(net.law.rational_moment(4)):.6g}" if isinstance(exact, str) else str(exact)
    return (
        rows,
        "E[|a_k|^2 | a_{k-1}]/|a_{k-1}|^2 is the same for every a_{k-1} other than 0",
        f"E[|a_k|^4 | a_{{k-1}}] is at most 1 + c/n_k times its square, c = {largest}: "
        f"the law's kurtosis is {kurtosis}",
    )


def _require_particles(net: object, order: object, layer: object, particles: object, error: object = 0.5) -> int:
    """Return the number of the layer; refuse what has no proved variance or cannot be drawn."""
    net, order = as_ensemble(net), as_count("order", order, 2)
    net.require_plain("sampling by particles")
    if order % 2:
        raise InvalidArgument("order", f"must be even, got {order}", f"use order={order + 1}")
    if not net.has_independent_entries:
        problem = "orthogonal matrices have dependent entries, for which no variance is proved"
        raise InvalidArgument("init", problem, "use e.g. init='he'")
    if order > 2 and not net.law.is_normal:
        problem = f"order {order} has no proved variance for the law {net.law.name!r}: its moments depend on directions"
        raise InvalidArgument("order", problem, "use order=2, or law='normal'")
    if order == 2:
        net.law.moment(4)  # refuses a law whose kurtosis is unknown
    last = require_layer(net, layer)
    particles = as_count("particles", particles, example=1000)
    as_probability("error", error)
    needed = 4 * 8 * particles * max(sizes(net)[: last + 1])
    if needed > _STATE_BYTES:
        problem = f"{particles} particles take {needed / 2**30:.1f} GiB, above 2 GiB"
        raise InvalidArgument("particles", problem, "use more islands of fewer particles")
    Weights(net)  # refuses a law that cannot be drawn
    return last


def require_layer(net: Ensemble, layer: object) -> int:
    """Read the ``layer`` argument.

    Parameters
    ----------
    net : Ensemble
        An ensemble without symbols.
    layer : object
        What the caller gave; None stands for the depth.

    Raises
    ------
    InvalidArgument
        If it is no layer from 1 to the depth. The input, layer 0, is not random.
    """
    as_ensemble(net)
    last = int(net.depth)
    return last if layer is None else as_count("layer", layer, 1, last, example=last)


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf
