"""An error term must be positive, or the claim allows no error where it vanishes."""

from __future__ import annotations

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check import check
from proofs_check.claims.asymptotics import _borne_out
from proofs_check.claims.error_terms import require_positive
from proofs_check.verdict import Verdict
from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument

LINEAR = Ensemble(width="n", depth="L")
N, L = symbols.whole("n"), symbols.whole("L")


@pytest.mark.parametrize(
    ("claim", "net", "where"),
    [
        ("E|a_L|^4 = 1 + O((L-5)^2/n)", LINEAR, "L = 5"),
        ("E|a_L|^4 = 1 + O((L-500)^2/n)", LINEAR, "L = 500"),
        ("E|a_1|^4 = |x|^4 + O((K-2)^2/n)", LINEAR.at(law="symmetric"), "K = 2"),
        ("E|a_1|^4 = |x|^4 + O((K-1)/n)", LINEAR.at(law="symmetric"), "K = 1"),
        ("E|a_1|^4 = |x|^4 + O((|x|-3)^2/n)", LINEAR, "|x| = 3"),
        ("E|a_L|^4 = 1 + O(log(L)/n)", LINEAR, "L = 1"),
        ("E <a_k, a'_k> = <x, x'> + O(c^2/n)", LINEAR, "c = 0"),
        ("E|a_k|^4 = 1 + O((k-L)^2/n)", LINEAR, "L = 1, k = 1"),
    ],
)
def test_a_term_that_vanishes_is_refused(claim, net, where):
    with pytest.raises(InvalidArgument) as refused:
        check(claim, net)
    assert f"is not positive at {where}" in str(refused.value)


@pytest.mark.parametrize(
    ("claim", "scope"),
    [
        ("E|a_L|^4 = 1 + O(L/n)", "as n -> infinity, for each fixed L"),
        ("E|a_L|^4 = 1 + O(L/n - 1/n^2)", "as n -> infinity, for each fixed L"),
        ("E|a_L|^4 = 1 + O((L^2-2)^2/n)", "as n -> infinity, for each fixed L, wherever (L^2 - 2)^2/n > 0"),
    ],
)
def test_a_term_that_is_positive_is_one(claim, scope):
    found = check(claim, LINEAR, compare=False)
    assert (found.verdict, found.scope) == (Verdict.SUPPORTED, scope)


@pytest.mark.parametrize("power", ["2-L", "L-3", "1-L/2"])
def test_a_limit_holds_at_all_values_of_the_other_letters_or_not_at_all(power):
    assert check(f"E|a_L|^4 = 1 + O(n^({power}))", LINEAR, compare=False).verdict is not Verdict.SUPPORTED


def test_numbers_bear_out_a_limit_at_all_depths():
    assert _borne_out(N ** (-L), N, sp.S.Zero)
    assert not _borne_out(N ** (1 - L), N, sp.S.Zero)  # it is 1 at L = 1
    assert _borne_out(N ** (L - 1), N, sp.oo)  # at some depths


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=4))
def test_what_is_not_refused_is_positive(coefficients):
    term = sum((c * L**k for k, c in enumerate(coefficients)), sp.S.Zero) / N
    values = [term.subs({N: 10**6, L: depth}) for depth in range(1, 200)]
    if min(values) > 0:
        require_positive(term, N)
    else:
        with pytest.raises(InvalidArgument):
            require_positive(term, N)
