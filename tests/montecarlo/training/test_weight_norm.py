"""Flows and descent in log(1/L): against SciPy on what is trained, in time, and against steps by hand."""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from montecarlo import simulate
from montecarlo.training import (
    Committee,
    CommitteeSparsity,
    Products,
    TwoLayers,
    TwoLayerSparsity,
    log_loss_descent,
    log_loss_flow,
)
from montecarlo.training.weight_norm.log_loss_flow import log_loss, softmax_shares
from montecarlo.training.weight_norm.neurons import FAMILIES, moved, participation_ratio
from theory.ensembles import Ensemble, InvalidArgument

RNG = np.random.default_rng(7)
EXAMPLES = np.abs(RNG.normal(size=(1, 3, 2))) + 0.2
HERE = np.array([0])

MODELS = {
    "committee": (Committee([1, -1, 1], EXAMPLES), RNG.normal(size=(1, 6))),
    "products": (Products([2, 1], 3), RNG.uniform(0.5, 1.5, size=(1, 6))),
    "two layers": (TwoLayers(EXAMPLES, [[1, 1, 1]], units=2), np.abs(RNG.normal(size=(1, 6))) + 0.3),
    "one layer of ReLU": (TwoLayers(EXAMPLES, [[1, 1, 1]], units=2, power=1), np.abs(RNG.normal(size=(1, 6))) + 0.3),
}


@pytest.mark.parametrize("name", MODELS)
def test_pulls_are_derivatives_of_margins(name):
    model, state = MODELS[name]
    shares = RNG.uniform(size=model.margins(state, HERE).shape)
    step, found = 1e-6, []
    for e in np.eye(state.shape[1]):
        ends = [(shares * model.margins(state + sign * step * e, HERE)).sum() for sign in (1, -1)]
        found.append((ends[0] - ends[1]) / (2 * step))
    assert model.pull(state, shares, HERE)[0] == pytest.approx(found, rel=1e-7, abs=1e-7)


def trained(model, start, family, time):
    """Flow of (size, v) of all neurons in time, by SciPy, with gradients by the chain rule."""
    bounds = np.cumsum([0, *model.sizes])
    pieces = [start[a:b] for a, b in itertools.pairwise(bounds)]
    lengths = [np.linalg.norm(w) for w in pieces]
    sizes = [math.log(r) if family == "exponential" else r for r in lengths]
    parameters = np.concatenate([sizes, *(w / r for w, r in zip(pieces, lengths, strict=True))])

    def weights(values):
        size, flat = values[: len(pieces)], values[len(pieces) :]
        v = [flat[a:b] for a, b in itertools.pairwise(bounds)]
        rho = np.exp(size) if family == "exponential" else size
        return v, rho, np.concatenate([r * x / np.linalg.norm(x) for r, x in zip(rho, v, strict=True)])

    def speed(_, values):
        v, rho, w = weights(values)
        q = model.margins(w[None], HERE)
        pull = model.pull(w[None], np.exp(-q), HERE)[0]
        parts = [pull[a:b] for a, b in itertools.pairwise(bounds)]
        norms = [np.linalg.norm(x) for x in v]
        radial = [g @ x / n for g, x, n in zip(parts, v, norms, strict=True)]
        in_size = [r * g if family == "exponential" else g for r, g in zip(rho, radial, strict=True)]
        in_v = [r / n * (g - along * x / n) for r, n, g, along, x in zip(rho, norms, parts, radial, v, strict=True)]
        return np.concatenate([in_size, *in_v])

    end = solve_ivp(speed, (0, time), parameters, method="DOP853", rtol=1e-11, atol=1e-12).y[:, -1]
    v, _, w = weights(end)
    return w, [x @ x for x in v]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", MODELS)
