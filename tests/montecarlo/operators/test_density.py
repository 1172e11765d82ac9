import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.curvature.loss_hessians import LossHessian
from montecarlo.curvature.networks import Network
from montecarlo.operators.density import SpectralDensity, spectral_density
from theory.ensembles import InvalidArgument

module = sys.modules["montecarlo.operators.density"]  # its function has its name


def symmetric(size, seed):
    g = np.random.default_rng(seed).standard_normal((size, size))
    return (g + g.T) / 2


def starts(probes, size, seed):
    """The unit vectors that are drawn."""
    v = np.random.Generator(np.random.SFC64(seed)).standard_normal((probes, size))
    return v / np.linalg.norm(v, axis=1)[:, None]


@given(st.integers(2, 12), st.integers(1, 6), st.integers(0, 10**6))
def test_moments_below_twice_the_steps_are_those_of_the_probes(size, steps, seed):
    a, v = symmetric(size, seed), starts(3, size, seed)
    spectrum = spectral_density(a, 3, steps, seed)
    scale = np.linalg.norm(a, 2)
    for order in range(2 * min(steps, size)):
        expected = np.mean([x @ np.linalg.matrix_power(a, order) @ x for x in v])
        assert abs(spectrum.moment(order) - expected) <= 1e-12 * scale**order
    if 2 * steps <= size:  # and the first that is not is not
        expected = np.mean([x @ np.linalg.matrix_power(a, 2 * steps) @ x for x in v])
        assert abs(spectrum.moment(2 * steps) - expected) > 1e-12 * scale ** (2 * steps)


@given(st.integers(1, 12), st.integers(0, 10**6))
def test_as_many_steps_as_dimensions_find_every_eigenvalue(size, seed):
    a = symmetric(size, seed)
    values, vectors = np.linalg.eigh(a)
    spectrum = spectral_density(a, 2, size, seed)
    for i, v in enumerate(starts(2, size, seed)):
        np.testing.assert_allclose(spectrum.nodes[i], values, rtol=0, atol=1e-9 * np.abs(values).max())
        np.testing.assert_allclose(spectrum.weights[i], (vectors.T @ v) ** 2, rtol=0, atol=1e-6)


@given(st.integers(1, 8), st.integers(0, 10**6))
def test_each_probes_cdf_is_enclosed_by_its_nodes(steps, seed):
    """Chebyshev, Markov and Stieltjes: masses left of a node <= the measure's <= these and the node's own."""
    rng = np.random.default_rng(seed)
    values = np.sort(rng.choice([-2.0, -0.5, 0.0, 0.0, 0.0, 0.3, 1.0], 30) + rng.choice([0.0, 1e-3], 30))
    spectrum = spectral_density(np.diag(values), 2, steps, seed)
    for nodes, weights, v in zip(spectrum.nodes, spectrum.weights, starts(2, 30, seed), strict=True):
        for k in range(int(np.count_nonzero(weights))):
            at_most = np.sum(v[values <= nodes[k] + 1e-9] ** 2)
            below = np.sum(v[values < nodes[k] - 1e-9] ** 2)
            assert weights[:k].sum() <= at_most + 1e-9
            assert below <= weights[: k + 1].sum() + 1e-9


def test_exhausted_spaces_end_early():
    """Three distinct eigenvalues: three nodes, whatever the steps; the others have no mass."""
    values = np.repeat([-1.0, 0.0, 2.0], [5, 80, 15])
    spectrum = spectral_density(np.diag(values), 4, 20)
    assert spectrum.nodes.shape == (4, 20)
    for nodes, weights, v in zip(spectrum.nodes, spectrum.weights, starts(4, 100, 0), strict=True):
        assert np.count_nonzero(weights) == 3
        np.testing.assert_allclose(nodes[:3], [-1.0, 0.0, 2.0], rtol=0, atol=1e-13)
        np.testing.assert_allclose(weights[:3], [np.sum(v[values == x] ** 2) for x in (-1.0, 0.0, 2.0)], atol=1e-12)


def test_counts_are_within_the_law_of_the_probes():
    """The mass of a space of dimension r is Beta(r/2, (P-r)/2), sub-Gaussian with 1/(4(P/2+1)) for a variance
    (Marchal and Arbel, 2017): a mean over 400 probes is off by 7 deviations with probability below 1e-10."""
    values = np.repeat([-1.0, 0.0, 2.0], [5, 80, 15])
    for seed in range(3):
        spectrum = spectral_density(np.diag(values), 400, 4, seed)
        bound = 7 * 100 * math.sqrt(1 / (4 * 51) / 400)
        assert abs(spectrum.count_below(-1e-6) - 5) < bound
        assert abs(spectrum.count_below(1e-6) - 85) < bound
        assert spectrum.count_below(-1.5) == 0.0
        assert spectrum.count_below(2.5) == pytest.approx(100, rel=1e-12)
        exact = 100 * math.sqrt(0.05 * 0.95 / 51 / 400)
        assert 0.5 < spectrum.count_error(-1e-6) / exact < 2
        np.testing.assert_allclose(spectrum.cdf([-1.5, 1.0, 3.0]), [0, 0.85, 1], atol=bound / 100)


