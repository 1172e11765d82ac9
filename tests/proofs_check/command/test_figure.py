"""`figure`: widths, formats, styles and numbers; what would be ignored is refused; progress on a terminal alone."""

import sys

import pytest

from proofs_check import figures
from proofs_check.command.subcommands import figure as command
from proofs_check.reporting.pictures import Look, Panel, Picture, Series

PICTURE = Picture((Panel("signal", (Series("mean", (1, 2), (1.0, 0.5), look=Look(line="-")),)),))


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """All figures are of one small picture."""

    def make(*, seed, jobs, told):
        if told is not None:
            told("medians", 1, 3)
        return PICTURE

    for name in figures.names():
        monkeypatch.setattr(f"proofs_check.figures.{name.replace('-', '_')}.FIGURE", figures.Figure(make))


def test_a_width_and_a_style_are_those_of_the_page(vanishing, tmp_path):
    (tmp_path / "mine.mplstyle").write_text("axes.facecolor: abcdef\n")
    ran = vanishing(f"figure typical --out {tmp_path}/f.svg --width column --style {tmp_path}/mine.mplstyle")
    assert ran.status == 0
    text = (tmp_path / "f.svg").read_text()
    assert 'width="219.6pt"' in text  # 3.05 inches
    assert "#abcdef" in text


def test_numbers_are_written_beside_the_drawing_or_without_it(vanishing, tmp_path, monkeypatch):
    ran = vanishing(f"figure typical --out {tmp_path}/f.png --data {tmp_path}/f.csv")
    assert ran.err == f"figure written to {tmp_path}/f.png\nnumbers written to {tmp_path}/f.csv\n"
    expected = "panel,series,x,value,lo,hi\nsignal,mean,1,1,,\nsignal,mean,2,0.5,,\n"
    assert (tmp_path / "f.csv").read_text() == expected
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # numbers alone need none
    ran = vanishing(f"figure typical --data {tmp_path}/g.json")
    assert (ran.status, ran.err) == (0, f"numbers written to {tmp_path}/g.json\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.csv", "f.png", "g.json"]


def test_all_figures_have_the_format_and_their_numbers_a_folder(vanishing, tmp_path):
    ran = vanishing(f"figure all --out {tmp_path}/a --format svg --width 5 --data {tmp_path}/b")
    assert ran.err == f"figures written to {tmp_path}/a\nnumbers written to {tmp_path}/b\n"
    for folder, ending in (("a", "svg"), ("b", "csv")):
        found = {path.name for path in (tmp_path / folder).iterdir()}
        assert found == {f"{name}.{ending}" for name in figures.names()}
    assert 'width="360pt"' in (tmp_path / "a" / "spectrum.svg").read_text()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("typical --out {tmp}/f.png --format pdf", "--format: is of all figures; of one, the ending of --out says it"),
        ("typical --data {tmp}/f.csv --width text", "--width: is of the drawing, and there is none without --out"),
        ("typical --data {tmp}/f.csv --style ggplot", "--style: is of the drawing, and there is none without --out"),
        ("all --data {tmp}/d --format pdf", "--format: is of the drawing, and there is none without --out"),
        ("typical --data {tmp}/f.txt", "--data: f.txt ends on none of .csv, .json; use e.g. figure.csv"),
        ("typical --out {tmp}/f.png --data {tmp}/no/f.csv", "--data: cannot write {tmp}/no/f.csv: No such file"),
        ("all --out {tmp}/d --data {tmp}/f.csv", "--data: {tmp}/f.csv is one file's name, but there are 13"),
        ("all --out {tmp}/d --data {tmp}/file", "--data: cannot write to {tmp}/file: File exists"),
        ("all --out {tmp}/f.eps", "--out: {tmp}/f.eps is one file's name, but there are 13; name a folder"),
        ("all --out {tmp}/d --format pfd", "--format: there is no format 'pfd'; did you mean 'pgf'? known: pdf, svg"),
        ("typical --out {tmp}/f.png --width colum", "--width: 'colum' is no width; did you mean 'column'? known:"),
        ("typical --out {tmp}/f.png --width 2", "--width: must lie between 3 and 20 inches, got 2; use e.g. --width"),
        ("typical --out {tmp}/f.png --style gplot", "--style: 'gplot' is neither a file nor a style that matplotlib"),
        ("typical", "command: the following arguments are required: --out; see 'vanishing figure --help', or use"),
    ],
)  # fmt: skip
def test_what_would_be_ignored_or_cannot_be_used_is_refused_in_one_line(vanishing, tmp_path, options, told):
    (tmp_path / "file").write_text("")
    ran = vanishing("figure " + options.format(tmp=tmp_path))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"vanishing: {told.format(tmp=tmp_path)}")
    assert ran.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"] or "/d" in options


def test_what_is_done_and_how_far_it_is_moves_a_bar_for_each_figure(vanishing, tmp_path, monkeypatch):
    moves = []

    class Bars:
        def __enter__(self):
            return lambda *move: moves.append(move)

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(command, "progress_bars", Bars)
    vanishing(f"figure typical --out {tmp_path}/f.png")
    one = [("typical", "medians", 1, 3), ("typical", "drawing", 0, 1), ("typical", "written", 1, 1)]
    assert moves == one
    moves.clear()
    vanishing(f"figure all --data {tmp_path}/d")
    assert moves[:3] == [("all figures", "typical", 0, 13), one[0], one[2]]
    assert [move[2] for move in moves if move[0] == "all figures"] == list(range(14))


def test_bars_are_shown_on_a_terminal(vanishing, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    ran = vanishing(f"figure curvature-phase --out {tmp_path}/f.png")
    assert ran.status == 0
    assert "curvature-phase" in ran.err
    assert "0 %" in ran.err
    assert "drawing" in ran.err
