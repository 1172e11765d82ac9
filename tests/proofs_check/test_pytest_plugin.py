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
    assert "The false one.\nenumerated: refuted: 2 times 2 2 claimed 5, but the truth is 4" in ran.stdout
    assert "user.spared: no evidence refutes the mutant '4 becomes 4.0'" in ran.stdout
    assert re.search(r"The vague one.\nsimulated: inconclusive: E\|a_1\|\^2 width=4 .* \(0\.\d+, 1\.\d+\)", ran.stdout)
    assert re.search(r"The mistaken one.\nsimulated: refuted: E\|a_1\|\^2", ran.stdout)


def test_one_item_can_be_run_by_its_id(run_pytest, user_file):
    ran = run_pytest("--statements", f"{user_file.name}::user.false::mutant[5 becomes 6]", "-v")
    assert ran.returncode == 0
    assert "1 passed" in ran.stdout


def test_one_error_budget_is_split_over_all_that_is_collected(run_pytest, tmp_path):
    for name, checks in (("one", 1), ("three", 3)):
        (tmp_path / f"{name}.py").write_text(
            "from dataclasses import dataclass\n"
            "from montecarlo import ActivationNorms, Estimate\n"
            "from proofs_check import Mutant, Simulated, Statement\n"
            "from theory import Ensemble\n"
            "class Told:\n"
            "    relative = True\n"
            "    def estimate(self, logs, net, error):\n"
            "        print(f'error={error!r} samples={len(logs)};')\n"
            "        return Estimate(1.0, 0.9, 1.1, error, 'told', len(logs))\n"
            "def check(k):\n"
            "    return Simulated(f'check {k}', Ensemble(2, 1), ActivationNorms(layers=(1,)), 'a_1', Told(), 0.5, 30)\n"
            f"STATEMENTS = [Statement('user.{name}', 't', 'l', 's', (), lambda net: 1,\n"
            f"    tuple(map(check, range({checks}))), (Mutant('m', lambda net: 2),))]\n"
        )
    ran = run_pytest("--statements", "one.py", "three.py", "-s", "--statements-profile", "full")
    assert "4 passed" in ran.stdout
    errors = re.findall("error=(.*?) samples=(.*?);", ran.stdout)
    assert len(errors) == 2 * 4  # the claim and its mutant, once for each check
    assert [float(error) for error, _ in errors] == pytest.approx([1e-6 / 4] * 8, rel=1e-9)
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
    ran = run_pytest("--statements", tmp_path, "-q", "--collect-only")
    assert {item.split("::")[0].split(".")[0] for item in collected(ran)} == {"user"}
    assert len(collected(ran)) == 12
