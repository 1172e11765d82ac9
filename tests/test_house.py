"""The rules of the house that no linter knows; that the pages tell the truth is in tests/docs."""

from __future__ import annotations

import ast
import configparser
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("theory", "montecarlo", "proofs_check")


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


def _printed_by(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
