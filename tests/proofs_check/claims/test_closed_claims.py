"""Claims about closed forms: identities for all letters, inequalities at the values tried, and their wrong input."""

import math

import pytest
from sympy import Rational

from proofs_check import check, closed_form
from proofs_check.verdict import Verdict
from theory.balls import precision
from theory.ensembles import InvalidArgument


def test_an_identity_is_supported_for_all_letters_and_a_false_one_refuted_at_some():
    true = check("linear2.rate = 2 c lambda_r")
    assert (true.verdict, true.scope) == (Verdict.SUPPORTED, "all c, lambda_r")
    assert true.sharpness.refuted == true.sharpness.tried > 3
    assert check("sparse.window = 1", values={"N": 3}).verdict is Verdict.REFUTED  # eps < zeta < 1 has to be met
    false = check("linear2.rate = 3 c lambda_r")
    assert false.verdict is Verdict.REFUTED
    at = false.counterexample.at
    assert float(false.counterexample.true) == pytest.approx(2 * float(at["c"] * at["lambda_r"]))
    assert float(false.counterexample.claimed) == pytest.approx(3 * float(at["c"] * at["lambda_r"]))


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("<= 3*sqrt(13)/(2*h)", Verdict.SUPPORTED),
        (">= 0.98 * 3*sqrt(13)/(2*h)", Verdict.REFUTED),  # fails at h = 2 alone
        (">= 0.978 * 3*sqrt(13)/(2*h)", Verdict.SUPPORTED),
        ("<= 0.989 * 3*sqrt(13)/(2*h)", Verdict.SUPPORTED),
        ("<= 0.988 * 3*sqrt(13)/(2*h)", Verdict.REFUTED),  # fails at h = 4 alone
    ],
)
def test_an_inequality_is_judged_at_the_values_tried(claim, verdict):
    given = {"theta": "3/2", "d": 4}
    first, second, third = (
        closed_form("linear2.distance-law", given, h=h).value / (3 * math.sqrt(13) / (2 * h)) for h in (2, 3, 4)
    )
    assert 0.978 < first < 0.98 < second < 0.988 < third < 0.989
    found = check(f"linear2.distance-law {claim}", values=given, sizes="h=2,3,4")
    assert found.verdict is verdict
    assert found.scope.endswith("the values tried: h = 2, 3, 4, a = 1/2, theta = 3/2, d = 4")


def test_each_value_is_tried_and_the_first_that_fails_is_shown():
    """The window at N = 2 has length 0.18, that at N = 3 has 47.39."""
    values = {"alpha": "1/100", "zeta": "2/5", "eps": "1/20"}
    found = check("sparse.window >= 40 (N - 2)", values=values, sizes="N=2..4")
    assert found.verdict is Verdict.SUPPORTED
    assert "N = 2..4" in found.scope
    false = check("sparse.window >= 47 (N - 2) + 1/2", values=values, sizes="N=2..4")
    assert false.counterexample.at == {"N": 2}
    assert float(false.counterexample.true) == pytest.approx(0.1828, abs=1e-4)


def test_an_equation_is_refuted_by_balls_and_never_supported_by_them():
    """P(c > h^(1-2a)) has no formula: what agrees to all digits stays open."""
    assert check("linear2.imbalance-probability = 0.7873", sizes="h=4").verdict is Verdict.REFUTED
    with precision(60):
        digits = closed_form("linear2.imbalance-probability", h=4, digits=50).enclosed[1:44]
    found = check(f"linear2.imbalance-probability = {digits}", sizes="h=4")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "proves no equality" in found.judgement.tiers[0][1]


def test_the_leak_is_judged_to_all_its_digits():
    """The leak at alpha = 1/10 is 0.00502270: a bound on it and a number beside it are told apart."""
    given = {"N": 3, "alpha": "1/10", "zeta": "2/5"}
    assert check("sparse.leakage <= 0.0050227", values=given).verdict is Verdict.SUPPORTED
    assert check("sparse.leakage >= 0.0050227", values=given).verdict is Verdict.REFUTED
    assert check("sparse.leakage = 0.0050227", values=given).verdict is Verdict.REFUTED


