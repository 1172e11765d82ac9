"""Flows of many networks, each with steps of its own, against SciPy's DOP853 and known solutions."""

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from montecarlo.training.regression.adaptive_flow import _ERROR, _SLOPES, flow
from theory.ensembles import InvalidArgument


def test_the_rule_is_of_order_five_with_an_estimate_of_order_four() -> None:
    """The conditions on a tableau up to order 5 that have one chain, for both."""
    A = np.zeros((7, 7))
    for i, row in enumerate(_SLOPES):
        A[i, : len(row)] = row
    b, c = A[-1], A.sum(axis=1)
    for order in range(1, 6):
        assert abs(b @ c ** (order - 1) - 1 / order) < 1e-15
    assert abs(b @ A @ A @ A @ c - 1 / 120) < 1e-15
    lower = b - np.array(_ERROR)
    for order in range(1, 5):
        assert abs(lower @ c ** (order - 1) - 1 / order) < 1e-15
    assert abs(lower @ A @ A @ c - 1 / 24) < 1e-15


def test_networks_of_very_different_speed_are_as_precise_as_alone() -> None:
    speeds = np.array([1e-3, 1.0, 1e3])[:, None]

    def field(x: Any, which: Any) -> Any:
        return -speeds[which] * x + np.sin(x)

    start = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]])
    together = flow(field, start, 2.0, rtol=1e-12)
    for i in range(3):
        alone = solve_ivp(
            lambda _, x, i=i: field(x[None], np.array([i]))[0],
            (0, 2),
            start[i],
            method="DOP853",
            rtol=1e-12,
            atol=1e-14,
        )
        assert np.abs(together[i] - alone.y[:, -1]).max() < 1e-10
    assert start[0, 0] == 1.0


def test_time_zero_changes_nothing_and_halves_of_a_time_add() -> None:
    start = np.array([[0.3], [0.9]])
    logistic = lambda x, _: x * (1 - x)  # noqa: E731
    assert (flow(logistic, start, 0.0) == start).all()
    whole, halves = flow(logistic, start, 3.0), flow(logistic, flow(logistic, start, 1.5), 1.5)
    exact = 1 / (1 + (1 / start - 1) * np.exp(-3))
    assert max(np.abs(whole - exact).max(), np.abs(halves - exact).max()) < 1e-9


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"time": -1.0}, "^time: must be finite and not negative"),
        ({"time": 1.0, "rtol": 0}, "^rtol: "),
        ({"time": 1.0, "budget": 0}, "^budget: "),
        ({"time": 1.0, "budget": 2, "rtol": 1e-12}, "^budget: 2 steps do not reach"),
        ({"time": 2.0}, "^time: 2 is not reached: steps become too small"),
    ],
)
def test_what_cannot_be_reached_is_refused(options: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        flow(lambda x, _: x**2, np.array([[1.0]]), **options)
