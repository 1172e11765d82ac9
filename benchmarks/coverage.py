"""The command ``python -m benchmarks.coverage``: how often each interval misses a known truth, against what it claims.

The guarantees are proved; this looks for slips in proofs and code, at errors large enough to be seen. A sequence misses
if its interval at any of its sample sizes does. Widths are relative to the normal approximation that takes
the variance as known, which claims less: it covers only in the limit, and at one sample size.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from montecarlo.intervals import (
    Estimate,
    bernstein_interval,
    bounded_mean_sequence,
    catoni_interval,
    clopper_pearson_interval,
    dkw_band,
    empirical_bernstein_interval,
    mean_sequence,
    median_of_means_interval,
    order_statistic_interval,
    order_statistic_ranks,
    quantile_sequence_interval,
    quantile_sequence_ranks,
    two_sample_distance,
)
from montecarlo.intervals.anytime import bounded_sequence_spreads, bounded_sequence_widths, mean_sequence_constants
from montecarlo.intervals.catoni import influence

Array = NDArray[np.float64]
Generator = np.random.Generator
Outcome = tuple[int, float]  # misses; mean width, relative
Measure = Callable[[Generator, int, float], Outcome]

ERRORS = (0.1, 0.01)
CONFIDENCE_ERROR = 1e-3
CONTROLS = ("control: normal approximation", "control: order statistics")
_CHUNK = 500
_CHECKED = 200  # repetitions of a sequence, in its first chunk, whose last interval is asked of the public function


_PREFACE = f"""\
How often each interval misses a known truth. Brackets: Clopper-Pearson at 99.9 %; a claim is refuted when their lower
end lies above it. Sequences: a miss at any of the sample sizes counts. Relative width: the mean one over that of the
normal approximation with the true variance (sequences: at the last size, over the first {_CHECKED} repetitions; dkw:
that approximation at the median alone). The controls at the end claim what does not hold, to show that this can
refute: the normal approximation with the sample's variance, and the interval for one sample size looked at in all.
"""


@dataclass(frozen=True)
class Law:
    """A law with what is known of it.

    Parameters
    ----------
    draw : callable
        Takes a generator and a shape.
    mean, variance : float
        nan if they are not finite or not asked for.
    at_most, below : callable, optional
        P(X <= t) and P(X < t), elementwise.
    """

    name: str
    draw: Callable[[Generator, tuple[int, ...]], Array]
    mean: float = math.nan
    variance: float = math.nan
    at_most: Callable[[Array], Array] | None = None
    below: Callable[[Array], Array] | None = None


@dataclass(frozen=True)
class Experiment:
    """One interval against one law."""

    interval: str
    law: str
    samples: str
    measure: Measure


@dataclass(frozen=True)
class Row:
    """What was counted."""

    interval: str
    law: str
    samples: str
    repetitions: int
    error: float
    misses: int
    width: float

    @property
    def rate(self) -> Estimate:
        """The miss rate with its own interval."""
        return clopper_pearson_interval(self.misses, self.repetitions, CONFIDENCE_ERROR)

    @property
    def consistent(self) -> bool:
        """Whether the claim is not refuted."""
        return self.rate.lo <= self.error


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        0; 1 if a claim was refuted that is no control; 2 usage error (from argparse).
    """
    options = _parser().parse_args(argv)
    rows = []
    for row in run(options.seed, options.repetitions, options.intervals):
        rows.append(row)
        print(f"{row.interval}: {row.law}, error {row.error:g}", file=sys.stderr)
    print("\n".join(page(rows, options.seed)))
    return int(not all(row.consistent for row in rows if row.interval not in CONTROLS))


def run(seed: int, repetitions: int, intervals: Sequence[str] | None = None) -> Iterator[Row]:
    """Yield a row for each experiment and error; each has a random stream of its own."""
    streams = np.random.SeedSequence(seed).spawn(len(EXPERIMENTS) * len(ERRORS))
    tasks = [(experiment, error) for experiment in EXPERIMENTS for error in ERRORS]
    for (experiment, error), stream in zip(tasks, streams, strict=True):
        if intervals is None or experiment.interval in intervals:
            misses, width = experiment.measure(np.random.default_rng(stream), repetitions, error)
            yield Row(
                experiment.interval,
                experiment.law,
                experiment.samples,
                repetitions=repetitions,
                error=error,
                misses=misses,
                width=width,
            )


