from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from montecarlo.drawing.streams import (
    BLOCK_LAYERS,
    BLOCK_WEIGHTS,
    CHUNK_BYTES,
    CHUNK_NETWORKS,
    CHUNK_UNITS,
    KEEP_BYTES,
    Partition,
    sizes,
    stream,
)
from theory.ensembles import Ensemble


@given(st.lists(st.integers(1, 1500), min_size=2, max_size=40), st.sampled_from([4, 8]))
def test_a_block_is_whole_chunks_of_bounded_size(widths, itemsize):
    partition = Partition.of(Ensemble(widths=widths), itemsize)
    layers = [a * b for a, b in pairwise(widths)]
    assert partition.block % partition.chunk == 0
    assert 1 <= partition.chunk <= CHUNK_NETWORKS
    if partition.chunk > 1:
        assert partition.chunk * max(layers) * itemsize <= CHUNK_BYTES
        assert partition.chunk * sum(widths) <= CHUNK_UNITS
    if partition.block > partition.chunk:
        assert partition.block * sum(layers) <= BLOCK_WEIGHTS
        assert partition.block * len(widths) <= BLOCK_LAYERS


@given(st.lists(st.integers(1, 1500), min_size=2, max_size=40), st.sampled_from([4, 8]))
@example([64] * 41, 4)  # here what is kept decides
@example([64] * 41, 8)
def test_a_chunk_is_as_large_as_its_bounds_allow(widths, itemsize):
    """One network more, and a bound is broken; so is one more chunk a block. Weights are kept if one network's are."""
    partition = Partition.of(Ensemble(widths=widths), itemsize)
    layers = [a * b for a, b in pairwise(widths)]
    more = partition.chunk + 1
    weights = sum(layers) * itemsize
    assert (
        more > CHUNK_NETWORKS
        or more * max(layers) * itemsize > CHUNK_BYTES
        or more * sum(widths) > CHUNK_UNITS
        or weights <= KEEP_BYTES < more * weights
    )
    assert partition.chunk * weights <= KEEP_BYTES or weights > KEEP_BYTES
    more = partition.block + partition.chunk
    assert more * sum(layers) > BLOCK_WEIGHTS or more * len(widths) > BLOCK_LAYERS


@given(st.integers(-3, 10**6), st.integers(0, 10**6))
def test_a_partition_has_whole_chunks_and_at_least_one_network(chunk, block):
    partition = Partition.whole(chunk, block)
    assert partition.chunk == max(1, chunk)
    assert partition.block % partition.chunk == 0
    assert partition.block == partition.chunk or partition.block <= block < partition.block + partition.chunk


def test_sizes_are_those_of_every_layer():
    assert sizes(Ensemble(width=3, depth=2)) == (3, 3, 3)
    assert sizes(Ensemble(widths=(5, 1, 2))) == (5, 1, 2)


@given(st.integers(1, 10**7), st.integers(1, 300), st.integers(1, 300))
def test_parts_add_up(samples, chunk, factor):
    partition = Partition(chunk, chunk * factor)
    for parts, whole in ((partition.blocks(samples), chunk * factor), (partition.chunks(samples), chunk)):
        assert sum(parts) == samples
        assert all(part == whole for part in parts[:-1])
        assert 0 < parts[-1] <= whole


def test_each_of_seed_ensemble_and_block_makes_another_stream():
    keys = [(0, "ab", 0), (1, "ab", 0), (0, "ac", 0), (0, "ab", 1), (0, "ab", "sampler"), (10, "ab", 0), (1, "0ab", 0)]
    assert len({stream(*key).integers(2**63) for key in keys}) == len(keys)


@pytest.mark.parametrize("seed", [0, 2**200 + 1])
def test_a_stream_is_reproducible_and_fast(seed):
    a, b = stream(seed, "x", 3), stream(seed, "x", 3)
    assert isinstance(a.bit_generator, np.random.SFC64)
    assert np.array_equal(a.standard_normal(100), b.standard_normal(100))


def test_the_stream_of_a_seed_stays_what_it_was():
    """Changing the derivation would silently change every published number."""
    assert stream(0, "vanishing", 0).integers(2**63) == FROZEN


FROZEN = 6488374380643982089
