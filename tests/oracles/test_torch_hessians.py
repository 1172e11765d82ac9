"""Hessian blocks and products of gradients by automatic differentiation: network by network, and in the mean."""

from itertools import combinations

import numpy as np
import pytest
import torch

from montecarlo.intervals import catoni_interval
from theory.ensembles import Ensemble
from theory.moments.activations import activation_moment
from theory.moments.fixed_readouts import fixed_readout_gradient_moment
from theory.moments.gradient_products import gradient_product
from theory.moments.gradients import backward_moment, gradient_moment
from theory.moments.hessians import gauss_newton_moment, hessian_block_moment, hessian_moment, residual_part_moment

pytestmark = pytest.mark.oracle

ACTIVATIONS = ["linear", "relu", "leaky:1/4"]
NETWORKS = 100_000
ERROR = 1e-9
"""Probability that one interval misses; there are 43 of them."""


class Batch:
    """Independent networks, differentiated together: f of one does not depend on the weights of another."""

    def __init__(self, net: Ensemble, networks: int) -> None:
        rng = np.random.default_rng(11)
        self.net, self.slope, widths = net, float(net.slope), [net.width_at(k) for k in range(net.depth + 1)]
        self.weights = []
        for k in range(1, net.depth + 1):
            shape = (networks, widths[k], widths[k - 1])
            standard = rng.uniform(-np.sqrt(3), np.sqrt(3), shape) if net.law.name == "uniform" else None
            standard = rng.standard_normal(shape) if standard is None else standard
            self.weights.append(torch.tensor(standard * float(net.variance(k)) ** 0.5, requires_grad=True))
        fixed = isinstance(net.readout, tuple)
        signs = rng.choice([-1.0, 1.0], (networks, widths[-1])) / widths[-1] ** 0.5
        self.readout = torch.tensor(np.array(net.readout, dtype=np.float64) if fixed else signs)
        self.a = [torch.ones(networks, widths[0], dtype=torch.float64)]
        self.masks = []
        for w in self.weights:
            z = torch.einsum("bij,bj->bi", w, self.a[-1])
            self.masks.append(torch.where(z > 0, 1.0, self.slope).to(z.dtype).detach())
            self.a.append(torch.nn.functional.leaky_relu(z, self.slope))
        self.f = (self.a[-1] * self.readout).sum(1)
        self.gradients = torch.autograd.grad(self.f.sum(), self.weights, create_graph=True)

    def gradient_square(self, k: int) -> np.ndarray:
        return (self.gradients[k - 1] ** 2).sum((1, 2)).detach().numpy()

    def hessian_square(self, k: int, later: int) -> np.ndarray:
        total = torch.zeros(len(self.f), dtype=torch.float64)
        gradient, w = self.gradients[k - 1], self.weights[later - 1]
        for i in range(gradient.shape[1]):
            for j in range(gradient.shape[2]):
                (row,) = torch.autograd.grad(gradient[:, i, j].sum(), w, retain_graph=True, allow_unused=True)
                total += 0 if row is None else (row**2).sum((1, 2))
        return total.numpy()

    def block_by_formula(self, k: int, later: int) -> np.ndarray:
        """|b_l|^2 |M_lk|_F^2 |a_{k-1}|^2."""
        b, depth = self.masks[-1] * self.readout, self.net.depth
        for layer in range(depth, later, -1):
            b = self.masks[layer - 2] * torch.einsum("bij,bi->bj", self.weights[layer - 1], b)
        m = torch.diag_embed(self.masks[k - 1])
        for layer in range(k + 1, later):
            m = self.masks[layer - 1][:, :, None] * (self.weights[layer - 1] @ m)
        return ((b**2).sum(1) * (m**2).sum((1, 2)) * (self.a[k - 1] ** 2).sum(1)).detach().numpy()


def signed(activation: str, law: str = "normal", **sizes: object) -> Ensemble:
    return Ensemble(
        **{"width": 2, "depth": 3, **sizes}, activation=activation, law=law, init="he", readout="signs", input="ones"
    )


