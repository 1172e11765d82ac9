r"""All singular values of the Jacobian of a network, each to high relative accuracy, however far apart they are.

A product of many matrices in floating point keeps its largest singular value; those that are smaller by 1e-16 turn into
noise, and at depth 10,000 they are smaller by 1e-1000 and beyond the range of floats. So the product is never formed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from montecarlo.observables import layers_between, parse_layers
from montecarlo.passes import Chunk
from montecarlo.streams import sizes
from montecarlo.weights import Array
from theory.ensembles import Ensemble, InvalidArgument

_EPS = float(np.finfo(np.float64).eps)
_NOISE = _EPS**0.5
"""A pivot below this share of its layer's weights is 0 but for rounding errors."""
_NOTHING = -(2**40)
"""Exponent of a row of zeros."""
_SWEEPS = 60


@dataclass(frozen=True)
class JacobianSingularValues:
    layers: tuple[int, ...] | None = None
    name: ClassVar[str] = "JacobianSingularValues"
    needs: ClassVar[frozenset[str]] = frozenset({"units", "weights"})

    def __post_init__(self) -> None:
        layers = parse_layers(self.layers)
        if layers is not None and (len(layers) != 2 or layers[0] > layers[1]):
            raise InvalidArgument("layers", f"must be two layers j < k, got {layers}", "use e.g. layers=(0, 4)")
        object.__setattr__(self, "layers", layers)

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return ``sigma_1``, ..., ``sigma_r``, r the least width from layer j to layer k."""
        first, last = self._ends(net)
        return tuple(f"sigma_{i}" for i in range(1, min(sizes(net)[first : last + 1]) + 1))

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs in decreasing order, shape (m, r); -inf for 0."""
        first, last = self._ends(chunk.net)
        if max(sizes(chunk.net)[first : last + 1]) == 1:
            return _slopes_of_chains(chunk, first, last)
        w = sizes(chunk.net)
        return log_singular_values(_factors(chunk, first, last), chunk.networks, min(w[first], w[last]))

    def _ends(self, net: Ensemble) -> tuple[int, int]:
        if self.layers is None:
            return 0, int(net.depth)
        first, last = layers_between(self.layers, 0, net)
        return first, last


class Factor(NamedTuple):
    """diag(slopes) @ matrix for each network: shapes (m, p) and (m, p, q); None stands for the identity."""

    slopes: Array | None
    matrix: Array | None


def log_singular_values(factors: Iterator[Factor], networks: int, size: int) -> Array: ...


def _factors(chunk: Chunk, first: int, last: int) -> Iterator[Factor]:
    linear = chunk.net.activation == "linear"
    widths = sizes(chunk.net)
    if widths[first] <= widths[last]:
        for k in range(first + 1, last + 1):
            yield Factor(None if linear else chunk.slopes(k), chunk.weights(k))
        return
    if not linear:
        yield Factor(chunk.slopes(last), None)
    for k in range(last, first, -1):
        slopes = None if linear or k == first + 1 else chunk.slopes(k - 1)
        yield Factor(slopes, chunk.weights(k).transpose(0, 2, 1))


class _Graded(NamedTuple):
    rows: Array
    exponents: NDArray[np.int64]


def _slopes_of_chains(chunk: Chunk, first: int, last: int) -> Array:
    before, after = chunk.log_activation_norms([first, last]).T
    logs = np.full(chunk.networks, -np.inf)
    np.subtract(after, before, out=logs, where=np.isfinite(after))
    return logs[:, None] / 2


def log_singular_values(factors: Iterator[Factor], networks: int, size: int) -> Array:
    eye = np.broadcast_to(np.eye(size)[:, :, None], (size, size, networks))
    product = _Graded(eye, np.zeros((size, networks), np.int64))
    frame, _ = _triangularized(np.random.Generator(np.random.SFC64(0)).standard_normal((size, size, 1)))
    frame = np.broadcast_to(frame, (size, size, networks))
    for factor in factors:
        frame, triangle = _step(factor, frame)
        product = _times(triangle, product)
    product = _orthogonalized(_flipped(product))
    with np.errstate(divide="ignore"):
        logs = np.log(np.einsum("icm,icm->im", product.rows, product.rows)) / 2
    logs += np.log(2) * product.exponents
    return np.ascontiguousarray(-np.sort(-logs.T, axis=1))


def _step(factor: Factor, frame: Array) -> tuple[Array, Array]:
    scale = np.ones(frame.shape[2])
    if factor.matrix is not None:
        matrix = np.ascontiguousarray(factor.matrix.transpose(1, 2, 0), dtype=np.float64)
        scale = np.sqrt(np.einsum("ijm,ijm->m", matrix, matrix))
        frame = np.einsum("ijm,jkm->ikm", matrix, frame)
    if factor.slopes is None:
        frame, triangle = _triangularized(frame)
        floor = _NOISE * scale[None]
    else:
        order = np.argsort(-factor.slopes.T, axis=0, kind="stable")
        slopes = np.take_along_axis(factor.slopes.T, order, axis=0)
        places = order[:, None]
        ordered, triangle = _triangularized(slopes[:, None] * np.take_along_axis(frame, places, axis=0))
        frame = np.empty_like(ordered)
        np.put_along_axis(frame, places, ordered, axis=0)
        floor = _NOISE * scale * slopes[: len(triangle)]
    counts = np.abs(np.einsum("iim->im", triangle[:, : len(triangle)])) > floor
    if NOISE is not None:
        NOISE.append(np.abs(np.einsum("iim->im", triangle[:, : len(triangle)])) / floor * _NOISE / _EPS)
    triangle *= np.logical_and.accumulate(counts, axis=0)[:, None]
    return frame, triangle


