"""Escape times: counted one network at a time by hand, refusals, and what is measured of ensembles."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import Chunk, GradientNorms, simulate
from montecarlo.training.escape import escape_times
from montecarlo.training.escape_observables import EscapeRatios, EscapeTimes, plateau
from montecarlo.training.one_input import OneInput
from montecarlo.training.optimizers import Adam, GradientDescent, HeavyBall, RMSprop, SignDescent
from theory.ensembles import Ensemble, InvalidArgument

CHAIN = Ensemble(width=1, depth=4, law="uniform")
NETS = [CHAIN, Ensemble(width=3, depth=3, activation="relu", init="he"), Ensemble(widths=(2, 4, 1), init=1)]
RULES = [GradientDescent(0.05), HeavyBall(0.05), SignDescent(0.02), RMSprop(0.01), Adam(0.02)]


def sampled(net, m, seed, y=1.0):
    chunk = Chunk(net, np.random.default_rng(seed), m, needs=frozenset({"weights"}))
    return OneInput.of_chunk(chunk, y)


def by_hand(problem, w, rule, fraction, budget, bound):
    """(steps, diverged_at) of a single network."""
    state, y = rule.start(w), problem.targets[0]
    for step in range(budget + 1):
        f, gradients = problem.gradients(w)
        loss, flat = (f[0] - y) ** 2, y**2
        if loss <= (1 - fraction) ** 2 * flat:
            return step, math.inf
        if not math.isfinite(loss) or loss > bound * flat:
            return math.inf, step
        w = rule.step(state, w, gradients)
    return math.inf, math.inf


@settings(max_examples=40)
@given(st.sampled_from(NETS), st.sampled_from(RULES), st.floats(0.1, 0.9), st.integers(1, 60), st.integers(0, 10**6))
def test_each_network_as_if_it_were_alone(net, rule, fraction, budget, seed):
    problem, parameters = sampled(net, 6, seed, -1.5)
    kept = parameters.copy()
    found = escape_times(problem, parameters, rule, fraction=fraction, budget=budget, bound=30)
    assert np.array_equal(parameters, kept)
    assert found.budget == budget
    for i in range(6):
        one = np.array([i])
        alone = by_hand(problem.taken(one), parameters[one], rule, fraction, budget, 30)
        stuck = not problem.taken(one).gradients(parameters[one])[1].any()
        assert found.stuck[i] == stuck
        assert (found.steps[i], found.diverged_at[i]) == ((math.inf, math.inf) if stuck else alone)
    assert np.array_equal(found.escaped, np.isfinite(found.steps))
    assert not (found.escaped & found.diverged).any()


def test_rates_of_their_own_stay_with_their_networks():
    problem, parameters = sampled(CHAIN, 5, 1)
    rates = (0.1, 0.02, 0.05, 0.2, 0.01)
    found = escape_times(problem, parameters, Adam(rates), budget=500)
    for i, rate in enumerate(rates):
        one = np.array([i])
        assert escape_times(problem.taken(one), parameters[one], Adam(rate), budget=500).steps[0] == found.steps[i]
    assert found.escaped.all()
    assert len(set(found.steps)) > 2


def test_the_last_step_of_the_budget_counts():
    problem, parameters = sampled(CHAIN, 8, 0)
    steps = escape_times(problem, parameters, SignDescent(0.01), budget=10_000).steps
    assert np.isfinite(steps).all()
    last = int(steps.max())
    assert last > 10
    assert np.array_equal(escape_times(problem, parameters, SignDescent(0.01), budget=last).steps, steps)
    earlier = escape_times(problem, parameters, SignDescent(0.01), budget=last - 1).steps
    assert np.array_equal(np.isinf(earlier), steps == last)


def test_a_rate_too_large_diverges_at_a_step_that_is_told_and_no_other_network_feels_it():
    problem, parameters = sampled(CHAIN, 40, 3)
    rates = tuple(100.0 if i % 2 else 0.05 for i in range(40))
    found = escape_times(problem, parameters, GradientDescent(rates), budget=4_000)
    assert found.diverged[1::2].sum() > 5
    assert not found.diverged[::2].any()
    assert not np.isnan(found.steps).any()
    assert not np.isnan(found.diverged_at).any()
    even = np.arange(0, 40, 2)
    alone = escape_times(problem.taken(even), parameters[even], GradientDescent(0.05), budget=4_000)
    assert np.array_equal(alone.steps, found.steps[even])


def test_who_starts_near_the_target_has_left():
    problem = OneInput((1, 1, 1), 1.0, np.ones((1, 1)), np.ones(1), np.ones(1))
    assert escape_times(problem, np.array([[1.0, 0.9]]), GradientDescent(0.1)).steps == 0


def test_dead_networks_are_stuck():
    problem = OneInput((1, 1, 1), 0.0, np.ones((2, 1)), np.ones(1), np.ones(2))
    found = escape_times(problem, np.array([[0.5, -0.5], [0.5, 0.5]]), SignDescent(0.1))
    assert found.stuck.tolist() == [True, False]
    assert found.steps[0] == math.inf
    assert found.steps[1] == 3
    assert not found.diverged.any()


def test_gradient_descent_of_a_balanced_chain_leaves_when_its_recursion_says():
    eta, w, steps, depth = 0.02, 0.3, 0, 4
    while w**depth < 0.5:
        w, steps = w + eta * (1 - w**depth) * w ** (depth - 1), steps + 1
    problem = OneInput((1,) * 5, 1.0, np.ones((1, 1)), np.ones(1), np.ones(1))
    assert escape_times(problem, np.full((1, 4), 0.3), GradientDescent(eta)).steps == steps > 100


# --- bad input --------------------------------------------------------------------------------------------------------


def chains(weights, y=1.0):
    w = np.atleast_2d(np.array(weights, dtype=float))
    m, depth = w.shape
    return OneInput((1,) * (depth + 1), 1.0, np.ones((m, 1)), np.ones(1), np.full(m, y)), w


@pytest.mark.parametrize(
    ("problem", "arguments", "message"),
    [
        (chains([0.5, 0.5], y=0.0), {}, "target: is 0: f starts near it, so there is no plateau to leave"),
        (chains([0.5]), {}, "depth: the loss of one layer is convex"),
        (chains([0.0, 0.0, 0.0]), {}, "parameters: of network 0 have the gradient 0, as zero initialization has"),
        (chains([[0.5, 0.5, 0.5], [0.0, 0.0, 0.5]]), {}, "parameters: of network 1 have the gradient 0"),
        (chains([0.5, 0.5]), {"fraction": 0.0}, "fraction: must lie between 0 and 1"),
        (chains([0.5, 0.5]), {"fraction": 1}, "fraction: must lie between 0 and 1"),
        (chains([0.5, 0.5]), {"budget": 0}, "budget: must be an integer from 1"),
        (chains([0.5, 0.5]), {"budget": 1.5}, "budget: must be an integer from 1"),
        (chains([0.5, 0.5]), {"bound": 1}, "bound: must be finite and above 1"),
        (chains([0.5, 0.5]), {"bound": math.nan}, "bound: must be finite and above 1"),
        (chains([0.5, 0.5]), {"budget": 10**10}, r"budget: must be .* got 10000000000; use e.g. budget=10000"),
        (chains([0.5, 0.5]), {"bound": 10**400}, "bound: must be finite and above 1"),
        (chains([0.5, 0.5]), {"fraction": 10**400}, "fraction: must lie between 0 and 1"),
        (chains([0.5, 0.5]), {"fraction": np.array(0.5)}, "fraction: must lie between 0 and 1"),
        ((chains([0.5, 0.5])[0], np.full((1, 2), math.nan)), {}, "parameters: have entries that are not finite"),
        ((chains([0.5, 0.5])[0], np.ones((1, 3))), {}, r"parameters: have shape \(1, 3\)"),
    ],
)
def test_what_has_no_escape_time_is_refused(problem, arguments, message):
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        escape_times(*problem, GradientDescent(0.1), **arguments)


@pytest.mark.parametrize("rates", [(0.1,), (0.1, 0.2, 0.3)])
def test_rates_for_another_number_of_networks_are_refused(rates):
    with pytest.raises(InvalidArgument, match=f"^learning_rate: has {len(rates)} entries for 2 networks"):
        escape_times(*chains([[0.5, 0.5], [0.4, 0.5]]), GradientDescent(rates))


@pytest.mark.parametrize("rule", [GradientDescent, None, 0.1])
def test_what_is_no_rule_is_refused(rule):
    with pytest.raises(InvalidArgument, match=r"^optimizer: is no update rule"):
        escape_times(*chains([0.5, 0.5]), rule)


def test_whole_weights_are_trained_as_floats():
    problem, w = chains([1.0, 2.0], y=9.0)
    found = escape_times(problem, w.astype(int), GradientDescent(0.01))
    assert found.steps == escape_times(problem, w, GradientDescent(0.01)).steps > 1


def test_one_zero_weight_is_no_zero_initialization():
    problem, w = chains([0.0, 1.0, 1.0])
    assert escape_times(problem, w, GradientDescent(0.1)).escaped.all()


# --- ensembles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["same", "opposite", "either"])
@pytest.mark.parametrize("net", NETS)
def test_targets_are_on_the_side_that_is_meant(net, side):
    chunk = Chunk(net, np.random.default_rng(5), 50, needs=frozenset({"weights"}))
    problem, parameters = plateau(chunk, -2, side)
    assert np.array_equal(np.abs(problem.targets), np.full(50, 2.0))
    f = problem.gradients(parameters)[0]
    signs = np.sign(f * problem.targets)[f != 0]
    if side == "either":
        assert np.array_equal(problem.targets, np.full(50, -2.0))
        assert {-1.0, 1.0} == set(signs)
    else:
        assert set(signs) == {1.0 if side == "same" else -1.0}


def test_what_is_measured_is_what_escape_times_finds():
    rule = GradientDescent(0.05)
    observable = EscapeTimes(rule, target=1, side="either", budget=200, curvature=True)
    readings = simulate(CHAIN, [observable], samples=300, seed=3)[observable]
    rng_free = {}

    class Kept(EscapeTimes):
        def measure(self, chunk):
            rng_free["problem"], rng_free["w"] = plateau(chunk, 1, "either")
            return super().measure(chunk)

    kept = Kept(rule, target=1, side="either", budget=200, curvature=True)
    simulate(CHAIN, [kept], samples=300, seed=3)
    problem, w = rng_free["problem"], rng_free["w"]
    found = escape_times(problem, w, rule, budget=200)
    assert 0 < found.escaped.sum() < 300
    with np.errstate(divide="ignore"):
        expected = np.log(np.where(found.escaped, found.steps, 201))
    np.testing.assert_array_equal(readings.log_values("steps"), expected)
    np.testing.assert_array_equal(np.isfinite(readings.log_values("diverged_at")), found.diverged)
    norms = np.linalg.norm(problem.gradients(w)[1], axis=1)
    np.testing.assert_allclose(readings.log_values("gradient"), np.log(norms))

    # the loss's Hessian of a chain: (f^2 + f (f-y)) u u^T - f (f-y) diag(u^2), u = 1/w
    f = problem.gradients(w)[0]
    u, residual = 1 / w, f * (f - 1)
    hessians = (f**2 + residual)[:, None, None] * u[:, :, None] * u[:, None, :]
    hessians -= residual[:, None, None] * (u**2)[:, :, None] * np.eye(4)
    least = -np.linalg.eigvalsh(hessians)[:, 0]
    scale = np.abs(np.linalg.eigvalsh(hessians)).max(axis=1)
    np.testing.assert_allclose(np.exp(readings.log_values("curvature")), np.maximum(least, 0), atol=1e-9 * scale.max())
    sums = readings.log_values("steps") + readings.log_values("curvature")
    np.testing.assert_array_equal(readings.log_values("steps*curvature"), sums)


def test_ratios_are_those_of_the_times():
    slow, fast = GradientDescent(0.05), (SignDescent(0.02), Adam(0.02))
    ratios = EscapeRatios(slow, fast, budget=300)
    times = [EscapeTimes(rule, side="either", budget=300) for rule in (slow, *fast)]
    found = simulate(CHAIN, [ratios, *times], samples=200, seed=1)
    logs = [np.maximum(found[each].log_values("steps"), 0) for each in times]
    for component, other in zip(("GradientDescent/SignDescent", "GradientDescent/Adam"), logs[1:], strict=True):
        values = found[ratios].log_values(component)
        np.testing.assert_allclose(values, logs[0] - other, atol=1e-12)
        assert len(set(values)) > 10


def test_dead_networks_count_as_never():
    net = Ensemble(width=1, depth=6, activation="relu", init="he")
    observable = EscapeTimes(SignDescent(0.01), budget=50, curvature=True)
    readings = simulate(net, [observable], samples=200)[observable]
    dead = np.isneginf(readings.log_values("gradient"))
    assert dead.sum() > 100
    assert (readings.log_values("steps")[dead] == np.log(51)).all()
    assert np.isneginf(readings.log_values("curvature")[dead]).all()


def test_no_plateau_is_refused_before_anything_is_drawn():
    for call, argument in (
        (lambda: EscapeTimes(Adam(0.1), target=0), "target"),
        (lambda: EscapeRatios(Adam(0.1), (Adam(0.2),), target="0"), "target"),
        (lambda: EscapeTimes(Adam(0.1), side="left"), "side"),
        (lambda: simulate(CHAIN.at(depth=1), [EscapeTimes(Adam(0.1))], samples=1), "depth"),
        (lambda: simulate(CHAIN.at(depth=1), [EscapeRatios(Adam(0.1), (Adam(0.2),))], samples=1), "depth"),
    ):
        with pytest.raises(InvalidArgument) as refused:
            call()
        assert refused.value.argument == argument


def test_gradients_whose_squares_underflow_have_norms():
    """At y = 1 and |f| < 1e-100 the loss's gradient is f's, up to its sign."""
    net = Ensemble(width=1, depth=650)
    observable, norms = EscapeTimes(SignDescent(0.01), side="either", budget=1), GradientNorms()
    found = simulate(net, [observable, norms], samples=50)
    logs = found[observable].log_values("gradient")
    layers = np.stack([found[norms].log_values(each) for each in found[norms].components], axis=1)
    assert logs.min() < np.log(1e-162)  # each, with a probability of 0.9
    np.testing.assert_allclose(logs, np.logaddexp.reduce(layers, axis=1) / 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"target": 10**400}, "target"),
        ({"target": np.array([1.0, 2.0])}, "target"),
        ({"side": ["same"]}, "side"),
        ({"fraction": 1.0}, "fraction"),
        ({"fraction": 10**400}, "fraction"),
        ({"budget": 0}, "budget"),
        ({"budget": 10**10}, "budget"),
    ],
)
def test_arguments_of_both_are_refused_before_anything_is_drawn(changes, argument):
    for make in (lambda: EscapeTimes(Adam(0.1), **changes), lambda: EscapeRatios(Adam(0.1), Adam(0.2), **changes)):
        with pytest.raises(InvalidArgument) as refused:
            make()
        assert refused.value.argument == argument


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: EscapeTimes(Adam), "optimizer"),
        (lambda: EscapeTimes(0.1), "optimizer"),
        (lambda: EscapeTimes(Adam((0.1, 0.2))), "optimizer"),
        (lambda: EscapeTimes(Adam(0.1), curvature=1), "curvature"),
        (lambda: EscapeRatios(0.1, (Adam(0.2),)), "slow"),
        (lambda: EscapeRatios(Adam((0.1,)), (Adam(0.2),)), "slow"),
        (lambda: EscapeRatios(Adam(0.1), ()), "fast"),
        (lambda: EscapeRatios(Adam(0.1), "Adam"), "fast"),
        (lambda: EscapeRatios(Adam(0.1), (Adam((0.2,)),)), "fast"),
        (lambda: EscapeRatios(Adam(0.1), (Adam(0.2), Adam(0.3))), "fast"),
    ],
)
def test_rules_are_refused_by_name(make, argument):
    with pytest.raises(InvalidArgument) as refused:
        make()
    assert refused.value.argument == argument


def test_a_single_fast_rule_and_exact_numbers():
    single = EscapeRatios(Adam(0.1), SignDescent(0.1), fraction=Fraction(1, 4))
    assert single == EscapeRatios(Adam(0.1), (SignDescent(0.1),), fraction=0.25)
    assert type(single.fraction) is float


def test_curvature_beyond_double_precision_is_refused():
    net = Ensemble(width=1, depth=6, init=10**200)
    with pytest.raises(InvalidArgument, match=r"^depth: the Hessian of a network overflows"):
        simulate(net, [EscapeTimes(SignDescent(0.01), budget=1, curvature=True)], samples=4)


def test_gradients_that_overflow_are_refused():
    net = Ensemble(width=1, depth=6, init=10**200)
    with pytest.raises(InvalidArgument, match=r"^observables: EscapeTimes .* has values nan or inf"):
        simulate(net, [EscapeTimes(SignDescent(0.01), budget=1)], samples=4)
