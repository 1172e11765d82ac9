"""Statements about training: what they compare, that quick checks are small, and that a false claim is refuted."""

import numpy as np
import pytest
import sympy as sp

from montecarlo import simulate
from montecarlo.intervals import Estimate
from montecarlo.training.batches import Batches
from montecarlo.training.trajectory_observables import Descent, Trajectories
from proofs_check.evidence import Wins
from proofs_check.registry import select
from proofs_check.statements.training.edge import EDGE, edge
from proofs_check.statements.training.noise import REDUCTION
from proofs_check.toolkit.digits import DIGITS, TANH, more_often, network, pairs
from proofs_check.verdict import Between, Verdict
from theory.ensembles import Ensemble

STATEMENTS = select(["training.*"])
each = pytest.mark.parametrize("statement", STATEMENTS, ids=lambda one: one.id)


@each
def test_pairs_share_all_but_one_thing(statement):
    for evidence in statement.evidence:
        if isinstance(evidence, Wins):
            ways = {way.label: way for way in evidence.observable.ways}
            one, other = (ways[name.partition(".")[0]] for name in (evidence.component, evidence.other))
            assert evidence.component.partition(".")[2] == evidence.other.partition(".")[2]
            assert (one.learning_rate == other.learning_rate) != (one.batches == other.batches)


@each
def test_quick_checks_are_small_and_all_are_sound(statement):
    quick = [evidence for evidence in statement.evidence if evidence.samples]
    assert quick
    for evidence in statement.evidence:
        evidence.require()
    for evidence in quick:
        assert evidence.samples <= 72
        assert evidence.observable.images <= 320
        assert max(evidence.net.widths[1:]) <= 16


@each
def test_two_verdicts_of_a_true_and_a_false_claim_by_the_same_interval(statement):
    for evidence in statement.evidence:
        if isinstance(evidence, Wins):
            estimate = Estimate(1.0, 0.6, 1.0, 1e-6, "as given", 64)
            assert evidence.judge(statement.claim, estimate, 0).verdict is Verdict.SUPPORTED
            verdicts = [evidence.judge(mutant.claim, estimate, 0).verdict for mutant in statement.mutants]
            assert verdicts.count(Verdict.REFUTED) == 2


def test_a_curvature_off_by_a_quarter_is_refuted():
    settled = EDGE.evidence[0]
    estimate = Estimate(0.0, -0.09, 0.09, 1e-6, "as given", 64)
    assert settled.judge(EDGE.claim, estimate, 0).verdict is Verdict.SUPPORTED
    verdicts = {mutant.name: settled.judge(mutant.claim, estimate, 0).verdict for mutant in EDGE.mutants}
    assert [name for name, verdict in verdicts.items() if verdict is Verdict.REFUTED] == [
        "5/(2 eta)",
        "8/(5 eta)",
        "1/eta",
    ]


def test_claims():
    net = network(8, 8)
    assert edge(net, "full", times=2) == Between(sp.log(2) - sp.Rational(1, 10), sp.log(2) + sp.Rational(1, 10))
    assert edge(net, "small") == more_often(net) == Between(sp.Rational(1, 2), 1)
    assert TANH.holds(net)
    assert not TANH.holds(network(8, activation="relu"))
    assert DIGITS.holds(net)
    assert not DIGITS.holds(Ensemble(width=4, depth=2))
    assert network(4, activation="relu").init.name == "he"


def test_in_a_small_run_the_larger_rate_wins():
    watched = Trajectories(
        (Descent("low", "1/10", Batches(8)), Descent("high", 1, Batches(8))),
        time=10,
        images=40,
        label_noise=1,
        normalization="batch",
    )
    check = pairs(network(6), watched, "high.curvature", "low.curvature", "4/5", 24)
    found = check.examine(REDUCTION.claim, simulate(check.net, [watched], samples=24, seed=3), 1e-4)
    assert found.verdict is Verdict.SUPPORTED
    assert found.check == "P(high.curvature < 4/5 of low.curvature), 40 images, eta t = 10"
    assert np.isfinite(found.interval).all()
