"""Particles against exact moments and against enumeration; no statistical assertion fails more often than it says."""

import math
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import cache
from itertools import pairwise, product

import numpy as np
import pytest
import sympy as sp
from hypothesis import example, given, settings
from hypothesis import strategies as st

from montecarlo.intervals.relative_catoni import relative_catoni, relative_reach
from montecarlo.rare_events import particles
from montecarlo.rare_events.particles import (
    island_variance,
    islands_needed,
    particle_mean,
    run_island,
    systematic,
)
from montecarlo.workers.places import threads
from theory import activation_moment
from theory.ensembles import Ensemble, InvalidArgument, Law

LAZY = Law.discrete({-1: "1/6", 0: "2/3", 1: "1/6"}, name="lazy")  # kurtosis 3, so that all directions are alike
HEAVY = Law.discrete({-2: "1/8", 2: "1/8", -1: "1/8", 1: "1/8", 0: "1/2"}, name="heavy")
RELU = Ensemble(width=8, depth=100, activation="relu", init="he")


# --- the mean ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "layer"),
    [
        (Ensemble(width=4, depth=24, activation="relu", init="he", law="uniform"), None),
        (Ensemble(width=3, depth=20, activation="relu", init="he", law="rademacher", input="e1"), None),
        (Ensemble(width=3, depth=12, activation="leaky:1/4", init="xavier", law=HEAVY), None),
        (Ensemble(widths=(5, 2, 7, 3, 3, 6, 4), activation="relu", law="normal", input=(1, 0, -2, "1/3", 1)), 5),
        (Ensemble(widths=(1, 9, 4, 2), activation="leaky:2/3", init="lecun", law="uniform", input=(3,)), None),
        (Ensemble(width=6, depth=30, init="pytorch"), 17),
    ],
)
def test_the_mean_of_squared_norms_for_any_law(net, layer):
    """Error probability 1e-8 in each of 6 cases, the interval's length included."""
    islands = islands_needed(net, particles=200, error=1e-8, relative_half_width=0.1, layer=layer)
    mean = particle_mean(net, islands=islands, particles=200, error=1e-8, layer=layer, seed=1)
    truth = float(activation_moment(net, 2, layer))
    assert mean.estimate.lo <= truth <= mean.estimate.hi
    assert 0.8 * truth < mean.estimate.lo < mean.estimate.value < mean.estimate.hi < 1.25 * truth
    assert mean.layer == (layer or net.depth)
    assert mean.estimate.samples == len(mean.log_islands) == islands


@pytest.mark.parametrize("order", [4, 6])
@pytest.mark.parametrize(
    "net",
    [
        Ensemble(width=5, depth=15, activation="relu", init="he"),
        Ensemble(widths=(2, 6, 3, 4, 5), activation="leaky:1/3", init="he", input="ones"),
        Ensemble(width=4, depth=8, init=1),
    ],
    ids=["relu", "leaky", "linear"],
)
def test_higher_orders_for_normal_weights(net, order):
    """Error probability 1e-8 in each of 6 cases, the interval's length included."""
    islands = islands_needed(net, order=order, particles=1000, error=1e-8, relative_half_width=0.25)
    mean = particle_mean(net, order=order, islands=islands, particles=1000, error=1e-8, seed=2)
    truth = float(activation_moment(net, order))
    assert mean.estimate.lo <= truth <= mean.estimate.hi
    assert 0.6 * truth < mean.estimate.lo <= mean.estimate.hi < 1.75 * truth


def test_one_network_in_twenty_survives_and_carries_the_mean():
    """Width 4, depth 48. Error probability 1e-7."""
    net = Ensemble(width=4, depth=48, activation="relu", init="he", law="uniform")
    islands = islands_needed(net, particles=400, error=1e-7, relative_half_width=0.2)
    mean = particle_mean(net, islands=islands, particles=400, error=1e-7, seed=3)
    assert 0.66 < mean.estimate.lo <= 1 <= mean.estimate.hi < 1.55
    assert mean.log_scale == 0


