"""Bounds on the Hessian's typical size: network by network on dense Hessians, then in the mean and in balls."""

import math
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy.special import digamma, gammaln

from montecarlo import catoni_interval, order_statistic_interval
from tests.theory.small_networks import refused
from theory.balls import enclose, less
from theory.curvature.typical_norm import (
    POWERS,
    hessian_fractional_moment_bound,
    log_norm_lower,
    log_norm_upper,
    median_bounds,
    median_range,
)
from theory.ensembles import Ensemble
from theory.moments.hessians import hessian_moment
from theory.width_one.hessian_bounds import log_norm_bounds

ERROR = 1e-9
INIT = {"linear": "xavier", "relu": "he"}
SHAPES = [(1, 2), (1, 5), (2, 2), (2, 6), (3, 4), (4, 3)]
KINDS = [("linear", "random"), ("linear", "signs"), ("relu", "random"), ("relu", "signs")]


def network(n: int, L: int, activation: str = "linear", readout: Any = "random", **fields: Any) -> Ensemble:
    return Ensemble(
        **{"width": n, "depth": L, "activation": activation, "init": INIT[activation], "readout": readout}
        | {"input": "e1", **fields}
    )


@dataclass(frozen=True)
class Batch:
    """Simulated networks: their forward and backward vectors and their Hessians, entry by entry."""

    net: Ensemble
    networks: int = 600
    seed: int = 5

    def __post_init__(self) -> None:
        rng, n, N, L = np.random.default_rng(self.seed), self.net.width, self.networks, self.net.depth
        W = rng.standard_normal((L, N, n, n)) * math.sqrt(self.net.variance(1))
        signs = rng.choice([-1.0, 1.0], (N, n))
        v = rng.standard_normal((N, n)) if self.net.readout == "random" else signs
        x = np.eye(n)[0] if self.net.input == "e1" else np.array(self.net.input, dtype=float)
        a, masks = [np.tile(x, (N, 1))], []
        for k in range(L):
            z = np.einsum("sij,sj->si", W[k], a[-1])
            masks.append(z > 0 if self.net.slope == 0 else np.ones_like(z, dtype=bool))
            a.append(z * masks[-1])
        b = [v / math.sqrt(n) * masks[-1]]
        for k in range(L - 1, 0, -1):
            b.insert(0, masks[k - 1] * np.einsum("sij,si->sj", W[k], b[0]))
        for name, value in (("W", W), ("masks", masks), ("a", a), ("b", b)):
            object.__setattr__(self, name, value)

    @cached_property
    def output(self) -> np.ndarray:
        return (self.b[-1] * self.a[-1]).sum(1)

    def jacobian(self, k: int, later: int) -> np.ndarray:
        """M_lk, layers counted from 1."""
        M = self.masks[k - 1][:, :, None] * np.eye(self.net.width)
        for j in range(k + 1, later):
            M = self.masks[j - 1][:, :, None] * (self.W[j - 1] @ M)
        return M

    @cached_property
    def norms(self) -> np.ndarray:
        """|H|_2 from the dense matrix of second derivatives."""
        n, L = self.net.width, self.net.depth
        H = np.zeros((self.networks, L, n, n, L, n, n))
        for k, later in combinations(range(1, L + 1), 2):
            block = np.einsum("si,sjp,sq->sijpq", self.b[later - 1], self.jacobian(k, later), self.a[k - 1])
            H[:, later - 1, :, :, k - 1] = block
            H[:, k - 1, :, :, later - 1] = np.moveaxis(block, (1, 2), (3, 4))
        size = L * n * n
        return np.abs(np.linalg.eigvalsh(H.reshape(-1, size, size))).max(1)

    def summands(self, t: float) -> np.ndarray:
        """|b_l|^t |M e_j|^t |a_{k-1}|^t, all k < l and j."""
        sizes = [
            np.linalg.norm(self.b[later - 1], axis=1)[:, None]
            * np.linalg.norm(self.jacobian(k, later), axis=1)
            * np.linalg.norm(self.a[k - 1], axis=1)[:, None]
            for k, later in combinations(range(1, self.net.depth + 1), 2)
        ]
        return np.concatenate(sizes, axis=1) ** t


