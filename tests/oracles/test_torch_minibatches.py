"""Second moments in a valley against torch.optim.SGD, over all sequences of minibatches."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from theory.dynamics.sgd_stability.second_moments import momentum_transfer

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_three_steps_of_sgd_over_all_sequences(momentum: float) -> None:
    h, eta, steps = torch.tensor([0.5, 0.8, 1.0, 1.7], dtype=torch.float64), 0.6, 3
    pairs = list(itertools.combinations(range(4), 2))
    squares = []
    for sequence in itertools.product(pairs, repeat=steps):
        psi = torch.ones(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([psi], lr=eta, momentum=momentum)
        for pair in sequence:
            optimizer.zero_grad()
            (h[list(pair)].mean() * psi**2 / 2).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        squares.append(float(psi.detach()) ** 2)
    c = 2 / 6  # (n - S)/(S (n - 1))
    step = np.array(momentum_transfer(str(eta), "1", str(c * float(h.var(correction=0))), str(momentum)), float)
    start = np.ones(3)  # torch starts with the momentum 0, at rest
    assert np.mean(squares) == pytest.approx((np.linalg.matrix_power(step, steps) @ start)[0], rel=1e-12)
