"""Width one: Gamma and Bessel laws, quadrature, and simulation of real products of weights."""

import math
from typing import Any

import mpmath as mp
import pytest
import sympy as sp
from scipy import stats

from montecarlo import ActivationNorms, GradientNorms, order_statistic_interval, simulate
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble, Law
from theory.width_one.products import ChainLaw

ERROR = 1e-9
L = sp.Symbol("L", integer=True, positive=True)


def chain(**fields: Any) -> ChainLaw:
    return ChainLaw(Ensemble(**{"width": 1, "law": "uniform", "input": "e1", **fields}))


def density(law: str, w: Any) -> Any:
    """Of |w| for variance 1."""
    if law == "uniform":
        return 1 / mp.sqrt(3) if w < mp.sqrt(3) else mp.mpf(0)
    return mp.sqrt(2 / mp.pi) * mp.exp(-w * w / 2)


@pytest.mark.parametrize("power", [1, 2, "1/2", "7/3", 4])
@pytest.mark.parametrize("law", ["uniform", "normal"])
def test_moments_of_whole_and_broken_powers_against_quadrature(law: str, power: Any) -> None:
    exponent = mp.mpf(sp.Rational(power).p) / sp.Rational(power).q
    end = mp.sqrt(3) if law == "uniform" else 30
    one = mp.quad(lambda w: w**exponent * density(law, w), [0, 1, end] if law == "uniform" else [0, 1, 5, end])
    derived = chain(law=law, depth=3, init="2/5", input=(-7,)).absolute_moment(sp.Rational(power))
    assert float(derived) == pytest.approx(float((mp.sqrt("0.4") ** exponent * one) ** 3 * 7**exponent), rel=1e-9)


def test_xavier_preserves_the_mean_square_and_the_variance_is_what_is_left() -> None:
    for law in ("uniform", "normal"):
        assert chain(law=law, depth="L").mean_square() == 1
        assert chain(law=law, depth=4, init="1/2", input=(3,)).mean_square() == sp.Rational(9, 16)
    assert chain(depth=2).variance() == 1 - (sp.sqrt(3) / 2) ** 4
    assert sp.simplify(chain(law="normal", depth=2).variance() - (1 - (2 / sp.pi) ** 2)) == 0


@pytest.mark.parametrize("variance", ["1", "1/3", "9/4"])
def test_log_mean_and_variance_are_depth_times_the_published_rates(variance: str) -> None:
    s = sp.sqrt(sp.Rational(variance))
    normal, uniform = (chain(law=law, depth="L", init=variance, input=(5,)) for law in ("normal", "uniform"))
    rates = {normal: (sp.log(2) + sp.digamma(sp.S.Half)) / 2 + sp.log(s), uniform: sp.log(s * sp.sqrt(3)) - 1}
    for law, rate in rates.items():
        assert sp.simplify(sp.expand_log(sp.expand_func(law.log_mean() - L * rate - sp.log(5)))) == 0
    assert (normal.log_variance(), uniform.log_variance()) == (L * sp.pi**2 / 8, L)


@pytest.mark.parametrize("depth", [1, 2, 10, 300])
@pytest.mark.parametrize("p", [0.001, 0.3, 0.5, 0.9, 0.999])
def test_uniform_quantiles_are_those_of_a_gamma_law(p: float, depth: int) -> None:
    law = chain(depth=depth, init="2/5", input=(3,))
    expected = depth * math.log(1.2) / 2 - stats.gamma.ppf(1 - p, depth) + math.log(3)
    assert law.quantile(p) == pytest.approx(expected, rel=1e-11, abs=1e-9)


@pytest.mark.parametrize("p", [0.01, 0.3, 0.5, 0.99])
def test_normal_quantiles_at_depth_1_and_2_are_half_normal_and_bessel(p: float) -> None:
    one, two = (chain(law="normal", depth=depth, init="1/4", input=(3,)) for depth in (1, 2))
    assert one.quantile(p) == pytest.approx(math.log(1.5 * stats.halfnorm.ppf(p)), abs=1e-9)
    t = mp.exp(two.quantile(p)) / mp.mpf("0.75")  # |w_1 w_2| has density (2/pi) K_0
    assert float(mp.quad(lambda x: 2 / mp.pi * mp.besselk(0, x), [0, t / 100, t])) == pytest.approx(p, abs=1e-8)
    assert two.median() == two.quantile(0.5)


