"""Counts on a grid enclose what exact order statistics say, in bounded memory."""

import math
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from montecarlo.intervals import order_statistic_interval
from montecarlo.streaming import counts as log_counts
from montecarlo.streaming.counts import CELLS, FINEST, LogCounts
from theory.ensembles import InvalidArgument

VALUES = st.floats(-50, 50) | st.floats(-1e9, 1e9) | st.sampled_from([-np.inf, 0.0, -0.0, 2.0**-10, -(2.0**-10), 1e12])


def samples(columns=2, most=40):
    return arrays(np.float64, st.tuples(st.integers(1, most), st.just(columns)), elements=VALUES)


@pytest.fixture(autouse=True, scope="module")
def few_cells():
    """Memory for 512 cells a component, so that a few values fill it; the other tests have all of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_counts, "CELLS", 2**10)
        yield


@pytest.fixture
def all_cells(monkeypatch):
    monkeypatch.setattr(log_counts, "CELLS", CELLS)


def cells(part, c):
    """Return the counts of one component as a mapping from cell to count."""
    return {int(part.first[c]) + j: int(n) for j, n in enumerate(part.counts[c]) if n}


@given(samples())
def test_every_value_is_counted_in_its_cell(logs):
    part = LogCounts.of(logs)
    assert part.resolution <= FINEST
    assert part.count == len(logs)
    for c in range(2):
        alive = logs[np.isfinite(logs[:, c]), c]
        expected = Counter(math.floor(math.ldexp(value, part.resolution)) for value in alive.tolist())
        assert cells(part, c) == expected
        assert part.dead[c] == len(logs) - len(alive)


@given(samples(), samples(), samples())
def test_merging_is_concatenation_up_to_resolution(a, b, c):
    """Coarsened to the grid of the fold, the whole has the fold's counts; the fold is hardly coarser."""
    whole, fold = LogCounts.of(np.concatenate([a, b, c])), LogCounts.fold(map(LogCounts.of, (a, b, c)))
    assert fold.count == whole.count
    assert np.array_equal(fold.dead, whole.dead)
    coarser = whole.resolution - fold.resolution
    assert 0 <= coarser <= 2
    for column in range(2):
        coarse = Counter()
        for cell, n in cells(whole, column).items():
            coarse[cell >> coarser] += n
        assert cells(fold, column) == coarse


@given(samples(), samples(), st.sampled_from([0.01, 0.3, 0.5, 0.9, 0.999]), st.sampled_from([1e-6, 0.1, 0.9]))
def test_intervals_contain_those_of_the_values(a, b, p, error):
    fold, logs = LogCounts.of(a).merge(LogCounts.of(b)), np.concatenate([a, b])
    for c in range(2):
        exact, found = order_statistic_interval(logs[:, c], p, error), fold.quantile(p, c, error)
        width = 2.0**-fold.resolution
        assert found.lo <= exact.lo <= exact.hi <= found.hi
        assert found.lo <= found.value <= found.hi
        assert (found.error, found.samples) == (error, len(logs))
        # rounded outward by no more than a cell
        for one, other in ((exact.lo, found.lo), (found.hi, exact.hi)):
            assert one == other or one - other <= width
        assert found.value == exact.value or abs(found.value - exact.value) <= width / 2


def test_the_finest_cells_are_a_thousandth_wide(all_cells):
    logs = np.linspace(-3, 3, 1001)[:, None]
    estimate = LogCounts.of(logs).quantile(0.5, 0, 1e-3)
    exact = order_statistic_interval(logs[:, 0], 0.5, 1e-3)
    assert 0 <= estimate.hi - exact.hi <= 2.0**-10
    assert "0.00098" in estimate.method


@pytest.mark.parametrize("components", [1, 3, 100, 5000])
def test_memory_is_bounded_whatever_the_range(components, all_cells):
    """Values from -1e12 to 1e12, part by part farther out."""
    most = max(2**8, min(2**16, CELLS // components))
    fold = LogCounts.of(np.zeros((2, components)))
    for power in (0, 4, 8, 12):
        fold = fold.merge(LogCounts.of(np.array([[-(10.0**power)], [10.0**power]]) * np.ones((1, components))))
        assert fold.counts.shape[0] == components
        assert fold.counts.shape[1] <= most
    assert fold.count == 10
    assert fold.counts.sum() == 10 * components
    assert math.ldexp(2e12, fold.resolution + 1) > most  # no coarser than it must be


def test_many_values_of_many_components_take_little_more_memory_than_they_have(all_cells):
    logs = np.random.default_rng(0).standard_normal((2**12, 2**8))
    tracemalloc.start()
    LogCounts.of(logs)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * logs.nbytes


def test_nothing_but_zeros(all_cells):
    dead = LogCounts.of(np.full((3, 1), -np.inf))
    both = dead.merge(dead)
    assert (both.count, both.dead.tolist(), both.counts.sum()) == (6, [6], 0)
    estimate = both.quantile(0.5, 0, 0.5)
    assert estimate.value == estimate.lo == -np.inf
    alive = both.merge(LogCounts.of(np.array([[1e6], [1e6 + 1]])))
    assert alive.resolution == FINEST  # the empty grid near 0 does not count
    assert alive.quantile(0.99, 0, 0.9).value == pytest.approx(1e6 + 1, abs=1e-3)


@pytest.mark.parametrize(
    ("p", "error", "argument"), [(0, 0.1, "p"), (1, 0.1, "p"), (0.5, 0, "error"), (0.5, 1, "error")]
)
def test_probabilities_that_are_none(p, error, argument):
    with pytest.raises(InvalidArgument) as refusal:
        LogCounts.of(np.zeros((2, 1))).quantile(p, 0, error)
    assert refusal.value.argument == argument
