import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.curvature.losses import CrossEntropy, SquaredLoss, loss_named
from theory.ensembles import InvalidArgument


@st.composite
def classified(draw):
    """Logits up to hundreds apart, a label, a direction."""
    size = draw(st.integers(2, 5))
    logits = draw(st.lists(st.floats(-300, 300), min_size=size, max_size=size))
    direction = draw(st.lists(st.floats(-10, 10), min_size=size, max_size=size))
    return np.array(logits), draw(st.integers(0, size - 1)), np.array(direction)


@given(classified())
def test_cross_entropy_in_sixty_digits(case):
    """Entries far below the roundings of 1 are right, too: 1 - p next to p = 1, and the loss itself there."""
    f, y, d = case
    loss, outputs, targets = CrossEntropy(), f[None, :], np.array([y])
    with mpmath.workdps(300):
        exps = [mpmath.exp(mpmath.mpf(float(x))) for x in f]
        p = [e / mpmath.fsum(exps) for e in exps]
        value = -mpmath.log(p[y])
        gradient = [q - (j == y) for j, q in enumerate(p)]
        top = int(np.argmax(f))
        relative = [mpmath.mpf(float(x)) - mpmath.mpf(float(d[top])) for x in d]
        mean = mpmath.fsum(q * x for q, x in zip(p, relative, strict=True))
        product = [q * (x - mean) for q, x in zip(p, relative, strict=True)]
        sizes = [
            q * (abs(x) + mpmath.fsum(q * abs(x) for q, x in zip(p, relative, strict=True)))
            for q, x in zip(p, relative, strict=True)
        ]
        factor = [
            [(j == k) * mpmath.sqrt(p[k]) - p[j] * mpmath.sqrt(p[k]) for k in range(len(p))] for j in range(len(p))
        ]
    as_floats = lambda numbers: np.array(numbers, dtype=np.float64)  # noqa: E731
    # a rounding of a difference of logits of 600 moves e^x by 1e-13
    np.testing.assert_allclose(loss.value(outputs, targets), [float(value)], rtol=3e-13)
    np.testing.assert_allclose(loss.gradient(outputs, targets)[0], as_floats(gradient), rtol=3e-13, atol=1e-300)
    error = np.abs(loss.hessian_product(outputs, targets, d[None, :])[0] - as_floats(product))
    assert np.all(error <= 1e-12 * as_floats(sizes) + 1e-300)  # the least floats have fewer digits
    np.testing.assert_allclose(loss.hessian_factor(outputs, targets)[0], as_floats(factor), rtol=3e-13, atol=1e-300)


@given(classified())
def test_cross_entropy_is_a_convex_function_of_differences(case):
    f, y, d = case
    loss, outputs, targets = CrossEntropy(), f[None, :], np.array([y])
    product = loss.hessian_product(outputs, targets, d[None, :])[0]
    assert d @ product >= -1e-11
    assert abs(product.sum()) <= 1e-13
    assert not loss.hessian_product(outputs, targets, np.full((1, len(f)), 3.7)).any()
    factor = loss.hessian_factor(outputs, targets)[0]
    np.testing.assert_allclose(factor @ factor.T @ d, product, rtol=0, atol=1e-13)


def test_several_directions_are_each_multiplied():
    rng = np.random.default_rng(0)
    f, d = rng.standard_normal((4, 3)), rng.standard_normal((2, 4, 3))
    for loss, y in ((SquaredLoss(), rng.standard_normal((4, 3))), (CrossEntropy(), np.array([0, 2, 1, 1]))):
        together = loss.hessian_product(f, y, d)
        for i, n in np.ndindex(2, 4):
            alone = loss.hessian_product(f[n : n + 1], y[n : n + 1], d[i, n : n + 1])
            np.testing.assert_allclose(together[i, n], alone[0], rtol=1e-14, atol=1e-16)


def test_squared_loss():
    loss, f, y = SquaredLoss(), np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 4.0], [3.0, 5.0]])
    assert loss.value(f, y).tolist() == [2.0, 12.5]
    assert loss.gradient(f, y).tolist() == [[0.0, -2.0], [-3.0, -4.0]]
    d = np.array([[5.0, 6.0], [7.0, 8.0]])
    assert np.array_equal(loss.hessian_product(f, y, d), d)
    factors = loss.hessian_factor(f, y)
    assert np.array_equal(factors @ factors.transpose(0, 2, 1), [np.eye(2)] * 2)


@pytest.mark.parametrize(
    ("targets", "examples", "outputs"),
    [([[1, 2], [3, 4]], 2, 2), ([1, 2], 2, 1), ([1, 2], 1, 2), (3.0, 1, 1), ([[1], [2]], 2, 1)],
)
def test_shapes_of_squared_targets(targets, examples, outputs):
    found = SquaredLoss().checked_targets(targets, examples, outputs)
    assert found.shape == (examples, outputs)
    assert found.ravel().tolist() == np.ravel(targets).tolist()


@pytest.mark.parametrize(
    ("targets", "examples", "outputs"),
    [
        ([[1, 2]], 2, 1),  # transposed
        ([[1, 2, 3], [4, 5, 6]], 3, 2),
        ([1, 2, 3, 4], 2, 2),  # flat
        ([1, 2], 3, 1),
        ([[np.nan]], 1, 1),
        (["a"], 1, 1),
    ],
)
def test_squared_targets_are_refused(targets, examples, outputs):
    with pytest.raises(InvalidArgument) as refusal:
        SquaredLoss().checked_targets(targets, examples, outputs)
    assert refusal.value.argument == "targets"


@pytest.mark.parametrize(
    ("targets", "problem"),
    [
        ([0, 3, 1], "the label 3 at example 1, but the largest allowed is 2"),
        ([0, 1, -1], "the label -1 at example 2, but the largest allowed is 2"),
        (np.array([0, 2**63 + 1, 1], dtype=np.uint64), "largest allowed is 2"),
        ([0.0, 1.0, 2.0], "integer labels"),
        ([True, False, True], "got type bool; use targets.astype(int)"),
        ([0.0, 1.0, 1.0], "got type float64; use targets.astype(int)"),
        ([0.0, 1.5, 2.0], "use classes from 0 to 2, or loss='squared'"),
        (
            [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
            "a row of 3 numbers for each example",
        ),
        ([[0, 1, 2]], "have shape (1, 3), but there are 3 examples"),
        ([0, 1], "have shape (2,)"),
        ([[0], [1, 2]], "no array of labels"),
    ],
)
def test_labels_are_refused(targets, problem):
    with pytest.raises(InvalidArgument) as refusal:
        CrossEntropy().checked_targets(targets, examples=3, outputs=3)
    assert refusal.value.argument == "targets"
    assert problem in str(refusal.value)


def test_the_largest_label_and_small_types_are_accepted():
    assert CrossEntropy().checked_targets(np.array([2, 0], dtype=np.uint8), 2, 3).tolist() == [2, 0]
    assert CrossEntropy().checked_targets(1, 1, 3).tolist() == [1]


@pytest.mark.parametrize("name", ["mse", 3, None])
def test_unknown_losses_are_refused(name):
    with pytest.raises(InvalidArgument, match=r"^loss: there is no loss .* known: squared, cross-entropy") as refusal:
        loss_named(name)
    assert refusal.value.argument == "loss"


def test_cross_entropy_of_one_output_is_refused():
    with pytest.raises(InvalidArgument, match="single output") as refusal:
        CrossEntropy().checked_targets([0, 0], examples=2, outputs=1)
    assert refusal.value.argument == "loss"