def page(rows: Sequence[Row], seed: int) -> Iterator[str]:
    r"""Yield the lines of the report.

    Examples
    --------
    >>> *_, last = page([Row("catoni", "normal", "200", 10_000, 0.1, 3, 1.25)], seed=0)
    >>> last
    '| catoni | normal | 200 | 10000 | 0.1 | 0.0003 [0.0000, 0.0014] | 1.25 | consistent |'
    """
    yield "# Coverage, measured"
    yield ""
    yield f"    python -m benchmarks.coverage --seed {seed} > benchmarks/coverage.md"
    yield ""
    yield _PREFACE
    yield "| interval | law | N | repetitions | claimed error | miss rate | relative width | verdict |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        rate = f"{row.rate.value:.4f} [{row.rate.lo:.4f}, {row.rate.hi:.4f}]"
        width = "-" if math.isnan(row.width) else f"{row.width:.2f}"
        verdict = "consistent" if row.consistent else "REFUTED"
        cells = (row.interval, row.law, row.samples, str(row.repetitions), f"{row.error:g}", rate, width, verdict)
        yield f"| {' | '.join(cells)} |"


def _normal(variance: float, samples: float, error: float) -> float:
    return 2 * NormalDist().inv_cdf(1 - error / 2) * math.sqrt(variance / samples)


def _one_by_one(
    ask: Callable[[Generator, float], Estimate], truth: float, normal_width: Callable[[float], float]
) -> Measure:
    def measure(rng: Generator, repetitions: int, error: float) -> Outcome:
        misses, width = 0, 0.0
        for _ in range(repetitions):
            estimate = ask(rng, error)
            misses += not estimate.lo <= truth <= estimate.hi
            width += 0.0 if estimate.lo == estimate.hi else estimate.hi - estimate.lo
        return misses, width / repetitions / normal_width(error)

    return measure


def _quantile(law: Law, n: int, p: float, truth: float, density: float) -> Experiment:
    measure = _one_by_one(
        lambda rng, error: order_statistic_interval(law.draw(rng, (n,)), p, error),
        truth,
        lambda error: _normal(p * (1 - p), n, error) / density,
    )
    return Experiment("order statistics", f"{law.name}, p = {p:g}", str(n), measure)


def _band(law: Law, n: int) -> Experiment:
    at_most, below = law.at_most, law.below
    assert at_most is not None
    assert below is not None

    def measure(rng: Generator, repetitions: int, error: float) -> Outcome:
        misses, width = 0, 0.0
        for _ in range(repetitions):
            band = dkw_band(law.draw(rng, (n,)), error)
            x = band.values  # both functions are monotone between them
            beyond = np.abs(np.searchsorted(x, x, side="right") / n - at_most(x))
            before = np.abs(np.searchsorted(x, x, side="left") / n - below(x))
            misses += bool(max(beyond.max(), before.max()) > band.half_width)
            width += 2 * band.half_width
        return misses, width / repetitions / _normal(1 / 4, n, error)

    return Experiment("dkw", law.name, str(n), measure)


def _distance(first: Law, second: Law, n: int, m: int, truth: float) -> Experiment:
    measure = _one_by_one(
        lambda rng, error: two_sample_distance(first.draw(rng, (n,)), second.draw(rng, (m,)), error),
        truth,
        lambda error: _normal(1 / 4, 1 / (1 / n + 1 / m), error),
    )
    return Experiment("dkw, two samples", f"{first.name}; {second.name}", f"{n} + {m}", measure)


def _probability(n: int, p: float) -> Experiment:
    measure = _one_by_one(
        lambda rng, error: clopper_pearson_interval(int(rng.binomial(n, p)), n, error),
        p,
        lambda error: _normal(p * (1 - p), n, error),
    )
    return Experiment("clopper-pearson", f"Bernoulli({p:g})", str(n), measure)


def _mean(name: str, law: Law, n: int, interval: Callable[[Array, float, float], Estimate]) -> Experiment:
    measure = _one_by_one(
        lambda rng, error: interval(law.draw(rng, (n,)), law.variance, error),
        law.mean,
        lambda error: _normal(law.variance, n, error),
    )
    return Experiment(name, law.name, str(n), measure)


Misses = Callable[[Array], NDArray[np.bool_]]  # of samples in rows: where each of their intervals misses


