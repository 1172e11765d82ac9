"""Tilted tails against exact laws, and against networks with real weights; each statistical assertion fails rarely."""

import math
from fractions import Fraction

import flint
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from montecarlo.intervals import clopper_pearson_interval
from montecarlo.rare_events import tilting
from montecarlo.rare_events.tilting import tail_probability
from theory import LogNormLaw, activation_moment
from theory.balls import precision
from theory.ensembles import Ensemble, InvalidArgument

LINEAR = Ensemble(width=8, depth=50, init="he")
RELU = Ensemble(width=8, depth=50, activation="relu", init="he")
LEAKY = Ensemble(width=4, depth=10, activation="leaky:1/4", init="he")
RECTANGULAR = Ensemble(widths=(3, 5, 2, 9), activation="relu", init="xavier")
UNEQUAL_LEAKY = Ensemble(widths=(3, 4, 2, 5, 4, 3, 6, 4), activation="leaky:2/3", init="xavier")


def exact_log(net, c, *, upper, layer=None):
    """log of the tail's probability, in balls, for a unit input."""
    exact = Fraction(c)
    with precision(60):
        t = flint.arb(flint.fmpq(exact.numerator, exact.denominator)).log()
    law = LogNormLaw(net, layer)
    tail = law.enclosed_exceedance(t, 12) if upper else law.enclosed_cdf(t, 12)
    with precision(30):
        return float(tail.log())


# --- tails ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "c", "upper"),
    [
        (LINEAR, "1e3", True),
        (LINEAR, "1e20", True),  # 1e-63
        (LINEAR, "1e40", True),
        (LINEAR, "1e-50", False),
        (RELU, "1e3", True),
        (RELU, "1e30", True),
        (RELU, "1e-50", False),  # mostly death
        (RELU.at(width=32, depth=64), "1e-10", False),
        (RELU.at(width=64), "1e-6", False),
        (RELU.at(width=128), "1e-2", False),
        (LEAKY, "1e3", True),
        (LEAKY, "1e12", True),
        (LEAKY, "1e-30", False),
        (RECTANGULAR, "1e3", True),
        (RECTANGULAR, "1e-20", False),
        (UNEQUAL_LEAKY, "1e3", True),
        (UNEQUAL_LEAKY, "1e-6", False),
    ],
)
def test_tails_are_those_of_the_exact_law(net, c, upper):
    """Error probability 1e-8 in each of 17 cases."""
    tail = tail_probability(net, c, upper=upper, samples=50_000, error=1e-8, seed=1)
    exact = exact_log(net, c, upper=upper)
    assert tail.log_lo <= exact <= tail.log_hi
    assert tail.log_lo < tail.log_value < tail.log_hi < tail.log_lo + 1
    assert exact <= np.logaddexp(np.logaddexp(tail.log_bound, tail.log_dead), tail.log_rest)
    assert (tail.theta > 0) == upper
    assert tail.log_rest < tail.log_value - 2


@pytest.mark.parametrize(
    ("net", "c", "digits"),
    [(LINEAR.at(width=32, depth=200), "1e50", 300), (RELU.at(width=32, depth=32), "1e44", 1988)],
)
def test_probabilities_that_no_float_holds(net, c, digits):
    """Error probability 1e-8 in each of 2 cases."""
    tail = tail_probability(net, c, samples=100_000, error=1e-8, seed=2)
    low, high = tail.log10_interval
    assert low <= exact_log(net, c, upper=True) / math.log(10) <= high < low + 0.5
    assert low < tail.log10_value < high < -digits


