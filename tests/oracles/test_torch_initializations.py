"""The variances of our initializations are PyTorch's: read from the arguments of its samplers, not from samples.

PyTorch has no LeCun initialization; it is Kaiming's with gain 1.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
import torch
from torch.nn import init

from theory.ensembles import Ensemble

pytestmark = pytest.mark.oracle

FANS = [(3, 5), (5, 3), (784, 100), (100, 784), (7, 7), (1, 1), (1, 9)]
NONLINEARITIES = {
    "linear": {"nonlinearity": "linear"},
    "relu": {"nonlinearity": "relu"},
    "leaky:1/4": {"nonlinearity": "leaky_relu", "a": 0.25},
}


class Draw(NamedTuple):
    """One call of a sampler of PyTorch's: the law, its mean and its variance as an exact function of the arguments."""

    law: str
    mean: Fraction
    variance: Fraction


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> list[Draw]:
    """Record what PyTorch's samplers are called with, in the place of drawing."""
    recorded: list[Draw] = []

    def normal(tensor: torch.Tensor, mean: float, std: float, **_: Any) -> torch.Tensor:
        recorded.append(Draw("normal", Fraction(mean), Fraction(std) ** 2))
        return tensor

    def uniform(tensor: torch.Tensor, low: float, high: float, **_: Any) -> torch.Tensor:
        recorded.append(Draw("uniform", (Fraction(low) + Fraction(high)) / 2, Fraction(high - low) ** 2 / 12))
        return tensor

    monkeypatch.setattr(torch.Tensor, "normal_", normal)
    monkeypatch.setattr(torch.Tensor, "uniform_", uniform)
    return recorded


def layer(fans: tuple[int, int]) -> torch.Tensor:
    fan_in, fan_out = fans
    return torch.empty(fan_out, fan_in, dtype=torch.float64)


def require_same(net: Ensemble, draws: list[Draw]) -> None:
    """The law is the same, centered, and the standard deviations differ by at most 1e-15, relatively."""
    (draw,) = draws
    assert (draw.law, draw.mean) == (net.law.name, 0)
    assert abs(draw.variance / net.variance(1) - 1) < Fraction(2, 10**15)


@pytest.mark.parametrize("fans", FANS)
@pytest.mark.parametrize(
    ("law", "initialize"),
    [("normal", init.xavier_normal_), ("uniform", init.xavier_uniform_)],
    ids=["normal", "uniform"],
)
def test_xavier(law: str, initialize: Callable[..., Any], fans: tuple[int, int], draws: list[Draw]) -> None:
    initialize(layer(fans))
    require_same(Ensemble(widths=fans, init="xavier", law=law), draws)


@pytest.mark.parametrize("fans", FANS)
@pytest.mark.parametrize("activation", NONLINEARITIES)
@pytest.mark.parametrize(
    ("law", "initialize"),
    [("normal", init.kaiming_normal_), ("uniform", init.kaiming_uniform_)],
    ids=["normal", "uniform"],
)
def test_he(
    law: str, initialize: Callable[..., Any], activation: str, fans: tuple[int, int], draws: list[Draw]
) -> None:
    initialize(layer(fans), mode="fan_in", **NONLINEARITIES[activation])
    require_same(Ensemble(widths=fans, init="he", law=law, activation=activation), draws)


@pytest.mark.parametrize("fans", FANS)
@pytest.mark.parametrize("activation", NONLINEARITIES)
def test_lecun_is_kaiming_with_gain_one_whatever_the_activation(
    activation: str, fans: tuple[int, int], draws: list[Draw]
) -> None:
    init.kaiming_normal_(layer(fans), mode="fan_in", nonlinearity="linear")
    require_same(Ensemble(widths=fans, init="lecun", activation=activation), draws)


@pytest.mark.parametrize("fans", FANS)
def test_pytorch_is_the_default_of_linear(fans: tuple[int, int], draws: list[Draw]) -> None:
    torch.nn.Linear(*fans, bias=False)
    require_same(Ensemble(widths=fans, init="pytorch", activation="relu"), draws)


@pytest.mark.parametrize("fans", FANS)
def test_orthogonal_layers_have_orthonormal_rows_or_columns(fans: tuple[int, int]) -> None:
    w = init.orthogonal_(layer(fans))
    gram = w @ w.T if fans[0] >= fans[1] else w.T @ w
    torch.testing.assert_close(gram, torch.eye(min(fans), dtype=w.dtype), rtol=0, atol=1e-12)
    variance = float(Ensemble(widths=fans, init="orthogonal").variance(1))
    assert (w**2).mean().item() == pytest.approx(variance, rel=1e-12)  # that of each entry: their laws are equal


