"""Claims about minibatches are what theory derives, and the cases that the statements name are those of numpy."""

import itertools
import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import sympy as sp

from proofs_check.exact.spectral_radius import has_roots_inside, is_contracting
from proofs_check.registry import own_statements
from proofs_check.statements.noise import curvature as noise
from proofs_check.statements.sgd import break_even as even
from proofs_check.statements.sgd import typical
from proofs_check.verdict import Verdict

BY_ID = {statement.id: statement for statement in own_statements()}


def claim_of(name):
    return BY_ID[name].claim


def test_eigenvalues_inside_the_unit_circle_are_those_of_numpy():
    draw = np.random.default_rng(4)
    for _ in range(200):
        matrix = draw.integers(-4, 5, size=(3, 3))
        radius = max(abs(np.linalg.eigvals(matrix / 5)))
        rows = [[Fraction(int(x), 5) for x in row] for row in matrix]
        if abs(radius - 1) > 1e-9:
            assert is_contracting(rows) == (radius < 1)
    assert not has_roots_inside([1, 0, 1])  # on the circle


def test_low_curvature_is_unstable_at_constant_noise():
    """The page's numbers: (0.268, 3.73) at eta = 0.5, (0.5, 2) at 0.8, c s^2 = 1."""
    for eta, least, most in (("1/2", 0.268, 3.73), ("4/5", 0.5, 2.0)):
        found = claim_of("sgd.low-curvature-unstable")(sp.Rational(eta), sp.S.One, sp.S.Zero)
        assert (float(found.least), float(found.most)) == (
            pytest.approx(least, rel=2e-3),
            pytest.approx(most, rel=2e-3),
        )
        for lam, stable in ((0.99 * least, False), (1.01 * least, True), (0.99 * most, True), (1.01 * most, False)):
            rate = float(sp.Rational(eta))
            assert ((1 - rate * lam) ** 2 + rate**2 < 1) == stable


def test_the_paths_that_an_average_sees_are_those_of_binomials():
    """P(psi^2 > 10^-6 after 400 steps), times 20,000 paths."""
    needed = next(i for i in range(401) if i * math.log(2.3) + (400 - i) * math.log(0.1) > math.log(1e-3))
    chance = sum(math.comb(400, i) for i in range(needed, 401)) / 2**400
    assert 20_000 * chance < 1e-6
    assert math.log((0.1**2 + 2.3**2) / 2) == pytest.approx(0.97, abs=0.01)


@pytest.mark.parametrize("share", [Fraction(999, 1000), Fraction(1001, 1000)])
def test_the_factor_of_the_noise_is_pinned_to_a_thousandth(share):
    found = [
        one.examine(partial(noise.noise_bound, half=share)).verdict
        for one in BY_ID["noise.bounded-by-curvature"].evidence
    ]
    assert found[0] is Verdict.REFUTED  # equality is attained
    assert (found[2] is Verdict.REFUTED) == (share < 1)


def test_the_typical_end_differs_from_the_one_in_mean_square_by_4_times_the_noise():
    mean, usual = typical.typical("first order", sp.Rational(1, 100))
    assert usual - mean == sp.Rational(4, 100)
    for k in (0.05, 0.1):
        h = np.array([1 - k, 1 + k])
        ends = [float(x) for x in typical.typical("two", sp.Rational(str(k)))]
        assert np.mean((1 - ends[0] * h) ** 2) == pytest.approx(1)
        assert np.log(abs(1 - ends[1] * h)).mean() == pytest.approx(0, abs=1e-12)


def test_the_elasticity_is_a_difference_quotient():
    eta, c, mu, beta, k = map(sp.Rational, ("1/3", "1/2", "1/4", "1/5", "1/7"))
    up, down = (
        even.break_even_point(eta * (1 + s), c, mu, beta, k).curvature
        for s in (sp.Rational(1, 10**6), -sp.Rational(1, 10**6))
    )
    slope = (math.log(up) - math.log(down)) / 2e-6
    assert float(even.break_even_point(eta, c, mu, beta, k).elasticity) == pytest.approx(slope, rel=1e-6)


def test_six_examples_in_epochs_are_those_of_all_orders():
    h = np.array([0.5, 0.8, 1, 1.2, 1.2, 1.3])
    orders = np.array(list(itertools.permutations(range(6))))
    for batch in (2, 3):
        claimed = claim_of("sgd.reshuffled-epochs")("1/2 4/5 1 6/5 6/5 13/10", batch).reshuffled
        for rate, stable in ((float(claimed.lo), True), (float(claimed.hi), False)):
            factors = (1 - rate * h[orders].reshape(len(orders), -1, batch).mean(axis=2)).prod(axis=1)
            assert (np.mean(factors**2) < 1) == stable
