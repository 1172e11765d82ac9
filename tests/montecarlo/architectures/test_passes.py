"""Both passes, on layers wired in ways that no ensemble has: by hand, by complex steps, in every layout."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from montecarlo.architectures.passes import COLUMNS, ROWS, VECTORS, Layer, backward, forward

STEP = 1e-30
some = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)

LAYER_NORM_IN_BRANCHES = [
    Layer(0.0, "units"),
    Layer(adds_to=0, scale=0.5),
    Layer(0.25, "units", adds_to=2, scale=2.0),
    Layer(0.0, "units"),
    Layer(adds_to=3, scale=-1.5),
]
TWO_ADD_TO_ONE = [Layer(0.5), Layer(0.0, adds_to=1), Layer(0.5, adds_to=1, scale=3.0), Layer(adds_to=0), Layer(0.0)]
NESTED = [Layer(0.5), Layer(0.0), Layer(0.5, adds_to=1), Layer(0.0, adds_to=2, scale=0.3), Layer(adds_to=0)]
BOTH_NORMS = [Layer(0.25, "inputs"), Layer(0.0, "units"), Layer(1.0, "inputs", adds_to=1, scale=2.0), Layer(0.5)]
FALLING = [Layer(0.0, "units"), Layer(0.25), Layer(1.0, "units"), Layer(0.5)]
WIRINGS = {
    "layer norm in branches": (LAYER_NORM_IN_BRANCHES, (5,) * 6),
    "two layers added to one": (TWO_ADD_TO_ONE, (4,) * 6),
    "branches in branches": (NESTED, (4,) * 6),
    "both norms": (BOTH_NORMS, (3, 5, 5, 5, 2)),
    "unequal widths": (FALLING, (2, 7, 4, 5, 3)),
}
each_wiring = pytest.mark.parametrize(("layers", "widths"), WIRINGS.values(), ids=list(WIRINGS))


@st.composite
def wirings(draw):
    """Up to five layers, each with its own activation, normalization and layer that it is added to."""
    depth = draw(st.integers(1, 5))
    widths = draw(st.lists(st.sampled_from([3, 4]), min_size=depth + 1, max_size=depth + 1))
    layers = []
    for k in range(1, depth + 1):
        earlier = [j for j in range(k) if widths[j] == widths[k]]
        layers.append(
            Layer(
                draw(st.sampled_from([0.0, 0.25, 1.0])),
                draw(st.sampled_from([None, "units", "inputs"])),
                draw(st.sampled_from([None, *earlier])),
                draw(st.sampled_from([1.0, 0.5, -2.0])),
            )
        )
    return layers, tuple(widths)


def drawn(widths, seed, batch=4, networks=3):
    """Weights, inputs in columns, and the derivative of f in the last layer's output, by columns."""
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((networks, n, m)) for m, n in pairwise(widths)]
    return weights, *(rng.standard_normal((networks, n, batch)) for n in (widths[0], widths[-1]))


def output_by_hand(layers, weights, inputs, readout):
    """f = sum of readout * a_L of one network, as the formulas say; inputs in columns."""
    outputs = [inputs]
    for layer, w in zip(layers, weights, strict=True):
        z = w @ outputs[-1]
        if layer.standardized is not None:
            axis = 0 if layer.standardized == "units" else 1
            z = (z - z.mean(axis=axis, keepdims=True)) / z.std(axis=axis, keepdims=True)
        z = np.where(z > 0, z, layer.slope * z)
        outputs.append(z if layer.adds_to is None else outputs[layer.adds_to] + layer.scale * z)
    return np.sum(outputs[-1] * readout)


def gradients(layers, weights, inputs, readout, layout=COLUMNS, **options):
    """The gradients in W_1, ..., W_L, each of shape (m, n_k, n_{k-1})."""
    kind = weights[0].dtype
    last, passed = forward(layers, weights, inputs.astype(kind), layout)
    run = backward(layers, weights, passed, readout.astype(kind), layout, **options)
    found = {k: np.array(layout.gradient(y, a)) for k, y, a in run}
    assert list(found) == list(range(len(layers), 0, -1))
    assert last.dtype == kind
    return [found[k] for k in range(1, len(layers) + 1)]


def require_derivatives(layers, weights, inputs, readout):
    """Forward by hand, backward by complex steps of what runs forward, entry by entry."""
    last, _ = forward(layers, weights, inputs, COLUMNS)
    by_hand = [output_by_hand(layers, [w[i] for w in weights], inputs[i], readout[i]) for i in range(len(inputs))]
    np.testing.assert_allclose((last * readout).sum(axis=(1, 2)), by_hand, rtol=1e-9, atol=1e-9)
    found = gradients(layers, weights, inputs, readout)
    largest = max(np.abs(g).max() for g in found)
    for k, w in enumerate(weights):
        for index in np.ndindex(w.shape[1:]):
            moved = [u.astype(complex) for u in weights]
            moved[k][:, *index] += 1j * STEP
            f = (forward(layers, moved, inputs.astype(complex), COLUMNS)[0] * readout).sum(axis=(1, 2))
            np.testing.assert_allclose(found[k][:, *index], f.imag / STEP, rtol=1e-8, atol=1e-9 * largest)


