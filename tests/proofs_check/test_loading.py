"""A user's file is a module that no other process can import, and what comes from it is known."""

import argparse
import functools
import operator
import os
import sys

import pytest

from montecarlo import ActivationNorms
from montecarlo.workers.places import serial
from proofs_check import registry
from proofs_check.command.running import verified
from proofs_check.loading import is_from_file, run_file
from proofs_check.verification import simulating, verifying
from proofs_check.verification.verifying import verify
from theory.ensembles import Ensemble, Law

BESIDE = """
def drawn(rng, shape):
    return rng.standard_normal(shape)
"""
FILE = """
from dataclasses import dataclass

import sympy as sp
from own_beside import drawn

from montecarlo import ActivationNorms
from proofs_check import Mean, Mutant, Simulated, Statement, assumptions
from theory import Ensemble, Law

NET = Ensemble(width=2, depth=1)
LAW = Law.from_moments("mine", {2: 1, 4: 3}, sampler=drawn)


@dataclass(frozen=True)
class Own(ActivationNorms):
    def measure(self, chunk):
        return super().measure(chunk)


def one(net):
    return sp.Integer(1)


def mean(name, net, observable):
    check = Simulated("mean", net, observable, "a_1", Mean(1, one), tolerance=0.5, samples=5000)
    two = Mutant("2", lambda net: sp.Integer(2))
    return Statement(id=f"own.{name}", title="The mean is 1.", latex="1", source="here", claim=one, evidence=(check,),
                     assumptions=(assumptions.LINEAR,), mutants=(two,))


STATEMENTS = (mean("observable", NET, Own((1,))), mean("law", NET.at(law=LAW), ActivationNorms((1,))))
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "own_beside.py").write_text(BESIDE)
    path = tmp_path / "own.py"
    path.write_text(FILE)
    return path


def test_what_is_or_holds_anything_of_a_file_is_known(file):
    module = run_file(file)
    own, norms, net = module.Own((1,)), ActivationNorms((1,)), Ensemble(width=2, depth=1)
    for thing in (
        own,
        module.Own,
        module.mean,
        (norms, [own]),
        net.at(law=module.LAW),
        functools.partial(module.mean, 1),
    ):
        assert is_from_file(thing)
        assert is_from_file(norms, thing)
    for thing in (norms, ActivationNorms, net, net.at(law=Law.named("uniform")), functools.partial(operator.add, 1)):
        assert not is_from_file(thing)
    assert is_from_file(lambda: None)  # it cannot be sent at all


def test_on_a_cluster_it_is_told_what_is_measured_here(file, capsys, monkeypatch):
    monkeypatch.setattr(verifying, "verify", lambda statements, **_: None)
    options = argparse.Namespace(profile="quick", seed=0, jobs=1, store=None)
    statements = registry.load(file)
    verified(statements, options, None, None)
    assert capsys.readouterr().err == ""
    verified(statements, options, serial(), None)
    told = "vanishing: measured here, in threads, as no worker can import the file: own.observable, own.law\n"
    assert capsys.readouterr().err == told


def test_a_files_own_observables_and_laws_are_measured_here_and_nothing_is_told(file, monkeypatch, capfd):
    """No worker process can import the file; the bits are the same."""
    travelled, simulate = [], simulating.simulate

    def watched(net, observables, *, executor, **others):
        travelled.append(executor.travels)
        return simulate(net, observables, executor=executor, **others)

    monkeypatch.setattr(simulating, "simulate", watched)
    statements = registry.load(file)
    alone, together = (verify(statements, jobs=jobs) for jobs in (1, 2))
    assert alone.results == together.results
    assert alone.exit_status == 0
    assert travelled == [False] * 4
    assert capfd.readouterr() == ("", "")


def test_a_file_says_what_it_says_now_and_leaves_nothing_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = tmp_path / "mine.py"
    (tmp_path / "own_helper_now.py").write_text("WIDTH = 3\n")
    times = (1_000_000_000, 1_000_000_000)
    for width in (2, 4):  # of the same size and the same time
        path.write_text(f"from own_helper_now import WIDTH\nwidth = {width}\n")
        os.utime(path, times)
        assert run_file(path).width == width
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["mine.py", "own_helper_now.py"]
    assert sys.dont_write_bytecode is False
