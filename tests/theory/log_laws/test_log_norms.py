"""The law of log|a_k|^2 for normal weights: chi-square, Bessel and Meijer laws, dead networks, simulated quantiles."""

import math
from itertools import pairwise
from math import comb
from typing import Any

import flint
import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from scipy import special, stats

from montecarlo import ActivationNorms, clopper_pearson_interval, order_statistic_interval, simulate
from tests.theory.log_laws.test_layer_factors import agrees
from tests.theory.small_networks import refused
from theory.balls import enclose, precision
from theory.ensembles import Ensemble
from theory.log_laws.log_norms import LogNormLaw, density, survival

ERROR = 1e-9
NETS = [
    Ensemble(width=1, depth=1),
    Ensemble(width=2, depth=3, init="1/3", input=(1, 2)),
    Ensemble(width=8, depth=50, activation="relu", init="he"),
    Ensemble(width=2, depth=4, activation="relu", init="he"),
    Ensemble(widths=(3, 5, 2), activation="relu", init="he", input=(1, 0, 2)),
]


def one_layer_moment(n: int, activation: str, power: int) -> Any:
    """E (log chi^2_B)^power given B >= 1, by quadrature of the chi-square density."""

    def mean(b: int) -> Any:
        # tails as b/2 in log x below and double exponential above
        def integrand(y: Any) -> Any:
            return y**power * mp.exp(b * y / 2 - mp.exp(y) / 2) / (2 ** mp.mpf(b / 2) * mp.gamma(mp.mpf(b) / 2))

        return mp.quad(integrand, [-200, -60, -20, -5, 0, 2, 4, 7])

    if activation == "linear":
        return mean(n)
    return sum(comb(n, b) * mean(b) for b in range(1, n + 1)) / (2**n - 1)


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_exponent_and_variance_of_a_layer_against_quadrature(activation: str, n: int) -> None:
    law = LogNormLaw(Ensemble(width=n, depth=7, activation=activation, init=1, input="e1"))
    first, second = (one_layer_moment(n, activation, power) for power in (1, 2))
    assert float(law.lyapunov_exponent()) == pytest.approx(float(first), abs=1e-9)
    assert float(law.layer_variance()) == pytest.approx(float(second - first**2), abs=1e-9)
    assert float(law.mean()) == pytest.approx(7 * float(first), abs=1e-8)
    assert float(law.variance()) == pytest.approx(7 * float(second - first**2), abs=1e-8)


def test_mean_log_chi_square_is_digamma_plus_log_2() -> None:
    n, L = (sp.Symbol(name, integer=True, positive=True) for name in "nL")
    law = LogNormLaw(Ensemble(width="n", depth="L", init=1, input="e1"))
    assert sp.simplify(law.mean() - L * (sp.digamma(n / 2) + sp.log(2))) == 0
    assert sp.simplify(law.variance() - L * sp.polygamma(1, n / 2)) == 0


def test_the_relu_exponent_at_width_8_and_its_expansion_at_large_width() -> None:
    def exponent(n: int) -> float:
        return float(LogNormLaw(Ensemble(width=n, depth=1, activation="relu", init="he")).lyapunov_exponent().evalf(30))

    def gap(n: int) -> float:
        return exponent(n) + 5 / (2 * n) + 49 / (12 * n**2)

    assert round(exponent(8), 3) == -0.399
    assert abs(gap(128)) < 13 / 128**3
    assert gap(128) / gap(64) == pytest.approx(1 / 8, rel=0.05)  # what is left is of order n^-3


def test_mean_and_variance_add_up_over_unequal_layers() -> None:
    net = Ensemble(widths=(3, 5, 2), activation="relu", init="he", input=(1, 0, 2))
    law = LogNormLaw(net)
    layers = [LogNormLaw(net.at(widths=pair, input="e1")) for pair in ((3, 5), (5, 2))]
    assert float(law.mean()) == pytest.approx(sum(float(one.mean()) for one in layers) + math.log(5), abs=1e-12)
    assert float(law.variance()) == pytest.approx(sum(float(one.variance()) for one in layers), abs=1e-12)
    assert law.survival() == sp.Rational(31, 32) * sp.Rational(3, 4)
    assert law.lyapunov_exponent(2) == layers[1].lyapunov_exponent() != layers[0].lyapunov_exponent()