@each_wiring
def test_values_are_by_hand_and_derivatives_by_complex_steps(layers, widths):
    require_derivatives(layers, *drawn(widths, seed=0))


@some
@given(wirings(), seeds)
def test_so_they_are_however_layers_are_wired(wiring, seed):
    """But for networks in which something that hardly varies is standardized."""
    layers, widths = wiring
    parts = drawn(widths, seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        _, passed = forward(layers, *parts[:2], COLUMNS)
    assume(all(at.deviations is None or at.deviations.min() > 1e-2 for at in passed))
    require_derivatives(layers, *parts)


@each_wiring
def test_gradients_are_analytic_and_their_derivative_is_symmetric(layers, widths):
    """<u, Hv> = <v, Hu>, and Hv by differences of gradients, all in directions of all weights."""
    weights, inputs, readout = drawn(widths, seed=1)
    rng = np.random.default_rng(2)
    u, v = ([rng.standard_normal(w.shape) for w in weights] for _ in range(2))

    def along(direction, by):
        return gradients(layers, [w + by * d for w, d in zip(weights, direction, strict=True)], inputs, readout)

    of_u, of_v = ([g.imag / STEP for g in along(direction, 1j * STEP)] for direction in (u, v))
    products = [sum((d * g).sum(axis=(1, 2)) for d, g in zip(*pair, strict=True)) for pair in ((u, of_v), (v, of_u))]
    np.testing.assert_allclose(*products, rtol=1e-9, atol=1e-9)
    for exact, above, below in zip(of_v, along(v, 1e-7), along(v, -1e-7), strict=True):
        np.testing.assert_allclose(exact, (above - below) / 2e-7, rtol=1e-4, atol=1e-4 * np.abs(exact).max())
    for real, complex_ in zip(along(u, 0.0), along(u, 0j), strict=True):
        np.testing.assert_allclose(complex_, real, rtol=1e-12, atol=1e-12 * np.abs(real).max())


# --- layouts ----------------------------------------------------------------------------------------------------------


@each_wiring
def test_rows_and_columns_have_the_same_numbers(layers, widths):
    weights, inputs, readout = drawn(widths, seed=3)
    turned = [np.ascontiguousarray(part.transpose(0, 2, 1)) for part in (inputs, readout)]
    by_columns, by_rows = forward(layers, weights, inputs, COLUMNS)[0], forward(layers, weights, turned[0], ROWS)[0]
    np.testing.assert_allclose(by_rows.transpose(0, 2, 1), by_columns, rtol=1e-10, atol=1e-12)
    for one, other in zip(
        gradients(layers, weights, inputs, readout), gradients(layers, weights, *turned, ROWS), strict=True
    ):
        np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-10 * np.abs(one).max())


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("name", [name for name in WIRINGS if name != "both norms"])
def test_a_single_input_is_a_vector_a_column_and_a_row(name, kind):
    layers, widths = WIRINGS[name]
    weights, inputs, readout = drawn(widths, seed=4, batch=1)
    weights = [w.astype(kind) for w in weights]
    if kind is complex:
        weights[0] += 0.3j
    layouts = {
        COLUMNS: (inputs, readout),
        VECTORS: (inputs[:, :, 0], readout[:, :, 0]),
        ROWS: (inputs[:, None, :, 0], readout[:, None, :, 0]),
    }
    values, found = [], []
    for layout, (x, v) in layouts.items():
        values.append(forward(layers, weights, x.astype(kind), layout)[0].reshape(3, -1))
        found.append(gradients(layers, weights, x, v, layout))
    for other in (1, 2):
        np.testing.assert_allclose(values[other], values[0], rtol=1e-10, atol=1e-12)
        for one, again in zip(found[0], found[other], strict=True):
            np.testing.assert_allclose(again, one, rtol=1e-9, atol=1e-10 * np.abs(one).max())


def test_matrices_are_taken_one_at_a_time():
    """So that whoever draws them needs not keep them."""
    alive = []

    def one_by_one():
        for number in range(3):
            alive.append(number)
            yield np.full((2, 3, 3), 1.0 + number)

    seen = []
    forward([Layer()] * 3, one_by_one(), np.ones((2, 3)), VECTORS, after=lambda k, a: seen.append((k, len(alive))))
    assert seen == [(1, 1), (2, 2), (3, 3)]


