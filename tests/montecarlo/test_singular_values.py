"""Error probabilities: each statistical assertion is false for a correct engine with probability at most 1e-6."""

import itertools
import math
import pickle
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
from scipy.special import gammaln, psi

from montecarlo import Observable, simulate, singular_values
from montecarlo.drawing.streams import stream
from montecarlo.drawing.weights import Weights
from montecarlo.engines.real_matrices import Chunk, Scratch
from montecarlo.engines.width_one import WidthOneChunk
from montecarlo.singular_values import Factor, JacobianSingularValues, log_singular_values
from theory.ensembles import Ensemble, InvalidArgument, Law

SPARSE = Law.discrete({-1: "1/4", 0: "1/2", 1: "1/4"})


def draw(net, networks, seed=0, **options):
    return Chunk(net, stream(seed, net.digest(), 0), networks, needs=JacobianSingularValues.needs, **options)


def measured(net, networks, seed=0):
    chunk = draw(net, networks, seed)
    return JacobianSingularValues().measure(chunk), chunk


def exact_logs(factors, digits):
    """Singular values of a product of matrices of floats, from the last factor to the first, in many digits."""
    with mpmath.workdps(digits):
        product = None
        for slopes, matrix in factors:
            rows = mpmath.matrix(matrix.tolist())
            for i, j in np.ndindex(*matrix.shape):
                rows[i, j] *= mpmath.mpf(float(slopes[i]))
            product = rows if product is None else rows * product
        least = min(min(matrix.shape) for _, matrix in factors)
        if min(product.rows, product.cols) == 1:
            values = [mpmath.norm(product, 2)]
        else:
            values = list(mpmath.svd_r(product if product.rows >= product.cols else product.T, compute_uv=False))
        values.sort(reverse=True)
        noise = values[0] * mpmath.mpf(10) ** (20 - digits)
        return np.array([float(mpmath.log(value)) if value > noise else -np.inf for value in values[:least]])


def layers_of(chunk, i):
    return [(chunk.slopes(k)[i], chunk.weights(k)[i]) for k in range(1, int(chunk.net.depth) + 1)]


def assert_logs_equal(actual, expected, tolerance):
    assert np.array_equal(np.isneginf(actual), np.isneginf(expected)), (actual, expected)
    finite = np.isfinite(expected)
    np.testing.assert_allclose(actual[finite], expected[finite], rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("net", "networks", "digits", "tolerance"),
    [
        (Ensemble(width=4, depth=1), 50, 60, 1e-13),
        (Ensemble(width=6, depth=5, law="uniform"), 20, 60, 1e-12),
        (Ensemble(width=3, depth=300), 3, 240, 1e-11),
        (Ensemble(width=6, depth=300), 2, 320, 1e-11),
        (Ensemble(width=4, depth=60, activation="relu", init="he"), 20, 160, 1e-12),
        (Ensemble(width=4, depth=100, activation="leaky:1/100", init="he"), 3, 400, 1e-11),
        (Ensemble(width=3, depth=20, activation="leaky:1/1000000000000"), 5, 700, 1e-12),
        (Ensemble(widths=(3, 6, 5, 8), activation="relu", init="he"), 10, 60, 1e-13),
        (Ensemble(widths=(8, 7, 6, 4), activation="relu", init="he"), 10, 60, 1e-13),
        (Ensemble(widths=(8, 7, 6, 4), activation="leaky:1/3", law="uniform"), 10, 60, 1e-13),
        (Ensemble(widths=(5, 2, 6, 3)), 10, 60, 1e-13),
        (Ensemble(widths=(7, 4, 1, 3), activation="leaky:1/4"), 10, 60, 1e-13),
        (Ensemble(widths=(5, 4, 1)), 10, 60, 1e-13),
        (Ensemble(width=2, depth=300, init="10"), 3, 240, 1e-11),
        (Ensemble(width=6, depth=40, activation="relu", init="1/100000000000000000000"), 10, 160, 1e-11),
    ],
    ids=lambda value: value.describe() if isinstance(value, Ensemble) else "",
)
def test_high_precision(net, networks, digits, tolerance):
    logs, chunk = measured(net, networks)
    assert logs.shape == (networks, len(JacobianSingularValues().components(net)))
    for i in range(networks):
        assert_logs_equal(logs[i], exact_logs(layers_of(chunk, i), digits), tolerance)