def test_depth_100_at_width_8_takes_seconds():
    """E|a_L|^2 = 1, held in an interval shorter than 1/2. Error probability 1e-6."""
    net = RELU.at(law="uniform")
    assert islands_needed(net, particles=1000, error=1e-6, relative_half_width=0.2) <= 100
    mean = particle_mean(net, islands=100, particles=1000, error=1e-6, seed=4)
    assert mean.estimate.lo < 1 < mean.estimate.hi
    assert mean.estimate.hi - mean.estimate.lo < 0.5
    assert any("kurtosis is 9/5" in assumption for assumption in mean.assumptions)


def test_means_that_no_float_holds():
    """E|a_L|^2 = 10^-5400. Error probability 1e-7."""
    net = Ensemble(width=2, depth=100, init=Fraction(1, 2 * 10**54), law="uniform")
    islands = islands_needed(net, particles=200, error=1e-7, relative_half_width=0.4)
    mean = particle_mean(net, islands=islands, particles=200, error=1e-7)
    (lo, hi), truth = mean.log_interval, -5400 * math.log(10)
    assert truth - 1.2 < lo <= truth <= hi < truth + 1.2
    assert lo < mean.log_value < hi
    assert mean.estimate.value == pytest.approx(1)
    assert mean.log_scale == pytest.approx(mean.log_value)


def test_an_estimate_that_does_not_vary():
    net = Ensemble(width=1, depth=100, law="rademacher", init="1/3")
    mean = particle_mean(net, islands=50, particles=5, error=1e-6)
    assert mean.log_value == pytest.approx(-100 * math.log(3), rel=1e-15)
    assert mean.log_interval[0] <= -100 * math.log(3) <= mean.log_interval[1] < mean.log_interval[0] + 1e-8


def test_where_all_have_died_the_interval_says_nothing():
    """P(some island survives) < 3e-15."""
    net = Ensemble(width=1, depth=50, activation="relu", init="he")
    mean = particle_mean(net, islands=3, particles=1, error=1e-6)
    assert (mean.estimate.value, mean.estimate.lo, mean.estimate.hi) == (0, 0, math.inf)
    assert mean.log_value == mean.log_interval[0] == -math.inf


# --- enumeration ------------------------------------------------------------------------------------------------------


class Script:
    """Stands for a random generator: hands out signs of a table, then where to resample, as it is told."""

    def __init__(self, signs, u):
        self.signs, self.u = iter(signs), u

    def integers(self, _, size, dtype):
        return np.array([next(self.signs) for _ in range(math.prod(size))], dtype=dtype).reshape(size)

    def random(self):
        return self.u


@cache
def every_island(activation, order, cells):
    """Two particles of widths (1, 2, 1) with signs for weights, over all signs and ways to resample: equally likely."""
    net = Ensemble(widths=(1, 2, 1), activation=activation, init=1, law="rademacher", input="ones")
    with pytest.MonkeyPatch.context() as patch:
        values = []
        for signs in product((0, 1), repeat=8):
            for cell in range(cells):
                patch.setattr(particles, "stream", lambda *_, s=signs, u=(cell + 0.5) / cells: Script(s, u))
                values.append(math.exp(run_island((net, order, 2, 2, 0, "", 0))))
    return net, values


@pytest.mark.parametrize(
    ("activation", "order", "cells"),
    # potentials of ReLU are 0, 1 and 2 and resampling changes at thirds; that of their squares at fifths, ...
    [("relu", 2, 3), ("relu", 4, 5), ("relu", 6, 9), ("linear", 4, 1), ("leaky:1/2", 2, 1)],
)
def test_an_island_is_unbiased_over_all_draws(activation, order, cells):
    """Order 2 whatever the resampling; higher orders, for signs, only if it is in proportion to the potentials."""
    net, values = every_island(activation, order, cells)
    assert math.fsum(values) / len(values) == pytest.approx(float(activation_moment(net, order)), rel=1e-12)


