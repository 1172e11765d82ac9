"""Runs that are killed, interrupted, resumed: the bits of an uninterrupted one, and a file that is never spoiled."""

from __future__ import annotations

import io
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from proofs_check.cli import main

SAMPLE = (
    "sample gradient-median --width 32 --depth 64 --activation relu --init he --dtype float32 --format json --seed 3"
)
COMMAND = [sys.executable, "-m", "proofs_check.cli", *SAMPLE.split(), "--samples", "4000", "--jobs", "2"]


def _blocks(file: Path) -> int:
    """Return how many blocks a store has: 0 while it is being made."""
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT count(*) FROM blocks").fetchone()[0])
    except sqlite3.Error:
        return 0


@pytest.fixture(scope="module")
def uninterrupted() -> str:
    with redirect_stdout(io.StringIO()) as out:
        assert main(COMMAND[3:]) == 0
    assert json.loads(out.getvalue())["samples"] == 4_000
    return out.getvalue()


def test_killed_at_five_moments_it_ends_with_the_bits_of_an_uninterrupted_run(
    tmp_path: Path, uninterrupted: str
) -> None:
    file = tmp_path / "run.sqlite"
    killed, counts = 0, [0]
    while killed < 5:
        process = subprocess.Popen([*COMMAND, "--store", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        began = time.monotonic()
        while _blocks(file) <= counts[-1] and process.poll() is None and time.monotonic() - began < 30:
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.1))  # any moment must do
        if process.poll() is None:
            process.kill()
            killed += 1
        out, _ = process.communicate()
        if not out:
            counts.append(_blocks(file))
        else:  # it was faster than the kills: begin again, with what has been finished
            assert out.decode() == uninterrupted
            break
    assert counts == sorted(counts)  # nothing is lost
    assert killed >= 3
    done = subprocess.run([*COMMAND, "--store", str(file)], capture_output=True, text=True, check=True)
    assert done.stdout == uninterrupted


@pytest.mark.parametrize("how", [["--jobs", "1"], ["--jobs", "3"]], ids=" ".join)
def test_any_number_of_threads_prints_the_same(
    uninterrupted: str, how: list[str], capsys: pytest.CaptureFixture
) -> None:
    assert main([*SAMPLE.split(), "--samples", "4000", *how]) == 0
    assert capsys.readouterr().out == uninterrupted


def test_a_finished_run_is_read_and_not_drawn_again(tmp_path, capsys, monkeypatch) -> None:
    arguments = [*SAMPLE.split(), "--samples", "600", "--store", str(tmp_path / "run.sqlite")]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    monkeypatch.setattr("montecarlo.runs.simulation.run_block", lambda *_: pytest.fail("a block was drawn again"))
    assert main(arguments) == 0
    assert capsys.readouterr().out == first


def test_other_settings_are_refused_in_one_line_and_the_file_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    file = tmp_path / "run.sqlite"
    assert main([*SAMPLE.split(), "--samples", "600", "--store", str(file)]) == 0
    before = file.read_bytes()
    for change in (
        ["--seed", "4"],
        ["--depth", "63"],
        ["--dtype", "float64"],
        ["--layer", "2"],
        ["--engine", "law-exact", "--dtype", "float64"],
    ):
        capsys.readouterr()
        assert main([*SAMPLE.split(), "--samples", "600", *change, "--store", str(file)]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.startswith("vanishing: --store: ")
        assert shown.err.count("\n") == 1
        assert "was made with" in shown.err
    assert file.read_bytes() == before


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_with_the_blocks_that_are_finished(tmp_path: Path) -> None:
    file = tmp_path / "run.sqlite"
    command = [*COMMAND[: COMMAND.index("--samples")], "--samples", "1000000", "--jobs", "2", "--store", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while _blocks(file) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == ""
    answer = json.loads(out)
    assert answer["asked"] == 1_000_000
    assert 0 < answer["samples"] < 1_000_000
    lo, hi = answer["interval"]
    assert lo < answer["estimate"] < hi


OWN = """
from dataclasses import dataclass

import sympy as sp

from montecarlo import ActivationNorms
from proofs_check import Mean, Mutant, Simulated, Statement, assumptions
from theory import Ensemble


@dataclass(frozen=True)
class Own(ActivationNorms):
    def measure(self, chunk):
        return super().measure(chunk) + 0


def one(net):
    return sp.Integer(1)


NET = Ensemble(width=2, depth=1)
CHECK = Simulated("mean", NET, Own((1,)), "a_1", Mean(1, lambda net: sp.Integer(60)), tolerance=0.5, samples=60_000)
STATEMENTS = (
    Statement(id="own.mean", title="The mean is 1.", latex="1", source="here", claim=one, evidence=(CHECK,),
              assumptions=(assumptions.LINEAR,), mutants=(Mutant("7/2", lambda net: sp.Rational(7, 2)),)),
)
"""


def test_a_store_does_not_answer_for_an_observable_that_has_changed(tmp_path, capsys) -> None:
    """It measures seven times as much as before, under the same name."""
    file = tmp_path / "own.py"
    verify = ["verify", "--module", str(file), "--store", str(tmp_path / "run.sqlite"), "--jobs", "1"]
    file.write_text(OWN)
    assert main(verify) == 0
    first = capsys.readouterr().out
    assert main(verify) == 0
    assert capsys.readouterr().out.split("\n\n")[0] == first.split("\n\n")[0]
    file.write_text(OWN.replace("+ 0", "+ 1.9459101090932196"))
    assert main(verify) == 1
    assert re.search(r"estimate (6\.9|7\.0)", capsys.readouterr().out)


def test_verify_goes_on_where_a_killed_one_ended(tmp_path: Path) -> None:
    file, report = tmp_path / "verify.sqlite", tmp_path / "report.json"
    arguments = ["verify", "init.pytorch-default", "--jobs", "2"]
    verify = [sys.executable, "-m", "proofs_check.cli", *arguments]
    assert main([*arguments, "--json", str(report)]) == 0
    process = subprocess.Popen([*verify, "--store", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while _blocks(file) < 3 and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.communicate()
    resumed = tmp_path / "resumed.json"
    assert main([*arguments, "--store", str(file), "--json", str(resumed)]) == 0
    first, second = (json.loads(path.read_text()) for path in (report, resumed))
    assert first.pop("run") != second.pop("run")  # when they were made
    assert first == second
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}  # the file is made with 1
    again = subprocess.run([*verify, "--store", str(file)], capture_output=True, check=True, env=environment)
    assert again.returncode == 0
