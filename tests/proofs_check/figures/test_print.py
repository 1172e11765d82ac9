"""In print every figure has its width, no Type 3 fonts, no words below 6 points, none cut, and none on another's."""

import itertools
import math
import re
import zlib

import numpy as np
import pytest
from matplotlib.text import Text

from montecarlo import Estimate
from montecarlo.training import DigitsRun, DigitsStudy
from montecarlo.training.runs import Run
from proofs_check import figures
from proofs_check.figures import (
    curvature,
    curvature_phase,
    digits,
    distance_law,
    escape_times,
    remedies,
    shape_transition,
    sparse_window,
    spectrum,
    stable_rates,
    typical,
)
from proofs_check.reporting.drawing import draw_picture
from proofs_check.reporting.figure_files import figure_bytes
from proofs_check.reporting.pages import WIDTHS, Page
from proofs_check.reporting.pictures import Look, Series
from proofs_check.studies.curvature import Curvature
from proofs_check.studies.distance_law import Distance
from proofs_check.studies.escape_times import RULES, Counted, Escape
from proofs_check.studies.remedies import PAIRS, Line, Measured
from proofs_check.studies.shape_transition import Reached, Selected
from proofs_check.studies.sparse_window import Times, Window
from proofs_check.studies.stable_rates import Rates, Turn


def estimate(log):
    return Estimate(log, log - 0.5, log + 0.5, 1e-4, "made up", 10)


def made_up_curvatures(nets, **_):
    """Most narrow ReLU networks are dead."""
    for net in nets:
        dead = net.slope == 0 and net.width < 4
        log = estimate(-math.inf if dead else math.log(net.depth) - net.depth / net.width)
        yield Curvature(net, log, log, log)


def made_up_study(**_):
    runs = []
    for width, kind, name in itertools.product((10, 40), digits.TITLES, digits.STYLES):
        losses, ends = np.geomspace(3, 0.01, 12)[:, None], np.array([[1e4], [10], [10]])
        norms = np.geomspace(20, 0.03, 13)[:, None]
        at = np.array([5.0])
        run = Run(losses, norms, (0, 6, 12), -ends, ends, losses[-1], losses[-1], at)
        runs.append(DigitsRun(width, kind, name, 0.003, run))
    return DigitsStudy(20, (0,), 1797, 128, 12, tuple(runs))


def make_up_implicit_bias(monkeypatch):
    times = Times(1.0, 2.0, 1.5, 2.5)
    monkeypatch.setattr(sparse_window, "in_task_order", lambda _, tasks, __: (times for _ in tasks))
    monkeypatch.setattr(
        sparse_window, "measured", lambda cases, **_: (Window(*case, 0.1, (10, 11), (20, 22)) for case in cases)
    )
    monkeypatch.setattr(distance_law, "in_task_order", lambda _, tasks, __: (3 / width for _, width in tasks))
    mean = Estimate(0.1, 0.05, 0.2, 1e-4, "made up", 10)
    monkeypatch.setattr(distance_law, "measured", lambda cases, **_: (Distance(*case, mean) for case in cases))
    monkeypatch.setattr(stable_rates, "in_task_order", lambda _, tasks, __: (Rates(1.9, 2.2) for _ in tasks))
    monkeypatch.setattr(stable_rates, "break_even_line", lambda q, mu: 2 + mu - q)
    monkeypatch.setattr(stable_rates, "measured", lambda cases, **_: (Turn(*case, 2.1, 2.3) for case in cases))
    selected = Selected(0.1, 0.01, 0.9, 0.4, 0.1)
    monkeypatch.setattr(shape_transition, "in_task_order", lambda _, tasks, __: (selected for _ in tasks))
    three = (0.1, 0.09, 0.11)
    monkeypatch.setattr(
        shape_transition, "measured", lambda cases, **_: (Reached(*case, three, three) for case in cases)
    )


