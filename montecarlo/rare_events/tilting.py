"""Probabilities of extreme norms of normal networks, by exponential tilting: for tails of 1e-2000 and beyond."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from montecarlo.arguments import as_count, as_ensemble, as_probability
from montecarlo.arrays import Array
from montecarlo.drawing.streams import sizes, stream
from montecarlo.drawing.weights import log
from montecarlo.intervals import empirical_bernstein_interval
from montecarlo.rare_events.particles import require_layer
from montecarlo.wording import counted, scaled
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction
from theory.ensembles.usual_slopes import of_usual_slope

_BLOCK = 2**13
"""So many samples come from one stream."""
_CELLS = 2**18
"""About so many chi-squares are drawn at a time."""
_NEGLIGIBLE = -45.0
"""Log of a share that is lost in the rounding of a sum."""
_LONGEST = 2**25
"""The table of one leaky layer, terms times width, may be so long."""


@dataclass(frozen=True)
class TailProbability:
    r"""The probability of an extreme norm, on log scale, with an interval.

    Attributes
    ----------
    net : Ensemble
    c : Fraction
        The threshold for :math:`|a_k|^2/|x|^2`.
    upper : bool
        Whether the event is that the ratio is at least c; otherwise it is at most c, as for every dead network.
    layer : int
        k.
    log_value, log_lo, log_hi : float
        Natural logs of the estimate and of the interval's ends.
    error : float
        The probability that the interval misses is at most this.
    theta : float
        Exponent of the tilt; 0 where the event is no tail.
    log_bound : float
        Natural log of the Chernoff bound, which no sample exceeds.
    log_dead : float
        Natural log of the probability that the network is dead, known exactly, where that is part of the event; -inf
        otherwise.
    log_rest : float
        Natural log of a bound on the part of the probability that is not sampled but added to the upper end: that of
        ReLU networks that are alive with too few units on in some layer. It is -inf if there is none.
    samples, seed : int
    method : str
        How the samples were drawn, and from which theorem the interval comes.
    assumptions : tuple of str
        What the estimate assumes.
    """

    net: Ensemble
    c: Fraction
    upper: bool
    layer: int
    log_value: float
    log_lo: float
    log_hi: float
    error: float
    theta: float
    log_bound: float
    log_dead: float
    log_rest: float
    samples: int
    seed: int
    method: str
    assumptions: tuple[str, ...]

    def __repr__(self) -> str:
        value, lo, hi = (scaled(1.0, log) for log in (self.log_value, self.log_lo, self.log_hi))
        c = scaled(1.0, math.log(self.c.numerator) - math.log(self.c.denominator))
        event = f"P(|a_{self.layer}|^2/|x|^2 {'>=' if self.upper else '<='} {c}) of {self.net!r}"
        drawn = f"{counted(self.samples, 'sample')}, seed {self.seed}"
        return f"TailProbability({value} in [{lo}, {hi}], error {self.error:g}, {drawn}, {event})"

    @property
    def log10_value(self) -> float:
        """Decimal logarithm of the estimate."""
        return self.log_value / math.log(10)

    @property
    def log10_interval(self) -> tuple[float, float]:
        """Decimal logarithms of the interval's ends."""
        return self.log_lo / math.log(10), self.log_hi / math.log(10)


