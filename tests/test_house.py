"""The rules of the house that no linter knows, and that the README tells the truth."""

from __future__ import annotations

import ast
import configparser
import contextlib
import io
import re
import runpy
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from proofs_check.cli import main

ROOT = Path(__file__).parent.parent
PACKAGES = ("theory", "montecarlo", "proofs_check")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_independence_contract_forbids_every_module_of_theory_but_ensembles() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    forbidden = set(config["importlinter:contract:independent-evidence"]["forbidden_modules"].split())
    rooms = (ROOT / "theory").iterdir()
    modules = {f"theory.{p.stem}" for p in rooms if p.suffix == ".py" or (p / "__init__.py").exists()}
    modules -= {"theory.__init__", "theory.ensembles"}
    assert forbidden == modules


def test_the_lowest_versions_are_those_that_setup_allows() -> None:
    """What `make lowest` installs is derived from setup.cfg: python .ci/lowest_versions.py > constraints-lowest.txt."""
    script = runpy.run_path(str(ROOT / ".ci" / "lowest_versions.py"))
    setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    assert (ROOT / "constraints-lowest.txt").read_text(encoding="utf-8") == script["lowest"](setup)
    with pytest.raises(ValueError, match="'rich' has no lower bound"):
        script["lowest"](setup.replace("rich >= 13", "rich"))
    with pytest.raises(ValueError, match="scikit-learn is wanted from"):
        script["lowest"](setup.replace("scikit-learn >= 1.4.2", "scikit-learn >= 1.5", 1))


SOURCES = sorted(path.relative_to(ROOT) for top in PACKAGES for path in (ROOT / top).rglob("*.py"))


def _asserted(path: Path) -> list[str]:
    text = (ROOT / path).read_text(encoding="utf-8")
    if not re.search(r"^ *assert ", text, re.MULTILINE):
        return []
    return [ast.unparse(node.test) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assert)]


def test_assertions_only_tell_mypy_what_a_type_is() -> None:
    """`python -O` leaves assertions out: what is evidence, or checks an input, raises an error of its own."""
    asserted = [(str(path), test) for path in SOURCES for test in _asserted(path)]
    assert asserted
    narrowing = re.compile(r"isinstance\(.*\)|[\w.]+ is not None")
    assert [(path, test) for path, test in asserted if not narrowing.fullmatch(test)] == []


EVALUATES = {"sympify", "S", "parse_expr", "eval", "exec"}


def _evaluations(path: Path) -> list[ast.Call]:
    text = (ROOT / path).read_text(encoding="utf-8")
    if not re.search(rf"\b({'|'.join(EVALUATES)})\(", text):
        return []
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return [call for call in calls if ast.unparse(call.func).rpartition(".")[2] in EVALUATES]


def test_no_text_is_evaluated_as_python() -> None:
    """SymPy runs a string as code unless it is told to be strict; claims and numbers in text have their own readers."""
    found = [(str(path), call) for path in SOURCES for call in _evaluations(path)]
    assert found
    loose = [(path, ast.unparse(call)) for path, call in found if "strict" not in {word.arg for word in call.keywords}]
    assert loose == []


