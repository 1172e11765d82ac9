"""Wins as evidence: counts and ties, coverage by exact enumeration, what it refuses, and a run of its own."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from proofs_check import Mutant, Statement, verify
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Quantile, Wins
from proofs_check.reporting.records import read_report
from proofs_check.verdict import Between, Verdict
from theory.ensembles import Ensemble, InvalidArgument

NET = Ensemble(width=1, depth=2)
HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Given:
    """Logs of two numbers: the first is that of a weight, the other one is larger by e."""

    name = "given"
    needs = frozenset({"weights"})

    def components(self, net):
        return ("a", "b")

    def measure(self, chunk):
        x = np.log(np.abs(chunk.weights(1)[:, 0, 0]))
        return np.stack([x, x + 1], axis=1)


class Stored:
    """A simulation whose values are given."""

    seed = 3

    def __init__(self, a, b):
        self.logs = {"a": np.array(a, dtype=float), "b": np.array(b, dtype=float)}

    def __getitem__(self, observable):
        return SimpleNamespace(log_values=self.logs.__getitem__)


def check(**arguments):
    return Wins("wins", NET, Given(), "a", **{"other": "b"} | arguments)


def often(net, lo=HALF, hi=1):
    return Between(lo, hi)


def read(a, b, error=1e-6, **arguments):
    return check(**arguments).read(Stored(a, b), error).estimate


def test_wins_are_counted_and_ties_go_both_ways():
    a = [0, 0, 0, 1, -np.inf, -np.inf, 5, 0]
    b = [1, 1e-3, 0, 0, 0, -np.inf, 5 + 1e-12, -np.inf]
    found = read(a, b, error=0.05)
    assert found.method == "clopper-pearson, 3 wins of 8 pairs, 3 ties"
    assert found.value == 4.5 / 8
    assert found.samples == 8
    assert found.lo == pytest.approx(binomtest(3, 8).proportion_ci(0.95).low)
    assert found.hi == pytest.approx(binomtest(6, 8).proportion_ci(0.95).high)


def test_the_factor_moves_the_other_number():
    a, b = np.zeros(30), np.full(30, math.log(2))
    for factor, wins in ((1, 30), ("3/5", 30), ("2/5", 0)):
        assert read(a, b, factor=factor).method.startswith(f"clopper-pearson, {wins} wins of 30")
    assert "30 ties" in read(a, b, factor="1/2").method


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5, 0.5001, 0.9, 0.999])
@pytest.mark.parametrize("pairs", [24, 32, 48])
def test_coverage_by_exact_enumeration(pairs, p):
    error, missed = 0.01, 0.0
    for wins in range(pairs + 1):
        found = read(np.where(np.arange(pairs) < wins, -1.0, 1.0), np.zeros(pairs), error)
        missed += binom.pmf(wins, pairs, p) * (not found.lo <= p <= found.hi)
    assert missed <= error


def test_a_false_claim_is_supported_with_no_more_than_the_error():
    error = 1e-3
    supported = 0.0
    for wins in range(33):
        found = check().read(Stored(np.repeat([-1.0, 1.0], [wins, 32 - wins]), np.zeros(32)), error)
        supported += binom.pmf(wins, 32, 0.5) * (check().compare(often, found).verdict is Verdict.SUPPORTED)
    assert 0 < supported <= error / 2


def test_how_many_pairs_it_takes():
    ends = {
        (pairs, error): read(np.zeros(pairs), np.ones(pairs), error).lo for pairs in (24, 32) for error in (1e-6, 1e-9)
    }
    assert ends[32, 1e-6] == pytest.approx((1e-6 / 2) ** (1 / 32))
    assert [round(end, 3) for end in ends.values()] == [0.546, 0.41, 0.635, 0.512]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"other": ""}, "other"),
        ({"other": "a"}, "other"),
        ({"factor": 0}, "factor"),
        ({"factor": "-1/2"}, "factor"),
        ({"factor": "x"}, "factor"),
    ],
)
def test_refused_when_made(arguments, name):
    with pytest.raises(InvalidArgument, match=f"^{name}: "):
        check(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"other": "c"}, "other: given has no 'c'"),
        ({"samples": 23}, "samples: are 23 pairs, which hardly tell a probability from 1/2; use 32, and 24 at least"),
        ({"samples": 0, "full_samples": 8}, "full_samples: are 8 pairs"),
        ({"samples": 0}, "samples: are 0 in both profiles"),
        ({"tolerance": -1}, "tolerance: "),
    ],
)
def test_refused_before_anything_is_drawn(arguments, message):
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        check(**arguments).require()


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (Between(0, 1), "holds every probability"),
        (Between(HALF, 2), "no range of probabilities"),
        (-0.1, "no range of probabilities"),
        (Between(0.9, 0.1), "is empty"),
    ],
)
def test_claims_that_say_nothing(value, problem):
    found = check().read(Stored(np.zeros(32), np.ones(32)), 1e-6)
    with pytest.raises(InvalidArgument, match=f"claim: .*{problem}"):
        check().compare(lambda net: value, found)


def test_no_reading_of_one_component():
    with pytest.raises(InvalidArgument, match="two components"):
        check().reading.estimate(np.zeros(3), NET, 0.1)
    with pytest.raises(TypeError, match="reading"):  # which would be ignored
        check(reading=Quantile())


def statement(name, **arguments):
    return Statement(
        id=f"test.{name}",
        title="One is smaller.",
        latex="a<b",
        source="made up",
        assumptions=(Assumption("none"),),
        claim=often,
        evidence=(check(**arguments),),
        mutants=(
            Mutant("seldom", partial(often, lo=0, hi=HALF)),
            Mutant("as often as not", lambda net: HALF),
        ),
    )


def test_a_run_shares_its_error_works_with_stores_and_is_told(tmp_path):
    several = [statement("one"), statement("two", factor="1/2")]
    store = tmp_path / "blocks.sqlite"
    reports = [verify(several, seed=seed, error=1e-6, store=store if seed == 0 else None) for seed in (0, 0, 5)]
    assert all(result.verdict is Verdict.SUPPORTED for report in reports for result in report.results)
    finding = reports[1].results[0].findings[0]
    assert finding.error == 5e-7
    assert finding.interval == (pytest.approx((2.5e-7) ** (1 / 32)), 1.0)
    record = read_report(reports[0].to_json())
    told = record.statements[0].findings[0]
    assert (told.estimate, told.samples, told.method) == (1.0, 32, "clopper-pearson, 32 wins of 32 pairs")


def test_what_is_lost_is_refuted():
    lost = verify([statement("lost", factor="1/4")]).results[0]
    assert lost.findings[0].verdict is Verdict.REFUTED
