"""Descent of diagonal networks: against a loop in plain Python, the flow's closed form, and data drawn again."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import simulate
from montecarlo.training.regression.sparse_descent import geometric_steps, sparse_descent
from montecarlo.training.regression.sparse_observables import SparsePaths, WindowErrors, two_bases
from theory.ensembles import Ensemble, InvalidArgument

SIGNS = Ensemble(widths=(12, 8), activation="linear", law="rademacher", init=1)


def by_hand(X, y, N, scale, eta, steps):
    """The code beside the paper, network by network: gradients of |y - Xw|^2/(2n) in u and v."""
    n, p = X.shape
    u, v = np.full(p, scale ** (1 / N)), np.full(p, scale ** (1 / N))
    for _ in range(steps):
        slope = X.T @ (X @ (u**N - v**N) - y) / n
        u, v = u - eta * N * u ** (N - 1) * slope, v + eta * N * v ** (N - 1) * slope
    return u**N - v**N


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 7), st.integers(1, 5), st.integers(1, 6), st.integers(1, 3), st.integers(0, 10**6))
def test_networks_in_lockstep_are_networks_one_by_one(N, n, p, m, seed):
    rng = np.random.default_rng(seed)
    X, noise = rng.choice([-1.0, 1.0], (m, n, p)), rng.standard_normal((m, n))
    signal = np.where(np.arange(p) < 1, 1.0, 0.0)
    y = X @ signal + 0.3 * noise
    gram, pull = np.matmul(X.transpose(0, 2, 1), X) / n, np.einsum("mnp,mn->mp", X, y) / n
    eta = 0.3 / (N**2 * p)
    path = sparse_descent(gram, pull, signal, depth=N, scale=0.02, learning_rate=eta, steps=(0, 3, 40))
    for t, steps in enumerate((0, 3, 40)):
        for i in range(m):
            w = by_hand(X[i], y[i], N, 0.02, eta, steps)
            assert path.coordinates[t, i] == pytest.approx(w, rel=1e-9, abs=1e-12)
            assert path.risk[t, i] == pytest.approx(((w - signal) ** 2).sum(), rel=1e-9, abs=1e-12)
            assert path.support_error[t, i] == pytest.approx(abs(w[0] - 1), rel=1e-9, abs=1e-12)
            assert path.off_support[t, i] == pytest.approx(np.abs(w[1:]).max(initial=0), rel=1e-9, abs=1e-12)
            assert path.l1_norm[t, i] == pytest.approx(np.abs(w).sum(), rel=1e-9, abs=1e-12)


def test_one_gram_matrix_serves_all():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((6, 4))
    gram, pull, signal = X.T @ X / 6, rng.standard_normal((5, 4)), np.array([1.0, 0, 0, 0])
    options = {"depth": 3, "scale": 1e-2, "learning_rate": 0.01, "steps": (50,)}
    shared = sparse_descent(gram, pull, signal, **options)
    each = sparse_descent(np.broadcast_to(gram, (5, 4, 4)), pull, signal, **options)
    assert shared.coordinates == pytest.approx(each.coordinates, rel=1e-12)


@pytest.mark.parametrize("N", [2, 3, 4])
def test_small_steps_follow_the_flow(N):
    """On an orthonormal design for N = 2 the flow's time is known; beyond, steps are halved until they agree."""
    z, eta = 1.0, 2e-4
    steps = (1_000, 5_000, 20_000)
    fine = sparse_descent([[1.0]], [[z]], [z], depth=N, scale=1e-3, learning_rate=eta, steps=steps)
    coarse = sparse_descent(
        [[1.0]], [[z]], [z], depth=N, scale=1e-3, learning_rate=2 * eta, steps=tuple(s // 2 for s in steps)
    )
    assert fine.coordinates == pytest.approx(coarse.coordinates, rel=2e-2)
    if N == 2:
        for t, w in zip(steps, fine.coordinates[:, 0, 0], strict=True):
            b = 2e-3
            R = np.hypot(z, b)
            time = np.log(z * (w * z + b**2 + R * np.hypot(w, b)) / ((z - w) * b * (b + R))) / (4 * R)
            assert time == pytest.approx(t * eta, rel=5e-3)


def test_negative_leaks_count():
    """The code beside the paper takes a maximum without absolute values, and misses them."""
    path = sparse_descent(np.eye(2), [[1.0, -0.5]], [1.0, 0.0], depth=2, scale=1e-3, learning_rate=0.05, steps=(400,))
    assert path.off_support[-1, 0] == pytest.approx(0.5, abs=1e-3)
    assert path.coordinates[-1, 0, 1] < 0


def test_steps_grow_geometrically():
    steps = geometric_steps(1_000)
    assert steps[0] == 1
    assert steps[-1] == 1_000
    assert all(later > sooner for sooner, later in pairwise(steps))
    assert sum(100 < step <= 1_000 for step in steps) == 24


def test_the_observable_measures_the_drawn_data():
    """One chunk, drawn again: the matrix is the design, and the readout times sqrt(n) the noise."""
    paths = SparsePaths(3, 1e-3, support=2, noise=0.5, learning_rate=0.02, steps=300, stop=100)
    logs = simulate(SIGNS, [paths, _Kept()], samples=5, seed=9)
    designs, noise = _Kept.taken[-1]
    found = logs[paths]
    for i in range(5):
        signal = np.where(np.arange(12) < 2, 1.0, 0.0)
        y = designs[i] @ signal + 0.5 * noise[i]
        for component, steps in (("stopped", 100), ("last", 300)):
            w = by_hand(designs[i], y, 3, 1e-3, 0.02, steps)
            assert np.exp(found.log_values(component)[i]) == pytest.approx(((w - signal) ** 2).sum(), rel=1e-8)
        S = designs[i][:, :2]
        oracle = np.linalg.lstsq(S, y, rcond=None)[0]
        assert np.exp(found.log_values("oracle")[i]) == pytest.approx(((oracle - 1) ** 2).sum(), rel=1e-8)
    assert found.log_values("last/best") == pytest.approx(found.log_values("last") - found.log_values("best"))
    assert found.log_values("best/oracle") == pytest.approx(found.log_values("best") - found.log_values("oracle"))


class _Kept:
    """Keeps what was drawn."""

    name = "_Kept"
    needs = frozenset({"weights"})
    taken: list = []  # noqa: RUF012

    def components(self, net):
        return ("none",)

    def measure(self, chunk):
        _Kept.taken.append((np.array(chunk.weights(1)), np.sqrt(8) * chunk.readout))
        return np.zeros((chunk.networks, 1))

    def __hash__(self):
        return 1


def test_an_orthonormal_design_has_columns_of_norm_root_n():
    net = Ensemble(width=8, depth=1, activation="linear", init="orthogonal")
    paths = SparsePaths(2, 1e-6, support=8, noise=0.1, learning_rate=0.1, steps=200)
    found = simulate(net, [paths], samples=50, seed=1)[paths]
    # all is support, so that the end is least squares: the oracle
    assert found.log_values("last") == pytest.approx(found.log_values("oracle"), abs=1e-3)


def test_absolute_and_relative_windows():
    paths = SparsePaths(2, 1e-3, support=2, noise=0.0, learning_rate=0.02, steps=400, level=1e-9)
    found = simulate(SIGNS, [paths], samples=20, seed=2)[paths]
    assert set(found.log_values("good")) == {-np.inf}
    assert (found.log_values("good/own") >= 0).all()
    assert "oracle" not in found.components


def test_the_certified_window_is_measured_on_the_fixed_design():
    net = Ensemble(widths=(32, 16), activation="linear", law="rademacher", init=1)
    errors = WindowErrors(2, 3, 1e-6, support=1, noise=0.1, learning_rate=0.05, opens=50, closes=60, late=60)
    found = simulate(net, [errors], samples=40, seed=3)[errors]
    X = two_bases(2)
    assert np.abs(X.T @ X - 16 * np.eye(32)).max() == 4
    assert (found.log_values("support") >= found.log_values("oracle")).all()
    assert found.log_values("support/noise") == pytest.approx(found.log_values("support") - found.log_values("noise"))
    assert (found.log_values("late") <= found.log_values("off") + 1e-12).all()


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: run(gram=np.eye(3)), "gram: has shape"),
        (lambda: run(correlation=[1.0, 2.0]), "correlation: has shape"),
        (lambda: run(signal=[[1.0]]), "signal: has shape"),
        (lambda: run(depth=1), "depth: must be an integer from 2 to 64"),
        (lambda: run(scale=0), "scale: must be positive"),
        (lambda: run(steps=()), "steps: must be a sequence of integers"),
        (lambda: run(steps=(3, 2)), "steps: must increase"),
        (lambda: run(learning_rate=50.0), "learning_rate: 50 lets a network diverge within"),
        (lambda: SparsePaths(3, 1e-3, 0, 0.1, 0.1, 10), "support: must be an integer"),
        (lambda: SparsePaths(3, 1e-3, 1, -0.1, 0.1, 10), "noise: must be finite and not negative"),
        (lambda: SparsePaths(3, 1e-3, 1, 0.1, 0.1, 10, stop=11), "stop: must be an integer from 0 to 10"),
        (lambda: SparsePaths(3, 1e-3, 13, 0.1, 0.1, 10).components(SIGNS), "support: 13 is more than the 12 features"),
        (lambda: SparsePaths(3, 1e-3, 1, 0.1, 0.1, 10).components(Ensemble(2, 2)), "net: must have one matrix"),
        (lambda: WindowErrors(2, 3, 1e-3, 1, 0.1, 0.1, 5, 4, 6), "closes: must lie between opens and late"),
        (lambda: WindowErrors(2, 3, 1e-3, 1, 0.1, 0.1, 5, 8, 9).components(SIGNS), "widths: must end in 16 units"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(refused, message):
    with pytest.raises(InvalidArgument, match="^" + message):
        refused()


def run(**changes):
    options = {"gram": np.eye(2), "correlation": [[1.0, 0.1]], "signal": [1.0, 0.0], "depth": 3, "scale": 1e-3}
    options |= {"learning_rate": 0.05, "steps": (500,)} | changes
    gram, correlation, signal = (options.pop(name) for name in ("gram", "correlation", "signal"))
    return sparse_descent(gram, correlation, signal, **options)


def test_short_repr():
    assert repr(run()) == "SparsePath(1 network, measured 1 time in 500 steps)"
