"""Bounds between even orders: all discrete weights, normal weights, and where they are sharp."""

import itertools
from fractions import Fraction

import flint
import mpmath as mp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import refused
from theory.ensembles import Ensemble
from theory.log_laws.log_norms import LogNormLaw
from theory.log_laws.norm_moments import enclosed_norm_moment
from theory.moments.between_orders import bounded_moment


def mean_over_signs(net: Ensemble, order: Fraction) -> float:
    """E|a_L|^order over all weights that are signs."""
    shapes = [(int(net.width_at(k)), int(net.width_at(k - 1))) for k in range(1, int(net.depth) + 1)]
    count = sum(rows * columns for rows, columns in shapes)
    total = mp.mpf(0)
    for signs in itertools.product((-1, 1), repeat=count):
        drawn, square, vector = iter(signs), mp.mpf(1), [Fraction(entry) for entry in net.input]
        for k, (rows, columns) in enumerate(shapes, 1):
            sums = [sum(next(drawn) * vector[j] for j in range(columns)) for _ in range(rows)]
            vector = [max(entry, 0) if net.activation == "relu" else entry for entry in sums]
            square *= mp.mpf(net.variance(k).numerator) / net.variance(k).denominator
        square *= sum((mp.mpf(entry.numerator) / entry.denominator) ** 2 for entry in map(Fraction, vector))
        total += square ** (mp.mpf(order.numerator) / (2 * order.denominator))
    return float(total / 2**count)


@pytest.mark.parametrize("order", [Fraction(1, 2), 1, 3, 5, Fraction(7, 2)])
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_the_bounds_hold_over_all_signs(activation: str, order: Fraction) -> None:
    net = Ensemble(width=2, depth=2, law="rademacher", activation=activation, init="he", input=(1, 2))
    lower, upper = map(float, bounded_moment(net, order))
    true = mean_over_signs(net, Fraction(order))
    assert lower - 1e-12 <= true <= upper + 1e-12
    assert upper - lower < (0.12 if activation == "linear" or order > 1 else 0.7) * true  # many networks are at 0


def test_they_meet_where_the_law_has_few_points() -> None:
    net = Ensemble(width=2, depth=1, law="rademacher")  # |a|^2 is 0, 1 or 2
    for order in (1, 3):
        lower, upper = bounded_moment(net, order)
        assert float(lower) == pytest.approx(0.5 + 2 ** (order / 2) / 4, rel=1e-12)
        assert float(upper) == pytest.approx(float(lower), rel=1e-12)
    isometry = Ensemble(width=3, depth=4, init="orthogonal", input=(3, 0, 0))
    assert [float(bound) for bound in bounded_moment(isometry, 1)] == pytest.approx([3, 3])


@settings(max_examples=4, deadline=None)
@given(
    n=st.integers(1, 8),
    depth=st.integers(1, 5),
    order=st.fractions(Fraction(1, 3), 9, max_denominator=3),
    highest=st.sampled_from([4, 8, 12]),
)
def test_they_hold_for_normal_weights_and_more_moments_are_sharper(
    n: int, depth: int, order: Fraction, highest: int
) -> None:
    net = Ensemble(width=n, depth=depth, activation="relu", init="he")
    if order >= highest:
        return
    lower, upper = bounded_moment(net, order, highest=highest)
    true = enclosed_norm_moment(LogNormLaw(net), order, 20)
    assert not lower > true
    assert not upper < true
    sharper = bounded_moment(net, order)
    assert float(sharper[0]) >= float(lower) * (1 - 1e-12)
    assert float(sharper[1]) <= float(upper) * (1 + 1e-12)


def test_the_first_of_them_are_jensen_and_hoelder() -> None:
    net = Ensemble(width=3, depth=1, init=1, law="uniform", input=(1, 0, 0))
    lower, upper = bounded_moment(net, 1, highest=4)
    second, fourth = (bounded_moment(net, order)[0] for order in (2, 4))
    assert upper.overlaps(second.sqrt())
    assert lower.overlaps(flint.arb(second) ** 1 * (second / fourth).sqrt())


def test_what_has_no_bounds_is_refused() -> None:
    net = Ensemble(width=2, depth=2, law="uniform")
    with refused("order", "must be positive, got -1"):
        bounded_moment(net, -1)
    with refused("order", "must be below 12"):
        bounded_moment(net, 13)
    with refused("width", "needs a number"):
        bounded_moment(net.at(width="n"), 1)
