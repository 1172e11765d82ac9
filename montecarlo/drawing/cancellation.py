"""Sums of discrete weights that cancel exactly: what rounding leaves of them is taken for the 0 that it is."""

from __future__ import annotations

import numpy as np

from montecarlo.arrays import Floats


def cancelled(z: Floats, matrices: Floats, vectors: Floats, *, largest: float, roundings: int) -> None:
    r"""Set entries of :math:`z = W a` to 0 in place where they are no more than what rounding leaves of a sum of 0.

    Under a discrete law sums cancel exactly with a positive probability, and whether a unit or a network is dead hangs
    on them. Sums that do not cancel are as small as that only by a coincidence.

    Parameters
    ----------
    z : ndarray, shape (m, o)
        The products, in floats; overwritten.
    matrices : ndarray, shape (m, o, i)
        Weights of a discrete law.
    vectors : ndarray, shape (m, i)
        What they were multiplied by.
    largest : float
        A number that no weight exceeds in size.
    roundings : int
        How many roundings an entry of the vectors may have behind it.

    Examples
    --------
    >>> a = np.array([[0.1, 0.1, 0.1, -0.3]])
    >>> signs = np.ones((1, 2, 4))
    >>> signs[0, 1, 3] = -1
    >>> z = np.matmul(signs, a[:, :, None])[:, :, 0]
    >>> cancelled(z, signs, a, largest=1.0, roundings=1)
    >>> bool(z[0, 0] == 0), bool(z[0, 1] > 0.5)
    (True, True)
    """
    share = 2 * (matrices.shape[2] + 2 * roundings + 8) * np.finfo(z.dtype).eps / 2
    sizes = np.abs(vectors)
    suspects = np.abs(z) <= (share * largest * sizes.sum(axis=1))[:, None]
    suspects &= z != 0
    networks, rows = np.nonzero(suspects)
    if len(networks):
        terms = np.einsum("ki,ki->k", np.abs(matrices[networks, rows]), sizes[networks])
        nothing = np.abs(z[networks, rows]) <= share * terms
        z[networks[nothing], rows[nothing]] = 0
