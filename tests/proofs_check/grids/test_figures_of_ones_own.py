"""Figures of one's own: lines are theory's numbers, points those of the table of the same networks."""

import csv

import pytest

from proofs_check.claims.sampled import Drawing
from proofs_check.grids.picturing import picture_of
from proofs_check.grids.readings import Wanted
from proofs_check.grids.tabulating import grid_of, tabulate
from theory.ensembles import InvalidArgument

RELU = {"activation": "relu", "init": "he"}


def picture(lines, x, quantity, base, wanted=None, samples=60):
    grid = grid_of(rows=lines, columns=x, quantity=quantity, base=base, names=("lines", "x"))
    return picture_of(grid, Drawing(samples=samples, error=0.01), wanted or Wanted())


def test_points_are_the_numbers_of_the_table():
    made = picture("n=4,8", "L=2,3", "median |a_L|^2", RELU)
    _, found = tabulate(rows="n=4,8", columns="L=2,3", quantity="median |a_L|^2", samples=60, networks=RELU)
    (panel,) = made.panels
    lines, points = panel.series[:2], panel.series[2:]
    assert [series.name for series in panel.series] == [
        "n=4, theory", "n=8, theory", "n=4, measured", "n=8, measured"
    ]  # fmt: skip
    for place, (line, drawn) in enumerate(zip(lines, points, strict=True)):
        for column, (exact, point) in enumerate(zip(line.points(), drawn.points(), strict=True)):
            reading = found[2 * place + column]
            assert exact.value == float(reading.theory)
            measured = reading.measured
            assert (point.value, point.lo, point.hi) == tuple(map(float, (measured.value, measured.lo, measured.hi)))
            assert point.x == exact.x == (2, 3)[column]


def test_only_theory_draws_no_networks(monkeypatch):
    monkeypatch.setattr("proofs_check.claims.sampled.simulate", lambda *_, **__: pytest.fail("drawn"))
    made = picture("law=normal,uniform", "k=0..3", "E|a_k|^2", {"width": "2", "depth": "3", "init": "1"},
                   Wanted(measured=False))  # fmt: skip
    (panel,) = made.panels
    assert [list(series.value) for series in panel.series] == [[1, 2, 4, 8]] * 2
    assert panel.x_label == "layer $k$"


def test_the_horizontal_axis_may_be_a_formula_in_the_width():
    made = picture("n=2,3", "L=n,2*n,4*n", "E|a_L|^2", RELU, Wanted(measured=False))
    assert [list(series.x) for series in made.panels[0].series] == [[2, 4, 8], [3, 6, 12]]


def test_dead_networks_are_left_out_and_told():
    made = picture("n=1,8", "L=4,12", "median |a_L|^2", RELU)
    (panel,) = made.panels
    assert panel.notes[0].text == "where most networks are dead, nothing is shown"
    assert {series.name for series in panel.series} == {"n=8, theory", "n=8, measured"}


def test_the_command_writes_a_figure_and_its_numbers(vanishing, tmp_path):
    command = "figure --x L=2,4 --lines n=2,4 --quantity 'E|a_L|^4' --show theory"
    ran = vanishing(f"{command} --width column --out {tmp_path}/f.pdf --data {tmp_path}/f.csv --jobs 1")
    assert (ran.status, ran.out) == (0, "")
    assert (tmp_path / "f.pdf").read_bytes().startswith(b"%PDF")
    rows = list(csv.DictReader((tmp_path / "f.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["series"], row["x"], float(row["value"])) for row in rows] == [
        ("n=2, theory", "2", 4), ("n=2, theory", "4", 16), ("n=4, theory", "2", 2.25), ("n=4, theory", "4", 5.0625)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--lines n=2 --quantity 'E|a_L|^2'", "--x: is missing"),
        (
            "--x init=he,xavier --quantity 'E|a_L|^2' --depth 2 --lines n=2",
            "--x: must be the values of one size or layer",
        ),
        ("typical --x L=2", "name: is given beside"),
        ("typical --quantity 'E|a_L|^2'", "name: is given beside"),
        ("typical --depth 3", "--depth: does not apply to a ready figure"),
        ("--x L=2,3 --lines n=1..7 --quantity 'E|a_L|^2'", "--lines: are 7, of which no more than 6"),
        ("--x L=2,3 --lines n=2 --quantity 'E|a_L|^2' --show ratio", "--show: a figure shows theory and measured"),
        ("--x L=2,3 --lines n=2", "--quantity: is missing"),
        (
            "--x L=2,4 --lines n=4 --init 1e-300 --quantity 'E|a_L|^2' --show theory",
            "--quantity: E|a_L|^2 is 1.600e-599",
        ),
    ],
)
def test_wrong_options_are_refused(vanishing, tmp_path, options, told):
    ran = vanishing(f"figure {options} --out {tmp_path}/f.pdf --jobs 1")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"vanishing: {told}"), ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_figure_without_any_value_is_refused():
    with pytest.raises(InvalidArgument, match="has no value to draw"):
        picture("n=2", "L=2", "median lambda_max", {}, Wanted(measured=False))


def test_a_line_of_one_point_has_a_mark_and_what_is_not_measured_is_told():
    (panel,) = picture("n=4", "L=2", "E log|a_L|^2", RELU).panels
    assert [series.look.marker for series in panel.series] == ["_"]
    assert [note.text for note in panel.notes] == ["not measured: no valid interval", "of the networks that are alive"]
