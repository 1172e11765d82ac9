"""One rule turns a claim and an interval into a verdict; these are its guarantees."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofs_check.verdict import Finding, Tier, Verdict, decide

SUPPORTED, REFUTED, INCONCLUSIVE = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.INCONCLUSIVE

# multiples of 1/8 below 2^20 add and subtract without rounding, so that the guarantees hold to the last bit
exact = st.integers(-(2**20), 2**20).map(lambda k: k / 8)
lengths = st.integers(0, 2**20).map(lambda k: k / 8)
ranges = st.tuples(exact, lengths).map(lambda pair: (pair[0], pair[0] + pair[1]))


def points_in(interval):
    lo, hi = interval
    return st.integers(int(8 * lo), int(8 * hi)).map(lambda k: k / 8)


@given(st.data(), ranges, lengths, lengths, lengths)
def test_a_true_claim_is_supported_at_a_tolerance_of_the_intervals_length(data, interval, below, above, extra):
    truth = data.draw(points_in(interval))
    tolerance = interval[1] - interval[0] + extra
    assert decide((truth - below, truth + above), interval, tolerance) is SUPPORTED


@given(st.data(), ranges, lengths, st.integers(1, 2**20), lengths, st.sampled_from([-1, 1]))
def test_a_claim_further_off_than_the_intervals_length_is_refuted(data, interval, width, excess, tolerance, side):
    truth = data.draw(points_in(interval))
    near = truth + side * (interval[1] - interval[0] + excess / 8)
    claimed = (near, near + width) if side > 0 else (near - width, near)
    assert decide(claimed, interval, tolerance) is REFUTED


@given(ranges, ranges, lengths)
def test_the_verdict_is_what_the_geometry_says(claimed, interval, tolerance):
    (lo, hi), (left, right) = claimed, interval
    apart = max(lo, left) > min(hi, right)
    inside = max(lo - tolerance, left) == left and min(hi + tolerance, right) == right
    expected = REFUTED if apart else SUPPORTED if inside else INCONCLUSIVE  # apart wins: never both
    assert decide(claimed, interval, tolerance) is expected


@given(ranges, ranges, lengths, st.floats(0, 1e9))
def test_more_tolerance_never_loses_support_nor_makes_or_unmakes_a_refutation(claimed, interval, tolerance, extra):
    before, after = decide(claimed, interval, tolerance), decide(claimed, interval, tolerance + extra)
    assert (before is REFUTED) == (after is REFUTED)
    assert before is not SUPPORTED or after is SUPPORTED


@given(st.lists(exact, min_size=4, max_size=4), st.integers(0, 3), lengths)
def test_nan_anywhere_is_inconclusive(numbers, position, tolerance):
    numbers[position] = math.nan
    assert decide((numbers[0], numbers[1]), (numbers[2], numbers[3]), tolerance) is INCONCLUSIVE


def test_a_nan_tolerance_supports_nothing():
    assert decide((0.0, 0.0), (-1.0, 1.0), math.nan) is INCONCLUSIVE


@given(ranges, st.floats(allow_nan=False), st.booleans(), lengths)
def test_an_infinite_end_never_supports_a_finite_claim(claimed, end, upwards, tolerance):
    interval = (end, math.inf) if upwards else (-math.inf, end)
    assert decide(claimed, interval, tolerance) is not SUPPORTED
    assert decide(claimed, (-math.inf, math.inf), tolerance) is INCONCLUSIVE


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((0.5, 1.0), SUPPORTED),  # up to the tolerance, ends included
        ((0.49, 1.0), INCONCLUSIVE),
        ((2.0, 2.5), SUPPORTED),  # touches the claimed range
        ((2.0, 2.51), INCONCLUSIVE),
        ((2.01, 2.5), REFUTED),  # within the tolerance, but it misses the claim
        ((0.0, 0.99), REFUTED),
    ],
)
def test_the_ends_of_the_range_one_to_two_with_tolerance_one_half(interval, verdict):
    assert decide((1.0, 2.0), interval, 0.5) is verdict


@given(st.lists(st.sampled_from(Verdict), max_size=6))
def test_a_conjunction_is_refuted_by_one_and_supported_by_all(verdicts):
    if Verdict.BROKEN in verdicts:
        expected = Verdict.BROKEN
    elif REFUTED in verdicts:
        expected = REFUTED
    elif verdicts and INCONCLUSIVE not in verdicts:
        expected = SUPPORTED
    else:
        expected = INCONCLUSIVE
    assert Verdict.of_all(iter(verdicts)) is expected


@pytest.mark.parametrize(("truth", "verdict"), [(True, SUPPORTED), (False, REFUTED), (None, INCONCLUSIVE)])
def test_a_three_valued_truth_has_its_verdict(truth, verdict):
    assert Verdict.of_bool(truth) is verdict


def test_resolution_is_the_length_of_the_interval_if_there_is_one():
    assert Finding(Tier.SIMULATED, "c", SUPPORTED, interval=(1.0, 1.5)).resolution == 0.5
    assert Finding(Tier.PROVED, "c", SUPPORTED).resolution is None


def test_tiers_are_listed_from_strongest_to_weakest():
    assert [tier.value for tier in Tier] == ["proved", "enumerated", "enclosed", "simulated"]
