"""The window of early stopping, as figure and table: times by quadrature, steps counted by hand."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from montecarlo import serial, worker_pool
from proofs_check.figures import sparse_window as figure_module
from proofs_check.figures.sparse_window import make_sparse_window
from proofs_check.studies import sparse_window
from proofs_check.studies.sparse_window import SCALES, Window, cases, data_sets, measured, sparse_window_table, theory

THOUSANDTH, MILLIONTH = SCALES


def time_by_quadrature(scale, depth, end, target):
    """The integral of dG/(z-h(G)), with h as its definition has it."""
    alpha = scale ** (1 / depth)

    def w(G):
        if depth == 2:
            return 2 * scale * math.sinh(4 * G)
        c = depth * (depth - 2) * alpha ** (depth - 2) * G
        return scale * ((1 - c) ** (-depth / (depth - 2)) - (1 + c) ** (-depth / (depth - 2)))

    pole = 20 if depth == 2 else (1 - 1e-12) / (depth * (depth - 2) * alpha ** (depth - 2))
    last = brentq(lambda G: w(G) - end, 0, pole, xtol=1e-14, rtol=1e-14)
    near = last * (1 - np.geomspace(1, 1e-9, 12))
    return quad(lambda G: 1 / (target - w(G)), 0, last, points=near[1:], limit=500)[0]


@pytest.mark.parametrize(("scale", "depth"), [(THOUSANDTH, 2), (THOUSANDTH, 3), (THOUSANDTH, 10), (MILLIONTH, 2)])
def test_exact_times_are_those_by_quadrature(scale, depth):
    found = theory(scale, depth)
    opens, closes = (time_by_quadrature(float(scale), depth, end, target) for end, target in ((0.99, 1.0), (0.05, 0.4)))
    assert (found.opens, found.closes) == (pytest.approx(opens, rel=1e-6), pytest.approx(closes, rel=1e-6))
    assert found.ratio == pytest.approx(closes / opens, rel=1e-6)


def test_bounds_are_around_exact_ratios_which_grow_with_depth_up_to_the_limit():
    for scale in SCALES:
        found = [theory(scale, depth) for depth in sparse_window.LINES]
        ratios = [one.ratio for one in found]
        assert all(one.low < one.ratio < one.high for one in found)
        assert ratios == sorted(ratios)
        assert ratios[-1] < 2.5
    assert theory(THOUSANDTH, 2).ratio < 1 < theory(MILLIONTH, 2).ratio


@pytest.mark.parametrize(("scale", "depth"), [(THOUSANDTH, 3), (MILLIONTH, 5)])
def test_bounds_are_typed_in_again(scale, depth):
    alpha, N = float(scale) ** (1 / depth), depth

    def ends(end, target):
        low, high = ((alpha ** (2 - N) - w ** (2 / N - 1)) / (N * (N - 2)) for w in (end, end + float(scale)))
        late = target ** (2 / N - 2) * (N / 2 - math.log(1 - end / target)) / N**2
        return low / target, high / target + late

    opens, closes, found = ends(0.99, 1), ends(0.05, 0.4), theory(scale, depth)
    assert (found.low, found.high) == pytest.approx((closes[0] / opens[1], closes[1] / opens[0]), rel=1e-9)


def counted_by_hand(scale, depth, rate, target, done):
    """Steps of descent of one coordinate."""
    u = v = scale ** (1 / depth)
    for step in range(100_000):
        if done(u**depth - v**depth):
            return step
        move = rate * depth * (target - u**depth + v**depth)
        u, v = u + move * u ** (depth - 1), v - move * v ** (depth - 1)
    return math.inf


@pytest.mark.parametrize(("scale", "depth"), [(THOUSANDTH, 2), (THOUSANDTH, 5), (MILLIONTH, 4)])
def test_descent_takes_as_many_steps_as_counted_by_hand(scale, depth):
    with serial() as workers:
        (found,) = measured([(scale, depth)], samples=3, seed=5, workers=workers)
    assert found.rate <= 1 / depth**2
    opens = counted_by_hand(float(scale), depth, found.rate, 1.0, lambda w: w >= 0.99)
    closes = counted_by_hand(float(scale), depth, found.rate, 0.4, lambda w: w > 0.05)
    for (low, high), steps in ((found.opens, opens), (found.closes, closes)):
        assert low < steps <= high <= 1.003 * low + 2
    expected = theory(scale, depth)
    assert expected.low < found.ratio < expected.high
    assert found.ends[0] < found.ratio < found.ends[1]
    assert found.ratio == pytest.approx(expected.ratio, rel=3e-3)


def test_noise_is_as_large_as_said_and_of_both_signs():
    gram, correlation, fitted = data_sets(5, seed=1)
    assert np.abs(gram - np.eye(16)).max() < 1e-12
    assert np.abs(correlation[:, :3] - 1).max() < 1e-12
    noise = correlation[:, 3:]
    assert np.abs(noise).max(axis=1) == pytest.approx([0.4] * 5)
    assert (np.abs(noise) < 0.4 - 1e-9).sum() == 5 * 12
    assert noise.min() < 0 < noise.max()
    assert list(fitted) == [1] * 3 + [0] * 13
    assert not np.array_equal(correlation, data_sets(5, seed=2)[1])


def test_what_has_not_happened_is_beyond_the_steps_that_were_taken():
    steps, happened = np.array([0, 3, 5, 9]), np.array([[0, 0], [1, 0], [1, 0], [1, 1]], dtype=bool)
    assert sparse_window._first(steps, happened) == (0, 9)
    assert sparse_window._first(steps, happened[:, 1:]) == (5, 9)
    assert sparse_window._first(steps, np.zeros((4, 1), dtype=bool)) == (9, math.inf)
    assert Window(THOUSANDTH, 2, 0.1, (4, 9), (16, 36)).ends == (16 / 9, 9)
    assert Window(THOUSANDTH, 2, 0.1, (4, 9), (16, 36)).ratio == 4


def test_figure_and_table_have_the_same_numbers():
    chosen = [(THOUSANDTH, 2), (THOUSANDTH, 3), (MILLIONTH, 2)]
    (panel,) = make_sparse_window(samples=2, seed=3, depths=(2, 3), chosen=chosen).panels
    with serial() as here, worker_pool(2) as there:
        one, two = (sparse_window_table(workers, samples=2, seed=3, chosen=chosen) for workers in (here, there))
    assert one == two
    series = {one.name: one for one in panel.series}
    for row in one.texts:
        number = f"w_0 = {row[0]}: "
        where = [2, 3].index(int(row[1]))
        exact, bounds, points = (series[number + what] for what in ("exact, theory", "theory's bounds", "descent"))
        assert float(row[7]) == pytest.approx(exact.value[where], rel=1e-3)
        assert row[8] == f"[{bounds.lo[where]:.4g}, {bounds.hi[where]:.4g}]"
        point = points.points()[where]
        assert row[5:7] == (f"{point.value:.4g}", f"[{point.lo:.4g}, {point.hi:.4g}]")
        assert point.lo < point.value < point.hi
    assert [level.y for level in panel.levels] == [2.5, 1]
    assert "on 2 orthonormal designs" in one.caption.plain


def test_all_points_stand_on_lines(monkeypatch):
    assert all(depth in sparse_window.LINES for _, depth in cases())
    assert {scale for scale, _ in cases()} == {Fraction(1, 1000), Fraction(1, 10**6)}
    asked = []
    monkeypatch.setattr(figure_module, "worker_pool", lambda jobs: asked.append(jobs) or serial())
    make_sparse_window(samples=1, jobs=3, depths=(2,), chosen=[])
    assert asked == [3]
