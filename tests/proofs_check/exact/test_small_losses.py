"""Losses of small networks: gradients and Hessians against SymPy's derivatives, pivots against NumPy's eigenvalues."""

import flint
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.exact.small_losses import SmallLoss, in_balls, is_definite, square

WEIGHTS = ((("1/2", "-1"), ("2", "1/3")), (("1", "-2/3"), ("1/5", "3")), (("-1", "3/2"),))
INPUTS, TARGETS = (("1", "1/2", "2"), ("1/3", "1", "-1")), (("1", "0", "-2"),)


def rows(texts):
    return tuple(tuple(flint.fmpq(*map(int, (sp.Rational(x).p, sp.Rational(x).q))) for x in row) for row in texts)


def by_sympy(slope, share):
    """The same loss of letters, with the signs of all preactivations at the weights."""
    letters = sp.symbols("w1:11")
    values = [sp.Rational(x) for layer in WEIGHTS for row in layer for x in row]
    place = dict(zip(letters, values, strict=True))
    layers = sp.Matrix(2, 2, letters[:4]), sp.Matrix(2, 2, letters[4:8]), sp.Matrix(1, 2, letters[8:])
    total = 0
    for i in range(3):
        a = sp.Matrix([sp.Rational(row[i]) for row in INPUTS])
        for layer in layers[:-1]:
            a = (layer * a).applyfunc(lambda e: e if e.subs(place) > 0 else slope * e)
        total += share * ((layers[-1] * a)[0] - sp.Rational(TARGETS[0][i])) ** 2 / 2
    return total, letters, place


@pytest.mark.parametrize(("slope", "share"), [("1", "1"), ("0", "1/3"), ("1/3", "1/3")])
def test_derivatives_are_those_of_sympy(slope, share):
    total, letters, place = by_sympy(sp.Rational(slope), sp.Rational(share))
    tilt = 1 if slope == "1" else rows(((slope,),))[0][0]
    loss = SmallLoss(tuple(map(rows, WEIGHTS)), rows(INPUTS), rows(TARGETS), tilt, rows(((share,),))[0][0])

    def same(found, told):
        return sp.Rational(int(found.p), int(found.q)) == told.subs(place)

    assert same(loss.value, total)
    gradient = [total.diff(x) for x in letters]
    found = [x for layer in loss.gradient for row in layer for x in row]
    assert all(map(same, found, gradient))
    hessian = sp.hessian(total, letters)
    assert all(same(loss.hessian[i][j], hessian[i, j]) for i in range(10) for j in range(i + 1))
    stepped = loss.stepped(flint.fmpq(1, 5)).weights
    assert list(stepped) == [w - g / 5 for w, g in zip(loss.weights, found, strict=True)]
    assert loss.is_off_kinks
    assert loss.shaped(loss.weights) == loss.layers
    assert loss.in_balls().value.contains(loss.value)


def test_a_preactivation_of_zero_is_a_kink():
    one, nothing = flint.fmpq(1), flint.fmpq(0)
    assert not SmallLoss((((nothing,),), ((one,),)), ((one,),), ((one,),), nothing).is_off_kinks


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(0, 10**6), st.floats(-3, 3))
def test_pivots_tell_on_which_side_eigenvalues_are(size, seed, shift):
    matrix = np.random.default_rng(seed).integers(-3, 4, (size, size))
    matrix = matrix + matrix.T
    least = np.linalg.eigvalsh(matrix)[0] + shift
    balls = in_balls(tuple(tuple(flint.fmpq(int(x)) for x in row) for row in matrix))
    if abs(least) > 1e-6:
        assert (is_definite(balls, flint.arb(shift)) is True) == (least > 0)
    assert square(balls).contains(int((matrix**2).sum()))
