"""Gradients and chain Hessians by automatic differentiation, against the formulas and against montecarlo."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from montecarlo.curvature.width_one import ChainHessian
from montecarlo.engines.real_matrices import Chunk
from theory.ensembles import Ensemble

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated"),  # torch.func's own use of it
]

Array = NDArray[np.float64]

NETWORKS = 8
NETS = [
    Ensemble(widths=widths, activation=activation, init="he", **options)
    for activation in ("linear", "relu", "leaky:1/4")
    for widths, options in [
        ((3, 4, 2), {}),
        ((2, 5, 3, 4), {"law": "uniform", "readout": "signs", "input": "ones"}),
        ((4, 4, 4, 4, 4), {"law": "uniform", "readout": "1/2,1,-3/2,2", "input": "1,0,-2,1/3"}),
        ((1, 6, 1), {"readout": "ones"}),
        ((5, 3), {"input": "e1"}),
    ]
]
CHAINS = [
    Ensemble(
        width=1, depth=depth, activation=activation, law=law, readout="3/2", input="-2" if law == "normal" else "2"
    )
    for activation in ("linear", "relu", "leaky:1/4")
    for law in ("normal", "uniform")
    for depth in (2, 3, 7)
]


@pytest.fixture(params=NETS, ids=Ensemble.describe)
def chunk(request: pytest.FixtureRequest) -> Chunk:
    return drawn(request.param)


@pytest.fixture(params=CHAINS, ids=Ensemble.describe)
def chains(request: pytest.FixtureRequest) -> Chunk:
    return drawn(request.param)


def drawn(net: Ensemble) -> Chunk:
    return Chunk(net, np.random.default_rng(1), NETWORKS, needs=frozenset({"backward", "weights"}))


def weights_of(chunk: Chunk, network: int) -> list[Array]:
    return [chunk.weights(k)[network] for k in range(1, chunk.net.depth + 1)]


def output(weights: list[torch.Tensor], x: Array, v: Array, slope: float) -> torch.Tensor:
    a = torch.from_numpy(x)
    for w in weights:
        z = w @ a
        a = torch.nn.functional.leaky_relu(z, slope)
    return torch.from_numpy(v) @ a


def gradients_by_autograd(weights: list[Array], x: Array, v: Array, slope: float) -> list[Array]:
    leaves = [torch.tensor(w, requires_grad=True) for w in weights]
    return [gradient.numpy() for gradient in torch.autograd.grad(output(leaves, x, v, slope), leaves)]


def gradients_by_formula(weights: list[Array], x: Array, v: Array, slope: float) -> list[Array]:
    """G_k = b_k a_{k-1}^T with b_L = D_L v, b_k = D_k W_{k+1}^T b_{k+1}."""
    a, gates = [x], []
    for w in weights:
        z = w @ a[-1]
        gates.append(np.where(z > 0, 1, slope))
        a.append(gates[-1] * z)
    b = [gates[-1] * v]
    for gate, w in zip(gates[-2::-1], weights[:0:-1], strict=True):
        b.append(gate * (w.T @ b[-1]))
    return [np.outer(b_k, below) for b_k, below in zip(reversed(b), a[:-1], strict=True)]


def test_gradients_are_outer_products_of_the_two_passes(chunk: Chunk) -> None:
    slope = float(Fraction(chunk.net.slope))
    for network in range(NETWORKS):
        at = weights_of(chunk, network), chunk.input, chunk.readout[network], slope
        for actual, expected in zip(gradients_by_formula(*at), gradients_by_autograd(*at), strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-14)


def test_montecarlo_measures_the_norms_of_autograd(chunk: Chunk) -> None:
    slope, depth = float(Fraction(chunk.net.slope)), chunk.net.depth
    expected = [
        [np.sum(g**2) for g in gradients_by_autograd(weights_of(chunk, i), chunk.input, chunk.readout[i], slope)]
        for i in range(NETWORKS)
    ]
    actual = np.exp(chunk.log_gradient_norms(range(1, depth + 1)))
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


def chain_hessian_by_autograd(chunk: Chunk, network: int) -> tuple[float, Array, Array]:
    """f, its Hessian in w_1, ..., w_L, and the weights."""
    slope, v = float(Fraction(chunk.net.slope)), chunk.readout[network]

    def f(w: torch.Tensor) -> torch.Tensor:
        return output(list(w.reshape(-1, 1, 1)), chunk.input, v, slope)

    w = np.ravel(weights_of(chunk, network))
    return f(torch.from_numpy(w)).item(), torch.func.hessian(f)(torch.from_numpy(w)).numpy(), w


def test_the_hessian_of_a_chain_is_rank_one_but_for_its_diagonal(chains: Chunk) -> None:
    for network in range(NETWORKS):
        f, hessian, w = chain_hessian_by_autograd(chains, network)
        u = 1 / w
        expected = f * (np.outer(u, u) - np.diag(u**2))
        np.testing.assert_allclose(hessian, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("net", [net for net in CHAINS if net.activation == "linear"], ids=Ensemble.describe)
def test_montecarlo_measures_the_eigenvalues_of_autograd(net: Ensemble) -> None:
    chunk = drawn(net)
    for network, logs in enumerate(ChainHessian().measure(chunk)):
        _, hessian, _ = chain_hessian_by_autograd(chunk, network)
        eigenvalues = np.linalg.eigvalsh(hessian)
        expected = [np.abs(eigenvalues).max(), eigenvalues.max(), -eigenvalues.min(), np.linalg.norm(hessian)]
        np.testing.assert_allclose(np.exp(logs), expected, rtol=1e-10)