@cache
def batch(net: Ensemble) -> Batch:
    return Batch(net)


def moment_ratio(n: int, activation: str, t: float) -> float:
    """E(|a_k|/|a_{k-1}|)^t by its definition."""

    def one(b: int) -> float:
        return math.exp(gammaln((b + t) / 2) - gammaln(b / 2))

    if activation == "linear":
        return (2 / n) ** (t / 2) * one(n)
    return (4 / n) ** (t / 2) * sum(math.comb(n, b) * one(b) for b in range(1, n + 1)) / 2**n


@pytest.mark.parametrize(("activation", "readout"), KINDS)
@pytest.mark.parametrize(("n", "L"), SHAPES)
def test_both_bounds_hold_network_by_network(n: int, L: int, activation: str, readout: str) -> None:
    nets = batch(network(n, L, activation, readout))
    alive = np.linalg.norm(nets.a[-1], axis=1) > 0
    size = np.linalg.norm(nets.a[-1][alive], axis=1)
    lower = (L - 1) * np.abs(nets.output[alive]) * size ** (-2 / L)
    assert (nets.norms[alive] >= lower * (1 - 1e-9)).all()
    assert (nets.norms[~alive] == 0).all()
    for t in (0.3, 1.0, 2.0):
        assert (nets.norms**t <= 2 ** (t / 2) * nets.summands(t).sum(1) * (1 + 1e-9)).all()
    if (n, L) == (1, 2):  # where the lower one is attained: L for L - 1 is false
        assert np.allclose(nets.norms[alive], lower)


@pytest.mark.parametrize(("activation", "readout"), KINDS)
@pytest.mark.parametrize(("n", "L"), [(2, 4), (3, 3)])
def test_masks_are_as_if_independent_in_the_summands(n: int, L: int, activation: str, readout: str) -> None:
    net, t = network(n, L, activation, readout), 0.5
    nets = Batch(net, 100_000)
    count = n * math.comb(L, 2)
    on = 1 if activation == "linear" else 0.5
    # |v|^2 has mean 1 and each summand at most the mean of its square, of which the power 2t = 1 is at most the root
    square = on * moment_ratio(n, activation, 2 * t) ** (L - 2)
    interval = catoni_interval(2 ** (t / 2) * nets.summands(t).sum(1), 2**t * count**2 * square, ERROR)
    truth = float(hessian_fractional_moment_bound(net, "1/2"))
    assert interval.lo <= truth <= interval.hi
    for factor in (moment_ratio(n, activation, t) ** 2, 1 / on if on < 1 else n):  # L for L - 2; the first mask, or n
        assert abs(factor - 1) * truth > 2 * interval.half_width  # so that such a slip is seen at any seed


def moment_bound(n: int, L: int, activation: str, readout: str, t: float) -> float:
    """log of the bound on E|H|^t at |x| = 1, term by term."""
    on = 1 if activation == "linear" else 0.5
    last = moment_ratio(n, activation, t) / (1 if activation == "linear" else 2 ** (t / 2))
    if readout == "signs":
        last = (
            1 if activation == "linear" else sum(math.comb(n, b) * (b / n) ** (t / 2) for b in range(1, n + 1)) / 2**n
        )
    return math.log(2 ** (t / 2) * math.comb(L, 2) * n * on * last) + (L - 2) * math.log(moment_ratio(n, activation, t))


@pytest.mark.parametrize(("activation", "readout"), KINDS)
@pytest.mark.parametrize("t", ["1/3", "1", "7/4"])
def test_the_moment_bound_is_its_formula(activation: str, readout: str, t: str) -> None:
    n, L, power = 5, 7, float(sp.Rational(t))
    truth = moment_bound(n, L, activation, readout, power) + power * math.log(3)
    net = network(n, L, activation, readout, input=(1, 2, 0, 2, 0))
    assert math.log(hessian_fractional_moment_bound(net, t)) == pytest.approx(truth, abs=1e-12)
    dead = 0 if activation == "linear" else 2.0**-n
    assert float(log_norm_upper(net, t)) == pytest.approx((truth - L * math.log1p(-dead)) / power, abs=1e-12)