@pytest.fixture
def made_up(monkeypatch):
    """Figures of their real sizes, of numbers that cost nothing."""

    def series(width, *_):
        x = (1, 64)
        line = Series("theory", x, (0.9, 1 / width), look=Look(typical._COLOURS[width], line="-"))
        return line, Series("median", x, (0.9, 1e-7), (0.8, 0.0), (1, 1e-6), look=Look(marker="o"))

    monkeypatch.setattr(typical, "_signal_series", series)
    monkeypatch.setattr(typical, "_gradient_series", series)
    for module in (curvature, curvature_phase):
        monkeypatch.setattr(module, "measured", made_up_curvatures)
        monkeypatch.setattr(module, "turning_depth", lambda net: 4.0 * net.width)
    monkeypatch.setattr(curvature, "in_task_order", lambda _, tasks, __: (-net.depth / net.width for (net,) in tasks))

    def escapes(nets, **_):
        for rule, net in itertools.product(RULES, nets):
            yield Escape(rule, net, estimate(net.depth / 2), estimate(net.depth / 3) if rule == RULES[0] else None)

    monkeypatch.setattr(escape_times, "measured", escapes)
    monkeypatch.setattr(
        escape_times, "counted", lambda depths, _: (Counted(r, d, 100.0, 50, 200) for r in RULES for d in depths)
    )
    monkeypatch.setattr(escape_times, "in_task_order", lambda _, tasks, __: ((50.0, 200.0 + d) for _, d in tasks))

    def theory(remedy, depth):
        log = depth if remedy == PAIRS[0] else -depth / 4
        line = (Line("mean", (log,)),)
        return {"signal": line, "gradient": line, "hessian": line}

    def medians(chosen, depths, **_):
        for remedy, depth in itertools.product(chosen, depths):
            log = estimate(-depth / 5)
            yield Measured(remedy, depth, {"signal": log, "gradient": log, "hessian": log})

    monkeypatch.setattr(remedies, "in_task_order", lambda _, tasks, __: itertools.starmap(theory, tasks))
    monkeypatch.setattr(remedies, "measured", medians)
    monkeypatch.setattr(digits, "trained", lambda *_, **__: made_up_study())
    make_up_implicit_bias(monkeypatch)
    return {name: figures.figure(name).make for name in figures.names()} | {
        "spectrum": lambda: spectrum.make_spectrum(networks=1, width=4, depths=(4, 8, 16))
    }


# at both widths the panels of digits stand side by side
CASES = [
    (name, width)
    for name in figures.names()
    for width in WIDTHS.values()
    if (name, width) != ("digits", WIDTHS["text"])
]


@pytest.mark.parametrize(("name", "width"), CASES)
def test_a_printed_figure_is_whole_and_legible(made_up, name, width):
    page = Page(width)
    with page.in_force():
        figure = draw_picture(made_up[name](), page)
        figure.draw_without_rendering()
        assert_words_are_apart(figure)
        figure.set_layout_engine("none")  # it would be laid out once more
        content = figure_bytes(figure, ".pdf")
    assert b"/Type3" not in content
    assert b"/FontFile2" in content  # TrueType
    box = [float(number) for number in re.search(rb"/MediaBox \[ ([\d. ]+) \]", content)[1].split()]
    assert box[2] == pytest.approx(72 * width, abs=0.01)
    assert 72 * 1.8 < box[3] < 72 * 8
    sizes = [float(size) for text in streams(content) for size in re.findall(rb"/F\d+ ([\d.]+) Tf", text)]
    assert len(sizes) > 20
    assert min(sizes) >= 6  # exponents, too
    assert max(sizes) < 9


def streams(content):
    """What draws the page, and what draws its repeated parts."""
    for raw in re.findall(rb"stream\n(.*?)\nendstream", content, re.DOTALL):
        try:
            yield zlib.decompress(raw)
        except zlib.error:
            continue


def assert_words_are_apart(figure):
    outside = set(ticks_outside(figure))
    shown = {}
    for text in figure.findobj(Text):
        if not text.get_visible() or not text.get_text().strip() or text in outside:
            continue
        box = text.get_window_extent()
        assert figure.bbox.x0 - 1 <= box.x0, text
        assert box.x1 <= figure.bbox.x1 + 1, text
        assert figure.bbox.y0 - 1 <= box.y0, text
        assert box.y1 <= figure.bbox.y1 + 1, text
        shown[text] = box
    assert len(shown) > 15
    slack = 0.02 * figure.dpi  # boxes are a little larger than letters
    for (one, a), (two, b) in itertools.combinations(shown.items(), 2):
        across, up = (min(p, q) - max(r, s) for p, q, r, s in ((a.x1, b.x1, a.x0, b.x0), (a.y1, b.y1, a.y0, b.y0)))
        assert min(across, up) < slack, (one, two)


def ticks_outside(figure):
    """Labels of ticks that lie outside of their axes, and so are not drawn."""
    for axes in figure.axes:
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            low, high = sorted(limits)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not low <= tick.get_loc() <= high:
                    yield from (tick.label1, tick.label2)
