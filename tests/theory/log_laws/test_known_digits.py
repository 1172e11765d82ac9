"""How many digits a float of the laws has, against closed forms in mpmath where probabilities or slopes are extreme."""

import math

import mpmath
import pytest

from tests.theory.small_networks import refused
from theory import Ensemble, LogNormLaw
from theory.log_laws.feasible_widths import enclosed_log_exceedance, exceedance, exceedance_error

CHI_SQUARE = LogNormLaw(Ensemble(width=5, depth=1, init=1, input="e1"))


def upper(t: float) -> mpmath.mpf:
    return mpmath.gammainc(mpmath.mpf(5) / 2, mpmath.exp(t) / 2, regularized=True)


@pytest.mark.parametrize("t", [2.0, 3.4, 3.8, 3.95, 6.0])
def test_small_probabilities_of_one_chi_square_are_known_relatively(t: float) -> None:
    with mpmath.workdps(60):
        assert CHI_SQUARE.exceedance(t) == pytest.approx(float(upper(t)), rel=2e-8, abs=0)
        assert CHI_SQUARE.cdf(-3 * t) == pytest.approx(float(1 - upper(-3 * t)), rel=2e-8, abs=0)


def test_small_probabilities_of_deep_networks_are_enclosed() -> None:
    """Float errors add up to 1e-9 at this depth."""
    law = LogNormLaw(Ensemble(width=50, depth=10**6))
    for p, tail in ((1e-6, law.cdf), (1 - 1e-6, law.exceedance)):
        assert tail(float(law.enclosed_quantile(p, 20))) == pytest.approx(1e-6, rel=1e-8, abs=0)


@pytest.mark.parametrize("c", ["1e-40", "0.01", "2", "1e3"])
def test_the_log_of_a_probability_is_known_near_0_too(c: str) -> None:
    net = Ensemble(width=1, depth=1)
    ball = enclosed_log_exceedance(net, c, 17)
    with mpmath.workdps(60):
        root = mpmath.sqrt(mpmath.mpf(c) / 2)
        truth = mpmath.log(mpmath.erfc(root)) if root > 1 else mpmath.log1p(-mpmath.erf(root))
    assert float(ball) == pytest.approx(float(truth), rel=1e-15, abs=0)


@pytest.mark.parametrize(
    "net", [Ensemble(width=50, depth=10**6), Ensemble(width=3, depth=2, activation="relu")], ids=repr
)
def test_floats_are_as_good_as_they_say(net) -> None:
    law = LogNormLaw(net)
    t = law.quantile(0.6)
    assert abs(t - float(law.enclosed_quantile(0.6, 17))) < law.quantile_error(0.6)
    assert abs(law.exceedance(t) - float(law.enclosed_exceedance(t, 17))) < law.error
    assert exceedance_error(net) == law.error
    assert abs(exceedance(net, 1) - math.exp(float(enclosed_log_exceedance(net, 1)))) < law.error


@pytest.mark.parametrize("slope", ["1/2", "1e-3", "1e-10", "1e-30", "1e-200"])
def test_logarithms_have_cumulants_at_any_slope(slope: str) -> None:
    """At width 1 the factor is a chi-square of one degree, times slope^2 every other time."""
    law = LogNormLaw(Ensemble(width=1, depth=1, activation=f"leaky:{slope}", init=1))
    with mpmath.workdps(30):
        size = mpmath.log(mpmath.mpf("0.5") if slope == "1/2" else mpmath.mpf(slope))
        half = mpmath.mpf(1) / 2
        mean = mpmath.digamma(half) + mpmath.log(2) + size
        assert float(law.enclosed_cumulant(1)) == pytest.approx(float(mean), rel=1e-15, abs=0)
        assert float(law.enclosed_cumulant(2)) == pytest.approx(float(mpmath.psi(1, half) + size**2), rel=1e-15, abs=0)


@pytest.mark.parametrize("slope", ["1/3", "1e-12", "1e-60"])
def test_two_units_have_the_mean_of_an_integral(slope: str) -> None:
    """With one unit of two on, 1 - (1 - slope^2) V is sin^2 + slope^2 cos^2 of a uniform angle, whose log is known."""
    law = LogNormLaw(Ensemble(width=2, depth=1, activation=f"leaky:{slope}", init=1, input="e1"))
    with mpmath.workdps(80):
        s = mpmath.mpf(1) / 3 if slope == "1/3" else mpmath.mpf(slope)
        mixed = 2 * mpmath.log((1 + s) / 2)  # the mean of log(sin^2 + s^2 cos^2)
        mean = mpmath.digamma(1) + mpmath.log(2) + mixed / 2 + mpmath.log(s) / 2
        assert float(law.enclosed_cumulant(1)) == pytest.approx(float(mean), rel=1e-15, abs=0)


def test_the_law_at_a_small_slope_is_nearly_that_of_relu_where_no_layer_is_dead() -> None:
    relu, leaky = (LogNormLaw(Ensemble(width=2, depth=2, activation=a, init="he")) for a in ("relu", "leaky:1e-10"))
    for t in (-3.0, 2.0):
        assert leaky.exceedance(t) == pytest.approx(relu.exceedance(t), abs=1e-9)
    assert leaky.exceedance(-3.0) == pytest.approx(float(leaky.enclosed_exceedance(-3, 12)), abs=1e-11)


@pytest.mark.parametrize("slope", ["1e-11", "1e-30", "1e-300"])
def test_the_law_at_a_tiny_slope_is_refused_in_one_line(slope: str) -> None:
    law = LogNormLaw(Ensemble(width=3, depth=2, activation=f"leaky:{slope}", init="he"))
    for call in (lambda: law.quantile(0.5), lambda: law.exceedance(0.0), lambda: law.enclosed_cdf(0)):
        with refused("activation", "too near to 0"):
            call()


def test_a_tail_beyond_all_floats_is_refused_and_variances_beyond_them_are_not() -> None:
    assert CHI_SQUARE.exceedance(900.0) == 0
    with refused("digits", "as far out"):
        CHI_SQUARE.enclosed_exceedance(900)
    medians = [LogNormLaw(Ensemble(width=5, depth=3, init=v)).median() for v in ("1e-400", "1", "1e400")]
    assert medians[2] - medians[1] == pytest.approx(1200 * math.log(10), rel=1e-12)
    assert medians[1] - medians[0] == pytest.approx(1200 * math.log(10), rel=1e-12)
