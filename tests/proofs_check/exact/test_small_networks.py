"""Brute force, checked by a simpler one: differences of the network as it is run, kinks and all, in Fractions."""

import itertools
from fractions import Fraction

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.exact.real_roots import (
    LargestRoot,
    frobenius_squared,
    roots_above,
    signs,
    spectral_norm_squared,
    squared_roots,
)
from proofs_check.exact.small_networks import SmallNetwork, small_networks
from theory.ensembles import InvalidArgument

NETWORKS = small_networks()
X = flint.fmpq_poly([0, 1])


def fraction(number):
    return Fraction(int(number.p), int(number.q))


def parts(net):
    """Weights as nested lists of Fractions, readout, input, slope."""
    weights = [[[fraction(entry) for entry in row] for row in matrix.tolist()] for matrix in net.matrices]
    return weights, [fraction(v) for v in net.readout.entries()], [fraction(x) for x in net.input.entries()]


def output(weights, readout, x, slope):
    """f and the signs of all preactivations."""
    a, sides = x, []
    for matrix in weights:
        z = [sum(w * value for w, value in zip(row, a, strict=True)) for row in matrix]
        sides.append([value > 0 for value in z])
        a = [value if value > 0 else slope * value for value in z]
    return sum(v * value for v, value in zip(readout, a, strict=True)), sides


STEP = Fraction(1, 10**6)


def moved_output(net, changes):
    """f after changes of single weights, each a place and a multiple of the step; it must not cross a kink."""
    weights, readout, x = parts(net)
    _, before = output(weights, readout, x, fraction(net.slope))
    places = [(k, i, j) for k, matrix in enumerate(weights) for i, row in enumerate(matrix) for j in range(len(row))]
    for place, times in changes:
        k, i, j = places[place]
        weights[k][i][j] += times * STEP
    value, after = output(weights, readout, x, fraction(net.slope))
    assert after == before
    return value


SMALL = [net for net in NETWORKS if net.weights.nrows() <= 12]
a_small_network = st.sampled_from(SMALL)


# --- derivatives ------------------------------------------------------------------------------------------------------


def test_the_networks_are_of_all_kinds():
    assert {net.slope for net in NETWORKS} == {0, 1, flint.fmpq(1, 3)}
    assert {net.depth for net in NETWORKS} == {2, 3, 4, 5}
    assert {width for net in NETWORKS for width in net.widths} == {1, 2, 3, 4}
    assert {net.value > 0 for net in NETWORKS if net.value != 0} == {True, False}
    bottlenecks = [net for net in NETWORKS if min(net.widths[1:-1]) < min(net.widths[0], net.widths[-1])]
    off = [net for net in NETWORKS if any(net.active(k) < net.widths[k] for k in range(1, net.depth))]
    assert min(len(bottlenecks), len(off), sum(net.value == 0 for net in NETWORKS)) > 20


def test_no_preactivation_is_zero():
    assert all(z != 0 for net in NETWORKS for layer in net.preactivations for z in layer.entries())


@pytest.mark.parametrize("net", NETWORKS[::5], ids=lambda net: f"{net.slope}-{net.widths}")
def test_the_output_is_that_of_the_network_as_it_is_run(net):
    weights, readout, x = parts(net)
    value, sides = output(weights, readout, x, fraction(net.slope))
    assert fraction(net.value) == value
    for k, layer in enumerate(sides, 1):
        assert net.active(k) == (sum(layer) if net.slope == 0 else net.widths[k])


@settings(max_examples=40)
@given(a_small_network, st.data())
def test_the_gradient_by_central_differences(net, data):
    """On one linear region f is affine in one weight: the difference is exact."""
    place = data.draw(st.integers(0, net.weights.nrows() - 1))
    difference = moved_output(net, [(place, 1)]) - moved_output(net, [(place, -1)])
    assert fraction(net.gradient[place, 0]) == difference / (2 * STEP)


@settings(max_examples=100)
@given(a_small_network, st.data())
def test_the_hessian_by_mixed_central_differences(net, data):
    """On one linear region f is bilinear in two weights, or affine in them: mixed differences are exact."""
    places = st.integers(0, net.weights.nrows() - 1)
    i, j = data.draw(places), data.draw(places)
    mixed = sum(
        up * over * moved_output(net, [(i, up), (j, over)]) for up, over in itertools.product((1, -1), repeat=2)
    )
    assert fraction(net.hessian[i, j]) == mixed / (4 * STEP**2)


def test_blocks_and_rows_lie_where_their_layers_are():
    net = next(net for net in NETWORKS if net.widths == (3, 1, 2, 2))
    assert [len(net.places(k)) for k in (1, 2, 3)] == [3, 2, 4]
    assert net.block(2, 3).tolist() == [row[5:] for row in net.hessian.tolist()[3:5]]
    assert net.row(2).tolist() == net.hessian.tolist()[3:5]
    entries = [entry for matrix in net.matrices for entry in matrix.entries()]
    assert net.weights.entries() == entries


# --- eigenvalues ------------------------------------------------------------------------------------------------------


def congruent_diagonal(matrix):
    """Signs by Sylvester: symmetric elimination in Fractions, with a sum of rows where all pivots are 0."""
    rows = [[fraction(entry) for entry in row] for row in matrix.tolist()]
    found = []
    while rows:
        pivot = next((i for i in range(len(rows)) if rows[i][i] != 0), None)
        if pivot is None:
            beside = next(((i, j) for i, row in enumerate(rows) for j, entry in enumerate(row) if entry != 0), None)
            if beside is None:
                return [*found, *([0] * len(rows))]
            i, pivot = beside[1], beside[0]
            rows[pivot] = [a + b for a, b in zip(rows[pivot], rows[i], strict=True)]
            for row in rows:
                row[pivot] += row[i]
        d, top = rows[pivot][pivot], rows[pivot]
        found.append(1 if d > 0 else -1)
        keep = [i for i in range(len(rows)) if i != pivot]
        rows = [[rows[i][j] - rows[i][pivot] * top[j] / d for j in keep] for i in keep]
    return found


