"""By how much claims may be moved before evidence refutes them: one check, many checks, and exact evidence."""

import math

import pytest
import sympy as sp

from proofs_check.evidence import Enumerated
from proofs_check.verdict import Between, Finding, Tier, Verdict, decide
from proofs_check.verification.sharpness import Reach, exact_reach, joint, moved, reach_of


def _finding(claimed, interval, relative=False):
    return Finding(
        Tier.SIMULATED,
        "number",
        Verdict.SUPPORTED,
        claimed=claimed,
        interval=interval,
        tolerance=0.0,
        relative=relative,
    )


@pytest.mark.parametrize("claimed", [(1.0, 2.0), (-2.0, -1.0)])
def test_a_range_is_moved_by_a_share_of_its_nearer_end(claimed):
    interval = (claimed[0] + 0.25, claimed[1] - 0.5)
    assert reach_of(_finding(claimed, interval, relative=True)) == Reach(0.75, 0.5, relative=True)


def test_a_claim_moved_by_more_than_its_reach_is_refuted_and_by_less_is_not():
    claimed, interval = (-3.0, -2.0), (-2.75, -2.5)
    reach = reach_of(_finding(claimed, interval))
    assert reach == Reach(0.75, 0.5, relative=False)
    for by, refuted in ((-0.8, True), (-0.7, False), (0.4, False), (0.6, True)):
        verdict = decide((claimed[0] + by, claimed[1] + by), interval, 0.0)
        assert (verdict is Verdict.REFUTED) == refuted


def test_there_is_no_reach_without_an_interval_or_a_size():
    assert reach_of(_finding(None, (0.0, 1.0))) is None
    assert reach_of(_finding((0.0, 1.0), None)) is None
    assert reach_of(_finding((0.0, 1.0), (0.5, 0.6), relative=True)) is None
    assert reach_of(_finding((-math.inf, -math.inf), (-math.inf, -math.inf))) == Reach(math.inf, math.inf, False)
    assert reach_of(_finding((0.0, 1.0), (2.0, 3.0))) == Reach(0.0, 3.0, False)  # refuted as it stands


def test_of_many_checks_the_sharpest_counts_on_either_side():
    assert joint([]) is None
    assert joint([Reach(3.0, 2.0, True), Reach(1.0, 4.0, True)]) == Reach(1.0, 2.0, True)
    assert Reach(1.0, 2.0, True).worse == Reach(2.0, 1.0, True).worse == 2.0


def test_all_that_a_claim_returns_is_moved():
    half = sp.Rational(1, 2)
    more = sp.Rational(37, 58)
    assert moved(lambda: 0.5, half)() == pytest.approx(0.75 + 37 / 58, rel=1e-12)
    assert moved(lambda: (1, sp.Integer(3)), half)() == (3 * half + more, 9 * half + more)
    assert moved(lambda: Between(-1, 1), half)() == Between(-3 * half + more, 3 * half + more)


def _judged(slack_up, slack_down):
    least, most = 1 - sp.Rational(slack_down), 1 + sp.Rational(slack_up)
    return Enumerated("about 1", ((0,),), lambda _: lambda claimed: bool(least <= claimed <= most))


@pytest.mark.parametrize(
    ("slacks", "reach"),
    [
        (("0", "0"), 1e-6),
        (("1/100", "0"), 0.01),  # moved by 1/100, 1 becomes 1.0228
        (("0", "1/40"), 1 / 30),
        (("1", "1"), 1.0),
        (("3", "0"), None),
    ],
)
def test_exact_evidence_must_refute_a_move_in_both_directions(slacks, reach):
    assert exact_reach(lambda _: sp.S.One, [_judged(*slacks)]) == reach


def test_pieces_of_exact_evidence_refute_together():
    assert exact_reach(lambda _: sp.S.One, [_judged("3", "0"), _judged("0", "3")]) == 1e-6
    for value in (True, "no number", None):
        assert exact_reach(lambda _, value=value: value, [_judged("0", "0")]) is None
