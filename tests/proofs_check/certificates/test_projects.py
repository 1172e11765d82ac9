"""Certificates as text and as folders; nothing here runs Coq."""

import re

import pytest
import sympy as sp

from proofs_check import cli
from proofs_check.certificates import coqc, projects
from proofs_check.certificates.folds import for_any_steps
from proofs_check.certificates.inductions import first_step, for_all_steps
from proofs_check.certificates.lemmas import lemma
from proofs_check.certificates.projects import certificate, project, proofs_of, write_project
from proofs_check.evidence import Carried, Changing, Fold, Induction, Obligation
from proofs_check.registry import own_statements, select
from theory.ensembles import InvalidArgument

n = sp.Symbol("n", positive=True)
L = sp.Symbol("L", integer=True, positive=True)
PROVED = [statement for statement in own_statements() if proofs_of(statement)]


@pytest.fixture(scope="module")
def written():
    return {statement.id: certificate(statement) for statement in PROVED}


def test_every_proof_is_written_and_its_theorems_are_all_accounted_for(written):
    assert len({one.name for one in written.values()}) == len(PROVED)
    for statement in PROVED:
        text = written[statement.id].text
        theorems = re.findall(r"^(?:Lemma|Theorem) (\w+) :", text, re.MULTILINE)
        assert len(set(theorems)) == len(theorems) == text.count("\nQed.")
        certified = re.search(r"Definition certified := \((.*?)\)\.", text, re.DOTALL)[1]
        assert set(re.findall(r"\w+", certified)) >= {name for name in theorems if not name.endswith("_later")}
        assert text.endswith("Print Assumptions certified.\n")


def test_no_certificate_assumes_anything_itself(written):
    texts = [*(one.text for one in written.values()), *projects.theory_texts().values()]
    for text in texts:
        assert not re.search(r"\b(Axiom|Parameter|Conjecture|Admitted|admit|Abort|bypass_check)\b", text)


def test_each_obligation_is_a_lemma_and_each_induction_a_theorem(written):
    for statement in PROVED:
        proofs, one = proofs_of(statement), written[statement.id]
        assert one.lemmas == sum(len(proof.obligations(statement.claim)) for proof in proofs)
        assert one.inductions == sum(len(proof.inductions(statement.claim)) for proof in proofs if proof.inductions)


FROM_THEORY = {
    "chain.hessian-hollow": 2,
    "chain.hessian-inertia": 1,
    "escape.minibatch-noise": 2,
    "forward.biases-mean": 7,
    "gradient.biases-mean": 3,
    "gradient.fixed-readout": 3,
    "gradient.in-biases": 2,
    "hessian.spread": 6,
    "hessian.rank-and-inertia": 1,
    "matrices.frobenius-fourth": 1,
    "sgd.second-moment": 2,
}
"""How many inductions begin with a step that theory or the statement derives, of which docs/trust.md tells."""


def test_all_other_inductions_begin_with_the_weights(written):
    assert {name: one.inductions - one.weights for name, one in written.items() if one.inductions > one.weights} == (
        FROM_THEORY
    )


def test_gradients_and_blocks_begin_with_the_gates_of_the_signal(written):
    assert "gradient n 0 E V i m x\n  = norm_x ^ 2 / 2." in written["gradient.mean-preserved"].text
    assert "block n 0 E V i j m x\n  = INR n * norm_x ^ 2 / 4." in written["hessian.block-norms"].text


def test_a_claim_is_written_as_it_is_typed(written):
    text = written["forward.fourth-moment"].text
    assert "after n 0 E L (fun a => square n a ^ 2) x\n  = norm_x ^ 4 * (1 + 5 / INR n) ^ L." in text
    assert "fourth_moments n n s2 3 E ->" in text
    assert "s2 = 2 / INR n ->" in text


def test_a_mutant_changes_the_text():
    (statement,) = select(["forward.mean-preserved"])
    for mutant in statement.mutants[:2]:
        assert certificate(statement, mutant.claim).text != certificate(statement).text


def test_a_lemma_assumes_what_it_divides_by_and_nothing_else():
    m, K = sp.symbols("m K", positive=True)
    text = lemma(Obligation("one", m * K / (n - 5) + sp.sqrt(K - 1), K), "one").text
    assert "forall (K m n root1 : R),\n  0 < K ->\n  0 < n ->\n  n - 5 <> 0 ->\n  0 < K - 1 ->" in text
    assert "0 < m" not in text


def test_a_slope_lies_below_one():
    slope = sp.Symbol("slope", positive=True)
    assert "slope < 1 ->" in lemma(Obligation("one", slope, slope, (slope,)), "one").text


