"""Two trained linear layers: closed forms and Gram matrices against SciPy's integrator and steps written out."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo.training.regression.gram_flows import GramPairs
from montecarlo.training.regression.pair_flows import ScalarPairs
from tests.theory.dynamics.linear_pairs.pair_oracle import flown
from tests.theory.small_networks import refused

MEASURED = ("imbalance", "readout", "loss", "off_square", "distance_square")


def drawn(n: int, r: int, m: int, d: int, h: int, seed: int) -> Any:
    """Layers of n networks, a spectrum and a target."""
    rng = np.random.default_rng(seed)
    layers = (0.8 * rng.standard_normal((n, rows, h)) for rows in (d, m))
    return *layers, rng.uniform(0.3, 1.2, r), rng.standard_normal((r, m))


def by_hand(U: Any, V: Any, lam: Any, theta: Any) -> Any:
    """What is measured of one network, from its layers."""
    r, m = theta.shape
    roots = np.linalg.eigvalsh(U[:r].T @ U[:r] - V.T @ V)[::-1]
    h = len(roots)
    c = (max(roots[r - 1], 0) if r <= h else 0) + (max(-roots[h - m], 0) if m <= h else 0)
    off, gap = ((U[r:] @ V.T) ** 2).sum(), theta - U[:r] @ V.T
    return c, (V**2).sum(), (lam[:, None] * gap**2).sum() / 2, off, off + (gap**2).sum()


def measured(pairs: Any, which: int) -> Any:
    return [getattr(pairs, name)[which] for name in MEASURED]


# --- flow -------------------------------------------------------------------------------------------------------------


@settings(max_examples=12)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(0, 2), st.integers(1, 6), st.integers(0, 99))
def test_gram_flows_are_those_that_scipy_integrates(r: int, m: int, off: int, h: int, seed: int) -> None:
    U, V, lam, theta = drawn(3, r, m, r + off, h, seed)
    start = GramPairs.of_weights(U, V, lam, theta)
    assert measured(start, 1) == pytest.approx(by_hand(U[1], V[1], lam, theta), abs=1e-10)
    end = start.flow(0.8)
    assert measured(end, 1) == pytest.approx(by_hand(*flown(U[1], V[1], lam, theta, 0.8), lam, theta), abs=2e-6)
    assert end.imbalance == pytest.approx(start.imbalance, abs=1e-9)


@pytest.mark.parametrize("time", [0.0, 0.4, 5.0])
@pytest.mark.parametrize("target", [-1.3, 0.0, 2.0])
def test_scalar_flows_are_those_that_scipy_integrates(time: float, target: float) -> None:
    U, V, _, _ = drawn(4, 1, 1, 3, 5, 7)
    end = ScalarPairs.of_weights(U, V, 0.7, target).flow(time)
    for which in range(4):
        layers = flown(U[which], V[which], [0.7], [[target]], time)
        truth = by_hand(*layers, np.array([0.7]), np.array([[target]]))
        assert measured(end, which) == pytest.approx(truth, abs=1e-9)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.floats(-3, 3), st.floats(0.1, 2), st.floats(0, 30))
def test_scalar_flows_keep_imbalance_and_difference_and_lower_the_loss(
    seed: int, target: float, rate: float, time: float
) -> None:
    U, V, _, _ = drawn(8, 1, 1, 2, 3, seed)
    start = ScalarPairs.of_weights(U, V, rate, target)
    middle, end = start.flow(time), start.flow()
    for later in (middle, end):
        assert later.imbalance == pytest.approx(start.imbalance, rel=1e-9)
        assert later.difference == pytest.approx(start.difference, rel=1e-9)
    assert (middle.loss <= start.loss * np.exp(-2 * rate * start.imbalance * time) * (1 + 1e-9) + 1e-18).all()
    assert end.product == pytest.approx(np.full(8, target), abs=1e-9)
    assert middle.flow().distance_square == pytest.approx(end.distance_square, rel=1e-6)


def test_the_two_engines_agree() -> None:
    U, V, _, _ = drawn(5, 1, 1, 4, 6, 3)
    scalar, gram = ScalarPairs.of_weights(U, V, 0.8, 1.5), GramPairs.of_weights(U, V, [0.8], [[1.5]])
    for one, other, near in (
        (scalar, gram, 1e-12),
        (scalar.flow(1.1), gram.flow(1.1, 200), 1e-8),
        (scalar.descend(0.05, 40), gram.descend(0.05, 40), 1e-12),
    ):
        for name in MEASURED:
            assert getattr(one, name) == pytest.approx(getattr(other, name), rel=near, abs=near)


def test_errors_of_gram_flows_fall_like_the_fourth_power_of_the_step_and_imbalance_has_none() -> None:
    start = GramPairs.of_weights(*drawn(2, 2, 2, 3, 5, 11))
    exact = start.flow(1.0, 400)
    errors = [np.abs(start.flow(1.0, steps).gram - exact.gram).max() for steps in (10, 20, 40)]
    assert 10 < errors[0] / errors[1] < 26
    assert 12 < errors[1] / errors[2] < 20
    assert start.flow(1.0, 5).imbalance == pytest.approx(start.imbalance, abs=1e-12)
    with refused("steps", "so few that a step overflows"):
        start.flow(1.0, 2)


def test_saddles_and_zeros_stay_where_they_are() -> None:
    ones, zeros = np.ones((1, 1, 2)), np.zeros((1, 1, 2))
    assert ScalarPairs.of_weights(zeros, zeros, 1, 1).flow().product == 0
    for sign, target, end in ((1, 1, 1), (1, -1, 0), (-1, -1, -1), (-1, 1, 0)):  # u = v and u = -v are balanced
        flow = ScalarPairs.of_weights(ones, sign * ones, 1, target)
        assert flow.flow().product == pytest.approx(end)
        assert flow.flow(50.0).product == pytest.approx(end, abs=1e-12)
        assert not np.isnan(flow.flow(0.5).distance_square).any()
    still = ScalarPairs.of_weights(ones, ones, 1, 0)
    assert still.flow().product == pytest.approx(0)
    assert still.flow(3.0).product == pytest.approx(1 / (1 / 2 + 2 * 3.0))  # p' = -2 p^2


# --- descent ----------------------------------------------------------------------------------------------------------


@settings(max_examples=15)
@given(st.integers(1, 3), st.integers(1, 2), st.integers(1, 4), st.integers(0, 999))
def test_descent_takes_the_gradients_steps(r: int, m: int, h: int, seed: int) -> None:
    U, V, lam, theta = drawn(2, r, m, r + 2, h, seed)
    u, v = U[0].copy(), V[0].copy()
    for _ in range(7):
        pull = lam[:, None] * (theta - u[:r] @ v.T)
        u[:r], v = u[:r] + 0.05 * pull @ v, v + 0.05 * pull.T @ u[:r]
    end = GramPairs.of_weights(U, V, lam, theta).descend(0.05, 7)
    assert measured(end, 0) == pytest.approx(by_hand(u, v, lam, theta), abs=1e-10)


def test_descents_imbalance_is_multiplied_as_claimed() -> None:
    U, V, _, _ = drawn(6, 1, 1, 2, 4, 5)
    start = ScalarPairs.of_weights(U, V, 1.5, 0.9)
    move = 0.1 * 1.5 * (0.9 - start.product)
    assert start.descend(0.1, 1).imbalance == pytest.approx(start.imbalance * (1 - move**2), rel=1e-12)


def test_small_steps_approach_the_flow() -> None:
    start = ScalarPairs.of_weights(*drawn(5, 1, 1, 3, 4, 6)[:2], 1.0, 1.2)
    gaps = [
        np.abs(start.descend(1 / steps, steps).distance_square - start.flow(1.0).distance_square).max()
        for steps in (200, 400)
    ]
    assert gaps[0] / gaps[1] == pytest.approx(2, abs=0.1)


# --- laws -------------------------------------------------------------------------------------------------------------


def test_the_mean_of_what_is_off_the_row_space_is_that_of_the_readout_for_any_rank_and_descent_too() -> None:
    """E |U_2 V^T|^2 = (d-r) s^2 E |V|^2, as U_2 never moves: within 6 standard errors of 4,000 networks."""
    rng = np.random.default_rng(12)
    U, V = rng.standard_normal((4_000, 4, 5)) / 5**0.5, rng.standard_normal((4_000, 2, 5)) / 5**0.5
    start = GramPairs.of_weights(U, V, [1.0, 0.5], [[1.0, 0.0], [0.5, -1.0]])
    for end in (start.flow(1.0, 12), start.descend(0.1, 15)):
        gaps = end.off_square - 2 / 5 * end.readout
        assert abs(gaps.mean()) < 6 * gaps.std() / math.sqrt(len(gaps))


# --- bad input --------------------------------------------------------------------------------------------------------

ONE = np.ones((1, 1, 2))


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("rate", lambda: ScalarPairs.of_weights(ONE, ONE, 0, 1)),
        ("target", lambda: ScalarPairs.of_weights(ONE, ONE, 1, math.nan)),
        ("first", lambda: ScalarPairs.of_weights(ONE[0], ONE, 1, 1)),
        ("second", lambda: ScalarPairs.of_weights(ONE, np.ones((1, 2, 2)), 1, 1)),
        ("time", lambda: ScalarPairs.of_weights(ONE, ONE, 1, 1).flow(-1)),
        ("time", lambda: ScalarPairs.of_weights(ONE, ONE, 1, 1).flow(math.inf)),
        ("learning_rate", lambda: ScalarPairs.of_weights(ONE, ONE, 1, 1).descend(0, 1)),
        ("steps", lambda: ScalarPairs.of_weights(ONE, ONE, 1, 1).descend(0.1, -1)),
        ("spectrum", lambda: GramPairs.of_weights(ONE, ONE, [0], [[1]])),
        ("target", lambda: GramPairs.of_weights(ONE, ONE, [1], [[1], [1]])),
        ("first", lambda: GramPairs.of_weights(ONE, ONE, [1, 1], [[1], [1]])),
        ("second", lambda: GramPairs.of_weights(ONE, ONE, [1], [[1, 1]])),
        ("time", lambda: GramPairs.of_weights(ONE, ONE, [1], [[1]]).flow(-1)),
        ("steps", lambda: GramPairs.of_weights(ONE, ONE, [1], [[1]]).flow(1, 0)),
        ("learning_rate", lambda: GramPairs.of_weights(ONE, ONE, [1], [[1]]).descend(-1, 1)),
        ("steps", lambda: GramPairs.of_weights(ONE, ONE, [1], [[1]]).descend(1, 1.5)),  # type: ignore[arg-type]
    ],
)
def test_bad_input_is_refused(argument: str, call: Any) -> None:
    with refused(argument):
        call()


def test_short_reprs() -> None:
    assert repr(ScalarPairs.of_weights(ONE, ONE, 1, 0.5)) == "ScalarPairs(1 network, rate 1, target 0.5)"
    assert repr(GramPairs.of_weights(ONE, ONE, [1], [[1]])) == "GramPairs(1 network, rank 1, 1 output)"
