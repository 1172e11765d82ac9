"""Inversion in floats against SciPy's chi-squares, and where it does not hold."""

import math

import pytest
import sympy as sp
from scipy import stats

from tests.theory.small_networks import refused
from theory.log_laws.float_inversion import FloatInversion
from theory.log_laws.layer_factors import ChiSquares
from theory.log_laws.masked_signs import Coins


def chi_square(degrees: int, shift: float = 0.0) -> FloatInversion:
    return FloatInversion([(ChiSquares(sp.Integer(degrees), sp.S.One, sp.S.One), 1)], shift, "one layer")


@pytest.mark.parametrize("degrees", [1, 2, 7])
@pytest.mark.parametrize("shift", [0.0, -1.5])
def test_one_factor_is_a_chi_square(degrees: int, shift: float) -> None:
    law, truth = chi_square(degrees, shift), stats.chi2(degrees, scale=math.exp(shift))
    for t in (-3.0, 0.0, 1.7):
        assert law.cdf(t) == pytest.approx(truth.cdf(math.exp(t)), abs=1e-11)
        assert law.pdf(t) == pytest.approx(math.exp(t) * truth.pdf(math.exp(t)), abs=1e-11)
    for p in (0.01, 0.5, 0.9):
        assert law.quantile(p) == pytest.approx(math.log(truth.ppf(p)), abs=1e-9)


def test_far_from_the_mean_the_distribution_is_zero_or_one() -> None:
    law = chi_square(3)
    mean, deviation = law.center
    reach = 40 * deviation + 80
    assert law.is_near(mean + 0.99 * reach)
    for sign, end in ((-1, 0.0), (1, 1.0)):
        far = mean + sign * 1.01 * reach
        assert not law.is_near(far)
        assert law.cdf(far) == end


def test_a_discrete_law_is_refused() -> None:
    coins = Coins(sp.Integer(2), sp.S.One, sp.S.Zero)
    with refused("depth", "two signs", "no density"):
        FloatInversion([(coins, 1)], 0.0, "two signs").cdf(0.0)