def test_as_many_matrices_as_layers():
    with pytest.raises(ValueError, match="shorter"):
        forward([Layer()] * 2, [np.ones((1, 2, 2))], np.ones((1, 2)), VECTORS)


# --- hooks ------------------------------------------------------------------------------------------------------------


@each_wiring
def test_after_each_layer_its_output_is_shown(layers, widths):
    weights, inputs, _ = drawn(widths, seed=5)
    shown = []
    last, passed = forward(layers, weights, inputs, COLUMNS, after=lambda k, a: shown.append((k, a)))
    assert [k for k, _ in shown] == list(range(1, len(layers) + 1))
    for (_, a), read in zip(shown, [at.read for at in passed[1:]] + [last], strict=True):
        assert a is read


BRANCHES = {
    "one matrix": [Layer(0.25, adds_to=k, scale=0.5) for k in range(4)],
    "two matrices": [Layer(0.0), Layer(adds_to=0, scale=0.7), Layer(0.0), Layer(adds_to=2, scale=0.7)],
}
each_branch = pytest.mark.parametrize("layers", BRANCHES.values(), ids=list(BRANCHES))


@each_branch
def test_outputs_may_be_rescaled_on_the_way(layers):
    """By powers of two, exactly: the stream of homogeneous branches, and all that follows with it."""
    weights, inputs, _ = drawn((4,) * 5, seed=6, batch=1)
    x = inputs[:, :, 0]

    def halve(k, a):
        if layers[k - 1].adds_to is not None:
            a /= 2

    plain, halved = (forward(layers, weights, x.copy(), VECTORS, after=hook)[0] for hook in (None, halve))
    np.testing.assert_array_equal(halved, plain / 2 ** sum(layer.adds_to is not None for layer in layers))


@each_branch
def test_derivatives_may_be_rescaled_before_each_branch(layers):
    """What is shown is the derivative in the output of a layer that is added; what follows carries the factor."""
    weights, inputs, readout = drawn((4,) * 5, seed=7, batch=1)
    x, v = inputs[:, :, 0], readout[:, :, 0]
    _, passed = forward(layers, weights, x, VECTORS)
    shown = []

    def quarter(b):
        shown.append(b.copy())
        b /= 4

    plain = {k: y.copy() for k, y, _ in backward(layers, weights, passed, v.copy(), VECTORS)}
    scaled = {k: y.copy() for k, y, _ in backward(layers, weights, passed, v.copy(), VECTORS, before_branch=quarter)}
    added = [k for k, layer in enumerate(layers, start=1) if layer.adds_to is not None]
    np.testing.assert_array_equal(shown[0], v)
    assert len(shown) == len(added)
    for k in plain:
        np.testing.assert_array_equal(scaled[k], plain[k] / 4 ** sum(j >= k for j in added))
    # the derivative in a_j by complex steps of the layers that follow it
    j = added[-2]
    rest = [Layer(at.slope, None, None if at.adds_to is None else at.adds_to - j, at.scale) for at in layers[j:]]
    for unit in range(4):
        moved = passed[j].read + 1j * STEP * np.eye(4)[unit]
        f = (forward(rest, [w.astype(complex) for w in weights[j:]], moved, VECTORS)[0] * v).sum(axis=1)
        np.testing.assert_allclose(4 * shown[1][:, unit], f.imag / STEP, rtol=1e-10, atol=1e-12)


def test_what_is_yielded_may_be_rescaled_where_nothing_is_added():
    """As layer and batch norm do: in place, with all that follows."""
    layers, widths = WIRINGS["unequal widths"]
    weights, inputs, readout = drawn(widths, seed=8)
    _, passed = forward(layers, weights, inputs, COLUMNS)
    plain = {k: y.copy() for k, y, _ in backward(layers, weights, passed, readout.copy(), COLUMNS)}
    for k, y, _ in backward(layers, weights, passed, readout.copy(), COLUMNS):
        np.testing.assert_array_equal(y, plain[k] / 2 ** (len(layers) - k))
        y /= 2


# --- zeros and floors -------------------------------------------------------------------------------------------------


def lone_unit(slope):
    """Layers standardized over three units, the first network with one unit on in the first, the second with two."""
    weights = [np.array([[[2.0], [-1.1], [-1.3]], [[2.0], [1.7], [-1.3]]]), drawn((3, 3), seed=9, networks=2)[0][0]]
    layers = [Layer(slope, "units"), Layer(slope, "units")]
    readout = np.array([[1.0, 0.3, -0.7]] * 2)
    _, passed = forward(layers, weights, np.ones((2, 1)), VECTORS)
    assert (passed[0].standard > 0).sum(axis=1).tolist() == [1, 2]
    return layers, weights, passed, readout


def derivatives(layers, weights, passed, readout, **options):
    return {k: y.copy() for k, y, _ in backward(layers, weights, passed, readout.copy(), VECTORS, **options)}


