"""Width one: the Hessian, its secular equation and inertia in rational arithmetic; its rate enclosed and simulated."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import ChainHessian, catoni_interval, simulate
from montecarlo.curvature.width_one import chain_hessian_logs
from tests.theory.small_networks import exact, refused
from theory.ensembles import Ensemble
from theory.width_one.hessian_bounds import hessian, log_norm_bounds, log_norm_variance_bound, secular_function

ERROR = 1e-9
x = sp.Symbol("x")
nonzero = st.fractions(min_value=-4, max_value=4, max_denominator=5).filter(bool)
chains = st.lists(nonzero, min_size=2, max_size=5).map(lambda ws: [exact(w) for w in ws])


def chain(depth: int | str, **fields: str) -> Ensemble:
    return Ensemble(**{"width": 1, "depth": depth, "law": "uniform", "readout": "signs", "input": "e1", **fields})


def at(weights: list[sp.Rational]) -> tuple[sp.Matrix, sp.Rational]:
    """The Hessian of the product at these weights, and the product."""
    names = sp.symbols(f"w1:{len(weights) + 1}")
    return hessian(names).subs(dict(zip(names, weights, strict=True))), sp.Mul(*weights)


@given(chains)
@settings(max_examples=40)
def test_it_is_hollow_of_rank_one_plus_a_diagonal(weights: list[sp.Rational]) -> None:
    H, f = at(weights)
    u = sp.Matrix([1 / w for w in weights])
    assert H - f * (u * u.T - sp.diag(*(c**2 for c in u))) == sp.zeros(len(u))


@given(chains)
@settings(max_examples=40)
def test_roots_of_the_secular_function_are_the_eigenvalues(weights: list[sp.Rational]) -> None:
    H, f = at(weights)
    poles = sp.Mul(*(x + 1 / w**2 for w in weights))
    secular = sp.cancel(sp.together(-secular_function(weights, x)) * poles)
    assert sp.expand(secular - (H / f).charpoly(x).as_expr()) == 0


@given(chains)
@settings(max_examples=40)
def test_exactly_one_eigenvalue_has_the_sign_of_f_and_it_is_the_norm(weights: list[sp.Rational]) -> None:
    H, f = at(weights)
    polynomial = (H / f).charpoly(x)
    assert polynomial.count_roots(0, None) == 1
    assert polynomial.eval(0) != 0
    u1, u2, *_ = sorted((1 / abs(w) for w in weights), reverse=True)
    R = sum(1 / w**2 for w in weights) / u2**2 - u1**2 / u2**2
    low, high = u1 * u2, u1 * u2 * (1 + R)
    assert secular_function(weights, low) >= 0 > secular_function(weights, high)  # low <= Lambda < high
    assert polynomial.count_roots(low, high) == 1
    assert polynomial.count_roots(None, -high) == 0


def test_at_depth_two_the_norm_is_exactly_one() -> None:
    low, high = log_norm_bounds(chain(2))
    assert sp.simplify(sp.expand_func(low)) == 0
    assert sp.simplify(sp.expand_func(high)) == sp.log(4)
    spectral = simulate(chain(2), [ChainHessian()], samples=500)[ChainHessian()].log_values("spectral_norm")
    assert np.abs(spectral).max() < 1e-12


@pytest.mark.parametrize("variance", ["1", "1/3", "7/2"])
@pytest.mark.parametrize("depth", [2, 3, 7, 40])
def test_the_lower_bound_is_the_mean_log_product_of_all_but_the_two_smallest(depth: int, variance: str) -> None:
    # E log U_(j) = -(1/j + ... + 1/depth) for uniform order statistics
    logs = -sum(Fraction(1, i) for j in range(3, depth + 1) for i in range(j, depth + 1))
    low, high = (bound.evalf(30) for bound in log_norm_bounds(chain(depth, init=variance)))
    expected = exact(logs) + (depth - 2) * sp.log(3 * sp.Rational(variance)) / 2
    assert abs(low - expected.evalf(30)) < 1e-20
    assert abs(high - low - sp.log(4).evalf(30)) < 1e-20


def test_bounds_at_symbolic_depth_are_those_at_its_values() -> None:
    L = sp.Symbol("L", integer=True, positive=True)
    formula = log_norm_bounds(chain("L"))[0]
    for depth in (2, 9):
        assert sp.simplify(sp.expand_func(formula.subs(L, depth) - log_norm_bounds(chain(depth))[0])) == 0


def test_the_bounds_rise_until_twice_the_inverse_rate_and_fall_after() -> None:
    init = "12/5"  # of rate log sqrt(3 * 12/5) - 1, about -1/77
    turn = round(2 / (1 - math.log(7.2) / 2))
    depths = [turn // 10, turn * 9 // 10, turn, turn * 11 // 10, 10 * turn]
    low = [log_norm_bounds(chain(depth, init=init))[0].evalf(30) for depth in depths]
    assert low[0] < low[1] < low[2] > low[3] > low[4]


@pytest.mark.parametrize("depth", [3, 4])
def test_the_simulated_mean_log_norm_lies_between_the_bounds(depth: int) -> None:
    net = chain(depth)
    logs = simulate(net, [ChainHessian()], samples=40_000, seed=4)[ChainHessian()].log_values("spectral_norm")
    low, high = map(float, log_norm_bounds(net))
    interval = catoni_interval(logs, float(log_norm_variance_bound(net)), ERROR)
    assert interval.half_width < 0.07
    assert low < interval.lo < interval.hi < high


@pytest.mark.parametrize(("depth", "nodes"), [(3, 40), (4, 20)])
def test_mean_and_variance_by_quadrature_lie_within_the_bounds(depth: int, nodes: int) -> None:
    # -log|w_k/sqrt 3| is Exponential(1): Gauss-Laguerre in every weight
    points, weights = np.polynomial.laguerre.laggauss(nodes)
    grid = np.stack(np.meshgrid(*[points] * depth), axis=-1).reshape(-1, depth)
    mass = np.prod(np.stack(np.meshgrid(*[weights] * depth), axis=-1).reshape(-1, depth), axis=1)
    kept = mass > 1e-30
    logs = chain_hessian_logs(math.sqrt(3) * np.exp(-grid[kept]), np.ones(kept.sum()))[:, 0]
    mean = mass[kept] @ logs
    low, high = map(float, log_norm_bounds(chain(depth)))
    assert low < mean < high
    assert 0 < mass[kept] @ (logs - mean) ** 2 < float(log_norm_variance_bound(chain(depth)))


def test_the_variance_bound_is_that_of_the_output() -> None:
    assert log_norm_variance_bound(chain(9)) == 9
    assert sp.simplify(log_norm_variance_bound(chain(8, law="normal")) - sp.pi**2) == 0


def test_other_networks_and_laws_are_refused() -> None:
    with refused("law", "uniform weights", "normal"):
        log_norm_bounds(chain(3, law="normal"))
    with refused("depth", "depth 1"):
        log_norm_bounds(chain(1))
    with refused("activation", "relu"):
        log_norm_bounds(chain(3, activation="relu"))
    for question in (log_norm_bounds, log_norm_variance_bound):
        with refused("width", "width 1"):
            question(Ensemble(width=2, depth=3, law="uniform"))
