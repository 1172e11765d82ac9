import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import montecarlo.curvature.loss_hessians as module
from montecarlo.curvature.loss_hessians import PARTS, LossHessian
from montecarlo.curvature.networks import Network
from tests.montecarlo.curvature.data_problems import problems
from theory.ensembles import InvalidArgument


def assert_close(actual, expected, scale, tolerance=1e-12):
    assert actual.shape == expected.shape
    assert np.abs(actual - expected).max() <= tolerance * scale


@given(problems())
def test_everything_against_complex_steps(problem):
    hessian = problem.hessian
    value, gradient, parts = problem.reference()
    np.testing.assert_allclose(hessian.value, value, rtol=1e-12, atol=1e-15)
    assert_close(hessian.gradient, gradient, np.abs(gradient).max() + 1e-3)
    scale = max(np.abs(matrix).max() for matrix in parts.values()) + 1e-3
    for part, matrix in parts.items():
        assert_close(hessian.operator(part).matmat(np.eye(len(matrix))), matrix, scale)
        assert_close(hessian.dense(part), matrix, scale)


@given(problems(), st.integers(0, 10**6))
def test_operators(problem, seed):
    hessian, rng = problem.hessian, np.random.default_rng(seed)
    v = rng.standard_normal((hessian.parameters, 3))
    products = {}
    for part in PARTS:
        operator = hessian.operator(part)
        assert operator.shape == (hessian.parameters,) * 2
        assert operator.dtype == np.float64
        products[part] = operator @ v
        scale = np.abs(products[part]).max() + 1e-3
        for j in range(3):
            assert_close(operator @ v[:, j], products[part][:, j], scale)
        assert_close(operator.T @ v, products[part], scale)
        assert_close(operator.H @ v[:, 0], products[part][:, 0], scale)
        form = v.T @ products[part]
        assert_close(form, form.T, np.abs(form).max() + 1e-3)
        assert np.array_equal(hessian.dense(part), hessian.dense(part).T)
    scale = max(np.abs(p).max() for p in products.values()) + 1e-3
    assert_close(products["gauss_newton"] + products["residual"], products["hessian"], scale)
    for part in ("gauss_newton", "gradient_outer_products"):
        form = v.T @ products[part]
        assert np.linalg.eigvalsh(form)[0] >= -1e-12 * (np.abs(form).max() + 1e-3)


@settings(max_examples=30)
@given(problems(), st.integers(1, 4))
def test_blocks_of_directions_and_examples_change_nothing(problem, columns):
    hessian = problem.hessian
    whole = {part: hessian.dense(part) for part in PARTS}
    original = module._BLOCK_BYTES
    module._BLOCK_BYTES = 8 * sum(problem.network.widths) * columns
    try:
        for part, matrix in whole.items():
            assert_close(hessian.dense(part), matrix, np.abs(matrix).max() + 1e-3, 1e-14)
    finally:
        module._BLOCK_BYTES = original


@given(problems(most_examples=3), st.integers(0, 10**6))
def test_central_differences_along_one_layer_are_exact(problem, seed):
    """Within a linear region f is linear along a layer, so a gradient of the squared loss is quadratic in the step."""
    rng, net = np.random.default_rng(seed), problem.network
    targets = rng.standard_normal((len(problem.inputs), net.outputs_size))
    k = int(rng.integers(net.depth))
    direction = rng.standard_normal(net.weights[k].shape)

    def moved(step):
        weights = [w + step * direction if i == k else w for i, w in enumerate(net.weights)]
        return LossHessian(Network(weights, net.activation, net.readout), problem.inputs, targets)

    here, step = moved(0.0), 1.0

    def same_region(other):
        pairs = zip(other.slopes(), here.slopes(), strict=True)
        return all(a is None or np.array_equal(a, b) for a, b in pairs)

    while not (same_region(moved(step)) and same_region(moved(-step))):
        step /= 2
    flat = np.concatenate([(direction if i == k else 0 * w).ravel() for i, w in enumerate(net.weights)])
    difference = (moved(step).gradient - moved(-step).gradient) / (2 * step)
    scale = np.abs(moved(step).gradient).max() + np.abs(moved(-step).gradient).max() + 1e-3
    assert_close(here.hessian @ flat, difference, scale / step)


def test_the_whole_is_the_mean_over_examples():
    rng = np.random.default_rng(5)
    net = Network([rng.standard_normal((5, 4)), rng.standard_normal((5, 5)), rng.standard_normal((3, 5))])
    x, y = rng.standard_normal((6, 4)), rng.integers(0, 3, 6)
    whole, v = LossHessian(net, x, y, "cross-entropy"), rng.standard_normal(net.parameters)
    alone = [LossHessian(net, x[i], y[i], "cross-entropy") for i in range(6)]
    np.testing.assert_allclose(whole.value, np.mean([h.value for h in alone]), rtol=1e-14)
    np.testing.assert_allclose(whole.gradient, np.mean([h.gradient for h in alone], axis=0), rtol=0, atol=1e-14)
    for part in PARTS:
        mean = np.mean([h.operator(part) @ v for h in alone], axis=0)
        np.testing.assert_allclose(whole.operator(part) @ v, mean, rtol=0, atol=1e-13)
    assert whole.examples == 6


