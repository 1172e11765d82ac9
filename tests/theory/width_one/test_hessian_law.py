"""The law of the chain's Hessian: closed at depth 2, nested quadrature at 3, simulated chains, the Poisson limit."""

import math
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy import integrate
from scipy.special import erfc, ive, k0, kve

from montecarlo import catoni_interval, dkw_band
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble
from theory.width_one.hessian_bounds import log_norm_bounds
from theory.width_one.hessian_law import (
    _log_mean,
    _probability,
    _Rules,
    chain_hessian_cdf,
    chain_hessian_log_mean,
    log_ratio_mean,
    poisson_exponent,
    poisson_log_mean,
)

ERROR = 1e-9
CLAIMED = 1e-9
"""What the module says of its floats."""

FINER = _Rules(inner=600, outer=140, mean=100)
LAWS = ["uniform", "normal"]


def chain(depth: int | str, law: str = "uniform", **fields: Any) -> Ensemble:
    # uniform on (-1, 1), or normal of variance 1
    init = "1/3" if law == "uniform" else 1
    return Ensemble(
        **{"width": 1, "depth": depth, "law": law, "init": init, "readout": "signs", "input": "e1"} | fields
    )


def beyond(law: str, w: np.ndarray) -> np.ndarray:
    """P(|w| > w)."""
    return np.maximum(1 - w, 0) if law == "uniform" else erfc(w / math.sqrt(2))


@pytest.mark.parametrize("ratio", [1.01, 1.5, 4.0, 100.0, 1e6, 1e13])
def test_at_depth_two_it_is_the_law_of_the_inverse_product(ratio: float) -> None:
    product = 1 / ratio
    uniform = 1 - product + product * math.log(product)
    assert chain_hessian_cdf(chain(2), math.log(ratio)) == pytest.approx(uniform, abs=1e-10)
    # the product of two normal variables has density K_0/pi on both sides; K_0(z) + log z is smooth
    below = integrate.quad(lambda z: k0(z) + math.log(z), 0, product)[0] + product - product * math.log(product)
    assert chain_hessian_cdf(chain(2, "normal"), math.log(ratio)) == pytest.approx(1 - 2 / math.pi * below, abs=1e-10)


@pytest.mark.parametrize("product", [1.5, 3.0, 12.0])
def test_far_below_it_is_the_tail_of_a_product_of_normals(product: float) -> None:
    tail = integrate.quad(lambda z: 2 / math.pi * k0(z), product, 60)[0]
    assert chain_hessian_cdf(chain(2, "normal"), -math.log(product)) == pytest.approx(tail, abs=1e-11)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("rho", [0.1, 0.3, 0.6])
def test_at_depth_three_it_is_a_double_integral(law: str, rho: float) -> None:
    # w_k = rho tan(angle): the terms are cos^2, and the third weight must make the sum at most 1
    def density(angle: float) -> float:
        w = rho * math.tan(angle)
        p = float(w < 1) if law == "uniform" else math.sqrt(2 / math.pi) * math.exp(-(w**2) / 2)
        return p * rho / math.cos(angle) ** 2

    def third(other: float, first: float) -> float:
        room = math.sin(first) ** 2 - math.cos(other) ** 2
        least = rho * math.sqrt(max(0.0, 1 - room) / room) if room > 0 else math.inf
        return density(first) * density(other) * float(beyond(law, np.float64(least)))

    end = math.atan(1 / rho) if law == "uniform" else math.atan(12 / rho)
    points, masses = np.polynomial.legendre.leggauss(60)

    def inner(first: float) -> float:
        low = math.pi / 2 - first  # cos(other) <= sin(first)
        stop = end
        if law == "uniform":  # where the third weight must be at most 1: cos^2(other) <= sin^2(first) - least term
            room = math.sin(first) ** 2 - rho**2 / (1 + rho**2)
            low = math.acos(math.sqrt(room)) if room > 0 else end
        if low >= stop:
            return 0.0
        # a square root at the lower end: substitute its square
        u = (points + 1) / 2 * math.sqrt(stop - low)
        values = [third(low + x * x, first) * 2 * x for x in u]
        return float(masses @ values) / 2 * math.sqrt(stop - low)

    truth = integrate.quad(inner, 0, end, epsabs=1e-9, limit=200)[0]
    value = chain_hessian_cdf(chain(3, law), -2 * math.log(rho))
    assert value == pytest.approx(truth, abs=5e-6)
    assert 1e-4 < value < 0.999


def ratios(law: str, depth: int, samples: int) -> np.ndarray:
    """log of |H|_2/|f| of simulated chains, by the eigenvalues of u u^T - diag(u^2)."""
    rng = np.random.default_rng(7)
    w = rng.uniform(-1, 1, (samples, depth)) if law == "uniform" else rng.standard_normal((samples, depth))
    u = 1 / w
    H = u[:, :, None] * u[:, None, :]
    H[:, np.arange(depth), np.arange(depth)] = 0
    return np.log(np.abs(np.linalg.eigvalsh(H)).max(1))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("depth", "samples"), [(3, 40_000), (7, 20_000), (30, 3_000)])
