"""Coq closes what is true, and nothing else."""

import io
import re
import shutil
from contextlib import redirect_stdout
from dataclasses import replace

import pytest
import sympy as sp

from proofs_check import cli
from proofs_check.certificates import coqc, projects
from proofs_check.certificates.folds import for_any_steps
from proofs_check.certificates.inductions import for_all_steps
from proofs_check.certificates.lemmas import lemma
from proofs_check.certificates.projects import LIBRARY, THEORY, certificate
from proofs_check.command.subcommands import certify
from proofs_check.evidence import Carried, Changing, Fold, Induction, Obligation
from proofs_check.registry import select

pytestmark = pytest.mark.coq

n, K = sp.symbols("n K", positive=True)
L, k = sp.symbols("L k", integer=True, positive=True)
HEAD = (
    f"From Coq Require Import Reals Lia Lra.\nFrom {LIBRARY} Require Import {' '.join(THEORY)}.\nOpen Scope R_scope.\n"
)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Return a project that the command has written and compiled, and what it said."""
    made, out = tmp_path_factory.mktemp("coq") / "project", io.StringIO()
    with redirect_stdout(out):
        status = cli.main(["certify", "hessian.norm-bounds", "--quick", "--jobs", "1", "--out", str(made)])
    return made, status, out.getvalue()


@pytest.fixture(scope="module")
def folder(told):
    """Return a project whose theory is compiled."""
    return told[0]


def test_the_command_tells_what_closed(told):
    made, status, out = told
    assert status == 0
    assert re.search(r"hessian\.norm-bounds +closed +1 identity", out)
    assert "1 of 1 closed; axioms: " in out
    assert (made / "hessian_norm_bounds.vo").is_file()


def _checked(folder, name, *theorems, text=""):
    body = "\n".join(one.text for one in theorems) + text
    certified = ", ".join([one.name for one in theorems] or ["it"])
    end = f"\nDefinition certified := ({certified}).\nPrint Assumptions certified.\n"
    (folder / f"{name}.v").write_text(HEAD + body + end)
    return coqc.compile_file(folder, name)


def _lucas(start):
    """What carries Lucas numbers has irrational eigenvalues: their powers add up to whole numbers."""
    matrix, root = sp.Matrix([[0, 1], [n, 1]]), sp.sqrt(1 + 4 * n)
    return Induction("Lucas", (Carried(L, matrix, start),), ((1 + root) / 2) ** L + ((1 - root) / 2) ** L)


def _squares(power):
    """Return the product of squares of any weights, as a power of their product."""
    s, p, w = sp.symbols("s p w", positive=True)
    return Fold("squares", (w,), Changing(s, sp.S.One, w**2 * s), (Changing(p, sp.S.One, w * p),), p**power)


TRUE = [
    lemma(Obligation("fractions", 1 / (n - 5) - 1 / (n + 5), 10 / (n**2 - 25)), "fractions"),
    lemma(Obligation("powers", n ** (2 * L - 4) * n**2, (n ** (L - 1)) ** 2), "powers"),
    lemma(Obligation("bases", (1 + 5 / n) ** L * (n + 5) / n, ((n + 5) / n) ** (L + 1)), "bases"),
    lemma(Obligation("roots", (K + sp.sqrt(n)) * (K - sp.sqrt(n)) / sp.sqrt(n), (K**2 - n) / sp.sqrt(n)), "roots"),
    lemma(Obligation("letters", n * K / 2, sp.S.One, where=((K, 2 / n),)), "letters"),
    lemma(Obligation("opaque", sp.exp(n) * 2, sp.exp(n) + sp.exp(n)), "opaque"),
    for_all_steps(_lucas((sp.Integer(2), sp.Integer(1))), "two_numbers"),
    for_all_steps(
        Induction(
            "three at once",
            (
                Carried.number(L, 1 + 1 / n, K),
                Carried(k, sp.Matrix([[1, 1], [0, 1]]), (sp.Integer(0), sp.Integer(1))),
            ),
            K * (1 + 1 / n) ** L * k,
        ),
        "product",
    ),
    for_all_steps(
        Induction("later", (Carried.number(L, sp.Integer(2), sp.Rational(1, 2)),), 2 ** (L - 1)), "begins_later"
    ),
    for_any_steps(_squares(2), "folded"),
]
FALSE = [
    lemma(Obligation("fractions", 1 / (n - 5) - 1 / (n + 5), 11 / (n**2 - 25)), "fractions"),
    lemma(Obligation("powers", n ** (2 * L - 4) * n**3, (n ** (L - 1)) ** 2), "powers"),
    lemma(Obligation("roots", (K + sp.sqrt(n)) * (K - sp.sqrt(n)), K**2 + n), "roots"),
    lemma(Obligation("letters", n * K / 2, sp.S.One, where=((K, 3 / n),)), "letters"),
    for_all_steps(_lucas((sp.Integer(2), sp.Integer(2))), "two_numbers"),
    for_all_steps(Induction("later", (Carried.number(L, sp.Integer(2), sp.Integer(1)),), 2 ** (L - 1)), "begins_later"),
    for_any_steps(_squares(3), "folded"),
]


def test_what_is_true_closes(folder):
    checked = _checked(folder, "True_", *TRUE)
    assert checked.problem == ""
    assert {axiom.rsplit(".", 1)[-1] for axiom in checked.axioms} <= {
        "sig_forall_dec",
        "sig_not_dec",
        "functional_extensionality_dep",
    }


@pytest.mark.parametrize("theorem", FALSE, ids=lambda theorem: theorem.name)
def test_what_is_false_does_not(folder, theorem):
    checked = _checked(folder, f"False_{theorem.name}", theorem)
    assert checked.problem.startswith(theorem.name)


def test_a_statement_closes_and_its_mutants_do_not(folder):
    (statement,) = select(["init.pytorch-default"])
    claims = {"": statement.claim, **{mutant.name: mutant.claim for mutant in statement.mutants}}
    for number, (name, claim) in enumerate(claims.items()):
        one = certificate(statement, claim)
        (folder / f"claim{number}.v").write_text(one.text)
        assert coqc.compile_file(folder, f"claim{number}").closed == (name == "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Lemma it : 1 = 2. Admitted.", "assumes it"),
        ("Axiom mine : 1 = 2. Lemma it : 2 = 1. Proof. symmetry; exact mine. Qed.", "assumes mine"),
        ("Axiom sig_not_dec : 1 = 2. Lemma it : 2 = 1. Proof. symmetry; exact sig_not_dec. Qed.", "assumes"),
    ],
)
def test_what_is_assumed_is_not_proved(folder, text, problem):
    checked = _checked(folder, "Assumed", text=text)
    assert problem in checked.problem


def test_a_file_that_does_not_say_what_it_assumes_is_refused(folder):
    (folder / "Silent.v").write_text("Lemma it : 1 = 1. Proof. reflexivity. Qed.\n")
    assert coqc.compile_file(folder, "Silent").problem == "does not say what it assumes"


def test_the_checker_sees_an_axiom_that_a_file_hides(folder):
    (folder / "Hidden.v").write_text("Axiom mine : 1 = 2.\n")
    assert coqc.compile_file(folder, "Hidden", certified=False).closed
    assert coqc.check_again(folder, ["Hidden"], library=False).problem == f"assumes {LIBRARY}.Hidden.mine"
    assert coqc.check_again(folder, [], library=False).closed


def test_the_command_fails_where_a_claim_is_false(folder, capsys, monkeypatch):
    (statement,) = select(["hessian.norm-bounds"])
    (mutant,) = (mutant for mutant in statement.mutants if mutant.name.startswith("m + 2"))
    false = replace(statement, claim=mutant.claim)
    monkeypatch.setattr(certify, "chosen_statements", lambda options: ((false,), ()))
    monkeypatch.setattr(coqc, "compile_theory", lambda to: [shutil.copy(one, to) for one in folder.glob("*.vo")])
    assert cli.main(["certify", "--quick", "--jobs", "1"]) == 1
    assert "not written: m/(m+1), for any eigenvalues whose sum is 0 is refuted" in capsys.readouterr().out
    monkeypatch.setattr(projects, "require_sound", lambda statement: None)  # Coq finds it, too
    assert cli.main(["certify", "--quick", "--jobs", "1"]) == 1
    out = capsys.readouterr().out
    assert "not closed: proof1_H__F_2_lam_2_c_squares: " in out
    assert "0 of 1 closed" in out
