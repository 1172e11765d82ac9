"""Inequalities that fail only where a letter that is no size has a value that no grid has."""

from __future__ import annotations

import pytest
import sympy as sp

from proofs_check.claims.checking import check
from proofs_check.claims.closest import _plain
from proofs_check.verdict import Verdict
from theory.ensembles import Ensemble

VARIANCE = Ensemble(width="n", depth="L", init="variance:s/n")
BIASED = Ensemble(width="n", depth="L", activation="relu", init="he", bias="variance:t")
BOTH = Ensemble(width="n", depth="L", init="variance:s/n", bias="variance:t")
SYMMETRIC = Ensemble(width="n", depth="L", law="symmetric")
LINEAR = Ensemble(width="n", depth="L")


@pytest.mark.parametrize(
    ("claim", "net"),
    [
        ("(E|a_L|^2 - |x|^2)^2 > 0", VARIANCE),
        ("(E|a_L|^2 - 1.37*|x|^2)^2 > 0", VARIANCE),
        ("(E|a_L|^2 - 2*|x|^2)^2 > 0", VARIANCE.at(depth=2)),  # at a root of 2
        ("E|a_L|^2 <= 47/100*|x|^2*(s^(2*L)+1)", VARIANCE),
        ("E|a_L|^2 <= s^(2*L)+9/40", VARIANCE),
        ("log(E|a_L|^2)^2 >= (1/20)*L^2", VARIANCE),
        ("E|a_1|^2 < |x|^2 + t^2*n/2 + n/8.1", BIASED),
        ("E|a_1|^2 < |x|^2 + t^2*n/2 + n/8", BIASED),
        ("(K-2)^2*E|a_1|^4 > 0", SYMMETRIC),
        ("(c-1/4)^2*E|a_1|^2 |a_1'|^2 > 0", LINEAR),
        ("(s-5/7)^2 + (t-1/5)^2 + E|a_1|^2 > E|a_1|^2", BOTH),
        ("(E|a_1|^2 - t*|x|^2)^2 > 0", BOTH),
    ],
)
def test_a_claim_that_fails_at_one_value_of_a_letter_is_refuted(claim, net):
    found = check(claim, net, compare=False)
    assert found.verdict is Verdict.REFUTED
    assert found.counterexample is not None


@pytest.mark.parametrize(
    ("claim", "net"),
    [
        ("(E|a_L|^2 - |x|^2)^2 >= 0", VARIANCE),
        ("(E|a_L|^2 - 2*|x|^2)^2 + |x|^4/10^6 > 0", VARIANCE),
        ("E|a_L|^2 <= 1/2*|x|^2*(s^(2*L)+1)", VARIANCE),
        ("E|a_L|^2 <= s^(2*L)+1/4", VARIANCE),
        ("log(E|a_L|^2)^2 >= 0", VARIANCE),
        ("E|a_1|^2 <= |x|^2 + t^2*n/2 + n/8", BIASED),
        ("E|a_1|^2 < |x|^2 + t^2*n/2 + n/7.9", BIASED),
        ("1 + E|a_L|^2 > 1", VARIANCE),  # in floats, both sides are equal where s is small
        ("(K-2)^2*E|a_1|^4 >= 0", SYMMETRIC),
        ("E|a_1|^4 >= |x|^4", SYMMETRIC),
        ("E<a_1,a_1'>^2 <= E|a_1|^2 |a_1'|^2", LINEAR),
    ],
)
def test_what_is_true_at_all_values_stays_supported(claim, net):
    assert check(claim, net, compare=False).verdict is Verdict.SUPPORTED


def test_an_equality_at_a_place_that_is_no_fraction_leaves_a_strict_inequality_open():
    found = check("(c^3-1/2)^2*E|a_1|^2 |a_1'|^2 > 0", LINEAR, compare=False)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "agree to 40 digits near" in str(found.judgement.tiers)
    assert check("(c^3-1/2)^2*E|a_1|^2 |a_1'|^2 >= 0", LINEAR, compare=False).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize("number", ["1/2", "9/8", "-3/7", "sqrt(2)", "-sqrt(3)/2"])
def test_a_place_in_floats_is_rounded_to_the_number_that_was_meant(number):
    exact = {"sqrt(2)": sp.sqrt(2), "-sqrt(3)/2": -sp.sqrt(3) / 2}.get(number) or sp.Rational(number)
    assert exact in list(_plain(float(exact) * (1 + 1e-9), -3.0, 3.0))
