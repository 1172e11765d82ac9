"""What is measured is known by its code: any change that may matter is seen, and comments and docstrings are none."""

import importlib.util
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from montecarlo import ActivationNorms, GradientNorms
from montecarlo.curvature import HessianNorms
from montecarlo.runs.measured_code import own_code, package
from montecarlo.training import Adam, EscapeTimes
from theory.ensembles import Ensemble, Law

FILE = """
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import mine_beside
from mine_beside import shifted as moved

FACTOR = 7
TABLE = {"a": [1, 2], "b": frozenset({"x", "y"})}


class Base:
    power = 2

    def logs(self, chunk):
        return chunk.log_activation_norms([1])


@dataclass(frozen=True)
class Mine(Base):
    by: float = 0.5
    name: ClassVar[str] = "Mine"
    needs: ClassVar[frozenset] = frozenset()

    def components(self, net):
        return ("a_1",)

    @property
    def offset(self):
        return self.by - 1

    @staticmethod
    def doubled(x, times=2):
        return times * x

    def measure(self, chunk):
        \"\"\"Measure it.\"\"\"
        parts = [one(TABLE) + 1.5 for one in (len, size)]
        return moved(self.logs(chunk)) * FACTOR + self.doubled(self.offset) + mine_beside.more(parts[0])


def size(table):
    from mine_late import late

    return len(table) + late() + mine_beside.other(1)


def elsewhere():
    return 3
"""
BESIDE = """
def shifted(x):
    return x + deep()


def deep():
    return 1.25


def more(x):
    return x - 4


def other(x):
    return 2 * x


def unused():
    return 9
"""
LATE = """
def late():
    return 6
"""


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """Return the observable of a file, whose text and whose neighbors' may be changed at one place."""

    def load(old="", new=""):
        for name, text in (("mine_beside", BESIDE), ("mine_late", LATE), ("mine", FILE)):
            path = tmp_path / f"{name}.py"
            path.write_text(text.replace(old, new) if old else text)
            spec = importlib.util.spec_from_file_location(name, path)
            module = importlib.util.module_from_spec(spec)
            monkeypatch.setitem(sys.modules, name, module)
            exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
        return module.Mine()

    return load


CHANGES = {
    "the factor": ("FACTOR = 7", "FACTOR = 49"),
    "what is measured": ("norms([1])", "norms([0])"),
    "an operation": (") * FACTOR", ") + FACTOR"),
    "a function that is named there": ("len(table) +", "2 * len(table) +"),
    "a constant in a table": ("[1, 2]", "[1, 3]"),
    "a word in a set": ('"x", "y"', '"x", "z"'),
    "an inherited attribute": ("power = 2", "power = 3"),
    "a default": ("times=2", "times=3"),
    "a default setting": ("by: float = 0.5", "by: float = 0.25"),
    "a property": ("self.by - 1", "self.by - 2"),
    "within a comprehension": ("+ 1.5", "+ 2.5"),
    "a function of a module beside": ("x - 4", "x - 5"),
    "a function under another name": ("x + deep()", "x - deep()"),
    "a function behind that": ("1.25", "1.5"),
    "another function of the same module": ("return 2 * x", "return 3 * x"),
    "a module imported within a function": ("return 6", "return 7"),
    "the argument of a call": ("parts[0]", "parts[1]"),
}
NO_CHANGES = {
    "a comment": ("FACTOR = 7", "# seven\n\nFACTOR = 7  # yes"),
    "a docstring": ("Measure it.", "Measure all of it."),
    "another function of the file": ("return 3", "return 4"),
    "another function beside": ("return 9", "return 10"),
    "a line more": ("class Base:", "\n\nclass Base:"),
}


@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_what_is_measured_is_seen(loaded, old, new):
    before = own_code(loaded())
    after = own_code(loaded(old, new))
    assert before != after
    assert before.endswith(" (Mine)")


@pytest.mark.parametrize(("old", "new"), NO_CHANGES.values(), ids=NO_CHANGES)
def test_what_cannot_matter_is_no_change(loaded, old, new):
    assert own_code(loaded()) == own_code(loaded(old, new))


def test_the_settings_of_an_observable_and_what_wraps_it_count(loaded):
    mine = loaded()
    kind = type(mine)
    things = [mine, kind(0.75), (mine, mine), [mine], {"a": mine}, partial(kind, 0.5), mine.measure]
    found = [own_code(thing) for thing in things]
    assert len(set(found)) == len(found)
    assert found == [own_code(thing) for thing in things]


def test_a_function_that_has_run_often_is_the_same():
    """Python 3.11 rewrites the code of functions as they run."""

    def sampler(rng, shape):
        return sum(rng * x for x in range(shape))

    before = own_code(sampler)
    for _ in range(5000):
        sampler(2, 3)
    assert own_code(sampler) == before


def test_what_a_function_encloses_counts():
    def sampler_of(scale):
        return lambda rng, shape: scale * rng.standard_normal(shape)

    assert own_code(sampler_of(2)) == own_code(sampler_of(2)) != own_code(sampler_of(3))
    assert own_code(sampler_of(np.arange(3))) != own_code(sampler_of(np.arange(1, 4)))


OTHER_PROCESS = """
import sys
sys.path.insert(0, {folder!r})
from mine import Mine
from montecarlo.runs.measured_code import own_code
print(own_code(Mine()))
"""


def test_every_process_tells_the_same_whatever_its_hash_seed(loaded, tmp_path):
    """From the source at first, and then from the bytecode that Python has kept."""
    here = own_code(loaded())
    code = OTHER_PROCESS.format(folder=str(tmp_path))
    for seed in "01":
        ran = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert ran.stdout.strip() == here


def test_the_packages_own_is_no_users_code():
    net = Ensemble(width=2, depth=2, law="uniform")
    own = [ActivationNorms(), GradientNorms(), HessianNorms(), EscapeTimes(Adam(0.1)), net.law, Law.named("rademacher")]
    assert own_code(*own) == ""


def test_a_users_piece_within_the_packages_own_is_found(loaded):
    law = Law.from_moments("mine", {2: 1, 4: 3}, sampler=type(loaded()).components)
    assert own_code(ActivationNorms(), law).endswith(" (Mine)")


def test_the_package_is_known_by_its_version_and_its_sources(monkeypatch, tmp_path):
    from montecarlo.runs import measured_code

    ours = package()  # which is kept: with other sources in the package's place, that of those would be
    (tmp_path / "montecarlo").mkdir()
    file = tmp_path / "montecarlo" / "draws.py"
    file.write_text("seed = 1")
    monkeypatch.setattr(measured_code, "_ROOT", tmp_path)
    before = package.__wrapped__()
    assert before == package.__wrapped__()
    file.write_text("seed = 2")
    assert package.__wrapped__() != before
    assert before.split(" (sources ")[0] == ours.split(" (sources ")[0]
    assert package() == ours != before
