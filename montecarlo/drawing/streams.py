"""One random stream per ensemble, seed and block; blocks and chunks whose sizes the ensemble alone decides."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from montecarlo.arguments import as_ensemble
from theory.ensembles import Ensemble

CHUNK_BYTES = 2**20
"""A layer of weights of all networks of a chunk has at most so many bytes, so that it stays in the cache."""
CHUNK_NETWORKS = 2**14
"""A chunk has at most so many networks."""
CHUNK_UNITS = 2**20
"""A chunk has at most so many units over all layers: a trace of norms then takes 8 MiB, which malloc still reuses."""
KEEP_BYTES = 2**25
"""A chunk's weights are kept for the backward pass up to this size (32 MiB), and drawn again beyond it."""
BLOCK_WEIGHTS = 2**24
"""A block has about so many weights over all networks."""
BLOCK_LAYERS = 2**20
"""A block has at most so many layers over all networks: one number measured of each makes 8 MiB."""


@dataclass(frozen=True)
class Partition:
    """How samples are cut into blocks (units of work, one stream each) and blocks into chunks (units of memory).

    Attributes
    ----------
    chunk, block : int
        Networks in a whole chunk and in a whole block, which is a whole number of chunks.

    Examples
    --------
    >>> Partition.of(Ensemble(width=32, depth=64))
    Partition(chunk=64, block=256)
    >>> Partition(chunk=2, block=4).blocks(samples=9)
    [4, 4, 1]
    """

    chunk: int
    block: int

    @classmethod
    def of(cls, net: Ensemble, itemsize: int = 8) -> Partition:
        """Return the partition for real weights; neither it nor the bits depend on anything but the arguments.

        Parameters
        ----------
        net : Ensemble
            An ensemble without symbols.
        itemsize : int
            Bytes of one weight.
        """
        widths = sizes(net)
        layers = [n_in * n_out for n_in, n_out in pairwise(widths)]
        chunk = min(CHUNK_BYTES // (itemsize * max(layers)), CHUNK_NETWORKS, CHUNK_UNITS // sum(widths))
        if itemsize * sum(layers) <= KEEP_BYTES:
            chunk = min(chunk, KEEP_BYTES // (itemsize * sum(layers)))
        return cls.whole(chunk, min(BLOCK_WEIGHTS // sum(layers), BLOCK_LAYERS // len(widths)))

    @classmethod
    def whole(cls, chunk: int, block: int) -> Partition:
        """Return the partition whose chunks and blocks have about the sizes wished for.

        Parameters
        ----------
        chunk, block : int
            Networks wished for; a chunk gets at least one, and a block a whole number of chunks.
        """
        chunk = max(1, chunk)
        return cls(chunk, chunk * max(1, block // chunk))

    def blocks(self, samples: int) -> list[int]:
        """Return the sizes of the blocks that make up so many samples; the last may be partial."""
        whole, rest = divmod(samples, self.block)
        return [self.block] * whole + [rest] * (rest > 0)

    def chunks(self, samples: int) -> list[int]:
        """Return the sizes of the chunks that make up a block; the last may be partial."""
        whole, rest = divmod(samples, self.chunk)
        return [self.chunk] * whole + [rest] * (rest > 0)


def sizes(net: Ensemble) -> tuple[int, ...]:
    """Return n_0, ..., n_L of an ensemble without symbols."""
    as_ensemble(net)
    if net.widths is not None:
        return tuple(int(width) for width in net.widths)
    assert net.width is not None
    return (int(net.width),) * (int(net.depth) + 1)


def stream(seed: int, digest: str, block: int | str) -> np.random.Generator:
    """Return the random generator of one block of one ensemble.

    Parameters
    ----------
    seed : int
        Root seed, not negative.
    digest : str
        ``net.digest()``, as what is drawn depends on the ensemble, not on what is measured.
    block : int or str
        Number of the block, or a word for a stream apart from those of all blocks.

    Returns
    -------
    numpy.random.Generator
        SFC64, the fastest of NumPy's generators, seeded by a SHA-256 of all three arguments.

    Examples
    --------
    >>> stream(0, "ab", 0).random() == stream(0, "ab", 0).random()
    True
    >>> stream(0, "ab", 0).random() == stream(0, "ab", 1).random()
    False
    """
    entropy = hashlib.sha256(f"{seed}/{digest}/{block}".encode()).digest()
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(int.from_bytes(entropy, "big"))))
