"""Real weights under any slopes, and with a variance for each layer: against the definition, and against theory."""

import math
from typing import Any

import numpy as np
import pytest

from montecarlo import ActivationNorms, GradientNorms, particle_mean, simulate, tail_probability, threads
from montecarlo.engines.norms_in_law import NormChunk
from montecarlo.engines.real_matrices import Chunk, Scratch
from montecarlo.engines.vectors_in_law import VectorChunk
from montecarlo.engines.width_one import WidthOneChunk
from montecarlo.ties import square_unit
from theory import LogNormLaw, activation_moment
from theory.ensembles import Ensemble, InvalidArgument
from theory.log_laws.feasible_widths import enclosed_log_exceedance

SLOPES = ["abs", "leaky:3", "leaky:-1/2", "pieces:-1:2", "pieces:0:3", "pieces:2:1/2", "leaky:1/4"]
NEEDS = frozenset({"backward", "weights", "units"})


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(seed))


def by_definition(net: Ensemble, weights: list[Any], x: Any, v: Any) -> tuple[list[float], list[float], list[int]]:
    below, above = (float(slope) for slope in net.pieces)
    a, slopes = [x], []
    for w in weights:
        z = w @ a[-1]
        slopes.append(np.where(z > 0, above, below))
        a.append(slopes[-1] * z)
    b = [slopes[-1] * v]
    for w, slope in zip(weights[:0:-1], slopes[-2::-1], strict=True):
        b.append(slope * (w.T @ b[-1]))
    gradients = [float(np.sum(b[-k] ** 2) * np.sum(a[k - 1] ** 2)) for k in range(1, len(weights) + 1)]
    return [float(np.sum(one**2)) for one in a], gradients, [int((slope == above).sum()) for slope in slopes]


@pytest.mark.parametrize("activation", SLOPES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("width", [1, 3])
def test_norms_are_those_of_the_definition(activation: str, dtype: str, width: int) -> None:
    net = Ensemble(width=width, depth=3, activation=activation, init="2,1/3,1", input=(2, -1, 1)[:width])
    if width == 1:
        chunk: Any = WidthOneChunk(net, rng(), 20, needs=NEEDS, dtype=dtype)
    else:
        chunk = Chunk(net, rng(), 20, needs=NEEDS, scratch=Scratch(net, dtype))
    weights = [chunk.weights(k) for k in (1, 2, 3)]
    norms, gradients = chunk.log_activation_norms(range(4)), chunk.log_gradient_norms([1, 2, 3])
    units = chunk.active_units([1, 2, 3])
    slopes = [chunk.slopes(k) for k in (1, 2, 3)]
    for m in range(20):
        matrices = [w[m].astype(float) for w in weights]
        a, g, on = by_definition(net, matrices, np.asarray(chunk.input, float), np.asarray(chunk.readout[m], float))
        tolerance = 1e-9 if dtype == "float64" else 1e-3
        np.testing.assert_allclose(np.exp(norms[m]), a, rtol=tolerance)
        np.testing.assert_allclose(np.exp(gradients[m]), g, rtol=tolerance)
        assert list(units[m]) == on or activation == "pieces:0:3"  # what a dead layer has is not counted
        assert set(np.unique([slope[m] for slope in slopes])) <= {float(slope) for slope in net.pieces}


@pytest.mark.parametrize("kind", [Chunk, NormChunk, VectorChunk, WidthOneChunk])
def test_a_variance_for_each_layer_shifts_the_logarithms(kind: Any) -> None:
    """Powers of 4 for variances, so that rounding is the same."""
    width = 1 if kind is WidthOneChunk else 4
    one, own = (Ensemble(width=width, depth=3, activation="leaky:1/2", init=init) for init in ("1", "4,16,1/4"))
    chunks = [kind(net, rng(), 50, needs=frozenset({"backward"})) for net in (one, own)]
    norms = [chunk.log_activation_norms(range(4)) for chunk in chunks]
    gradients = [chunk.log_gradient_norms([1, 2, 3]) for chunk in chunks]
    logs = np.log([4, 16, 1 / 4])
    np.testing.assert_allclose(norms[1] - norms[0], np.tile(np.append(0, np.cumsum(logs)), (50, 1)), atol=1e-12)
    np.testing.assert_allclose(gradients[1] - gradients[0], np.tile(logs.sum() - logs, (50, 1)), atol=1e-12)


def test_what_overflows_elsewhere_does_not() -> None:
    """A bug report: width 1 and standard deviations 1 to 16, whose kernel was NaN; and products beyond all floats."""
    net = Ensemble(width=1, depth=16, init=[k**2 for k in range(1, 17)])
    assert activation_moment(net) == 437763136697395052544000000  # (16!)^2
    far = net.at(init=[10**60 + k for k in range(16)])
    for one in (net, far, far.at(activation="leaky:-1/2")):
        last = ActivationNorms(layers=(16,))
        median = simulate(one, [last], samples=2000, seed=1)[last].quantile(0.5, "a_16", error=1e-9)
        assert median.lo <= LogNormLaw(one).median() <= median.hi  # false with probability 1e-9


def test_the_same_bits_from_any_number_of_workers() -> None:
    net = Ensemble(width=5, depth=3, activation="pieces:-1:2", init="he_normal")
    last = GradientNorms(layers=(1,))
    alone = simulate(net, [last], samples=3000, seed=3)
    together = simulate(net, [last], samples=3000, seed=3, executor=threads(2))
    first, second = (run[last].quantile(0.5, "G_1") for run in (alone, together))
    assert repr(first) == repr(second)


@pytest.mark.parametrize("activation", ["leaky:-1", "pieces:-1:2", "leaky:3"])
def test_tails_hold_the_exact_ones(activation: str) -> None:
    net = Ensemble(width=4, depth=4, activation=activation, init="he")
    tail = tail_probability(net, 1000, samples=4000, error=1e-9)
    exact = float(enclosed_log_exceedance(net, 1000).mid())
    assert tail.log_lo <= exact <= tail.log_hi


@pytest.mark.parametrize(("activation", "init"), [("leaky:-1", "he_normal"), ("pieces:-1:2", "2/(5*n)")])
def test_particles_hold_the_exact_mean(activation: str, init: str) -> None:
    net = Ensemble(width=6, depth=5, activation=activation, init=init, law="truncated-normal")
    found = particle_mean(net, particles=100, islands=100, error=1e-6)
    truth = float(activation_moment(net))
    assert found.estimate.lo <= truth * math.exp(-found.log_scale) <= found.estimate.hi
    assert any("kurtosis is 2.36554" in text for text in found.assumptions)


def test_an_absolute_value_of_an_isometry_keeps_the_norm() -> None:
    net = Ensemble(width=4, depth=3, activation="abs", init="orthogonal:gain=2")
    assert square_unit(net, 3) == 64
    last = ActivationNorms(layers=(3,))
    assert simulate(net, [last], samples=10, seed=0)[last].quantile(0.5, "a_3").value == pytest.approx(np.log(64))


@pytest.mark.parametrize("engine", ["law-exact"])
def test_engines_without_weights_refuse_slopes_beyond_theirs(engine: str) -> None:
    net = Ensemble(width=4, depth=3, activation="abs", init="he")
    with pytest.raises(InvalidArgument, match="slopes from 0 to 1"):
        simulate(net, [ActivationNorms(layers=(3,))], samples=10, seed=0, engine=engine)
    with pytest.raises(InvalidArgument, match="does not hold the square"):
        simulate(net.at(activation="leaky:1e101"), [ActivationNorms(layers=(3,))], samples=10, seed=0)
