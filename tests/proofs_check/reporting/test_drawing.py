"""Pictures as files: whole or not at all, the same bytes whenever they are made, and drawn as they say."""

import math
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.colors import to_hex

from proofs_check.reporting.colours import BLUE, GREEN, PALETTE, VERMILLION
from proofs_check.reporting.drawing import canvas, draw_panels, draw_picture, write_picture
from proofs_check.reporting.pages import SCREEN, Page
from proofs_check.reporting.pictures import INK, Key, Level, Look, Note, Panel, Picture, Series

DEPTHS = (2, 4, 8, 16)
SERIES = (
    Series("theory", DEPTHS, (1.0, 0.5, 0.1, 0.01), look=Look(BLUE, line="-")),
    Series("bounds", DEPTHS, (math.nan,) * 4, (0.2, 0.1, 0.05, 0.01), (2, 1, 0.5, 0.1), look=Look(GREEN, band=True)),
    Series("median", DEPTHS, (1.1, 0.4, 0.1, 0.02), (0.9, 0.3, 0.0, 0.01), (1.3, 0.5, 0.2, math.inf),
           look=Look(VERMILLION, marker="o", opacity=0.5, beyond="x"), cap=3.0),
)  # fmt: skip
PANEL = Panel("signal", SERIES, "signal $|a_L|^2$", "depth $L$", "size", "log2", "log", x_ticks=DEPTHS)
PICTURE = Picture((PANEL, PANEL), ((Key("theory", SERIES[0].look), Key("median", SERIES[2].look)),))


