"""A probability at all sample sizes: its ends solve the mixture's equation, and it holds at every size at once."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from montecarlo.intervals import clopper_pearson_interval, share_sequence
from theory.ensembles import InvalidArgument


def _mixed(prior, likelihood, at_end, t):
    return prior(t) * math.exp(likelihood(t) - at_end)


@pytest.mark.parametrize(("k", "n"), [(3, 10), (0, 7), (40, 40), (17, 400)])
def test_the_ends_are_where_the_mixture_reaches_the_threshold(k, n):
    """The likelihood ratio is integrated over the mixture, not taken from a formula."""
    found = share_sequence(k, n, 0.01)
    for end in (found.lo, found.hi):
        if 0 < end < 1:
            prior = stats.beta(0.5, 0.5).pdf
            likelihood = partial(stats.binom.logpmf, k, n)
            ratio = partial(_mixed, prior, likelihood, likelihood(end))
            mixed, _ = integrate.quad(ratio, 0, 1, limit=200, points=[k / n] if 0 < k < n else None)
            assert mixed == pytest.approx(100, rel=1e-4)
    assert found.lo == 0 if k == 0 else found.lo < k / n
    assert found.hi == 1 if k == n else found.hi > k / n


def test_few_of_many_runs_ever_miss():
    """Of 2000 runs of 400 trials fewer than 2000*0.1 + 6 sd miss at any size; error probability 1e-9."""
    rng, p, error = np.random.default_rng(7), 0.3, 0.1
    counts = np.cumsum(rng.random((2000, 400)) < p, axis=1)
    missed = np.zeros(2000, dtype=bool)
    for n in range(1, 401, 9):
        column = counts[:, n - 1]
        ends = {k: share_sequence(int(k), n, error) for k in np.unique(column)}
        missed |= np.array([not ends[k].lo <= p <= ends[k].hi for k in column])
    assert missed.sum() < 200 + 6 * math.sqrt(2000 * 0.09)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 10**6), st.floats(0, 1), st.sampled_from([0.1, 1e-6, 1e-300]))
def test_it_holds_the_interval_of_one_size(n, share, error):
    k = round(share * n)
    always, once = share_sequence(k, n, error), clopper_pearson_interval(k, n, error)
    assert always.lo <= once.lo + 1e-12
    assert always.hi >= once.hi - 1e-12


def test_it_is_the_mirror_of_the_opposite_event():
    one, other = share_sequence(3, 50, 1e-3), share_sequence(47, 50, 1e-3)
    assert one.lo == pytest.approx(1 - other.hi)
    assert one.hi == pytest.approx(1 - other.lo)


@pytest.mark.parametrize(("k", "n", "error"), [(3, 2, 0.1), (-1, 2, 0.1), (0, 0, 0.1), (1, 2, 0.0), (0.5, 2, 0.1)])
def test_bad_arguments_are_refused(k, n, error):
    with pytest.raises(InvalidArgument):
        share_sequence(k, n, error)
