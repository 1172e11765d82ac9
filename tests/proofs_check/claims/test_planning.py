"""What is tried, and what the scope says of it: layers, sizes left out, the time that was over, sizes far out."""

from __future__ import annotations

import re

import pytest
import sympy as sp

from proofs_check import check
from proofs_check.claims.counterexamples import where_it_fails
from proofs_check.claims.domain import read_domain
from proofs_check.claims.trials import Trials
from proofs_check.verdict import Verdict
from theory.ensembles import Ensemble

LINEAR = Ensemble(width="n", depth="L")
HE = Ensemble(width="n", depth="L", activation="relu", init="he")


@pytest.mark.parametrize(
    ("claim", "sizes", "at"),
    [
        ("E|a_k|^2 >= k^2*(L-k)/(0.13*L^3)", "L=5..40", {"L": 5, "k": 3}),
        ("E|a_k|^2 >= k^2*(L-k)/(0.14*L^3)", "L=6", {"L": 6, "k": 4}),  # neither end nor the middle
        ("E|a_k|^2 >= 1 + max(0, 1/2 - abs(k-17))", "L=1..64", {"L": 17, "k": 17}),
        ("E|a_k|^4 >= (1+2/n)^k - max(0, 1 - abs(k-9))", None, None),
        ("E|a_j|^2|a_k|^2 <= (1+2/n)^j + abs(j-3) + abs(k-5) - 1/9", "L=8,n=2", {"j": 3, "k": 5}),
    ],
)
def test_every_layer_is_tried(claim, sizes, at):
    found = check(claim, LINEAR, sizes=sizes, compare=False)
    if at is None:
        assert found.verdict is Verdict.SUPPORTED
        assert "all layers at" in found.scope
    else:
        assert found.verdict is Verdict.REFUTED
        assert {name: found.counterexample.at[name] for name in at} == at


def test_all_layers_are_in_the_scope_only_if_they_were_tried():
    few = check("E|a_k|^2 <= 1 + k/n", LINEAR, sizes="L=1..8,n=1..8", compare=False)
    assert few.scope == "grid n = 1..8, L = 1..8, 1 <= k <= L: all 64 sizes"
    many = check("E|a_k|^2 <= 1 + k/n", LINEAR, compare=False)
    assert "1 <= k <= L (1, 2, L/2, L - 1, L at all of these sizes, all layers at " in many.scope


@pytest.mark.parametrize(
    ("claim", "sizes", "verdict"),
    [
        ("E|a_L|^2 = min(1, abs(n-5)+1/2)", "n=1..400,L=1..64", Verdict.REFUTED),
        ("E|a_L|^2 = min(1, abs(n-5)+abs(L-7)+1/2)", "n=1..400,L=1..64", Verdict.REFUTED),
        ("E|a_L|^2 = min(1, abs(n-500)+abs(L-701))", "n=1..40,L=1..64", Verdict.SUPPORTED),
        ("E|a_L|^2 = min(1, abs(n-300)+abs(L-500)+1/2)", "n=1..900,L=1..900", Verdict.INCONCLUSIVE),  # thinned
    ],
)
def test_an_equation_holds_on_a_range_only_if_all_of_it_was_tried(claim, sizes, verdict):
    assert check(claim, LINEAR, sizes=sizes, compare=False, seconds=60).verdict is verdict


def test_what_was_left_out_for_lack_of_time_is_said():
    found = check("E|a_L|^2 <= 1 + L/n^2 + 1/L", LINEAR, seconds=1e-6, compare=False)
    assert re.search(r"only 4 of 4,3\d\d sizes, as the time was over$", found.scope)


@pytest.mark.parametrize(
    ("claim", "at"),
    [
        ("E|a_L|^2 <= |x|^2 - max(0, n-5000)", {"n": 5001}),
        ("E|a_L|^2 <= 1 + abs(n-7001) - abs(n-7000)", {"n": 7001}),
        ("E|a_L|^2 <= 2 - min(L, 10^7)/10^7 - 1/10^8", {}),
        ("E|a_L|^2 <= 1 + max(0, 70000-n*L) - max(0, n*L-70000)", {}),
        ("E|a_L|^2 <= abs(log(n) - 20) + 1/2", {}),
        ("E|a_L|^4 <= 10^9*(1+2/n)^(L-L/10^6)", {}),
    ],
)
def test_claims_for_all_sizes_are_tried_where_their_cases_change_and_far_out(claim, at):
    found = check(claim, LINEAR, compare=False)
    assert found.verdict is Verdict.REFUTED
    assert {name: found.counterexample.at[name] for name in at} == at


def test_where_it_fails_is_exact_only_where_all_was_tried():
    found = check("E|a_1|^4 <= 4*|x|^4", LINEAR.at(law="symmetric"))
    assert found.judgement.fails.endswith("exactly for 1 <= n <= 1048576 (of those tried), whatever L")
    slopes = check("E|a_L|^4 <= (9/10 + 1/n)^L*|x|^4", LINEAR.at(activation="leaky:s"))
    assert slopes.verdict is Verdict.REFUTED
    assert "or more" in slopes.judgement.fails


@pytest.mark.parametrize(
    ("asked", "failed", "held", "says"),
    [
        (
            "n=95..130",
            [95],
            [128, 130],
            "1 of the 3 sizes tried (of 36 asked for): exactly for n = 95 (of those tried)",
        ),
        (
            "n=95..130",
            [95, 128],
            [130],
            "2 of the 3 sizes tried (of 36 asked for): exactly for 95 <= n <= 128 (of those",
        ),
        ("n=8..10", [9], [8, 10], "1 of the 3 sizes tried: exactly for n = 9"),
        ("n=8..10", [9, 10], [8], "2 of the 3 sizes tried: exactly for n >= 9"),
        ("n=8..10", [8, 9], [], "all 2 sizes tried (of 3 asked for)"),
        (None, [3], [2, 4, 64], "1 of the 4 sizes tried: exactly for n = 3"),
        (None, [64], [2, 3, 128], "1 of the 4 sizes tried: exactly for n = 64 (of those tried)"),
    ],
)
def test_sizes_that_were_not_tried_are_not_said_to_hold(asked, failed, held, says):
    n, depth = sp.Symbol("n", integer=True, positive=True), sp.Integer(16)
    failed, held = ([{n: sp.Integer(size)} for size in sizes] for sizes in (failed, held))
    text = where_it_fails(Trials(failed=failed, held=held), read_domain(asked, [n], [], []), depth)
    rest = text.removeprefix(f"fails at {says}")
    assert rest != text
    assert rest in ("", " tried)")
