from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.curvature.few_inputs import ReducedSpectrum, reduced_spectrum
from montecarlo.curvature.loss_hessians import PARTS, LossHessian
from montecarlo.curvature.networks import Network
from tests.montecarlo.curvature.data_problems import problems
from theory.ensembles import InvalidArgument


def relu_network(widths, seed, readout=None):
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((n, m)) * (2 / m) ** 0.5 for m, n in pairwise(widths)]
    return Network(weights, "relu", readout)


@given(problems())
def test_all_eigenvalues_are_those_of_the_dense_matrix(problem):
    hessian = problem.hessian
    for part in PARTS:
        reduced = reduced_spectrum(hessian, part)
        whole = np.sort(np.concatenate([reduced.eigenvalues, np.zeros(reduced.structural_zeros)]))
        expected = np.linalg.eigvalsh(hessian.dense(part))
        assert len(whole) == reduced.parameters == hessian.parameters
        size = max(np.abs(expected).max(), 1e-3 * np.abs(hessian.dense()).max())
        assert np.abs(whole - expected).max() <= 1e-12 * size


@pytest.mark.parametrize("examples", [1, 3])
def test_sizes_are_the_dimensions_of_the_spaces(examples):
    """Units on, spans of inputs and of cotangents, counted by hand."""
    net, x = relu_network((9, 8, 7, 3), 1), np.random.default_rng(2).standard_normal((examples, 9))
    hessian = LossHessian(net, x, np.zeros(examples, dtype=int), "cross-entropy")
    a1 = np.maximum(net.weights[0] @ x.T, 0)
    a2 = np.maximum(net.weights[1] @ a1, 0)
    on1, on2 = int(a1.any(axis=1).sum()), int(a2.any(axis=1).sum())
    r, rank = examples, np.linalg.matrix_rank
    assert (rank(a1), rank(a2)) == (r, r)  # and so have cotangents in layer 2
    last = min(r, 2)  # gradients in the logits sum to 0
    size = on1 * r + (on2 * r + r * on1 - r * r) + (3 * r + last * on2 - r * last)
    assert len(reduced_spectrum(hessian).eigenvalues) == size < hessian.parameters
    assert len(reduced_spectrum(hessian, "residual").eigenvalues) == size - 3 * r + r * last
    assert len(reduced_spectrum(hessian, "gauss_newton").eigenvalues) == 3 * r
    assert len(reduced_spectrum(hessian, "gradient_outer_products").eigenvalues) == r
    assert reduced_spectrum(hessian).structural_zeros == hessian.parameters - size


@given(st.integers(0, 10**6))
def test_rank_and_inertia_of_one_input(seed):
    """Of f != 0 on S active units below layer L: S - (L-2) eigenvalues of the sign of f, S of the opposite one."""
    rng = np.random.default_rng(seed)
    net = relu_network((5, 4, 4, 4), seed, rng.standard_normal(4))
    x = rng.standard_normal(5)
    (f,) = net.outputs(x)[0]
    if f == 0:  # dead
        hessian = LossHessian(net, x, [1.0])
        assert len(reduced_spectrum(hessian).eigenvalues) == 0
        assert reduced_spectrum(hessian).structural_zeros == hessian.parameters
        return
    a1 = np.maximum(net.weights[0] @ x, 0)
    active = int(np.sum(a1 > 0) + np.sum(net.weights[1] @ a1 > 0))
    reduced = reduced_spectrum(LossHessian(net, x, [f - 1.0]), "residual", threshold=1e-13)  # f - y = 1
    counts = (reduced.positive, reduced.negative)
    assert counts == ((active - 1, active) if f > 0 else (active, active - 1))


def test_inputs_of_very_different_sizes_all_count():
    """The small input's eigenvalue is 1e-24 of the large one's; in Gauss-Newton's blocks it is still there."""
    net = Network([np.eye(6)], "linear", np.eye(6))
    x = np.eye(6)[:2] * [[1.0], [1e-6]]
    reduced = reduced_spectrum(LossHessian(net, x, np.zeros((2, 6))), "hessian", threshold=1e-14)
    assert reduced.positive == 12
    np.testing.assert_allclose(reduced.eigenvalues[:6], 5e-13, rtol=1e-9)


def test_counts_leave_out_what_is_below_the_threshold():
    spectrum = ReducedSpectrum(np.array([-3.0, -4e-12, -2e-12, 0.0, 2e-12, 4e-12, 2.0]), 100, 1e-12)
    assert (spectrum.negative, spectrum.positive, spectrum.structural_zeros) == (2, 2, 93)
    assert spectrum.spectral_norm == 3.0


def test_many_inputs_leave_the_whole_matrix():
    net, x = relu_network((3, 4, 2), 4), np.random.default_rng(0).standard_normal((50, 3))
    hessian = LossHessian(net, x, np.ones((50, 2)))
    for part in PARTS:
        reduced = reduced_spectrum(hessian, part)
        assert reduced.structural_zeros == 0
        whole = np.sort(np.concatenate([reduced.eigenvalues, np.zeros(reduced.structural_zeros)]))
        expected = np.linalg.eigvalsh(hessian.dense(part))
        np.testing.assert_allclose(whole, expected, rtol=0, atol=1e-13 * np.abs(expected).max())


def test_no_input_alive():
    net = Network([-np.ones((3, 3)), np.ones((2, 3))])
    hessian = LossHessian(net, np.ones((4, 3)), [0, 1, 0, 1], "cross-entropy")
    for part in PARTS:
        reduced = reduced_spectrum(hessian, part)
        assert (len(reduced.eigenvalues), reduced.structural_zeros, reduced.spectral_norm) == (0, 15, 0.0)
        assert (reduced.negative, reduced.positive) == (0, 0)


def test_large_matrices_unknown_parts_and_thresholds_are_refused():
    hessian = LossHessian(relu_network((9, 8, 7, 3), 1), np.ones(9), [[0.0, 1.0, 2.0]])
    size = len(reduced_spectrum(hessian).eigenvalues)
    assert len(reduced_spectrum(hessian, most_bytes=8 * size**2).eigenvalues) == size
    with pytest.raises(InvalidArgument, match="GiB; raise it, use fewer inputs, or use extreme_eigenvalues") as refusal:
        reduced_spectrum(hessian, most_bytes=8 * size**2 - 1)
    assert refusal.value.argument == "most_bytes"
    with pytest.raises(InvalidArgument) as refusal:
        reduced_spectrum(hessian, "all")
    assert refusal.value.argument == "part"
    for threshold in (0.0, 2):
        with pytest.raises(InvalidArgument) as refusal:
            reduced_spectrum(hessian, threshold=threshold)
        assert refusal.value.argument == "threshold"
