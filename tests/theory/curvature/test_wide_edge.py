"""The edge of wide Hessians: exact at small depth, by monotone iteration, by simulated matrices, as the depth grows."""

import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

import flint
import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp
from scipy.optimize import minimize_scalar
from scipy.sparse.linalg import LinearOperator, eigsh, svds

from tests.theory.small_networks import refused
from theory.balls import precision
from theory.curvature.wide_edge import (
    _enclosed_fold,
    _float_fold,
    _shoot,
    deep_edge_constant,
    edge_polynomial,
    wide_edge,
)
from theory.ensembles import Ensemble, InvalidArgument


def edge(depth: int, activation: str = "linear", digits: int = 30, **fields: Any) -> Any:
    init = {"linear": "xavier", "relu": "he"}[activation]
    net = Ensemble(**{"width": "n", "depth": depth, "activation": activation, "init": init} | fields)
    return wide_edge(net, digits)


def iterate(depth: int, z: Any, steps: int) -> bool | None:
    """From 0 by the equations themselves: True where they settle within 1e-9 of a solution, False where pq >= 1."""
    n, one = depth - 1, z / z
    alpha, beta = [0 * z] * (n + 2), [0 * z] * (n + 2)
    for _ in range(steps):
        p, q = [z + beta[j - 1] for j in range(1, n + 1)], [z + alpha[j + 1] for j in range(1, n + 1)]
        if any(a * b >= one for a, b in zip(p, q, strict=True)):
            return False
        new_alpha = [0 * z, *(b / (one - a * b) for a, b in zip(p, q, strict=True)), 0 * z]
        new_beta = [0 * z, *(a / (one - a * b) for a, b in zip(p, q, strict=True)), 0 * z]
        assert all(x >= y for x, y in zip(new_alpha + new_beta, alpha + beta, strict=True))  # monotone
        moved = max(float(x - y) for x, y in zip(new_alpha + new_beta, alpha + beta, strict=True))
        alpha, beta = new_alpha, new_beta
        if moved < 1e-9:
            return True
    return None


def test_depths_two_and_three_are_exact() -> None:
    assert edge(2) == 1
    for digits in (5, 30, 200):
        ball = edge(3, digits=digits)
        with precision(digits + 20):
            assert ball.contains(1 + flint.arb(2).sqrt().mid())
        assert ball.rel_accuracy_bits() > digits * math.log2(10)


@pytest.mark.parametrize("depth", [2, 3, 4, 5])
def test_it_is_a_root_of_its_polynomial(depth: int) -> None:
    polynomial, ball = edge_polynomial(depth), edge(depth)
    with precision(60):
        low, high = (sp.Rational(int(x.p), int(x.q)) for x in (end.fmpq() for end in (ball.lower(), ball.upper())))
    assert high - low <= sp.Rational(1, 10**29) * high
    if depth == 2:
        assert polynomial.eval(low) == 0
    else:
        assert polynomial.eval(low) * polynomial.eval(high) < 0
    assert polynomial.LC() > 0
    assert sp.factor_list(polynomial)[1] == [(polynomial, 1)]


@pytest.mark.parametrize("depth", [3, 4, 7, 12])
def test_iteration_from_zero_settles_before_the_edge_and_breaks_down_beyond(depth: int) -> None:
    z = 1 / float(edge(depth))
    assert iterate(depth, z * 0.999, 3_000) is True
    assert iterate(depth, z * 1.001, 3_000) is False


def test_beyond_the_edge_it_breaks_down_in_exact_arithmetic() -> None:
    # every iterate is below every solution, so rounding down, too, cannot break down where there is a solution
    def down(x: Fraction) -> Fraction:
        return Fraction(math.floor(x * 10**12), 10**12)

    for depth, z in ((3, Fraction(42, 100)), (4, Fraction(26, 100)), (5, Fraction(183, 1000))):
        assert z > 1 / float(edge(depth))
        beta, alpha = [Fraction(0)] * (depth + 1), [Fraction(0)] * (depth + 1)
        for _ in range(200):
            pairs = [(z + beta[j - 1], z + alpha[j + 1]) for j in range(1, depth)]
            if any(p * q >= 1 for p, q in pairs):
                break
            beta[1:depth] = [down(p / (1 - p * q)) for p, q in pairs]
            alpha[1:depth] = [down(q / (1 - p * q)) for p, q in pairs]
        else:
            pytest.fail("no breakdown")


