"""Two inputs and their angle, against both inputs carried through the same weights, one matrix at a time."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy.special import digamma, polygamma

from montecarlo import Angles, InnerProducts, SecondInput, simulate
from montecarlo.engines.real_matrices import Chunk, Scratch
from montecarlo.engines.vectors_in_law import VectorChunk
from montecarlo.intervals import clopper_pearson_interval
from theory.ensembles import Ensemble, InvalidArgument

WEIGHTS = frozenset({"weights"})
COSINES = [Fraction(0), Fraction(1, 2), Fraction(-1, 2), Fraction(-999, 1000), Fraction(999_999, 1_000_000)]
NETS = [
    Ensemble(width=3, depth=4),
    Ensemble(width=6, depth=4, activation="relu", init="he", input="1,2,-1/2,0,3,1"),
    Ensemble(widths=(2, 5, 3, 4), activation="leaky:1/3", init="he", law="uniform", input="e1"),
    Ensemble(width=4, depth=3, activation="leaky:1/4", law="rademacher", input="1,2,-4,8"),
    Ensemble(width=5, depth=5, activation="relu", init="orthogonal"),
    Ensemble(width=2, depth=6, activation="relu", init="he"),  # most of these die
]


def rng(*key):
    return np.random.Generator(np.random.SFC64(key))


def second_input(x, cosine):
    """The definition, in the precision at hand: c x + sqrt(1 - c^2) |x| e, e made of the first fitting basis vector."""
    norm2 = mpmath.fdot(x, x)
    axis = 0 if any(x[1:]) else 1
    e = [mpmath.mpf(i == axis) - t * x[axis] / norm2 for i, t in enumerate(x)]
    size = mpmath.sqrt(norm2 / mpmath.fdot(e, e)) * mpmath.sqrt(
        1 - mpmath.mpf(cosine.numerator) ** 2 / cosine.denominator**2
    )
    return [cosine.numerator * t / mpmath.mpf(cosine.denominator) + size * s for t, s in zip(x, e, strict=True)]


def propagated(net, weights, x, cosine):
    """Return both inputs' activations, layer by layer, as mpmath numbers."""
    slope = mpmath.mpf(net.slope.numerator) / net.slope.denominator
    x = [mpmath.mpf(float(t)) for t in x]
    both = [(x, second_input(x, cosine))]
    for w in weights:
        layer = []
        for a in both[-1]:
            z = [mpmath.fdot([mpmath.mpf(float(t)) for t in row], a) for row in w]
            layer.append([t if t > 0 else slope * t for t in z])
        both.append(tuple(layer))
    return both


def log_angle(a, other):
    """Return the log of the angle, -inf for 0 or none, and <a, a'>/|a|^2, 0 for none.

    The sine from 2 x 2 minors: 0 exactly where one and the same unit is on.
    """
    inner, squares = mpmath.fdot(a, other), (mpmath.fdot(a, a), mpmath.fdot(other, other))
    if not all(squares):
        return -math.inf, 0.0
    minors = [a[i] * other[j] - a[j] * other[i] for i in range(len(a)) for j in range(i)]
    angle = mpmath.atan2(mpmath.sqrt(mpmath.fdot(minors, minors)), inner)
    return float(mpmath.log(angle)) if angle else -math.inf, float(inner / squares[0])