def test_rows_that_are_a_thousand_orders_of_magnitude_apart():
    """Slopes of any size in any order, as no network has them."""
    rng = np.random.default_rng(0)
    for size, depth in ((2, 3), (3, 6), (5, 8)):
        matrices = rng.standard_normal((depth, 1, size, size))
        slopes = 10.0 ** rng.uniform(-250, 0, (depth, 1, size))
        logs = log_singular_values(map(Factor, slopes, matrices))
        expected = exact_logs([(slope[0], matrix[0]) for slope, matrix in zip(slopes, matrices, strict=True)], 2500)
        assert expected[0] - expected[-1] > 300
        assert_logs_equal(logs[0], expected, 1e-11)


def test_equal_and_nearly_equal_singular_values():
    logs, _ = measured(Ensemble(width=5, depth=1000, init="orthogonal"), 3)
    assert np.all(np.abs(logs) < 1e-12)
    logs, _ = measured(Ensemble(widths=(3, 6, 6, 4), init="orthogonal"), 20)
    assert np.all(logs < 1e-14)
    for size in (2, 3, 8, 33):
        q = np.linalg.qr(np.random.default_rng(size).standard_normal((size, size)))[0]
        values = 1 + 1e-9 * np.arange(size)
        logs = log_singular_values([Factor(None, (q * values)[None]), Factor(None, q.T[None])])
        np.testing.assert_allclose(logs[0], np.log1p(1e-9 * np.arange(size))[::-1], rtol=0, atol=1e-13)


def test_a_few_sweeps_are_enough(monkeypatch):
    monkeypatch.setattr(singular_values, "_SWEEPS", 10)
    logs, chunk = measured(Ensemble(width=32, depth=32), 8)
    determinants = sum(np.linalg.slogdet(chunk.weights(k))[1] for k in range(1, 33))
    np.testing.assert_allclose(logs.sum(axis=1), determinants, rtol=0, atol=1e-10)
    monkeypatch.setattr(singular_values, "_SWEEPS", 2)
    with pytest.raises(RuntimeError, match="2 sweeps"):
        JacobianSingularValues().measure(chunk)