@pytest.mark.parametrize("depth", [3, 4, 9, 40])
def test_the_shooting_solves_the_equations(depth: int) -> None:
    t, z = _float_fold(depth)
    p, q = ([x.value for x in values] for values in _shoot(depth, t, z))
    alpha, beta = ([x / (1 - a * b) for x, a, b in zip(values, p, q, strict=True)] for values in (q, p))
    assert p == pytest.approx([z, *(z + b for b in beta[:-1])], rel=1e-9)
    assert q == pytest.approx([*(z + a for a in alpha[1:]), z], rel=1e-9)
    assert p == pytest.approx(q[::-1], rel=1e-6)  # the two ends are alike
    for step in (1e-5, -1e-5):  # derivatives of the last q are differences
        value = _shoot(depth, t + step, z)[1][-1]
        here = _shoot(depth, t, z)[1][-1]
        assert value.value - here.value == pytest.approx(step * here.t + step**2 / 2 * here.tt, abs=1e-3 * step**2)
        moved = _shoot(depth, t, z + step * z)[1][-1]
        assert moved.value - here.value == pytest.approx(step * z * here.z, rel=1e-3)
        assert moved.t - here.t == pytest.approx(step * z * here.tz, rel=1e-3)


@pytest.mark.parametrize("depth", [3, 8, 200])
def test_the_fold_is_where_z_is_greatest_over_t(depth: int) -> None:
    t, z = _enclosed_fold(depth, 20)

    def reached(start: float) -> float:  # z at which the last q is z, near the fold
        value = float(z)
        for _ in range(20):
            last = _shoot(depth, start, value)[1][-1]
            value -= (last.value - value) / (last.z - 1)
        return value

    for factor in (0.98, 0.995, 1.005, 1.02):
        assert reached(float(t) * factor) < float(z) * (1 - 1e-9)
    assert reached(float(t)) == pytest.approx(float(z), rel=1e-12)


