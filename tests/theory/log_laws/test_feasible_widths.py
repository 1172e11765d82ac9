"""Thresholds and bands of widths against scans of chi-square probabilities, enclosures and their asymptotics."""

import math
from fractions import Fraction
from itertools import pairwise
from math import comb
from typing import Any

import flint
import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from scipy import stats

from montecarlo import ActivationNorms, clopper_pearson_interval, simulate
from tests.theory.small_networks import refused
from theory.balls import less, precision
from theory.ensembles import Ensemble
from theory.log_laws.feasible_widths import Widths, asymptotic_slope, enclosed_exceedance, exceedance, feasible_widths

LINEAR = Ensemble(width="n", depth=16)
RELU = LINEAR.at(activation="relu", init="he")


def one_layer(net: Ensemble, n: int, c: float) -> float:
    """P(|a_1|^2 >= c|x|^2): of chi^2_n/n, or 2 chi^2_B/n."""
    if net.activation == "linear":
        return float(stats.chi2.sf(c * n, n))
    return sum(comb(n, b) * stats.chi2.sf(c * n / 2, b) for b in range(1, n + 1)) / 2**n


def scan(net: Ensemble, c: float, p: float, most: int) -> list[int]:
    return [n for n in range(1, most) if one_layer(net, n, c) >= p]


def holds(net: Ensemble, n: int, c: Any, p: Any) -> bool:
    """By enclosure."""
    with precision(30):
        chance = Fraction(p)
        ball = enclosed_exceedance(net.at(width=n), c, 15)
        verdict = less(ball, flint.arb(flint.fmpq(chance.numerator, chance.denominator)))
    assert verdict is not None
    return not verdict


@pytest.mark.parametrize("net", [LINEAR, RELU], ids=Ensemble.describe)
@pytest.mark.parametrize(("c", "p"), [("1/2", "4/5"), ("4/5", "3/5")])
def test_the_threshold_of_one_layer_is_found_by_scanning(net: Ensemble, c: str, p: str) -> None:
    good = scan(net, float(Fraction(c)), float(Fraction(p)), 120)
    assert good == list(range(good[0], 120))
    assert good[0] > 3
    assert feasible_widths(net.at(depth=1), c, p) == Widths(good[0], None)


@pytest.mark.parametrize(("net", "c", "p"), [(LINEAR, "3/2", "1/10"), (LINEAR, "6/5", "3/10"), (RELU, "3/2", "1/5")])
def test_the_band_of_one_layer_is_found_by_scanning(net: Ensemble, c: Any, p: str) -> None:
    good = scan(net, float(Fraction(c)), float(Fraction(p)), 200)
    assert good == list(range(good[0], good[-1] + 1))
    assert good[-1] < 150
    assert feasible_widths(net.at(depth=1), c, p) == Widths(good[0], good[-1])


@pytest.mark.parametrize(
    ("net", "c", "p"),
    [(LINEAR, "1/2", "1/2"), (RELU.at(depth=4), "1/2", "3/5"),
     (LINEAR.at(depth=3, activation="leaky:1/4", init="he"), "1/2", "1/2")],
)  # fmt: skip
def test_the_least_width_does_and_the_one_before_does_not(net: Ensemble, c: str, p: str) -> None:
    found = feasible_widths(net, c, p)
    assert found.most is None
    assert found.least is not None
    assert holds(net, found.least, c, p)
    assert not holds(net, found.least - 1, c, p)


