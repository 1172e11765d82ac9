"""How sharp an answer is to be: what is read, what is refused, and the intervals of correlations at their corners."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofs_check.answers.combined import of_pairs
from proofs_check.answers.sampled_pairs import _correlation
from proofs_check.answers.within import Within, least_number
from theory.ensembles import InvalidArgument


@pytest.mark.parametrize(
    ("text", "amount", "relative"),
    [("1%", 0.01, True), (" 2.5 % ", 0.025, True), ("0.05", 0.05, False), (3, 3.0, False)],
)
def test_shares_and_numbers_are_told_apart(text, amount, relative):
    assert Within.read(text) == Within(pytest.approx(amount), relative)


@pytest.mark.parametrize("bad", ["", "%", "x%", "-1%", "0", 0, "nan", "inf", "100%", True, None, [1], 1j])
def test_what_is_no_precision_is_refused(bad):
    with pytest.raises(InvalidArgument, match=r"^within: must be"):
        Within.read(bad)


def test_an_interval_is_missed_by_its_half_length_over_the_one_wanted():
    assert Within(0.1).missed_by(1.0, 1.4) == pytest.approx(2)
    assert Within(0.1, relative=True).missed_by(-4.0, -3.0) == pytest.approx(0.5 / 0.4)
    assert Within(0.1).missed_by(math.log(1.0), math.log(1.4), log_scale=True) == pytest.approx(2)
    assert Within(0.1, relative=True).missed_by(-3000.0, -2999.0, log_scale=True) == pytest.approx(0.5 / math.log(1.1))
    assert Within(0.1).missed_by(0.0, math.inf) == math.inf
    assert Within(0.1, relative=True).missed_by(-math.inf, -math.inf, log_scale=True) == 0
    assert Within(1e-300).in_units(1.0, -800.0) > 1e40


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_the_least_number_is_enough_and_one_less_is_not(least, most):
    assert least_number(lambda n: n >= least, most) == (least if least <= most else None)


@given(st.floats(-2, 2), st.floats(0, 1), st.floats(0.1, 3), st.floats(0, 2), st.floats(0.1, 3), st.floats(0, 2))
def test_a_correlation_lies_between_its_ends_wherever_its_parts_do(c, r, v, s, w, t):
    cross, x, y = (c - r, c + r), (v - s, v + s), (w - t, w + t)
    lo, hi = _correlation(cross, x, y)
    assert -1 <= lo <= hi <= 1
    for one, two, three in itertools.product(cross, x, y):
        if two > 0 and three > 0 and one * one <= two * three:
            assert lo - 1e-12 <= one / math.sqrt(two * three) <= hi + 1e-12


def test_a_pair_is_read_with_room_for_what_rounding_moves():
    import numpy as np

    logs = np.log([[2.0, 3.0], [5.0, 1.0], [1.0, 1.0], [4.0, 4.0], [9.0, 9.0]])  # the fifth has no partner
    values, off = of_pairs(0, 1, (0.0, 0.0))(logs, 1e-3)
    assert values == pytest.approx([-3.0, 4.5])
    for signs in itertools.product((-1e-3, 1e-3), repeat=8):
        moved, _ = of_pairs(0, 1, (0.0, 0.0))(logs[:4] + np.reshape(signs, (4, 2)), 0.0)
        assert (np.abs(moved - values) <= off).all()