def test_the_variance_of_an_island_over_all_draws_is_within_the_bound():
    net, values = every_island("relu", 2, 3)
    mean, square = float(activation_moment(net, 2)), np.mean(np.square(values))
    assert 0.3 < square / mean**2 - 1 <= island_variance(net, particles=2)


def resampled(potentials):
    """Exact law of the ancestors of two particles: each way, with its probability."""
    total = sum(potentials)
    edges = sorted({Fraction(0), Fraction(1), *(e for g in potentials if 0 <= (e := 2 * g / total) <= 1)})
    edges = sorted({*edges, *(e - 1 for g in potentials if 1 <= (e := 2 * g / total) <= 2)})
    for low, high in pairwise(edges):
        yield tuple(systematic(np.array([float(g) for g in potentials]), float((low + high) / 2))), high - low


def exact_growth(net):
    """E Z and E Z^2 of an island of two particles, two layers, by all weights and all ways to resample."""
    atoms, slope = net.law.atoms, net.slope
    scale = [net.variance(k) / net.law.variance for k in (1, 2)]

    def outcomes(a, n_out, factor):
        """Each R with its probability and next vector."""
        found = {}
        for weights in product(atoms, repeat=n_out * len(a)):
            rows = [weights[i * len(a) : (i + 1) * len(a)] for i in range(n_out)]
            z = [sum((w * x for (w, _), x in zip(row, a, strict=True)), Fraction(0)) for row in rows]
            after = tuple(v if v > 0 else slope * v for v in z)
            chance = math.prod((p for _, p in weights), start=Fraction(1))
            found[after] = found.get(after, 0) + chance
        size = sum(x * x for x in a)
        return [(factor * sum(v * v for v in after) / size, after, chance) for after, chance in found.items()]

    @cache
    def moments(a):
        second = outcomes(a, net.width_at(2), scale[1])
        return sum(p * r for r, _, p in second), sum(p * r * r for r, _, p in second)

    first = outcomes((Fraction(1),) * net.width_at(0), net.width_at(1), scale[0])
    mean = square = Fraction(0)
    for (r, a, p), (s, b, q) in product(first, repeat=2):
        if not r + s:
            continue  # dead: both estimates are 0
        for (i, j), chance in resampled((r, s)):
            (m, m2), (k, k2) = moments((a, b)[i]), moments((a, b)[j])
            z = (r + s) / 2
            mean += p * q * chance * z * (m + k) / 2
            square += p * q * chance * z * z * (m2 + k2 + 2 * m * k) / 4
    return mean, square


@pytest.mark.parametrize("activation", ["relu", "linear", "leaky:1/2"])
@pytest.mark.parametrize(
    ("widths", "law", "tight"),
    [
        ((1, 1, 1), "rademacher", True),
        ((1, 1, 1), HEAVY, True),
        ((2, 2, 2), "rademacher", False),
        ((1, 2, 1), LAZY, True),
        ((2, 1, 3), LAZY, True),
        ((1, 2, 2), "rademacher", False),
    ],
)
def test_the_second_moment_of_an_island_in_fractions(activation, widths, law, tight):
    """At most the bound; equal to it where no direction is better than another: width one, or kurtosis three."""
    net = Ensemble(widths=widths, activation=activation, init="he", law=law, input="ones")
    mean, square = exact_growth(net)
    truth = Fraction(str(activation_moment(net, 2))) / sum(Fraction(1) for _ in range(widths[0]))
    assert mean == truth
    excess, bound = float(square / mean**2 - 1), island_variance(net, particles=2)
    if tight:
        assert bound == pytest.approx(excess, rel=1e-9, abs=2e-20)
    assert excess <= bound