def test_what_comes_back_to_a_single_active_unit_is_a_rounded_0():
    parts = lone_unit(0.0)
    rounded, exact = derivatives(*parts), derivatives(*parts, rounded_zeros=True)
    assert (exact[1][0] == 0).all()
    assert np.abs(rounded[1][0]).max() < 1e-15
    np.testing.assert_array_equal(exact[1][1], rounded[1][1])
    assert np.abs(exact[1][1]).max() > 1e-3
    np.testing.assert_array_equal(exact[2], rounded[2])


def test_a_single_active_unit_of_the_last_layer_is_no_zero():
    """The readout is turned by no normalization: its share of the only unit's derivative is not lost."""
    layers, weights, passed, readout = lone_unit(0.0)
    rounded, exact = (
        derivatives(layers[:1], weights[:1], passed[:1], readout, rounded_zeros=zeros)[1] for zeros in (False, True)
    )
    np.testing.assert_array_equal(exact, rounded)
    assert np.abs(exact[0]).max() > 1e-3


@pytest.mark.parametrize("slope", [0.25, 1.0])
def test_a_unit_that_is_not_off_is_no_zero(slope):
    parts = lone_unit(slope)
    rounded, exact = derivatives(*parts), derivatives(*parts, rounded_zeros=True)
    np.testing.assert_array_equal(exact[1], rounded[1])
    assert np.abs(exact[1]).max(axis=1).min() > 1e-6


def test_a_batch_without_direction_has_rounded_zeros():
    """Three inputs and one unit: where two inputs coincide, standardization leaves the third no freedom."""
    layers = [Layer(0.0, "inputs"), Layer(0.0, "inputs")]
    weights = [np.ones((2, 1, 1)), np.full((2, 1, 1), 1.3)]
    inputs = np.array([[[1.0, -0.2, -0.5]], [[1.0, 0.6, -0.9]]])  # the first ReLU leaves one input on, or two
    _, passed = forward(layers, weights, inputs, COLUMNS)
    assert (passed[0].standard > 0).sum(axis=2).tolist() == [[1], [2]]
    start = np.array([[[1.0, 0.0, 0.0]]] * 2)
    rounded, exact = (
        {k: y.copy() for k, y, _ in backward(layers, weights, passed, start.copy(), COLUMNS, rounded_zeros=zeros)}
        for zeros in (False, True)
    )
    for k in (1, 2):
        assert 0 < np.abs(rounded[k][0]).max() < 1e-14
        assert (exact[k][0] == 0).all()
        np.testing.assert_array_equal(exact[k][1], rounded[k][1])
        assert np.abs(exact[k][1]).max() > 1e-3


def test_derivatives_that_are_none_of_these_stay_as_they_are():
    layers, wide = [Layer(0.0, "inputs")] * 2, drawn((3, 4, 4), seed=10, batch=6)
    plain, zeros = (gradients(layers, *wide, rounded_zeros=option) for option in (False, True))
    for one, other in zip(plain, zeros, strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.abs(one).max() > 1e-3


def test_a_floor_under_the_variance_divides_where_nothing_varies():
    layer, w = [Layer(1.0, "units")], [np.ones((1, 3, 2))]
    x = np.array([[1.0, 2.0]])
    last, passed = forward(layer, w, x, VECTORS, floor=0.25)
    assert last.tolist() == [[0.0, 0.0, 0.0]]
    assert passed[0].deviations.tolist() == [[0.5]]
    with np.errstate(invalid="ignore"):
        assert np.isnan(forward(layer, w, x, VECTORS)[0]).all()
    wide = drawn((4, 5), seed=11)[:2]
    z = wide[0][0] @ wide[1]
    centered = z - z.mean(axis=1, keepdims=True)
    expected = centered / np.sqrt((centered**2).mean(axis=1, keepdims=True) + 2.0)
    np.testing.assert_allclose(forward(layer, *wide, COLUMNS, floor=2.0)[0], expected, rtol=1e-12)


@pytest.mark.parametrize("slope", [0.0, 0.25, 1.0])
def test_slopes_are_kept_or_told_by_standardized_preactivations(slope):
    weights, inputs, _ = drawn((3, 4), seed=12)
    _, (plain,) = forward([Layer(slope)], weights, inputs, COLUMNS)
    z = weights[0] @ inputs
    if slope == 1:
        assert plain.slopes is None
    else:
        np.testing.assert_array_equal(plain.slopes, np.where(z > 0, 1.0, slope))
    assert plain.standard is None
    assert plain.deviations is None
    _, (normed,) = forward([Layer(slope, "inputs")], weights, inputs, COLUMNS)
    assert normed.slopes is None
    np.testing.assert_allclose(normed.standard * normed.deviations + z.mean(axis=2, keepdims=True), z, atol=1e-12)
