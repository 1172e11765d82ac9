"""Lanczos's method on spaces so small that it uses them up, and where it does not converge in time."""

import numpy as np
import pytest

from montecarlo.curvature import lanczos
from montecarlo.curvature.directions import Directions
from montecarlo.curvature.reduction import Reduction


def reduction(width, depth, networks, slope=0.0):
    rng = np.random.default_rng(width)
    weights = [rng.standard_normal((networks, width, width)) for _ in range(depth)]
    directions = Directions.of(weights, slope, rng.standard_normal((networks, width)), np.ones((1, width)))
    return Reduction(directions.taken(directions.alive))


def exact(reduced):
    spectra = [np.linalg.eigvalsh(reduced.dense(i)) for i in range(reduced.networks)]
    return np.array([spectrum[[0, -1]] for spectrum in spectra]).T


@pytest.mark.parametrize(("width", "depth"), [(1, 2), (1, 6), (2, 3), (3, 4), (3, 7), (9, 5)])
def test_a_space_may_be_smaller_than_the_number_of_steps(width, depth):
    reduced = reduction(width, depth, 40, slope=0.3)
    found = lanczos.reduced_extremes(reduced)
    np.testing.assert_allclose([found.least, found.largest], exact(reduced), rtol=1e-9)
    assert found.steps < 100
    assert (found.errors <= 1e-10).all()


def test_errors_tell_what_was_reached(monkeypatch):
    """Stopped early, the estimates are of the size of the errors, not of the tolerance."""
    monkeypatch.setattr(lanczos, "_MOST_STEPS", 8)
    reduced = reduction(24, 3, 20, slope=1.0)
    found = lanczos.reduced_extremes(reduced, 1e-13)
    errors = np.max(np.abs(np.array([found.least, found.largest]) / exact(reduced) - 1), axis=0)
    assert found.steps == 8
    assert found.errors.min() > 1e-13
    assert (errors < 10 * found.errors).all()


def test_products_are_symmetric_and_stay_in_the_space():
    reduced = reduction(5, 4, 6)
    rng = np.random.default_rng(0)
    x, y = (reduced.projected(rng.standard_normal((2, reduced.size))) for _ in range(2))
    hx, hy = reduced.apply(x), reduced.apply(y)
    np.testing.assert_allclose(reduced.dots(y, hx), reduced.dots(x, hy), rtol=1e-10)
    np.testing.assert_allclose(reduced.projected(hx), hx, atol=1e-12 * np.abs(hx).max())
    np.testing.assert_allclose(reduced.dots(reduced.start(), reduced.start()), 1, rtol=1e-12)
