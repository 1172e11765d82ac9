"""Corners of min, max and abs that lie between the sizes of the grid are tried on every route."""

from __future__ import annotations

import pytest

from proofs_check import check
from proofs_check.verdict import Verdict
from theory.ensembles import Ensemble

HE = Ensemble(width="n", depth="L", activation="relu", init="he")
LINEAR = Ensemble(width="n", depth="L")
THREE = Ensemble(widths=("p", "q", "r"), init="lecun")


@pytest.mark.parametrize(
    ("claim", "net", "at"),
    [
        ("E|a_L|^2 <= |x|^2*max(1/2, abs(n-5003))", HE, {"n": 5003}),
        ("E|a_L|^2 - |x|^2*max(1/2, abs(n-5003)) <= 0", HE, {"n": 5003}),
        ("E log|a_L|^2 <= -L/n - L*max(0, 1-abs(n-5003))", LINEAR, {"n": 5003}),
        ("Var log|a_L|^2 >= 2*L/n*(1 + max(0, 1-abs(n-900)))", LINEAR, {"n": 900}),
        ("E|a_L|^2 <= |x|^2*r/p*min(1, 1/2+abs(q-5003))", THREE, {"q": 5003}),
        ("E|a_L|^2 <= |x|^2*r/p*(1-0^(abs(p-70)+abs(q-71)+abs(r-72))/2)", THREE, {"p": 70, "q": 71, "r": 72}),
    ],
)
def test_a_claim_that_fails_at_a_corner_is_refuted_there(claim, net, at):
    found = check(claim, net, compare=False)
    assert found.verdict is Verdict.REFUTED
    assert {name: found.counterexample.at[name] for name in at} == at


def test_no_scope_has_empty_brackets():
    found = check("E log|a_L|^2 <= -L/n*min(1, abs(n-5003))", LINEAR, seconds=0.5, compare=False)
    assert ": )" not in found.scope


def test_a_sum_of_many_terms_is_not_written_out():
    """At n = 512 and beyond SymPy would take minutes, which no deadline ends."""
    claim = "E|a_L|^2 = |x|^2*(1+Sum(binomial(n,j),(j,0,n)) - 2^n)"
    found = check(claim, LINEAR, sizes="n=600..601,L=1", seconds=0.1, compare=False)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.seconds < 20
