"""A figure, study, ... is found because its file is there."""

import sys
from importlib import import_module

import pytest

from proofs_check import discovery, figures, quantities, registry, studies
from proofs_check.command import subcommands


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A package without files, and how to add one."""
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "a_room").mkdir()

    def add(name, text=""):
        (tmp_path / "a_room" / name).write_text(text)

    add("__init__.py")
    return add


def test_files_are_found_and_not_loaded(room):
    room("second_one.py", "1 / 0")
    room("first.py", "1 / 0")
    assert discovery.files("a_room") == ("first", "second_one")
    assert discovery.names("a_room") == ("first", "second-one")


def test_a_new_file_is_found_at_once_and_what_is_no_module_never(room):
    room("first.py")
    assert discovery.files("a_room") == ("first",)
    room("second.py")
    room("data.csv")
    room("notes.md")
    assert discovery.files("a_room") == ("first", "second")


def test_the_table_of_contents_is_the_order_and_what_it_does_not_name_comes_after(room):
    contents = "What there is.\n\n=====  ====\nd_e    first\nc      second\n=====  ====\n\nb is prose, and a too.\n"
    room("__init__.py", f'"""{contents}"""')
    for name in "b.py", "a.py", "c.py", "d_e.py":
        room(name)
    assert discovery.files("a_room") == ("d_e", "c", "a", "b")
    assert discovery.names("a_room") == ("d-e", "c", "a", "b")


def test_what_a_file_is_there_for_is_loaded_by_its_name_on_the_command_line(room):
    room("the_answer.py", "ANSWER = 42")
    assert discovery.load("a_room", "the-answer", "ANSWER", int) == 42


@pytest.mark.parametrize("text", ["", "ANSWER = '42'", "answer = 42"])
def test_a_file_without_it_is_an_error_that_names_both(room, text):
    room("the_answer.py", text)
    with pytest.raises(ImportError, match=r"^a_room.the_answer has no ANSWER = int\(\.\.\.\)$"):
        discovery.load("a_room", "the-answer", "ANSWER", int)


FIGURE = """
from proofs_check.figures import Figure
from proofs_check.reporting.pictures import Panel, Picture
FIGURE = Figure(lambda **_: Picture((Panel("new", ()),)))
"""
STUDY = """
from proofs_check.tables.model import table_of_texts
from proofs_check.studies import Study
STUDY = Study(lambda workers, **_: table_of_texts("t", "c", ("x",), [("1",)]), {"quick": 1, "full": 2})
"""
QUANTITY = """
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.notation import Notation
from proofs_check.quantities import Quantity
QUANTITY = Quantity(lambda query: Notation("q", "Q"), lambda query: Derivation(query, None, 1.5, None, ("none",)))
"""
SUBCOMMAND = """
from proofs_check.command.subcommands import Subcommand
from theory.ensembles import InvalidArgument

def run(options):
    if options.thing == "no":
        raise InvalidArgument("thing", "is refused", "use another")
    print(options.thing)
    return 3

SUBCOMMAND = Subcommand("do something new", run, lambda parser: parser.add_argument("thing"))
"""


@pytest.mark.parametrize(
    ("package", "text"),
    [
        ("proofs_check.figures", FIGURE),
        ("proofs_check.studies", STUDY),
        ("proofs_check.quantities", QUANTITY),
        ("proofs_check.command.subcommands", SUBCOMMAND),
    ],
)
def test_a_file_dropped_into_a_room_has_its_place_there(dropped, package, text):
    room = import_module(package)
    before = room.names()
    dropped(package, "quite_new", text)
    assert room.names() == (*before, "quite-new")


def test_a_new_figure_is_drawn(dropped, vanishing, tmp_path):
    dropped("proofs_check.figures", "quite_new", FIGURE)
    ran = vanishing(f"figure quite-new --out {tmp_path}/f.svg")
    assert (ran.status, ran.err) == (0, f"figure written to {tmp_path}/f.svg\n")
    assert (tmp_path / "f.svg").exists()


def test_a_new_study_is_tabulated(dropped, vanishing):
    dropped("proofs_check.studies", "quite_new", STUDY)
    ran = vanishing("table quite-new --format csv --jobs 1")
    assert (ran.status, ran.out) == (0, "x\n1\n")


def test_a_new_quantity_is_derived(dropped, vanishing):
    dropped("proofs_check.quantities", "quite_new", QUANTITY)
    ran = vanishing("derive quite-new --width 4 --depth 3")
    assert ran.status == 0
    first, networks, assumed, *_ = ran.out.splitlines()
    assert (first, assumed) == ("q = 1.5", "assuming: none")
    assert networks.startswith("networks: width=4 depth=3 ")


def test_a_study_with_the_name_of_a_topic_is_refused_in_one_line(dropped, vanishing):
    dropped("proofs_check.studies", "init", STUDY)
    ran = vanishing("table init")
    problem = "both a topic and a study are called 'init'"
    assert (ran.status, ran.out, ran.err) == (2, "", f"vanishing: name: {problem}; rename the study's file\n")


def test_a_new_subcommand_is_run_and_its_arguments_are_named_as_they_stand(dropped, vanishing):
    dropped("proofs_check.command.subcommands", "quite_new", SUBCOMMAND)
    ran = vanishing("quite-new it")
    assert (ran.status, ran.out) == (3, "it\n")
    ran = vanishing("quite-new no")
    assert (ran.status, ran.err) == (2, "vanishing: thing: is refused; use another\n")


def test_every_file_of_a_room_is_what_the_room_is_for():
    for name in figures.names():
        assert isinstance(figures.figure(name), figures.Figure)
    for name in quantities.names():
        assert isinstance(quantities.quantity(name), quantities.Quantity)
    for name in subcommands.names():
        assert isinstance(subcommands.subcommand(name), subcommands.Subcommand)
    for name in studies.names():
        assert isinstance(studies.study(name), studies.Study)


def test_the_folder_of_a_statement_is_its_topic():
    for statement in registry.own_statements():
        assert statement.topic in registry.topics()
    assert registry.topics() == tuple(dict.fromkeys(statement.topic for statement in registry.own_statements()))


@pytest.mark.parametrize(
    ("package", "command"),
    [
        ("figures", "figure quite-new --out x.svg"),
        ("command.subcommands", "quite-new"),
        ("command.subcommands", "--help"),
    ],
)
def test_a_file_that_is_not_what_its_room_is_for_is_told_in_one_line(dropped, vanishing, package, command):
    dropped(f"proofs_check.{package}", "quite_new", "x = 1\n1 / 0\n")
    ran = vanishing(command)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert f"proofs_check.{package}.quite_new: could not be run: ZeroDivisionError: division by zero (" in ran.err
    assert "quite_new.py:2); mend the file" in ran.err


def test_a_subcommand_whose_file_is_spoiled_harms_no_other(dropped, vanishing):
    dropped("proofs_check.command.subcommands", "quite_new", "1 / 0\n")
    assert vanishing("papers").status == 0