@given(
    widths=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    activation=st.sampled_from(["linear", "relu"]),
    c=st.sampled_from(["1e-6", "1/10", "1/2", "3", "1e5"]),
    upper=st.booleans(),
    data=st.data(),
)
@settings(max_examples=25)
def test_any_threshold_of_any_small_network(widths, activation, c, upper, data):
    """No tail, some tails, mostly death. Error probability 1e-9 in each of 25 cases."""
    net = Ensemble(widths=widths, activation=activation, init="he")
    layer = data.draw(st.integers(1, net.depth))
    tail = tail_probability(net, c, upper=upper, samples=2_000, error=1e-9, layer=layer)
    exact = LogNormLaw(net, layer).exceedance(math.log(Fraction(c)))
    exact = exact if upper else 1 - exact  # to 1e-12 or so
    assert math.exp(tail.log_lo) <= exact + 1e-11
    assert exact <= math.exp(tail.log_hi) + 1e-11
    assert -math.inf < tail.log_value <= 0
    assert tail.layer == layer


def test_gamma_variables_that_underflow():
    """P(chi-square with 1 degree <= 1e-400) = sqrt(2e-400/pi): theta is 0.001 above -1/2. Error probability 1e-8."""
    net = Ensemble(width=1, depth=1, init=1)
    tail = tail_probability(net, "1e-400", upper=False, samples=400_000, error=1e-8)
    assert -0.5 < tail.theta < -0.498
    exact = 0.5 * (math.log(2 / math.pi) - 400 * math.log(10))
    assert tail.log_lo <= exact <= tail.log_hi < tail.log_lo + 1


@pytest.mark.parametrize("net", [RELU.at(width=3, depth=4), LEAKY.at(width=3, depth=4), LINEAR.at(width=3, depth=4)])
@pytest.mark.parametrize(("c", "upper"), [("1/20", False), ("4", True)])
def test_networks_with_real_weights_agree(net, c, upper):
    """100,000 networks, drawn here from their matrices. Error probability 2e-8 in each of 6 cases."""
    rng, samples = np.random.default_rng(5), 100_000
    a = np.full((samples, 3), 1 / math.sqrt(3))
    for k in range(1, 5):
        z = np.einsum("moi,mi->mo", rng.standard_normal((samples, 3, 3)) * math.sqrt(net.variance(k)), a)
        a = np.where(z > 0, z, float(net.slope) * z)
    squares = np.einsum("mi,mi->m", a, a)
    count = int(((squares >= Fraction(c)) if upper else (squares <= Fraction(c))).sum())
    counted = clopper_pearson_interval(count, samples, 1e-8)
    tail = tail_probability(net, c, upper=upper, samples=samples, error=1e-8)
    assert max(counted.lo, math.exp(tail.log_lo)) <= min(counted.hi, math.exp(tail.log_hi))
    assert math.exp(tail.log_hi - tail.log_lo) < 1.5


@pytest.mark.parametrize("power", [20, 30, 40, 60])
def test_the_bound_on_rounding_is_above_the_error_of_the_sum_of_logs(power):
    """The log of c^-theta E R^theta of a linear network, in 50 digits at the same theta."""
    with mp.workdps(50):
        t = power * mp.log(10)
        plan = tilting._plan_with(1, tilting.Counter({(8, Fraction(1, 4)): 50}), Fraction(1), float(t), True)
        theta = mp.mpf(plan.theta)
        one = theta * mp.log(mp.mpf(1) / 2) + mp.loggamma(4 + theta) - mp.loggamma(4)
        error = abs(plan.log_bound - (50 * one - theta * mp.mpf(float(t))))
        assert 0 < error < plan.rounding < 1e-9


def test_rounding_widens_the_interval_at_both_ends(monkeypatch):
    ends = []
    for epsilon in (0.0, 1e-9):
        monkeypatch.setattr(tilting, "_EPSILON", epsilon)
        tail = tail_probability(LINEAR, "1e20", samples=20_000, error=1e-3)
        ends.append((tail.log_lo, tail.log_value, tail.log_hi))
    (low, value, high), (lower, same, higher) = ends
    assert value == same
    assert low - lower == pytest.approx(higher - high, rel=1e-6)
    assert 1e-9 < higher - high < 1e-4