class TestZeros:
    @pytest.mark.parametrize("widths", [(4,) * 8, (6, 3, 5, 4), (3, 4, 6), (7, 7, 2)])
    def test_relu_has_as_many_as_the_layer_with_the_fewest_units_on(self, widths):
        logs, chunk = measured(Ensemble(widths=widths, activation="relu", init="he"), 300)
        least = chunk.active_units(range(1, len(widths))).min(axis=1)
        assert {0, 1, 2} <= set(least)
        assert np.array_equal(np.isfinite(logs).sum(axis=1), np.minimum(least, min(widths)))

    def test_a_dead_network_has_none_that_are_not(self):
        logs, chunk = measured(Ensemble(width=2, depth=30, activation="relu", init="he"), 200)
        dead = np.isneginf(chunk.log_activation_norms([30])[:, 0])
        assert dead.any()
        assert np.isneginf(logs[dead]).all()
        assert np.isfinite(logs[~dead, 0]).all()

    @pytest.mark.parametrize("law", ["rademacher", SPARSE, Law.discrete({-3: "1/8", -1: "3/8", 1: "3/8", 3: "1/8"})])
    @pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/4"])
    @pytest.mark.parametrize("widths", [(2,) * 5, (3,) * 4, (5, 6, 3, 4), (3, 5, 4)])
    def test_discrete_laws_have_their_exact_rank(self, law, activation, widths):
        networks = 150
        net = Ensemble(widths=widths, law=law, activation=activation)
        logs, chunk = measured(net, networks)
        slope, ranks = Fraction(net.slope), []
        layers = [
            (chunk.slopes(k), np.rint(4 * chunk.weights(k) / Weights(net).scale(k)).astype(int))
            for k in range(1, len(widths))
        ]  # raw weights are multiples of 1/4
        for i in range(networks):
            product = None
            for k, (slopes, raw) in enumerate(layers, start=1):
                gates = [
                    flint.fmpq(1) if on == 1 else flint.fmpq(slope.numerator, slope.denominator) for on in slopes[i]
                ]
                entries = [gates[p] * int(raw[i, p, q]) for p, q in np.ndindex(*raw[i].shape)]
                matrix = flint.fmpq_mat(widths[k], widths[k - 1], entries)
                product = matrix if product is None else matrix * product
            ranks.append(product.rank())
        assert len(set(ranks)) > 1
        assert np.array_equal(np.isfinite(logs).sum(axis=1), ranks)

    def test_a_continuous_law_has_none_however_small_a_pivot(self):
        matrix = np.array([[[1.0, 0.0], [0.0, 1e-14]]])
        frames = [np.linalg.qr(np.random.default_rng(i).standard_normal((1, 2, 2)))[0] for i in range(2)]
        factors = [Factor(None, frames[0]), Factor(None, matrix), Factor(None, frames[1])]
        logs = log_singular_values(factors)
        np.testing.assert_allclose(logs, [[0, np.log(1e-14)]], rtol=0, atol=1e-2)
        assert np.isneginf(log_singular_values(factors, has_atoms=True)[0, 1])
        sloped = [Factor(None, frames[0]), Factor(np.array([[1e-14, 1.0]]), frames[1])]
        np.testing.assert_allclose(
            log_singular_values(sloped, has_atoms=True), [[0, np.log(1e-14)]], rtol=0, atol=1e-13
        )


