"""Diagonal nets: flows against DOP853 on the weights themselves, descent step by step, what is kept, and KKT points."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from montecarlo.training.regression.diagonal_flows import DiagonalNets, diagonal_descent, diagonal_flow
from montecarlo.training.regression.interpolation_observables import (
    kernel_parts,
    kkt_residuals,
    l1_norms,
    minimum_norm_distances,
    squared_losses,
)
from tests.theory.random_designs import random_design
from theory.dynamics.implicit_bias.interpolants import float_interpolant
from theory.dynamics.implicit_bias.mirror_potentials import DiagonalPotential
from theory.ensembles import InvalidArgument


def random_nets(m: int, d: int, seed: int, scale: float = 1.0) -> tuple[DiagonalNets, list[Any]]:
    rng = np.random.default_rng(seed)
    four = [scale * rng.normal(size=(m, d)) for _ in range(4)]
    return DiagonalNets.of_weights(*four), four


def by_scipy(X: Any, y: Any, four: Any, time: float, loss: str) -> Any:
    def field(_: float, state: Any) -> Any:
        up, vp, um, vm = state.reshape(4, -1)
        r = y - X @ (up * vp - um * vm)
        g = X.T @ (r if loss == "squared" else np.tanh(r))
        return np.concatenate([vp * g, up * g, -vm * g, -um * g])

    ran = solve_ivp(field, (0, time), np.concatenate(four), method="DOP853", rtol=1e-12, atol=1e-14)
    up, vp, um, vm = ran.y[:, -1].reshape(4, -1)
    return up, vp, um, vm


@pytest.mark.parametrize("loss", ["squared", "log-cosh"])
def test_many_flows_are_those_of_the_weights_one_by_one(loss: str) -> None:
    nets, four = random_nets(4, 5, 0)
    X, y = random_design(2, 5, 1)
    end = diagonal_flow(nets, X, y, 1.5, loss=loss, rtol=1e-12)
    for i in range(4):
        up, vp, um, vm = by_scipy(X, y, [one[i] for one in four], 1.5, loss)
        assert np.abs(end.growing[:, i] - [up + vp, um - vm]).max() < 1e-9
        assert np.abs(end.falling[:, i] - [up - vp, um + vm]).max() < 1e-9
        assert np.abs(end.weights[i] - (up * vp - um * vm)).max() < 1e-9
        assert np.abs(end.squares[i] - (up**2 + vp**2 + um**2 + vm**2)).max() < 1e-9
        assert np.abs(end.imbalances[:, i] - [up**2 - vp**2, um**2 - vm**2]).max() < 1e-9


@settings(max_examples=15)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(0, 10**6), st.floats(0.05, 3.0), st.sampled_from([1e-6, 1.0]))
def test_what_the_flow_keeps_and_where_it_is_at_any_time(
    n: int, more: int, seed: int, time: float, scale: float
) -> None:
    nets, _ = random_nets(3, n + more, seed, scale)
    X, y = random_design(n, n + more, seed)
    end = diagonal_flow(nets, X, y, time, rtol=1e-8)
    assert np.allclose(end.scales, nets.scales, rtol=1e-10, atol=0)
    assert np.allclose(end.imbalances, nets.imbalances, rtol=1e-10, atol=0)
    assert np.allclose(end.squares**2 - 4 * end.weights**2, nets.scales, rtol=1e-8, atol=1e-12 * end.squares.max() ** 2)
    if np.linalg.svd(X, compute_uv=False).min() > 0.1:
        moved = end.slopes - nets.slopes
        assert np.linalg.norm(kernel_parts(moved, X), axis=1).max() < 1e-9 * (1 + np.abs(end.slopes).max())
    assert (squared_losses(end.weights, X, y) <= squared_losses(nets.weights, X, y) + 1e-9).all()


@pytest.mark.parametrize("scale", [1.0, 1e-8])
def test_the_flow_ends_at_theorys_minimizer(scale: float) -> None:
    X, y = random_design(3, 6, 0)
    u, v = np.full((1, 6), scale), np.full((1, 6), scale / 3)
    end = diagonal_flow(DiagonalNets.of_weights(u, v, u, v), X, y, 400.0)
    root = 2 * (scale**2 + (scale / 3) ** 2)
    point, _ = float_interpolant(DiagonalPotential((root**2,) * 6), X, y)
    assert squared_losses(end.weights, X, y)[0] < 1e-18
    assert np.abs(end.weights[0] - point).max() < 1e-8
    assert kkt_residuals(end.slopes, X)[0] < 1e-12


def test_each_network_may_have_a_problem_of_its_own() -> None:
    nets, _ = random_nets(2, 4, 3)
    designs, targets = zip(*(random_design(2, 4, seed) for seed in (4, 5)), strict=True)
    end = diagonal_flow(nets, np.stack(designs), np.stack(targets), 0.7)
    for i, (X, y) in enumerate(zip(designs, targets, strict=True)):
        alone = diagonal_flow(DiagonalNets(nets.growing[:, i : i + 1], nets.falling[:, i : i + 1]), X, y, 0.7)
        assert np.abs(alone.weights[0] - end.weights[i]).max() < 1e-9


@pytest.mark.parametrize("loss", ["squared", "log-cosh"])
def test_descent_is_that_of_the_weights(loss: str) -> None:
    nets, four = random_nets(3, 4, 6)
    X, y = random_design(2, 4, 7)
    end = diagonal_descent(nets, X, y, 0.01, 30, loss=loss)
    up, vp, um, vm = four
    for _ in range(30):
        r = y - (up * vp - um * vm) @ X.T
        g = (r if loss == "squared" else np.tanh(r)) @ X
        up, vp = up + 0.01 * g * vp, vp + 0.01 * g * up
        um, vm = um - 0.01 * g * vm, vm - 0.01 * g * um
    assert np.abs(end.weights - (up * vp - um * vm)).max() < 1e-12
    assert np.abs(end.growing - [up + vp, um - vm]).max() < 1e-12
    assert (end.scales < nets.scales).all()


def test_descent_tends_to_the_flow() -> None:
    nets, _ = random_nets(2, 4, 8)
    X, y = random_design(2, 4, 9)
    end = diagonal_flow(nets, X, y, 1.0)
    gaps = [np.abs(diagonal_descent(nets, X, y, 1 / n, n).weights - end.weights).max() for n in (1000, 2000, 4000)]
    assert gaps[0] < 0.02
    assert [round(a / b, 1) for a, b in pairwise(gaps)] == [2.0, 2.0]


def test_observables_are_those_of_numpy() -> None:
    X, y = random_design(2, 5, 10)
    w = np.random.default_rng(11).normal(size=(3, 5))
    least = (np.linalg.pinv(X) @ (X @ w.T)).T
    assert np.allclose(minimum_norm_distances(w, X), np.linalg.norm(w - least, axis=1))
    assert np.allclose(kkt_residuals(w, X), np.linalg.norm(w - least, axis=1) / np.linalg.norm(w, axis=1))
    assert np.allclose(l1_norms(w), np.abs(w).sum(axis=1))
    assert np.allclose(squared_losses(w, X, y), [((X @ one - y) ** 2).sum() / 2 for one in w])
    assert kkt_residuals(np.zeros((1, 5)), X) == 0


NETS = random_nets(2, 3, 0)[0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: DiagonalNets.of_weights([1.0], [1.0], [1.0], [1.0]), "^u_plus: have shape"),
        (lambda: DiagonalNets.of_weights([[1.0]], [[1.0, 2.0]], [[1.0]], [[1.0]]), "^v_plus: have shape"),
        (lambda: DiagonalNets.of_weights([[np.nan]], [[1.0]], [[1.0]], [[1.0]]), "^u_plus: .*not finite"),
        (lambda: diagonal_flow(NETS, [[1.0, 2.0]], [1.0], 1.0), "^design: has shape .1, 2., but .* 3 coordinates"),
        (lambda: diagonal_flow(NETS, np.ones((3, 1, 3)), [1.0], 1.0), "^design: "),
        (lambda: diagonal_flow(NETS, [[1.0, 2.0, 3.0]], [1.0, 2.0], 1.0), "^targets: have shape"),
        (lambda: diagonal_flow(NETS, [[1.0, 2.0, 3.0]], [1.0], 1.0, loss="hinge"), "^loss: there is no loss 'hinge'"),
        (lambda: diagonal_descent(NETS, [[1.0, 2.0, 3.0]], [1.0], 0.0, 1), "^learning_rate: must be positive"),
        (lambda: diagonal_descent(NETS, [[1.0, 2.0, 3.0]], [1.0], 1.0, -1), "^steps: "),
        (lambda: diagonal_descent(NETS, [[1.0, 2.0, 3.0]], [9.0], 9.0, 50), "^learning_rate: 9 makes"),
        (lambda: kernel_parts([[1.0, 2.0]], [[1.0, 2.0], [2.0, 4.0]]), "^design: has linearly dependent rows"),
        (lambda: kernel_parts([1.0, 2.0], [[1.0, 2.0]]), "^weights: have shape"),
        (lambda: kernel_parts([[1.0, 2.0]], [[1.0]]), "^design: has shape"),
        (lambda: squared_losses([[1.0]], [[1.0]], [1.0, 2.0]), "^targets: have shape"),
    ],
)
def test_bad_input_is_named(call: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        call()
