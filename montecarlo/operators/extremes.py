"""The least and the largest eigenvalue of a symmetric operator, from its products."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np

from montecarlo.arguments import as_choice, as_count, as_probability
from montecarlo.arrays import Array
from montecarlo.operators.symmetric import as_symmetric_operator
from montecarlo.wording import counted
from theory.ensembles import InvalidArgument

_DENSE = 40
"""Operators up to this size are made dense matrices."""
_ENDS: dict[str, tuple[int, ...]] = {"both": (-1, 1), "least": (-1,), "largest": (1,)}
_NEW = 19
"""Products in a restart of ARPACK, which keeps 20 vectors."""


@dataclass(frozen=True, eq=False)
class ExtremeEigenvalues:
    r"""The least eigenvalue of an operator, the largest, or both.

    Attributes
    ----------
    eigenvalues : ndarray, shape (k,)
        The least, the largest, or both in this order.
    residuals : ndarray, shape (k,)
        :math:`|Ax - \lambda x|` of the unit vectors found: there is an eigenvalue no farther from each than this.
    vectors : ndarray, shape (P, k)
        The unit vectors x.
    products : int
        How many products with A were used.

    Notes
    -----
    It is proved, up to rounding, that there is an eigenvalue within the residual, and that the largest eigenvalue is no
    smaller than the one given. It is not proved that the two are the same; but to miss the largest, Lanczos's method
    would have to start orthogonal to its eigenvector, up to rounding.
    """

    eigenvalues: Array
    residuals: Array
    vectors: Array
    products: int

    def __repr__(self) -> str:
        ends = zip(self.eigenvalues, self.residuals, strict=True)
        found = ", ".join(f"{end:.8g} within {residual:.2g}" for end, residual in ends)
        return f"ExtremeEigenvalues({found}; size {len(self.vectors)}, {counted(self.products, 'product')})"


def extreme_eigenvalues(
    operator: Any, tolerance: float = 1e-10, which: str = "both", most_products: int = 5_000
) -> ExtremeEigenvalues:
    r"""Return the least and the largest eigenvalue, by the implicitly restarted Lanczos method.

    Parameters
    ----------
    operator : LinearOperator or array_like, shape (P, P)
        A, symmetric.
    tolerance : float
        Largest residual allowed, over the spectral norm; 1e-14 and less cannot be reached because of rounding.
    which : str
        ``both``, ``least`` or ``largest``. The least eigenvalue of a matrix without negative ones, such as a
        Gauss-Newton matrix, stands among very many close to 0, and may not be reached.
    most_products : int
        How many products with A may be taken for each end.

    Returns
    -------
    ExtremeEigenvalues

    Raises
    ------
    InvalidArgument
        If the operator is not square and real, its products are not finite, `which` or `most_products` is none of
        these, or the tolerance lies outside (0, 1) or is not reached.

    Notes
    -----
    ARPACK measures its progress by the eigenvalue it looks for. That is no measure if it may be 0, as the least one of
    a Gauss-Newton matrix is. So :math:`s = \|A\|` is found first, as the largest absolute value, and then the largest
    eigenvalues of :math:`\tfrac32 sI + A` and :math:`\tfrac32 sI - A`, between s/2 and 5s/2; from their eigenvectors x
    come :math:`\lambda = x^TAx` and the residual. The starting vector is always the same.

    References
    ----------
    R. B. Lehoucq, D. C. Sorensen and C. Yang, ARPACK Users' Guide, SIAM 1998.

    Examples
    --------
    >>> found = extreme_eigenvalues(np.diag(np.arange(-3.0, 97.0)))
    >>> found.eigenvalues.round(8) + 0.0, bool(found.residuals.max() < 1e-8)
    (array([-3., 96.]), True)
    """
    ends = _ENDS[as_choice("which", which, list(_ENDS), "end of the spectrum")]
    most_products = as_count("most_products", most_products, example=5_000)
    tolerance, a = as_probability("tolerance", tolerance, example=1e-10), as_symmetric_operator(operator)
    found, norm = _dense(a, ends) if a.shape[0] <= _DENSE else _sparse(a, tolerance, ends, most_products)
    worst = float(found.residuals.max())
    if worst > tolerance * norm:
        problem = f"is {tolerance}, but the residual is {worst / norm:.1e} of the norm after {found.products} products"
        raise InvalidArgument("tolerance", problem, "raise it")
    return found


def _dense(a: Any, ends: tuple[int, ...]) -> tuple[ExtremeEigenvalues, float]:
    matrix = np.asarray(a.matmat(np.eye(a.shape[0])), dtype=np.float64)
    _require_finite(matrix)
    scale = float(np.abs(matrix).max()) or 1.0
    matrix = matrix / scale
    eigenvalues, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    places = [0 if end < 0 else -1 for end in ends]
    found, x = eigenvalues[places], vectors[:, places]
    residuals = np.linalg.norm(matrix @ x - found * x, axis=0)
    norm = float(np.abs(eigenvalues).max()) * scale
    return ExtremeEigenvalues(found * scale, residuals * scale, x, a.shape[0]), norm


def _sparse(a: Any, tolerance: float, ends: tuple[int, ...], most: int) -> tuple[ExtremeEigenvalues, float]:
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    size, products = a.shape[0], 0
    start = np.random.Generator(np.random.SFC64(0)).standard_normal(size)
    start /= np.linalg.norm(start)

    # ARPACK goes on with random vectors where a space is exhausted; before SciPy 1.17 it had its own generator for them
    restarts = {"rng": np.random.default_rng(0)} if "rng" in signature(eigsh).parameters else {}

    def times(x: Array) -> Array:
        nonlocal products
        products += 1
        y = np.asarray(a.matvec(x), dtype=np.float64)
        _require_finite(y)
        return y

    def largest(shift: float, sign: float, unit: float, which: str, tol: float) -> Array:
        shifted = LinearOperator(
            (size, size), lambda x: shift * x.ravel() + times(x.ravel()) / unit * sign, dtype=float
        )
        try:
            _, x = eigsh(shifted, k=1, which=which, v0=start, tol=tol, maxiter=max(1, most // _NEW), **restarts)
        except ArpackNoConvergence:
            problem = f"is {tolerance}, not reached in {products} products"
            remedy = "raise it, ask for the other end alone (which=...), or grant most_products"
            raise InvalidArgument("tolerance", problem, remedy) from None
        return np.asarray(x[:, 0])

    unit = float(np.abs(times(start)).max())
    if unit == 0:  # a random vector is in no kernel but that of 0
        x = np.zeros((size, len(ends)))
        x[0] = 1
        return ExtremeEigenvalues(np.zeros(len(ends)), np.zeros(len(ends)), x, products), 0.0
    x = largest(0.0, 1.0, unit, "LM", 1e-3)
    unit *= float(np.linalg.norm(times(x) / unit))
    found = [largest(1.5, end, unit, "LA", tolerance / 3) for end in ends]
    images = [times(x) / unit for x in found]
    values = np.array([x @ y for x, y in zip(found, images, strict=True)])
    residuals = np.array([np.linalg.norm(y - v * x) for x, y, v in zip(found, images, values, strict=True)])
    return ExtremeEigenvalues(values * unit, residuals * unit, np.stack(found, axis=1), products), unit


def _require_finite(products: Array) -> None:
    if not np.isfinite(products).all():
        raise InvalidArgument("operator", "has products that are not finite", "scale it down")