@pytest.mark.parametrize(("activation", "readout"), KINDS)
@pytest.mark.parametrize(("n", "L"), [(3, 4), (300, 7), ("n", "L")])
def test_at_power_two_it_is_the_mean_square(n: Any, L: Any, activation: str, readout: str) -> None:
    for fields in ({"init": "1/3"}, {"input": None}):
        net = network(n, L, activation, readout, **fields)
        assert sp.simplify(hessian_fractional_moment_bound(net, 2) - hessian_moment(net)) == 0


def test_fixed_readouts_of_linear_networks_enter_by_their_norm() -> None:
    fixed, signs = network(2, 5, readout=(3, 4)), network(2, 5, readout="signs")
    for bound in (log_norm_lower, log_norm_upper):
        assert float(bound(fixed) - bound(signs)) == pytest.approx(math.log(5), abs=1e-12)
    assert np.subtract(median_bounds(fixed), median_bounds(signs)) == pytest.approx(math.log(5), abs=1e-9)
    assert hessian_fractional_moment_bound(fixed, 2) == hessian_moment(fixed)


@pytest.mark.parametrize(("activation", "readout"), KINDS)
@pytest.mark.parametrize("n", [1, 2, 4])
def test_at_depth_two_the_lower_bounds_are_the_laws_of_the_output_over_the_norm(
    n: int, activation: str, readout: str
) -> None:
    net = network(n, 2, activation, readout)
    nets = Batch(net, 40_000)
    size = np.linalg.norm(nets.a[-1], axis=1)
    alive = size > 0
    logs = np.log(np.abs(nets.output[alive]) / size[alive])
    # half of log |D v|^2 and of a Beta(1/2, .): at most pi^2/8, and what averages over B add, at most 0.11
    interval = catoni_interval(logs, math.pi**2 / 8 + 0.11, ERROR)
    assert interval.half_width < 0.08
    assert interval.lo <= float(log_norm_lower(net)) <= interval.hi
    lower, upper = median_bounds(net)
    dead = 0 if activation == "linear" else 1 - (1 - 2.0**-n) ** 2
    if dead >= 0.25:
        assert lower == -math.inf
    else:
        quartile = order_statistic_interval(logs, 0.25, ERROR)
        assert quartile.lo - 1e-9 <= lower <= quartile.hi
        assert quartile.hi - quartile.lo < 0.2
    with np.errstate(divide="ignore"):
        medians = order_statistic_interval(np.log(batch(net).norms), 0.5, ERROR)
    assert lower <= medians.hi
    assert medians.lo <= upper


def test_the_quartile_of_a_masked_readout_mixes_beta_laws_below_the_atom_of_one_active_unit() -> None:
    lower, _ = median_bounds(network(4, 2, "relu", "signs"))
    chances = {b: math.comb(4, b) / 15 for b in range(1, 5)}
    u = math.exp(2 * lower)
    assert u < 1 / 4
    two = 2 / math.pi * math.asin(math.sqrt(min(1, u / (2 / 4))))  # Beta(1/2, 1/2)
    three = math.sqrt(min(1, u / (3 / 4)))  # Beta(1/2, 1)
    angle = math.asin(math.sqrt(u))
    four = (angle + math.sin(2 * angle) / 2) * 2 / math.pi  # Beta(1/2, 3/2)
    assert chances[2] * two + chances[3] * three + chances[4] * four == pytest.approx(0.25, abs=1e-9)


