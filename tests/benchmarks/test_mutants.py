"""The changes of a source, which tests concern a file, and what counts as noticed; pytest itself is started once."""

from __future__ import annotations

import ast
import subprocess
import textwrap
from pathlib import Path

import pytest

from benchmarks import mutants
from benchmarks.mutants import Copy, Repository, copied, failed_test, main
from benchmarks.mutations import mutations


def changed(source: str) -> list[str]:
    return [change.applied(source) for change in mutations(source)]


# --- changes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", ["a <= b"]),
        ("a <= b > c", ["a < b > c", "a <= b >= c"]),
        ("a == (b) != c", ["a != (b) != c", "a == (b) == c"]),
        ("a not in b", ["a in b"]),
        ("a is  not b", ["a is b"]),
        ("a + b - c", ["a - b - c", "a + b + c"]),
        ("(a * b) / c", ["(a / b) / c", "(a * b) * c"]),
        ("a //  b % c @ d", []),
        ("a += b", ["a -= b"]),
        ("a **= b", []),
        ("a ** b", ["a"]),
        ("(a + b) ** (c)", ["(a - b) ** (c)", "(a + b)"]),
        ("f(*a, **b)", []),
        ("a and b and c", ["a or b and c", "a and b or c"]),
        ("not a", ["a"]),
        ("-a", ["a"]),
        ("x[-1]", ["x[1]", "x[-2]"]),
        ("0x10, 1.5, 'a', None", ["17, 1.5, 'a', None"]),
        ("True, False", ["False, False", "True, True"]),
        ("min(a), max(b)", ["max(a), max(b)", "min(a), min(b)"]),
        ("any(a) and x.all()", ["all(a) and x.all()", "any(a) or x.all()", "any(a) and x.any()"]),
        ("'ψ²', a + b  # ψ", ["'ψ²', a - b  # ψ"]),
        ("(a  # a + b * c\n + b)", ["(a  # a + b * c\n - b)"]),
    ],
)
def test_each_change_is_one_step(source: str, expected: list[str]) -> None:
    assert changed(source) == expected


def test_a_change_says_what_it_is_and_where() -> None:
    source = "a = 1\nif not a:\n    b = -a ** 2 < 3\n"
    assert [(change.line, change.kind) for change in mutations(source)] == [
        (1, "constant"), (2, "not"), (3, "minus"), (3, "power"), (3, "constant"), (3, "comparison"), (3, "constant"),
    ]  # fmt: skip
    assert mutations(source)[3].diff(source) == "b = -a ** 2 < 3 -> b = -a < 3"


@pytest.mark.parametrize(
    "source",
    [
        '"""Docstring: 1 + 1 < 3."""\n__all__ = ["a"] + ["b"]',
        "x: Literal[1]",
        "def f(x: A[1]) -> B[2]: ...",
        "@cache(maxsize=1)\ndef f(): ...",
        "def f():\n    raise ValueError('more than', n + 1)",
        "f'{a + 1}' f'{-b}'",
        "x = (a\n     ** b)",  # two lines
    ],
)
def test_what_no_test_should_look_at_is_left_alone(source: str) -> None:
    assert changed(source) == []


def test_only_what_is_named_is_left_alone() -> None:
    source = "@cache\ndef f(x: A[1] = 2):\n    if x > n:\n        raise ValueError(1)\n    return x"
    assert [change.kind for change in mutations(source)] == ["constant", "comparison"]


def test_every_change_of_this_program_is_another_program() -> None:
    source = Path(mutants.__file__).read_text(encoding="utf-8")
    found = mutations(source)
    assert len(found) > 30
    for change in found[::4]:
        text = change.applied(source)
        assert ast.dump(ast.parse(text)) != ast.dump(ast.parse(source))
        assert text.count("\n") == source.count("\n")


# --- tests that concern a file ----------------------------------------------------------------------------------------