def _triangularized(a: Array) -> tuple[Array, Array]:
    rows, columns, networks = a.shape
    rank = min(rows, columns)
    r = a.copy()
    reflections = []
    for j in range(min(columns, rows - 1)):
        x = r[j:, j].copy()
        shift = _exponent(np.abs(x).max(axis=0))
        x *= np.ldexp(1.0, -shift)
        norm = np.sqrt(np.einsum("im,im->m", x, x))
        norm[x[0] < 0] *= -1
        x[0] += norm
        r[j, j], r[j + 1 :, j] = -np.ldexp(norm, shift), 0
        factor = np.abs(norm * x[0])
        np.divide(1.0, factor, out=factor, where=factor > 0)
        _reflect(r[j:, j + 1 :], x, factor)
        reflections.append((x, factor))
    q = np.zeros((rows, rank, networks))
    q[range(rank), range(rank)] = 1
    for j, (x, factor) in reversed(list(enumerate(reflections))):
        _reflect(q[j:, j:], x, factor)
    return q, r[:rank]


def _reflect(block: Array, x: Array, factor: Array) -> None:
    along = np.einsum("im,icm->cm", x, block)
    along *= factor
    block -= x[:, None] * along


def _exponent(size):
    return np.maximum(np.frexp(size)[1], -1000)


def _times(triangle: Array, product: _Graded) -> _Graded:
    size = len(triangle)
    exponents = product.exponents
    top = np.maximum.accumulate(exponents[::-1], axis=0)[::-1][:size]
    shift = np.clip(exponents - top[:, None], -1100, 0).astype(np.int32)
    rows = np.einsum("ijm,jcm->icm", np.ldexp(triangle, shift), product.rows)
    return _normalized(rows, top)


def _normalized(rows, exponents):
    size = np.abs(rows).max(axis=1)
    shift = _exponent(size)
    rows *= np.ldexp(1.0, -shift)[:, None]
    return _Graded(rows, np.where(size > 0, exponents + shift, _NOTHING))


def _flipped(product):
    squares = np.einsum("icm,icm->im", product.rows, product.rows)
    with np.errstate(divide="ignore"):
        order = np.argsort(-(product.exponents + np.log2(squares) / 2), axis=0, kind="stable")
    rows = np.take_along_axis(product.rows, order[:, None], axis=0)
    exponents = np.take_along_axis(product.exponents, order, axis=0)
    _, triangle = _triangularized(rows.transpose(1, 0, 2))
    size, _, networks = triangle.shape
    eye = np.broadcast_to(np.eye(size)[:, :, None], (size, size, networks))
    return _times(triangle, _Graded(eye, exponents))


STATS = []
NOISE = None


def _orthogonalized(product):
    rows, exponents = product
    size = len(rows)
    alive = np.arange(rows.shape[2])
    sweeps = 0
    for _ in range(_SWEEPS):
        if not len(alive):
            break
        sweeps += 1
        part, exponent = rows[:, :, alive], exponents[:, alive]
        moved = np.zeros(len(alive), bool)
        for upper, lower in _rounds(size):
            moved |= _rotate(part, exponent, upper, lower)
        rows[:, :, alive], exponents[:, alive] = _normalized(part, exponent)
        alive = alive[moved]
    STATS.append(sweeps)
    return _Graded(rows, exponents)


def _rotate(rows, exponents, upper, lower):
    x, y = rows[upper], rows[lower]
    xx, yy, xy = (np.einsum("pcm,pcm->pm", a, b) for a, b in ((x, x), (y, y), (x, y)))
    turns = np.abs(xy) > np.sqrt(rows.shape[1]) * _EPS * np.sqrt(xx * yy)
    if not turns.any():
        return turns.any(axis=0)
    delta = np.ldexp(1.0, np.clip(exponents[lower] - exponents[upper], -500, 500).astype(np.int32))
    eta = np.divide(delta**2 * yy - xx, 2 * xy, out=np.ones_like(xy), where=turns)
    tau = np.where(eta < 0, -1.0, 1.0) / (np.abs(eta) + np.hypot(delta, eta))
    tau[~turns] = 0
    cosine = 1 / np.sqrt(1 + (delta * tau) ** 2)
    rows[upper] = cosine[:, None] * (x - (tau * delta**2)[:, None] * y)
    rows[lower] = cosine[:, None] * (y + tau[:, None] * x)
    return turns.any(axis=0)


def _rounds(size):
    teams = size + size % 2
    ring = list(range(1, teams))
    for _ in range(teams - 1):
        circle = [0, *ring]
        pairs = [
            (min(a, b), max(a, b)) for a, b in zip(circle[: teams // 2], circle[: teams // 2 - 1 : -1], strict=True)
        ]
        pairs = [p for p in pairs if p[1] < size]
        yield np.array([p[0] for p in pairs], int), np.array([p[1] for p in pairs], int)
        ring = [ring[-1], *ring[:-1]]