def test_a_closed_form_with_a_negative_exponent_begins_later():
    begins = Induction("2^(L-1)", (Carried.number(L, sp.Integer(2), sp.Rational(1, 2)),), 2 ** (L - 1))
    text = for_all_steps(begins, "it").text
    assert first_step(begins) == 1
    assert "carried1 2 (1 / 2) (L + 1)\n  = 2 ^ L." in text
    assert "(1 <= L)%nat ->\n  carried1 2 (1 / 2) L\n  = 2 ^ (L - 1)." in text


def test_several_numbers_of_steps_cannot_begin_later():
    k = sp.Symbol("k", integer=True, positive=True)
    numbers = tuple(Carried.number(letter, sp.Integer(2), sp.Integer(1)) for letter in (L, k))
    with pytest.raises(InvalidArgument, match="begins after step 0"):
        for_all_steps(Induction("two", numbers, 2 ** (L + k - 1)), "two")


def test_a_fold_may_not_divide_by_what_changes():
    s, p, w = sp.symbols("s p w", positive=True)
    halved = Fold("halved", (w,), Changing(s, sp.S.One, s / w), (Changing(p, sp.S.One, w * p),), 1 / p)
    with pytest.raises(InvalidArgument, match="divides by what changes"):
        for_any_steps(halved, "halved")


def test_a_fold_assumes_of_every_step_what_it_assumes_of_one():
    s, w, c = sp.symbols("s w c", positive=True)
    text = for_any_steps(Fold("sum", (w,), Changing(s, sp.S.Zero, s + 0 / w + c / w - c / w), (), sp.S.Zero), "it").text
    assert "Fixpoint it_state (w_at : nat -> R)" in text
    text = for_any_steps(Fold("sum", (w,), Changing(s, c, s * w / (w + c)), (), c), "it").text
    assert "(forall i : nat, 0 < w_at i) ->" in text
    assert "\n  0 < c ->" in text


def test_a_statement_without_proof_has_no_certificate():
    (statement,) = select(["forward.typical-rate"])
    with pytest.raises(InvalidArgument, match="has no proof"):
        certificate(statement)


# --- folders ----------------------------------------------------------------------------------------------------------


def test_a_project_replaces_an_earlier_one_and_nothing_else(tmp_path):
    folder = tmp_path / "coq"
    write_project(project([]), folder)
    (folder / "Old.v").write_text("")
    write_project(project([]), folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(project([]))
    assert [path.name for path in tmp_path.iterdir()] == ["coq"]


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.v").write_text("mine")
    with pytest.raises(InvalidArgument, match="did not make"):
        write_project(project([]), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.v"]


def test_a_failure_leaves_the_earlier_project_whole(tmp_path, monkeypatch):
    folder = tmp_path / "coq"
    write_project(project([]), folder)

    def full(path, text):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(projects, "write_whole", full)
    with pytest.raises(OSError, match="No space"):
        write_project({"a.v": "", "b.v": ""}, folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(project([]))
    assert [path.name for path in tmp_path.iterdir()] == ["coq"]


# --- the command ------------------------------------------------------------------------------------------------------


def test_without_coq_it_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(coqc.shutil, "which", lambda program: None)
    assert cli.main(["certify", "init.*", "--out", str(tmp_path / "coq")]) == 2
    assert "apt install coq" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_files_alone_are_written_without_coq(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(coqc.shutil, "which", lambda program: None)
    assert cli.main(["certify", "init.*", "--unchecked", "--out", str(tmp_path / "coq")]) == 0
    assert "init.pytorch-default" in capsys.readouterr().out
    assert (tmp_path / "coq" / "init_pytorch_default.v").is_file()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["forward.typical-rate"], "forward.typical-rate has no proof to certify"),
        (["engines.*"], "none of these statements has a proof"),
        (["no.such"], "no statement matches"),
        (["--out", ""], "is empty"),
    ],
)
def test_what_cannot_be_certified_is_an_error(arguments, problem, monkeypatch, capsys):
    monkeypatch.setattr(coqc.shutil, "which", lambda program: program)
    assert cli.main(["certify", *arguments]) == 2
    assert problem in capsys.readouterr().err


def test_unchecked_without_a_folder_does_nothing(capsys):
    assert cli.main(["certify", "--unchecked"]) == 2
    assert "--out DIR" in capsys.readouterr().err


def test_what_a_pattern_finds_without_proof_is_told(monkeypatch, capsys, tmp_path):
    arguments = ["certify", "init.*", "engines.*", "--unchecked", "--out", str(tmp_path / "coq")]
    assert cli.main(arguments) == 0
    assert re.search(r"engines\.norms +no proof", capsys.readouterr().out)