REPOSITORY = Repository(
    {
        "theory/__init__.py": "from theory.room import size\nfrom theory.room.deep import depth as layers\nx = 1 + 1",
        "theory/room/__init__.py": "from theory.room.sizes import size",
        "theory/room/sizes.py": "size = 1 < 2",
        "theory/room/deep.py": "depth = -1",
        "theory/lone.py": "",
        "proofs_check/studies/digits.py": "",
        "proofs_check/room/digits.py": "",
        "tests/proofs_check/room/test_digits.py": "",
        "tests/theory/room/test_sizes.py": "",
        "tests/theory/room/test_other.py": "from theory import layers",
        "tests/theory/room/helpers.py": "from theory.room import deep",
        "tests/theory/test_top.py": "from theory import size",
        "tests/theory/test_balls.py": "import theory.room.deep",
        "tests/proofs_check/test_all.py": "def f():\n    from theory.room import deep, sizes",
        "tests/proofs_check/figures/test_digits.py": "",
        "tests/benchmarks/test_digits.py": "",
        "tests/oracles/test_torch.py": "import theory.room.sizes",
    }
)


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        ("theory/room/sizes.py", ["theory/room/test_sizes.py", "theory/test_top.py", "proofs_check/test_all.py"]),
        (
            "theory/room/deep.py",  # it has no mirror, so its folder stands for it
            ["theory/room/test_sizes.py", "theory/room/test_other.py", "theory/test_balls.py",
             "proofs_check/test_all.py"],
        ),
        ("theory/lone.py", ["theory/test_top.py", "theory/test_balls.py"]),
        ("proofs_check/studies/digits.py", ["proofs_check/figures/test_digits.py"]),
    ],
)  # fmt: skip
def test_a_file_concerns_its_mirror_and_those_that_import_it(path: str, tests: list[str]) -> None:
    assert [test for run in REPOSITORY.concerned(path) for test in run] == [path, *(f"tests/{test}" for test in tests)]


def test_those_that_import_it_are_run_last() -> None:
    path = "theory/room/sizes.py"
    first, last = REPOSITORY.concerned(path)
    assert first == [path, "tests/theory/room/test_sizes.py"]
    assert last == ["tests/theory/test_top.py", "tests/proofs_check/test_all.py"]


def test_names_that_a_package_here_loads_when_they_are_asked_for_are_found() -> None:
    here = ("theory/__init__.py", "theory/log_laws/feasible_widths.py", "theory/balls.py", "tests/theory/test_balls.py")
    texts = {path: (mutants._ROOT / path).read_text(encoding="utf-8") for path in here}
    repository = Repository({**texts, "tests/theory/test_new.py": "from theory import feasible_widths"})
    assert repository.concerned("theory/balls.py") == [["theory/balls.py", "tests/theory/test_balls.py"]]
    assert "tests/theory/test_new.py" in repository.concerned("theory/log_laws/feasible_widths.py")[0]


def test_of_the_tests_of_all_statements_those_of_the_changed_file_are_run() -> None:
    texts = {
        "proofs_check/statements/a/one.py": 'A = Statement(\n    id="a.one-two",\n)\nB = Statement(\n    id="a.b",\n)',
        "proofs_check/statements/a/other.py": 'C = Statement(\n    id="a.other",\n)',
        "theory/f.py": "",
        "tests/theory/test_f.py": "",
        mutants._SLOW: "import theory.f",
    }
    repository = Repository(texts)
    one, other, f = (repository.concerned(path) for path in list(texts)[:3])
    assert one == [["proofs_check/statements/a/one.py", mutants._SLOW, "-k", "not a.other"]]
    assert other == [["proofs_check/statements/a/other.py", mutants._SLOW, "-k", "not a.b and not a.one-two"]]
    everyone = "not a.b and not a.one-two and not a.other"
    assert f == [["theory/f.py", "tests/theory/test_f.py"], [mutants._SLOW, "-k", everyone]]


def test_draws_depend_on_the_seed_and_hardly_on_what_else_there_is() -> None:
    every = list(REPOSITORY.drawn(0))
    assert sorted((path, change.kind) for path, change in every) == [
        ("theory/__init__.py", "arithmetic"), ("theory/__init__.py", "constant"), ("theory/__init__.py", "constant"),
        ("theory/room/deep.py", "constant"), ("theory/room/deep.py", "minus"), ("theory/room/sizes.py", "comparison"),
        ("theory/room/sizes.py", "constant"), ("theory/room/sizes.py", "constant"),
    ]  # fmt: skip
    assert [list(REPOSITORY.drawn(seed)) == every for seed in (0, 1, 2)] == [True, False, False]
    longer = {path: f"a = b < c\n{text}\na = b < c" for path, text in REPOSITORY.texts.items()}
    old = [(path, change.kind) for path, change in Repository(longer).drawn(0) if change.line == 2]
    assert [one for one in old if one[0] != "theory/__init__.py"] == [
        (path, change.kind) for path, change in every if path != "theory/__init__.py"
    ]
    ends = [(path, change.line) for path, change in Repository(longer).drawn(0) if change.line != 2]
    assert ends != sorted(ends)


