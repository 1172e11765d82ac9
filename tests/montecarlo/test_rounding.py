"""How far rounding moves norms: single against double precision, and log scales that are large."""

import math

import numpy as np
import pytest

from montecarlo import ActivationNorms, simulate
from montecarlo.engines.real_matrices import Chunk, Scratch
from montecarlo.rounding import Rounding, rounding_of
from theory.ensembles import Ensemble


def in_double(chunk, net, dtype):
    """Return log|a_L|^2 of the same weights in extended precision."""
    a = np.repeat(chunk.input[None].astype(np.longdouble), chunk.networks, axis=0)
    logs = np.zeros(chunk.networks, np.longdouble)
    scratch = Scratch(net, dtype)
    for k in range(1, int(net.depth) + 1):
        raw = chunk._raw(k).astype(np.longdouble)
        a = np.einsum("mij,mj->mi", raw, a)
        a = np.where(a > 0, a, np.longdouble(float(net.slope)) * a)
        size = np.sqrt(np.einsum("mi,mi->m", a, a))
        a /= size[:, None]
        logs += 2 * np.log(size) + np.longdouble(scratch.weights.log_factors[k - 1])
    return logs.astype(np.float64)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/3"])
@pytest.mark.parametrize("law", ["normal", "uniform"])
@pytest.mark.parametrize(("width", "depth"), [(16, 40), (60, 4)])
def test_the_margin_holds_the_error_and_is_not_a_thousand_times_as_wide(dtype, activation, law, width, depth):
    """A layer of 16 units cancels to a hundredth with a probability of about 1e-32."""
    net = Ensemble(width=width, depth=depth, law=law, activation=activation, init="he")
    chunk = Chunk(
        net, np.random.Generator(np.random.SFC64(3)), 40, needs=frozenset({"weights"}), scratch=Scratch(net, dtype)
    )
    logs = chunk.log_activation_norms([depth])[:, 0]
    error = np.abs(logs - in_double(chunk, net, dtype))
    margin = rounding_of(net, dtype).of(logs)
    assert error.max() <= margin
    if dtype == "float32":
        assert np.median(error) >= margin / 5000


def test_what_single_precision_makes_of_an_isometry_is_within_its_interval():
    net = Ensemble(width=8, depth=3, init="orthogonal")
    last = ActivationNorms((3,))
    median = simulate(net, [last], samples=200, dtype="float32")[last].quantile(0.5, "a_3", 1e-6)
    assert median.lo < 0 < median.hi < 1e-4


@pytest.mark.parametrize(
    ("net", "a_layer"),
    [
        (Ensemble(width=1, depth=10**6, law="rademacher", init="1/3"), -math.log(3)),  # |w|^2 = 1/3
        (Ensemble(width=4, depth=10**3, init="orthogonal"), 0.0),
    ],
    ids=repr,
)
def test_equal_layers_do_not_drift(net, a_layer):
    """Equal steps are rounded alike: added up in double precision, a million of them are off by 2e-5."""
    depth = int(net.depth)
    readings = simulate(net, [ActivationNorms((depth,))], samples=2)[ActivationNorms((depth,))]
    assert np.abs(readings.logs - depth * a_layer).max() <= readings.rounding.of(depth * a_layer) < 2e-6


def test_the_same_factor_in_each_layer_does_not_drift():
    """On the same random numbers; added up one by one, the factors are off by 1e-8."""
    depth = 20_000
    near, far = (
        Chunk(Ensemble(width=2, depth=depth, init=init), np.random.Generator(np.random.SFC64(3)), 1)
        for init in ("1", "1/3")
    )
    moved = far.log_activation_norms([depth]) - near.log_activation_norms([depth])
    assert moved == pytest.approx(-depth * math.log(3), abs=1e-10)


def test_infinite_logs_are_exact():
    assert Rounding(1.0, 1.0).of(-math.inf) == 1.0
    assert Rounding(0.0, 1e-16).of([-math.inf, -1e6, 3.0]) == 1e-10


def test_a_hundred_million_layers_take_no_memory():
    assert rounding_of(Ensemble(width=1, depth=10**8)).relative < 1e-10
