"""Error probabilities: each statistical assertion is false for a correct sampler with probability at most 1e-9."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.drawing.weights import Weights, _discrete, integer_multiples, log
from montecarlo.intervals import catoni_interval, clopper_pearson_interval
from theory.ensembles import Ensemble, InvalidArgument, Law
from theory.ensembles.truncated_normal import RESCALING

ERROR = 1e-9 / 4


def draws(net, networks, layer=1, seed=5):
    weights = Weights(net)
    out = np.full((networks, *weights.shape(layer)), np.nan)
    weights.draw(layer, np.random.default_rng(seed), out)
    return out * weights.scale(layer)


def laplace(rng, shape):
    return rng.laplace(size=shape) / math.sqrt(2)


LAWS = {
    "normal": Law.named("normal"),
    "uniform": Law.named("uniform"),
    "rademacher": Law.named("rademacher"),
    "three": Law.discrete({-2: "1/16", 0: "7/8", 2: "1/16"}),
    "fine": Law.discrete({-1: "1/100003", 1: "1/100003", "1/3": "100001/200006", "-1/3": "100001/200006"}),
    "laplace": Law.from_moments("laplace", {2: 1, 4: 6, 6: 90, 8: 2520}, sampler=laplace),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("order", [1, 2, 4])
def test_moments_are_the_laws(law, order):
    """By Catoni with the exact variance; the kurtosis separates the laws, the second moment the scalings."""
    net = Ensemble(widths=(6, 2, 3), init="xavier", law=LAWS[law])
    assert net.variance(1) == Fraction(1, 4)
    standardized = draws(net, 10_000).ravel() / 0.5
    truth = float(net.law.moment(order))
    variance = float(net.law.moment(2 * order)) - truth**2
    if variance == 0:
        assert np.allclose(standardized**order, truth, rtol=1e-15)
        return
    interval = catoni_interval(standardized**order, variance, ERROR)
    assert interval.lo <= truth <= interval.hi


@pytest.mark.parametrize("law", ["rademacher", "three", "fine"])
def test_discrete_laws_take_their_values_with_their_probabilities(law):
    net = Ensemble(width=4, depth=1, law=LAWS[law], init=LAWS[law].variance)  # unscaled
    w = draws(net, 5_000).ravel()
    assert set(np.unique(w).round(12)) <= {round(float(v), 12) for v, _ in net.law.atoms}
    for value, probability in net.law.atoms:
        count = int(np.sum(np.abs(w - float(value)) < 1e-12))
        interval = clopper_pearson_interval(count, w.size, ERROR)
        assert interval.lo <= probability <= interval.hi


@pytest.mark.parametrize("denominator", [5, 300, 2**17 + 1, 2**63])
def test_every_size_of_denominator_draws_every_value(denominator):
    """A value of probability above 1/4 is missed by 200 draws with probability below 1e-24."""
    tail = Fraction(denominator // 3, denominator)
    fill = _discrete(np.array([-1.0, 0.0, 1.0]), (tail, 1 - 2 * tail, tail))
    out = np.full((200, 1, 1), np.nan)
    fill(np.random.default_rng(0), out)
    assert set(out.ravel()) == {-1.0, 0.0, 1.0} if tail < Fraction(2, 5) else {-1.0, 1.0} <= set(out.ravel())


class EveryInteger:
    """A generator whose uniform integers are each integer once."""

    def integers(self, high, size, dtype):
        return np.arange(high, dtype=dtype).reshape(size)


@pytest.mark.parametrize("denominator", [4, 256, 2**16, 2**16 + 1, 100_003])
def test_discrete_probabilities_are_exact(denominator):
    counts = [1, denominator - 3, 2]
    fill = _discrete(np.array([-1.0, 0.0, 5.0]), tuple(Fraction(c, denominator) for c in counts))
    out = np.full((denominator, 1, 1), np.nan)
    fill(EveryInteger(), out)
    assert [int(np.sum(out == value)) for value in (-1, 0, 5)] == counts


def test_a_denominator_beyond_the_generator_is_refused():
    tiny = Fraction(1, 2**70)
    with pytest.raises(InvalidArgument, match="law: the probabilities"):
        Weights(Ensemble(width=2, depth=1, law=Law.discrete({-1: tiny, 1: tiny, 0: 1 - 2 * tiny})))


def test_a_law_without_a_sampler_is_refused():
    with pytest.raises(InvalidArgument, match="law: 'mine' is known by its moments alone; give a sampler"):
        Weights(Ensemble(width=2, depth=1, law=Law.from_moments("mine", {2: 1, 4: 2})))


@pytest.mark.parametrize("fans", [(5, 5), (3, 7), (7, 3), (1, 1), (1, 4), (4, 1)])
def test_orthogonal_matrices_are_semi_orthogonal(fans):
    w = draws(Ensemble(widths=fans, init="orthogonal"), 50)
    gram = w.transpose(0, 2, 1) @ w if fans[1] >= fans[0] else w @ w.transpose(0, 2, 1)
    assert np.allclose(gram, np.eye(min(fans)), atol=1e-14)


def haar_statistics(w):
    """Functionals in [-1, 1] or so with their Haar means: entry signs, trace, tr^2, fourth powers, determinant sign."""
    n = w.shape[1]
    trace = np.trace(w, axis1=1, axis2=2)
    yield np.sign(w[:, 0, 0]), 0, 1
    yield np.sign(w[:, -1, -1]), 0, 1
    yield trace, 0, 1
    yield trace**2, 1, 2  # Diaconis and Mallows: moments of the trace are Gaussian up to order 2n/2; E tr^4 = 3
    yield n * w[:, 0, -1] ** 2, 1, 2
    yield n * w[:, -1, 0] ** 2, 1, 2
    yield np.einsum("mij,mji->m", w, w), 1, 3  # E tr(Q^2)
    yield np.sign(np.linalg.det(w)), 0, 1


def test_orthogonal_matrices_are_haar():
    w = draws(Ensemble(width=4, depth=1, init="orthogonal"), 40_000)
    for values, mean, variance in haar_statistics(w):
        interval = catoni_interval(values, variance, ERROR)
        assert interval.lo <= mean <= interval.hi


def test_orthogonal_of_size_one_is_a_fair_sign():
    w = draws(Ensemble(width=1, depth=1, init="orthogonal"), 10_000).ravel()
    assert set(w) == {-1.0, 1.0}
    interval = clopper_pearson_interval(int(np.sum(w > 0)), w.size, ERROR)
    assert interval.lo <= 0.5 <= interval.hi


@given(st.lists(st.fractions(-100, 100, max_denominator=50), min_size=1, max_size=6).filter(any))
def test_integer_multiples_are_exact(values):
    floats, unit = integer_multiples(tuple(values))
    assert [Fraction(x) * unit for x in floats] == values
    assert 1 <= np.max(np.abs(floats)) < 2


def test_integer_multiples_of_any_magnitude():
    floats, unit = integer_multiples((Fraction(10) ** 400, Fraction(10) ** 399))
    assert log(unit) + math.log(floats[0]) == pytest.approx(400 * math.log(10), rel=1e-14)
    assert floats[0] / floats[1] == pytest.approx(10, rel=1e-15)


def test_log_factors_hold_a_variance_that_no_float_holds():
    weights = Weights(Ensemble(width=2, depth=3, init=Fraction(1, 10**400)))
    assert np.allclose(weights.log_factors, -400 * math.log(10), rtol=1e-14)


class EveryWord:
    """A generator whose raw words are given."""

    def __init__(self, words):
        self.words = np.array(words, dtype=np.uint64)
        self.bit_generator = self

    def random_raw(self, size):
        assert size == len(self.words)
        return self.words.copy()


@pytest.mark.parametrize(("dtype", "bits"), [(np.float64, 64), (np.float32, 32)])
def test_uniform_raw_weights_are_odd_integers_as_often_negative_as_positive(dtype, bits):
    """A word and its complement give w and -w: the law is symmetric to the last bit, and never 0."""
    words = [0, 1, 2**63, 2**64 - 1, 0x0123456789ABCDEF, 0x7FFFFFFF80000000]
    fill = Weights(Ensemble(width=1, depth=1, law="uniform"), dtype).fill
    one, other = (np.full((len(words) * 64 // bits, 1, 1), np.nan, dtype=dtype) for _ in range(2))
    fill(EveryWord(words), one)
    fill(EveryWord([2**64 - 1 - word for word in words]), other)
    signed = [
        int(word) - 2**bits * (int(word) >= 2 ** (bits - 1))
        for word in np.array(words, np.uint64).view(f"u{bits // 8}")
    ]
    assert one.ravel().tolist() == [float(dtype(word | 1)) for word in signed]
    # the complement of w's word has the bits of -w, but for the last, which is set in both
    assert all(abs(a + b) <= 2 + abs(a) * 2.0**-23 for a, b in zip(one.ravel(), other.ravel(), strict=True))
    assert np.all(one != 0)


def test_the_variance_of_odd_integers_is_exact():
    """Of 4 bits: +-1, +-3, +-5, +-7 have variance 21 = (4^4 - 4)/12."""
    odd = [Fraction(j) for j in range(-7, 8, 2)]
    assert sum(j * j for j in odd) / len(odd) == Fraction(4**4 - 4, 12)
    net = Ensemble(width=1, depth=1, law="uniform", init=1)
    for dtype, bits in ((np.float64, 64), (np.float32, 32)):
        weights = Weights(net, dtype)
        assert weights.scale(1) ** 2 == pytest.approx(12 / (4**bits - 4), rel=1e-15)
        assert weights.log_factors[0] == pytest.approx(math.log(12 / (4**bits - 4)), rel=1e-15)


@pytest.mark.parametrize(("width", "slabs"), [(1, 1), (362, 1), (363, 2), (1024, 8)])
@pytest.mark.parametrize("init", ["xavier", "orthogonal"])
def test_slabs_are_all_rows_once(width, slabs, init):
    rows = list(Weights(Ensemble(width=width, depth=1, init=init)).slabs(1))
    assert [k for part in rows for k in range(part.start, part.stop)] == list(range(width))
    assert len(rows) == (1 if init == "orthogonal" else slabs)


@pytest.mark.parametrize(("init", "shape"), [("he", (5, 3, 2)), ("orthogonal", (5, 3, 2)), ("orthogonal", (5, 4, 3))])
def test_an_array_of_another_shape_is_refused_even_where_assertions_are_off(init, shape):
    weights = Weights(Ensemble(width=3, depth=2, init=init))
    with pytest.raises(InvalidArgument, match=r"^out: W_1 is 3 by 3, and \(5, "):
        weights.draw(1, np.random.default_rng(0), np.empty(shape))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_truncated_normal_entries_end_at_two_standard_deviations_of_the_normal_law(dtype):
    """Moments by Hoeffding's inequality for bounded entries: false with probability below 1e-9."""
    net = Ensemble(width=64, depth=1, init="he_normal")
    weights = Weights(net, dtype)
    raw = weights.draw(1, np.random.Generator(np.random.SFC64(0)), np.empty((50, 64, 64), dtype)).astype(np.float64)
    assert 1.999 < np.abs(raw).max() <= 2
    for order in (1, 2, 3, 4):
        reach = 2 * 2.0**order * np.sqrt(np.log(2e9) / (2 * raw.size))
        moment = float(net.law.rational_moment(order)) * float(1 / RESCALING) ** (order / 2)
        assert abs(np.mean(raw**order) - moment) < reach
    assert weights.scale(1) == pytest.approx(np.sqrt(2 / 64) / 0.87962566103423978, rel=1e-14)


def test_truncated_entries_are_drawn_again_in_order():
    net = Ensemble(width=64, depth=1, init="he_normal")
    drawn = Weights(net).draw(1, np.random.Generator(np.random.SFC64(0)), np.empty((1, 64, 64)))
    stream = np.random.Generator(np.random.SFC64(0))
    expected = stream.standard_normal(64 * 64)
    while (beyond := np.flatnonzero(np.abs(expected) > 2)).size:
        expected[beyond] = stream.standard_normal(len(beyond))
    np.testing.assert_array_equal(drawn.ravel(), expected)


def test_each_layer_has_its_own_variance():
    weights = Weights(Ensemble(width=3, depth=3, init="1,4,9"))
    assert [weights.scale(k) for k in (1, 2, 3)] == [1, 2, 3]
    orthogonal = Weights(Ensemble(widths=(3, 2, 2), init="orthogonal:gain=3"))
    assert [orthogonal.scale(k) for k in (1, 2)] == [3, 3]
