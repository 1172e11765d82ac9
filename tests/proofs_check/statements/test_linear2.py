"""Claims about two linear layers are what theory derives, and their designed cases refute what random ones let pass."""

from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import simulate
from montecarlo.training.regression.pair_observables import PairFlow
from proofs_check.registry import own_statements
from proofs_check.statements.linear2 import margins, minimum_norm, random_starts, rates
from proofs_check.toolkit.rational_pairs import Spectra, random_pair
from proofs_check.verdict import Verdict
from theory.balls import enclose, precision
from theory.dynamics.linear_pairs.distances import distance_mean_bounds, orthonormal_distance
from theory.dynamics.linear_pairs.rates import distance_bound, loss_rate, margin_rate
from theory.dynamics.linear_pairs.scalar_pairs import scalar_time
from theory.ensembles import Ensemble

BY_ID = {statement.id: statement for statement in own_statements() if statement.topic == "linear2"}
few = settings(max_examples=15)
positive = st.fractions("1/9", 3, max_denominator=9).map(lambda x: sp.Rational(x.numerator, x.denominator))


def claim_of(name):
    return BY_ID[f"linear2.{name}"].claim


def near(claimed, derived):
    gap = enclose(sp.sympify(claimed - derived), 60)
    return bool(abs(gap) < enclose(sp.Rational(1, 10**30)))


@few
@given(st.sampled_from([(1, 1, 2), (2, 2, 4), (2, 1, 3), (1, 3, 5)]), st.integers(0, 99))
def test_rates_are_those_of_exact_networks(shape, seed):
    pair = random_pair(shape, seed)
    spectra = Spectra.of(pair, 30)
    with precision(30):
        rate = claim_of("rate")("rate", pair.spectrum, spectra.roots, spectra.r, spectra.m)
        assert rate.overlaps(pair.rate(30))
        assert abs(rate - pair.rate(30)) < 1e-20
        margin = pair.margin(30)
        at = margins.at_margin(spectra.r, spectra.m, margin)
        least = enclose(sp.Rational(str(min(pair.spectrum))), 30)
        speed = claim_of("margin-rate")("rate", least, spectra.roots, spectra.r, spectra.m, at)
        assert abs(speed - pair.margin_rate(30)) < 1e-15


@few
@given(positive, positive, positive, positive, positive)
def test_formulas_of_rates_are_those_that_theory_derives(alpha, beta, sigma, least, time):
    assert near(claim_of("rate")("rate", [least], (alpha, -beta), 1, 1), loss_rate(least, alpha + beta))
    claimed = claim_of("margin-rate")("rate", least, (alpha, -beta), 1, 1, (sigma**2, sigma**2))
    assert near(claimed, margin_rate(least, alpha, beta, beta, alpha, sigma, sigma))
    bound = claim_of("min-norm-distance")("square", time, least, 2 * least, alpha, beta, sigma / 2, sigma)
    assert near(bound, distance_bound(time, least, 2 * least, alpha, beta, sigma) ** 2)


@few
@given(positive, positive, positive, positive)
def test_the_time_is_the_one_that_theory_derives(c, lam, below, theta):
    start, end = theta - 2 * below, theta - below
    times = [claim_of("scalar-solution")(p, c / 2, -c / 2, lam, theta).time for p in (start, end)]
    assert near(times[1] - times[0], scalar_time(start, end, c, lam, theta))


@few
@given(st.lists(positive, min_size=2, max_size=2))
def test_the_distance_from_orthonormal_rows_is_the_one_that_theory_derives(values):
    assert near(claim_of("orthonormal-start")("distance", 9, 5, 2, 3, values), orthonormal_distance(9, 5, 2, 3, values))


@pytest.mark.parametrize(("h", "init", "a"), [(5, "1/5", "1/2"), (16, "1/8", "3/8"), (9, "1/81", "1")])
def test_the_range_is_the_one_that_theory_derives(h, init, a):
    claimed = claim_of("distance-law")(Ensemble(widths=(4, h, 1), init=init), "range", Fraction(2, 3))
    low, high = distance_mean_bounds(h, a, "2/3", 4)
    assert near(claimed.lo, low)
    assert near(claimed.hi, high)


@pytest.mark.parametrize(("what", "component"), [("readout", "readout"), ("distance", "off")])
def test_variances_are_those_of_samples(what, component):
    """Within 12 % for 40,000 networks, more than 6 standard errors of a variance."""
    net, flow = Ensemble(widths=(4, 6, 1), init="1/6"), PairFlow(random_starts.THETA)
    sample = np.exp(simulate(net, [flow], samples=40_000, seed=5)[flow].log_values(component))
    assert sample.var() == pytest.approx(random_starts.variance(net, what), rel=0.12)
    assert sample.mean() == pytest.approx(float(random_starts.distance_law(net, what)), rel=0.03)


# --- designed cases ---------------------------------------------------------------------------------------------------


def verdicts(name, claim):
    return [evidence.examine(claim).verdict for evidence in BY_ID[f"linear2.{name}"].evidence]


@pytest.mark.parametrize(
    ("options", "by_design"), [({"times": Fraction(1001, 1000)}, True), ({"times": Fraction(99, 100)}, False)]
)
def test_the_rate_is_pinned_to_a_thousandth_by_vectors_that_are_nearly_orthogonal(options, by_design):
    found = verdicts("rate", partial(rates.rate, **options))
    assert (found[2] is Verdict.REFUTED) == by_design


def test_half_the_exponent_is_refuted_by_the_growth_of_the_pair_alone():
    """For the distance itself it may be true: only q is part of the solution."""
    halved = partial(minimum_norm.near_minimum_norm, half=2)
    assert verdicts("min-norm-distance", halved)[2:] == [Verdict.SUPPORTED, Verdict.REFUTED]


def test_one_root_for_two_is_the_same_for_scalars_and_false_beyond():
    one = partial(margins.margin_rate, form="one root")
    found = verdicts("margin-rate", one)
    assert found[0] is Verdict.SUPPORTED
    assert Verdict.REFUTED in found
