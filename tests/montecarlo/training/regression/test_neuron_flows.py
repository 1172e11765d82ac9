"""Nets of a few neurons: flows against DOP853 weight by weight, what is kept, and theory's minimizers."""

from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp

from montecarlo.training.regression.interpolation_observables import kernel_parts, kkt_residuals
from montecarlo.training.regression.neuron_flows import NeuronNets, neuron_flow
from tests.theory.random_designs import random_design
from theory.dynamics.implicit_bias.interpolants import float_interpolant
from theory.dynamics.implicit_bias.neuron_potentials import NeuronPotential
from theory.ensembles import InvalidArgument

X, Y = random_design(2, 4, 21)


def nets(m: int, h: int, seed: int, output: float = 1.0) -> NeuronNets:
    rng = np.random.default_rng(seed)
    return NeuronNets.of_weights(output * rng.normal(size=(m, h)), rng.normal(size=(m, h, 4)))


@pytest.mark.parametrize("slope", [1.0, 0.3])
def test_flows_are_those_of_the_weights_one_by_one(slope: float) -> None:
    start = nets(2, 3, 0)
    end = neuron_flow(start, X, Y, 1.0, slope=slope, rtol=1e-11)

    def field(_: float, state: Any) -> Any:
        a, W = state[:3], state[3:].reshape(3, 4)
        da, dW = np.zeros(3), np.zeros((3, 4))
        f = [sum(a[i] * (z if (z := W[i] @ x) > 0 else slope * z) for i in range(3)) for x in X]
        for x, r in zip(X, Y - f, strict=True):
            for i in range(3):
                s = 1.0 if W[i] @ x > 0 else slope
                da[i] += r * s * (W[i] @ x)
                dW[i] += r * a[i] * s * x
        return np.concatenate([da, dW.ravel()])

    for i in range(2):
        state = np.concatenate([start.outputs[i], start.weights[i].ravel()])
        ran = solve_ivp(field, (0, 1), state, method="DOP853", rtol=1e-11, atol=1e-12)
        got = np.concatenate([end.outputs[i], end.weights[i].ravel()])
        assert np.abs(ran.y[:, -1] - got).max() < (1e-8 if slope == 1 else 1e-5)  # a kink costs an order


def test_what_linear_nets_keep_and_what_leaky_ones_do() -> None:
    start = nets(3, 2, 1)
    linear, leaky = neuron_flow(start, X, Y, 2.0), neuron_flow(start, X, Y, 2.0, slope=0.4)
    assert np.allclose(linear.imbalances, start.imbalances, atol=1e-8)
    assert not np.allclose(leaky.imbalances, start.imbalances, atol=1e-3)
    diagonal = [np.diagonal(one.imbalances, axis1=1, axis2=2) for one in (start, leaky)]
    assert np.allclose(*diagonal, atol=1e-6)
    for i in range(2):
        assert np.abs(kernel_parts(linear.weights[:, i] - start.weights[:, i], X)).max() < 1e-10


@pytest.mark.parametrize("output", [3.0, 1.0, 0.05])
def test_one_neuron_is_at_theorys_minimizer_at_any_time(output: float) -> None:
    w = np.array([0.5, -0.75, 0.25, 1.0])
    start = NeuronNets.of_weights([[output]], [[w]])
    for time in (0.2, 40.0):
        end = neuron_flow(start, X, Y, time, rtol=1e-12)
        sign = np.sign(end.outputs[0, 0])
        delta = sp.Rational(output) ** 2 - sp.Rational(float(w @ w))
        potential = NeuronPotential(delta, tuple(sp.Rational(float(sign * x)) for x in w))
        slopes = np.array([float(one) for one in potential.slopes([sp.Rational(float(x)) for x in end.points[0]])])
        assert np.linalg.norm(kernel_parts(slopes[None], X)) < 1e-9
        point, _ = float_interpolant(potential, X, X @ end.points[0])
        assert np.abs(point - end.points[0]).max() < 1e-8


def test_the_sign_at_the_end_counts_where_it_changes() -> None:
    """The trap: delta < 0, and a target that makes a change its sign."""
    w = np.array([1.0, 1.0, -0.5])
    start, row = NeuronNets.of_weights([[0.05]], [[w]]), np.array([[1.0, 2.0, -1.0]])
    end = neuron_flow(start, row, [-4.0], 20.0)
    assert end.outputs[0, 0] < 0
    v = end.points[0]
    gradient = np.linalg.norm(end.weights[0, 0]) * v / np.linalg.norm(v)
    assert kkt_residuals([gradient + w], row)[0] < 1e-9
    assert kkt_residuals([gradient - w], row)[0] > 0.25


def test_aligned_neurons_are_one() -> None:
    shares, w = np.array([0.6, -0.8]), np.array([0.5, -0.75, 0.25, 1.0])
    many = neuron_flow(NeuronNets.of_weights([2.0 * shares], [shares[:, None] * w]), X, Y, 1.0, rtol=1e-12)
    one = neuron_flow(NeuronNets.of_weights([[2.0]], [[w]]), X, Y, 1.0, rtol=1e-12)
    assert np.abs(many.points - one.points).max() < 1e-9


def test_a_leaky_neuron_has_the_linear_ones_potential() -> None:
    w = np.array([0.5, -0.75, 0.25, 1.0])
    end = neuron_flow(NeuronNets.of_weights([[3.0]], [[w]]), X, -np.abs(Y), 30.0, slope=0.25)
    v = end.points[0]
    assert np.abs(np.where(X @ v < 0, 0.25, 1) * (X @ v) + np.abs(Y)).max() < 1e-8
    gradient = np.linalg.norm(end.weights[0, 0]) * v / np.linalg.norm(v)
    assert np.linalg.norm(kernel_parts((gradient - w)[None], X)) < 1e-9


ONE = nets(1, 1, 0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: NeuronNets.of_weights([1.0], [[1.0]]), "^weights: have shape"),
        (lambda: NeuronNets.of_weights([[1.0]], [[[np.inf]]]), "^weights: .*not finite"),
        (lambda: neuron_flow(ONE, [[1.0, 2.0]], [1.0], 1.0), "^design: has shape .1, 2."),
        (lambda: neuron_flow(ONE, X, [1.0], 1.0), "^targets: have shape"),
        (lambda: neuron_flow(ONE, X, Y, 1.0, slope=0.0), "^slope: must be positive"),
        (lambda: neuron_flow(ONE, X, Y, -1.0), "^time: "),
    ],
)
def test_bad_input_is_named(call: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        call()
