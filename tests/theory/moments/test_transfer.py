"""One layer as a linear map on even power sums: equal to brute force and to the published recursion."""

import itertools
from collections import Counter
from fractions import Fraction
from math import comb, prod
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import ACTIVATIONS, INITS, discrete_laws, exact, refused, vectors
from theory.ensembles import Ensemble, Law
from theory.moments.powers import power_applied
from theory.moments.transfer import IntegerPartition, set_partitions, transfer_matrix

n = sp.Symbol("n", integer=True, positive=True)
K, s, t = sp.symbols("K s t", positive=True)
SURDS = {2: (sp.Rational(14, 45), 2 * sp.sqrt(79) / 45), 3: (sp.Rational(19, 30), sp.sqrt(601) / 30)}


def power_sums(part: IntegerPartition, vector: tuple[Fraction, ...]) -> Fraction:
    return prod((sum((a ** (2 * j) for a in vector), Fraction(0)) for j in part), start=Fraction(1))


def one_layer(net: Ensemble, part: IntegerPartition) -> Fraction:
    """E P_part(phi(W x)) by brute force: the distribution of one unit, then all combinations of units."""
    scale, slope = net.variance(1) / net.law.variance, Fraction(net.slope)
    unit: Counter[Fraction] = Counter()
    for row in itertools.product(net.law.atoms, repeat=len(net.input)):
        z = sum((w * x for (w, _), x in zip(row, net.input, strict=True)), Fraction(0))
        unit[max(z, 0) + slope * min(z, 0)] += prod((p for _, p in row), start=Fraction(1))
    total = Fraction(0)
    for units in itertools.product(unit.items(), repeat=net.width_at(1)):
        total += prod((p for _, p in units), start=Fraction(1)) * power_sums(part, tuple(a for a, _ in units))
    return total * scale ** sum(part)


@st.composite
def one_layer_networks(draw: st.DrawFn) -> Ensemble:
    fan_in, fan_out = draw(st.sampled_from([(1, 1), (1, 3), (2, 2), (3, 1), (3, 2), (2, 3)]))
    return Ensemble(
        widths=(fan_in, fan_out),
        law=draw(discrete_laws(most=3)),
        activation=draw(st.sampled_from(ACTIVATIONS)),
        init=draw(st.sampled_from(INITS)),
        input=draw(vectors(fan_in)),
    )