def tail_probability(
    net: Ensemble,
    c: Any,
    *,
    upper: bool = True,
    samples: int,
    seed: int = 0,
    error: float,
    layer: int | None = None,
) -> TailProbability:
    r"""Estimate :math:`P(|a_k|^2 \ge c|x|^2)`, or the probability of at most c, for normal weights.

    This is for tails only. The samples are drawn from the exact law of the norms, a product of chi-squares, not from
    weight matrices, so that they say nothing about whether that law is right. In particular they are no evidence for
    the mean, which tilting assumes: with theta = 1 its estimate would be a constant.

    Parameters
    ----------
    net : Ensemble
        An ensemble without symbols, with independent normal weights; linear, ReLU or leaky, of any widths.
    c : int, Fraction, float or str
        The threshold, positive. It is read exactly, so that ``"1e-3000"`` is allowed.
    upper : bool
        Whether the event is at least c; otherwise it is at most c. Dead ReLU networks belong to the latter: their
        probability is added exactly.
    samples : int
        Number of tilted samples; 100,000 give about one digit.
    seed : int
        Root seed, not negative.
    error : float
        Probability that the interval may miss, both sides together.
    layer : int, optional
        k, at least 1; the depth by default.

    Returns
    -------
    TailProbability

    Raises
    ------
    InvalidArgument
        If an argument is unusable, the weights are not independent normal, c is so extreme that double precision
        cannot hold its logarithm, or the slope is so small that the table of a leaky layer would be too long.

    Notes
    -----
    *One layer.* :math:`R = |a_k|^2/|a_{k-1}|^2` is independent of the past, and a multiple of a chi-square of a random
    number of degrees: :math:`s^2 \chi^2_n` for a linear layer; :math:`s^2 \chi^2_B` for ReLU, B ~ Binomial(n, 1/2),
    dead where B = 0; and for slope a in (0, 1), :math:`R = s^2(\chi^2_B + a^2 \chi^2_{n-B})`. There
    :math:`\chi^2_B` has the law of :math:`a^2 \chi^2_{B+2I}`, I negative binomial with parameters B/2 and a², as

    .. math:: (1+2u)^{-b/2} = \left(\frac{a^2}{1 - (1-a^2)/(1+2a^2u)}\right)^{b/2} (1+2a^2u)^{-b/2}
              = \sum_i P(I=i) (1+2a^2u)^{-b/2-i},

    so :math:`R = s^2 a^2 \chi^2_{n+2I}`. Its table of I is cut where the rest is below 1e-19 of the whole, tilted:
    successive terms have a ratio of at most :math:`(1-a^2)(n/2+\theta+i)/(i+1)` for every B.

    *Tilting* by :math:`R^\theta`: a chi-square of :math:`\nu` degrees becomes twice a gamma variable of shape
    :math:`\nu/2+\theta`, and the probability of :math:`\nu` is multiplied by
    :math:`\Gamma(\nu/2+\theta)/\Gamma(\nu/2)`. With :math:`M_k(\theta) = E[R_k^\theta; R_k > 0]`,
    :math:`T = \sum_k \log R_k` and t = log c,

    .. math:: P(T \ge t) = e^{\Lambda - \theta t} \tilde E[V],\qquad V = 1_{T \ge t} e^{-\theta(T-t)} \in [0, 1],
              \qquad \Lambda = \sum_k \log M_k(\theta),

    for :math:`\theta \ge 0`. The same holds for the lower tail of living networks with :math:`\theta \le 0`. The factor
    is Chernoff's bound. :math:`\theta` makes :math:`\tilde E T = t`, and is 0 if t is on the other side of the mean,
    where the event is no tail. As V is bounded, the empirical Bernstein interval for its mean assumes nothing about
    variances. With :math:`\sigma` the deviation of T, its relative half-width is about :math:`\sqrt{2.5\,\theta\sigma
    \log(1/\mathrm{error})/\mathrm{samples}}`, and :math:`\theta\sigma` about :math:`\sqrt{2\log(1/P)}`. A bound on the
    rounding errors of :math:`\Lambda` and T widens it.

    *Lower tails of ReLU.* :math:`E R^\theta` is infinite for :math:`\theta \le -1/2`, because of layers with one unit
    on. So only networks with at least m units on in every layer are sampled, which allows :math:`\theta > -m/2`. For
    the other living networks, :math:`P(T \le t, \text{some } B_k < m) \le e^{-\theta't} \prod_k M_k(\theta') \sum_k
    \tilde P'(B_k < m)` for every :math:`-1/2 < \theta' \le 0`, and the least of these bounds over a few :math:`\theta'`
    is added to the upper end. The m that promises the shortest interval is chosen.

    References
    ----------
    H. Robbins and E. J. G. Pitman, Ann. Math. Statist. 20(4), 1949, for mixtures of chi-squares; S. Asmussen and
    P. W. Glynn, Stochastic Simulation, Springer 2007, chapter VI.2, for tilting.

    Examples
    --------
    >>> net = Ensemble(width=2, depth=1, init=1)  # an exponential of mean 2
    >>> tail = tail_probability(net, 4000, samples=10_000, error=1e-6)
    >>> tail.log_lo < -2000 < tail.log_hi
    True
    >>> round(tail.theta)
    1999
    """
    last, threshold = _require_tail(net, c, layer)
    samples, seed = as_count("samples", samples, 2, example=10_000), as_count("seed", seed, 0, example=0)
    error = as_probability("error", error)
    usual, _ = of_usual_slope(net, "exponential tilting")
    layers = Counter((width, usual.variance(k)) for k, width in enumerate(sizes(net)[1 : last + 1], start=1))
    t = log(threshold)
    plan = _plan(layers, Fraction(usual.slope), t, upper, math.log(3 / error) / samples)
    if not plan.rounding < 0.01:
        problem = f"is too extreme: rounding would change the answer by a factor e^{plan.rounding:.1g}"
        raise InvalidArgument("c", problem, "move it towards 1")

    values = np.empty(samples)
    for block, start in enumerate(range(0, samples, _BLOCK)):
        part = values[start : start + _BLOCK]
        excess = _sums_of_logs(plan.tilted, len(part), stream(seed, net.digest(), f"tail {block}")) - t
        part[:] = np.exp(-np.maximum(plan.theta * excess, 0.0)) * ((excess >= 0) if upper else (excess <= 0))
    share = empirical_bernstein_interval(values, 1.0, error)
    log_dead = -math.inf if upper or usual.slope else _log_dead(layers)

    def total(part: float, sign: int) -> float:
        log_part = plan.log_bound + sign * plan.rounding + math.log(part) if part > 0 else -math.inf
        dead = log_dead + sign * _EPSILON * (1 + abs(log_dead)) if log_dead > -math.inf else log_dead
        return min(0.0, float(np.logaddexp(log_part, dead)))

    return TailProbability(
        net=net,
        c=threshold,
        upper=upper,
        layer=last,
        log_value=total(share.value, 0),
        log_lo=total(share.lo, -1),
        log_hi=min(0.0, float(np.logaddexp(total(share.hi, 1), plan.log_rest))),
        error=error,
        theta=plan.theta,
        log_bound=plan.log_bound,
        log_dead=log_dead,
        log_rest=plan.log_rest,
        samples=samples,
        seed=seed,
        method="tilted chi-squares (the exact law; no matrices), empirical bernstein",
        assumptions=(
            "normal weights: |a_k|^2/|a_{k-1}|^2 are independent mixtures of chi-squares",
            "tables of mixtures are cut where 1e-19 of them is left",
        ),
    )


