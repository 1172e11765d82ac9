"""The law of log|df/dW_k|^2 for normal weights: sums of log chi-squares where linear, simulated matrices everywhere."""

import math
from math import comb
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy import stats
from scipy.special import digamma, polygamma

from montecarlo import GradientNorms, clopper_pearson_interval, order_statistic_interval, simulate
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble
from theory.log_laws.log_gradients import LogGradientLaw

ERROR = 1e-9
SIMULATED = [
    Ensemble(width=3, depth=3, activation="relu", init="he", readout="random", input=(1, 2, 2)),
    Ensemble(width=4, depth=3, activation="relu", init="he", readout="signs", input=(0, 3, 0, 4)),
    Ensemble(width=2, depth=4, activation="leaky:1/10", init="he", readout="signs", input=(1, 1)),
    Ensemble(widths=(2, 4, 3, 5), activation="relu", init="he", readout="random", input=(1, 2)),
    Ensemble(widths=(5, 3, 2, 4), activation="relu", init="he", readout="signs", input="ones"),
    Ensemble(widths=(3, 1, 4, 2), activation="leaky:1/4", init="he", readout="random", input="e1"),
    Ensemble(widths=(3, 2, 5), activation="linear", init="lecun", readout=(1, 0, 2, 0, 2), input="ones"),
]


def active_units(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of active units and their chances, given that there is one."""
    counts = np.arange(1, n + 1)
    return counts, np.array([comb(n, b) for b in counts]) / (2**n - 1)


@pytest.mark.parametrize("net", SIMULATED, ids=Ensemble.describe)
def test_simulated_matrices_have_this_law_at_every_layer(net: Ensemble) -> None:
    gradients = simulate(net, [GradientNorms()], samples=20_000, seed=6)[GradientNorms()]
    for layer in range(1, net.depth + 1):
        law = LogGradientLaw(net, layer)
        logs = gradients.log_values(f"G_{layer}")
        alive = clopper_pearson_interval(int(np.isfinite(logs).sum()), len(logs), ERROR)
        assert alive.lo <= float(law.survival()) <= alive.hi
        assert law.can_die == (net.activation == "relu")
        for p in (0.7, 0.85, 0.97):
            interval = order_statistic_interval(logs, p, ERROR)
            assert interval.hi - interval.lo < 0.75
            assert interval.lo <= law.quantile(p) <= interval.hi
        below = clopper_pearson_interval(int((logs <= -1.0).sum()), len(logs), ERROR)
        assert below.hi - below.lo < 0.05
        assert below.lo <= law.cdf(-1.0) <= below.hi


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_linear_rectangles_lose_the_width_at_the_layer(layer: int) -> None:
    widths, v2, x2 = (3, 4, 2, 5), 9, 5
    net = Ensemble(widths=widths, init="1/3", readout=(1, 0, 2, 0, 2), input=(1, 0, 2))
    others = [*widths[1:layer], *widths[layer:-1]]  # forward to their own width, backward to that before
    law = LogGradientLaw(net, layer)
    mean = sum(math.log(2 / 3) + digamma(n / 2) for n in others) + math.log(x2 * v2)
    assert float(law.mean()) == pytest.approx(mean, abs=1e-12)
    assert float(law.variance()) == pytest.approx(sum(polygamma(1, n / 2) for n in others), abs=1e-12)


def test_two_linear_layers_are_one_chi_square() -> None:
    law = LogGradientLaw(Ensemble(width=3, depth=2, init="1/2", readout="signs", input=(1, 2, 2)))
    for t in (-6.0, 0.0, 3.0):  # |G|^2 = 9 chi^2_3/2
        assert law.cdf(t) == pytest.approx(stats.chi2.cdf(math.exp(t) * 2 / 9, 3), abs=1e-11)


@pytest.mark.parametrize("readout", ["random", "signs"])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_masked_relu_readout_is_one_more_layer_or_a_share_of_the_units(n: int, readout: str) -> None:
    counts, chances = active_units(n)
    mean = chances @ digamma(counts / 2)
    variance = chances @ (polygamma(1, counts / 2) + (digamma(counts / 2) - mean) ** 2)
    logs = np.log(counts / n)
    shares = chances @ logs, chances @ (logs - chances @ logs) ** 2
    last = (mean + math.log(2 / n), variance) if readout == "random" else shares
    law = LogGradientLaw(Ensemble(width=n, depth=5, activation="relu", init="2/5", readout=readout, input="e1"))
    assert float(law.mean()) == pytest.approx(4 * (math.log(0.8) + mean) + last[0], abs=1e-12)
    assert float(law.variance()) == pytest.approx(4 * variance + last[1], abs=1e-12)
    assert law.survival() == (1 - sp.Rational(1, 2**n)) ** 5
    for order in (1, 2):
        assert float(law.enclosed_cumulant(order)) == pytest.approx(float(law.cumulant(order)), abs=1e-12)


def test_at_constant_width_all_layers_have_one_law() -> None:
    net = Ensemble(width=3, depth=4, activation="relu", init="he", input=(1, 2, 2))
    law = LogGradientLaw(net)
    for layer in (1, 2, 4):
        assert LogGradientLaw(net, layer).mean() == law.mean()
        assert LogGradientLaw(net.at(widths=(3,) * 5), layer).quantile(0.8) == pytest.approx(
            law.quantile(0.8), abs=1e-9
        )
    scaled = LogGradientLaw(net.at(input=(0, 0, 21)))
    assert scaled.quantile(0.8) == pytest.approx(law.quantile(0.8) + 2 * math.log(7), abs=1e-9)


def test_symbols_stay() -> None:
    n, L = (sp.Symbol(name, integer=True, positive=True) for name in "nL")
    law = LogGradientLaw(Ensemble(width="n", depth="L", init=1, readout="random", input="e1"))
    assert sp.simplify(law.mean() - L * sp.digamma(n / 2) - (L - 1) * sp.log(2) - sp.log(2 / n)) == 0
    assert sp.simplify(law.variance() - L * sp.polygamma(1, n / 2)) == 0
    assert LogGradientLaw(Ensemble(width="n", depth="L", activation="relu")).survival().equals((1 - 2**-n) ** L)
    with refused("width", "symbol"):
        law.cdf(0.0)


@pytest.mark.parametrize(
    ("argument", "words", "fields", "layer"),
    [
        ("layer", ["numbered", "0"], {}, 0),
        ("layer", ["depth 2", "3"], {}, 3),
        ("layer", ["-1"], {}, -1),
        ("layer", ["True"], {}, True),
        ("layer", ["1.5"], {}, 1.5),
        ("layer", ["is needed"], {"width": None, "depth": None, "widths": (2, 3, 4)}, None),
        ("layer", ["'k'"], {"width": None, "depth": None, "widths": (2, 3, 4)}, "k"),
        ("law", ["uniform"], {"law": "uniform"}, 1),
        ("init", ["orthogonal"], {"init": "orthogonal"}, 1),
        ("readout", ["fixed"], {"activation": "relu", "readout": "ones"}, 1),
        ("readout", ["fixed"], {"activation": "leaky:1/2", "readout": (1, 2)}, 1),
    ],
)
def test_bad_arguments_are_named(argument: str, words: list[str], fields: dict[str, Any], layer: Any) -> None:
    with refused(argument, *words):
        LogGradientLaw(Ensemble(**{"width": 2, "depth": 2, "readout": "signs", **fields}), layer)
