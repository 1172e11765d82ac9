"""Normalized networks: standardized directions by quadrature and by sampling."""

import math

import numpy as np
import pytest
import sympy as sp
from scipy.special import digamma

from tests.theory.small_networks import refused
from theory import Ensemble, InvalidArgument, activation_moment, kurtosis
from theory.architectures.normalized import (
    BATCH_EXPLOSION,
    batch_norm_growth,
    batch_norm_moment,
    layer_norm_gradient_rate,
    layer_norm_moment,
    layer_norm_spread,
)

RELU = Ensemble(width="n", depth="L", activation="relu", init="he", architecture="layernorm")
BATCH = RELU.at(architecture="batchnorm:8")


def standardized(points):
    """Columns for coordinates: unit vectors of n - 1 dimensions, put into the hyperplane orthogonal to (1, ..., 1)."""
    n = points.shape[1] + 1
    basis = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, 1:]]))[0][:, 1:]
    return math.sqrt(n) * points @ basis.T


def circle(count=200_000):
    angles = 2 * math.pi * (np.arange(count) + 0.5) / count
    return np.column_stack([np.cos(angles), np.sin(angles)])


def sphere(rings=600, count=1200):
    """Midpoints of equal areas: a product rule, of error about 1/rings^2 but for the kinks."""
    height = -1 + 2 * (np.arange(rings) + 0.5) / rings
    angles = 2 * math.pi * (np.arange(count) + 0.5) / count
    flat = np.sqrt(1 - height**2)[:, None]
    x, y, z = np.broadcast_arrays(flat * np.cos(angles), flat * np.sin(angles), height[:, None])
    return np.column_stack([x.ravel(), y.ravel(), z.ravel()])


def test_moments_of_three_and_four_units_by_quadrature():
    for n, points in ((3, circle()), (4, sphere())):
        h = standardized(points)
        np.testing.assert_allclose((h**2).sum(axis=1), n)
        squares = (np.maximum(h, 0) ** 2).sum(axis=1)
        net = RELU.at(width=n, depth=5)
        assert squares.mean() == pytest.approx(float(layer_norm_moment(net)), rel=1e-6)
        assert (squares**2).mean() == pytest.approx(float(layer_norm_moment(net, 4)), rel=1e-5)


@pytest.mark.parametrize("batch", [3, 4])
def test_the_moment_of_a_batch_by_quadrature(batch):
    """A unit's batch is a direction as a layer's units are: n of them add up to |a|^2 of the first input."""
    h = standardized(circle() if batch == 3 else sphere())
    first = (np.maximum(h[:, 0], 0) ** 2).mean()
    net = BATCH.at(width=6, depth=5, architecture=f"batchnorm:{batch}")
    assert 6 * first == pytest.approx(float(batch_norm_moment(net)), rel=1e-5)


def test_moments_are_found_whatever_they_are_asked_by():
    """Of every layer but the input, which is not normalized."""
    n = sp.Symbol("n", integer=True, positive=True)
    for net, moment in ((RELU, layer_norm_moment), (BATCH, batch_norm_moment)):
        assert activation_moment(net) == activation_moment(net.at(depth=9), layer=3) == moment(net) == n / 2
        with refused("layer", "0 is the input"):
            activation_moment(net, layer=0)
        with refused("layer", "between 0 and the depth 9"):
            activation_moment(net.at(depth=9), layer=10)
    assert activation_moment(RELU, 4) == layer_norm_moment(RELU, 4)
    assert sp.simplify(kurtosis(RELU) - layer_norm_spread(RELU) - 1) == 0
    with refused("order", "2 or 4"):
        activation_moment(RELU, 6)
    with refused("order", "2 under batch norm"):
        kurtosis(BATCH)


def test_growth_in_a_batch_of_four_by_quadrature():
    """E tr P D G D P over the sphere; E 1/chi^2_3 = 1."""
    h = standardized(sphere())
    size, d = 4, (h > 0).astype(float)
    g = np.eye(size) - 1 / size
    trace = 0.0
    for part in np.array_split(np.arange(len(h)), 20):
        p = g - h[part, :, None] * h[part, None, :] / size
        inner = d[part, :, None] * g * d[part, None, :]
        trace += np.einsum("mij,mjk,mki->", p, inner, p)
    trace /= len(h)
    a = np.maximum(h, 0)
    eigenvalue = (a**2).mean() - (a[:, 0] * a[:, 1]).mean()
    growth = size / eigenvalue * trace / (size - 1)
    assert float(batch_norm_growth(4)) == pytest.approx(growth, rel=2e-3)