@given(one_layer_networks(), st.sampled_from([2, 4, 6]))
@settings(max_examples=60)
def test_every_row_is_the_mean_power_sum_after_one_layer(net: Ensemble, order: int) -> None:
    transfer = transfer_matrix(net, order)
    before = sp.Matrix([exact(power_sums(part, net.input)) for part in transfer.basis])
    after = sp.Matrix([exact(one_layer(net, part)) for part in transfer.basis])
    assert transfer.matrix * before == after
    assert transfer.basis[0] == (1,) * (order // 2)


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:s"])
@pytest.mark.parametrize(("init", "variance"), [("he", 2 / n), ("xavier", 1 / n), ("variance:t", t)])
def test_order_4_is_the_two_term_recursion_of_the_paper(activation: str, init: str, variance: sp.Expr) -> None:
    slope = {"linear": 1, "relu": 0, "leaky:s": s}[activation]
    if init == "he":
        variance = variance / (1 + slope**2)
    p2, p4 = (1 + slope**2) / sp.Integer(2), (1 + slope**4) / sp.Integer(2)
    alone = sp.Matrix([[3, K - 3], [3, K - 3]]) * n * p4 * variance**2
    together = sp.Matrix([[n * (n - 1) * p2**2 * variance**2, 0], [0, 0]])
    net = Ensemble(width="n", depth="L", activation=activation, init=init, law="symmetric")
    transfer = transfer_matrix(net, 4)
    assert transfer.basis == ((1, 1), (2,))
    assert (transfer.matrix - alone - together).applyfunc(sp.simplify) == sp.zeros(2)


@pytest.mark.parametrize("order", [2, 4, 6, 8, 10])
@pytest.mark.parametrize(("activation", "width"), [("linear", 1), ("linear", 5), ("relu", 1), ("relu", 5)])
def test_normal_weights_close_on_one_term_the_moment_of_a_chi_square(activation: str, width: int, order: int) -> None:
    transfer = transfer_matrix(Ensemble(width=width, depth=1, activation=activation, init="1/3"), order)
    chances = {b: Fraction(comb(width, b), 2**width) for b in range(width + 1)} if activation == "relu" else {width: 1}
    chi_square = sum((p * prod(b + 2 * j for j in range(order // 2)) for b, p in chances.items()), Fraction(0))
    assert transfer.basis == ((1,) * (order // 2),)
    assert transfer.matrix[0] == exact(chi_square / Fraction(3) ** (order // 2))


@pytest.mark.parametrize(("order", "size"), [(2, 1), (4, 2), (6, 3), (8, 5), (10, 7)])
def test_the_basis_is_no_larger_than_the_partitions(order: int, size: int) -> None:
    net = Ensemble(width=3, depth=1, law="rademacher")
    basis = transfer_matrix(net, order).basis
    assert len(set(basis)) == len(basis) <= size
    assert {sum(part) for part in basis} == {order // 2}


@pytest.mark.parametrize("width", [2, 3])
def test_rates_of_unit_uniform_weights_are_the_published_surds(width: int) -> None:
    middle, surd = SURDS[width]
    matrix = transfer_matrix(Ensemble(width=width, depth=1, init="1/3", law="uniform"), 4).matrix
    assert set(matrix.eigenvals()) == {middle + surd, middle - surd}


def test_the_layer_picks_its_own_fans() -> None:
    net = Ensemble(widths=(2, 3, 5), init="he", activation="relu", law="uniform")
    for layer, widths in ((1, (2, 3)), (2, (3, 5))):
        assert transfer_matrix(net, 4, layer) == transfer_matrix(net.at(widths=widths), 4)
    assert transfer_matrix(net, 4, 1).matrix != transfer_matrix(net, 4, 2).matrix


@pytest.mark.parametrize(("parts", "bell"), [(1, 1), (2, 2), (3, 5), (4, 15), (5, 52)])
def test_set_partitions_are_counted_by_bell_numbers(parts: int, bell: int) -> None:
    groupings = list(set_partitions((1,) * parts))
    assert len(groupings) == bell
    assert all(sorted(map(len, g)) == sorted(map(sum, g)) and sum(map(len, g)) == parts for g in groupings)


@pytest.mark.parametrize(
    ("argument", "word", "fields", "order", "layer"),
    [
        ("order", "3", {}, 3, 1),
        ("order", "0", {}, 0, 1),
        ("order", "-2", {}, -2, 1),
        ("order", "True", {}, True, 1),
        ("layer", "3", {}, 2, 3),
        ("layer", "-1", {}, 2, 0),
        ("init", "orthogonal", {"init": "orthogonal"}, 2, 1),
        ("law", "order 6", {"law": Law.from_moments("own", {2: 1, 4: 4})}, 6, 1),
    ],
)
def test_bad_arguments_are_named(argument: str, word: str, fields: dict[str, Any], order: Any, layer: int) -> None:
    with refused(argument, word):
        transfer_matrix(Ensemble(width=2, depth=2, **fields), order, layer)


@pytest.mark.parametrize("law", ["normal", "uniform", "rademacher"])
@pytest.mark.parametrize("order", [2, 4, 6])
def test_powers_applied_to_a_start_are_repeated_products(law: str, order: int) -> None:
    steps = sp.Symbol("m", integer=True, positive=True)
    for width in (3, "n"):
        net = Ensemble(width=width, depth="L", activation="relu", init="he", law=law)
        transfer = transfer_matrix(net, order)
        start = {part: sp.Integer(2 + 3 * i) for i, part in enumerate(transfer.basis)}
        vector = sp.Matrix([start[part] for part in transfer.basis])
        for times in range(5):
            truth = vector[0].subs(n, 7)
            assert sp.expand(power_applied(transfer, start.__getitem__, sp.Integer(times)).subs(n, 7)) == truth
            if len(transfer.basis) < 3:
                closed = power_applied(transfer, start.__getitem__, steps).subs({n: 7, steps: times})
                assert sp.radsimp(sp.expand(closed)) == truth
            vector = transfer.matrix * vector
    if len(transfer.basis) > 2:
        with refused("depth", "terms", "no closed form"):
            power_applied(transfer, start.__getitem__, steps)
