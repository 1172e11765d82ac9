from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from montecarlo.drawing.norm_traces import NormTrace, rescale

ENTRIES = st.integers(-1000, 1000).map(float) | st.sampled_from([2.0**-400, -(2.0**200), 1e-30, 3e77])
ROWS = arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=ENTRIES)


def squares_of(rows):
    return [sum(Fraction(x) ** 2 for x in row) for row in rows.tolist()]


@given(ROWS)
def test_rescaling_rounds_nothing(rows):
    before = rows.copy()
    squares, halves = rescale(rows)
    for i, exact in enumerate(squares_of(before)):
        assert [Fraction(x) * Fraction(2) ** int(halves[i]) for x in rows[i].tolist()] == [
            Fraction(x) for x in before[i].tolist()
        ]
        assert squares[i] == pytest.approx(float(exact), rel=1e-15)
        assert exact == 0 or Fraction(1, 4) <= exact / Fraction(4) ** int(halves[i]) < 4
        assert exact != 0 or not rows[i].any()


@given(arrays(np.float32, (3, 4), elements=st.integers(-(2**20), 2**20).map(float)))
def test_squares_of_single_precision_are_summed_in_double(rows):
    exact = [float(square) for square in squares_of(rows)]
    squares, _ = rescale(rows)
    assert squares.dtype == np.float64
    assert squares.tolist() == exact  # below 2^53


def test_logs_at_any_scale_without_underflow():
    """Rows multiplied by 2^-300 at each of 1000 steps: log |row|^2 falls by 600 log 2 a step."""
    trace, rows = NormTrace(1.5, np.full(1000, -0.25), 2), np.array([[3.0, 4.0], [0.0, 1.0]])
    trace.record(rows)
    for _ in range(1000):
        rows *= 2.0**-300
        trace.record(rows)
    logs = trace.logs([0, 1, 1000])
    steps = np.array([0, 1, 1000])
    expected = np.log([[25.0], [1.0]]) + 1.5 - 0.25 * steps - 600 * np.log(2) * steps
    np.testing.assert_allclose(logs, expected, rtol=1e-13)


def test_rows_that_are_left_out_are_zero():
    trace = NormTrace(0.0, np.zeros(2), 3)
    trace.record(np.array([[1.0], [8.0], [0.0]]))
    assert trace.record(np.array([[2.0]]), np.array([1])).tolist() == [4.0]
    trace.record(np.array([[1.0]]), np.array([1]))
    logs = trace.logs([0, 1, 2])
    assert np.isneginf(logs[0, 1:]).all()
    assert np.isneginf(logs[2]).all()
    # the row was divided by 8, and by 2 then
    np.testing.assert_allclose(np.exp(logs[1] / 2), [8, 16, 16], rtol=1e-14)


def test_steps_in_any_order():
    trace = NormTrace(0.0, np.array([1.0, 2.0]), 1)
    for _ in range(3):
        trace.record(np.ones((1, 1)))
    assert trace.logs([2, 0, 1]).tolist() == [[3.0, 0.0, 1.0]]