# --- one layer --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", ["normal", "uniform", "rademacher", HEAVY])
@pytest.mark.parametrize("activation", ["relu", "linear", "leaky:1/3"])
@given(x=st.lists(st.integers(-3, 3), min_size=1, max_size=4).filter(any), n_out=st.integers(1, 5))
@settings(max_examples=10)
@example(x=[0, 2, 0], n_out=2)
@example(x=[1, -1, 1], n_out=2)
def test_the_variance_of_one_particle_is_that_of_the_worst_input(law, activation, x, n_out):
    net = Ensemble(widths=(len(x), n_out), activation=activation, init=1, law=law, input=x)
    excess = activation_moment(net, 4) / activation_moment(net, 2) ** 2 - 1
    bound = island_variance(net, particles=1)
    assert float(excess) <= bound
    heavy = net.law.kurtosis > 3
    if net.law.kurtosis == 3 or (heavy and sum(map(bool, x)) == 1) or (not heavy and len({abs(v) for v in x}) == 1):
        assert float(excess) == pytest.approx(bound, rel=1e-9, abs=2e-20)


@pytest.mark.parametrize("activation", ["relu", "linear", "leaky:2/5"])
@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_the_variance_of_one_normal_particle_is_exact(activation, order):
    net = Ensemble(widths=(2, 3), activation=activation, init=1)
    excess = activation_moment(net, 2 * order) / activation_moment(net, order) ** 2 - 1
    assert island_variance(net, order=order, particles=1) == pytest.approx(float(sp.Rational(excess)), rel=1e-11)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6).filter(any))
def test_ancestors_are_there_in_proportion_to_their_potentials_on_average(potentials):
    """Integrated over u exactly: the ancestors change only where u + j crosses n times a cumulated share."""
    n, total = len(potentials), sum(potentials)
    edges = {Fraction(0), Fraction(1)} | {Fraction(n * sum(potentials[:i]), total) % 1 for i in range(n)}
    expected = [Fraction(0)] * n
    for low, high in pairwise(sorted(edges)):
        chosen = systematic(np.array(potentials, dtype=float), float((low + high) / 2))
        counts = np.bincount(chosen, minlength=n)
        assert all(abs(count - Fraction(n * g, total)) < 1 for count, g in zip(counts, potentials, strict=True))
        expected = [e + int(count) * (high - low) for e, count in zip(expected, counts, strict=True)]
    assert expected == [Fraction(n * g, total) for g in potentials]


@given(st.lists(st.sampled_from([0.0, 1e-300, 0.1, 1 / 3, 1.0]), min_size=1, max_size=40).filter(any))
def test_the_dead_have_no_offspring(potentials):
    potentials = np.array(potentials)
    for u in (0.0, 0.5, np.nextafter(1, 0)):
        assert (potentials[systematic(potentials, u)] > 0).all()


# --- the interval -----------------------------------------------------------------------------------------------------


def misses(n, v, error, inside=lambda lo, hi: lo <= 0 <= hi):
    """P(the interval of n values, 0 or (1 + v), of mean 1 and variance v, is not as wanted), summed exactly."""
    p = 1 / (1 + v)
    total = 0.0
    for k in range(n + 1):
        logs = np.concatenate([np.full(k, math.log1p(v)), np.full(n - k, -math.inf)])
        _, lo, hi = relative_catoni(logs, v, error)
        if not inside(lo, hi):
            total += math.comb(n, k) * p**k * (1 - p) ** (n - k)
    return total


@pytest.mark.parametrize("v", [0.01, 0.3, 1.0, 4.0])
@pytest.mark.parametrize(("n", "error"), [(7, 0.2), (25, 0.2), (80, 0.2), (40, 0.01), (80, 0.01)])
def test_the_interval_covers(v, n, error):
    assert misses(n, v, error) <= error


