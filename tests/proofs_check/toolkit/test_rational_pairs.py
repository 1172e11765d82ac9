"""Rational networks, rotations and balls, of which statements about two linear layers are made."""

import flint
import numpy as np
import pytest
import sympy as sp

from proofs_check.toolkit.balls import above_zero, all_of, ball, larger, not_above, root
from proofs_check.toolkit.rational_pairs import Spectra, random_matrix, random_pair, rotation


@pytest.mark.parametrize("size", [1, 2, 4])
def test_rotations_are_orthogonal_and_differ(size):
    Q = rotation(size, 3)
    assert sp.eye(size) == Q.T * Q
    assert size == 1 or rotation(size, 4) != Q


def test_random_networks_have_the_shape_asked_for_and_one_seed_one_network():
    pair = random_pair((2, 3, 4), 1, off=2)
    assert [(len(rows), len(rows[0])) for rows in (pair.target, pair.u1, pair.v, pair.u2)] == [
        (2, 3), (2, 4), (3, 4), (2, 4)
    ]  # fmt: skip
    assert pair == random_pair((2, 3, 4), 1, off=2) != random_pair((2, 3, 4), 2, off=2)
    assert random_matrix(2, 3, 0) == random_matrix(2, 3, 0)


def test_spectra_are_numpys():
    pair = random_pair((2, 3, 5), 7)
    u, v = (np.array([[float(x) for x in row] for row in rows]) for rows in (pair.u1, pair.v))
    spectra = Spectra.of(pair)
    assert [float(x) for x in spectra.roots] == pytest.approx(np.linalg.eigvalsh(u.T @ u - v.T @ v)[::-1], abs=1e-12)
    least = [np.linalg.eigvalsh(x @ x.T)[0] for x in (u, v)]
    assert [float(x) for x in spectra.squares] == pytest.approx(least, abs=1e-12)
    assert float(spectra.product_squares[0]) == pytest.approx(np.linalg.svd(u @ v.T, compute_uv=False)[-1] ** 2)
    assert float(spectra.product_squares[1]) == 0


def test_balls_and_numbers_go_through_the_same_formulas():
    half, minus = flint.arb("0.5"), flint.arb(-2)
    assert above_zero(minus) == 0
    assert larger(half, minus) == half
    assert larger(sp.Integer(2), sp.pi) == sp.pi
    assert root(flint.arb(0, 1e-9)) < 1e-4
    assert not root(flint.arb(0, 1e-9)).is_nan()
    assert ball(half) is half


def test_equal_balls_are_not_above_each_other_and_overlapping_ones_leave_it_open():
    one = flint.arb(1)
    assert [not_above(one, one), not_above(one, one + 1), not_above(one + 1, one)] == [True, True, False]
    assert not_above(flint.arb(1, 0.1), one) is None
    assert [all_of([]), all_of([True, True]), all_of([True, None]), all_of([None, False])] == [True, True, None, False]
