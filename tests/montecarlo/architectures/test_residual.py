"""Residual networks: products at width one, norms of any size, branches that start at 0."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import GradientNorms, HessianNorms, simulate
from montecarlo.architectures.residual import ResidualChunk
from tests.montecarlo.architectures.by_hand import LINEAR, RELU, drawn, each_residual, generator, scale
from theory.ensembles import Ensemble

seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=25, deadline=None)


@few
@given(seeds, st.sampled_from([1, "1/sqrt(L)", "1/L", "5/2"]), st.integers(1, 40))
def test_a_residual_chain_of_width_one_is_a_product(seed, alpha, depth):
    net = Ensemble(width=1, depth=depth, law="uniform", input=(3,), architecture=f"residual:{alpha}")
    chunk = ResidualChunk(net, generator(seed), 4)
    factors = 1 + scale(net) * np.stack([w[:, 0, 0] for w in chunk.matrices], axis=1)
    expected = np.log(9) + np.cumsum(np.log(factors**2), axis=1)
    np.testing.assert_allclose(chunk.log_activation_norms(range(1, depth + 1)), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("alpha", "sign"), [("1e30", 1), ("1/1000000000000000000000000000000", 0)])
def test_norms_of_any_size_stay_finite(alpha, sign):
    """(1e30)^300 has 9,000 digits: the logs, the gradients and the Hessian are finite, and of that size."""
    net = Ensemble(width=3, depth=300, init="xavier", readout="signs", architecture=f"residual:{alpha}")
    chunk = ResidualChunk(net, generator(3), 5)
    norms, hessian = chunk.log_activation_norms([300])[:, 0], HessianNorms().measure(chunk)
    expected = sign * 2 * 300 * 30 * math.log(10)
    assert np.all(np.abs(norms - expected) < 3000 if sign else np.abs(norms) < 1e-6)
    assert np.isfinite(hessian).all()
    gradients = chunk.log_gradient_norms(range(1, 301))
    assert np.isfinite(gradients).all()
    # with small branches |G_k| = alpha |x||v|
    assert sign or np.abs(gradients + 2 * 30 * math.log(10)).max() < 1e-6


@few
@given(seeds)
def test_branches_that_start_at_zero_change_nothing_but_half_the_gradients(seed):
    net = Ensemble(5, 6, activation="relu", init="he", readout="signs", architecture="residual:0:two")
    chunk = ResidualChunk(net, generator(seed), 4)
    np.testing.assert_allclose(chunk.log_activation_norms([0, 2, 4, 6]), 0, atol=1e-12)
    gradients = chunk.log_gradient_norms(range(1, 7))
    assert np.isneginf(gradients[:, ::2]).all()
    np.testing.assert_allclose(gradients[:, 1::2], chunk.log_activation_norms([1, 3, 5]), atol=1e-12)  # |v| = 1


@pytest.mark.parametrize("alpha", ["1e-100", "1e100"])
@pytest.mark.parametrize("branch", ["linear", "two"])
def test_the_smallest_and_largest_scales_neither_under_nor_overflow(alpha, branch):
    net = LINEAR if branch == "linear" else RELU.at(activation="leaky:1/2")
    observables = [GradientNorms(), HessianNorms()]
    extreme = simulate(net.at(architecture=f"residual:{alpha}:{branch}"), observables, samples=5, seed=1)
    power = 2 * math.log(10) * (-100 if alpha == "1e-100" else 100)
    assert np.isfinite(extreme[GradientNorms()].logs).all()
    few = extreme[HessianNorms()].logs / power
    # a block has alpha^4 (linear) or alpha^2 (within a branch of two) at least, and one for each branch at most
    assert ((few > 0.9) & (few < 4.1)).all()


@each_residual
def test_slopes_are_those_of_the_preactivations(net):
    """Ones after the second matrix of a branch, which no activation follows."""
    chunk = drawn(net, 3, seed=5)
    a = np.repeat(chunk.input[None], 3, axis=0)
    before = a
    for k, w in enumerate(chunk.matrices, start=1):
        z = np.einsum("mij,mj->mi", w, a)
        ends = net.architecture.branch == "two" and k % 2 == 0
        slopes = np.ones_like(z) if ends else np.where(z > 0, 1.0, float(net.slope))
        np.testing.assert_array_equal(chunk.slopes(k), slopes)
        if net.architecture.branch == "two" and not ends:
            before, a = a, slopes * z
        else:
            a = (before if ends else a) + scale(net) * slopes * z
