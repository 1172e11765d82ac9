"""The papers: every statement that they name exists, and commands show, verify and tabulate them."""

import csv
import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module

import pytest

from proofs_check.paper import Claim, Paper
from proofs_check.papers import paper, papers
from proofs_check.registry import load, of_papers, own_statements
from proofs_check.tables.ready import PAPER_COLUMNS, paper_table
from proofs_check.verification.verifying import verify
from theory.ensembles import InvalidArgument

each_paper = pytest.mark.parametrize("one", papers(), ids=lambda one: one.key)

USERS = Paper(
    key="doe-2024",
    title="On squares",
    authors="J. Doe",
    arxiv="2401.00001",
    claims=(
        Claim("A square is measured.", "page 2", ids=("user.vague", "user.measured")),
        Claim("Squares are hard.", "page 1", why="hard is no number"),
        Claim("The square of 2 is 4.", "page 3", ids=("user.true",)),
    ),
)
"""Of the statements of the fixture ``user_file``, whose order is true, ..., measured, vague."""


@each_paper
def test_every_statement_that_a_paper_names_exists(one):
    known = {statement.id for statement in own_statements()}
    assert [name for name in one.ids if name not in known] == []


@each_paper
def test_sentences_are_whole_and_what_is_not_checked_has_a_reason_of_its_own(one):
    for claim in one.claims:
        assert re.fullmatch(r"[A-Z].*\.", claim.sentence)
    reasons = [claim.why for claim in one.claims if not claim.is_checked]
    assert len(set(reasons)) == len(reasons)
    assert len({claim.sentence for claim in one.claims}) == len(one.claims)


def test_the_core_paper_names_whole_topics_where_it_claims_them():
    core = paper("orvieto-2021")
    (chains,) = (claim for claim in core.claims if "chains" in claim.sentence)
    broken_even = {"chain.break-even"}  # of another paper
    assert set(chains.ids) == {s.id for s in own_statements() if s.topic == "chain"} - broken_even
    (remedies,) = (claim for claim in core.claims if "residual connections" in claim.sentence)
    others = {"remedy.orthogonal", "remedy.width"}  # neither residual connections nor normalization
    assert set(remedies.ids) == {s.id for s in own_statements() if s.topic == "remedy"} - others


def test_an_unknown_key_suggests_the_nearest():
    with pytest.raises(InvalidArgument, match=r"^paper: there is no paper 'orvieto-21'; did you mean 'orvieto-2021'\?"):
        paper("orvieto-21")


@pytest.fixture
def drop(dropped):
    """Drop a paper's file into the room of papers."""

    def drop(name, one):
        dropped("proofs_check.papers", name, f"from proofs_check.paper import Claim, Paper\nPAPER = {one!r}\n")

    return drop


def test_a_paper_is_found_because_its_file_is_there(drop, vanishing):
    drop("squares", USERS)
    assert papers()[-1] == paper("doe-2024") == USERS
    assert import_module("proofs_check.papers.squares").PAPER == USERS
    assert re.search(r"^doe-2024 +arXiv:2401.00001  2 of 3 checked +On squares$", vanishing("papers").out, re.MULTILINE)


def test_two_papers_of_one_key_are_refused_in_one_line(drop, vanishing):
    drop("squares", USERS)
    drop("squares_again", USERS)
    for command, name in (("papers", "paper"), ("verify --paper doe-2024", "--paper")):
        ran = vanishing(command)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err == f"vanishing: {name}: two papers are called 'doe-2024'; rename one\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = 1\n", "proofs_check.papers.squares has no PAPER = Paper(...)"),
        ("PAPER = 'a paper'\n", "proofs_check.papers.squares has no PAPER = Paper(...)"),
        ("1 / 0\n", "proofs_check.papers.squares: could not be run: ZeroDivisionError: division by zero ("),
        ("PAPER = (\n", "proofs_check.papers.squares: could not be run: SyntaxError: '(' was never closed ("),
    ],
)
def test_a_file_without_a_paper_is_refused_in_one_line(dropped, vanishing, text, problem):
    dropped("proofs_check.papers", "squares", text)
    for command, name in (("papers", "paper"), ("verify --paper orvieto-2021", "--paper")):
        ran = vanishing(command)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith(f"vanishing: {name}: {problem}")
        assert ran.err.endswith("; mend the file, or take it away\n")
        assert ran.err.count("\n") == 1