def test_functions_of_given_masses():
    spectrum = SpectralDensity(np.array([[-1.0, 2.0], [0.0, 2.0]]), np.array([[0.5, 0.5], [1.0, 0.0]]), size=10)
    assert spectrum.cdf([-2.0, -1.0, -0.5, 0.0, 2.0]).tolist() == [0.0, 0.25, 0.25, 0.75, 1.0]
    assert spectrum.cdf(0.0).shape == ()
    assert [spectrum.count_below(x) for x in (-1.0, 0.0, 1.0)] == [0.0, 2.5, 7.5]
    assert spectrum.count_error(-0.5) == pytest.approx(10 * 0.25)  # 0.5 and 0
    assert [spectrum.moment(p) for p in (0, 1, 2, 3)] == [1.0, 0.25, 1.25, 1.75]
    points = np.linspace(-4, 5, 2001)
    density = spectrum.density(points, 0.2)
    assert np.trapezoid(density, points) == pytest.approx(1, rel=1e-9)
    assert np.trapezoid(density * points, points) == pytest.approx(0.25, rel=1e-9)
    assert np.trapezoid(density * points**2, points) == pytest.approx(1.25 + 0.2**2, rel=1e-9)
    assert spectrum.density(0.0, 0.1) == pytest.approx(0.5 / (0.1 * math.sqrt(2 * math.pi)), rel=1e-12)


def test_a_loss_hessian():
    """A hundred steps from one probe find the ends, the number of negative eigenvalues is right within the law's."""
    rng = np.random.default_rng(0)
    net = Network([rng.standard_normal((6, 5)) / 2, rng.standard_normal((6, 6)) / 2, rng.standard_normal((3, 6)) / 2])
    hessian = LossHessian(net, rng.standard_normal((20, 5)), rng.integers(0, 3, 20), "cross-entropy")
    values = np.linalg.eigvalsh(hessian.dense())
    spectrum = spectral_density(hessian.hessian, 50, len(values))
    np.testing.assert_allclose(spectrum.nodes.min(), values[0], rtol=1e-9)
    np.testing.assert_allclose(spectrum.nodes.max(), values[-1], rtol=1e-9)
    size, negative = len(values), int(np.sum(values < -1e-9))
    assert abs(spectrum.count_below(-1e-9) - negative) < 7 * size * math.sqrt(1 / (4 * (size / 2 + 1)) / 50)


@pytest.mark.parametrize("scale", [2.0**-700, 2.0**700])
def test_scales_whose_squares_are_no_floats(scale):
    a = symmetric(20, 1)
    plain, scaled = spectral_density(a, 3, 8), spectral_density(a * scale, 3, 8)
    np.testing.assert_allclose(scaled.nodes / scale, plain.nodes, rtol=1e-9)
    np.testing.assert_allclose(scaled.weights, plain.weights, rtol=1e-9)


def test_a_zero_operator_has_all_mass_at_zero():
    spectrum = spectral_density(np.zeros((5, 5)), 3, 4)
    assert not spectrum.nodes.any()
    assert spectrum.weights[:, 0].tolist() == [1.0] * 3
    assert (spectrum.count_below(0.0), spectrum.count_below(1e-300)) == (0.0, 5.0)


def test_groups_of_probes_change_nothing(monkeypatch):
    a = symmetric(20, 2)
    whole = spectral_density(a, 5, 6, 3)
    monkeypatch.setattr(module, "_BASIS_BYTES", 8 * 20 * 6 * 2)
    grouped = spectral_density(a, 5, 6, 3)
    np.testing.assert_allclose(grouped.nodes, whole.nodes, rtol=1e-12)
    np.testing.assert_allclose(grouped.weights, whole.weights, rtol=0, atol=1e-12)
    monkeypatch.setattr(module, "_BASIS_BYTES", 8 * 20 * 6 - 1)
    with pytest.raises(InvalidArgument, match="use 5 or fewer") as refusal:
        spectral_density(a, 5, 6, 3)
    assert refusal.value.argument == "steps"


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"probes": 0}, "probes"),
        ({"probes": 10**9}, "probes"),
        ({"steps": 1.5}, "steps"),
        ({"seed": -1}, "seed"),
        ({"operator": [[1, 2]]}, "operator"),
    ],
)
def test_bad_arguments_are_refused(change, argument):
    with pytest.raises(InvalidArgument) as refusal:
        spectral_density(**({"operator": np.eye(3), "probes": 2, "steps": 2} | change))
    assert refusal.value.argument == argument


def test_bad_points_and_widths_are_refused():
    spectrum = spectral_density(np.eye(3), 2, 2)
    for wrong, argument in (
        (lambda: spectrum.cdf([np.nan]), "points"),
        (lambda: spectrum.density([0.0], 0.0), "width"),
        (lambda: spectrum.count_below(np.nan), "point"),
        (lambda: spectrum.moment(-1), "order"),
    ):
        with pytest.raises(InvalidArgument) as refusal:
            wrong()
        assert refusal.value.argument == argument
