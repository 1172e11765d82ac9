"""Survival near 1 and near 0, against exact fractions."""

import math
from fractions import Fraction

import flint
import pytest
import sympy as sp

from theory import Ensemble, LogNormLaw
from theory.balls import precision
from theory.log_laws.all_alive import log_survival, log_survival_ball, survival
from theory.log_laws.layer_factors import ChiSquares


@pytest.mark.parametrize(("width", "times"), [(1, 3000), (2, 7), (64, 4), (300, 2), (5000, 9)])
def test_both_survival_and_death_have_all_their_digits(width: int, times: int) -> None:
    factors = [(ChiSquares(sp.Integer(width), sp.Integer(1), sp.Integer(0)), sp.Integer(times))]
    alive = (1 - Fraction(1, 2**width)) ** times
    with precision(30):
        log = log_survival_ball(factors)
        for ball, exact in ((log.exp(), alive), (-log.expm1(), 1 - alive)):
            truth = flint.arb(flint.fmpq(exact.numerator, exact.denominator))
            assert ball.overlaps(truth)
            assert ball.rel_accuracy_bits() > 80
        assert log_survival(factors) == pytest.approx(float(log), rel=1e-14, abs=0)
    if width * times < 10**4:  # beyond, it stays a power
        assert survival(factors) == sp.Rational(alive.numerator, alive.denominator)


def test_a_rare_death_is_seen_in_the_cdf() -> None:
    law = LogNormLaw(Ensemble(width=64, depth=4, activation="relu", init="he"))
    assert law.cdf(-math.inf) == pytest.approx(4 * 2.0**-64, rel=1e-12, abs=0)