def require_mean(values: np.ndarray, truth: float, square: float) -> None:
    """The truth is in the interval of a mean, given a bound on the second moment."""
    interval = catoni_interval(values, variance=square, error=ERROR)
    assert interval.lo <= truth <= interval.hi


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("widths", [(3, 2, 4, 2), (2, 3, 1, 3, 2)])
@pytest.mark.parametrize("readout", ["signs", "fixed"])
def test_blocks_are_products_of_three_norms_in_every_network(
    activation: str, widths: tuple[int, ...], readout: str
) -> None:
    v = "signs" if readout == "signs" else tuple(range(1, widths[-1] + 1))
    batch = Batch(Ensemble(widths=widths, activation=activation, init="he", readout=v, input="ones"), 50)
    layers = range(1, batch.net.depth + 1)
    for k in layers:
        assert not batch.hessian_square(k, k).any()
    for k, later in combinations(layers, 2):
        np.testing.assert_allclose(batch.hessian_square(k, later), batch.block_by_formula(k, later), rtol=1e-10, atol=0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_means_over_normal_networks(activation: str) -> None:
    """Second moments are bounded by moments of one norm, of a block by those of its three factors."""
    net, pairs = signed(activation), list(combinations((1, 2, 3), 2))
    batch = Batch(net, NETWORKS)
    f, squares = batch.f.detach().numpy(), {k: batch.gradient_square(k) for k in (1, 2, 3)}
    blocks = {pair: batch.hessian_square(*pair) for pair in pairs}
    eighth = float(gradient_moment(net, 1, 8))  # E|G_k|^8, the same for all layers
    s4 = float(net.variance(1)) ** 2
    fourth = {pair: float(hessian_block_moment(net, *pair, 4)) for pair in pairs}
    # |M|_F^2 is at most 2 for neighbours, and s^2 times a chi-square of 4 degrees for layers 1 and 3
    jacobian = {(1, 2): 16, (2, 3): 16, (1, 3): 4 * 6 * 8 * 10 * s4**2}
    highest = {
        (k, later): float(backward_moment(net, later, 8) * activation_moment(net, 8, k - 1)) * jacobian[k, later]
        for k, later in pairs
    }
    for pair in pairs:
        product = squares[pair[0]] * squares[pair[1]]
        require_mean(product, float(gradient_product(net, *pair)), eighth)  # Cauchy and Schwarz
        require_mean(blocks[pair], float(hessian_block_moment(net, *pair)), fourth[pair])
        require_mean(blocks[pair] ** 2, fourth[pair], highest[pair])
    require_mean(sum(squares.values()) ** 2, float(gauss_newton_moment(net)), 81 * eighth)
    hessian, twelve = 2 * sum(blocks.values()), 12 * sum(fourth.values())  # (2 (X + Y + Z))^2 <= 12 (X^2 + Y^2 + Z^2)
    require_mean(hessian, float(hessian_moment(net)), twelve)
    # given the block, f is s^2 |b||a| g.Mh with normal g, h: E f^4 <= 9 s^8 |H|_F^4; and (f - 2)^4 <= 8 (f^4 + 16)
    with_output = 12 * 9 * s4**2 * sum(highest.values())
    require_mean(f**2 * hessian, float(residual_part_moment(net)), with_output)
    require_mean((f - 2) ** 2 * hessian, float(residual_part_moment(net, 2)), 8 * (with_output + 16 * twelve))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_means_over_uniform_networks(activation: str) -> None:
    net = signed(activation, law="uniform", width=None, depth=None, widths=(2, 3, 2))
    batch = Batch(net, NETWORKS)
    values = batch.hessian_square(1, 2)  # |D_2 v|^2 |D_1|^2 |x|^2 <= 1 * 3 * 2
    assert values.max() <= 6 + 1e-12
    require_mean(values, float(hessian_block_moment(net, 1, 2)), 36)
    deeper = signed(activation, law="uniform")
    values = Batch(deeper, NETWORKS).hessian_square(1, 3)  # |D_2 W_2 D_1|_F^2 <= 4 * 3 * 1
    variance = 12 * float(deeper.variance(1))
    assert values.max() <= 2 * variance
    require_mean(values, float(hessian_block_moment(deeper, 1, 3)), (2 * variance) ** 2)


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("layer", [1, 2])
def test_means_under_a_fixed_readout(layer: int, order: int) -> None:
    """All readouts (+-v_1, +-v_2) have nonnegative moments: one is at most four times their mean, the formula of signs.

    That mean has |D v|^2 <= |v|^2 in the place of the masked readout, of which signs keep all with probability 1/4.
    """
    net = Ensemble(width=2, depth=3, activation="relu", init="he", readout=("1/2", 2), input="ones")
    batch = Batch(net, NETWORKS)
    values = batch.gradient_square(layer) ** (order // 2)
    truth = float(fixed_readout_gradient_moment(net, layer, order))
    square = 4 * (17 / 4) ** order * 4 * float(gradient_moment(net.at(readout="signs"), layer, 2 * order))
    require_mean(values, truth, square)
