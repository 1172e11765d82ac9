"""Losses of networks on data, their gradients, Hessians and the parts of these, by automatic differentiation."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from montecarlo.curvature.loss_hessians import LossHessian
from montecarlo.curvature.networks import Network

pytestmark = pytest.mark.oracle

ARCHITECTURES = [(3, 4, 2), (4, 5, 3, 4, 3), (2, 4, 5, 4, 3), (3, 4)]
EXAMPLES = 6


class Oracle:
    """The same network as a function of its flat weights, written in PyTorch."""

    def __init__(self, network: Network, inputs: np.ndarray, targets: np.ndarray, loss: str) -> None:
        self.network, self.loss = network, loss
        self.inputs, self.targets = torch.tensor(inputs), torch.tensor(targets)
        self.flat = torch.tensor(np.concatenate([w.ravel() for w in network.weights]))

    def output(self, flat: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        shapes = [w.shape for w in self.network.weights]
        pieces = torch.split(flat, [n * m for n, m in shapes])
        for k, (piece, shape) in enumerate(zip(pieces, shapes, strict=True), start=1):
            x = piece.reshape(shape) @ x
            if k < len(shapes) or self.network.readout is not None:
                x = torch.nn.functional.leaky_relu(x, self.network.slope)
        return x if self.network.readout is None else torch.tensor(self.network.readout) @ x

    def loss_of(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if self.loss == "squared":
            return ((output - target) ** 2).sum() / 2
        return torch.nn.functional.cross_entropy(output, target)

    def example(self, flat: torch.Tensor, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return self.loss_of(self.output(flat, x), target)

    def mean(self, flat: torch.Tensor) -> torch.Tensor:
        pairs = zip(self.inputs, self.targets, strict=True)
        return torch.stack([self.example(flat, x, y) for x, y in pairs]).mean()

    def gradients(self) -> torch.Tensor:
        return torch.func.vmap(torch.func.grad(self.example), (None, 0, 0))(self.flat, self.inputs, self.targets)

    def gauss_newton(self) -> torch.Tensor:
        total = torch.zeros(2 * self.flat.shape, dtype=torch.float64)
        for x, y in zip(self.inputs, self.targets, strict=True):
            jacobian = torch.func.jacrev(self.output)(self.flat, x)
            second = torch.func.jacrev(torch.func.grad(self.loss_of))(self.output(self.flat, x), y)
            total += jacobian.T @ second @ jacobian
        return total / len(self.inputs)


def assert_relative(actual: np.ndarray, expected: torch.Tensor) -> None:
    """To 1e-10 of the largest entry."""
    truth = expected.numpy()
    assert np.abs(truth).max() > 1e-3
    np.testing.assert_allclose(actual, truth, rtol=0, atol=1e-10 * np.abs(truth).max())


@pytest.mark.parametrize("loss", ["squared", "cross-entropy"])
@pytest.mark.parametrize("has_readout", [False, True])
@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/4"])
@pytest.mark.parametrize("widths", ARCHITECTURES)
def test_values_gradients_and_matrices(widths: tuple[int, ...], activation: str, has_readout: bool, loss: str) -> None:
    rng = np.random.default_rng(7)
    weights = [rng.standard_normal((n, m)) for m, n in pairwise(widths)]
    outputs = 3 if has_readout else widths[-1]
    network = Network(weights, activation, rng.standard_normal((3, widths[-1])) if has_readout else None)
    inputs = rng.standard_normal((EXAMPLES, widths[0]))
    is_squared = loss == "squared"
    targets = rng.standard_normal((EXAMPLES, outputs)) if is_squared else rng.integers(0, outputs, EXAMPLES)
    hessian, oracle = LossHessian(network, inputs, targets, loss), Oracle(network, inputs, targets, loss)

    np.testing.assert_allclose(hessian.value, oracle.mean(oracle.flat).item(), rtol=1e-12)
    assert_relative(hessian.gradient, torch.func.grad(oracle.mean)(oracle.flat))
    whole, gauss_newton = torch.func.jacrev(torch.func.grad(oracle.mean))(oracle.flat), oracle.gauss_newton()
    assert_relative(hessian.dense(), whole)
    assert_relative(hessian.dense("gauss_newton"), gauss_newton)
    gradients = oracle.gradients()
    assert_relative(hessian.dense("gradient_outer_products"), gradients.T @ gradients / EXAMPLES)
    if len(weights) > 1:
        atol = 1e-10 * np.abs(whole.numpy()).max()
        np.testing.assert_allclose(hessian.dense("residual"), (whole - gauss_newton).numpy(), rtol=0, atol=atol)
        assert np.abs(hessian.dense("residual")).max() > 1e5 * atol
    else:
        assert not hessian.dense("residual").any()


@pytest.mark.parametrize("loss", ["squared", "cross-entropy"])
def test_double_backpropagation_through_a_wider_network(loss: str) -> None:
    """A product of 20,000 weights against that of PyTorch."""
    rng = np.random.default_rng(8)
    widths = (50, 64, 64, 64, 64, 10)
    weights = [rng.standard_normal((n, m)) * (2 / m) ** 0.5 for m, n in pairwise(widths)]
    inputs, is_squared = rng.standard_normal((30, 50)), loss == "squared"
    targets = rng.standard_normal((30, 10)) if is_squared else rng.integers(0, 10, 30)
    hessian, oracle = (
        LossHessian(Network(weights), inputs, targets, loss),
        Oracle(Network(weights), inputs, targets, loss),
    )
    v = rng.standard_normal(hessian.parameters)
    flat = oracle.flat.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(oracle.mean(flat), flat, create_graph=True)
    (product,) = torch.autograd.grad(gradient @ torch.tensor(v), flat)
    assert_relative(hessian.gradient, gradient.detach())
    assert_relative(hessian.hessian @ v, product)
