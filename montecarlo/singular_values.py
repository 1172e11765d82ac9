r"""All singular values of the Jacobian of a network, each to high relative accuracy, however far apart they are.

A product of many matrices in floating point keeps its largest singular value, but those smaller by 1e-16 turn into
noise; and at depth 10,000 they are smaller by 1e-1000, beyond the range of floats. So the product is never formed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array
from montecarlo.drawing.streams import sizes
from montecarlo.engines.real_matrices import Chunk
from montecarlo.observables import layers_between, parse_layers
from theory.ensembles import Ensemble, InvalidArgument

_EPS = float(np.finfo(np.float64).eps)
_NOISE = _EPS**0.5
"""Smaller pivots count as 0: those of singular weights are 1 to 1e4 roundings, all others above 1e-4."""
_NOTHING = -(2**40)
"""This exponent marks a row of zeros."""
_FAR = 1100
"""A number that is smaller than another by so many powers of two is lost in their sum."""
_SWEEPS = 60
"""The most sweeps of Jacobi's method; a dozen are enough at width 128."""


@dataclass(frozen=True)
class JacobianSingularValues:
    r"""Singular values of the Jacobian :math:`D_L W_L \cdots D_1 W_1` of the activations a_L in the input, as logs.

    The components are ``sigma_1``, ..., ``sigma_r`` in decreasing order, r the least of the widths; they are -inf for
    singular values that are exactly 0. If the law has no atoms, the number of others in a ReLU network is the least
    number of units that are on in a layer.

    Parameters
    ----------
    layers : (j, k), optional
        Two layers j < k between 0 and L, for the Jacobian of a_k in a_j; by default that of a_L in the input.

    Raises
    ------
    InvalidArgument
        If `layers` are not two layers in this order.

    Notes
    -----
    The method is that of :func:`log_singular_values`. A chain of width one needs no matrices: :math:`a_k = J a_j`, as
    activations are homogeneous.

    Under a law with atoms, weights are singular with positive probability. There a pivot below 1.5e-8 of its layer
    counts as 0. This agrees with exact ranks, except for slopes below about 1e-4 and laws whose values are as far
    apart. A law that is known only by a sampler counts as continuous.

    Examples
    --------
    >>> JacobianSingularValues().components(Ensemble(widths=(3, 2, 4), activation="relu"))
    ('sigma_1', 'sigma_2')
    >>> net = Ensemble(width=3, depth=1000, init="orthogonal")
    >>> chunk = Chunk(net, np.random.default_rng(0), 2, needs=JacobianSingularValues.needs)
    >>> np.abs(JacobianSingularValues().measure(chunk)).max() < 1e-12
    np.True_
    """

    layers: tuple[int, ...] | None = None
    name: ClassVar[str] = "JacobianSingularValues"
    needs: ClassVar[frozenset[str]] = frozenset({"units", "weights"})

    def __post_init__(self) -> None:
        layers = parse_layers(self.layers)
        if layers is not None and (len(layers) != 2 or layers[0] > layers[1]):
            raise InvalidArgument("layers", f"must be two layers j < k, got {layers}", "use e.g. layers=(0, 4)")
        object.__setattr__(self, "layers", layers)

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return ``sigma_i`` for i up to the least width from layer j to layer k."""
        as_ensemble(net)
        net.require_plain("the input-output Jacobian")
        first, last = self._ends(net)
        return tuple(f"sigma_{i}" for i in range(1, min(sizes(net)[first : last + 1]) + 1))

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs in decreasing order, shape (m, r); -inf for 0."""
        first, last = self._ends(chunk.net)
        if max(sizes(chunk.net)[first : last + 1]) == 1:
            return _chain_logs(chunk, first, last)
        return log_singular_values(_factors(chunk, first, last), has_atoms=chunk.net.law.has_atoms)

    def _ends(self, net: Ensemble) -> tuple[int, int]:
        first, last = (0, int(net.depth)) if self.layers is None else layers_between(self.layers, 0, net)
        return first, last


class Factor(NamedTuple):
    """A factor D W of a product of matrices, for each of m networks.

    Attributes
    ----------
    slopes : ndarray, shape (m, p), or None
        Diagonal of D, whose entries are not negative; None for the identity.
    matrix : ndarray, shape (m, p, q), or None
        W; None for the identity.
    """

    slopes: Array | None
    matrix: Array | None

    def __repr__(self) -> str:
        shapes = ("identity" if part is None else f"shape {part.shape}" for part in self)
        return "Factor(slopes: {}, matrix: {})".format(*shapes)


