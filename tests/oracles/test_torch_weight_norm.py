"""Weight normalization against PyTorch's: its gradients, its start with |v| = |w|, and steps by autograd."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
import torch

from montecarlo.training import TwoLayers, log_loss_descent
from theory.dynamics.weight_norm.neurons import velocity

pytestmark = pytest.mark.oracle


def test_torch_starts_with_v_equal_to_w_which_is_another_flow() -> None:
    """So c = |v| is |w|, and the part across moves by |w|^2/c^2 = 1 times its pull: plain, to begin with."""
    layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 1, bias=False).double(), dim=0)
    size, v = layer.parameters()
    w = layer.weight.detach().numpy()[0]
    np.testing.assert_allclose(v.detach().numpy()[0], w)
    x = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    torch.exp(-layer(x)).sum().backward()
    g = float(np.exp(-w @ x.numpy())) * -x.numpy()  # dL/dw
    assert size.grad is not None
    assert v.grad is not None
    # one small step of both, by the chain rule of w = size v/|v|
    rho = float(np.linalg.norm(w))
    unit = w / rho
    tangent = v.grad.numpy()[0] - unit * (unit @ v.grad.numpy()[0])
    moved = -(unit * size.grad.item() + size.item() / rho * tangent)
    expected = velocity("standard", [sp.Float(a) for a in w], sp.Float(rho), [sp.Float(a) for a in g])
    np.testing.assert_allclose(moved, [float(e) for e in expected], rtol=1e-9)
    np.testing.assert_allclose(moved, -g, rtol=1e-9)


@pytest.mark.parametrize("family", ["exponential", "standard"])
def test_descent_is_sgd_on_length_and_direction(family: str) -> None:
    rng = np.random.default_rng(5)
    X, y, units = np.abs(rng.normal(size=(1, 4, 3))), np.ones((1, 4)), 2
    start = np.abs(rng.normal(size=(1, 8))) + 0.2
    eta, steps = 0.02, 25
    pieces = [start[0, :3], start[0, 3:6], start[0, 6:]]
    lengths = [float(np.linalg.norm(w)) for w in pieces]
    logs = [np.log(r) if family == "exponential" else r for r in lengths]
    sizes = [torch.tensor(one, dtype=torch.float64, requires_grad=True) for one in logs]
    vs = [torch.tensor(w / r, requires_grad=True) for w, r in zip(pieces, lengths, strict=True)]
    optimizer = torch.optim.SGD([*sizes, *vs], lr=eta)

    def weights() -> list[torch.Tensor]:
        rho = [torch.exp(s) if family == "exponential" else s for s in sizes]
        return [r * v / v.norm() for r, v in zip(rho, vs, strict=True)]

    x = torch.tensor(X[0])
    for _ in range(steps):
        optimizer.zero_grad()
        u, v, a = weights()
        q = a[0] * torch.relu(x @ u) ** 2 + a[1] * torch.relu(x @ v) ** 2
        torch.exp(-q).sum().backward()
        optimizer.step()
    run = log_loss_descent(TwoLayers(X, y, units), start, family, eta, steps)
    np.testing.assert_allclose(run.weights[0], torch.cat(weights()).detach().numpy(), rtol=1e-10)
    np.testing.assert_allclose(run.squared_directions[0], [float(v.detach() @ v.detach()) for v in vs], rtol=1e-12)
