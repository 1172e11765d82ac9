"""E log|df/dW_k|^2 for normal weights: exact where the law is known, enclosed and simulated where it is not."""

import math
from math import comb
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy.special import digamma, polygamma
from small_networks import refused

from montecarlo import GradientNorms, catoni_interval, simulate
from theory.ensembles import Ensemble
from theory.log_gradients import log_gradient_range, log_gradient_variance_bound

ERROR = 1e-9
LINEAR = [
    Ensemble(width=2, depth=4, init="1/3", readout="signs", input=(1, 2)),
    Ensemble(width=3, depth=3, readout=(1, 2, 2), input="ones"),
    Ensemble(width=1, depth=3, init="he", readout=("1/2",), input=(5,)),
]


def active_units(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of active units and their chances, given that there is one."""
    counts = np.arange(1, n + 1)
    return counts, np.array([comb(n, b) for b in counts]) / (2**n - 1)


def floats(net: Ensemble, layer: int) -> list[float]:
    return [*map(float, log_gradient_range(net, layer)), float(log_gradient_variance_bound(net, layer))]


@pytest.mark.parametrize("net", LINEAR, ids=Ensemble.describe)
def test_linear_networks_are_sums_of_log_chi_squares_at_every_layer(net: Ensemble) -> None:
    n, others = net.width, net.depth - 1
    x2 = {"ones": n}.get(net.input) or sum(float(c) ** 2 for c in net.input)
    v2 = 1 if net.readout == "signs" else sum(float(c) ** 2 for c in net.readout)
    mean = others * (math.log(2 * float(net.variance(1))) + digamma(n / 2)) + math.log(x2 * v2)
    gradients = simulate(net, [GradientNorms()], samples=20_000, seed=5)[GradientNorms()]
    for layer in range(1, net.depth + 1):
        low, high, variance = floats(net, layer)
        assert low == high == pytest.approx(mean, abs=1e-12)
        assert variance == pytest.approx(others * polygamma(1, n / 2), abs=1e-12)
        interval = catoni_interval(gradients.log_values(f"G_{layer}"), variance, ERROR)
        assert interval.half_width < 0.16
        assert interval.lo <= low <= interval.hi


@pytest.mark.parametrize("n", [1, 2, 3, 8])
@pytest.mark.parametrize("depth", [1, 5])
def test_at_the_last_relu_layer_mean_and_variance_are_known_and_lie_within(n: int, depth: int) -> None:
    # |G_L|^2 = |a_{L-1}|^2 chi^2_B/n, independent
    counts, chances = active_units(n)
    layer_mean = chances @ digamma(counts / 2)
    layer_variance = chances @ (polygamma(1, counts / 2) + (digamma(counts / 2) - layer_mean) ** 2)
    net = Ensemble(width=n, depth=depth, activation="relu", init="2/5", input="e1")
    mean = (depth - 1) * (math.log(0.8) + layer_mean) + layer_mean + math.log(2 / n)
    low, high, variance = floats(net, depth)
    assert low - 1e-12 <= mean <= high + 1e-12
    assert (low == high) == (n == 1)
    assert depth * layer_variance <= variance + 1e-9
    if n > 1:  # the lower bound is what is lost from B to 1 degree of freedom in the last layer, no more
        assert mean - low == pytest.approx(layer_mean - digamma(0.5), abs=1e-9)


def test_a_relu_chain_of_width_one_that_survives_is_linear() -> None:
    net = Ensemble(width=1, depth=4, activation="relu", init="2/3", input=(3,))
    expected = 3 * (sp.log(sp.Rational(4, 3)) + sp.digamma(sp.S.Half)) + sp.digamma(sp.S.Half) + sp.log(18)
    for layer in range(1, 5):
        for end in log_gradient_range(net, layer):
            assert float(end) == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize(("n", "depth"), [(4, 4), (8, 3)])
def test_simulated_relu_means_lie_within_the_range(n: int, depth: int) -> None:
    net = Ensemble(width=n, depth=depth, activation="relu", init="he", input=(3,) + (0,) * (n - 1))
    gradients = simulate(net, [GradientNorms()], samples=40_000, seed=6)[GradientNorms()]
    for layer in range(1, depth + 1):
        logs = gradients.log_values(f"G_{layer}")
        alive = logs[np.isfinite(logs)]  # given their number, an i.i.d. sample given survival
        low, high, variance = floats(net, layer)
        interval = catoni_interval(alive, variance, ERROR)
        assert low < interval.lo < interval.hi < high


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_scaling_the_input_shifts_the_range_and_nothing_else(activation: str) -> None:
    net = Ensemble(width=3, depth=4, activation=activation, readout="random" if activation == "relu" else "ones",
                   input=(1, 0, 2))  # fmt: skip
    low, high, variance = floats(net, 2)
    scaled = floats(net.at(input=(0, -14, 7)), 2)
    assert scaled == pytest.approx([low + 2 * math.log(7), high + 2 * math.log(7), variance], abs=1e-9)


def test_the_relu_upper_bound_grows_towards_the_input_and_only_logarithmically() -> None:
    widths = [
        float(high - low)
        for low, high in (log_gradient_range(Ensemble(width=8, depth=100, activation="relu", init="he"), k)
                          for k in (100, 99, 50, 1))
    ]  # fmt: skip
    assert widths == sorted(widths)
    assert widths[-1] < widths[0] + math.log(100) / 0.45


@pytest.mark.parametrize(
    ("argument", "words", "fields", "layer"),
    [
        ("layer", ["numbered", "0"], {}, 0),
        ("layer", ["depth 2", "3"], {}, 3),
        ("layer", ["-1"], {}, -1),
        ("layer", ["True"], {}, True),
        ("layer", ["1.5"], {}, 1.5),
        ("layer", ["'k'"], {}, "k"),
        ("law", ["uniform"], {"law": "uniform"}, 1),
        ("law", ["orthogonal"], {"init": "orthogonal"}, 1),
        ("activation", ["leaky:1/2"], {"activation": "leaky:1/2"}, 1),
        ("widths", ["differ"], {"width": None, "depth": None, "widths": (2, 3, 4)}, 1),
        ("width", ["symbol"], {"width": "n"}, 1),
        ("depth", ["symbol"], {"depth": "L"}, 1),
        ("readout", ["normal readout", "signs"], {"activation": "relu"}, 1),
        ("readout", ["random"], {"readout": "random"}, 1),
    ],
)
def test_bad_arguments_are_named(argument: str, words: list[str], fields: dict[str, Any], layer: Any) -> None:
    for question in (log_gradient_range, log_gradient_variance_bound):
        with refused(argument, *words):
            question(Ensemble(**{"width": 2, "depth": 2, "readout": "signs", **fields}), layer)
