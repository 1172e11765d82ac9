"""Drawn claims: which values of |x| and of other letters they were judged at, and that all of these count."""

from __future__ import annotations

import pytest
import sympy as sp

from proofs_check import check
from proofs_check.claims.meaning import understand
from proofs_check.claims.parameters import NORM
from proofs_check.claims.scaling import at_norm_one, by_norm
from proofs_check.verdict import Verdict
from theory.ensembles import Ensemble, InvalidArgument

DRAWN = Ensemble(width=4, depth=2, law="uniform")
ONES = "(1, ..., 1)/sqrt(n_0)"


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
        ("median|a_L|^2 <= |x|^2", DRAWN, f"width 4, depth 2 only, all |x| in the direction {ONES}"),
        ("median|a_L|^2 <= |x|^3 + |x|", DRAWN, f"width 4, depth 2 only, all |x| in the direction {ONES}"),
        ("median|a_L|^2 = 0.71*|x|^2", DRAWN, f"width 4, depth 2 only, all |x| in the direction {ONES}"),
        ("P(|a_L|^2 >= |x|^2) <= 1/2", DRAWN, f"width 4, depth 2 only, all |x| in the direction {ONES}"),
        (
            "P(|a_L|^2 >= 2) <= |x| + 1/9",
            DRAWN,
            f"width 4, depth 2 only, |x| = 1, 2, 1/2, 1/100, 100 in the direction {ONES}",
        ),
        (
            "median|a_L|^2 <= 3 + c",
            DRAWN,
            "width 4, depth 2 only, c = 1/2, -3/5, 0, 1, -1 (1 and -1 where the input has one entry), "
            f"for the input {ONES}",
        ),
        ("median|a_k|^2 <= 3", DRAWN, f"k = 1; k = 2, width 4, depth 2 only, for the input {ONES}"),
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
        ("P(lambda_max >= 3) = 1", "inconclusive"),
        ("median lambda_max = 2", "refuted"),
    ],
)
def test_eigenvalues_are_themselves_and_not_their_roots(claim, verdict):
    """f = 4 w_2 w_1 has the Hessian ((0, 4), (4, 0)), whatever the weights."""
    chain = Ensemble(width=1, depth=2, readout=(4,))
    assert check(claim, chain, samples=2000, compare=False).verdict.value == verdict


SIGNS = Ensemble(width=2, depth=1, law="rademacher")
BESIDE = Ensemble(width=4, depth=1, activation="relu", init="he", architecture="residual:1/2")


@pytest.mark.parametrize(
    ("claim", "net", "named"),
    [
        ("E|a_L| <= 0.95*|x|", SIGNS, "all |x| in the direction (1, ..., 1)/sqrt(n_0)"),
        ("E|a_L| <= 2", SIGNS.at(input="e1"), "for the input (1, 0, ..., 0)"),
        ("E|a_L| <= 9", SIGNS.at(input=(1, 2)), "for the input (1, 2)"),
        ("median |a_L|^2 >= 1.4", BESIDE, "for the input (1, ..., 1)/sqrt(n_0)"),
        ("P(|a_L|^2 >= 0.99*|x|^2) >= 0.9", BESIDE, "all |x| in the direction (1, ..., 1)/sqrt(n_0)"),
    ],
)
def test_the_direction_drawn_is_named(claim, net, named):
    found = check(claim, net, samples=5_000, error=1e-3, compare=False)
    assert found.verdict is Verdict.SUPPORTED
    assert named in found.scope
    direction = named.split("direction ")[-1].removeprefix("for the input ")
    assert any("the input is" in line and direction in line for line in found.assumptions)
    assert "|x| = 1, as the claim does not mention |x|" not in found.assumptions


def test_normal_weights_single_out_no_direction():
    found = check("median lambda_max <= 9*|x|", Ensemble(width=4, depth=2), samples=500, compare=False)
    assert found.scope == "width 4, depth 2 only, all |x|"
    assert not any("direction" in line for line in found.assumptions)


RELU = Ensemble(width=8, depth=20, activation="relu", init="he")


@pytest.mark.parametrize(
    ("claim", "net", "tolerance"),
    [
        ("median log(|H|_F^2)/20 = 0.072", RELU, "within 0.0025;"),
        ("median log(|H|_F^2)/100 = 0", RELU, "within 0.0005;"),
        ("median lambda_max + 100 = 103", DRAWN, "within 5 % of "),
        ("median lambda_max - 2.2 = 0", DRAWN, "within 5 % of "),
    ],
)
def test_the_tolerance_is_that_of_the_statistic_and_is_told(claim, net, tolerance):
    found = check(claim, net, samples=300, compare=False)
    assert found.verdict is not Verdict.SUPPORTED
    assert tolerance in found.judgement.tiers[0][1]


@pytest.mark.parametrize("claim", ["P(|H|_F >= 300) = 0", "P(lambda_max < 60) = 1", "1 - P(|H|_F >= 300) = 1"])
def test_no_drawing_shows_that_nothing_happens(claim):
    found = check(claim, Ensemble(width=4, depth=4), samples=2_000, compare=False)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "no number of networks shows" in found.judgement.advice
    assert "<= 0.00" in found.judgement.advice


def test_no_number_of_networks_decides_a_tie():
    """|df/dW_1| = |v||x| = 1 for a readout of signs, but for rounding."""
    net = Ensemble(width=3, depth=1, activation="linear", law="uniform", readout="signs")
    found = check("P(|df/dW_1|^2 >= 1) <= 1/2", net, samples=500, compare=False)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "no number of networks would decide" in found.judgement.advice


def test_products_of_norms_of_the_same_networks_are_drawn_where_theory_has_none():
    """What is derived for normal weights is drawn for others: uniform weights of width 64 are nearly normal."""
    net = Ensemble(width=8, depth=2, activation="relu", init="he", law="uniform")
    product = "E|df/dW_1|^2 |df/dW_2|^2"
    derived = check(f"{product} = 0", net.at(law="normal"), compare=False).counterexample.true
    found = check(f"{product} >= {sp.Rational(derived) / 2}", net, samples=8_000, compare=False)
    assert found.verdict is Verdict.SUPPORTED
    assert (
        check(f"{product} >= {sp.Rational(derived) * 2}", net, samples=8_000, compare=False).verdict is Verdict.REFUTED
    )
    of_one = check("E|a_1|^2 |df/dW_2|^2 <= 1/4", net, samples=8_000, compare=False)  # E|a_1|^4/8 at the least
    assert of_one.verdict is Verdict.REFUTED


@pytest.mark.parametrize("claim", ["E<a_2, b_2> >= 0", "E[|a_2|^2*<a_2, a'_2>] >= 0", "E|a_2|^2 |a'_2|^2 >= 0"])
def test_two_inputs_of_deep_networks_are_not_drawn_and_say_what_is(claim):
    with pytest.raises(InvalidArgument, match="sample inner-product"):
        check(claim, Ensemble(width=4, depth=2, activation="relu"), samples=100)
