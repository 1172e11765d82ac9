"""Losses and gradients of many networks at once against autograd, network by network."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from montecarlo import Chunk
from montecarlo.training.classifiers import Classifier
from montecarlo.training.one_input import OneInput
from theory.ensembles import Ensemble

pytestmark = pytest.mark.oracle

NETWORKS = 4


def weights_of(flat: torch.Tensor, widths: tuple[int, ...]) -> list[torch.Tensor]:
    shapes = [(n_out, n_in) for n_in, n_out in pairwise(widths)]
    pieces = torch.split(flat, [n_out * n_in for n_out, n_in in shapes])
    return [piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)]


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/4"])
@pytest.mark.parametrize("widths", [(1, 1, 1, 1, 1), (4, 4, 4), (3, 5, 2, 4), (2, 1, 3)])
def test_squared_loss_on_one_input(widths: tuple[int, ...], activation: str) -> None:
    net = Ensemble(widths=widths, activation=activation, init=2, law="uniform")
    chunk = Chunk(net, np.random.default_rng(1), NETWORKS, needs=frozenset({"weights"}))
    problem, parameters = OneInput.of_chunk(chunk, [1.0, -2.0, 3.0, 0.5])
    parameters[0] = np.abs(parameters[0])  # alive even at width one
    outputs, gradients = problem.gradients(parameters)
    for i in range(NETWORKS):
        flat = torch.tensor(parameters[i], requires_grad=True)
        a = torch.tensor(problem.input)
        for w in weights_of(flat, widths):
            a = torch.nn.functional.leaky_relu(w @ a, problem.slope)
        output = torch.tensor(problem.readouts[i]) @ a
        ((output - problem.targets[i]) ** 2 / 2).backward()
        np.testing.assert_allclose(outputs[i], output.item(), rtol=1e-13, atol=1e-13)
        assert flat.grad is not None
        scale = max(float(flat.grad.abs().max()), 1e-300)
        np.testing.assert_allclose(gradients[i], flat.grad, rtol=0, atol=1e-13 * scale)
    assert np.abs(gradients).max() > 1e-2


@pytest.mark.parametrize("normalization", ["none", "layer", "batch"])
@pytest.mark.parametrize("residual", [0.0, 0.3])
@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/4"])
def test_cross_entropy_on_batches(activation: str, residual: float, normalization: str) -> None:
    widths = (5, 6, 6, 6, 4, 3)
    model, rng = Classifier(widths, activation, residual, normalization), np.random.default_rng(2)
    parameters = model.initial(range(NETWORKS))
    inputs, labels = rng.standard_normal((NETWORKS, 9, 5)), rng.integers(0, 3, (NETWORKS, 9))
    losses, gradients = model.gradients(parameters, inputs, labels)
    for i in range(NETWORKS):
        flat = torch.tensor(parameters[i], requires_grad=True)
        a, weights = torch.tensor(inputs[i]), weights_of(flat, widths)
        for k, w in enumerate(weights[:-1], start=1):
            z = a @ w.T
            if normalization == "layer":
                z = torch.nn.functional.layer_norm(z, z.shape[1:])
            if normalization == "batch":
                z = torch.nn.functional.batch_norm(z, None, None, training=True)
            h = torch.nn.functional.leaky_relu(z, model.slope)
            a = a + residual * h if residual and k > 1 and widths[k] == widths[k - 1] else h
        loss = torch.nn.functional.cross_entropy(a @ weights[-1].T, torch.tensor(labels[i]))
        loss.backward()
        np.testing.assert_allclose(losses[i], loss.item(), rtol=1e-12)
        assert flat.grad is not None
        np.testing.assert_allclose(gradients[i], flat.grad, rtol=0, atol=1e-12 * float(flat.grad.abs().max()))
    assert np.abs(gradients).min(axis=0).max() > 1e-4


def test_he_initialization_has_the_variance_that_torch_gives_it() -> None:
    """2,000 squares of weights have a mean within 6 standard errors sqrt(2/2000) of it, but for 2e-9."""
    widths = (64, 40, 50, 10)
    ours = Classifier(widths).initial([0])[0]
    first = 64 * 40
    square = float((ours[first : first + 2000] ** 2).mean())
    expected = torch.nn.init.calculate_gain("relu") ** 2 / 40
    assert abs(square / expected - 1) < 6 * math.sqrt(2 / 2000)
