"""The figure: whole files or none, and medians that are theory's."""

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from montecarlo import Estimate
from proofs_check import figures
from theory import Ensemble, LogNormLaw


@pytest.fixture
def cheap(monkeypatch):
    """Series that cost nothing: what is tested is how a file is written."""
    point = Estimate(-1.0, -2.0, 0.5, 1e-4, "none", 10)

    def series(width, *_):
        return figures._Series(width, (1, 2), (1.0, 0.5), ((2, point),), ((2, Estimate(1.0, 0.8, 1.2, 1e-4, "", 10)),))

    monkeypatch.setattr(figures, "_signal_series", series)
    monkeypatch.setattr(figures, "_gradient_series", series)


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize(
    ("name", "begins", "ends"),
    [
        ("f.png", b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
        ("f.svg", b"<?xml", b"</svg>\n"),
        ("f.pdf", b"%PDF-", b"%%EOF\n"),
    ],
)
def test_a_figure_is_written_whole_under_its_name_alone(tmp_path, name, begins, ends):
    figures.draw_typical(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    assert data.startswith(begins)
    assert data.endswith(ends)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    if name.endswith("svg"):
        assert ElementTree.fromstring(data).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("failure", [OSError("no space left"), KeyboardInterrupt()])
def test_a_drawing_that_fails_half_way_leaves_what_was_there(tmp_path, monkeypatch, failure):
    def half(_, path, **__):
        path.write_bytes(b"\x89PNG")
        raise failure

    monkeypatch.setattr(Figure, "savefig", half)
    out = tmp_path / "f.png"
    out.write_bytes(b"the figure of before")
    with pytest.raises(type(failure)):
        figures.draw_typical(out)
    assert out.read_bytes() == b"the figure of before"
    assert list(tmp_path.iterdir()) == [out]


def test_the_curves_are_theorys_medians_and_the_measured_intervals_contain_them(tmp_path, monkeypatch):
    drawn = []
    savefig = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *a, **k: (drawn.append(self), savefig(self, *a, **k)))
    figures.draw_typical(tmp_path / "f.svg", samples=200)
    (figure,) = drawn
    left, right = figure.axes
    laws = {
        left: lambda width, depth: LogNormLaw(Ensemble(width, depth, activation="relu", init="he")),
        # |df/dW_1| at depth L is as |a_{L-1}|: the first layer's input is a unit vector
        right: lambda width, depth: LogNormLaw(Ensemble(width, depth - 1)),
    }
    for axes, law in laws.items():
        assert axes.get_yscale() == "log"
        curves = [line for line in axes.lines if len(line.get_xdata()) > 2]
        for width, curve in zip((4, 16, 32), curves, strict=True):
            shown = dict(zip(curve.get_xdata(), curve.get_ydata(), strict=True))
            assert {2, 4, 8, 16, 32, 64} < set(shown)
            for depth in (2, 64):  # at width 4 most ReLU networks of depth 64 are dead, and their median 0
                assert shown[depth] == pytest.approx(math.exp(law(width, depth).median()), rel=1e-9)
            points = [line for line in axes.lines if line.get_marker() == "o" and line.get_color() == curve.get_color()]
            assert [line.get_xdata()[0] for line in points] == [2, 4, 8, 16, 32, 64]
            bars = measured_bars(axes, curve.get_color())
            for depth, (lo, hi) in bars.items():
                assert lo <= shown[depth] <= hi < 1.5
            assert list(bars) == [2, 4, 8, 16, 32, 64]
        means = [line for line in axes.lines if line.get_marker() == "D"]
        assert means
        mean_bars = [line.get_ydata() for line in axes.lines if line.get_alpha() == 0.6]
        assert len(mean_bars) == len(means)
        for lo, hi in mean_bars:
            assert lo < 1 < hi < lo + 0.8


def measured_bars(axes, colour):
    """The intervals drawn around medians, by depth."""
    upright = [
        line
        for line in axes.lines
        if line.get_color() == colour and line.get_alpha() is None and np.ptp(line.get_xdata()) == 0
    ]
    return {line.get_xdata()[0]: line.get_ydata() for line in upright if len(line.get_xdata()) == 2}


def test_the_command_draws_to_the_file_with_its_seed_and_workers(vanishing, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(figures, "draw_typical", lambda out, **options: asked.append((out, options)))
    ran = vanishing(f"figure typical --out {tmp_path}/f.svg --seed 7 --jobs 2")
    assert asked == [(tmp_path / "f.svg", {"seed": 7, "jobs": 2})]
    assert (ran.status, ran.out, ran.err) == (0, "", f"figure written to {tmp_path}/f.svg\n")


@pytest.mark.usefixtures("no_simulation")
@pytest.mark.parametrize("name", ["f.jpg", "f", "png", "f.PNG.txt"])
def test_a_file_of_another_kind_is_refused_before_anything_is_simulated(tmp_path, name):
    with pytest.raises(ValueError, match=r"^out: .* ends on none of .pdf, .png, .svg; use e.g. figure.pdf$"):
        figures.draw_typical(tmp_path / name)
    assert not list(tmp_path.iterdir())
