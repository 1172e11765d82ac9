"""Bounds of the kernel and the rich regime, of the rate and of neurons, against minimizers and exact values."""

from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.random_designs import random_design
from tests.theory.small_networks import refused
from theory.balls import enclose, less
from theory.dynamics.implicit_bias.designs import Design
from theory.dynamics.implicit_bias.interpolants import float_interpolant
from theory.dynamics.implicit_bias.least_l1_norm import least_l1
from theory.dynamics.implicit_bias.mirror_potentials import DiagonalPotential, diagonal_potential
from theory.dynamics.implicit_bias.neuron_potentials import neuron_slope
from theory.dynamics.implicit_bias.shape_limits import (
    cube_norm,
    distance_factor,
    kernel_direction,
    kernel_direction_error,
    kernel_distance_bound,
    least_decay_rate,
    neuron_limit_bounds,
    rich_excess_bound,
    rich_excess_of_point,
    rich_potential_bounds,
    share_entropy,
)


def minimizer(k: Any, n: int = 3, d: int = 6, seed: int = 0) -> tuple[Any, Design, Any]:
    X, y = random_design(n, d, seed)
    point, _ = float_interpolant(DiagonalPotential((k,) * d), X, y)
    return point, Design.read(X, y), [sp.Rational(float(x)) for x in point]


@pytest.mark.parametrize("k", [1, 10, 100, 10**4])
def test_the_kernel_regime(k: int) -> None:
    point, design, exact = minimizer(k)
    least = np.array(design.minimum_l2(), dtype=float)
    distance, bound = np.linalg.norm(point - least), float(kernel_distance_bound(k, cube_norm(exact)))
    assert 0 < distance < bound
    limit = np.array([float(x) for x in kernel_direction(design.rows, design.targets)])
    most = float(np.abs([point, least]).max())
    error = float(kernel_direction_error(k, cube_norm(exact), cube_norm(exact, 5), sp.Rational(most)))
    assert np.linalg.norm(k * (point - least) - limit) < error + 1e-9
    if k == 10**4:
        assert np.abs(k * (point - least) - limit).max() < 1e-3 * np.abs(limit).max()


@pytest.mark.parametrize("k", ["1e-8", "1e-16", "1e-30"])
def test_the_rich_regime(k: str) -> None:
    point, design, exact = minimizer(k)
    best = least_l1(design.rows, design.targets)
    excess = float(np.abs(point).sum()) / float(best.norm) - 1
    known = [sp.Rational(x.numerator, x.denominator) for x in best.point]
    bound = rich_excess_bound(k, sp.Rational(best.norm.numerator, best.norm.denominator), share_entropy(known), 6)
    assert -1e-12 < excess < float(bound)
    assert excess * float(best.norm) < float(rich_excess_of_point(k, exact)) + 1e-12


@settings(max_examples=30)
@given(st.fractions("1/50", 5, max_denominator=50), st.integers(-12, 2))
def test_the_rich_potential_lies_between_its_bounds(x: Any, power: int) -> None:
    low, high = rich_potential_bounds(x, sp.Integer(10) ** power)
    value = enclose(diagonal_potential(x, sp.Integer(10) ** power))
    assert less(enclose(low), value)
    assert less(value, enclose(high))


@settings(max_examples=30)
@given(st.fractions("1/50", 9, max_denominator=50), st.fractions("1/9", 9, max_denominator=9), st.sampled_from([1, -1]))
def test_a_neurons_slope_lies_between_its_bounds(n: Any, size: Any, sign: int) -> None:
    delta = sp.Rational(sign * size)
    low, high = neuron_limit_bounds(n, delta)
    slope = neuron_slope(n, delta) / (sp.sqrt(-delta) if sign < 0 else sp.Rational(n) / sp.sqrt(delta))
    assert less(enclose(low), enclose(slope))
    assert less(enclose(slope), enclose(high))


def test_bounds_of_rate_and_distance_hold_on_a_flow() -> None:
    X, y = random_design(2, 5, 3)
    sigma = np.linalg.svd(X, compute_uv=False)[-1]
    root, rate, G = 0.5, float(least_decay_rate(sp.Rational(sigma), "1/4")), np.zeros(5)
    step, T = 1e-3, 1.0
    losses = [float(y @ y) / 2]
    for _ in range(int(T / step)):  # the midpoint rule on the clock
        half = G + step / 2 * X.T @ (y - X @ (root / 2 * np.sinh(2 * G)))
        G = G + step * X.T @ (y - X @ (root / 2 * np.sinh(2 * half)))
        gap = y - X @ (root / 2 * np.sinh(2 * G))
        losses.append(float(gap @ gap) / 2)
    assert all(loss <= losses[0] * np.exp(-rate * i * step) for i, loss in enumerate(losses))
    end, _ = float_interpolant(DiagonalPotential(("1/4",) * 5), X, y)
    w = root / 2 * np.sinh(2 * G)
    most = sp.Rational(float(np.abs([w, end]).max()))
    assert np.linalg.norm(w - end) <= float(distance_factor("1/4", most)) * np.linalg.norm(X @ w - y) / sigma


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kernel_distance_bound(0, 1), ("k", "positive")),
        (lambda: kernel_distance_bound(1, -1), ("cubes", "at least 0")),
        (lambda: rich_excess_bound(1, 1, 0, 3), ("k", "too large")),
        (lambda: rich_excess_bound("1e-9", 1, 0, 0), ("dimension", "positive integer")),
        (lambda: rich_excess_bound("1e-9", 0, 0, 2), ("norm", "positive")),
        (lambda: share_entropy([0, 0]), ("point", "no shares")),
        (lambda: rich_excess_of_point(1, [0]), ("point", "is 0")),
        (lambda: neuron_limit_bounds(1, 0), ("delta", "positive or negative")),
        (lambda: neuron_limit_bounds(0, 1), ("n", "positive")),
        (lambda: least_decay_rate(0, 1), ("singular_value", "positive")),
        (lambda: distance_factor(1, -1), ("bound", "at least 0")),
    ],
)
def test_bad_input_is_named(call: Any, words: tuple[str, ...]) -> None:
    with refused(*words):
        call()
