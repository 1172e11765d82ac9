"""The pytest plugin, in runs of pytest of their own outside the repository."""

import os
import re
import subprocess
import sys

import pytest

from proofs_check import registry

ORDINARY = """
import sys

def test_loads_nothing():
    assert not {"sympy", "numpy", "scipy"} & set(sys.modules)

STATEMENTS = "not ours"
"""


@pytest.fixture
def run_pytest(tmp_path):
    def run(*argv):
        settings = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *map(str, argv)],
            cwd=tmp_path,
            env=settings,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def collected(ran):
    """The items, without their file."""
    return [line.split("::", maxsplit=1)[1] for line in ran.stdout.splitlines() if ".py::" in line]


def test_a_users_claims_and_mutants_are_items_that_pass_or_fail_by_verdict(run_pytest, user_file):
    ran = run_pytest("--statements", user_file, "-v", "-rN")
    outcomes = dict(re.findall(r"::(user\.\S+::.*?) (PASSED|FAILED)", ran.stdout))
    assert outcomes == {
        "user.true::claim": "PASSED",
        "user.true::mutant[4 becomes 5]": "PASSED",
        "user.false::claim": "FAILED",
        "user.false::mutant[5 becomes 6]": "PASSED",
        "user.spared::claim": "PASSED",
        "user.spared::mutant[4 becomes 4.0]": "FAILED",
        "user.measured::claim": "PASSED",
        "user.measured::mutant[1 becomes 3]": "PASSED",
        "user.vague::claim": "FAILED",
        "user.vague::mutant[1 becomes 3]": "PASSED",
        "user.mistaken::claim": "FAILED",
        "user.mistaken::mutant[2 becomes 3]": "PASSED",
    }
    assert ran.returncode == 1
    false = "user.false: The false one.\nrefuted (enumerated): 2 times 2; 2\n  claimed 5, but the truth is 4\n"
    assert false in ran.stdout
    assert "user.spared: no evidence refutes the mutant '4 becomes 4.0'" in ran.stdout
    numbers = r"within \S+\n  estimate (0\.9|1)\S*, interval \[0\.\d+, 1\.\d+\] \(error probability \S+, 2000 networks"
    vague = r"The vague one.\ninconclusive \(simulated\): E\|a_1\|\^2; width=4 .*\n  claimed 1, "
    mistaken = r"The mistaken one.\nrefuted \(simulated\): E\|a_1\|\^2; width=4 .*\n  claimed 2, "
    assert re.search(vague + numbers, ran.stdout)
    assert re.search(mistaken + numbers, ran.stdout)


def test_one_item_can_be_run_by_its_id(run_pytest, user_file):
    ran = run_pytest("--statements", f"{user_file.name}::user.false::mutant[5 becomes 6]", "-v")
    assert ran.returncode == 0
    assert "1 passed" in ran.stdout


def test_one_error_budget_is_split_over_all_that_is_collected(run_pytest, tmp_path):
    for name, checks in (("one", 1), ("three", 3)):
        (tmp_path / f"{name}.py").write_text(
            "from dataclasses import dataclass\n"
            "from montecarlo import ActivationNorms, Estimate\n"
            "from proofs_check import Assumption, Mutant, Simulated, Statement\n"
            "from theory import Ensemble\n"
            "class Told:\n"
            "    relative = True\n"
            "    def estimate(self, logs, net, error):\n"
            "        print(f'error={error!r} samples={len(logs)};')\n"
            "        return Estimate(1.0, 0.9, 1.1, error, 'told', len(logs))\n"
            "def check(k):\n"
            "    return Simulated(f'check {k}', Ensemble(2, 1), ActivationNorms(layers=(1,)), 'a_1', Told(), 0.5, 30)\n"
            f"STATEMENTS = [Statement('user.{name}', 't', 'l', 's', (Assumption('any'),), lambda net: 1,\n"
            f"    tuple(map(check, range({checks}))), (Mutant('m', lambda net: 2),))]\n"
        )
    ran = run_pytest("--statements", "one.py", "three.py", "-s", "--statements-profile", "full")
    assert "4 passed" in ran.stdout
    errors = re.findall("error=(.*?) samples=(.*?);", ran.stdout)
    assert len(errors) == 4  # once for each check: a claim and its mutant share the interval
    assert [float(error) for error, _ in errors] == pytest.approx([1e-6 / 4] * 4, rel=1e-9)
    assert {samples for _, samples in errors} == {"120"}


@pytest.mark.parametrize("among", [[], ["--pyargs", "proofs_check"]])
def test_the_packages_own_statements_are_collected_once(run_pytest, tmp_path, among):
    (tmp_path / "test_ordinary.py").write_text(ORDINARY)
    ran = run_pytest("--statements", "--collect-only", "-q", *among)
    assert ran.returncode == 0
    wanted = [
        f"{statement.id}::{item}"
        for statement in registry.own_statements()
        for item in ("claim", *(f"mutant[{mutant.name}]" for mutant in statement.mutants))
    ]
    assert sorted(collected(ran)) == sorted(wanted)


