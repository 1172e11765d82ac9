"""Noise against curvature: finite differences of the loss, numpy's eigenvalues, and scatters of samples."""

import numpy as np
import pytest
import sympy as sp

from theory.dynamics.gradient_noise import cross_entropy, residual_bound, scatter_step
from theory.ensembles import InvalidArgument


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_derivatives_and_the_least_factor_are_those_of_numpy(classes):
    z = np.linspace(-0.7, 1.1, classes)
    p = np.exp(z) / np.exp(z).sum()
    q, first, second = cross_entropy(classes)
    values = dict(zip(q, map(float, np.exp(z)), strict=True))
    r = np.array(first.subs(values), float).ravel()
    H = np.array(second.subs(values), float)
    assert r == pytest.approx(p - np.eye(classes)[0])
    assert pytest.approx(np.diag(p) - np.outer(p, p)) == H
    v, bound = residual_bound(classes)
    assert H @ np.array(v.subs(values), float).ravel() == pytest.approx(r)
    least = r @ np.linalg.pinv(H) @ r
    assert float(bound.subs(values)) == pytest.approx(least)
    assert least == pytest.approx(1 / p[0] - 1)


def test_one_more_gradient_adds_what_numpy_says():
    sample = np.random.default_rng(3).standard_normal((6, 2))
    before, after = ((g - g.mean(axis=0)).T @ (g - g.mean(axis=0)) for g in (sample[:-1], sample))
    a, b = sample[-1] - sample[:-1].mean(axis=0)
    added = scatter_step(5).subs({sp.Symbol("a"): a, sp.Symbol("b"): b})
    assert float(added) == pytest.approx(after[0, 1] - before[0, 1])


def test_bad_sizes_are_refused():
    with pytest.raises(InvalidArgument, match=r"^classes: must be from 2 to 8, got 1"):
        cross_entropy(1)
    with pytest.raises(InvalidArgument, match=r"^size: must be positive, got 0"):
        scatter_step(0)
