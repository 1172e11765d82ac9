r"""Two bases of signs, as incoherent as two bases can be: Sylvester's, and the same multiplied by a bent function.

Let :math:`n = 4^q` and let H be Sylvester's Hadamard matrix, with the entries :math:`(-1)^{\langle x,y\rangle}` for bit
strings x and y of length 2q. With x = (a, b), let :math:`D = \mathrm{diag}((-1)^{\langle a,b\rangle})`. The columns of
[H, DH] have norm :math:`\sqrt n`. Two columns of one basis are orthogonal, and of a column of H and one of DH the inner
product is a Walsh coefficient of the bent function, :math:`\pm\sqrt n`. So the coherence is exactly :math:`1/\sqrt n`.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from theory.ensembles import InvalidArgument

Signs = NDArray[np.int64]

_LARGEST = 6


def two_basis_design(order: int) -> Signs:
    r"""Return X = [H, DH] of shape (n, 2n) for n = 4^order, with entries 1 and -1.

    Parameters
    ----------
    order : int
        q, from 1 to 6.

    Returns
    -------
    ndarray of int

    Raises
    ------
    InvalidArgument
        If the order is none of these.

    References
    ----------
    O. S. Rothaus, On "bent" functions, J. Combin. Theory A 20 (1976) 300-305.

    Examples
    --------
    >>> two_basis_design(1)
    array([[ 1,  1,  1,  1,  1,  1,  1,  1],
           [ 1, -1,  1, -1,  1, -1,  1, -1],
           [ 1,  1, -1, -1,  1,  1, -1, -1],
           [ 1, -1, -1,  1, -1,  1,  1, -1]])
    >>> coherence(two_basis_design(2))
    Fraction(1, 4)
    """
    if isinstance(order, bool) or not isinstance(order, int) or not 1 <= order <= _LARGEST:
        raise InvalidArgument("order", f"must be from 1 to {_LARGEST}, got {order!r}", "use e.g. order=3, n = 64")
    H = np.ones((1, 1), dtype=np.int64)
    for _ in range(2 * order):
        H = np.block([[H, H], [H, -H]])
    half = np.arange(2**order)
    bent = np.array([1 - 2 * (int(a & b).bit_count() % 2) for a in half for b in half], dtype=np.int64)
    return np.hstack([H, bent[:, None] * H])


def coherence(design: Signs) -> Fraction:
    r"""Return the largest :math:`|x_i\cdot x_j|/n` of two columns, exactly.

    Parameters
    ----------
    design : ndarray of int, shape (n, p)
        A design whose columns all have the squared norm n, such as one of signs.

    Raises
    ------
    InvalidArgument
        If entries are no integers, or columns have another norm.

    Examples
    --------
    >>> coherence(np.array([[1, 1], [1, 1], [1, -1]]))
    Fraction(1, 3)
    """
    X = np.asarray(design)
    if X.ndim != 2 or X.dtype.kind not in "iu":
        problem = f"must be a matrix of integers, got type {X.dtype} and shape {X.shape}"
        raise InvalidArgument("design", problem, "use e.g. two_basis_design(2)")
    gram = X.T.astype(np.int64) @ X.astype(np.int64)
    if (np.diag(gram) != len(X)).any():
        raise InvalidArgument("design", "has a column whose squared norm is not n", "scale its columns")
    np.fill_diagonal(gram, 0)
    return Fraction(int(np.abs(gram).max(initial=0)), len(X))
