"""Networks with biases as PyTorch draws and differentiates them: `nn.Linear`'s defaults, and gradients by autograd.

Means over many draws are a check of what is drawn, no proof: each lies within six standard errors.
"""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from proofs_check.exact.all_weights import bias_gradient_power, gradient_power
from tests.theory.small_networks import exact, without_atoms
from theory.ensembles import Ensemble, Law
from theory.moments.activations import activation_moment
from theory.moments.gradients import bias_gradient_moment, gradient_moment

pytestmark = pytest.mark.oracle

WIDTHS = (6, 8, 5, 4)
DEFAULT = Ensemble(widths=WIDTHS, activation="relu", init="pytorch", bias="pytorch", readout="signs", input="ones")


def as_drawn(samples: int) -> dict[str, torch.Tensor]:
    """|a_3|^2, |df/dW_k|^2 and |df/db_k|^2 of MLPs of `nn.Linear` layers as they come, behind a readout of signs."""
    torch.manual_seed(0)
    found: dict[str, list[float]] = {name: [] for name in ("a", "W1", "W2", "b1", "b3")}
    for _ in range(samples):
        layers = [torch.nn.Linear(into, out) for into, out in itertools.pairwise(WIDTHS)]
        a = torch.ones(WIDTHS[0])
        for layer in layers:
            a = torch.relu(layer(a))
        readout = (2 * torch.randint(0, 2, (WIDTHS[-1],)) - 1) / math.sqrt(WIDTHS[-1])
        (a @ readout).backward()
        found["a"].append(float((a @ a).detach()))
        for name, tensor in {
            "W1": layers[0].weight, "W2": layers[1].weight, "b1": layers[0].bias, "b3": layers[2].bias
        }.items():  # fmt: skip
            assert tensor.grad is not None
            found[name].append(float((tensor.grad**2).sum()))
    return {name: torch.tensor(values, dtype=torch.float64) for name, values in found.items()}


def test_defaults_of_linear_layers_have_the_moments_that_theory_derives() -> None:
    drawn = as_drawn(4_000)
    truth = {
        "a": activation_moment(DEFAULT),
        "W1": gradient_moment(DEFAULT, 1),
        "W2": gradient_moment(DEFAULT, 2),
        "b1": bias_gradient_moment(DEFAULT, 1),
        "b3": bias_gradient_moment(DEFAULT, 3),
    }
    for name, values in drawn.items():
        error = 6 * float(values.std()) / math.sqrt(len(values))
        assert abs(float(values.mean()) - float(truth[name])) < error, name
    without = activation_moment(DEFAULT.at(bias="none"))
    assert abs(float(drawn["a"].mean()) - float(without)) > 6 * float(drawn["a"].std()) / math.sqrt(4_000)


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_autograd_over_all_signs_is_what_enumeration_and_theory_say(activation: str) -> None:
    """Every network of signs with widths 1, 2, 1 and biases +-1/3: no preactivation is 0."""
    net = Ensemble(
        widths=(1, 2, 1), activation=activation, init="1", bias="1/9", input=(2,), readout="signs", law="rademacher"
    )
    phi = torch.relu if activation == "relu" else torch.nn.Identity()
    total_w = total_b = 0.0
    signs = list(itertools.product((1.0, -1.0), repeat=7))
    for row in signs:
        w1, b1, w2, b2 = (torch.tensor(part, dtype=torch.float64, requires_grad=True)
                          for part in (row[:2], [s / 3 for s in row[2:4]], row[4:6], [row[6] / 3]))  # fmt: skip
        phi(phi(2 * w1 + b1) @ w2 + b2).sum().backward()
        assert w1.grad is not None
        assert b1.grad is not None
        total_w += float((w1.grad**2).sum())
        total_b += float((b1.grad**2).sum())
    assert total_w / len(signs) == pytest.approx(float(gradient_power(net, 1)))
    assert total_b / len(signs) == pytest.approx(float(bias_gradient_power(net, 1)))
    continuous = net.at(law=without_atoms(Law.named("rademacher")))
    assert exact(gradient_power(net, 1)) == gradient_moment(continuous, 1)