class TestIdentities:
    def test_the_product_is_the_determinant(self):
        net = Ensemble(width=7, depth=200)
        logs, chunk = measured(net, 10)
        determinants = sum(np.linalg.slogdet(chunk.weights(k))[1] for k in range(1, 201))
        np.testing.assert_allclose(logs.sum(axis=1), determinants, rtol=0, atol=1e-10)

    @pytest.mark.parametrize("net", [Ensemble(width=6, depth=500), Ensemble(widths=(9, 4, 5), activation="leaky:1/2")])
    def test_the_sum_of_squares_is_the_frobenius_norm(self, net):
        logs, chunk = measured(net, 10)
        product, norm = np.eye(net.widths[0] if net.widths else net.width), 0.0
        for k in range(1, net.depth + 1):
            product = chunk.slopes(k)[:, :, None] * (chunk.weights(k) @ product)
            size = np.linalg.norm(product, axis=(1, 2))
            norm, product = norm + np.log(size), product / size[:, None, None]
        np.testing.assert_allclose(np.logaddexp.reduce(2 * logs, axis=1), 2 * norm, rtol=0, atol=1e-11)

    def test_beyond_floats_sums_of_squared_minors(self):
        """Elementary symmetric polynomials of the squares are the norms of products of compound matrices."""
        size, depth, networks = 4, 5000, 3
        logs, chunk = measured(Ensemble(width=size, depth=depth), networks)
        assert np.all(logs[:, -1] - logs[:, 0] < -5000)
        for order in range(1, size + 1):
            subsets = np.array(list(itertools.combinations(range(size), order)))
            product, norm = np.eye(len(subsets)), 0.0
            for k in range(1, depth + 1):
                minors = np.linalg.det(chunk.weights(k)[:, subsets[:, None, :, None], subsets[:, None, :]])
                product = minors @ product
                scale = np.linalg.norm(product, axis=(1, 2))
                norm, product = norm + np.log(scale), product / scale[:, None, None]
            sums = [logs[:, subset].sum(axis=1) for subset in subsets]
            np.testing.assert_allclose(np.logaddexp.reduce(2 * np.array(sums)), 2 * norm, rtol=0, atol=1e-9)

    def test_part_of_the_layers(self):
        net = Ensemble(widths=(4, 6, 3, 5, 2), activation="leaky:1/4")
        chunk = draw(net, 10)
        for first, last in itertools.combinations(range(5), 2):
            product = np.eye(net.widths[first])
            for k in range(first + 1, last + 1):
                product = chunk.slopes(k)[:, :, None] * (chunk.weights(k) @ product)
            observable = JacobianSingularValues((first, last))
            least = min(net.widths[first : last + 1])
            assert observable.components(net) == tuple(f"sigma_{i + 1}" for i in range(least))
            expected = np.log(np.linalg.svd(product, compute_uv=False)[:, :least])
            np.testing.assert_allclose(observable.measure(chunk), expected, rtol=0, atol=1e-12)

    def test_the_work_is_that_of_the_narrower_end(self):
        for widths in ((9, 4, 2), (2, 4, 9)):
            chunk = draw(Ensemble(widths=widths), 1)
            (_, matrix), *_ = singular_values._factors(chunk, 0, 2)
            assert matrix.shape == (1, 4, 2)

    def test_single_precision_weights(self):
        net = Ensemble(width=3, depth=40, activation="relu", init="he")
        chunk = draw(net, 20, scratch=Scratch(net, np.float32))
        logs = JacobianSingularValues().measure(chunk)
        for i in range(20):
            layers = [(slopes, matrix.astype(float)) for slopes, matrix in layers_of(chunk, i)]
            assert_logs_equal(logs[i], exact_logs(layers, 120), 1e-12)


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/4"])
@pytest.mark.parametrize("kind", [Chunk, WidthOneChunk])
def test_width_one(activation, kind):
    net = Ensemble(width=1, depth=6, activation=activation, input="3/2")
    chunk = kind(net, stream(0, net.digest(), 0), 100, needs=JacobianSingularValues.needs)
    for first, last in ((0, 6), (2, 5)):
        steps = [chunk.slopes(k) * np.abs(chunk.weights(k)[:, 0]) for k in range(first + 1, last + 1)]
        logs = JacobianSingularValues((first, last)).measure(chunk)
        product = np.prod(steps, axis=0)
        assert_logs_equal(logs, np.log(product, out=np.full((100, 1), -np.inf), where=product > 0), 1e-12)


def chernoff(cumulant, samples, error, powers):
    """How far a mean of so many stays on one side of 0, given its cumulant function: exact, for any seed."""
    bounds = [(samples * cumulant(power) + math.log(1 / error)) / (samples * power) for power in powers]
    return min(bounds)