def test_simulated_chains_have_this_law(law: str, depth: int, samples: int) -> None:
    logs = np.sort(ratios(law, depth, samples))
    band = dkw_band(logs, ERROR)
    peak = 1 if law == "uniform" else math.sqrt(2 / math.pi)
    for shift in (-1.0, 0.0, 0.5, 1.0, 2.0, 4.0):
        t = 2 * math.log(depth * peak) + shift
        interval = band.cdf(t)
        assert interval.lo <= chain_hessian_cdf(chain(depth, law), t) <= interval.hi
        assert interval.half_width < 0.065


@pytest.mark.parametrize("law", LAWS)
def test_means_at_depth_two_are_those_of_the_weights(law: str) -> None:
    mean_log = {"uniform": -1.0, "normal": -(math.log(2) + np.euler_gamma) / 2}[law]
    assert log_ratio_mean(chain(2, law)) == pytest.approx(-2 * mean_log, abs=2 * CLAIMED)
    assert chain_hessian_log_mean(chain(2, law)) == pytest.approx(0, abs=2 * CLAIMED)


def test_the_mean_of_a_cubic_root_by_quadrature_in_the_weights() -> None:
    # -log|w_k| is Exponential(1); Lambda^3 - (sum of (u_i u_j)^2) Lambda - 2 (u_1 u_2 u_3)^2 = 0
    points, weights = np.polynomial.laguerre.laggauss(48)
    t1, t2, t3 = (t.ravel() for t in np.meshgrid(points, points, points))
    mass = np.multiply.outer(np.multiply.outer(weights, weights), weights).ravel()
    kept = mass > 1e-30
    a, b, c = np.exp(2 * t1[kept]), np.exp(2 * t2[kept]), np.exp(2 * t3[kept])
    p, q = a * b + b * c + c * a, a * b * c
    angle = np.arccos(np.minimum(1.0, q / (p / 3) ** 1.5)) / 3  # the greatest root, by Viete
    mean = mass[kept] @ np.log(2 * np.sqrt(p / 3) * np.cos(angle))
    assert log_ratio_mean(chain(3)) == pytest.approx(mean, abs=2e-3)
    low, high = log_norm_bounds(chain(3))
    assert float(low) < chain_hessian_log_mean(chain(3)) < float(high)


@pytest.mark.parametrize("law", LAWS)
def test_finer_rules_agree(law: str) -> None:
    uniform = law == "uniform"
    for depth in (2, 3, 10, 1000):
        for size in (1e-6, 1e-2, 1.0, 2.5, 8.0):
            log_rho = math.log(size / depth)
            value, finer = (_probability(log_rho, depth, uniform, rules) for rules in (_Rules(), FINER))
            assert value == pytest.approx(finer, abs=CLAIMED)
    if uniform:
        assert _log_mean(uniform, 100, _Rules()) == pytest.approx(
            _log_mean(uniform, 100, _Rules(mean=100)), abs=CLAIMED
        )


def test_the_scale_of_weights_and_input_comes_out() -> None:
    for law in LAWS:
        for t in (-1.0, 2.0, 5.0):
            scaled = chain(4, law, init="1/48" if law == "uniform" else "1/16")
            assert chain_hessian_cdf(scaled, t + math.log(16)) == pytest.approx(chain_hessian_cdf(chain(4, law), t))
    assert log_ratio_mean(chain(100, init="1/12")) == pytest.approx(log_ratio_mean(chain(100)) + math.log(4), abs=1e-12)
    far = chain_hessian_log_mean(chain(100, init=1, input=(5,)))
    assert far == pytest.approx(chain_hessian_log_mean(chain(100)) + 98 * math.log(3) / 2 + math.log(5), abs=1e-9)


def test_the_mean_lies_in_its_range() -> None:
    low, high = (float(bound) for bound in log_norm_bounds(chain(100)))
    assert low + 0.1 < chain_hessian_log_mean(chain(100)) < high - 0.1


def test_the_law_is_a_law() -> None:
    for depth in (2, 5, 200):
        grid = np.linspace(2 * math.log(depth) - 8, 2 * math.log(depth) + 30, 16)
        for law in LAWS:
            values = [chain_hessian_cdf(chain(depth, law), t) for t in grid]
            assert all(0 <= x <= 1 for x in values)
            assert min(np.diff(values)) > -1e-11
            assert values[0] < 1e-4
            assert values[-1] > 1 - 1e-8
        edge = math.log(depth - 1)  # attained where all uniform weights are at their end
        assert chain_hessian_cdf(chain(depth), edge) == 0 == chain_hessian_cdf(chain(depth), -math.inf)
        assert chain_hessian_cdf(chain(depth), math.inf) == 1 == chain_hessian_cdf(chain(depth, "normal"), 1e9)
    assert chain_hessian_cdf(chain(2), 0.05) > 0


# --- the Poisson limit -----------------------------------------------------------------------------------------------