@pytest.mark.parametrize("loss", ["squared", "cross-entropy"])
@pytest.mark.parametrize("readout", [None, [[1.0, 2.0], [-1.0, 3.0]]])
def test_a_network_that_is_dead_on_all_inputs(loss, readout):
    """Off in its first layer; the others' weights do not matter then, nor do the units' kinks behind it."""
    weights = [-np.ones((2, 3)), [[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, -4.0]]]
    x, y = np.arange(1.0, 7.0).reshape(2, 3), ([[1.0, 2.0], [3.0, 4.0]] if loss == "squared" else [0, 1])
    hessian = LossHessian(Network(weights, "relu", readout), x, y, loss)
    assert hessian.dead.tolist() == [0, 1]
    assert not hessian.gradient.any()
    for part in PARTS:
        assert np.array_equal(hessian.dense(part), np.zeros((14, 14)))
    assert hessian.value == pytest.approx(7.5 if loss == "squared" else np.log(2), rel=1e-15)


@given(problems())
def test_dead_examples_are_those_whose_outputs_stay_zero(problem):
    """They are dead if and only if some layer is 0; then all they contribute is 0."""
    dead, net = set(problem.hessian.dead.tolist()), problem.network
    for i, x in enumerate(problem.inputs):
        alone = LossHessian(net, x, problem.targets[i], problem.loss)
        assert (i in dead) == (alone.dead.tolist() == [0])
        if i in dead:
            assert not any(alone.dense(part).any() for part in PARTS)
            assert not net.outputs(x).any()
        elif net.activation != "relu" or (net.depth == 1 and net.readout is None):
            assert x.any()
        else:
            assert net.outputs(x).any()  # readouts and last layers are normal


def test_a_linear_network_with_a_zero_layer_is_not_dead():
    """f = w_2 w_1 x with w_1 = w_2 = 0: no gradient, but a saddle."""
    hessian = LossHessian(Network([[[0.0]], [[0.0]]], "linear"), [[2.0]], [[3.0]])
    assert not hessian.dead.size
    assert hessian.dense().tolist() == [[0.0, -6.0], [-6.0, 0.0]]


@pytest.mark.parametrize("activation", ["relu", "leaky:1/4"])
def test_a_unit_at_its_kink_is_refused(activation):
    weights = [np.eye(2), [[1.0, 1.0], [1.0, -1.0]], [[1.0, 1.0]]]
    x = [[1.0, 2.0], [3.0, 3.0]]
    with pytest.raises(InvalidArgument, match=r"unit 1 of layer 2 .* at example 1") as refusal:
        LossHessian(Network(weights, activation), x, [1.0, 1.0])
    assert refusal.value.argument == "inputs"
    LossHessian(Network(weights, "linear"), x, [1.0, 1.0])
    LossHessian(Network(weights[:2], activation), x, np.ones((2, 2)))  # the last layer has no activation
    with pytest.raises(InvalidArgument, match="unit 1 of layer 2"):
        LossHessian(Network(weights[:2], activation, [1.0, 1.0]), x, [1.0, 1.0])


def test_a_zero_input_is_no_kink():
    hessian = LossHessian(Network([np.eye(2), np.ones((1, 2))], "leaky:1/4"), np.zeros((1, 2)), [3.0])
    assert hessian.dead.tolist() == [0]
    assert not hessian.dense().any()


def test_operators_cross_a_process_pool():
    net = Network([np.eye(2), [[1.0, -2.0]]])
    operator = LossHessian(net, [[3.0, 1.0]], [2.0]).hessian
    assert np.array_equal(pickle.loads(pickle.dumps(operator)) @ np.ones(6), operator @ np.ones(6))


def test_integer_directions():
    hessian = LossHessian(Network([[[2.0]], [[3.0]]], "linear"), [[1.0]], [[5.0]])
    assert (hessian.hessian @ np.array([1, 0])).tolist() == [9.0, 7.0]


def test_complex_directions():
    hessian = LossHessian(Network([[[2.0]], [[3.0]]], "linear"), [[1.0]], [[5.0]])
    assert (hessian.hessian @ np.array([1, 1j])).tolist() == [9 + 7j, 7 + 4j]


@pytest.mark.parametrize(
    ("x", "y", "loss", "argument"),
    [
        ([[1.0, 2.0]], [[1.0]], "squared", "inputs"),
        ([[1.0]], [[1.0, 2.0]], "squared", "targets"),
        ([[1.0]], [0], "cross-entropy", "loss"),
        ([[1.0]], [0], "hinge", "loss"),
        ([[1e308]], [0.0], "squared", "inputs"),
        ([[1e200]], [0.0], "squared", "inputs"),
        ([[1.0]], [1e200], "squared", "targets"),
    ],
)
def test_bad_data_are_refused(x, y, loss, argument):
    with pytest.raises(InvalidArgument) as refusal:
        LossHessian(Network([[[20.0]], [[1.0]]]), x, y, loss)
    assert refusal.value.argument == argument


def test_matrices_too_large_and_unknown_parts_are_refused():
    hessian = LossHessian(Network([np.eye(4)], readout=np.ones(4)), np.ones(4), [1.0])
    assert hessian.dense(most_bytes=8 * 256).shape == (16, 16)
    with pytest.raises(InvalidArgument, match=r"16 x 16 doubles take 1.91e-06 GiB; .*extreme_eigenvalues") as refusal:
        hessian.dense(most_bytes=8 * 256 - 1)
    assert refusal.value.argument == "most_bytes"
    with pytest.raises(InvalidArgument, match="gauss_newton") as refusal:
        hessian.dense("gauss-newton")
    assert refusal.value.argument == "part"
