"""Descent at a step and at parts of it, against descent by hand; directions against their law."""

import numpy as np
import pytest
from scipy.stats import beta, kstest

from montecarlo import simulate
from montecarlo.training import OppositeDirection, StepRefinement, few_digits, refined_descents
from theory.ensembles import Ensemble, InvalidArgument

NET = Ensemble(widths=(64, 5, 10), activation="linear", init="xavier")


def softmax_descent(first, second, eta, steps, count):
    """Two linear layers on the first digits, with all examples in each step."""
    x, labels = few_digits(count)
    y = np.eye(10)[labels]
    for _ in range(steps):
        a = x @ first.T
        logits = a @ second.T
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = (p / p.sum(axis=1, keepdims=True) - y) / count
        first, second = first - eta * (p @ second).T @ x, second - eta * p.T @ a
    return np.concatenate([first.ravel(), second.ravel()])


class Kept:
    """Keeps the weights that a simulation draws."""

    name, needs = "Kept", frozenset({"weights"})

    def components(self, _):
        return tuple(map(str, range(370)))

    def measure(self, chunk):
        return np.concatenate([chunk.weights(k).reshape(chunk.networks, -1) for k in (1, 2)], axis=1)


def test_ratios_are_those_of_descent_by_hand():
    run = StepRefinement(0.03, 4, 20)
    found = simulate(NET, [run], samples=2, seed=2)[run]
    drawn = simulate(NET, [kept := Kept()], samples=2, seed=2)[kept]
    for i in range(2):
        weights = np.array([drawn.log_values(str(k))[i] for k in range(370)])
        parts = weights[:320].reshape(5, 64), weights[320:].reshape(10, 5)
        ends = {r: softmax_descent(*parts, 0.03 / r, 4 * r, 20) for r in (1, 2, 4, 8)}
        d = {r: np.linalg.norm(ends[1] - ends[r]) for r in (2, 4, 8)}
        told = (d[4] / d[2], d[8] / d[2], d[8] / np.linalg.norm(ends[1] - weights))
        for component, value in zip(("quarters", "eighths", "share"), told, strict=True):
            assert np.exp(found.log_values(component)[i]) == pytest.approx(value, rel=1e-6)


def test_distances_on_the_way():
    start = np.array([[1.0], [2.0]])
    distances, travelled = refined_descents(lambda w: w, start, 0.1, 6, (2, 3), every=2)
    assert distances.shape == (2, 3, 2)
    for k, steps in enumerate((2, 4, 6)):
        assert distances[:, k, 1] == pytest.approx(np.array([1, 2]) * abs(0.9**steps - (1 - 0.1 / 3) ** (3 * steps)))
        assert travelled[:, k] == pytest.approx(np.array([1, 2]) * (1 - 0.9**steps))
    assert (start == [[1.0], [2.0]]).all()


@pytest.mark.parametrize("d", [2, 5])
def test_directions_have_the_law_of_a_beta(d):
    """At level 1e-6."""
    net, one = Ensemble(widths=(d, 1), init="1", activation="linear"), OppositeDirection()
    shares = np.exp(simulate(net, [one], samples=4000, seed=3)[one].log_values("opposite"))
    assert kstest(shares, beta((d - 1) / 2, (d - 1) / 2).cdf).pvalue > 1e-6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: StepRefinement(0.0), "learning_rate: must be"),
        (lambda: StepRefinement(0.1, 0), "steps: must be"),
        (lambda: StepRefinement(0.1, 1, 641), "examples: must be"),
        (lambda: StepRefinement(0.1, 1, 9), "examples: must be"),
        (lambda: StepRefinement().components(Ensemble(width=4, depth=2)), "widths: are from 4 to 4"),
        (lambda: OppositeDirection().components(Ensemble(width=4, depth=1)), "widths: are those of"),
        (lambda: refined_descents(lambda w: w, np.ones((1, 1)), 0.1, 2, (1,)), "parts: must be"),
        (lambda: refined_descents(lambda w: w, np.ones((1, 1)), 0.1, 2, (2,), every=3), "every: must be"),
        (lambda: simulate(NET, [StepRefinement(1e6, 50, 10)], samples=1), "learning_rate: 1000000.0 lets a network"),
    ],
)
def test_what_is_out_of_range_is_refused(call, message):
    with pytest.raises(InvalidArgument, match=message):
        call()