FOLDERS = sorted(path.parent.relative_to(ROOT) for top in PACKAGES for path in (ROOT / top).rglob("__init__.py"))


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_table_of_contents_names_every_room(folder: Path) -> None:
    contents = (ROOT / folder / "__init__.py").read_text(encoding="utf-8").split('"""')[1]
    rooms = {path.stem for path in (ROOT / folder).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    named = set(re.findall(r"^(\w+)  ", contents, re.MULTILINE))
    assert rooms - {"__init__"} == named


def test_public_names_resolve() -> None:
    import montecarlo
    import proofs_check
    import theory

    for package in (theory, montecarlo, proofs_check):
        assert [name for name in package.__all__ if not hasattr(package, name)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_completion_lists_public_names_that_are_not_loaded_yet(package: str) -> None:
    """In a fresh process: SymPy, NumPy's company and the statements are loaded when they are asked for, not before."""
    late = {"theory": ("sympy", "flint"), "montecarlo": ("sympy", "scipy"), "proofs_check": ("sympy", "numpy")}
    shown = _printed_by(
        f"import sys, {package} as package\n"
        f"print(sorted(set(package.__all__) - set(dir(package))), sorted({{*{late[package]}}} & set(sys.modules)))\n"
        "print({'__name__', '__all__', '__doc__'} <= set(dir(package)), dir(package) == sorted(set(dir(package))))"
    )
    assert shown == "[] []\nTrue True\n"


def _readme_commands() -> list[str]:
    lines = (line.strip().removeprefix("$ ") for line in README.splitlines())
    return [line.split("  #")[0] for line in lines if line.startswith(("vanishing derive", "vanishing sample"))]


def test_readme_shows_derive_and_sample() -> None:
    assert len(_readme_commands()) >= 5


@pytest.mark.parametrize("command", _readme_commands())
def test_readme_command_works(command: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(shlex.split(command)[1:]) == 0
    assert out.getvalue().strip()


SHOWN = re.findall(r"\$ (vanishing (?:derive|check) .*)\n((?: {4}[^$\n].*\n)+)", README)


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_readme_prints_what_the_command_prints(command: str, shown: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        status = main(shlex.split(command)[1:])
    assert out.getvalue() == textwrap.dedent(shown)
    assert status == ("refuted" in shown.split(":")[0])


def test_readme_shows_claims_that_stand_and_claims_that_fall() -> None:
    assert [shown.split(":")[0].strip() for command, shown in SHOWN if " check " in command] == ["supported", "refuted"]


def _readme_checks() -> list[str]:
    lines = (line.split("  #")[0].strip() for line in README.splitlines())
    return [
        line for line in lines if line.startswith("vanishing check") and "--file" not in line and "--save" not in line
    ]


@pytest.mark.parametrize("command", _readme_checks())
def test_readme_claim_is_decided(command: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(shlex.split(command)[1:]) in (0, 1)
    assert out.getvalue().strip()


REMEDY_ROWS = re.findall(
    r"^ {4}(plain|orthogonal|layer norm|batch norm|residual, .*?) {2,}(\S+) (\[.*?\]) +(\S+) (\[.*?\])$",
    README,
    re.MULTILINE,
)


def test_readme_shows_a_row_of_every_kind_of_remedy() -> None:
    assert len(REMEDY_ROWS) == 5


@pytest.mark.parametrize("shown", REMEDY_ROWS, ids=[shown[0] for shown in REMEDY_ROWS])
def test_readme_shows_what_the_table_of_remedies_says(shown: tuple[str, ...]) -> None:
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


def _readme_examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def _printed_by(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_readme_library_example_runs() -> None:
    shown = _printed_by(_readme_examples()[0])
    assert shown.startswith("0 81*norm_x**4/16\n")
    assert re.search(r"^-5\.24", shown, re.MULTILINE)


def test_readme_example_of_answers_runs() -> None:
    derived, typical = _printed_by(_readme_examples()[1]).splitlines()
    assert derived == "<Derivation: E|a_L|^4 = norm_x**4*(1 + 5/n)**L> 81/16"
    low, high = map(float, re.findall(r"[\d.e-]+(?=[,)])", typical)[:2])
    assert 0 < low < high < 1


def test_readme_example_of_curvature_runs() -> None:
    counts, largest, ends, steepest = _printed_by(_readme_examples()[2]).splitlines()
    assert sum(map(int, counts.split())) == 32**3
    assert float(largest.strip("[]")) > 0
    least, most = map(float, ends.strip("[]").split())
    assert least < 0 < most
    assert float(steepest.strip("[]")) > 0


def test_readme_example_of_escape_runs() -> None:
    bounds, descent, adam, plain, residual = _printed_by(_readme_examples()[3]).splitlines()
    low, high = map(float, bounds.strip("[]").split(","))
    assert 5500 < low < high < low + 24
    medians = [float(re.search(r"Estimate\(([-\d.]+) in", line)[1]) for line in (descent, adam, plain, residual)]  # type: ignore[index]
    assert medians[0] > medians[1] + 2
    assert [round(median) for median in medians[2:]] == [-17, -4]
