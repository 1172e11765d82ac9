"""Statements are found by id pattern, here or in a user's modules."""

import sys
import textwrap
from types import ModuleType

import pytest

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated
from proofs_check.registry import load, load_all, own_statements, select, statements_of
from proofs_check.statement import Mutant, Statement
from theory.ensembles import InvalidArgument


def statement(name):
    evidence = (Enumerated("one", ((1,),), lambda x: 1),)
    return Statement(
        name, "One.", "1", "here", (Assumption("any"),), lambda x: 1, evidence, (Mutant("two", lambda x: 2),)
    )


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
    with pytest.raises(InvalidArgument, match=r"two statements are called 'forward.mean' \(\S+py:\d+\); rename one"):
        select(["chain.*"], (*AMONG, statement("forward.mean")))


def test_of_several_ids_that_come_again_the_first_is_named():
    again = [statement(name) for name in ("forward.rate", "chain.mean", "forward.mean")]
    with pytest.raises(InvalidArgument, match=r"'forward\.rate'"):
        select([], (*AMONG, *again))


def test_without_a_choice_the_own_statements_are_meant():
    assert select() == own_statements()
    assert [s.id for s in select(["init.*"])] == ["init.pytorch-default"]


SOURCE = textwrap.dedent(
    """
    from proofs_check.evidence import Enumerated
    from proofs_check.assumptions import NORMAL
    from proofs_check.statement import Mutant, Statement

    one = Enumerated("one", ((1,),), lambda x: 1)
    STATEMENTS = [Statement("user.one", "One.", "1", "me", (NORMAL,), lambda x: 1, (one,), (Mutant("2", lambda x: 2),))]
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
        ((), "STATEMENTS of mine is empty"),
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
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = 1\n1 / 0\n", "ZeroDivisionError: division by zero ({file}:2)"),
        ("x = 1\nSTATEMENTS = (\n", "SyntaxError: '(' was never closed ({file}:2)"),
        ("import no_such_module_there\n", "ModuleNotFoundError: No module named 'no_such_module_there' ({file}:1)"),
        ("raise SystemExit(3)\n", "SystemExit: 3 ({file}:1)"),
        (SOURCE.replace('"user.one"', '"User"'), "id: 'User' is not of the form topic.name; use e.g. "),
        (
            SOURCE.replace("(NORMAL,),", "('even',),"),
            "assumptions: user.one lists 'even', which is no Assumption; give a ",
        ),
    ],
)
def test_an_error_in_a_users_file_is_told_with_its_line_and_harms_no_other(tmp_path, text, problem):
    (broken, good) = (tmp_path / name for name in ("broken.py", "good.py"))
    broken.write_text(text)
    good.write_text(SOURCE)
    with pytest.raises(InvalidArgument) as refused:
        load(broken)
    assert refused.value.problem.startswith(problem.format(file=broken))
    assert refused.value.problem.endswith(")")
    statements, (fault,) = load_all([broken, good, good])
    assert [one.id for one in statements] == ["user.one"]
    assert fault.what == str(broken)
    assert f"{fault.problem} ({fault.where})" == refused.value.problem


@pytest.mark.usefixtures("clean_modules")
@pytest.mark.parametrize(
    ("listed", "problem"),
    [("{1: 2}", "no sequence STATEMENTS"), ("'ab'", "no sequence STATEMENTS"), ("()", "is empty"), ("[]", "is empty")],
)
def test_what_is_no_sequence_is_a_fault(tmp_path, listed, problem):
    (tmp_path / "mine.py").write_text(f"STATEMENTS = {listed}")
    statements, (fault,) = load_all([tmp_path / "mine.py"])
    assert statements == ()
    assert problem in fault.problem


@pytest.mark.usefixtures("clean_modules")
def test_what_is_no_statement_is_a_fault_beside_those_that_are(tmp_path):
    (tmp_path / "mine.py").write_text(f"{SOURCE}\nSTATEMENTS.append('what')\n")
    statements, (fault,) = load_all([tmp_path / "mine.py"])
    assert [one.id for one in statements] == ["user.one"]
    assert "entry 2 of STATEMENTS is no Statement, but 'what'" in fault.problem


@pytest.mark.usefixtures("clean_modules")
def test_a_file_imports_its_own_siblings_and_leaves_the_path_as_it_was(tmp_path):
    for folder, topic in (("a", "one"), ("b", "other")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "beside.py").write_text(f"NAME = 'user.{topic}'\n")
        text = SOURCE.replace('"user.one"', "NAME")
        (tmp_path / folder / "mine.py").write_text(f"from beside import NAME\n{text}")
    path = list(sys.path)
    statements, faults = load_all([tmp_path / folder / "mine.py" for folder in "ab"])
    assert [one.id for one in statements] == ["user.one", "user.other"]
    assert faults == ()
    assert sys.path == path
