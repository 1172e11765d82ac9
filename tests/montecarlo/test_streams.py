from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.streams import BLOCK_UNITS, BLOCK_WEIGHTS, CHUNK_LAYER, CHUNK_NETWORKS, CHUNK_UNITS, Partition, stream
from theory.ensembles import Ensemble


@given(st.lists(st.integers(1, 600), min_size=2, max_size=40))
def test_a_block_is_whole_chunks_of_bounded_size(widths):
    partition = Partition.of(Ensemble(widths=widths))
    layers = [a * b for a, b in pairwise(widths)]
    assert partition.block % partition.chunk == 0
    assert 1 <= partition.chunk <= CHUNK_NETWORKS
    if partition.chunk > 1:
        assert partition.chunk * max(layers) <= CHUNK_LAYER
        assert partition.chunk * sum(widths) <= CHUNK_UNITS
    if partition.block > partition.chunk:
        assert partition.block * sum(layers) <= BLOCK_WEIGHTS
        assert partition.block * sum(widths) <= BLOCK_UNITS


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