def test_flow_is_that_of_what_is_trained_at_the_time_that_is_told(name, family):
    model, start = MODELS[name]
    p = float(log_loss(model.margins(start, HERE))[0])
    path = log_loss_flow(model, start, family, [p + 1, p + 2], timed=True)
    time = math.exp(path.log_times[0, -1])
    if family == "plain":

        def speed(_, w):
            q = model.margins(w[None], HERE)
            return model.pull(w[None], np.exp(-q), HERE)[0]

        expected = solve_ivp(speed, (0, time), start[0], method="DOP853", rtol=1e-11, atol=1e-12).y[:, -1]
    else:
        expected, squares = trained(model, start[0], family, time)
        assert squares == pytest.approx(np.ones(len(squares)), abs=1e-9)
    assert path.weights[0, -1] == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert log_loss(model.margins(path.weights[:, -1], HERE))[0] == pytest.approx(p + 2, abs=1e-6)


def test_p_of_a_hundred_thousand_is_reached():
    path = log_loss_flow(Products([2, 1], 2), [[1.0, 1, 1, 1]], "exponential", [1e5])
    model = Products([2, 1], 2)
    assert log_loss(model.margins(path.weights[:, 0], HERE))[0] == pytest.approx(1e5, rel=1e-6)
    assert model.factors(path.weights[:, 0])[0, 1] == pytest.approx(2, rel=1e-3)
    assert path.squared_norms.shape == (1, 1, 4)


def test_the_loss_and_its_shares_do_not_overflow():
    q = np.array([[1e5, 1e5 + 1.0], [-1e5, 5.0]])
    assert log_loss(q) == pytest.approx([1e5 - math.log(1 + math.exp(-1)), -1e5])
    assert softmax_shares(q)[1] == pytest.approx([1, 0])


@pytest.mark.parametrize("family", ["exponential", "standard"])
def test_descent_steps_what_is_trained(family):
    """One neuron, one example, against the step by hand; |v|^2 grows by eta^2 |dL/dv|^2."""
    model, w, eta = Committee([1], [[[1.0, 2.0]]]), np.array([3.0, -1.0]), 0.05
    rho = np.linalg.norm(w)
    v, loss = w / rho, math.exp(-w @ [1.0, 2.0])
    pull = loss * np.array([1.0, 2.0])
    across = rho * (pull - (pull @ v) * v)
    size = rho * math.exp(eta * pull @ w) if family == "exponential" else rho + eta * pull @ v
    v_next = v + eta * across
    run = log_loss_descent(model, w[None], family, eta, 1)
    assert run.weights[0] == pytest.approx(size * v_next / np.linalg.norm(v_next), rel=1e-12)
    assert run.squared_directions[0, 0] - 1 == pytest.approx(eta**2 * across @ across, rel=1e-9)
    assert run.log_losses[0, 0] == pytest.approx(w @ [1.0, 2.0])
    assert run.log_times == pytest.approx(math.log(eta))


def test_descent_follows_the_flow_to_first_order():
    model, start = MODELS["two layers"]
    for family in FAMILIES:
        gaps = []
        for steps in (40, 80):
            run = log_loss_descent(model, start, family, 0.2 / steps, steps)
            p = float(run.log_losses[0, -1])
            path = log_loss_flow(model, start, family, [p], timed=True)
            gaps.append(path.log_times[0, 0] - math.log(0.2))
        assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.1)


def test_rates_that_follow_the_loss_are_stable_at_any_loss():
    run = log_loss_descent(Products([1], 2), [[1.0, 1.0]], "exponential", 0.1, 7, power=1)
    expected = [1.0]
    for _ in range(7):
        expected.append(expected[-1] * math.exp(0.2 * expected[-1]))
    assert run.log_losses[0] == pytest.approx(expected)
    assert expected[-1] > 1000


def test_fields_differ_between_families_and_participation_is_scale_free():
    state, pull = np.array([[3.0, 4.0]]), np.array([[1.0, 0.0]])
    assert moved("exponential", state, pull, (2,)) == pytest.approx(25 * pull)
    assert moved("standard", state, pull, (2,))[0] == pytest.approx([0.36 + 25 * 0.64, 0.48 - 25 * 0.48])
    assert participation_ratio(np.array([[4.0, 4.0, 0.0]]) * 1e200) == pytest.approx(2)