def compare(chunk, net, cosine, digits, tolerance):
    layers = range(net.depth + 1)
    angles = chunk.second_input.log_angles(layers)
    sizes, signs = chunk.second_input.log_ratios(layers)
    ratios = signs * np.exp(sizes)
    weights = [chunk.weights(k) for k in range(1, net.depth + 1)]
    with mpmath.workdps(digits):
        for i in range(chunk.networks):
            both = propagated(net, [w[i] for w in weights], chunk.input, cosine)
            expected = np.array([log_angle(*pair) for pair in both])
            expected[expected[:, 0] < -2 * digits, 0] = -np.inf  # 0 but for rounding: 10^-digits is e^(-2.3 digits)
            np.testing.assert_allclose(angles[i], expected[:, 0], rtol=0, atol=tolerance)
            np.testing.assert_allclose(ratios[i], expected[:, 1], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("cosine", COSINES)
@pytest.mark.parametrize("net", NETS, ids=Ensemble.describe)
def test_angles_are_those_of_both_inputs(net, cosine):
    chunk = Chunk(net, rng(1), 12, needs=WEIGHTS, second_input=SecondInput(cosine))
    compare(chunk, net, cosine, digits=40, tolerance=1e-8)


@pytest.mark.parametrize("net", NETS[:3], ids=Ensemble.describe)
def test_angles_in_single_precision(net):
    chunk = Chunk(
        net, rng(2), 12, needs=WEIGHTS, second_input=SecondInput(Fraction(1, 2)), scratch=Scratch(net, np.float32)
    )
    compare(chunk, net, Fraction(1, 2), digits=40, tolerance=2e-3)


@pytest.mark.parametrize(
    "net",
    [
        Ensemble(width=2, depth=300),
        Ensemble(width=3, depth=60, activation="leaky:1/2"),
        Ensemble(width=16, depth=60, activation="relu", init="he"),
    ],
    ids=Ensemble.describe,
)
def test_tiny_angles_keep_their_digits(net):
    """Against 400 digits, to angles of 1e-50 and below where the network is linear."""
    cosine = Fraction(1, 3)
    chunk = Chunk(net, rng(3), 3, needs=WEIGHTS, second_input=SecondInput(cosine))
    compare(chunk, net, cosine, digits=400, tolerance=1e-6)


@pytest.mark.parametrize("kind", [Chunk, VectorChunk])
@pytest.mark.parametrize("width", [2, 5])
def test_linear_angles_close_at_the_rate_of_digamma(kind, width):
    """log tan moves by independent steps, half of log chi^2_{n-1} - log chi^2_n, whose moments are digamma's.

    From layer 100 on, where angles are below 1e-2 or beyond pi - 1e-2, as often as not, independently of their size:
    the log of the angle is that of its tangent to 1e-4. The mean of all steps, sub-exponential, is within 9 standard
    errors but for 1e-12.
    """
    net, depth, networks = Ensemble(width=width, depth=600), 600, 400
    chunk = kind(net, rng(4), networks, second_input=SecondInput(Fraction(0)))
    rate = (digamma((width - 1) / 2) - digamma(width / 2)) / 2
    variance = (polygamma(1, (width - 1) / 2) + polygamma(1, width / 2)) / 4
    first, last = chunk.second_input.log_angles([100, depth]).T
    closed = last < -2
    steps = 500 * closed.sum()
    assert closed.sum() > 100
    assert abs(np.sum((last - first)[closed]) / steps - rate) < 9 * math.sqrt(variance / steps)


@pytest.mark.parametrize("kind", [Chunk, VectorChunk])
@pytest.mark.parametrize("cosine", COSINES)
def test_the_first_angle_is_the_one_given(kind, cosine):
    for given in (None, "e1", "ones", "1,-2,1/3"):
        chunk = kind(Ensemble(width=3, depth=1, input=given), rng(5), 2, second_input=SecondInput(cosine))
        assert np.exp(chunk.second_input.log_angles([0])) == pytest.approx(math.acos(cosine), rel=1e-9)
        sizes, signs = chunk.second_input.log_ratios([0])
        assert signs * np.exp(sizes) == pytest.approx(float(cosine), abs=1e-15)


@pytest.mark.parametrize("kind", [Chunk, VectorChunk])
def test_a_second_input_dies_as_often_as_the_first(kind):
    """Both have the same law, and survival of one layer, at a right angle, is independent: (1 - 2^-n)^2.

    Where one has died there is no angle and no inner product, not even a tiny one.
    """
    n, networks = 3, 40_000
    net = Ensemble(width=n, depth=1, activation="relu", init="he")
    chunk = kind(net, rng(6), networks, second_input=SecondInput(Fraction(0)))
    angles, (sizes, signs) = chunk.second_input.log_angles([1])[:, 0], chunk.second_input.log_ratios([1])
    both = clopper_pearson_interval(int(np.isfinite(angles).sum()), networks, error=1e-9)
    # an angle of exactly 0, one and the same unit on, counts as none as well
    same = n * 4.0**-n
    assert both.lo <= (1 - 2.0**-n) ** 2 - same <= both.hi
    # of units on for both there is none with probability (3/4)^n, the inner product is 0; else it is positive
    positive = clopper_pearson_interval(int((signs > 0).sum()), networks, error=1e-9)
    assert positive.lo <= 1 - 0.75**n <= positive.hi
    assert not (signs < 0).any()
    assert np.isneginf(sizes[signs == 0]).all()


@pytest.mark.parametrize("engine", ["direct", "law-exact"])
def test_inner_products_of_relu_networks_are_never_negative(engine):
    net = Ensemble(width=3, depth=5, activation="relu", init="he")
    observables = [InnerProducts(layers=(5,)), Angles(layers=(5,))]
    simulation = simulate(net, observables, samples=5_000, engine=engine)
    angles = simulation[observables[1]].logs
    assert angles.max() <= math.log(math.pi / 2) + 1e-9


@pytest.mark.parametrize("cosine", [1, -1, 2, "x", None, float("nan"), float("inf")])
def test_no_cosines(cosine):
    with pytest.raises(InvalidArgument) as refusal:
        SecondInput(cosine)
    assert refusal.value.argument == "cosine"


def test_a_second_direction_needs_two_entries():
    with pytest.raises(InvalidArgument, match=r"^width: "):
        Chunk(Ensemble(widths=(1, 3)), rng(7), 2, second_input=SecondInput())


@pytest.mark.parametrize("width", [2, 20])
def test_the_first_input_meets_the_same_networks_with_and_without_a_second(width):
    """What is measured does not change which networks are drawn; most of the narrow ones die."""
    net = Ensemble(width=width, depth=8, activation="relu", init="he")
    alone, paired = (
        Chunk(net, rng(8), 50, second_input=second_input).log_activation_norms(range(9))
        for second_input in (None, SecondInput())
    )
    assert alone.tobytes() == paired.tobytes()
