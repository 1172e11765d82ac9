"""Expansions in 1/n: against exact values at large n, to the stated order, and derived again from cumulants."""

from math import comb
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp

from montecarlo.intervals import catoni_interval
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble, Law
from theory.log_laws.log_norms import LogNormLaw
from theory.moments.expansions import kurtosis_expansion, log_variance_expansion, lyapunov_expansion

n = sp.Symbol("n", integer=True, positive=True)
K, s = sp.symbols("K s", positive=True)
beta = sp.Symbol("beta", positive=True)
NET = Ensemble(width="n", depth="L", activation="relu", init="he")


def at_width(expansion: sp.Expr, width: int) -> mpmath.mpf:
    return mpmath.mpf(str(expansion.removeO().subs(n, width).evalf(40)))


def exact_logarithms(activation: str, width: int) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Mean and variance of log |a_k|^2/|a_{k-1}|^2 under he, given survival, from digammas."""
    if activation == "linear":
        half = mpmath.mpf(width) / 2
        return mpmath.log(mpmath.mpf(2) / width) + mpmath.digamma(half), mpmath.psi(1, half)
    if activation == "relu":  # a chi-square of B >= 1 degrees, B binomial
        chances = {b: mpmath.mpf(comb(width, b)) / (2**width - 1) for b in range(1, width + 1)}
        first = {b: mpmath.log(mpmath.mpf(4) / width) + mpmath.digamma(mpmath.mpf(b) / 2) for b in chances}
        mean = mpmath.fsum(p * first[b] for b, p in chances.items())
        square = mpmath.fsum(p * (first[b] ** 2 + mpmath.psi(1, mpmath.mpf(b) / 2)) for b, p in chances.items())
        return mean, square - mean**2
    law = LogNormLaw(Ensemble(width=width, depth=1, activation=activation, init="he", input="e1"))
    balls = (law.enclosed_cumulant(order, 25) for order in (1, 2))
    mean, variance = (mpmath.mpf(ball.str(25, radius=False, more=True)) for ball in balls)
    return mean, variance


@pytest.mark.parametrize(("activation", "width"), [("linear", 400), ("relu", 400), ("leaky:1/2", 48)])
def test_mean_and_variance_of_logarithms_have_errors_of_third_order(activation: str, width: int) -> None:
    net = NET.at(activation=activation)
    with mpmath.workdps(40):
        for index, expand in enumerate((lyapunov_expansion, log_variance_expansion)):
            formula = expand(net)
            assert formula.getO().expr == n**-3
            near, far = (exact_logarithms(activation, w)[index] - at_width(formula, w) for w in (width, 2 * width))
            if activation == "linear" and index == 0:
                # digamma has no term of third order: the next is 2/(15 n^4)
                assert float(near / far) == pytest.approx(16, rel=0.05)
                continue
            assert float(near / far) == pytest.approx(8, rel=0.05 if width > 100 else 0.2)
            assert 0.1 < abs(near) * width**3 < 200


def by_cumulants(slope: sp.Expr, kurtosis: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    r"""E log and Var log of a mean of n independent units y with E y = 1, to 1/n^2, by the delta method.

    With cumulants k2, k3 of y, E log = -k2/(2n) + (k3/3 - 3 k2^2/4)/n^2, Var log = k2/n + (5 k2^2/2 - k3)/n^2. A unit
    is phi(w.u)^2/(p2 |u|^2), where k2 knows the law of w through E sum u_i^4 = F/n for units u of the layer below,
    which are nearly normal: F = 3 p4/p2^2.
    """
    p2, p4, p6 = ((1 + slope**order) / 2 for order in (2, 4, 6))
    flat = 3 * p4 / p2**2
    second, third = flat - 1, 15 * p6 / p2**3 - 3 * flat + 2
    correction = p4 / p2**2 * (kurtosis - 3) * flat  # of k2, over n
    mean = -second / (2 * n) + (third / 3 - sp.Rational(3, 4) * second**2 - correction / 2) / n**2
    variance = second / n + (sp.Rational(5, 2) * second**2 - third + correction) / n**2
    return mean, variance


@pytest.mark.parametrize(
    ("activation", "slope"), [("linear", sp.S.One), ("relu", sp.S.Zero), ("leaky:1/3", sp.Rational(1, 3))]
)
@pytest.mark.parametrize(
    ("law", "kurtosis"), [("normal", sp.Integer(3)), ("uniform", sp.Rational(9, 5)), ("symmetric", K)]
)
def test_the_law_enters_at_second_order_as_cumulants_say(
    activation: str, slope: sp.Expr, law: str, kurtosis: sp.Expr
) -> None:
    mean, variance = by_cumulants(slope, kurtosis)
    net = NET.at(activation=activation, law=law)
    assert sp.simplify(lyapunov_expansion(net).removeO() - mean) == 0
    assert sp.simplify(log_variance_expansion(net).removeO() - variance) == 0


def test_a_symbolic_slope_enters_as_cumulants_say() -> None:
    derived, expected = lyapunov_expansion(NET.at(activation="leaky:s")).removeO(), by_cumulants(s, sp.Integer(3))[0]
    assert sp.expand((derived - expected).subs(s, sp.Rational(2, 3))) == 0


def test_the_published_kurtosis_coefficient_of_relu() -> None:
    expansion = lyapunov_expansion(NET.at(law="symmetric"))
    assert sp.simplify(expansion.removeO() + (72 * K - 167) / (12 * n**2) + sp.Rational(5, 2) / n) == 0


def test_an_initialization_adds_the_logarithm_of_its_growth_to_the_mean_alone() -> None:
    s2, he = sp.Symbol("s2", positive=True), NET.at(law="uniform")
    for init, growth in (("variance:s2", n * s2 / 2), ("pytorch", sp.Rational(1, 6))):
        fields = {"init": init, "law": "uniform"}
        shift = lyapunov_expansion(NET.at(**fields)) - lyapunov_expansion(he)
        assert sp.simplify(sp.expand_log(shift.removeO() - sp.log(growth), force=True)) == 0
        assert log_variance_expansion(NET.at(**fields)) == log_variance_expansion(he)


def test_uniform_weights_are_resolved_from_normal_ones_at_width_sixteen() -> None:
    """The interval misses with probability at most 1e-9, if the variance of one logarithm (0.35) is below 1/2."""
    width, networks, rng = 16, 300_000, np.random.default_rng(3)
    logs = []
    for _ in range(20):
        a = np.full((networks // 20, width), 1.0)
        for _ in range(2):
            w = rng.uniform(-1, 1, (networks // 20, width, width)) * np.sqrt(6 / width)
            before, a = a, np.maximum(np.einsum("bij,bj->bi", w, a), 0)
        alive = np.any(a > 0, axis=1)
        logs.append(np.log(np.sum(a[alive] ** 2, axis=1) / np.sum(before[alive] ** 2, axis=1)))
    interval = catoni_interval(np.concatenate(logs), variance=0.5, error=1e-9)
    assert interval.half_width < 0.0095
    with mpmath.workdps(30):
        normal = exact_logarithms("relu", width)[0]
        difference = at_width(lyapunov_expansion(NET.at(law="uniform")) - lyapunov_expansion(NET), width)
    assert float(difference) == pytest.approx(36 / 5 / 256)
    assert not interval.lo <= float(normal) <= interval.hi
    assert interval.lo <= float(normal + difference) <= interval.hi


def fourth_over_square(net: Ensemble, depth: int, flatness: mpmath.mpf) -> mpmath.mpf:
    """E|a_L|^4/(E|a_L|^2)^2 by the two-term recursion."""
    slope, kurtosis, width = mpmath.mpf(float(net.slope)), mpmath.mpf(str(sp.N(net.law.kurtosis, 30))), net.width
    ratio = 2 * (1 + slope**4) / (1 + slope**2) ** 2
    same, rest = ratio / width, mpmath.mpf(width - 1) / width
    step = mpmath.matrix([[3 * same + rest, (kurtosis - 3) * same], [3 * same, (kurtosis - 3) * same]])
    return (step**depth * mpmath.matrix([1, flatness]))[0]


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/2"])
@pytest.mark.parametrize("law", ["normal", "uniform", Law.from_moments("own", {2: 1, 4: 6})])
def test_kurtosis_along_depth_over_width_has_an_error_of_second_order(activation: str, law: Any) -> None:
    net = NET.at(activation=activation, law=law)
    expansion = kurtosis_expansion(net)
    assert expansion.getO().expr == n**-2
    shares = [1] if law == "normal" else [0, sp.Rational(1, 3), 1]  # e_1 has 1, and a flat input 1/n
    with mpmath.workdps(40):
        for share in shares:
            values = {
                sp.Symbol("norm4_x", positive=True): sp.Rational(share) ** sp.Rational(1, 4),
                beta: sp.Rational(1, 2),
            }
            formula = expansion.removeO().subs({sp.Symbol("norm_x", positive=True): 1, **values}) + sp.O(0)
            errors = []
            for width in (50_000, 100_000):
                truth = fourth_over_square(net.at(width=width), width // 2, mpmath.mpf(str(sp.N(share, 30))))
                errors.append(truth - at_width(formula, width))
            assert float(errors[0] / errors[1]) == pytest.approx(4, rel=0.02)
            assert abs(errors[0]) * 50_000**2 > 0.01


@pytest.mark.parametrize("init", ["lecun", "xavier", "variance:s2"])
def test_a_factor_per_layer_drops_out_of_the_kurtosis(init: str) -> None:
    assert sp.simplify(kurtosis_expansion(NET.at(init=init)) - kurtosis_expansion(NET)) == sp.O(n**-2, (n, sp.oo))


CALLS = [lyapunov_expansion, log_variance_expansion, kurtosis_expansion]


@pytest.mark.parametrize("call", CALLS)
def test_the_width_must_be_a_symbol(call: Any) -> None:
    for net in (Ensemble(width=8, depth="L"), Ensemble(widths=("n", 3)), Ensemble(widths=("n", "m"))):
        with refused("width", "symbolic width"):
            call(net)
    with refused("init", "orthogonal"):
        call(Ensemble(width="n", depth="L", init="orthogonal"))


@pytest.mark.parametrize("call", CALLS[:2])
@pytest.mark.parametrize("order", [6, 8])
def test_moments_to_order_8_must_be_known(call: Any, order: int) -> None:
    moments = {2: 1, 4: 4, 6: 30}
    with refused("law", f"order {order}"):
        call(NET.at(law=Law.from_moments("own", {m: v for m, v in moments.items() if m < order})))


@pytest.mark.parametrize("call", CALLS)
def test_a_slope_may_have_any_name(call: Any) -> None:
    half = sp.Rational(1, 2)
    renamed, known = (call(NET.at(activation=f"leaky:{slope}")).removeO() for slope in ("h", "1/2"))
    assert sp.simplify(renamed.subs(sp.Symbol("h", positive=True), half) - known) == 0


@pytest.mark.parametrize(("entry", "flatness"), [("e1", 1), ("ones", 0)])
def test_a_given_input_leaves_no_symbol_of_its_norms(entry: str, flatness: int) -> None:
    known = kurtosis_expansion(NET.at(law="uniform", input=entry))
    assert known.removeO().free_symbols == {n, beta}
    norms = {"norm_x": 1, "norm4_x": flatness}
    general = kurtosis_expansion(NET.at(law="uniform")).removeO()
    assert sp.simplify(general.subs({sp.Symbol(a, positive=True): v for a, v in norms.items()}) - known.removeO()) == 0
