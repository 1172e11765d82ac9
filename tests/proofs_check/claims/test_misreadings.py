"""What a claim cannot mean is refused in words about this claim; what had no effect, or took too long, is said."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
import sympy as sp

from proofs_check import check
from proofs_check.claims.checked import as_text
from proofs_check.cli import main
from proofs_check.evidence.enclosed import agrees_with
from proofs_check.evidence.enumerated import Enumerated
from proofs_check.verdict import Verdict
from theory.ensembles import Ensemble, InvalidArgument
from theory.log_laws.log_sums import LogSumLaw

HE = Ensemble(width="n", depth="L", activation="relu", init="he")


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("P(lambda_max >= 0) = 1", "lambda_max is never below 0, so this event is certain; write P(lambda_max > 0)"),
        ("P(|a_L|^2 >= -1) = 1", "is never below 0, so this event is certain"),
        ("P(|a_L| < -1) = 0", "is never below 0, so this event is impossible"),
        ("P(|a_L| < 0) = 0", "is never below 0, so this event is impossible"),
    ],
)
def test_events_that_are_certain_are_called_so(claim, words):
    with pytest.raises(InvalidArgument) as refused:
        check(claim, HE)
    assert words in str(refused.value)


def test_a_missing_matrix_is_missing_once():
    with pytest.raises(InvalidArgument) as refused:
        check("E tr(W*A*B) = 0", matrices=["W: normal 1/n, n by m"])
    assert str(refused.value).count("claim:") == 1
    assert "there is no matrix 'A'" in str(refused.value)


def test_options_without_effect_are_named(capsys):
    assert main(["check", "E|a_L|^2 = |x|^2", "--samples", "10", "--tolerance", "0.2"]) == 0
    assert "without effect, as no network was drawn: --samples, --tolerance" in capsys.readouterr().out
    main(["check", "E|a_L|^2 = |x|^2"])
    assert "without effect" not in capsys.readouterr().out
    main(["check", "median|a_L|^2 <= 9", "--law", "uniform", "--width", "2", "--depth", "1", "--samples", "50"])
    assert "without effect" not in capsys.readouterr().out


def test_a_float_in_exact_evidence_is_told_from_the_number_that_it_stands_for():
    evidence = Enumerated("x", cases=((1,),), brute_force=lambda n: Fraction(3, 10), label=lambda n: f"n = {n}")
    found = evidence.examine(lambda n: 0.1 * 3)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "Fraction(1, 10)" in found.detail
    assert evidence.examine(lambda n: Fraction(3, 10)).verdict is Verdict.SUPPORTED
    rounded = agrees_with("x", ((1,),), lambda n: sp.Rational(3, 10)).examine(lambda n: 0.1 * 3)
    assert rounded.verdict is Verdict.INCONCLUSIVE
    assert "is a float, which is rounded" in rounded.detail


@pytest.mark.parametrize(
    ("claim", "net"),
    [
        ("median|a_L|^2 = 10", HE.at(width=4096, depth=4096)),
        ("median log|a_L|^2 <= 1", HE.at(width=1024, depth=1024, activation="leaky:1/4")),
    ],
)
def test_a_number_that_takes_too_long_is_left_open(claim, net):
    began = time.monotonic()
    found = check(claim, net, seconds=0.5)
    assert time.monotonic() - began < 60
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "takes longer than there was time" in as_text(found)


@pytest.mark.parametrize(
    "claim",
    ["median|a_L|^2 <= 10", "median|a_L|^2 <= |x|^2", "median[3/|a_L|^2] >= 3/|x|^2", "2 - median|a_L| >= 1"],
)
def test_a_quantile_is_compared_by_one_probability(claim, monkeypatch):
    def never(*arguments, **options):
        raise AssertionError("the quantile itself takes long in wide networks")

    monkeypatch.setattr(LogSumLaw, "enclosed_quantile", never)
    assert check(claim, HE.at(width=64, depth=64), compare=False).verdict is Verdict.SUPPORTED


def test_a_quantile_that_a_probability_refutes_is_refuted():
    found = check("median|a_L|^2 >= |x|^2", HE.at(width=16, depth=16), compare=False)
    assert found.verdict is Verdict.REFUTED
    assert float(found.counterexample.true) < float(found.counterexample.claimed)