@pytest.mark.parametrize(
    ("n", "L", "activation", "readout"),
    [(n, L, "linear", v) for n, L in ((4, 3), (3, 4), (2, 6)) for v in ("random", "signs")]
    + [(4, 3, "relu", v) for v in ("random", "signs")],
)
def test_simulated_medians_lie_between_the_bounds(n: int, L: int, activation: str, readout: str) -> None:
    net = network(n, L, activation, readout)
    with np.errstate(divide="ignore"):
        interval = order_statistic_interval(np.log(batch(net).norms), 0.5, ERROR)
    lower, upper = median_bounds(net)
    assert lower < interval.lo < interval.hi < upper
    assert interval.hi - interval.lo < 1.5


@pytest.mark.parametrize("t", ["1/4", "1/2", "9/10"])
@pytest.mark.parametrize(("n", "L"), [(1, 5), (3, 2), (3, 5)])
def test_the_range_of_one_power_is_its_formula_and_holds(n: int, L: int, t: str) -> None:
    net, power = network(n, L, readout="signs", init="1/3", input=(2,) + (0,) * (n - 1)), float(sp.Rational(t))
    # |a_L|^-r by chi-squares, |c|^-t by a Beta(1/2, (n - 1)/2) variable
    shrunk = power * (1 - 2 / L)
    layer = -shrunk / 2 * math.log(2 / 3) + gammaln((n - shrunk) / 2) - gammaln(n / 2)
    cosine = gammaln((1 - power) / 2) - gammaln(0.5) + gammaln(n / 2) - gammaln((n - power) / 2)
    inverse = -power * math.log(2 * (L - 1)) + L * layer + cosine
    upper = moment_bound(n, L, "linear", "signs", power) + (L - 2) * power / 2 * math.log(n / 3) + power * math.log(2)
    low, high = (float(bound) for bound in median_range(net, t))
    assert low == pytest.approx(-(math.log(2) + inverse) / power, abs=1e-12)
    assert high == pytest.approx((math.log(2) + upper) / power, abs=1e-12)
    interval = order_statistic_interval(np.log(batch(net).norms), 0.5, ERROR)
    assert low < interval.lo <= interval.hi < high


@pytest.mark.parametrize("depth", [2, 5, 60])
def test_a_chain_lies_between_its_own_sharper_bounds(depth: int) -> None:
    # the weights of a uniform chain are not normal, but both rates are E log|w|: compare after taking it out
    uniform = log_norm_bounds(Ensemble(width=1, depth=depth, law="uniform", readout="signs", input="e1"))
    normal = network(1, depth, readout="signs")
    rate = {"uniform": math.log(3) / 2 - 1, "normal": (math.log(2) + digamma(0.5)) / 2}
    lower = float(log_norm_lower(normal)) - depth * rate["normal"]
    upper = float(log_norm_upper(normal)) - depth * rate["normal"]
    # Lambda <= that of uniform weights of the same density at 0, by the same coupling as there
    peak = math.log(2 / math.pi) - math.log(1 / 3)
    assert lower <= float(uniform[1]) - depth * rate["uniform"] + peak
    assert upper >= lower


def test_it_rises_until_the_depth_is_of_the_order_of_the_width() -> None:
    for n, turn, activation in ((8, 16, "linear"), (64, 128, "linear"), (64, 102, "relu"), (256, 410, "relu")):
        first = network(n, 2, activation)  # |H| = |D v| |x| there
        counts = np.arange(1, n + 1) if activation == "relu" else np.array([n])
        chances = np.exp(gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1))
        start = math.log(2 / n) / 2 + chances @ digamma(counts / 2) / chances.sum() / 2
        assert float(log_norm_lower(first)) <= start <= float(log_norm_upper(first))
        assert float(log_norm_lower(network(n, turn, activation))) > start + 0.09


