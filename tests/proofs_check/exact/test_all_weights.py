"""Brute force, checked by another brute force: integer arrays of all weights, and central differences of f."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from proofs_check.exact.all_weights import activation_power, gradient_power, hessian_power
from theory.ensembles import Ensemble, InvalidArgument, Law

SIGNS = Law.named("rademacher")
SPARSE = Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"}, name="sparse")
LADDER = Law.discrete({-2: "1/6", -1: "1/3", 1: "1/3", 2: "1/6"}, name="ladder")
LOTS = {"rademacher": (-1, 1), "sparse": (-1, *[0] * 6, 1), "ladder": (-2, -1, -1, 1, 1, 2)}  # equally likely
DENOMINATOR = {"linear": 1, "relu": 1, "leaky:1/3": 3}


def all_weights(law, widths):
    """One array per layer, of shape (networks, rows, columns), over all equally likely choices of entries."""
    shapes = [(rows, columns) for columns, rows in itertools.pairwise(widths)]
    total = sum(rows * columns for rows, columns in shapes)
    entries = np.array(list(itertools.product(LOTS[law.name], repeat=total)), dtype=object)
    ends = np.cumsum([rows * columns for rows, columns in shapes])
    return [part.reshape(-1, *shape) for part, shape in zip(np.split(entries, ends[:-1], axis=1), shapes, strict=True)]


def power_by_arrays(net, order, widths, x):
    """E|a_L|^order: integers on all networks at once, scaled at the end."""
    q = DENOMINATOR[net.activation]
    slope = int(net.slope * q)
    a = np.array(x, dtype=object)[None, :]
    for matrices in all_weights(net.law, widths):
        z = (matrices * a[:, None, :]).sum(axis=2)
        a = np.where(z > 0, q * z, slope * z)
    norms = (a * a).sum(axis=1) ** (order // 2)
    factor = Fraction(1, q ** (2 * (len(widths) - 1)))
    for k in range(1, len(widths)):
        factor *= net.variance(k) / net.law.variance
    return Fraction(int(norms.sum()), len(norms)) * factor ** (order // 2)


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/3"])
@pytest.mark.parametrize(
    ("law", "widths"),
    [
        (SIGNS, (1, 1)),
        (SIGNS, (2, 2)),
        (SIGNS, (2, 2, 2)),
        (SIGNS, (2, 1, 2, 2)),
        (SPARSE, (1, 1, 1)),
        (SPARSE, (2, 2)),
        (LADDER, (2, 2)),
        (LADDER, (1, 2, 1)),
    ],
    ids=lambda part: part.name if isinstance(part, Law) else None,
)
def test_activation_powers_are_the_average_over_integer_arrays(law, widths, activation, order):
    x = (2, 3)[: widths[0]]
    net = Ensemble(widths=widths, activation=activation, init="he", law=law, input=x)
    assert activation_power(net, order) == power_by_arrays(net, order, widths, x)


@pytest.mark.parametrize(("name", "x"), [("e1", (1, 0)), ("ones", (1, 1))])
def test_named_inputs_are_what_their_names_say(name, x):
    net = Ensemble(width=2, depth=1, activation="relu", init="1/3", law=SPARSE, input=name)
    assert activation_power(net, 4) == power_by_arrays(net, 4, (2, 2), x)


def output(weights, readout, slope, x):
    """f(x), in Fractions, one network."""
    a = list(x)
    for matrix in weights:
        z = [sum(w * value for w, value in zip(row, a, strict=True)) for row in matrix]
        a = [value if value > 0 else slope * value for value in z]
    return sum(v * value for v, value in zip(readout, a, strict=True))


def squared_gradient_by_differences(weights, layer, readout, slope, x):
    """|df/dW_k|^2: f is linear in each entry up to the nearest kink, so a small step makes the difference exact."""
    step, total = Fraction(1, 10**6), Fraction(0)
    for i, j in itertools.product(range(len(weights[layer - 1])), range(len(weights[layer - 1][0]))):
        ends = []
        for sign in (1, -1):
            moved = [[list(row) for row in matrix] for matrix in weights]
            moved[layer - 1][i][j] += sign * step
            ends.append(output(moved, readout, slope, x))
        total += ((ends[0] - ends[1]) / (2 * step)) ** 2
    return total


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("readout", ["signs", "ones", (Fraction(1, 2), Fraction(3))], ids=str)
@pytest.mark.parametrize(
    ("activation", "widths"),
    [
        ("linear", (2, 2)),
        ("linear", (2, 2, 2)),
        ("relu", (2, 2)),
        ("relu", (2, 1, 2)),  # at (1, 3) no preactivation is 0 but after a dead layer, where every derivative is 0
        ("leaky:1/3", (1, 1, 1, 2)),
        ("leaky:1/3", (2, 1, 2)),
    ],
)
def test_gradient_powers_are_the_average_of_central_differences(activation, widths, readout, order):
    x = (1, 3)[: widths[0]]
    net = Ensemble(widths=widths, activation=activation, init="1/4", law=SIGNS, readout=readout, input=x)
    readouts = {
        "signs": list(itertools.product((1, -1), repeat=2)),  # of modulus 1, not 1/sqrt 2
        "ones": [(1, 1)],
    }.get(readout, [readout])
    square = Fraction(1, 2) if readout == "signs" else 1
    networks = list(zip(*(m * Fraction(1, 2) for m in all_weights(SIGNS, widths)), strict=True))
    for layer in range(1, len(widths)):
        found = [
            (square * squared_gradient_by_differences(weights, layer, v, Fraction(net.slope), x)) ** (order // 2)
            for weights in networks
            for v in readouts
        ]
        assert gradient_power(net, layer, order) == sum(found) / len(found)


def test_a_preactivation_at_zero_takes_either_side_with_probability_one_half():
    """W_1 (1, 1) is 0 with probability 1/2: by its sides E|D_1 v|^2 |x|^2 is still 2/2, and not 1/2."""
    net = Ensemble(width=2, depth=1, activation="relu", init=1, law=SIGNS, readout="signs", input="ones")
    assert gradient_power(net, 1) == 1
    leaky = net.at(activation="leaky:1/3")
    assert gradient_power(leaky, 1) == 2 * Fraction(1 + Fraction(1, 9), 2)


def test_a_preactivation_at_zero_passes_its_coin_to_the_layers_below():
    """Both units of layer 1 see the same sum, so half of layer 2's preactivations cancel when they agree.

    |x|^2 (p2 n s^2)^(L-1) p2 |v|^2 with n = 2, L = 2, s^2 = 1, as for a law without atoms.
    """
    net = Ensemble(width=2, depth=2, activation="relu", init=1, law=SIGNS, readout="signs", input=(1, 3))
    assert gradient_power(net, 1) == gradient_power(net, 2) == 10 * Fraction(1, 2)


DISCRETE = Ensemble(width=2, depth=2, law=SIGNS, readout="signs", input="e1")


@pytest.mark.parametrize(
    ("changes", "argument", "problem"),
    [
        ({"width": "n"}, "width", "enumeration needs a number, got the symbol 'n'"),
        ({"depth": "L"}, "depth", "enumeration needs a number, got the symbol 'L'"),
        ({"law": "normal"}, "law", "'normal' cannot be enumerated"),
        ({"law": "uniform"}, "law", "'uniform' cannot be enumerated"),
        ({"input": None}, "input", "needs a rational input"),
    ],
)
@pytest.mark.parametrize("power", [activation_power, lambda net, order: gradient_power(net, 1, order)])
def test_what_cannot_be_enumerated_is_refused(power, changes, argument, problem):
    with pytest.raises(InvalidArgument, match=problem) as raised:
        power(DISCRETE.at(**changes), 2)
    assert raised.value.argument == argument


def test_a_normal_readout_is_refused_by_the_gradient_only():
    net = DISCRETE.at(readout="random")
    assert activation_power(net, 2) == 1
    with pytest.raises(InvalidArgument, match="a normal readout cannot be enumerated"):
        gradient_power(net, 1)


@pytest.mark.parametrize("order", [3, 1, 0, -2])
@pytest.mark.parametrize("power", [activation_power, lambda net, order: gradient_power(net, 1, order)])
def test_an_order_that_is_not_even_and_positive_is_refused(power, order):
    with pytest.raises(InvalidArgument, match="positive even integer") as raised:
        power(DISCRETE, order)
    assert raised.value.argument == "order"


@pytest.mark.parametrize("layer", [0, -1, 3])
def test_a_layer_without_weights_is_refused(layer):
    with pytest.raises(InvalidArgument, match=f"got {layer}") as raised:
        gradient_power(DISCRETE, layer)
    assert raised.value.argument == "layer"


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/3"])
@pytest.mark.parametrize(("widths", "law"), [((2, 1, 2), LADDER), ((1, 2, 1, 1), SIGNS)])
def test_the_hessian_by_central_differences_of_f(activation, widths, law):
    """On small steps f is bilinear in two matrices: its mixed second differences are exact."""
    net = Ensemble(widths=widths, activation=activation, init="1", law=law, readout="ones", input=(1, 2)[: widths[0]])
    slope = float(Fraction(net.slope))

    def output(matrices, gates, x):
        for matrix, gate in zip(matrices, gates, strict=True):
            x = gate * (matrix @ x)
        return x.sum()

    for k, later in itertools.combinations(range(1, len(widths)), 2):
        total, weights = 0.0, all_weights(law, widths)
        count = len(weights[0])
        for network in range(count):
            matrices = [w[network].astype(float) for w in weights]
            x, sides = np.array([1.0, 2.0])[: widths[0]], []
            pending = [(x, [])]
            for matrix in matrices:  # a preactivation at 0 takes either side
                following = []
                for activation_vector, gates in pending:
                    z = matrix @ activation_vector
                    choices = [(1.0,) if v > 0 or slope == 1 else (slope,) if v < 0 else (1.0, slope) for v in z]
                    following += [(np.array(g) * z, [*gates, np.array(g)]) for g in itertools.product(*choices)]
                pending = following
            sides = [gates for _, gates in pending]
            chances = [
                np.prod([0.5 for matrix, a in zip(matrices, _inputs(matrices, g, x), strict=True)
                         for v in matrix @ a if v == 0 and slope != 1])
                for g in sides
            ]  # fmt: skip
            for gates, chance in zip(sides, chances, strict=True):
                square = 0.0
                for i, j in np.ndindex(*matrices[later - 1].shape):
                    for p, q in np.ndindex(*matrices[k - 1].shape):
                        moved = [m.copy() for m in matrices]
                        difference = 0.0
                        for up, over in itertools.product((1, -1), repeat=2):
                            moved[later - 1][i, j] = matrices[later - 1][i, j] + up
                            moved[k - 1][p, q] = matrices[k - 1][p, q] + over
                            difference += up * over * output(moved, gates, x)
                        square += (difference / 4) ** 2
                total += chance * square
        scale = float(law.variance) ** (len(widths) - 3)
        assert float(hessian_power(net, k, later)) == pytest.approx(total / count / scale, rel=1e-12)


def _inputs(matrices, gates, x):
    for matrix, gate in zip(matrices, gates, strict=True):
        yield x
        x = gate * (matrix @ x)


@pytest.mark.parametrize("layers", [(2, 1), (1, 1), (0, 1), (1, 3)])
def test_hessian_layers_out_of_order(layers):
    with pytest.raises(InvalidArgument, match=r"^layers: "):
        hessian_power(Ensemble(width=1, depth=2, law="rademacher", readout="signs", input="e1"), *layers)


@pytest.mark.parametrize("architecture", ["residual:1/2", "residual:1:two", "residual:0:two"])
@pytest.mark.parametrize(
    "power",
    [
        lambda net: activation_power(net, 2),
        lambda net: gradient_power(net, 1),
        lambda net: hessian_power(net, 1, 2),
    ],
    ids=["activation", "gradient", "hessian"],
)
def test_another_architecture_is_not_enumerated_as_if_plain(power, architecture):
    net = Ensemble(width=2, depth=2, activation="relu", law="rademacher", readout="signs", input="e1")
    assert power(net) > 0
    with pytest.raises(InvalidArgument, match=r"^architecture: enumeration is known for plain networks only, got"):
        power(net.at(architecture=architecture))


@pytest.mark.parametrize("order", [2, 4, 6])
def test_gradients_and_hessians_of_higher_order_of_a_chain_are_powers_of_the_other_weights(order):
    """For f = w_3 w_2 w_1 x, with weights of variance 1/3 and x = 2."""
    net = Ensemble(width=1, depth=3, init="1/3", law="rademacher", readout="signs", input=(2,))
    assert gradient_power(net, 1, order) == Fraction(4, 9) ** (order // 2)
    assert hessian_power(net, 1, 2, order) == Fraction(4, 3) ** (order // 2)
    ladder = LADDER.moment(order) * Fraction(4, 3) ** (order // 2)
    assert hessian_power(net.at(law=LADDER), 1, 2, order) == ladder
    assert gradient_power(net.at(law=LADDER), 1, order) == ladder * LADDER.moment(order) / 3 ** (order // 2)
