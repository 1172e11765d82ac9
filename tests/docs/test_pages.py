"""Every command and every block of Python on the README and the pages of docs/ does what the page says."""

from __future__ import annotations

import configparser
import contextlib
import importlib.util
import io
import re
import sys
import tomllib
from pathlib import Path

import pytest

from proofs_check import cli
from proofs_check.cli import main
from proofs_check.command import subcommands
from proofs_check.manuscript.recipe import read_recipe
from tests.docs.blocks import PAGES, ROOT, Block, Command, blocks, commands, same

COMMANDS = [command for page in PAGES for command in commands(page)]
RUN_ELSEWHERE = {
    "vanishing certify": "tests/proofs_check/certificates, where Coq is installed; `make certify`",
    "vanishing check --file examples/claims.txt": ".ci/run",
    "vanishing figure": "tests/proofs_check/figures",
    "vanishing paper examples/paper/paper.toml": "tests/docs/test_pages.py, which reads it, and makes a smaller one",
    "vanishing report --paper orvieto-2021": "tests/proofs_check/command/test_report.py, of other statements",
    "vanishing report 'chain.hessian-hollow'": "tests/proofs_check/command/test_report.py, of other statements",
    "vanishing verify --paper li-2021 --paper min-2021 --paper azulay-2021": "tests/proofs_check/statements",
    "vanishing verify --paper morwani-2020": "tests/proofs_check/statements",
    "vanishing verify --paper elkabetz-2021": "tests/proofs_check/statements",
    "vanishing verify --paper jastrzebski-2020": "tests/proofs_check/statements",
    "pytest --statements": "tests/proofs_check/test_pytest_plugin.py",
}
"""What is not run here, as it takes minutes, and where the same is tested. Its options are read, no more."""
DRAWS = ("paper", "report", "sample", "table", "verify")
"""Subcommands that take --jobs: their answers do not depend on it, and one process is started faster than several."""
TOML = [block for page in PAGES for block in blocks(page, "toml")]


def _elsewhere(command: Command) -> bool:
    return command.line.startswith(tuple(RUN_ELSEWHERE))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to work in, with the examples in it, as in a clone."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / "small.toml").write_text(TOML[-1].text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.words[0] == "vanishing" and not _elsewhere(c)], ids=str)