# --- what became of a change ------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """A repository with one file, whose tests are run by a function call: each takes the text, and passes or not."""
    (tmp_path / "a.py").write_text("x = 1")
    copy = Copy(tmp_path, limit=1)
    tests = {
        "one": lambda text: text == "x = 1",
        "red": lambda text: False,
        "two": lambda text: text != "x = 2",
        "two-or-one": lambda text: True,
        "slow": lambda text: None,
        "hangs": lambda text: True if text == "x = 1" else None,
    }

    def first_failure(named: list[str]) -> tuple[str, ...] | None:
        text = (tmp_path / "a.py").read_text()
        for name in named:
            passes = tests[name](text) if name not in copy.failing else True
            if not passes:
                return () if passes is None else (name,)
        return None

    monkeypatch.setattr(copy, "_first_failure", first_failure)
    return copy


@pytest.mark.parametrize(
    ("text", "tests", "outcome"),
    [
        ("x = 2", ["one"], "killed by one"),
        ("x = 2", ["red", "one"], "killed by one"),
        ("x = 2", ["red", "two"], "killed by two"),
        ("x = 3", ["red", "two"], "survived"),
        ("x = 3", ["two", "hangs"], "killed: hangs"),
        ("x = 3", ["two", "slow"], "undecided: without the change, too, the tests fail or hang"),
    ],
)
def test_a_failure_counts_only_where_the_test_passes_without_the_change(
    copy: Copy, text: str, tests: list[str], outcome: str
) -> None:
    assert copy.outcome("a.py", text, tests) == copy.outcome("a.py", text, ["two-or-one"], tests) == outcome
    assert (copy.root / "a.py").read_text() == "x = 1"
    assert copy.failing == ({"red"} if "red" in tests else set())


@pytest.mark.parametrize(
    ("told", "test"),
    [
        ("FAILED a/test_b.py::TestC::test_d[x::y - z[0]-1] - x: [2]", "a/test_b.py::TestC::test_d[x::y - z[0]-1]"),
        ("..F\nFAILED a/b.py::a.b.f - x\n1 failed", "a/b.py::a.b.f"),
        ("ERROR a/test_b.py", "a/test_b.py"),
        ("ImportError while loading conftest", ""),
    ],
)  # fmt: skip
def test_the_first_failure_is_read_off_the_summary(told: str, test: str) -> None:
    assert failed_test(told) == ((test,) if test else ())


def test_the_command_changes_a_copy_and_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """pytest sees what is changed in the same second and of the same size."""
    root = tmp_path / "here"
    test = "from theory.blunt import f\n\n\ndef test_f():\n    assert f(1, 2) and not f(2, 1)\n"
    elsewhere = """
        import subprocess, sys

        def test_f():
            code = "from theory.sharp import f; assert not f(1, 1)"
            subprocess.run([sys.executable, "-c", code], cwd="/", check=True)
    """
    files = {
        "theory/__init__.py": "",
        "theory/blunt.py": "def f(a, b):\n    return a < b\n",
        "theory/sharp.py": "def f(a, b):\n    return a < b\n",
        "tests/theory/test_blunt.py": test,
        "tests/theory/test_sharp.py": textwrap.dedent(elsewhere),
        ".gitignore": "left.py\n__pycache__/\n",
        "left.py": "",
        "pytest.ini": "[pytest]\npythonpath = .\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    copied(root, tmp_path / "there")
    there = {path.relative_to(tmp_path / "there").as_posix() for path in (tmp_path / "there").rglob("*.*")}
    assert there == {*files} - {"left.py"}
    monkeypatch.setattr(mutants, "_ROOT", root)
    assert main(["--count", "5"]) == 0
    *each, summary = capsys.readouterr().out.splitlines()
    blunt, sharp = sorted(line.partition(" ")[2] for line in each)
    assert blunt.startswith("theory/blunt.py:2 (comparison) `return a < b -> return a <= b`: survived (")
    assert "killed by tests/theory/test_sharp.py::test_f (" in sharp
    assert summary == "1 killed, 1 survived, 50.0% of 2 killed"
    assert {name: (root / name).read_text() for name in files} == files
