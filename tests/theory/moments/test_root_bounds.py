"""Bounds on the mean norm for any law: against every discrete weight, directions at random, and exact probabilities."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import ActivationNorms, GradientNorms, clopper_pearson_interval, simulate
from tests.theory.small_networks import discrete_laws, refused, vectors
from theory.ensembles import Ensemble, Law
from theory.log_laws.feasible_widths import exceedance
from theory.log_laws.log_norms import LogNormLaw
from theory.log_laws.tail_bounds import tail_bound
from theory.moments.root_bounds import (
    gradient_root_tail_bound,
    layer_root_bound,
    root_polynomial,
    root_tail_bound,
)

RELU = Ensemble(width="n", depth="L", activation="relu", init="he")


def mean_ratio(net: Ensemble, direction: tuple[Fraction, ...]) -> float:
    """E|phi(W u)|/|u| over every discrete matrix."""
    n_in, n_out = net.width_at(0), net.width_at(1)
    values, chances = zip(*net.law.atoms, strict=True)
    size = math.sqrt(float(net.variance(1)) / float(net.law.variance))
    u = np.array(direction, dtype=float)
    total = 0.0
    for picked in itertools.product(range(len(values)), repeat=n_in * n_out):
        w = size * np.array([float(values[i]) for i in picked]).reshape(n_out, n_in)
        z = w @ u
        z = np.where(z > 0, z, float(Fraction(net.slope)) * z)
        total += math.prod(float(chances[i]) for i in picked) * float(np.linalg.norm(z))
    return total / float(np.linalg.norm(u))


@settings(max_examples=8, deadline=None)
@given(st.data(), st.sampled_from([(2, 2), (3, 1), (1, 3), (2, 1)]), st.sampled_from(["relu", "linear", "leaky:1/4"]))
def test_no_direction_beats_the_bound(data: st.DataObject, widths: tuple[int, ...], activation: str) -> None:
    net = Ensemble(widths=widths, activation=activation, init="he", law=data.draw(discrete_laws(most=3)))
    direction = data.draw(vectors(widths[0]))
    assert mean_ratio(net, direction) <= float(layer_root_bound(net)) * (1 + 1e-12)


def test_single_entries_of_signs_meet_the_bound() -> None:
    net = Ensemble(widths=(3, 3), init="xavier", law="rademacher")
    assert layer_root_bound(net) == 1 == pytest.approx(mean_ratio(net, (1, 0, 0)))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6).filter(lambda p: sum(p) > 0.1))
def test_power_sums_lie_below_the_line_and_above_the_square(raw: list[float]) -> None:
    p = np.array(raw) / sum(raw)
    q2, q3, n = float(np.sum(p**2)), float(np.sum(p**3)), len(p)
    assert q2**2 <= q3 * (1 + 1e-12)
    assert q3 <= 1 / n**2 + (q2 - 1 / n) * (1 + 1 / n) + 1e-12


def test_a_law_whose_worst_direction_is_neither_flat_nor_single() -> None:
    law = Law.from_moments("between", {2: 1, 4: 9, 6: 82})  # the cumulants are 6 and -23
    net = Ensemble(widths=(4, 4), init="1/4", law=law)
    bound = layer_root_bound(net)
    n, m = 4, 4

    def polynomial(q2: float, q3: float) -> float:
        second, third = 3 + 6 * q2, 15 + 90 * q2 - 23 * q3  # moments of w . u, of order 4 and 6
        fourth = (m * second + m * (m - 1)) / m**2
        sixth = (m * third + 3 * m * (m - 1) * second + m * (m - 1) * (m - 2)) / m**3
        return 1 - (fourth - 1) / 8 + (sixth - 3 * fourth + 2) / 16

    worst = max(polynomial(q, q**2) for q in np.linspace(1 / n, 1, 2001))
    assert worst < 1
    assert float(bound) == pytest.approx(worst, rel=1e-6)


@pytest.mark.parametrize("degree", [3, 5])
@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_the_polynomial_is_above_the_mean_root_of_normal_layers(degree: int, activation: str) -> None:
    net = Ensemble(width="n", depth="L", activation=activation, init="he")
    formula = root_polynomial(net, degree)
    (n,) = formula.free_symbols
    ends = {1: 0.0, 6: 0.0, 60: 0.0}
    for width in ends:
        exact = tail_bound(LogNormLaw(net.at(width=width, depth=1, input="e1")), 1)
        ends[width] = float(formula.subs(n, width)) - float(sp.N(exact.doit(), 25))
    assert min(ends.values()) > 0
    assert ends[60] < 100 * 60 ** (-(degree + 1) / 2)


def test_normal_layers_have_the_polynomial_whatever_the_direction() -> None:
    assert layer_root_bound(RELU.at(width=12, depth=1)) == root_polynomial(RELU).subs(
        sp.Symbol("n", integer=True, positive=True), 12
    )


def test_the_bounds_lie_above_probabilities() -> None:
    net = RELU.at(width=12, depth=24)
    assert exceedance(net, "1/4") < root_tail_bound(net, "1/4")
    uniform = net.at(law="uniform", readout="signs")
    last, first = ActivationNorms(layers=(24,)), GradientNorms(layers=(2,))
    run = simulate(uniform, [last, first], samples=3_000, seed=3)
    for one, name, bound in (
        (last, "a_24", root_tail_bound(uniform, 2)),
        (first, "G_2", gradient_root_tail_bound(uniform, 2)),
    ):
        reached = int((run[one].log_values(name) >= math.log(2)).sum())
        assert clopper_pearson_interval(reached, 3_000, 1e-9).lo < bound < 0.6


def test_gradients_have_one_layer_fewer() -> None:
    net = RELU.at(width=9, depth=7, law="uniform")
    assert gradient_root_tail_bound(net, 1) == root_tail_bound(net.at(depth=6), 2)
    forward = root_tail_bound(net, 1, layer=3)
    assert forward == root_tail_bound(net.at(depth=3), 1)
    uneven = Ensemble(widths=(3, 4, 9), activation="relu", init="1/2", law="uniform", readout="signs")
    assert gradient_root_tail_bound(uneven, "1/2", 2) == layer_root_bound(uneven, 1) < 1
    backward = uneven.at(widths=(9, 4, 3))
    assert gradient_root_tail_bound(backward, "1/2", 1) == layer_root_bound(uneven, 1)
    assert layer_root_bound(uneven, 1) != layer_root_bound(uneven.at(widths=(4, 4, 9)), 1)


@pytest.mark.parametrize(
    ("call", "argument", "words"),
    [
        (lambda: root_polynomial(RELU.at(law="uniform")), "law", "needs normal weights"),
        (lambda: root_polynomial(RELU, 4), "degree", "must be 3, 5, 7 or 9"),
        (lambda: root_polynomial(Ensemble(widths=(2, 3), init="he")), "widths", "differ"),
        (lambda: layer_root_bound(RELU), "width", "needs a number"),
        (lambda: layer_root_bound(RELU.at(width=3, depth=3), 0), "layer", "numbered from 1"),
        (lambda: root_tail_bound(RELU.at(width=3, depth=3), 0), "c", "must be positive"),
        (lambda: root_tail_bound(RELU.at(width=3, depth=3), 1, "k"), "layer", "needs a number"),
        (lambda: root_tail_bound(RELU.at(width=3, depth=3, init="orthogonal"), 1), "init", "independent ones"),
        (lambda: gradient_root_tail_bound(RELU.at(width=3, depth=3, law="rademacher"), 1), "law", "has atoms"),
    ],
)
def test_bad_input_is_refused(call, argument: str, words: str) -> None:
    with refused(argument, words):
        call()
