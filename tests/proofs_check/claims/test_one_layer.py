"""Inequalities at every depth: what is proved is true, and what is false is never proved, however near."""

from __future__ import annotations

import math

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.claims.checking import check, in_letters
from proofs_check.claims.domain import read_domain
from proofs_check.claims.meaning import understand
from proofs_check.claims.number_reader import letters_of
from proofs_check.claims.one_layer import Proof, prove
from proofs_check.claims.sides import Sides
from proofs_check.verdict import Verdict
from theory import LogNormLaw, symbols
from theory.ensembles import Ensemble

HE = Ensemble(width="n", depth="L", activation="relu", init="he")
LINEAR = Ensemble(width="n", depth="L")


def proof(claim: str, net: Ensemble = HE, sizes: str | None = None):
    lettered, _ = in_letters(net)
    sides = Sides(understand(claim, lettered), lettered)
    names = [symbols.whole("n"), symbols.whole("L")]
    return prove(sides, read_domain(sizes, names, [], letters_of(lettered)), seconds=60)


@pytest.mark.parametrize(
    ("claim", "net", "scope"),
    [
        ("E|a_L|^4 <= exp(5*L/n)*|x|^4", HE, "all n, all L"),
        ("E|a_L|^4 >= exp(5*L/n - 25*L/(2*n^2))*|x|^4", HE, "all n, all L"),
        ("E|a_L|^4 < (1 + 5/n + 1/n^3)^L", HE, "all n, all L"),
        ("E|a_L|^4 <= (1+3/n)^L", LINEAR, "all n, all L"),
        ("E|H|_F^2 <= n*L^2", HE, None),
        ("E log|a_L|^2 <= -L/n", LINEAR, "all L, n = 1..64, 128, 256, 512, 1024, 2048, 4096"),
        ("Var log|a_L|^2 >= 2*L/n", LINEAR, "all L, n = 1..64, 128, 256, 512, 1024, 2048, 4096"),
        ("P(|a_L|^2 >= 1) <= exp(-5*L/(8*n))", HE, "all L, n = 1..64, 128, 256, 512, 1024, 2048, 4096"),
        ("P(|a_L|^2 >= 4) <= 1/2 * exp(-L/(2*n))", HE, "all L, n = 1..64, 128, 256, 512, 1024, 2048, 4096"),
    ],
)
def test_true_inequalities_are_proved_at_every_depth(claim, net, scope):
    found = proof(claim, net)
    assert (None if found is None else found.scope) == scope


@pytest.mark.parametrize(
    ("claim", "net"),
    [
        ("E|a_L|^4 <= exp(4.999*L/n)*|x|^4", HE),  # fails from n = 12,497 on
        ("E|a_L|^4 >= exp(5*L/n - 25*L/(2*n^2) + 42*L/n^3)*|x|^4", HE),  # the next coefficient is 125/3 = 41.7
        ("E log|a_L|^2 >= -3*L/n", HE),
        ("E log|a_L|^2 <= -1.001*L/n", LINEAR),  # -1/n - 1/(3n^2) at large n
        ("P(|a_L|^2 >= 1) <= exp(-0.63*L/n)", HE),  # Chernoff gives 5/8 at large n
    ],
)
def test_false_or_unproved_inequalities_are_not_proved(claim, net):
    assert not isinstance(proof(claim, net), Proof)


@settings(deadline=None, max_examples=15)
@given(st.integers(440, 560))
def test_the_constant_5_is_found_to_a_hundredth(hundredths):
    claim = f"E|a_L|^4 <= exp({hundredths / 100}*L/n)*|x|^4"
    found = proof(claim)
    assert isinstance(found, Proof) is (hundredths >= 500)


def test_what_fails_far_out_only_is_refuted_there():
    claim = "E|a_L|^4 <= exp(4.999*L/n)*|x|^4"
    found = check(claim, HE)
    width = found.counterexample.at["n"]
    gap = lambda n: 4.999 / n - math.log1p(5 / n)  # noqa: E731
    assert found.counterexample.at["L"] == 1
    assert gap(int(width)) < 0 < gap(int(width) - 1)


@pytest.mark.parametrize(("n", "depth"), [(1, 3), (4, 2), (16, 32)])
def test_chernoffs_bound_lies_above_the_probability(n, depth):
    law = LogNormLaw(HE.at(width=n, depth=depth))
    assert law.exceedance(0.0) < math.exp(-5 * depth / (8 * n))


def test_a_proof_for_given_widths_says_so():
    found = proof("E log|a_L|^2 >= -3*L/n", sizes="n=12..20")
    assert (found.scope, found.tier) == ("all L, n = 12..20", "proved")
    assert proof("E log|a_L|^2 >= -3*L/n", sizes="n=11..20") is None


def test_what_is_proved_is_a_verdict_with_its_tier():
    found = check("E|a_L|^4 <= exp(5*L/n)*|x|^4", HE, compare=False)
    assert found.judgement.tiers[0][0] == "proved"
    assert "Taylor" in found.judgement.tiers[0][1]
    n = sp.Symbol("n", positive=True)
    assert sp.limit(n**2 * (5 / n - sp.log(1 + 5 / n)), n, sp.oo) == sp.Rational(25, 2)  # the gap that is proved


def test_strict_inequalities_are_strict_at_depth_one():
    assert isinstance(proof("E|a_L|^4 <= (1+5/n)^(2*L-1)*|x|^4"), Proof)
    assert proof("E|a_L|^4 < (1+5/n)^(2*L-1)*|x|^4") is None
    assert check("E|a_L|^4 < (1+5/n)^(2*L-1)*|x|^4", HE, compare=False).verdict is Verdict.REFUTED


def test_inputs_of_another_norm_have_no_such_proof():
    ones = LINEAR.at(input="ones")  # |x|^2 = n
    assert proof("E log|a_L|^2 <= log(n) - L/n", ones) is None
    # log(n) is there once, not in every layer: from depth 32 on it does not help at width 8
    assert check("E log|a_L|^2 >= -L/(2*n)", ones, sizes="n=8..16", compare=False).verdict is Verdict.REFUTED
    assert check("P(|a_L|^2 >= n) <= 1/2*exp(-L)", ones, sizes="n=8,L=1", compare=False).verdict is Verdict.REFUTED
