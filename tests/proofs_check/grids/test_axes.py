"""What rows and columns set, and what is refused."""

import pytest

from proofs_check.grids.axes import read_axis, require_apart
from proofs_check.grids.cases import case_of
from theory.ensembles import InvalidArgument


def values(text):
    return [dict(setting.values) for setting in read_axis("rows", text).settings]


def test_values_in_all_combinations_in_the_order_given():
    assert values("n=64,16") == [{"width": "64"}, {"width": "16"}]
    assert values("L=2..4, 8") == [{"depth": str(depth)} for depth in (2, 3, 4, 8)]
    assert values("activation=relu,linear; init=he,2/7") == [
        {"activation": activation, "init": init} for activation in ("relu", "linear") for init in ("he", "2/7")
    ]


def test_quantities_are_split_at_commas_outside_brackets():
    found = read_axis("columns", "Cov(|a_1|^2, |a_2|^2), P(|a_L|^2 >= 1/4) , quantile[1/3] |a_L|^2")
    assert [one.quantity for one in found.settings] == [
        "Cov(|a_1|^2, |a_2|^2)",
        "P(|a_L|^2 >= 1/4)",
        "quantile[1/3] |a_L|^2",
    ]


def test_rows_from_a_file(tmp_path):
    path = tmp_path / "rows.toml"
    path.write_text('[[row]]\nlabel = "ours"\nactivation = "relu"\nn = 4\n[[row]]\ninput = [1, 2]\nwidths = [2, 3]\n')
    first, second = read_axis("rows", str(path)).settings
    assert (first.label, first.values) == ("ours", (("activation", "relu"), ("width", "4")))
    assert second.values == (("input", "1,2"), ("widths", "2,3"))
    net = case_of({"init": "he"}, [second]).net
    assert net.widths == (2, 3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "rows: is empty"),
        ("n=", "rows: 'n=' has a value that is empty"),
        ("n=4,,8", "rows: 'n=4,,8' has a value that is empty"),
        ("n=4,4", "rows: n has the value 4 twice"),
        ("wdth=4", "rows: there is nothing called 'wdth' to set; did you mean 'width'?"),
        ("n=8..4", "rows: n=8..4 has no value; put the smaller end first: 4..8"),
        ("n=1..100000", "rows: n=1..100000 has more than 400 values"),
        ("n=1..30; L=1..30", "rows: has more than 400 combinations"),
        ("n=4; n=8", "rows: sets n twice"),
        ("n=4; relu", "rows: 'relu' is no KEY=VALUE,VALUE"),
        ("E|a_L|^2,,E|a_L|^4", "has an empty place between two commas"),
        ("widths=2,3,4", "could divide one widths or several"),
        ("nowhere.toml", "rows: cannot read nowhere.toml: No such file or directory"),
    ],
)
def test_what_cannot_be_read_is_refused(text, told):
    with pytest.raises(InvalidArgument) as refused:
        read_axis("rows", text)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[row]\n", "rows.toml is no TOML: "),
        ("[[line]]\nn = 4\n", "line 1: the file has no key 'line'"),
        ('\n[[row]]\nlabel = "x"\nactivaton = "relu"\n', "line 4: [[row]] has no key 'activaton'; did you mean 'activ"),
        ("row = 3\n", "has no table [[row]]"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(tmp_path, text, told):
    path = tmp_path / "rows.toml"
    path.write_text(text)
    with pytest.raises(InvalidArgument) as refused:
        read_axis("rows", str(path))
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("axes", "typed", "told"),
    [
        (("n=1", "n=2"), (), "columns: sets n, as rows do"),
        (("n=1", "L=2"), ("depth",), "depth: is given beside columns, which set it, too"),
        (("n=1",), ("widths",), "widths: is given beside rows"),
        (("E|a_L|^2", "median |a_L|"), (), "columns: names quantities, as rows do"),
    ],
)
def test_nothing_is_set_twice(axes, typed, told):
    read = [read_axis(name, text) for name, text in zip(("rows", "columns"), axes, strict=False)]
    with pytest.raises(InvalidArgument) as refused:
        require_apart(read, typed)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ({"width": "4", "depth": "L"}, "depth: 'L' is no number, nor a formula in the other size"),
        ({"width": "n/2", "depth": "4"}, "width: 'n/2' is no number"),
        ({"width": "L/3", "depth": "4"}, "width: L/3 is 4/3, which is no integer from 1 on"),
        ({"width": "4", "depth": "0"}, "depth: 0 is no integer from 1 on"),
        ({"width": "4", "depth": "4", "init": "h"}, "init: "),
        ({"width": "4"}, "depth: "),
    ],
)
def test_networks_that_cannot_be_are_refused(base, told):
    with pytest.raises(InvalidArgument) as refused:
        case_of(base, [])
    assert str(refused.value).startswith(told)


def test_a_size_may_be_a_formula_in_the_other():
    assert case_of({"width": "6", "depth": "n*(n-1)"}, []).net.depth == 30
    assert case_of({"width": "2*L", "depth": "6"}, []).net.width == 12
    case = case_of({"width": "6", "depth": "8", "k": "L-1"}, [])
    assert case.layers == (("k", 7),)
