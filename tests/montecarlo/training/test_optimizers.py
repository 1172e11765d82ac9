"""Update rules against their definitions, one weight and one step at a time."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import montecarlo.training.optimizers as module
from montecarlo.training.optimizers import Adam, GradientDescent, HeavyBall, RMSprop, SignDescent
from theory.ensembles import InvalidArgument

RULES = [
    GradientDescent(0.1),
    HeavyBall(0.1, 0.7),
    SignDescent(0.1),
    RMSprop(0.1, 0.9, 1e-3),
    Adam(0.1, 0.8, 0.95, 1e-3),
    Adam(0.1, bias_correction=False),
]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
floats = st.floats(-3, 3, allow_subnormal=False)
shares = st.floats(0, 0.99)


def walk(rule, start, gradients):
    """Parameters after each of some updates."""
    w = np.array(start, dtype=float)
    state, path = rule.start(w), []
    for g in gradients:
        w = rule.step(state, w, np.array(g, dtype=float))
        path.append(w)
    return np.array(path)


def by_definition(rule, w, gradients):
    """The same for one weight of one network, in plain floats."""
    u = m = v = 0.0
    eta, path = rule.learning_rate, []
    for t, g in enumerate(gradients, start=1):
        match rule:
            case GradientDescent():
                w -= eta * g
            case HeavyBall(momentum=mu):
                u = mu * u + g
                w -= eta * u
            case SignDescent():
                w -= eta * ((g > 0) - (g < 0))
            case RMSprop(beta_2=beta, epsilon=epsilon):
                v = beta * v + (1 - beta) * g**2
                w -= eta * g / (math.sqrt(v) + epsilon)
            case Adam(beta_1=b1, beta_2=b2, epsilon=epsilon, bias_correction=corrected):
                m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
                up, below = (m / (1 - b1**t), v / (1 - b2**t)) if corrected else (m, v)
                w -= eta * up / (math.sqrt(below) + epsilon)
        path.append(w)
    return np.array(path)


@given(st.data(), st.floats(1e-3, 1), shares, shares, st.floats(1e-8, 1), st.booleans())
def test_every_rule_is_its_definition(data, eta, beta_1, beta_2, epsilon, corrected):
    gradients = data.draw(st.lists(floats, min_size=1, max_size=8))
    for rule in (
        GradientDescent(eta),
        HeavyBall(eta, beta_1),
        SignDescent(eta),
        RMSprop(eta, beta_2, epsilon),
        Adam(eta, beta_1, beta_2, epsilon, corrected),
    ):
        found = walk(rule, [[0.5]], [[[g]] for g in gradients])[:, 0, 0]
        np.testing.assert_allclose(found, by_definition(rule, 0.5, gradients), rtol=1e-10, atol=1e-10)


@given(floats.filter(lambda g: abs(g) > 1e-3), st.integers(-300, 300), st.integers(1, 5))
def test_without_epsilon_the_scale_of_gradients_does_not_matter(g, power, steps):
    scale = 2.0**power
    for rule in (Adam(0.1, epsilon=0.0), RMSprop(0.1, epsilon=0.0), SignDescent(0.1)):
        paths = [walk(rule, [[1.0]], [[[s * g / k]] for k in range(1, steps + 1)]) for s in (1.0, scale)]
        np.testing.assert_allclose(*paths, rtol=1e-12)


def test_the_first_step_is_eta_in_adam_and_ten_times_eta_in_rmsprop():
    gradients = [[[1e-12, -5.0]]]
    np.testing.assert_allclose(walk(Adam(0.1, epsilon=0.0), [[0.0, 0.0]], gradients)[0], [[-0.1, 0.1]])
    np.testing.assert_allclose(walk(RMSprop(0.1, epsilon=0.0), [[0.0, 0.0]], gradients)[0], [[-1.0, 1.0]])


@pytest.mark.parametrize("make", [Adam, RMSprop])
def test_without_epsilon_what_has_no_gradient_does_not_move(make):
    rule, gradients = make(0.1, epsilon=0.0), [[[0.0, 1e-200, 1.0]]] * 3
    path = walk(rule, [[7.0, 8.0, 9.0]], gradients)
    assert np.array_equal(path[:, 0, :2], [[7.0, 8.0]] * 3)  # (1e-200)^2 is 0
    assert (np.diff(path[:, 0, 2]) < 0).all()


@each_rule
def test_updates_in_place_or_elsewhere(rule):
    w, g = np.random.default_rng(0).standard_normal((2, 3, 5))
    kept, gradients = w.copy(), g.copy()
    states = [rule.start(w) for _ in range(2)]
    for _ in range(3):
        fresh = rule.step(states[0], kept, gradients)
        assert fresh is not kept
        assert rule.step(states[1], w, gradients, out=w) is w
        assert np.array_equal(w, fresh)
        assert np.array_equal(gradients, g)
        kept = fresh
    assert states[0].steps == states[1].steps == 3


@each_rule
def test_networks_do_not_see_each_other_nor_the_pieces_they_are_updated_in(rule, monkeypatch):
    rng = np.random.default_rng(1)
    start, gradients = rng.standard_normal((5, 7)), rng.standard_normal((4, 5, 7))
    together = walk(rule, start, gradients)
    for i in range(5):
        assert np.array_equal(walk(rule, start[i : i + 1], gradients[:, i : i + 1])[:, 0], together[:, i])
    monkeypatch.setattr(module, "_PIECE", 14)
    assert np.array_equal(walk(rule, start, gradients), together)


@each_rule
def test_some_networks_go_on_with_rates_and_memories_of_their_own(rule):
    rng, rates = np.random.default_rng(2), (0.1, 0.01, 0.3)
    start, gradients = rng.standard_normal((3, 2)), rng.standard_normal((6, 3, 2))
    rule = type(rule)(**{**vars(rule), "learning_rate": rates})
    whole = walk(rule, start, gradients)
    for i, rate in enumerate(rates):
        alone = type(rule)(**{**vars(rule), "learning_rate": rate})
        assert np.array_equal(walk(alone, start[i : i + 1], gradients[:, i : i + 1])[:, 0], whole[:, i])
    w, state, which = start.copy(), rule.start(start), np.array([2, 0])
    for g in gradients[:3]:
        rule.step(state, w, g, out=w)
    w, state, some = w[which], state.taken(which), rule.taken(which)
    for g in gradients[3:]:
        some.step(state, w, g[which], out=w)
    assert np.array_equal(w, whole[-1][which])


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        *(
            (lambda rate=rate: GradientDescent(rate), "learning_rate")
            for rate in (0, -1, math.nan, math.inf, "1", True, (), 10**400, np.array([0.1]), [0.1], sympy.Symbol("eta"))
        ),
        (lambda: HeavyBall(0.1, 10**400), "momentum"),
        (lambda: HeavyBall(0.1, np.array(0.5)), "momentum"),
        (lambda: HeavyBall(0.1, Fraction(10**30 - 1, 10**30)), "momentum"),
        (lambda: Adam(0.1, epsilon=10**400), "epsilon"),
        (lambda: RMSprop(0.1, epsilon=np.array([1e-8])), "epsilon"),
        (lambda: Adam((0.1, -0.1)), "learning_rate"),
        (lambda: HeavyBall(0.1, 1.0), "momentum"),
        (lambda: HeavyBall(0.1, -0.1), "momentum"),
        (lambda: RMSprop(0.1, 1.0), "beta_2"),
        (lambda: RMSprop(0.1, 0.9, -1e-8), "epsilon"),
        (lambda: Adam(0.1, 1.0), "beta_1"),
        (lambda: Adam(0.1, 0.9, math.nan), "beta_2"),
        (lambda: Adam(0.1, epsilon=math.inf), "epsilon"),
        (lambda: Adam(0.1, bias_correction=1), "bias_correction"),
    ],
)
def test_hyperparameters_are_refused_by_name(make, argument):
    with pytest.raises(InvalidArgument) as refused:
        make()
    assert refused.value.argument == argument


@each_rule
def test_no_networks_are_no_trouble(rule):
    rule, w = type(rule)(**{**vars(rule), "learning_rate": (0.1,)}), np.ones((1, 2))
    state, nobody = rule.start(w), np.array([], dtype=int)
    state, rule = state.taken(nobody), rule.taken(nobody)
    assert rule.step(state, w[nobody], w[nobody]).shape == (0, 2)


def test_as_many_rates_as_networks():
    rule, w = GradientDescent((0.1, 0.2)), np.zeros((3, 1))
    with pytest.raises(InvalidArgument, match="learning_rate: has 2 entries for 3 networks"):
        rule.step(rule.start(w), w, w)


@pytest.mark.parametrize("number", [Fraction, sympy.Rational])
def test_exact_hyperparameters_become_floats(number):
    half, w, g = number(1, 2), np.zeros((2, 1)), np.array([[1.0], [-3.0]])
    for rule, same in (
        (GradientDescent((half, half)), GradientDescent((0.5, 0.5))),
        (HeavyBall(half, half), HeavyBall(0.5, 0.5)),
        (RMSprop(half, half, half), RMSprop(0.5, 0.5, 0.5)),
        (Adam(half, half, half, half), Adam(0.5, 0.5, 0.5, 0.5)),
    ):
        assert all(type(value) in (float, tuple, bool) for value in vars(rule).values())
        assert np.array_equal(walk(rule, w, [g, g]), walk(same, w, [g, g]))


@each_rule
@pytest.mark.parametrize(
    ("shapes", "argument"),
    [
        ({"parameters": (3,), "gradients": (3,)}, "parameters"),
        ({"gradients": (3,)}, "gradients"),
        ({"gradients": (1, 3)}, "gradients"),
        ({"out": (3, 2)}, "out"),
    ],
)
def test_arrays_of_other_shapes_are_refused_and_nothing_moves(rule, shapes, argument):
    w = np.ones((2, 3))
    state = rule.start(w)
    arrays = {"parameters": w, "gradients": w, **{name: np.ones(shape) for name, shape in shapes.items()}}
    with pytest.raises(InvalidArgument) as refused:
        rule.step(state, **arrays)
    assert refused.value.argument == argument
    assert state.steps == 0


def test_integers_and_the_memory_of_other_networks_are_refused():
    rule, w = Adam(0.1), np.ones((2, 3))
    with pytest.raises(InvalidArgument, match=r"^parameters: have shape \(2, 3\) and type int64"):
        rule.step(rule.start(w), np.ones((2, 3), dtype=np.int64), w)
    with pytest.raises(InvalidArgument, match=r"^state: has shape \(1, 3\)"):
        rule.step(rule.start(w[:1]), w, w)
