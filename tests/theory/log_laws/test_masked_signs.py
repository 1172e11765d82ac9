"""Masked signs, enumerated mask by mask."""

from fractions import Fraction

import flint
import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from tests.theory.log_laws.test_layer_factors import agrees, rational
from tests.theory.small_networks import exact, refused
from theory.balls import precision
from theory.log_laws.masked_signs import Coins


@pytest.mark.parametrize("slope", [Fraction(0), Fraction(1, 3), Fraction(1)], ids=str)
def test_masked_signs_are_enumerated(slope: Fraction) -> None:
    n, scale = 4, Fraction(3, 4)
    masks = [[(i >> j) & 1 for j in range(n)] for i in range(2**n)]
    values = [scale * sum(Fraction(1) if on else slope**2 for on in mask) for mask in masks]
    alive = [value for value in values if value]
    coins = Coins(sp.Integer(n), exact(scale), exact(slope))
    assert coins.survival() == exact(Fraction(len(alive), 2**n))
    with mp.workdps(45), precision(45):
        logs = [mp.log(rational(value)) for value in alive]
        m = [mp.fsum(x**k for x in logs) / len(logs) for k in range(4)]
        cumulants = [m[1], m[2] - m[1] ** 2, m[3] - 3 * m[2] * m[1] + 2 * m[1] ** 3]
        for order, expected in enumerate(cumulants, start=1):
            if slope == 1 and order > 1:
                assert coins.log_cumulant(order) == 0
                continue
            assert agrees(coins.log_cumulant_ball(order), expected)
            assert float(coins.log_cumulant(order)) == pytest.approx(float(expected), abs=1e-12)
        t = mp.mpc(0.5, 2)
        expected = mp.fsum(mp.exp(t * x) for x in logs) / len(logs)
        value = coins.transform(flint.acb(0.5, 2))
        assert agrees(value.real, expected.real)
        assert agrees(value.imag, expected.imag)
        floats = complex(np.exp(coins.log_transform(np.array([0.5 + 2j]))[0]))
        assert floats == pytest.approx(complex(expected), rel=1e-12)
        bound, rate = coins.decay(flint.arb(0.5), flint.arb(2))
        assert rate == 0
        assert bound.upper() >= abs(value).lower()
        assert agrees(bound, mp.fsum(mp.exp(x / 2) for x in logs) / len(logs))
    assert coins.float_moments() == pytest.approx((float(cumulants[0]), float(cumulants[1])), abs=1e-13)


def test_survival_is_that_of_one_sign_in_n() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    assert Coins(n, 1 / n, sp.S.Zero).survival() == 1 - 2**-n
    for slope in (sp.Rational(1, 3), sp.S.One):
        assert Coins(n, 1 / n, slope).survival() == 1
    assert Coins(sp.Integer(3), sp.S.One, sp.S.Zero).survival() == sp.Rational(7, 8)


def test_a_symbolic_number_of_signs_is_refused_unless_none_is_masked() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    with refused("width", "masked signs", "n"):
        Coins(n, 1 / n, sp.S.Zero).log_cumulant(1)
    assert Coins(n, 1 / n, sp.S.One).log_cumulant(1) == 0
