"""Thresholds where a discrete law has atoms, against the exact law of tiny networks.

Error probabilities: 1e-9 for each interval.
"""

import math
from fractions import Fraction

import numpy as np
import pytest

from montecarlo import ActivationNorms, simulate
from montecarlo.rounding import Rounding
from montecarlo.ties import Count, count_reaching, square_unit
from tests.montecarlo.exact_laws import law_of_square
from theory.ensembles import Ensemble, InvalidArgument, Law

MIXED = Law.discrete({"-1/3": "1/4", "1/3": "1/4", -1: "1/4", 1: "1/4"}, "mixed")
SPARSE = Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"}, "sparse")
NETS = [
    Ensemble(width=4, depth=1, law="rademacher"),
    Ensemble(width=2, depth=3, law="rademacher", activation="leaky:1/3", init="2/7"),
    Ensemble(width=2, depth=2, law="rademacher", activation="relu", init="he", input="-1/2,1/3"),
    Ensemble(widths=(3, 2, 2), law=SPARSE, activation="leaky:2/5"),
    Ensemble(width=3, depth=1, law=MIXED, init="1/3", input="1,1/3,2"),
    Ensemble(width=1, depth=4, law=MIXED, activation="relu", init="he"),
]
ERROR = 1e-9


def measured(net, samples=4000, **options):
    last = ActivationNorms((int(net.depth),))
    return simulate(net, [last], samples=samples, seed=5, **options)[last], f"a_{net.depth}"


@pytest.mark.parametrize("net", NETS, ids=repr)
def test_every_value_is_a_whole_multiple_of_the_unit(net):
    for layer in range(int(net.depth) + 1):
        unit = square_unit(net, layer)
        assert all((value / unit).denominator == 1 for value in law_of_square(net, layer))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("net", NETS, ids=repr)
def test_ties_are_decided(net, dtype):
    """At, just below and just above the heaviest atoms: nothing is left open, and the interval holds the truth."""
    law = law_of_square(net, int(net.depth))
    readings, component = measured(net, dtype=dtype)
    unit = square_unit(net, int(net.depth))
    for atom in sorted((value for value in law if value), key=law.get)[-3:]:
        for threshold in (atom, atom * (1 + Fraction(1, 10**17)), atom * (1 - Fraction(1, 10**17))):
            for strict in (False, True):
                truth = sum(p for value, p in law.items() if value > threshold or (value == threshold and not strict))
                found = readings.share_reaching(threshold, component, ERROR, strict=strict, unit=unit)
                assert "both ways" not in found.method
                assert found.lo <= truth <= found.hi


def test_without_a_unit_both_ways_are_covered():
    net = NETS[0]
    law, (readings, component) = law_of_square(net, 1), measured(net)
    found = readings.share_reaching("1/2", component, ERROR)
    assert "both ways" in found.method
    assert found.lo < sum(p for value, p in law.items() if value > Fraction(1, 2)) < found.value
    assert found.value == readings.share_reaching("1/2", component, ERROR, unit=square_unit(net, 1)).value


@pytest.mark.parametrize("net", NETS, ids=repr)
@pytest.mark.parametrize("keep", [True, False])
def test_quantiles_hold_the_atoms_that_they_are(net, keep):
    law = law_of_square(net, int(net.depth))
    readings, component = measured(net, keep_values=keep)
    for p in (Fraction(1, 4), Fraction(1, 2), Fraction(9, 10)):
        quantile = min(value for value in law if sum(q for other, q in law.items() if other <= value) >= p)
        found = readings.quantile(float(p), component, ERROR)
        assert found.lo <= (math.log(quantile) if quantile else -math.inf) <= found.hi


def test_where_rounding_is_coarser_than_the_unit_nothing_is_decided():
    logs = np.log([1.0, 1.0 + 1e-9])
    fine, coarse = Fraction(1, 2), Fraction(1, 10**9)
    assert count_reaching(logs, Fraction(1), Rounding(1e-8), unit=fine) == Count(2, 2, 2, 2)
    assert count_reaching(logs, Fraction(1), Rounding(1e-8), unit=coarse) == Count(0, 2, 2, 2)
    assert count_reaching(logs, Fraction(1), Rounding(1e-8), unit=coarse, strict=True) == Count(0, 0, 2, 2)


def test_dead_networks_reach_nothing():
    logs = np.array([-math.inf, 0.0])
    assert count_reaching(logs, Fraction(1, 10**400), Rounding(1e-12, 1e-12)) == Count(1, 1, 1, 2)


@pytest.mark.parametrize(
    "net",
    [
        Ensemble(width=4, depth=2),
        Ensemble(width=4, depth=2, init="orthogonal", activation="relu"),
        Ensemble(widths=(4, 2, 4), init="orthogonal"),
        Ensemble(width=4, depth=2, architecture="layernorm", activation="relu"),
        Ensemble(width=4, depth=2, law="rademacher", architecture="residual:1/2"),
    ],
    ids=repr,
)
def test_other_networks_have_no_unit(net):
    assert square_unit(net, 2) is None


@pytest.mark.parametrize(
    ("net", "square"),
    [
        (Ensemble(width=4, depth=3, init="orthogonal"), 1),
        (Ensemble(widths=(2, 3, 3), init="orthogonal", input="3,4/3"), Fraction(97, 9)),
        (Ensemble(width=5, depth=2, init="orthogonal", input="ones"), 5),
        (Ensemble(width=5, depth=3, architecture="layernorm"), 5),
    ],
    ids=repr,
)
@pytest.mark.parametrize("strict", [False, True])
def test_norms_that_are_the_same_for_all_networks_are_decided(net, square, strict):
    readings, component = measured(net, samples=500)
    unit = square_unit(net, int(net.depth))
    found = readings.share_reaching(square, component, ERROR, strict=strict, unit=unit)
    assert (found.value, "both ways" in found.method) == (0 if strict else 1, False)


def test_a_threshold_is_positive():
    readings, component = measured(NETS[0], samples=4)
    with pytest.raises(InvalidArgument, match="threshold: must be positive"):
        readings.share_reaching(0, component)
