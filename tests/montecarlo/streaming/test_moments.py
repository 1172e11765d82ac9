import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from montecarlo.streaming.moments import LogCovariance, Moments

LOGS = arrays(np.float64, st.tuples(st.integers(1, 30), st.just(2)), elements=st.floats(-5, 5) | st.just(-np.inf))


def assert_same(a, b, tolerance=1e-10):
    assert a.count == b.count
    assert np.array_equal(a.alive, b.alive)
    for name in ("log_mean", "squares", "log_sum", "log_sum_of_squares"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=tolerance, atol=tolerance)


@given(LOGS)
def test_moments_are_their_definitions(logs):
    m = Moments.of(logs)
    values = np.exp(logs)
    assert np.array_equal(m.alive, np.isfinite(logs).sum(axis=0))
    np.testing.assert_allclose(m.mean, values.mean(axis=0), rtol=1e-12)
    for c in range(2):
        alive = logs[np.isfinite(logs[:, c]), c]
        assert m.survival[c] == len(alive) / len(logs)
        if len(alive):
            assert m.log_mean[c] == pytest.approx(alive.mean(), abs=1e-12)
        else:
            assert np.isnan(m.log_mean[c])
        if len(alive) > 1:
            assert m.log_variance[c] == pytest.approx(alive.var(ddof=1), abs=1e-10)
        if len(logs) > 1:
            expected = values[:, c].var(ddof=1)
            assert m.variance[c] == pytest.approx(expected, rel=1e-9, abs=1e-11 * (values[:, c] ** 2).sum())


@given(LOGS, LOGS, LOGS)
def test_merging_is_concatenation(a, b, c):
    whole = Moments.of(np.concatenate([a, b, c]))
    assert_same(Moments.fold(map(Moments.of, (a, b, c))), whole)
    assert_same(Moments.of(a).merge(Moments.of(b).merge(Moments.of(c))), whole)


def test_values_beyond_floats():
    m = Moments.of(np.array([[5000.0, -5000.0], [5000.0, -5000.0 + np.log(3)]]))
    assert np.allclose(m.log_of_mean, [5000, -5000 + np.log(2)], rtol=1e-15)
    assert np.allclose(m.relative_variance, [0, 0.5], rtol=0, atol=1e-11)
    assert m.mean.tolist() == [np.inf, 0.0]


def test_a_sample_without_survivors():
    m = Moments.of(np.full((3, 1), -np.inf)).merge(Moments.of(np.full((2, 1), -np.inf)))
    assert (m.count, m.survival[0], m.mean[0], m.variance[0]) == (5, 0, 0, 0)
    assert np.isnan(m.log_mean[0])
    assert np.isnan(m.log_variance[0])
    assert np.isneginf(m.log_of_mean[0])


ROWS = arrays(np.float64, st.tuples(st.integers(1, 30), st.just(3)), elements=st.floats(-5, 5) | st.just(-np.inf))


class TestCovariances:
    @given(ROWS)
    def test_they_are_those_of_the_rows_without_zeros(self, logs):
        part = LogCovariance.of(logs)
        kept = logs[np.isfinite(logs).all(axis=1)]
        assert part.alive == len(kept)
        if len(kept) > 1:
            np.testing.assert_allclose(part.covariance, np.cov(kept.T), rtol=1e-9, atol=1e-10)
        else:
            assert np.isnan(part.covariance).all()

    @given(ROWS, ROWS, ROWS)
    def test_merging_is_concatenation(self, a, b, c):
        whole = LogCovariance.of(np.concatenate([a, b, c]))
        left = LogCovariance.of(a).merge(LogCovariance.of(b)).merge(LogCovariance.of(c))
        right = LogCovariance.of(a).merge(LogCovariance.of(b).merge(LogCovariance.of(c)))
        for merged in (left, right):
            assert merged.alive == whole.alive
            np.testing.assert_allclose(merged.products, whole.products, rtol=1e-9, atol=1e-9)
            if whole.alive:
                np.testing.assert_allclose(merged.means, whole.means, rtol=1e-9, atol=1e-10)

    def test_correlations(self):
        x = np.array([0.0, 1.0, 3.0, -2.0])
        part = LogCovariance.of(np.stack([x, 5 - 2 * x, np.ones(4)], axis=1))
        np.testing.assert_allclose(part.correlation[:2, :2], [[1, -1], [-1, 1]], rtol=1e-14)
        assert np.isnan(part.correlation[2]).all()
