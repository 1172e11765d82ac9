import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.linalg import LinearOperator

from montecarlo.curvature.loss_hessians import PARTS, LossHessian
from montecarlo.curvature.networks import Network
from montecarlo.operators.extremes import extreme_eigenvalues
from theory.ensembles import InvalidArgument


def rotated(values, seed=0):
    q = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values), len(values)))).Q
    a = q @ np.diag(values) @ q.T
    return (a + a.T) / 2


V = np.random.default_rng(0).standard_normal(60)
MATRICES = {
    "rank one": np.outer(V, V),
    "minus rank one": -np.outer(V, V),
    "identity": np.eye(60),
    "minus identity": -np.eye(60),
    "reflection": np.diag(np.r_[np.ones(20), -np.ones(40)]),
    "reversed": np.eye(60)[::-1],
    "two tiny ends": np.diag(np.r_[1.0, np.zeros(58), -1e-9]),
    "tiny": 1e-200 * rotated(np.linspace(-1, 2, 60)),
    "huge": 1e200 * rotated(np.linspace(-1, 2, 60)),
    "small": rotated([-1.0, 0.5, 3.0]),
    "small and tiny": 1e-200 * rotated([-1.0, 0.5, 3.0]),
    "single": np.array([[-2.0]]),
    "clusters": rotated(np.r_[1.0, 1 - 1e-6, np.linspace(-0.5, 0.5, 100)]),
}


@pytest.mark.parametrize("name", MATRICES)
def test_ends_of_spectra(name):
    a = MATRICES[name]
    expected = np.linalg.eigvalsh(a)[[0, -1]]
    norm = np.abs(expected).max()
    found = extreme_eigenvalues(a)
    np.testing.assert_allclose(found.eigenvalues / norm, expected / norm, rtol=0, atol=1e-14)
    assert found.residuals.shape == (2,)
    assert np.all(found.residuals <= 1e-10 * norm)
    for value, residual, x in zip(found.eigenvalues, found.residuals, found.vectors.T, strict=True):
        assert np.linalg.norm(x) == pytest.approx(1, rel=1e-12)
        assert abs(np.linalg.norm((a @ x - value * x) / norm) - residual / norm) <= 1e-14
    for which, place in (("least", 0), ("largest", 1)):
        one = extreme_eigenvalues(a, which=which)
        assert one.eigenvalues.shape == (1,)
        np.testing.assert_allclose(one.eigenvalues / norm, expected[place : place + 1] / norm, rtol=0, atol=1e-14)


@pytest.mark.parametrize("sign", [-1, 1])
def test_multiples_of_the_identity(sign):
    """Of some sizes the norm comes out exactly, and nothing is left of the matrix when it is subtracted."""
    for size in range(41, 101):
        found = extreme_eigenvalues(sign * np.eye(size))
        np.testing.assert_allclose(found.eigenvalues, sign, rtol=1e-14)


@settings(max_examples=25)
@given(st.integers(41, 80), st.integers(0, 10**6), st.sampled_from([0.0, 0.5, 1.0]))
def test_random_spectra(size, seed, share):
    """Some eigenvalues 0, others of either sign or of one."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(size) * (rng.random(size) < 0.7)
    values = np.where(rng.random(size) < share, np.abs(values), values)
    a = rotated(values, seed)
    expected = np.linalg.eigvalsh(a)
    found = extreme_eigenvalues(a)
    norm = np.abs(expected).max()
    assert np.abs(found.eigenvalues - expected[[0, -1]]).max() <= 1e-10 * norm
    assert found.residuals.max() <= 1e-10 * norm


def test_a_loss_hessian_and_its_parts():
    rng = np.random.default_rng(1)
    net = Network([rng.standard_normal((6, 5)), rng.standard_normal((5, 6)), rng.standard_normal((3, 5))])
    hessian = LossHessian(net, rng.standard_normal((2, 5)), [0, 2], "cross-entropy")
    for part in PARTS:
        expected = np.linalg.eigvalsh(hessian.dense(part))[[0, -1]]
        found = extreme_eigenvalues(hessian.operator(part))
        np.testing.assert_allclose(found.eigenvalues, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("size", [3, 100])
def test_a_zero_operator(size):
    found = extreme_eigenvalues(np.zeros((size, size)))
    assert found.eigenvalues.tolist() == found.residuals.tolist() == [0.0, 0.0]
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=0), 1)


def test_the_same_bits_every_time():
    for name in ("rank one", "clusters", "identity"):
        once, twice = extreme_eigenvalues(MATRICES[name]), extreme_eigenvalues(MATRICES[name])
        assert np.array_equal(once.eigenvalues, twice.eigenvalues)
        assert np.array_equal(once.vectors, twice.vectors)


@pytest.mark.parametrize("size", [40, 41])
def test_products_are_counted(size):
    a, calls = rotated(np.linspace(-1, 1, size)), []

    def times(x):
        calls.append(1 if x.ndim == 1 else x.shape[1])
        return a @ x

    operator = LinearOperator(a.shape, matvec=times, matmat=times, dtype=np.float64)
    assert extreme_eigenvalues(operator).products == sum(calls)


def test_a_looser_tolerance_takes_fewer_products():
    a = rotated(np.linspace(-1, 1, 400) ** 3)
    loose, tight = extreme_eigenvalues(a, 1e-2), extreme_eigenvalues(a, 1e-12)
    assert loose.products < tight.products
    assert tight.residuals.max() <= 1e-12


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"which": "smallest"}, "which"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"operator": np.ones((2, 3))}, "operator"),
        ({"operator": LinearOperator((50, 50), matvec=lambda x: x * np.nan, dtype=float)}, "operator"),
        ({"operator": LinearOperator((5, 5), matvec=lambda x: x * np.inf, dtype=float)}, "operator"),
        ({"operator": rotated(np.linspace(0, 1, 500)), "tolerance": 1e-25}, "tolerance"),
        ({"operator": rotated(np.linspace(0, 1, 30)), "tolerance": 1e-25}, "tolerance"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # 0 times inf, on purpose
def test_bad_arguments_are_refused(change, argument):
    with pytest.raises(InvalidArgument) as refusal:
        extreme_eigenvalues(**({"operator": np.eye(50)} | change))
    assert refusal.value.argument == argument
