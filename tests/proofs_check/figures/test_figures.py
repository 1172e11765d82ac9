"""Figures: lines that are theory's, points that are those of dense Hessians, and the commands that draw them."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from scipy.special import comb, psi

from montecarlo import simulate
from montecarlo.curvature import Network
from montecarlo.intervals import order_statistic_interval
from proofs_check import figures
from proofs_check.figures import curvature
from proofs_check.figures.curvature import make_curvature
from proofs_check.figures.curvature_phase import make_curvature_phase
from proofs_check.figures.spectrum import make_spectrum
from proofs_check.figures.typical import make_typical
from proofs_check.reporting import colours
from proofs_check.reporting.drawing import write_picture
from proofs_check.reporting.pictures import Look, Panel, Picture, Series
from proofs_check.studies.curvature import samples_for
from theory import Ensemble, LogNormLaw

LINEAR, RELU = Ensemble(width="n", depth="L"), Ensemble(width="n", depth="L", activation="relu", init="he")
COLOURS = {1: colours.PURPLE, 4: colours.BLUE, 16: colours.VERMILLION, 64: colours.GREEN}


def test_the_curves_are_theorys_medians_and_the_measured_intervals_contain_them(tmp_path, drawn):
    write_picture(make_typical(samples=200), tmp_path / "f.svg")
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


def dense_hessian(weights, slope, v, x):
    """Block by block: d2f[dW_l, dW_k] = b_l^T dW_l M_lk dW_k a_{k-1}."""
    a, d = [x], []
    for w in weights:
        z = w @ a[-1]
        d.append(np.where(z > 0, 1.0, slope))
        a.append(d[-1] * z)
    b = [d[-1] * v]
    for w, slopes in zip(weights[:0:-1], d[-2::-1], strict=True):
        b.insert(0, slopes * (w.T @ b[0]))
    starts = np.cumsum([0, *(w.size for w in weights)])
    h = np.zeros((starts[-1], starts[-1]))
    for k in range(len(weights)):
        m = np.diag(d[k])
        for later in range(k + 1, len(weights)):
            block = np.einsum("i,jp,q->ijpq", b[later], m, a[k]).reshape(weights[later].size, weights[k].size)
            h[starts[later] : starts[later + 1], starts[k] : starts[k + 1]] = block
            m = d[later][:, None] * (weights[later] @ m)
    return h + h.T


@dataclass(frozen=True)
class DenseEnds:
    """What HessianExtremes measures, from the matrix of all second derivatives."""

    name: ClassVar[str] = "DenseEnds"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def components(self, _):
        return ("lambda_max", "minus_lambda_min", "spectral_norm")

    def measure(self, chunk):
        layers = [chunk.weights(k) for k in range(1, chunk.net.depth + 1)]
        out = []
        for weights, v in zip(zip(*layers, strict=True), chunk.readout, strict=True):
            eigenvalues = np.linalg.eigvalsh(dense_hessian(weights, float(chunk.net.slope), v, chunk.input))
            out.append([eigenvalues[-1], -eigenvalues[0], np.abs(eigenvalues).max()])
        with np.errstate(divide="ignore"):
            return np.log(np.array(out))


def dense_medians(net, samples, seed):
    """Medians with their intervals, of the same networks."""
    readings = simulate(net, [DenseEnds()], samples=samples_for(net, samples), seed=seed)[DenseEnds()]
    return [order_statistic_interval(readings.log_values(end), 0.5, 1e-4) for end in readings.components]


def points_of(axes, marker, colour):
    """Points drawn: nearest whole depth to size."""
    found = [line for line in axes.lines if line.get_marker() == marker and line.get_color() == colour]
    return {round(line.get_xdata()[0]): line for line in found}


def test_the_points_of_the_figure_curvature_are_medians_of_dense_hessians(tmp_path, drawn, monkeypatch):
    monkeypatch.setattr(curvature, "_FINE_CHAIN", ())
    write_picture(make_curvature(samples=64, seed=3, depths=(2, 4)), tmp_path / "f.svg")
    (figure,) = drawn
    for axes, family in zip(figure.axes, (LINEAR, RELU), strict=True):
        for width in (1, 4):
            for depth in (2, 4):
                highest, lowest, _ = dense_medians(family.at(width=width, depth=depth), 64, 3)
                for marker, end in (("^", highest), ("v", lowest)):
                    points = points_of(axes, marker, COLOURS[width])
                    if end.value == -math.inf:  # width 1
                        assert depth not in points
                        continue
                    (x,), (y,) = points[depth].get_xdata(), points[depth].get_ydata()
                    assert y == pytest.approx(math.exp(end.value), rel=1e-8)
                    bars = [line for line in axes.lines if list(line.get_xdata()) == [x, x]]
                    shown = [list(bar.get_ydata()) for bar in bars if bar.get_color() == COLOURS[width]]
                    assert shown == [pytest.approx([math.exp(end.lo), math.exp(end.hi)], rel=1e-8, abs=1e-300)]
        for width in (16, 64):
            for marker in "^v":
                assert set(points_of(axes, marker, COLOURS[width])) == {2, 4}
    # of width 1 1/4 live at depth 2, of width 4 (15/16)^4 at depth 4: 64 networks disagree with probability 1e-5
    (note,) = figure.axes[1].texts
    assert note.get_text().splitlines()[2:] == ["  width 1, depth 2 and more"]
    assert not figure.axes[0].texts


def test_the_curves_of_the_figure_curvature_and_where_they_turn(tmp_path, drawn, monkeypatch):
    monkeypatch.setattr(curvature, "_FINE_CHAIN", (2,))
    write_picture(make_curvature(samples=1, depths=(2, 3, 24)), tmp_path / "f.svg")
    (figure,) = drawn
    for axes, family, share in zip(figure.axes, (LINEAR, RELU), (1, math.sqrt(1 / 2)), strict=True):
        curves = {line.get_color(): line for line in axes.lines if len(line.get_xdata()) > 2}
        assert set(curves) == {COLOURS[width] for width in (4, 16, 64)}
        for width in (4, 16, 64):
            shown = dict(zip(curves[COLOURS[width]].get_xdata(), curves[COLOURS[width]].get_ydata(), strict=True))
            for depth, edge in ((2, 1.0), (3, 1 + math.sqrt(2))):
                typical_norm = math.exp(LogNormLaw(family.at(width=width, depth=depth)).median() / 2)
                assert shown[depth] == pytest.approx(typical_norm * share * edge, rel=1e-6)
            # of width 4 most ReLU networks are dead from depth 11 on, as (15/16)^11 < 1/2
            assert max(shown) == (10 if family == RELU and width == 4 else 24)
    (chain,) = [line for line in figure.axes[0].lines if line.get_color() == COLOURS[1] and line.get_linestyle() == "-"
                and len(line.get_xdata()) == 1]  # fmt: skip
    # of depth 2 the ends are v and -v
    assert chain.get_data() == ([2], [pytest.approx(math.exp(-(math.log(2) + np.euler_gamma) / 2))])
    turns = [{line.get_color(): line.get_xdata()[0] for line in axes.lines if line.get_marker() == "|"}
             for axes in figure.axes]  # fmt: skip
    # psi(2) = 1 - Euler
    assert turns[0] == {COLOURS[4]: pytest.approx(4 / (math.log(2) + np.euler_gamma - 1))}
    assert set(turns[1]) == {COLOURS[4], COLOURS[16]}
    active = np.arange(1, 17)
    gamma = (math.log(4 / 16) + np.average(psi(active / 2), weights=comb(16, active))) / 2
    assert turns[1][COLOURS[16]] == pytest.approx(-2 / gamma)


def test_the_map_has_medians_of_dense_hessians_and_the_depth_at_which_they_turn(tmp_path, drawn):
    write_picture(make_curvature_phase(samples=200, seed=5, widths=(2, 4), depths=(2, 4)), tmp_path / "f.svg")
    (figure,) = drawn
    for axes, family in zip(figure.axes[:2], (LINEAR, RELU), strict=True):
        (cells,) = axes.collections
        logs = [[dense_medians(family.at(width=n, depth=depth), 200, 5)[2].value for n in (2, 4)] for depth in (2, 4)]
        shown = np.ma.filled(cells.get_array(), -math.inf).reshape(2, 2)
        np.testing.assert_allclose(shown, np.array(logs) / math.log(10), rtol=0, atol=1e-8)
        assert len(axes.texts) == np.isfinite(logs).sum()
        for text in axes.texts:
            x, y = text.get_position()
            value = logs[(2, 4).index(y)][(2, 4).index(x)] / math.log(10)
            assert float(text.get_text().replace("\N{MINUS SIGN}", "-")) == pytest.approx(value, abs=0.0501)
    assert math.isinf(logs[1][0])  # width 2, depth 4: 81 in 256 live; that 101 of 200 do has probability 1e-8
    ridge = dict(zip(*figure.axes[0].lines[0].get_data(), strict=True))
    assert ridge[2] == pytest.approx(4 / np.euler_gamma)  # psi(1) = -Euler
    assert min(figure.axes[1].lines[0].get_xdata()) > 2  # there most networks are dead at that depth


def test_the_histograms_hold_every_eigenvalue_of_dense_hessians(tmp_path, drawn):
    write_picture(make_spectrum(networks=5, seed=2, width=3, depths=(3, 5)), tmp_path / "f.svg")
    (figure,) = drawn
    for axes, family in zip(figure.axes, (LINEAR, RELU), strict=True):
        steps = [patch.get_data() for patch in axes.patches]
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        for number, depth in enumerate((3, 5)):
            net = family.at(width=3, depth=depth)
            found = np.concatenate([dense_eigenvalues(Network.sample(net, 10 + i)) for i in range(5)])
            kept = found[np.abs(found) > 1e-12]
            for (heights, edges, _), sign in zip(steps[2 * number : 2 * number + 2], (1, -1), strict=True):
                counts, _ = np.histogram(np.abs(kept[np.sign(kept) == sign]), edges)
                np.testing.assert_allclose(heights, sign * counts / len(kept), atol=1e-12)
            share = 100 * (1 - len(kept) / len(found))
            assert labels[number] == f"$L = {depth}$: {share:.0f} % of all eigenvalues are 0"


def dense_eigenvalues(network):
    """In units of the readout."""
    (v,), x = network.readout, np.eye(1, network.widths[0])[0]
    return np.linalg.eigvalsh(dense_hessian(network.weights, network.slope, v, x)) / np.linalg.norm(v)


@pytest.fixture
def asked(monkeypatch):
    """All figures are of one small picture; what they were asked is kept."""
    found = []
    picture = Picture((Panel("signal", (Series("mean", (1, 2), (1.0, 0.5), look=Look(line="-")),)),))
    for name in figures.names():
        make = lambda name=name, **options: (found.append((name, options)), options["told"], picture)[-1]  # noqa: E731
        monkeypatch.setattr(f"proofs_check.figures.{name.replace('-', '_')}.FIGURE", figures.Figure(make))
    return found


HOW = {"seed": 7, "jobs": 2, "told": None}


@pytest.mark.parametrize("name", figures.names())
def test_the_command_draws_to_the_file_with_its_seed_and_workers(vanishing, tmp_path, asked, name):
    ran = vanishing(f"figure {name} --out {tmp_path}/f.svg --seed 7 --jobs 2")
    assert asked == [(name, HOW)]
    assert (ran.status, ran.out, ran.err) == (0, "", f"figure written to {tmp_path}/f.svg\n")
    assert [path.name for path in tmp_path.iterdir()] == ["f.svg"]


def test_the_command_draws_all_figures_into_a_folder(vanishing, tmp_path, asked):
    ran = vanishing(f"figure all --out {tmp_path}/new --seed 7 --jobs 2")
    assert asked == [(name, HOW) for name in figures.names()]
    assert (ran.status, ran.out, ran.err) == (0, "", f"figures written to {tmp_path}/new\n")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(
        f"{name}.png" for name in figures.names()
    )


@pytest.mark.usefixtures("no_simulation")
@pytest.mark.parametrize("draw", [figures.figure(name).draw for name in figures.names()], ids=figures.names())
@pytest.mark.parametrize("name", ["f.jpg", "f", "png", "f.PNG.txt"])
def test_a_file_of_another_kind_is_refused_before_anything_is_simulated(tmp_path, name, draw):
    with pytest.raises(
        ValueError, match=r"^out: .* ends on none of .pdf, .svg, .png, .pgf, .eps; use e.g. figure.pdf$"
    ):
        draw(tmp_path / name)
    assert not list(tmp_path.iterdir())
