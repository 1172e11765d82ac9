"""Maps of second moments: against every example and minibatch, and numpy's spectral radius."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.dynamics.minibatch_noise import minibatches, variance_share
from theory.dynamics.sgd_stability.break_even import best_momentum, break_even
from theory.dynamics.sgd_stability.mean_square import largest_rate, stability_margin, stationary_square
from theory.dynamics.sgd_stability.second_moments import moment_step, momentum_transfer
from theory.ensembles import InvalidArgument

SMALL = st.fractions(-2, 3, max_denominator=4)
few = settings(max_examples=15)


def exact(value) -> sp.Rational:
    fraction = Fraction(value)
    return sp.Rational(fraction.numerator, fraction.denominator)


def moments(h, b):
    n = len(h)
    lam = sum(h, Fraction(0)) / n
    s2 = sum(((x - lam) ** 2 for x in h), Fraction(0)) / n
    rho = sum(((x - lam) * y for x, y in zip(h, b, strict=True)), Fraction(0)) / n
    return lam, s2, rho, sum((y**2 for y in b), Fraction(0)) / n


@few
@given(st.lists(st.tuples(SMALL, SMALL), min_size=2, max_size=4), st.integers(1, 3), st.booleans())
def test_a_step_is_that_over_all_minibatches(pairs, batch, replacement):
    batch = batch if replacement else min(batch, len(pairs))
    h = [x for x, _ in pairs]
    mean = sum((y for _, y in pairs), Fraction(0)) / len(pairs)
    b = [y - mean for _, y in pairs]
    eta, psi = Fraction(1, 3), Fraction(3, 2)
    chosen = list(minibatches(len(h), batch, replacement=replacement))
    after = [psi - eta * sum((h[i] * psi + b[i] for i in one), Fraction(0)) / batch for one in chosen]
    c = variance_share(len(h), batch, replacement=replacement)
    lam, s2, rho, sigma2 = (exact(x) for x in moments(h, b))
    step = moment_step(exact(eta), lam, c * s2, c * rho, c * sigma2)
    found = step * sp.Matrix([exact(psi**2), exact(psi), 1])
    assert found[0] == exact(sum(x**2 for x in after) / len(after))
    assert found[1] == exact(sum(after) / len(after))


@few
@given(st.lists(SMALL, min_size=2, max_size=3), st.fractions(0, "9/10", max_denominator=10), st.integers(1, 2))
def test_momentum_is_that_over_all_sequences(h, mu, batch):
    eta, start = Fraction(1, 4), (Fraction(3, 2), Fraction(1, 5))
    averages = [sum((h[i] for i in one), Fraction(0)) / batch for one in minibatches(len(h), batch)]
    total, steps = [Fraction(0)] * 3, 3
    for sequence in product(averages, repeat=steps):
        psi, before = start
        for curvature in sequence:
            psi, before = psi - eta * curvature * psi + mu * (psi - before), psi
        total = [x + y for x, y in zip(total, (psi**2, psi * before, before**2), strict=True)]
    lam, s2, *_ = (exact(x) for x in moments(h, h))
    step = momentum_transfer(exact(eta), lam, variance_share(len(h), batch) * s2, exact(mu))
    vector = sp.Matrix([exact(start[0] ** 2), exact(start[0] * start[1]), exact(start[1] ** 2)])
    assert list(step**steps * vector) == [exact(x / len(averages) ** steps) for x in total]


def float_transfer(eta, lam, w, mu):
    a = 1 + mu - eta * lam
    return np.array([[a * a + eta**2 * w, -2 * a * mu, mu**2], [a, -mu, 0], [1, 0, 0]])


def test_the_boundary_is_where_numpys_spectral_radius_is_1():
    draw = np.random.default_rng(1)
    letters = sp.symbols("eta lam w mu", positive=True)
    margin = sp.lambdify(letters, stability_margin(*letters))
    rate = sp.lambdify(letters[1:], largest_rate(*letters[1:]))
    for _ in range(2000):
        eta, lam, w, mu = 0.5, draw.uniform(0.01, 9), draw.uniform(0, 5) * draw.integers(2), draw.uniform(0, 0.99)
        radius = max(abs(np.linalg.eigvals(float_transfer(eta, lam, w, mu))))
        if abs(radius - 1) > 1e-9:
            assert (radius < 1) == (margin(eta, lam, w, mu) > 0) == (eta < rate(lam, w, mu))


def test_where_it_settles_is_the_fixed_point():
    eta, lam, w, mu, v = 0.3, 1.7, 0.4, 0.6, 0.25
    fixed = np.linalg.solve(np.eye(3) - float_transfer(eta, lam, w, mu), [eta**2 * v, 0, 0])
    found = stationary_square("0.3", "1.7", "0.4", "0.25", "0.6")
    assert float(found) == pytest.approx(fixed[0], rel=1e-12)


def test_the_break_even_curvature_is_where_numpys_spectral_radius_is_1():
    for mu, flat, linear, k in ((0, 0, 0, 0.5), (0.9, 0, 0.05, 0.1), (0.5, 0.3, 0.1, 0.2)):
        least, most = map(float, break_even("0.4", "1/3", str(mu), flat=str(flat), linear=str(linear), k=str(k)))
        for lam, inside in ((least, 1.001), (most, 0.999)):
            for side in (inside, 2 - inside):
                x = lam * side
                w = (flat + linear * x + k**2 * x**2) / 3
                radius = max(abs(np.linalg.eigvals(float_transfer(0.4, x, w, mu))))
                assert x == 0 or (radius < 1) == (side == inside)


def test_the_best_momentum_is_that_of_a_grid():
    grid = np.arange(1000) / 1000
    for q, best, value in ((0.1, 0.8182, 3.30579), (0.5, 0.3333, 1.77778)):
        reached = 2 * (1 - grid**2) / ((1 - grid) + (1 + grid) * q**2)
        assert grid[reached.argmax()] == pytest.approx(best, abs=1e-3)
        assert float(best_momentum(str(q))) == pytest.approx(best, abs=1e-4)
        assert reached.max() == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: moment_step(0, 1, 0, 0, 0), r"^eta: must be positive, got 0"),
        (lambda: momentum_transfer(1, 1, -1, 0), r"^variance: must be at least 0, got -1"),
        (lambda: momentum_transfer(1, 1, 0, 1), r"^momentum: must be from 0 to less than 1, got 1; use e.g. 0.9"),
        (lambda: largest_rate(0, 1), r"^curvature: must be positive"),
        (lambda: break_even(1, 2), r"^share: must be from 0 to 1, got 2"),
        (lambda: break_even(1, 1, flat=2), r"^eta: = 1 is unstable at every curvature; use a smaller one"),
        (lambda: break_even(1, 1, linear=3), r"^eta: = 1 is unstable at every curvature"),
        (lambda: best_momentum(1), r"^noise: must be below 1"),
    ],
)
def test_what_is_out_of_range_is_refused(call, told):
    with pytest.raises(InvalidArgument, match=told):
        call()