def test_ordinary_runs_are_unaffected_and_left_out_of_statement_runs(run_pytest, tmp_path, user_file):
    (tmp_path / "test_ordinary.py").write_text(ORDINARY)
    (tmp_path / "test_plain.py").write_text("def test_plain(): pass\n")
    ran = run_pytest("-v")
    assert ran.returncode == 0
    passed = [["test_loads_nothing", "PASSED"], ["test_plain", "PASSED"]]
    assert [item.split()[:2] for item in collected(ran)] == passed
    (tmp_path / "test_ordinary.py").write_text(ORDINARY.replace("STATEMENTS", "OTHERS"))
    (tmp_path / "notes.md").write_text("STATEMENTS is where they are listed\n")
    gathered = tmp_path / "gathered"
    gathered.mkdir()
    (gathered / "__init__.py").write_text("STATEMENTS = undefined\n")
    ran = run_pytest("--statements", tmp_path, "-q", "--collect-only")
    assert ran.returncode == 0
    assert {item.split("::")[0].split(".")[0] for item in collected(ran)} == {"user"}
    assert len(collected(ran)) == 12


GOOD = """
from proofs_check import Assumption, Enumerated, Mutant, Statement
SQUARE = Enumerated("2 times 2", ((2,),), lambda x: x * x)
def of(name, claim, mutant=lambda x: 5):
    return Statement(name, "Four.", "x", "me", (Assumption("any"),), claim, (SQUARE,), (Mutant("wrong", mutant),))
"""


def test_what_cannot_be_run_fails_with_its_line_and_harms_no_other(run_pytest, tmp_path):
    listed = (
        "STATEMENTS = [of('a.good', lambda x: 4), of('a.raises', lambda x: 1 / 0), 'none', of('a.no', lambda x: 'a')]\n"
    )
    for folder, text in (
        ("a", GOOD + listed),
        ("b", GOOD + "STATEMENTS = [of('b.good', lambda x: 4, lambda x: 1 / 0)]\n"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(text)  # two files of one stem
    (tmp_path / "syntax.py").write_text("STATEMENTS = (\n")
    ran = run_pytest("--statements", "a/mine.py", "b/mine.py", "syntax.py", "-v")
    outcomes = dict(re.findall(r"^(\S+\.py::.*?) (PASSED|FAILED)", ran.stdout, re.MULTILINE))
    assert outcomes == {
        "a/mine.py::a.good::claim": "PASSED",
        "a/mine.py::a.good::mutant[wrong]": "PASSED",
        "a/mine.py::a.raises::claim": "FAILED",
        "a/mine.py::a.raises::mutant[wrong]": "PASSED",
        "a/mine.py::a.no::claim": "FAILED",
        "a/mine.py::a.no::mutant[wrong]": "PASSED",
        "a/mine.py::fault 1": "FAILED",
        "b/mine.py::b.good::claim": "PASSED",
        "b/mine.py::b.good::mutant[wrong]": "FAILED",
        "syntax.py::fault 1": "FAILED",
    }
    assert ran.returncode == 1
    assert (
        "a.raises: Four.\nbroken (enumerated): 2 times 2 could not be run\n  ZeroDivisionError: division by zero ("
        in (ran.stdout)
    )
    assert "could not be run: entry 3 of STATEMENTS is no Statement, but 'none'" in ran.stdout
    assert "could not be run: SyntaxError: '(' was never closed (syntax.py:1)" in ran.stdout
    assert "b.good: no evidence refutes the mutant 'wrong'\n  an error is no refutation: " in ran.stdout


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_of_ids_that_come_twice_the_first_is_named_whatever_the_hash_seed(run_pytest, tmp_path, monkeypatch, seed):
    monkeypatch.setenv("PYTHONHASHSEED", seed)
    ids = [f"a.s{number}" for number in range(8)]
    for name in ("one", "two"):
        listed = ", ".join(f"of({one!r}, lambda x: 4)" for one in ids)
        (tmp_path / f"{name}.py").write_text(f"{GOOD}STATEMENTS = [{listed}]\n")
    ran = run_pytest("--statements", "one.py", "two.py")
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert "id: two statements are called 'a.s0' (one.py:5, two.py:5); rename one" in ran.stderr


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("--statements-profile=quik", "--statements-profile: there is no profile 'quik'"),
        ("--statements-seed=-1", "--statements-seed: must be at least 0, got -1"),
        ("--statements-jobs=0", "--statements-jobs: must be at least 1, got 0"),
    ],
)
def test_options_are_refused_in_one_line(run_pytest, user_file, option, problem):
    ran = run_pytest("--statements", user_file, option)
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert problem in ran.stderr
    assert "Traceback" not in ran.stderr