@pytest.mark.parametrize(("net", "c", "p"), [(LINEAR, 2, "1/10"), (RELU.at(depth=5), "3/2", "1/6")])
def test_the_edges_of_a_band(net: Ensemble, c: Any, p: str) -> None:
    found = feasible_widths(net, c, p)
    assert found.least is not None
    assert found.most is not None
    assert 1 < found.least < found.most
    inside = (found.least, (found.least + found.most) // 2, found.most)
    assert all(holds(net, n, c, p) for n in inside)
    assert not holds(net, found.least - 1, c, p)
    assert not holds(net, found.most + 1, c, p)


@pytest.mark.parametrize("c", ["3/2", "6/5", "11/10"])
@pytest.mark.parametrize("net", [LINEAR, RELU], ids=Ensemble.describe)
def test_a_band_of_one_width_is_the_best_one_that_brute_force_finds(net: Ensemble, c: str) -> None:
    chances = {n: one_layer(net, n, float(Fraction(c))) for n in range(1, 100)}
    second, best = sorted(chances, key=lambda n: chances[n])[-2:]
    assert best < 80
    least_chance = Fraction((chances[second] + chances[best]) / 2)
    assert feasible_widths(net.at(depth=1), c, least_chance) == Widths(best, best)


@pytest.mark.parametrize(("net", "c", "p"), [(LINEAR, 2, "1/2"), (LINEAR.at(depth=1), 3, "1/5")])
def test_an_empty_band(net: Ensemble, c: Any, p: str) -> None:
    assert feasible_widths(net, c, p) == Widths(None, None)
    assert max(exceedance(net.at(width=n), c) for n in range(1, 60)) < Fraction(p)


def test_a_probability_below_the_width_one_chance_asks_for_nothing() -> None:
    assert feasible_widths(LINEAR.at(depth=2), "1/2", "1/10") == Widths(1, None)
    assert holds(LINEAR.at(depth=2), 1, "1/2", "1/10")


def test_a_probability_that_floats_cannot_tell_is_decided_by_balls() -> None:
    net = LINEAR.at(depth=1)
    with mp.workdps(40):
        chance = Fraction(int(mp.gammainc(10, 5, regularized=True) * 10**18), 10**18)  # at width 20, just exceeded
    for p, least in ((chance, 20), (chance + Fraction(1, 10**18), 21)):
        assert feasible_widths(net, "1/2", p).least == least


def test_both_probabilities_are_of_simulated_matrices() -> None:
    net = RELU.at(width=4, depth=6, input=(0, 1, 2, 2))
    logs = simulate(net, [last := ActivationNorms((6,))], samples=20_000, seed=8)[last].log_values("a_6")
    interval = clopper_pearson_interval(int(np.sum(logs >= math.log(9 * 0.3))), len(logs), 1e-9)
    assert interval.hi - interval.lo < 0.05
    assert interval.lo <= exceedance(net, "3/10") <= interval.hi
    assert exceedance(net, "3/10") == pytest.approx(float(enclosed_exceedance(net, "3/10")), abs=1e-11)


@pytest.mark.parametrize(
    ("net", "c", "p", "slopes"),
    [
        (LINEAR, "1/2", "1/2", [1 / math.log(2)]),
        (RELU, "1/2", "1/2", [2.5 / math.log(2)]),
        (LINEAR, "1/2", "4/5", None),
        (LINEAR, 2, "1/10", None),
    ],
)
def test_thresholds_stay_within_a_few_units_of_the_asymptotic_line(
    net: Ensemble, c: Any, p: str, slopes: list[float] | None
) -> None:
    derived = [float(slope) for slope in asymptotic_slope(net, c, p)]
    kappa, z, log_c = (5 if net.activation == "relu" else 2), stats.norm.ppf(float(Fraction(p))), math.log(Fraction(c))
    root = math.sqrt(z * z - 2 * log_c)
    by_hand = [kappa / (-z + root) ** 2] + ([kappa / (-z - root) ** 2] if log_c > 0 else [])
    assert derived == pytest.approx(slopes or by_hand, rel=1e-9)
    depths = (16, 48, 144) if net.activation == "linear" else (16, 32)
    for index, slope in enumerate(derived):
        edges = [(L, feasible_widths(net.at(depth=L), c, p)) for L in depths]
        gaps = [(found.least, found.most)[index] - slope * L for L, found in edges]
        assert all(abs(later - earlier) < 1.5 for earlier, later in pairwise(gaps))  # the line, shifted
        assert abs(gaps[-1]) < 0.03 * slope * edges[-1][0]


def test_the_slope_of_an_empty_band_is_none() -> None:
    assert asymptotic_slope(LINEAR, 2, "1/2") == ()
    assert asymptotic_slope(LINEAR, "11/10", "9/10") == ()  # the roots are those of p = 1/10
    assert asymptotic_slope(LINEAR, 2, "3/25") == ()  # z^2 < 2 log 2
    assert len(asymptotic_slope(LINEAR, 2, "11/100")) == 2
    assert asymptotic_slope(RELU, "1/2", "1/2") == (sp.Rational(5, 2) / sp.log(2),)


@pytest.mark.parametrize(
    ("argument", "c", "p"),
    [*(("c", c, "1/2") for c in (1, "1", 0, -2, math.nan, math.inf, "x", True, None)),
     *(("p", "1/2", p) for p in (0, 1, -1, 2, math.nan, "x", None))],
)  # fmt: skip
def test_factors_and_probabilities_are_named(argument: str, c: Any, p: Any) -> None:
    for question in (feasible_widths, asymptotic_slope):
        with refused(argument):
            question(LINEAR, c, p)
    if argument == "c" and c not in (1, "1", True):
        with refused("c"):
            exceedance(LINEAR.at(width=2), c)


def test_the_probability_of_not_shrinking_is_that_of_a_chi_square() -> None:
    assert exceedance(Ensemble(width=2, depth=1, init=1, input="e1"), 1) == pytest.approx(math.exp(-0.5), rel=1e-11)


@pytest.mark.parametrize("init", ["xavier", "lecun", "1/3"])
def test_a_mean_that_is_not_kept_has_no_width(init: str) -> None:
    net = Ensemble(width="n", depth=4, activation="relu", init=init)
    for question in (feasible_widths, asymptotic_slope):
        with refused("init", "does not keep the mean"):
            question(net, "1/2", "1/2")


@pytest.mark.parametrize(
    ("argument", "fields"),
    [
        ("law", {"law": "uniform"}),
        ("init", {"init": "orthogonal"}),
        ("widths", {"width": None, "depth": None, "widths": (2, 3)}),
        ("depth", {"depth": "L"}),
        ("activation", {"activation": "leaky:s"}),
        ("input", {"width": 2, "input": (1, 2)}),
    ],
)
def test_networks_without_a_diagram_are_refused(argument: str, fields: dict[str, Any]) -> None:
    with refused(argument):
        feasible_widths(Ensemble(**{"width": "n", "depth": 4, **fields}), "1/2", "1/2")