@each_paper
def test_the_command_lists_every_paper(vanishing, one):
    ran = vanishing("papers")
    assert (ran.status, ran.err) == (0, "")
    (line,) = (line for line in ran.out.splitlines() if line.startswith(f"{one.key} "))
    checked = sum(bool(claim.ids) for claim in one.claims)
    assert line.split(maxsplit=6) == [
        one.key, f"arXiv:{one.arxiv}", str(checked), "of", str(len(one.claims)), "checked", one.title
    ]  # fmt: skip


@each_paper
def test_the_command_shows_the_claims_in_order_with_ids_or_reason(vanishing, one):
    ran = vanishing(f"papers {one.key}")
    assert (ran.status, ran.err) == (0, "")
    for text in (one.title, one.authors, f"arXiv:{one.arxiv}"):
        assert f"\n{text}\n" in ran.out
    blocks = ran.out.split("\n\n")[-len(one.claims) :]
    for number, (block, claim) in enumerate(zip(blocks, one.claims, strict=True), 1):
        head, *below = block.splitlines()
        assert head == f"{number}. {claim.sentence} ({claim.where})"
        assert below == [f"   - {line}" for line in claim.ids or [f"not checked: {claim.why}"]]


def test_papers_are_shown_without_loading_statements():
    code = (
        "import sys\nfrom proofs_check.cli import main\nmain(['papers'])\nmain(['papers', 'orvieto-2021'])\n"
        "print(sorted({'sympy', 'numpy', 'scipy', 'flint'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_the_statements_of_a_paper_come_in_their_own_order(user_file):
    among = load(user_file)
    assert [statement.id for statement in of_papers([USERS], among=among)] == [
        "user.true",
        "user.measured",
        "user.vague",
    ]
    core = paper("orvieto-2021")
    assert {statement.id for statement in of_papers([core])} == set(core.ids)
    assert [s.id for s in of_papers([core])] == [s.id for s in own_statements() if s.id in core.ids]


def test_a_paper_that_names_what_does_not_exist_or_nothing_is_refused():
    with pytest.raises(InvalidArgument, match=r"^paper: doe-2024 names 'user\.vague', and there is no such"):
        of_papers([USERS])
    unchecked = Paper("doe-2025", "On nothing", "J. Doe", "2501.00001", (USERS.claims[1],))
    for patterns in ((), ["init.*"]):
        with pytest.raises(InvalidArgument, match=r"^paper: doe-2025 has no claim that any of these"):
            of_papers([unchecked], patterns)


def test_a_misspelt_id_is_refused_beside_any_other_statements(vanishing, user_file, drop):
    drop("squares", replace(USERS, claims=(*USERS.claims, Claim("Four.", "page 4", ids=("user.ture",)))))
    ran = vanishing(f"verify --module {user_file} --paper doe-2024 'user.true'")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("vanishing: --paper: doe-2024 names 'user.ture', and there is no such statement; did you")


def test_claims_may_be_checked_by_our_statements_and_by_the_users(vanishing, user_file, drop):
    drop("squares", replace(USERS, claims=(Claim("Ours.", "page 4", ids=("init.pytorch-default", "user.true")),)))
    ran = vanishing(f"verify --module {user_file} --paper doe-2024 --jobs 1 --json -")
    assert [statement["id"] for statement in json.loads(ran.out)["statements"]] == ["init.pytorch-default", "user.true"]


def test_verify_checks_exactly_what_the_paper_names(vanishing, user_file, drop):
    drop("squares", USERS)

    def verified(more):
        ran = vanishing(f"verify --module {user_file} --paper doe-2024 --jobs 1 --json - {more}")
        return ran.status, [statement["id"] for statement in json.loads(ran.out)["statements"]]

    assert verified("") == (3, ["user.true", "user.measured", "user.vague"])
    assert verified("'user.[tf]*' user.measured") == (0, ["user.true", "user.measured"])


@pytest.mark.usefixtures("no_simulation")
@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("papers orvieto", "paper: there is no paper 'orvieto'; did you mean 'orvieto-2021'"),
        ("verify --paper orvieto", "--paper: there is no paper 'orvieto'; did you mean 'orvieto-2021'"),
        ("table --paper orvieto", "--paper: there is no paper 'orvieto'; did you mean 'orvieto-2021'"),
        (
            "verify 'init.*' --paper orvieto-2021",
            "--paper: orvieto-2021 has no claim that any of these statements checks; see 'vanishing papers orvieto-",
        ),
        ("verify 'nope.*' --paper orvieto-2021", "id: no statement matches 'nope.*'; "),
        ("table", "command: names no table; use e.g. --rows n=16,32 --columns L=8,64 --quantity 'E|a_L|^4'"),
        ("table init --paper orvieto-2021", "--paper: is given beside the name 'init'; leave one of them out"),
        ("table --paper orvieto-2021 --format tex", "--format: there is no format 'tex'; did you mean 'latex'"),
        ("table --paper orvieto-2021 --profile ful", "--profile: there is no profile 'ful'; did you mean 'full'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(vanishing, command, error):
    ran = vanishing(command)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"vanishing: {error}")
    assert ran.err.count("\n") == 1


SIZES = "n = 4, L = 1"


def test_the_table_has_a_row_for_each_claim_in_the_papers_order(user_file):
    table = paper_table(verify(load(user_file), seed=3), USERS)
    assert table.columns == PAPER_COLUMNS
    assert table.texts == (
        (
            "A square is measured.",
            "page 2",
            "user.vague, user.measured",
            "inconclusive, supported",
            "n = 4, L = 1 | n = 4, L = 1",
        ),
        ("Squares are hard.", "page 1", "", "not checked: hard is no number", ""),
        ("The square of 2 is 4.", "page 3", "user.true", "supported", "1 case"),
    )
    for said in ("J. Doe", "On squares", "arXiv:2401.00001", "2 of 3 claims", "1e-06 (profile quick, seed 3)"):
        assert said in table.caption.plain


def test_the_command_makes_the_table_from_a_run_in_every_format(vanishing, users_own, drop):
    users_own("true", "false", "measured", "vague")
    drop("squares", USERS)
    ran = vanishing("table --paper doe-2024 --format json --jobs 1 --seed 3")
    assert (ran.status, ran.err) == (3, "")
    records = json.loads(ran.out)
    assert [tuple(record) for record in records] == [tuple(column.name for column in PAPER_COLUMNS)] * 3
    assert [record["verdicts"] for record in records] == [
        "inconclusive, supported", "not checked: hard is no number", "supported"
    ]  # fmt: skip
    rows = list(csv.reader(io.StringIO(vanishing("table --paper doe-2024 --format csv --jobs 1 --seed 3").out)))
    assert rows == [[column.name for column in PAPER_COLUMNS], *(list(record.values()) for record in records)]
    assert "seed 3" in vanishing("table --paper doe-2024 --jobs 1 --seed 3").out.splitlines()[0]
    assert r"\begin{tabularx}{\linewidth}" in vanishing("table --paper doe-2024 --format latex --jobs 1").out


def test_several_papers_are_verified_together_in_the_order_of_the_statements(vanishing):
    ran = vanishing("verify --paper min-2021 --paper azulay-2021 linear2.rate shape.descent shape.neuron-warp --json -")
    assert ran.status == 0
    data = json.loads(ran.out)
    assert [one["id"] for one in data["statements"]] == [
        one.id for one in own_statements() if one.id in ("linear2.rate", "shape.descent", "shape.neuron-warp")
    ]
    assert [one["key"] for one in data["papers"]] == ["min-2021", "azulay-2021"]
    both = of_papers([paper("min-2021"), paper("azulay-2021")])
    assert {one.id for one in both} == {*paper("min-2021").ids, *paper("azulay-2021").ids}
    ran = vanishing("verify --paper min-2021 --paper azulay-2021 'init.*'")
    assert ran.err.startswith("vanishing: --paper: min-2021 and azulay-2021 have no claim that any of these statements")
