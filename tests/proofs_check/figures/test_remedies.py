"""What remedies do to typical sizes, as figure and table: networks read once more by hand, theory typed in again."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from scipy.special import binom, psi

from montecarlo import GradientNorms, serial, simulate, worker_pool
from montecarlo.intervals import catoni_interval, order_statistic_interval
from proofs_check.figures import remedies as figure_module
from proofs_check.figures.remedies import STYLES, make_remedies
from proofs_check.reporting.drawing import write_picture
from proofs_check.studies.remedies import (
    BATCH_NORM,
    LAYER_NORM,
    ORTHOGONAL,
    PAIRS,
    PLAIN,
    RELU_BRANCHES,
    REMEDIES,
    measured,
    remedies_table,
    theory,
)

BY_NAME = {remedy.name: remedy for remedy in REMEDIES}
SHARED = "0.35"


def steps_of(kind, alpha, weights, x):
    """Each layer as a linear map of two streams, stacked: what passes by, what W_k meets, where it puts it out."""
    n = len(x)
    eye, none = np.eye(n), np.zeros((n, n))
    a = h = x
    steps = []
    for k, w in enumerate(weights):
        if kind == "pairs" and k % 2:
            steps.append(
                (np.block([[eye, none], [none, none]]), np.hstack([none, eye]), np.vstack([alpha * eye, none]))
            )
            a = h = a + alpha * w @ h
            continue
        mask = np.diag((w @ h > 0) * 1.0)
        if kind == "pairs":
            steps.append((np.block([[eye, none], [none, none]]), np.hstack([eye, none]), np.vstack([none, mask])))
            h = mask @ w @ h
        else:
            by = eye if kind == "relu" else none
            steps.append(
                (np.block([[by, none], [none, none]]), np.hstack([eye, none]), np.vstack([alpha * mask, none]))
            )
            a = h = by @ a + alpha * mask @ w @ h
    return steps


def by_hand(kind, alpha, weights, v, x):
    """log of |a_L|^2, |df/dW_2|^2/|df/dW_L|^2 and |H|_F^2: second derivatives block by block."""
    depth, stacked = len(weights), np.concatenate([x, 0 * x])
    steps = steps_of(kind, alpha, weights, x)
    maps = [by + out @ w @ into for (by, into, out), w in zip(steps, weights, strict=True)]
    streams = [stacked]
    for one in maps:
        streams.append(one @ streams[-1])
    back = [np.concatenate([v, 0 * v])]
    for one in maps[::-1]:
        back.insert(0, one.T @ back[0])
    inputs = [into @ a for (_, into, _), a in zip(steps, streams, strict=False)]
    b = [out.T @ y for (_, _, out), y in zip(steps, back[1:], strict=True)]
    gradients = [(b[k] @ b[k]) * (inputs[k] @ inputs[k]) for k in range(depth)]
    hessian = 0.0
    for k in range(depth):
        m = steps[k][2]
        for later in range(k + 1, depth):
            block = np.einsum("i,jp,q->ijpq", b[later], steps[later][1] @ m, inputs[k])
            hessian += 2 * (block**2).sum()
            m = maps[later] @ m
    return np.log([streams[-1] @ streams[-1], gradients[1] / gradients[-1], hessian])


@dataclass(frozen=True)
class ByHand:
    """The three quantities of a network of one kind, in no units."""

    kind: str
    alpha: float
    name: ClassVar[str] = "ByHand"
    needs: ClassVar[frozenset[str]] = frozenset({"backward"})

    def components(self, _):
        return ("signal", "gradient", "hessian")

    def measure(self, chunk):
        kept = getattr(chunk, "matrices", None)
        layers = kept or [chunk.weights(k) for k in range(1, chunk.net.depth + 1)]
        networks = zip(zip(*layers, strict=True), chunk.readout, strict=True)
        return np.array([by_hand(self.kind, self.alpha, weights, v, chunk.input) for weights, v in networks])


@dataclass(frozen=True)
class WithWeights(ByHand):
    """The same of plain networks, whose weights are drawn once more on demand."""

    needs: ClassVar[frozenset[str]] = frozenset({"weights"})


def readings_by_hand(remedy, depth, samples, seed):
    """Logs of each quantity, in the units of the figure."""
    branches = depth // 2
    kinds = {
        PLAIN.name: WithWeights("plain", 1.0),
        ORTHOGONAL.name: WithWeights("plain", 1.0),
        PAIRS[0].name: ByHand("pairs", 1.0),
        PAIRS[1].name: ByHand("pairs", branches**-0.5),
        PAIRS[2].name: ByHand("pairs", 1 / branches),
        RELU_BRANCHES.name: ByHand("relu", depth**-0.5),
    }
    net = remedy.net(depth)
    if remedy.name in kinds:
        hand = kinds[remedy.name]
        readings = simulate(net, [hand], samples=samples, seed=seed)[hand]
        logs = {what: readings.log_values(what) for what in readings.components}
        if remedy is ORTHOGONAL:  # a gain of sqrt(2) in each matrix
            logs["signal"] = logs["signal"] + depth * math.log(2)
            logs["hessian"] = logs["hessian"] + (depth - 2) * math.log(2)
        return logs
    norms, hand = GradientNorms(layers=(2, depth)), NormalizedSignal()
    readings = simulate(net, [norms, hand], samples=samples, seed=seed)
    first, last = (readings[norms].log_values(f"G_{k}") for k in (2, depth))
    return {"signal": readings[hand].log_values("signal"), "gradient": first - last}


@dataclass(frozen=True)
class NormalizedSignal:
    """log of |a_L|^2 over n/2, by hand: standardized over the units, or over a batch."""

    name: ClassVar[str] = "NormalizedSignal"
    needs: ClassVar[frozenset[str]] = frozenset()

    def components(self, _):
        return ("signal",)

    def measure(self, chunk):
        rows = []
        for i in range(chunk.networks):
            a = chunk.inputs[i]
            over = 1 if chunk.net.architecture.name == "batchnorm" else 0
            for layer in chunk.matrices:
                z = layer[i] @ a
                a = np.maximum((z - z.mean(axis=over, keepdims=True)) / z.std(axis=over, keepdims=True), 0)
            rows.append(math.log((a[:, 0] ** 2).sum() / (len(a) / 2)))
        return np.array(rows)[:, None]


def one_point(axes, remedy):
    """Depth to (median, interval) as drawn, the depths to the nearest 2."""
    colour, marker, _ = STYLES[remedy.name]
    mine = [line for line in axes.lines if line.get_color() == colour]
    found = {}
    for line in mine:
        if line.get_marker() == marker:
            (x,), (y,) = line.get_data()
            (bar,) = [b.get_ydata() for b in mine if list(b.get_xdata()) == [x, x]]
            found[2 * round(x / 2)] = (y, *bar)
    return found


def test_points_of_figure_and_table_are_medians_of_networks_read_by_hand(tmp_path, drawn):
    depths, samples = (4, 10), 30
    write_picture(make_remedies(samples=samples, seed=3, depths=depths), tmp_path / "f.svg")
    (figure,) = drawn
    with serial() as workers:
        table = remedies_table(workers, samples=samples, seed=3, depths=depths)
    rows = {(row[0], int(row[2])): row for row in table.texts}
    assert list(rows) == [(remedy.name, depth) for remedy in REMEDIES for depth in depths]
    for remedy in REMEDIES:
        shown = [one_point(axes, remedy) for axes in figure.axes]
        for depth in depths:
            row = rows[remedy.name, depth]
            assert row[1] == "16"
            logs = readings_by_hand(remedy, depth, samples, 3)
            assert len(logs) == (2 if remedy in (LAYER_NORM, BATCH_NORM) else 3)
            for number, quantity in enumerate(("signal", "gradient", "hessian")):
                cells = row[3 + 3 * number : 5 + 3 * number]
                if quantity not in logs:
                    assert cells == ("", "")
                    assert shown[number] == {}
                    continue
                median = order_statistic_interval(logs[quantity], 0.5, 1e-4)
                expected = np.exp([median.value, median.lo, median.hi])
                assert shown[number][depth] == pytest.approx(expected, rel=1e-9)
                lo, hi = cells[1].strip("[]").split(", ")
                assert [float(cell) for cell in (cells[0], lo, hi)] == pytest.approx(expected, rel=6e-4)
    assert "30 ReLU networks" in table.caption.plain
    assert "0.0001 (seed 3)" in table.caption.plain


def exact(remedy, depth):
    """Theory typed in again: for each quantity the kind and numbers of each line."""
    n, one = 16, ("mean", 1.0)
    r = {PAIRS[0]: 1.0, PAIRS[1]: 2 / depth, PAIRS[2]: 4 / depth**2}.get(remedy)  # alpha^2
    if r is not None:
        # two matrices of a branch: 2 alpha^2 n/2; of two branches: 2 * 4 alpha^4 n
        branches, g = depth / 2, 1 + 2 * r
        h = n * branches * r * g ** (branches - 1) + 4 * n * branches * (branches - 1) * r**2 * g ** (branches - 2)
        return {"signal": [("mean", g**branches)], "gradient": [one], "hessian": [("mean", h)]}
    h = n * depth * (depth - 1) / 4
    if remedy == ORTHOGONAL:
        b = np.arange(1, n + 1)
        rate = (binom(n, b) * psi(b / 2)).sum() / (2**n - 1) - psi(n / 2) + math.log(2)
        log_mean = ("mean log", math.exp(depth * rate))
        typical = ("leading", h * math.exp(-3 * depth / (2 * n)))
        return {"signal": [log_mean, one], "gradient": [one], "hessian": [typical, ("mean", h)]}
    if remedy == LAYER_NORM:
        return {
            "signal": [one],
            "gradient": [("leading", math.exp(-(depth - 2) * (2 + 1 / math.pi) / n))],
            "hessian": [],
        }
    if remedy == BATCH_NORM:
        size, rho = 16, -1 / 15
        kappa = (math.sqrt(1 - rho**2) + rho * (math.pi / 2 + math.asin(rho))) / (2 * math.pi)
        both = 1 / 4 + math.asin(rho) / (2 * math.pi)
        kept = (size - 1) / 2 - (1 - 1 / size) + (size - 1) * (both + kappa) / size
        growth = size / ((size - 3) * (size - 1) * (1 / 2 - kappa)) * kept
        return {"signal": [one], "gradient": [("leading", growth ** (depth - 2))], "hessian": []}
    if remedy == RELU_BRANCHES:
        c = 1 / math.sqrt(math.pi * depth)
        ends = (1 + c) ** (2 * depth), (1 + 2 * c + 1 / depth) ** depth
        return {"signal": [("bounds", *ends)], "gradient": [], "hessian": []}
    assert remedy == PLAIN
    typical = ("leading", h * math.exp(-5 * depth / (2 * n)))
    return {"signal": [("median", plain_median(depth)), one], "gradient": [one], "hessian": [typical, ("mean", h)]}


def plain_median(depth):
    """Of the product of chi-squares over n/2 with as many degrees as units are on: by their densities, on a grid."""
    n, step = 16, 1e-3
    grid = np.arange(-40, 24, step)
    one = np.zeros_like(grid)
    for b in range(1, n + 1):  # log of chi^2_b 2/n; t = chi^2_b
        log_t = grid + math.log(n / 2)
        one += binom(n, b) / 2**n * np.exp(b / 2 * log_t - np.exp(log_t) / 2 - b / 2 * math.log(2) - math.lgamma(b / 2))
    transform = np.fft.fft(one * step)
    shifts = np.exp(-2j * np.pi * np.fft.fftfreq(len(grid)) * round(grid[0] / step) * 1.0)
    law = np.fft.ifft((transform * shifts) ** depth / shifts).real
    dead = 1 - (1 - 2.0**-n) ** depth
    return math.exp(np.interp(0.5, dead + np.cumsum(law), grid + step / 2))


@pytest.mark.parametrize("remedy", REMEDIES, ids=BY_NAME)
@pytest.mark.parametrize("depth", [4, 30])
def test_lines_are_theory_typed_in_again(remedy, depth):
    expected = exact(remedy, depth)
    found = theory(remedy, depth)
    assert list(found) == list(expected)
    for quantity, lines in found.items():
        shown = [(line.kind, *map(math.exp, line.logs)) for line in lines]
        assert [line[0] for line in shown] == [line[0] for line in expected[quantity]]
        for line, numbers in zip(shown, expected[quantity], strict=True):
            assert line[1:] == pytest.approx(numbers[1:], rel=1e-5)


@pytest.mark.parametrize(
    ("remedy", "gradient"),
    # of layers (1/2) q^5, q = 1 or 1/2; of three branches alpha^2 (1 + 2 alpha^2)^2
    [(PLAIN, 1 / 2), (ORTHOGONAL, 1 / 64), (PAIRS[0], 9), (PAIRS[1], 25 / 27)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_means_of_hessians_and_gradients_are_those_of_real_networks(remedy, gradient):
    depth, samples = 6, 10_000
    net, norms = remedy.net(depth), GradientNorms(layers=(2, depth))
    readings = simulate(net, [norms, remedy.hessian], samples=samples, seed=1)
    mean = {line.kind: math.exp(line.logs[0]) for line in theory(remedy, depth)["hessian"]}["mean"]
    hessian = np.exp(readings[remedy.hessian].log_values("H") - remedy.log_unit("hessian", depth)) / mean
    # relative variances, measured: 0.4 to 1.5 of Hessians, 0.9 to 4.2 of gradients; each misses with probability 1e-6
    found = [catoni_interval(hessian, 2, 1e-6)]
    found += [catoni_interval(np.exp(readings[norms].log_values(f"G_{k}")) / gradient, 6, 1e-6) for k in (2, depth)]
    for interval, most in zip(found, (0.08, 0.14, 0.14), strict=True):
        assert interval.half_width < most
        assert interval.lo < 1 < interval.hi


def test_intervals_contain_the_exact_median():
    with serial() as workers:
        points = list(measured([PLAIN], (4, 40, 128), samples=400, seed=6, workers=workers))
    for point in points:  # each misses with probability at most 1e-4
        median, *_ = theory(PLAIN, point.depth)["signal"]
        assert point.medians["signal"].lo < median.logs[0] < point.medians["signal"].hi
        assert point.medians["signal"].hi - point.medians["signal"].lo < 3.5


def test_the_figure_draws_each_line_once_and_names_what_leaves_it(tmp_path, drawn):
    write_picture(make_remedies(samples=20, depths=(4, 46)), tmp_path / "f.svg")
    (figure,) = drawn
    dashes = {"median": "-", "mean log": "-", "mean": "--", "leading": "-.", "bounds": ":"}
    for axes, quantity in zip(figure.axes, ("signal", "gradient", "hessian"), strict=True):
        assert axes.get_yscale() == "log"
        curves = [line for line in axes.lines if len(line.get_xdata()) > 2]
        assert all(list(line.get_xdata()) == list(range(4, 47, 2)) for line in curves)
        shown = [
            (line.get_linestyle(), line.get_color(), *line.get_ydata()[[0, 7, -1]]) for line in map(as_array, curves)
        ]
        wanted = {}
        for remedy in REMEDIES:
            by_depth = [exact(remedy, depth)[quantity] for depth in (4, 18, 46)]
            for kind, *ends in map(together, zip(*by_depth, strict=True)):
                for end in ends:
                    wanted.setdefault((dashes[kind], *(f"{y:.4g}" for y in end)), []).append(STYLES[remedy.name][0])
        colours = {key: owners[0] if len(owners) == 1 else SHARED for key, owners in wanted.items()}
        assert {(style, *(f"{y:.4g}" for y in ys)): colour for style, colour, *ys in shown} == colours
        assert len(shown) == len(colours)
    texts = [{text.get_color(): text for text in axes.texts if text.get_color() != SHARED} for axes in figure.axes]
    vermillion, purple = STYLES[PAIRS[0].name][0], STYLES[BATCH_NORM.name][0]
    assert [set(found) for found in texts] == [{vermillion}, {purple}, {vermillion}]
    assert texts[0][vermillion].get_text() == "$3^{L/2}$"
    (_, growth) = exact(BATCH_NORM, 3)["gradient"][0]
    assert texts[1][purple].get_text() == f"${growth:.2f}^{{L-2}}$"
    for found, remedy, quantity in zip(
        texts, (PAIRS[0], BATCH_NORM, PAIRS[0]), ("signal", "gradient", "hessian"), strict=True
    ):
        (x, y) = next(iter(found.values())).get_position()
        assert exact(remedy, x)[quantity][0][1] > y > exact(remedy, x - 6)[quantity][0][1]


def as_array(line):
    line.set_ydata(np.asarray(line.get_ydata()))
    return line


def together(lines):
    """One line at several depths: its kind, and the numbers of each end."""
    return lines[0][0], *zip(*(numbers for _, *numbers in lines), strict=True)


def test_the_table_says_which_theory_it_is():
    with serial() as workers:
        table = remedies_table(workers, samples=20, seed=0, depths=(8,))
    rows = {row[0]: row for row in table.texts}
    of = {remedy.name: exact(remedy, 8) for remedy in REMEDIES}
    words = {"median": "median", "mean log": "exp of mean log", "mean": "mean", "leading": "about"}
    for name, row in rows.items():
        for cell, quantity in zip(row[5::3], ("signal", "gradient", "hessian"), strict=True):
            lines = [line for line in of[name][quantity] if line[0] != "bounds"]
            if lines:
                assert cell == ", ".join(f"{words[kind]} {number:.4g}" for kind, number in lines)
    low, high = of[RELU_BRANCHES.name]["signal"][0][1:]
    assert rows[RELU_BRANCHES.name][5::3] == (f"mean in [{low:.4g}, {high:.4g}]", "", "")
    assert len(table.columns) == 12


def test_workers_do_not_change_a_bit(tmp_path, monkeypatch):
    with serial() as here, worker_pool(2) as there:
        one, two = (remedies_table(workers, samples=9, seed=5, depths=(4, 6)) for workers in (here, there))
    assert one == two
    asked = []
    monkeypatch.setattr(figure_module, "worker_pool", lambda jobs: asked.append(jobs) or serial())
    write_picture(make_remedies(samples=1, jobs=3, depths=(4, 6)), tmp_path / "f.svg")
    assert asked == [3]
