"""A claim without a value at some size is not one about all sizes, whatever cancels while it is read."""

from __future__ import annotations

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check import check
from proofs_check.claims.conditions import Condition
from proofs_check.verdict import Verdict
from theory import symbols
from theory.ensembles import Ensemble

LINEAR = Ensemble(width="n", depth="L")
N = symbols.whole("n")


@pytest.mark.parametrize(
    ("claim", "where"),
    [
        ("E|a_L|^2 = exp(log(n-5)) - n + 6", "n = 1, L = 1: log(n - 5)"),
        ("E|a_L|^2 = sqrt(1-n)^2 + n", "n = 2, L = 1: a power of 1 - n"),
        ("E|a_L|^2 = (n-1)/(n-1)", "n = 1, L = 1: it divides by n - 1"),
        ("E|a_L|^2 = gamma(n-1)/gamma(n-1)", "n = 1, L = 1: a gamma function has a pole"),
        ("E|a_L|^2 = psi(n-2) - psi(n-2) + 1", "n = 1, L = 1: a gamma function has a pole"),
        ("E|a_L|^2 = factorial(n-3)/factorial(n-3)", "n = 1, L = 1: a gamma function has a pole"),
        ("E|a_L|^2 = (L-3)^(-2)*(L-3)^2", "n = 1, L = 3: it divides by L - 3"),
        ("E|a_L|^2 = (n-5000)/(n-5000)", "n = 5000, L = 1: it divides by n - 5000"),
        ("E|a_L|^2 = log(10^6-n) - log(10^6-n) + 1", "n = 1000000, L = 1: log(1000000 - n)"),
        ("E|a_L|^2 = Sum((j-3)/(j-3), (j,1,L))/L", "n = 1, L = 3: it divides by j - 3, which is 0, at j = 3"),
        ("E|a_L|^2 = (|x|-1)/(|x|-1)*|x|^2", "|x| = 1: it divides by |x| - 1"),
        ("E|a_L|^2 <= (n-1)/(n-1)", "n = 1, L = 1: it divides by n - 1"),
        ("E|a_L|^2 <= 2 + 0*log(n-5)", "n = 1, L = 1: log(n - 5)"),
        ("E log|a_L|^2 <= (n-2)/(n-2) - 1", "n = 2, L = 1: it divides by n - 2"),
        ("E[|a_L|^2/(n-1)]*(n-1) = 1", "n = 1, L = 1: it divides by n - 1"),
    ],
)
def test_a_claim_without_a_value_somewhere_stays_open(claim, where):
    found = check(claim, LINEAR, compare=False)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert where in found.judgement.tiers[0][1]


def test_where_it_has_a_value_it_is_checked():
    assert check("E|a_L|^2 = (n-1)/(n-1)", LINEAR, sizes="n>=2", compare=False).scope == "all sizes asked for: n >= 2"
    assert check("E|a_L|^2 = (n-1)/(n-1) + 1", LINEAR, compare=False).verdict is Verdict.REFUTED
    found = check("E|a_L|^2 = (n^2-2*L^2)/(n^2-2*L^2)", LINEAR, compare=False)
    assert found.scope == "all n and L, wherever both sides have a value"  # as sqrt(2) is no quotient
    assert check("E|a_L|^2 = (2*n-1)/(2*n-1)", LINEAR, compare=False).scope == "all n and L"
    assert (
        check("E|a_L|^2 = sqrt(n-1)/sqrt(n-1)", LINEAR, sizes="n=1..3", compare=False).verdict is Verdict.INCONCLUSIVE
    )


def test_letters_that_cancel_stay_letters():
    found = check("E|a_L|^2 = m/m", LINEAR)
    assert (found.verdict, found.scope) == (Verdict.SUPPORTED, "all n and L, 1 <= m <= L")
    assert check("E|a_L|^2 = 1 + K - K", LINEAR.at(law="symmetric")).scope == "all n, L and K"
    assert check("E|a_L|^2 <= m", LINEAR).verdict is Verdict.SUPPORTED
    assert check("E|a_L|^2 <= 2*m/(2*m)", LINEAR).verdict is Verdict.SUPPORTED


def test_limits_have_values_far_out():
    assert check("E|a_L|^2 = exp(log(5-n)) + n - 4 + O(1/n)", LINEAR, compare=False).verdict is Verdict.INCONCLUSIVE
    assert check("E|a_L|^2 = exp(log(n-5)) - n + 6 + O(1/n)", LINEAR, compare=False).verdict is Verdict.SUPPORTED


def test_matrix_claims_have_values():
    square = ["W: normal 1/n, n by n"]
    assert check("E tr(W*W.T) = n*(n-2)/(n-2)", matrices=square, compare=False).verdict is Verdict.INCONCLUSIVE
    found = check("E tr(W*W.T)*tr(A) = n*tr(A)^2/tr(A)", matrices=square, compare=False)
    assert found.scope.endswith("wherever both sides have a value")
    assert not check("E tr(W*W.T) = n", matrices=square, compare=False).scope.endswith("have a value")


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(-6, 6), min_size=1, max_size=4), st.sampled_from(("nonzero", "positive", "no pole")))
def test_what_is_proved_is_never_broken(coefficients, kind):
    number = sum((c * N**k for k, c in enumerate(coefficients)), sp.S.Zero)
    condition = Condition(kind, number)
    broken = [n for n in range(1, 40) if condition.broken(lambda x, n=n: (x.subs(N, n), None))]
    values = [number.subs(N, n) for n in range(1, 40)]
    if condition.proved(lambda x: x):
        assert not broken
    wrong = {"nonzero": lambda v: v == 0, "positive": lambda v: v <= 0, "no pole": lambda v: v <= 0}[kind]
    assert broken == [n for n, value in enumerate(values, 1) if wrong(value)]
