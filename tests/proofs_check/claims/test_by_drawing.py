"""Drawn claims: which values of |x| and of other letters they were judged at, and that all of these count."""

from __future__ import annotations

import pytest
import sympy as sp

from proofs_check import check
from proofs_check.claims.meaning import understand
from proofs_check.claims.parameters import NORM
from proofs_check.claims.scaling import at_norm_one, by_norm
from proofs_check.verdict import Verdict
from theory.ensembles import Ensemble

DRAWN = Ensemble(width=4, depth=2, law="uniform")


@pytest.mark.parametrize(
    ("claim", "net", "at"),
    [
        ("median|a_L|^2 <= |x|^3", DRAWN, {"|x|": sp.Rational(1, 2)}),
        ("median|a_L|^2 <= 100*|x|^3", DRAWN, {}),
        ("median|a_L|^2 <= 100*|x|", DRAWN, {}),
        ("E|a_L| <= |x|^2", DRAWN, {"|x|": sp.Rational(1, 2)}),
        ("median lambda_max <= 9", DRAWN.at(input="ones"), None),
        ("median lambda_max <= 9*|x|^2", DRAWN, {}),
        ("P(|a_L|^2 >= 1) <= 1/2", DRAWN, None),
        ("P(|a_L|^2 >= |x|) <= 1/2", DRAWN, {"|x|": sp.Integer(2)}),
        ("median|a_L|^2 <= 1 + c", DRAWN, {"c": sp.Rational(-3, 5)}),
        ("median|a_L|^2 <= 1/2", DRAWN.at(activation="leaky:s", init="he"), {"s": sp.Rational(9, 10)}),
    ],
)
def test_all_values_of_letters_count(claim, net, at):
    found = check(claim, net, samples=2_000, compare=False)
    if at is None:
        assert found.verdict is Verdict.SUPPORTED
        return
    assert found.verdict is Verdict.REFUTED
    assert {name: found.counterexample.at[name] for name in at} == at


@pytest.mark.parametrize(
    ("claim", "net", "scope"),
    [
        ("median|a_L|^2 <= |x|^2", DRAWN, "width 4, depth 2 only, all |x|"),
        ("median|a_L|^2 <= |x|^3 + |x|", DRAWN, "width 4, depth 2 only, all |x|"),
        ("median|a_L|^2 = 0.71*|x|^2", DRAWN, "width 4, depth 2 only, all |x|"),
        ("P(|a_L|^2 >= |x|^2) <= 1/2", DRAWN, "width 4, depth 2 only, all |x|"),
        ("P(|a_L|^2 >= 2) <= |x| + 1/9", DRAWN, "width 4, depth 2 only, |x| = 1, 2, 1/2, 1/100, 100"),
        ("median|a_L|^2 <= 3 + c", DRAWN, "width 4, depth 2 only, c = 1/2, -3/5, 0, 1, -1"),
        ("median|a_k|^2 <= 3", DRAWN, "k = 1; k = 2, width 4, depth 2 only"),
    ],
)
def test_the_scope_names_the_values_drawn(claim, net, scope):
    found = check(claim, net, samples=4_000, tolerance=0.2, compare=False)
    assert (found.verdict, found.scope) == (Verdict.SUPPORTED, scope)


def test_a_claim_without_a_value_somewhere_stays_open():
    found = check("median|a_L|^2 <= 1 + log(1+c)", DRAWN, samples=500, compare=False)
    assert found.verdict is not Verdict.SUPPORTED
    cancelled = check("median|a_L|^2 <= 1 + (|x|-2)/(|x|-2) + |x|^2", DRAWN, samples=500, compare=False)
    assert cancelled.verdict is Verdict.INCONCLUSIVE
    assert "|x| = 2: it divides by |x| - 2" in cancelled.judgement.tiers[0][1]


@pytest.mark.parametrize(
    "text", ["E|a_L|^3", "median|a_L|", "median lambda_max", "median lambda_min", "P(|a_L|^2 >= 9)", "E log|a_L|^2"]
)
def test_statistics_scale_as_the_networks_do(text):
    meaning = understand(f"{text} = 0", Ensemble(width="n", depth="L"))
    ((letter, statistic),) = meaning.statistics.items()
    unit = at_norm_one(statistic, sp.Integer(3))
    formula = by_norm(statistic, letter)
    factor = formula.subs(NORM, 3) - letter if formula.has(sp.log) else formula.subs(NORM, 3) / letter
    logarithm = 2 * sp.log(3)
    expected = {"E|a_L|^3": 27, "median lambda_min": 3, "P(|a_L|^2 >= 9)": 1}.get(text, logarithm)
    assert sp.simplify(factor - expected) == 0
    assert getattr(unit, "threshold", 1) == 1


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("median lambda_max = 4", "supported"),
        ("median lambda_max <= 3", "refuted"),
        ("median lambda_min <= -3", "supported"),
        ("P(lambda_max >= 3) = 1", "supported"),
        ("median lambda_max = 2", "refuted"),
    ],
)
def test_eigenvalues_are_themselves_and_not_their_roots(claim, verdict):
    """f = 4 w_2 w_1 has the Hessian ((0, 4), (4, 0)), whatever the weights."""
    chain = Ensemble(width=1, depth=2, readout=(4,))
    assert check(claim, chain, samples=2000, compare=False).verdict.value == verdict
