"""Diagonal nets: the closed flow and what it keeps against DOP853 on the four weights, descent in exact fractions."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from tests.theory.random_designs import designs, random_design, residual
from tests.theory.small_networks import refused
from theory.balls import enclose
from theory.dynamics.implicit_bias.designs import Design
from theory.dynamics.implicit_bias.diagonal_nets import (
    DiagonalNet,
    descent_residual_bound,
    descent_scale,
    descent_shift,
)

numbers = st.fractions(-2, 2, max_denominator=6)


def flowed(X: Any, y: Any, start: Any, time: float, loss: str = "squared") -> Any:
    """The four weights after gradient flow, by DOP853."""

    def field(_: float, state: Any) -> Any:
        up, vp, um, vm = state.reshape(4, -1)
        r = y - X @ (up * vp - um * vm)
        g = X.T @ (r if loss == "squared" else np.tanh(r))
        return np.concatenate([vp * g, up * g, -vm * g, -um * g])

    ran = solve_ivp(field, (0, time), np.concatenate(start), method="DOP853", rtol=1e-12, atol=1e-14)
    return ran.y[:, -1].reshape(4, -1)


@pytest.mark.parametrize("loss", ["squared", "log-cosh"])
@pytest.mark.parametrize("time", [0.3, 3.0])
def test_the_flow_of_the_weights_keeps_what_theory_says_and_ends_where_its_clock_says(loss: str, time: float) -> None:
    X, y = random_design(2, 5, 1)
    rng = np.random.default_rng(2)
    start = [rng.normal(size=5).round(3) for _ in range(4)]
    up, vp, um, vm = flowed(X, y, start, time, loss)
    net = DiagonalNet.of_weights(*start)
    A, B = (up + vp) ** 2 + (um - vm) ** 2, (up - vp) ** 2 + (um + vm) ** 2
    assert np.allclose(A * B, np.array(net.scales, dtype=float), rtol=1e-10)
    z = A / np.array(net.A, dtype=float)
    after = net.after_clock([sp.Rational(float(one)) for one in z])
    assert np.allclose(np.array(after.weights, dtype=float), up * vp - um * vm, rtol=1e-10, atol=1e-12)
    design = Design.read(X, y)
    assert residual(design, np.log(z)) < 1e-10
    slopes = [enclose(s).mid() for s in net.potential().slopes([sp.Rational(float(w)) for w in up * vp - um * vm])]
    assert residual(design, slopes) < 1e-10


@settings(max_examples=25)
@given(designs(most=2), st.data())
def test_descent_of_the_weights_moves_a_and_b_exactly_and_obeys_its_law(design: Design, data: st.DataObject) -> None:
    d, eta = design.dimension, Fraction(1, 200)
    four = [data.draw(st.lists(numbers, min_size=d, max_size=d)) for _ in range(4)]
    up, vp, um, vm = four
    if any(abs(a) == abs(b) and abs(c) == abs(e) for a, b, c, e in zip(up, vp, um, vm, strict=True)):
        return  # A or B of a coordinate may be 0
    net, seen = DiagonalNet.of_weights(*four), []
    for _ in range(2):
        w = [a * b - c * e for a, b, c, e in zip(up, vp, um, vm, strict=True)]
        r = [y - out for y, out in zip(design.targets, design.outputs(w), strict=True)]
        g = [sum(row[i] * one for row, one in zip(design.rows, r, strict=True)) for i in range(d)]
        if max(map(abs, g)) * eta >= 1:
            return
        seen.append(g)
        up, vp = ([a + eta * s * b for a, b, s in zip(*pair, g, strict=True)] for pair in ((up, vp), (vp, up)))
        um, vm = ([a - eta * s * b for a, b, s in zip(*pair, g, strict=True)] for pair in ((um, vm), (vm, um)))
    after = net.after_descent(eta, seen)
    assert after == DiagonalNet.of_weights(up, vp, um, vm)
    for i, column in enumerate(zip(*seen, strict=True)):
        assert after.scales[i] == descent_scale(net.scales[i], eta, column)
        law = after.tilts[i] - net.tilts[i] - descent_shift(eta, column)
        assert bool(abs(enclose(law)) < 1e-25)
    shifts = design.project_on_kernel([a - b for a, b in zip(after.tilts, net.tilts, strict=True)])
    size = sp.sqrt(sum(x**2 for x in shifts))
    assert float(size) <= float(descent_residual_bound(eta, seen)) * (1 + 1e-12)


@settings(max_examples=25)
@given(*[st.lists(numbers.filter(bool), min_size=3, max_size=3)] * 2, st.lists(numbers, min_size=3, max_size=3))
def test_along_the_clock_ab_is_kept_and_times_add(u: Any, v: Any, steps: Any) -> None:
    net = DiagonalNet.of_weights(u, v, u, v)
    growth = [abs(step) + Fraction(1, 7) for step in steps]
    once = net.after_clock(growth)
    assert once.scales == net.scales
    assert once.after_clock(growth) == net.after_clock([z * z for z in growth])
    assert net.weights == (0, 0, 0)
    assert set(net.potential().tilt) == {0}


def test_the_tilt_is_the_slope_at_the_start() -> None:
    net = DiagonalNet.of_weights([1, 0], [2, 1], ["1/2", 3], [0, 1])
    assert net.weights == (2, -3)
    slopes = net.potential().slopes(net.weights)
    assert max(abs(sp.N(slope, 30)) for slope in slopes) < 1e-28


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: DiagonalNet.of_weights([1], [1], [0], [0]), ("B", "positive")),
        (lambda: DiagonalNet.of_weights([1], [1, 2], [0], [0]), ("v_plus", "2 entries", "u_plus has 1")),
        (lambda: DiagonalNet((1, 2), (1,)), ("B", "1 entries")),
        (lambda: DiagonalNet((), ()), ("B", "0 entries")),
        (lambda: DiagonalNet((1,), (1,)).after_clock([1, 2]), ("growth", "2 entries")),
        (lambda: DiagonalNet((1,), (1,)).after_clock([0]), ("growth", "positive")),
        (lambda: DiagonalNet((1,), (1,)).after_descent(1, [[1, 2]]), ("gradients", "step 0", "2 entries")),
        (lambda: descent_scale(1, 1, [0, 1]), ("learning_rate", "step 1", "not below 1")),
        (lambda: descent_scale(1, 0, [0]), ("learning_rate", "positive")),
        (lambda: descent_shift("1/2", [2]), ("learning_rate", "step 0")),
        (lambda: descent_residual_bound(1, []), ("gradients", "none")),
    ],
)
def test_bad_input_is_named(call: Any, words: tuple[str, ...]) -> None:
    with refused(*words):
        call()


def test_no_steps_change_nothing() -> None:
    assert (descent_scale(3, 1, []), descent_shift(1, [])) == (3, 0)
