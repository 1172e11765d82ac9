"""Each tier supports a true claim, refutes a false one and says why, and admits when it cannot decide."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest
import sympy as sp

from montecarlo import ActivationNorms, Estimate, Moments, simulate
from montecarlo.intervals import clopper_pearson_interval
from montecarlo.runs.simulation import Readings, Simulation
from proofs_check.evidence import (
    Enclosed,
    Enumerated,
    Identity,
    Inequality,
    LogMean,
    Mean,
    Obligation,
    Proved,
    Quantile,
    Request,
    SameLaw,
    Share,
    Simulated,
    Slope,
    agrees_with,
    proved,
)
from proofs_check.evidence.simulated import as_float
from proofs_check.verdict import Between, Tier, Verdict
from theory.ensembles import Ensemble, InvalidArgument

SUPPORTED, REFUTED, INCONCLUSIVE = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.INCONCLUSIVE
n, L = sp.symbols("n L", integer=True, positive=True)

# --- proved -----------------------------------------------------------------------------------------------------------


def _doubling(claim):
    """A claim c(L) that is 1 at 0 and doubles."""
    return [Obligation("base", claim(0) - 1), Obligation("step", claim(L + 1) - 2 * claim(L))]


DOUBLING = Proved("c(L) = 2^L by induction", _doubling)


def test_a_proof_stands_when_both_systems_reduce_every_obligation():
    finding = DOUBLING.examine(lambda depth: sp.Integer(2) ** depth)
    assert (finding.tier, finding.check, finding.verdict) == (Tier.PROVED, DOUBLING.check, SUPPORTED)
    assert finding.detail == "base, step: 0 in SymPy and in python-flint"


def test_a_false_step_is_refuted_with_numbers_at_which_it_fails():
    finding = DOUBLING.examine(lambda depth: sp.Integer(3) ** depth)
    assert finding.verdict is REFUTED
    assert finding.detail == "step: not 0 at L = 5"  # 3^6 != 2 * 3^5; the base holds and is not blamed


def test_a_false_base_is_refuted_too():
    finding = DOUBLING.examine(lambda depth: 7 * sp.Integer(2) ** depth)
    assert finding.verdict is REFUTED
    assert finding.detail.startswith("base: not 0 at")


@pytest.mark.parametrize("system", ["zero_by_sympy", "zero_by_flint"])
def test_one_system_alone_proves_nothing(system, monkeypatch):
    monkeypatch.setattr(proved, system, lambda *read: False)
    finding = DOUBLING.examine(lambda depth: sp.Integer(2) ** depth)
    assert finding.verdict is INCONCLUSIVE
    assert finding.detail == "base: undecided; step: undecided"


@pytest.mark.parametrize("system", ["zero_by_sympy", "zero_by_flint"])
def test_one_wrong_yes_does_not_carry_a_false_claim(system, monkeypatch):
    monkeypatch.setattr(proved, system, lambda *read: True)
    assert DOUBLING.examine(lambda depth: sp.Integer(3) ** depth).verdict is REFUTED


def test_each_system_puts_in_what_a_letter_stands_for():
    s2 = sp.Symbol("s2", positive=True)
    for gates, verdict in ((sp.Rational(1, 2), SUPPORTED), (sp.S.One, REFUTED)):
        obligation = Obligation("He", n * gates * s2, sp.S.One, where=((s2, 2 / n),))
        assert Proved("", lambda claim, one=obligation: [one]).examine(None).verdict is verdict


@pytest.mark.parametrize(
    ("obligations", "problem"),
    [
        ([], "are none, so nothing is proved"),
        ([Obligation("base", sp.S.Zero), Obligation("step", sp.S.Zero)], "are 0 = 0, whatever is claimed"),
        ([Obligation("base L = 0", n - n + L, L), Obligation("base L = 1", L, L)], "without its step"),
    ],
)
def test_obligations_that_prove_nothing_are_refused(obligations, problem):
    with pytest.raises(InvalidArgument, match=problem) as refused:
        Proved("nothing", lambda claim: obligations).examine(None)
    assert refused.value.argument == "obligations"


def test_an_identity_of_named_networks_is_enumerated():
    doubled = Identity("2-2-2-1", lambda claim: [Obligation("only", 2 * n, claim())], "widths 2-2-2-1")
    for claimed, verdict in ((n + n, SUPPORTED), (3 * n, REFUTED)):
        finding = doubled.examine(lambda value=claimed: value)
        assert (finding.tier, finding.verdict, str(finding.scope)) == (Tier.ENUMERATED, verdict, "widths 2-2-2-1")


def test_an_expression_that_vanishes_wherever_it_is_tried_stays_undecided():
    hidden = sp.Mul(*(n - p for p in (5, 7, 11, 13, 17)))  # not 0, but 0 at the five witnesses
    finding = Proved("hidden", lambda claim: [Obligation("only", hidden)]).examine(None)
    assert (finding.verdict, finding.detail) == (INCONCLUSIVE, "only: undecided")


@pytest.mark.parametrize(
    ("expression", "witness"),
    [(1 / (n - 5), "n = 7"), (sp.sqrt(n - 10) + 1, "n = 11"), (1 / (n - L), "L = 5, n = 7"), (n + 1, "not 0 at n = 5")],
)
def test_a_witness_is_sought_where_the_expression_has_a_value(expression, witness):
    finding = Proved("defined", lambda claim: [Obligation("only", expression)]).examine(None)
    assert finding.verdict is REFUTED
    assert witness in finding.detail


# --- enumerated -------------------------------------------------------------------------------------------------------

SQUARES = Enumerated("x^2", ((1,), (2,), (3,)), lambda x: x * x, label="x = {}".format)


def test_equality_in_every_case_supports():
    finding = SQUARES.examine(lambda x: x**2)
    assert (finding.tier, finding.verdict, finding.detail) == (Tier.ENUMERATED, SUPPORTED, "equal in all 3 cases")


def test_the_first_counterexample_is_shown_with_both_values():
    finding = SQUARES.examine(lambda x: 3 * x - 2)  # right at 1 and 2
    assert (finding.verdict, finding.case, finding.detail) == (REFUTED, "x = 3", "claimed 7, but the truth is 9")


def test_a_long_counterexample_is_cut():
    assert len(SQUARES.examine(lambda x: sp.Integer(10) ** 200).detail) < 100


def test_no_cases_are_inconclusive():
    assert Enumerated("none", (), lambda x: x).examine(lambda x: x).verdict is INCONCLUSIVE


def test_the_truth_may_judge_the_claimed_value_itself():
    divides = Enumerated("divisor", ((12,), (18,)), lambda x: lambda claimed: x % claimed == 0)
    assert divides.examine(lambda x: 6).verdict is SUPPORTED
    finding = divides.examine(lambda x: 4)
    assert (finding.verdict, finding.case, finding.detail) == (REFUTED, "18", "claimed 4")


def test_a_claim_may_be_applied_to_a_case_in_another_way():
    evidence = Enumerated("x^2", ((2,), (3,)), lambda x: x * x, apply=lambda claim, x: claim(x, x))
    assert evidence.examine(lambda x, y: x * y).verdict is SUPPORTED
    assert evidence.examine(lambda x, y: x + y).verdict is REFUTED


ROOT = sp.sqrt(2)


@pytest.mark.parametrize(
    ("claimed", "truth", "equal"),
    [
        (0.25, sp.Rational(1, 4), True),
        ((1 + ROOT) ** 2, 3 + 2 * ROOT, True),
        (1 / (ROOT - 1), ROOT + 1, True),
        (ROOT, sp.Rational(14142135623730950488, 10**19), False),
        (ROOT / 10**40, 0, False),  # tiny is not zero
        (1 + sp.Rational(1, 10**40), 1, False),
        ((n + 1) ** 2, n**2 + 2 * n + 1, True),
        ((n + 1) ** 2, n**2 + 2 * n, False),
        ((1, 2), (1, 2), True),
        ((1, 2), (1, 3), False),
    ],
)
def test_equality_is_exact(claimed, truth, equal):
    finding = Enumerated("one case", ((0,),), lambda _: truth).examine(lambda _: claimed)
    assert finding.verdict is (SUPPORTED if equal else REFUTED)


def test_a_judge_says_yes_no_or_nothing():
    with pytest.raises(InvalidArgument, match="brute_force: returned a judge that returned 'no'"):
        Enumerated("one case", ((0,),), lambda _: lambda claimed: "no").examine(lambda _: 1)


def test_numbers_of_thousands_of_digits_are_refuted_too():
    large = sp.Integer(3) ** 20_000
    finding = Enumerated("one case", ((0,),), lambda _: large).examine(lambda _: large + 1)
    assert (finding.verdict, finding.detail) == (
        REFUTED,
        "claimed a number of thousands of digits, but the truth is a number of thousands of digits",
    )


def test_digits_are_counted_from_the_first_that_is_not_0():
    tiny = agrees_with("4^-n", ((40,), (50,)), lambda n: sp.Rational(1, 4**n))
    assert tiny.examine(lambda n: sp.Rational(1, 4**n)).verdict is SUPPORTED
    assert tiny.examine(lambda n: sp.S.Zero).verdict is REFUTED
    assert tiny.examine(lambda n: sp.Rational(1, 4**n) * (1 + sp.Rational(1, 10**19))).verdict is REFUTED


def test_a_case_is_told_by_its_ensemble():
    net = Ensemble(width=2, depth=1, law="rademacher")
    finding = Enumerated("layers", ((net, 1),), lambda net, layer: 0).examine(lambda net, layer: 1)
    assert finding.case == f"{net.describe()}, 1"


# --- enclosed ---------------------------------------------------------------------------------------------------------


def _enclosed(*pairs, digits=30):
    def inequalities(claim):
        return [Inequality(f"pair {i}", claim(left), right) for i, (left, right) in enumerate(pairs)]

    return Enclosed("below", inequalities, digits)


SAME = (lambda x: x,)
NEAR_LOG_2 = sp.Rational(int(sp.floor(sp.log(2) * 10**50)), 10**50)


def test_inequalities_that_all_hold_support():
    finding = _enclosed((sp.sqrt(2), sp.Rational(3, 2)), (sp.EulerGamma, sp.log(2))).examine(*SAME)
    assert (finding.tier, finding.verdict) == (Tier.ENCLOSED, SUPPORTED)
    assert finding.detail == "all 2 inequalities hold at 30 digits"


def test_the_first_inequality_that_fails_is_shown():
    finding = _enclosed((1, 2), (sp.sqrt(2), sp.Rational(7, 5)), (3, 2)).examine(*SAME)
    assert (finding.verdict, finding.case) == (REFUTED, "pair 1")
    assert finding.detail.startswith("[1.4142136")
    assert "is not below [1.4000000" in finding.detail


def test_equal_rationals_are_not_below_each_other():
    assert _enclosed((sp.Integer(1), sp.Integer(1))).examine(*SAME).verdict is REFUTED


@pytest.mark.parametrize(("digits", "verdict"), [(20, INCONCLUSIVE), (60, SUPPORTED)])
def test_too_few_digits_are_inconclusive(digits, verdict):
    finding = _enclosed((1, 2), (NEAR_LOG_2, sp.log(2)), digits=digits).examine(*SAME)
    assert finding.verdict is verdict
    assert finding.detail.startswith("not established at 20 digits: pair 1: [0.693") == (verdict is INCONCLUSIVE)


def test_a_sufficient_inequality_that_fails_leaves_the_claim_open():
    pairs = [Inequality("pair", sp.Integer(2), sp.Integer(1))]
    assert Enclosed("sufficient", lambda claim: pairs, refutes=False).examine(*SAME).verdict is INCONCLUSIVE
    assert Enclosed("necessary", lambda claim: pairs).examine(*SAME).verdict is REFUTED


NO_NUMBERS = [
    (None, "returned None"),
    ("1/2", "returned the text '1/2'"),
    (math.nan, "returned nan, which is no number"),
    (sp.nan, "returned nan, which is no number"),
    (sp.zoo, "divides by 0"),
    (True, "returned True, which is no number"),
    (np.bool_(True), "returned True, which is no number"),
    (np.complex64(1 + 3j), "is not real"),
    (1 + sp.I, "returned 1 \\+ I, which is not real"),
    ((-8) ** sp.Rational(1, 3), "is not real"),
    (2 + 1j, "is not real"),
    (3 * n, r"returned 3\*n, where n is no number"),
    (n + L, "L, n are no numbers"),
]


@pytest.mark.parametrize(("value", "problem"), NO_NUMBERS)
def test_what_is_no_number_is_refused_and_no_verdict(value, problem):
    one_case = Enumerated("one case", ((0,),), lambda _: sp.Rational(1, 2))
    for examine in (
        lambda claim: one_case.examine(claim),
        lambda claim: _enclosed((value, 1)).examine(lambda x: x),
        lambda claim: MEAN.judge(claim, _estimate(0.9, 1.1), 0),
    ):
        with pytest.raises(InvalidArgument, match=problem) as refused:
            examine(lambda *_: value)
        assert refused.value.argument == "claim"


@pytest.mark.parametrize("claimed", [sp.sqrt(1 + sp.I) * (2 - sp.I), sp.sqrt(2 - sp.I) + sp.sqrt(2 + sp.I) + sp.I])
def test_a_claim_of_roots_whose_imaginary_part_only_a_ball_excludes_from_0_is_refused(claimed):
    assert claimed.is_extended_real is None
    with pytest.raises(InvalidArgument, match=r"claim: the claim returned .* is not real; check its roots"):
        Enumerated("one case", ((0,),), lambda _: 1).examine(lambda _: claimed)


def test_an_inequality_refutes_beside_one_that_has_no_number():
    assert _enclosed((sp.nan, 1), (2, 1)).examine(*SAME).verdict is REFUTED


def test_a_proof_of_nothing_is_refused():
    for value in (None, sp.nan, "n"):
        with pytest.raises(InvalidArgument, match="claim: the claim returned"):
            Proved("nothing", lambda claim, value=value: [Obligation("only", value, n)]).examine(None)


def test_equality_that_no_ball_decides_is_inconclusive():
    finding = Enumerated("one case", ((0,),), lambda _: sp.sqrt(5 + 2 * sp.sqrt(6))).examine(
        lambda _: sp.sqrt(2) + sp.sqrt(3)
    )
    assert finding.verdict is INCONCLUSIVE


def test_a_witness_respects_the_domain():
    s = sp.Symbol("s", positive=True)
    zero_below_one = sp.sqrt((1 - s) ** 2) - (1 - s)
    obligation = Obligation("identity for slopes", zero_below_one, below_one=(s,))
    assert Proved("", lambda claim: [obligation]).examine(*SAME).verdict is not REFUTED


def test_a_failure_outweighs_an_open_inequality():
    assert _enclosed((NEAR_LOG_2, sp.log(2)), (2, 1), digits=20).examine(*SAME).verdict is REFUTED


def test_no_inequalities_are_inconclusive():
    assert _enclosed().examine(*SAME).verdict is INCONCLUSIVE


@pytest.mark.parametrize(
    ("error", "verdict"), [(0, SUPPORTED), (sp.Rational(1, 10**21), SUPPORTED), (sp.Rational(1, 10**19), REFUTED)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_agreement_is_to_twenty_digits_on_either_side(error, verdict, sign):
    evidence = agrees_with("log", ((2,), (3,)), sp.log)
    finding = evidence.examine(lambda x: sp.log(x) + (sign * error if x == 3 else 0))
    assert finding.verdict is verdict
    assert finding.case == ("3" if verdict is REFUTED else "")


# --- simulated --------------------------------------------------------------------------------------------------------

NET = Ensemble(width=1, depth=1, law="uniform", input="e1")
OBSERVABLE = ActivationNorms(layers=(1,))


def _check(reading, tolerance, **more):
    return Simulated("size", NET, OBSERVABLE, "a_1", reading, tolerance, 40_000, **more)


MEAN = _check(Mean(1, lambda net: sp.Rational(4, 5)), 0.1)  # Var w^2 = 9/5 - 1
LOG_MEAN = _check(LogMean(lambda net: sp.S.One, scale=0.5), 0.1)  # -log|w/sqrt 3| is standard exponential
MEDIAN = _check(Quantile(0.5, scale=0.5), 0.1)
RANGE = _check(Quantile(0.5, scale=0.5), 0.0)


@pytest.fixture(scope="module")
def simulation():
    return simulate(NET, [OBSERVABLE], samples=40_000, seed=11)


@pytest.fixture(scope="module")
def small_simulation():
    return simulate(NET, [OBSERVABLE], samples=100, seed=11)


@pytest.mark.parametrize(
    ("evidence", "truth", "falsehood"),
    [
        (MEAN, sp.S.One, sp.Rational(6, 5)),
        (LOG_MEAN, sp.log(3) / 2 - 1, sp.log(3) / 2 - sp.Rational(6, 5)),
        (MEDIAN, sp.log(sp.sqrt(3) / 2), sp.S.Zero),
        (MEDIAN, Between(sp.log(sp.sqrt(3) / 2) - sp.Rational(1, 20), sp.log(sp.sqrt(3) / 2)), Between(-0.3, -0.25)),
        (RANGE, Between(-1, 0), Between(-0.1, 1)),
    ],
    ids=["mean", "log-mean", "median", "narrow range", "range"],
)
class TestSimulated:
    def test_a_true_claim_is_supported_with_its_numbers(self, evidence, truth, falsehood, simulation):
        finding = evidence.examine(lambda net: truth, simulation, 1e-9)
        assert finding.verdict is SUPPORTED
        assert (finding.tier, finding.samples, finding.seed, finding.error) == (Tier.SIMULATED, 40_000, 11, 1e-9)
        assert finding.case == NET.describe()
        assert finding.method
        lo, hi = finding.interval
        assert lo < finding.estimate < hi
        assert finding.resolution <= finding.tolerance + finding.claimed[1] - finding.claimed[0]
        assert finding.claimed[0] <= hi
        assert finding.claimed[1] >= lo

    def test_a_false_claim_is_refuted(self, evidence, truth, falsehood, simulation):
        assert evidence.examine(lambda net: falsehood, simulation, 1e-9).verdict is REFUTED

    def test_too_few_networks_are_inconclusive_for_both(self, evidence, truth, falsehood, small_simulation):
        for claimed in (truth, falsehood):
            assert evidence.examine(lambda net, c=claimed: c, small_simulation, 1e-9).verdict is INCONCLUSIVE


@pytest.mark.parametrize(
    ("evidence", "claimed", "says_nothing"),
    [
        (RANGE, Between(-1e9, 1e9), True),
        (RANGE, Between(-math.inf, 1e6), True),
        (RANGE, Between(-math.inf, 1), False),
        (RANGE, Between(-1e9, 0), False),
        (replace(MEAN, tolerance=0), Between(0, 1e6), True),
        (replace(MEAN, tolerance=0), Between(0, 3), False),
    ],
)
def test_a_range_far_around_what_was_measured_is_refused(evidence, claimed, says_nothing, simulation):
    if says_nothing:
        with pytest.raises(InvalidArgument, match="says nothing"):
            evidence.examine(lambda net: claimed, simulation, 1e-9)
    else:
        assert evidence.examine(lambda net: claimed, simulation, 1e-9).verdict is SUPPORTED


def _estimate(lo, hi):
    return Estimate((lo + hi) / 2, lo, hi, 1e-9, "by hand", 10)


def test_the_tolerance_of_a_mean_is_relative_and_that_of_a_logarithm_absolute():
    interval = _estimate(9.5, 10.5)
    assert MEAN.judge(lambda net: 10, interval, 0).verdict is SUPPORTED  # 0.1 * 10
    assert MEAN.judge(lambda net: 10, interval, 0).tolerance == 1.0
    assert LOG_MEAN.judge(lambda net: 10, interval, 0).verdict is INCONCLUSIVE  # 0.1
    assert MEAN.judge(lambda net: -10, _estimate(-10.5, -9.5), 0).verdict is SUPPORTED


def test_a_range_has_room_of_its_own_and_an_end():
    lies_in = RANGE.judge(lambda net: Between(0, 1), _estimate(0.1, 0.9), 0)
    sticks_out = RANGE.judge(lambda net: Between(0, 1), _estimate(-0.1, 0.9), 0)
    assert (lies_in.verdict, sticks_out.verdict) == (SUPPORTED, INCONCLUSIVE)
    with pytest.raises(InvalidArgument, match=r"tolerance: is 0\.1, but the claimed range is wider and needs none"):
        MEDIAN.judge(lambda net: Between(0, 1), _estimate(0.1, 0.9), 0)
    with pytest.raises(InvalidArgument, match="claim: the claimed range holds every number"):
        RANGE.judge(lambda net: Between(-sp.oo, sp.oo), _estimate(0.1, 0.9), 0)
    assert RANGE.judge(lambda net: Between(0, sp.oo), _estimate(0.1, 0.9), 0).verdict is SUPPORTED


def test_the_tolerance_of_a_range_of_means_is_relative_to_its_nearer_end():
    wide = replace(MEAN, tolerance=0.5)
    assert wide.judge(lambda net: Between(-10, -9.5), _estimate(-9.6, -9.4), 0).tolerance == 0.5 * 9.5
    with pytest.raises(InvalidArgument, match="tolerance"):
        wide.judge(lambda net: Between(-1000, 0.99), _estimate(0.9, 1.1), 0)
    assert wide.judge(lambda net: Between(1, 1.4), _estimate(1.1, 1.2), 0).tolerance == 0.5
    with pytest.raises(InvalidArgument, match="tolerance"):  # half of 1.6 would be enough
        wide.judge(lambda net: Between(1, 1.6), _estimate(1.1, 1.2), 0)


@pytest.mark.parametrize("claimed", [sp.zoo, 1 + sp.I, Between(0, None), Between(sp.nan, 1), Between(2, 1)])
def test_a_claim_that_is_neither_a_number_nor_a_range_is_refused(claimed):
    with pytest.raises(InvalidArgument, match="claim: "):
        MEAN.judge(lambda net: claimed, _estimate(0.9, 1.1), 0)


@pytest.mark.parametrize(
    ("changed", "argument"),
    [
        ({"tolerance": -1}, "tolerance"),
        ({"tolerance": math.nan}, "tolerance"),
        ({"tolerance": math.inf}, "tolerance"),
        ({"tolerance": "0.1"}, "tolerance"),
        ({"tolerance": 1e9}, "tolerance"),
        ({"tolerance": 0.51}, "tolerance"),
        ({"samples": -1}, "samples"),
        ({"samples": 2.5}, "samples"),
        ({"samples": 0}, "samples"),
        ({"full_samples": True}, "full_samples"),
        ({"component": "a_2"}, "component"),
        ({"observable": ActivationNorms(layers=(7,))}, "layers"),
        ({"observable": "norms"}, "observable"),
        ({"net": Ensemble(width="n", depth=1)}, "width"),
        ({"net": None}, "net"),
        ({"engine": "law-exat"}, "engine"),
        ({"reading": Quantile}, "reading"),
        ({"reading": Quantile(1.5)}, "p"),
        ({"reading": Quantile(scale=0)}, "scale"),
        ({"reading": Quantile(scale=math.nan)}, "scale"),
        ({"reading": LogMean(1.0, scale=0)}, "scale"),
        ({"reading": Mean(0, 1.0)}, "power"),
        ({"arguments": [1]}, "arguments"),
    ],
)
def test_arguments_of_a_simulation_are_checked_before_it_runs(changed, argument):
    MEAN.require()
    with pytest.raises(InvalidArgument) as refused:
        replace(MEAN, **changed).require()
    assert refused.value.argument == argument


@pytest.mark.parametrize(
    ("evidence", "argument"),
    [
        (Proved("p", None), "obligations"),
        (Enumerated("e", 3, abs), "cases"),
        (Enumerated("e", (3,), abs), "cases"),
        (Enumerated("e", ((3,),), None), "brute_force"),
        (Enclosed("e", None), "inequalities"),
        (Enclosed("e", list, digits=0), "digits"),
        (Enclosed("e", list, digits=math.nan), "digits"),
        (SameLaw("s", Ensemble(1, 2), ActivationNorms(), "a_1", other="a_3"), "other"),
        (SameLaw("s", Ensemble(1, 2), ActivationNorms(), "a_1", other="a_2", tolerance=0.51), "tolerance"),
        (Slope("s", Ensemble(1, 2), ActivationNorms(), "a_1", other="a_2", tolerance=0.51), "tolerance"),
    ],
)
def test_arguments_of_other_evidence_are_checked_too(evidence, argument):
    with pytest.raises(InvalidArgument) as refused:
        evidence.require()
    assert refused.value.argument == argument


def test_findings_say_what_they_cover():
    assert str(DOUBLING.examine(lambda depth: sp.Integer(2) ** depth).scope) == "all L"
    assert str(SQUARES.examine(lambda x: x**2).scope) == "3 cases"
    sized = Enclosed("e", lambda claim: [Inequality(f"n = {n}, L = 2", sp.S.Zero, sp.S.One) for n in (4, 48)])
    assert str(sized.examine(None).scope) == "2 cases, n <= 48, L = 2"
    assert str(replace(sized, covers="all n").examine(None).scope) == "all n"
    assert str(MEAN.judge(lambda net: 1, _estimate(0.9, 1.1), 0).scope) == "n = 1, L = 1"


def test_the_claim_gets_the_further_arguments():
    evidence = _check(Quantile(), 0.1, arguments={"layer": 7})
    assert evidence.judge(lambda net, layer: layer, _estimate(7.0, 7.1), 0).verdict is SUPPORTED
    assert evidence.judge(lambda net, layer: layer + 1, _estimate(7.0, 7.1), 0).verdict is REFUTED


def test_the_exact_claim_is_written_out_unless_it_is_long():
    judge = lambda value: RANGE.judge(lambda net: value, _estimate(0.9, 1.1), 0).exact  # noqa: E731
    assert judge(sp.log(3) / 2) == "log(3)/2"
    assert judge(Between(0, sp.sqrt(2))) == "[0, sqrt(2)]"
    assert judge(sp.Add(*(sp.log(p) for p in sp.primerange(2, 90)))) == f"{math.log(math.prod(sp.primerange(90))):.10g}"


@pytest.mark.parametrize(
    ("samples", "full", "quick_request", "full_request"), [(100, 0, 100, 400), (100, 150, 100, 150), (0, 50, None, 50)]
)
def test_the_full_profile_draws_four_times_as_many_unless_told_otherwise(samples, full, quick_request, full_request):
    evidence = Simulated("size", NET, OBSERVABLE, "a_1", Quantile(), 0.1, samples, full)
    expected = None if quick_request is None else Request(NET, OBSERVABLE, quick_request)
    assert evidence.request("quick") == expected
    assert evidence.request("full") == Request(NET, OBSERVABLE, full_request)


def test_dead_networks_count_for_quantiles_but_not_for_log_means():
    logs = np.array([[-math.inf]] * 60 + [[1.0]] * 40)
    readings = Readings(("a_1",), None, logs)
    stub = Simulation(NET, 100, 0, {OBSERVABLE: readings})
    assert MEDIAN.examine(lambda net: 0, stub, 0.1).estimate == -math.inf
    assert LOG_MEAN.examine(lambda net: 0, stub, 0.1).estimate == pytest.approx(0.5)


def test_networks_that_are_the_same_up_to_rounding_do_not_refute_what_they_are():
    log = math.log(7)
    for logs in (np.full(99, np.nextafter(log, 3.0)), np.full(99, np.nextafter(log, 1.0))):
        found = Quantile().estimate(logs, NET, 1e-6)
        assert found.lo < log < found.hi < found.lo + 1e-10
    dead = Quantile().estimate(np.full(99, -math.inf), NET, 1e-6)
    assert (dead.lo, dead.hi) == (-math.inf, -math.inf)


def test_a_share_counts_the_dead_and_ties_both_ways():
    logs = np.log([0.25] * 50 + [1.0] * 30 + [np.nextafter(0.5, 0)] * 20)
    logs = np.concatenate([logs, np.full(100, -math.inf)])
    found = Share(Fraction(1, 2)).estimate(logs, NET, 1e-6)
    low, high = (clopper_pearson_interval(count, 200, 1e-6) for count in (30, 50))
    assert (found.lo, found.hi) == (low.lo, high.hi)
    exact = Share(0.75).estimate(logs, NET, 1e-6)
    assert (exact.value, exact.lo, exact.hi) == (low.value, low.lo, low.hi)
    with pytest.raises(InvalidArgument, match=r"^threshold: "):
        Share(0).estimate(logs, NET, 1e-6)


def test_the_power_of_a_mean_is_that_of_the_squared_norm():
    logs = np.full((100, 1), math.log(3.0))
    stub = Simulation(NET, 100, 0, {OBSERVABLE: Readings(("a_1",), None, logs)})
    evidence = _check(Mean(2, lambda net: 1e-12), 0.1)
    assert evidence.examine(lambda net: 9, stub, 0.1).estimate == pytest.approx(9)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (sp.Rational(1, 3), 1 / 3),
        (2, 2.0),
        (sp.log(2), math.log(2)),
        (sp.oo, math.inf),
        (sp.zoo, math.nan),
        (sp.nan, math.nan),
        ((1 + sp.I * 2) ** 3 + (1 - sp.I * 2) ** 3, -22.0),
    ],
)
def test_exact_numbers_become_the_nearest_float(value, number):
    assert as_float(value) == number or (math.isnan(number) and math.isnan(as_float(value)))


def test_a_claim_that_is_not_real_is_refused():
    with pytest.raises(InvalidArgument, match="is not real"):
        as_float(1 + sp.I)


# --- two numbers with one law -----------------------------------------------------------------------------------------


def _pair(factor=1.0, samples=20_000):
    """Two exponential samples, dependent on each other; the first larger in law by the factor."""
    values = np.log(np.random.default_rng(5).exponential(size=(samples, 2)))
    values[:, 1] = 0.5 * values[:, 1] + 0.5 * np.roll(values[:, 1], 1)
    values[:, 0] = np.sort(values[:, 1])[::-1] + math.log(factor)
    return values


def _same_law(factor=1.0):
    observable = ActivationNorms(layers=(1, 2))
    net = Ensemble(width=1, depth=2)
    readings = Readings(("a_1", "a_2"), Moments.of(_pair(factor)), _pair(factor))
    evidence = SameLaw("both", net, observable, "a_1", other="a_2")
    return evidence, Simulation(net, 20_000, 0, {observable: readings})


def test_two_numbers_of_one_law_are_told_from_two_that_differ():
    evidence, simulation = _same_law()
    finding = evidence.examine(lambda net: 1, simulation, 1e-6)
    assert (finding.verdict, finding.estimate) == (SUPPORTED, 0.0)
    assert evidence.examine(lambda net: sp.Rational(4, 3), simulation, 1e-6).verdict is REFUTED
    moved, simulation = _same_law(1.5)
    assert moved.examine(lambda net: 1, simulation, 1e-6).verdict is REFUTED
    assert moved.examine(lambda net: 1.5, simulation, 1e-6).verdict is SUPPORTED


def test_one_law_needs_two_numbers_and_a_positive_factor():
    with pytest.raises(InvalidArgument, match="other: "):
        SameLaw("both", Ensemble(width=1, depth=2), ActivationNorms(), "a_1")
    evidence, simulation = _same_law()
    with pytest.raises(InvalidArgument, match="claim: must be a positive factor"):
        evidence.examine(lambda net: 0, simulation, 1e-6)


@dataclass(frozen=True)
class Rounded:
    """One number twice, where the second is off by a rounding."""

    name: ClassVar[str] = "rounded"
    needs: ClassVar[frozenset[str]] = frozenset()

    def components(self, net):
        return ("one", "other")

    def measure(self, chunk):
        one = np.full(chunk.networks, 2.0)
        return np.stack([one, np.nextafter(one, 3)], axis=1)


class Unmoved:
    """A reading of one's own, which knows nothing of rounding."""

    relative = False

    def estimate(self, logs, net, error):
        return Estimate(logs[0], logs[0], logs[0], error, "the first network", len(logs))


def test_what_is_equal_but_for_rounding_has_one_law_and_one_mean():
    evidence = SameLaw("both", NET, Rounded(), "one", other="other")
    found = simulate(NET, [Rounded()], samples=5_000, seed=3)
    assert evidence.examine(lambda net: 1, found, 1e-9).estimate == 0
    median = Simulated("one", NET, Rounded(), "other", Quantile(), 0.01, 5_000)
    mean = replace(median, reading=Unmoved())
    assert [one.examine(lambda net: 2, found, 1e-9).verdict for one in (median, mean)] == [SUPPORTED, SUPPORTED]
