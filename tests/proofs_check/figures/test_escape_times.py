"""Steps to leave a plateau, as figure and table: counted once more by hand, and between theory's lines."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from montecarlo import serial, simulate, worker_pool
from montecarlo.intervals import order_statistic_interval
from proofs_check.figures.escape_times import COLOURS, make_escape_times
from proofs_check.reporting.drawing import write_picture
from proofs_check.studies import escape_times
from proofs_check.studies.escape_times import FAMILIES, RULES, bounds, counted, escape_times_table, measured
from theory import Ensemble

END = 0.4


def by_hand(start, rule, budget, right=1.0):
    """Steps until the product of the weights is 0.4 or more, of 1 (times a readout)."""
    w, depth = np.array(start, dtype=np.float64), len(start)
    first, second, eta = np.zeros(depth), np.zeros(depth), 1e-3
    for step in range(budget + 1):
        f = right * np.prod(w)
        if abs(f - 1) <= 1 - END:
            return step
        g = (f - 1) * np.array([right * np.prod(np.delete(w, k)) for k in range(depth)])
        if rule == "gradient descent":
            w = w - g / (2 * depth)
        elif rule == "sign descent":
            w = w - eta * np.sign(g)
        elif rule == "RMSprop":
            second = 0.99 * second + 0.01 * g**2
            w = w - eta * g / (np.sqrt(second) + 1e-8)
        else:
            first, second, t = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g**2, step + 1
            w = w - eta * first / (1 - 0.9**t) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
    return math.inf


def test_the_balanced_chain_takes_as_many_steps_as_counted_by_hand_between_theorys_bounds():
    with serial() as workers:
        found = list(counted((4, 8, 16), workers))
    assert [(count.rule, count.depth) for count in found] == [(rule, depth) for rule in RULES for depth in (4, 8, 16)]
    for count in found:
        assert count.steps == by_hand([0.7] * count.depth, count.rule, 400)
        assert count.low <= count.steps <= count.high
        assert (count.low, count.high) == bounds(count.rule, count.depth)


def test_theory_encloses_gradient_descent_closely_where_it_explodes():
    for depth in (24, 32):
        low, high = bounds("gradient descent", depth)
        assert 1 < high / low < 1.003
        # the flow's time in closed form is w^(2-L)/(L-2) up to the factor 1/(1-f), in units of eta
        flow = (0.7 ** (2 - depth) - 0.4 ** ((2 - depth) / depth)) / (depth - 2) * 2 * depth
        assert flow < low < flow / (1 - END)


def test_beyond_the_budget_steps_are_not_counted(monkeypatch):
    monkeypatch.setattr(escape_times, "BALANCED_BUDGET", 100)
    with serial() as workers:
        found = {count.rule: count.steps for count in counted((8,), workers)}
        table = escape_times_table(workers, samples=1, seed=0, balanced_depths=(8,), nets=[])
    assert found == {"gradient descent": 22, "sign descent": math.inf, "RMSprop": 66, "Adam": math.inf}
    assert [row[5] for row in table.texts] == ["22", "> 100", "66", "> 100"]


@dataclass(frozen=True)
class ByHand:
    """log steps of chains, counted by hand."""

    rule: str
    budget: int
    name: ClassVar[str] = "EscapeTimes"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def components(self, net):
        return ("steps", "curvature")

    def measure(self, chunk):
        rows = np.stack([chunk.weights(k)[:, 0, 0] for k in range(1, chunk.net.depth + 1)], axis=1)
        return np.array([self.row(w, v) for w, v in zip(rows, chunk.readout[:, 0], strict=True)])

    def row(self, w, v):
        steps = min(by_hand(w, self.rule, self.budget, v), self.budget + 1)
        # the Hessian of (f-1)^2/2 at w: entries f_k f_l + (f-1) f_kl
        f, depth = v * np.prod(w), len(w)
        hessian = f**2 / np.outer(w, w) + (f - 1) * (1 - np.eye(depth)) * f / np.outer(w, w)
        least = np.linalg.eigvalsh(hessian)[0]
        return [math.log(steps) if steps else -math.inf, math.log(-least) if least < 0 else -math.inf]


def test_medians_of_random_chains_are_those_counted_by_hand(monkeypatch):
    monkeypatch.setattr(escape_times, "BUDGETS", {1: 500})
    net = FAMILIES[0].at(depth=5)
    with serial() as workers:
        found = {escape.rule: escape for escape in measured([net], samples=40, seed=3, workers=workers)}
    assert tuple(found) == RULES
    for rule, escape in found.items():
        readings = simulate(net, [ByHand(rule, 500)], samples=40, seed=3)[ByHand(rule, 500)]
        logs = readings.log_values("steps")
        assert escape.steps == order_statistic_interval(logs, 0.5, 1e-4)
        assert escape.is_open == (np.median(logs) > math.log(500))
        if rule != "gradient descent":
            assert escape.linear is None
            continue
        expected = order_statistic_interval(math.log(10) - readings.log_values("curvature"), 0.5, 1e-4)
        for end in ("lo", "value", "hi"):
            assert getattr(escape.linear, end) == pytest.approx(getattr(expected, end), abs=1e-6)


def test_the_figure_has_the_points_and_the_lines_between_which_theory_has_them(tmp_path, drawn, monkeypatch):
    monkeypatch.setattr(escape_times, "BUDGETS", {1: 200, 4: 200})
    write_picture(
        make_escape_times(samples=30, seed=1, balanced_depths=(4, 6), depths={1: (4, 20), 4: (3,)}), tmp_path / "f.svg"
    )
    (figure,) = drawn
    left, chains, wide = figure.axes
    for rule, colour in COLOURS.items():
        mine = [line for line in left.lines if line.get_color() == colour]
        low, high = (line.get_ydata() for line in mine if len(line.get_xdata()) == 3)
        points = {line.get_xdata()[0]: line.get_ydata()[0] for line in mine if len(line.get_xdata()) == 1}
        for number, depth in enumerate((4, 5, 6)):
            assert (low[number], high[number]) == bounds(rule, depth)
        assert points == {depth: by_hand([0.7] * depth, rule, 400) for depth in (4, 6)}
    with serial() as workers:
        nets = [FAMILIES[0].at(depth=4), FAMILIES[0].at(depth=20), FAMILIES[1].at(depth=3)]
        expected = list(measured(nets, samples=30, seed=1, workers=workers))
    for axes, width in ((chains, 1), (wide, 4)):
        of_width = [escape for escape in expected if escape.net.width == width]
        arrows = [line for line in axes.lines if line.get_marker() == r"$\uparrow$"]
        assert len(arrows) == sum(escape.steps.hi > math.log(200) for escape in of_width)
        shown = sorted(
            line.get_ydata()[0]
            for line in axes.lines
            if len(line.get_xdata()) == 1 and line.get_marker() in "osD^" and line not in arrows
        )
        assert shown == pytest.approx(sorted(math.exp(e.steps.value) for e in of_width if not e.is_open))
        (dashed,) = [line for line in axes.lines if line.get_linestyle() == "--"]
        assert list(dashed.get_ydata()) == pytest.approx([math.exp(e.linear.value) for e in of_width if e.linear])
    assert sum(escape.is_open for escape in expected) >= 1  # gradient descent at depth 20, in 200 steps


def test_the_table_says_what_the_figure_shows_and_what_was_not_reached(monkeypatch):
    monkeypatch.setattr(escape_times, "BUDGETS", {1: 200})
    net = FAMILIES[0].at(depth=20)
    with serial() as workers:
        table = escape_times_table(workers, samples=30, seed=2, balanced_depths=(6,), nets=[net])
        escapes = list(measured([net], samples=30, seed=2, workers=workers))
    balanced, random = table.texts[:4], table.texts[4:]
    assert [(row[3], row[4], row[5]) for row in balanced] == [
        ("gradient descent", "1/12", "10"),
        ("sign descent", "0.001", "159"),
        ("RMSprop", "0.001", "56"),
        ("Adam", "0.001", "141"),
    ]
    assert balanced[0][7] == "[{:.4g}, {:.4g}]".format(*bounds("gradient descent", 6))
    assert random[0][:6] == ("random", "1", "20", "gradient descent", "1/40", "> 200")
    assert random[0][6].endswith(", > 200]")
    assert random[0][7] == f"{math.exp(escapes[0].linear.value):.4g}"
    for row, escape in zip(random[1:], escapes[1:], strict=True):
        assert row[7] == ""
        if not escape.is_open:
            assert row[5] == f"{math.exp(escape.steps.value):.4g}"
    assert "30 random networks" in table.caption.plain
    assert "0.0001 (seed 2)" in table.caption.plain


def test_workers_do_not_change_a_bit():
    nets = [Ensemble(width=1, depth=4), Ensemble(width=4, depth=3)]
    with serial() as here, worker_pool(2) as there:
        one, two = (list(measured(nets, samples=10, seed=5, workers=workers)) for workers in (here, there))
        assert one == two
        assert list(counted((4,), here)) == list(counted((4,), there))