def test_the_exponent_is_its_integral() -> None:
    s, t = sp.symbols("s t", positive=True)
    # psi' = int_0^(pi/2) exp(-s cos^2) dt, from the series of the exponential and Wallis' integrals
    derivative = sp.series(sp.diff(poisson_exponent(s), s), s, 0, 7).removeO()
    wallis = sum((-s) ** k / sp.factorial(k) * sp.integrate(sp.cos(t) ** (2 * k), (t, 0, sp.pi / 2)) for k in range(7))
    assert sp.expand(derivative - wallis) == 0
    assert sp.simplify(sp.diff(poisson_exponent(s), s) - sp.pi / 2 * sp.exp(-s / 2) * sp.besseli(0, s / 2)) == 0
    assert poisson_exponent(sp.Integer(0)) == 0
    for value in (0.3, 2.0, 40.0):
        direct = integrate.quad(lambda y, value=value: -math.expm1(-value / (1 + y * y)), 0, np.inf, epsabs=1e-12)[0]
        assert float(poisson_exponent(sp.Float(value))) == pytest.approx(direct, abs=1e-9)


def test_the_constant_by_its_own_contour() -> None:
    # psi without the part in exp(-s) that a sum at most 1 cannot see, continued to the left
    points, masses = np.polynomial.legendre.leggauss(40)

    def panels(function: Any, edges: list[float]) -> Any:
        sizes = np.diff(edges) / 2
        return sum(function(a + h * (1 + points)) @ masses * h for a, h in zip(edges, sizes, strict=False))

    def log_seen(s: np.ndarray) -> np.ndarray:
        z = s / 2
        outer = ive(0, z) + ive(1, z)
        part = (kve(0, z) - kve(1, z)) * np.exp(-z - np.abs(z.real)) / math.pi
        return np.log(math.pi / 2 * s * (outer - 1j * part) * np.exp(np.abs(z.real) - z))

    def unseen(log_s: np.ndarray) -> np.ndarray:  # exp(s) Im log on the right
        s = np.exp(log_s)
        ratio = (kve(1, s / 2) - kve(0, s / 2)) / (ive(0, s / 2) + ive(1, s / 2)) / math.pi
        near = np.minimum(s, 30)
        return np.where(s > 30, ratio, np.exp(near) * np.arctan(ratio * np.exp(-near)))

    turn = np.exp(2j * math.pi / 3)
    left = panels(
        lambda r: np.exp(1 + r * turn) * log_seen(1 + r * turn) / (1 + r * turn) * turn, [0, 1, 3, 8, 20, 40, 80]
    )
    right = panels(unseen, [0, 1, 2, 4, 8, 13, 18]) + math.exp(-18) / 2  # ratio = 1/(2 s) + O(s^-2)
    constant = 2 * np.euler_gamma + 2 / math.pi * (left.imag - right)
    assert poisson_log_mean() == pytest.approx(constant, abs=1e-11)


def test_deep_chains_tend_to_the_constant_like_one_over_the_depth() -> None:
    shallow, deep = (log_ratio_mean(chain(depth)) - 2 * math.log(depth) for depth in (500, 10_000))
    assert abs(deep - poisson_log_mean()) < 0.3 / 10_000
    assert (20 * deep - shallow) / 19 == pytest.approx(poisson_log_mean(), abs=2e-6)
    peak = math.log(2 / math.pi)
    assert log_ratio_mean(chain(10_000, "normal")) - 2 * math.log(10_000) - peak == pytest.approx(
        poisson_log_mean(), abs=2e-4
    )


def test_simulated_points_have_this_mean() -> None:
    # |d log Lambda/d log Gamma_j| = 2 y_j^2, so that Poincare's inequality for exponential gaps gives a variance <= 16
    rng, samples, points = np.random.default_rng(3), 40_000, 60
    squares = np.cumsum(rng.exponential(size=(samples, points)), axis=1) ** 2
    rest = 1 / np.sqrt(squares[:, -1])  # the points beyond add about rest/Lambda, and the mean moves by less than 0.01
    low, high = np.full(samples, -9.0), np.full(samples, 40.0)
    for _ in range(24):
        middle = (low + high) / 2
        ratio = np.exp(middle)
        above = (1 / (1 + squares * ratio[:, None])).sum(1) + rest / ratio > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    interval = catoni_interval((low + high) / 2, 16.0, ERROR)
    assert interval.half_width < 0.14
    assert interval.lo - 0.01 <= poisson_log_mean() <= interval.hi + 0.01
    assert poisson_log_mean() - 0.64 > 2 * interval.half_width + 0.02  # such a constant is refuted at any seed


def test_other_networks_and_laws_are_refused() -> None:
    for question in (chain_hessian_log_mean, log_ratio_mean, lambda net: chain_hessian_cdf(net, 1.0)):
        with refused("depth", "depth 1"):
            question(chain(1))
        with refused("depth", "symbol 'L'"):
            question(chain("L"))
        with refused("law", "rademacher"):
            question(chain(3, "rademacher"))
        with refused("width", "width 1"):
            question(Ensemble(width=2, depth=3, law="uniform"))
        with refused("activation", "relu"):
            question(chain(3, activation="relu"))
    with refused("log_ratio", "not a number"):
        chain_hessian_cdf(chain(3), math.nan)
