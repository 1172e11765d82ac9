import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.linalg import LinearOperator

import montecarlo.operators.traces as module
from montecarlo.curvature.loss_hessians import LossHessian
from montecarlo.curvature.networks import Network
from montecarlo.operators.traces import frobenius_estimate, hutch_plus_plus_trace, hutchinson_trace
from theory.ensembles import InvalidArgument

LAWS = ["signs", "normals"]
ERROR = 1e-9
"""Probability that one bound misses; there are under a thousand of them, for all seeds together."""


def symmetric(size, seed):
    g = np.random.default_rng(seed).standard_normal((size, size))
    return g + g.T


MATRICES = {
    "full": symmetric(20, 0),
    "hollow": np.ones((30, 30)) - np.eye(30),
    "traceless": np.diag(np.r_[np.ones(10), -np.ones(10)]),
    "rank one": np.outer(np.arange(25.0), np.arange(25.0)),
    "two by two": np.array([[0.0, 1.0], [1.0, 0.0]]),
    "one": np.array([[-3.0]]),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("samples", [12, 100, 2000])
def test_bounds_hold(name, law, samples):
    a = MATRICES[name]
    trace, frobenius = np.trace(a), np.linalg.norm(a)
    for seed in range(3):
        for method in (hutchinson_trace, hutch_plus_plus_trace):
            estimate = method(a, samples, seed, ERROR, law)
            assert abs(estimate.value - trace) <= estimate.relative_half_width * frobenius + 1e-9
            assert estimate.interval.lo - 1e-9 <= trace <= estimate.interval.hi + 1e-9
        norm = frobenius_estimate(a, samples, seed, ERROR)
        assert norm.lo <= frobenius <= norm.hi < math.inf


@pytest.mark.parametrize("law", LAWS)
def test_half_widths_are_the_stated_ones(law):
    c, a = {"signs": math.pi, "normals": 2.0}[law], MATRICES["hollow"]
    x = math.log(2 / 1e-6) / 500
    found = hutchinson_trace(a, 500, 0, 1e-6, law)
    assert found.relative_half_width == pytest.approx(c * (math.sqrt(x) + x), rel=1e-12)
    assert hutchinson_trace(a, 500, 0, 0.5, law).relative_half_width == pytest.approx(math.sqrt(4 / 500), rel=1e-12)
    rest = hutch_plus_plus_trace(a, 500, 0, 1e-6, law)
    y = math.log(2 / 1e-6) / (500 - 2 * 166)
    assert rest.relative_half_width == pytest.approx(c * (math.sqrt(y) + y), rel=1e-12)
    x = math.log(4 / 1e-6) / 500  # half the error for each of two bounds
    deviation = c * (math.sqrt(x) + x)
    if law == "signs":
        norm = found.frobenius / math.sqrt(1 - math.sqrt(6 * math.log(2 / 1e-6) / 500))
    else:
        norm = frobenius_estimate(a, 500, 0, 1e-6)
        norm = found.frobenius * norm.hi / norm.value  # the same tail: log(2/error) of N products
    assert found.interval.half_width == pytest.approx(deviation * norm, rel=1e-9)


def test_tails_of_the_frobenius_norm_solve_their_equation():
    found = frobenius_estimate(MATRICES["full"], 40, 3, 1e-5)
    for end in (found.lo, found.hi):
        r = (found.value / end) ** 2
        assert 40 / 2 * (r - 1 - math.log(r)) == pytest.approx(math.log(2 / 1e-5), rel=1e-9)
    assert found.lo < found.value < found.hi


def test_moment_generating_function_of_signs_is_below_that_of_normals():
    """E exp(t e^T A e) <= E exp((pi/2) t g^T A g) for hollow A, exactly: all signs, and the eigenvalues' formula."""
    for size, seed in product((2, 3, 6, 9), range(5)):
        a = symmetric(size, seed)
        np.fill_diagonal(a, 0)
        signs = np.array(list(product([-1.0, 1.0], repeat=size)))
        forms = np.einsum("si,ij,sj->s", signs, a, signs)
        for t in (0.1, 0.5, 0.9):
            t /= math.pi * np.linalg.norm(a, 2)
            normal = np.prod(1 - math.pi * t * np.linalg.eigvalsh(a)) ** -0.5
            assert np.mean(np.exp(t * forms)) <= normal
            v = math.pi**2 / 2 * np.linalg.norm(a) ** 2
            assert math.log(normal) <= t**2 * v / (2 * (1 - math.pi * t * np.linalg.norm(a, 2)))
        squares = np.einsum("si,ij,sj->s", signs, a @ a, signs)
        assert np.mean(squares) == pytest.approx(np.linalg.norm(a) ** 2)
        assert np.mean(squares**2) <= 3 * np.linalg.norm(a) ** 4
        assert np.mean(forms**2) == pytest.approx(2 * np.linalg.norm(a) ** 2)  # the variance of a probe


@given(st.integers(1, 40), st.integers(0, 10**6))
def test_an_exhausted_subspace_leaves_no_error(size, seed):
    """With normals: of few signs some may be multiples of others, and do not span the range."""
    rank = min(size, 3)
    v = np.random.default_rng(seed).standard_normal((size, rank))
    a = v @ np.diag([3.0, -2.0, 1.0][:rank]) @ v.T
    found = hutch_plus_plus_trace(a, 12, seed, 1e-6, "normals")
    assert found.value == pytest.approx(np.trace(a), abs=1e-9 * np.linalg.norm(a))
    assert found.frobenius <= 1e-9 * np.linalg.norm(a)
    assert found.products <= 12


def test_hutch_plus_plus_by_its_definition():
    """With the signs it draws, in this order: first of the sketch, then of the probes."""
    a, rng = symmetric(50, 4), np.random.Generator(np.random.SFC64(9))
    sketch, probes = (np.where(rng.random((10, 50)) < 0.5, -1.0, 1.0).T for _ in range(2))
    q = np.linalg.qr(a @ sketch).Q
    rest = (np.eye(50) - q @ q.T) @ a @ (np.eye(50) - q @ q.T)
    forms = np.diag(probes.T @ rest @ probes)
    found = hutch_plus_plus_trace(a, 30, 9)
    assert found.value == pytest.approx(np.trace(q.T @ a @ q) + forms.mean(), rel=1e-12)
    assert found.frobenius == pytest.approx(np.linalg.norm(rest @ probes) / math.sqrt(10), rel=1e-12)
    assert found.standard_error == pytest.approx(forms.std(ddof=1) / math.sqrt(10), rel=1e-12)


def test_signs_see_a_diagonal_exactly_and_normals_do_not():
    a = np.diag([1.0, -2.0, 4.0])
    found = hutchinson_trace(a, 5)
    assert (found.value, found.standard_error, found.products) == (3.0, 0.0, 5)
    assert hutchinson_trace(a, 5, probes="normals").standard_error > 0.1


@pytest.mark.parametrize("method", [hutchinson_trace, hutch_plus_plus_trace])
@pytest.mark.parametrize("law", LAWS)
def test_standard_errors_come_from_the_spread(method, law):
    """The value moves by the variance stated: of 400 runs, the ratio is within a factor 2 with error < 1e-9."""
    a = MATRICES["hollow"]
    rest = {hutchinson_trace: np.linalg.norm(a), hutch_plus_plus_trace: None}[method]
    runs = [method(a, 30, seed, 0.1, law) for seed in range(400)]
    errors = np.array([run.value - np.trace(a) for run in runs])
    stated = np.array([run.standard_error for run in runs])
    ratio = np.sqrt(np.mean(errors**2) / np.mean(stated**2))
    assert 0.5 < ratio < 2
    if rest:
        assert 0.5 < np.sqrt(np.mean(stated**2)) / (rest * math.sqrt(2 / 30)) < 2
    assert len({run.value for run in runs}) > 100  # forms of signs are integers


def test_few_sign_probes_bound_no_norm():
    few, many = (hutchinson_trace(MATRICES["full"], n, 0, 1e-6) for n in (50, 500))
    assert few.interval.half_width == math.inf
    assert many.interval.half_width < math.inf
    assert hutchinson_trace(MATRICES["full"], 2, 0, 1e-6, "normals").interval.half_width < math.inf


def test_zero_operators():
    for samples in (8, 1000):
        for method, law in product((hutchinson_trace, hutch_plus_plus_trace), LAWS):
            found = method(np.zeros((5, 5)), samples, probes=law)
            assert (found.value, found.standard_error, found.frobenius) == (0.0, 0.0, 0.0)
            assert found.interval.lo <= 0 <= found.interval.hi
        assert frobenius_estimate(np.zeros((5, 5)), samples).hi == 0.0


@pytest.mark.parametrize("scale", [2.0**-700, 2.0**700])
def test_scales_whose_squares_are_no_floats(scale):
    a = MATRICES["full"]
    for method, law in product((hutchinson_trace, hutch_plus_plus_trace), LAWS):
        plain, scaled = method(a, 200, probes=law), method(a * scale, 200, probes=law)
        for name in ("value", "standard_error", "frobenius"):
            assert getattr(scaled, name) == pytest.approx(scale * getattr(plain, name), rel=1e-9, abs=0)
    assert frobenius_estimate(a * scale, 9).hi == pytest.approx(scale * frobenius_estimate(a, 9).hi, rel=1e-12, abs=0)


def test_batches_change_nothing(monkeypatch):
    a = MATRICES["full"]
    runs = [[f(a, 40, 5).value for f in (hutchinson_trace, hutch_plus_plus_trace, frobenius_estimate)]]
    monkeypatch.setattr(module, "_BATCH_BYTES", 8 * 20 * 7)
    runs.append([f(a, 40, 5).value for f in (hutchinson_trace, hutch_plus_plus_trace, frobenius_estimate)])
    np.testing.assert_allclose(runs[1], runs[0], rtol=1e-12)


def test_products_are_counted():
    calls = []
    a = MATRICES["full"]

    def times(x):
        calls.append(x.shape[1])
        return a @ x

    operator = LinearOperator(a.shape, matvec=lambda x: a @ x, matmat=times, dtype=np.float64)
    for method, samples in ((hutchinson_trace, 17), (hutch_plus_plus_trace, 17), (hutch_plus_plus_trace, 90)):
        calls.clear()
        assert method(operator, samples).products == sum(calls) <= samples


def test_the_trace_of_a_loss_hessian():
    """f = w_2 w_1 x: the residual has trace 0, the Gauss-Newton part that of the gradients' squares."""
    rng = np.random.default_rng(0)
    net = Network([rng.standard_normal((6, 5)), rng.standard_normal((4, 6)), rng.standard_normal((1, 4))])
    hessian = LossHessian(net, rng.standard_normal((7, 5)), rng.standard_normal((7, 1)))
    for part in ("residual", "gauss_newton"):
        found = hutchinson_trace(hessian.operator(part), 300, 1, ERROR)
        trace, norm = np.trace(hessian.dense(part)), np.linalg.norm(hessian.dense(part))
        assert abs(found.value - trace) <= found.relative_half_width * norm
        assert found.interval.lo <= trace <= found.interval.hi
    assert abs(np.trace(hessian.dense("residual"))) < 1e-14


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"samples": 1}, "samples"),
        ({"samples": 2.5}, "samples"),
        ({"seed": -1}, "seed"),
        ({"error": 0.0}, "error"),
        ({"probes": "uniform"}, "probes"),
        ({"operator": np.ones((2, 3))}, "operator"),
        ({"operator": np.array([[1.0, 2.0], [3.0, 4.0]])}, "operator"),
        ({"operator": np.array([[1.0, np.nan], [np.nan, 4.0]])}, "operator"),
        ({"operator": np.eye(2) * 1j}, "operator"),
        ({"operator": "matrix"}, "operator"),
    ],
)
@pytest.mark.parametrize("method", [hutchinson_trace, hutch_plus_plus_trace])
def test_bad_arguments_are_refused(method, change, argument):
    with pytest.raises(InvalidArgument) as refusal:
        method(**({"operator": np.eye(2), "samples": 10} | change))
    assert refusal.value.argument == argument


def test_hutch_plus_plus_needs_six_products():
    with pytest.raises(InvalidArgument, match=r"integer of at least 6, got 5; use e\.g\. samples=100"):
        hutch_plus_plus_trace(np.eye(2), 5)