@pytest.mark.parametrize(
    ("name", "begins", "ends"),
    [
        ("f.png", b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
        ("f.svg", b"<?xml", b"</svg>\n"),
        ("f.pdf", b"%PDF-", b"%%EOF\n"),
        ("f.eps", b"%!PS-Adobe", b"showpage\n"),
    ],
)
def test_a_figure_is_written_whole_under_its_name_alone(tmp_path, name, begins, ends, caplog):
    write_picture(PICTURE, tmp_path / name)
    data = (tmp_path / name).read_bytes()
    assert data.startswith(begins)
    assert data.endswith(ends)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    if name.endswith("svg"):
        assert ElementTree.fromstring(data).tag == "{http://www.w3.org/2000/svg}svg"
    if name.endswith("eps"):
        assert b"/FontType 3" not in data
        assert b"/FontType 42" in data
        assert not caplog.records  # matplotlib warns of transparency
        assert b"0.918 0.684 0.5 setrgbcolor" in data  # half of D55E00 on white


@pytest.mark.parametrize("failure", [OSError("no space left"), KeyboardInterrupt()])
def test_a_drawing_that_fails_half_way_leaves_what_was_there(tmp_path, monkeypatch, failure):
    def half(path, content):
        with path.open("wb") as opened:
            opened.write(content[:4])
        raise failure

    monkeypatch.setattr(Path, "write_bytes", half)
    out = tmp_path / "f.png"
    out.write_text("the figure of before")
    with pytest.raises(type(failure)):
        write_picture(PICTURE, out)
    assert out.read_text() == "the figure of before"
    assert list(tmp_path.iterdir()) == [out]


AGAIN = """
import sys
from pathlib import Path
from proofs_check.reporting.drawing import write_picture
from proofs_check.reporting.pages import Page
from proofs_check.reporting.pictures import *

def write(folder):
    look = Look("#0072B2", line="-", marker="o")
    panel = Panel("p", (Series("s", (1, 2), (1.0, 0.5), look=look),), "title $a_1^2$")
    for ending in ("pdf", "svg", "png"):
        write_picture(Picture((panel,), ((Key("key", look),),)), Path(folder) / f"f.{ending}", Page(3.4))
"""


def test_the_same_picture_is_the_same_file_in_another_process_at_another_time(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (there / "matplotlibrc").write_text("lines.linewidth: 9\n")  # which does not matter
    environment = {"PYTHONPATH": str(Path(__file__).parents[3]), "MATPLOTLIBRC": str(there), "HOME": str(there)}
    environment |= {"PYTHONHASHSEED": "1", "SOURCE_DATE_EPOCH": "1000000000"}
    subprocess.run([sys.executable, "-c", f"{AGAIN}\nwrite(sys.argv[1])", there], check=True, env=environment)
    found: dict[str, object] = {}
    exec(AGAIN, found)
    found["write"](here)
    files = sorted(path.name for path in here.iterdir())
    assert files == ["f.pdf", "f.png", "f.svg"]
    assert all((here / name).read_bytes() == (there / name).read_bytes() for name in files)


def test_series_are_drawn_as_they_say():
    with SCREEN.in_force():
        axes, _ = draw_panels(canvas(8, 3), PICTURE.panels, across=2)
        (theory,) = [line for line in axes.lines if line.get_color() == BLUE]
        assert list(theory.get_ydata()) == [1.0, 0.5, 0.1, 0.01]
        low, high = [list(line.get_ydata()) for line in axes.lines if line.get_color() == GREEN]
        assert (low, high) == (list(SERIES[1].lo), list(SERIES[1].hi))
        assert len(axes.collections) == 1
        mine = [line for line in axes.lines if line.get_color() == VERMILLION]
        marks = [line.get_xydata().tolist() for line in mine if line.get_marker() == "o"]
        assert marks == [[[2, 1.1]], [[4, 0.4]], [[8, 0.1]], [[16, 0.02]]]
        bars = [list(line.get_ydata()) for line in mine if len(line.get_xdata()) == 2]
        assert bars == [[0.9, 1.3], [0.3, 0.5], [0.0, 0.2], [0.01, 3.0]]  # as far as the cap
        assert {line.get_alpha() for line in mine if len(line.get_xdata()) == 2} == {0.5}
        (beyond,) = [line for line in mine if line.get_marker() == "x"]
        assert beyond.get_xydata().tolist() == [[16, pytest.approx(3.9)]]


def test_points_stand_apart_and_words_levels_and_histograms_where_they_should():
    series = (
        Series("apart", (1, 2), (1, 2), look=Look(BLUE, marker="s"), shown_at=(0.9, 1.9)),
        Series("ends", (1,), (math.nan,), (-2,), (3,), look=Look(GREEN, ends=("v", "^"))),
        Series("last", (1, 2), (4, 5), look=Look(VERMILLION, line="-", marker="o", last_only=True)),
        Series("histogram", (0.5, 1.5), (0.25, 0.75), look=Look(INK, line="-"), edges=(0, 1, 2)),
        Series("away", (1.5,), (math.inf,), look=Look("#CC79A7", marker="x", beyond="x")),
    )
    notes = (Note("in the corner", 0.1, 0.2, of="panel"), Note("here", 1, 2), Note("level", 0.5, 3, of="level"))
    keys = (Key("a key", Look(BLUE, line="-")),)
    panel = Panel("p", series, levels=(Level(2.5),), notes=notes, keys=keys, y_format="{:.2f}!".format)
    with SCREEN.in_force():
        (axes,) = draw_panels(canvas(4, 3), [panel], across=1)
        assert [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "s"] == [0.9, 1.9]
        ends = {(line.get_marker(), line.get_ydata()[0]) for line in axes.lines if line.get_marker() in ("v", "^")}
        assert ends == {("v", -2), ("^", 3)}
        assert [line.get_xydata().tolist() for line in axes.lines if line.get_marker() == "o"] == [[[2, 5]]]
        (stairs,) = axes.patches
        assert [list(part) for part in stairs.get_data()[:2]] == [[0.25, 0.75], [0, 1, 2]]
        (cross,) = [line for line in axes.lines if line.get_marker() == "x"]
        assert cross.get_transform() == axes.get_xaxis_transform()
        assert cross.get_xydata().tolist() == [[1.5, 0.93]]
        assert [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == ":"] == [2.5]
        transforms = {text.get_text(): text.get_transform() for text in axes.texts}
        assert transforms == {
            "in the corner": axes.transAxes, "here": axes.transData, "level": axes.get_yaxis_transform()
        }  # fmt: skip
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a key"]
        assert axes.yaxis.get_major_formatter()(1, 0) == "1.00!"


def shape(width, panels=2, style=None, **options):
    """The size of a picture on a page, and its axes by their places."""
    picture = Picture((PANEL,) * panels, PICTURE.keys, "words above", **options)
    with Page(width, style).in_force():
        figure = draw_picture(picture, Page(width, style))
        figure.draw_without_rendering()
        places = [axes.get_position() for axes in figure.axes]
        columns = len({round(place.x0, 3) for place in places})
        legend = max(legend.get_window_extent().y1 for legend in figure.legends) / figure.bbox.height
        assert all(place.y0 > legend for place in places)
        return tuple(figure.get_size_inches()), columns, figure.get_suptitle()


def test_panels_go_below_each_other_where_there_is_no_room():
    (width, tall), *column = shape(3.4)
    assert (width, column) == (3.4, [1, ""])
    (width, low), *text = shape(6.9)
    assert (width, text) == (6.9, [2, ""])
    assert tall > 1.4 * low
    assert shape(5, 3)[1:] == (2, "")
    assert shape(3.4, 2, stacks=False)[1:] == (2, "")
    assert shape(None, 3, screen=(12, 4)) == ((12, 4), 3, "words above")


def test_what_neighbours_share_is_labelled_once():
    panel = Panel("p", SERIES, "t", "depth", "size", "log", "log", x_axis="L", y_axis="size")
    other = Panel("q", SERIES, "t", "depth", "steps", x_axis="L")
    with SCREEN.in_force():
        figure = canvas(6, 6)
        one, two, three, gap, five = draw_panels(
            figure, [panel, panel, other, None, panel], across=2, heights=(1, 2, 1)
        )
        figure.draw_without_rendering()
    assert gap is None
    assert len(figure.axes) == 4
    assert [axes.get_ylabel() for axes in (one, two, three, five)] == ["size", "", "steps", "size"]
    assert [axes.get_xlabel() for axes in (one, two, three, five)] == ["", "depth", "", "depth"]
    assert one.get_shared_y_axes().joined(one, two)
    assert one.get_shared_x_axes().joined(one, three)
    assert not one.get_shared_y_axes().joined(one, three)
    assert three.get_position().height > 1.5 * one.get_position().height


def test_a_legend_is_read_by_rows_and_joins_groups_that_fit():
    keys = [Key(f"entry {number}", Look(line="-")) for number in range(7)]
    with Page(3.4).in_force():
        figure = draw_picture(Picture((PANEL,), (tuple(keys[:5]), tuple(keys[5:]))), Page(3.4))
        blocks = [[text.get_text()[-1] for text in legend.get_texts()] for legend in figure.legends]
        widths = [legend.get_window_extent().width / figure.dpi for legend in figure.legends]
    assert blocks == [["0", "3", "1", "4", "2", " "], ["5", "6"]]  # three columns, filled one after the other
    assert max(widths) < 3.4
    with SCREEN.in_force():
        figure = draw_picture(Picture((PANEL,), (tuple(keys[:5]), tuple(keys[5:]))), SCREEN)
    assert [len(legend.get_texts()) for legend in figure.legends] == [7]


def test_a_style_has_the_last_word_on_colours_and_sizes_and_none_on_fonts_and_width(tmp_path):
    (tmp_path / "mine.mplstyle").write_text(
        "lines.linewidth: 3\naxes.titlesize: 12\npdf.fonttype: 3\nsavefig.bbox: tight\ntext.color: white\n"
        "axes.facecolor: black\naxes.prop_cycle: cycler('color', ['111111', '222222', '333333', '444444', '555555', "
        "'666666'])\n"
    )
    page = Page(3.4, str(tmp_path / "mine.mplstyle"))
    with page.in_force():
        figure = draw_picture(PICTURE, page)
    lines = {line.get_color(): line for line in figure.axes[0].lines}
    assert set(lines) == {f"#{1 + PALETTE.index(colour)}" * 1 + f"{1 + PALETTE.index(colour)}" * 5
                          for colour in (BLUE, VERMILLION, GREEN)}  # fmt: skip
    assert lines["#111111"].get_linewidth() == 3
    assert figure.axes[0].title.get_fontsize() == 12
    write_picture(PICTURE, tmp_path / "f.pdf", page)
    content = (tmp_path / "f.pdf").read_bytes()
    assert b"/Type3" not in content
    assert b"/MediaBox [ 0 0 244.8" in content
    write_picture(PICTURE, tmp_path / "g.pdf", Page(3.4))
    assert content != (tmp_path / "g.pdf").read_bytes()


def test_greys_lie_between_ink_and_paper():
    with Page(style="dark_background").in_force():
        (axes,) = draw_panels(
            canvas(3, 2), [Panel("p", (Series("s", (1, 2), (1, 2), look=Look("0", line="-")),))], across=1
        )
        assert to_hex(axes.lines[0].get_color()) == "#ffffff"
