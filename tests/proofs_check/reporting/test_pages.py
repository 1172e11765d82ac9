"""What a page asks for is refused in one line where it cannot be had."""

import re
import shutil

import pytest

from proofs_check.reporting import pages
from proofs_check.reporting.drawing import write_picture
from proofs_check.reporting.pages import Page, page_width, require_file
from proofs_check.reporting.pictures import Look, Panel, Picture, Series
from theory.ensembles import InvalidArgument

PICTURE = Picture(
    (Panel("p", (Series("s", (1, 2), (1.0, 0.5), look=Look(line="-")),), "5 % of $a_1^2$", y_scale="log"),)
)


@pytest.mark.parametrize(
    ("text", "width"), [("column", 3.05), ("text", 6.25), ("3", 3.0), ("20", 20.0), ("5.25", 5.25)]
)
def test_widths_are_read(text, width):
    assert page_width(text) == width


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("colum", "'colum' is no width; did you mean 'column'? known: column, text, or inches such as 5.5"),
        ("2.9", "must lie between 3 and 20 inches, got 2.9; use e.g. --width column"),
        ("-4", "must lie between"), ("1e9", "must lie between"), ("nan", "must lie between"), ("", "'' is no width"),
    ],
)  # fmt: skip
def test_no_width_is_refused(text, problem):
    with pytest.raises(InvalidArgument, match=r"^width: " + re.escape(problem)):
        page_width(text)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("axes.linewidht: 1", "Bad key axes.linewidht in file"),
        ("axes.linewidth: thick", "Bad value in file"),
        ("no colon", "Missing colon in file"),
        (b"\xff\xfe", "Cannot decode configuration file"),
    ],
)
def test_a_style_file_that_matplotlib_does_not_know_whole_is_refused(tmp_path, lines, problem, caplog):
    path = tmp_path / "mine.mplstyle"
    path.write_bytes(lines if isinstance(lines, bytes) else lines.encode())
    with pytest.raises(InvalidArgument, match=f"^style: {problem}.*; mend the file") as refused:
        require_file(tmp_path / "f.png", Page(style=str(path)))
    assert "\n" not in str(refused.value)
    assert not caplog.records


def test_a_style_is_a_file_or_a_name(tmp_path):
    with pytest.raises(
        InvalidArgument, match=r"^style: 'gplot' is neither a file nor a style .*; did you mean 'ggplot'\?"
    ):
        require_file(tmp_path / "f.png", Page(style="gplot"))
    with pytest.raises(InvalidArgument, match="is neither a file nor a style"):
        require_file(tmp_path / "f.png", Page(style=str(tmp_path)))
    require_file(tmp_path / "f.png", Page(style="ggplot"))


def test_a_pgf_file_without_latex_is_refused_with_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(InvalidArgument, match=r"^out: a .pgf file needs LaTeX, and none of pdflatex"):
        require_file(tmp_path / "f.pgf")
    (tmp_path / "tex.mplstyle").write_text("text.usetex: True\n")
    with pytest.raises(InvalidArgument, match=r"^style: it sets text.usetex, and there is no latex; install TeX Live$"):
        require_file(tmp_path / "f.pdf", Page(style=str(tmp_path / "tex.mplstyle")))


def test_latex_that_fails_is_told_in_one_line(tmp_path, monkeypatch):
    broken = tmp_path / "pdflatex"
    broken.write_text("#!/bin/sh\necho '! LaTeX Error: File `article.cls'\"'\"' not found.'\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(InvalidArgument, match=r"^out: LaTeX fails: .*; mend it, or use e.g. figure.pdf$") as refused:
        require_file(tmp_path / "f.pgf")
    assert "\n" not in str(refused.value)


@pytest.mark.skipif(not pages._tex_system(), reason="there is no LaTeX here")
def test_a_pgf_file_is_the_same_twice_and_takes_the_fonts_of_the_paper(tmp_path):
    for name in ("one.pgf", "two.pgf"):
        write_picture(PICTURE, tmp_path / name, Page(3.4))
    one, two = (path.read_text() for path in sorted(tmp_path.iterdir()))
    assert one == two
    assert "\\begin{pgfpicture}" in one
    assert "\\setmainfont" not in one
    assert "5 % of $a_1^2$" in one  # behind a definition of % as a letter


def test_settings_are_as_before_when_a_page_is_no_longer_in_force():
    import matplotlib

    before = dict(matplotlib.rcParams)
    with Page(3.4, "ggplot").in_force():
        assert matplotlib.rcParams["pdf.fonttype"] == 42
    assert dict(matplotlib.rcParams) == before
