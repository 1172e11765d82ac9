"""Flows of deep diagonal networks and pairs of layers, against SciPy's integrator and what they keep."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from montecarlo.training.regression.regression_flows import depth_flow, pair_flow
from theory.ensembles import InvalidArgument

X = np.array([[1.0, 2.0, -0.5], [0.0, 1.0, 3.0]])
y = np.array([1.5, -0.5])


def oracle(field, start, time):
    """The state at a time, by SciPy."""
    return solve_ivp(field, (0, time), start, method="DOP853", rtol=1e-12, atol=1e-14).y[:, -1]


def numerical(loss, state):
    """Minus the gradient of a loss by central differences, which are exact to 1e-8."""
    steps = 1e-5 * np.eye(len(state))
    return np.array([(loss(state - step) - loss(state + step)) / 2e-5 for step in steps])


def half_square(w):
    """The loss."""
    return 0.5 * np.sum((X @ w - y) ** 2)


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_a_deep_diagonal_network_follows_the_gradient_of_its_loss(depth):
    start = np.array([0.4, 0.6, 0.5])
    u, v = depth_flow(depth, start, X, y, 0.75)

    def loss(state):
        return half_square(state[:3] ** depth - state[3:] ** depth)

    end = oracle(lambda _, state: numerical(loss, state), np.concatenate([start, start]), 0.75)
    assert np.concatenate([u, v]) == pytest.approx(end, abs=1e-7)


def test_a_pair_of_layers_follows_the_gradient_of_its_loss():
    rng = np.random.default_rng(5)
    U, v = rng.standard_normal((3, 2)), rng.standard_normal(2)
    end_U, end_v = pair_flow(U, v, X, y, 0.5)

    def loss(state):
        return half_square(state[:6].reshape(3, 2) @ state[6:])

    end = oracle(lambda _, state: numerical(loss, state), np.concatenate([U.ravel(), v]), 0.5)
    assert np.concatenate([end_U.ravel(), end_v]) == pytest.approx(end, abs=1e-7)


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.floats(0.01, 2.0))
def test_flows_keep_what_they_keep(seed, time):
    rng = np.random.default_rng(seed)
    start = rng.uniform(0.2, 1, 3)
    u, v = depth_flow(3, start, X, y, time)
    assert 1 / u + 1 / v == pytest.approx(2 / start, rel=1e-8)
    U, last = pair_flow(np.outer(start, [1, -0.5]), [0.3, 0.2], X, y, time)
    kept = U.T @ U - np.outer(last, last)
    first = start @ start * np.outer([1, -0.5], [1, -0.5]) - np.outer([0.3, 0.2], [0.3, 0.2])
    assert kept == pytest.approx(first, abs=1e-8)


def test_what_does_not_fit_is_refused():
    for call, told in (
        (lambda: depth_flow(1, [1, 1, 1], X, y, 1), "depth"),
        (lambda: depth_flow(3, [1, 1], X, y, 1), "design: of shape"),
        (lambda: depth_flow(3, [1, 1, -1], X, y, 1), "start: must be positive"),
        (lambda: depth_flow(3, [1, 1, 1], X, [1], 1), "targets: of shape"),
        (lambda: depth_flow(3, [1, 1, 1], X, y, -1), "time"),
        (lambda: pair_flow(np.ones((3, 2)), [1], X, y, 1), "second: of shape"),
    ):
        with pytest.raises(InvalidArgument, match=told):
            call()