def _sequence(
    name: str,
    law: Law,
    title: str,
    n: int,
    truth: float,
    misses_at: Callable[[int, float], Misses],
    interval: Callable[[Array, float], Estimate],
    normal_width: Callable[[float], float],
) -> Experiment:
    """Count repetitions that miss at any size; for some, hold the last size against what the public function says."""

    def measure(rng: Generator, repetitions: int, error: float) -> Outcome:
        where, total, width = misses_at(n, error), 0, 0.0
        checked = min(_CHECKED, repetitions)
        for start in range(0, repetitions, _CHUNK):
            x = law.draw(rng, (min(_CHUNK, repetitions - start), n))
            missed = where(x)
            total += int(missed.any(axis=1).sum())
            for values, last in zip(x[: checked - start] if not start else (), missed[:checked, -1], strict=False):
                estimate = interval(values, error)
                if bool(last) == (estimate.lo <= truth <= estimate.hi):
                    raise AssertionError(f"{name}, {law.name}: the counts are not those of the interval")
                width += estimate.hi - estimate.lo
        return total, width / checked / normal_width(error)

    return Experiment(name, title, f"1 to {n}", measure)


def _quantile_sequence(
    law: Law,
    n: int,
    p: float,
    truth: float,
    density: float,
    name: str = "quantile sequence",
    ranks: Callable[[int, float, float], tuple[int, int]] = quantile_sequence_ranks,
    interval: Callable[[Array, float, float], Estimate] = quantile_sequence_interval,
) -> Experiment:
    def misses_at(n: int, error: float) -> Misses:
        low, high = np.array([ranks(size, p, error) for size in range(1, n + 1)]).T
        return lambda x: (np.cumsum(x <= truth, axis=1) < low) | (np.cumsum(x < truth, axis=1) >= high)

    return _sequence(
        name,
        law,
        f"{law.name}, p = {p:g}",
        n=n,
        truth=truth,
        misses_at=misses_at,
        interval=lambda x, error: interval(x, p, error),
        normal_width=lambda error: _normal(p * (1 - p), n, error) / density,
    )


def _mean_sequence(law: Law, n: int) -> Experiment:
    def misses_at(n: int, error: float) -> Misses:
        rates, reaches = np.array([mean_sequence_constants(size, error) for size in range(1, n + 1)]).T

        def where(x: Array) -> NDArray[np.bool_]:
            missed = np.zeros(x.shape, dtype=bool)
            for rate in np.unique(rates):
                sums = np.cumsum(influence((rate / math.sqrt(law.variance)) * (x - law.mean)), axis=1)
                missed |= (rates == rate) & (np.abs(sums) > reaches)
            return missed

        return where

    return _sequence(
        "mean sequence",
        law,
        law.name,
        n=n,
        truth=law.mean,
        misses_at=misses_at,
        interval=lambda x, error: mean_sequence(x, law.variance, error),
        normal_width=lambda error: _normal(law.variance, n, error),
    )


def _bounded_mean_sequence(law: Law, n: int) -> Experiment:
    def misses_at(n: int, error: float) -> Misses:
        sizes = np.arange(1, n + 1)

        def where(x: Array) -> NDArray[np.bool_]:
            widths = bounded_sequence_widths(bounded_sequence_spreads(x), sizes, error)
            return np.asarray(np.abs(np.cumsum(x, axis=1) / sizes - law.mean) > widths)

        return where

    return _sequence(
        "bounded mean sequence",
        law,
        law.name,
        n=n,
        truth=law.mean,
        misses_at=misses_at,
        interval=lambda x, error: bounded_mean_sequence(x, 1.0, error),
        normal_width=lambda error: _normal(law.variance, n, error),
    )


def _bernoulli(p: float) -> Law:
    return Law(f"Bernoulli({p:g})", lambda rng, shape: (rng.random(shape) < p).astype(float), p, p * (1 - p))


def _holed(atom: float) -> Law:
    def draw(rng: Generator, shape: tuple[int, ...]) -> Array:
        u = rng.random(shape)
        return np.where(u < atom, -math.inf, (u - atom) / (1 - atom))

    def at_most(t: Array) -> Array:
        return atom + (1 - atom) * np.clip(t, 0, 1)

    def below(t: Array) -> Array:
        return np.where(np.isneginf(t), 0.0, at_most(t))

    return Law(f"-inf with probability {atom:g}, else uniform", draw, at_most=at_most, below=below)


def _normal_density(p: float) -> float:
    return NormalDist().pdf(NormalDist().inv_cdf(p))


def _approximate(x: Array, _: float, error: float) -> Estimate:
    mean, width = float(np.mean(x)), _normal(float(np.var(x, ddof=1)), len(x), error)
    return Estimate(mean, mean - width / 2, mean + width / 2, error=error, method=CONTROLS[0], samples=len(x))