@settings(max_examples=40)
@given(a_small_network)
def test_the_signs_are_those_of_any_congruent_diagonal(net):
    found = congruent_diagonal(net.hessian)
    assert signs(net.characteristic) == (found.count(1), found.count(-1), found.count(0))


def product(roots):
    out = flint.fmpq_poly([1])
    for root in roots:
        out *= X - flint.fmpq(root.numerator, root.denominator)
    return out


rationals = st.fractions(-20, 20, max_denominator=6)


@given(st.lists(rationals, min_size=1, max_size=7), rationals)
def test_roots_are_counted_by_their_signs_and_above_a_point(roots, point):
    polynomial = product(roots)
    assert signs(polynomial) == (sum(r > 0 for r in roots), sum(r < 0 for r in roots), roots.count(0))
    assert roots_above(polynomial, flint.fmpq(point.numerator, point.denominator)) == sum(r > point for r in roots)


@given(st.lists(rationals, min_size=1, max_size=7))
def test_squares_are_the_roots_of_the_squared_polynomial(roots):
    assert squared_roots(product(roots)) == product([root**2 for root in roots])


@given(st.lists(st.fractions(0, 20, max_denominator=6), min_size=1, max_size=6), st.fractions(0, 3, max_denominator=4))
def test_the_largest_root_is_enclosed_whatever_its_multiplicity(roots, factor):
    largest = LargestRoot.of(product(roots)).times(flint.fmpq(factor.numerator, factor.denominator))
    truth = factor * max(roots)
    assert fraction(largest.lo) <= truth <= fraction(largest.hi)
    assert float(largest.hi - largest.lo) <= 3e-12 * float(truth)


@given(st.lists(st.fractions(0, 5, max_denominator=2), min_size=2, max_size=5), st.data())
def test_two_largest_roots_are_compared_exactly_even_where_they_are_equal(roots, data):
    others = data.draw(st.lists(st.fractions(0, 5, max_denominator=2), min_size=1, max_size=5))
    left, right = LargestRoot.of(product(roots)), LargestRoot.of(product(others))
    assert left.at_most(right) is (max(roots) <= max(others))
    assert left.at_most(left) is True


def test_equal_irrational_roots_are_recognized_and_close_ones_left_open():
    two = LargestRoot.of((X**2 - 4 * X + 2) * (X - 1))
    same, other = LargestRoot.of((X**2 - 4 * X + 2) * (X - 3)), two.times(1 + flint.fmpq(1, 10**15))
    assert two.at_most(same) is True
    assert same.at_most(two) is True
    assert two.at_most(other) is None
    assert two.at_most(two.times(1 + flint.fmpq(1, 10**9))) is True
    assert two.times(1 + flint.fmpq(1, 10**9)).at_most(two) is False


def test_roots_that_are_not_real_are_refused():
    with pytest.raises(InvalidArgument, match=r"^polynomial: its largest root is not near"):
        LargestRoot.of((X**2 - 10 * X + 26) * (X - 1))  # 5 + i


@given(st.fractions(0, 50, max_denominator=30))
def test_square_roots_are_enclosed_and_exact_where_they_are_rational(number):
    square = LargestRoot.rational(flint.fmpq(number.numerator, number.denominator))
    lo, hi = map(fraction, square.root_bounds())
    assert lo**2 <= number <= hi**2
    assert hi - lo <= Fraction(1, 2**79)
    exact = LargestRoot.rational(square.lo**2).root_bounds()
    assert exact[0] == exact[1] == square.lo


@pytest.mark.parametrize("net", NETWORKS[::10], ids=lambda net: f"{net.slope}-{net.widths}")
def test_norms_are_those_of_floating_point(net):
    """To 1e-9, relative to the norm: LAPACK's eigenvalues are good to 1e-14."""
    dense = np.array([[float(entry) for entry in row] for row in net.hessian.tolist()])
    norm = np.linalg.norm(dense, 2)
    assert float(net.norm_squared.hi) == pytest.approx(norm**2, rel=1e-9)
    assert float(frobenius_squared(net.hessian)) == pytest.approx((dense**2).sum(), rel=1e-12)
    for (k, later), root in net.block_norms_squared.items():
        block = dense[np.ix_(net.places(k), net.places(later))]
        assert float(root.hi) == pytest.approx(np.linalg.norm(block, 2) ** 2, rel=1e-9, abs=1e-12 * norm**2)


def test_the_spectral_norm_of_a_row_is_that_of_its_transpose():
    row = flint.fmpq_mat(1, 3, [1, 2, 2])
    assert spectral_norm_squared(row).hi == spectral_norm_squared(row.transpose()).lo == 9


# --- a counterexample can be read -------------------------------------------------------------------------------------


def test_a_network_prints_all_its_numbers():
    one = flint.fmpq_mat(1, 1, [1])
    net = SmallNetwork((flint.fmpq_mat(1, 1, [flint.fmpq(-1, 2)]), one), one, one, flint.fmpq(0))
    assert str(net) == "relu, W = [[-1/2]]; [[1]], v = [1], x = [1]"
    assert str(SmallNetwork((one,), one, one, flint.fmpq(1, 3))).startswith("leaky:1/3, ")
