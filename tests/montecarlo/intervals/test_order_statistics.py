import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.intervals import order_statistic_interval, order_statistic_ranks
from tests.montecarlo.intervals.binomials import binomial
from theory.ensembles import InvalidArgument


@pytest.mark.parametrize("n", [1, 2, 5, 20, 61])
@pytest.mark.parametrize("p", [Fraction(1, 2), Fraction(1, 10), Fraction(3, 4), Fraction(63, 64)])
@pytest.mark.parametrize("error", [0.3, 0.05, 1e-6])
def test_ranks_have_exactly_the_coverage_and_no_tighter_ones_do(n, p, error):
    r, s = order_statistic_ranks(n, float(p), error)
    law = binomial(n, p)
    half = Fraction(error) / 2
    assert sum(law[:r]) <= half  # X_(r) > q
    assert sum(law[s:]) <= half  # X_(s) < q
    assert sum(law[: r + 1]) > half * (1 - Fraction(1, 10**8))
    assert sum(law[s - 1 :]) > half * (1 - Fraction(1, 10**8))


@pytest.mark.parametrize("atom", [Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)])
@pytest.mark.parametrize("p", [Fraction(1, 4), Fraction(1, 2), Fraction(4, 5)])
def test_coverage_with_an_atom_at_minus_infinity(atom, p):
    """X = -inf with probability `atom`, else uniform on (0, 1). Coverage summed exactly over the law of the sample."""
    n, error = 30, 0.1
    q = -math.inf if p <= atom else float((p - atom) / (1 - atom))
    r, s = order_statistic_ranks(n, float(p), error)
    below = p if p > atom else atom  # P(X <= q)
    strictly = p if p > atom else Fraction(0)  # P(X < q)
    misses = sum(binomial(n, below)[:r]) + (sum(binomial(n, strictly)[s:]) if strictly else 0)
    assert misses <= Fraction(error)
    if q == -math.inf:
        values = np.concatenate([np.full(int(30 * atom), -np.inf), np.linspace(0.1, 0.9, int(30 * (1 - atom)))])
        assert order_statistic_interval(values, float(p), error).lo == -math.inf


@given(st.lists(st.floats(-10, 10) | st.just(-math.inf), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_the_interval_is_made_of_order_statistics(values, p):
    estimate = order_statistic_interval(values, p, error=0.1)
    r, s = order_statistic_ranks(len(values), p, 0.1)
    x = [-math.inf, *sorted(values), math.inf]
    assert (estimate.lo, estimate.hi) == (x[r], x[s])
    assert estimate.value == x[min(max(math.ceil(len(values) * p), 1), len(values))]
    assert estimate.lo <= estimate.value <= estimate.hi
    assert not math.isnan(estimate.half_width)


def test_ranks_at_a_million_samples_and_error_1e_12():
    """Within Hoeffding's bound, and symmetric at the median."""
    n = 10**6
    r, s = order_statistic_ranks(n, 0.5, 1e-12)
    assert r + s == n + 1
    reach = math.sqrt(n * math.log(2e12) / 2)
    assert 0.9 * reach < n / 2 - r < reach


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: order_statistic_interval([], 0.5, 0.1), "values"),
        (lambda: order_statistic_interval([math.nan], 0.5, 0.1), "values"),
        (lambda: order_statistic_interval([[1.0]], 0.5, 0.1), "values"),
        (lambda: order_statistic_interval([1.0], 1, 0.1), "p"),
        (lambda: order_statistic_interval([1.0], 0.5, 0), "error"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(InvalidArgument) as refusal:
        call()
    assert refusal.value.argument == argument