def log_singular_values(factors: Iterable[Factor], *, has_atoms: bool = False) -> Array:
    r"""Return the logs of all singular values of products :math:`J = F_L \cdots F_1`, F_1 first.

    Parameters
    ----------
    factors : iterable of Factor
        The factors, at least one. If the first has more columns than the last has rows, the transposed product takes
        less work.
    has_atoms : bool
        Whether matrices W may be singular themselves. Then pivots below 1.5e-8 of a matrix's norm count as 0.

    Returns
    -------
    ndarray, shape (m, r)
        Logs in decreasing order, r the least number of rows or columns of a factor; -inf for 0.

    Raises
    ------
    InvalidArgument
        If there are no factors.

    Notes
    -----
    **Triangles.** From a fixed orthogonal :math:`Q_0`, :math:`F_k Q_{k-1} = Q_k R_k` by Householder reflections, so
    that J has the singular values of :math:`T = R_L\cdots R_1`. Each step is exact for a factor that is wrong by a few
    roundings. These move :math:`\log\sigma_i` by a few roundings over a cosine, that of the angle between the
    directions of :math:`\sigma_i` which the layers before and after the factor single out. So small singular values are
    moved no more than large ones. The units with the larger slopes come first, so that rows of small slopes keep their
    own relative accuracy (Cox and Higham, 1998).

    **Grading.** The rows of T shrink at the rates of the Lyapunov exponents, so each has its own binary exponent:
    :math:`T = \mathrm{diag}(2^e) S`. A row of :math:`R_k T` is a sum of rows that are no larger, and wrong by a few
    roundings of its own size, :math:`\mathrm{diag}(2^e)(S + E)` with :math:`|E| \approx \epsilon|S|`. As that is
    :math:`T(1 + S^{-1}E)`, each singular value is right to :math:`\epsilon\kappa(S)`, whatever the exponents (Demmel
    and Veselic, 1992; Stewart, 1995). In all, the cosines of L layers fall down to about 1/L, so that logs are wrong by
    about 1e-15 L at worst: measured in 60 and more digits, 1e-12 at depth 300 and 5e-14 at width and depth 32.

    **Jacobi.** :math:`S^T = QR` gives :math:`T^T = QR\,\mathrm{diag}(2^e)`, whose transpose is all but diagonal where
    singular values are far apart (the preconditioner of Drmac and Veselic, 2008); rows of
    :math:`R\,\mathrm{diag}(2^e)` are then rotated in pairs until all are orthogonal to :math:`\epsilon\sqrt n`. For
    rows x and :math:`\delta y`, :math:`\delta = 2^{e_j - e_i}`, the rotation is, in mantissas,

    .. math:: x' = c\,(x - \tau\delta^2 y), \quad y' = c\,(y + \tau x), \quad c = (1 + \tau^2\delta^2)^{-1/2}, \quad
              \tau = \frac{\mathrm{sign}\,\eta}{|\eta| + \sqrt{\delta^2 + \eta^2}}, \quad
              \eta = \frac{\delta^2|y|^2 - |x|^2}{2\langle x, y\rangle}:

    a step of Gram-Schmidt where :math:`\delta` underflows.

    **Zeros.** :math:`Q_0` is in general position, so the first :math:`\rho` columns of :math:`F_k\cdots F_1 Q_0` span
    its range if :math:`\rho` is its rank. Hence T has exactly :math:`\rho` rows that are not 0, the first ones. In
    floating point the rows of units that are off come last and are exact zeros in :math:`R_k`; other rows of zero
    pivots are noise and are set to 0, so that nothing of them enters the rows above.

    BLAS and LAPACK are not used, as their bits depend on their threads. The cost is some 5 n^3 operations a layer.

    References
    ----------
    A. J. Cox, N. J. Higham, "Stability of Householder QR factorization for weighted least squares problems",
    Numerical Analysis 1997, Pitman Research Notes in Mathematics 380, 57-73, 1998.
    J. Demmel, K. Veselic, "Jacobi's method is more accurate than QR", SIAM J. Matrix Anal. Appl. 13(4), 1992,
    on one-sided Jacobi.
    Z. Drmac, K. Veselic, "New fast and accurate Jacobi SVD algorithm I", SIAM J. Matrix Anal. Appl. 29(4), 2008.
    G. W. Stewart, "On graded QR decompositions of products of matrices", ETNA 3, 1995.

    Examples
    --------
    The least singular value of this product is beyond the range of floats:

    >>> tiny = Factor(None, np.array([[[1.0, 1.0], [0.0, 1e-300]]]))
    >>> log_singular_values([tiny] * 3) / np.log(10)
    array([[ 1.50514998e-01, -9.00150515e+02]])
    """
    product: _Graded | None = None
    for factor in factors:
        if product is None:
            columns, networks = _columns(factor)
            product, frame = _identity(columns, networks), _fixed_frame(columns, networks)
        frame, triangle = _step(factor, frame, _NOISE if has_atoms else 0.0)
        product = _times(triangle, product)
    if product is None:
        raise InvalidArgument("factors", "there are none", "give at least one")
    rows, exponents = _orthogonalized(_preconditioned(product))
    logs = _log_norms(rows) + np.log(2) * exponents
    return np.ascontiguousarray(-np.sort(-logs.T, axis=1))


