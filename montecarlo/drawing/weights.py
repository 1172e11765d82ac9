"""One layer of weights, drawn from the ensemble's law."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from montecarlo.arrays import Array, Floats
from montecarlo.drawing.float32_normals import BoxMuller
from montecarlo.drawing.streams import sizes
from theory.ensembles import Ensemble, InvalidArgument, Law
from theory.ensembles.truncated_normal import RESCALING

Fill = Callable[[np.random.Generator, Floats], None]
"""A function that overwrites an array (m, n_out, n_in) with m matrices of raw, not yet scaled, weights."""

_WORDS = 2**17
"""So many words of 64 random bits are drawn at a time: 1 MiB, which stays in the cache."""
_LARGEST_LOG = 700.0
"""Floats end at exp(709), and have fewer digits below exp(-708)."""
_CUT = 2.0
"""Truncated normal entries lie within so many standard deviations of the normal law."""
_SLAB_BYTES = 2**20
"""Rows of a large matrix are drawn in slabs of at most so many bytes."""


class Weights:
    r"""Draws the weight matrices of an ensemble, layer by layer, as raw weights and an exact factor.

    A weight is :math:`w = \sqrt{c_k}\, r` with r raw: standard normal, an odd integer of so many random bits for the
    uniform law, integer multiples of a discrete law's values, normal within two standard deviations for the truncated
    one, ... As networks are positively homogeneous, the norms are computed from the raw weights and :math:`\log c_k` is
    added: no pass over the weights is spent on scaling, and discrete laws stay exact.

    Parameters
    ----------
    net : Ensemble
        An ensemble without symbols.
    dtype : dtype-like
        Type of the raw weights, float64 or float32.

    Attributes
    ----------
    widths : tuple of int
        n_0, ..., n_L.
    largest : float
        The size that no raw weight of a discrete law exceeds, and 0 for other laws.

    Raises
    ------
    InvalidArgument
        If the law is given by moments without a sampler.

    Examples
    --------
    >>> weights = Weights(Ensemble(width=2, depth=3, law="rademacher"))
    >>> weights.log_factors.round(3)
    array([-0.693, -0.693, -0.693])
    >>> weights.draw(1, np.random.default_rng(0), np.empty((1, 2, 2))).shape
    (1, 2, 2)
    """

    def __init__(self, net: Ensemble, dtype: DTypeLike = np.float64) -> None:
        self.widths = sizes(net)
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._independent = net.has_independent_entries
        self.largest = _largest(net.law) if self._independent else 0.0
        self._fill, raw_variance = (
            _fill_and_variance(net.law, self.dtype) if self._independent else (_haar, Fraction(1))
        )
        factors: dict[Any, tuple[Fraction, float]] = {}
        keys: list[Any] = list(enumerate(pairwise(self.widths)) if net.init.layers else pairwise(self.widths))
        for k, key in enumerate(keys, start=1):
            if key not in factors:
                factor = net.variance(k) / raw_variance if self._independent else net.init.square_gain
                factors[key] = factor, log(factor)
        self._factors = [factors[key][0] for key in keys]
        self.log_factors: Array = np.array([factors[key][1] for key in keys])

    def shape(self, layer: int) -> tuple[int, int]:
        """Return (n_k, n_{k-1}), the shape of W_k."""
        return self.widths[layer], self.widths[layer - 1]

    def slabs(self, layer: int, networks: int = 1) -> Iterator[slice]:
        """Return which rows of W_k are drawn at a time: all, unless a single network's matrix outgrows the cache.

        Parameters
        ----------
        layer : int
            k, from 1.
        networks : int
            How many networks are drawn together.
        """
        n_out, n_in = self.shape(layer)
        split = self._independent and networks == 1
        rows = max(1, _SLAB_BYTES // (self.dtype.itemsize * n_in)) if split else n_out
        return (slice(first, min(first + rows, n_out)) for first in range(0, n_out, rows))

    def draw(self, layer: int, rng: np.random.Generator, out: Floats) -> Floats:
        """Draw raw weights of m networks.

        Parameters
        ----------
        layer : int
            k, from 1.
        rng : numpy.random.Generator
            The stream that the weights come from.
        out : ndarray, shape (m, rows, n_{k-1})
            Overwritten with the weights.

        Returns
        -------
        ndarray
            The array `out`.

        Raises
        ------
        InvalidArgument
            If the array has not the layer's shape; only independent weights may have fewer rows.
        """
        rows, columns = self.shape(layer)
        if out.shape[2] != columns or not (out.shape[1] == rows or self._independent):
            raise InvalidArgument("out", f"W_{layer} is {rows} by {columns}, and {out.shape} is not", "use its shape")
        self.fill(rng, out)
        return out

    def fill(self, rng: np.random.Generator, out: Floats) -> None:
        """Draw raw weights into an array of any shape.

        Parameters
        ----------
        rng : numpy.random.Generator
            The stream that the weights come from.
        out : ndarray
            Contiguous; overwritten with the weights.
        """
        self._fill(rng, out)

    def scale(self, layer: int) -> float:
        """Return the square root of c_k: weights are raw weights times it.

        Raises
        ------
        InvalidArgument
            If no float holds it.
        """
        factor = self._factors[layer - 1]
        size = log(factor)
        if abs(size) > 2 * _LARGEST_LOG:
            problem = f"makes weights of about exp({size / 2:.0f}), which no float holds"
            raise InvalidArgument("init", problem, "use a variance nearer to 1, or measure norms")
        return math.sqrt(factor) if abs(size) < _LARGEST_LOG else math.exp(size / 2)


def log(fraction: Fraction) -> float:
    """Return the logarithm of a positive fraction, however large or small."""
    return math.log(fraction.numerator) - math.log(fraction.denominator)


def integer_multiples(values: tuple[Fraction, ...]) -> tuple[Array, Fraction]:
    """Write values as floats times a common exact factor: the floats are integers below 2^53 over a power of two.

    >>> integer_multiples((Fraction(1, 2), Fraction(1, 3)))
    (array([1.5, 1. ]), Fraction(1, 3))
    """
    denominator = math.lcm(*(value.denominator for value in values))
    numerators = [int(value * denominator) for value in values]
    power = 2 ** (max(abs(numerator).bit_length() for numerator in numerators) - 1)
    return np.array([float(Fraction(n, power)) for n in numerators]), Fraction(power, denominator)


def _fill_and_variance(law: Law, dtype: np.dtype[Any]) -> tuple[Fill, Fraction]:
    """Return how to draw raw weights of a law, and their variance."""
    if law.name == "normal":
        return (_normal if dtype == np.float64 else BoxMuller()), Fraction(1)
    if law.name == "uniform":
        bits = 8 * dtype.itemsize
        return _odd_integers(bits), Fraction(4**bits - 4, 12)
    if law.name == "truncated-normal":
        return _truncated(dtype), 1 / RESCALING
    if law.atoms:
        values, unit = integer_multiples(tuple(value for value, _ in law.atoms))
        return _discrete(values, tuple(p for _, p in law.atoms)), law.variance / unit**2
    if law.sampler is None:
        raise InvalidArgument(
            "law",
            f"{law.name!r} is known by its moments alone",
            "give a sampler: Law.from_moments(..., sampler=lambda rng, shape: ...)",
        )
    sampler = law.sampler

    def sampled(rng: np.random.Generator, out: Floats) -> None:
        out[...] = sampler(rng, out.shape)

    return sampled, Fraction(1)


def _largest(law: Law) -> float:
    if not law.atoms:
        return 0.0
    values, _ = integer_multiples(tuple(value for value, _ in law.atoms))
    return float(np.abs(values).max())


def _normal(rng: np.random.Generator, out: Floats) -> None:
    rng.standard_normal(out=out)


def _truncated(dtype: np.dtype[Any]) -> Fill:
    """Return what draws normal entries, and again, in order, those beyond two standard deviations."""
    normal: Fill = _normal if dtype == np.float64 else BoxMuller()

    def fill(rng: np.random.Generator, out: Floats) -> None:
        flat = out.reshape(-1)
        for start in range(0, len(flat), _WORDS):
            piece = flat[start : start + _WORDS]
            normal(rng, piece)
            beyond = np.flatnonzero(np.abs(piece) > _CUT)
            while len(beyond):
                again = np.empty(len(beyond), out.dtype)
                normal(rng, again)
                piece[beyond] = again
                beyond = beyond[np.abs(again) > _CUT]

    return fill


def _odd_integers(bits: int) -> Fill:
    """Return what draws odd integers of so many bits, as often negative as positive: their law needs no shift."""
    integer = np.int32 if bits == 32 else np.int64

    def fill(rng: np.random.Generator, out: Floats) -> None:
        flat = out.reshape(-1)
        for start in range(0, len(flat), _WORDS * 64 // bits):
            piece = flat[start : start + _WORDS * 64 // bits]
            integers = rng.bit_generator.random_raw(-(-len(piece) * bits // 64)).view(integer)[: len(piece)]
            np.bitwise_or(integers, 1, out=integers)
            np.copyto(piece, integers, casting="same_kind")

    return fill


def _discrete(values: Array, probabilities: tuple[Fraction, ...]) -> Fill:
    """Return what draws values with exactly their probabilities, by a uniform integer below their denominator."""
    denominator = math.lcm(*(p.denominator for p in probabilities))
    counts = [int(p * denominator) for p in probabilities]
    if denominator <= 2**16:
        table = np.repeat(values, counts)
        small = np.uint8 if denominator <= 2**8 else np.uint16

        def tabulated(rng: np.random.Generator, out: Floats) -> None:
            draws = rng.integers(denominator, size=out.shape, dtype=small)
            np.take(table.astype(out.dtype, copy=False), draws, out=out, mode="clip")

        return tabulated
    if denominator <= 2**63:
        edges = np.cumsum(counts, dtype=np.uint64)

        def searched(rng: np.random.Generator, out: Floats) -> None:
            draws = rng.integers(denominator, size=out.shape, dtype=np.uint64)
            np.take(values.astype(out.dtype, copy=False), np.searchsorted(edges, draws, side="right"), out=out)

        return searched
    raise InvalidArgument(
        "law", f"the probabilities have the common denominator {denominator} > 2^63", "round them to simpler fractions"
    )


def _haar(rng: np.random.Generator, out: Floats) -> None:
    """Fill an array with Haar (semi-)orthogonal matrices, as torch.nn.init.orthogonal_ does.

    These are the Q of a QR decomposition of normal entries, its columns times the signs of R's diagonal (Mezzadri,
    Notices AMS 54(5), 2007), transposed where rows are fewer than columns. Each Householder vector of that
    decomposition is a fresh normal vector (Stewart, SIAM J. Numer. Anal. 17(3), 1980), so R is never formed. LAPACK is
    not used, as its bits depend on its threads.
    """
    m, n_out, n_in = out.shape
    rows, columns = max(n_out, n_in), min(n_out, n_in)
    normals = rng.standard_normal((m, columns, rows))
    q = np.zeros((m, rows, columns))
    for j in reversed(range(columns)):
        x = normals[:, j, j:]
        sign = np.where(x[:, 0] < 0, -1.0, 1.0)
        if j == rows - 1:  # on a line a reflection is a sign
            q[:, j, j] = sign
            continue
        norm = np.sqrt(np.einsum("mi,mi->m", x, x))
        q[:, j, j] = -sign  # the sign of R_jj
        x[:, 0] += sign * norm
        reflected = np.einsum("mi,mij->mj", x, q[:, j:, j:])
        reflected /= (norm * np.abs(x[:, 0]))[:, None]  # |v|^2 / 2
        q[:, j:, j:] -= x[:, :, None] * reflected[:, None, :]
    out[...] = q if n_out >= n_in else q.transpose(0, 2, 1)