# --- death ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("net", [RELU, RELU.at(width=1, depth=3), RECTANGULAR, RELU.at(width=300, depth=7)])
def test_death_is_known_exactly(net):
    tail = tail_probability(net, Fraction(1, 10**3000), upper=False, samples=100, error=1e-3)
    exact = 1 - LogNormLaw(net).survival()
    assert tail.log_dead == pytest.approx(math.log(exact.p) - math.log(exact.q), rel=1e-13)
    assert tail.log_lo <= tail.log_dead <= tail.log_hi
    assert tail_probability(net, 10**6, samples=100, error=1e-3).log_dead == -math.inf


def test_death_at_width_2000_has_a_logarithm():
    net = Ensemble(width=2000, depth=3, activation="relu", init="he")
    tail = tail_probability(net, "1/2", upper=False, samples=100, error=1e-3)
    assert tail.log_dead == pytest.approx(math.log(3) - 2000 * math.log(2), rel=1e-14)


def test_networks_with_few_units_on_are_bounded():
    """P(R <= c, fewer than m units on, but one) of one layer, exactly: the bound is above, by less than a factor 50."""
    n, variance = 6, Fraction(1, 3)
    for least, c in [(2, 1e-3), (3, 0.1), (3, 1e-8)]:
        exact = sum(math.comb(n, b) / 2**n * special.gammainc(b / 2, c / (2 * variance)) for b in range(1, least))
        rest = math.exp(tilting._log_rest(tilting.Counter({(n, variance): 1}), math.log(c), least))
        assert exact <= rest < 50 * exact
    two = math.exp(tilting._log_rest(tilting.Counter({(n, variance): 2}), 50.0, 2))
    exact = 2 * 6 / 64 * 63 / 64
    assert exact - (6 / 64) ** 2 <= two == pytest.approx(exact)


def test_what_is_not_sampled_is_in_the_interval():
    """Width 1000 at 1e-10: networks with few units on may be likelier than all that is sampled."""
    tail = tail_probability(RELU.at(width=1000, depth=10), "1e-10", upper=False, samples=100, error=1e-3)
    assert tail.log_value < tail.log_rest - 100 < tail.log_rest <= tail.log_hi


def test_nothing_is_left_out_unless_it_must_be():
    assert tail_probability(RELU, 100, samples=100, error=1e-3).log_rest == -math.inf
    assert tail_probability(LEAKY, "1e-9", upper=False, samples=100, error=1e-3).log_rest == -math.inf
    assert tail_probability(RELU.at(width=2), "1e-3", upper=False, samples=100, error=1e-3).log_rest == -math.inf


def test_only_relu_networks_die():
    assert tail_probability(LEAKY, "1e-9", upper=False, samples=100, error=1e-3).log_dead == -math.inf
    assert tail_probability(LINEAR, "1e-9", upper=False, samples=100, error=1e-3).log_dead == -math.inf


# --- one layer --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slope", [Fraction(0), Fraction(1), Fraction(1, 5), Fraction(9, 10)])
@pytest.mark.parametrize("width", [1, 4, 30])
def test_transforms_at_whole_numbers_are_exact_moments(slope, width):
    net = Ensemble(widths=(1, width), activation=f"leaky:{slope}", init="1/3")
    for order in (1, 2, 3, 4):
        tilted = tilting._tilted(width, Fraction(1, 3), slope, float(order))
        exact = activation_moment(net, 2 * order)
        assert tilted.log_transform == pytest.approx(math.log(exact.p) - math.log(exact.q), rel=1e-12)
        assert tilted.chances.sum() == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("theta", [-0.45, -0.1, 0.0, 0.7, 5.3, 60.0])
@pytest.mark.parametrize("slope", [Fraction(0), Fraction(1), Fraction(1, 5), Fraction(9, 10)])
def test_the_slope_is_the_derivative_of_the_transform(slope, theta):
    step = 1e-4
    low, at, high = (tilting._tilted(5, Fraction(2, 5), slope, theta + d) for d in (-step, 0, step))
    assert at.slope == pytest.approx((high.log_transform - low.log_transform) / (2 * step), rel=1e-5)