_EPSILON = 8 * 2.0**-52
"""Relative error that is allowed for a log-gamma function, a logarithm or a product."""


@dataclass(frozen=True, eq=False)
class _Mixture:
    """The law of a layer's R: R/(2 scale) is a gamma variable of random shape; with the rest of probability R = 0."""

    shapes: Array
    log_chances: Array
    log_scale: float
    """The log of 2 scale."""


@dataclass(frozen=True, eq=False)
class _Tilted:
    """A mixture after tilting by R^theta: shapes are increased by theta, and chances normalized."""

    shapes: Array
    chances: Array
    log_scale: float
    log_transform: float
    """The log of E[R^theta; R > 0]."""
    slope: float
    """Its derivative in theta, which is the mean of log R after tilting."""
    variance: float
    """Its second derivative, which is the variance of log R after tilting."""
    magnitude: float
    """Size of the numbers that were rounded, among them theta times the logs that are summed."""


@dataclass(frozen=True, eq=False)
class _Plan:
    """How to tilt; it is decided before anything is drawn, so that any plan is valid."""

    theta: float
    tilted: list[tuple[_Tilted, int]]
    log_bound: float
    log_rest: float
    rounding: float


Layers = Counter[tuple[int, Fraction]]
"""How many layers have a given width and a given variance of a weight."""


def _plan(layers: Layers, slope: Fraction, t: float, upper: bool, rate: float) -> _Plan:
    """Return the plan that promises the shortest interval; `rate` is log(3/error)/samples."""
    if upper or slope:
        return _plan_with(1, layers, slope, t, upper)
    best, least_score = None, math.inf
    widest = max(width for width, _ in layers)
    for least in sorted({round(1.15**j) for j in range(5 * widest.bit_length())}):
        if best is not None and least > widest / 2:
            break
        plan = _plan_with(least, layers, slope, t, upper)
        deviation = math.sqrt(sum(times * factor.variance for factor, times in plan.tilted))
        share = 1 / (1 + 2.5 * abs(plan.theta) * deviation)  # a guess of the mean of V
        score = float(np.logaddexp(plan.log_bound + math.log(math.sqrt(share * rate) + rate), plan.log_rest))
        if score < least_score:
            best, least_score = plan, score
    assert best is not None
    return best


def _plan_with(least: int, layers: Layers, slope: Fraction, t: float, upper: bool) -> _Plan:
    """Return the plan for networks with at least `least` units on in each ReLU layer that is wide enough."""
    theta = _saddle(layers, slope, t, upper, least)
    tilted = [(_tilted(width, variance, slope, theta, least), times) for (width, variance), times in layers.items()]
    log_bound = math.fsum(times * factor.log_transform for factor, times in tilted) - theta * t
    rounding = _EPSILON * (sum(times * factor.magnitude for factor, times in tilted) + abs(theta * t))
    return _Plan(theta, tilted, log_bound, _log_rest(layers, t, least), rounding)