@pytest.mark.parametrize("n", [1, 2, 3, 10])
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_one_layer_is_a_chi_square_or_a_binomial_mixture_of_them(activation: str, n: int) -> None:
    law = LogNormLaw(Ensemble(width=n, depth=1, activation=activation, init="2/3", input=(3,) + (0,) * (n - 1)))
    for t in (-12.0, -1.0, 1.0, 2.5, 5.0):
        y = math.exp(t) / 6
        if activation == "linear":
            expected = stats.chi2.cdf(y, n)
        else:
            expected = sum(comb(n, b) * stats.chi2.cdf(y, b) for b in range(1, n + 1)) / 2**n + 2.0**-n
        assert law.cdf(t) == pytest.approx(expected, abs=1e-11)


def test_two_layers_of_width_two_are_a_bessel_law() -> None:
    law = LogNormLaw(Ensemble(width=2, depth=2, init=1, input="e1"))  # P(XY > y) = sqrt(y) K_1(sqrt(y)), X, Y chi^2_2
    for t in (-10.0, -2.0, 0.0, 2.0, 4.0):
        root = math.exp(t / 2)
        assert law.cdf(t) == pytest.approx(1 - root * special.kv(1, root), abs=1e-11)


@pytest.mark.parametrize("widths", [(1, 1, 2), (4, 3, 5, 2), (4, 4, 4, 4, 4)])
def test_products_of_chi_squares_are_meijer_laws(widths: tuple[int, ...]) -> None:
    law = LogNormLaw(Ensemble(widths=widths, init="he", input="e1"))
    shapes = [mp.mpf(n) / 2 for n in widths[1:]]
    scale = mp.fprod(mp.mpf(2) / n for n in widths[:-1])  # a layer is 2 s^2 = 2/n times a standard gamma variable
    for t in (-3.0, -0.5, 1.0):
        meijer = mp.meijerg([[1], []], [shapes, [0]], mp.exp(t) / scale) / mp.fprod(map(mp.gamma, shapes))
        assert law.cdf(t) == pytest.approx(float(meijer.real), abs=1e-10)


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_the_cdf_rises_from_the_chance_of_death_to_one(net: Ensemble) -> None:
    law = LogNormLaw(net)
    dead = 1 - float(law.survival())
    centre, spread = float(law.mean()), math.sqrt(float(law.variance()))
    values = [law.cdf(centre + step * spread) for step in np.linspace(-25, 12, 40)]
    assert min(values) >= dead - 1e-12
    assert all(a <= b + 1e-12 for a, b in pairwise(values))
    assert values[0] == pytest.approx(dead, abs=1e-9)
    assert values[-1] == pytest.approx(1, abs=1e-11)
    assert (law.cdf(-math.inf), law.cdf(math.inf)) == (pytest.approx(dead, abs=1e-15), 1)
    assert law.can_die == (dead > 0) == (net.activation == "relu")


@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_quantile_and_cdf_undo_each_other(net: Ensemble) -> None:
    law = LogNormLaw(net)
    dead = 1 - float(law.survival())
    for p in (1e-4, 0.1, 0.5, 0.9, 0.9999):
        if p <= dead:
            assert law.quantile(p) == -math.inf
        else:
            assert law.cdf(law.quantile(p)) == pytest.approx(p, abs=1e-11)
    assert law.median() == law.quantile(0.5)
    t = float(law.mean()) + 1
    assert law.quantile(law.cdf(t)) == pytest.approx(t, abs=1e-8)


@pytest.mark.parametrize(
    ("net", "width"),
    [
        (Ensemble(width=8, depth=50, activation="relu", init="he"), 2.7),
        (Ensemble(width=4, depth=20), 0.9),
        (Ensemble(width=2, depth=1, activation="relu", init="he", input=(3, 4)), 0.8),
        (Ensemble(widths=(3, 5, 2, 4), init="he", input="ones"), 0.42),
    ],
    ids=lambda value: value.describe() if isinstance(value, Ensemble) else None,
)
def test_the_median_lies_in_the_simulated_interval(net: Ensemble, width: float) -> None:
    last = ActivationNorms((net.depth,))
    simulated = simulate(net, [last], samples=8000, seed=2)[last].quantile(0.5, f"a_{net.depth}", error=ERROR)
    assert simulated.hi - simulated.lo < width
    assert simulated.lo <= LogNormLaw(net).median() <= simulated.hi