class _Graded(NamedTuple):
    """Matrices whose row i is 2**exponents[i] times rows[i]: shapes (r, m) and (r, c, m), the networks last."""

    rows: Array
    exponents: NDArray[np.int64]


def _chain_logs(chunk: Chunk, first: int, last: int) -> Array:
    before, after = chunk.log_activation_norms([first, last]).T
    logs = np.full((chunk.networks, 1), -np.inf)
    np.subtract(after, before, out=logs[:, 0], where=np.isfinite(after))
    return logs / 2


def _factors(chunk: Chunk, first: int, last: int) -> Iterator[Factor]:
    """Return the factors of J, or of its transpose if that has fewer columns."""
    linear = chunk.net.activation == "linear"
    widths = sizes(chunk.net)
    if widths[first] <= widths[last]:
        for k in range(first + 1, last + 1):
            yield Factor(None if linear else chunk.slopes(k), chunk.weights(k))
        return
    if not linear:
        yield Factor(chunk.slopes(last), None)
    for k in range(last, first, -1):
        has_slopes = not linear and k - 1 > first
        yield Factor(chunk.slopes(k - 1) if has_slopes else None, chunk.weights(k).transpose(0, 2, 1))


def _columns(factor: Factor) -> tuple[int, int]:
    """Return the number of columns, and of networks."""
    array = factor.slopes if factor.matrix is None else factor.matrix
    assert array is not None
    return array.shape[-1], len(array)


def _identity(size: int, networks: int) -> _Graded:
    eye = np.broadcast_to(np.eye(size)[:, :, None], (size, size, networks))
    return _Graded(eye, np.zeros((size, networks), np.int64))


def _fixed_frame(size: int, networks: int) -> Array:
    """Return an orthogonal matrix, one for all networks, in general position even to weights with zeros or ties."""
    normals = np.random.Generator(np.random.SFC64(0)).standard_normal((size, size, 1))
    return np.broadcast_to(_triangularized(normals)[0], (size, size, networks))


def _step(factor: Factor, frame: Array, noise: float) -> tuple[Array, Array]:
    """Return Q_k and R_k, given Q_{k-1}, all with the networks last; rows of R_k whose pivot is 0 are 0."""
    norm = np.ones(frame.shape[2])
    if factor.matrix is not None:
        matrix = np.ascontiguousarray(factor.matrix.transpose(1, 2, 0), dtype=np.float64)
        norm = np.sqrt(np.einsum("ijm,ijm->m", matrix, matrix))
        frame = np.einsum("ijm,jkm->ikm", matrix, frame)
    if factor.slopes is None:
        frame, triangle = _triangularized(frame)
        floor = noise * norm
    else:
        order = np.argsort(-factor.slopes.T, axis=0, kind="stable")
        slopes = np.take_along_axis(factor.slopes.T, order, axis=0)
        places = order[:, None]
        q, triangle = _triangularized(slopes[:, None] * np.take_along_axis(frame, places, axis=0))
        frame = np.empty_like(q)
        np.put_along_axis(frame, places, q, axis=0)
        floor = noise * norm * slopes[: len(triangle)]
    pivots = np.abs(np.einsum("iim->im", triangle[:, : len(triangle)]))
    triangle *= (pivots > floor)[:, None]
    return frame, triangle


def _triangularized(matrices: Array) -> tuple[Array, Array]:
    """Return the factors Q (p, r, m) and R (r, q, m), r = min(p, q), of matrices (p, q, m) by Householder's method."""
    size, columns, networks = matrices.shape
    rank = min(size, columns)
    triangle = matrices.copy()
    reflections = []
    for j in range(min(columns, size - 1)):
        x = triangle[j:, j].copy()
        shift = _exponents(np.abs(x).max(axis=0))
        x *= np.ldexp(1.0, -shift)
        norm = np.sqrt(np.einsum("im,im->m", x, x))
        np.negative(norm, out=norm, where=x[0] < 0)
        x[0] += norm
        triangle[j, j], triangle[j + 1 :, j] = -np.ldexp(norm, shift), 0
        half = np.abs(norm * x[0])  # |x|^2 / 2
        inverse = np.divide(1.0, half, out=half, where=half > 0)
        _reflect(triangle[j:, j + 1 :], x, inverse)
        reflections.append((x, inverse))
    q = np.zeros((size, rank, networks))
    q[range(rank), range(rank)] = 1
    for j in reversed(range(len(reflections))):
        _reflect(q[j:, j:], *reflections[j])
    return q, triangle[:rank]


def _reflect(block: Array, x: Array, inverse: Array) -> None:
    along = np.einsum("im,icm->cm", x, block)
    along *= inverse
    block -= x[:, None] * along


