"""What claims return: floats stand for the fractions that they are, and tuples are compared entry by entry."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from proofs_check.evidence.enclosed import Enclosed, Inequality, agrees_with
from proofs_check.evidence.enumerated import Enumerated
from proofs_check.verdict import Verdict
from theory.ensembles import InvalidArgument


def survival(n):
    return 1 - Fraction(1, 2**n)


@pytest.mark.parametrize(
    ("claim", "truth", "n"),
    [
        (lambda n: 1.0, survival, 60),
        (lambda n: np.float32(1), survival, 30),
        (lambda n: np.float16(1), survival, 12),
        (lambda n: Decimal(1), survival, 100),
        (lambda n: sp.Float(1, 5), survival, 20),
        (lambda n: sp.N(1 - sp.Rational(1, 2**n), 5), survival, 40),
        (lambda n: 2.0**n, lambda n: 2**n - 1, 60),
        (lambda n: np.float64(2) ** n, lambda n: 2**n - 1, 60),
        (lambda n: np.float16(math.exp(5 / n)), lambda n: 1 + Fraction(5, n), 1000),
        (lambda n: (sp.Integer(7), 1.0), lambda n: (7, survival(n)), 60),
    ],
)
def test_a_float_near_an_exact_number_is_not_equal_to_it(claim, truth, n):
    found = Enumerated("brute force", ((n,),), truth).examine(claim)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "a float is rounded" in found.detail
    shifted = Enumerated("brute force", ((n,),), lambda n: truth(n) - 1, apply=lambda claim, n: claim(n) - 1)
    if not isinstance(claim(n), tuple):
        assert shifted.examine(claim).verdict is not Verdict.SUPPORTED
        assert agrees_with("theory", ((n,),), lambda n: sp.sympify(truth(n))).examine(claim).verdict is not (
            Verdict.SUPPORTED
        )


@pytest.mark.parametrize("number", [0.5, np.float16(0.5), np.float32(0.5), Decimal("0.5"), sp.Float(0.5)])
def test_a_float_is_equal_to_the_fraction_that_it_is(number):
    half = Enumerated("halves", ((1,),), lambda n: Fraction(1, 2))
    assert half.examine(lambda n: number).verdict is Verdict.SUPPORTED
    assert half.examine(lambda n: number + type(number)(1)).verdict is Verdict.REFUTED
    assert agrees_with("theory", ((1,),), lambda n: sp.Rational(1, 2)).examine(lambda n: number).verdict is (
        Verdict.SUPPORTED
    )


def test_inequalities_are_between_the_fractions_that_floats_are():
    def inequalities(claim):
        return [Inequality("n = 30", claim(30) - sp.Rational(survival(30)), sp.Rational(1, 10**12))]

    assert Enclosed("below", inequalities).examine(lambda n: np.float32(1)).verdict is Verdict.REFUTED


@pytest.mark.parametrize("claimed", [np.float32("nan"), Decimal("nan"), (math.nan, 1), (None, 1)])
def test_what_is_no_number_is_refused(claimed):
    with pytest.raises(InvalidArgument, match=r"nan|None"):
        Enumerated("brute force", ((1,),), lambda n: claimed).examine(lambda n: claimed)


@pytest.mark.parametrize(
    ("claimed", "truth", "verdict"),
    [
        (((1 + sp.sqrt(2)) ** 2,), (3 + 2 * sp.sqrt(2),), "supported"),
        (((1 + sp.sqrt(2)) ** 2, 1), (3 + 2 * sp.sqrt(2), 2), "refuted"),
        ((1, (2, sp.Rational(1, 2))), (1, (2, Fraction(1, 2))), "supported"),
        ((1, 2), (1, 2, 3), "refuted"),
        (("two", True), ("two", True), "supported"),
        ((True, 1), (1, 1), "refuted"),
        ((sp.log(sp.exp(sp.Symbol("z"))),), (sp.Symbol("z"),), "inconclusive"),
    ],
)
def test_tuples_are_compared_entry_by_entry(claimed, truth, verdict):
    found = Enumerated("brute force", ((1,),), lambda n: truth).examine(lambda n: claimed)
    assert found.verdict.value == verdict