def test_a_batch_written_out_is_its_number():
    assert batch_norm_growth("8") == batch_norm_growth(np.int64(8)) == batch_norm_growth(8)


def test_growth_falls_to_the_known_limit_as_the_batch_grows():
    values = [float(batch_norm_growth(size)) for size in (4, 5, 8, 16, 64, 10**3, 10**6)]
    assert values == sorted(values, reverse=True)
    assert values[-1] == pytest.approx(math.pi / (math.pi - 1), rel=1e-5)
    assert float(BATCH_EXPLOSION) == pytest.approx(math.pi / (math.pi - 1))


def test_the_spread_of_the_signal_falls_like_one_over_n():
    n = sp.Symbol("n", integer=True, positive=True)
    assert sp.simplify(sp.limit(n * layer_norm_spread(RELU), n, sp.oo) - 3 + 8 / sp.pi) == 0
    for width in (3, 8, 64):
        assert 0 < float(layer_norm_spread(RELU.at(width=width))) < 0.5 / width


def test_the_gradients_rate_is_the_mean_of_its_factor():
    """log(nQ/(S_2 chi^2)) averaged over Q and chi^2 given the direction, less what B and S_2 (mean n/2) add to it.

    Given B and eps = (B - S_1^2/S_2)/n, Q is chi^2_{B-1} less eps times the part of it in one dimension, a share
    Beta(1/2, (B-2)/2). Six standard errors, and the terms of order 1/n^2 that the statement allows for.
    """
    n, samples = 64, 40_000
    h = np.random.default_rng(0).standard_normal((samples, n))
    h -= h.mean(axis=1, keepdims=True)
    h /= np.sqrt((h**2).mean(axis=1, keepdims=True))
    a, on = np.maximum(h, 0), (h > 0).sum(axis=1)
    s2 = (a**2).sum(axis=1)
    eps, free = (on - a.sum(axis=1) ** 2 / s2) / n, on - 1
    share = 1 / free
    log_q = math.log(2) + digamma(free / 2) - eps * share - eps**2 * 3 * share / (free + 2) / 2
    factors = log_q - np.log(s2) - (digamma((n - 1) / 2) + math.log(2 / n)) - (on - s2) * 2 / n
    error = 6 * factors.std() / math.sqrt(samples)
    leading = float(layer_norm_gradient_rate(RELU.at(width=n)))
    assert error < 3 / n**2
    assert leading - 12 / n**2 - error < factors.mean() < leading + error


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: layer_norm_moment(RELU, 6), "order"),
        (lambda: layer_norm_moment(RELU.at(activation="linear")), "activation"),
        (lambda: layer_norm_moment(RELU.at(law="uniform")), "law"),
        (lambda: layer_norm_moment(RELU.at(width=2)), "width"),
        (lambda: layer_norm_moment(RELU.at(widths=(4, 5))), "widths"),
        (lambda: layer_norm_moment(RELU.plain), "architecture"),
        (lambda: layer_norm_moment(BATCH), "architecture"),
        (lambda: layer_norm_spread(RELU.at(architecture="residual:1")), "architecture"),
        (lambda: layer_norm_gradient_rate(RELU.plain), "architecture"),
        (lambda: layer_norm_moment(RELU.at(init="orthogonal")), "init"),
        (lambda: batch_norm_moment(RELU), "architecture"),
        (lambda: batch_norm_moment(BATCH, 4), "order"),
        (lambda: batch_norm_moment(BATCH.at(activation="linear")), "activation"),
        (lambda: batch_norm_moment(BATCH.at(law="uniform")), "law"),
        (lambda: batch_norm_moment(BATCH.at(widths=(4, 5))), "widths"),
        (lambda: batch_norm_moment(4), "net"),
        (lambda: batch_norm_growth(3), "batch"),
        *((lambda batch=batch: batch_norm_growth(batch), "batch") for batch in (True, 4.5, 8.0, "x y", "3", "", None)),
        (lambda: batch_norm_growth(math.nan), "batch"),
        (lambda: layer_norm_moment(None), "net"),
        (lambda: layer_norm_gradient_rate("n"), "net"),
    ],
)
def test_what_has_no_formula_is_refused(call, argument):
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.argument == argument