@pytest.mark.parametrize("law", ["uniform", "normal"])
def test_medians_lie_in_simulated_intervals_and_so_do_those_of_gradients(law: str) -> None:
    net = Ensemble(width=1, depth=4, law=law, init="3/4", input=(2,), readout="ones")
    norms, gradients = ActivationNorms((4,)), GradientNorms((2,))
    simulation = simulate(net, [norms, gradients], samples=20_000, seed=3)
    exact = ChainLaw(net)
    for median, logs in (
        (exact.median(), simulation[norms].log_values("a_4")),
        (exact.gradient().median(), simulation[gradients].log_values("G_2")),
    ):
        interval = order_statistic_interval(logs / 2, 0.5, ERROR)
        assert interval.half_width < 0.17
        assert interval.lo <= median <= interval.hi


@pytest.mark.parametrize("depth", [1, 2, 5, 50, 1000])
@pytest.mark.parametrize("variance", ["1", "1/3", "8/3"])
def test_the_median_lies_strictly_between_its_bounds(variance: str, depth: int) -> None:
    law = chain(depth=depth, init=variance, input=(3,))
    low, high = (float(sp.log(bound).evalf(30)) for bound in law.median_bounds())
    assert low < law.median() < high
    assert high - low == pytest.approx(1 / 3, abs=1e-9)


@pytest.mark.parametrize(("square", "vanishes"), [("3", True), ("73/10", True), ("74/10", False)])  # e^2 = 7.389
def test_the_median_vanishes_exactly_for_weights_within_e(square: str, vanishes: bool) -> None:
    init = str(sp.Rational(square) / 3)
    for bound in chain(depth="L", init=init).median_bounds():
        assert (bound.subs(L, 2000).evalf(30) < bound.subs(L, 1000).evalf(30)) == vanishes
    assert (chain(depth=10**6, init=init).median() < 0) == vanishes


def test_gradient_is_the_law_of_one_weight_less() -> None:
    law = chain(depth=7, init="1/2", input=(3,))
    assert law.gradient() == chain(depth=6, init="1/2", input=(3,))
    for depth in (1, "L"):
        with refused("depth", "from 2", str(depth)):
            chain(depth=depth).gradient()


@pytest.mark.parametrize(
    ("argument", "words", "fields"),
    [
        ("width", ["width 1", "2"], {"width": 2}),
        ("width", ["n"], {"width": "n"}),
        ("width", [r"\(1, 2\)"], {"width": None, "depth": None, "widths": (1, 2)}),
        ("activation", ["linear", "relu"], {"activation": "relu"}),
        ("activation", ["leaky:1/2"], {"activation": "leaky:1/2"}),
        ("init", ["orthogonal"], {"init": "orthogonal", "law": "normal"}),
        ("law", ["rademacher"], {"law": "rademacher"}),
        ("law", ["symmetric"], {"law": "symmetric"}),
        ("law", ["own"], {"law": Law.from_moments("own", {2: 1, 4: 5})}),
    ],
)
def test_what_is_no_chain_is_refused(argument: str, words: list[str], fields: dict[str, Any]) -> None:
    with refused(argument, *words):
        chain(**{"depth": 2, **fields})


def test_bad_probabilities_symbolic_quantiles_and_normal_bounds_are_refused() -> None:
    for p in (0, 1, -1, 2, math.nan):
        for law in ("uniform", "normal"):
            with refused("p", "strictly between 0 and 1", str(p)):
                chain(law=law, depth=3).quantile(p)
    with refused("depth", "symbol"):
        chain(depth="L").median()
    with refused("law", "uniform weights", "normal"):
        chain(law="normal", depth=2).median_bounds()


@pytest.mark.parametrize("power", ["__import__('os').getpid()", "1+1", 0, -1, "nan"])
def test_a_power_is_a_positive_number_or_a_name_and_is_not_evaluated(power):
    with refused("power"):
        chain(depth=2).absolute_moment(power)
    assert chain(depth=2).absolute_moment("2") == chain(depth=2).absolute_moment(2) == 1
