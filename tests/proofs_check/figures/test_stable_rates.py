"""Stable rates, as figure and table: theory by numpy, and paths on either side of it."""

import itertools

import numpy as np
import pytest

from montecarlo import serial
from proofs_check.figures.stable_rates import break_even_line, make_stable_rates
from proofs_check.studies.stable_rates import CURVATURES, measured, stable_rates_table, theory

H = np.array(CURVATURES, float)


def test_lines_are_where_means_over_all_minibatches_are_1_and_0():
    assert (len(H), H.mean()) == (12, pytest.approx(1))
    for batch in (1, 4):
        values = np.array([np.mean(one) for one in itertools.combinations(H, batch)])
        found = theory("fresh", batch)
        assert np.mean((1 - found.mean_square * values) ** 2) == pytest.approx(1, abs=1e-9)
        assert np.log(abs(1 - found.typical * values)).mean() == pytest.approx(0, abs=1e-8)
    epochs = theory("epochs", 1)
    assert np.prod(1 - epochs.mean_square * H) ** 2 == pytest.approx(1, abs=1e-6)
    assert break_even_line(0.5, 0.3) == pytest.approx(2 * (1 - 0.09) / (0.7 + 1.3 * 0.25))


def test_paths_turn_around_the_typical_rate():
    chosen = [("fresh", 1), ("epochs", 4)]
    with serial() as workers:
        turns = list(measured(chosen, samples=100, seed=6, workers=workers))
    for turn, case in zip(turns, chosen, strict=True):  # each misses with probability at most 1e-4
        assert (turn.kind, turn.batch) == case
        assert turn.falls < theory(*case).typical < turn.grows < turn.falls + 0.2


def test_figure_and_table_have_the_same_numbers():
    left, right = make_stable_rates(samples=40, seed=2, batches=(1, 12)).panels
    chosen = [("fresh", 1), ("epochs", 12)]
    with serial() as here:
        table = stable_rates_table(here, samples=40, seed=2, chosen=chosen)
    shown = {one.name: dict(zip(one.x, one.points(), strict=True)) for one in left.series}
    for (kind, batch), row in zip(chosen, table.texts, strict=True):
        point = shown[f"{kind}: paths turn, measured"][batch]
        assert row[:2] == (kind, str(batch))
        assert row[2] == f"{shown[f'{kind}: in mean square, theory'][batch].value:.5g}"
        assert row[3] == f"{shown['typically, theory'][batch].value:.5g}"
        assert row[4] == f"[{point.lo:.4g}, {point.hi:.4g}]"
    highest = {one.name: one for one in right.series}["q = 0.1: highest, theory"]
    assert (highest.x[0], highest.value[0]) == (pytest.approx(0.8182, abs=1e-4), pytest.approx(3.30579, rel=1e-5))
