"""What the estimators of this package read: a symmetric matrix, or its products alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from theory.ensembles import InvalidArgument


def as_symmetric_operator(operator: Any) -> Any:
    """Return a LinearOperator of real square shape, or refuse.

    Parameters
    ----------
    operator : LinearOperator, array_like or sparse matrix, shape (P, P)
        Symmetric. An array is checked to be so; an operator is taken to be.

    Returns
    -------
    LinearOperator

    Raises
    ------
    InvalidArgument
        If it is no operator, not square, complex, or an array that is not symmetric or not finite.

    Examples
    --------
    >>> as_symmetric_operator([[1.0, 2.0], [2.0, 0.0]]).shape
    (2, 2)
    """
    from scipy.sparse.linalg import aslinearoperator

    try:
        found = aslinearoperator(np.array(operator) if isinstance(operator, (list, tuple)) else operator)
    except (TypeError, ValueError) as wrong:
        problem = f"is no operator or matrix: {wrong}"
        raise InvalidArgument("operator", problem, "use an array or a scipy LinearOperator") from None
    if len(found.shape) != 2 or found.shape[0] != found.shape[1] or not found.shape[0]:
        raise InvalidArgument("operator", f"has shape {found.shape}", "use a square one")
    if np.dtype(found.dtype).kind not in "fiub":
        raise InvalidArgument("operator", f"has type {found.dtype}", "use a real one")
    if isinstance(operator, (np.ndarray, list, tuple)):
        matrix = np.asarray(operator, dtype=np.float64)
        if not np.isfinite(matrix).all():
            raise InvalidArgument("operator", "has entries that are not finite", "remove nan and inf")
        asymmetry = float(np.abs(matrix - matrix.T).max())
        if asymmetry > 1e-12 * np.abs(matrix).max():
            raise InvalidArgument("operator", f"is not symmetric, by up to {asymmetry:g}", "use (A + A.T)/2")
    return found