def test_scaling_shifts_the_law_and_equal_widths_are_constant_width() -> None:
    net = Ensemble(width=3, depth=4, activation="relu", init="he", input=(1, 2, 2))
    law = LogNormLaw(net)
    for p in (0.5, 0.7, 0.99):
        shifted = LogNormLaw(net.at(input=(-5, 10, 10))).quantile(p)
        assert shifted == pytest.approx(law.quantile(p) + 2 * math.log(5), abs=1e-9)
        assert LogNormLaw(net.at(widths=(3,) * 5)).quantile(p) == pytest.approx(law.quantile(p), abs=1e-9)


@pytest.mark.parametrize(
    ("argument", "words", "fields"),
    [
        ("law", ["uniform"], {"law": "uniform"}),
        ("law", ["symmetric"], {"law": "symmetric"}),
        ("init", ["orthogonal"], {"init": "orthogonal"}),
    ],
)
def test_other_laws_are_refused(argument: str, words: list[str], fields: dict[str, Any]) -> None:
    with refused(argument, *words):
        LogNormLaw(Ensemble(**{"width": 2, "depth": 2, **fields}))
    with refused(argument, *words):
        density(Ensemble(**{"width": 2, "depth": 2, **fields}))


@pytest.mark.parametrize("layer", [0, 3, -1, True, 1.5, "1"])
def test_layers_are_named(layer: Any) -> None:
    net = Ensemble(width=2, depth=2)
    with refused("layer"):
        LogNormLaw(net, layer)
    with refused("layer"):
        survival(net, layer)


@pytest.mark.parametrize("layer", [0, 3])
def test_layers_of_an_exponent_are_named(layer: int) -> None:
    with refused("layer"):
        LogNormLaw(Ensemble(width=2, depth=2)).lyapunov_exponent(layer)


def test_leaky_variances_and_long_mixtures_have_no_formula() -> None:
    law = LogNormLaw(Ensemble(width=2, depth=2, activation="leaky:1/2"))
    for question in (law.variance, law.layer_variance):
        with refused("order", "leaky"):
            question()
    with refused("activation", "leaky"):
        density(Ensemble(width=2, depth=2, activation="leaky:1/2"))
    with refused("width", "mixture of more than 60"):
        density(Ensemble(width=8, depth=4, activation="relu"))
    with refused("depth", "L"):
        density(Ensemble(width=2, depth="L"))


def test_an_earlier_layer_is_the_last_of_a_shallower_network() -> None:
    net = Ensemble(widths=(3, 5, 2, 4), activation="relu", init="he", input=(1, 0, 2))
    for layer in (1, 2):
        law, shallow = LogNormLaw(net, layer), LogNormLaw(net.at(widths=net.widths[: layer + 1]))
        assert law.mean() == shallow.mean()
        assert law.cdf(0.5) == shallow.cdf(0.5)
        assert law.survival() == shallow.survival() == survival(net.at(law="uniform"), layer)
    k, n = (sp.Symbol(name, integer=True, positive=True) for name in "kn")
    assert LogNormLaw(Ensemble(width="n", depth="L"), "k").variance() == k * sp.polygamma(1, n / 2)
    assert survival(Ensemble(width=2, depth=3, activation="relu", law="uniform", init="pytorch")) == sp.Rational(27, 64)
    with refused("law", "atoms"):
        survival(Ensemble(width=2, depth=3, law="rademacher"))


@pytest.mark.parametrize("widths", [(2, 2), (3, 1), (2, 5, 3), (4, 2, 3, 1)])
def test_the_meijer_density_in_mpmath_and_in_balls(widths: tuple[int, ...]) -> None:
    net = Ensemble(widths=widths, init="he", input=(2,) + (0,) * (widths[0] - 1))
    formula, law = density(net), LogNormLaw(net)
    (r,) = formula.free_symbols
    for value in (sp.Rational(1, 5), sp.Integer(3)):
        with mp.workdps(30):
            x = mp.mpf(value.p) / value.q
            shapes = [mp.mpf(n) / 2 for n in widths[1:]]
            scale = 4 * mp.fprod(mp.mpf(2) / n for n in widths[:-1])  # 2 s^2 = 2/fan_in, |x|^2 = 4
            by_hand = mp.meijerg([[], []], [[a - 1 for a in shapes], []], x / scale)
            by_hand /= scale * mp.fprod(map(mp.gamma, shapes))
            assert mp.almosteq(mp.mpf(str(sp.N(formula.subs(r, value), 25))), by_hand.real, rel_eps=1e-18)
        with precision(40):  # of the logarithm: r times as much
            ball = law.enclosed_pdf(enclose(sp.log(value), 40), 20) / flint.arb(flint.fmpq(value.p, value.q))
        assert float(ball) == pytest.approx(float(by_hand.real), rel=1e-14)


