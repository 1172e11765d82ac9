"""Update rules, step by step, against torch.optim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from montecarlo.training.optimizers import Adam, GradientDescent, HeavyBall, Optimizer, RMSprop, SignDescent

pytestmark = pytest.mark.oracle

STEPS = 50
RULES: list[tuple[Optimizer, Callable[..., Any], dict[str, Any]]] = [
    (GradientDescent(0.03), torch.optim.SGD, {"lr": 0.03}),
    (HeavyBall(0.03, momentum=0.8), torch.optim.SGD, {"lr": 0.03, "momentum": 0.8}),
    (RMSprop(0.03), torch.optim.RMSprop, {"lr": 0.03}),
    (RMSprop(0.03, beta_2=0.9, epsilon=1e-2), torch.optim.RMSprop, {"lr": 0.03, "alpha": 0.9, "eps": 1e-2}),
    (Adam(0.03), torch.optim.Adam, {"lr": 0.03}),
    (Adam(0.03, 0.5, 0.95, 1e-3), torch.optim.Adam, {"lr": 0.03, "betas": (0.5, 0.95), "eps": 1e-3}),
]


def gradient(parameters: np.ndarray) -> np.ndarray:
    """Of a function that is no quadratic, with entries from 1e-9 to 1."""
    scales = np.logspace(-9, 0, parameters.shape[1])
    return scales * np.sin(3 * parameters + np.arange(parameters.shape[1]))


@pytest.mark.parametrize(("rule", "make", "arguments"), RULES, ids=lambda value: getattr(value, "__name__", None))
def test_fifty_steps_of_each_rule(rule: Optimizer, make: Callable[..., Any], arguments: dict[str, Any]) -> None:
    ours = np.random.default_rng(5).standard_normal((3, 10))
    theirs = torch.tensor(ours.copy(), requires_grad=True)
    optimizer, state = make([theirs], **arguments), rule.start(ours)
    for _ in range(STEPS):
        before = ours.copy()
        rule.step(state, ours, gradient(ours), out=ours)
        theirs.grad = torch.tensor(gradient(theirs.detach().numpy()))
        optimizer.step()
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=0, atol=1e-12)
        assert not np.array_equal(ours, before)


def test_signs() -> None:
    rule, ours = SignDescent(0.03), np.random.default_rng(6).standard_normal((3, 10))
    theirs, state = torch.tensor(ours.copy()), rule.start(ours)
    for _ in range(STEPS):
        rule.step(state, ours, gradient(ours), out=ours)
        theirs -= 0.03 * torch.tensor(gradient(theirs.numpy())).sign()
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=1e-12)


def test_learning_rates_of_their_own() -> None:
    """Each network as if it were alone."""
    rates = (0.3, 0.01, 0.1)
    ours = np.random.default_rng(7).standard_normal((3, 10))
    theirs = [torch.tensor(row, requires_grad=True) for row in ours.copy()]
    optimizers = [torch.optim.Adam([row], lr=rate) for row, rate in zip(theirs, rates, strict=True)]
    rule = Adam(rates)
    state = rule.start(ours)
    for _ in range(STEPS):
        rule.step(state, ours, gradient(ours), out=ours)
        for row, optimizer in zip(theirs, optimizers, strict=True):
            row.grad = torch.tensor(gradient(row.detach().numpy()[None])[0])
            optimizer.step()
    np.testing.assert_allclose(ours, torch.stack(theirs).detach().numpy(), rtol=0, atol=1e-12)