@pytest.mark.parametrize("depth", [4, 5, 9])
def test_wherever_it_starts_it_encloses_the_edge_or_says_that_it_cannot(
    depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, (t, z) = edge(depth), _float_fold(depth)
    found, refusals = 0, 0
    for a in (-3.0, 0.2, 0.7, 1.1, 2.0, 30.0):
        for b in (-1.0, 0.3, 0.8, 1.05, 1.5, 6.0):
            monkeypatch.setattr("theory.curvature.wide_edge._float_fold", lambda _, a=a, b=b: (t * a, z * b))
            try:
                ball = edge(depth)
            except InvalidArgument as problem:
                refusals += "cannot be met" in problem.problem
                continue
            assert ball.overlaps(truth)
            found += 1
    assert found + refusals == 36
    assert min(found, refusals) > 3


def test_relu_networks_have_it_over_the_root_of_two() -> None:
    for depth in (2, 3, 10):
        ratio = edge(depth, "relu") / edge(depth)
        assert (ratio**2).contains(0.5)
        assert abs(ratio**2 - 0.5) < 1e-13


def operators(net: Ensemble, rng: np.random.Generator) -> tuple[LinearOperator, LinearOperator, LinearOperator]:
    """H on coordinates of its range; T of the same weights; T with the norms of b_l and a_{k-1} on its two sides."""
    n, L = net.width, net.depth
    W = rng.standard_normal((L, n, n)) * math.sqrt(net.variance(1))
    a, masks = [np.eye(n)[0]], []
    for k in range(L):
        z = W[k] @ a[-1]
        masks.append(z > 0 if net.slope == 0 else np.ones(n, dtype=bool))
        a.append(z * masks[-1])
    v = rng.choice([-1.0, 1.0], n) / math.sqrt(n)
    b = [v * masks[-1]]
    for k in range(L - 1, 0, -1):
        b.insert(0, masks[k - 1] * (W[k].T @ b[0]))
    units = [(x / np.linalg.norm(x), y / np.linalg.norm(y)) for x, y in zip(a[:-1], b, strict=True)]

    def forward(p: np.ndarray) -> np.ndarray:  # r_l = sum over k < l of M_lk p_k
        r, out = np.zeros(n), [np.zeros(n)]
        for k in range(L - 1):
            r = masks[k] * (W[k] @ r + p[k])
            out.append(r)
        return np.array(out)

    def backward(q: np.ndarray) -> np.ndarray:  # g_k = sum over l > k of M_lk^T q_l
        g, out = np.zeros(n), [np.zeros(n)]
        for k in range(L - 1, 0, -1):
            g = masks[k - 1] * (W[k].T @ g + q[k])
            out.insert(0, g)
        return np.array(out)

    def hessian(y: np.ndarray) -> np.ndarray:
        # dW = u a^T/|a| + (b/|b|) w^T with w orthogonal to a: orthonormal coordinates (u, w)
        u, w = y.reshape(2, L, n)
        w = np.array([x - (x @ e) * e for x, (e, _) in zip(w, units, strict=True)])
        sizes = [(np.linalg.norm(x), np.linalg.norm(c)) for x, c in zip(a[:-1], b, strict=True)]
        p = np.array([s * (x + (y @ e) * c) for x, y, (e, c), (s, _) in zip(u, w, units, sizes, strict=True)])
        q = np.array([s * (y + (x @ c) * e) for x, y, (e, c), (_, s) in zip(u, w, units, sizes, strict=True)])
        g, r = backward(q), forward(p)
        # the gradient in dW_k is g a^T + b r^T
        du = [s * x + s2 * (y @ e) * c for x, y, (e, c), (s, s2) in zip(g, r, units, sizes, strict=True)]
        dw = [s2 * y + s * (x @ c) * e for x, y, (e, c), (s, s2) in zip(g, r, units, sizes, strict=True)]
        dw = [x - (x @ e) * e for x, (e, _) in zip(dw, units, strict=True)]
        return np.concatenate([np.ravel(du), np.ravel(dw)])

    pad = np.zeros((1, n))

    def signal(left: Any, right: Any) -> LinearOperator:
        return LinearOperator(
            ((L - 1) * n,) * 2,
            matvec=lambda y: (left * forward(np.concatenate([right * y.reshape(L - 1, n), pad]))[1:]).ravel(),
            rmatvec=lambda y: (right * backward(np.concatenate([pad, left * y.reshape(L - 1, n)]))[:-1]).ravel(),
            dtype=float,
        )

    outputs, inputs = (np.linalg.norm(x, axis=1)[:, None] for x in (b[1:], a[: L - 1]))
    return LinearOperator((2 * L * n,) * 2, matvec=hessian, dtype=float), signal(1, 1), signal(outputs, inputs)


# eight deviations seen at width 300, and the means there
@pytest.mark.parametrize(
    ("depth", "activation", "reduced", "limit"),
    [(3, "linear", 0.01, 0.06), (3, "relu", 0.015, 0.13), (5, "linear", 0.04, 0.14), (8, "linear", 0.07, 0.20)],
)
def test_simulated_wide_networks_end_there(depth: int, activation: str, reduced: float, limit: float) -> None:
    init = {"linear": "xavier", "relu": "he"}[activation]
    net = Ensemble(width=300, depth=depth, activation=activation, init=init, input="e1", readout="signs")
    for seed in range(2):
        H, T, scaled = operators(net, np.random.default_rng(seed))
        top, bottom = np.sort(eigsh(H, k=2, which="BE", return_eigenvectors=False, tol=1e-6))[::-1]
        ends = [svds(x, k=1, return_singular_vectors=False, tol=1e-6)[0] for x in (scaled, T)]
        assert top == pytest.approx(ends[0], rel=reduced)  # the constraints move no eigenvalue out
        assert -bottom == pytest.approx(ends[0], rel=reduced)
        assert ends[1] == pytest.approx(float(edge(depth)), rel=limit)
        if depth == 3:  # where |b_k| and |a_k| vary little
            assert top == pytest.approx(float(edge(depth, activation)), rel=0.06 if activation == "linear" else 0.35)


# --- as the depth grows ---------------------------------------------------------------------------------------------


def test_the_constant_is_that_of_the_differential_equation() -> None:
    def length(start: float) -> float:  # P' = 1 + P^2 Q, -Q' = 1 + P Q^2 from (0, start) until Q = 0
        def rates(_: float, y: np.ndarray) -> list[float]:
            return [1 + y[0] ** 2 * y[1], -1 - y[0] * y[1] ** 2]

        def ends(_: float, y: np.ndarray) -> float:
            return float(y[1])

        ends.terminal = True  # type: ignore[attr-defined]
        return float(solve_ivp(rates, (0, 9), [0.0, start], events=ends, rtol=1e-11, atol=1e-13).t[-1])

    best = minimize_scalar(lambda start: -length(start), bounds=(2, 6), method="bounded", options={"xatol": 1e-6})
    assert deep_edge_constant() == pytest.approx(float(-best.fun) ** -1.5, rel=1e-9)
    assert best.x == pytest.approx(3.4868, abs=1e-3)


def test_deep_edges_tend_to_it_like_one_over_the_depth() -> None:
    ratios = [float(edge(depth, digits=15)) / depth**1.5 for depth in (50, 100, 200, 400)]
    gaps = [deep_edge_constant() - ratio for ratio in ratios]
    assert all(gap > 0 for gap in gaps)
    for first, second in pairwise(gaps):
        assert first / second == pytest.approx(2, abs=0.02)
    once = [2 * b - a for a, b in pairwise(ratios)]
    assert (4 * once[-1] - once[-2]) / 3 == pytest.approx(deep_edge_constant(), abs=1e-8)


def test_digits_are_met_at_any_depth() -> None:
    for depth, digits in ((5, 100), (30, 40), (1000, 10)):
        assert edge(depth, digits=digits).rel_accuracy_bits() > digits * math.log2(10)
    assert edge(40, digits=60).overlaps(edge(40, digits=10))


@pytest.mark.parametrize(
    ("argument", "words", "fields"),
    [
        ("law", ["the edge", "uniform"], {"law": "uniform"}),
        ("activation", ["linear and ReLU", "leaky:1/4"], {"activation": "leaky:1/4", "init": "he"}),
        ("widths", ["one width grows"], {"width": None, "depth": None, "widths": (2, 3, 2)}),
        ("depth", ["symbol 'L'"], {"depth": "L"}),
        ("depth", ["depth 1"], {"depth": 1}),
        ("init", ["mean norm"], {"init": "1"}),
        ("init", ["mean norm"], {"init": "1/8", "width": 8}),
        ("init", ["mean norm"], {"activation": "relu"}),
        ("readout", ["fixed"], {"activation": "relu", "init": "he", "readout": "ones"}),
    ],
)
def test_other_networks_are_refused(argument: str, words: list[str], fields: dict[str, Any]) -> None:
    with refused(argument, *words):
        wide_edge(Ensemble(**{"width": "n", "depth": 4, "readout": "signs"} | fields))


def test_a_number_for_the_width_does_not_matter() -> None:
    for init in ("lecun", "he"):  # for linear networks the same as Xavier's
        net = Ensemble(width=8, depth=4, init=init, readout=(1,) * 8, input="ones")
        assert wide_edge(net).str(40) == edge(4).str(40)


def test_depths_without_a_polynomial_and_digits_are_refused() -> None:
    for depth in (1, 6, True, "L"):
        with refused("depth", "between 2 and 5"):
            edge_polynomial(depth)  # type: ignore[arg-type]
    with refused("digits", "0"):
        edge(3, digits=0)