def test_the_meijer_density_keeps_symbolic_widths() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    r = sp.Symbol("r", positive=True)
    formula = density(Ensemble(width="n", depth=1, init=1, input="e1"))
    assert formula == sp.meijerg([[], []], [[n / 2 - 1], []], r / 2) / (2 * sp.gamma(n / 2))
    chi_square_4 = r * sp.exp(-r / 2) / 4
    assert sp.simplify(sp.hyperexpand(formula.subs(n, 4)) - chi_square_4) == 0


@pytest.mark.parametrize("n", [1, 2, 4])
def test_the_symbolic_leaky_mean_is_the_enclosed_one(n: int) -> None:
    general = LogNormLaw(Ensemble(width="n", depth="L", activation="leaky:1/2", init="he", input="e1")).mean()
    net = Ensemble(width=n, depth=3, activation="leaky:1/2", init="he", input="e1")
    width, depth = (sp.Symbol(name, integer=True, positive=True) for name in "nL")
    here = sp.N(general.subs({width: n, depth: 3}).doit(), 30)
    with mp.workdps(40):
        assert agrees(LogNormLaw(net).enclosed_cumulant(1, 40), mp.mpf(str(here)), 24)


def test_leaky_laws_end_in_linear_and_relu_ones() -> None:
    def law(activation: str) -> LogNormLaw:
        return LogNormLaw(Ensemble(widths=(2, 3, 2), activation=activation, init="1/2", input="e1"))

    gaps = [abs(law(slope).cdf(0.5) - law("linear").cdf(0.5)) for slope in ("leaky:99/100", "leaky:999/1000")]
    assert 1e-4 < gaps[1] < 1e-2
    assert gaps[1] == pytest.approx(gaps[0] / 10, rel=0.05)
    near = [law(slope).cdf(0.5) - law("relu").cdf(0.5) for slope in ("leaky:1/30", "leaky:1/300")]
    assert abs(near[1]) < abs(near[0]) / 50  # of second order in the slope
    assert law("leaky:1/3000").cdf(-7.0) == pytest.approx(law("relu").cdf(-7.0), abs=1e-4)
    variances = [float(law(slope).enclosed_cumulant(2)) for slope in ("leaky:9999/10000", "linear")]
    assert variances[0] == pytest.approx(variances[1], rel=1e-3)


@pytest.mark.parametrize(
    "net",
    [
        Ensemble(width=3, depth=5, activation="leaky:1/4", init="he", input=(1, 2, 2)),
        Ensemble(widths=(2, 5, 1, 3), activation="leaky:1/5", init="he", input=(3, 4)),
        Ensemble(widths=(2, 3, 4, 2), activation="relu", init="he", input=(0, 2)),
    ],
    ids=Ensemble.describe,
)
def test_quantiles_at_every_layer_lie_in_the_simulated_intervals(net: Ensemble) -> None:
    simulated = simulate(net, [ActivationNorms()], samples=20_000, seed=3)[ActivationNorms()]
    for layer in range(1, net.depth + 1):
        law = LogNormLaw(net, layer)
        logs = simulated.log_values(f"a_{layer}")
        alive = clopper_pearson_interval(int(np.isfinite(logs).sum()), len(logs), ERROR)
        assert alive.lo <= float(law.survival()) <= alive.hi
        for p in (0.6, 0.75, 0.97):
            interval = order_statistic_interval(logs, p, ERROR)
            assert interval.hi - interval.lo < 0.75
            assert interval.lo <= law.quantile(p) <= interval.hi
        below = clopper_pearson_interval(int((logs <= 0.0).sum()), len(logs), ERROR)
        assert below.lo <= law.cdf(0.0) <= below.hi
        assert below.hi - below.lo < 0.05


def test_units_of_two_slopes_are_never_said_to_be_off() -> None:
    """Linear units have no off: with signs and constant biases only a cancellation makes a layer 0."""
    signs = Ensemble(widths=(3, 2, 2), init=(1, 4), bias="constant:1/2", law="rademacher")
    with refused("law", "may cancel to 0"):
        survival(signs)
    with refused("law", "off with probability above 1/2"):
        survival(signs.at(activation="relu", bias="none"))
    assert survival(signs.at(law="normal", activation="abs", bias="1/2")) == 1
