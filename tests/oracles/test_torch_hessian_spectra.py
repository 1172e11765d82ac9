"""The reduced spectrum against dense automatic differentiation, multiplicity of 0 included, on random architectures."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo.curvature import Network, hessian_extremes, hessian_spectrum

pytestmark = pytest.mark.oracle


def dense_spectrum(network, x, output):
    """Eigenvalues of all second derivatives of one output in all weights, by reverse over reverse."""
    weights = [torch.tensor(w, requires_grad=True) for w in network.weights]
    a = torch.tensor(x)
    for k, w in enumerate(weights, start=1):
        z = w @ a
        is_last = k == network.depth and network.readout is None
        a = z if is_last else torch.nn.functional.leaky_relu(z, network.slope)
    f = a[output] if network.readout is None else torch.tensor(network.readout[output]) @ a
    gradients = torch.autograd.grad(f, weights, create_graph=True, allow_unused=True, materialize_grads=True)
    rows = []
    for entry in torch.cat([g.reshape(-1) for g in gradients]):
        if not entry.requires_grad:
            rows.append(np.zeros(network.parameters))
            continue
        row = torch.autograd.grad(entry, weights, retain_graph=True, allow_unused=True, materialize_grads=True)
        rows.append(torch.cat([part.reshape(-1) for part in row]).numpy())
    return np.linalg.eigvalsh(np.array(rows))


@st.composite
def networks(draw):
    widths = draw(st.lists(st.integers(1, 6), min_size=2, max_size=6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = [rng.standard_normal((o, i)) / np.sqrt(i) for i, o in itertools.pairwise(widths)]
    activation = draw(st.sampled_from(["linear", "relu", "leaky:1/10"]))
    readout = draw(st.sampled_from([None, 1, 2]))
    network = Network(weights, activation, None if readout is None else rng.standard_normal((readout, widths[-1])))
    return network, rng.standard_normal(widths[0]), draw(st.integers(0, network.outputs_size - 1))


def assert_same(network, x, output=0, tolerance=1e-12):
    dense = dense_spectrum(network, x, output)
    size = np.abs(dense).max()
    spectrum = hessian_spectrum(network, x, output=output)
    found = np.sort(np.concatenate([spectrum.values, np.zeros(spectrum.zeros)]))
    np.testing.assert_allclose(found, dense, rtol=0, atol=tolerance * size)
    assert (size == 0) == (spectrum.rank == 0)
    below = np.abs(spectrum.values).min(initial=size) / size if size else 0.0
    if below > 1e-11:  # else rounding hides the smallest eigenvalues of the dense matrix among its zeros
        assert spectrum.zeros == np.sum(np.abs(dense) <= max(1e-13, below / 2) * size)
    return spectrum, dense


@settings(max_examples=60, deadline=None)
@given(networks())
def test_spectra_of_random_architectures(drawn):
    assert_same(*drawn)


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/4"])
def test_width_and_depth_eight(activation):
    """512 weights, of which dense differentiation takes its time."""
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((8, 8)) * np.sqrt(2 / 8) for _ in range(8)]
    network = Network(weights, activation, rng.standard_normal(8))
    _, dense = assert_same(network, np.ones(8))
    ends = hessian_extremes(network, np.ones(8))
    np.testing.assert_allclose([ends.least[0], ends.largest[0]], dense[[0, -1]], rtol=1e-9)
