"""Networks with a remedy by automatic differentiation, one after the other: norms, gradients, the whole Hessian."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch

from montecarlo import ActivationNorms, simulate
from montecarlo.architectures import BatchNorm, HessianEnds, LayerNorm, Residual
from montecarlo.architectures.batch_norm import BatchNormChunk
from montecarlo.architectures.layer_norm import LayerNormChunk
from montecarlo.architectures.residual import ResidualChunk
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
    (Residual("1/sqrt(L)", "linear"), LINEAR),
    (Residual(2, "linear"), LINEAR | {"law": "uniform", "input": (1, 2, 3, -1)}),
    (Residual("1/sqrt(L)", "relu"), RELU),
    (Residual("3/2", "relu"), LEAKY),
    (Residual("1/sqrt(L)", "two"), RELU),
    (Residual("1/L", "two"), LEAKY | {"input": "ones"}),
    (Residual(1, "two"), LINEAR),
    (Residual(0, "two"), RELU),
    (Residual(0, "two"), LEAKY),
]


def _residual(net: Ensemble, engine: Residual, x: np.ndarray, v: np.ndarray) -> Run:
    branches = net.depth // 2 if engine.branch == "two" else net.depth
    alpha = {"1/sqrt(L)": branches**-0.5, "1/L": 1 / branches}.get(str(engine.alpha))
    alpha = (float(engine.alpha) or 1.0) if alpha is None else alpha

    def run(*weights: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        activations = [torch.tensor(x)]
        for k, w in enumerate(weights):
            z = w @ activations[-1]
            if engine.branch != "two":
                activations.append(activations[-1] + alpha * _phi(net, z))
            elif k % 2 == 0:
                activations.append(_phi(net, z))
            else:
                activations.append(activations[-2] + alpha * z)
        return activations, activations[-1] @ torch.tensor(v)

    return run


@pytest.mark.parametrize("depth", [2, 6])
@pytest.mark.parametrize(("engine", "kind"), RESIDUAL)
def test_residual_gradients_and_hessians(engine: Residual, kind: dict[str, str], depth: int) -> None:
    net = Ensemble(4, depth, **kind)
    chunk = ResidualChunk(net, _rng(), NETWORKS, engine=engine)
    hessians, ends = np.exp(chunk.log_hessian_squares()), HessianEnds().measure(chunk)
    for network in range(NETWORKS):
        weights = _tensors(chunk.matrices, network)
        run = _residual(net, engine, chunk.input, chunk.readout[network])
        _require_gradients(chunk, run, network, weights)
        rows = torch.autograd.functional.hessian(lambda *w, run=run: run(*w)[1], tuple(weights))
        square = sum((block**2).sum().item() for row in rows for block in row)
        assert hessians[network] == pytest.approx(square, rel=1e-9)
        _require_ends(run, weights, ends[network])


@pytest.mark.parametrize("kind", [LINEAR, RELU, LEAKY])
@pytest.mark.parametrize("widths", [(4, 4, 4, 4), (2, 5, 3, 6)])
def test_layer_norm_gradients(kind: dict[str, str], widths: tuple[int, ...]) -> None:
    net = Ensemble(widths=widths, **kind)
    chunk = LayerNormChunk(net, _rng(), NETWORKS)
    ends = HessianEnds().measure(chunk)
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
    net = Ensemble(widths=(3, 5, 4, 5), **kind)
    chunk = BatchNormChunk(net, _rng(), NETWORKS, batch=batch)
    ends = HessianEnds().measure(chunk)
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


@pytest.mark.parametrize("engine", [Residual(1, "two"), LayerNorm(), BatchNorm(4)])
def test_an_engine_draws_these_chunks(engine: Residual | LayerNorm | BatchNorm) -> None:
    net = Ensemble(4, 2, **RELU)
    observable = ActivationNorms()
    readings = simulate(net, [observable], samples=5, engine=engine)[observable]
    chunk = engine.opened(net, frozenset(), None)(_rng(), 5)
    assert readings.logs.shape == chunk.log_activation_norms([0, 1, 2]).shape
