"""Losses, gradients and curvature of many networks at once: central differences, other code, and one by one."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import Chunk
from montecarlo.curvature import LossHessian, Network
from montecarlo.curvature.extremes_by_gradients import extremes_by_gradients, row_norms
from montecarlo.operators import extreme_eigenvalues
from montecarlo.training.classifiers import NORMALIZATIONS, Classifier
from montecarlo.training.one_input import OneInput, layer_views
from theory.ensembles import Ensemble, InvalidArgument

activations = st.sampled_from(["linear", "relu", "leaky:1/4"])
widths_of = st.one_of(
    st.integers(1, 6).map(lambda depth: (1,) * (depth + 1)),
    st.lists(st.integers(1, 5), min_size=2, max_size=5).map(tuple),
)


def differences(loss, parameters, h=1e-6):
    """Central differences of m losses, shape (m, P)."""
    found = np.empty_like(parameters)
    for p in range(parameters.shape[1]):
        step = np.zeros_like(parameters)
        step[:, p] = h
        found[:, p] = (loss(parameters + step) - loss(parameters - step)) / (2 * h)
    return found


def drawn(widths, activation, seed, m=3):
    rng = np.random.default_rng(seed)
    slope = float(Fraction(Ensemble(width=1, depth=1, activation=activation).slope))
    problem = OneInput(
        widths, slope, rng.standard_normal((m, widths[-1])), rng.standard_normal(widths[0]), rng.standard_normal(m)
    )
    return problem, rng.standard_normal((m, problem.parameters))


@given(widths_of, activations, st.integers(0, 10**6))
def test_squared_loss_on_one_input_is_that_of_given_networks(widths, activation, seed):
    """Against LossHessian, which is other code."""
    problem, parameters = drawn(widths, activation, seed)
    outputs, gradients = problem.gradients(parameters)
    for i in range(problem.networks):
        weights = [w[i] for w in layer_views(parameters, widths)]
        network = Network(weights, activation, problem.readouts[i])
        truth = LossHessian(network, problem.input, problem.targets[i : i + 1])
        scale = 1 + np.abs(truth.gradient).max()
        np.testing.assert_allclose(outputs[i], network.outputs(problem.input)[0, 0], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(gradients[i], truth.gradient, rtol=0, atol=1e-12 * scale)


@settings(max_examples=50)
@given(widths_of, st.sampled_from(["linear", "leaky:1/4"]), st.integers(0, 10**6))
def test_squared_loss_on_one_input_by_central_differences(widths, activation, seed):
    """The loss is quadratic in one weight while no unit changes sides, so they are exact but for rounding."""
    problem, parameters = drawn(widths, activation, seed)

    def losses(w):
        return (problem.gradients(w)[0] - problem.targets) ** 2 / 2

    gradients = problem.gradients(parameters)[1]
    found = differences(losses, parameters)
    apart = np.abs(found - gradients) > 1e-6 * (1 + np.abs(gradients).max(axis=1, keepdims=True))
    assert apart.mean() <= 0.05  # weights where a unit changes sides within 1e-6


@given(st.integers(2, 6), activations, st.integers(0, 10**6))
def test_width_one_has_two_ways(depth, activation, seed):
    """Products of weights before and after each, or layer by layer."""
    problem, parameters = drawn((1,) * (depth + 1), activation, seed)
    parameters[0, 1] = 0.0
    outputs, gradients = problem.gradients(parameters)
    other = np.empty_like(parameters)
    np.testing.assert_allclose(problem._layers(parameters, other), outputs, rtol=1e-13)
    np.testing.assert_allclose(other, gradients, rtol=1e-12, atol=1e-15)


def test_networks_of_a_chunk_and_given_ones_are_the_same_problem():
    net = Ensemble(widths=(3, 4, 2), activation="relu", init="he", input=(1, 2, 3))
    chunk = Chunk(net, np.random.default_rng(0), 5, needs=frozenset({"weights"}))
    problem, parameters = OneInput.of_chunk(chunk, 2.0)
    networks = [Network([chunk.weights(k)[i] for k in (1, 2)], "relu", chunk.readout[i]) for i in range(chunk.networks)]
    again, same = OneInput.of_networks(networks, [1.0, 2.0, 3.0], 2.0)
    assert np.array_equal(parameters, same)
    for first, second in zip(problem.gradients(parameters), again.gradients(same), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(problem.gradients(parameters)[0] ** 2, np.exp(chunk.log_output_squares()), rtol=1e-12)
    some = np.array([4, 1])
    assert np.array_equal(problem.taken(some).gradients(parameters[some])[1], problem.gradients(parameters)[1][some])


def test_networks_that_are_no_problem_are_refused():
    network, other = Network([[[1.0]]], readout=[1.0]), Network([[[1.0]]], "linear", readout=[1.0])
    for networks, inputs, targets, argument in (
        ([], [1.0], 1.0, "networks"),
        ([network, other], [1.0], 1.0, "networks"),
        ([Network([[[1.0]]])], [1.0], 1.0, "networks"),
        ([network], [[1.0], [2.0]], 1.0, "inputs"),
        ([network], [1.0], np.nan, "targets"),
        ([network], [1.0], [[1.0]], "targets"),
    ):
        with pytest.raises(InvalidArgument) as refused:
            OneInput.of_networks(networks, inputs, targets)
        assert refused.value.argument == argument


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"widths": (2,)}, "widths"),
        ({"widths": (2, 0, 1)}, "widths"),
        ({"widths": 3}, "widths"),
        ({"slope": np.nan}, "slope"),
        ({"slope": "0"}, "slope"),
        ({"readouts": np.ones((2, 1))}, "readouts"),
        ({"readouts": np.ones(3)}, "readouts"),
        ({"readouts": np.full((3, 1), np.inf)}, "readouts"),
        ({"input": np.ones(3)}, "input"),
        ({"input": np.ones((1, 2))}, "input"),
        ({"input": np.array([1.0, np.nan])}, "input"),
        ({"targets": np.ones((3, 1))}, "targets"),
        ({"targets": np.array([1.0, np.inf, 1.0])}, "targets"),
        ({"targets": np.ones(3) * 1j}, "targets"),
    ],
)
def test_one_input_of_what_does_not_fit_is_refused(changes, argument):
    given = {"widths": (2, 4, 1), "slope": 0.0, "readouts": np.ones((3, 1)), "input": np.ones(2), "targets": np.ones(3)}
    assert OneInput(**given).networks == 3
    with pytest.raises(InvalidArgument) as refused:
        OneInput(**{**given, **changes})
    assert refused.value.argument == argument


def test_parameters_of_one_input_fit_and_whole_ones_are_floats():
    problem, parameters = drawn((2, 3, 1), "linear", 0)
    for shape in ((9,), (1, 9), (3, 8), (3, 9, 1)):
        with pytest.raises(InvalidArgument, match=r"^parameters: have shape .* 3 networks of 9 weights"):
            problem.gradients(np.ones(shape))
    whole = np.round(3 * parameters)
    gradients = problem.gradients(whole)[1]
    assert np.array_equal(problem.gradients(whole.astype(int))[1], gradients)
    assert (gradients != np.round(gradients)).any()


# --- classifiers ------------------------------------------------------------------------------------------------------

each_kind = pytest.mark.parametrize(
    ("residual", "normalization"), [(alpha, norm) for alpha in (0.0, 0.4) for norm in NORMALIZATIONS]
)


def data(seed=0, examples=7):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((examples, 4)), rng.integers(0, 3, examples)


@each_kind
def test_cross_entropy_by_central_differences(residual, normalization):
    model, (x, y) = Classifier((4, 5, 5, 5, 3), "leaky:1/2", residual, normalization), data()
    parameters = model.initial([0, 1])
    losses, gradients = model.gradients(parameters, x, y)
    found = differences(lambda w: model.gradients(w, x, y)[0], parameters, 1e-5)
    np.testing.assert_allclose(gradients, found, rtol=0, atol=2e-7 * np.abs(gradients).max())
    logits = model.logits(parameters, x)
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    np.testing.assert_allclose(losses, -np.log(p[:, np.arange(len(y)), y]).mean(axis=1), rtol=1e-12)


@each_kind
@pytest.mark.parametrize("loss", ["cross-entropy", "squared"])
@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_smooth_activations_and_squared_loss_by_central_differences(activation, loss, residual, normalization):
    model, (x, y) = Classifier((4, 5, 5, 3), activation, residual, normalization, loss), data()
    parameters = model.initial([0, 1])
    losses, gradients = model.gradients(parameters, x, y)
    found = differences(lambda w: model.gradients(w, x, y)[0], parameters, 1e-5)
    np.testing.assert_allclose(gradients, found, rtol=0, atol=2e-7 * np.abs(gradients).max())
    if loss == "squared":
        squares = ((model.logits(parameters, x) - np.eye(3)[y]) ** 2).sum(axis=2)
        np.testing.assert_allclose(losses, squares.mean(axis=1) / 2, rtol=1e-12)


def test_weights_of_smooth_networks_have_the_variance_one_over_fan_in():
    w = Classifier((100, 50, 10), "tanh").initial(range(20))
    assert w[:, :5000].std() == pytest.approx(0.1, rel=0.02)
    assert w[:, 5000:].std() == pytest.approx(50**-0.5, rel=0.04)


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/4"])
def test_the_plain_classifier_is_the_one_of_loss_hessian(activation):
    model, (x, y) = Classifier((4, 6, 5, 3), activation), data()
    parameters = model.initial([3, 4, 5])
    losses, gradients = model.gradients(parameters, x, y)
    for i in range(3):
        network = Network([w[i] for w in layer_views(parameters, model.widths)], activation)
        truth = LossHessian(network, x, y, "cross-entropy")
        np.testing.assert_allclose(losses[i], truth.value, rtol=1e-12)
        np.testing.assert_allclose(gradients[i], truth.gradient, rtol=0, atol=1e-13)


@each_kind
def test_networks_with_batches_of_their_own_do_not_see_each_other(residual, normalization):
    model, batches = Classifier((4, 5, 5, 3), "relu", residual, normalization), [data(seed) for seed in range(3)]
    parameters = model.initial(range(3))
    x, y = (np.stack(parts) for parts in zip(*batches, strict=True))
    losses, gradients = model.gradients(parameters, x, y)
    for i, (inputs, labels) in enumerate(batches):
        loss, gradient = model.gradients(parameters[i : i + 1], inputs, labels)
        np.testing.assert_allclose(loss[0], losses[i], rtol=1e-13)
        np.testing.assert_allclose(gradient[0], gradients[i], rtol=0, atol=1e-14)


def test_normalization_standardizes_and_huge_logits_do_not_overflow():
    x, y = data()
    for normalization in ("layer", "batch"):
        model = Classifier((4, 5, 3), "linear", normalization=normalization)
        parameters = model.initial([0])
        scaled = parameters.copy()
        scaled[:, :20] *= 1e3  # the first layer: what is normalized does not change, but for the floor of variances
        np.testing.assert_allclose(model.logits(scaled, x), model.logits(parameters, x), rtol=1e-3, atol=1e-3)
    plain = Classifier((4, 3))
    losses, gradients = plain.gradients(1e6 * plain.initial([0]), x, y)
    assert np.isfinite(losses).all()
    assert losses[0] > 1e3
    assert np.isfinite(gradients).all()


def test_initial_weights_depend_on_their_seed_alone():
    model = Classifier((4, 5, 3))
    assert np.array_equal(model.initial([7, 8])[1], model.initial([8])[0])
    assert not np.array_equal(model.initial([7]), model.initial([8]))


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"widths": (4,)}, "widths"),
        ({"widths": "abc"}, "widths"),
        ({"widths": (4, 0, 2)}, "widths"),
        ({"widths": (4, 1)}, "widths"),
        ({"widths": (4, 2), "activation": "leaky:s"}, "activation"),
        ({"widths": (4, 2), "activation": "sigm"}, "activation"),
        ({"widths": (4, 2), "loss": "hinge"}, "loss"),
        ({"widths": (4, 2), "residual": -1}, "residual"),
        ({"widths": (4, 2), "residual": np.nan}, "residual"),
        ({"widths": (4, 2), "residual": 10**400}, "residual"),
        ({"widths": (4, 2), "residual": np.array(0.5)}, "residual"),
        ({"widths": (4, 2), "normalization": "group"}, "normalization"),
    ],
)
def test_architectures_are_refused_by_name(arguments, argument):
    with pytest.raises(InvalidArgument) as refused:
        Classifier(**arguments)
    assert refused.value.argument == argument


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"parameters": np.ones(35)}, "parameters"),
        ({"parameters": np.ones((2, 34))}, "parameters"),
        ({"inputs": np.ones((7, 5))}, "inputs"),
        ({"inputs": np.ones(4)}, "inputs"),
        ({"inputs": np.ones((3, 7, 4))}, "inputs"),
        ({"inputs": np.ones((0, 4))}, "inputs"),
        ({"labels": np.full(7, -1)}, "labels"),
        ({"labels": np.full(7, 3)}, "labels"),
        ({"labels": np.ones(7)}, "labels"),
        ({"labels": np.ones(1, dtype=int)}, "labels"),
        ({"out": np.ones((2, 3))}, "out"),
        ({"out": np.ones((2, 35), dtype=int)}, "out"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changes, argument):
    model, (x, y) = Classifier((4, 5, 3)), data()
    given = {"parameters": model.initial([0, 1]), "inputs": x, "labels": y, **changes}
    with pytest.raises(InvalidArgument) as refused:
        model.gradients(**given)
    assert refused.value.argument == argument
    if argument in ("parameters", "inputs"):
        with pytest.raises(InvalidArgument) as refused:
            model.logits(given["parameters"], given["inputs"])
        assert refused.value.argument == argument


def test_whole_weights_have_gradients_that_are_not():
    model, (x, y) = Classifier((4, 5, 3), "linear"), data()
    w = np.round(3 * model.initial([0]))
    whole, floats = model.gradients(w.astype(int), x, y)[1], model.gradients(w, x, y)[1]
    assert np.array_equal(whole, floats)
    assert (floats != np.round(floats)).any()


@pytest.mark.parametrize("seeds", [3, "12", [-1], [0.5], [True]])
def test_seeds_are_integers_from_0(seeds):
    with pytest.raises(InvalidArgument, match=r"^seeds: must be "):
        Classifier((4, 3)).initial(seeds)


# --- curvature --------------------------------------------------------------------------------------------------------


def test_both_ends_are_those_of_the_dense_hessian():
    model, (x, y) = Classifier((4, 6, 5, 3)), data(examples=20)
    parameters = model.initial(range(4))
    found = extremes_by_gradients(lambda w: model.gradients(w, x, y)[1], parameters, 1e-9, 100)
    assert found.products < 69 == model.parameters
    for i in range(4):
        network = Network([w[i] for w in layer_views(parameters, model.widths)])
        spectrum = np.linalg.eigvalsh(LossHessian(network, x, y, "cross-entropy").dense())
        np.testing.assert_allclose([found.least[i], found.largest[i]], spectrum[[0, -1]], rtol=0, atol=1e-8)


@each_kind
def test_both_ends_whatever_the_network_is_made_of(residual, normalization):
    """Against a Hessian by central differences of the gradient."""
    model, (x, y) = Classifier((4, 5, 5, 3), "leaky:1/2", residual, normalization), data()
    parameters = model.initial([2])
    found = extremes_by_gradients(lambda w: model.gradients(w, x, y)[1], parameters, 1e-9, 200)
    units = 1e-5 * np.eye(model.parameters)
    above, below = (model.gradients(parameters + step, x, y)[1] for step in (units, -units))
    hessian = (above - below) / 2e-5
    np.testing.assert_allclose(hessian, hessian.T, rtol=0, atol=1e-5 * np.abs(hessian).max())
    spectrum = np.linalg.eigvalsh((hessian + hessian.T) / 2)
    np.testing.assert_allclose([found.least[0], found.largest[0]], spectrum[[0, -1]], rtol=1e-4)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60), st.integers(1, 80))
def test_ends_are_within_the_spectrum_and_eigenvalues_no_farther_than_the_residual(diagonal, products):
    eigenvalues = np.array(diagonal)
    found = extremes_by_gradients(lambda w: w * eigenvalues, np.zeros((1, len(diagonal))), 1e-6, products)
    for end in (found.least[0], found.largest[0]):
        assert eigenvalues.min() - 1e-9 <= end <= eigenvalues.max() + 1e-9
        assert np.abs(eigenvalues - end).min() <= found.residuals[0] + 1e-9
    if products >= len(diagonal):
        np.testing.assert_allclose([found.least[0], found.largest[0]], [min(diagonal), max(diagonal)], atol=1e-6 * 5)


def test_networks_of_curvature_do_not_see_each_other():
    """A Hessian of 0, of a single direction, of the size of 1e-200, and a multiple of the identity."""
    kinds = [[0.0] * 30, [1.0] + [0.0] * 29, list(range(-10, 20)), [1e-200 * k for k in range(30)], [4.0] * 30]
    scales = np.array(kinds)
    found = extremes_by_gradients(lambda w: w * scales, np.zeros((5, 30)), 1e-9, 30)
    np.testing.assert_allclose(found.least, [0, 0, -10, 0, 4], atol=1e-8)
    np.testing.assert_allclose(found.largest, [0, 1, 19, 29e-200, 4], rtol=1e-8)
    operator = np.diag(scales[2])
    np.testing.assert_allclose(extreme_eigenvalues(operator).eigenvalues, [found.least[2], found.largest[2]], rtol=1e-8)


@pytest.mark.parametrize("at", [0.0, 1.0, 1e-3])
@pytest.mark.parametrize("scale", [1e-250, 1e-280, 1e-290, 1e-300])
def test_tiny_hessians_do_not_underflow(scale, at):
    diagonal = np.array([1.0, 2.0, -3.0])
    found = extremes_by_gradients(lambda w: w * (scale * diagonal), np.full((1, 3), at))
    np.testing.assert_allclose([found.least[0] / scale, found.largest[0] / scale], [-3, 2], rtol=1e-9)
    assert found.residuals[0] < 1e-9 * scale


def test_tiny_hessians_that_lose_digits_say_so():
    """At 1e-313 a product has one digit: the residual is of its size."""
    found = extremes_by_gradients(lambda w: w * np.array([1e-313, -2e-313, 3e-313]), np.ones((1, 3)))
    for end, truth in ((found.least[0], -2e-313), (found.largest[0], 3e-313)):
        assert abs(end - truth) <= 10 * found.residuals[0]
    assert found.residuals[0] < 1e-312


def test_a_longer_step_is_not_taken_where_the_gradient_is_no_line():
    """w^11 at 0: its Hessian is 0, the product at a step of 1e-10 would be 1e-100."""
    found = extremes_by_gradients(lambda w: w**11, np.zeros((1, 1)))
    assert abs(found.largest[0]) < 1e-290


def test_tiny_curvature_of_a_deep_chain():
    """f = w^L, (f-y) about -y: the Hessian of the loss has the off-diagonal entries -y f/w^2, and 0 on the diagonal."""
    depth, w = 600, 0.36
    problem = OneInput((1,) * (depth + 1), 1.0, np.ones((1, 1)), np.ones(1), np.ones(1))
    found = extremes_by_gradients(lambda moved: problem.gradients(moved)[1], np.full((1, depth), w), 1e-9)
    entry = w ** (depth - 2)
    assert 1e-270 < entry < 1e-260
    np.testing.assert_allclose([found.least[0], found.largest[0]], [-(depth - 1) * entry, entry], rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_has_no_ends_and_leaves_the_others_alone(bad):
    scales, start = np.array([[1.0, 2.0], [3.0, -4.0]]), np.ones((2, 2))
    start[0, 1] = bad
    for products in (1, 2):
        found = extremes_by_gradients(lambda w: w * scales, start, 1e-9, products)
        assert all(np.isnan(values[0]) for values in (found.least, found.largest, found.residuals))
        assert np.isfinite(found.residuals[1])
    np.testing.assert_allclose([found.least[1], found.largest[1]], [-4, 3])
    steep = extremes_by_gradients(lambda w: 1e300 * w**2 * 1e300, np.ones((1, 2)))
    assert np.isnan([steep.least, steep.largest, steep.residuals]).all()


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"products": 0}, "products"),
        ({"products": 2.5}, "products"),
        ({"products": -3}, "products"),
        ({"tolerance": np.nan}, "tolerance"),
        ({"tolerance": -1}, "tolerance"),
        ({"parameters": np.ones(3)}, "parameters"),
        ({"parameters": np.ones((1, 3)) * 1j}, "parameters"),
        ({"parameters": np.ones((1, 0))}, "parameters"),
        ({"gradients": lambda w: w[:, :2]}, "gradients"),
        ({"gradients": lambda w: w.real}, "gradients"),
        ({"gradients": lambda w: None}, "gradients"),
    ],
)
def test_curvature_of_what_is_no_problem_is_refused(arguments, argument):
    with pytest.raises(InvalidArgument) as refused:
        extremes_by_gradients(**{"gradients": lambda w: w, "parameters": np.ones((1, 3)), **arguments})
    assert refused.value.argument == argument


def test_norms_of_rows_of_any_size():
    rows = np.array([[3e-200, 4e-200], [3e200, -4e200], [0, 0], [np.inf, 1], [np.nan, 1], [3.0, 4.0]])
    np.testing.assert_allclose(row_norms(rows), [5e-200, 5e200, 0, np.inf, np.nan, 5], rtol=1e-15)


def test_the_first_layer_has_no_branch_even_if_it_is_as_wide_as_the_input():
    """By hand: a_1 = relu(W_1 x), a_2 = a_1 + alpha relu(W_2 a_1), logits W_3 a_2."""
    model, rng = Classifier((3, 3, 3, 2), "relu", 0.5), np.random.default_rng(1)
    w, x = model.initial(seeds=[4]), rng.standard_normal((5, 3))
    first, second, last = (w[0, a:b].reshape(-1, 3) for a, b in ((0, 9), (9, 18), (18, 24)))
    hidden = np.maximum(x @ first.T, 0)
    hidden = hidden + 0.5 * np.maximum(hidden @ second.T, 0)
    assert model.logits(w, x)[0] == pytest.approx(hidden @ last.T, rel=1e-12)
