"""By how much a sampled claim may be off before its intervals see it."""

import math
from types import SimpleNamespace

import flint
import pytest

from proofs_check.claims.sharpness import _resolution


@pytest.mark.parametrize(
    ("pairs", "share"),
    [
        ([((8, 1), 8)], 0.25),  # an interval of length 2 around 8
        ([((-8, 1), -8)], 0.25),
        ([((8, 1), 8), ((1, 0.25), 0.5)], 1.0),  # the least sharp size counts
        ([((8, 1), 8), ((0, 1), 0)], None),  # no share of 0 is anything
        ([((8, math.inf), 8)], None),
    ],
)
def test_intervals_see_an_error_as_long_as_they_are_relative_to_the_claim(pairs, share):
    sides = SimpleNamespace(
        meaning=SimpleNamespace(left="left", right="right"),
        ball=lambda side, point, digits, balls: balls[side],
    )
    found = [({}, {"left": flint.arb(*left), "right": flint.arb(right)}) for left, right in pairs]
    assert _resolution(sides, found) == (None if share is None else pytest.approx(share, rel=1e-6))