def test_a_bound_is_called_one():
    found = check("sparse.window >= 0", values={"N": 3, "alpha": "1/100", "zeta": "2/5", "eps": "1/20"})
    assert found.assumptions[0].startswith("sparse.window is a lower bound on the length")
    assert not any(
        "is a lower bound" in line for line in check("linear2.scalar-solution <= 1", values=SCALAR).assumptions
    )


SCALAR = {"t": 1, "A": 2, "B": 2, "theta": "3/4"}


def test_letters_that_are_no_whole_numbers_are_tried_at_values_too():
    given = {"N": 3, "zeta": "2/5", "eps": "1/20"}
    found = check("sparse.window >= 2", values=given, sizes="alpha=1/10,1/100")
    assert found.verdict is Verdict.SUPPORTED
    assert "alpha = 1/10, 1/100" in found.scope
    false = check("sparse.window >= 3", values=given, sizes="alpha=1/100,1/10")
    assert false.counterexample.at == {"alpha": Rational(1, 10)}


def test_a_difference_of_closed_forms_is_told_from_a_hyphen():
    found = check("linear2.rate-c = 2 c lambda_r - c")
    assert found.verdict is Verdict.SUPPORTED
    assert found.left == "-c + linear2.rate"


def test_several_closed_forms_share_letters():
    values = {"lambda_r": 1, "c": 3, "c_plus": 1, "c_minus": 2, "L_minus": 3, "L_plus": 4, "sigma_r": 1, "sigma_m": 2}
    assert check("linear2.margin-rate > linear2.rate", values=values).verdict is Verdict.SUPPORTED
    assert check("linear2.margin-rate < linear2.rate", values=values).verdict is Verdict.REFUTED


def test_the_command_takes_them_alone_and_from_a_file(vanishing, tmp_path):
    ran = vanishing("check 'linear2.rate <= 1' --set lambda_r=1/2,c=3")
    assert ran.status == 1
    assert "true 3.000000000, claimed 1.000000000" in ran.out
    file = tmp_path / "claims.txt"
    file.write_text("linear2.rate = 2 c lambda_r\nlinear2.rate <= 4 --set lambda_r=1/2,c=3\n", encoding="utf-8")
    assert vanishing(f"check --file {file}").status == 0


@pytest.mark.parametrize(
    ("claim", "options", "told"),
    [
        ("linear2.rat <= 1", {}, "there is no closed form 'linear2.rat'; did you mean 'linear2.rate'"),
        ("linear2.rate <= 1", {}, "inequalities between closed forms are checked at numbers"),
        ("linear2.rate ~ 1", {}, "there are no limits here"),
        ("linear2.rate = linear2.rate", {}, "the same closed forms on both sides"),
        ("linear2.rate <= 1", {"values": {"x": 1}}, "there is no letter 'x' in this claim"),
        ("linear2.distance-law = 1", {}, "has no value"),
        ("linear2.distance-law <= 1", {"sizes": "h>=4", "values": {"theta": 1, "d": 2}}, "finitely many values"),
        ("E|a_L|^2 = 1", {"values": {"x": 1}}, "of which the claim names none"),
        ("linear2.rate = 2 c q", {}, "known are EulerGamma, c, linear2.rate"),
        ("linear2.rate <= 1", {"sizes": "q=1,2", "values": {"c": 1}}, "'q' is no letter without a value"),
        ("linear2.rate <= 1", {"sizes": "c=1,2", "values": {"c": 1}}, "c has a value already"),
        ("linear2.rate <= 1", {"sizes": "c=1,-2", "values": {"lambda_r": 1}}, "must be a number from 0"),
        ("linear2.rate <= 1", {"sizes": "c=x", "values": {"lambda_r": 1}}, "c=x is no list of numbers"),
    ],
)
def test_what_is_wrong_is_said(claim, options, told):
    with pytest.raises(InvalidArgument, match=told.replace("|", r"\|")):
        check(claim, **options)


@pytest.mark.parametrize("option", ["--width 3", "--matrix 'W: normal 1/n, n by n'", "--save x.py"])
def test_options_of_networks_do_not_apply(vanishing, option):
    ran = vanishing(f"check 'linear2.rate <= 1' --set lambda_r=1,c=1 {option}")
    assert ran.status == 2
    assert ran.err.count("\n") == 1
