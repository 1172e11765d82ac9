"""Biases and smooth activations by PyTorch: functions, whole networks, their Hessians, its default layers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from montecarlo import ActivationNorms, GradientNorms, HessianExtremes, HessianNorms, simulate
from montecarlo.activations import BY_NAME
from montecarlo.architectures.plain import PlainChunk
from montecarlo.curvature.any_architecture import analytic_gradients
from montecarlo.curvature.norms_by_gradients import log_block_squares
from montecarlo.intervals import two_sample_distance
from theory.ensembles import Ensemble
from theory.ensembles.activations import SMOOTH

pytestmark = pytest.mark.oracle

TORCH = {
    "tanh": torch.tanh,
    "erf": torch.erf,
    "sigmoid": torch.sigmoid,
    "gelu": torch.nn.GELU(),
    "silu": torch.nn.SiLU(),
    "softplus": torch.nn.Softplus(),
    "elu": torch.nn.ELU(),
    "selu": torch.nn.SELU(),
    "sine": torch.sin,
    "relu": torch.relu,
}


@pytest.mark.parametrize("name", SMOOTH)
def test_activations_are_those_of_pytorch_by_default(name: str) -> None:
    """PyTorch loses digits where tails saturate, and softplus returns z above 20: 2e-9 less."""
    z = torch.linspace(-9, 9, 1001, dtype=torch.float64, requires_grad=True)
    value = TORCH[name](z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    points = z.detach().numpy()
    np.testing.assert_allclose(BY_NAME[name].value(points), value.detach().numpy(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(BY_NAME[name].derivative(points), slope.numpy(), rtol=1e-12, atol=1e-15)
    at_zero = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    (kink,) = torch.autograd.grad(TORCH[name](at_zero).sum(), at_zero)
    np.testing.assert_allclose(BY_NAME[name].derivative(np.zeros(1)), kink.numpy(), rtol=1e-15)


@pytest.mark.parametrize("name", [*SMOOTH, "relu"])
@pytest.mark.parametrize("bias", ["1/10", "constant:1/2"])
def test_whole_networks_by_automatic_differentiation(name: str, bias: str) -> None:
    """Norms, gradients, the output, products with the Hessian, all its blocks and its ends."""
    net = Ensemble(widths=(3, 4, 2, 3), activation=name, bias=bias, init="1")
    chunk = PlainChunk(net, np.random.Generator(np.random.SFC64(2)), 3)
    gradients, flat = analytic_gradients(chunk, slice(3))
    direction = np.random.Generator(np.random.SFC64(3)).standard_normal(flat.shape)
    products = gradients(flat + 1e-30j * direction).imag / 1e-30
    assert chunk.biases is not None
    for m in range(3):
        x, v = torch.tensor(chunk.input), torch.tensor(chunk.readout[m])
        biases = [torch.tensor(b[m]) for b in chunk.biases]

        def run(*weights: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
            outputs = [x]  # noqa: B023  # called within the loop
            for w, b in zip(weights, biases, strict=True):  # noqa: B023
                outputs.append(TORCH[name](w @ outputs[-1] + b))
            return outputs, v @ outputs[-1]  # noqa: B023

        weights = [torch.tensor(w[m], requires_grad=True) for w in chunk.matrices]
        outputs, f = run(*weights)
        grads = torch.autograd.grad(f, weights)
        np.testing.assert_allclose(
            np.exp(chunk.log_activation_norms(range(4))[m]), [(a**2).sum().item() for a in outputs], rtol=1e-12
        )
        np.testing.assert_allclose(
            np.exp(chunk.log_gradient_norms(range(1, 4))[m]), [(g**2).sum().item() for g in grads], rtol=1e-11
        )
        assert np.exp(chunk.log_output_squares()[m]) == pytest.approx(f.item() ** 2, rel=1e-11)
        rows = torch.autograd.functional.hessian(lambda *w: run(*w)[1], tuple(weights))
        sizes = [w.numel() for w in weights]
        dense = torch.cat(
            [torch.cat([b.reshape(sizes[i], sizes[j]) for j, b in enumerate(row)], 1) for i, row in enumerate(rows)]
        ).numpy()
        np.testing.assert_allclose(products[m], dense @ direction[m], rtol=1e-10, atol=1e-12)
        squares = [[(block**2).sum().item() for block in row] for row in rows]
        np.testing.assert_allclose(np.exp(log_block_squares(chunk)[m]), squares, rtol=1e-10, atol=1e-20)
        np.testing.assert_allclose(np.exp(HessianNorms().measure(chunk)[m, 0]), (dense**2).sum(), rtol=1e-10)
        values = np.linalg.eigvalsh(dense)
        ends = np.exp(HessianExtremes().measure(chunk)[m])
        np.testing.assert_allclose(ends, [values[-1], -values[0], np.abs(values).max()], rtol=1e-6)


@pytest.mark.parametrize("name", ["relu", "gelu"])
def test_the_default_network_of_pytorch_as_it_is_drawn(name: str) -> None:
    """torch.nn.Linear with its default weights and biases; error probability 1e-9 for each of the distances."""
    torch.manual_seed(0)
    ours = Ensemble(widths=(3, 6, 4), activation=name, init="pytorch", bias="pytorch", readout="ones", input="1,2,-1")
    last, first = ActivationNorms((2,)), GradientNorms((1,))
    run = simulate(ours, [last, first], samples=20_000, seed=1)
    x, theirs = torch.tensor([1.0, 2.0, -1.0], dtype=torch.float64), []
    act = torch.nn.ReLU() if name == "relu" else torch.nn.GELU()
    for _ in range(1_500):
        model = torch.nn.Sequential(torch.nn.Linear(3, 6), act, torch.nn.Linear(6, 4), act).double()
        a = model(x)
        (g,) = torch.autograd.grad(a.sum(), model[0].weight)
        theirs.append([(a**2).sum().item(), (g**2).sum().item()])
    with np.errstate(divide="ignore"):
        logs = np.log(np.array(theirs))
    for column, reading in enumerate((run[last], run[first])):
        apart = two_sample_distance(logs[:, column], reading.log_values(reading.components[0]), 1e-9)
        assert apart.lo == 0
        assert apart.hi < 0.2
