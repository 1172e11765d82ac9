"""The weights of a chunk, all of them kept: small chunks, since an architecture reads each matrix more than once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from montecarlo.arrays import Array
from montecarlo.drawing.streams import KEEP_BYTES, Partition, sizes
from montecarlo.drawing.weights import Weights
from theory.ensembles import Ensemble, InvalidArgument

_MOST_BYTES = 2**31


def partition_of_kept(net: Ensemble, columns: int = 1) -> Partition:
    """Return chunks whose weights, and `columns` activations a unit, are kept in about 32 MiB.

    Examples
    --------
    >>> partition_of_kept(Ensemble(width=64, depth=256))
    Partition(chunk=3, block=15)
    """
    kept, whole = _bytes(net, columns), Partition.of(net)
    chunk = max(1, min(whole.chunk, KEEP_BYTES // kept))
    return Partition.whole(chunk, max(chunk, min(whole.block, 2**27 // kept)))


def require_kept(net: Ensemble, columns: int = 1) -> None:
    """Refuse networks of which a single one outgrows memory."""
    needed = _bytes(net, columns)
    if needed > _MOST_BYTES:
        problem = f"one network of {needed / 2**30:.1f} GiB is kept whole by this engine, which is above 2 GiB"
        raise InvalidArgument("depth", problem, "use fewer or narrower layers, or engine='direct'")


def draw_matrix(law: Weights, layer: int, rng: np.random.Generator, networks: int) -> Array:
    """Return W_k of m networks, shape (m, n_k, n_{k-1})."""
    out = np.empty((networks, *law.shape(layer)))
    law.draw(layer, rng, out)
    out *= law.scale(layer)
    return out


def _bytes(net: Ensemble, columns: int) -> int:
    widths = sizes(net)
    return 8 * (sum(n_in * n_out for n_in, n_out in pairwise(widths)) + 2 * columns * sum(widths))