@pytest.mark.parametrize("width", [0.2, 0.5])
def test_so_many_islands_make_an_interval_of_that_half_width_near_the_mean(width):
    net, error = RELU.at(depth=20), 0.05
    v = island_variance(net, particles=40)
    n = islands_needed(net, particles=40, error=error, relative_half_width=width)
    d, u = relative_reach(n, v, error)
    assert d + u <= 2 * width < sum(relative_reach(n - 1, v, error))

    def near(lo, hi):
        return (1 - d) / (1 + u) <= math.exp(lo) <= 1 <= math.exp(hi) <= (1 + u) / (1 - d)

    assert misses(n, v, error, near) <= error


@given(st.integers(1, 300), st.floats(1e-3, 10), st.floats(1e-9, 0.5))
def test_the_reach_solves_its_inequalities_and_nothing_shorter_does(n, v, error):
    ell = math.log(2 / error)
    if n <= 2 * ell or (g := math.sqrt(2 * v * ell / (n - 2 * ell))) >= 0.9:
        return
    alpha = g * (1 - g) / (v + g * g)

    def gain(d, sign):
        return alpha * d - alpha**2 * (v * (1 + sign * d) ** 2 + d * d) / 2 - ell / n

    for end, sign in zip(relative_reach(n, v, error), (-1, 1), strict=True):
        if 0 < end < 1 or (sign == 1 and math.isfinite(end)):
            assert gain(end * (1 - 1e-6), sign) < 0 <= gain(end, sign) + 1e-12
        assert end < math.inf
    assert relative_reach(n, v, error)[1] == pytest.approx(g / (1 - g))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30), st.floats(0.01, 5), st.integers(-(10**4), 10**4))
def test_the_estimate_solves_its_equation_on_any_scale(logs, variance, shift):
    error, n = 0.1, len(logs)
    ell = math.log(2 / error)
    g = math.sqrt(2 * variance * ell / (n - 2 * ell)) if n > 2 * ell else 2
    alpha = g * (1 - g) / (variance + g * g) if g < 1 else math.sqrt(ell / (2 * n * variance))

    def total(log_mean):
        y = [alpha * (math.exp(x - log_mean) - 1) for x in logs]
        return sum(math.copysign(math.log(1 + abs(v) + v * v / 2), v) for v in y)

    ends = relative_catoni(logs, variance, error)
    assert total(ends[0] - 1e-6) > 0 > total(ends[0] + 1e-6)
    d, u = relative_reach(n, variance, error)
    assert ends[1] == (pytest.approx(ends[0] + math.log(1 - d)) if d < 1 else -math.inf)
    assert ends[2] == pytest.approx(ends[0] + math.log(1 + u))
    moved = relative_catoni([x + shift for x in logs], variance, error)
    assert moved == pytest.approx(tuple(end + shift for end in ends), abs=1e-9)


def test_one_survivor_among_many_islands():
    value, lo, hi = relative_catoni([0.0] + [-math.inf] * 10**4, 1.0, 1e-6)
    assert -math.inf < lo < value < -200
    assert value < hi < 0


@pytest.mark.parametrize("logs", [[], [[0.0]], [math.nan], [math.inf]])
def test_unusable_logs_are_refused(logs):
    with pytest.raises(InvalidArgument, match=r"^logs: "):
        relative_catoni(logs, 1.0, 0.1)


# --- runs -------------------------------------------------------------------------------------------------------------


def test_the_bits_do_not_depend_on_who_runs_the_islands():
    net = Ensemble(width=4, depth=30, activation="relu", init="he")
    seen = []
    settings = {"islands": 5, "particles": 30, "error": 1e-3, "seed": 9}
    alone = particle_mean(net, **settings, progress=lambda done, islands: seen.append((done, islands)))
    assert seen == [(done, 5) for done in range(1, 6)]
    with ThreadPoolExecutor(3) as pool, threads(2) as workers:
        for executor in (pool, workers, map, pool.map):
            assert np.array_equal(particle_mean(net, **settings, executor=executor).log_islands, alone.log_islands)
    assert len(set(alone.log_islands)) == 5
    other = particle_mean(net, **{**settings, "seed": 10})
    assert not set(other.log_islands) & set(alone.log_islands)
    more = particle_mean(net, **{**settings, "islands": 7})
    assert np.array_equal(more.log_islands[:5], alone.log_islands)


