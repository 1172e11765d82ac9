import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo import ChainHessian, Chunk
from montecarlo.curvature.width_one import chain_hessian_logs
from theory.ensembles import Ensemble, InvalidArgument, Law


def dense(w, factor):
    """The Hessian by its definition: products of all other weights."""
    L = len(w)
    h = np.zeros((L, L))
    for j in range(L):
        for k in range(L):
            if j != k:
                h[j, k] = factor * math.prod(w[i] for i in range(L) if i not in (j, k))
    return h


def dense_logs(w, factor):
    h = dense(w, factor)
    eigenvalues = np.linalg.eigvalsh(h)
    with np.errstate(divide="ignore"):
        return np.log([np.linalg.norm(h, 2), eigenvalues[-1], -eigenvalues[0], np.linalg.norm(h)])


def assert_matches(w, factor, tolerance=1e-12):
    actual = chain_hessian_logs(np.array([w]), np.array([factor]))[0]
    np.testing.assert_allclose(actual, dense_logs(w, factor), rtol=0, atol=tolerance)


@pytest.mark.parametrize("L", range(2, 13))
def test_dense_hessian(L):
    rng = np.random.default_rng(L)
    for _ in range(50):
        assert_matches(rng.standard_normal(L), rng.standard_normal(), tolerance=5e-12)  # eigvalsh itself errs


@given(
    st.lists(st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1 + 1e-15, 1 + 1e-9, 3.0]), min_size=2, max_size=8),
    st.sampled_from([-1.5, 1.0]),
)
def test_ties_near_ties_and_zeros(w, factor):
    h = dense(w, factor)
    actual = np.exp(chain_hessian_logs(np.array([w]), np.array([factor]))[0])
    eigenvalues = np.linalg.eigvalsh(h)
    expected = [np.max(np.abs(eigenvalues)), eigenvalues[-1], -eigenvalues[0], np.linalg.norm(h)]
    np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=0)


def test_all_equal():
    """H = f w^-2 (ones - identity): eigenvalues L - 1 and -1 times f/w^2."""
    L, w = 7, -0.3
    logs = chain_hessian_logs(np.full((1, L), w), np.array([2.0]))[0]
    size = 2 * 0.3 ** (L - 2)
    expected = np.log([6 * size, size, 6 * size, math.sqrt(L * (L - 1)) * size])  # f < 0
    np.testing.assert_allclose(logs, expected, rtol=1e-13)


def test_secular_equations_in_high_precision_at_extreme_scales():
    """u^2 from 1e-300 to 1e300 within one chain: residual signs change across the root to 1e-12, in exact rationals."""
    from fractions import Fraction

    rng = np.random.default_rng(3)
    for L in (2, 3, 5, 20):
        for _ in range(10):
            w = 10.0 ** rng.uniform(-150, 150, L) * rng.choice([-1, 1], L)
            spectral, _, _, _ = chain_hessian_logs(w[None, :], np.array([1.0]))[0]
            log_f = float(np.sum(np.log(np.abs(w))))
            up, down, _, _ = spectral, *sorted(chain_hessian_logs(w[None, :], np.array([1.0]))[0][1:3]), 0
            u2 = [1 / Fraction(x) ** 2 for x in w]
            centre = float(np.mean(np.sort(-2 * np.log(np.abs(w)))[-2:]))
            for log_root, sign in ((up, 1), (down, -1)):
                relative = Fraction(math.exp(log_root - log_f - centre))
                unit = Fraction(2) ** round(centre / math.log(2))
                unit *= Fraction(math.exp(centre - round(centre / math.log(2)) * math.log(2)))
                signs = []
                for nudge in (-1, 1):
                    root = sign * relative * unit * (1 + nudge * Fraction(1, 10**11))
                    signs.append(sum(u / (u + root) for u in u2) > 1)
                largest, second = sorted(u2)[-1], sorted(u2)[-2]
                if sign == -1:
                    assert second * (1 - Fraction(1, 10**11)) <= relative * unit <= largest * (1 + Fraction(1, 10**11))
                assert signs[0] != signs[1]


def test_deep_chains_are_finite():
    net = Ensemble(width=1, depth=3_000, law="uniform")
    logs = ChainHessian().measure(Chunk(net, np.random.default_rng(0), 20, needs=frozenset({"weights"})))
    assert np.isfinite(logs).all()
    assert np.all(logs < -300)
    assert np.array_equal(logs[:, 0], np.max(logs[:, 1:3], axis=1))
    assert np.all(logs[:, 3] >= logs[:, 0])
    assert np.all(
        logs[:, 3] <= logs[:, 0] + math.log(2) / 2 + 1e-12
    )  # hollow: the others' squares sum to at most one's


def test_the_observable_measures_the_networks_weights():
    net = Ensemble(width=1, depth=5, law="uniform", input="3/2", readout="random")
    chunk = Chunk(net, np.random.default_rng(1), 30, needs=frozenset({"weights"}))
    logs = ChainHessian().measure(chunk)
    for i in range(30):
        w = [chunk.weights(k)[i, 0, 0] for k in range(1, 6)]
        np.testing.assert_allclose(logs[i], dense_logs(w, 1.5 * chunk.readout[i, 0]), rtol=0, atol=1e-11)


@pytest.mark.parametrize("t", [1e-300, 1e-100, 1e100, 1e300])
def test_a_zero_among_weights_of_any_size(t):
    """For w = (0, t, t) all entries but two, which are t, vanish; for w = (0, 0, t) all but one."""
    one = chain_hessian_logs(np.array([[0.0, t, t]]), np.array([1.0]))[0] - math.log(t)
    assert one == pytest.approx([*[math.log(2) / 2] * 3, math.log(2)], abs=1e-11)
    two = chain_hessian_logs(np.array([[0.0, 0.0, t]]), np.array([1.0]))[0] - math.log(t)
    assert two == pytest.approx([0, 0, 0, math.log(2) / 2], abs=1e-11)


def test_three_zeros_make_the_hessian_zero():
    assert np.all(np.isneginf(chain_hessian_logs(np.array([[0.0, 2.0, 0.0, 0.0]]), np.array([1.0]))))
    net = Ensemble(width=1, depth=6, law=Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"}))
    logs = ChainHessian().measure(Chunk(net, np.random.default_rng(0), 200, needs=frozenset({"weights"})))
    assert not np.isnan(logs).any()


@pytest.mark.parametrize(
    ("net", "argument"),
    [
        (Ensemble(width=2, depth=3), "width"),
        (Ensemble(widths=(1, 2, 1)), "width"),
        (Ensemble(width=1, depth=3, activation="relu"), "activation"),
        (Ensemble(width=1, depth=1), "depth"),
    ],
)
def test_other_networks_are_refused(net, argument):
    with pytest.raises(InvalidArgument) as refusal:
        ChainHessian().components(net)
    assert refusal.value.argument == argument
