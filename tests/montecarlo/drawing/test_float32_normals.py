"""The Box-Muller law, computed from its bits."""

import math

import mpmath
import numpy as np
import pytest
from scipy.stats import norm

from montecarlo.drawing.float32_normals import PAIRS, BoxMuller
from montecarlo.intervals import dkw_band


class Given:
    """A generator whose raw words are made of given halves, as NumPy reads them."""

    def __init__(self, halves):
        self.halves = np.asarray(halves, dtype=np.int64).astype(np.uint32)
        self.bit_generator = self

    def random_raw(self, size):
        assert 2 * size == len(self.halves)
        return self.halves.view(np.uint64).copy()


def transformed(first, second, size=None):
    """Return the normals made of radii `first` and angles `second`, 32-bit integers, shape (2, pairs)."""
    out = np.full(2 * len(first) if size is None else size, np.nan, dtype=np.float32)
    BoxMuller()(Given(np.concatenate([first, second])), out)
    return out


EDGES = [0, 1, 2, 3, 1000, 2**30, 2**31 - 129, 2**31 - 200_001]
ANGLES = [0, 1, 2**29, 2**30, 2**31 - 1, 3 * 2**30, 2**31, 2**32 - 1, 123_456_789]


def test_values_are_those_of_the_transform_in_high_precision():
    """u = |first|, made odd, over 2^31; the angle second over 2^31, times pi; both signed integers of 32 bits.

    To single precision: of u, which is 2^-25, an error in R of 2^-25/R follows.
    """
    first, second = (list(part) for part in zip(*((u, phi) for u in EDGES for phi in ANGLES), strict=True))
    found = transformed(first, second).reshape(2, -1).astype(float)
    with mpmath.workdps(40):
        for i, (u, phi) in enumerate(zip(first, second, strict=True)):
            signed = phi - 2**32 * (phi >= 2**31)
            radius = mpmath.sqrt(-2 * mpmath.log(mpmath.mpf(u | 1) / 2**31))
            angle = mpmath.pi * signed / 2**31
            tolerance = 1e-6 * (1 + radius) + mpmath.mpf(2) ** -24 / radius
            assert abs(found[0, i] - radius * mpmath.cos(angle)) < tolerance
            assert abs(found[1, i] - radius * mpmath.sin(angle)) < tolerance


def test_the_radius_does_not_depend_on_the_sign_of_its_bits():
    u = np.array([1, 3, 5, 2**20 + 1, 2**31 - 1])
    zero = np.zeros(5, dtype=np.int64)
    assert np.array_equal(transformed(u, zero), transformed(2**32 - u, zero))


def test_no_value_is_beyond_the_bound():
    """The least u is 2^-31."""
    largest = transformed([0, 1, 2**32 - 1], [0, 0, 0])[:3]
    assert largest.max() == pytest.approx(math.sqrt(62 * math.log(2)), rel=1e-6)
    assert largest.max() < 6.56


@pytest.mark.parametrize("u", [2**31 - 1, 2**31 - 3, 2**31 - 65, 2**31 + 1])
def test_no_radius_is_zero(u):
    """The normal law has no atom at 0; the true radius is above sqrt(2 * 2^-31)."""
    assert np.all(transformed([u], [2**29]) != 0)


@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_moments_of_the_discrete_law_are_normal(order):
    """E R^2m = 2^m m! and E cos^2m, over all angles and all odd u, by their exact sums."""
    m = order // 2
    with mpmath.workdps(50):
        # the mean of cos^2m over 2^32 equidistant angles is that over all angles, for 2m < 2^32
        cosines = mpmath.binomial(2 * m, m) / mpmath.mpf(4) ** m
        # (-2 log u)^m at midpoints of cells of width h = 2^-30: Euler-Maclaurin from the second cell on
        h = mpmath.mpf(2) ** -30

        def f(u):
            return (-2 * mpmath.log(u)) ** m

        start = 2000
        head = h * mpmath.fsum(f((j + mpmath.mpf(1) / 2) * h) for j in range(start))

        def integral(a):  # of (-2 log u)^m from a to 1
            return 2**m * (mpmath.gamma(m + 1) - mpmath.gammainc(m + 1, -mpmath.log(a)))

        slope = (mpmath.diff(f, 1) - mpmath.diff(f, start * h)) if m > 1 else -2 + 2 / (start * h)
        radii = head + integral(start * h) - h**2 / 24 * slope
        moment = cosines * radii
    digits = 7 if order < 8 else 6  # the tail beyond 6.56 is missing
    assert abs(moment / math.prod(range(1, order, 2)) - 1) < 10**-digits


@pytest.mark.parametrize(("order", "tolerance"), [(2, 1e-3), (4, 2e-3), (6, 1e-2)])
def test_equidistant_bits_have_the_moments_of_the_normal_law(order, tolerance):
    """2^13 radii, 16 angles each: the midpoint rule's own error is half the tolerance."""
    u = (2 * np.arange(2**13, dtype=np.int64) + 1) * 2**17 + 1
    angles = np.arange(16, dtype=np.int64) * 2**28
    drawn = transformed(np.repeat(u, 16), np.tile(angles, 2**13))
    truth = math.prod(range(1, order, 2))
    assert np.mean(drawn.astype(np.float64) ** order) == pytest.approx(truth, rel=tolerance)


def test_the_angles_are_symmetric():
    """Each value and its negative, each cosine and sine, equally often: odd moments vanish."""
    angles = np.arange(1, 2**32, 2**22 + 2**3, dtype=np.int64)
    opposite = (angles + 2**31) % 2**32
    one, other = (transformed(np.full(len(angles), 2**28), phi) for phi in (angles, opposite))
    assert np.abs(one + other).max() < 2e-6
    assert np.mean(one > 0) == pytest.approx(0.5, abs=2e-3)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 2 * PAIRS - 1, 2 * PAIRS, 2 * PAIRS + 1, 5 * PAIRS + 3])
def test_every_size_is_filled(size):
    out = np.full(size, np.nan, dtype=np.float32)
    BoxMuller()(np.random.Generator(np.random.SFC64(1)), out)
    assert np.isfinite(out).all()
    assert len(np.unique(out)) >= size * 0.98 - 2  # 32 bits collide now and then


def test_memory_that_was_used_before_does_not_show():
    fill, rngs = BoxMuller(), [np.random.Generator(np.random.SFC64(2)) for _ in range(2)]
    big, small = np.empty(1000, np.float32), np.empty((3, 5), np.float32)
    fill(rngs[0], big)
    fill(rngs[0], small)
    expected = np.empty((3, 5), np.float32)
    BoxMuller()(rngs[1], np.empty(1000, np.float32))
    BoxMuller()(rngs[1], expected)
    assert np.array_equal(small, expected)


def test_the_law_is_normal_by_kolmogorov():
    """By Dvoretzky, Kiefer and Wolfowitz at 1e-9, for each half of the pairs, and for sums of both."""
    out = np.empty((2, 200_000), np.float32)
    BoxMuller()(np.random.Generator(np.random.SFC64(3)), out.reshape(-1)[:PAIRS])
    BoxMuller()(np.random.Generator(np.random.SFC64(4)), out)
    for sample in (out[0, :PAIRS], out[1], (out[0] + out[1]) / math.sqrt(2), (out[0] - out[1]) / math.sqrt(2)):
        band = dkw_band(sample, error=1e-9)
        cdf = norm.cdf(band.values)
        n = len(cdf)
        ranks = np.arange(1, n + 1) / n
        assert max((ranks - cdf).max(), (cdf - ranks + 1 / n).max()) <= band.half_width < 0.01
