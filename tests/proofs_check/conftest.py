"""The command run in this process, and a user's module of small statements, one for each verdict."""

import shlex
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from proofs_check import registry
from proofs_check.cli import main

STATEMENTS = """
from proofs_check import Assumption, Enumerated, Mean, Mutant, Simulated, Statement
from montecarlo import ActivationNorms
from theory import Ensemble

ANY = (Assumption("numbers are exact"),)
NET = Ensemble(width=4, depth=1)
SQUARE = Enumerated("2 times 2", ((2,),), lambda x: x * x)
AROUND_ONE = {tolerance: Simulated("E|a_1|^2", NET, ActivationNorms(layers=(1,)), "a_1", Mean(1, lambda net: 1.0),
                                   tolerance=tolerance, samples=2000) for tolerance in (0.4, 1e-3)}


def user(name, claimed, mutated, *evidence):
    return Statement(id=f"user.{name}", title=f"The {name} one.", latex="2^2 = 4", source="school", assumptions=ANY,
                     claim=lambda x: claimed, evidence=evidence,
                     mutants=(Mutant(f"{claimed} becomes {mutated}", lambda x: mutated),))


STATEMENTS = (
    user("true", 4, 5, SQUARE),
    user("false", 5, 6, SQUARE),
    user("spared", 4, 2 + 2.0, SQUARE),
    user("measured", 1, 3, AROUND_ONE[0.4]),
    user("vague", 1, 3, AROUND_ONE[1e-3]),
    user("mistaken", 2, 3, AROUND_ONE[0.4]),
)
"""


@dataclass(frozen=True)
class Ran:
    """What a run of the command came to."""

    status: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _no_width(monkeypatch):
    """The tests' own terminal is as wide as it likes."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are written, in order."""
    found = []
    savefig = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *a, **k: (found.append(self), savefig(self, *a, **k)))
    return found


@pytest.fixture
def vanishing(capsys):
    """Run a command line in this process."""

    def run(command):
        capsys.readouterr()
        status = main(shlex.split(command))
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture
def user_file(tmp_path):
    """A file of statements, outside the repository."""
    path = tmp_path / "user_statements.py"
    path.write_text(STATEMENTS, encoding="utf-8")
    return path


@pytest.fixture
def users_own(user_file, monkeypatch):
    """The user's statements in place of the package's own, chosen by name."""
    known = {statement.id.removeprefix("user."): statement for statement in registry.load(user_file)}

    def choose(*names):
        chosen = tuple(known[name] for name in names)
        for module in ("proofs_check.registry", "proofs_check.command.soak"):
            monkeypatch.setattr(f"{module}.own_statements", lambda: chosen)
        return chosen

    return choose


@pytest.fixture
def dropped(tmp_path, monkeypatch):
    """Drop a file into a room of the package, without touching the package."""
    rooms = []

    def drop(package, name, text):
        folder = tmp_path / package
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(text)
        room = import_module(package)
        monkeypatch.setattr(room, "__path__", [*room.__path__, str(folder)])
        rooms.append((room, name))

    yield drop
    for room, name in rooms:
        sys.modules.pop(f"{room.__name__}.{name}", None)
        vars(room).pop(name, None)


@pytest.fixture
def no_simulation(monkeypatch):
    """Fail if anything is simulated."""

    def simulate(*_, **__):
        raise AssertionError("something was simulated")

    for module in (
        "answers.sampling",
        "figures.typical",
        "studies.curvature",
        "studies.distance_law",
        "studies.escape_times",
        "verification.simulating",
    ):
        monkeypatch.setattr(f"proofs_check.{module}.simulate", simulate)
    monkeypatch.setattr("proofs_check.answers.sampled_means.particle_mean", simulate)
    monkeypatch.setattr("proofs_check.quantities.exceedance.tail_probability", simulate)


@pytest.fixture(scope="session")
def script():
    """The installed command."""
    return Path(sys.prefix) / "bin" / "vanishing"