def _identity(t: Array) -> Array:
    return t


LOGNORMAL = Law(
    "lognormal(0, 1.5)",
    lambda rng, shape: rng.lognormal(0, 1.5, shape),
    math.exp(1.125),
    math.expm1(2.25) * math.exp(2.25),
)
PARETO = Law("Pareto(2.1)", lambda rng, shape: 1 + rng.pareto(2.1, shape), 2.1 / 1.1, 2.1 / (1.1**2 * 0.1))
NORMAL = Law("normal", lambda rng, shape: rng.standard_normal(shape), 0.0, 1.0)
UNIFORM = Law(
    "uniform", lambda rng, shape: rng.random(shape), 1 / 2, variance=1 / 12, at_most=_identity, below=_identity
)
SHIFTED = Law("uniform + 0.2", lambda rng, shape: rng.random(shape) + 0.2)
SKEWED = Law("uniform^8", lambda rng, shape: rng.random(shape) ** 8, 1 / 9, 1 / 17 - 1 / 81)
DICE = Law(
    "atoms 1, 2, 3, 4 alike",
    lambda rng, shape: rng.integers(1, 5, shape).astype(float),
    2.5,
    variance=1.25,
    at_most=lambda t: np.floor(t) / 4,
    below=lambda t: (np.ceil(t) - 1) / 4,
)
RARE, COIN = _bernoulli(0.01), _bernoulli(0.5)

EXPERIMENTS = (
    _quantile(NORMAL, 200, 0.5, 0.0, _normal_density(0.5)),
    _quantile(NORMAL, 400, 0.05, NormalDist().inv_cdf(0.05), _normal_density(0.05)),
    _quantile(DICE, 200, 0.5, 2.0, math.nan),  # every number from 2 to 3 is a median
    _quantile(_holed(0.3), 200, 0.3, 0.0, math.nan),
    _band(UNIFORM, 200),
    _band(DICE, 200),
    _band(_holed(0.3), 200),
    _distance(UNIFORM, UNIFORM, 200, 300, 0.0),
    _distance(UNIFORM, SHIFTED, 200, 300, 0.2),
    _distance(_holed(0.3), _holed(0.5), 200, 300, 0.2),
    _probability(200, 0.5),
    _probability(200, 0.01),
    *(_mean("catoni", law, 200, catoni_interval) for law in (NORMAL, LOGNORMAL, PARETO, RARE)),
    *(_mean("median of means", law, 200, median_of_means_interval) for law in (NORMAL, LOGNORMAL, PARETO, RARE)),
    *(
        _mean("bernstein", law, 200, lambda x, variance, error: bernstein_interval(x, 1.0, variance, error))
        for law in (COIN, RARE, SKEWED)
    ),
    *(
        _mean("empirical bernstein", law, 200, lambda x, _, error: empirical_bernstein_interval(x, 1.0, error))
        for law in (COIN, RARE, SKEWED)
    ),
    _quantile_sequence(NORMAL, 2000, 0.5, 0.0, _normal_density(0.5)),
    _quantile_sequence(NORMAL, 2000, 0.05, NormalDist().inv_cdf(0.05), _normal_density(0.05)),
    _quantile_sequence(_holed(0.3), 2000, 0.3, 0.0, math.nan),
    *(_mean_sequence(law, 2000) for law in (NORMAL, LOGNORMAL, PARETO, RARE)),
    *(_bounded_mean_sequence(law, 2000) for law in (COIN, RARE, SKEWED)),
    *(_mean(CONTROLS[0], law, 200, _approximate) for law in (LOGNORMAL, PARETO, RARE)),
    _quantile_sequence(
        NORMAL,
        2000,
        0.5,
        truth=0.0,
        density=_normal_density(0.5),
        name=CONTROLS[1],
        ranks=order_statistic_ranks,
        interval=order_statistic_interval,
    ),
)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def _natural(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must not be negative, got {value}")
    return value


def _parser() -> argparse.ArgumentParser:
    names = list(dict.fromkeys(experiment.interval for experiment in EXPERIMENTS))
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.coverage",
        description="How often each confidence interval misses a known truth, against what it claims.",
    )
    parser.add_argument("--seed", type=_natural, default=0, metavar="S", help="root of all random streams (default 0)")
    parser.add_argument(
        "--repetitions", type=_positive, default=10_000, metavar="N", help="of each experiment (default 10000)"
    )
    parser.add_argument("--intervals", nargs="+", choices=names, metavar="KIND", help="which (default: all)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