def _times(triangle: Array, product: _Graded) -> _Graded:
    """Return the upper triangular matrices R (p, r, m) times the rows, p at most r."""
    exponents = product.exponents
    largest = np.maximum.accumulate(exponents[::-1], axis=0)[::-1][: len(triangle)]  # among rows that enter a sum
    shifts = np.clip(exponents - largest[:, None], -_FAR, 0).astype(np.int32)
    return _normalized(np.einsum("ijm,jcm->icm", np.ldexp(triangle, shifts), product.rows), largest)


def _normalized(rows: Array, exponents: NDArray[np.int64]) -> _Graded:
    """Move powers of two to the exponents, in place, so that the largest entry of a row is between 1/2 and 1."""
    size = np.abs(rows).max(axis=1)
    shift = _exponents(size)
    rows *= np.ldexp(1.0, -shift)[:, None]
    return _Graded(rows, np.where(size > 0, exponents + shift, _NOTHING))


def _exponents(size: Array) -> NDArray[np.int32]:
    return np.maximum(np.frexp(size)[1], -1000)  # 2^1000 is a float still


def _log_norms(rows: Array) -> Array:
    with np.errstate(divide="ignore"):  # a row of zeros
        return np.asarray(np.log(np.einsum("rcm,rcm->rm", rows, rows)) / 2)


def _preconditioned(product: _Graded) -> _Graded:
    """Return square matrices with the same singular values, whose rows are closer to orthogonal."""
    order = np.argsort(-(product.exponents + _log_norms(product.rows) / np.log(2)), axis=0, kind="stable")
    rows = np.take_along_axis(product.rows, order[:, None], axis=0)
    _, triangle = _triangularized(rows.transpose(1, 0, 2))
    identity, _ = _identity(len(triangle), triangle.shape[2])
    return _times(triangle, _Graded(identity, np.take_along_axis(product.exponents, order, axis=0)))


def _orthogonalized(product: _Graded) -> _Graded:
    """Rotate rows in pairs until all are orthogonal, in place: one-sided Jacobi."""
    rows, exponents = product
    schedule = list(_rounds(len(rows)))
    unfinished = np.arange(rows.shape[2])
    for _ in range(_SWEEPS):
        some, their_exponents = rows[:, :, unfinished], exponents[:, unfinished]
        turned = np.zeros(len(unfinished), dtype=np.bool_)
        for upper, lower in schedule:
            turned |= _rotate(some, their_exponents, upper, lower)
        rows[:, :, unfinished], exponents[:, unfinished] = _normalized(some, their_exponents)
        unfinished = unfinished[turned]
        if not len(unfinished):
            return _Graded(rows, exponents)
    raise RuntimeError(f"{_SWEEPS} sweeps of Jacobi's method were not enough; please report the weights")


def _rotate(
    rows: Array, exponents: NDArray[np.int64], upper: NDArray[np.intp], lower: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Make disjoint pairs of rows orthogonal, in place; return for which networks any pair was not orthogonal."""
    x, y = rows[upper], rows[lower]
    xx, yy, xy = (np.einsum("pcm,pcm->pm", a, b) for a, b in ((x, x), (y, y), (x, y)))
    turns = np.abs(xy) > _EPS * np.sqrt(rows.shape[1]) * np.sqrt(xx * yy)
    turned: NDArray[np.bool_] = turns.any(axis=0)
    if turned.any():
        # clipped so that squares of delta are floats; a row so much smaller than the other is projected, not rotated
        delta = np.ldexp(1.0, np.clip(exponents[lower] - exponents[upper], -500, 500).astype(np.int32))
        eta = np.divide(delta**2 * yy - xx, 2 * xy, out=np.ones_like(xy), where=turns)
        tau = np.where(turns, np.where(eta < 0, -1.0, 1.0) / (np.abs(eta) + np.hypot(delta, eta)), 0.0)
        cosine = 1 / np.sqrt(1 + (delta * tau) ** 2)
        rows[upper] = cosine[:, None] * (x - (tau * delta**2)[:, None] * y)
        rows[lower] = cosine[:, None] * (y + tau[:, None] * x)
    return turned


def _rounds(size: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield all pairs i < j < size in rounds of disjoint pairs, like the rounds of a tournament."""
    players = size + size % 2  # if the number is odd there is one more, against whom nobody plays
    circle = list(range(1, players))
    for _ in range(players - 1):
        ring = [0, *circle]
        pairs = [sorted(pair) for pair in zip(ring[: players // 2], ring[: players // 2 - 1 : -1], strict=True)]
        upper, lower = np.array([pair for pair in pairs if pair[1] < size], dtype=np.intp).reshape(-1, 2).T
        yield upper, lower
        circle = [circle[-1], *circle[:-1]]
