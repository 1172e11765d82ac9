"""Slope as evidence: which networks take part, what is claimed of them, and a simulation of its own."""

import math
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from montecarlo import simulate
from montecarlo.intervals import order_statistic_interval
from montecarlo.intervals.slopes import pair_slopes
from proofs_check.evidence import Slope
from proofs_check.verdict import Between, Verdict
from theory.ensembles import Ensemble, InvalidArgument

NET = Ensemble(width=1, depth=2)


@dataclass(frozen=True)
class Given:
    """Logs that were made up."""

    name = "given"
    needs = frozenset()

    def components(self, net):
        return ("y", "x")

    def measure(self, chunk):
        x = np.random.default_rng(0).standard_normal(chunk.networks)
        return np.stack([-2 * x, x], axis=1)


def check(**arguments):
    return Slope("slope", NET, Given(), "y", other="x", **arguments)


class Stored:
    """A simulation whose values are given."""

    seed = 3

    def __init__(self, x, y):
        self.logs = {"x": np.array(x, dtype=float), "y": np.array(y, dtype=float)}

    def __getitem__(self, observable):
        return SimpleNamespace(log_values=self.logs.__getitem__)


def test_a_slope_is_measured_and_a_wrong_one_refuted():
    evidence = check(tolerance=0.1, samples=400)
    request = evidence.request("quick")
    found = simulate(request.net, [request.observable], samples=request.samples, seed=1)
    finding = evidence.examine(lambda net: -2, found, 1e-6)
    assert finding.verdict is Verdict.SUPPORTED
    assert finding.interval == pytest.approx((-2, -2))
    assert finding.samples == 200
    assert finding.seed == 1
    assert evidence.examine(lambda net: Between(-1.9, -1.85), found, 1e-6).verdict is Verdict.REFUTED


def test_networks_take_part_by_what_is_known_before_training():
    rng = np.random.default_rng(1)
    x = rng.standard_normal(500)
    y = -x + 0.3 * rng.standard_normal(500)
    x[::10], y[5::10] = -math.inf, -math.inf  # dead, or there from the start
    taking_part = (x >= -1) & np.isfinite(y)
    expected = y.copy()
    expected[y >= 0.5] = math.inf
    slopes = pair_slopes(x[taking_part], expected[taking_part])
    assert np.isinf(slopes).any()
    assert np.isnan(slopes).any()
    lo = order_statistic_interval(np.where(np.isnan(slopes), -np.inf, slopes), 0.5, 0.01).lo
    hi = order_statistic_interval(np.where(np.isnan(slopes), np.inf, slopes), 0.5, 0.01).hi
    finding = check(least=-1.0, most=0.5).examine(lambda net: -1, Stored(x, y), 0.01)
    assert finding.interval == (lo, hi)


def test_of_nobody_nothing_is_known():
    finding = check(least=100.0).examine(lambda net: -1, Stored([0, 1, 2], [0, 1, 2]), 0.01)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.interval == (-math.inf, math.inf)


def test_a_slope_needs_two_components():
    for other in ("", "y"):
        with pytest.raises(InvalidArgument, match=r"^other: must name a second component"):
            Slope("slope", NET, Given(), "y", other=other)
    with pytest.raises(InvalidArgument, match=r"^reading: a slope needs two components"):
        Slope("slope", NET, Given(), "y", other="x").reading.estimate(np.zeros(3), NET, 0.1)