def test_the_transform_of_a_leaky_layer_at_fractions():
    """Against its hypergeometric sum, for widths and exponents where that is accurate."""
    n, slope = 6, Fraction(1, 3)
    for theta in (-1.5, -0.3, 0.4, 2.5):
        b = np.arange(n + 1)
        terms = special.binom(n, b) / 2**n * special.hyp2f1(-theta, (n - b) / 2, n / 2, float(1 - slope**2))
        exact = theta * math.log(2) + math.lgamma(n / 2 + theta) - math.lgamma(n / 2) + math.log(terms.sum())
        assert tilting._tilted(n, Fraction(1), slope, theta).log_transform == pytest.approx(exact, rel=1e-11, abs=1e-12)


def test_the_sampler_draws_from_the_tilted_mixture():
    """Kolmogorov-Smirnov distance of 40,000 sums over one layer to their law; Massart's bound at 1e-8, in 3 cases."""
    for slope in (Fraction(0), Fraction(1), Fraction(1, 4)):
        factor = tilting._tilted(3, Fraction(1, 2), slope, -0.4)
        draws = np.sort(tilting._sums_of_logs([(factor, 1)], 40_000, np.random.default_rng(7)))
        gammas = np.exp(draws - factor.log_scale)
        law = stats.gamma.cdf(gammas[:, None], factor.shapes[None, :]) @ factor.chances
        ranks = np.arange(1, 40_001) / 40_000
        distance = max(np.abs(ranks - law).max(), np.abs(ranks - 1 / 40_000 - law).max())
        assert distance < math.sqrt(math.log(2e8) / (2 * 40_000))


# --- runs -------------------------------------------------------------------------------------------------------------


def test_a_tail_is_a_function_of_its_arguments():
    tails = [tail_probability(RELU, 1000, samples=20_000, error=1e-3, seed=seed) for seed in (3, 3, 4)]
    assert tails[0].log_value == tails[1].log_value != tails[2].log_value
    blocks = [tail_probability(RELU, 1000, samples=n * tilting._BLOCK, error=1e-3).log_value for n in (1, 2)]
    assert blocks[0] != pytest.approx(blocks[1], rel=1e-9)  # a stream of its own for each
    assert (tails[0].samples, tails[0].seed, tails[0].c) == (20_000, 3, 1000)
    assert "no matrices" in tails[0].method


def test_it_says_what_it_takes_for_granted():
    assert any("chi-squares" in line for line in tail_probability(RELU, 2, samples=10, error=0.1).assumptions)


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"net": "net"}, "net"),
        ({"net": RELU.at(depth="L")}, "depth"),
        ({"net": RELU.at(law="uniform")}, "law"),
        ({"net": RELU.at(init="orthogonal")}, "law"),
        ({"net": Ensemble(width=100, depth=2, activation="leaky:1/1000"), "c": 10**6}, "activation"),
        ({"c": 0}, "c"),
        ({"c": -1}, "c"),
        ({"c": "many"}, "c"),
        ({"c": math.inf}, "c"),
        ({"c": "1e2000"}, "c"),
        ({"c": 10**900}, "c"),
        ({"samples": 1}, "samples"),
        ({"samples": 10.0}, "samples"),
        ({"seed": -1}, "seed"),
        ({"error": 0.0}, "error"),
        ({"layer": 0}, "layer"),
        ({"layer": 51}, "layer"),
    ],
)
def test_bad_arguments_are_named(changes, argument):
    arguments = {"net": RELU, "c": 100, "samples": 10, "error": 1e-3, **changes}
    with pytest.raises(InvalidArgument) as refusal:
        tail_probability(arguments.pop("net"), arguments.pop("c"), **arguments)
    assert refusal.value.argument == argument
