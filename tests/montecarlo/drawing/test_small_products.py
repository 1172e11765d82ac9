"""Products of matrices and vectors, against Python's integers, and the same bits on any number of threads."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.drawing.small_products import _ENTRIES, _rows, matrix_vector, vector_matrix

SHAPES = [
    (1, 1),
    (1, 7),
    (7, 1),
    (3, 5),
    (97, 101),
    (127, 127),
    (128, 128),
    (2, 9001),
    (9001, 2),
    (509, 521),
    (300, 400),
]


def integers(m, o, i, dtype):
    rng = np.random.default_rng(o * 10_007 + i)
    return (rng.integers(-9, 10, shape).astype(dtype) for shape in ((m, o, i), (m, i), (m, o)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("o", "i"), SHAPES)
def test_products_of_integers_are_exact(o, i, dtype):
    """Sums stay below 2^24: no rounding in either precision, so every bit is known."""
    matrices, right, left = integers(2, o, i, dtype)
    exact = matrices.astype(np.int64)
    forward, backward = matrix_vector(matrices, right), vector_matrix(left, matrices)
    assert forward.dtype == backward.dtype == dtype
    assert np.array_equal(forward, np.einsum("moi,mi->mo", exact, right.astype(np.int64)))
    assert np.array_equal(backward, np.einsum("moi,mo->mi", exact, left.astype(np.int64)))


@pytest.mark.parametrize("m", [0, 1, 5])
def test_any_number_of_networks(m):
    matrices, right, left = integers(m, 4, 3, np.float64)
    assert matrix_vector(matrices, right).shape == (m, 4)
    assert vector_matrix(left, matrices).shape == (m, 3)


@pytest.mark.parametrize(("o", "i"), [(97, 101), (509, 521)])
def test_products_of_reals_round_like_products(o, i):
    """Backward error: |error| <= n eps (|A| |x|), here within half of n eps."""
    rng = np.random.default_rng(0)
    matrices, right, left = rng.standard_normal((2, o, i)), rng.standard_normal((2, i)), rng.standard_normal((2, o))
    for found, terms in (
        (matrix_vector(matrices, right), matrices * right[:, None, :]),
        (vector_matrix(left, matrices).T.T, (matrices * left[:, :, None]).transpose(0, 2, 1)),
    ):
        truth = terms.astype(np.longdouble).sum(axis=2)
        assert np.all(np.abs(found - truth) <= 2.0**-53 * terms.shape[2] * np.abs(terms).sum(axis=2))


@given(st.integers(1, 10_000), st.integers(1, 20_000))
def test_pieces_are_equal_and_small(o, i):
    rows = _rows(o, i)
    assert o % rows == 0
    assert rows == 1 or rows * i <= _ENTRIES
    # no larger divisor would do
    assert not any(o % more == 0 and more * i <= _ENTRIES for more in range(rows + 1, min(o, _ENTRIES // i) + 1))


SCRIPT = """
import hashlib
import numpy as np
from montecarlo.drawing.small_products import matrix_vector, vector_matrix
rng = np.random.default_rng(0)
for dtype in (np.float64, np.float32):
    for m, o, i in ((1, 1024, 1024), (3, 509, 521), (2, 96, 97), (1, 4096, 300)):
        a, x, y = (rng.standard_normal(shape).astype(dtype) for shape in ((m, o, i), (m, i), (m, o)))
        print(hashlib.sha256(matrix_vector(a, x).tobytes() + vector_matrix(y, a).tobytes()).hexdigest())
"""


def test_bits_do_not_depend_on_the_threads_of_blas():
    root, prints = Path(__file__).parents[3], set()
    for count in ("1", "2"):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": count, "PYTHONPATH": str(root)}
        done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, check=True)
        prints.add(done.stdout)
    assert len(prints) == 1