def _log_rest(layers: Layers, t: float, least: int) -> float:
    """Bound log P(T <= t, all layers have units on, some layer fewer than `least`), by Chernoff and a union."""
    if least == 1:
        return -math.inf
    from scipy.special import gammaln, logsumexp

    bounds = []
    for theta in (-0.49, -0.45, -0.4, -0.3, -0.2, -0.1, 0.0):
        log_bound, shares = -theta * t, []
        for (width, variance), times in layers.items():
            mixture = _mixture(width, variance, Fraction(0), 0)
            logs = mixture.log_chances + gammaln(mixture.shapes + theta) - gammaln(mixture.shapes)
            total = float(logsumexp(logs))
            log_bound += times * (theta * mixture.log_scale + total)
            few = logs[: _least(width, least) - 1]
            shares.append(math.log(times) + float(logsumexp(few)) - total if len(few) else -math.inf)
        bounds.append(log_bound + min(0.0, float(logsumexp(shares))))
    return min(bounds)


def _least(width: int, least: int) -> int:
    """Return how many units must be on in a layer: `least`, but at most half of them, and at least one."""
    return max(1, min(least, width // 2))


def _tilted(width: int, variance: Fraction, slope: Fraction, theta: float, least: int = 1) -> _Tilted:
    """Tilt the factor of one layer; a leaky layer's table gets as many terms as are not negligible."""
    from scipy.special import digamma, gammaln, logsumexp, polygamma

    terms = 64
    while True:
        mixture = _mixture(width, variance, slope, terms, least)
        shapes = mixture.shapes + theta
        above, below = gammaln(shapes), gammaln(mixture.shapes)
        logs = mixture.log_chances + above - below
        total = float(logsumexp(logs))
        if slope in (0, 1) or _rest(width, slope, theta, terms, float(logs[-1])) < total + _NEGLIGIBLE:
            break
        terms *= 2
    chances = np.exp(logs - total)
    means = mixture.log_scale + digamma(shapes)
    mean = float(chances @ means)
    spread = float(chances @ (polygamma(1, shapes) + (means - mean) ** 2))
    seen = logs > total + _NEGLIGIBLE
    terms_of_log = np.abs(above[seen]) + np.abs(below[seen]) + np.abs(mixture.log_chances[seen])
    magnitude = float(terms_of_log.max()) + abs(theta) * (1 + abs(mixture.log_scale) + abs(mean))
    return _Tilted(
        shapes=shapes[seen],
        chances=chances[seen],
        log_scale=mixture.log_scale,
        log_transform=theta * mixture.log_scale + total,
        slope=mean,
        variance=spread,
        magnitude=magnitude,
    )


def _rest(width: int, slope: Fraction, theta: float, terms: int, log_last: float) -> float:
    """Bound the log of what a leaky layer's table leaves out, by a geometric series."""
    lost = float(1 - slope**2)
    ratio = max(lost, lost * (width / 2 + theta + terms - 1) / terms)
    return log_last + math.log(ratio / (1 - ratio)) if ratio < 1 else math.inf


def _mixture(width: int, variance: Fraction, slope: Fraction, terms: int, least: int = 1) -> _Mixture:
    """Return the factor of one layer: one term if it is linear, a term for each number of units on if it is ReLU.

    A leaky layer has infinitely many terms, of which the first `terms` are returned.

    >>> _mixture(2, Fraction(1), Fraction(0), 64).shapes
    array([0.5, 1. ])
    """
    log_scale = log(2 * variance)
    if slope == 1:
        return _Mixture(np.array([width / 2]), np.zeros(1), log_scale)
    if slope == 0:
        first = _least(width, least)
        return _Mixture(np.arange(float(first), width + 1) * 0.5, _log_binomial(width)[first:], log_scale)
    if terms * width > _LONGEST:
        problem = f"slope {slope} at width {width} takes a table of more than {terms // 2} terms"
        raise InvalidArgument("activation", problem, "use a slope nearer to 1, a narrower network, or relu")
    shapes, log_chances = width / 2 + np.arange(float(terms)), _log_negative_binomials(width, slope, terms)
    return _Mixture(shapes, log_chances, log_scale + log(slope**2))


@cache
def _log_binomial(width: int) -> Array:
    """Return log P(B = b), b = 0, ..., n, B ~ Binomial(n, 1/2)."""
    from scipy.special import gammaln

    b = np.arange(width + 1.0)
    return np.asarray(gammaln(width + 1.0) - gammaln(b + 1) - gammaln(width - b + 1) - width * math.log(2))


@cache
def _log_negative_binomials(width: int, slope: Fraction, terms: int) -> Array:
    """Return log P(I = i), i = 0, 1, ..., I negative binomial with parameters B/2 and slope^2, B ~ Binomial(n, 1/2)."""
    from scipy.special import gammaln

    i = np.arange(terms)
    table = np.where(i == 0, _log_binomial(width)[0], -np.inf)  # if no unit is on
    common = i * log(1 - slope**2) - gammaln(i + 1.0)
    for b, log_chance in enumerate(_log_binomial(width)[1:], start=1):
        np.logaddexp(table, common + gammaln(b / 2 + i) + (log_chance - gammaln(b / 2) + b * log(slope)), out=table)
    return table


def _saddle(layers: Layers, slope: Fraction, t: float, upper: bool, least: int) -> float:
    """Return the theta after whose tilt T has the mean t, or nearly so; 0 if that would tilt away from the event."""
    from scipy.optimize import brentq

    def excess(theta: float) -> float:
        factors = (times * _tilted(*layer, slope, theta, least).slope for layer, times in layers.items())
        return math.fsum(factors) - t

    sign = 1 if upper else -1
    if sign * excess(0.0) >= 0:
        return 0.0
    lowest = -0.5 * min(_least(width, least) if slope == 0 else width for width, _ in layers)
    near = 0.0
    for doublings in range(40):
        far = 2.0**doublings / 64 if upper else lowest * (1 - 0.5 ** (doublings + 1))
        if sign * excess(far) >= 0:
            return float(brentq(excess, *sorted((near, far)), xtol=1e-12, rtol=1e-12))
        near = far
    if upper:
        raise InvalidArgument("c", f"is too extreme: no tilt up to theta = {near:.3g} reaches it", "move it towards 1")
    return near


def _sums_of_logs(tilted: list[tuple[_Tilted, int]], samples: int, rng: np.random.Generator) -> Array:
    """Draw T = sum of log R after tilting."""
    sums = np.zeros(samples)
    at_a_time = max(1, _CELLS // samples)
    for factor, times in tilted:
        edges = np.cumsum(factor.chances)
        for start in range(0, times, at_a_time):
            shape = (samples, min(at_a_time, times - start))
            shapes = np.full(shape, factor.shapes[0])
            if len(edges) > 1:
                points = np.minimum(rng.random(shape) * edges[-1], np.nextafter(edges[-1], 0))
                shapes = factor.shapes[np.searchsorted(edges, points, side="right")]
            sums += _log_gammas(shapes, rng).sum(axis=1) + shape[1] * factor.log_scale
    return sums


def _log_gammas(shapes: Array, rng: np.random.Generator) -> Array:
    """Draw logs of gamma variables, whose shapes may be however small.

    A gamma variable of shape a is one of shape a + 1 times U^(1/a), U uniform. For shapes below 1 it might underflow.
    """
    small = shapes < 1
    logs = np.log(rng.standard_gamma(np.where(small, shapes + 1, shapes)))
    if small.any():
        logs[small] -= rng.standard_exponential(int(small.sum())) / shapes[small]
    return np.asarray(logs)


def _log_dead(layers: Layers) -> float:
    """Return log P(all units of some layer are off), for ReLU: log(1 - prod(1 - 2^-n)), however small."""
    from scipy.special import logsumexp

    # log(-log(1 - e)) = log e + e/2 + ..., e = 2^-n
    logs = [
        math.log(times) + (math.log(-math.log1p(-(2.0**-width))) if width < 60 else -width * math.log(2))
        for (width, _), times in layers.items()
    ]
    rate = float(logsumexp(logs))  # P(alive) = exp(-exp(rate))
    return rate if rate < -40 else math.log(-math.expm1(-math.exp(rate)))


def _require_tail(net: object, c: object, layer: object) -> tuple[int, Fraction]:
    """Return the layer and the threshold; refuse networks whose law is not known, and thresholds that are none."""
    net = as_ensemble(net)
    net.require_plain("exponential tilting")
    if not net.law.is_normal or not net.has_independent_entries:
        kind = net.law.name if net.has_independent_entries else "orthogonal"
        remedy = "use law='normal'" if net.has_independent_entries else "use e.g. init='he'"
        raise InvalidArgument("law", f"tilting needs the law of the norms: normal weights, got {kind}", remedy)
    threshold = exact_fraction("c", c)
    if threshold <= 0:
        raise InvalidArgument("c", f"must be positive, got {threshold}", "use e.g. c=100 or c='1e-50'")
    return require_layer(net, layer), threshold