def test_a_layer_drawn_by_pytorch_has_the_variance() -> None:
    """False for a correct PyTorch with probability at most 1e-9 (Laurent and Massart 2000, lemma 1)."""
    fans = (300, 200)
    w = init.kaiming_normal_(layer(fans), nonlinearity="relu", generator=torch.Generator().manual_seed(0))
    freedom, t = math.prod(fans), math.log(2e9)
    chi_square = (w**2).sum().item() / float(Ensemble(widths=fans, init="he", activation="relu").variance(1))
    assert -2 * math.sqrt(freedom * t) <= chi_square - freedom <= 2 * math.sqrt(freedom * t) + 2 * t


@pytest.mark.parametrize("fans", FANS)
def test_the_default_of_linear_is_kaiming_with_the_root_of_five(fans: tuple[int, int], draws: list[Draw]) -> None:
    init.kaiming_uniform_(layer(fans), a=math.sqrt(5))
    require_same(Ensemble(widths=fans, init="1/(3*n_in)", law="uniform"), draws)


@pytest.mark.parametrize("fans", FANS)
@pytest.mark.parametrize("gain", ["5/3", "2", "tanh", "relu", "selu", "leaky:1/5"])
def test_xavier_with_gain(gain: str, fans: tuple[int, int], draws: list[Draw]) -> None:
    name, _, slope = gain.partition(":")
    known = {"leaky": "leaky_relu"}.get(name, name)
    if known[0].isalpha():
        number = init.calculate_gain(known, float(Fraction(slope)) if slope else None)
    else:
        number = float(Fraction(gain))
    init.xavier_normal_(layer(fans), gain=number)
    require_same(Ensemble(widths=fans, init=f"xavier:gain={gain}"), draws)


@pytest.mark.parametrize("fans", FANS)
@pytest.mark.parametrize("activation", [*NONLINEARITIES, "leaky:-1", "leaky:3"])
def test_the_other_mode_of_he(activation: str, fans: tuple[int, int], draws: list[Draw]) -> None:
    slopes = {"leaky:-1": -1.0, "leaky:3": 3.0}
    kind = NONLINEARITIES.get(activation) or {"nonlinearity": "leaky_relu", "a": slopes[activation]}
    init.kaiming_normal_(layer(fans), mode="fan_out", **kind)
    require_same(Ensemble(widths=fans, init="fan-out", activation=activation), draws)


@pytest.mark.parametrize("fans", FANS)
def test_he_uniform_is_kaiming_whatever_the_activation(fans: tuple[int, int], draws: list[Draw]) -> None:
    init.kaiming_uniform_(layer(fans))
    require_same(Ensemble(widths=fans, init="he_uniform", activation="tanh"), draws)


@pytest.mark.parametrize("fans", FANS)
def test_orthogonal_with_gain(fans: tuple[int, int]) -> None:
    w = init.orthogonal_(layer(fans), gain=math.sqrt(2))
    variance = float(Ensemble(widths=fans, init="orthogonal:gain=sqrt(2)").variance(1))
    assert (w**2).mean().item() == pytest.approx(variance, rel=1e-12)


def test_truncated_normal_entries_have_the_moments() -> None:
    """False with probability below 1e-9, by Hoeffding's inequality for entries within two standard deviations."""
    w = init.trunc_normal_(torch.empty(10**6, dtype=torch.float64), std=1.0, generator=torch.Generator().manual_seed(0))
    law, rescaled = Ensemble(width=4, depth=1, init="he_normal").law, w * 1.0 / 0.87962566103423978
    for order in (2, 4, 6):
        reach = (2 / 0.8796) ** order * math.sqrt(math.log(2e9) / (2 * 10**6))
        assert abs((rescaled**order).mean().item() - float(law.rational_moment(order))) < reach


@pytest.mark.parametrize("slopes", [(-1, 1), (3, 1), (-1, 2), (0, 3)])
def test_gradients_under_any_slopes_are_autograd_s(slopes: tuple[int, int]) -> None:
    import numpy as np

    from montecarlo import Chunk

    net = Ensemble(widths=(3, 4, 2), activation=f"pieces:{slopes[0]}:{slopes[1]}", init="he_normal")
    chunk = Chunk(net, np.random.Generator(np.random.SFC64(1)), 5, needs=frozenset({"backward", "weights"}))
    weights, logs = [chunk.weights(k) for k in (1, 2)], chunk.log_gradient_norms([1, 2])
    for m in range(5):
        tensors = [torch.tensor(w[m], requires_grad=True) for w in weights]
        a = torch.tensor(np.asarray(chunk.input))
        for w in tensors:
            z = w @ a
            a = torch.where(z > 0, slopes[1] * z, slopes[0] * z)
        (torch.tensor(np.asarray(chunk.readout[m])) @ a).backward()
        squares = [float((w.grad**2).sum()) for w in tensors if w.grad is not None]
        np.testing.assert_allclose(np.exp(logs[m]), squares, rtol=1e-10)
