"""Networks of all architectures by automatic differentiation, one by one: norms, gradients, the whole Hessian."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch

from montecarlo import ActivationNorms, HessianExtremes, HessianNorms, simulate
from montecarlo.architectures.batch_norm import BatchNormChunk
from montecarlo.architectures.layer_norm import LayerNormChunk
from montecarlo.architectures.passes import COLUMNS, Layer, backward, forward
from montecarlo.architectures.residual import ResidualChunk
from montecarlo.runs.choice_of_engine import find_engine
from theory.ensembles import Ensemble

pytestmark = pytest.mark.oracle

NETWORKS = 6
Run = Callable[..., tuple[list[torch.Tensor], torch.Tensor]]
"""From weights to activations and the output f."""

LINEAR = {"activation": "linear", "init": "xavier"}
RELU = {"activation": "relu", "init": "he"}
LEAKY = {"activation": "leaky:1/4", "init": "he", "law": "uniform", "readout": "signs"}


def _rng() -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(0)))


def _phi(net: Ensemble, z: torch.Tensor) -> torch.Tensor:
    return torch.where(z > 0, z, float(Fraction(net.slope)) * z)


def _tensors(matrices: list[np.ndarray], network: int) -> list[torch.Tensor]:
    return [torch.tensor(w[network], dtype=torch.float64, requires_grad=True) for w in matrices]


def _require_gradients(chunk: object, run: Run, network: int, weights: list[torch.Tensor]) -> None:
    """Norms of activations and gradients, and the output, to ten digits."""
    activations, f = run(*weights)
    norms = np.array([(a**2).sum().item() for a in activations])
    gradients = torch.autograd.grad(f, weights, allow_unused=True)
    squares = np.array([(g**2).sum().item() for g in gradients])
    layers = range(1, len(weights) + 1)
    np.testing.assert_allclose(np.exp(chunk.log_activation_norms([0, *layers])[network]), norms, rtol=1e-10)
    np.testing.assert_allclose(np.exp(chunk.log_gradient_norms(layers)[network]), squares, rtol=1e-9, atol=1e-25)
    np.testing.assert_allclose(np.exp(chunk.log_output_squares()[network]), f.item() ** 2, rtol=1e-9)


def _require_ends(run: Run, weights: list[torch.Tensor], logs: np.ndarray) -> None:
    """Both ends, and their product over the steepest layer, from the dense Hessian, to the digits they claim."""
    rows = torch.autograd.functional.hessian(lambda *w: run(*w)[1], tuple(weights))
    sizes = [w.numel() for w in weights]
    dense = torch.cat(
        [torch.cat([block.reshape(sizes[i], sizes[j]) for j, block in enumerate(row)], 1) for i, row in enumerate(rows)]
    )
    values = torch.linalg.eigvalsh(dense).numpy()
    low, high = -values[0], values[-1]
    np.testing.assert_allclose(np.exp(logs[:3]), [high, low, max(high, low)], rtol=1e-6)
    gradients = torch.autograd.grad(run(*weights)[1], weights)
    if high > 0 and all(w.abs().max() > 0 for w in weights):
        steepest = max((g.norm() / w.norm()).item() for g, w in zip(gradients, weights, strict=True))
        assert np.exp(logs[3]) == pytest.approx(np.sqrt(high * low) / steepest, rel=1e-6)


RESIDUAL = [
    ("residual:1/sqrt(L)", LINEAR),
    ("residual:2", LINEAR | {"law": "uniform", "input": (1, 2, 3, -1)}),
    ("residual:1/sqrt(L)", RELU),
    ("residual:3/2", LEAKY),
    ("residual:1/sqrt(L):two", RELU),
    ("residual:1/L:two", LEAKY | {"input": "ones"}),
    ("residual:1:two", LINEAR),
    ("residual:0:two", RELU),
    ("residual:0:two", LEAKY),
]


def _residual(net: Ensemble, x: np.ndarray, v: np.ndarray) -> Run:
    two = net.architecture.branch == "two"
    branches = net.depth // 2 if two else net.depth
    given = str(net.architecture.alpha)
    alpha = {"1/sqrt(L)": branches**-0.5, "1/L": 1 / branches}.get(given)
    alpha = (float(Fraction(given)) or 1.0) if alpha is None else alpha

    def run(*weights: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        activations = [torch.tensor(x)]
        for k, w in enumerate(weights):
            z = w @ activations[-1]
            if not two:
                activations.append(activations[-1] + alpha * _phi(net, z))
            elif k % 2 == 0:
                activations.append(_phi(net, z))
            else:
                activations.append(activations[-2] + alpha * z)
        return activations, activations[-1] @ torch.tensor(v)

    return run


@pytest.mark.parametrize("depth", [2, 6])
@pytest.mark.parametrize(("architecture", "kind"), RESIDUAL)
def test_residual_gradients_and_hessians(architecture: str, kind: dict[str, str], depth: int) -> None:
    net = Ensemble(4, depth, **kind, architecture=architecture)
    chunk = ResidualChunk(net, _rng(), NETWORKS)
    hessians, ends = np.exp(HessianNorms().measure(chunk)[:, 0]), HessianExtremes().measure(chunk)
    for network in range(NETWORKS):
        weights = _tensors(chunk.matrices, network)
        run = _residual(net, chunk.input, chunk.readout[network])
        _require_gradients(chunk, run, network, weights)
        rows = torch.autograd.functional.hessian(lambda *w, run=run: run(*w)[1], tuple(weights))
        square = sum((block**2).sum().item() for row in rows for block in row)
        assert hessians[network] == pytest.approx(square, rel=1e-9)
        _require_ends(run, weights, ends[network])


@pytest.mark.parametrize("kind", [LINEAR, RELU, LEAKY])
@pytest.mark.parametrize("widths", [(4, 4, 4, 4), (2, 5, 3, 6)])
def test_layer_norm_gradients(kind: dict[str, str], widths: tuple[int, ...]) -> None:
    net = Ensemble(widths=widths, **kind, architecture="layernorm")
    chunk = LayerNormChunk(net, _rng(), NETWORKS)
    ends = HessianExtremes().measure(chunk)
    for network in range(NETWORKS):

        def run(
            *weights: torch.Tensor, v: np.ndarray = chunk.readout[network]
        ) -> tuple[list[torch.Tensor], torch.Tensor]:
            activations = [torch.tensor(chunk.input)]
            for w in weights:
                z = w @ activations[-1]
                activations.append(_phi(net, torch.nn.functional.layer_norm(z, z.shape, eps=0)))
            return activations, activations[-1] @ torch.tensor(v)

        weights = _tensors(chunk.matrices, network)
        _require_gradients(chunk, run, network, weights)
        _require_ends(run, weights, ends[network])


@pytest.mark.parametrize("kind", [LINEAR, RELU, LEAKY])
@pytest.mark.parametrize("batch", [3, 7])
def test_batch_norm_gradients(kind: dict[str, str], batch: int) -> None:
    net = Ensemble(widths=(3, 5, 4, 5), **kind, architecture=f"batchnorm:{batch}")
    chunk = BatchNormChunk(net, _rng(), NETWORKS)
    ends = HessianExtremes().measure(chunk)
    for network in range(NETWORKS):
        inputs, v = torch.tensor(chunk.inputs[network]), torch.tensor(chunk.readout[network])

        def run(
            *weights: torch.Tensor, inputs: torch.Tensor = inputs, v: torch.Tensor = v
        ) -> tuple[list[torch.Tensor], torch.Tensor]:
            activations = [inputs.T]
            for w in weights:
                z = activations[-1] @ w.T
                standard = torch.nn.functional.batch_norm(z, None, None, training=True, eps=1e-30)
                activations.append(_phi(net, standard))
            return [a[0] for a in activations], activations[-1][0] @ v

        weights = _tensors(chunk.matrices, network)
        _require_gradients(chunk, run, network, weights)
        _require_ends(run, weights, ends[network])


@pytest.mark.parametrize(
    ("architecture", "kind"),
    [("residual:1:two", ResidualChunk), ("layernorm", LayerNormChunk), ("batchnorm:4", BatchNormChunk)],
)
def test_an_engine_draws_these_chunks(architecture: str, kind: type) -> None:
    net = Ensemble(4, 2, **RELU, architecture=architecture)
    observable = ActivationNorms()
    readings = simulate(net, [observable], samples=5)[observable]
    chunk = find_engine("direct", net, frozenset(), "float64").opened(net, frozenset(), None)(_rng(), 5)
    assert isinstance(chunk, kind)
    assert readings.logs.shape == chunk.log_activation_norms([0, 1, 2]).shape


def test_layer_norm_in_branches_and_layers_added_to_one_output() -> None:
    """Wired as no ensemble is: the gradient of a sum over five inputs, by autograd."""
    layers = [
        Layer(0.25, "units"),
        Layer(adds_to=0, scale=0.5),
        Layer(0.25, "inputs", adds_to=0, scale=2.0),
        Layer(0.0, adds_to=2, scale=-1.5),
        Layer(0.5, "units", adds_to=2),
    ]
    rng = _rng()
    matrices = [rng.standard_normal((NETWORKS, 4, 4)) for _ in layers]
    inputs, readout = rng.standard_normal((2, NETWORKS, 4, 5))
    last, passed = forward(layers, matrices, inputs, COLUMNS)
    run = {k: COLUMNS.gradient(y, a) for k, y, a in backward(layers, matrices, passed, readout.copy(), COLUMNS)}
    weights = [torch.tensor(w, requires_grad=True) for w in matrices]
    outputs = [torch.tensor(inputs)]
    for layer, w in zip(layers, weights, strict=True):
        z = w @ outputs[-1]
        if layer.standardized == "units":
            z = torch.nn.functional.layer_norm(z.transpose(1, 2), (4,), eps=0).transpose(1, 2)
        elif layer.standardized == "inputs":
            z = torch.nn.functional.layer_norm(z, (5,), eps=0)
        z = torch.nn.functional.leaky_relu(z, layer.slope)
        outputs.append(z if layer.adds_to is None else outputs[layer.adds_to] + layer.scale * z)
    np.testing.assert_allclose(last, outputs[-1].detach().numpy(), rtol=1e-9, atol=1e-10)
    gradients = torch.autograd.grad((outputs[-1] * torch.tensor(readout)).sum(), weights)
    for k, gradient in enumerate(gradients, start=1):
        expected = gradient.numpy()
        np.testing.assert_allclose(run[k], expected, rtol=1e-8, atol=1e-9 * np.abs(expected).max())
