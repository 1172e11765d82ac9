"""Statements are found by id pattern, here or in a user's modules."""

import sys
import textwrap
from types import ModuleType

import pytest

from proofs_check.evidence import Enumerated
from proofs_check.registry import load, own_statements, select, statements_of
from proofs_check.statement import Mutant, Statement
from theory.ensembles import InvalidArgument


def statement(name):
    evidence = (Enumerated("one", ((1,),), lambda x: 1),)
    return Statement(name, "One.", "1", "here", (), lambda x: 1, evidence, (Mutant("two", lambda x: 2),))


AMONG = tuple(statement(name) for name in ("chain.mean", "chain.median", "forward.mean", "forward.rate"))


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ((), ["chain.mean", "chain.median", "forward.mean", "forward.rate"]),
        (("chain.*",), ["chain.mean", "chain.median"]),
        (("*.mean",), ["chain.mean", "forward.mean"]),
        (("forward.rate", "chain.mean"), ["chain.mean", "forward.rate"]),  # in the statements' own order, each once
        (("*.mean", "chain.m*n"), ["chain.mean", "chain.median", "forward.mean"]),
        (("*.r?te",), ["forward.rate"]),
        (("[cF]*.mean",), ["chain.mean"]),  # case counts
    ],
)
def test_patterns_select_what_they_match_in_order(patterns, found):
    assert [s.id for s in select(iter(patterns), AMONG)] == found


@pytest.mark.parametrize("pattern", ["chain.men", "Chain.mean"])
def test_an_unknown_id_suggests_the_nearest(pattern):
    with pytest.raises(InvalidArgument, match=f"no statement matches '{pattern}'; did you mean 'chain.mean'?") as error:
        select(["forward.*", pattern], AMONG)
    assert error.value.argument == "id"
    assert "forward.rate" in error.value.remedy  # and all are listed


def test_two_statements_of_one_id_are_refused():
    with pytest.raises(InvalidArgument, match=r"two statements are called 'forward.mean'; rename one"):
        select(["chain.*"], (*AMONG, statement("forward.mean")))


def test_without_a_choice_the_own_statements_are_meant():
    assert select() == own_statements()
    assert [s.id for s in select(["init.*"])] == ["init.pytorch-default"]


SOURCE = textwrap.dedent(
    """
    from proofs_check.evidence import Enumerated
    from proofs_check.statement import Mutant, Statement

    one = Enumerated("one", ((1,),), lambda x: 1)
    STATEMENTS = [Statement("user.one", "One.", "1", "me", (), lambda x: 1, (one,), (Mutant("2", lambda x: 2),))]
    """
)


@pytest.fixture
def clean_modules(monkeypatch):
    monkeypatch.setattr(sys, "modules", dict(sys.modules))


@pytest.mark.usefixtures("clean_modules")
@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_file_is_loaded_by_its_path(tmp_path, kind):
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    loaded = load(kind(path))
    assert isinstance(loaded, tuple)
    assert [s.id for s in loaded] == ["user.one"]
    assert "mine" not in sys.modules  # it shadows no module of that name


@pytest.mark.usefixtures("clean_modules")
def test_two_files_of_one_name_are_two_modules(tmp_path):
    for folder, topic in (("a", "one"), ("b", "other")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(SOURCE.replace("user.one", f"user.{topic}"))
    first, second = (load(tmp_path / folder / "mine.py")[0] for folder in "ab")
    assert (first.id, second.id) == ("user.one", "user.other")
    assert first.claim.__module__ != second.claim.__module__
    assert [first] == sys.modules[first.claim.__module__].STATEMENTS
    assert [second] == sys.modules[second.claim.__module__].STATEMENTS


@pytest.mark.usefixtures("clean_modules")
@pytest.mark.parametrize("name", ["their_statements", "their_package.inner"])
def test_a_module_is_loaded_by_its_name(tmp_path, monkeypatch, name):
    path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
    path.parent.mkdir(exist_ok=True)
    path.write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    assert [s.id for s in load(name)] == ["user.one"]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("/nowhere/mine.py", "there is no file /nowhere/mine.py"),
        ("no_such_module_here", "No module named 'no_such_module_here'"),
        ("proofs_check.no_such_part", "No module named 'proofs_check.no_such_part'"),
    ],
)
def test_what_cannot_be_found_is_named(source, problem):
    with pytest.raises(InvalidArgument, match=problem) as error:
        load(source)
    assert error.value.argument == "statements"
    assert "give a Python file" in error.value.remedy


@pytest.mark.parametrize(
    ("listed", "problem"),
    [
        (None, "mine has no sequence STATEMENTS"),
        ((), "mine has no sequence STATEMENTS"),
        ({"a": 1}, "mine has no sequence STATEMENTS"),
        (AMONG[0], "mine has no sequence STATEMENTS"),
        ([AMONG[0], "chain.mean"], "mine lists 'chain.mean', no Statement"),
    ],
)
def test_a_module_must_list_statements(listed, problem):
    module = ModuleType("mine")
    if listed is not None:
        module.STATEMENTS = listed
    with pytest.raises(InvalidArgument, match=problem) as error:
        statements_of(module)
    assert error.value.remedy == "give it STATEMENTS = (Statement(...), ...)"


@pytest.mark.usefixtures("clean_modules")
def test_an_error_in_the_users_file_is_the_users_to_see(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("1 / 0")
    with pytest.raises(ZeroDivisionError):
        load(path)