def test_wide_layers_are_drawn_a_few_particles_at_a_time(monkeypatch):
    task = (Ensemble(widths=(6, 40, 3), activation="relu"), 2, 2, 20, 0, "d", 0)
    whole = run_island(task)
    monkeypatch.setattr(particles, "_SLICE_WEIGHTS", 500)
    assert run_island(task) == whole


def test_layers_that_outgrow_the_cache_are_drawn_a_few_rows_at_a_time(monkeypatch):
    """Error probability 1e-8."""
    monkeypatch.setattr("montecarlo.drawing.weights._SLAB_BYTES", 1000)
    net = Ensemble(widths=(30, 20, 30), activation="relu", init="he", law="uniform")
    mean = particle_mean(net, islands=60, particles=50, error=1e-8)
    assert mean.estimate.lo < float(activation_moment(net, 2)) < mean.estimate.hi < 1.3 * mean.estimate.lo


def unheard_of(rng, shape):
    return rng.standard_normal(shape)


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"net": "net"}, "net"),
        ({"net": RELU.at(width="n")}, "width"),
        ({"net": RELU.at(law="symmetric")}, "law"),
        ({"net": Ensemble(width=4, depth=2, init="orthogonal")}, "init"),
        ({"net": RELU.at(law=Law.from_moments("short", {2: 1}, sampler=unheard_of))}, "law"),
        ({"net": RELU.at(law=Law.from_moments("no sampler", {2: 1, 4: 3}))}, "law"),
        ({"net": RELU.at(law=Law.from_moments("wrong", {2: 1, 4: 9, 6: 225, 8: 11025}, sampler=unheard_of))}, "law"),
        ({"net": RELU.at(law="uniform"), "order": 4}, "order"),
        ({"order": 3}, "order"),
        ({"order": 0}, "order"),
        ({"order": 2.0}, "order"),
        ({"layer": 0}, "layer"),
        ({"layer": 101}, "layer"),
        ({"layer": "L"}, "layer"),
        ({"islands": 0}, "islands"),
        ({"islands": True}, "islands"),
        ({"particles": 0}, "particles"),
        ({"particles": 10**9}, "particles"),
        ({"net": RELU.at(width=1, depth=1000), "particles": 4}, "particles"),
        ({"seed": -1}, "seed"),
        ({"error": 0}, "error"),
        ({"error": 1.0}, "error"),
        ({"executor": 3}, "executor"),
        ({"progress": 3}, "progress"),
    ],
)
def test_bad_arguments_are_named(changes, argument):
    arguments = {"net": RELU, "islands": 2, "particles": 2, "error": 1e-3, **changes}
    with pytest.raises(InvalidArgument) as refusal:
        particle_mean(arguments.pop("net"), **arguments)
    assert refusal.value.argument == argument


@pytest.mark.parametrize("width", [0, -1.0, math.inf, math.nan, True, "0.1", 1e-12])
def test_half_widths_that_cannot_be_had_are_refused(width):
    with pytest.raises(InvalidArgument, match=r"^relative_half_width: "):
        islands_needed(RELU, particles=10, error=1e-3, relative_half_width=width)


def test_the_remedy_against_too_few_particles_is_one():
    net = RELU.at(width=1, depth=1000)
    with pytest.raises(InvalidArgument, match=r"use particles=\d+, which brings it below 2") as refusal:
        island_variance(net, particles=4)
    assert island_variance(net, particles=int(refusal.value.remedy.split("=")[1].split(",")[0])) < 2
