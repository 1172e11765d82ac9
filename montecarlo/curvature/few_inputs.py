"""All nonzero eigenvalues of a loss Hessian on few inputs, by an exact reduction to a smaller symmetric matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_probability, require_type
from montecarlo.arrays import Array
from montecarlo.curvature.loss_hessians import LossHessian
from theory.ensembles import InvalidArgument

_BATCH_BYTES = 2**26
"""Directions in the space of all weights are multiplied in batches of about so many bytes."""
Indices = NDArray[np.intp]
"""Numbers of rows, columns or examples."""
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class ReducedSpectrum:
    """The eigenvalues of a P x P matrix, which are those of a smaller matrix and zeros.

    Attributes
    ----------
    eigenvalues : ndarray
        Eigenvalues of the smaller matrix in ascending order. Zeros, up to rounding, may be among them too.
    parameters : int
        P.
    threshold : float
        Eigenvalues up to this multiple of the largest absolute one count as 0.

    Examples
    --------
    >>> ReducedSpectrum(np.array([-3.0, 1e-17, 2.0]), 10, 1e-12)
    ReducedSpectrum(3 of 10 eigenvalues, 1 negative, 1 positive above 1e-12 of the largest; 7 structural zeros)
    """

    eigenvalues: Array
    parameters: int
    threshold: float

    @property
    def structural_zeros(self) -> int:
        """The multiplicity of 0 that the reduction itself shows; the true one may be larger."""
        return self.parameters - len(self.eigenvalues)

    @property
    def spectral_norm(self) -> float:
        """The largest absolute eigenvalue."""
        return float(np.abs(self.eigenvalues).max(initial=0.0))

    @property
    def negative(self) -> int:
        """How many eigenvalues are below 0 by more than the threshold."""
        return int(np.sum(self.eigenvalues < -self.threshold * self.spectral_norm))

    @property
    def positive(self) -> int:
        """How many eigenvalues are above 0 by more than the threshold."""
        return int(np.sum(self.eigenvalues > self.threshold * self.spectral_norm))

    def __repr__(self) -> str:
        counts = f"{self.negative} negative, {self.positive} positive above {self.threshold:g} of the largest"
        sizes = f"{len(self.eigenvalues)} of {self.parameters} eigenvalues"
        return f"ReducedSpectrum({sizes}, {counts}; {self.structural_zeros} structural zeros)"


def reduced_spectrum(
    hessian: LossHessian, part: str = "hessian", *, threshold: float = 1e-12, most_bytes: int = 2**31
) -> ReducedSpectrum:
    r"""Return all eigenvalues of a loss Hessian or a part of it.

    Parameters
    ----------
    hessian : LossHessian
        The Hessian on N inputs, with o outputs.
    part : str
        ``hessian``, ``gauss_newton``, ``residual`` or ``gradient_outer_products``.
    threshold : float
        The result counts eigenvalues as 0 if they are smaller than this times the largest; between 0 and 1.
    most_bytes : int
        Memory that the reduced matrix may take.

    Returns
    -------
    ReducedSpectrum
        Its eigenvalues are right to a few roundings of the largest.

    Raises
    ------
    InvalidArgument
        If the Hessian or its part is none of these, the threshold lies outside (0, 1), or the reduced matrix would take
        more memory.

    Notes
    -----
    **Hessian and residual.** In the notation of :class:`LossHessian`, the part of a product in layer k is
    :math:`\sum_i Rb_k^{(i)} a_{k-1}^{(i)T} + b_k^{(i)} Ra_{k-1}^{(i)T}`. With orthonormal bases A of the span of the
    inputs' :math:`a_{k-1}`, of dimension r_a, and B of the span of their :math:`b_k`, cotangents of the losses, of
    dimension r_b, it lies in :math:`\{UA^T\} + \{BV^T\}`, which has dimension

    .. math:: n_k r_a + r_b n_{k-1} - r_a r_b,

    where n counts the units that are on for some input. An orthonormal basis of it is :math:`e_i A_j^T`,
    :math:`B_p C_q^T`, where C completes A. The second space is absent in layer 1, as :math:`Ra_0 = 0`, and the first in
    layer L of the residual. As the matrix is symmetric and its range lies in the sum of the layers' spaces, it is 0 on
    their complement, and its compression to them has all other eigenvalues. Vectors are scaled to length 1 before ranks
    are found, so that no input is lost because it is small.

    **Gauss-Newton and outer products.** They are :math:`TT^T`, with the nonzero eigenvalues of :math:`T^TT`, whose size
    is N o and N: columns of T are :math:`J_i^T s/\sqrt N` for the columns s of a factor of :math:`\ell_i'' = SS^T`, and
    :math:`g_i/\sqrt N`; inner products come from those of activations and cotangents, layer by layer. If this size is
    not smaller than P, the first of the two spaces above is used instead.

    Dead inputs count as absent.

    Examples
    --------
    >>> from montecarlo.curvature.networks import Network
    >>> net = Network([np.diag([1.0, 2.0, -1.0]), [[1.0, 1.0, 1.0]]])
    >>> reduced_spectrum(LossHessian(net, [[1.0, 1.0, 1.0]], [5.0]), "residual")
    ReducedSpectrum(4 of 12 eigenvalues, 2 negative, 2 positive above 1e-12 of the largest; 8 structural zeros)
    """
    require_type("hessian", hessian, LossHessian, "LossHessian(network, inputs, targets)")
    hessian.operator(part)
    threshold = as_probability("threshold", threshold, example=1e-12)
    alive = np.setdiff1d(np.arange(hessian.examples), hessian.dead)
    per_example = {"gauss_newton": hessian.network.outputs_size, "gradient_outer_products": 1}.get(part)
    if per_example and per_example * len(alive) <= hessian.parameters:
        _require_room(per_example * len(alive), most_bytes)
        matrix = _gram(hessian, part, alive)
    else:
        spaces = _spaces(hessian, part, alive)
        _require_room(sum(space.size for space in spaces), most_bytes)
        matrix = _compressed(hessian, part, spaces)
    return ReducedSpectrum(_eigenvalues(matrix), hessian.parameters, threshold)


def _require_room(size: int, most_bytes: int) -> None:
    if 8 * size**2 > most_bytes:
        problem = (
            f"is {most_bytes}, but the reduced matrix, {size} x {size} doubles, takes {8 * size**2 / 2**30:.3g} GiB"
        )
        raise InvalidArgument("most_bytes", problem, "raise it, use fewer inputs, or use extreme_eigenvalues")


def _eigenvalues(matrix: Array) -> Array:
    from scipy.linalg import eigh

    if not len(matrix):
        return np.empty(0)
    scale = float(np.abs(matrix).max()) or 1.0
    return np.asarray(eigh(matrix / scale, eigvals_only=True, overwrite_a=True)) * scale


def _gram(hessian: LossHessian, part: str, alive: Indices) -> Array:
    """Return T^T T."""
    if part == "gauss_newton":
        cotangents = hessian.cotangents(hessian.loss_factors().transpose(1, 2, 0))
    else:
        cotangents = [b[:, None] for b in hessian.loss_cotangents()]
    columns = cotangents[0].shape[1]
    total = np.zeros((columns * len(alive),) * 2)
    for a, b in zip(hessian.activations(), cotangents, strict=True):
        a, b = a[:, alive], b[:, :, alive].reshape(len(b), -1)
        total += np.tile(a.T @ a, (columns, columns)) * (b.T @ b)
    return total / hessian.examples


@dataclass(frozen=True, eq=False)
class _Space:
    """The matrices U A^T + B V^T of one layer, on rows of units that are on; C completes the basis A."""

    rows: Indices
    columns: Indices
    a: Array
    b: Array
    c: Array

    @property
    def size(self) -> int:
        return int(len(self.rows) * self.a.shape[1] + self.b.shape[1] * self.c.shape[1])

    def embedded(self, coefficients: Array, shape: tuple[int, int]) -> Array:
        """Return the matrices, shape (n_k, n_{k-1}, m), that have given coefficients, shape (size, m)."""
        some = coefficients.shape[1]
        u, v = np.split(coefficients, [len(self.rows) * self.a.shape[1]])
        found = self.a @ u.reshape(len(self.rows), self.a.shape[1], some)
        found += np.tensordot(self.b, self.c @ v.reshape(self.b.shape[1], self.c.shape[1], some), 1)
        whole = np.zeros((*shape, some))
        whole[np.ix_(self.rows, self.columns)] = found
        return whole

    def coefficients(self, matrices: Array) -> Array:
        """Return the inner products, shape (size, m), of matrices of shape (n_k, n_{k-1}, m) with the basis."""
        some = matrices.shape[2]
        inner = matrices[np.ix_(self.rows, self.columns)]
        u = self.a.T @ inner
        v = self.c.T @ np.tensordot(self.b.T, inner, 1)
        return np.concatenate([u.reshape(-1, some), v.reshape(-1, some)])


def _spaces(hessian: LossHessian, part: str, alive: Indices) -> list[_Space]:
    """Return the space of each layer."""
    spaces, depth, columns = [], hessian.network.depth, np.arange(hessian.network.widths[0])
    layers = zip(hessian.activations(), hessian.slopes(), hessian.loss_cotangents(), strict=True)
    for k, (a, slopes, b) in enumerate(layers, start=1):
        rows = np.arange(len(b)) if slopes is None else np.flatnonzero(slopes[:, alive].any(axis=1))
        activations = a[np.ix_(columns, alive)]
        basis, completion = _bases(activations[:, :0] if part == "residual" and k == depth else activations)
        with_b = k > 1 and part in ("hessian", "residual")
        cotangents, _ = _bases(b[np.ix_(rows, alive)][:, : None if with_b else 0])
        spaces.append(_Space(rows, columns, basis, cotangents, completion))
        columns = rows
    return spaces


def _bases(vectors: Array) -> tuple[Array, Array]:
    """Return orthonormal bases of the span of columns and of its complement."""
    size = np.abs(vectors).max(axis=0, initial=0.0)
    vectors = vectors[:, size > 0] / size[size > 0]
    vectors = vectors / np.sqrt(np.einsum("ij,ij->j", vectors, vectors))
    if vectors.shape[1] > len(vectors):
        vectors = np.linalg.qr(vectors.T).R.T
    u, s, _ = np.linalg.svd(vectors, full_matrices=True)
    rank = int(np.sum(s > max(vectors.shape) * _EPS * s.max(initial=0.0)))
    return u[:, :rank], u[:, rank:]


def _compressed(hessian: LossHessian, part: str, spaces: list[_Space]) -> Array:
    """Return the matrix of a part in the bases of the layers' spaces, symmetric to the last bit."""
    operator, shapes = hessian.operator(part), [w.shape for w in hessian.network.weights]
    ends = np.cumsum([space.size for space in spaces])
    weight_ends = np.cumsum([n * m for n, m in shapes])
    size = int(ends[-1])
    matrix, some = np.empty((size, size)), max(1, _BATCH_BYTES // (8 * hessian.parameters))
    for start in range(0, size, some):
        wanted = np.arange(start, min(start + some, size))
        units = np.zeros((size, len(wanted)))
        units[wanted, wanted - start] = 1
        pieces = zip(spaces, np.split(units, ends[:-1]), shapes, strict=True)
        product = operator.matmat(np.concatenate([s.embedded(x, n).reshape(-1, len(wanted)) for s, x, n in pieces]))
        layers = zip(spaces, np.split(product, weight_ends[:-1]), shapes, strict=True)
        matrix[wanted] = np.concatenate([s.coefficients(y.reshape(*n, len(wanted))) for s, y, n in layers]).T
    for i in range(1, size):
        matrix[i, :i] = matrix[:i, i]
    return matrix
