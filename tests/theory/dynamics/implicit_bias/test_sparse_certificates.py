"""The coherence certificate against SciPy's ODE solver on coupled networks, and exact designs against SciPy's."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import hadamard

from theory.balls import enclose
from theory.dynamics.implicit_bias.sparse_certificates import (
    coherence_certificate,
    noise_bound,
    oracle_distance,
    oracle_risk_bound,
)
from theory.dynamics.implicit_bias.two_basis_designs import coherence, two_basis_design
from theory.ensembles import InvalidArgument


@pytest.mark.parametrize("q", [1, 2, 3])
def test_the_two_bases_are_orthogonal_and_as_incoherent_as_can_be(q):
    X = two_basis_design(q)
    n = 4**q
    assert (X[:, :n] == hadamard(n)).all()
    assert set(np.unique(X).tolist()) == {-1, 1}
    gram = X.T @ X
    assert (gram[:n, :n] == n * np.eye(n)).all()
    assert (gram[n:, n:] == n * np.eye(n)).all()
    assert set(np.abs(gram[:n, n:]).ravel().tolist()) == {2**q}
    assert coherence(X) == Fraction(1, 2**q)


def flow(X, y, N, alpha, times):
    n, p = X.shape

    def field(_, state):
        u, v = state[:p], state[p:]
        g = X.T @ (y - X @ (u**N - v**N)) / n
        return np.concatenate([N * u ** (N - 1) * g, -N * v ** (N - 1) * g])

    found = solve_ivp(field, (0, times[-1]), np.full(2 * p, alpha), method="LSODA", rtol=1e-8, atol=1e-11, t_eval=times)
    return (found.y[:p] ** N - found.y[p:] ** N).T


@settings(max_examples=6, deadline=None)
@given(
    st.sampled_from([(3, 1e-2), (4, 1e-2)]),
    st.lists(st.sampled_from([1, -1, 2]), min_size=1, max_size=1),
    st.integers(0, 31),
    st.integers(0, 10**6),
)
def test_the_flow_keeps_to_its_window(case, entries, place, seed):
    """Signals of any sign and place on the design of 16 rows, with any noise below its bound."""
    N, alpha = case
    X, rng = two_basis_design(2).astype(float), np.random.default_rng(seed)
    signal = np.zeros(32)
    signal[place] = entries[0]
    noise = 0.1 * rng.standard_normal(16)
    y, zeta = X @ signal + noise, float(np.abs(X.T @ noise / 16).max())
    found = coherence_certificate(
        N, Fraction(alpha).limit_denominator(10**6), entries, 32, "1/4", Fraction(zeta) * Fraction(101, 100), "1/1000"
    )
    opens, closes, error = (float(enclose(x)) for x in (found.opens, found.closes, found.support_error))
    off = np.arange(32) != place
    for w in flow(X, y, N, alpha, np.linspace(opens, min(closes, 3 * opens), 4)):
        assert abs(w[place] - signal[place]) <= error
        assert np.abs(w[off]).max() <= 1e-3
    least_squares = X[:, place] @ y / 16
    far = float(oracle_distance("1/4", 1, 32, Fraction(float(np.abs(w[off]).max()))))
    assert abs(w[place] - least_squares) <= far + 1e-6


def test_signals_of_different_sizes_have_their_precision_from_the_largest():
    """Stage 1 alone: kappa is relative to each entry, so that its error is that of the largest."""
    alone = {"kappa": "1/10", "stages": 1}
    equal = coherence_certificate(3, "1/1000", [1, 1], 128, "1/1000", "1/1000", "1/100", **alone)
    larger = coherence_certificate(3, "1/1000", [1, 4], 128, "1/1000", "1/1000", "1/100", **alone)
    assert float(larger.support_error) == pytest.approx(0.4, abs=0.01)
    assert float(equal.support_error) == pytest.approx(0.1, abs=0.01)


def test_the_numbers_add_up():
    found = coherence_certificate(3, "1/100", [1, -1], 128, "1/8", "7/200", "1/1000")
    first, *_, last = found.disturbances
    assert first == sp.Rational(1, 8) * (2 + sp.Rational(126, 1000)) + sp.Rational(7, 200)
    assert found.support_error == sp.Rational(13, 10) * last
    assert enclose(found.opens - sum(found.durations)).contains(0)
    assert all(
        float(enclose(later)) < float(enclose(sooner))
        for sooner, later in zip(found.disturbances, found.disturbances[1:], strict=False)
    )
    assert repr(found) == "Certificate([48.71, 249.3], 0.1049 on the support, 0.001 off it)"


def test_fewer_stages_end_sooner_with_a_larger_error():
    short, long = (
        coherence_certificate(3, "1/100", [1, 1], 128, "1/8", "7/200", "1/1000", stages=stages) for stages in (1, 9)
    )
    assert enclose(short.opens) < enclose(long.opens)
    assert enclose(long.support_error) < enclose(short.support_error)
    assert len(long.durations) < 9


@pytest.mark.parametrize("columns", [(0, 64), (1, 2, 70), (0, 65, 3, 100)])
def test_the_risk_of_least_squares_is_below_its_bound(columns):
    X = two_basis_design(3)[:, list(columns)].astype(float)
    exact = 0.01 * np.trace(np.linalg.inv(X.T @ X))
    bound = float(oracle_risk_bound("1/10", 64, len(columns), "1/8"))
    assert len(columns) * 0.01 / 64 <= exact * (1 + 1e-12) <= bound * (1 + 1e-12)


def test_noise_exceeds_its_bound_in_few_draws():
    """Binomial: 1,000 draws that each exceed with probability below 1/10 do so 150 times with probability 1e-7."""
    rng, X = np.random.default_rng(1), two_basis_design(2)
    noise = rng.standard_normal((1_000, 16))
    exceeds = np.abs(noise @ X / 16).max(axis=1) > float(enclose(noise_bound(1, 32, 16, "1/10")))
    assert exceeds.sum() < 150


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: two_basis_design(0), "order: must be from 1 to 6, got 0"),
        (lambda: coherence(np.eye(2)), "design: must be a matrix of integers"),
        (lambda: coherence(np.array([[1, 2], [1, 1]])), "design: has a column whose squared norm is not n"),
        (lambda: coherence_certificate(3, "1/100", [], 8, "1/8", 0, "1/10"), "signal: must be a sequence of numbers"),
        (lambda: coherence_certificate(3, "1/100", [1, 0], 8, "1/8", 0, "1/10"), "signal: must be a sequence"),
        (lambda: coherence_certificate(3, "1/100", [1], 0, "1/8", 0, "1/10"), "features: must be an integer, at least"),
        (
            lambda: coherence_certificate(3, "1/100", [1] * 5, 200, "2/5", 0, "1/1000"),
            "coherence: leaves a disturbance",
        ),
        (lambda: coherence_certificate(2, "1/10", [1], 32, "1/4", "1/20", "1/50"), "start: lets coordinates off the"),
        (lambda: oracle_distance("1/2", 3, 8, "1/10"), "coherence: times k - 1 must be below 1, got 1"),
        (lambda: oracle_risk_bound(0, 64, 2, "1/8"), "sigma: must be positive"),
        (lambda: noise_bound(1, 2, 3, 0), "delta: must be positive"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(refused, message):
    with pytest.raises(InvalidArgument, match="^" + message):
        refused()
