"""Trained pairs as observables: the same weights measured by hand, laws, and what is refused."""

import math
from typing import Any

import numpy as np
import pytest

from montecarlo import Chunk, simulate
from montecarlo.training.regression.gram_flows import GramPairs
from montecarlo.training.regression.pair_flows import ScalarPairs
from montecarlo.training.regression.pair_observables import PairDescent, PairFlow
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble

SCALAR, WIDE = Ensemble(widths=(4, 5, 1), init="1/5"), Ensemble(widths=(3, 6, 2), init="1/6")


def chunk(net: Ensemble, m: int = 6) -> Any:
    return Chunk(net, np.random.default_rng(1), m, needs=frozenset({"weights"}))


def layers(drawn: Any) -> Any:
    return drawn.weights(1).transpose(0, 2, 1), drawn.weights(2)


def test_a_scalar_flow_is_measured_as_logs() -> None:
    drawn = chunk(SCALAR)
    U, V = layers(drawn)
    end = ScalarPairs.of_weights(U, V, 2.0, 1.5).flow()
    logs = PairFlow("3/2", spectrum=2).measure(drawn)
    expected = [end.imbalance, (end.imbalance > 1).astype(float), end.readout, end.off_square, end.off_square]
    with np.errstate(divide="ignore"):
        assert logs[:, :5] == pytest.approx(np.log(np.stack(expected, axis=1)))
    assert (logs[:, 5] == -np.inf).all()
    assert set(np.exp(logs[:, 1])) == {0.0, 1.0}
    later = PairFlow("3/2", spectrum=2, time="1/2").measure(drawn)
    truth = ScalarPairs.of_weights(U, V, 2.0, 1.5).flow(0.5)
    assert later[:, 4:] == pytest.approx(np.log(np.stack([truth.distance_square, truth.loss], axis=1)))


def test_a_flow_of_any_rank_is_measured_as_logs() -> None:
    drawn = chunk(WIDE)
    target = [["1/2", 0], [0, -1]]
    truth = GramPairs.of_weights(*layers(drawn), [1.0, 0.5], [[0.5, 0], [0, -1]])
    flow = PairFlow(target, spectrum=(1, "1/2"), time=1).measure(drawn)
    descent = PairDescent(target, (1, "1/2"), learning_rate="1/20", steps=30).measure(drawn)
    for logs, end in ((flow, truth.flow(1.0)), (descent, truth.descend(0.05, 30))):
        parts = (end.imbalance, end.readout, end.off_square, end.distance_square, end.loss)
        assert logs[:, [0, 2, 3, 4, 5]] == pytest.approx(np.log(np.stack(parts, axis=1)), rel=1e-9, abs=1e-9)


def test_they_are_measured_by_simulations_and_told_apart() -> None:
    flow, later = PairFlow("3/2"), PairFlow("3/2", time=2)
    assert flow == PairFlow(((1.5,),), spectrum=(1,)) != later
    assert len({flow, later, PairDescent("3/2")}) == 3
    run = simulate(SCALAR, [flow, later], samples=300, seed=2)
    assert run[flow].log_values("imbalance") == pytest.approx(run[later].log_values("imbalance"))


def test_width_one_is_measured_too() -> None:
    net = Ensemble(widths=(1, 1, 1), init=1)
    flow = PairFlow(1)
    assert np.isfinite(simulate(net, [flow], samples=50, seed=1)[flow].log_values("readout")).all()


def test_a_rate_with_which_networks_diverge_is_refused() -> None:
    with refused("learning_rate", "5 lets a network diverge"):
        PairDescent(3, learning_rate=5, steps=200).measure(chunk(SCALAR))


@pytest.mark.parametrize(
    ("argument", "net"),
    [
        ("depth", Ensemble(widths=(4, 5, 5, 1), init="1/5")),
        ("activation", Ensemble(widths=(4, 5, 1), init="1/5", activation="relu")),
        ("widths", Ensemble(widths=(4, 5, 2), init="1/5")),
        ("init", Ensemble(widths=(4, 5, 1))),
        ("net", "a network"),
        ("width", Ensemble(width="n", depth=2)),
    ],
)
def test_networks_that_are_none_are_refused(argument: str, net: Any) -> None:
    for observable in (PairFlow(1), PairDescent(1)):
        with refused(argument):
            observable.components(net)


def test_too_few_inputs_are_refused() -> None:
    with refused("widths", "1 inputs"):
        PairFlow(((1,), (1,)), spectrum=(1, 1), time=1).components(Ensemble(widths=(1, 5, 1), init="1/5"))


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("target", lambda: PairFlow("x")),
        ("target", lambda: PairFlow(((1,), (1, 2)), spectrum=(1, 1), time=1)),
        ("target", lambda: PairFlow(1, spectrum=(1, 1), time=1)),
        ("target", lambda: PairFlow(((),), time=1)),
        ("spectrum", lambda: PairFlow(1, spectrum=0)),
        ("spectrum", lambda: PairFlow(1, spectrum=())),
        ("time", lambda: PairFlow(1, time=-1)),
        ("time", lambda: PairFlow(1, time=math.inf)),
        ("time", lambda: PairFlow(((1, 1),))),
        ("learning_rate", lambda: PairDescent(1, learning_rate=0)),
        ("steps", lambda: PairDescent(1, steps=-1)),
    ],
)
def test_bad_arguments_are_refused(argument: str, call: Any) -> None:
    with refused(argument):
        call()
