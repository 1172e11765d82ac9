"""Values of options are read exactly, or refused in one line that would work if it were followed."""

from fractions import Fraction

import pytest

from proofs_check.command import option_values as read
from theory.ensembles import InvalidArgument


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (read.integer, "-3", -3),
        (read.natural, "0", 0),
        (read.positive, "1", 1),
        (read.exact_number, "-1/3", Fraction(-1, 3)),
        (read.exact_number, "0.1", Fraction(1, 10)),
        (read.exact_probability, "1e-400", Fraction(1, 10**400)),
        (read.probability, "0.5", 0.5),
        (read.two_layers, "1,k", (1, "k")),
        (read.two_layers, " 2 , 3 ", (2, 3)),
    ],
)
def test_a_value_is_read_exactly(reader, text, value):
    found = reader("x", text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("reader", "text", "problem"),
    [
        (read.integer, "2.0", "must be an integer, got '2.0'"),
        (read.natural, "-1", "must be at least 0, got -1"),
        (read.positive, "0", "must be at least 1, got 0"),
        (read.exact_number, "half", "must be a number, got 'half'"),
        (read.exact_number, "1/0", "must be a number, got '1/0'"),
        (read.exact_probability, "1", "must lie strictly between 0 and 1, got 1"),
        (read.exact_probability, "-1e-400", "must lie strictly between 0 and 1, got -1e-400"),
        (read.probability, "0", "must lie strictly between 0 and 1, got 0"),
        (read.probability, "nan", "must lie strictly between 0 and 1, got nan"),
        (read.two_layers, "1", "must be two layers, got '1'"),
        (read.two_layers, "1,", "must be two layers, got '1,'"),
        (read.two_layers, "1,2,3", "must be two layers, got '1,2,3'"),
    ],
)
def test_a_refusal_names_the_option_and_its_example_is_read(reader, text, problem):
    with pytest.raises(InvalidArgument) as refused:
        reader("x", text)
    assert (refused.value.argument, refused.value.problem) == ("x", problem)
    example = refused.value.remedy.split("--x ")[1].split()[0]
    reader("x", example)


def test_a_word_stands_for_what_is_known_or_the_nearest_is_suggested():
    known = {"text": 1, "json": 2}
    assert read.choice("format", "json", known) == 2
    with pytest.raises(InvalidArgument, match=r"^format: there is no format 'jsn'; did you mean 'json'"):
        read.choice("format", "jsn", known)


def test_a_file_that_can_be_written_is_left_as_it_is(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("before")
    assert read.writable_file("json", str(path)) == path
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_made_with_those_above_it_and_left_empty(tmp_path):
    folder = read.writable_folder(str(tmp_path / "a" / "b"))
    assert folder.is_dir()
    assert not list(folder.iterdir())
    with pytest.raises(InvalidArgument, match=r"^out: is empty; name a folder$"):
        read.writable_folder("")