class TestLaws:
    def test_lyapunov_exponents(self):
        """Normal weights: Y_i, the log of the volume of i fixed orthonormal vectors' image, has a known law.

        It is a sum of logs of chi variables, of mean L(lambda_1 + ... + lambda_i). And log(sigma_1 ... sigma_i) lies
        between Y_i and Y_i + B_i, where exp(-B_i) is the volume of a Haar frame's projection, independent of L.
        """
        size, depth, networks, error = 4, 200, 1000, 1e-6 / 16
        logs, _ = measured(Ensemble(width=size, depth=depth, init="3"), networks)
        sums = np.cumsum(logs.mean(axis=0))
        dofs = size - np.arange(size)
        exponents = (psi(dofs / 2) + math.log(2 * 3)) / 2

        def log_chi(dof, power):  # cumulant of log chi less its mean
            return gammaln((dof + power) / 2) - gammaln(dof / 2) - power * psi(dof / 2) / 2

        low, high = np.zeros(size + 1), np.zeros(size + 1)
        for i in range(1, size + 1):
            volume = depth * exponents[:i].sum()

            def volumes(power, i=i):
                return depth * sum(log_chi(dof, power) for dof in dofs[:i])

            def projections(power, i=i):  # log of a ratio of determinants: chi of i, i - 1, ... over those of n, ...
                tops = [gammaln((j - power) / 2) - gammaln(j / 2) for j in range(1, i + 1)]
                bottoms = [gammaln((dof - power) / 2) - gammaln(dof / 2) for dof in dofs[:i]]
                return sum(tops) - sum(bottoms)

            powers = np.geomspace(1e-4, 0.9, 200)
            low[i] = volume - chernoff(lambda power: volumes(-power), networks, error, powers)
            high[i] = volume + chernoff(volumes, networks, error, powers)
            if i < size:
                high[i] += chernoff(projections, networks, error, powers)
            assert low[i] <= sums[i - 1] <= high[i]
        values = logs.mean(axis=0) / depth
        assert np.all((low[1:] - high[:-1]) / depth <= values)
        assert np.all(values <= (high[1:] - low[:-1]) / depth)
        assert np.max(high[1:] - low[:-1] - low[1:] + high[:-1]) / depth < 0.15  # the least gap between two is 0.19
        assert np.min(-np.diff(exponents)) > 0.15

    def test_condition_numbers_of_two_by_two_matrices(self):
        """P(sigma_1/sigma_2 <= x) = 1 - 2x/(x^2 + 1) for normal entries; Dvoretzky, Kiefer and Wolfowitz's bound."""
        observable, samples = JacobianSingularValues(), 20_000
        readings = simulate(Ensemble(width=2, depth=1), [observable], samples=samples)[observable]
        assert readings.components == ("sigma_1", "sigma_2")
        ratios = np.sort(readings.log_values("sigma_1") - readings.log_values("sigma_2"))
        assert np.all(ratios >= 0)
        cdf = 1 - 1 / np.cosh(ratios)
        steps = np.arange(samples + 1) / samples
        assert max(np.max(steps[1:] - cdf), np.max(cdf - steps[:-1])) < math.sqrt(math.log(2 / 1e-6) / (2 * samples))

    def test_the_bits_are_the_same_for_any_number_of_threads_and_the_survival_is_the_layers(self):
        net, observable = Ensemble(widths=(2, 200, 200, 3), activation="relu", init="he"), JacobianSingularValues()
        one, two = (simulate(net, [observable], samples=400, jobs=jobs)[observable] for jobs in (1, 2))
        assert np.array_equal(one.logs, two.logs)
        on = np.array([math.comb(3, k) / 8 for k in range(4)])  # units of the last layer: at least i for sigma_i
        for i, survival in enumerate(one.survival, start=1):
            assert abs(survival - on[i:].sum()) < math.sqrt(math.log(2 / 1e-7) / (2 * 400))


class TestArguments:
    def test_it_is_a_value(self):
        assert isinstance(JacobianSingularValues(), Observable)
        assert JacobianSingularValues([0, 2]) == pickle.loads(pickle.dumps(JacobianSingularValues((0, 2))))
        assert len({JacobianSingularValues(), JacobianSingularValues((0, 1)), JacobianSingularValues(range(2))}) == 2

    @pytest.mark.parametrize("layers", [(2, 1), (1, 1), (1,), (0, 1, 2), (), 3, (0.0, 1.0)])
    def test_layers_that_are_not_two_in_order(self, layers):
        with pytest.raises(InvalidArgument, match=r"^layers: "):
            JacobianSingularValues(layers)

    def test_layers_that_the_network_has_not(self):
        with pytest.raises(InvalidArgument, match=r"^layers: must lie between 0 and the depth 3"):
            JacobianSingularValues((1, 4)).components(Ensemble(width=2, depth=3))

    def test_no_factors(self):
        with pytest.raises(InvalidArgument, match=r"^factors: "):
            log_singular_values([])