@pytest.mark.parametrize(("n", "activation"), [(2, "linear"), (8, "linear"), (4, "relu"), (16, "relu")])
def test_it_vanishes_at_the_rate_of_the_norm(n: int, activation: str) -> None:
    counts = np.arange(1, n + 1) if activation == "relu" else np.array([n])
    chances = np.array([math.comb(n, int(b)) for b in counts])
    scale = {"linear": 2, "relu": 4}[activation] / n
    rate = (math.log(scale) + chances @ digamma(counts / 2) / chances.sum()) / 2
    gaps = []
    for depth in (10**4, 10**6):
        net = network(n, depth, activation)
        lower, upper = enclose(log_norm_lower(net)), enclose(log_norm_upper(net))
        assert less(lower, upper)
        assert less(upper, enclose(sp.Integer(-3 * n)))
        assert float(lower) / depth == pytest.approx(rate, abs=20 / depth)
        gaps.append(float(upper) / depth - rate)
        assert 0 < gaps[-1] < 3 * math.sqrt(math.log(depth) / depth)
    assert gaps[1] < gaps[0] / 5


@pytest.mark.parametrize(("activation", "readout"), KINDS)
@pytest.mark.parametrize("depth", [2, 9, 3000])
def test_the_power_that_is_chosen_is_the_best_on_its_grid(depth: int, activation: str, readout: str) -> None:
    n, powers = 4, [float(t) for t in POWERS[80:]]
    net = network(n, depth, activation, readout)
    logs = [moment_bound(n, depth, activation, readout, t) for t in powers]
    dead = 0 if activation == "linear" else 2.0**-n
    given_survival = [(log - depth * math.log1p(-dead)) / t for log, t in zip(logs, powers, strict=True)]
    assert float(log_norm_upper(net)) == pytest.approx(min(given_survival), abs=1e-9)
    if (1 - dead) ** depth > 1 / 2:
        medians = [(math.log(2) + log) / t for log, t in zip(logs, powers, strict=True)]
        assert median_bounds(net)[1] == pytest.approx(min(medians), abs=1e-9)


def test_a_network_that_is_dead_has_no_lower_quartile() -> None:
    assert median_bounds(network(2, 2, "relu"))[0] == -math.inf  # dead with probability 7/16
    assert median_bounds(network(4, 10**6, "relu")) == (-math.inf, -math.inf)
    assert math.isfinite(median_bounds(network(4, 4, "relu"))[0])  # 0.2275
    assert median_bounds(network(4, 5, "relu"))[0] == -math.inf  # 0.2758
    assert math.isfinite(median_bounds(network(4, 10, "relu"))[1])  # 0.4755
    assert median_bounds(network(4, 11, "relu"))[1] == -math.inf  # 0.5083


@pytest.mark.parametrize(
    ("argument", "words", "fields"),
    [
        ("law", ["the Hessian's size", "uniform"], {"law": "uniform"}),
        ("init", ["orthogonal"], {"init": "orthogonal"}),
        ("activation", ["linear and ReLU", "leaky:1/4"], {"activation": "leaky:1/4"}),
        ("widths", ["one width"], {"width": None, "depth": None, "widths": (2, 3, 2)}),
        ("depth", ["depth 1"], {"depth": 1}),
        ("readout", ["fixed"], {"activation": "relu", "readout": (1, 2)}),
    ],
)
def test_other_networks_are_refused(argument: str, words: list[str], fields: dict[str, Any]) -> None:
    net = Ensemble(**{"width": 2, "depth": 3, "readout": "signs", **fields})
    for question in (
        log_norm_lower,
        log_norm_upper,
        median_bounds,
        lambda net: hessian_fractional_moment_bound(net, 1),
    ):
        with refused(argument, *words):
            question(net)


def test_powers_and_symbols_are_refused() -> None:
    for t in (0, "-1/2", "5/2"):
        with refused("t", "at most 2", str(t)):
            log_norm_upper(network(2, 3), t)
    with refused("t", "finite"):
        hessian_fractional_moment_bound(network(2, 3), math.nan)
    with refused("t", "below 1"):
        median_range(network(2, 3, readout="signs"), 1)
    for net in (network(2, 3), network(2, 3, "relu", "signs"), network(2, 3, readout=(1, 2))):
        with refused("readout", "signs"):
            median_range(net, "1/2")
    for question in (log_norm_upper, median_bounds):
        with refused("width", "symbol 'n'"):
            question(network("n", 3))
    with refused("width", "masked signs"):
        log_norm_lower(network("n", 3, "relu", "signs"))
