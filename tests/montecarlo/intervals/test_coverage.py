"""The benchmark that measures coverage counts right, passes what is true and refutes what is not."""

import itertools
import math
import re

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.coverage import (
    CONTROLS,
    DICE,
    EXPERIMENTS,
    PARETO,
    RARE,
    SKEWED,
    Law,
    Row,
    _band,
    _holed,
    _mean,
    _quantile_sequence,
    main,
    page,
    run,
)
from montecarlo.intervals import Estimate, catoni_interval, quantile_sequence_ranks


def row(misses, repetitions, error):
    return Row("kind", "law", "1", repetitions, error, misses, 1.0)


@pytest.mark.parametrize(("misses", "consistent"), [(0, True), (100, True), (120, True), (150, False), (1000, False)])
def test_the_verdict(misses, consistent):
    """100 of 1000 are claimed. 150 or more have probability 3e-7, 120 or more 2e-2: the verdict's is 5e-4."""
    assert row(misses, 1000, 0.1).consistent == consistent
    assert (binom.sf(misses - 1, 1000, 0.1) > 5e-4) == consistent
    (*_, line) = page([row(misses, 1000, 0.1)], 0)
    assert ("REFUTED" in line) != consistent


def test_claims_hold_and_controls_are_refuted():
    """At 1000 repetitions. Error probability 1e-8 for each claim at its worst, far less for each control.

    The normal approximation misses at least where no coin of 200 fell: in 13.4 %. Looking at the interval for one size
    all sizes up to 2000 misses in 13.8 % and 69.1 % (summed exactly, as in test_anytime).
    """
    most = {0.1: 165, 0.01: 40}
    assert all(binom.sf(misses, 1000, error) < 1e-8 for error, misses in most.items())
    assert not row(30, 1000, 0.01).consistent
    assert binom.cdf(29, 1000, 0.134) < 1e-20
    assert not row(150, 1000, 0.1).consistent
    for found in run(0, 1000, ["order statistics", "catoni", "mean sequence", *CONTROLS]):
        if found.interval not in CONTROLS:
            assert found.misses <= most[found.error]
        elif found.interval == CONTROLS[1] or (found.law == RARE.name and found.error == 0.01):
            assert not found.consistent


def test_every_kind_runs_and_the_seed_decides(capsys):
    main(["--repetitions", "3", "--seed", "5"])
    out = capsys.readouterr().out
    assert len(re.findall(r"^\| (?!interval \|)", out, re.MULTILINE)) == 2 * len(EXPERIMENTS)
    assert "--seed 5" in out
    assert list(run(5, 3, ["dkw", "catoni"])) == list(run(5, 3, ["catoni", "dkw"]))
    one, other = (list(run(seed, 3, ["bounded mean sequence"])) for seed in (5, 6))
    assert one != other  # widths of random samples: the same with probability 0


@pytest.mark.parametrize(("name", "hi", "status"), [("kind", 2.0, 0), ("kind", 0.5, 1), (CONTROLS[0], 0.5, 0)])
def test_the_exit_status_tells_of_refuted_claims(monkeypatch, name, hi, status):
    law = Law("constant", lambda rng, shape: np.ones(shape), 1.0, 4.0)
    kind = _mean(name, law, 4, lambda x, variance, error: Estimate(1.0, 0.0, hi, error, "", len(x)))
    monkeypatch.setattr("benchmarks.coverage.EXPERIMENTS", (kind,))
    assert main(["--repetitions", "20"]) == status


def test_a_miss_is_counted():
    law = Law("constant", lambda rng, shape: np.ones(shape), 1.0, 4.0)
    for lo, hi, misses in ((0.0, 0.5, 7), (1.5, 2.0, 7), (1.0, 1.0, 0), (0.0, 2.0, 0)):
        kind = _mean("kind", law, 4, lambda x, variance, error, lo=lo, hi=hi: Estimate(1.0, lo, hi, error, "", len(x)))
        counted, width = kind.measure(np.random.default_rng(0), 7, 0.1)
        assert counted == misses
        assert width == pytest.approx((hi - lo) / (2 * 1.6448536 * 2 / 2))  # 1.645 deviations of a mean of four


@pytest.mark.parametrize(("at", "misses"), [(0.0, 3), (0.5, 3), (1.0, 3)])
def test_a_band_misses_on_either_side_of_a_jump(at, misses):
    """100 samples at one place, said to be uniform: at 0 and at 1 one side of the jump alone is off."""
    law = Law("lie", lambda rng, shape: np.full(shape, at), at_most=lambda t: t, below=lambda t: t)
    assert _band(law, 100).measure(np.random.default_rng(0), 3, 0.1)[0] == misses
    truth = Law("truth", law.draw, at_most=lambda t: 0 * t + 1, below=lambda t: 0 * t)
    assert _band(truth, 100).measure(np.random.default_rng(0), 3, 0.1)[0] == 0


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_quantile_sequence_misses_from_the_first_size_whose_interval_does(side):
    law = Law("constant", lambda rng, shape: np.full(shape, side))
    first = next(n for n in itertools.count(1) if _misses(quantile_sequence_ranks(n, 0.5, 0.1), n, side))
    for n, misses in ((first - 1, 0), (first, 3), (first + 5, 3)):
        assert _quantile_sequence(law, n, 0.5, 0.0, 1.0).measure(np.random.default_rng(0), 3, 0.1)[0] == misses


def _misses(ranks, n, side):
    """Whether the interval of n values on one side of the truth does not reach over to it."""
    return ranks[0] >= 1 if side > 0 else ranks[1] <= n


def test_counts_that_are_not_those_of_the_interval_are_noticed():
    law = Law("constant", lambda rng, shape: np.ones(shape), 1.0, 4.0)
    interval = _quantile_sequence(
        law, 30, 0.5, 1.0, 1.0, interval=lambda x, p, error: Estimate(0.0, 0.0, 0.5, error, "", len(x))
    )
    with pytest.raises(AssertionError, match="the counts are not those of the interval"):
        interval.measure(np.random.default_rng(0), 3, 0.1)


@pytest.mark.parametrize("law", [RARE, SKEWED, DICE, PARETO], ids=lambda law: law.name)
def test_the_laws_have_the_means_they_are_said_to_have(law):
    """Error probability 1e-9 each, by an interval that needs the variance alone; clipped squares for the variance."""
    x = law.draw(np.random.default_rng(1), (400_000,))
    estimate = catoni_interval(x, law.variance, 1e-9)
    assert estimate.lo <= law.mean <= estimate.hi
    if law is not PARETO:  # whose fourth moment is infinite
        squares = catoni_interval((x - law.mean) ** 2, 20.0, 1e-9)
        assert squares.lo <= law.variance <= squares.hi


def test_the_distribution_functions_of_laws_with_atoms():
    t = np.array([1.0, 1.5, 4.0])
    assert DICE.at_most(t).tolist() == [0.25, 0.25, 1.0]
    assert DICE.below(t).tolist() == [0.0, 0.25, 0.75]
    holed = _holed(0.3)
    t = np.array([-math.inf, 0.0, 0.5, 1.0])
    assert holed.at_most(t) == pytest.approx([0.3, 0.3, 0.65, 1.0])
    assert holed.below(t) == pytest.approx([0.0, 0.3, 0.65, 1.0])
    with pytest.raises(SystemExit):
        main(["--repetitions", "0"])
