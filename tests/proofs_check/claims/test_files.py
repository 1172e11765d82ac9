"""Files of claims, and claims that become statements."""

from __future__ import annotations

import json
import shlex

import pytest

from proofs_check import check, load, verify
from proofs_check.claims.batch import read_lines
from proofs_check.claims.latex import from_latex
from proofs_check.claims.saving import as_statement
from proofs_check.cli import main
from proofs_check.verdict import Verdict
from theory.ensembles import Ensemble, InvalidArgument, Law

HE = Ensemble(width="n", depth="L", activation="relu", init="he")
TERNARY = Law.discrete({-1: "1/4", 0: "1/2", 1: "1/4"}, name="ternary")


@pytest.fixture
def claims(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "claims.txt"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_a_file_has_claims_options_and_defaults(claims):
    lines = read_lines(
        claims(
            "# a comment\n\nE|a_L|^2 = 1\ndefaults: --init he\nE|a_L|^2 <= 2 - L --for 'n=1..2, L=1' --law uniform\n"
        )
    )
    assert [(line.number, line.claim, line.options) for line in lines] == [
        (3, "E|a_L|^2 = 1", ()),
        (5, "E|a_L|^2 <= 2 - L", ("--init", "he", "--for", "n=1..2, L=1", "--law", "uniform")),
    ]


@pytest.mark.parametrize(("text", "words"), [("", "has no claim"), ("# nothing\n", "has no claim")])
def test_a_file_without_claims_is_refused(claims, text, words):
    with pytest.raises(InvalidArgument, match=words):
        read_lines(claims(text))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidArgument, match="cannot read"):
        read_lines(tmp_path / "none.txt")


def test_a_batch_ends_with_the_worst_of_its_verdicts(claims, capsys):
    good, bad = "E|a_L|^2 = |x|^2", "E|a_L|^2 = 2*|x|^2"
    open_ = "median log|a_L|^2 = -0.4 --law uniform --for n=2,L=1 --samples 50 --activation linear --init xavier"
    for text, status in ((good, 0), (f"{good}\n{open_}", 3), (f"{good}\n{open_}\n{bad}", 1)):
        assert main(["check", "--file", claims(text), *shlex.split("--activation relu --init he")]) == status
    assert capsys.readouterr().out.count("supported") == 3


def test_a_line_that_cannot_be_read_harms_no_other(claims, capsys):
    lines = ["\ufeffE|a_L|^2 = |x|^2", "E|a_L|^2 =", "E|a_L|^2 = 1 --for 'n=1", "E|a_L|^2 = 1 --nonsense 3"]
    path = claims("\n".join([*lines, "E|a_L|^4 = (1+2/n)^L |x|^4"]))
    assert main(["check", "--file", path, "--format", "json"]) == 2
    out, err = capsys.readouterr()
    assert [entry["verdict"] for entry in json.loads(out)] == ["supported", None, None, None, "supported"]
    assert "line 2" in err
    assert "--nonsense is no option of a claim" in err


def test_a_line_may_expect_another_verdict(claims):
    assert main(["check", "--file", claims("E|a_L|^2 = 2*|x|^2 --expect refuted")]) == 0
    assert main(["check", "--file", claims("E|a_L|^2 = |x|^2 --expect refuted")]) == 1


@pytest.mark.parametrize(
    ("claim", "net", "sizes"),
    [
        ("E|a_L|^4 = (1+5/n)^L |x|^4", HE, None),
        ("E log|a_L|^2 >= -3*L/n", HE, "n=12..40"),
        ("E|a_L|^2 = n_1*n_2*|x|^2", Ensemble(widths=(2, 3, 4), init=1), None),
        (r"\mathbb{E}\|a_L\|^4 = (1+5/n)^L \|x\|^4", HE, None),
        ("E|a_1|^4 = (1+5/n)*|x|^4 - 2*|x|_4^4/n", HE.at(law=TERNARY), None),
    ],
)
def test_a_saved_claim_is_a_statement_that_stands(tmp_path, claim, net, sizes):
    source = as_statement(check(claim, net, sizes=sizes), sizes=sizes)
    path = tmp_path / "saved.py"
    path.write_text(source, encoding="utf-8")
    (statement,) = load(str(path))
    assert statement.title == (from_latex(claim) if "\\" in claim else claim)
    assert statement.evidence[0].net == net
    report = verify([statement])
    assert report.verdict is Verdict.SUPPORTED
    assert all(mutant.refuted for mutant in report.results[0].mutants)
    wrong = source.replace("(1+5/n)", "(1+5/n^2)").replace("-3*L/n", "-2*L/n").replace("n_1*n_2", "n_1*n_1")
    path.write_text(wrong, encoding="utf-8")
    assert verify(load(str(path))).verdict is Verdict.REFUTED


def test_a_file_that_is_there_is_not_overwritten(tmp_path, capsys):
    target = tmp_path / "saved.py"
    target.write_text("mine", encoding="utf-8")
    assert main(["check", "E|a_L|^2 = |x|^2", "--save", str(target)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert target.read_text(encoding="utf-8") == "mine"


def test_only_what_is_supported_is_saved(tmp_path, capsys):
    target = tmp_path / "saved.py"
    command = ["check", "E|a_L|^2 = 2*|x|^2", "--save", str(target)]
    assert main(command) == 2
    assert "--save: the claim is refuted" in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.parametrize(
    ("command", "status", "words"),
    [
        ("'E|a_L|^2 = |x|^2'", 0, "supported: E|a_L|^2 = |x|^2"),
        ("'E|a_L|^2 = 2'", 1, "counterexample at n = 1, L = 1: claimed 2, true 1"),
        ("'E|a_L|^2 = 2' --expect refuted", 0, "refuted"),
        ("'E|a_L|^2 == 1' --width 4", 0, "all L, width 4 only"),
    ],
)
def test_the_command_prints_the_answer(capsys, command, status, words):
    assert main(["check", *shlex.split(command)]) == status
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", "claim: is missing"),
        ("'E|a_L|^2 = 1' --file x.txt", "claim: is given, and a file, too"),
        ("'E|a_L|^2 = q'", "^"),
        ("'E|a_L|^2 = 1' --for n=5..2", "--for: n=5..2 has no value"),
        ("'E|a_L|^2 = 1' --width 4 --for n=1..8", "--for: n is 4 in this ensemble"),
        ("'E tr(W) = 0' --matrix 'W: normal 1, n by n' --init he", "--init: does not apply"),
        ("'E|a_L|^2 = 1' --format xml", "--format"),
        ("'E|a_L|^2 = 1' --expect maybe", "--expect"),
        ("'E|a_L|^2 = 1' --seconds never", "--seconds: must be a positive number"),
        ("'E|a_L|^2 = 1' --save /nowhere/at/all.py", "--save: cannot write"),
        ("'E|a_L|^2 = 1' --law pytorch --init pytorch", "--law"),
        ("'E log|a_L|^2 = 1' --law uniform --width 4 --depth 2", "valid interval"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_the_words_of_the_command(capsys, command, words):
    assert main(["check", *shlex.split(command)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
