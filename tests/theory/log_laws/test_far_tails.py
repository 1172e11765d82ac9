"""The log-norm law far from its centre, where an inversion on a period would see mass that is not there."""

from __future__ import annotations

import itertools
import math

import pytest

from proofs_check.statements.forward.moments import median_range
from proofs_check.toolkit.checks import LINEAR, RELU
from theory import Ensemble, LogNormLaw
from theory.balls import enclose

WIDTH_ONE = Ensemble(width=1, depth=1, init=1)
NARROW_RELU = Ensemble(width=2, depth=3, activation="relu", init="he")


@pytest.mark.parametrize("t", [-1e4, -500.0, -160.0])
def test_far_below_only_death_is_left(t: float) -> None:
    assert LogNormLaw(WIDTH_ONE).cdf(t) == pytest.approx(math.exp(t / 2) * math.sqrt(2 / math.pi), abs=1e-12)
    assert LogNormLaw(NARROW_RELU).cdf(t) == pytest.approx(1 - (3 / 4) ** 3, abs=1e-12)


@pytest.mark.parametrize("t", [160.0, 500.0, 1e4])
def test_far_above_all_mass_is_below(t: float) -> None:
    assert LogNormLaw(WIDTH_ONE).cdf(t) == pytest.approx(1, abs=1e-12)
    assert LogNormLaw(NARROW_RELU).cdf(t) == pytest.approx(1, abs=1e-12)


def test_the_cdf_stays_between_death_and_one_and_increases() -> None:
    law = LogNormLaw(NARROW_RELU)
    values = [law.cdf(t) for t in range(-400, 401, 20)]
    assert all(1 - (3 / 4) ** 3 - 1e-15 <= value <= 1 for value in values)
    assert all(a <= b + 1e-12 for a, b in itertools.pairwise(values))


def test_survival_at_great_depth_is_quick_and_right() -> None:
    deep = LogNormLaw(Ensemble(width=20, depth=1_000_000, activation="relu", init="he"))
    dead = -math.expm1(1_000_000 * math.log1p(-(2.0**-20)))
    assert deep.cdf(-math.inf) == pytest.approx(dead, rel=1e-12)


@pytest.mark.parametrize("net", [RELU, LINEAR], ids=["relu", "linear"])
@pytest.mark.parametrize(("width", "ratio"), [(16, 1), (16, 16), (24, 4), (48, 2)])
def test_exact_medians_lie_in_the_range_that_the_width_depth_statement_claims(
    net: Ensemble, width: int, ratio: int
) -> None:
    case = net.at(width=width, depth=width * ratio)
    claimed = median_range(case)
    assert float(enclose(claimed.lo)) <= LogNormLaw(case).median() <= float(enclose(claimed.hi))


def test_narrow_relu_networks_are_outside_that_range_which_is_why_it_asks_for_width_16() -> None:
    case = RELU.at(width=2, depth=32)
    assert LogNormLaw(case).median() < float(enclose(median_range(case).lo))