def test_a_command_answers_what_its_page_shows(command: Command, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    words = command.words[1:]
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        status = main([*words, "--jobs", "1"] if words[0] in DRAWS else words)
    assert status == (command.shown.startswith("refuted:"))
    if command.shown:
        assert same(command.shown, out.getvalue()), out.getvalue()
    else:
        assert out.getvalue().strip()


@pytest.mark.parametrize("command", [c for c in COMMANDS if _elsewhere(c) and c.words[0] == "vanishing"], ids=str)
def test_a_command_that_takes_minutes_has_options_that_can_be_read(command: Command) -> None:
    parser = cli._Parser(prog="vanishing")
    cli._add_subcommands(parser, subcommands.names())
    assert parser.parse_args(command.words[1:]).run


def test_every_other_command_is_a_target_of_make_or_tested_elsewhere() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    others = [c for c in COMMANDS if c.words[0] != "vanishing" and not _elsewhere(c)]
    assert [str(c) for c in others if c.words[0] != "make" or not set(c.words[1:]) <= targets] == []
    for text in PAGES.values():
        assert set(re.findall(r"\bmake ([a-z][a-z-]*)(?=[`;]|  )", text)) <= targets
    for prefix, where in RUN_ELSEWHERE.items():
        assert any(c.line.startswith(prefix) for c in COMMANDS)
        named = re.match(r"(tests/|\.ci/)[\w/.]+", where)
        assert named is not None
        assert (ROOT / named[0]).exists()


PYTHON = [block for page in PAGES for block in blocks(page, "python")]


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_a_block_of_python_prints_what_is_below_it(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a module of its own, as observables are told apart by where they are defined."""
    name = "shown_" + re.sub(r"\W", "_", str(block))
    (tmp_path / f"{name}.py").write_text(block.text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, tmp_path / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        spec.loader.exec_module(module)
    assert block.printed, "show what it prints in a block of text below"
    assert same(block.printed, out.getvalue()), out.getvalue()


@pytest.mark.parametrize("block", TOML, ids=str)
def test_a_paper_s_file_can_be_read(block: Block, tmp_path: Path) -> None:
    (tmp_path / "paper.toml").write_text(block.text, encoding="utf-8")
    entries = [entry for entry in tomllib.loads(block.text).values() if isinstance(entry, list)]
    assert len(read_recipe(tmp_path / "paper.toml").items) == sum(map(len, entries))


def test_the_parts_of_a_paper_s_file_are_those_of_the_example() -> None:
    example = ROOT / "examples" / "paper" / "paper.toml"
    assert read_recipe(example).items
    whole = tomllib.loads(example.read_text(encoding="utf-8"))
    for kind, shown in tomllib.loads(TOML[0].text).items():
        assert shown == whole[kind] if isinstance(shown, dict) else all(entry in whole[kind] for entry in shown)


def test_the_numbers_of_the_small_paper_are_shown(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main(["paper", "small.toml", "--out", "macros", "--jobs", "1"]) == 0
    (shown,) = (block.text for block in blocks("tables.md", "text"))
    assert same(shown.rstrip(), (place / "macros" / "macros.tex").read_text(encoding="utf-8").rstrip())


def test_every_block_is_checked() -> None:
    """A fence of another kind would be checked by nothing."""
    for page, text in PAGES.items():
        kinds = set(re.findall(r"^ *```([\w{}-]+)", text, re.MULTILINE))
        assert kinds <= {"console", "python", "text", "toml", "{toctree}", "{include}"}, page


def test_three_dots_stand_for_lines_and_last_digits_may_differ() -> None:
    assert same("a\n...\nb 1.2345\n", "a\nx\ny\nb 1.2346\n")
    assert same("a 2\n", "a 2\n")
    assert not same("a 2\n", "a 3\n")
    assert not same("b 1.2345\n", "b 1.2545\n")
    assert not same("a\nb\n", "a\nx\nb\n")


# ---- the README


README = PAGES["README.md"]


def test_the_readme_is_short() -> None:
    assert 400 <= len(README.split()) <= 600


def test_the_readme_counts_right() -> None:
    from proofs_check.registry import own_statements

    assert f"checks {len(own_statements())} statements" in README


def test_the_table_of_verdicts_counts_right() -> None:
    """Evidence and mutants as the statements have them; how far they reach, and that they stand, `make verify` says."""
    from proofs_check.registry import own_statements
    from proofs_check.verdict import Tier

    statements = {one.id: one for one in own_statements()}
    rows = re.findall(r"^ {4}([a-z]+\.[a-z-]+) +supported +(.*)$", PAGES["knows.md"], re.MULTILINE)
    assert len(rows) == 9
    for name, cells in rows:
        one = statements[name]
        quick = [evidence for evidence in one.evidence if getattr(evidence, "samples", None) != 0]
        counts = [sum(evidence.tier is tier for evidence in quick) for tier in Tier] + [len(one.mutants)]
        assert cells.split()[:5] == [f"{count}/{count}" if count else "-" for count in counts], name
    mutants = sum(len(one.mutants) for one in statements.values())
    assert f"{len(statements)} supported; mutants refuted: {mutants} of {mutants};" in PAGES["knows.md"]


@pytest.mark.parametrize("page", PAGES)
def test_links_to_files_lead_somewhere(page: str) -> None:
    """On a code host, where pages are read as they are; what is made when the site is built is left out."""
    folder = ROOT if page == "README.md" else ROOT / "docs"
    links = re.findall(r"\]\(([^)\s]+)\)", PAGES[page])
    made = ("statements/", "gallery/", "api/", "benchmarks/") if page != "README.md" else ()
    files = [link.partition("#")[0] for link in links if "://" not in link and not link.startswith((*made, "#"))]
    assert [file for file in files if file and not (folder / file).exists()] == []


def test_nothing_is_installed_by_a_name_that_no_index_has() -> None:
    named = re.compile(r"pip install[^`\n]*vanishing-curvature")
    texts = dict(PAGES)
    sources = [path for top in ("theory", "montecarlo", "proofs_check") for path in (ROOT / top).rglob("*.py")]
    texts |= {str(path): path.read_text(encoding="utf-8") for path in sources}
    assert [name for name, text in texts.items() if named.search(text)] == []


def test_the_citation_has_the_version_of_the_package() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert f"version: {setup['metadata']['version']}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


# ---- the table of remedies


ROWS = re.findall(
    r"^ {4}(plain|orthogonal|layer norm|batch norm|residual, .*?) {2,}(\S+) (\[.*?\]) +(\S+) (\[.*?\])$",
    PAGES["remedies.md"],
    re.MULTILINE,
)


def test_a_row_of_every_kind_of_remedy_is_shown() -> None:
    assert len(ROWS) == 5


@pytest.mark.parametrize("shown", ROWS, ids=[shown[0] for shown in ROWS])
def test_the_page_shows_what_the_table_of_remedies_says(shown: tuple[str, ...]) -> None:
    from montecarlo import serial
    from proofs_check.studies.remedies import REMEDIES, remedies_table

    (remedy,) = (remedy for remedy in REMEDIES if remedy.name == shown[0])
    with serial() as workers:
        table = remedies_table(workers, samples=1000, seed=0, remedies=[remedy], depths=[128])
    row = dict(zip(table.heads, table.texts[0], strict=True))
    quantities = ("|a_L|^2", "|G_2|^2/|G_L|^2")
    told = " ".join(row[f"{quantity} {what}"] for quantity in quantities for what in ("median", "interval"))
    numbers, expected = (
        list(map(float, re.findall(r"[\d.]+(?:e[+-]\d+)?", text))) for text in (" ".join(shown[1:]), told)
    )
    assert numbers == pytest.approx(expected, rel=1e-3)  # the last digit may depend on the machine