def test_exponential_is_sparse_where_others_are_dense_and_all_find_one_predictor():
    net = Ensemble(width=8, depth=2)
    observable = CommitteeSparsity(level=40)
    readings = simulate(net, [observable], samples=20, seed=3)[observable]
    medians = {name: math.exp(np.median(readings.log_values(name))) for name in observable.components(net)}
    assert medians["exponential"] < 1.2
    assert medians["standard"] > 5
    assert medians["plain"] > 7.8
    assert abs(medians["margins: exponential"] - 1) < 1e-3


def test_two_layers_of_squared_relu_are_sparse_without_normalization_and_more_so_with_time():
    net, observables = Ensemble(width=6, depth=2), [TwoLayerSparsity(level=level) for level in (20, 500)]
    run = simulate(net, observables, samples=60, seed=1)
    early, late = ({name: np.median(run[o].log_values(name)) for name in o.components(net)} for o in observables)
    assert late["plain"] < early["plain"] < math.log(6)
    assert late["exponential"] < late["plain"] < math.log(2)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: Committee([1, 2], EXAMPLES), "signs: must be a list of 1 and -1"),
        (lambda: Committee([1], [[1.0]]), "examples: have shape (1, 1); use shape (N, m, d)"),
        (lambda: Products([[1]], 1), "slopes: have shape (1, 1)"),
        (lambda: Products([1], 0), "depth: must be a positive integer, got 0"),
        (lambda: TwoLayers(EXAMPLES, [[1, 1, 0]], 2), "labels: must be 1 or -1"),
        (lambda: TwoLayers(EXAMPLES, [[1, 1, 1]], 0), "units: must be a positive integer"),
        (lambda: moved("swn", EXAMPLES[0], EXAMPLES[0], (2,)), "family: there is no parametrization 'swn'"),
        (lambda: log_loss_flow(Products([1], 1), [[1.0]], "plain", [1]), "levels: start at 1, and a network starts"),
        (lambda: log_loss_flow(Products([1], 1), [[1.0]], "plain", [3, 2]), "levels: must be increasing"),
        (lambda: log_loss_flow(Products([1], 1), [[1.0, 2]], "plain", [3]), "start: has shape (1, 2)"),
        (
            lambda: log_loss_flow(TwoLayers([[[-1.0]]], [[1.0]], 1), [[1.0, 1.0]], "plain", [3]),
            "levels: p = 3 is not reached: in a network nothing pulls at the weights any more",
        ),
        (lambda: log_loss_flow(Products([1], 1), [[1.0]], "plain", [30], budget=2), "budget: 2 steps do not reach"),
        (lambda: log_loss_flow(Products([1], 1), [[0.0]], "plain", [3]), "start: has a neuron of weights 0"),
        (lambda: log_loss_descent(Products([1], 1), [[0.0]], "plain", 1, 1), "start: has a neuron of weights 0"),
        (lambda: log_loss_descent(Products([1], 1), [1.0], "plain", 1, 1), "start: has shape (1,)"),
        (lambda: log_loss_descent(Products([1], 1), [[1.0]], "plain", 1, 1, power=2), "power: must be at most 1"),
        (lambda: CommitteeSparsity(units=0), "units: must"),
        (lambda: TwoLayerSparsity(level=0), "level: must"),
        (lambda: TwoLayerSparsity().components(Ensemble(width=6, depth=1)), "depth: must be 2"),
        (lambda: TwoLayerSparsity().components(Ensemble(width=5, depth=2)), "width: must be constant and at least 6"),
        (lambda: CommitteeSparsity().components(Ensemble(width=8, depth=3)), "depth: must be 2"),
        (lambda: CommitteeSparsity().components(Ensemble(width=4, depth=2)), "width: must be constant and at least 8"),
    ],
)
def test_what_is_wrong_is_said(call, told):
    with pytest.raises(InvalidArgument) as refused:
        call()
    assert str(refused.value).startswith(told), refused.value
